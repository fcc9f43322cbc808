use super::*;
use std::path::PathBuf;

/// What the schema finds wrong, by a reader that knows the words that it uses, patterns aside.
fn faults(schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let words = schema.as_object().unwrap();
    for (word, demand) in words {
        let holds = match word.as_str() {
            "$schema" | "$id" | "title" | "description" | "examples" | "pattern" => true,
            "type" => {
                let is = |name: &str| match name {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    other => panic!("unknown type {other}"),
                };
                demand
                    .as_str()
                    .map_or_else(|| demand.as_array().unwrap().iter().any(|one| is(one.as_str().unwrap())), is)
            }
            "enum" => demand.as_array().unwrap().contains(value),
            "const" => demand == value,
            "minimum" => value.as_f64().is_none_or(|number| number >= demand.as_f64().unwrap()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > demand.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= demand.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= demand.as_u64().unwrap()),
            "required" => value.as_object().is_none_or(|table| {
                demand.as_array().unwrap().iter().all(|key| table.contains_key(key.as_str().unwrap()))
            }),
            "anyOf" => demand.as_array().unwrap().iter().any(|one| faults(one, value, path).is_empty()),
            "items" => {
                for element in value.as_array().into_iter().flatten() {
                    found.extend(faults(demand, element, path));
                }
                true
            }
            "properties" => {
                for (key, inner) in demand.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        found.extend(faults(inner, value, &format!("{path}.{key}")));
                    }
                }
                true
            }
            "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    let known = words.get("properties").is_some_and(|known| known.get(key).is_some());
                    if demand.is_object() && !known {
                        found.extend(faults(demand, inner, &format!("{path}.{key}")));
                    } else if *demand == json!(false) && !known {
                        found.push(format!("{path}.{key}"));
                    }
                }
                true
            }
            other => panic!("the schema uses {other}, which this reader does not know"),
        };
        if !holds {
            found.push(format!("{path}: {word}"));
        }
    }
    found
}

fn profiles() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles"))
}

/// Compares a made file with the one in the folder; `OUTIS_UPDATE=1` writes it.
fn fresh(file: &str, text: &str) {
    let path = profiles().join(file);
    if std::env::var_os("OUTIS_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "{file} is stale: run the tests with OUTIS_UPDATE=1");
}

#[test]
fn the_stored_schema_is_the_one_of_the_shape() {
    fresh("profile.schema.json", &(serde_json::to_string_pretty(&json_schema()).unwrap() + "\n"));
}

#[test]
fn the_stored_reference_is_the_one_of_the_shape() {
    fresh("REFERENCE.md", &reference());
}

#[test]
fn every_ready_profile_passes_the_schema() {
    let schema = json_schema();
    let mut seen = 0;
    for entry in std::fs::read_dir(profiles()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let value: Value = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(faults(&schema, &value, ""), Vec::<String>::new(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 6, "only {seen} ready profiles");
}

#[test]
fn the_schema_refuses_what_the_shape_refuses() {
    let schema = json_schema();
    let good = "name = \"x\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"trade\"\n[[column]]\nname = \"a\"\nrole = \"direct\"\napply = \"drop\"\n";
    let check = |text: &str| faults(&schema, &toml::from_str(text).unwrap(), "");
    assert_eq!(check(good), Vec::<String>::new());
    for (from, to) in [
        ("name = \"x\"\n", ""),
        ("\"anonymized\"", "\"anonymous\""),
        ("goal = \"anonymized\"\n", ""),
        ("\"1\"", "1"),
        ("\"drop\"", "\"token\""),
        ("\"drop\"", "{ token = {} }"),
        ("\"drop\"", "{ drop = {}, keep = {} }"),
        ("\"drop\"", "{ round = { step = 0 } }"),
        ("\"direct\"", "\"directly\""),
        ("[[column]]", "privacy = { k_anonymity = 1 }\n[[column]]"),
        ("[[column]]", "colour = \"red\"\n[[column]]"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = good.replacen(from, to, 1);
        assert!(!check(&bad).is_empty(), "{bad}");
        assert!(crate::profile::parse(&bad, None).is_err(), "{bad}");
    }
}

#[test]
fn every_example_of_the_shape_is_json() {
    let stored = serde_json::to_string(&json_schema()).unwrap();
    assert!(!stored.contains("\"examples\":[null]"));
}
