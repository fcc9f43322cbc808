//! Types and cells of polars as ours.
//!
//! Every number is kept exactly or refused: nothing is rounded, cut or wrapped. Arrow types that we have no word for are
//! named, all columns at once.

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Column, DataType, Date, Decimal, Field, Schema, TextBuilder};
use polars::prelude::{ArrowDataType, ArrowField, DataType as Dtype, PolarsResult, Series, TimeUnit};
use std::collections::BTreeSet;

/// The largest scale that [`Decimal`] holds.
const MOST_SCALE: usize = 30;

/// Refuses names that stand twice, all of them at once.
pub(super) fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    let twice = names.filter(|name| !seen.insert(*name));
    let errors = twice.map(|name| Error::new(ErrorKind::DuplicateColumn).in_column(name)).collect();
    Error::gather(errors).map_or(Ok(()), Err)
}

/// A field as it is decoded: categories become the texts that they stand for.
pub(super) fn without_dictionary(field: &ArrowField) -> ArrowField {
    let mut field = field.clone();
    if let ArrowDataType::Dictionary(_, values, _) = &field.dtype {
        field.dtype = match values.as_ref() {
            ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 => ArrowDataType::Utf8View,
            other => other.clone(),
        };
        field.metadata = None;
    }
    field
}

/// Our schema of these fields, or every type that has no counterpart.
pub(super) fn schema(fields: &[ArrowField]) -> Result<Schema> {
    let mut errors = Vec::new();
    let mut ours = Vec::with_capacity(fields.len());
    for field in fields {
        match data_type(&field.dtype) {
            Ok(data_type) => ours.push(Field { name: field.name.to_string(), data_type }),
            Err(name) => errors.push(Error::new(ErrorKind::UnsupportedType(name)).in_column(&field.name)),
        }
    }
    match Error::gather(errors) {
        Some(error) => Err(error),
        None => Schema::new(ours)
            .map(|schema| schema.with_scales(fields.iter().map(|field| scale(&field.dtype)).collect()))
            .map_err(|name| Error::new(ErrorKind::DuplicateColumn).in_column(&name)),
    }
}

/// Digits after the point of a decimal type.
fn scale(arrow: &ArrowDataType) -> Option<u8> {
    use ArrowDataType as Arrow;
    match arrow {
        Arrow::Decimal(_, scale)
        | Arrow::Decimal32(_, scale)
        | Arrow::Decimal64(_, scale)
        | Arrow::Decimal256(_, scale) => u8::try_from(*scale).ok(),
        _ => None,
    }
}

/// Our type, or the name of one that we do not read.
fn data_type(arrow: &ArrowDataType) -> std::result::Result<DataType, String> {
    use ArrowDataType as Arrow;
    Ok(match arrow {
        // A column of nothing but missing values has no type of its own: text holds it.
        Arrow::Null | Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => DataType::Text,
        Arrow::Int8
        | Arrow::Int16
        | Arrow::Int32
        | Arrow::Int64
        | Arrow::UInt8
        | Arrow::UInt16
        | Arrow::UInt32
        | Arrow::UInt64 => DataType::Integer,
        Arrow::Float32 | Arrow::Float64 => DataType::Float,
        Arrow::Boolean => DataType::Boolean,
        Arrow::Date32 => DataType::Date,
        Arrow::Date64 | Arrow::Timestamp(_, None) => DataType::Timestamp,
        Arrow::Timestamp(_, Some(zone)) => {
            if !is_utc(zone) {
                return Err(format!("timestamp with zone {zone}"));
            }
            DataType::Timestamp
        }
        Arrow::Decimal(digits, scale)
        | Arrow::Decimal32(digits, scale)
        | Arrow::Decimal64(digits, scale)
        | Arrow::Decimal256(digits, scale) => {
            if *digits > 38 || *scale > MOST_SCALE {
                return Err(format!("decimal({digits}, {scale})"));
            }
            DataType::Decimal
        }
        other => return Err(name(other).to_owned()),
    })
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Etc/UTC" | "Z" | "+00:00" | "+0000" | "GMT" | "Etc/GMT")
}

/// The plain name of a type that is not read.
fn name(arrow: &ArrowDataType) -> &'static str {
    use ArrowDataType as Arrow;
    match arrow {
        Arrow::Float16 => "half-precision float",
        Arrow::Int128 | Arrow::UInt128 => "128-bit integer",
        Arrow::Time32(_) | Arrow::Time64(_) => "time of day",
        Arrow::Duration(_) => "duration",
        Arrow::Interval(_) => "interval",
        Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView | Arrow::FixedSizeBinary(_) => "binary",
        Arrow::List(_) | Arrow::LargeList(_) | Arrow::FixedSizeList(..) => "list",
        Arrow::Struct(_) => "struct",
        Arrow::Map(..) => "map",
        Arrow::Dictionary(..) => "dictionary",
        _ => "extension",
    }
}

/// Our column of some rows, of which `first_row` is the first, counted from 0 in the group.
pub(super) fn column(series: &Series, first_row: u64, name: &str) -> Result<Column<'static>> {
    let strange = |_| Error::new(ErrorKind::Internal("a series of another type than its schema says")).in_column(name);
    let place =
        |row: usize, what| Error::new(ErrorKind::BadValue(what)).at_row(first_row + row as u64 + 1).in_column(name);
    Ok(match series.dtype() {
        Dtype::Int8 => Column::Integer(widened(series.i8().map_err(strange)?.iter())),
        Dtype::Int16 => Column::Integer(widened(series.i16().map_err(strange)?.iter())),
        Dtype::Int32 => Column::Integer(widened(series.i32().map_err(strange)?.iter())),
        Dtype::Int64 => Column::Integer(series.i64().map_err(strange)?.iter().collect()),
        Dtype::UInt8 => Column::Integer(widened(series.u8().map_err(strange)?.iter())),
        Dtype::UInt16 => Column::Integer(widened(series.u16().map_err(strange)?.iter())),
        Dtype::UInt32 => Column::Integer(widened(series.u32().map_err(strange)?.iter())),
        Dtype::UInt64 => Column::Integer(kept(
            series.u64().map_err(strange)?.iter(),
            |number| i64::try_from(number).ok(),
            |row| place(row, "a whole number below 2^63"),
        )?),
        Dtype::Float32 => {
            Column::Float(series.f32().map_err(strange)?.iter().map(|cell| cell.map(f64::from)).collect())
        }
        Dtype::Float64 => Column::Float(series.f64().map_err(strange)?.iter().collect()),
        Dtype::Boolean => Column::Boolean(series.bool().map_err(strange)?.iter().collect()),
        Dtype::Date => Column::Date(kept(series.date().map_err(strange)?.physical().iter(), Date::from_days, |row| {
            place(row, "a date between the years 1 and 9999")
        })?),
        Dtype::Datetime(unit, _) => {
            let exact = |number: i64| match unit {
                TimeUnit::Milliseconds => number.checked_mul(1000),
                TimeUnit::Microseconds => Some(number),
                TimeUnit::Nanoseconds => (number % 1000 == 0).then_some(number / 1000),
            };
            Column::Timestamp(kept(series.datetime().map_err(strange)?.physical().iter(), exact, |row| {
                place(row, "a timestamp of whole microseconds")
            })?)
        }
        Dtype::Decimal(_, scale) => {
            let scale = u8::try_from(*scale).unwrap_or(u8::MAX);
            let exact = |mantissa| Decimal::new(mantissa, scale);
            Column::Decimal(kept(series.decimal().map_err(strange)?.physical().iter(), exact, |row| {
                place(row, "a decimal of at most 30 digits after the point")
            })?)
        }
        Dtype::String => text(series).map_err(strange)?,
        Dtype::Null => {
            let mut builder = TextBuilder::with_capacity(series.len(), 0);
            (0..series.len()).for_each(|_| builder.push_null());
            Column::Text(builder.finish(true))
        }
        _ => return Err(ErrorKind::Internal("a series of a type that its schema does not have").into()),
    })
}

fn text(series: &Series) -> PolarsResult<Column<'static>> {
    let cells = series.str()?;
    let mut builder = TextBuilder::with_capacity(cells.len(), 16);
    for cell in cells.iter() {
        builder.push_option(cell.map(str::as_bytes));
    }
    Ok(Column::Text(builder.finish(false)))
}

fn widened<T: Into<i64>>(cells: impl Iterator<Item = Option<T>>) -> Vec<Option<i64>> {
    cells.map(|cell| cell.map(Into::into)).collect()
}

/// Every cell converted, or the error of the first that cannot be.
fn kept<T, U>(
    cells: impl Iterator<Item = Option<T>>,
    exact: impl Fn(T) -> Option<U>,
    error: impl Fn(usize) -> Error,
) -> Result<Vec<Option<U>>> {
    let convert = |(row, cell): (usize, Option<T>)| match cell {
        Some(cell) => exact(cell).map(Some).ok_or_else(|| error(row)),
        None => Ok(None),
    };
    cells.enumerate().map(convert).collect()
}
