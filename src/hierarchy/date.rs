//! Precision of a date: day, week, month, quarter, year, spans of years.

use super::{Miss, describe};
use crate::value::Date;

/// One precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `1984-03-09`
    Day,
    /// The Monday of the week: `1984-03-05`
    Week,
    /// `1984-03`
    Month,
    /// `1984-Q1`
    Quarter,
    /// `1984`
    Year,
    /// `1980-1984`: a multiple of the number starts a span.
    Years(u32),
}

impl Step {
    /// What is left of a date.
    #[inline]
    pub fn write(self, date: Date, out: &mut Vec<u8>) {
        match self {
            Self::Day => date.write(out),
            Self::Week => self.start(date).write(out),
            Self::Month | Self::Quarter | Self::Year | Self::Years(_) => {
                let (year, month, _) = date.parts();
                self.write_parts(year.cast_unsigned(), month, out);
            }
        }
    }

    /// The first day of the date's group. For a span of years that starts before year 1, the first day there is.
    ///
    /// # Panics
    /// Never: every group holds a date.
    #[must_use]
    pub fn start(self, date: Date) -> Date {
        let (year, month, _) = date.parts();
        let first = |year: i32, month: u32| Date::new(year.max(1), month, 1).expect("the first of a month exists");
        match self {
            Self::Day => date,
            // 1970-01-01 was a Thursday; 0001-01-01 was a Monday, so no Monday is before the first date.
            Self::Week => {
                date.shifted(-(date.days() + 3).rem_euclid(7)).expect("the first date that there is, is a Monday")
            }
            Self::Month => first(year, month),
            Self::Quarter => first(year, (month - 1) / 3 * 3 + 1),
            Self::Year => first(year, 1),
            Self::Years(years) => first(year - year.rem_euclid(years.cast_signed()), 1),
        }
    }

    /// Whether what is left is still a date.
    #[must_use]
    pub fn leaves_date(self) -> bool {
        match self {
            Self::Day | Self::Week => true,
            Self::Month | Self::Quarter | Self::Year | Self::Years(_) => false,
        }
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

    /// Appends what is left of a cell that holds a date, with or without a time behind it.
    ///
    /// # Errors
    /// Where it holds none; nothing is appended then.
    #[inline]
    pub fn label(self, cell: &[u8], out: &mut Vec<u8>) -> Result<(), Miss> {
        if let Some((year, month)) = self.year_and_month(cell) {
            if matches!(self, Self::Year) {
                out.extend_from_slice(&cell[..4]);
            } else {
                self.write_parts(year, month, out);
            }
            return Ok(());
        }
        self.write(Date::parse_timestamp(cell).ok_or(Miss::NotA("a date"))?, out);
        Ok(())
    }

    /// Year and month of a cell in the common form `YYYY-MM-DD` with a day that every month has, where the day does not
    /// matter: no need to count days then.
    #[inline]
    fn year_and_month(self, cell: &[u8]) -> Option<(u32, u32)> {
        const ONES: u64 = u64::MAX / 0xff;
        if matches!(self, Self::Day | Self::Week) {
            return None;
        }
        let (eight, day) = <&[u8; 10]>::try_from(cell).ok()?.split_first_chunk::<8>()?;
        // Digits become their values and dashes zero; anything else has a byte of ten or more, or one where a dash should be.
        let parts = u64::from_le_bytes(*eight) ^ u64::from_le_bytes(*b"0000-00-");
        let beyond = (parts.wrapping_add(ONES * 0x76) | parts) & (ONES * 0x80);
        let dashes = parts & 0xff00_00ff_0000_0000;
        let parts_of = parts.to_le_bytes();
        let byte = |at: usize| u32::from(parts_of[at]);
        let month = byte(5) * 10 + byte(6);
        let [d0, d1] = [day[0] ^ b'0', day[1] ^ b'0'].map(u32::from);
        let known = d0 <= 9 && d1 <= 9 && (d0 * 10 + d1).wrapping_sub(1) < 28 && month.wrapping_sub(1) < 12;
        if beyond | dashes != 0 || !known || parts_of[..4] == [0; 4] {
            return None;
        }
        Some((byte(0) * 1000 + byte(1) * 100 + byte(2) * 10 + byte(3), month))
    }

    #[inline]
    fn write_parts(self, year: u32, month: u32, out: &mut Vec<u8>) {
        let digit = |number: u32| b'0' + u8::try_from(number % 10).expect("a digit");
        let four = |year: u32| [digit(year / 1000), digit(year / 100), digit(year / 10), digit(year)];
        let [y0, y1, y2, y3] = four(year);
        match self {
            Self::Day | Self::Week => unreachable!("these keep the day"),
            Self::Month => out.extend_from_slice(&[y0, y1, y2, y3, b'-', digit(month / 10), digit(month)]),
            Self::Quarter => out.extend_from_slice(&[y0, y1, y2, y3, b'-', b'Q', digit(month.div_ceil(3))]),
            Self::Year => out.extend_from_slice(&[y0, y1, y2, y3]),
            Self::Years(years) => {
                let start = year - year % years;
                out.extend_from_slice(&four(start));
                out.push(b'-');
                out.extend_from_slice((start + years - 1).to_string().as_bytes());
                let written = (start + years - 1).checked_ilog10().map_or(1, |log| log + 1);
                if written < 4 {
                    let at = out.len() - written as usize;
                    out.splice(at..at, std::iter::repeat_n(b'0', 4 - written as usize));
                }
            }
        }
    }

    /// Whether every group of `self` lies inside one group of `coarser`.
    #[must_use]
    pub fn refines(self, coarser: Self) -> bool {
        match (self.months(), coarser.months()) {
            (Some(0), _) | (None, None) => true,
            (Some(fine), Some(coarse)) => coarse >= fine && coarse.is_multiple_of(fine),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// Length in months; 0 for a day, none for a week, which lies across them.
    fn months(self) -> Option<u32> {
        match self {
            Self::Day => Some(0),
            Self::Week => None,
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
            Self::Years(years) => years.checked_mul(12),
        }
    }
}

/// Steps from fine to coarse.
pub struct DateLadder {
    steps: Vec<Step>,
}

impl DateLadder {
    /// Steps from fine to coarse.
    ///
    /// # Errors
    /// In words, where a group of one step would lie in two groups of the next.
    pub fn new(steps: Vec<Step>) -> Result<Self, &'static str> {
        if steps.iter().any(|step| matches!(step, Step::Years(years) if !(2..=1000).contains(years))) {
            return Err("a span is of 2 to 1000 years");
        }
        if steps.windows(2).any(|pair| pair[0] == pair[1] || !pair[0].refines(pair[1])) {
            return Err("a step does not lie inside the next");
        }
        Ok(Self { steps })
    }

    pub(super) fn steps(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn step_name(&self, step: usize) -> String {
        self.steps[step].name()
    }

    /// The step of a level, `None` for the raw value and for `*`.
    #[must_use]
    pub fn step(&self, level: usize) -> Option<Step> {
        level.checked_sub(1).and_then(|step| self.steps.get(step).copied())
    }

    #[inline]
    pub(super) fn label(&self, step: usize, cell: &[u8], out: &mut Vec<u8>) -> Result<(), Miss> {
        self.steps[step].label(cell, out)
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        for step in &self.steps {
            describe(out, step.name().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Step; 8] = [
        Step::Day,
        Step::Week,
        Step::Month,
        Step::Quarter,
        Step::Year,
        Step::Years(5),
        Step::Years(7),
        Step::Years(1000),
    ];

    fn label(step: Step, cell: &str) -> Result<String, Miss> {
        let mut out = Vec::new();
        step.label(cell.as_bytes(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn labels_are_as_documented() {
        for (step, expected) in [
            (Step::Day, "1984-03-09"),
            (Step::Week, "1984-03-05"),
            (Step::Month, "1984-03"),
            (Step::Quarter, "1984-Q1"),
            (Step::Year, "1984"),
            (Step::Years(5), "1980-1984"),
            (Step::Years(10), "1980-1989"),
        ] {
            for cell in
                ["1984-03-09", "1984/3/9", "19840309", "1984年3月9日", "1984-03-09T10:11:12", "1984-03-09 10:11"]
            {
                assert_eq!(label(step, cell).as_deref(), Ok(expected), "{cell}");
            }
        }
    }

    #[test]
    fn the_ends_of_time_have_labels() {
        assert_eq!(label(Step::Week, "0001-01-01").as_deref(), Ok("0001-01-01"));
        assert_eq!(label(Step::Years(5), "0004-12-31").as_deref(), Ok("0000-0004"));
        assert_eq!(label(Step::Years(1000), "0999-12-31").as_deref(), Ok("0000-0999"));
        assert_eq!(label(Step::Years(7), "9999-12-31").as_deref(), Ok("9996-10002"));
        assert_eq!(label(Step::Year, "0033-04-03").as_deref(), Ok("0033"));
    }

    #[test]
    fn days_that_do_not_exist_have_no_label() {
        for cell in ["1984-02-30", "1984-13-01", "1984-00-10", "1984-01-00", "0000-01-01", "1984-03", "", "1984-0x-09"]
        {
            for step in ALL {
                assert_eq!(label(step, cell), Err(Miss::NotA("a date")), "{cell}");
            }
        }
        assert!(label(Step::Year, "1984-02-29").is_ok() && label(Step::Year, "1983-02-29").is_err());
    }

    #[test]
    fn the_short_way_agrees_with_the_long_one() {
        for days in (-719_162..=2_932_896).step_by(13) {
            let date = Date::from_days(days).unwrap();
            let mut cell = Vec::new();
            date.write(&mut cell);
            for step in ALL {
                let (mut short, mut long) = (Vec::new(), Vec::new());
                assert!(step.label(&cell, &mut short).is_ok());
                step.write(date, &mut long);
                assert!(short == long);
            }
        }
    }

    #[test]
    fn a_week_starts_on_monday_and_holds_its_day() {
        for days in -5000..5000 {
            let date = Date::from_days(days).unwrap();
            let monday = Step::Week.start(date);
            assert!((0..7).contains(&(date.days() - monday.days())));
            let (year, month, day) = monday.parts();
            let civil = jiff::civil::date(
                i16::try_from(year).unwrap(),
                i8::try_from(month).unwrap(),
                i8::try_from(day).unwrap(),
            );
            assert_eq!(civil.weekday(), jiff::civil::Weekday::Monday);
        }
    }

    #[test]
    fn a_step_that_refines_never_splits_a_group() {
        for fine in ALL {
            for coarse in ALL {
                let mut splits = false;
                for days in 0..40_000 {
                    let date = Date::from_days(days).unwrap();
                    splits |= coarse.start(fine.start(date)) != coarse.start(date);
                }
                assert_eq!(splits, !fine.refines(coarse), "{fine:?} {coarse:?}");
            }
        }
        assert!(DateLadder::new(vec![Step::Week, Step::Month]).is_err());
        assert!(DateLadder::new(vec![Step::Year, Step::Month]).is_err());
        assert!(DateLadder::new(vec![Step::Day, Step::Week]).is_ok());
        assert!(DateLadder::new(vec![Step::Years(1)]).is_err());
    }
}
