//! Separated values: a shard of whole records becomes batches of text columns.
//!
//! Responsible for: rows of the right number of fields, quotes where they may stand, the declared encoding, nulls. Cells
//! are slices of the shard's own buffer; a cell with doubled quotes is unescaped in its own place. Nothing is trimmed.
//!
//! What is a row: RFC 4180, with LF as well as CR LF; a CR elsewhere is data, and so is NUL. A line without any byte is
//! skipped and not counted where there are two columns or more (as the `csv` crate does); where there is one column it is
//! a row with an empty cell. `""` is an empty text and never null.

use super::encoding::is_valid;
use super::options::Options;
use super::options::{Ragged, StrayQuotes};
use super::quoted::{Fault, unquote};
use super::scan::{Marks, QUOTED, Scanner};
use super::sink::{Findings, Fingerprint, Sink, batch_rows};
use crate::error::{ErrorKind, Result};
use crate::value::{Batch, Column, Schema, Span, Text};
use memchr::{memchr, memchr_iter};

/// A worker's buffers for tokenizing.
#[derive(Default)]
pub(super) struct CsvScratch {
    marks: Marks,
    /// Ends of the fields of good rows, one row behind the other.
    ends: Vec<u32>,
    /// Where each good row starts.
    starts: Vec<u32>,
    /// Number in the shard of each good row, from 0; only those that begin a run are used.
    runs: Vec<Run>,
    /// The cells of a batch that has quotes, row by row.
    cells: Vec<Cell>,
}

/// Good rows without a rejected one between them.
struct Run {
    /// Row of the shard, from 0.
    number: u64,
    /// Place among the good rows.
    first: usize,
}

/// A cell of a batch that has quotes.
#[derive(Clone, Copy)]
struct Cell {
    start: u32,
    len: u32,
    quoted: bool,
    /// Whether a writer must quote it.
    special: bool,
}

/// What is the same for all shards of a file.
pub(super) struct Layout<'a> {
    pub(super) options: &'a Options,
    /// Columns of the file by the order of the schema.
    pub(super) order: &'a [usize],
    /// Names and types.
    pub(super) schema: &'a Schema,
    /// Whether the bytes came through a decoder, so that they need no check.
    pub(super) decoded: bool,
    /// By schema column, whether its cells are asked for; `None` asks for all.
    pub(super) wanted: Option<&'a [bool]>,
}

impl Layout<'_> {
    /// Whether the cells of a column of the schema are asked for.
    fn is_wanted(&self, place: usize) -> bool {
        self.wanted.is_none_or(|wanted| wanted[place])
    }
    /// The name of a field by its place in the file's rows; `None` behind the last column.
    fn name(&self, field: usize) -> Option<&str> {
        let column = self.order.iter().position(|of_file| *of_file == field)?;
        Some(&self.schema.fields()[column].name)
    }
}

/// Reads a shard of whole rows.
pub(super) fn read(
    text: &mut [u8],
    layout: &Layout<'_>,
    scratch: &mut CsvScratch,
    fingerprint: &mut Fingerprint,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let options = layout.options;
    let classes = Classes::new(options);
    let nulls = Nulls::new(&options.null);
    let commas = options.delimiter == b',';
    let mut reader = Reader { layout, nulls, classes, commas, scratch, number: 0, start: 0, stopped: false };
    let mut scanner = Scanner::new(text, options.delimiter, options.quote, options.stray_quotes == StrayQuotes::Keep);
    let most = batch_rows(layout.order.len());
    reader.scratch.marks.clear();
    let mut hashed = 0;
    loop {
        scanner.fill(text, reader.start, most, &mut reader.scratch.marks);
        fingerprint.add(&text[hashed..scanner.at()]);
        hashed = scanner.at();
        if reader.scratch.marks.rows().is_empty() {
            break;
        }
        reader.batch(text, scanner.open_end(), sink)?;
        if reader.stopped || sink.findings.full() {
            break;
        }
    }
    fingerprint.add(&text[hashed..]);
    Ok(())
}

struct Reader<'a> {
    layout: &'a Layout<'a>,
    nulls: Nulls<'a>,
    classes: Classes,
    /// Whether the delimiter is the comma: only then is a cell without it plain to a writer.
    commas: bool,
    scratch: &'a mut CsvScratch,
    /// Rows so far, with the rejected.
    number: u64,
    /// Where the next row starts.
    start: usize,
    /// Whether a quote was found where none may stand: nothing behind can be trusted.
    stopped: bool,
}

impl Reader<'_> {
    /// Delivers the whole rows among the marks.
    fn batch(&mut self, text: &mut [u8], open_end: bool, sink: &mut Sink<'_>) -> Result<()> {
        let from = self.start;
        self.arrange(text, open_end, sink);
        let region = from..self.start.min(text.len());
        let returns = if self.scratch.marks.returns { memchr_iter(b'\r', &text[region.clone()]).count() } else { 0 };
        let stripped = if returns == 0 { 0 } else { self.strip_returns(text, open_end) };
        // Whether an unquoted cell may hold a byte that a writer must quote: a CR that ends no line, or the usual quote where
        // another or none is used.
        let suspect = returns != stripped
            || (self.layout.options.quote != Some(b'"') && memchr(b'"', &text[region.clone()]).is_some());
        if !self.layout.decoded && !is_valid(&text[region], self.layout.options.encoding) {
            self.find_bad_cells(text, &mut sink.findings);
        }
        let quotes = self.scratch.marks.quotes;
        if quotes {
            self.unquote_all(text, &mut sink.findings);
        }
        if !sink.findings.is_empty() {
            return Ok(());
        }
        for run in 0..self.scratch.runs.len() {
            let first = self.scratch.runs[run].first;
            let end = self.scratch.runs.get(run + 1).map_or(self.scratch.starts.len(), |next| next.first);
            let mut gathered =
                if quotes { Vec::new() } else { self.gather_ends(text, first, end, suspect) }.into_iter();
            let columns = self.layout.order.iter().enumerate().map(|(place, column)| {
                if !self.layout.is_wanted(place) {
                    return Column::Text(Text::new(&[][..], Vec::new(), true));
                }
                let all = gathered.next();
                let (spans, plain) = all.unwrap_or_else(|| self.gather_cells(text, *column, first, end, suspect));
                Column::Text(Text::new(&*text, spans, plain))
            });
            let columns = columns.collect();
            sink.give(Batch { first_row: self.scratch.runs[run].number, rows: end - first, columns })?;
        }
        Ok(())
    }

    /// Sorts the rows: good ones into `starts` and `ends`, ragged ones to the findings or the rejected.
    fn arrange(&mut self, text: &[u8], open_end: bool, sink: &mut Sink<'_>) {
        let columns = self.layout.order.len();
        let CsvScratch { marks, ends, starts, runs, .. } = &mut *self.scratch;
        ends.clear();
        starts.clear();
        runs.clear();
        let all = marks.ends();
        let rows = marks.rows();
        // nearly always all rows are good
        if rows.iter().zip(1..).all(|(upto, row)| *upto as usize == row * columns)
            && let Some(all) = all.get(..rows.len() * columns)
            && let Some(last) = all.last()
        {
            runs.push(Run { number: self.number, first: 0 });
            ends.extend_from_slice(all);
            starts.push(offset(self.start));
            let begins = all.chunks_exact(columns).map(|row| (row[columns - 1] & !QUOTED).wrapping_add(1));
            starts.extend(begins.take(rows.len() - 1));
            self.start = (last & !QUOTED) as usize + 1;
            self.number += rows.len() as u64;
            return;
        }
        let mut first = 0;
        let mut broken = true;
        for (place, upto) in rows.iter().enumerate() {
            let upto = *upto as usize;
            let end = (all[upto - 1] & !QUOTED) as usize;
            let start = std::mem::replace(&mut self.start, end + 1);
            let fields = &all[first..upto];
            first = upto;
            if fields.len() == columns {
                if broken {
                    runs.push(Run { number: self.number, first: starts.len() });
                    broken = false;
                }
                starts.push(offset(start));
                ends.extend_from_slice(fields);
                self.number += 1;
                continue;
            }
            if fields.len() == 1 && matches!(&text[start..end], [] | [b'\r']) {
                continue;
            }
            self.number += 1;
            let open = open_end && place + 1 == rows.len();
            let options = self.layout.options;
            if let Some((field, fault)) = first_fault(text, start, fields, options, open) {
                sink.findings.push(self.number, self.layout.name(field), fault_kind(fault));
                self.stopped = true;
                return;
            }
            match options.ragged {
                Ragged::Error => {
                    let kind = ErrorKind::RaggedRow { expected: columns, found: fields.len() };
                    sink.findings.push(self.number, None, kind);
                    if sink.findings.full() {
                        return;
                    }
                }
                Ragged::Reject => sink.rejected += 1,
            }
            broken = true;
        }
    }

    /// Takes the CR of a CR LF out of the last field of each row; gives their number.
    fn strip_returns(&mut self, text: &[u8], open_end: bool) -> usize {
        let mut stripped = 0;
        let columns = self.layout.order.len();
        let CsvScratch { ends, starts, .. } = &mut *self.scratch;
        for (row, start) in starts.iter().enumerate() {
            let fields = &mut ends[row * columns..][..columns];
            let first = if columns == 1 { *start } else { (fields[columns - 2] & !QUOTED) + 1 };
            let last = &mut fields[columns - 1];
            let end = *last & !QUOTED;
            let open = open_end && end as usize == text.len();
            if !open && end > first && text[end as usize - 1] == b'\r' {
                *last -= 1;
                stripped += 1;
            }
        }
        stripped
    }

    /// Names the cells whose bytes are not of the encoding.
    fn find_bad_cells(&self, text: &[u8], findings: &mut Findings) {
        let columns = self.layout.order.len();
        let encoding = self.layout.options.encoding;
        for row in 0..self.scratch.starts.len() {
            for column in 0..columns {
                let (start, end) = self.field(row * columns + column, columns);
                if !is_valid(&text[start..end], encoding) {
                    let kind = ErrorKind::BadEncoding(encoding.name());
                    findings.push(self.number_of(row) + 1, self.layout.name(column), kind);
                    if findings.full() {
                        return;
                    }
                }
            }
        }
    }

    /// Unescapes every field with a quote, and looks whether its quotes may stand there.
    fn unquote_all(&mut self, text: &mut [u8], findings: &mut Findings) {
        let columns = self.layout.order.len();
        let Options { quote, stray_quotes, .. } = *self.layout.options;
        let (quote, keep) = (quote.expect("a quote was found"), stray_quotes == StrayQuotes::Keep);
        let CsvScratch { ends, starts, runs, cells, .. } = &mut *self.scratch;
        cells.clear();
        for (row, (fields, start)) in ends.chunks_exact(columns).zip(starts.iter()).enumerate() {
            let mut start = *start as usize;
            for (column, mark) in fields.iter().enumerate() {
                let end = (mark & !QUOTED) as usize;
                let field = &mut text[start..end];
                let cell = if mark & QUOTED == 0 {
                    Ok(Cell { start: offset(start), len: offset(field.len()), quoted: false, special: false })
                } else {
                    self.classes.cell(field, start, quote, keep)
                };
                match cell {
                    Ok(cell) => cells.push(cell),
                    Err(fault) => {
                        let row = number_of(runs, row) + 1;
                        findings.drop_behind(row);
                        findings.push(row, self.layout.name(column), fault_kind(fault));
                        self.stopped = true;
                        return;
                    }
                }
                start = end + 1;
            }
        }
    }

    /// Where a field lies. `place` counts the fields of good rows.
    fn field(&self, place: usize, columns: usize) -> (usize, usize) {
        let CsvScratch { ends, starts, .. } = &*self.scratch;
        let start = match place % columns {
            0 => starts[place / columns],
            _ => (ends[place - 1] & !QUOTED) + 1,
        };
        (start as usize, (ends[place] & !QUOTED) as usize)
    }

    /// The row of the shard, from 0, that a good row is.
    fn number_of(&self, row: usize) -> u64 {
        number_of(&self.scratch.runs, row)
    }

    /// The spans of every wanted column, in their order, where no field has a quote. Some rows at a time, so that their ends are in the
    /// first cache for all columns.
    fn gather_ends(&self, text: &[u8], first: usize, end: usize, suspect: bool) -> Vec<(Vec<Span>, bool)> {
        const AT_ONCE: usize = 128;
        let columns = self.layout.order.len();
        let CsvScratch { ends, starts, .. } = &*self.scratch;
        let wanted = (0..columns).filter(|place| self.layout.is_wanted(*place)).map(|place| self.layout.order[place]);
        let mut gathered: Vec<_> = wanted.map(|column| (column, Vec::with_capacity(end - first), 0)).collect();
        let rows = ends[first * columns..end * columns].chunks(AT_ONCE * columns);
        for (ends, starts) in rows.zip(starts[first..end].chunks(AT_ONCE)) {
            for (column, spans, lengths) in &mut gathered {
                *lengths |= self.nulls.gather(ends, starts, *column, spans);
            }
        }
        let special = |cell: &[u8]| self.classes.of(cell) != 0;
        let finish = |(_, mut spans, lengths): (usize, Vec<Span>, u64)| {
            if lengths & 1 == 1 {
                for span in &mut spans {
                    *span = self.nulls.span(text, *span);
                }
            }
            let plain = self.commas && (!suspect || !spans.iter().any(|span| span.get(text).is_some_and(special)));
            (spans, plain)
        };
        gathered.into_iter().map(finish).collect()
    }

    /// The spans of a column where some fields have quotes.
    fn gather_cells(&self, text: &[u8], column: usize, first: usize, end: usize, suspect: bool) -> (Vec<Span>, bool) {
        let columns = self.layout.order.len();
        let mut plain = self.commas;
        let mut spans = Vec::with_capacity(end - first);
        for row in self.scratch.cells[first * columns..end * columns].chunks_exact(columns) {
            let cell = row[column];
            plain &= !cell.special;
            if suspect && plain {
                plain = self.classes.of(&text[cell.start as usize..][..cell.len as usize]) == 0;
            }
            spans.push(if cell.quoted {
                Span::new(cell.start, cell.len)
            } else {
                self.nulls.span(text, Span::new(cell.start, cell.len))
            });
        }
        (spans, plain)
    }
}

/// The first field of a row whose quotes are wrong.
fn first_fault(text: &[u8], mut start: usize, fields: &[u32], options: &Options, open: bool) -> Option<(usize, Fault)> {
    let quote = options.quote?;
    for (place, end) in fields.iter().enumerate() {
        let marked = end & QUOTED != 0;
        let end = (end & !QUOTED) as usize;
        if marked {
            let mut field = text[start..end].to_vec();
            if place + 1 == fields.len() && !open && field.last() == Some(&b'\r') {
                field.pop();
            }
            if let Err(fault) = unquote(&mut field, quote, options.stray_quotes == StrayQuotes::Keep) {
                return Some((place, fault));
            }
        }
        start = end + 1;
    }
    None
}

/// The row of the shard, from 0, that a good row is.
fn number_of(runs: &[Run], row: usize) -> u64 {
    let run = &runs[runs.partition_point(|run| run.first <= row) - 1];
    run.number + (row - run.first) as u64
}

fn fault_kind(fault: Fault) -> ErrorKind {
    match fault {
        Fault::Stray => ErrorKind::StrayQuote,
        Fault::Unclosed => ErrorKind::UnclosedQuote,
    }
}

/// An offset in a shard: far below 2³¹ (see [`super::stream::MOST_BYTES`]).
#[inline]
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("a shard is below 2 GiB")
}

/// For each byte, whether a writer must quote a cell with it.
struct Classes([u8; 256]);

impl Classes {
    /// The bit of the reader's quote; other bytes that need quotes have bit 0.
    const QUOTE: u8 = 2;

    fn new(options: &Options) -> Self {
        let mut classes = [0; 256];
        for byte in [options.delimiter, b'"', b'\n', b'\r'] {
            classes[usize::from(byte)] = 1;
        }
        if let Some(quote) = options.quote {
            classes[usize::from(quote)] = Self::QUOTE;
        }
        Self(classes)
    }
    /// The bits of all bytes of a cell.
    #[inline]
    fn of(&self, cell: &[u8]) -> u8 {
        cell.iter().fold(0, |seen, byte| seen | self.0[usize::from(*byte)])
    }
    /// The cell of a field that has a quote and lies at `start`.
    #[inline]
    fn cell(&self, field: &mut [u8], start: usize, quote: u8, keep: bool) -> std::result::Result<Cell, Fault> {
        // Nearly always the two quotes around are all there are.
        if let [first, inner @ .., last] = &*field
            && (*first, *last) == (quote, quote)
        {
            let seen = self.of(inner);
            if seen & Self::QUOTE == 0 {
                return Ok(Cell {
                    start: offset(start + 1),
                    len: offset(inner.len()),
                    quoted: true,
                    special: seen != 0,
                });
            }
        }
        let content = unquote(field, quote, keep)?;
        let special = self.of(&field[content.start..][..content.len]) != 0;
        Ok(Cell { start: offset(start + content.start), len: offset(content.len), quoted: content.quoted, special })
    }
}

/// The texts that mean null.
struct Nulls<'a> {
    /// Bit n: some marker has n bytes; bit 63: some has 63 or more.
    lengths: u64,
    markers: &'a [Vec<u8>],
}

impl<'a> Nulls<'a> {
    fn new(markers: &'a [Vec<u8>]) -> Self {
        Self { lengths: markers.iter().fold(0, |bits, marker| bits | 1 << marker.len().min(63)), markers }
    }
    /// Appends the spans of a column of some rows, whether null or not. The lowest bit of what it gives says whether one is as long as a
    /// marker: there is no branch for each cell, and nothing is kept in memory between two.
    fn gather(&self, ends: &[u32], starts: &[u32], column: usize, spans: &mut Vec<Span>) -> u64 {
        let from = spans.len();
        let rows = ends.chunks_exact(ends.len() / starts.len().max(1));
        let span = |start: u32, end: u32| Span::new(start, end.wrapping_sub(start));
        match column.checked_sub(1) {
            None => spans.extend(rows.zip(starts).map(|(row, start)| span(*start, row[0]))),
            Some(before) => spans.extend(rows.map(move |row| span(row[before].wrapping_add(1), row[column]))),
        }
        let all = self.lengths;
        spans[from..].iter().fold(0, |lengths, span| lengths | all >> span.width().min(63))
    }
    /// The span of an unquoted cell, or null.
    #[inline]
    fn span(&self, text: &[u8], cell: Span) -> Span {
        let may_be = self.lengths >> cell.width().min(63) & 1 == 1;
        if may_be && self.holds(cell.get(text)) { Span::NULL } else { cell }
    }
    fn holds(&self, cell: Option<&[u8]>) -> bool {
        self.markers.iter().any(|marker| Some(marker.as_slice()) == cell)
    }
}
