//! `mask`: characters are covered, some at the ends may stay.
//!
//! # What it does
//! Keeps so many characters at the start, so many at the end or all from the last occurrence of a text, and writes a
//! masking character over each of the rest, or always the same number of them. A value that is too short to keep both ends
//! and cover something is covered whole. A null stays a null.
//! # What it destroys
//! The covered characters; with a fixed length also how many they were.
//! # What remains
//! The characters that are kept, and the length unless it is fixed: 138****1380 leaves ten thousand numbers, and two
//! columns made from one source leave fewer.
//! # Reversible by whom
//! Nobody from this column alone; short rests are guessed.
//! # ISO/IEC 20889 class
//! Suppression: masking, of a part of the value.
//! # Example
//! `mask = { keep_first = 3, keep_last = 4 }`: 13812341380 → 138****1380

use super::output::{BLOCK, Output, append, block, characters, first_characters, last_characters};
use super::{Cells, OperatorInfo, Outcome};
use crate::hierarchy::is_plain;
use crate::lanes;
use crate::value::Text;
use memchr::memmem::FinderRev;

/// Covers characters.
pub struct Mask {
    keep_first: usize,
    keep_last: usize,
    keep_from: Option<KeepFrom>,
    with: char,
    length: Option<usize>,
}

/// From whose last occurrence on all is kept.
enum KeepFrom {
    Byte(u8),
    Text(FinderRev<'static>),
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "mask",
    iso_20889: "suppression (masking)",
    summary: "covers characters, but for some at the ends",
    parameters: &[
        ("keep_first", "characters kept at the start"),
        ("keep_last", "characters kept at the end"),
        ("keep_from", "all is kept from the last occurrence of this text"),
        ("with", "the masking character; `*` if not given"),
        ("length", "always so many masking characters"),
    ],
    example: "apply = { mask = { keep_first = 3, keep_last = 4 } }: 13812341380 → 138****1380",
};

/// So many of the lowest bits.
#[inline]
fn first_bits(count: usize) -> u32 {
    if count < 32 { (1 << count) - 1 } else { u32::MAX }
}

impl Mask {
    /// Characters kept at the ends, what covers the rest, and how often, if not one for one.
    #[must_use]
    pub fn new(
        keep_first: usize,
        keep_last: usize,
        keep_from: Option<&str>,
        with: char,
        length: Option<usize>,
    ) -> Self {
        // An empty text is found at the end of every value: nothing is kept by it.
        let keep_from = keep_from.filter(|text| !text.is_empty()).map(|text| match text.as_bytes() {
            [byte] => KeepFrom::Byte(*byte),
            text => KeepFrom::Text(FinderRev::new(text).into_owned()),
        });
        Self { keep_first, keep_last, keep_from, with, length }
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Outcome<'a> {
        let text = cells.column.to_text();
        let mut cover = [0; 4];
        let cover = self.with.encode_utf8(&mut cover).as_bytes();
        let mut out = Output::new(text.len(), text.bytes().len());
        match (cover, self.keep_last, &self.keep_from) {
            ([byte], 0, None) => self.apply_to_short(&text, *byte, |_, length| Some(length), &mut out),
            ([byte], 0, Some(KeepFrom::Byte(from))) => {
                let head = |cell: &[u8; BLOCK], length| {
                    let found = lanes::equal(cell, *from) & first_bits(length);
                    31_u32.checked_sub(found.leading_zeros()).map(|at| at as usize)
                };
                self.apply_to_short(&text, *byte, head, &mut out);
            }
            _ => text.iter().for_each(|cell| self.apply_to(cell, cover, &mut out)),
        }
        Outcome { column: out.finish(text.plain() && is_plain(cover)), invalid: 0 }
    }

    /// Nearly every cell is short, of ASCII, with a start to keep that is shorter than it, and no end but from a byte on: those are written
    /// in whole blocks. `head` says where what may be covered ends.
    #[inline]
    fn apply_to_short(
        &self,
        text: &Text<'_>,
        cover: u8,
        head: impl Fn(&[u8; BLOCK], usize) -> Option<usize>,
        out: &mut Output,
    ) {
        let (bytes, keep, fixed) = (text.bytes(), self.keep_first, self.length);
        for span in text.spans() {
            let length = span.width() as usize;
            if let Some(cell) = block(bytes, span.start()).filter(|_| length <= BLOCK)
                && let Some(head) = head(cell, length).filter(|head| keep < *head)
                && let Some(rest) = if head < length { block(bytes, span.start() + head) } else { Some(cell) }
                && lanes::beyond_ascii(cell) & first_bits(head) == 0
            {
                let count = fixed.unwrap_or(head - keep);
                if count <= BLOCK {
                    out.push(|bytes| {
                        append(bytes, cell, keep);
                        append(bytes, &[cover; BLOCK], count);
                        if head < length {
                            append(bytes, rest, length - head);
                        }
                    });
                    continue;
                }
            }
            self.apply_to(span.get(bytes), &[cover], out);
        }
    }

    /// Any cell.
    #[inline(never)]
    fn apply_to(&self, cell: Option<&[u8]>, cover: &[u8], out: &mut Output) {
        let Some(cell) = cell else { return out.null() };
        let (start, end, ascii) = self.covered(cell);
        out.push(|bytes| match (cover, self.length) {
            ([cover], None) if ascii => {
                // One byte for one byte.
                let at = bytes.len();
                bytes.extend_from_slice(cell);
                bytes[at + start..at + end].fill(*cover);
            }
            _ => {
                let count = self.length.unwrap_or_else(|| characters(&cell[start..end]));
                bytes.extend_from_slice(&cell[..start]);
                (0..count).for_each(|_| bytes.extend_from_slice(cover));
                bytes.extend_from_slice(&cell[end..]);
            }
        });
    }

    /// The bytes of the cell that are covered, and whether they and those before them are ASCII.
    #[inline]
    fn covered(&self, cell: &[u8]) -> (usize, usize, bool) {
        let from = self.keep_from.as_ref().and_then(|text| match text {
            KeepFrom::Byte(byte) => memchr::memrchr(*byte, cell),
            KeepFrom::Text(text) => text.rfind(cell),
        });
        let head = from.unwrap_or(cell.len());
        let ascii = cell[..head].is_ascii();
        let end = match self.keep_last {
            0 => head,
            count if ascii && from.is_none() => head.saturating_sub(count),
            count => last_characters(cell, count).min(head),
        };
        let start = if ascii { self.keep_first.min(head) } else { first_characters(cell, self.keep_first) };
        match (start < end, from) {
            (true, _) => (start, end, ascii),
            // The start is too short to keep any of it; what stands behind may stay.
            (false, Some(_)) if end > 0 => (0, end, ascii),
            (false, _) => (0, cell.len(), ascii && from.is_none()),
        }
    }

    /// Whether no character of the value is kept.
    pub(super) fn shows_nothing(&self) -> bool {
        self.keep_first == 0 && self.keep_last == 0 && self.keep_from.is_none()
    }

    pub(super) fn describe(&self) -> String {
        let mut words = Vec::new();
        if self.keep_first > 0 {
            words.push(format!("first {} kept", self.keep_first));
        }
        if self.keep_last > 0 {
            words.push(format!("last {} kept", self.keep_last));
        }
        if let Some(text) = &self.keep_from {
            let text = match text {
                KeepFrom::Byte(byte) => std::slice::from_ref(byte),
                KeepFrom::Text(text) => text.needle(),
            };
            words.push(format!("kept from the last `{}`", String::from_utf8_lossy(text)));
        }
        words.push(match self.length {
            Some(length) => format!("{length} times `{}`", self.with),
            None => format!("`{}` for each other", self.with),
        });
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::tests::{Case, text_column, texts};
    use proptest::prelude::*;

    fn masked(mask: &Mask, cell: &str) -> String {
        let column = text_column(&[Some(cell)]);
        texts(&mask.apply(&Case::of(&column).cells()).column)[0].clone().unwrap()
    }

    #[test]
    fn ends_stay_and_the_middle_is_covered_one_for_one() {
        let phone = Mask::new(3, 4, None, '*', None);
        assert_eq!(masked(&phone, "13812341380"), "138****1380");
        assert_eq!(masked(&phone, "12345678"), "123*5678");
        assert_eq!(masked(&phone, "1234567"), "*******", "all would be kept: nothing is");
        assert_eq!(masked(&phone, "12345"), "*****");
        assert_eq!(masked(&phone, ""), "");
        let name = Mask::new(1, 0, None, '＊', None);
        assert_eq!(masked(&name, "欧阳修"), "欧＊＊");
        assert_eq!(masked(&name, "张"), "＊");
        assert_eq!(masked(&Mask::new(0, 1, None, '*', None), "张三é"), "**é");
        assert_eq!(masked(&Mask::new(0, 0, None, '*', None), "张三"), "**");
    }

    #[test]
    fn what_stands_behind_a_text_stays() {
        let email = Mask::new(1, 0, Some("@"), '*', None);
        assert_eq!(masked(&email, "anna@example.org"), "a***@example.org");
        assert_eq!(masked(&email, "a@example.org"), "*@example.org");
        assert_eq!(masked(&email, "@example.org"), "************");
        assert_eq!(masked(&email, "a@b@example.org"), "a**@example.org");
        assert_eq!(masked(&email, "nobody"), "n*****");
        assert_eq!(masked(&email, "海海@例.cn"), "海*@例.cn");
        assert_eq!(masked(&Mask::new(0, 0, Some("先生"), '*', None), "王五先生"), "**先生");
        assert_eq!(masked(&Mask::new(0, 3, Some("@"), '*', Some(3)), "anna@b"), "***a@b");
        assert_eq!(masked(&Mask::new(0, 0, Some(""), '*', None), "anna"), "****");
    }

    #[test]
    fn a_fixed_length_tells_no_length() {
        let fixed = Mask::new(1, 1, None, '*', Some(3));
        assert_eq!(masked(&fixed, "anna"), "a***a");
        assert_eq!(masked(&fixed, "annabella"), "a***a");
        assert_eq!(masked(&fixed, "ab"), "***");
        assert_eq!(masked(&fixed, ""), "***");
    }

    proptest! {
        #[test]
        fn bits_of_a_block_are_what_they_say(bytes in proptest::collection::vec(0x3e_u8..0x82, 32)) {
            let block: &[u8; 32] = bytes.first_chunk().unwrap();
            prop_assert_eq!(lanes::equal(block, b'@'), lanes::plain_bits(block, |byte| byte == b'@'));
            prop_assert_eq!(lanes::beyond_ascii(block), lanes::plain_bits(block, |byte| byte >= 0x80));
        }

        /// Cells with a block behind them go the short way; the same cells at the end of a buffer do not.
        #[test]
        fn the_short_way_agrees_with_the_long_one(
            cell in "[a-c@海]{0,34}", first in 0_usize..4, last in 0_usize..2, from: bool, length in proptest::option::of(0_usize..40),
        ) {
            let mask = Mask::new(first, last, from.then_some("@"), '*', length);
            let behind = "x".repeat(80);
            let column = text_column(&[Some(&cell), Some(&behind)]);
            let both = texts(&mask.apply(&Case::of(&column).cells()).column)[0].clone().unwrap();
            prop_assert_eq!(both, masked(&mask, &cell));
        }
        #[test]
        fn never_shows_more_than_asked(
            cell in "[a-c@海é]{0,12}", first in 0_usize..5, last in 0_usize..5, from in any::<bool>(), fixed in any::<bool>(),
        ) {
            let mask = Mask::new(first, last, from.then_some("@"), '#', fixed.then_some(2));
            let out = masked(&mask, &cell);
            let characters: Vec<char> = cell.chars().collect();
            let tail = characters.iter().rposition(|character| *character == '@').filter(|_| from);
            let tail = tail.map_or(last, |at| last.max(characters.len() - at)).min(characters.len());
            let shown: Vec<char> = out.chars().filter(|character| *character != '#').collect();
            prop_assert!(shown.len() <= first + tail);
            prop_assert!(cell.is_empty() || out.contains('#'));
            let head: String = out.chars().take_while(|character| *character != '#').collect();
            prop_assert!(cell.starts_with(&head) && head.chars().count() <= first);
            let behind: String = out.chars().skip_while(|character| *character != '#').filter(|c| *c != '#').collect();
            prop_assert!(cell.ends_with(&behind) && behind.chars().count() <= tail);
            if !fixed {
                prop_assert_eq!(out.chars().count(), characters.len());
            }
            if first + last < characters.len() && !from {
                prop_assert_eq!(shown.len(), first + last);
            }
        }
    }
}
