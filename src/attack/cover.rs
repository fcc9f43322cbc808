//! Which released label stands for a raw value: what anybody can read off a release without its hierarchy.
//!
//! Reads ranges as tools write them: `[20, 25)`, `20-24`, `<20`, `>=90`, dates, ranges of dates, months and years; masks as `100***`; `*`.

use super::table::Range;
use crate::value::{Date, Decimal};

/// A label read as what it may stand for.
pub(super) enum Label {
    /// Everything.
    Top,
    /// A number or a range of numbers.
    Number(Range),
    /// A date or a range of dates, in days since 1970.
    Date(Range),
    /// Some letters, the others masked: letters, and which of them are known.
    Mask,
    /// Nothing but itself.
    Other,
}

/// The least step below an open end: `[20, 25)` holds no 25, but everything below.
fn below(bound: f64) -> f64 {
    if bound.fract() == 0.0 && bound.abs() < 1e15 { bound - 1.0 } else { bound.next_down() }
}

fn number(text: &str) -> Option<f64> {
    Decimal::parse(text.trim().as_bytes()).map(Decimal::to_f64)
}

/// Days of a date, of a month or of a year.
fn days(text: &str) -> Option<Range> {
    let whole = |date: Date| f64::from(date.days());
    if let Some(date) = Date::parse_timestamp(text.as_bytes()) {
        return Some(Range { low: whole(date), high: whole(date) });
    }
    let part = |text: &str, width: usize| -> Option<u32> {
        (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let (year, month) = text.split_once('-')?;
    let (year, month) = (i32::try_from(part(year, 4)?).ok()?, part(month, 2)?);
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    Some(Range { low: whole(Date::new(year, month, 1)?), high: whole(Date::new(next.0, next.1, 1)?) - 1.0 })
}

/// `[1984-03-09, 1990-01-01)`, `<1990-01-01`, `>=1990-01-01`.
fn date_range(text: &str) -> Option<Range> {
    let day = |text: &str| Date::parse(text.trim().as_bytes()).map(|date| f64::from(date.days()));
    if let Some(end) = text.strip_prefix('<') {
        return Some(Range { low: f64::NEG_INFINITY, high: below(day(end)?) });
    }
    if let Some(start) = text.strip_prefix(">=") {
        return Some(Range { low: day(start)?, high: f64::INFINITY });
    }
    let (low, high) = text.strip_prefix('[')?.strip_suffix(')')?.split_once(',')?;
    Some(Range { low: day(low)?, high: below(day(high)?) })
}

/// Days of whole years.
fn years(range: Range) -> Option<Range> {
    let year = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "between 1 and 9999")]
        (number.fract() == 0.0 && (1.0..9999.0).contains(&number)).then_some(number as i32)
    };
    let (first, last) = (Date::new(year(range.low)?, 1, 1)?, Date::new(year(range.high)?, 12, 31)?);
    Some(Range { low: f64::from(first.days()), high: f64::from(last.days()) })
}

impl Label {
    pub(super) fn read(cell: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(cell) else { return Self::Other };
        let text = text.trim();
        if text == "*" {
            return Self::Top;
        }
        if let Some(days) = days(text).or_else(|| date_range(text)) {
            return Self::Date(days);
        }
        if let Some(range) = numbers(text) {
            return Self::Number(range);
        }
        if text.ends_with('*') || text.starts_with('*') || text.contains("**") { Self::Mask } else { Self::Other }
    }

    /// Whether the label, of text `label`, stands for the raw value.
    pub(super) fn covers(&self, label: &[u8], value: &[u8], of_value: &Label) -> bool {
        match (self, of_value) {
            (Self::Top, _) => true,
            (Self::Number(range), Self::Number(one)) | (Self::Date(range), Self::Date(one)) => within(*one, *range),
            (Self::Number(range), Self::Date(one)) => years(*range).is_some_and(|days| within(*one, days)),
            (Self::Mask, _) => masks(label, value),
            _ => false,
        }
    }

    /// How much a label stands for, to prefer the finest; labels of one kind compare.
    pub(super) fn width(&self, label: &[u8]) -> f64 {
        match self {
            Self::Top => f64::INFINITY,
            Self::Number(range) | Self::Date(range) => range.high - range.low,
            Self::Mask => super::rate::float(String::from_utf8_lossy(label).matches('*').count() as u64),
            Self::Other => 0.0,
        }
    }
}

fn within(one: Range, range: Range) -> bool {
    range.low <= one.low && one.high <= range.high
}

fn masks(label: &[u8], value: &[u8]) -> bool {
    let (label, value) = (String::from_utf8_lossy(label), String::from_utf8_lossy(value));
    let (mut letters, mut of_value) = (label.chars(), value.chars());
    loop {
        match (letters.next(), of_value.next()) {
            (None, None) => return true,
            (Some('*'), Some(_)) => {}
            (Some(letter), Some(other)) if letter == other => {}
            _ => return false,
        }
    }
}

/// A number, `[20, 25)`, `[20, 24]`, `20-24`, `20..24`, `<20`, `<=19`, `>90`, `>=90`.
fn numbers(text: &str) -> Option<Range> {
    if let Some(point) = number(text) {
        return Some(Range { low: point, high: point });
    }
    for (sign, open) in [("<=", false), ("<", true)] {
        if let Some(rest) = text.strip_prefix(sign) {
            let end = number(rest)?;
            return Some(Range { low: f64::NEG_INFINITY, high: if open { below(end) } else { end } });
        }
    }
    for sign in [">=", ">"] {
        if let Some(rest) = text.strip_prefix(sign) {
            return Some(Range { low: number(rest)?, high: f64::INFINITY });
        }
    }
    if let Some(inside) = text.strip_prefix(['[', '(', ']']) {
        let closed = inside.ends_with(']');
        let inside = inside.strip_suffix([')', ']', '['])?;
        let (low, high) = inside.split_once(',').or_else(|| inside.split_once(';'))?;
        let (low, high) = (number(low)?, number(high)?);
        return (low <= high).then(|| Range { low, high: if closed || low >= high { high } else { below(high) } });
    }
    let split = text.split_once("..").or_else(|| {
        let dash = text.get(1..)?.find('-')? + 1; // not a sign before the first number
        Some((&text[..dash], &text[dash + 1..]))
    });
    let (low, high) = split?;
    let (low, high) = (number(low)?, number(high)?);
    (low <= high).then_some(Range { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(label: &str, value: &str) -> bool {
        Label::read(label.as_bytes()).covers(label.as_bytes(), value.as_bytes(), &Label::read(value.as_bytes()))
    }

    #[test]
    fn labels_stand_for_what_they_say() {
        for (label, inside, outside) in [
            ("[20, 25)", "20", "25"),
            ("[20, 25]", "25", "26"),
            ("20-24", "24", "25"),
            ("-10--5", "-7", "5"),
            ("<20", "19", "20"),
            (">=90", "90", "89"),
            ("100***", "100871", "101871"),
            ("*", "anything", "\u{0}"),
            ("1984-03", "1984-03-31", "1984-04-01"),
            ("1990-1999", "1999-12-31", "2000-01-01"),
            ("1984", "1984-07-01", "1985-07-01"),
            ("138****1380", "13800001380", "13900001380"),
            ("[0.5, 1.5)", "1", "2"),
            ("[1984-03-09, 1990-01-01)", "1989-12-31", "1990-01-01"),
            ("<1984-03-09", "1984-03-08", "1984-03-09"),
            (">=1984-03-09", "1984-03-09", "1984-03-08"),
        ] {
            assert!(covers(label, inside), "{label} {inside}");
            assert!(label == "*" || !covers(label, outside), "{label} {outside}");
        }
        assert!(!covers("Undergraduate", "Bachelors"));
        assert!(!covers("20-24", "F32.9"));
    }

    #[test]
    fn finer_labels_are_narrower() {
        let width = |label: &str| Label::read(label.as_bytes()).width(label.as_bytes());
        assert!(width("20-24") < width("20-29") && width("20-29") < width("*"));
        assert!(width("1000**") < width("10****"));
    }
}
