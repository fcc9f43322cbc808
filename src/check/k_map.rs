//! k-map.
//!
//! *Paper*: Sweeney, "Computational disclosure control", 2001. *Formula*: for every class at least k members of the
//! population have the class's values. The population is a table, or estimated from the sample's share of it.
//! *Monotone*: yes. *Does not protect*: against one who knows that a person is in the sample.

/// Members of the population behind a class when nothing but the sample's share of it is known: D'Angelo's estimate,
/// `members / share`, rounded down.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a saturating cast of a number that is not negative"
)]
pub fn estimated_population(members: u64, share: f64) -> u64 {
    (members as f64 / share.clamp(1e-12, 1.0)).floor() as u64
}
