//! Suppression stays in its limit, and is what the account of rows says.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};

/// The rule.
pub const RULE: Rule = Rule {
    id: "suppression",
    threat: "R12",
    reason: "no more rows are suppressed than the profile allows",
    stage: Stage::Rows,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let (suppression, account) = (case.policy.suppression, case.policy.rows);
    Finding::of(
        suppression.rows <= suppression.limit && suppression.rows == account.suppressed,
        counted(suppression.rows, "row"),
        format!("at most {}", counted(suppression.limit, "row")),
    )
}
