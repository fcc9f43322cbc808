//! The certificate: what a release is, as the predicate of an in-toto statement about its files.
//!
//! It is made from the log's story and its times and from nothing else, so that anybody makes it again and compares. What a
//! reader can check from the release alone and what only its maker says stand apart. Integers and texts only.

use super::{Predicate, Story};
use crate::log::{ColumnRecord, ModelAsked, RegisteredIn, RiskMeasured, SchemaBound, SourceCommitted, Whole};
use serde::{Deserialize, Serialize};

/// What a certificate says of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What was asked.
    pub profile: Asked,
    /// The run.
    pub run: Run,
    /// The inputs, which are told by number only.
    pub inputs: Inputs,
    /// Every column of the input, and what became of it.
    pub columns: Vec<ColumnRecord>,
    /// Names of the released columns, in order.
    pub released: Vec<String>,
    /// Rows and what became of them.
    pub rows: Rows,
    /// What the gate counted on the released files.
    pub risk: RiskMeasured,
    /// The key of the tokens.
    pub key: Key,
    /// The log.
    pub log: Log,
    /// Who says what.
    pub claims: Claims,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Profile's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `anonymized` or `deidentified`.
    pub goal: String,
    /// Tier.
    pub tier: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// SHA-256 of the plan's page, which is `evidence/plan.txt`.
    pub plan_sha256: String,
    /// What a class counts.
    pub unit: String,
    /// Smallest class asked for.
    pub k: Option<u32>,
    /// Every privacy model asked for.
    pub models: Vec<ModelAsked>,
    /// Purpose in words.
    pub purpose: Option<String>,
    /// Legal basis in words.
    pub basis: Option<String>,
    /// Alias of the source, the day it was obtained, alias of the provider.
    pub source: Option<String>,
    /// When the data was obtained.
    pub obtained: Option<String>,
    /// Alias of the provider.
    pub provider: Option<String>,
    /// The responsible role.
    pub responsible: Option<String>,
    /// The role that must agree before the release leaves: this certificate counts with their signature beside the maker's.
    pub approval: Option<String>,
}

/// The run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// Program and version.
    pub engine: String,
    /// SHA-256 of the program's own file.
    pub engine_sha256: Option<String>,
    /// Wall time of its first event.
    pub started: String,
    /// Wall time of its last one.
    pub finished: String,
    /// The log is kept until this day at least.
    pub keep_until: String,
    /// The organisation's log that the release is registered in; `evidence/release.tlog-proof` proves it.
    pub registered_in: Option<RegisteredIn>,
}

/// The inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// How many.
    pub count: u64,
    /// Bytes, where all are known.
    pub bytes: Option<u64>,
    /// What the maker committed to: a keyed digest that tells nothing without the salt.
    pub commitment: Option<SourceCommitted>,
}

/// Rows: read = released + suppressed + rejected + not drawn + over the cap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Read.
    pub read: u64,
    /// Released.
    pub released: u64,
    /// Suppressed.
    pub suppressed: u64,
    /// Rejected.
    pub rejected: u64,
    /// Not drawn.
    pub not_drawn: u64,
    /// Over the cap on one person's rows.
    pub over_cap: u64,
}

/// The key of the tokens, which is never the key that signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Suite of keyed hash.
    pub suite: String,
    /// Who had it.
    pub custody: String,
    /// Its keyed fingerprint.
    pub fingerprint: String,
}

/// The log's head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Origin of the checkpoint.
    pub origin: String,
    /// Events.
    pub size: u64,
    /// Root of the Merkle tree (RFC 6962), in base64.
    pub root: String,
    /// Root of the tree of all events but the last, which names the times: the same for every run that does the same.
    pub repeatable_root: String,
}

/// Who says what: what a reader finds alone, and what only the maker can know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// What `verify` finds again from the release.
    pub verifiable: Vec<String>,
    /// What the maker says and nobody else can see.
    pub operator: Vec<String>,
}

/// What the reader finds again.
const VERIFIABLE: [&str; 6] = ["subject", "released", "rows.released", "risk", "log", "gates"];
/// What the maker says.
const OPERATOR: [&str; 8] =
    ["profile.source", "profile.obtained", "profile.basis", "inputs", "rows.read", "rows.suppressed", "key", "run"];

/// The models that a reader counts again, or those that are the maker's claim: as `profile.models.0`, by their place.
fn models(bound: &SchemaBound, recounted: bool) -> Vec<String> {
    let wanted = bound.models.iter().enumerate().filter(|(_, model)| model.recountable() == recounted);
    wanted.map(|(at, _)| format!("profile.models.{at}")).collect()
}

impl Predicate for Certificate {
    const TYPE: &'static str = "urn:outis:certificate:1";
}

impl Certificate {
    /// What a story and its times say. `started` and `finished` are the first and the last time.
    #[must_use]
    pub fn of(story: &Story, started: &str, finished: &str, whole: &Whole, log: Log) -> Self {
        let (opened, bound, sealed) = (&story.opened, &story.bound, &story.sealed);
        let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(|text| (*text).to_owned()).collect() };
        Self {
            profile: Asked {
                name: opened.profile.clone(),
                version: opened.profile_version.clone(),
                goal: opened.goal.clone(),
                tier: opened.tier.clone(),
                sha256: opened.profile_digest.as_str().to_owned(),
                plan_sha256: opened.plan_digest.as_str().to_owned(),
                unit: bound.unit.clone(),
                k: bound.k,
                models: bound.models.clone(),
                purpose: opened.purpose.clone(),
                basis: opened.basis.clone(),
                source: opened.source.clone(),
                obtained: opened.obtained.clone(),
                provider: opened.provider.clone(),
                responsible: opened.responsible.clone(),
                approval: opened.approval.clone(),
            },
            run: Run {
                id: story.run_id.clone(),
                engine: opened.engine.clone(),
                engine_sha256: opened.engine_digest.as_ref().map(|digest| digest.as_str().to_owned()),
                started: started.to_owned(),
                finished: finished.to_owned(),
                keep_until: whole.keep_until.clone(),
                registered_in: opened.registered_in.clone(),
            },
            inputs: Inputs { count: story.inputs, bytes: story.input_bytes, commitment: story.source.clone() },
            columns: bound.columns.clone(),
            released: bound.released.clone(),
            rows: Rows {
                read: sealed.rows_in,
                released: sealed.rows_out,
                suppressed: sealed.suppressed,
                rejected: sealed.rejected,
                not_drawn: sealed.not_drawn,
                over_cap: sealed.over_cap,
            },
            risk: story.risk.clone(),
            key: Key {
                suite: story.key.suite.clone(),
                custody: story.key.custody.clone(),
                fingerprint: story.key.fingerprint.clone(),
            },
            log,
            claims: Claims {
                verifiable: [texts(&VERIFIABLE), models(bound, true)].concat(),
                operator: [texts(&OPERATOR), models(bound, false)].concat(),
            },
        }
    }
}
