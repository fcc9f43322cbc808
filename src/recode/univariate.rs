//! Microaggregation of one column: the groups of at least k members with the least squares within them.
//!
//! *Paper*: Hansen, Mukherjee 2003: in one dimension the best groups are runs of the sorted values, so the best partition is a
//! shortest path. No group is worth having that could be two, so each place looks back at few others and time grows with the
//! values alone. MDAV ([`super::microaggregate`]) is for several columns together; here it is what ours never loses to.

/// For each value its group, groups ascending; `None` where there are fewer than `k` members. Values ascend, and none has no member.
///
/// # Panics
/// If there is not one count for each value.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "weights of means")]
pub fn univariate(values: &[f64], members: &[u64], k: u64) -> Option<Vec<u32>> {
    assert!(values.len() == members.len(), "one count for each value");
    let total: u64 = members.iter().sum();
    if total < k.max(1) {
        return None;
    }
    // sums before each value, around the mean: so that far-away numbers do not drown their differences
    let mean = values.iter().zip(members).map(|(value, count)| value * (*count as f64 / total as f64)).sum::<f64>();
    let (mut counts, mut sums, mut squares) = (vec![0_u64], vec![0.0], vec![0.0]);
    for (at, (value, count)) in values.iter().zip(members).enumerate() {
        let (value, weight) = (value - mean, *count as f64);
        counts.push(counts[at] + count);
        sums.push(sums[at] + value * weight);
        squares.push(squares[at] + value * value * weight);
    }
    let within = |from: usize, to: usize| {
        let sum: f64 = sums[to] - sums[from];
        (squares[to] - squares[from] - sum * sum / (counts[to] - counts[from]) as f64).max(0.0)
    };
    // for each end: what the best groups up to there lose, and where the last of them starts
    let mut best: Vec<Option<(f64, usize)>> = vec![None; values.len() + 1];
    best[0] = Some((0.0, 0));
    for end in 1..=values.len() {
        let enough = |from: &usize| counts[end] - counts[*from] >= k;
        let Some(last) = (0..end).rev().find(enough) else { continue };
        for from in (0..=last).rev() {
            if let Some((before, _)) = best[from] {
                let loses = before + within(from, end);
                if best[end].is_none_or(|(least, _)| loses < least) {
                    best[end] = Some((loses, from));
                }
            }
            // what starts before here could be cut at `last`, with enough on both sides
            if counts[last] - counts[from] >= k && best[from].is_some() {
                break;
            }
        }
    }
    let mut starts = Vec::new();
    let mut at = values.len();
    while at > 0 {
        at = best[at]?.1;
        starts.push(at);
    }
    starts.reverse();
    let mut group_of = Vec::with_capacity(values.len());
    for (group, start) in (0_u32..).zip(&starts) {
        let end = starts.get(group as usize + 1).copied().unwrap_or(values.len());
        group_of.extend(std::iter::repeat_n(group, end - start));
    }
    Some(group_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recode::microaggregate;
    use proptest::prelude::*;

    fn lost(values: &[f64], members: &[u64], group_of: &[u32]) -> f64 {
        let groups = group_of.iter().max().map_or(0, |last| last + 1);
        (0..groups)
            .map(|group| {
                let of = || (0..values.len()).filter(|at| group_of[*at] == group);
                let count: f64 = of().map(|at| members[at] as f64).sum();
                let mean = of().map(|at| values[at] * members[at] as f64).sum::<f64>() / count;
                of().map(|at| (values[at] - mean).powi(2) * members[at] as f64).sum::<f64>()
            })
            .sum()
    }

    /// Every way to cut, the least of them.
    fn brute(values: &[f64], members: &[u64], k: u64) -> Option<f64> {
        let cuts = values.len() - 1;
        (0..1_u32 << cuts)
            .filter_map(|mask| {
                let mut group_of = vec![0; values.len()];
                for at in 1..values.len() {
                    group_of[at] = group_of[at - 1] + (mask >> (at - 1) & 1);
                }
                let count = |group: u32| -> u64 {
                    (0..values.len()).filter(|at| group_of[*at] == group).map(|at| members[at]).sum()
                };
                (0..=group_of[values.len() - 1])
                    .all(|group| count(group) >= k)
                    .then(|| lost(values, members, &group_of))
            })
            .min_by(f64::total_cmp)
    }

    proptest! {
        #[test]
        fn no_groups_lose_less(
            steps in proptest::collection::vec((1_u32..50, 1_u64..5), 1..10), k in 1_u64..8, far in prop_oneof![Just(0.0), Just(1e7)],
        ) {
            let mut at = far;
            let values: Vec<f64> = steps.iter().map(|(step, _)| { at += f64::from(*step); at }).collect();
            let members: Vec<u64> = steps.iter().map(|step| step.1).collect();
            let found = univariate(&values, &members, k);
            let best = brute(&values, &members, k);
            prop_assert_eq!(found.is_some(), best.is_some());
            let (Some(found), Some(best)) = (found, best) else { return Ok(()) };
            prop_assert!(found.is_sorted());
            for group in 0..=found[found.len() - 1] {
                let count: u64 = (0..values.len()).filter(|at| found[*at] == group).map(|at| members[at]).sum();
                prop_assert!(count >= k);
            }
            let loses = lost(&values, &members, &found);
            prop_assert!(loses <= best + 1e-3, "{loses} and {best}");
            let mdav = microaggregate(std::slice::from_ref(&values), &members, k).unwrap();
            prop_assert!(loses <= lost(&values, &members, &mdav.group_of) + 1e-3);
        }
    }

    #[test]
    fn a_million_values_are_grouped_at_once() {
        let values: Vec<f64> = (0..1_000_000).map(f64::from).collect();
        let group_of = univariate(&values, &vec![1; 1_000_000], 5).unwrap();
        assert_eq!(group_of[999_999], 199_999);
        assert_eq!(univariate(&[1.0, 2.0], &[1, 1], 3), None);
        assert_eq!(univariate(&[1.0, 2.0], &[4, 1], 3), Some(vec![0, 0]));
    }
}
