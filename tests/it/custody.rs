//! What stands outside the release: the organisation's log, the salt of the source, and keys that are named and never shown.

use crate::support::Folder;
use outis::evidence::{InclusionProof, Signer, SigningKey};
use std::os::unix::fs::PermissionsExt as _;

const PROFILE: &str = r#"
name = "custody"
version = "1"
goal = "anonymized"
tier = "TIER"
[provenance]
responsible = "role:data-office"
MORE
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "city"
role = "insensitive"
"#;

const RUN: [&str; 7] = ["run", "p.toml", "-i", "a.csv", "b.csv", "-o", "out"];

fn folder(tier: &str, more: &str) -> Folder {
    let folder = Folder::new();
    for name in ["maker", "office", "second"] {
        folder.outis(&["keygen", "--signing", "ed25519", name, "--name", &format!("example.org/{name}")]).expect(0);
    }
    folder.write("p.toml", PROFILE.replace("TIER", tier).replace("MORE", more));
    let table = |from: usize| {
        let rows = (from..from + 60).map(|row| format!("p{row:04},{}\n", ["north", "south"][row % 2]));
        "id,city\n".to_owned() + &rows.collect::<String>()
    };
    folder.write("a.csv", table(0));
    folder.write("b.csv", table(60));
    folder
}

fn codes(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let found = folder.outis(&[&["verify", "--json", "--quiet", "--threads", "1"], arguments].concat()).json();
    found["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

/// Type and status of every entry of the organisation's log.
fn entries(folder: &Folder, key: &str) -> Vec<String> {
    let events = folder.outis(&["log", "org", "--trust", key, "--json"]).expect(0).json();
    let one = |event: &serde_json::Value| {
        let status = event["body"]["status"].as_str().map(|status| format!(" {status}")).unwrap_or_default();
        event["type"].as_str().unwrap().to_owned() + &status
    };
    events["events"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn a_run_stands_in_the_organisations_log_and_its_release_carries_the_proof() {
    let folder = folder("trade", "");
    let logged = ["--sign", "maker", "--org-log", "org", "--org-log-sign", "office", "--quiet"];
    folder.outis(&[&RUN[..], &logged].concat()).expect(0);
    let whole = ["run.started", "release.registered", "run.ended published"];
    assert_eq!(entries(&folder, "office.pub"), whole);
    // the maker's word is enough: the log of the run, which the maker signed, names the key of the organisation's log
    assert_eq!(codes(&folder, &["out", "--trust", "maker.pub"]), [""; 0]);
    folder.outis(&["verify", "out", "--unsigned"]).expect(0);
    // the proof is a witness later: a log that shows another past is found by it
    let remembered = ["log", "org", "--trust", "office.pub", "--remembered", "out/evidence/release.tlog-proof"];
    folder.outis(&remembered).expect(0);
    let proof = folder.read("out/evidence/release.tlog-proof");
    folder
        .outis(&[
            "run",
            "p.toml",
            "-i",
            "a.csv",
            "-o",
            "other",
            "--sign",
            "maker",
            "--org-log",
            "org",
            "--org-log-sign",
            "office",
        ])
        .expect(0);
    let expect = |bytes: &[u8], code: &str| {
        folder.write("out/evidence/release.tlog-proof", bytes);
        let found = codes(&folder, &["out", "--trust", "maker.pub"]);
        assert!(found.contains(&code.to_owned()), "{code}: {found:?}");
    };
    expect(folder.read("other/evidence/release.tlog-proof").as_bytes(), "E_REGISTRATION");
    expect(proof.replacen("index 1", "index 2", 1).as_bytes(), "E_INCLUSION");
    expect(proof.replacen("index 1", "index 01", 1).as_bytes(), "E_PROOF_FORM");
    // an entry of a log of somebody else's making
    let mut forged = InclusionProof::parse(proof.as_bytes()).unwrap();
    let stranger = SigningKey::load(&folder.join("second")).unwrap();
    forged.checkpoint = outis::evidence::Note::sign(forged.checkpoint.text(), &[Signer::Key(stranger)]).unwrap();
    expect(forged.to_text().as_bytes(), "E_UNTRUSTED");
    std::fs::remove_file(folder.join("out/evidence/release.tlog-proof")).unwrap();
    assert_eq!(codes(&folder, &["out", "--trust", "maker.pub"]), ["E_FILE_MISSING"]);
    // a release of no organisation's log has no proof
    folder.outis(&["run", "p.toml", "-i", "a.csv", "-o", "alone", "--sign", "maker"]).expect(0);
    folder.write("alone/evidence/release.tlog-proof", proof);
    assert_eq!(codes(&folder, &["alone", "--trust", "maker.pub"]), ["E_FILE_UNPLANNED"]);
}

#[test]
fn runs_that_were_refused_or_failed_or_given_up_are_in_the_organisations_log() {
    let closed = folder("closed", "");
    let logged = ["--sign", "maker", "--org-log", "org", "--quiet"];
    closed.outis(&[&RUN[..], &logged].concat()).expect(1);
    closed.write("b.csv", "id,city\n\"torn");
    closed.outis(&[&RUN[..], &logged].concat()).expect(2);
    let ended = ["run.started", "run.ended refused", "run.started", "run.ended failed"];
    assert_eq!(entries(&closed, "maker.pub"), ended);
    // the head of the log that was set aside is the one that the organisation's log tells
    let events = closed.outis(&["log", "org", "--trust", "maker.pub", "--json"]).expect(0).json();
    let size = |at: usize| events["events"][at]["body"]["log_size"].as_u64().unwrap() as usize;
    assert_eq!(size(1), closed.read("out.refused/log.jsonl").lines().count());
    assert_eq!(size(3), closed.read("out.failed/log.jsonl").lines().count());
    // a log that another signs stops the run before it begins
    let stranger = closed.outis(&[&RUN[..], &["--sign", "second", "--org-log", "org"]].concat()).expect(2);
    assert!(stranger.stderr().contains("`example.org/maker+"), "{}", stranger.stderr());
    assert!(!closed.join("out").exists());
    assert_eq!(entries(&closed, "maker.pub").len(), 4);
}

#[test]
fn a_log_of_two_keys_loses_one_by_a_signed_change_only() {
    let folder = folder("trade", "");
    let run = |out: &str, keys: &[&str]| {
        let signed: Vec<&str> = keys.iter().flat_map(|key| ["--sign", key]).collect();
        folder.outis(&[&["run", "p.toml", "-i", "a.csv", "-o", out, "--org-log", "org"], &signed[..]].concat())
    };
    run("m1", &["maker", "office"]).expect(0);
    let before = std::fs::read(folder.join("org/checkpoint")).unwrap();
    let alone = run("m2", &["office"]).expect(2);
    for words in ["`example.org/maker+", "rotated --to"] {
        assert!(alone.stderr().contains(words), "{}", alone.stderr());
    }
    folder.outis(&["record", "org", "--sign", "maker", "rotated", "--to", "second"]).expect(2);
    assert_eq!(std::fs::read(folder.join("org/checkpoint")).unwrap(), before);
    assert!(!folder.join("m2").exists() && !folder.join("m2.failed").exists());
    // the first key goes by its own word, and whoever trusted it follows
    folder.outis(&["record", "org", "--sign", "maker", "--sign", "office", "rotated", "--to", "office"]).expect(0);
    run("m2", &["office"]).expect(0);
    for key in ["maker.pub", "office.pub"] {
        folder.outis(&["log", "org", "--trust", key]).expect(0);
    }
}

#[test]
fn a_release_that_waits_is_registered_by_who_approves_it() {
    let folder = folder("trade", "[approval]\nrole = \"role:dpo\"\n");
    let logged = ["--org-log", "org", "--org-log-sign", "office"];
    folder.outis(&[&RUN[..], &["--sign", "maker"], &logged].concat()).expect(3);
    assert_eq!(entries(&folder, "office.pub"), ["run.started"]);
    let approve = ["approve", "out", "--sign", "second"];
    let missing = folder.outis(&approve).expect(2);
    assert!(missing.stderr().contains("--org-log"), "{}", missing.stderr());
    folder.outis(&[&approve[..], &["--org-log", "none", "--org-log-sign", "office"]].concat()).expect(2);
    folder.outis(&[&approve[..], &logged].concat()).expect(0);
    assert_eq!(entries(&folder, "office.pub"), ["run.started", "release.registered", "run.ended published"]);
    assert_eq!(codes(&folder, &["out", "--trust", "maker.pub", "--trust", "second.pub"]), [""; 0]);
    folder
        .outis(&[
            "run",
            "p.toml",
            "-i",
            "a.csv",
            "-o",
            "no",
            "--sign",
            "maker",
            "--org-log",
            "org",
            "--org-log-sign",
            "office",
        ])
        .expect(3);
    folder
        .outis(&[&["approve", "no", "--sign", "second", "--reject", "--reason", "x"], &logged[..]].concat())
        .expect(0);
    assert_eq!(entries(&folder, "office.pub")[3..], ["run.started", "run.ended refused"]);
}

#[test]
fn a_source_is_proven_with_its_salt_and_tells_nothing_without() {
    let folder = folder("trade", "");
    folder.outis(&[&RUN[..], &["--sign", "maker", "--salt", "salt"]].concat()).expect(0);
    assert_eq!(folder.join("salt").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let verify = |source: &[&str], salt: &str| {
        codes(&folder, &[&["out", "--trust", "maker.pub", "--salt", salt, "--source"], source].concat())
    };
    assert_eq!(verify(&["a.csv", "b.csv"], "salt"), [""; 0]);
    assert_eq!(verify(&["b.csv"], "salt"), [""; 0], "one of them suffices");
    assert_eq!(verify(&["p.toml", "a.csv"], "salt"), ["E_SOURCE"]);
    folder.outis(&["keygen", "other"]).expect(0);
    assert_eq!(verify(&["a.csv"], "other"), ["E_SOURCE"]);
    let told =
        folder.outis(&["verify", "out", "--trust", "maker.pub", "--salt", "salt", "--source", "a.csv"]).expect(0);
    assert!(told.stderr().contains("1 source file is what the log commits to"), "{}", told.stderr());
    // another program makes the same of file and salt
    let hmac = |file: &str| {
        let key = format!("hexkey:{}", folder.read("salt").trim());
        let args = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", &key, file];
        let output = std::process::Command::new("openssl").args(args).current_dir(folder.path()).output();
        output
            .ok()
            .filter(|output| output.status.success())
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().rsplit(' ').next().unwrap().to_owned())
    };
    let log = folder.read("out/evidence/log.jsonl");
    match hmac("a.csv") {
        Some(expected) => assert!(log.contains(&expected), "openssl: {expected}"),
        None => assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has openssl"),
    }
    // neither salt nor a bare digest is in the release: nobody can try a guess
    let bare = ["a.csv", "b.csv"].map(|name| outis::digest::Digest::of_text(&folder.read(name)).as_str().to_owned());
    let secrets = [folder.read("salt").trim().to_owned(), bare[0].clone(), bare[1].clone()];
    for name in folder.files().into_iter().filter(|name| name.starts_with("out/")) {
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        for secret in &secrets {
            assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none(), "{name}");
        }
    }
    // a second run makes another salt, and never over the first
    folder.outis(&["run", "p.toml", "-i", "a.csv", "-o", "next", "--salt", "salt"]).expect(2);
    assert!(!folder.join("next").exists() && !folder.join("next.failed").exists());
    folder.outis(&["run", "p.toml", "-i", "a.csv", "-o", "next", "--salt", "salt2"]).expect(0);
    let one = |text: &str| text.lines().find(|line| line.contains("source_committed")).unwrap().to_owned();
    assert_ne!(one(&log)[60..], one(&folder.read("next/evidence/log.jsonl"))[60..]);
    folder.outis(&["run", "p.toml", "-i", "a.csv", "-o", "in", "--salt", "in/salt"]).expect(2);
    // without a commitment there is nothing to prove
    folder.outis(&["run", "p.toml", "-i", "a.csv", "-o", "plain", "--sign", "maker"]).expect(0);
    let none = codes(&folder, &["plain", "--trust", "maker.pub", "--salt", "salt", "--source", "a.csv"]);
    assert_eq!(none, ["E_SOURCE"]);
}

#[test]
fn a_salt_of_a_run_that_published_nothing_is_gone_and_many_files_are_one_value() {
    let closed = folder("closed", "");
    closed.outis(&[&RUN[..], &["--salt", "salt"]].concat()).expect(1);
    assert!(!closed.join("salt").exists());
    let many = folder("trade", "");
    let mut arguments =
        vec!["run".to_owned(), "p.toml".into(), "-o".into(), "out".into(), "--salt".into(), "salt".into()];
    let names: Vec<String> = (0..70).map(|at| format!("in/{at:02}.csv")).collect();
    for (at, name) in names.iter().enumerate() {
        many.write(name, format!("id,city\nx{at}a,north\nx{at}b,south\n"));
    }
    arguments.push("-i".into());
    arguments.extend(names.iter().cloned());
    many.outis(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
    let log = many.read("out/evidence/log.jsonl");
    let line = log.lines().find(|line| line.contains("source_committed")).unwrap();
    assert!(line.contains("\"inputs\":70,\"files\":[]") && line.len() < 400, "{line}");
    let verify = |names: &[String]| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        codes(&many, &[&["out", "--unsigned", "--salt", "salt", "--source"], &names[..]].concat())
    };
    assert_eq!(verify(&names), [""; 0]);
    assert_eq!(verify(&names[1..]), ["E_SOURCE"]);
}

#[test]
fn the_profile_names_keys_and_places_and_the_release_does_not() {
    let folder = folder(
        "trade",
        "[evidence]\nsign = [\"maker\"]\nlog = \"org\"\nlog_sign = \"office\"\nsalts = \"salts\"\nretention_years = 10\n",
    );
    std::fs::create_dir(folder.join("salts")).unwrap();
    folder.outis(&RUN).expect(0);
    assert_eq!(codes(&folder, &["out", "--trust", "maker.pub"]), [""; 0]);
    assert_eq!(entries(&folder, "office.pub").len(), 3);
    let salts: Vec<_> = std::fs::read_dir(folder.join("salts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let salt = salts[0].to_str().unwrap();
    assert_eq!(salts.len(), 1);
    assert_eq!(codes(&folder, &["out", "--unsigned", "--salt", salt, "--source", "a.csv"]), [""; 0]);
    for name in folder.files().into_iter().filter(|name| name.starts_with("out/")) {
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        assert!(memchr::memmem::find(&bytes, b"salts").is_none(), "{name} names a place");
    }
    let year: u32 =
        folder.read("out/evidence/times.jsonl")[..40].split("\"wall\":\"").nth(1).unwrap()[..4].parse().unwrap();
    assert!(folder.read("out/evidence/times.jsonl").contains(&format!("\"keep_until\":\"{}-", year + 10)));
    assert!(folder.read("out/evidence/log.jsonl").contains("\"retention_years\":10"));
}

/// A program signs, as that of a hardware module would: the message on its stdin, the key with it alone.
#[test]
fn a_command_named_in_the_profile_signs_and_its_key_is_never_with_us() {
    let folder = folder("trade", "[evidence]\nsign_command = [\"sh\", \"sign.sh\"]\nsign_public = \"maker.pub\"\n");
    let text = folder.read("maker");
    let encoded = text.trim().splitn(5, '+').nth(4).unwrap();
    let secret = data_encoding::BASE64.decode(encoded.as_bytes()).unwrap();
    let head = data_encoding::HEXLOWER.decode(b"302e020100300506032b657004220420").unwrap();
    let der = data_encoding::BASE64.encode(&[&head[..], &secret[1..]].concat());
    folder.write("hsm/key.pem", format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"));
    folder.write("sign.sh", "cat >hsm/m && openssl pkeyutl -sign -inkey hsm/key.pem -rawin -in hsm/m");
    std::fs::remove_file(folder.join("maker")).unwrap();
    let able =
        std::process::Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    if !able {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has openssl");
        eprintln!("skipped: openssl is not here");
        return;
    }
    folder.outis(&RUN).expect(0);
    assert_eq!(codes(&folder, &["out", "--trust", "maker.pub"]), [""; 0]);
    // a program that signs something else is no signer
    folder.write("sign.sh", "head -c 64 /dev/zero");
    let failed = folder.outis(&["run", "p.toml", "-i", "a.csv", "-o", "no"]).expect(2);
    assert!(failed.stderr().contains("no key"), "{}", failed.stderr());
    assert!(!folder.join("no").exists() && folder.join("no.failed").exists());
}

#[test]
fn a_file_that_is_no_public_key_is_a_slip_and_no_finding() {
    let folder = folder("trade", "");
    folder.outis(&[&RUN[..], &["--sign", "maker", "--org-log", "org"]].concat()).expect(0);
    folder.write("binary", b"CANARY\xff");
    let private = folder.read("maker");
    for (file, told) in [
        ("maker", "this is the private half of a signing key"),
        ("a.csv", "this is no public key"),
        ("binary", "this is no public key"),
    ] {
        for command in [
            &["verify", "out", "--trust", file][..],
            &["verify", "out", "--trust", "maker.pub", "--trust", file],
            &["log", "org", "--trust", file],
            &["approve", "out", "--trust", file],
        ] {
            let ran = folder.outis(command).expect(2);
            assert!(ran.stderr().contains(told), "{command:?}: {}", ran.stderr());
            assert!(!ran.stderr().contains(private.trim()) && !ran.stderr().contains("CANARY"), "{}", ran.stderr());
        }
    }
    let slip = folder.outis(&["log", "org", "--trust", "maker.pub", "--remembered", "a.csv"]).expect(2);
    assert!(slip.stderr().contains("neither a checkpoint nor"), "{}", slip.stderr());
    // a key that is one, and not of this release or log: they were read and do not hold under it
    folder.outis(&["verify", "out", "--trust", "second.pub"]).expect(1);
    folder.outis(&["log", "org", "--trust", "second.pub"]).expect(1);
    // a log that does not fit its checkpoint stops a run before it begins: nothing was judged
    let checkpoint = folder.read("org/checkpoint");
    folder.write("org/checkpoint", checkpoint.replacen("\n3\n", "\n2\n", 1));
    let torn = ["run", "p.toml", "-i", "a.csv", "-o", "next", "--sign", "maker", "--org-log", "org"];
    assert!(folder.outis(&torn).expect(2).stderr().contains("E_BAD_SIGNATURE"));
    folder.outis(&["log", "org", "--trust", "maker.pub"]).expect(1);
}

#[test]
fn the_public_half_of_a_key_may_be_read_by_all_and_no_key_is_called_a_dash() {
    let folder = folder("trade", "");
    let mode = |file: &str| folder.join(file).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("maker"), mode("maker.pub")), (0o600, 0o644));
    let before = folder.files();
    for arguments in [&["keygen", "-"][..], &["keygen", "--output", "-"], &["keygen", "--signing", "sm2", "-"]] {
        let ran = folder.outis(arguments).expect(2);
        assert!(ran.stderr().contains("name the file") && ran.stdout().is_empty(), "{}", ran.stderr());
    }
    assert_eq!(folder.files(), before);
}
