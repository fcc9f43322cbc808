//! Checkpoints (C2SP tlog-checkpoint): the signed head of a log, and the comparison of two of them.
//!
//! Responsible for: origin, size and root as the text of a note; finding that a log shows two pasts. Given: notes of
//! anybody, and trusted keys. It never fetches anything.

use super::merkle::{Hash, verify_consistency};
use super::{Fault, Note, PublicKey, Signer, is_name};
use crate::error::Result;
use data_encoding::BASE64;

/// The head of a log: all its entries in one hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log; also the name of the key that signs it.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree of the entries.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed. We write no extension lines, and take none.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root))
    }
    /// From the text of a note.
    ///
    /// # Errors
    /// [`Fault::CheckpointForm`].
    pub fn parse(text: &str) -> Result<Self> {
        Self::take_apart(text).ok_or_else(|| Fault::CheckpointForm.into())
    }
    /// Signs it.
    ///
    /// # Errors
    /// Whatever a signer meets.
    pub fn sign(&self, signers: &[Signer]) -> Result<Note> {
        Note::sign(&self.to_text(), signers)
    }
    /// The checkpoint of a note that one of the trusted keys signed.
    ///
    /// # Errors
    /// As [`Note::parse`], [`Note::verify`] and [`Checkpoint::parse`].
    pub fn open(note: &[u8], trusted: &[PublicKey]) -> Result<Self> {
        let note = Note::parse(note)?;
        note.verify(trusted)?;
        Self::parse(note.text())
    }
    /// Whether `later` is a later state of the same log: the same head, or a longer log that starts with this one.
    ///
    /// # Errors
    /// [`Fault::OtherLog`], [`Fault::Shrunk`], or [`Fault::Equivocation`] for another past.
    pub fn continues_in(&self, later: &Self, proof: &[Hash]) -> Result<()> {
        if self.origin != later.origin {
            return Err(Fault::OtherLog.into());
        }
        if later.size < self.size {
            return Err(Fault::Shrunk.into());
        }
        let fine = verify_consistency(self.size, &self.root, later.size, &later.root, proof);
        if fine { Ok(()) } else { Err(Fault::Equivocation.into()) }
    }

    fn take_apart(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok()?;
        let root = BASE64.decode(root.as_bytes()).ok()?.try_into().ok()?;
        let whole = lines.next().is_none() && is_name(origin) && number.to_string() == size;
        whole.then(|| Self { origin: origin.to_owned(), size: number, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::merkle::{Levels, consistency_proof, root_of};
    use crate::evidence::{SigningKey, SigningSuite};

    #[test]
    fn the_example_of_the_specification_is_read_and_written_alike() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!((checkpoint.size, checkpoint.to_text().as_str()), (20_852_163, text));
        for spoilt in [
            text.replace("208", "0208"),
            text.replace("208", "+208"),
            text.replace("I=", "J="),
            text.replace("Csu", ""),
            format!("{text}more\n"),
            text.replace("com/", "com /"),
            text[..40].to_owned(),
        ] {
            assert!(spoilt == text || Checkpoint::parse(&spoilt).is_err(), "{spoilt}");
        }
    }

    #[test]
    fn a_log_that_shrinks_or_shows_another_past_is_found() {
        let levels = Levels::of((0..20).map(|at| format!("entry {at}")));
        let other = Levels::of((0..20).map(|at| format!("entry {}", at.min(7))));
        let head = |levels: &Levels, size| Checkpoint {
            origin: "example.org/log".into(),
            size,
            root: root_of(levels, size).unwrap(),
        };
        let kind = |fault: Fault| Some(crate::error::Error::from(fault).kind().clone());
        let found = |result: Result<()>| result.err().map(|error| error.kind().clone());
        let (old, new) = (head(&levels, 12), head(&levels, 20));
        let proof = consistency_proof(&levels, 12, 20).unwrap();
        old.continues_in(&new, &proof).unwrap();
        old.continues_in(&old, &[]).unwrap();
        assert_eq!(found(new.continues_in(&old, &proof)), kind(Fault::Shrunk));
        let forked = consistency_proof(&other, 12, 20).unwrap();
        for (later, proof) in [(head(&other, 20), &forked), (head(&other, 20), &proof), (head(&other, 12), &vec![])] {
            assert_eq!(found(old.continues_in(&later, proof)), kind(Fault::Equivocation));
        }
        let elsewhere = Checkpoint { origin: "example.org/other".into(), ..new.clone() };
        assert_eq!(found(old.continues_in(&elsewhere, &proof)), kind(Fault::OtherLog));
    }

    #[test]
    fn only_a_signed_checkpoint_opens() {
        let key = SigningKey::generate(SigningSuite::Ed25519, None).unwrap();
        let trusted = [key.public().clone()];
        let checkpoint = Checkpoint { origin: "example.org/log".into(), size: 0, root: Levels::default().root() };
        let note = checkpoint.sign(&[Signer::Key(key)]).unwrap().to_text();
        assert_eq!(Checkpoint::open(note.as_bytes(), &trusted).unwrap(), checkpoint);
        let grown = note.replacen("\n0\n", "\n1\n", 1);
        assert!(Checkpoint::open(grown.as_bytes(), &trusted).is_err());
    }

    impl Levels {
        fn root(&self) -> Hash {
            root_of(self, self.size()).unwrap()
        }
    }
}
