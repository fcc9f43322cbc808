//! The judge of the staged bytes.
//!
//! Responsible for: [`judge`], which has the staged files read back from disk, counts again from nothing, applies every
//! rule, and alone makes [`Passed`], the proof that `write::publish` takes. It is given a [`Policy`] and never trusts what
//! the transform thought: it does not import plan, profile, transform or solve.

mod examine;
mod policy;
mod rules;

pub use examine::{Examiner, FileFacts, Measured, Staged};
pub use policy::{Alphabet, KeyHome, Policy, ReleasedColumn, RowAccount, Suppression, TokenShape};
pub use rules::{RULES, Rule};

use crate::error::Result;

/// Proof that the gate let this pass. Only [`judge`] makes one, and it wraps the very thing that was judged.
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
    /// Whether it holds; a rule that could not run does not.
    pub holds: bool,
    /// What was measured, without any cell.
    pub measured: String,
    /// What is allowed.
    pub limit: String,
    /// Why the rule is there, in plain words.
    pub reason: &'static str,
    /// Wall time of the rule in milliseconds, reading left out.
    pub milliseconds: u64,
}

/// The outcome: either proof, or the thing back with the reasons.
pub enum Judgement<S> {
    /// Every rule holds.
    Passed(Passed<S>),
    /// At least one does not.
    Refused(S),
}

/// What the gate saw, whichever way it went.
pub struct Report {
    /// One verdict per rule, in the order of [`RULES`].
    pub verdicts: Vec<Verdict>,
    /// The counts.
    pub measured: Measured,
}

/// Reads the staged bytes back and applies every rule. `now` gives milliseconds for the rules' times.
///
/// # Errors
/// When the staged files cannot be read at all; nothing is published then.
pub fn judge<S: Staged>(staged: S, policy: &Policy, now: &dyn Fn() -> u64) -> Result<(Judgement<S>, Report)> {
    let measured = examine::measure(&staged, policy)?;
    let verdicts: Vec<Verdict> = RULES
        .iter()
        .map(|rule| {
            let start = now();
            let finding = rule.apply(policy, &measured);
            Verdict {
                rule: rule.id(),
                holds: finding.holds,
                measured: finding.measured,
                limit: finding.limit,
                reason: rule.reason(),
                milliseconds: now() - start,
            }
        })
        .collect();
    let holds = verdicts.iter().all(|verdict| verdict.holds);
    let judgement = if holds { Judgement::Passed(Passed(staged)) } else { Judgement::Refused(staged) };
    Ok((judgement, Report { verdicts, measured }))
}

#[cfg(test)]
mod tests;
