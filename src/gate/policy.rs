//! What the gate holds a release to. The plan fills it; the gate alone reads it.

use crate::limits::K;
use crate::value::DataType;

/// Rules' limits for one release.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Where the key lives.
    pub key: KeyHome,
}

/// Where the key of a run lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHome {
    /// In the memory of this run only.
    Run,
    /// Kept by somebody.
    Kept,
    /// Made from a seed, for tests and comparisons: repeatable by anybody.
    TestSeed,
}

impl KeyHome {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "in this run only",
            Self::Kept => "kept elsewhere",
            Self::TestSeed => "from a test seed: repeatable, not private",
        }
    }
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
        cell.len() == self.length && self.alphabet.has_all(cell)
    }
}

impl Alphabet {
    /// Whether every letter is of the alphabet. Every letter is looked at, whatever the first says: that way the compiler
    /// looks at many at once.
    fn has_all(self, cell: &[u8]) -> bool {
        let within = |byte: u8, first: u8, count: u8| u8::from(byte.wrapping_sub(first) < count);
        let all = |of: &dyn Fn(u8) -> u8| cell.iter().fold(1, |all, byte| all & of(*byte)) == 1;
        match self {
            Self::Hex => {
                // sixteen at a time, without a branch for each: one vector instruction
                let (blocks, rest) = cell.as_chunks::<16>();
                let wrong = |bytes: &[u8]| {
                    let wrong =
                        |byte: u8| u8::from(byte.wrapping_sub(b'0') > 9) & u8::from(byte.wrapping_sub(b'a') > 5);
                    bytes.iter().fold(0, |any, byte| any | wrong(*byte))
                };
                blocks.iter().fold(wrong(rest), |any, block| any | wrong(block)) == 0
            }
            Self::Base32 => all(&|byte| within(byte, b'2', 6) | within(byte, b'a', 26)),
            Self::Base64Url => all(&|byte| {
                let letter = within(byte, b'a', 26) | within(byte, b'A', 26) | within(byte, b'0', 10);
                letter | u8::from(byte == b'-') | u8::from(byte == b'_')
            }),
        }
    }
}
