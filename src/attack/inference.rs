//! Attribute inference: what the release tells of a person's secret to somebody who knows the rest.
//!
//! The attacker takes the release's row that is nearest to what he knows, or all of the nearest, and guesses its secret. A
//! category must be hit, a number within 5 percent of the guess. The naive attacker guesses the secret of a random row.

use super::Setting;
use super::draws::Draws;
use super::neighbour::Neighbours;
use super::rate::{Measured, Trials, float};
use super::table::{Column, Table, Tables};
use std::collections::BTreeMap;

/// How the attacker guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// The secret of one nearest row, as anonymeter.
    Nearest,
    /// The commonest secret among all nearest rows: what a class tells of its people.
    Commonest,
}

/// Relative difference up to which a number counts as guessed.
const NEAR: f64 = 0.05;

/// Makes the attack on one secret column with the columns that the attacker knows.
#[must_use]
pub fn infer(tables: &Tables, known: &[usize], secret: usize, guess: Guess, setting: &Setting) -> Measured {
    let mut draws = Draws::new(setting.seed, "inference");
    let (release, column) = (&tables.release, &tables.columns[secret]);
    let neighbours = Neighbours::new(release, &tables.columns, known, &mut draws);
    let mut attack = |targets: &Table| {
        let some = draws.some(setting.attacks as usize, targets.rows());
        let guessed = some.iter().filter(|row| {
            let at = **row as usize;
            let guess = match guess {
                Guess::Nearest => neighbours.nearest(targets, at).map(|found| release.codes[secret][found as usize]),
                Guess::Commonest => commonest(neighbours.all_nearest(targets, at), &release.codes[secret]),
            };
            guess.is_some_and(|guess| is_hit(column, guess, targets.codes[secret][at]))
        });
        Trials { successes: float(guessed.count() as u64), attempts: some.len() as u64 }
    };
    let (main, control) = (attack(&tables.original), tables.control.as_ref().map(&mut attack));
    let mut draws = Draws::new(setting.seed, "inference/naive");
    let rows = tables.release.rows();
    let targets = draws.some(setting.attacks as usize, tables.original.rows());
    let hits = targets.iter().filter(|row| {
        rows > 0
            && is_hit(column, release.codes[secret][draws.below(rows)], tables.original.codes[secret][**row as usize])
    });
    let successes = float(hits.count() as u64);
    Measured { main, naive: Trials { attempts: targets.len() as u64, successes }, control }
}

/// The code that most of the rows have; of several the lowest.
fn commonest(rows: impl Iterator<Item = u32>, codes: &[u32]) -> Option<u32> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    rows.for_each(|row| *counts.entry(codes[row as usize]).or_default() += 1);
    counts.into_iter().max_by_key(|(code, count)| (*count, std::cmp::Reverse(*code))).map(|(code, _)| code)
}

/// Whether a guess counts: the same, or a number within 5 percent.
pub(super) fn is_hit(column: &Column, guess: u32, truth: u32) -> bool {
    if guess == truth {
        return true;
    }
    let Some((guess, truth)) = column.range(guess).zip(column.range(truth)) else { return false };
    let middle = |range: super::table::Range| f64::midpoint(range.low, range.high);
    let (guess, truth) = (middle(guess), middle(truth));
    (guess - truth).abs() <= NEAR * guess.abs()
}
