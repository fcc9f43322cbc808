//! Evidence tells aggregates that were thought about, and nothing else.
//!
//! The riskiest record, the tuple of the smallest class, the exact maximum, a histogram with a bin of two people: each is a leak in a
//! report that should prove there is none (threats, A26). So documents have the keys that are listed, and a new one fails until somebody lists
//! it. The report itself is written when the gate has judged; it is held to its list before anything is published.

use crate::error::counted;
use crate::gate::documents::documents;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "documents",
    threat: "G25",
    reason: "a report that names an extreme, a record or a group of few tells of persons",
    stage: Stage::Structure,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let Some(documents) = documents(case, measured) else {
        return Finding::did_not_run("a document cannot be read as JSON");
    };
    let strange: u64 = documents.iter().map(super::super::documents::Document::strange).sum();
    let measured = format!("{} in {}", counted(strange, "unlisted key"), counted(documents.len() as u64, "document"));
    Finding::of(strange == 0, measured, "0 unlisted keys")
}
