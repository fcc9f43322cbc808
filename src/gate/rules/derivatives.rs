//! What is left of an identifier leaves at least k candidates, all columns that are made of it taken together.
//!
//! `138****1380` leaves ten thousand numbers, and with the middle shown in another column one (threats, A29). For the sampled rows the
//! characters that are shown of each identifying value are laid over each other, over all released columns whose source
//! holds the same value, and what remains hidden is counted: ten for a digit, less what a check digit gives away.

use crate::domain::SemanticType;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured, SampledRow};

pub(super) const RULE: Rule = Rule {
    id: "derivatives",
    threat: "G28",
    reason: "parts of one value, shown in several columns, can be put together again",
    stage: Stage::Rows,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

/// Sampled rows that are looked at.
const ROWS: usize = 2000;

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let policy = case.policy;
    // columns that show a part of the value, and are no token
    let partial = |at: &usize| matches!(policy.columns[*at].operator, "mask" | "truncate" | "generalize" | "keep");
    let identifying = |at: &usize| {
        let source = &policy.sources[policy.columns[*at].source];
        source.semantic.identifies() || policy.columns[*at].role.names_a_person()
    };
    let places: Vec<usize> = (0..policy.columns.len()).filter(|at| partial(at) && identifying(at)).collect();
    if places.is_empty() {
        return Finding::not_applicable("no column shows a part of an identifier");
    }
    if case.aside.rows.is_empty() && policy.rows.released > 0 {
        return Finding::did_not_run("no row was kept aside");
    }
    let k = policy.limits.candidates.unwrap_or_else(|| policy.k.map_or(2, |k| u64::from(k.get())));
    let least = case
        .aside
        .rows
        .iter()
        .take(ROWS)
        .flat_map(|row| places.iter().filter_map(|place| candidates(case, row, *place, &places)))
        .min();
    match least {
        None => Finding::of(true, "no value is shown in part", format!("at least {k} candidates")),
        Some(least) => {
            let told = if least >= 1 << 40 { "over 10^12".to_owned() } else { least.to_string() };
            Finding::of(
                least >= k,
                format!("at least {told} candidates for a value"),
                format!("at least {k} candidates"),
            )
        }
    }
}

/// Values that fit all that is shown of this one; none where it is null.
fn candidates(case: &Case<'_>, row: &SampledRow, place: usize, places: &[usize]) -> Option<u64> {
    let policy = case.policy;
    let source = policy.columns[place].source;
    let raw: Vec<char> = str::from_utf8(row.raw.get(source)?).ok()?.chars().collect();
    let mut shown = vec![false; raw.len()];
    for other in places {
        let column = &policy.columns[*other];
        // the same value may stand in several columns of the source
        if row.raw.get(column.source) != row.raw.get(source) {
            continue;
        }
        let Some(released) = row.released.get(*other).and_then(|cell| str::from_utf8(cell).ok()) else { continue };
        let released: Vec<char> = released.chars().collect();
        if released.len() > raw.len() || !fits(&released, &raw) {
            continue;
        }
        for (at, letter) in released.iter().enumerate() {
            shown[at] |= *letter == raw[at] && *letter != '*';
        }
    }
    let semantic = policy.sources[source].semantic;
    let mut exponent = 0_u32;
    let mut letters = 0_u32;
    for (at, letter) in raw.iter().enumerate() {
        if !shown[at] {
            if letter.is_ascii_digit() {
                exponent += 1;
            } else {
                letters += 1;
            }
        }
    }
    // a shown check digit rules out nine of ten; a hidden one is a function of the rest
    let has_check = matches!(
        semantic,
        SemanticType::ResidentId
            | SemanticType::BankCard
            | SemanticType::Imei
            | SemanticType::Uscc
            | SemanticType::Iban
    );
    let exponent = exponent.saturating_sub(u32::from(has_check));
    Some(10_u64.saturating_pow(exponent).saturating_mul(26_u64.saturating_pow(letters)))
}

/// Whether a released cell is the value with characters covered or cut off.
fn fits(released: &[char], raw: &[char]) -> bool {
    released.iter().zip(raw).all(|(shown, letter)| shown == letter || *shown == '*')
}
