//! Downcoding: reading a generalized cell one level finer than it was released (Cohen, "Attacks on Deidentification's
//! Defenses", USENIX Security 2022).
//!
//! Two things give a finer cell away on the release alone. A label with one child stands for that child. And where a minimal
//! algorithm recodes each class in its own way, a class that is released with the finer label says that the rows of the
//! coarser one are not of it: they would have been put there. Children ruled out that way leave, at times, a single one.

use crate::group::ClassTable;
use crate::hierarchy::Hierarchy;
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
    assert_eq!(classes.quasi().len(), children.len(), "one entry for each column");
    let tuples: BTreeSet<Vec<u32>> = (0..classes.len()).map(|class| tuple(classes, class)).collect();
    let codes: Vec<BTreeMap<&[u8], u32>> = classes
        .quasi()
        .iter()
        .map(|values| (0..).zip(values.iter()).filter_map(|(code, value)| Some((value?, code))).collect())
        .collect();
    let mut found = Downcoding { determined_by_column: vec![0; children.len()], ..Downcoding::default() };
    for class in 0..classes.len() {
        let rows = classes.rows()[class];
        let own = tuple(classes, class);
        let (mut generalized, mut determined) = (false, false);
        for (column, children) in children.iter().enumerate() {
            let label = classes.quasi()[column].get(own[column]);
            let Some((children, label)) = children.as_ref().zip(label) else { continue };
            let Some(all) = children.of.get(label) else { continue };
            generalized = true;
            let is_class = |child: &&Vec<u8>| {
                codes[column].get(child.as_slice()).is_some_and(|code| {
                    let mut finer = own.clone();
                    finer[column] = *code;
                    tuples.contains(&finer)
                })
            };
            let ruled_out = all.iter().filter(is_class).count();
            found.ruled_out += ruled_out as u64;
            if children.closed && all.len() - ruled_out == 1 {
                determined = true;
                found.determined_by_column[column] += rows;
            }
        }
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
    fn where_values_are_not_listed_another_child_is_always_possible() {
        let hierarchy = Hierarchy::Prefix(Prefix::new(vec![2]).unwrap());
        let children = [Some(Children::new(&hierarchy, &[b"1001"])), None];
        assert_eq!(downcode(&classes(&[["10**", "a"]]), &children).determined, 0);
    }
}
