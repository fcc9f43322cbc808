//! The catalogue entry of a release (DCAT 3, JSON-LD), which data portals take over.
//!
//! Responsible for: what a catalogue of data resources asks for (TJ-10, CD-12): class, who answers for it, format,
//! attributes, how often it is renewed, to whom and how it is opened, what its users must observe; filled from the profile's
//! words and from what was measured. What the profile does not say is left out, never invented. Given: facts of the log.

use super::lineage::{release_version, uuid};
use super::{RunFacts, json};
use crate::error::Result;
use crate::log::OutputStaged;
use crate::profile::CatalogueSpec;
use serde_json::{Map, Value, json};

/// The entry as a JSON-LD document. `issued` is the day that the release was made, `YYYY-MM-DD`.
///
/// # Errors
/// Never for the facts of a log.
pub fn catalogue_entry(facts: &RunFacts<'_>, words: &CatalogueSpec, issued: &str) -> Result<Vec<u8>> {
    let opened = facts.opened;
    let mut entry = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry.insert(key.to_owned(), value);
        }
    };
    put("@context", Some(context()));
    put("@id", Some(format!("urn:uuid:{}", uuid(facts.run_id)).into()));
    put("@type", Some("dcat:Dataset".into()));
    put("dct:identifier", Some(facts.run_id.into()));
    put("dct:title", Some(words.title.as_deref().unwrap_or(&opened.profile).into()));
    put("dct:description", words.description.as_deref().or(opened.purpose.as_deref()).map(Value::from));
    put("dcat:version", Some(opened.profile_version.as_str().into()));
    put("dct:issued", Some(typed("xsd:date", issued)));
    put("dct:publisher", words.publisher.as_ref().map(|name| json!({ "@type": "foaf:Agent", "foaf:name": name })));
    // Who answers for it: a contact in words, else the role that the log names.
    let contact = words.contact.as_deref().unwrap_or(facts.actor);
    put("dcat:contactPoint", Some(json!({ "@type": "vcard:Kind", "vcard:fn": contact })));
    put("dcat:theme", words.class.as_ref().map(|class| json!({ "@type": "skos:Concept", "skos:prefLabel": class })));
    put("dcat:keyword", (!words.keywords.is_empty()).then(|| json!(words.keywords)));
    put("dct:accrualPeriodicity", words.frequency.map(|often| json!({ "@id": often.iri(), "@type": "dct:Frequency" })));
    put("dct:temporal", period(words));
    put("dct:accessRights", Some(access(&opened.tier, words.access.as_deref())));
    put("dct:license", words.license.as_deref().map(|text| document("dct:LicenseDocument", text)));
    put("dct:rights", words.terms.as_deref().map(|text| document("dct:RightsStatement", text)));
    put("prov:wasDerivedFrom", source(facts));
    put("dct:provenance", Some(document("dct:ProvenanceStatement", &format!("{} by {}", opened.goal, opened.engine))));
    put("csvw:tableSchema", attributes(facts));
    put("dqv:hasQualityMeasurement", Some(measurements(facts)));
    put("spdx:checksum", Some(checksum(release_version(facts).as_str())));
    let files: Vec<Value> = facts.outputs.iter().map(|output| distribution(facts, output)).collect();
    put("dcat:distribution", Some(files.into()));
    let mut bytes = json::encode(&Value::Object(entry))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn context() -> Value {
    json!({
        "csvw": "http://www.w3.org/ns/csvw#",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "dqv": "http://www.w3.org/ns/dqv#",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "outis": "https://outis.invalid/terms#",
        "prov": "http://www.w3.org/ns/prov#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "spdx": "http://spdx.org/rdf/terms#",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    })
}

/// From when to when the data speaks.
fn period(words: &CatalogueSpec) -> Option<Value> {
    if words.from.is_none() && words.until.is_none() {
        return None;
    }
    let mut period = json!({ "@type": "dct:PeriodOfTime" });
    if let Some(from) = &words.from {
        period["dcat:startDate"] = typed("xsd:date", from);
    }
    if let Some(until) = &words.until {
        period["dcat:endDate"] = typed("xsd:date", until);
    }
    Some(period)
}

/// To whom it is opened, and how.
fn access(tier: &str, how: Option<&str>) -> Value {
    let whom = match tier {
        "open" => "open to all without conditions",
        "conditional" => "opened on application, under conditions",
        "trade" => "traded or exchanged on a platform",
        _ => "not opened",
    };
    let mut rights = json!({ "@type": "dct:RightsStatement", "rdfs:label": whom, "dct:identifier": tier });
    if let Some(how) = how {
        rights["rdfs:comment"] = how.into();
    }
    rights
}

/// A text, or a document at an address.
fn document(kind: &str, text: &str) -> Value {
    if text.starts_with("https://") || text.starts_with("http://") {
        json!({ "@id": text, "@type": kind })
    } else {
        json!({ "@type": kind, "rdfs:label": text })
    }
}

fn source(facts: &RunFacts<'_>) -> Option<Value> {
    let alias = facts.opened.source.as_ref()?;
    let mut source = json!({ "@type": "prov:Entity", "dct:identifier": alias });
    if let Some(obtained) = &facts.opened.obtained {
        source["dct:available"] = typed("xsd:date", obtained);
    }
    Some(source)
}

/// The released columns in order, with what was done to each.
fn attributes(facts: &RunFacts<'_>) -> Option<Value> {
    let bound = facts.bound?;
    let column = |name: &String| {
        let mut column = json!({ "@type": "csvw:Column", "csvw:name": name });
        if let Some(record) = bound.columns.iter().find(|record| record.released_as.as_ref() == Some(name)) {
            column["dct:type"] = record.semantic.as_str().into();
            column["dct:description"] = format!("{}: {}", record.role, record.operator).into();
        }
        column
    };
    let columns: Vec<Value> = bound.released.iter().map(column).collect();
    Some(json!({ "@type": "csvw:Schema", "csvw:column": { "@list": columns } }))
}

fn measurements(facts: &RunFacts<'_>) -> Value {
    let mut all = Vec::new();
    let mut measure = |name: &str, value: Value| {
        let of = json!({ "@id": format!("outis:{name}") });
        all.push(json!({ "@type": "dqv:QualityMeasurement", "dqv:isMeasurementOf": of, "dqv:value": value }));
    };
    if let Some(sealed) = facts.sealed {
        measure("rows", whole(sealed.rows_out));
        measure("completeness", format!("{}/{}", sealed.rows_out, sealed.rows_in).into());
        measure("suppressed-rows", whole(sealed.suppressed));
    }
    if let Some(risk) = facts.risk {
        if let Some(smallest) = risk.smallest_class {
            measure("smallest-class", whole(smallest));
        }
        if let Some(highest) = &risk.highest_risk {
            measure("highest-risk", highest.as_str().into());
        }
    }
    all.into()
}

fn distribution(facts: &RunFacts<'_>, output: &OutputStaged) -> Value {
    let form = facts.bound.map(|bound| &bound.form);
    let (format, compression) = form.map_or(("", ""), |form| (form.format.as_str(), form.compression.as_str()));
    let media = match format {
        "csv" => "text/csv",
        "ndjson" => "application/x-ndjson",
        "parquet" => "application/vnd.apache.parquet",
        "ipc" => "application/vnd.apache.arrow.file",
        _ => "application/octet-stream",
    };
    let media_type = |name: &str| json!({ "@id": format!("https://www.iana.org/assignments/media-types/{name}"), "@type": "dct:MediaType" });
    let mut file = json!({
        "@type": "dcat:Distribution",
        "dct:title": output.file,
        // Relative: beside this entry, wherever the folder lies.
        "dcat:accessURL": { "@id": output.file },
        "dcat:downloadURL": { "@id": output.file },
        "dcat:mediaType": media_type(media),
        "dcat:byteSize": typed("xsd:nonNegativeInteger", &output.bytes.to_string()),
        "spdx:checksum": checksum(output.digest.as_str()),
    });
    match compression {
        "gzip" => file["dcat:compressFormat"] = media_type("application/gzip"),
        "zstd" => file["dcat:compressFormat"] = media_type("application/zstd"),
        _ => {}
    }
    file
}

fn checksum(sha256: &str) -> Value {
    json!({
        "@type": "spdx:Checksum",
        "spdx:algorithm": { "@id": "spdx:checksumAlgorithm_sha256" },
        "spdx:checksumValue": typed("xsd:hexBinary", sha256),
    })
}

fn typed(kind: &str, value: &str) -> Value {
    json!({ "@type": kind, "@value": value })
}

fn whole(number: u64) -> Value {
    typed("xsd:integer", &number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::run_facts::example;
    use crate::profile::Frequency;

    fn entry(words: &CatalogueSpec) -> Value {
        let entries = example::published();
        let facts = RunFacts::of(&entries).unwrap();
        serde_json::from_slice(&catalogue_entry(&facts, words, "2026-01-02").unwrap()).unwrap()
    }

    #[test]
    fn every_field_that_a_catalogue_asks_for_is_there() {
        let text = |text: &str| Some(text.to_owned());
        let words = CatalogueSpec {
            title: text("Visits"),
            description: text("Visits to clinics"),
            publisher: text("Health office"),
            contact: text("data desk"),
            class: text("health"),
            keywords: vec!["clinic".into()],
            license: text("https://creativecommons.org/licenses/by/4.0/"),
            terms: text("no attempt to identify anybody"),
            access: text("download"),
            frequency: Some(Frequency::Annual),
            from: text("2025-01-01"),
            until: text("2025-12-31"),
        };
        let entry = entry(&words);
        assert_eq!(entry["dct:publisher"]["foaf:name"], "Health office");
        assert_eq!(entry["dct:accrualPeriodicity"]["@id"], "http://purl.org/cld/freq/annual");
        assert_eq!(entry["dct:accessRights"]["rdfs:comment"], "download");
        assert_eq!(entry["dct:license"]["@id"], "https://creativecommons.org/licenses/by/4.0/");
        assert_eq!(entry["csvw:tableSchema"]["csvw:column"]["@list"][1]["csvw:name"], "birth");
        assert_eq!(entry["dcat:distribution"][0]["dcat:byteSize"]["@value"], "1234");
        assert_eq!(entry["dqv:hasQualityMeasurement"][1]["dqv:value"], "90/100");
        assert_eq!(entry["dct:temporal"]["dcat:endDate"]["@value"], "2025-12-31");
    }

    #[test]
    fn what_the_profile_does_not_say_is_left_out() {
        let entry = entry(&CatalogueSpec::default());
        for key in
            ["dct:publisher", "dct:license", "dct:rights", "dct:accrualPeriodicity", "dct:temporal", "dcat:theme"]
        {
            assert!(entry.get(key).is_none(), "{key}");
        }
        assert_eq!(
            (&entry["dct:title"], &entry["dcat:contactPoint"]["vcard:fn"]),
            (&json!("clinic"), &json!("role:data-office"))
        );
    }
}
