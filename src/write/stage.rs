//! The private folder that a release is built in, beside its target, and removed unless it is published.

use crate::error::{Error, ErrorKind, Result};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A staging folder: mode 0700, files 0600, never over an existing file. Removed when dropped.
pub struct Stage {
    folder: PathBuf,
    target: PathBuf,
    kept: bool,
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

impl Stage {
    /// Makes the folder. `nonce` keeps two runs to one target apart.
    ///
    /// # Errors
    /// The target exists, or its parent cannot be written.
    pub fn create(target: &Path, nonce: &str) -> Result<Self> {
        refuse_existing(target)?;
        let name = target
            .file_name()
            .ok_or_else(|| {
                let text = "the output needs a name: write `--output DIR`";
                Error::new(ErrorKind::Usage(text.into())).in_file(target)
            })?
            .to_string_lossy()
            .into_owned();
        let parent = parent_of(target);
        let parents = Parents::make(&parent)?;
        let folder = parent.join(format!(".{name}.outis-{nonce}"));
        // The staging folder's own name means nothing to the user.
        make_folder(&folder).map_err(|cause| Error::io("make a folder here", &parent, &cause))?;
        let stage = Self { folder, target: target.to_path_buf(), kept: false, _parents: parents };
        for inner in ["data", "evidence"] {
            make_folder(&stage.folder.join(inner)).map_err(|cause| Error::io("make a folder here", &parent, &cause))?;
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
    /// A new private file inside, by its name in the release.
    ///
    /// # Errors
    /// When it cannot be made; an existing file is never opened.
    pub fn create_file(&self, name: &str) -> Result<(File, PathBuf)> {
        let path = self.folder.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        Ok((file.map_err(|cause| Error::io("create", &path, &cause))?, path))
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
        for name in self.files()? {
            sync_path(&self.folder.join(name))?;
        }
        for folder in [self.folder.join("data"), self.folder.join("evidence"), self.folder.clone()] {
            sync_path(&folder)?;
        }
        Ok(())
    }
    /// Makes the folder visible under the target's name in one step, never over something that is there.
    ///
    /// # Errors
    /// The target appeared meanwhile, or the system refused.
    pub(super) fn reveal(mut self) -> Result<PathBuf> {
        use rustix::fs::{CWD, RenameFlags};
        let renamed = rustix::fs::renameat_with(CWD, &self.folder, CWD, &self.target, RenameFlags::NOREPLACE);
        match renamed {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) => return Err(Error::new(ErrorKind::TargetExists).in_file(&self.target)),
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                // A file system without the flag: look once more, then rename; a folder is never replaced by `rename`
                // unless it is empty.
                refuse_existing(&self.target)?;
                #[expect(clippy::disallowed_methods, reason = "this is the one place that publishes")]
                std::fs::rename(&self.folder, &self.target)
                    .map_err(|cause| Error::io("publish", &self.target, &cause))?;
            }
            Err(cause) => return Err(Error::io("publish", &self.target, &cause.into())),
        }
        self.kept = true;
        sync_path(&parent_of(&self.target))?;
        Ok(self.target.clone())
    }
    /// Keeps one file of a refused run: `TARGET.refused/NAME`, or `TARGET.refused-2` and so on where that exists. All
    /// else is removed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn refuse_with(self, bytes: &[u8], name: &str) -> Result<PathBuf> {
        let mut number = 1_u32;
        let folder = loop {
            let suffix = if number == 1 { ".refused".to_owned() } else { format!(".refused-{number}") };
            let mut candidate = self.target.as_os_str().to_owned();
            candidate.push(&suffix);
            let candidate = PathBuf::from(candidate);
            match std::fs::DirBuilder::new().mode(0o700).create(&candidate) {
                Ok(()) => break candidate,
                Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(cause) => return Err(Error::io("create", &candidate, &cause)),
            }
        };
        let path = folder.join(name);
        let failed = |cause: std::io::Error| Error::io("write", &path, &cause);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        std::io::Write::write_all(&mut file, bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        sync_path(&folder)?;
        Ok(folder)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing more can be done when this fails; the folder is private and hidden.
            let _ = std::fs::remove_dir_all(&self.folder);
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

fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn sync_path(path: &Path) -> Result<()> {
    let failed = |cause: std::io::Error| Error::io("force to disk", path, &cause);
    File::open(path).map_err(failed)?.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

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
        let kept = Stage::create(&target, "1").unwrap().refuse_with(b"{}\n", "log.jsonl").unwrap();
        assert!(kept.join("log.jsonl").is_file());
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
            let stage = Stage::create(&target, "1").unwrap();
            let kept = stage.refuse_with(b"{}\n", "log.jsonl").unwrap();
            assert_eq!(kept.file_name().unwrap(), expected);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
