//! The only place that reads a clock: wall time for the log, monotonic time for durations.

use super::progress::Stage;
use crate::log::{Clock, Timing};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What evidence costs, apart from the work that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// Writing events and their times.
    Log,
    /// Digests of files that leave: their share of the reading where the gate makes them.
    Digests,
    /// Trees, statements and signatures.
    Signatures,
    /// Entries in the organisation's log.
    Register,
}

/// Microseconds that a run spent on evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Cost {
    /// Writing events and their times.
    pub log: u64,
    /// SHA-256, and SM3 where asked, of the files that leave.
    pub digests: u64,
    /// Trees, statements and signatures.
    pub signatures: u64,
    /// Entries in the organisation's log, forced to disk each.
    pub register: u64,
}

/// Time since a run began.
pub(super) struct RunClock {
    start: Instant,
    /// Nanoseconds that an earlier process of the same run told.
    before: u64,
    marks: Mutex<Vec<(Stage, u64)>>,
    spent: [AtomicU64; 4],
}

impl RunClock {
    pub(super) fn start() -> Self {
        Self::after(0)
    }
    /// A run that goes on behind this time; what lay between is told by the wall clock alone.
    pub(super) fn after(before: u64) -> Self {
        Self { start: Instant::now(), before, marks: Mutex::default(), spent: Default::default() }
    }
    /// A stage begins now.
    pub(super) fn begin(&self, stage: Stage) {
        let now = self.milliseconds();
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push((stage, now));
    }
    /// Since the run began, monotonic.
    pub(super) fn milliseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
    /// Microseconds since the run began.
    pub(super) fn elapsed_microseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
    /// Does a piece of work and counts its time.
    pub(super) fn spend<T>(&self, on: Spent, work: impl FnOnce() -> T) -> T {
        let start = self.elapsed_microseconds();
        let done = work();
        self.spent(on, self.elapsed_microseconds() - start);
        done
    }
    /// Counts microseconds that were taken elsewhere.
    pub(super) fn spent(&self, on: Spent, microseconds: u64) {
        self.spent[on as usize].fetch_add(microseconds, Ordering::Relaxed);
    }
    /// What was spent on evidence so far.
    pub(super) fn cost(&self) -> Cost {
        let [log, digests, signatures, register] = [0, 1, 2, 3].map(|at: usize| self.spent[at].load(Ordering::Relaxed));
        Cost { log, digests, signatures, register }
    }
    /// The day this many years from today, `YYYY-MM-DD`.
    pub(super) fn day_in_years(years: u32) -> String {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        today.saturating_add(jiff::Span::new().years(years)).to_string()
    }
    /// How long each stage took so far; the last one until now.
    pub(super) fn timings(&self) -> Vec<Timing> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = marks.iter().skip(1).map(|(_, start)| *start).chain([self.milliseconds()]);
        let timing = |((stage, start), end): (&(Stage, u64), u64)| Timing {
            stage: stage.name().to_owned(),
            milliseconds: end - start,
        };
        marks.iter().zip(ends).map(timing).collect()
    }
}

/// Wall time now, RFC 3339 in UTC.
#[must_use]
pub fn wall_time() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

impl Clock for RunClock {
    fn wall(&self) -> String {
        wall_time()
    }
    fn elapsed_nanoseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(self.before)
    }
}
