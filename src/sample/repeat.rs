//! Which person a row is about: most people have one row, some have up to eight, far apart in the file.
//!
//! The rows are shuffled onto places; every thousand places belong to 899 people in the same pattern, so that both steps
//! are computed for one row alone.

use super::mix::{Mix, Permutation};
use std::sync::LazyLock;

/// Rows that share one pattern.
const BLOCK: usize = 1000;
/// People of one pattern.
const PEOPLE: u64 = 899;
/// How many people of a block have so many rows: 850 rows of one person each, 150 rows of people with several.
const ROWS: [(usize, usize); 8] = [(1, 850), (2, 24), (3, 12), (4, 6), (5, 3), (6, 2), (7, 1), (8, 1)];

/// Maps rows to people.
pub(super) struct Repeats(Permutation);

impl Repeats {
    /// For a file of that many rows.
    pub(super) fn new(seed: u64, rows: u64) -> Self {
        Self(Permutation::new(seed, PURPOSE, rows.max(1)))
    }
    /// The person of a row, from 0.
    #[inline]
    pub(super) fn person(&self, row: u64) -> u64 {
        let place = self.0.place(row);
        let (block, within) = (place / BLOCK as u64, place % BLOCK as u64);
        block * PEOPLE + u64::from(PATTERN[usize::try_from(within).expect("below a thousand")])
    }
}

const PURPOSE: u64 = 0x726F_7773;

/// The person of each place in a block. The people with several rows stand among the others, so that a part of a block,
/// as in a small file, has its share of them.
static PATTERN: LazyLock<[u16; BLOCK]> = LazyLock::new(|| {
    let mut sizes: Vec<usize> = ROWS.iter().flat_map(|(size, people)| std::iter::repeat_n(*size, *people)).collect();
    let mut mix = Mix::new(0, PURPOSE, 0);
    for last in (1..sizes.len()).rev() {
        sizes.swap(last, mix.bits().below(last + 1));
    }
    let people = (0_u16..).zip(sizes).flat_map(|(person, size)| std::iter::repeat_n(person, size));
    let places: Vec<u16> = people.collect();
    places.try_into().expect("the pattern fills the block")
});

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_pattern_adds_up() {
        assert_eq!(ROWS.iter().map(|(size, people)| size * people).sum::<usize>(), BLOCK);
        assert_eq!(ROWS.iter().map(|(_, people)| people).sum::<usize>() as u64, PEOPLE);
        assert_eq!(u64::from(PATTERN[BLOCK - 1]) + 1, PEOPLE);
    }

    #[test]
    fn fifteen_rows_in_a_hundred_are_of_people_with_more_rows() {
        for rows in [20_000, 300_001] {
            let repeats = Repeats::new(5, rows);
            let mut counts = BTreeMap::<u64, u64>::new();
            for row in 0..rows {
                *counts.entry(repeats.person(row)).or_default() += 1;
            }
            assert!(counts.values().all(|count| (1..=8).contains(count)));
            let repeated: u64 = counts.values().filter(|count| **count > 1).sum();
            assert!((145..=155).contains(&(repeated * 1000 / rows)), "{repeated} of {rows}");
        }
    }

    #[test]
    fn rows_of_one_person_are_far_apart() {
        let rows = 100_000;
        let repeats = Repeats::new(5, rows);
        let mut last = BTreeMap::<u64, u64>::new();
        let mut near = 0;
        for row in 0..rows {
            if let Some(before) = last.insert(repeats.person(row), row) {
                near += u64::from(row - before < 100);
            }
        }
        // About 10 100 pairs, each near with a chance of some 0.3 %.
        assert!(near < 100, "{near}");
    }
}
