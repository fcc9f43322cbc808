//! Ranges of numbers, each width a multiple of the one before.
//!
//! Numbers are exact decimals; a range takes its lower bound in and leaves its upper bound out, so 25 is in `[25, 30)`.

use super::{Miss, describe};
use crate::value::Decimal;

/// Intervals of rising width, with optional groups for everything below and above.
pub struct Interval {
    /// Digits after the point of all bounds here.
    scale: u8,
    widths: Vec<i128>,
    origin: i128,
    low: Option<i128>,
    high: Option<i128>,
}

/// Where a number falls.
#[derive(Clone, Copy)]
enum Part {
    Below(i128),
    AtLeast(i128),
    Range(i128, i128),
}

const NUMBER: Miss = Miss::NotA("a number");

impl Interval {
    /// Widths from fine to coarse, a boundary of every width, and the ends of the range that is told in detail.
    ///
    /// # Errors
    /// In words, where a width is not above zero or no multiple of the one before, the ends are not in order, or the
    /// numbers have too many digits to be taken together.
    pub fn new(
        steps: &[Decimal],
        origin: Decimal,
        low: Option<Decimal>,
        high: Option<Decimal>,
    ) -> Result<Self, &'static str> {
        const LARGE: &str = "the numbers have too many digits";
        let all = steps.iter().copied().chain([origin]).chain(low).chain(high);
        let scale = all.map(|number| number.normalized().scale()).max().unwrap_or(0);
        let fit = |number: Decimal| number.normalized().rescaled(scale).map(Decimal::mantissa).ok_or(LARGE);
        let widths = steps.iter().copied().map(fit).collect::<Result<Vec<_>, _>>()?;
        let (origin, low, high) = (fit(origin)?, low.map(fit).transpose()?, high.map(fit).transpose()?);
        if widths.iter().any(|width| *width <= 0) {
            return Err("a width is not above zero");
        }
        if widths.windows(2).any(|pair| pair[1] <= pair[0] || pair[1] % pair[0] != 0) {
            return Err("a width is not a multiple of the one before");
        }
        if low.zip(high).is_some_and(|(low, high)| low >= high) {
            return Err("the low end is not below the high end");
        }
        Ok(Self { scale, widths, origin, low, high })
    }

    pub(super) fn steps(&self) -> usize {
        self.widths.len()
    }

    pub(super) fn step_name(&self, step: usize) -> String {
        let mut name = b"width ".to_vec();
        self.write(self.widths[step], &mut name);
        String::from_utf8(name).expect("digits are UTF-8")
    }

    pub(super) fn label(&self, step: usize, cell: &[u8], out: &mut Vec<u8>) -> Result<(), Miss> {
        match self.part(step, Decimal::parse(cell).ok_or(NUMBER)?)? {
            Part::Below(end) => {
                out.push(b'<');
                self.write(end, out);
            }
            Part::AtLeast(start) => {
                out.extend_from_slice(b">=");
                self.write(start, out);
            }
            Part::Range(start, end) => {
                out.push(b'[');
                self.write(start, out);
                out.extend_from_slice(b", ");
                self.write(end, out);
                out.push(b')');
            }
        }
        Ok(())
    }

    /// How many points of a grid of `grid` digits after the point the cell's range holds: `Ok(None)` for the open ends.
    pub(super) fn points(&self, step: usize, cell: &[u8], grid: u8) -> Option<u64> {
        match self.part(step, Decimal::parse(cell)?).ok()? {
            Part::Below(_) | Part::AtLeast(_) => None,
            Part::Range(start, end) => self.grid_points(end.checked_sub(start)?, grid),
        }
    }

    /// Points of the whole range between the two ends; `None` where an end is open or there are too many to count.
    pub(super) fn domain(&self, grid: u8) -> Option<u64> {
        let points = self.grid_points(self.high?.checked_sub(self.low?)?, grid)?;
        (points < 1 << 53).then_some(points)
    }

    /// The point of the grid that a number is, counted from the low end; outside the ends the nearest.
    pub(super) fn place(&self, number: Decimal, grid: u8, points: u64) -> u64 {
        let last = points.saturating_sub(1);
        let (Some(number), Some(low)) = (number.rescaled(grid), self.low.and_then(|low| Decimal::new(low, self.scale)))
        else {
            return if number.mantissa() < 0 { 0 } else { last };
        };
        let low = low.rescaled(grid).map_or(0, Decimal::mantissa);
        let from_low = number.mantissa().saturating_sub(low).max(0);
        u64::try_from(from_low).unwrap_or(last).min(last)
    }

    /// Digits after the point of the bounds.
    pub(super) fn scale(&self) -> u8 {
        self.scale
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        let ends = [Some(self.origin), self.low, self.high];
        for bound in ends.into_iter().chain(self.widths.iter().copied().map(Some)) {
            text.clear();
            if let Some(bound) = bound {
                self.write(bound, &mut text);
            }
            describe(out, &text);
        }
    }

    fn part(&self, step: usize, number: Decimal) -> Result<Part, Miss> {
        let number = self.floor(number).ok_or(NUMBER)?;
        if let Some(low) = self.low
            && number < low
        {
            return Ok(Part::Below(low));
        }
        if let Some(high) = self.high
            && number >= high
        {
            return Ok(Part::AtLeast(high));
        }
        let width = self.widths[step];
        let from_origin = number.checked_sub(self.origin).ok_or(NUMBER)?;
        let start = number.checked_sub(remainder(from_origin, width)).ok_or(NUMBER)?;
        let end = start.checked_add(width).ok_or(NUMBER)?;
        // An end inside a range cuts it: the label says what the group holds.
        let start = self.low.map_or(start, |low| start.max(low));
        Ok(Part::Range(start, self.high.map_or(end, |high| end.min(high))))
    }

    /// The number on this scale, rounded down. All bounds lie on the scale, so the part it falls in stays the same.
    fn floor(&self, number: Decimal) -> Option<i128> {
        if number.scale() <= self.scale {
            return number.rescaled(self.scale).map(Decimal::mantissa);
        }
        Some(number.mantissa().div_euclid(10_i128.pow(u32::from(number.scale() - self.scale))))
    }

    fn grid_points(&self, length: i128, grid: u8) -> Option<u64> {
        let factor = 10_i128.checked_pow(u32::from(grid.checked_sub(self.scale)?))?;
        u64::try_from(length.checked_mul(factor)?).ok()
    }

    fn write(&self, bound: i128, out: &mut Vec<u8>) {
        Decimal::new(bound, self.scale).expect("the scale is one that was read").normalized().write(out);
    }
}

/// `number` modulo `width`, never negative; in one machine word where both fit, which is many times faster.
fn remainder(number: i128, width: i128) -> i128 {
    match (i64::try_from(number), i64::try_from(width)) {
        (Ok(number), Ok(width)) => i128::from(number.rem_euclid(width)),
        _ => number.rem_euclid(width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).unwrap()
    }

    fn interval(steps: &[&str], origin: &str, low: Option<&str>, high: Option<&str>) -> Interval {
        let steps: Vec<_> = steps.iter().map(|step| number(step)).collect();
        Interval::new(&steps, number(origin), low.map(number), high.map(number)).unwrap()
    }

    fn label(interval: &Interval, step: usize, cell: &str) -> Result<String, Miss> {
        let mut out = Vec::new();
        interval.label(step, cell.as_bytes(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_lower_bound_is_in_and_the_upper_is_out() {
        let ages = interval(&["5", "10"], "0", None, None);
        for (cell, expected) in [
            ("24", "[20, 25)"),
            ("25", "[25, 30)"),
            ("24.999", "[20, 25)"),
            ("25.0", "[25, 30)"),
            ("0", "[0, 5)"),
            ("-0.0", "[0, 5)"),
            ("-1", "[-5, 0)"),
            ("-5", "[-5, 0)"),
            ("-5.01", "[-10, -5)"),
            (" 2.5e1 ", "[25, 30)"),
        ] {
            assert_eq!(label(&ages, 0, cell).as_deref(), Ok(expected), "{cell}");
        }
        assert_eq!(label(&ages, 1, "25").as_deref(), Ok("[20, 30)"));
        assert_eq!(label(&ages, 1, "-0.001").as_deref(), Ok("[-10, 0)"));
    }

    #[test]
    fn decimal_widths_and_origins_are_exact() {
        let tenths = interval(&["0.1", "0.5"], "0.05", None, None);
        assert_eq!(label(&tenths, 0, "0.35").as_deref(), Ok("[0.35, 0.45)"));
        assert_eq!(label(&tenths, 0, "0.3499999999999999999").as_deref(), Ok("[0.25, 0.35)"));
        assert_eq!(label(&tenths, 1, "-0.46").as_deref(), Ok("[-0.95, -0.45)"));
    }

    #[test]
    fn ends_are_groups_and_cut_the_ranges() {
        let ages = interval(&["5", "10", "20"], "0", Some("15"), Some("90"));
        for step in 0..3 {
            assert_eq!(label(&ages, step, "14.9").as_deref(), Ok("<15"));
            assert_eq!(label(&ages, step, "-3").as_deref(), Ok("<15"));
            assert_eq!(label(&ages, step, "90").as_deref(), Ok(">=90"));
            assert_eq!(label(&ages, step, "112").as_deref(), Ok(">=90"));
        }
        assert_eq!(label(&ages, 1, "15").as_deref(), Ok("[15, 20)"));
        assert_eq!(label(&ages, 2, "89").as_deref(), Ok("[80, 90)"));
        assert_eq!(ages.domain(0), Some(75));
        assert_eq!(ages.points(2, b"89", 0), Some(10));
        assert_eq!(ages.points(2, b"90", 0), None);
    }

    #[test]
    fn what_is_no_number_has_no_label() {
        let ages = interval(&["5"], "0", None, None);
        for cell in ["", "x", "1,000", "NaN", "١٢"] {
            assert_eq!(label(&ages, 0, cell), Err(NUMBER), "{cell}");
        }
        let far = format!("{}.5", "9".repeat(37));
        assert_eq!(label(&interval(&["0.01"], "0", None, None), 0, &far), Err(NUMBER));
    }

    #[test]
    fn widths_that_do_not_nest_are_refused() {
        let of = |steps: &[&str], low: &str, high: &str| {
            let steps: Vec<_> = steps.iter().map(|step| number(step)).collect();
            Interval::new(&steps, number("0"), Some(number(low)), Some(number(high))).is_ok()
        };
        assert!(of(&["5", "10"], "0", "9"));
        assert!(!of(&["5", "12"], "0", "9"));
        assert!(!of(&["5", "5"], "0", "9"));
        assert!(!of(&["0"], "0", "9") && !of(&["-1"], "0", "9"));
        assert!(!of(&["5"], "9", "9"));
    }

    proptest! {
        #[test]
        fn a_range_holds_its_number_and_has_its_width(value in -1_000_000_i64..1_000_000, scale in 0_u8..5) {
            let cell = Decimal::new(i128::from(value), scale).unwrap();
            let grid = interval(&["0.5", "2.5", "25"], "1.25", None, None);
            for (step, width) in [(0, "0.5"), (1, "2.5"), (2, "25")] {
                let mut text = Vec::new();
                cell.write(&mut text);
                let label = label(&grid, step, std::str::from_utf8(&text).unwrap()).unwrap();
                let (start, end) = label[1..label.len() - 1].split_once(", ").unwrap();
                let (start, end) = (number(start), number(end));
                prop_assert!(start.compare(cell).is_le() && cell.compare(end).is_lt());
                let (start, end) = (start.rescaled(2).unwrap().mantissa(), end.rescaled(2).unwrap().mantissa());
                prop_assert_eq!(end - start, number(width).rescaled(2).unwrap().mantissa());
                prop_assert_eq!((start - 125).rem_euclid(end - start), 0);
            }
        }
    }
}
