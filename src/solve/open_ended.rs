//! The search over a lattice too large to list: descend greedily for a good node, then best first for as long as there is time.
//!
//! The bound of a node never falls when a level rises, so nodes can be made on the way: each node is made by one other,
//! the one with its last raised level lowered. What is left in the queue bounds what was not looked at.

use super::counts::Count;
use super::problem::order;
use super::search::{Budget, Ground, Node, Solution, Worker, finding_to_node};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Nodes judged in one round: fixed, so that what is checked does not depend on threads.
const ROUND: usize = 16;
/// Nodes that may wait; beyond, the search ends unproven.
const MOST_WAITING: usize = 1 << 22;

struct Waiting {
    bound: Vec<f64>,
    levels: Vec<usize>,
    /// Columns before this one are not raised again from here.
    from: usize,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.bound, &other.bound).then_with(|| self.levels.cmp(&other.levels))
    }
}

pub(super) fn search<C: Count>(ground: &Ground<'_, C>, budget: &Budget<'_>) -> Solution {
    use rayon::prelude::*;
    let bound = |levels: &[usize]| ground.measure.bound(levels, 0, f64::MIN);
    let mut state = Found { best: None, checked: 0 };
    descend(ground, budget, &mut state);
    let mut queue = BinaryHeap::new();
    queue.push(Reverse(Waiting { bound: bound(&ground.lattice.least), levels: ground.lattice.least.clone(), from: 0 }));
    // Nodes that suppress too much for monotone models: nothing below them is worth a look.
    let mut refuted: Vec<Vec<usize>> = Vec::new();
    let proven = loop {
        if queue.peek().is_none_or(|next| state.excludes(&next.0.bound)) {
            break true;
        }
        if !budget.goes_on(state.checked) || queue.len() > MOST_WAITING {
            break false;
        }
        let mut round = Vec::new();
        while round.len() < ROUND {
            let Some(Reverse(next)) = queue.pop() else { break };
            if state.excludes(&next.bound) {
                break;
            }
            for column in next.from..next.levels.len() {
                if next.levels[column] < ground.lattice.most[column] {
                    let mut levels = next.levels.clone();
                    levels[column] += 1;
                    let bound = bound(&levels);
                    if !state.excludes(&bound) {
                        queue.push(Reverse(Waiting { bound, levels, from: column }));
                    }
                }
            }
            if !refuted.iter().any(|high| next.levels.iter().zip(high).all(|(low, high)| low <= high)) {
                round.push(next.levels);
            }
            if queue.len() > MOST_WAITING {
                break;
            }
        }
        let found: Vec<_> = round
            .into_par_iter()
            .map(|levels| (ground.with_worker(|worker| ground.find(&levels, false, worker)), levels))
            .collect();
        for (finding, levels) in found {
            state.checked += 1;
            if finding.refuted_with_finer {
                refuted.push(levels);
            } else if finding.feasible && !budget.refused.contains(&levels) {
                state.offer(finding_to_node(levels, &finding));
            }
        }
        // Few high nodes rule out more than many low ones, and the list is walked for every node.
        if refuted.len() > 256 {
            refuted.sort_by_key(|levels| Reverse(levels.iter().sum::<usize>()));
            refuted.truncate(128);
        }
    };
    let gap = match (&state.best, queue.peek()) {
        _ if proven => 0.0,
        (Some(best), Some(next)) => (best.loss.first() - next.0.bound[0]).max(0.0),
        (Some(_), None) => 0.0,
        (None, _) => f64::INFINITY,
    };
    Solution { best: state.best, nodes: ground.lattice.size(), checked: state.checked, optimal: proven, gap }
}

struct Found {
    best: Option<Node>,
    checked: u64,
}

impl Found {
    fn excludes(&self, bound: &[f64]) -> bool {
        self.best.as_ref().is_some_and(|best| order(bound, &best.loss.0).is_gt())
    }
    fn offer(&mut self, node: Option<Node>) {
        let Some(node) = node else { return };
        let rank = |node: &Node| (node.levels.iter().sum::<usize>(), node.levels.clone());
        let better = self.best.as_ref().is_none_or(|best| match node.loss.order(&best.loss) {
            Ordering::Less => true,
            Ordering::Equal => rank(&node) < rank(best),
            Ordering::Greater => false,
        });
        if better {
            self.best = Some(node);
        }
    }
}

/// From the top downwards, always to the best feasible node one level below.
fn descend<C: Count>(ground: &Ground<'_, C>, budget: &Budget<'_>, state: &mut Found) {
    use rayon::prelude::*;
    let mut levels = ground.lattice.most.clone();
    let top = ground.find(&levels, false, &mut Worker::default());
    state.checked += 1;
    if top.feasible && !budget.refused.contains(&levels) {
        state.offer(finding_to_node(levels.clone(), &top));
    }
    loop {
        let below: Vec<Vec<usize>> = (0..levels.len())
            .filter(|&column| levels[column] > ground.lattice.least[column])
            .map(|column| {
                let mut below = levels.clone();
                below[column] -= 1;
                below
            })
            .collect();
        if below.is_empty() || !budget.goes_on(state.checked) {
            return;
        }
        let found: Vec<_> = below
            .into_par_iter()
            .map(|levels| (ground.with_worker(|worker| ground.find(&levels, false, worker)), levels))
            .collect();
        let mut next: Option<Node> = None;
        for (finding, levels) in found {
            state.checked += 1;
            let node = if finding.feasible { finding_to_node(levels, &finding) } else { None };
            if let Some(node) = node
                && next.as_ref().is_none_or(|best| node.loss.order(&best.loss).is_lt())
            {
                next = Some(node);
            }
        }
        let Some(next) = next else { return };
        levels.clone_from(&next.levels);
        if !budget.refused.contains(&levels) {
            state.offer(Some(next));
        }
    }
}
