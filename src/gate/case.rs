//! What a rule is given beside the counts: the policy, what the run kept aside of the source, its operators, the files.

use super::{Aside, Marker, Policy};
use crate::error::Result;
use crate::hierarchy::Hierarchy;
use crate::value::Text;
use std::path::PathBuf;

/// The gate's brief for one release, as the run gives it.
pub struct Case<'c> {
    /// What was planned, and the limits.
    pub policy: &'c Policy,
    /// What was kept of the source.
    pub aside: &'c Aside,
    /// The run's operators, to be asked again; none where no released column has a key.
    pub operators: Option<&'c dyn Reapply>,
    /// By released column: its hierarchy, where it is generalized by one. Anybody may have it.
    pub hierarchies: Vec<Option<&'c Hierarchy>>,
    /// The staged data files on disk, in order, as bytes.
    pub files: Vec<PathBuf>,
    /// The staging folder.
    pub folder: PathBuf,
    /// The source, to be read once more.
    pub source: &'c dyn Reread,
    /// Files with a name that the run holds open for writing outside the staging folder; none where the system does not tell.
    pub elsewhere: Option<u64>,
    /// Takes the marks by which distinct values were sampled: on the staged side the same values must be.
    pub marker: Marker,
    /// Seed of everything that a rule draws: public, and told in the report.
    pub seed: u64,
    /// Worker threads that a rule may use.
    pub threads: usize,
}

/// Under which key an operator is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// The run's own.
    RunKey,
    /// A second random one, made for the gate alone.
    OtherKey,
}

/// Reads the source once more, for values that the gate looks for in the release. The run implements it.
pub trait Reread: Sync {
    /// Gives the cells of some source columns of the policy, batch by batch and from several threads; `false`, and nothing given,
    /// where the source can be read once only.
    ///
    /// # Errors
    /// When the source cannot be read, or has changed.
    fn each(&self, columns: &[usize], look: &(dyn Fn(&Text<'_>) + Sync)) -> Result<bool>;
}

/// Asks the run's operators again. The run implements it: the gate does not know how they work.
pub trait Reapply: Sync {
    /// What the operator of a released column makes of these cells, as text. Rows of their own: no person is given.
    ///
    /// # Errors
    /// Cells that are not of the column's type.
    fn apply(&self, column: usize, cells: &[Option<&[u8]>], under: Under) -> Result<Vec<Option<Vec<u8>>>>;
}
