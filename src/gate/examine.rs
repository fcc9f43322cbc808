//! Has the staged files read back and counts what was written.

use super::bytes::{BytePass, Work};
use super::classes::Classes;
use super::reading::{Counts, Examiner, Reading};
use super::rule::Rule;
use super::rules::{CANARY, STRUCTURE};
use super::{Case, Count};
use crate::digest::Digest;
use crate::error::Result;
use crate::group::{Behind, ClassTable};
use crate::value::Schema;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Something staged that can be read back. The reader must not share code with the writer.
pub trait Staged {
    /// The schema of every data file as a reader sees it.
    ///
    /// # Errors
    /// When a file cannot be opened as what it should be.
    fn schemas(&self) -> Result<Vec<Schema>>;
    /// Reads every data file whole, by as many workers as there are; each worker has an examiner of its own. Only the cells
    /// of `columns` are needed.
    ///
    /// # Errors
    /// When a file cannot be read.
    fn examine<'p>(&self, columns: &[usize], make: &(dyn Fn() -> Examiner<'p> + Sync)) -> Result<Vec<Examiner<'p>>>;
    /// Every file that lies in the staging folder, by its name in the release.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    fn listing(&self) -> Result<Vec<String>>;
    /// The data files on disk, in order.
    fn paths(&self) -> Vec<PathBuf>;
    /// The staging folder.
    fn folder(&self) -> PathBuf;
}

/// A data file as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Name in the release.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub digest: Digest,
}

/// Everything the rules look at.
pub struct Measured {
    /// Schemas on disk.
    pub schemas: Vec<Schema>,
    /// Rows on disk.
    pub rows: u64,
    /// Rows by data file.
    pub rows_by_file: Vec<u64>,
    /// Classes over the released quasi-identifiers; none where there are no such columns.
    pub classes: Option<ClassTable>,
    /// Data files, with the digests of what was read.
    pub files: Vec<FileFacts>,
    /// All files of the staging folder.
    pub listing: Vec<String>,
    /// By shard of the reading: the place of its first row in the whole release.
    pub starts: BTreeMap<u64, u64>,
    /// Microseconds of the whole reading, on the clock on the wall.
    pub reading: u64,
    /// Microseconds that the digests of the data files took of it, with the threads side by side.
    pub digesting: u64,
    /// Whether the rows were read: not where the files have other columns than planned.
    pub read: bool,
    counts: Counts,
    bytes: BytePass,
    behind: OnceLock<Option<Behind>>,
    times: BTreeMap<&'static str, u64>,
}

impl Measured {
    /// Members of the smallest class; where persons are counted, persons of the rarest combination of rows.
    #[must_use]
    pub fn smallest_class(&self) -> Option<u64> {
        let table = self.classes.as_ref()?;
        match table.persons() {
            Some(persons) => persons.smallest(),
            None => table.members().iter().copied().min(),
        }
    }
    /// What a rule had counted.
    #[must_use]
    pub fn count<C: Count>(&self) -> Option<&C> {
        self.counts.get()
    }
    /// What the pass over every byte found. It is made where one of the rules that judge it is asked.
    pub(super) fn bytes(&self) -> &BytePass {
        &self.bytes
    }
    /// The people of the population behind the classes; none where no table of it is given, or no class was counted.
    pub(super) fn behind(&self, case: &Case<'_>) -> Option<&Behind> {
        let count = || Some(case.aside.population.as_ref()?.behind(self.classes.as_ref()?));
        self.behind.get_or_init(count).as_ref()
    }
    /// Microseconds that went into a rule's counting, over all workers.
    #[must_use]
    pub fn counting_time(&self, rule: &str) -> u64 {
        self.times.get(rule).copied().unwrap_or(0)
    }
    /// Has the rows read, with all that the rules want counted. Some of the threads begin with the work on the bytes: so all of them are
    /// busy until both are done, because rows are shared out in small parts.
    fn count_rows<S: Staged>(
        &mut self,
        staged: &S,
        case: &Case<'_>,
        rules: &[&Rule],
        work: &Work<'_>,
        clock: &(dyn Fn() -> u64 + Sync),
    ) -> Result<()> {
        let mut reading = Reading::new(case.marker.clone());
        for rule in rules {
            reading.asked_by(rule.id);
            (rule.wants)(case, &mut reading);
        }
        let (beginners, help) = (AtomicUsize::new(work.beginners()), || work.help());
        let take = |left: usize| left.checked_sub(1);
        let make = || {
            let examiner = reading.examiner(case.policy.columns.len(), clock);
            let begins = beginners.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
            if begins { examiner.after(&help) } else { examiner }
        };
        let examiners = staged.examine(&reading.columns(), &make)?;
        let mut counts = reading.gather(examiners, case.threads);
        self.rows_by_file = counts.rows_by_file(case.files.len());
        self.rows = self.rows_by_file.iter().sum();
        self.starts = counts.starts();
        self.times = counts.times();
        self.classes = counts.take::<Classes>().and_then(|classes| classes.merge(case.threads));
        self.counts = counts;
        Ok(())
    }
    /// Takes what the pass over every byte found.
    fn take_bytes(&mut self, case: &Case<'_>, pass: BytePass) {
        self.bytes = pass;
        self.files = std::mem::take(&mut self.bytes.files);
        self.digesting = self.bytes.spent.digests / case.threads.clamp(1, self.files.len().max(1)) as u64;
        self.times.insert(CANARY, self.bytes.spent.search);
        self.times.insert(STRUCTURE, self.bytes.spent.walk);
    }
}

/// Has everything read, with all that the rules want counted: the rows by the reader, and the files byte by byte.
pub(super) fn measure<S: Staged>(
    staged: &S,
    case: &Case<'_>,
    rules: &[&Rule],
    clock: &(dyn Fn() -> u64 + Sync),
) -> Result<Measured> {
    let start = clock();
    let schemas = staged.schemas()?;
    let expected: Vec<&str> = case.policy.columns.iter().map(|column| column.name.as_str()).collect();
    let alike = schemas
        .iter()
        .all(|schema| schema.fields().iter().map(|field| field.name.as_str()).eq(expected.iter().copied()));
    let mut measured = Measured {
        schemas,
        rows: 0,
        rows_by_file: Vec::new(),
        classes: None,
        files: Vec::new(),
        listing: staged.listing()?,
        starts: BTreeMap::new(),
        reading: 0,
        digesting: 0,
        read: alike,
        counts: Counts::default(),
        bytes: BytePass::default(),
        behind: OnceLock::new(),
        times: BTreeMap::new(),
    };
    let judged = rules.iter().any(|rule| [CANARY, STRUCTURE].contains(&rule.id));
    // the reading of the rows refuses cells that are not UTF-8
    let listing = measured.listing.clone();
    let work = Work::new(case, &listing, judged.then_some(alike), clock);
    std::thread::scope(|scope| {
        if case.threads > 1 {
            scope.spawn(|| work.make_ready());
        }
        // else the rule on columns refuses; the cells cannot be told apart
        if alike { measured.count_rows(staged, case, rules, &work, clock) } else { Ok(()) }
    })?;
    let pass = work.finish()?;
    measured.take_bytes(case, pass);
    measured.reading = clock().saturating_sub(start);
    Ok(measured)
}
