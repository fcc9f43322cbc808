//! No released value is shared by fewer than k members, extremes least of all.
//!
//! The one salary of a million, the only case of a disease, the oldest person: such a value names its bearer whatever the
//! quasi-identifiers say (threats, A13). So does a tuple of numbers of which the profile promises that k rows share it. Counted on disk in every column that is no quasi-identifier, whose values classes
//! share anyway, and no token.

use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::value_support::{self, ValueSupport};
use crate::gate::{Case, Measured};
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    id: "rare-values",
    threat: "G12",
    reason: "a value that few share, above all the lowest and the highest, points at its bearer",
    stage: Stage::Classes,
    effect: Effect::BLOCK_OPEN,
    wants: value_support::want,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let (places, together) = (value_support::places(case), value_support::together(case));
    if places.is_empty() && together.is_empty() {
        return Finding::not_applicable("nothing leaves but quasi-identifiers, tokens and noise");
    }
    if together.is_empty() && places.iter().all(|place| value_support::limit_of(case, *place).is_none()) {
        return Finding::not_applicable("the profile asks for no k and sets no `value_support`");
    }
    let Some(support) = measured.count::<ValueSupport>() else {
        return Finding::did_not_run("the values were not read");
    };
    let (mut rare, mut told) = (0_u64, Vec::new());
    for column in &support.columns {
        let few = column.rare();
        // of many different values only a share is held: the extremes are followed beside it
        let lonely = column.extremes().is_some_and(|(least, greatest)| least.min(greatest) < column.limit as u64);
        rare += few.max(u64::from(lonely));
        if few > 0 || lonely {
            let about = if column.halvings == 0 { "" } else { "about " };
            let extremes = if lonely { ", an extreme among them" } else { "" };
            let name = &case.policy.columns[column.place].name;
            told.push(format!("`{name}`: {about}{few} of {}{extremes}", column.distinct()));
        }
    }
    // numbers that are grouped together are shared together
    for (places, tuples) in &support.tuples {
        let few = tuples.rare();
        rare += few;
        if few > 0 {
            let about = if tuples.halvings == 0 { "" } else { "about " };
            let names: Vec<String> = places.iter().map(|at| format!("`{}`", case.policy.columns[*at].name)).collect();
            told.push(format!("{} together: {about}{few} of {}", names.join(", "), tuples.distinct()));
        }
    }
    let measured = if told.is_empty() { "no rare value".to_owned() } else { told.join("; ") };
    // of a microaggregated column the rows of a group, where those are more
    let limits: BTreeSet<usize> = support
        .columns
        .iter()
        .chain(support.tuples.iter().map(|(_, tuples)| tuples))
        .map(|column| column.limit)
        .filter(|limit| *limit > 1)
        .collect();
    let limit = limits.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    Finding::of(rare == 0, measured, format!("every value shared by {limit} members"))
}
