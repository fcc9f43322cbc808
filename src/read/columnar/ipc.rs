//! Arrow IPC: where each record batch lies, and one batch at a time as a small file in memory.
//!
//! polars reads a whole file or the front of one. So the ranges of the batches are found here, and one batch is given to
//! it as a file of its own: the batch as it lies in the source, behind it a footer with the source's schema. The stream
//! format has the same batches without a list of them; they are found by walking over it once.

use super::dictionary::{self, Encoded};
use super::flat::{Table, footer};
use super::sound::is_sound;
use super::{Bytes, ColumnarFormat, broken, convert, guarded};
use crate::error::{ErrorKind, Result};
use crate::value::Schema;
use polars::prelude::{ArrowDataType, ArrowField, Series};
use polars_io::SerReader as _;
use polars_io::ipc::IpcReader;
use std::io::Cursor;

const FORMAT: ColumnarFormat = ColumnarFormat::Ipc;
const MAGIC: &[u8; 6] = b"ARROW1";
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Kinds of messages.
const SCHEMA: u8 = 1;
const DICTIONARY: u8 = 2;
const RECORD_BATCH: u8 = 3;

/// An open Arrow IPC file or stream.
pub(super) struct Ipc {
    bytes: Bytes,
    /// The buffer that holds the schema, with whole numbers for dictionary-encoded text, and where in it.
    schema: (Vec<u8>, usize),
    batches: Vec<Block>,
    encoded: Vec<Encoded>,
    dictionaries: Vec<Dictionary>,
}

/// Where a message lies: its head with the length before it, then its body.
#[derive(Clone, Copy)]
struct Block {
    start: u64,
    head: u64,
    body: u64,
}

/// A dictionary, or more of one: it counts for the batches from `first` on.
#[derive(Clone, Copy)]
struct Dictionary {
    first: usize,
    id: i64,
    adds: bool,
    block: Block,
}

/// What is found in either format.
struct Found {
    schema: (Vec<u8>, usize),
    batches: Vec<Block>,
    /// The dictionaries, each with the batches that stand before it.
    dictionaries: Vec<(usize, Block)>,
}

impl Ipc {
    /// Finds schema and batches: the file, its columns, the rows of each batch.
    pub(super) fn open(bytes: Bytes) -> Result<(Self, Schema, Vec<u64>)> {
        let found = if bytes.length >= 18 && bytes.range(0, 6)? == MAGIC {
            from_file(&bytes)?
        } else if bytes.length >= 8 && bytes.range(0, 4)? == CONTINUATION {
            from_stream(&bytes)?
        } else {
            return Err(ErrorKind::NotOfFormat(FORMAT.name()).into());
        };
        let (buffer, position) = &found.schema;
        let table = Table::root(buffer).and_then(|root| schema_in(root, *position)).ok_or_else(|| broken(FORMAT))?;
        let names = table.tables(1).ok_or_else(|| broken(FORMAT))?;
        convert::check_names(names.iter().map(|field| field.string(0).unwrap_or_default()))?;
        let (flat, encoded) = dictionary::flatten(buffer, table).ok_or_else(|| broken(FORMAT))?;

        let rows = found.batches.iter().map(|block| batch_rows(&bytes, *block)).collect::<Result<_>>()?;
        let mut dictionaries = Vec::with_capacity(found.dictionaries.len());
        for (first, block) in found.dictionaries {
            let head = head(&bytes, block)?;
            let identity = dictionary::identity(&head[message_at(&head)..]);
            let (id, adds) = identity.ok_or_else(|| broken(FORMAT))?;
            dictionaries.push(Dictionary { first, id, adds, block });
        }
        let file = Self { bytes, schema: (flat, found.schema.1), batches: found.batches, encoded, dictionaries };
        let schema = file.read_schema()?;
        Ok((file, schema, rows))
    }
    fn read_schema(&self) -> Result<Schema> {
        let empty = alone(&self.schema, None)?;
        let arrow = guarded(FORMAT, || IpcReader::new(Cursor::new(empty)).schema())?;
        let mut fields: Vec<ArrowField> = arrow.iter_values().cloned().collect();
        for encoded in &self.encoded {
            fields.get_mut(encoded.column).ok_or_else(|| broken(FORMAT))?.dtype = ArrowDataType::Utf8View;
        }
        convert::schema(&fields)
    }
    /// Decodes one batch.
    pub(super) fn group(&self, group: usize) -> Result<Vec<Series>> {
        let block = self.batches[group];
        let mut columns = decode(&self.schema, head(&self.bytes, block)?, &self.body(block)?)?;
        for encoded in &self.encoded {
            let numbers = columns.get_mut(encoded.column).ok_or_else(|| broken(FORMAT))?;
            *numbers = dictionary::texts(numbers, &self.dictionary(encoded, group)?)?;
        }
        Ok(columns)
    }
    /// The parts of a dictionary as it stands for a batch.
    fn dictionary(&self, encoded: &Encoded, group: usize) -> Result<Vec<Series>> {
        let mut parts: Vec<Block> = Vec::new();
        for dictionary in self.dictionaries.iter().filter(|part| part.first <= group && part.id == encoded.id) {
            if !dictionary.adds {
                parts.clear();
            }
            parts.push(dictionary.block);
        }
        let schema = (encoded.schema.clone(), self.schema.1);
        let mut series = Vec::with_capacity(parts.len());
        for block in parts {
            let mut head = head(&self.bytes, block)?;
            let at = message_at(&head);
            dictionary::unwrap_batch(&mut head[at..]).ok_or_else(|| broken(FORMAT))?;
            let mut columns = decode(&schema, head, &self.body(block)?)?;
            series.push(columns.pop().ok_or_else(|| broken(FORMAT))?);
        }
        Ok(series)
    }
    fn body(&self, block: Block) -> Result<Vec<u8>> {
        self.bytes.range(block.start + block.head, usize::try_from(block.body).map_err(|_| broken(FORMAT))?)
    }
}

/// Lets polars decode one batch.
fn decode(schema: &(Vec<u8>, usize), head: Vec<u8>, body: &[u8]) -> Result<Vec<Series>> {
    if !is_sound(&head[message_at(&head)..], body) {
        return Err(broken(FORMAT));
    }
    let alone = alone(schema, Some((head, body)))?;
    let frame = guarded(FORMAT, || IpcReader::new(Cursor::new(alone)).set_rechunk(false).finish())?;
    Ok(frame.columns().iter().map(|column| column.as_materialized_series().clone()).collect())
}

/// A file in memory that holds one batch or none.
fn alone(schema: &(Vec<u8>, usize), batch: Option<(Vec<u8>, &[u8])>) -> Result<Vec<u8>> {
    let mut out = b"ARROW1\0\0".to_vec();
    let mut place = None;
    if let Some((head, body)) = batch {
        place = Some((out.len() as u64, head.len() as u64, body.len() as u64));
        out.reserve(head.len() + body.len() + schema.0.len() + 100);
        out.extend_from_slice(&head);
        out.extend_from_slice(body);
        out.resize(out.len().next_multiple_of(8), 0);
    }
    let footer = footer(&schema.0, schema.1, place).ok_or_else(|| broken(FORMAT))?;
    out.extend_from_slice(&footer);
    let length = i32::try_from(footer.len()).map_err(|_| broken(FORMAT))?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(MAGIC);
    Ok(out)
}

/// The schema table that was found before: in a footer it is field 1, in a message field 2.
fn schema_in(root: Table<'_>, position: usize) -> Option<Table<'_>> {
    [1, 2].into_iter().filter_map(|slot| root.table(slot)).find(|table| table.position() == position)
}

/// The file format ends with a footer that lists everything.
fn from_file(bytes: &Bytes) -> Result<Found> {
    let tail = bytes.range(bytes.length - 10, 10)?;
    let length =
        tail.first_chunk().map(|length| i32::from_le_bytes(*length)).and_then(|length| u64::try_from(length).ok());
    let Some(length) = length.filter(|length| tail[4..] == *MAGIC && *length <= bytes.length - 18) else {
        return Err(ErrorKind::NotOfFormat(FORMAT.name()).into());
    };
    let footer = bytes.range(bytes.length - 10 - length, usize::try_from(length).map_err(|_| broken(FORMAT))?)?;
    let found =
        Table::root(&footer).and_then(|root| Some((root.table(1)?.position(), root.blocks(2)?, root.blocks(3)?)));
    let (position, dictionaries, batches) = found.ok_or_else(|| broken(FORMAT))?;
    let block = |(start, head, body): (i64, i32, i64)| {
        let block = Block { start: start.try_into().ok()?, head: head.try_into().ok()?, body: body.try_into().ok()? };
        let inside = block.head >= 8 && bytes.has(block.start, block.head.checked_add(block.body)?);
        inside.then_some(block)
    };
    let batches = batches.into_iter().map(block).collect::<Option<_>>().ok_or_else(|| broken(FORMAT))?;
    let dictionaries = dictionaries.into_iter().map(|place| Some((0, block(place)?))).collect::<Option<_>>();
    let dictionaries = dictionaries.ok_or_else(|| broken(FORMAT))?;
    Ok(Found { schema: (footer, position), batches, dictionaries })
}

/// The stream format is one message behind the other; the first is the schema.
fn from_stream(bytes: &Bytes) -> Result<Found> {
    let mut schema = None;
    let (mut batches, mut dictionaries) = (Vec::new(), Vec::new());
    let mut at = 0;
    while bytes.has(at, 8) {
        let prefix = bytes.range(at, 8)?;
        let length = prefix[4..].first_chunk().map_or(-1, |length| i32::from_le_bytes(*length));
        let length =
            u64::try_from(length).ok().filter(|length| prefix[..4] == CONTINUATION && bytes.has(at + 8, *length));
        let length = length.ok_or_else(|| broken(FORMAT))?;
        if length == 0 {
            break;
        }
        let message = bytes.range(at + 8, usize::try_from(length).map_err(|_| broken(FORMAT))?)?;
        let root = Table::root(&message).ok_or_else(|| broken(FORMAT))?;
        let body = root.long(3).and_then(|body| u64::try_from(body).ok());
        let body = body.filter(|body| bytes.has(at + 8 + length, *body)).ok_or_else(|| broken(FORMAT))?;
        let kind = root.byte(1);
        if schema.is_none() {
            let table = root.table(2).filter(|_| kind == SCHEMA);
            let position = table.ok_or(ErrorKind::NotOfFormat(FORMAT.name()))?.position();
            schema = Some((message, position));
        } else if kind == RECORD_BATCH {
            batches.push(Block { start: at, head: 8 + length, body });
        } else if kind == DICTIONARY {
            dictionaries.push((batches.len(), Block { start: at, head: 8 + length, body }));
        }
        at += 8 + length + body;
    }
    let schema = schema.ok_or(ErrorKind::NotOfFormat(FORMAT.name()))?;
    Ok(Found { schema, batches, dictionaries })
}

/// The head of a message, with the length before it.
fn head(bytes: &Bytes, block: Block) -> Result<Vec<u8>> {
    bytes.range(block.start, usize::try_from(block.head).map_err(|_| broken(FORMAT))?)
}

/// Where the message begins in its head: before Arrow 0.15 there was no marker before the length.
fn message_at(head: &[u8]) -> usize {
    if head.starts_with(&CONTINUATION) { 8 } else { 4 }
}

/// The rows that the head of a record batch promises.
fn batch_rows(bytes: &Bytes, block: Block) -> Result<u64> {
    let head = head(bytes, block)?;
    let root = Table::root(&head[message_at(&head)..]).filter(|root| root.byte(1) == RECORD_BATCH);
    let rows = root.and_then(|root| root.table(2)?.long(0)).and_then(|rows| u64::try_from(rows).ok());
    rows.ok_or_else(|| broken(FORMAT))
}
