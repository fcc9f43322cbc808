//! Parquet: the footer once, then the column chunks of one row group at a time, each read by its range.

use super::sound::MOST_ROWS;
use super::{Bytes, ColumnarFormat, broken, convert, guarded};
use crate::error::{Error, ErrorKind, Result};
use crate::value::Schema;
use polars::prelude::{ArrowField, Series};
use polars_io::SerReader as _;
use polars_io::parquet::metadata::FileMetadata;
use polars_io::parquet::read::_internal::to_deserializer;
use polars_io::parquet::read::{ParquetReader, infer_schema};
use std::sync::Arc;

const FORMAT: ColumnarFormat = ColumnarFormat::Parquet;
const MAGIC: &[u8; 4] = b"PAR1";

/// An open Parquet file.
pub(super) struct Parquet {
    bytes: Bytes,
    metadata: Arc<FileMetadata>,
    fields: Vec<ArrowField>,
}

impl Parquet {
    /// Reads the footer: the file, its columns, the rows of each row group.
    pub(super) fn open(bytes: Bytes) -> Result<(Self, Schema, Vec<u64>)> {
        let foreign = || ErrorKind::NotOfFormat(FORMAT.name());
        if bytes.length < 12 || bytes.range(0, 4)? != MAGIC || bytes.range(bytes.length - 4, 4)? != MAGIC {
            return Err(foreign().into());
        }
        let file = bytes
            .file
            .try_clone()
            .map_err(|cause| Error::new(ErrorKind::Io { operation: "read", cause: cause.kind() }))?;
        let metadata = guarded(FORMAT, || ParquetReader::new(file).get_metadata().cloned())?;
        #[expect(clippy::redundant_closure_for_method_calls, reason = "the type of a field cannot be named from here")]
        let names = metadata.schema().fields().iter().map(|field| field.name());
        convert::check_names(names)?;
        let arrow = guarded(FORMAT, || infer_schema(&metadata))?;
        let fields: Vec<ArrowField> = arrow.iter_values().map(convert::without_dictionary).collect();
        let schema = convert::schema(&fields)?;
        let groups = metadata.row_groups.iter().map(|group| group.num_rows() as u64).collect();
        Ok((Self { bytes, metadata, fields }, schema, groups))
    }
    /// Decodes one row group.
    pub(super) fn group(&self, group: usize) -> Result<Vec<Series>> {
        let group = &self.metadata.row_groups[group];
        // The decoder makes room for as many rows as are claimed: two places must agree on them.
        let rows = i64::try_from(group.num_rows()).ok().filter(|rows| rows.unsigned_abs() <= MOST_ROWS);
        let mut columns = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let chunks: Vec<_> = group.columns_under_root_iter(&field.name).ok_or_else(|| broken(FORMAT))?.collect();
            let mut ranges = Vec::with_capacity(chunks.len());
            for chunk in chunks {
                let range = chunk.byte_range();
                let length = range.end.checked_sub(range.start).ok_or_else(|| broken(FORMAT))?;
                if !self.bytes.has(range.start, length) || rows != Some(chunk.num_values()) {
                    return Err(broken(FORMAT));
                }
                let length = usize::try_from(length).map_err(|_| broken(FORMAT))?;
                ranges.push((chunk, self.bytes.range(range.start, length)?.into()));
            }
            columns.push(guarded(FORMAT, || {
                let (arrays, _) = to_deserializer(ranges, field.clone(), None)?;
                Series::try_from((field, arrays))
            })?);
        }
        Ok(columns)
    }
}
