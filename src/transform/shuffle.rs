//! `shuffle`: the column's values are permuted among the rows.
//!
//! # What it does
//! Gives every value to another row, by a keyed permutation of all rows. A batch knows only its own rows, so the operator
//! leaves the batch as it is, and the store that holds all rows permutes the column before anything is written.
//! # What it destroys
//! Which row a value belonged to, and so every relation to other columns.
//! # What remains
//! Every value, and how often it occurs. A rare value still names its person.
//! # Reversible by whom
//! The holder of the run's stream key, who has the rows in their order too.
//! # ISO/IEC 20889 class
//! Randomization: permutation.
//! # Example
//! `shuffle`: 1945.30 → (the value of another row)

use super::{Cells, OperatorInfo, Outcome};

/// Marks a column whose values the store permutes.
pub struct Shuffle;

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "shuffle",
    iso_20889: "randomization (permutation)",
    summary: "permutes the column's values among the rows",
    parameters: &[],
    example: "apply = \"shuffle\": 1945.30 → (the value of another row)",
};

impl Shuffle {
    #[expect(clippy::unused_self, reason = "every operator is applied the same way")]
    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Outcome<'a> {
        Outcome { column: cells.column.clone(), invalid: 0 }
    }
}
