//! Check digits: Luhn (ISO/IEC 7812-1), MOD 11-2 and MOD 97-10 (ISO 7064), MOD 31 (GB 32100).
//!
//! Given: the bytes of an identifier. Answers whether they check, or what would make them check. A byte that the scheme
//! does not know never checks. None of these adds a bit of uncertainty: they are functions of the other digits.

/// Whether a row of ASCII digits ends in its Luhn digit.
#[must_use]
pub fn luhn_holds(digits: &[u8]) -> bool {
    match digits.split_last() {
        Some((last, rest)) if !rest.is_empty() => luhn_digit(rest) == Some(*last),
        _ => false,
    }
}

/// The Luhn digit that follows these digits; `None` where one is no digit.
#[must_use]
pub fn luhn_digit(digits: &[u8]) -> Option<u8> {
    let mut sum = 0_u32;
    for (place, byte) in digits.iter().rev().enumerate() {
        let digit = decimal_digit(*byte)?;
        let weighted = if place % 2 == 0 { digit * 2 } else { digit };
        sum = (sum + weighted / 10 + weighted % 10) % 10;
    }
    Some(ascii_digit((10 - sum) % 10))
}

/// The ISO 7064 MOD 11-2 character of the first seventeen digits of a resident ID (GB 11643), `0` to `9` or `X`.
#[must_use]
#[inline]
pub fn resident_id_character(digits: &[u8; 17]) -> Option<u8> {
    Some(resident_id_parts(digits)?.0)
}

/// The same, and the digits in pairs, as numbers of 16 bits: the first four in the first word, the lowest first.
#[inline]
pub(super) fn resident_id_parts(digits: &[u8; 17]) -> Option<(u8, [u64; 2])> {
    let (eights, [last]) = digits.as_chunks::<8>() else { return None };
    let last = u64::from(last ^ b'0');
    let mut sum = last * 2;
    let mut good = last <= 9;
    let mut pairs = [0; 2];
    // in the order of the digits: 7, 9, 10, 5, 8, 4, 2, 1, then 6, 3, 7, 9, 10, 5, 8, 4, then 2
    let weights = [[[7, 10, 8, 2], [9, 5, 4, 1]], [[6, 7, 10, 8], [3, 9, 5, 4]]];
    for ((eight, weights), pairs) in eights.iter().zip(weights).zip(&mut pairs) {
        let eight = digit_values(*eight);
        good &= eight.is_some();
        let eight = eight.unwrap_or(0);
        let (first, second) = (eight & EVEN, eight >> 8 & EVEN);
        sum += weighted(first, weights[0]) + weighted(second, weights[1]);
        *pairs = first.wrapping_mul(10).wrapping_add(second);
    }
    good.then(|| (b"10X98765432"[usize::try_from(sum % 11).unwrap_or(0)], pairs))
}

/// Every second byte of eight.
const EVEN: u64 = 0x00ff_00ff_00ff_00ff;

/// Eight digits as their values, a byte each; none where one is no digit.
#[inline]
pub(super) fn digit_values(digits: [u8; 8]) -> Option<u64> {
    const ONES: u64 = u64::MAX / 0xff;
    let values = u64::from_le_bytes(digits) ^ (ONES * 0x30);
    // a byte of ten or more reaches its highest bit; what it carries on into the next is then of no matter
    let beyond = (values.wrapping_add(ONES * 0x76) | values) & (ONES * 0x80);
    (beyond == 0).then_some(values)
}

/// The weighted sum of four numbers of 16 bits each, of which it is the highest sixteen bits of a product: nothing is carried, because
/// digits and weights are small.
#[inline]
fn weighted(four: u64, [w0, w1, w2, w3]: [u64; 4]) -> u64 {
    four.wrapping_mul(w0 << 48 | w1 << 32 | w2 << 16 | w3) >> 48
}

/// The check character of the first seventeen characters of a unified social credit code (GB 32100).
#[must_use]
pub fn uscc_character(characters: &[u8; 17]) -> Option<u8> {
    let (mut sum, mut weight) = (0, 1);
    for byte in characters {
        sum += uscc_value(*byte)? * weight;
        weight = weight * 3 % 31;
    }
    Some(USCC_ALPHABET[(31 - sum % 31) % 31])
}

/// Whether letters and digits are 1 modulo 97 (ISO 7064 MOD 97-10, as IBAN uses it after its rotation).
#[must_use]
pub fn mod_97_holds(characters: impl Iterator<Item = u8>) -> bool {
    let mut rest = 0_u32;
    for byte in characters {
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => rest * 100 + u32::from(byte - b'A') + 10,
            _ => return false,
        } % 97;
    }
    rest == 1
}

const USCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

fn uscc_value(byte: u8) -> Option<usize> {
    USCC_ALPHABET.iter().position(|known| *known == byte)
}

fn decimal_digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

fn ascii_digit(digit: u32) -> u8 {
    b'0' + u8::try_from(digit).expect("a digit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_examples_check() {
        // GB 11643-1999, its own two examples.
        assert_eq!(resident_id_character(b"11010519491231002"), Some(b'X'));
        assert_eq!(resident_id_character(b"44052418800101001"), Some(b'4'));
        // The example that goes with GB 32100-2015.
        assert_eq!(uscc_character(b"91350100M000100Y4"), Some(b'3'));
        // Luhn: ISO/IEC 7812's usual example and the card networks' test numbers.
        for number in [&b"79927398713"[..], b"4111111111111111", b"5555555555554444", b"378282246310005"] {
            assert!(luhn_holds(number));
        }
        // IBAN Registry (SWIFT), the United Kingdom's example, rotated: GB29 NWBK 6016 1331 9268 19.
        assert!(mod_97_holds(b"NWBK60161331926819GB29".iter().copied()));
    }

    #[test]
    fn bytes_that_a_scheme_does_not_know_never_check() {
        assert_eq!(luhn_digit(b"12a"), None);
        assert!(!luhn_holds(b"0"));
        assert!(!luhn_holds(b""));
        assert_eq!(resident_id_character(b"1101051949123100X"), None);
        assert_eq!(uscc_character(b"91350100I000100Y4"), None);
        assert!(!mod_97_holds(b"NWBK-".iter().copied()));
    }

    proptest! {
        #[test]
        fn mod_11_2_is_the_iso_7064_remainder(digits in "[0-9]{17}") {
            // ISO 7064, 7.1: the whole string, check character as the last with weight 1, is 1 modulo 11.
            let array: [u8; 17] = digits.as_bytes().try_into().unwrap();
            let check = resident_id_character(&array).unwrap();
            let value = if check == b'X' { 10 } else { u32::from(check - b'0') };
            let rest = digits.bytes().fold(0, |rest, byte| (rest + u32::from(byte - b'0')) * 2 % 11);
            prop_assert_eq!((rest + value) % 11, 1);
        }

        #[test]
        fn what_is_no_digit_is_noticed_at_any_place(digits in "[0-9]{17}", place in 0_usize..17, byte in 0_u8..=255) {
            let mut array: [u8; 17] = digits.as_bytes().try_into().unwrap();
            array[place] = byte;
            prop_assert_eq!(resident_id_character(&array).is_some(), byte.is_ascii_digit());
        }

        #[test]
        fn one_wrong_digit_is_always_noticed(digits in "[0-9]{15}", place in 0_usize..15, by in 1_u8..10) {
            let mut number = digits.into_bytes();
            number.push(luhn_digit(&number).unwrap());
            prop_assert!(luhn_holds(&number));
            number[place] = b'0' + (number[place] - b'0' + by) % 10;
            prop_assert!(!luhn_holds(&number));
        }

        #[test]
        fn one_wrong_uscc_character_is_always_noticed(code in "[0-9A-HJ-NPQRTUWXY]{17}", place in 0_usize..17, by in 1_usize..31) {
            let mut array: [u8; 17] = code.as_bytes().try_into().unwrap();
            let check = uscc_character(&array);
            array[place] = USCC_ALPHABET[(uscc_value(array[place]).unwrap() + by) % 31];
            prop_assert_ne!(uscc_character(&array), check);
        }
    }
}
