//! `outis log`: shows, searches and exports the log of a run or of an organisation, also of runs that published nothing.

use super::{print, print_json, say};
use crate::args::{LogArgs, LogFormat, Told};
use crate::exit::Exit;
use outis::error::{Error, ErrorKind, Result, counted, shown};
use outis::evidence::{
    Checkpoint, EvidenceLinks, Fault, InclusionProof, Note, OrganisationEvent, PublicKey, Row, RunFacts, TileLog,
    Wanted, lineage, open_organisation_log, organisation_rows, run_rows, runs_without_an_end, trust_root_file,
};
use outis::log::{Entry, Event, Moment, Phase};
use std::path::{Path, PathBuf};

pub(crate) fn run(arguments: &LogArgs, told: Told) -> Result<Exit> {
    let (rows, whose) = match find(&arguments.log)? {
        Found::Run { log, times } => {
            if arguments.trust.is_some() || arguments.remembered.is_some() {
                let text =
                    "--trust and --remembered are for the log of an organisation; `outis verify` checks a release";
                return Err(ErrorKind::Usage(text.into()).into());
            }
            let (path, log, times) = (&log, read(&log)?, std::fs::read(times).unwrap_or_default());
            let rows = run_rows(&log, &times).map_err(|error| error.in_file(path))?;
            if arguments.format == Some(LogFormat::Openlineage) {
                print(&openlineage(&log, &times)?)?;
                return Ok(Exit::Fine);
            }
            (rows, "run")
        }
        Found::Organisation(folder) => (organisation(&folder, arguments, told)?, "organisation"),
    };
    are_known(arguments, whose)?;
    let wanted = Wanted {
        kind: arguments.kind.clone(),
        stage: arguments.stage.clone(),
        column: arguments.column.clone(),
        rule: arguments.rule.clone(),
    };
    let shown: Vec<&Row> = rows.iter().filter(|row| row.is(&wanted)).collect();
    let unreadable = rows.iter().filter(|row| !row.readable).count();
    match (arguments.format, told.json) {
        (None, true) | (Some(LogFormat::Json), _) => print_json(&document(&shown, rows.len(), unreadable, whose))?,
        (Some(LogFormat::Csv), _) => print(&csv(&shown))?,
        (Some(LogFormat::Openlineage), _) => {
            return Err(ErrorKind::Usage("only the log of a run has a lineage".into()).into());
        }
        (None | Some(LogFormat::Table), _) => print(&table(&shown))?,
    }
    if !told.quiet {
        say(&format!("{} of {}", shown.len(), counted(rows.len() as u64, "event")));
        if unreadable > 0 {
            say(&format!(
                "warning: {} no event in the one form that events have",
                if unreadable == 1 { "1 line is".to_owned() } else { format!("{unreadable} lines are") }
            ));
        }
    }
    Ok(if unreadable == 0 { Exit::Fine } else { Exit::Refused })
}

/// A type or a stage that no event of such a log can have is a slip.
fn are_known(arguments: &LogArgs, whose: &str) -> Result<()> {
    let (types, stages) = if whose == "run" {
        (Event::TYPES, Phase::ALL.iter().map(|(name, _)| *name).collect())
    } else {
        (OrganisationEvent::TYPES, vec!["organisation"])
    };
    for (option, asked, known) in
        [("type", &arguments.kind, [types, &["unreadable"]].concat()), ("stage", &arguments.stage, stages)]
    {
        let Some(asked) = asked.as_deref().filter(|asked| !known.contains(asked)) else { continue };
        let text =
            format!("no event of such a log has the {option} `{}`: it is one of {}", shown(asked), known.join(", "));
        return Err(ErrorKind::Usage(text).into());
    }
    Ok(())
}

enum Found {
    Run { log: PathBuf, times: PathBuf },
    Organisation(PathBuf),
}

/// What lies at a path: a release, what a run left that published nothing, a log's file, or an organisation's log.
fn find(path: &Path) -> Result<Found> {
    for folder in [path.join("evidence"), path.to_path_buf()] {
        let log = folder.join("log.jsonl");
        if log.is_file() {
            return Ok(Found::Run { log, times: folder.join("times.jsonl") });
        }
    }
    if path.is_file() {
        let times = path.with_file_name("times.jsonl");
        return Ok(Found::Run { log: path.to_path_buf(), times });
    }
    if path.join("checkpoint").is_file() {
        return Ok(Found::Organisation(path.to_path_buf()));
    }
    let text =
        "there is no log here: name a release, the folder of a refused run, a log file, or an organisation's log";
    Err(Error::new(ErrorKind::Usage(text.into())).in_file(path))
}

/// An organisation's log: audited where the verifier gives trusted keys, and compared with what is remembered.
fn organisation(folder: &Path, arguments: &LogArgs, told: Told) -> Result<Vec<Row>> {
    let Some(trust) = &arguments.trust else {
        if arguments.remembered.is_some() {
            return Err(ErrorKind::Usage("--remembered needs --trust".into()).into());
        }
        if !told.quiet {
            say("not verified: give --trust KEYS to check signatures and tree");
        }
        return organisation_rows(&TileLog::open_unverified(folder)?);
    };
    let root = trust_root_file(trust)?;
    let (log, entries, trusted) = open_organisation_log(folder, &root)?;
    if let Some(path) = &arguments.remembered {
        log.continues(&remembered(&read(path)?, &trusted).map_err(|error| error.in_file(path))?)?;
    }
    if !told.quiet {
        say(&format!("the log of {} holds: {}", log.head().origin, counted_entries(log.head().size)));
        let open = runs_without_an_end(&entries);
        if !open.is_empty() {
            say(&format!("warning: begun and never ended: {}", open.join(", ")));
        }
    }
    organisation_rows(&log)
}

/// A checkpoint, or the one in a proof that lies beside a release. A file that is neither is a slip, and no finding.
fn remembered(bytes: &[u8], trusted: &[PublicKey]) -> Result<Checkpoint> {
    if let Ok(proof) = InclusionProof::parse(bytes) {
        proof.checkpoint.verify(trusted)?;
        return Checkpoint::parse(proof.checkpoint.text());
    }
    let note = Note::parse(bytes).ok().filter(|note| Checkpoint::parse(note.text()).is_ok());
    let text = "this is neither a checkpoint nor a `.tlog-proof`";
    let note = note.ok_or_else(|| Error::new(ErrorKind::Usage(text.into())))?;
    note.verify(trusted)?;
    Checkpoint::parse(note.text())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| Error::io("read", path, &cause))
}

/// The run's lineage, for runs that published nothing, too. Every line of the log must be sound.
fn openlineage(log: &[u8], times: &[u8]) -> Result<String> {
    let lines = |bytes: &'_ [u8]| {
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let entries: std::result::Result<Vec<Entry>, _> = lines(log).iter().map(|line| Entry::decode(line)).collect();
    let entries = entries.map_err(|_| Error::from(Fault::LogFiles))?;
    let moments: Vec<Moment> = lines(times).iter().filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let (Some(facts), Some(first), Some(last)) = (RunFacts::of(&entries), moments.first(), moments.last()) else {
        return Err(Fault::LogFiles.into());
    };
    let lines = lineage(&facts, &first.wall, &last.wall, &EvidenceLinks::default())?;
    String::from_utf8(lines).map_err(|_| ErrorKind::Internal("lineage is UTF-8").into())
}

fn document(rows: &[&Row], all: usize, unreadable: usize, whose: &str) -> serde_json::Value {
    let event = |row: &&Row| {
        serde_json::json!({
            "place": row.place, "time": row.time, "actor": row.actor, "stage": row.stage, "type": row.kind,
            "readable": row.readable, "body": row.body,
        })
    };
    let events: Vec<serde_json::Value> = rows.iter().map(event).collect();
    serde_json::json!({ "log": whose, "events": events, "shown": rows.len(), "of": all, "unreadable": unreadable })
}

const HEADER: [&str; 6] = ["place", "time", "stage", "type", "actor", "details"];

fn cells(row: &Row) -> [String; 6] {
    let Row { place, time, stage, kind, actor, .. } = row;
    [place.to_string(), time.clone(), stage.clone(), kind.clone(), actor.clone(), row.details()]
}

fn table(rows: &[&Row]) -> String {
    let lines: Vec<[String; 6]> =
        [HEADER.map(str::to_owned)].into_iter().chain(rows.iter().map(|row| cells(row))).collect();
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// CSV as RFC 4180 has it. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
fn csv(rows: &[&Row]) -> String {
    let cell = |cell: String| {
        let guard = if cell.starts_with(['=', '+', '-', '@', '\t']) { "'" } else { "" };
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    };
    let mut text = HEADER.join(",") + "\r\n";
    for row in rows {
        text.push_str(&cells(row).map(cell).join(","));
        text.push_str("\r\n");
    }
    text
}

fn counted_entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}
