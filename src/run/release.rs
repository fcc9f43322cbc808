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
use crate::write::{RecordEncoder, ShardRows, Store, encode_cells};
use std::borrow::Cow;

/// What became of a shard's rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShardReport {
    pub(super) released: u64,
    pub(super) suppressed: u64,
    pub(super) not_drawn: u64,
    pub(super) over_cap: u64,
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
        let workers = (0..place.threads).map(|_| Releaser::new(self, twice)).collect();
        let (workers, done) = each_shard(source, &pass, place.pool, workers, progress)?;
        if self.survey.is_some_and(|survey| survey.shards.len() != done.len()) {
            return Err(Error::new(ErrorKind::InputChanged));
        }
        let aside = gather(workers.into_iter().map(|worker| worker.aside).collect(), &done);
        Ok((done, aside))
    }
}

struct Releaser<'p> {
    release: &'p Release<'p>,
    transforming: Transforming<'p>,
    encoder: RecordEncoder,
    rows: ShardRows,
    scratch: ClassifierScratch,
    classes: Vec<u32>,
    permuted: Vec<Permuted>,
    /// Places among the released columns: of the permuted ones, and of all others.
    permuted_places: Vec<usize>,
    other_places: Vec<usize>,
    /// Places among the released columns of the quasi-identifiers, in the order of the plan.
    quasi_places: Vec<usize>,
    labels: Vec<u32>,
    aside: Collector<'p>,
    fates: Vec<Fate>,
    /// Place among the released columns of the subject, where persons are counted.
    subject_place: Option<usize>,
}

/// The cells of one permuted column in the present shard.
struct Permuted {
    rows: ShardRows,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl<'p> Releaser<'p> {
    fn new(release: &'p Release<'p>, twice: bool) -> Self {
        let plan = release.plan;
        let places = 0..plan.released.len();
        let place_of = |at: usize| plan.released.iter().position(|released| *released == at);
        let (permuted_places, other_places) = places.partition(|at| plan.permuted.contains(&plan.released[*at]));
        Self {
            release,
            transforming: Transforming::new(plan, release.operators),
            encoder: RecordEncoder::new(&plan.layout),
            rows: ShardRows::default(),
            scratch: ClassifierScratch::default(),
            classes: Vec::new(),
            permuted: plan
                .permuted
                .iter()
                .map(|_| Permuted { rows: ShardRows::default(), cells: Vec::new(), ends: Vec::new() })
                .collect(),
            permuted_places,
            other_places,
            quasi_places: plan.quasi.iter().filter_map(|at| place_of(*at)).collect(),
            labels: Vec::new(),
            aside: Collector::new(plan, release.aside, twice),
            fates: Vec::new(),
            subject_place: plan.counted_subject().and_then(place_of),
        }
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

    /// One row goes on to the release.
    fn release_row(&mut self, columns: &[Column<'_>], row: usize, bucket: u32) -> Result<()> {
        let mut encoded = Ok(());
        if self.permuted.is_empty() {
            let maker = &mut self.encoder;
            self.rows.push(bucket, |out| encoded = maker.encode(columns, row, out))?;
            return encoded;
        }
        self.labels.push(bucket);
        let others: Vec<&Column<'_>> = self.other_places.iter().map(|at| &columns[*at]).collect();
        self.rows.push(bucket, |out| encoded = encode_cells(&others, row, out))?;
        for (permuted, at) in self.permuted.iter_mut().zip(&self.permuted_places) {
            encode_cells(&[&columns[*at]], row, &mut permuted.cells)?;
            permuted.ends.push(permuted.cells.len());
        }
        encoded
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
        self.fates.clear();
        let names = self.subject_place.map(|place| columns[place].to_text());
        for row in 0..batch.rows {
            let subject = names.as_ref().and_then(|names| names.get(row));
            let drawn = decisions.as_mut().map_or(Drawn::Taken, |decisions| decisions.next(subject));
            if drawn != Drawn::Taken {
                report.not_drawn += u64::from(drawn == Drawn::LeftOut);
                report.over_cap += u64::from(drawn == Drawn::OverCap);
                self.fates.push(Fate::NotDrawn);
            } else if self.is_suppressed(row, subject)? {
                report.suppressed += 1;
                self.fates.push(Fate::Suppressed);
            } else {
                let bucket = if plan.shuffle { scatter.below(buckets) } else { 0 };
                let at = batch.first_row + row as u64 + 1;
                self.release_row(&columns, row, bucket).map_err(|error| error.at_row(at))?;
                report.released += 1;
                self.fates.push(Fate::Released);
            }
        }
        self.aside.batch(number, batch, &columns, &self.fates);
        Ok(())
    }

    /// Sends the permuted columns' cells to their stores: each bucket gets as many cells as rows, but any of the shard's.
    fn scatter_permuted(&mut self, number: u64) -> Result<()> {
        for (at, permuted) in self.permuted.iter_mut().enumerate() {
            let mut labels = self.labels.clone();
            Repeatable::new(&self.release.keys.permuted[at], number).shuffle(&mut labels);
            let mut start = 0;
            for (label, end) in labels.iter().zip(&permuted.ends) {
                let cell = &permuted.cells[start..*end];
                permuted.rows.push(*label, |out| out.extend_from_slice(cell))?;
                start = *end;
            }
            self.release.stores.permuted[at].add(number, &mut permuted.rows)?;
            permuted.cells.clear();
            permuted.ends.clear();
        }
        self.labels.clear();
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
            if before.is_none_or(|before| before.fingerprint != count.fingerprint || before.rows != count.rows) {
                return Err(Error::new(ErrorKind::InputChanged));
            }
        }
        self.scatter_permuted(number)?;
        self.release.stores.rows.add(number, &mut self.rows)?;
        Ok((count, report))
    }
}
