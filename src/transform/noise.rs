//! `noise`: random noise is added to a number.
//!
//! # What it does
//! Adds Laplace or Gaussian noise of the stated scale, drawn from the system for this cell alone, and gives the nearest
//! multiple of the step; results outside the range become its ends, which are multiples too. A null stays a null; what is
//! no number follows the column's `invalid`. Not claimed: differential privacy, which would need a bound on what one person
//! adds and an account of what was spent.
//! # What it destroys
//! The true number, and that equal numbers were equal.
//! # What remains
//! The number to within the noise; means over many rows.
//! # Reversible by whom
//! Nobody; many noisy copies of one number average out.
//! # ISO/IEC 20889 class
//! Randomization: noise addition.
//! # Example
//! `noise = { laplace = 5.0, step = 1 }`: 52 → (a whole number near it)

use super::grid::{Grid, To};
use super::numbers::{self, Change};
use super::round::written;
use super::{Cells, OnInvalid, OperatorInfo, Outcome};
use crate::error::Result;
use crate::random::SystemNoise;
use crate::value::{DataType, Decimal};

/// Additive noise on a grid.
pub struct Noise {
    distribution: Distribution,
    grid: Grid,
    low: Option<Decimal>,
    high: Option<Decimal>,
    on_invalid: OnInvalid,
}

/// What the noise is drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Laplace with this scale b (standard deviation b·√2).
    Laplace(f64),
    /// Gaussian with this standard deviation.
    Gaussian(f64),
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "noise",
    iso_20889: "randomization (noise addition)",
    summary: "adds random noise to a number and rounds it to a grid",
    parameters: &[
        ("laplace", "scale of Laplace noise, or"),
        ("gaussian", "standard deviation of Gaussian noise"),
        ("step", "results are multiples of this; above zero"),
        ("low", "results below become this"),
        ("high", "results above become this"),
    ],
    example: "apply = { noise = { laplace = 5.0, step = 1 } }: 52 → (a whole number near it)",
};

impl Noise {
    /// Ends that are no multiples of the step are moved to the next multiple inside the range.
    ///
    /// # Errors
    /// Where the scale or the step is not above zero, or no multiple lies between the ends.
    pub fn new(
        distribution: Distribution,
        step: Decimal,
        low: Option<Decimal>,
        high: Option<Decimal>,
        on_invalid: OnInvalid,
    ) -> std::result::Result<Self, &'static str> {
        let (Distribution::Laplace(scale) | Distribution::Gaussian(scale)) = distribution;
        if !scale.is_finite() || scale <= 0.0 {
            return Err("the scale of the noise is not above zero");
        }
        let grid = Grid::new(step).ok_or("the step is not above zero")?;
        let end = |end: Option<Decimal>, to: To| {
            end.map(|end| grid.snap(end, to).ok_or("an end has too many digits")).transpose()
        };
        let (low, high) = (end(low, To::Above)?, end(high, To::Below)?);
        if low.zip(high).is_some_and(|(low, high)| low.compare(high).is_gt()) {
            return Err("no multiple of the step lies between the ends");
        }
        Ok(Self { distribution, grid, low, high, on_invalid })
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Result<Outcome<'a>> {
        let mut source = SystemNoise::new()?;
        let step = self.grid.step().to_f64();
        numbers::map(cells, self.on_invalid, self.grid.is_whole(), |number| {
            let noise = match self.distribution {
                Distribution::Laplace(scale) => source.laplace(scale),
                Distribution::Gaussian(sigma) => source.gaussian(sigma),
            };
            self.add(number, noise / step).map_or(Change::Unfit, Change::To)
        })
    }

    /// The multiple nearest to the number moved by so many steps, within the ends. The number counts exactly; only the
    /// fraction of a step is a double.
    fn add(&self, number: Decimal, steps: f64) -> Option<Decimal> {
        let (below, fraction) = self.grid.position(number)?;
        #[expect(clippy::cast_possible_truncation, reason = "a whole number; beyond the largest it is the largest")]
        let moved = (fraction + steps).round() as i128;
        let noisy = self.grid.multiple(below.checked_add(moved)?)?;
        Some(match (self.low, self.high) {
            (Some(low), _) if noisy.compare(low).is_lt() => low,
            (_, Some(high)) if noisy.compare(high).is_gt() => high,
            _ => noisy,
        })
    }

    pub(super) fn output_type(&self, input: DataType) -> std::result::Result<DataType, &'static str> {
        numbers::output_type(input, self.grid.is_whole())
    }

    pub(super) fn describe(&self) -> String {
        let distribution = match self.distribution {
            Distribution::Laplace(scale) => format!("Laplace, scale {scale}"),
            Distribution::Gaussian(sigma) => format!("Gaussian, standard deviation {sigma}"),
        };
        let low = self.low.map(|low| format!(", low {}", written(low))).unwrap_or_default();
        let high = self.high.map(|high| format!(", high {}", written(high))).unwrap_or_default();
        format!("{distribution}, on multiples of {}{low}{high}", written(self.grid.step()))
    }
}
