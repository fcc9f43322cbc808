//! `drop`: the column does not leave.
//!
//! # What it does
//! The release has no such column: the plan leaves it out before any operator runs.
//! # What it destroys
//! Everything.
//! # What remains
//! Nothing, not even which cells were null.
//! # Reversible by whom
//! Nobody.
//! # ISO/IEC 20889 class
//! Suppression: masking of an attribute.
//! # Example
//! `drop`: 张三 → (no column)

use super::{OperatorInfo, Outcome};
use crate::error::{ErrorKind, Result};

/// Leaves the column out.
pub struct Drop;

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "drop",
    iso_20889: "suppression (masking)",
    summary: "leaves the column out",
    parameters: &[],
    example: "apply = \"drop\": 张三 → (no column)",
};

impl Drop {
    #[expect(clippy::unused_self, reason = "every operator is applied the same way")]
    pub(super) fn apply<'a>(&self) -> Result<Outcome<'a>> {
        Err(ErrorKind::Internal("a dropped column is left out by the plan and never transformed").into())
    }
}
