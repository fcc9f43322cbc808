//! DSSE envelopes (secure-systems-lab/dsse): bytes with a type, signed by one or more.
//!
//! Responsible for: the pre-authentication encoding that is signed, the envelope's form, and who signed. Given: a payload of
//! ours, or an envelope of anybody. Signers sign the exact bytes of the payload; nothing is re-encoded to be verified.

use super::{Fault, PublicKey, Signer, json};
use crate::error::Result;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// The payload type of in-toto statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A signed payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The payload; counts for nothing before [`Envelope::verify`] said yes.
    pub payload: Vec<u8>,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct EnvelopeSignature {
    /// Name and id of the key: a hint that says which key to try.
    label: String,
    bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    payload: String,
    payload_type: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Signs a payload.
    ///
    /// # Errors
    /// Whatever a signer meets; [`Fault::EnvelopeForm`] without any signer.
    pub fn sign(payload_type: &str, payload: Vec<u8>, signers: &[Signer]) -> Result<Self> {
        if signers.is_empty() {
            return Err(Fault::EnvelopeForm.into());
        }
        let mut envelope = Self { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() };
        for signer in signers {
            envelope.add(signer)?;
        }
        Ok(envelope)
    }
    /// Adds a signature, as whoever approves does.
    ///
    /// # Errors
    /// Whatever the signer meets.
    pub fn add(&mut self, signer: &Signer) -> Result<()> {
        let bytes = signer.sign(&self.encoded())?;
        self.signatures.push(EnvelopeSignature { label: signer.public().label(), bytes });
        Ok(())
    }
    /// The file's text: one line.
    ///
    /// # Errors
    /// Never for an envelope of ours.
    pub fn to_text(&self) -> Result<Vec<u8>> {
        let signature = |signature: &EnvelopeSignature| WrittenSignature {
            keyid: signature.label.clone(),
            sig: BASE64.encode(&signature.bytes),
        };
        let written = Written {
            payload: BASE64.encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: self.signatures.iter().map(signature).collect(),
        };
        let mut text = json::encode(&written)?;
        text.push(b'\n');
        Ok(text)
    }
    /// Takes a file apart. Only the exact form of [`Envelope::to_text`] is taken, so that a change anywhere shows.
    ///
    /// # Errors
    /// [`Fault::EnvelopeForm`].
    pub fn parse(text: &[u8]) -> Result<Self> {
        Self::take_apart(text).ok_or_else(|| Fault::EnvelopeForm.into())
    }
    /// Which of the trusted keys signed, in the order of the signatures; signatures of other keys are passed over.
    ///
    /// # Errors
    /// [`Fault::BadSignature`] where one carries a trusted key's label and does not verify; [`Fault::Untrusted`] where no
    /// trusted key signed.
    pub fn verify<'k>(&self, trusted: &'k [PublicKey]) -> Result<Vec<&'k PublicKey>> {
        let (encoded, mut signed) = (self.encoded(), Vec::new());
        for signature in &self.signatures {
            let Some(key) = trusted.iter().find(|key| key.label() == signature.label) else { continue };
            if !key.verifies(&encoded, &signature.bytes) {
                return Err(Fault::BadSignature.into());
            }
            if !signed.contains(&key) {
                signed.push(key);
            }
        }
        if signed.is_empty() { Err(Fault::Untrusted.into()) } else { Ok(signed) }
    }
    /// Labels of the keys that the signatures name, verified or not.
    pub fn signers(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|signature| signature.label.as_str())
    }
    /// What is signed: `DSSEv1`, then type and payload, each behind its length.
    fn encoded(&self) -> Vec<u8> {
        let head = format!("DSSEv1 {} {} {} ", self.payload_type.len(), self.payload_type, self.payload.len());
        [head.as_bytes(), &self.payload].concat()
    }

    fn take_apart(text: &[u8]) -> Option<Self> {
        let written: Written = json::decode(text.strip_suffix(b"\n")?)?;
        let signature = |signature: WrittenSignature| {
            Some(EnvelopeSignature { label: signature.keyid, bytes: BASE64.decode(signature.sig.as_bytes()).ok()? })
        };
        let payload = BASE64.decode(written.payload.as_bytes()).ok()?;
        let signatures: Vec<_> = written.signatures.into_iter().map(signature).collect::<Option<_>>()?;
        (!signatures.is_empty()).then_some(Self { payload_type: written.payload_type, payload, signatures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{SigningKey, SigningSuite};

    fn signed() -> (Envelope, Vec<PublicKey>) {
        let signers = SigningSuite::ALL.map(|suite| Signer::Key(SigningKey::generate(suite, None).unwrap()));
        let keys = signers.iter().map(|signer| signer.public().clone()).collect();
        (Envelope::sign(IN_TOTO, b"{}".to_vec(), &signers).unwrap(), keys)
    }

    #[test]
    fn what_is_signed_is_the_example_of_the_specification() {
        let envelope = Envelope {
            payload_type: "http://example.com/HelloWorld".into(),
            payload: b"hello world".to_vec(),
            signatures: vec![],
        };
        assert_eq!(envelope.encoded(), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn two_sign_and_each_is_known_by_name() {
        let (envelope, keys) = signed();
        let read = Envelope::parse(&envelope.to_text().unwrap()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.verify(&keys).unwrap().len(), 2);
        assert_eq!(read.verify(&keys[1..]).unwrap(), [&keys[1]]);
        let (_, strangers) = signed();
        assert!(read.verify(&strangers).is_err());
        assert!(Envelope::sign(IN_TOTO, vec![], &[]).is_err());
    }

    #[test]
    fn any_flipped_bit_is_found_where_every_signer_is_known() {
        let (envelope, keys) = signed();
        let text = envelope.to_text().unwrap();
        for at in 0..text.len() * 8 {
            let mut changed = text.clone();
            changed[at / 8] ^= 1 << (at % 8);
            let sound = Envelope::parse(&changed).is_ok_and(|read| read.verify(&keys).is_ok_and(|by| by.len() == 2));
            assert!(!sound, "bit {at}");
        }
    }
}
