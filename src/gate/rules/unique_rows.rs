//! How many rows are told apart by one, two or three columns: minimal sample uniques, as in SUDA2 (Manning, Haglin, Keane 2008).
//!
//! All columns are looked at but tokens, also those that are no quasi-identifiers: somebody may know a diagnosis and an amount. It
//! is measured on the rows of the release that were kept aside, so it says what somebody sees who holds such a sample, and
//! in a small release what everybody sees.

use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Fate, Measured};
use hashbrown::HashMap;

pub(super) const RULE: Rule = Rule {
    id: "unique-rows",
    threat: "G12",
    reason: "few columns that tell a row apart are soon known to somebody",
    stage: Stage::Classes,
    effect: Effect::WARN,
    wants: wants_nothing,
    judge,
};

/// Columns that are combined.
const COLUMNS: usize = 12;

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let policy = case.policy;
    let tells = |at: &usize| {
        let column = &policy.columns[*at];
        column.token.is_none() && !column.permuted && column.operator != "noise"
    };
    let columns: Vec<usize> = (0..policy.columns.len()).filter(tells).take(COLUMNS).collect();
    if columns.is_empty() {
        return Finding::not_applicable("nothing leaves but tokens and noise");
    }
    let rows: Vec<_> = case.aside.rows.iter().filter(|row| row.fate == Fate::Released).collect();
    if rows.is_empty() && measured.rows > 0 {
        return Finding::did_not_run("no row was kept aside");
    }
    // equal cells of a column as equal numbers
    let mut codes: Vec<Vec<u32>> = Vec::with_capacity(columns.len());
    for at in &columns {
        let mut known: HashMap<Option<&[u8]>, u32, foldhash::fast::RandomState> = HashMap::default();
        let mut column = Vec::with_capacity(rows.len());
        for row in &rows {
            let next = u32::try_from(known.len()).expect("a bounded number of rows");
            column.push(*known.entry(row.released.get(*at)).or_insert(next));
        }
        codes.push(column);
    }
    let unique = minimal_uniques(&codes, rows.len());
    let all: u64 = unique.iter().sum();
    let limit = policy.limits.unique_rows;
    Finding::of(
        all <= limit.of(rows.len() as u64),
        format!(
            "of {} sampled rows {} by one column, {} by two, {} by three",
            rows.len(),
            unique[0],
            unique[1],
            unique[2]
        ),
        format!("at most {limit} of the rows"),
    )
}

/// Rows that are unique in a set of one, two or three columns and in no smaller one.
fn minimal_uniques(codes: &[Vec<u32>], rows: usize) -> [u64; 3] {
    let mut smallest = vec![0_u32; rows];
    let width = codes.len();
    let mut seen: HashMap<[u32; 3], u32, foldhash::fast::RandomState> = HashMap::default();
    for size in 1..=3_u32 {
        for set in sets(width, size) {
            seen.clear();
            let key = |row: usize| {
                let mut key = [u32::MAX; 3];
                for (slot, column) in key.iter_mut().zip(&set) {
                    *slot = codes[*column][row];
                }
                key
            };
            for row in 0..rows {
                *seen.entry(key(row)).or_insert(0) += 1;
            }
            for (row, found) in smallest.iter_mut().enumerate() {
                if *found == 0 && seen.get(&key(row)) == Some(&1) {
                    *found = size;
                }
            }
        }
    }
    [1, 2, 3].map(|size| smallest.iter().filter(|found| **found == size).count() as u64)
}

/// Every set of so many of the first `width` numbers.
fn sets(width: usize, size: u32) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let smaller = sets(width, size - 1);
    smaller
        .iter()
        .flat_map(|set| {
            let from = set.last().map_or(0, |last| last + 1);
            (from..width).map(move |next| set.iter().copied().chain([next]).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_by_its_smallest_set_of_columns() {
        // rows: unique by column 0; by columns 0 and 1; by none
        let codes = vec![vec![0, 1, 1, 2, 2, 2, 2], vec![0, 0, 1, 0, 0, 1, 1], vec![0, 0, 0, 0, 0, 0, 0]];
        assert_eq!(minimal_uniques(&codes, 7), [1, 2, 0]);
        assert_eq!(sets(4, 2).len(), 6);
        assert_eq!(sets(12, 3).len(), 220);
    }
}
