//! What an attacker learns from the staged rows, measured on a sample: singling out, linkability, attribute inference.
//!
//! The targets are sampled rows of the source as the release should show them; where the profile draws a sample, the rows
//! that were not drawn are the control: they were set aside before any level was chosen. Without a control what holds for
//! everybody looks like a leak, so the rates are told and judged by nobody.

use crate::attack::{
    Guess, Measured as Attacked, Published, Setting, SinglingOut, Tables, TablesBuilder, align, infer, link, single_out,
};
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Cells, Count, Fate, Marks, Measured, Place, Reading, Role, spread};
use crate::value::{Batch, Text, TextBuilder};

pub(super) const RULE: Rule = Rule {
    id: "learned-attacks",
    threat: "G27",
    reason: "who knows some columns of a person must not learn the others from the release",
    stage: Stage::Attacks,
    effect: Effect::WARN,
    wants,
    judge,
};

/// Rows of the release that are looked at.
const SAMPLE: usize = 50_000;

/// An even sample of the staged rows: those with the smallest marks, whoever read them.
struct Rows {
    columns: Vec<usize>,
    seed: u64,
    /// Rows with a mark above this are not kept; where the release has the rows that it should have, a little more than the sample
    /// lie below.
    bound: u64,
    /// Mark and place, and the cells; in order and cut to the sample when all is read.
    kept: Vec<((u64, u64, u64), Cells)>,
}

/// An even number for a place.
fn mark(seed: u64, shard: u64, row: u64) -> u64 {
    spread(seed ^ shard.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ row.wrapping_mul(0xD1B5_4A32_D192_ED03))
}

impl Rows {
    /// Of about so many rows.
    fn new(columns: Vec<usize>, seed: u64, rows: u64) -> Self {
        let part = SAMPLE as u64 + SAMPLE as u64 / 4;
        let bound = if rows <= part { u64::MAX } else { u64::MAX / rows * part };
        Self { columns, seed, bound, kept: Vec::new() }
    }
    /// Keeps the rows with the smallest marks.
    fn shrink(&mut self, most: usize) {
        self.kept.sort_unstable_by_key(|(key, _)| *key);
        self.kept.truncate(most);
    }
}

impl Count for Rows {
    fn fork(&self) -> Self {
        Self { columns: self.columns.clone(), seed: self.seed, bound: self.bound, kept: Vec::new() }
    }
    fn batch(&mut self, place: Place, batch: &Batch<'_>, _: &Marks) {
        for row in 0..batch.rows {
            let at = place.first_row + row as u64;
            let mark = mark(self.seed, place.shard, at);
            if mark > self.bound {
                continue;
            }
            let mut cells = Cells::with_room(self.columns.len());
            for column in &self.columns {
                cells.push_with(|text| batch.columns[*column].write_text(row, text));
            }
            self.kept.push(((mark, place.shard, at), cells));
            // more rows than should be there: the smaller half of the marks is what can be in the sample
            if self.kept.len() >= 4 * SAMPLE {
                self.shrink(SAMPLE);
            }
        }
    }
    fn absorb(&mut self, other: Self) {
        self.kept.extend(other.kept);
    }
    fn finish(&mut self, _: usize) {
        self.shrink(SAMPLE);
    }
}

/// Columns that an attacker can hold against what he knows: no tokens, nothing that was moved to other rows.
fn columns(case: &Case<'_>) -> Vec<usize> {
    let columns = case.policy.columns.iter().enumerate();
    columns.filter(|(_, column)| column.token.is_none() && !column.permuted).map(|(at, _)| at).collect()
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let columns = columns(case);
    if enough(case, &columns) {
        let (seed, rows) = (case.seed, case.policy.rows.released);
        reading.want(columns.clone(), || Rows::new(columns, seed, rows));
    }
}

/// Whether there is anything to attack: two columns, one of them known.
fn enough(case: &Case<'_>, columns: &[usize]) -> bool {
    columns.len() > 1 && !known(case, columns).is_empty()
}

/// Places among `columns` of the quasi-identifiers.
fn known(case: &Case<'_>, columns: &[usize]) -> Vec<usize> {
    (0..columns.len()).filter(|at| case.policy.columns[columns[*at]].role == Role::Quasi).collect()
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let columns = columns(case);
    if !enough(case, &columns) {
        return Finding::not_applicable("no quasi-identifier leaves beside another column");
    }
    let Some(rows) = measured.count::<Rows>().filter(|_| measured.read) else {
        return Finding::did_not_run("the rows were not read");
    };
    if rows.kept.is_empty() {
        return Finding::of(true, "no rows", "–");
    }
    let (targets, control) = (of_fate(case, false), of_fate(case, true));
    if targets.is_empty() {
        return Finding::did_not_run("no row of the source was sampled");
    }
    let tables = tables(case, &columns, rows, &targets, &control);
    let setting = Setting { seed: case.seed, ..Setting::default() };
    let alone = single_out(&tables, SinglingOut::Multivariate, &setting);
    let mut found: Vec<(String, Attacked)> = vec![("singling out".into(), alone)];
    let known = known(case, &columns);
    let half = |odd: usize| -> Vec<usize> { known.iter().copied().skip(odd).step_by(2).collect() };
    if known.len() > 1 {
        found.push(("linkability".into(), link(&tables, [&half(0), &half(1)], &setting)));
    }
    for secret in (0..columns.len()).filter(|at| case.policy.columns[columns[*at]].role == Role::Sensitive) {
        let name = &case.policy.columns[columns[secret]].name;
        found.push((format!("inference of `{name}`"), infer(&tables, &known, secret, Guess::Commonest, &setting)));
    }
    let told: Vec<String> = found.iter().map(|(name, one)| tell(name, one)).collect();
    let sample = format!("{}; seed {}, {} targets", told.join("; "), case.seed, targets.len().min(500));
    if control.is_empty() {
        return Finding::of(true, format!("{sample}; no control"), "told only: the profile sets no rows aside");
    }
    let limit = case.policy.tier.share_attacked();
    let holds = found.iter().all(|(_, one)| one.risk().low <= limit || !one.beats_naive());
    Finding::of(holds, sample, format!("no risk surely above {:.0}%", limit * 100.0))
}

fn tell(name: &str, one: &Attacked) -> String {
    let risk = one.risk();
    let naive = one.naive.share() * 100.0;
    format!(
        "{name} {:.1}% ({:.1} to {:.1}), naive {naive:.1}%",
        risk.value * 100.0,
        risk.low * 100.0,
        risk.high * 100.0
    )
}

/// Sampled rows of the source that the release is about, or that were set aside.
fn of_fate(case: &Case<'_>, aside: bool) -> Vec<usize> {
    let rows = case.aside.rows.iter().enumerate();
    rows.filter(|(_, row)| (row.fate == Fate::NotDrawn) == aside).map(|(at, _)| at).collect()
}

fn tables(case: &Case<'_>, columns: &[usize], rows: &Rows, targets: &[usize], control: &[usize]) -> Tables {
    let mut builder = TablesBuilder::new(columns.iter().map(|at| case.policy.columns[*at].name.clone()).collect());
    let released: Vec<Text<'_>> = (0..columns.len())
        .map(|at| {
            let mut text = TextBuilder::default();
            rows.kept.iter().for_each(|(_, row)| text.push_option(row.get(at)));
            text.finish(false)
        })
        .collect();
    builder.add(Published::Release, &released.iter().collect::<Vec<_>>());
    for (to, of) in [(Published::Original, targets), (Published::Control, control)] {
        if of.is_empty() {
            continue;
        }
        let texts: Vec<Text<'_>> = columns
            .iter()
            .map(|column| {
                let mut text = TextBuilder::default();
                for row in of {
                    text.push_option(case.aside.rows[*row].released.get(*column));
                }
                text.finish(false)
            })
            .collect();
        builder.add(to, &texts.iter().collect::<Vec<_>>());
    }
    align(builder, &vec![None; columns.len()])
}
