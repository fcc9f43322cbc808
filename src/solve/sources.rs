//! Class tables of nodes, each rolled up from the smallest finer one that is kept.
//!
//! What a node was rolled up to is kept where it is clearly smaller than what it came from, as long as there is memory. No
//! outcome depends on which table a node came from: sums are whole numbers. Tables made only to be sources (the node's
//! levels in some columns, the finest in the others) were tried, and cost as much as they saved.

use super::counts::Count;
use super::keys::Keys;
use super::rollup::{Cut, NodeTable, Scratch, TooSmall};
use std::sync::{Arc, RwLock};

pub(super) struct Sources<'a, C> {
    keys: &'a Keys,
    base: Arc<NodeTable<C>>,
    /// Smallest first.
    kept: RwLock<Kept<C>>,
    most_bytes: usize,
}

struct Kept<C> {
    tables: Vec<Arc<NodeTable<C>>>,
    /// Levels of the tables, a byte each, `words` words a table: compared eight at a time.
    levels: Vec<u64>,
    bytes: usize,
}

/// A node's classes, or that too many rows are in small ones.
pub(super) enum Found<C> {
    /// So many rows.
    TooSmall(u64),
    /// The classes.
    Table(Arc<NodeTable<C>>),
}

/// The free bit of every byte.
const GUARD: u64 = 0x8080_8080_8080_8080;

impl<'a, C: Count> Sources<'a, C> {
    pub(super) fn new(keys: &'a Keys, base: NodeTable<C>, most_bytes: usize) -> Self {
        let kept = Kept { tables: Vec::new(), levels: Vec::new(), bytes: 0 };
        Self { keys, base: Arc::new(base), kept: RwLock::new(kept), most_bytes }
    }
    /// The classes of a node, unless the cut rules it out.
    pub(super) fn table(&self, levels: &[usize], cut: Option<Cut>, scratch: &mut Scratch<C>) -> Found<C> {
        let packed = pack(levels);
        let source = self.nearest(&packed);
        if source.levels == levels {
            return Found::Table(source);
        }
        let wanted_below = if self.most_bytes > 0 { source.len() / 4 * 3 } else { 0 };
        match source.roll_up(levels, self.keys, scratch, cut, wanted_below) {
            Err(TooSmall(rows)) => Found::TooSmall(rows),
            Ok(table) if table.len() < wanted_below => {
                let table = Arc::new(table.shrunk());
                self.keep(&table, &packed);
                Found::Table(table)
            }
            Ok(table) => Found::Table(Arc::new(table)),
        }
    }
    /// The smallest kept table that is nowhere above these levels.
    fn nearest(&self, packed: &[u64]) -> Arc<NodeTable<C>> {
        let kept = self.kept.read().expect("no thread panics while it holds the tables");
        let finer =
            |levels: &[u64]| levels.iter().zip(packed).all(|(low, high)| ((high | GUARD) - low) & GUARD == GUARD);
        kept.levels
            .chunks_exact(packed.len())
            .position(finer)
            .map_or_else(|| Arc::clone(&self.base), |at| Arc::clone(&kept.tables[at]))
    }
    fn keep(&self, table: &Arc<NodeTable<C>>, packed: &[u64]) {
        let mut kept = self.kept.write().expect("no thread panics while it holds the tables");
        let bytes = table.bytes();
        if kept.bytes + bytes > self.most_bytes {
            return;
        }
        let at = kept.tables.partition_point(|other| other.len() < table.len());
        kept.tables.insert(at, Arc::clone(table));
        let words = packed.len();
        kept.levels.splice(at * words..at * words, packed.iter().copied());
        kept.bytes += bytes;
    }
}

/// Levels as bytes of words; a level above 127 counts as 127, which the caller's ladders never reach.
fn pack(levels: &[usize]) -> Vec<u64> {
    let mut words = vec![0; levels.len().div_ceil(8).max(1)];
    for (column, &level) in levels.iter().enumerate() {
        words[column / 8] |= (level as u64).min(127) << (column % 8 * 8);
    }
    words
}
