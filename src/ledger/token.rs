//! The tokens of a column as keyed tags: all of them up to a number, beyond it those with the smallest tags.
//!
//! The smallest tags of two columns lie in one range, so what they share there is an even sample of what the columns share
//! (Bar-Yossef et al., "Counting distinct elements in a data stream", RANDOM 2002). With 65 536 tags a shared part of 0.03 %
//! is missed with a chance below one in a hundred million (e^-19.6), and up to as many tokens nothing is missed at all. A
//! false match needs two of 64-bit tags to meet: over 65 536 tags and a thousand columns about one in four million.

use super::Keys;
use super::keys::tag;
use crate::secret::FieldKey;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most tags that are kept of a column.
pub const MOST_TAGS: usize = 1 << 16;

/// The tags of a set of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSketch {
    pub(super) tags: BTreeSet<u64>,
    /// Every tag up to here is kept.
    pub(super) upto: u64,
}

impl Default for TokenSketch {
    fn default() -> Self {
        Self { tags: BTreeSet::new(), upto: u64::MAX }
    }
}

/// A column's sketch as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SketchedTokens {
    /// Released name of the column.
    pub column: String,
    /// The domain that the profile names.
    pub domain: String,
    /// The sketch.
    pub sketch: TokenSketch,
}

/// What two sketches share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Tags in both.
    pub shared: u64,
    /// Tags of the smaller one in the range that both have whole.
    pub of: u64,
}

/// Makes sketches of one ledger, for one worker.
pub struct Sketcher {
    key: Arc<FieldKey>,
    sketch: TokenSketch,
}

impl Sketcher {
    /// An empty one.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self { key: Arc::new(keys.tokens()), sketch: TokenSketch::default() }
    }
    /// An empty one for another worker.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { key: Arc::clone(&self.key), sketch: TokenSketch::default() }
    }
    /// Takes in a token.
    pub fn add(&mut self, token: &[u8]) {
        self.sketch.insert(tag(&self.key, Some(token)));
    }
    /// Takes in what another worker saw.
    pub fn absorb(&mut self, other: &Self) {
        self.sketch.upto = self.sketch.upto.min(other.sketch.upto);
        for tag in &other.sketch.tags {
            self.sketch.insert(*tag);
        }
    }
    /// The sketch.
    #[must_use]
    pub fn sketch(&self) -> TokenSketch {
        let mut sketch = self.sketch.clone();
        sketch.tags = sketch.tags.range(..=sketch.upto).copied().collect();
        sketch.shrink(MOST_TAGS);
        sketch
    }
}

impl TokenSketch {
    fn insert(&mut self, tag: u64) {
        if tag <= self.upto && self.tags.insert(tag) && self.tags.len() >= 2 * MOST_TAGS {
            self.shrink(MOST_TAGS);
        }
    }
    /// Keeps the smallest tags.
    fn shrink(&mut self, most: usize) {
        if self.tags.len() > most
            && let Some(first_out) = self.tags.iter().nth(most).copied()
        {
            self.tags.split_off(&first_out);
            self.upto = self.upto.min(first_out - 1);
        }
    }
    /// How many tags there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }
    /// What both share.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Overlap {
        let upto = self.upto.min(other.upto);
        let [one, two] = [self, other].map(|sketch| sketch.tags.range(..=upto).count());
        let (small, large) = if one <= two { (self, other) } else { (other, self) };
        let shared = small.tags.range(..=upto).filter(|tag| large.tags.contains(tag)).count();
        Overlap { shared: shared as u64, of: one.min(two) as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterKey;

    fn sketch(tokens: std::ops::Range<u32>, workers: u32) -> TokenSketch {
        let first = Sketcher::new(&Keys::new(MasterKey::insecure_from_test_seed(1)));
        let mut all: Vec<Sketcher> = (0..workers).map(|_| first.fork()).collect();
        tokens.for_each(|token| all[(token % workers) as usize].add(&token.to_be_bytes()));
        let mut sum = first.fork();
        all.iter().for_each(|one| sum.absorb(one));
        sum.sketch()
    }

    #[test]
    fn small_sets_are_known_whole() {
        assert_eq!(sketch(0..1000, 1).overlap(&sketch(999..3000, 3)), Overlap { shared: 1, of: 1000 });
        assert_eq!(sketch(0..1000, 1).overlap(&sketch(1000..3000, 1)).shared, 0);
        assert_eq!(sketch(0..0, 1).overlap(&sketch(0..10, 1)), Overlap { shared: 0, of: 0 });
    }

    #[test]
    fn large_sets_share_what_they_share_about() {
        let (one, other) = (sketch(0..200_000, 2), sketch(150_000..350_000, 3));
        assert_eq!((one.len(), other.len()), (MOST_TAGS, MOST_TAGS));
        let Overlap { shared, of } = one.overlap(&other);
        let share = shared as f64 / of as f64;
        // a quarter of 65 536: standard deviation 0.0017; alpha 1e-6 is five of them
        assert!((share - 0.25).abs() < 0.01, "{share}");
        assert_eq!(one.overlap(&sketch(200_000..400_000, 1)).shared, 0, "nothing shared is never a match");
    }

    #[test]
    fn the_sketch_is_the_same_for_any_number_of_workers() {
        assert_eq!(sketch(0..180_000, 1), sketch(0..180_000, 5));
    }
}
