//! Pages: levels, values, dictionaries. A page holds as many values as cells are there, and not one byte more.

use super::codec::{Unpacked, unpack};
use super::hybrid::decode;
use super::{Leaf, foreign};
use crate::anatomy::thrift::Struct;
use crate::anatomy::{Anatomy, Bytes, Oddity, Sight};
use crate::error::Result;

/// Who looks, and where findings go.
pub(super) struct Eyes<'a> {
    pub(super) anatomy: &'a mut Anatomy,
    pub(super) sight: &'a mut dyn Sight,
}

/// A page's head is never longer: statistics may hold long values.
const LONGEST_HEAD: u64 = 1 << 20;
/// Most are shorter than this.
const HEAD: u64 = 512;

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;

const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const RUNS: i64 = 3;
const RUNS_DICTIONARY: i64 = 8;

/// Walks the pages of a chunk; gives the number of its cells, `None` where a page could not be looked into.
pub(super) fn pages(
    bytes: &Bytes,
    (start, size): (u64, u64),
    codec: i64,
    leaf: Leaf,
    eyes: &mut Eyes<'_>,
) -> Result<Option<u64>> {
    let (mut at, end) = (start, start.checked_add(size).ok_or_else(foreign)?);
    let mut cells = Some(0_u64);
    let mut used: Option<Vec<bool>> = None;
    let mut filling = Vec::new();
    while at < end {
        let mut front = bytes.range(at, HEAD.min(end - at))?.ok_or_else(foreign)?;
        if Struct::read(&front).is_none() {
            front = bytes.range(at, LONGEST_HEAD.min(end - at))?.ok_or_else(foreign)?;
        }
        let head = Struct::read(&front).ok_or_else(foreign)?;
        at += head.bytes.len() as u64;
        // kind, sizes, check sum, head of its kind
        eyes.anatomy.odd(Oddity::Metadata, head.others(&[1, 2, 3, 4, 5, 7, 8]));
        let (room, packed) = (head.count(2).ok_or_else(foreign)?, head.count(3).ok_or_else(foreign)?);
        if packed > end - at {
            return Err(foreign());
        }
        let body = bytes.range(at, packed)?.ok_or_else(foreign)?;
        at += packed;
        let kind = head.integer(1).ok_or_else(foreign)?;
        // the levels of the second kind of data page stand unpacked before the values
        let unpacked = if kind == DATA_2 { Unpacked::Unknown } else { unpack(codec, body, room) };
        let body = match unpacked {
            Unpacked::Bytes(body, left) => {
                eyes.anatomy.odd(Oddity::UnexplainedBytes, left);
                body
            }
            Unpacked::Unknown => {
                eyes.anatomy.odd(Oddity::Opaque, 1);
                cells = None;
                continue;
            }
            Unpacked::Broken => return Err(foreign()),
        };
        eyes.sight.cut();
        eyes.sight.bytes(&body);
        match kind {
            DATA => {
                let about = head.structure(5).ok_or_else(foreign)?;
                let count = data_page(about, &body, leaf, (used.as_deref_mut(), &mut filling), eyes)?;
                cells = cells.zip(count).and_then(|(cells, count)| cells.checked_add(count));
            }
            DICTIONARY => {
                let about = head.structure(7).ok_or_else(foreign)?;
                eyes.anatomy.odd(Oddity::Metadata, about.others(&[1, 2, 3]));
                eyes.anatomy.odd(Oddity::SortOrder, u64::from(about.integer(3) == Some(1)));
                let count = about.count(1).filter(|count| *count <= body.len() as u64 + 1).ok_or_else(foreign)?;
                let left = plain(&body, leaf, count).ok_or_else(foreign)?;
                eyes.anatomy.odd(Oddity::BytesUnderNull, left);
                if used.replace(vec![false; usize::try_from(count).map_err(|_| foreign())?]).is_some() {
                    return Err(foreign());
                }
            }
            _ => {
                eyes.anatomy.odd(Oddity::Opaque, 1);
                cells = None;
            }
        }
    }
    // what only fills up a group of eight may repeat a cell of the chunk: that tells nothing new
    let repeats = |place: &u32| usize::try_from(*place).ok().and_then(|place| used.as_ref()?.get(place)) == Some(&true);
    eyes.anatomy.odd(Oddity::Padding, filling.iter().filter(|place| !repeats(place)).count() as u64);
    let unused = used.as_ref().map_or(0, |used| used.iter().filter(|used| !**used).count() as u64);
    if cells.is_some() {
        eyes.anatomy.odd(Oddity::UnusedDictionaryEntry, unused);
    }
    Ok(cells)
}

/// A data page of the first kind; gives its cells.
fn data_page(
    about: &Struct<'_>,
    body: &[u8],
    leaf: Leaf,
    (used, fills): (Option<&mut [bool]>, &mut Vec<u32>),
    eyes: &mut Eyes<'_>,
) -> Result<Option<u64>> {
    eyes.anatomy.odd(Oddity::Metadata, about.others(&[1, 2, 3, 4, 5]));
    eyes.anatomy.odd(Oddity::Statistics, u64::from(about.get(5).is_some()));
    let cells = about.count(1).ok_or_else(foreign)?;
    let (mut body, mut present) = (body, cells);
    if leaf.optional {
        if about.integer(3) != Some(RUNS) {
            eyes.anatomy.odd(Oddity::Opaque, 1);
            return Ok(None);
        }
        present = 0;
        let (levels, rest) = with_length(body).ok_or_else(foreign)?;
        let (read, filling) = decode(levels, 1, cells, &mut |level, run| {
            present += u64::from(level) * run;
            Some(())
        })
        .ok_or_else(foreign)?;
        eyes.anatomy.odd(Oddity::Padding, filling.len() as u64);
        eyes.anatomy.odd(Oddity::UnexplainedBytes, (levels.len() - read) as u64);
        body = rest;
    }
    match about.integer(2) {
        Some(PLAIN) => {
            let left = plain(body, leaf, present).ok_or_else(foreign)?;
            eyes.anatomy.odd(Oddity::BytesUnderNull, left);
        }
        Some(PLAIN_DICTIONARY | RUNS_DICTIONARY) => {
            let used = used.ok_or_else(foreign)?;
            let Some((width, places)) = body.split_first() else {
                // a page without any value may leave out the width
                return if present == 0 { Ok(Some(cells)) } else { Err(foreign()) };
            };
            let (read, filling) = decode(places, u32::from(*width), present, &mut |place, _| {
                *used.get_mut(usize::try_from(place).ok()?)? = true;
                Some(())
            })
            .ok_or_else(foreign)?;
            fills.extend(filling);
            eyes.anatomy.odd(Oddity::BytesUnderNull, (places.len() - read) as u64);
        }
        Some(RUNS) if leaf.physical == 0 => {
            let (runs, rest) = with_length(body).ok_or_else(foreign)?;
            let (read, filling) = decode(runs, 1, present, &mut |_, _| Some(())).ok_or_else(foreign)?;
            eyes.anatomy.odd(Oddity::Padding, filling.len() as u64);
            eyes.anatomy.odd(Oddity::BytesUnderNull, (runs.len() - read + rest.len()) as u64);
        }
        _ => {
            eyes.anatomy.odd(Oddity::Opaque, 1);
            return Ok(None);
        }
    }
    Ok(Some(cells))
}

/// Bytes with their length before them, and what follows.
fn with_length(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// How many bytes are left behind so many plain values (bits that only fill up a byte count as one byte where they are
/// set); `None` where there are fewer.
fn plain(body: &[u8], leaf: Leaf, count: u64) -> Option<u64> {
    let size = match leaf.physical {
        0 => {
            let size = usize::try_from(count.div_ceil(8)).ok()?;
            let odd = !count.is_multiple_of(8) && body.get(size.checked_sub(1)?)? >> (count % 8) != 0;
            return Some(u64::from(odd) + body.len().checked_sub(size)? as u64);
        }
        6 => {
            let mut at = 0_usize;
            for _ in 0..count {
                let length = u32::from_le_bytes(*body.get(at..)?.first_chunk()?);
                at = at.checked_add(4)?.checked_add(usize::try_from(length).ok()?)?;
                body.get(..at)?;
            }
            at
        }
        _ => usize::try_from(count.checked_mul(leaf.width)?).ok()?,
    };
    body.len().checked_sub(size).map(|left| left as u64)
}
