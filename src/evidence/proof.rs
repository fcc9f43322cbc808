//! Proofs that an entry is in a log, for whoever has nothing but the file (C2SP tlog-proof@v1).
//!
//! Responsible for: the text of a `.tlog-proof`, which carries index, path and signed checkpoint, and its check. Given: the
//! entry's exact bytes and trusted keys. Our proofs carry the entry itself as the format's extra data, which counts for
//! nothing until the proof holds for it.

use super::merkle::{Hash, leaf_hash, verify_inclusion};
use super::{Checkpoint, Fault, Note, PublicKey};
use crate::error::Result;
use data_encoding::BASE64;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof of inclusion with the checkpoint that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Which entry, from 0.
    pub index: u64,
    /// Sibling hashes from the leaf up.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
    /// The format's extra data: in our proofs, the entry. Authenticated by nothing but [`InclusionProof::entry`].
    pub extra: Option<Vec<u8>>,
}

impl InclusionProof {
    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            out.push_str(&format!("extra {}\n", BASE64.encode(extra)));
        }
        out.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            out.push_str(&BASE64.encode(hash));
            out.push('\n');
        }
        out.push('\n');
        out + &self.checkpoint.to_text()
    }
    /// Takes a file apart.
    ///
    /// # Errors
    /// [`Fault::ProofForm`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::take_apart(bytes).ok_or_else(|| Fault::ProofForm.into())
    }
    /// Whether the entry is in the log whose checkpoint a trusted key signed; gives the checkpoint.
    ///
    /// # Errors
    /// As [`Note::verify`] and [`Checkpoint::parse`]; [`Fault::Inclusion`] where the path does not lead from the entry to
    /// the root.
    pub fn verify(&self, entry: &[u8], trusted: &[PublicKey]) -> Result<Checkpoint> {
        self.checkpoint.verify(trusted)?;
        let checkpoint = Checkpoint::parse(self.checkpoint.text())?;
        let leaf = leaf_hash(entry);
        let fine = verify_inclusion(&leaf, self.index, checkpoint.size, &self.path, &checkpoint.root);
        if fine { Ok(checkpoint) } else { Err(Fault::Inclusion.into()) }
    }
    /// The entry that the proof carries, once it is proven to be in the log; with the checkpoint.
    ///
    /// # Errors
    /// As [`InclusionProof::verify`]; [`Fault::ProofForm`] where it carries none.
    pub fn entry(&self, trusted: &[PublicKey]) -> Result<(&[u8], Checkpoint)> {
        let entry = self.extra.as_deref().ok_or(Fault::ProofForm)?;
        Ok((entry, self.verify(entry, trusted)?))
    }

    fn take_apart(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let header = lines.next()?;
        let mut line = lines.next()?;
        let mut extra = None;
        if let Some(data) = line.strip_prefix("extra ") {
            extra = Some(BASE64.decode(data.as_bytes()).ok()?);
            line = lines.next()?;
        }
        let number = line.strip_prefix("index ")?;
        let index: u64 = number.parse().ok()?;
        let hash = |line: &str| BASE64.decode(line.as_bytes()).ok()?.try_into().ok();
        let path: Vec<Hash> = lines.map(hash).collect::<Option<_>>()?;
        let fine = header == HEADER && index.to_string() == number && path.len() <= 64;
        Some(Self { index, path, checkpoint: Note::parse(checkpoint.as_bytes()).ok()?, extra }).filter(|_| fine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::merkle::{Levels, inclusion_proof, root_of};
    use crate::evidence::{Signer, SigningKey, SigningSuite};

    #[test]
    fn a_proof_is_read_back_holds_and_breaks_with_any_bit() {
        let key = SigningKey::generate(SigningSuite::Ed25519, None).unwrap();
        let trusted = [key.public().clone()];
        let signer = [Signer::Key(key)];
        let levels = Levels::of((0..7).map(|at| format!("entry {at}")));
        let head = Checkpoint { origin: "example.org/log".into(), size: 7, root: root_of(&levels, 7).unwrap() };
        for index in 0..7 {
            let path = inclusion_proof(&levels, index, 7).unwrap();
            let entry = format!("entry {index}");
            let extra = Some(entry.clone().into_bytes());
            let proof = InclusionProof { index, path, checkpoint: head.sign(&signer).unwrap(), extra };
            let text = proof.to_text().into_bytes();
            assert_eq!(InclusionProof::parse(&text).unwrap(), proof);
            assert_eq!(proof.verify(entry.as_bytes(), &trusted).unwrap(), head);
            assert_eq!(proof.entry(&trusted).unwrap().0, entry.as_bytes());
            assert!(proof.verify(b"another", &trusted).is_err());
            for at in 0..text.len() * 8 {
                let mut changed = text.clone();
                changed[at / 8] ^= 1 << (at % 8);
                let sound = InclusionProof::parse(&changed).is_ok_and(|proof| proof.entry(&trusted).is_ok());
                assert!(!sound, "bit {at}");
            }
        }
    }

    #[test]
    fn extra_data_of_others_is_passed_over() {
        let key = SigningKey::generate(SigningSuite::Ed25519, None).unwrap();
        let mut levels = Levels::default();
        levels.push(b"one");
        let head = Checkpoint { origin: "o".into(), size: 1, root: root_of(&levels, 1).unwrap() };
        let trusted = [key.public().clone()];
        let proof =
            InclusionProof { index: 0, path: vec![], checkpoint: head.sign(&[Signer::Key(key)]).unwrap(), extra: None };
        assert!(proof.entry(&trusted).is_err(), "it carries no entry");
        let text = proof.to_text().replace("v1\n", "v1\nextra AAAA\n");
        assert!(InclusionProof::parse(text.as_bytes()).unwrap().verify(b"one", &trusted).is_ok());
    }
}
