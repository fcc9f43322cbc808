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
const AT_ONCE: usize = 4096;

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
    let space = Space { points: &standard, members, k };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for block in space.blocks(all) {
        space.gather(block, &mut groups);
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

struct Space<'s> {
    points: &'s [Vec<f64>],
    members: &'s [u64],
    k: u64,
}

impl Space<'_> {
    fn count(&self, which: &[usize]) -> u64 {
        which.iter().map(|at| self.members[*at]).sum()
    }
    /// Pieces of at most [`AT_ONCE`] classes with at least k members each, cut at the median of the widest column.
    fn blocks(&self, all: Vec<usize>) -> Vec<Vec<usize>> {
        let (mut open, mut done) = (vec![all], Vec::new());
        while let Some(mut block) = open.pop() {
            let width = |column: &Vec<f64>| {
                let ends = block
                    .iter()
                    .map(|at| column[*at])
                    .fold((f64::MAX, f64::MIN), |ends, value| (ends.0.min(value), ends.1.max(value)));
                ends.1 - ends.0
            };
            let widest = self.points.iter().max_by(|left, right| width(left).total_cmp(&width(right)));
            let Some(column) = widest.filter(|_| block.len() > AT_ONCE) else {
                done.push(block);
                continue;
            };
            block.sort_by(|left, right| column[*left].total_cmp(&column[*right]).then(left.cmp(right)));
            let right = block.split_off(block.len() / 2);
            if self.count(&block) < self.k || self.count(&right) < self.k {
                block.extend(right);
                done.push(block);
            } else {
                open.extend([right, block]);
            }
        }
        done
    }
    fn distance(&self, at: usize, to: &[f64]) -> f64 {
        self.points.iter().zip(to).map(|(column, to)| (column[at] - to).powi(2)).sum()
    }
    fn place(&self, at: usize) -> Vec<f64> {
        self.points.iter().map(|column| column[at]).collect()
    }
    #[expect(clippy::cast_precision_loss, reason = "weights of means")]
    fn mean(&self, which: &[usize]) -> Vec<f64> {
        let weight = self.count(which) as f64;
        let of =
            |column: &Vec<f64>| which.iter().map(|at| column[*at] * self.members[*at] as f64).sum::<f64>() / weight;
        self.points.iter().map(of).collect()
    }
    /// Of those equally far the first.
    fn farthest(&self, left: &[usize], from: &[f64]) -> Option<usize> {
        let far = left.iter().map(|at| (self.distance(*at, from), *at));
        far.max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1))).map(|(_, at)| at)
    }
    /// Takes a class and its nearest ones out of `left` until k members are together.
    fn take(&self, left: &mut Vec<usize>, around: usize) -> Vec<usize> {
        let to = self.place(around);
        let others = left.iter().filter(|at| **at != around);
        let mut near: Vec<(f64, usize)> = others.map(|at| (self.distance(*at, &to), *at)).collect();
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
    /// MDAV over one block, which has at least k members.
    fn gather(&self, mut left: Vec<usize>, groups: &mut Vec<Vec<usize>>) {
        let first = groups.len();
        while self.count(&left) >= self.k.saturating_mul(3) {
            let Some(one) = self.farthest(&left, &self.mean(&left)) else { break };
            groups.push(self.take(&mut left, one));
            let Some(other) = self.farthest(&left, &self.place(one)) else { break };
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
        if self.count(&left) >= self.k {
            groups.push(left);
            return;
        }
        // too few are left for a group of their own: each goes to the nearest group of this block
        if groups.len() == first {
            groups.push(left);
            return;
        }
        let centres: Vec<Vec<f64>> = groups[first..].iter().map(|group| self.mean(group)).collect();
        for at in left {
            let nearest = (0..centres.len())
                .min_by(|one, other| self.distance(at, &centres[*one]).total_cmp(&self.distance(at, &centres[*other])));
            groups[first + nearest.unwrap_or(0)].push(at);
        }
    }
}
