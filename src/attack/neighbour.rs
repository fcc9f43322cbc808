//! The nearest row of a release to what an attacker knows of a person, over numbers and categories together.
//!
//! Rows with the same cells are one place. The places, in order, are a tree: a column's cell is a branch. A search goes into
//! the nearest branch first and leaves out every branch that is already farther than the best place found, so it looks at
//! few of them. Among rows at the same distance the one that a random order puts first is taken, the same for every search.

use super::draws::Draws;
use super::table::{Column, Table, Tuples};

/// The places of a release over some columns.
pub(super) struct Neighbours<'t> {
    columns: Vec<&'t Column>,
    tuples: Tuples,
    /// By tuple: the least rank of its rows.
    first: Vec<u32>,
    /// By rank: the row.
    order: Vec<u32>,
    /// Which of the table's columns, in the order of the tuples.
    which: Vec<usize>,
}

struct Search<'s> {
    query: &'s [u32],
    best: f64,
    rank: u32,
    /// Every tuple at the best distance, where the caller asks for all.
    ties: Option<Vec<usize>>,
}

impl<'t> Neighbours<'t> {
    /// Columns with few cells come first: they cut off most.
    pub(super) fn new(table: &Table, columns: &'t [Column], which: &[usize], draws: &mut Draws) -> Self {
        let mut which = which.to_vec();
        which.sort_by_key(|column| (columns[*column].codes(), *column));
        let tuples = Tuples::new(table, &which);
        let order = draws.order(table.rows());
        let mut rank = vec![0; order.len()];
        for (at, row) in (0..).zip(&order) {
            rank[*row as usize] = at;
        }
        let first =
            tuples.rows.iter().map(|rows| rows.iter().map(|row| rank[*row as usize]).min().unwrap_or(0)).collect();
        Self { columns: which.iter().map(|column| &columns[*column]).collect(), tuples, first, order, which }
    }

    /// The nearest row to a row of another table; `None` in an empty release.
    pub(super) fn nearest(&self, table: &Table, row: usize) -> Option<u32> {
        let query = table.tuple(&self.which, row);
        let mut search = Search { query: &query, best: f64::INFINITY, rank: u32::MAX, ties: None };
        self.descend(&mut search, 0, 0..self.tuples.codes.len(), 0.0);
        self.order.get(search.rank as usize).copied()
    }

    /// The rows of every place at the least distance.
    pub(super) fn all_nearest(&self, table: &Table, row: usize) -> impl Iterator<Item = u32> {
        let query = table.tuple(&self.which, row);
        let mut search = Search { query: &query, best: f64::INFINITY, rank: u32::MAX, ties: Some(Vec::new()) };
        self.descend(&mut search, 0, 0..self.tuples.codes.len(), 0.0);
        search.ties.unwrap_or_default().into_iter().flat_map(|tuple| self.tuples.rows[tuple].iter().copied())
    }

    /// Looks through the tuples of a branch, all alike in the first `depth` columns and `so_far` from the query in those.
    fn descend(&self, search: &mut Search<'_>, depth: usize, tuples: std::ops::Range<usize>, so_far: f64) {
        if depth == self.columns.len() {
            let better = so_far < search.best - TOLERANCE;
            if better {
                search.best = so_far;
                search.rank = u32::MAX;
                if let Some(ties) = &mut search.ties {
                    ties.clear();
                }
            }
            for tuple in tuples {
                search.rank = search.rank.min(self.first[tuple]);
                if let Some(ties) = &mut search.ties {
                    ties.push(tuple);
                }
            }
            return;
        }
        let mut branches = Vec::new();
        let mut start = tuples.start;
        while start < tuples.end {
            let code = self.tuples.codes[start][depth];
            let length = self.tuples.codes[start..tuples.end].partition_point(|tuple| tuple[depth] <= code);
            branches.push((self.columns[depth].distance(search.query[depth], code), start..start + length));
            start += length;
        }
        branches.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.start.cmp(&other.1.start)));
        for (distance, tuples) in branches {
            if so_far + distance > search.best + TOLERANCE {
                break;
            }
            self.descend(search, depth + 1, tuples, so_far + distance);
        }
    }
}

/// Sums of the same distances in another order differ by rounding; they are ties.
const TOLERANCE: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::table::{Categories, Cells, Numbers, Range};
    use proptest::prelude::*;

    fn columns() -> Vec<Column> {
        let ranges = (0..8).map(|at| Range { low: f64::from(at), high: f64::from(at + at % 3) }).collect();
        vec![
            Column { name: "n".into(), cells: Cells::Number(Numbers { ranges, null: true, span: 9.0 }) },
            Column { name: "c".into(), cells: Cells::Category(Categories { values: 4, null: false }) },
            Column { name: "d".into(), cells: Cells::Category(Categories { values: 3, null: true }) },
        ]
    }

    fn table(rows: &[(u32, u32, u32)]) -> Table {
        Table::new(vec![
            rows.iter().map(|row| row.0).collect(),
            rows.iter().map(|row| row.1).collect(),
            rows.iter().map(|row| row.2).collect(),
        ])
    }

    fn rows() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
        proptest::collection::vec((0..9_u32, 0..4_u32, 0..3_u32), 1..50)
    }

    proptest! {
        #[test]
        fn the_nearest_are_those_of_a_scan(release in rows(), queries in rows(), seed: u64) {
            let (columns, release, queries) = (columns(), table(&release), table(&queries));
            let neighbours = Neighbours::new(&release, &columns, &[0, 1, 2], &mut Draws::new(seed, "n"));
            for query in 0..queries.rows() {
                let distance = |row: usize| (0..3)
                    .map(|at| columns[at].distance(queries.codes[at][query], release.codes[at][row])).sum::<f64>();
                let least = (0..release.rows()).map(distance).fold(f64::INFINITY, f64::min);
                let ties: Vec<u32> =
                    (0..release.rows()).filter(|row| distance(*row) < least + 1e-9).map(|row| row as u32).collect();
                let found = neighbours.nearest(&queries, query).unwrap();
                let first = neighbours.order.iter().find(|row| ties.contains(row));
                prop_assert_eq!(first, Some(&found), "the first of the ties in the random order");
                let mut all: Vec<u32> = neighbours.all_nearest(&queries, query).collect();
                all.sort_unstable();
                prop_assert_eq!(all, ties);
            }
        }
    }

    #[test]
    fn an_empty_release_has_no_nearest_row() {
        let columns = columns();
        let neighbours = Neighbours::new(&table(&[]), &columns, &[0, 1, 2], &mut Draws::new(1, "n"));
        assert!(neighbours.nearest(&table(&[(0, 0, 0)]), 0).is_none());
    }
}
