//! Digests of what is public: profile and plan texts, released files.
//!
//! Responsible for: SHA-256 (FIPS 180-4) of bytes and files, as lower-case hex, and SM3 (GB/T 32905) beside it. It is never given a cell, a row or an
//! input file: an unkeyed digest of those would let anybody confirm a guess (threats, A16). [`unkeyed`] is the exception that
//! looks for just that: its digests are compared and dropped.

pub mod unkeyed;

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
        let mut digest = Digesting::default();
        each_block(path, &mut |block| digest.add(block))?;
        Ok(digest.finish())
    }
    /// Of a file, by SM3 (GB/T 32905): beside SHA-256 where a reader asks for the national suite.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of_file_by_sm3(path: &Path) -> Result<Self> {
        let mut hash = Sm3::new();
        each_block(path, &mut |block| hash.update(block))?;
        Ok(Self::from_hash(&hash.finalize()))
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

/// A digest of bytes that come piece by piece.
#[derive(Default)]
pub struct Digesting {
    hash: Sha256,
    bytes: u64,
}

impl Digesting {
    /// The next piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
    }
    /// The digest, and how many bytes there were.
    #[must_use]
    pub fn finish(self) -> (Digest, u64) {
        (Digest::from_hash(&self.hash.finalize()), self.bytes)
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

fn each_block(path: &Path, take: &mut dyn FnMut(&[u8])) -> Result<()> {
    let failed = |cause: &std::io::Error| Error::io("read", path, cause);
    let mut file = std::fs::File::open(path).map_err(|cause| failed(&cause))?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => take(&buffer[..read]),
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(failed(&cause)),
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
        assert_eq!(sha256(&[b"a", b"", b"bc"]), sha256(&[b"abc"]));
        // GB/T 32905, A.1
        let abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(Digest::of_file_by_sm3(&path).unwrap().as_str(), abc);
    }
}
