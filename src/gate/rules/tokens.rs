//! Every token has its full length and alphabet.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Count, Marks, Measured, Place, Reading, TokenShape};
use crate::value::{Batch, Column};

pub(super) const RULE: Rule = Rule {
    id: "tokens",
    threat: "G18",
    reason: "a token that is short or not a token may show what it stands for",
    stage: Stage::Rows,
    effect: Effect::BLOCK,
    wants,
    judge,
};

/// Cells that are not of their column's token form.
struct BadTokens {
    columns: Vec<(usize, TokenShape)>,
    bad: u64,
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let columns = case.policy.columns.iter().enumerate();
    let columns: Vec<_> = columns.filter_map(|(at, column)| column.token.map(|shape| (at, shape))).collect();
    if !columns.is_empty() {
        reading.want(columns.iter().map(|(at, _)| *at), || BadTokens { columns: columns.clone(), bad: 0 });
    }
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    if case.policy.columns.iter().all(|column| column.token.is_none()) {
        return Finding::not_applicable("no column holds tokens");
    }
    let Some(tokens) = measured.count::<BadTokens>() else {
        return Finding::did_not_run("the rows were not read");
    };
    Finding::of(tokens.bad == 0, counted(tokens.bad, "cell"), "0 cells")
}

impl Count for BadTokens {
    fn fork(&self) -> Self {
        Self { columns: self.columns.clone(), bad: 0 }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, _: &Marks) {
        for (at, shape) in &self.columns {
            let bad = match &batch.columns[*at] {
                Column::Text(cells) => cells.iter().flatten().filter(|cell| !shape.fits(cell)).count(),
                // what is not text is no token
                other => other.len(),
            };
            self.bad += bad as u64;
        }
    }
    fn absorb(&mut self, other: Self) {
        self.bad += other.bad;
    }
}
