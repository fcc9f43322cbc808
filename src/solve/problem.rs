//! What the search is given: classes, ladders, models, a metric. Whole numbers only.

use super::signatures::Signatures;
use crate::check::Model;
use crate::group::ClassTable;

/// One level of a column's ladder.
#[derive(Clone)]
pub struct Level {
    /// The code at this level of each raw code. Codes of a level are 0, 1, 2 … without large gaps.
    pub parent_code: Vec<u32>,
    /// For each code of this level, how much of the column's domain it covers, in units of [`ColumnLadder::total`].
    /// With a hierarchy file: the number of its rows that generalize to the value.
    pub leaves: Vec<u64>,
}

/// A quasi-identifying column: what its values may become.
#[derive(Clone)]
pub struct ColumnLadder {
    /// From level 0, the raw values, to the top.
    pub levels: Vec<Level>,
    /// The whole domain, in the units of [`Level::leaves`]; with a hierarchy file the number of its rows.
    pub total: u64,
    /// What one raw value covers, in the same units; 1 with a hierarchy file.
    pub unit: u64,
    /// Weight in the loss.
    pub weight: f64,
    /// Lowest level that may be chosen.
    pub min: usize,
    /// Highest level that may be chosen.
    pub max: usize,
}

impl ColumnLadder {
    /// A ladder of a hierarchy file: every level, weight 1.
    #[must_use]
    pub fn new(levels: Vec<Level>, total: u64) -> Self {
        let max = levels.len().saturating_sub(1);
        Self { levels, total, unit: 1, weight: 1.0, min: 0, max }
    }
}

/// The base classes, as whole numbers: the tuples of raw codes and what is counted for each.
#[derive(Clone, Default)]
pub struct Classes {
    /// Raw codes, column by column.
    pub codes: Vec<Vec<u32>>,
    /// Rows of each class; 0 for a class that only the population has.
    pub rows: Vec<u64>,
    /// Members of each class.
    pub members: Vec<u64>,
    /// Members of the population with the class's values.
    pub population: Option<Vec<u64>>,
    /// For each sensitive column its number of values, and for each class `(code, rows)` ascending by code.
    pub sensitive: Vec<Sensitive>,
    /// For each class the persons that stand in other classes too; empty where rows are counted.
    pub shared: Vec<Vec<u32>>,
    /// What all rows of each person say together; then persons leave with all their rows, and k is counted on them.
    pub persons: Option<Signatures>,
}

/// A sensitive column of the base classes.
#[derive(Clone)]
pub struct Sensitive {
    /// Distinct values.
    pub values: usize,
    /// Where each class starts in `codes`; one more entry than classes.
    pub starts: Vec<usize>,
    /// Codes.
    pub codes: Vec<u32>,
    /// Rows of each.
    pub counts: Vec<u64>,
}

impl Classes {
    /// The classes of a table.
    #[must_use]
    pub fn of(table: &ClassTable) -> Self {
        let sensitive = (0..table.sensitive().len())
            .map(|at| {
                let histogram = table.histogram(at);
                let mut column =
                    Sensitive { values: table.sensitive()[at].len(), starts: vec![0], codes: vec![], counts: vec![] };
                for class in 0..table.len() {
                    let (codes, counts) = histogram.of(class);
                    column.codes.extend_from_slice(codes);
                    column.counts.extend_from_slice(counts);
                    column.starts.push(column.codes.len());
                }
                column
            })
            .collect();
        Self {
            codes: (0..table.quasi().len()).map(|column| table.codes(column).to_vec()).collect(),
            rows: table.rows().to_vec(),
            members: table.members().to_vec(),
            population: None,
            sensitive,
            shared: table
                .shared()
                .map_or(vec![], |shared| (0..table.len()).map(|class| shared.of(class).to_vec()).collect()),
            persons: table.persons().map(|persons| {
                let mut found = Signatures { alike: persons.alike().to_vec(), starts: vec![0], classes: Vec::new() };
                for signature in 0..persons.alike().len() {
                    found.classes.extend_from_slice(persons.classes(signature));
                    found.starts.push(found.classes.len());
                }
                found
            }),
        }
    }
    /// Number of classes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// How the losses of the columns become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// Σ w x.
    Sum,
    /// max w x.
    Maximum,
    /// Σ w x / d.
    ArithmeticMean,
    /// Π (w x + 1)^(1/d) - 1.
    GeometricMean,
    /// The list of w x, descending; compared from its start.
    Rank,
}

/// What is minimized. `balance` is ARX's gs-factor g: 0 counts generalization only, 1 suppression only, 0.5 both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Share of the domain that a cell may be; 0 raw, 1 suppressed (Iyengar 2002).
    Loss {
        /// Over columns.
        aggregate: Aggregate,
        /// g.
        balance: f64,
    },
    /// Σ size² of kept classes, N · size of suppressed ones (Bayardo, Agrawal 2005).
    Discernibility,
    /// Σ size² of all classes: the monotone form, DM*.
    DiscernibilityMonotone,
    /// N / classes, all suppressed rows being one class (`LeFevre` et al. 2006).
    ClassSize {
        /// g.
        balance: f64,
    },
    /// Non-uniform entropy in bits (de Waal, Willenborg 1999).
    Entropy {
        /// Whether suppression is left out.
        monotone: bool,
        /// Whether each column is divided by its largest possible value.
        normalized: bool,
        /// g.
        balance: f64,
    },
    /// Level over height, mean over columns (Sweeney 2002).
    Precision {
        /// Whether suppression is left out.
        monotone: bool,
        /// g.
        balance: f64,
    },
    /// Sum of levels.
    Height,
    /// Σ size · Π domain covered (Goldberger, Tassa 2010).
    Ambiguity,
}

impl Metric {
    /// The default: loss, geometric mean, both counted.
    pub const LOSS: Self = Self::Loss { aggregate: Aggregate::GeometricMean, balance: 0.5 };
}

/// A search problem.
#[derive(Clone)]
pub struct Problem {
    /// Base classes.
    pub classes: Classes,
    /// One ladder for each column.
    pub ladders: Vec<ColumnLadder>,
    /// Models that every kept class satisfies.
    pub models: Vec<Model>,
    /// What is minimized.
    pub metric: Metric,
    /// Rows that may be suppressed.
    pub suppress_at_most: u64,
}

/// What a solution loses. Compared from its start; one number, except for [`Aggregate::Rank`].
#[derive(Debug, Clone, PartialEq)]
pub struct Loss(pub Vec<f64>);

impl Loss {
    /// The number that a report shows: the first of the list.
    #[must_use]
    pub fn first(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
        order(&self.0, &other.0)
    }
}

/// Order of two losses.
pub(super) fn order(left: &[f64], right: &[f64]) -> std::cmp::Ordering {
    left.iter()
        .zip(right)
        .map(|(left, right)| left.total_cmp(right))
        .find(|order| order.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}
