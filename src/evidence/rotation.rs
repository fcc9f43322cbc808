//! Rotation: a signing key that takes over from another, by the old key's word.
//!
//! Responsible for: the statement, a note that both keys sign, and the keys that a trust root comes to stand for. The new key
//! signs too, so that nobody can be given a key that is not theirs. Given: statements of anybody; those that do not follow from
//! a trusted key change nothing.

use super::{Fault, Note, PublicKey, Signer};
use crate::error::Result;

const HEADER: &str = "outis key rotation v1";

/// One key takes over from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that was trusted.
    pub old: PublicKey,
    /// The key that is trusted from then on.
    pub new: PublicKey,
    /// When, RFC 3339 in UTC, as the signers say.
    pub time: String,
    /// Whether the old key must not be trusted for what comes later: it may be lost or stolen.
    pub compromised: bool,
}

impl Rotation {
    /// Signs it with both keys.
    ///
    /// # Errors
    /// [`Fault::NoteForm`] for a time of several lines; and whatever a signer meets.
    pub fn sign(old: &Signer, new: &Signer, time: &str, compromised: bool) -> Result<Note> {
        let (old_key, new_key) = (old.public().clone(), new.public().clone());
        let rotation = Self { old: old_key, new: new_key, time: time.to_owned(), compromised };
        if Self::take_apart(&rotation.to_text()).as_ref() != Some(&rotation) {
            return Err(Fault::NoteForm.into());
        }
        let mut note = Note::sign(&rotation.to_text(), std::slice::from_ref(old))?;
        note.add(new)?;
        Ok(note)
    }
    /// The rotation of a note that both its keys signed. Whether to trust the old key is another question: see [`follow`].
    ///
    /// # Errors
    /// [`Fault::Rotation`] where a signature is missing or the text is none.
    pub fn open(note: &Note) -> Result<Self> {
        let rotation = Self::take_apart(note.text()).ok_or(Fault::Rotation)?;
        for key in [&rotation.old, &rotation.new] {
            note.verify(std::slice::from_ref(key)).map_err(|_| Fault::Rotation)?;
        }
        Ok(rotation)
    }

    fn to_text(&self) -> String {
        let reason = if self.compromised { "compromised" } else { "scheduled" };
        format!("{HEADER}\n{}\n{}\n{}\n{reason}\n", self.old.to_text(), self.new.to_text(), self.time)
    }
    fn take_apart(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
        let [HEADER, old, new, time, reason] = lines.as_slice() else { return None };
        let compromised = match *reason {
            "compromised" => true,
            "scheduled" => false,
            _ => return None,
        };
        let (old, new) = (PublicKey::parse(old).ok()?, PublicKey::parse(new).ok()?);
        let differ = old != new && !time.is_empty();
        differ.then(|| Self { old, new, time: (*time).to_owned(), compromised })
    }
}

/// The keys that a trust root stands for after these rotations, in their order: each that starts from a trusted key adds its
/// new key. Old keys stay, for what they signed before.
#[must_use]
pub fn follow(root: &[PublicKey], rotations: &[Note]) -> Vec<PublicKey> {
    let mut trusted = root.to_vec();
    let mut lost: Vec<PublicKey> = Vec::new();
    for rotation in rotations.iter().filter_map(|note| Rotation::open(note).ok()) {
        // A key that was declared lost says nothing more.
        if !trusted.contains(&rotation.old) || lost.contains(&rotation.old) {
            continue;
        }
        if rotation.compromised {
            lost.push(rotation.old);
        }
        if !trusted.contains(&rotation.new) {
            trusted.push(rotation.new);
        }
    }
    trusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{SigningKey, SigningSuite};

    fn signer(suite: SigningSuite) -> Signer {
        Signer::Key(SigningKey::generate(suite, None).unwrap())
    }

    #[test]
    fn trust_goes_on_along_signed_rotations_only() {
        let [a, b, c, thief] =
            [SigningSuite::Ed25519, SigningSuite::Sm2, SigningSuite::Ed25519, SigningSuite::Ed25519].map(signer);
        let key = |signer: &Signer| signer.public().clone();
        let turn = |old: &Signer, new: &Signer, lost| Rotation::sign(old, new, "2026-01-01T00:00:00Z", lost).unwrap();
        let notes = [turn(&a, &b, false), turn(&b, &c, true), turn(&b, &thief, false)];
        assert_eq!(follow(&[key(&a)], &notes), [key(&a), key(&b), key(&c)], "a lost key names no other");
        assert_eq!(follow(&[key(&c)], &notes), [key(&c)], "trust does not go back");
        let forged = turn(&thief, &c, false).to_text().replace(&key(&thief).to_text(), &key(&a).to_text());
        assert!(Rotation::open(&Note::parse(forged.as_bytes()).unwrap()).is_err());
        let one_sided = Note::sign(turn(&a, &b, false).text(), std::slice::from_ref(&a)).unwrap();
        assert!(Rotation::open(&one_sided).is_err(), "the new key must sign too");
        assert!(Rotation::sign(&a, &b, "a\nb", false).is_err());
        assert!(Rotation::sign(&a, &a, "2026", false).is_err());
    }

    #[test]
    fn a_rotation_is_read_back() {
        let (a, b) = (signer(SigningSuite::Ed25519), signer(SigningSuite::Ed25519));
        let note = Rotation::sign(&a, &b, "2026-01-01T00:00:00Z", true).unwrap();
        let rotation = Rotation::open(&Note::parse(note.to_text().as_bytes()).unwrap()).unwrap();
        assert_eq!((&rotation.old, &rotation.new, rotation.compromised), (a.public(), b.public(), true));
    }
}
