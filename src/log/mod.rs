//! The record of a run: typed events, one JSON object a line.
//!
//! Responsible for: what an event may say ([`Event`]), and the order and form in which events are written ([`Journal`]).
//! It is given plain data: names, counts, digests, durations. It never holds a cell, an unkeyed digest of one, a key, a
//! path or a host name. Stages do not log: they return reports, and `run` turns them into events.

mod event;
mod journal;

pub use event::{ColumnRecord, Event, KeyRecord, RuleRecord, Status, Timing};
pub use journal::{Clock, Journal, VERSION};
