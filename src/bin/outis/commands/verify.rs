//! `outis verify`: whether a release is what its evidence says, from the folder and a public key alone.

use super::{print_json, say};
use crate::args::{Told, VerifyArgs};
use crate::exit::Exit;
use crate::progress::Line;
use outis::error::{ErrorKind, Result, counted};
use outis::run::verify::{self, Trust, Verification};
use outis::run::{Options, Progress};
use std::sync::Arc;

pub(crate) fn run(arguments: &VerifyArgs, told: Told) -> Result<Exit> {
    let trust = match (arguments.trust.is_empty(), arguments.unsigned) {
        (false, _) => Trust::Keys(verify::trusted(&arguments.trust)?),
        (true, true) => Trust::Nobody,
        (true, false) => {
            let text = "whom do you trust? Give the maker's public key with `--trust KEY`, which you have by another \
                way than the release; or `--unsigned` to check only that it fits together, whoever made it";
            return Err(ErrorKind::Usage(text.into()).into());
        }
    };
    let options = Options { threads: usize::from(arguments.threads), ..Options::default() };
    let progress = Arc::new(Progress::default());
    let line = Line::start(&progress, told.quiet || told.json);
    let found = verify::verify(&arguments.folder, &trust, &options, &progress);
    drop(line);
    let mut found = found?;
    if let Some(salt) = &arguments.salt {
        verify::check_source(&arguments.folder, &arguments.source, salt, &mut found)?;
    }
    if told.json {
        print_json(&found)?;
    }
    if !told.quiet {
        tell(&found, &trust);
    }
    Ok(if found.holds { Exit::Fine } else { Exit::Refused })
}

fn tell(found: &Verification, trust: &Trust) {
    match (found.holds, trust) {
        (true, Trust::Keys(_)) => say(&format!("holds: signed by {}", found.signed_by.join(", "))),
        (true, Trust::Nobody) => say("fits together; nobody's signature was asked for, so anybody may have made it"),
        (false, _) => {
            say(&format!(
                "does not hold: {}, the first broken link first",
                counted(found.findings.len() as u64, "finding")
            ));
        }
    }
    if let Some(key) = &found.approved_by {
        say(&format!("  approved by a second person: {key}"));
    }
    for model in &found.models {
        let of = model.of.as_ref().map_or_else(String::new, |of| format!(" of {of}"));
        let how = match (model.recounted, model.holds) {
            (true, Some(true)) => "counted again, holds",
            (true, _) => "counted again, does not hold",
            (false, _) => "the maker's claim",
        };
        let note = model.note.map_or_else(String::new, |note| format!(" ({note})"));
        say(&format!("  {}{of}: {how}{note}: {}", model.model, model.asks));
    }
    if let Some(files) = found.source_files {
        say(&format!(
            "  {} what the log commits to",
            if files == 1 { "1 source file is".to_owned() } else { format!("{files} source files are") }
        ));
    }
    tell_findings(found);
    if let Some(rows) = found.rows {
        let smallest = found.smallest_class.map_or_else(String::new, |least| format!(", smallest class {least}"));
        say(&format!("  counted again in the data files: {}{smallest}", counted(rows, "row")));
    }
}

/// Everything that does not hold.
pub(crate) fn tell_findings(found: &Verification) {
    for finding in &found.findings {
        let file = finding.file.as_deref().unwrap_or("-");
        let line = finding.line.map_or_else(String::new, |line| format!(":{line}"));
        say(&format!("  {} {file}{line}: {}", finding.code, finding.what));
    }
}
