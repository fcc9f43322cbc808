//! Tokens depend on the key: under a second random one they are others.
//!
//! A tool that ignores its key, or takes an empty one, makes the same tokens under any (threats, A2). So a sample of true values is
//! given to the run's operators again: under the run's key they must make the tokens that were kept aside, and under a key
//! that was made for the gate alone not one of them.

use crate::error::Result;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured, Under, token_and_raw};

pub(super) const RULE: Rule = Rule {
    id: "second-key",
    threat: "G02",
    reason: "a key that changes nothing protects nothing",
    stage: Stage::Keys,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

/// Values of a column that are asked again.
const VALUES: usize = 1000;

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    compare(case).into()
}

fn compare(case: &Case<'_>) -> Result<Finding> {
    let columns = case.policy.columns.iter().enumerate().filter(|(_, column)| column.token.is_some());
    let (mut compared, mut agreed, mut strange) = (0_u64, 0_u64, 0_u64);
    let mut any = false;
    for (place, column) in columns {
        any = true;
        let Some(operators) = case.operators else { return Ok(Finding::did_not_run("there is no second key")) };
        let kept = case.aside.tokens.get(place).and_then(Option::as_ref).map(|kept| kept.first_values(VALUES));
        let kept = kept.unwrap_or_default();
        // of tokens that are fresh in every row, raw cells of the sampled rows
        let fresh = case.aside.rows.iter().filter_map(|row| row.raw.get(column.source)).map(|raw| (None, raw));
        let mut pairs: Vec<(Option<&[u8]>, &[u8])> = if column.domain.is_some() {
            kept.iter().map(|(entry, _)| token_and_raw(entry)).map(|(token, raw)| (Some(token), raw)).collect()
        } else {
            fresh.take(VALUES).collect()
        };
        pairs.truncate(VALUES);
        let cells: Vec<Option<&[u8]>> = pairs.iter().map(|(_, raw)| Some(*raw)).collect();
        let mine = operators.apply(place, &cells, Under::RunKey)?;
        let others = operators.apply(place, &cells, Under::OtherKey)?;
        for (((token, _), mine), other) in pairs.iter().zip(&mine).zip(&others) {
            let Some(mine) = mine else { continue };
            compared += 1;
            agreed += u64::from(Some(mine) == other.as_ref());
            strange += u64::from(token.is_some_and(|token| token != &**mine));
        }
    }
    if !any {
        return Ok(Finding::not_applicable("no column holds tokens"));
    }
    if compared == 0 && case.policy.rows.released > 0 && case.aside.rows.is_empty() {
        return Ok(Finding::did_not_run("no value of a token column was kept aside"));
    }
    let measured = format!("{agreed} of {compared} equal under another key, {strange} other than released");
    Ok(Finding::of(agreed == 0 && strange == 0, measured, "0 equal, 0 other"))
}
