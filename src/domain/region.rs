//! Region codes (`cn.region`, GB/T 2260): two digits each for province, prefecture and county; `00` where it ends early.

use super::characters::{Short, all_digits};

const EXPECTED: &str = "a region code of six digits (GB/T 2260)";

/// The six digits; the province must exist, and a county needs a prefecture.
#[inline]
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_region(cell) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    let short = Short::read(cell, &[' ']).ok_or(EXPECTED)?;
    if !is_region(short.bytes()) {
        return Err(EXPECTED);
    }
    out.extend_from_slice(short.bytes());
    Ok(())
}

/// Whether two digits are a province, a municipality, an autonomous or a special administrative region, or Taiwan
/// (71, on residence permits 83).
#[must_use]
#[inline]
pub fn is_province(code: u32) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

fn is_region(code: &[u8]) -> bool {
    if code.len() != 6 || !all_digits(code) {
        return false;
    }
    let province = u32::from(code[0] - b'0') * 10 + u32::from(code[1] - b'0');
    is_province(province) && (&code[2..4] != b"00" || &code[4..] == b"00")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_equal, check_wrong};
    use super::is_province;
    use crate::domain::SemanticType::Region;

    #[test]
    fn provinces_prefectures_and_counties() {
        for code in ["110000", "110100", "110105", "469001", "810000"] {
            check_equal(Region, code, &[code, &format!(" {code}\u{3000}")]);
        }
        check_equal(Region, "110105", &["１１０１０５", "110 105"]);
        check_wrong(Region, &["", "11", "1101050", "110005", "160000", "990000", "11010X", "000000"]);
    }

    #[test]
    fn there_are_35_first_pairs() {
        // 34 of GB/T 2260 and the 83 of residence permits.
        assert_eq!((0..100).filter(|code| is_province(*code)).count(), 35);
    }
}
