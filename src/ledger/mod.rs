//! Earlier releases, as keyed sketches: what a new release is held against before it may leave.
//!
//! Responsible for: one file under a ledger key, to which every published release is added ([`Ledger`]); sketches of its
//! tokens ([`TokenSketch`]) and classes ([`ClassSketch`]); how many tokens two releases share, and what the classes of
//! several releases of one population have in common. Given: released cells. It keeps keyed tags of them, never a cell, and
//! without the key nobody can ask it whether it knows one.

mod class;
mod entry;
mod file;
mod intersection;
mod keys;
mod token;

pub use class::{ClassSketch, SensitiveSketch};
pub use entry::{Entry, State};
pub use file::Ledger;
pub use intersection::{Intersection, intersect};
pub use keys::Keys;
pub use token::{MOST_TAGS, Overlap, SketchedTokens, Sketcher, TokenSketch};
