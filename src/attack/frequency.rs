//! Frequency attack: a token that stands often is the name that many have.
//!
//! Tokens that are equal for equal values keep how often each value stands. Whoever knows how often values stand in the
//! population puts both lists in order and reads one against the other (threats, A5).

use std::collections::BTreeMap;

/// Matches tokens with known values by rank of frequency: for each distinct token, most frequent first, the value of the same
/// rank. Gives pairs of a token and the place of a value in `known`, which has the values' shares in any order. Equal frequencies tell
/// nothing: both are in the order of the bytes.
#[must_use]
pub fn by_frequency<'t>(tokens: &[&'t [u8]], known: &[f64]) -> Vec<(&'t [u8], usize)> {
    let mut counts: BTreeMap<&[u8], u64> = BTreeMap::new();
    for token in tokens {
        *counts.entry(token).or_default() += 1;
    }
    let mut counts: Vec<(&[u8], u64)> = counts.into_iter().collect();
    counts.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by(|left, right| known[*right].total_cmp(&known[*left]).then(left.cmp(right)));
    counts.into_iter().map(|(token, _)| token).zip(order).collect()
}

/// Most of `trials` guesses that are right by chance alone: the smallest count that a guesser with this chance in each exceeds with
/// probability below `alpha` (exact binomial tail).
#[must_use]
pub fn most_by_chance(trials: u64, chance: f64, alpha: f64) -> u64 {
    if trials == 0 || chance <= 0.0 {
        return 0;
    }
    if chance >= 1.0 {
        return trials;
    }
    // probabilities by their logarithms: C(n, 0) (1-p)^n first
    let mut log = precise(trials) * (1.0 - chance).ln();
    let (step, mut below) = (chance.ln() - (1.0 - chance).ln(), log.exp());
    for hits in 0..trials {
        if 1.0 - below < alpha {
            return hits;
        }
        log += (precise(trials - hits) / precise(hits + 1)).ln() + step;
        below += log.exp();
    }
    trials
}

#[expect(clippy::cast_precision_loss, reason = "numbers of guesses are far below 2^53")]
fn precise(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_matched() {
        let tokens: Vec<&[u8]> = [&b"x"[..]; 9].into_iter().chain([&b"y"[..]; 5]).chain([&b"z"[..]; 2]).collect();
        assert_eq!(by_frequency(&tokens, &[0.1, 0.6, 0.3]), [(&b"x"[..], 1), (b"y", 2), (b"z", 0)]);
    }

    #[test]
    fn chance_is_the_binomial_tail() {
        // P(X > 9) of 10 fair coins is 1/1024, P(X > 8) is 11/1024
        assert_eq!(most_by_chance(10, 0.5, 0.005), 9);
        assert_eq!(most_by_chance(10, 0.5, 0.02), 8);
        assert_eq!(most_by_chance(1000, 0.0, 0.001), 0);
        assert_eq!(most_by_chance(5, 1.0, 0.001), 5);
        // one right in n on average, whatever n: about 6 at one in a thousand (Poisson tail: P(X > 5) is 0.0006)
        assert_eq!(most_by_chance(100_000, 1e-5, 0.001), 5);
    }
}
