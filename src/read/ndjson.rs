//! NDJSON: each line is one JSON object of plain values.
//!
//! Responsible for: the columns and their types, from the first lines of the first file ([`infer`]); a shard of lines as
//! batches ([`read`]). A key that is missing is null, a key that was not among the first lines is an error, and a value
//! that does not fit its column's type is an error: nothing is dropped or guessed. Lines of white space are skipped.

use super::csv::Layout;
use super::encoding;
use super::json_line::{self, Plain, unescape};
use super::options::Encoding;
use super::sink::{Sink, batch_rows};
use super::stream::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Batch, Column, DataType, Decimal, Field, Schema, TextBuilder};
use std::collections::BTreeMap;

/// Lines that tell the columns.
const FIRST_LINES: usize = 1000;
/// Bytes that these may take, about.
const FIRST_BYTES: usize = 64 << 20;

/// The columns of an NDJSON file: every key of its first thousand lines, in order of first appearance.
///
/// A column is boolean, integer or decimal where all its values are, decimals exactly; else it is text, and numbers in it
/// keep their written digits. A column that is null in all these lines is text.
pub(super) fn infer(stream: &mut Stream, encoding: Encoding, as_text: bool) -> Result<Schema> {
    let mut least = 1 << 16;
    let head = loop {
        let head = stream.peek(least)?;
        if head.len() < least {
            break head;
        }
        let lines = memchr::memchr_iter(b'\n', head).count();
        if lines >= FIRST_LINES || (lines > 0 && least >= FIRST_BYTES) {
            let end = memchr::memrchr(b'\n', head).map_or(head.len(), |end| end + 1);
            break &head[..end];
        }
        least *= 2;
        if least > super::stream::MOST_BYTES {
            return Err(ErrorKind::Memory("one row of the input").into());
        }
    };
    let mut fields: Vec<(String, Option<DataType>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let lines = head.split(|byte| *byte == b'\n').filter(|line| !is_blank(line));
    for (row, line) in (1..).zip(lines.take(FIRST_LINES)) {
        let line = text_of(line, encoding).map_err(|error| error.at_row(row))?;
        json_line::parse(&line, &mut |key, value| {
            let place = *places.entry(key.to_owned()).or_insert_with(|| {
                fields.push((key.to_owned(), None));
                fields.len() - 1
            });
            let seen = &mut fields[place].1;
            *seen = join(*seen, type_of(value));
            Ok(())
        })
        .map_err(|error| error.at_row(row))?;
    }
    if fields.is_empty() {
        return Err(ErrorKind::EmptyInput.into());
    }
    let field = |(name, data_type): (String, Option<DataType>)| {
        let data_type = data_type.filter(|_| !as_text).unwrap_or(DataType::Text);
        Field { name, data_type }
    };
    Schema::new(fields.into_iter().map(field).collect()).map_err(|_| ErrorKind::Internal("keys are unique").into())
}

/// The narrowest type of a value; `None` for null, which fits any.
fn type_of(value: Plain<'_>) -> Option<DataType> {
    match value {
        Plain::Null => None,
        Plain::Boolean(_) => Some(DataType::Boolean),
        Plain::Number(raw) if integer(raw).is_some() => Some(DataType::Integer),
        Plain::Number(raw) if Decimal::parse(raw.as_bytes()).is_some() => Some(DataType::Decimal),
        Plain::Number(_) | Plain::Text(_) => Some(DataType::Text),
    }
}

/// The narrowest type that holds both.
fn join(one: Option<DataType>, other: Option<DataType>) -> Option<DataType> {
    match (one, other) {
        (None, only) | (only, None) => only,
        (Some(one), Some(other)) if one == other => Some(one),
        (Some(DataType::Integer | DataType::Decimal), Some(DataType::Integer | DataType::Decimal)) => {
            Some(DataType::Decimal)
        }
        _ => Some(DataType::Text),
    }
}

/// A whole number that is written as one; `-0` is not, because its sign would be lost.
fn integer(raw: &str) -> Option<i64> {
    if raw == "-0" { None } else { raw.parse().ok() }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

fn text_of(line: &[u8], encoding: Encoding) -> Result<std::borrow::Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => simdutf8::basic::from_utf8(line).ok().map(Into::into),
        Encoding::Gb18030 => encoding::from_gb18030(line).map(Into::into),
    }
    .ok_or_else(|| ErrorKind::BadEncoding(encoding.name()).into())
}

/// Reads a shard of whole lines.
pub(super) fn read(text: &[u8], layout: &Layout<'_>, sink: &mut Sink<'_>) -> Result<()> {
    let encoding = if layout.decoded { Encoding::Utf8 } else { layout.options.encoding };
    let schema = layout.schema;
    let mut table = Table::new(schema);
    let mut number = 0;
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)).peekable();
    while lines.peek().is_some() && !sink.findings.full() {
        let first_row = number;
        for line in lines.by_ref().take(batch_rows(schema.len())) {
            number += 1;
            if let Err(error) = text_of(line, encoding).and_then(|line| table.push(&line, schema)) {
                sink.findings.push(number, error.place().column.as_deref(), error.kind().clone());
                if sink.findings.full() {
                    break;
                }
            }
        }
        if sink.findings.is_empty() {
            let rows = usize::try_from(number - first_row).expect("a batch is small");
            sink.give(Batch { first_row, rows, columns: table.take(schema) })?;
        }
    }
    Ok(())
}

/// The columns of a batch while they grow.
struct Table {
    places: BTreeMap<String, usize>,
    columns: Vec<Building>,
    /// Whether the present line has given the column already.
    seen: Vec<bool>,
}

enum Building {
    Text(TextBuilder),
    Integer(Vec<Option<i64>>),
    Decimal(Vec<Option<Decimal>>),
    Boolean(Vec<Option<bool>>),
}

impl Table {
    fn new(schema: &Schema) -> Self {
        let places = schema.fields().iter().zip(0..).map(|(field, place)| (field.name.clone(), place)).collect();
        Self { places, columns: columns(schema), seen: vec![false; schema.len()] }
    }

    /// Adds a row. After an error the columns are of unlike length and not to be used.
    fn push(&mut self, line: &str, schema: &Schema) -> Result<()> {
        let Self { places, columns, seen } = self;
        seen.fill(false);
        // Most writers keep one order of keys: the next column is tried first.
        let mut next = 0;
        json_line::parse(line, &mut |key, value| {
            let place = match schema.fields().get(next) {
                Some(field) if field.name == key => next,
                _ => *places.get(key).ok_or_else(|| Error::new(ErrorKind::UndeclaredColumn).in_column(key))?,
            };
            next = place + 1;
            if std::mem::replace(&mut seen[place], true) {
                return Err(Error::new(ErrorKind::DuplicateColumn).in_column(key));
            }
            columns[place].push(value).map_err(|kind| Error::new(kind).in_column(key))
        })?;
        for (column, seen) in columns.iter_mut().zip(seen) {
            if !*seen {
                column.push(Plain::Null)?;
            }
        }
        Ok(())
    }

    /// The columns, and fresh ones in their place.
    fn take(&mut self, schema: &Schema) -> Vec<Column<'static>> {
        let full = std::mem::replace(&mut self.columns, columns(schema));
        let finish = |column| match column {
            Building::Text(cells) => Column::Text(cells.finish(false)),
            Building::Integer(cells) => Column::Integer(cells),
            Building::Decimal(cells) => Column::Decimal(cells),
            Building::Boolean(cells) => Column::Boolean(cells),
        };
        full.into_iter().map(finish).collect()
    }
}

fn columns(schema: &Schema) -> Vec<Building> {
    let column = |field: &Field| match field.data_type {
        DataType::Integer => Building::Integer(Vec::new()),
        DataType::Decimal => Building::Decimal(Vec::new()),
        DataType::Boolean => Building::Boolean(Vec::new()),
        DataType::Text | DataType::Float | DataType::Date | DataType::Timestamp => {
            Building::Text(TextBuilder::default())
        }
    };
    schema.fields().iter().map(column).collect()
}

impl Building {
    fn push(&mut self, value: Plain<'_>) -> std::result::Result<(), ErrorKind> {
        match (self, value) {
            (Self::Text(cells), Plain::Null) => cells.push_null(),
            (Self::Text(cells), Plain::Text(raw)) => {
                let text = unescape(raw).ok_or(ErrorKind::BadJson("text: half a surrogate pair stands in it"))?;
                cells.push(text.as_bytes());
            }
            (Self::Text(cells), Plain::Number(raw)) => cells.push(raw.as_bytes()),
            (Self::Text(cells), Plain::Boolean(truth)) => cells.push(if truth { b"true" } else { b"false" }),
            (Self::Integer(cells), Plain::Null) => cells.push(None),
            (Self::Integer(cells), Plain::Number(raw)) => {
                cells.push(Some(integer(raw).ok_or(ErrorKind::BadValue("a whole number of 64 bits"))?));
            }
            (Self::Integer(_), _) => return Err(ErrorKind::BadValue("a whole number")),
            (Self::Decimal(cells), Plain::Null) => cells.push(None),
            (Self::Decimal(cells), Plain::Number(raw)) => {
                let number =
                    Decimal::parse(raw.as_bytes()).ok_or(ErrorKind::BadValue("a number that can be held exactly"))?;
                cells.push(Some(number));
            }
            (Self::Decimal(_), _) => return Err(ErrorKind::BadValue("a number")),
            (Self::Boolean(cells), Plain::Null) => cells.push(None),
            (Self::Boolean(cells), Plain::Boolean(truth)) => cells.push(Some(truth)),
            (Self::Boolean(_), _) => return Err(ErrorKind::BadValue("true or false")),
        }
        Ok(())
    }
}
