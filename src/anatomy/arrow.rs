//! Arrow IPC: messages from the front, then the footer; in each batch the buffers of each column, one behind the other.
//!
//! A missing cell has zeros under it, text is exactly the cells' bytes, padding is zero, and the metadata says the schema and
//! nothing else. Source: <https://arrow.apache.org/docs/format/Columnar.html>.

mod column;
mod schema;

use super::flat::{Flat, Table};
use super::packed::one_zstd_frame;
use super::{Anatomy, Bytes, Oddity, Sight, broken};
use crate::error::{Error, Result};
use column::Kind;

const FORMAT: &str = "Arrow IPC";
const MAGIC: &[u8; 6] = b"ARROW1";
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Metadata of a message is never longer.
const LONGEST_HEAD: u64 = 16 << 20;
/// A buffer never unpacks to more.
const LARGEST: i64 = 1 << 31;

/// The codec that this reader knows, of two.
const ZSTD: i64 = 1;

const SCHEMA: i64 = 1;
const DICTIONARY: i64 = 2;
const BATCH: i64 = 3;

/// Walks an Arrow IPC file.
///
/// # Errors
/// [`crate::error::ErrorKind::Io`]; [`crate::error::ErrorKind::NotOfFormat`] where the file is broken.
pub fn examine_arrow(bytes: &Bytes, sight: &mut dyn Sight) -> Result<Anatomy> {
    let length = bytes.length();
    let front = bytes.range(0, 8)?.ok_or_else(foreign)?;
    let end = length.checked_sub(10).filter(|end| *end >= 8).ok_or_else(foreign)?;
    let tail = bytes.range(end, 10)?.ok_or_else(foreign)?;
    if front[..6] != *MAGIC || tail[4..] != *MAGIC {
        return Err(foreign());
    }
    let footer_length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let footer_start = end.checked_sub(footer_length).filter(|start| *start >= 8).ok_or_else(foreign)?;
    if footer_length > LONGEST_HEAD {
        return Err(foreign());
    }
    let mut walk = Walk { bytes, sight, anatomy: Anatomy::default(), kinds: Vec::new(), batches: Vec::new() };
    walk.anatomy.odd(Oddity::Padding, u64::from(front[6..] != [0, 0]));
    walk.messages(footer_start)?;
    walk.footer(&bytes.range(footer_start, footer_length)?.ok_or_else(foreign)?)?;
    walk.anatomy.check_groups();
    Ok(walk.anatomy)
}

fn foreign() -> Error {
    broken(FORMAT)
}

struct Walk<'a> {
    bytes: &'a Bytes,
    sight: &'a mut dyn Sight,
    anatomy: Anatomy,
    kinds: Vec<Kind>,
    /// Where each record batch lies, as the footer tells it too: start, length of the head, length of the body.
    batches: Vec<[i64; 3]>,
}

impl Walk<'_> {
    /// Messages up to the footer, with or without the mark of their end.
    fn messages(&mut self, footer: u64) -> Result<()> {
        let mut at = 8;
        while at < footer {
            let prefix = self.bytes.range(at, 8.min(footer - at))?.ok_or_else(foreign)?;
            let Some((mark, rest)) = prefix.split_first_chunk::<4>() else { return Err(foreign()) };
            if *mark != CONTINUATION || rest.len() != 4 {
                return Err(foreign());
            }
            let length = u64::from(u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]));
            at += 8;
            if length == 0 {
                self.anatomy.odd(Oddity::UnexplainedBytes, footer - at);
                return Ok(());
            }
            if length > LONGEST_HEAD {
                return Err(foreign());
            }
            let head = self.bytes.range(at, length)?.ok_or_else(foreign)?;
            at += length;
            self.show(&head);
            let flat = Flat::new(&head);
            let body = self.message(&flat, at - length - 8, length + 8, at, footer).ok_or_else(foreign)??;
            self.anatomy.odd(Oddity::UnexplainedBytes, flat.unread());
            at += body;
        }
        Ok(())
    }

    /// One message; gives the length of its body.
    fn message(&mut self, flat: &Flat<'_>, start: u64, head: u64, body: u64, footer: u64) -> Option<Result<u64>> {
        let message = flat.root()?;
        // version, kind, header, length, keys and values
        message.number::<2>(0)?;
        let kind = message.number::<1>(1)?;
        let length = u64::try_from(message.number::<8>(3)?).ok()?;
        self.anatomy.odd(Oddity::Metadata, message.others(4));
        if body.checked_add(length)? > footer {
            return None;
        }
        match kind {
            SCHEMA => self.kinds = schema::read(message.table(2)?, &mut self.anatomy)?,
            BATCH => {
                self.batches.push([start, head, length].map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
                match self.batch(message.table(2)?, body, length) {
                    Ok(Some(())) => {}
                    Ok(None) => return None,
                    Err(error) => return Some(Err(error)),
                }
            }
            DICTIONARY => {
                // whoever writes one keeps entries that no cell of the release has; what it holds is shown, not read
                self.anatomy.odd(Oddity::UnusedDictionaryEntry, 1);
                let dictionary = message.table(2)?;
                dictionary.number::<8>(0)?;
                dictionary.number::<1>(2)?;
                if let Err(error) = self.buffers(dictionary.table(1)?, body, length).transpose()? {
                    return Some(Err(error));
                }
            }
            _ => self.anatomy.odd(Oddity::Opaque, 1),
        }
        Some(Ok(length))
    }

    /// A record batch: its rows, and every column's buffers.
    fn batch(&mut self, batch: Table<'_>, body: u64, length: u64) -> Result<Option<()>> {
        let Some(rows) = batch.number::<8>(0).and_then(|rows| u64::try_from(rows).ok()) else { return Ok(None) };
        self.anatomy.groups.push(rows);
        let Some(buffers) = self.buffers(batch, body, length)? else { return Ok(None) };
        let (Some(nodes), Some(counts)) = (batch.longs::<2>(1), batch.longs::<1>(4)) else { return Ok(None) };
        if self.kinds.contains(&Kind::Unknown) || nodes.len() != self.kinds.len() {
            self.anatomy.odd(Oddity::Opaque, 1);
            return Ok(Some(()));
        }
        let (mut buffers, mut counts) = (buffers.into_iter(), counts.into_iter());
        for (kind, node) in self.kinds.iter().zip(nodes) {
            let extra = if *kind == Kind::View { counts.next().map_or(0, |[count]| count) } else { 0 };
            let Some(wanted) = usize::try_from(extra).ok().map(|extra| kind.buffers() + extra) else { return Ok(None) };
            let some: Vec<Option<Vec<u8>>> = buffers.by_ref().take(wanted).collect();
            let Some(some) = (some.len() == wanted).then(|| some.into_iter().collect::<Option<Vec<_>>>()) else {
                return Ok(None);
            };
            // a buffer that could not be unpacked was counted already
            let Some(some) = some else { continue };
            if node[0] != i64::try_from(rows).unwrap_or(-1)
                || column::check(*kind, rows, node[1], &some, &mut self.anatomy).is_none()
            {
                return Ok(None);
            }
        }
        Ok(if buffers.next().is_none() { Some(()) } else { None })
    }

    /// The unpacked buffers of a batch, `None` in place of one that could not be unpacked; what lies between them is padding.
    fn buffers(&mut self, batch: Table<'_>, body: u64, length: u64) -> Result<Option<Vec<Option<Vec<u8>>>>> {
        self.anatomy.odd(Oddity::Metadata, batch.others(5));
        let codec = if batch.has(3) {
            let Some(packing) = batch.table(3) else { return Ok(None) };
            self.anatomy.odd(Oddity::Metadata, packing.others(2));
            packing.number::<1>(1);
            packing.number::<1>(0)
        } else {
            None
        };
        let Some(places) = batch.longs::<2>(2) else { return Ok(None) };
        let (mut out, mut at) = (Vec::new(), 0_u64);
        for [start, size] in places {
            let (Ok(start), Ok(size)) = (u64::try_from(start), u64::try_from(size)) else { return Ok(None) };
            if size == 0 {
                out.push(Some(Vec::new()));
                continue;
            }
            if start.checked_add(size).is_none_or(|end| end > length) || start < at {
                return Ok(None);
            }
            self.padding(body + at, start - at)?;
            let Some(buffer) = self.bytes.range(body + start, size)? else { return Ok(None) };
            at = start + size;
            let unpacked = match codec {
                None => Some(buffer),
                Some(ZSTD) => match self.unpack(&buffer) {
                    Some(unpacked) => Some(unpacked),
                    None => return Ok(None),
                },
                Some(_) => {
                    self.anatomy.odd(Oddity::Opaque, 1);
                    None
                }
            };
            if let Some(bytes) = &unpacked {
                self.show(bytes);
            }
            out.push(unpacked);
        }
        self.padding(body + at, length - at)?;
        Ok(Some(out))
    }

    /// A packed buffer begins with its length.
    fn unpack(&mut self, buffer: &[u8]) -> Option<Vec<u8>> {
        let (length, packed) = buffer.split_first_chunk::<8>()?;
        let length = i64::from_le_bytes(*length);
        if length == -1 {
            return Some(packed.to_vec());
        }
        let room = usize::try_from(length).ok().filter(|_| length <= LARGEST)?;
        let (bytes, mut left) = one_zstd_frame(packed, room)?;
        if bytes.len() != room {
            return None;
        }
        // some writers count the padding as part of the buffer
        if left < 64 && packed[packed.len() - usize::try_from(left).ok()?..].iter().all(|byte| *byte == 0) {
            left = 0;
        }
        self.anatomy.odd(Oddity::UnexplainedBytes, left);
        Some(bytes)
    }

    fn padding(&mut self, start: u64, size: u64) -> Result<()> {
        let bytes = self.bytes.range(start, size)?.ok_or_else(foreign)?;
        let odd = bytes.iter().filter(|byte| **byte != 0).count() as u64;
        self.anatomy.odd(Oddity::Padding, odd);
        if size >= 64 {
            self.anatomy.odd(Oddity::UnexplainedBytes, size);
        }
        if odd > 0 {
            self.show(&bytes);
        }
        Ok(())
    }

    /// The footer repeats the schema and lists the batches; a batch that it does not list is hidden from readers.
    fn footer(&mut self, footer: &[u8]) -> Result<()> {
        self.show(footer);
        let flat = Flat::new(footer);
        let mut read = || {
            let root = flat.root()?;
            root.number::<2>(0)?;
            self.anatomy.odd(Oddity::Metadata, root.others(4));
            let kinds = schema::read(root.table(1)?, &mut self.anatomy)?;
            let dictionaries = root.longs::<3>(2)?;
            self.anatomy.odd(Oddity::UnusedDictionaryEntry, dictionaries.len() as u64);
            (kinds == self.kinds).then_some(root.longs::<3>(3)?)
        };
        let listed = read().ok_or_else(foreign)?;
        let hidden = self.batches.iter().filter(|batch| !listed.contains(batch)).count() as u64;
        self.anatomy.odd(Oddity::UnexplainedBytes, hidden);
        self.anatomy.odd(Oddity::UnexplainedBytes, flat.unread());
        Ok(())
    }

    fn show(&mut self, bytes: &[u8]) {
        self.sight.cut();
        self.sight.bytes(bytes);
    }
}
