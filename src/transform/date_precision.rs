//! `date`: a date at a coarser precision.
//!
//! # What it does
//! Keeps the day, the Monday of the week, the month, the quarter, the year or a span of years; a time is always dropped. Day
//! and week stay dates in typed columns. A null stays a null; what is no date follows the column's `invalid`.
//! # What it destroys
//! Everything finer than the precision, and how the date was written.
//! # What remains
//! The day, week, month, quarter, year or span.
//! # Reversible by whom
//! Nobody.
//! # ISO/IEC 20889 class
//! Generalization: rounding.
//! # Example
//! `date = "year"`: 1984-03-09 → 1984

use super::generalize::{date_of, dates_at};
use super::output::Output;
use super::{Cells, OnInvalid, OperatorInfo, Outcome};
use crate::error::{ErrorKind, Result};
use crate::hierarchy::{Miss, Step};
use crate::transform::faults::Faults;
use crate::value::{Column, DataType, Date};

/// Precision of a date.
pub struct DatePrecision {
    step: Step,
    on_invalid: OnInvalid,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "date",
    iso_20889: "generalization (rounding)",
    summary: "keeps a date at a coarser precision",
    parameters: &[("date", "`day`, `week`, `month`, `quarter`, `year` or `N-years`")],
    example: "apply = { date = \"year\" }: 1984-03-09 → 1984",
};

impl DatePrecision {
    /// What remains.
    #[must_use]
    pub fn new(step: Step, on_invalid: OnInvalid) -> Self {
        Self { step, on_invalid }
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Result<Outcome<'a>> {
        let mut faults = Faults::new(cells, self.on_invalid);
        let column = match cells.column {
            Column::Text(text) => {
                let mut out = Output::new(text.len(), text.len() * 10);
                for (row, cell) in text.iter().enumerate() {
                    let Some(cell) = cell else {
                        out.null();
                        continue;
                    };
                    if let Err(miss) = out.try_push(|bytes| self.step.label(cell, bytes)) {
                        faults.miss(row, miss);
                    }
                }
                out.finish(true)
            }
            Column::Date(dates) => self.column(dates.clone()),
            Column::Timestamp(moments) => {
                let one = |(row, moment): (usize, &Option<i64>)| {
                    let date = date_of((*moment)?);
                    if date.is_none() {
                        faults.miss(row, Miss::NotA("a date"));
                    }
                    date
                };
                let dates = moments.iter().enumerate().map(one).collect();
                self.column(dates)
            }
            Column::Integer(_) | Column::Decimal(_) | Column::Float(_) | Column::Boolean(_) => {
                return Err(ErrorKind::Internal("a column that holds no dates").into());
            }
        };
        faults.finish(column)
    }

    fn column<'a>(&self, dates: Vec<Option<Date>>) -> Column<'a> {
        if self.step.leaves_date() {
            return Column::Date(dates.into_iter().map(|date| date.map(|date| self.step.start(date))).collect());
        }
        dates_at(self.step, dates.into_iter())
    }

    pub(super) fn output_type(&self, input: DataType) -> std::result::Result<DataType, &'static str> {
        match input {
            DataType::Date | DataType::Timestamp if self.step.leaves_date() => Ok(DataType::Date),
            DataType::Text | DataType::Date | DataType::Timestamp => Ok(DataType::Text),
            DataType::Integer | DataType::Decimal | DataType::Float | DataType::Boolean => Err("dates"),
        }
    }

    pub(super) fn describe(&self) -> String {
        self.step.name()
    }
}
