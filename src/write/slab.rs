//! Large pieces of memory where waiting rows lie.
//!
//! Rows come by the half mebibyte and stay until the end. Memory asked for shard by shard would be faulted in page by page
//! and read back at random through many small pages; a slab asks the system for huge pages, so that both cost little. A
//! system without huge pages gives small ones: only slower.

use crate::error::{Error, ErrorKind, Result};
use memmap2::{Advice, MmapMut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes of a slab, unless one shard needs more. Untouched pages of it take no memory.
const SLAB: usize = 32 << 20;

/// A piece of memory that is filled from the front.
struct Slab {
    number: u32,
    memory: MmapMut,
    used: usize,
}

/// Slabs that any worker takes, fills a little further and puts back.
#[derive(Default)]
pub(super) struct Slabs {
    idle: Mutex<Vec<Slab>>,
    made: AtomicU32,
}

/// Where bytes lie: number of the slab, first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) slab: u32,
    pub(super) start: usize,
}

impl Slabs {
    /// Gives `fill` this many bytes of zeros in a slab.
    ///
    /// # Errors
    /// When the system has no memory, or what `fill` returned.
    pub(super) fn place(&self, size: usize, fill: impl FnOnce(&mut [u8])) -> Result<Spot> {
        let fitting = |idle: &mut Vec<Slab>| {
            let at = idle.iter().position(|slab| slab.memory.len() - slab.used >= size)?;
            Some(idle.swap_remove(at))
        };
        let found = fitting(&mut *self.idle.lock().map_err(|_| poisoned())?);
        let mut slab = match found {
            Some(slab) => slab,
            None => self.make(size.max(SLAB))?,
        };
        let spot = Spot { slab: slab.number, start: slab.used };
        fill(&mut slab.memory[spot.start..spot.start + size]);
        slab.used += size;
        self.idle.lock().map_err(|_| poisoned())?.push(slab);
        Ok(spot)
    }

    /// All slabs by number; nothing is placed any more.
    ///
    /// # Errors
    /// When a worker died.
    pub(super) fn finish(self) -> Result<Vec<MmapMut>> {
        let mut slabs = self.idle.into_inner().map_err(|_| poisoned())?;
        slabs.sort_unstable_by_key(|slab| slab.number);
        if slabs.len() != self.made.into_inner() as usize {
            return Err(poisoned());
        }
        Ok(slabs.into_iter().map(|slab| slab.memory).collect())
    }

    fn make(&self, size: usize) -> Result<Slab> {
        let memory = MmapMut::map_anon(size).map_err(|_| Error::new(ErrorKind::Memory("rows that wait")))?;
        // advice only: without huge pages everything works
        let _ = memory.advise(Advice::HugePage);
        Ok(Slab { number: self.made.fetch_add(1, Ordering::Relaxed), memory, used: 0 })
    }
}

fn poisoned() -> Error {
    Error::new(ErrorKind::Internal("a worker died while it held waiting rows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_where_they_were_placed() {
        let slabs = Slabs::default();
        let sizes = [10_usize, SLAB - 5, 0, 7, SLAB + 9, 3];
        let spots: Vec<Spot> = (1_u8..)
            .zip(sizes)
            .map(|(mark, size)| slabs.place(size, |bytes| bytes.fill(mark)).expect("memory for a test"))
            .collect();
        let memory = slabs.finish().expect("no worker died");
        for ((mark, size), spot) in (1_u8..).zip(sizes).zip(spots) {
            let bytes = &memory[spot.slab as usize][spot.start..spot.start + size];
            assert!(bytes.iter().all(|byte| *byte == mark), "piece {mark}");
        }
        assert_eq!(memory.len(), 3, "the small ones share slabs");
    }
}
