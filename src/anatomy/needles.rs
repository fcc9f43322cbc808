//! Many texts searched at once in bytes that come piece by piece.
//!
//! A text has many faces: as it stands, in hex, in Base64 at any of three alignments, percent-encoded, in UTF-16, in GB18030,
//! escaped as JSON. Each is searched. The method is a sampled one: of every face some neighbouring grams of four bytes are known, as many
//! as the search takes for one step, so that it looks at few places and yet at exactly one gram of every occurrence. Those grams are
//! taken where the face is least like the others (an address ends like a thousand others).
//!
//! A look goes through two sieves. The first is a table of bits by gram, which lies in a near cache, and which wide registers ask for sixteen
//! places at a time ([`Sieve`]). Short grams let it take long steps, but they are met by chance. So the few places that are left are
//! looked at again, more widely: a face goes on behind its gram, or it began before it, and up to eight bytes of it are known there.

use super::Sight;
use crate::lanes::{Sieve, WIDEST_SIEVE, sieved};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Texts in all their faces, ready to be searched. They may be raw cells: no `Debug`.
pub struct Needles {
    /// Face and number of the text that it is of.
    faces: Vec<(Vec<u8>, usize)>,
    texts: usize,
    longest: usize,
    /// How far apart the places are that are looked at.
    step: usize,
    /// By hash of a gram, whether it may be one of a face: few are (Bloom 1970, with one bit).
    grams: Vec<u32>,
    /// What begins with the gram.
    onward: Windows,
    /// What ends with the gram.
    backward: Windows,
    /// The sieve of this machine, if it has one.
    kernel: Option<Sieve>,
}

/// A shorter face is found by chance.
const SHORTEST: usize = 6;
/// Bytes of a gram.
const GRAM: usize = 4;
/// Places that the kernel hands over at once.
const PLACES: usize = 1024;

impl Needles {
    /// Searches for these texts in every face of at least six bytes.
    #[must_use]
    pub fn new(texts: &[Vec<u8>]) -> Self {
        Self::of_faces(texts, |_| true)
    }
    /// The same for bytes that are known to be UTF-8: faces that are not cannot occur in them. What is left is longer, so the search takes
    /// longer steps.
    #[must_use]
    pub fn in_utf8(texts: &[Vec<u8>]) -> Self {
        Self::of_faces(texts, |face| std::str::from_utf8(face).is_ok())
    }
    /// The same search by portable code, as any other machine does it: for tests and benches.
    #[must_use]
    pub fn portable(self) -> Self {
        Self { kernel: None, ..self }
    }
    fn of_faces(texts: &[Vec<u8>], occurs: fn(&[u8]) -> bool) -> Self {
        let mut faces: Vec<(Vec<u8>, usize)> = Vec::new();
        let mut seen = BTreeSet::new();
        for (number, text) in texts.iter().enumerate() {
            for face in faces_of(text) {
                if face.len() >= SHORTEST && occurs(&face) && seen.insert(face.clone()) {
                    faces.push((face, number));
                }
            }
        }
        let shortest = faces.iter().map(|(face, _)| face.len()).min().unwrap_or(SHORTEST);
        let longest = faces.iter().map(|(face, _)| face.len()).max().unwrap_or(SHORTEST);
        let step = (shortest + 1 - GRAM).min(Sieve::STEP);
        // so wide that every gram of every face has such a window behind its begin or before its end
        let width = usize::midpoint(shortest, 5).min(8);
        let entries = faces.len() * step;
        // a bit in thirty-two is set, or fewer
        let size = entries.next_power_of_two().trailing_zeros().clamp(7, WIDEST_SIEVE);
        let mut needles = Self {
            texts: texts.len(),
            longest,
            step,
            grams: vec![0; 1 << size],
            onward: Windows::new(width, entries),
            backward: Windows::new(width, entries),
            kernel: Sieve::detect(),
            faces: Vec::new(),
        };
        let grams_of = |face: &[u8]| -> Vec<[u8; GRAM]> { face.array_windows().copied().collect() };
        let mut times: HashMap<[u8; GRAM], usize, foldhash::fast::FixedState> = HashMap::default();
        for gram in faces.iter().flat_map(|(face, _)| grams_of(face)) {
            *times.entry(gram).or_default() += 1;
        }
        for (number, (face, _)) in faces.iter().enumerate() {
            let grams = grams_of(face);
            let commonness = |from: &usize| grams[*from..from + step].iter().map(|gram| times[gram]).sum::<usize>();
            let from = (0..=grams.len() - step).min_by_key(commonness).unwrap_or(0);
            for (at, gram) in grams.iter().enumerate().skip(from).take(step) {
                let (word, bit) = sieved(*gram, size);
                needles.grams[word] |= bit;
                match face.get(at..at + width) {
                    Some(window) => needles.onward.insert(window, (number, at)),
                    None => needles.backward.insert(&face[at + GRAM - width..at + GRAM], (number, at)),
                }
            }
        }
        Self { faces, ..needles }
    }
    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.faces.is_empty()
    }
    /// Begins a search.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        Search { needles: self, tail: Vec::new(), found: BTreeMap::new() }
    }
    /// Tells the text and the end of each face in the bytes.
    fn each(&self, bytes: &[u8], mut each: impl FnMut(usize, usize)) {
        if self.faces.is_empty() {
            return;
        }
        let mut at = 0;
        if let Some(kernel) = self.kernel {
            let mut places = [0; PLACES + Sieve::ROOM];
            loop {
                // the last steps may lead beyond the end
                let rest = bytes.get(at..).unwrap_or_default();
                let (looked, found) = kernel.sift(rest, self.step, &self.grams, &mut places);
                for place in &places[..found] {
                    self.look(bytes, at + *place as usize, &mut each);
                }
                at += looked;
                if looked == 0 {
                    break;
                }
            }
        }
        let size = self.grams.len().trailing_zeros();
        while let Some(gram) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let (word, bit) = sieved(*gram, size);
            if self.grams[word] & bit != 0 {
                self.look(bytes, at, &mut each);
            }
            at += self.step;
        }
    }
    /// Looks more widely where a gram may be one of a face.
    #[inline]
    fn look(&self, bytes: &[u8], at: usize, each: &mut impl FnMut(usize, usize)) {
        let width = self.onward.width;
        let onward = match bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some(eight) => Some(u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * width))),
            None => bytes.get(at..at + width).map(number),
        };
        let end = at + GRAM;
        let backward = match bytes.get(..end).and_then(<[u8]>::last_chunk) {
            Some(eight) => Some(u64::from_le_bytes(*eight) >> (64 - 8 * width)),
            None => end.checked_sub(width).and_then(|start| bytes.get(start..end)).map(number),
        };
        for (windows, window) in [(&self.onward, onward), (&self.backward, backward)] {
            if let Some(window) = window
                && windows.may_have(window)
            {
                self.faces_at(bytes, at, windows.faces.get(&window), each);
            }
        }
    }
    /// The faces that have a window where it was met.
    #[cold]
    fn faces_at(
        &self,
        bytes: &[u8],
        at: usize,
        faces: Option<&Vec<(usize, usize)>>,
        each: &mut impl FnMut(usize, usize),
    ) {
        for (number, place) in faces.into_iter().flatten() {
            let (face, text) = &self.faces[*number];
            if let Some(start) = at.checked_sub(*place)
                && bytes[start..].starts_with(face)
            {
                each(*text, start + face.len());
            }
        }
    }
}

/// Up to eight bytes of faces, beside their grams.
struct Windows {
    width: usize,
    /// By hash of a window, whether it may be one of those below: nearly none is (Bloom 1970, in one word).
    bits: Vec<u64>,
    shift: u32,
    /// Faces and the places of their grams, by window.
    faces: HashMap<u64, Vec<(usize, usize)>, foldhash::fast::FixedState>,
}

impl Windows {
    fn new(width: usize, entries: usize) -> Self {
        let size = (entries * 16).next_power_of_two().clamp(1 << 12, 1 << 21) / 64;
        Self { width, bits: vec![0; size], shift: 64 - size.trailing_zeros(), faces: HashMap::default() }
    }
    fn insert(&mut self, window: &[u8], face: (usize, usize)) {
        let window = number(window);
        let (word, bits) = self.place(window);
        self.bits[word] |= bits;
        self.faces.entry(window).or_default().push(face);
    }
    #[inline]
    fn may_have(&self, window: u64) -> bool {
        let (word, bits) = self.place(window);
        self.bits[word] & bits == bits
    }
    /// The word in which a window's two bits lie, and those bits.
    #[inline]
    fn place(&self, window: u64) -> (usize, u64) {
        let hash = window.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bits = 1 << (hash >> 20 & 63) | 1 << (hash >> 26 & 63);
        (usize::try_from(hash >> self.shift).unwrap_or(0), bits)
    }
}

/// Up to eight bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    let length = bytes.len().min(8);
    eight[..length].copy_from_slice(&bytes[..length]);
    u64::from_le_bytes(eight)
}

/// A search under way.
pub struct Search<'n> {
    needles: &'n Needles,
    /// The end of what was seen: a face may begin in it.
    tail: Vec<u8>,
    found: BTreeMap<usize, u64>,
}

impl Search<'_> {
    /// How often each text was found, by its number.
    #[must_use]
    pub fn found(self) -> BTreeMap<usize, u64> {
        self.found
    }
}

impl Sight for Search<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let keep = self.needles.longest - 1;
        let (before, found) = (self.tail.len(), &mut self.found);
        if before > 0 {
            // what lies over the seam: it begins before it and ends behind it
            self.tail.extend_from_slice(&bytes[..bytes.len().min(keep)]);
            self.needles.each(&self.tail, |text, end| {
                if end > before {
                    *found.entry(text).or_default() += 1;
                }
            });
            // counted here: all that ends within the first bytes, so the rest begins behind the seam
            let counted = self.tail.len();
            self.needles.each(bytes, |text, end| {
                if end + before > counted {
                    *found.entry(text).or_default() += 1;
                }
            });
        } else {
            self.needles.each(bytes, |text, _| *found.entry(text).or_default() += 1);
        }
        if bytes.len() >= keep {
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[bytes.len() - keep..]);
        } else if before == 0 {
            self.tail.extend_from_slice(bytes);
        }
        let extra = self.tail.len().saturating_sub(keep);
        self.tail.drain(..extra);
    }
    fn cut(&mut self) {
        self.tail.clear();
    }
}

/// Bytes of the shortest face of a text that may occur in UTF-8: the longer it is, the faster a search for it.
#[must_use]
pub fn shortest_face(text: &[u8]) -> usize {
    let faces = faces_of(text).into_iter().filter(|face| std::str::from_utf8(face).is_ok());
    faces.map(|face| face.len()).min().unwrap_or(0)
}

/// The faces of a text.
fn faces_of(text: &[u8]) -> Vec<Vec<u8>> {
    use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
    let mut faces = vec![text.to_vec(), HEXLOWER.encode(text).into_bytes(), HEXUPPER.encode(text).into_bytes()];
    // Base64 at the three alignments, Base32 at the five, less the last symbol where its bits depend on the neighbour
    let settled = |coding: &data_encoding::Encoding, bits: usize, rest: &[u8]| -> Vec<u8> {
        let mut face = coding.encode(rest).into_bytes();
        face.truncate(rest.len() * 8 / bits);
        face
    };
    for skip in 0..5.min(text.len()) {
        let rest = &text[skip..];
        if skip < 3 {
            faces.push(settled(&BASE64_NOPAD, 6, rest));
            faces.push(settled(&BASE64URL_NOPAD, 6, rest));
        }
        faces.push(settled(&BASE32_NOPAD, 5, rest));
    }
    let percent = |plain: fn(&u8) -> bool| -> Vec<u8> {
        let escape = |byte: &u8| if plain(byte) { vec![*byte] } else { format!("%{byte:02X}").into_bytes() };
        text.iter().flat_map(escape).collect()
    };
    faces.push(percent(u8::is_ascii_alphanumeric));
    faces.push(percent(|_| false));
    faces.push(percent(u8::is_ascii_alphanumeric).to_ascii_lowercase());
    let reversed: Vec<u8> = text.iter().rev().copied().collect();
    if text.is_ascii() {
        faces.push(reversed);
    }
    if let Ok(text) = std::str::from_utf8(text) {
        faces.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        faces.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        if !text.is_ascii() {
            let escape = |unit: u16| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            };
            faces.push(text.encode_utf16().map(escape).collect::<String>().into_bytes());
            faces.push(encoding_rs::GB18030.encode(text).0.into_owned());
        }
    }
    faces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(texts: &[&str], bytes: &[u8], piece: usize) -> BTreeMap<usize, u64> {
        let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        let needles = Needles::new(&texts);
        let mut search = needles.search();
        bytes.chunks(piece).for_each(|piece| search.bytes(piece));
        search.found()
    }

    #[test]
    fn every_face_is_found_over_any_seam() {
        let texts = ["13800138000", "张三丰先生", "wang@example.com"];
        for (number, text) in texts.iter().enumerate() {
            for face in faces_of(text.as_bytes()).into_iter().filter(|face| face.len() >= SHORTEST) {
                assert!(std::str::from_utf8(&face).is_err() || face.len() >= shortest_face(text.as_bytes()));
                let planted = [&b"some text before it, "[..], &face, b" and some behind it"].concat();
                for piece in [1, 2, 7, 4096] {
                    let found = count(&texts, &planted, piece);
                    assert_eq!(found.get(&number), Some(&1), "{text} as {}", String::from_utf8_lossy(&face));
                }
            }
            // Base64 and Base32 of a text at any place of a longer one
            for (pad, behind) in (0..5).flat_map(|pad| ["", "y", "yyyy", "中"].map(|behind| (pad, behind))) {
                let long = ["x".repeat(pad), (*text).to_owned(), behind.into()].concat();
                for coding in [data_encoding::BASE64, data_encoding::BASE32] {
                    let planted = coding.encode(long.as_bytes());
                    assert!(count(&texts, planted.as_bytes(), 4096).contains_key(&number), "{text} {pad} {behind}");
                }
            }
        }
        assert!(count(&texts, &[b'1'; 5000], 100).is_empty());
        assert!(count(&[], b"anything at all", 3).is_empty());
    }

    #[test]
    fn bytes_of_any_length_are_looked_at_to_their_end_with_any_step() {
        for length in SHORTEST..=30 {
            let text: String = (0..length).map(|at| char::from(b'a' + u8::try_from(at * 7 % 23).unwrap())).collect();
            let ways = Ways::new(&[text.clone().into_bytes()]);
            for size in (0..=700).map(|size| size + length) {
                let bytes = ["-".repeat(size - length), text.clone()].concat();
                assert!(ways.find(bytes.as_bytes()).contains(&(0, size)), "{length} {size}");
            }
        }
    }

    #[test]
    fn in_utf8_only_faces_that_are_utf8_are_left_out() {
        let text = "张三丰先生";
        let (all, some) = (Needles::new(&[text.into()]), Needles::in_utf8(&[text.into()]));
        let gone: Vec<&[u8]> = all.faces.iter().map(|(face, _)| &face[..]).filter(|face| !has(&some, face)).collect();
        assert!(!gone.is_empty() && gone.iter().all(|face| std::str::from_utf8(face).is_err()));
        assert!(some.faces.iter().all(|(face, _)| has(&all, face) && face.len() >= shortest_face(text.as_bytes())));
    }

    fn has(needles: &Needles, sought: &[u8]) -> bool {
        needles.faces.iter().any(|(face, _)| face == sought)
    }

    #[test]
    fn what_does_not_follow_is_not_joined() {
        let needles = Needles::new(&[b"13800138000".to_vec()]);
        let mut search = needles.search();
        search.bytes(b"13800");
        search.cut();
        search.bytes(b"138000");
        assert!(search.found().is_empty());
    }

    /// What two ways find must be the same, place for place; the kernel takes over beyond some hundred bytes.
    struct Ways(Needles, Needles);

    impl Ways {
        fn new(texts: &[Vec<u8>]) -> Self {
            Self(Needles::new(texts), Needles::new(texts).portable())
        }
        fn find(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
            let [fast, slow] = [&self.0, &self.1].map(|needles| {
                let mut places = Vec::new();
                needles.each(bytes, |text, end| places.push((text, end)));
                places.sort_unstable();
                places
            });
            assert_eq!(fast, slow);
            slow
        }
    }

    #[test]
    fn this_machine_uses_what_it_has() {
        #[cfg(target_arch = "x86_64")]
        let wide = std::is_x86_feature_detected!("avx512vbmi") && std::is_x86_feature_detected!("avx512bw");
        #[cfg(not(target_arch = "x86_64"))]
        let wide = false;
        assert_eq!(Needles::new(&[]).kernel.is_some(), wide);
    }

    #[test]
    fn a_face_is_found_at_every_place_of_a_long_piece() {
        // lengths from the shortest to beyond the longest step; the first is alone, so that the step is its own
        for length in [6_usize, 7, 8, 9, 10, 11, 12, 16, 23, 24, 40] {
            let text: Vec<u8> = (0..length).map(|at| 200 + (at * 7 % 50) as u8).collect();
            let ways = Ways::new(std::slice::from_ref(&text));
            let mut bytes = vec![b'.'; 700];
            for at in 0..bytes.len() - length {
                bytes[at..at + length].copy_from_slice(&text);
                assert_eq!(ways.find(&bytes), [(0, at + length)], "{length} bytes at {at}");
                bytes[at..at + length].fill(b'.');
            }
            // one behind the other: more than the kernel hands over at once
            assert_eq!(ways.find(&text.repeat(2000)).len(), 2000);
        }
    }

    proptest! {
        #[test]
        fn wide_registers_and_portable_code_find_the_same(
            texts in proptest::collection::vec("[0-3a]{6,30}", 1..40), bytes in "[0-3a]{0,3000}",
            planted in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 0..9),
        ) {
            let texts: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
            let mut bytes = bytes.into_bytes();
            for (which, at) in planted {
                let faces = faces_of(&texts[which.index(texts.len())]);
                let face = &faces[at.index(faces.len())];
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, face.iter().copied());
            }
            let ways = Ways::new(&texts);
            let found = ways.find(&bytes);
            let mut plain: Vec<(usize, usize)> = Vec::new();
            for (face, number) in &ways.0.faces {
                let ends = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(face)).map(|at| at + face.len());
                plain.extend(ends.map(|end| (*number, end)));
            }
            plain.sort_unstable();
            prop_assert_eq!(found, plain);
        }

        #[test]
        fn it_agrees_with_a_plain_search(
            texts in proptest::collection::vec("[ab]{6,9}", 1..4), bytes in "[ab]{0,120}", piece in 1_usize..40,
        ) {
            let needles = Needles::new(&texts.iter().map(|text| text.clone().into_bytes()).collect::<Vec<_>>());
            let mut search = needles.search();
            bytes.as_bytes().chunks(piece).for_each(|piece| search.bytes(piece));
            let found = search.found();
            let mut plain = BTreeMap::<usize, u64>::new();
            for (face, number) in &needles.faces {
                let times = (0..bytes.len()).filter(|at| bytes.as_bytes()[*at..].starts_with(face)).count() as u64;
                if times > 0 {
                    *plain.entry(*number).or_default() += times;
                }
            }
            prop_assert_eq!(found, plain);
        }
    }
}
