//! `outis attack` on what careless tools release, on what outis releases, and on people who are in neither.

use crate::support::Folder;
use serde_json::Value;
use sha2::Digest as _;

const ROWS: usize = 1200;

/// A number that nobody can guess from another.
fn scattered(number: usize) -> usize {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20) as usize
}

/// Phone, ward, city and illness; the ward of number n has twice as many people as that of n + 1.
fn people(from: usize) -> Vec<[String; 4]> {
    (from..from + ROWS)
        .map(|at| {
            let ward = (0..8).find(|ward| scattered(at) % (2 << ward) >= (1 << ward)).unwrap_or(8);
            let city = ["north", "south", "west"][scattered(at + 50_000) % 3];
            let illness = ["flu", "cold", "burn", "cut", "gout", "ague"][scattered(at + 90_000) % 6];
            [format!("138{:08}", at * 7919), format!("ward {ward}"), city.to_owned(), illness.to_owned()]
        })
        .collect()
}

fn csv(rows: &[[String; 4]]) -> String {
    let rows: String = rows.iter().map(|row| row.join(",") + "\n").collect();
    format!("phone,ward,city,illness\n{rows}")
}

fn sha256(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(text))
}

fn attack(folder: &Folder, release: &str) -> Vec<Value> {
    let arguments = ["attack", release, "--original", "people.csv", "--control", "others.csv", "--json", "--quiet"];
    let known = ["--known", "city", "--secret", "illness", "--attacks", "100"];
    let found = folder.outis(&[&arguments[..], &known[..]].concat()).expect(0).json();
    found["attacks"].as_array().unwrap().clone()
}

fn found<'a>(attacks: &'a [Value], attack: &str, column: &str) -> &'a Value {
    let of = |one: &&Value| one["attack"] == attack && (one["columns"][0] == column || one["secret"] == column);
    attacks.iter().find(of).unwrap_or_else(|| panic!("no {attack} of {column} in {attacks:#?}"))
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("people.csv", csv(&people(0)));
    folder.write("others.csv", csv(&people(100_000)));
    folder
}

#[test]
fn careless_tools_are_seen_through() {
    let folder = folder();
    // an unkeyed hash cut to 64 bits, salted wards with the salt beside the data, rows in the order of the source
    let salt = "9f86d081884c7d65";
    let tool = |row: &[String; 4]| {
        [sha256(&row[0])[..16].to_owned(), sha256(&format!("{salt}{}", row[1])), row[2].clone(), row[3].clone()]
    };
    folder.write("release/data.csv", csv(&people(0).iter().map(tool).collect::<Vec<_>>()));
    folder.write("release/about.json", format!("{{\"salt\":\"{salt}\"}}"));
    let attacks = attack(&folder, "release");
    let phone = found(&attacks, "dictionary", "phone");
    assert_eq!((&phone["main"]["successes"], &phone["naive"]["successes"]), (&Value::from(100.0), &Value::from(0.0)));
    assert_eq!(phone["control"]["successes"], 0.0, "people who are not in it are not found");
    assert!(phone["risk"]["low"].as_f64().unwrap() > 0.9, "{phone}");
    assert_eq!(phone["by"], serde_json::json!(["sha256: digest of the value"]));
    let ward = found(&attacks, "dictionary", "ward");
    assert_eq!(ward["main"]["successes"].as_f64(), ward["main"]["attempts"].as_f64(), "{ward}");
    assert_eq!(ward["by"], serde_json::json!(["sha256: digest of salt and value"]));
    let order = found(&attacks, "row-order", "illness");
    assert!(order["risk"]["low"].as_f64().unwrap() > 0.9, "{order}");
    let frequency = found(&attacks, "frequency", "ward");
    assert!(frequency["main"]["rate"].as_f64().unwrap() > 0.8, "{frequency}");
    assert!(frequency["risk"]["low"].as_f64().unwrap() > 0.5 && frequency["beats_naive"] == true, "{frequency}");
}

#[test]
fn a_release_of_ours_gives_them_nothing() {
    let folder = folder();
    folder.write(
        "p.toml",
        r#"
name = "attacked"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
unit = "row"
k_anonymity = 5
[[column]]
name = "phone"
type = "cn.mobile"
role = "direct"
apply = { token = { domain = "phone" } }
[[column]]
name = "ward"
role = "direct"
apply = "drop"
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "illness"
role = "sensitive"
"#,
    );
    folder.outis(&["run", "p.toml", "-i", "people.csv", "-o", "out", "--quiet"]).expect(0);
    let attacks = attack(&folder, "out");
    let phone = found(&attacks, "dictionary", "phone");
    assert_eq!(phone["main"]["successes"], 0.0, "{phone}");
    assert_eq!(phone["by"], serde_json::json!([]));
    let order = found(&attacks, "row-order", "illness");
    // six illnesses: who takes any row of the city is right one time in six; alpha is far below one in a million
    let rate = order["main"]["rate"].as_f64().unwrap();
    assert!(rate < 0.45, "{order}");
    let frequency = found(&attacks, "frequency", "phone");
    assert!(frequency["main"]["rate"].as_f64().unwrap() < 0.3, "{frequency}");
}

#[test]
fn where_nothing_can_be_measured_no_number_is_told() {
    let folder = Folder::new();
    folder.write("people.csv", csv(&people(0)));
    folder.write("nobody.csv", csv(&[]));
    let attack = |rest: &[&str]| folder.outis(&[&["attack"], rest].concat()).expect(2).stderr();
    for (rest, told) in [
        (&["nobody.csv", "--original", "people.csv"][..], "`nobody.csv`: the table has no rows"),
        (&["people.csv", "--original", "nobody.csv"], "`nobody.csv`: the table has no rows"),
        (&["people.csv", "--original", "people.csv", "--control", "nobody.csv"], "`nobody.csv`: the table has no rows"),
        (&["people.csv", "--original", "people.csv", "--columns", "0"], "--columns"),
        (&["people.csv", "--original", "people.csv", "--attempts", "0"], "--attempts"),
        (
            &["people.csv", "--original", "people.csv", "--known", "city", "--secret", "city"],
            "nothing is left to guess",
        ),
        (&["people.csv", "--original", "-"], "standard input"),
        (&["-", "--original", "people.csv"], "standard input"),
    ] {
        let said = attack(rest);
        assert!(said.contains(told) && !said.contains("profile"), "{rest:?}: {said}");
    }
    // what is known beside the secret is what it is guessed from
    let both = ["--known", "city,ward", "--secret", "city", "--attacks", "20"];
    folder.outis(&[&["attack", "people.csv", "--original", "people.csv"][..], &both].concat()).expect(0);
}

#[test]
fn the_log_of_a_refused_run_is_not_read_as_a_table() {
    let folder = Folder::new();
    folder.write("people.csv", csv(&people(0)));
    let column = |name: &str| format!("[[column]]\nname = \"{name}\"\nrole = \"insensitive\"\n");
    let columns = ["phone", "ward", "city", "illness"].map(column).concat();
    folder
        .write("p.toml", format!("name = \"p\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"closed\"\n{columns}"));
    folder.outis(&["run", "p.toml", "-i", "people.csv", "-o", "out"]).expect(1);
    for place in ["out.refused", "out.refused/log.jsonl"] {
        let ran = folder.outis(&["attack", place, "--original", "people.csv"]).expect(2);
        assert!(ran.stderr().contains("the log of a run and no release"), "{}", ran.stderr());
    }
}
