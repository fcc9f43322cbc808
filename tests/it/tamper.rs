//! A release that was changed is found, whatever was changed, and says with which code.

use crate::support::Folder;
use outis::evidence::{Checkpoint, Fault, PublicKey, SigningKey, SigningSuite, merkle};
use outis::random::Repeatable;
use outis::run::verify::{Trust, Verification, verify};
use outis::run::{Options, Progress};
use outis::secret::MasterKey;
use std::path::{Path, PathBuf};

const PROFILE: &str = r#"
name = "tamper"
version = "1"
goal = "anonymized"
tier = "trade"
purpose = "tests"
[provenance]
source = "dataset-17"
responsible = "role:data-office"
[privacy]
unit = "row"
k_anonymity = 2
suppress_at_most = "10%"
[output]
parts = 2
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "note"
role = "sensitive"
"#;

fn table() -> String {
    let mut text = String::from("id,city,note\n");
    for row in 0..120 {
        text.push_str(&format!("person-{row:04},{},{}\n", ["north", "south", "west"][row % 3], row % 7));
    }
    text.push_str("person-9999,alone,1\n");
    text
}

/// A folder with a release `name`, signed by the keys of these files.
fn release(folder: &Folder, name: &str, keys: &[&str]) {
    folder.write("in.csv", table());
    folder.write("tamper.toml", PROFILE);
    // by the program: the gate looks at all files that the process has open, and tests share theirs
    let mut arguments = vec!["run", "tamper.toml", "-i", "in.csv", "-o", name, "--threads", "1", "--quiet"];
    keys.iter().for_each(|key| arguments.extend(["--sign", key]));
    folder.outis(&arguments).expect(0);
}

fn key(folder: &Folder, name: &str, suite: SigningSuite) -> PublicKey {
    let key = SigningKey::generate(suite, Some("example.org/test")).unwrap();
    key.write_new(&folder.join(name)).unwrap();
    key.public().clone()
}

fn check(path: &Path, trust: &Trust) -> Verification {
    verify(path, trust, &Options { threads: 1, ..Options::default() }, &Progress::default()).unwrap()
}

fn codes(found: &Verification) -> Vec<&'static str> {
    found.findings.iter().map(|finding| finding.code).collect()
}

/// Every file of a release with its bytes.
fn files(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![path.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push((path.clone(), std::fs::read(&path).unwrap())) }
        }
    }
    found.sort();
    found
}

#[test]
fn a_release_that_nobody_changed_holds() {
    let folder = Folder::new();
    let (one, two) = (key(&folder, "k1", SigningSuite::Ed25519), key(&folder, "k2", SigningSuite::Sm2));
    release(&folder, "out", &["k1", "k2"]);
    for trust in [vec![one.clone()], vec![two.clone()], vec![one.clone(), two]] {
        let labels: Vec<String> = trust.iter().map(PublicKey::label).collect();
        let found = check(&folder.join("out"), &Trust::Keys(trust));
        assert!(found.holds, "{:?}", found.findings);
        assert_eq!((found.signed_by, found.rows, found.smallest_class), (labels, Some(120), Some(40)));
    }
    assert!(check(&folder.join("out"), &Trust::Nobody).holds);
    // without a key it says so
    release(&folder, "bare", &[]);
    assert!(!folder.join("bare/KEYS").exists());
    let found = check(&folder.join("bare"), &Trust::Nobody);
    assert!(found.holds, "{:?}", found.findings);
    let found = check(&folder.join("bare"), &Trust::Keys(vec![one]));
    assert_eq!(codes(&found)[0], Fault::Unsigned.code());
    // a stranger's key
    let other = key(&folder, "k3", SigningSuite::Ed25519);
    let found = check(&folder.join("out"), &Trust::Keys(vec![other]));
    assert!(!found.holds && codes(&found)[0] == Fault::Untrusted.code(), "{:?}", found.findings);
}

/// Changes a file, looks for a code, and puts it back.
fn expect(root: &Path, trust: &Trust, file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>, fault: Fault) {
    let path = root.join(file);
    let before = std::fs::read(&path).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after, "{file}: nothing changed");
    std::fs::write(&path, after).unwrap();
    let found = check(root, trust);
    std::fs::write(&path, before).unwrap();
    assert!(!found.holds && codes(&found).contains(&fault.code()), "{file}: {fault:?} not in {:?}", found.findings);
}

fn replaced(from: &'static str, to: &'static str) -> impl FnOnce(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        text.replacen(from, to, 1).into_bytes()
    }
}

/// The lines of a file, changed.
fn lines(change: impl FnOnce(&mut Vec<String>)) -> impl FnOnce(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let mut lines: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
        change(&mut lines);
        (lines.join("\n") + "\n").into_bytes()
    }
}

#[test]
fn each_kind_of_change_is_found_with_its_code() {
    let folder = Folder::new();
    let public = key(&folder, "k1", SigningSuite::Ed25519);
    key(&folder, "k2", SigningSuite::Ed25519);
    for (name, keys) in [("out", ["k1"]), ("other", ["k1"]), ("forged", ["k2"])] {
        release(&folder, name, &keys);
    }
    let (root, trust) = (folder.join("out"), Trust::Keys(vec![public]));
    assert!(check(&root, &trust).holds);
    let log = "evidence/log.jsonl";
    let count = folder.read("out/evidence/log.jsonl").lines().count();
    for at in 0..count {
        for fault in [Fault::Root, Fault::LogSequence] {
            if (at, fault) != (count - 1, Fault::LogSequence) {
                expect(&root, &trust, log, lines(|lines| drop(lines.remove(at))), fault);
            }
            expect(&root, &trust, log, lines(|lines| lines.insert(at, lines[at].clone())), fault);
            if at > 0 {
                expect(&root, &trust, log, lines(|lines| lines.swap(at - 1, at)), fault);
            }
        }
        expect(&root, &trust, log, lines(|lines| lines.truncate(at)), Fault::Unsealed);
        expect(&root, &trust, log, lines(|lines| lines[at].insert(1, ' ')), Fault::LogLine);
    }
    let other = |file: &str| std::fs::read(folder.join("other").join(file)).unwrap();
    let forged = |file: &str| std::fs::read(folder.join("forged").join(file)).unwrap();
    for (file, change, fault) in [
        ("evidence/checkpoint", other("evidence/checkpoint"), Fault::OtherLog),
        (log, other(log), Fault::Root),
        ("evidence/certificate.json", other("evidence/certificate.json"), Fault::Certificate),
        ("evidence/gates.json", other("evidence/gates.json"), Fault::GateStatement),
        ("evidence/times.jsonl", other("evidence/times.jsonl"), Fault::Times),
        ("evidence/report.json", other("evidence/report.json"), Fault::Report),
        ("data/part-00000.csv", other("data/part-00000.csv"), Fault::FileChanged),
        ("evidence/certificate.json", forged("evidence/certificate.json"), Fault::Untrusted),
        ("evidence/checkpoint", forged("evidence/checkpoint"), Fault::Untrusted),
        ("KEYS", forged("KEYS"), Fault::Untrusted),
    ] {
        expect(&root, &trust, file, |_| change, fault);
    }
    expect(&root, &trust, log, replaced("\"rows_in\":121", "\"rows_in\":122"), Fault::Rows);
    expect(&root, &trust, log, replaced("\"custody\":\"ephemeral\"", "\"custody\":\"file\""), Fault::KeyLife);
    expect(&root, &trust, log, replaced("\"status\":\"pass\"", "\"status\":\"fail\""), Fault::Gate);
    expect(&root, &trust, log, replaced("\"smallest_class\":40,\"u", "\"smallest_class\":41,\"u"), Fault::Models);
    expect(&root, &trust, "evidence/report.json", replaced("\"suppressed\": 1", "\"suppressed\": 0"), Fault::Report);
    expect(
        &root,
        &trust,
        "evidence/report.json",
        replaced("\"suppressed\": 1", "\"suppressed\": 0"),
        Fault::FileChanged,
    );
    expect(&root, &trust, "evidence/report.html", replaced("120", "121"), Fault::FileChanged);
    expect(&root, &trust, "evidence/plan.txt", replaced("k", "K"), Fault::Plan);
    expect(&root, &trust, "evidence/times.jsonl", replaced("\"wall\":\"20", "\"wall\":\"19"), Fault::Times);
    expect(&root, &trust, "data/part-00000.csv", replaced("north", "south"), Fault::Models);
    expect(&root, &trust, "data/part-00000.csv", replaced("id,city", "id,town"), Fault::Columns);
    expect(&root, &trust, "data/part-00001.csv", lines(|lines| drop(lines.pop())), Fault::Counts);
    expect(&root, &trust, "data/part-00001.csv", lines(|lines| lines[1].push_str(",more")), Fault::Unreadable);
    // files that come and go, and one that is none
    folder.write("out/data/more.csv", "x");
    assert_eq!(codes(&check(&root, &trust)), [Fault::FileUnplanned.code()]);
    std::fs::remove_file(root.join("data/more.csv")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", root.join("data/link\u{1b}[2J")).unwrap();
    let found = check(&root, &trust);
    assert_eq!(codes(&found), [Fault::FileUnplanned.code()]);
    assert!(!found.findings[0].file.as_ref().unwrap().contains('\u{1b}'), "nothing commands the terminal");
    std::fs::remove_file(root.join("data/link\u{1b}[2J")).unwrap();
    for (path, bytes) in files(&root) {
        std::fs::remove_file(&path).unwrap();
        let found = check(&root, &trust);
        assert!(!found.holds, "{} is missing", path.display());
        std::fs::write(&path, bytes).unwrap();
    }
    // a whole release of another maker
    let found = check(&folder.join("forged"), &trust);
    assert_eq!(codes(&found)[0], Fault::Untrusted.code());
}

#[test]
fn a_maker_who_lies_in_log_and_seal_is_found_out_by_the_data() {
    let folder = Folder::new();
    release(&folder, "out", &[]);
    let root = folder.join("out");
    let lied = folder
        .read("out/evidence/log.jsonl")
        .replace("\"classes\":3,\"smallest_class\":40,\"unique", "\"classes\":2,\"smallest_class\":60,\"unique")
        .replace(
            "\"highest_risk\":\"1/40\",\"average_risk\":\"3/120\"",
            "\"highest_risk\":\"1/60\",\"average_risk\":\"2/120\"",
        );
    assert_ne!(lied, folder.read("out/evidence/log.jsonl"));
    let mut tree = merkle::Tree::default();
    for line in lied.lines() {
        tree.push(line.as_bytes());
    }
    let before = Checkpoint::parse(&folder.read("out/evidence/checkpoint")).unwrap();
    folder.write("out/evidence/log.jsonl", &lied);
    folder.write("out/evidence/checkpoint", Checkpoint { root: tree.root(), ..before }.to_text());
    let found = check(&root, &Trust::Nobody);
    assert!(codes(&found).contains(&Fault::Models.code()), "{:?}", found.findings);
    assert!(!codes(&found).contains(&Fault::Root.code()), "the seal fits the lie");
}

/// Thousands of random changes to every file; none is missed.
#[test]
fn no_random_change_is_missed() {
    let folder = Folder::new();
    let public = key(&folder, "k1", SigningSuite::Ed25519);
    release(&folder, "out", &["k1"]);
    mutate(&folder.join("out"), &Trust::Keys(vec![public]), 2000);
}

/// The same for a release that a second person approved and that stands in an organisation's log, with a commitment to its source.
#[test]
fn no_random_change_of_an_approved_and_registered_release_is_missed() {
    let folder = Folder::new();
    let (maker, second) = (key(&folder, "k1", SigningSuite::Ed25519), key(&folder, "k2", SigningSuite::Sm2));
    key(&folder, "office", SigningSuite::Ed25519);
    folder.write("in.csv", table());
    folder.write("tamper.toml", PROFILE.replace("[privacy]", "[approval]\nrole = \"role:dpo\"\n[privacy]"));
    let logged = ["--org-log", "log", "--org-log-sign", "office", "--quiet"];
    let run = ["run", "tamper.toml", "-i", "in.csv", "-o", "out", "--threads", "1", "--sign", "k1", "--salt", "salt"];
    folder.outis(&[&run[..], &logged].concat()).expect(3);
    folder.outis(&[&["approve", "out", "--sign", "k2"], &logged[..]].concat()).expect(0);
    mutate(&folder.join("out"), &Trust::Keys(vec![maker, second]), 1000);
}

/// So many changes, spread over all files of a release.
fn mutate(root: &Path, trust: &Trust, least: u32) {
    let files = files(root);
    assert!(files.len() >= 11, "{}", files.len());
    let mut random = Repeatable::new(&MasterKey::insecure_from_test_seed(7).stream("tamper"), 0);
    let count: u32 = std::env::var("OUTIS_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(least);
    let mut by_code = std::collections::BTreeMap::new();
    for number in 0..count {
        let (path, before) = &files[number as usize % files.len()];
        let place = |random: &mut Repeatable, end: usize| random.below(u32::try_from(end).unwrap()) as usize;
        let at = place(&mut random, before.len());
        let mut after = before.clone();
        match number / files.len() as u32 % 8 {
            // every bit of every class of position
            0..=3 => after[at] ^= 1 << random.below(8),
            4 => after.truncate(at),
            5 => drop(after.remove(at)),
            6 => after.insert(at, before[place(&mut random, before.len())]),
            _ => {
                let end = at + place(&mut random, before.len() - at);
                after.splice(at..at, before[at..end].iter().copied());
            }
        }
        if after == *before {
            continue;
        }
        std::fs::write(path, &after).unwrap();
        let found = check(root, trust);
        assert!(!found.holds && !found.findings.is_empty(), "change {number} of {} at {at} is missed", path.display());
        *by_code.entry(found.findings[0].code).or_insert(0) += 1;
        std::fs::write(path, before).unwrap();
    }
    assert!(check(root, trust).holds, "all is as it was");
    eprintln!("{count} changes, none missed; by first code: {by_code:?}");
}
