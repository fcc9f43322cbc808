//! What the rows of a region show: from the search's codes to cells, and from a row's class to what leaves.
//!
//! Responsible for: the text of labels and ranges, and for putting them into the columns of a batch. Given: classes of raw values
//! and the region of each. Nothing here has `Debug`, because it holds cells.

use super::ladders::Column;
use crate::error::{ErrorKind, Result};
use crate::group::{ClassTable, Values};
use crate::hierarchy::{Hierarchy, OrderedBy, TOP};
use crate::plan::{ColumnPlan, Operators, Plan};
use crate::recode::{Cell, Dimension, Order, Recoding};
use crate::transform::{Cells, Generalize, Scratch};
use crate::value::{Column as Cellular, TextBuilder};
use std::collections::BTreeMap;

/// What each row of a class shows instead of its raw values.
pub(super) struct Recoded {
    /// By class of the raw values: its region, [`OUT`] where it has none.
    region_of: Vec<u32>,
    columns: Vec<RecodedColumn>,
    /// By class: cells that are not of their type; empty where there are none.
    invalid: Vec<u8>,
}

struct RecodedColumn {
    /// Place among the released columns.
    place: usize,
    /// For each region its text.
    text_of: Vec<u32>,
    texts: Vec<Option<Vec<u8>>>,
}

/// No region.
const OUT: u32 = u32::MAX;

/// The columns of the search that go by order, and how.
pub(super) struct Orders {
    pub(super) dimensions: Vec<Dimension>,
    kinds: Vec<Option<OrderedBy>>,
}

impl Orders {
    /// Every quasi-identifying column by its ladder.
    pub(super) fn none(columns: usize) -> Self {
        Self { dimensions: vec![Dimension::Hierarchy; columns], kinds: vec![None; columns] }
    }
    /// Open columns of numbers and dates by order; others, and those for which the profile bounds the levels, by their ladder.
    pub(super) fn of(plan: &Plan, operators: &Operators, table: &ClassTable, columns: &[Column]) -> Self {
        let mut orders = Self::none(columns.len());
        for (at, column) in columns.iter().enumerate() {
            let planned = &plan.columns[plan.quasi[at]];
            let Some(hierarchy) = operators.generalize(plan.quasi[at]).map(Generalize::hierarchy) else { continue };
            let Some(by) = ordered_by(planned, hierarchy) else { continue };
            let cells: Vec<Option<&[u8]>> = table.quasi()[at].iter().collect();
            let order = Order::new(hierarchy.places(by, &cells), column.ladder.total);
            (orders.dimensions[at], orders.kinds[at]) = (Dimension::Ordered(order), Some(by));
        }
        orders
    }
}

/// What an open column goes by, if not by its levels.
fn ordered_by(planned: &ColumnPlan, hierarchy: &Hierarchy) -> Option<OrderedBy> {
    let open = planned.open.as_ref()?;
    let whole = open.least == 0 && open.most + 1 == hierarchy.levels();
    let declared = planned.semantic_type.is_ordered().then(|| {
        use crate::domain::SemanticType::{Date, Timestamp};
        if matches!(planned.semantic_type, Date | Timestamp) { OrderedBy::Dates } else { OrderedBy::Numbers }
    });
    hierarchy.ordered_by().or(declared).filter(|_| whole)
}

/// Column by column, what each region shows.
pub(super) struct Shown(Vec<Vec<Option<Vec<u8>>>>);

impl Shown {
    pub(super) fn of(found: &Recoding, table: &ClassTable, columns: &[Column], orders: &Orders) -> Result<Self> {
        let column = |at: usize| {
            let text = |cell: Cell| -> Result<Option<Vec<u8>>> {
                match (cell, &orders.dimensions[at], orders.kinds[at]) {
                    (Cell::Label { level: 0, code }, ..) => Ok(table.quasi()[at].get(code).map(<[u8]>::to_vec)),
                    (Cell::Label { level, code }, ..) => Ok(columns[at].labels[level - 1][code as usize].clone()),
                    (Cell::Range { low, high }, Dimension::Ordered(order), Some(by)) => {
                        Ok(Some(range(by, order, &table.quasi()[at], (low, high))))
                    }
                    (Cell::Range { .. }, ..) => Err(ErrorKind::Internal("a range without an order").into()),
                }
            };
            found.regions.iter().map(|region| text(region.cells[at])).collect::<Result<Vec<_>>>()
        };
        Ok(Self((0..columns.len()).map(column).collect::<Result<Vec<_>>>()?))
    }
    /// The cells, column by column.
    pub(super) fn cells(&self) -> Vec<Vec<Option<&[u8]>>> {
        self.0.iter().map(|column| column.iter().map(Option::as_deref).collect()).collect()
    }
}

/// A range as it leaves: `[20, 25)`, `<20`, `>=25`, or `*`. Its end is the next value that occurs, and the ends of the whole column
/// are not told.
fn range(by: OrderedBy, order: &Order, values: &Values, (low, high): (u32, u32)) -> Vec<u8> {
    let start = order.before(low).map(|_| low);
    let mut text = Vec::new();
    let bound = |code: u32, text: &mut Vec<u8>| by.write(values.get(code).unwrap_or_default(), text);
    match (start, order.next(high)) {
        (None, None) => text.extend_from_slice(TOP),
        (None, Some(end)) => {
            text.push(b'<');
            bound(end, &mut text);
        }
        (Some(start), None) => {
            text.extend_from_slice(b">=");
            bound(start, &mut text);
        }
        (Some(start), Some(end)) => {
            text.push(b'[');
            bound(start, &mut text);
            text.extend_from_slice(b", ");
            bound(end, &mut text);
            text.push(b')');
        }
    }
    text
}

impl Recoded {
    /// What the rows of each class show.
    pub(super) fn of(
        plan: &Plan,
        operators: &Operators,
        table: &ClassTable,
        shown: Shown,
        region_of: &[Option<u32>],
    ) -> Result<Self> {
        let mut columns = Vec::new();
        for (at, cells) in plan.quasi.iter().zip(shown.0) {
            let planned = &plan.columns[*at];
            // what no level changes leaves as it came, with its type
            let fixed_raw = planned.open.is_none() && planned.level.is_some_and(|(level, _)| level == 0);
            if operators.generalize(*at).is_none() || fixed_raw {
                continue;
            }
            let place = plan.released.iter().position(|released| released == at);
            let place = place.ok_or(ErrorKind::Internal("a quasi-identifier that is not released"))?;
            let mut known: BTreeMap<Option<Vec<u8>>, u32> = BTreeMap::new();
            let mut texts = Vec::new();
            let mut text_of = Vec::with_capacity(cells.len());
            for cell in cells {
                let next = u32::try_from(texts.len()).expect("codes are 32 bits");
                text_of.push(*known.entry(cell).or_insert_with_key(|cell| {
                    texts.push(cell.clone());
                    next
                }));
            }
            columns.push(RecodedColumn { place, text_of, texts });
        }
        let region_of = region_of.iter().map(|region| region.unwrap_or(OUT)).collect();
        Ok(Self { region_of, columns, invalid: invalid(plan, operators, table)? })
    }
    /// The columns of a batch as they leave; `classes` are those of their rows. Rows without a region do not leave, and get
    /// nothing. Also counts the cells that are not of their type.
    pub(super) fn show<'a>(&self, mut columns: Vec<Cellular<'a>>, classes: &[u32]) -> (Vec<Cellular<'a>>, u64) {
        let region = |class: u32| self.region_of.get(class as usize).copied().filter(|region| *region != OUT);
        for recoded in &self.columns {
            let mut text = TextBuilder::with_capacity(classes.len(), 10);
            for class in classes {
                let shown = region(*class).map(|region| recoded.text_of[region as usize] as usize);
                text.push_option(shown.and_then(|text| recoded.texts[text].as_deref()));
            }
            columns[recoded.place] = Cellular::Text(text.finish(false));
        }
        let invalid =
            classes.iter().filter_map(|class| self.invalid.get(*class as usize)).map(|cells| u64::from(*cells));
        (columns, invalid.sum())
    }
}

/// By class the cells that a hierarchy makes null or takes as text because they are not of its type. Those that the column's declared
/// type does so are counted where they are read.
fn invalid(plan: &Plan, operators: &Operators, table: &ClassTable) -> Result<Vec<u8>> {
    let mut by_class: Vec<u8> = Vec::new();
    for (column, at) in plan.quasi.iter().enumerate() {
        let Some(generalize) = operators.generalize(*at) else { continue };
        if plan.columns[*at].check.is_some() || generalize.hierarchy().levels() < 3 {
            continue;
        }
        let level = generalize.at(1);
        let mut scratch = Scratch::default();
        let mut count = |values: &mut dyn Iterator<Item = Option<&[u8]>>| -> Result<u64> {
            let mut text = TextBuilder::default();
            values.for_each(|value| text.push_option(value));
            let cells = Cellular::Text(text.finish(false));
            let cells = Cells { column: &cells, subject: None, shard: 0, first_row: 0 };
            Ok(level.apply_alone(&cells, &mut scratch)?.invalid)
        };
        let values = &table.quasi()[column];
        if count(&mut values.iter())? == 0 {
            continue;
        }
        let each = values.iter().map(|value| count(&mut std::iter::once(value)));
        let wrong: Vec<u64> = each.collect::<Result<_>>()?;
        by_class.resize(table.len(), 0);
        for (cells, code) in by_class.iter_mut().zip(table.codes(column)) {
            *cells = cells.saturating_add(u8::from(wrong[*code as usize] > 0));
        }
    }
    Ok(by_class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Shape, TableBuilder, merge};

    #[test]
    fn ranges_tell_no_end_of_the_column() {
        let mut cells = TextBuilder::default();
        for cell in [b"3".as_slice(), b"7", b"10", b"20"] {
            cells.push(cell);
        }
        let mut builder = TableBuilder::new(Shape { quasi: 1, sensitive: 0, subject: false });
        builder.add(&[&cells.finish(true)], &[], None);
        let table = merge(vec![builder], 1);
        // by bytes: 10, 20, 3, 7
        let order = Order::new(vec![Some(2), Some(3), Some(0), Some(1)], 4);
        let shown =
            |low, high| String::from_utf8(range(OrderedBy::Numbers, &order, &table.quasi()[0], (low, high))).unwrap();
        assert_eq!(shown(2, 1), "*");
        assert_eq!((shown(2, 3), shown(0, 1)), ("<10".into(), ">=10".into()));
        assert_eq!((shown(3, 3), shown(3, 0)), ("[7, 10)".into(), "[7, 20)".into()));
    }
}
