//! The judge of the staged bytes.
//!
//! Responsible for: [`judge`], which has the staged files read back from disk, counts again from nothing, applies every
//! rule, and makes [`Passed`], the proof that `write::publish` takes; beside it only [`readmit`] does, of what was judged and waited. It is given a [`Case`] and never trusts what
//! the transform thought: it does not import plan, profile, transform or solve.
//!
//! Rules stand one in a file under `rules/`. A rule says what it wants counted, and everything is counted in one reading of the
//! files ([`Reading`]). A rule that did not run is a failure, never a pass; one that the profile leaves nothing to judge is
//! not applicable, and says why.
//!
//! To add one: a file under `rules/` with its `RULE` (see `rules/tokens.rs`, which counts, and `rules/tier.rs`, which does not), its place in
//! [`RULES`], a planted leak that it catches and a clean release that it passes under `tests/`, a line in DESIGN's table.

mod again;
mod aside;
mod bytes;
mod case;
mod classes;
mod distinct;
mod documents;
mod earlier;
mod examine;
mod marker;
mod marks;
mod numbers;
mod policy;
mod population;
mod reading;
mod rule;
mod rules;
mod shapes;
mod sought;
mod spellings;
mod support;
mod token_counts;
mod value_support;
mod words;

pub use again::readmit;
pub use aside::{Aside, Cells, Fate, SampledRow, pair, token_and_raw};
pub use case::{Case, Reapply, Reread, Under};
pub use distinct::{DistinctSample, spread};
pub use documents::hold_report;
pub use earlier::Earlier;
pub use examine::{FileFacts, Measured, Staged};
pub use marker::Marker;
pub use marks::Marks;
pub use policy::{
    Alphabet, KeyHome, Limits, Policy, Process, Recoding, ReleasedColumn, Role, RowAccount, SourceColumn, Step,
    Suppression, Tier, TokenShape,
};
pub use population::Population;
pub use reading::{Count, Examiner, Place, Reading};
pub use rule::{Effect, Finding, Rule, Severity, Stage, Status};
pub use rules::{MODELS, RULES, SUPPRESSION};
pub use shapes::Shapes;

use crate::error::Result;
use crate::group::in_parallel;

/// Proof that the gate let this pass. Only [`judge`] makes one, and [`readmit`] for what was judged and waited, and it wraps the very thing that was judged.
#[must_use]
pub struct Passed<S>(S);

impl<S> Passed<S> {
    /// The judged thing, for publishing.
    pub fn into_inner(self) -> S {
        self.0
    }
    /// A look at the judged thing.
    pub fn staged(&self) -> &S {
        &self.0
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Id of the rule.
    pub rule: &'static str,
    /// Number of its check in the table of threats.
    pub threat: &'static str,
    /// How it ended.
    pub status: Status,
    /// What it does in this tier where it does not hold.
    pub severity: Severity,
    /// What was measured, without any cell.
    pub measured: String,
    /// What is allowed.
    pub limit: String,
    /// Why the rule is there, in plain words.
    pub reason: &'static str,
    /// When it is applied.
    pub stage: Stage,
    /// Time that the rule took, in microseconds: its judgement, and its counting over all workers.
    pub microseconds: u64,
}

impl Verdict {
    /// Whether it stands in the way of publishing.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.status == Status::Fail
    }
}

/// The outcome: either proof, or the thing back with the reasons.
pub enum Judgement<S> {
    /// Nothing stands in the way.
    Passed(Passed<S>),
    /// At least one rule does.
    Refused(S),
}

/// What the gate saw, whichever way it went.
pub struct Report {
    /// One verdict per rule, in the order of [`RULES`].
    pub verdicts: Vec<Verdict>,
    /// The counts.
    pub measured: Measured,
}

/// Reads the staged bytes back and applies every rule. `clock` gives microseconds for the rules' times.
///
/// # Errors
/// When the staged files cannot be read at all; nothing is published then.
pub fn judge<S: Staged>(
    staged: S,
    case: &Case<'_>,
    clock: &(dyn Fn() -> u64 + Sync),
) -> Result<(Judgement<S>, Report)> {
    let report = probe(&staged, case, RULES, clock)?;
    let refused = report.verdicts.iter().any(Verdict::refuses);
    let judgement = if refused { Judgement::Refused(staged) } else { Judgement::Passed(Passed(staged)) };
    Ok((judgement, report))
}

/// Reads the staged bytes back and applies some rules. It gives no proof: what it judged cannot be published.
///
/// # Errors
/// When the staged files cannot be read at all.
pub fn probe<S: Staged>(
    staged: &S,
    case: &Case<'_>,
    rules: &[&Rule],
    clock: &(dyn Fn() -> u64 + Sync),
) -> Result<Report> {
    let measured = examine::measure(staged, case, rules, clock)?;
    // rules know nothing of each other, so they judge side by side
    let verdicts = in_parallel(case.threads, rules.to_vec(), |rule| apply(rule, case, &measured, clock));
    Ok(Report { verdicts, measured })
}

fn apply(rule: &Rule, case: &Case<'_>, measured: &Measured, clock: &(dyn Fn() -> u64 + Sync)) -> Verdict {
    let start = clock();
    let finding = (rule.judge)(case, measured);
    let tier = case.policy.tier;
    Verdict {
        rule: rule.id,
        threat: rule.threat,
        status: finding.status(rule.effect, tier),
        severity: finding.severity(rule.effect, tier),
        measured: finding.measured,
        limit: finding.limit,
        reason: rule.reason,
        stage: rule.stage,
        microseconds: clock().saturating_sub(start) + measured.counting_time(rule.id),
    }
}

#[cfg(test)]
mod tests;
