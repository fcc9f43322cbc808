//! Multidimensional partitioning: Mondrian (`LeFevre`, `DeWitt`, Ramakrishnan 2006) over the class table.
//!
//! All classes begin as one part. A part is cut along one column as long as every piece satisfies every model; columns are
//! tried from the one that covers most of its domain. Ordered columns are cut at the median of the part's rows, others
//! go down their hierarchy. What is released is the box between the cuts, not the narrowest one around the values: so
//! boxes cover the domain and do not tell the extremes of the people in them.
//!
//! *Strict*: boxes do not overlap; equal values go to one side. *Relaxed*: classes with the median's value go to either side,
//! so that both are of one size, and the boxes share that value. A class is never torn apart: rows with equal raw values are
//! released alike.

use super::judging::Bench;
use super::loss::{recoding, share};
use super::{Cell, Order, Recoding, Unsuited};
use crate::solve::Problem;

/// How a column is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// By order. Levels are not used, but for values that have no place: these stay apart, and go down the ladder to level 1.
    Ordered(Order),
    /// Down its ladder, between its highest and its lowest level.
    Hierarchy,
}

/// Whether boxes may overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// They do not.
    Strict,
    /// They may share the value of a cut.
    Relaxed,
}

/// A part: its classes and its box.
struct Part {
    classes: Vec<u32>,
    cells: Vec<Cell>,
}

/// Cuts until nothing can be cut; `None` where the uncut table breaks a model and may not be suppressed.
///
/// # Errors
/// [`Unsuited`].
///
/// # Panics
/// If there is not one dimension for each column.
pub fn multidimensional(problem: &Problem, dimensions: &[Dimension], cut: Cut) -> Result<Option<Recoding>, Unsuited> {
    super::check(problem)?;
    assert!(dimensions.len() == problem.ladders.len(), "one dimension for each column");
    let bench = Bench::new(problem);
    let cutter = Cutter { bench: &bench, dimensions, cut };
    let mut open: Vec<Part> = cutter.whole().into_iter().filter(|part| bench.accepts(&part.classes)).collect();
    let mut done: Vec<Part> = Vec::new();
    while let Some(part) = open.pop() {
        match cutter.cut(&part) {
            Some(pieces) => open.extend(pieces),
            None => done.push(part),
        }
    }
    let mut lists: Vec<Vec<u32>> = done.iter().map(|part| part.classes.clone()).collect();
    bench.hold_together(&mut lists);
    let stays: std::collections::BTreeSet<&Vec<u32>> = lists.iter().collect();
    done.retain(|part| stays.contains(&part.classes));
    let unions = done.into_iter().map(|part| (part.cells, part.classes)).collect();
    let found = recoding(problem, unions, dimensions, |classes| bench.count(classes));
    Ok((found.cost.suppressed_rows <= problem.suppress_at_most).then_some(found))
}

struct Cutter<'c> {
    bench: &'c Bench<'c>,
    dimensions: &'c [Dimension],
    cut: Cut,
}

impl Cutter<'_> {
    fn problem(&self) -> &Problem {
        self.bench.problem
    }
    fn raw(&self, column: usize, class: u32) -> u32 {
        self.problem().classes.codes[column][class as usize]
    }
    fn label(&self, column: usize, level: usize, class: u32) -> u32 {
        self.problem().ladders[column].levels[level].parent_code[self.raw(column, class) as usize]
    }
    /// The table before the first cut: one part, or one for each combination of the highest labels allowed.
    fn whole(&self) -> Vec<Part> {
        let all: Vec<u32> = (0..u32::try_from(self.problem().classes.len()).expect("checked before")).collect();
        let mut parts: std::collections::BTreeMap<Vec<Cell>, Vec<u32>> = std::collections::BTreeMap::new();
        for class in all {
            let cell = |(column, dimension): (usize, &Dimension)| {
                if let Dimension::Ordered(order) = dimension
                    && order.place(self.raw(column, class)).is_some()
                    && let Some((low, high)) = order.ends()
                {
                    return Cell::Range { low, high };
                }
                let level = self.problem().ladders[column].max;
                Cell::Label { level, code: self.label(column, level, class) }
            };
            parts.entry(self.dimensions.iter().enumerate().map(cell).collect()).or_default().push(class);
        }
        parts.into_iter().map(|(cells, classes)| Part { classes, cells }).collect()
    }
    /// The first cut that all models allow, widest column first.
    fn cut(&self, part: &Part) -> Option<Vec<Part>> {
        let problem = self.problem();
        let width = |column: usize| {
            share(problem, column, part.cells[column], self.dimensions) * problem.ladders[column].weight
        };
        let mut columns: Vec<usize> = (0..self.dimensions.len()).collect();
        columns.sort_by(|left, right| width(*right).total_cmp(&width(*left)).then(left.cmp(right)));
        columns.into_iter().find_map(|column| match (&self.dimensions[column], part.cells[column]) {
            (Dimension::Ordered(order), Cell::Range { low, high }) => self.cut_range(part, column, order, (low, high)),
            // what has no place in the order is not of the column's kind: no raw cell of it leaves
            (Dimension::Ordered(_), Cell::Label { level: ..=1, .. }) | (Dimension::Hierarchy, Cell::Range { .. }) => {
                None
            }
            (_, Cell::Label { level, .. }) => self.step_down(part, column, level),
        })
    }
    fn allowed(&self, pieces: &[Part]) -> bool {
        pieces.iter().all(|piece| self.bench.accepts(&piece.classes))
    }
    fn with(part: &Part, column: usize, cell: Cell, classes: Vec<u32>) -> Part {
        let mut cells = part.cells.clone();
        cells[column] = cell;
        Part { classes, cells }
    }
    /// The labels of the level below. A label alone says more and changes no class.
    fn step_down(&self, part: &Part, column: usize, level: usize) -> Option<Vec<Part>> {
        let below = level.checked_sub(1).filter(|below| *below >= self.problem().ladders[column].min)?;
        let mut groups: std::collections::BTreeMap<u32, Vec<u32>> = std::collections::BTreeMap::new();
        for &class in &part.classes {
            groups.entry(self.label(column, below, class)).or_default().push(class);
        }
        let piece = |(code, classes)| Self::with(part, column, Cell::Label { level: below, code }, classes);
        let pieces: Vec<Part> = groups.into_iter().map(piece).collect();
        (pieces.len() == 1 || self.allowed(&pieces)).then_some(pieces)
    }
    /// Two boxes with about half of the rows each; the more even of the two cuts around the median first.
    fn cut_range(&self, part: &Part, column: usize, order: &Order, (low, high): (u32, u32)) -> Option<Vec<Part>> {
        let place = |class: u32| order.place(self.raw(column, class));
        let mut classes = part.classes.clone();
        classes.sort_by_key(|class| (place(*class), *class));
        if place(classes[0]) == place(classes[classes.len() - 1]) {
            return None;
        }
        let rows = |class: u32| self.problem().classes.rows[class as usize];
        let half = classes.iter().map(|class| rows(*class)).sum::<u64>().div_ceil(2);
        let mut below = 0;
        let median = classes.iter().position(|class| {
            below += rows(*class);
            below >= half
        })?;
        match self.cut {
            Cut::Relaxed => {
                // the class at the median goes to the side that is then more even
                let before = below - rows(classes[median]);
                let at = if below - half <= half - before { median + 1 } else { median };
                let at = at.clamp(1, classes.len() - 1);
                let (left, right) = classes.split_at(at);
                let start = self.raw(column, right[0]);
                // where no value is on both sides the left box ends before the right one begins, as in a strict cut: its end
                // tells nothing of the people in it
                let shared = place(left[at - 1]) == place(right[0]);
                let end = if shared { start } else { order.before(start)? };
                let pieces = vec![
                    Self::with(part, column, Cell::Range { low, high: end }, left.to_vec()),
                    Self::with(part, column, Cell::Range { low: start, high }, right.to_vec()),
                ];
                self.allowed(&pieces).then_some(pieces)
            }
            Cut::Strict => {
                let value = place(classes[median]);
                let first = classes.partition_point(|class| place(*class) < value);
                let after = classes.partition_point(|class| place(*class) <= value);
                let left_of = |at: usize| classes[..at].iter().map(|class| rows(*class)).sum::<u64>();
                let mut cuts: Vec<usize> =
                    [first, after].into_iter().filter(|at| *at > 0 && *at < classes.len()).collect();
                cuts.sort_by_key(|at| left_of(*at).abs_diff(half));
                cuts.into_iter().find_map(|at| {
                    let (left, right) = classes.split_at(at);
                    // the right box begins at its first value, the left one ends at the value before it in the domain
                    let start = self.raw(column, right[0]);
                    let pieces = vec![
                        Self::with(part, column, Cell::Range { low, high: order.before(start)? }, left.to_vec()),
                        Self::with(part, column, Cell::Range { low: start, high }, right.to_vec()),
                    ];
                    self.allowed(&pieces).then_some(pieces)
                })
            }
        }
    }
}
