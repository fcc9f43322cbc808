//! Tokens do not tell by their frequencies what they stand for.
//!
//! Whoever knows how common each value is (surnames, hospitals) ranks the tokens by frequency and reads them off (threats, A5). So a
//! column of few different tokens, or with one that stands in many rows, does not leave. The column that says whose row it is
//! is measured by its most frequent token alone: there is no public list of how many rows each person has.

use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::token_counts::{self, TokenCounts};
use crate::gate::{Case, Measured, Role};

pub(super) const RULE: Rule = Rule {
    id: "token-fingerprint",
    threat: "G04",
    reason: "tokens of few or very frequent values are recognized by how often they stand",
    stage: Stage::Keys,
    effect: Effect::BLOCK,
    wants: token_counts::want,
    judge,
};

/// Up to so many rows of one token, its share says nothing.
const FEW: u64 = 10;

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    if token_counts::places(case).is_empty() {
        return Finding::not_applicable("no column has tokens that belong to values");
    }
    let Some(counts) = measured.count::<TokenCounts>() else {
        return Finding::did_not_run("the tokens were not read");
    };
    let limits = &case.policy.limits;
    let (mut bad, mut told) = (0_u64, Vec::new());
    for tokens in &counts.columns {
        let column = &case.policy.columns[tokens.place];
        let (distinct, most) = (tokens.distinct.estimate(), tokens.most_frequent());
        let few = column.role != Role::Subject && distinct < limits.token_distinct.of(tokens.cells);
        let frequent = most > limits.token_top.of(tokens.cells).max(FEW);
        if few || frequent {
            bad += 1;
        }
        let about = if tokens.distinct.halvings() == 0 { "" } else { "about " };
        told.push(format!(
            "`{}`: {about}{distinct} different in {}, the most frequent in {most}",
            column.name, tokens.cells
        ));
    }
    let limit = format!(
        "at least {} different (not asked of the subject column), no token in more than {} of the rows or {FEW}",
        limits.token_distinct, limits.token_top
    );
    Finding::of(bad == 0, told.join("; "), limit)
}
