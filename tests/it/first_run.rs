//! What README shows first: a release of made-up records, in one command.

use crate::support::{Folder, Ran, program};

/// The words behind `cargo run … --` in README's first command.
fn command() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("cargo run --release -- ")).unwrap();
    line.split(" # ").next().unwrap().split_whitespace().map(str::to_owned).collect()
}

/// Runs it in a folder with the profile that it names, and with a folder of its own for what is temporary.
fn run(words: &[String]) -> (Folder, Ran) {
    let folder = Folder::new();
    let profile = words.iter().find(|word| word.ends_with(".toml")).unwrap();
    folder.write(profile, std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/quickstart.toml")).unwrap());
    std::fs::create_dir(folder.join("tmp")).unwrap();
    let output = program().args(words).current_dir(folder.path()).env("TMPDIR", folder.join("tmp")).output().unwrap();
    (folder, Ran(output))
}

fn is_empty(folder: &Folder) -> bool {
    std::fs::read_dir(folder.join("tmp")).unwrap().next().is_none()
}

#[test]
fn the_first_command_of_the_readme_releases_made_up_records_and_shows_them() {
    let words = command();
    assert_eq!(words[..3], ["run", "profiles/quickstart.toml", "--sample"]);
    assert_eq!(words[4..], ["--output", "my-release"]);
    let (folder, ran) = run(&words);
    let ran = ran.expect(0);
    let told = ran.stderr();
    let lines: Vec<&str> = told.lines().map(str::trim).collect();
    let below = |title: &str| {
        let at = lines.iter().position(|line| *line == title).unwrap_or_else(|| panic!("no {title:?} in {told}"));
        &lines[at + 1..at + 5]
    };
    let before = below("made-up records");
    let after = below("released (in another order)");
    assert_eq!(before[0], "id_no,name,phone,email,gender,birth,postcode,amount,diagnosis");
    assert_eq!(after[0], "id_no,phone,gender,birth,postcode,amount,diagnosis");
    let sample = ["sample", "--rows", &words[3]];
    let sample = folder.outis(&sample).expect(0).stdout();
    assert_eq!(before[1..], sample.lines().skip(1).take(3).collect::<Vec<_>>(), "they are those of `outis sample`");
    let data = folder.read("my-release/data/part-00000.csv");
    assert_eq!(after, data.lines().take(4).collect::<Vec<_>>());

    // what was read and released, as the release has it
    let rows = lines.iter().find_map(|line| line.strip_prefix("rows ")).unwrap().trim();
    let report: serde_json::Value = serde_json::from_str(&folder.read("my-release/evidence/report.json")).unwrap();
    assert_eq!(report["rows"]["released"], data.lines().count() - 1);
    assert!(rows.starts_with(&format!("{} read, {} released", words[3], report["rows"]["released"])), "{rows}");
    assert!(lines.iter().any(|line| line.starts_with("published my-release in ")), "{told}");
    assert!(lines.iter().any(|line| line.ends_with("report in evidence/report.html")), "{told}");
    assert!(folder.read("my-release/evidence/report.html").starts_with("<!doctype html>"));
    folder.outis(&["verify", "my-release", "--unsigned"]).expect(0);
    assert!(is_empty(&folder), "the made-up records are gone");
}

#[test]
fn too_few_made_up_records_are_refused_with_what_to_do() {
    let mut words = command();
    words[3] = "20000".into();
    let (folder, ran) = run(&words);
    let told = ran.expect(1).stderr();
    assert!(told.contains("suppression does not hold: ") && told.contains("allowed at most "), "{told}");
    assert!(told.contains("hint: bring more rows, raise the `level` of a quasi-identifier, or allow more"), "{told}");
    assert!(!told.contains("made-up records"), "nothing is shown of a release that is none");
    assert!(!folder.join("my-release").exists() && folder.join("my-release.refused/log.jsonl").is_file());
    assert!(is_empty(&folder));
}

#[test]
fn made_up_records_are_read_as_they_are_made_whatever_the_profile_says_of_its_input() {
    let folder = Folder::new();
    let profile =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/quickstart.toml"))
            .unwrap();
    let other = "[input]\ndelimiter = \";\"\nquote = \"\"\nheader = false\nencoding = \"gb18030\"\n[[column]]";
    folder.write("p.toml", profile.replacen("[[column]]", other, 1));
    folder.outis(&["run", "p.toml", "--sample", "100000", "-o", "out", "--quiet"]).expect(0);
    let told = folder.outis(&["run", "p.toml", "--sample", "10", "--delimiter", ";", "-o", "two"]).expect(2).stderr();
    assert!(told.contains("--sample") && told.contains("--delimiter"), "{told}");
}
