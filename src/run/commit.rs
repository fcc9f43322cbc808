//! The source is committed to: a keyed digest of every input file, under a salt that the operator keeps.
//!
//! Responsible for: reading the files once more beside the passes, on a thread of its own, and the one form in which many files
//! become one value. Given: paths of regular files and a salt. Whoever has the salt and a file can prove later that it was the
//! source; whoever has only the release learns nothing, not even whether a guess is right.

use super::Progress;
use crate::error::{Error, ErrorKind, Result};
use crate::log::SourceCommitted;
use crate::plan::Plan;
use crate::read::Source;
use crate::secret::{self, KeySource, MasterKey, Suite};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Files that are told one by one; of more only the value over all.
pub(super) const TOLD: usize = 64;

/// The new salt's file: removed again where nothing was published, because it would prove nothing.
pub(super) struct SaltFile {
    path: PathBuf,
    kept: bool,
}

impl SaltFile {
    /// Makes the file; it must not exist, and does not belong into the release.
    pub(super) fn create(path: &Path, release: &Path) -> Result<Self> {
        let inside = std::path::absolute(path).ok().zip(std::path::absolute(release).ok());
        if inside.is_some_and(|(path, release)| path.starts_with(release)) {
            let text = "the salt is kept apart from the release: name a file elsewhere";
            return Err(Error::from(ErrorKind::Usage(text.into())).in_file(path));
        }
        secret::write_new_key(path)?;
        Ok(Self { path: path.to_path_buf(), kept: false })
    }
    /// The commitment to one more file, as [`of_file`] makes it.
    pub(super) fn commit_to(&self, path: &Path, plan: &Plan) -> Result<String> {
        let salt = secret::load(&KeySource::File(self.path.clone()))?;
        of_file(path, &salt, suite_of(plan), &AtomicBool::new(false))
    }
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for SaltFile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Files that are being read; stops when it is dropped.
pub(super) struct Committing {
    thread: Option<std::thread::JoinHandle<Result<SourceCommitted>>>,
    stop: Arc<AtomicBool>,
}

impl Committing {
    /// Begins; every input must be a regular file.
    pub(super) fn start(source: &Source, salt: &SaltFile, plan: &Plan) -> Result<Self> {
        let suite = suite_of(plan);
        let files = source.files().to_vec();
        if let Some(stream) = files.iter().find(|path| !path.is_file()) {
            let text = "only files can be committed to: write the stream to a file first, or run without a salt";
            return Err(Error::from(ErrorKind::Usage(text.into())).in_file(stream));
        }
        let salt = secret::load(&KeySource::File(salt.path.clone()))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || commit(&files, &salt, suite, &stopped));
        Ok(Self { thread: Some(thread), stop })
    }
    /// Waits for the end; the files must still be those that the run read.
    pub(super) fn finish(mut self, source: &Source, progress: &Progress) -> Result<SourceCommitted> {
        let died = || Error::from(ErrorKind::Internal("the thread that reads the source died"));
        let thread = self.thread.take().ok_or_else(died)?;
        while !thread.is_finished() {
            if progress.interrupted() {
                self.stop.store(true, Ordering::Relaxed);
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let committed = thread.join().map_err(|_| died())??;
        source.pass()?; // asks every file whether it changed
        Ok(committed)
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn suite_of(plan: &Plan) -> Suite {
    if plan.suite == Suite::HmacSm3.name() { Suite::HmacSm3 } else { Suite::HmacSha256 }
}

/// The commitment to these files in this order.
fn commit(files: &[PathBuf], salt: &MasterKey, suite: Suite, stop: &AtomicBool) -> Result<SourceCommitted> {
    let each = files.iter().map(|file| of_file(file, salt, suite, stop)).collect::<Result<Vec<_>>>()?;
    let told = if each.len() <= TOLD { each.clone() } else { Vec::new() };
    let (algorithm, whole) = (suite.name().to_owned(), over(&each, salt, suite));
    Ok(SourceCommitted { algorithm, inputs: each.len() as u64, files: told, whole })
}

/// The commitment to one file: the HMAC of its bytes, as `openssl dgst -mac HMAC` makes it.
pub(super) fn of_file(path: &Path, salt: &MasterKey, suite: Suite, stop: &AtomicBool) -> Result<String> {
    let failed = |cause: std::io::Error| Error::io("read", path, &cause);
    let (mut file, mut mac) = (std::fs::File::open(path).map_err(failed)?, salt.commitment(suite));
    let mut block = vec![0; 1 << 18];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(ErrorKind::Interrupted.into());
        }
        match file.read(&mut block) {
            Ok(0) => return Ok(mac.finish()),
            Ok(count) => mac.update(&block[..count]),
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(failed(cause)),
        }
    }
}

/// The commitment to several: the HMAC of a line for each, which is its own commitment.
pub(super) fn over(each: &[String], salt: &MasterKey, suite: Suite) -> String {
    let mut mac = salt.commitment(suite);
    for one in each {
        mac.update(one.as_bytes());
        mac.update(b"\n");
    }
    mac.finish()
}
