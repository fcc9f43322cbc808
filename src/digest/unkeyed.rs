//! Hashes that anybody can compute, under no key or a well-known one: a dictionary reverses them (threats, A1 and A2).
//!
//! Given cells, in memory, to be compared with what would leave and dropped; nothing here is ever written. The list is what
//! tools in the field offer for "masking": plain hashes, checksums, hashes of hashes, and keyed hashes under default keys.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use sha3::{Sha3_256, Sha3_512};
use sm3::Sm3;

/// A function that anybody can compute.
pub struct Function {
    /// Its name, for the report.
    pub name: &'static str,
    compute: fn(&[u8], &mut Vec<u8>),
}

impl Function {
    /// Computes it; `out` is emptied first.
    pub fn compute(&self, input: &[u8], out: &mut Vec<u8>) {
        out.clear();
        (self.compute)(input, out);
    }
}

/// All of them.
pub const FUNCTIONS: &[Function] = &[
    Function { name: "no function", compute: |input, out| out.extend_from_slice(input) },
    Function { name: "reversed text", compute: |input, out| out.extend(input.iter().rev()) },
    Function { name: "md5", compute: |input, out| out.extend_from_slice(&Md5::digest(input)) },
    Function { name: "sha1", compute: |input, out| out.extend_from_slice(&Sha1::digest(input)) },
    Function { name: "sha224", compute: |input, out| out.extend_from_slice(&Sha224::digest(input)) },
    Function { name: "sha256", compute: |input, out| out.extend_from_slice(&Sha256::digest(input)) },
    Function { name: "sha384", compute: |input, out| out.extend_from_slice(&Sha384::digest(input)) },
    Function { name: "sha512", compute: |input, out| out.extend_from_slice(&Sha512::digest(input)) },
    Function { name: "sha3-256", compute: |input, out| out.extend_from_slice(&Sha3_256::digest(input)) },
    Function { name: "sha3-512", compute: |input, out| out.extend_from_slice(&Sha3_512::digest(input)) },
    Function { name: "sm3", compute: |input, out| out.extend_from_slice(&Sm3::digest(input)) },
    Function { name: "blake3", compute: |input, out| out.extend_from_slice(blake3::hash(input).as_bytes()) },
    Function { name: "crc32", compute: |input, out| out.extend_from_slice(&crc32fast::hash(input).to_be_bytes()) },
    Function { name: "fnv1a-64", compute: |input, out| out.extend_from_slice(&fnv1a(input).to_be_bytes()) },
    Function { name: "md5 of md5", compute: |input, out| out.extend_from_slice(&twice::<Md5>(input)) },
    Function { name: "sha1 of sha1", compute: |input, out| out.extend_from_slice(&twice::<Sha1>(input)) },
    Function { name: "sha256 of sha256", compute: |input, out| out.extend_from_slice(&twice::<Sha256>(input)) },
    Function { name: "sha256 of md5", compute: |input, out| out.extend_from_slice(&of_hex::<Sha256, Md5>(input)) },
    Function { name: "hmac-sha256, no key or zeros", compute: |input, out| hmac_sha256(b"", input, out) },
    Function { name: "hmac-sha256, key `key`", compute: |input, out| hmac_sha256(b"key", input, out) },
    Function { name: "hmac-sha256, key `secret`", compute: |input, out| hmac_sha256(b"secret", input, out) },
    Function { name: "hmac-sha256, key `password`", compute: |input, out| hmac_sha256(b"password", input, out) },
    Function { name: "hmac-sha256, key `changeme`", compute: |input, out| hmac_sha256(b"changeme", input, out) },
    Function { name: "hmac-sm3, no key or zeros", compute: |input, out| hmac_sm3(b"", input, out) },
];

/// A plain hash with the length of its block, which HMAC needs: for salts and keys that are found lying about.
pub struct Hash {
    /// Its name, for the report.
    pub name: &'static str,
    /// Bytes of a block.
    pub block: usize,
    /// The function.
    pub function: fn(&[u8]) -> Vec<u8>,
}

/// Those that tools take.
pub const HASHES: &[Hash] = &[
    Hash { name: "md5", block: 64, function: |input| Md5::digest(input).to_vec() },
    Hash { name: "sha1", block: 64, function: |input| Sha1::digest(input).to_vec() },
    Hash { name: "sha256", block: 64, function: |input| Sha256::digest(input).to_vec() },
    Hash { name: "sha512", block: 128, function: |input| Sha512::digest(input).to_vec() },
    Hash { name: "sha3-256", block: 136, function: |input| Sha3_256::digest(input).to_vec() },
    Hash { name: "sm3", block: 64, function: |input| Sm3::digest(input).to_vec() },
    Hash { name: "blake3", block: 64, function: |input| blake3::hash(input).as_bytes().to_vec() },
];

fn hmac_sha256(key: &[u8], input: &[u8], out: &mut Vec<u8>) {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(input);
    out.extend_from_slice(&mac.finalize().into_bytes());
}

fn hmac_sm3(key: &[u8], input: &[u8], out: &mut Vec<u8>) {
    let mut mac = Hmac::<Sm3>::new_from_slice(key).expect("a key of any length");
    mac.update(input);
    out.extend_from_slice(&mac.finalize().into_bytes());
}

/// The hash of the hexadecimal hash, as done twice in a shell.
fn of_hex<Outer: sha2::Digest, Inner: sha2::Digest>(input: &[u8]) -> Vec<u8> {
    Outer::digest(data_encoding::HEXLOWER.encode(&Inner::digest(input)).as_bytes()).to_vec()
}

fn twice<Hash: sha2::Digest>(input: &[u8]) -> Vec<u8> {
    of_hex::<Hash, Hash>(input)
}

/// Fowler, Noll, Vo, 64 bits, variant 1a.
fn fnv1a(input: &[u8]) -> u64 {
    input.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `abc`, as published: RFC 1321, FIPS 180-4 and 202, GB/T 32905, BLAKE3's and FNV's own test vectors.
    #[test]
    fn known_answers() {
        let known = [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            ("sm3", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            ("blake3", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
            ("crc32", "352441c2"),
            ("fnv1a-64", "e71fa2190541574b"),
            ("reversed text", "636261"),
        ];
        let mut out = Vec::new();
        for (name, expected) in known {
            let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
            function.compute(b"abc", &mut out);
            assert_eq!(data_encoding::HEXLOWER.encode(&out), expected, "{name}");
        }
    }

    #[test]
    fn no_key_and_a_key_of_zeros_are_one() {
        let (mut none, mut zeros) = (Vec::new(), Vec::new());
        hmac_sha256(b"", b"abc", &mut none);
        hmac_sha256(&[0; 32], b"abc", &mut zeros);
        assert_eq!(none, zeros);
    }
}
