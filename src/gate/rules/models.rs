//! Every privacy model that the profile asks for, measured again over the classes on disk. What is released is the whole here:
//! whoever checks a release has nothing else.

use crate::check::{Asked, Judge, Model};
use crate::error::{counted, counted_classes};
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};

pub(super) const RULE: Rule = Rule {
    id: "models",
    threat: "G06",
    reason: "what all members of a class have in common is learned of each of them",
    stage: Stage::Classes,
    effect: Effect::BLOCK,
    wants: classes::want,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let asked = &case.policy.models;
    if asked.iter().all(|asked| matches!(asked.model, Model::KAnonymity(_))) {
        return Finding::not_applicable("the profile asks for no model beside k");
    }
    if !measured.read {
        return Finding::did_not_run("the rows were not read");
    }
    let limit = format!("{} hold in every class", counted(asked.len() as u64, "model"));
    let Some(table) = &measured.classes else {
        let nothing = measured.rows == 0 && case.policy.rows.released == 0;
        return if nothing {
            Finding::of(true, "no rows", limit)
        } else {
            Finding::did_not_run("no class was counted")
        };
    };
    let members = table.members().iter().sum();
    match Asked::bind_all(asked, table.sensitive(), members) {
        Ok(models) => {
            let rejected = Judge::over(table, &models).iter().filter(|out| **out).count() as u64;
            Finding::of(rejected == 0, format!("{} fail", counted_classes(rejected)), limit)
        }
        Err(unfit) => {
            let values: u64 = unfit.iter().map(|one| one.values).sum();
            Finding::of(false, format!("{} without a place in their order", counted(values, "value")), limit)
        }
    }
}
