//! What values look like, so that most of what cannot be one of them is told at once and surely.
//!
//! Values of many rows do not fit in memory, but their looks do: by length and kind of the first and last byte, which bytes stand at
//! three places, and which of some thousand parts of all marks occur. A value that was taken always fits; one that does not
//! fit was not taken. It is a Bloom filter (Bloom 1970) whose first hash is the look.

use super::Marker;
use crate::value::Text;

/// Looks of values. It tells no value.
#[derive(Clone, Default)]
pub struct Shapes {
    /// By [`key`]: the place of the look, and one more; zero where there is none, [`OPEN`] where any value fits. Empty as long as nothing
    /// was taken.
    places: Vec<u16>,
    looks: Vec<Look>,
}

/// One more than the greatest key.
const KEYS: usize = 1 << 12;

/// Any value of this key fits: of numbers of which so many were taken that every part of the marks has occurred, because the digits of
/// numbers tell nothing then.
const OPEN: u16 = u16::MAX;

/// Parts of the marks.
const PARTS: usize = 1 << 13;

/// Of all values of a length and of certain first and last bytes.
#[derive(Clone)]
struct Look {
    /// For each byte whether it stands second, in the middle, and second to last, as bits: one small table, because it is asked far more
    /// often than there are looks.
    bytes: [u8; 256],
    /// Parts that did not occur yet.
    missing: usize,
    parts: [u64; PARTS / 64],
}

impl Shapes {
    /// Takes every cell that is not null.
    #[inline(never)]
    pub fn take_all(&mut self, cells: &Text<'_>, marker: &Marker) {
        for cell in cells.iter().flatten() {
            self.take(cell, || marker.mark(cell));
        }
    }
    /// Takes a value; `mark` gives its mark, and is asked as long as it tells anything: where many values look alike, all parts
    /// have occurred soon.
    #[inline]
    pub fn take(&mut self, value: &[u8], mark: impl FnOnce() -> u64) {
        let key = key(value);
        let look = match self.places.get(usize::from(key)) {
            Some(&OPEN) => return,
            Some(place @ 1..) => &mut self.looks[usize::from(*place) - 1],
            _ => self.look(key),
        };
        let three = three(value);
        // nearly all were seen: nothing is written
        if !look.has_seen(three) {
            look.see(three);
        }
        if look.missing > 0 {
            let (part, bit) = part(mark());
            if look.parts[part] & bit == 0 {
                look.parts[part] |= bit;
                look.missing -= 1;
                if look.missing == 0 && is_number(key) {
                    self.places[usize::from(key)] = OPEN;
                }
            }
        }
    }
    #[cold]
    fn look(&mut self, key: u16) -> &mut Look {
        self.places.resize(KEYS, 0);
        let place = &mut self.places[usize::from(key)];
        if *place == 0 {
            self.looks.push(Look::NONE);
            *place = u16::try_from(self.looks.len()).expect("no more looks than keys");
        }
        &mut self.looks[usize::from(*place) - 1]
    }
    /// Whether a value may be one that was taken.
    #[must_use]
    #[inline]
    pub fn fits(&self, value: &[u8], mark: u64) -> bool {
        let Some(place @ 1..) = self.places.get(usize::from(key(value))) else { return false };
        if *place == OPEN {
            return true;
        }
        let look = &self.looks[usize::from(*place) - 1];
        let (part, bit) = part(mark);
        look.parts[part] & bit != 0 && look.has_seen(three(value))
    }
    /// Takes in what another worker took.
    pub fn absorb(&mut self, other: Self) {
        for (key, place) in (0..).zip(other.places) {
            if place == 0 || self.places.get(usize::from(key)) == Some(&OPEN) {
                continue;
            }
            let look = self.look(key);
            if place == OPEN {
                self.places[usize::from(key)] = OPEN;
                continue;
            }
            let other = &other.looks[usize::from(place) - 1];
            for (bits, more) in look.parts.iter_mut().zip(&other.parts) {
                *bits |= more;
            }
            for (seen, more) in look.bytes.iter_mut().zip(&other.bytes) {
                *seen |= more;
            }
            look.missing = look.parts.iter().map(|parts| parts.count_zeros() as usize).sum();
            if look.missing == 0 && is_number(key) {
                self.places[usize::from(key)] = OPEN;
            }
        }
    }
}

impl Look {
    const NONE: Self = Self { bytes: [0; 256], missing: PARTS, parts: [0; PARTS / 64] };

    #[inline]
    fn has_seen(&self, three: [u8; 3]) -> bool {
        let [second, middle, before_last] = three.map(|byte| self.bytes[usize::from(byte)]);
        second & middle >> 1 & before_last >> 2 & 1 == 1
    }
    #[cold]
    fn see(&mut self, three: [u8; 3]) {
        for (bit, byte) in three.into_iter().enumerate() {
            self.bytes[usize::from(byte)] |= 1 << bit;
        }
    }
}

/// Kinds of bytes at the ends.
const KINDS: [u8; 256] = {
    let mut kinds = [3; 256];
    let mut byte = 0_u8;
    loop {
        if !byte.is_ascii() {
            kinds[byte as usize] = 2;
        } else if byte.is_ascii_digit() {
            kinds[byte as usize] = 0;
        } else if byte.is_ascii_alphabetic() {
            kinds[byte as usize] = 1;
        }
        if byte == u8::MAX {
            break kinds;
        }
        byte += 1;
    }
};

/// Whether values of this key begin and end with a digit.
#[inline]
fn is_number(key: u16) -> bool {
    key.trailing_zeros() >= 4
}

/// Length, and kinds of the first and last byte.
#[inline]
fn key(value: &[u8]) -> u16 {
    let kind = |byte: Option<&u8>| byte.map_or(3, |byte| u16::from(KINDS[usize::from(*byte)]));
    let length = u16::try_from(value.len().min(0xff)).expect("eight bits");
    length << 4 | kind(value.first()) << 2 | kind(value.last())
}

/// The second byte, the one in the middle, and the second to last; zero where there is none.
#[inline]
fn three(value: &[u8]) -> [u8; 3] {
    let length = value.len();
    if length >= 2 {
        return [value[1], value[length / 2], value[length - 2]];
    }
    let at = |place: usize| value.get(place).copied().unwrap_or(0);
    [at(1), at(value.len() / 2), at(value.len().wrapping_sub(2))]
}

#[inline]
fn part(mark: u64) -> (usize, u64) {
    let part = mark >> (64 - PARTS.trailing_zeros());
    (usize::try_from(part / 64).unwrap_or(0), 1 << (part % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_fits_and_what_looks_otherwise_does_not() {
        let marker = Marker::new(5);
        let values = ["13800138000", "张三丰", "wang@example.com", "x", ""];
        let (mut one, mut other) = (Shapes::default(), Shapes::default());
        for (at, value) in values.iter().enumerate() {
            [&mut one, &mut other][at % 2].take(value.as_bytes(), || marker.mark(value.as_bytes()));
        }
        one.absorb(other);
        let fits = |value: &str| one.fits(value.as_bytes(), marker.mark(value.as_bytes()));
        assert!(values.iter().all(|value| fits(value)));
        for value in ["1380013800", "138****8000", "张三", "w***@example.com", "100000.00", "y"] {
            assert!(!fits(value), "{value}");
        }
    }

    #[test]
    fn where_every_part_has_occurred_no_mark_is_asked_for() {
        let marker = Marker::new(5);
        let (mut shapes, mut asked) = (Shapes::default(), 0);
        for number in 0..200_000 {
            let value = format!("{number:08}");
            shapes.take(value.as_bytes(), || {
                asked += 1;
                marker.mark(value.as_bytes())
            });
        }
        // the last of 8192 parts is met after 8192 ln(8192) values, about
        assert!((8192..150_000).contains(&asked), "{asked}");
        assert!((0..200_000).all(|number| shapes.fits(format!("{number:08}").as_bytes(), 7 * number)));
        let mut other = Shapes::default();
        other.absorb(shapes);
        other.take(b"00000000", || unreachable!("nothing is missing"));
    }

    #[test]
    fn of_many_numbers_every_one_fits_and_that_does_not_hang_on_who_took_which() {
        let marker = Marker::new(5);
        let taken = |from: u32, to: u32| {
            let mut shapes = Shapes::default();
            (from..to)
                .map(|number| format!("{number:08}"))
                .for_each(|value| shapes.take(value.as_bytes(), || marker.mark(value.as_bytes())));
            shapes
        };
        let fits = |shapes: &Shapes, value: &str| shapes.fits(value.as_bytes(), marker.mark(value.as_bytes()));
        // half of them leave some of 8192 parts out, all of them none
        for (middle, odd) in [(60_000, true), (10, true), (119_990, true), (0, true)] {
            let mut shapes = taken(0, middle);
            shapes.absorb(taken(middle, 120_000));
            assert_eq!(
                (fits(&shapes, "1234-678"), fits(&shapes, "1234-67x"), fits(&shapes, "123456789")),
                (odd, false, false)
            );
        }
        assert!(!fits(&taken(0, 20_000), "1234-678"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_was_taken_is_ever_told_not_to_fit(values in proptest::collection::vec(".{0,12}", 0..40)) {
            let marker = Marker::new(5);
            let mut shapes = Shapes::default();
            values.iter().for_each(|value| shapes.take(value.as_bytes(), || marker.mark(value.as_bytes())));
            for value in &values {
                proptest::prop_assert!(shapes.fits(value.as_bytes(), marker.mark(value.as_bytes())));
            }
        }
    }
}
