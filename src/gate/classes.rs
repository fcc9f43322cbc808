//! The classes of the released rows, counted from nothing: several rules look at them.

use super::{Case, Count, Marks, Place, Reading};
use crate::group::{self, ClassTable, Shape, TableBuilder};
use crate::value::{Batch, Text};
use std::borrow::Cow;

/// The class tables of the workers.
pub(super) struct Classes {
    quasi: Vec<usize>,
    sensitive: Vec<usize>,
    subject: Option<usize>,
    builders: Vec<TableBuilder>,
}

/// Has the classes counted, where quasi-identifiers leave.
pub(super) fn want(case: &Case<'_>, reading: &mut Reading) {
    let policy = case.policy;
    if policy.quasi.is_empty() {
        return;
    }
    let columns = policy.quasi.iter().chain(&policy.sensitive).copied().chain(policy.subject);
    reading.want(columns, || Classes {
        quasi: policy.quasi.clone(),
        sensitive: policy.sensitive.clone(),
        subject: policy.subject,
        builders: Vec::new(),
    });
}

impl Classes {
    /// One table of all workers' counts.
    pub(super) fn merge(self, threads: usize) -> Option<ClassTable> {
        (!self.builders.is_empty()).then(|| group::merge(self.builders, threads))
    }
}

impl Count for Classes {
    fn fork(&self) -> Self {
        let shape = Shape { quasi: self.quasi.len(), sensitive: self.sensitive.len(), subject: self.subject.is_some() };
        let (quasi, sensitive) = (self.quasi.clone(), self.sensitive.clone());
        Self { quasi, sensitive, subject: self.subject, builders: vec![TableBuilder::new(shape)] }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, _: &Marks) {
        let texts = |places: &[usize]| -> Vec<Cow<'_, Text<'_>>> {
            places.iter().map(|at| batch.columns[*at].to_text()).collect()
        };
        let (quasi, sensitive) = (texts(&self.quasi), texts(&self.sensitive));
        let quasi: Vec<&Text<'_>> = quasi.iter().map(AsRef::as_ref).collect();
        let sensitive: Vec<&Text<'_>> = sensitive.iter().map(AsRef::as_ref).collect();
        let subject = self.subject.map(|at| batch.columns[at].to_text());
        for table in &mut self.builders {
            table.add(&quasi, &sensitive, subject.as_deref());
        }
    }
    fn absorb(&mut self, other: Self) {
        self.builders.extend(other.builders);
    }
}
