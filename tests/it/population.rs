//! A table of the population: how likely its members are in the release, and what a wrong table is.

use crate::support::Folder;
use serde_json::Value;

fn folder(more: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "p.toml",
        format!(
            r#"
name = "clinic"
version = "1"
goal = "anonymized"
tier = "open"
[privacy]
unit = "row"
k_anonymity = 2
population = {{ table = "residents.csv", separator = ";" }}
{more}
[[column]]
name = "age"
type = "integer"
role = "quasi"
as = "band"
generalize = {{ interval = {{ steps = [10] }} }}
level = 1
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "illness"
role = "sensitive"
"#
        ),
    );
    let ages = [21, 24, 27, 29, 31, 35, 36, 38];
    let rows: String =
        ages.iter().enumerate().map(|(at, age)| format!("{age},A,{}\n", ["flu", "cold"][at % 2])).collect();
    folder.write("in.csv", format!("age,city,illness\n{rows}"));
    folder
}

fn residents(folder: &Folder, twenties: usize, thirties: usize) {
    let row = |age: usize, at: usize| format!("x{at};A;{}\n", age + at % 10);
    let rows: String = (0..twenties).map(|at| row(20, at)).chain((0..thirties).map(|at| row(30, at))).collect();
    folder.write("residents.csv", format!("name;city;age\n{rows}y;B;70\n"));
}

fn rule(report: &Value, name: &str) -> Value {
    report["gate"].as_array().unwrap().iter().find(|rule| rule["rule"] == name).unwrap().clone()
}

fn run(folder: &Folder, code: i32) -> crate::support::Ran {
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json", "--quiet"]).expect(code)
}

#[test]
fn the_highest_share_of_a_class_is_told_and_the_journalist_knows_the_population() {
    let folder = folder("");
    residents(&folder, 16, 5);
    let report = run(&folder, 0).json();
    let found = rule(&report, "membership");
    assert_eq!(found["status"], "pass", "{found}");
    assert_eq!(found["measured"], "highest 0.8000 of a population of 22; 0 classes over");
    let risk = rule(&report, "risk");
    assert!(risk["measured"].as_str().unwrap().contains("journalist 0.2000 (population of 22)"), "{risk}");
}

#[test]
fn a_class_that_is_all_of_its_population_is_refused_and_so_is_one_over_the_limit() {
    let folder = folder("");
    residents(&folder, 16, 4);
    let report = run(&folder, 1).json();
    assert_eq!(rule(&report, "membership")["measured"], "highest 1.0000 of a population of 21; 1 class over");
    let strict = self::folder("[gate]\npresence_at_most = \"50%\"");
    residents(&strict, 16, 5);
    assert_eq!(rule(&run(&strict, 1).json(), "membership")["status"], "fail");
}

#[test]
fn a_table_that_is_missing_or_lacks_a_column_stops_the_run_before_anything_is_read() {
    let folder = folder("");
    let told = run(&folder, 2).stderr();
    assert!(told.contains("residents.csv"), "{told}");
    folder.write("residents.csv", "city;name\nA;x\n");
    let told = run(&folder, 2).stderr();
    assert!(told.contains("`age`") && told.contains("residents.csv"), "{told}");
    assert!(!folder.files().iter().any(|name| name.starts_with("out")), "{:?}", folder.files());
}
