//! What the world does to a run: full disks, inputs that change, signals. It ends with code 2 and leaves its log alone.

use crate::support::{Folder, Ran, can_mount, program};
use outis::error::ErrorKind;
use outis::profile;
use outis::run::{self, Job, Options, Progress, Stage};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PROFILE: &str = r#"
name = "faults"
version = "1"
goal = "anonymized"
tier = "conditional"
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "day"
type = "date"
role = "sensitive"
[[column]]
name = "note"
role = "sensitive"
"#;

const MODEL: &str = "[privacy]\nk_anonymity = 2\n";

/// Rows of 32 bytes.
fn table(rows: usize) -> String {
    let mut text = String::from("city,day,note\n");
    for row in 0..rows {
        text.push_str(&format!("{},2025-03-01,aaaa {row:>9}\n", ["north", "south"][row % 2]));
    }
    text
}

/// A folder with a profile that asks for k, and a table.
fn folder(rows: usize) -> Folder {
    let folder = Folder::new();
    folder.write("p.toml", format!("{PROFILE}{MODEL}"));
    folder.write("in.csv", table(rows));
    folder
}

fn names(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What is left is the log, and it ends with this code.
#[track_caller]
fn only_the_log(folder: &Folder, at: &str, code: &str) {
    let left: Vec<String> = folder.files().into_iter().filter(|name| name.contains("out")).collect();
    assert_eq!(left, [format!("{at}.failed/log.jsonl"), format!("{at}.failed/times.jsonl")]);
    let log = folder.read(&left[0]);
    let entries: Vec<_> = log.lines().map(|line| outis::log::Entry::decode(line.as_bytes()).unwrap()).collect();
    let outis::log::Event::RunFailed(failed) = &entries.last().unwrap().event else { panic!("{log}") };
    assert_eq!(failed.code, code);
    assert_eq!(folder.read(&left[1]).lines().count(), entries.len());
}

/// Runs a shell script here; `$OUTIS` is the program.
fn shell(folder: &Folder, program: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
    Ran(command.env("OUTIS", env!("CARGO_BIN_EXE_outis")).output().unwrap())
}

#[test]
fn a_file_that_may_not_grow_stops_the_run_and_its_log_stays() {
    let folder = folder(20_000);
    // 64 blocks of 512 or 1024 bytes; the release has ten times as many, and every other file fits
    let script = "ulimit -f 64; exec \"$OUTIS\" run p.toml -i in.csv -o new/out";
    let ran = shell(&folder, "sh", &["-c", script]).expect(2);
    assert!(ran.stderr().contains("error: ") && ran.stderr().contains("no data was left behind"), "{}", ran.stderr());
    assert!(!ran.stderr().contains("published"));
    only_the_log(&folder, "new/out", "io");
}

#[test]
fn a_full_disk_stops_the_run_and_its_log_stays() {
    let folder = folder(100_000);
    // a disk of one mebibyte in a name space of its own, where the system lets us have one
    std::fs::create_dir(folder.join("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=1m none disk";
    if !can_mount(&folder) {
        return;
    }
    let script = format!(
        "{mount} && \"$OUTIS\" run p.toml -i in.csv -o disk/new/out; code=$?; find disk -type f | sort; exit $code"
    );
    let ran = shell(&folder, "unshare", &["-rm", "sh", "-c", &script]).expect(2);
    assert!(ran.stderr().contains("the disk is full"), "{}", ran.stderr());
    let logs = "disk/new/out.failed/log.jsonl\ndisk/new/out.failed/times.jsonl\n";
    assert_eq!(ran.stdout(), logs, "nothing else is left on the disk");
}

#[test]
fn an_input_that_changes_between_the_passes_is_seen_whatever_its_date_says() {
    for attempt in 1..=20 {
        let folder = folder(200_000);
        let (path, output) = (folder.join("in.csv"), folder.join("out"));
        let job = Job {
            loaded: profile::parse(&format!("{PROFILE}{MODEL}"), None).unwrap(),
            folder: None,
            inputs: vec![path.clone()],
            output: output.clone(),
            options: Options { threads: 1, shard_bytes: 16 << 10, ..Options::default() },
        };
        let (progress, ended) = (Progress::default(), AtomicBool::new(false));
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                while progress.stage() < Stage::Release && !ended.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                // the last row's note: no class changes, nor the length, and the date is put back
                let modified = path.metadata().unwrap().modified().unwrap();
                let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
                file.seek(SeekFrom::End(-15)).unwrap();
                file.write_all(b"bbbb").unwrap();
                file.set_modified(modified).unwrap();
            });
            let result = run::run(&job, &progress);
            ended.store(true, Ordering::Relaxed);
            result
        });
        match result {
            Err(error) => {
                assert_eq!(error.kind(), &ErrorKind::InputChanged, "{error}");
                only_the_log(&folder, "out", "input_changed");
                return;
            }
            // the row was read before it changed
            Ok(_) => eprintln!("attempt {attempt}: the change came too late"),
        }
    }
    panic!("in 20 attempts no change was seen");
}

#[test]
fn a_polite_kill_leaves_the_log_alone() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let (folder, ran) = signalled(program(), signal);
        assert!(ran.expect(2).stderr().contains("stopped"), "{signal}");
        only_the_log(&folder, "new/out", "interrupted");
    }
}

#[test]
fn a_run_that_was_told_to_outlive_its_terminal_does() {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_outis")]);
    let (folder, ran) = signalled(command, "-HUP");
    ran.expect(0);
    assert!(folder.join("new/out/data/part-00000.csv").exists());
}

/// A run from stdin that gets a signal in the middle.
fn signalled(mut command: Command, signal: &str) -> (Folder, Ran) {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE.replace("\"quasi\"", "\"insensitive\""));
    let mut child = command
        .args(["run", "p.toml", "-i", "-", "-o", "new/out"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(table(40_000).as_bytes()).unwrap();
    // the staging folder comes after the signal's handler
    let start = Instant::now();
    while !folder.join("new").exists() || std::fs::read_dir(folder.join("new")).unwrap().count() == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "the run does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(500));
    drop(stdin);
    (folder, Ran(child.wait_with_output().unwrap()))
}

#[test]
fn who_does_not_take_the_document_does_not_change_how_it_ended() {
    let folder = folder(100);
    folder.write("strict.toml", format!("{PROFILE}{}", MODEL.replace('2', "200")));
    // a reader that went away: a pipe whose other end is closed
    let unread = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        Ran(child.wait_with_output().unwrap())
    };
    unread(&["run", "strict.toml", "-i", "in.csv", "-o", "refused", "--json"]).expect(1);
    unread(&["check", "in.csv", "--quasi", "city", "--k", "200", "--json"]).expect(1);
    unread(&["check", "in.csv", "--quasi", "city", "--k", "50", "--json"]).expect(0);
    unread(&["sample", "--rows", "100000"]).expect(0);
    // a full disk behind stdout
    let full = |arguments: &[&str]| {
        let stdout = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        Ran(program().args(arguments).current_dir(folder.path()).stdout(stdout).output().unwrap())
    };
    let ran = full(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json"]).expect(0);
    assert!(ran.stderr().contains("warning: it is done, but the document could not be written"), "{}", ran.stderr());
    assert!(folder.join("out/catalog.json").exists());
    let told = full(&["schema"]).expect(2).stderr();
    assert!(told.contains("hint: look at where stdout goes") && !told.contains("twice"), "{told}");
}

#[test]
fn a_run_that_fails_leaves_its_log_and_one_that_never_began_nothing() {
    let folder = folder(10);
    folder.write("bad.csv", table(10).replace("2025-03-01,aaaa         7", "yesterday,aaaa         7"));
    std::fs::create_dir(folder.join("mine")).unwrap();
    let ran = folder.outis(&["run", "p.toml", "-i", "bad.csv", "-o", "mine/new/newer/out"]).expect(2);
    assert!(ran.stderr().contains("`bad.csv`, row 8, column `day`"), "{}", ran.stderr());
    only_the_log(&folder, "mine/new/newer/out", "bad_value");
    // nothing was begun: nothing stays
    folder.outis(&["run", "p.toml", "-i", "absent.csv", "-o", "other/new/out"]).expect(2);
    assert_eq!(names(&folder), ["bad.csv", "in.csv", "mine", "p.toml"]);
    // a refusal keeps its log, and the folders above it
    folder.write("alone.csv", "city,day,note\nwest,2025-03-01,x\n");
    folder.outis(&["run", "p.toml", "-i", "alone.csv", "-o", "mine/new/out"]).expect(1);
    assert!(folder.join("mine/new/out.refused/log.jsonl").is_file());
}
