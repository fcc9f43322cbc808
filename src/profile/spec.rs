//! The profile's types: only valid meaning, no user words left to check.

use super::models::{ModelSpec, PopulationSpec, SearchSpec};
use super::operator_spec::{HierarchySpec, OperatorSpec};
use crate::domain::SemanticType;
use crate::limits::{K, Share};
use crate::value::Date;
use std::collections::BTreeMap;

/// Where a key stands in the profile's text, both from 1; a value that a preset gave has line 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Character in the line.
    pub column: usize,
}

/// A whole profile.
#[derive(Clone)]
pub struct Profile {
    /// Short name: letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Version as the author counts.
    pub version: String,
    /// What the release must be.
    pub goal: Goal,
    /// To whom it may go.
    pub tier: Tier,
    /// What the release is for.
    pub purpose: Option<String>,
    /// The preset that this profile extends, if any.
    pub extends: Option<String>,
    /// Where the data comes from.
    pub provenance: Provenance,
    /// What a catalogue says of the release.
    pub catalogue: CatalogueSpec,
    /// How the input is read.
    pub input: InputSpec,
    /// One entry for each column of the input, in profile order.
    pub columns: Vec<ColumnSpec>,
    /// Privacy models and their limits.
    pub privacy: PrivacySpec,
    /// How levels are found.
    pub search: SearchSpec,
    /// Limits of the gate's rules.
    pub gate: GateSpec,
    /// How the release is written.
    pub output: OutputSpec,
    /// Keys and hash suite.
    pub keys: KeySpec,
    /// Share of the rows that is drawn for the release; `None` takes all.
    pub sample: Option<Share>,
    /// What the release must not do together with earlier ones.
    pub ledger: Option<LedgerSpec>,
    /// Who must agree before the release leaves.
    pub approval: Option<ApprovalSpec>,
    /// Who signs, and where records go.
    pub evidence: EvidenceSpec,
    /// Rows in and rows out, which tests run.
    pub examples: Vec<Example>,
    /// For a number that has a source (a standard, a law): key path, as `privacy.k_anonymity`, to the source's words.
    pub sources: BTreeMap<String, String>,
}

/// What the release must be (PIPL 73): nobody can restore it, or the key holder can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Cannot identify and cannot be restored by anyone.
    Anonymized,
    /// Cannot identify without additional information, which the key holder has.
    Deidentified,
}

/// To whom the release may go (TY-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Anyone.
    Open,
    /// On application, under conditions.
    Conditional,
    /// Buyers on a platform.
    Trade,
    /// Nobody: such a profile never publishes.
    Closed,
}

/// Source, date and responsible role, as aliases that do not identify (FJ-16, TJ-10, TJ-49).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// Alias of the data set.
    pub source: Option<String>,
    /// When it was obtained, `YYYY-MM-DD`.
    pub obtained: Option<String>,
    /// Role that answers for it, as `role:data-office`.
    pub responsible: Option<String>,
    /// Alias of the provider.
    pub provider: Option<String>,
    /// Legal basis, in words.
    pub basis: Option<String>,
}

/// What a catalogue of data resources says of the release (TJ-10, CD-12), in the author's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogueSpec {
    /// Title.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// Class in the catalogue's own scheme.
    pub class: Option<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// License: its name, or its address.
    pub license: Option<String>,
    /// What users must observe.
    pub terms: Option<String>,
    /// How it is shared or opened.
    pub access: Option<String>,
    /// How often it is renewed.
    pub frequency: Option<Frequency>,
    /// First day that the data speaks of, `YYYY-MM-DD`.
    pub from: Option<String>,
    /// Last day that the data speaks of, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// How often a release is renewed (Dublin Core Collection Description Frequency).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// All the time.
    Continuous,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every two weeks.
    Biweekly,
    /// Every month.
    Monthly,
    /// Every two months.
    Bimonthly,
    /// Every three months.
    Quarterly,
    /// Twice a year.
    Semiannual,
    /// Every year.
    Annual,
    /// Every two years.
    Biennial,
    /// Every three years.
    Triennial,
    /// Now and then.
    Irregular,
}

impl Frequency {
    /// The term's address.
    #[must_use]
    pub fn iri(self) -> String {
        format!("http://purl.org/cld/freq/{}", self.name())
    }
}

/// How the input is read; the command line wins over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSpec {
    /// `csv`, `parquet`, `ipc`, `ndjson`; `None` goes by the file's name.
    pub format: Option<String>,
    /// `utf-8` or `gb18030` (text formats).
    pub encoding: String,
    /// CSV field delimiter: one ASCII byte.
    pub delimiter: u8,
    /// CSV quote: one ASCII byte, or `None` for files without quoting.
    pub quote: Option<u8>,
    /// Whether a CSV file starts with a header; without one the profile's columns name them in order.
    pub header: bool,
    /// Texts that mean null.
    pub null: Vec<String>,
    /// What to do with rows of another number of fields.
    pub ragged: Ragged,
    /// What to do with quotes where none may stand.
    pub stray_quotes: StrayQuotes,
}

/// Rows with another number of fields than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ragged {
    /// Stop.
    Error,
    /// Leave the row out and count it.
    Reject,
}

/// Quotes inside unquoted fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrayQuotes {
    /// Stop.
    Error,
    /// Take them as they are.
    Keep,
}

/// What a column is to the people in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Names one person alone.
    Direct,
    /// Names one in combination.
    Quasi,
    /// Must not be learned.
    Sensitive,
    /// Declared harmless.
    Insensitive,
    /// Groups the rows of one person.
    Subject,
}

/// A cell that is not of its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// Stop.
    Error,
    /// Release a null, and count it.
    Null,
    /// Treat it as plain text, and count it.
    Text,
}

/// One column.
#[derive(Clone)]
pub struct ColumnSpec {
    /// Name in the input.
    pub name: String,
    /// Name in the release, where another.
    pub rename: Option<String>,
    /// Role.
    pub role: Role,
    /// What the cells are, for canonical forms and checks.
    pub semantic: SemanticType,
    /// Whether the profile says the type, or the default stands.
    pub type_declared: bool,
    /// What happens to cells that are not of the type.
    pub invalid: Invalid,
    /// Operator; a quasi-identifier has `generalize` instead, or both are absent and the column is kept.
    pub apply: Option<OperatorSpec>,
    /// Generalization hierarchy.
    pub generalize: Option<HierarchySpec>,
    /// Hierarchy of a sensitive column, for semantic distance; not applied to the cells.
    pub hierarchy: Option<HierarchySpec>,
    /// Level fixed by hand; 0 is the raw value.
    pub level: Option<usize>,
    /// Lowest level that the search may choose.
    pub min_level: Option<usize>,
    /// Highest level that the search may choose.
    pub max_level: Option<usize>,
    /// Weight of the column in the loss.
    pub weight: f64,
    /// Where the column's table starts in the profile.
    pub position: Position,
}

/// What a class counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Rows.
    Row,
    /// Persons: distinct values of the subject column.
    Subject,
}

/// Privacy models.
#[derive(Debug, Clone, PartialEq)]
pub struct PrivacySpec {
    /// What a class counts.
    pub unit: Unit,
    /// Most rows of one person; the others are left out by keyed choice.
    pub rows_per_subject: Option<u32>,
    /// Smallest class.
    pub k: Option<K>,
    /// The other models, in the order of the reference.
    pub models: Vec<ModelSpec>,
    /// The people that the data is a sample of.
    pub population: Option<PopulationSpec>,
    /// Share of the rows that may be suppressed; `floor(share * rows)`.
    pub suppress_at_most: Share,
}

/// Limits of the gate's rules that the profile sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GateSpec {
    /// Least share of different tokens in a column.
    pub token_distinct_at_least: Option<Share>,
    /// Largest share of the rows of one token.
    pub token_share_at_most: Option<Share>,
    /// Members of every value.
    pub value_support: Option<u64>,
    /// Largest share of different numbers.
    pub distinct_numbers_at_most: Option<Share>,
    /// Largest share of rows that few columns tell apart.
    pub unique_rows_at_most: Option<Share>,
    /// Candidates that what is shown of an identifier must leave.
    pub candidates_at_least: Option<u64>,
    /// Largest share of generalized rows with a finer label that is determined.
    pub finer_labels_at_most: Option<Share>,
    /// Largest share of a class of the population that may be in the release.
    pub presence_at_most: Option<Share>,
}

/// How the release is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSpec {
    /// `csv`, `parquet`, `ipc`, `ndjson`; `None` follows the input.
    pub format: Option<String>,
    /// Keyed shuffle of the rows.
    pub shuffle: bool,
    /// Number of data files; `None` lets the size decide.
    pub parts: Option<u32>,
    /// `none`, `gzip`, `zstd` for the text formats.
    pub compression: String,
    /// CSV delimiter of the release.
    pub delimiter: u8,
    /// Text that stands for null in CSV.
    pub null: String,
}

/// Name of a suite of keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuiteName {
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SM3 (GB/T 32905).
    HmacSm3,
}

/// Keys: where they come from, never what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpec {
    /// Suite for tokens.
    pub suite: SuiteName,
    /// File with 32 raw bytes or 64 hex digits; goal `deidentified` only.
    pub file: Option<String>,
    /// Environment variable with 64 hex digits; goal `deidentified` only.
    pub environment: Option<String>,
    /// Program and arguments that print 64 hex digits (a KMS); goal `deidentified` only.
    pub command: Option<Vec<String>>,
    /// Separates the tokens of one release from those of another under the same key; default the profile's name.
    pub release: Option<String>,
}

/// What a release must not do together with earlier ones of the same people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSpec {
    /// Alias of the people.
    pub population: String,
    /// Sensitive values that must be left to a person.
    pub values_left: usize,
}

/// Who signs the evidence and where records go: files and commands, never a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceSpec {
    /// Key files that sign the release.
    pub sign: Vec<String>,
    /// Program and arguments that sign: the message on stdin, the signature on stdout.
    pub sign_command: Option<Vec<String>>,
    /// File with the public key of that program.
    pub sign_public: Option<String>,
    /// Folder of the organisation's log.
    pub log: Option<String>,
    /// Key file that signs that log; those of the release where it is not given.
    pub log_sign: Option<String>,
    /// Folder for the salts of commitments to the source, one file for each run.
    pub salts: Option<String>,
    /// Years that log and evidence are kept at least.
    pub retention_years: u32,
}

/// Who must agree before a release leaves (FJ-32, GB/T 37964: approve).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSpec {
    /// The role that decides.
    pub role: String,
    /// Public keys of those who may, as `outis keygen --signing` writes them; without any, every key but the maker's.
    pub keys: Vec<String>,
    /// Tiers whose releases are decided upon; without any, every tier.
    pub tiers: Vec<Tier>,
}

/// One row in, one row out, for tests; cells by column name. `None` in `output` means that the row is suppressed.
#[derive(Clone)]
pub struct Example {
    /// Cells of the row; a column that is not named is null.
    pub input: BTreeMap<String, String>,
    /// Expected cells of the release by released name; `<token>` stands for any token, `<any>` for anything.
    pub output: BTreeMap<String, String>,
    /// Where it stands.
    pub position: Position,
}

impl Profile {
    /// Who must agree before a release of this profile's tier leaves.
    #[must_use]
    pub fn approval(&self) -> Option<&ApprovalSpec> {
        self.approval.as_ref().filter(|asked| asked.tiers.is_empty() || asked.tiers.contains(&self.tier))
    }
    /// The date the data was obtained, if given (checked when parsed).
    #[must_use]
    pub fn obtained(&self) -> Option<Date> {
        self.provenance.obtained.as_ref().and_then(|text| Date::parse(text.as_bytes()))
    }
}

impl ColumnSpec {
    /// The name in the release.
    #[must_use]
    pub fn released_name(&self) -> &str {
        self.rename.as_deref().unwrap_or(&self.name)
    }
}

macro_rules! names {
    ($type:ty { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value with its name in a profile, in order.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),+];
            /// The name in profiles, plans and logs.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

pub(super) use names;

names!(Frequency {
    Continuous = "continuous",
    Daily = "daily",
    Weekly = "weekly",
    Biweekly = "biweekly",
    Monthly = "monthly",
    Bimonthly = "bimonthly",
    Quarterly = "quarterly",
    Semiannual = "semiannual",
    Annual = "annual",
    Biennial = "biennial",
    Triennial = "triennial",
    Irregular = "irregular",
});
names!(Goal { Anonymized = "anonymized", Deidentified = "deidentified" });
names!(Tier { Open = "open", Conditional = "conditional", Trade = "trade", Closed = "closed" });
names!(Role {
    Direct = "direct",
    Quasi = "quasi",
    Sensitive = "sensitive",
    Insensitive = "insensitive",
    Subject = "subject",
});
names!(Unit { Row = "row", Subject = "subject" });
names!(Ragged { Error = "error", Reject = "reject" });
names!(StrayQuotes { Error = "error", Keep = "keep" });
names!(Invalid { Error = "error", Null = "null", Text = "text" });
names!(SuiteName { HmacSha256 = "hmac-sha256", HmacSm3 = "hmac-sm3" });
