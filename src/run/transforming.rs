//! What every pass does to a batch: apply operators.

use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Operators, Plan};
use crate::transform::{Cells, Outcome, Scratch};
use crate::value::{Batch, Column};

/// A worker's operators: scratch memory per column.
pub(super) struct Transforming<'p> {
    plan: &'p Plan,
    operators: &'p Operators,
    scratch: Vec<Scratch>,
}

impl<'p> Transforming<'p> {
    pub(super) fn new(plan: &'p Plan, operators: &'p Operators) -> Self {
        Self { plan, operators, scratch: plan.columns.iter().map(|_| Scratch::default()).collect() }
    }
    /// Applies one column's operator to a batch.
    pub(super) fn column<'a>(&mut self, at: usize, batch: &Batch<'a>, shard: u64) -> Result<Outcome<'a>> {
        let column = &self.plan.columns[at];
        let subject = self.plan.subject.map(|subject| &batch.columns[self.plan.columns[subject].source]);
        let cells = Cells { column: &batch.columns[column.source], subject, shard, first_row: batch.first_row };
        self.checked(at, &cells).map_err(|error| self.in_column(at, error))
    }
    /// Holds the cells to a declared type, then applies the operator.
    fn checked<'a>(&mut self, at: usize, cells: &Cells<'_, 'a>) -> Result<Outcome<'a>> {
        let (operator, scratch) = (&self.operators.0[at], &mut self.scratch[at]);
        let checked = match self.plan.columns[at].check {
            Some(check) => check.apply(cells, scratch)?,
            None => None,
        };
        let Some(checked) = checked else { return operator.apply(cells, scratch) };
        let cells = Cells { column: &checked.column, ..*cells };
        let mut outcome = operator.apply(&cells, scratch)?;
        outcome.invalid += checked.invalid;
        Ok(outcome)
    }
    /// Names the column: the subject column where it says no person, else the operator's own.
    fn in_column(&self, at: usize, error: Error) -> Error {
        let name = &self.plan.columns[at].name;
        let subject = self.plan.subject.filter(|_| self.operators.0[at].needs_subject());
        let Some(subject) = subject.map(|subject| &self.plan.columns[subject].name) else {
            return error.in_column(name);
        };
        error.each(|error| {
            let name = if *error.kind() == ErrorKind::NullValue { subject } else { name };
            error.in_column(name)
        })
    }
    /// Applies several columns' operators; every column's errors are told, not only the first one's.
    pub(super) fn columns<'a>(
        &mut self,
        which: &[usize],
        batch: &Batch<'a>,
        shard: u64,
    ) -> Result<(Vec<Column<'a>>, u64)> {
        let (mut columns, mut errors, mut invalid) = (Vec::with_capacity(which.len()), Vec::new(), 0);
        for at in which {
            match self.column(*at, batch, shard) {
                Ok(outcome) => {
                    invalid += outcome.invalid;
                    columns.push(outcome.column);
                }
                Err(error) => errors.push(error),
            }
        }
        match Error::gather(errors) {
            None => Ok((columns, invalid)),
            Some(error) => Err(error),
        }
    }
}
