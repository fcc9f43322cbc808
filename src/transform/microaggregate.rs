//! `microaggregate`: a number becomes the mean or the median of a group of at least k near ones.
//!
//! # What it does
//! Before the release all numbers of the column are sorted into groups of at least k rows, as close together as can be; each number becomes
//! the centre of its group, to the nearest multiple of the step. Equal numbers stay equal. A null stays a null; what is no
//! number follows the column's `invalid`; where the whole column has fewer than k numbers, none leaves.
//!
//! Columns that name one `group` are grouped by their tuples: the rows nearest to each other in all of them, every column by its
//! standard deviation, get the centres of one group, so at least k rows share all of these. Rows that lack the same of the numbers
//! are grouped among themselves; where they are fewer than k, none of their numbers leaves.
//! # What it destroys
//! What tells the numbers of one group apart, extremes too.
//! # What remains
//! The centre: sums and means nearly, order between groups; between columns together, how they go with each other. Variance shrinks.
//! # Reversible by whom
//! Nobody; but the groups follow the data, and who knows all others of a group knows the last one from its mean.
//! # ISO/IEC 20889 class
//! Randomization: microaggregation.
//! # Example
//! `microaggregate = { k = 5, step = 10 }`: 1945.30 → (the mean of five or more near it)

use super::grid::{Grid, To};
use super::numbers::{self, Change};
use super::round::written;
use super::{Cells, OnInvalid, OperatorInfo, Outcome, Tuples};
use crate::error::{ErrorKind, Result};
use crate::value::{DataType, Decimal};
use std::sync::Arc;

/// Groups of near numbers.
pub struct Microaggregate {
    k: u64,
    centre: Centre,
    grid: Grid,
    on_invalid: OnInvalid,
    /// The name that it shares with the columns it is grouped with.
    group: Option<String>,
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
    /// The tuples of all columns together, and by group the centre of this column on the grid.
    Together(Arc<Tuples>, Vec<Option<Decimal>>),
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "microaggregate",
    iso_20889: "randomization (microaggregation)",
    summary: "replaces a number by the mean or the median of a group of at least k near ones",
    parameters: &[
        ("k", "rows of the smallest group; at least 2"),
        ("step", "results are multiples of this; above zero"),
        ("with", "`mean`, as by default, or `median`"),
        ("group", "columns of one such name are grouped by their tuples: k rows share all their centres"),
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
        Ok(Self { k, centre, grid, on_invalid, group: None, state: State::Alone })
    }
    /// Grouped together with the columns of the same name.
    #[must_use]
    pub fn together(self, group: Option<String>) -> Self {
        Self { group, ..self }
    }
    /// The name that it shares with the columns it is grouped with.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
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
    /// Takes the groups of all columns together, and by group the centre of this one; none where its numbers are missing.
    pub fn learn_together(&mut self, tuples: Arc<Tuples>, centres: Vec<Option<Decimal>>) {
        let on_grid = |centre: Option<Decimal>| centre.and_then(|centre| self.grid.snap(centre, To::Nearest));
        self.state = State::Together(tuples, centres.into_iter().map(on_grid).collect());
    }
    /// The tuples whose groups [`Microaggregate::apply_groups`] needs; `None` where the column is grouped alone, or nothing was learned.
    #[must_use]
    pub fn tuples(&self) -> Option<&Tuples> {
        match &self.state {
            State::Together(tuples, _) => Some(tuples),
            State::Alone | State::Counting | State::Known(_) => None,
        }
    }
    /// Puts the centre of its row's group over every number; where there is none, none leaves.
    ///
    /// # Errors
    /// Cells that are no numbers, where the profile says to stop.
    pub fn apply_groups<'a>(&self, cells: &Cells<'_, 'a>, groups: &[u32]) -> Result<Outcome<'a>> {
        let State::Together(_, centres) = &self.state else { return self.apply(cells) };
        numbers::map_rows(cells, self.on_invalid, self.grid.is_whole(), |row, _| {
            let centre = groups.get(row).and_then(|group| *centres.get(*group as usize)?);
            centre.map_or(Change::Nothing, Change::To)
        })
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Result<Outcome<'a>> {
        match &self.state {
            State::Together(..) => Err(ErrorKind::Internal("groups of several columns asked for one").into()),
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
