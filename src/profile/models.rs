//! The privacy models and the search as the user asks for them; numbers in range, columns by name.

use super::spec::{Position, names};
use crate::limits::{K, Share};

/// A privacy model beside k-anonymity.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// What is asked.
    pub kind: ModelKind,
    /// The sensitive column that it looks at, by its name in the input.
    pub of: Option<String>,
    /// Where it stands in the profile.
    pub position: Position,
}

/// A privacy model with its limits. The formulas are those of [`crate::check`].
#[derive(Debug, Clone, PartialEq)]
pub enum ModelKind {
    /// (α,k)-anonymity.
    AlphaK {
        /// Largest share of one value; below 1.
        alpha: f64,
        /// Smallest class.
        k: K,
    },
    /// Distinct l-diversity.
    DistinctL(K),
    /// Entropy l-diversity.
    EntropyL {
        /// l; above 1.
        l: f64,
        /// How entropy is estimated.
        estimator: EstimatorName,
    },
    /// Recursive (c,l)-diversity.
    RecursiveCl {
        /// c.
        c: f64,
        /// l.
        l: K,
    },
    /// t-closeness.
    TCloseness {
        /// t; at most 1.
        t: f64,
        /// Which distance.
        distance: DistanceKind,
        /// Every value from low to high, where the order is not that of numbers or dates.
        order: Vec<String>,
    },
    /// β-likeness.
    Beta {
        /// β.
        beta: f64,
        /// Basic or enhanced.
        kind: BetaKind,
    },
    /// δ-disclosure privacy.
    DeltaDisclosure(f64),
    /// k-map.
    KMap(K),
    /// δ-presence.
    DeltaPresence {
        /// Lowest chance.
        least: f64,
        /// Highest chance.
        most: f64,
    },
    /// Highest risk of one person.
    HighestRisk(f64),
    /// Classes over members.
    AverageRisk(f64),
    /// Share of the people above a threshold.
    RiskShare {
        /// Largest share.
        share: f64,
        /// The threshold.
        above: f64,
    },
    /// Share of the people who are alone in the data.
    SampleUniqueness(f64),
    /// Share of the population who are alone in it.
    PopulationUniqueness(f64),
}

/// The people that the data is a sample of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PopulationSpec {
    /// Only their number is known.
    Size(u64),
    /// A table of them.
    Table {
        /// File, relative to the profile.
        file: String,
        /// Field separator of the file.
        separator: u8,
        /// Its encoding: `utf-8` or `gb18030`.
        encoding: String,
    },
}

/// How levels are found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchSpec {
    /// What is minimized.
    pub minimize: Minimize,
    /// How the columns' losses become one number.
    pub aggregate: Aggregate,
    /// 0 generalization only, 1 suppression only.
    pub balance: f64,
    /// Where levels come from.
    pub levels_from: LevelsFrom,
    /// Share of the rows that is drawn for [`LevelsFrom::Sample`].
    pub sample: Share,
    /// Recoding.
    pub recoding: Recoding,
    /// Whether the boxes of [`Recoding::Multidimensional`] may overlap.
    pub cut: CutName,
    /// Time limit.
    pub seconds: Option<u64>,
    /// Most nodes that are checked.
    pub nodes: Option<u64>,
}

/// What levels shall cost least of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Minimize {
    /// Share of the domain that a cell may be.
    Loss,
    /// Σ size² of kept classes, rows · size of suppressed ones.
    Discernibility,
    /// Σ size² of all classes.
    DiscernibilityMonotone,
    /// Average class size.
    ClassSize,
    /// Non-uniform entropy.
    Entropy,
    /// The same, suppression left out.
    EntropyMonotone,
    /// Non-uniform entropy, each column over its largest value.
    EntropyNormalized,
    /// Level over height.
    Precision,
    /// The same, suppression left out.
    PrecisionMonotone,
    /// Sum of levels.
    Height,
    /// Σ size · domain covered.
    Ambiguity,
}

/// How the columns' losses become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// Sum.
    Sum,
    /// Largest.
    Maximum,
    /// Mean.
    ArithmeticMean,
    /// Geometric mean of 1 + loss, less 1.
    GeometricMean,
    /// All of them, largest first.
    Rank,
}

/// Where levels come from (threats A9, A10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelsFrom {
    /// Fixed in the profile before the data was seen.
    Declared,
    /// Searched on rows drawn at random.
    Sample,
    /// Searched on all rows.
    Data,
}

/// Whether a column has one level for all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recoding {
    /// One level for a column.
    Global,
    /// Rows that do not fit get coarser levels.
    Local,
    /// The space of values is parted.
    Multidimensional,
}

/// Where the rows with the value of a cut go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutName {
    /// To one side, all of them.
    Strict,
    /// To both sides, so that these are of one size; rows that are alike stay together.
    Relaxed,
}

impl SearchSpec {
    /// The recoding's name in plans, logs and reports.
    #[must_use]
    pub fn recoding_name(&self) -> &'static str {
        match (self.recoding, self.cut) {
            (Recoding::Multidimensional, CutName::Relaxed) => "multidimensional, relaxed",
            (kind, CutName::Strict | CutName::Relaxed) => kind.name(),
        }
    }
}

/// How far two sensitive values are from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistanceKind {
    /// All alike.
    Equal,
    /// By place in an order.
    Ordered,
    /// By where they meet in a hierarchy.
    Hierarchical,
}

/// Kind of β-likeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BetaKind {
    /// Growth at most β.
    Basic,
    /// Growth at most min(β, -ln p).
    Enhanced,
}

/// How entropy is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EstimatorName {
    /// From the shares as they are.
    Shannon,
    /// Corrected for small classes.
    Grassberger,
}

names!(Minimize {
    Loss = "loss",
    Discernibility = "discernibility",
    DiscernibilityMonotone = "discernibility-monotone",
    ClassSize = "class-size",
    Entropy = "entropy",
    EntropyMonotone = "entropy-monotone",
    EntropyNormalized = "entropy-normalized",
    Precision = "precision",
    PrecisionMonotone = "precision-monotone",
    Height = "height",
    Ambiguity = "ambiguity",
});
names!(Aggregate {
    Sum = "sum",
    Maximum = "maximum",
    ArithmeticMean = "arithmetic-mean",
    GeometricMean = "geometric-mean",
    Rank = "rank",
});
names!(LevelsFrom { Declared = "declared", Sample = "sample", Data = "data" });
names!(Recoding { Global = "global", Local = "local", Multidimensional = "multidimensional" });
names!(CutName { Strict = "strict", Relaxed = "relaxed" });
names!(DistanceKind { Equal = "equal", Ordered = "ordered", Hierarchical = "hierarchical" });
names!(BetaKind { Basic = "basic", Enhanced = "enhanced" });
names!(EstimatorName { Shannon = "shannon", Grassberger = "grassberger" });
