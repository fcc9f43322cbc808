//! Class tables of nodes, each rolled up from a finer one that is kept.
//!
//! A node is reached by raising one column after the other, the most spread first. The tables on the way are kept, so
//! that nodes which begin alike share them, and the last step starts from a table not much larger than its outcome.

use super::rollup::{Keys, NodeTable, Scratch};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub(super) struct Sources<'a> {
    keys: &'a Keys,
    base: Arc<NodeTable>,
    /// Columns in the order in which they are raised.
    order: Vec<usize>,
    kept: Mutex<Kept>,
    most_bytes: usize,
}

#[derive(Default)]
struct Kept {
    tables: HashMap<Vec<usize>, Arc<NodeTable>>,
    bytes: usize,
}

impl<'a> Sources<'a> {
    pub(super) fn new(keys: &'a Keys, base: NodeTable, order: Vec<usize>, most_bytes: usize) -> Self {
        Self { keys, base: Arc::new(base), order, kept: Mutex::default(), most_bytes }
    }
    /// The classes of a node.
    pub(super) fn table(&self, levels: &[usize], scratch: &mut Scratch) -> Arc<NodeTable> {
        // How many columns of the order are already raised in the nearest kept table.
        let mut start = self.base.levels.clone();
        let stages: Vec<Vec<usize>> = self
            .order
            .iter()
            .filter(|&&column| levels[column] != self.base.levels[column])
            .map(|&column| {
                start[column] = levels[column];
                start.clone()
            })
            .collect();
        let mut table = Arc::clone(&self.base);
        let mut done = 0;
        {
            let kept = self.kept.lock().expect("no thread panics while it holds the tables");
            for (at, stage) in stages.iter().enumerate().rev() {
                if let Some(found) = kept.tables.get(stage) {
                    table = Arc::clone(found);
                    done = at + 1;
                    break;
                }
            }
        }
        for (at, stage) in stages.iter().enumerate().skip(done) {
            table = Arc::new(table.roll_up(stage, self.keys, scratch));
            // The node itself is not kept: it is asked for once.
            if at + 1 < stages.len() {
                let mut kept = self.kept.lock().expect("no thread panics while it holds the tables");
                let bytes = table.bytes();
                if kept.bytes + bytes > self.most_bytes {
                    *kept = Kept::default();
                }
                if kept.tables.insert(stage.clone(), Arc::clone(&table)).is_none() {
                    kept.bytes += bytes;
                }
            }
        }
        table
    }
}
