//! Tags as text: the first bits of a tag in hex, base32 or base64url.
//!
//! Responsible for: the number of digits, and that bits beyond those asked for are zero. Given: a tag and a number of
//! bits. It never chooses how many: that is the profile's.

use std::sync::LazyLock;

use data_encoding::{BASE64URL_NOPAD, Encoding, Specification};

use crate::lanes::hex;

/// How a token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextEncoding {
    /// Lower-case hex: four bits a digit.
    Hex,
    /// Lower-case base32 of RFC 4648 §6 without padding: five bits a digit; survives systems that fold case.
    Base32,
    /// base64url of RFC 4648 §5 without padding: six bits a digit; the shortest, and case matters.
    Base64Url,
}

impl TextEncoding {
    /// As profiles write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base32 => "base32",
            Self::Base64Url => "base64url",
        }
    }
    /// Digits of a text that carries `bits`.
    #[must_use]
    pub fn digits(self, bits: usize) -> usize {
        bits.div_ceil(match self {
            Self::Hex => 4,
            Self::Base32 => 5,
            Self::Base64Url => 6,
        })
    }
}

/// Appends the first `bits` (1 to 256) of `tag` to `out` as text. What the last digit has beyond them is zero.
///
/// # Panics
/// If `bits` is more than a tag has.
pub fn encode(tag: &[u8; 32], bits: usize, encoding: TextEncoding, out: &mut Vec<u8>) {
    assert!(bits <= 256, "a tag has 256 bits");
    if encoding == TextEncoding::Hex && bits == 128 {
        let half = tag.first_chunk().expect("16 of 32 bytes");
        return out.extend_from_slice(&hex(half));
    }
    let mut masked = *tag;
    let used = bits.div_ceil(8);
    if !bits.is_multiple_of(8) {
        masked[used - 1] &= 0xff << (8 - bits % 8);
    }
    let start = out.len();
    match encoding {
        TextEncoding::Hex => {
            for half in masked[..used].chunks(16) {
                let mut block = [0; 16];
                block[..half.len()].copy_from_slice(half);
                out.extend_from_slice(&hex(&block)[..2 * half.len()]);
            }
        }
        TextEncoding::Base32 => append(&BASE32_LOWER, &masked[..used], out),
        TextEncoding::Base64Url => append(&BASE64URL_NOPAD, &masked[..used], out),
    }
    // Whole bytes may take one digit more than the bits do; it carries zeros only.
    out.truncate(start + encoding.digits(bits));
}

/// Appends the texts of many tags one after the other, each [`TextEncoding::digits`] long.
///
/// # Panics
/// If `bits` is more than a tag has.
pub fn encode_all(tags: &[[u8; 32]], bits: usize, encoding: TextEncoding, out: &mut Vec<u8>) {
    out.reserve(tags.len() * encoding.digits(bits));
    for tag in tags {
        encode(tag, bits, encoding, out);
    }
}

/// The alphabet of RFC 4648 §6 in lower case, without padding.
static BASE32_LOWER: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().expect("32 different symbols")
});

fn append(encoding: &Encoding, bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoding.encode_len(bytes.len()), 0);
    encoding.encode_mut(bytes, &mut out[start..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lanes::{bytes_of_hex, is_hex, plain_bytes_of_hex, plain_hex, plain_is_hex};

    const ALL: [TextEncoding; 3] = [TextEncoding::Hex, TextEncoding::Base32, TextEncoding::Base64Url];

    fn text(tag: &[u8; 32], bits: usize, encoding: TextEncoding) -> String {
        let mut out = b"before ".to_vec();
        encode(tag, bits, encoding, &mut out);
        String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned()
    }

    /// Bit by bit, from the definition.
    fn obvious(tag: &[u8; 32], bits: usize, encoding: TextEncoding) -> String {
        let (alphabet, width) = match encoding {
            TextEncoding::Hex => ("0123456789abcdef", 4),
            TextEncoding::Base32 => ("abcdefghijklmnopqrstuvwxyz234567", 5),
            TextEncoding::Base64Url => ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6),
        };
        let bit = |index: usize| usize::from(index < bits && tag[index / 8] >> (7 - index % 8) & 1 == 1);
        (0..bits.div_ceil(width))
            .map(|digit| (0..width).fold(0, |value, offset| 2 * value + bit(width * digit + offset)))
            .map(|value| char::from(alphabet.as_bytes()[value]))
            .collect()
    }

    /// RFC 4648 §10: "foobar" and its beginnings.
    #[test]
    fn vectors_of_rfc_4648() {
        let mut tag = [0; 32];
        tag[..6].copy_from_slice(b"foobar");
        assert_eq!(text(&tag, 48, TextEncoding::Hex), "666f6f626172");
        assert_eq!(text(&tag, 48, TextEncoding::Base32), "mzxw6ytboi");
        assert_eq!(text(&tag, 40, TextEncoding::Base32), "mzxw6ytb");
        assert_eq!(text(&tag, 48, TextEncoding::Base64Url), "Zm9vYmFy");
        assert_eq!(text(&tag, 32, TextEncoding::Base64Url), "Zm9vYg");
    }

    #[test]
    fn every_number_of_bits_equals_the_definition() {
        let tag: [u8; 32] = std::array::from_fn(|index| u8::try_from(255 - 7 * index).unwrap());
        for encoding in ALL {
            for bits in 0..=256 {
                let encoded = text(&tag, bits, encoding);
                assert_eq!(encoded, obvious(&tag, bits, encoding), "{encoding:?} {bits}");
                assert_eq!(encoded.len(), encoding.digits(bits));
            }
        }
    }

    #[test]
    fn many_are_each_one_after_the_other() {
        let tags: Vec<[u8; 32]> = (0..9).map(|first| std::array::from_fn(|index| first * 19 + index as u8)).collect();
        for (encoding, bits) in [(ALL[0], 128), (ALL[0], 127), (ALL[0], 256), (ALL[1], 128), (ALL[2], 130)] {
            let mut out = b"before ".to_vec();
            encode_all(&tags, bits, encoding, &mut out);
            let expected: String = tags.iter().map(|tag| obvious(tag, bits, encoding)).collect();
            assert_eq!(out, format!("before {expected}").into_bytes());
        }
    }

    #[test]
    fn both_ways_to_hex_agree_on_every_byte() {
        for byte in 0..=255 {
            let bytes = std::array::from_fn(|index| u8::wrapping_add(byte, 17 * index as u8));
            assert_eq!(hex(&bytes), plain_hex(&bytes));
            for place in 0..16 {
                let mut digits = *b"0123456789abcdef";
                digits[place] = byte;
                assert_eq!(is_hex(&digits), plain_is_hex(&digits));
                let both = [digits, *b"0123456789abcdef"].concat();
                for both in [both.clone(), both.into_iter().rev().collect()] {
                    let both = both.first_chunk().unwrap();
                    assert_eq!(bytes_of_hex(both), plain_bytes_of_hex(both));
                }
            }
            assert_eq!(bytes_of_hex(&hex(&bytes)), Some(bytes));
        }
    }

    proptest! {
        #[test]
        fn any_tag_equals_the_definition(tag: [u8; 32], bits in 0_usize..=256) {
            for encoding in ALL {
                prop_assert_eq!(text(&tag, bits, encoding), obvious(&tag, bits, encoding));
            }
        }
    }
}
