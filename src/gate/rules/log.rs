//! The log says nothing of single rows: no place, no time, no value.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};
use serde_json::Value;

pub(super) const RULE: Rule = Rule {
    id: "log",
    threat: "G22",
    reason: "the time or place of a single row, told in a log, singles it out",
    stage: Stage::Structure,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

/// Keys that tell of a single row or cell.
const OF_ROWS: [&str; 14] = [
    "row",
    "line",
    "offset",
    "position",
    "cell",
    "value",
    "values",
    "record",
    "raw",
    "original",
    "microseconds",
    "nanoseconds",
    "elapsed_us",
    "elapsed_ns",
];

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let is_log = |name: &&String| std::path::Path::new(name).extension().is_some_and(|end| end == "jsonl");
    let logs = measured.listing.iter().filter(is_log);
    let (mut events, mut odd) = (0_u64, 0_u64);
    for name in logs {
        let Ok(text) = std::fs::read_to_string(case.folder.join(name)) else {
            return Finding::did_not_run("a log cannot be read");
        };
        for line in text.lines() {
            let Ok(event) = serde_json::from_str::<Value>(line) else {
                return Finding::did_not_run("a log is not of JSON lines");
            };
            events += 1;
            odd += tells_of_rows(&event);
        }
    }
    // a shard is half a MiB of the source or a row group, never a row
    let rows = case.policy.rows.read;
    let most = 1000 + rows / 8;
    let measured = format!("{}, {} of a single row", counted(events, "event"), counted(odd, "key"));
    Finding::of(odd == 0 && events <= most, measured, format!("at most {most} events, no key of a single row"))
}

fn tells_of_rows(value: &Value) -> u64 {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| u64::from(OF_ROWS.contains(&key.as_str())) + tells_of_rows(value)).sum()
        }
        Value::Array(values) => values.iter().map(tells_of_rows).sum(),
        _ => 0,
    }
}
