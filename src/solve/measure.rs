//! What a node loses: the metrics, and lower bounds that need no classes.
//!
//! Sums over classes are whole numbers, so a loss does not depend on the order of the classes, and so not on threads.
//! The definitions are those of ARX 3.9.2 (see the research notes), so that optima can be compared digit for digit.

use super::problem::{Aggregate, Loss, Metric, Problem};
use crate::check::risk::ratio;

/// The metric bound to a problem.
pub(super) struct Measure {
    metric: Metric,
    rows: u64,
    columns: Vec<Column>,
    least_members: u64,
    suppress_at_most: u64,
}

struct Column {
    levels: Vec<LevelMeasure>,
    total: f64,
    /// Share of the domain that one raw value is.
    finest: f64,
    weight: f64,
    height: usize,
    entropy_most: f64,
}

struct LevelMeasure {
    /// Covered domain of each code.
    leaves: Vec<u64>,
    /// Σ rows · leaves over the whole table.
    covered: u128,
    /// Share and rows of the codes, largest share first: suppression of these costs least.
    by_share: Vec<(f64, u64)>,
    /// Non-uniform entropy of the level, in bits, without factors.
    entropy: f64,
    /// The column's factor in the geometric mean where nothing is suppressed.
    bare_factor: f64,
}

/// What the metric needs to know of a node's classes.
#[derive(Clone, Default)]
pub(super) struct Tally {
    pub(super) suppressed: u64,
    pub(super) kept_classes: u64,
    pub(super) suppressed_classes: u64,
    /// Σ rows² of kept classes.
    pub(super) kept_squares: u128,
    /// Σ rows² of suppressed classes.
    pub(super) suppressed_squares: u128,
    /// For each column Σ rows · leaves of suppressed classes.
    pub(super) suppressed_covered: Vec<u128>,
    /// For each column the suppressed rows of each code.
    pub(super) suppressed_codes: Vec<Vec<u64>>,
    /// Ambiguity of each class as it is released.
    pub(super) ambiguity: Vec<f64>,
}

/// `floor(x · 10^10) / 10^10`, as ARX rounds each column.
fn floor10(x: f64) -> f64 {
    (x * 1e10).floor() / 1e10
}

/// Factors of generalization and of suppression.
fn factors(balance: f64) -> (f64, f64) {
    let generalization = if balance <= 0.5 { 1.0 } else { 1.0 - 2.0 * (balance - 0.5) };
    let suppression = if balance < 0.5 { 2.0 * balance } else { 1.0 };
    (generalization, suppression)
}

impl Measure {
    #[expect(clippy::cast_precision_loss, reason = "shares and logarithms of counts")]
    pub(super) fn new(problem: &Problem, least_members: u64) -> Self {
        let rows: u64 = problem.classes.rows.iter().sum();
        let heaviest = problem.ladders.iter().map(|ladder| ladder.weight).fold(0.0, f64::max);
        let columns = problem
            .ladders
            .iter()
            .zip(&problem.classes.codes)
            .map(|(ladder, codes)| {
                let raw_codes = ladder.levels.first().map_or(0, |level| level.leaves.len());
                let mut raw = vec![0_u64; raw_codes];
                for (&code, &count) in codes.iter().zip(&problem.classes.rows) {
                    raw[code as usize] += count;
                }
                let levels = ladder.levels.iter().map(|level| LevelMeasure::new(level, &raw, ladder.total)).collect();
                let entropy_most = raw
                    .iter()
                    .filter(|&&count| count > 0)
                    .map(|&count| -(count as f64) * (count as f64 / rows as f64).log2())
                    .sum();
                Column {
                    levels,
                    total: ladder.total as f64,
                    finest: ladder.unit as f64 / ladder.total as f64,
                    weight: if heaviest > 0.0 { ladder.weight / heaviest } else { 0.0 },
                    height: ladder.levels.len().saturating_sub(1),
                    entropy_most,
                }
            })
            .collect();
        let mut measure =
            Self { metric: problem.metric, rows, columns, least_members, suppress_at_most: problem.suppress_at_most };
        if let Metric::Loss { balance, .. } = measure.metric {
            let dimensions = measure.columns.len().max(1) as f64;
            for column in 0..measure.columns.len() {
                for level in 0..measure.columns[column].levels.len() {
                    let loss = measure.loss_bound(&measure.columns[column], level, balance, 0);
                    let weighted = loss * measure.columns[column].weight;
                    measure.columns[column].levels[level].bare_factor = (weighted + 1.0).powf(1.0 / dimensions);
                }
            }
        }
        measure
    }
    /// Numbers in a loss.
    pub(super) fn width(&self) -> usize {
        match self.metric {
            Metric::Loss { aggregate: Aggregate::Rank, .. } => self.columns.len().max(1),
            _ => 1,
        }
    }
    pub(super) fn needs_covered(&self) -> bool {
        matches!(self.metric, Metric::Loss { .. })
    }
    pub(super) fn needs_codes(&self) -> bool {
        matches!(self.metric, Metric::Entropy { monotone: false, .. })
    }
    pub(super) fn needs_ambiguity(&self) -> bool {
        matches!(self.metric, Metric::Ambiguity)
    }
    pub(super) fn needs_squares(&self) -> bool {
        matches!(self.metric, Metric::Discernibility | Metric::DiscernibilityMonotone)
    }
    /// Whether [`Measure::floor`] says something about coarser nodes.
    pub(super) fn has_floor(&self) -> bool {
        self.needs_squares() || self.needs_ambiguity() || matches!(self.metric, Metric::ClassSize { .. })
    }
    /// Number of codes of a column at a level.
    pub(super) fn codes(&self, column: usize, level: usize) -> usize {
        self.columns[column].levels[level].leaves.len()
    }
    pub(super) fn leaves(&self, column: usize, level: usize) -> &[u64] {
        &self.columns[column].levels[level].leaves
    }
    /// Entropy that is lost when a column's level is raised by one; without a unit.
    pub(super) fn joined(&self, column: usize, level: usize) -> f64 {
        let levels = &self.columns[column].levels;
        levels[(level + 1).min(levels.len() - 1)].entropy - levels[level].entropy
    }
    /// The column's domain in the units of its leaves.
    pub(super) fn total(&self, column: usize) -> f64 {
        self.columns[column].total
    }
    /// The column's domain in raw values.
    pub(super) fn domain(&self, column: usize) -> f64 {
        1.0 / self.columns[column].finest
    }

    /// The loss of a node, and what each column loses in it.
    pub(super) fn loss(&self, levels: &[usize], tally: &Tally) -> (Loss, Vec<f64>) {
        let by_column: Vec<f64> =
            (0..levels.len()).map(|column| self.column_loss(column, levels[column], tally)).collect();
        (Loss(self.sum_up(&by_column, tally)), by_column)
    }
    fn sum_up(&self, by_column: &[f64], tally: &Tally) -> Vec<f64> {
        match self.metric {
            Metric::Loss { aggregate, .. } => self.aggregate(by_column, aggregate),
            Metric::Discernibility => {
                vec![exact(tally.kept_squares + u128::from(self.rows) * u128::from(tally.suppressed))]
            }
            Metric::DiscernibilityMonotone => vec![exact(tally.kept_squares + tally.suppressed_squares)],
            Metric::ClassSize { balance } => {
                vec![self.class_size(balance, tally.kept_classes, tally.suppressed > 0)]
            }
            Metric::Entropy { .. } | Metric::Height => self.aggregate(by_column, Aggregate::Sum),
            Metric::Precision { .. } => self.aggregate(by_column, Aggregate::ArithmeticMean),
            Metric::Ambiguity => {
                let mut terms = tally.ambiguity.clone();
                terms.sort_unstable_by(f64::total_cmp);
                vec![terms.iter().sum()]
            }
        }
    }
    /// What one column loses. Metrics that do not look at columns report the column's loss share all the same.
    #[expect(clippy::cast_precision_loss, reason = "shares and logarithms of counts")]
    fn column_loss(&self, at: usize, level: usize, tally: &Tally) -> f64 {
        let column = &self.columns[at];
        let measure = &column.levels[level];
        let (rows, suppressed) = (self.rows as f64, tally.suppressed as f64);
        match self.metric {
            Metric::Loss { balance, .. } => {
                let out = tally.suppressed_covered[at];
                self.scaled_loss(
                    column,
                    balance,
                    exact(measure.covered - out) / column.total,
                    exact(out) / column.total,
                    suppressed,
                )
            }
            Metric::Entropy { monotone, normalized, balance } => {
                let (gf, sf) = factors(balance);
                let mut bits = measure.entropy * gf;
                if !monotone && tally.suppressed > 0 {
                    let counts =
                        tally.suppressed_codes[at].iter().filter(|&&count| count > 0).map(|&count| count as f64);
                    bits += sf * counts.map(|count| -count * (count / suppressed).log2()).sum::<f64>();
                }
                let most = column.entropy_most * gf;
                floor10(if !normalized {
                    bits
                } else if most > 0.0 {
                    bits / most
                } else {
                    0.0
                })
            }
            Metric::Precision { monotone, balance } => {
                self.precision(column, level, if monotone { None } else { Some((balance, suppressed)) })
            }
            Metric::Height => level as f64,
            Metric::Discernibility | Metric::DiscernibilityMonotone | Metric::ClassSize { .. } | Metric::Ambiguity => {
                let kept = exact(measure.covered) / column.total;
                self.scaled_loss(
                    column,
                    0.5,
                    kept * (1.0 - suppressed / rows.max(1.0)),
                    kept * suppressed / rows.max(1.0),
                    suppressed,
                )
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "rows as a factor")]
    fn scaled_loss(&self, column: &Column, balance: f64, kept: f64, out: f64, suppressed: f64) -> f64 {
        let (gf, sf) = factors(balance);
        #[expect(clippy::float_cmp, reason = "the factor is set to exactly one")]
        let cost = if sf == 1.0 { suppressed } else { out + sf * (suppressed - out) };
        let (rows, least) = (self.rows as f64, gf * self.rows as f64 * column.finest);
        let scaled = (kept * gf + cost - least) / (rows - least);
        if scaled >= 0.0 { floor10(scaled) } else { 0.0 }
    }
    #[expect(clippy::cast_precision_loss, reason = "levels and rows as factors")]
    fn precision(&self, column: &Column, level: usize, suppression: Option<(f64, f64)>) -> f64 {
        let share = if column.height == 0 { 0.0 } else { level as f64 / column.height as f64 };
        let Some((balance, suppressed)) = suppression else { return share };
        let (gf, sf) = factors(balance);
        let rows = self.rows as f64;
        if rows == 0.0 { 0.0 } else { ((rows - suppressed) * share * gf + suppressed * sf) / rows }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts as factors")]
    fn class_size(&self, balance: f64, kept: u64, any_suppressed: bool) -> f64 {
        // ARX exchanges the two factors here, on purpose.
        let (sf, gf) = factors(balance);
        let classes = gf * kept as f64 + if any_suppressed { sf } else { 0.0 };
        if self.rows == 0 { 0.0 } else { self.rows as f64 / classes }
    }
    #[expect(clippy::cast_precision_loss, reason = "the number of columns")]
    fn aggregate(&self, by_column: &[f64], aggregate: Aggregate) -> Vec<f64> {
        let dimensions = by_column.len().max(1) as f64;
        let weighted = by_column.iter().zip(&self.columns).map(|(loss, column)| loss * column.weight);
        match aggregate {
            Aggregate::Sum => vec![weighted.sum()],
            Aggregate::Maximum => vec![weighted.fold(0.0, f64::max)],
            Aggregate::ArithmeticMean => vec![weighted.map(|loss| loss / dimensions).sum()],
            Aggregate::GeometricMean => {
                vec![weighted.map(|loss| (loss + 1.0).powf(1.0 / dimensions)).product::<f64>() - 1.0]
            }
            Aggregate::Rank => {
                let mut list: Vec<f64> = weighted.collect();
                list.sort_unstable_by(|left, right| right.total_cmp(left));
                list.resize(self.width(), 0.0);
                list
            }
        }
    }
    /// No node at these levels loses less, when at least so many rows are suppressed in it. Lowered a little, so that
    /// rounding never cuts an optimum off.
    pub(super) fn bound(&self, levels: &[usize], least_suppressed: u64, floor: f64) -> Vec<f64> {
        let mut bound = match self.metric {
            Metric::Loss { aggregate: Aggregate::GeometricMean, .. } if least_suppressed == 0 => {
                let factors = levels.iter().zip(&self.columns).map(|(&level, column)| column.levels[level].bare_factor);
                vec![factors.product::<f64>() - 1.0]
            }
            Metric::Loss { aggregate, balance } => {
                let by_column: Vec<f64> = (0..levels.len())
                    .map(|column| self.loss_bound(&self.columns[column], levels[column], balance, least_suppressed))
                    .collect();
                self.aggregate(&by_column, aggregate)
            }
            Metric::Entropy { .. } | Metric::Height | Metric::Precision { monotone: true, .. } => {
                let nothing = Tally::default();
                let by_column: Vec<f64> =
                    (0..levels.len()).map(|column| self.column_loss(column, levels[column], &nothing)).collect();
                self.sum_up(&by_column, &nothing)
            }
            Metric::Precision { monotone: false, balance } => {
                // Linear in the suppressed rows: the least is at one end.
                let ends = [least_suppressed, self.suppress_at_most.min(self.rows).max(least_suppressed)];
                #[expect(clippy::cast_precision_loss, reason = "rows as a factor")]
                let at = |column: usize, end: u64| {
                    self.precision(&self.columns[column], levels[column], Some((balance, end as f64)))
                };
                let by_column: Vec<f64> =
                    (0..levels.len()).map(|column| at(column, ends[0]).min(at(column, ends[1]))).collect();
                self.aggregate(&by_column, Aggregate::ArithmeticMean)
            }
            Metric::Discernibility => {
                let kept = u128::from(self.rows - least_suppressed.min(self.rows));
                vec![exact(u128::from(self.rows) * u128::from(least_suppressed) + kept * u128::from(self.least_rows()))]
            }
            Metric::ClassSize { balance } => {
                let kept = (self.rows - least_suppressed.min(self.rows)) / self.least_rows();
                vec![self.class_size(balance, kept.max(1), true)]
            }
            Metric::DiscernibilityMonotone | Metric::Ambiguity => vec![0.0],
        };
        bound[0] = bound[0].max(floor);
        for number in &mut bound {
            *number = *number * (1.0 - 1e-9) - 2e-10;
        }
        bound
    }
    /// The least rows of a kept class.
    fn least_rows(&self) -> u64 {
        self.least_members.max(1)
    }
    fn loss_bound(&self, column: &Column, level: usize, balance: f64, least_suppressed: u64) -> f64 {
        let measure = &column.levels[level];
        let mut left = least_suppressed;
        let mut out = 0.0;
        for &(share, rows) in &measure.by_share {
            if left == 0 {
                break;
            }
            let taken = rows.min(left);
            #[expect(clippy::cast_precision_loss, reason = "rows as a factor")]
            let part = taken as f64 * share;
            out += part;
            left -= taken;
        }
        #[expect(clippy::cast_precision_loss, reason = "rows as a factor")]
        let suppressed = least_suppressed.min(self.rows) as f64;
        self.scaled_loss(column, balance, exact(measure.covered) / column.total - out, out, suppressed)
    }
    /// What the node would lose if nothing were suppressed in it: every coarser node loses at least that, for the metrics
    /// of [`Measure::has_floor`].
    pub(super) fn floor(&self, tally: &Tally, unsuppressed_ambiguity: f64) -> f64 {
        match self.metric {
            Metric::Discernibility | Metric::DiscernibilityMonotone => {
                exact(tally.kept_squares + tally.suppressed_squares)
            }
            Metric::ClassSize { balance } => {
                self.class_size(balance, tally.kept_classes + tally.suppressed_classes, true)
            }
            Metric::Ambiguity => unsuppressed_ambiguity,
            _ => 0.0,
        }
    }
}

impl LevelMeasure {
    #[expect(clippy::cast_precision_loss, reason = "shares and logarithms of counts")]
    fn new(level: &super::problem::Level, raw: &[u64], total: u64) -> Self {
        let mut rows = vec![0_u64; level.leaves.len()];
        for (&count, &code) in raw.iter().zip(&level.parent_code) {
            rows[code as usize] += count;
        }
        let covered =
            rows.iter().zip(&level.leaves).map(|(&rows, &leaves)| u128::from(rows) * u128::from(leaves)).sum();
        let entropy = raw
            .iter()
            .zip(&level.parent_code)
            .filter(|(count, _)| **count > 0)
            .map(|(&count, &code)| -(count as f64) * ratio(count, rows[code as usize]).log2())
            .sum();
        let mut by_share: Vec<(f64, u64)> = rows
            .iter()
            .zip(&level.leaves)
            .filter(|(rows, _)| **rows > 0)
            .map(|(&rows, &leaves)| (leaves as f64 / total as f64, rows))
            .collect();
        by_share.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
        Self { leaves: level.leaves.clone(), covered, by_share, entropy, bare_factor: 1.0 }
    }
}

/// A whole number as a double, rounded where it has more than 53 bits.
#[expect(clippy::cast_precision_loss, reason = "said in the doc")]
fn exact(number: u128) -> f64 {
    number as f64
}
