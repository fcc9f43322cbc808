//! Numbers of characters that stay, from many to few: what prefixes and suffixes have in common.

use super::describe;

/// Kept characters, one number a level.
pub(super) struct Lengths(Vec<usize>);

impl Lengths {
    /// Characters kept at each level.
    ///
    /// # Errors
    /// In words, where they do not fall.
    pub(super) fn new(lengths: Vec<usize>) -> Result<Self, &'static str> {
        if lengths.windows(2).any(|pair| pair[1] >= pair[0]) {
            return Err("a length is not below the one before");
        }
        Ok(Self(lengths))
    }
    /// How many levels there are.
    pub(super) fn steps(&self) -> usize {
        self.0.len()
    }
    /// Characters kept on a level; none where there is no such level.
    pub(super) fn get(&self, step: usize) -> Option<usize> {
        self.0.get(step).copied()
    }
    /// Characters kept on a level.
    #[inline]
    pub(super) fn at(&self, step: usize) -> usize {
        self.0[step]
    }
    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        for length in &self.0 {
            describe(out, length.to_string().as_bytes());
        }
    }
}
