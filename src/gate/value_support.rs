//! How many members share each released value of the columns that are no quasi-identifiers and no tokens, and each tuple of columns that
//! promise it together.
//!
//! For each value the members are counted up to the limit that is asked, so memory is bounded by different values, and
//! those are sampled by their marks where there are many. The least and the greatest number are followed apart.

use super::distinct::spread;
use super::support::Support;
use super::{Case, Count, Marks, Place, Reading};
use crate::value::Batch;

/// Every column that is looked at.
pub(super) struct ValueSupport {
    subject: Option<usize>,
    pub(super) columns: Vec<Support>,
    /// Columns together: their places, and their tuples as if they were values.
    pub(super) tuples: Vec<(Vec<usize>, Support)>,
}

/// Places of the columns whose values are looked at.
pub(super) fn places(case: &Case<'_>) -> Vec<usize> {
    let policy = case.policy;
    let looked_at = |at: &usize| {
        let column = &policy.columns[*at];
        // a quasi-identifier's values are shared by whole classes; random numbers belong to nobody
        !policy.quasi.contains(at) && column.token.is_none() && !matches!(column.operator, "noise" | "redact")
    };
    (0..policy.columns.len()).filter(looked_at).collect()
}

/// Places of columns that promise together by how many rows each tuple is shared.
pub(super) fn together(case: &Case<'_>) -> Vec<Vec<usize>> {
    let columns = case.policy.columns.iter().enumerate();
    columns
        .filter(|(at, column)| column.together.first() == Some(at))
        .map(|(_, column)| column.together.clone())
        .collect()
}

/// Members that a value must have; none where the profile asks for no k and no support.
pub(super) fn limit(case: &Case<'_>) -> Option<u64> {
    case.policy.limits.value_support.or(case.policy.k.map(|k| u64::from(k.get())))
}

/// The same of one column, with what its operator promises.
pub(super) fn limit_of(case: &Case<'_>, place: usize) -> Option<u64> {
    limit(case).max(case.policy.columns[place].shared_by)
}

/// Has the values counted.
pub(super) fn want(case: &Case<'_>, reading: &mut Reading) {
    let (places, together) = (places(case), together(case));
    if places.is_empty() && together.is_empty() {
        return;
    }
    let subject = case.policy.subject;
    let all: Vec<usize> = places.iter().chain(together.iter().flatten()).copied().chain(subject).collect();
    if subject.is_some() {
        reading.mark(all.iter().copied());
    } else {
        reading.sight(places.iter().copied());
        reading.mark(together.iter().flatten().copied());
    }
    let promised = |place: usize| case.policy.columns[place].shared_by.and_then(|rows| usize::try_from(rows).ok());
    reading.want(all, || ValueSupport {
        subject,
        tuples: together
            .into_iter()
            .map(|places| {
                let support = Support::new(places[0], promised(places[0]).unwrap_or(usize::MAX), false);
                (places, support)
            })
            .collect(),
        columns: places
            .iter()
            .map(|place| {
                let semantic = case.policy.sources[case.policy.columns[*place].source].semantic;
                let limit = usize::try_from(limit_of(case, *place).unwrap_or(1)).unwrap_or(usize::MAX);
                Support::new(*place, limit, is_ordered(semantic))
            })
            .collect(),
    });
}

fn is_ordered(semantic: crate::domain::SemanticType) -> bool {
    use crate::domain::SemanticType::{Date, Decimal, Integer, Timestamp};
    matches!(semantic, Integer | Decimal | Date | Timestamp)
}

impl Count for ValueSupport {
    fn fork(&self) -> Self {
        let fork = |column: &Support| column.fork();
        Self {
            subject: self.subject,
            columns: self.columns.iter().map(fork).collect(),
            tuples: self.tuples.iter().map(|(places, tuples)| (places.clone(), fork(tuples))).collect(),
        }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, marks: &Marks) {
        let members = self.subject.map(|at| marks.of(at));
        for column in &mut self.columns {
            let cells = batch.columns[column.place].to_text();
            column.add(&cells, marks, members);
        }
        for (places, tuples) in &mut self.tuples {
            let columns: Vec<&[u64]> = places.iter().map(|place| marks.of(*place)).collect();
            let mark = |row: usize| {
                let cells = || columns.iter().map(|column| column[row]);
                if cells().all(|mark| mark == 0) { 0 } else { cells().fold(1, |all, mark| spread(spread(all) ^ mark)) }
            };
            tuples.add_tuples((0..batch.rows).map(mark));
        }
    }
    fn absorb(&mut self, other: Self) {
        for (column, other) in self.columns.iter_mut().zip(other.columns) {
            column.absorb(other);
        }
        for ((_, tuples), (_, other)) in self.tuples.iter_mut().zip(other.tuples) {
            tuples.absorb(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Marker;
    use crate::gate::numbers::number_of;
    use crate::value::{Column, TextBuilder};
    use std::collections::{BTreeMap, BTreeSet};

    /// What is told of a column.
    fn told(support: &Support) -> (u64, u64, u64, u32, Option<(u64, u64)>) {
        (support.cells, support.distinct(), support.rare(), support.halvings, support.extremes())
    }

    fn batches(cells: &[(Option<String>, u32)], rows: usize) -> Vec<Batch<'static>> {
        let batch = |(number, cells): (usize, &[(Option<String>, u32)])| {
            let (mut values, mut members) = (TextBuilder::default(), TextBuilder::default());
            for (cell, member) in cells {
                values.push_option(cell.as_ref().map(String::as_bytes));
                members.push(member.to_string().as_bytes());
            }
            let columns = vec![Column::Text(values.finish(false)), Column::Text(members.finish(false))];
            Batch { first_row: (number * rows) as u64, rows: cells.len(), columns }
        };
        cells.chunks(rows).enumerate().map(batch).collect()
    }

    /// Counted by some workers, each of which takes every so many batches.
    fn counted(
        marks: impl Fn() -> Marks,
        batches: &[Batch<'_>],
        subject: Option<usize>,
        limit: usize,
        workers: usize,
    ) -> Support {
        let support = ValueSupport { subject, columns: vec![Support::new(0, limit, true)], tuples: Vec::new() };
        let mut all = support.fork();
        for worker in 0..workers {
            let (mut mine, mut marks) = (support.fork(), marks());
            for batch in batches.iter().skip(worker).step_by(workers) {
                for (at, column) in batch.columns.iter().enumerate() {
                    marks.take(at, column);
                    marks.sight(at, column);
                }
                mine.batch(Place { file: 0, shard: 0, first_row: batch.first_row }, batch, &marks);
            }
            all.absorb(mine);
        }
        all.columns.remove(0)
    }

    #[test]
    fn of_too_many_values_the_same_share_is_kept_whoever_counts_and_however_cells_are_taken_together() {
        let cells = (0..120_000_u32).map(|row| {
            // most rows alone, some values often
            let number = if row % 3 == 0 { row % 50 } else { row };
            (Some(format!("{}.{:02}", number / 100, number % 100)), row % 7)
        });
        let (batches, marker) = (batches(&cells.collect::<Vec<_>>(), 5000), Marker::new(6));
        let plain = counted(|| Marks::one_by_one(marker.clone(), 2), &batches, None, 2, 1);
        assert!(plain.halvings > 0 && plain.rare() > 0 && plain.cells == 120_000);
        assert_eq!(told(&counted(|| Marks::new(marker.clone(), 2), &batches, None, 2, 3)), told(&plain));
    }

    proptest::proptest! {
        #[test]
        fn counts_are_the_same_with_and_without_cells_taken_together_and_as_a_plain_count_has_them(
            numbers in proptest::collection::vec((proptest::option::weighted(0.9, 0..3000_u32), 0..40_u32), 1..3000),
            most in 1..3000_u32, digits in 0..3_usize, rows in 200..1500_usize, limit in 1..6_usize, by_person: bool,
        ) {
            let text = |number: u32| match number % 50 {
                // other texts of the same numbers, dates, and what is no number
                7 => format!("{}.0", number % most),
                8 => format!("-{}", number % most),
                9 => format!("20{:02}-03-{:02}", number % 7, 1 + number % 28),
                10 => "none".to_owned(),
                _ => format!("{:.digits$}", f64::from(number % most) / 8.0),
            };
            let cells: Vec<(Option<String>, u32)> = numbers.into_iter().map(|(number, member)| (number.map(text), member)).collect();
            let (batches, marker) = (batches(&cells, rows), Marker::new(2));
            let subject = by_person.then_some(1);
            let together = counted(|| Marks::new(marker.clone(), 2), &batches, subject, limit, 1);
            for workers in [1, 3] {
                let alone = counted(|| Marks::one_by_one(marker.clone(), 2), &batches, subject, limit, workers);
                let both = counted(|| Marks::new(marker.clone(), 2), &batches, subject, limit, workers);
                proptest::prop_assert_eq!(told(&alone), told(&together));
                proptest::prop_assert_eq!(told(&both), told(&together));
            }
            let mut plain: BTreeMap<&str, (u64, BTreeSet<u32>)> = BTreeMap::new();
            let mut extremes: BTreeMap<i128, (u64, BTreeSet<u32>)> = BTreeMap::new();
            for (cell, member) in &cells {
                let Some(cell) = cell else { continue };
                let count = |(rows, members): &mut (u64, BTreeSet<u32>)| {
                    *rows += 1;
                    members.insert(*member);
                };
                count(plain.entry(cell.as_str()).or_default());
                if let Some(number) = number_of(cell.as_bytes()) {
                    // eighths are exact
                    #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
                    count(extremes.entry((number * 1000.0).round() as i128).or_default());
                }
            }
            let members = |(rows, members): &(u64, BTreeSet<u32>)| if by_person { members.len() as u64 } else { *rows };
            let shown = |count: u64| if by_person { count.min(limit as u64) } else { count };
            proptest::prop_assert_eq!(together.distinct(), plain.len() as u64);
            proptest::prop_assert_eq!(together.rare(), plain.values().filter(|value| members(value) < limit as u64).count() as u64);
            let ends = extremes.values().next().zip(extremes.values().next_back());
            proptest::prop_assert_eq!(together.extremes(), ends.map(|(least, greatest)| (shown(members(least)), shown(members(greatest)))));
        }
    }
}
