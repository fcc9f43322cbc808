//! How many members share each released value of the columns that are no quasi-identifiers and no tokens, and each tuple of columns that
//! promise it together.
//!
//! For each value the members are counted up to the limit that is asked, so memory is bounded by different values, and
//! those are sampled by their marks where there are many. The least and the greatest number are followed apart.

use super::distinct::{slot, spread};
use super::{Case, Count, Marks, Place, Reading};
use crate::value::{Batch, Column, Decimal, Text};
use hashbrown::HashTable;
use std::cmp::Ordering;

/// Different values of a column that are kept.
const VALUES: usize = 1 << 15;

/// Every column that is looked at.
pub(super) struct ValueSupport {
    subject: Option<usize>,
    pub(super) columns: Vec<Support>,
    /// Columns together: their places, and their tuples as if they were values.
    pub(super) tuples: Vec<(Vec<usize>, Support)>,
}

/// One of them.
pub(super) struct Support {
    /// Place among the released columns.
    pub(super) place: usize,
    /// Cells that are not null.
    pub(super) cells: u64,
    /// One in `2^halvings` different values is kept.
    pub(super) halvings: u32,
    /// Whether it holds numbers or dates, whose extremes stand out.
    ordered: bool,
    /// Members that each value must have; 1 where nothing is asked.
    pub(super) limit: usize,
    kept: HashTable<Value>,
    least: Option<Extreme>,
    greatest: Option<Extreme>,
}

struct Value {
    mark: u64,
    rows: u64,
    /// Marks of its members, up to the limit; empty where rows are members.
    members: Vec<u64>,
}

/// An extreme number and its members.
struct Extreme {
    number: f64,
    value: Value,
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
    reading.mark(all.iter().copied());
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

impl Support {
    fn new(place: usize, limit: usize, ordered: bool) -> Self {
        Self { place, cells: 0, halvings: 0, ordered, limit, kept: HashTable::new(), least: None, greatest: None }
    }
    /// Different values, about: exact where nothing was halved.
    pub(super) fn distinct(&self) -> u64 {
        (self.kept.len() as u64) << self.halvings
    }
    /// Different values with fewer members than the limit, about.
    pub(super) fn rare(&self) -> u64 {
        (self.kept.iter().filter(|value| value.count() < self.limit as u64).count() as u64) << self.halvings
    }
    /// Members of the least and the greatest number, up to the limit.
    pub(super) fn extremes(&self) -> Option<(u64, u64)> {
        Some((self.least.as_ref()?.value.count(), self.greatest.as_ref()?.value.count()))
    }

    /// Takes the marks of tuples; zero is one without a cell. Rows are members.
    fn add_tuples(&mut self, marks: impl Iterator<Item = u64>) {
        for mark in marks.filter(|mark| *mark > 0) {
            self.cells += 1;
            if mark.trailing_zeros() < self.halvings {
                continue;
            }
            match self.kept.find_mut(slot(mark), |known| known.mark == mark) {
                Some(known) => known.rows += 1,
                None => self.keep(Value { mark, rows: 1, members: Vec::new() }),
            }
        }
    }
    /// Takes cells with their marks; of the members' cells the marks are enough.
    fn add(&mut self, cells: &Text<'_>, marks: &[u64], members: Option<&[u64]>) {
        for (row, mark) in marks.iter().copied().enumerate() {
            let Some(cell) = cells.get(row) else { continue };
            self.cells += 1;
            let kept = mark.trailing_zeros() >= self.halvings;
            let number = if self.ordered { number_of(cell) } else { None };
            let stands_out = number.is_some_and(|number| {
                self.least.as_ref().is_none_or(|extreme| number <= extreme.number)
                    || self.greatest.as_ref().is_none_or(|extreme| number >= extreme.number)
            });
            if !kept && !stands_out {
                continue;
            }
            let member = members.map(|members| members[row]);
            let one = || Value { mark, rows: 1, members: member.into_iter().collect() };
            if kept {
                // most cells hold a value that is known: nothing is allocated for them
                match self.kept.find_mut(slot(mark), |known| known.mark == mark) {
                    Some(known) => known.count_in(1, member.as_slice(), self.limit),
                    None => self.keep(one()),
                }
            }
            if let Some(number) = number.filter(|_| stands_out) {
                self.stand_out(number, &one);
            }
        }
    }
    fn keep(&mut self, value: Value) {
        if value.mark.trailing_zeros() < self.halvings {
            return;
        }
        let limit = self.limit;
        if let Some(known) = self.kept.find_mut(slot(value.mark), |known| known.mark == value.mark) {
            known.merge(&value, limit);
            return;
        }
        self.kept.insert_unique(slot(value.mark), value, |value| slot(value.mark));
        while self.kept.len() > VALUES && self.halvings < 40 {
            self.ask(self.halvings + 1);
        }
    }
    fn ask(&mut self, halvings: u32) {
        self.halvings = self.halvings.max(halvings);
        let needed = self.halvings;
        self.kept.retain(|value| value.mark.trailing_zeros() >= needed);
    }
    fn stand_out(&mut self, number: f64, value: &dyn Fn() -> Value) {
        let limit = self.limit;
        for (extreme, beyond) in [(&mut self.least, Ordering::Less), (&mut self.greatest, Ordering::Greater)] {
            join(extreme, Extreme { number, value: value() }, beyond, limit);
        }
    }
    fn absorb(&mut self, other: Self) {
        self.cells += other.cells;
        self.ask(other.halvings);
        for value in other.kept {
            self.keep(value);
        }
        for (mine, theirs, beyond) in
            [(&mut self.least, other.least, Ordering::Less), (&mut self.greatest, other.greatest, Ordering::Greater)]
        {
            if let Some(theirs) = theirs {
                join(mine, theirs, beyond, self.limit);
            }
        }
    }
}

/// Takes what lies beyond the extreme so far, and the members of what equals it.
fn join(extreme: &mut Option<Extreme>, other: Extreme, beyond: Ordering, limit: usize) {
    let Some(known) = extreme else {
        *extreme = Some(other);
        return;
    };
    match other.number.total_cmp(&known.number) {
        Ordering::Equal => known.value.merge(&other.value, limit),
        order if order == beyond => *known = other,
        _ => {}
    }
}

impl Value {
    /// Members, up to the limit where they are persons.
    fn count(&self) -> u64 {
        if self.members.is_empty() { self.rows } else { self.members.len() as u64 }
    }
    fn merge(&mut self, other: &Self, limit: usize) {
        self.count_in(other.rows, &other.members, limit);
    }
    fn count_in(&mut self, rows: u64, members: &[u64], limit: usize) {
        self.rows += rows;
        for member in members {
            if self.members.len() >= limit {
                break;
            }
            if !self.members.contains(member) {
                self.members.push(*member);
            }
        }
    }
}

/// A number, or a date as one; none for what is neither.
fn number_of(cell: &[u8]) -> Option<f64> {
    if cell.len() >= 8 && cell[4] == b'-' {
        let digits: Vec<u8> = cell.iter().copied().filter(u8::is_ascii_digit).collect();
        return Decimal::parse(&digits).map(Decimal::to_f64);
    }
    Decimal::parse(cell).map(Decimal::to_f64)
}

impl Count for ValueSupport {
    fn fork(&self) -> Self {
        let fork = |column: &Support| Support::new(column.place, column.limit, column.ordered);
        Self {
            subject: self.subject,
            columns: self.columns.iter().map(fork).collect(),
            tuples: self.tuples.iter().map(|(places, tuples)| (places.clone(), fork(tuples))).collect(),
        }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, marks: &Marks) {
        let members = self.subject.map(|at| marks.of(at));
        for column in &mut self.columns {
            let cells: &Column<'_> = &batch.columns[column.place];
            column.add(&cells.to_text(), marks.of(column.place), members);
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
