//! What a reader finds again: every privacy model that the release alone can answer for, digests of both suites, the program.

use crate::support::Folder;
use serde_json::Value;

const PROFILE: &str = r#"
name = "recount"
version = "1"
goal = "anonymized"
tier = "conditional"
[privacy]
k_anonymity = 4
l_diversity = [{ of = "note", distinct = 3, entropy = 2.5, recursive = { c = 4, l = 2 } }]
t_closeness = [
  { of = "note", distance = "equal", t = 0.5 },
  { of = "cost", distance = "ordered", t = 0.5 },
  { of = "note", distance = "ordered", t = 0.9, order = ["0", "1", "2", "3", "4", "5", "6"] },
]
alpha_k = { of = "note", alpha = 0.5 }
k_map = 4
population = { size = 100000 }
[keys]
suite = "hmac-sm3"
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "note"
as = "finding"
role = "sensitive"
[[column]]
name = "cost"
type = "integer"
role = "sensitive"
apply = { round = { step = 10 } }
"#;

fn released() -> Folder {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    let rows = (0..240).map(|row| {
        // the three cities have almost, not quite, the same findings
        let (city, note) = (["north", "south", "west"][row % 3], (row / 3 + row % 3) % 7);
        format!("p{row:04},{city},{note},{}\n", row / 3 % 5 * 10)
    });
    folder.write("in.csv", "id,city,note,cost\n".to_owned() + &rows.collect::<String>());
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--salt", "salt"]).expect(0);
    folder
}

fn verified(folder: &Folder, code: i32) -> Value {
    folder.outis(&["verify", "out", "--unsigned", "--json"]).expect(code).json()
}

#[test]
fn every_model_is_counted_again_or_is_named_as_the_makers_claim() {
    let folder = released();
    let found = verified(&folder, 0);
    let models: Vec<(String, bool, Option<bool>)> = found["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["model"].as_str().unwrap().to_owned(), one["recounted"].as_bool().unwrap(), one["holds"].as_bool())
        })
        .collect();
    let holds = |name: &str| (name.to_owned(), true, Some(true));
    let claim = ("t_closeness".to_owned(), false, None);
    assert_eq!(models[0], holds("k_anonymity"));
    for name in ["distinct_l_diversity", "entropy_l_diversity", "recursive_cl_diversity", "alpha_k_anonymity", "k_map"]
    {
        assert!(models.contains(&holds(name)), "{name}: {models:?}");
    }
    assert_eq!(models.iter().filter(|one| **one == holds("t_closeness")).count(), 2, "{models:?}");
    assert_eq!(models.iter().filter(|one| **one == claim).count(), 1, "an order of the maker's is not in the release");
    let said = folder.outis(&["verify", "out", "--unsigned"]).expect(0).stderr();
    for words in [
        "distinct_l_diversity of finding: counted again, holds: at least 3 different values",
        "the maker's claim",
        "the size of the population is the maker's word",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // the certificate keeps the two apart
    let certificate: Value = serde_json::from_str(&folder.read("out/evidence/certificate.json")).unwrap();
    let claims = &certificate["predicate"]["claims"];
    let places = |who: &str| {
        let names = claims[who].as_array().unwrap().iter().filter_map(Value::as_str);
        names.filter(|name| name.starts_with("profile.models.")).count()
    };
    assert_eq!((places("verifiable"), places("operator")), (models.len() - 1, 1));
}

#[test]
fn a_release_without_rows_is_verified() {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", "id,city,note,cost\n");
    for format in ["csv", "ndjson", "parquet", "ipc"] {
        let target = format!("out-{format}");
        folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", &target, "--output-format", format]).expect(0);
        let found = folder.outis(&["verify", &target, "--unsigned", "--json"]).expect(0).json();
        let models = found["models"].as_array().unwrap();
        assert!(models.iter().all(|model| model["holds"] != false), "{format}: {found}");
    }
}

#[test]
fn a_promise_that_the_data_does_not_keep_is_found_by_counting() {
    let folder = released();
    let log = folder.read("out/evidence/log.jsonl");
    for (from, to, name) in [
        ("\"limits\":[[\"l\",\"3\"]]", "\"limits\":[[\"l\",\"8\"]]", "distinct_l_diversity"),
        ("[[\"l\",\"2.5\"]", "[[\"l\",\"7.5\"]", "entropy_l_diversity"),
        ("[[\"k\",\"4\"],[\"alpha\",\"0.5\"]]", "[[\"k\",\"4\"],[\"alpha\",\"0.1\"]]", "alpha_k_anonymity"),
        ("[[\"t\",\"0.5\"]]", "[[\"t\",\"0\"]]", "t_closeness"),
        ("[[\"t\",\"0.5\"]]", "[[\"t\",\"nan\"]]", "t_closeness"),
    ] {
        assert!(log.contains(from), "{from} in {log}");
        folder.write("out/evidence/log.jsonl", log.replace(from, to));
        let found = verified(&folder, 1);
        let codes: Vec<&str> =
            found["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert!(codes.contains(&"E_MODELS"), "{name}: {codes:?}");
        let broken =
            found["models"].as_array().unwrap().iter().any(|one| one["model"] == name && one["holds"] == false);
        assert!(broken, "{name}: {}", found["models"]);
    }
}

#[test]
fn the_national_suite_names_files_by_sm3_too_and_the_program_stands_in_the_certificate() {
    let folder = released();
    let text = folder.read("out/evidence/certificate.json");
    let certificate: Value = serde_json::from_str(&text).unwrap();
    for subject in certificate["subject"].as_array().unwrap() {
        let path = folder.join("out").join(subject["name"].as_str().unwrap());
        let expected = outis::digest::Digest::of_file_by_sm3(&path).unwrap();
        assert_eq!(subject["digest"]["sm3"], expected.as_str());
    }
    let sm3 = certificate["subject"][0]["digest"]["sm3"].as_str().unwrap();
    folder.write("out/evidence/certificate.json", text.replace(sm3, &"0".repeat(64)));
    let found = verified(&folder, 1);
    assert_eq!(found["findings"][0]["code"], "E_FILE_CHANGED");
    folder.write("out/evidence/certificate.json", &text);
    verified(&folder, 0);
    let program = outis::digest::Digest::of_file(env!("CARGO_BIN_EXE_outis").as_ref()).unwrap().0;
    assert_eq!(certificate["predicate"]["run"]["engine_sha256"], program.as_str());
    // the source's commitment is of the same suite
    assert_eq!(certificate["predicate"]["inputs"]["commitment"]["algorithm"], "hmac-sm3");
    folder.outis(&["verify", "out", "--unsigned", "--source", "in.csv", "--salt", "salt"]).expect(0);
}

#[test]
fn a_run_tells_what_its_evidence_cost() {
    let folder = Folder::new();
    folder.write(
        "p.toml",
        PROFILE.split("[privacy]").next().unwrap().to_owned() + "[[column]]\nname = \"a\"\nrole = \"insensitive\"\n",
    );
    folder.write("in.csv", "a\nx\ny\n");
    folder.outis(&["keygen", "--signing", "sm2", "key"]).expect(0);
    let told =
        folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--sign", "key", "--org-log", "log", "--json"]);
    let cost = &told.expect(0).json()["evidence_microseconds"];
    for what in ["log", "digests", "signatures", "register"] {
        assert!(cost[what].as_u64().unwrap() > 0, "{what}: {cost}");
    }
}
