//! Generalization ladders: what a value becomes, level by level, on the way from itself to `*`.
//!
//! Responsible for: the closed set of hierarchies, each a chain of functions in which equal labels of one level always have
//! the same parent on the next (monotone: a coarser level never splits what a finer one merged). Given: cells as bytes.
//! It never reads a file, and never says what a cell held.

mod build;
mod categories;
mod date;
mod frequency;
mod interval;
mod ladder;
mod lengths;
mod order;
mod prefix;
mod region;
mod suffix;
mod tree;
mod tree_file;

pub use build::{Problem, from_spec, step_from_spec};
pub use categories::Categories;
pub use date::{DateLadder, Step};
pub use frequency::Frequency;
pub use interval::Interval;
pub use ladder::{Ladder, Rung};
pub use order::OrderedBy;
pub use prefix::Prefix;
pub use region::{Region, RegionStep};
pub use suffix::Suffix;
pub use tree::Tree;

/// The label of the last level of every hierarchy: everything.
pub const TOP: &[u8] = b"*";

/// A generalization hierarchy. Level 0 is the raw value, the last level is `*`.
pub enum Hierarchy {
    /// Ranges of numbers: `[20, 25)`.
    Interval(Interval),
    /// First characters: `100***`.
    Prefix(Prefix),
    /// Last characters: `**0084`.
    Suffix(Suffix),
    /// Precision of a date: `1984-03`.
    Date(DateLadder),
    /// Administrative codes: `110100`, `北京市`, `华北`.
    Region(Region),
    /// The most frequent values, and one for the others.
    Frequency(Frequency),
    /// Named groups: one level.
    Categories(Categories),
    /// A table of every value and its ancestors.
    Tree(Tree),
}

/// Why a value has no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// The hierarchy lists its values, and this is none of them.
    NotInHierarchy,
    /// The value is not of the hierarchy's type: what was expected.
    NotA(&'static str),
}

impl Hierarchy {
    /// Number of levels, the raw value and `*` among them.
    #[must_use]
    pub fn levels(&self) -> usize {
        2 + match self {
            Self::Interval(interval) => interval.steps(),
            Self::Prefix(prefix) => prefix.steps(),
            Self::Suffix(suffix) => suffix.steps(),
            Self::Region(region) => region.steps(),
            Self::Frequency(frequency) => frequency.steps(),
            Self::Date(date) => date.steps(),
            Self::Categories(_) => 1,
            Self::Tree(tree) => tree.steps(),
        }
    }

    /// Appends what the cell becomes at a level: itself at 0, `*` at the last one and beyond, whatever the cell is.
    ///
    /// # Errors
    /// [`Miss`] where the value has no label between the two; nothing is appended then.
    #[inline]
    pub fn generalize(&self, level: usize, cell: &[u8], out: &mut Vec<u8>) -> Result<(), Miss> {
        if level == 0 {
            out.extend_from_slice(cell);
            return Ok(());
        }
        if level + 1 >= self.levels() {
            out.extend_from_slice(TOP);
            return Ok(());
        }
        let step = level - 1;
        match self {
            Self::Interval(interval) => interval.label(step, cell, out),
            Self::Prefix(prefix) => {
                prefix.label(step, cell, out);
                Ok(())
            }
            Self::Suffix(suffix) => {
                suffix.label(step, cell, out);
                Ok(())
            }
            Self::Date(date) => date.label(step, cell, out),
            Self::Region(region) => region.label(step, cell, out),
            Self::Frequency(frequency) => {
                frequency.label(step, cell, out);
                Ok(())
            }
            Self::Categories(categories) => categories.label(cell, out),
            Self::Tree(tree) => tree.label(step, cell, out),
        }
    }

    /// Every value that the hierarchy lists, where it lists all there can be: a tree, or categories without a rest.
    #[must_use]
    pub fn domain(&self) -> Option<Vec<&[u8]>> {
        match self {
            Self::Tree(tree) => Some(tree.values()),
            Self::Categories(categories) => categories.closed_values(),
            Self::Interval(_)
            | Self::Prefix(_)
            | Self::Suffix(_)
            | Self::Date(_)
            | Self::Region(_)
            | Self::Frequency(_) => None,
        }
    }

    /// What a level is called in plans and reports: `raw`, `width 5`, `first 3`, `year`, `group`, `level 2`, `*`.
    #[must_use]
    pub fn level_name(&self, level: usize) -> String {
        if level == 0 {
            return "raw".into();
        }
        if level + 1 >= self.levels() {
            return "*".into();
        }
        let step = level - 1;
        match self {
            Self::Interval(interval) => interval.step_name(step),
            Self::Prefix(prefix) => prefix.step_name(step),
            Self::Suffix(suffix) => suffix.step_name(step),
            Self::Region(region) => region.step_name(step),
            Self::Frequency(frequency) => frequency.step_name(step),
            Self::Date(date) => date.step_name(step),
            Self::Categories(_) => "group".into(),
            Self::Tree(_) => format!("level {level}"),
        }
    }

    /// Appends a canonical description, every part with its length before it: equal bytes mean equal hierarchies.
    ///
    /// It holds the values that a tree or a set of categories lists, so it is for a digest, never for a reader.
    pub fn digest_bytes(&self, out: &mut Vec<u8>) {
        describe(out, self.name().as_bytes());
        match self {
            Self::Interval(interval) => interval.digest_bytes(out),
            Self::Prefix(prefix) => prefix.digest_bytes(out),
            Self::Suffix(suffix) => suffix.digest_bytes(out),
            Self::Region(region) => region.digest_bytes(out),
            Self::Frequency(frequency) => frequency.digest_bytes(out),
            Self::Date(date) => date.digest_bytes(out),
            Self::Categories(categories) => categories.digest_bytes(out),
            Self::Tree(tree) => tree.digest_bytes(out),
        }
    }

    /// Whether the labels of a level hold no byte that a delimited file may have to quote, provided that the cells hold none.
    #[must_use]
    pub fn plain(&self, level: usize) -> bool {
        if level == 0 || level + 1 >= self.levels() {
            return true;
        }
        match self {
            Self::Interval(_) => false,
            Self::Prefix(_) | Self::Suffix(_) | Self::Date(_) | Self::Region(_) => true,
            Self::Frequency(frequency) => frequency.plain(),
            Self::Categories(categories) => categories.plain(),
            Self::Tree(tree) => tree.plain(level - 1),
        }
    }

    /// The kind, as the profile names it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Interval(_) => "interval",
            Self::Prefix(_) => "prefix",
            Self::Suffix(_) => "suffix",
            Self::Region(_) => "region",
            Self::Frequency(_) => "frequency",
            Self::Date(_) => "date",
            Self::Categories(_) => "categories",
            Self::Tree(_) => "tree",
        }
    }
}

/// Whether a text holds none of the bytes that delimited files use between or around fields.
#[must_use]
pub fn is_plain(text: &[u8]) -> bool {
    !text.iter().any(|byte| b",;\t|\"'\r\n".contains(byte))
}

/// Appends one part of a canonical description, its length first.
fn describe(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&(part.len() as u64).to_be_bytes());
    out.extend_from_slice(part);
}

#[cfg(test)]
mod tests;
