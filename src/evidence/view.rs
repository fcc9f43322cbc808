//! Logs as people look at them: one row an event, found by type, stage, column or rule.
//!
//! Responsible for: reading the log of a run (also one that was refused or failed) or of an organisation into plain rows,
//! and picking some. Given: bytes of anybody, perhaps of a table or a key. It trusts nothing: of a line that is no event only
//! place and length leave, and no text leaves with a control character in it.

use super::{Entry as OrganisationEntry, TileLog};
use crate::error::{ErrorKind, Result, harmless};
use crate::log::{Entry, Moment};
use serde_json::{Map, Value};

/// One event, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place, from 0.
    pub place: u64,
    /// When, as the machine said; empty where no time is there.
    pub time: String,
    /// Role that answers for it.
    pub actor: String,
    /// Stage of the process; `organisation` in the log of one.
    pub stage: String,
    /// Type of the event; `unreadable` for a line that is none.
    pub kind: String,
    /// What it says; of a line that is no event only its length in bytes.
    pub body: Value,
    /// Whether the line is an event in the one form that events have.
    pub readable: bool,
}

/// Which rows are wanted; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Type, as `gate_result`.
    pub kind: Option<String>,
    /// Stage, as `verify`.
    pub stage: Option<String>,
    /// A column that is named, before or after.
    pub column: Option<String>,
    /// A rule of the gate.
    pub rule: Option<String>,
}

impl Row {
    /// What it says in one line: `key=value`, nested things as JSON.
    #[must_use]
    pub fn details(&self) -> String {
        let words = |(key, value): (&String, &Value)| match value {
            Value::String(text) => format!("{key}={text}"),
            other => format!("{key}={other}"),
        };
        match &self.body {
            Value::Object(fields) => {
                fields.iter().filter(|(_, value)| !value.is_null()).map(words).collect::<Vec<_>>().join(" ")
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Whether it is wanted. A line that cannot be read is always shown: it may be the one that is looked for.
    #[must_use]
    pub fn is(&self, wanted: &Wanted) -> bool {
        let names = |text: &Option<String>, keys: &[&str]| {
            text.as_ref().is_none_or(|text| names(&self.body, keys, text, false))
        };
        let same = |one: &Option<String>, other: &str| one.as_ref().is_none_or(|one| one == other);
        !self.readable
            || same(&wanted.kind, &self.kind)
                && same(&wanted.stage, &self.stage)
                && names(&wanted.column, &["name", "released_as", "released", "levels", "column"])
                && names(&wanted.rule, &["rule", "reasons"])
    }
}

/// The rows of a run's log, with its times where they are there.
///
/// # Errors
/// [`ErrorKind::Usage`] where the first line is no event: then this is some other file.
pub fn run_rows(log: &[u8], times: &[u8]) -> Result<Vec<Row>> {
    if lines(log).next().is_none_or(|line| Entry::decode(line).is_err()) {
        return Err(ErrorKind::Usage("this is not a log: its first line is no event of a run".into()).into());
    }
    let times: Vec<Option<Moment>> = lines(times).map(|line| serde_json::from_slice(line).ok()).collect();
    let row = |(place, line): (usize, &[u8])| {
        let time = times.get(place).and_then(Option::as_ref).filter(|moment| moment.seq == place as u64);
        let time = time.map(|moment| harmless(&moment.wall)).unwrap_or_default();
        let place = place as u64;
        match Entry::decode(line)
            .map(|entry| (serde_json::to_value(&entry.event), serde_json::to_value(entry.event.phase()), entry))
        {
            Ok((Ok(mut event), Ok(stage), entry)) if entry.seq == place => Row {
                place,
                time,
                actor: harmless(&entry.actor),
                stage: stage.as_str().unwrap_or_default().to_owned(),
                kind: event["type"].as_str().unwrap_or_default().to_owned(),
                body: clean(event["body"].take()),
                readable: true,
            },
            _ => unreadable(place, time, line),
        }
    };
    Ok(lines(log).enumerate().map(row).collect())
}

/// The rows of an organisation's log.
///
/// # Errors
/// Files of the log are missing.
pub fn organisation_rows(log: &TileLog) -> Result<Vec<Row>> {
    let row = |(place, line): (usize, &Vec<u8>)| {
        let place = place as u64;
        match OrganisationEntry::parse(line).map(|entry| (serde_json::to_value(&entry.event), entry)) {
            Ok((Ok(Value::Object(mut body)), entry)) => Row {
                place,
                time: harmless(&entry.time),
                actor: harmless(&entry.actor),
                stage: "organisation".to_owned(),
                kind: body.remove("type").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default(),
                body: clean(Value::Object(body)),
                readable: true,
            },
            _ => unreadable(place, String::new(), line),
        }
    };
    Ok(log.entries(0)?.iter().enumerate().map(row).collect())
}

/// Nothing of the line is repeated: it may be a row of a table, or a key.
fn unreadable(place: u64, time: String, line: &[u8]) -> Row {
    Row {
        place,
        time,
        actor: String::new(),
        stage: String::new(),
        kind: "unreadable".to_owned(),
        body: serde_json::json!({ "bytes": line.len() }),
        readable: false,
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The same with every text made harmless, keys too.
fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(harmless(&text)),
        Value::Array(values) => values.into_iter().map(clean).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (harmless(&key), clean(value))).collect::<Map<_, _>>().into()
        }
        plain => plain,
    }
}

/// Whether a text stands, whole, below one of these keys.
fn names(value: &Value, keys: &[&str], text: &str, below: bool) -> bool {
    match value {
        Value::String(found) => below && found == text,
        Value::Array(values) => values.iter().any(|value| names(value, keys, text, below)),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| names(value, keys, text, below || keys.contains(&key.as_str())))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::run_facts::example;

    fn log() -> Vec<u8> {
        let line = |entry: &Entry| [entry.encode().unwrap(), b"\n".to_vec()].concat();
        example::published().iter().flat_map(line).collect()
    }

    fn kinds(rows: &[Row], wanted: &Wanted) -> Vec<String> {
        rows.iter().filter(|row| row.is(wanted)).map(|row| row.kind.clone()).collect()
    }

    #[test]
    fn events_are_found_by_type_stage_column_and_rule() {
        let rows = run_rows(&log(), b"").unwrap();
        assert_eq!(rows.len(), 13);
        let text = |text: &str| Some(text.to_owned());
        let found = |wanted: Wanted| kinds(&rows, &wanted);
        assert_eq!(found(Wanted { kind: text("gate_result"), ..Wanted::default() }).len(), 3);
        assert_eq!(found(Wanted { stage: text("goals"), ..Wanted::default() }), ["run_opened"]);
        assert_eq!(found(Wanted { column: text("birth"), ..Wanted::default() }), ["schema_bound", "levels_chosen"]);
        assert_eq!(found(Wanted { column: text("person"), ..Wanted::default() }), ["schema_bound"]);
        assert_eq!(found(Wanted { rule: text("rows"), ..Wanted::default() }), ["gate_result"]);
        assert!(found(Wanted { column: text("no such"), ..Wanted::default() }).is_empty());
    }

    #[test]
    fn of_lines_that_are_no_events_place_and_length_are_told_and_nothing_else() {
        let mut log = log();
        log.extend(b"{\"type\":\"\x1b[2Jevil\"}\n\xff\xfe\n");
        let mut planted = example::published()[0].clone();
        planted.seq = 15;
        planted.actor = "role:\u{1b}[31m\u{202e}x".into();
        log.extend(planted.encode().unwrap());
        let rows = run_rows(&log, b"{}\n{}\n").unwrap();
        assert_eq!(rows.iter().filter(|row| !row.readable).count(), 2);
        assert_eq!(rows.last().unwrap().actor, "role:\\u{1b}[31m\\u{202e}x");
        let all: String = rows.iter().map(|row| row.details() + &row.actor + &row.time).collect();
        assert!(!all.chars().any(|c| c.is_control() || c == '\u{202e}'));
        assert!(!all.contains("evil") && all.contains("bytes=19") && all.contains("bytes=2"), "{all}");
        let wanted = Wanted { kind: Some("run_sealed".into()), ..Wanted::default() };
        assert_eq!(kinds(&rows, &wanted), ["run_sealed", "unreadable", "unreadable"]);
    }

    #[test]
    fn what_does_not_begin_with_an_event_is_no_log() {
        for text in [&b""[..], b"\n", b"name,age\nAda,36\n", b"PRIVATE+KEY+a+0+AAAA\n", b"\xff", b"{}\n"] {
            assert!(matches!(run_rows(text, b"").unwrap_err().kind(), ErrorKind::Usage(_)));
        }
        // a log that lost its head is one, and every line stands at a wrong place
        let log = log();
        let cut = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        assert!(run_rows(&log[cut..], b"").unwrap().iter().all(|row| !row.readable));
    }
}
