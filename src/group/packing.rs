//! Several codes in as few words as they need.
//!
//! Responsible for: where each column's bits lie. The first column has the highest bits of the first word and no code
//! crosses a word, so keys compare as their tuples of codes do.

/// Where each column's bits lie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    places: Vec<Place>,
    words: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    word: usize,
    shift: u32,
    bits: u32,
}

impl Layout {
    /// Room for codes below each of `limits`. At least one word, also for no columns.
    pub(crate) fn new(limits: impl IntoIterator<Item = u32>) -> Self {
        let mut places = Vec::new();
        let (mut word, mut left) = (0, u64::BITS);
        for limit in limits {
            let bits = u32::BITS - limit.saturating_sub(1).leading_zeros();
            if bits > left {
                word += 1;
                left = u64::BITS;
            }
            left -= bits;
            places.push(Place { word, shift: left.min(u64::BITS - 1), bits });
        }
        Self { places, words: word + 1 }
    }
    /// Words of a key.
    pub(crate) fn words(&self) -> usize {
        self.words
    }
    /// Whether a code below `limit` fits the column.
    pub(crate) fn holds(&self, column: usize, limit: u32) -> bool {
        u32::BITS - limit.saturating_sub(1).leading_zeros() <= self.places[column].bits
    }
    /// Word, shift and mask of a column.
    pub(crate) fn place(&self, column: usize) -> (usize, u32, u64) {
        let Place { word, shift, bits } = self.places[column];
        (word, shift, if bits == 0 { 0 } else { u64::MAX >> (u64::BITS - bits) })
    }
    /// Adds the codes of one column to keys of `stride` words each.
    #[inline]
    pub(crate) fn pack_column(&self, column: usize, codes: &[u32], keys: &mut [u64], stride: usize) {
        let Place { word, shift, .. } = self.places[column];
        if stride == 1 {
            for (key, &code) in keys.iter_mut().zip(codes) {
                *key |= u64::from(code) << shift;
            }
        } else {
            for (key, &code) in keys.chunks_exact_mut(stride).zip(codes) {
                key[word] |= u64::from(code) << shift;
            }
        }
    }
    /// Adds one code to a key.
    #[inline]
    pub(crate) fn put(&self, column: usize, code: u32, key: &mut [u64]) {
        let Place { word, shift, .. } = self.places[column];
        key[word] |= u64::from(code) << shift;
    }
    /// One code of a key.
    #[inline]
    pub(crate) fn get(&self, column: usize, key: &[u64]) -> u32 {
        let Place { word, shift, bits } = self.places[column];
        let mask = if bits == 0 { 0 } else { u64::MAX >> (u64::BITS - bits) };
        u32::try_from((key[word] >> shift) & mask).expect("at most 32 bits")
    }
    /// Number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_compare_as_tuples(limits in proptest::collection::vec(1_u32..=u32::MAX, 0..12), seed in any::<u64>()) {
            let layout = Layout::new(limits.iter().copied());
            let draw = |salt: u64| -> Vec<u32> {
                limits.iter().enumerate().map(|(at, &limit)| {
                    let mixed = (seed ^ salt).wrapping_add(at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 31;
                    u32::try_from(mixed % u64::from(limit)).unwrap()
                }).collect()
            };
            let pack = |codes: &[u32]| {
                let mut key = vec![0; layout.words()];
                for (column, &code) in codes.iter().enumerate() { layout.put(column, code, &mut key); }
                key
            };
            let (one, two) = (draw(0), draw(77));
            let (first, second) = (pack(&one), pack(&two));
            prop_assert_eq!(first.cmp(&second), one.cmp(&two));
            let back: Vec<u32> = (0..layout.columns()).map(|column| layout.get(column, &first)).collect();
            prop_assert_eq!(back, one);
        }
    }
}
