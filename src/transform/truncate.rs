//! `truncate`: only the first characters stay.
//!
//! # What it does
//! Keeps so many characters at the start and leaves the rest out. A null stays a null.
//! # What it destroys
//! The rest, and its length.
//! # What remains
//! The first characters; a value that is no longer than that remains whole.
//! # Reversible by whom
//! Nobody from this column alone.
//! # ISO/IEC 20889 class
//! Generalization.
//! # Example
//! `truncate = { characters = 3 }`: 100084 → 100

use super::output::{Output, first_characters};
use super::{Cells, OperatorInfo, Outcome};

/// Keeps the first characters.
pub struct Truncate {
    characters: usize,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "truncate",
    iso_20889: "generalization",
    summary: "keeps the first characters and leaves out the rest",
    parameters: &[("characters", "characters kept")],
    example: "apply = { truncate = { characters = 3 } }: 100084 → 100",
};

impl Truncate {
    /// Characters kept.
    #[must_use]
    pub fn new(characters: usize) -> Self {
        Self { characters }
    }

    // Copied, not sliced: the rest must not stay behind in the released column's buffer.
    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Outcome<'a> {
        let text = cells.column.to_text();
        let mut out = Output::new(text.len(), text.len().saturating_mul(self.characters).min(text.bytes().len()));
        for cell in text.iter() {
            match cell {
                Some(cell) => {
                    let kept = &cell[..first_characters(cell, self.characters)];
                    out.push(|bytes| bytes.extend_from_slice(kept));
                }
                None => out.null(),
            }
        }
        Outcome { column: out.finish(text.plain()), invalid: 0 }
    }

    /// Whether nothing is kept.
    pub(super) fn shows_nothing(&self) -> bool {
        self.characters == 0
    }

    pub(super) fn describe(&self) -> String {
        format!("first {}", self.characters)
    }
}
