//! Parquet parts that hold the cells and nothing about them.
//!
//! No statistics, no bloom filters, no sorting columns, no page index, no key-value metadata (not even the Arrow schema: the
//! logical types of Parquet say all that our columns need), no name of the writer. A dictionary is built from the cells of
//! its own row group. The last group of eight bit-packed places in it may be filled up with places that stand before it: the
//! writer below does so, and it tells nothing new.

use super::format::{Groups, Tray, Wide, guarded, write_error};
use super::parquet_footer::without_index_and_name;
use super::record::Builders;
use crate::error::{ErrorKind, Result};
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
        let end = self.tray.take();
        let end = without_index_and_name(&end).ok_or(ErrorKind::Internal("the end of a Parquet file is another"))?;
        let failed = |cause: std::io::Error| write_error(&cause);
        self.sink.write_all(&end).map_err(failed)?;
        self.sink.finish().map_err(|cause| write_error(&cause))
    }
}
