//! The key cannot reach the disk: its page is locked, and the process leaves no core dump.

use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "memory",
    threat: "G03",
    reason: "a key in the swap file or in a core dump outlives the run",
    stage: Stage::Configuration,
    effect: Effect::WARN,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let policy = case.policy;
    if policy.columns.iter().all(|column| column.token.is_none()) {
        return Finding::not_applicable("no released column has a key");
    }
    let locked = if policy.process.key_locked { "page locked" } else { "page not locked" };
    let dumps = if policy.process.core_dumps { "core dumps possible" } else { "no core dumps" };
    let holds = policy.process.key_locked && !policy.process.core_dumps;
    Finding::of(holds, format!("{locked}, {dumps}"), "page locked, no core dumps")
}
