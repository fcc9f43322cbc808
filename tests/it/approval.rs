//! A second person decides: until then nothing is published, and nothing but their own signature lets it leave.

use crate::support::Folder;
use outis::evidence::{Envelope, PublicKey};
use std::os::unix::fs::PermissionsExt as _;

const PROFILE: &str = r#"
name = "approval"
version = "1"
goal = "anonymized"
tier = "trade"
purpose = "tests"
[approval]
role = "role:data-protection"
APPROVAL
[privacy]
k_anonymity = 2
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

const RUN: [&str; 9] = ["run", "p.toml", "-i", "in.csv", "-o", "out", "--quiet", "--threads", "1"];
const SIGN: [&str; 2] = ["--sign", "maker"];

/// Keys of a maker, of who decides and of a stranger; a table, and a profile that asks with these words more.
fn folder(words: &str) -> Folder {
    let folder = Folder::new();
    for (name, suite) in [("maker", "ed25519"), ("boss", "sm2"), ("stranger", "ed25519")] {
        folder.outis(&["keygen", "--signing", suite, name, "--name", &format!("example.org/{name}")]).expect(0);
    }
    let boss = folder.read("boss.pub");
    folder.write("p.toml", PROFILE.replace("APPROVAL", &words.replace("BOSS", boss.trim())));
    let rows = (0..120).map(|row| format!("p{row:04},{},{}\n", ["north", "south", "west"][row % 3], row % 7));
    folder.write("in.csv", "id,city,note\n".to_owned() + &rows.collect::<String>());
    folder
}

fn waits(folder: &Folder) {
    folder.outis(&[&RUN[..], &SIGN].concat()).expect(3);
}

fn codes(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let found = folder.outis(&[&["verify", "--json", "--quiet", "--threads", "1"], arguments].concat()).json();
    found["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

/// What stands in the folder beside what a test put there.
fn left(folder: &Folder) -> Vec<String> {
    let names = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = names.map(|name| name.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.contains("out"));
    names.sort();
    names
}

/// A copy of a folder, as it would lie there after a crash.
fn copy(folder: &Folder, from: &str, to: &str) {
    let fine = std::process::Command::new("cp").args(["-a", from, to]).current_dir(folder.path()).status();
    assert!(fine.unwrap().success());
}

#[test]
fn nothing_leaves_before_a_second_person_agrees_and_then_it_holds_with_both_signatures() {
    let folder = folder("");
    let ran = folder.outis(&[&RUN[..], &SIGN, &["--json"]].concat()).expect(3).json();
    assert_eq!((ran["status"].as_str(), ran["folder"].as_str()), (Some("waiting"), Some("out.waiting")));
    assert_eq!(left(&folder), ["out.waiting"]);
    let mode = |name: &str| folder.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("out.waiting"), mode("out.waiting/data/part-00000.csv")), (0o700, 0o600));
    // it is complete, and only the approval is missing
    assert_eq!(codes(&folder, &["out.waiting", "--trust", "maker.pub"]), ["E_APPROVAL"]);
    // looking decides nothing
    let looked = folder.outis(&["approve", "out", "--trust", "maker.pub", "--json"]).expect(3).json();
    assert_eq!((looked["status"].as_str(), looked["summary"]["rows_released"].as_u64()), (Some("waiting"), Some(120)));
    assert_eq!(looked["summary"]["role"], "role:data-protection");
    // nobody who may not
    let own = folder.outis(&["approve", "out", "--sign", "maker"]).expect(2);
    assert!(own.stderr().contains("second person"), "{}", own.stderr());
    folder.outis(&["approve", "out", "--sign", "boss", "--trust", "stranger.pub"]).expect(1);
    folder.outis(&["clean", "."]).expect(0);
    assert_eq!(left(&folder), ["out.waiting"], "it is no orphan");
    let said = folder.outis(&["approve", "out.waiting", "--sign", "boss", "--trust", "maker.pub"]).expect(0).stderr();
    for words in
        ["approval 1: goal anonymized", "120 would leave", "made by  example.org/maker", "approved and published"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert_eq!(left(&folder), ["out"]);
    assert_eq!((mode("out"), mode("out/data/part-00000.csv")), (0o700, 0o600));
    // a reader who trusts both
    let both = ["out", "--trust", "maker.pub", "--trust", "boss.pub"];
    assert_eq!(codes(&folder, &both), [""; 0]);
    let found = folder.outis(&[&["verify", "--json"], &both[..]].concat()).expect(0).json();
    assert!(found["approved_by"].as_str().unwrap().starts_with("example.org/boss+"));
    assert_eq!(found["signed_by"].as_array().unwrap().len(), 2);
    folder.outis(&["verify", "out", "--unsigned"]).expect(0);
    // who does not know the second person has no approval
    let found = codes(&folder, &["out", "--trust", "maker.pub"]);
    assert!(found.contains(&"E_APPROVAL".to_owned()), "{found:?}");
    let events = folder.outis(&["log", "out", "--stage", "approve", "--json"]).expect(0).json();
    let of = |at: usize, key: &str| events["events"][at][key].as_str().unwrap().to_owned();
    assert_eq!([of(0, "type"), of(1, "type")], ["review_requested", "review_decision"]);
    assert_eq!(of(1, "actor"), "role:data-protection");
    assert_eq!(events["events"][1]["body"]["decision"], "approved");
    let lineage = folder.read("out/lineage/openlineage.jsonl");
    assert!(lineage.lines().last().unwrap().contains("\"COMPLETE\""));
}

#[test]
fn the_profile_may_name_who_decides_and_then_the_maker_vouches_for_them() {
    let folder = folder("keys = [\"BOSS\"]");
    waits(&folder);
    let other = folder.outis(&["approve", "out", "--sign", "stranger"]).expect(2);
    assert!(other.stderr().contains("this is none of them"), "{}", other.stderr());
    folder.outis(&["approve", "out", "--sign", "boss"]).expect(0);
    assert_eq!(codes(&folder, &["out", "--trust", "maker.pub"]), [""; 0]);
    assert_eq!(codes(&folder, &["out", "--trust", "boss.pub"]), [""; 0]);
    assert_eq!(codes(&folder, &["out", "--trust", "stranger.pub"])[0], "E_UNTRUSTED");
}

#[test]
fn a_rejected_release_is_gone_and_its_log_says_so() {
    let folder = folder("");
    waits(&folder);
    folder.outis(&["approve", "out", "--sign", "boss", "--reject"]).expect(2);
    folder.outis(&["approve", "out", "--sign", "boss", "--reject", "--reason", "because of Jane"]).expect(2);
    copy(&folder, "out.waiting", "kept");
    let reject = ["approve", "out", "--sign", "boss", "--reject", "--reason", "purpose-not-covered"];
    folder.outis(&reject).expect(0);
    assert_eq!(left(&folder), ["out.refused"]);
    let files = folder.files().into_iter().filter(|name| name.starts_with("out")).collect::<Vec<_>>();
    let names = ["KEYS", "checkpoint", "log.jsonl", "times.jsonl"].map(|name| format!("out.refused/{name}"));
    assert_eq!(files, names);
    let log = folder.read("out.refused/log.jsonl");
    assert!(log.contains("\"decision\":\"rejected\",\"reason\":\"purpose-not-covered\""), "{log}");
    assert!(log.contains("\"status\":\"refused\",\"reasons\":[\"review\"]"), "{log}");
    // killed between the log and the end: what was rejected does not leave after all
    std::fs::rename(folder.join("kept"), folder.join("out.waiting")).unwrap();
    let again = folder.outis(&["approve", "out", "--sign", "boss", "--json"]).expect(0).json();
    assert_eq!(again["status"], "rejected");
    assert_eq!(left(&folder), ["out.refused"]);
    folder.outis(&["approve", "out", "--sign", "boss"]).expect(2);
}

#[test]
fn what_changed_while_it_waited_cannot_be_approved() {
    let folder = folder("");
    waits(&folder);
    for (file, from, to, code) in [
        ("data/part-00000.csv", "north", "south", "E_FILE_CHANGED"),
        ("evidence/report.json", "\"suppressed\": 0", "\"suppressed\": 1", "E_REPORT"),
        ("evidence/log.jsonl", "\"rows_out\":120", "\"rows_out\":121", "E_ROOT"),
        ("evidence/times.jsonl", "\"wall\":\"20", "\"wall\":\"19", "E_TIMES"),
        ("catalog.json", "dcat", "dcet", "E_FILE_CHANGED"),
    ] {
        let (name, before) = (format!("out.waiting/{file}"), folder.read(&format!("out.waiting/{file}")));
        assert!(before.contains(from), "{file}");
        folder.write(&name, before.replacen(from, to, 1));
        let refused = folder.outis(&["approve", "out", "--sign", "boss"]).expect(1).stderr();
        assert!(refused.contains(code), "{file}: {refused}");
        folder.write(&name, before);
        assert_eq!(left(&folder), ["out.waiting"]);
    }
    folder.write("out.waiting/data/more.csv", "x");
    folder.outis(&["approve", "out", "--sign", "boss"]).expect(1);
    std::fs::remove_file(folder.join("out.waiting/data/more.csv")).unwrap();
    // the target appeared meanwhile: it is not touched, and the release waits on
    folder.write("out/mine", "x");
    folder.outis(&["approve", "out.waiting", "--sign", "boss"]).expect(2);
    assert_eq!((folder.read("out/mine"), left(&folder)), ("x".to_owned(), vec!["out".into(), "out.waiting".into()]));
    std::fs::remove_dir_all(folder.join("out")).unwrap();
    folder.outis(&["approve", "out", "--sign", "boss"]).expect(0);
}

#[test]
fn a_second_signature_that_is_missing_or_ones_own_is_found() {
    let folder = folder("");
    waits(&folder);
    // the maker's key under another name
    let (maker, text) = (PublicKey::parse(folder.read("maker.pub").trim()).unwrap(), folder.read("maker"));
    let alias = PublicKey::new("example.org/alias", maker.suite(), maker.bytes()).unwrap();
    let secret = text.trim().splitn(5, '+').nth(4).unwrap();
    let path = folder.write("alias", format!("PRIVATE+KEY+{}+{secret}\n", alias.label()));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let own = folder.outis(&["approve", "out", "--sign", "alias"]).expect(2);
    assert!(own.stderr().contains("this key made the release"), "{}", own.stderr());
    let waiting = std::fs::read(folder.join("out.waiting/evidence/certificate.json")).unwrap();
    folder.outis(&["approve", "out", "--sign", "boss"]).expect(0);
    let both = ["out", "--trust", "maker.pub", "--trust", "boss.pub"];
    let expect = |file: &str, bytes: &[u8]| {
        let path = folder.join("out").join(file);
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let found = codes(&folder, &both);
        assert!(found.contains(&"E_APPROVAL".to_owned()), "{file}: {found:?}");
        std::fs::write(&path, before).unwrap();
    };
    expect("evidence/certificate.json", &waiting);
    let envelope = Envelope::parse(&waiting).unwrap();
    assert_eq!(envelope.signers().collect::<Vec<_>>(), [maker.label()]);
    let maker_only: String = folder.read("out/KEYS").lines().take(2).map(|line| format!("{line}\n")).collect();
    expect("KEYS", maker_only.as_bytes());
    let log = folder.read("out/evidence/log.jsonl");
    let without = |kind: &str| {
        let lines = log.lines().filter(|line| !line.contains(kind)).map(|line| format!("{line}\n"));
        lines.collect::<String>()
    };
    expect("evidence/log.jsonl", without("\"type\":\"review_").as_bytes());
    expect("evidence/log.jsonl", without("\"type\":\"review_decision\"").as_bytes());
    expect("evidence/log.jsonl", log.replace("\"approved\"", "\"rejected\"").as_bytes());
    assert_eq!(codes(&folder, &both), [""; 0]);
}

#[test]
fn what_a_killed_approval_left_is_cleaned_and_what_waits_can_be_given_up() {
    let folder = folder("");
    waits(&folder);
    copy(&folder, "out.waiting", "kept");
    folder.outis(&["approve", "out", "--sign", "boss"]).expect(0);
    let before = folder.files();
    // killed between the two: the release is out, the folder still there
    for tidy in [&["clean", "."][..], &["approve", "out", "--sign", "boss"]] {
        copy(&folder, "kept", "out.waiting");
        folder.outis(tidy).expect(0);
        assert_eq!((left(&folder), folder.files()), (vec!["out".to_owned()], before.clone()));
    }
    // another run waits for the same name; then two do
    std::fs::rename(folder.join("out"), folder.join("first")).unwrap();
    waits(&folder);
    waits(&folder);
    assert_eq!(left(&folder), ["out.waiting", "out.waiting-2"]);
    let several = folder.outis(&["approve", "out"]).expect(2);
    assert!(several.stderr().contains("several"), "{}", several.stderr());
    folder.outis(&["approve", "out.waiting-2", "--sign", "boss"]).expect(0);
    assert_eq!(left(&folder), ["out", "out.waiting"]);
    let told = folder.outis(&["clean", ".", "--json"]).expect(0).json();
    assert_eq!(told["waiting"].as_array().unwrap().len(), 1);
    let cleaned = folder.outis(&["clean", ".", "--waiting"]).expect(0).stderr();
    assert!(cleaned.contains("gave up 1 release") && !cleaned.contains("killed"), "{cleaned}");
    assert_eq!(left(&folder), ["out", "out.failed"]);
    assert!(folder.read("out.failed/log.jsonl").lines().last().unwrap().contains("given_up"));
    assert!(!folder.join("out.failed/data").exists());
}

#[test]
fn a_profile_that_asks_is_run_by_a_maker_who_signs_and_only_in_the_tiers_it_names() {
    let open = folder("tiers = [\"open\"]");
    open.outis(&[&RUN[..], &SIGN].concat()).expect(0);
    assert!(!open.read("out/evidence/log.jsonl").contains("review_requested"));
    let asked = folder("");
    assert!(asked.outis(&RUN).expect(2).stderr().contains("--sign"), "a maker is needed for a second one");
    let own = folder("keys = [\"BOSS\"]");
    let refused = own.outis(&[&RUN[..], &["--sign", "boss"]].concat()).expect(2);
    assert!(refused.stderr().contains("second person"), "{}", refused.stderr());
    let plan = own.outis(&["explain", "p.toml"]).expect(0).stdout();
    assert!(plan.contains("approval  role:data-protection decides before anything leaves"), "{plan}");
    // a refused run asks nobody
    asked.write("in.csv", "id,city,note\na,x,1\n");
    asked.outis(&[&RUN[..], &SIGN].concat()).expect(1);
    assert_eq!(left(&asked), ["out.refused"]);
}

#[test]
fn a_ledger_counts_what_waits_until_it_is_rejected() {
    let folder = folder("");
    let profile = folder.read("p.toml") + "[ledger]\npopulation = \"p\"\nvalues_left = 1\n";
    folder.write("p.toml", profile);
    folder.outis(&["keygen", "ledger.key"]).expect(0);
    folder.outis(&["ledger", "init", "ledger", "--key", "ledger.key"]).expect(0);
    let ledger = ["--ledger", "ledger", "--ledger-key", "ledger.key"];
    let states = || {
        let listed = folder.outis(&["ledger", "list", "ledger", "--key", "ledger.key", "--json"]).expect(0).stdout();
        ["pending", "published", "withdrawn"].map(|state| listed.matches(&format!("\"{state}\"")).count())
    };
    folder.outis(&[&RUN[..], &SIGN, &ledger].concat()).expect(3);
    assert_eq!(states(), [1, 0, 0]);
    let reject = ["approve", "out", "--sign", "boss", "--reject", "--reason", "x"];
    folder.outis(&[&reject[..], &ledger].concat()).expect(0);
    assert_eq!(states(), [0, 0, 1]);
    folder.outis(&[&RUN[..], &SIGN, &ledger].concat()).expect(3);
    folder.outis(&[&["approve", "out", "--sign", "boss"], &ledger[..]].concat()).expect(0);
    assert_eq!(states(), [0, 1, 1]);
}
