//! Tables as an attack sees them: codes of shared dictionaries, numbers as ranges, so that a generalized value and a raw one
//! can be held against each other.

use hashbrown::HashMap;
use std::collections::BTreeSet;

/// A number, a date in days, or a range of them: both ends in.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// What the codes of a column mean. A cell's text is not kept longer than it takes to order the codes.
pub struct Column {
    /// Name, as released.
    pub name: String,
    pub(super) cells: Cells,
}

/// The values behind the codes; the last code of a column is null where there is one.
pub enum Cells {
    /// Numbers, dates and ranges of them, in order of their lower ends.
    Number(Numbers),
    /// Anything else: equal or not.
    Category(Categories),
}

/// Ordered ranges.
pub struct Numbers {
    pub(super) ranges: Vec<Range>,
    /// Whether the code after the last range is null.
    pub(super) null: bool,
    /// Largest less smallest, at least something.
    pub(super) span: f64,
}

/// Values without order.
pub struct Categories {
    /// How many codes there are.
    pub(super) values: u32,
    /// Whether the last one is null.
    pub(super) null: bool,
}

impl Column {
    /// How many codes there are, null included.
    #[must_use]
    pub fn codes(&self) -> usize {
        match &self.cells {
            Cells::Number(numbers) => numbers.ranges.len() + usize::from(numbers.null),
            Cells::Category(categories) => categories.values as usize,
        }
    }
    /// Whether distances and order mean something.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self.cells, Cells::Number(_))
    }
    /// Whether a code is null.
    pub(super) fn is_null(&self, code: u32) -> bool {
        let null = match &self.cells {
            Cells::Number(numbers) => numbers.null,
            Cells::Category(categories) => categories.null,
        };
        null && code as usize + 1 == self.codes()
    }
    /// The range behind a code; `None` for null and where values have no order.
    pub(super) fn range(&self, code: u32) -> Option<Range> {
        match &self.cells {
            Cells::Number(numbers) => numbers.ranges.get(code as usize).copied(),
            Cells::Category(_) => None,
        }
    }
    /// Between 0 and 1 (Gower, "A general coefficient of similarity", Biometrics 27, 1971): numbers by how far their ends
    /// are apart over the span of the column, others 0 where equal and else 1. Null is a value of its own.
    pub(super) fn distance(&self, one: u32, other: u32) -> f64 {
        if one == other {
            return 0.0;
        }
        match (&self.cells, self.range(one), self.range(other)) {
            (Cells::Number(numbers), Some(one), Some(other)) => {
                f64::midpoint((one.low - other.low).abs(), (one.high - other.high).abs()) / numbers.span
            }
            _ => 1.0,
        }
    }
}

/// Rows as codes, column by column.
#[derive(Default)]
pub struct Table {
    pub(super) codes: Vec<Vec<u32>>,
    pub(super) rows: usize,
}

impl Table {
    /// A table of these columns, all of one length.
    ///
    /// # Panics
    /// If they are not.
    #[must_use]
    pub fn new(codes: Vec<Vec<u32>>) -> Self {
        let rows = codes.first().map_or(0, Vec::len);
        assert!(codes.iter().all(|column| column.len() == rows), "columns of one length");
        Self { codes, rows }
    }
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }
    /// The codes of some columns of a row.
    pub(super) fn tuple(&self, columns: &[usize], row: usize) -> Vec<u32> {
        columns.iter().map(|column| self.codes[*column][row]).collect()
    }
    /// These rows, in this order.
    pub(super) fn picked(&self, rows: &[u32]) -> Self {
        let pick = |column: &Vec<u32>| rows.iter().map(|row| column[*row as usize]).collect();
        Self { codes: self.codes.iter().map(pick).collect(), rows: rows.len() }
    }
    /// Every different row once, in order of first appearance.
    pub(super) fn distinct(&self) -> Self {
        let all: Vec<usize> = (0..self.codes.len()).collect();
        let mut seen = BTreeSet::new();
        let rows: Vec<u32> = (0..u32::try_from(self.rows).expect("fewer than 2^32 rows"))
            .filter(|row| seen.insert(self.tuple(&all, *row as usize)))
            .collect();
        self.picked(&rows)
    }
}

/// A release, the originals put through its generalization, and people who were never in it.
pub struct Tables {
    /// The columns that all have.
    pub columns: Vec<Column>,
    /// What was released.
    pub release: Table,
    /// The people of the release.
    pub original: Table,
    /// People of the same kind that are not in the originals.
    pub control: Option<Table>,
}

impl Tables {
    /// The place of a column.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
    /// Whether a column of the release says anything that is in the originals too. Tokens and fresh names do not; numbers are
    /// always near to some.
    #[must_use]
    pub fn is_comparable(&self, column: usize) -> bool {
        let mut released = vec![false; self.columns[column].codes()];
        for code in &self.release.codes[column] {
            released[*code as usize] = true;
        }
        let meets = |code: &u32| released[*code as usize] && !self.columns[column].is_null(*code);
        self.columns[column].is_number() || self.release.is_empty() || self.original.codes[column].iter().any(meets)
    }
    /// Some columns only, in this order.
    #[must_use]
    pub fn only(mut self, columns: &[usize]) -> Self {
        let pick = |table: &mut Table| {
            let codes = columns.iter().map(|at| std::mem::take(&mut table.codes[*at])).collect();
            *table = Table { codes, rows: table.rows };
        };
        pick(&mut self.release);
        pick(&mut self.original);
        self.control.iter_mut().for_each(pick);
        let mut all: Vec<Option<Column>> = self.columns.into_iter().map(Some).collect();
        self.columns = columns.iter().filter_map(|at| all[*at].take()).collect();
        self
    }
    /// The same with equal rows counted once.
    pub(super) fn distinct(&self) -> [Option<Table>; 3] {
        [Some(self.release.distinct()), Some(self.original.distinct()), self.control.as_ref().map(Table::distinct)]
    }
}

/// Rows by code, for each column: which rows hold a code, or any of a range of codes.
pub(super) struct Postings {
    starts: Vec<Vec<usize>>,
    rows: Vec<Vec<u32>>,
}

impl Postings {
    pub(super) fn new(table: &Table, columns: &[Column]) -> Self {
        let mut postings = Self { starts: Vec::new(), rows: Vec::new() };
        for (codes, column) in table.codes.iter().zip(columns) {
            let mut starts = vec![0; column.codes() + 1];
            for code in codes {
                starts[*code as usize + 1] += 1;
            }
            for at in 1..starts.len() {
                starts[at] += starts[at - 1];
            }
            let (mut next, mut rows) = (starts.clone(), vec![0; codes.len()]);
            for (row, code) in (0..).zip(codes) {
                rows[next[*code as usize]] = row;
                next[*code as usize] += 1;
            }
            postings.starts.push(starts);
            postings.rows.push(rows);
        }
        postings
    }
    /// The rows whose code lies in a range.
    pub(super) fn of(&self, column: usize, codes: std::ops::Range<usize>) -> &[u32] {
        let starts = &self.starts[column];
        let last = starts.len() - 1;
        let (from, to) = (codes.start.min(last), codes.end.min(last));
        &self.rows[column][starts[from]..starts[to.max(from)]]
    }
}

/// Different tuples of some columns, in order, with the rows that share each.
pub(super) struct Tuples {
    /// Tuple after tuple.
    pub(super) codes: Vec<Vec<u32>>,
    /// By tuple: its rows.
    pub(super) rows: Vec<Vec<u32>>,
}

impl Tuples {
    pub(super) fn new(table: &Table, columns: &[usize]) -> Self {
        let mut found: HashMap<Vec<u32>, Vec<u32>, foldhash::fast::RandomState> = HashMap::default();
        for row in 0..u32::try_from(table.rows).expect("fewer than 2^32 rows") {
            found.entry(table.tuple(columns, row as usize)).or_default().push(row);
        }
        let mut sorted: Vec<(Vec<u32>, Vec<u32>)> = found.into_iter().collect();
        sorted.sort_unstable();
        let (codes, rows) = sorted.into_iter().unzip();
        Self { codes, rows }
    }
}
