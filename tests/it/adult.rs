//! Real input: UCI Adult with levels fixed by hand. What the report says is counted again by another program.

use crate::support::{Folder, shared};
use std::path::Path;

/// The nine columns with a role and a level each; trees are the data set's own hierarchies.
fn profile(folder: &Path, levels: [usize; 8], k: u32, suppress: &str) -> String {
    let columns = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation"];
    let mut text = format!(
        "name = \"adult\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"open\"\n[input]\ndelimiter = \";\"\n[privacy]\nunit = \"row\"\nk_anonymity = {k}\nsuppress_at_most = \"{suppress}\"\n"
    );
    for (column, level) in columns.iter().zip(levels) {
        let file = folder.join(format!("adult_hierarchy_{column}.csv"));
        text.push_str(&format!(
            "[[column]]\nname = \"{column}\"\nrole = \"quasi\"\ngeneralize = {{ tree = {{ file = {:?}, separator = \";\" }} }}\nlevel = {level}\n",
            file.to_str().unwrap()
        ));
    }
    text.push_str("[[column]]\nname = \"salary-class\"\nrole = \"sensitive\"\n");
    text
}

/// k, classes and rows of a CSV as Python's own csv module and pandas, or DuckDB, count them.
const RECOUNT: &str = r#"
import collections, csv, glob, json, sys
folder, quasi = sys.argv[1], sys.argv[2].split(",")
counts = collections.Counter()
for path in sorted(glob.glob(folder + "/data/*.csv")):
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counts[tuple(row[name] for name in quasi)] += 1
answer = {"k": min(counts.values()), "classes": len(counts), "rows": sum(counts.values()), "by": ["csv"]}
try:
    import pandas
    frames = [pandas.read_csv(path, dtype=str, keep_default_na=False) for path in sorted(glob.glob(folder + "/data/*.csv"))]
    sizes = pandas.concat(frames).groupby(quasi).size()
    assert (int(sizes.min()), len(sizes), int(sizes.sum())) == (answer["k"], answer["classes"], answer["rows"])
    answer["by"].append("pandas")
except ImportError:
    pass
try:
    import duckdb
    names = ", ".join('"%s"' % name for name in quasi)
    found = duckdb.sql(f"select min(n), count(*), sum(n) from (select count(*) n from read_csv('{folder}/data/*.csv', all_varchar=true) group by {names})").fetchall()[0]
    assert tuple(map(int, found)) == (answer["k"], answer["classes"], answer["rows"])
    answer["by"].append("duckdb")
except ImportError:
    pass
print(json.dumps(answer))
"#;

fn recount(folder: &Folder, release: &str, quasi: &str) -> serde_json::Value {
    let python = std::env::var("OUTIS_PYTHON").unwrap_or_else(|_| "python3".into());
    let path = folder.join(release);
    let output =
        std::process::Command::new(python).args(["-c", RECOUNT, path.to_str().unwrap(), quasi]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    if std::env::var("CI").as_deref() == Ok("true") {
        assert_eq!(answer["by"].as_array().unwrap().len(), 3, "CI installs pandas and duckdb");
    }
    answer
}

#[test]
fn a_published_release_has_the_k_that_its_report_says() {
    let Some(data) = shared("data/adult") else { return };
    let folder = Folder::new();
    folder.write("adult.toml", profile(&data, [0, 3, 1, 1, 2, 1, 1, 1], 5, "4%"));
    let input = data.join("adult.csv");
    let run = [
        "run",
        "adult.toml",
        "--input",
        input.to_str().unwrap(),
        "--output",
        "out",
        "--json",
        "--output-format",
        "csv",
    ];
    let report = folder.outis(&run).expect(0).json();
    let quasi = "sex,age,race,marital-status,education,native-country,workclass,occupation";
    let recounted = recount(&folder, "out", quasi);
    assert_eq!(report["risk"]["smallest_class"], recounted["k"]);
    assert_eq!(report["risk"]["classes"], recounted["classes"]);
    assert_eq!(report["rows"]["released"], recounted["rows"]);
    assert!(recounted["k"].as_u64().unwrap() >= 5);
    assert_eq!(report["rows"]["read"], 30_162);
    let left_out = report["rows"]["suppressed"].as_u64().unwrap();
    assert_eq!(30_162, recounted["rows"].as_u64().unwrap() + left_out);
    assert!(left_out <= 1_206, "4 % of 30162");
    // `check` on the released files says the same
    let checked = folder.outis(&["check", "out/data/*.csv", "--quasi", quasi, "--json"]).expect(0).json();
    assert_eq!(checked["k_anonymity"], recounted["k"]);
    assert_eq!(checked["classes"], recounted["classes"]);
}

#[test]
fn finer_levels_are_refused_and_leave_only_the_log() {
    let Some(data) = shared("data/adult") else { return };
    let folder = Folder::new();
    folder.write("adult.toml", profile(&data, [0, 1, 0, 0, 1, 0, 0, 0], 5, "4%"));
    let input = data.join("adult.csv");
    let ran = folder.outis(&["run", "adult.toml", "--input", input.to_str().unwrap(), "--output", "out"]).expect(1);
    assert!(ran.stderr().contains("suppression does not hold"), "{}", ran.stderr());
    assert_eq!(
        folder.files(),
        ["adult.toml", "out.refused/checkpoint", "out.refused/log.jsonl", "out.refused/times.jsonl"]
    );
    let log = folder.read("out.refused/log.jsonl");
    let last: serde_json::Value = serde_json::from_str(log.lines().rev().nth(1).unwrap()).unwrap();
    assert_eq!(last["type"], "run_sealed");
    assert_eq!(last["body"]["status"], "refused");
    assert!(log.contains("key_destroyed"), "the key of a refused run is destroyed too");
}
