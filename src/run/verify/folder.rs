//! A release folder of anybody: plain files only, read with care.

use crate::digest::Digest;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The files of a folder.
pub(super) struct Folder {
    path: PathBuf,
    /// Names of the files inside, sorted, with `/` between folders.
    pub(super) names: Vec<String>,
    /// What is neither a plain file nor a folder, or has a name that is not UTF-8.
    pub(super) strange: Vec<String>,
}

/// A document of evidence is not longer than this.
const MOST: u64 = 256 << 20;

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut folder = Self { path: path.to_path_buf(), names: Vec::new(), strange: Vec::new() };
        folder.list("")?;
        folder.names.sort();
        folder.strange.sort();
        Ok(folder)
    }
    /// A small file, whole; none when it is not there or too long.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.plain(name)?;
        let short = path.metadata().is_ok_and(|file| file.len() <= MOST);
        if short { std::fs::read(path).ok() } else { None }
    }
    /// The digest of a file; none when it is not there.
    pub(super) fn digest(&self, name: &str) -> Option<Digest> {
        Digest::of_file(&self.plain(name)?).ok().map(|(digest, _)| digest)
    }
    /// The same by SM3.
    pub(super) fn digest_by_sm3(&self, name: &str) -> Option<Digest> {
        Digest::of_file_by_sm3(&self.plain(name)?).ok()
    }
    /// The path of a file that was listed: a name from evidence leads nowhere else.
    pub(super) fn plain(&self, name: &str) -> Option<PathBuf> {
        self.names.iter().any(|known| known == name).then(|| self.path.join(name))
    }

    fn list(&mut self, below: &str) -> Result<()> {
        let path = self.path.join(below);
        let failed = |cause: std::io::Error| Error::io("list", &path, &cause);
        for entry in std::fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let name = entry.file_name();
            let inside = format!("{below}{}", name.to_string_lossy());
            match (name.to_str(), kind.is_dir(), kind.is_file()) {
                (Some(_), true, _) => self.list(&format!("{inside}/"))?,
                (Some(_), _, true) => self.names.push(inside),
                _ => self.strange.push(inside),
            }
        }
        Ok(())
    }
}
