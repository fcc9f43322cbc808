//! k-anonymity and its reading as a risk.
//!
//! *Paper*: Sweeney, "k-anonymity: a model for protecting privacy", 2002. *Formula*: every class has at least k members.
//! Maximal re-identification risk r is the same with k = ceil(1 / r). *Monotone*: yes. *Does not protect*: what all members
//! of a class have in common is learned of each of them.

/// Members that keep `1 / members` at or below the risk.
#[must_use]
pub(super) fn members_for_risk(risk: f64) -> u64 {
    let first = ceiling(1.0 / risk.clamp(1e-9, 1.0));
    // The division may have rounded: take the least number that holds as it will be read.
    (first.saturating_sub(1).max(1)..=first + 1)
        .find(|&members| super::risk::ratio(1, members) <= risk)
        .unwrap_or(first + 1)
}

/// The least whole number at or above.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a count can be")]
pub(super) fn ceiling(number: f64) -> u64 {
    number.ceil().clamp(0.0, 9e15) as u64
}
