//! Undoing moved dates: what an attacker finds out about the numbers of days by which persons were moved.
//!
//! Given: for some rows the person, the true day and the released one. Three ways are tried (threats, A18). Where all move by
//! one number, the days that many share give it away. Where weekdays and holidays have their own counts, a person's dates fit them best when
//! moved back by the right number: the likeliest one is guessed, from the counts of others. And the counts by day of
//! source and release are correlated at every distance, seasons taken out.

use super::draws::Draws;
use super::rate::{Trials, float};
use std::collections::BTreeMap;

/// A row: whose it is, the true day, and the released one, in days since 1970.
#[derive(Clone, Copy)]
pub struct Moved {
    /// A number for the person.
    pub person: u64,
    /// The true day.
    pub day: i32,
    /// The day as it was released.
    pub released: i32,
}

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unmoved {
    /// Persons with a date.
    pub persons: u64,
    /// The largest number of days that somebody was moved by.
    pub widest: u32,
    /// Persons who were moved by the number of days that is the commonest.
    pub commonest: u64,
    /// Persons whose number of days was guessed from the counts of others by day.
    pub guessed: Trials,
    /// The same, guessed without looking.
    pub naive: Trials,
    /// Persons with two dates or more, and how many of them have distances between their dates that nobody else has.
    pub spaced: (u64, u64),
    /// The strongest correlation of the counts by day, and how many days entered; none where there are too few.
    pub correlation: Option<(f64, usize)>,
}

/// Persons whose number of days is guessed.
const TARGETS: usize = 300;
/// Steps that one attack may take.
const WORK: usize = 50_000_000;
/// Days in the source below which their counts are not correlated.
const DAYS: usize = 60;

/// Makes the attacks. `counts` are the rows of the whole release by day, where they are known; else those of the rows.
#[must_use]
pub fn unmove(rows: &[Moved], counts: Option<&BTreeMap<i32, u64>>, seed: u64) -> Option<Unmoved> {
    let widest = rows.iter().map(|row| row.released.abs_diff(row.day)).max()?;
    let mut persons: BTreeMap<u64, Vec<Moved>> = BTreeMap::new();
    for row in rows {
        persons.entry(row.person).or_default().push(*row);
    }
    let mut moves: BTreeMap<i32, u64> = BTreeMap::new();
    for rows in persons.values() {
        *moves.entry(rows[0].released - rows[0].day).or_default() += 1;
    }
    let mut released: BTreeMap<i32, u64> = BTreeMap::new();
    for row in rows {
        *released.entry(row.released).or_default() += 1;
    }
    let source = Days::of(rows.iter().map(|row| row.day));
    let (guessed, naive) = guess(&persons, &source, widest, seed);
    Some(Unmoved {
        persons: persons.len() as u64,
        widest,
        commonest: moves.values().copied().max().unwrap_or(0),
        guessed,
        naive,
        spaced: spaced(&persons),
        correlation: correlate(&source, counts.unwrap_or(&released), widest),
    })
}

/// Rows by day, from the first day on.
struct Days {
    first: i32,
    counts: Vec<f64>,
}

impl Days {
    fn of(days: impl Iterator<Item = i32> + Clone) -> Self {
        let first = days.clone().min().unwrap_or(0);
        let last = days.clone().max().unwrap_or(first);
        let mut counts = vec![0.0; last.abs_diff(first) as usize + 1];
        days.for_each(|day| counts[day.abs_diff(first) as usize] += 1.0);
        Self { first, counts }
    }
    fn at(&self, day: i32) -> f64 {
        let at = usize::try_from(i64::from(day) - i64::from(self.first)).ok();
        at.and_then(|at| self.counts.get(at)).copied().unwrap_or(0.0)
    }
}

/// The move that makes a person's dates likeliest, by the counts of the others. Equal ones share the success.
fn guess(persons: &BTreeMap<u64, Vec<Moved>>, source: &Days, widest: u32, seed: u64) -> (Trials, Trials) {
    let widest = i32::try_from(widest).unwrap_or(i32::MAX / 4).max(1);
    let moves = 2 * usize::try_from(widest).unwrap_or(1);
    let all: Vec<&Vec<Moved>> = persons.values().collect();
    let most = TARGETS.min((WORK / moves / 4).max(1));
    let mut successes = 0.0;
    let targets = Draws::new(seed, "moved dates").some(most, all.len());
    for target in &targets {
        let rows = all[*target as usize];
        let rows = &rows[..rows.len().min(50)];
        let own = |day: i32| rows.iter().filter(|row| row.day == day).count();
        let mut best = (f64::NEG_INFINITY, 0_u64, false);
        for days in (-widest..=widest).filter(|days| *days != 0 || widest == 1) {
            let of = |row: &Moved| {
                let day = row.released - days;
                (source.at(day) - float(own(day) as u64) + 0.5).max(0.5).ln()
            };
            let score: f64 = rows.iter().map(of).sum();
            let right = rows[0].released - rows[0].day == days;
            if score > best.0 + 1e-9 {
                best = (score, 1, right);
            } else if (score - best.0).abs() <= 1e-9 {
                best = (best.0, best.1 + 1, best.2 || right);
            }
        }
        if best.2 {
            successes += 1.0 / float(best.1);
        }
    }
    let attempts = targets.len() as u64;
    let by_chance = float(attempts) / float(moves as u64);
    (Trials { attempts, successes }, Trials { attempts, successes: by_chance })
}

/// Persons with distances between their dates, and how many of those have distances of their own.
fn spaced(persons: &BTreeMap<u64, Vec<Moved>>) -> (u64, u64) {
    let mut seen: BTreeMap<Vec<i32>, u64> = BTreeMap::new();
    for rows in persons.values().filter(|rows| rows.len() > 1) {
        let mut days: Vec<i32> = rows.iter().map(|row| row.released).collect();
        days.sort_unstable();
        *seen.entry(days.windows(2).map(|pair| pair[1] - pair[0]).collect()).or_default() += 1;
    }
    (seen.values().sum(), seen.values().filter(|persons| **persons == 1).count() as u64)
}

/// Correlates what is left of the counts when the mean of the week around each day is taken out.
fn correlate(source: &Days, released: &BTreeMap<i32, u64>, widest: u32) -> Option<(f64, usize)> {
    let days = source.counts.len();
    if days < DAYS {
        return None;
    }
    let widest = i32::try_from(widest).ok()?;
    let (from, to) = (source.first.checked_sub(widest)?, source.first.checked_add(widest)?);
    let all = days + 2 * usize::try_from(widest).ok()?;
    if all > WORK {
        return None;
    }
    let mut counts = vec![0.0; all];
    for (day, rows) in released {
        if let Some(count) = usize::try_from(day - from).ok().and_then(|at| counts.get_mut(at)) {
            *count = float(*rows);
        }
    }
    let (source, released) = (without_seasons(&source.counts), without_seasons(&counts));
    let step = (days * (all - days + 1)).div_ceil(WORK).max(1);
    let at = (0..=usize::try_from(to - from).ok()?).step_by(step);
    let found = at.filter_map(|at| pearson(&source, &released[at..at + days])).map(f64::abs).fold(0.0, f64::max);
    Some((found, days))
}

fn without_seasons(counts: &[f64]) -> Vec<f64> {
    let mean = |at: usize| {
        let around = &counts[at.saturating_sub(3)..(at + 4).min(counts.len())];
        around.iter().sum::<f64>() / float(around.len() as u64)
    };
    (0..counts.len()).map(|at| counts[at] - mean(at)).collect()
}

fn pearson(one: &[f64], other: &[f64]) -> Option<f64> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / float(values.len() as u64);
    let means = (mean(one), mean(other));
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (left, right) in one.iter().zip(other) {
        let (left, right) = (left - means.0, right - means.1);
        both += left * right;
        first += left * left;
        second += right * right;
    }
    (first > 0.0 && second > 0.0).then(|| both / (first * second).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scattered(number: u64) -> u64 {
        let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
    }

    /// Three visits for each of a thousand persons over three years, none on a weekend.
    fn visits(move_of: impl Fn(u64) -> i32) -> Vec<Moved> {
        let row = |at: u64| {
            let weeks = i32::try_from(scattered(at) % 156).unwrap();
            let day = 18_262 + 7 * weeks + i32::try_from(scattered(at + 7777) % 5).unwrap();
            Moved { person: at / 3, day, released: day + move_of(at / 3) }
        };
        (0..3000).map(row).collect()
    }

    #[test]
    fn a_year_either_way_is_not_found_out() {
        let honest = |person: u64| {
            let days = i32::try_from(scattered(person + 99) % 730).unwrap() - 365;
            if days >= 0 { days + 1 } else { days }
        };
        let found = unmove(&visits(honest), None, 1).unwrap();
        assert_eq!((found.persons, found.spaced.0), (1000, 1000));
        assert!(found.widest <= 365 && found.commonest < 12, "{found:?}");
        assert!(found.guessed.share() < 0.05, "{found:?}");
        assert!(found.correlation.unwrap().0 < 0.3, "{found:?}");
    }

    #[test]
    fn one_number_for_all_is_found_out_by_the_commonest_and_by_the_weekdays() {
        let found = unmove(&visits(|_| 30), None, 1).unwrap();
        assert_eq!(found.commonest, 1000);
        assert!(found.correlation.unwrap().0 > 0.9, "{found:?}");
    }

    #[test]
    fn few_days_are_found_out_from_the_weekdays() {
        let found = unmove(&visits(|person| if person % 2 == 0 { 2 } else { -2 }), None, 1).unwrap();
        assert!(found.guessed.share() > 0.3, "{found:?}");
        assert!((found.naive.share() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn nobody_has_no_dates() {
        assert_eq!(unmove(&[], None, 1), None);
        let one = unmove(&[Moved { person: 1, day: 10, released: 12 }], None, 1).unwrap();
        assert_eq!((one.persons, one.spaced, one.correlation), (1, (0, 0), None));
    }
}
