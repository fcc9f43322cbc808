//! The private folder that a release is built in, beside its target. It is published, or set aside with its log alone.
//!
//! A live stage holds a lock on its folder, which the system takes away when the process ends, however it ends. A folder of
//! this name without a lock is what a killed run left ([`dead_stages`]).

use crate::error::{Error, ErrorKind, Result};
use rustix::fs::{CWD, FlockOperation, RenameFlags};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A staging folder: mode 0700, files 0600, never over an existing file. When dropped, its log is set aside as that of a
/// failed run and all else is removed.
pub struct Stage {
    folder: PathBuf,
    target: PathBuf,
    kept: bool,
    /// Where its log was set aside.
    log_at: Arc<OnceLock<PathBuf>>,
    /// The lock on the folder.
    _lock: File,
    /// Dropped last, when the staging folder is gone.
    _parents: Parents,
}

/// A data file that is complete on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedPart {
    /// Name inside the release, as `data/part-00000.csv`.
    pub name: String,
    /// Where it lies now.
    pub path: PathBuf,
    /// Rows written.
    pub rows: u64,
}

/// How a run ended that published nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The gate said no.
    Refused,
    /// It could not go on, or was killed.
    Failed,
}

impl Ending {
    fn suffix(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
    /// What is kept of the stage's `evidence/`: the record of what was done, and who signed it.
    fn kept(self) -> &'static [&'static str] {
        match self {
            Self::Refused => &[LOG, TIMES, "checkpoint", "KEYS"],
            // a seal that was made before the run failed would say what is not so
            Self::Failed => &[LOG, TIMES],
        }
    }
}

/// The log's events, in `evidence/`.
pub const LOG: &str = "log.jsonl";
/// The log's times, beside them.
pub const TIMES: &str = "times.jsonl";

/// Between the target's name and the nonce, in the name of a staging folder.
const MARK: &str = ".outis-";

impl Stage {
    /// Makes the folder. `nonce` keeps two runs to one target apart.
    ///
    /// # Errors
    /// The target exists, or its parent cannot be written.
    pub fn create(target: &Path, nonce: &str) -> Result<Self> {
        refuse_existing(target)?;
        let folder = stage_name(target, nonce)?;
        let parent = parent_of(target);
        let parents = Parents::make(&parent)?;
        // The staging folder's own name means nothing to the user.
        let failed = |cause: std::io::Error| Error::io("make a folder here", &parent, &cause);
        let mut attempts = 0;
        let lock = loop {
            make_folder(&folder).map_err(failed)?;
            match lock(&folder, FlockOperation::LockExclusive) {
                Ok(Some(lock)) => break lock,
                // somebody who cleans took it for dead, between our making and our locking it, and removed it
                Ok(None) if attempts < 10 => attempts += 1,
                Ok(None) => return Err(failed(std::io::ErrorKind::NotFound.into())),
                Err(cause) => return Err(failed(cause)),
            }
        };
        let stage = Self {
            folder,
            target: target.to_path_buf(),
            kept: false,
            log_at: Arc::default(),
            _lock: lock,
            _parents: parents,
        };
        for inner in ["data", "evidence"] {
            make_folder(&stage.folder.join(inner)).map_err(failed)?;
        }
        Ok(stage)
    }
    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// Where the release will be.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }
    /// Tells where the log of a run that published nothing was set aside, once it was.
    #[must_use]
    pub fn log_at(&self) -> Arc<OnceLock<PathBuf>> {
        Arc::clone(&self.log_at)
    }
    /// A new private file inside, by its name in the release.
    ///
    /// # Errors
    /// When it cannot be made; an existing file is never opened.
    pub fn create_file(&self, name: &str) -> Result<(File, PathBuf)> {
        let path = self.folder.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        Ok((file.map_err(|cause| Error::io("create", &path, &cause))?, path))
    }
    /// A new private folder inside.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_folder(&self, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        make_folder(&path).map_err(|cause| Error::io("create", &path, &cause))
    }
    /// Every file inside, by its name in the release, sorted.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn files(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            let failed = |cause: std::io::Error| Error::io("list", &folder, &cause);
            for entry in std::fs::read_dir(&folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(inside) = path.strip_prefix(&self.folder) {
                    names.push(inside.to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        Ok(names)
    }
    /// Forces everything to disk: each file, then each folder.
    ///
    /// # Errors
    /// When the system cannot promise it.
    pub fn sync(&self) -> Result<()> {
        let mut folders = std::collections::BTreeSet::from([self.folder.clone()]);
        for name in self.files()? {
            let path = self.folder.join(name);
            sync_path(&path)?;
            folders.extend(path.parent().map(Path::to_path_buf));
        }
        folders.iter().try_for_each(|folder| sync_path(folder))
    }
    /// Makes the folder visible under the target's name in one step, never over something that is there.
    ///
    /// # Errors
    /// The target appeared meanwhile, or the system refused.
    pub(super) fn reveal(mut self) -> Result<PathBuf> {
        match rename_new(&self.folder, &self.target) {
            Ok(()) => {}
            Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Error::new(ErrorKind::TargetExists).in_file(&self.target));
            }
            Err(cause) => return Err(Error::io("publish", &self.target, &cause)),
        }
        self.kept = true;
        sync_path(&parent_of(&self.target))?;
        Ok(self.target.clone())
    }
    /// Keeps all of it, private, as `TARGET.waiting`, or `TARGET.waiting-2` and so on where that exists.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn keep_waiting(mut self) -> Result<PathBuf> {
        let failed = |cause: std::io::Error| Error::io("keep the release in", &parent_of(&self.target), &cause);
        let kept = rename_numbered(&self.folder, &self.target, super::waiting::SUFFIX).map_err(failed)?;
        self.kept = true;
        sync_path(&parent_of(&self.target))?;
        Ok(kept)
    }
    /// Keeps the log of a run that published nothing as `TARGET.refused`, or `TARGET.refused-2` and so on where that
    /// exists. All else is removed first, so that a full disk has room again.
    ///
    /// # Errors
    /// When the folder cannot be made; the stage is then left to be tried again.
    pub fn set_aside(mut self, ending: Ending) -> Result<PathBuf> {
        let folder = self.aside(ending)?.ok_or(ErrorKind::Internal("a run without a log"))?;
        Ok(folder)
    }

    /// The folder that the log is in now; none when there was no log, and then nothing is left.
    fn aside(&mut self, ending: Ending) -> Result<Option<PathBuf>> {
        self.kept = true; // whatever happens here is not tried twice
        let failed = |cause: std::io::Error| Error::io("set the log aside in", &parent_of(&self.target), &cause);
        if !prune(&self.folder, ending.kept()).map_err(failed)? {
            return Ok(None);
        }
        let folder = rename_numbered(&self.folder, &self.target, ending.suffix()).map_err(failed)?;
        let _ = self.log_at.set(folder.clone());
        sync_path(&parent_of(&folder))?;
        Ok(Some(folder))
    }
}

/// Renames to `TARGET.SUFFIX`, or to `TARGET.SUFFIX-2` and so on where that exists.
fn rename_numbered(folder: &Path, target: &Path, suffix: &str) -> std::io::Result<PathBuf> {
    let mut number = 1_u32;
    loop {
        let mut name = target.as_os_str().to_owned();
        name.push(match number {
            1 => format!(".{suffix}"),
            _ => format!(".{suffix}-{number}"),
        });
        let to = PathBuf::from(name);
        match rename_new(folder, &to) {
            Ok(()) => return Ok(to),
            Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(cause) => return Err(cause),
        }
    }
}

/// The name of a staging folder.
pub(super) fn stage_name(target: &Path, nonce: &str) -> Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| {
        let text = "the output needs a name: write `--output DIR`";
        Error::new(ErrorKind::Usage(text.into())).in_file(target)
    })?;
    Ok(parent_of(target).join(format!(".{}{MARK}{nonce}", name.to_string_lossy())))
}

/// A stage that is there already, under its lock.
pub(super) fn parts_of_stage(folder: PathBuf, target: PathBuf, lock: File) -> Stage {
    Stage { folder, target, kept: false, log_at: Arc::default(), _lock: lock, _parents: Parents(Vec::new()) }
}

/// What killed runs left in a folder: stages whose lock nobody holds. They are ours now, until they are dropped or set
/// aside, which removes their data and keeps their logs. What cannot be locked because it is another user's stays.
///
/// # Errors
/// When the folder cannot be listed.
pub fn dead_stages(folder: &Path) -> Result<Vec<Stage>> {
    let failed = |cause: std::io::Error| Error::io("list", folder, &cause);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if let (true, Some(name)) = (is_folder, target_of(&entry.file_name().to_string_lossy())) {
            found.push((entry.path(), folder.join(name)));
        }
    }
    found.sort();
    let ours = |(folder, target): (PathBuf, PathBuf)| match lock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(Some(lock)) => Some(parts_of_stage(folder, target, lock)),
        Ok(None) | Err(_) => None,
    };
    Ok(found.into_iter().filter_map(ours).collect())
}

/// The target's name in the name of a staging folder.
fn target_of(name: &str) -> Option<&str> {
    let (target, nonce) = name.strip_prefix('.')?.rsplit_once(MARK)?;
    let is_nonce = nonce.len() == 16 && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_nonce && !target.is_empty()).then_some(target)
}

/// Locks a folder; none when the folder was removed meanwhile or is another's.
pub(super) fn lock(folder: &Path, how: FlockOperation) -> std::io::Result<Option<File>> {
    let file = match File::open(folder) {
        Ok(file) => file,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(cause),
    };
    match rustix::fs::flock(&file, how) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(cause) => return Err(cause.into()),
    }
    let (held, named) = (file.metadata()?, std::fs::symlink_metadata(folder));
    let same = named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino()));
    Ok(same.then_some(file))
}

/// Leaves only some files of `evidence/`, moved up, and says whether there is a log. Doing it again is the same.
fn prune(folder: &Path, keep: &[&str]) -> std::io::Result<bool> {
    let evidence = folder.join("evidence");
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if path != evidence {
                std::fs::remove_dir_all(&path)?;
            }
        } else if !keep.iter().any(|name| entry.file_name() == *name) {
            std::fs::remove_file(&path)?;
        }
    }
    for name in keep {
        match rename_new(&evidence.join(name), &folder.join(name)) {
            Ok(()) => {}
            Err(cause) if matches!(cause.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::AlreadyExists) => {}
            Err(cause) => return Err(cause),
        }
    }
    match std::fs::remove_dir_all(&evidence) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let has_log = folder.join(LOG).is_file();
    if has_log {
        for name in keep.iter().filter(|name| folder.join(name).is_file()) {
            File::open(folder.join(name))?.sync_all()?;
        }
        File::open(folder)?.sync_all()?;
    } else {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(has_log)
}

/// Renames, never over something that is there.
pub(super) fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            // A file system without the flag: look once more, then rename; a folder is never replaced by `rename`
            // unless it is empty.
            if std::fs::symlink_metadata(to).is_ok() {
                return Err(std::io::ErrorKind::AlreadyExists.into());
            }
            #[expect(clippy::disallowed_methods, reason = "this is the one place that publishes")]
            std::fs::rename(from, to)
        }
        Err(cause) => Err(cause.into()),
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.kept {
            // When this fails, the folder is private and hidden, and the next start tries again.
            let _ = self.aside(Ending::Failed);
        }
    }
}

/// The folders above the target that were not there, outermost first. Those that are empty when it is dropped, because
/// nothing was published, are removed again.
struct Parents(Vec<PathBuf>);

impl Parents {
    /// Makes a folder and what is missing above it.
    fn make(folder: &Path) -> Result<Self> {
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
        let mut made = Self(Vec::new());
        for above in missing.into_iter().rev() {
            match std::fs::create_dir(above) {
                Ok(()) => made.0.push(above.to_path_buf()),
                // another run was faster, or the path says `..` on its way
                Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists && above.is_dir() => {}
                Err(cause) => return Err(Error::io("create", above, &cause)),
            }
        }
        Ok(made)
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // Only an empty folder can be removed this way: a release or a log below keeps it.
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

/// The target must not exist: not as a file, a folder or a dangling link.
fn refuse_existing(target: &Path) -> Result<()> {
    match std::fs::symlink_metadata(target) {
        Ok(_) => Err(Error::new(ErrorKind::TargetExists).in_file(target)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(Error::io("look at", target, &cause)),
    }
}

pub(super) fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

pub(super) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

pub(super) fn sync_path(path: &Path) -> Result<()> {
    let failed = |cause: std::io::Error| Error::io("force to disk", path, &cause);
    File::open(path).map_err(failed)?.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A stage with a log and a file of rows.
    fn logged(target: &Path) -> Stage {
        let stage = Stage::create(target, "1").unwrap();
        stage.create_file("evidence/log.jsonl").unwrap();
        stage.create_file("data/part").unwrap();
        stage
    }

    #[test]
    fn files_are_private_and_new_and_vanish() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let stage = Stage::create(&target, "1").unwrap();
        let (_, path) = stage.create_file("data/a.csv").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(stage.folder().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert!(stage.create_file("data/a.csv").is_err(), "an existing file is never opened");
        assert_eq!(stage.files().unwrap(), ["data/a.csv"]);
        drop(stage);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_target_that_appears_meanwhile_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let stage = Stage::create(&target, "1").unwrap();
        std::fs::create_dir(&target).unwrap();
        assert_eq!(*stage.reveal().unwrap_err().kind(), ErrorKind::TargetExists);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the stage is gone, the folder stands");
    }

    #[test]
    fn folders_above_that_were_made_go_with_the_stage_unless_something_stays() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("there")).unwrap();
        let target = folder.path().join("there/new/newer/out");
        drop(Stage::create(&target, "1").unwrap());
        assert!(folder.path().join("there").is_dir() && !folder.path().join("there/new").exists());
        let kept = Stage::create(&target, "1").unwrap().set_aside(Ending::Refused);
        assert!(kept.is_err(), "a run without a log leaves nothing");
        let kept = logged(&target).set_aside(Ending::Refused).unwrap();
        assert!(kept.join(LOG).is_file());
        Stage::create(&target, "1").unwrap().reveal().unwrap();
        assert!(target.is_dir());
        // a file in the way: nothing is made
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(Stage::create(&folder.path().join("file/new/out"), "1").is_err());
    }

    #[test]
    fn refusals_never_overwrite_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        for expected in ["out.refused", "out.refused-2"] {
            let kept = logged(&target).set_aside(Ending::Refused).unwrap();
            assert_eq!(kept.file_name().unwrap(), expected);
            let left: Vec<_> = std::fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, [LOG], "nothing but the log");
        }
        drop(logged(&target));
        assert!(folder.path().join("out.failed").join(LOG).is_file(), "a stage that is dropped keeps its log");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_live_stage_is_left_alone_and_a_dead_one_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.b");
        let nonce = "0123456789abcdef";
        let stage = Stage::create(&target, nonce).unwrap();
        std::fs::write(stage.folder().join("data/part"), "rows").unwrap();
        stage.create_file("evidence/log.jsonl").unwrap();
        assert!(dead_stages(folder.path()).unwrap().is_empty(), "it is alive");
        // a killed run: the lock goes, the folder stays
        let Stage { folder: left, .. } = &stage;
        let copy = folder.path().join(".a.b.outis-fedcba9876543210");
        std::fs::create_dir_all(copy.join("evidence")).unwrap();
        std::fs::copy(left.join("evidence/log.jsonl"), copy.join("evidence/log.jsonl")).unwrap();
        std::fs::create_dir_all(copy.join("data")).unwrap();
        std::fs::write(copy.join("data/part"), "rows").unwrap();
        for other in [".a.b.outis-12", "outis-0123456789abcdef", ".outis-0123456789abcdef"] {
            std::fs::create_dir(folder.path().join(other)).unwrap();
        }
        let dead = dead_stages(folder.path()).unwrap();
        assert!(dead.len() == 1 && dead[0].folder() == copy);
        assert!(dead_stages(folder.path()).unwrap().is_empty(), "only one cleans it");
        drop(dead);
        assert!(!copy.exists() && folder.path().join("a.b.failed").join(LOG).is_file());
        assert!(!folder.path().join("a.b.failed/data").exists());
        assert!(stage.folder().join("data/part").is_file());
    }
}
