//! Every privacy model that the profile asks for, measured again over the classes on disk. What is released is the whole here:
//! whoever checks a release has nothing else.

use crate::check::{Asked, Judge, Model};
use crate::error::{counted, counted_classes};
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};

/// The rule; a run that is refused before anything is staged names it too.
pub const RULE: Rule = Rule {
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
    let behind = measured.behind(case);
    if behind.is_none() && asked.iter().any(Asked::needs_table) {
        return Finding::did_not_run("there is no table of the population");
    }
    let models = match Asked::bind_all(asked, table, behind) {
        Ok(models) => models,
        Err(unfit) => {
            let values: u64 = unfit.iter().map(|one| one.values).sum();
            return Finding::of(false, format!("{} without a place in their order", counted(values, "value")), limit);
        }
    };
    let rejected = Judge::over(table, behind, &models);
    let mut found = format!("{} fail", counted_classes(rejected.count()));
    if rejected.absent > 0 {
        found.push_str(&format!(
            ", and {} of the population that nobody released is in",
            counted_classes(rejected.absent)
        ));
    }
    if !rejected.nothing() {
        let fails = |one: &&Asked| {
            let models = Asked::bind_all(std::slice::from_ref(*one), table, behind);
            models.is_ok_and(|models| !Judge::over(table, behind, &models).nothing())
        };
        let names: Vec<&str> = asked.iter().filter(fails).map(|one| one.model.name()).collect();
        found.push_str(&format!(": {}", names.join(", ")));
    }
    if let Some(behind) = behind.filter(|_| asked.iter().any(Asked::needs_table)) {
        found.push_str(&format!("; population of {}", behind.rows()));
    }
    Finding::of(rejected.nothing(), found, limit)
}
