//! `microaggregate`: a number becomes the mean or the median of a group of at least k near ones.
//!
//! # What it does
//! Before the release all numbers of the column are sorted into groups of at least k rows, as close together as can be; each number becomes
//! the centre of its group, to the nearest multiple of the step. Equal numbers stay equal. A null stays a null; what is no
//! number follows the column's `invalid`; where the whole column has fewer than k numbers, none leaves.
//! # What it destroys
//! What tells the numbers of one group apart, extremes too.
//! # What remains
//! The centre: sums and means nearly, order between groups. Variance shrinks.
//! # Reversible by whom
//! Nobody; but the groups follow the data, and who knows all others of a group knows the last one from its mean.
//! # ISO/IEC 20889 class
//! Randomization: microaggregation.
//! # Example
//! `microaggregate = { k = 5, step = 10 }`: 1945.30 → (the mean of five or more near it)

use super::grid::{Grid, To};
use super::numbers::{self, Change};
use super::round::written;
use super::{Cells, OnInvalid, OperatorInfo, Outcome};
use crate::error::Result;
use crate::value::{DataType, Decimal};

/// Groups of near numbers.
pub struct Microaggregate {
    k: u64,
    centre: Centre,
    grid: Grid,
    on_invalid: OnInvalid,
    state: State,
}

/// What stands for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centre {
    /// The arithmetic mean.
    Mean,
    /// The middle member; of two the lower.
    Median,
}

/// What is known of the groups.
enum State {
    /// Nothing: a number alone, as in an example, is its own group.
    Alone,
    /// The numbers are being counted: they stay as they are.
    Counting,
    /// The numbers, ascending, and the centre of each one's group on the grid.
    Known(Vec<(Decimal, Decimal)>),
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "microaggregate",
    iso_20889: "randomization (microaggregation)",
    summary: "replaces a number by the mean or the median of a group of at least k near ones",
    parameters: &[
        ("k", "rows of the smallest group; at least 2"),
        ("step", "results are multiples of this; above zero"),
        ("with", "`mean`, as by default, or `median`"),
    ],
    example: "apply = { microaggregate = { k = 5, step = 10 } }: 1945.30 → (the mean of five or more near it)",
};

impl Microaggregate {
    /// Groups of at least `k` rows.
    ///
    /// # Errors
    /// Where the step is not above zero or a group could be one row.
    pub fn new(
        k: u64,
        centre: Centre,
        step: Decimal,
        on_invalid: OnInvalid,
    ) -> std::result::Result<Self, &'static str> {
        if k < 2 {
            return Err("a group of one is that one");
        }
        let grid = Grid::new(step).ok_or("the step is not above zero")?;
        Ok(Self { k, centre, grid, on_invalid, state: State::Alone })
    }
    /// Rows of the smallest group.
    #[must_use]
    pub fn k(&self) -> u64 {
        self.k
    }
    /// What stands for a group.
    #[must_use]
    pub fn centre(&self) -> Centre {
        self.centre
    }
    /// Lets numbers through as they are, so that they can be counted.
    pub fn count(&mut self) {
        self.state = State::Counting;
    }
    /// Takes the groups: every number, ascending, with the centre of its group; none where there are too few numbers for one.
    pub fn learn(&mut self, centres: Vec<(Decimal, Decimal)>) {
        let on_grid = |(number, centre)| self.grid.snap(centre, To::Nearest).map(|centre| (number, centre));
        self.state = State::Known(centres.into_iter().filter_map(on_grid).collect());
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Result<Outcome<'a>> {
        match &self.state {
            State::Counting => Ok(Outcome { column: cells.column.clone(), invalid: 0 }),
            State::Alone => numbers::map(cells, self.on_invalid, self.grid.is_whole(), |number| {
                self.grid.snap(number, To::Nearest).map_or(Change::Unfit, Change::To)
            }),
            State::Known(centres) if centres.is_empty() => {
                Ok(Outcome { column: numbers::nothing(cells.column, self.grid.is_whole()), invalid: 0 })
            }
            State::Known(centres) => numbers::map(cells, self.on_invalid, self.grid.is_whole(), |number| {
                Change::To(nearest(centres, number))
            }),
        }
    }

    pub(super) fn output_type(&self, input: DataType) -> std::result::Result<DataType, &'static str> {
        numbers::output_type(input, self.grid.is_whole())
    }

    pub(super) fn describe(&self) -> String {
        let centre = match self.centre {
            Centre::Mean => "mean",
            Centre::Median => "median",
        };
        format!("{centre} of at least {} near numbers, on multiples of {}", self.k, written(self.grid.step()))
    }
}

/// The centre of a number's group; of one that was not counted, as of a row that was not drawn, that of its neighbour.
fn nearest(centres: &[(Decimal, Decimal)], number: Decimal) -> Decimal {
    let at = centres.partition_point(|(known, _)| known.compare(number).is_lt());
    centres[at.min(centres.len() - 1)].1
}
