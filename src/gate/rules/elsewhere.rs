//! Nothing of the run lies anywhere but in the staging folder.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "elsewhere",
    threat: "G23",
    reason: "a spill or temporary file with a name outlives the run and holds raw rows",
    stage: Stage::Structure,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let Some(outside) = case.elsewhere else {
        return Finding::did_not_run("the system does not tell which files are open");
    };
    Finding::of(outside == 0, format!("{} open for writing elsewhere", counted(outside, "named file")), "none")
}
