//! What a table attains: every model's value, exactly, for `outis check`.
//!
//! Definitions are those of the papers; where pycanon's differ only by rounding or defects, ours are the exact ones.

use super::beta_likeness::gain;
use super::delta_disclosure::disclosure;
use super::l_diversity::distinct;
use super::risk::ratio;
use super::t_closeness::{Distance, Rule};
use super::{Class, Whole};
use crate::group::ClassTable;

/// What holds of the class sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Rows.
    pub rows: u64,
    /// Members: persons where persons are counted, else rows.
    pub members: u64,
    /// Classes.
    pub classes: u64,
    /// Members of the smallest class; 0 of an empty table.
    pub k: u64,
    /// Members of the largest class.
    pub largest: u64,
    /// Members over classes.
    pub average: f64,
    /// Share of the members that are alone in their class.
    pub sample_uniqueness: f64,
    /// Highest risk of a member: 1 / k.
    pub maximal_risk: f64,
    /// Classes over members.
    pub average_risk: f64,
    /// Σ rows².
    pub discernibility: u128,
}

/// What holds of one sensitive column. Each value is the worst over the classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Secrecy {
    /// Largest share of one value in a class.
    pub alpha: f64,
    /// Fewest different values in a class.
    pub distinct_l: u64,
    /// Smallest exp(entropy): an effective number of values.
    pub entropy_l: f64,
    /// For l = [`Secrecy::distinct_l`] the number that c must exceed: largest `r1 / (rl + ... + rm)`. `None` for l below 2.
    pub recursive_c: Option<f64>,
    /// Largest ½ Σ |p - q|.
    pub t_equal: f64,
    /// Largest ordered distance, in the order asked for.
    pub t_ordered: Option<f64>,
    /// Largest hierarchical distance, where a hierarchy is known.
    pub t_hierarchical: Option<f64>,
    /// Largest `(q - p) / p`.
    pub basic_beta: f64,
    /// Least β for which every gain is at most `min(β, -ln p)`; infinite where a gain is above `-ln p`.
    pub enhanced_beta: f64,
    /// Largest `|ln(q/p)|`: infinite where a class lacks a value.
    pub delta_disclosure: f64,
    /// The same over the values that a class has.
    pub delta_of_present: f64,
    /// Entropy of the column in nats.
    pub entropy: f64,
    /// Share of the rows whose value is rarer in their class than the most frequent one (Iyengar's classification metric;
    /// values that are equally frequent are all most frequent).
    pub classification: f64,
}

/// What the class sizes attain.
#[must_use]
pub fn identity(table: &ClassTable) -> Identity {
    let members: u64 = table.members().iter().sum();
    let classes = table.len() as u64;
    let k = table.members().iter().copied().min().unwrap_or(0);
    let alone = table.members().iter().filter(|&&size| size == 1).count() as u64;
    Identity {
        rows: table.total_rows(),
        members,
        classes,
        k,
        largest: table.members().iter().copied().max().unwrap_or(0),
        average: ratio(members, classes),
        sample_uniqueness: ratio(alone, members),
        maximal_risk: ratio(1, k),
        average_risk: ratio(classes, members),
        discernibility: table.rows().iter().map(|&rows| u128::from(rows) * u128::from(rows)).sum(),
    }
}

/// What one sensitive column attains. `distances` beside the equal one are measured where given.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "shares and logarithms of counts")]
pub fn secrecy(
    table: &ClassTable,
    column: usize,
    ordered: Option<&Distance>,
    hierarchical: Option<&Distance>,
) -> Secrecy {
    let histogram = table.histogram(column);
    let rows = table.total_rows();
    let totals = histogram.totals(table.sensitive()[column].len());
    let whole = Whole { rows, totals: vec![totals.clone()] };
    let rule = |distance: &Distance| Rule::new(0, 0.0, distance, &whole);
    let rules = [Some(rule(&Distance::Equal)), ordered.map(rule), hierarchical.map(rule)];
    let mut farthest = [0.0_f64; 3];
    let mut found = Secrecy {
        alpha: 0.0,
        distinct_l: if table.is_empty() { 0 } else { u64::MAX },
        entropy_l: if table.is_empty() { 0.0 } else { f64::INFINITY },
        recursive_c: None,
        t_equal: 0.0,
        t_ordered: None,
        t_hierarchical: None,
        basic_beta: if table.is_empty() { 0.0 } else { -1.0 },
        enhanced_beta: 0.0,
        delta_disclosure: 0.0,
        delta_of_present: 0.0,
        entropy: entropy(&totals),
        classification: 0.0,
    };
    let (mut counts, mut buffer) = (vec![0_u64; totals.len()], Vec::new());
    let mut minority = 0;
    for class in 0..table.len() {
        let (codes, numbers) = histogram.of(class);
        counts.fill(0);
        codes.iter().zip(numbers).for_each(|(&code, &number)| counts[code as usize] = number);
        let size = table.rows()[class];
        let most = numbers.iter().copied().max().unwrap_or(0);
        found.alpha = found.alpha.max(ratio(most, size));
        found.distinct_l = found.distinct_l.min(distinct(numbers));
        found.entropy_l = found.entropy_l.min(effective_number(numbers, size));
        minority += numbers.iter().filter(|&&number| number != most).sum::<u64>();
        for (at, &number) in counts.iter().enumerate() {
            let total = totals[at];
            let change = disclosure(number, size, total, rows);
            found.delta_disclosure = found.delta_disclosure.max(change);
            if number > 0 {
                let gained = gain(number, size, total, rows);
                found.basic_beta = found.basic_beta.max(gained);
                found.delta_of_present = found.delta_of_present.max(change);
                let bound = -ratio(total, rows).ln();
                found.enhanced_beta = found.enhanced_beta.max(if gained > bound { f64::INFINITY } else { gained });
            }
        }
        let described = Class { rows: size, members: size, population: 0, histograms: &[&counts] };
        for (farthest, rule) in farthest.iter_mut().zip(&rules) {
            if let Some(rule) = rule {
                *farthest = farthest.max(rule.distance(&described, &mut buffer));
            }
        }
    }
    found.t_equal = farthest[0];
    found.t_ordered = ordered.map(|_| farthest[1]);
    found.t_hierarchical = hierarchical.map(|_| farthest[2]);
    found.classification = minority as f64 / (rows as f64).max(1.0);
    found.recursive_c = (found.distinct_l >= 2 && !table.is_empty())
        .then(|| (0..table.len()).map(|class| recursive(histogram.of(class).1, found.distinct_l)).fold(0.0, f64::max));
    found
}

/// `r1 / (rl + ... + rm)`, counts descending.
fn recursive(counts: &[u64], l: u64) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable_by(|left, right| right.cmp(left));
    let from = usize::try_from(l).unwrap_or(usize::MAX).saturating_sub(1).min(sorted.len());
    ratio(sorted[0], sorted[from..].iter().sum())
}

/// exp(entropy); exactly the number of values where all are equally frequent.
fn effective_number(counts: &[u64], rows: u64) -> f64 {
    let mut present = counts.iter().copied().filter(|&count| count > 0);
    let first = present.next().unwrap_or(0);
    if present.all(|count| count == first) {
        return ratio(rows, first);
    }
    entropy(counts).exp()
}

#[expect(clippy::cast_precision_loss, reason = "logarithms of counts")]
fn entropy(counts: &[u64]) -> f64 {
    let rows: u64 = counts.iter().sum();
    // `+ 0.0` so that one value alone has 0 and not -0.
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| -(count as f64 / rows as f64) * ratio(count, rows).ln())
        .sum::<f64>()
        + 0.0
}
