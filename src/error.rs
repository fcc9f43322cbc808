//! What went wrong, where, and nothing of what a cell held.
//!
//! Responsible for: the one error type of the library. Given: a closed kind and a place. It never holds a cell's value,
//! nor the text of another library's error, because those quote cells (see `DESIGN.md`, "What must never happen").

use std::fmt;
use std::path::{Path, PathBuf};

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// One thing that went wrong: a closed kind, and the place where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    place: Place,
}

/// Where in the input: any part may be unknown. Rows count from 1 and do not count the header.
#[derive(Debug, Clone, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user named it.
    pub file: Option<PathBuf>,
    /// The data row, from 1.
    pub row: Option<u64>,
    /// The column's name as the header or the profile gives it.
    pub column: Option<String>,
}

/// The kinds of error, closed: a new one does not compile until the command line has advice for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// An operation on a file failed: what was tried and what the system said (its kind only).
    Io {
        /// What was tried, as "read", "create", "rename".
        operation: &'static str,
        /// The system's error kind; its text carries no cell.
        cause: std::io::ErrorKind,
    },
    /// The profile has complaints; each with line, column and advice.
    Profile(Vec<Complaint>),
    /// An argument of the command line does not fit; the text quotes the argument, never data.
    Usage(String),
    /// Several data errors, at most [`MANY`] of them, in row order; `more` were left out.
    Many {
        /// The errors that are told.
        errors: Vec<Error>,
        /// How many more were met.
        more: u64,
    },
    /// A row has another number of fields than the header.
    RaggedRow {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// A quote stands inside an unquoted field, or text follows a closing quote.
    StrayQuote,
    /// The input ends inside a quoted field.
    UnclosedQuote,
    /// Bytes that are not of the declared encoding.
    BadEncoding(&'static str),
    /// A cell that cannot be read as its declared type: what was expected.
    BadValue(&'static str),
    /// A line that is not a JSON object of plain values.
    BadJson(&'static str),
    /// A required column has a null in this row.
    NullValue,
    /// The same name stands twice in a header or object.
    DuplicateColumn,
    /// The input has a column that the profile does not name.
    UndeclaredColumn,
    /// The profile names a column that the input does not have.
    MissingColumn,
    /// The inputs do not have the same columns.
    UnlikeInputs,
    /// The input has no header or no column.
    EmptyInput,
    /// The file is not of the format that its name or the options say: the format expected.
    NotOfFormat(&'static str),
    /// A column of a type that is not supported: which.
    UnsupportedType(String),
    /// A value is not in the generalization hierarchy of its column.
    NotInHierarchy,
    /// A token was shortened and two values now share one.
    TokenCollision,
    /// The input changed while it was read.
    InputChanged,
    /// The input cannot be read twice, and the profile needs two passes.
    NotTwice,
    /// The target exists.
    TargetExists,
    /// The target is, or lies inside, an input.
    TargetIsInput,
    /// More memory is needed than was given: what needs it.
    Memory(&'static str),
    /// A key could not be had: why, without the key.
    Key(&'static str),
    /// The run was stopped by the user.
    Interrupted,
    /// Something outside this code refused: which part; its own text is withheld because it may quote cells.
    Foreign(&'static str),
    /// Our own fault: what should have held.
    Internal(&'static str),
}

/// How many data errors are told at once.
pub const MANY: usize = 20;

/// One complaint about a profile: where in the file, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// Line of the profile, from 1; 0 where the complaint is about something that is not there.
    pub line: usize,
    /// Character of the line, from 1.
    pub column: usize,
    /// What is wrong; quotes words of the profile, never of the data.
    pub what: String,
    /// What to do.
    pub advice: String,
}

impl Error {
    /// An error of a kind, nowhere in particular.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, place: Place::default() }))
    }
    /// A failed operation on a file.
    #[must_use]
    pub fn io(operation: &'static str, path: &Path, cause: &std::io::Error) -> Self {
        Self::new(ErrorKind::Io { operation, cause: cause.kind() }).in_file(path)
    }
    /// The same with the file named, unless one is named already.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.0.place.file.get_or_insert_with(|| path.to_path_buf());
        self
    }
    /// The same with the row named (from 1), unless one is named already.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.0.place.row.get_or_insert(row);
        self
    }
    /// The same with its row moved by `rows`: from a place in a shard to a place in the file.
    #[must_use]
    pub fn moved_down(mut self, rows: u64) -> Self {
        if let Some(row) = &mut self.0.place.row {
            *row += rows;
        }
        if let ErrorKind::Many { errors, .. } = &mut self.0.kind {
            for error in errors {
                *error = error.clone().moved_down(rows);
            }
        }
        self
    }
    /// The same with the column named, unless one is named already.
    #[must_use]
    pub fn in_column(mut self, column: &str) -> Self {
        self.0.place.column.get_or_insert_with(|| column.to_owned());
        self
    }
    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }
    /// Where it happened.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }
    /// One error out of many: none for an empty list, the error itself for one, else [`ErrorKind::Many`].
    #[must_use]
    pub fn gather(mut errors: Vec<Error>) -> Option<Error> {
        if errors.len() <= 1 {
            return errors.pop();
        }
        let more = errors.len().saturating_sub(MANY) as u64;
        errors.truncate(MANY);
        Some(Error::new(ErrorKind::Many { errors, more }))
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        let mut parts = Vec::new();
        if let Some(file) = &place.file {
            parts.push(format!("`{}`", file.display()));
        }
        if let Some(row) = place.row {
            parts.push(format!("row {row}"));
        }
        if let Some(column) = &place.column {
            parts.push(format!("column `{column}`"));
        }
        if !parts.is_empty() {
            write!(out, "{}: ", parts.join(", "))?;
        }
        write!(out, "{}", self.kind())
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { operation, cause } => write!(out, "cannot {operation}: {cause}"),
            Self::Profile(complaints) => {
                let plural = if complaints.len() == 1 { "complaint" } else { "complaints" };
                write!(out, "the profile has {} {plural}", complaints.len())
            }
            Self::Usage(text) => out.write_str(text),
            Self::Many { errors, more } => write!(out, "{} errors", errors.len() as u64 + more),
            Self::RaggedRow { expected, found } => {
                write!(out, "the row has {found} fields, the header has {expected}")
            }
            Self::StrayQuote => out.write_str("a quote stands where none may stand"),
            Self::UnclosedQuote => out.write_str("a quoted field is never closed"),
            Self::BadEncoding(encoding) => write!(out, "bytes that are not {encoding}"),
            Self::BadValue(what) => write!(out, "the value is not {what}"),
            Self::BadJson(what) => write!(out, "the line is not {what}"),
            Self::NullValue => out.write_str("the value is null"),
            Self::DuplicateColumn => out.write_str("the column stands twice"),
            Self::UndeclaredColumn => out.write_str("the profile does not name this column"),
            Self::MissingColumn => out.write_str("the input does not have this column"),
            Self::UnlikeInputs => out.write_str("the columns are not those of the first input"),
            Self::EmptyInput => out.write_str("the input has no columns"),
            Self::NotOfFormat(format) => write!(out, "the file is not {format}"),
            Self::UnsupportedType(name) => write!(out, "the type {name} is not supported"),
            Self::NotInHierarchy => out.write_str("the value is not in the hierarchy"),
            Self::TokenCollision => out.write_str("two different values got the same shortened token"),
            Self::InputChanged => out.write_str("the input changed while it was read"),
            Self::NotTwice => out.write_str("this input can be read once only, and the profile needs two passes"),
            Self::TargetExists => out.write_str("the target exists already"),
            Self::TargetIsInput => out.write_str("the target is one of the inputs, or holds one"),
            Self::Memory(what) => write!(out, "{what} needs more memory than was given"),
            Self::Key(why) => write!(out, "no key: {why}"),
            Self::Interrupted => out.write_str("stopped"),
            Self::Foreign(part) => write!(out, "{part} refused"),
            Self::Internal(what) => write!(out, "internal error: {what}"),
        }
    }
}
