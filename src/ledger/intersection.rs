//! What several releases of one population say together about a person (Ganta, Kasiviswanathan and Smith, "Composition
//! attacks and auxiliary information in data privacy", KDD 2008).
//!
//! A person who is in several releases is in one class of each, and has a sensitive value that all these classes have. Which
//! classes can be of one person is read off the columns that releases share under the same labels; the other columns say
//! nothing here, so any class may be. Classes that have no value in common are of no common person and are left out. A small
//! set that remains may still be of nobody: the check errs to the safe side.

use super::class::{ClassSketch, SensitiveSketch};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of the sensitive values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intersection {
    /// Earlier releases looked at.
    pub releases: usize,
    /// Columns that were joined on with at least one of them.
    pub joined: BTreeSet<String>,
    /// Fewest values that are left to a person of the new release; none where no class can be of a common person.
    pub fewest: Option<usize>,
    /// Classes of the new release in which fewer than asked are left.
    pub below: u64,
    /// Classes of the same labels in both whose members differ by fewer than k, but differ: their difference is small.
    pub small_differences: u64,
    /// Whether the sets became too many to follow; then nothing is known.
    pub gave_up: bool,
}

/// Most sets of values that are followed for one class.
const MOST_SETS: usize = 4096;

/// Intersects the classes of a new release with those of earlier ones, all of one population.
#[must_use]
pub fn intersect(now: &ClassSketch, earlier: &[&ClassSketch], least: usize, k: u64) -> Intersection {
    let mut found = Intersection { releases: earlier.len(), ..Intersection::default() };
    let joins: Vec<Vec<(usize, usize)>> = earlier.iter().map(|then| joined_columns(now, then)).collect();
    for (join, then) in joins.iter().zip(earlier) {
        found.joined.extend(join.iter().map(|(at, _)| now.columns[*at].clone()));
        found.small_differences += small_differences(now, then, join, k);
    }
    let mut low: BTreeSet<usize> = BTreeSet::new();
    for sensitive in &now.sensitive {
        let pools: Vec<_> = earlier.iter().zip(&joins).filter_map(|(then, join)| pool(then, sensitive, join)).collect();
        for class in 0..now.len() {
            let mut sets: BTreeSet<Vec<u64>> = BTreeSet::from([sensitive.sets[sensitive.of[class] as usize].clone()]);
            let mut met = false;
            for (columns, pool) in &pools {
                let labels: Vec<u64> = columns.iter().map(|column| now.label(class, *column)).collect();
                let Some(others) = pool.get(&labels) else { continue };
                let common: BTreeSet<Vec<u64>> = sets
                    .iter()
                    .flat_map(|set| others.iter().map(move |other| common(set, other)))
                    .filter(|set| !set.is_empty())
                    .collect();
                if common.is_empty() {
                    continue; // nobody of this class was in that release
                }
                // somebody of the class may have been left out of a release: what was known before stays
                sets.extend(common);
                met = true;
                if sets.len() > MOST_SETS {
                    found.gave_up = true;
                    return found;
                }
            }
            let fewest = sets.iter().map(Vec::len).min().filter(|_| met);
            if let Some(fewest) = fewest {
                found.fewest = Some(found.fewest.map_or(fewest, |before| before.min(fewest)));
                if fewest < least {
                    low.insert(class);
                }
            }
        }
    }
    found.below = low.len() as u64;
    found
}

/// By the labels of the joined columns: the different sets of values.
type Pool<'s> = (Vec<usize>, BTreeMap<Vec<u64>, BTreeSet<&'s [u64]>>);

fn pool<'s>(then: &'s ClassSketch, now: &SensitiveSketch, join: &[(usize, usize)]) -> Option<Pool<'s>> {
    let sensitive = then.sensitive.iter().find(|sensitive| sensitive.column == now.column)?;
    let mut pool: BTreeMap<Vec<u64>, BTreeSet<&[u64]>> = BTreeMap::new();
    for class in 0..then.len() {
        let labels = join.iter().map(|(_, column)| then.label(class, *column)).collect();
        pool.entry(labels).or_default().insert(&sensitive.sets[sensitive.of[class] as usize]);
    }
    Some((join.iter().map(|(column, _)| *column).collect(), pool))
}

/// Columns that both have under the same labels: at least half of the labels of the one with fewer are also the other's.
fn joined_columns(now: &ClassSketch, then: &ClassSketch) -> Vec<(usize, usize)> {
    let labels = |sketch: &ClassSketch, column: usize| -> BTreeSet<u64> {
        (0..sketch.len()).map(|class| sketch.label(class, column)).collect()
    };
    let mut joined = Vec::new();
    for (at, name) in now.columns.iter().enumerate() {
        let Some(other) = then.columns.iter().position(|column| column == name) else { continue };
        let (here, there) = (labels(now, at), labels(then, other));
        if 2 * here.intersection(&there).count() >= here.len().min(there.len()) {
            joined.push((at, other));
        }
    }
    joined
}

/// Values of both, from sorted lists.
fn common(one: &[u64], other: &[u64]) -> Vec<u64> {
    one.iter().copied().filter(|tag| other.binary_search(tag).is_ok()).collect()
}

/// Where all columns are joined, a class of one release less the same class of the other is who came or went.
fn small_differences(now: &ClassSketch, then: &ClassSketch, join: &[(usize, usize)], k: u64) -> u64 {
    if join.len() != now.columns.len() || join.len() != then.columns.len() {
        return 0;
    }
    let before: BTreeMap<Vec<u64>, u64> = (0..then.len())
        .map(|class| (join.iter().map(|(_, column)| then.label(class, *column)).collect(), then.members[class]))
        .collect();
    let differs = |class: &usize| {
        let labels: Vec<u64> = join.iter().map(|(column, _)| now.label(*class, *column)).collect();
        before.get(&labels).is_some_and(|members| (1..k).contains(&members.abs_diff(now.members[*class])))
    };
    (0..now.len()).filter(differs).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Shape, TableBuilder, merge};
    use crate::ledger::Keys;
    use crate::secret::MasterKey;
    use crate::value::TextBuilder;

    /// Rows of age, city and illness; the names of the first two.
    fn sketch(names: [&str; 2], rows: &[[&str; 3]]) -> ClassSketch {
        let mut builder = TableBuilder::new(Shape { quasi: 2, sensitive: 1, subject: false });
        let column = |at: usize| {
            let mut text = TextBuilder::default();
            rows.iter().for_each(|row| text.push(row[at].as_bytes()));
            text.finish(false)
        };
        builder.add(&[&column(0), &column(1)], &[&column(2)], None);
        let keys = Keys::new(MasterKey::insecure_from_test_seed(1));
        ClassSketch::new(&merge(vec![builder], 1), &names, &["illness"], &keys)
    }

    const FIRST: [[&str; 3]; 4] =
        [["20-29", "x", "flu"], ["20-29", "x", "HIV"], ["30-39", "x", "flu"], ["30-39", "x", "cold"]];

    #[test]
    fn two_diverse_classes_leave_one_value() {
        let now = sketch(
            ["age", "city"],
            &[["20-29", "x", "HIV"], ["20-29", "x", "cold"], ["30-39", "x", "flu"], ["30-39", "x", "cold"]],
        );
        let found = intersect(&now, &[&sketch(["age", "city"], &FIRST)], 2, 2);
        assert_eq!((found.fewest, found.below), (Some(1), 1), "HIV");
        assert_eq!(found.joined.len(), 2);
        assert_eq!(intersect(&now, &[], 2, 2).fewest, None);
    }

    #[test]
    fn the_same_release_again_takes_nothing_away() {
        let found = intersect(&sketch(["age", "city"], &FIRST), &[&sketch(["age", "city"], &FIRST)], 2, 2);
        assert_eq!((found.fewest, found.below), (Some(2), 0));
    }

    #[test]
    fn three_releases_take_away_what_two_leave() {
        let third = |a: &'static str, b: &'static str, c: &'static str| {
            sketch(["age", "city"], &[["20-29", "x", a], ["20-29", "x", b], ["20-29", "x", c]])
        };
        let (one, two, now) = (third("a", "b", "c"), third("a", "b", "d"), third("a", "c", "d"));
        assert_eq!(intersect(&now, &[&one], 2, 2).fewest, Some(2));
        assert_eq!(intersect(&now, &[&one, &two], 2, 2).fewest, Some(1), "a");
    }

    #[test]
    fn other_columns_may_be_of_the_same_person() {
        let now = sketch(["postcode", "sex"], &[["1", "f", "HIV"], ["1", "f", "burn"]]);
        let found = intersect(&now, &[&sketch(["age", "city"], &FIRST)], 2, 2);
        assert_eq!((found.fewest, found.joined.len()), (Some(1), 0));
        let strangers = sketch(["postcode", "sex"], &[["1", "f", "burn"], ["1", "f", "cut"]]);
        assert_eq!(intersect(&strangers, &[&sketch(["age", "city"], &FIRST)], 2, 2).fewest, None, "no common person");
    }

    #[test]
    fn a_class_that_grew_by_one_shows_who_came() {
        let mut rows = FIRST.to_vec();
        rows.push(["20-29", "x", "flu"]);
        let found = intersect(&sketch(["age", "city"], &rows), &[&sketch(["age", "city"], &FIRST)], 2, 3);
        assert_eq!(found.small_differences, 1);
    }
}
