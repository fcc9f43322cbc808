//! Released numbers are multiples of the step that the profile declares.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Count, Marks, Measured, Place, Reading};
use crate::value::{Batch, Column, Decimal};

pub(super) const RULE: Rule = Rule {
    id: "numeric-grid",
    threat: "G20",
    reason: "digits beyond the declared step tell what the rounding was to hide",
    stage: Stage::Rows,
    effect: Effect::BLOCK,
    wants,
    judge,
};

/// Cells that are no multiple of their column's step.
struct OffGrid {
    columns: Vec<(usize, Decimal)>,
    off: u64,
}

fn columns(case: &Case<'_>) -> Vec<(usize, Decimal)> {
    let columns = case.policy.columns.iter().enumerate();
    columns
        .filter_map(|(at, column)| {
            let step = column.grid?;
            Some((at, Decimal::new(step.mantissa, step.scale)?))
        })
        .collect()
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let columns = columns(case);
    if !columns.is_empty() {
        reading.want(columns.iter().map(|(at, _)| *at), || OffGrid { columns: columns.clone(), off: 0 });
    }
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let columns = columns(case);
    if columns.is_empty() {
        return Finding::not_applicable("no column has a declared step");
    }
    let Some(counted_off) = measured.count::<OffGrid>() else {
        return Finding::did_not_run("the numbers were not read");
    };
    let what =
        format!("{} off the grid of {}", counted(counted_off.off, "cell"), counted(columns.len() as u64, "column"));
    Finding::of(counted_off.off == 0, what, "0 cells")
}

/// Whether a number is a whole multiple of the step.
fn lies_on(cell: &[u8], step: Decimal) -> bool {
    let Some(number) = Decimal::parse(cell) else { return false };
    let scale = number.scale().max(step.scale());
    match (number.rescaled(scale), step.rescaled(scale)) {
        (Some(number), Some(step)) if step.mantissa() != 0 => number.mantissa() % step.mantissa() == 0,
        _ => false,
    }
}

/// The same of a double, which can only be near a multiple of a tenth.
fn floats_on(number: f64, step: Decimal) -> bool {
    let times = number / step.to_f64();
    (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

impl Count for OffGrid {
    fn fork(&self) -> Self {
        Self { columns: self.columns.clone(), off: 0 }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, _: &Marks) {
        for (at, step) in &self.columns {
            self.off += match &batch.columns[*at] {
                Column::Float(cells) => cells.iter().flatten().filter(|number| !floats_on(**number, *step)).count(),
                other => other.to_text().iter().flatten().filter(|cell| !lies_on(cell, *step)).count(),
            } as u64;
        }
    }
    fn absorb(&mut self, other: Self) {
        self.off += other.off;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_told_from_other_numbers() {
        let step = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        for (cell, of) in
            [("1900", "100"), ("-300", "100"), ("0", "100"), ("0.25", "0.05"), ("7", "0.5"), ("1.50", "0.5")]
        {
            assert!(lies_on(cell.as_bytes(), step(of)), "{cell} {of}");
        }
        for (cell, of) in [("1945.30", "100"), ("1", "100"), ("0.26", "0.05"), ("x", "1"), ("", "1")] {
            assert!(!lies_on(cell.as_bytes(), step(of)), "{cell} {of}");
        }
        assert!(floats_on(0.1 + 0.2, step("0.1")) && floats_on(-1e9, step("0.01")));
        assert!(!floats_on(0.31, step("0.1")) && !floats_on(1945.3, step("100")) && !floats_on(f64::NAN, step("1")));
    }
}
