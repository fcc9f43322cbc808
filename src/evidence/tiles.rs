//! A log as a folder of files that never change, and one that does (C2SP tlog-tiles).
//!
//! Responsible for: appending an entry under a lock and forced to disk, reading entries, proofs from the stored tiles, and the
//! audit of the whole folder. Given: exact bytes of entries, signers, trusted keys. Any web server can show the folder; nobody
//! needs one. A crash leaves either the old checkpoint or the new one; what it does not cover was never promised.

use super::merkle::{Hash, Subtrees, Tree, consistency_proof, inclusion_proof, leaf_hash, node_hash, peaks, root_of};
use super::{Checkpoint, Fault, InclusionProof, Note, PublicKey, Signer, is_name};
use crate::error::{Error, ErrorKind, Result};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Hashes or entries of a full tile.
const WIDTH: u64 = 256;
/// Levels of the tree between two levels of tiles.
const HEIGHT: u32 = 8;
const CHECKPOINT: &str = "checkpoint";
const LOCK: &str = "lock";
/// Longest entry: its length has two bytes.
const LONGEST: usize = 0xffff;

/// A log folder under a checkpoint that was verified.
#[derive(Debug, Clone)]
pub struct TileLog {
    folder: PathBuf,
    note: Note,
    head: Checkpoint,
}

impl TileLog {
    /// Makes a new, empty log. `origin` names it, as the key that signs it should be named.
    ///
    /// # Errors
    /// The folder exists, the origin is no name, or the disk or a signer fails.
    pub fn create(folder: &Path, origin: &str, signers: &[Signer]) -> Result<Self> {
        if !is_name(origin) {
            return Err(Error::new(ErrorKind::Usage("a log's name has no spaces and no `+`".into())));
        }
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::AlreadyExists => Error::new(ErrorKind::TargetExists).in_file(folder),
            _ => Error::io("create", folder, &cause),
        })?;
        let head = Checkpoint { origin: origin.to_owned(), size: 0, root: Tree::default().root() };
        let note = head.sign(signers)?;
        replace(&folder.join(CHECKPOINT), note.to_text().as_bytes())?;
        Ok(Self { folder: folder.to_path_buf(), note, head })
    }
    /// Opens a log whose checkpoint one of the trusted keys signed.
    ///
    /// # Errors
    /// As [`Checkpoint::open`]; or the checkpoint cannot be read.
    pub fn open(folder: &Path, trusted: &[PublicKey]) -> Result<Self> {
        let log = Self::open_unverified(folder)?;
        log.note.verify(trusted).map_err(|error| error.in_file(&folder.join(CHECKPOINT)))?;
        Ok(log)
    }
    /// Opens a log without asking who signed it: to show it to people, or to look for rotations.
    ///
    /// # Errors
    /// The checkpoint cannot be read or is none.
    pub fn open_unverified(folder: &Path) -> Result<Self> {
        let path = folder.join(CHECKPOINT);
        let bytes = std::fs::read(&path).map_err(|cause| Error::io("read", &path, &cause))?;
        let note = Note::parse(&bytes).map_err(|error| error.in_file(&path))?;
        let head = Checkpoint::parse(note.text()).map_err(|error| error.in_file(&path))?;
        Ok(Self { folder: folder.to_path_buf(), note, head })
    }
    /// That nobody but these keys signed the present checkpoint: whoever appends next must sign for all who did, or readers who
    /// trust one of them would lose the log unawares.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], which names the keys that are missing.
    pub fn signed_by_none_but(&self, keys: &[PublicKey]) -> Result<()> {
        let given = |(name, id): &(&str, u32)| keys.iter().any(|key| key.name() == *name && key.id() == *id);
        let missing: Vec<String> = self
            .note
            .signers()
            .filter(|signer| !given(signer))
            .map(|(name, id)| format!("`{name}+{id:08x}`"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let text = format!(
            "{} signed this log last and is not among the keys given: sign with it too, or let another key take over from it \
             by `outis record LOG --sign KEY rotated --to NEW`",
            missing.join(", ")
        );
        Err(Error::from(ErrorKind::Usage(text)).in_file(&self.folder))
    }
    /// Appends an entry: under the folder's lock, forced to disk, then signed for. The present checkpoint must be signed by
    /// the signers and nobody else, and fit the tiles.
    ///
    /// # Errors
    /// An entry over 65 535 bytes, a log that is not the signers' or does not fit its checkpoint, or a failing disk or
    /// signer. Then the log is as it was.
    pub fn append(folder: &Path, entry: &[u8], signers: &[Signer]) -> Result<InclusionProof> {
        let keys: Vec<PublicKey> = signers.iter().map(|signer| signer.public().clone()).collect();
        Self::append_after(folder, entry, &keys, signers)
    }
    /// The same where others signed so far: the present checkpoint must be signed by those of `before` and nobody else.
    ///
    /// # Errors
    /// As [`TileLog::append`].
    pub fn append_after(
        folder: &Path,
        entry: &[u8],
        before: &[PublicKey],
        signers: &[Signer],
    ) -> Result<InclusionProof> {
        if entry.len() > LONGEST {
            return Err(Error::new(ErrorKind::Internal("an entry of a log has at most 65535 bytes")));
        }
        let _lock = lock(folder)?;
        let log = Self::open(folder, before)?;
        log.signed_by_none_but(before)?;
        if root_of(&log, log.head.size)? != log.head.root {
            return Err(Error::from(Fault::Root).in_file(folder));
        }
        log.write(entry)?;
        let size = log.head.size + 1;
        let mut tree = log.tree()?;
        tree.push(entry);
        let head = Checkpoint { origin: log.head.origin.clone(), size, root: tree.root() };
        let note = head.sign(signers)?;
        let grown = Self { folder: folder.to_path_buf(), note: note.clone(), head };
        // The proof is made from the files, before the checkpoint promises that they are there.
        let proof = InclusionProof {
            index: size - 1,
            path: inclusion_proof(&grown, size - 1, size)?,
            checkpoint: note,
            extra: Some(entry.to_vec()),
        };
        let keys: Vec<PublicKey> = signers.iter().map(|signer| signer.public().clone()).collect();
        proof.verify(entry, &keys)?;
        replace(&folder.join(CHECKPOINT), proof.checkpoint.to_text().as_bytes())?;
        grown.remove_partial_tiles();
        Ok(proof)
    }
    /// The checkpoint that the log was opened with.
    #[must_use]
    pub fn head(&self) -> &Checkpoint {
        &self.head
    }
    /// The same as it was signed.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }
    /// The entries from `first` on, in order, without a check against the tree: see [`TileLog::audit`].
    ///
    /// # Errors
    /// [`Fault::LogFiles`] where an entry is missing.
    pub fn entries(&self, first: u64) -> Result<Vec<Vec<u8>>> {
        let mut entries = Vec::new();
        for tile in first / WIDTH..self.head.size.div_ceil(WIDTH) {
            let skipped = usize::try_from(first.saturating_sub(tile * WIDTH)).unwrap_or(usize::MAX);
            entries.extend(self.bundle(tile)?.into_iter().skip(skipped));
        }
        Ok(entries)
    }
    /// Recomputes the tree from the entries and compares every stored hash and the root; gives the entries.
    ///
    /// # Errors
    /// [`Fault::LogFiles`] for files that are missing or do not fit; [`Fault::Root`] for another root.
    pub fn audit(&self) -> Result<Vec<Vec<u8>>> {
        let entries = self.entries(0)?;
        let mut tree = Tree::default();
        for (at, entry) in entries.iter().enumerate() {
            if tree.push(entry) != self.subtree(0, at as u64)? {
                return Err(Fault::LogFiles.into());
            }
        }
        // Hashes of higher tiles, each against its tile below; together with the leaves that is every stored hash.
        for level in 1..=self.levels() {
            for index in 0..self.head.size >> (HEIGHT * level) {
                let below: Vec<Hash> = self.tile(level - 1, index)?;
                if pair_up(below, HEIGHT) != Some(self.subtree(HEIGHT * level, index)?) {
                    return Err(Fault::LogFiles.into());
                }
            }
        }
        if tree.root() == self.head.root { Ok(entries) } else { Err(Fault::Root.into()) }
    }
    /// Whether this log goes on from a checkpoint that somebody remembered (a proof of an earlier release carries one).
    ///
    /// # Errors
    /// [`Fault::OtherLog`], [`Fault::Shrunk`], [`Fault::Equivocation`], [`Fault::LogFiles`].
    pub fn continues(&self, remembered: &Checkpoint) -> Result<()> {
        let size = remembered.size.min(self.head.size);
        remembered.continues_in(&self.head, &consistency_proof(self, size, self.head.size)?)
    }
    /// A proof that an entry is in the log, with the present checkpoint.
    ///
    /// # Errors
    /// There is no such entry, or [`Fault::LogFiles`].
    pub fn prove(&self, index: u64) -> Result<InclusionProof> {
        let path = inclusion_proof(self, index, self.head.size)?;
        let entry = self.bundle(index / WIDTH)?.into_iter().nth(place(index)).ok_or(Fault::LogFiles)?;
        Ok(InclusionProof { index, path, checkpoint: self.note.clone(), extra: Some(entry) })
    }

    /// Highest level of tiles.
    fn levels(&self) -> u32 {
        self.head.size.checked_ilog2().unwrap_or(0) / HEIGHT
    }
    fn tree(&self) -> Result<Tree> {
        let hashes = peaks(self.head.size).into_iter().map(|(level, index)| self.subtree(level, index));
        Tree::resume(self.head.size, hashes.collect::<Result<_>>()?)
    }
    /// How many hashes or entries a tile has at the present size.
    fn width(&self, level: u32, tile: u64) -> u64 {
        (self.head.size >> (HEIGHT * level)).saturating_sub(tile * WIDTH).min(WIDTH)
    }
    fn tile(&self, level: u32, tile: u64) -> Result<Vec<Hash>> {
        let width = self.width(level, tile);
        let bytes = self.read(&level.to_string(), tile, width)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        let width = usize::try_from(width).unwrap_or(usize::MAX);
        let fits = rest.is_empty() && hashes.len() >= width;
        if fits { Ok(hashes[..width].to_vec()) } else { Err(Fault::LogFiles.into()) }
    }
    fn bundle(&self, tile: u64) -> Result<Vec<Vec<u8>>> {
        let width = self.width(0, tile);
        let bytes = self.read("entries", tile, width)?;
        let (mut rest, mut entries) = (bytes.as_slice(), Vec::new());
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let entry = after.split_at_checked(usize::from(u16::from_be_bytes(*length)));
            let (entry, after) = entry.ok_or(Fault::LogFiles)?;
            entries.push(entry.to_vec());
            rest = after;
        }
        let width = usize::try_from(width).unwrap_or(usize::MAX);
        if !rest.is_empty() || entries.len() < width {
            return Err(Fault::LogFiles.into());
        }
        entries.truncate(width);
        Ok(entries)
    }
    /// A tile's file; where the log has grown since the checkpoint was read, the full tile holds it too.
    fn read(&self, kind: &str, tile: u64, width: u64) -> Result<Vec<u8>> {
        let full = self.folder.join(tile_path(kind, tile));
        let partial = self.folder.join(partial_path(kind, tile, width));
        let read = if width == WIDTH {
            std::fs::read(&full)
        } else {
            std::fs::read(partial).or_else(|_| std::fs::read(&full))
        };
        read.map_err(|_| Error::from(Fault::LogFiles).in_file(&full))
    }

    /// Writes the files of one more entry: its bundle, and the tile of every level that grows.
    fn write(&self, entry: &[u8]) -> Result<()> {
        let index = self.head.size;
        let tile = index / WIDTH;
        let mut bundle = Vec::new();
        for entry in self.bundle_or_new(tile)?.iter().map(Vec::as_slice).chain([entry]) {
            let length = u16::try_from(entry.len()).expect("no longer than LONGEST");
            bundle.extend_from_slice(&length.to_be_bytes());
            bundle.extend_from_slice(entry);
        }
        self.write_tile("entries", tile, index % WIDTH + 1, &bundle)?;
        let (mut level, mut index, mut hash) = (0, index, leaf_hash(entry));
        loop {
            let tile = index / WIDTH;
            let mut hashes = if index.is_multiple_of(WIDTH) { Vec::new() } else { self.tile(level, tile)? };
            hashes.push(hash);
            self.write_tile(&level.to_string(), tile, hashes.len() as u64, hashes.as_flattened())?;
            if hashes.len() as u64 != WIDTH {
                return Ok(());
            }
            hash = pair_up(hashes, HEIGHT).expect("a full tile");
            (level, index) = (level + 1, tile);
        }
    }
    fn bundle_or_new(&self, tile: u64) -> Result<Vec<Vec<u8>>> {
        if self.width(0, tile) == 0 { Ok(Vec::new()) } else { self.bundle(tile) }
    }
    fn write_tile(&self, kind: &str, tile: u64, width: u64, bytes: &[u8]) -> Result<()> {
        let name = if width == WIDTH { tile_path(kind, tile) } else { partial_path(kind, tile, width) };
        let path = self.folder.join(name);
        let parent = path.parent().expect("a tile lies below the log's folder");
        std::fs::create_dir_all(parent).map_err(|cause| Error::io("create", parent, &cause))?;
        replace(&path, bytes)?;
        // Each new folder is an entry of the one above it.
        for above in parent.ancestors().take_while(|above| above.starts_with(&self.folder)) {
            sync(above)?;
        }
        Ok(())
    }
    /// Partial tiles of a tile that is full now may go. That they stay harms nobody, so a failure is no error.
    fn remove_partial_tiles(&self) {
        if !self.head.size.is_multiple_of(WIDTH) {
            return;
        }
        let (mut index, kinds) = (self.head.size / WIDTH, ["entries".to_owned(), "0".to_owned()]);
        let mut kinds = kinds.to_vec();
        for level in 1.. {
            for kind in kinds.drain(..) {
                let full = self.folder.join(tile_path(&kind, index - 1));
                let mut partial = full.into_os_string();
                partial.push(".p");
                let _ = std::fs::remove_dir_all(PathBuf::from(partial));
            }
            if !index.is_multiple_of(WIDTH) {
                return;
            }
            index /= WIDTH;
            kinds.push(level.to_string());
        }
    }
}

impl Subtrees for TileLog {
    fn subtree(&self, level: u32, index: u64) -> Result<Hash> {
        let (tile_level, inside) = (level / HEIGHT, level % HEIGHT);
        let first = index << inside;
        let hashes = self.tile(tile_level, first / WIDTH)?;
        let part = hashes.get(place(first)..place(first) + (1 << inside)).ok_or(Fault::LogFiles)?;
        pair_up(part.to_vec(), inside).ok_or_else(|| Fault::LogFiles.into())
    }
}

fn place(index: u64) -> usize {
    usize::try_from(index % WIDTH).expect("below 256")
}

/// The root of `2^height` hashes.
fn pair_up(mut hashes: Vec<Hash>, height: u32) -> Option<Hash> {
    if hashes.len() != 1 << height {
        return None;
    }
    while hashes.len() > 1 {
        hashes = hashes.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    hashes.pop()
}

/// `tile/<kind>/x001/x234/067`: three digits an element, all but the last behind an `x`.
fn tile_path(kind: &str, tile: u64) -> String {
    let (mut number, mut path) = (tile / 1000, format!("{:03}", tile % 1000));
    while number > 0 {
        path = format!("x{:03}/{path}", number % 1000);
        number /= 1000;
    }
    format!("tile/{kind}/{path}")
}

fn partial_path(kind: &str, tile: u64, width: u64) -> String {
    format!("{}.p/{width}", tile_path(kind, tile))
}

/// The folder's lock, held until dropped; the system frees it when a process dies.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(|cause| Error::io("open", &path, &cause))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)
        .map_err(|cause| Error::io("lock", &path, &cause.into()))?;
    Ok(file)
}

/// Writes a file whole and forced to disk, or not at all; over one that is there.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let failed = |cause: std::io::Error| Error::io("write", path, &cause);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let mut file = options.open(&beside).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    #[expect(clippy::disallowed_methods, reason = "a log's own file; no release becomes visible by it")]
    std::fs::rename(&beside, path).map_err(failed)?;
    sync(path.parent().expect("a file lies in a folder"))
}

fn sync(folder: &Path) -> Result<()> {
    let failed = |cause: std::io::Error| Error::io("force to disk", folder, &cause);
    File::open(folder).map_err(failed)?.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::merkle::Levels;
    use crate::evidence::{SigningKey, SigningSuite};

    struct Kept {
        _folder: tempfile::TempDir,
        path: PathBuf,
        signers: Vec<Signer>,
        keys: Vec<PublicKey>,
    }

    fn kept() -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate(SigningSuite::Ed25519, Some("example.org/log")).unwrap();
        let (path, keys) = (folder.path().join("log"), vec![key.public().clone()]);
        let signers = vec![Signer::Key(key)];
        TileLog::create(&path, "example.org/log", &signers).unwrap();
        Kept { _folder: folder, path, signers, keys }
    }

    impl Kept {
        fn append(&self, entry: &str) -> InclusionProof {
            TileLog::append(&self.path, entry.as_bytes(), &self.signers).unwrap()
        }
        fn open(&self) -> TileLog {
            TileLog::open(&self.path, &self.keys).unwrap()
        }
        /// Signs a checkpoint over the entries as they are: a log that was filled at once, for speed.
        fn fill(&self, count: u64) {
            let mut log = self.open();
            for at in log.head.size..count {
                let entry = format!("entry {at}");
                log.write(entry.as_bytes()).unwrap();
                let mut tree = log.tree().unwrap();
                tree.push(entry.as_bytes());
                log.head = Checkpoint { size: at + 1, root: tree.root(), ..log.head };
            }
            let note = log.head.sign(&self.signers).unwrap();
            replace(&self.path.join(CHECKPOINT), note.to_text().as_bytes()).unwrap();
        }
    }

    fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
        match result.unwrap_err().kind() {
            ErrorKind::Evidence { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile_path("0", 1_234_067), "tile/0/x001/x234/067");
        assert_eq!(partial_path("entries", 0, 5), "tile/entries/000.p/5");
    }

    #[test]
    fn entries_come_back_and_every_proof_holds() {
        let kept = kept();
        let mut proofs = Vec::new();
        for at in 0..9 {
            proofs.push(kept.append(&format!("entry {at}")));
        }
        let log = kept.open();
        assert_eq!(log.audit().unwrap(), (0..9).map(|at| format!("entry {at}").into_bytes()).collect::<Vec<_>>());
        assert_eq!(log.entries(7).unwrap(), [b"entry 7", b"entry 8"]);
        for (at, proof) in proofs.iter().enumerate() {
            let (entry, head) = proof.entry(&kept.keys).unwrap();
            assert_eq!((entry, head.size), (format!("entry {at}").as_bytes(), at as u64 + 1));
            log.continues(&head).unwrap();
            assert_eq!(log.prove(at as u64).unwrap().entry(&kept.keys).unwrap().0, entry);
        }
        assert!(log.prove(9).is_err());
    }

    #[test]
    fn full_tiles_replace_partial_ones_and_the_root_is_that_of_the_entries() {
        let kept = kept();
        for count in [255, 256, 257] {
            kept.fill(count - 1);
            kept.append(&format!("entry {}", count - 1));
            let log = kept.open();
            let levels = Levels::of((0..count).map(|at| format!("entry {at}")));
            assert_eq!(log.head.root, root_of(&levels, count).unwrap());
            log.audit().unwrap();
        }
        let exists = |name: &str| kept.path.join(name).exists();
        assert!(exists("tile/0/000") && exists("tile/entries/000") && exists("tile/1/000.p/1"));
        assert!(!exists("tile/0/000.p") && !exists("tile/entries/000.p"), "full tiles need no partial ones");
    }

    #[test]
    fn a_changed_file_is_found_and_nothing_is_appended_to_it() {
        let kept = kept();
        kept.fill(20);
        let files = ["tile/entries/000.p/20", "tile/0/000.p/20", "checkpoint"];
        for name in files {
            let path = kept.path.join(name);
            let sound = std::fs::read(&path).unwrap();
            for at in [0, 2, sound.len() / 2, sound.len() - 2] {
                let mut changed = sound.clone();
                changed[at] ^= 1;
                std::fs::write(&path, &changed).unwrap();
                let found = TileLog::open(&kept.path, &kept.keys).and_then(|log| log.audit());
                assert!(found.is_err(), "{name} at {at}");
            }
            std::fs::remove_file(&path).unwrap();
            assert!(TileLog::open(&kept.path, &kept.keys).and_then(|log| log.audit()).is_err(), "{name} is gone");
            std::fs::write(&path, &sound).unwrap();
        }
        let tile = kept.path.join("tile/0/000.p/20");
        let mut changed = std::fs::read(&tile).unwrap();
        changed[3] ^= 1;
        std::fs::write(&tile, changed).unwrap();
        assert_eq!(code(TileLog::append(&kept.path, b"more", &kept.signers)), "E_ROOT");
    }

    #[test]
    fn a_log_that_was_set_back_or_rewritten_is_found_by_a_remembered_checkpoint() {
        let kept = kept();
        let remembered = (0..5).map(|at| kept.append(&format!("entry {at}"))).collect::<Vec<_>>().pop().unwrap();
        let remembered = Checkpoint::parse(remembered.checkpoint.text()).unwrap();
        let other = self::kept();
        let forged = |count: u64, word: &str| {
            let log = tempfile::tempdir().unwrap();
            let path = log.path().join("log");
            TileLog::create(&path, "example.org/log", &other.signers).unwrap();
            for at in 0..count {
                TileLog::append(&path, format!("{word} {at}").as_bytes(), &other.signers).unwrap();
            }
            code(TileLog::open(&path, &other.keys).unwrap().continues(&remembered))
        };
        assert_eq!(forged(4, "entry"), "E_LOG_SHRUNK");
        assert_eq!(forged(5, "other"), "E_EQUIVOCATION");
        assert_eq!(forged(8, "other"), "E_EQUIVOCATION");
        kept.append("entry 5");
        kept.open().continues(&remembered).unwrap();
    }

    #[test]
    fn what_no_checkpoint_covers_was_never_there() {
        let kept = kept();
        kept.append("one");
        kept.open().write(b"lost in a crash").unwrap();
        kept.append("two");
        assert_eq!(kept.open().audit().unwrap(), [b"one", b"two"]);
    }

    #[test]
    fn two_who_append_at_once_both_stand_in_the_log() {
        let kept = kept();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let kept = &kept;
                scope.spawn(move || (0..5).for_each(|at| drop(kept.append(&format!("{worker} {at}")))));
            }
        });
        let mut entries = kept.open().audit().unwrap();
        entries.sort();
        entries.dedup();
        assert_eq!(entries.len(), 20);
    }

    #[test]
    fn only_its_signer_appends_and_no_entry_is_too_long() {
        let (kept, other) = (kept(), kept());
        assert_eq!(code(TileLog::append(&kept.path, b"x", &other.signers)), "E_UNTRUSTED");
        assert!(TileLog::append(&kept.path, &[0; 0x1_0000], &kept.signers).is_err());
        TileLog::append(&kept.path, &[0; 0xffff], &kept.signers).unwrap();
        assert_eq!(kept.open().audit().unwrap().len(), 1);
        assert_eq!(*TileLog::create(&kept.path, "o", &kept.signers).unwrap_err().kind(), ErrorKind::TargetExists);
        assert!(TileLog::create(&kept.path.join("new"), "a b", &kept.signers).is_err());
    }
}
