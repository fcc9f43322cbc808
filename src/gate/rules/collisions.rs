//! Different values have different tokens, equal values equal ones, and the tokens on disk are those that were made.
//!
//! Two persons with one token become one (threats, A19). All values of a token space are too many to hold, so a part of it is
//! looked at whole: tokens whose keyed mark falls into it. Within the part nothing is missed; outside it, what is expected
//! by chance is told, n²/2^(b+1) pairs. Where tokens are shorter than 128 bits the run itself checks every one as it is made.

use crate::domain::SemanticType;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::token_counts::{self, TokenCounts};
use crate::gate::{Alphabet, Case, Measured, TokenShape, token_and_raw};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule {
    id: "collisions",
    threat: "G18",
    reason: "two values under one token make two persons one, and one value under two tokens makes one person two",
    stage: Stage::Keys,
    effect: Effect::BLOCK,
    wants: token_counts::want,
    judge,
};

/// The token of each canonical form.
type Tokens<'t> = BTreeMap<Vec<u8>, &'t [u8]>;

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    if token_counts::places(case).is_empty() {
        return Finding::not_applicable("no column has tokens that belong to values");
    }
    let Some(counts) = measured.count::<TokenCounts>() else {
        return Finding::did_not_run("the tokens were not read");
    };
    let (mut wrong, mut told) = (0_u64, Vec::new());
    // by domain and type: the token of each canonical form, over all columns that share tokens
    let mut domains: BTreeMap<(&str, SemanticType), Tokens<'_>> = BTreeMap::new();
    for tokens in &counts.columns {
        let column = &case.policy.columns[tokens.place];
        let Some((shape, kept)) = column.token.zip(case.aside.tokens.get(tokens.place).and_then(Option::as_ref)) else {
            return Finding::did_not_run("no value of a token column was kept aside");
        };
        let halvings = kept.halvings().max(tokens.distinct.halvings());
        let looked_at = |token: &[u8]| case.marker.mark(token).trailing_zeros() >= halvings;
        let semantic = case.policy.sources[column.source].semantic;
        let mut by_token: BTreeMap<&[u8], Vec<u8>> = BTreeMap::new();
        let (mut merged, mut split) = (0_u64, 0_u64);
        let domain = domains.entry((column.domain.as_deref().unwrap_or_default(), semantic)).or_default();
        for (entry, _) in kept.values() {
            let (token, raw) = token_and_raw(entry);
            if !looked_at(token) {
                continue;
            }
            let canonical = canonical_form(semantic, raw);
            let known = by_token.entry(token).or_insert_with(|| canonical.clone());
            merged += u64::from(*known != canonical);
            split += u64::from(*domain.entry(canonical).or_insert(token) != token);
        }
        let on_disk: BTreeSet<&[u8]> =
            tokens.distinct.each().map(|(token, _)| token).filter(|token| looked_at(token)).collect();
        let strange = on_disk.iter().filter(|token| !by_token.contains_key(*token)).count();
        let missing = by_token.keys().filter(|token| !on_disk.contains(*token)).count();
        wrong += merged + split + (strange + missing) as u64;
        let part = if halvings == 0 { "all".to_owned() } else { format!("1 in {}", 1_u64 << halvings) };
        told.push(format!(
            "`{}`: {merged} merged, {split} split, {strange} unknown, {missing} missing in {} ({part}), expected by chance {}",
            column.name,
            on_disk.len(),
            expected(tokens.distinct.estimate(), shape)
        ));
    }
    Finding::of(wrong == 0, told.join("; "), "none merged, split, unknown or missing")
}

/// What equal values share: the canonical form of the type; of a cell that is not of it, that of its text.
fn canonical_form(semantic: SemanticType, raw: &[u8]) -> Vec<u8> {
    let mut form = Vec::new();
    for semantic in [semantic, SemanticType::Text] {
        form.clear();
        if semantic.canonicalize(raw, &mut form).is_ok() {
            return form;
        }
    }
    raw.to_vec()
}

/// Colliding pairs that are expected of so many different values: n²/2^(b+1).
#[expect(clippy::cast_precision_loss, reason = "an order of magnitude")]
fn expected(distinct: u64, shape: TokenShape) -> String {
    let bits_per_letter = match shape.alphabet {
        Alphabet::Hex => 4.0,
        Alphabet::Base32 => 5.0,
        Alphabet::Base64Url => 6.0,
    };
    let bits = bits_per_letter * shape.length as f64;
    let exponent = 2.0 * (distinct.max(1) as f64).log10() - (bits + 1.0) * std::f64::consts::LOG10_2;
    if exponent > -3.0 { format!("{:.3}", 10_f64.powf(exponent)) } else { format!("10^{exponent:.0}") }
}
