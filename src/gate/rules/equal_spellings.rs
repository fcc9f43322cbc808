//! Other spellings of a value get its token, and other values another one.
//!
//! A metamorphic test of the operators that made the release (threats, A20): true values are respelled as people respell them, and
//! given to the operators again.

use crate::error::Result;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::spellings::equal;
use crate::gate::{Case, DistinctSample, Measured, Under, token_and_raw};
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    id: "equal-spellings",
    threat: "G19",
    reason: "a person written in two ways must not become two, nor two written alike one",
    stage: Stage::Keys,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

/// Values of a column that are respelled.
const VALUES: usize = 250;

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    respell(case).into()
}

fn respell(case: &Case<'_>) -> Result<Finding> {
    let columns = case.policy.columns.iter().enumerate().filter(|(_, column)| column.domain.is_some());
    let (mut tried, mut apart, mut values, mut together) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut any = false;
    for (place, column) in columns {
        any = true;
        let Some(operators) = case.operators else { return Ok(Finding::did_not_run("there is nobody to ask again")) };
        let semantic = case.policy.sources[column.source].semantic;
        let kept = case.aside.tokens.get(place).and_then(Option::as_ref).map(DistinctSample::values);
        let (mut cells, mut wanted) = (Vec::new(), Vec::new());
        let mut forms = BTreeSet::new();
        for (entry, _) in kept.unwrap_or_default() {
            let (_, raw) = token_and_raw(entry);
            let mut canonical = Vec::new();
            if forms.len() >= VALUES || semantic.canonicalize(raw, &mut canonical).is_err() {
                continue;
            }
            let Ok(text) = str::from_utf8(raw) else { continue };
            if !forms.insert(canonical) {
                continue;
            }
            let spellings = equal(semantic, text);
            let value = cells.len();
            wanted.extend(std::iter::repeat_n(value, spellings.len() + 1));
            cells.push(text.to_owned());
            cells.extend(spellings);
        }
        let asked: Vec<Option<&[u8]>> = cells.iter().map(|cell| Some(cell.as_bytes())).collect();
        let tokens = operators.apply(place, &asked, Under::RunKey)?;
        for (at, value) in wanted.iter().enumerate().filter(|(at, value)| at != *value) {
            tried += 1;
            apart += u64::from(tokens[at].is_none() || tokens[at] != tokens[*value]);
        }
        let distinct: BTreeSet<&Option<Vec<u8>>> = wanted.iter().map(|value| &tokens[*value]).collect();
        values += forms.len() as u64;
        together += (forms.len() - distinct.len()) as u64;
    }
    if !any {
        return Ok(Finding::not_applicable("no column has tokens that belong to values"));
    }
    let measured = format!("{apart} of {tried} spellings apart, {together} of {values} values together");
    Ok(Finding::of(apart == 0 && together == 0, measured, "0 apart, 0 together"))
}
