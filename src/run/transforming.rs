//! What every pass does to a batch: apply operators.

use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Operators, Plan};
use crate::transform::{self, Cells, Operator, Outcome, Scratch, Tuples};
use crate::value::{Batch, Column};
use std::collections::BTreeMap;

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
        let groups = self.groups(at, batch, shard)?;
        self.transformed(at, batch, shard, groups.as_deref())
    }
    /// Holds the cells to a declared type, then applies the operator.
    fn transformed<'a>(
        &mut self,
        at: usize,
        batch: &Batch<'a>,
        shard: u64,
        groups: Option<&[u32]>,
    ) -> Result<Outcome<'a>> {
        let cells = self.cells(at, batch, shard);
        let checked = self.checked(at, &cells)?;
        let cells = match &checked {
            Some(checked) => Cells { column: &checked.column, ..cells },
            None => cells,
        };
        let made = match (&self.operators.0[at], groups) {
            (Operator::Microaggregate(together), Some(groups)) => together.apply_groups(&cells, groups),
            (operator, _) => operator.apply(&cells, &mut self.scratch[at]),
        };
        let mut outcome = made.map_err(|error| self.in_column(at, error))?;
        let found = checked.map_or(0, |checked| checked.invalid);
        // what the check left as text and the operator cannot take either is one cell, not two
        outcome.invalid = match self.plan.columns[at].check {
            Some(check) if check.leaves_text() => outcome.invalid.max(found),
            _ => outcome.invalid + found,
        };
        Ok(outcome)
    }
    fn cells<'r, 'a>(&self, at: usize, batch: &'r Batch<'a>, shard: u64) -> Cells<'r, 'a> {
        let subject = self.plan.subject.map(|subject| &batch.columns[self.plan.columns[subject].source]);
        let column = &batch.columns[self.plan.columns[at].source];
        Cells { column, subject, shard, first_row: batch.first_row }
    }
    /// The cells where the check changed any.
    fn checked<'a>(&mut self, at: usize, cells: &Cells<'_, 'a>) -> Result<Option<Outcome<'a>>> {
        let Some(check) = self.plan.columns[at].check else { return Ok(None) };
        check.apply(cells, &mut self.scratch[at]).map_err(|error| self.in_column(at, error))
    }
    /// The group of every row's tuple, where the column is grouped together with others and the groups are known.
    fn groups(&mut self, at: usize, batch: &Batch<'_>, shard: u64) -> Result<Option<Vec<u32>>> {
        let operators = self.operators;
        let Operator::Microaggregate(together) = &operators.0[at] else { return Ok(None) };
        let Some(tuples) = together.tuples() else { return Ok(None) };
        let plan = self.plan;
        let numbers = plan.columns[at].together.iter().map(|other| {
            let cells = self.cells(*other, batch, shard);
            let checked = self.checked(*other, &cells)?;
            transform::numbers(checked.as_ref().map_or(cells.column, |checked| &checked.column))
        });
        Ok(Some(Tuples::groups(tuples, &numbers.collect::<Result<Vec<_>>>()?)))
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
        // columns of one group share the look-up
        let mut groups: BTreeMap<usize, Option<Vec<u32>>> = BTreeMap::new();
        for at in which {
            let first = self.plan.columns[*at].together.first();
            if let Some(first) = first
                && !groups.contains_key(first)
            {
                groups.insert(*first, self.groups(*at, batch, shard)?);
            }
            let groups = first.and_then(|first| groups.get(first)?.as_deref());
            match self.transformed(*at, batch, shard, groups) {
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
