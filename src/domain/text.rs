//! Text, names and free text: one form for spellings that a reader takes for the same.
//!
//! Text: half-width, blanks for every white space, no invisible characters, NFC (UAX 15), trimmed, runs of blanks as one.
//! Names: the same, case folded, one middle dot, no blanks beside a dot or between Han characters ("张　三" is "张三").

use super::characters::{half_width, is_invisible};
use unicode_normalization::UnicodeNormalization as _;

/// Canonical text.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_plain_ascii(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    canonicalize_any(cell, out)
}

/// Whether the cell is surely its own canonical text.
#[inline]
pub(super) fn is_canonical(cell: &[u8]) -> bool {
    is_plain_ascii(cell)
}

/// Canonical name.
#[inline]
pub(super) fn canonicalize_name(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_han(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    if is_plain_ascii(cell) {
        out.extend(cell.iter().map(u8::to_ascii_lowercase));
        return Ok(());
    }
    let cell = std::str::from_utf8(cell).map_err(|_| "a name in UTF-8")?;
    let text = fold(cell);
    let mut previous = None;
    let mut characters = Spaced::new(text.chars()).peekable();
    while let Some(character) = characters.next() {
        if character == ' ' && joined(previous, characters.peek().copied()) {
            continue;
        }
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        previous = Some(character);
    }
    Ok(())
}

#[cold]
fn canonicalize_any(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_han(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    let cell = std::str::from_utf8(cell).map_err(|_| "text in UTF-8")?;
    for character in Spaced::new(visible(cell).nfc()) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(())
}

/// Half-width characters without the invisible ones; before NFC, so that what they parted is composed.
fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| !is_invisible(*character)).map(half_width)
}

/// One pass of folding: lower case, `ß` as `ss`, final sigma as sigma, one middle dot; then NFC.
fn fold(text: &str) -> String {
    visible(text).nfc().flat_map(char::to_lowercase).flat_map(fold_character).nfc().collect()
}

fn fold_character(character: char) -> impl Iterator<Item = char> {
    let (first, second) = match character {
        'ß' => ('s', Some('s')),
        'ς' => ('σ', None),
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' | '\u{FF65}' | '\u{0387}' => (DOT, None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// The middle dot of names such as those of Uyghurs or of foreigners written in Han characters (GB 18030 A1A4).
const DOT: char = '\u{00B7}';

/// Whether a blank between these two says nothing.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    let han = |side: Option<char>| side.is_some_and(is_han_character);
    left == Some(DOT) || right == Some(DOT) || (han(left) && han(right))
}

fn is_han_character(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Trims blanks and makes one of several.
struct Spaced<I> {
    characters: I,
    started: bool,
    waiting: Option<char>,
}

impl<I: Iterator<Item = char>> Spaced<I> {
    fn new(characters: I) -> Self {
        Self { characters, started: false, waiting: None }
    }
}

impl<I: Iterator<Item = char>> Iterator for Spaced<I> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(character) = self.waiting.take() {
            return Some(character);
        }
        let mut blank = false;
        loop {
            match self.characters.next()? {
                ' ' => blank = self.started,
                character => {
                    self.started = true;
                    if !blank {
                        return Some(character);
                    }
                    self.waiting = Some(character);
                    return Some(' ');
                }
            }
        }
    }
}

/// Whether the cell is printable ASCII without blanks at the ends or beside each other: its own canonical form.
/// Eight bytes at a time, each word sharing a byte with the next so that every pair of neighbours is seen.
#[inline]
fn is_plain_ascii(cell: &[u8]) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = LOW << 7;
    let word_is_plain = |word: &[u8]| {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        // Bytes below 0x80 cannot carry into their neighbours here.
        let ascii = word & HIGH == 0;
        let word = word & !HIGH;
        let printable = (word + 0x60 * LOW) & HIGH == HIGH;
        let blanks = !((word ^ (0x20 * LOW)) + 0x7F * LOW) & HIGH;
        ascii && printable && blanks & (blanks << 8) == 0
    };
    let (Some(first), Some(last)) = (cell.first(), cell.last()) else { return true };
    if *first == b' ' || *last == b' ' {
        return false;
    }
    if cell.len() < 8 {
        return cell.iter().all(|byte| (0x20..0x80).contains(byte)) && !cell.windows(2).any(|pair| pair == b"  ");
    }
    let mut at = 0;
    while at + 8 < cell.len() {
        if !word_is_plain(&cell[at..at + 8]) {
            return false;
        }
        at += 7;
    }
    word_is_plain(&cell[cell.len() - 8..])
}

/// Whether the cell is UTF-8 of the common Han characters (U+4E00 to U+9FFF) only: its own canonical form.
#[inline]
fn is_han(cell: &[u8]) -> bool {
    let (characters, rest) = cell.as_chunks::<3>();
    rest.is_empty()
        && characters.iter().all(|[first, second, third]| {
            matches!(first, 0xE4..=0xE9)
                && matches!(second, 0x80..=0xBF)
                && matches!(third, 0x80..=0xBF)
                && (*first != 0xE4 || *second >= 0xB8)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(cell: &str) -> String {
        let mut out = Vec::new();
        canonicalize(cell.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn name(cell: &str) -> String {
        let mut out = Vec::new();
        canonicalize_name(cell.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn equal_texts_are_equal() {
        for spelling in [
            "Ångström 12",
            " A\u{30A}ngstro\u{308}m\u{A0}\u{3000}12\t",
            "Å\u{200B}ngström\u{FEFF} １２",
            "Ａ\u{30A}ngström\r\n12",
        ] {
            assert_eq!(text(spelling), "Ångström 12", "{spelling:?}");
        }
        assert_eq!(text(" \u{3000}\u{200B}"), "");
        assert_eq!(text("A\u{200B}\u{30A}"), "Å");
        assert_ne!(text("Case"), text("case"));
        assert_ne!(text("ab"), text("a b"));
    }

    #[test]
    fn equal_names_are_equal() {
        for spelling in ["张三", "张　三", " 张 三 ", "张\u{200D}三"] {
            assert_eq!(name(spelling), "张三");
        }
        for spelling in ["买买提·艾力", "买买提 • 艾力", "买买提・艾力", "买买提‧艾力", "买买提\u{387}艾力"]
        {
            assert_eq!(name(spelling), "买买提·艾力");
        }
        assert_eq!(name("Ｊｏｈｎ  SMITH"), "john smith");
        assert_eq!(name("STRASSE"), name("Straße"));
        assert_eq!(name("ΝΊΚΟΣ"), name("νίκος"));
        assert_ne!(name("张三"), name("张三丰"));
        assert_ne!(name("李 Wei"), name("李Wei"));
        assert_ne!(name("ann"), name("anne"));
    }

    #[test]
    fn every_character_alone_and_between_letters_is_idempotent() {
        for character in (0..=0x10_FFFF).filter_map(char::from_u32) {
            for cell in [character.to_string(), format!("a{character}\u{301} b")] {
                let once = text(&cell);
                assert_eq!(text(&once), once, "{cell:?}");
                let once = name(&cell);
                assert_eq!(name(&once), once, "{cell:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn short_cuts_agree_with_the_long_way(cell in "([ -~]{0,40}|[ab ]{0,20}|[一-龥]{0,6}|[a-c \u{7F}\u{80}\u{3000}一]{0,24})") {
            let mut long = Vec::new();
            for character in Spaced::new(visible(&cell).nfc()) {
                long.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            prop_assert_eq!(text(&cell).into_bytes(), long);
            if is_plain_ascii(cell.as_bytes()) || is_han(cell.as_bytes()) {
                prop_assert_eq!(text(&cell), cell);
            }
        }

        #[test]
        fn composed_and_decomposed_spellings_are_equal(cell in "[A-Za-zÀ-žΆ-ωЀ-ӹ각-깋ก-๛\u{300}-\u{345}\u{327}\u{1E00}-\u{1FFF} ·]{0,16}") {
            let (composed, decomposed) = (cell.nfc().collect::<String>(), cell.nfd().collect::<String>());
            prop_assert_eq!(text(&composed), text(&decomposed));
            prop_assert_eq!(name(&composed), name(&decomposed));
            prop_assert_eq!(text(&text(&cell)), text(&cell));
            prop_assert_eq!(name(&name(&cell)), name(&cell));
        }

        #[test]
        fn names_in_capitals_are_equal(cell in "[A-Za-zÀ-ÖØ-öø-ÿΑ-ΡΣ-Ωα-ωА-Яа-я ]{0,16}") {
            prop_assert_eq!(name(&cell.to_uppercase()), name(&cell));
            prop_assert_eq!(name(&cell.to_lowercase()), name(&cell));
        }

        #[test]
        fn han_test_never_passes_broken_utf8(cell in proptest::collection::vec(prop_oneof![0xE3_u8..0xEB, 0x7F_u8..0xC1], 0..9)) {
            if is_han(&cell) {
                let text = std::str::from_utf8(&cell).unwrap();
                let common = text.chars().all(|character| ('\u{4E00}'..='\u{9FFF}').contains(&character));
                prop_assert!(common);
            }
        }
    }
}
