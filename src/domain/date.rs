//! Dates as `YYYY-MM-DD`; timestamps as `YYYY-MM-DDTHH:MM:SS[.ffffff]`, with `Z` where a zone was told.
//!
//! A timestamp with an offset is moved to UTC; one without stays as it is, for its zone is unknown: the two are never
//! equal. Digits beyond microseconds are cut off. 24:00 is the next midnight; leap seconds are refused.

use super::characters::Short;
use crate::value::Date;

const DATE: &str = "a date";
const TIMESTAMP: &str = "a timestamp";
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The date in ISO form.
#[inline]
pub(super) fn canonicalize_date(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if let Some(date) = Date::parse(cell) {
        match cell {
            // Read without complaint, so the rest are digits, and this is the form that would be written.
            [_, _, _, _, b'-', _, _, b'-', _, _] if cell[0].is_ascii_digit() => out.extend_from_slice(cell),
            _ => date.write(out),
        }
        return Ok(());
    }
    let short = Short::read(cell, &[]).ok_or(DATE)?;
    Date::parse(short.bytes()).ok_or(DATE)?.write(out);
    Ok(())
}

/// The timestamp in ISO form; a bare date is its midnight.
#[inline]
pub(super) fn canonicalize_timestamp(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let short = Short::read(cell, &[]).ok_or(TIMESTAMP)?;
    let (date, micros, zoned) = parse(short.text()).ok_or(TIMESTAMP)?;
    write(date, micros, zoned, out);
    Ok(())
}

/// The date, microseconds since its midnight, and whether that is UTC.
fn parse(text: &str) -> Option<(Date, i64, bool)> {
    if text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((Date::parse(&text.as_bytes()[..8])?, clock(&text[8..])?, false));
    }
    let (day, rest) = split_day(text)?;
    let date = Date::parse(day.as_bytes())?;
    if rest.is_empty() {
        return Some((date, 0, false));
    }
    let (time, offset) = split_zone(rest)?;
    let micros = clock(time)?;
    let Some(offset) = offset else { return normalized(date, micros).map(|(date, micros)| (date, micros, false)) };
    normalized(date, micros - offset).map(|(date, micros)| (date, micros, true))
}

/// The day and what follows a `T`, blanks, or `日`.
fn split_day(text: &str) -> Option<(&str, &str)> {
    if let Some((day, rest)) = text.split_once('日') {
        return Some((day, rest.trim()));
    }
    match text.split_once(['T', 't', ' ']) {
        Some((_, rest)) if rest.trim().is_empty() => None,
        Some((day, rest)) => Some((day, rest.trim())),
        None => Some((text, "")),
    }
}

/// The clock and the offset from UTC in microseconds.
fn split_zone(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']).or_else(|| text.strip_suffix("UTC")) {
        return Some((time.trim_end(), Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let digits = &text.as_bytes()[at + 1..];
    let (hours, minutes) = match digits {
        [_, _] => (digits, &b"00"[..]),
        [hours @ .., b':', _, _] | [hours @ .., _, _] if hours.len() == 2 => (hours, &digits[digits.len() - 2..]),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 18 || minutes > 59 {
        return None;
    }
    let micros = (hours * 60 + minutes) * 60 * SECOND;
    Some((text[..at].trim_end(), Some(if text[at..].starts_with('-') { -micros } else { micros })))
}

/// Microseconds since midnight of `H:MM`, `H:MM:SS`, `HHMM`, `HHMMSS` with a fraction, or `H时M分S秒`.
fn clock(text: &str) -> Option<i64> {
    let (text, fraction) = match text.split_once(['.', ',']) {
        Some((text, fraction)) => (text, micros(fraction)?),
        None => (text, 0),
    };
    let text = text.strip_suffix('秒').or_else(|| text.strip_suffix('分')).unwrap_or(text);
    let mut parts = text.split([':', '时', '分']);
    let (hours, minutes, seconds) = match (parts.next(), parts.next(), parts.next()) {
        (Some(together), None, None) if matches!(together.len(), 4 | 6) && together.is_ascii() => {
            (&together[..2], &together[2..4], if together.len() == 6 { &together[4..] } else { "0" })
        }
        (Some(hours), Some(minutes), seconds) => (hours, minutes, seconds.unwrap_or("0")),
        _ => return None,
    };
    let (hours, minutes, seconds) =
        (number(hours.as_bytes())?, number(minutes.as_bytes())?, number(seconds.as_bytes())?);
    let time = ((hours * 60 + minutes) * 60 + seconds) * SECOND + fraction;
    (parts.next().is_none() && minutes < 60 && seconds < 60 && time <= DAY).then_some(time)
}

/// One or two digits.
fn number(digits: &[u8]) -> Option<i64> {
    if !matches!(digits.len(), 1 | 2) {
        return None;
    }
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// The first six digits of a fraction of a second; the rest is cut off.
fn micros(fraction: &str) -> Option<i64> {
    let digits = fraction.as_bytes();
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((0..6).fold(0, |micros, at| micros * 10 + digits.get(at).map_or(0, |byte| i64::from(byte - b'0'))))
}

/// Carries whole days into the date; `None` where that leaves the calendar.
fn normalized(date: Date, micros: i64) -> Option<(Date, i64)> {
    let days = i32::try_from(micros.div_euclid(DAY)).ok()?;
    Some((date.shifted(days)?, micros.rem_euclid(DAY)))
}

fn write(date: Date, micros: i64, zoned: bool, out: &mut Vec<u8>) {
    date.write(out);
    let (seconds, fraction) = (micros / SECOND, micros % SECOND);
    for (mark, number) in [(b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
        out.extend_from_slice(&[mark, digit(number / 10), digit(number)]);
    }
    if fraction != 0 {
        out.push(b'.');
        out.extend([100_000, 10_000, 1_000, 100, 10, 1].map(|unit| digit(fraction / unit)));
    }
    if zoned {
        out.push(b'Z');
    }
}

/// The last digit of a number that is not negative.
fn digit(number: i64) -> u8 {
    b'0' + u8::try_from(number % 10).expect("a digit")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{canonical, check_equal, check_wrong};
    use crate::domain::SemanticType::{Date, Timestamp};
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_date_are_equal() {
        check_equal(
            Date,
            "1984-03-09",
            &[
                "1984-03-09",
                "1984/3/9",
                "19840309",
                "1984年3月9日",
                "１９８４－０３－０９",
                " 1984.3.9 ",
                "1984\u{2011}03\u{2011}09",
            ],
        );
        check_wrong(Date, &["", "1984-02-30", "1984-03-09T10:00", "09/03/1984", "1984-3"]);
    }

    #[test]
    fn spellings_of_one_moment_are_equal() {
        let utc = [
            "2024-03-09T10:11:12.5Z",
            "2024-03-09 10:11:12.500000Z",
            "2024-03-09T18:11:12.5+08:00",
            "2024-03-09T18:11:12,5+0800",
            "2024-03-09t18:11:12.5+08",
            "2024-03-08T23:41:12.5-10:30",
            "2024-03-09 10:11:12.5 UTC",
            "20240309T101112.5Z",
        ];
        check_equal(Timestamp, "2024-03-09T10:11:12.500000Z", &utc);
        let local = [
            "2024-03-09T10:11",
            "2024-03-09 10:11:00",
            "2024/3/9 10:11",
            "20240309101100",
            "2024年3月9日 10:11",
            "2024年3月9日10时11分",
            "2024年3月9日10时11分0秒",
            "２０２４－０３－０９　１０：１１",
        ];
        check_equal(Timestamp, "2024-03-09T10:11:00", &local);
        check_equal(Timestamp, "2024-03-09T00:00:00", &["2024-03-09", "2024-03-08T24:00:00", "2024-03-09 0:00"]);
        check_equal(Timestamp, "2024-01-01T00:30:00Z", &["2023-12-31T23:30:00-01:00"]);
        check_equal(Timestamp, "2024-03-09T10:11:12.123456", &["2024-03-09T10:11:12.123456789"]);
    }

    #[test]
    fn moments_with_and_without_zone_differ() {
        assert_ne!(canonical(Timestamp, "2024-03-09T10:11:12Z"), canonical(Timestamp, "2024-03-09T10:11:12"));
    }

    #[test]
    fn wrong_timestamps_are_refused() {
        check_wrong(
            Timestamp,
            &[
                "",
                "2024-02-30T10:00",
                "2024-03-09T",
                "2024-03-09T25:00",
                "2024-03-09T24:00:01",
                "2024-03-09T10:60",
                "2024-03-09T10:11:60",
            ],
        );
        check_wrong(
            Timestamp,
            &[
                "2024-03-09T10",
                "2024-03-09T10:11:12.",
                "2024-03-09T10:11:12+8",
                "2024-03-09T10:11:12+19:00",
                "2024-03-09T10:11:12:13",
                "0001-01-01T00:00:00+08:00",
                "noon",
            ],
        );
    }

    proptest! {
        #[test]
        fn offsets_agree_with_jiff(seconds in -60_000_000_000_i64..250_000_000_000, offset in -17 * 60_i32..17 * 60) {
            let moment = jiff::Timestamp::from_second(seconds).unwrap();
            let zone = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
            let local = zone.to_datetime(moment);
            let sign = if offset < 0 { '-' } else { '+' };
            let cell = format!("{local}{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60);
            prop_assert_eq!(canonical(Timestamp, &cell), Some(moment.to_string()));
        }
    }
}
