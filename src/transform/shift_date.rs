//! `shift_date`: all dates of a person move by one keyed number of days.
//!
//! # What it does
//! Derives a number of days from the key and the person's identifier, evenly among the days from `-days` to `days` without
//! 0, and adds it to the date. A time stays as it is. A null stays a null; what is no date follows the column's `invalid`; a
//! date without a person, or one that would leave the years 1 to 9999, stops the run.
//! # What it destroys
//! The true date, to within the range, and how it was written.
//! # What remains
//! The days between two dates of one person, the time of day, and the season where the range is short. Who knows one true
//! date of a person knows all.
//! # Reversible by whom
//! The holder of the key who knows the person's identifier.
//! # ISO/IEC 20889 class
//! Randomization: noise addition, the same for all rows of a person.
//! # Example
//! `shift_date = { days = 365 }`: 2020-05-17 → (a date within a year of it)

use super::generalize::DAY;
use super::output::Output;
use super::scratch::NO_SLOT;
use super::token::as_text;
use super::{Cells, OnInvalid, OperatorInfo, Outcome, Scratch};
use crate::domain::SemanticType;
use crate::error::{ErrorKind, Result};
use crate::secret::FieldKey;
use crate::transform::faults::Faults;
use crate::value::{Column, DataType, Date, Span};
use std::sync::Arc;

/// Moves dates by person.
pub struct ShiftDate {
    key: Arc<FieldKey>,
    days: u32,
    subject: SemanticType,
    on_invalid: OnInvalid,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "shift_date",
    iso_20889: "randomization (noise addition)",
    summary: "moves all dates of a person by one keyed number of days",
    parameters: &[("days", "largest move either way; at least 1")],
    example: "apply = { shift_date = { days = 365 } }: 2020-05-17 → (a date within a year of it)",
};

impl ShiftDate {
    /// The largest move in days, and the type of the subject column, whose canonical form names the person.
    ///
    /// # Errors
    /// Where the largest move is 0 or above a million days.
    pub fn new(
        key: Arc<FieldKey>,
        days: u32,
        subject: SemanticType,
        on_invalid: OnInvalid,
    ) -> std::result::Result<Self, &'static str> {
        if !(1..=1_000_000).contains(&days) {
            return Err("dates move by at least one day and at most a million");
        }
        Ok(Self { key, days, subject, on_invalid })
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>, scratch: &mut Scratch) -> Result<Outcome<'a>> {
        let mut faults = Faults::new(cells, self.on_invalid);
        self.find_tags(cells, scratch)?;
        let Scratch { tags, slots, .. } = scratch;
        let move_of =
            |row: usize| slots.get(row).and_then(|slot| tags.get(*slot as usize)).map(|tag| self.days_of(tag));
        let column = match cells.column {
            Column::Text(text) => {
                let mut out = Output::new(text.len(), text.bytes().len());
                for (row, cell) in text.iter().enumerate() {
                    let Some(cell) = cell else {
                        out.null();
                        continue;
                    };
                    let moved = date_and_time(cell).ok_or(Fault::NotADate).and_then(|(date, time)| {
                        let days = move_of(row).ok_or(Fault::NoSubject)?;
                        Ok((date.shifted(days).ok_or(Fault::OutOfRange)?, time))
                    });
                    match moved {
                        Ok((date, time)) => out.push(|bytes| {
                            date.write(bytes);
                            bytes.extend_from_slice(time);
                        }),
                        Err(fault) => {
                            fault.tell(&mut faults, row);
                            out.null();
                        }
                    }
                }
                out.finish(true)
            }
            Column::Date(dates) => Column::Date(each(dates, &mut faults, |row, date| {
                date.shifted(move_of(row).ok_or(Fault::NoSubject)?).ok_or(Fault::OutOfRange)
            })),
            Column::Timestamp(moments) => Column::Timestamp(each(moments, &mut faults, |row, moment| {
                let days = move_of(row).ok_or(Fault::NoSubject)?;
                let date = super::generalize::date_of(moment).ok_or(Fault::NotADate)?;
                let moved = date.shifted(days).ok_or(Fault::OutOfRange)?;
                Ok(i64::from(moved.days()) * DAY + moment.rem_euclid(DAY))
            })),
            Column::Integer(_) | Column::Decimal(_) | Column::Float(_) | Column::Boolean(_) => {
                return Err(ErrorKind::Internal("a column that holds no dates").into());
            }
        };
        faults.finish(column)
    }

    /// Fills the scratch with one tag per person of the batch and every row's place; a row without a date needs none.
    fn find_tags(&self, cells: &Cells<'_, '_>, scratch: &mut Scratch) -> Result<()> {
        let Some(subject) = cells.subject else {
            return Err(ErrorKind::Internal("dates are moved by person, and no column says whose row it is").into());
        };
        let Scratch { memo, bytes, messages, tags, slots } = scratch;
        let text = subject.to_text();
        memo.begin();
        bytes.clear();
        messages.clear();
        slots.clear();
        for (row, person) in text.iter().enumerate() {
            let Some(person) = person.filter(|_| !cells.column.is_null(row)) else {
                slots.push(NO_SLOT);
                continue;
            };
            match memo.earlier(&text, row, person).map(|earlier| slots[earlier]) {
                Some(slot) if slot != NO_SLOT => slots.push(slot),
                _ => {
                    let start = bytes.len();
                    if self.subject.canonicalize(person, bytes).is_err() {
                        // The subject's own operator tells what is wrong with it.
                        bytes.truncate(start);
                        as_text(person, bytes);
                    }
                    let place = |at: usize| u32::try_from(at).expect("a batch is far below 4 GiB");
                    slots.push(place(messages.len()));
                    messages.push((true, Span::new(place(start), place(bytes.len() - start))));
                }
            }
        }
        self.key.tags(messages.len(), |message| messages[message].1.get(bytes).unwrap_or_default(), tags);
        Ok(())
    }

    /// A number from `-days` to `days` without 0; 128 bits modulo so few leave no bias that could be seen.
    fn days_of(&self, tag: &[u8; 32]) -> i32 {
        let bits = u128::from_be_bytes(*tag.first_chunk().expect("16 of 32 bytes"));
        let place = i32::try_from(bits % (2 * u128::from(self.days))).expect("at most two million");
        let days = self.days.cast_signed();
        if place < days { place - days } else { place - days + 1 }
    }

    #[expect(clippy::unused_self, reason = "every operator is asked the same way")]
    pub(super) fn output_type(&self, input: DataType) -> std::result::Result<DataType, &'static str> {
        match input {
            DataType::Text | DataType::Date | DataType::Timestamp => Ok(input),
            DataType::Integer | DataType::Decimal | DataType::Float | DataType::Boolean => Err("dates"),
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("1 to {} days either way, one number per person", self.days)
    }
}

/// Why a date could not be moved.
enum Fault {
    NotADate,
    NoSubject,
    OutOfRange,
}

impl Fault {
    fn tell(self, faults: &mut Faults, row: usize) {
        match self {
            Self::NotADate => faults.invalid(row, "a date"),
            Self::NoSubject => faults.error(row, ErrorKind::NullValue),
            Self::OutOfRange => {
                faults.error(row, ErrorKind::BadValue("a date that can move within the years 1 to 9999"));
            }
        }
    }
}

fn each<T: Copy>(
    cells: &[Option<T>],
    faults: &mut Faults,
    moved: impl Fn(usize, T) -> std::result::Result<T, Fault>,
) -> Vec<Option<T>> {
    let one = |(row, cell): (usize, &Option<T>)| match moved(row, (*cell)?) {
        Ok(moved) => Some(moved),
        Err(fault) => {
            fault.tell(faults, row);
            None
        }
    };
    cells.iter().enumerate().map(one).collect()
}

/// A date, and what follows it: nothing, or `T` or a space and a time.
fn date_and_time(cell: &[u8]) -> Option<(Date, &[u8])> {
    if let Some(date) = Date::parse(cell) {
        return Some((date, &[]));
    }
    let date = Date::parse_timestamp(cell)?;
    let end = cell.iter().position(|byte| *byte == b'T' || *byte == b' ')?;
    Some((date, &cell[end..]))
}
