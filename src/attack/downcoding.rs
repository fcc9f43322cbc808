//! Downcoding: reading a generalized cell one level finer than it was released (Cohen, "Attacks on Deidentification's
//! Defenses", USENIX Security 2022).
//!
//! Two things give a finer cell away on the release alone. A label with one child stands for that child. And where a minimal
//! algorithm recodes each class in its own way, a class that is released with the finer label says that the rows of the
//! coarser one are not of it: they would have been put there. Children ruled out that way leave, at times, a single one.

use crate::group::ClassTable;
use crate::hierarchy::Hierarchy;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// What the labels of one column may be one level finer, as anybody knows it who has the hierarchy.
pub struct Children {
    of: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    /// Whether there can be no other children.
    closed: bool,
}

/// What the probe found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Downcoding {
    /// Classes looked at.
    pub classes: u64,
    /// Rows looked at.
    pub rows: u64,
    /// Rows with at least one generalized cell.
    pub generalized: u64,
    /// Rows with at least one cell whose finer label is determined.
    pub determined: u64,
    /// The same by column.
    pub determined_by_column: Vec<u64>,
    /// Children that a class of the release rules out, over all classes: 0 where one level is used for a whole column.
    pub ruled_out: u64,
}

impl Children {
    /// The children of every label over the hierarchy's own values and those in `present`. Only a tree and a closed set of
    /// categories name all their values; elsewhere there may always be a child that nobody has seen.
    #[must_use]
    pub fn new(hierarchy: &Hierarchy, present: &[&[u8]]) -> Self {
        let domain = hierarchy.domain();
        let mut of: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for value in domain.iter().flatten().chain(present) {
            let mut child = value.to_vec();
            for level in 1..hierarchy.levels() {
                let mut parent = Vec::new();
                if hierarchy.generalize(level, value, &mut parent).is_err() {
                    break;
                }
                if parent != child {
                    of.entry(parent.clone()).or_default().insert(child);
                }
                child = parent;
            }
        }
        Self { of, closed: domain.is_some() }
    }
}

/// Probes the classes of a release; `children` has one entry for each quasi-identifying column, `None` where it was not
/// generalized.
///
/// # Panics
/// If the columns are not those of the classes.
#[must_use]
pub fn downcode(classes: &ClassTable, children: &[Option<Children>]) -> Downcoding {
    downcode_some(classes, children, usize::MAX, 0)
}

/// The same for `most` of the classes, spread evenly from a place that the seed gives.
///
/// # Panics
/// If the columns are not those of the classes.
#[must_use]
pub fn downcode_some(classes: &ClassTable, children: &[Option<Children>], most: usize, seed: u64) -> Downcoding {
    assert_eq!(classes.quasi().len(), children.len(), "one entry for each column");
    let step = classes.len().div_ceil(most.max(1)).max(1);
    let first = usize::try_from(seed % step as u64).unwrap_or(0);
    let probed = || (first..classes.len()).step_by(step);
    let codes: Vec<BTreeMap<&[u8], u32>> = classes
        .quasi()
        .iter()
        .map(|values| (0..).zip(values.iter()).filter_map(|(code, value)| Some((value?, code))).collect())
        .collect();
    // a child counts where it stands in the release at all; in one level for a whole column none does, and nothing more is asked
    let finer = |class: usize, column: usize| {
        let label = classes.quasi()[column].get(classes.codes(column)[class]);
        let all = children[column].as_ref().zip(label).and_then(|(children, label)| children.of.get(label));
        all.map(|all| {
            let present = all.iter().filter_map(|child| codes[column].get(child.as_slice()));
            let tuples = present.map(move |code| {
                let mut finer = tuple(classes, class);
                finer[column] = *code;
                finer
            });
            (all.len(), tuples.collect::<Vec<_>>())
        })
    };
    let mut wanted: HashMap<Vec<u32>, bool, RandomState> = HashMap::default();
    for class in probed() {
        for column in 0..children.len() {
            wanted.extend(finer(class, column).into_iter().flat_map(|(_, tuples)| tuples).map(|tuple| (tuple, false)));
        }
    }
    if !wanted.is_empty() {
        for class in 0..classes.len() {
            if let Some(there) = wanted.get_mut(&tuple(classes, class)) {
                *there = true;
            }
        }
    }
    let mut found = Downcoding { determined_by_column: vec![0; children.len()], ..Downcoding::default() };
    for class in probed() {
        let rows = classes.rows()[class];
        let (mut generalized, mut determined) = (false, false);
        for (column, of) in children.iter().enumerate() {
            let Some((all, tuples)) = finer(class, column) else { continue };
            generalized = true;
            let ruled_out = tuples.iter().filter(|tuple| wanted.get(*tuple) == Some(&true)).count();
            found.ruled_out += ruled_out as u64;
            if of.as_ref().is_some_and(|of| of.closed) && all - ruled_out == 1 {
                determined = true;
                found.determined_by_column[column] += rows;
            }
        }
        found.classes += 1;
        found.rows += rows;
        found.generalized += if generalized { rows } else { 0 };
        found.determined += if determined { rows } else { 0 };
    }
    found
}

fn tuple(classes: &ClassTable, class: usize) -> Vec<u32> {
    (0..classes.quasi().len()).map(|column| classes.codes(column)[class]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Shape, TableBuilder, merge};
    use crate::hierarchy::{Prefix, Tree};
    use crate::value::TextBuilder;

    fn classes(rows: &[[&str; 2]]) -> ClassTable {
        let mut builder = TableBuilder::new(Shape { quasi: 2, sensitive: 0, subject: false });
        let column = |at: usize| {
            let mut text = TextBuilder::default();
            rows.iter().for_each(|row| text.push(row[at].as_bytes()));
            text.finish(false)
        };
        builder.add(&[&column(0), &column(1)], &[], None);
        merge(vec![builder], 1)
    }

    fn tree() -> Hierarchy {
        let file = b"flu;airways;illness;*\ncough;airways;illness;*\nburn;skin;injury;*\n";
        Hierarchy::Tree(Tree::parse(file, b';').unwrap())
    }

    #[test]
    fn a_label_with_one_child_stands_for_it() {
        let children = [Some(Children::new(&tree(), &[])), None];
        let found = downcode(&classes(&[["airways", "a"], ["skin", "a"], ["skin", "b"], ["flu", "b"]]), &children);
        assert_eq!((found.rows, found.generalized, found.determined), (4, 3, 2));
        assert_eq!(found.determined_by_column, [2, 0]);
    }

    /// Three rows that could not be told apart by age are released coarser; a class beside them says what they are not.
    #[test]
    fn a_finer_class_beside_a_coarser_one_gives_it_away() {
        let children = || [Some(Children::new(&tree(), &[])), None];
        let local = classes(&[["airways", "a"], ["airways", "a"], ["flu", "a"], ["flu", "a"]]);
        let found = downcode(&local, &children());
        assert_eq!((found.ruled_out, found.determined), (1, 2), "they all cough");
        let elsewhere = classes(&[["airways", "a"], ["airways", "a"], ["flu", "b"], ["flu", "b"]]);
        assert_eq!(downcode(&elsewhere, &children()).determined, 0);
        let global = classes(&[["airways", "a"], ["airways", "a"], ["airways", "b"]]);
        assert_eq!(downcode(&global, &children()).ruled_out, 0);
    }

    #[test]
    fn some_classes_stand_for_all_and_those_that_are_not_probed_still_rule_out() {
        let children = [Some(Children::new(&tree(), &[])), None];
        let rows: Vec<String> = (0..100).map(|at| format!("{at:03}")).collect();
        let mut all: Vec<[&str; 2]> = rows.iter().map(|at| ["airways", at.as_str()]).collect();
        all.extend(rows.iter().map(|at| ["flu", at.as_str()]));
        let table = classes(&all);
        assert_eq!(downcode(&table, &children).determined, 100);
        for seed in [0, 7] {
            let found = downcode_some(&table, &children, 20, seed);
            assert_eq!(found.classes, 20);
            assert_eq!(found.determined, found.generalized, "each coarse class stands beside a finer one");
            assert!(found.generalized > 0);
        }
    }

    #[test]
    fn where_values_are_not_listed_another_child_is_always_possible() {
        let hierarchy = Hierarchy::Prefix(Prefix::new(vec![2]).unwrap());
        let children = [Some(Children::new(&hierarchy, &[b"1001"])), None];
        assert_eq!(downcode(&classes(&[["10**", "a"]]), &children).determined, 0);
    }
}
