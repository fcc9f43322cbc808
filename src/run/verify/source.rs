//! Whether a source is the one that the log commits to: for an operator who is asked later, with the salt.

use super::super::commit::{of_file, over};
use super::super::record::LOG;
use super::folder::Folder;
use super::{Finding, Verification, order};
use crate::error::{ErrorKind, Result};
use crate::evidence::{Fault, Story};
use crate::secret::{self, KeySource, Suite};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Compares files with what the log of a release commits to. Where the log tells each file, some of them suffice, in any order; where
/// it tells only the value over many, all are needed, in the order of the run. What does not agree becomes a finding.
///
/// # Errors
/// A salt or a file that cannot be read.
pub fn check_source(folder: &Path, files: &[PathBuf], salt: &Path, found: &mut Verification) -> Result<()> {
    let salt = secret::load(&KeySource::File(salt.to_path_buf()))?;
    let log = Folder::open(folder)?.read(LOG).unwrap_or_default();
    let committed = Story::read(&log).0.and_then(|story| story.source);
    let suite = committed.as_ref().and_then(|source| {
        [Suite::HmacSha256, Suite::HmacSm3].into_iter().find(|suite| suite.name() == source.algorithm)
    });
    let mut wrong = Vec::new();
    match (&committed, suite) {
        (Some(source), Some(suite)) => {
            let never = AtomicBool::new(false);
            let each = files.iter().map(|file| of_file(file, &salt, suite, &never)).collect::<Result<Vec<_>>>()?;
            let told = if source.files.is_empty() { &each } else { &source.files };
            if over(told, &salt, suite) != source.whole {
                wrong.push(LOG.to_owned());
            } else if !source.files.is_empty() {
                let strange = each.iter().zip(files).filter(|(one, _)| !source.files.contains(one));
                wrong.extend(strange.map(|(_, file)| file.display().to_string()));
            }
            found.source_files = Some(files.len() as u64 - wrong.len().min(files.len()) as u64);
        }
        _ if files.is_empty() => return Err(ErrorKind::Usage("name the source's files with `--source`".into()).into()),
        _ => wrong.push(LOG.to_owned()),
    }
    let fault = Fault::Source;
    found.findings.extend(wrong.iter().map(|file| Finding {
        code: fault.code(),
        what: fault.words(),
        file: Some(crate::error::shown(file)),
        line: None,
    }));
    found.findings.sort_by_key(|finding| order(finding.code));
    found.holds = found.findings.is_empty();
    Ok(())
}
