//! The progress line: on a terminal it says how far the run is, and nowhere else is anything of it.

use crate::support::{Folder, Ran};
use std::process::Command;

/// One pass, so that rows can come slowly through a pipe.
const PROFILE: &str = r#"
name = "slow"
version = "1"
goal = "anonymized"
tier = "conditional"
[[column]]
name = "id_no"
role = "subject"
type = "cn.resident_id"
apply = { token = { domain = "person" } }
[[column]]
name = "diagnosis"
role = "sensitive"
[[column]]
name = "amount"
type = "decimal"
role = "sensitive"
apply = { round = { step = 100 } }
"#;
const PIECES: usize = 8;

/// Made-up rows in pieces of about a MiB, and a script that gives them to the program one after another.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE.to_owned() + &dropped());
    let table = folder.outis(&["sample", "--rows", "96000"]).expect(0).stdout();
    let lines: Vec<&str> = table.split_inclusive('\n').collect();
    for (at, piece) in lines.chunks(lines.len().div_ceil(PIECES)).enumerate() {
        folder.write(&format!("piece-{at}"), piece.concat());
    }
    folder.write(
        "slow.sh",
        "for piece in piece-*; do cat $piece; sleep 0.25; done | \"$OUTIS\" run p.toml -i - \"$@\" --threads 1\n",
    );
    folder
}

fn dropped() -> String {
    let column = |name| format!("[[column]]\nname = \"{name}\"\nrole = \"direct\"\napply = \"drop\"\n");
    ["name", "phone", "email", "gender", "birth", "postcode"].map(column).concat()
}

fn run(folder: &Folder, program: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder.path()).stdin(std::process::Stdio::null());
    command.env("OUTIS", env!("CARGO_BIN_EXE_outis")).env("TERM", "xterm").env("SHELL", "/bin/sh");
    Ran(command.output().unwrap())
}

/// Whether there is a `script` that lends a terminal; with CI=true there must be one.
fn can_lend_a_terminal() -> bool {
    let version = Command::new("script").arg("--version").output();
    let able = version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux"));
    assert!(able || std::env::var("CI").as_deref() != Ok("true"), "CI has `script` of util-linux");
    if !able {
        eprintln!("skipped: no `script` of util-linux is here");
    }
    able
}

/// What a terminal shows of it: everything that is written to it.
fn on_a_terminal(folder: &Folder, rest: &str) -> Ran {
    run(folder, "script", &["-qec", &format!("sh slow.sh {rest}"), "/dev/null"])
}

/// The numbers of `release  ⠁  24 k rows, 41 k/s`.
fn rows_and_rate(frame: &str) -> Option<(f64, f64)> {
    let number = |text: &str| -> Option<f64> {
        let thousands = text.strip_suffix('k');
        let number: f64 = thousands.unwrap_or(text).trim().parse().ok()?;
        Some(if thousands.is_some() { 1e3 * number } else { number })
    };
    let (rows, rate) = frame.trim().rsplit("  ").next()?.split_once(" rows, ")?;
    Some((number(rows)?, number(rate.strip_suffix("/s")?)?))
}

#[test]
fn a_terminal_shows_the_stage_rows_and_a_rate() {
    if !can_lend_a_terminal() {
        return;
    }
    let folder = folder();
    let shown = on_a_terminal(&folder, "--output out").expect(0).stdout();
    let frames: Vec<&str> = shown.split(['\r', '\n', '\u{1b}']).filter(|frame| frame.contains(" rows")).collect();
    let release: Vec<&&str> = frames.iter().filter(|frame| frame.contains("release")).collect();
    let told: Vec<(f64, f64)> = release.iter().filter_map(|frame| rows_and_rate(frame)).collect();
    assert!(told.len() >= 3, "{frames:?}");
    assert!(told.windows(2).all(|two| two[0].0 <= two[1].0), "rows grow: {told:?}");
    // a piece of 12 000 rows each quarter of a second is at most 48 000 a second, but for the first look between two pieces
    assert!(told.iter().all(|(rows, rate)| *rows <= 96_000.0 && *rate < 100_000.0), "{told:?}");
    assert!(!release[0].contains("/s"), "the first frame cannot know a rate: {release:?}");
    assert!(shown.contains("published out"), "{shown}");
}

#[test]
fn through_a_pipe_there_are_words_only_and_with_quiet_nothing() {
    let folder = folder();
    let ran = run(&folder, "sh", &["slow.sh", "--output", "piped"]).expect(0);
    assert!(ran.stderr().contains("published piped"));
    assert!(!ran.stderr().contains(['\u{1b}', '\r']), "{:?}", ran.stderr());
    assert_eq!(ran.stdout(), "");
    let quiet = run(&folder, "sh", &["slow.sh", "--output", "quiet", "--quiet"]).expect(0);
    assert_eq!((quiet.stderr(), quiet.stdout()), (String::new(), String::new()));
    if can_lend_a_terminal() {
        assert_eq!(on_a_terminal(&folder, "--output calm --quiet").expect(0).stdout(), "");
    }
}
