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

/// Shared by the run and whoever shows it. All numbers are of the present stage.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    bytes: AtomicU64,
    total: AtomicU64,
    rows: AtomicU64,
    stop: AtomicBool,
    interrupt: AtomicBool,
    log_at: Mutex<Option<PathBuf>>,
    cleaned: Mutex<Vec<Cleaned>>,
}

impl Progress {
    /// The present stage.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed))]
    }
    /// Bytes done and, where it is known, of how many.
    #[must_use]
    pub fn bytes(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.bytes.load(Ordering::Relaxed), (total > 0).then_some(total))
    }
    /// Rows done.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
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
    pub(super) fn begin(&self, stage: Stage, total: Option<u64>) {
        let place = Stage::ALL.iter().position(|known| *known == stage).unwrap_or_default();
        self.bytes.store(0, Ordering::Relaxed);
        self.rows.store(0, Ordering::Relaxed);
        self.total.store(total.unwrap_or(0), Ordering::Relaxed);
        self.stage.store(u8::try_from(place).unwrap_or_default(), Ordering::Relaxed);
    }
    pub(super) fn advance(&self, bytes: u64, rows: u64) {
        self.bytes.fetch_max(bytes, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
