//! A nameless file for what memory has no room for, encrypted with the run's key.
//!
//! Responsible for: keeping pieces of bytes and giving them back. Given: a folder and a stream key. The file is opened without a
//! name where the system allows it, else removed at once; it is opened when the first piece comes. Each piece has a place of its
//! own, so no place of the keystream is used twice.

use crate::error::{Error, ErrorKind, Result};
use crate::secret::{SpillCipher, StreamKey};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Takes pieces from any thread, and gives them back.
pub struct SpillFile {
    folder: PathBuf,
    cipher: SpillCipher,
    written: AtomicU64,
    file: Mutex<Option<File>>,
}

impl SpillFile {
    /// Will be in `folder`, and encrypted under `key`, which has no other file.
    #[must_use]
    pub fn new(folder: &Path, key: &StreamKey) -> Self {
        Self {
            folder: folder.to_path_buf(),
            cipher: SpillCipher::new(key),
            written: AtomicU64::new(0),
            file: Mutex::new(None),
        }
    }
    /// Whether anything was written.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.written.load(Ordering::Relaxed) > 0
    }
    /// Writes a piece, which is encrypted in place, and tells where it stands.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn put(&self, bytes: &mut [u8]) -> Result<u64> {
        let failed = |cause: std::io::Error| Error::io("write a temporary file in", &self.folder, &cause);
        let offset = self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.cipher.apply(offset, bytes);
        let file = {
            let mut file = self.file.lock().map_err(|_| poisoned())?;
            if file.is_none() {
                *file = Some(nameless(&self.folder).map_err(failed)?);
            }
            file.as_ref().expect("opened above").try_clone().map_err(failed)?
        };
        file.write_all_at(bytes, offset).map_err(failed)?;
        Ok(offset)
    }
    /// Reads what stands at a place.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn get(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let failed = |cause: std::io::Error| Error::io("read a temporary file in", &self.folder, &cause);
        let file = {
            let file = self.file.lock().map_err(|_| poisoned())?;
            let file = file.as_ref().ok_or(ErrorKind::Internal("a spilled piece without a file"))?;
            file.try_clone().map_err(failed)?
        };
        file.read_exact_at(bytes, offset).map_err(failed)?;
        self.cipher.apply(offset, bytes);
        Ok(())
    }
}

fn poisoned() -> Error {
    Error::new(ErrorKind::Internal("a worker died while it held the temporary file"))
}

/// A file without a name, readable by nobody else: it is gone when the process is, however that ends.
fn nameless(folder: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let mode = Mode::RUSR | Mode::WUSR;
    if let Ok(descriptor) = rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode) {
        return Ok(File::from(descriptor));
    }
    // Not every file system knows O_TMPFILE: make a name and take it away at once.
    let path = folder.join(format!(".spill-{}", std::process::id()));
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(&path, flags, mode)?);
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterKey;

    #[test]
    fn pieces_come_back_and_stand_encrypted_without_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let spill = SpillFile::new(folder.path(), &MasterKey::insecure_from_test_seed(1).stream("spill"));
        assert!(!spill.is_used());
        let pieces: Vec<Vec<u8>> = (0..50_u8).map(|n| vec![n; usize::from(n) * 7 + 1]).collect();
        let at: Vec<u64> = pieces.iter().map(|piece| spill.put(&mut piece.clone()).unwrap()).collect();
        for (piece, at) in pieces.iter().zip(&at).rev() {
            let mut back = vec![0; piece.len()];
            spill.get(*at, &mut back).unwrap();
            assert!(back == *piece);
        }
        let mut raw = vec![0; 40];
        spill.file.lock().unwrap().as_ref().unwrap().read_exact_at(&mut raw, at[40]).unwrap();
        assert!(raw != [40; 40]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
