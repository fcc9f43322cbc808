//! No token of the release stands in an earlier one: tokens that two releases share link their rows.
//!
//! A key that lives in one run cannot make the tokens of another, so the overlap is 0 unless the key was kept or repeated.
//! Where the key holder shall link (goal `deidentified`), the same key may make the same tokens in one domain; across
//! domains never.

use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Count, Marks, Measured, Place, Reading};
use crate::ledger::{SketchedTokens, Sketcher};
use crate::value::Batch;

pub(in crate::gate) const RULE: Rule = Rule {
    id: "earlier-tokens",
    threat: "G05",
    reason: "a token that stands in two releases links the rows of a person across them",
    stage: Stage::Ledger,
    effect: Effect::BLOCK,
    wants,
    judge,
};

/// Keyed sketches of the token columns.
pub(in crate::gate) struct EarlierTokens(Vec<Sketched>);

struct Sketched {
    place: usize,
    column: String,
    domain: String,
    sketcher: Sketcher,
}

impl EarlierTokens {
    /// As the ledger keeps them.
    pub(in crate::gate) fn sketched(&self) -> Vec<SketchedTokens> {
        let one = |sketched: &Sketched| SketchedTokens {
            column: sketched.column.clone(),
            domain: sketched.domain.clone(),
            sketch: sketched.sketcher.sketch(),
        };
        self.0.iter().map(one).collect()
    }
}

impl Count for EarlierTokens {
    fn fork(&self) -> Self {
        let fork = |one: &Sketched| Sketched {
            place: one.place,
            column: one.column.clone(),
            domain: one.domain.clone(),
            sketcher: one.sketcher.fork(),
        };
        Self(self.0.iter().map(fork).collect())
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, _: &Marks) {
        for one in &mut self.0 {
            for cell in batch.columns[one.place].to_text().iter().flatten() {
                one.sketcher.add(cell);
            }
        }
    }
    fn absorb(&mut self, other: Self) {
        for (one, other) in self.0.iter_mut().zip(other.0) {
            one.sketcher.absorb(&other.sketcher);
        }
    }
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let Some(earlier) = &case.aside.earlier else { return };
    let columns = case.policy.columns.iter().enumerate();
    let tokens = columns.filter_map(|(place, column)| Some((place, column, column.domain.as_ref()?)));
    let sketched: Vec<Sketched> = tokens
        .map(|(place, column, domain)| Sketched {
            place,
            column: column.name.clone(),
            domain: domain.clone(),
            sketcher: Sketcher::new(&earlier.keys),
        })
        .collect();
    let places: Vec<usize> = sketched.iter().map(|one| one.place).collect();
    reading.want(places, || EarlierTokens(sketched));
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let Some(earlier) = &case.aside.earlier else {
        return Finding::not_applicable("no ledger is given");
    };
    let Some(counted) = measured.count::<EarlierTokens>().filter(|_| measured.read) else {
        return Finding::did_not_run("the tokens were not read");
    };
    let (mut shared, mut compared, mut worst) = (0, 0, String::new());
    for tokens in counted.sketched() {
        for release in &earlier.releases {
            for other in &release.tokens {
                compared += 1;
                let meant = !case.policy.anonymized && release.key == earlier.key && other.domain == tokens.domain;
                let overlap = tokens.sketch.overlap(&other.sketch);
                if overlap.shared > 0 && !meant {
                    shared += overlap.shared;
                    worst = format!(
                        ", as column `{}` with `{}` of release {}",
                        tokens.column, other.column, release.release
                    );
                }
            }
        }
    }
    let measured = format!("{shared} shared over {compared} pairs of columns{worst}");
    Finding::of(shared == 0, measured, "0 shared")
}
