//! Rules that a text of a profile follows.
//!
//! Responsible for: saying whether a text follows its rule, and the pattern that the JSON Schema gives for it. A pattern
//! may let pass what the rule refuses (no pattern knows the calendar), never the other way round.

use crate::profile::operator_spec::DateStep;
use crate::value::Date;

/// What a text must look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::profile) enum Rule {
    /// Any text, also none.
    Any,
    /// More than spaces.
    Filled,
    /// A short name.
    Slug,
    /// A name that does not identify who holds the data.
    Alias,
    /// A date, `YYYY-MM-DD`.
    Date,
    /// One ASCII byte that is not a line end.
    Byte,
    /// The same, or nothing.
    ByteOrNone,
    /// One character.
    Character,
    /// Name of an environment variable.
    Environment,
    /// Step of a date ladder.
    DateStep,
}

impl Rule {
    /// Whether the text follows the rule.
    pub(in crate::profile) fn holds(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Filled => !text.trim().is_empty(),
            Self::Slug => {
                text.len() <= 100
                    && text.starts_with(|first: char| first.is_ascii_alphanumeric())
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            }
            Self::Alias => !text.trim().is_empty() && !identifies(text),
            Self::Date => text.len() == 10 && text.as_bytes()[4] == b'-' && Date::parse(text.as_bytes()).is_some(),
            Self::Byte => matches!(text.as_bytes(), [byte] if byte.is_ascii() && !b"\0\r\n".contains(byte)),
            Self::ByteOrNone => text.is_empty() || Self::Byte.holds(text),
            Self::Character => {
                let mut characters = text.chars();
                characters.next().is_some_and(|one| !one.is_control()) && characters.next().is_none()
            }
            Self::Environment => {
                text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            }
            Self::DateStep => DateStep::parse(text).is_some(),
        }
    }
    /// What is expected, in words.
    pub(in crate::profile) fn expected(self) -> &'static str {
        match self {
            Self::Any => "text",
            Self::Filled => "text that is not empty",
            Self::Slug => "a short name of letters, digits, `-`, `_` and `.`",
            Self::Alias => "an alias, not a path, address or host",
            Self::Date => "a date as \"2026-03-01\"",
            Self::Byte => "one ASCII character",
            Self::ByteOrNone => "one ASCII character, or nothing",
            Self::Character => "one character",
            Self::Environment => "the name of an environment variable",
            Self::DateStep => "`day`, `week`, `month`, `quarter`, `year` or a number of years as `5-years`",
        }
    }
    /// What to do about a text that does not follow.
    pub(in crate::profile) fn advice(self) -> &'static str {
        match self {
            Self::Any | Self::Filled => "Write a text.",
            Self::Slug => "Start with a letter or digit, and use only letters, digits, `-`, `_` and `.`, at most 100.",
            Self::Alias => {
                "Write a name that tells nobody who holds the data, as \"dataset-17\" or \"role:data-office\"; \
                 the release carries it."
            }
            Self::Date => "Write year, month and day of a day that exists, as \"2026-03-01\".",
            Self::Byte | Self::ByteOrNone => "Write one ASCII character that is not a line end, as \";\" or \"\\t\".",
            Self::Character => "Write one character, as \"*\".",
            Self::Environment => "Use letters, digits and `_`; do not start with a digit.",
            Self::DateStep => "Write a step from `day` to `year`, or 2 to 1000 years as `10-years`.",
        }
    }
    /// The pattern of the JSON Schema, if one helps.
    pub(in crate::profile) fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Filled => Some(r"\S"),
            Self::Slug => Some(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"),
            Self::Alias => Some(r"^[^/\\@]*[^/\\@\s][^/\\@]*$"),
            Self::Date => Some(r"^\d{4}-\d{2}-\d{2}$"),
            Self::Byte => Some(r"^[\u0001-\u0009\u000b\u000c\u000e-\u007f]$"),
            Self::ByteOrNone => Some(r"^[\u0001-\u0009\u000b\u000c\u000e-\u007f]?$"),
            Self::Character => Some(r"^.{1,2}$"), // two UTF-16 units where the reader counts so
            Self::Environment => Some(r"^[A-Za-z_][A-Za-z0-9_]*$"),
            Self::DateStep => Some(r"^(day|week|month|quarter|year|\+?\d+-years)$"),
        }
    }
}

/// Whether a text looks like a path, an address of a page, mail or machine, or a file.
fn identifies(text: &str) -> bool {
    let text = text.trim();
    if text.contains(['/', '\\', '@']) {
        return true;
    }
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let numeric = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit());
    if port.is_some_and(numeric) || host.eq_ignore_ascii_case("localhost") || text.matches(':').count() > 1 {
        return true;
    }
    let labels: Vec<&str> = host.split('.').collect();
    if labels.len() < 2 || labels.iter().any(|label| label.is_empty() || label.contains(char::is_whitespace)) {
        return false;
    }
    let last = labels[labels.len() - 1];
    // a domain or file name ends in letters; an IPv4 address is four numbers
    last.chars().count() >= 2 && last.chars().all(char::is_alphabetic)
        || last.starts_with("xn--")
        || labels.len() == 4 && labels.iter().all(|label| numeric(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_do_not_tell_who_holds_the_data() {
        for alias in ["dataset-17", "role:data-office", "v1.2", "2026.1", "Clinic A", "数据集一", "e.g. a set"] {
            assert!(Rule::Alias.holds(alias), "{alias}");
        }
        for telling in [
            "/srv/data/x",
            "C:\\data",
            "s3://bucket/x",
            "https://example.invalid",
            "db.hospital.cn",
            "patients.csv",
            "10.1.2.3",
            "localhost",
            "db:5432",
            "someone@example.invalid",
            "fe80::1:2",
            "",
            "  ",
            "医院.公司",
        ] {
            assert!(!Rule::Alias.holds(telling), "{telling}");
        }
    }

    #[test]
    fn rules_hold_for_what_they_say_only() {
        let cases: &[(Rule, &[&str], &[&str])] = &[
            (Rule::Slug, &["a", "household-survey_2.1", "7"], &["", "-a", "a b", "ä", ".x"]),
            (
                Rule::Date,
                &["2026-03-01", "2024-02-29"],
                &["2026-02-29", "2026-3-1", "20260301", "2026/03/01", "文文文-"],
            ),
            (Rule::Byte, &[",", "\t", ";", "\u{1}"], &["", "ab", "é", "\n", "\r", "\0"]),
            (Rule::ByteOrNone, &["", "\""], &["''"]),
            (Rule::Character, &["*", "█", "某"], &["", "**", "\n"]),
            (Rule::Environment, &["OUTIS_KEY", "_k1"], &["", "1K", "A-B", "A=B"]),
            (Rule::DateStep, &["day", "5-years", "1000-years"], &["1-years", "1001-years", "decade", ""]),
            (Rule::Filled, &["x"], &["", " \t"]),
        ];
        for (rule, fit, unfit) in cases {
            fit.iter().for_each(|text| assert!(rule.holds(text), "{text:?}"));
            unfit.iter().for_each(|text| assert!(!rule.holds(text), "{text:?}"));
        }
    }
}
