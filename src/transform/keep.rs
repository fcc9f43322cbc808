//! `keep`: the column leaves as it is.
//!
//! # What it does
//! Nothing: every cell leaves byte for byte as it came.
//! # What it destroys
//! Nothing.
//! # What remains
//! Everything.
//! # Reversible by whom
//! Anyone; there is nothing to reverse.
//! # ISO/IEC 20889 class
//! None.
//! # Example
//! `keep`: 1945.30 → 1945.30

use super::{Cells, OperatorInfo, Outcome};

/// Leaves the column as it is.
pub struct Keep;

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "keep",
    iso_20889: "none",
    summary: "leaves the column as it is",
    parameters: &[],
    example: "apply = \"keep\": 1945.30 → 1945.30",
};

impl Keep {
    #[expect(clippy::unused_self, reason = "every operator is applied the same way")]
    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Outcome<'a> {
        Outcome { column: cells.column.clone(), invalid: 0 }
    }
}
