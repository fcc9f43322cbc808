//! δ-presence.
//!
//! *Paper*: Nergiz, Atzori, Clifton, "Hiding the presence of individuals from shared databases", 2007. *Formula*: for every
//! class of the population, `least <= members of the sample / members of the population <= most`. A class that only the
//! population has counts 0 and cannot be suppressed. *Not monotone.* Needs the population's table.

use super::Class;

#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Rule {
    pub(super) fn holds(self, class: &Class<'_>) -> bool {
        // nobody of the population has the values: then the class is of other people
        class.population > 0 && self.ratio_holds(class.members, class.population)
    }
    /// See [`super::Judge::least_removed`]: the accepted parts of a class have at most their share of its population, and so have they
    /// together. Nothing is claimed where too few are there.
    #[expect(clippy::cast_precision_loss, reason = "rounded down by more")]
    pub(super) fn least_removed(self, class: &Class<'_>) -> u64 {
        super::whole_below(class.members as f64 - self.most * class.population as f64)
    }
    pub(super) fn ratio_holds(self, members: u64, population: u64) -> bool {
        let ratio = super::risk::ratio(members, population);
        self.least <= ratio && ratio <= self.most
    }
}
