//! The risk of being found is no higher than k promises, for each of three attackers.
//!
//! The prosecutor knows that somebody is in the release, the journalist only that they are among the population, the marketer wants
//! many right guesses (threats §4; El Emam, Dankar 2008). Where no population is stated the release is taken for it, which is
//! the worst case. What a profile limits beyond k (`highest_risk`, `average_risk`, `risk_share`) is a model of its own.

use crate::check::risk::risks;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};
use crate::group::Behind;

pub(super) const RULE: Rule = Rule {
    id: "risk",
    threat: "G11",
    reason: "the chance to pick the right person is at most one in k",
    stage: Stage::Classes,
    effect: Effect::BLOCK,
    wants: classes::want,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let Some(k) = case.policy.k else {
        return Finding::not_applicable("the profile asks for no k");
    };
    if case.policy.quasi.is_empty() {
        return Finding::not_applicable("no quasi-identifier leaves");
    }
    let limit = format!("highest at most 1/{}", k.get());
    let Some(table) = &measured.classes else {
        let nothing = measured.read && measured.rows == 0 && case.policy.rows.released == 0;
        return if nothing {
            Finding::of(true, "no rows", limit)
        } else {
            Finding::did_not_run("no class was counted")
        };
    };
    let threshold = 1.0 / f64::from(k.get());
    let behind = measured.behind(case);
    let found = risks(table.members(), behind.map(Behind::counts), threshold);
    let population = behind.map_or_else(
        || "population not stated: the release".to_owned(),
        |behind| format!("population of {}", behind.rows()),
    );
    Finding::of(
        found.prosecutor.highest <= threshold && found.journalist.highest <= threshold,
        format!(
            "prosecutor {:.4}, journalist {:.4} ({population}), marketer {:.4}",
            found.prosecutor.highest, found.journalist.highest, found.marketer
        ),
        limit,
    )
}
