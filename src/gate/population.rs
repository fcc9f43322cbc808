//! The people that a release is a sample of, as counts behind its classes.

use crate::group::{Behind, ClassTable};

/// A table of the population, put through the generalization of the release.
pub struct Population(ClassTable);

impl Population {
    /// Of its classes over the released quasi-identifiers, in the order of the policy.
    #[must_use]
    pub fn new(classes: ClassTable) -> Self {
        Self(classes)
    }
    /// The people behind the classes of a table.
    #[must_use]
    pub fn behind(&self, table: &ClassTable) -> Behind {
        table.behind(&self.0)
    }
}
