//! Characters that look or mean the same: full-width forms, spaces, invisible characters, separators.
//!
//! Given: a cell as bytes. Makes: the short half-width form that identifiers are read from. Never allocates.

/// A short identifier without its separators, in a buffer of its own.
pub(super) struct Short {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Short {
    /// No identifier that is read this way is longer.
    const MOST: usize = 64;

    /// The cell trimmed and in half width, without invisible characters and without `separators` (any dash is `-`, any
    /// space is a blank). `None` where it is not UTF-8 or too long to be an identifier.
    pub(super) fn read(cell: &[u8], separators: &[char]) -> Option<Self> {
        let mut short = Self { bytes: [0; Self::MOST], len: 0 };
        if cell.is_ascii() {
            for byte in trim_ascii(cell) {
                let byte = if is_ascii_space(*byte) { b' ' } else { *byte };
                if !separators.contains(&char::from(byte)) {
                    *short.bytes.get_mut(short.len)? = byte;
                    short.len += 1;
                }
            }
            return Some(short);
        }
        for character in std::str::from_utf8(cell).ok()?.trim_matches(|c| is_space(c) || is_invisible(c)).chars() {
            let character = hyphen(half_width(character));
            if is_invisible(character) || separators.contains(&character) {
                continue;
            }
            let mut buffer = [0; 4];
            let encoded = character.encode_utf8(&mut buffer).as_bytes();
            short.bytes.get_mut(short.len..short.len + encoded.len())?.copy_from_slice(encoded);
            short.len += encoded.len();
        }
        Some(short)
    }
    /// What is left of the cell.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
    /// The same, to change letters in place.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
    /// The same as text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("made of whole characters")
    }
}

/// Full-width ASCII as ASCII, any white space as a blank, everything else as it is.
#[inline]
pub(super) fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).expect("an ASCII character"),
        _ if is_space(character) => ' ',
        _ => character,
    }
}

/// White space of any kind, no-break and ideographic spaces included.
#[inline]
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace()
}

/// Characters without width that come with copied text: zero-width spaces and joiners, byte order marks, soft hyphens,
/// and the marks of writing direction.
#[inline]
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{00AD}' | '\u{2060}' | '\u{061C}' | '\u{180E}'
        | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Hyphens, dashes and minus signs as `-`.
#[inline]
fn hyphen(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => '-',
        _ => character,
    }
}

/// White space within ASCII, as [`is_space`] has it; the standard library's own leaves the vertical tab out.
#[inline]
fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

fn trim_ascii(mut cell: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = cell
        && is_ascii_space(*first)
    {
        cell = rest;
    }
    while let [rest @ .., last] = cell
        && is_ascii_space(*last)
    {
        cell = rest;
    }
    cell
}

/// Whether the bytes are ASCII digits, and there are some.
#[inline]
pub(super) fn all_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_becomes_half_width() {
        let full = Short::read("　（８６）\u{200B}１３８－００１３\u{2013}ＸＹ ".as_bytes(), &[' ']).unwrap();
        assert_eq!(full.text(), "(86)138-0013-XY");
        assert_eq!(half_width('！'), '!');
        assert_eq!(half_width('～'), '~');
        assert_eq!(half_width('。'), '。');
    }

    #[test]
    fn the_short_cut_for_ascii_agrees_with_the_long_way() {
        for byte in 0..0x80 {
            for cell in [format!("{0}a{0}b{0}", char::from(byte)), format!("-{}-", char::from(byte))] {
                let short = Short::read(cell.as_bytes(), &[' ', '-']).unwrap();
                // A final middle dot makes the cell go the long way, and stays.
                let long = Short::read(format!("{}\u{B7}", cell.trim_end()).as_bytes(), &[' ', '-']).unwrap();
                assert_eq!(Some(short.text()), long.text().strip_suffix('\u{B7}'), "{byte}");
            }
        }
    }

    #[test]
    fn too_long_or_not_text_is_no_identifier() {
        assert!(Short::read(&[b'1'; 64], &[]).is_some());
        assert!(Short::read(&[b'1'; 65], &[]).is_none());
        assert!(Short::read(&[b'1', 0xFF], &[]).is_none());
        assert!(Short::read(b"", &[]).unwrap().bytes().is_empty());
    }
}
