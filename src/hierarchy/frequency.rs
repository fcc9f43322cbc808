//! Values by how frequent they are: each level keeps fewer of the most frequent ones, and the others become one.
//!
//! The order is the author's, from the most frequent value on, so it is fixed before the data is seen: a level that followed the
//! counts of the data would tell of them. A value that the order does not name is among the others from the first level on.

use super::{describe, is_plain};
use std::collections::BTreeMap;

/// Values in order, and how many of them each level keeps.
pub struct Frequency {
    /// Place of each value, from 0.
    places: BTreeMap<Vec<u8>, usize>,
    keep: Vec<usize>,
    other: Vec<u8>,
}

impl Frequency {
    /// Values from the most frequent on, how many of them each level keeps, and what the others become.
    ///
    /// # Errors
    /// In words, where values repeat, the numbers do not fall, keep none or more than there are, or the others have no name of their own.
    pub fn new(order: Vec<Vec<u8>>, keep: Vec<usize>, other: Vec<u8>) -> Result<Self, &'static str> {
        if order.is_empty() {
            return Err("`order` names no value");
        }
        if keep.is_empty() {
            return Err("`keep` has no number");
        }
        if keep.windows(2).any(|pair| pair[1] >= pair[0]) || keep.contains(&0) {
            return Err("a number of `keep` is not above zero and below the one before");
        }
        if keep.first().is_some_and(|first| *first > order.len()) {
            return Err("`keep` keeps more values than `order` names");
        }
        if other.is_empty() || order.contains(&other) {
            return Err("`other` is empty, or one of the values");
        }
        let count = order.len();
        let places: BTreeMap<Vec<u8>, usize> = order.into_iter().zip(0..).collect();
        if places.len() < count {
            return Err("a value stands twice in `order`");
        }
        Ok(Self { places, keep, other })
    }

    pub(super) fn steps(&self) -> usize {
        self.keep.len()
    }

    pub(super) fn step_name(&self, step: usize) -> String {
        format!("first {}", self.keep[step])
    }

    pub(super) fn label(&self, step: usize, cell: &[u8], out: &mut Vec<u8>) {
        let kept = self.places.get(cell).is_some_and(|place| *place < self.keep[step]);
        // a cell that looks like the name of the others is one of them
        out.extend_from_slice(if kept { cell } else { &self.other });
    }

    pub(super) fn plain(&self) -> bool {
        self.places.keys().all(|value| is_plain(value)) && is_plain(&self.other)
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        describe(out, &self.other);
        for keep in &self.keep {
            describe(out, keep.to_string().as_bytes());
        }
        describe(out, b"");
        for (value, place) in &self.places {
            describe(out, value);
            describe(out, place.to_string().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(values: &[&str]) -> Vec<Vec<u8>> {
        values.iter().map(|value| value.as_bytes().to_vec()).collect()
    }

    #[test]
    fn each_level_keeps_fewer() {
        let frequency = Frequency::new(order(&["I10", "E11", "J45"]), vec![3, 1], b"other".to_vec()).unwrap();
        let label = |step: usize, cell: &str| {
            let mut out = Vec::new();
            frequency.label(step, cell.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(["I10", "J45", "A09", "other"].map(|cell| label(0, cell)), ["I10", "J45", "other", "other"]);
        assert_eq!(["I10", "E11", "A09"].map(|cell| label(1, cell)), ["I10", "other", "other"]);
        assert_eq!(frequency.step_name(1), "first 1");
    }

    #[test]
    fn orders_that_do_not_hold_together_are_refused() {
        let new = |values: &[&str], keep: &[usize], other: &str| {
            Frequency::new(order(values), keep.to_vec(), other.as_bytes().to_vec()).is_ok()
        };
        assert!(new(&["a", "b"], &[2, 1], "x"));
        assert!(!new(&[], &[1], "x") && !new(&["a", "a"], &[1], "x") && !new(&["a"], &[], "x"));
        assert!(!new(&["a"], &[2], "x") && !new(&["a", "b"], &[1, 1], "x") && !new(&["a"], &[0], "x"));
        assert!(!new(&["a"], &[1], "") && !new(&["a"], &[1], "a"));
    }
}
