//! β-likeness, basic and enhanced.
//!
//! *Paper*: Cao, Karras, "Publishing microdata with a robust privacy guarantee", 2012. *Formulas*: for every value with
//! q > p: basic `(q - p)/p <= β`; enhanced `(q - p)/p <= min(β, -ln p)`. *Convex*, not monotone with suppression.
//! *Does not protect*: against learning that a value became less likely.

use super::{Class, Whole};

/// Largest count share that each value may have.
#[derive(Clone)]
pub(super) struct Rule {
    sensitive: usize,
    /// Largest gain of each value.
    gains: Vec<f64>,
    totals: Vec<u64>,
    rows: u64,
}

impl Rule {
    pub(super) fn basic(sensitive: usize, beta: f64, whole: &Whole) -> Self {
        let totals = whole.totals[sensitive].clone();
        Self { sensitive, gains: vec![beta; totals.len()], totals, rows: whole.rows }
    }
    pub(super) fn enhanced(sensitive: usize, beta: f64, whole: &Whole) -> Self {
        let mut rule = Self::basic(sensitive, beta, whole);
        for (gain, &total) in rule.gains.iter_mut().zip(&rule.totals) {
            *gain = beta.min(-super::risk::ratio(total, whole.rows).ln());
        }
        rule
    }
    pub(super) fn holds(&self, class: &Class<'_>) -> bool {
        class.histograms[self.sensitive]
            .iter()
            .zip(self.totals.iter().zip(&self.gains))
            .filter(|(count, _)| **count > 0)
            .all(|(&count, (&total, &most))| gain(count, class.rows, total, self.rows) <= most)
    }
    /// See [`super::Judge::least_removed`].
    pub(super) fn least_removed(&self, class: &Class<'_>) -> u64 {
        let values = class.histograms[self.sensitive].iter().zip(self.totals.iter().zip(&self.gains));
        let removed = values.map(|(&count, (&total, &most))| {
            super::least_above(count, class.rows, super::risk::ratio(total, self.rows) * (1.0 + most))
        });
        removed.max().unwrap_or(0)
    }
}

/// `(q - p) / p`.
pub(super) fn gain(count: u64, rows: u64, total: u64, all: u64) -> f64 {
    let (q, p) = (super::risk::ratio(count, rows), super::risk::ratio(total, all));
    (q - p) / p
}
