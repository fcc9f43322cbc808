//! What the gate holds a release to. The plan fills it; the gate alone reads it.

use crate::limits::K;
use crate::value::DataType;

/// Rules' limits for one release.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, asked by a rule of its own")]
pub struct Policy {
    /// The released columns in order.
    pub columns: Vec<ReleasedColumn>,
    /// Whether the format carries types; a text format carries text.
    pub typed: bool,
    /// Places of the released quasi-identifiers among `columns`.
    pub quasi: Vec<usize>,
    /// Place of the released subject column, where classes count persons.
    pub subject: Option<usize>,
    /// Smallest class, where asked.
    pub k: Option<K>,
    /// Whether the tier lets anything leave.
    pub closed: bool,
    /// Rows read and what became of them, as the run counted.
    pub rows: RowAccount,
    /// Suppression as the run counted.
    pub suppression: Suppression,
    /// Files that may lie in the staging folder, by name in the release.
    pub files: Vec<String>,
    /// Whether the goal is `anonymized`.
    pub anonymized: bool,
    /// Whether the key lives in the memory of this run only.
    pub ephemeral_key: bool,
}

/// Rows of the run: in = out + suppressed + rejected + not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowAccount {
    /// Read.
    pub read: u64,
    /// Sent to the release.
    pub released: u64,
    /// Suppressed with their class.
    pub suppressed: u64,
    /// Rejected as ragged.
    pub rejected: u64,
    /// Not drawn by the sample.
    pub not_drawn: u64,
}

/// Suppression and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Suppression {
    /// Rows suppressed.
    pub rows: u64,
    /// Most that may be.
    pub limit: u64,
}

/// A released column as the gate expects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedColumn {
    /// Name.
    pub name: String,
    /// Type on disk, where the format carries types.
    pub data_type: DataType,
    /// Whether the column names one person alone.
    pub direct: bool,
    /// The form of a keyed or random name, where the column holds those.
    pub token: Option<TokenShape>,
}

/// Alphabet and length of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenShape {
    /// Which letters may occur.
    pub alphabet: Alphabet,
    /// Number of letters.
    pub length: usize,
}

/// Letters of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// `0-9a-f`
    Hex,
    /// `a-z2-7`
    Base32,
    /// `A-Za-z0-9-_`
    Base64Url,
}

impl TokenShape {
    /// Whether a cell has this form.
    #[must_use]
    pub fn fits(self, cell: &[u8]) -> bool {
        cell.len() == self.length
            && match self.alphabet {
                Alphabet::Hex => cell.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
                Alphabet::Base32 => cell.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')),
                Alphabet::Base64Url => {
                    cell.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_'))
                }
            }
    }
}
