//! Rows on disk are the rows read less those left out.

use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "rows",
    threat: "R12",
    reason: "every row read is released, suppressed, rejected or not drawn; none is lost or doubled",
    stage: Stage::Rows,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let account = case.policy.rows;
    let left_out = account.suppressed + account.rejected + account.not_drawn + account.over_cap;
    if !measured.read {
        return Finding::did_not_run("the files have other columns than planned");
    }
    let holds = account.read == account.released + left_out && measured.rows == account.released;
    Finding::of(holds, format!("{} on disk", measured.rows), format!("{} read less {left_out} left out", account.read))
}
