//! A survey that is past the memory given: its classes wait on the disk, and everything comes out as with much memory.

use crate::support::Folder;
use outis::error::ErrorKind;
use outis::profile;
use outis::run::{self, Job, Options, Progress};

const PROFILE: &str = r#"
name = "many-classes"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
k_anonymity = 3
[[column]]
name = "street"
role = "quasi"
[[column]]
name = "house"
role = "quasi"
generalize = { interval = { steps = [10, 100] } }
"#;

fn write(folder: &Folder, fixed: bool) {
    // thirty thousand combinations, three rows each
    let mut text = String::from("street,house\n");
    for row in 0..90_000_u32 {
        let mixed = row * 7919 % 30_000;
        text.push_str(&format!("street-{},{}\n", mixed / 100, mixed % 100));
    }
    folder.write("in.csv", text);
    let apply = "generalize = { interval = { steps = [10, 100] } }\n";
    folder.write("p.toml", if fixed { PROFILE.replace(apply, "") } else { PROFILE.to_owned() });
}

fn options(memory: u64, threads: usize) -> Options {
    Options { memory, threads, shard_bytes: 1 << 16, insecure_test_seed: Some(4), ..Options::default() }
}

const MEBIBYTE: u64 = 1 << 20;

#[test]
fn a_release_past_its_memory_is_the_same() {
    let folder = Folder::new();
    write(&folder, true);
    let release = |output: &str, memory: u64, threads: usize| {
        let job = Job {
            loaded: profile::parse(&folder.read("p.toml"), None).unwrap(),
            folder: None,
            inputs: vec![folder.join("in.csv")],
            output: folder.join(output),
            options: options(memory, threads),
        };
        let report = run::run(&job, &Progress::default()).unwrap().report;
        assert_eq!(report.risk.unwrap().smallest_class, Some(3));
        assert_eq!((report.rows.released, report.rows.suppressed), (90_000, 0));
        folder.read(&format!("{output}/data/part-00000.csv"))
    };
    let much = release("much", 1024 * MEBIBYTE, 2);
    assert!(release("one", MEBIBYTE, 1) == much);
    assert!(release("two", MEBIBYTE, 2) == much);
    assert!(!folder.files().iter().any(|name| name.contains("spill")), "what waited had no name");
}

#[test]
fn levels_past_the_memory_are_the_same_and_a_table_that_cannot_fit_is_told() {
    let folder = Folder::new();
    write(&folder, false);
    let loaded = profile::parse(&folder.read("p.toml"), None).unwrap();
    let solve =
        |memory: u64| run::solve(&loaded, None, &[folder.join("in.csv")], &options(memory, 2), &Progress::default());
    let (much, little) = (solve(1024 * MEBIBYTE).unwrap(), solve(MEBIBYTE).unwrap());
    assert_eq!((&little.levels, little.loss, little.classes), (&much.levels, much.loss, much.classes));
    assert_eq!((little.rows, little.checked, little.optimal), (90_000, much.checked, true));
    let error = solve(MEBIBYTE / 2).expect_err("thirty thousand classes have more");
    assert!(matches!(error.kind(), ErrorKind::Memory(_)));
}
