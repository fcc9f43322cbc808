//! Order attack: the row that stands in the middle of the release stood in the middle of the source.
//!
//! Also the measure that the gate uses: rank correlation, with the bound that chance alone keeps.

/// Spearman's rank correlation of pairs, with middle ranks for equal values; `None` where fewer than three pairs are given or one side is all equal.
#[must_use]
pub fn rank_correlation<T: Ord, U: Ord>(pairs: &[(T, U)]) -> Option<f64> {
    if pairs.len() < 3 {
        return None;
    }
    let left = ranks(pairs, |pair| &pair.0);
    let right = ranks(pairs, |pair| &pair.1);
    let mean = f64::midpoint(precise(pairs.len()), 1.0);
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (left, right) in left.iter().zip(&right) {
        both += (left - mean) * (right - mean);
        one += (left - mean) * (left - mean);
        other += (right - mean) * (right - mean);
    }
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

/// The rank correlation that unrelated orders exceed, on either side, with probability `alpha` at most: Fisher's transformation, with the
/// variance of Bonett and Wright (2000) for Spearman's coefficient, which is 1/(n-3) where there is no correlation, and the normal tail
/// bounded from above by Chernoff's bound, so that the limit is on the safe side for any number of pairs.
#[must_use]
pub fn correlation_by_chance(pairs: usize, alpha: f64) -> f64 {
    if pairs <= 4 {
        return 1.0;
    }
    let deviations = (2.0 * (2.0 / alpha).ln()).sqrt();
    (deviations / (precise(pairs) - 3.0).sqrt()).tanh()
}

/// How many rows stand, in the release, at the same share of the way as in the source, within one part of `parts`: an attacker who cuts both
/// files into so many parts guesses that part. Gives hits; chance gives one in `parts`.
#[must_use]
pub fn same_part(positions: &[(u64, u64)], rows: (u64, u64), parts: u64) -> u64 {
    let part = |position: u64, rows: u64| {
        u128::from(position) * u128::from(parts) / u128::from(rows.max(1)).max(u128::from(position) + 1)
    };
    positions.iter().filter(|(left, right)| part(*left, rows.0) == part(*right, rows.1)).count() as u64
}

fn ranks<P, K: Ord>(pairs: &[P], key: impl Fn(&P) -> &K) -> Vec<f64> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|left, right| key(&pairs[*left]).cmp(key(&pairs[*right])));
    let mut ranks = vec![0.0; pairs.len()];
    let mut start = 0;
    while start < order.len() {
        let equal = order[start..].iter().take_while(|at| key(&pairs[**at]) == key(&pairs[order[start]])).count();
        // the middle of the ranks start+1 to start+equal
        let middle = (2.0 * precise(start) + precise(equal) + 1.0) / 2.0;
        for at in &order[start..start + equal] {
            ranks[*at] = middle;
        }
        start += equal;
    }
    ranks
}

#[expect(clippy::cast_precision_loss, reason = "numbers of pairs are far below 2^53")]
fn precise(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_is_spearmans() {
        // scipy.stats.spearmanr of the same pairs: 0.8 and 0.6708203932499369
        assert!((rank_correlation(&[(1, 2), (2, 1), (3, 3), (4, 5), (5, 4)]).unwrap() - 0.8).abs() < 1e-12);
        let tied = rank_correlation(&[(1, 1), (1, 2), (2, 2), (2, 3), (3, 2)]).unwrap();
        let by_hand = {
            // ranks 1.5 1.5 3.5 3.5 5 and 1 3 3 5 3
            let (left, right) = ([1.5_f64, 1.5, 3.5, 3.5, 5.0], [1.0_f64, 3.0, 3.0, 5.0, 3.0]);
            let sum = |f: &dyn Fn(usize) -> f64| (0..5).map(f).sum::<f64>();
            sum(&|at| (left[at] - 3.0) * (right[at] - 3.0))
                / (sum(&|at| (left[at] - 3.0).powi(2)) * sum(&|at| (right[at] - 3.0).powi(2))).sqrt()
        };
        assert!((tied - by_hand).abs() < 1e-12);
        assert_eq!(rank_correlation(&[(1, 1), (2, 1), (3, 1)]), None);
    }

    #[test]
    fn chance_stays_in_its_bound_and_order_does_not() {
        // alpha one in a thousand: of 200 shuffles none may pass but with probability 0.2
        let limit = correlation_by_chance(500, 0.001);
        assert!(limit < 0.2, "{limit}");
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let passed = (0..200).filter(|_| {
            let pairs: Vec<(u64, u64)> = (0..500).map(|at| (at, next())).collect();
            rank_correlation(&pairs).unwrap().abs() > limit
        });
        assert_eq!(passed.count(), 0);
        let nearly: Vec<(u64, u64)> = (0..500).map(|at| (at, at * 10 + next() % 4000)).collect();
        assert!(rank_correlation(&nearly).unwrap() > limit);
    }

    #[test]
    fn parts_are_guessed() {
        let same: Vec<(u64, u64)> = (0..100).map(|at| (at, at * 2)).collect();
        assert_eq!(same_part(&same, (100, 200), 10), 100);
        let turned: Vec<(u64, u64)> = (0..100).map(|at| (at, 99 - at)).collect();
        assert_eq!(same_part(&turned, (100, 100), 10), 0);
    }
}
