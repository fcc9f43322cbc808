//! What regions lose, in the measure of the full-domain search: the share of each column's domain that a cell may be, a
//! suppressed cell being all of it (Iyengar 2002), columns rounded down and aggregated as ARX does.

use super::multidimensional::Dimension;
use super::{Cell, Cost, Recoding, Region};
use crate::solve::{Aggregate, Metric, Problem};

/// The share of a column that a cell covers.
#[expect(clippy::cast_precision_loss, reason = "shares of a domain")]
pub(super) fn share(problem: &Problem, column: usize, cell: Cell, dimensions: &[Dimension]) -> f64 {
    let ladder = &problem.ladders[column];
    let covered = match (cell, dimensions.get(column)) {
        (Cell::Label { level, code }, _) => ladder.levels[level].leaves[code as usize],
        (Cell::Range { low, high }, Some(Dimension::Ordered(order))) => order.covered(low, high),
        (Cell::Range { .. }, _) => ladder.total,
    };
    (covered.max(ladder.unit) as f64 / ladder.total as f64).min(1.0)
}

/// Puts unions of base classes together as a recoding; unions with the same cells become one region.
pub(super) fn recoding(
    problem: &Problem,
    unions: Vec<(Vec<Cell>, Vec<u32>)>,
    dimensions: &[Dimension],
    count: impl Fn(&[u32]) -> super::judging::Count,
) -> Recoding {
    let mut together: std::collections::BTreeMap<Vec<Cell>, Vec<u32>> = std::collections::BTreeMap::new();
    for (cells, classes) in unions {
        together.entry(cells).or_default().extend(classes);
    }
    let mut region_of = vec![None; problem.classes.len()];
    let mut regions = Vec::with_capacity(together.len());
    for (number, (cells, classes)) in (0_u32..).zip(together) {
        let count = count(&classes);
        for class in &classes {
            region_of[*class as usize] = Some(number);
        }
        regions.push(Region { cells, rows: count.rows, members: count.members });
    }
    let cost = cost(problem, &regions, &region_of, dimensions);
    Recoding { regions, region_of, cost }
}

#[expect(clippy::cast_precision_loss, reason = "counts as factors")]
pub(super) fn cost(problem: &Problem, regions: &[Region], region_of: &[Option<u32>], dimensions: &[Dimension]) -> Cost {
    let rows: u64 = problem.classes.rows.iter().sum();
    let kept: u64 = regions.iter().map(|region| region.rows).sum();
    let suppressed = rows - kept;
    let balance = if let Metric::Loss { balance, .. } = problem.metric { balance } else { 0.5 };
    let factor = if balance <= 0.5 { 1.0 } else { 1.0 - 2.0 * (balance - 0.5) };
    let out_factor = if balance < 0.5 { 2.0 * balance } else { 1.0 };
    let loss_by_column: Vec<f64> = (0..problem.ladders.len())
        .map(|column| {
            let finest = problem.ladders[column].unit as f64 / problem.ladders[column].total as f64;
            let covered: f64 = regions
                .iter()
                .map(|region| region.rows as f64 * share(problem, column, region.cells[column], dimensions))
                .sum();
            let out = suppressed as f64 * (finest + out_factor * (1.0 - finest));
            let least = factor * rows as f64 * finest;
            let scaled = (covered * factor + out - least) / (rows as f64 - least);
            if scaled >= 0.0 { (scaled * 1e10).floor() / 1e10 } else { 0.0 }
        })
        .collect();
    let square = |region: &Region| u128::from(region.rows) * u128::from(region.rows);
    Cost {
        loss: aggregate(problem, &loss_by_column),
        loss_by_column,
        suppressed_rows: suppressed,
        classes: regions.len() as u64,
        discernibility: regions.iter().map(square).sum::<u128>() + u128::from(rows) * u128::from(suppressed),
        divergence: divergence(problem, regions, region_of, dimensions, suppressed),
    }
}

/// Σ p log2 (p / q) over the base classes: p is a class's share of the rows; q is what a reader expects who spreads each region's
/// rows evenly over the raw tuples that it covers, and the suppressed rows over all (Kifer, Gehrke 2006; ARX's formula).
#[expect(clippy::cast_precision_loss, reason = "counts as shares")]
fn divergence(
    problem: &Problem,
    regions: &[Region],
    region_of: &[Option<u32>],
    dimensions: &[Dimension],
    suppressed: u64,
) -> f64 {
    let total = problem.classes.rows.iter().sum::<u64>() as f64;
    let domain = |column: usize| problem.ladders[column].total as f64 / problem.ladders[column].unit as f64;
    let columns = 0..problem.ladders.len();
    let covers: Vec<f64> = regions
        .iter()
        .map(|region| {
            let share = |column: usize| share(problem, column, region.cells[column], dimensions) * domain(column);
            columns.clone().map(share).product()
        })
        .collect();
    let everything: f64 = columns.clone().map(domain).product();
    let term = |(rows, region): (&u64, &Option<u32>)| {
        let p = *rows as f64 / total;
        let q = match region {
            Some(region) => regions[*region as usize].rows as f64 / covers[*region as usize],
            None => suppressed as f64 / everything,
        } / total;
        if *rows == 0 { 0.0 } else { p * (p / q).log2() }
    };
    problem.classes.rows.iter().zip(region_of).map(term).sum()
}

#[expect(clippy::cast_precision_loss, reason = "the number of columns")]
fn aggregate(problem: &Problem, by_column: &[f64]) -> Vec<f64> {
    let heaviest = problem.ladders.iter().map(|ladder| ladder.weight).fold(0.0, f64::max);
    let weight = |weight: f64| if heaviest > 0.0 { weight / heaviest } else { 0.0 };
    let weighted = by_column.iter().zip(&problem.ladders).map(|(loss, ladder)| loss * weight(ladder.weight));
    let dimensions = by_column.len().max(1) as f64;
    let Metric::Loss { aggregate, .. } = problem.metric else { return vec![f64::NAN] };
    match aggregate {
        Aggregate::Sum => vec![weighted.sum()],
        Aggregate::Maximum => vec![weighted.fold(0.0, f64::max)],
        Aggregate::ArithmeticMean => vec![weighted.map(|loss| loss / dimensions).sum()],
        Aggregate::GeometricMean => {
            vec![weighted.map(|loss| (loss + 1.0).powf(1.0 / dimensions)).product::<f64>() - 1.0]
        }
        Aggregate::Rank => {
            let mut list: Vec<f64> = weighted.collect();
            list.sort_unstable_by(|left, right| right.total_cmp(left));
            list.resize(by_column.len().max(1), 0.0);
            list
        }
    }
}
