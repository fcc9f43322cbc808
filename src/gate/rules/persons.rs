//! What all rows of one person look like together is shared by k persons.
//!
//! Every class may have k persons and a person still be alone with the set of classes that their rows stand in: a journey of five
//! places is a name (threats, A8). So k is counted on that set, whole. Where k persons share it, they share every one, two or m
//! of its rows too (k^m, Terrovitis, Mamoulis, Kalnis 2008); where they do not, it is told what one and two rows give away.

use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};

pub(super) const RULE: Rule = Rule {
    id: "persons",
    threat: "G07",
    reason: "who knows several rows of a person must still find k persons that have them all",
    stage: Stage::Classes,
    effect: Effect::BLOCK,
    wants: classes::want,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let policy = case.policy;
    let (Some(k), Some(_)) = (policy.k, policy.subject) else {
        return Finding::not_applicable("the profile counts rows, or asks for no k");
    };
    if policy.quasi.is_empty() {
        return Finding::not_applicable("no quasi-identifier leaves: the rows of all persons look alike");
    }
    let k = u64::from(k.get());
    let limit = format!("at least {k}");
    let Some(persons) = measured.classes.as_ref().and_then(crate::group::ClassTable::persons) else {
        let nothing = measured.read && measured.rows == 0 && policy.rows.released == 0;
        return if nothing {
            Finding::of(true, "no rows", limit)
        } else {
            Finding::did_not_run("no person was counted")
        };
    };
    let whole = persons.smallest().unwrap_or(u64::MAX);
    let members = measured.classes.iter().flat_map(crate::group::ClassTable::members);
    let one = members.copied().min().unwrap_or(u64::MAX);
    if whole >= k {
        return Finding::of(one >= k, format!("{whole} persons share all their rows, {one} one"), limit);
    }
    let pairs = persons.smallest_of_pairs().map_or("nobody has two".to_owned(), |pairs| format!("{pairs} share two"));
    Finding::of(false, format!("{one} persons share one row, {pairs}, {whole} share all"), limit)
}
