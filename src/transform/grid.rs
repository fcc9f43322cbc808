//! Multiples of a step, exactly.

use crate::value::Decimal;

/// All multiples of a step above zero.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    step: Decimal,
}

/// How to get from a number to a multiple.
#[derive(Clone, Copy)]
pub(super) enum To {
    Nearest,
    Below,
    Above,
}

impl Grid {
    /// `None` where the step is not above zero.
    pub(super) fn new(step: Decimal) -> Option<Self> {
        (step.mantissa() > 0).then_some(Self { step })
    }

    /// The step.
    pub(super) fn step(self) -> Decimal {
        self.step
    }

    /// Whether all multiples are whole numbers.
    pub(super) fn is_whole(self) -> bool {
        self.step.normalized().scale() == 0
    }

    /// A multiple of the step; halves go away from zero. `None` where it does not fit.
    pub(super) fn snap(self, number: Decimal, to: To) -> Option<Decimal> {
        let (steps, rest, step) = self.divide(number)?;
        let up = match to {
            To::Below => false,
            To::Above => rest > 0,
            // `rest` counts from the multiple below: a half goes up above zero and down below it.
            To::Nearest => {
                let other = step - rest;
                rest > other || (rest == other && number.mantissa() > 0)
            }
        };
        self.multiple(steps.checked_add(i128::from(up))?)
    }

    /// Steps below the number, and the fraction of a step that is left, between 0 and 1.
    #[expect(clippy::cast_precision_loss, reason = "a fraction of a step, before noise is added to it")]
    pub(super) fn position(self, number: Decimal) -> Option<(i128, f64)> {
        let (steps, rest, step) = self.divide(number)?;
        Some((steps, rest as f64 / step as f64))
    }

    /// So many steps.
    pub(super) fn multiple(self, steps: i128) -> Option<Decimal> {
        Decimal::new(self.step.mantissa().checked_mul(steps)?, self.step.scale())
    }

    /// Quotient rounded down, rest, and the step, the latter two on one scale.
    fn divide(self, number: Decimal) -> Option<(i128, i128, i128)> {
        let scale = number.scale().max(self.step.scale());
        let (number, step) = (number.rescaled(scale)?.mantissa(), self.step.rescaled(scale)?.mantissa());
        // One machine word where both fit: many times faster.
        if let (Ok(number), Ok(step)) = (i64::try_from(number), i64::try_from(step)) {
            let (steps, rest) = (number.div_euclid(step), number.rem_euclid(step));
            return Some((steps.into(), rest.into(), step.into()));
        }
        Some((number.div_euclid(step), number.rem_euclid(step), step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).unwrap()
    }

    fn written(number: Decimal) -> String {
        let mut out = Vec::new();
        number.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn halves_go_away_from_zero() {
        for (value, step, expected) in [
            ("149.99", "100", "100"),
            ("150", "100", "200"),
            ("-150", "100", "-200"),
            ("-149.99", "100", "-100"),
            ("2.5", "1", "3"),
            ("-2.5", "1", "-3"),
            ("0.125", "0.25", "0.25"),
            ("-0.125", "0.25", "-0.25"),
            ("0.1", "0.05", "0.10"),
            ("-0.01", "1", "0"),
            ("7", "2.5", "7.5"),
            ("100000000000000000000.5", "1", "100000000000000000001"),
        ] {
            let snapped = Grid::new(number(step)).unwrap().snap(number(value), To::Nearest).unwrap();
            assert_eq!(written(snapped), expected, "{value} by {step}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let huge = Decimal::new(i128::MAX, 0).unwrap();
        assert!(Grid::new(number("0.1")).unwrap().snap(huge, To::Nearest).is_none());
        assert!(Grid::new(number("100")).unwrap().snap(huge, To::Above).is_none());
        assert!(Grid::new(number("0")).is_none() && Grid::new(number("-1")).is_none());
    }

    proptest! {
        #[test]
        fn the_nearest_is_nearest(value in -1_000_000_i128..1_000_000, scale in 0_u8..4, step in 1_i128..5000, step_scale in 0_u8..4) {
            let (value, step) = (Decimal::new(value, scale).unwrap(), Decimal::new(step, step_scale).unwrap());
            let grid = Grid::new(step).unwrap();
            let at = |number: Decimal| number.rescaled(4).unwrap().mantissa();
            let of = |to| at(grid.snap(value, to).unwrap());
            let (nearest, below, above) = (of(To::Nearest), of(To::Below), of(To::Above));
            prop_assert_eq!(nearest % at(step), 0);
            prop_assert!(2 * (nearest - at(value)).abs() <= at(step));
            prop_assert!(below <= at(value) && at(value) <= above && above - below <= at(step));
            if 2 * (nearest - at(value)).abs() == at(step) {
                prop_assert!(nearest.abs() > at(value).abs());
            }
            let (steps, fraction) = grid.position(value).unwrap();
            prop_assert_eq!(at(grid.multiple(steps).unwrap()), below);
            prop_assert!((0.0..1.0).contains(&fraction));
        }
    }
}
