//! Stage privately, then publish whole.
//!
//! Responsible for: how a released row becomes bytes ([`format`]), where rows wait while they are shuffled ([`Store`]),
//! the private folder that a release is built in ([`Stage`]), and the one step that makes it visible ([`publish`]),
//! which takes the gate's proof. It never decides what is released.

mod cells;
mod csv;
pub mod format;
mod ipc;
mod ndjson;
mod parquet;
mod parquet_footer;
mod publish;
mod record;
mod scatter;
mod spill_file;
mod stage;
mod store;
mod waiting;

pub use cells::{CellBuilder, encode_cells};
pub use format::{Compression, Format, Layout, PartWriter, Prepared, RecordEncoder, Records};
pub use publish::{Published, publish, wait};
pub use scatter::{Laid, Scatter};
pub use spill_file::SpillFile;
pub use stage::{Ending, LOG, Stage, StagedPart, TIMES, dead_stages};
pub use store::{BucketRows, Store, Stored};
pub use waiting::Waiting;
