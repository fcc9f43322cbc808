//! `redact`: every value becomes one constant.
//!
//! # What it does
//! Writes the same text over every value. A null stays a null.
//! # What it destroys
//! The value, its length, and which values were equal.
//! # What remains
//! That there was a value.
//! # Reversible by whom
//! Nobody.
//! # ISO/IEC 20889 class
//! Suppression: masking.
//! # Example
//! `redact`: 张三 → ***

use super::output::Output;
use super::{Cells, OperatorInfo, Outcome};
use crate::hierarchy::is_plain;

/// Writes one constant over every value.
pub struct Redact {
    with: Vec<u8>,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "redact",
    iso_20889: "suppression (masking)",
    summary: "writes one constant over every value",
    parameters: &[("with", "the constant; `***` if not given")],
    example: "apply = { redact = { with = \"***\" } }: 张三 → ***",
};

impl Redact {
    /// The constant.
    #[must_use]
    pub fn new(with: &str) -> Self {
        Self { with: with.into() }
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Outcome<'a> {
        Outcome { column: constant(cells, &self.with), invalid: 0 }
    }

    pub(super) fn describe(&self) -> String {
        format!("with `{}`", String::from_utf8_lossy(&self.with))
    }
}

/// One text for every value of the column; nulls stay.
pub(super) fn constant<'a>(cells: &Cells<'_, 'a>, with: &[u8]) -> crate::value::Column<'a> {
    let rows = cells.column.len();
    let mut out = Output::new(rows, with.len());
    let mut first = None;
    for row in 0..rows {
        match first {
            _ if cells.column.is_null(row) => out.null(),
            Some(first) => out.again(first),
            None => {
                out.push(|bytes| bytes.extend_from_slice(with));
                first = Some(row);
            }
        }
    }
    out.finish(is_plain(with))
}
