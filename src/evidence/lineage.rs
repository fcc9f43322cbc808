//! Lineage in the words of OpenLineage (spec 2-0-2): what data platforms already read.
//!
//! Responsible for: a START event and the event that ends a run, each complete in itself, made from the run's log. COMPLETE is a
//! release, ABORT a refusal, FAIL a run that could not go on. It names aliases, never paths or hosts, and marks what an
//! operator obscures as masked. Nothing of it is signed: consumers show it, buyers rely on the certificate.

use super::{RunFacts, json};
use crate::digest::{Digest, sha256};
use crate::error::Result;
use crate::log::{ColumnRecord, GateResult, Status};
use serde_json::{Map, Value, json};

const PRODUCER: &str = concat!("https://outis.invalid/outis/", env!("CARGO_PKG_VERSION"));
const SPEC: &str = "https://openlineage.io/spec";
const NAMESPACE: &str = "outis";

/// Where the evidence of the run is found.
#[derive(Debug, Clone, Default)]
pub struct EvidenceLinks {
    /// Number of events and root of the log's tree in hex, where it is sealed.
    pub log: Option<(u64, String)>,
    /// SHA-256 of the certificate's envelope, where there is one.
    pub certificate: Option<String>,
}

/// The run's events, one JSON object a line: START, and where the run ended, its end. Times are RFC 3339 in UTC.
///
/// # Errors
/// Never for the facts of a log.
pub fn lineage(facts: &RunFacts<'_>, started: &str, ended: &str, links: &EvidenceLinks) -> Result<Vec<u8>> {
    let last = match (facts.sealed.map(|sealed| sealed.status), facts.failed) {
        (Some(Status::Published), _) => Some("COMPLETE"),
        (Some(Status::Refused), _) => Some("ABORT"),
        (None, Some(_)) => Some("FAIL"),
        (None, None) => None,
    };
    let mut out = Vec::new();
    for (kind, time) in [("START", started)].into_iter().chain(last.map(|kind| (kind, ended))) {
        out.extend(json::encode(&event(facts, kind, time, links))?);
        out.push(b'\n');
    }
    Ok(out)
}

fn event(facts: &RunFacts<'_>, kind: &str, time: &str, links: &EvidenceLinks) -> Value {
    let ends = kind != "START";
    let mut event = json!({
        "eventType": kind,
        "eventTime": time,
        "producer": PRODUCER,
        "schemaURL": format!("{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"),
        "run": { "runId": uuid(facts.run_id), "facets": run_facets(facts, ends, links) },
        "job": { "namespace": NAMESPACE, "name": facts.opened.profile, "facets": {
            "jobType": facet("2-0-4/JobTypeJobFacet", json!({
                "processingType": "BATCH", "integration": "OUTIS", "jobType": "JOB",
            })),
        }},
        "inputs": [input(facts, ends)],
    });
    if ends && facts.sealed.is_some_and(|sealed| sealed.status == Status::Published) {
        event["outputs"] = json!([output(facts)]);
    }
    event
}

fn run_facets(facts: &RunFacts<'_>, ends: bool, links: &EvidenceLinks) -> Value {
    let (name, version) = facts.opened.engine.split_once(' ').unwrap_or((&facts.opened.engine, ""));
    let mut about = json!({
        "processing_engine": facet("1-1-1/ProcessingEngineRunFacet", json!({ "name": name, "version": version })),
        "tags": facet("1-0-0/TagsRunFacet", json!({ "tags": [
            tag("goal", &facts.opened.goal, None), tag("tier", &facts.opened.tier, None),
        ]})),
    });
    if !ends {
        return about;
    }
    if !facts.gates.is_empty() {
        let tests: Vec<Value> = facts.gates.iter().map(|gate| test(gate)).collect();
        about["test"] = facet("1-0-1/TestRunFacet", json!({ "tests": tests }));
    }
    if let Some(failed) = facts.failed {
        // A code: the text of an error is not for platforms.
        let message = json!({ "message": failed.code, "programmingLanguage": "Rust" });
        about["errorMessage"] = facet("1-0-1/ErrorMessageRunFacet", message);
    }
    let mut evidence = Map::new();
    evidence.insert("runId".into(), facts.run_id.into());
    if let Some((size, root)) = &links.log {
        evidence.insert("logSize".into(), (*size).into());
        evidence.insert("logRoot".into(), root.as_str().into());
    }
    if let Some(certificate) = &links.certificate {
        evidence.insert("certificateSha256".into(), certificate.as_str().into());
    }
    evidence.insert("_producer".into(), PRODUCER.into());
    evidence.insert("_schemaURL".into(), "https://outis.invalid/facets/evidence/1-0-0.json".into());
    about["outis_evidence"] = Value::Object(evidence);
    about
}

/// A rule as a test: what is not applicable was skipped; a status that is none of ours failed.
fn test(gate: &GateResult) -> Value {
    let status = match gate.status.as_str() {
        "pass" => "pass",
        "not-applicable" => "skip",
        _ => "fail",
    };
    json!({
        "name": gate.rule,
        "status": status,
        "severity": if gate.severity == "warns" { "warn" } else { "error" },
        "type": "gate",
        "description": gate.reason,
        "expected": gate.limit,
        "actual": gate.measured,
        "params": { "threat": gate.threat, "stage": gate.stage },
    })
}

fn input(facts: &RunFacts<'_>, ends: bool) -> Value {
    let mut dataset = json!({ "namespace": namespace(facts), "name": facts.source(), "facets": {} });
    if let Some(bound) = facts.bound {
        let fields: Vec<Value> = bound.columns.iter().map(|column| json!({ "name": column.name })).collect();
        dataset["facets"]["schema"] = facet("1-2-0/SchemaDatasetFacet", json!({ "fields": fields }));
    }
    let rows = facts.sealed.map(|sealed| sealed.rows_in);
    if let (true, Some(rows)) = (ends, rows) {
        let mut statistics = json!({ "rowCount": rows });
        statistics["fileCount"] = facts.inputs.iter().map(|input| input.inputs).sum::<u64>().into();
        if let Some(bytes) = facts.inputs.iter().map(|input| input.bytes).sum::<Option<u64>>() {
            statistics["size"] = bytes.into();
        }
        dataset["inputFacets"] =
            json!({ "inputStatistics": facet("1-0-0/InputStatisticsInputDatasetFacet", statistics) });
    }
    dataset
}

fn output(facts: &RunFacts<'_>) -> Value {
    let columns: &[ColumnRecord] = facts.bound.map_or(&[], |bound| &bound.columns);
    let released = columns.iter().filter_map(|column| Some((column, column.released_as.as_deref()?)));
    let (mut fields, mut lineage, mut tags) = (Vec::new(), Map::new(), Vec::new());
    for (column, out) in released {
        fields.push(json!({ "name": out, "description": format!("{} of {}", column.operator, column.semantic) }));
        tags.push(tag("role", &column.role, Some(out)));
        lineage.insert(out.to_owned(), json!({ "inputFields": [field(facts, column, &direct(facts, column))] }));
    }
    // Rows leave or stay, and are counted, by their quasi-identifiers: that concerns the whole dataset.
    let quasi = columns.iter().filter(|column| column.role == "quasi" && column.released_as.is_some());
    let grouped = facts.survey.is_some();
    let whole: Vec<Value> = quasi.filter(|_| grouped).map(|column| field(facts, column, &indirect())).collect();
    let version = release_version(facts);
    let bytes: u64 = facts.outputs.iter().map(|output| output.bytes).sum();
    let rows: u64 = facts.outputs.iter().map(|output| output.rows).sum();
    tags.push(tag("goal", &facts.opened.goal, None));
    tags.push(tag("tier", &facts.opened.tier, None));
    json!({
        "namespace": NAMESPACE,
        "name": facts.opened.profile,
        "facets": {
            "schema": facet("1-2-0/SchemaDatasetFacet", json!({ "fields": fields })),
            "columnLineage": facet("1-2-0/ColumnLineageDatasetFacet", json!({ "fields": lineage, "dataset": whole })),
            "datasetVersion": facet("1-0-1/DatasetVersionDatasetFacet", json!({ "datasetVersion": version.as_str() })),
            "tags": facet("1-0-0/TagsDatasetFacet", json!({ "tags": tags })),
        },
        "outputFacets": {
            "outputStatistics": facet("1-0-2/OutputStatisticsOutputDatasetFacet", json!({
                "rowCount": rows, "size": bytes, "fileCount": facts.outputs.len(),
            })),
        },
    })
}

/// SHA-256 over the lines that `sha256sum` prints for the data files, in order of name: one text for the whole release.
#[must_use]
pub fn release_version(facts: &RunFacts<'_>) -> Digest {
    let mut lines: Vec<String> =
        facts.outputs.iter().map(|output| format!("{}  {}\n", output.digest.as_str(), output.file)).collect();
    lines.sort_by(|one, other| one[66..].cmp(&other[66..]));
    Digest::of_text(&lines.concat())
}

fn field(facts: &RunFacts<'_>, column: &ColumnRecord, transformations: &Value) -> Value {
    json!({
        "namespace": namespace(facts),
        "name": facts.source(),
        "field": column.name,
        "transformations": transformations,
    })
}

/// A cell that goes out as it came in is an identity; every other one is obscured.
fn direct(facts: &RunFacts<'_>, column: &ColumnRecord) -> Value {
    let raw = column.operator == "keep" || (column.operator == "generalize" && facts.level(&column.name) == Some(0));
    let words = if column.parameters.is_empty() {
        column.operator.clone()
    } else {
        format!("{} {}", column.operator, column.parameters)
    };
    let subtype = if raw { "IDENTITY" } else { "TRANSFORMATION" };
    json!([{ "type": "DIRECT", "subtype": subtype, "description": words, "masking": !raw }])
}

fn indirect() -> Value {
    let of = |subtype: &str, words: &str| json!({ "type": "INDIRECT", "subtype": subtype, "description": words, "masking": false });
    json!([of("GROUP_BY", "equivalence classes"), of("FILTER", "classes under k are left out")])
}

fn namespace<'e>(facts: &RunFacts<'e>) -> &'e str {
    facts.opened.provider.as_deref().unwrap_or("unnamed-provider")
}

fn tag(key: &str, value: &str, field: Option<&str>) -> Value {
    let mut tag = json!({ "key": key, "value": value, "source": "OUTIS" });
    if let Some(field) = field {
        tag["field"] = field.into();
    }
    tag
}

/// A facet says who made it and which schema it follows.
fn facet(schema: &str, mut body: Value) -> Value {
    let name = schema.rsplit('/').next().unwrap_or(schema);
    body["_producer"] = PRODUCER.into();
    body["_schemaURL"] = format!("{SPEC}/facets/{schema}.json#/$defs/{name}").into();
    body
}

/// The run's id as a UUID of version 8 (RFC 9562): its own sixteen digits are too short for one.
#[must_use]
pub(super) fn uuid(run_id: &str) -> String {
    let hash = sha256(&[b"outis run ", run_id.as_bytes()]);
    let mut bytes: [u8; 16] = hash[..16].try_into().expect("half of 32 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::run_facts::example;
    use crate::log::{Entry, Event, RunFailed};

    fn events(entries: &[Entry]) -> Vec<Value> {
        let facts = RunFacts::of(entries).unwrap();
        let links = EvidenceLinks { log: Some((9, "ab".into())), certificate: Some("cd".into()) };
        let lines = lineage(&facts, "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:09.000Z", &links).unwrap();
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_release_starts_and_completes_with_columns_masked_where_they_are() {
        let events = events(&example::published());
        let kinds: Vec<&Value> = events.iter().map(|event| &event["eventType"]).collect();
        assert_eq!(kinds, ["START", "COMPLETE"]);
        assert_eq!(events[0]["run"]["runId"], events[1]["run"]["runId"]);
        let output = &events[1]["outputs"][0];
        let masking = |name: &str| {
            output["facets"]["columnLineage"]["fields"][name]["inputFields"][0]["transformations"][0]["masking"].clone()
        };
        assert_eq!((masking("person"), masking("birth"), masking("amount")), (true.into(), true.into(), false.into()));
        assert!(output["facets"]["columnLineage"]["fields"].get("name").is_none(), "what is dropped does not leave");
        let whole = output["facets"]["columnLineage"]["dataset"].as_array().unwrap();
        assert_eq!((whole.len(), &whole[0]["field"]), (1, &json!("birth")));
        assert_eq!(output["outputFacets"]["outputStatistics"]["rowCount"], 90);
        assert_eq!(events[1]["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"], 100);
        let statuses: Vec<&Value> = events[1]["run"]["facets"]["test"]["tests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|test| &test["status"])
            .collect();
        assert_eq!(statuses, ["pass", "skip", "fail"], "a status that is none of ours is no pass");
        assert_eq!(events[1]["run"]["facets"]["outis_evidence"]["certificateSha256"], "cd");
    }

    #[test]
    fn refused_failed_and_given_up_runs_are_told_apart() {
        let last = |entries: &[Entry]| events(entries).last().unwrap()["eventType"].clone();
        assert_eq!(last(&example::refused()), "ABORT");
        let mut failed = example::published();
        failed.pop();
        let given_up = failed.clone();
        failed.push(Entry { event: Event::RunFailed(RunFailed { code: "disk_full".into() }), ..failed[0].clone() });
        assert_eq!(last(&failed), "FAIL");
        assert_eq!(events(&failed)[1]["run"]["facets"]["errorMessage"]["message"], "disk_full");
        assert_eq!(last(&given_up), "START");
    }

    #[test]
    fn ids_are_uuids_of_version_8() {
        let id = uuid("0123456789abcdef");
        assert_eq!((id.len(), id.as_bytes()[14], "89ab".contains(id.as_bytes()[19] as char)), (36, b'8', true));
        assert_ne!(id, uuid("0123456789abcdee"));
    }
}
