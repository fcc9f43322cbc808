//! Digests of what is public: profile and plan texts, released files.
//!
//! Responsible for: SHA-256 (FIPS 180-4) of bytes and files, as lower-case hex, and SM3 (GB/T 32905) beside it. It is never given a cell, a row or an
//! input file: an unkeyed digest of those would let anybody confirm a guess (threats, A16). [`unkeyed`] is the exception that
//! looks for just that: its digests are compared and dropped.

mod piecewise;
pub mod unkeyed;

pub use piecewise::{Digesting, MOST_SIDE_BY_SIDE, SIDE_BY_SIDE};

use crate::error::{Error, Result};
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use std::io::Read as _;
use std::path::Path;

/// A SHA-256 digest of something public.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(String);

impl TryFrom<String> for Digest {
    type Error = &'static str;
    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(hex) { Ok(Self(text)) } else { Err("no SHA-256 in lower-case hex") }
    }
}

impl Digest {
    /// Of a text, as a profile or a plan.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }
    /// Of bytes that are public.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::from_hash(&Sha256::digest(bytes))
    }
    /// Of a file, read once from start to end; also its length in bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of_file(path: &Path) -> Result<(Self, u64)> {
        Ok(Self::of_files(&[path])?.pop().expect("a digest of each file"))
    }
    /// Of several files, each read once, side by side.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of_files(paths: &[&Path]) -> Result<Vec<(Self, u64)>> {
        let mut files = paths.iter().map(|path| Blocks::open(path)).collect::<Result<Vec<_>>>()?;
        let mut digests: Vec<Digesting> = paths.iter().map(|_| Digesting::default()).collect();
        loop {
            let pieces = files.iter_mut().map(Blocks::next).collect::<Result<Vec<_>>>()?;
            if pieces.iter().all(|piece| piece.is_empty()) {
                return Ok(digests.into_iter().map(Digesting::finish).collect());
            }
            Digesting::add_each(&mut digests, &pieces);
        }
    }
    /// Of a file, by SM3 (GB/T 32905): beside SHA-256 where a reader asks for the national suite.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of_file_by_sm3(path: &Path) -> Result<Self> {
        let (mut hash, mut blocks) = (Sm3::new(), Blocks::open(path)?);
        loop {
            match blocks.next()? {
                [] => return Ok(Self::from_hash(&hash.finalize())),
                block => hash.update(block),
            }
        }
    }
    /// Lower-case hex.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_hash(hash: &[u8]) -> Self {
        Self(data_encoding::HEXLOWER.encode(hash))
    }
}

/// SHA-256 over parts, one after the other, as bytes: for trees and key names.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// A file, block by block.
struct Blocks<'p> {
    path: &'p Path,
    file: std::fs::File,
    block: Vec<u8>,
}

impl<'p> Blocks<'p> {
    fn open(path: &'p Path) -> Result<Self> {
        let file = std::fs::File::open(path).map_err(|cause| Error::io("read", path, &cause))?;
        Ok(Self { path, file, block: vec![0; 1 << 16] })
    }
    /// The next bytes; empty at the end.
    fn next(&mut self) -> Result<&[u8]> {
        loop {
            match self.file.read(&mut self.block) {
                Ok(read) => return Ok(&self.block[..read]),
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(Error::io("read", self.path, &cause)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer_of_fips_180_4() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of_text("abc").as_str(), abc);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(Digest::of_file(&path).unwrap(), (Digest::of_text("abc"), 3));
        let other = folder.path().join("other");
        std::fs::write(&other, "abc".repeat(100_000)).unwrap();
        let each = [&path, &other, &path].map(|path| Digest::of_file(path).unwrap());
        assert_eq!(Digest::of_files(&[&path, &other, &path]).unwrap(), each);
        assert!(Digest::of_files(&[&path, folder.path()]).is_err());
        assert_eq!(sha256(&[b"a", b"", b"bc"]), sha256(&[b"abc"]));
        // GB/T 32905, A.1
        let abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(Digest::of_file_by_sm3(&path).unwrap().as_str(), abc);
    }
}
