//! The key schedule: one master key and a label become one key (HKDF, RFC 5869).
//!
//! Responsible for: an unambiguous `info` and one block of output. Given: key bytes, a label and its parts. It never
//! holds a key longer than the call.

use hkdf::Hkdf;
use hmac::{EagerHash, Hmac};
use zeroize::{Zeroize, Zeroizing};

/// HKDF of `key` without salt; `info` is `label`, then each part behind its length (four bytes, big-endian), so that no
/// two lists of parts give the same `info`.
pub(super) fn expand<D: EagerHash>(key: &[u8], label: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]>
where
    Hmac<D>: hkdf::HmacImpl,
{
    let lengths: Vec<[u8; 4]> = parts
        .iter()
        .map(|part| u32::try_from(part.len()).expect("a part of a label is shorter than 4 GiB").to_be_bytes())
        .collect();
    let mut info = vec![label];
    for (length, part) in lengths.iter().zip(parts) {
        info.extend([&length[..], part]);
    }
    let (mut pseudorandom, schedule) = Hkdf::<D>::extract(None, key);
    pseudorandom.as_mut_slice().zeroize();
    let mut output = Zeroizing::new([0_u8; 32]);
    schedule.expand_multi_info(&info, &mut *output).expect("32 bytes are less than 255 blocks");
    output
}

#[cfg(test)]
mod tests {
    use hmac::{KeyInit, Mac};
    use sha2::Sha256;
    use sm3::{Digest, Sm3};

    use super::*;
    use crate::secret::FieldKey;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        assert_eq!(digits.len() % 2, 0);
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 5869, appendix A.1 to A.3.
    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        let run = |lower: u8, upper: u8| -> Vec<u8> { (lower..=upper).collect() };
        let cases = [
            (
                vec![0x0b; 22],
                run(0x00, 0x0c),
                run(0xf0, 0xf9),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
            ),
            (
                run(0x00, 0x4f),
                run(0x60, 0xaf),
                run(0xb0, 0xff),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
                 da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
            ),
            (
                vec![0x0b; 22],
                vec![],
                vec![],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
            ),
        ];
        for (key, salt, info, expected) in cases {
            let expected = bytes(expected);
            let mut output = vec![0; expected.len()];
            Hkdf::<Sha256>::new(Some(&salt), &key).expand(&info, &mut output).unwrap();
            assert_eq!(output, expected);
        }
    }

    /// A.3 has neither salt nor info: the start of its output is what `expand` gives for an empty label.
    #[test]
    fn expand_is_that_of_rfc_5869() {
        assert_eq!(
            expand::<Sha256>(&[0x0b; 22], b"", &[])[..],
            bytes("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
        );
    }

    /// RFC 4231, cases 1 to 4, 6 and 7 by the `hmac` crate (their keys are not of 32 bytes).
    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let counted: Vec<u8> = (1..=25).collect();
        let long = b"This is a test using a larger than block-size key and a larger than block-size data. The key \
                     needs to be hashed before being used by the HMAC algorithm.";
        let cases: [(&[u8], &[u8], &str); 6] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&counted, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (&[0xaa; 131], long, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        ];
        for (key, message, expected) in cases {
            let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message);
            assert_eq!(mac.finalize().into_bytes()[..], bytes(expected));
        }
    }

    /// The same cases by our own code: HMAC fills a short key up with zeros, so the first four work there, too.
    #[test]
    fn field_keys_are_those_of_rfc_4231() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            FieldKey::sha256(&key).tag(b"what do ya want for nothing?")[..],
            bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
        let mut key = [0; 32];
        key[..20].fill(0xaa);
        assert_eq!(
            FieldKey::sha256(&key).tag(&[0xdd; 50])[..],
            bytes("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
        );
    }

    /// GB/T 32905-2016, appendix A.
    #[test]
    fn sm3_is_that_of_the_standard() {
        assert_eq!(Sm3::digest(b"abc")[..], bytes("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"));
        assert_eq!(
            Sm3::digest(b"abcd".repeat(16))[..],
            bytes("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")
        );
    }

    /// Made by OpenSSL: `openssl dgst -sm3 -mac hmac -macopt hexkey:000102…1f` over `what do ya want for nothing?`.
    #[test]
    fn hmac_sm3_is_that_of_openssl() {
        let key: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(
            FieldKey::sm3(&key).tag(b"what do ya want for nothing?")[..],
            bytes("06eece7e039516a3b27346544a2edd8f9935097d88c55209bbcebf071ea8923e")
        );
    }
}
