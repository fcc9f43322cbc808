//! Microaggregation of numbers: groups of at least k members, each value replaced by its group's mean.
//!
//! *Paper*: Domingo-Ferrer, Mateo-Sanz 2002 (MDAV; generic form 2005): as long as many members are left, the class farthest from
//! their mean gathers its nearest ones until k members are together, and so does the class farthest from that one. Here
//! the points are classes of equal rows, so a group may have more than 2k - 1 members, and no class is torn apart.
//! *What remains*: a group's mean, so sums and means are kept; variance shrinks by the error within the groups.
//! Columns are standardized by their deviation, so that no unit weighs more than another.
//!
//! Time grows with the square of the classes over k. So above [`AT_ONCE`] classes they are cut at the median of the widest column first, until
//! no piece has more, and with them time grows as the classes do; a group never lies across such a cut.

/// The groups and what they lose.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregated {
    /// For each class its group.
    pub group_of: Vec<u32>,
    /// For each group the mean of each column, in its own unit.
    pub means: Vec<Vec<f64>>,
    /// For each column the sum of squares within the groups over the sum of squares in all: 0 keeps everything, 1 only the
    /// mean.
    pub lost: Vec<f64>,
}

/// Classes that are grouped at once.
const AT_ONCE: usize = 1024;

/// Groups classes of equal rows. `points` has a number for each column and class; `members` counts each class, none being 0.
/// `None` where there are fewer than `k` members.
///
/// # Panics
/// If columns are of different lengths.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "weights of means")]
pub fn microaggregate(points: &[Vec<f64>], members: &[u64], k: u64) -> Option<Aggregated> {
    assert!(points.iter().all(|column| column.len() == members.len()), "all columns are of one length");
    let total: u64 = members.iter().sum();
    if total < k.max(1) {
        return None;
    }
    let mean = |column: &[f64], which: &[usize]| {
        let weight: f64 = which.iter().map(|at| members[*at] as f64).sum();
        which.iter().map(|at| column[*at] * members[*at] as f64).sum::<f64>() / weight
    };
    let all: Vec<usize> = (0..members.len()).collect();
    let squares = |column: &[f64], which: &[usize]| {
        let mean = mean(column, which);
        which.iter().map(|at| (column[*at] - mean).powi(2) * members[*at] as f64).sum::<f64>()
    };
    let spread: Vec<f64> = points.iter().map(|column| squares(column, &all)).collect();
    let standard: Vec<Vec<f64>> = points
        .iter()
        .zip(&spread)
        .map(|(column, spread)| {
            // around the mean, so that far-away numbers keep their differences
            let (mean, deviation) = (mean(column, &all), (spread / total as f64).sqrt());
            column.iter().map(|value| if deviation > 0.0 { (value - mean) / deviation } else { 0.0 }).collect()
        })
        .collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for block in blocks(&standard, members, k, all) {
        let of_block = Block::new(&standard, members, k, &block).gather();
        groups.extend(of_block.into_iter().map(|group| group.into_iter().map(|at| block[at]).collect()));
    }
    let mut group_of = vec![0; members.len()];
    for (number, group) in (0_u32..).zip(&groups) {
        for at in group {
            group_of[*at] = number;
        }
    }
    let means = groups.iter().map(|group| points.iter().map(|column| mean(column, group)).collect()).collect();
    let within = |column: &Vec<f64>| groups.iter().map(|group| squares(column, group)).sum::<f64>();
    let lost = points.iter().zip(&spread);
    let lost = lost.map(|(column, spread)| if *spread > 0.0 { within(column) / spread } else { 0.0 }).collect();
    Some(Aggregated { group_of, means, lost })
}

/// Pieces of at most [`AT_ONCE`] classes with at least k members each, cut at the median of the widest column.
fn blocks(points: &[Vec<f64>], members: &[u64], k: u64, all: Vec<usize>) -> Vec<Vec<usize>> {
    let count = |which: &[usize]| which.iter().map(|at| members[*at]).sum::<u64>();
    let (mut open, mut done) = (vec![all], Vec::new());
    while let Some(mut block) = open.pop() {
        let width = |column: &Vec<f64>| {
            let values = block.iter().map(|at| column[*at]);
            let ends = values.fold((f64::MAX, f64::MIN), |ends, value| (ends.0.min(value), ends.1.max(value)));
            ends.1 - ends.0
        };
        let widths = points.iter().map(|column| (width(column), column));
        let widest = if block.len() > AT_ONCE { widths.max_by(|left, right| left.0.total_cmp(&right.0)) } else { None };
        let Some((_, column)) = widest else {
            done.push(block);
            continue;
        };
        let order = |left: &usize, right: &usize| column[*left].total_cmp(&column[*right]).then(left.cmp(right));
        let half = block.len() / 2;
        block.select_nth_unstable_by(half, order);
        let mut right = block.split_off(half);
        if count(&block) < k || count(&right) < k {
            block.append(&mut right);
            done.push(block);
        } else {
            open.extend([right, block]);
        }
    }
    for block in &mut done {
        block.sort_unstable();
    }
    done
}

/// The classes of one block, close together in memory: for each a point of so many columns, and its members.
struct Block {
    points: Vec<f64>,
    columns: usize,
    members: Vec<u64>,
    k: u64,
}

impl Block {
    fn new(points: &[Vec<f64>], members: &[u64], k: u64, which: &[usize]) -> Self {
        Self {
            points: which.iter().flat_map(|at| points.iter().map(|column| column[*at])).collect(),
            columns: points.len(),
            members: which.iter().map(|at| members[*at]).collect(),
            k,
        }
    }
    fn count(&self, which: &[usize]) -> u64 {
        which.iter().map(|at| self.members[*at]).sum()
    }
    fn point(&self, at: usize) -> &[f64] {
        &self.points[at * self.columns..][..self.columns]
    }
    fn distance(&self, at: usize, to: &[f64]) -> f64 {
        self.point(at).iter().zip(to).map(|(value, to)| (value - to).powi(2)).sum()
    }
    #[expect(clippy::cast_precision_loss, reason = "weights of means")]
    fn mean(&self, which: &[usize]) -> Vec<f64> {
        let (mut sums, weight) = (vec![0.0; self.columns], self.count(which) as f64);
        for at in which {
            let members = self.members[*at] as f64;
            sums.iter_mut().zip(self.point(*at)).for_each(|(sum, value)| *sum += value * members);
        }
        sums.iter().map(|sum| sum / weight).collect()
    }
    /// Of those equally far the first.
    fn farthest(&self, left: &[usize], from: &[f64]) -> Option<usize> {
        let far = left.iter().map(|at| (self.distance(*at, from), *at));
        far.max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1))).map(|(_, at)| at)
    }
    /// Takes a class and its nearest ones out of `left` until k members are together.
    fn take(&self, left: &mut Vec<usize>, around: usize) -> Vec<usize> {
        let to = self.point(around);
        let others = left.iter().filter(|at| **at != around);
        let mut near: Vec<(f64, usize)> = others.map(|at| (self.distance(*at, to), *at)).collect();
        let order = |one: &(f64, usize), other: &(f64, usize)| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1));
        // no class is empty, so that no more than k of them are asked for
        let most = usize::try_from(self.k).unwrap_or(usize::MAX);
        if most < near.len() {
            near.select_nth_unstable_by(most, order);
            near.truncate(most);
        }
        near.sort_unstable_by(order);
        let (mut taken, mut together) = (vec![around], self.members[around]);
        for (_, at) in near {
            if together >= self.k {
                break;
            }
            together += self.members[at];
            taken.push(at);
        }
        taken.sort_unstable();
        left.retain(|at| taken.binary_search(at).is_err());
        taken
    }
    /// MDAV over the block, which has at least k members.
    fn gather(&self) -> Vec<Vec<usize>> {
        let (mut left, mut groups): (Vec<usize>, Vec<Vec<usize>>) = ((0..self.members.len()).collect(), Vec::new());
        while self.count(&left) >= self.k.saturating_mul(3) {
            let Some(one) = self.farthest(&left, &self.mean(&left)) else { break };
            groups.push(self.take(&mut left, one));
            let Some(other) = self.farthest(&left, self.point(one)) else { break };
            if self.count(&left) < self.k {
                break;
            }
            groups.push(self.take(&mut left, other));
        }
        if self.count(&left) >= self.k.saturating_mul(2)
            && let Some(one) = self.farthest(&left, &self.mean(&left))
        {
            groups.push(self.take(&mut left, one));
        }
        // too few left for a group of their own go to the nearest group; in a block without one they are all there is
        if self.count(&left) >= self.k || groups.is_empty() {
            groups.push(left);
            return groups;
        }
        let centres: Vec<Vec<f64>> = groups.iter().map(|group| self.mean(group)).collect();
        for at in left {
            let apart = |centre: &usize| self.distance(at, &centres[*centre]);
            let nearest = (0..centres.len()).min_by(|one, other| apart(one).total_cmp(&apart(other)));
            groups[nearest.unwrap_or(0)].push(at);
        }
        groups
    }
}
