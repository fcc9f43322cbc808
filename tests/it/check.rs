//! `outis check` against pycanon: equal where pycanon is right, right where it is not.

use crate::support::{Folder, shared};
use serde_json::Value;

fn close(found: &Value, expected: f64, what: &str) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

/// Measures `input` through the program.
fn check(folder: &Folder, input: &str, quasi: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["check", input, "--quasi", quasi, "--json", "--quiet"];
    arguments.extend(more);
    folder.outis(&arguments).expect(0).json()
}

fn names(list: &Value) -> String {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(",")
}

#[test]
fn every_case_of_pycanon_comes_out_with_its_value_or_the_right_one() {
    let (Some(oracle), Some(data)) = (shared("oracle/pycanon.json"), shared("data/pycanon")) else { return };
    let oracle: Value = serde_json::from_str(&std::fs::read_to_string(oracle).unwrap()).unwrap();
    let folder = Folder::new();
    let mut seen = (0, 0);
    for case in oracle["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let file = data.parent().unwrap().parent().unwrap().join(case["file"].as_str().unwrap());
        let sensitive = names(&case["sa"]);
        let mut more = vec!["--sensitive", &sensitive];
        if case["gen"] == false {
            more.push("--extended");
        }
        let found = check(&folder, file.to_str().unwrap(), &names(&case["qi"]), &more);
        let theirs = &case["pycanon"];
        assert_eq!(found["k_anonymity"], theirs["k"], "{name}");
        close(&found["alpha"], theirs["alpha"].as_f64().unwrap(), name);
        assert_eq!(found["distinct_l_diversity"], theirs["l"], "{name}");
        close(&found["basic_beta_likeness"], theirs["basic_beta"].as_f64().unwrap(), name);
        close(&found["delta_of_present_values"], theirs["delta"].as_f64().unwrap(), name);
        // entropy l is cut to a whole number by pycanon, and by its rounding one too low for some
        let entropy = found["entropy_l_diversity"].as_f64().unwrap();
        let cut = theirs["entropy_l"].as_f64().unwrap();
        assert!(entropy >= cut && entropy <= cut + 1.0, "{name}: {entropy} {cut}");
        // t by the type of the column: numbers ordered, words equal; the worst of all columns
        let columns = case["sa"].as_array().unwrap().iter().zip(case["sa_numeric"].as_array().unwrap());
        let t = columns.map(|(column, numeric)| {
            let distances = &found["sensitive"][column.as_str().unwrap()]["t_closeness"];
            distances[if numeric == true { "ordered" } else { "equal" }].as_f64().unwrap()
        });
        close(&Value::from(t.fold(0.0, f64::max)), theirs["t"].as_f64().unwrap(), name);
        seen.0 += 1;
        let Some(reference) = case["reference"].as_object() else { continue };
        assert_eq!(found["classes"], reference["n_classes"], "{name}");
        close(&found["entropy_l_diversity"], reference["entropy_l_float"].as_f64().unwrap(), name);
        // recursive (c,l): pycanon sorts the wrong way, the reference has the definition
        match reference["c_def"].as_f64() {
            Some(c) => close(&found["recursive_cl_diversity"]["c_above"], c, name),
            None => assert!(found["recursive_cl_diversity"]["c_above"].is_null(), "{name}"),
        }
        // delta-disclosure is infinite where a class lacks a value; pycanon leaves such values out
        match reference["delta_def"].as_f64() {
            Some(delta) => close(&found["delta_disclosure"], delta, name),
            None => assert_eq!(found["delta_disclosure"], "infinite", "{name}"),
        }
        // enhanced beta is a limit for every value; pycanon gives a number where there is none
        match reference["enhanced_beta_def"].as_f64() {
            Some(beta) => close(&found["enhanced_beta_likeness"], beta, name),
            None => assert_eq!(found["enhanced_beta_likeness"], "infinite", "{name}"),
        }
        let metrics = &case["metrics"];
        close(&found["classification_metric"], metrics["CM"].as_f64().unwrap(), name);
        close(&found["average_class"], metrics["sizes_ec"]["mean_ec"].as_f64().unwrap(), name);
        close(&found["discernibility"], metrics["DM_no_suppression"].as_f64().unwrap(), name);
        close(&found["risk"]["prosecutor"]["highest"], metrics["max_rir"].as_f64().unwrap(), name);
        close(&found["entropy_nats"], metrics["sa_entropy_nats"][0].as_f64().unwrap(), name);
        seen.1 += 1;
    }
    assert_eq!(seen, (23, 19));
}

/// Rows of a quasi-identifier and a sensitive cell.
fn table(folder: &Folder, rows: &[(&str, &str)]) {
    let lines: String = rows.iter().map(|(quasi, ill)| format!("{quasi},{ill}\n")).collect();
    folder.write("t.csv", format!("q,s\n{lines}"));
}

fn measured(rows: &[(&str, &str)]) -> Value {
    let folder = Folder::new();
    table(&folder, rows);
    check(&folder, "t.csv", "q", &["--sensitive", "s"])
}

#[test]
fn a_row_whose_only_quasi_identifier_is_missing_counts() {
    // pycanon drops it and reports 2
    let found = measured(&[("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("", "x")]);
    assert_eq!((found["k_anonymity"].as_u64(), found["rows"].as_u64()), (Some(1), Some(5)));
}

#[test]
fn the_order_of_rows_changes_nothing() {
    // pycanon mistakes row labels for row numbers
    let rows = [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y"), ("c", "x"), ("c", "x")];
    let mut turned = rows;
    turned.reverse();
    assert_eq!(measured(&rows), measured(&turned));
    assert_eq!(measured(&rows)["distinct_l_diversity"], 1);
}

#[test]
fn entropy_l_of_equally_frequent_values_is_their_number() {
    for n in [2, 3, 4, 6, 7, 10] {
        let values: Vec<String> = (0..n).map(|value| format!("v{value}")).collect();
        let rows: Vec<(&str, &str)> = values.iter().map(|value| ("a", value.as_str())).collect();
        close(&measured(&rows)["entropy_l_diversity"], f64::from(n), "pycanon is one too low for most");
    }
}

#[test]
fn recursive_diversity_takes_the_most_frequent_value_first() {
    let rows: Vec<(&str, &str)> = [("x", 7), ("y", 2), ("z", 1)]
        .iter()
        .flat_map(|&(value, count)| std::iter::repeat_n(("a", value), count))
        .collect();
    let found = measured(&rows);
    assert_eq!(found["recursive_cl_diversity"]["l"], 3);
    close(&found["recursive_cl_diversity"]["c_above"], 7.0, "pycanon says 1");
}

#[test]
fn sensitive_columns_of_one_value_of_nulls_and_of_dates_are_measured() {
    // each of the three is an exception in pycanon
    let one = measured(&[("a", "5"), ("b", "5")]);
    close(&one["t_closeness"]["equal"], 0.0, "one value");
    let nulls = measured(&[("a", "x"), ("a", ""), ("b", "x"), ("b", "")]);
    assert_eq!(nulls["distinct_l_diversity"], 2);
    let dates = measured(&[("a", "2001-01-01"), ("a", "2003-01-01"), ("b", "2002-01-01"), ("b", "2003-01-01")]);
    close(&dates["t_closeness"]["ordered"], 0.125, "three dates in order");
}

#[test]
fn risks_estimates_wildcards_and_separating_columns_are_told() {
    let folder = Folder::new();
    folder.write("t.csv", "q,r\na,1\na,1\n*,1\nb,2\n");
    folder.write("all.csv", "q,r\na,1\na,1\na,1\nb,2\nb,2\nb,2\nb,2\n*,1\n");
    let found = check(&folder, "t.csv", "q,r", &["--population", "1_000", "--threshold", "0.4"]);
    assert_eq!(found["wildcard"], serde_json::json!({ "classes": 1, "k_anonymity": 1, "rows": 1 }));
    close(&found["risk"]["prosecutor"]["share_at_risk"], 1.0, "1/2 and 1/1 are above");
    close(&found["risk"]["journalist"]["share_at_risk"], 0.0, "250 people stand behind each");
    assert_eq!(found["k_map"], 250);
    assert_eq!(found["population_uniqueness"]["population"], 1000);
    assert!(found["population_uniqueness"]["zayatz"]["share"].as_f64().unwrap() > 0.0);
    let most = &found["separation"][0];
    assert_eq!(most["columns"], serde_json::json!(["q"]), "alone as good as with the other");
    close(&most["unique_share"], 0.5, "two of four rows");
    let by_table = check(&folder, "t.csv", "q,r", &["--population", "all.csv"]);
    close(&by_table["risk"]["journalist"]["highest"], 1.0, "the suppressed cell is a value of its own");
    assert_eq!(by_table["risk"]["population"], 8);
}

#[test]
fn models_of_a_profile_are_asked_of_the_table() {
    let folder = Folder::new();
    folder.write(
        "p.toml",
        "name = \"p\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"closed\"\n[[column]]\nname = \"q\"\nrole = \"quasi\"\n\
         [[column]]\nname = \"s\"\nrole = \"sensitive\"\n[privacy]\nk_anonymity = 2\nl_diversity = { of = \"s\", distinct = 2 }\n",
    );
    table(&folder, &[("a", "x"), ("a", "y"), ("b", "x"), ("b", "x")]);
    let ran = folder.outis(&["check", "t.csv", "--profile", "p.toml", "--json"]).expect(1);
    let models = ran.json()["models"].clone();
    assert_eq!((&models[0]["holds"], &models[1]["holds"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!((&models[1]["of"], &models[1]["failing_rows"]), (&Value::from("s"), &Value::from(2)));
    assert!(ran.stderr().contains("at least 2 different values: does not hold"), "{}", ran.stderr());
    // numbers stand below their heads
    let told = ran.stderr();
    let mut lines = told.lines().skip_while(|line| !line.starts_with("  members"));
    let (head, first) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(head.len(), first.len(), "{told}");
    assert_eq!(first.split_whitespace().collect::<Vec<_>>(), ["1", "0", "0"], "{told}");
}

#[test]
fn models_are_listed_with_what_they_do_not_promise() {
    let folder = Folder::new();
    let listed = folder.outis(&["models", "--json"]).expect(0).json();
    assert!(listed.as_array().unwrap().len() >= 16);
    let text = folder.outis(&["models"]).expect(0).stdout();
    for model in listed.as_array().unwrap() {
        for key in ["name", "promise", "not", "source"] {
            assert!(text.contains(model[key].as_str().unwrap()), "{model}");
        }
    }
}

#[test]
fn tables_without_a_header_and_with_other_quotes_are_read_as_they_are_declared() {
    let folder = Folder::new();
    let profile = "name = \"x\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"trade\"\n[privacy]\nk_anonymity = 2\n\
        [[column]]\nname = \"id\"\nrole = \"direct\"\napply = \"drop\"\n[[column]]\nname = \"city\"\nas = \"town\"\nrole = \"quasi\"\n\
        [[column]]\nname = \"note\"\nrole = \"sensitive\"\n";
    folder.write("p.toml", profile);
    folder.write("plain.csv", "'a, b',1\n'a, b',2\nc,3\nc,4\n");
    let check = ["check", "plain.csv", "--no-header", "--quote", "'"];
    let found = folder.outis(&[&check[..], &["--profile", "p.toml", "--json"]].concat()).expect(0).json();
    assert_eq!(
        (&found["quasi"][0], found["rows"].as_u64(), found["k_anonymity"].as_u64()),
        (&"town".into(), Some(4), Some(2))
    );
    let told = folder.outis(&[&check[..], &["--quasi", "town"]].concat()).expect(2).stderr();
    assert!(told.contains("--no-header needs --profile"), "{told}");
    let told = folder.outis(&["check", "plain.csv", "--quasi", "x", "--quote", "''"]).expect(2).stderr();
    assert!(told.contains("--quote takes one ASCII character"), "{told}");
    // and a run
    folder.write("in.csv", "id,city,note\n1,'a, b',x\n2,'a, b',y\n");
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--quote", "'", "--quiet"]).expect(0);
    assert!(folder.read("out/data/part-00000.csv").contains("\"a, b\""));
    folder.write("bare.csv", "id,city,note\n1,\"a,x\n2,\"a,y\n");
    folder.outis(&["run", "p.toml", "-i", "bare.csv", "-o", "bare", "--quote", "none", "--quiet"]).expect(0);
}
