//! A class table of unions of its classes: where different rows were generalized differently, and no column has one level.
//!
//! Given: the union of each class, and what each union shows. Rows, members and histograms come out as if those cells had been
//! counted from the start.

use super::packing::Layout;
use super::table::{ClassTable, Values};

impl ClassTable {
    /// The table of unions, and for each class of this one its place there. `union_of` names the union of each class, none where
    /// the class is left out; `cells` has, column by column, the cell of each union. Unions that show the same are one class.
    ///
    /// # Panics
    /// If a union has no cell.
    #[must_use]
    pub fn united(&self, union_of: &[Option<u32>], cells: &[Vec<Option<&[u8]>>]) -> (Self, Vec<Option<u32>>) {
        assert!(union_of.len() == self.len() && cells.len() == self.quasi.len(), "one entry for each class and column");
        let columns: Vec<Coded> = cells.iter().map(|cells| coded(cells)).collect();
        let quasi: Vec<Values> = columns.iter().map(|(labels, _)| Values::from_labels(labels)).collect();
        let layout = Layout::new(quasi.iter().map(|values| u32::try_from(values.len()).expect("codes are 32 bits")));
        let words = layout.words();
        let unions = cells.first().map_or(1, Vec::len);
        let mut keys = vec![0; unions * words];
        for (column, (_, codes)) in columns.iter().enumerate() {
            layout.pack_column(column, codes, &mut keys, words);
        }
        let key = |class: u32| {
            let union = union_of[class as usize].expect("only those that stay are asked") as usize;
            &keys[union * words..][..words]
        };
        let all = 0..u32::try_from(self.len()).expect("classes are 32 bits");
        let order = all.filter(|class| union_of[*class as usize].is_some()).collect();
        let mut place_of = vec![None; self.len()];
        let table = self.by_key(quasi, &layout, order, key, |class, place| place_of[class as usize] = Some(place));
        (table, place_of)
    }
}

/// Cells in order, null first and each once, and for each cell its place among them.
type Coded = (Vec<Option<Vec<u8>>>, Vec<u32>);

fn coded(cells: &[Option<&[u8]>]) -> Coded {
    let mut labels: Vec<Option<&[u8]>> = cells.to_vec();
    labels.sort_unstable();
    labels.dedup();
    let place = |cell: Option<&[u8]>| {
        let place = labels.binary_search(&cell).expect("every cell is among them");
        u32::try_from(place).expect("codes are 32 bits")
    };
    let codes = cells.iter().copied().map(place).collect();
    (labels.into_iter().map(|label| label.map(<[u8]>::to_vec)).collect(), codes)
}

#[cfg(test)]
mod tests {
    use crate::group::{ClassTable, Shape, TableBuilder, merge};
    use crate::value::{Text, TextBuilder};
    use proptest::prelude::*;

    type Row = (u8, u8, u8);
    type Shown = (Option<String>, Option<String>, u8);

    fn table(rows: &[Shown]) -> ClassTable {
        let text = |cell: &dyn Fn(&Shown) -> Option<String>| -> Text<'static> {
            let mut builder = TextBuilder::default();
            rows.iter().for_each(|row| builder.push_option(cell(row).as_ref().map(String::as_bytes)));
            builder.finish(false)
        };
        let mut builder = TableBuilder::new(Shape { quasi: 2, sensitive: 1, subject: false });
        let (first, second) = (text(&|row| row.0.clone()), text(&|row| row.1.clone()));
        let sensitive = text(&|row| Some(row.2.to_string()));
        builder.add(&[&first, &second], &[&sensitive], None);
        merge(vec![builder], 1)
    }

    fn raw((one, two, secret): &Row) -> Shown {
        ((*one > 0).then(|| one.to_string()), Some(two.to_string()), *secret)
    }

    /// What a tuple becomes: by the tuple, not by its column.
    fn shown(one: u8, two: u8) -> Option<(Option<&'static str>, &'static str)> {
        match (one + two) % 4 {
            0 => Some((None, "low")),
            1 => Some((Some("a"), "low")),
            2 => Some((Some("a"), "low")),
            _ => None,
        }
    }

    proptest! {
        #[test]
        fn the_table_is_that_of_the_cells_shown(
            rows in proptest::collection::vec((0_u8..5, 0_u8..4, 0_u8..3), 1..80),
        ) {
            let fine = table(&rows.iter().map(raw).collect::<Vec<_>>());
            let kept = |row: &Row| {
                let (one, two) = shown(row.0, row.1)?;
                Some((one.map(str::to_owned), Some(two.to_owned()), row.2))
            };
            let expected = table(&rows.iter().filter_map(kept).collect::<Vec<_>>());
            // three unions, two of which show the same
            let number = |column: usize, class: usize| -> u8 {
                let text = fine.quasi()[column].get(fine.codes(column)[class]);
                text.map_or(0, |text| std::str::from_utf8(text).unwrap().parse().unwrap())
            };
            let union_of: Vec<Option<u32>> = (0..fine.len())
                .map(|class| {
                    let union = (number(0, class) + number(1, class)) % 4;
                    (union < 3).then_some(u32::from(union))
                })
                .collect();
            let (a, low): (Option<&[u8]>, Option<&[u8]>) = (Some(b"a"), Some(b"low"));
            let (found, places) = fine.united(&union_of, &[vec![None, a, a], vec![low, low, low]]);
            prop_assert_eq!(found.rows(), expected.rows());
            prop_assert_eq!(found.members(), expected.members());
            prop_assert!(found.histogram(0).totals(3).iter().sum::<u64>() == expected.total_rows());
            for (class, place) in places.iter().enumerate() {
                prop_assert_eq!(place.is_some(), union_of[class].is_some());
                let Some(place) = place else { continue };
                let is = |column: usize| found.quasi()[column].get(found.codes(column)[*place as usize]);
                let (one, two) = shown(number(0, class), number(1, class)).unwrap();
                prop_assert!(is(0) == one.map(str::as_bytes) && is(1) == Some(two.as_bytes()));
            }
        }
    }
}
