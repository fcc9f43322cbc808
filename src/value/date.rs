//! Civil dates as days since 1970-01-01, proleptic Gregorian.
//!
//! Conversions are the era arithmetic of H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).

/// A civil date between the years 1 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

const FIRST: i32 = -719_162; // 0001-01-01
const LAST: i32 = 2_932_896; // 9999-12-31

impl Date {
    /// From days since 1970-01-01; `None` outside the years 1 to 9999.
    #[must_use]
    pub fn from_days(days: i32) -> Option<Self> {
        (FIRST..=LAST).contains(&days).then_some(Self(days))
    }
    /// Days since 1970-01-01.
    #[must_use]
    pub fn days(self) -> i32 {
        self.0
    }
    /// From year, month and day; `None` where there is no such date.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year.cast_signed();
        Some(Self(era * 146_097 + day_of_era - 719_468))
    }
    /// Year, month, day.
    #[must_use]
    pub fn parts(self) -> (i32, u32, u32) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month.cast_unsigned(), day.cast_unsigned())
    }
    /// This date moved by days; `None` where that leaves the years 1 to 9999.
    #[must_use]
    pub fn shifted(self, days: i32) -> Option<Self> {
        self.0.checked_add(days).and_then(Self::from_days)
    }
    /// Reads `YYYY-MM-DD`, also with `/` or `.`, without leading zeros, as `YYYYMMDD` or `YYYY年M月D日`, spaces around.
    /// A time after `T` or a space is left aside only by [`Date::parse_timestamp`].
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text {
            // the common form, without a loop
            let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
            let year = digit(y0)? * 1000 + digit(y1)? * 100 + digit(y2)? * 10 + digit(y3)?;
            let month = digit(m0)? * 10 + digit(m1)?;
            return Self::new(year.cast_signed(), month, digit(d0)? * 10 + digit(d1)?);
        }
        let text = std::str::from_utf8(text).ok()?.trim();
        if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
        }
        let text = text.strip_suffix('日').unwrap_or(text);
        let mut parts = text.split(['-', '/', '.', '年', '月']);
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str, most: usize| {
            !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if parts.next().is_some() || year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }
    /// Reads a date, or a date with a time after `T` or a space, and keeps the date.
    #[must_use]
    pub fn parse_timestamp(text: &[u8]) -> Option<Self> {
        Self::parse(text).or_else(|| {
            let end = text.iter().position(|byte| *byte == b'T' || *byte == b' ')?;
            let time = &text[end + 1..];
            let plausible = time.first().is_some_and(u8::is_ascii_digit)
                && time.iter().all(|byte| byte.is_ascii_digit() || b":.+-Z".contains(byte));
            if plausible { Self::parse(&text[..end]) } else { None }
        })
    }
    /// Appends `YYYY-MM-DD`.
    pub fn write(self, out: &mut Vec<u8>) {
        let (year, month, day) = self.parts();
        let digit = |number: u32| b'0' + u8::try_from(number % 10).expect("a digit");
        let year = year.cast_unsigned();
        out.extend_from_slice(&[
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ]);
    }
}

/// Days of a month; `month` is 1 to 12.
fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Appends `YYYY-MM-DDTHH:MM:SS[.ffffff]`; outside the years 1 to 9999 the bare number of microseconds.
pub(super) fn write_timestamp(micros: i64, out: &mut Vec<u8>) {
    use std::io::Write as _;
    const DAY: i64 = 86_400_000_000;
    let infallible = "writing to a vector cannot fail";
    let date = i32::try_from(micros.div_euclid(DAY)).ok().and_then(Date::from_days);
    let Some(date) = date else {
        return write!(out, "{micros}").expect(infallible);
    };
    date.write(out);
    let time = micros.rem_euclid(DAY);
    let (seconds, fraction) = (time / 1_000_000, time % 1_000_000);
    write!(out, "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60).expect(infallible);
    if fraction != 0 {
        write!(out, ".{fraction:06}").expect(infallible);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(date: Date) -> String {
        let mut out = Vec::new();
        date.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_day_round_trips() {
        for days in FIRST..=LAST {
            let date = Date::from_days(days).unwrap();
            let (year, month, day) = date.parts();
            assert!(Date::new(year, month, day) == Some(date));
        }
        assert_eq!(Date::new(1, 1, 1).unwrap().days(), FIRST);
        assert_eq!(Date::new(9999, 12, 31).unwrap().days(), LAST);
    }

    #[test]
    fn agrees_with_jiff() {
        for days in (FIRST..LAST).step_by(997) {
            let civil = jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(i64::from(days));
            assert_eq!(text(Date::from_days(days).unwrap()), civil.to_string());
        }
    }

    #[test]
    fn equal_dates_in_any_spelling() {
        for spelling in ["1984-03-09", "1984/3/9", "19840309", "1984.03.09", "1984年3月9日", " 1984-3-9 "] {
            assert!(Date::parse(spelling.as_bytes()) == Date::new(1984, 3, 9), "{spelling}");
        }
        for wrong in ["1984-02-30", "84-03-09", "1984-13-01", "1984-03", "", "1984-03-09x", "1984-3-9-1", "+984-3-9"] {
            assert!(Date::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert!(Date::parse_timestamp(b"1984-03-09T10:11:12.5Z") == Date::new(1984, 3, 9));
        assert!(Date::parse_timestamp(b"1984-03-09 noon").is_none());
    }

    #[test]
    fn timestamps_are_iso_8601() {
        let mut out = Vec::new();
        write_timestamp(1, &mut out);
        assert_eq!(out, b"1970-01-01T00:00:00.000001");
        out.clear();
        write_timestamp(-1_000_000, &mut out);
        assert_eq!(out, b"1969-12-31T23:59:59");
    }
}
