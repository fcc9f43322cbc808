//! Two releases of one population, each harmless alone: the ledger sees what they say together.

use crate::support::Folder;

/// Profile of a table of `id`, `age`, `city`, `illness`; ages in bands of ten years.
fn profile(name: &str, goal: &str, more: &str) -> String {
    format!(
        "name = \"{name}\"\nversion = \"1\"\ngoal = \"{goal}\"\ntier = \"trade\"\n{more}\n\
         [privacy]\nunit = \"row\"\nk_anonymity = 2\n\
         [ledger]\npopulation = \"residents\"\nvalues_left = 2\n\
         [[column]]\nname = \"id\"\nrole = \"direct\"\napply = {{ token = {{ domain = \"person\" }} }}\n\
         [[column]]\nname = \"age\"\nrole = \"quasi\"\ngeneralize = {{ interval = {{ steps = [10] }} }}\nlevel = 1\n\
         [[column]]\nname = \"city\"\nrole = \"quasi\"\n\
         [[column]]\nname = \"illness\"\nrole = \"sensitive\"\n"
    )
}

const JANUARY: &str =
    "id,age,city,illness\n1,21,A,HIV\n2,22,A,flu\n3,23,A,cold\n4,31,B,flu\n5,32,B,cold\n6,33,B,burn\n";
/// Person 1 came again, with others: of the classes' values only HIV is in both.
const FEBRUARY: &str =
    "id,age,city,illness\n1,21,A,HIV\n7,24,A,burn\n8,25,A,cut\n4,31,B,flu\n5,32,B,cold\n9,35,B,burn\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("january.csv", JANUARY);
    folder.write("february.csv", FEBRUARY);
    folder.write("a.toml", profile("a", "anonymized", ""));
    folder.outis(&["keygen", "ledger.key", "--quiet"]).expect(0);
    folder.outis(&["ledger", "init", "ledger", "--key", "ledger.key", "--quiet"]).expect(0);
    folder
}

fn run(folder: &Folder, profile: &str, input: &str, output: &str) -> crate::support::Ran {
    let ledger = ["--ledger", "ledger", "--ledger-key", "ledger.key"];
    let run = ["run", profile, "--input", input, "--output", output, "--json", "--quiet"];
    folder.outis(&[&run[..], &ledger[..]].concat())
}

fn listed(folder: &Folder) -> Vec<(String, String)> {
    let list = folder.outis(&["ledger", "list", "ledger", "--key", "ledger.key", "--json", "--quiet"]).expect(0).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    list["releases"].as_array().unwrap().iter().map(|one| (text(&one["population"]), text(&one["state"]))).collect()
}

#[test]
fn a_second_release_that_breaks_diversity_together_with_the_first_is_refused_and_does_not_enter() {
    let folder = folder();
    run(&folder, "a.toml", "january.csv", "one").expect(0);
    assert_eq!(listed(&folder), [("residents".to_owned(), "published".to_owned())]);
    let refused = run(&folder, "a.toml", "february.csv", "two").expect(1);
    assert!(!folder.join("two").exists());
    let log = folder.read("two.refused/log.jsonl");
    assert!(log.contains("earlier-classes") && log.contains("1 left over 1 earlier releases by age, city"), "{log}");
    assert!(refused.stdout().contains("earlier-classes"));
    assert_eq!(listed(&folder).len(), 1, "what did not leave is not in the ledger");
    // the same people again tell nothing new; and February alone would have left
    run(&folder, "a.toml", "january.csv", "three").expect(0);
    assert_eq!(listed(&folder).len(), 2);
    folder.write("other.toml", profile("b", "anonymized", "").replace("residents", "others"));
    run(&folder, "other.toml", "february.csv", "four").expect(0);
}

#[test]
fn the_ledger_holds_no_value_and_no_token() {
    let folder = folder();
    run(&folder, "a.toml", "january.csv", "one").expect(0);
    let ledger = folder.read("ledger");
    let data = folder.files().into_iter().find(|name| name.starts_with("one/data/")).unwrap();
    for row in folder.read(&data).lines().skip(1) {
        for cell in row.split(',').filter(|cell| cell.len() > 3) {
            assert!(!ledger.contains(cell), "{cell}");
        }
    }
}

#[test]
fn tokens_of_a_key_that_was_kept_are_seen_again() {
    let folder = folder();
    folder.outis(&["keygen", "tokens.key", "--quiet"]).expect(0);
    let keys = |release: &str| format!("[keys]\nfile = \"tokens.key\"\nrelease = \"{release}\"");
    folder.write("kept.toml", profile("kept", "deidentified", &keys("all")));
    run(&folder, "kept.toml", "january.csv", "one").expect(0);
    // the key holder may link within a domain; a release that promises that nobody can may not
    let linked = run(&folder, "kept.toml", "january.csv", "two").expect(0);
    assert!(linked.stdout().contains("earlier-tokens"));
    folder.write("elsewhere.toml", profile("kept", "deidentified", &keys("all")).replace("\"person\"", "\"patient\""));
    run(&folder, "elsewhere.toml", "january.csv", "three").expect(0);
    let seeded = |output: &str| {
        let run = ["run", "a.toml", "--input", "january.csv", "--output", output, "--json", "--quiet"];
        let more = ["--ledger", "ledger", "--ledger-key", "ledger.key", "--insecure-test-seed", "7"];
        folder.outis(&[&run[..], &more[..]].concat())
    };
    seeded("four").expect(0);
    std::fs::remove_dir_all(folder.join("four")).unwrap();
    // a key that is made again makes the tokens again
    let run = ["run", "b.toml", "--input", "january.csv", "--output", "five", "--json", "--quiet"];
    folder.write("b.toml", profile("a", "anonymized", "").replace("version = \"1\"", "version = \"2\""));
    let more = ["--ledger", "ledger", "--ledger-key", "ledger.key", "--insecure-test-seed", "7"];
    let again = folder.outis(&[&run[..], &more[..]].concat()).expect(1);
    assert!(again.stdout().contains("earlier-tokens"));
    assert!(folder.read("five.refused/log.jsonl").contains("6 shared"), "all six");
}

#[test]
fn a_ledger_that_is_asked_for_must_be_given_and_hold() {
    let folder = folder();
    let without = folder.outis(&["run", "a.toml", "--input", "january.csv", "--output", "out"]).expect(2);
    assert!(without.stderr().contains("--ledger"));
    folder.write(
        "plain.toml",
        profile("a", "anonymized", "").replace("[ledger]\npopulation = \"residents\"\nvalues_left = 2\n", ""),
    );
    run(&folder, "plain.toml", "january.csv", "out").expect(2);
    folder.outis(&["keygen", "other.key", "--quiet"]).expect(0);
    folder.outis(&["ledger", "list", "ledger", "--key", "other.key"]).expect(2);
    std::fs::write(folder.join("ledger"), folder.read("ledger").replace("\"version\":1", "\"version\":2")).unwrap();
    run(&folder, "a.toml", "january.csv", "out").expect(2);
    assert!(!folder.join("out").exists());
}

#[test]
fn a_ledger_is_made_over_nothing() {
    let folder = Folder::new();
    folder.outis(&["keygen", "key"]).expect(0);
    folder.write("kept", "text");
    let ran = folder.outis(&["ledger", "init", "kept", "--key", "key"]).expect(2);
    assert!(ran.stderr().contains("the target exists already") && ran.stderr().contains("hint: "), "{}", ran.stderr());
    assert_eq!(folder.read("kept"), "text");
}
