//! Every operator with its parameters and an example, as `outis operators` tells them.

/// One operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorInfo {
    /// The name in a profile.
    pub name: &'static str,
    /// Class of technique in ISO/IEC 20889.
    pub iso_20889: &'static str,
    /// One line on what it does.
    pub summary: &'static str,
    /// Parameters with their meaning.
    pub parameters: &'static [(&'static str, &'static str)],
    /// A line of a profile, a cell and what becomes of it: `words: before → after`.
    pub example: &'static str,
}

/// Every operator, in the order of a profile's documentation.
#[must_use]
pub fn catalogue() -> Vec<OperatorInfo> {
    vec![
        super::keep::INFO,
        super::drop::INFO,
        super::redact::INFO,
        super::mask::INFO,
        super::token::INFO,
        super::surrogate::INFO,
        super::generalize::INFO,
        super::round::INFO,
        super::clamp::INFO,
        super::truncate::INFO,
        super::date_precision::INFO,
        super::shift_date::INFO,
        super::microaggregate::INFO,
        super::noise::INFO,
        super::shuffle::INFO,
    ]
}
