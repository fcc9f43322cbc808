//! `outis approve`: a second person looks at a release that waits, and decides.

use super::run::stop_on_signals;
use super::verify::tell_findings;
use super::{print_json_of_what_is_done, say};
use crate::args::{ApproveArgs, Told};
use crate::exit::Exit;
use crate::progress::{Line, short};
use outis::error::{Result, counted};
use outis::run::verify::trusted;
use outis::run::{self, Ended, LedgerFiles, Options, Progress, ReviewJob, Reviewed, SignWith, Summary, Verdict};
use std::sync::Arc;

pub(crate) fn run(arguments: &ApproveArgs, told: Told) -> Result<Exit> {
    let verdict = match (&arguments.sign, arguments.reject) {
        (None, _) => Verdict::Look,
        (Some(_), false) => Verdict::Approve,
        (Some(_), true) => Verdict::Reject { reason: arguments.reason.clone().unwrap_or_default() },
    };
    let job = ReviewJob {
        folder: arguments.folder.clone(),
        verdict,
        sign: arguments.sign.clone().map(SignWith::File),
        trust: if arguments.trust.is_empty() { Vec::new() } else { trusted(&arguments.trust)? },
        ledger: arguments.ledger.clone().zip(arguments.ledger_key.clone()).map(|(file, key)| LedgerFiles { file, key }),
        organisation: arguments.organisation.files(),
        options: Options { threads: usize::from(arguments.threads), ..Options::default() },
    };
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress)?;
    let line = Line::start(&progress, told.quiet || told.json);
    let reviewed = run::review(&job, &progress);
    drop(line);
    let reviewed = reviewed?;
    if let Some(error) = &reviewed.unrecorded {
        say(&format!("warning: the organisation's log does not say how this run ended: {error}"));
    }
    if told.json {
        print_json_of_what_is_done(&document(&reviewed));
    }
    if !told.quiet {
        tell(&reviewed, &job);
    }
    Ok(match reviewed.ended {
        Ended::Published | Ended::Rejected => Exit::Fine,
        Ended::Broken => Exit::Refused,
        Ended::Waiting => Exit::Waiting,
    })
}

fn document(reviewed: &Reviewed) -> serde_json::Value {
    serde_json::json!({
        "status": reviewed.ended,
        "folder": reviewed.folder.display().to_string(),
        "summary": reviewed.summary,
        "findings": reviewed.found.as_ref().map(|found| &found.findings),
    })
}

fn tell(reviewed: &Reviewed, job: &ReviewJob) {
    if let Some(summary) = &reviewed.summary {
        tell_summary(summary, job);
    }
    let folder = reviewed.folder.display();
    match reviewed.ended {
        Ended::Waiting => {
            say(&format!("it waits in {folder}: nothing is decided; its report is in evidence/report.html"));
            say("  hint: `--sign KEY` approves it, `--sign KEY --reject --reason CODE` does not");
        }
        Ended::Broken => {
            say(&format!("it does not hold, so nobody can approve it; it stays in {folder}"));
            reviewed.found.iter().for_each(tell_findings);
        }
        Ended::Published => say(&format!("approved and published: {folder}")),
        Ended::Rejected => say(&format!("rejected: nothing is published, the data is gone; the log is in {folder}")),
    }
}

fn tell_summary(summary: &Summary, job: &ReviewJob) {
    let trusted = if job.trust.is_empty() { " (not checked: give `--trust KEY`)" } else { "" };
    let purpose = summary.purpose.as_deref().map_or_else(String::new, |purpose| format!(", for {purpose}"));
    let unit = if summary.unit == "subject" { "person" } else { "row" };
    say(&format!("{}: goal {}, tier {}{purpose}", summary.profile, summary.goal, summary.tier));
    say(&format!("  asked    {} since {}", summary.role, summary.asked));
    say(&format!("  made by  {}{trusted}", summary.made_by.join(", ")));
    let (read, released, out) = (summary.rows_read, summary.rows_released, summary.rows_suppressed);
    say(&format!("  rows     {read} read, {released} would leave, {out} suppressed"));
    if let Some(least) = summary.smallest_class {
        let asked = summary.k.map_or_else(String::new, |k| format!(" (asked: {k})"));
        say(&format!("  classes  the smallest of {}{asked}", counted(least, unit)));
    }
    say(&format!("  columns  {}", summary.columns.join(", ")));
    say(&format!("  data     {}, {} bytes", counted(summary.files, "file"), short(summary.bytes)));
    say(&format!("  gate     {} rules hold", summary.rules_hold));
    for gate in &summary.warnings {
        say(&format!("  warning  {}: {}, expected {}", gate.rule, gate.measured, gate.limit));
        say(&format!("           {}", gate.reason));
    }
}
