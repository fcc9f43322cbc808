//! How many members share each value of one column: all values, or an even share of them by their marks, and the extremes apart.

use super::Marks;
use super::distinct::slot;
use super::numbers::{Between, number_of};
use crate::value::Text;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::cmp::Ordering;

/// Different values of a column that are kept.
const VALUES: usize = 1 << 15;

/// One column, or some together.
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
    kept: HashTable<Known>,
    /// Members of those that are kept, up to the limit; empty where rows are members.
    members: HashMap<u64, Vec<u64>, FixedState>,
    /// What is to be looked up next: look-ups that follow each other wait for memory together.
    waiting: Vec<(u64, u64)>,
    least: Option<Extreme>,
    greatest: Option<Extreme>,
    /// Numbers that were found to lie between the two.
    between: Between,
}

/// A value that is kept: small, because there are many, and two workers share the caches.
struct Known {
    mark: u64,
    /// As far as 32 bits go, which is beyond any limit that can be asked of rows.
    rows: u32,
    /// Whether it has as many members as are asked: no more need be known.
    full: bool,
}

/// An extreme value.
struct Value {
    rows: u64,
    /// Marks of its members, up to the limit; empty where rows are members.
    members: Vec<u64>,
}

/// An extreme number and its members.
struct Extreme {
    number: f64,
    value: Value,
}

impl Support {
    pub(super) fn new(place: usize, limit: usize, ordered: bool) -> Self {
        Self {
            place,
            cells: 0,
            halvings: 0,
            ordered,
            limit,
            kept: HashTable::new(),
            members: HashMap::default(),
            waiting: Vec::new(),
            least: None,
            greatest: None,
            between: Between::default(),
        }
    }
    /// An empty one of the same.
    pub(super) fn fork(&self) -> Self {
        Self::new(self.place, self.limit, self.ordered)
    }
    /// Different values, about: exact where nothing was halved.
    pub(super) fn distinct(&self) -> u64 {
        (self.kept.len() as u64) << self.halvings
    }
    /// Different values with fewer members than the limit, about.
    pub(super) fn rare(&self) -> u64 {
        (self.kept.iter().filter(|known| self.count(known) < self.limit as u64).count() as u64) << self.halvings
    }
    /// Members of the least and the greatest number, up to the limit.
    pub(super) fn extremes(&self) -> Option<(u64, u64)> {
        Some((self.least.as_ref()?.value.count(), self.greatest.as_ref()?.value.count()))
    }

    /// Members of a value that is kept, up to the limit where they are persons.
    fn count(&self, known: &Known) -> u64 {
        self.members.get(&known.mark).map_or(u64::from(known.rows), |members| members.len() as u64)
    }

    /// Takes the marks of tuples; zero is one without a cell. Rows are members.
    pub(super) fn add_tuples(&mut self, marks: impl Iterator<Item = u64>) {
        for mark in marks.filter(|mark| *mark > 0) {
            self.cells += 1;
            self.wait(mark, 1);
        }
        self.look_up();
    }
    /// Takes the column's cells by their marks. Where rows are members, equal cells are taken together.
    pub(super) fn add(&mut self, cells: &Text<'_>, marks: &Marks, members: Option<&[u64]>) {
        let Some(members) = members else {
            marks.each(self.place, |mark, row, rows| {
                self.cells += rows;
                self.wait(mark, rows);
                self.look_at(cells, row, rows, &[]);
            });
            return self.look_up();
        };
        for (row, mark) in marks.of(self.place).iter().copied().enumerate() {
            if mark != 0 {
                let member = &members[row..=row];
                self.cells += 1;
                self.keep(mark, 1, member);
                self.look_at(cells, row, 1, member);
            }
        }
    }
    /// Has a value looked up where it is to be kept.
    #[inline]
    fn wait(&mut self, mark: u64, rows: u64) {
        if mark.trailing_zeros() >= self.halvings {
            self.waiting.push((mark, rows));
        }
    }
    fn look_up(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (mark, rows) in &waiting {
            self.keep(*mark, *rows, &[]);
        }
        self.waiting = waiting;
        self.waiting.clear();
    }
    /// Looks whether a cell of so many rows is an extreme number.
    #[inline]
    fn look_at(&mut self, cells: &Text<'_>, row: usize, rows: u64, members: &[u64]) {
        if self.ordered
            && let Some(cell) = cells.get(row)
            && !self.between.has(cell)
        {
            self.take_number(cell, rows, members);
        }
    }
    #[cold]
    fn take_number(&mut self, cell: &[u8], rows: u64, members: &[u64]) {
        let Some(number) = number_of(cell) else { return };
        let inside = self.least.as_ref().is_some_and(|extreme| number > extreme.number)
            && self.greatest.as_ref().is_some_and(|extreme| number < extreme.number);
        if inside {
            self.between.extend(cell);
        } else {
            self.stand_out(number, &|| Value { rows, members: members.to_vec() });
        }
    }
    #[inline]
    fn keep(&mut self, mark: u64, rows: u64, members: &[u64]) {
        if mark.trailing_zeros() < self.halvings {
            return;
        }
        let fewer = u32::try_from(rows).unwrap_or(u32::MAX);
        // most cells hold a value that is known
        let Some(known) = self.kept.find_mut(slot(mark), |known| known.mark == mark) else {
            return self.insert(mark, fewer, members);
        };
        known.rows = known.rows.saturating_add(fewer);
        if !members.is_empty() && !known.full {
            let all = self.members.entry(mark).or_default();
            unite(all, members, self.limit);
            known.full = all.len() >= self.limit;
        }
    }
    fn insert(&mut self, mark: u64, rows: u32, members: &[u64]) {
        self.kept.insert_unique(slot(mark), Known { mark, rows, full: false }, |known| slot(known.mark));
        if !members.is_empty() {
            self.members.insert(mark, members[..members.len().min(self.limit)].to_vec());
        }
        while self.kept.len() > VALUES && self.halvings < 40 {
            self.ask(self.halvings + 1);
        }
    }
    fn ask(&mut self, halvings: u32) {
        self.halvings = self.halvings.max(halvings);
        let needed = self.halvings;
        self.kept.retain(|known| known.mark.trailing_zeros() >= needed);
        self.members.retain(|mark, _| mark.trailing_zeros() >= needed);
    }
    fn stand_out(&mut self, number: f64, value: &dyn Fn() -> Value) {
        let limit = self.limit;
        for (extreme, beyond) in [(&mut self.least, Ordering::Less), (&mut self.greatest, Ordering::Greater)] {
            join(extreme, Extreme { number, value: value() }, beyond, limit);
        }
    }
    pub(super) fn absorb(&mut self, other: Self) {
        self.cells += other.cells;
        self.ask(other.halvings);
        for known in other.kept {
            let members = other.members.get(&known.mark).map_or(&[][..], Vec::as_slice);
            self.keep(known.mark, known.rows.into(), members);
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
        self.rows += other.rows;
        unite(&mut self.members, &other.members, limit);
    }
}

/// Takes in members that are not there yet, up to the limit.
fn unite(members: &mut Vec<u64>, others: &[u64], limit: usize) {
    for member in others {
        if members.len() >= limit {
            break;
        }
        if !members.contains(member) {
            members.push(*member);
        }
    }
}
