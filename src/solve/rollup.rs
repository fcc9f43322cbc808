//! Classes at some levels to classes at coarser levels, without rows.
//!
//! Responsible for: [`NodeTable`], the classes of one node of the lattice, and how it comes from a finer one. Keys are packed
//! codes at the node's levels, so that a roll-up replaces the bits of the columns that change.

use super::problem::{Classes, ColumnLadder};

/// Where each column's bits lie in a key of `W` words, and how its codes climb.
pub(super) struct Keys {
    places: Vec<(usize, u32, u64)>,
    /// `[column][from level][to level]`: code at `to` of each code at `from`.
    climb: Vec<Vec<Vec<Vec<u32>>>>,
    pub(super) words: usize,
}

impl Keys {
    /// `Err` names the first column whose levels part what was together.
    pub(super) fn new(ladders: &[ColumnLadder]) -> Result<Self, usize> {
        let (mut word, mut left) = (0, u64::BITS);
        let mut places = Vec::new();
        let mut climb = Vec::new();
        for (column, ladder) in ladders.iter().enumerate() {
            let limit = ladder.levels.iter().map(|level| level.leaves.len()).max().unwrap_or(1);
            let bits = usize::BITS - limit.saturating_sub(1).leading_zeros();
            if bits > left {
                (word, left) = (word + 1, u64::BITS);
            }
            left -= bits;
            let mask = if bits == 0 { 0 } else { u64::MAX >> (u64::BITS - bits) };
            places.push((word, left.min(u64::BITS - 1), mask));
            let mut from_levels = Vec::new();
            for from in &ladder.levels {
                let to = ladder.levels.iter().map(|to| step(&from.parent_code, &to.parent_code, from.leaves.len()));
                from_levels.push(to.collect::<Vec<_>>());
            }
            for (from, maps) in from_levels.iter().enumerate() {
                if maps[from..].iter().any(Option::is_none) {
                    return Err(column);
                }
            }
            climb.push(
                from_levels.into_iter().map(|maps| maps.into_iter().map(Option::unwrap_or_default).collect()).collect(),
            );
        }
        Ok(Self { places, climb, words: word + 1 })
    }
    #[inline]
    pub(super) fn code(&self, column: usize, key: &[u64]) -> usize {
        let (word, shift, mask) = self.places[column];
        usize::try_from((key[word] >> shift) & mask).expect("codes are 32 bits")
    }
}

/// The map from codes of one level to codes of another; `None` where it is none. Codes that no value has map to 0.
fn step(from: &[u32], to: &[u32], codes: usize) -> Option<Vec<u32>> {
    let mut map = vec![u32::MAX; codes];
    for (&low, &high) in from.iter().zip(to) {
        let entry = map.get_mut(low as usize)?;
        if *entry != u32::MAX && *entry != high {
            return None;
        }
        *entry = high;
    }
    map.iter_mut().filter(|code| **code == u32::MAX).for_each(|code| *code = 0);
    Some(map)
}

/// The classes of one node.
pub(super) struct NodeTable {
    pub(super) levels: Vec<usize>,
    words: usize,
    keys: Vec<u64>,
    pub(super) rows: Vec<u64>,
    /// Empty where members are rows. Persons that stand in one class only; `shared` has the others.
    alone: Vec<u64>,
    shared: Option<Ragged>,
    /// Empty where no population is known.
    pub(super) population: Vec<u64>,
    pub(super) histograms: Vec<Counts>,
}

/// Lists of numbers, one for each class.
struct Ragged {
    starts: Vec<usize>,
    items: Vec<u32>,
}

/// Rows of each sensitive value in each class.
pub(super) enum Counts {
    /// `values` counts a class.
    Dense { values: usize, counts: Vec<u64> },
    /// Only the values that occur.
    Sparse { values: usize, starts: Vec<usize>, codes: Vec<u32>, counts: Vec<u64> },
}

/// Up to so many values a class's histogram is written out.
const DENSE: usize = 64;

/// Buffers of one worker.
#[derive(Default)]
pub(super) struct Scratch {
    slots: Vec<u32>,
    target: Vec<u32>,
    /// Vectors of tables that are no longer needed: without them every node would ask the system for memory again.
    spare: Vec<Vec<u64>>,
}

impl Scratch {
    fn vector(&mut self) -> Vec<u64> {
        self.spare.pop().unwrap_or_default()
    }
    /// Takes a table's vectors for the next one.
    pub(super) fn recycle(&mut self, table: NodeTable) {
        let dense = table.histograms.into_iter().filter_map(|counts| match counts {
            Counts::Dense { counts, .. } => Some(counts),
            Counts::Sparse { .. } => None,
        });
        for mut vector in [table.keys, table.rows, table.alone, table.population].into_iter().chain(dense) {
            if vector.capacity() > 0 && self.spare.len() < 16 {
                vector.clear();
                self.spare.push(vector);
            }
        }
    }
}

impl NodeTable {
    /// The base classes at level 0. Their codes need not be distinct.
    pub(super) fn base(classes: &Classes, keys: &Keys) -> Self {
        let count = classes.len();
        let mut packed = vec![0_u64; count * keys.words];
        for (column, codes) in classes.codes.iter().enumerate() {
            let (word, shift, _) = keys.places[column];
            let raw = &keys.climb[column][0][0];
            for (key, &code) in packed.chunks_exact_mut(keys.words).zip(codes) {
                debug_assert!((code as usize) < raw.len(), "raw codes are those of level 0");
                key[word] |= u64::from(code) << shift;
            }
        }
        let counted = classes.members != classes.rows || !classes.shared.is_empty();
        let shared = (!classes.shared.is_empty()).then(|| {
            let mut ragged = Ragged { starts: vec![0], items: Vec::new() };
            for persons in &classes.shared {
                ragged.items.extend_from_slice(persons);
                ragged.starts.push(ragged.items.len());
            }
            ragged
        });
        let alone = if counted {
            let several = |class: usize| classes.shared.get(class).map_or(0, |persons| persons.len() as u64);
            (0..count).map(|class| classes.members[class] - several(class)).collect()
        } else {
            Vec::new()
        };
        let histograms = classes
            .sensitive
            .iter()
            .map(|column| {
                if column.values <= DENSE {
                    let mut counts = vec![0; count * column.values];
                    for class in 0..count {
                        for at in column.starts[class]..column.starts[class + 1] {
                            counts[class * column.values + column.codes[at] as usize] += column.counts[at];
                        }
                    }
                    Counts::Dense { values: column.values, counts }
                } else {
                    let (starts, codes, counts) = (column.starts.clone(), column.codes.clone(), column.counts.clone());
                    Counts::Sparse { values: column.values, starts, codes, counts }
                }
            })
            .collect();
        Self {
            levels: vec![0; classes.codes.len()],
            words: keys.words,
            keys: packed,
            rows: classes.rows.clone(),
            alone,
            shared,
            population: classes.population.clone().unwrap_or_default(),
            histograms,
        }
    }
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
    #[inline]
    pub(super) fn key(&self, class: usize) -> &[u64] {
        &self.keys[class * self.words..][..self.words]
    }
    #[inline]
    pub(super) fn members(&self, class: usize) -> u64 {
        if self.alone.is_empty() {
            return self.rows[class];
        }
        let several = self.shared.as_ref().map_or(0, |shared| shared.starts[class + 1] - shared.starts[class]);
        self.alone[class] + several as u64
    }
    /// Whether members are rows.
    pub(super) fn members_are_rows(&self) -> bool {
        self.alone.is_empty()
    }
    /// Memory held, about.
    pub(super) fn bytes(&self) -> usize {
        let histograms: usize = self
            .histograms
            .iter()
            .map(|counts| match counts {
                Counts::Dense { counts, .. } => counts.len() * 8,
                Counts::Sparse { starts, codes, .. } => starts.len() * 8 + codes.len() * 12,
            })
            .sum();
        let shared = self.shared.as_ref().map_or(0, |shared| shared.starts.len() * 8 + shared.items.len() * 4);
        (self.keys.len() + self.rows.len() + self.alone.len() + self.population.len()) * 8 + histograms + shared
    }
    /// The classes at coarser levels.
    pub(super) fn roll_up(&self, levels: &[usize], keys: &Keys, scratch: &mut Scratch) -> Self {
        match self.words {
            1 => self.roll_up_fixed(levels, keys, scratch, 1),
            2 => self.roll_up_fixed(levels, keys, scratch, 2),
            words => self.roll_up_fixed(levels, keys, scratch, words),
        }
    }
    /// Written once and compiled for the widths that `roll_up` names.
    #[inline(always)]
    fn roll_up_fixed(&self, levels: &[usize], keys: &Keys, scratch: &mut Scratch, words: usize) -> Self {
        let changes: Vec<(usize, u32, u64, &[u32])> = (0..levels.len())
            .filter(|&column| levels[column] != self.levels[column])
            .map(|column| {
                let (word, shift, mask) = keys.places[column];
                (word, shift, mask, keys.climb[column][self.levels[column]][levels[column]].as_slice())
            })
            .collect();
        let needs_target = !self.alone.is_empty() || !self.histograms.is_empty() || !self.population.is_empty();
        let mut mapped = scratch.vector();
        mapped.extend_from_slice(&self.keys);
        for &(word, shift, mask, map) in &changes {
            for key in mapped.chunks_exact_mut(words) {
                #[expect(clippy::cast_possible_truncation, reason = "codes are 32 bits")]
                let code = ((key[word] >> shift) & mask) as usize;
                key[word] = (key[word] & !(mask << shift)) | (u64::from(map[code]) << shift);
            }
        }
        let capacity = (self.len() * 4).next_power_of_two().max(16);
        scratch.slots.clear();
        scratch.slots.resize(capacity, 0);
        scratch.target.clear();
        scratch.target.reserve(if needs_target { self.len() } else { 0 });
        let shift_down = u64::BITS - capacity.trailing_zeros();
        let mut new_keys = scratch.vector();
        let mut new_rows = scratch.vector();
        new_keys.resize(self.keys.len(), 0);
        new_rows.resize(self.len(), 0);
        let slots = scratch.slots.as_mut_slice();
        let mut count = 0;
        for (key, &rows) in mapped.chunks_exact(words).zip(&self.rows) {
            let mut hash = 0_u64;
            for &word in key {
                hash = (hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                hash ^= hash >> 32;
            }
            #[expect(clippy::cast_possible_truncation, reason = "as many bits as the table has")]
            let mut at = (hash.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> shift_down) as usize;
            // The key is written where a new class would be, so that a new class and a known one take the same way:
            // which of the two it is cannot be predicted, and a branch on it would cost more than all the rest.
            new_keys[count * words..][..words].copy_from_slice(key);
            let class = loop {
                let slot = slots[at] as usize;
                let class = if slot == 0 { count } else { slot - 1 };
                if new_keys[class * words..][..words] == *key {
                    count += usize::from(slot == 0);
                    break class;
                }
                at = (at + 1) & (capacity - 1);
            };
            new_rows[class] = rows.wrapping_add(new_rows[class]);
            #[expect(clippy::cast_possible_truncation, reason = "classes are fewer than the base's, checked before")]
            let number = class as u32;
            slots[at] = number + 1;
            if needs_target {
                scratch.target.push(number);
            }
        }
        new_keys.truncate(count * words);
        new_rows.truncate(count);
        mapped.clear();
        scratch.spare.push(mapped);
        let classes = new_rows.len();
        let target = std::mem::take(&mut scratch.target);
        let mut rolled = Self {
            levels: levels.to_vec(),
            words,
            keys: new_keys,
            rows: new_rows,
            alone: add_up(&self.alone, &target, classes),
            shared: self.shared.as_ref().map(|shared| shared.merged(&target, classes)),
            population: add_up(&self.population, &target, classes),
            histograms: Vec::new(),
        };
        rolled.histograms = self.histograms.iter().map(|counts| counts.merged(&target, classes, scratch)).collect();
        scratch.target = target;
        rolled
    }
    /// Gives back memory that the table does not need, before it is kept.
    pub(super) fn shrink(&mut self) {
        self.keys.shrink_to_fit();
        self.rows.shrink_to_fit();
        for counts in &mut self.histograms {
            if let Counts::Dense { counts, .. } = counts {
                counts.shrink_to_fit();
            }
        }
    }
}

fn add_up(numbers: &[u64], target: &[u32], classes: usize) -> Vec<u64> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let mut sums = vec![0; classes];
    for (&number, &class) in numbers.iter().zip(target) {
        sums[class as usize] += number;
    }
    sums
}

impl Ragged {
    fn merged(&self, target: &[u32], classes: usize) -> Self {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(self.items.len());
        for (class, &to) in target.iter().enumerate() {
            pairs.extend(self.items[self.starts[class]..self.starts[class + 1]].iter().map(|&item| (to, item)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let starts = starts_of(pairs.iter().map(|pair| pair.0), classes);
        Self { starts, items: pairs.into_iter().map(|pair| pair.1).collect() }
    }
}

/// Where each class starts in an ascending list of classes.
fn starts_of(ascending: impl Iterator<Item = u32>, classes: usize) -> Vec<usize> {
    let mut starts = vec![0; classes + 1];
    for class in ascending {
        starts[class as usize + 1] += 1;
    }
    for class in 0..classes {
        starts[class + 1] += starts[class];
    }
    starts
}

impl Counts {
    fn merged(&self, target: &[u32], classes: usize, scratch: &mut Scratch) -> Self {
        match self {
            Self::Dense { values, counts } => {
                let mut sums = scratch.vector();
                sums.resize(classes * values, 0);
                if *values > 0 {
                    for (from, &to) in counts.chunks_exact(*values).zip(target) {
                        for (sum, count) in sums[to as usize * values..][..*values].iter_mut().zip(from) {
                            // No sum is above the rows of the table, which a u64 holds.
                            *sum = sum.wrapping_add(*count);
                        }
                    }
                }
                Self::Dense { values: *values, counts: sums }
            }
            Self::Sparse { values, starts, codes, counts } => {
                let mut entries: Vec<(u32, u32, u64)> = Vec::with_capacity(codes.len());
                for (class, &to) in target.iter().enumerate() {
                    entries.extend((starts[class]..starts[class + 1]).map(|at| (to, codes[at], counts[at])));
                }
                entries.sort_unstable_by_key(|entry| (entry.0, entry.1));
                entries.dedup_by(|next, kept| {
                    let same = (next.0, next.1) == (kept.0, kept.1);
                    if same {
                        kept.2 += next.2;
                    }
                    same
                });
                Self::Sparse {
                    values: *values,
                    starts: starts_of(entries.iter().map(|entry| entry.0), classes),
                    codes: entries.iter().map(|entry| entry.1).collect(),
                    counts: entries.iter().map(|entry| entry.2).collect(),
                }
            }
        }
    }
    /// The histogram of a class; `buffer` is used where it must be written out.
    pub(super) fn of<'a>(&'a self, class: usize, buffer: &'a mut Vec<u64>) -> &'a [u64] {
        match self {
            Self::Dense { values, counts } => &counts[class * values..][..*values],
            Self::Sparse { values, starts, codes, counts } => {
                buffer.clear();
                buffer.resize(*values, 0);
                for at in starts[class]..starts[class + 1] {
                    buffer[codes[at] as usize] = counts[at];
                }
                buffer
            }
        }
    }
}
