//! Recoding beyond full-domain levels: different rows may be generalized differently.
//!
//! Responsible for: [`local`] recoding (classes that the best levels suppress get levels of their own, round after round),
//! [`multidimensional`] partitioning (Mondrian, strict and relaxed), and [`microaggregate`] and [`univariate`] for numbers. Given: base
//! classes, ladders and models, as whole numbers; never rows, files, a clock or randomness. Every outcome says what it loses
//! in the same measure as the levels of [`crate::solve`], so that they can be laid side by side.
//!
//! *What it costs in privacy*: the finer the recoding follows the data, the more it tells about the data. Where it is
//! minimal, an attacker who knows the rule can undo part of it (Cohen 2022, downcoding; Wong et al. 2007, minimality), with
//! k-anonymity, l-diversity and t-closeness alike. So open releases must not use it, and others say that they do.

mod judging;
mod local;
mod loss;
mod microaggregate;
mod multidimensional;
mod order;
#[cfg(test)]
mod tests;
mod univariate;

pub use local::local;
pub use microaggregate::{Aggregated, microaggregate};
pub use multidimensional::{Cut, Dimension, multidimensional};
pub use order::Order;
pub use univariate::univariate;

use crate::solve::{Problem, Unsolvable};

/// What a region says of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// A value of the ladder: level, and code on that level.
    Label {
        /// Level.
        level: usize,
        /// Code.
        code: u32,
    },
    /// All raw values from one to another in the column's order, both included: their raw codes.
    Range {
        /// Lowest.
        low: u32,
        /// Highest.
        high: u32,
    },
}

/// What all rows of some classes become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// One for each column.
    pub cells: Vec<Cell>,
    /// Rows.
    pub rows: u64,
    /// Members: persons where persons are counted, else rows.
    pub members: u64,
}

/// A recoding of base classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Recoding {
    /// What is released, without two that are alike.
    pub regions: Vec<Region>,
    /// For each base class its region; `None` where it is suppressed.
    pub region_of: Vec<Option<u32>>,
    /// What it loses.
    pub cost: Cost,
}

impl Recoding {
    /// What the same regions lose in the measure of another problem: of the same classes and ladders, with other weights or another
    /// aggregate. `dimensions` are those that it was made with; none for [`local`].
    #[must_use]
    pub fn cost_in(&self, problem: &Problem, dimensions: &[Dimension]) -> Cost {
        loss::cost(problem, &self.regions, &self.region_of, dimensions)
    }
}

/// What a recoding loses, all rows counted, the suppressed ones too.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Loss, aggregated as the metric says (one number, but for a rank).
    pub loss: Vec<f64>,
    /// Loss of each column.
    pub loss_by_column: Vec<f64>,
    /// Rows that are suppressed.
    pub suppressed_rows: u64,
    /// Classes that are released.
    pub classes: u64,
    /// Σ rows² of kept classes, N · rows of suppressed ones.
    pub discernibility: u128,
    /// Σ over kept rows of log2 of the share that a row's region gives its raw tuple, in bits per row: the Kullback–Leibler
    /// divergence of the released distribution, spread evenly over what each region covers, from the true one.
    pub divergence: f64,
}

/// Why there is no recoding of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsuited {
    /// The problem does not fit together.
    Problem(Unsolvable),
    /// Only the loss metric can compare regions: levels mean nothing to them.
    Metric,
    /// A model counts members of a population, whose rows have no region.
    Population,
}

impl From<Unsolvable> for Unsuited {
    fn from(cause: Unsolvable) -> Self {
        Self::Problem(cause)
    }
}

/// Refuses what regions cannot be judged by.
fn check(problem: &Problem) -> Result<(), Unsuited> {
    if !matches!(problem.metric, crate::solve::Metric::Loss { .. }) {
        return Err(Unsuited::Metric);
    }
    if problem.models.iter().any(crate::check::Model::needs_population) || problem.classes.population.is_some() {
        return Err(Unsuited::Population);
    }
    crate::solve::check(problem).map_err(Unsuited::Problem)
}
