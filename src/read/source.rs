//! The input as a whole: which files, which columns; passes over it.

use super::columnar::{self, Columnar, ColumnarFormat};
use super::cut::Cut;
use super::format::Format;
use super::header;
use super::input::Stamp;
use super::ndjson;
use super::options::Options;
use super::pass::Pass;
use super::stream::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{DataType, Schema};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// Input files that were opened: their columns are known and alike.
pub struct Source {
    shared: Arc<Shared>,
    paths: Vec<PathBuf>,
}

/// What passes and shards need of a source.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) schema: Schema,
    pub(super) files: Vec<Opened>,
    pub(super) seed: foldhash::fast::SeedableRandomState,
}

/// One file of a source.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    /// `None` where the file is a pipe.
    pub(super) stamp: Option<Stamp>,
    /// For each column of the schema its place in the file.
    pub(super) order: Vec<usize>,
    pub(super) columnar: Option<Columnar>,
    /// The columns as the file has them.
    columns: Schema,
    /// The opened pipe, with what was read of it; gone after the first pass has begun with it.
    held: Mutex<Option<(Stream, Arc<AtomicU64>)>>,
}

impl Source {
    /// Opens files: reads every header, and checks that all have the columns of the first, in any order.
    ///
    /// # Errors
    /// A file that cannot be opened, is not of its format, has no columns or others than the first.
    pub fn open(paths: &[PathBuf], options: Options) -> Result<Self> {
        options.check()?;
        if paths.is_empty() {
            return Err(ErrorKind::Usage("no input is given".to_owned()).into());
        }
        let mut files: Vec<Opened> = Vec::with_capacity(paths.len());
        let mut schema = Schema::default();
        for path in paths {
            let first = files.first().map(|_| &schema);
            let opened = Opened::open(path, &options, first).map_err(|error| error.in_file(path))?;
            if files.is_empty() {
                schema = opened.columns.clone();
            }
            files.push(opened);
        }
        if schema.is_empty() {
            return Err(Error::new(ErrorKind::EmptyInput).in_file(&paths[0]));
        }
        let seed = foldhash::fast::SeedableRandomState::random();
        Ok(Self { shared: Arc::new(Shared { options, schema, files, seed }), paths: paths.to_vec() })
    }
    /// The columns, in the order of the first file.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.shared.schema
    }
    /// The files in the order they are read.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.paths
    }
    /// The format of a file, by its place in [`Source::files`].
    #[must_use]
    pub fn format(&self, file: usize) -> Format {
        self.shared.files[file].format
    }
    /// Bytes of all files as they lie on the disk; `None` with standard input or a pipe.
    #[must_use]
    pub fn total_bytes(&self) -> Option<u64> {
        self.shared.files.iter().map(|file| file.stamp.map(|stamp| stamp.bytes)).sum()
    }
    /// Whether every input is a regular file, so that a second pass sees the same.
    #[must_use]
    pub fn can_read_twice(&self) -> bool {
        self.total_bytes().is_some()
    }
    /// A pass over all files from the beginning.
    ///
    /// # Errors
    /// [`ErrorKind::InputChanged`] where a file is another than when it was opened; [`ErrorKind::NotTwice`] for a second
    /// pass over a pipe.
    pub fn pass(&self) -> Result<Pass> {
        for file in &self.shared.files {
            file.check_unchanged()?;
            let held = file.held.lock().unwrap_or_else(PoisonError::into_inner);
            if file.stamp.is_none() && held.is_none() {
                return Err(Error::new(ErrorKind::NotTwice).in_file(&file.path));
            }
        }
        Ok(Pass::new(Arc::clone(&self.shared)))
    }
}

impl Opened {
    /// Opens a file; `like` is the schema that it must have.
    fn open(path: &Path, options: &Options, like: Option<&Schema>) -> Result<Self> {
        let format = Format::of(path, options.format)?;
        let stamp = Stamp::of(path)?;
        let mut held = None;
        let mut columnar = None;
        let columns = if format.is_text() {
            let done = Arc::default();
            let mut stream = Stream::open(path, &done)?;
            let columns = match (format, like) {
                (Format::Csv, _) => header::read_header(&mut stream, options)?,
                // Keys may be missing in any line, so a further file has the columns of the first by definition.
                (_, Some(like)) => {
                    header::skip_mark(&mut stream, options.encoding)?;
                    like.clone()
                }
                (_, None) => {
                    header::skip_mark(&mut stream, options.encoding)?;
                    ndjson::infer(&mut stream, options.encoding, options.as_text)?
                }
            };
            held = stamp.is_none().then_some((stream, done));
            columns
        } else {
            if stamp.is_none() {
                let text = format!("{} cannot be read from a pipe; give a file", format.name());
                return Err(ErrorKind::Usage(text).into());
            }
            columnar.insert(columnar::open(path, columnar_format(format))?).schema().clone()
        };
        let order = order(&columns, like.unwrap_or(&columns), &options.names)?;
        Ok(Self { path: path.to_path_buf(), format, stamp, order, columnar, columns, held: Mutex::new(held) })
    }

    /// How the file is cut into records.
    pub(super) fn cut(&self, options: &Options) -> Cut {
        if self.format == Format::Csv { header::cut(options) } else { Cut::Lines }
    }

    /// The stream at its first row. `done` counts the bytes read.
    pub(super) fn begin(&self, options: &Options, done: &Arc<AtomicU64>) -> Result<Stream> {
        if self.stamp.is_none() {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
            return held.map(|(stream, _)| stream).ok_or_else(|| ErrorKind::NotTwice.into());
        }
        self.check_unchanged()?;
        let mut stream = Stream::open(&self.path, done)?;
        if self.format == Format::Csv {
            let columns = header::read_header(&mut stream, options).map_err(|error| match error.kind() {
                ErrorKind::Io { .. } => error,
                _ => ErrorKind::InputChanged.into(),
            })?;
            if columns != self.columns {
                return Err(ErrorKind::InputChanged.into());
            }
        } else {
            header::skip_mark(&mut stream, options.encoding)?;
        }
        Ok(stream)
    }

    /// Whether the file is still as long and as old as when it was opened.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        if Stamp::of(&self.path)? == self.stamp {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InputChanged).in_file(&self.path))
    }

    /// Bytes read of a pipe before the present pass, and since.
    pub(super) fn held_counter(&self) -> Option<Arc<AtomicU64>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|(_, done)| Arc::clone(done))
    }

    /// Row groups of a columnar file.
    pub(super) fn groups(&self) -> usize {
        self.columnar.as_ref().map_or(0, Columnar::groups)
    }

    /// The share of a row group in the bytes of its file; the shares of all groups add up to the file.
    pub(super) fn group_bytes(&self, group: usize) -> u64 {
        let (bytes, groups) = (self.stamp.map_or(0, |stamp| u128::from(stamp.bytes)), self.groups() as u128);
        let upto = |group: usize| u64::try_from(bytes * group as u128 / groups.max(1)).unwrap_or(u64::MAX);
        upto(group + 1) - upto(group)
    }
}

/// The columnar reader's name for a format that is not text.
fn columnar_format(format: Format) -> ColumnarFormat {
    match format {
        Format::Ipc => ColumnarFormat::Ipc,
        Format::Parquet | Format::Csv | Format::Ndjson => ColumnarFormat::Parquet,
    }
}

/// Where the columns of `wanted` are among `columns`; both must have the same names and types. A name that is not of the
/// `known` may be a cell of a file without a header: its place is told.
fn order(columns: &Schema, wanted: &Schema, known: &[String]) -> Result<Vec<usize>> {
    let unlike = |name: &str| {
        if known.iter().any(|known| known == name) {
            return Error::new(ErrorKind::UnlikeInputs).in_column(name);
        }
        match columns.position(name) {
            Some(place) => header::in_header(ErrorKind::UnlikeInputs, place),
            None => ErrorKind::UnlikeInputs.into(),
        }
    };
    if let Some(extra) = columns.fields().iter().find(|field| wanted.position(&field.name).is_none()) {
        return Err(unlike(&extra.name));
    }
    let place = |field: &crate::value::Field| {
        let place = columns.position(&field.name).ok_or_else(|| unlike(&field.name))?;
        let data_type: DataType = columns.fields()[place].data_type;
        if data_type == field.data_type { Ok(place) } else { Err(unlike(&field.name)) }
    };
    wanted.fields().iter().map(place).collect()
}
