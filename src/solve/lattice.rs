//! The lattice of levels: nodes by number, and walks over what lies below and above a node.

use super::problem::ColumnLadder;

/// All combinations of the levels that may be chosen. A node's number grows with its levels, the last column fastest.
pub(super) struct Lattice {
    pub(super) least: Vec<usize>,
    pub(super) most: Vec<usize>,
    strides: Vec<usize>,
    nodes: Option<usize>,
}

impl Lattice {
    pub(super) fn new(ladders: &[ColumnLadder]) -> Self {
        let top = |ladder: &ColumnLadder| ladder.max.min(ladder.levels.len().saturating_sub(1));
        let most: Vec<usize> = ladders.iter().map(top).collect();
        let least: Vec<usize> = ladders.iter().map(|ladder| ladder.min.min(top(ladder))).collect();
        let mut strides = vec![0; ladders.len()];
        let mut nodes = Some(1_usize);
        for column in (0..ladders.len()).rev() {
            strides[column] = nodes.unwrap_or(0);
            nodes = nodes.and_then(|nodes| nodes.checked_mul(most[column] - least[column] + 1));
        }
        Self { least, most, strides, nodes }
    }
    /// Number of nodes; `None` where a `usize` cannot hold it.
    pub(super) fn nodes(&self) -> Option<usize> {
        self.nodes
    }
    /// Number of nodes, as far as a double can say.
    #[expect(clippy::cast_precision_loss, reason = "said in the doc")]
    pub(super) fn size(&self) -> f64 {
        self.least.iter().zip(&self.most).map(|(least, most)| (most - least + 1) as f64).product()
    }
    pub(super) fn levels(&self, node: usize) -> Vec<usize> {
        let mut rest = node;
        self.strides
            .iter()
            .zip(&self.least)
            .map(|(&stride, &least)| {
                let level = rest / stride;
                rest %= stride;
                level + least
            })
            .collect()
    }
    /// The node one level up in a column.
    pub(super) fn up(&self, node: usize, levels: &[usize], column: usize) -> Option<usize> {
        (levels[column] < self.most[column]).then(|| node + self.strides[column])
    }
    /// Calls `each` with every node that is nowhere above `levels`, itself included.
    pub(super) fn for_each_below(&self, levels: &[usize], mut each: impl FnMut(usize)) {
        self.walk(0, 0, &self.least, levels, &mut each);
    }
    /// Calls `each` with every node that is nowhere below `levels`, itself included.
    pub(super) fn for_each_above(&self, levels: &[usize], mut each: impl FnMut(usize)) {
        self.walk(0, 0, levels, &self.most, &mut each);
    }
    fn walk(&self, column: usize, node: usize, from: &[usize], to: &[usize], each: &mut impl FnMut(usize)) {
        if column == self.strides.len() {
            return each(node);
        }
        for level in from[column]..=to[column] {
            self.walk(column + 1, node + (level - self.least[column]) * self.strides[column], from, to, each);
        }
    }
}
