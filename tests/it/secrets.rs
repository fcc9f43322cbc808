//! Secrets in the process: no core dump, a locked page, no key in arguments or environment, nothing named left, no network.

use crate::support::{Folder, program};
use std::io::Write as _;
use std::process::{Child, Stdio};

const PROFILE: &str = r#"
name = "secrets"
version = "1"
goal = "anonymized"
tier = "trade"
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "note"
role = "insensitive"
"#;

/// Rows of seven hundred bytes: about 17 MB in all, and the rows of a run that is given 16 MiB may have ten of them.
const ROWS: usize = 24_000;

/// A run that waits for more rows on stdin, and has spilled those that it read.
fn waiting(folder: &Folder) -> Child {
    folder.write("p.toml", PROFILE);
    let mut child = program()
        .args(["run", "p.toml", "-i", "-", "-o", "out", "--memory", "16MiB", "--threads", "2", "--quiet"])
        .env("TMPDIR", folder.path())
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdin = child.stdin.as_mut().unwrap();
    let note = "visible ".repeat(86);
    let mut text = String::from("id,note\n");
    for row in 0..ROWS {
        text.push_str(&format!("CANARY{row:06},{note}\n"));
    }
    // a broken pipe means that the run ended; the test then sees that
    let _ = stdin.write_all(text.as_bytes());
    let _ = stdin.flush();
    child
}

fn status(child: &Child, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default()
}

/// Waits until the process shows what is looked for; the text as it was last.
fn until(child: &Child, file: &str, shows: impl Fn(&str) -> bool) -> String {
    for _ in 0..200 {
        let text = status(child, file);
        if shows(&text) {
            return text;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    status(child, file)
}

/// The files without a name that the process holds open in its stage, and what is in them; waits until one has bytes.
fn nameless(child: &Child) -> Vec<(std::fs::Metadata, Vec<u8>)> {
    for _ in 0..400 {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten() {
            let target = std::fs::read_link(entry.path()).unwrap_or_default().to_string_lossy().into_owned();
            if target.contains("/.out.outis-") && target.ends_with(" (deleted)") {
                let bytes = std::fs::read(entry.path()).unwrap();
                found.push((std::fs::metadata(entry.path()).unwrap(), bytes));
            }
        }
        if found.iter().any(|(_, bytes)| !bytes.is_empty()) {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    Vec::new()
}

/// Whether the bytes hold anything of a row, as it came or as it will leave.
fn readable(bytes: &[u8]) -> bool {
    [&b"CANARY"[..], b"visible"].iter().any(|text| memchr::memmem::find(bytes, text).is_some())
}

fn locked_kib(text: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix("VmLck:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
#[cfg(target_os = "linux")]
fn a_running_process_dumps_no_core_locks_its_key_and_keeps_rows_nameless() {
    let folder = Folder::new();
    let mut child = waiting(&folder);
    let memory = until(&child, "status", |text| locked_kib(text) > 0);
    let limits = until(&child, "limits", |text| text.contains("Max locked memory"));
    let most = limits.lines().find_map(|line| line.strip_prefix("Max locked memory")).unwrap();
    let allowed = most.split_whitespace().next() != Some("0");
    assert!(locked_kib(&memory) >= 4 || !allowed, "the key's page is locked in memory where the system allows");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(
        core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
        ["0", "0"],
        "no core dump, and none to be allowed"
    );
    // rows are on the disk: in a file of the stage that has no name, that nobody else may open, and in which nothing can be read
    assert!(readable(b".. visible .."), "the search sees a row");
    let spilled = nameless(&child);
    assert!(!spilled.is_empty(), "rows were spilled");
    for (metadata, bytes) in &spilled {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!((metadata.nlink(), metadata.mode() & 0o077), (0, 0), "nameless and private");
        assert!(!readable(bytes), "a row can be read on the disk");
    }
    // and no file of a name has a row, while rows wait
    for name in folder.files() {
        assert!(!readable(&std::fs::read(folder.join(&name)).unwrap_or_default()), "{name}");
    }
    // no named file outside the staging folder is open
    let pid = child.id();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let Ok(target) = std::fs::read_link(entry.unwrap().path()) else { continue };
        let text = target.to_string_lossy().into_owned();
        if text.starts_with(&*folder.path().to_string_lossy()) && !text.ends_with(" (deleted)") {
            assert!(text.contains("/.out.outis-"), "{text}");
        }
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let left: Vec<String> = folder.files().into_iter().filter(|name| !name.starts_with("out/")).collect();
    assert_eq!(left, ["p.toml"], "nothing is left beside the release");
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_killed_with_rows_on_the_disk_leaves_none() {
    let folder = Folder::new();
    let mut child = waiting(&folder);
    assert!(!nameless(&child).is_empty(), "rows were spilled");
    child.kill().unwrap();
    child.wait().unwrap();
    let left = folder.files();
    assert!(left.iter().any(|name| name.contains(".out.outis-")), "killed while it was staging: {left:?}");
    let mut bytes = 0;
    for name in &left {
        let content = std::fs::read(folder.join(name)).unwrap();
        assert!(!readable(&content), "{name}");
        bytes += content.len();
    }
    assert!(bytes < 1 << 20, "what was spilled is gone: {bytes} bytes are left");
    folder.outis(&["clean", ".", "--quiet"]).expect(0);
    assert_eq!(folder.files(), ["out.failed/log.jsonl", "out.failed/times.jsonl", "p.toml"]);
}

#[test]
#[cfg(target_os = "linux")]
fn the_program_cannot_open_a_connection() {
    // what is not imported from the system cannot be called: no socket, no name to look up
    let bytes = std::fs::read(env!("CARGO_BIN_EXE_outis")).unwrap();
    let imports = |name: &str| memchr::memmem::find(&bytes, format!("\0{name}\0").as_bytes()).is_some();
    assert!(imports("openat64") || imports("open64") || imports("open"), "the names of imports are found");
    for name in
        ["socket", "connect", "bind", "listen", "accept", "accept4", "getaddrinfo", "gethostbyname", "res_query"]
    {
        assert!(!imports(name), "the program imports `{name}`");
    }
}

#[test]
fn a_key_is_no_argument_and_an_anonymized_run_takes_none_from_outside() {
    let help = Folder::new().outis(&["run", "--help"]).expect(0).stdout();
    assert!(!help.contains("--key"), "no option takes a key");
    let folder = Folder::new();
    folder.write("in.csv", "id,note\n1,a\n");
    for keys in ["environment = \"OUTIS_TEST_KEY\"", "file = \"k\"", "command = [\"cat\", \"k\"]"] {
        folder.write("p.toml", format!("{PROFILE}[keys]\n{keys}\n"));
        let ran = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(2);
        assert!(ran.stderr().contains("anonymized"), "{}", ran.stderr());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn files_that_the_caller_holds_open_are_the_callers() {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", "id,note\n1,a\n2,a\n3,a\n");
    // a shell that writes its own log through a file that it hands on, as schedulers do
    let ran = std::process::Command::new("sh")
        .args(["-c", "exec 7>>caller.log; exec \"$0\" run p.toml -i in.csv -o out --quiet --json"])
        .arg(env!("CARGO_BIN_EXE_outis"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(folder.join("caller.log").exists());
    let report: serde_json::Value = serde_json::from_str(&folder.read("out/evidence/report.json")).unwrap();
    let rule = |name: &str| {
        let found = report["gate"].as_array().unwrap().iter().find(|rule| rule["rule"] == name);
        found.unwrap_or_else(|| panic!("no rule {name}")).clone()
    };
    assert_eq!(rule("elsewhere")["status"], "pass");
    assert_eq!(rule("elsewhere")["measured"], "0 named files open for writing elsewhere");
    // and what the log says of the network
    assert_eq!(rule("network")["status"], "pass");
    assert_eq!(rule("network")["measured"], "no network code in the program, 0 sockets opened during the run");
    assert!(folder.read("out/evidence/log.jsonl").contains("no network code in the program"));
}
