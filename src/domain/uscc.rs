//! Unified social credit codes (`cn.uscc`, GB 32100): 18 characters, the last a check character modulo 31.
//!
//! Authority and kind (2), region (6 digits), organization code (9), check character. The letters I, O, S, V and Z are
//! not used. Sole traders have them too, so a code can name a person.

use super::characters::{Short, all_digits};
use super::check_digit::uscc_character;

const EXPECTED: &str = "a unified social credit code";

/// The 18 characters in capitals.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_valid(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    let mut short = Short::read(cell, &[' ', '-']).ok_or(EXPECTED)?;
    short.bytes_mut().make_ascii_uppercase();
    if !is_valid(short.bytes()) {
        return Err(EXPECTED);
    }
    out.extend_from_slice(short.bytes());
    Ok(())
}

fn is_valid(code: &[u8]) -> bool {
    let Ok(code) = <&[u8; 18]>::try_from(code) else { return false };
    let first = code.first_chunk().expect("17 of 18");
    all_digits(&code[2..8]) && uscc_character(first) == Some(code[17])
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_equal, check_wrong};
    use crate::domain::SemanticType::Uscc;

    #[test]
    fn spellings_of_one_code_are_equal() {
        let spellings = [
            "91350100M000100Y43",
            "91350100m000100y43",
            "91350100 M000100Y4 3",
            "９１３５０１００Ｍ０００１００Ｙ４３",
            " 91-350100-M000100Y4-3",
        ];
        check_equal(Uscc, "91350100M000100Y43", &spellings);
    }

    #[test]
    fn wrong_codes_are_refused() {
        check_wrong(
            Uscc,
            &[
                "",
                "91350100M000100Y4",
                "91350100M000100Y44",
                "91350100MO00100Y43",
                "91350100M000100Y433",
                "M1350100M000100Y43",
                "9135010OM000100Y43",
            ],
        );
    }
}
