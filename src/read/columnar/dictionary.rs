//! Dictionary-encoded text in Arrow IPC (categories of pandas and of polars).
//!
//! The decoder at hand has no word for dictionaries. So a column's field is changed to say what its batches hold, whole
//! numbers, and each dictionary is read as a table of one text column. Both are done by moving offsets inside a copy of
//! the schema: offsets of `FlatBuffers` point forward, and what we point to lies behind already.

use super::flat::{Table, put_offset};
use crate::error::{ErrorKind, Result};
use polars::prelude::{IntoSeries as _, Series, StringChunkedBuilder};

/// Kinds of types.
const INT: u8 = 2;
const TEXTS: [u8; 3] = [5, 20, 24]; // UTF-8, large UTF-8, UTF-8 view

/// Fields of a `Field` table.
const TYPE_KIND: usize = 2;
const TYPE: usize = 3;
const DICTIONARY: usize = 4;

/// A dictionary-encoded column.
pub(super) struct Encoded {
    /// The place of the column.
    pub(super) column: usize,
    /// The dictionary's name.
    pub(super) id: i64,
    /// A schema buffer of which the only field is the dictionary's text.
    pub(super) schema: Vec<u8>,
}

/// Finds the columns of text behind dictionaries, and gives the schema buffer with whole numbers in their place.
/// Dictionaries of other types are left as they are. `None` where the buffer is broken.
pub(super) fn flatten(buffer: &[u8], schema: Table<'_>) -> Option<(Vec<u8>, Vec<Encoded>)> {
    let mut flat = buffer.to_vec();
    let mut encoded = Vec::new();
    let fields = schema.tables(1)?;
    let first = schema.elements_of(1);
    for (column, field) in fields.iter().enumerate() {
        let Some(dictionary) = field.table(DICTIONARY) else { continue };
        let (Some(index), true) = (dictionary.table(1), TEXTS.contains(&field.byte(TYPE_KIND))) else { continue };
        let entry = field.entry(DICTIONARY)?;
        // Tables of one shape may share their table of fields. No other kind of table in a schema has this field.
        flat.get_mut(entry..entry + 2)?.fill(0);
        *flat.get_mut(field.field(TYPE_KIND)?)? = INT;
        put_offset(&mut flat, field.field(TYPE)?, index.position())?;

        let mut alone = buffer.to_vec();
        alone.get_mut(entry..entry + 2)?.fill(0);
        let (start, _) = first?;
        alone.get_mut(start - 4..start)?.copy_from_slice(&1_u32.to_le_bytes());
        put_offset(&mut alone, start, field.position())?;
        encoded.push(Encoded { column, id: dictionary.long(0)?, schema: alone });
    }
    Some((flat, encoded))
}

/// The head of a dictionary's message: the dictionary, and whether it adds to the one before.
pub(super) fn identity(message: &[u8]) -> Option<(i64, bool)> {
    let dictionary = Table::root(message)?.table(2)?;
    Some((dictionary.long(0)?, dictionary.byte(2) != 0))
}

/// Changes a dictionary's message in place, so that it is that of the record batch inside.
pub(super) fn unwrap_batch(message: &mut [u8]) -> Option<()> {
    const RECORD_BATCH: u8 = 3;
    let root = Table::root(message)?;
    let (kind, header, batch) = (root.field(1)?, root.field(2)?, root.table(2)?.table(1)?.position());
    *message.get_mut(kind)? = RECORD_BATCH;
    put_offset(message, header, batch)
}

/// The texts that a column of numbers stands for; a number without a text is an error.
pub(super) fn texts(numbers: &Series, values: &[Series]) -> Result<Series> {
    let strange = |_| ErrorKind::Foreign("the Arrow reader");
    let mut dictionary = Vec::new();
    for values in values {
        dictionary.extend(values.str().map_err(strange)?.iter());
    }
    let numbers = numbers.cast(&polars::prelude::DataType::Int64).map_err(strange)?;
    let numbers = numbers.i64().map_err(strange)?;
    let mut builder = StringChunkedBuilder::new(numbers.name().clone(), numbers.len());
    for number in numbers.iter() {
        let Some(number) = number else {
            builder.append_null();
            continue;
        };
        let text = usize::try_from(number).ok().and_then(|number| dictionary.get(number));
        builder.append_option(*text.ok_or(ErrorKind::Foreign("the Arrow reader"))?);
    }
    Ok(builder.finish().into_series())
}
