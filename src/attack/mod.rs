//! The attacks on a release, as pure algorithms: what an attacker would do with it, and how often that works.
//!
//! Responsible for: singling out, linkability and attribute inference measured as Giomi et al. do ("A Unified Framework
//! for Quantifying Privacy Risk in Synthetic Data", `PoPETs` 2023), each against a naive attacker and, where there is one,
//! a control set; originals put through the published generalization first, so that ranges meet ranges; downcoding. Given:
//! tables of codes ([`Tables`]) and a seed that the caller logs. And restoring what was taken out, by dictionary, by frequency, by
//! the order of rows, and from what files hold beside their cells; there guesses are places and counts. It never reads a file, and nothing it returns holds a cell.

mod align;
mod cover;
mod date_shift;
mod dictionary;
mod downcoding;
mod draws;
mod frequencies;
mod frequency;
mod inference;
mod linkability;
mod neighbour;
mod order;
mod predicate;
mod rate;
mod residue;
mod row_order;
mod singling_out;
mod size;
mod table;

pub use align::{Published, TablesBuilder, align};
pub use date_shift::{Moved, Unmoved, unmove};
pub use dictionary::{Digest, Recipe, Restored, dictionary, key_material};
pub use downcoding::{Children, Downcoding, downcode, downcode_some};
pub use draws::Draws;
pub use frequencies::match_frequencies;
pub use frequency::{by_frequency, most_by_chance};
pub use inference::{Guess, infer};
pub use linkability::link;
pub use order::{correlation_by_chance, rank_correlation, same_part};
pub use rate::{Measured, Risk, SuccessRate, Trials, success_rate};
pub use residue::{identifiers, identifiers_in};
pub use row_order::{guess_by_order, same_place};
pub use singling_out::{SinglingOut, single_out};
pub use table::{Cells, Column, Table, Tables};

/// How an attack is made; every part goes to the log, so that anybody can repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Targets or predicates for each attack.
    pub attacks: u32,
    /// Columns of a multivariate predicate.
    pub columns: usize,
    /// Most predicates that are tried until enough single out.
    pub attempts: u64,
    /// Seed of all draws.
    pub seed: u64,
    /// Whether equal rows count as one, as anonymeter has it; else every row is a person.
    pub distinct: bool,
}

impl Default for Setting {
    /// 500 attacks on three columns, as anonymeter.
    fn default() -> Self {
        Self { attacks: 500, columns: 3, attempts: 20_000, seed: 1, distinct: false }
    }
}

#[cfg(test)]
mod tests;
