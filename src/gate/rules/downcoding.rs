//! Released labels cannot be read one level finer than they stand.
//!
//! A label with one child stands for that child: that is its hierarchy's doing, the class is the same people under either name, and so
//! it is told, and refused where the profile sets a limit. But where classes are recoded each in its own way, a finer class beside a coarser one
//! says what the rows of the coarser are not (Cohen, "Attacks on Deidentification's Defenses", 2022; threats, A9). Probed on
//! some thousand classes, as they stand on disk, with the hierarchies as anybody has them. Levels that were chosen on all rows
//! tell, besides, that no finer ones would do: where they come from is told here.

use crate::attack::{Children, downcode_some};
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Measured, classes};
use crate::limits::Share;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    id: "downcoding",
    threat: "G08",
    reason: "a generalized value that can be read one level finer was not generalized",
    stage: Stage::Attacks,
    effect: Effect::BLOCK_OPEN,
    wants: classes::want,
    judge,
};

/// Classes that are probed.
const CLASSES: usize = 5000;
/// Values of a column that a hierarchy without a list of its own is tried on.
const VALUES: usize = 2000;

/// Where the profile sets no limit, a larger share of the generalized rows is told.
fn told() -> Share {
    Share::from_millionths(50_000).expect("5% is a share")
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let policy = case.policy;
    let hierarchy = |at: &usize| case.hierarchies.get(*at).copied().flatten();
    if policy.quasi.iter().all(|at| hierarchy(at).is_none()) {
        return Finding::not_applicable("no quasi-identifier is generalized by a hierarchy");
    }
    let limit = policy.limits.finer_labels.unwrap_or_else(told);
    let allowed = format!("at most {limit} of the generalized rows, no child ruled out; levels {}", policy.levels_from);
    let Some(table) = &measured.classes else {
        let nothing = measured.read && measured.rows == 0 && policy.rows.released == 0;
        return if nothing {
            Finding::of(true, "no rows", allowed)
        } else {
            Finding::did_not_run("no class was counted")
        };
    };
    let children: Vec<Option<Children>> = policy
        .quasi
        .iter()
        .map(|at| {
            let source = policy.columns[*at].source;
            let raw: BTreeSet<&[u8]> =
                case.aside.rows.iter().take(VALUES).filter_map(|row| row.raw.get(source)).collect();
            hierarchy(at).map(|hierarchy| Children::new(hierarchy, &raw.into_iter().collect::<Vec<_>>()))
        })
        .collect();
    let found = downcode_some(table, &children, CLASSES, case.seed);
    let holds = found.determined <= limit.of(found.generalized) && found.ruled_out == 0;
    let measured = format!(
        "a finer label is determined for {} of {} generalized rows in {} classes, {} children ruled out",
        found.determined, found.generalized, found.classes, found.ruled_out
    );
    if !holds && found.ruled_out == 0 && policy.limits.finer_labels.is_none() {
        return Finding::told(measured, allowed);
    }
    Finding::of(holds, measured, allowed)
}
