//! Public keys of signers: their text form, their ids, and the check of a signature.
//!
//! Responsible for: two suites, Ed25519 (RFC 8032) and SM2 with SM3 (GB/T 32918.2), and the text `name+id+key` of C2SP
//! signed-note that a trust root is made of. Given: public text. A key of small order or off its curve is refused.

use super::Fault;
use crate::digest::sha256;
use crate::error::Result;
use data_encoding::BASE64;
use ed25519_dalek::VerifyingKey as EdwardsKey;
use sm2::dsa::signature::Verifier as _;

/// A signature suite, closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SigningSuite {
    /// Ed25519, RFC 8032.
    Ed25519,
    /// SM2 with SM3, GB/T 32918.2-2016, under the standard's default signer id.
    Sm2,
}

/// The signer id of SM2 that the standard's profile (GM/T 0009) gives where none is agreed.
pub const SM2_SIGNER_ID: &str = "1234567812345678";

/// C2SP assigns no byte to SM2; 0xff with an identifier of one's own is what it keeps for that.
const SM2_TYPE: &[u8] = b"\xffoutis/sm2-sm3";
const ED25519_TYPE: &[u8] = b"\x01";

impl SigningSuite {
    /// All suites.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::Sm2];
    /// As commands and certificates name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Sm2 => "sm2",
        }
    }
    /// Bytes before the key in its encoded form.
    pub(super) fn prefix(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => ED25519_TYPE,
            Self::Sm2 => SM2_TYPE,
        }
    }
    /// Takes an encoded key apart.
    pub(super) fn of_encoded(encoded: &[u8]) -> Option<(Self, &[u8])> {
        Self::ALL.into_iter().find_map(|suite| Some((suite, encoded.strip_prefix(suite.prefix())?)))
    }
}

/// A signer's public key with the signer's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    suite: SigningSuite,
    /// 32 bytes of Ed25519; 65 bytes of SM2, an uncompressed point.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// A key with its signer's name.
    ///
    /// # Errors
    /// [`Fault::KeyForm`]: a name with spaces or `+`, or bytes that are no sound key of the suite.
    pub fn new(name: &str, suite: SigningSuite, bytes: &[u8]) -> Result<Self> {
        let key = Self { name: name.to_owned(), suite, bytes: bytes.to_vec() };
        let sound = match suite {
            SigningSuite::Ed25519 => key.edwards().is_some_and(|key| !key.is_weak()),
            SigningSuite::Sm2 => bytes.len() == 65 && key.sm2().is_some(),
        };
        if is_name(name) && sound { Ok(key) } else { Err(Fault::KeyForm.into()) }
    }
    /// From its text form, `name+id+key`.
    ///
    /// # Errors
    /// [`Fault::KeyForm`], also when the id is not that of name and key.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Fault::KeyForm.into());
        };
        let encoded = BASE64.decode(encoded.as_bytes()).map_err(|_| Fault::KeyForm)?;
        let (suite, bytes) = SigningSuite::of_encoded(&encoded).ok_or(Fault::KeyForm)?;
        let key = Self::new(name, suite, bytes)?;
        if key.id_text() == id { Ok(key) } else { Err(Fault::KeyForm.into()) }
    }
    /// Its text form, `name+id+key`.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}+{}+{}", self.name, self.id_text(), BASE64.encode(&self.encoded()))
    }
    /// The signer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its suite.
    #[must_use]
    pub fn suite(&self) -> SigningSuite {
        self.suite
    }
    /// The bytes of the key in its suite's own encoding.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// The first four bytes of SHA-256 over name and key: tells keys of one name apart; no fingerprint to compare by eye.
    #[must_use]
    pub fn id(&self) -> u32 {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &self.encoded()]);
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
    /// Name and id, as envelopes name a signer.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}+{}", self.name, self.id_text())
    }
    /// Whether this is a signature of the message under this key. Ed25519 by the strict rule, so that one message has one
    /// signature and no key of small order signs.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.suite {
            SigningSuite::Ed25519 => {
                let (Some(key), Ok(bytes)) = (self.edwards(), signature.try_into()) else { return false };
                key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(bytes)).is_ok()
            }
            SigningSuite::Sm2 => {
                let (Some(key), Ok(signature)) = (self.sm2(), sm2::dsa::Signature::from_slice(signature)) else {
                    return false;
                };
                key.verify(message, &signature).is_ok()
            }
        }
    }

    fn id_text(&self) -> String {
        format!("{:08x}", self.id())
    }
    fn encoded(&self) -> Vec<u8> {
        [self.suite.prefix(), &self.bytes].concat()
    }
    fn edwards(&self) -> Option<EdwardsKey> {
        EdwardsKey::from_bytes(self.bytes.as_slice().try_into().ok()?).ok()
    }
    fn sm2(&self) -> Option<sm2::dsa::VerifyingKey> {
        sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_SIGNER_ID, &self.bytes).ok()
    }
}

/// Whether a text may name a signer or a log: C2SP allows no spaces, no `+` and no control characters.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_note_specification_of_go_has_its_id() {
        // The example of golang.org/x/mod/sumdb/note, which C2SP signed-note was written down from.
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key = PublicKey::parse(text).unwrap();
        assert_eq!((key.name(), key.suite(), key.id()), ("PeterNeumann", SigningSuite::Ed25519, 0xc74f_20a3));
        assert_eq!(key.to_text(), text);
        let message =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signed = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let signature = BASE64.decode(signed.as_bytes()).unwrap();
        assert!(key.verifies(message.as_bytes(), &signature[4..]));
        assert!(!key.verifies(b"another", &signature[4..]));
    }

    #[test]
    fn a_changed_key_text_is_no_key() {
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        for at in 0..text.len() {
            for bit in 0..7 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                assert!(PublicKey::parse(&String::from_utf8(bytes).unwrap()).is_err(), "byte {at}, bit {bit}");
            }
        }
        assert!(PublicKey::parse("").is_err());
    }

    #[test]
    fn keys_of_small_order_and_points_off_the_curve_are_refused() {
        let mut one = [0; 32];
        one[0] = 1; // the neutral element: every message would have a signature
        assert!(PublicKey::new("weak", SigningSuite::Ed25519, &one).is_err());
        assert!(PublicKey::new("weak", SigningSuite::Ed25519, &[0; 32]).is_err());
        assert!(PublicKey::new("off", SigningSuite::Sm2, &[4; 65]).is_err());
        assert!(PublicKey::new("infinity", SigningSuite::Sm2, &[0]).is_err());
        for name in ["", "with space", "with+plus", "line\nend", "\u{3000}"] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
