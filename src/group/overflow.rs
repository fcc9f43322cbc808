//! Past the memory given: counted tuples go elsewhere in parts, and come back part by part.
//!
//! Responsible for: which part a tuple belongs to, and how counted keys become bytes. Where they wait is the caller's business
//! ([`Overflow`]). The part is told by the values and not by a worker's codes, so that one part of all workers holds all of
//! its tuples. Equal tuples are added up when a part comes back: the table is that of a run with much memory.

use super::builder::{TableBuilder, Tail};
use super::counter::Counter;
use super::hash::Mixer;
use super::packing::Layout;
use crate::error::Result;
use std::sync::Arc;

/// Where counted tuples wait that memory has no room for. They are as secret as cells: whoever keeps them on a disk encrypts them.
pub trait Overflow: Sync {
    /// Takes bytes, which it may change, and tells where they stand.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn put(&self, bytes: &mut [u8]) -> Result<u64>;
    /// Gives back what stands at a place.
    ///
    /// # Errors
    /// When it cannot be read.
    fn get(&self, at: u64, bytes: &mut [u8]) -> Result<()>;
}

/// Parts of everything that went elsewhere.
pub(super) const PARTS: usize = 64;

/// Some counted keys of one part that went elsewhere.
pub(super) struct Run {
    pub(super) tally: usize,
    pub(super) part: usize,
    at: u64,
    keys: usize,
    /// The layout that they were packed with.
    pub(super) layout: Arc<Layout>,
}

impl Run {
    /// Calls `each` with every key and its count.
    pub(super) fn read(&self, tail: Tail, from: &dyn Overflow, mut each: impl FnMut(&[u64], u64)) -> Result<()> {
        let words = self.layout.words() + tail.words() + 1;
        let mut bytes = vec![0; self.keys * words * 8];
        from.get(self.at, &mut bytes)?;
        let mut key = vec![0; words];
        for entry in bytes.chunks_exact(words * 8) {
            for (word, bytes) in key.iter_mut().zip(entry.chunks_exact(8)) {
                *word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            }
            each(&key[..words - 1], key[words - 1]);
        }
        Ok(())
    }
}

impl TableBuilder {
    /// Lets all counted tuples go elsewhere; the values stay.
    ///
    /// # Errors
    /// When they cannot be kept there.
    pub fn spill(&mut self, to: &dyn Overflow) -> Result<()> {
        let layout = Arc::new(self.layout.clone());
        let marks = self.marks();
        for (number, tally) in self.tallies.iter_mut().enumerate() {
            let words = tally.counter.words();
            let mut counter = std::mem::replace(&mut tally.counter, Counter::new(words));
            counter.settle();
            let mut parts: Vec<Vec<u8>> = vec![Vec::new(); PARTS];
            counter.for_each(|key, count| {
                let part = &mut parts[part_of(&layout, &marks, key)];
                for word in key.iter().chain([&count]) {
                    part.extend_from_slice(&word.to_le_bytes());
                }
            });
            drop(counter);
            for (part, mut bytes) in parts.into_iter().enumerate().filter(|(_, bytes)| !bytes.is_empty()) {
                let keys = bytes.len() / ((words + 1) * 8);
                let at = to.put(&mut bytes)?;
                self.runs.push(Run { tally: number, part, at, keys, layout: Arc::clone(&layout) });
            }
        }
        Ok(())
    }
    /// For each quasi-identifying column a mark of each code's value, the same for all workers.
    fn marks(&self) -> Vec<Vec<u64>> {
        let mixer = Mixer::of_process();
        let column = |(column, dictionary): (usize, &super::dictionary::Dictionary)| {
            let mut marks = vec![0; dictionary.codes() as usize];
            let turned = u32::try_from(column % 64).expect("below 64");
            dictionary.for_each(|value, code| marks[code as usize] = mixer.text(value).rotate_left(turned));
            marks
        };
        self.dictionaries[..self.shape.quasi].iter().enumerate().map(column).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "six bits are left")]
fn part_of(layout: &Layout, marks: &[Vec<u64>], key: &[u64]) -> usize {
    let sum = marks
        .iter()
        .enumerate()
        .fold(0_u64, |sum, (column, marks)| sum.wrapping_add(marks[layout.get(column, key) as usize]));
    (sum.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - PARTS.trailing_zeros())) as usize
}
