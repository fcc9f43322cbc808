//! SHA-256 of bytes that come piece by piece, of several texts side by side where the machine can.
//!
//! One text is a chain: its blocks wait for each other, and instructions made for it do not change that. Texts do not wait for each
//! other, so up to sixteen of them go through the lanes of a register together (three to four times as fast where this was measured).

use super::Digest;
use crate::lanes::{START, Texts};
use sha2::block_api::compress256;

/// A digest in the making.
pub struct Digesting {
    state: [u32; 8],
    /// The first bytes of a block that is not full yet.
    waiting: [u8; BLOCK],
    filled: usize,
    bytes: u64,
}

const BLOCK: usize = 64;

/// From so many texts on the lanes are faster, though some are empty.
pub const SIDE_BY_SIDE: usize = 3;
/// Texts that go through the lanes together at most.
pub const MOST_SIDE_BY_SIDE: usize = Texts::MOST;

impl Default for Digesting {
    fn default() -> Self {
        Self { state: START, waiting: [0; BLOCK], filled: 0, bytes: 0 }
    }
}

impl Digesting {
    /// The next piece.
    pub fn add(&mut self, piece: &[u8]) {
        let blocks = self.take(piece);
        compress256(&mut self.state, blocks);
    }
    /// The next piece of each.
    ///
    /// # Panics
    /// If there are not as many pieces as digests.
    pub fn add_each(digests: &mut [Self], pieces: &[&[u8]]) {
        assert_eq!(digests.len(), pieces.len(), "a piece for each digest");
        for (digests, pieces) in digests.chunks_mut(Texts::MOST).zip(pieces.chunks(Texts::MOST)) {
            let mut left: [&[[u8; BLOCK]]; Texts::MOST] = [&[]; Texts::MOST];
            for ((digest, piece), left) in digests.iter_mut().zip(pieces).zip(&mut left) {
                *left = digest.take(piece);
            }
            if let Some(lanes) = Texts::detect() {
                Self::in_lanes(lanes, digests, &mut left);
            }
            for (digest, left) in digests.iter_mut().zip(left) {
                compress256(&mut digest.state, left);
            }
        }
    }
    /// The digest, and how many bytes there were.
    #[must_use]
    pub fn finish(mut self) -> (Digest, u64) {
        let bytes = self.bytes;
        let mut last = [[0; BLOCK]; 2];
        // the end mark and eight bytes of length
        let used = if self.filled + 9 > BLOCK { 2 } else { 1 };
        let flat = last.as_flattened_mut();
        flat[..self.filled].copy_from_slice(&self.waiting[..self.filled]);
        flat[self.filled] = 0x80;
        flat[used * BLOCK - 8..used * BLOCK].copy_from_slice(&bytes.wrapping_mul(8).to_be_bytes());
        compress256(&mut self.state, &last[..used]);
        (Digest::from_hash(self.state.map(u32::to_be_bytes).as_flattened()), bytes)
    }

    /// Takes a piece in, but for its whole blocks, which are left to be compressed.
    fn take<'p>(&mut self, mut piece: &'p [u8]) -> &'p [[u8; BLOCK]] {
        self.bytes += piece.len() as u64;
        if self.filled > 0 {
            let (first, rest) = piece.split_at(piece.len().min(BLOCK - self.filled));
            self.waiting[self.filled..][..first.len()].copy_from_slice(first);
            self.filled += first.len();
            if self.filled < BLOCK {
                return &[];
            }
            compress256(&mut self.state, &[self.waiting]);
            piece = rest;
        }
        let (blocks, rest) = piece.as_chunks();
        self.waiting[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
        blocks
    }
    /// Compresses blocks as long as enough texts have some.
    fn in_lanes(lanes: Texts, digests: &mut [Self], left: &mut [&[[u8; BLOCK]]; Texts::MOST]) {
        loop {
            let some: Vec<usize> = (0..digests.len()).filter(|at| !left[*at].is_empty()).collect();
            let Some(shortest) = some.iter().map(|at| left[*at].len()).min().filter(|_| some.len() >= SIDE_BY_SIDE)
            else {
                return;
            };
            // an empty lane goes through the blocks of the first, and what comes of it is forgotten
            let of_lane = |lane: usize| some.get(lane).copied().unwrap_or(some[0]);
            let mut states: [[u32; 8]; Texts::MOST] = std::array::from_fn(|lane| digests[of_lane(lane)].state);
            let texts: [&[[u8; BLOCK]]; Texts::MOST] = std::array::from_fn(|lane| &left[of_lane(lane)][..shortest]);
            match (states.first_chunk_mut(), texts.first_chunk()) {
                (Some(states), Some(texts)) if some.len() <= 8 => lanes.compress8(states, texts),
                _ => lanes.compress16(&mut states, &texts),
            }
            for (at, state) in some.into_iter().zip(states) {
                digests[at].state = state;
                left[at] = &left[at][shortest..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn texts_side_by_side_have_the_digests_of_each(
            lengths in proptest::collection::vec(0_usize..700, 0..36),
            piece in 1_usize..400,
        ) {
            let texts: Vec<Vec<u8>> =
                lengths.iter().zip(0_u8..).map(|(length, seed)| (0..*length).map(|at| (at * 7 + at / 251) as u8 ^ seed).collect()).collect();
            let mut digests: Vec<Digesting> = texts.iter().map(|_| Digesting::default()).collect();
            let mut alone: Vec<Digesting> = texts.iter().map(|_| Digesting::default()).collect();
            for round in 0..700_usize.div_ceil(piece) {
                let pieces: Vec<&[u8]> =
                    texts.iter().map(|text| text.chunks(piece).nth(round).unwrap_or_default()).collect();
                Digesting::add_each(&mut digests, &pieces);
                alone.iter_mut().zip(pieces).for_each(|(digest, piece)| digest.add(piece));
            }
            for ((digest, alone), text) in digests.into_iter().zip(alone).zip(&texts) {
                // `of_bytes` is the `sha2` crate's
                let expected = (Digest::of_bytes(text), text.len() as u64);
                proptest::prop_assert_eq!(digest.finish(), expected.clone());
                proptest::prop_assert_eq!(alone.finish(), expected);
            }
        }
    }
}
