//! `outis clean`: removes what killed runs left in a folder; their logs stay.

use super::{print_json, say};
use crate::args::{CleanArgs, Told};
use crate::exit::Exit;
use outis::error::{Result, counted};
use outis::run::{self, Cleaned};

pub(crate) fn run(arguments: &CleanArgs, told: Told) -> Result<Exit> {
    let cleaned = run::clean(&arguments.folder)?;
    let given_up = if arguments.waiting { run::give_up_waiting(&arguments.folder)? } else { Vec::new() };
    let waiting = run::waiting(&arguments.folder)?;
    if told.json {
        let all = cleaned.iter().chain(&given_up);
        let logs: Vec<_> = all.filter_map(|run| run.log_at.as_ref()).map(|log| log.display().to_string()).collect();
        let waiting: Vec<_> = waiting.iter().map(|folder| folder.display().to_string()).collect();
        let (cleaned, given_up) = (cleaned.len(), given_up.len());
        print_json(&serde_json::json!({ "cleaned": cleaned, "given_up": given_up, "logs": logs, "waiting": waiting }))?;
    }
    tell(&cleaned, told);
    if !given_up.is_empty() && !told.quiet {
        let what = counted(given_up.len() as u64, "release");
        say(&format!("gave up {what} that waited for a second person: the data is gone"));
        tell_logs(&given_up);
    }
    if cleaned.is_empty() && given_up.is_empty() && !told.quiet {
        say("nothing to clean: no killed run left anything here");
    }
    if !told.quiet {
        for folder in waiting {
            say(&format!("waits for a second person, and stays: {}", folder.display()));
        }
    }
    Ok(Exit::Fine)
}

/// Says what was cleaned up.
pub(crate) fn tell(cleaned: &[Cleaned], told: Told) {
    if cleaned.is_empty() || told.quiet {
        return;
    }
    say(&format!("cleaned up after {}: the data is gone", counted(cleaned.len() as u64, "killed run")));
    tell_logs(cleaned);
}

fn tell_logs(cleaned: &[Cleaned]) {
    for log in cleaned.iter().filter_map(|run| run.log_at.as_ref()) {
        say(&format!("  its log is in {}", log.display()));
    }
}
