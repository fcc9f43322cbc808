//! Parquet parts that hold the cells and nothing about them.
//!
//! No statistics, no bloom filters, no sorting columns, no key-value metadata (not even the Arrow schema: the logical
//! types of Parquet say all that our columns need). A dictionary is built from the cells of its own row group. What the
//! writer below cannot leave out: the text "Polars" as `created_by`, and an offset index, which gives the place and the
//! number of rows of each page.

use super::format::{Groups, Tray, Wide, guarded, write_error};
use super::record::Builders;
use crate::error::Result;
use polars::prelude::DataFrame;
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter, StatisticsOptions};
use std::io::Write;
use std::sync::PoisonError;

const WRITER: &str = "the Parquet writer";

/// Writes row groups.
pub(super) struct ParquetPart<W: Write> {
    writer: BatchedWriter<Tray>,
    tray: Tray,
    sink: Wide<W>,
}

impl<W: Write> ParquetPart<W> {
    pub(super) fn start(builders: &Builders, zstd: bool, sink: W) -> Result<Self> {
        let tray = Tray::default();
        let compression = if zstd { ParquetCompression::Zstd(None) } else { ParquetCompression::Uncompressed };
        let schema = builders.empty()?;
        let writer = guarded(WRITER, || {
            ParquetWriter::new(tray.clone())
                .with_compression(compression)
                .with_statistics(StatisticsOptions::empty())
                .set_parallel(false)
                .batched(schema.schema())
        })?;
        Ok(Self { writer, tray, sink: Wide::new(sink) })
    }
}

impl<W: Write> Groups for ParquetPart<W> {
    type Sink = W;
    /// Writes one row group.
    fn group(&mut self, frame: &DataFrame) -> Result<()> {
        guarded(WRITER, || self.writer.write_batch(frame))?;
        self.tray.drain(&mut self.sink)
    }
    fn finish(mut self) -> Result<W> {
        guarded(WRITER, || {
            let mut writer = self.writer.get_writer().lock().unwrap_or_else(PoisonError::into_inner);
            // An empty list: without one, the writer adds the Arrow schema.
            writer.end(Some(Vec::new()))
        })?;
        self.tray.drain(&mut self.sink)?;
        self.sink.finish().map_err(|cause| write_error(&cause))
    }
}
