//! Where the survey's counted tuples wait once they are past the memory given: a nameless file, encrypted with the run's key.

use crate::error::Result;
use crate::group;
use crate::secret::MasterKey;
use crate::write::SpillFile;
use std::path::Path;

/// A file of one run; its stream key serves nothing else.
pub(super) struct Overflow(SpillFile);

impl Overflow {
    /// In that folder, once it is needed.
    pub(super) fn new(folder: &Path, key: &MasterKey) -> Self {
        Self(SpillFile::new(folder, &key.stream("classes")))
    }
    /// The same for the population that the gate is given: another file, and so another key.
    pub(super) fn for_gate(folder: &Path, key: &MasterKey) -> Self {
        Self(SpillFile::new(folder, &key.stream("classes/gate")))
    }
}

impl group::Overflow for Overflow {
    fn put(&self, bytes: &mut [u8]) -> Result<u64> {
        self.0.put(bytes)
    }
    fn get(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        self.0.get(at, bytes)
    }
}
