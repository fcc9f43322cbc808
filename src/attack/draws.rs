//! The draws of an attack: the same for the same seed, whatever the machine and the number of threads.

use crate::random::Repeatable;
use crate::secret::MasterKey;

/// Repeatable draws of one attack. They choose targets; nothing private depends on them.
pub struct Draws(Repeatable);

impl Draws {
    /// The draws of `purpose` under a seed; two purposes draw apart.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        let key = MasterKey::insecure_from_test_seed(seed); // no key to anything: a seed of public draws
        Self(Repeatable::new(&key.stream(&format!("attack/{purpose}")), 0))
    }
    /// A number below `n`.
    ///
    /// # Panics
    /// If `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u32::try_from(n).expect("fewer than 2^32 rows");
        self.0.below(n) as usize
    }
    /// The numbers below `n` in random order.
    pub fn order(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(n).expect("fewer than 2^32 rows")).collect();
        self.0.shuffle(&mut order);
        order
    }
    /// `count` different numbers below `n`, in random order; all of them where `n` is smaller.
    pub fn some(&mut self, count: usize, n: usize) -> Vec<u32> {
        if count.saturating_mul(4) >= n {
            let mut order = self.order(n);
            order.truncate(count);
            return order;
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut chosen = Vec::with_capacity(count);
        while chosen.len() < count {
            let one = u32::try_from(self.below(n)).expect("fewer than 2^32 rows");
            if seen.insert(one) {
                chosen.push(one);
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_purposes_draw_apart() {
        let draw = |seed, purpose| Draws::new(seed, purpose).some(20, 1000);
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }

    #[test]
    fn some_are_different_numbers_below_n() {
        for (count, n) in [(5, 1000), (5, 6), (9, 4), (0, 3)] {
            let mut some = Draws::new(7, "x").some(count, n);
            some.sort_unstable();
            some.dedup();
            assert_eq!(some.len(), count.min(n));
            assert!(some.iter().all(|one| (*one as usize) < n));
        }
    }
}
