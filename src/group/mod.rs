//! Rows to classes: all rows that share the same quasi-identifying values are one class.
//!
//! Responsible for: dictionaries, tuples of codes, their counts, and the class of a row. Given: cells as text, released
//! or raw. Never opens a file, never looks at a clock; the same table comes out for any split of the rows among workers.
//! Memory grows with distinct tuples, not with rows. Nothing here has `Debug`, because it holds cells.
//!
//! ```text
//! batches ─► TableBuilder (one a worker) ─► merge ─► ClassTable ─► Classifier
//!             dictionary · packing · counter          check, solve   release, gate
//! ```

mod behind;
mod builder;
mod classifier;
#[expect(clippy::inline_always, reason = "measured: the survey's inner loops")]
mod counter;
#[expect(clippy::inline_always, reason = "measured: the survey's inner loops")]
mod dictionary;
mod generalized;
#[expect(clippy::inline_always, reason = "measured: the survey's inner loops")]
mod hash;
mod merge;
mod overflow;
mod packing;
mod parallel;
mod persons;
mod row_cap;
mod table;
#[cfg(test)]
mod tests;
mod united;

pub use behind::Behind;
pub use builder::{Shape, TableBuilder};
pub use classifier::{Classifier, ClassifierScratch, NO_CLASS};
pub use generalized::Relabel;
pub use merge::{merge, merge_with};
pub use overflow::Overflow;
pub(crate) use parallel::in_parallel;
pub use persons::{Marks, Persons, Rare};
pub use row_cap::{RowCap, RowChoice};
pub use table::{ClassTable, Histogram, Shared, Values};
