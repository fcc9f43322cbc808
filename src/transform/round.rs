//! `round`: to the nearest multiple of a step.
//!
//! # What it does
//! Replaces a number by the nearest multiple of the step; halves go away from zero. Exact on decimals as they are written.
//! A null stays a null; what is no number follows the column's `invalid`.
//! # What it destroys
//! Everything finer than the step, and how the number was written.
//! # What remains
//! The multiple: the number to within half a step.
//! # Reversible by whom
//! Nobody.
//! # ISO/IEC 20889 class
//! Generalization: rounding.
//! # Example
//! `round = { step = 100 }`: 1945.30 → 1900

use super::grid::{Grid, To};
use super::numbers::{self, Change};
use super::{Cells, OnInvalid, OperatorInfo, Outcome};
use crate::error::Result;
use crate::value::{DataType, Decimal};

/// Rounds numbers.
pub struct Round {
    grid: Grid,
    on_invalid: OnInvalid,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "round",
    iso_20889: "generalization (rounding)",
    summary: "rounds a number to the nearest multiple of a step",
    parameters: &[("step", "the step; above zero")],
    example: "apply = { round = { step = 100 } }: 1945.30 → 1900",
};

impl Round {
    /// # Errors
    /// Where the step is not above zero.
    pub fn new(step: Decimal, on_invalid: OnInvalid) -> std::result::Result<Self, &'static str> {
        Ok(Self { grid: Grid::new(step).ok_or("the step is not above zero")?, on_invalid })
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Result<Outcome<'a>> {
        numbers::map(cells, self.on_invalid, self.grid.is_whole(), |number| {
            self.grid.snap(number, To::Nearest).map_or(Change::Unfit, Change::To)
        })
    }

    pub(super) fn output_type(&self, input: DataType) -> std::result::Result<DataType, &'static str> {
        numbers::output_type(input, self.grid.is_whole())
    }

    pub(super) fn describe(&self) -> String {
        format!("to the nearest {}", written(self.grid.step()))
    }
}

/// A number for plans.
pub(super) fn written(number: Decimal) -> String {
    let mut out = Vec::new();
    number.write(&mut out);
    String::from_utf8(out).expect("digits are UTF-8")
}
