//! The wildcard reading of suppressed cells, reported beside the strict one.
//!
//! Strictly, a suppressed cell (`*`, or null) is a value of its own. Some tools count a row with `*` as a member of every class
//! that it could belong to; then a class looks larger. An attacker who knows how suppression was done need not believe it,
//! so no promise here rests on this reading.

use crate::group::{ClassTable, Values};
use std::collections::{BTreeSet, HashMap};

/// What the wildcard reading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wildcards {
    /// Rows with a suppressed cell.
    pub rows: u64,
    /// Classes with one.
    pub classes: u64,
    /// Rows that the smallest class could have, every compatible row counted; none where there are too many patterns of suppressed
    /// columns to count.
    pub k: Option<u64>,
}

/// More patterns than this are not counted.
const MOST_PATTERNS: usize = 48;

/// Reads `*` and null as wildcards.
#[must_use]
pub fn wildcards(table: &ClassTable) -> Wildcards {
    let columns = table.quasi().len().min(64);
    let wild: Vec<Vec<u32>> = table.quasi().iter().map(wild_codes).collect();
    let mut masks = vec![0_u64; table.len()];
    for column in (0..columns).filter(|column| !wild[*column].is_empty()) {
        for (mask, code) in masks.iter_mut().zip(table.codes(column)) {
            *mask |= u64::from(wild[column].contains(code)) << column;
        }
    }
    let rows = masks.iter().zip(table.rows()).filter(|(mask, _)| **mask != 0).map(|(_, rows)| rows).sum();
    let classes = masks.iter().filter(|mask| **mask != 0).count() as u64;
    let patterns: BTreeSet<u64> = masks.iter().copied().collect();
    if table.quasi().len() > 64 || patterns.len() > MOST_PATTERNS {
        return Wildcards { rows, classes, k: None };
    }
    let mut members = vec![0_u64; table.len()];
    for left in &patterns {
        for right in &patterns {
            if (*left, *right) == (0, 0) {
                // without a wildcard each class agrees with itself alone
                let whole = (0..table.len()).filter(|class| masks[*class] == 0);
                whole.for_each(|class| members[class] += table.rows()[class]);
                continue;
            }
            add(table, &masks, (*left, *right), &mut members);
        }
    }
    Wildcards { rows, classes, k: members.into_iter().min() }
}

/// Adds to every class of the left pattern the rows of the right one that agree wherever both have a value.
fn add(table: &ClassTable, masks: &[u64], (left, right): (u64, u64), members: &mut [u64]) {
    let both: Vec<usize> = (0..table.quasi().len()).filter(|at| (left | right) >> at & 1 == 0).collect();
    let key = |class: usize| -> Vec<u32> { both.iter().map(|at| table.codes(*at)[class]).collect() };
    let mut rows: HashMap<Vec<u32>, u64, foldhash::fast::RandomState> = HashMap::default();
    for class in (0..table.len()).filter(|class| masks[*class] == right) {
        *rows.entry(key(class)).or_default() += table.rows()[class];
    }
    for class in (0..table.len()).filter(|class| masks[*class] == left) {
        members[class] += rows.get(&key(class)).copied().unwrap_or(0);
    }
}

fn wild_codes(values: &Values) -> Vec<u32> {
    (0_u32..)
        .zip(values.iter())
        .filter(|(_, value)| value.is_none_or(|cell| cell == b"*"))
        .map(|(code, _)| code)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Shape, TableBuilder, merge};
    use crate::value::TextBuilder;
    use proptest::prelude::*;

    fn table(rows: &[[Option<u8>; 3]]) -> ClassTable {
        let text = |at: usize| {
            let mut cells = TextBuilder::default();
            for row in rows {
                match row[at] {
                    None => cells.push_option(None),
                    Some(0) => cells.push(b"*"),
                    Some(value) => cells.push(value.to_string().as_bytes()),
                }
            }
            cells.finish(false)
        };
        let columns: Vec<_> = (0..3).map(text).collect();
        let mut builder = TableBuilder::new(Shape { quasi: 3, sensitive: 0, subject: false });
        builder.add(&columns.iter().collect::<Vec<_>>(), &[], None);
        merge(vec![builder], 1)
    }

    proptest! {
        #[test]
        fn compatible_rows_are_those_of_all_pairs(
            rows in proptest::collection::vec(proptest::array::uniform3(proptest::option::weighted(0.8, 0_u8..4)), 1..40),
        ) {
            let value = |cell: Option<u8>| cell.filter(|value| *value > 0);
            let agree = |one: &[Option<u8>; 3], other: &[Option<u8>; 3]| {
                (0..3).all(|at| value(one[at]).zip(value(other[at])).is_none_or(|(one, other)| one == other))
            };
            let least = rows.iter().map(|one| rows.iter().filter(|other| agree(one, other)).count()).min();
            let wild = rows.iter().filter(|row| row.iter().any(|cell| value(*cell).is_none())).count();
            let found = wildcards(&table(&rows));
            prop_assert_eq!(found.k, least.map(|least| least as u64));
            prop_assert_eq!(found.rows, wild as u64);
        }
    }
}
