//! Frequency as an attack on a finished release: the token that stands as often as a value is taken for it.
//!
//! Values and tokens are put in order of how often they stand and read against each other ([`super::by_frequency`] is the bare
//! matching). Which token is right nobody knows who has no key, so a guess counts where it can be: where the rows of the token are, in the
//! other columns, rows of the value. The naive attacker takes the token of any row.

use super::Setting;
use super::draws::Draws;
use super::rate::{Measured, Trials, float};
use super::table::{Table, Tables};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Makes the attack on a column of tokens; `others` are columns that release and originals have in common.
#[must_use]
pub fn match_frequencies(tables: &Tables, tokens: usize, others: &[usize], setting: &Setting) -> Measured {
    let mut shapes = Shapes::default();
    let released = Values::new(&tables.release, tokens, others, &mut shapes);
    let by_rank = released.by_rank();
    let mut draws = Draws::new(setting.seed, "frequencies");
    let mut any = Draws::new(setting.seed, "frequencies/naive");
    let mut attack = |targets: &Table, naive: bool| {
        let people = Values::new(targets, tokens, others, &mut shapes);
        let ranks: BTreeMap<u32, usize> = people.by_rank().into_iter().zip(0..).collect();
        let some = draws.some(setting.attacks as usize, targets.rows());
        let hits = some.iter().filter(|target| {
            let value = targets.codes[tokens][**target as usize];
            let guess = if naive {
                let rows = tables.release.rows();
                (rows > 0).then(|| tables.release.codes[tokens][any.below(rows)])
            } else {
                ranks.get(&value).and_then(|rank| by_rank.get(*rank)).copied()
            };
            guess.is_some_and(|token| are_among(&released.rows[&token], &people.rows[&value]))
        });
        Trials { successes: float(hits.count() as u64), attempts: some.len() as u64 }
    };
    let main = attack(&tables.original, false);
    let control = tables.control.as_ref().map(|control| attack(control, false));
    let naive = attack(&tables.original, true);
    Measured { main, naive, control }
}

/// Numbers of the tuples that rows have in the other columns.
#[derive(Default)]
struct Shapes(HashMap<Vec<u32>, u32, RandomState>);

/// For each value of a column what its rows look like in the others, in order.
struct Values {
    rows: BTreeMap<u32, Vec<u32>>,
}

impl Values {
    fn new(table: &Table, column: usize, others: &[usize], shapes: &mut Shapes) -> Self {
        let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in 0..table.rows() {
            let next = u32::try_from(shapes.0.len()).expect("fewer than 2^32 rows");
            let shape = *shapes.0.entry(table.tuple(others, row)).or_insert(next);
            rows.entry(table.codes[column][row]).or_default().push(shape);
        }
        for rows in rows.values_mut() {
            rows.sort_unstable();
        }
        Self { rows }
    }
    /// The values, the most frequent first; of equal ones the lower code.
    fn by_rank(&self) -> Vec<u32> {
        let mut values: Vec<u32> = self.rows.keys().copied().collect();
        values.sort_by_key(|value| (std::cmp::Reverse(self.rows[value].len()), *value));
        values
    }
}

/// Whether the first are all among the second; both are in order.
fn are_among(some: &[u32], all: &[u32]) -> bool {
    let mut all = all.iter();
    some.iter().all(|one| all.any(|other| other == one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_among_all_with_their_numbers() {
        assert!(are_among(&[1, 1, 3], &[1, 1, 2, 3]) && are_among(&[], &[1]));
        assert!(!are_among(&[1, 1], &[1, 2]) && !are_among(&[4], &[1, 2]));
    }
}
