//! The gate's test of itself: plants a leak for every rule in a real release of made-up people, and shows that the rule sees
//! it, and that the same release passes without the leak.
//!
//! Every plant is a whole run in a private folder that is removed again: the profile, the source, the staged files, or what the run
//! tells the gate is changed, as a bad tool would, and the gate judges what lies there. Such a run never publishes. The plain
//! release is judged by all rules, a planted one by the rule in question, so that all of it takes seconds.

mod bench;
mod plants;
mod staging;

pub use bench::Planted;
pub(super) use staging::Planting;

use super::{Job, Options, Outcome, Progress, run_planted};
use crate::error::{Error, ErrorKind, Result};
use crate::gate::RULES;
use crate::profile;
use bench::{Bench, Found, Scratch};
use plants::PLANTS;
use staging::Staging;

/// Changes what is run.
type Change = fn(&mut Bench);
/// Changes what the gate is given.
type Leak = fn(&mut Staging<'_>) -> std::io::Result<()>;

/// A leak, and the rule that must see it.
pub(super) struct Plant {
    /// Id of the rule.
    rule: &'static str,
    /// What leaks, in a few words.
    leak: &'static str,
    /// What the rule needs to have something to judge, with the leak and without; none where the plain release will do.
    needs: Option<Change>,
    /// The leak in what is run.
    bench: Option<Change>,
    /// The leak in what the gate is given.
    staging: Option<Leak>,
}

/// Plants every leak. Rules come in the order of the gate, and a rule without a plant comes without a leak.
///
/// # Errors
/// When the runs cannot be made at all.
pub fn self_test() -> Result<Vec<Planted>> {
    let plain = Found::of(&one(None, false)?);
    let mut all = Vec::new();
    for rule in RULES {
        let plants: Vec<&'static Plant> = PLANTS.iter().filter(|plant| plant.rule == rule.id).collect();
        if plants.is_empty() {
            all.push(Planted::none(rule));
        }
        for plant in plants {
            let clean = match plant.needs {
                Some(_) => Found::of(&one(Some(plant), false)?),
                None => plain.clone(),
            };
            let leaked = Found::of(&one(Some(plant), true)?);
            all.push(Planted::new(rule, plant.leak, &leaked, &clean));
        }
    }
    Ok(all)
}

/// One run: of the plain release, of what a plant needs, or of that with the leak.
fn one(plant: Option<&'static Plant>, leaks: bool) -> Result<Outcome> {
    let scratch = Scratch::create()?;
    let mut bench = Bench::default();
    let changes = plant.into_iter().flat_map(|plant| [plant.needs, plant.bench.filter(|_| leaks)]);
    changes.flatten().for_each(|change| change(&mut bench));
    bench.write(&scratch)?;
    let job = Job {
        loaded: profile::parse(&bench.profile, None)?,
        folder: Some(scratch.path("")),
        inputs: vec![scratch.path("people.csv")],
        output: scratch.path("release"),
        options: Options {
            threads: 1,
            ledger: bench.ledger_files(&scratch)?,
            insecure_test_seed: bench.seed,
            ..Options::default()
        },
    };
    let rules = plant.map(|plant| RULES.iter().copied().filter(|rule| rule.id == plant.rule).collect());
    let staging = plant.filter(|_| leaks).and_then(|plant| plant.staging);
    run_planted(&job, &Progress::default(), Some(&Planting { rules, staging }))
}

/// What a bench that cannot be made says.
fn broken() -> Error {
    ErrorKind::Internal("the self-test's own release is broken").into()
}

impl Plant {
    /// A leak in what the gate is given.
    const fn at_gate(rule: &'static str, leak: &'static str, staging: Leak) -> Self {
        Self { rule, leak, needs: None, bench: None, staging: Some(staging) }
    }
    /// A leak in what is run.
    const fn before(rule: &'static str, leak: &'static str, bench: Change) -> Self {
        Self { rule, leak, needs: None, bench: Some(bench), staging: None }
    }
    /// The same, where the rule needs something to judge.
    const fn needing(self, needs: Change) -> Self {
        Self { needs: Some(needs), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_plant_and_every_plant_a_rule() {
        let missing: Vec<&str> =
            RULES.iter().map(|rule| rule.id).filter(|id| PLANTS.iter().all(|plant| plant.rule != *id)).collect();
        assert!(missing.is_empty(), "no leak is planted for {missing:?}");
        for plant in PLANTS {
            assert!(RULES.iter().any(|rule| rule.id == plant.rule), "{}", plant.rule);
            assert!(plant.bench.is_some() || plant.staging.is_some(), "{}: nothing leaks", plant.rule);
        }
    }

    #[test]
    fn a_rule_without_a_plant_fails_the_test() {
        assert!(!Planted::none(RULES[0]).holds());
    }

    #[test]
    fn a_run_of_the_self_test_never_publishes() {
        let outcome = one(None, false).unwrap();
        assert_eq!(outcome.report.status, crate::log::Status::Refused);
        assert!(outcome.folder.to_string_lossy().ends_with(".refused"));
    }
}
