//! The one shared reading of the staged files: rules say what they want counted, workers count it side by side.

use super::Marker;
use super::marks::Marks;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Batch;
use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is counted over the staged rows. Every worker has one of its own; the outcome must not depend on who
/// read which rows.
pub trait Count: Send + Sync + Sized + 'static {
    /// An empty one for another worker.
    #[must_use]
    fn fork(&self) -> Self;
    /// Counts a batch; its columns are those of the policy, in order, and those not asked for may be empty. There are marks of the
    /// columns of [`Reading::mark`],
    /// and sightings of those of [`Reading::sight`].
    fn batch(&mut self, place: Place, batch: &Batch<'_>, marks: &Marks);
    /// Takes in what another worker counted.
    fn absorb(&mut self, other: Self);
    /// Called once, when all was taken in.
    fn finish(&mut self, _threads: usize) {}
}

/// Where a batch lies. Shards are numbered over all data files, in order; so are the rows of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of the data file.
    pub file: usize,
    /// Number of the shard.
    pub shard: u64,
    /// First row of the batch in its shard.
    pub first_row: u64,
}

/// A [`Count`] of any kind.
trait AnyCount: Any + Send + Sync {
    fn fork_any(&self) -> Box<dyn AnyCount>;
    fn batch_any(&mut self, place: Place, batch: &Batch<'_>, marks: &Marks);
    fn absorb_any(&mut self, other: Box<dyn AnyCount>);
    fn finish_any(&mut self, threads: usize);
}

impl<C: Count> AnyCount for C {
    fn fork_any(&self) -> Box<dyn AnyCount> {
        Box::new(self.fork())
    }
    fn batch_any(&mut self, place: Place, batch: &Batch<'_>, marks: &Marks) {
        self.batch(place, batch, marks);
    }
    fn absorb_any(&mut self, other: Box<dyn AnyCount>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<C>() {
            self.absorb(*other);
        }
    }
    fn finish_any(&mut self, threads: usize) {
        self.finish(threads);
    }
}

struct Entry {
    kind: TypeId,
    /// The rule that asked first; its time is that of the counting.
    rule: &'static str,
    count: Box<dyn AnyCount>,
    microseconds: u64,
}

/// What the rules want counted. One thing is counted once, whoever asks for it.
pub struct Reading {
    marker: Marker,
    columns: BTreeSet<usize>,
    /// Columns whose marks are taken, each with the rule that asked first.
    marked: BTreeMap<usize, &'static str>,
    /// The same of columns whose sightings are taken.
    sighted: BTreeMap<usize, &'static str>,
    entries: Vec<Entry>,
    rule: &'static str,
}

impl Reading {
    /// One under which nothing is asked yet.
    pub(super) fn new(marker: Marker) -> Self {
        Self {
            marker,
            columns: BTreeSet::new(),
            marked: BTreeMap::new(),
            sighted: BTreeMap::new(),
            entries: Vec::new(),
            rule: "",
        }
    }
    /// Has the marks of some columns taken, once for everybody.
    pub fn mark(&mut self, columns: impl IntoIterator<Item = usize>) {
        for column in columns {
            self.columns.insert(column);
            self.marked.entry(column).or_insert(self.rule);
        }
    }
    /// Has the cells of some columns taken together where they repeat, once for everybody.
    pub fn sight(&mut self, columns: impl IntoIterator<Item = usize>) {
        for column in columns {
            self.columns.insert(column);
            self.sighted.entry(column).or_insert(self.rule);
        }
    }
    /// Asks for a count over some released columns. A count of the same kind that an earlier rule asked for is shared.
    pub fn want<C: Count>(&mut self, columns: impl IntoIterator<Item = usize>, make: impl FnOnce() -> C) {
        self.columns.extend(columns);
        let kind = TypeId::of::<C>();
        if self.entries.iter().all(|entry| entry.kind != kind) {
            self.entries.push(Entry { kind, rule: self.rule, count: Box::new(make()), microseconds: 0 });
        }
    }
    /// The rule that asks from now on.
    pub(super) fn asked_by(&mut self, rule: &'static str) {
        self.rule = rule;
    }
    /// Places of the columns that are looked at.
    pub(super) fn columns(&self) -> Vec<usize> {
        self.columns.iter().copied().collect()
    }
    /// One worker's part.
    pub(super) fn examiner<'r>(&self, columns: usize, clock: &'r (dyn Fn() -> u64 + Sync)) -> Examiner<'r> {
        let empty = |entry: &Entry| Entry {
            kind: entry.kind,
            rule: entry.rule,
            count: entry.count.fork_any(),
            microseconds: 0,
        };
        let asked =
            |columns: &BTreeMap<usize, &'static str>| columns.iter().map(|(at, rule)| (*at, *rule, 0)).collect();
        Examiner {
            columns,
            clock,
            shards: Vec::new(),
            entries: self.entries.iter().map(empty).collect(),
            marks: Marks::new(self.marker.clone(), columns),
            marked: asked(&self.marked),
            sighted: asked(&self.sighted),
            first: None,
        }
    }
    /// Adds up what the workers counted.
    pub(super) fn gather(self, examiners: Vec<Examiner<'_>>, threads: usize) -> Counts {
        let mut counts = Counts { shards: BTreeMap::new(), entries: self.entries, marking: BTreeMap::new() };
        for examiner in examiners {
            for (file, shard, rows) in examiner.shards {
                counts.shards.entry(shard).or_insert((file, 0)).1 += rows;
            }
            for (total, part) in counts.entries.iter_mut().zip(examiner.entries) {
                total.microseconds += part.microseconds;
                total.count.absorb_any(part.count);
            }
            for (_, rule, microseconds) in examiner.marked.into_iter().chain(examiner.sighted) {
                *counts.marking.entry(rule).or_default() += microseconds;
            }
        }
        for entry in &mut counts.entries {
            entry.count.finish_any(threads);
        }
        counts
    }
}

/// One worker's counts.
pub struct Examiner<'r> {
    columns: usize,
    clock: &'r (dyn Fn() -> u64 + Sync),
    /// File, shard and rows, of every batch.
    shards: Vec<(usize, u64, u64)>,
    entries: Vec<Entry>,
    marks: Marks,
    /// Columns whose marks are taken, the rule that asked first, and microseconds.
    marked: Vec<(usize, &'static str, u64)>,
    sighted: Vec<(usize, &'static str, u64)>,
    /// What the worker does before its first batch.
    first: Option<&'r (dyn Fn() + Sync)>,
}

impl<'r> Examiner<'r> {
    /// The same, whose worker does something else first.
    pub(super) fn after(self, first: &'r (dyn Fn() + Sync)) -> Self {
        Self { first: Some(first), ..self }
    }
    /// Counts a batch; its columns are those of the policy, in order.
    ///
    /// # Errors
    /// A batch of another shape.
    pub fn batch(&mut self, file: usize, shard: u64, batch: &Batch<'_>) -> Result<()> {
        if batch.columns.len() != self.columns {
            return Err(Error::new(ErrorKind::Internal("a staged file has other columns than planned")));
        }
        if let Some(first) = self.first.take() {
            first();
        }
        let place = Place { file, shard, first_row: batch.first_row };
        self.shards.push((file, shard, batch.rows as u64));
        let mut start = (self.clock)();
        for (column, _, microseconds) in &mut self.marked {
            self.marks.take(*column, &batch.columns[*column]);
            let end = (self.clock)();
            *microseconds += end.saturating_sub(start);
            start = end;
        }
        for (column, _, microseconds) in &mut self.sighted {
            self.marks.sight(*column, &batch.columns[*column]);
            let end = (self.clock)();
            *microseconds += end.saturating_sub(start);
            start = end;
        }
        for entry in &mut self.entries {
            entry.count.batch_any(place, batch, &self.marks);
            let end = (self.clock)();
            entry.microseconds += end.saturating_sub(start);
            start = end;
        }
        Ok(())
    }
}

/// What was counted.
#[derive(Default)]
pub(super) struct Counts {
    /// By shard: its file and rows.
    shards: BTreeMap<u64, (usize, u64)>,
    entries: Vec<Entry>,
    /// Microseconds of taking marks and sightings, by the rule that asked first.
    marking: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// A count, where somebody asked for it and the files were read.
    pub(super) fn get<C: Count>(&self) -> Option<&C> {
        let entry = self.entries.iter().find(|entry| entry.kind == TypeId::of::<C>())?;
        let count: &dyn Any = entry.count.as_ref();
        count.downcast_ref()
    }
    /// The same, to keep.
    pub(super) fn take<C: Count>(&mut self) -> Option<C> {
        let at = self.entries.iter().position(|entry| entry.kind == TypeId::of::<C>())?;
        let count: Box<dyn Any> = self.entries.swap_remove(at).count;
        count.downcast().ok().map(|count| *count)
    }
    /// Microseconds of the counting that a rule asked for first, over all workers.
    pub(super) fn times(&self) -> BTreeMap<&'static str, u64> {
        let mut times = self.marking.clone();
        for entry in &self.entries {
            *times.entry(entry.rule).or_default() += entry.microseconds;
        }
        times
    }
    /// Rows of every data file.
    pub(super) fn rows_by_file(&self, files: usize) -> Vec<u64> {
        let mut rows = vec![0; files];
        for (file, count) in self.shards.values() {
            if let Some(total) = rows.get_mut(*file) {
                *total += count;
            }
        }
        rows
    }
    /// The place in the whole release of every shard's first row.
    pub(super) fn starts(&self) -> BTreeMap<u64, u64> {
        let mut next = 0;
        self.shards
            .iter()
            .map(|(shard, (_, rows))| {
                next += rows;
                (*shard, next - rows)
            })
            .collect()
    }
}
