//! Re-identification risks of three attackers, and the histogram of class sizes.
//!
//! Prosecutor: knows that the target is in the table; risk 1/members. Journalist: knows only the population; risk
//! 1/population. Marketer: wants as many right guesses as possible. (El Emam, Dankar 2008; `threats` §4.)

use std::collections::BTreeMap;

/// One attacker's risks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Risk {
    /// Share of the members whose risk is above the threshold.
    pub at_risk: f64,
    /// The highest risk of a member.
    pub highest: f64,
    /// The share of right guesses that the attacker can expect.
    pub average: f64,
}

/// Risks of the three attackers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Risks {
    /// Knows that the target is in the table.
    pub prosecutor: Risk,
    /// Knows only the population; equal to the prosecutor's where the table is the population.
    pub journalist: Risk,
    /// Wants many right guesses.
    pub marketer: f64,
}

/// Risks of classes with these members, and with these members of the population where one is known.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "shares")]
pub fn risks(members: &[u64], population: Option<&[u64]>, threshold: f64) -> Risks {
    let behind = population.unwrap_or(members);
    let all: u64 = members.iter().sum();
    let people: u64 = behind.iter().sum();
    let share_above = |sizes: &[u64]| {
        let above = members.iter().zip(sizes).filter(|(_, size)| ratio(1, **size) > threshold).map(|(count, _)| count);
        ratio(above.sum(), all)
    };
    let highest = |sizes: &[u64]| sizes.iter().filter(|&&size| size > 0).min().map_or(0.0, |&size| ratio(1, size));
    let classes = members.len() as u64;
    let expected: f64 = members.iter().zip(behind).map(|(&count, &size)| ratio(count, size)).sum();
    let marketer = if all == 0 { 0.0 } else { expected / all as f64 };
    Risks {
        prosecutor: Risk { at_risk: share_above(members), highest: highest(members), average: ratio(classes, all) },
        journalist: Risk {
            at_risk: share_above(behind),
            highest: highest(behind),
            average: ratio(classes, people).max(marketer),
        },
        marketer,
    }
}

/// How many classes have so many members; sizes below `k` are one bin, as a report must not tell them apart.
#[must_use]
pub fn size_histogram(members: &[u64], k: u64) -> SizeHistogram {
    let mut histogram = SizeHistogram { below: 0, members_below: 0, bins: BTreeMap::new() };
    for &size in members {
        if size < k {
            histogram.below += 1;
            histogram.members_below += size;
        } else {
            *histogram.bins.entry(size).or_default() += 1;
        }
    }
    histogram
}

/// Class sizes of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeHistogram {
    /// Classes with fewer than k members.
    pub below: u64,
    /// Their members.
    pub members_below: u64,
    /// Size to number of classes, from k on.
    pub bins: BTreeMap<u64, u64>,
}

/// `part / whole`, 0 of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
