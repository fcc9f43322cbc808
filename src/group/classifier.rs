//! Finds the class of new rows in a finished table: the release pass and the gate ask it for every batch.

use super::dictionary::{Dictionary, UNKNOWN};
use super::hash::Mixer;
use super::packing::Layout;
use super::table::{ClassTable, Values};
use crate::value::Text;

/// A frozen class table, asked by all workers at once.
pub struct Classifier {
    columns: Vec<Column>,
    layout: Layout,
    mixer: Mixer,
    /// Packed key and class + 1; 0 marks a free slot.
    slots: Vec<u64>,
    mask: usize,
}

struct Column {
    dictionary: Dictionary,
    /// The table's code of each dictionary code.
    codes: Vec<u32>,
}

/// Buffers of one worker, kept between batches.
#[derive(Default)]
pub struct ClassifierScratch {
    codes: Vec<u32>,
    keys: Vec<u64>,
    known: Vec<bool>,
}

/// No class of the table has these values.
pub const NO_CLASS: u32 = u32::MAX;

impl Classifier {
    pub(super) fn new(table: &ClassTable) -> Self {
        let columns: Vec<Column> = table.quasi.iter().map(Column::new).collect();
        let layout =
            Layout::new(table.quasi.iter().map(|values| u32::try_from(values.len()).expect("codes are 32 bits")));
        let words = layout.words();
        let capacity = (table.len() * 2).next_power_of_two().max(16);
        let mut classifier = Self {
            columns,
            layout,
            mixer: Mixer::of_process(),
            slots: vec![0; capacity * (words + 1)],
            mask: capacity - 1,
        };
        let mut key = vec![0; words];
        for class in 0..table.len() {
            key.fill(0);
            for column in 0..table.quasi.len() {
                classifier.layout.put(column, table.codes[column][class], &mut key);
            }
            let at = classifier.probe(&key);
            let slot = &mut classifier.slots[at * (words + 1)..][..=words];
            slot[..words].copy_from_slice(&key);
            slot[words] = class as u64 + 1;
        }
        classifier
    }
    /// Appends the class of every row to `out`: its place in the table, or [`NO_CLASS`].
    ///
    /// # Panics
    /// If the columns are not those of the table.
    pub fn class_of(&self, quasi: &[&Text<'_>], scratch: &mut ClassifierScratch, out: &mut Vec<u32>) {
        assert!(quasi.len() == self.columns.len(), "the columns are those of the table");
        let Some(rows) = quasi.first().map(|cells| cells.len()) else { return };
        let words = self.layout.words();
        scratch.keys.clear();
        scratch.keys.resize(rows * words, 0);
        scratch.known.clear();
        scratch.known.resize(rows, true);
        for (at, (column, cells)) in self.columns.iter().zip(quasi).enumerate() {
            scratch.codes.clear();
            column.dictionary.look_up(cells, &mut scratch.codes);
            for (code, known) in scratch.codes.iter_mut().zip(&mut scratch.known) {
                *code = if *code == UNKNOWN {
                    *known = false;
                    0
                } else {
                    column.codes[*code as usize]
                };
            }
            self.layout.pack_column(at, &scratch.codes, &mut scratch.keys, words);
        }
        out.reserve(rows);
        for (key, &known) in scratch.keys.chunks_exact(words).zip(&scratch.known) {
            let found = if known { self.slots[self.probe(key) * (words + 1) + words] } else { 0 };
            out.push(u32::try_from(found).map_or(NO_CLASS, |class| class.wrapping_sub(1)));
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
    fn probe(&self, key: &[u64]) -> usize {
        let words = self.layout.words();
        let mut at = self.mixer.words(key) as usize & self.mask;
        loop {
            let slot = &self.slots[at * (words + 1)..][..=words];
            if slot[words] == 0 || slot[..words] == *key {
                return at;
            }
            at = (at + 1) & self.mask;
        }
    }
}

impl Column {
    fn new(values: &Values) -> Self {
        let mut dictionary = Dictionary::new();
        let mut codes = vec![0];
        for (code, value) in (0_u32..).zip(values.iter()) {
            match value {
                None => dictionary.note_null(),
                Some(value) => {
                    dictionary.intern(value);
                    codes.push(code);
                }
            }
        }
        Self { dictionary, codes }
    }
}
