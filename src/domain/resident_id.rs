//! Resident identity numbers (`cn.resident_id`, GB 11643): 18 characters, and the 15 digits of before 1999.
//!
//! Region (6), birth date (8), sequence (3; the last is odd for men, even for women), check character (ISO 7064
//! MOD 11-2). The same form is on the residence permits of people from Hong Kong, Macao (81, 82) and Taiwan (83), and, from
//! 2023, on the permanent residence cards of foreigners (9, province, nationality). 15 digits become 18 with the century 19.

use super::characters::{Short, all_digits};
use super::check_digit::{resident_id_character, resident_id_parts};
use super::region::is_province;
use crate::value::Date;

const EXPECTED: &str = "a resident ID";

/// The 18 characters.
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
    let mut short = Short::read(cell, &[' ', '-', '.'])?;
    if short.bytes().len() == 15 {
        return extended(short.bytes(), out);
    }
    // What people type for the X: its small form, the Roman ten, the sign of multiplication.
    if short.bytes().len() > 18 {
        let text = short.text();
        let stem = ['\u{2169}', '\u{2179}', '\u{00D7}'].iter().find_map(|ten| text.strip_suffix(*ten))?;
        let number: [u8; 17] = stem.as_bytes().try_into().ok()?;
        let mut whole = [b'X'; 18];
        whole[..17].copy_from_slice(&number);
        return is_valid(&whole).then(|| out.extend_from_slice(&whole));
    }
    short.bytes_mut().make_ascii_uppercase();
    let number = short.bytes().try_into().ok()?;
    is_valid(number).then(|| out.extend_from_slice(number))
}

/// 15 digits of the old form as 18.
fn extended(old: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if !all_digits(old) {
        return None;
    }
    let mut number = [0; 18];
    number[..6].copy_from_slice(&old[..6]);
    number[6..8].copy_from_slice(b"19");
    number[8..17].copy_from_slice(&old[6..]);
    number[17] = resident_id_character(number.first_chunk().expect("17 of 18"))?;
    is_valid(&number).then(|| out.extend_from_slice(&number))
}

/// Whether the cell is its own canonical form.
#[inline]
pub(super) fn is_canonical(cell: &[u8]) -> bool {
    cell.try_into().is_ok_and(is_valid)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "one of four numbers of 16 bits")]
fn is_valid(number: &[u8; 18]) -> bool {
    let first: &[u8; 17] = number.first_chunk().expect("17 of 18");
    let Some((character, [front, middle])) = resident_id_parts(first) else { return false };
    if character != number[17] {
        return false;
    }
    let pair = |word: u64, at: u32| u32::from((word >> (16 * at)) as u16);
    let province =
        if number[0] == b'9' { u32::from(number[1] - b'0') * 10 + u32::from(number[2] - b'0') } else { pair(front, 0) };
    let year = pair(front, 3) * 100 + pair(middle, 0);
    is_province(province) && (1850..2100).contains(&year) && is_day(year, pair(middle, 1), pair(middle, 2))
}

#[inline]
fn is_day(year: u32, month: u32, day: u32) -> bool {
    // Days that every month has need no calendar.
    (1..=12).contains(&month) && ((1..=28).contains(&day) || Date::new(year.cast_signed(), month, day).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use super::*;
    use crate::domain::SemanticType::ResidentId;

    #[test]
    fn the_standards_own_examples_are_valid() {
        check_equal(ResidentId, "11010519491231002X", &["11010519491231002X", "11010519491231002x"]);
        check_equal(ResidentId, "440524188001010014", &["440524188001010014"]);
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        let spellings = [
            "110105491231002",
            "１１０１０５４９１２３１００２",
            " 110105 19491231 002X ",
            "110105-19491231-002x",
            "１１０１０５１９４９１２３１００２Ｘ",
            "11010519491231002Ⅹ",
            "11010519491231002ⅹ",
            "11010519491231002×",
            "\u{FEFF}11010519491231002X\u{200B}",
        ];
        check_equal(ResidentId, "11010519491231002X", &spellings);
    }

    #[test]
    fn wrong_numbers_are_refused() {
        check_wrong(
            ResidentId,
            &["", "110105194912310021", "11010519491231002", "11010519491231002XX", "X10105194912310021"],
        );
        check_wrong(
            ResidentId,
            &["110105 491331002", "110105 490230002", "000105491231002", "1101054912310O2", "×", "11010519491231002ⅩⅩ"],
        );
    }

    #[test]
    fn a_right_check_character_is_not_enough() {
        let with_check = |first: &str| {
            let check = resident_id_character(first.as_bytes().try_into().unwrap()).unwrap();
            format!("{first}{}", char::from(check))
        };
        for wrong in [
            "11010519490230002",
            "11010519491301002",
            "11010519490010002",
            "99010519491231002",
            "16010519491231002",
            "11010517491231002",
            "11010519000229002",
        ] {
            check_wrong(ResidentId, &[&with_check(wrong)]);
        }
        for right in
            ["11010520000229002", "81000019900101001", "83000019900101001", "91112419811008003", "71000019900101001"]
        {
            assert_eq!(canonical(ResidentId, &with_check(right)), Some(with_check(right)));
        }
    }

    #[test]
    fn every_other_last_character_is_refused() {
        for last in "0123456789".chars() {
            check_wrong(ResidentId, &[&format!("11010519491231002{last}")]);
        }
    }
}
