//! A column of a batch: text as slices of a buffer, or typed where the file is typed.
//!
//! A null has no bytes: a [`Span::NULL`] points nowhere and a typed null is `None`, so nothing can hide under it
//! (threats, §5: Arrow's `nullif` keeps the payload).

use super::{DataType, Date, Decimal};
use std::borrow::Cow;

/// Where a text cell lies in its column's buffer, or null.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The missing value.
    pub const NULL: Self = Self { start: 0, len: u32::MAX };

    /// `len` bytes from `start`.
    #[must_use]
    #[inline]
    pub fn new(start: u32, len: u32) -> Self {
        debug_assert!(len != u32::MAX, "that length means null");
        Self { start, len }
    }
    /// Whether this is the missing value.
    #[must_use]
    #[inline]
    pub fn is_null(self) -> bool {
        self.len == u32::MAX
    }
    /// Where the cell starts in its column's buffer; 0 for null.
    #[must_use]
    #[inline]
    pub fn start(self) -> usize {
        self.start as usize
    }
    /// Bytes of the cell; more than any cell has for null.
    #[must_use]
    #[inline]
    pub fn width(self) -> u32 {
        self.len
    }
    /// The bytes, `None` for null.
    #[must_use]
    #[inline]
    pub fn get(self, bytes: &[u8]) -> Option<&[u8]> {
        if self.is_null() { None } else { Some(&bytes[self.start as usize..][..self.len as usize]) }
    }
}

/// A text column: spans over one buffer. The bytes of every span are valid UTF-8 (readers check it).
#[derive(Clone)]
pub struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    spans: Vec<Span>,
    plain: bool,
}

impl<'a> Text<'a> {
    /// `plain` promises that no cell holds a comma, quote, CR, LF or any byte that a CSV writer with the reader's own
    /// delimiter and quote must quote; where in doubt say `false`.
    #[must_use]
    pub fn new(bytes: impl Into<Cow<'a, [u8]>>, spans: Vec<Span>, plain: bool) -> Self {
        Self { bytes: bytes.into(), spans, plain }
    }
    /// Number of cells.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }
    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
    /// The cell's bytes, `None` for null.
    #[must_use]
    #[inline]
    pub fn get(&self, row: usize) -> Option<&[u8]> {
        self.spans[row].get(&self.bytes)
    }
    /// All cells in order.
    #[must_use = "an iterator does nothing by itself"]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        self.spans.iter().map(|span| span.get(&self.bytes))
    }
    /// Whether no cell needs quoting (see [`Text::new`]).
    #[must_use]
    pub fn plain(&self) -> bool {
        self.plain
    }
    /// The buffer that the spans point into.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// The spans.
    #[must_use]
    #[inline]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
    /// The same column with buffers of its own.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text { bytes: Cow::Owned(self.bytes.into_owned()), spans: self.spans, plain: self.plain }
    }
}

/// Builds a text column cell by cell.
#[derive(Default)]
pub struct TextBuilder {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl TextBuilder {
    /// Room for `rows` cells of about `width` bytes.
    #[must_use]
    pub fn with_capacity(rows: usize, width: usize) -> Self {
        Self { bytes: Vec::with_capacity(rows * width), spans: Vec::with_capacity(rows) }
    }
    /// Appends a cell.
    #[inline]
    pub fn push(&mut self, cell: &[u8]) {
        self.push_with(|bytes| bytes.extend_from_slice(cell));
    }
    /// Appends a null.
    #[inline]
    pub fn push_null(&mut self) {
        self.spans.push(Span::NULL);
    }
    /// Appends a cell or a null.
    #[inline]
    pub fn push_option(&mut self, cell: Option<&[u8]>) {
        match cell {
            Some(cell) => self.push(cell),
            None => self.push_null(),
        }
    }
    /// Appends the cell that `write` adds to the buffer; it must only append, and append UTF-8.
    #[inline]
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let start = u32::try_from(start).expect("a batch is far below 4 GiB");
        let end = u32::try_from(self.bytes.len()).expect("a batch is far below 4 GiB");
        self.spans.push(Span::new(start, end - start));
    }
    /// The column; `plain` as in [`Text::new`].
    #[must_use]
    pub fn finish(self, plain: bool) -> Text<'static> {
        Text { bytes: Cow::Owned(self.bytes), spans: self.spans, plain }
    }
}

/// A column of any type.
#[derive(Clone)]
pub enum Column<'a> {
    /// UTF-8 text.
    Text(Text<'a>),
    /// Integers.
    Integer(Vec<Option<i64>>),
    /// Exact decimals; each cell has its own scale.
    Decimal(Vec<Option<Decimal>>),
    /// Doubles.
    Float(Vec<Option<f64>>),
    /// Booleans.
    Boolean(Vec<Option<bool>>),
    /// Civil dates.
    Date(Vec<Option<Date>>),
    /// Microseconds since the epoch, without a zone.
    Timestamp(Vec<Option<i64>>),
}

impl<'a> Column<'a> {
    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(cells) => cells.len(),
            Self::Integer(cells) | Self::Timestamp(cells) => cells.len(),
            Self::Decimal(cells) => cells.len(),
            Self::Float(cells) => cells.len(),
            Self::Boolean(cells) => cells.len(),
            Self::Date(cells) => cells.len(),
        }
    }
    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The column's type.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Text,
            Self::Integer(_) => DataType::Integer,
            Self::Decimal(_) => DataType::Decimal,
            Self::Float(_) => DataType::Float,
            Self::Boolean(_) => DataType::Boolean,
            Self::Date(_) => DataType::Date,
            Self::Timestamp(_) => DataType::Timestamp,
        }
    }
    /// Whether any cell is null.
    #[must_use]
    pub fn has_null(&self) -> bool {
        match self {
            Self::Text(cells) => cells.spans().iter().any(|span| span.is_null()),
            typed => (0..typed.len()).any(|row| typed.is_null(row)),
        }
    }
    /// Whether the cell is null.
    #[must_use]
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(cells) => cells.spans()[row].is_null(),
            Self::Integer(cells) | Self::Timestamp(cells) => cells[row].is_none(),
            Self::Decimal(cells) => cells[row].is_none(),
            Self::Float(cells) => cells[row].is_none(),
            Self::Boolean(cells) => cells[row].is_none(),
            Self::Date(cells) => cells[row].is_none(),
        }
    }
    /// Appends the cell as text; `false` (and nothing appended) for null.
    ///
    /// Integers and decimals exactly, doubles in their shortest form that reads back the same, booleans as `true` and
    /// `false`, dates as `YYYY-MM-DD`, timestamps as `YYYY-MM-DDTHH:MM:SS[.ffffff]`.
    pub fn write_text(&self, row: usize, out: &mut Vec<u8>) -> bool {
        use std::io::Write as _;
        let infallible = "writing to a vector cannot fail";
        match self {
            Self::Text(cells) => match cells.get(row) {
                Some(cell) => out.extend_from_slice(cell),
                None => return false,
            },
            Self::Integer(cells) => match cells[row] {
                Some(number) => write!(out, "{number}").expect(infallible),
                None => return false,
            },
            Self::Decimal(cells) => match cells[row] {
                Some(number) => number.write(out),
                None => return false,
            },
            Self::Float(cells) => match cells[row] {
                Some(number) => write!(out, "{number:?}").expect(infallible),
                None => return false,
            },
            Self::Boolean(cells) => match cells[row] {
                Some(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
                None => return false,
            },
            Self::Date(cells) => match cells[row] {
                Some(date) => date.write(out),
                None => return false,
            },
            Self::Timestamp(cells) => match cells[row] {
                Some(micros) => super::date::write_timestamp(micros, out),
                None => return false,
            },
        }
        true
    }
    /// The column as text: itself if it is text, else a copy rendered by [`Column::write_text`].
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, Text<'a>> {
        if let Self::Text(cells) = self {
            return Cow::Borrowed(cells);
        }
        let mut builder = TextBuilder::with_capacity(self.len(), 12);
        for row in 0..self.len() {
            if self.is_null(row) {
                builder.push_null();
            } else {
                builder.push_with(|out| {
                    self.write_text(row, out);
                });
            }
        }
        // Digits, letters, '-', ':', 'T', '.', '+' only: nothing that the usual delimiters collide with, but a
        // profile may choose any, so the writer looks for itself.
        Cow::Owned(builder.finish(false))
    }
}
