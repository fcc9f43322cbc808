//! Only the planned files lie in the staging folder.

use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "files",
    threat: "G24",
    reason: "nothing lies in the release that the plan does not name",
    stage: Stage::Configuration,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let planned = &case.policy.files;
    let extra = measured.listing.iter().filter(|name| !planned.contains(name)).count();
    let missing = planned.iter().filter(|name| !measured.listing.contains(name)).count();
    Finding::of(extra + missing == 0, format!("{extra} unplanned, {missing} missing"), "0 unplanned, 0 missing")
}
