//! Generalization does not follow the data from row to row.

use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured, Recoding};

pub(super) const RULE: Rule = Rule {
    id: "recoding",
    threat: "G08",
    reason: "where generalization follows the rows, who knows the rule can undo part of it (Cohen 2022; Wong et al. 2007)",
    stage: Stage::Configuration,
    effect: Effect::BLOCK_OPEN,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let (holds, measured) = match case.policy.recoding {
        Recoding::Levels => (true, "one level for a column"),
        Recoding::Local => (false, "local: levels differ from row to row"),
        Recoding::Multidimensional => (false, "multidimensional: cut where the rows are"),
        Recoding::Relaxed => (false, "multidimensional, relaxed: cut where the rows are, and ranges share values"),
    };
    Finding::of(holds, measured, "one level for a column")
}
