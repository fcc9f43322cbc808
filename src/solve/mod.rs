//! The search for the levels that lose least and satisfy every model.
//!
//! Responsible for: the proven optimum over the lattice of levels with suppression of whole classes, and the loss of any
//! node. Given: a [`Problem`], whole numbers. It is a pure function of classes: no files, no clock (a [`Budget`] asks the
//! caller whether to go on), no randomness. The outcome is the same for any number of threads.
//!
//! How it works. Every node has a lower bound from the columns alone: what its levels lose at least. Nodes are taken in
//! order of that bound, and none is looked at whose bound is above the best loss found. Models for which suppression can
//! only become less upwards (k-anonymity among them) rule out everything below a node that suppresses too much; such
//! nodes are looked for by bisection of chains. Nothing else is pruned: t-closeness and its like are not monotone under
//! suppression, and are not treated as if they were. Class tables come from finer class tables, never from rows.

#[expect(clippy::inline_always, reason = "measured: sums in inner loops")]
mod counts;
mod evaluate;
#[expect(clippy::inline_always, reason = "measured: look-ups in inner loops")]
mod keys;
mod lattice;
mod listed;
mod measure;
mod open_ended;
mod problem;
#[expect(clippy::inline_always, reason = "compiled once for each width of the keys")]
mod rollup;
mod search;
mod signatures;
mod sources;

pub use problem::{Aggregate, Classes, ColumnLadder, Level, Loss, Metric, Problem, Sensitive};
pub use search::{Budget, Node, Solution, Unsolvable, check, node, solve, solve_stricter, solve_within, whole};
pub use signatures::Signatures;
