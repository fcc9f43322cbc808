//! Keys of classes: packed codes at a node's levels, and how they climb to another node's levels.
//!
//! Responsible for: [`Layout`], where each column's bits lie at some levels, and [`Steps`], tables that turn a key into what it
//! is at coarser levels. Several columns share a table, so that a key of nine columns climbs in two to four look-ups.

use super::problem::ColumnLadder;

/// The ladders of all columns, as maps between levels.
pub(super) struct Keys {
    columns: Vec<Column>,
}

struct Column {
    /// Codes of each level.
    sizes: Vec<usize>,
    /// `[from level][to level]`: code at `to` of each code at `from`; empty where `to` is finer.
    climb: Vec<Vec<Vec<u32>>>,
}

/// Where each column's bits lie in a key at some levels. No column crosses a word.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Layout {
    places: Vec<Place>,
    pub(super) words: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    word: usize,
    shift: u32,
    bits: u32,
}

impl Place {
    fn mask(self) -> u64 {
        if self.bits == 0 { 0 } else { u64::MAX >> (u64::BITS - self.bits) }
    }
    fn of(self, key: &[u64]) -> usize {
        usize::try_from((key[self.word] >> self.shift) & self.mask()).expect("codes are 32 bits")
    }
}

impl Layout {
    /// The code of a column in a key.
    #[inline]
    pub(super) fn code(&self, column: usize, key: &[u64]) -> usize {
        self.places[column].of(key)
    }
    /// Adds a code to a key.
    #[inline]
    pub(super) fn put(&self, column: usize, code: u32, key: &mut [u64]) {
        let Place { word, shift, .. } = self.places[column];
        key[word] |= u64::from(code) << shift;
    }
}

impl Keys {
    /// `Err` names the first column whose levels part what was together.
    pub(super) fn new(ladders: &[ColumnLadder]) -> Result<Self, usize> {
        let mut columns = Vec::with_capacity(ladders.len());
        for (column, ladder) in ladders.iter().enumerate() {
            let mut climb = Vec::with_capacity(ladder.levels.len());
            for (low, from) in ladder.levels.iter().enumerate() {
                let mut maps = vec![Vec::new(); low];
                for to in &ladder.levels[low..] {
                    maps.push(step(&from.parent_code, &to.parent_code, from.leaves.len()).ok_or(column)?);
                }
                climb.push(maps);
            }
            columns.push(Column { sizes: ladder.levels.iter().map(|level| level.leaves.len()).collect(), climb });
        }
        Ok(Self { columns })
    }
    /// The layout of keys at these levels.
    pub(super) fn layout(&self, levels: &[usize]) -> Layout {
        let (mut word, mut left) = (0, u64::BITS);
        let places = self
            .columns
            .iter()
            .zip(levels)
            .map(|(column, &level)| {
                let bits = usize::BITS - column.sizes[level].saturating_sub(1).leading_zeros();
                if bits > left {
                    (word, left) = (word + 1, u64::BITS);
                }
                left -= bits;
                Place { word, shift: left.min(u64::BITS - 1), bits }
            })
            .collect();
        Layout { places, words: word + 1 }
    }
    /// How many keys there could be at these levels; `None` where a `u32` cannot number them.
    pub(super) fn space(&self, levels: &[usize]) -> Option<u32> {
        self.columns.iter().zip(levels).try_fold(1_u32, |space, (column, &level)| {
            space.checked_mul(u32::try_from(column.sizes[level].max(1)).ok()?)
        })
    }
    /// Tables from keys at some levels to their numbers below [`Keys::space`] at coarser levels.
    pub(super) fn to_numbers(&self, from: &[usize], layout: &Layout, to: &[usize], most_bits: u32) -> Steps<u32> {
        let mut stride = 1_u32;
        let mut strides = vec![0; to.len()];
        for column in (0..to.len()).rev() {
            strides[column] = stride;
            // The last product is the space itself, which fits; a top of one code multiplies by one.
            stride = stride.wrapping_mul(u32::try_from(self.columns[column].sizes[to[column]]).unwrap_or(1).max(1));
        }
        let part = |column: usize, code: u32| code * strides[column];
        Steps::new(layout, most_bits, |column| (self.climb(column, from, to), column), part)
    }
    /// Tables from keys at some levels to keys at coarser levels, which have one word.
    pub(super) fn to_keys(&self, from: &[usize], layout: &Layout, to: &[usize], target: &Layout) -> Steps<u64> {
        let part = |column: usize, code: u32| u64::from(code) << target.places[column].shift;
        Steps::new(layout, 8, |column| (self.climb(column, from, to), column), part)
    }
    /// One key at coarser levels, column by column: for keys of several words.
    pub(super) fn climb_key(
        &self,
        key: &[u64],
        (from, layout): (&[usize], &Layout),
        (to, target): (&[usize], &Layout),
        into: &mut [u64],
    ) {
        into.fill(0);
        for column in 0..to.len() {
            target.put(column, self.climb(column, from, to)[layout.code(column, key)], into);
        }
    }
    fn climb(&self, column: usize, from: &[usize], to: &[usize]) -> &[u32] {
        &self.columns[column].climb[from[column]][to[column]]
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

/// Tables whose entries for the parts of a key add up to what the key becomes.
pub(super) struct Steps<T> {
    steps: Vec<Step<T>>,
}

/// One table: neighbouring columns of a word.
pub(super) struct Step<T> {
    word: usize,
    shift: u32,
    mask: u64,
    parts: Vec<T>,
}

/// What parts add up to: numbers or keys.
pub(super) trait Part: Copy + Default {
    fn plus(self, other: Self) -> Self;
}

impl Part for u32 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl Part for u64 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl<T: Part> Step<T> {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as the table has")]
    fn of(&self, word: u64) -> T {
        self.parts[((word >> self.shift) & self.mask) as usize]
    }
}

impl<T: Part> Steps<T> {
    fn new<'a>(
        layout: &Layout,
        most_bits: u32,
        map: impl Fn(usize) -> (&'a [u32], usize),
        part: impl Fn(usize, u32) -> T,
    ) -> Self {
        let mut steps: Vec<Step<T>> = Vec::new();
        let mut bits_of_last = 0;
        // From the last column, which has the lowest bits of its word.
        for (column, place) in layout.places.iter().enumerate().rev() {
            if place.bits == 0 {
                continue;
            }
            let joined =
                steps.last().is_some_and(|last| last.word == place.word) && bits_of_last + place.bits <= most_bits;
            if !joined {
                steps.push(Step { word: place.word, shift: place.shift, mask: 0, parts: vec![T::default()] });
                bits_of_last = 0;
            }
            let last = steps.last_mut().expect("pushed above");
            let below = last.parts.len();
            let (codes, column) = map(column);
            last.parts.resize(below << place.bits, T::default());
            for (code, &to) in codes.iter().enumerate().rev() {
                let add = part(column, to);
                let (low, high) = last.parts.split_at_mut(below.max(code * below));
                if code == 0 {
                    low[..below].iter_mut().for_each(|cell| *cell = cell.plus(add));
                } else {
                    high.iter_mut().zip(&low[..below]).for_each(|(cell, &lower)| *cell = lower.plus(add));
                }
            }
            bits_of_last += place.bits;
            last.mask = u64::MAX >> (u64::BITS - bits_of_last);
        }
        Self { steps }
    }
    /// Calls `each` with what every key becomes, in order. Compiled for each usual number of tables.
    #[inline(always)]
    pub(super) fn for_each(&self, keys: &[u64], words: usize, mut each: impl FnMut(T)) {
        match self.steps.as_slice() {
            [a] if words == 1 => {
                for &key in keys {
                    each(a.of(key));
                }
            }
            [a, b] if words == 1 => {
                for &key in keys {
                    each(a.of(key).plus(b.of(key)));
                }
            }
            [a, b, c] if words == 1 => {
                for &key in keys {
                    each(a.of(key).plus(b.of(key)).plus(c.of(key)));
                }
            }
            [a, b, c, d] if words == 1 => {
                for &key in keys {
                    each(a.of(key).plus(b.of(key)).plus(c.of(key).plus(d.of(key))));
                }
            }
            _ => {
                for key in keys.chunks_exact(words) {
                    each(self.of(key));
                }
            }
        }
    }
    /// What one key becomes.
    #[inline]
    pub(super) fn of(&self, key: &[u64]) -> T {
        self.steps.iter().fold(T::default(), |sum, step| sum.plus(step.of(key[step.word])))
    }
}
