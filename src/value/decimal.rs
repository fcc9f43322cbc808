//! Exact decimal numbers: what a CSV cell says, not the nearest double.

/// `mantissa / 10^scale`; scale 0 to 30. Equality is of the written form: compare numbers with [`Decimal::compare`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// The largest scale that is read.
pub const MOST_SCALE: u8 = 30;

impl Decimal {
    /// From its parts; `None` above the largest scale.
    #[must_use]
    pub fn new(mantissa: i128, scale: u8) -> Option<Self> {
        (scale <= MOST_SCALE).then_some(Self { mantissa, scale })
    }
    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self { mantissa: i128::from(number), scale: 0 }
    }
    /// The mantissa.
    #[must_use]
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }
    /// Digits after the point.
    #[must_use]
    pub fn scale(self) -> u8 {
        self.scale
    }
    /// Reads `-12`, `+3.40`, `.5`, `1e3`, spaces around; no thousands separators. `None` where it does not fit exactly.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::parse_plain(text).or_else(|| Self::parse_any(text))
    }
    /// Up to eighteen digits with at most one point, which is what nearly all numbers are: 64 bits suffice.
    #[inline]
    fn parse_plain(text: &[u8]) -> Option<Self> {
        if text.len() > 18 {
            return None;
        }
        let (mut mantissa, mut point) = (0_i64, None);
        for (at, byte) in text.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(i64::from(digit));
            } else if *byte == b'.' && point.is_none() {
                point = Some(at);
            } else {
                return None;
            }
        }
        let digits = text.len() - usize::from(point.is_some());
        let scale = point.map_or(0, |at| text.len() - at - 1);
        (digits > 0).then_some(Self { mantissa: i128::from(mantissa), scale: u8::try_from(scale).ok()? })
    }
    fn parse_any(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let (negative, rest) = match text.first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (digits, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => (&rest[..at], std::str::from_utf8(&rest[at + 1..]).ok()?.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (mut mantissa, mut scale, mut point, mut any) = (0_i128, 0_i32, false, false);
        for byte in digits {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                    scale += i32::from(point);
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        // no exponent beyond this can fit, and none may make the loop below long
        if !any || exponent.unsigned_abs() > 100 {
            return None;
        }
        scale = scale.checked_sub(exponent)?;
        while scale < 0 {
            mantissa = mantissa.checked_mul(10)?;
            scale += 1;
        }
        Self::new(if negative { -mantissa } else { mantissa }, u8::try_from(scale).ok()?)
    }
    /// Appends the number as it is read back: no exponent, all digits of the scale; zero has no sign.
    pub fn write(self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        if self.mantissa < 0 {
            out.push(b'-');
        }
        let power = 10_u128.pow(u32::from(self.scale));
        let (whole, fraction) = (self.mantissa.unsigned_abs() / power, self.mantissa.unsigned_abs() % power);
        let infallible = "writing to a vector cannot fail";
        write!(out, "{whole}").expect(infallible);
        if self.scale > 0 {
            write!(out, ".{fraction:0width$}", width = usize::from(self.scale)).expect(infallible);
        }
    }
    /// The same number with another scale; `None` where digits would be lost or it does not fit.
    #[must_use]
    pub fn rescaled(self, scale: u8) -> Option<Self> {
        if scale >= self.scale {
            let factor = 10_i128.checked_pow(u32::from(scale - self.scale))?;
            return Self::new(self.mantissa.checked_mul(factor)?, scale);
        }
        let factor = 10_i128.checked_pow(u32::from(self.scale - scale))?;
        (self.mantissa % factor == 0).then(|| Self { mantissa: self.mantissa / factor, scale })
    }
    /// Without trailing zeros after the point: one form for equal numbers.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }
    /// Order of the numbers.
    #[must_use]
    pub fn compare(self, other: Self) -> std::cmp::Ordering {
        let scale = self.scale.max(other.scale);
        match (self.rescaled(scale), other.rescaled(scale)) {
            (Some(left), Some(right)) => left.mantissa.cmp(&right.mantissa),
            // Too large to bring to one scale: the whole parts differ by far.
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
    /// The nearest double.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
    pub fn to_f64(self) -> f64 {
        // both are exact as doubles, so the quotient is rounded once (Clinger 1990)
        const EXACT: i64 = 1 << 53;
        if let Ok(mantissa) = i64::try_from(self.mantissa)
            && self.scale <= 22
            && (-EXACT..=EXACT).contains(&mantissa)
        {
            return mantissa as f64 / POWERS[usize::from(self.scale)];
        }
        self.nearest()
    }
    /// The nearest double, by way of its text.
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
    fn nearest(self) -> f64 {
        let mut text = Vec::new();
        self.write(&mut text);
        std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()).unwrap_or(self.mantissa as f64)
    }
}

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn short_ways_give_what_long_ways_give(text in "[0-9]{0,20}[.]?[0-9]{0,20}|[-+.0-9e ]{0,6}", mantissa: i64, scale in 0_u8..=30) {
            let (short, long) = (Decimal::parse(text.as_bytes()), Decimal::parse_any(text.as_bytes()));
            proptest::prop_assert!(short == long);
            for mantissa in [i128::from(mantissa), i128::from(mantissa >> 11), i128::from(mantissa % 1000)] {
                let number = Decimal::new(mantissa, scale).unwrap();
                proptest::prop_assert_eq!(number.to_f64(), number.nearest());
            }
        }
    }

    fn round_trip(text: &str) -> Option<String> {
        let mut out = Vec::new();
        Decimal::parse(text.as_bytes())?.write(&mut out);
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn cells_keep_their_digits() {
        for text in ["1945.30", "0", "-0.05", "100000000000000000.10"] {
            assert_eq!(round_trip(text).as_deref(), Some(text));
        }
        assert_eq!(round_trip("+.5").as_deref(), Some("0.5"));
        assert_eq!(round_trip("-0.00").as_deref(), Some("0.00"));
        assert_eq!(round_trip("1.5e3").as_deref(), Some("1500"));
        assert_eq!(round_trip("12e-1").as_deref(), Some("1.2"));
        for wrong in ["", "-", ".", "1,000", "1.2.3", "0x1", "NaN", "1e999", "1e", "0e2000000000"] {
            assert_eq!(round_trip(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn order_is_of_the_numbers() {
        let number = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        assert!(number("1.50").compare(number("1.5")).is_eq());
        assert!(number("-2").compare(number("1e-30")).is_lt());
        assert!(number("9".repeat(38).as_str()).compare(number("0.000000000000000000000000000001")).is_gt());
        assert!(number("1.50").normalized() == number("1.5"));
    }
}
