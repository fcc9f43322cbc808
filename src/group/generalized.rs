//! A class table at coarser values: classes whose values become the same are one class.
//!
//! Given: what each value becomes. Rows, members and histograms come out as if the coarser cells had been counted from the
//! start; what persons look like over all their rows is not kept.

use super::packing::Layout;
use super::table::{ClassTable, Histogram, Shared, Values};

/// What the values of one column become.
pub struct Relabel {
    /// For each code of the table, a place among `labels`.
    pub codes: Vec<u32>,
    /// The labels: null first where there is one, then ascending by bytes, each once.
    pub labels: Vec<Option<Vec<u8>>>,
}

impl ClassTable {
    /// The table with other values; `None` leaves a column as it is.
    ///
    /// # Panics
    /// If a relabelling has no code for a value, or a code without a label.
    #[must_use]
    pub fn generalized(&self, columns: &[Option<Relabel>]) -> Self {
        assert!(columns.len() == self.quasi.len(), "one entry for each column");
        let quasi: Vec<Values> = columns
            .iter()
            .zip(&self.quasi)
            .map(|(column, values)| match column {
                Some(relabel) => Values::from_labels(&relabel.labels),
                None => values.copied(),
            })
            .collect();
        let layout = Layout::new(quasi.iter().map(|values| u32::try_from(values.len()).expect("codes are 32 bits")));
        let words = layout.words();
        let mut keys = vec![0; self.len() * words];
        for (at, column) in columns.iter().enumerate() {
            let codes: Vec<u32> = match column {
                Some(relabel) => self.codes[at].iter().map(|&code| relabel.codes[code as usize]).collect(),
                None => self.codes[at].clone(),
            };
            layout.pack_column(at, &codes, &mut keys, words);
        }
        let order = (0..u32::try_from(self.len()).expect("classes are 32 bits")).collect();
        self.by_key(quasi, &layout, order, |class| &keys[class as usize * words..][..words], |_, _| ())
    }

    /// The table of these classes with other values: those of one key are one class. `placed` is told each class and its place there.
    pub(super) fn by_key<'k>(
        &self,
        quasi: Vec<Values>,
        layout: &Layout,
        mut order: Vec<u32>,
        key: impl Fn(u32) -> &'k [u64],
        mut placed: impl FnMut(u32, u32),
    ) -> Self {
        order.sort_unstable_by(|&left, &right| key(left).cmp(key(right)).then(left.cmp(&right)));
        let mut table = Self {
            codes: vec![Vec::new(); quasi.len()],
            quasi,
            sensitive: self.sensitive.iter().map(Values::copied).collect(),
            rows: Vec::new(),
            members: Vec::new(),
            histograms: self.histograms.iter().map(|_| Histogram::empty()).collect(),
            shared: None,
            persons: None,
        };
        let mut shared = self.shared.as_ref().map(|_| Vec::new());
        for (place, parts) in (0_u32..).zip(order.chunk_by(|&left, &right| key(left) == key(right))) {
            for column in 0..table.quasi.len() {
                table.codes[column].push(layout.get(column, key(parts[0])));
            }
            for class in parts {
                placed(*class, place);
            }
            self.add_class(parts, &mut table, shared.as_mut());
        }
        table.shared = shared.map(Shared::of_classes);
        table
    }

    /// One class out of several.
    fn add_class(&self, parts: &[u32], table: &mut Self, shared: Option<&mut Vec<Vec<u32>>>) {
        let sum = |numbers: &[u64]| parts.iter().map(|&class| numbers[class as usize]).sum::<u64>();
        table.rows.push(sum(&self.rows));
        for (histogram, into) in self.histograms.iter().zip(&mut table.histograms) {
            let mut pairs: Vec<(u32, u64)> = Vec::new();
            for &class in parts {
                let (codes, counts) = histogram.of(class as usize);
                pairs.extend(codes.iter().copied().zip(counts.iter().copied()));
            }
            if parts.len() > 1 {
                pairs.sort_unstable_by_key(|pair| pair.0);
            }
            into.push_class(&pairs);
        }
        let (Some(persons), Some(shared)) = (&self.shared, shared) else {
            table.members.push(sum(&self.members));
            return;
        };
        let mut several: Vec<u32> =
            parts.iter().flat_map(|&class| persons.of(class as usize).iter().copied()).collect();
        let met = several.len() as u64;
        several.sort_unstable();
        several.dedup();
        table.members.push(sum(&self.members) - met + several.len() as u64);
        shared.push(several);
    }
}

impl Values {
    pub(super) fn from_labels(labels: &[Option<Vec<u8>>]) -> Self {
        let mut values =
            Self { bytes: Vec::new(), ends: Vec::new(), null: labels.first().is_some_and(Option::is_none) };
        for label in labels {
            values.bytes.extend_from_slice(label.as_deref().unwrap_or_default());
            values.ends.push(values.bytes.len());
        }
        values
    }
    pub(super) fn copied(&self) -> Self {
        Self { bytes: self.bytes.clone(), ends: self.ends.clone(), null: self.null }
    }
}

impl Histogram {
    pub(super) fn empty() -> Self {
        Self { starts: vec![0], codes: Vec::new(), counts: Vec::new() }
    }
    /// Adds a class of these values, ascending; equal ones become one.
    fn push_class(&mut self, pairs: &[(u32, u64)]) {
        for equal in pairs.chunk_by(|left, right| left.0 == right.0) {
            self.codes.push(equal[0].0);
            self.counts.push(equal.iter().map(|pair| pair.1).sum());
        }
        self.starts.push(self.codes.len());
    }
}

impl Shared {
    /// Of persons that stood in several classes before, class by class: those that now stand in one are left out.
    pub(super) fn of_classes(classes: Vec<Vec<u32>>) -> Self {
        let most = classes.iter().flatten().max().map_or(0, |&most| most as usize + 1);
        let mut times = vec![0_u32; most];
        classes.iter().flatten().for_each(|&person| times[person as usize] += 1);
        let mut shared = Self { starts: vec![0], persons: Vec::new(), distinct: 0 };
        for class in classes {
            shared.persons.extend(class.into_iter().filter(|&person| times[person as usize] > 1));
            shared.starts.push(shared.persons.len());
        }
        let several = times.iter().filter(|&&times| times > 1).count();
        shared.distinct = u32::try_from(several).expect("persons were 32 bits before");
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Shape, TableBuilder, merge};
    use crate::value::{Text, TextBuilder};
    use proptest::prelude::*;

    type Row = (u8, u8, u8, u8);

    fn table(rows: &[Row], subject: bool, label: impl Fn(u8) -> Option<String>) -> ClassTable {
        let text = |cell: &dyn Fn(&Row) -> Option<String>| -> Text<'static> {
            let mut builder = TextBuilder::default();
            rows.iter().for_each(|row| builder.push_option(cell(row).as_ref().map(String::as_bytes)));
            builder.finish(false)
        };
        let mut builder = TableBuilder::new(Shape { quasi: 2, sensitive: 1, subject });
        let (first, second) = (text(&|row| label(row.0)), text(&|row| Some(row.1.to_string())));
        let (sensitive, person) = (text(&|row| Some(row.2.to_string())), text(&|row| Some(row.3.to_string())));
        builder.add(&[&first, &second], &[&sensitive], subject.then_some(&person));
        merge(vec![builder], 1)
    }

    fn raw(value: u8) -> Option<String> {
        (value > 0).then(|| value.to_string())
    }

    /// Null stays, 1 and 2 become "low", the rest "high".
    fn coarse(value: u8) -> Option<String> {
        raw(value).map(|_| if value <= 2 { "low".into() } else { "high".into() })
    }

    fn shared(table: &ClassTable) -> (u32, Vec<usize>) {
        let shared = table.shared().unwrap();
        (shared.persons(), (0..table.len()).map(|class| shared.of(class).len()).collect())
    }

    proptest! {
        #[test]
        fn the_table_is_that_of_the_coarser_cells(
            rows in proptest::collection::vec((0_u8..6, 0_u8..3, 0_u8..4, 0_u8..12), 1..80), subject: bool,
        ) {
            let (fine, expected) = (table(&rows, subject, raw), table(&rows, subject, coarse));
            let mut labels: Vec<Option<Vec<u8>>> =
                rows.iter().map(|row| coarse(row.0).map(String::into_bytes)).collect();
            labels.sort_unstable();
            labels.dedup();
            let code = |cell: Option<&[u8]>| {
                let value = cell.map_or(0, |cell| std::str::from_utf8(cell).unwrap().parse().unwrap());
                labels.binary_search(&coarse(value).map(String::into_bytes)).unwrap() as u32
            };
            let codes = fine.quasi()[0].iter().map(code).collect();
            let found = fine.generalized(&[Some(Relabel { codes, labels: labels.clone() }), None]);
            prop_assert_eq!(found.rows(), expected.rows());
            prop_assert_eq!(found.members(), expected.members());
            prop_assert!(found.histogram(0) == expected.histogram(0));
            for column in 0..2 {
                prop_assert_eq!(found.codes(column), expected.codes(column));
                prop_assert!(found.quasi()[column].iter().eq(expected.quasi()[column].iter()));
            }
            if subject {
                prop_assert_eq!(shared(&found), shared(&expected));
            }
        }
    }
}
