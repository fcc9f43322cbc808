//! What an event may say. Numbers are integers, shares are decimal texts: no floats, so that every reader sees the same.

use crate::digest::Digest;
use serde::Serialize;

/// One event of a run, in the order of the enum; `<noun>_<past verb>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A run began: what it shall do and for whom. Stage: goals.
    RunOpened {
        /// Name and version of the program.
        engine: &'static str,
        /// Profile's name.
        profile: String,
        /// Profile's version.
        profile_version: String,
        /// SHA-256 of the profile's text.
        profile_digest: Digest,
        /// SHA-256 of the compiled plan's page.
        plan_digest: Digest,
        /// `anonymized` or `deidentified`.
        goal: &'static str,
        /// Release tier.
        tier: &'static str,
        /// Purpose in words.
        purpose: Option<String>,
        /// Alias of the source.
        source: Option<String>,
        /// When the data was obtained.
        obtained: Option<String>,
        /// Alias of the provider.
        provider: Option<String>,
        /// Responsible role.
        responsible: Option<String>,
        /// Legal basis in words.
        basis: Option<String>,
        /// How long this log is kept at least, in years (CD-23).
        retention_years: u32,
    },
    /// Columns were bound to roles and operators. Stage: identify.
    SchemaBound {
        /// Every column of the input, in profile order.
        columns: Vec<ColumnRecord>,
        /// Columns of the input that the profile does not name; 0, or the run would not have begun.
        undeclared: u64,
    },
    /// An input was opened. Inputs have numbers, not names.
    InputOpened {
        /// Number of the input, from 0.
        input: u64,
        /// Its format.
        format: &'static str,
        /// Its size in bytes; none for a stream.
        bytes: Option<u64>,
    },
    /// The run's key was made. Stage: process.
    KeyCreated(KeyRecord),
    /// The first pass is over.
    SurveyDone {
        /// Rows read.
        rows: u64,
        /// Rows left out because they have another number of fields.
        rejected: u64,
        /// Equivalence classes at the released levels.
        classes: u64,
        /// Members of the smallest class: rows, or persons.
        smallest_class: u64,
        /// Classes under k.
        classes_below_k: u64,
        /// Rows of those classes, which are suppressed.
        rows_to_suppress: u64,
        /// Most rows that may be suppressed.
        suppression_limit: u64,
    },
    /// Generalization levels were fixed.
    LevelsChosen {
        /// Column and level, in profile order.
        levels: Vec<(String, u64)>,
        /// `declared`: fixed in the profile before the data was seen.
        method: &'static str,
    },
    /// One shard went through the second pass. Shards are canonical: the same for any number of threads.
    ShardDone {
        /// Number of the shard, from 0.
        shard: u64,
        /// Number of the input.
        input: u64,
        /// Rows of the shard.
        rows_in: u64,
        /// Rows that go on to the release.
        rows_out: u64,
        /// Rows suppressed with their class.
        suppressed: u64,
        /// Rows rejected as ragged.
        rejected: u64,
        /// Rows that the sample did not draw.
        not_drawn: u64,
        /// Cells nulled or taken as text because they are not of their type.
        invalid_cells: u64,
    },
    /// A data file is complete on disk, still private.
    OutputStaged {
        /// Name in the release.
        file: String,
        /// Rows.
        rows: u64,
        /// Bytes.
        bytes: u64,
        /// SHA-256 of the file, read back from disk.
        digest: Digest,
    },
    /// What the gate counted in the staged bytes. Stage: verify.
    RiskMeasured {
        /// `row` or `subject`.
        unit: &'static str,
        /// Rows counted.
        rows: u64,
        /// Classes.
        classes: u64,
        /// Members of the smallest class; none when there is no class.
        smallest_class: Option<u64>,
        /// Classes of one member.
        unique_classes: u64,
        /// Highest prosecutor risk as a fraction `1/n`.
        highest_risk: Option<String>,
        /// Average (marketer) risk as a fraction `classes/members`.
        average_risk: Option<String>,
    },
    /// One rule of the gate gave its result.
    GateResult(RuleRecord),
    /// The run's key was wiped from memory.
    KeyDestroyed {
        /// Its fingerprint, as in `key_created`.
        fingerprint: String,
    },
    /// How long each stage took. Wall time in milliseconds, never per row.
    StagesTimed {
        /// In the order of the path.
        stages: Vec<Timing>,
        /// Worker threads.
        threads: u64,
    },
    /// The last event: totals, and how the run ended.
    RunSealed {
        /// Published, refused or failed.
        status: Status,
        /// Why not, as the ids of the rules or a code.
        reasons: Vec<String>,
        /// Rows read.
        rows_in: u64,
        /// Rows released (or staged, when refused).
        rows_out: u64,
        /// Rows suppressed.
        suppressed: u64,
        /// Rows rejected.
        rejected: u64,
        /// Rows not drawn.
        not_drawn: u64,
        /// Shards.
        shards: u64,
        /// Events before this one.
        events: u64,
    },
}

/// A column as the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnRecord {
    /// Name in the input.
    pub name: String,
    /// Name in the release; none when it does not leave.
    pub released_as: Option<String>,
    /// Role.
    pub role: &'static str,
    /// Semantic type and version of its canonical form.
    pub semantic: String,
    /// Operator.
    pub operator: String,
    /// Its parameters in words.
    pub parameters: String,
    /// Class of the operator in ISO/IEC 20889.
    pub iso_20889: &'static str,
    /// Who could turn it back, keys taken into account.
    pub reversible_by: &'static str,
}

/// The key as the log tells it: never the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRecord {
    /// Suite of keyed hash.
    pub suite: &'static str,
    /// Length in bits.
    pub bits: u32,
    /// Where it lives.
    pub custody: &'static str,
    /// Keyed fingerprint of a 256-bit random key.
    pub fingerprint: String,
    /// Whether its memory page is locked.
    pub locked: bool,
}

/// A rule's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleRecord {
    /// Id of the rule.
    pub rule: &'static str,
    /// Number of its check in the table of threats.
    pub threat: &'static str,
    /// `pass`, `warn`, `fail` or `not-applicable`; a rule that did not run is a fail.
    pub status: &'static str,
    /// What it does in this tier where it does not hold: `blocks` or `warns`.
    pub severity: &'static str,
    /// When it is applied.
    pub stage: &'static str,
    /// What was measured.
    pub measured: String,
    /// What is allowed.
    pub limit: String,
    /// In plain words.
    pub reason: String,
    /// Milliseconds that its judgement and its counting took, over all workers.
    pub milliseconds: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The release is there.
    Published,
    /// The gate, or the suppression limit, said no.
    Refused,
}

/// A stage and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// Stage.
    pub stage: &'static str,
    /// Wall time.
    pub milliseconds: u64,
}
