//! Dictionary attack: every value that may be behind a token is tried, under every recipe that careless tools use and every
//! text that may be a salt or a key.
//!
//! Identifiers have small domains: all mobile numbers of a prefix, or all resident IDs of a region and a birth date, are tried in
//! no time (threats, §2). What an unknown 256-bit key makes of them cannot be told from noise.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// A digest function with the length of its block, which HMAC needs.
#[derive(Clone, Copy)]
pub struct Digest {
    /// Its name, in reports.
    pub name: &'static str,
    /// Bytes of a block.
    pub block: usize,
    /// The function.
    pub function: fn(&[u8]) -> Vec<u8>,
}

/// How a tool makes a token of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipe {
    /// The digest of the value.
    Plain,
    /// The digest of salt and value.
    SaltFirst,
    /// The digest of value and salt.
    SaltLast,
    /// HMAC (RFC 2104) under the salt.
    Hmac,
}

const RECIPES: [Recipe; 4] = [Recipe::Plain, Recipe::SaltFirst, Recipe::SaltLast, Recipe::Hmac];

/// What a dictionary found. Guesses are places, never values: nothing here holds a cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Digests that were computed.
    pub tried: u64,
    /// For each token that was met: its place and that of the candidate behind it.
    pub guesses: BTreeMap<usize, usize>,
    /// Digest and recipe that met tokens, with how many.
    pub recipes: BTreeMap<(&'static str, Recipe), u64>,
}

/// Tokens shorter than this many letters meet candidates by chance.
const SHORTEST: usize = 8;

/// Alphabets that tokens are written in. A text may be of several.
const WRITTEN: [&data_encoding::Encoding; 3] =
    [&data_encoding::HEXLOWER, &data_encoding::BASE32_NOPAD, &data_encoding::BASE64URL_NOPAD];

/// The one form of a token in an alphabet; none where it is not of it.
fn in_alphabet(token: &[u8], alphabet: usize) -> Option<Vec<u8>> {
    let plain = &token[..token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1)];
    let (of, text): (fn(&u8) -> bool, Vec<u8>) = match alphabet {
        0 => (u8::is_ascii_hexdigit, token.to_ascii_lowercase()),
        1 => (|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'), plain.to_ascii_uppercase()),
        _ => {
            let url = |byte: &u8| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            };
            (|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'), plain.iter().map(url).collect())
        }
    };
    text.iter().all(of).then_some(text)
}

/// Tries every candidate under every digest, recipe and salt. Tokens are hex, Base32 or Base64 of any length of at least eight letters: a
/// truncated one is met by the begin of a digest.
#[must_use]
pub fn dictionary(candidates: &[Vec<u8>], digests: &[Digest], salts: &BTreeSet<Vec<u8>>, tokens: &[&[u8]]) -> Restored {
    let mut wanted: [HashMap<Vec<u8>, Vec<usize>, RandomState>; 3] = std::array::from_fn(|_| HashMap::default());
    for (place, token) in tokens.iter().enumerate().filter(|(_, token)| token.len() >= SHORTEST) {
        for (alphabet, wanted) in wanted.iter_mut().enumerate() {
            if let Some(text) = in_alphabet(token, alphabet) {
                wanted.entry(text).or_default().push(place);
            }
        }
    }
    // what is hex is met as hex: its letters are of the other alphabets too, and would be met by chance no sooner
    let lengths: [BTreeSet<usize>; 3] = std::array::from_fn(|alphabet| wanted[alphabet].keys().map(Vec::len).collect());
    let mut restored = Restored::default();
    let none = BTreeSet::from([Vec::new()]);
    let mut text = Vec::new();
    for digest in digests {
        for recipe in RECIPES {
            let salts = if recipe == Recipe::Plain { &none } else { salts };
            for salt in salts {
                for (candidate, value) in candidates.iter().enumerate() {
                    let made = recipe.apply(*digest, salt, value);
                    restored.tried += 1;
                    for ((encoding, lengths), wanted) in WRITTEN.iter().zip(&lengths).zip(&wanted) {
                        if lengths.is_empty() {
                            continue;
                        }
                        text.resize(encoding.encode_len(made.len()), 0);
                        encoding.encode_mut(&made, &mut text);
                        for length in lengths {
                            let Some(places) = text.get(..*length).and_then(|begin| wanted.get(begin)) else {
                                continue;
                            };
                            for place in places {
                                restored.guesses.insert(*place, candidate);
                            }
                            *restored.recipes.entry((digest.name, recipe)).or_default() += places.len() as u64;
                        }
                    }
                }
            }
        }
    }
    restored
}

impl Recipe {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "digest of the value",
            Self::SaltFirst => "digest of salt and value",
            Self::SaltLast => "digest of value and salt",
            Self::Hmac => "HMAC under a text of the release",
        }
    }
    fn apply(self, digest: Digest, salt: &[u8], value: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => (digest.function)(value),
            Self::SaltFirst => (digest.function)(&[salt, value].concat()),
            Self::SaltLast => (digest.function)(&[value, salt].concat()),
            Self::Hmac => {
                let mut key = if salt.len() > digest.block { (digest.function)(salt) } else { salt.to_vec() };
                key.resize(digest.block, 0);
                let pad = |mask: u8| key.iter().map(move |byte| byte ^ mask).collect::<Vec<u8>>();
                let inner = (digest.function)(&[&pad(0x36), value].concat());
                (digest.function)(&[pad(0x5c), inner].concat())
            }
        }
    }
}

/// Texts that may be salts or keys: every run of hex or of Base64 letters of a usual length, as it stands and decoded.
/// An attacker takes them from wherever the release shows them: metadata, logs, reports, cells.
#[must_use]
pub fn key_material(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    const LENGTHS: std::ops::RangeInclusive<usize> = 8..=128;
    let mut found = BTreeSet::new();
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-' | b'=');
    let mut keep = |run: &[u8]| {
        if LENGTHS.contains(&run.len()) {
            found.insert(run.to_vec());
            found.extend(data_encoding::HEXLOWER_PERMISSIVE.decode(run).ok());
            found.extend(data_encoding::BASE64.decode(run).ok());
            found.extend(data_encoding::BASE64URL_NOPAD.decode(run).ok());
        }
    };
    for run in bytes.split(|byte| !letter(byte)) {
        keep(run);
        for part in
            run.split(|byte| !byte.is_ascii_hexdigit()).filter(|part| part.len() < run.len() && part.len() >= 16)
        {
            keep(part);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest as _;

    const SHA256: super::Digest =
        super::Digest { name: "sha256", block: 64, function: |bytes| sha2::Sha256::digest(bytes).to_vec() };

    #[test]
    fn every_recipe_is_met_whole_and_truncated() {
        let candidates: Vec<Vec<u8>> = (0..100).map(|last| format!("138000000{last:02}").into_bytes()).collect();
        let salt = b"not-a-secret".to_vec();
        let salts = BTreeSet::from([b"another".to_vec(), salt.clone()]);
        for recipe in RECIPES {
            for length in [10, 64] {
                let token = data_encoding::HEXLOWER.encode(&recipe.apply(SHA256, &salt, &candidates[42])).into_bytes();
                let restored = dictionary(&candidates, &[SHA256], &salts, &[&token[..length], b"0011223344556677"]);
                assert_eq!(restored.guesses, BTreeMap::from([(0, 42)]), "{recipe:?} {length}");
                assert!(restored.recipes.contains_key(&("sha256", recipe)));
            }
        }
    }

    #[test]
    fn tokens_in_other_alphabets_are_met() {
        let candidates: Vec<Vec<u8>> = (0..100).map(|last| format!("138000000{last:02}").into_bytes()).collect();
        let digest = sha2::Sha256::digest(&candidates[42]);
        for token in [
            data_encoding::BASE64.encode(&digest),
            data_encoding::BASE64URL_NOPAD.encode(&digest)[..20].to_owned(),
            data_encoding::BASE32.encode(&digest[..16]).to_lowercase(),
            data_encoding::HEXUPPER.encode(&digest),
        ] {
            let restored = dictionary(&candidates, &[SHA256], &BTreeSet::new(), &[token.as_bytes()]);
            assert_eq!(restored.guesses.get(&0), Some(&42), "{token}");
        }
    }

    #[test]
    fn hmac_is_rfc_4231() {
        let tag = Recipe::Hmac.apply(SHA256, b"Jefe", b"what do ya want for nothing?");
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(data_encoding::HEXLOWER.encode(&tag), known);
        let long = Recipe::Hmac.apply(SHA256, &[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        let known = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
        assert_eq!(data_encoding::HEXLOWER.encode(&long), known);
    }

    #[test]
    fn texts_that_may_be_keys_are_found_as_written_and_decoded() {
        let found = key_material(b"{\"salt\":\"00ff11ee22dd33cc\", x=c2VjcmV0LXNhbHQ=}");
        assert!(found.contains(&b"00ff11ee22dd33cc"[..]) && found.contains(&[0, 255, 17, 238, 34, 221, 51, 204][..]));
        assert!(found.contains(&b"c2VjcmV0LXNhbHQ="[..]) || found.contains(&b"x=c2VjcmV0LXNhbHQ="[..]));
    }
}
