//! Evidence says which levels were chosen and nothing of those that were not.
//!
//! Who knows which coarser levels a search looked at, what they scored and which records forced a step learns of those records (Wong et
//! al., "Minimality attack", 2007; threats, A10). So no document has a key of a search's trace, and levels are chosen once, one
//! for each column.

use crate::error::counted;
use crate::gate::documents::documents;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    id: "search-trace",
    threat: "G09",
    reason: "levels that were tried and rejected tell which records forced the next step",
    stage: Stage::Structure,
    effect: Effect::BLOCK,
    wants: wants_nothing,
    judge,
};

/// Keys of a search's trace.
const TRACE: [&str; 24] = [
    "bound",
    "bounds",
    "checked",
    "forced_by",
    "forcing",
    "gap",
    "iterations",
    "lattice",
    "loss",
    "losses",
    "node",
    "nodes",
    "objective",
    "pruned",
    "rejected_levels",
    "score",
    "scores",
    "solutions",
    "steps",
    "tightened",
    "trace",
    "tried",
    "visited",
    "violating",
];

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let Some(documents) = documents(case, measured) else {
        return Finding::did_not_run("a document cannot be read as JSON");
    };
    let (mut keys, mut choices, mut twice) = (0_u64, 0_u64, 0_u64);
    for document in &documents {
        keys += document.keys().iter().filter(|key| TRACE.contains(*key)).count() as u64;
        for levels in document.values.iter().filter_map(|event| event["body"]["levels"].as_array()) {
            choices += 1;
            let columns: BTreeSet<&str> = levels.iter().filter_map(|level| level[0].as_str()).collect();
            twice += (levels.iter().filter(|level| level[0].is_string()).count() - columns.len()) as u64;
        }
    }
    let times = if choices == 1 { "once".to_owned() } else { counted(choices, "time") };
    let measured = format!(
        "{}, levels chosen {times}, {} chosen twice; levels {}",
        counted(keys, "key of a search"),
        counted(twice, "column"),
        case.policy.levels_from
    );
    let holds = keys == 0 && choices <= 1 && twice == 0;
    Finding::of(
        holds,
        measured.replace("key of a searchs", "keys of a search"),
        "no key of a search, levels chosen once",
    )
}
