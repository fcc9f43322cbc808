//! The columns of the report, against what the log bound before any data was looked at and the levels that it tells after.

use crate::evidence::Story;
use crate::log::ColumnRecord;
use crate::plan::OPEN_LEVEL;
use serde_json::Value;

/// Whether the report's columns are those of the log. A column that was open then stands in the report at the level that the
/// log tells: only the name of that level is not in the log.
pub(super) fn agree(story: &Story, found: &Value) -> bool {
    let Ok(found) = serde_json::from_value::<Vec<ColumnRecord>>(found.clone()) else { return false };
    found.len() == story.bound.columns.len()
        && story.bound.columns.iter().zip(found).all(|(bound, found)| match at_level(bound, story) {
            Some((level, begins, ends)) => {
                let fits = found.parameters.starts_with(&begins) && found.parameters.ends_with(&ends);
                let reversible_by = if level == 0 { "not changed" } else { "nobody" }.to_owned();
                fits && found == ColumnRecord { parameters: found.parameters.clone(), reversible_by, ..bound.clone() }
            }
            None => *bound == found,
        })
}

/// The level that was found for an open column, and how its parameters begin and end there.
fn at_level(bound: &ColumnRecord, story: &Story) -> Option<(u64, String, String)> {
    let (hierarchy, range) = bound.parameters.split_once(&format!(", {OPEN_LEVEL}, "))?;
    let (_, digest) = range.rsplit_once(", hierarchy ")?;
    let (_, level) = story.levels.iter().find(|(name, _)| *name == bound.name)?;
    Some((*level, format!("{hierarchy}, level {level} of "), format!("), hierarchy {digest}")))
}
