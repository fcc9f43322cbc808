//! What people read is guarded: the plan of every ready profile, the help of every verb, the schema. `OUTIS_UPDATE=1`
//! writes the files again; a reviewer reads the difference.

use crate::support::Folder;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn compare(name: &str, found: &str) -> Result<(), String> {
    let path = root().join("tests/snapshots").join(name);
    if std::env::var_os("OUTIS_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let line = expected.lines().zip(found.lines()).position(|(one, other)| one != other);
    let line = line.unwrap_or(expected.lines().count().min(found.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("<end>").to_owned();
    Err(format!("{name}, line {}:\n  expected {}\n  found    {}", line + 1, at(&expected), at(found)))
}

/// Profiles below a folder.
fn profiles(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    found.sort();
    assert!(found.len() >= 6);
    found
}

#[test]
fn plans_of_ready_profiles_are_as_reviewed() {
    let folder = Folder::new();
    let mut wrong = Vec::new();
    for profile in profiles(&root().join("profiles")) {
        let name = profile.file_stem().unwrap().to_string_lossy().into_owned();
        let copy = with_key(&folder, &profile);
        let plan = folder.outis(&["explain", &copy, "--quiet"]).expect(0).stdout();
        wrong.extend(compare(&format!("explain-{name}.txt"), &plan).err());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A copy of the profile beside the key file that it names, if it names one.
fn with_key(folder: &Folder, profile: &Path) -> String {
    let text = std::fs::read_to_string(profile).unwrap();
    let name = profile.file_name().unwrap().to_string_lossy().into_owned();
    let table: toml::Table = text.parse().unwrap();
    if let Some(key) = table.get("keys").and_then(|keys| keys.get("file")).and_then(toml::Value::as_str) {
        if !folder.join(key).exists() {
            folder.outis(&["keygen", key]).expect(0);
        }
    }
    folder.write(&name, text);
    name
}

#[test]
fn examples_of_ready_profiles_hold() {
    let folder = Folder::new();
    for profile in profiles(&root().join("profiles")) {
        let copy = with_key(&folder, &profile);
        let ran = folder.outis(&["test", &copy, "--json"]).expect(0);
        assert!(ran.json()[0]["examples"].as_u64().unwrap() >= 3, "{copy}");
    }
}

#[test]
fn ready_profiles_are_told_with_their_readers_their_promise_and_its_limit() {
    let text = std::fs::read_to_string(root().join("profiles/README.md")).unwrap();
    let words = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs: Vec<String> = text.split("\n\n").map(words).collect();
    for profile in profiles(&root().join("profiles")) {
        let name = profile.file_name().unwrap().to_string_lossy().into_owned();
        let begin = format!("**{name}** is for ");
        let found: Vec<&String> = paragraphs.iter().filter(|paragraph| paragraph.starts_with(&begin)).collect();
        let [paragraph] = found[..] else { panic!("{name} has {} paragraphs", found.len()) };
        for part in [". It promises ", ". It does not "] {
            assert!(paragraph.contains(part), "the paragraph of {name} lacks {part:?}");
        }
    }
    for named in paragraphs.iter().filter_map(|paragraph| paragraph.strip_prefix("**")?.split_once(".toml** ")) {
        assert!(root().join(format!("profiles/{}.toml", named.0)).is_file(), "{} is told and not there", named.0);
    }
}

#[test]
fn ready_profiles_for_the_sample_release_it_and_the_release_verifies() {
    let folder = Folder::new();
    folder.outis(&["sample", "--rows", "100000", "--output", "in.csv"]).expect(0);
    let header = folder.read("in.csv").lines().next().unwrap().to_owned();
    let mut released = 0;
    for profile in profiles(&root().join("profiles")) {
        let table: toml::Table = std::fs::read_to_string(&profile).unwrap().parse().unwrap();
        let names = table["column"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap());
        if names.collect::<Vec<_>>().join(",") != header {
            continue;
        }
        let copy = with_key(&folder, &profile);
        let report =
            folder.outis(&["run", &copy, "-i", "in.csv", "-o", &format!("{copy}.out"), "--json"]).expect(0).json();
        assert_eq!(report["status"], "published");
        folder.outis(&["verify", &format!("{copy}.out"), "--unsigned"]).expect(0);
        released += 1;
    }
    assert!(released >= 3, "{released} of the ready profiles are for the sample");
}

#[test]
fn help_is_as_reviewed() {
    let folder = Folder::new();
    let mut wrong = Vec::new();
    let verbs = [
        "",
        "run",
        "explain",
        "check",
        "test",
        "verify",
        "approve",
        "clean",
        "sample",
        "operators",
        "types",
        "presets",
        "schema",
        "completions",
        "keygen",
        "log",
        "record",
    ];
    for verb in verbs {
        let arguments: Vec<&str> = if verb.is_empty() { vec!["--help"] } else { vec![verb, "--help"] };
        let help = folder.outis(&arguments).expect(0).stdout();
        let name = if verb.is_empty() { "outis" } else { verb };
        wrong.extend(compare(&format!("help-{name}.txt"), &help).err());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn lists_and_schema_are_as_reviewed() {
    let folder = Folder::new();
    let mut wrong = Vec::new();
    for verb in ["operators", "types"] {
        wrong.extend(compare(&format!("{verb}.txt"), &folder.outis(&[verb]).expect(0).stdout()).err());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let schema = folder.outis(&["schema"]).expect(0).stdout();
    let file = std::fs::read_to_string(root().join("profiles/profile.schema.json")).unwrap();
    assert_eq!(schema.trim(), file.trim(), "profiles/profile.schema.json is what `outis schema` prints");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(folder.outis(&["completions", shell]).expect(0).stdout().contains("outis"));
    }
}

#[test]
fn the_readme_tells_every_operator() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| operator |")).skip(2);
    let told: Vec<&str> = table.take_while(|line| line.starts_with('|')).collect();
    let line =
        |info: &outis::transform::OperatorInfo| format!("| `{}` | {} | {} |", info.name, info.summary, info.iso_20889);
    assert_eq!(told, outis::transform::catalogue().iter().map(line).collect::<Vec<_>>());
}
