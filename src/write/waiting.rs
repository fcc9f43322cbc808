//! Releases that wait for a second person: complete, private, beside their target as `TARGET.waiting`.
//!
//! Responsible for: the names of such folders, the lock on one while somebody decides, and taking its files along without
//! copying them. A waiting folder is never changed: what a decision makes is built in a stage of its own, so that a crash leaves
//! either the release that waits, or the one that left. Whether one may wait at all, [`super::wait`] asks the gate's proof.

use super::Stage;
use super::stage::{LOG, lock, make_folder, parent_of, parts_of_stage, stage_name, sync_path};
use crate::error::{Error, ErrorKind, Result};
use rustix::fs::FlockOperation;
use std::fs::File;
use std::path::{Path, PathBuf};

/// What follows the target's name.
pub(super) const SUFFIX: &str = "waiting";

/// A release that waits; nobody else can decide on it meanwhile.
pub struct Waiting {
    folder: PathBuf,
    target: PathBuf,
    lock: File,
}

impl Waiting {
    /// The folders that wait to become this release, or the one that is named itself.
    ///
    /// # Errors
    /// When the folder above cannot be listed.
    pub fn find(path: &Path) -> Result<Vec<PathBuf>> {
        let own = path.file_name().and_then(|name| target_of(&name.to_string_lossy()).map(str::to_owned));
        if own.is_some() && is_waiting(path) {
            return Ok(vec![path.to_path_buf()]);
        }
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            return Ok(Vec::new());
        };
        let parent = parent_of(path);
        if !parent.is_dir() {
            return Ok(Vec::new());
        }
        let of_target = |folder: &PathBuf| {
            folder.file_name().and_then(|found| target_of(&found.to_string_lossy()).map(|of| of == name)) == Some(true)
        };
        Ok(Self::all(&parent)?.into_iter().filter(of_target).collect())
    }
    /// Every release that waits in a folder, by name.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn all(folder: &Path) -> Result<Vec<PathBuf>> {
        let failed = |cause: std::io::Error| Error::io("list", folder, &cause);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let named = target_of(&entry.file_name().to_string_lossy()).is_some();
            if named && entry.file_type().is_ok_and(|kind| kind.is_dir()) && is_waiting(&entry.path()) {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    }
    /// Takes a release that waits in hand; `None` while somebody else has it, or where it is gone.
    ///
    /// # Errors
    /// It is no folder of a release that waits, or cannot be locked.
    pub fn open(folder: &Path) -> Result<Option<Self>> {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let target = target_of(&name).ok_or(ErrorKind::Internal("no folder of a release that waits"))?;
        let target = parent_of(folder).join(target);
        let locked = lock(folder, FlockOperation::NonBlockingLockExclusive);
        let locked = locked.map_err(|cause| Error::io("lock", folder, &cause))?;
        Ok(locked.map(|lock| Self { folder: folder.to_path_buf(), target, lock }))
    }
    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// Where it will be once it leaves.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }
    /// Puts a file of it into a stage under the same name: by a second name for the same bytes, or by a copy where the disk
    /// knows no second names.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn take_along(&self, name: &str, stage: &Stage) -> Result<()> {
        let (from, to) = (self.folder.join(name), stage.folder().join(name));
        let failed = |cause: std::io::Error| Error::io("take along", &from, &cause);
        let mut above: Vec<&Path> =
            to.ancestors().skip(1).take_while(|above| above.starts_with(stage.folder()) && !above.exists()).collect();
        above.reverse();
        above.into_iter().try_for_each(make_folder).map_err(failed)?;
        if std::fs::hard_link(&from, &to).is_ok() {
            return Ok(());
        }
        let (mut file, _) = stage.create_file(name)?;
        let mut source = File::open(&from).map_err(failed)?;
        std::io::copy(&mut source, &mut file).map_err(failed)?;
        Ok(())
    }
    /// Removes it: what was decided stands elsewhere.
    ///
    /// # Errors
    /// When the disk refuses; then the next start tries again.
    pub fn remove(self, nonce: &str) -> Result<()> {
        let stage = self.into_stage(nonce)?;
        // without a log nothing of it is set aside
        let log = stage.folder().join("evidence").join(LOG);
        std::fs::remove_file(&log).map_err(|cause| Error::io("remove", &log, &cause))?;
        drop(stage);
        Ok(())
    }
    /// Makes it a stage again, under a name of one: to be given up as a failed run is.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn into_stage(self, nonce: &str) -> Result<Stage> {
        let hidden = stage_name(&self.target, nonce)?;
        super::stage::rename_new(&self.folder, &hidden).map_err(|cause| Error::io("remove", &self.folder, &cause))?;
        sync_path(&parent_of(&self.folder))?;
        Ok(parts_of_stage(hidden, self.target, self.lock))
    }
}

/// Whether a folder holds a log where a release has it: a folder of this name without one is none of ours.
fn is_waiting(folder: &Path) -> bool {
    folder.join("evidence").join(LOG).is_file()
}

/// The target's name in the name of a folder that waits.
fn target_of(name: &str) -> Option<&str> {
    let (target, rest) = name.rsplit_once('.')?;
    let numbered = rest.strip_prefix(SUFFIX)?;
    let fine = numbered.is_empty()
        || numbered.strip_prefix('-').is_some_and(|number| {
            number.parse::<u32>().is_ok_and(|parsed| parsed >= 2 && parsed.to_string() == number)
        });
    (fine && !target.is_empty()).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::dead_stages;

    fn waits(folder: &Path, name: &str) -> PathBuf {
        let stage = Stage::create(&folder.join("out"), &crate::random::nonce().unwrap()).unwrap();
        stage.create_file("evidence/log.jsonl").unwrap();
        std::fs::write(stage.folder().join("data/part"), "rows").unwrap();
        let found = stage.keep_waiting().unwrap();
        assert_eq!(found.file_name().unwrap(), name);
        found
    }

    #[test]
    fn what_waits_is_found_by_its_target_locked_by_one_and_removed_whole() {
        let folder = tempfile::tempdir().unwrap();
        let first = waits(folder.path(), "out.waiting");
        let second = waits(folder.path(), "out.waiting-2");
        std::fs::create_dir(folder.path().join("mine.waiting")).unwrap();
        let found = Waiting::find(&folder.path().join("out")).unwrap();
        assert_eq!(found, [first.clone(), second.clone()]);
        assert_eq!(Waiting::find(&second).unwrap(), std::slice::from_ref(&second));
        assert!(Waiting::find(&folder.path().join("other")).unwrap().is_empty());
        assert!(dead_stages(folder.path()).unwrap().is_empty(), "no orphan");
        let held = Waiting::open(&first).unwrap().unwrap();
        assert!(Waiting::open(&first).unwrap().is_none(), "one decides");
        assert_eq!(held.target(), folder.path().join("out"));
        held.remove("0123456789abcdef").unwrap();
        Waiting::open(&second).unwrap().unwrap().into_stage("fedcba9876543210").map(drop).unwrap();
        let mut left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["mine.waiting", "out.failed"], "one is gone, one was given up");
    }

    #[test]
    fn files_are_taken_along_without_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let held = Waiting::open(&waits(folder.path(), "out.waiting")).unwrap().unwrap();
        let stage = Stage::create(&folder.path().join("out"), "0123456789abcdef").unwrap();
        held.take_along("data/part", &stage).unwrap();
        let inode = |path: PathBuf| std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap());
        assert_eq!(inode(held.folder().join("data/part")), inode(stage.folder().join("data/part")));
        drop(stage);
        assert_eq!(std::fs::read_to_string(held.folder().join("data/part")).unwrap(), "rows");
    }

    #[test]
    fn names_of_waiting_folders_are_known() {
        assert_eq!(target_of("a.b.waiting"), Some("a.b"));
        assert_eq!(target_of("a.waiting-2"), Some("a"));
        for other in [".waiting", "a.waiting-1", "a.waiting-02", "a.waitings", "a.waiting-x", "waiting", "a.refused"] {
            assert_eq!(target_of(other), None, "{other}");
        }
    }
}
