//! Tags: HMAC (RFC 2104) of many messages under one field key.
//!
//! Responsible for: the cached mid-states of a key, padding, and filling the lanes of the fastest kernel that the
//! machine has. Given: a derived key and messages. It never sees the master key, and wipes the mid-states, which are
//! keys themselves. Copies that the processor spills to the stack while it works are not wiped.

use std::sync::LazyLock;

use hmac::{Hmac, KeyInit, Mac};
use sha2::block_api::compress256;
use sm3::Sm3;
use zeroize::Zeroizing;

use crate::lanes::{Avx512, Midstates, ONE_BLOCK, START, ShaNi, hex};

/// The key of one field: turns values into tags. Has no `Debug`, `Clone` or `Serialize`; wiped on drop.
pub struct FieldKey(Keyed);

/// On the heap, so that a moved key leaves no copy behind.
enum Keyed {
    Sha256(Box<Midstates>),
    Sm3(Box<Hmac<Sm3>>),
}

impl FieldKey {
    pub(super) fn sha256(key: &[u8; 32]) -> Self {
        Self(Keyed::Sha256(Midstates::new(key)))
    }
    pub(super) fn sm3(key: &[u8; 32]) -> Self {
        Self(Keyed::Sm3(Box::new(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))))
    }

    /// The tag of one message of any length.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> [u8; 32] {
        match &self.0 {
            Keyed::Sha256(key) => key.tag(message),
            Keyed::Sm3(key) => key.as_ref().clone().chain_update(message).finalize().into_bytes().into(),
        }
    }

    /// Fills `out` with the tags of messages `0..count`, by the fastest kernel of this machine.
    pub fn tags<'m>(&self, count: usize, message: impl Fn(usize) -> &'m [u8], out: &mut Vec<[u8; 32]>) {
        self.tags_with::<false>(Kernel::fastest(), count, message, out);
    }

    /// The same tags, of each the first 128 bits in lower-case hex.
    pub fn hex<'m>(&self, count: usize, message: impl Fn(usize) -> &'m [u8], out: &mut Vec<[u8; 32]>) {
        self.tags_with::<true>(Kernel::fastest(), count, message, out);
    }

    /// [`Self::tags`] or, as `HEX`, [`Self::hex`] by a named kernel; where the machine has it not, by the portable one. For tests and
    /// benches.
    #[doc(hidden)]
    pub fn tags_with<'m, const HEX: bool>(
        &self,
        kernel: Kernel,
        count: usize,
        message: impl Fn(usize) -> &'m [u8],
        out: &mut Vec<[u8; 32]>,
    ) {
        // every one is written, so those of the batch before may stand until then
        out.resize(count, [0; 32]);
        let Keyed::Sha256(key) = &self.0 else {
            return out.iter_mut().enumerate().for_each(|(index, tag)| *tag = shown::<HEX>(self.tag(message(index))));
        };
        match kernel.available() {
            Available::Avx512(lanes) => key.by_avx512::<HEX>(lanes, &message, out),
            Available::ShaNi(lanes) => key.by_sha_ni::<HEX>(lanes, &message, 0, out),
            Available::Portable => key.one_by_one::<HEX>(&message, 0, out),
        }
    }
}

/// The ways to compute HMAC-SHA-256 of many messages. All give the same tags.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Sixteen lanes.
    Avx512,
    /// Four streams, interleaved.
    ShaNi,
    /// One after the other through `sha2`, which has its own choice of instructions.
    Portable,
}

impl Kernel {
    /// All, fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::ShaNi, Self::Portable];

    /// The fastest that this machine has; found once.
    #[must_use]
    pub fn fastest() -> Self {
        static FASTEST: LazyLock<Kernel> =
            LazyLock::new(|| Kernel::ALL.into_iter().find(|kernel| kernel.is_available()).unwrap_or(Kernel::Portable));
        *FASTEST
    }
    /// Whether this machine has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        self == Self::Portable || !matches!(self.available(), Available::Portable)
    }
    /// As reports show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512x16",
            Self::ShaNi => "sha-ni x4",
            Self::Portable => "portable",
        }
    }
    fn available(self) -> Available {
        let found = match self {
            Self::Avx512 => Avx512::detect().map(Available::Avx512),
            Self::ShaNi => ShaNi::detect().map(Available::ShaNi),
            Self::Portable => None,
        };
        found.unwrap_or(Available::Portable)
    }
}

/// The name of the kernel that [`FieldKey::tags`] uses on this machine.
#[must_use]
pub fn kernel_name() -> &'static str {
    Kernel::fastest().name()
}

/// A kernel with the proof that the machine has it.
enum Available {
    Avx512(Avx512),
    ShaNi(ShaNi),
    Portable,
}

/// Fewer messages than this in a last group of 16 lanes go one by one: that is faster than empty lanes.
const FEW: usize = 6;

impl Midstates {
    /// RFC 2104: the key, filled up with zeros to a block, xor 0x36 or 0x5c.
    #[expect(clippy::unnecessary_box_returns, reason = "moving a key out of its box would leave a copy")]
    fn new(key: &[u8; 32]) -> Box<Self> {
        let mut states = Box::new(Self { inner: START, outer: START });
        let mut block = Zeroizing::new([0_u8; 64]);
        for (state, pad) in [(&mut states.inner, 0x36), (&mut states.outer, 0x5c)] {
            block.fill(pad);
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            compress256(state, std::slice::from_ref(&*block));
        }
        states
    }

    fn tag(&self, message: &[u8]) -> [u8; 32] {
        let mut state = self.inner;
        if message.len() <= ONE_BLOCK {
            compress256(&mut state, &[padded(message)]);
        } else {
            let (blocks, rest) = message.as_chunks::<64>();
            compress256(&mut state, blocks);
            let mut last = [[0_u8; 64]; 2];
            let used = 1 + usize::from(rest.len() > ONE_BLOCK);
            let flat = last.as_flattened_mut();
            flat[..rest.len()].copy_from_slice(rest);
            flat[rest.len()] = 0x80;
            // The key block counts, too.
            flat[64 * used - 8..64 * used].copy_from_slice(&(8 * (64 + message.len() as u64)).to_be_bytes());
            compress256(&mut state, &last[..used]);
        }
        let mut block = [0_u8; 64];
        write_state(&state, &mut block);
        block[32] = 0x80;
        block[62..].copy_from_slice(&768_u16.to_be_bytes());
        let mut state = self.outer;
        compress256(&mut state, &[block]);
        let mut tag = [0; 32];
        write_state(&state, &mut tag);
        tag
    }

    /// The tags of messages `first..` up to the length of `out`.
    fn one_by_one<'m, const HEX: bool>(
        &self,
        message: &impl Fn(usize) -> &'m [u8],
        first: usize,
        out: &mut [[u8; 32]],
    ) {
        for (index, tag) in out.iter_mut().enumerate() {
            *tag = shown::<HEX>(self.tag(message(first + index)));
        }
    }

    fn by_avx512<'m, const HEX: bool>(
        &self,
        lanes: Avx512,
        message: &impl Fn(usize) -> &'m [u8],
        out: &mut [[u8; 32]],
    ) {
        let (groups, rest) = out.as_chunks_mut::<{ Avx512::LANES }>();
        let first_of_rest = groups.len() * Avx512::LANES;
        for (group, tags) in groups.iter_mut().enumerate() {
            let first = group * Avx512::LANES;
            self.in_lanes::<_, HEX>(message, first, tags, |messages, tags| lanes.tags16::<HEX>(self, messages, tags));
        }
        if rest.len() >= FEW {
            let mut tags = [[0; 32]; 16];
            let count = rest.len();
            let some = |index: usize| if index < first_of_rest + count { message(index) } else { &[] };
            self.in_lanes::<_, HEX>(&some, first_of_rest, &mut tags, |messages, tags| {
                lanes.tags16::<HEX>(self, messages, tags);
            });
            rest.copy_from_slice(&tags[..count]);
        } else {
            self.one_by_one::<HEX>(message, first_of_rest, rest);
        }
    }

    fn by_sha_ni<'m, const HEX: bool>(
        &self,
        lanes: ShaNi,
        message: &impl Fn(usize) -> &'m [u8],
        first: usize,
        out: &mut [[u8; 32]],
    ) {
        let (groups, rest) = out.as_chunks_mut::<{ ShaNi::LANES }>();
        let first_of_rest = first + groups.len() * ShaNi::LANES;
        for (group, tags) in groups.iter_mut().enumerate() {
            self.in_lanes::<_, HEX>(message, first + group * ShaNi::LANES, tags, |messages, tags| {
                lanes.tags4(self, &messages.map(padded), tags);
                for tag in tags {
                    *tag = shown::<HEX>(*tag);
                }
            });
        }
        self.one_by_one::<HEX>(message, first_of_rest, rest);
    }

    /// Messages `first..first + LANES` through `kernel`. Those of more than one block leave their lane empty and are
    /// computed alone; where most are such, all are.
    #[inline]
    fn in_lanes<'m, const LANES: usize, const HEX: bool>(
        &self,
        message: &impl Fn(usize) -> &'m [u8],
        first: usize,
        tags: &mut [[u8; 32]; LANES],
        kernel: impl Fn(&[&[u8]; LANES], &mut [[u8; 32]; LANES]),
    ) {
        let mut messages: [&[u8]; LANES] = std::array::from_fn(|lane| message(first + lane));
        let long = messages.iter().filter(|message| message.len() > ONE_BLOCK).count();
        if long == 0 {
            return kernel(&messages, tags);
        }
        if 2 * long > LANES {
            return self.one_by_one::<HEX>(message, first, tags);
        }
        let all = messages;
        for message in messages.iter_mut().filter(|message| message.len() > ONE_BLOCK) {
            *message = &[];
        }
        kernel(&messages, tags);
        for (message, tag) in all.iter().zip(tags).filter(|(message, _)| message.len() > ONE_BLOCK) {
            *tag = shown::<HEX>(self.tag(message));
        }
    }
}

/// A tag as it is, or its first half in hex.
#[inline]
fn shown<const HEX: bool>(tag: [u8; 32]) -> [u8; 32] {
    if HEX { hex(tag.first_chunk().expect("16 of 32 bytes")) } else { tag }
}

/// The only inner block of a message of at most 55 bytes: message, 0x80, zeros, length with the key block.
///
/// Copies of fixed sizes that overlap, because a copy of unknown size is a call.
#[inline]
fn padded(message: &[u8]) -> [u8; 64] {
    let length = message.len();
    let mut block = [0_u8; 64];
    if length >= 32 {
        block[..32].copy_from_slice(&message[..32]);
        block[length - 32..length].copy_from_slice(&message[length - 32..]);
    } else if length >= 16 {
        block[..16].copy_from_slice(&message[..16]);
        block[length - 16..length].copy_from_slice(&message[length - 16..]);
    } else if length >= 8 {
        block[..8].copy_from_slice(&message[..8]);
        block[length - 8..length].copy_from_slice(&message[length - 8..]);
    } else if length >= 4 {
        block[..4].copy_from_slice(&message[..4]);
        block[length - 4..length].copy_from_slice(&message[length - 4..]);
    } else {
        block[..length].copy_from_slice(message);
    }
    block[length] = 0x80;
    block[56..].copy_from_slice(&(8 * (64 + length as u64)).to_be_bytes());
    block
}

/// The state as big-endian bytes.
fn write_state(state: &[u32; 8], out: &mut [u8]) {
    for (bytes, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
}

#[cfg(test)]
#[path = "mac_tests.rs"]
mod tests;
