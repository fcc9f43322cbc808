//! Singling out: a predicate that the release teaches and that exactly one original matches (WP29, opinion 05/2014).
//!
//! Univariate: the ends of ordered columns and values that stand once. Multivariate: random columns of a random record, each
//! value or beyond it on its side of the median. Both only where one row of the release matches. The naive attacker
//! draws columns, values and tests at random.

use super::Setting;
use super::draws::Draws;
use super::predicate::{Condition, Predicate, Test, matching, of_record, random, singles_out};
use super::rate::{Measured, Trials, float};
use super::size::correction;
use super::table::{Column, Postings, Table, Tables};
use std::collections::BTreeSet;

/// Which predicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinglingOut {
    /// One column.
    Univariate,
    /// Several columns, as many as the setting says.
    Multivariate,
}

/// Makes the attack. Attempts are those asked for: predicates that could not be found are attempts that failed.
#[must_use]
pub fn single_out(tables: &Tables, kind: SinglingOut, setting: &Setting) -> Measured {
    let distinct = if setting.distinct { tables.distinct() } else { [None, None, None] };
    let [release, original, control] = &distinct;
    let release = release.as_ref().unwrap_or(&tables.release);
    let original = original.as_ref().unwrap_or(&tables.original);
    let control = control.as_ref().or(tables.control.as_ref());
    let columns = &tables.columns;
    let mut draws = Draws::new(setting.seed, "singling-out");
    let wanted = setting.attacks as usize;
    let postings = Postings::new(release, columns);
    let (predicates, width) = match kind {
        SinglingOut::Univariate => (univariate(release, columns, &postings, wanted, &mut draws), 1),
        SinglingOut::Multivariate => {
            let width = setting.columns.min(columns.len());
            (multivariate(release, columns, &postings, width, setting, &mut draws), width)
        }
    };
    let occurring: Vec<Vec<u32>> = release.codes.iter().map(|codes| occurring(codes)).collect();
    let guesses: Vec<Predicate> = if release.is_empty() {
        Vec::new()
    } else {
        (0..wanted).map(|_| random(columns, &occurring, width, &mut draws)).collect()
    };
    let successes = |predicates: &[Predicate], table: &Table| {
        let postings = Postings::new(table, columns);
        let one = |predicate: &&Predicate| singles_out(predicate, table, columns, &postings);
        float(predicates.iter().filter(one).count() as u64)
    };
    let attempts = u64::from(setting.attacks);
    let trials = |successes: f64| Trials { attempts, successes };
    Measured {
        main: trials(successes(&predicates, original)),
        naive: trials(successes(&guesses, original)),
        control: control.map(|control| {
            let postings = Postings::new(control, columns);
            let matches: Vec<Vec<u32>> = predicates
                .iter()
                .map(|predicate| matching(predicate, control, columns, &postings, usize::MAX))
                .collect();
            let single = float(matches.iter().filter(|rows| rows.len() == 1).count() as u64);
            let factor = correction(&matches, control.rows(), original.rows(), &mut draws);
            trials((single * factor).min(float(attempts)))
        }),
    }
}

fn occurring(codes: &[u32]) -> Vec<u32> {
    codes.iter().copied().collect::<BTreeSet<u32>>().into_iter().collect()
}

fn univariate(
    table: &Table,
    columns: &[Column],
    postings: &Postings,
    wanted: usize,
    draws: &mut Draws,
) -> Vec<Predicate> {
    let mut candidates: Vec<Condition> = Vec::new();
    for (column, of) in columns.iter().enumerate() {
        let codes = occurring(&table.codes[column]);
        let ordered: Vec<u32> = codes.iter().copied().filter(|code| of.range(*code).is_some()).collect();
        let by = |one: u32, other: u32, lowest| inner_end(of, one, lowest).total_cmp(&inner_end(of, other, lowest));
        let low = ordered.iter().copied().min_by(|one, other| by(*one, *other, true));
        let high = ordered.iter().copied().max_by(|one, other| by(*one, *other, false));
        let ends = [(low, Test::AtMost), (high, Test::AtLeast)];
        candidates.extend(ends.into_iter().filter_map(|(code, test)| Some(Condition { column, test, code: code? })));
        let once = codes.into_iter().filter(|code| postings.of(column, *code as usize..*code as usize + 1).len() == 1);
        candidates.extend(once.map(|code| Condition { column, test: Test::Equal, code }));
    }
    let order = draws.order(candidates.len());
    let mut predicates: Vec<Predicate> = order.into_iter().map(|at| vec![candidates[at as usize]]).collect();
    predicates.retain(|predicate| singles_out(predicate, table, columns, postings));
    predicates.truncate(wanted);
    predicates
}

/// The end of a code's range that lies inside the column: the upper one for the lowest range, and the other way round.
fn inner_end(column: &Column, code: u32, lowest: bool) -> f64 {
    column.range(code).map_or(f64::NAN, |range| if lowest { range.high } else { range.low })
}

fn multivariate(
    table: &Table,
    columns: &[Column],
    postings: &Postings,
    width: usize,
    setting: &Setting,
    draws: &mut Draws,
) -> Vec<Predicate> {
    let medians: Vec<Option<f64>> =
        table.codes.iter().zip(columns).map(|(codes, column)| median(codes, column)).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    let mut attempts = 0;
    while !table.is_empty() && width > 0 && found.len() < setting.attacks as usize && attempts < setting.attempts {
        attempts += 1;
        let row = draws.below(table.rows());
        let which = draws.some(width, columns.len());
        let predicate = of_record(table, columns, &medians, row, &which);
        if !seen.contains(&predicate) && singles_out(&predicate, table, columns, postings) {
            seen.insert(predicate.clone());
            found.push(predicate);
        }
    }
    found
}

/// The median of the lower ends; `None` where there is no order.
fn median(codes: &[u32], column: &Column) -> Option<f64> {
    let mut lows: Vec<f64> = codes.iter().filter_map(|code| column.range(*code)).map(|range| range.low).collect();
    lows.sort_by(f64::total_cmp);
    let middle = lows.len() / 2;
    let upper = lows.get(middle)?;
    if lows.len() % 2 == 1 { Some(*upper) } else { Some(f64::midpoint(lows[middle - 1], *upper)) }
}
