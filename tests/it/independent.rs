//! Evidence checked by other people's code: `ct-merkle`, `signed_note`, OpenSSL, pymerkle, securesystemslib,
//! in-toto-attestation, OpenLineage's own classes, rdflib and pyshacl.

use crate::support::Folder;
use outis::evidence::merkle::{Levels, consistency_proof, inclusion_proof, root_of};
use outis::evidence::{
    Checkpoint, Envelope, IN_TOTO, InclusionProof, Note, OrganisationEvent, OrganisationLog, PublicKey, Resource,
    SM2_SIGNER_ID, Signer, SigningKey, SigningSuite, Statement, TestResult, TileLog,
};
use std::path::Path;
use std::process::{Command, Stdio};

const PROFILE: &str = r#"
name = "visits"
version = "1"
goal = "anonymized"
tier = "trade"
purpose = "tests"
[provenance]
source = "dataset-17"
provider = "provider-3"
obtained = "2026-01-05"
responsible = "role:data-office"
[catalogue]
title = "Visits to clinics"
publisher = "Health office"
class = "health"
keywords = ["clinic", "visit"]
license = "https://creativecommons.org/licenses/by/4.0/"
terms = "no attempt to identify anybody"
access = "download after application"
frequency = "annual"
from = "2025-01-01"
until = "2025-12-31"
[privacy]
unit = "row"
k_anonymity = 2
suppress_at_most = "SHARE"
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "name"
role = "direct"
apply = "drop"
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "note"
role = "sensitive"
"#;

fn table() -> String {
    let mut text = String::from("id,name,city,note\n");
    for row in 0..100 {
        text.push_str(&format!("p{row},n{row},{},{}\n", ["north", "south"][row % 2], row % 7));
    }
    text + "p100,n100,west,1\n"
}

/// A release in `out`, or the log of a refused run in `out.refused`.
fn release(share: &str, code: i32) -> Folder {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE.replace("SHARE", share));
    folder.write("in.csv", table());
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(code);
    folder
}

/// Runs one check of `independent.py`; without the packages it is skipped, but not where CI=true.
fn python(what: &str, folder: &Path) {
    let needs = "import cattrs, jsonschema, in_toto_attestation, openlineage.client, pymerkle, pyshacl, rdflib, securesystemslib";
    let python = || Command::new(std::env::var("OUTIS_PYTHON").unwrap_or_else(|_| "python3".into()));
    let there = python().args(["-c", needs]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !there {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI installs the packages");
        eprintln!("skipped: the Python packages are not here");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/independent.py");
    let output = python().arg("-W").arg("ignore").arg(script).arg(what).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ok");
}

fn signer(suite: SigningSuite) -> (Signer, PublicKey) {
    let key = SigningKey::generate(suite, Some("example.org/log")).unwrap();
    let public = key.public().clone();
    (Signer::Key(key), public)
}

#[test]
fn another_tree_has_our_roots_and_takes_our_proofs() {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    type Theirs = MemoryBackedTree<sha2::Sha256, Vec<u8>>;
    let entries: Vec<Vec<u8>> = (0..70).map(|at| format!("entry {at}").into_bytes()).collect();
    let levels = Levels::of(&entries);
    let mut theirs = Theirs::new();
    let mut roots = Vec::new();
    for size in 1..=entries.len() {
        theirs.push(entries[size - 1].clone());
        let root = theirs.root();
        assert_eq!(root.as_bytes()[..], root_of(&levels, size as u64).unwrap()[..], "{size}");
        for (index, entry) in entries[..size].iter().enumerate() {
            let ours = inclusion_proof(&levels, index as u64, size as u64).unwrap().concat();
            let proof = ct_merkle::InclusionProof::<sha2::Sha256>::try_from_bytes(ours).unwrap();
            root.verify_inclusion(entry, index as u64, &proof).unwrap();
            assert!(root.verify_inclusion(&b"another".to_vec(), index as u64, &proof).is_err());
        }
        for (old, old_root) in roots.iter().enumerate() {
            let ours = consistency_proof(&levels, old as u64 + 1, size as u64).unwrap().concat();
            let proof = ct_merkle::ConsistencyProof::<sha2::Sha256>::try_from_bytes(ours).unwrap();
            root.verify_consistency(old_root, &proof).unwrap();
        }
        roots.push(root);
    }
}

#[test]
fn another_reader_of_notes_takes_our_checkpoint_and_we_take_its_notes() {
    let (ours, key) = signer(SigningSuite::Ed25519);
    let (second, _) = signer(SigningSuite::Sm2);
    let head = Checkpoint { origin: "example.org/log".into(), size: 3, root: [7; 32] };
    let text = head.sign(&[ours, second]).unwrap().to_text();
    let theirs = |text: &str, key: &PublicKey| {
        let verifier = signed_note::StandardVerifier::new(&key.to_text()).unwrap();
        let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
        signed_note::Note::from_bytes(text.as_bytes()).unwrap().verify(&known).is_ok()
    };
    assert!(theirs(&text, &key));
    assert!(!theirs(&text.replacen("\n3\n", "\n4\n", 1), &key));
    assert!(!theirs(&text, &signer(SigningSuite::Ed25519).1));
    // the key of the documentation of Go's sumdb/note
    let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let signer = signed_note::StandardSigner::new(secret).unwrap();
    let mut note = signed_note::Note::new(head.to_text().as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let trusted = [SigningKey::parse(secret).unwrap().public().clone()];
    assert_eq!(Checkpoint::open(&note.to_bytes(), &trusted).unwrap(), head);
}

/// An SM2 key as OpenSSL reads it: SubjectPublicKeyInfo (RFC 5480) with the curve of GB/T 32918.5.
fn spki(point: &[u8]) -> Vec<u8> {
    let head = data_encoding::HEXLOWER.decode(b"3059301306072a8648ce3d020106082a811ccf5501822d034200").unwrap();
    [&head, point].concat()
}

/// Two numbers as DER.
fn der(signature: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for number in [&signature[..32], &signature[32..]] {
        let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
        let pad = usize::from(number[0] >= 0x80);
        body.extend([2, (number.len() + pad) as u8]);
        body.extend(std::iter::repeat_n(0, pad));
        body.extend(number);
    }
    [&[0x30, body.len() as u8], body.as_slice()].concat()
}

#[test]
fn openssl_takes_our_sm2_signatures_and_signs_for_us_as_a_command() {
    if Command::new("openssl").arg("version").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has OpenSSL");
        return;
    }
    let folder = Folder::new();
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap();
        (output.status.success(), output.stdout)
    };
    let id = format!("distid:{SM2_SIGNER_ID}");
    let (ours, key) = signer(SigningSuite::Sm2);
    folder.write("message", "the message");
    folder.write("key.der", spki(key.bytes()));
    folder.write("signature", der(&ours.sign(b"the message").unwrap()));
    let check = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.der",
        "-keyform",
        "DER",
        "-rawin",
        "-digest",
        "sm3",
        "-pkeyopt",
        &id,
        "-in",
        "message",
        "-sigfile",
        "signature",
    ];
    assert!(run(&check).0);
    folder.write("message", "another message");
    assert!(!run(&check).0);

    // and the other way: OpenSSL has the key, as a hardware module would
    assert!(run(&["genpkey", "-algorithm", "SM2", "-out", "theirs.pem"]).0);
    let public = run(&["pkey", "-in", "theirs.pem", "-pubout", "-outform", "DER"]).1;
    let public = PublicKey::new("example.org/hsm", SigningSuite::Sm2, &public[public.len() - 65..]).unwrap();
    let script = format!(
        "cat > {0}/in && exec openssl pkeyutl -sign -inkey {0}/theirs.pem -rawin -digest sm3 -pkeyopt {id} -in {0}/in",
        folder.path().display()
    );
    let words = ["sh", "-c", &script].map(str::to_owned).to_vec();
    let signer = Signer::Command { public: public.clone(), words };
    for at in 0..3 {
        let note = Note::sign(&format!("{at}\n"), std::slice::from_ref(&signer)).unwrap();
        assert_eq!(note.verify(std::slice::from_ref(&public)).unwrap(), [&public]);
    }
}

#[test]
fn pymerkle_has_the_root_of_a_log_and_of_a_tile_log() {
    let folder = Folder::new();
    let (signer, key) = signer(SigningSuite::Ed25519);
    let log = OrganisationLog::open_or_create(&folder.join("log"), vec![signer]).unwrap();
    for at in 0..5 {
        let event = OrganisationEvent::ReleaseWithdrawn { run: format!("{at}"), reason: "error".into() };
        log.append("2026-01-01T00:00:00Z", "role:a", event).unwrap();
    }
    let opened = TileLog::open(&folder.join("log"), &[key]).unwrap();
    let lines: Vec<Vec<u8>> = opened.entries(0).unwrap();
    folder.write("log.jsonl", lines.join(&b'\n'));
    std::fs::copy(folder.join("log/checkpoint"), folder.join("checkpoint")).unwrap();
    python("root", folder.path());
    let proof = opened.prove(2).unwrap().to_text();
    assert!(InclusionProof::parse(proof.as_bytes()).unwrap().extra.unwrap() == lines[2]);
}

#[test]
fn in_toto_takes_our_envelope_and_statement() {
    let folder = Folder::new();
    let (signer, key) = signer(SigningSuite::Ed25519);
    let digest = "ab".repeat(32);
    let gate = TestResult::new(vec![Resource::by_sha256("plan", &digest)], vec!["rows".into()], vec![], vec![]);
    let payload = Statement::new(vec![Resource::by_sha256("data/part-00000.csv", &digest)], gate).to_payload().unwrap();
    let envelope = Envelope::sign(IN_TOTO, payload, &[signer]).unwrap();
    folder.write("gates.dsse.json", envelope.to_text().unwrap());
    folder.write("key.pub", key.to_text());
    python("envelope", folder.path());
}

#[test]
fn openlineage_takes_the_lineage_of_a_release() {
    let folder = release("10%", 0);
    python("lineage", &folder.join("out/lineage"));
    let text = folder.read("out/lineage/openlineage.jsonl");
    let root = folder.path().to_string_lossy().into_owned();
    assert!(!text.contains(&root) && !text.contains("in.csv"), "aliases, never paths");
    assert!(text.contains("provider-3") && text.contains("dataset-17"));
}

#[test]
fn a_catalogue_takes_the_entry_of_a_release() {
    let folder = release("10%", 0);
    python("catalogue", &folder.join("out"));
}

#[test]
fn every_certificate_obeys_the_published_schema() {
    let folder = release("10%", 0);
    python("certificate", &folder.join("out"));
}
