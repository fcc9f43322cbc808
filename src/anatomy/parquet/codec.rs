//! The codecs of pages. Each must unpack to exactly the size that the page names, from exactly the bytes it has.

use crate::anatomy::packed::one_zstd_frame;
use std::io::Read as _;

/// What became of a page.
pub(super) enum Unpacked {
    /// Its bytes, and how many packed bytes were not needed for them.
    Bytes(Vec<u8>, u64),
    /// The codec is not known here.
    Unknown,
    /// It does not unpack.
    Broken,
}

/// A page is never larger: it would not be a page.
const LARGEST: u64 = 1 << 30;

/// Unpacks a page.
pub(super) fn unpack(codec: i64, packed: Vec<u8>, size: u64) -> Unpacked {
    let Some(room) = usize::try_from(size).ok().filter(|_| size <= LARGEST) else { return Unpacked::Broken };
    match codec {
        0 if packed.len() == room => Unpacked::Bytes(packed, 0),
        1 => snappy(&packed, room).map_or(Unpacked::Broken, |bytes| Unpacked::Bytes(bytes, 0)),
        2 => {
            let mut bytes = Vec::new();
            let mut reader = flate2::bufread::GzDecoder::new(&packed[..]).take(size.saturating_add(1));
            match reader.read_to_end(&mut bytes) {
                Ok(_) if bytes.len() == room => {
                    let left = reader.into_inner().into_inner().len() as u64;
                    Unpacked::Bytes(bytes, left)
                }
                _ => Unpacked::Broken,
            }
        }
        6 => match one_zstd_frame(&packed, room) {
            Some((bytes, left)) if bytes.len() == room => Unpacked::Bytes(bytes, left),
            _ => Unpacked::Broken,
        },
        0 => Unpacked::Broken,
        _ => Unpacked::Unknown,
    }
}

/// Snappy's raw format: a length, then literals and copies from what was unpacked already.
/// Source: <https://github.com/google/snappy/blob/main/format_description.txt>.
fn snappy(packed: &[u8], room: usize) -> Option<Vec<u8>> {
    let (mut at, mut size) = (0, 0_u64);
    loop {
        let byte = *packed.get(at)?;
        size |= u64::from(byte & 0x7f).checked_shl(u32::try_from(7 * at).ok()?)?;
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    if size != room as u64 {
        return None;
    }
    let mut out = Vec::with_capacity(room.min(packed.len().saturating_mul(64)));
    let number = |at: usize, bytes: usize| -> Option<usize> {
        let bytes = packed.get(at..at.checked_add(bytes)?)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    while at < packed.len() {
        let tag = usize::from(packed[at]);
        at += 1;
        let (length, offset) = match tag & 3 {
            0 => {
                let mut length = tag >> 2;
                if length >= 60 {
                    let bytes = length - 59;
                    length = number(at, bytes)?;
                    at += bytes;
                }
                let end = at.checked_add(length)?.checked_add(1)?;
                out.extend_from_slice(packed.get(at..end)?);
                at = end;
                continue;
            }
            1 => {
                let offset = (tag >> 5) << 8 | number(at, 1)?;
                at += 1;
                ((tag >> 2 & 7) + 4, offset)
            }
            kind => {
                let bytes = if kind == 2 { 2 } else { 4 };
                let offset = number(at, bytes)?;
                at += bytes;
                ((tag >> 2) + 1, offset)
            }
        };
        let start = out.len().checked_sub(offset).filter(|_| offset > 0)?;
        if out.len() + length > room {
            return None;
        }
        for place in start..start + length {
            out.push(out[place]);
        }
    }
    (out.len() == room).then_some(out)
}
