//! One worker's share of a survey: cells in, counted tuples out.
//!
//! Responsible for: encoding the cells of a batch and counting the tuples of codes. Given: text columns, batch by batch.
//! Memory grows with distinct tuples (with a subject: distinct pairs of tuple and subject), never with rows.

use super::counter::Counter;
use super::dictionary::Dictionary;
use super::hash::Mixer;
use super::overflow::Run;
use super::packing::Layout;
use crate::value::Text;

/// What a survey counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Quasi-identifying columns.
    pub quasi: usize,
    /// Sensitive columns whose values are counted in each class.
    pub sensitive: usize,
    /// Whether a column names the person that a row belongs to, and classes count persons.
    pub subject: bool,
}

/// Counts the tuples of one worker's batches.
pub struct TableBuilder {
    pub(super) shape: Shape,
    /// Quasi columns, then sensitive columns.
    pub(super) dictionaries: Vec<Dictionary>,
    pub(super) layout: Layout,
    pub(super) tallies: Vec<Tally>,
    /// What went elsewhere.
    pub(super) runs: Vec<Run>,
    codes: Vec<u32>,
    keys: Vec<u64>,
    tailed: Vec<u64>,
}

/// One table of counts: the packed tuple, then what is counted beside it.
pub(super) struct Tally {
    pub(super) tail: Tail,
    pub(super) counter: Counter,
}

/// What stands behind the tuple in a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    None,
    /// The code of a sensitive column, by its place among all columns.
    Sensitive(usize),
    /// The 128-bit mark of the subject.
    Subject,
}

impl Tail {
    pub(super) fn words(self) -> usize {
        match self {
            Self::None => 0,
            Self::Sensitive(_) => 1,
            Self::Subject => 2,
        }
    }
}

/// Rows that are encoded before they are counted: so few that their cells stay in the first cache from column to column.
const CHUNK: usize = 256;

impl TableBuilder {
    /// An empty share.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        let layout = Layout::new(std::iter::repeat_n(2, shape.quasi));
        let mut tails: Vec<Tail> = (0..shape.sensitive).map(|at| Tail::Sensitive(shape.quasi + at)).collect();
        if shape.subject {
            tails.push(Tail::Subject);
        }
        if tails.is_empty() {
            tails.push(Tail::None);
        }
        let words = layout.words();
        let tallies =
            tails.into_iter().map(|tail| Tally { tail, counter: Counter::new(words + tail.words()) }).collect();
        let columns = shape.quasi + shape.sensitive;
        Self {
            shape,
            dictionaries: (0..columns).map(|_| Dictionary::new()).collect(),
            layout,
            tallies,
            runs: Vec::new(),
            codes: vec![0; columns * CHUNK],
            keys: Vec::new(),
            tailed: Vec::new(),
        }
    }
    /// Counts the rows of a batch. The columns are those of the shape, all of one length; a missing subject is a person
    /// of its own kind: all rows without one count as one person.
    ///
    /// # Panics
    /// If the columns are not those of the shape.
    pub fn add(&mut self, quasi: &[&Text<'_>], sensitive: &[&Text<'_>], subject: Option<&Text<'_>>) {
        assert!(
            quasi.len() == self.shape.quasi
                && sensitive.len() == self.shape.sensitive
                && subject.is_some() == self.shape.subject,
            "the columns are those of the shape"
        );
        let columns = || quasi.iter().chain(sensitive);
        let Some(rows) = columns().map(|cells| cells.len()).next().or(subject.map(Text::len)) else { return };
        assert!(columns().all(|cells| cells.len() == rows), "all columns are of one length");
        for from in (0..rows).step_by(CHUNK) {
            let length = CHUNK.min(rows - from);
            for (at, cells) in columns().enumerate() {
                self.dictionaries[at].encode(cells, from, &mut self.codes[at * CHUNK..][..length]);
            }
            self.make_room();
            self.count(from, length, subject);
        }
    }
    /// Counts `rows` rows of a table that has no quasi-identifying, sensitive or subject column: they are one class.
    pub fn add_rows(&mut self, rows: u64) {
        if rows > 0 && self.dictionaries.is_empty() && !self.shape.subject {
            self.tallies[0].counter.add_times(&[0], rows);
        }
    }
    /// Memory held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let dictionaries: usize = self.dictionaries.iter().map(Dictionary::bytes).sum();
        dictionaries + self.tallies.iter().map(|tally| tally.counter.bytes()).sum::<usize>()
    }
    /// Distinct tuples so far (with sensitive columns or a subject: tuples with theirs).
    #[must_use]
    pub fn tuples(&self) -> usize {
        self.tallies.iter().map(|tally| tally.counter.len()).max().unwrap_or(0)
    }

    fn count(&mut self, from: usize, length: usize, subject: Option<&Text<'_>>) {
        let words = self.layout.words();
        self.keys.clear();
        self.keys.resize(length * words, 0);
        for column in 0..self.shape.quasi {
            self.layout.pack_column(column, &self.codes[column * CHUNK..][..length], &mut self.keys, words);
        }
        for tally in &mut self.tallies {
            if tally.tail == Tail::None {
                tally.counter.add(&self.keys);
                continue;
            }
            self.tailed.clear();
            let mixer = Mixer::of_process();
            for (row, key) in self.keys.chunks_exact(words).enumerate() {
                self.tailed.extend_from_slice(key);
                match tally.tail {
                    Tail::None => {}
                    Tail::Sensitive(column) => self.tailed.push(u64::from(self.codes[column * CHUNK + row])),
                    Tail::Subject => {
                        let subject = subject.expect("the shape has a subject");
                        self.tailed.extend(subject.get(from + row).map_or([0, 0], |cell| mixer.mark(cell)));
                    }
                }
            }
            tally.counter.add(&self.tailed);
        }
    }
    /// Widens the keys where a column has more codes than its bits hold.
    fn make_room(&mut self) {
        let limits = || self.dictionaries[..self.shape.quasi].iter().map(Dictionary::codes);
        if limits().enumerate().all(|(column, limit)| self.layout.holds(column, limit)) {
            return;
        }
        let wider = Layout::new(limits());
        for tally in &mut self.tallies {
            let mut old = std::mem::replace(&mut tally.counter, Counter::new(wider.words() + tally.tail.words()));
            old.settle();
            let mut packed = vec![0; tally.counter.words()];
            for (key, count) in old.iter() {
                packed.fill(0);
                for column in 0..wider.columns() {
                    wider.put(column, self.layout.get(column, key), &mut packed);
                }
                packed[wider.words()..].copy_from_slice(&key[self.layout.words()..]);
                tally.counter.add_times(&packed, count);
            }
        }
        self.layout = wider;
    }
}
