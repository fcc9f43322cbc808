//! Cells as numbers, as fast as it takes to tell that nearly none of them is extreme.

use crate::value::Decimal;

/// A number, or a date as one; none for what is neither.
pub(super) fn number_of(cell: &[u8]) -> Option<f64> {
    if is_date(cell) {
        let digits: Vec<u8> = cell.iter().copied().filter(u8::is_ascii_digit).collect();
        return Decimal::parse(&digits).map(Decimal::to_f64);
    }
    Decimal::parse(cell).map(Decimal::to_f64)
}

/// Whether a cell is at most eight digits with at most one point among them.
#[inline]
pub(super) fn is_short(cell: &[u8]) -> bool {
    eight(cell).is_some()
}

fn is_date(cell: &[u8]) -> bool {
    cell.len() >= 8 && cell[4] == b'-'
}

/// By digits after the point: a range of plain numbers, as whole ones, that all lie where they were asked to lie. The nearest double grows with the
/// number, so what lies between two cells does so as doubles too.
#[derive(Default)]
pub(super) struct Between {
    ranges: [Option<(u64, u64)>; MOST_DIGITS],
}

/// Digits that 64 bits hold for sure, and some to spare.
const MOST_DIGITS: usize = 16;

impl Between {
    /// Whether a cell surely lies there.
    #[inline]
    pub(super) fn has(&self, cell: &[u8]) -> bool {
        let Some((number, scale)) = plain(cell) else { return false };
        self.ranges[scale % MOST_DIGITS].is_some_and(|(least, greatest)| least <= number && number <= greatest)
    }
    /// Takes a cell that lies there, and with it all between it and the others.
    pub(super) fn extend(&mut self, cell: &[u8]) {
        let Some((number, scale)) = plain(cell) else { return };
        let range = &mut self.ranges[scale % MOST_DIGITS];
        let (least, greatest) = range.unwrap_or((number, number));
        *range = Some((least.min(number), greatest.max(number)));
    }
}

/// A number of plain digits with at most one point, or a date: its digits as a whole number, and how many stand behind the point. None for
/// anything else, which may be a number all the same.
#[inline]
fn plain(cell: &[u8]) -> Option<(u64, usize)> {
    if let Some(number) = eight(cell) {
        return Some(number);
    }
    if is_date(cell) { digits_of(cell) } else { many(cell) }
}

/// Up to eight bytes at once: each byte is a lane of one word.
#[inline]
fn eight(cell: &[u8]) -> Option<(u64, usize)> {
    const LANES: u64 = 0x0101_0101_0101_0101;
    let length = cell.len();
    if length == 0 || length > 8 {
        return None;
    }
    let word = word_of(cell);
    let used = u64::MAX >> (64 - 8 * length);
    // digits become 0 to 9, the point 0x1e
    let lanes = (word ^ (LANES * 0x30)) & used;
    // the highest bit of every lane that is no digit: 0x76 lifts 10 to 128, and what has that bit already keeps it
    let others = ((lanes & (LANES * 0x7f)).wrapping_add(LANES * 0x76) | lanes) & (LANES * 0x80) & used;
    if others == 0 {
        return Some((decimal(lanes << (64 - 8 * length)), 0));
    }
    let point = others.trailing_zeros() / 8 * 8;
    if others & (others - 1) != 0 || lanes >> point & 0xff != 0x1e || length == 1 {
        return None;
    }
    let below = (1_u64 << point) - 1;
    let joined = (lanes & below) | (lanes >> 8 & !below);
    let scale = length - 1 - usize::try_from(point / 8).unwrap_or(0);
    Some((decimal(joined << (72 - 8 * length)), scale))
}

/// Eight digits, one in a lane, the first lowest: pairs, then fours, then all are brought together.
#[inline]
fn decimal(lanes: u64) -> u64 {
    let pairs = lanes.wrapping_mul(1 + (10 << 8)) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(1 + (100 << 16)) >> 16 & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(1 + (10_000 << 32)) >> 32
}

/// Up to eight bytes as a word, the first lowest, zeros behind.
#[inline]
fn word_of(cell: &[u8]) -> u64 {
    if let Some(all) = cell.first_chunk::<8>() {
        return u64::from_le_bytes(*all);
    }
    if let (Some(first), Some(last)) = (cell.first_chunk::<4>(), cell.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (cell.len() - 4));
    }
    cell.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// Digits and one point, up to sixteen bytes.
fn many(cell: &[u8]) -> Option<(u64, usize)> {
    if cell.len() > MOST_DIGITS {
        return None;
    }
    let (mut number, mut point) = (0_u64, None);
    for (at, byte) in cell.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let digits = cell.len() - usize::from(point.is_some());
    (digits > 0).then_some((number, point.map_or(0, |at| cell.len() - at - 1)))
}

/// All digits of a date, whatever stands between them.
fn digits_of(cell: &[u8]) -> Option<(u64, usize)> {
    let (mut number, mut digits) = (0_u64, 0);
    for byte in cell.iter().filter(|byte| byte.is_ascii_digit()) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        digits += 1;
    }
    (1..=MOST_DIGITS).contains(&digits).then_some((number, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_plain_number_is_the_exact_one(text in "[0-9]{0,10}[.]?[0-9]{0,10}|[-+.0-9e :T]{0,20}|[0-9]{4}-[0-9]{2}-[0-9T:.]{2,12}") {
            let cell = text.as_bytes();
            if let Some((number, scale)) = plain(cell) {
                let exact = Decimal::new(i128::from(number), u8::try_from(scale).unwrap()).unwrap();
                proptest::prop_assert_eq!(number_of(cell), Some(exact.to_f64()));
            } else if !is_date(cell) && (1..=MOST_DIGITS).contains(&cell.len()) {
                let others = cell.iter().filter(|byte| !byte.is_ascii_digit()).count();
                proptest::prop_assert!(others == cell.len() || others > 1 || (others == 1 && !cell.contains(&b'.')));
            }
        }

        #[test]
        fn what_lies_between_two_cells_does_so_as_doubles(texts in proptest::collection::vec("[0-9]{1,3}[.][0-9]{0,2}|[0-9]{1,14}|[0-9.]{15,16}", 3)) {
            let numbers: Vec<Option<f64>> = texts.iter().map(|text| number_of(text.as_bytes())).collect();
            let mut between = Between::default();
            between.extend(texts[0].as_bytes());
            between.extend(texts[1].as_bytes());
            if between.has(texts[2].as_bytes()) {
                let known = numbers[..2].iter().flatten().copied();
                let (least, greatest) = known.fold((f64::MAX, f64::MIN), |(least, greatest), one| (least.min(one), greatest.max(one)));
                proptest::prop_assert!((least..=greatest).contains(&numbers[2].unwrap()));
            }
        }
    }

    #[test]
    fn short_forms_are_read_in_one_word() {
        for (text, read) in [
            ("0", Some((0, 0))),
            ("1945.30", Some((194_530, 2))),
            (".5", Some((5, 1))),
            ("5.", Some((5, 0))),
            ("12345678", Some((12_345_678, 0))),
        ] {
            assert_eq!(eight(text.as_bytes()), read, "{text}");
        }
        for text in ["", ".", "-1", "1.2.3", "1e3", "1,0", " 1", "123456789", "\u{661}"] {
            assert_eq!(eight(text.as_bytes()), None, "{text}");
        }
    }
}
