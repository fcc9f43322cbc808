//! Operators and hierarchies as the user names them; parameters typed and in range.

use crate::value::Decimal;
use std::collections::BTreeMap;

/// What happens to a column's cells.
#[derive(Clone, PartialEq)]
pub enum OperatorSpec {
    /// `"keep"`
    Keep,
    /// `"drop"`: the column does not leave.
    Drop,
    /// `{ redact = { with = "***" } }`, or `"redact"`: every value becomes one constant.
    Redact {
        /// The constant.
        with: String,
    },
    /// `{ mask = { keep_first = 3, keep_last = 4, with = "*" } }`
    Mask {
        /// Characters kept at the start.
        keep_first: usize,
        /// Characters kept at the end.
        keep_last: usize,
        /// From the last occurrence of this text on all is kept, as `"@"` for the domain of an address.
        keep_from: Option<String>,
        /// The masking character.
        with: char,
        /// Always so many masking characters, so that the length tells nothing; `None` masks one for one.
        length: Option<usize>,
    },
    /// `{ token = { domain = "person" } }`: keyed pseudonym, equal for equal canonical values of the domain.
    Token {
        /// Values of one domain share tokens.
        domain: String,
        /// Length in bits: 128 to 256; 64 to 127 only with the run-time uniqueness check.
        bits: u16,
        /// How the bits are written.
        encoding: Encoding,
    },
    /// `"surrogate"`: a fresh random name for each row, linked to nothing.
    Surrogate {
        /// Length in bits.
        bits: u16,
        /// How the bits are written.
        encoding: Encoding,
    },
    /// `{ round = { step = 100 } }`: to the nearest multiple, halves away from zero.
    Round {
        /// The grid; above zero.
        step: Decimal,
    },
    /// `{ clamp = { low = 0, high = 90 } }`: bottom and top coding.
    Clamp {
        /// Values below become this.
        low: Option<Decimal>,
        /// Values above become this.
        high: Option<Decimal>,
    },
    /// `{ truncate = { characters = 3 } }`
    Truncate {
        /// Characters kept.
        characters: usize,
    },
    /// `{ date = "year" }`: precision of a date.
    DatePrecision {
        /// What remains.
        step: DateStep,
    },
    /// `{ shift_date = { days = 365 } }`: all dates of a person move by one keyed number of days within ± `days`.
    ShiftDate {
        /// Largest move; at least 1.
        days: u32,
    },
    /// `{ microaggregate = { k = 5, step = 10 } }`: the centre of a group of near numbers.
    Microaggregate {
        /// Rows of the smallest group; at least 2.
        k: u64,
        /// The result is rounded to this grid; above zero.
        step: Decimal,
        /// What stands for a group.
        with: CentreName,
        /// Columns of one name are put into groups together.
        group: Option<String>,
    },
    /// `{ noise = { laplace = 5.0, step = 1 } }`
    Noise {
        /// Distribution and its scale.
        noise: NoiseSpec,
        /// The result is rounded to this grid; above zero.
        step: Decimal,
        /// Results below become this.
        low: Option<Decimal>,
        /// Results above become this.
        high: Option<Decimal>,
    },
    /// `"shuffle"`: the column's values are permuted among the rows.
    Shuffle,
}

/// Additive noise.
#[derive(Clone, Copy, PartialEq)]
pub enum NoiseSpec {
    /// Laplace with this scale b (standard deviation b·√2).
    Laplace(f64),
    /// Gaussian with this standard deviation.
    Gaussian(f64),
}

/// What stands for a group of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CentreName {
    /// The arithmetic mean.
    Mean,
    /// The middle member.
    Median,
}

impl CentreName {
    /// Every centre with its name.
    pub const ALL: &'static [(&'static str, Self)] = &[("mean", Self::Mean), ("median", Self::Median)];
}

/// A step of a region code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegionName {
    /// `"city"`: 110100
    City,
    /// `"province"`: 北京市
    Province,
    /// `"part"`: 华北
    Part,
}

impl RegionName {
    /// Every step with its name.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("city", Self::City), ("province", Self::Province), ("part", Self::Part)];
}

/// How bits are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// RFC 4648 base32, lower case, without padding.
    Base32,
    /// RFC 4648 base64url, without padding.
    Base64Url,
}

/// A step of a date ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateStep {
    /// `"day"`: 1984-03-09 (drops a time)
    Day,
    /// `"week"`: the Monday of the week, 1984-03-05
    Week,
    /// `"month"`: 1984-03
    Month,
    /// `"quarter"`: 1984-Q1
    Quarter,
    /// `"year"`: 1984
    Year,
    /// `"5-years"`: 1980-1984; a multiple of the number starts a span
    Years(u32),
}

/// A generalization hierarchy: level 0 is the raw value, then one level per step, then `*`.
#[derive(Clone, PartialEq)]
pub enum HierarchySpec {
    /// `{ interval = { steps = [5, 10, 20], origin = 0, low = 15, high = 90 } }`: `[20, 25)`; each step a multiple of the one before.
    Interval {
        /// Widths from fine to coarse; above zero.
        steps: Vec<Decimal>,
        /// A boundary of every width.
        origin: Decimal,
        /// Everything below is one group, `<15`.
        low: Option<Decimal>,
        /// Everything from here on is one group, `>=90`.
        high: Option<Decimal>,
    },
    /// `{ prefix = [4, 3, 2] }`: characters kept, from many to few; the rest becomes `*`, one for one.
    Prefix {
        /// Characters kept at each level, falling.
        lengths: Vec<usize>,
    },
    /// `{ suffix = [4, 2] }`: characters kept at the end, from many to few; the rest becomes `*`, one for one.
    Suffix {
        /// Characters kept at each level, falling.
        lengths: Vec<usize>,
    },
    /// `{ region = ["city", "province", "part"] }`: of a Chinese region code (GB/T 2260).
    Region {
        /// Steps from fine to coarse.
        steps: Vec<RegionName>,
    },
    /// `{ frequency = { order = ["a", "b"], keep = [2, 1], other = "other" } }`: the most frequent values stay.
    Frequency {
        /// Values from the most frequent on.
        order: Vec<String>,
        /// How many of them each level keeps, falling.
        keep: Vec<usize>,
        /// What the others become.
        other: String,
    },
    /// `{ date = ["month", "year", "5-years"] }`
    Date {
        /// Steps from fine to coarse.
        steps: Vec<DateStep>,
    },
    /// `{ categories = { flu = "respiratory", asthma = "respiratory" } }`: one level.
    Categories {
        /// Raw value to group.
        groups: BTreeMap<String, String>,
        /// Group of a value that is not named; `None` makes such a value an error.
        other: Option<String>,
    },
    /// `{ tree = "education.csv" }`: one line per raw value, its ancestors from fine to coarse behind it.
    Tree {
        /// File, relative to the profile.
        file: String,
        /// Field separator of the file.
        separator: u8,
    },
}

impl Encoding {
    /// Every encoding with its name.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("hex", Self::Hex), ("base32", Self::Base32), ("base64url", Self::Base64Url)];
    /// The name in profiles and plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base32 => "base32",
            Self::Base64Url => "base64url",
        }
    }
}

impl DateStep {
    /// Reads `day`, `week`, `month`, `quarter`, `year` or `N-years` with N of 2 to 1000.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => {
                let years = text.strip_suffix("-years")?.parse().ok()?;
                if !(2..=1000).contains(&years) {
                    return None;
                }
                Self::Years(years)
            }
        })
    }
    /// The name in profiles and plans.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Day => "day".into(),
            Self::Week => "week".into(),
            Self::Month => "month".into(),
            Self::Quarter => "quarter".into(),
            Self::Year => "year".into(),
            Self::Years(years) => format!("{years}-years"),
        }
    }
    /// Whether every group of `self` lies inside one group of `coarser`.
    #[must_use]
    pub fn refines(self, coarser: Self) -> bool {
        let months = |step| match step {
            Self::Day => Some(0),
            Self::Week => None,
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
            Self::Years(years) => Some(12 * years),
        };
        match (months(self), months(coarser)) {
            (Some(0), _) | (None, None) => true,
            (Some(fine), Some(coarse)) => coarse >= fine && coarse % fine == 0,
            (None, Some(_)) | (Some(_), None) => false,
        }
    }
}

impl OperatorSpec {
    /// The name in profiles, plans and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Redact { .. } => "redact",
            Self::Mask { .. } => "mask",
            Self::Token { .. } => "token",
            Self::Surrogate { .. } => "surrogate",
            Self::Round { .. } => "round",
            Self::Clamp { .. } => "clamp",
            Self::Truncate { .. } => "truncate",
            Self::DatePrecision { .. } => "date",
            Self::ShiftDate { .. } => "shift_date",
            Self::Microaggregate { .. } => "microaggregate",
            Self::Noise { .. } => "noise",
            Self::Shuffle => "shuffle",
        }
    }
}
