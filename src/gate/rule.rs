//! What a rule of the gate is: an id, a reason, a stage, what it does in each tier, what it wants counted, and its judgement.

use super::{Case, Measured, Reading, Tier};
use crate::error::Result;

/// One rule. Each stands in a file of its own under `rules/`; [`super::RULES`] lists them in the order they are applied.
pub struct Rule {
    /// Stable id, in logs and reports.
    pub id: &'static str,
    /// Number of the check in the table of threats, as `G06`; `R12` where a standard asks for it.
    pub threat: &'static str,
    /// Why the rule is there, in plain words.
    pub reason: &'static str,
    /// When it is applied: cheap stages come first.
    pub stage: Stage,
    /// What it does where it does not hold.
    pub effect: Effect,
    /// Asks for what must be counted in the one shared reading of the staged files.
    pub(super) wants: fn(&Case<'_>, &mut Reading),
    /// Judges.
    pub(super) judge: fn(&Case<'_>, &Measured) -> Finding,
}

/// Asks for nothing.
pub(super) fn wants_nothing(_: &Case<'_>, _: &mut Reading) {}

/// Stages of the gate, from cheap to expensive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// What was planned, and which files lie there.
    Configuration,
    /// What is counted while the staged rows stream by.
    Rows,
    /// How the files are built.
    Structure,
    /// Every byte of the files.
    Bytes,
    /// Classes and value counts.
    Classes,
    /// Tokens and their keys.
    Keys,
    /// The order of the rows.
    Order,
    /// Earlier releases.
    Ledger,
    /// Attacks on a sample.
    Attacks,
}

impl Stage {
    /// The name in logs and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Rows => "rows",
            Self::Structure => "structure",
            Self::Bytes => "bytes",
            Self::Classes => "classes",
            Self::Keys => "keys",
            Self::Order => "order",
            Self::Ledger => "ledger",
            Self::Attacks => "attacks",
        }
    }
}

/// What a rule does where it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is published.
    Block,
    /// The report says so.
    Warn,
}

impl Severity {
    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "blocks",
            Self::Warn => "warns",
        }
    }
}

/// What a rule does in each tier. Tier `closed` never publishes, whatever the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// For everyone.
    pub open: Severity,
    /// To buyers on a platform.
    pub trade: Severity,
    /// To named recipients under conditions.
    pub conditional: Severity,
}

impl Effect {
    /// Blocks everywhere.
    pub const BLOCK: Self = Self { open: Severity::Block, trade: Severity::Block, conditional: Severity::Block };
    /// Warns everywhere.
    pub const WARN: Self = Self { open: Severity::Warn, trade: Severity::Warn, conditional: Severity::Warn };
    /// Blocks what is open or traded, warns where a contract stands between.
    pub const WARN_CONDITIONAL: Self =
        Self { open: Severity::Block, trade: Severity::Block, conditional: Severity::Warn };
    /// Blocks what everybody may have, warns elsewhere.
    pub const BLOCK_OPEN: Self = Self { open: Severity::Block, trade: Severity::Warn, conditional: Severity::Warn };

    /// In a tier.
    #[must_use]
    pub fn in_tier(self, tier: Tier) -> Severity {
        match tier {
            Tier::Open => self.open,
            Tier::Trade => self.trade,
            Tier::Conditional => self.conditional,
            Tier::Closed => Severity::Block,
        }
    }
}

/// What one rule found.
pub struct Finding {
    pub(super) outcome: Outcome,
    pub(super) measured: String,
    pub(super) limit: String,
}

/// Whether a rule holds.
pub(super) enum Outcome {
    Holds,
    Broken,
    Told,
    NotApplicable,
    DidNotRun,
}

impl Finding {
    /// It ran: what it measured and what is allowed, without any cell.
    #[must_use]
    pub(super) fn of(holds: bool, measured: impl Into<String>, limit: impl Into<String>) -> Self {
        let outcome = if holds { Outcome::Holds } else { Outcome::Broken };
        Self { outcome, measured: measured.into(), limit: limit.into() }
    }
    /// It ran, and what it measured is told and refuses nothing in any tier.
    #[must_use]
    pub(super) fn told(measured: impl Into<String>, limit: impl Into<String>) -> Self {
        Self { outcome: Outcome::Told, measured: measured.into(), limit: limit.into() }
    }
    /// The profile leaves nothing to judge: why.
    #[must_use]
    pub(super) fn not_applicable(why: impl Into<String>) -> Self {
        Self { outcome: Outcome::NotApplicable, measured: why.into(), limit: "–".into() }
    }
    /// It could not judge: why. That is a failure.
    #[must_use]
    pub(super) fn did_not_run(why: impl Into<String>) -> Self {
        Self { outcome: Outcome::DidNotRun, measured: format!("did not run: {}", why.into()), limit: "–".into() }
    }
}

impl From<Result<Finding>> for Finding {
    /// An error is a rule that did not run. Its words may be of a file; they are not told.
    fn from(result: Result<Self>) -> Self {
        result.unwrap_or_else(|_| Self::did_not_run("an error stopped it"))
    }
}

/// How a rule ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not hold, and in this tier that is told and not more.
    Warn,
    /// It does not hold, or it did not run: nothing is published.
    Fail,
    /// The profile leaves nothing to judge; the verdict says why.
    NotApplicable,
}

impl Status {
    /// The name in logs and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl Finding {
    /// What it would do in a tier where it does not hold: what is only told refuses nothing.
    pub(super) fn severity(&self, effect: Effect, tier: Tier) -> Severity {
        if matches!(self.outcome, Outcome::Told) { Severity::Warn } else { effect.in_tier(tier) }
    }
    /// What that means in a tier.
    pub(super) fn status(&self, effect: Effect, tier: Tier) -> Status {
        match (&self.outcome, self.severity(effect, tier)) {
            (Outcome::Holds, _) => Status::Pass,
            (Outcome::NotApplicable, _) => Status::NotApplicable,
            (Outcome::Told, _) | (Outcome::Broken, Severity::Warn) => Status::Warn,
            (Outcome::Broken, Severity::Block) | (Outcome::DidNotRun, _) => Status::Fail,
        }
    }
}
