//! The search over a lattice that fits in memory; a larger one goes to [`super::open_ended`].

use super::counts::Count;
use super::evaluate::{Buffers, Finding, evaluate};
use super::keys::Keys;
use super::lattice::Lattice;
use super::measure::Measure;
use super::problem::{Loss, Problem, order};
use super::rollup::{Cut, NodeTable, Scratch};
use super::sources::{Found, Sources};
use crate::check::{Judge, Model, Whole};
use rayon::prelude::*;
use std::cmp::Ordering;

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
        ground.judge_by(models, whole);
        let solution = match ground.lattice.nodes() {
            Some(nodes) if nodes <= MOST_NODES => {
                let (solution, out) = Search::new(&ground, nodes, ruled.take()).run(budget);
                ruled = Some(out);
                solution
            }
            _ => super::open_ended::search(&ground, budget),
        };
        if enough(at, solution) {
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
    let ground = prepare::<C>(problem, &problem.models, whole, keys, budget.memory);
    match ground.lattice.nodes() {
        Some(nodes) if nodes <= MOST_NODES => Search::new(&ground, nodes, None).run(budget).0,
        _ => super::open_ended::search(&ground, budget),
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

/// Larger lattices are searched without a list of their nodes.
const MOST_NODES: usize = 1 << 21;
/// Chains, and single nodes, of one round: fixed, so that what is checked does not depend on threads.
const CHAINS: usize = 4;
const SINGLES: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is known.
    Open,
    /// Monotone models hold, as they hold below; the rest is unknown.
    Hopeful,
    /// Judged, or ruled out.
    Done,
}

/// What holds under stricter models, too.
struct Ruled {
    /// Nodes that suppress too much, whatever else.
    out: Vec<bool>,
    /// Rows that are suppressed at least in each node.
    least: Vec<u64>,
}

struct Search<'a, C> {
    ground: &'a Ground<'a, C>,
    states: Vec<State>,
    /// Nodes that suppress too much.
    out: Vec<bool>,
    /// Rows that are suppressed at least in each node.
    least: Vec<u64>,
    /// Loss that each node has at least, from finer nodes.
    floors: Vec<f64>,
    /// Bounds as they were at first, `width` numbers for each node.
    bounds: Vec<f64>,
    /// Bounds by what is known since, up to date where not `stale`.
    known: Vec<f64>,
    stale: Vec<bool>,
    width: usize,
    /// Nodes by bound.
    by_bound: Vec<u32>,
    best: Option<Node>,
    best_rank: (usize, usize),
    checked: u64,
    monotone: bool,
}

impl<'a, C: Count> Search<'a, C> {
    /// `ruled` is what models that reject less have ruled out.
    fn new(ground: &'a Ground<'a, C>, nodes: usize, ruled: Option<Ruled>) -> Self {
        let Ruled { out, least } = ruled.unwrap_or_else(|| Ruled { out: vec![false; nodes], least: vec![0; nodes] });
        let width = ground.measure.width();
        let bounds: Vec<f64> = (0..nodes)
            .into_par_iter()
            .flat_map_iter(|node| ground.measure.bound(&ground.lattice.levels(node), 0, f64::MIN))
            .collect();
        let mut by_bound: Vec<u32> = (0..u32::try_from(nodes).expect("at most two million")).collect();
        let bound = |node: u32| &bounds[node as usize * width..][..width];
        by_bound.par_sort_by(|&left, &right| order(bound(left), bound(right)).then(left.cmp(&right)));
        Self {
            ground,
            states: out.iter().map(|out| if *out { State::Done } else { State::Open }).collect(),
            out,
            stale: least.iter().map(|least| *least > 0).collect(),
            least,
            floors: vec![f64::MIN; if ground.measure.has_floor() { nodes } else { 0 }],
            known: bounds.clone(),
            width,
            by_bound,
            best: None,
            best_rank: (0, 0),
            checked: 0,
            monotone: !ground.judge.sizes_only() || ground.judge.least_members() > 1,
            bounds,
        }
    }
    fn run(mut self, budget: &Budget<'_>) -> (Solution, Ruled) {
        let mut from = 0;
        loop {
            let round = self.next_round(&mut from);
            if round.is_empty() {
                return self.finish(true, 0.0);
            }
            if !budget.goes_on(self.checked) {
                let gap = self.gap(&round);
                return self.finish(false, gap);
            }
            let findings: Vec<Vec<(usize, Finding)>> = round
                .par_iter()
                .with_max_len(1)
                .map(|chain| self.ground.with_worker(|worker| self.bisect(chain, worker)))
                .collect();
            for (chain, found) in round.iter().zip(findings) {
                self.take(chain, found, budget.refused);
            }
        }
    }
    /// The chains and nodes to judge next, none of which is known to be worse than the best.
    fn next_round(&mut self, from: &mut usize) -> Vec<Vec<usize>> {
        while self.by_bound.get(*from).is_some_and(|&node| self.states[node as usize] == State::Done) {
            *from += 1;
        }
        let mut open = Vec::new();
        let mut singles: Vec<Vec<usize>> = Vec::new();
        for at in *from..self.by_bound.len() {
            let node = self.by_bound[at] as usize;
            if self.best.as_ref().is_some_and(|best| order(self.first_bound(node), &best.loss.0).is_gt()) {
                break;
            }
            if self.states[node] == State::Done || (self.states[node] == State::Hopeful && singles.len() >= SINGLES) {
                continue;
            }
            if self.is_worse(node) {
                self.states[node] = State::Done;
            } else if self.states[node] == State::Hopeful || !self.monotone {
                singles.push(vec![node]);
                if !self.monotone && singles.len() >= SINGLES {
                    break;
                }
            } else {
                open.push(node);
            }
        }
        let mut taken: Vec<usize> = Vec::new();
        let mut round: Vec<Vec<usize>> = Vec::new();
        for part in 0..CHAINS.min(open.len()) {
            let start = open[part * open.len() / CHAINS.min(open.len())];
            if !taken.contains(&start) {
                let chain = self.chain(start, &taken);
                taken.extend_from_slice(&chain);
                round.push(chain);
            }
        }
        round.extend(singles);
        round
    }
    /// A way up through open nodes: each step the one whose bound rises least, as long as that is not worse than the best.
    /// Then on to nodes that are worse, each step the one that joins least: such a node is never the best, but if it
    /// suppresses too much it rules out far more than one that is near the start.
    fn chain(&mut self, start: usize, taken: &[usize]) -> Vec<usize> {
        let mut chain = vec![start];
        let mut node = start;
        let mut levels = self.ground.lattice.levels(node);
        loop {
            let mut next: Option<(bool, f64, usize, usize)> = None;
            for column in 0..levels.len() {
                let Some(up) = self.ground.lattice.up(node, &levels, column) else { continue };
                if self.states[up] != State::Open || taken.contains(&up) {
                    continue;
                }
                let worse = self.is_worse(up);
                let rise =
                    if worse { self.ground.measure.joined(column, levels[column]) } else { self.first_bound(up)[0] };
                let before = |other: &(bool, f64, usize, usize)| {
                    worse.cmp(&other.0).then(rise.total_cmp(&other.1)).then(up.cmp(&other.2)).is_lt()
                };
                if next.as_ref().is_none_or(before) {
                    next = Some((worse, rise, up, column));
                }
            }
            let Some((_, _, up, column)) = next else { return chain };
            chain.push(up);
            node = up;
            levels[column] += 1;
        }
    }
    fn first_bound(&self, node: usize) -> &[f64] {
        &self.bounds[node * self.width..][..self.width]
    }
    /// Whether the node loses more than the best, by all that is known of it.
    fn is_worse(&mut self, node: usize) -> bool {
        let Some(best) = &self.best else { return false };
        let known = &mut self.known[node * self.width..][..self.width];
        if self.stale[node] && order(known, &best.loss.0).is_le() {
            let floor = self.floors.get(node).copied().unwrap_or(f64::MIN);
            let levels = self.ground.lattice.levels(node);
            known.copy_from_slice(&self.ground.measure.bound(&levels, self.least[node], floor));
            self.stale[node] = false;
        }
        order(known, &best.loss.0).is_gt()
    }
    /// Judges nodes of a chain until it is known where the monotone models begin to hold.
    fn bisect(&self, chain: &[usize], worker: &mut Worker<C>) -> Vec<(usize, Finding)> {
        let mut found = Vec::new();
        let (mut low, mut high) = (0, chain.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let finding = self.ground.find(&self.ground.lattice.levels(chain[middle]), false, worker);
            if finding.refuted_with_finer {
                low = middle + 1;
            } else {
                high = middle;
            }
            found.push((chain[middle], finding));
        }
        found
    }
    fn take(&mut self, chain: &[usize], found: Vec<(usize, Finding)>, refused: &[Vec<usize>]) {
        debug_assert!(!chain.is_empty(), "a round has no empty chain");
        for (node, finding) in found {
            let levels = self.ground.lattice.levels(node);
            self.checked += 1;
            let (states, least, floors) = (&mut self.states, &mut self.least, &mut self.floors);
            let (stale, out) = (&mut self.stale, &mut self.out);
            if finding.refuted_with_finer {
                self.ground.lattice.for_each_below(&levels, |below| {
                    states[below] = State::Done;
                    out[below] = true;
                });
            } else {
                if self.monotone {
                    if finding.firmly_suppressed > 0 {
                        let firmly = finding.firmly_suppressed;
                        self.ground.lattice.for_each_below(&levels, |below| {
                            if least[below] < firmly {
                                least[below] = firmly;
                                stale[below] = true;
                            }
                        });
                    }
                    self.ground.lattice.for_each_above(&levels, |above| {
                        if states[above] == State::Open {
                            states[above] = State::Hopeful;
                        }
                    });
                }
                if !floors.is_empty() {
                    self.ground.lattice.for_each_above(&levels, |above| {
                        if floors[above] < finding.floor {
                            floors[above] = finding.floor;
                            stale[above] = true;
                        }
                    });
                }
                states[node] = State::Done;
                // a model of the whole table may hold where a stricter one leaves out more
                let judge = &self.ground.judge;
                out[node] = finding.suppressed > self.ground.problem.suppress_at_most && !judge.table_wide();
            }
            if finding.feasible && !refused.contains(&levels) {
                self.offer(node, levels, &finding);
            }
        }
    }
    /// Keeps the node if it is better: less loss, then a smaller sum of levels, then a smaller number.
    fn offer(&mut self, node: usize, levels: Vec<usize>, finding: &Finding) {
        let rank = (levels.iter().sum::<usize>(), node);
        let Some(found) = finding_to_node(levels, finding) else { return };
        let better = self.best.as_ref().is_none_or(|best| match found.loss.order(&best.loss) {
            Ordering::Less => true,
            Ordering::Equal => rank < self.best_rank,
            Ordering::Greater => false,
        });
        if better {
            self.best = Some(found);
            self.best_rank = rank;
        }
    }
    /// How far the best may be from the least bound of what is left.
    fn gap(&self, round: &[Vec<usize>]) -> f64 {
        let Some(best) = &self.best else { return f64::INFINITY };
        let least = round.iter().flatten().map(|&node| self.first_bound(node)[0]).fold(f64::INFINITY, f64::min);
        let least = self
            .by_bound
            .iter()
            .filter(|&&node| self.states[node as usize] != State::Done)
            .map(|&node| self.first_bound(node as usize)[0])
            .fold(least, f64::min);
        (best.loss.first() - least).max(0.0)
    }
    fn finish(self, optimal: bool, gap: f64) -> (Solution, Ruled) {
        let nodes = self.ground.lattice.size();
        let solution = Solution { best: self.best, nodes, checked: self.checked, optimal, gap };
        (solution, Ruled { out: self.out, least: self.least })
    }
}
