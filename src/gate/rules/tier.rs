//! The tier lets something leave.

use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured, Tier};

pub(super) const RULE: Rule = Rule {
    id: "tier",
    threat: "–",
    reason: "a profile of tier `closed` never publishes",
    stage: Stage::Configuration,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let closed = case.policy.tier == Tier::Closed;
    Finding::of(!closed, if closed { "closed" } else { "not closed" }, "any tier but closed")
}
