//! Writes the waiting rows as data files, bucket by bucket, each bucket permuted.

use super::release::Stores;
use super::{Progress, Workplace};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;
use crate::random::Repeatable;
use crate::secret::{MasterKey, StreamKey};
use crate::value::{Column, DataType};
use crate::write::{BucketRows, CellBuilder, PartWriter, RecordEncoder, Stage, StagedPart, Stored};
use std::fs::File;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// At most about this many bytes make a data file, where the profile does not say how many there are.
const PART: u64 = 64 << 20;
/// So many files there are at least, so that threads have equal shares of them to write and to check, ...
const PARTS: u64 = 16;
/// ... unless they were smaller than this.
const SMALL: u64 = 24 << 20;

/// The rows that wait, and how they are written.
pub(super) struct Emit<'p> {
    plan: &'p Plan,
    rows: Stored,
    permute: StreamKey,
    /// Store and key of every column that is permuted on its own, with its place among the released columns.
    permuted: Vec<(usize, Stored, StreamKey)>,
    stage: &'p Stage,
    progress: &'p Progress,
    flusher: &'p Flusher,
}

impl<'p> Emit<'p> {
    pub(super) fn new(
        plan: &'p Plan,
        stores: Stores,
        stage: &'p Stage,
        key: &MasterKey,
        progress: &'p Progress,
        flusher: &'p Flusher,
    ) -> Result<Self> {
        let mut permuted = Vec::new();
        for (at, store) in plan.permuted.iter().zip(stores.permuted) {
            let place = plan.released.iter().position(|released| released == at);
            let place = place.ok_or(ErrorKind::Internal("a permuted column that is not released"))?;
            permuted.push((place, store.finish()?, key.stream(&format!("permute/{}", plan.columns[*at].name))));
        }
        let (rows, permute) = (stores.rows.finish()?, key.stream("permute"));
        Ok(Self { plan, rows, permute, permuted, stage, progress, flusher })
    }

    /// Writes every part, several at once, and has each forced to disk in the background.
    pub(super) fn run(&self, place: &Workplace<'_>) -> Result<Vec<StagedPart>> {
        let ranges = self.parts();
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<(usize, Result<StagedPart>)>> = Mutex::new(Vec::new());
        place.pool.scope(|scope| {
            for _ in 0..place.threads.min(ranges.len()) {
                scope.spawn(|_| {
                    while !self.progress.stopping() {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(range) = ranges.get(at) else { break };
                        let part = self.part(at, range.clone());
                        if part.is_err() {
                            self.progress.stop();
                        }
                        if let Ok(mut results) = results.lock() {
                            results.push((at, part));
                        }
                    }
                });
            }
        });
        if self.progress.interrupted() {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        let died = || Error::new(ErrorKind::Internal("a writer died"));
        let mut results = results.into_inner().map_err(|_| died())?;
        results.sort_by_key(|(at, _)| *at);
        let parts: Vec<StagedPart> = results.into_iter().map(|(_, part)| part).collect::<Result<_>>()?;
        if parts.len() == ranges.len() { Ok(parts) } else { Err(died()) }
    }

    /// The stores, when all is written.
    pub(super) fn into_stores(self) -> (Stored, Vec<Stored>) {
        (self.rows, self.permuted.into_iter().map(|(_, stored, _)| stored).collect())
    }

    /// Which buckets (or shards, in input order) each file holds: near equal numbers, and at least one file.
    fn parts(&self) -> Vec<Range<usize>> {
        let units = self.rows.units();
        let wanted = self.plan.parts.map_or_else(|| parts_for(self.rows.bytes()), u64::from).max(1);
        let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(units.max(1));
        (0..count).map(|at| units * at / count..units * (at + 1) / count).collect()
    }

    fn part(&self, number: usize, units: Range<usize>) -> Result<StagedPart> {
        let name = format!("data/part-{number:05}.{}", self.plan.layout.extension());
        let (file, path) = self.stage.create_file(&name)?;
        let mut writer = PartWriter::start(&self.plan.layout, file).map_err(|error| error.in_file(&path))?;
        let (mut rows, mut written) = (BucketRows::default(), 0);
        for unit in units {
            if self.progress.stopping() {
                return Err(Error::new(ErrorKind::Interrupted));
            }
            self.rows.rows(unit, &mut rows)?;
            if self.plan.shuffle {
                rows.shuffle(&mut Repeatable::new(&self.permute, unit as u64));
            }
            if self.permuted.is_empty() {
                rows.for_each(&self.rows, |record| writer.record(record)).map_err(|error| error.in_file(&path))?;
            } else {
                self.rejoin(unit, &rows, &mut writer).map_err(|error| error.in_file(&path))?;
            }
            written += rows.len() as u64;
            self.progress.wrote(rows.len() as u64);
        }
        let file = writer.finish().map_err(|error| error.in_file(&path))?;
        self.flusher.flush(file);
        Ok(StagedPart { name, path, rows: written })
    }

    /// Puts the permuted columns' cells beside the rows of a bucket; the two orders have nothing to do with each other.
    fn rejoin(&self, bucket: usize, rows: &BucketRows, writer: &mut PartWriter<File>) -> Result<()> {
        let layout = &self.plan.layout;
        let is_permuted = |place: usize| self.permuted.iter().any(|(at, ..)| *at == place);
        let kinds: Vec<DataType> = layout.schema.fields().iter().map(|field| field.data_type).collect();
        let others: Vec<usize> = (0..kinds.len()).filter(|at| !is_permuted(*at)).collect();
        let other_kinds: Vec<DataType> = others.iter().map(|at| kinds[*at]).collect();
        let mut columns: Vec<Option<Column<'_>>> = kinds.iter().map(|_| None).collect();
        for (at, column) in others.iter().zip(collect(&other_kinds, rows, &self.rows)?) {
            columns[*at] = Some(column);
        }
        let mut cells = BucketRows::default();
        for (at, stored, key) in &self.permuted {
            stored.rows(bucket, &mut cells)?;
            cells.shuffle(&mut Repeatable::new(key, bucket as u64));
            if cells.len() != rows.len() {
                return Err(Error::new(ErrorKind::Internal("a permuted column lost cells")));
            }
            columns[*at] = collect(&[kinds[*at]], &cells, stored)?.pop();
        }
        let missing = || Error::new(ErrorKind::Internal("a column is missing"));
        let columns: Vec<Column<'_>> =
            columns.into_iter().map(|column| column.ok_or_else(missing)).collect::<Result<_>>()?;
        writer.batch(&mut RecordEncoder::new(layout), &columns)
    }
}

/// How many data files are made of so many bytes.
fn parts_for(bytes: u64) -> u64 {
    bytes.div_ceil(PART).max((bytes / SMALL).min(PARTS))
}

/// Rows of cells as columns, in the rows' present order.
fn collect(kinds: &[DataType], rows: &BucketRows, stored: &Stored) -> Result<Vec<Column<'static>>> {
    let mut builder = CellBuilder::new(kinds);
    rows.for_each(stored, |record| builder.push(record))?;
    Ok(builder.finish())
}

/// Forces finished files to disk while others are written and the gate reads, so that publishing does not wait.
pub(super) struct Flusher {
    sender: std::sync::mpsc::Sender<File>,
}

impl Flusher {
    /// Starts the thread; join it to know that everything sent is on disk.
    pub(super) fn start() -> (Self, std::thread::JoinHandle<std::io::Result<()>>) {
        let (sender, receiver) = std::sync::mpsc::channel::<File>();
        let thread = std::thread::spawn(move || receiver.into_iter().try_for_each(|file| file.sync_data()));
        (Self { sender }, thread)
    }
    fn flush(&self, file: File) {
        // A flusher that stopped on an error is seen when it is joined, and `Stage::sync` forces all files again.
        let _ = self.sender.send(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_neither_large_nor_many_small_ones() {
        let mega = |bytes: u64| parts_for(bytes << 20);
        assert_eq!([mega(0), mega(1), mega(24), mega(47), mega(48)], [0, 1, 1, 1, 2]);
        assert_eq!([mega(383), mega(384), mega(1024), mega(1025)], [15, 16, 16, 17]);
    }
}
