//! `clamp`: values outside a range become its ends.
//!
//! # What it does
//! Replaces numbers below the low end by it, and numbers above the high end by that. A number inside stays exactly as it is
//! written. A null stays a null; what is no number follows the column's `invalid`.
//! # What it destroys
//! How far outside an extreme value was.
//! # What remains
//! Every value inside, and that the others were outside.
//! # Reversible by whom
//! Nobody, for values outside; values inside are there.
//! # ISO/IEC 20889 class
//! Generalization: top and bottom coding.
//! # Example
//! `clamp = { low = 0, high = 90 }`: 97 → 90

use super::numbers::{self, Change};
use super::round::written;
use super::{Cells, OnInvalid, OperatorInfo, Outcome};
use crate::error::Result;
use crate::value::{DataType, Decimal};

/// Bottom and top coding.
pub struct Clamp {
    low: Option<Decimal>,
    high: Option<Decimal>,
    on_invalid: OnInvalid,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "clamp",
    iso_20889: "generalization (top and bottom coding)",
    summary: "replaces values outside a range by its ends",
    parameters: &[("low", "values below become this"), ("high", "values above become this")],
    example: "apply = { clamp = { low = 0, high = 90 } }: 97 → 90",
};

impl Clamp {
    /// # Errors
    /// Where there is no end, or they are not in order.
    pub fn new(
        low: Option<Decimal>,
        high: Option<Decimal>,
        on_invalid: OnInvalid,
    ) -> std::result::Result<Self, &'static str> {
        if low.is_none() && high.is_none() {
            return Err("neither a low nor a high end is given");
        }
        if low.zip(high).is_some_and(|(low, high)| low.compare(high).is_gt()) {
            return Err("the low end is above the high end");
        }
        Ok(Self { low, high, on_invalid })
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Result<Outcome<'a>> {
        numbers::map(cells, self.on_invalid, self.is_whole(), |number| match (self.low, self.high) {
            (Some(low), _) if number.compare(low).is_lt() => Change::To(low),
            (_, Some(high)) if number.compare(high).is_gt() => Change::To(high),
            _ => Change::Keep,
        })
    }

    pub(super) fn output_type(&self, input: DataType) -> std::result::Result<DataType, &'static str> {
        numbers::output_type(input, self.is_whole())
    }

    fn is_whole(&self) -> bool {
        self.low.iter().chain(&self.high).all(|end| end.normalized().scale() == 0)
    }

    pub(super) fn describe(&self) -> String {
        let low = self.low.map(|low| format!("low {}", written(low)));
        let high = self.high.map(|high| format!("high {}", written(high)));
        low.into_iter().chain(high).collect::<Vec<_>>().join(", ")
    }
}
