//! t-closeness with three distances.
//!
//! *Paper*: Li, Li, Venkatasubramanian, "t-closeness: privacy beyond k-anonymity and l-diversity", 2007. *Formula*: the
//! earth mover's distance between a class's distribution q and the table's p is at most t.
//! Equal: `½ Σ |p - q|`. Ordered: `1/(m-1) Σ_i |Σ_{j<=i} (q - p)|`. Hierarchical: the sum over inner nodes n of
//! `level(n)/H min(surplus, deficit of its children)`. *Convex*, not monotone with suppression.
//! *Does not protect*: identity; combine it with k.
//!
//! Differences are held as `p_i |E| - q_i N`, whole numbers in doubles: exact up to 94 million rows, rounded beyond, and
//! never wrapped (ARX wraps in 32 bits).

use super::{Class, Whole};

/// How far two sensitive values are from each other.
#[derive(Debug, Clone)]
pub enum Distance {
    /// All alike.
    Equal,
    /// By their places in this order of codes; all codes once.
    Ordered(Vec<u32>),
    /// By the level at which they meet.
    Hierarchical(Tree),
}

/// Hierarchy of a sensitive column.
#[derive(Debug, Clone)]
pub struct Tree {
    /// For each level from the leaves up: the parent of each node. The last level has one node, the root.
    parents: Vec<Vec<u32>>,
}

impl Tree {
    /// From levels of groups: `levels[0]` gives the group of each value at the first level above the values, and so on. A root
    /// is added where the last level has several groups. `None` where two values that were together part again.
    #[must_use]
    pub fn new(levels: &[Vec<u32>]) -> Option<Self> {
        let values = levels.first()?.len();
        let mut below: Vec<u32> = (0..u32::try_from(values).ok()?).collect();
        let mut parents: Vec<Vec<u32>> = Vec::new();
        for level in levels {
            let nodes = below.iter().max().map_or(0, |&most| most as usize + 1);
            let mut parent = vec![u32::MAX; nodes];
            if level.len() != values {
                return None;
            }
            for (&node, &group) in below.iter().zip(level) {
                if parent[node as usize] != u32::MAX && parent[node as usize] != group {
                    return None;
                }
                parent[node as usize] = group;
            }
            parents.push(parent);
            below.clone_from(level);
        }
        if below.iter().any(|&node| node != below[0]) {
            let nodes = below.iter().max().map_or(0, |&most| most as usize + 1);
            parents.push(vec![0; nodes]);
        }
        // Numbers that no value has still need a parent inside the next level.
        for level in &mut parents {
            level.iter_mut().filter(|parent| **parent == u32::MAX).for_each(|parent| *parent = 0);
        }
        Some(Self { parents })
    }
    fn nodes_above(&self, level: usize) -> usize {
        self.parents
            .get(level + 1)
            .map_or_else(|| self.parents[level].iter().max().map_or(0, |&most| most as usize + 1), Vec::len)
    }
}

/// The table's distribution and the limit.
#[derive(Clone)]
pub(super) struct Rule {
    sensitive: usize,
    t: f64,
    totals: Vec<f64>,
    rows: f64,
    distance: Distance,
    /// The largest distance that any class can have: that of a class with one value.
    farthest: f64,
}

impl Rule {
    #[expect(clippy::cast_precision_loss, reason = "see the module's words on exactness")]
    pub(super) fn new(sensitive: usize, t: f64, distance: &Distance, whole: &Whole) -> Self {
        let totals = whole.totals[sensitive].iter().map(|&total| total as f64).collect();
        let mut rule =
            Self { sensitive, t, totals, rows: whole.rows as f64, distance: distance.clone(), farthest: 1.0 };
        let values = rule.totals.len();
        if whole.rows > 0 && values > 0 {
            let (mut farthest, mut one, mut buffer) = (0.0_f64, vec![0; values], Vec::new());
            let before = vec![&[][..]; sensitive];
            for value in 0..values {
                one[value] = 1;
                let histograms: Vec<&[u64]> = before.iter().copied().chain([one.as_slice()]).collect();
                let class = Class { rows: 1, members: 1, population: 0, histograms: &histograms };
                farthest = farthest.max(rule.distance(&class, &mut buffer));
                one[value] = 0;
            }
            rule.farthest = farthest.min(1.0);
        }
        rule
    }
    /// See [`super::Judge::least_removed`]. The distance is convex: `rows · d(class)` is at most `kept · t + removed · farthest`.
    #[expect(clippy::cast_precision_loss, reason = "rounded down by more")]
    pub(super) fn least_removed(&self, class: &Class<'_>, buffer: &mut Vec<f64>) -> u64 {
        let over = self.distance(class, buffer) - self.t - 1e-9;
        let most = self.farthest - self.t;
        if over <= 0.0 || most <= 0.0 { 0 } else { super::whole_below(class.rows as f64 * (over / most).min(1.0)) }
    }
    pub(super) fn holds(&self, class: &Class<'_>, buffer: &mut Vec<f64>) -> bool {
        self.distance(class, buffer) <= self.t
    }
    /// The distance of a class.
    #[expect(clippy::cast_precision_loss, reason = "see the module's words on exactness")]
    pub(super) fn distance(&self, class: &Class<'_>, buffer: &mut Vec<f64>) -> f64 {
        let rows = class.rows as f64;
        let extra = |code: usize| self.totals[code] * rows - class.histograms[self.sensitive][code] as f64 * self.rows;
        let scale = self.rows * rows;
        match &self.distance {
            Distance::Equal => (0..self.totals.len()).map(|code| extra(code).abs()).sum::<f64>() / scale / 2.0,
            Distance::Ordered(order) => {
                let mut carried = 0.0;
                let moved: f64 = order
                    .iter()
                    .map(|&code| {
                        carried += extra(code as usize);
                        f64::abs(carried)
                    })
                    .sum();
                if order.len() <= 1 { 0.0 } else { moved / scale / (order.len() - 1) as f64 }
            }
            Distance::Hierarchical(tree) => {
                buffer.clear();
                buffer.extend((0..self.totals.len()).map(extra));
                let cost = tree.cost(buffer);
                cost / scale / tree.parents.len() as f64
            }
        }
    }
}

impl Tree {
    /// Σ level(n) min(surplus, deficit); `extra` holds the leaves' differences and is used up.
    #[expect(clippy::cast_precision_loss, reason = "levels of a tree")]
    fn cost(&self, extra: &mut Vec<f64>) -> f64 {
        let mut cost = 0.0;
        let mut from = 0;
        for (level, parents) in self.parents.iter().enumerate() {
            let nodes = self.nodes_above(level);
            let above = extra.len();
            // For each node its surplus and its deficit, then their difference.
            extra.resize(above + 2 * nodes, 0.0);
            for (at, &parent) in parents.iter().enumerate() {
                let value = extra[from + at];
                extra[above + parent as usize + if value > 0.0 { 0 } else { nodes }] += value;
            }
            for node in 0..nodes {
                let (surplus, deficit) = (extra[above + node], -extra[above + nodes + node]);
                cost += (level + 1) as f64 * surplus.min(deficit);
                extra[above + node] = surplus - deficit;
            }
            extra.truncate(above + nodes);
            from = above;
        }
        cost
    }
}
