//! Made-up personal records for trying and timing: valid identifiers, skewed values, nobody's data.
//!
//! Given: a seed, a number of rows and a shape. Every row is a function of these and its number alone, so ranges can be made
//! in any order and on any thread. Never for production tokens: the numbers are repeatable on purpose.

mod digits;
mod mix;
mod names;
mod person;
mod places;
mod quasi;
mod record;
mod repeat;
mod visit;

use crate::value::{Batch, Column, DataType, Date, Decimal, Field, Schema, TextBuilder};
use record::{Cell, Maker, Record};
use std::ops::Range;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOptions {
    /// Rows of the whole table; they decide which rows are about the same person.
    pub rows: u64,
    /// Another seed, another table.
    pub seed: u64,
    /// Which columns.
    pub shape: SampleShape,
}

/// Which columns a sample has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleShape {
    /// Nine columns of a personal file, about 90 bytes a row in CSV.
    Personal,
    /// The same with region, date of the visit and a note in free text, some of which need quotes.
    Full,
    /// Nine quasi-identifiers and an income band, one row a person.
    Quasi9,
}

impl SampleShape {
    /// Every shape with its name.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("personal", Self::Personal), ("full", Self::Full), ("quasi9", Self::Quasi9)];

    /// The shape of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape)
    }
    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Full => "full",
            Self::Quasi9 => "quasi9",
        }
    }
    /// One line for the help.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Personal => "id_no, name, phone, email, gender, birth, postcode, amount, diagnosis",
            Self::Full => "the same with region, visit and a note in free text",
            Self::Quasi9 => "age, sex, ethnicity, marital, education, region, occupation, birthplace, work, income",
        }
    }
    fn cells(self) -> &'static [Cell] {
        use Cell::{
            Age, Amount, Birth, Diagnosis, Email, Gender, IdNo, Label, Name, Note, Phone, Postcode, Region, Visited,
        };
        match self {
            Self::Personal => &[IdNo, Name, Phone, Email, Gender, Birth, Postcode, Amount, Diagnosis],
            Self::Full => {
                &[IdNo, Name, Phone, Email, Gender, Birth, Region, Postcode, Amount, Diagnosis, Visited, Note]
            }
            Self::Quasi9 => {
                &[Age, Label(0), Label(1), Label(2), Label(3), Label(4), Label(5), Label(6), Label(7), Label(8)]
            }
        }
    }
}

impl SampleOptions {
    /// The columns' names, in order.
    #[must_use]
    pub fn columns(&self) -> Vec<&'static str> {
        self.shape.cells().iter().map(|cell| cell.name()).collect()
    }
    /// The columns' names and types.
    ///
    /// # Panics
    /// Never: the names are fixed and differ.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let fields = self.shape.cells().iter();
        let fields = fields.map(|cell| Field { name: cell.name().to_owned(), data_type: cell.data_type() });
        Schema::new(fields.collect()).expect("no name stands twice")
    }
}

/// Appends the header of the CSV form, with its line end.
pub fn csv_header(options: &SampleOptions, out: &mut Vec<u8>) {
    out.extend_from_slice(options.columns().join(",").as_bytes());
    out.push(b'\n');
}

/// Appends these rows as CSV: comma, quotes only where needed, line feeds. Rows at or past the end are left out.
pub fn write_csv_rows(options: &SampleOptions, rows: Range<u64>, out: &mut Vec<u8>) {
    let cells = options.shape.cells();
    let maker = Maker::new(options);
    for row in rows.start..rows.end.min(options.rows) {
        let record = maker.record(row);
        for cell in cells {
            if matches!(cell, Cell::Note) {
                write_quoted(out, |out| record.write(*cell, out));
            } else {
                record.write(*cell, out);
            }
            out.push(b',');
        }
        out.pop(); // the comma after the last cell
        out.push(b'\n');
    }
}

/// These rows as columns, typed as in [`SampleOptions::schema`]. Rows at or past the end are left out.
#[must_use]
pub fn batch(options: &SampleOptions, rows: Range<u64>) -> Batch<'static> {
    let maker = Maker::new(options);
    let range = rows.start..rows.end.min(options.rows).max(rows.start);
    let count = usize::try_from(range.end - range.start).unwrap_or(0);
    let cells = options.shape.cells();
    let mut builders: Vec<Builder> = cells.iter().map(|cell| Builder::new(*cell, count)).collect();
    for row in range {
        let record = maker.record(row);
        for (builder, cell) in builders.iter_mut().zip(cells) {
            builder.push(*cell, &record);
        }
    }
    let columns = builders.into_iter().zip(cells).map(|(builder, cell)| builder.finish(*cell)).collect();
    Batch { first_row: rows.start, rows: count, columns }
}

/// A column that grows row by row.
enum Builder {
    Text(TextBuilder),
    Integer(Vec<Option<i64>>),
    Decimal(Vec<Option<Decimal>>),
    Date(Vec<Option<Date>>),
}

impl Builder {
    fn new(cell: Cell, rows: usize) -> Self {
        match cell.data_type() {
            DataType::Date => Self::Date(Vec::with_capacity(rows)),
            DataType::Decimal => Self::Decimal(Vec::with_capacity(rows)),
            DataType::Integer => Self::Integer(Vec::with_capacity(rows)),
            _ => Self::Text(TextBuilder::with_capacity(rows, 12)),
        }
    }
    fn push(&mut self, cell: Cell, record: &Record) {
        match self {
            Self::Date(dates) => dates.push(record.date(cell)),
            Self::Decimal(amounts) => amounts.push(record.amount()),
            Self::Integer(ages) => ages.push(record.age()),
            Self::Text(text) if matches!(cell, Cell::Note) => {
                let mut note = Vec::new();
                let present = record.write(cell, &mut note);
                text.push_option(present.then_some(note.as_slice()));
            }
            Self::Text(text) => text.push_with(|out| {
                record.write(cell, out);
            }),
        }
    }
    fn finish(self, cell: Cell) -> Column<'static> {
        match self {
            Self::Date(dates) => Column::Date(dates),
            Self::Decimal(amounts) => Column::Decimal(amounts),
            Self::Integer(ages) => Column::Integer(ages),
            Self::Text(text) => Column::Text(text.finish(!matches!(cell, Cell::Note))),
        }
    }
}

/// Appends what `write` writes, in quotes where it holds a comma, a quote or a line end.
fn write_quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> bool) {
    let start = out.len();
    write(out);
    if !out[start..].iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        return;
    }
    let plain = out.split_off(start);
    out.push(b'"');
    for byte in plain {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests;
