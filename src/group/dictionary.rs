//! From a cell's bytes to a small number, as fast as memory allows.
//!
//! Responsible for: one column's distinct values while a survey runs. Given: spans over a buffer. Codes are given in order
//! of arrival and mean nothing outside; the merge replaces them by codes in order of the values. Code 0 is null.
//! As long as no value has 8 to 15 bytes, values of at most 7 lie in their slots as one word; from then on those of at most 15
//! as two. Longer ones lie in an arena.

use super::hash::Mixer;
use crate::value::{Span, Text};
use hashbrown::HashTable;

/// Distinct values of one column.
pub(crate) struct Dictionary {
    mixer: Mixer,
    /// Values of at most 7 bytes; empty once there are longer ones.
    narrow: Vec<Narrow>,
    /// Values of at most 15 bytes; empty before.
    slots: Vec<Slot>,
    short: usize,
    long: HashTable<u32>,
    arena: Vec<u8>,
    long_values: Vec<LongValue>,
    next: u32,
    null_seen: bool,
}

/// A value of at most 7 bytes, its length and one in the top byte; 0 marks a free slot.
#[derive(Clone, Copy)]
struct Narrow {
    word: u64,
    code: u32,
}

/// A short value, its length and one in the top byte of `high`; code 0 marks a free slot.
#[derive(Clone, Copy)]
struct Slot {
    low: u64,
    high: u64,
    code: u32,
}

#[derive(Clone, Copy)]
struct LongValue {
    start: usize,
    len: usize,
    hash: u64,
    code: u32,
}

const FREE: Slot = Slot { low: 0, high: 0, code: 0 };
const FREE_NARROW: Narrow = Narrow { word: 0, code: 0 };
const SHORT: usize = 15;
const NARROW: u32 = 7;
/// What a frozen dictionary answers for a value that it does not have.
pub(crate) const UNKNOWN: u32 = u32::MAX;

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self {
            mixer: Mixer::of_process(),
            narrow: vec![FREE_NARROW; 64],
            slots: Vec::new(),
            short: 0,
            long: HashTable::new(),
            arena: Vec::new(),
            long_values: Vec::new(),
            next: 1,
            null_seen: false,
        }
    }
    /// One more than the largest code given; null has 0 whether seen or not.
    pub(crate) fn codes(&self) -> u32 {
        self.next
    }
    /// Whether a null was met.
    pub(crate) fn null_seen(&self) -> bool {
        self.null_seen
    }
    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.narrow.capacity() * size_of::<Narrow>()
            + self.slots.capacity() * size_of::<Slot>()
            + self.long.capacity() * 5
            + self.arena.capacity()
            + self.long_values.capacity() * size_of::<LongValue>()
    }
    /// Codes of `out.len()` cells from `from`, new values taken in.
    pub(crate) fn encode(&mut self, cells: &Text<'_>, from: usize, out: &mut [u32]) {
        let (bytes, spans) = (cells.bytes(), &cells.spans()[from..from + out.len()]);
        let mut at = 0;
        while at < spans.len() {
            // The known values in a loop that changes nothing: all it needs stays in registers.
            at += if self.slots.is_empty() {
                known_narrow(self.mixer, &self.narrow, bytes, &spans[at..], &mut out[at..])
            } else {
                known_short(self.mixer, &self.slots, bytes, &spans[at..], &mut out[at..])
            };
            if let Some(span) = spans.get(at) {
                out[at] = match span.get(bytes) {
                    None => {
                        self.null_seen = true;
                        0
                    }
                    Some(cell) => self.intern(cell),
                };
                at += 1;
            }
        }
    }
    /// Codes of the cells without taking new values in; [`UNKNOWN`] for those, and for null if it was never met.
    pub(crate) fn look_up(&self, cells: &Text<'_>, out: &mut Vec<u32>) {
        let bytes = cells.bytes();
        out.extend(cells.spans().iter().map(|span| match span.get(bytes) {
            None if self.null_seen => 0,
            None => UNKNOWN,
            Some(cell) if cell.len() <= SHORT => {
                let code = if !self.slots.is_empty() {
                    let (low, high) = words_of(bytes, cell);
                    self.slots[self.probe(low, high)].code
                } else if span.width() <= NARROW {
                    self.narrow[self.probe_narrow(narrow_word(bytes, *span))].code
                } else {
                    0
                };
                if code == 0 { UNKNOWN } else { code }
            }
            Some(cell) => {
                let hash = self.mixer.text(cell);
                let same = |&at: &u32| self.long_bytes(at) == cell;
                self.long.find(hash, same).map_or(UNKNOWN, |&at| self.long_values[at as usize].code)
            }
        }));
    }
    /// Takes one value in and returns its code.
    pub(crate) fn intern(&mut self, value: &[u8]) -> u32 {
        if value.len() <= SHORT {
            if self.slots.is_empty() {
                if let Ok(length @ 0..=NARROW) = u32::try_from(value.len()) {
                    let word = narrow_word(value, Span::new(0, length));
                    let slot = self.narrow[self.probe_narrow(word)];
                    return if slot.word != 0 { slot.code } else { self.take_in_narrow(word) };
                }
                self.widen();
            }
            let (low, high) = words_of(value, value);
            self.short_code(low, high)
        } else {
            self.long_code(value)
        }
    }
    /// Notes that null is a value.
    pub(crate) fn note_null(&mut self) {
        self.null_seen = true;
    }
    /// Calls `each` with every value and its code, in no order.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&[u8], u32)) {
        for slot in self.narrow.iter().filter(|slot| slot.word != 0) {
            let bytes = slot.word.to_le_bytes();
            each(&bytes[..usize::from(bytes[7]) - 1], slot.code);
        }
        for slot in self.slots.iter().filter(|slot| slot.code != 0) {
            let mut bytes = [0_u8; 16];
            bytes[..8].copy_from_slice(&slot.low.to_le_bytes());
            bytes[8..].copy_from_slice(&slot.high.to_le_bytes());
            each(&bytes[..usize::from(bytes[15]) - 1], slot.code);
        }
        for value in &self.long_values {
            each(&self.arena[value.start..][..value.len], value.code);
        }
    }

    /// Slot of the value, or the free slot where it belongs.
    #[inline(always)]
    fn probe_narrow(&self, word: u64) -> usize {
        let mask = self.narrow.len() - 1;
        let mut at = self.mixer.slot(word) & mask;
        loop {
            let slot = &self.narrow[at];
            if slot.word == word || slot.word == 0 {
                return at;
            }
            at = (at + 1) & mask;
        }
    }
    #[cold]
    #[inline(never)]
    fn take_in_narrow(&mut self, word: u64) -> u32 {
        let code = self.new_code();
        let at = self.probe_narrow(word);
        self.narrow[at] = Narrow { word, code };
        self.short += 1;
        if self.short * 4 > self.narrow.len() {
            let larger = vec![FREE_NARROW; self.narrow.len() * 2];
            for slot in std::mem::replace(&mut self.narrow, larger).into_iter().filter(|slot| slot.word != 0) {
                let at = self.probe_narrow(slot.word);
                self.narrow[at] = slot;
            }
        }
        code
    }
    /// From slots of one word to slots of two.
    #[cold]
    #[inline(never)]
    fn widen(&mut self) {
        let narrow = std::mem::take(&mut self.narrow);
        self.slots = vec![FREE; narrow.len().max(64)];
        for slot in narrow.into_iter().filter(|slot| slot.word != 0) {
            let low = slot.word & (u64::MAX >> 8);
            let high = slot.word - low;
            let at = self.probe(low, high);
            self.slots[at] = Slot { low, high, code: slot.code };
        }
    }
    /// Slot of the value, or the free slot where it belongs.
    #[inline(always)]
    fn probe(&self, low: u64, high: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.mixer.slot_of_pair(low, high) & mask;
        loop {
            let slot = &self.slots[at];
            if (slot.low == low && slot.high == high) || slot.code == 0 {
                return at;
            }
            at = (at + 1) & mask;
        }
    }
    #[inline(always)]
    fn short_code(&mut self, low: u64, high: u64) -> u32 {
        let at = self.probe(low, high);
        let code = self.slots[at].code;
        if code != 0 { code } else { self.take_in(at, low, high) }
    }
    #[cold]
    #[inline(never)]
    fn take_in(&mut self, at: usize, low: u64, high: u64) -> u32 {
        let code = self.new_code();
        self.slots[at] = Slot { low, high, code };
        self.short += 1;
        if self.short * 4 > self.slots.len() {
            let larger = vec![FREE; self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, larger);
            for slot in old.into_iter().filter(|slot| slot.code != 0) {
                let at = self.probe(slot.low, slot.high);
                self.slots[at] = slot;
            }
        }
        code
    }
    #[inline(never)]
    fn long_code(&mut self, value: &[u8]) -> u32 {
        let hash = self.mixer.text(value);
        let (arena, values) = (&self.arena, &self.long_values);
        let same = |&at: &u32| {
            let known = values[at as usize];
            arena[known.start..][..known.len] == *value
        };
        if let Some(&at) = self.long.find(hash, same) {
            return self.long_values[at as usize].code;
        }
        let code = self.new_code();
        let at = u32::try_from(self.long_values.len()).expect("as few as the codes");
        self.long_values.push(LongValue { start: self.arena.len(), len: value.len(), hash, code });
        self.arena.extend_from_slice(value);
        let values = &self.long_values;
        self.long.insert_unique(hash, at, |&at| values[at as usize].hash);
        code
    }
    fn new_code(&mut self) -> u32 {
        let code = self.next;
        self.next = code.checked_add(1).filter(|&next| next < UNKNOWN).expect("below four billion distinct values");
        code
    }
    fn long_bytes(&self, at: u32) -> &[u8] {
        let value = self.long_values[at as usize];
        &self.arena[value.start..][..value.len]
    }
}

/// Codes of the first cells, up to one that is null, long or not known at its place; how many those are.
#[inline(never)]
fn known_narrow(mixer: Mixer, table: &[Narrow], bytes: &[u8], spans: &[Span], out: &mut [u32]) -> usize {
    let mask = table.len() - 1;
    for (done, (span, code)) in spans.iter().zip(&mut *out).enumerate() {
        let (start, width) = (span.start(), span.width());
        let Some(window) = bytes.get(start..start.wrapping_add(8)).filter(|_| width <= NARROW) else { return done };
        let window = u64::from_le_bytes(window.try_into().expect("eight bytes"));
        let [kept, length] = NARROW_MASKS[(width & NARROW) as usize];
        let word = (window & kept) | length;
        let mut at = mixer.slot(word) & mask;
        loop {
            let slot = table[at & mask];
            if slot.word == word {
                *code = slot.code;
                break;
            }
            if slot.word == 0 {
                return done;
            }
            at = at.wrapping_add(1);
        }
    }
    spans.len()
}

/// The same over values of at most 15 bytes.
#[inline(never)]
fn known_short(mixer: Mixer, table: &[Slot], bytes: &[u8], spans: &[Span], out: &mut [u32]) -> usize {
    let mask = table.len() - 1;
    for (done, (span, code)) in spans.iter().zip(&mut *out).enumerate() {
        let (start, width) = (span.start(), span.width() as usize);
        let Some(window) = bytes.get(start..start.wrapping_add(16)).filter(|_| width <= SHORT) else { return done };
        let [low, high] = short_words(window.try_into().expect("sixteen bytes"), width);
        let mut at = mixer.slot_of_pair(low, high) & mask;
        loop {
            let slot = &table[at & mask];
            if (slot.low ^ low) | (slot.high ^ high) == 0 {
                *code = slot.code;
                break;
            }
            if slot.code == 0 {
                return done;
            }
            at = at.wrapping_add(1);
        }
    }
    spans.len()
}

/// For each length up to seven: which bytes of the word it has, and its mark in the top byte.
const NARROW_MASKS: [[u64; 2]; 8] = {
    let mut masks = [[0; 2]; 8];
    let mut len = 0;
    while len < 8 {
        masks[len] = [(1 << (8 * len)) - 1, (len as u64 + 1) << 56];
        len += 1;
    }
    masks
};

/// A cell of at most 7 bytes as one word, its length and one in the top byte.
#[inline(always)]
fn narrow_word(bytes: &[u8], span: Span) -> u64 {
    let (start, len) = (span.start(), span.width());
    let window = match bytes.get(start..start.wrapping_add(8)) {
        Some(window) => u64::from_le_bytes(window.try_into().expect("eight bytes")),
        None => padded_narrow(&bytes[start..start + len as usize]),
    };
    let bits = 8 * (len & 7);
    (window & !(u64::MAX << bits)) | (u64::from(len + 1) << 56)
}

#[cold]
fn padded_narrow(cell: &[u8]) -> u64 {
    let mut window = [0_u8; 8];
    window[..cell.len()].copy_from_slice(cell);
    u64::from_le_bytes(window)
}

/// The cell's bytes as two words, the length and one in the top byte. `bytes` is the buffer that the cell lies in, so that a
/// whole 16-byte window can be read at once.
#[inline(always)]
fn words_of(bytes: &[u8], cell: &[u8]) -> (u64, u64) {
    let start = cell.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
    let [low, high] = match bytes.get(start..start.wrapping_add(16)) {
        Some(window) => short_words(window.try_into().expect("sixteen bytes"), cell.len()),
        None => short_words(padded(cell), cell.len()),
    };
    (low, high)
}

/// The first `width` bytes of a window as two words, the width and one in the top byte.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the two halves of the window are wanted")]
fn short_words(window: [u8; 16], width: usize) -> [u64; 2] {
    let window = u128::from_le_bytes(window);
    let [low, high, length] = MASKS[width & SHORT];
    [window as u64 & low, ((window >> 64) as u64 & high) | length]
}

/// For each length: which bytes of the two words it has, and its mark in the top byte.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of the mask are wanted")]
const MASKS: [[u64; 3]; 16] = {
    let mut masks = [[0; 3]; 16];
    let mut len = 0;
    while len < 16 {
        let mask = (1_u128 << (8 * len)) - 1;
        masks[len] = [mask as u64, (mask >> 64) as u64, (len as u64 + 1) << 56];
        len += 1;
    }
    masks
};

#[cold]
fn padded(cell: &[u8]) -> [u8; 16] {
    let mut window = [0_u8; 16];
    window[..cell.len()].copy_from_slice(cell);
    window
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextBuilder;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn codes_are_one_to_one_with_values(cells in prop_oneof![Just(6_usize), Just(7), Just(8), Just(15), Just(20)]
            .prop_flat_map(|longest| proptest::collection::vec(
                proptest::option::of(proptest::collection::vec(0_u8..3, 0..=longest)), 0..300))) {
            let mut builder = TextBuilder::default();
            for cell in &cells {
                builder.push_option(cell.as_deref());
            }
            let text = builder.finish(false);
            let mut dictionary = Dictionary::new();
            let mut codes = vec![0; cells.len()];
            dictionary.encode(&text, 0, &mut codes);
            let mut known: BTreeMap<Option<Vec<u8>>, u32> = BTreeMap::new();
            for (cell, &code) in cells.iter().zip(&codes) {
                prop_assert_eq!(cell.is_none(), code == 0);
                prop_assert_eq!(*known.entry(cell.clone()).or_insert(code), code);
            }
            let mut again = Vec::new();
            dictionary.look_up(&text, &mut again);
            prop_assert_eq!(&again, &codes);
            // Values taken in one by one have the same codes.
            let mut one_by_one = Dictionary::new();
            for (cell, &code) in cells.iter().zip(&codes) {
                if let Some(cell) = cell {
                    prop_assert_eq!(one_by_one.intern(cell), code);
                }
            }
            let mut listed = BTreeMap::new();
            dictionary.for_each(|value, code| { listed.insert(Some(value.to_vec()), code); });
            known.remove(&None);
            prop_assert_eq!(listed, known);
        }
    }

    #[test]
    fn a_value_never_met_is_unknown() {
        let mut dictionary = Dictionary::new();
        dictionary.intern(b"a");
        let mut builder = TextBuilder::default();
        for cell in [&b"a"[..], b"a\0", b"", b"a value longer than a slot"] {
            builder.push(cell);
        }
        builder.push_null();
        let mut out = Vec::new();
        dictionary.look_up(&builder.finish(false), &mut out);
        assert_eq!(out, [1, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]);
    }
}
