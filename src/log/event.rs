//! The kinds of event. Numbers are integers, shares are decimal texts: no floats, so that every reader sees the same.

use super::body::{
    GateResult, InputOpened, InputRead, KeyCreated, KeyDestroyed, LevelsChosen, OutputStaged, ReviewDecision,
    ReviewRequested, RiskMeasured, RunFailed, RunOpened, RunSealed, SchemaBound, ShardsDone, SourceCommitted,
    SurveyDone, TimesSealed,
};
use serde::{Deserialize, Serialize};

/// One event of a run, in the order of the enum; `<noun>_<past verb>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "body", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "the large one stands once in a log, and events are written one by one")]
pub enum Event {
    /// A run began: what it shall do and for whom.
    RunOpened(RunOpened),
    /// Columns were bound to roles and operators.
    SchemaBound(SchemaBound),
    /// Generalization levels were fixed.
    LevelsChosen(LevelsChosen),
    /// Inputs were opened.
    InputOpened(InputOpened),
    /// The run's key was made.
    KeyCreated(KeyCreated),
    /// The first pass is over.
    SurveyDone(SurveyDone),
    /// Inputs were read to their end.
    InputRead(InputRead),
    /// Shards went through the second pass.
    ShardsDone(ShardsDone),
    /// The source was committed to.
    SourceCommitted(SourceCommitted),
    /// A data file is complete on disk, still private.
    OutputStaged(OutputStaged),
    /// What the gate counted in the staged bytes.
    RiskMeasured(RiskMeasured),
    /// One rule of the gate gave its result.
    GateResult(GateResult),
    /// The run's key was wiped from memory.
    KeyDestroyed(KeyDestroyed),
    /// All is staged, and a second person is asked.
    ReviewRequested(ReviewRequested),
    /// A second person decided.
    ReviewDecision(ReviewDecision),
    /// The run could not go on: the last event.
    RunFailed(RunFailed),
    /// The run came to its end.
    RunSealed(RunSealed),
    /// The times of all events before: the last one of a run that came to its end.
    TimesSealed(TimesSealed),
}

/// The stage of the process that an event belongs to, after GB/T 37964-2019 (goals, identify, process, verify and
/// approve), with the record's own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What shall be done, for whom and why.
    Goals,
    /// What the columns are.
    Identify,
    /// Rows are read and changed.
    Process,
    /// The outcome is measured and judged.
    Verify,
    /// A person decides.
    Approve,
    /// The record ends.
    End,
}

impl Phase {
    /// Every stage by its name, in the order of the process.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("goals", Self::Goals),
        ("identify", Self::Identify),
        ("process", Self::Process),
        ("verify", Self::Verify),
        ("approve", Self::Approve),
        ("end", Self::End),
    ];
}

impl Event {
    /// The name of every type, in the order in which they happen.
    pub const TYPES: &'static [&'static str] = &[
        "run_opened",
        "schema_bound",
        "levels_chosen",
        "input_opened",
        "key_created",
        "survey_done",
        "input_read",
        "shards_done",
        "source_committed",
        "output_staged",
        "risk_measured",
        "gate_result",
        "key_destroyed",
        "review_requested",
        "review_decision",
        "run_failed",
        "run_sealed",
        "times_sealed",
    ];
    /// The stage that it belongs to.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::RunOpened(_) => Phase::Goals,
            Self::SchemaBound(_) | Self::LevelsChosen(_) | Self::InputOpened(_) => Phase::Identify,
            Self::KeyCreated(_)
            | Self::SurveyDone(_)
            | Self::InputRead(_)
            | Self::ShardsDone(_)
            | Self::SourceCommitted(_)
            | Self::OutputStaged(_)
            | Self::KeyDestroyed(_) => Phase::Process,
            Self::RiskMeasured(_) | Self::GateResult(_) => Phase::Verify,
            Self::ReviewRequested(_) | Self::ReviewDecision(_) => Phase::Approve,
            Self::RunFailed(_) | Self::RunSealed(_) | Self::TimesSealed(_) => Phase::End,
        }
    }
    /// The first shard that it tells of.
    #[must_use]
    pub fn shard(&self) -> Option<u64> {
        match self {
            Self::ShardsDone(shards) => Some(shards.first_shard),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_stages_are_named_as_they_are_written() {
        // what serde says of a name that it does not know is its list of those that it does
        let known = |error: serde_json::Error| {
            let text = error.to_string();
            text.split('`').skip(3).step_by(2).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(known(serde_json::from_str::<Event>(r#"{"type":"no","body":{}}"#).unwrap_err()), Event::TYPES);
        let stages: Vec<&str> = Phase::ALL.iter().map(|(name, _)| *name).collect();
        assert_eq!(known(serde_json::from_str::<Phase>(r#""no""#).unwrap_err()), stages);
        for (name, phase) in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).unwrap(), *name);
        }
    }
}
