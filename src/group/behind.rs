//! Two tables over the same columns, one of which is a sample of the other.
//!
//! Given: the class table of a sample and that of the population that it is of. Told: for each class of the sample the people of the
//! population with its values, and how many stand in classes that the sample does not have. A value is never told.

use super::classifier::{ClassifierScratch, NO_CLASS};
use super::table::{ClassTable, Values};
use crate::value::{Text, TextBuilder};

/// The people of a population, by the classes of a sample of it.
pub struct Behind {
    counts: Vec<u64>,
    absent: Vec<u64>,
    absent_classes: Vec<usize>,
    rows: u64,
    classes: u64,
}

impl Behind {
    /// For each class of the sample the people of the population with its values.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }
    /// The people of each class that only the population has.
    #[must_use]
    pub fn absent(&self) -> &[u64] {
        &self.absent
    }
    /// Where those classes stand in the table of the population.
    #[must_use]
    pub fn absent_classes(&self) -> &[usize] {
        &self.absent_classes
    }
    /// The people of the population.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }
    /// The classes of the population.
    #[must_use]
    pub fn classes(&self) -> u64 {
        self.classes
    }
    /// Classes of the sample with more members than the population has there: it is then no sample of it.
    #[must_use]
    pub fn outgrown(&self, members: &[u64]) -> u64 {
        self.counts.iter().zip(members).filter(|(all, some)| all < some).count() as u64
    }
}

impl ClassTable {
    /// The population behind the classes of this table.
    ///
    /// # Panics
    /// If it is over other columns.
    #[must_use]
    pub fn behind(&self, population: &Self) -> Behind {
        const PART: usize = 1 << 14;
        assert!(self.quasi.len() == population.quasi.len(), "the columns are the same");
        let classifier = self.classifier();
        let (mut scratch, mut found) = (ClassifierScratch::default(), Vec::with_capacity(PART));
        let (mut counts, mut absent, mut absent_classes) = (vec![0; self.len()], Vec::new(), Vec::new());
        let all: Vec<usize> = (0..population.len()).collect();
        for classes in all.chunks(PART) {
            let columns: Vec<Text<'_>> =
                (0..population.quasi.len()).map(|column| population.cells(column, classes)).collect();
            found.clear();
            classifier.class_of(&columns.iter().collect::<Vec<_>>(), &mut scratch, &mut found);
            for (people, class) in classes.iter().zip(&found) {
                let rows = population.rows[*people];
                match *class {
                    NO_CLASS => {
                        absent.push(rows);
                        absent_classes.push(*people);
                    }
                    class => counts[class as usize] += rows,
                }
            }
        }
        let (rows, classes) = (population.total_rows(), population.len() as u64);
        Behind { counts, absent, absent_classes, rows, classes }
    }

    /// The cells of a column in some classes.
    fn cells(&self, column: usize, classes: &[usize]) -> Text<'static> {
        let mut cells = TextBuilder::default();
        let codes = classes.iter().map(|class| self.codes[column][*class]);
        codes.for_each(|code| cells.push_option(self.quasi[column].get(code)));
        cells.finish(false)
    }
}

impl Values {
    /// The values of both, and the code that each value of either has among them.
    ///
    /// # Panics
    /// If there are four billion.
    #[must_use]
    pub fn joined(&self, other: &Self) -> (Self, Vec<u32>, Vec<u32>) {
        let mut all = Self { bytes: Vec::new(), ends: Vec::new(), null: self.null || other.null };
        let (mut ours, mut theirs) = (Vec::with_capacity(self.len()), Vec::with_capacity(other.len()));
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        loop {
            let next = match (left.peek(), right.peek()) {
                (Some(one), Some(two)) => *one.min(two),
                (Some(one), None) | (None, Some(one)) => *one,
                (None, None) => break,
            };
            let code = u32::try_from(all.ends.len()).expect("codes are 32 bits");
            all.bytes.extend_from_slice(next.unwrap_or_default());
            all.ends.push(all.bytes.len());
            if left.next_if_eq(&next).is_some() {
                ours.push(code);
            }
            if right.next_if_eq(&next).is_some() {
                theirs.push(code);
            }
        }
        (all, ours, theirs)
    }
}

#[cfg(test)]
mod tests {
    use crate::group::{ClassTable, Shape, TableBuilder, merge};
    use crate::value::{Text, TextBuilder};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Row = (u8, u8);

    fn cell(number: u8) -> Option<String> {
        (number > 0).then(|| number.to_string())
    }

    fn table(rows: &[Row]) -> ClassTable {
        let text = |number: &dyn Fn(&Row) -> u8| -> Text<'static> {
            let mut builder = TextBuilder::default();
            rows.iter().for_each(|row| builder.push_option(cell(number(row)).as_ref().map(String::as_bytes)));
            builder.finish(false)
        };
        let mut builder = TableBuilder::new(Shape { quasi: 2, sensitive: 0, subject: false });
        builder.add(&[&text(&|row| row.0), &text(&|row| row.1)], &[], None);
        merge(vec![builder], 1)
    }

    type Shown = (Option<Vec<u8>>, Option<Vec<u8>>);

    fn count(rows: &[Row]) -> BTreeMap<Shown, u64> {
        let mut counts = BTreeMap::new();
        let bytes = |number: u8| cell(number).map(String::into_bytes);
        rows.iter().for_each(|row| *counts.entry((bytes(row.0), bytes(row.1))).or_insert(0) += 1);
        counts
    }

    fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
        proptest::collection::vec((0_u8..12, 0_u8..3), 0..most)
    }

    proptest! {
        #[test]
        fn people_behind_a_class_are_those_with_its_values(some in rows(30), all in rows(80)) {
            let (sample, people) = (table(&some), table(&all));
            let behind = sample.behind(&people);
            let (counts, mut absent) = (count(&all), count(&all));
            let mut outgrown = 0;
            for (class, found) in behind.counts().iter().enumerate() {
                let value = |column: usize| sample.quasi()[column].get(sample.codes(column)[class]).map(<[u8]>::to_vec);
                let key = (value(0), value(1));
                prop_assert_eq!(counts.get(&key).copied().unwrap_or(0), *found);
                outgrown += u64::from(sample.members()[class] > *found);
                absent.remove(&key);
            }
            let mut left = behind.absent().to_vec();
            left.sort_unstable();
            let mut expected: Vec<u64> = absent.into_values().collect();
            expected.sort_unstable();
            prop_assert_eq!(left, expected);
            prop_assert_eq!((behind.rows(), behind.classes()), (all.len() as u64, counts.len() as u64));
            prop_assert_eq!(behind.outgrown(sample.members()), outgrown);
        }

        #[test]
        fn joined_values_are_those_of_both_in_their_order(some in rows(30), all in rows(30)) {
            let (one, two) = (table(&some), table(&all));
            let (left, right) = (&one.quasi()[0], &two.quasi()[0]);
            let (joined, ours, theirs) = left.joined(right);
            let mut expected: Vec<Option<&[u8]>> = left.iter().chain(right.iter()).collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert!(joined.iter().eq(expected.iter().copied()));
            prop_assert_eq!(joined.has_null(), expected.first() == Some(&None));
            for (values, codes) in [(left, ours), (right, theirs)] {
                prop_assert_eq!(values.len(), codes.len());
                prop_assert!(values.iter().zip(codes).all(|(value, code)| joined.get(code) == value));
            }
        }
    }
}
