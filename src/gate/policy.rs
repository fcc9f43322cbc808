//! What the gate holds a release to. The plan fills it; the gate alone reads it.

use crate::anatomy::Expected;
use crate::check::Asked;
use crate::domain::SemanticType;
use crate::lanes;
use crate::limits::{K, Share};
use crate::value::DataType;

/// Rules' limits for one release.
#[derive(Clone)]
pub struct Policy {
    /// The columns of the source that the profile names, in its order.
    pub sources: Vec<SourceColumn>,
    /// The released columns in order.
    pub columns: Vec<ReleasedColumn>,
    /// Whether the format carries types; a text format carries text.
    pub typed: bool,
    /// What a data file should be.
    pub form: Expected,
    /// Places of the released quasi-identifiers among `columns`.
    pub quasi: Vec<usize>,
    /// Places of the released sensitive columns whose values are counted in each class.
    pub sensitive: Vec<usize>,
    /// Place of the released subject column, where classes count persons.
    pub subject: Option<usize>,
    /// Most rows of one person, where asked.
    pub rows_per_subject: Option<u32>,
    /// Smallest class, where asked.
    pub k: Option<K>,
    /// Every privacy model that is asked, k-anonymity among them; `sensitive` of a model is a place in [`Policy::sensitive`].
    pub models: Vec<Asked>,
    /// Where the levels of generalized columns come from, in words.
    pub levels_from: &'static str,
    /// Members of the population, where only their number is stated.
    pub population: Option<u64>,
    /// To whom the release may go.
    pub tier: Tier,
    /// Rows read and what became of them, as the run counted.
    pub rows: RowAccount,
    /// Suppression as the run counted.
    pub suppression: Suppression,
    /// Files that may lie in the staging folder, by name in the release.
    pub files: Vec<String>,
    /// Limits of rules.
    pub limits: Limits,
    /// Whether a column has one level for all rows.
    pub recoding: Recoding,
    /// Whether the goal is `anonymized`.
    pub anonymized: bool,
    /// Where the key lives.
    pub key: KeyHome,
    /// What the run found out about its own process.
    pub process: Process,
}

/// What keeps the key in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Process {
    /// The page of the key cannot be swapped out.
    pub key_locked: bool,
    /// The system would write the memory of a crashed process to disk.
    pub core_dumps: bool,
    /// Sockets that were opened since the run began; none where the system does not tell.
    pub sockets: Option<u64>,
}

/// How closely generalization follows the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recoding {
    /// Every column has one level.
    Levels,
    /// Rows that fit no levels of others have levels of their own.
    Local,
    /// The space of values is cut where the rows are.
    Multidimensional,
    /// The same, and what lies side by side may share the value of the cut.
    Relaxed,
}

/// To whom a release may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Everyone.
    Open,
    /// Named recipients under conditions.
    Conditional,
    /// Buyers on a platform.
    Trade,
    /// Nobody.
    Closed,
}

impl Tier {
    /// The share of attacked people above which a learned attack counts; each is the precedent of a cell size (El Emam, "Cell size
    /// precedents").
    pub(super) fn share_attacked(self) -> f64 {
        match self {
            Self::Open => 0.05,
            Self::Trade => 0.09,
            Self::Conditional | Self::Closed => 0.20,
        }
    }
}

/// What a column says about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Names one person alone.
    Direct,
    /// Says whose row it is; names one person alone.
    Subject,
    /// Names one in combination.
    Quasi,
    /// What must not be learned.
    Sensitive,
    /// Declared harmless.
    Insensitive,
}

impl Role {
    /// Whether a value alone names a person.
    #[must_use]
    pub fn names_a_person(self) -> bool {
        match self {
            Self::Direct | Self::Subject => true,
            Self::Quasi | Self::Sensitive | Self::Insensitive => false,
        }
    }
}

/// A column of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceColumn {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// What its cells are.
    pub semantic: SemanticType,
    /// Place of the released column that is made of it, where it leaves.
    pub released: Option<usize>,
}

/// Limits of rules that a profile may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Least share of different tokens in a column.
    pub token_distinct: Share,
    /// Largest share of the rows that one token may have.
    pub token_top: Share,
    /// Members that every value of a column must have; k where it is not set.
    pub value_support: Option<u64>,
    /// Largest share of different values in a column of numbers that lie on no grid.
    pub distinct_numbers: Share,
    /// Largest share of rows that are told apart by three columns or fewer.
    pub unique_rows: Share,
    /// Candidates that what is shown of an identifier must leave; k where it is not set.
    pub candidates: Option<u64>,
    /// Largest share of generalized rows in which a finer label is determined; where it is not set, much of it is told.
    pub finer_labels: Option<Share>,
    /// Largest share of a class of the population that may be in the release; below all of it where it is not set.
    pub presence: Option<Share>,
}

impl Default for Limits {
    fn default() -> Self {
        let percent = |percent: u32| Share::from_millionths(percent * 10_000).expect("at most 100 percent");
        Self {
            token_distinct: percent(10),
            token_top: percent(5),
            value_support: None,
            distinct_numbers: percent(50),
            unique_rows: percent(20),
            candidates: None,
            finer_labels: None,
            presence: None,
        }
    }
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

/// Rows of the run: in = out + suppressed + rejected + not drawn + over the cap + withheld.
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
    /// Left out because the person has more rows than are taken.
    pub over_cap: u64,
    /// Nowhere, because the run was refused before any was released.
    pub withheld: u64,
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
    /// Place of its source among the policy's sources.
    pub source: usize,
    /// Role.
    pub role: Role,
    /// Name of the operator that made it.
    pub operator: &'static str,
    /// The step whose multiples its numbers are, where the operator fixes one.
    pub grid: Option<Step>,
    /// Rows that share every value at least, where the operator promises so.
    pub shared_by: Option<u64>,
    /// Places of the released columns with which it keeps that promise together, itself among them; none where it does alone.
    pub together: Vec<usize>,
    /// Whether its values are permuted among the rows.
    pub permuted: bool,
    /// The form of a keyed or random name, where the column holds those.
    pub token: Option<TokenShape>,
    /// The domain in which equal values have equal tokens; none where the column holds none, or a fresh one in each row.
    pub domain: Option<String>,
}

/// A number of the profile, mantissa / 10^scale: no cell, so that it can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Digits without the point.
    pub mantissa: i128,
    /// Digits after the point.
    pub scale: u8,
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
    #[inline]
    pub fn fits(self, cell: &[u8]) -> bool {
        cell.len() == self.length && self.alphabet.has_all(cell)
    }
}

impl Alphabet {
    /// Whether every letter is of the alphabet. Of the rarer alphabets every letter is looked at, whatever the first says: that way the
    /// compiler looks at many at once.
    #[inline]
    fn has_all(self, cell: &[u8]) -> bool {
        let within = |byte: u8, first: u8, count: u8| u8::from(byte.wrapping_sub(first) < count);
        let all = |of: &dyn Fn(u8) -> u8| cell.iter().fold(1, |all, byte| all & of(*byte)) == 1;
        match self {
            Self::Hex => {
                let (blocks, rest) = cell.as_chunks();
                blocks.iter().all(lanes::is_hex)
                    && rest.iter().all(|byte| within(*byte, b'0', 10) | within(*byte, b'a', 6) == 1)
            }
            Self::Base32 => all(&|byte| within(byte, b'2', 6) | within(byte, b'a', 26)),
            Self::Base64Url => all(&|byte| {
                let letter = within(byte, b'a', 26) | within(byte, b'A', 26) | within(byte, b'0', 10);
                letter | u8::from(byte == b'-') | u8::from(byte == b'_')
            }),
        }
    }
}
