//! Mixing of keys, and the 128-bit mark of a subject. Seeds are drawn once a process, so nobody can prepare colliding
//! input; results never depend on them, because codes are given after sorting.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// Seeds of the process.
#[derive(Clone, Copy)]
pub(crate) struct Mixer {
    first: u64,
    second: u64,
}

impl Mixer {
    /// The mixer of this process.
    pub(crate) fn of_process() -> Self {
        static SEEDS: OnceLock<Mixer> = OnceLock::new();
        *SEEDS.get_or_init(|| {
            let state = RandomState::new();
            Self { first: state.hash_one(1_u8), second: state.hash_one(2_u8) | 1 }
        })
    }
    /// Hash of one word, for its low bits.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
    pub(crate) fn slot(self, word: u64) -> usize {
        fold(word ^ self.first, self.second) as usize
    }
    /// Hash of two words, for its low bits.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
    pub(crate) fn slot_of_pair(self, low: u64, high: u64) -> usize {
        fold(low ^ self.first, high ^ self.second) as usize
    }
    /// Hash of a key of some words.
    #[inline(always)]
    pub(crate) fn words(self, key: &[u64]) -> u64 {
        let mut state = self.first;
        for &word in key {
            state = fold(state ^ word, self.second);
        }
        state ^ (state >> 32)
    }
    /// Hash of a text.
    pub(crate) fn text(self, text: &[u8]) -> u64 {
        self.mark(text)[0]
    }
    /// 128-bit mark of a text: two subjects share one by chance only (about n² / 2^129 for n subjects), and then they
    /// are counted as one, which errs on the safe side.
    pub(crate) fn mark(self, text: &[u8]) -> [u64; 2] {
        let length = text.len() as u64;
        let (mut one, mut two) = (self.first ^ length, self.second.rotate_left(29) ^ length);
        let mut pieces = text.chunks_exact(8);
        for piece in &mut pieces {
            let word = u64::from_le_bytes(piece.try_into().expect("eight bytes"));
            one = fold(one ^ word, self.second);
            two = fold(two.wrapping_add(word), self.first | 1);
        }
        let mut last = [0_u8; 8];
        last[..pieces.remainder().len()].copy_from_slice(pieces.remainder());
        let word = u64::from_le_bytes(last);
        let end = fold(one ^ word, self.second) ^ two.rotate_left(17);
        let other = fold(two.wrapping_add(word), self.first | 1) ^ one.rotate_left(41);
        [fold(end ^ self.first, other | 1) ^ end, fold(other ^ self.second, end.rotate_left(32) | 1) ^ other]
    }
}

/// Both halves of a 128-bit product, folded.
#[inline(always)]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left).wrapping_mul(u128::from(right));
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are wanted")]
    let folded = (product as u64) ^ ((product >> 64) as u64);
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_million_close_texts_have_a_million_marks() {
        let mixer = Mixer::of_process();
        let halves: Vec<[u64; 2]> = (0..1_000_000_u32).map(|n| mixer.mark(format!("13{n:09}").as_bytes())).collect();
        for half in 0..2 {
            assert_eq!(halves.iter().map(|mark| mark[half]).collect::<BTreeSet<_>>().len(), halves.len());
        }
    }

    #[test]
    fn length_counts() {
        let mixer = Mixer::of_process();
        assert_ne!(mixer.mark(b"a"), mixer.mark(b"a\0"));
        assert_ne!(mixer.mark(b""), mixer.mark(b"\0\0\0\0\0\0\0\0"));
    }
}
