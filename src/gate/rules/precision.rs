//! Numbers are not so precise that each is a fingerprint.
//!
//! A salary of 8731.27 or a place to six digits finds its row in any other table that has it (threats, A21).

use crate::domain::SemanticType;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::value_support::{self, ValueSupport};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "precision",
    threat: "G20",
    reason: "a number that hardly any other row has is found again in every other table",
    stage: Stage::Classes,
    effect: Effect::BLOCK_OPEN,
    wants: value_support::want,
    judge,
};

/// In fewer rows the share of different numbers says nothing.
const FEW: u64 = 1000;

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let policy = case.policy;
    let number = |at: &usize| {
        let semantic = policy.sources[policy.columns[*at].source].semantic;
        matches!(semantic, SemanticType::Decimal | SemanticType::Integer | SemanticType::Timestamp)
    };
    let places: Vec<usize> = value_support::places(case).into_iter().filter(number).collect();
    if places.is_empty() {
        return Finding::not_applicable("no column of numbers leaves beside quasi-identifiers and noise");
    }
    let Some(support) = measured.count::<ValueSupport>() else {
        return Finding::did_not_run("the values were not read");
    };
    if measured.rows < FEW {
        return Finding::not_applicable(format!("fewer than {FEW} rows"));
    }
    let (mut bad, mut told) = (0_u64, Vec::new());
    for column in support.columns.iter().filter(|column| places.contains(&column.place)) {
        bad += u64::from(column.distinct() > policy.limits.distinct_numbers.of(column.cells).max(FEW));
        let about = if column.halvings == 0 { "" } else { "about " };
        told.push(format!(
            "`{}`: {about}{} different in {}",
            policy.columns[column.place].name,
            column.distinct(),
            column.cells
        ));
    }
    Finding::of(bad == 0, told.join("; "), format!("at most {} of the rows different", policy.limits.distinct_numbers))
}
