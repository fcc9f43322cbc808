//! Arrow IPC parts (Feather version 2) that hold the cells and nothing else.
//!
//! Text is written as large UTF-8, not as string views: offsets and one run of bytes, so there is no inline view to hide
//! a cell in and no buffer that nothing points to. There are no dictionaries and no metadata. Every buffer was built cell
//! by cell from records, with zeros under missing cells.

use super::format::{Groups, Tray, Wide, guarded, write_error};
use super::record::Builders;
use crate::error::Result;
use polars::prelude::{CompatLevel, DataFrame};
use polars_io::SerWriter as _;
use polars_io::ipc::{BatchedWriter, IpcCompression, IpcWriter};
use std::io::Write;

const WRITER: &str = "the Arrow writer";

/// Writes record batches.
pub(super) struct IpcPart<W: Write> {
    writer: BatchedWriter<Tray>,
    tray: Tray,
    sink: Wide<W>,
}

impl<W: Write> IpcPart<W> {
    pub(super) fn start(builders: &Builders, zstd: bool, sink: W) -> Result<Self> {
        let tray = Tray::default();
        let compression = zstd.then(|| IpcCompression::ZSTD(polars::polars_utils::compression::ZstdLevel::default()));
        let schema = builders.empty()?;
        // No column has a dictionary: the default of each field says so.
        let fields = std::iter::repeat_with(Default::default).take(schema.width()).collect();
        let writer = guarded(WRITER, || {
            IpcWriter::new(tray.clone())
                .with_compression(compression)
                .with_compat_level(CompatLevel::oldest())
                .with_record_batch_statistics(false)
                .with_parallel(false)
                .batched(schema.schema(), fields)
        })?;
        Ok(Self { writer, tray, sink: Wide::new(sink) })
    }
}

impl<W: Write> Groups for IpcPart<W> {
    type Sink = W;
    /// Writes one record batch.
    fn group(&mut self, frame: &DataFrame) -> Result<()> {
        guarded(WRITER, || self.writer.write_batch(frame))?;
        self.tray.drain(&mut self.sink)
    }
    fn finish(mut self) -> Result<W> {
        guarded(WRITER, || self.writer.finish())?;
        self.tray.drain(&mut self.sink)?;
        self.sink.finish().map_err(|cause| write_error(&cause))
    }
}
