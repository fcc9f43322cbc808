//! Parquet: what lies where, from the magic at the front to the magic at the end.
//!
//! A file is its column chunks, the page indexes, the footer, and nothing else: a byte that none of them claims is named.
//! Of every structure only the fields that rows need are known here; any other field is metadata by definition.
//! Source: <https://github.com/apache/parquet-format> (`parquet.thrift`, Encodings.md).

mod codec;
mod hybrid;
mod page;

use super::thrift::Struct;
use super::{Anatomy, Bytes, Oddity, Sight, broken};
use crate::error::{Error, Result};

const FORMAT: &str = "Parquet";
const MAGIC: &[u8; 4] = b"PAR1";
/// A longer footer is not read: it would cost more memory than it is worth.
const LONGEST_FOOTER: u64 = 16 << 20;

/// Walks a Parquet file.
///
/// # Errors
/// [`crate::error::ErrorKind::Io`]; [`crate::error::ErrorKind::NotOfFormat`] where the file is broken.
pub fn examine_parquet(bytes: &Bytes, sight: &mut dyn Sight) -> Result<Anatomy> {
    let length = bytes.length();
    let front = bytes.range(0, 4)?.ok_or_else(foreign)?;
    let end = length.checked_sub(8).ok_or_else(foreign)?;
    let tail = bytes.range(end, 8)?.ok_or_else(foreign)?;
    if front != MAGIC || tail[4..] != *MAGIC {
        return Err(foreign());
    }
    let footer_length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let footer_start = end.checked_sub(footer_length).filter(|start| *start >= 4).ok_or_else(foreign)?;
    if footer_length > LONGEST_FOOTER {
        return Err(foreign());
    }
    let footer = bytes.range(footer_start, footer_length)?.ok_or_else(foreign)?;
    let metadata = Struct::read(&footer).ok_or_else(foreign)?;
    let mut walk = Walk { bytes, sight, anatomy: Anatomy::default(), claimed: vec![(0, 4), (footer_start, length)] };
    walk.anatomy.odd(Oddity::UnexplainedBytes, footer_length - metadata.bytes.len() as u64);
    walk.file(&metadata)?;
    walk.gaps()?;
    walk.sight.cut();
    walk.sight.bytes(&footer);
    walk.sight.cut();
    walk.anatomy.check_groups();
    Ok(walk.anatomy)
}

fn foreign() -> Error {
    broken(FORMAT)
}

/// A column as the schema tells it.
#[derive(Clone, Copy)]
struct Leaf {
    physical: i64,
    /// Bytes of a value of fixed length.
    width: u64,
    optional: bool,
}

struct Walk<'a> {
    bytes: &'a Bytes,
    sight: &'a mut dyn Sight,
    anatomy: Anatomy,
    /// Ranges of the file with a purpose: start and end.
    claimed: Vec<(u64, u64)>,
}

impl Walk<'_> {
    fn file(&mut self, metadata: &Struct<'_>) -> Result<()> {
        // version, schema, rows, groups; an empty list of keys and values, and the orders of columns say nothing
        self.anatomy.odd(Oddity::Metadata, metadata.others(&[1, 2, 3, 4, 5, 6, 7]));
        self.anatomy.odd(Oddity::WriterName, u64::from(metadata.get(6).is_some()));
        let pairs = metadata.structures(5).map_or(0, |pairs| pairs.len() as u64);
        self.anatomy.odd(Oddity::Metadata, pairs);
        let leaves = self.schema(metadata)?;
        let groups = metadata.structures(4).unwrap_or_default();
        let mut rows_of_all = 0_u64;
        for group in groups {
            // columns, bytes, rows, offset, packed bytes, ordinal
            self.anatomy.odd(Oddity::Metadata, group.others(&[1, 2, 3, 4, 5, 6, 7]));
            self.anatomy.odd(Oddity::SortOrder, u64::from(group.get(4).is_some()));
            let rows = group.count(3).ok_or_else(foreign)?;
            self.anatomy.groups.push(rows);
            rows_of_all = rows_of_all.checked_add(rows).ok_or_else(foreign)?;
            let chunks = group.structures(1).ok_or_else(foreign)?;
            if chunks.len() != leaves.len() {
                return Err(foreign());
            }
            for (chunk, leaf) in chunks.into_iter().zip(&leaves) {
                self.chunk(chunk, *leaf, rows)?;
            }
        }
        if metadata.count(3) != Some(rows_of_all) {
            return Err(foreign());
        }
        Ok(())
    }

    /// The columns; nested ones cannot be looked into.
    fn schema(&mut self, metadata: &Struct<'_>) -> Result<Vec<Leaf>> {
        let elements = metadata.structures(2).ok_or_else(foreign)?;
        let (root, columns) = elements.split_first().ok_or_else(foreign)?;
        // repetition, name, children
        self.anatomy.odd(Oddity::Metadata, root.others(&[3, 4, 5]));
        let mut leaves = Vec::new();
        for element in columns {
            // everything but the field's id, which a writer may choose
            self.anatomy.odd(Oddity::Metadata, element.others(&[1, 2, 3, 4, 5, 6, 7, 8, 10]));
            if element.count(5).is_some_and(|children| children > 0) || element.integer(3) == Some(2) {
                self.anatomy.odd(Oddity::Opaque, 1);
            }
            let Some(physical) = element.integer(1) else { continue };
            let width = match physical {
                1 | 4 => 4,
                2 | 5 => 8,
                3 => 12,
                7 => element.count(2).ok_or_else(foreign)?,
                _ => 0,
            };
            leaves.push(Leaf { physical, width, optional: element.integer(3) == Some(1) });
        }
        Ok(leaves)
    }

    fn chunk(&mut self, chunk: &Struct<'_>, leaf: Leaf, rows: u64) -> Result<()> {
        // offset, metadata
        self.anatomy.odd(Oddity::Metadata, chunk.others(&[2, 3, 4, 5, 6, 7]));
        for (start, size) in [(4, 5), (6, 7)] {
            if let Some(start) = chunk.count(start) {
                self.anatomy.odd(Oddity::PageIndex, 1);
                let size = chunk.count(size).ok_or_else(foreign)?;
                self.claim(start, size)?;
                let index = self.bytes.range(start, size)?.ok_or_else(foreign)?;
                self.show(&index);
            }
        }
        let about = chunk.structure(3).ok_or_else(foreign)?;
        // all but keys and values, statistics, statistics of encodings, bloom filters, histograms of sizes
        self.anatomy.odd(Oddity::Metadata, about.others(&[1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 14, 15]));
        self.anatomy.odd(Oddity::Statistics, u64::from(about.get(12).is_some()));
        if let Some(start) = about.count(14) {
            self.anatomy.odd(Oddity::BloomFilter, 1);
            if let Some(size) = about.count(15) {
                self.claim(start, size)?;
            }
        }
        let codec = about.integer(4).ok_or_else(foreign)?;
        let data = about.count(9).ok_or_else(foreign)?;
        let start =
            about.count(11).filter(|dictionary| *dictionary > 0).map_or(data, |dictionary| dictionary.min(data));
        let size = about.count(7).ok_or_else(foreign)?;
        self.claim(start, size)?;
        let values = page::pages(
            self.bytes,
            (start, size),
            codec,
            leaf,
            &mut page::Eyes { anatomy: &mut self.anatomy, sight: &mut *self.sight },
        )?;
        if values.is_some_and(|values| values != rows) || about.count(5) != Some(rows) {
            return Err(foreign());
        }
        // Some writers repeat the chunk's metadata behind it. It says nothing new where it is the same.
        let behind = start.checked_add(size).ok_or_else(foreign)?;
        let length = about.bytes.len() as u64;
        if self.bytes.range(behind, length)?.is_some_and(|copy| copy == about.bytes) {
            self.claim(behind, length)?;
        }
        Ok(())
    }

    fn claim(&mut self, start: u64, size: u64) -> Result<()> {
        let end = start.checked_add(size).filter(|end| *end <= self.bytes.length()).ok_or_else(foreign)?;
        self.claimed.push((start, end));
        Ok(())
    }

    /// Bytes that nothing claims; and two claims on one byte, which no sound writer makes.
    fn gaps(&mut self) -> Result<()> {
        self.claimed.sort_unstable();
        let mut at = 0;
        for (start, end) in std::mem::take(&mut self.claimed) {
            if start < at {
                self.anatomy.odd(Oddity::UnexplainedBytes, at - start);
            } else if start > at {
                self.anatomy.odd(Oddity::UnexplainedBytes, start - at);
                let gap = self.bytes.range(at, start - at)?.ok_or_else(foreign)?;
                self.show(&gap);
            }
            at = at.max(end);
        }
        Ok(())
    }

    fn show(&mut self, bytes: &[u8]) {
        self.sight.cut();
        self.sight.bytes(bytes);
    }
}
