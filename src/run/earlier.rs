//! The ledger in a run: opened before the gate, written before the release is published, closed after.

use super::staged::StagedRelease;
use super::{Job, Outcome};
use crate::error::{ErrorKind, Result};
use crate::gate::{self, Aside, Earlier, Passed, Policy, Role};
use crate::ledger::Ledger;
use crate::profile::LedgerSpec;
use crate::report::RunReport;
use crate::secret::{self, KeySource, MasterKey};
use crate::write;
use std::path::PathBuf;
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
    earlier: Arc<Earlier>,
}

impl Against {
    /// Opens the ledger that the profile asks for, and brings the gate what it says.
    pub(super) fn open(job: &Job, key: &MasterKey, policy: &mut Policy, aside: &mut Aside) -> Result<Option<Self>> {
        let Some((files, spec)) = asked(job.options.ledger.as_ref(), job.loaded.profile.ledger.as_ref())? else {
            return Ok(None);
        };
        let ledger = files.open()?;
        let earlier = Earlier {
            releases: ledger.counting().cloned().collect(),
            keys: ledger.keys(),
            population: spec.population.clone(),
            key: key.fingerprint(),
            values_left: spec.values_left,
        };
        // what every class may have in common with an earlier one is counted, whether a model asks for it or not
        let sensitive = policy.columns.iter().enumerate().filter(|(_, column)| column.role == Role::Sensitive);
        let more: Vec<usize> = sensitive.map(|(at, _)| at).filter(|at| !policy.sensitive.contains(at)).collect();
        policy.sensitive.extend(more);
        let earlier = Arc::new(earlier);
        aside.earlier = Some(Arc::clone(&earlier));
        Ok(Some(Self { ledger, earlier }))
    }
}

/// Publishes. With a ledger the release is written down first, and counts from then on; where publishing failed and something
/// stands at the target all the same, it keeps counting; so does one that waits for a second person.
pub(super) fn publish(
    against: Option<Against>,
    (policy, report): (&Policy, &gate::Report),
    proof: Passed<StagedRelease<'_>>,
    told: RunReport,
) -> Result<Outcome> {
    let (release, waits) = (told.run.clone(), told.approval.is_some());
    let outcome =
        |folder: PathBuf| Outcome { report: told, folder, waits, unrecorded: None, cost: super::Cost::default() };
    let leave = |proof: Passed<StagedRelease<'_>>| {
        if waits { write::wait(proof) } else { write::publish(proof).map(|published| published.folder) }
    };
    let Some(mut against) = against else { return leave(proof).map(outcome) };
    let target = proof.staged().stage.target().to_path_buf();
    against.ledger.add(against.earlier.entry(&release, policy, &report.measured))?;
    let left = leave(proof);
    // what waits counts from now on, until somebody says that it will not leave
    if (left.is_ok() && !waits) || (left.is_err() && !target.exists()) {
        against.ledger.settle(left.is_ok())?;
    }
    left.map(outcome)
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
