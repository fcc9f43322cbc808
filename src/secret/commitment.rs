//! Commitments to files: HMAC (RFC 2104) of their bytes under a salt of 256 bits, which is had and kept as a key is.
//!
//! Responsible for: the digest of a file that tells nothing to anybody without the salt, however few files there could have been; and
//! the same again for who has both. Given: blocks of bytes. The salt itself is the HMAC's key, so that any tool can check it.

use super::{MasterKey, Suite};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sm3::Sm3;

/// A commitment that is being made. Has no `Debug`, `Clone` or `Serialize`: its state is as secret as the salt.
pub struct Commitment(Keyed);

enum Keyed {
    Sha256(Box<Hmac<Sha256>>),
    Sm3(Box<Hmac<Sm3>>),
}

impl MasterKey {
    /// A commitment under this salt.
    #[must_use]
    pub fn commitment(&self, suite: Suite) -> Commitment {
        let any_length = "HMAC takes keys of any length";
        Commitment(match suite {
            Suite::HmacSha256 => Keyed::Sha256(Box::new(Hmac::new_from_slice(self.bytes()).expect(any_length))),
            Suite::HmacSm3 => Keyed::Sm3(Box::new(Hmac::new_from_slice(self.bytes()).expect(any_length))),
        })
    }
}

impl Commitment {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Keyed::Sha256(mac) => mac.update(bytes),
            Keyed::Sm3(mac) => mac.update(bytes),
        }
    }
    /// The commitment, in lower-case hex.
    #[must_use]
    pub fn finish(self) -> String {
        match self.0 {
            Keyed::Sha256(mac) => data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()),
            Keyed::Sm3(mac) => data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::FieldKey;

    #[test]
    fn a_commitment_is_the_hmac_of_the_bytes_under_the_salt() {
        let salt = MasterKey::insecure_from_test_seed(7);
        for (suite, expected) in
            [(Suite::HmacSha256, FieldKey::sha256(salt.bytes())), (Suite::HmacSm3, FieldKey::sm3(salt.bytes()))]
        {
            let mut commitment = salt.commitment(suite);
            ["a", "", "bc"].iter().for_each(|part| commitment.update(part.as_bytes()));
            assert_eq!(commitment.finish(), data_encoding::HEXLOWER.encode(&expected.tag(b"abc")));
        }
    }
}
