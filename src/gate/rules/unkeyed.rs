//! No token can be computed from its value without the key.
//!
//! An unkeyed hash of a phone number is reversed in a second (threats, A1), and so is a keyed one whose key everybody knows (A2).
//! So true values are taken, up to two thousand of every column, and what anybody could make of them is looked for among the
//! tokens on disk: hashes, checksums and encodings of the value as written, of its canonical form, and with what tools put
//! before and behind it; whole, cut, and in every alphabet that a token may have.

use crate::digest::unkeyed::FUNCTIONS;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::token_counts::{self, TokenCounts};
use crate::gate::{Alphabet, Case, DistinctSample, Measured, TokenShape, token_and_raw};
use crate::group::in_parallel;
use hashbrown::HashMap;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    id: "unkeyed",
    threat: "G01",
    reason: "a token that anybody can compute from its value is the value, for whoever tries them all",
    stage: Stage::Keys,
    effect: Effect::BLOCK,
    wants: token_counts::want,
    judge,
};

/// Values of a column that are tried as written and in canonical form: a share of one in 500 that is unkeyed is found in 98 of 100
/// releases.
const VALUES: usize = 2000;
/// Values that are tried with everything around them, too.
const DRESSED: usize = 100;
/// Values that a thread takes at a time: few, because those with everything around them take fifty times as long.
const PART: usize = 20;
/// Letters of a rendering below which only the value's own token is compared: shorter ones meet others by chance.
const LONG: usize = 16;

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let places = token_counts::places(case);
    if places.is_empty() {
        return Finding::not_applicable("no column has tokens that belong to values");
    }
    let Some(counts) = measured.count::<TokenCounts>() else {
        return Finding::did_not_run("the tokens were not read");
    };
    let (mut tried, mut found) = (0_usize, BTreeMap::<&'static str, u64>::new());
    for tokens in &counts.columns {
        let column = &case.policy.columns[tokens.place];
        let Some((shape, values)) = column.token.zip(case.aside.tokens.get(tokens.place).and_then(Option::as_ref))
        else {
            return Finding::did_not_run("no value of a token column was kept aside");
        };
        if values.is_empty() && tokens.cells > 0 {
            return Finding::did_not_run("no value of a token column was kept aside");
        }
        let index = Index::new(&tokens.distinct);
        let pairs: Vec<(&[u8], &[u8])> =
            values.first_values(VALUES).iter().map(|(entry, _)| token_and_raw(entry)).collect();
        tried += pairs.len();
        let semantic = case.policy.sources[column.source].semantic;
        let domain = column.domain.as_deref().unwrap_or_default();
        let parts = (0..pairs.len()).step_by(PART).collect();
        let hits = in_parallel(case.threads, parts, |first| {
            let (mut hits, mut digest, mut text) = (Vec::new(), Vec::new(), Vec::new());
            for (at, (token, raw)) in pairs.iter().enumerate().skip(first).take(PART) {
                let mut canonical = Vec::new();
                let _ = semantic.canonicalize(raw, &mut canonical);
                let mut forms = vec![raw.to_vec()];
                if !canonical.is_empty() && canonical != *raw {
                    forms.push(canonical);
                }
                if at < DRESSED {
                    dress(&mut forms, domain, &column.name);
                }
                for form in &forms {
                    for function in FUNCTIONS {
                        function.compute(form, &mut digest);
                        if index.finds(&digest, shape, token, &mut text) {
                            hits.push(function.name);
                        }
                    }
                }
            }
            hits
        });
        for name in hits.into_iter().flatten() {
            *found.entry(name).or_default() += 1;
        }
    }
    let names: Vec<&str> = found.keys().copied().collect();
    let hits: u64 = found.values().sum();
    let by = if names.is_empty() { String::new() } else { format!(" (by {})", names.join(", ")) };
    let measured = format!("{hits} of {tried} values found{by}; {} functions tried", FUNCTIONS.len());
    Finding::of(hits == 0, measured, "0 found")
}

/// Adds what tools put around a value before they hash it: other cases, separators, a line end, the column's or domain's name.
fn dress(forms: &mut Vec<Vec<u8>>, domain: &str, column: &str) {
    for plain in forms.clone() {
        let joined = |parts: &[&[u8]]| parts.concat();
        forms.push(plain.to_ascii_lowercase());
        forms.push(plain.to_ascii_uppercase());
        forms.push(joined(&[&plain, b"\n"]));
        forms.push(plain.iter().copied().filter(u8::is_ascii_digit).collect());
        for prefix in ["+86", "86", "0086", domain, column] {
            forms.push(joined(&[prefix.as_bytes(), &plain]));
        }
        for name in [domain, column] {
            for separator in [&b":"[..], b"|", b"-", b"_", b"/"] {
                forms.push(joined(&[name.as_bytes(), separator, &plain]));
                forms.push(joined(&[&plain, separator, name.as_bytes()]));
            }
        }
        for salt in [&b"salt"[..], b"pepper", b"secret", b"key", b"123456", b"0"] {
            forms.push(joined(&[salt, &plain]));
            forms.push(joined(&[&plain, salt]));
        }
        if let [first, middle @ .., last] = &*plain
            && plain.len() == 11
            && plain.iter().all(u8::is_ascii_digit)
        {
            // a phone number in groups of three, four and four
            for separator in [b'-', b' '] {
                let mut grouped = vec![*first];
                for (at, digit) in middle.iter().enumerate() {
                    if at == 2 || at == 6 {
                        grouped.push(separator);
                    }
                    grouped.push(*digit);
                }
                grouped.push(*last);
                forms.push(grouped);
            }
        }
    }
    forms.sort_unstable();
    forms.dedup();
}

/// The tokens on disk by their first and last letters.
struct Index<'t> {
    starts: HashMap<&'t [u8], Vec<&'t [u8]>, foldhash::fast::RandomState>,
    ends: HashMap<&'t [u8], Vec<&'t [u8]>, foldhash::fast::RandomState>,
}

impl<'t> Index<'t> {
    fn new(tokens: &'t DistinctSample) -> Self {
        let mut index = Self { starts: HashMap::default(), ends: HashMap::default() };
        for (token, _) in tokens.each() {
            if token.len() >= LONG {
                index.starts.entry(&token[..LONG]).or_default().push(token);
                index.ends.entry(&token[token.len() - LONG..]).or_default().push(token);
            }
        }
        index
    }
    /// Whether some rendering of `digest` is a token on disk, or the value's own.
    fn finds(&self, digest: &[u8], shape: TokenShape, own: &[u8], text: &mut Vec<u8>) -> bool {
        render(digest, shape.alphabet, text);
        if text.len() < LONG {
            return text.len() >= 8 && (own.starts_with(text) || own.ends_with(text));
        }
        // the digest from its start, or the end of it
        let first = self.starts.get(&text[..LONG]);
        let last = self.ends.get(&text[text.len() - LONG..]);
        let cut = text.len().min(shape.length);
        first.is_some_and(|tokens| tokens.iter().any(|token| token[..cut.min(token.len())] == text[..cut]))
            || last.is_some_and(|tokens| {
                tokens.iter().any(|token| token[token.len() - cut.min(token.len())..] == text[text.len() - cut..])
            })
    }
}

/// The digest in the alphabet of the tokens; a value that is of the alphabet already, as it is.
fn render(digest: &[u8], alphabet: Alphabet, text: &mut Vec<u8>) {
    let encoding = match alphabet {
        Alphabet::Hex => &data_encoding::HEXLOWER,
        Alphabet::Base32 => &data_encoding::BASE32_NOPAD,
        Alphabet::Base64Url => &data_encoding::BASE64URL_NOPAD,
    };
    text.resize(encoding.encode_len(digest.len()), 0);
    encoding.encode_mut(digest, text);
    if alphabet == Alphabet::Base32 {
        text.make_ascii_lowercase();
    }
}
