//! No value that names a person is in a released cell, as a whole, as a word, or in prose.

use crate::domain::SemanticType;
use crate::error::{Result, counted};
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::words::Words;
use crate::gate::{Case, Measured, Reading};
use crate::value::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

pub(super) const RULE: Rule = Rule {
    id: "identifiers",
    threat: "G16",
    reason: "names, numbers and addresses of persons may stand in columns that were thought harmless",
    stage: Stage::Bytes,
    effect: Effect::BLOCK,
    wants,
    judge: |case, measured| judge(case, measured).into(),
};

/// A value that more than one in so many rows share names nobody: "unknown", "none".
const SHARED: u64 = 1000;

/// Released columns that may hold such a value, each with whether it is prose: all but those that hold tokens.
fn searched(case: &Case<'_>) -> Vec<(usize, bool)> {
    let columns = case.policy.columns.iter().enumerate().filter(|(_, column)| column.token.is_none());
    columns.map(|(at, column)| (at, case.policy.sources[column.source].semantic == SemanticType::FreeText)).collect()
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let columns = searched(case);
    if !columns.is_empty() {
        reading.sight(columns.iter().map(|(at, _)| *at));
        let shapes = case.aside.shapes.clone();
        reading.want([], || Words::new(case.marker.clone(), columns.clone(), shapes));
    }
}

fn judge(case: &Case<'_>, measured: &Measured) -> Result<Finding> {
    if searched(case).is_empty() {
        return Ok(Finding::not_applicable("tokens alone are released"));
    }
    let Some(words) = measured.count::<Words>() else {
        return Ok(Finding::did_not_run("the rows were not read"));
    };
    let sources = &case.policy.sources;
    let direct: Vec<usize> = (0..sources.len()).filter(|at| sources[*at].role.names_a_person()).collect();
    // values that were met, with the rows of the source that have them, and the released column
    let met: Mutex<BTreeMap<Vec<u8>, (u64, usize)>> = Mutex::new(BTreeMap::new());
    let look = |text: &Text<'_>| {
        for cell in text.iter().flatten() {
            if let Some(column) = words.column_of(cell) {
                met.lock().unwrap_or_else(PoisonError::into_inner).entry(cell.to_vec()).or_insert((0, column)).0 += 1;
            }
        }
    };
    let mut of_all = "all values".to_owned();
    if !direct.is_empty() && words.len() > 0 && !case.source.each(&direct, &look)? {
        // a source that can be read once only: the sampled values
        let mut halvings = 0;
        for sample in case.aside.direct.iter().flatten() {
            halvings = halvings.max(sample.halvings());
            for (value, count) in sample.values() {
                if let Some(column) = words.column_of(value) {
                    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
                    met.entry(value.to_vec()).or_insert((0, column)).0 += count;
                }
            }
        }
        of_all = format!("one in {} values", 1_u64 << halvings.min(63));
    }
    let met = met.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut values: BTreeMap<usize, u64> = BTreeMap::new();
    for (rows, column) in met.into_values() {
        if rows <= 20 || rows.saturating_mul(SHARED) <= case.aside.rows_seen {
            *values.entry(column).or_default() += 1;
        }
    }
    let mut told: Vec<String> = values
        .iter()
        .map(|(column, count)| format!("{} in `{}`", counted(*count, "value"), case.policy.columns[*column].name))
        .collect();
    for ((column, kind), count) in words.patterns() {
        told.push(format!("{} like {} in `{}`", counted(count, "cell"), kind.name(), case.policy.columns[column].name));
    }
    let columns: BTreeSet<usize> = searched(case).into_iter().map(|(at, _)| at).collect();
    let words = match words.halvings() {
        0 => counted(words.len() as u64, "word"),
        halvings => format!("one in {} words", 1_u64 << halvings.min(63)),
    };
    let what = format!("{of_all} against {words} of {}", counted(columns.len() as u64, "column"));
    let measured = if told.is_empty() { format!("{what}: none") } else { format!("{what}: {}", told.join(", ")) };
    Ok(Finding::of(told.is_empty(), measured, "none"))
}
