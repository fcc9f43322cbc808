//! The formats of a release: what a row looks like while it is shuffled, and how a part is written from such rows.
//!
//! Responsible for: [`RecordEncoder`], which turns one row into an opaque record, and [`PartWriter`], which turns records
//! into the bytes of one part. Given: the [`Layout`] of the release. Never: a file name, a statistic of the cells, the
//! time, or anything else that is not in the records (threats, §5). The same records give the same bytes.

mod sink;

pub(super) use sink::{Tray, Wide, guarded, write_error};

use super::csv::{CsvEncoder, CsvLines};
use super::ipc::IpcPart;
use super::ndjson::NdjsonEncoder;
use super::parquet::ParquetPart;
use super::record::{Builders, RowEncoder};
use super::scatter::Laid;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Column, Schema, Text};
use polars::prelude::DataFrame;
use sink::TextSink;
use std::borrow::Cow;
use std::io::Write;

/// What a part is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Text with a header line, quoted only where needed, LF line ends.
    Csv,
    /// One JSON object per line.
    Ndjson,
    /// Apache Parquet without statistics.
    Parquet,
    /// Arrow IPC file, also called Feather version 2.
    Ipc,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Ndjson, Self::Parquet, Self::Ipc];

    /// The name in profiles and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Ipc => "ipc",
        }
    }
    /// The end of a file name, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Ipc => "arrow",
        }
    }
    /// Reads a name; also the usual other names of the same formats.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            "ipc" | "arrow" | "feather" => Some(Self::Ipc),
            _ => None,
        }
    }
    /// Whether a part is lines of text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Ndjson)
    }
}

/// How a part is compressed: text as a whole, Parquet and IPC inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of text only.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// The name in profiles and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "gzip" | "gz" => Some(Self::Gzip),
            "zstd" | "zst" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Everything that decides the bytes of a part, apart from its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The format.
    pub format: Format,
    /// The released columns in order.
    pub schema: Schema,
    /// Between the cells of a CSV line; not a quote, CR or LF.
    pub delimiter: u8,
    /// How CSV spells a missing value; needs no quoting.
    pub null: Vec<u8>,
    /// The compression; Parquet and IPC take none or Zstandard.
    pub compression: Compression,
    /// Rows of a Parquet row group or IPC record batch; only the last of a part has fewer.
    pub rows_per_group: usize,
    /// For each column the digits after the point that a decimal column of Parquet or IPC has; `None` writes exact text.
    /// Without meaning for columns of other types and for text formats. May be shorter than the schema.
    pub decimal_scales: Vec<Option<u8>>,
}

/// Rows of a group unless a layout says otherwise: large enough to compress, small enough for memory.
const ROWS_PER_GROUP: usize = 65_536;

impl Layout {
    /// The layout of a format with its defaults: commas, empty nulls, Zstandard inside Parquet and IPC.
    #[must_use]
    pub fn new(format: Format, schema: Schema) -> Self {
        let compression = if format.is_text() { Compression::None } else { Compression::Zstd };
        Self {
            format,
            schema,
            delimiter: b',',
            null: Vec::new(),
            compression,
            rows_per_group: ROWS_PER_GROUP,
            decimal_scales: Vec::new(),
        }
    }
    /// Checks that the parts of the layout go together.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], or [`ErrorKind::EmptyInput`] without a column.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: &str| Err(Error::new(ErrorKind::Usage(why.to_owned())));
        if self.schema.is_empty() {
            return Err(ErrorKind::EmptyInput.into());
        }
        if !self.format.is_text() && self.compression == Compression::Gzip {
            return refuse("gzip is for csv and ndjson: parquet and ipc take zstd or none");
        }
        if self.rows_per_group == 0 {
            return refuse("a group must have at least one row");
        }
        if self.format == Format::Csv {
            if matches!(self.delimiter, b'"' | b'\r' | b'\n') || !self.delimiter.is_ascii() {
                return refuse("the delimiter must be an ASCII character, and not a quote or a line end");
            }
            let special = |byte: &u8| matches!(byte, b'"' | b'\r' | b'\n') || *byte == self.delimiter;
            if self.null.iter().any(special) || std::str::from_utf8(&self.null).is_err() {
                return refuse("the text for missing values must be UTF-8 without delimiter, quote or line end");
            }
        }
        Ok(())
    }
    /// The end of the name of a part's file: `csv`, `csv.gz`, `parquet`.
    #[must_use]
    pub fn extension(&self) -> String {
        let suffix = match self.compression {
            Compression::Gzip if self.format.is_text() => ".gz",
            Compression::Zstd if self.format.is_text() => ".zst",
            _ => "",
        };
        format!("{}{suffix}", self.format.extension())
    }
    /// The scale of a decimal column, if it is written as a number of a fixed scale.
    #[must_use]
    pub fn decimal_scale(&self, column: usize) -> Option<u8> {
        self.decimal_scales.get(column).copied().flatten()
    }
}

/// Turns rows into records. One per worker: it owns scratch space.
pub struct RecordEncoder {
    way: Way,
    /// A record that is not made in its place.
    record: Vec<u8>,
}

enum Way {
    Csv(CsvEncoder),
    Ndjson(NdjsonEncoder),
    Row(RowEncoder),
}

/// The columns of a batch, as an encoder needs them.
pub struct Prepared<'c> {
    columns: &'c [Column<'c>],
    /// Of lines with separators: every column as text.
    texts: Vec<Cow<'c, Text<'c>>>,
}

/// The rows of a batch on their way to records.
pub struct Records<'e, 'c> {
    way: Rows<'e, 'c>,
    /// Room that is made for the next record.
    room: usize,
}

enum Rows<'e, 'c> {
    Csv(CsvLines<'e, 'c>),
    /// Made in the encoder's space, then copied.
    Other(&'e mut Way, &'c [Column<'c>], &'e mut Vec<u8>),
}

impl RecordEncoder {
    /// An encoder for a layout that [`Layout::check`] accepts.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let way = match layout.format {
            Format::Csv => Way::Csv(CsvEncoder::new(layout)),
            Format::Ndjson => Way::Ndjson(NdjsonEncoder::new(layout)),
            Format::Parquet | Format::Ipc => Way::Row(RowEncoder::new(layout)),
        };
        Self { way, record: Vec::new() }
    }
    /// Makes the columns of a batch ready; they are in layout order.
    #[must_use]
    pub fn prepare<'c>(&self, columns: &'c [Column<'c>]) -> Prepared<'c> {
        let texts = match self.way {
            Way::Csv(_) => columns.iter().map(Column::to_text).collect(),
            Way::Ndjson(_) | Way::Row(_) => Vec::new(),
        };
        Prepared { columns, texts }
    }
    /// The records of a batch.
    #[must_use]
    pub fn records<'e, 'c>(&'e mut self, batch: &'c Prepared<'c>) -> Records<'e, 'c> {
        let Self { way, record } = self;
        let way = match way {
            Way::Csv(encoder) => Rows::Csv(encoder.lines(batch.columns, &batch.texts)),
            way => Rows::Other(way, batch.columns, record),
        };
        Records { way, room: 1024 }
    }
}

impl Records<'_, '_> {
    /// Puts the record of a row at the front of a room, or says how much room it needs. The record of a text format is the final line, but
    /// for tokens in CSV, which are packed.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] with the column for a cell that the format cannot say exactly: a number that is not finite
    /// in NDJSON, a decimal with more digits than its scale in Parquet and IPC.
    #[inline]
    pub fn lay(&mut self, row: usize, room: &mut [u8]) -> Result<Laid> {
        match &mut self.way {
            Rows::Csv(lines) => Ok(lines.lay(row, room)),
            Rows::Other(way, columns, record) => {
                record.clear();
                match way {
                    Way::Ndjson(encoder) => encoder.encode(columns, row, record)?,
                    Way::Row(encoder) => encoder.encode(columns, row, record)?,
                    Way::Csv(_) => {}
                }
                Ok(Laid::copy(record, room))
            }
        }
    }
    /// Appends the record of a row.
    fn append(&mut self, row: usize, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        loop {
            out.resize(start + self.room, 0);
            match self.lay(row, &mut out[start..]) {
                Ok(Laid::Ends(length)) => {
                    out.truncate(start + length);
                    return Ok(());
                }
                Ok(Laid::Short(more)) => self.room = more.max(self.room * 2),
                Err(error) => {
                    out.truncate(start);
                    return Err(error);
                }
            }
        }
    }
}

/// Writes one part from records.
pub struct PartWriter<W: Write> {
    body: Body<W>,
}

enum Body<W: Write> {
    /// Lines that may be packed.
    Csv(TextSink<W>),
    Ndjson(TextSink<W>),
    Parquet(Box<Grouped<ParquetPart<W>>>),
    Ipc(Grouped<IpcPart<W>>),
}

/// A typed part: rows are gathered until a group is full.
struct Grouped<P> {
    builders: Builders,
    rows_per_group: usize,
    part: P,
}

/// What Parquet and Arrow IPC parts have in common.
pub(super) trait Groups {
    /// Where the bytes go.
    type Sink;
    /// Writes one group of rows.
    fn group(&mut self, rows: &DataFrame) -> Result<()>;
    /// Ends the part.
    fn finish(self) -> Result<Self::Sink>;
}

impl<P: Groups> Grouped<P> {
    fn record(&mut self, record: &[u8]) -> Result<()> {
        self.builders.push(record)?;
        if self.builders.rows() == self.rows_per_group {
            self.part.group(&self.builders.take()?)?;
        }
        Ok(())
    }
    fn finish(mut self) -> Result<P::Sink> {
        if self.builders.rows() > 0 {
            self.part.group(&self.builders.take()?)?;
        }
        self.part.finish()
    }
}

impl<W: Write> PartWriter<W> {
    /// Starts a part: the header of a CSV file, the magic bytes of the others.
    ///
    /// # Errors
    /// As [`Layout::check`], and those of the sink.
    pub fn start(layout: &Layout, sink: W) -> Result<Self> {
        layout.check()?;
        let zstd = layout.compression == Compression::Zstd;
        let builders = Builders::new(layout);
        let rows_per_group = layout.rows_per_group;
        let body = match layout.format {
            Format::Csv => {
                let (mut text, mut header) = (TextSink::new(sink, layout.compression)?, Vec::new());
                super::csv::write_header(layout, &mut header);
                text.write(&header)?;
                Body::Csv(text)
            }
            Format::Ndjson => Body::Ndjson(TextSink::new(sink, layout.compression)?),
            Format::Parquet => {
                let part = ParquetPart::start(&builders, zstd, sink)?;
                Body::Parquet(Box::new(Grouped { builders, rows_per_group, part }))
            }
            Format::Ipc => {
                let part = IpcPart::start(&builders, zstd, sink)?;
                Body::Ipc(Grouped { builders, rows_per_group, part })
            }
        };
        Ok(Self { body })
    }
    /// Appends all rows of these columns.
    ///
    /// # Errors
    /// As of [`Records::lay`] and [`Self::record`].
    pub fn batch(&mut self, encoder: &mut RecordEncoder, columns: &[Column<'_>]) -> Result<()> {
        let (batch, mut record) = (encoder.prepare(columns), Vec::new());
        let mut records = encoder.records(&batch);
        for row in 0..columns.first().map_or(0, Column::len) {
            record.clear();
            records.append(row, &mut record)?;
            self.record(&record)?;
        }
        Ok(())
    }
    /// Appends one record, as [`Records::lay`] made it with the same layout.
    ///
    /// # Errors
    /// Those of the sink; [`ErrorKind::Internal`] for bytes that are not a record of this layout.
    pub fn record(&mut self, record: &[u8]) -> Result<()> {
        match &mut self.body {
            Body::Csv(text) => text.fill(|bytes| super::csv::unpack(record, bytes)),
            Body::Ndjson(text) => text.write(record),
            Body::Parquet(part) => part.record(record),
            Body::Ipc(part) => part.record(record),
        }
    }
    /// Ends the part and gives the sink back; everything is written to it, nothing is synced.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(self) -> Result<W> {
        match self.body {
            Body::Csv(text) | Body::Ndjson(text) => text.finish(),
            Body::Parquet(part) => part.finish(),
            Body::Ipc(part) => part.finish(),
        }
    }
}

#[cfg(test)]
mod tests;
