//! What singling out would have given on a control of another size.
//!
//! A predicate of weight w singles out in n rows with probability n w (1 - w)^(n-1) (Cohen and Nissim, "Towards formalizing
//! the GDPR's notion of singling out", PNAS 2020). Weights are taken as even between 0 and w; w and a factor are fitted to
//! successes on parts of the control, and the fit is carried to the size of the originals.

use super::draws::Draws;
use super::rate::float;

/// Sizes at which the control is measured, and how often each.
const SIZES: usize = 10;
const REPEATS: usize = 5;
/// Parts are not smaller than this, where the control has as many rows.
const LEAST: usize = 1000;

/// The integral of n w (1 - w)^(n-1) over w from 0 to `most`.
fn integral(n: f64, most: f64) -> f64 {
    (1.0 - (n * most + 1.0) * (n * (-most).ln_1p()).exp()) / (n + 1.0)
}

/// How many of the predicates single out in part of the rows, by size of the part. `matches` has the matching rows of each.
fn measure(matches: &[Vec<u32>], rows: usize, draws: &mut Draws) -> Vec<(f64, f64)> {
    let least = LEAST.min(rows);
    let mut points = Vec::new();
    for step in 0..SIZES {
        let size = least + (rows - least) * step / (SIZES - 1);
        for _ in 0..REPEATS {
            let mut place = vec![0; rows];
            for (at, row) in draws.order(rows).into_iter().enumerate() {
                place[row as usize] = at;
            }
            let one = |rows: &&Vec<u32>| rows.iter().filter(|row| place[**row as usize] < size).take(2).count() == 1;
            let successes = matches.iter().filter(one).count();
            points.push((float(size as u64), float(successes as u64)));
        }
    }
    points
}

/// Least squares over the weight; the best factor for a weight is known.
fn fit(points: &[(f64, f64)]) -> f64 {
    let loss = |log_weight: f64| {
        let values: Vec<(f64, f64)> = points.iter().map(|(n, y)| (integral(*n, log_weight.exp()), *y)).collect();
        let (cross, square) = values.iter().fold((0.0, 0.0), |sum, (f, y)| (sum.0 + f * y, sum.1 + f * f));
        let factor = if square > 0.0 { cross / square } else { 0.0 };
        values.iter().map(|(f, y)| (factor * f - y).powi(2)).sum::<f64>()
    };
    // a grid finds the valley, a golden section its floor
    let (mut low, mut high) = (-25.0_f64, 0.0_f64);
    let steps = 100;
    let at = |step: i32| low + (high - low) * f64::from(step) / f64::from(steps);
    let best = (0..=steps).min_by(|one, other| loss(at(*one)).total_cmp(&loss(at(*other)))).expect("a grid of points");
    (low, high) = (at((best - 1).max(0)), at((best + 1).min(steps)));
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..60 {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if loss(left) <= loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high).exp()
}

/// The factor that carries successes on a control of `rows` to a table of `target` rows.
pub(super) fn correction(matches: &[Vec<u32>], rows: usize, target: usize, draws: &mut Draws) -> f64 {
    if rows == target || matches.is_empty() || rows == 0 {
        return 1.0;
    }
    let points = measure(matches, rows, draws);
    if points.iter().all(|(_, successes)| *successes == 0.0) {
        return 1.0; // nothing to carry
    }
    let weight = fit(&points);
    let (from, to) = (integral(float(rows as u64), weight), integral(float(target as u64), weight));
    if from > 0.0 { to / from } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integral_is_that_of_the_density() {
        for (n, most) in [(10.0, 0.3), (1000.0, 0.001), (3.0, 1.0)] {
            let steps = 200_000;
            let width = most / f64::from(steps);
            let density = |w: f64| n * w * (1.0 - w).powf(n - 1.0);
            let sum: f64 = (0..steps).map(|at| density((f64::from(at) + 0.5) * width) * width).sum();
            assert!((integral(n, most) - sum).abs() < 1e-6, "{n} {most}");
        }
    }

    #[test]
    fn a_known_weight_is_found_again() {
        let points: Vec<(f64, f64)> =
            (1..=10).map(|at| 300.0 * f64::from(at)).map(|n| (n, 4e4 * integral(n, 2e-3))).collect();
        assert!((fit(&points) / 2e-3 - 1.0).abs() < 1e-3, "{}", fit(&points));
    }

    /// Predicates of one row in a thousand: among 2000 rows fewer single out than among 1000 and more than none do.
    #[test]
    fn a_larger_table_is_corrected_for() {
        let mut draws = Draws::new(3, "size");
        let matches: Vec<Vec<u32>> =
            (0..400).map(|_| (0..2000_u32).filter(|_| draws.below(1000) == 0).collect()).collect();
        let factor = correction(&matches, 2000, 4000, &mut draws);
        // evenly weighted model of a point weight: between the exact ratio 2 * e^-2 and no change
        assert!(factor > 0.2 && factor < 1.0, "{factor}");
        assert_eq!(correction(&matches, 2000, 2000, &mut draws), 1.0);
    }
}
