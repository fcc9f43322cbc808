//! Proof at run time that no two values share a shortened token.
//!
//! Below 128 bits a collision is no longer out of the question (n²/2^(b+1) pairs), and it would make two people one. So
//! every token that was given is kept with other bits of its keyed tag, which tell values apart without holding them.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 64;

/// The tokens given so far under one key and length, shared by all threads. Grows with the number of distinct values.
pub struct TokenRegistry {
    bits: u16,
    shards: Vec<Mutex<HashMap<u128, u128, RandomState>>>,
}

impl TokenRegistry {
    /// For tokens of this length in bits, below 128.
    #[must_use]
    pub fn new(bits: u16) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::default())).collect();
        Self { bits: bits.min(127), shards }
    }

    /// The length in bits.
    #[must_use]
    pub fn bits(&self) -> u16 {
        self.bits
    }

    /// Enters a tag; `false` where its token was given to another value.
    #[must_use]
    pub fn enter(&self, tag: &[u8; 32]) -> bool {
        let bits = u128::from_be_bytes(std::array::from_fn(|byte| tag[byte]));
        let token = bits >> (128 - u32::from(self.bits.max(1)));
        let value = u128::from_be_bytes(std::array::from_fn(|byte| tag[16 + byte]));
        let shard = &self.shards[usize::from(tag[0]) % SHARDS];
        let mut given = shard.lock().unwrap_or_else(PoisonError::into_inner);
        *given.entry(token).or_insert(value) == value
    }

    /// Distinct tokens given.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len() as u64).sum()
    }

    /// Bytes of memory in use, about.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let room = |shard: &Mutex<HashMap<_, _, _>>| shard.lock().unwrap_or_else(PoisonError::into_inner).capacity();
        self.shards.iter().map(|shard| room(shard) as u64 * 40).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_value_with_the_same_token_collides() {
        let registry = TokenRegistry::new(64);
        let mut tag = [7; 32];
        assert!(registry.enter(&tag) && registry.enter(&tag));
        tag[7] ^= 1; // the last bit of the token
        assert!(registry.enter(&tag));
        tag[8] ^= 1; // the first bit behind it
        assert!(registry.enter(&tag));
        tag[31] ^= 1; // another value
        assert!(!registry.enter(&tag));
        assert_eq!(registry.distinct(), 2);
        assert!(registry.memory() > 0);
    }
}
