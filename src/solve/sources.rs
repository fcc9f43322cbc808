//! Class tables of nodes, each rolled up from the smallest finer one that is kept.
//!
//! What a node was rolled up to is kept where it is clearly smaller than what it came from, as long as there is memory. No
//! outcome depends on which table a node came from: sums are whole numbers.

use super::rollup::{Keys, NodeTable, Scratch};
use std::sync::{Arc, RwLock};

pub(super) struct Sources<'a> {
    keys: &'a Keys,
    base: Arc<NodeTable>,
    /// Smallest first.
    kept: RwLock<Kept>,
    most_bytes: usize,
}

#[derive(Default)]
struct Kept {
    tables: Vec<Arc<NodeTable>>,
    /// Levels of the tables, a byte each, `words` words a table: compared eight at a time.
    levels: Vec<u64>,
    bytes: usize,
}

/// The free bit of every byte.
const GUARD: u64 = 0x8080_8080_8080_8080;

impl<'a> Sources<'a> {
    pub(super) fn new(keys: &'a Keys, base: NodeTable, most_bytes: usize) -> Self {
        Self { keys, base: Arc::new(base), kept: RwLock::default(), most_bytes }
    }
    /// The classes of a node.
    pub(super) fn table(&self, levels: &[usize], scratch: &mut Scratch) -> Arc<NodeTable> {
        let packed = pack(levels);
        let source = self.nearest(&packed);
        if source.levels == levels {
            return source;
        }
        let mut table = source.roll_up(levels, self.keys, scratch);
        if self.most_bytes > 0 && table.len() < source.len() / 4 * 3 {
            table.shrink();
            let table = Arc::new(table);
            self.keep(&table, &packed);
            return table;
        }
        Arc::new(table)
    }
    /// The smallest kept table that is nowhere above these levels.
    fn nearest(&self, packed: &[u64]) -> Arc<NodeTable> {
        let kept = self.kept.read().expect("no thread panics while it holds the tables");
        let finer =
            |levels: &[u64]| levels.iter().zip(packed).all(|(low, high)| ((high | GUARD) - low) & GUARD == GUARD);
        kept.levels
            .chunks_exact(packed.len())
            .position(finer)
            .map_or_else(|| Arc::clone(&self.base), |at| Arc::clone(&kept.tables[at]))
    }
    fn keep(&self, table: &Arc<NodeTable>, packed: &[u64]) {
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
