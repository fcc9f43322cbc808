//! The record of a run: typed events, one JSON object a line.
//!
//! Responsible for: what an event may say ([`Event`]), its one form as bytes ([`Entry`]), and the order and form in which
//! events and their times are written ([`Journal`]). It is given plain data: names, counts, digests, durations. It never
//! holds a cell, an unkeyed digest of one, a key, a path or a host name. Stages do not log: they return reports, and `run`
//! turns them into events.

mod body;
mod event;
mod group;
mod journal;
mod line;
mod times;

pub(crate) use body::is_zero;
pub use body::{
    ColumnRecord, Decision, FileForm, GateResult, InputOpened, InputRead, KeyCreated, KeyDestroyed, LevelsChosen,
    ModelAsked, OutputStaged, PopulationCounted, RegisteredIn, ReviewDecision, ReviewRequested, RiskMeasured,
    RuleRecord, RunFailed, RunOpened, RunSealed, SchemaBound, ShardsDone, SourceCommitted, Status, SurveyDone,
    TimesSealed,
};
pub use event::{Event, Phase};
pub use group::{LARGEST, group_inputs, group_shards};
pub use journal::{Clock, Journal};
pub use line::{Entry, VERSION};
pub use times::{Moment, Timing, Whole};
