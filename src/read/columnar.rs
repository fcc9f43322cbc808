//! Parquet and Arrow IPC files, one row group or record batch at a time.
//!
//! Responsible for: [`Columnar`], which knows the columns and groups of a file and reads one group as light batches.
//! Given: a path. Never: a memory map (a file that is cut while mapped kills the process), more than one group in memory
//! per call, a foreign error's text, or statistics and metadata of the file, which nothing here trusts for cells.
//! The decoders are those of polars. A file that breaks them gives an error, also where they panic.

mod convert;
mod dictionary;
mod flat;
mod ipc;
mod parquet;
mod sound;

use super::sink::batch_rows;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Batch, Schema};
use polars::prelude::{PolarsResult, Series};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Which kind of typed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ColumnarFormat {
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, the file format (Feather version 2) or the stream format.
    Ipc,
}

impl ColumnarFormat {
    /// The name in messages.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Ipc => "Arrow IPC",
        }
    }
    fn reader(self) -> &'static str {
        match self {
            Self::Parquet => "the Parquet reader",
            Self::Ipc => "the Arrow reader",
        }
    }
}

/// An open typed file. Any number of threads may read groups from it.
pub(super) struct Columnar {
    schema: Schema,
    groups: Vec<u64>,
    source: Source,
}

enum Source {
    Parquet(parquet::Parquet),
    Ipc(ipc::Ipc),
}

/// With this variable set, polars may write cells to disk in plain.
const SPILL: &str = "POLARS_OOC_MEMORY_BUDGET_MB";

/// Opens a file and reads what it says about itself.
///
/// # Errors
/// [`ErrorKind::Usage`] where polars was told to spill; [`ErrorKind::Io`]; [`ErrorKind::NotOfFormat`];
/// [`ErrorKind::EmptyInput`] without columns; [`ErrorKind::DuplicateColumn`] and [`ErrorKind::UnsupportedType`] for all
/// columns at once; [`ErrorKind::Foreign`] for a broken file. The file is named.
pub(super) fn open(path: &Path, format: ColumnarFormat) -> Result<Columnar> {
    if std::env::var_os(SPILL).is_some() {
        let text = format!("{SPILL} is set: polars could write cells to disk in plain; unset it");
        return Err(ErrorKind::Usage(text).into());
    }
    open_unguarded(path, format).map_err(|error| error.in_file(path))
}

fn open_unguarded(path: &Path, format: ColumnarFormat) -> Result<Columnar> {
    let bytes = Bytes::open(path)?;
    let (schema, groups, source) = match format {
        ColumnarFormat::Parquet => {
            let (file, schema, groups) = parquet::Parquet::open(bytes)?;
            (schema, groups, Source::Parquet(file))
        }
        ColumnarFormat::Ipc => {
            let (file, schema, groups) = ipc::Ipc::open(bytes)?;
            (schema, groups, Source::Ipc(file))
        }
    };
    if schema.is_empty() {
        return Err(ErrorKind::EmptyInput.into());
    }
    Ok(Columnar { schema, groups, source })
}

impl Columnar {
    /// The columns.
    #[must_use]
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }
    /// Number of row groups or record batches.
    #[must_use]
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }
    /// Rows of a group, by the file's own word; [`Columnar::read`] holds it to that.
    #[cfg(test)]
    pub(super) fn group_rows(&self, group: usize) -> u64 {
        self.groups[group]
    }
    /// Reads one group and gives its rows in batches of at most 8192; returns how many rows there were.
    /// Rows in errors and in [`Batch::first_row`] are those of the group.
    ///
    /// # Errors
    /// Those of `each`; [`ErrorKind::BadValue`] for a cell that our types cannot hold; [`ErrorKind::InputChanged`] where
    /// the file has become shorter; [`ErrorKind::Io`]; [`ErrorKind::Foreign`] for a broken file.
    pub(super) fn read(&self, group: usize, each: &mut dyn FnMut(Batch<'_>) -> Result<()>) -> Result<u64> {
        let rows = self.groups[group];
        if rows == 0 {
            return Ok(0);
        }
        let (columns, format) = match &self.source {
            Source::Parquet(file) => (file.group(group)?, ColumnarFormat::Parquet),
            Source::Ipc(file) => (file.group(group)?, ColumnarFormat::Ipc),
        };
        let count = usize::try_from(rows).map_err(|_| broken(format))?;
        if columns.len() != self.schema.len() || columns.iter().any(|series| series.len() != count) {
            return Err(broken(format));
        }
        let mut first = 0;
        while first < count {
            let some = batch_rows(columns.len()).min(count - first);
            let batch = self.batch(&columns, first, some)?;
            each(batch)?;
            first += some;
        }
        Ok(rows)
    }
    fn batch(&self, columns: &[Series], first: usize, rows: usize) -> Result<Batch<'static>> {
        let first_row = first as u64;
        let slice_offset =
            i64::try_from(first).map_err(|_| Error::new(ErrorKind::Internal("a group beyond 2^63 rows")))?;
        let convert = |(series, field): (&Series, &crate::value::Field)| {
            convert::column(&series.slice(slice_offset, rows), first_row, &field.name)
        };
        let columns = columns.iter().zip(self.schema.fields()).map(convert).collect::<Result<_>>()?;
        Ok(Batch { first_row, rows, columns })
    }
}

/// A file that is not what it claims.
fn broken(format: ColumnarFormat) -> Error {
    ErrorKind::Foreign(format.reader()).into()
}

/// Calls a foreign reader: its errors and panics may quote cells, so neither passes.
fn guarded<T>(format: ColumnarFormat, call: impl FnOnce() -> PolarsResult<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) | Err(_) => Err(broken(format)),
    }
}

/// An open file that is read by ranges.
struct Bytes {
    file: File,
    length: u64,
}

impl Bytes {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|cause| Error::io("open", path, &cause))?;
        let length = file.metadata().map_err(|cause| Error::io("open", path, &cause))?.len();
        Ok(Self { file, length })
    }
    /// Whether a range lies inside the file as it was when it was opened.
    fn has(&self, start: u64, length: u64) -> bool {
        start.checked_add(length).is_some_and(|end| end <= self.length)
    }
    /// A range of the file, which [`Bytes::has`]; a file without it has changed.
    fn range(&self, start: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::new(ErrorKind::InputChanged),
            kind => ErrorKind::Io { operation: "read", cause: kind }.into(),
        })?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
