//! The documents that lie beside the data, as JSON: which keys they have.
//!
//! What evidence tells is closed: the log, its times and the report have the keys that stand here and no others. Certificate, statement of
//! the gate, lineage and catalogue entry are made of the log and of nothing else. A key that is new must be put here by somebody
//! who thinks about what it tells.

use super::{Case, Measured};
use crate::error::{ErrorKind, Result};
use serde_json::Value;
use std::collections::BTreeSet;

/// A document and its values: one, or one for each line.
pub(super) struct Document {
    /// Name in the release.
    pub(super) name: String,
    /// The values.
    pub(super) values: Vec<Value>,
}

/// Keys of the log and of its times.
const LOG: &str = "\
    actor algorithm approval average_risk basis bits body bytes classes classes_below_k code columns commitment compression \
    custody decision delimiter digest engine engine_digest event events file files fingerprint first_input \
    first_shard form format formats goal hierarchies highest_risk inputs invalid_cells iso_20889 k keep_until \
    key keys levels limit limits locked measured members method milliseconds minimize model models moments \
    monotonic_ns name not_drawn null obtained of operator origin over_cap parameters phase plan_digest population profile \
    profile_digest profile_version proven provider purpose reason reasons recoding registered_in rejected \
    released released_as responsible retention_years reversible_by role rows rows_in rows_out rows_to_suppress \
    rule run run_id sample scale semantic seq severity shard shards smallest_class source stage stages status \
    suite suppressed suppression_limit threads threat tier times type undeclared unique_classes unit v wall \
    whole words";

/// Keys of the report.
const REPORT: &str = "\
    approval average_risk bytes classes columns engine files finished gate goal groups highest_risk invalid_cells \
    iso_20889 k key limit lost measured members microaggregated milliseconds name not_drawn operator over_cap parameters plan_digest \
    population profile profile_digest profile_version purpose read reason recoding rejected released released_as \
    reversible_by risk role rows rule run semantic severity sha256 smallest_class stage stages status suppressed \
    suppression_limit threads threat tier unique_classes unit";

/// Every document of the staging folder that is JSON by its name; none where one cannot be read as such.
pub(super) fn documents(case: &Case<'_>, measured: &Measured) -> Option<Vec<Document>> {
    let beside = measured.listing.iter().filter(|name| !name.starts_with("data/"));
    let json = beside.filter(|name| matches!(ending(name), Some("json" | "jsonl")));
    json.map(|name| {
        let bytes = std::fs::read(case.folder.join(name)).ok()?;
        Some(Document { name: name.clone(), values: values(name, &bytes)? })
    })
    .collect()
}

fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

fn values(name: &str, bytes: &[u8]) -> Option<Vec<Value>> {
    if ending(name) == Some("jsonl") {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        return lines.map(|line| serde_json::from_slice(line).ok()).collect();
    }
    Some(vec![serde_json::from_slice(bytes).ok()?])
}

impl Document {
    /// All keys, at any depth.
    pub(super) fn keys(&self) -> BTreeSet<&str> {
        let mut keys = BTreeSet::new();
        self.values.iter().for_each(|value| collect(value, &mut keys));
        keys
    }
    /// How many of its keys it may not have.
    pub(super) fn strange(&self) -> u64 {
        let allowed = match self.name.as_str() {
            "evidence/log.jsonl" | "evidence/times.jsonl" => LOG,
            "evidence/report.json" => REPORT,
            _ => "",
        };
        self.keys().iter().filter(|key| allowed.split_ascii_whitespace().all(|known| known != **key)).count() as u64
    }
}

fn collect<'v>(value: &'v Value, keys: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            keys.insert(key);
            collect(value, keys);
        }),
        Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}

/// Holds a report that is written after the gate judged to the keys that it may have.
///
/// # Errors
/// A report that tells more.
pub fn hold_report(bytes: &[u8]) -> Result<()> {
    let name = "evidence/report.json".to_owned();
    let document = values(&name, bytes).map(|values| Document { name, values });
    if document.is_some_and(|document| document.strange() == 0) {
        return Ok(());
    }
    Err(ErrorKind::Internal("the report has a key that reports may not have").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_with_an_extreme_or_a_record_is_held_back() {
        assert!(hold_report(b"{\"rows\":{\"read\":3},\"gate\":[{\"rule\":\"tier\"}]}").is_ok());
        for text in ["{\"rows\":{\"maximum\":3}}", "{\"gate\":[{\"riskiest\":\"x\"}]}", "{\"class_sizes\":[1,2]}", "{"]
        {
            assert!(hold_report(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_are_in_order_and_stand_once() {
        for keys in [LOG, REPORT] {
            let keys: Vec<&str> = keys.split_ascii_whitespace().collect();
            assert!(keys.len() > 40 && keys.is_sorted_by(|one, other| one < other));
        }
    }
}
