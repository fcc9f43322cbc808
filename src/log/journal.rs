//! Writes events in order: a line for each, and a line for its time.

use super::{Entry, Event, Moment, TimesSealed, Whole};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use std::io::Write;

/// Tells the time to the journal, so that the journal itself reads no clock.
pub trait Clock {
    /// Wall time, RFC 3339, UTC.
    fn wall(&self) -> String;
    /// Nanoseconds since the run began, monotonic.
    fn elapsed_nanoseconds(&self) -> u64;
}

/// The log of one run. Every line is handed to the system before the call returns.
pub struct Journal<W: Write> {
    events: W,
    times: W,
    run_id: String,
    actor: String,
    next: u64,
}

impl<W: Write> Journal<W> {
    /// A log for the run with this id, by this role.
    pub fn new(events: W, times: W, run_id: String, actor: String) -> Self {
        Self { events, times, run_id, actor, next: 0 }
    }
    /// A log that goes on: behind these many events, by the same role.
    pub fn resume(events: W, times: W, run_id: String, actor: String, next: u64) -> Self {
        Self { events, times, run_id, actor, next }
    }
    /// Appends what another role says.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append_by(&mut self, actor: &str, event: Event, clock: &dyn Clock) -> Result<()> {
        let own = std::mem::replace(&mut self.actor, actor.to_owned());
        let appended = self.append(event, clock);
        self.actor = own;
        appended
    }
    /// Appends one event.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, event: Event, clock: &dyn Clock) -> Result<()> {
        self.append_timed(event, clock, None, None)
    }
    /// Appends one event, with what it or the whole run took.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append_timed(
        &mut self,
        event: Event,
        clock: &dyn Clock,
        milliseconds: Option<u64>,
        run: Option<Whole>,
    ) -> Result<()> {
        let entry = Entry { seq: self.next, run_id: self.run_id.clone(), actor: self.actor.clone(), event };
        let moment =
            Moment { seq: self.next, wall: clock.wall(), monotonic_ns: clock.elapsed_nanoseconds(), milliseconds, run };
        let moment = serde_json::to_vec(&moment).map_err(|_| Error::new(ErrorKind::Internal("a time is not JSON")))?;
        // the event first: a time without its event would be a line too many
        write_line(&mut self.events, entry.encode()?)?;
        write_line(&mut self.times, moment)?;
        self.next += 1;
        Ok(())
    }
    /// Ends the record with the digest of the times; this event has no time of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn seal_times(&mut self, digest: Digest) -> Result<()> {
        let event = Event::TimesSealed(TimesSealed { moments: self.next, digest });
        let entry = Entry { seq: self.next, run_id: self.run_id.clone(), actor: self.actor.clone(), event };
        write_line(&mut self.events, entry.encode()?)?;
        self.next += 1;
        Ok(())
    }
    /// Events so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.next
    }
    /// The run's id.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }
    /// The writers: events, times.
    #[must_use]
    pub fn writers(&self) -> (&W, &W) {
        (&self.events, &self.times)
    }
}

fn write_line(to: &mut impl Write, mut bytes: Vec<u8>) -> Result<()> {
    let failed = |cause: std::io::Error| Error::new(ErrorKind::Io { operation: "write the log", cause: cause.kind() });
    bytes.push(b'\n');
    to.write_all(&bytes).map_err(failed)?;
    to.flush().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{KeyDestroyed, Timing};

    struct Noon;
    impl Clock for Noon {
        fn wall(&self) -> String {
            "2026-01-01T12:00:00Z".into()
        }
        fn elapsed_nanoseconds(&self) -> u64 {
            7
        }
    }

    #[test]
    fn lines_are_numbered_and_typed_and_times_stand_apart() {
        let mut journal = Journal::new(Vec::new(), Vec::new(), "r".into(), "role:data-office".into());
        let event = Event::KeyDestroyed(KeyDestroyed { fingerprint: "ab".into() });
        journal.append(event.clone(), &Noon).unwrap();
        let whole = Whole {
            stages: vec![Timing { stage: "plan".into(), milliseconds: 1 }],
            threads: 2,
            keep_until: "2031-01-01".into(),
        };
        journal.append_timed(event, &Noon, Some(3), Some(whole.clone())).unwrap();
        let (events, times) = journal.writers();
        let entries: Vec<Entry> =
            events.split(|byte| *byte == b'\n').take(2).map(|line| Entry::decode(line).unwrap()).collect();
        assert_eq!((entries[0].seq, entries[1].seq, entries[1].run_id.as_str()), (0, 1, "r"));
        let times: Vec<Moment> =
            std::str::from_utf8(times).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((times[0].seq, times[0].monotonic_ns, times[0].milliseconds), (0, 7, None));
        assert_eq!((times[1].milliseconds, times[1].run.as_ref()), (Some(3), Some(&whole)));
        assert!(!String::from_utf8_lossy(events).contains("2026"), "no time among the events");
    }
}
