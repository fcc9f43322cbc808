//! What is asked of a search and what it tells; a lattice that fits in memory goes to [`super::listed`], a larger one to
//! [`super::open_ended`].

use super::counts::Count;
use super::evaluate::{Buffers, Finding, evaluate};
use super::keys::Keys;
use super::lattice::Lattice;
use super::listed::{MOST_NODES, Ruled, Search};
use super::measure::Measure;
use super::problem::{Loss, Problem};
use super::rollup::{Cut, NodeTable, Scratch};
use super::sources::{Found, Sources};
use crate::check::{Judge, Model, Whole};

/// How long to search: the caller's clock, and the memory for tables that are kept.
pub struct Budget<'a> {
    /// Asked between rounds; `false` ends the search with the best found.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Nodes that are judged at most, give or take a round.
    pub most_checked: Option<u64>,
    /// Bytes for class tables of intermediate nodes.
    pub memory: usize,
    /// Threads.
    pub threads: usize,
    /// Levels that the caller has found not to hold: none of them is the best.
    pub refused: &'a [Vec<usize>],
}

impl Budget<'static> {
    /// Until the optimum is proven, with 1 GiB for tables.
    #[must_use]
    pub fn unlimited(threads: usize) -> Self {
        Self { go_on: &|| true, most_checked: None, memory: 1 << 30, threads, refused: &[] }
    }
}

impl Budget<'_> {
    /// Whether the search goes on after so many nodes.
    pub(super) fn goes_on(&self, checked: u64) -> bool {
        self.most_checked.is_none_or(|most| checked < most) && (self.go_on)()
    }
}

/// Why there is nothing to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsolvable {
    /// A column's levels part values that a finer level had joined: which column.
    NotNested(usize),
    /// Columns, codes, levels or histograms do not fit each other: what.
    Unfit(&'static str),
}

/// A node and what it loses.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Level of each column.
    pub levels: Vec<usize>,
    /// Loss.
    pub loss: Loss,
    /// What each column loses.
    pub loss_by_column: Vec<f64>,
    /// Classes that are kept.
    pub classes: u64,
    /// Rows that are suppressed.
    pub suppressed_rows: u64,
    /// Whether all models hold and no more is suppressed than is allowed.
    pub feasible: bool,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// The best node; `None` where no node satisfies the models.
    pub best: Option<Node>,
    /// Nodes of the lattice, as far as a double can say.
    pub nodes: f64,
    /// Nodes whose classes were judged.
    pub checked: u64,
    /// Whether no node can lose less.
    pub optimal: bool,
    /// How much less another node could lose at most, in the first number of the loss; 0 for an optimum.
    pub gap: f64,
}

/// Everything that evaluation of a node needs.
pub(super) struct Ground<'a, C> {
    pub(super) problem: &'a Problem,
    pub(super) judge: Judge,
    /// k of k-anonymity, which is counted on whole persons where there are persons.
    k: u64,
    pub(super) measure: Measure,
    pub(super) sources: Sources<'a, C>,
    pub(super) lattice: Lattice,
    workers: std::sync::Mutex<Vec<Worker<C>>>,
}

/// Buffers of one worker.
pub(super) struct Worker<C> {
    scratch: Scratch<C>,
    buffers: Buffers,
}

impl<C> Default for Worker<C> {
    fn default() -> Self {
        Self { scratch: Scratch::default(), buffers: Buffers::default() }
    }
}

impl<C: Count> Ground<'_, C> {
    /// Does `work` with buffers that were used before, so that memory is not asked for again and again.
    pub(super) fn with_worker<T>(&self, work: impl FnOnce(&mut Worker<C>) -> T) -> T {
        let idle = || self.workers.lock().expect("no thread panics while it holds the workers");
        let mut worker = idle().pop().unwrap_or_default();
        let outcome = work(&mut worker);
        idle().push(worker);
        outcome
    }
    /// Other models over the same classes.
    fn judge_by(&mut self, models: &[Model], whole: &Whole) {
        self.judge = Judge::new(models, whole);
        self.k = models.iter().map(k_of).max().unwrap_or(1);
        self.measure = Measure::new(self.problem, self.judge.least_members());
    }
    pub(super) fn find(&self, levels: &[usize], whole: bool, worker: &mut Worker<C>) -> Finding {
        let limit = self.problem.suppress_at_most;
        let least_members = self.judge.least_members();
        let cut = (!whole && least_members > 1).then_some(Cut { least_members, limit });
        let table = match self.sources.table(levels, cut, &mut worker.scratch) {
            Found::TooSmall(rows) => return Finding::too_small(rows),
            Found::Table(table) => table,
        };
        let finding = evaluate(&table, &self.judge, &self.measure, limit, (whole, self.k), &mut worker.buffers);
        if let Some(table) = std::sync::Arc::into_inner(table) {
            worker.scratch.recycle(table);
        }
        finding
    }
}

/// The best node.
///
/// # Errors
/// If the problem does not fit together.
pub fn solve(problem: &Problem, budget: &Budget<'_>) -> Result<Solution, Unsolvable> {
    solve_within(problem, &whole(problem), budget)
}

/// The best node for some classes of a larger table, which models compare the classes with.
///
/// # Errors
/// If the problem does not fit together.
pub fn solve_within(problem: &Problem, whole: &Whole, budget: &Budget<'_>) -> Result<Solution, Unsolvable> {
    let keys = checked_keys(problem, &mut problem.models.iter())?;
    with_pool(budget.threads, || {
        if fits_32_bits(problem) {
            Ok(search::<u32>(problem, whole, &keys, budget))
        } else {
            Ok(search::<u64>(problem, whole, &keys, budget))
        }
    })
}

/// Searches under one list of models after the other, until `enough` says so of a solution; it is told the list's place. Of the problem's
/// own models nothing is asked. What one list has ruled out stays ruled out, so every list must reject what those before it reject.
///
/// # Errors
/// If the problem does not fit together.
pub fn solve_stricter(
    problem: &Problem,
    models: &[Vec<Model>],
    budget: &Budget<'_>,
    enough: &mut (dyn FnMut(usize, Solution) -> bool + Send),
) -> Result<(), Unsolvable> {
    let keys = checked_keys(problem, &mut models.iter().flatten())?;
    let whole = whole(problem);
    with_pool(budget.threads, || {
        if fits_32_bits(problem) {
            search_each::<u32>(problem, &whole, &keys, models, budget, enough);
        } else {
            search_each::<u64>(problem, &whole, &keys, models, budget, enough);
        }
    });
    Ok(())
}

fn search_each<C: Count>(
    problem: &Problem,
    whole: &Whole,
    keys: &Keys,
    models: &[Vec<Model>],
    budget: &Budget<'_>,
    enough: &mut dyn FnMut(usize, Solution) -> bool,
) {
    let Some(first) = models.first() else { return };
    let mut ground = prepare::<C>(problem, first, whole, keys, budget.memory);
    let mut ruled = None;
    for (at, models) in models.iter().enumerate() {
        if at > 0 {
            ground.judge_by(models, whole);
        }
        if enough(at, search_on(&ground, &mut ruled, budget)) {
            return;
        }
    }
}

/// Whether classes, ladders and models fit each other.
///
/// # Errors
/// If they do not.
pub fn check(problem: &Problem) -> Result<(), Unsolvable> {
    checked_keys(problem, &mut problem.models.iter()).map(|_| ())
}

fn search<C: Count>(problem: &Problem, whole: &Whole, keys: &Keys, budget: &Budget<'_>) -> Solution {
    search_on(&prepare::<C>(problem, &problem.models, whole, keys, budget.memory), &mut None, budget)
}

/// Begins with what was ruled out before, and leaves there what is ruled out now.
fn search_on<C: Count>(ground: &Ground<'_, C>, ruled: &mut Option<Ruled>, budget: &Budget<'_>) -> Solution {
    match ground.lattice.nodes() {
        Some(nodes) if nodes <= MOST_NODES => {
            let (solution, out) = Search::new(ground, nodes, ruled.take()).run(budget);
            *ruled = Some(out);
            solution
        }
        _ => super::open_ended::search(ground, budget),
    }
}

/// Whether no sum of counts is above what 32 bits hold. Members of a class are at most its rows; a person may be in several.
fn fits_32_bits(problem: &Problem) -> bool {
    let classes = &problem.classes;
    let within = |counts: &[u64]| {
        counts
            .iter()
            .try_fold(0_u64, |sum, &count| sum.checked_add(count))
            .is_some_and(|sum| u32::try_from(sum).is_ok())
    };
    within(&classes.rows) && within(&classes.members) && classes.sensitive.iter().all(|column| within(&column.counts))
}

/// The loss of one node, over the limit or not: suppression is applied to what the models reject.
///
/// # Errors
/// If the problem does not fit together.
pub fn node(problem: &Problem, levels: &[usize]) -> Result<Node, Unsolvable> {
    let keys = checked_keys(problem, &mut problem.models.iter())?;
    if levels.len() != problem.ladders.len()
        || levels.iter().zip(&problem.ladders).any(|(&level, ladder)| level >= ladder.levels.len())
    {
        return Err(Unsolvable::Unfit("levels and ladders"));
    }
    let ground = prepare::<u64>(problem, &problem.models, &whole(problem), &keys, 0);
    let finding = ground.find(levels, true, &mut Worker::default());
    finding_to_node(levels.to_vec(), &finding).ok_or(Unsolvable::Unfit("levels and ladders"))
}

pub(super) fn finding_to_node(levels: Vec<usize>, finding: &Finding) -> Option<Node> {
    finding.loss.clone().map(|(loss, loss_by_column)| Node {
        levels,
        loss,
        loss_by_column,
        classes: finding.kept_classes,
        suppressed_rows: finding.suppressed,
        feasible: finding.feasible,
    })
}

fn with_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build() {
        Ok(pool) => pool.install(work),
        // Without threads of its own the search runs on the caller's.
        Err(_) => work(),
    }
}

fn checked_keys(problem: &Problem, models: &mut dyn Iterator<Item = &Model>) -> Result<Keys, Unsolvable> {
    let classes = &problem.classes;
    let count = classes.len();
    if u32::try_from(count).is_err() || count == u32::MAX as usize {
        return Err(Unsolvable::Unfit("four billion classes"));
    }
    if problem.ladders.len() != classes.codes.len() {
        return Err(Unsolvable::Unfit("ladders and columns"));
    }
    if classes.codes.iter().any(|codes| codes.len() != count)
        || classes.members.len() != count
        || classes.population.as_ref().is_some_and(|population| population.len() != count)
        || (!classes.shared.is_empty() && classes.shared.len() != count)
        || classes.persons.as_ref().is_some_and(|persons| {
            persons.starts.len() != persons.alike.len() + 1
                || persons.classes.iter().any(|(class, _)| *class as usize >= count)
        })
    {
        return Err(Unsolvable::Unfit("columns of different lengths"));
    }
    for (ladder, codes) in problem.ladders.iter().zip(&classes.codes) {
        let Some(raw) = ladder.levels.first() else { return Err(Unsolvable::Unfit("a ladder without levels")) };
        let values = raw.parent_code.len();
        let fits = ladder.levels.iter().all(|level| {
            level.parent_code.len() == values
                && level.parent_code.iter().all(|&code| (code as usize) < level.leaves.len())
        });
        let same = raw.parent_code.iter().enumerate().all(|(at, &code)| at == code as usize);
        if !fits || !same || ladder.total == 0 || codes.iter().any(|&code| code as usize >= values) {
            return Err(Unsolvable::Unfit("codes and ladder"));
        }
    }
    let histograms_fit = |model: &Model| model.sensitive().is_none_or(|at| at < classes.sensitive.len());
    for model in models {
        if !histograms_fit(model) {
            return Err(Unsolvable::Unfit("models and sensitive columns"));
        }
        if classes.population.is_none() && model.needs_population() {
            return Err(Unsolvable::Unfit("a model of the population without one"));
        }
    }
    if classes.sensitive.iter().any(|column| column.starts.len() != count + 1) {
        return Err(Unsolvable::Unfit("sensitive columns of different lengths"));
    }
    Keys::new(&problem.ladders).map_err(Unsolvable::NotNested)
}

/// The whole table of a problem, rows that will be suppressed included.
#[must_use]
pub fn whole(problem: &Problem) -> Whole {
    let classes = &problem.classes;
    let totals = classes.sensitive.iter().map(|column| {
        let mut totals = vec![0; column.values];
        for (&code, &count) in column.codes.iter().zip(&column.counts) {
            totals[code as usize] += count;
        }
        totals
    });
    Whole { rows: classes.rows.iter().sum(), totals: totals.collect() }
}

fn prepare<'a, C: Count>(
    problem: &'a Problem,
    models: &[Model],
    whole: &Whole,
    keys: &'a Keys,
    memory: usize,
) -> Ground<'a, C> {
    let classes = &problem.classes;
    let judge = Judge::new(models, whole);
    let measure = Measure::new(problem, judge.least_members());
    let sources = Sources::new(keys, NodeTable::base(classes, keys), memory);
    Ground {
        problem,
        judge,
        k: models.iter().map(k_of).max().unwrap_or(1),
        measure,
        sources,
        lattice: Lattice::new(&problem.ladders),
        workers: std::sync::Mutex::default(),
    }
}

fn k_of(model: &Model) -> u64 {
    if let Model::KAnonymity(k) = model { u64::from(k.get()) } else { 1 }
}
