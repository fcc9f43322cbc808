//! δ-disclosure privacy.
//!
//! *Paper*: Brickell, Shmatikov, "The cost of privacy", 2008. *Formula*: `|ln(q/p)| < δ` for every class and value. A value
//! that a class does not have gives infinity, so every class must have every value. *Convex*, not monotone with
//! suppression.

use super::{Class, Whole};

#[derive(Clone)]
pub(super) struct Rule {
    sensitive: usize,
    delta: f64,
    totals: Vec<u64>,
    rows: u64,
}

impl Rule {
    pub(super) fn new(sensitive: usize, delta: f64, whole: &Whole) -> Self {
        Self { sensitive, delta, totals: whole.totals[sensitive].clone(), rows: whole.rows }
    }
    pub(super) fn holds(&self, class: &Class<'_>) -> bool {
        class.histograms[self.sensitive]
            .iter()
            .zip(&self.totals)
            .filter(|(_, total)| **total > 0)
            .all(|(&count, &total)| disclosure(count, class.rows, total, self.rows) < self.delta)
    }
    /// See [`super::Judge::least_removed`]. A value that is too rare asks that others be taken out.
    pub(super) fn least_removed(&self, class: &Class<'_>) -> u64 {
        let values = class.histograms[self.sensitive].iter().zip(&self.totals).filter(|(_, total)| **total > 0);
        let removed = values.map(|(&count, &total)| {
            let share = super::risk::ratio(total, self.rows);
            #[expect(clippy::cast_precision_loss, reason = "rounded down by more")]
            let others = class.rows as f64 - count as f64 / (share * (-self.delta).exp());
            super::least_above(count, class.rows, share * self.delta.exp()).max(super::whole_below(others))
        });
        removed.max().unwrap_or(0)
    }
}

/// `|ln(q/p)|`; infinite where the class lacks the value.
pub(super) fn disclosure(count: u64, rows: u64, total: u64, all: u64) -> f64 {
    (super::risk::ratio(count, rows) / super::risk::ratio(total, all)).ln().abs()
}
