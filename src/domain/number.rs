//! Numbers: one spelling for one number, exactly; nothing passes through a double.
//!
//! No thousands separators: whether `1,234` is one or a thousand is not for us to guess.

use super::characters::{Short, all_digits};
use crate::value::Decimal;

const INTEGER: &str = "an integer";
const DECIMAL: &str = "a decimal number";

/// Sign only below zero, no leading zeros.
#[inline]
pub(super) fn canonicalize_integer(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if write_integer(cell, out) {
        return Ok(());
    }
    let short = Short::read(cell, &[]).ok_or(INTEGER)?;
    if write_integer(short.bytes(), out) { Ok(()) } else { Err(INTEGER) }
}

/// The same, with a point and without trailing zeros after it.
#[inline]
pub(super) fn canonicalize_decimal(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if write_decimal(cell, out) {
        return Ok(());
    }
    let short = Short::read(cell, &[]).ok_or(DECIMAL)?;
    Decimal::parse(short.bytes()).ok_or(DECIMAL)?.normalized().write(out);
    Ok(())
}

fn write_integer(cell: &[u8], out: &mut Vec<u8>) -> bool {
    let (negative, digits) = sign(cell);
    if !all_digits(digits) {
        return false;
    }
    let digits = without_leading_zeros(digits);
    if negative && digits != b"0" {
        out.push(b'-');
    }
    out.extend_from_slice(digits);
    true
}

/// Plain decimals, without the detour through 128 bits: as many digits as surely fit there.
fn write_decimal(cell: &[u8], out: &mut Vec<u8>) -> bool {
    let (negative, number) = sign(cell);
    let (whole, fraction) = match number.iter().position(|byte| *byte == b'.') {
        Some(point) => (&number[..point], &number[point + 1..]),
        None => (number, &b""[..]),
    };
    if number.len() > 30 || !all_digits(whole) || !(fraction.is_empty() || all_digits(fraction)) {
        return false;
    }
    let whole = without_leading_zeros(whole);
    let kept = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    if negative && (whole != b"0" || kept > 0) {
        out.push(b'-');
    }
    out.extend_from_slice(whole);
    if kept > 0 {
        out.push(b'.');
        out.extend_from_slice(&fraction[..kept]);
    }
    true
}

fn sign(cell: &[u8]) -> (bool, &[u8]) {
    match cell {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, cell),
    }
}

/// At least the last digit stays.
fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros.min(digits.len() - 1)..]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use crate::domain::SemanticType::{Decimal, Integer};
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_integer_are_equal() {
        check_equal(Integer, "12", &["12", "+12", "0012", " 12 ", "１２", "＋１２"]);
        check_equal(Integer, "-7", &["-7", "-07", "−7", "－７"]);
        check_equal(Integer, "0", &["0", "-0", "+000"]);
        let long = "9".repeat(50);
        check_equal(Integer, &long, &[&format!("+0{long}")]);
        check_wrong(Integer, &["", "-", "1.0", "1,000", "1e3", "0x1", "--1", "1 2", "十二", "NaN"]);
    }

    #[test]
    fn spellings_of_one_decimal_are_equal() {
        check_equal(
            Decimal,
            "1945.3",
            &["1945.3", "1945.30", "+01945.300", "1945.30 ", "１９４５．３０", "1.9453e3", "19453E-1"],
        );
        check_equal(Decimal, "0", &["0", "-0", "-0.00", "0.", ".0", "0e5"]);
        check_equal(Decimal, "0.5", &["0.5", ".5", "00.50", "5e-1"]);
        check_equal(Decimal, "-0.5", &["-.5", "-0.50", "−0.5"]);
        assert_ne!(canonical(Decimal, "1945.30"), canonical(Decimal, "1945.31"));
        check_wrong(Decimal, &["", ".", "-", "1,000", "1.2.3", "NaN", "inf", "1e999", "0x1", "1 2"]);
    }

    proptest! {
        #[test]
        fn short_cut_agrees_with_exact_decimals(cell in "[-+]?[0-9]{0,12}\\.?[0-9]{0,12}") {
            let expected = crate::value::Decimal::parse(cell.as_bytes()).map(|number| {
                let mut out = Vec::new();
                number.normalized().write(&mut out);
                String::from_utf8(out).unwrap()
            });
            prop_assert_eq!(canonical(Decimal, &cell), expected);
        }

        #[test]
        fn integers_agree_with_the_standard_library(number: i128, zeros in 0_usize..4) {
            let cell = format!("{}{}{}", if number < 0 { "-" } else { "" }, "0".repeat(zeros), number.unsigned_abs());
            prop_assert_eq!(canonical(Integer, &cell), Some(number.to_string()));
        }
    }
}
