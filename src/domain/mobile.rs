//! Mobile numbers of mainland China (`cn.mobile`): eleven digits, `1[3-9]` and nine more.
//!
//! Dropped: blanks, dashes, dots, parentheses, the country code (`+86`, `0086`, `86`) and the trunk `0`.

use super::characters::Short;
use super::check_digit::digit_values;

const EXPECTED: &str = "a mobile number of mainland China";

/// The eleven digits.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_canonical(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    spelled_otherwise(cell, out).ok_or(EXPECTED)
}

#[cold]
fn spelled_otherwise(cell: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let short = Short::read(cell, &[' ', '-', '(', ')', '.'])?;
    let digits = short.bytes();
    let number = ["+86", "0086", "86"]
        .iter()
        .find_map(|prefix| digits.strip_prefix(prefix.as_bytes()).filter(|rest| rest.len() >= 11))
        .unwrap_or(digits);
    let number = if number.len() == 12 { number.strip_prefix(b"0")? } else { number };
    is_canonical(number).then(|| out.extend_from_slice(number))
}

/// Whether the cell is its own canonical form.
#[inline]
pub(super) fn is_canonical(cell: &[u8]) -> bool {
    let Ok([b'1', b'3'..=b'9', third, eight @ ..]) = <&[u8; 11]>::try_from(cell) else { return false };
    third.is_ascii_digit() && digit_values(*eight).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use crate::domain::SemanticType::Mobile;

    #[test]
    fn spellings_of_one_number_are_equal() {
        let spellings = [
            "13800138000",
            " 13800138000\t",
            "138 0013 8000",
            "138-0013-8000",
            "138\u{2013}0013\u{2212}8000",
            "+8613800138000",
            "+86 138-0013-8000",
            "＋８６　１３８００１３８０００",
            "(+86)13800138000",
            "（86）138 0013 8000",
            "008613800138000",
            "8613800138000",
            "013800138000",
            "+86 013800138000",
            "\u{202A}13800138000\u{202C}",
            "\u{FEFF}138\u{200B}00138000",
        ];
        check_equal(Mobile, "13800138000", &spellings);
    }

    #[test]
    fn near_misses_are_refused_or_differ() {
        assert_ne!(canonical(Mobile, "13800138001"), canonical(Mobile, "13800138000"));
        check_wrong(
            Mobile,
            &["", "1380013800", "138001380000", "12800138000", "23800138000", "+8513800138000", "1380013800O"],
        );
        check_wrong(
            Mobile,
            &["00+8613800138000", "13800138000/13800138001", "13800138000.0", "一三八〇〇一三八〇〇〇"],
        );
    }

    #[test]
    fn numbers_that_start_like_the_country_code_keep_their_digits() {
        check_equal(Mobile, "18613800138", &["18613800138", "8618613800138"]);
    }
}
