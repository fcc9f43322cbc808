//! What stands in the bodies of events. Every table is closed: a field that is not known here is an error when read.

use crate::digest::Digest;
use serde::{Deserialize, Serialize};

/// A run began: what it shall do and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOpened {
    /// Name and version of the program.
    pub engine: String,
    /// Profile's name.
    pub profile: String,
    /// Profile's version.
    pub profile_version: String,
    /// SHA-256 of the profile's text.
    pub profile_digest: Digest,
    /// SHA-256 of the compiled plan's page.
    pub plan_digest: Digest,
    /// `anonymized` or `deidentified`.
    pub goal: String,
    /// Release tier.
    pub tier: String,
    /// Purpose in words.
    pub purpose: Option<String>,
    /// Alias of the source.
    pub source: Option<String>,
    /// When the data was obtained.
    pub obtained: Option<String>,
    /// Alias of the provider.
    pub provider: Option<String>,
    /// Responsible role.
    pub responsible: Option<String>,
    /// Legal basis in words.
    pub basis: Option<String>,
    /// How long this log is kept at least, in years (CD-23). The date stands in the times.
    pub retention_years: u32,
    /// The role that must agree before the release leaves, where the profile asks for one.
    pub approval: Option<String>,
    /// SHA-256 of the program's own file, where the system shows it.
    pub engine_digest: Option<Digest>,
    /// The organisation's log that the run and its release stand in.
    pub registered_in: Option<RegisteredIn>,
}

/// An organisation's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredIn {
    /// Its name, which its checkpoints begin with.
    pub origin: String,
    /// Public keys that sign it now.
    pub keys: Vec<String>,
}

/// Columns were bound to roles and operators, and the form of the release was fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaBound {
    /// Every column of the input, in profile order.
    pub columns: Vec<ColumnRecord>,
    /// Columns of the input that the profile does not name; 0, or the run would not have begun.
    pub undeclared: u64,
    /// Names of the released columns, in the order of the files.
    pub released: Vec<String>,
    /// What classes count: `row` or `subject`.
    pub unit: String,
    /// Smallest class that is asked for.
    pub k: Option<u32>,
    /// Every privacy model that is asked, k-anonymity among them.
    pub models: Vec<ModelAsked>,
    /// How the released files are read.
    pub form: FileForm,
}

/// A privacy model as it was asked, with all that a reader needs to hold the released files to it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelAsked {
    /// Name, as `distinct_l_diversity`.
    pub model: String,
    /// Released name of the sensitive column that it looks at.
    pub of: Option<String>,
    /// Its limits by name, as exact decimals.
    pub limits: Vec<(String, String)>,
    /// How far two values are from each other, where that matters: `equal`, `numbers`, `dates`, `listed` or `hierarchical`.
    pub scale: Option<String>,
    /// The same in words.
    pub words: String,
}

impl ModelAsked {
    /// Whether it is judged over a table of the population, which no reader has.
    #[must_use]
    pub fn of_table(&self) -> bool {
        let sized = || self.limits.iter().any(|(known, _)| known == "population");
        match self.model.as_str() {
            "delta_presence" => true,
            "k_map" | "population_uniqueness" => !sized(),
            _ => false,
        }
    }
    /// Whether the released files and this are enough to count it again. An order or a hierarchy of the maker's, and a table of the
    /// population, are not in the release: there the model is the maker's claim.
    #[must_use]
    pub fn recountable(&self) -> bool {
        let has = |name: &str| self.limits.iter().any(|(known, _)| known == name);
        match self.model.as_str() {
            "t_closeness" => matches!(self.scale.as_deref(), Some("equal" | "numbers" | "dates")),
            "k_map" | "population_uniqueness" => has("population"),
            "k_anonymity"
            | "alpha_k_anonymity"
            | "distinct_l_diversity"
            | "entropy_l_diversity"
            | "recursive_cl_diversity"
            | "basic_beta_likeness"
            | "enhanced_beta_likeness"
            | "delta_disclosure"
            | "maximal_risk"
            | "average_risk"
            | "risk_share"
            | "sample_uniqueness" => true,
            _ => false,
        }
    }
}

/// What a reader must know of the released files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileForm {
    /// `csv`, `ndjson`, `parquet` or `ipc`.
    pub format: String,
    /// `none`, `gzip` or `zstd`.
    pub compression: String,
    /// Field delimiter of CSV, as the number of its byte.
    pub delimiter: u8,
    /// Text that stands for null in CSV.
    pub null: String,
}

/// A column as the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRecord {
    /// Name in the input.
    pub name: String,
    /// Name in the release; none when it does not leave.
    pub released_as: Option<String>,
    /// Role.
    pub role: String,
    /// Semantic type and version of its canonical form.
    pub semantic: String,
    /// Operator.
    pub operator: String,
    /// Its parameters in words.
    pub parameters: String,
    /// Class of the operator in ISO/IEC 20889.
    pub iso_20889: String,
    /// Who could turn it back, keys taken into account.
    pub reversible_by: String,
}

/// Generalization levels were fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelsChosen {
    /// Column and level, in profile order.
    pub levels: Vec<(String, u64)>,
    /// `declared`: fixed in the profile before the data was seen; `sample`: searched on rows drawn at random; `data`: searched
    /// on all rows.
    pub method: String,
    /// The share that was drawn for `sample`.
    pub sample: Option<String>,
    /// What was minimized, where levels were searched. Nothing is told of levels that were not chosen (threats G09).
    pub minimize: Option<String>,
    /// Whether the search proved that no levels lose less.
    pub proven: Option<bool>,
    /// Column and the first 64 bits of the SHA-256 of its hierarchy.
    pub hierarchies: Vec<(String, String)>,
    /// `local` or `multidimensional`, where rows were recoded by region and the other columns have no level; else absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recoding: Option<String>,
}

/// Inputs were opened. Inputs have numbers, not names; where there are many, several share an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputOpened {
    /// Number of the first input, from 0.
    pub first_input: u64,
    /// How many inputs this event tells of.
    pub inputs: u64,
    /// Their formats.
    pub formats: Vec<String>,
    /// Their size in bytes; none for a stream.
    pub bytes: Option<u64>,
}

/// The run's key was made; never the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCreated {
    /// Suite of keyed hash.
    pub suite: String,
    /// Length in bits.
    pub bits: u32,
    /// Where it lives.
    pub custody: String,
    /// Keyed fingerprint of a 256-bit random key.
    pub fingerprint: String,
    /// Whether its memory page is locked.
    pub locked: bool,
}

/// The first pass is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyDone {
    /// Rows read.
    pub rows: u64,
    /// Rows left out because they have another number of fields.
    pub rejected: u64,
    /// Equivalence classes at the released levels.
    pub classes: u64,
    /// Members of the smallest class: rows; or persons all of whose rows look alike.
    pub smallest_class: u64,
    /// Classes under k; where persons are counted, combinations of a person's rows that fewer than k persons share.
    pub classes_below_k: u64,
    /// Their rows, which are suppressed.
    pub rows_to_suppress: u64,
    /// Most rows that may be suppressed.
    pub suppression_limit: u64,
    /// The table of the population, where a model counts it; else absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<PopulationCounted>,
}

/// The table of the population as it was counted at the released levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationCounted {
    /// Its rows, one for each member.
    pub rows: u64,
    /// Its classes.
    pub classes: u64,
    /// The HMAC of its bytes under the salt of the run, in hex; none where there is no salt.
    pub commitment: Option<String>,
}

/// Inputs were read to their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputRead {
    /// Number of the first input, as in `input_opened`.
    pub first_input: u64,
    /// How many inputs.
    pub inputs: u64,
    /// Shards that they were read in.
    pub shards: u64,
    /// Rows, rejected ones included.
    pub rows: u64,
}

/// The source was committed to: HMAC under a salt that the operator keeps or destroys. Who has file and salt can prove which
/// file it was; who has only the log cannot even try a guess.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceCommitted {
    /// `hmac-sha256` or `hmac-sm3`, under a salt of 256 bits.
    pub algorithm: String,
    /// How many files.
    pub inputs: u64,
    /// The HMAC of each file's bytes, in hex, in their order; empty where there are many.
    pub files: Vec<String>,
    /// The HMAC over the files' HMACs, in hex.
    pub whole: String,
}

/// Shards went through the second pass. Shards are canonical: the same for any number of threads; and so is how many
/// share an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardsDone {
    /// Number of the first shard, from 0.
    pub first_shard: u64,
    /// How many shards.
    pub shards: u64,
    /// Number of the first input, as in `input_read`.
    pub first_input: u64,
    /// Rows of the shards.
    pub rows_in: u64,
    /// Rows that go on to the release.
    pub rows_out: u64,
    /// Rows suppressed with their class.
    pub suppressed: u64,
    /// Rows rejected as ragged.
    pub rejected: u64,
    /// Rows that the sample did not draw.
    pub not_drawn: u64,
    /// Rows left out because the person has more than are taken.
    pub over_cap: u64,
    /// Rows that went nowhere, because the run was refused before any was released.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withheld: u64,
    /// Cells nulled or taken as text because they are not of their type.
    pub invalid_cells: u64,
}

/// A data file is complete on disk, still private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputStaged {
    /// Name in the release.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the file, read back from disk.
    pub digest: Digest,
}

/// What the gate counted in the staged bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskMeasured {
    /// `row` or `subject`.
    pub unit: String,
    /// Rows counted.
    pub rows: u64,
    /// Members: rows, or persons; a person in several classes is a member of each.
    pub members: u64,
    /// Classes; none where no quasi-identifier leaves.
    pub classes: Option<u64>,
    /// Members of the smallest class; none when there is no class.
    pub smallest_class: Option<u64>,
    /// Classes of one member.
    pub unique_classes: u64,
    /// Highest prosecutor risk as a fraction `1/n`.
    pub highest_risk: Option<String>,
    /// Average (marketer) risk as a fraction `classes/members`.
    pub average_risk: Option<String>,
}

/// One rule of the gate gave its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    /// Id of the rule.
    pub rule: String,
    /// Number of its check in the table of threats.
    pub threat: String,
    /// `pass`, `warn`, `fail` or `not-applicable`; a rule that did not run is a fail.
    pub status: String,
    /// What it does in this tier where it does not hold: `blocks` or `warns`.
    pub severity: String,
    /// When it is applied.
    pub stage: String,
    /// What was measured.
    pub measured: String,
    /// What is allowed.
    pub limit: String,
    /// In plain words.
    pub reason: String,
}

/// A rule's result as reports tell it, with the time that it took.
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

impl RuleRecord {
    /// As the log tells it: without the time, which stands among the times.
    #[must_use]
    pub fn event(&self) -> GateResult {
        GateResult {
            rule: self.rule.to_owned(),
            threat: self.threat.to_owned(),
            status: self.status.to_owned(),
            severity: self.severity.to_owned(),
            stage: self.stage.to_owned(),
            measured: self.measured.clone(),
            limit: self.limit.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// The run's key was wiped from memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDestroyed {
    /// Its fingerprint, as in `key_created`.
    pub fingerprint: String,
}

/// The last event of a run that could not go on. A code only: no place, no cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFailed {
    /// Kind of the error, stable; `killed` where the next start found what a killed run had left.
    pub code: String,
}

/// All is staged and the gate let it pass; a second person is asked. Until they decided nothing leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequested {
    /// The role that is asked.
    pub role: String,
    /// Public keys of those who may decide; none where any key may but the maker's.
    pub keys: Vec<String>,
    /// Lines of the times before this event.
    pub moments: u64,
    /// SHA-256 of those lines.
    pub times: Digest,
}

/// A second person looked and decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewDecision {
    /// The role that decided.
    pub role: String,
    /// What was decided.
    pub decision: Decision,
    /// Why, as a short code.
    pub reason: Option<String>,
    /// Name and id of the key that signs for it, as `name+id`.
    pub key: String,
}

/// What a second person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The release may leave.
    Approved,
    /// It may not.
    Rejected,
}

/// The end of a run: totals, and how it ended. Only the seal of the times follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSealed {
    /// How it ended.
    pub status: Status,
    /// Why not, as the ids of the rules or a code.
    pub reasons: Vec<String>,
    /// Rows read.
    pub rows_in: u64,
    /// Rows released (or staged, when refused).
    pub rows_out: u64,
    /// Rows suppressed.
    pub suppressed: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows not drawn.
    pub not_drawn: u64,
    /// Rows left out because the person has more than are taken.
    pub over_cap: u64,
    /// Rows that went nowhere, because the run was refused before any was released.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withheld: u64,
    /// Shards.
    pub shards: u64,
    /// Events before this one.
    pub events: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What stands behind the sealed events: the times, which are no part of what can be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimesSealed {
    /// Lines of the times that the digest covers.
    pub moments: u64,
    /// SHA-256 of those lines.
    pub digest: Digest,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The release is there.
    Published,
    /// The gate, or the suppression limit, said no.
    Refused,
}
