//! Signed notes (C2SP signed-note): a text, and signatures of named keys below it.
//!
//! Responsible for: the form of a note, signing it, and saying which trusted keys signed. Given: bytes of anybody. The text
//! of a note counts for nothing before [`Note::verify`] said yes.

use super::{Fault, PublicKey, Signer, is_name};
use crate::error::Result;
use data_encoding::BASE64;

/// Most signatures and bytes that a note may have here; C2SP asks that 16 are taken.
const MOST_SIGNATURES: usize = 64;
const MOST_BYTES: usize = 1 << 20;

/// A note: its text, with the last line end, and who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

impl Note {
    /// Signs a text, which ends in a line end and has no other control characters.
    ///
    /// # Errors
    /// [`Fault::NoteForm`] for another text; and whatever a signer meets.
    pub fn sign(text: &str, signers: &[Signer]) -> Result<Self> {
        if !is_text(text) || signers.is_empty() {
            return Err(Fault::NoteForm.into());
        }
        let mut note = Self { text: text.to_owned(), signatures: Vec::new() };
        for signer in signers {
            note.add(signer)?;
        }
        Ok(note)
    }
    /// Adds a signature, as a witness or a second person does.
    ///
    /// # Errors
    /// Whatever the signer meets.
    pub fn add(&mut self, signer: &Signer) -> Result<()> {
        let bytes = signer.sign(self.text.as_bytes())?;
        let key = signer.public();
        self.signatures.push(NoteSignature { name: key.name().to_owned(), id: key.id(), bytes });
        Ok(())
    }
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`Fault::NoteForm`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::take_apart(bytes).ok_or_else(|| Fault::NoteForm.into())
    }
    /// The note as it is stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for signature in &self.signatures {
            let bytes = [&signature.id.to_be_bytes()[..], &signature.bytes].concat();
            out.push_str(&format!("— {} {}\n", signature.name, BASE64.encode(&bytes)));
        }
        out
    }
    /// Which of the trusted keys signed, in the order of the signatures. Signatures of other keys are passed over, as the
    /// specification asks.
    ///
    /// # Errors
    /// [`Fault::BadSignature`] where one carries a trusted key's name and id and does not verify;
    /// [`Fault::Untrusted`] where no trusted key signed.
    pub fn verify<'k>(&self, trusted: &'k [PublicKey]) -> Result<Vec<&'k PublicKey>> {
        let mut signed: Vec<&PublicKey> = Vec::new();
        for signature in &self.signatures {
            let named = |key: &&PublicKey| key.name() == signature.name && key.id() == signature.id;
            let Some(key) = trusted.iter().find(named) else { continue };
            if !key.verifies(self.text.as_bytes(), &signature.bytes) {
                return Err(Fault::BadSignature.into());
            }
            if !signed.contains(&key) {
                signed.push(key);
            }
        }
        if signed.is_empty() { Err(Fault::Untrusted.into()) } else { Ok(signed) }
    }
    /// The signed text. Whoever reads it before `verify` reads anybody's words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
    /// Names and ids of the keys that the signature lines name, verified or not.
    pub fn signers(&self) -> impl Iterator<Item = (&str, u32)> {
        self.signatures.iter().map(|signature| (signature.name.as_str(), signature.id))
    }

    fn take_apart(bytes: &[u8]) -> Option<Self> {
        let whole = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= MOST_BYTES)?;
        let cut = whole.rfind("\n\n")?;
        let (text, lines) = (&whole[..=cut], whole[cut + 2..].strip_suffix('\n')?);
        let signatures: Vec<NoteSignature> = lines.split('\n').map(NoteSignature::parse).collect::<Option<_>>()?;
        let note = Self { text: text.to_owned(), signatures };
        (is_text(text) && note.signatures.len() <= MOST_SIGNATURES).then_some(note)
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = BASE64.decode(encoded.as_bytes()).ok()?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        let fine = is_name(name) && !bytes.is_empty();
        fine.then(|| Self { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
    }
}

/// Whether a text may be signed: it ends in a line end, and has no other control character of ASCII.
fn is_text(text: &str) -> bool {
    text.ends_with('\n') && !text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::evidence::{SigningKey, SigningSuite};

    fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
        match result.unwrap_err().kind() {
            ErrorKind::Evidence { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }

    fn signers() -> Vec<Signer> {
        let signer = |suite| Signer::Key(SigningKey::generate(suite, None).unwrap());
        SigningSuite::ALL.into_iter().map(signer).collect()
    }

    #[test]
    fn the_example_of_the_specification_is_read_and_written_alike() {
        let text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
            — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let note = Note::parse(text.as_bytes()).unwrap();
        assert_eq!(note.to_text(), text);
        assert!(note.text().ends_with("sera.\n"));
        assert_eq!(code(note.verify(&[])), "E_UNTRUSTED");
    }

    #[test]
    fn two_suites_sign_one_note_and_either_suffices() {
        let signers = signers();
        let keys: Vec<PublicKey> = signers.iter().map(|signer| signer.public().clone()).collect();
        let note = Note::parse(Note::sign("a\n\nb\n", &signers).unwrap().to_text().as_bytes()).unwrap();
        assert_eq!(note.verify(&keys).unwrap().len(), 2);
        for key in &keys {
            assert_eq!(note.verify(std::slice::from_ref(key)).unwrap(), [key]);
        }
        let stranger = SigningKey::generate(SigningSuite::Ed25519, None).unwrap();
        assert_eq!(code(note.verify(&[stranger.public().clone()])), "E_UNTRUSTED");
    }

    #[test]
    fn any_flipped_bit_is_found_where_every_signer_is_known() {
        let signers = signers();
        let keys: Vec<PublicKey> = signers.iter().map(|signer| signer.public().clone()).collect();
        let bytes = Note::sign("example.org/log\n5\nnotes\n", &signers).unwrap().to_text().into_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let sound = Note::parse(&changed).is_ok_and(|note| note.verify(&keys).is_ok_and(|by| by.len() == 2));
                assert!(!sound, "byte {at}, bit {bit}");
            }
        }
        for length in 0..bytes.len() {
            let sound =
                Note::parse(&bytes[..length]).is_ok_and(|note| note.verify(&keys).is_ok_and(|by| by.len() == 2));
            assert!(!sound, "cut at {length}");
        }
    }

    #[test]
    fn texts_that_are_no_notes_are_refused() {
        for text in [
            "",
            "\n",
            "text\n",
            "text\n\n",
            "text\n\n— name\n",
            "text\n\n- name AAAAAAA=\n",
            "te\rxt\n\n— n AAAAAAA=\n",
            "text\n\n— a b AAAAAAA=\n",
            "text\n\n— n AAAAAA==\n",
            "\u{1}\n\n— n AAAAAAA=\n",
        ] {
            assert_eq!(code(Note::parse(text.as_bytes())), "E_NOTE_FORM", "{text:?}");
        }
        assert_eq!(code(Note::sign("no line end", &signers())), "E_NOTE_FORM");
        assert_eq!(code(Note::sign("text\n", &[])), "E_NOTE_FORM");
    }
}
