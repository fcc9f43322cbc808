//! The memory that the workers of one pass hold together, against what they were given.

use super::overflow::Overflow;
use crate::error::{Error, ErrorKind, Result};
use crate::group::TableBuilder;
use std::sync::atomic::{AtomicU64, Ordering};

/// One worker's part of it.
pub(super) struct Held<'p> {
    all: &'p AtomicU64,
    mine: u64,
    budget: u64,
}

impl<'p> Held<'p> {
    /// Nothing yet. All workers of a pass share `all`.
    pub(super) fn new(all: &'p AtomicU64, budget: u64) -> Self {
        Self { all, mine: 0, budget }
    }
    /// Whether all workers together hold more than they may, now that this one holds so many bytes.
    pub(super) fn is_too_much(&mut self, now: usize) -> bool {
        let now = now as u64;
        let before = std::mem::replace(&mut self.mine, now);
        let others = self.all.fetch_add(now.wrapping_sub(before), Ordering::Relaxed).wrapping_sub(before);
        others.wrapping_add(now) > self.budget
    }
    /// Sends a table's tuples elsewhere where all workers hold more than they may.
    ///
    /// # Errors
    /// Where there is no elsewhere, or what must stay is too much.
    pub(super) fn settle(&mut self, table: &mut TableBuilder, overflow: Option<&Overflow>) -> Result<()> {
        if self.is_too_much(table.bytes()) {
            let Some(overflow) = overflow else {
                return Err(Error::new(ErrorKind::Memory("the table of equivalence classes")));
            };
            table.spill(overflow)?;
            // what stays are the values of the columns, which have nowhere to go
            if self.is_too_much(table.bytes()) && self.alone_is_too_much() {
                return Err(Error::new(ErrorKind::Memory("keeping the distinct values of the columns")));
            }
        }
        Ok(())
    }
    /// Whether this worker alone holds more than all may.
    pub(super) fn alone_is_too_much(&self) -> bool {
        self.mine > self.budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_gives_back_another_may_take() {
        let all = AtomicU64::new(0);
        let (mut one, mut other) = (Held::new(&all, 100), Held::new(&all, 100));
        assert!(!one.is_too_much(60) && other.is_too_much(41) && !other.alone_is_too_much());
        assert!(!one.is_too_much(59) && !other.is_too_much(41));
        assert!(other.is_too_much(101) && other.alone_is_too_much());
        assert_eq!(all.load(Ordering::Relaxed), 160);
    }
}
