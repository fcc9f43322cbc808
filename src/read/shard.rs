//! A shard: the canonical unit of work, read by one worker.

use super::csv::{self, CsvScratch, Layout};
use super::encoding;
use super::format::Format;
use super::ndjson;
use super::options::Encoding;
use super::sink::{Fingerprint, Sink};
use super::source::{Opened, Shared};
use super::stream::{Chunk, Pool};
use crate::error::{Error, ErrorKind, Result};
use crate::value::Batch;
use std::hash::BuildHasher;
use std::sync::Arc;

/// A worker's buffers, to be used again for the next shard.
#[derive(Default)]
pub struct Scratch {
    csv: CsvScratch,
}

/// Some consecutive rows of one file: always the same for the same input and options, whoever reads it.
pub struct Shard {
    /// 0, 1, 2 … over all files.
    pub number: u64,
    /// Which file, by its place in [`super::Source::files`].
    pub file: usize,
    pub(super) work: Work,
    pub(super) shared: Arc<Shared>,
    pub(super) wanted: Option<Arc<[bool]>>,
    pub(super) fingerprinted: bool,
}

/// What there is to read.
pub(super) enum Work {
    /// Whole records, unpacked; the buffer goes back to the pool.
    Text(Chunk, Arc<Pool>),
    /// A row group of a columnar file.
    Group(usize),
}

/// What a shard held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardCount {
    /// Rows delivered.
    pub rows: u64,
    /// Rows left out, because they were ragged and the options say so.
    pub rejected: u64,
    /// Bytes, unpacked; of a columnar file the shard's share of the file.
    pub bytes: u64,
    /// Hash of the bytes, 0 where the pass was not asked for it: the same in every pass of one [`super::Source`], unless the input changed. Of a columnar file, a
    /// hash of its size, time and the place of the row group.
    pub fingerprint: u64,
}

impl Shard {
    /// Gives the shard's rows to `each`, batch by batch, in order.
    ///
    /// # Errors
    /// What `each` returned; or up to twenty data errors in row order, with rows of the shard from 1 (rejected rows
    /// counted). After a data error no more batches are given; some may have been before.
    pub fn read(self, scratch: &mut Scratch, each: &mut dyn FnMut(Batch<'_>) -> Result<()>) -> Result<ShardCount> {
        let Self { file, work, shared, wanted, fingerprinted, .. } = self;
        let opened = &shared.files[file];
        match work {
            Work::Text(chunk, pool) => {
                let Chunk { mut bytes, len } = chunk;
                let count =
                    read_text(&mut bytes[..len], &shared, opened, scratch, (wanted.as_deref(), fingerprinted), each);
                pool.give(bytes, shared.options.shard_bytes.saturating_mul(4));
                count
            }
            Work::Group(group) => read_group(group, &shared, opened, each),
        }
    }
}

fn read_text(
    text: &mut [u8],
    shared: &Shared,
    opened: &Opened,
    scratch: &mut Scratch,
    (wanted, fingerprinted): (Option<&[bool]>, bool),
    each: &mut dyn FnMut(Batch<'_>) -> Result<()>,
) -> Result<ShardCount> {
    let mut fingerprint = Fingerprint::new(&shared.seed, fingerprinted);
    let bytes = text.len() as u64;
    let mut sink = Sink::new(each);
    let mut layout =
        Layout { options: &shared.options, order: &opened.order, schema: &shared.schema, decoded: false, wanted };
    let mut decoded;
    let mut text = text;
    if shared.options.encoding == Encoding::Gb18030 {
        fingerprint.add(text);
        match encoding::from_gb18030(text) {
            Some(utf8) => {
                layout.decoded = true;
                decoded = utf8.into_bytes();
                text = &mut decoded;
            }
            // Read as it is, to find the bad cells; separators are never half of a character.
            None => sink.muted = true,
        }
    }
    if opened.format == Format::Ndjson {
        fingerprint.add(text);
        ndjson::read(text, &layout, &mut sink)?;
    } else {
        csv::read(text, &layout, &mut scratch.csv, &mut fingerprint, &mut sink)?;
    }
    if sink.muted && sink.findings.is_empty() {
        // In a row that was rejected, or in a line that is none.
        return Err(Error::new(ErrorKind::BadEncoding(Encoding::Gb18030.name())).in_file(&opened.path));
    }
    let (rows, rejected) = (sink.rows, sink.rejected);
    sink.findings.into_result(&opened.path)?;
    Ok(ShardCount { rows, rejected, bytes, fingerprint: fingerprint.finish() })
}

fn read_group(
    group: usize,
    shared: &Shared,
    opened: &Opened,
    each: &mut dyn FnMut(Batch<'_>) -> Result<()>,
) -> Result<ShardCount> {
    let columnar = opened.columnar.as_ref().ok_or(ErrorKind::Internal("a row group of a file without row groups"))?;
    let in_order = opened.order.iter().copied().eq(0..opened.order.len());
    let rows = columnar.read(group, &mut |mut batch| {
        if !in_order {
            let mut columns: Vec<_> = batch.columns.into_iter().map(Some).collect();
            let mut take = |column: &usize| columns[*column].take().expect("every column has one place");
            batch.columns = opened.order.iter().map(&mut take).collect();
        }
        each(batch)
    });
    Ok(ShardCount {
        rows: rows.map_err(|error| error.in_file(&opened.path))?,
        rejected: 0,
        bytes: opened.group_bytes(group),
        fingerprint: shared.seed.hash_one((opened.stamp, group)),
    })
}
