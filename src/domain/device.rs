//! Device numbers (`imei`, 3GPP TS 23.003): 15 digits that end in their Luhn digit, or 14 without it.

use super::characters::{Short, all_digits};
use super::check_digit::{luhn_digit, luhn_holds};

const EXPECTED: &str = "an IMEI";

/// The 15 digits; to 14 the check digit is added.
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let short = Short::read(cell, &[' ', '-', '/', '.']).ok_or(EXPECTED)?;
    let number = short.bytes();
    if !all_digits(number) || number.iter().all(|digit| *digit == b'0') {
        return Err(EXPECTED);
    }
    match number.len() {
        14 => {
            let check = luhn_digit(number).ok_or(EXPECTED)?;
            out.extend_from_slice(number);
            out.push(check);
            Ok(())
        }
        15 if luhn_holds(number) => {
            out.extend_from_slice(number);
            Ok(())
        }
        _ => Err(EXPECTED),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_equal, check_wrong};
    use crate::domain::SemanticType::Imei;

    #[test]
    fn spellings_of_one_device_are_equal() {
        // The usual published example of an IMEI with its check digit.
        check_equal(
            Imei,
            "490154203237518",
            &["490154203237518", "49015420323751", "49-015420-323751-8", "49 015420 323751 8"],
        );
        check_wrong(Imei, &["", "490154203237517", "4901542032375180", "4901542032375", "000000000000000"]);
    }
}
