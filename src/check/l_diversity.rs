//! l-diversity: distinct, entropy, recursive.
//!
//! *Paper*: Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam, "l-diversity: privacy beyond k-anonymity", 2007.
//! *Formulas*: distinct: at least l different values. Entropy: `-Σ q ln q >= ln l`. Recursive (c,l): with counts r sorted
//! descending, `r1 < c (rl + ... + rm)`, strictly. *Monotone*: distinct; the others are convex, and each implies distinct l.
//! *Does not protect*: against values that differ in words and not in meaning (see t-closeness with a hierarchy).

use super::Class;
use super::special::digamma;

/// How the entropy of a class is estimated from its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    /// From the shares as they are.
    Shannon,
    /// Corrected for small samples (Grassberger 2003).
    Grassberger,
}

/// Values that occur.
pub(super) fn distinct(histogram: &[u64]) -> u64 {
    histogram.iter().map(|&count| u64::from(count > 0)).sum()
}

#[derive(Clone, Copy)]
pub(super) struct EntropyRule {
    sensitive: usize,
    ln_l: f64,
    estimator: Estimator,
}

impl EntropyRule {
    pub(super) fn new(sensitive: usize, l: f64, estimator: Estimator) -> Self {
        Self { sensitive, ln_l: l.ln(), estimator }
    }
    /// In whole counts: `n (ln n - ln l) < Σ f ln f` rejects. Written as ARX does, so that classes which lie exactly on
    /// the border (2,2,2 for l = 3) fall on the same side: they are rejected where rounding says so.
    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "ARX's expression, kept as it is")]
    #[expect(clippy::cast_precision_loss, reason = "counts of a class; logarithms follow")]
    pub(super) fn holds(self, class: &Class<'_>) -> bool {
        let histogram = class.histograms[self.sensitive];
        let rows = class.rows as f64;
        let counts = histogram.iter().filter(|&&count| count > 0).map(|&count| count as f64);
        let sum: f64 = match self.estimator {
            Estimator::Shannon => counts.map(|count| count * count.ln()).sum(),
            Estimator::Grassberger => counts.map(|count| count * grassberger(count)).sum(),
        };
        // Not `>=`: a number that is not one must reject.
        !(rows * (rows.ln() - self.ln_l) < sum)
    }
}

/// G(n) of Grassberger's estimator: `ψ(n) + (-1)^n / 2 (ψ((n+1)/2) - ψ(n/2))`.
fn grassberger(count: f64) -> f64 {
    let sign = if count % 2.0 == 0.0 { 0.5 } else { -0.5 };
    digamma(count) + sign * (digamma(f64::midpoint(count, 1.0)) - digamma(count / 2.0))
}

#[derive(Clone, Copy)]
pub(super) struct RecursiveRule {
    pub(super) sensitive: usize,
    pub(super) c: f64,
    pub(super) l: u32,
}

impl RecursiveRule {
    #[expect(clippy::cast_precision_loss, reason = "counts of a class")]
    pub(super) fn holds(self, class: &Class<'_>, buffer: &mut Vec<f64>) -> bool {
        buffer.clear();
        buffer.extend(class.histograms[self.sensitive].iter().filter(|&&count| count > 0).map(|&count| count as f64));
        if buffer.len() < self.l as usize || buffer.is_empty() {
            return false;
        }
        buffer.sort_unstable_by(|left, right| right.total_cmp(left));
        let rest: f64 = buffer[(self.l as usize).saturating_sub(1)..].iter().sum();
        buffer[0] < self.c * rest
    }
}
