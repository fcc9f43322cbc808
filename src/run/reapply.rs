//! The run's operators, asked again by the gate: under the run's key, or under a second one that nobody else has.

use super::transforming::Transforming;
use crate::error::{Error, ErrorKind, Result};
use crate::gate::{Reapply, Under};
use crate::plan::{Operators, Plan};
use crate::value::{Batch, Column, DataType, TextBuilder};

/// Operators under both keys.
pub(super) struct Again<'p> {
    pub(super) plan: &'p Plan,
    pub(super) operators: &'p Operators,
    pub(super) others: &'p Operators,
}

impl Reapply for Again<'_> {
    fn apply(&self, column: usize, cells: &[Option<&[u8]>], under: Under) -> Result<Vec<Option<Vec<u8>>>> {
        let at = *self.plan.released.get(column).ok_or(ErrorKind::Internal("no such released column"))?;
        let operators = match under {
            Under::RunKey => self.operators,
            Under::OtherKey => self.others,
        };
        if operators.0[at].needs_subject() {
            return Err(Error::new(ErrorKind::Internal("an operator that must know whose row it is")));
        }
        if !self.plan.columns[at].together.is_empty() {
            return Err(Error::new(ErrorKind::Internal("an operator that must know the row's other numbers")));
        }
        if self.plan.columns[at].input_type != DataType::Text && self.plan.columns[at].token.is_none() {
            return Err(Error::new(ErrorKind::Internal("an operator on typed cells")));
        }
        let mut text = TextBuilder::with_capacity(cells.len(), 16);
        for cell in cells {
            text.push_option(*cell);
        }
        let width = self.plan.columns.iter().map(|column| column.source + 1).max().unwrap_or(0);
        let empty = || Column::Text(TextBuilder::default().finish(true));
        let mut columns: Vec<Column<'_>> = (0..width).map(|_| empty()).collect();
        columns[self.plan.columns[at].source] = Column::Text(text.finish(false));
        let batch = Batch { first_row: 0, rows: cells.len(), columns };
        let made = Transforming::new(self.plan, operators).column(at, &batch, 0)?.column;
        let cell = |row: usize| {
            let mut text = Vec::new();
            made.write_text(row, &mut text).then_some(text)
        };
        Ok((0..cells.len()).map(cell).collect())
    }
}
