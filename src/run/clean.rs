//! Cleans up after runs that were killed: their data goes, their logs stay and say so. A release that waits for a second person is
//! left alone, unless it was decided upon already, or is given up by name.

use super::approve::decided_before;
use super::clock::RunClock;
use crate::error::{Error, Result};
use crate::log::{Clock as _, Entry, Event, Moment, RunFailed};
use crate::random;
use crate::write::{Ending, LOG, Stage, TIMES, Waiting, dead_stages};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What a killed run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// Where its log is now; none when it was killed before it had one.
    pub log_at: Option<PathBuf>,
}

/// Removes the private folders that killed runs left in `folder`, and sets their logs aside as `NAME.failed`. Folders of
/// runs that are alive are not touched.
///
/// # Errors
/// When the folder cannot be read or changed.
pub fn clean(folder: &Path) -> Result<Vec<Cleaned>> {
    let mut cleaned = Vec::new();
    for stage in dead_stages(folder)? {
        cleaned.push(failed(stage, "killed")?);
    }
    for folder in Waiting::all(folder)? {
        let Some(waiting) = Waiting::open(&folder)? else { continue };
        if decided_before(&waiting).is_some() {
            waiting.remove(&random::nonce()?)?;
            cleaned.push(Cleaned { log_at: None });
        }
    }
    Ok(cleaned)
}

/// Gives up every release in `folder` that waits for a second person: the data goes, the log is set aside as `NAME.failed` and says
/// `given_up`. One that somebody is deciding on is left alone.
///
/// # Errors
/// When the folder cannot be read or changed.
pub fn give_up_waiting(folder: &Path) -> Result<Vec<Cleaned>> {
    let mut cleaned = Vec::new();
    for folder in Waiting::all(folder)? {
        let Some(waiting) = Waiting::open(&folder)? else { continue };
        cleaned.push(failed(waiting.into_stage(&random::nonce()?)?, "given_up")?);
    }
    Ok(cleaned)
}

/// The releases in a folder that wait for a second person.
///
/// # Errors
/// When the folder cannot be read.
pub fn waiting(folder: &Path) -> Result<Vec<PathBuf>> {
    Waiting::all(folder)
}

/// Removes the data of a stage and sets its log aside, ended with this code.
fn failed(stage: Stage, code: &str) -> Result<Cleaned> {
    let log_at = stage.log_at();
    if end_log(&stage, code)? {
        stage.set_aside(Ending::Failed)?;
    } else {
        drop(stage);
    }
    Ok(Cleaned { log_at: log_at.get().cloned() })
}

/// Ends a log with an event that says why it ends. Whether there is a log.
fn end_log(stage: &Stage, code: &str) -> Result<bool> {
    // a run that was killed while its log was set aside had moved it up already
    let folders = [stage.folder().join("evidence"), stage.folder().to_path_buf()];
    let Some(folder) = folders.iter().find(|folder| folder.join(LOG).is_file()) else { return Ok(false) };
    let lines = whole_lines(&folder.join(LOG))?;
    // the first line's actor: the last may be that of who decided
    let actor = lines.first().and_then(|line| Entry::decode(line).ok()).map(|first| first.actor);
    let Some(last) = lines.last().and_then(|line| Entry::decode(line).ok()) else { return Ok(true) };
    if matches!(last.event, Event::RunFailed(_)) {
        return Ok(true);
    }
    let event = Event::RunFailed(RunFailed { code: code.to_owned() });
    append(
        &folder.join(LOG),
        Entry { seq: last.seq + 1, actor: actor.unwrap_or_default(), event, ..last.clone() }.encode()?,
    )?;
    let times = folders.iter().map(|folder| folder.join(TIMES)).find(|path| path.is_file());
    if let Some(times) = times {
        let lines = whole_lines(&times)?;
        let before = lines.last().and_then(|line| serde_json::from_slice::<Moment>(line).ok());
        let monotonic_ns = before.map_or(0, |moment| moment.monotonic_ns);
        let wall = RunClock::start().wall();
        let moment = Moment { seq: last.seq + 1, wall, monotonic_ns, milliseconds: None, run: None };
        append(&times, serde_json::to_vec(&moment).unwrap_or_default())?;
    }
    Ok(true)
}

/// The lines of a file; a line without an end, which was torn when the run was killed, is cut off.
fn whole_lines(path: &Path) -> Result<Vec<Vec<u8>>> {
    let failed = |cause: std::io::Error| Error::io("mend", path, &cause);
    let bytes = std::fs::read(path).map_err(failed)?;
    let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
    if whole < bytes.len() {
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        file.set_len(whole as u64).map_err(failed)?;
    }
    Ok(bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
}

fn append(path: &Path, mut line: Vec<u8>) -> Result<()> {
    let failed = |cause: std::io::Error| Error::io("mend", path, &cause);
    line.push(b'\n');
    OpenOptions::new().append(true).open(path).and_then(|mut file| file.write_all(&line)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Journal, KeyDestroyed};

    #[test]
    fn the_log_of_a_killed_run_is_mended_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let stage = folder.path().join(".out.outis-0123456789abcdef");
        std::fs::create_dir_all(stage.join("evidence")).unwrap();
        std::fs::create_dir_all(stage.join("data")).unwrap();
        std::fs::write(stage.join("data/part-00000.csv"), "rows").unwrap();
        let mut journal = Journal::new(Vec::new(), Vec::new(), "r".into(), "role:a".into());
        let event = Event::KeyDestroyed(KeyDestroyed { fingerprint: "ab".into() });
        journal.append(event, &RunClock::start()).unwrap();
        let (events, times) = journal.writers();
        std::fs::write(stage.join("evidence/log.jsonl"), [&events[..], b"{\"v\":3,\"se"].concat()).unwrap();
        std::fs::write(stage.join("evidence/times.jsonl"), times).unwrap();
        std::fs::write(stage.join("evidence/checkpoint"), "a seal of what was not published").unwrap();
        let cleaned = clean(folder.path()).unwrap();
        let failed = folder.path().join("out.failed");
        assert_eq!(cleaned, [Cleaned { log_at: Some(failed.clone()) }]);
        let log = std::fs::read_to_string(failed.join(LOG)).unwrap();
        let entries: Vec<Entry> = log.lines().map(|line| Entry::decode(line.as_bytes()).unwrap()).collect();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1].event, Event::RunFailed(RunFailed { code: "killed".into() }));
        assert_eq!(std::fs::read_to_string(failed.join(TIMES)).unwrap().lines().count(), 2);
        let mut left: Vec<_> = std::fs::read_dir(&failed).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [LOG, TIMES]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(clean(folder.path()).unwrap().is_empty());
    }
}
