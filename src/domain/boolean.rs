//! Booleans: `true` and `false` from the words that files use for them.

use super::characters::Short;

const EXPECTED: &str = "a truth value, as true, false, 1, 0, yes, no, 是, 否";

/// `true` or `false`.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut short = Short::read(cell, &[]).ok_or(EXPECTED)?;
    short.bytes_mut().make_ascii_lowercase();
    out.extend_from_slice(match short.text() {
        "true" | "t" | "1" | "yes" | "y" | "是" => b"true",
        "false" | "f" | "0" | "no" | "n" | "否" => b"false",
        _ => return Err(EXPECTED),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_equal, check_wrong};
    use crate::domain::SemanticType::Boolean;

    #[test]
    fn words_for_true_and_false() {
        check_equal(Boolean, "true", &["true", "TRUE", " True", "1", "１", "yes", "Y", "t", "是"]);
        check_equal(Boolean, "false", &["false", "FALSE", "0", "no", "N", "f", "否 "]);
        check_wrong(Boolean, &["", "2", "maybe", "10", "是否"]);
    }
}
