//! The class table: every distinct tuple of quasi-identifying values, with how many rows and persons share it.

use super::classifier::Classifier;
use super::persons::Persons;

/// Distinct values of a column in order: null first if there is one, then by bytes. A value's code is its place.
pub struct Values {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
    pub(super) null: bool,
}

impl Values {
    /// How many there are, null included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
    /// Whether null is one of them; then its code is 0.
    #[must_use]
    pub fn has_null(&self) -> bool {
        self.null
    }
    /// The value of a code; `None` is null.
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&[u8]> {
        let at = code as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        if self.null && at == 0 { None } else { Some(&self.bytes[start..self.ends[at]]) }
    }
    /// All values in order of their codes.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a code always fits")]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        (0..self.len()).map(|at| self.get(u32::try_from(at).expect("codes are 32 bits")))
    }
}

/// How often each value of a sensitive column stands in each class, in rows.
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    pub(super) starts: Vec<usize>,
    pub(super) codes: Vec<u32>,
    pub(super) counts: Vec<u64>,
}

impl Histogram {
    /// The values of a class, ascending by code, and the rows of each.
    #[must_use]
    pub fn of(&self, class: usize) -> (&[u32], &[u64]) {
        let range = self.starts[class]..self.starts[class + 1];
        (&self.codes[range.clone()], &self.counts[range])
    }
    /// Rows of each value in the whole table.
    #[must_use]
    pub fn totals(&self, values: usize) -> Vec<u64> {
        let mut totals = vec![0; values];
        for (&code, &count) in self.codes.iter().zip(&self.counts) {
            totals[code as usize] += count;
        }
        totals
    }
}

/// Persons that stand in more than one class: their classes cannot simply be added up. The others can.
#[derive(Clone, PartialEq, Eq)]
pub struct Shared {
    pub(super) starts: Vec<usize>,
    pub(super) persons: Vec<u32>,
    pub(super) distinct: u32,
}

impl Shared {
    /// The persons of a class that stand in other classes too; numbers mean nothing outside the table.
    #[must_use]
    pub fn of(&self, class: usize) -> &[u32] {
        &self.persons[self.starts[class]..self.starts[class + 1]]
    }
    /// How many such persons there are.
    #[must_use]
    pub fn persons(&self) -> u32 {
        self.distinct
    }
}

/// Every class of a table; classes are in order of their codes.
pub struct ClassTable {
    pub(super) quasi: Vec<Values>,
    pub(super) sensitive: Vec<Values>,
    pub(super) codes: Vec<Vec<u32>>,
    pub(super) rows: Vec<u64>,
    pub(super) members: Vec<u64>,
    pub(super) histograms: Vec<Histogram>,
    pub(super) shared: Option<Shared>,
    pub(super) persons: Option<Persons>,
}

impl ClassTable {
    /// Number of classes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    /// Whether there is no class, and so no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
    /// Values of each quasi-identifying column.
    #[must_use]
    pub fn quasi(&self) -> &[Values] {
        &self.quasi
    }
    /// Values of each sensitive column.
    #[must_use]
    pub fn sensitive(&self) -> &[Values] {
        &self.sensitive
    }
    /// Codes of one quasi-identifying column, one for each class.
    #[must_use]
    pub fn codes(&self, column: usize) -> &[u32] {
        &self.codes[column]
    }
    /// Rows of each class.
    #[must_use]
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }
    /// Members of each class: distinct subjects where a subject was counted, else rows.
    #[must_use]
    pub fn members(&self) -> &[u64] {
        &self.members
    }
    /// Rows of the whole table.
    #[must_use]
    pub fn total_rows(&self) -> u64 {
        self.rows.iter().sum()
    }
    /// Histogram of one sensitive column.
    #[must_use]
    pub fn histogram(&self, column: usize) -> &Histogram {
        &self.histograms[column]
    }
    /// Persons that stand in several classes, where subjects were counted.
    #[must_use]
    pub fn shared(&self) -> Option<&Shared> {
        self.shared.as_ref()
    }
    /// Every person with all their rows together, where subjects were counted.
    #[must_use]
    pub fn persons(&self) -> Option<&Persons> {
        self.persons.as_ref()
    }
    /// Finds the class of new rows.
    #[must_use]
    pub fn classifier(&self) -> Classifier {
        Classifier::new(self)
    }
    /// Memory held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let values: usize = self.quasi.iter().chain(&self.sensitive).map(|v| v.bytes.len() + v.ends.len() * 8).sum();
        let histograms: usize = self.histograms.iter().map(|h| h.starts.len() * 8 + h.codes.len() * 12).sum();
        let shared = self.shared.as_ref().map_or(0, |s| s.starts.len() * 8 + s.persons.len() * 4);
        let persons = self.persons.as_ref().map_or(0, Persons::bytes);
        values + histograms + shared + persons + self.len() * (16 + 4 * self.codes.len())
    }
}
