//! Columns that are microaggregated together: each knows the others.

use super::ColumnPlan;
use crate::transform::Operator;

/// Tells every column of a group which columns it is grouped with, and its parameters too.
pub(super) fn bind(columns: &mut [ColumnPlan], operators: &[Operator]) {
    let group = |at: usize| match &operators[at] {
        Operator::Microaggregate(groups) => groups.group(),
        _ => None,
    };
    let names: Vec<String> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
    for at in 0..columns.len() {
        let Some(name) = group(at) else { continue };
        let members: Vec<usize> = (0..columns.len()).filter(|other| group(*other) == Some(name)).collect();
        let others: Vec<&str> =
            members.iter().filter(|other| **other != at).map(|other| names[*other].as_str()).collect();
        columns[at].parameters.push_str(&format!(", together with {}", others.join(", ")));
        columns[at].together = members;
    }
}
