//! Vehicle plates of mainland China (`cn.plate`, GA 36): province character, letter, five characters (six on new-energy
//! plates), letters without I and O; the last may be one of 挂学警港澳领试超.
//!
//! Not read: plates of the armed forces and the old plates of embassies (使), which have another form.

use super::characters::Short;

const EXPECTED: &str = "a vehicle plate of mainland China";
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
const KINDS: &str = "挂学警港澳领试超";

/// Province character, capitals and digits, without separators.
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if std::str::from_utf8(cell).is_ok_and(is_plate) {
        out.extend_from_slice(cell);
        return Ok(());
    }
    let separators = [' ', '-', '.', '\u{B7}', '\u{2022}', '\u{2027}', '\u{2219}', '\u{22C5}', '\u{30FB}', '\u{FF65}'];
    let mut short = Short::read(cell, &separators).ok_or(EXPECTED)?;
    short.bytes_mut().make_ascii_uppercase();
    if !is_plate(short.text()) {
        return Err(EXPECTED);
    }
    out.extend_from_slice(short.bytes());
    Ok(())
}

fn is_plate(text: &str) -> bool {
    let mut characters = text.chars();
    let (Some(province), Some(office)) = (characters.next(), characters.next()) else { return false };
    let rest = characters.as_str();
    let (serial, kind) = match rest.chars().next_back() {
        Some(last) if KINDS.contains(last) => (&rest[..rest.len() - last.len_utf8()], 1),
        _ => (rest, 0),
    };
    let usual = |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && byte != b'I' && byte != b'O');
    PROVINCES.contains(province)
        && office.is_ascii_uppercase()
        && office != 'I'
        && matches!(serial.len() + kind, 5 | 6)
        && serial.bytes().all(usual)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use crate::domain::SemanticType::Plate;

    #[test]
    fn spellings_of_one_plate_are_equal() {
        let spellings = [
            "京A12345",
            "京a12345",
            "京A·12345",
            "京A•12345",
            "京A.12345",
            "京A-12345",
            "京 A 12345",
            "京Ａ１２３４５",
            "京A・12345",
        ];
        check_equal(Plate, "京A12345", &spellings);
        check_equal(Plate, "粤BD12345", &["粤B·D12345", "粤bd12345"]);
        check_equal(Plate, "粤Z1234港", &["粤Z·1234港", "粤z 1234 港"]);
    }

    #[test]
    fn near_misses_are_refused_or_differ() {
        assert_ne!(canonical(Plate, "京A12345"), canonical(Plate, "津A12345"));
        check_wrong(
            Plate,
            &[
                "",
                "京",
                "京A",
                "京A1234",
                "京A1234567",
                "京I12345",
                "京A1234I",
                "京A1234O",
                "A12345",
                "東A12345",
                "京112345",
                "京A12港34",
            ],
        );
    }
}
