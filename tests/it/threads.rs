//! Same bytes for 1, 2 and 8 threads under a test seed; other bytes under another.

use crate::support::Folder;

const PROFILE: &str = r#"
name = "threads"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
unit = "row"
k_anonymity = 3
suppress_at_most = "20%"
[output]
parts = 20
[[column]]
name = "id_no"
type = "cn.resident_id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "name"
role = "direct"
apply = "surrogate"
[[column]]
name = "phone"
type = "cn.mobile"
role = "direct"
apply = { token = { domain = "phone", encoding = "base32" } }
[[column]]
name = "email"
role = "direct"
apply = "drop"
[[column]]
name = "gender"
role = "quasi"
[[column]]
name = "birth"
type = "date"
role = "quasi"
generalize = { date = ["year", "10-years"] }
level = 2
[[column]]
name = "postcode"
role = "quasi"
generalize = { prefix = [3, 2, 1] }
level = 2
[[column]]
name = "amount"
role = "insensitive"
apply = "shuffle"
[[column]]
name = "diagnosis"
role = "sensitive"
"#;

/// Every data file and the shards of the log, times left out.
fn release(folder: &Folder, threads: &str, seed: &str, format: &str, input: &str) -> Vec<(String, Vec<u8>)> {
    let target = format!("out-{threads}-{seed}-{format}");
    let run = [
        "run",
        "profile.toml",
        "--input",
        input,
        "--output",
        &target,
        "--threads",
        threads,
        "--insecure-test-seed",
        seed,
        "--output-format",
        format,
        "--memory",
        if threads == "2" { "16MiB" } else { "1GiB" },
    ];
    folder.outis(&run).expect(0);
    let mut files: Vec<(String, Vec<u8>)> = folder
        .files()
        .into_iter()
        .filter_map(|name| name.strip_prefix(&format!("{target}/")).map(str::to_owned))
        .filter(|name| name.starts_with("data/") || name.ends_with("plan.txt"))
        .map(|name| (name.clone(), std::fs::read(folder.join(&target).join(&name)).unwrap()))
        .collect();
    // the whole log but its last event, which names the times: so the repeatable root is the same
    let log = folder.read(&format!("{target}/evidence/log.jsonl"));
    let (events, last) = log.trim_end().rsplit_once('\n').unwrap();
    assert!(last.contains("times_sealed"));
    files.push(("events".into(), events.as_bytes().to_vec()));
    let certificate: serde_json::Value =
        serde_json::from_str(&folder.read(&format!("{target}/evidence/certificate.json"))).unwrap();
    let root = certificate["predicate"]["log"]["repeatable_root"].as_str().unwrap();
    assert_eq!(root.len(), 44);
    files.push(("root".into(), root.as_bytes().to_vec()));
    files
}

#[test]
fn same_bytes_for_any_number_of_threads_and_any_memory() {
    let folder = Folder::new();
    folder.write("profile.toml", PROFILE);
    // about 19 MB: five shards, and more than the small memory holds
    folder.outis(&["sample", "--rows", "200000", "--output", "in.csv"]).expect(0);
    let one = release(&folder, "1", "7", "csv", "in.csv");
    assert!(one.iter().any(|(name, bytes)| name.starts_with("data/") && bytes.len() > 1_000_000));
    for threads in ["2", "8"] {
        let other = release(&folder, threads, "7", "csv", "in.csv");
        assert!(one == other, "{threads} threads give other bytes");
    }
    let other_seed = release(&folder, "2", "8", "csv", "in.csv");
    assert!(one[0] != other_seed[0], "another seed gives another release");
}

#[test]
fn same_bytes_in_every_format() {
    let folder = Folder::new();
    folder.write("profile.toml", PROFILE);
    for format in ["csv", "ndjson", "parquet", "ipc"] {
        let input = format!("in.{}", if format == "ipc" { "arrow" } else { format });
        folder.outis(&["sample", "--rows", "30000", "--output", &input]).expect(0);
        let one = release(&folder, "1", "7", format, &input);
        assert!(one == release(&folder, "8", "7", format, &input), "{format}");
    }
}

#[test]
fn a_seed_is_loud_and_a_real_key_never_repeats() {
    let folder = Folder::new();
    folder.write("profile.toml", PROFILE);
    folder.outis(&["sample", "--rows", "5000", "--output", "in.csv"]).expect(0);
    let ran =
        folder.outis(&["run", "profile.toml", "-i", "in.csv", "-o", "seeded", "--insecure-test-seed", "1"]).expect(0);
    assert!(ran.stderr().contains("not private"), "{}", ran.stderr());
    assert!(folder.read("seeded/evidence/log.jsonl").contains(r#""custody":"test-seed""#));
    for target in ["a", "b"] {
        folder.outis(&["run", "profile.toml", "-i", "in.csv", "-o", target]).expect(0);
        assert!(folder.read(&format!("{target}/evidence/log.jsonl")).contains(r#""custody":"ephemeral""#));
    }
    let tokens = |target: &str| -> std::collections::BTreeSet<String> {
        let text = folder.read(&format!("{target}/data/part-00000.csv"));
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
    };
    assert!(tokens("a").is_disjoint(&tokens("b")), "two runs share no token");
}
