//! Bank card numbers (`bank_card`, ISO/IEC 7812): 12 to 19 digits that end in their Luhn digit.

use super::characters::{Short, all_digits};
use super::check_digit::luhn_holds;

const EXPECTED: &str = "a bank card number";

/// The digits without blanks and dashes.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_card(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    let short = Short::read(cell, &[' ', '-']).ok_or(EXPECTED)?;
    if !is_card(short.bytes()) {
        return Err(EXPECTED);
    }
    out.extend_from_slice(short.bytes());
    Ok(())
}

fn is_card(number: &[u8]) -> bool {
    // A number of zeros would pass Luhn; no issuer starts with a zero.
    (12..=19).contains(&number.len()) && all_digits(number) && number[0] != b'0' && luhn_holds(number)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use crate::domain::SemanticType::BankCard;

    #[test]
    fn spellings_of_one_number_are_equal() {
        check_equal(
            BankCard,
            "4111111111111111",
            &[
                "4111111111111111",
                "4111 1111 1111 1111",
                "4111-1111-1111-1111",
                "４１１１　１１１１　１１１１　１１１１",
            ],
        );
    }

    #[test]
    fn near_misses_are_refused_or_differ() {
        assert_ne!(canonical(BankCard, "4111111111111111"), canonical(BankCard, "5555555555554444"));
        check_wrong(
            BankCard,
            &["", "4111111111111112", "0000000000000000", "79927398713", "41111111111111110000", "4111x111111111111"],
        );
    }
}
