//! Writes numbers in a fixed number of digits, without the standard formatter.

/// Appends the last `N` digits, with leading zeros.
#[inline]
pub(super) fn write_fixed<const N: usize>(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&fixed::<N>(number));
}

/// The last `N` digits, with leading zeros.
#[inline]
pub(super) fn fixed<const N: usize>(mut number: usize) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789"[number % 10];
        number /= 10;
    }
    digits
}

/// Appends a number without leading zeros.
#[inline]
pub(super) fn write(number: usize, out: &mut Vec<u8>) {
    let digits = fixed::<20>(number);
    let zeros = digits[..19].iter().take_while(|digit| **digit == b'0').count();
    out.extend_from_slice(&digits[zeros..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_formatter() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, 99_999_999, usize::MAX] {
            let mut out = Vec::new();
            write(number, &mut out);
            assert_eq!(out, number.to_string().into_bytes());
        }
        assert_eq!(&fixed::<4>(7), b"0007");
        assert_eq!(&fixed::<2>(1234), b"34");
    }
}
