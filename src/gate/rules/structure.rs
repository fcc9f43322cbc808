//! The files are the rows and nothing else.

use crate::anatomy::Oddity;
use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    id: "structure",
    threat: "G14",
    reason: "statistics, metadata, bytes under missing cells and unused dictionary entries tell what the rows do not",
    stage: Stage::Structure,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    if case.files.is_empty() {
        return Finding::did_not_run("there is no file");
    }
    let pass = measured.bytes();
    if pass.anatomies.len() != case.files.len() || pass.anatomies.iter().any(Option::is_none) {
        return Finding::did_not_run("a file is not of its format");
    }
    let mut found: BTreeMap<Oddity, u64> = BTreeMap::new();
    let mut sizes: Vec<u64> = Vec::new();
    for anatomy in pass.anatomies.iter().flatten() {
        for (oddity, times) in &anatomy.oddities {
            *found.entry(*oddity).or_default() += times;
        }
        // all groups but the last of a file
        sizes.extend(anatomy.groups.split_last().map_or(&[][..], |(_, before)| before));
    }
    if sizes.windows(2).any(|pair| pair[0] != pair[1]) {
        *found.entry(Oddity::UnevenGroups).or_default() += 1;
    }
    let told: Vec<String> = found.iter().map(|(oddity, times)| format!("{} ({times})", oddity.words())).collect();
    let files = counted(case.files.len() as u64, "file");
    let measured = if told.is_empty() { format!("{files}, nothing beside the rows") } else { told.join(", ") };
    Finding::of(found.is_empty(), measured, "nothing beside the rows")
}
