//! One file per verb.

pub(crate) mod approve;
pub(crate) mod attack;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod compare;
pub(crate) mod explain;
pub(crate) mod gate;
pub(crate) mod keygen;
pub(crate) mod ledger;
pub(crate) mod lists;
pub(crate) mod log;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod solve;
pub(crate) mod test;
pub(crate) mod verify;

use crate::args::{ReadingArgs, Told};
use crate::message::for_terminal;
use outis::error::{Error, ErrorKind, Result};
use outis::profile::{self, InputSpec, Loaded};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Reads and parses a profile; also the folder that its files are relative to.
pub(crate) fn load_profile(path: &Path, told: Told) -> Result<(Loaded, PathBuf)> {
    let text = std::fs::read_to_string(path).map_err(|cause| Error::io("read the profile", path, &cause))?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let loaded = profile::parse(&text, Some(&folder)).map_err(|error| error.in_file(path))?;
    if !told.quiet {
        for warning in &loaded.warnings {
            let place = if warning.line == 0 { String::new() } else { format!(":{}:{}", warning.line, warning.column) };
            say(&format!("warning: {}{place}: {}\n  hint: {}", path.display(), warning.what, warning.advice));
        }
    }
    Ok((loaded, folder))
}

/// The command line wins over the profile.
pub(crate) fn override_input(input: &mut InputSpec, arguments: &ReadingArgs) -> Result<()> {
    if let Some(format) = arguments.input_format {
        input.format = Some(format.name().to_owned());
    }
    if let Some(delimiter) = &arguments.delimiter {
        input.delimiter = match delimiter.as_str() {
            "tab" | "\\t" => b'\t',
            one if one.len() == 1 && one.is_ascii() => one.as_bytes()[0],
            _ => return Err(ErrorKind::Usage("--delimiter takes one ASCII character, or `tab`".into()).into()),
        };
    }
    if let Some(quote) = &arguments.quote {
        input.quote = match quote.as_str() {
            "none" | "" => None,
            one if one.len() == 1 && one.is_ascii() => Some(one.as_bytes()[0]),
            _ => return Err(ErrorKind::Usage("--quote takes one ASCII character, or `none`".into()).into()),
        };
    }
    if let Some(encoding) = &arguments.encoding {
        input.encoding = encoding.to_ascii_lowercase();
    }
    if !arguments.null.is_empty() {
        input.null.clone_from(&arguments.null);
    }
    if arguments.no_header {
        input.header = false;
    }
    Ok(())
}

/// A line of words on stderr; a closed stderr is nobody's problem.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", for_terminal(line));
}

/// Data on stdout. Who stops reading does not change what was found, so that is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// The same of what was written to stdout elsewhere.
pub(crate) fn written(outcome: std::io::Result<()>) -> Result<()> {
    match outcome {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Err(stdout_failed(&cause)),
        _ => Ok(()),
    }
}

/// One JSON document on stdout.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text =
        serde_json::to_string_pretty(value).map_err(|_| Error::new(ErrorKind::Internal("a report is not JSON")))?;
    print(&(text + "\n"))
}

/// The same of a verb that has done what was asked: it is done, whether or not stdout takes the document, so the code says how it ended.
pub(crate) fn print_json_of_what_is_done(value: &impl serde::Serialize) {
    if let Err(error) = print_json(value) {
        say(&format!("warning: it is done, but the document could not be written: {error}"));
    }
}

fn stdout_failed(cause: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io { operation: "write to stdout", cause: cause.kind() })
}
