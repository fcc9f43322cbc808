//! Runs and bit-packed groups: how Parquet writes levels and places in a dictionary.

/// Decodes `count` numbers of `width` bits and gives each run to `each` as number and length. Returns how many bytes were
/// read, and the numbers, zeros left out, that only fill up the last group of eight; `None` where the bytes are broken.
pub(super) fn decode(
    bytes: &[u8],
    width: u32,
    count: u64,
    each: &mut dyn FnMut(u32, u64) -> Option<()>,
) -> Option<(usize, Vec<u32>)> {
    if width > 32 {
        return None;
    }
    let (mut at, mut left, mut filling) = (0, count, Vec::new());
    while left > 0 {
        let mut head = 0_u64;
        for place in 0.. {
            let byte = *bytes.get(at)?;
            at += 1;
            head |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
            if byte & 0x80 == 0 {
                break;
            }
            if place == 9 {
                return None;
            }
        }
        if head & 1 == 0 {
            let size = usize::try_from(width.div_ceil(8)).ok()?;
            let number = bytes.get(at..at.checked_add(size)?)?;
            let number = number.iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
            at += size;
            let run = head >> 1;
            if run == 0 || run > left || (width < 32 && number >> width != 0) {
                return None;
            }
            each(number, run)?;
            left -= run;
        } else {
            let values = (head >> 1).checked_mul(8)?;
            let size = usize::try_from((head >> 1).checked_mul(u64::from(width))?).ok()?;
            let group = bytes.get(at..at.checked_add(size)?)?;
            at += size;
            // no group is empty, and only the last may be filled up
            if values == 0 || values.saturating_sub(left) >= 8 {
                return None;
            }
            let (mut bits, mut have, mut next) = (0_u64, 0_u32, group.iter());
            let mask = (1_u64 << width) - 1;
            for place in 0..values {
                while have < width {
                    bits |= u64::from(*next.next()?) << have;
                    have += 8;
                }
                let number = u32::try_from(bits & mask).ok()?;
                bits >>= width;
                have -= width;
                if place < left {
                    each(number, 1)?;
                } else {
                    filling.extend((number != 0).then_some(number));
                }
            }
            left = left.saturating_sub(values);
        }
    }
    Some((at, filling))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(bytes: &[u8], width: u32, count: u64) -> Option<(Vec<u32>, usize, Vec<u32>)> {
        let mut out = Vec::new();
        let (read, filling) = decode(bytes, width, count, &mut |number, run| {
            out.extend(std::iter::repeat_n(number, usize::try_from(run).ok()?));
            Some(())
        })?;
        Some((out, read, filling))
    }

    #[test]
    fn runs_and_groups_are_told_apart() {
        // a run of four sevens; then the example of the format's text: 0 to 7 in three bits
        let bytes = [0x08, 7, 0x03, 0x88, 0xc6, 0xfa];
        assert_eq!(numbers(&bytes, 3, 12), Some((vec![7, 7, 7, 7, 0, 1, 2, 3, 4, 5, 6, 7], 6, vec![])));
        // two of the group do not count, and are not zero
        assert_eq!(numbers(&bytes, 3, 10), Some((vec![7, 7, 7, 7, 0, 1, 2, 3, 4, 5], 6, vec![6, 7])));
    }

    #[test]
    fn broken_bytes_are_refused() {
        assert_eq!(numbers(&[0x08], 3, 4), None);
        assert_eq!(numbers(&[0x08, 9], 3, 4), None, "a number wider than its bits");
        assert_eq!(numbers(&[0x10, 1], 3, 4), None, "a run beyond the count");
        assert_eq!(numbers(&[0x05, 0, 0], 1, 4), None, "a whole group too many");
        proptest::proptest!(|(bytes in proptest::collection::vec(0_u8.., 0..60), width in 0_u32..40, count in 0_u64..99)| {
            let _ = numbers(&bytes, width, count);
        });
    }
}
