//! What this release and the earlier ones of the same people say together leaves enough sensitive values to everybody.

use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};
use crate::ledger::{ClassSketch, intersect};

pub(super) const RULE: Rule = Rule {
    id: "earlier-classes",
    threat: "G10",
    reason: "who is in two releases has a sensitive value that both classes have: together they may tell it",
    stage: Stage::Ledger,
    effect: Effect::BLOCK,
    wants: classes::want,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let Some(earlier) = &case.aside.earlier else {
        return Finding::not_applicable("no ledger is given");
    };
    let policy = case.policy;
    if policy.sensitive.is_empty() || policy.quasi.is_empty() {
        return Finding::not_applicable("no sensitive column, or no quasi-identifier, leaves");
    }
    if !measured.read {
        return Finding::did_not_run("the rows were not read");
    }
    let limit = format!("at least {}", earlier.values_left);
    let Some(now) = earlier.classes(policy, measured) else {
        return match measured.rows {
            0 => Finding::of(true, "no rows", limit),
            _ => Finding::did_not_run("no class was counted"),
        };
    };
    let others = earlier.releases.iter().filter(|release| release.population == earlier.population);
    let others: Vec<&ClassSketch> = others.map(|release| &release.classes).collect();
    if others.is_empty() {
        return Finding::of(true, "no earlier release of these people", limit);
    }
    let k = policy.k.map_or(1, |k| u64::from(k.get()));
    let found = intersect(&now, &others, earlier.values_left, k);
    if found.gave_up {
        return Finding::did_not_run(
            "the earlier releases have too few columns in common with this one to be followed",
        );
    }
    let joined: Vec<&str> = found.joined.iter().map(String::as_str).collect();
    let over = if joined.is_empty() { "no common column".to_owned() } else { joined.join(", ") };
    let small = match found.small_differences {
        0 => String::new(),
        count => format!("; {count} classes differ from an earlier one by fewer than {k}"),
    };
    let releases = found.releases;
    let measured = match found.fewest {
        None => format!("nobody can be in this release and in one of the {releases} earlier{small}"),
        Some(fewest) => {
            let below = found.below;
            format!("{fewest} left over {releases} earlier releases by {over}; {below} classes below{small}")
        }
    };
    Finding::of(found.fewest.is_none_or(|fewest| fewest >= earlier.values_left), measured, limit)
}
