//! Which columns separate people most: for every combination of one to three quasi-identifiers, how many different
//! tuples it has and how many people are alone with theirs.
//!
//! Both numbers rise with every further column; a single column with a high share of its own is an identifier by another name.
//! (Motwani, Xu 2007, call them distinct ratio and separation ratio.)

use crate::group::ClassTable;
use std::collections::HashMap;

/// One combination of columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    /// Places of the columns, ascending.
    pub columns: Vec<usize>,
    /// Different tuples.
    pub distinct: u64,
    /// Rows that are alone with their tuple.
    pub unique: u64,
}

/// Combinations are counted in a table of all possible tuples where those are at most so many, and so many for each class.
const DENSE: usize = 1 << 24;
const DENSE_EACH: usize = 32;
const FEW: usize = 1 << 16;

/// Every combination of up to `most` columns; those that leave most rows alone first, then those with most tuples.
#[must_use]
pub fn separations(table: &ClassTable, most: usize) -> Vec<Separation> {
    let mut found = Vec::new();
    // none, one or several: more is not asked
    let rows: Vec<u8> = table.rows().iter().map(|rows| u8::try_from(*rows).unwrap_or(2).min(2)).collect();
    let nothing = Numbered { keys: vec![0; table.len()], tuples: 1 };
    combine(table, &rows, most, Some(&nothing), &mut Vec::new(), &mut found);
    found.sort_by(|left, right| {
        (right.unique, right.distinct).cmp(&(left.unique, left.distinct)).then_with(|| left.columns.cmp(&right.columns))
    });
    found
}

/// The tuple of each class in some columns, as a number.
struct Numbered {
    keys: Vec<u32>,
    tuples: usize,
}

/// Adds every combination that begins with the chosen columns, whose tuples are numbered where they are few.
fn combine(
    table: &ClassTable,
    rows: &[u8],
    most: usize,
    before: Option<&Numbered>,
    chosen: &mut Vec<usize>,
    found: &mut Vec<Separation>,
) {
    if chosen.len() == most {
        return;
    }
    let dense = DENSE.min((rows.len() * DENSE_EACH).max(FEW));
    for column in chosen.last().map_or(0, |last| last + 1)..table.quasi().len() {
        let size = table.quasi()[column].len().max(1);
        let numbered = before.filter(|before| before.tuples * size <= dense).map(|before| {
            let number = |(key, code): (&u32, &u32)| key * u32::try_from(size).expect("below the limit") + code;
            let keys = before.keys.iter().zip(table.codes(column)).map(number).collect();
            Numbered { keys, tuples: before.tuples * size }
        });
        chosen.push(column);
        found.push(match &numbered {
            Some(numbered) => count_numbered(numbered, rows, chosen),
            None => separation(table, chosen),
        });
        combine(table, rows, most, numbered.as_ref(), chosen, found);
        chosen.pop();
    }
}

fn count_numbered(numbered: &Numbered, rows: &[u8], columns: &[usize]) -> Separation {
    let mut met = vec![0_u8; numbered.tuples];
    for (key, rows) in numbered.keys.iter().zip(rows) {
        let met = &mut met[*key as usize];
        *met = (*met + rows).min(2);
    }
    let [mut distinct, mut unique] = [0; 2];
    for met in met {
        distinct += u64::from(met > 0);
        unique += u64::from(met == 1);
    }
    Separation { columns: columns.to_vec(), distinct, unique }
}

/// The same where there are too many tuples to number.
fn separation(table: &ClassTable, columns: &[usize]) -> Separation {
    let sizes: Vec<u64> = columns.iter().map(|column| table.quasi()[*column].len() as u64).collect();
    let tuples = sizes.iter().try_fold(1_u64, |product, size| product.checked_mul((*size).max(1)));
    let key = |class: usize| {
        columns.iter().zip(&sizes).fold(0_u64, |key, (column, size)| {
            key.wrapping_mul(*size).wrapping_add(u64::from(table.codes(*column)[class]))
        })
    };
    let (distinct, unique) = if tuples.is_some() {
        let mut rows: HashMap<u64, u64, foldhash::fast::RandomState> = HashMap::default();
        for class in 0..table.len() {
            *rows.entry(key(class)).or_default() += table.rows()[class];
        }
        count(rows.into_values())
    } else {
        // more tuples than numbers: the columns themselves are the key
        let mut rows: HashMap<Vec<u32>, u64, foldhash::fast::RandomState> = HashMap::default();
        for class in 0..table.len() {
            let key = columns.iter().map(|column| table.codes(*column)[class]).collect();
            *rows.entry(key).or_default() += table.rows()[class];
        }
        count(rows.into_values())
    };
    Separation { columns: columns.to_vec(), distinct, unique }
}

fn count(rows: impl Iterator<Item = u64>) -> (u64, u64) {
    rows.fold((0, 0), |(distinct, unique), rows| (distinct + 1, unique + u64::from(rows == 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Shape, TableBuilder, merge};
    use crate::value::TextBuilder;
    use std::collections::BTreeMap;

    #[test]
    fn every_combination_is_counted_as_the_rows_say() {
        let rows: Vec<[u32; 4]> = (0..500_u32).map(|n| [n % 3, n % 7, n * 31 % 211, n / 2]).collect();
        let text = |at: usize| {
            let mut cells = TextBuilder::default();
            rows.iter().for_each(|row| cells.push(row[at].to_string().as_bytes()));
            cells.finish(true)
        };
        let columns: Vec<_> = (0..4).map(text).collect();
        let mut builder = TableBuilder::new(Shape { quasi: 4, sensitive: 0, subject: false });
        builder.add(&columns.iter().collect::<Vec<_>>(), &[], None);
        let table = merge(vec![builder], 1);
        let found = separations(&table, 3);
        assert_eq!(found.len(), 4 + 6 + 4);
        for one in &found {
            let mut counts: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
            for row in &rows {
                *counts.entry(one.columns.iter().map(|at| row[*at]).collect()).or_default() += 1;
            }
            assert_eq!(one.distinct, counts.len() as u64, "{:?}", one.columns);
            assert_eq!(one.unique, counts.values().filter(|count| **count == 1).count() as u64, "{:?}", one.columns);
        }
        assert!(found.windows(2).all(|pair| pair[0].unique >= pair[1].unique));
    }
}
