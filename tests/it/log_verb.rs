//! `outis log`: the log of a run, also one that was refused, and of an organisation, as people look at them.

use crate::support::Folder;
use outis::evidence::{OrganisationEvent, OrganisationLog, Signer, SigningKey};

const PROFILE: &str = r#"
name = "small"
version = "1"
goal = "anonymized"
tier = "TIER"
[provenance]
responsible = "role:data-office"
[[column]]
name = "id"
role = "direct"
apply = { token = { domain = "person" } }
[[column]]
name = "=city"
as = "town"
role = "insensitive"
"#;

fn ran(tier: &str, code: i32) -> Folder {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE.replace("TIER", tier));
    folder.write("in.csv", "id,=city\na,x\nb,y\n");
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(code);
    folder
}

#[test]
fn a_log_is_shown_searched_and_exported() {
    let folder = ran("open", 0);
    let table = folder.outis(&["log", "out"]).expect(0).stdout();
    assert!(table.starts_with("place  time") && table.contains("run_sealed") && table.contains("role:data-office"));
    let of = |arguments: &[&str]| {
        let all = [&["log", "out", "--json"], arguments].concat();
        let found = folder.outis(&all).expect(0).json();
        let types = found["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned());
        assert_eq!(found["shown"], found["events"].as_array().unwrap().len());
        types.collect::<Vec<_>>()
    };
    assert_eq!(of(&["--type", "run_opened"]), ["run_opened"]);
    assert_eq!(of(&["--column", "town"]), ["schema_bound"]);
    assert_eq!(of(&["--stage", "goals"]), ["run_opened"]);
    assert_eq!(of(&["--rule", "rows"]), ["gate_result"]);
    let csv = folder.outis(&["log", "out", "--format", "csv"]).expect(0).stdout();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["place", "time", "stage", "type", "actor", "details"]);
    assert_eq!(reader.records().map(Result::unwrap).count(), of(&[]).len());
    let lineage = folder.outis(&["log", "out", "--format", "openlineage"]).expect(0).stdout();
    assert!(lineage.lines().last().unwrap().contains("\"COMPLETE\""));
}

#[test]
fn a_type_or_stage_that_no_event_has_is_a_slip_that_names_those_there_are() {
    let folder = ran("open", 0);
    folder.outis(&["keygen", "--signing", "ed25519", "--output", "key"]).expect(0);
    register(&folder, "key");
    for (log, option, wrong, right) in [
        ("out", "--stage", "nope", "identify"),
        ("out", "--stage", "organisation", "goals"),
        ("out", "--type", "nope", "gate_result"),
        ("log", "--type", "gate_result", "release.registered"),
        ("log", "--stage", "goals", "organisation"),
    ] {
        let ran = folder.outis(&["log", log, option, wrong]).expect(2);
        assert!(ran.stderr().contains(right) && ran.stdout().is_empty(), "{}", ran.stderr());
        folder.outis(&["log", log, option, right]).expect(0);
    }
}

#[test]
fn the_log_of_a_refused_run_is_shown_and_its_lineage_aborts() {
    let folder = ran("closed", 1);
    let rules = folder.outis(&["log", "out.refused", "--rule", "tier"]).expect(0).stdout();
    assert!(rules.contains("status=fail") && rules.contains("limit=any tier but closed"), "{rules}");
    let rules = folder.outis(&["log", "out.refused", "--rule", "log"]).expect(0).stdout();
    assert!(rules.contains("0 keys of a single row "), "{rules}");
    let lineage = folder.outis(&["log", "out.refused", "--format", "openlineage"]).expect(0).stdout();
    assert!(lineage.lines().last().unwrap().contains("\"ABORT\""));
}

#[test]
fn an_organisations_log_is_checked_with_its_key_and_against_what_is_remembered() {
    let folder = Folder::new();
    folder.outis(&["keygen", "--signing", "ed25519", "--name", "example.org/log", "--output", "sign.key"]).expect(0);
    let signer = || Signer::Key(SigningKey::load(&folder.join("sign.key")).unwrap());
    let write = |name: &str, reasons: &[&str]| {
        let log = OrganisationLog::open_or_create(&folder.join(name), vec![signer()]).unwrap();
        let append = |reason: &&str| {
            let event = OrganisationEvent::ReleaseWithdrawn { run: "r".into(), reason: (*reason).into() };
            log.append("2026-01-01T00:00:00Z", "role:data-office", event).unwrap()
        };
        reasons.iter().map(append).collect::<Vec<_>>().pop().unwrap()
    };
    let proof = write("log", &["error", "law"]);
    folder.write("release.tlog-proof", proof.to_text());
    let checked = ["log", "log", "--trust", "sign.key.pub", "--remembered", "release.tlog-proof"];
    let shown = folder.outis(&checked).expect(0);
    assert!(shown.stdout().contains("release.withdrawn") && shown.stderr().contains("2 entries"));
    folder.outis(&["log", "log"]).expect(0);
    // the same signer shows another past: seen by whoever kept a proof
    write("other", &["error", "another", "more"]);
    let forked = folder.outis(&["log", "other", "--trust", "sign.key.pub", "--remembered", "release.tlog-proof"]);
    assert!(forked.expect(1).stderr().contains("E_EQUIVOCATION"));
    let stranger = folder.outis(&["keygen", "--signing", "sm2", "--output", "strange.key", "--json"]).expect(0).json();
    assert!(stranger["public_key"].as_str().unwrap().starts_with("outis-"));
    let refused = folder.outis(&["log", "log", "--trust", "strange.key.pub"]).expect(1);
    assert!(refused.stderr().contains("E_UNTRUSTED"));
}

/// A log in `log` in which a release of the run `0123` stands.
fn register(folder: &Folder, key: &str) {
    let signer = Signer::Key(SigningKey::load(&folder.join(key)).unwrap());
    let log = OrganisationLog::open_or_create(&folder.join("log"), vec![signer]).unwrap();
    let event = OrganisationEvent::ReleaseRegistered {
        run: "0123".into(),
        certificate_sha256: "ab".into(),
        log_size: 1,
        log_root: "cd".into(),
        kept_until: "2030-01-01".into(),
    };
    log.append("2026-01-01T00:00:00Z", "role:data-office", event).unwrap();
}

#[test]
fn what_is_no_sound_entry_is_not_recorded() {
    let folder = Folder::new();
    for name in ["key", "next"] {
        folder.outis(&["keygen", "--signing", "ed25519", "--output", name]).expect(0);
    }
    let record = |log: &str, rest: &[&str]| folder.outis(&[&["record", log, "--sign", "key"], rest].concat());
    // a mistyped folder: nothing is made of it
    let typo = record("lgo", &["withdrawn", "--run", "0123", "--reason", "law"]).expect(2);
    assert!(typo.stderr().contains("there is no organisation's log here") && !folder.join("lgo").exists());
    register(&folder, "key");
    let before = std::fs::read(folder.join("log/checkpoint")).unwrap();
    for (rest, told) in [
        (&["withdrawn", "--run", "0123", "--reason", "some reason here with spaces"][..], "--reason is a short code"),
        (&["withdrawn", "--run", "0123", "--reason", ""], "--reason is a short code"),
        (&["withdrawn", "--run", "xyz", "--reason", "law"], "no release of this run"),
        (&["reverified", "--run", "0000000000000000", "--result", "holds"], "no release of this run"),
        (&["reverified", "--run", "0123", "--result", "holds", "--fault", "E_ROOT"], "does-not-hold"),
        (&["reverified", "--run", "0123", "--result", "does-not-hold", "--fault", "E_X"], "--fault is a code"),
        (&["rotated", "--to", "key"], "are the same"),
    ] {
        let ran = record("log", rest).expect(2);
        assert!(ran.stderr().contains(told), "{}", ran.stderr());
    }
    assert_eq!(std::fs::read(folder.join("log/checkpoint")).unwrap(), before);
    record("log", &["reverified", "--run", "0123", "--result", "holds"]).expect(0);
    // a rotation may begin a log, and says so
    let made = record("fresh", &["rotated", "--to", "next"]).expect(0);
    assert!(made.stderr().contains("made a new log in fresh"), "{}", made.stderr());
}

#[test]
fn what_happens_to_a_release_and_to_the_key_is_recorded_and_an_old_trust_root_still_holds() {
    let folder = Folder::new();
    for (name, suite) in [("old", "ed25519"), ("new", "sm2")] {
        folder.outis(&["keygen", "--signing", suite, "--output", name]).expect(0);
    }
    let record = |rest: &[&str]| folder.outis(&[&["record", "log", "--actor", "role:desk"], rest].concat());
    register(&folder, "old");
    let run = ["--run", "0123"];
    record(&[&["--sign", "old", "withdrawn", "--reason", "law"][..], &run].concat()).expect(0);
    let first = record(
        &[&["--json", "--sign", "old", "reverified", "--result", "does-not-hold", "--fault", "E_ROOT"][..], &run]
            .concat(),
    );
    folder.write("kept.tlog-proof", first.expect(0).json()["proof"].as_str().unwrap());
    record(&["--sign", "old", "rotated", "--to", "new"]).expect(0);
    let late = record(&[&["--sign", "old", "withdrawn", "--reason", "law"][..], &run].concat()).expect(2);
    assert!(late.stderr().contains("signed this log last"), "a key that was replaced appends no more");
    record(&[&["--sign", "new", "withdrawn", "--reason", "law"][..], &run].concat()).expect(0);
    let found =
        folder.outis(&["log", "log", "--trust", "old.pub", "--remembered", "kept.tlog-proof", "--json"]).expect(0);
    let types: Vec<String> = found.json()["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(types[2..5], ["release.reverified", "key.rotated", "release.withdrawn"]);
    record(&["--sign", "old", "--actor", "Jane", "rotated", "--to", "new"]).expect(2);
}

#[test]
fn a_file_that_is_no_log_is_named_as_such_and_nothing_of_it_is_shown() {
    let folder = ran("open", 0);
    folder.outis(&["keygen", "token.key"]).expect(0);
    folder.outis(&["keygen", "--signing", "ed25519", "sign.key"]).expect(0);
    folder.write("binary", b"CANARY\xff\x00\x01");
    folder.write("table.csv", "id,city\nCANARY,x\n");
    folder.write("empty", "");
    for file in ["token.key", "sign.key", "binary", "table.csv", "empty"] {
        for form in [&["log", file][..], &["log", file, "--json"], &["log", file, "--format", "openlineage"]] {
            let ran = folder.outis(form).expect(2);
            let told = ran.stdout() + &ran.stderr();
            assert!(told.contains("this is not a log"), "{told}");
            let text = std::fs::read(folder.join(file)).unwrap();
            let first = String::from_utf8_lossy(&text).lines().next().unwrap_or("-").to_owned();
            assert!(!told.contains(&first) && !told.contains("CANARY"), "{told}");
        }
    }
    // a log into which somebody wrote: the line is counted, not quoted
    let log = folder.read("out/evidence/log.jsonl");
    folder.write("out/evidence/log.jsonl", log + "CANARY,1987\n");
    for form in [&["log", "out"][..], &["log", "out", "--json"], &["log", "out", "--format", "csv"]] {
        let ran = folder.outis(form).expect(1);
        assert!(!ran.stdout().contains("CANARY") && ran.stdout().contains("unreadable"), "{}", ran.stdout());
    }
}
