//! Rows of typed parts as compact bytes, and back into columns.
//!
//! A record is: one bit per column, set where the cell is missing; then the other cells in column order, little-endian,
//! text with its length before it. Nothing is stored for a missing cell. [`Builders`] copies the cells one by one into
//! new arrays, with zeros under the missing ones, so nothing can hide behind a bit mask (threats, §5).

use super::format::Layout;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Column, DataType};
use polars::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder as _, DataFrame, Float64Type, Int32Type, Int64Type, Int128Type,
    IntoColumn as _, IntoSeries as _, PrimitiveChunkedBuilder, Series, StringChunkedBuilder, TimeUnit,
};

/// The most digits of a decimal in Parquet and Arrow.
const DIGITS: u8 = 38;

/// What a column is in a record and in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Decimal(u8),
    Float,
    Boolean,
    Date,
    Timestamp,
}

/// The kind and name of each column of a layout.
fn kinds(layout: &Layout) -> Vec<(Kind, String)> {
    let kind = |(place, field): (usize, &crate::value::Field)| {
        let kind = match field.data_type {
            DataType::Text => Kind::Text,
            DataType::Integer => Kind::Integer,
            DataType::Decimal => layout.decimal_scale(place).map_or(Kind::Text, Kind::Decimal),
            DataType::Float => Kind::Float,
            DataType::Boolean => Kind::Boolean,
            DataType::Date => Kind::Date,
            DataType::Timestamp => Kind::Timestamp,
        };
        (kind, field.name.clone())
    };
    layout.schema.fields().iter().enumerate().map(kind).collect()
}

/// Turns rows into records.
pub(super) struct RowEncoder {
    kinds: Vec<(Kind, String)>,
    cell: Vec<u8>,
}

impl RowEncoder {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { kinds: kinds(layout), cell: Vec::new() }
    }

    /// Appends the record of a row.
    pub(super) fn encode(&mut self, columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.resize(start + columns.len().div_ceil(8), 0);
        for (place, (column, (kind, name))) in columns.iter().zip(&self.kinds).enumerate() {
            let known = match (kind, column) {
                (Kind::Text, Column::Text(cells)) => cells.get(row).map(|cell| push_text(cell, out)),
                (Kind::Text, other) => {
                    self.cell.clear();
                    other.write_text(row, &mut self.cell).then(|| push_text(&self.cell, out))
                }
                (Kind::Integer, Column::Integer(cells)) | (Kind::Timestamp, Column::Timestamp(cells)) => {
                    cells[row].map(|number| out.extend_from_slice(&number.to_le_bytes()))
                }
                (Kind::Float, Column::Float(cells)) => {
                    cells[row].map(|number| out.extend_from_slice(&number.to_le_bytes()))
                }
                (Kind::Boolean, Column::Boolean(cells)) => cells[row].map(|truth| out.push(u8::from(truth))),
                (Kind::Date, Column::Date(cells)) => {
                    cells[row].map(|date| out.extend_from_slice(&date.days().to_le_bytes()))
                }
                (Kind::Decimal(scale), Column::Decimal(cells)) => match cells[row] {
                    Some(number) => {
                        let exact = number
                            .rescaled(*scale)
                            .filter(|number| number.mantissa().unsigned_abs() < 10_u128.pow(u32::from(DIGITS)))
                            .ok_or_else(|| {
                                Error::new(ErrorKind::BadValue("a decimal that fits the scale of its column"))
                                    .in_column(name)
                            })?;
                        out.extend_from_slice(&exact.mantissa().to_le_bytes());
                        Some(())
                    }
                    None => None,
                },
                _ => {
                    return Err(Error::new(ErrorKind::Internal("a column of another type than its layout says"))
                        .in_column(name));
                }
            };
            if known.is_none() {
                out[start + place / 8] |= 1 << (place % 8);
            }
        }
        Ok(())
    }
}

/// Appends a cell of text with its length, seven bits to a byte, the lowest first.
fn push_text(cell: &[u8], out: &mut Vec<u8>) {
    let mut length = cell.len();
    while length >= 0x80 {
        out.push(0x80 | u8::try_from(length & 0x7f).expect("seven bits"));
        length >>= 7;
    }
    out.push(u8::try_from(length).expect("seven bits"));
    out.extend_from_slice(cell);
}

/// Reads a record from the front; `None` where it ends too early.
struct Cells<'a>(&'a [u8]);

impl<'a> Cells<'a> {
    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (cell, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(cell)
    }
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (cell, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*cell)
    }
    fn text(&mut self) -> Option<&'a str> {
        let (mut length, mut shift) = (0_usize, 0_u32);
        loop {
            let [byte] = self.array()?;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 {
                return simdutf8::basic::from_utf8(self.bytes(length)?).ok();
            }
        }
    }
}

enum Builder {
    Text(StringChunkedBuilder),
    Integer(PrimitiveChunkedBuilder<Int64Type>),
    Decimal(PrimitiveChunkedBuilder<Int128Type>, u8),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Boolean(BooleanChunkedBuilder),
    Date(PrimitiveChunkedBuilder<Int32Type>),
    Timestamp(PrimitiveChunkedBuilder<Int64Type>),
}

/// Gathers records into columns.
pub(super) struct Builders {
    kinds: Vec<(Kind, String)>,
    capacity: usize,
    columns: Vec<Builder>,
    rows: usize,
}

/// Room that is made at first; more is made as rows come.
const MOST_RESERVED: usize = 8192;

impl Builders {
    pub(super) fn new(layout: &Layout) -> Self {
        let kinds = kinds(layout);
        let capacity = layout.rows_per_group.min(MOST_RESERVED);
        let columns = build(&kinds, capacity);
        Self { kinds, capacity, columns, rows: 0 }
    }
    /// Rows since the last [`Builders::take`].
    pub(super) fn rows(&self) -> usize {
        self.rows
    }
    /// Appends one record.
    pub(super) fn push(&mut self, record: &[u8]) -> Result<()> {
        let foreign = || Error::new(ErrorKind::Internal("a record that does not fit its layout"));
        let mut cells = Cells(record);
        let missing = cells.bytes(self.columns.len().div_ceil(8)).ok_or_else(foreign)?;
        for (place, builder) in self.columns.iter_mut().enumerate() {
            let known = missing[place / 8] >> (place % 8) & 1 == 0;
            push_cell(builder, known, &mut cells).ok_or_else(foreign)?;
        }
        if !cells.0.is_empty() {
            return Err(foreign());
        }
        self.rows += 1;
        Ok(())
    }
    /// The rows as a frame of one chunk, and empty builders again.
    pub(super) fn take(&mut self) -> Result<DataFrame> {
        let rows = std::mem::take(&mut self.rows);
        let full = std::mem::replace(&mut self.columns, build(&self.kinds, self.capacity));
        frame(rows, full)
    }
    /// A frame of the same columns without rows.
    pub(super) fn empty(&self) -> Result<DataFrame> {
        frame(0, build(&self.kinds, 0))
    }
}

fn build(kinds: &[(Kind, String)], capacity: usize) -> Vec<Builder> {
    let builder = |(kind, name): &(Kind, String)| {
        let name = name.as_str().into();
        match kind {
            Kind::Text => Builder::Text(StringChunkedBuilder::new(name, capacity)),
            Kind::Integer => Builder::Integer(PrimitiveChunkedBuilder::new(name, capacity)),
            Kind::Decimal(scale) => Builder::Decimal(PrimitiveChunkedBuilder::new(name, capacity), *scale),
            Kind::Float => Builder::Float(PrimitiveChunkedBuilder::new(name, capacity)),
            Kind::Boolean => Builder::Boolean(BooleanChunkedBuilder::new(name, capacity)),
            Kind::Date => Builder::Date(PrimitiveChunkedBuilder::new(name, capacity)),
            Kind::Timestamp => Builder::Timestamp(PrimitiveChunkedBuilder::new(name, capacity)),
        }
    };
    kinds.iter().map(builder).collect()
}

/// Appends a cell; a missing one is zero under its bit. `None` where the record ends too early.
fn push_cell(builder: &mut Builder, known: bool, cells: &mut Cells<'_>) -> Option<()> {
    match (builder, known) {
        (Builder::Text(cells_of), true) => cells_of.append_value(cells.text()?),
        (Builder::Text(cells_of), false) => cells_of.append_null(),
        (Builder::Integer(cells_of) | Builder::Timestamp(cells_of), true) => {
            cells_of.append_value(i64::from_le_bytes(cells.array()?));
        }
        (Builder::Integer(cells_of) | Builder::Timestamp(cells_of), false) => cells_of.append_null(),
        (Builder::Decimal(cells_of, _), true) => cells_of.append_value(i128::from_le_bytes(cells.array()?)),
        (Builder::Decimal(cells_of, _), false) => cells_of.append_null(),
        (Builder::Float(cells_of), true) => cells_of.append_value(f64::from_le_bytes(cells.array()?)),
        (Builder::Float(cells_of), false) => cells_of.append_null(),
        (Builder::Boolean(cells_of), true) => cells_of.append_value(cells.array::<1>()? != [0]),
        (Builder::Boolean(cells_of), false) => cells_of.append_null(),
        (Builder::Date(cells_of), true) => cells_of.append_value(i32::from_le_bytes(cells.array()?)),
        (Builder::Date(cells_of), false) => cells_of.append_null(),
    }
    Some(())
}

fn frame(rows: usize, builders: Vec<Builder>) -> Result<DataFrame> {
    let finish = |builder| -> Series {
        match builder {
            Builder::Text(cells) => cells.finish().into_series(),
            Builder::Integer(cells) => cells.finish().into_series(),
            Builder::Decimal(cells, scale) => {
                cells.finish().into_decimal_unchecked(usize::from(DIGITS), usize::from(scale)).into_series()
            }
            Builder::Float(cells) => cells.finish().into_series(),
            Builder::Boolean(cells) => cells.finish().into_series(),
            Builder::Date(cells) => cells.finish().into_date().into_series(),
            Builder::Timestamp(cells) => cells.finish().into_datetime(TimeUnit::Microseconds, None).into_series(),
        }
    };
    let columns = builders.into_iter().map(|builder| finish(builder).into_column()).collect();
    DataFrame::new(rows, columns).map_err(|_| ErrorKind::Internal("columns of different lengths").into())
}
