//! An input as whole records: a head, then chunks that are cut at record ends.
//!
//! The cuts depend on the bytes and the options only, never on how much a read gave: so every run has the same shards.

use super::cut::Cut;
use super::input::Input;
use crate::error::{ErrorKind, Result};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// The most bytes that one record, and so one shard, may take: offsets stay far below 2³¹.
pub(super) const MOST_BYTES: usize = 1 << 30;

/// An opened input and what is read ahead of it.
pub(super) struct Stream {
    input: Input,
    /// Looked at and not taken; comes before what the input still has.
    ahead: Vec<u8>,
    /// The begin of a record whose end was not in the chunk before.
    held: Vec<u8>,
    ended: bool,
}

/// Whole records: the first `len` of `bytes`. What follows in `bytes` has no meaning.
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) len: usize,
}

impl Stream {
    pub(super) fn open(path: &Path, done: &Arc<AtomicU64>) -> Result<Self> {
        Ok(Self { input: Input::open(path, done)?, ahead: Vec::new(), held: Vec::new(), ended: false })
    }

    /// Looks at what comes first: at least `least` bytes unless the input ends before.
    pub(super) fn peek(&mut self, least: usize) -> Result<&[u8]> {
        let have = self.ahead.len();
        if have < least && !self.ended {
            self.ahead.resize(least, 0);
            let read = self.input.fill(&mut self.ahead[have..])?;
            self.ahead.truncate(have + read);
            self.ended = have + read < least;
        }
        Ok(&self.ahead)
    }
    /// Takes bytes away that [`Stream::peek`] showed.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.ahead.drain(..bytes);
    }
    /// The first record with its line end, without taking it; all that is left where no record ends.
    pub(super) fn first_record(&mut self, cut: Cut) -> Result<&[u8]> {
        let mut least = 1 << 12;
        let end = loop {
            self.peek(least)?;
            if let Some(end) = cut.first(&self.ahead) {
                break end;
            }
            if self.ended || cut.hopeless(&self.ahead) {
                break self.ahead.len();
            }
            least *= 2;
            if least > MOST_BYTES {
                return Err(ErrorKind::Memory("one row of the input").into());
            }
        };
        Ok(&self.ahead[..end])
    }
    /// Fills `into` from what was looked at, then from the input; less only at the end.
    fn fill(&mut self, into: &mut [u8]) -> Result<usize> {
        let first = into.len().min(self.ahead.len());
        into[..first].copy_from_slice(&self.ahead[..first]);
        self.ahead.drain(..first);
        let more = if self.ended { 0 } else { self.input.fill(&mut into[first..])? };
        Ok(first + more)
    }

    /// The next records, about `size` bytes; more where one record is longer. `None` at the end.
    ///
    /// `bytes` is a used buffer, whose content does not matter and whose memory is taken over.
    pub(super) fn next(&mut self, cut: Cut, size: usize, mut bytes: Vec<u8>) -> Result<Option<Chunk>> {
        let mut filled = self.held.len();
        // What was held back has no end of a record in it; doubling keeps the cost of a long record linear.
        let mut target = if filled > size / 2 { filled * 2 } else { size };
        bytes.resize(bytes.len().max(filled), 0);
        bytes[..filled].copy_from_slice(&self.held);
        self.held.clear();
        loop {
            if target > MOST_BYTES {
                return Err(ErrorKind::Memory("one row of the input").into());
            }
            if bytes.len() < target {
                bytes.resize(target, 0);
            }
            filled += self.fill(&mut bytes[filled..target])?;
            if filled < target {
                return Ok((filled > 0).then_some(Chunk { bytes, len: filled }));
            }
            if let Some(len) = cut.last(&bytes[..filled]) {
                self.held.extend_from_slice(&bytes[len..filled]);
                return Ok(Some(Chunk { bytes, len }));
            }
            if cut.hopeless(&bytes[..filled]) {
                // The tokenizer will say where; nothing behind can be trusted.
                self.ended = true;
                self.ahead.clear();
                return Ok(Some(Chunk { bytes, len: filled }));
            }
            target *= 2;
        }
    }
}

/// Buffers that went round: a fresh one of megabytes costs as much as reading it.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }
    /// Takes a buffer back, unless one long record made it larger than `most`.
    pub(super) fn give(&self, buffer: Vec<u8>, most: usize) {
        if buffer.capacity() <= most {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}
