//! One node judged: which classes are suppressed, whether that is allowed, and what it loses.

use super::counts::Count;
use super::measure::{Measure, Tally};
use super::problem::Loss;
use super::rollup::NodeTable;
use crate::check::{Class, Judge, Verdict};

/// What was found out about a node.
#[derive(Clone)]
pub(super) struct Finding {
    /// Rows that monotone models suppress; finer nodes suppress at least as many. A lower bound where the judgement
    /// was cut short.
    pub(super) firmly_suppressed: u64,
    /// Whether finer nodes are ruled out too.
    pub(super) refuted_with_finer: bool,
    pub(super) suppressed: u64,
    pub(super) kept_classes: u64,
    pub(super) feasible: bool,
    /// Absent where the node is not feasible and its loss was not asked for.
    pub(super) loss: Option<(Loss, Vec<f64>)>,
    pub(super) floor: f64,
}

/// Buffers of one worker.
#[derive(Default)]
pub(super) struct Buffers {
    out: Vec<bool>,
    numbers: Vec<f64>,
    histograms: Vec<Vec<u64>>,
    sizes: Vec<u64>,
}

impl Finding {
    /// A node of which nothing is known but that so many rows are in classes that are too small.
    pub(super) fn too_small(firmly_suppressed: u64) -> Self {
        Self {
            firmly_suppressed,
            refuted_with_finer: true,
            suppressed: firmly_suppressed,
            kept_classes: 0,
            feasible: false,
            loss: None,
            floor: 0.0,
        }
    }
}

/// Judges a node. With `whole` the loss of a node over the limit is wanted too. `k` is counted on whole persons where there are
/// persons, who leave with all their rows.
pub(super) fn evaluate<C: Count>(
    table: &NodeTable<C>,
    judge: &Judge,
    measure: &Measure,
    limit: u64,
    (whole, k): (bool, u64),
    buffers: &mut Buffers,
) -> Finding {
    let classes = table.len();
    buffers.out.clear();
    buffers.out.resize(classes, false);
    let mut firmly = 0;
    let mut suppressed;
    let mut refused = false;
    if judge.sizes_only() && table.members_are_rows() {
        let least = judge.least_members();
        for (out, &rows) in buffers.out.iter_mut().zip(&table.rows) {
            *out = rows.get() < least;
            firmly += if *out { rows.get() } else { 0 };
        }
        suppressed = firmly;
    } else {
        buffers.histograms.resize(table.histograms.len(), Vec::new());
        // Sizes first: they need no histogram, and often they decide.
        for class in 0..classes {
            let described = describe(table, class);
            if described.rows == 0 {
                refused |= !judge.accepts_absent(described.population);
            } else if judge.too_small(&described) {
                buffers.out[class] = true;
                firmly += described.rows;
            }
        }
        suppressed = firmly;
        for class in 0..classes {
            // Once finer nodes are ruled out too, nothing more is asked.
            if !whole && firmly > limit {
                break;
            }
            let rows = table.rows[class].get();
            if rows == 0 || buffers.out[class] {
                continue;
            }
            let (verdict, least_removed) = judge_class(table, class, judge, buffers);
            buffers.out[class] = verdict != Verdict::Kept;
            suppressed += if verdict == Verdict::Kept { 0 } else { rows };
            firmly += least_removed;
        }
        if judge.table_wide() {
            buffers.sizes.clear();
            let kept = (0..classes).filter(|&class| !buffers.out[class] && table.rows[class].get() > 0);
            buffers.sizes.extend(kept.map(|class| table.members(class)));
            buffers.sizes.sort_unstable();
            let largest = judge.largest_suppressed(&buffers.sizes);
            for class in 0..classes {
                let rows = table.rows[class].get();
                if !buffers.out[class] && rows > 0 && table.members(class) <= largest {
                    buffers.out[class] = true;
                    suppressed += rows;
                }
            }
        }
    }
    let mut gone = None;
    if let Some(persons) = &table.persons {
        let leaving = persons.leaving(k, &buffers.out, &table.rows);
        firmly = firmly.max(leaving.firmly);
        suppressed = leaving.rows;
        gone = Some(leaving.by_class);
    }
    let feasible = suppressed <= limit && !refused;
    let mut finding = Finding {
        firmly_suppressed: firmly,
        refuted_with_finer: firmly > limit,
        suppressed,
        kept_classes: 0,
        feasible,
        loss: None,
        floor: 0.0,
    };
    if feasible || whole || (measure.has_floor() && firmly <= limit) {
        let (tally, unsuppressed) = tally(table, measure, &buffers.out, gone.as_deref());
        finding.kept_classes = tally.kept_classes;
        finding.floor = measure.floor(&tally, unsuppressed);
        if feasible || whole {
            finding.loss = Some(measure.loss(&table.levels, &tally));
        }
    }
    finding
}

fn describe<C: Count>(table: &NodeTable<C>, class: usize) -> Class<'static> {
    let population = table.population.get(class).copied().unwrap_or(0);
    Class { rows: table.rows[class].get(), members: table.members(class), population, histograms: &[] }
}

/// The verdict of a class, and how many of its rows are suppressed at least in every finer node.
fn judge_class<C: Count>(table: &NodeTable<C>, class: usize, judge: &Judge, buffers: &mut Buffers) -> (Verdict, u64) {
    for (counts, written) in table.histograms.iter().zip(&mut buffers.histograms) {
        counts.write(class, written);
    }
    let mut judged = |described: &Class<'_>| {
        let verdict = judge.verdict(described, &mut buffers.numbers);
        let removed = match verdict {
            Verdict::Kept => 0,
            Verdict::Rejected => judge.least_removed(described, &mut buffers.numbers),
            Verdict::RejectedWithParts => described.rows,
        };
        (verdict, removed)
    };
    let described = describe(table, class);
    match buffers.histograms.as_slice() {
        [] => judged(&described),
        [one] => judged(&Class { histograms: &[one], ..described }),
        many => {
            let histograms: Vec<&[u64]> = many.iter().map(Vec::as_slice).collect();
            judged(&Class { histograms: &histograms, ..described })
        }
    }
}

/// The sums that the metric needs, and the ambiguity without suppression. Where persons leave, `gone` has the rows that leave
/// each class; else classes leave whole.
#[expect(clippy::cast_precision_loss, reason = "ambiguity is a product of shares")]
fn tally<C: Count>(table: &NodeTable<C>, measure: &Measure, out: &[bool], gone: Option<&[u64]>) -> (Tally, f64) {
    let columns = table.levels.len();
    let mut tally = Tally { suppressed_covered: vec![0; columns], ..Tally::default() };
    if measure.needs_codes() {
        tally.suppressed_codes =
            (0..columns).map(|column| vec![0; measure.codes(column, table.levels[column])]).collect();
    }
    let leaves: Vec<&[u64]> = (0..columns).map(|column| measure.leaves(column, table.levels[column])).collect();
    let (squares, ambiguity) = (measure.needs_squares(), measure.needs_ambiguity());
    let square = |rows: u64| if squares { u128::from(rows) * u128::from(rows) } else { 0 };
    let domain: f64 = (0..columns).map(|column| measure.domain(column)).product();
    let mut unsuppressed = Vec::new();
    for (class, (&rows, &out)) in table.rows.iter().zip(out).enumerate() {
        let rows = rows.get();
        if rows == 0 {
            continue;
        }
        let suppressed = gone.map_or(if out { rows } else { 0 }, |gone| gone[class]);
        let kept = rows - suppressed;
        if ambiguity {
            let spread = |column: usize| leaves[column][table.code(column, class)] as f64 / measure.total(column);
            let spread = (0..columns).map(spread).product::<f64>();
            unsuppressed.push(rows as f64 * domain * spread);
            if kept > 0 {
                tally.ambiguity.push(kept as f64 * domain * spread);
            }
            if suppressed > 0 {
                tally.ambiguity.push(suppressed as f64 * domain);
            }
        }
        if kept > 0 {
            tally.kept_classes += 1;
            tally.kept_squares += square(kept);
        }
        if suppressed == 0 {
            continue;
        }
        tally.suppressed += suppressed;
        tally.suppressed_classes += u64::from(kept == 0);
        tally.suppressed_squares += square(suppressed);
        if measure.needs_covered() {
            for (column, sum) in tally.suppressed_covered.iter_mut().enumerate() {
                *sum += u128::from(suppressed) * u128::from(leaves[column][table.code(column, class)]);
            }
        } else if measure.needs_codes() {
            for (column, counts) in tally.suppressed_codes.iter_mut().enumerate() {
                counts[table.code(column, class)] += suppressed;
            }
        }
    }
    unsuppressed.sort_unstable_by(f64::total_cmp);
    (tally, unsuppressed.iter().sum())
}
