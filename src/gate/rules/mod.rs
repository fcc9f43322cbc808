//! The rules, one in a file, in order from cheap to expensive.

mod canary;
mod collisions;
mod columns;
mod date_shift;
mod derivatives;
mod documents;
mod downcoding;
mod earlier_classes;
mod earlier_tokens;
mod elsewhere;
mod equal_spellings;
mod files;
mod identifiers;
mod k_anonymity;
mod key;
mod learned;
mod log;
mod membership;
mod memory;
mod models;
mod network;
mod null_pattern;
mod numeric_grid;
mod order;
mod persons;
mod precision;
mod rare_values;
mod recoding;
mod risk;
mod rows;
mod search_trace;
mod second_key;
mod structure;
mod suppression;
mod tier;
mod token_fingerprint;
mod token_overlap;
mod tokens;
mod unique_rows;
mod unkeyed;

use super::rule::Rule;

pub(in crate::gate) use earlier_tokens::EarlierTokens;
/// The rules that judge the pass over every byte.
pub(in crate::gate) const CANARY: &str = canary::RULE.id;
pub(in crate::gate) const STRUCTURE: &str = structure::RULE.id;

pub use models::RULE as MODELS;
pub use suppression::RULE as SUPPRESSION;

/// All rules, in the order they are applied.
pub const RULES: &[&Rule] = &[
    &tier::RULE,
    &key::RULE,
    &memory::RULE,
    &network::RULE,
    &recoding::RULE,
    &columns::RULE,
    &files::RULE,
    &rows::RULE,
    &suppression::RULE,
    &tokens::RULE,
    &numeric_grid::RULE,
    &derivatives::RULE,
    &structure::RULE,
    &log::RULE,
    &documents::RULE,
    &search_trace::RULE,
    &elsewhere::RULE,
    &canary::RULE,
    &identifiers::RULE,
    &k_anonymity::RULE,
    &models::RULE,
    &risk::RULE,
    &persons::RULE,
    &null_pattern::RULE,
    &rare_values::RULE,
    &precision::RULE,
    &unique_rows::RULE,
    &membership::RULE,
    &token_fingerprint::RULE,
    &token_overlap::RULE,
    &collisions::RULE,
    &second_key::RULE,
    &unkeyed::RULE,
    &equal_spellings::RULE,
    &order::RULE,
    &earlier_tokens::RULE,
    &earlier_classes::RULE,
    &downcoding::RULE,
    &date_shift::RULE,
    &learned::RULE,
];
