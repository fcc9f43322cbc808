//! Postcodes of China (`cn.postcode`): six digits. A lost leading zero is not guessed.

use super::characters::{Short, all_digits};

const EXPECTED: &str = "a postcode of six digits";

/// The six digits.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_postcode(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    let short = Short::read(cell, &[' ', '-']).ok_or(EXPECTED)?;
    if !is_postcode(short.bytes()) {
        return Err(EXPECTED);
    }
    out.extend_from_slice(short.bytes());
    Ok(())
}

fn is_postcode(cell: &[u8]) -> bool {
    cell.len() == 6 && all_digits(cell)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use crate::domain::SemanticType::Postcode;

    #[test]
    fn six_digits() {
        check_equal(Postcode, "010020", &["010020", "０１００２０", " 010 020", "010-020"]);
        assert_ne!(canonical(Postcode, "010020"), canonical(Postcode, "010021"));
        check_wrong(Postcode, &["", "10020", "0100200", "01002O"]);
    }
}
