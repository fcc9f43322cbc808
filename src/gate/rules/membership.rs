//! That somebody is in the release is not itself told by it.
//!
//! Where the people of a disease register are released, presence is the secret (threats, A27). With a table of the population, put
//! through the same generalization, the chance that a member of it is in the release is known for every class: members of the
//! release over members of the population (Nergiz, Atzori, Clifton 2007). The highest is told. Without a table nothing can be said,
//! and that is told instead.

use crate::error::counted_classes;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};

pub(super) const RULE: Rule = Rule {
    id: "membership",
    threat: "G26",
    reason: "to be in the release can be the secret: nobody of the population may surely be in it",
    stage: Stage::Classes,
    effect: Effect::BLOCK_OPEN,
    wants,
    judge,
};

fn wants(case: &Case<'_>, reading: &mut crate::gate::Reading) {
    if case.aside.population.is_some() {
        classes::want(case, reading);
    }
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let policy = case.policy;
    if case.aside.population.is_none() {
        return Finding::not_applicable(match policy.population {
            None => "no population is stated: what presence tells is not known".to_owned(),
            Some(size) => format!("of the population only the number is stated, {size}: who is absent is not known"),
        });
    }
    if policy.quasi.is_empty() {
        return Finding::not_applicable("no quasi-identifier leaves: all members of the population look alike");
    }
    let limit = match policy.limits.presence {
        Some(most) => format!("at most {most}"),
        None => "below 1".to_owned(),
    };
    let (Some(table), Some(behind)) = (&measured.classes, measured.behind(case)) else {
        let nothing = measured.read && measured.rows == 0 && policy.rows.released == 0;
        return if nothing {
            Finding::of(true, "no rows", limit)
        } else {
            Finding::did_not_run("no class was counted")
        };
    };
    let strange = behind.outgrown(table.members());
    if strange > 0 {
        let what = format!("{} with more members than the population", counted_classes(strange));
        return Finding::of(false, format!("{what}: the table is not of the people in the release"), limit);
    }
    let allowed = |some: u64, all: u64| match policy.limits.presence {
        Some(most) => some <= most.of(all),
        None => some < all,
    };
    let pairs = || table.members().iter().copied().zip(behind.counts().iter().copied());
    let over = pairs().filter(|(some, all)| !allowed(*some, *all)).count() as u64;
    let worst = pairs().map(|(some, all)| crate::check::risk::ratio(some, all)).fold(0.0, f64::max);
    let measured = format!("highest {worst:.4} of a population of {}; {} over", behind.rows(), counted_classes(over));
    Finding::of(over == 0, measured, limit)
}
