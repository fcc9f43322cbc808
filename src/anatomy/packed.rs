//! Text files, packed or not: the header, the one member or frame, and what lies behind it.
//!
//! Sources: RFC 1952 (gzip), RFC 8878 (Zstandard).

use super::bytes::{PIECE, Pieces};
use super::{Anatomy, Oddity, Packing, Sight, broken};
use crate::error::{Error, ErrorKind, Result};
use std::io::{BufRead as _, BufReader, Read};

/// Text of a format, looked through piece by piece.
pub(super) trait Text {
    /// A piece; it follows the one before.
    fn feed(&mut self, piece: &[u8], anatomy: &mut Anatomy);
    /// The end.
    fn finish(&mut self, anatomy: &mut Anatomy);
}

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Walks a text file.
pub(super) fn examine(
    pieces: &mut Pieces<'_>,
    packing: Packing,
    text: &mut dyn Text,
    sight: &mut dyn Sight,
) -> Result<Anatomy> {
    let bytes = pieces.file();
    let mut anatomy = Anatomy::default();
    let mut piped = Piped { text, sight, anatomy: &mut anatomy };
    match packing {
        Packing::None => piped.all(pieces, "text")?,
        Packing::Gzip => {
            let head = bytes.range(0, 10)?.ok_or_else(|| broken("gzip"))?;
            if head[..3] != [0x1f, 0x8b, 8] {
                return Err(broken("gzip"));
            }
            // flags tell of name, comment and extra; then four bytes of time; the system is "unknown"
            let odd = u64::from(head[3] != 0) + u64::from(head[4..8] != [0; 4]) + u64::from(head[9] != 255);
            piped.anatomy.odd(Oddity::PackedHeader, odd);
            piped.show(&head);
            let mut reader = flate2::bufread::GzDecoder::new(BufReader::with_capacity(PIECE, pieces));
            piped.all(&mut reader, "gzip")?;
            piped.behind(reader.into_inner())?;
        }
        Packing::Zstd => {
            if bytes.range(0, 4)?.is_none_or(|magic| magic != ZSTD_MAGIC) {
                return Err(broken("Zstandard"));
            }
            let buffered = BufReader::with_capacity(PIECE, pieces);
            let reader = zstd::stream::read::Decoder::with_buffer(buffered).map_err(|_| broken("Zstandard"))?;
            let mut reader = reader.single_frame();
            piped.all(&mut reader, "Zstandard")?;
            piped.behind(reader.finish())?;
        }
    }
    piped.text.finish(piped.anatomy);
    Ok(anatomy)
}

/// Unpacks exactly one frame that the bytes begin with; also how many bytes are left behind it. A frame of a dictionary, or a
/// skippable one, is none.
pub(super) fn one_zstd_frame(packed: &[u8], room: usize) -> Option<(Vec<u8>, u64)> {
    packed.strip_prefix(&ZSTD_MAGIC)?;
    let length = zstd::zstd_safe::find_frame_compressed_size(packed).ok()?;
    let (frame, left) = packed.split_at_checked(length)?;
    Some((zstd::bulk::decompress(frame, room).ok()?, left.len() as u64))
}

struct Piped<'a> {
    text: &'a mut dyn Text,
    sight: &'a mut dyn Sight,
    anatomy: &'a mut Anatomy,
}

impl Piped<'_> {
    fn all(&mut self, reader: &mut dyn Read, format: &'static str) -> Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => {
                    self.sight.bytes(&piece[..read]);
                    self.text.feed(&piece[..read], self.anatomy);
                }
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                // our own reader gives the system's errors, a decoder its own
                Err(cause) if format == "text" => {
                    return Err(ErrorKind::Io { operation: "read", cause: cause.kind() }.into());
                }
                Err(_) => return Err(broken(format)),
            }
        }
    }
    /// What lies behind the member: it is counted and shown.
    fn behind(&mut self, mut rest: BufReader<&mut Pieces<'_>>) -> Result<()> {
        self.sight.cut();
        loop {
            let failed = |cause: std::io::Error| Error::new(ErrorKind::Io { operation: "read", cause: cause.kind() });
            let some = rest.fill_buf().map_err(failed)?.to_vec();
            if some.is_empty() {
                return Ok(());
            }
            self.anatomy.odd(Oddity::PackedMembers, some.len() as u64);
            self.sight.bytes(&some);
            rest.consume(some.len());
        }
    }
    fn show(&mut self, bytes: &[u8]) {
        self.sight.bytes(bytes);
        self.sight.cut();
    }
}
