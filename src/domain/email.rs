//! E-mail addresses (`email`): lower case on both sides of the one `@`, a dot in the domain.
//!
//! Case of the local part counts by RFC 5321, but nearly no provider keeps it, and people do not. Dots and tags in the local
//! part stay: what they mean is the provider's secret. Names around the address and quoted local parts are refused;
//! internationalized domains are not turned into their ASCII form.

use super::characters::{half_width, is_invisible, is_space};
use unicode_normalization::UnicodeNormalization as _;

const EXPECTED: &str = "an e-mail address";

/// Local part, `@` and domain in lower case.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let start = out.len();
    if cell.is_ascii() {
        out.extend_from_slice(cell.trim_ascii());
        out[start..].make_ascii_lowercase();
    } else {
        let cell = std::str::from_utf8(cell).map_err(|_| EXPECTED)?;
        for character in folded(cell).trim().chars() {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    if is_address(&out[start..]) {
        return Ok(());
    }
    out.truncate(start);
    Err(EXPECTED)
}

/// Half-width, lower case, NFC; the ideographic full stops that input methods leave are dots (UTS 46).
fn folded(cell: &str) -> String {
    let visible = cell.chars().filter(|character| !is_invisible(*character)).map(half_width);
    let dotted = visible.map(|character| if matches!(character, '\u{3002}' | '\u{FF61}') { '.' } else { character });
    dotted.nfc().flat_map(char::to_lowercase).nfc().collect()
}

fn is_address(text: &[u8]) -> bool {
    if text.len() > 254 || text.iter().any(|byte| SHUT_OUT[usize::from(*byte)]) {
        return false;
    }
    let Some(at) = text.iter().position(|byte| *byte == b'@') else { return false };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let (mut label, mut dots) = (0, 0);
    for byte in domain {
        match byte {
            b'@' => return false,
            b'.' if label == 0 => return false,
            b'.' => (label, dots) = (0, dots + 1),
            _ => label += 1,
        }
        if label > 63 {
            return false;
        }
    }
    let spaceless = text.is_ascii() || std::str::from_utf8(text).is_ok_and(|text| !text.contains(is_space));
    !local.is_empty() && label > 0 && dots > 0 && spaceless
}

/// Blanks, control characters, and what RFC 5322 keeps for lists, comments and quoted strings.
const SHUT_OUT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte <= 0x20 {
        table[byte] = true;
        byte += 1;
    }
    let special = b"\"(),:;<>[\\]\x7F";
    let mut at = 0;
    while at < special.len() {
        table[special[at] as usize] = true;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use crate::domain::SemanticType::Email;

    #[test]
    fn spellings_of_one_address_are_equal() {
        check_equal(
            Email,
            "zhang.san@example.com",
            &[
                "zhang.san@example.com",
                " Zhang.San@EXAMPLE.com\n",
                "ｚｈａｎｇ．ｓａｎ＠ｅｘａｍｐｌｅ．ｃｏｍ",
                "zhang.san@example。com",
                "\u{FEFF}zhang.san@example.com",
            ],
        );
        check_equal(Email, "张三@例子.公司", &["张三@例子.公司", "张三＠例子。公司"]);
    }

    #[test]
    fn near_misses_are_refused_or_differ() {
        assert_ne!(canonical(Email, "zhangsan@example.com"), canonical(Email, "zhang.san@example.com"));
        assert_ne!(canonical(Email, "a+x@example.com"), canonical(Email, "a@example.com"));
        check_wrong(
            Email,
            &[
                "",
                "@",
                "a@b",
                "@example.com",
                "a@",
                "a@b@example.com",
                "a b@example.com",
                "a@example..com",
                "a@.com",
                "a@example.com.",
                "A <a@example.com>",
                "a@example.com,b@example.com",
            ],
        );
        check_wrong(Email, &["a\u{A0}b@example.com", &format!("{}@example.com", "a".repeat(260))]);
    }
}
