//! Every class has at least k members, counted again on the bytes on disk; persons, where the profile counts persons.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};
use crate::group::Persons;

pub(super) const RULE: Rule = Rule {
    id: "k-anonymity",
    threat: "G06",
    reason: "every combination of quasi-identifiers is shared by at least k members",
    stage: Stage::Classes,
    effect: Effect::BLOCK,
    wants: classes::want,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let policy = case.policy;
    let Some(k) = policy.k else {
        return Finding::not_applicable("the profile asks for no k");
    };
    if !measured.read {
        return Finding::did_not_run("the rows were not read");
    }
    let limit = format!("at least {}", k.get());
    if policy.quasi.is_empty() {
        // No quasi-identifier leaves: all rows look alike, and there is one class.
        return match measured.rows {
            0 => Finding::of(true, "no rows", limit),
            rows => Finding::of(rows >= u64::from(k.get()), format!("one class of {rows}"), limit),
        };
    }
    let most = measured.classes.as_ref().and_then(|table| table.persons()).map_or(0, Persons::most_rows);
    if let Some(cap) = policy.rows_per_subject.filter(|cap| most > u64::from(*cap)) {
        return Finding::of(
            false,
            format!("a person with {}", counted(most, "row")),
            format!("at most {cap} of a person"),
        );
    }
    match (&measured.classes, measured.smallest_class()) {
        (Some(_), Some(smallest)) => {
            Finding::of(smallest >= u64::from(k.get()), format!("smallest class {smallest}"), limit)
        }
        _ if measured.rows == 0 && policy.rows.released == 0 => Finding::of(true, "no rows", limit),
        _ => Finding::did_not_run("no class was counted"),
    }
}
