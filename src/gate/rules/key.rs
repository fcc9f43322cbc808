//! Key discipline of the goal.

use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, KeyHome, Measured};

pub(super) const RULE: Rule = Rule {
    id: "key",
    threat: "G03",
    reason: "a release that nobody can restore leaves no key behind: its key lives in this run only",
    stage: Stage::Configuration,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let policy = case.policy;
    // a test seed passes, because a test release says on every page that it is one
    let holds = !policy.anonymized || policy.key != KeyHome::Kept;
    Finding::of(holds, policy.key.name(), if policy.anonymized { KeyHome::Run.name() } else { "any" })
}
