//! Levels that the solver picks, through the program.

use crate::support::{Folder, shared};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A profile for a case of the oracle.
fn profile(case: &Value, folder: &Path) -> String {
    let file = |column: &str| folder.join(format!("adult_hierarchy_{column}.csv")).to_str().unwrap().to_owned();
    let mut text = "name = \"adult\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"closed\"\n".to_owned();
    text.push_str("[input]\ndelimiter = \";\"\n[privacy]\n");
    text.push_str(&format!("suppress_at_most = \"{}%\"\n", case["suppression_limit"].as_f64().unwrap() * 100.0));
    for model in case["models"].as_array().unwrap() {
        let args = model["args"].as_array().unwrap();
        let of = &args[0];
        text.push_str(&match model["type"].as_str().unwrap() {
            "KAnonymity" => format!("k_anonymity = {}\n", args[0]),
            "EntropyLDiversity" => format!("l_diversity = {{ of = {of}, entropy = {} }}\n", args[1]),
            "RecursiveCLDiversity" => {
                format!("l_diversity = {{ of = {of}, recursive = {{ c = {}, l = {} }} }}\n", args[1], args[2])
            }
            "OrderedDistanceTCloseness" => {
                // ARX takes the values in alphabetic order where no other is given
                let rows = std::fs::read_to_string(file(of.as_str().unwrap())).unwrap();
                let mut order: Vec<&str> = rows.lines().map(|line| line.split(';').next().unwrap()).collect();
                order.sort_unstable();
                let t = &args[1];
                format!("t_closeness = {{ of = {of}, distance = \"ordered\", t = {t}, order = {order:?} }}\n")
            }
            "EqualDistanceTCloseness" => {
                format!("t_closeness = {{ of = {of}, distance = \"equal\", t = {} }}\n", args[1])
            }
            "HierarchicalDistanceTCloseness" => {
                format!("t_closeness = {{ of = {of}, distance = \"hierarchical\", t = {} }}\n", args[1])
            }
            other => panic!("{other}"),
        });
    }
    let args = case["metric"]["args"].as_array().unwrap();
    let truth = args.iter().find_map(Value::as_bool);
    let (minimize, more) = match case["metric"]["factory"].as_str().unwrap() {
        "createLossMetric" => {
            let aggregate = if args.iter().any(|arg| arg == "RANK") { "rank" } else { "geometric-mean" };
            let balance = args.iter().find_map(Value::as_f64).unwrap_or(0.5);
            ("loss", format!("aggregate = \"{aggregate}\"\nbalance = {balance}\n"))
        }
        "createDiscernabilityMetric" if truth == Some(true) => ("discernibility-monotone", String::new()),
        "createPrecomputedEntropyMetric" if truth == Some(true) => ("entropy-monotone", String::new()),
        "createPrecomputedEntropyMetric" => ("entropy", String::new()),
        other => panic!("{other}"),
    };
    text.push_str(&format!("[search]\nminimize = \"{minimize}\"\n{more}"));
    let sensitive = case["sensitive"].as_str().unwrap();
    let weights = case["attribute_weights"].as_object();
    let tree = |column: &str| format!("{{ tree = {{ file = {:?}, separator = \";\" }} }}", file(column));
    for column in case["qis"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
        text.push_str(&format!("[[column]]\nname = \"{column}\"\nrole = \"quasi\"\ngeneralize = {}\n", tree(column)));
        if let Some(weights) = weights {
            text.push_str(&format!(
                "weight = {}\n",
                weights.get(column).map_or(0.0, |weight| weight.as_f64().unwrap())
            ));
        }
    }
    if !sensitive.is_empty() {
        text.push_str(&format!(
            "[[column]]\nname = \"{sensitive}\"\nrole = \"sensitive\"\nhierarchy = {}\n",
            tree(sensitive)
        ));
    }
    text
}

const CASES: [&str; 8] = [
    "TestAnonymizationCombinations[77]",
    "TestAnonymizationLDiversity[0]",
    "TestAnonymizationLDiversity[1]",
    "TestAnonymizationOrderedDistanceTCloseness[0]",
    "TestAnonymizationKAnonymity[1]",
    "TestUtilityMetricsLoss[5]",
    "TestUtilityMetricsLoss[21]",
    "TestUtilityMetricsLoss[54]",
];

#[test]
fn optima_of_arx_come_out_of_the_program() {
    let (Some(cases), Some(data)) = (shared("oracle/arx-adult.jsonl"), shared("data/adult")) else { return };
    let cases: BTreeMap<String, Value> = std::fs::read_to_string(cases)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|case| (case["id"].as_str().unwrap().to_owned(), case))
        .collect();
    let input = data.join("adult.csv");
    let folder = Folder::new();
    for id in CASES {
        let case = &cases[id];
        folder.write("p.toml", profile(case, &data));
        let ran = folder.outis(&["solve", "p.toml", "--input", input.to_str().unwrap(), "--json"]);
        assert!([0, 1].contains(&ran.code()), "{id}: {}", ran.stderr());
        let found = ran.json();
        let Some(expected) = case["expected_loss"].as_str() else {
            assert!(found["levels"].is_null() && found["optimal"] == true, "{id}: {found}");
            assert_eq!(ran.code(), 1, "{id}");
            assert!(ran.stderr().contains("entropy_l_diversity rejects 30162 rows"), "{}", ran.stderr());
            continue;
        };
        let expected: Vec<f64> =
            expected.trim_matches(['[', ']']).split(',').map(|number| number.trim().parse().unwrap()).collect();
        let losses: Vec<f64> = match found["losses"].as_array() {
            Some(losses) => losses.iter().map(|loss| loss.as_f64().unwrap()).collect(),
            None => vec![found["loss"].as_f64().unwrap()],
        };
        let close = losses.len() == expected.len()
            && losses.iter().zip(&expected).all(|(found, right)| (found - right).abs() <= 1e-9 * right.abs().max(1.0));
        assert!(close && found["optimal"] == true, "{id}: {losses:?} is not {expected:?}");
        assert_eq!(found["bound"], found["loss"], "{id}: proven");
        assert_eq!(found["rows"], 30_162);
    }
}

/// DESIGN §5, as it stands there.
const HOUSEHOLD: &str = r#"
name    = "household-survey-open"
version = "2026.1"
goal    = "anonymized"            # anonymized | deidentified
tier    = "open"                  # open | conditional | trade | closed
purpose = "statistics on care use"

[provenance]                      # aliases that do not identify; FJ-16, TJ-10
source = "dataset-17"
obtained = "2026-03-01"
responsible = "role:data-office"

[input]                           # defaults; the command line wins
format = "csv"
encoding = "utf-8"
null = ["", "NA"]

[[column]]
name = "id_no"
type = "cn.resident_id"
role = "subject"
apply = { token = { domain = "person" } }

[[column]]
name = "name"
role = "direct"
apply = "drop"

[[column]]
name = "birth"
type = "date"
role = "quasi"
generalize = { date = ["month", "year", "5-years", "10-years"] }   # the solver picks the level

[[column]]
name = "postcode"
role = "quasi"
generalize = { prefix = [4, 3, 2] }

[[column]]
name = "diagnosis"
role = "sensitive"
hierarchy = "icd10.csv"

[privacy]
unit = "subject"
k_anonymity = 11
l_diversity = { of = "diagnosis", entropy = 3 }
t_closeness = { of = "diagnosis", distance = "hierarchical", t = 0.2 }
suppress_at_most = "2%"

[search]
minimize = "loss"
levels_from = "data"

[output]
format = "parquet"
shuffle = true
"#;

/// Made-up people with the columns of the profile above, and the hierarchy of their diagnoses.
fn household(folder: &Folder, rows: &str) {
    let sample = folder.outis(&["sample", "--rows", rows]).expect(0).stdout();
    let mut csv = "id_no,name,birth,postcode,diagnosis\n".to_owned();
    let mut diagnoses = std::collections::BTreeSet::new();
    for line in sample.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        csv.push_str(&format!("{},{},{},{},{}\n", cells[0], cells[1], cells[5], cells[6], cells[8]));
        diagnoses.insert(cells[8].to_owned());
    }
    folder.write("people.csv", csv);
    let line = |code: &String| format!("{code},{},{}\n", &code[..3], &code[..1]);
    folder.write("icd10.csv", diagnoses.iter().map(line).collect::<String>());
}

#[test]
fn the_profile_of_the_design_runs_as_written() {
    let folder = Folder::new();
    household(&folder, "20000");
    folder.write("p.toml", HOUSEHOLD);
    let page = folder.outis(&["explain", "p.toml", "--input", "people.csv"]).expect(0).stdout();
    assert!(page.contains("the solver picks the level, 0 (raw) to 5 (*)"), "{page}");
    assert!(page.contains("at most 0.2 away from the whole release (hierarchical distance)"), "{page}");
    let solved = folder.outis(&["solve", "p.toml", "--input", "people.csv", "--json"]).expect(0).json();
    let run = ["run", "p.toml", "--input", "people.csv", "--output", "out", "--json"];
    let report = folder.outis(&run).expect(0).json();
    let log = folder.read("out/evidence/log.jsonl");
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let chosen: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "levels_chosen").map(|event| &event["body"]).collect();
    assert_eq!(chosen.len(), 1);
    assert_eq!((chosen[0]["method"].as_str(), chosen[0]["proven"].as_bool()), (Some("data"), Some(true)));
    for level in chosen[0]["levels"].as_array().unwrap() {
        assert_eq!(level[1], solved["release_levels"][level[0].as_str().unwrap()], "the run takes what solve says");
    }
    assert_eq!(chosen[0]["hierarchies"].as_array().unwrap().len(), 2);
    let keys: Vec<&String> = chosen[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["hierarchies", "levels", "method", "minimize", "proven", "sample"], "nothing of rejected levels");
    assert!(report["risk"]["smallest_class"].as_u64().unwrap() >= 11);
    let models = report["gate"].as_array().unwrap().iter().find(|rule| rule["rule"] == "models").unwrap();
    assert_eq!(models["status"], "pass");
    // the plan that was signed is the plan of the release
    let explained = folder.outis(&["explain", "p.toml", "--input", "people.csv", "--json"]).expect(0).json();
    assert_eq!(explained["digest"], report["plan_digest"]);
    assert!(folder.read("out/evidence/plan.txt").contains("the solver picks the level"));
}

#[test]
fn a_release_whose_levels_the_search_found_is_verified() {
    let folder = Folder::new();
    household(&folder, "20000");
    folder.write("p.toml", HOUSEHOLD);
    folder.outis(&["run", "p.toml", "--input", "people.csv", "--output", "out", "--quiet"]).expect(0);
    folder.outis(&["verify", "out", "--unsigned"]).expect(0);
    // the report tells the levels of the log, and no others
    let report = folder.read("out/evidence/report.json");
    let codes = |from: &str, to: &str| {
        assert!(report.contains(from), "{from}: {report}");
        folder.write("out/evidence/report.json", report.replacen(from, to, 1));
        let found = folder.outis(&["verify", "out", "--unsigned", "--json"]).expect(1).json();
        let codes = found["findings"].as_array().unwrap().iter().map(|finding| finding["code"].clone());
        codes.map(|code| code.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (from, to) in
        [("date, level ", "date, level 1"), ("\"reversible_by\": \"nobody\"", "\"reversible_by\": \"all\"")]
    {
        let found = codes(from, to);
        assert!(found.contains(&"E_REPORT".to_owned()), "{to}: {found:?}");
    }
}

/// A tight distance under suppression: levels that hold with all rows as the whole must also hold with what is released.
const CLOSE: &str = r#"
name = "close"
version = "1"
goal = "anonymized"
tier = "trade"
[[column]]
name = "age"
type = "integer"
role = "quasi"
generalize = { interval = { steps = [5, 10, 20, 40] } }
[[column]]
name = "sex"
role = "quasi"
[[column]]
name = "region"
role = "quasi"
generalize = { prefix = [2, 1] }
min_level = 1
max_level = 2
weight = 2
[[column]]
name = "income"
role = "sensitive"
[privacy]
k_anonymity = 5
t_closeness = { of = "income", distance = "equal", t = 0.25 }
l_diversity = { of = "income", distinct = 3 }
suppress_at_most = "8%"
[search]
minimize = "loss"
"#;

fn close(folder: &Folder) {
    let sample = folder.outis(&["sample", "--rows", "3000", "--shape", "quasi9"]).expect(0).stdout();
    let mut csv = "age,sex,region,income\n".to_owned();
    for line in sample.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        csv.push_str(&format!("{},{},{},{}\n", cells[0], cells[1], cells[5], cells[9]));
    }
    folder.write("people.csv", csv);
}

#[test]
fn levels_and_bytes_are_the_same_for_any_number_of_threads_and_any_source() {
    for from in ["data", "sample"] {
        let folder = Folder::new();
        close(&folder);
        let more = if from == "sample" { "sample = \"60%\"\n" } else { "" };
        folder.write("p.toml", format!("{CLOSE}levels_from = \"{from}\"\n{more}"));
        let mut releases = Vec::new();
        for threads in ["1", "2", "8"] {
            let target = format!("out-{threads}");
            let run = [
                "run",
                "p.toml",
                "--input",
                "people.csv",
                "--output",
                &target,
                "--threads",
                threads,
                "--insecure-test-seed",
                "7",
                "--json",
            ];
            let report = folder.outis(&run).expect(0).json();
            let log = folder.read(&format!("{target}/evidence/log.jsonl"));
            let line = log.lines().find(|line| line.contains("levels_chosen")).unwrap();
            let event: Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["body"]["method"], from);
            let name = report["files"][0]["name"].as_str().unwrap();
            releases.push((folder.read(&format!("{target}/{name}")), event["body"].clone()));
        }
        assert!(releases.iter().all(|release| *release == releases[0]), "{from}");
        let region = &releases[0].1["levels"][1];
        assert!(region[0] == "region" && [1, 2].map(Value::from).contains(&region[1]), "the bounds hold: {region}");
    }
}

#[test]
fn where_nothing_fits_the_model_that_fails_is_named_and_only_the_log_stays() {
    let folder = Folder::new();
    close(&folder);
    folder.write("p.toml", CLOSE.replace("distinct = 3", "distinct = 30"));
    let ran = folder.outis(&["run", "p.toml", "--input", "people.csv", "--output", "out"]).expect(1);
    assert!(ran.stderr().contains("distinct_l_diversity rejects 3000 rows"), "{}", ran.stderr());
    assert_eq!(
        folder.files(),
        ["out.refused/checkpoint", "out.refused/log.jsonl", "out.refused/times.jsonl", "p.toml", "people.csv"]
    );
    let solved = folder.outis(&["solve", "p.toml", "--input", "people.csv", "--json"]).expect(1).json();
    assert!(solved["levels"].is_null() && solved["failing"]["distinct_l_diversity"] == 3000, "{solved}");
    folder.write("p.toml", format!("{CLOSE}nodes = 1\n"));
    let stopped = folder.outis(&["solve", "p.toml", "--input", "people.csv", "--json"]).json();
    assert_eq!(stopped["optimal"], false);
    assert!(stopped["loss"].is_null() || stopped["gap"].as_f64().unwrap() > 0.0, "{stopped}");
}

#[test]
fn a_bad_cell_of_an_open_column_is_named_by_its_row() {
    let folder = Folder::new();
    folder.write("people.csv", "age,sex,region,income\n30,f,11,low\nCANARY,f,11,low\n31,m,11,low\n");
    let profile = CLOSE.replace("type = \"integer\"\n", "");
    folder.write("p.toml", &profile);
    let ran = folder.outis(&["run", "p.toml", "--input", "people.csv", "--output", "out"]).expect(2);
    assert!(ran.stderr().contains("row 2") && ran.stderr().contains("age"), "{}", ran.stderr());
    assert!(!ran.stderr().contains("CANARY"));
    assert_eq!(folder.files(), ["out.failed/log.jsonl", "out.failed/times.jsonl", "p.toml", "people.csv"]);
    // as null it is a value of its own at every level
    folder.write("p.toml", profile.replace("name = \"age\"\n", "name = \"age\"\ninvalid = \"null\"\n").replace(
        "k_anonymity = 5\nt_closeness = { of = \"income\", distance = \"equal\", t = 0.25 }\nl_diversity = { of = \"income\", distinct = 3 }\nsuppress_at_most = \"8%\"",
        "k_anonymity = 2\nsuppress_at_most = \"34%\"",
    ));
    let report =
        folder.outis(&["run", "p.toml", "--input", "people.csv", "--output", "out", "--json"]).expect(0).json();
    assert_eq!((report["rows"]["released"].as_u64(), report["rows"]["suppressed"].as_u64()), (Some(2), Some(1)));
}

/// Codes of regions, ends of texts and frequent values, each on a level that is fixed.
#[test]
fn regions_ends_and_frequent_values_leave_as_their_labels() {
    let folder = Folder::new();
    let profile = |level: usize| {
        format!(
            r#"
name = "labels"
version = "1"
goal = "anonymized"
tier = "closed"
[[column]]
name = "region"
type = "cn.region"
role = "quasi"
generalize = {{ region = ["city", "province", "part"] }}
level = {level}
[[column]]
name = "card"
role = "quasi"
generalize = {{ suffix = [4, 2] }}
level = 2
[[column]]
name = "illness"
role = "quasi"
generalize = {{ frequency = {{ order = ["I10", "E11", "J45"], keep = [2, 1], other = "rare" }} }}
level = 1
[[example]]
in = {{ region = "110105", card = "622202001", illness = "E11" }}
out = {{ region = "{}", card = "*******01", illness = "E11" }}
[[example]]
in = {{ region = "440305", card = "7", illness = "J45" }}
out = {{ region = "{}", card = "7", illness = "rare" }}
"#,
            ["110105", "110100", "北京市", "华北"][level],
            ["440305", "440300", "广东省", "中南"][level],
        )
    };
    for level in 0..4 {
        folder.write("p.toml", profile(level));
        folder.outis(&["test", "p.toml"]).expect(0);
    }
    let page = folder.outis(&["explain", "p.toml"]).expect(0).stdout();
    assert!(
        page.contains("region, level 3 of 4 (part)") && page.contains("frequency, level 1 of 3 (first 2)"),
        "{page}"
    );
    folder.write("p.toml", profile(2).replace("110105", "990000"));
    let said = folder.outis(&["test", "p.toml"]).expect(1).stderr();
    assert!(said.contains("the example stops"), "{said}");
}
