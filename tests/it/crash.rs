//! Runs that are killed at any instant, and disks that are full at any write: never a partial release, never one without
//! the gate, never plaintext left; after the next start no private folder either, and the log is there.
//!
//! The points of a kill are those that anybody can see from outside: each event in the log, each file in the stage, the
//! stage and the release themselves; and random instants. So the program that is killed is the one that is shipped. The rows of
//! these tables fit the memory given; a run that is killed with rows on the disk is in `secrets`.
//! `OUTIS_KILLS=500` makes the count that a release of this program is held to; without it a short round is made.

use crate::support::{Folder, can_mount, program};
use outis::run::Options;
use outis::run::verify::{Trust, trusted, verify};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROFILE: &str = r#"
name = "crash"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
k_anonymity = 2
suppress_at_most = "10%"
[output]
parts = 4
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "note"
role = "direct"
apply = "drop"
"#;

/// Rows with a marker in the columns that may not leave as they are.
fn table(rows: usize) -> String {
    let mut text = String::from("id,city,note\n");
    for row in 0..rows {
        text.push_str(&format!("MARKER-{row:08},{},MARKER note {row}\n", ["north", "south"][row % 2]));
    }
    text
}

fn folder(rows: usize) -> Folder {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", table(rows));
    folder.outis(&["keygen", "--signing", "ed25519", "key"]).expect(0);
    std::fs::create_dir(folder.join("releases")).unwrap();
    folder
}

const RUN: [&str; 10] = ["run", "p.toml", "-i", "in.csv", "-o", "releases/out", "--sign", "key", "--org-log", "log"];
const APPROVE: [&str; 8] = ["approve", "releases/out", "--sign", "second", "--org-log", "log", "--org-log-sign", "key"];

fn start(folder: &Folder, arguments: &[&str]) -> Child {
    program()
        .args(arguments)
        .arg("--quiet")
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Where a run is killed.
#[derive(Clone, Debug)]
enum Point {
    /// After this share of the time that a run takes, in thousandths.
    Instant(u32),
    /// When this text stands in the log.
    Event(&'static str),
    /// When this file is in the stage.
    File(&'static str),
    /// When the release is visible.
    Release,
    /// When it waits for a second person.
    Waits,
    /// When it waits no more.
    Left,
}

const POINTS: [Point; 23] = [
    Point::File(""),
    Point::File("evidence/log.jsonl"),
    Point::Event("run_opened"),
    Point::Event("schema_bound"),
    Point::Event("input_opened"),
    Point::Event("key_created"),
    Point::Event("survey_done"),
    Point::Event("shards_done"),
    Point::File("data/part-00000.csv"),
    Point::File("data/part-00003.csv"),
    Point::File("evidence/plan.txt"),
    Point::Event("output_staged"),
    Point::Event("risk_measured"),
    Point::Event("gate_result"),
    Point::Event("key_destroyed"),
    Point::Event("run_sealed"),
    Point::Event("times_sealed"),
    Point::File("evidence/checkpoint"),
    Point::File("evidence/report.json"),
    Point::File("evidence/certificate.json"),
    Point::File("KEYS"),
    Point::File("evidence/release.tlog-proof"),
    Point::Release,
];

const WAITING: &str = "releases/out.waiting";

fn stage(folder: &Folder) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder.join("releases")).unwrap();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).find(|path| is_stage(path))
}

fn is_stage(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with(".out.outis-")
}

/// Waits for the point and kills; false when the run was over before.
fn kill_at(folder: &Folder, child: &mut Child, point: &Point, whole: Duration) -> bool {
    let start = Instant::now();
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let reached = match point {
            Point::Instant(share) => start.elapsed() >= whole * *share / 1000,
            Point::Release => folder.join("releases/out").exists(),
            Point::Waits => folder.join(WAITING).exists(),
            Point::Left => !folder.join(WAITING).exists(),
            Point::File(name) => stage(folder).is_some_and(|stage| stage.join(name).exists()),
            Point::Event(kind) => stage(folder).is_some_and(|stage| {
                let log = std::fs::read_to_string(stage.join("evidence/log.jsonl")).unwrap_or_default();
                log.contains(&format!("\"type\":\"{kind}\""))
            }),
        };
        if reached {
            child.kill().unwrap();
            let status = child.wait().unwrap();
            return status.code().is_none();
        }
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Every file below, with its bytes.
fn all(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![path.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push((path.clone(), std::fs::read(&path).unwrap())) }
        }
    }
    found
}

/// What must hold whatever happened: what is visible is whole, what is not is private, and nothing is plaintext.
fn sound(folder: &Folder, trust: &Trust, what: &str) -> bool {
    let releases = folder.join("releases");
    for (path, bytes) in all(&releases) {
        assert!(memchr::memmem::find(&bytes, b"MARKER").is_none(), "{what}: plaintext in {}", path.display());
    }
    for entry in std::fs::read_dir(&releases).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let known = ["out", "out.waiting"].contains(&name.as_str()) || name.starts_with("out.failed");
        assert!(is_stage(&path) || known, "{what}: {name}");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0, "{what}: {name} is not private");
    }
    let published = releases.join("out").exists();
    if published {
        let found =
            verify(&releases.join("out"), trust, &Options { threads: 1, ..Options::default() }, &Default::default());
        let found = found.unwrap();
        assert!(found.holds, "{what}: a release that does not hold: {:?}", found.findings);
    }
    published
}

/// Cleans up; then nothing but releases and logs is there, and each log can be read and says that the run was killed.
fn cleaned(folder: &Folder, what: &str) -> usize {
    let logs = tidied(folder, what);
    std::fs::remove_dir_all(folder.join("releases")).unwrap();
    std::fs::create_dir(folder.join("releases")).unwrap();
    logs
}

/// The same, and what is there stays.
fn tidied(folder: &Folder, what: &str) -> usize {
    folder.outis(&["clean", "releases", "--quiet"]).expect(0);
    assert!(stage(folder).is_none(), "{what}: a private folder is left");
    let mut logs = 0;
    for (path, bytes) in all(&folder.join("releases")) {
        if path.ends_with("log.jsonl") && path.parent().unwrap().to_string_lossy().contains("out.failed") {
            let text = String::from_utf8(bytes).unwrap();
            let entries: Vec<_> =
                text.lines().map(|line| outis::log::Entry::decode(line.as_bytes()).unwrap()).collect();
            let last = entries.last().map(|entry| &entry.event);
            assert!(matches!(last, None | Some(outis::log::Event::RunFailed(_))), "{what}: {text}");
            logs += 1;
        } else {
            let inside = path.strip_prefix(folder.join("releases")).unwrap();
            let known = inside.starts_with("out") || inside.starts_with("out.waiting") || path.ends_with("times.jsonl");
            assert!(known, "{what}: {}", path.display());
        }
    }
    logs
}

#[test]
fn a_run_killed_at_any_instant_leaves_a_whole_release_or_its_log() {
    let folder = folder(20_000);
    let trust = Trust::Keys(trusted(&[folder.join("key.pub")]).unwrap());
    let begin = Instant::now();
    assert!(start(&folder, &RUN).wait().unwrap().success());
    let whole = begin.elapsed();
    assert!(sound(&folder, &trust, "no kill"));
    cleaned(&folder, "no kill");
    let kills: usize = std::env::var("OUTIS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(POINTS.len() + 8);
    let (mut killed, mut over, mut published, mut logs, mut number) = (0, 0, 0, 0, 0_usize);
    while killed < kills {
        // every named point in turn, then instants spread over the run, and so on
        let point = match POINTS.get(number % (2 * POINTS.len())) {
            Some(point) => point.clone(),
            None => Point::Instant(u32::try_from(number * 617 % 1000).unwrap()),
        };
        number += 1;
        let mut child = start(&folder, &RUN);
        if kill_at(&folder, &mut child, &point, whole) {
            killed += 1
        } else {
            over += 1
        }
        let what = format!("{point:?}");
        published += usize::from(sound(&folder, &trust, &what));
        logs += cleaned(&folder, &what);
        assert!(over < kills + 50, "the points are not reached");
    }
    recorded(&folder, killed);
    eprintln!("{killed} kills ({over} runs were over before): {published} whole releases, {logs} logs of killed runs");
}

/// However often runs were killed, the organisation's log holds, and tells of those that had begun and never ended.
fn recorded(folder: &Folder, least: usize) {
    let ran = folder.outis(&["log", "log", "--trust", "key.pub", "--json"]).expect(0);
    let events = ran.json()["events"].as_array().unwrap().len();
    assert!(events >= least / 2 && ran.stderr().contains("begun and never ended"), "{events}: {}", ran.stderr());
}

/// A folder whose profile asks for a second person.
fn asking(rows: usize) -> Folder {
    let folder = folder(rows);
    folder.write("p.toml", PROFILE.replace("[privacy]", "[approval]\nrole = \"role:second\"\n[privacy]"));
    folder.outis(&["keygen", "--signing", "sm2", "second"]).expect(0);
    folder
}

/// Points of a run that ends waiting; then those of an approval.
const ASKING: [Point; 4] = [
    Point::Event("review_requested"),
    Point::File("evidence/report.json"),
    Point::File("evidence/gates.json"),
    Point::Waits,
];
const APPROVING: [Point; 10] = [
    Point::File(""),
    Point::File("data/part-00000.csv"),
    Point::File("catalog.json"),
    Point::File("evidence/certificate.json"),
    Point::File("evidence/gates.json"),
    Point::File("evidence/release.tlog-proof"),
    Point::File("KEYS"),
    Point::File("evidence/log.jsonl"),
    Point::Release,
    Point::Left,
];

#[test]
fn an_approval_killed_at_any_instant_leaves_what_waits_or_a_whole_release() {
    let folder = asking(8_000);
    let trust = Trust::Keys(trusted(&[folder.join("key.pub"), folder.join("second.pub")]).unwrap());
    let ready = |folder: &Folder| {
        if !folder.join(WAITING).exists() {
            assert_eq!(start(folder, &RUN).wait().unwrap().code(), Some(3));
        }
    };
    ready(&folder);
    let begin = Instant::now();
    assert!(start(&folder, &APPROVE).wait().unwrap().success());
    let whole = begin.elapsed();
    assert!(sound(&folder, &trust, "no kill"));
    cleaned(&folder, "no kill");
    let (asking, approving) = (ASKING.len(), APPROVING.len());
    let kills: usize =
        std::env::var("OUTIS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(asking + 2 * approving);
    let (mut killed, mut over, mut published, mut waited, mut number) = (0, 0, 0, 0, 0_usize);
    while killed < kills {
        let at = number % (asking + 2 * approving);
        number += 1;
        let (arguments, point) = match at.checked_sub(asking) {
            None => (&RUN[..], ASKING[at].clone()),
            Some(at) => {
                ready(&folder);
                let instant = Point::Instant(u32::try_from(number * 617 % 1000).unwrap());
                (&APPROVE[..], APPROVING.get(at).cloned().unwrap_or(instant))
            }
        };
        let mut child = start(&folder, arguments);
        if kill_at(&folder, &mut child, &point, whole) {
            killed += 1
        } else {
            over += 1
        }
        let what = format!("{} at {point:?}", arguments[0]);
        let left = sound(&folder, &trust, &what);
        tidied(&folder, &what);
        assert_eq!(folder.join("releases/out").exists(), left, "{what}: the next start changed what is visible");
        let waits = folder.join(WAITING).exists();
        assert!(arguments[0] == "run" || (left != waits), "{what}: it left, or it waits: {left} {waits}");
        (published, waited) = (published + usize::from(left), waited + usize::from(waits));
        if waits {
            // what waits is whole: only the approval is missing
            let options = Options { threads: 1, ..Options::default() };
            let found = verify(&folder.join(WAITING), &trust, &options, &Default::default()).unwrap();
            let codes: Vec<&str> = found.findings.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, ["E_APPROVAL"], "{what}");
        }
        if left || arguments[0] == "run" {
            cleaned(&folder, &what);
        }
        assert!(over < kills + 50, "the points are not reached");
    }
    recorded(&folder, 1);
    eprintln!("{killed} kills ({over} were over before): {published} whole releases, {waited} that wait");
}

#[test]
fn a_disk_that_is_full_at_any_write_of_an_approval_leaves_what_waits_or_a_whole_release() {
    let folder = asking(4000);
    std::fs::create_dir(folder.join("disk")).unwrap();
    if !can_mount(&folder) {
        return;
    }
    // the disk is filled up but for so many pages, one more each time, until the approval fits
    let script = r#"
        mount -t tmpfs -o size=8m none disk || exit 9
        "$OUTIS" run p.toml -i in.csv -o disk/out --sign key --quiet; code=$?
        echo "run $code"
        free=0
        while [ $free -lt 400 ]; do
            free=$((free + 4))
            rm -f disk/fill
            room=$(df -k --output=avail disk | tail -1)
            head -c $(((room - free) * 1024)) /dev/zero >disk/fill
            "$OUTIS" approve disk/out --sign second --quiet 2>/dev/null; code=$?
            rm -f disk/fill
            echo "$free $code $(ls -A disk | tr '\n' ' ')"
            if [ $code -eq 0 ]; then break; fi
            "$OUTIS" approve disk/out --trust key.pub --quiet || [ $? -eq 3 ] || echo "$free does not wait"
        done
        "$OUTIS" verify disk/out --trust key.pub --trust second.pub --quiet && echo holds"#;
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .current_dir(folder.path())
        .env("OUTIS", env!("CARGO_BIN_EXE_outis"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    let [first, tries @ .., last, holds] = &lines[..] else { panic!("{text}{errors}") };
    assert_eq!((*first, *holds), ("run 3", "holds"), "{text}{errors}");
    assert!(last.ends_with(" 0 out"), "{text}{errors}");
    assert!(tries.len() > 3 && tries.iter().all(|line| line.ends_with(" 2 out.waiting")), "{text}{errors}");
    eprintln!("{} sizes of what is free, the last one fits", tries.len() + 1);
}

#[test]
fn a_disk_that_is_full_at_any_write_leaves_a_whole_release_or_a_log() {
    let folder = folder(4000);
    std::fs::create_dir(folder.join("disk")).unwrap();
    if !can_mount(&folder) {
        return;
    }
    // one size after another, by pages, until it fits; every write is the one that finds the disk full for some size
    let script = r#"
        size=0
        while [ $size -lt 1600 ]; do
            size=$((size + 4))
            mount -t tmpfs -o size=${size}k none disk || exit 9
            "$OUTIS" run p.toml -i in.csv -o disk/out --sign key --quiet 2>/dev/null; code=$?
            if grep -rl MARKER disk >/dev/null; then echo "$size plaintext"; fi
            if [ -e disk/out ]; then
                "$OUTIS" verify disk/out --trust key.pub --quiet || echo "$size does not hold"
                echo "$size published $code"
            else
                echo "$size $code $(ls -A disk | tr '\n' ' ')"
            fi
            umount disk
            if [ $code -eq 0 ]; then break; fi
        done"#;
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .current_dir(folder.path())
        .env("OUTIS", env!("CARGO_BIN_EXE_outis"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.last().is_some_and(|last| last.ends_with("published 0")),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in &lines[..lines.len() - 1] {
        let rest = line.split_once(' ').unwrap().1.trim_end();
        assert!(rest == "2" || rest == "2 out.failed", "{line}\n{text}");
    }
    assert!(lines.len() > 20, "{text}");
    eprintln!("{} sizes of disk, the last one fits", lines.len());
}
