//! Repeatable pseudo-random numbers for made-up data: fast, equal on every machine, and of no cryptographic use.
//!
//! Given: a seed and an index. Integers only, so that no mathematical library can make two machines differ.

/// A stream of numbers that belongs to one index of one purpose.
pub(super) struct Mix(u64);

impl Mix {
    /// The stream of an index; streams of different purposes are unrelated.
    #[inline]
    pub(super) fn new(seed: u64, purpose: u64, index: u64) -> Self {
        Self(scramble(seed ^ scramble(purpose)) ^ scramble(index.wrapping_add(GOLDEN)))
    }
    /// The next 64 bits (`SplitMix64`; Steele, Lea, Flood 2014).
    #[inline]
    pub(super) fn bits(&mut self) -> Bits {
        self.0 = self.0.wrapping_add(GOLDEN);
        Bits(scramble(self.0))
    }
}

/// Sixty-four bits, taken from the low end.
#[derive(Clone, Copy)]
pub(super) struct Bits(u64);

impl Bits {
    /// These very bits.
    #[cfg(test)]
    pub(super) fn fixed(bits: u64) -> Self {
        Self(bits)
    }
    /// The next `count` bits, at most 32.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> usize {
        let taken = self.0 & ((1 << count) - 1);
        self.0 >>= count;
        usize::try_from(taken).expect("32 bits fit")
    }
    /// A number below `bound`, nearly even where the bound is far below 2^24; takes 24 bits.
    #[inline]
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.take(24) * bound) >> 24
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// A shuffle of `0..size` that is computed place by place: four Feistel rounds over the next power of two, walked on until
/// the result is inside (Black and Rogaway 2002).
pub(super) struct Permutation {
    size: u64,
    keys: [u64; 4],
    low: u32,
    high: u32,
}

impl Permutation {
    /// One permutation of `0..size` for each seed and purpose.
    pub(super) fn new(seed: u64, purpose: u64, size: u64) -> Self {
        let bits = (u64::BITS - size.saturating_sub(1).leading_zeros()).max(2);
        let mut mix = Mix::new(seed, purpose, size);
        Self { size, keys: std::array::from_fn(|_| mix.bits().0), low: bits / 2, high: bits - bits / 2 }
    }
    /// Where `index` goes; it must be below the size.
    #[inline]
    pub(super) fn place(&self, index: u64) -> u64 {
        debug_assert!(index < self.size);
        let (low_mask, high_mask) = ((1_u64 << self.low) - 1, (1_u64 << self.high) - 1);
        let mut at = index;
        loop {
            let (mut low, mut high) = (at & low_mask, at >> self.low);
            for keys in self.keys.as_chunks::<2>().0 {
                high ^= round(low, keys[0]) & high_mask;
                low ^= round(high, keys[1]) & low_mask;
            }
            at = high << self.low | low;
            if at < self.size {
                return at;
            }
        }
    }
}

#[inline]
fn round(half: u64, key: u64) -> u64 {
    let mixed = (half ^ key).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed ^ (mixed >> 32)).wrapping_mul(GOLDEN) >> 32
}

/// Draws indices in proportion to weights, through a table of 4096 places.
pub(super) struct Wheel(Box<[u16; 1 << Self::BITS]>);

impl Wheel {
    /// Bits that a draw takes.
    pub(super) const BITS: u32 = 12;

    /// A wheel with a share of the places for every weight; a weight above zero may still round to none.
    pub(super) fn new(weights: impl Iterator<Item = u32>) -> Self {
        let weights: Vec<u64> = weights.map(u64::from).collect();
        let total: u64 = weights.iter().sum();
        let mut places = Box::new([0; 1 << Self::BITS]);
        let (mut index, mut before) = (0, 0);
        for (at, place) in (0_u64..).zip(places.iter_mut()) {
            // The weight under the middle of the place.
            while (2 * at + 1) * total >= (before + weights[index]) << (Self::BITS + 1) {
                before += weights[index];
                index += 1;
            }
            *place = u16::try_from(index).expect("fewer than 65536 weights");
        }
        Self(places)
    }
    /// An index; takes 12 bits.
    #[inline]
    pub(super) fn draw(&self, bits: &mut Bits) -> usize {
        usize::from(self.0[bits.take(Self::BITS)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wheels_keep_the_proportions() {
        let wheel = Wheel::new([1_u32, 0, 2, 5].into_iter());
        let count = |index| wheel.0.iter().filter(|place| **place == index).count();
        assert_eq!([count(0), count(1), count(2), count(3)], [512, 0, 1024, 2560]);
    }

    #[test]
    fn splitmix_is_the_published_one() {
        // First outputs of the reference implementation (Vigna, splitmix64.c) from state 1234567.
        let mut mix = Mix(1_234_567);
        assert_eq!(mix.bits().0, 6_457_827_717_110_365_317);
        assert_eq!(mix.bits().0, 3_203_168_211_198_807_973);
    }

    #[test]
    fn neighbours_are_torn_apart() {
        let permutation = Permutation::new(7, 1, 100_000);
        let near = (0..99_999).filter(|at| permutation.place(*at).abs_diff(permutation.place(at + 1)) < 100).count();
        // Expected 200 of a random shuffle; 300 is seven standard deviations away.
        assert!(near < 300, "{near}");
    }

    proptest! {
        #[test]
        fn permutations_reach_every_place_once(size in 1_u64..5000, seed: u64) {
            let permutation = Permutation::new(seed, 3, size);
            let mut places: Vec<u64> = (0..size).map(|index| permutation.place(index)).collect();
            places.sort_unstable();
            prop_assert!(places.into_iter().eq(0..size));
        }

        #[test]
        fn bounded_draws_stay_in_bounds(seed: u64, bound in 1_usize..1000) {
            prop_assert!(Mix::new(seed, 0, 0).bits().below(bound) < bound);
        }
    }
}
