//! Writes events in order: one JSON object a line, envelope first.
//!
//! The exact bytes of a line are what later evidence signs, so a line is made once and never re-encoded.

use super::Event;
use crate::error::{Error, ErrorKind, Result};
use serde::Serialize;
use std::io::Write;

/// Version of the log's format.
pub const VERSION: u32 = 1;

/// Tells the time to the journal, so that the journal itself reads no clock.
pub trait Clock {
    /// Wall time, RFC 3339, UTC.
    fn wall(&self) -> String;
    /// Milliseconds since the run began, monotonic.
    fn elapsed_milliseconds(&self) -> u64;
}

#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    seq: u64,
    run: &'a str,
    time: String,
    elapsed_ms: u64,
    actor: &'a str,
    event: &'a Event,
}

/// The log of one run. Every line is flushed to the writer before the call returns.
pub struct Journal<W: Write> {
    sink: W,
    run: String,
    actor: String,
    next: u64,
}

impl<W: Write> Journal<W> {
    /// A log for the run with this id, by this role.
    pub fn new(sink: W, run: String, actor: String) -> Self {
        Self { sink, run, actor, next: 0 }
    }
    /// Appends one event.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, event: &Event, clock: &dyn Clock) -> Result<()> {
        let line = Line {
            v: VERSION,
            seq: self.next,
            run: &self.run,
            time: clock.wall(),
            elapsed_ms: clock.elapsed_milliseconds(),
            actor: &self.actor,
            event,
        };
        let mut bytes =
            serde_json::to_vec(&line).map_err(|_| Error::new(ErrorKind::Internal("an event is not JSON")))?;
        bytes.push(b'\n');
        let failed =
            |cause: std::io::Error| Error::new(ErrorKind::Io { operation: "write the log", cause: cause.kind() });
        self.sink.write_all(&bytes).map_err(failed)?;
        self.sink.flush().map_err(failed)?;
        self.next += 1;
        Ok(())
    }
    /// Events so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.next
    }
    /// The writer back.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.sink
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Noon;
    impl Clock for Noon {
        fn wall(&self) -> String {
            "2026-01-01T12:00:00Z".into()
        }
        fn elapsed_milliseconds(&self) -> u64 {
            7
        }
    }

    #[test]
    fn lines_are_numbered_and_typed() {
        let mut journal = Journal::new(Vec::new(), "r".into(), "role:data-office".into());
        let event = Event::KeyDestroyed { fingerprint: "ab".into() };
        journal.append(&event, &Noon).unwrap();
        journal.append(&event, &Noon).unwrap();
        let text = String::from_utf8(journal.into_inner()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[1]["seq"].as_u64(), lines[1]["v"].as_u64()), (Some(1), Some(1)));
        assert_eq!(lines[0]["event"]["type"], "key_destroyed");
        assert_eq!(lines[0]["elapsed_ms"], 7);
    }
}
