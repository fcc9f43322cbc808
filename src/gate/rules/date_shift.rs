//! The number of days by which a person was moved cannot be found out.
//!
//! Weekdays and holidays have counts of their own, and one number for everybody is known with the first date that is (threats,
//! A18). Tried on the sampled rows, and on the counts by day of all rows on disk; only where dates are moved by person. Who
//! knows one true date of a person knows them all, and distances between dates stay: how many persons have distances of their own is told.

use crate::attack::{Moved, Unmoved, correlation_by_chance, most_by_chance, success_rate, unmove};
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Count, Fate, Marks, Measured, Place, Reading, Role};
use crate::value::{Batch, Column, Date};
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    id: "date-shift",
    threat: "G17",
    reason: "weekdays, holidays and common dates tell by how many days a person was moved",
    stage: Stage::Attacks,
    effect: Effect::BLOCK_OPEN,
    wants,
    judge,
};

/// Chance that well moved dates are refused, over all comparisons of one column.
const ALPHA: f64 = 1e-9;
/// Correlation of counts by day below which nothing is read off.
const WEAK: f64 = 0.3;

/// Rows by day of the moved columns.
struct ByDay {
    columns: Vec<(usize, BTreeMap<i32, u64>)>,
}

fn places(case: &Case<'_>) -> Vec<usize> {
    let columns = case.policy.columns.iter().enumerate();
    columns.filter(|(_, column)| column.operator == "shift_date").map(|(at, _)| at).collect()
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let places = places(case);
    if !places.is_empty() {
        reading.want(places.iter().copied(), || ByDay {
            columns: places.iter().map(|at| (*at, BTreeMap::new())).collect(),
        });
    }
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let places = places(case);
    if places.is_empty() {
        return Finding::not_applicable("no dates are moved by person");
    }
    let Some(by_day) = measured.count::<ByDay>().filter(|_| measured.read) else {
        return Finding::did_not_run("the dates were not read");
    };
    if case.aside.rows.is_empty() && measured.rows > 0 {
        return Finding::did_not_run("no row was kept aside");
    }
    let limit = case.policy.tier.share_attacked();
    let (mut holds, mut told) = (true, Vec::new());
    for (place, counts) in &by_day.columns {
        let Some(found) = unmove(&moved(case, *place), Some(counts), case.seed) else { continue };
        let (correlation, chance) = match found.correlation {
            Some((found, days)) => (found, correlation_by_chance(days, ALPHA).max(WEAK)),
            None => (0.0, 1.0),
        };
        let rate = success_rate(found.guessed).risk();
        // so few days that a blind guess is right too often are found out as well
        holds &= rate.low <= limit && correlation <= chance && !is_common(&found, limit);
        told.push(format!(
            "`{}`: days guessed for {:.1}% of persons ({:.1} to {:.1}), naive {:.1}%; {} of {} moved alike; correlation by day {correlation:.2}; {} of {} with dates of their own distances; within {} days",
            case.policy.columns[*place].name,
            rate.value * 100.0,
            rate.low * 100.0,
            rate.high * 100.0,
            found.naive.share() * 100.0,
            found.commonest,
            found.persons,
            found.spaced.1,
            found.spaced.0,
            found.widest,
        ));
    }
    if told.is_empty() {
        return Finding::of(true, "no dates", "–");
    }
    let allowed = format!("days of at most {:.0}% of persons, correlation at most {WEAK}", limit * 100.0);
    Finding::of(holds, told.join("; "), allowed)
}

/// Whether so many moved by one number as no even draw gives, and more than the limit.
#[expect(clippy::cast_precision_loss, reason = "persons of a sample")]
fn is_common(found: &Unmoved, limit: f64) -> bool {
    let moves = f64::from(found.widest.max(1)) * 2.0;
    let by_chance = most_by_chance(found.persons, 1.0 / moves, ALPHA / moves);
    found.commonest > by_chance && found.commonest as f64 > limit * found.persons as f64
}

/// The sampled rows with a date: whose, which, and as released.
fn moved(case: &Case<'_>, place: usize) -> Vec<Moved> {
    let source = case.policy.columns[place].source;
    let subject = case.policy.sources.iter().position(|source| source.role == Role::Subject);
    let day = |cell: Option<&[u8]>| Date::parse_timestamp(cell?).map(Date::days);
    let rows = case.aside.rows.iter().filter(|row| row.fate == Fate::Released);
    rows.filter_map(|row| {
        let person = subject.and_then(|at| row.raw.get(at)).map_or(row.position, |cell| case.marker.mark(cell));
        Some(Moved { person, day: day(row.raw.get(source))?, released: day(row.released.get(place))? })
    })
    .collect()
}

impl Count for ByDay {
    fn fork(&self) -> Self {
        Self { columns: self.columns.iter().map(|(at, _)| (*at, BTreeMap::new())).collect() }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, _: &Marks) {
        for (at, counts) in &mut self.columns {
            let mut count = |date: Option<Date>| {
                if let Some(date) = date {
                    *counts.entry(date.days()).or_default() += 1;
                }
            };
            match &batch.columns[*at] {
                Column::Date(dates) => dates.iter().for_each(|date| count(*date)),
                other => other.to_text().iter().flatten().for_each(|cell| count(Date::parse_timestamp(cell))),
            }
        }
    }
    fn absorb(&mut self, other: Self) {
        for ((_, counts), (_, others)) in self.columns.iter_mut().zip(other.columns) {
            for (day, rows) in others {
                *counts.entry(day).or_default() += rows;
            }
        }
    }
}
