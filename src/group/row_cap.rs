//! At most so many rows of one person: which ones is drawn by key.
//!
//! A person with hundreds of rows has a signature of their own whatever the levels are. With a cap their other rows stay
//! out. Given: for every row its person and a priority that the caller drew from a keyed stream; the rows with the
//! smallest priorities stay, so the choice does not depend on the order of the rows or on threads. Memory grows with
//! persons: about 50 bytes each, and 8 for each row up to the cap.

use super::hash::Mixer;
use hashbrown::HashMap;
use std::collections::BinaryHeap;

type ByMark<V> = HashMap<[u64; 2], V, foldhash::fast::RandomState>;

/// One worker's view of the persons' rows.
pub struct RowCap {
    mixer: Mixer,
    limit: usize,
    /// The smallest priorities of each person, one more than the limit: so it is seen who has more.
    smallest: ByMark<BinaryHeap<u64>>,
    held: usize,
}

/// Which rows stay.
pub struct RowChoice {
    mixer: Mixer,
    /// Of each person with too many rows the largest priority that stays.
    last: ByMark<u64>,
}

impl RowCap {
    /// At most `limit` rows of each person.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX - 1).max(1);
        Self { mixer: Mixer::of_process(), limit, smallest: ByMark::default(), held: 0 }
    }
    /// Takes note of a row; rows that name nobody are one person.
    pub fn add(&mut self, subject: Option<&[u8]>, priority: u64) {
        let mark = subject.map_or([0, 0], |cell| self.mixer.mark(cell));
        let heap = self.smallest.entry(mark).or_default();
        if heap.len() <= self.limit {
            heap.push(priority);
            self.held += 1;
        } else if heap.peek().is_some_and(|largest| priority < *largest) {
            heap.pop();
            heap.push(priority);
        }
    }
    /// Memory held, in bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.smallest.capacity() * 48 + self.held * 8
    }
    /// The choice over all workers' rows.
    ///
    /// # Panics
    /// If the workers do not have one limit.
    #[must_use]
    pub fn choose(workers: Vec<Self>) -> RowChoice {
        let mut workers = workers.into_iter();
        let Some(mut all) = workers.next() else {
            return RowChoice { mixer: Mixer::of_process(), last: ByMark::default() };
        };
        for worker in workers {
            assert!(worker.limit == all.limit, "all workers have one limit");
            for (mark, heap) in worker.smallest {
                all.smallest.entry(mark).or_default().extend(heap);
            }
        }
        let limit = all.limit;
        let last = |heap: BinaryHeap<u64>| heap.into_sorted_vec()[limit - 1];
        let over = all.smallest.into_iter().filter(|(_, heap)| heap.len() > limit);
        RowChoice { mixer: all.mixer, last: over.map(|(mark, heap)| (mark, last(heap))).collect() }
    }
}

impl RowChoice {
    /// Whether a row stays.
    #[must_use]
    pub fn takes(&self, subject: Option<&[u8]>, priority: u64) -> bool {
        if self.last.is_empty() {
            return true;
        }
        let mark = subject.map_or([0, 0], |cell| self.mixer.mark(cell));
        self.last.get(&mark).is_none_or(|last| priority <= *last)
    }
    /// Persons that lose rows.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.last.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn the_smallest_priorities_stay_for_any_split(
            rows in proptest::collection::vec((0_u8..12, any::<u64>()), 0..200), limit in 1_u32..6, workers in 1_usize..5,
        ) {
            let name = |person: u8| (person > 0).then(|| format!("p{person}").into_bytes());
            let mut caps: Vec<RowCap> = (0..workers).map(|_| RowCap::new(limit)).collect();
            let mut of: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
            for (at, &(person, priority)) in rows.iter().enumerate() {
                caps[at % workers].add(name(person).as_deref(), priority);
                of.entry(person).or_default().push(priority);
            }
            let choice = RowCap::choose(caps);
            of.values_mut().for_each(|priorities| priorities.sort_unstable());
            for &(person, priority) in &rows {
                let place = of[&person].iter().position(|other| *other == priority).unwrap();
                prop_assert_eq!(choice.takes(name(person).as_deref(), priority), place < limit as usize);
            }
            prop_assert_eq!(choice.persons(), of.values().filter(|rows| rows.len() > limit as usize).count());
        }
    }
}
