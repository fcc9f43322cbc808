//! The people that a release is a sample of, as counts behind its classes.

use crate::group::{ClassTable, Classifier, ClassifierScratch};
use crate::value::{Text, TextBuilder};

/// A table of the population, put through the generalization of the release.
pub struct Population {
    rows: Vec<u64>,
    classifier: Classifier,
}

impl Population {
    /// Of its classes over the released quasi-identifiers, in the order of the policy.
    #[must_use]
    pub fn new(classes: &ClassTable) -> Self {
        Self { rows: classes.rows().to_vec(), classifier: classes.classifier() }
    }
    /// Its people.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.iter().sum()
    }
    /// For each class of a table, the people of the population with its values.
    #[must_use]
    pub fn behind(&self, table: &ClassTable) -> Vec<u64> {
        const PART: usize = 1 << 14;
        let (mut scratch, mut found) = (ClassifierScratch::default(), Vec::with_capacity(table.len()));
        let all: Vec<usize> = (0..table.len()).collect();
        for classes in all.chunks(PART) {
            let column = |column: usize| -> Text<'_> {
                let mut cells = TextBuilder::default();
                let codes = classes.iter().map(|class| table.codes(column)[*class]);
                codes.for_each(|code| cells.push_option(table.quasi()[column].get(code)));
                cells.finish(false)
            };
            let columns: Vec<Text<'_>> = (0..table.quasi().len()).map(column).collect();
            self.classifier.class_of(&columns.iter().collect::<Vec<_>>(), &mut scratch, &mut found);
        }
        found.iter().map(|class| self.rows.get(*class as usize).copied().unwrap_or(0)).collect()
    }
}
