//! Classes at some levels to classes at coarser levels, without rows.
//!
//! Responsible for: [`NodeTable`], the classes of one node of the lattice, and how it comes from a finer one. Where the
//! possible keys are few they are numbered, and classes are counted in an array; else they are hashed. Sizes are known before
//! anything else is built: most nodes are ruled out by them alone.

use super::counts::{Count, Counts, Ragged, add_up};
use super::keys::{Keys, Layout};
use super::problem::Classes;
use super::signatures::Signatures;

/// The classes of one node.
pub(super) struct NodeTable<C> {
    pub(super) levels: Vec<usize>,
    pub(super) layout: Layout,
    keys: Vec<u64>,
    pub(super) rows: Vec<C>,
    /// Empty where members are rows. Persons that stand in one class only; `shared` has the others.
    alone: Vec<C>,
    shared: Option<Ragged>,
    pub(super) persons: Option<Signatures>,
    /// Empty where no population is known.
    pub(super) population: Vec<u64>,
    pub(super) histograms: Vec<Counts<C>>,
}

/// What the number of members must be, and how many rows may be in classes that have fewer.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) least_members: u64,
    pub(super) limit: u64,
}

/// So many rows are in classes that are too small: more than the cut allows.
pub(super) struct TooSmall(pub(super) u64);

/// Buffers of one worker.
pub(super) struct Scratch<C> {
    /// Rows by number of a key; all zero between roll-ups.
    cells: Vec<C>,
    /// Number of the key of each finer class.
    numbers: Vec<u32>,
    /// Class by number of a key, where it was written in the same roll-up.
    class_of: Vec<u32>,
    /// For each class the first of the finer ones.
    first: Vec<u32>,
    rows: Vec<C>,
    target: Vec<u32>,
    slots: Vec<u32>,
    /// Vectors of tables that are no longer needed: without them every node would ask the system for memory again.
    spare_keys: Vec<Vec<u64>>,
    spare_counts: Vec<Vec<C>>,
}

impl<C> Default for Scratch<C> {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            numbers: Vec::new(),
            class_of: Vec::new(),
            first: Vec::new(),
            rows: Vec::new(),
            target: Vec::new(),
            slots: Vec::new(),
            spare_keys: Vec::new(),
            spare_counts: Vec::new(),
        }
    }
}

impl<C: Count> Scratch<C> {
    /// Takes a table's vectors for the next one.
    pub(super) fn recycle(&mut self, table: NodeTable<C>) {
        if self.spare_keys.len() < 4 {
            self.spare_keys.push(table.keys);
        }
        let dense = table.histograms.into_iter().filter_map(|counts| match counts {
            Counts::Dense { counts, .. } => Some(counts),
            Counts::Sparse { .. } => None,
        });
        for vector in std::iter::once(table.rows).chain(dense) {
            if vector.capacity() > 0 && self.spare_counts.len() < 8 {
                self.spare_counts.push(vector);
            }
        }
    }
    fn keys(&mut self, length: usize) -> Vec<u64> {
        let mut keys = self.spare_keys.pop().unwrap_or_default();
        keys.clear();
        keys.reserve(length);
        keys
    }
}

/// Keys are numbered where there are at most so many for each finer class, and in any case up to [`FEW`].
const SPARSE: usize = 16;
const FEW: usize = 1 << 13;

impl<C: Count> NodeTable<C> {
    /// The base classes at level 0. Their codes need not be distinct.
    pub(super) fn base(classes: &Classes, keys: &Keys) -> Self {
        let count = classes.len();
        let levels = vec![0; classes.codes.len()];
        let layout = keys.layout(&levels);
        let mut packed = vec![0_u64; count * layout.words];
        for (column, codes) in classes.codes.iter().enumerate() {
            for (key, &code) in packed.chunks_exact_mut(layout.words).zip(codes) {
                layout.put(column, code, key);
            }
        }
        let counted = classes.members != classes.rows || !classes.shared.is_empty();
        let alone = |class: usize| {
            let several = classes.shared.get(class).map_or(0, |persons| persons.len() as u64);
            C::of(classes.members[class] - several)
        };
        Self {
            levels,
            layout,
            keys: packed,
            rows: classes.rows.iter().map(|&rows| C::of(rows)).collect(),
            alone: if counted { (0..count).map(alone).collect() } else { Vec::new() },
            shared: (!classes.shared.is_empty()).then(|| Ragged::new(&classes.shared)),
            persons: classes.persons.clone(),
            population: classes.population.clone().unwrap_or_default(),
            histograms: classes.sensitive.iter().map(|column| Counts::new(column, count)).collect(),
        }
    }
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
    /// The code of a column in a class.
    #[inline]
    pub(super) fn code(&self, column: usize, class: usize) -> usize {
        self.layout.code(column, &self.keys[class * self.layout.words..][..self.layout.words])
    }
    #[inline]
    pub(super) fn members(&self, class: usize) -> u64 {
        if self.alone.is_empty() {
            return self.rows[class].get();
        }
        self.alone[class].get() + self.shared.as_ref().map_or(0, |shared| shared.count(class))
    }
    /// Whether members are rows.
    pub(super) fn members_are_rows(&self) -> bool {
        self.alone.is_empty() && self.persons.is_none()
    }
    /// Memory held, about.
    pub(super) fn bytes(&self) -> usize {
        let histograms: usize = self.histograms.iter().map(Counts::bytes).sum();
        let shared = self.shared.as_ref().map_or(0, Ragged::bytes);
        let counts = (self.rows.len() + self.alone.len()) * size_of::<C>();
        (self.keys.len() + self.population.len()) * 8
            + counts
            + histograms
            + shared
            + self.persons.as_ref().map_or(0, Signatures::bytes)
    }
    /// The same without memory that it does not need, before it is kept.
    pub(super) fn shrunk(mut self) -> Self {
        self.keys.shrink_to_fit();
        self.rows.shrink_to_fit();
        for counts in &mut self.histograms {
            if let Counts::Dense { counts, .. } = counts {
                counts.shrink_to_fit();
            }
        }
        self
    }
    /// The classes at coarser levels. Where the cut rules the node out, its table is made only if it has fewer than
    /// `wanted_below` classes.
    pub(super) fn roll_up(
        &self,
        levels: &[usize],
        keys: &Keys,
        scratch: &mut Scratch<C>,
        cut: Option<Cut>,
        wanted_below: usize,
    ) -> Result<NodeTable<C>, TooSmall> {
        let layout = keys.layout(levels);
        // A class without rows, which only the population has, leaves no mark in an array of counts.
        let numbered = keys
            .space(levels)
            .map(|space| space as usize)
            .filter(|&space| self.population.is_empty() && space <= (self.len() * SPARSE).max(FEW));
        let small = |rows: &[C]| -> u64 {
            let least = cut.map_or(0, |cut| cut.least_members);
            rows.iter().map(|rows| rows.get()).filter(|&rows| rows < least).sum()
        };
        let is_out = |small: u64, classes: usize| {
            classes >= wanted_below && cut.is_some_and(|cut| self.members_are_rows() && small > cut.limit)
        };
        let needs_target = !self.alone.is_empty()
            || self.persons.is_some()
            || !self.histograms.is_empty()
            || !self.population.is_empty();
        let (new_keys, classes) = if let Some(space) = numbered {
            let classes = self.count_numbered(levels, keys, space, scratch);
            let rows_too_small = small(&scratch.rows[..classes]);
            if is_out(rows_too_small, classes) {
                return Err(TooSmall(rows_too_small));
            }
            if needs_target {
                target_numbered(space, classes, scratch);
            }
            (self.keys_of_first(levels, keys, &layout, classes, scratch), classes)
        } else {
            let (new_keys, classes) = self.count_hashed(levels, keys, &layout, needs_target, scratch);
            let rows_too_small = small(&scratch.rows[..classes]);
            if is_out(rows_too_small, classes) {
                scratch.spare_keys.push(new_keys);
                return Err(TooSmall(rows_too_small));
            }
            (new_keys, classes)
        };
        let mut rows = scratch.spare_counts.pop().unwrap_or_default();
        rows.clear();
        rows.extend_from_slice(&scratch.rows[..classes]);
        let target = std::mem::take(&mut scratch.target);
        let histograms = self
            .histograms
            .iter()
            .map(|counts| counts.merged(&target, classes, scratch.spare_counts.pop().unwrap_or_default()))
            .collect();
        let rolled = Self {
            levels: levels.to_vec(),
            layout,
            keys: new_keys,
            rows,
            alone: add_up(&self.alone, &target, classes),
            shared: self.shared.as_ref().map(|shared| shared.merged(&target, classes)),
            persons: self.persons.as_ref().map(|persons| persons.merged(&target)),
            population: add_up(&self.population, &target, classes),
            histograms,
        };
        scratch.target = target;
        Ok(rolled)
    }
    /// Rows of the coarser classes, in `scratch.rows`, in order of their first finer class, which `scratch.first` names.
    fn count_numbered(&self, levels: &[usize], keys: &Keys, space: usize, scratch: &mut Scratch<C>) -> usize {
        // A table of parts must pay for itself.
        let most_bits = usize::BITS - (self.len() / 16).leading_zeros();
        let steps = keys.to_numbers(&self.levels, &self.layout, levels, most_bits.clamp(4, 11));
        let Scratch { cells, numbers, first, rows, .. } = scratch;
        if cells.len() < space {
            cells.resize(space, C::default());
        }
        let cells = &mut cells[..space];
        numbers.clear();
        numbers.reserve(self.len());
        let mut class_rows = self.rows.iter();
        steps.for_each(&self.keys, self.layout.words, |number| {
            let more = class_rows.next().copied().unwrap_or_default();
            let cell = &mut cells[number as usize];
            *cell = cell.plus(more);
            numbers.push(number);
        });
        let room = self.len().min(space) + 1;
        first.resize(first.len().max(room), 0);
        rows.resize(rows.len().max(room), C::default());
        let (first, rows) = (&mut first[..room], &mut rows[..room]);
        let mut classes = 0;
        // Each class is written where the next one would be, and stays if its cell was not yet taken: whether it was cannot
        // be predicted, and a branch on it would cost more than the writing.
        for (at, &number) in (0_u32..).zip(numbers.iter()) {
            let cell = &mut cells[number as usize];
            first[classes] = at;
            rows[classes] = *cell;
            classes += usize::from(*cell != C::default());
            *cell = C::default();
        }
        classes
    }
    /// Keys of the coarser classes, each from its first finer class.
    fn keys_of_first(
        &self,
        levels: &[usize],
        keys: &Keys,
        layout: &Layout,
        classes: usize,
        scratch: &mut Scratch<C>,
    ) -> Vec<u64> {
        let mut new_keys = scratch.keys(classes * layout.words);
        let words = self.layout.words;
        let first = &scratch.first[..classes];
        if layout.words == 1 {
            let steps = keys.to_keys(&self.levels, &self.layout, levels, layout);
            new_keys.extend(first.iter().map(|&at| steps.of(&self.keys[at as usize * words..][..words])));
        } else {
            new_keys.resize(classes * layout.words, 0);
            for (key, &at) in new_keys.chunks_exact_mut(layout.words).zip(first) {
                let finer = &self.keys[at as usize * words..][..words];
                keys.climb_key(finer, (&self.levels, &self.layout), (levels, layout), key);
            }
        }
        new_keys
    }
    /// Keys of the coarser classes, their rows in `scratch.rows` and, where wanted, the class of each finer one.
    fn count_hashed(
        &self,
        levels: &[usize],
        keys: &Keys,
        layout: &Layout,
        needs_target: bool,
        scratch: &mut Scratch<C>,
    ) -> (Vec<u64>, usize) {
        let words = layout.words;
        let mut mapped = scratch.keys(self.len() * words);
        if words == 1 {
            let steps = keys.to_keys(&self.levels, &self.layout, levels, layout);
            steps.for_each(&self.keys, self.layout.words, |key| mapped.push(key));
        } else {
            mapped.resize(self.len() * words, 0);
            for (key, finer) in mapped.chunks_exact_mut(words).zip(self.keys.chunks_exact(self.layout.words)) {
                keys.climb_key(finer, (&self.levels, &self.layout), (levels, layout), key);
            }
        }
        let mut new_keys = scratch.keys(self.len() * words);
        new_keys.resize(self.len() * words, 0);
        let classes = match words {
            1 => self.hash_fixed(&mapped, &mut new_keys, 1, needs_target, scratch),
            2 => self.hash_fixed(&mapped, &mut new_keys, 2, needs_target, scratch),
            words => self.hash_fixed(&mapped, &mut new_keys, words, needs_target, scratch),
        };
        new_keys.truncate(classes * words);
        scratch.spare_keys.push(mapped);
        (new_keys, classes)
    }
    /// Written once and compiled for the widths that `count_hashed` names.
    #[inline(always)]
    fn hash_fixed(
        &self,
        mapped: &[u64],
        new_keys: &mut [u64],
        words: usize,
        needs_target: bool,
        scratch: &mut Scratch<C>,
    ) -> usize {
        let capacity = (self.len() * 2).next_power_of_two().max(16);
        let Scratch { slots, target, rows: new_rows, .. } = scratch;
        slots.clear();
        slots.resize(capacity, 0);
        target.clear();
        target.reserve(if needs_target { self.len() } else { 0 });
        new_rows.clear();
        new_rows.resize(self.len(), C::default());
        let shift_down = u64::BITS - capacity.trailing_zeros();
        let slots = slots.as_mut_slice();
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
            new_rows[class] = new_rows[class].plus(rows);
            #[expect(clippy::cast_possible_truncation, reason = "classes are fewer than the base's, checked before")]
            let number = class as u32;
            slots[at] = number + 1;
            if needs_target {
                target.push(number);
            }
        }
        count
    }
}

/// The coarser class of each finer one, from the numbers of their keys.
fn target_numbered<C>(space: usize, classes: usize, scratch: &mut Scratch<C>) {
    let Scratch { class_of, numbers, first, target, .. } = scratch;
    class_of.resize(class_of.len().max(space), 0);
    for (class, &at) in (0_u32..).zip(&first[..classes]) {
        class_of[numbers[at as usize] as usize] = class;
    }
    target.clear();
    target.extend(numbers.iter().map(|&number| class_of[number as usize]));
}
