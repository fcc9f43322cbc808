//! Pass two: read, transform, leave out suppressed classes, and put every row into its shuffle bucket.

use super::aside::{AsideKeys, Collector, gather};
use super::draw::{Decisions, Draw, Drawn};
use super::parallel::{Done, Worker, each_shard};
use super::survey::Survey;
use super::transforming::Transforming;
use super::{Progress, Workplace};
use crate::error::{Error, ErrorKind, Result};
use crate::gate::{Aside, Fate};
use crate::group::ClassifierScratch;
use crate::plan::{Operators, Plan};
use crate::random::Repeatable;
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::secret::StreamKey;
use crate::value::{Batch, Column, Text};
use crate::write::{RecordEncoder, Records, Scatter, Store, encode_cells};
use std::borrow::Cow;

/// What became of a shard's rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShardReport {
    pub(super) released: u64,
    pub(super) suppressed: u64,
    pub(super) not_drawn: u64,
    pub(super) over_cap: u64,
    /// Of a run that is refused before this pass.
    pub(super) withheld: u64,
    pub(super) invalid: u64,
}

/// The stream keys of the second pass.
pub(super) struct ReleaseKeys {
    pub(super) scatter: StreamKey,
    /// One per permuted column.
    pub(super) permuted: Vec<StreamKey>,
}

/// Where the rows wait: whole rows, and the cells of every column that is permuted on its own.
pub(super) struct Stores {
    pub(super) rows: Store,
    pub(super) permuted: Vec<Store>,
}

/// What the second pass works with.
pub(super) struct Release<'p> {
    pub(super) plan: &'p Plan,
    pub(super) operators: &'p Operators,
    pub(super) survey: Option<&'p Survey>,
    pub(super) stores: &'p Stores,
    pub(super) keys: &'p ReleaseKeys,
    pub(super) aside: &'p AsideKeys,
    pub(super) draw: Draw<'p>,
}

impl Release<'_> {
    /// Fills the stores, and keeps aside what the gate needs of the source.
    pub(super) fn run(
        &self,
        source: &Source,
        place: &Workplace<'_>,
        progress: &Progress,
    ) -> Result<(Vec<Done<ShardReport>>, Aside)> {
        let mut pass = source.pass()?;
        if self.survey.is_none() {
            pass = pass.without_fingerprints();
        }
        let twice = source.can_read_twice();
        let workers = (0..place.threads).map(|_| Releaser::new(self, twice, place.threads)).collect();
        let (workers, done) = each_shard(source, &pass, place.pool, workers, progress)?;
        let mut asides = Vec::new();
        for worker in workers {
            asides.push(worker.close()?);
        }
        if self.survey.is_some_and(|survey| survey.shards.len() != done.len()) {
            return Err(Error::new(ErrorKind::InputChanged));
        }
        let aside = gather(asides, &done);
        Ok((done, aside))
    }
}

struct Releaser<'p> {
    release: &'p Release<'p>,
    transforming: Transforming<'p>,
    encoder: RecordEncoder,
    rows: Rows,
    scratch: ClassifierScratch,
    classes: Vec<u32>,
    /// Places among the released columns of the quasi-identifiers, in the order of the plan.
    quasi_places: Vec<usize>,
    aside: Collector<'p>,
    fates: Vec<Fate>,
    /// The released rows of a batch, and the bucket that each goes to.
    drawn: Vec<(usize, u32)>,
    /// Place among the released columns of the subject, where persons are counted.
    subject_place: Option<usize>,
}

/// So many rows before a row is put down, the memory that it goes to is asked for.
const AHEAD: usize = 8;

/// A worker's way into the stores.
struct Rows {
    scatter: Scatter,
    permuted: Vec<Permuted>,
    /// Places among the released columns of the permuted ones.
    permuted_places: Vec<usize>,
    /// The buckets of the present shard's rows, where columns are permuted.
    labels: Vec<u32>,
    record: Vec<u8>,
}

/// The cells of one permuted column in the present shard.
struct Permuted {
    scatter: Scatter,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

/// The released columns of a batch, on their way into the stores.
enum Ready<'e, 'c> {
    /// As records.
    Whole(Records<'e, 'c>),
    /// As cells, because some are permuted by themselves: those, and all others.
    Apart { permuted: Vec<&'c Column<'c>>, others: Vec<&'c Column<'c>> },
}

impl Rows {
    fn new(release: &Release<'_>, threads: usize) -> Self {
        let plan = release.plan;
        let permuted =
            |store: &Store| Permuted { scatter: store.scatter(threads), cells: Vec::new(), ends: Vec::new() };
        let is_permuted = |at: &usize| plan.permuted.contains(&plan.released[*at]);
        Self {
            scatter: release.stores.rows.scatter(threads),
            permuted: release.stores.permuted.iter().map(permuted).collect(),
            permuted_places: (0..plan.released.len()).filter(is_permuted).collect(),
            labels: Vec::new(),
            record: Vec::new(),
        }
    }
    /// One row goes on to the release.
    #[inline]
    fn push(&mut self, stores: &Stores, shard: u64, bucket: u32, row: usize, ready: &mut Ready<'_, '_>) -> Result<()> {
        match ready {
            Ready::Whole(records) => self.scatter.push(&stores.rows, shard, bucket, |room| records.lay(row, room)),
            Ready::Apart { permuted, others } => {
                self.labels.push(bucket);
                self.record.clear();
                encode_cells(others, row, &mut self.record)?;
                self.scatter.push_bytes(&stores.rows, shard, bucket, &self.record)?;
                for (cells, column) in self.permuted.iter_mut().zip(permuted) {
                    encode_cells(&[*column], row, &mut cells.cells)?;
                    cells.ends.push(cells.cells.len());
                }
                Ok(())
            }
        }
    }
    /// Sends the permuted columns' cells to their stores: each bucket gets as many cells as rows, but any of the shard's.
    fn scatter_permuted(&mut self, release: &Release<'_>, shard: u64) -> Result<()> {
        for (at, permuted) in self.permuted.iter_mut().enumerate() {
            let mut labels = self.labels.clone();
            Repeatable::new(&release.keys.permuted[at], shard).shuffle(&mut labels);
            let mut start = 0;
            for (label, end) in labels.iter().zip(&permuted.ends) {
                let cell = &permuted.cells[start..*end];
                permuted.scatter.push_bytes(&release.stores.permuted[at], shard, *label, cell)?;
                start = *end;
            }
            permuted.cells.clear();
            permuted.ends.clear();
        }
        self.labels.clear();
        Ok(())
    }
    fn close(self, stores: &Stores) -> Result<()> {
        self.scatter.close(&stores.rows)?;
        self.permuted.into_iter().zip(&stores.permuted).try_for_each(|(permuted, store)| permuted.scatter.close(store))
    }
}

impl<'p> Releaser<'p> {
    fn new(release: &'p Release<'p>, twice: bool, threads: usize) -> Self {
        let plan = release.plan;
        let place_of = |at: usize| plan.released.iter().position(|released| *released == at);
        Self {
            release,
            transforming: Transforming::new(plan, release.operators),
            encoder: RecordEncoder::new(&plan.layout),
            rows: Rows::new(release, threads),
            scratch: ClassifierScratch::default(),
            classes: Vec::new(),
            quasi_places: plan.quasi.iter().filter_map(|at| place_of(*at)).collect(),
            aside: Collector::new(plan, release.aside, twice),
            fates: Vec::new(),
            drawn: Vec::new(),
            subject_place: plan.counted_subject().and_then(place_of),
        }
    }

    /// Gives the stores what is left, and what was kept aside.
    fn close(self) -> Result<Collector<'p>> {
        self.rows.close(self.release.stores)?;
        Ok(self.aside)
    }

    /// Finds the class of every row of a batch of released columns.
    fn classify(&mut self, columns: &[Column<'_>]) -> Result<()> {
        self.classes.clear();
        let Some(survey) = self.release.survey else { return Ok(()) };
        if self.quasi_places.len() != self.release.plan.quasi.len() {
            return Err(ErrorKind::Internal("a quasi-identifier that is not released").into());
        }
        let quasi: Vec<Cow<'_, Text<'_>>> = self.quasi_places.iter().map(|at| columns[*at].to_text()).collect();
        let quasi: Vec<&Text<'_>> = quasi.iter().map(AsRef::as_ref).collect();
        survey.classifier.class_of(&quasi, &mut self.scratch, &mut self.classes);
        Ok(())
    }

    /// Whether the row's class is suppressed, or its person with all their rows.
    fn is_suppressed(&self, row: usize, subject: Option<&[u8]>) -> Result<bool> {
        let Some(survey) = self.release.survey else { return Ok(false) };
        if survey.rare.as_ref().is_some_and(|rare| rare.contains(subject)) {
            return Ok(true);
        }
        let class = self.classes.get(row).map(|class| *class as usize);
        // a combination that pass one did not see means another input
        class.and_then(|class| survey.suppressed.get(class).copied()).ok_or_else(|| ErrorKind::InputChanged.into())
    }

    fn batch(
        &mut self,
        batch: &Batch<'_>,
        number: u64,
        scatter: &mut Repeatable,
        decisions: &mut Option<Decisions<'_>>,
        report: &mut ShardReport,
    ) -> Result<()> {
        let plan = self.release.plan;
        let buckets = u32::try_from(self.release.stores.rows.buckets()).expect("at most 4096 buckets");
        let (columns, invalid) = self.transforming.columns(&plan.released, batch, number)?;
        report.invalid += invalid;
        self.classify(&columns)?;
        let columns = match self.release.survey.and_then(|survey| survey.recoded.as_ref()) {
            Some(recoded) => {
                let (columns, invalid) = recoded.show(columns, &self.classes);
                report.invalid += invalid;
                columns
            }
            None => columns,
        };
        self.decide(batch.rows, &columns, decisions, report)?;
        let Self { release, encoder, rows, fates, drawn, aside, .. } = self;
        let prepared = encoder.prepare(&columns);
        let mut ready = if plan.permuted.is_empty() {
            Ready::Whole(encoder.records(&prepared))
        } else {
            let place = |(place, column)| (rows.permuted_places.contains(&place), column);
            let (permuted, others): (Vec<_>, Vec<_>) = columns.iter().enumerate().map(place).partition(|(own, _)| *own);
            let columns = |some: Vec<(bool, _)>| some.into_iter().map(|(_, column)| column).collect();
            Ready::Apart { permuted: columns(permuted), others: columns(others) }
        };
        let released = fates.iter().enumerate().filter(|(_, fate)| **fate == Fate::Released);
        let draw = |(row, _)| (row, if plan.shuffle { scatter.below(buckets) } else { 0 });
        drawn.clear();
        drawn.extend(released.map(draw));
        for (at, (row, bucket)) in drawn.iter().enumerate() {
            if let Some((_, ahead)) = drawn.get(at + AHEAD) {
                rows.scatter.expect(*ahead);
            }
            let pushed = rows.push(release.stores, number, *bucket, *row, &mut ready);
            pushed.map_err(|error| error.at_row(batch.first_row + *row as u64 + 1))?;
        }
        aside.batch(number, batch, &columns, fates);
        Ok(())
    }

    /// Says what becomes of every row.
    fn decide(
        &mut self,
        rows: usize,
        columns: &[Column<'_>],
        decisions: &mut Option<Decisions<'_>>,
        report: &mut ShardReport,
    ) -> Result<()> {
        self.fates.clear();
        if decisions.is_none() && self.release.survey.is_none() {
            self.fates.resize(rows, Fate::Released);
            report.released += rows as u64;
            return Ok(());
        }
        let names = self.subject_place.map(|place| columns[place].to_text());
        for row in 0..rows {
            let subject = names.as_ref().and_then(|names| names.get(row));
            let drawn = decisions.as_mut().map_or(Drawn::Taken, |decisions| decisions.next(subject));
            self.fates.push(if drawn != Drawn::Taken {
                report.not_drawn += u64::from(drawn == Drawn::LeftOut);
                report.over_cap += u64::from(drawn == Drawn::OverCap);
                Fate::NotDrawn
            } else if self.is_suppressed(row, subject)? {
                report.suppressed += 1;
                Fate::Suppressed
            } else {
                report.released += 1;
                Fate::Released
            });
        }
        Ok(())
    }
}

impl Worker for Releaser<'_> {
    type Output = ShardReport;

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ShardReport)> {
        let (number, keys) = (shard.number, self.release.keys);
        let mut report = ShardReport::default();
        let mut decisions = self.release.draw.shard(number);
        let mut scatter = Repeatable::new(&keys.scatter, number);
        let count =
            shard.read(scratch, &mut |batch| self.batch(&batch, number, &mut scatter, &mut decisions, &mut report))?;
        if let Some(survey) = self.release.survey {
            let before = usize::try_from(number).ok().and_then(|number| survey.shards.get(number));
            if before
                .is_none_or(|before| before.count.fingerprint != count.fingerprint || before.count.rows != count.rows)
            {
                return Err(Error::new(ErrorKind::InputChanged));
            }
        }
        self.rows.scatter_permuted(self.release, number)?;
        Ok((count, report))
    }
}
