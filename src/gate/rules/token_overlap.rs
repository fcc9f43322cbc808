//! Columns of different domains share no token.
//!
//! Equal tokens join what must not be joined (threats, A6). Tokens are compared on the part of the token space that was
//! sampled, which is the same part in every column: a domain key used twice shows there as surely as anywhere. Earlier
//! releases are the ledger's part.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::token_counts::{self, TokenCounts};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "token-overlap",
    threat: "G05",
    reason: "a token that stands in columns of two domains joins what the profile keeps apart",
    stage: Stage::Keys,
    effect: Effect::BLOCK,
    wants: token_counts::want,
    judge,
};

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let places = token_counts::places(case);
    let columns = &case.policy.columns;
    let kind = |at: usize| (columns[at].domain.as_deref(), case.policy.sources[columns[at].source].semantic);
    let apart = |first: usize, second: usize| kind(first) != kind(second);
    let pairs: Vec<(usize, usize)> = (0..places.len())
        .flat_map(|second| (0..second).map(move |first| (first, second)))
        .filter(|(first, second)| apart(places[*first], places[*second]))
        .collect();
    if pairs.is_empty() {
        return Finding::not_applicable("no two columns have tokens of different domains");
    }
    let Some(counts) = measured.count::<TokenCounts>() else {
        return Finding::did_not_run("the tokens were not read");
    };
    let shared = |(first, second): &(usize, usize)| {
        let (first, second) = (&counts.columns[*first].distinct, &counts.columns[*second].distinct);
        first.each().filter(|(token, _)| second.has(token)).count() as u64
    };
    let found: u64 = pairs.iter().map(shared).sum();
    let pairs = counted(pairs.len() as u64, "pair of columns").replace("pair of columnss", "pairs of columns");
    Finding::of(found == 0, format!("{found} shared in {pairs}"), "0 shared")
}
