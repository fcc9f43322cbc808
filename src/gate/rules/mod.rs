//! The rules, one in a file, in order from cheap to expensive.

mod columns;
mod files;
mod k_anonymity;
mod key;
mod models;
mod rows;
mod suppression;
mod tier;
mod tokens;

use super::rule::Rule;

pub use suppression::RULE as SUPPRESSION;

/// All rules, in the order they are applied.
pub const RULES: &[&Rule] = &[
    &tier::RULE,
    &key::RULE,
    &columns::RULE,
    &files::RULE,
    &rows::RULE,
    &suppression::RULE,
    &tokens::RULE,
    &k_anonymity::RULE,
    &models::RULE,
];
