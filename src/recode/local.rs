//! Local recoding: what the best levels suppress gets levels of its own, again and again.
//!
//! The first round is the full-domain optimum, or one that may suppress more; each further round solves for what is left,
//! against the distribution of the whole table, and keeps what it can. The start that loses least in the end is taken, so
//! the outcome never loses more than the full-domain optimum, which is one of them (ARX does the same with fixed shares;
//! the idea is that of "suppression as a recoding of last resort", `LeFevre` et al. 2005).

use super::judging::Bench;
use super::loss::recoding;
use super::{Cell, Recoding, Unsuited};
use crate::solve::{Budget, Classes, Problem, Sensitive, solve_within, whole};
use std::collections::BTreeMap;

/// Shares of the rows that the first round may leave to later ones, in percent, beside the problem's own limit.
const STARTS: [u64; 5] = [5, 10, 25, 50, 100];

/// What is released, and of which base classes.
type Unions = Vec<(Vec<Cell>, Vec<u32>)>;

/// The best local recoding found; `None` where not even levels for all rows satisfy the models.
///
/// # Errors
/// [`Unsuited`].
pub fn local(problem: &Problem, budget: &Budget<'_>) -> Result<Option<Recoding>, Unsuited> {
    super::check(problem)?;
    let bench = Bench::new(problem);
    let rows: u64 = problem.classes.rows.iter().sum();
    let own = problem.suppress_at_most;
    // one round alone is the full-domain optimum
    let mut starts: Vec<(u64, usize)> = vec![(own, 1), (own, usize::MAX)];
    let more = STARTS.iter().map(|percent| (rows / 100 * percent, usize::MAX));
    starts.extend(more.filter(|(limit, _)| *limit > own));
    let mut best: Option<Recoding> = None;
    for (limit, most) in starts {
        let unions = rounds(problem, &bench, limit, most, budget)?;
        let found = recoding(problem, unions, &[], |classes| bench.count(classes));
        let better = |best: &Recoding| {
            let pairs = found.cost.loss.iter().zip(&best.cost.loss);
            pairs
                .map(|(new, old)| new.total_cmp(old))
                .find(|order| order.is_ne())
                .is_some_and(std::cmp::Ordering::is_lt)
        };
        if found.cost.suppressed_rows <= own && best.as_ref().is_none_or(better) {
            best = Some(found);
        }
        if !(budget.go_on)() {
            break;
        }
    }
    Ok(best)
}

/// Unions of base classes with their cells, round after round.
fn rounds(
    problem: &Problem,
    bench: &Bench<'_>,
    first_limit: u64,
    most: usize,
    budget: &Budget<'_>,
) -> Result<Unions, Unsuited> {
    let whole = whole(problem);
    let mut left: Vec<u32> = (0..u32::try_from(problem.classes.len()).expect("checked before")).collect();
    let mut limit = first_limit;
    let mut found: BTreeMap<Vec<Cell>, Vec<u32>> = BTreeMap::new();
    for _ in 0..most {
        let rest = Problem {
            classes: subset(&problem.classes, &left),
            ladders: problem.ladders.clone(),
            models: problem.models.clone(),
            metric: problem.metric,
            suppress_at_most: limit,
        };
        let Some(best) = solve_within(&rest, &whole, budget)?.best else { break };
        let (kept, others) = at_levels(bench, &left, &best.levels);
        if kept.is_empty() {
            break;
        }
        for (cells, classes) in kept {
            found.entry(cells).or_default().extend(classes);
        }
        left = others;
        let rows: u64 = left.iter().map(|class| problem.classes.rows[*class as usize]).sum();
        if rows == 0 || !(budget.go_on)() {
            break;
        }
        // one row must be kept, or the round found nothing
        limit = rows - 1;
    }
    // Unions of several rounds with the same labels are one class of the release, which the models must accept too.
    Ok(hold(bench, found))
}

/// What the models accept of the classes at some levels, and the base classes of the rest.
fn at_levels(bench: &Bench<'_>, left: &[u32], levels: &[usize]) -> (BTreeMap<Vec<Cell>, Vec<u32>>, Vec<u32>) {
    let problem = bench.problem;
    let mut unions: BTreeMap<Vec<Cell>, Vec<u32>> = BTreeMap::new();
    for &class in left {
        let cell = |(column, &level): (usize, &usize)| {
            let raw = problem.classes.codes[column][class as usize];
            Cell::Label { level, code: problem.ladders[column].levels[level].parent_code[raw as usize] }
        };
        unions.entry(levels.iter().enumerate().map(cell).collect()).or_default().push(class);
    }
    let (kept, out): (BTreeMap<_, _>, BTreeMap<_, _>) =
        unions.into_iter().partition(|(_, classes): &(Vec<Cell>, Vec<u32>)| bench.accepts(classes));
    let kept = hold(bench, kept).into_iter().collect::<BTreeMap<_, _>>();
    let mut others: Vec<u32> = out.into_values().flatten().collect();
    let taken: std::collections::BTreeSet<u32> = kept.values().flatten().copied().collect();
    others.extend(left.iter().copied().filter(|class| !taken.contains(class)));
    others.sort_unstable();
    others.dedup();
    (kept, others)
}

/// Leaves out what the models reject, each union for itself and all together.
fn hold(bench: &Bench<'_>, unions: BTreeMap<Vec<Cell>, Vec<u32>>) -> Unions {
    let accepted: BTreeMap<Vec<Cell>, Vec<u32>> =
        unions.into_iter().filter(|(_, classes)| bench.accepts(classes)).collect();
    let mut lists: Vec<Vec<u32>> = accepted.values().cloned().collect();
    bench.hold_together(&mut lists);
    let stays: std::collections::BTreeSet<&Vec<u32>> = lists.iter().collect();
    accepted.into_iter().filter(|(_, classes)| stays.contains(classes)).collect()
}

/// Some of the base classes.
fn subset(classes: &Classes, which: &[u32]) -> Classes {
    let pick = |numbers: &[u64]| which.iter().map(|class| numbers[*class as usize]).collect();
    let sensitive = |column: &Sensitive| {
        let mut part = Sensitive { values: column.values, starts: vec![0], codes: Vec::new(), counts: Vec::new() };
        for &class in which {
            let range = column.starts[class as usize]..column.starts[class as usize + 1];
            part.codes.extend_from_slice(&column.codes[range.clone()]);
            part.counts.extend_from_slice(&column.counts[range]);
            part.starts.push(part.codes.len());
        }
        part
    };
    let of_column = |codes: &Vec<u32>| which.iter().map(|class| codes[*class as usize]).collect();
    Classes {
        codes: classes.codes.iter().map(of_column).collect(),
        rows: pick(&classes.rows),
        members: pick(&classes.members),
        population: None,
        sensitive: classes.sensitive.iter().map(sensitive).collect(),
        shared: if classes.shared.is_empty() {
            Vec::new()
        } else {
            which.iter().map(|class| classes.shared[*class as usize].clone()).collect()
        },
        persons: None,
    }
}
