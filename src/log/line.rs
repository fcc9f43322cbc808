//! One event as a line of JSON, and back. The exact bytes of a line are a leaf of the evidence tree.
//!
//! There is one way to write an event: keys in a fixed order, no spaces, integers and texts only. A line that says the same
//! in other bytes is not taken, so that what was signed and what is read cannot differ.

use super::{Event, Phase};
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Version of the log's format.
pub const VERSION: u32 = 3;

/// An event with its envelope. It holds no time: times stand in a file of their own, so that the tree of a repeated run is
/// the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number of the event, from 0.
    pub seq: u64,
    /// The run's id.
    pub run_id: String,
    /// The role that answers for it.
    pub actor: String,
    /// What happened.
    pub event: Event,
}

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    seq: u64,
    run_id: &'a str,
    shard: Option<u64>,
    phase: Phase,
    actor: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    v: u32,
    seq: u64,
    run_id: String,
    #[expect(dead_code, reason = "made again from the event and compared with the whole line")]
    shard: Option<u64>,
    #[expect(dead_code, reason = "made again from the event and compared with the whole line")]
    phase: Phase,
    actor: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    body: &'a RawValue,
}

impl Entry {
    /// The line, without its end.
    ///
    /// # Errors
    /// Never for the events there are.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let Self { seq, run_id, actor, event } = self;
        let written =
            Written { v: VERSION, seq: *seq, run_id, shard: event.shard(), phase: event.phase(), actor, event };
        serde_json::to_vec(&written).map_err(|_| Error::new(ErrorKind::Internal("an event is not JSON")))
    }
    /// Reads a line. Nothing of it is repeated in an error.
    ///
    /// # Errors
    /// What is wrong with it, in fixed words.
    pub fn decode(line: &[u8]) -> std::result::Result<Self, &'static str> {
        let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
        let read: Read<'_> = serde_json::from_str(text).map_err(|_| "it is no event with the known fields")?;
        if read.v != VERSION {
            return Err("it is of another version of the format");
        }
        let kind = serde_json::to_string(&read.kind).map_err(|_| "its type is no text")?;
        let tagged = format!("{{\"type\":{kind},\"body\":{}}}", read.body.get());
        let event =
            serde_json::from_str(&tagged).map_err(|_| "its body is none of the known kinds with their fields")?;
        let entry = Self { seq: read.seq, run_id: read.run_id, actor: read.actor, event };
        match entry.encode() {
            Ok(bytes) if bytes == line => Ok(entry),
            _ => Err("it is not written in the one form that events have"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::KeyDestroyed;

    fn entry() -> Entry {
        let event = Event::KeyDestroyed(KeyDestroyed { fingerprint: "ab".into() });
        Entry { seq: 3, run_id: "r".into(), actor: "role:data-office".into(), event }
    }

    #[test]
    fn a_line_is_read_back_as_it_was() {
        let line = entry().encode().unwrap();
        let expected = r#"{"v":3,"seq":3,"run_id":"r","shard":null,"phase":"process","actor":"role:data-office","type":"key_destroyed","body":{"fingerprint":"ab"}}"#;
        assert_eq!(std::str::from_utf8(&line).unwrap(), expected);
        assert_eq!(Entry::decode(&line).unwrap(), entry());
    }

    #[test]
    fn unknown_fields_and_other_spellings_are_not_taken() {
        let line = String::from_utf8(entry().encode().unwrap()).unwrap();
        for (what, to) in [
            ("\"v\":3", "\"v\":2"),
            ("\"seq\":3", "\"seq\":3.0"),
            ("\"seq\":3", "\"seq\":03"),
            ("\"seq\":3", "\"seq\":3,\"seq\":3"),
            ("\"seq\":3", "\"seq\":3,\"note\":1"),
            ("\"shard\":null", "\"shard\":1"),
            ("\"shard\":null,", ""),
            ("process", "verify"),
            ("key_destroyed", "key_created"),
            ("key_destroyed", "key_invented"),
            ("\"ab\"", "\"\\u0061b\""),
            ("\"ab\"", "\"ab\",\"more\":\"x\""),
            (",\"actor\"", ", \"actor\""),
            ("}}", "}} "),
        ] {
            let changed = line.replacen(what, to, 1);
            assert_ne!(changed, line);
            assert!(Entry::decode(changed.as_bytes()).is_err(), "{what} to {to}");
        }
        assert!(Entry::decode(b"\xff").is_err() && Entry::decode(b"").is_err());
    }
}
