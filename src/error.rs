//! What went wrong, where, and nothing of what a cell held.
//!
//! Responsible for: the one error type of the library. Given: a closed kind and a place. It never holds a cell's value,
//! nor the text of another library's error, because those quote cells (see `DESIGN.md`, "What must never happen").

use std::cmp::Ordering;
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
    /// A header in which a column cannot be named: why.
    BadHeader(&'static str),
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
    /// Sensitive values without a place in what says how far they are from each other: how many, and where.
    Unplaced {
        /// How many values.
        values: u64,
        /// Where they are missing: the order, the hierarchy.
        missing_in: &'static str,
    },
    /// Classes have more members than the table of the population has there: how many classes.
    NotPopulation {
        /// How many classes.
        classes: u64,
    },
    /// The input has more members than the population is said to have.
    SmallPopulation {
        /// What the profile says.
        stated: u64,
        /// What was counted.
        members: u64,
    },
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
    /// The environment variable that should hold the key is not set: its name.
    KeyVariable(String),
    /// Evidence that does not hold: which link.
    Evidence {
        /// Stable code of the link, as `E_ROOT`.
        code: &'static str,
        /// What does not hold, in words.
        what: &'static str,
    },
    /// The run was stopped by the user.
    Interrupted,
    /// Something outside this code refused: which part; its own text is withheld because it may quote cells.
    Foreign(&'static str),
    /// Our own fault: what should have held.
    Internal(&'static str),
}

/// How many data errors are told at once.
pub const MANY: usize = 20;

/// One complaint about a profile: where in the file, what, and what to do. In order of the places; at one place in the order of
/// the words, in which line 11 comes before line 103.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        self.inner(|error| error.in_file(path))
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
        self.inner(|error| error.moved_down(rows))
    }
    /// The same with the column named, unless one is named already.
    #[must_use]
    pub fn in_column(mut self, column: &str) -> Self {
        self.0.place.column.get_or_insert_with(|| column.to_owned());
        self.inner(|error| error.in_column(column))
    }
    /// The same with every single error changed: itself, or those of [`ErrorKind::Many`].
    #[must_use]
    pub fn each(self, change: impl Fn(Error) -> Error) -> Self {
        if matches!(self.0.kind, ErrorKind::Many { .. }) { self.inner(change) } else { change(self) }
    }
    /// The same with the errors of [`ErrorKind::Many`] changed.
    fn inner(mut self, change: impl Fn(Error) -> Error) -> Self {
        if let ErrorKind::Many { errors, .. } = &mut self.0.kind {
            *errors = std::mem::take(errors).into_iter().map(change).collect();
        }
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
    /// One error out of many, in row order: none for an empty list, the error itself for one, else [`ErrorKind::Many`].
    /// Those that are themselves many are taken apart, and what they left out stays counted.
    #[must_use]
    pub fn gather(errors: Vec<Error>) -> Option<Error> {
        let (mut flat, mut more) = (Vec::with_capacity(errors.len()), 0);
        for error in errors {
            match error.0.kind {
                ErrorKind::Many { errors, more: left_out } => {
                    flat.extend(errors);
                    more += left_out;
                }
                _ => flat.push(error),
            }
        }
        if flat.len() <= 1 && more == 0 {
            return flat.pop();
        }
        flat.sort_by_key(|error| error.0.place.row);
        more += flat.len().saturating_sub(MANY) as u64;
        flat.truncate(MANY);
        Some(Error::new(ErrorKind::Many { errors: flat, more }))
    }
}

impl ErrorKind {
    /// A short stable name, for the log of a run that failed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { cause: std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded, .. } => "disk_full",
            Self::Io { .. } => "io",
            Self::Profile(_) => "profile",
            Self::Usage(_) => "usage",
            Self::Many { errors, .. } => errors.first().map_or("many", |error| error.kind().code()),
            Self::RaggedRow { .. } => "ragged_row",
            Self::StrayQuote => "stray_quote",
            Self::UnclosedQuote => "unclosed_quote",
            Self::BadEncoding(_) => "bad_encoding",
            Self::BadValue(_) => "bad_value",
            Self::BadJson(_) => "bad_json",
            Self::NullValue => "null_value",
            Self::BadHeader(_) => "bad_header",
            Self::DuplicateColumn => "duplicate_column",
            Self::UndeclaredColumn => "undeclared_column",
            Self::MissingColumn => "missing_column",
            Self::UnlikeInputs => "unlike_inputs",
            Self::EmptyInput => "empty_input",
            Self::NotOfFormat(_) => "not_of_format",
            Self::UnsupportedType(_) => "unsupported_type",
            Self::NotInHierarchy => "not_in_hierarchy",
            Self::Unplaced { .. } => "unplaced",
            Self::NotPopulation { .. } => "not_population",
            Self::SmallPopulation { .. } => "small_population",
            Self::TokenCollision => "token_collision",
            Self::InputChanged => "input_changed",
            Self::NotTwice => "not_twice",
            Self::TargetExists => "target_exists",
            Self::TargetIsInput => "target_is_input",
            Self::Memory(_) => "memory",
            Self::Key(_) | Self::KeyVariable(_) => "key",
            Self::Interrupted => "interrupted",
            Self::Foreign(_) => "foreign",
            Self::Evidence { code, .. } => code,
            Self::Internal(_) => "internal",
        }
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
            parts.push(format!("`{}`", harmless(&file.to_string_lossy())));
        }
        if let Some(row) = place.row {
            parts.push(format!("row {row}"));
        }
        if let Some(column) = &place.column {
            parts.push(format!("column `{}`", shown(column)));
        }
        if !parts.is_empty() {
            write!(out, "{}: ", parts.join(", "))?;
        }
        write!(out, "{}", self.kind())
    }
}

/// A name that came from a file, as it may reach a terminal: without control characters, and cut where it is long.
#[must_use]
pub fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => harmless(&name[..end]) + "…",
        None => harmless(name),
    }
}

/// Text in which nothing moves the cursor or turns the direction of writing; such characters are written as escapes.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let hidden = matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
        if character.is_control() || hidden {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// A number of things: `1 row`, `2 rows`.
#[must_use]
pub fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// A number of classes, whose plural is its own.
#[must_use]
pub fn counted_classes(count: u64) -> String {
    if count == 1 { "1 class".to_owned() } else { format!("{count} classes") }
}

impl Ord for Complaint {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |one: &Self| (one.line, one.column);
        let words = || by_numbers(&self.what, &other.what);
        // texts that differ in leading zeros only are not equal
        let exact = || (&self.what, &self.advice).cmp(&(&other.what, &other.advice));
        place(self).cmp(&place(other)).then_with(words).then_with(exact)
    }
}

impl PartialOrd for Complaint {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares texts part by part, runs of digits as the numbers that they are.
fn by_numbers(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    let number = |text: &mut &[u8]| {
        let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        *text = rest;
        let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
        let digits = digits[zeros..].to_vec();
        (digits.len(), digits)
    };
    loop {
        let order = match (one.first(), other.first()) {
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => number(&mut one).cmp(&number(&mut other)),
            (Some(a), Some(b)) => {
                let order = a.cmp(b);
                (one, other) = (&one[1..], &other[1..]);
                order
            }
            (a, b) => return a.cmp(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// What the system said, in words that fit behind "cannot open: ".
fn cause_in_words(cause: std::io::ErrorKind) -> String {
    match cause {
        std::io::ErrorKind::NotFound => "not found".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::NotADirectory => "a part of the path is no folder".to_owned(),
        std::io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not text in UTF-8".to_owned(),
        cause => cause.to_string(),
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { operation, cause } => write!(out, "cannot {operation}: {}", cause_in_words(*cause)),
            Self::Profile(complaints) => {
                let plural = if complaints.len() == 1 { "complaint" } else { "complaints" };
                write!(out, "the profile has {} {plural}", complaints.len())
            }
            Self::Usage(text) => out.write_str(text),
            Self::Many { errors, more } => write!(out, "{} errors", errors.len() as u64 + more),
            Self::RaggedRow { expected, found } => {
                write!(out, "the row has {}, not {expected}", counted(*found as u64, "field"))
            }
            Self::StrayQuote => out.write_str("a quote stands where none may stand"),
            Self::UnclosedQuote => out.write_str("a quoted field is never closed"),
            Self::BadEncoding(encoding) => write!(out, "bytes that are not {encoding}"),
            Self::BadValue(what) => write!(out, "the value is not {what}"),
            Self::BadJson(what) => write!(out, "the line is not {what}"),
            Self::NullValue => out.write_str("the value is null"),
            Self::BadHeader(what) => write!(out, "in the header, {what}"),
            Self::DuplicateColumn => out.write_str("the column stands twice"),
            Self::UndeclaredColumn => out.write_str("the profile does not name this column"),
            Self::MissingColumn => out.write_str("the input does not have this column"),
            Self::UnlikeInputs => out.write_str("the columns are not those of the first input"),
            Self::EmptyInput => out.write_str("the input has no columns"),
            Self::NotOfFormat(format) => write!(out, "the file is not {format}"),
            Self::UnsupportedType(name) => write!(out, "the type {} is not supported", shown(name)),
            Self::Unplaced { values, missing_in } => {
                let are = if *values == 1 { "is" } else { "are" };
                write!(out, "{} {are} not in {missing_in} that the privacy model needs", counted(*values, "value"))
            }
            Self::NotInHierarchy => out.write_str("the value is not in the hierarchy"),
            Self::NotPopulation { classes } => {
                let have = if *classes == 1 { "has" } else { "have" };
                let many = counted_classes(*classes);
                write!(out, "{many} of the input {have} more members than the table of the population has there")
            }
            Self::SmallPopulation { stated, members } => {
                let many = counted(*members, "member");
                write!(out, "the input has {many}, and the population is said to have {stated}")
            }
            Self::TokenCollision => out.write_str("two different values got the same shortened token"),
            Self::InputChanged => out.write_str("the input changed while it was read"),
            Self::NotTwice => out.write_str("this input can be read once only, and the profile needs two passes"),
            Self::TargetExists => out.write_str("the target exists already"),
            Self::TargetIsInput => out.write_str("the target is one of the inputs, or holds one"),
            Self::Memory(what) => write!(out, "{what} needs more memory than was given"),
            Self::Key(why) => write!(out, "no key: {why}"),
            Self::Evidence { code, what } => write!(out, "{what} ({code})"),
            Self::KeyVariable(name) => write!(out, "no key: the environment variable `{}` is not set", shown(name)),
            Self::Interrupted => out.write_str("stopped"),
            Self::Foreign(part) => write!(out, "{part} refused"),
            Self::Internal(what) => write!(out, "internal error: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(row: u64) -> Error {
        Error::new(ErrorKind::BadValue("a date")).at_row(row)
    }

    #[test]
    fn many_errors_are_in_row_order_and_all_counted() {
        let column =
            |name: &str, rows: std::ops::Range<u64>| Error::gather(rows.map(bad).collect()).unwrap().in_column(name);
        let all = Error::gather(vec![column("late", 10..35), column("early", 1..31), bad(2)]).unwrap();
        let ErrorKind::Many { errors, more } = all.kind() else { panic!("one error of {all}") };
        assert_eq!((errors.len(), *more), (MANY, 25 + 30 + 1 - MANY as u64));
        assert!(errors.is_sorted_by_key(|error| error.place().row));
        assert_eq!(errors[0].place().column.as_deref(), Some("early"));
    }

    #[test]
    fn what_is_said_of_many_is_said_of_each() {
        let all = Error::gather(vec![bad(1), bad(3).in_file(Path::new("b"))]).unwrap();
        let all = all.moved_down(10).in_column("c").in_file(Path::new("a"));
        let ErrorKind::Many { errors, .. } = all.kind() else { panic!("one error of {all}") };
        assert_eq!(errors[0].to_string(), "`a`, row 11, column `c`: the value is not a date");
        assert_eq!(errors[1].to_string(), "`b`, row 13, column `c`: the value is not a date");
    }

    #[test]
    fn names_from_files_cannot_command_a_terminal() {
        let error = Error::new(ErrorKind::UndeclaredColumn).in_column("\u{1b}[2Ja\u{202E}b").in_file(Path::new("x\ny"));
        let text = error.to_string();
        assert!(!text.chars().any(|character| character.is_control() || character == '\u{202E}'), "{text:?}");
        assert_eq!(shown(&"é".repeat(100)).chars().count(), 61);
        assert_eq!(shown("名称"), "名称");
    }

    #[test]
    fn complaints_of_one_place_are_in_the_order_of_the_lines_that_they_name() {
        let at = |what: &str| Complaint { line: 1, column: 1, what: what.into(), advice: String::new() };
        let mut all =
            ["line 103: x", "line 11: z", "line 11: y", "line 9", "line", "line 011: y", "a 100000000000000000000000"]
                .map(at);
        all.sort();
        let sorted: Vec<&str> = all.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(
            sorted,
            ["a 100000000000000000000000", "line", "line 9", "line 011: y", "line 11: y", "line 11: z", "line 103: x"]
        );
    }

    #[test]
    fn one_thing_is_not_things() {
        assert_eq!(
            (counted(1, "row"), counted(0, "row"), counted_classes(1)),
            ("1 row".into(), "0 rows".into(), "1 class".into())
        );
    }
}
