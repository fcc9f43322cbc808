//! Sets of base classes judged as one class.

use crate::check::{Class, Judge, Verdict};
use crate::solve::{Problem, whole};

/// Judges unions of base classes against the whole table.
pub(super) struct Bench<'p> {
    pub(super) problem: &'p Problem,
    pub(super) judge: Judge,
    alone: Vec<u64>,
}

/// What a set of base classes counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) rows: u64,
    pub(super) members: u64,
}

impl<'p> Bench<'p> {
    pub(super) fn new(problem: &'p Problem) -> Self {
        let classes = &problem.classes;
        let several = |class: usize| classes.shared.get(class).map_or(0, |persons| persons.len() as u64);
        Self {
            problem,
            judge: Judge::new(&problem.models, &whole(problem)),
            alone: (0..classes.len()).map(|class| classes.members[class] - several(class)).collect(),
        }
    }
    pub(super) fn count(&self, classes: &[u32]) -> Count {
        let table = &self.problem.classes;
        let mut count = Count { rows: 0, members: 0 };
        let mut persons: Vec<u32> = Vec::new();
        for &class in classes {
            let class = class as usize;
            count.rows += table.rows[class];
            count.members += self.alone[class];
            persons.extend_from_slice(table.shared.get(class).map_or(&[], Vec::as_slice));
        }
        persons.sort_unstable();
        persons.dedup();
        count.members += persons.len() as u64;
        count
    }
    /// Whether every model that looks at one class accepts the union.
    pub(super) fn accepts(&self, classes: &[u32]) -> bool {
        let table = &self.problem.classes;
        let count = self.count(classes);
        let described = Class { rows: count.rows, members: count.members, population: 0, histograms: &[] };
        if count.rows == 0 || self.judge.too_small(&described) {
            return false;
        }
        if self.judge.sizes_only() {
            return true;
        }
        let histograms: Vec<Vec<u64>> = table
            .sensitive
            .iter()
            .map(|column| {
                let mut counts = vec![0; column.values];
                for &class in classes {
                    for at in column.starts[class as usize]..column.starts[class as usize + 1] {
                        counts[column.codes[at] as usize] += column.counts[at];
                    }
                }
                counts
            })
            .collect();
        let histograms: Vec<&[u64]> = histograms.iter().map(Vec::as_slice).collect();
        self.judge.verdict(&Class { histograms: &histograms, ..described }, &mut Vec::new()) == Verdict::Kept
    }
    /// Takes out the unions that models of the whole table reject: the smallest, until they hold.
    pub(super) fn hold_together(&self, unions: &mut Vec<Vec<u32>>) {
        if !self.judge.table_wide() {
            return;
        }
        let mut sizes: Vec<u64> = unions.iter().map(|union| self.count(union).members).collect();
        sizes.sort_unstable();
        let largest = self.judge.largest_suppressed(&sizes);
        unions.retain(|union| self.count(union).members > largest);
    }
}
