//! International bank account numbers (`iban`, ISO 13616): country, two check digits, up to 30 letters and digits.
//!
//! The length of each country's numbers is not checked, only 15 to 34 in all and the check digits.

use super::characters::Short;
use super::check_digit::mod_97_holds;

const EXPECTED: &str = "an IBAN";

/// Capitals and digits without blanks.
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut short = Short::read(cell, &[' ', '-']).ok_or(EXPECTED)?;
    short.bytes_mut().make_ascii_uppercase();
    let number = short.bytes().strip_prefix(b"IBAN").unwrap_or(short.bytes());
    if !is_iban(number) {
        return Err(EXPECTED);
    }
    out.extend_from_slice(number);
    Ok(())
}

fn is_iban(number: &[u8]) -> bool {
    let [first, second, third, fourth, rest @ ..] = number else { return false };
    (15..=34).contains(&number.len())
        && first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && third.is_ascii_digit()
        && fourth.is_ascii_digit()
        && mod_97_holds(rest.iter().chain(&number[..4]).copied())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_equal, check_wrong};
    use crate::domain::SemanticType::Iban;

    #[test]
    fn spellings_of_one_account_are_equal() {
        // The United Kingdom's and Germany's examples in the IBAN registry.
        check_equal(
            Iban,
            "GB29NWBK60161331926819",
            &["GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819", "IBAN GB29 NWBK 6016 1331 9268 19"],
        );
        check_equal(Iban, "DE89370400440532013000", &["DE89 3704 0044 0532 0130 00", "ＤＥ89370400440532013000"]);
        check_wrong(
            Iban,
            &["", "GB", "GB28NWBK60161331926819", "GB29NWBK6016133192681", "29GBNWBK60161331926819", "IBAN"],
        );
    }
}
