//! Counts equal keys: an open-addressing table, cut into partitions when it outgrows the cache.
//!
//! Responsible for: how often each key was met. Given: keys of a fixed number of words. While small it is one table.
//! Later each partition gathers its keys first and counts them together, so that one partition's lines stay in the cache.

use super::hash::Mixer;

/// How often each key was met.
pub(crate) struct Counter {
    mixer: Mixer,
    words: usize,
    parts: Vec<Part>,
}

struct Part {
    /// `words` of key, then the count; count 0 marks a free slot.
    slots: Vec<u64>,
    capacity: usize,
    used: usize,
    waiting: Vec<u64>,
}

/// Above this many keys the table is cut.
const CUT_ABOVE: usize = 1 << 15;
const PARTS: usize = 256;
/// Words that a partition gathers before it counts: those of all partitions together fit the second cache.
const WAITING: usize = 1 << 9;

impl Counter {
    pub(crate) fn new(words: usize) -> Self {
        Self { mixer: Mixer::of_process(), words, parts: vec![Part::new(words, 256)] }
    }
    /// Words of a key.
    pub(crate) fn words(&self) -> usize {
        self.words
    }
    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| (part.slots.capacity() + part.waiting.capacity()) * 8).sum()
    }
    /// Distinct keys, an upper bound while some wait.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.used + part.waiting.len() / self.words).sum()
    }
    /// Counts each key once.
    pub(crate) fn add(&mut self, keys: &[u64]) {
        if self.parts.len() == 1 {
            self.parts[0].count(keys, self.words, self.mixer);
            if self.parts[0].used > CUT_ABOVE {
                self.cut();
            }
            return;
        }
        match self.words {
            1 => self.scatter(keys, 1),
            2 => self.scatter(keys, 2),
            3 => self.scatter(keys, 3),
            words => self.scatter(keys, words),
        }
    }
    /// Written once and compiled for each width that `add` names.
    #[inline(always)]
    fn scatter(&mut self, keys: &[u64], words: usize) {
        let mixer = self.mixer;
        for key in keys.chunks_exact(words) {
            let part = &mut self.parts[part_of(mixer.words(key))];
            let length = part.waiting.len();
            if length + words > part.waiting.capacity() {
                part.settle(words, mixer);
            }
            part.waiting.extend_from_slice(key);
        }
    }
    /// Adds `times` to one key's count.
    pub(crate) fn add_times(&mut self, key: &[u64], times: u64) {
        let hash = self.mixer.words(key);
        let many = self.parts.len() > 1;
        let part = &mut self.parts[if many { part_of(hash) } else { 0 }];
        part.add(key, hash, times, self.words, self.mixer);
        if !many && self.parts[0].used > CUT_ABOVE {
            self.cut();
        }
    }
    /// Counts the keys that wait.
    pub(crate) fn settle(&mut self) {
        for part in &mut self.parts {
            part.settle(self.words, self.mixer);
        }
    }
    /// Every key with its count, in no order; call [`Counter::settle`] before.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u64], u64)> {
        let words = self.words;
        self.parts.iter().flat_map(move |part| {
            debug_assert!(part.waiting.is_empty(), "settled before");
            part.slots
                .chunks_exact(words + 1)
                .filter(move |slot| slot[words] != 0)
                .map(move |slot| (&slot[..words], slot[words]))
        })
    }

    /// Calls `each` with every key and its count, in no order; call [`Counter::settle`] before.
    #[inline(always)]
    pub(crate) fn for_each(&self, mut each: impl FnMut(&[u64], u64)) {
        let words = self.words;
        for part in &self.parts {
            debug_assert!(part.waiting.is_empty(), "settled before");
            for slot in part.slots.chunks_exact(words + 1) {
                if slot[words] != 0 {
                    each(&slot[..words], slot[words]);
                }
            }
        }
    }

    fn cut(&mut self) {
        let whole = self.parts.pop().expect("one table");
        let room = (whole.used / PARTS * 4).next_power_of_two();
        self.parts = (0..PARTS).map(|_| Part::new(self.words, room)).collect();
        self.parts.iter_mut().for_each(|part| part.waiting.reserve_exact(WAITING.max(self.words)));
        for slot in whole.slots.chunks_exact(self.words + 1).filter(|slot| slot[self.words] != 0) {
            let key = &slot[..self.words];
            let hash = self.mixer.words(key);
            self.parts[part_of(hash)].add(key, hash, slot[self.words], self.words, self.mixer);
        }
    }
}

/// Partition of a hash: its top bits, which the slots do not use.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "seven bits are left")]
fn part_of(hash: u64) -> usize {
    (hash >> (u64::BITS - PARTS.trailing_zeros())) as usize
}

impl Part {
    fn new(words: usize, capacity: usize) -> Self {
        Self { slots: vec![0; capacity * (words + 1)], capacity, used: 0, waiting: Vec::new() }
    }
    fn settle(&mut self, words: usize, mixer: Mixer) {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.count(&waiting, words, mixer);
        waiting.clear();
        self.waiting = waiting;
    }
    fn count(&mut self, keys: &[u64], words: usize, mixer: Mixer) {
        match words {
            1 => self.count_fixed(keys, 1, mixer),
            2 => self.count_fixed(keys, 2, mixer),
            3 => self.count_fixed(keys, 3, mixer),
            4 => self.count_fixed(keys, 4, mixer),
            _ => self.count_fixed(keys, words, mixer),
        }
    }
    /// Written once and compiled for each width that `count` names.
    #[inline(always)]
    fn count_fixed(&mut self, keys: &[u64], words: usize, mixer: Mixer) {
        for key in keys.chunks_exact(words) {
            let hash = mixer.words(key);
            self.add(key, hash, 1, words, mixer);
        }
    }
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
    fn add(&mut self, key: &[u64], hash: u64, times: u64, words: usize, mixer: Mixer) {
        let mask = self.capacity - 1;
        let mut at = hash as usize & mask;
        // A new key and a known one take the same way: which of the two it is cannot be predicted.
        let slot = loop {
            let slot = &mut self.slots[at.wrapping_mul(words + 1)..][..=words];
            let differs = slot[..words].iter().zip(key).fold(0, |differs, (one, other)| differs | (one ^ other));
            if differs.min(slot[words]) == 0 {
                break slot;
            }
            at = at.wrapping_add(1) & mask;
        };
        slot[..words].copy_from_slice(key);
        self.used = self.used.wrapping_add(usize::from(slot[words] == 0));
        slot[words] = slot[words].checked_add(times).expect("a count has 64 bits");
        if self.used * 8 > self.capacity * 5 {
            self.grow(words, mixer);
        }
    }
    #[cold]
    #[inline(never)]
    fn grow(&mut self, words: usize, mixer: Mixer) {
        let mut larger = Self::new(words, self.capacity * 2);
        for slot in self.slots.chunks_exact(words + 1).filter(|slot| slot[words] != 0) {
            larger.add(&slot[..words], mixer.words(&slot[..words]), slot[words], words, mixer);
        }
        larger.waiting = std::mem::take(&mut self.waiting);
        *self = larger;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn counts_are_those_of_a_map_before_and_after_the_cut() {
        for words in [1_usize, 2, 3, 6] {
            let mut counter = Counter::new(words);
            let mut expected: BTreeMap<Vec<u64>, u64> = BTreeMap::new();
            let mut state = 7_u64;
            for _ in 0..400 {
                let mut keys = Vec::new();
                for _ in 0..1000 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let key: Vec<u64> = (0..words as u64).map(|word| (state >> 33) % 300_000 / (word + 1)).collect();
                    *expected.entry(key.clone()).or_default() += 1;
                    keys.extend(key);
                }
                counter.add(&keys);
            }
            counter.settle();
            assert!(counter.parts.len() > 1, "the cut was reached");
            let found: BTreeMap<Vec<u64>, u64> = counter.iter().map(|(key, count)| (key.to_vec(), count)).collect();
            assert!(found == expected && counter.len() == expected.len());
        }
    }
}
