//! No mark of the source is in any file, in any of the usual encodings.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    id: "canary",
    threat: "G15",
    reason: "a value that names a person must be in no file: not in data, log or plan, not in hex, Base64 or another encoding",
    stage: Stage::Bytes,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let names = case.policy.sources.iter().any(|column| column.role.names_a_person());
    if !names {
        return Finding::not_applicable("no column names a person");
    }
    let pass = measured.bytes();
    if pass.unread > 0 {
        return Finding::did_not_run("a file could not be searched");
    }
    if pass.marks == 0 {
        return Finding::not_applicable("no cell of a column that names persons is long enough to be told from chance");
    }
    let mut columns: BTreeMap<usize, u64> = BTreeMap::new();
    for (column, _) in &pass.found {
        *columns.entry(*column).or_default() += 1;
    }
    let searched = format!("{} in {}", counted(pass.marks as u64, "value"), counted(pass.searched as u64, "file"));
    let told: Vec<String> = columns
        .iter()
        .map(|(at, marks)| format!("{} of `{}`", counted(*marks, "value"), case.policy.sources[*at].name))
        .collect();
    let measured =
        if told.is_empty() { format!("{searched}: none") } else { format!("{searched}: {}", told.join(", ")) };
    Finding::of(columns.is_empty(), measured, "none")
}
