//! Exactly the planned columns and types are on disk.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};
use crate::value::Schema;

pub(super) const RULE: Rule = Rule {
    id: "columns",
    threat: "R1",
    reason: "exactly the planned columns leave, under the planned names and types",
    stage: Stage::Configuration,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let policy = case.policy;
    let alike = |schema: &&Schema| {
        schema.len() == policy.columns.len()
            && schema.fields().iter().zip(&policy.columns).all(|(field, column)| {
                field.name == column.name && (!policy.typed || field.data_type == column.data_type)
            })
    };
    let (files, alike) = (measured.schemas.len(), measured.schemas.iter().filter(alike).count());
    Finding::of(
        files == alike && files > 0,
        format!("{} of {} differ", files - alike, counted(files as u64, "file")),
        counted(policy.columns.len() as u64, "column"),
    )
}
