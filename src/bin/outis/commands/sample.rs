//! `outis sample`: made-up records as CSV, or in the format of the file's name.

use super::{say, written};
use crate::args::{SampleArgs, ShapeArg, Told};
use crate::exit::Exit;
use outis::error::{Error, ErrorKind, Result};
use outis::read::Format as InputFormat;
use outis::sample::{self, SampleOptions, SampleShape};
use outis::write::{Compression, Format, Layout, PartWriter, RecordEncoder};
use std::io::{BufWriter, Write};

const STEP: u64 = 65_536;

pub(crate) fn run(arguments: &SampleArgs, told: Told) -> Result<Exit> {
    let shape = match arguments.shape {
        ShapeArg::Personal => SampleShape::Personal,
        ShapeArg::Full => SampleShape::Full,
        ShapeArg::Quasi9 => SampleShape::Quasi9,
    };
    let options = SampleOptions { rows: arguments.rows, seed: arguments.seed, shape };
    let Some(path) = arguments.output.as_ref().filter(|path| path.as_os_str() != "-") else {
        written(write_csv(&options, std::io::stdout().lock()))?;
        return Ok(Exit::Fine);
    };
    let failed = |cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => Error::new(ErrorKind::TargetExists).in_file(path),
        _ => Error::io("write", path, &cause),
    };
    let compression = compression_of(path);
    let format = match (InputFormat::from_path(path), compression) {
        (Some(format), _) => format,
        (None, None) => InputFormat::Csv,
        // as it could not be read again
        (None, Some(_)) => {
            let text = "only `.csv` and `.ndjson` are compressed as a whole: name it so, before `.gz` or `.zst`";
            return Err(Error::new(ErrorKind::Usage(text.into())).in_file(path));
        }
    };
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    let written = if format == InputFormat::Csv && compression.is_none() {
        write_csv(&options, file).map_err(failed)
    } else {
        let format = Format::parse(format.name()).ok_or(ErrorKind::Internal("a format without a writer"))?;
        write_layout(&options, format, compression, file).map_err(|error| error.in_file(path))
    };
    if let Err(error) = written {
        let _ = std::fs::remove_file(path);
        return Err(error);
    }
    if !told.quiet {
        say(&format!("wrote {} made-up rows to {}", arguments.rows, path.display()));
    }
    Ok(Exit::Fine)
}

fn write_csv(options: &SampleOptions, mut sink: impl Write) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    sample::csv_header(options, &mut bytes);
    for start in (0..options.rows).step_by(usize::try_from(STEP).expect("a small number")) {
        sample::write_csv_rows(options, start..options.rows.min(start + STEP), &mut bytes);
        sink.write_all(&bytes)?;
        bytes.clear();
    }
    sink.write_all(&bytes)?;
    sink.flush()
}

fn write_layout(
    options: &SampleOptions,
    format: Format,
    compression: Option<&'static str>,
    file: std::fs::File,
) -> Result<()> {
    let mut layout = Layout::new(format, options.schema());
    if let Some(name) = compression {
        layout.compression = Compression::parse(name).ok_or(ErrorKind::Internal("an unknown compression"))?;
    }
    let mut encoder = RecordEncoder::new(&layout);
    let mut writer = PartWriter::start(&layout, BufWriter::new(file))?;
    for start in (0..options.rows).step_by(8192) {
        let batch = sample::batch(options, start..options.rows.min(start + 8192));
        writer.batch(&mut encoder, &batch.columns)?;
    }
    writer.finish()?.flush().map_err(|cause| Error::new(ErrorKind::Io { operation: "write", cause: cause.kind() }))
}

/// By the end of the name.
fn compression_of(path: &std::path::Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "gz" => Some("gzip"),
        "zst" => Some("zstd"),
        _ => None,
    }
}
