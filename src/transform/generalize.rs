//! `generalize`: a value becomes its ancestor on one level of a hierarchy.
//!
//! # What it does
//! Replaces the value by its label on the chosen level: a range, a prefix, a year, a group. Level 0 leaves it, the last
//! level is `*`. A null stays a null; what is not of the hierarchy's type follows the column's `invalid`; a value that a
//! hierarchy does not list stops the run.
//! # What it destroys
//! Everything that tells the values of one group apart.
//! # What remains
//! The group.
//! # Reversible by whom
//! Nobody; a group of one value is that value.
//! # ISO/IEC 20889 class
//! Generalization: global recoding.
//! # Example
//! `generalize = { interval = { steps = [5, 10] } }` at level 1: 25 → [25, 30)

use super::output::Output;
use super::redact::constant;
use super::{Cells, OnInvalid, OperatorInfo, Outcome, Scratch};
use crate::error::Result;
use crate::hierarchy::{Hierarchy, Miss, Prefix, Step, TOP};
use crate::transform::faults::Faults;
use crate::value::{Column, DataType, Date, Text};
use std::sync::Arc;

/// One level of a hierarchy.
pub struct Generalize {
    hierarchy: Arc<Hierarchy>,
    level: usize,
    on_invalid: OnInvalid,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "generalize",
    iso_20889: "generalization",
    summary: "replaces a value by its ancestor on a level of a hierarchy, which the search or the profile picks",
    parameters: &[
        ("interval", "ranges: `steps`, `origin`, `low`, `high`"),
        ("prefix", "characters kept, from many to few"),
        ("suffix", "characters kept at the end, from many to few"),
        ("date", "`day`, `week`, `month`, `quarter`, `year`, `N-years`, from fine to coarse"),
        ("region", "`city`, `province`, `part` of the country, of a Chinese region code"),
        ("frequency", "the most frequent values: `order`, how many to `keep`, and the name of all `other`"),
        ("categories", "the group of each value"),
        ("tree", "a file with a line per value: the value, then its ancestors"),
    ],
    example: "generalize = { interval = { steps = [5, 10] } }: 25 → [25, 30)",
};

impl Generalize {
    /// A level of the hierarchy; beyond the last is the last.
    #[must_use]
    pub fn new(hierarchy: Arc<Hierarchy>, level: usize, on_invalid: OnInvalid) -> Self {
        let level = level.min(hierarchy.levels() - 1);
        Self { hierarchy, level, on_invalid }
    }

    /// The same on another level; beyond the last is the last.
    pub fn set_level(&mut self, level: usize) {
        self.level = level.min(self.hierarchy.levels() - 1);
    }

    /// The same on another level, beside this one.
    #[must_use]
    pub fn at(&self, level: usize) -> Self {
        Self::new(Arc::clone(&self.hierarchy), level, self.on_invalid)
    }

    /// Applies it outside a run, to distinct values: rows in errors are places among them.
    ///
    /// # Errors
    /// Values without a label, where the column says to stop.
    pub fn apply_alone<'a>(&self, cells: &Cells<'_, 'a>, scratch: &mut Scratch) -> Result<Outcome<'a>> {
        self.apply(cells, scratch)
    }

    /// The hierarchy.
    #[must_use]
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// The level.
    #[must_use]
    pub fn level(&self) -> usize {
        self.level
    }

    /// Whether the level is of a hierarchy that reads every cell as a date.
    pub(super) fn reads_dates(&self) -> bool {
        self.reads() && matches!(&*self.hierarchy, Hierarchy::Date(_))
    }

    /// Whether the level is of a hierarchy that reads every cell as a number.
    pub(super) fn reads_numbers(&self) -> bool {
        self.reads() && matches!(&*self.hierarchy, Hierarchy::Interval(_))
    }

    /// Whether cells are looked at: neither left as they are nor all made one.
    fn reads(&self) -> bool {
        self.level > 0 && !self.is_top()
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>, scratch: &mut Scratch) -> Result<Outcome<'a>> {
        if self.level == 0 {
            return Ok(Outcome { column: cells.column.clone(), invalid: 0 });
        }
        if self.is_top() {
            return Ok(Outcome { column: constant(cells, TOP), invalid: 0 });
        }
        let mut faults = Faults::new(cells, self.on_invalid);
        let column = match (&*self.hierarchy, cells.column) {
            (Hierarchy::Date(ladder), Column::Date(dates)) => {
                let step = ladder.step(self.level).expect("a level between the first and the last");
                dates_at(step, dates.iter().copied())
            }
            (Hierarchy::Date(ladder), Column::Timestamp(moments)) => {
                let step = ladder.step(self.level).expect("a level between the first and the last");
                let mut dates = Vec::with_capacity(moments.len());
                for (row, moment) in moments.iter().enumerate() {
                    let date = moment.map(date_of);
                    if date == Some(None) {
                        faults.miss(row, Miss::NotA("a date"));
                    }
                    dates.push(date.flatten());
                }
                dates_at(step, dates.into_iter())
            }
            (Hierarchy::Date(ladder), column) => {
                let step = ladder.step(self.level).expect("a level between the first and the last");
                one_by_one(&column.to_text(), true, &mut faults, |cell, out| step.label(cell, out))
            }
            (Hierarchy::Prefix(prefix), column) => {
                let length = prefix.length(self.level).expect("a level between the first and the last");
                let text = column.to_text();
                one_by_one(&text, text.plain(), &mut faults, |cell, out| {
                    Prefix::keep(length, cell, out);
                    Ok(())
                })
            }
            (
                Hierarchy::Interval(_)
                | Hierarchy::Suffix(_)
                | Hierarchy::Region(_)
                | Hierarchy::Frequency(_)
                | Hierarchy::Categories(_)
                | Hierarchy::Tree(_),
                column,
            ) => self.each_once(&column.to_text(), scratch, &mut faults),
        };
        faults.finish(column)
    }

    /// For hierarchies where a repeated cell is worth finding again.
    fn each_once<'a>(&self, text: &Text<'_>, scratch: &mut Scratch, faults: &mut Faults) -> Column<'a> {
        let mut out = Output::new(text.len(), text.len() * 4);
        scratch.memo.begin();
        for (row, cell) in text.iter().enumerate() {
            let Some(cell) = cell else {
                out.null();
                continue;
            };
            match scratch.memo.earlier(text, row, cell) {
                Some(earlier) => out.again(earlier),
                None => {
                    if let Err(miss) = out.try_push(|bytes| self.hierarchy.generalize(self.level, cell, bytes)) {
                        scratch.memo.forget(cell);
                        faults.miss(row, miss);
                    }
                }
            }
        }
        out.finish(self.hierarchy.plain(self.level))
    }

    pub(super) fn is_top(&self) -> bool {
        self.level + 1 == self.hierarchy.levels()
    }

    pub(super) fn output_type(&self, input: DataType) -> DataType {
        if self.level == 0 { input } else { DataType::Text }
    }

    pub(super) fn describe(&self) -> String {
        let (name, levels) = (self.hierarchy.level_name(self.level), self.hierarchy.levels() - 1);
        format!("{}, level {} of {levels} ({name})", self.hierarchy.name(), self.level)
    }
}

/// For labels that are made quicker than they are found again.
#[inline]
fn one_by_one<'a>(
    text: &Text<'_>,
    plain: bool,
    faults: &mut Faults,
    label: impl Fn(&[u8], &mut Vec<u8>) -> std::result::Result<(), Miss>,
) -> Column<'a> {
    let mut out = Output::new(text.len(), text.len() * 8);
    for (row, cell) in text.iter().enumerate() {
        match cell {
            Some(cell) => {
                if let Err(miss) = out.try_push(|bytes| label(cell, bytes)) {
                    faults.miss(row, miss);
                }
            }
            None => out.null(),
        }
    }
    out.finish(plain)
}

/// Dates at a precision, as text.
pub(super) fn dates_at<'a>(step: Step, dates: impl ExactSizeIterator<Item = Option<Date>>) -> Column<'a> {
    let mut out = Output::new(dates.len(), dates.len() * 10);
    for date in dates {
        match date {
            Some(date) => out.push(|bytes| step.write(date, bytes)),
            None => out.null(),
        }
    }
    out.finish(true)
}

/// The date of a timestamp; `None` outside the years 1 to 9999.
pub(super) fn date_of(micros: i64) -> Option<Date> {
    i32::try_from(micros.div_euclid(DAY)).ok().and_then(Date::from_days)
}

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;
