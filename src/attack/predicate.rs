//! Predicates over rows, and how many rows match one.

use super::draws::Draws;
use super::table::{Column, Postings, Table};

/// One condition on one column, by code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition {
    pub(super) column: usize,
    pub(super) test: Test,
    pub(super) code: u32,
}

/// How a cell is held against the condition's value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Test {
    Equal,
    Unequal,
    /// Its range starts where the value's starts, or above.
    AtLeast,
    /// Its range ends where the value's ends, or below.
    AtMost,
    Above,
    Below,
}

/// All conditions hold; sorted, so that equal predicates are equal.
pub(super) type Predicate = Vec<Condition>;

impl Condition {
    fn holds(self, column: &Column, code: u32) -> bool {
        let ends = || Some((column.range(code)?, column.range(self.code)?));
        match self.test {
            Test::Equal => code == self.code,
            Test::Unequal => code != self.code && !column.is_null(code),
            Test::AtLeast => ends().is_some_and(|(cell, value)| cell.low >= value.low),
            Test::AtMost => ends().is_some_and(|(cell, value)| cell.high <= value.high),
            Test::Above => ends().is_some_and(|(cell, value)| cell.low > value.high),
            Test::Below => ends().is_some_and(|(cell, value)| cell.high < value.low),
        }
    }
    /// Codes among which all that match are: numbers are in order of their lower ends.
    fn codes(self, columns: &[Column]) -> std::ops::Range<usize> {
        let (all, own) = (columns[self.column].codes(), self.code as usize);
        match self.test {
            Test::Equal => own..own + 1,
            Test::Unequal => 0..all,
            // equal lower ends stand side by side: go back to the first of them
            Test::AtLeast => {
                let column = &columns[self.column];
                let low = |at: usize| u32::try_from(at).ok().and_then(|at| column.range(at)).map(|range| range.low);
                let first = (0..own).rev().take_while(|at| low(*at) == low(own)).last().unwrap_or(own);
                first..all
            }
            Test::Above => own..all,
            Test::AtMost | Test::Below => {
                let column = &columns[self.column];
                let Some(end) = column.range(self.code).map(|range| range.high) else { return 0..0 };
                let codes = 0..u32::try_from(all).expect("codes are 32 bits");
                let beyond = codes.clone().skip(own).find(|at| column.range(*at).is_none_or(|range| range.low > end));
                0..beyond.unwrap_or(codes.end) as usize
            }
        }
    }
}

/// Rows of a table that match a predicate, at most `most` of them; more are not looked for.
pub(super) fn matching(
    predicate: &Predicate,
    table: &Table,
    columns: &[Column],
    postings: &Postings,
    most: usize,
) -> Vec<u32> {
    let lists = predicate.iter().map(|condition| postings.of(condition.column, condition.codes(columns)));
    let Some(fewest) = lists.min_by_key(|rows| rows.len()) else { return Vec::new() };
    let holds = |row: &&u32| {
        predicate.iter().all(|one| one.holds(&columns[one.column], table.codes[one.column][**row as usize]))
    };
    fewest.iter().filter(holds).take(most).copied().collect()
}

/// Whether exactly one row matches.
pub(super) fn singles_out(predicate: &Predicate, table: &Table, columns: &[Column], postings: &Postings) -> bool {
    matching(predicate, table, columns, postings, 2).len() == 1
}

/// What a record of the release suggests: its own values, and towards the nearer end where there is an order.
pub(super) fn of_record(
    table: &Table,
    columns: &[Column],
    medians: &[Option<f64>],
    row: usize,
    which: &[u32],
) -> Predicate {
    let mut predicate: Predicate = which
        .iter()
        .map(|column| {
            let column = *column as usize;
            let code = table.codes[column][row];
            let test = match (columns[column].range(code), medians[column]) {
                (Some(range), Some(median)) if range.low > median => Test::AtLeast,
                (Some(_), Some(_)) => Test::AtMost,
                _ => Test::Equal,
            };
            Condition { column, test, code }
        })
        .collect();
    predicate.sort_unstable();
    predicate
}

/// A guess without the release's records: random columns, values that occur, random tests.
pub(super) fn random(columns: &[Column], occurring: &[Vec<u32>], count: usize, draws: &mut Draws) -> Predicate {
    const FOR_NUMBERS: [Test; 6] = [Test::Equal, Test::Unequal, Test::Above, Test::Below, Test::AtLeast, Test::AtMost];
    let mut predicate: Predicate = draws
        .some(count, columns.len())
        .into_iter()
        .map(|column| {
            let column = column as usize;
            let code = occurring[column][draws.below(occurring[column].len())];
            let tests = if columns[column].range(code).is_some() { &FOR_NUMBERS[..] } else { &FOR_NUMBERS[..2] };
            Condition { column, test: tests[draws.below(tests.len())], code }
        })
        .collect();
    predicate.sort_unstable();
    predicate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::table::{Categories, Cells, Numbers, Range};
    use proptest::prelude::*;

    fn numbers(ranges: &[(f64, f64)]) -> Column {
        let mut ranges: Vec<Range> = ranges.iter().map(|(low, width)| Range { low: *low, high: low + width }).collect();
        ranges.sort_by(|one, other| one.low.total_cmp(&other.low).then(one.high.total_cmp(&other.high)));
        Column { name: "n".into(), cells: Cells::Number(Numbers { ranges, null: true, span: 10.0 }) }
    }

    proptest! {
        /// Against the obvious: every row, every condition.
        #[test]
        fn matches_are_those_of_a_scan(
            ranges in proptest::collection::vec((0..9_i32, 0..4_i32), 1..12),
            rows in proptest::collection::vec((0..13_usize, 0..3_u32), 1..60),
            code in 0..12_usize, other in 0..3_u32, test in 0..6_usize, equal: bool,
        ) {
            let ranges: Vec<(f64, f64)> = ranges.iter().map(|(low, width)| (f64::from(*low), f64::from(*width))).collect();
            let column = numbers(&ranges);
            let codes = column.codes();
            let second = Column { name: "c".into(), cells: Cells::Category(Categories { values: 3, null: false }) };
            let columns = [column, second];
            let table = Table::new(vec![
                rows.iter().map(|row| (row.0 % codes) as u32).collect(), rows.iter().map(|row| row.1).collect(),
            ]);
            let test = [Test::Equal, Test::Unequal, Test::Above, Test::Below, Test::AtLeast, Test::AtMost][test];
            let predicate = vec![
                Condition { column: 0, test, code: (code % codes) as u32 },
                Condition { column: 1, test: if equal { Test::Equal } else { Test::Unequal }, code: other },
            ];
            let postings = Postings::new(&table, &columns);
            let mut found = matching(&predicate, &table, &columns, &postings, usize::MAX);
            found.sort_unstable();
            let scan: Vec<u32> = (0..rows.len())
                .filter(|row| predicate.iter().all(|one| one.holds(&columns[one.column], table.codes[one.column][*row])))
                .map(|row| row as u32)
                .collect();
            prop_assert_eq!(found, scan);
        }
    }
}
