//! `microaggregate` over several columns together, through the program: every released tuple stands for k rows, and is the same for any
//! number of threads; what is missing stays missing; what the groups cost is told.

use crate::support::Folder;
use serde_json::Value;
use std::collections::BTreeMap;

const K: u64 = 12;

/// A profile whose three numbers are grouped together.
fn profile(role: &str, k: u64, more: &str) -> String {
    let column = |name: &str, step: &str, more: &str| {
        format!(
            "[[column]]\nname = \"{name}\"\nrole = \"{role}\"\n{more}\
             apply = {{ microaggregate = {{ k = {k}, step = {step}, group = \"vitals\"{} }} }}\n",
            if name == "pulse" { ", with = \"median\"" } else { "" }
        )
    };
    format!(
        "name = \"vitals\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"trade\"\n[[column]]\nname = \"row\"\nrole = \"insensitive\"\n\
         [[column]]\nname = \"town\"\nrole = \"quasi\"\n{}{}{}{more}",
        column("weight", "0.01", "type = \"decimal\"\ninvalid = \"null\"\n"),
        column("height", "0.1", ""),
        column("pulse", "1", ""),
    )
}

/// Made-up people: weight goes with height; every twentieth has no weight, every thirtieth neither height nor pulse, three have a weight alone,
/// seven have nothing, and two weights are no numbers.
fn people(folder: &Folder, rows: u64) -> BTreeMap<String, [Option<f64>; 3]> {
    let (mut csv, mut people) = ("row,town,weight,height,pulse\n".to_owned(), BTreeMap::new());
    for at in 0..rows {
        let mixed = |by: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17).wrapping_mul(by) >> 40;
        let height = 150.0 + (mixed(3) % 450) as f64 / 10.0;
        let weight = ((height - 100.0 + (mixed(5) % 300) as f64 / 10.0) * 10.0).round() / 10.0;
        let pulse = 50 + mixed(7) % 60;
        let (mut weight, mut height, mut pulse) =
            (format!("{weight:.1}"), format!("{height:.1}"), format!("{pulse}{}", if at % 9 == 0 { ".0" } else { "" }));
        if at % 20 == 3 || (1000..1007).contains(&at) {
            weight.clear();
        }
        if at % 30 == 5 || (1000..1007).contains(&at) || (500..503).contains(&at) {
            height.clear();
        }
        if at % 30 == 5 || (1000..1007).contains(&at) {
            pulse.clear();
        }
        if at == 700 || at == 701 {
            weight = "heavy".into();
        }
        csv.push_str(&format!("{at},{},{weight},{height},{pulse}\n", at % 3));
        people.insert(at.to_string(), [&weight, &height, &pulse].map(|cell| cell.parse().ok()));
    }
    folder.write("people.csv", csv);
    people
}

fn records(text: &str) -> Vec<Vec<String>> {
    csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn run(folder: &Folder, target: &str, more: &[&str]) -> (Value, Vec<Vec<String>>) {
    let run = ["run", "p.toml", "--input", "people.csv", "--output", target, "--json"];
    let report = folder.outis(&[&run, more].concat()).expect(0).json();
    let rows = records(&folder.read(&format!("{target}/{}", report["files"][0]["name"].as_str().unwrap())));
    (report, rows)
}

#[test]
fn where_no_number_leaves_the_run_says_so() {
    let folder = Folder::new();
    people(&folder, 300);
    let told = |k: u64, target: &str| {
        folder.write("p.toml", profile("sensitive", k, "[privacy]\nk_anonymity = 11\n"));
        folder.outis(&["run", "p.toml", "--input", "people.csv", "--output", target]).expect(0).stderr()
    };
    assert!(!told(K, "some").contains("leaves"));
    let none = told(301, "none");
    for name in ["weight", "height", "pulse"] {
        assert!(none.contains(&format!("microaggregate: no number of `{name}` leaves")), "{none}");
    }
}

#[test]
fn every_released_tuple_stands_for_k_rows_and_what_is_missing_stays_missing() {
    let folder = Folder::new();
    let people = people(&folder, 3000);
    folder.write("p.toml", profile("sensitive", K, "[privacy]\nk_anonymity = 11\n"));
    let (report, rows) = run(&folder, "out", &[]);
    assert_eq!(rows.len(), 3000);
    let mut tuples: BTreeMap<&[String], Vec<&[Option<f64>; 3]>> = BTreeMap::new();
    let mut patterns: BTreeMap<[bool; 3], u64> = BTreeMap::new();
    people.values().for_each(|raw| *patterns.entry(raw.map(|cell| cell.is_some())).or_default() += 1);
    assert!(patterns.values().any(|rows| *rows < K) && patterns.len() > 4, "{patterns:?}");
    for row in &rows {
        let raw = &people[&row[0]];
        let enough = patterns[&raw.map(|cell| cell.is_some())] >= K;
        for (cell, raw) in row[2..].iter().zip(raw) {
            assert_eq!(!cell.is_empty(), raw.is_some() && enough, "a pattern of too few rows has no number");
        }
        tuples.entry(&row[2..]).or_default().push(raw);
    }
    // by definition: k rows share all three, and what they share is the mean or the middle one
    let grouped: Vec<_> = tuples.iter().filter(|(tuple, _)| tuple.iter().any(|cell| !cell.is_empty())).collect();
    assert!(grouped.len() > 100 && grouped.iter().all(|(_, raws)| raws.len() as u64 >= K), "{}", grouped.len());
    let mut apart = 0;
    for (tuple, raws) in &grouped {
        for column in 0..3 {
            let mut numbers: Vec<f64> = raws.iter().filter_map(|raw| raw[column]).collect();
            let Ok(shown) = tuple[column].parse::<f64>() else { continue };
            numbers.sort_by(f64::total_cmp);
            let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
            let (centre, step) = [(mean, 0.01), (mean, 0.1), (numbers[(numbers.len() - 1) / 2], 1.0)][column];
            // two groups may meet on the grid; then their tuple stands for both
            apart += u64::from((shown - centre).abs() > step / 2.0 + 1e-9);
        }
    }
    assert!(apart <= 2, "{apart} centres are none");
    // what it cost: squares around the centres over squares around the mean, by hand
    let told = report["microaggregated"].as_array().unwrap();
    for (column, name) in ["weight", "height", "pulse"].into_iter().enumerate() {
        let of = |row: &Vec<String>| people[&row[0]][column].map(|raw| (raw, row[2 + column].parse::<f64>().ok()));
        let pairs: Vec<(f64, Option<f64>)> = rows.iter().filter_map(of).collect();
        let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / pairs.len() as f64;
        let squares = |shown: bool| -> f64 {
            let to = |pair: &(f64, Option<f64>)| if shown { pair.1.unwrap_or(mean) } else { mean };
            pairs.iter().map(|pair| (pair.0 - to(pair)).powi(2)).sum()
        };
        let lost = squares(true) / squares(false) * 100.0;
        assert_eq!(told[column]["name"], name);
        let says: f64 = told[column]["lost"].as_str().unwrap().trim_end_matches('%').parse().unwrap();
        assert!((says - lost).abs() < 0.05 && lost < 20.0, "{name}: {says} and {lost}");
        assert!(told[column]["groups"].as_u64().unwrap() > 100);
    }
    let html = folder.read("out/evidence/report.html");
    assert!(html.contains("The numbers of <code>weight</code> are the centres of"));
    assert_eq!(report["invalid_cells"], 2);
    let rule = report["gate"].as_array().unwrap().iter().find(|rule| rule["rule"] == "rare-values").unwrap();
    let measured = rule["measured"].as_str().unwrap();
    assert!(rule["limit"].as_str().unwrap().contains("12"), "{rule}");
    assert!(
        measured.contains("`row`") && !["weight", "height", "pulse"].iter().any(|name| measured.contains(name)),
        "{rule}"
    );
    let plan = folder.read("out/evidence/plan.txt");
    assert!(
        plan.contains("mean of at least 12 near numbers, on multiples of 0.01, together with `height`, `pulse`"),
        "{plan}"
    );
    folder.outis(&["verify", "out", "--unsigned"]).expect(0);
}

#[test]
fn the_same_bytes_come_out_for_any_number_of_threads() {
    let folder = Folder::new();
    people(&folder, 3000);
    folder.write("p.toml", profile("sensitive", K, "[privacy]\nk_anonymity = 11\n"));
    let seed = ["--insecure-test-seed", "5", "--threads"];
    let first = run(&folder, "out-1", &[&seed[..], &["1"]].concat()).1;
    for threads in ["2", "8"] {
        assert_eq!(run(&folder, &format!("out-{threads}"), &[&seed[..], &[threads]].concat()).1, first);
    }
}

#[test]
fn quasi_identifiers_together_are_k_anonymous_by_their_groups_alone() {
    let folder = Folder::new();
    people(&folder, 2000);
    let all_there: String = folder
        .read("people.csv")
        .lines()
        .filter(|line| !line.contains(",,") && !line.ends_with(','))
        .fold(String::new(), |text, line| text + line + "\n");
    folder.write("people.csv", all_there.replace(",heavy,", ",80.0,"));
    let profile = profile("quasi", 7, "[privacy]\nk_anonymity = 7\n")
        .replace("name = \"town\"\nrole = \"quasi\"", "name = \"town\"\nrole = \"insensitive\"");
    folder.write("p.toml", profile.clone());
    let (report, rows) = run(&folder, "out", &[]);
    assert_eq!((&report["rows"]["suppressed"], rows.len()), (&0.into(), folder.read("people.csv").lines().count() - 1));
    assert!(
        report["risk"]["smallest_class"].as_u64().unwrap() >= 7 && report["risk"]["classes"].as_u64().unwrap() > 100
    );
    // one column alone would not do: each by itself leaves tuples of few
    folder.write("p.toml", profile.replace(", group = \"vitals\"", ""));
    let ran = folder.outis(&["run", "p.toml", "--input", "people.csv", "--output", "alone"]).expect(1);
    assert!(ran.stderr().contains("suppress"), "{}", ran.stderr());
    folder.write("p.toml", profile);
    let solved = folder.outis(&["solve", "p.toml", "--input", "people.csv", "--json"]).expect(0).json();
    assert_eq!(solved["suppressed_rows"], 0);
}

#[test]
fn too_few_rows_too_little_memory_and_what_cannot_be_together_are_told() {
    let folder = Folder::new();
    people(&folder, 60);
    let text = profile("sensitive", 61, "[privacy]\nk_anonymity = 11\n");
    folder.write("p.toml", text.clone());
    let (report, rows) = run(&folder, "few", &[]);
    assert!(rows.iter().all(|row| row[2..].iter().all(String::is_empty)), "a group of all would be too small");
    assert_eq!(
        (&report["microaggregated"][0]["groups"], &report["microaggregated"][0]["lost"]),
        (&0.into(), &"100.000%".into())
    );
    folder.write("p.toml", text.replace("k = 61, step = 1,", "k = 5, step = 1,"));
    let said = folder.outis(&["explain", "p.toml"]).expect(2).stderr();
    assert!(said.contains("column `pulse` has k 5, and column `weight` of its group has 61"), "{said}");
    folder.write("p.toml", text);
    let mut csv = "row,town,weight,height,pulse\n".to_owned();
    (0..150_000).for_each(|at| csv.push_str(&format!("{at},a,{},{},{}\n", at % 997, at % 1009, at % 13)));
    folder.write("people.csv", csv);
    let short = ["run", "p.toml", "--input", "people.csv", "--output", "small", "--memory", "16MiB"];
    let said = folder.outis(&short).expect(2).stderr();
    assert!(said.contains("microaggregated column") && said.contains("--memory"), "{said}");
    assert!(!folder.join("small").exists());
}
