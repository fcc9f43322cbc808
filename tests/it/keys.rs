//! Keys from outside: wherever one comes from the tokens are the same, and nothing that a run writes or says holds it.

use crate::support::{Folder, Ran, program};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

const PROFILE: &str = r#"
name = "keys"
version = "1"
goal = "deidentified"
tier = "TIER"
[keys]
release = "study-7"
KEY
[privacy]
k_anonymity = 2
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "day"
type = "date"
role = "sensitive"
apply = { shift_date = { days = 30 } }
"#;

/// Every form of this key differs from every other: its base64 has `+` and `/`.
const KEY: [u8; 32] = [
    0xfb, 0xef, 0xff, 0x3e, 0x91, 0x07, 0xc4, 0x5a, 0x2d, 0xe8, 0x70, 0xb3, 0x1c, 0x66, 0xf9, 0x84, 0x0b, 0xd2, 0x57,
    0xae, 0x39, 0x8f, 0x12, 0xcd, 0x45, 0xe1, 0x78, 0x9a, 0x33, 0xfe, 0x60, 0xb7,
];
const VARIABLE: &str = "OUTIS_TEST_KEY_OF_KEYS";
const SOURCES: [(&str, &str); 3] = [
    ("file", "file = \"k\""),
    ("environment", "environment = \"OUTIS_TEST_KEY_OF_KEYS\""),
    ("command", "command = [\"cat\", \"k\"]"),
];

fn hex() -> String {
    data_encoding::HEXLOWER.encode(&KEY)
}

fn folder(tier: &str, key: &str) -> Folder {
    let folder = Folder::new();
    folder.write("k", hex() + "\n");
    std::fs::set_permissions(folder.join("k"), std::fs::Permissions::from_mode(0o600)).unwrap();
    profile(&folder, tier, key);
    let rows =
        (0..60).map(|row| format!("p{:02},{},2024-05-{:02}\n", row % 30, ["north", "south"][row % 2], 1 + row % 28));
    folder.write("in.csv", "id,city,day\n".to_owned() + &rows.collect::<String>());
    folder
}

fn profile(folder: &Folder, tier: &str, key: &str) {
    folder.write("p.toml", PROFILE.replace("TIER", tier).replace("KEY", key));
}

fn run(folder: &Folder, arguments: &[&str]) -> Ran {
    let run = ["run", "p.toml", "-i", "in.csv"];
    let output = program().args(run).args(arguments).env(VARIABLE, hex()).current_dir(folder.path()).output();
    Ran(output.unwrap())
}

/// The released tokens, and what the log says of the key: where it came from, and its fingerprint.
fn tokens(folder: &Folder, output: &str) -> (BTreeSet<String>, String, String) {
    let text = folder.read(&format!("{output}/data/part-00000.csv"));
    let tokens = text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    let log = folder.read(&format!("{output}/evidence/log.jsonl"));
    let made: Vec<&str> = log.lines().filter(|line| line.contains("\"type\":\"key_created\"")).collect();
    let [made] = made[..] else { panic!("{} keys", made.len()) };
    let said = |field: &str| {
        let after = made.split_once(&format!("\"{field}\":\"")).unwrap_or_else(|| panic!("{made}")).1;
        after.split('"').next().unwrap().to_owned()
    };
    (tokens, said("custody"), said("fingerprint"))
}

#[test]
fn file_environment_and_command_give_the_same_tokens_and_the_log_says_which_it_was() {
    let folder = folder("conditional", "");
    let mut seen = Vec::new();
    for (name, key) in SOURCES {
        profile(&folder, "conditional", key);
        run(&folder, &["-o", name]).expect(0);
        let (tokens, custody, fingerprint) = tokens(&folder, name);
        assert_eq!((tokens.len(), custody.as_str()), (30, name));
        seen.push((tokens, fingerprint));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "the same key gives the same tokens");
    // another release under the same key, and the same release under a key of the run, share none
    folder.write("p.toml", folder.read("p.toml").replace("study-7", "study-8"));
    run(&folder, &["-o", "other"]).expect(0);
    profile(&folder, "conditional", "");
    run(&folder, &["-o", "own"]).expect(0);
    let (other, own) = (tokens(&folder, "other"), tokens(&folder, "own"));
    assert_eq!((other.2.as_str(), own.1.as_str()), (seen[0].1.as_str(), "ephemeral"));
    assert!(other.0.is_disjoint(&seen[0].0) && own.0.is_disjoint(&seen[0].0));
}

/// The key, its halves and its quarters, as bytes and as text.
fn forms() -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for part in [32, 16, 8].into_iter().flat_map(|size| KEY.chunks(size)) {
        forms.push(part.to_vec());
        forms.push(part.iter().rev().copied().collect());
        for text in [data_encoding::HEXLOWER.encode(part), data_encoding::HEXUPPER.encode(part)] {
            forms.push(text.into_bytes());
        }
        for skip in 0..3 {
            // at the three places where it may begin in a longer text, less the ends that depend on the neighbours
            let whole = &part[skip..skip + (part.len() - skip) / 3 * 3];
            forms.push(data_encoding::BASE64.encode(whole).into_bytes());
            forms.push(data_encoding::BASE64URL.encode(whole).into_bytes());
        }
        forms.push(part.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes());
        forms.push(part.iter().map(u8::to_string).collect::<Vec<_>>().join(",").into_bytes());
    }
    forms
}

fn holds_key(bytes: &[u8], forms: &[Vec<u8>]) -> bool {
    forms.iter().any(|form| memchr::memmem::find(bytes, form).is_some())
}

#[test]
fn the_search_sees_a_planted_key() {
    let forms = forms();
    let planted: [Vec<u8>; 7] = [
        [b"..", &KEY[..], b".."].concat(),
        hex().into_bytes(),
        hex().to_uppercase().into_bytes(),
        data_encoding::BASE64.encode(&KEY).into_bytes(),
        data_encoding::BASE64URL_NOPAD.encode(&KEY).into_bytes(),
        data_encoding::BASE64URL.encode(&[b"k=", &KEY[..]].concat()).into_bytes(),
        format!("{KEY:?}").into_bytes(),
    ];
    assert!(planted.iter().all(|bytes| holds_key(bytes, &forms)));
    assert!(!holds_key(&hex().as_bytes()[..14], &forms));
    assert_ne!(data_encoding::BASE64.encode(&KEY), data_encoding::BASE64URL.encode(&KEY));
}

#[test]
fn nothing_that_a_run_writes_or_says_holds_its_key() {
    let forms = forms();
    for (name, key) in SOURCES {
        let folder = folder("conditional", key);
        folder.outis(&["keygen", "--signing", "ed25519", "sign"]).expect(0);
        let kept: BTreeSet<String> = folder.files().into_iter().collect();
        let clean = |ran: &Ran, what: &str, least: usize| {
            assert!(!holds_key(&ran.0.stderr, &forms), "{name}, {what}: stderr");
            assert!(!holds_key(&ran.0.stdout, &forms), "{name}, {what}: stdout");
            let new: Vec<String> = folder.files().into_iter().filter(|file| !kept.contains(file)).collect();
            assert!(new.len() >= least, "{name}, {what}: {new:?}");
            for file in new {
                assert!(!holds_key(&std::fs::read(folder.join(&file)).unwrap(), &forms), "{name}, {what}: {file}");
            }
        };
        for format in ["csv", "ndjson", "parquet", "ipc"] {
            let more = ["--sign", "sign", "--salt", &format!("salt-{format}"), "--org-log", "org"];
            let ran = run(
                &folder,
                &[&["-o", &format!("out-{format}"), "--output-format", format, "--json"], &more[..]].concat(),
            );
            clean(&ran.expect(0), format, 9);
        }
        let explain = ["explain", "p.toml", "-i", "in.csv"];
        let output = program().args(explain).env(VARIABLE, hex()).current_dir(folder.path()).output();
        clean(&Ran(output.unwrap()).expect(0), "explain", 9);
        // a run that is refused, and one that fails
        profile(&folder, "closed", key);
        clean(&run(&folder, &["-o", "no", "--json"]).expect(1), "refused", 3);
        assert!(folder.join("no.refused/log.jsonl").exists());
        folder.write("in.csv", folder.read("in.csv").replace("2024-05-07", "2024-05-77"));
        clean(&run(&folder, &["-o", "bad", "--json"]).expect(2), "failed", 2);
        assert!(folder.join("bad.failed/log.jsonl").exists());
    }
}
