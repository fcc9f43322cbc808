//! The earlier releases that a new one is held against, and what the ledger keeps of the new one when it leaves.

use super::rules::EarlierTokens;
use super::{Measured, Policy};
use crate::ledger::{ClassSketch, Entry, Keys};
use std::sync::Arc;

/// What the ledger says of earlier releases.
pub struct Earlier {
    /// The releases that count.
    pub releases: Vec<Entry>,
    /// The ledger's tags.
    pub keys: Arc<Keys>,
    /// Alias of the people of the new release.
    pub population: String,
    /// Fingerprint of the key of its tokens.
    pub key: String,
    /// Sensitive values that must be left to a person in the intersection of all releases of these people.
    pub values_left: usize,
}

impl Earlier {
    /// What the ledger keeps of the release that was judged; `release` is its id.
    #[must_use]
    pub fn entry(&self, release: &str, policy: &Policy, measured: &Measured) -> Entry {
        Entry {
            release: release.to_owned(),
            population: self.population.clone(),
            key: self.key.clone(),
            tokens: measured.count::<EarlierTokens>().map(EarlierTokens::sketched).unwrap_or_default(),
            classes: self.classes(policy, measured).unwrap_or_default(),
        }
    }
    /// The classes of the release as tags; none where nothing was counted.
    pub(super) fn classes(&self, policy: &Policy, measured: &Measured) -> Option<ClassSketch> {
        let names =
            |places: &[usize]| -> Vec<&str> { places.iter().map(|at| policy.columns[*at].name.as_str()).collect() };
        let classes = measured.classes.as_ref()?;
        Some(ClassSketch::new(classes, &names(&policy.quasi), &names(&policy.sensitive), &self.keys))
    }
}
