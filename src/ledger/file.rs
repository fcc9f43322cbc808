//! The ledger's file: lines, each with a mark under the ledger key that holds all lines before it.
//!
//! A release is written down before it is published and counts from then on; a second line says that it was published, or
//! that it was not. So a crash between the two leaves a release that counts, never one that was forgotten. The file is
//! locked from the check of a release until its last line. A torn last line, of a crash while writing, is cut off: its release was
//! not published yet.

use super::entry::{Entry, Line, State};
use super::keys::Keys;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::MasterKey;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open ledger; nobody else can open it meanwhile.
pub struct Ledger {
    file: File,
    path: PathBuf,
    keys: Arc<Keys>,
    entries: Vec<(Entry, State)>,
    mark: [u8; 32],
    /// Bytes of whole lines.
    end: u64,
}

/// A line with its mark.
#[derive(Serialize, Deserialize)]
struct Marked {
    entry: Box<RawValue>,
    mark: String,
}

const VERSION: u32 = 1;

impl Ledger {
    /// Makes an empty ledger, of mode 0600.
    ///
    /// # Errors
    /// A file that exists or cannot be made.
    pub fn create(path: &Path, key: MasterKey) -> Result<Self> {
        let failed = |cause: std::io::Error| match cause.kind() {
            std::io::ErrorKind::AlreadyExists => Error::new(ErrorKind::TargetExists).in_file(path),
            _ => Error::io("create the ledger", path, &cause),
        };
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        lock(&file, path)?;
        let keys = Arc::new(Keys::new(key));
        let first = Line::Ledger { version: VERSION, key: keys.fingerprint() };
        let mut ledger = Self { file, path: path.to_owned(), keys, entries: Vec::new(), mark: [0; 32], end: 0 };
        ledger.write(&first)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(ledger)
    }

    /// Opens a ledger, waits for whoever has it, and checks every mark.
    ///
    /// # Errors
    /// A file that cannot be read, is of another key, or was changed.
    pub fn open(path: &Path, key: MasterKey) -> Result<Self> {
        let failed = |cause: std::io::Error| Error::io("open the ledger", path, &cause);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        lock(&file, path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let keys = Arc::new(Keys::new(key));
        let mut ledger = Self { file, path: path.to_owned(), keys, entries: Vec::new(), mark: [0; 32], end: 0 };
        for (at, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if line.last() != Some(&b'\n') {
                break; // torn: its release was not published
            }
            ledger.read(at, line).ok_or_else(|| ledger.bad(at))?;
            ledger.end += line.len() as u64;
        }
        if ledger.end == 0 {
            return Err(ledger.wrong("the ledger has no first line; make one with `outis ledger init`"));
        }
        Ok(ledger)
    }

    /// The keys of its tags.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys)
    }
    /// Every release, with how far it came.
    #[must_use]
    pub fn entries(&self) -> &[(Entry, State)] {
        &self.entries
    }
    /// The releases that count: those that were published, or may have been.
    pub fn counting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|(_, state)| *state != State::Withdrawn).map(|(entry, _)| entry)
    }
    /// Writes a release down; it counts from now on.
    ///
    /// # Errors
    /// A disk that is full, or a release that is in it already.
    pub fn add(&mut self, entry: Entry) -> Result<()> {
        if self.entries.iter().any(|(known, _)| known.release == entry.release) {
            return Err(ErrorKind::Internal("a release is in the ledger twice").into());
        }
        self.write(&Line::from(&entry))?;
        self.entries.push((entry, State::Pending));
        Ok(())
    }
    /// Says what became of the release that was added last.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn settle(&mut self, published: bool) -> Result<()> {
        let Some((entry, state)) = self.entries.last_mut() else { return Ok(()) };
        let release = entry.release.clone();
        *state = if published { State::Published } else { State::Withdrawn };
        self.write(&if published { Line::Published { release } } else { Line::Withdrawn { release } })
    }

    /// Says what became of a release that waited; false where no such release is pending.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn settle_pending(&mut self, release: &str, published: bool) -> Result<bool> {
        let pending = |(entry, state): &&mut (Entry, State)| entry.release == release && *state == State::Pending;
        let Some((entry, state)) = self.entries.iter_mut().find(pending) else { return Ok(false) };
        let release = entry.release.clone();
        *state = if published { State::Published } else { State::Withdrawn };
        self.write(&if published { Line::Published { release } } else { Line::Withdrawn { release } })?;
        Ok(true)
    }

    /// Takes in a line; `None` where it is not as it was written.
    fn read(&mut self, at: usize, line: &[u8]) -> Option<()> {
        let marked: Marked = serde_json::from_slice(line).ok()?;
        let text = marked.entry.get();
        let mark = self.keys.mark(&self.mark, text.as_bytes());
        if HEXLOWER.encode(&mark) != marked.mark {
            return None;
        }
        self.mark = mark;
        let line: Line = serde_json::from_str(text).ok()?;
        let mut settle = |release: &str, state: State| {
            let found = self.entries.iter_mut().find(|(entry, _)| entry.release == release);
            found.map(|(_, before)| *before = state)
        };
        match line {
            Line::Ledger { version, .. } => (at == 0 && version == VERSION).then_some(()),
            Line::Published { release } => settle(&release, State::Published),
            Line::Withdrawn { release } => settle(&release, State::Withdrawn),
            pending @ Line::Pending { .. } => {
                self.entries.push((pending.entry()?, State::Pending));
                (at > 0).then_some(())
            }
        }
    }

    /// Appends a line and forces it to disk.
    fn write(&mut self, line: &Line) -> Result<()> {
        let not_json = |_| Error::from(ErrorKind::Internal("a ledger line is not JSON"));
        let text = serde_json::to_string(line).map_err(not_json)?;
        let mark = self.keys.mark(&self.mark, text.as_bytes());
        let marked = Marked { entry: RawValue::from_string(text).map_err(not_json)?, mark: HEXLOWER.encode(&mark) };
        let mut bytes = serde_json::to_vec(&marked).map_err(not_json)?;
        bytes.push(b'\n');
        let written = self
            .file
            .set_len(self.end) // what a crash tore
            .and_then(|()| self.file.seek(std::io::SeekFrom::Start(self.end)))
            .and_then(|_| self.file.write_all(&bytes))
            .and_then(|()| self.file.sync_all());
        written.map_err(|cause| Error::io("write the ledger", &self.path, &cause))?;
        self.end += bytes.len() as u64;
        self.mark = mark;
        Ok(())
    }

    /// Why a line does not hold.
    fn bad(&self, at: usize) -> Error {
        let why = if at == 0 {
            "the ledger is of another key, or its first line was changed"
        } else {
            "a line of the ledger was changed, or taken out"
        };
        self.wrong(why)
    }
    fn wrong(&self, why: &str) -> Error {
        Error::new(ErrorKind::Usage(why.to_owned())).in_file(&self.path)
    }
}

fn lock(file: &File, path: &Path) -> Result<()> {
    file.lock().map_err(|cause| Error::io("lock the ledger", path, &cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{ClassSketch, SketchedTokens, TokenSketch};

    fn key(seed: u64) -> MasterKey {
        MasterKey::insecure_from_test_seed(seed)
    }

    fn entry(release: &str) -> Entry {
        let sketch = TokenSketch { tags: [1, u64::MAX].into(), upto: u64::MAX };
        Entry {
            release: release.into(),
            population: "residents".into(),
            key: "k".into(),
            tokens: vec![SketchedTokens { column: "id".into(), domain: "person".into(), sketch }],
            classes: ClassSketch {
                columns: vec!["age".into()],
                labels: vec![7, 8],
                members: vec![2, 3],
                sensitive: vec![],
            },
        }
    }

    fn states(ledger: &Ledger) -> Vec<(&str, &str)> {
        ledger.entries().iter().map(|(entry, state)| (entry.release.as_str(), state.name())).collect()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let mut ledger = Ledger::create(&path, key(1)).unwrap();
        for (release, published) in [("one", Some(true)), ("two", Some(false)), ("three", None)] {
            ledger.add(entry(release)).unwrap();
            if let Some(published) = published {
                ledger.settle(published).unwrap();
            }
        }
        assert!(ledger.add(entry("one")).is_err());
        drop(ledger);
        let ledger = Ledger::open(&path, key(1)).unwrap();
        assert_eq!(states(&ledger), [("one", "published"), ("two", "withdrawn"), ("three", "pending")]);
        let counting: Vec<&str> = ledger.counting().map(|entry| entry.release.as_str()).collect();
        assert_eq!(counting, ["one", "three"], "what may have been published counts");
        assert_eq!(ledger.entries()[0].0, entry("one"));
    }

    #[test]
    fn a_torn_line_is_cut_off_and_a_changed_one_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let mut ledger = Ledger::create(&path, key(1)).unwrap();
        ledger.add(entry("one")).unwrap();
        ledger.add(entry("two")).unwrap();
        drop(ledger);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let mut ledger = Ledger::open(&path, key(1)).unwrap();
        assert_eq!(states(&ledger), [("one", "pending")]);
        ledger.add(entry("three")).unwrap();
        drop(ledger);
        assert_eq!(states(&Ledger::open(&path, key(1)).unwrap()), [("one", "pending"), ("three", "pending")]);

        assert!(Ledger::open(&path, key(2)).is_err(), "another key");
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        std::fs::write(&path, [lines[0], lines[2]].concat()).unwrap();
        assert!(Ledger::open(&path, key(1)).is_err(), "a line taken out");
        let changed = String::from_utf8(whole.clone()).unwrap().replace("residents", "strangers");
        std::fs::write(&path, changed).unwrap();
        assert!(Ledger::open(&path, key(1)).is_err(), "a line changed");
        std::fs::write(&path, b"").unwrap();
        assert!(Ledger::open(&path, key(1)).is_err(), "an empty file is no ledger");
    }
}
