//! A hierarchy worked out for the values that are present: integers only, as the search wants it.

use super::{Hierarchy, Miss};
use crate::value::Decimal;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// All levels of a column's distinct values; level 0 is the values themselves, in the order given.
pub struct Ladder {
    rungs: Vec<Rung>,
    values: usize,
    domain: u64,
}

/// One level above the raw values. Codes follow the order of the labels' bytes.
pub struct Rung {
    /// For each raw value, its code on this level.
    pub codes: Vec<u32>,
    /// For each code, its label, sorted.
    pub labels: Vec<Vec<u8>>,
    /// For each code, how many of the hierarchy's leaves it stands for; over [`Ladder::domain`] it is the share that
    /// the loss counts. Leaves are the lines of a tree (those of values that are not present too), the values of a
    /// closed set of categories, the points between the two ends of an interval; else the distinct values present.
    pub leaves: Vec<u64>,
}

impl Ladder {
    /// Number of levels, the raw values and `*` among them.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.rungs.len() + 1
    }
    /// A level from 1 on; `None` for the raw values and beyond the last level.
    #[must_use]
    pub fn rung(&self, level: usize) -> Option<&Rung> {
        level.checked_sub(1).and_then(|rung| self.rungs.get(rung))
    }
    /// The levels from 1 to the last, which is `*`.
    #[must_use]
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }
    /// Number of raw values.
    #[must_use]
    pub fn values(&self) -> usize {
        self.values
    }
    /// Number of leaves in all: |D| of the loss. A raw value is one leaf.
    #[must_use]
    pub fn domain(&self) -> u64 {
        self.domain
    }
}

impl Hierarchy {
    /// Works out every level for distinct values.
    ///
    /// # Errors
    /// Every value, by its place in the list, that has no label on some level, with the reason on the lowest such level.
    ///
    /// # Panics
    /// If there are 2^32 values or more.
    pub fn ladder(&self, values: &[&[u8]]) -> Result<Ladder, Vec<(usize, Miss)>> {
        let mut rungs = Vec::with_capacity(self.levels() - 1);
        let mut misses: Vec<(usize, Miss)> = Vec::new();
        let mut label = Vec::new();
        for level in 1..self.levels() {
            let mut known: HashMap<Vec<u8>, u32, RandomState> = HashMap::default();
            let mut codes = Vec::with_capacity(values.len());
            for (place, value) in values.iter().enumerate() {
                label.clear();
                if let Err(miss) = self.generalize(level, value, &mut label) {
                    misses.push((place, miss));
                    continue;
                }
                let next = u32::try_from(known.len()).expect("fewer labels than values");
                codes
                    .push(*known.raw_entry_mut().from_key(label.as_slice()).or_insert_with(|| (label.clone(), next)).1);
            }
            rungs.push(sorted(known, codes));
        }
        if !misses.is_empty() {
            misses.sort_by_key(|(place, _)| *place);
            misses.dedup_by_key(|(place, _)| *place);
            return Err(misses);
        }
        let mut ladder = Ladder { rungs, values: values.len(), domain: 0 };
        ladder.domain = self.count_leaves(values, &mut ladder.rungs);
        Ok(ladder)
    }

    /// Fills in the leaves of every code and gives their number in all.
    fn count_leaves(&self, values: &[&[u8]], rungs: &mut [Rung]) -> u64 {
        let domain = match self {
            Self::Tree(tree) => {
                for (step, rung) in rungs.iter_mut().enumerate().take(tree.steps()) {
                    rung.leaves = rung.labels.iter().map(|label| tree.leaves(step, label)).collect();
                }
                tree.rows()
            }
            Self::Categories(categories) => {
                let named = categories.named();
                let unnamed: Vec<bool> = values.iter().map(|value| !named.contains_key(*value)).collect();
                let rung = &mut rungs[0];
                rung.leaves = vec![0; rung.labels.len()];
                for group in named.values() {
                    if let Ok(code) = rung.labels.binary_search(group) {
                        rung.leaves[code] += 1;
                    }
                }
                for (code, _) in rung.codes.iter().zip(&unnamed).filter(|(_, unnamed)| **unnamed) {
                    rung.leaves[*code as usize] += 1;
                }
                (named.len() + unnamed.iter().filter(|unnamed| **unnamed).count()) as u64
            }
            Self::Interval(_)
            | Self::Prefix(_)
            | Self::Suffix(_)
            | Self::Date(_)
            | Self::Region(_)
            | Self::Frequency(_) => self.count_points(values, rungs).unwrap_or_else(|| {
                for rung in rungs.iter_mut() {
                    rung.leaves = present(rung);
                }
                values.len() as u64
            }),
        };
        if let Some(top) = rungs.last_mut() {
            top.leaves = vec![domain; top.labels.len()];
        }
        domain
    }

    /// The leaves of an interval with two ends: points on the finest grid in use; an open end counts its values present.
    fn count_points(&self, values: &[&[u8]], rungs: &mut [Rung]) -> Option<u64> {
        let Self::Interval(interval) = self else { return None };
        let finest = values.iter().filter_map(|value| Decimal::parse(value)).map(|number| number.normalized().scale());
        let grid = finest.max().unwrap_or(0).max(interval.scale());
        let mut domain = interval.domain(grid)?;
        let steps = interval.steps();
        for (step, rung) in rungs.iter_mut().enumerate().take(steps) {
            let present = present(rung);
            let mut one_of: Vec<Option<usize>> = vec![None; rung.labels.len()];
            for (place, code) in rung.codes.iter().enumerate() {
                one_of[*code as usize].get_or_insert(place);
            }
            let points = |code: usize| interval.points(step, values[one_of[code]?], grid);
            let leaves: Vec<Option<u64>> = (0..rung.labels.len()).map(points).collect();
            if step == 0 {
                let open = leaves.iter().zip(&present).filter(|(points, _)| points.is_none());
                domain += open.map(|(_, present)| present).sum::<u64>();
            }
            rung.leaves = leaves.iter().zip(&present).map(|(points, present)| points.unwrap_or(*present)).collect();
        }
        (steps > 0).then_some(domain)
    }
}

/// Distinct raw values of each code.
fn present(rung: &Rung) -> Vec<u64> {
    let mut counts = vec![0; rung.labels.len()];
    for code in &rung.codes {
        counts[*code as usize] += 1;
    }
    counts
}

/// Gives codes in the order of the labels instead of that of their first use.
fn sorted(known: HashMap<Vec<u8>, u32, RandomState>, mut codes: Vec<u32>) -> Rung {
    let mut labels: Vec<(Vec<u8>, u32)> = known.into_iter().collect();
    labels.sort_unstable();
    let mut new_code = vec![0; labels.len()];
    for (new, (_, old)) in (0..).zip(&labels) {
        new_code[*old as usize] = new;
    }
    for code in &mut codes {
        *code = new_code[*code as usize];
    }
    Rung { codes, labels: labels.into_iter().map(|(label, _)| label).collect(), leaves: Vec::new() }
}
