//! The search over a lattice whose nodes are listed: best first by bound, with chains that are bisected.
//!
//! Given: the ground that nodes are judged on, and what models that reject less have ruled out. Told: the best node, and what these models
//! have ruled out.

use super::counts::Count;
use super::evaluate::Finding;
use super::problem::order;
use super::search::{Budget, Ground, Node, Solution, Worker, finding_to_node};
use rayon::prelude::*;
use std::cmp::Ordering;

/// Larger lattices are searched without a list of their nodes.
pub(super) const MOST_NODES: usize = 1 << 21;
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
pub(super) struct Ruled {
    /// Nodes that suppress too much, whatever else.
    out: Vec<bool>,
    /// Rows that are suppressed at least in each node.
    least: Vec<u64>,
}

pub(super) struct Search<'a, C> {
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
    pub(super) fn new(ground: &'a Ground<'a, C>, nodes: usize, ruled: Option<Ruled>) -> Self {
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
    pub(super) fn run(mut self, budget: &Budget<'_>) -> (Solution, Ruled) {
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
