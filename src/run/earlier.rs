//! The ledger in a run: opened before the gate, written before the release is published, closed after.

use crate::error::{ErrorKind, Result};
use crate::gate::{self, Earlier, Policy, Role};
use crate::ledger::Ledger;
use crate::profile::LedgerSpec;
use crate::secret::{self, KeySource};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the ledger and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFiles {
    /// The ledger.
    pub file: PathBuf,
    /// Its key: 32 bytes or 64 hex digits, as `outis keygen` writes them.
    pub key: PathBuf,
}

impl LedgerFiles {
    /// Opens the ledger; waits for whoever has it.
    ///
    /// # Errors
    /// A key or a ledger that cannot be had, or does not hold.
    pub fn open(&self) -> Result<Ledger> {
        Ledger::open(&self.file, secret::load(&KeySource::File(self.key.clone()))?)
    }
}

/// A run's ledger; locked until it is settled or dropped.
pub(super) struct Against {
    ledger: Ledger,
    pub(super) earlier: Arc<Earlier>,
}

impl Against {
    /// Opens the ledger that the profile asks for. `key` is the fingerprint of the run's key.
    pub(super) fn open(
        files: Option<&LedgerFiles>,
        spec: Option<&LedgerSpec>,
        key: String,
        policy: &mut Policy,
    ) -> Result<Option<Self>> {
        let Some((files, spec)) = asked(files, spec)? else { return Ok(None) };
        let ledger = files.open()?;
        let earlier = Earlier {
            releases: ledger.counting().cloned().collect(),
            keys: ledger.keys(),
            population: spec.population.clone(),
            key,
            values_left: spec.values_left,
        };
        // what every class may have in common with an earlier one is counted, whether a model asks for it or not
        let sensitive = policy.columns.iter().enumerate().filter(|(_, column)| column.role == Role::Sensitive);
        let more: Vec<usize> = sensitive.map(|(at, _)| at).filter(|at| !policy.sensitive.contains(at)).collect();
        policy.sensitive.extend(more);
        Ok(Some(Self { ledger, earlier: Arc::new(earlier) }))
    }
}

/// Publishes. With a ledger the release is written down first, and counts from then on; where publishing failed and something
/// stands at the target all the same, it keeps counting.
pub(super) fn publish<T>(
    against: Option<Against>,
    release: &str,
    (policy, report): (&Policy, &gate::Report),
    target: &Path,
    publish: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let Some(mut against) = against else { return publish() };
    against.ledger.add(against.earlier.entry(release, policy, &report.measured))?;
    let published = publish();
    if published.is_ok() || !target.exists() {
        against.ledger.settle(published.is_ok())?;
    }
    published
}

/// Both or none: a profile that asks for a ledger is not run without one, and none is used that no profile asks for.
pub(super) fn asked<'a>(
    files: Option<&'a LedgerFiles>,
    spec: Option<&'a LedgerSpec>,
) -> Result<Option<(&'a LedgerFiles, &'a LedgerSpec)>> {
    match (files, spec) {
        (Some(files), Some(spec)) => Ok(Some((files, spec))),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ErrorKind::Usage(
            "the profile holds the release against earlier ones: give --ledger and --ledger-key".into(),
        )
        .into()),
        (Some(_), None) => Err(ErrorKind::Usage(
            "the profile has no `[ledger]`: say which population it is about and how many values must be left".into(),
        )
        .into()),
    }
}
