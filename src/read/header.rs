//! The begin of a text file: mark, header, names of the columns.

use super::cut::Cut;
use super::encoding::{self, Start};
use super::options::StrayQuotes;
use super::options::{Encoding, Options};
use super::quoted::{Fault, unquote};
use super::scan::{Marks, QUOTED, Scanner};
use super::stream::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{DataType, Field, Schema};

/// How the options cut records of separated values.
pub(super) fn cut(options: &Options) -> Cut {
    let delimiter = options.delimiter;
    match (options.quote, options.stray_quotes) {
        (None, _) => Cut::Lines,
        (Some(quote), StrayQuotes::Error) => Cut::Strict { delimiter, quote },
        (Some(quote), StrayQuotes::Keep) => Cut::Keep { delimiter, quote },
    }
}

/// Skips the byte order mark.
pub(super) fn skip_mark(stream: &mut Stream, encoding: Encoding) -> Result<()> {
    match encoding::start(stream.peek(4)?, encoding) {
        Start::Mark(bytes) => stream.skip(bytes),
        Start::Other(what) => return Err(ErrorKind::BadEncoding(what).into()),
    }
    Ok(())
}

/// Reads mark and header of separated values; the next byte of the stream is of the first row. Gives the columns as the
/// file has them, all of them text.
///
/// Without a header the names of the options are taken, and the first row must have as many fields.
pub(super) fn read_header(stream: &mut Stream, options: &Options) -> Result<Schema> {
    skip_mark(stream, options.encoding)?;
    while let [b'\n', ..] | [b'\r', b'\n', ..] = stream.peek(2)? {
        // Without a header and with one column this is a row.
        if !options.header && options.names.len() == 1 {
            break;
        }
        let bytes = if stream.peek(2)?[0] == b'\n' { 1 } else { 2 };
        stream.skip(bytes);
    }
    let record = stream.first_record(cut(options))?;
    let length = record.len();
    let fields = split(record, options)?;
    if !options.header {
        if options.names.is_empty() {
            let text = "without a header the columns need names: give a profile, or say the names".to_owned();
            return Err(ErrorKind::Usage(text).into());
        }
        if length > 0 && fields.len() != options.names.len() {
            let kind = ErrorKind::RaggedRow { expected: options.names.len(), found: fields.len() };
            return Err(Error::new(kind).at_row(1));
        }
        return schema(&options.names).map_err(|(name, _)| Error::new(ErrorKind::DuplicateColumn).in_column(&name));
    }
    if length == 0 {
        return Err(ErrorKind::EmptyInput.into());
    }
    let mut names = Vec::with_capacity(fields.len());
    for (place, field) in fields.into_iter().enumerate() {
        let name = match options.encoding {
            Encoding::Utf8 => String::from_utf8(field).ok(),
            Encoding::Gb18030 => encoding::from_gb18030(&field),
        };
        let name = name.ok_or_else(|| in_header(ErrorKind::BadEncoding(options.encoding.name()), place))?;
        if name.is_empty() {
            return Err(in_header(ErrorKind::BadHeader("a name is empty"), place));
        }
        if name.chars().any(char::is_control) {
            let what = "a name holds a control character (a line end is LF or CR LF)";
            return Err(in_header(ErrorKind::BadHeader(what), place));
        }
        names.push(name);
    }
    stream.skip(length);
    schema(&names).map_err(|(name, place)| {
        if options.names.contains(&name) {
            Error::new(ErrorKind::DuplicateColumn).in_column(&name)
        } else {
            in_header(ErrorKind::DuplicateColumn, place)
        }
    })
}

/// A schema of text columns; else the first name that stands twice, and where it does so again.
fn schema(names: &[String]) -> std::result::Result<Schema, (String, usize)> {
    let field = |name: &String| Field { name: name.clone(), data_type: DataType::Text };
    Schema::new(names.iter().map(field).collect()).map_err(|name| {
        let again = names.iter().rposition(|other| *other == name).unwrap_or_default();
        (name, again)
    })
}

/// An error of the header: the column has no name yet, or one that may be a cell; its place from 1 stands for it.
pub(super) fn in_header(kind: ErrorKind, place: usize) -> Error {
    Error::new(kind).in_column(&format!("#{} of the header", place + 1))
}

/// The fields of one record, unescaped.
fn split(record: &[u8], options: &Options) -> Result<Vec<Vec<u8>>> {
    let keep = options.stray_quotes == StrayQuotes::Keep;
    let mut marks = Marks::default();
    let mut scanner = Scanner::new(record, options.delimiter, options.quote, keep);
    scanner.fill(record, 0, 128, &mut marks);
    let mut fields = Vec::new();
    let mut start = 0;
    let ends = marks.ends();
    for (place, end) in ends.iter().enumerate() {
        let (end, quoted) = ((end & !QUOTED) as usize, end & QUOTED != 0);
        let mut field = record[start..end].to_vec();
        if place + 1 == ends.len() && !scanner.open_end() && field.last() == Some(&b'\r') {
            field.pop();
        }
        if let (true, Some(quote)) = (quoted, options.quote) {
            let content = unquote(&mut field, quote, keep).map_err(|fault| {
                let kind = match fault {
                    Fault::Stray => ErrorKind::StrayQuote,
                    Fault::Unclosed => ErrorKind::UnclosedQuote,
                };
                in_header(kind, place)
            })?;
            field.truncate(content.start + content.len);
            field.drain(..content.start);
        }
        fields.push(field);
        start = end + 1;
    }
    Ok(fields)
}
