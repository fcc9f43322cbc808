//! Numbers of the privacy models that cannot hold a bad value.
//!
//! Responsible for: parsing once, so that nothing downstream validates again. It never reads files.

use std::num::NonZeroU32;

/// `k` of k-anonymity (Sweeney 2002): every class has at least this many members. At least 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct K(NonZeroU32);

impl K {
    /// `None` below 2: a class of one is the person itself.
    #[must_use]
    pub fn new(k: u32) -> Option<Self> {
        NonZeroU32::new(k).filter(|k| k.get() >= 2).map(Self)
    }
    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// A share between 0 and 1, held as parts of a million so that it is compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// All.
    pub const ALL: Self = Self(1_000_000);

    /// From parts of a million; `None` above one.
    #[must_use]
    pub fn from_millionths(parts: u32) -> Option<Self> {
        (parts <= 1_000_000).then_some(Self(parts))
    }
    /// From a fraction 0..=1, rounded to the nearest millionth; `None` outside or not a number.
    #[must_use]
    pub fn from_fraction(fraction: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&fraction) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million")]
        Self::from_millionths((fraction * 1e6).round() as u32)
    }
    /// Reads `2%`, `0.5 %` or `0.02`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_suffix('%') {
            Some(percent) => Self::from_fraction(percent.trim().parse::<f64>().ok()? / 100.0),
            None => Self::from_fraction(text.parse().ok()?),
        }
    }
    /// Parts of a million.
    #[must_use]
    pub fn millionths(self) -> u32 {
        self.0
    }
    /// As a fraction.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 1e6
    }
    /// `floor(share * total)`: how many of `total` the share allows (ARX's reading of a suppression limit).
    #[must_use]
    pub fn of(self, total: u64) -> u64 {
        let product = u128::from(total) * u128::from(self.0) / 1_000_000;
        u64::try_from(product).expect("a share of a u64 fits a u64")
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}%", f64::from(self.0) / 1e4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_of_one_cannot_exist() {
        assert!(K::new(0).is_none() && K::new(1).is_none());
        assert_eq!(K::new(2).map(K::get), Some(2));
    }

    #[test]
    fn shares_are_exact_and_floor() {
        assert_eq!(Share::parse("2%"), Share::from_millionths(20_000));
        assert_eq!(Share::parse("0.04"), Share::from_millionths(40_000));
        assert_eq!(Share::parse("4 %").map(|share| share.of(30_162)), Some(1_206));
        assert!(Share::parse("101%").is_none() && Share::parse("-1%").is_none() && Share::parse("nan").is_none());
        assert_eq!(Share::ALL.of(u64::MAX), u64::MAX);
        assert_eq!(Share::parse("2%").map(|share| share.to_string()), Some("2%".to_owned()));
    }
}
