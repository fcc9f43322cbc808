//! Checks and decodes the bytes of a shard.

use super::options::Encoding;
use encoding_rs::GB18030;

/// Whether the bytes are of the encoding.
pub(super) fn is_valid(bytes: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::Utf8 => simdutf8::basic::from_utf8(bytes).is_ok(),
        Encoding::Gb18030 => GB18030.decode_without_bom_handling_and_without_replacement(bytes).is_some(),
    }
}

/// The bytes as UTF-8, `None` where they are not GB 18030. Delimiters, quotes and line ends stay what they are.
pub(super) fn from_gb18030(bytes: &[u8]) -> Option<String> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// What a text file starts with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// So many bytes of a mark of the declared encoding.
    Mark(usize),
    /// The mark of another encoding: what is wrong with the declared one.
    Other(&'static str),
}

/// Looks for a byte order mark.
pub(super) fn start(head: &[u8], encoding: Encoding) -> Start {
    match (head, encoding) {
        ([0xEF, 0xBB, 0xBF, ..], Encoding::Utf8) => Start::Mark(3),
        ([0xEF, 0xBB, 0xBF, ..], Encoding::Gb18030) => Start::Other("GB18030: the file starts with the mark of UTF-8"),
        ([0x84, 0x31, 0x95, 0x33, ..], Encoding::Gb18030) => Start::Mark(4),
        ([0x84, 0x31, 0x95, 0x33, ..], Encoding::Utf8) => {
            Start::Other("UTF-8: the file starts with the mark of GB18030")
        }
        ([0xFF, 0xFE, ..] | [0xFE, 0xFF, ..], Encoding::Utf8) => {
            Start::Other("UTF-8: the file starts with the mark of UTF-16; convert it")
        }
        ([0xFF, 0xFE, ..] | [0xFE, 0xFF, ..], Encoding::Gb18030) => {
            Start::Other("GB18030: the file starts with the mark of UTF-16; convert it")
        }
        _ => Start::Mark(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_skipped_or_refused() {
        assert_eq!(start(b"\xEF\xBB\xBFa", Encoding::Utf8), Start::Mark(3));
        assert_eq!(start(b"\x84\x31\x95\x33a", Encoding::Gb18030), Start::Mark(4));
        assert_eq!(start(b"a", Encoding::Utf8), Start::Mark(0));
        for (head, encoding) in [
            (b"\xFF\xFEa\0".as_slice(), Encoding::Utf8),
            (b"\xFE\xFF\0a", Encoding::Gb18030),
            (b"\xEF\xBB\xBFa", Encoding::Gb18030),
            (b"\x84\x31\x95\x33", Encoding::Utf8),
        ] {
            assert!(matches!(start(head, encoding), Start::Other(_)));
        }
    }
}
