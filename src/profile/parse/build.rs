//! The profile of a document that has no complaints.
//!
//! Responsible for: defaults, all of them harmless; roles and thresholds have none.

use super::models;
use super::node::{Fields, Found, Node};
use crate::limits::{K, Share};
use crate::profile::shape::{Kind, PROFILE};
use crate::profile::spec::{
    ApprovalSpec, CatalogueSpec, ColumnSpec, EvidenceSpec, Example, Frequency, GateSpec, Goal, InputSpec, KeySpec,
    LedgerSpec, OutputSpec, Position, PrivacySpec, Profile, Provenance, Ragged, StrayQuotes, SuiteName, Tier, Unit,
};
use std::collections::BTreeMap;

/// The profile; `None` if a part is missing after all.
pub(super) fn build(root: &Fields, columns: Vec<ColumnSpec>) -> Option<Profile> {
    let open = columns.iter().any(|column| column.generalize.is_some() && column.level.is_none());
    let search = |fields: &Fields| models::build_search(fields, open);
    Some(Profile {
        name: root.owned("name")?,
        version: root.owned("version")?,
        goal: root.word("goal", Goal::ALL).value()?,
        tier: root.word("tier", Tier::ALL).value()?,
        purpose: root.owned("purpose"),
        extends: root.owned("extends"),
        provenance: section(root, "provenance", provenance)?,
        catalogue: section(root, "catalogue", catalogue)?,
        input: section(root, "input", input)?,
        columns,
        privacy: section(root, "privacy", privacy)?,
        search: section(root, "search", search)?,
        gate: section(root, "gate", gate)?,
        output: section(root, "output", output)?,
        keys: section(root, "keys", keys)?,
        sample: section(root, "rows", |rows| rows.share("sample").value())?,
        ledger: root.table("ledger").and_then(ledger),
        approval: root.table("approval").and_then(approval),
        evidence: section(root, "evidence", evidence)?,
        examples: root.tables("example").map(example).collect(),
        sources: cells(root.map("sources")),
    })
}

/// Reads a table of the profile, an empty one where it is absent.
fn section<T>(root: &Fields, key: &str, read: impl Fn(&Fields) -> T) -> Option<T> {
    match (root.table(key), PROFILE.key(key)?.kind) {
        (Some(fields), _) => Some(read(fields)),
        (None, Kind::Table(shape)) => Some(read(&Fields::empty(Position::default(), shape))),
        (None, _) => None,
    }
}

fn provenance(fields: &Fields) -> Provenance {
    Provenance {
        source: fields.owned("source"),
        obtained: fields.owned("obtained"),
        responsible: fields.owned("responsible"),
        provider: fields.owned("provider"),
        basis: fields.owned("basis"),
    }
}

fn catalogue(fields: &Fields) -> CatalogueSpec {
    CatalogueSpec {
        title: fields.owned("title"),
        description: fields.owned("description"),
        publisher: fields.owned("publisher"),
        contact: fields.owned("contact"),
        class: fields.owned("class"),
        keywords: fields.texts("keywords").unwrap_or_default(),
        license: fields.owned("license"),
        terms: fields.owned("terms"),
        access: fields.owned("access"),
        frequency: fields.word("frequency", Frequency::ALL).value(),
        from: fields.owned("from"),
        until: fields.owned("until"),
    }
}

fn input(fields: &Fields) -> InputSpec {
    InputSpec {
        format: fields.owned("format"),
        encoding: fields.owned("encoding").unwrap_or_else(|| "utf-8".into()),
        delimiter: fields.byte("delimiter").unwrap_or(b','),
        quote: if fields.has("quote") { fields.byte("quote") } else { Some(b'"') },
        header: fields.flag("header").unwrap_or(true),
        null: fields.texts("null").unwrap_or_else(|| vec![String::new()]),
        ragged: fields.word("ragged", Ragged::ALL).value().unwrap_or(Ragged::Error),
        stray_quotes: fields.word("stray_quotes", StrayQuotes::ALL).value().unwrap_or(StrayQuotes::Error),
    }
}

fn privacy(fields: &Fields) -> PrivacySpec {
    PrivacySpec {
        unit: fields.word("unit", Unit::ALL).value().unwrap_or(Unit::Row),
        rows_per_subject: fields.whole("rows_per_subject").value().and_then(|rows| u32::try_from(rows).ok()),
        k: fields.whole("k_anonymity").value().and_then(|k| u32::try_from(k).ok()).and_then(K::new),
        models: models::build(fields),
        population: models::build_population(fields),
        suppress_at_most: fields.share("suppress_at_most").value().unwrap_or(Share::NONE),
    }
}

fn gate(fields: &Fields) -> GateSpec {
    GateSpec {
        token_distinct_at_least: fields.share("token_distinct_at_least").value(),
        token_share_at_most: fields.share("token_share_at_most").value(),
        value_support: fields.whole("value_support").value(),
        distinct_numbers_at_most: fields.share("distinct_numbers_at_most").value(),
        unique_rows_at_most: fields.share("unique_rows_at_most").value(),
        candidates_at_least: fields.whole("candidates_at_least").value(),
        finer_labels_at_most: fields.share("finer_labels_at_most").value(),
        presence_at_most: fields.share("presence_at_most").value(),
    }
}

fn output(fields: &Fields) -> OutputSpec {
    OutputSpec {
        format: fields.owned("format"),
        shuffle: fields.flag("shuffle").unwrap_or(true),
        parts: fields.whole("parts").value().and_then(|parts| u32::try_from(parts).ok()),
        compression: fields.owned("compression").unwrap_or_else(|| "none".into()),
        delimiter: fields.byte("delimiter").unwrap_or(b','),
        null: fields.owned("null").unwrap_or_default(),
    }
}

fn keys(fields: &Fields) -> KeySpec {
    KeySpec {
        suite: fields.word("suite", SuiteName::ALL).value().unwrap_or(SuiteName::HmacSha256),
        file: fields.owned("file"),
        environment: fields.owned("environment"),
        command: fields.texts("command"),
        release: fields.owned("release"),
    }
}

fn ledger(fields: &Fields) -> Option<LedgerSpec> {
    let values_left = fields.whole("values_left").value().and_then(|least| usize::try_from(least).ok())?;
    Some(LedgerSpec { population: fields.owned("population")?, values_left })
}

/// Years that a log is kept at least (CD-23; above the three years of PIPL 56).
const RETENTION_YEARS: u32 = 5;

fn evidence(fields: &Fields) -> EvidenceSpec {
    let years = fields.whole("retention_years").value().and_then(|years| u32::try_from(years).ok());
    EvidenceSpec {
        sign: fields.texts("sign").unwrap_or_default(),
        sign_command: fields.texts("sign_command"),
        sign_public: fields.owned("sign_public"),
        log: fields.owned("log"),
        log_sign: fields.owned("log_sign"),
        salts: fields.owned("salts"),
        retention_years: years.unwrap_or(RETENTION_YEARS),
    }
}

fn approval(fields: &Fields) -> Option<ApprovalSpec> {
    let tier = |name: String| Tier::ALL.iter().find(|(known, _)| *known == name).map(|(_, tier)| *tier);
    Some(ApprovalSpec {
        role: fields.owned("role")?,
        keys: fields.texts("keys").unwrap_or_default(),
        tiers: fields.texts("tiers").unwrap_or_default().into_iter().filter_map(tier).collect(),
    })
}

fn example(fields: &Fields) -> Example {
    Example { input: cells(fields.map("in")), output: cells(fields.map("out")), position: fields.at }
}

fn cells(entries: &[(String, Position, Found)]) -> BTreeMap<String, String> {
    let texts = entries.iter().filter_map(|(name, _, found)| match &found.node {
        Node::Text(text) => Some((name.clone(), text.clone())),
        _ => None,
    });
    texts.collect()
}
