//! (α,k)-anonymity.
//!
//! *Paper*: Wong, Li, Fu, Wang, "(α,k)-anonymity", 2006. *Formula*: k-anonymity, and no sensitive value has a share above
//! α of any class. *Convex*, not monotone with suppression. *Does not protect*: against knowledge that rules values out.

use super::Class;

#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) sensitive: usize,
    pub(super) alpha: f64,
}

impl Rule {
    pub(super) fn holds(self, class: &Class<'_>) -> bool {
        let most = class.histograms[self.sensitive].iter().copied().max().unwrap_or(0);
        super::risk::ratio(most, class.rows) <= self.alpha
    }
    /// See [`super::Judge::least_removed`].
    pub(super) fn least_removed(self, class: &Class<'_>) -> u64 {
        let most = class.histograms[self.sensitive].iter().copied().max().unwrap_or(0);
        super::least_above(most, class.rows, self.alpha)
    }
}
