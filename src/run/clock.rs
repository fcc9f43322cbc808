//! The only place that reads a clock: wall time for the log, monotonic time for durations.

use super::progress::Stage;
use crate::log::{Clock, Timing};
use std::time::Instant;

/// Time since a run began.
pub(super) struct RunClock {
    start: Instant,
    /// Nanoseconds that an earlier process of the same run told.
    before: u64,
    marks: Vec<(Stage, u64)>,
}

impl RunClock {
    pub(super) fn start() -> Self {
        Self::after(0)
    }
    /// A run that goes on behind this time; what lay between is told by the wall clock alone.
    pub(super) fn after(before: u64) -> Self {
        Self { start: Instant::now(), before, marks: Vec::new() }
    }
    /// A stage begins now.
    pub(super) fn begin(&mut self, stage: Stage) {
        let now = self.milliseconds();
        self.marks.push((stage, now));
    }
    /// Since the run began, monotonic.
    pub(super) fn milliseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
    /// Microseconds since the run began.
    pub(super) fn elapsed_microseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
    /// The day this many years from today, `YYYY-MM-DD`.
    pub(super) fn day_in_years(years: u32) -> String {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        today.saturating_add(jiff::Span::new().years(years)).to_string()
    }
    /// How long each stage took so far; the last one until now.
    pub(super) fn timings(&self) -> Vec<Timing> {
        let ends = self.marks.iter().skip(1).map(|(_, start)| *start).chain([self.milliseconds()]);
        let timing = |((stage, start), end): (&(Stage, u64), u64)| Timing {
            stage: stage.name().to_owned(),
            milliseconds: end - start,
        };
        self.marks.iter().zip(ends).map(timing).collect()
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
