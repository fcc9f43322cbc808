//! How far a run is: counters that workers move and the command line reads.

use super::Cleaned;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// The stages of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Opening inputs and compiling the plan.
    Plan,
    /// First pass: classes.
    Survey,
    /// Second pass: transform.
    Release,
    /// Writing the shuffled rows.
    Write,
    /// Reading back and judging.
    Gate,
    /// Forcing to disk and renaming.
    Publish,
}

impl Stage {
    /// Every stage in order.
    pub const ALL: [Self; 6] = [Self::Plan, Self::Survey, Self::Release, Self::Write, Self::Gate, Self::Publish];
    /// The name in logs and on the progress line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Survey => "survey",
            Self::Release => "release",
            Self::Write => "write",
            Self::Gate => "gate",
            Self::Publish => "publish",
        }
    }
}

/// Shared by the run and whoever shows it. A stage is one piece of work or several in turn, as two readings of the source.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    piece: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
    rows: AtomicU64,
    stop: AtomicBool,
    interrupt: AtomicBool,
    log_at: Mutex<Option<PathBuf>>,
    cleaned: Mutex<Vec<Cleaned>>,
}

/// How far the present piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Which piece it is, counted from the beginning of the run: another number, other counters.
    pub piece: u64,
    /// The stage that it belongs to.
    pub stage: Stage,
    /// Rows done.
    pub rows: u64,
    /// What is done of `total`.
    pub done: u64,
    /// All that is to be done, where it is known: bytes of what is read, rows of what is written.
    pub total: Option<u64>,
}

impl Progress {
    /// The present stage.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed))]
    }
    /// How far it is. A look that falls between two pieces of work may see the old number with new counters, but never the other way round.
    #[must_use]
    pub fn look(&self) -> Look {
        let piece = self.piece.load(Ordering::Acquire);
        let (rows, done) = (self.rows.load(Ordering::Relaxed), self.done.load(Ordering::Relaxed));
        let total = self.total.load(Ordering::Relaxed);
        Look { piece, stage: self.stage(), rows, done, total: (total > 0).then_some(total) }
    }
    /// Asks the run to stop at the next shard and to leave nothing behind.
    pub fn interrupt(&self) {
        self.interrupt.store(true, Ordering::Relaxed);
        self.stop();
    }
    /// Whether that was asked.
    #[must_use]
    pub fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// The folder with the log of a run that failed after it had begun.
    #[must_use]
    pub fn log_at(&self) -> Option<PathBuf> {
        self.log_at.lock().ok().and_then(|folder| folder.clone())
    }
    /// What earlier runs that were killed had left, and this one cleaned up.
    #[must_use]
    pub fn cleaned_up(&self) -> Vec<Cleaned> {
        self.cleaned.lock().map(|cleaned| cleaned.clone()).unwrap_or_default()
    }
    pub(super) fn cleaned(&self, more: Vec<Cleaned>) {
        if let Ok(mut cleaned) = self.cleaned.lock() {
            cleaned.extend(more);
        }
    }
    pub(super) fn keep_log_at(&self, folder: PathBuf) {
        if let Ok(mut log_at) = self.log_at.lock() {
            *log_at = Some(folder);
        }
    }
    /// A stage begins.
    pub(super) fn begin(&self, stage: Stage) {
        let place = Stage::ALL.iter().position(|known| *known == stage).unwrap_or_default();
        self.stage.store(u8::try_from(place).unwrap_or_default(), Ordering::Relaxed);
        self.next(None);
    }
    /// A reading begins, of so many bytes where that is known.
    pub(super) fn reading(&self, bytes: Option<u64>) {
        self.next(bytes);
    }
    /// So many rows will be written.
    pub(super) fn writing(&self, rows: u64) {
        self.next(Some(rows));
    }
    fn next(&self, total: Option<u64>) {
        self.done.store(0, Ordering::Relaxed);
        self.rows.store(0, Ordering::Relaxed);
        self.total.store(total.unwrap_or(0), Ordering::Relaxed);
        self.piece.fetch_add(1, Ordering::Release);
    }
    /// More rows were read; the reading is so many bytes far.
    pub(super) fn read(&self, bytes: u64, rows: u64) {
        self.done.fetch_max(bytes, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
    /// More rows were written.
    pub(super) fn wrote(&self, rows: u64) {
        self.done.fetch_add(rows, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_of_a_stage_has_its_own_number_and_counters() {
        let progress = Progress::default();
        progress.begin(Stage::Survey);
        progress.reading(Some(1000));
        progress.read(900, 90);
        progress.read(600, 60); // a worker that was late
        let first = progress.look();
        assert_eq!((first.stage, first.rows, first.done, first.total), (Stage::Survey, 150, 900, Some(1000)));
        progress.reading(Some(1000));
        let second = progress.look();
        assert_eq!(second, Look { piece: first.piece + 1, rows: 0, done: 0, ..first });
        progress.begin(Stage::Write);
        progress.writing(150);
        progress.wrote(100);
        progress.wrote(50);
        let written = progress.look();
        assert_eq!((written.stage, written.rows, written.done, written.total), (Stage::Write, 150, 150, Some(150)));
        progress.begin(Stage::Gate);
        let gate = progress.look();
        assert_eq!((gate.rows, gate.done, gate.total), (0, 0, None));
        assert!(gate.piece > written.piece);
    }
}
