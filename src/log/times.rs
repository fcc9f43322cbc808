//! When events happened: a line for each event, in a file of its own, so that no clock is in the tree of events.

use serde::{Deserialize, Serialize};

/// The time of one event, and what else differs between two runs that do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Number of the event.
    pub seq: u64,
    /// Wall time, RFC 3339, UTC. As true as the machine's clock: only a witness' time is evidence.
    pub wall: String,
    /// Nanoseconds since the run began, monotonic.
    pub monotonic_ns: u64,
    /// How long it took, where the event is the end of something that took time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub milliseconds: Option<u64>,
    /// Of the last event: what the whole run took.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run: Option<Whole>,
}

/// What a whole run took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whole {
    /// In the order of the path.
    pub stages: Vec<Timing>,
    /// Worker threads.
    pub threads: u64,
    /// The log is kept until this day at least (CD-23), `YYYY-MM-DD`.
    pub keep_until: String,
}

/// A stage and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Stage.
    pub stage: String,
    /// Wall time.
    pub milliseconds: u64,
}
