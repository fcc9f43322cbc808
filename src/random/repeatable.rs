//! Randomness that comes out the same: for shuffles, surrogates, samples and date shifts. **Not for privacy noise.**
//!
//! Responsible for: the `ChaCha12` keystream of a key and a shard as numbers, in sequence or by row. Given: a stream key
//! and a shard. It never draws from the system, and its numbers do not depend on threads, buffers or versions of a
//! library: they are the cipher's definition.

use chacha20::cipher::{Array, KeyIvInit, StreamCipherCore};
use chacha20::variants::Ietf;
use chacha20::{ChaChaCore, R12};
use zeroize::Zeroize;

use crate::secret::StreamKey;

/// Numbers that anybody with the key can draw again. For shuffles and surrogates, not for privacy noise.
///
/// The sequence and the rows are two streams: drawing from one does not move the other.
pub struct Repeatable {
    sequence: Keystream<16>,
    position: usize,
    rows: Keystream<4>,
}

impl Repeatable {
    /// The stream of `shard` under `key`.
    #[must_use]
    pub fn new(key: &StreamKey, shard: u64) -> Self {
        let mut sequence = Keystream::new(key.bytes(), shard, Plane::Sequence);
        sequence.load(0);
        Self { sequence, position: 0, rows: Keystream::new(key.bytes(), shard, Plane::Rows) }
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }
    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
    /// The next bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.position == Keystream::<16>::BYTES {
                self.refill();
            }
            let ready = &self.sequence.bytes()[self.position..];
            let (now, later) = rest.split_at_mut(rest.len().min(ready.len()));
            now.copy_from_slice(&ready[..now.len()]);
            self.position += now.len();
            rest = later;
        }
    }

    /// A number below `n`, each with the same chance (Lemire 2019, "Fast random integer generation in an interval").
    ///
    /// # Panics
    /// If `n` is zero.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        assert!(n > 0, "no number is below zero");
        let mut product = u64::from(self.next_u32()) * u64::from(n);
        if low(product) < n {
            // Each outcome has floor(2^32 / n) draws; those that are left over are drawn again.
            let left_over = n.wrapping_neg() % n;
            while low(product) < left_over {
                product = u64::from(self.next_u32()) * u64::from(n);
            }
        }
        high(product)
    }

    /// Every order with the same chance (Fisher and Yates; Knuth 3.4.2 P).
    ///
    /// # Panics
    /// If there are 2^32 items or more.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        let count = u32::try_from(items.len()).expect("fewer than 2^32 items in a shard");
        for last in (1..count).rev() {
            let other = self.below(last + 1);
            items.swap(last as usize, other as usize);
        }
    }

    /// 128 bits that belong to `row` of this shard, whatever was drawn before. Fastest for rows in order.
    #[inline]
    #[expect(clippy::missing_panics_doc, reason = "the place lies within the buffer")]
    pub fn bits128(&mut self, row: u64) -> u128 {
        const ROWS: u64 = Keystream::<4>::BYTES as u64 / 16;
        self.rows.load(row / ROWS);
        let start = 16 * (row % ROWS) as usize;
        let bytes = self.rows.bytes()[start..].first_chunk().expect("16 bytes of a row");
        u128::from_le_bytes(*bytes)
    }

    /// The next `SIZE` bytes that start at a multiple of `SIZE`, so that a number never spans two buffers and the
    /// numbers do not depend on the buffer's size.
    #[inline]
    fn take<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        let mut start = self.position.next_multiple_of(SIZE);
        if start >= Keystream::<16>::BYTES {
            self.refill();
            start = 0;
        }
        self.position = start + SIZE;
        *self.sequence.bytes()[start..].first_chunk().expect("a multiple of the size lies within")
    }
    #[cold]
    fn refill(&mut self) {
        let next = self.sequence.at.expect("loaded when made") + 1;
        self.sequence.load(next);
        self.position = 0;
    }
}

/// The lower half.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
fn low(product: u64) -> u32 {
    product as u32
}

/// The upper half.
#[inline]
fn high(product: u64) -> u32 {
    u32::try_from(product >> 32).expect("32 bits")
}

/// Which of a shard's two streams: the top bit of the nonce.
#[derive(Clone, Copy)]
enum Plane {
    Sequence,
    Rows,
}

type Core = ChaChaCore<R12, Ietf>;

/// `BLOCKS` blocks of a keystream at any place. Nonce: shard (eight bytes), then the plane's bit with the upper bits of
/// the block number, of which the cipher's own counter has only 32.
struct Keystream<const BLOCKS: usize> {
    key: Box<[u8; 32]>,
    shard: u64,
    plane: Plane,
    core: Core,
    epoch: u32,
    /// The group of `BLOCKS` blocks that stands in the buffer.
    at: Option<u64>,
    buffer: [[u8; 64]; BLOCKS],
}

impl<const BLOCKS: usize> Keystream<BLOCKS> {
    const BYTES: usize = 64 * BLOCKS;
    /// Bits of the cipher's counter that are used; groups never span two epochs, because `BLOCKS` divides this.
    const COUNTER_BITS: u32 = 31;

    fn new(key: &[u8; 32], shard: u64, plane: Plane) -> Self {
        let mut own = Box::new([0; 32]);
        own.copy_from_slice(key);
        let core = cipher(&own, shard, plane, 0);
        Self { key: own, shard, plane, core, epoch: 0, at: None, buffer: [[0; 64]; BLOCKS] }
    }

    /// Brings group `group` into the buffer.
    #[inline]
    fn load(&mut self, group: u64) {
        if self.at != Some(group) {
            self.generate(group);
        }
    }
    #[inline(never)]
    fn generate(&mut self, group: u64) {
        let block = group * BLOCKS as u64;
        let epoch =
            u32::try_from(block >> Self::COUNTER_BITS).expect("below 2^62 blocks: rows are 64 bits of 16 bytes");
        if epoch != self.epoch {
            self.core = cipher(&self.key, self.shard, self.plane, epoch);
            self.epoch = epoch;
        }
        let within = block & ((1 << Self::COUNTER_BITS) - 1);
        self.core.set_block_pos(u32::try_from(within).expect("31 bits"));
        self.core.write_keystream_blocks(Array::cast_slice_from_core_mut(&mut self.buffer));
        self.at = Some(group);
    }
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.buffer.as_flattened()
    }
}

impl<const BLOCKS: usize> Drop for Keystream<BLOCKS> {
    fn drop(&mut self) {
        self.key.zeroize();
        self.buffer.zeroize();
    }
}

fn cipher(key: &[u8; 32], shard: u64, plane: Plane, epoch: u32) -> Core {
    let plane = match plane {
        Plane::Sequence => 0,
        Plane::Rows => 1 << 31,
    };
    assert!(epoch < 1 << 31, "the top bit is the plane's");
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&shard.to_le_bytes());
    nonce[8..].copy_from_slice(&(plane | epoch).to_le_bytes());
    Core::new(key.into(), (&nonce).into())
}

#[cfg(test)]
#[path = "repeatable_tests.rs"]
mod tests;
