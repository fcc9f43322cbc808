//! Vector instructions: the one file of the crate with SIMD, and so with `unsafe`.
//!
//! Responsible for: HMAC-SHA-256 of many short messages, two compressions each (inner and outer block) in 16 lanes of
//! AVX-512, or in four interleaved streams of SHA-NI; SHA-256 of up to sixteen long texts side by side; hex digits; the places of separators in text, sixty-four bytes at a time; and a sieve of
//! grams, sixteen at a time. Given: mid-states, messages of one inner block, bytes. It knows neither keys nor tables, and what it does is done portably by those who
//! call it, too. A kernel exists only as a value that its detection has made.

#![allow(unsafe_code, reason = "vendor intrinsics; each block says why it is sound")]

use zeroize::Zeroize as _;

/// The states of SHA-256 after the inner and the outer key block: as secret as the key. No `Debug`, no `Clone`; wiped on drop.
pub(crate) struct Midstates {
    pub(crate) inner: [u32; 8],
    pub(crate) outer: [u32; 8],
}

impl Drop for Midstates {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// The state that SHA-256 starts with (FIPS 180-4 §5.3.3).
pub(crate) const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The longest message whose padding fits the same block: 64 less the 0x80 and eight length bytes.
pub(crate) const ONE_BLOCK: usize = 55;

/// Proof that this machine has AVX-512 F, BW and VL: 16 messages a register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(imp::Proof);

/// Proof that this machine has SHA-NI: four streams interleaved.
#[derive(Clone, Copy)]
pub(crate) struct ShaNi(imp::Proof);

impl Avx512 {
    /// Messages of one call.
    pub(crate) const LANES: usize = 16;

    /// `None` where the machine cannot.
    pub(crate) fn detect() -> Option<Self> {
        imp::avx512().map(Self)
    }
    /// HMAC of sixteen messages, each at most [`ONE_BLOCK`] long; as `HEX`, the first half of each in lower-case digits.
    #[inline]
    pub(crate) fn tags16<const HEX: bool>(self, key: &Midstates, messages: &[&[u8]; 16], out: &mut [[u8; 32]; 16]) {
        let Self(proof) = self;
        imp::avx512_tags::<HEX>(proof, key, messages, out);
    }
}

impl ShaNi {
    /// Messages of one call.
    pub(crate) const LANES: usize = 4;

    /// `None` where the machine cannot.
    pub(crate) fn detect() -> Option<Self> {
        imp::sha_ni().map(Self)
    }
    /// HMAC of four messages whose inner blocks are padded already.
    #[inline]
    pub(crate) fn tags4(self, key: &Midstates, blocks: &[[u8; 64]; 4], out: &mut [[u8; 32]; 4]) {
        let Self(proof) = self;
        imp::sha_ni_tags(proof, key, blocks, out);
    }
}

/// Proof that this machine has AVX-512 F, BW and VL: SHA-256 of several texts, one in each lane of a register or of half a one.
#[derive(Clone, Copy)]
pub(crate) struct Texts(imp::Proof);

impl Texts {
    /// Texts of one call at most.
    pub(crate) const MOST: usize = 16;

    /// `None` where the machine cannot.
    pub(crate) fn detect() -> Option<Self> {
        imp::texts().map(Self)
    }
    /// Takes blocks of each text into its state: of every text as many as the shortest has.
    #[inline]
    pub(crate) fn compress8(self, states: &mut [[u32; 8]; 8], texts: &[&[[u8; 64]]; 8]) {
        let Self(proof) = self;
        imp::compress_eight(proof, states, texts);
    }
    /// The same of sixteen texts.
    #[inline]
    pub(crate) fn compress16(self, states: &mut [[u32; 8]; 16], texts: &[&[[u8; 64]]; 16]) {
        let Self(proof) = self;
        imp::compress_sixteen(proof, states, texts);
    }
}

/// Asks for memory that will be read soon: nothing hangs on it but time.
#[inline]
pub(crate) fn fetch(bytes: &[u8]) {
    imp::fetch::<false>(bytes);
}

/// Asks for memory that will be written soon: nothing hangs on it but time.
#[inline]
pub(crate) fn fetch_to_write(bytes: &[u8]) {
    imp::fetch::<true>(bytes);
}

/// One bit for each of these bytes that is this one.
#[inline]
pub(crate) fn equal(block: &[u8; 32], byte: u8) -> u32 {
    imp::equal(block, byte)
}

/// One bit for each of these bytes that is beyond ASCII.
#[inline]
pub(crate) fn beyond_ascii(block: &[u8; 32]) -> u32 {
    imp::beyond_ascii(block)
}

/// The same on any machine.
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(crate) fn plain_bits(block: &[u8; 32], fits: impl Fn(u8) -> bool) -> u32 {
    block.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(fits(*byte)))
}

/// Sixteen bytes as 32 lower-case hex digits.
#[inline]
pub(crate) fn hex(bytes: &[u8; 16]) -> [u8; 32] {
    imp::hex(bytes)
}

/// Sixteen bytes as hex on any machine: 6 more carries a nibble above 9 into bit 4, and such a nibble is a letter, 39 further on.
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(crate) fn plain_hex(bytes: &[u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, &byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        let nibbles = (u16::from(byte) >> 4) | ((u16::from(byte) & 15) << 8);
        let letters = (nibbles.wrapping_add(0x0606) >> 4) & 0x0101;
        *pair = nibbles.wrapping_add(0x3030).wrapping_add(letters.wrapping_mul(39)).to_le_bytes();
    }
    digits
}

/// The sixteen bytes that 32 lower-case hex digits say; none where they are something else.
#[inline]
pub(crate) fn bytes_of_hex(digits: &[u8; 32]) -> Option<[u8; 16]> {
    imp::bytes_of_hex(digits)
}

/// The same on any machine.
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(crate) fn plain_bytes_of_hex(digits: &[u8; 32]) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (byte, [upper, lower]) in bytes.iter_mut().zip(digits.as_chunks().0) {
        let nibble = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        *byte = nibble(*upper)? << 4 | nibble(*lower)?;
    }
    Some(bytes)
}

/// Whether sixteen bytes are lower-case hex digits.
#[inline]
pub(crate) fn is_hex(bytes: &[u8; 16]) -> bool {
    imp::is_hex(bytes)
}

/// The same on any machine.
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(crate) fn plain_is_hex(bytes: &[u8; 16]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Finds separators by the widest registers of this machine; a shape of text that needs more thought is left to the caller.
#[derive(Clone, Copy)]
pub(crate) struct Finder(imp::Eyes);

/// What is looked for, by the order of [`Finder::masks`].
#[derive(Clone, Copy)]
pub(crate) struct Sought {
    pub(crate) delimiter: u8,
    /// Where there is none, the delimiter again.
    pub(crate) quote: u8,
    /// Whether there is one.
    pub(crate) quoted: bool,
}

/// What [`Finder::plain`] saw.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    /// Blocks it went through; fewer than given where it met a quote, or enough rows.
    pub(crate) blocks: usize,
    /// Ends written.
    pub(crate) ends: usize,
    /// Whether any of those blocks has a CR.
    pub(crate) returns: bool,
}

impl Finder {
    /// The fastest of this machine; `None` where it has none.
    pub(crate) fn detect() -> Option<Self> {
        imp::eyes().into_iter().next().map(Self)
    }
    /// Every one that this machine has, for tests.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        imp::eyes().into_iter().map(Self).collect()
    }
    /// Writes the place of every delimiter and LF to `ends`, the first byte being at `base`, and for every LF pushes how many ends there
    /// are up to its own, `used` being before. Stops before a block that has a quote, and behind one with which there are more rows
    /// than `most`.
    ///
    /// `ends` has room for 64 places a block.
    #[inline]
    pub(crate) fn plain(
        self,
        blocks: &[[u8; 64]],
        sought: Sought,
        (base, used): (u32, u32),
        most: usize,
        ends: &mut [u32],
        rows: &mut Vec<u32>,
    ) -> Seen {
        let Self(eyes) = self;
        imp::plain(eyes, blocks, sought, (base, used), most, ends, rows)
    }
    /// For every block a bit for each byte that is the delimiter or LF, that is LF, and that is the quote.
    #[inline]
    pub(crate) fn masks(self, blocks: &[[u8; 64]], sought: Sought, masks: &mut [[u64; 3]]) {
        let Self(eyes) = self;
        imp::masks(eyes, blocks, sought, masks);
    }
}

/// Sifts text by what stands at every so many bytes: four of them, looked up in a table of bits.
#[derive(Clone, Copy)]
pub(crate) struct Sieve(imp::Proof);

impl Sieve {
    /// The longest step.
    pub(crate) const STEP: usize = 20;
    /// Places that one more look may need.
    pub(crate) const ROOM: usize = 16;

    /// `None` where the machine has no AVX-512 with permutations of bytes (VBMI).
    pub(crate) fn detect() -> Option<Self> {
        imp::sieve().map(Self)
    }
    /// Looks at the grams at the begin of the bytes and every `step` bytes on, and writes the places of those whose bit is set, as
    /// [`sieved`] tells it. Ends in front of the last bytes, or where the places may have no room for more. Tells the first place that it
    /// did not look at, which may lie beyond the bytes, and how many it wrote.
    ///
    /// The table has a power of two words, at least two; `step` is at most [`Self::STEP`].
    #[inline]
    pub(crate) fn sift(self, bytes: &[u8], step: usize, table: &[u32], places: &mut [u32]) -> (usize, usize) {
        let Self(proof) = self;
        imp::sift(proof, bytes, step, table, places)
    }
}

/// The word of a sieve's table and the bit in it for a gram; the table has two to the power of `size` words.
#[inline]
pub(crate) fn sieved(gram: [u8; 4], size: u32) -> (usize, u32) {
    let hash = u32::from_le_bytes(gram).wrapping_mul(SPREAD);
    // the word by the highest bits, the bit by the next five
    ((hash >> (32 - size)) as usize, 1 << (hash >> (27 - size) & 31))
}

/// Odd, and near the golden ratio of all numbers of 32 bits: neighbours go far apart (Knuth, volume 3, 6.4).
const SPREAD: u32 = 0x9e37_79b1;

/// The most words of a sieve's table, as a power of two.
pub(crate) const WIDEST_SIEVE: u32 = 16;

/// Machines of other families: the proofs cannot exist, so the kernels cannot be called.
#[cfg(not(target_arch = "x86_64"))]
mod imp {
    use super::{Midstates, Seen, Sought};

    pub(super) type Proof = std::convert::Infallible;
    pub(super) type Eyes = std::convert::Infallible;
    pub(super) use super::{plain_bytes_of_hex as bytes_of_hex, plain_hex as hex, plain_is_hex as is_hex};

    pub(super) fn fetch<const WRITE: bool>(_: &[u8]) {}
    pub(super) fn equal(block: &[u8; 32], byte: u8) -> u32 {
        super::plain_bits(block, |other| other == byte)
    }
    pub(super) fn beyond_ascii(block: &[u8; 32]) -> u32 {
        super::plain_bits(block, |byte| !byte.is_ascii())
    }

    pub(super) fn eyes() -> Vec<Eyes> {
        Vec::new()
    }
    pub(super) fn plain(
        eyes: Eyes,
        _: &[[u8; 64]],
        _: Sought,
        _: (u32, u32),
        _: usize,
        _: &mut [u32],
        _: &mut Vec<u32>,
    ) -> Seen {
        match eyes {}
    }
    pub(super) fn masks(eyes: Eyes, _: &[[u8; 64]], _: Sought, _: &mut [[u64; 3]]) {
        match eyes {}
    }

    pub(super) fn sieve() -> Option<Proof> {
        None
    }
    pub(super) fn sift(proof: Proof, _: &[u8], _: usize, _: &[u32], _: &mut [u32]) -> (usize, usize) {
        match proof {}
    }

    pub(super) fn texts() -> Option<Proof> {
        None
    }
    pub(super) fn compress_eight(proof: Proof, _: &mut [[u32; 8]; 8], _: &[&[[u8; 64]]; 8]) {
        match proof {}
    }
    pub(super) fn compress_sixteen(proof: Proof, _: &mut [[u32; 8]; 16], _: &[&[[u8; 64]]; 16]) {
        match proof {}
    }
    pub(super) fn avx512() -> Option<Proof> {
        None
    }
    pub(super) fn sha_ni() -> Option<Proof> {
        None
    }
    pub(super) fn avx512_tags<const HEX: bool>(proof: Proof, _: &Midstates, _: &[&[u8]; 16], _: &mut [[u8; 32]; 16]) {
        match proof {}
    }
    pub(super) fn sha_ni_tags(proof: Proof, _: &Midstates, _: &[[u8; 64]; 4], _: &mut [[u8; 32]; 4]) {
        match proof {}
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "lengths of at most 55")]
#[expect(clippy::many_single_char_names, reason = "a to h are the state words of FIPS 180-4")]
mod imp {
    #[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "some forty intrinsics"))]
    use std::arch::x86_64::*;

    use super::{Midstates, ONE_BLOCK, SPREAD, Seen, Sieve, Sought, WIDEST_SIEVE};

    /// Made by the detections below only, each for its own kernels.
    #[derive(Clone, Copy)]
    pub(super) struct Proof(());

    pub(super) fn avx512() -> Option<Proof> {
        let all = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("bmi2");
        all.then_some(Proof(()))
    }

    pub(super) fn sha_ni() -> Option<Proof> {
        let all = std::is_x86_feature_detected!("sha")
            && std::is_x86_feature_detected!("sse4.1")
            && std::is_x86_feature_detected!("ssse3");
        all.then_some(Proof(()))
    }

    /// Asks for every line of memory that the bytes lie in.
    #[inline]
    pub(super) fn fetch<const WRITE: bool>(bytes: &[u8]) {
        const LINE: usize = 64;
        let lead = bytes.as_ptr().addr() % LINE;
        for line in (0..lead + bytes.len()).step_by(LINE) {
            let at = bytes.as_ptr().wrapping_add(line).cast::<i8>();
            // SAFETY: a prefetch reads and writes nothing, and faults at no address.
            unsafe {
                if WRITE {
                    _mm_prefetch::<_MM_HINT_ET0>(at);
                } else {
                    _mm_prefetch::<_MM_HINT_T0>(at);
                }
            }
        }
    }

    #[inline]
    pub(super) fn avx512_tags<const HEX: bool>(
        _: Proof,
        key: &Midstates,
        messages: &[&[u8]; 16],
        out: &mut [[u8; 32]; 16],
    ) {
        let mut longest = 0;
        for message in messages {
            longest = longest.max(message.len());
        }
        // The kernels read through masks made from the length: beyond one block a mask would not cover the message.
        assert!(longest <= ONE_BLOCK, "a message of one block");
        // SAFETY: the proof says that the machine has the features; the lengths were checked above.
        unsafe {
            if longest <= 31 {
                avx512_short::<HEX>(key, messages, out);
            } else {
                avx512_long::<HEX>(key, messages, out);
            }
        }
    }

    #[inline]
    pub(super) fn sha_ni_tags(_: Proof, key: &Midstates, blocks: &[[u8; 64]; 4], out: &mut [[u8; 32]; 4]) {
        // SAFETY: the proof says that the machine has the features.
        unsafe { sha_ni_four(key, blocks, out) }
    }

    /// FIPS 180-4 §4.2.2.
    #[rustfmt::skip]
    static K: [[u32; 16]; 4] = [
        [
            0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
            0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        ],
        [
            0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
            0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        ],
        [
            0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
            0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        ],
        [
            0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
            0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
        ],
    ];

    /// The bits of a 32-byte digest behind a key block: 512 + 256.
    const OUTER_BITS: i32 = 768;
    /// The padding bit as a big-endian word.
    const END_WORD: i32 = i32::MIN;

    // ---- AVX-512 -------------------------------------------------------------------------------------------------

    /// What SHA-256 does with words, in registers of one width.
    macro_rules! operations {
        ($name:ident: $register:ident, $add:ident $rotate:ident $shift:ident::<$by:ident> $ternary:ident $same:ident) => {
            mod $name {
                use std::arch::x86_64::{$add, $register, $rotate, $same, $shift, $ternary};

                #[inline]
                #[target_feature(enable = "avx512f,avx512vl")]
                pub(super) fn add(one: $register, other: $register) -> $register {
                    $add(one, other)
                }
                /// Three rotations.
                #[inline]
                #[target_feature(enable = "avx512f,avx512vl")]
                pub(super) fn sum<const ONE: i32, const TWO: i32, const THREE: i32>(word: $register) -> $register {
                    $ternary::<0x96>($rotate::<ONE>(word), $rotate::<TWO>(word), $rotate::<THREE>(word))
                }
                /// Two rotations and a shift.
                #[inline]
                #[target_feature(enable = "avx512f,avx512vl")]
                pub(super) fn sigma<const ONE: i32, const TWO: i32, const THREE: $by>(word: $register) -> $register {
                    $ternary::<0x96>($rotate::<ONE>(word), $rotate::<TWO>(word), $shift::<THREE>(word))
                }
                #[inline]
                #[target_feature(enable = "avx512f,avx512vl")]
                pub(super) fn choice(e: $register, f: $register, g: $register) -> $register {
                    $ternary::<0xca>(e, f, g)
                }
                #[inline]
                #[target_feature(enable = "avx512f,avx512vl")]
                pub(super) fn majority(a: $register, b: $register, c: $register) -> $register {
                    $ternary::<0xe8>(a, b, c)
                }
                /// The same word in every lane.
                #[inline]
                #[target_feature(enable = "avx512f,avx512vl")]
                pub(super) fn same(word: u32) -> $register {
                    $same(word.cast_signed())
                }
            }
        };
    }
    operations!(wide: __m512i, _mm512_add_epi32 _mm512_ror_epi32 _mm512_srli_epi32::<u32> _mm512_ternarylogic_epi32 _mm512_set1_epi32);
    operations!(half: __m256i, _mm256_add_epi32 _mm256_ror_epi32 _mm256_srli_epi32::<i32> _mm256_ternarylogic_epi32 _mm256_set1_epi32);

    /// One round, given what comes before the choice: `h` and the word with its constant. The names rotate at the place of use, so that no
    /// register moves.
    macro_rules! step {
        ($ops:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $before:expr) => {
            let before = $ops::add($before, $ops::choice($e, $f, $g));
            let first = $ops::add(before, $ops::sum::<6, 11, 25>($e));
            $d = $ops::add($d, first);
            $h = $ops::add(first, $ops::add($ops::sum::<2, 13, 22>($a), $ops::majority($a, $b, $c)));
        };
    }

    /// One round over a word.
    macro_rules! round {
        ($ops:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $word:expr, $k:expr) => {
            step!($ops, $a $b $c $d $e $f $g $h, $ops::add($h, $ops::add($word, $ops::same($k))))
        };
    }

    /// Sixteen rounds over the ring of words with constants from `$from`.
    macro_rules! sixteen {
        ($ops:ident, $w:ident $k:expr, $next:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
            $next!($ops, $w 0 1 9 14); round!($ops, $a $b $c $d $e $f $g $h, $w[0], $k[0]);
            $next!($ops, $w 1 2 10 15); round!($ops, $h $a $b $c $d $e $f $g, $w[1], $k[1]);
            $next!($ops, $w 2 3 11 0); round!($ops, $g $h $a $b $c $d $e $f, $w[2], $k[2]);
            $next!($ops, $w 3 4 12 1); round!($ops, $f $g $h $a $b $c $d $e, $w[3], $k[3]);
            $next!($ops, $w 4 5 13 2); round!($ops, $e $f $g $h $a $b $c $d, $w[4], $k[4]);
            $next!($ops, $w 5 6 14 3); round!($ops, $d $e $f $g $h $a $b $c, $w[5], $k[5]);
            $next!($ops, $w 6 7 15 4); round!($ops, $c $d $e $f $g $h $a $b, $w[6], $k[6]);
            $next!($ops, $w 7 8 0 5); round!($ops, $b $c $d $e $f $g $h $a, $w[7], $k[7]);
            $next!($ops, $w 8 9 1 6); round!($ops, $a $b $c $d $e $f $g $h, $w[8], $k[8]);
            $next!($ops, $w 9 10 2 7); round!($ops, $h $a $b $c $d $e $f $g, $w[9], $k[9]);
            $next!($ops, $w 10 11 3 8); round!($ops, $g $h $a $b $c $d $e $f, $w[10], $k[10]);
            $next!($ops, $w 11 12 4 9); round!($ops, $f $g $h $a $b $c $d $e, $w[11], $k[11]);
            $next!($ops, $w 12 13 5 10); round!($ops, $e $f $g $h $a $b $c $d, $w[12], $k[12]);
            $next!($ops, $w 13 14 6 11); round!($ops, $d $e $f $g $h $a $b $c, $w[13], $k[13]);
            $next!($ops, $w 14 15 7 12); round!($ops, $c $d $e $f $g $h $a $b, $w[14], $k[14]);
            $next!($ops, $w 15 0 8 13); round!($ops, $b $c $d $e $f $g $h $a, $w[15], $k[15]);
        };
    }

    /// The words stand already.
    macro_rules! as_given {
        ($ops:ident, $w:ident $i:literal $i1:literal $i9:literal $i14:literal) => {};
    }

    /// The next word of the schedule, in the place of the one sixteen before.
    macro_rules! scheduled {
        ($ops:ident, $w:ident $i:literal $i1:literal $i9:literal $i14:literal) => {
            let sum = $ops::add($ops::add($w[$i], $w[$i9]), $ops::sigma::<7, 18, 3>($w[$i1]));
            $w[$i] = $ops::add(sum, $ops::sigma::<17, 19, 10>($w[$i14]));
        };
    }

    /// The compression function from a state over sixteen words, which it uses up.
    ///
    /// Loops, not 64 rounds in a row: so it stays in the cache of decoded instructions.
    macro_rules! compression {
        ($ops:ident, $start:expr, $w:ident) => {{
            let start = $start;
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = start;
            sixteen!($ops, $w K[0], as_given, a b c d e f g h);
            for k in &K[1..] {
                sixteen!($ops, $w k, scheduled, a b c d e f g h);
            }
            let mut state = [a, b, c, d, e, f, g, h];
            for (word, start) in state.iter_mut().zip(start) {
                *word = $ops::add(*word, start);
            }
            state
        }};
    }

    /// The first schedule of a block whose words 9 to 14 are zero: what they would add is left out.
    macro_rules! scheduled_padded {
        ($ops:ident, $w:ident 0 $i1:literal $i9:literal $i14:literal) => {
            $w[0] = $ops::add($w[0], $ops::sigma::<7, 18, 3>($w[1]));
        };
        ($ops:ident, $w:ident 6 $i1:literal $i9:literal $i14:literal) => { scheduled!($ops, $w 6 7 15 4) };
        ($ops:ident, $w:ident 7 $i1:literal $i9:literal $i14:literal) => { scheduled!($ops, $w 7 8 0 5) };
        ($ops:ident, $w:ident 8 $i1:literal $i9:literal $i14:literal) => {
            $w[8] = $ops::add($ops::add($w[8], $w[1]), $ops::sigma::<17, 19, 10>($w[6]));
        };
        ($ops:ident, $w:ident 9 $i1:literal $i9:literal $i14:literal) => { scheduled_padded!(zero $ops $w 9 $i9 $i14) };
        ($ops:ident, $w:ident 10 $i1:literal $i9:literal $i14:literal) => { scheduled_padded!(zero $ops $w 10 $i9 $i14) };
        ($ops:ident, $w:ident 11 $i1:literal $i9:literal $i14:literal) => { scheduled_padded!(zero $ops $w 11 $i9 $i14) };
        ($ops:ident, $w:ident 12 $i1:literal $i9:literal $i14:literal) => { scheduled_padded!(zero $ops $w 12 $i9 $i14) };
        ($ops:ident, $w:ident 13 $i1:literal $i9:literal $i14:literal) => { scheduled_padded!(zero $ops $w 13 $i9 $i14) };
        ($ops:ident, $w:ident 14 $i1:literal $i9:literal $i14:literal) => {
            let sigmas = $ops::add($ops::sigma::<7, 18, 3>($w[15]), $ops::sigma::<17, 19, 10>($w[12]));
            $w[14] = $ops::add($w[7], sigmas);
        };
        ($ops:ident, $w:ident 15 $i1:literal $i9:literal $i14:literal) => { scheduled!($ops, $w 15 0 8 13) };
        // both this word and the next are zero
        (zero $ops:ident $w:ident $i:literal $i9:literal $i14:literal) => {
            $w[$i] = $ops::add($w[$i9], $ops::sigma::<17, 19, 10>($w[$i14]));
        };
        // the word seven before is zero
        ($ops:ident, $w:ident $i:literal $i1:literal $i9:literal $i14:literal) => {
            let own = $ops::add($w[$i], $ops::sigma::<7, 18, 3>($w[$i1]));
            $w[$i] = $ops::add(own, $ops::sigma::<17, 19, 10>($w[$i14]));
        };
    }

    /// From a state that is the same in every lane.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
    fn compress(start: &[u32; 8], words: &[__m512i; 16]) -> [__m512i; 8] {
        let mut w = *words;
        compression!(wide, from_start(start), w)
    }

    /// The same over words of which 9 to 14 are zero, as they are of a short message and of a digest: what they add to the schedule is
    /// left out, and what the first rounds make of the start alone is made once and not in lanes. It saves a twentieth.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
    fn compress_padded(start: &[u32; 8], words: &[__m512i; 16]) -> [__m512i; 8] {
        let mut w = *words;
        let [mut a, mut b, mut c, mut d, mut e, mut f, ..] = from_start(start);
        let (mut g, mut h);
        let [a0, b0, c0, _, e0, f0, g0, h0] = *start;
        // of the first round only the word differs
        let sum1 = e0.rotate_right(6) ^ e0.rotate_right(11) ^ e0.rotate_right(25);
        let sum0 = a0.rotate_right(2) ^ a0.rotate_right(13) ^ a0.rotate_right(22);
        let choice = (e0 & f0) ^ (!e0 & g0);
        let majority = (a0 & b0) ^ (a0 & c0) ^ (b0 & c0);
        let first = [h0, sum1, choice, K[0][0]].into_iter().fold(0, u32::wrapping_add);
        let first = wide::add(w[0], wide::same(first));
        d = wide::add(d, first);
        h = wide::add(first, wide::same(sum0.wrapping_add(majority)));
        // of the next three `h` is still of the start
        macro_rules! early {
            ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $at:literal, $start:ident) => {
                let known = wide::same($start.wrapping_add(K[0][$at]));
                step!(wide, $a $b $c $d $e $f $g $h, wide::add(w[$at], known));
            };
        }
        early!(h a b c d e f g, 1, g0);
        early!(g h a b c d e f, 2, f0);
        early!(f g h a b c d e, 3, e0);
        round!(wide, e f g h a b c d, w[4], K[0][4]);
        round!(wide, d e f g h a b c, w[5], K[0][5]);
        round!(wide, c d e f g h a b, w[6], K[0][6]);
        round!(wide, b c d e f g h a, w[7], K[0][7]);
        round!(wide, a b c d e f g h, w[8], K[0][8]);
        macro_rules! zero {
            ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $at:literal) => {
                step!(wide, $a $b $c $d $e $f $g $h, wide::add($h, wide::same(K[0][$at])));
            };
        }
        zero!(h a b c d e f g, 9);
        zero!(g h a b c d e f, 10);
        zero!(f g h a b c d e, 11);
        zero!(e f g h a b c d, 12);
        zero!(d e f g h a b c, 13);
        zero!(c d e f g h a b, 14);
        round!(wide, b c d e f g h a, w[15], K[0][15]);
        sixteen!(wide, w K[1], scheduled_padded, a b c d e f g h);
        for k in &K[2..] {
            sixteen!(wide, w k, scheduled, a b c d e f g h);
        }
        add_start([a, b, c, d, e, f, g, h], start)
    }

    /// The last step of a compression.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    fn add_start(mut state: [__m512i; 8], start: &[u32; 8]) -> [__m512i; 8] {
        for (word, start) in state.iter_mut().zip(start) {
            *word = wide::add(*word, wide::same(*start));
        }
        state
    }

    // ---- several texts -------------------------------------------------------------------------------------------

    pub(super) fn texts() -> Option<Proof> {
        let all = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx2");
        all.then_some(Proof(()))
    }

    #[inline]
    pub(super) fn compress_eight(_: Proof, states: &mut [[u32; 8]; 8], texts: &[&[[u8; 64]]; 8]) {
        // SAFETY: the proof says that the machine has the features.
        unsafe { half_wide_eight(states, texts) }
    }

    #[inline]
    pub(super) fn compress_sixteen(_: Proof, states: &mut [[u32; 8]; 16], texts: &[&[[u8; 64]]; 16]) {
        // SAFETY: the proof says that the machine has the features.
        unsafe { wide_sixteen(states, texts) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
    fn wide_sixteen(states: &mut [[u32; 8]; 16], texts: &[&[[u8; 64]]; 16]) {
        let shortest = texts.iter().map(|text| text.len()).min().unwrap_or(0);
        let mut start = [wide::same(0); 8];
        for (word, start) in start.iter_mut().enumerate() {
            *start = load_words(&states.each_ref().map(|state| state[word].cast_signed()));
        }
        for block in 0..shortest {
            let mut rows = [wide::same(0); 16];
            for (row, text) in rows.iter_mut().zip(texts) {
                *row = load_wide(&text[block]);
            }
            let mut w = turn_blocks(&rows);
            start = compression!(wide, start, w);
        }
        for (word, start) in start.into_iter().enumerate() {
            let mut lanes = [0_u32; 16];
            // SAFETY: writes the 64 bytes of the array, unaligned.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), start) };
            for (state, lane) in states.iter_mut().zip(lanes) {
                state[word] = lane;
            }
        }
    }

    /// Registers of half the width: the core has three units for them, and two for whole ones.
    #[target_feature(enable = "avx512f,avx512vl,avx2")]
    fn half_wide_eight(states: &mut [[u32; 8]; 8], texts: &[&[[u8; 64]]; 8]) {
        let shortest = texts.iter().map(|text| text.len()).min().unwrap_or(0);
        let mut start = turn(states.each_ref().map(|state| load_half(state)));
        for block in 0..shortest {
            let lower = turn_bytes(texts, block, 0);
            let upper = turn_bytes(texts, block, 1);
            let mut w = [half::same(0); 16];
            w[..8].copy_from_slice(&lower);
            w[8..].copy_from_slice(&upper);
            start = compression!(half, start, w);
        }
        for (state, words) in states.iter_mut().zip(turn(start)) {
            // SAFETY: writes the 32 bytes of the array, unaligned.
            unsafe { _mm256_storeu_si256(state.as_mut_ptr().cast(), words) };
        }
    }

    /// Eight words of a half of a block of every text, word by word.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl,avx2")]
    fn turn_bytes(texts: &[&[[u8; 64]]; 8], block: usize, part: usize) -> [__m256i; 8] {
        // big-endian words
        let swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        let swap = _mm256_broadcastsi128_si256(swap);
        let mut rows = [_mm256_setzero_si256(); 8];
        for (row, text) in rows.iter_mut().zip(texts) {
            let bytes = &text[block].as_chunks::<32>().0[part];
            // SAFETY: reads the 32 bytes of the array, unaligned.
            *row = _mm256_shuffle_epi8(unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }, swap);
        }
        turn(rows)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_half(words: &[u32; 8]) -> __m256i {
        // SAFETY: reads the 32 bytes of the array, unaligned.
        unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
    }

    /// Rows become columns: register i holds eight words, afterwards the i-th of each.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn turn(rows: [__m256i; 8]) -> [__m256i; 8] {
        let four = |[r0, r1, r2, r3]: [__m256i; 4]| {
            let (low01, high01) = (_mm256_unpacklo_epi32(r0, r1), _mm256_unpackhi_epi32(r0, r1));
            let (low23, high23) = (_mm256_unpacklo_epi32(r2, r3), _mm256_unpackhi_epi32(r2, r3));
            [
                _mm256_unpacklo_epi64(low01, low23),
                _mm256_unpackhi_epi64(low01, low23),
                _mm256_unpacklo_epi64(high01, high23),
                _mm256_unpackhi_epi64(high01, high23),
            ]
        };
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
        let (first, second) = (four([r0, r1, r2, r3]), four([r4, r5, r6, r7]));
        let mut columns = rows;
        for index in 0..4 {
            columns[index] = _mm256_permute2x128_si256::<0x20>(first[index], second[index]);
            columns[4 + index] = _mm256_permute2x128_si256::<0x31>(first[index], second[index]);
        }
        columns
    }

    /// The outer block and its compression, then the tags.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
    fn finish<const HEX: bool>(key: &Midstates, [a, b, c, d, e, f, g, h]: [__m512i; 8], out: &mut [[u8; 32]; 16]) {
        let (zero, end, bits) = (wide::same(0), _mm512_set1_epi32(END_WORD), _mm512_set1_epi32(OUTER_BITS));
        let words = [a, b, c, d, e, f, g, h, end, zero, zero, zero, zero, zero, zero, bits];
        let tags = compress_padded(&key.outer, &words);
        if HEX {
            let [a, b, c, d, ..] = tags;
            store_hex([a, b, c, d], out);
        } else {
            store_tags(&tags, out);
        }
    }

    /// Messages of at most 31 bytes: words 8 to 14 are zero, and half of the transposition is not needed.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
    fn avx512_short<const HEX: bool>(key: &Midstates, messages: &[&[u8]; 16], out: &mut [[u8; 32]; 16]) {
        let mut words = [wide::same(0); 16];
        let mut rows = [_mm256_setzero_si256(); 16];
        let mut bits = [0_i32; 16];
        for lane in 0..16 {
            let message = messages[lane];
            let length = message.len();
            let filled = _bzhi_u32(u32::MAX, length as u32);
            // SAFETY: the mask has a bit for each byte of the message and no other; masked bytes are not read.
            let row = unsafe { _mm256_maskz_loadu_epi8(filled, message.as_ptr().cast()) };
            let end = 1_u32.wrapping_shl(length as u32);
            rows[lane] = _mm256_mask_blend_epi8(end, row, _mm256_set1_epi8(i8::MIN));
            bits[lane] = 512 + ((length as i32) << 3);
        }
        let [mut first, mut second] = [[_mm512_setzero_si512(); 4]; 2];
        for row in 0..4 {
            let quarters = [rows[row], rows[4 + row], rows[8 + row], rows[12 + row]];
            first[row] = join(
                _mm256_castsi256_si128(quarters[0]),
                _mm256_castsi256_si128(quarters[1]),
                _mm256_castsi256_si128(quarters[2]),
                _mm256_castsi256_si128(quarters[3]),
            );
            second[row] = join(
                _mm256_extracti128_si256::<1>(quarters[0]),
                _mm256_extracti128_si256::<1>(quarters[1]),
                _mm256_extracti128_si256::<1>(quarters[2]),
                _mm256_extracti128_si256::<1>(quarters[3]),
            );
        }
        let (first, second) = (transpose(first), transpose(second));
        words[..4].copy_from_slice(&first);
        words[4..8].copy_from_slice(&second);
        words[15] = load_words(&bits);
        finish::<HEX>(key, compress_padded(&key.inner, &words), out);
    }

    /// Messages of up to 55 bytes.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
    fn avx512_long<const HEX: bool>(key: &Midstates, messages: &[&[u8]; 16], out: &mut [[u8; 32]; 16]) {
        let mut rows = [_mm512_setzero_si512(); 16];
        let mut bits = [0_i32; 16];
        for lane in 0..16 {
            let message = messages[lane];
            let length = message.len();
            let filled = _bzhi_u64(u64::MAX, length as u32);
            // SAFETY: the mask has a bit for each byte of the message and no other; masked bytes are not read.
            let row = unsafe { _mm512_maskz_loadu_epi8(filled, message.as_ptr().cast()) };
            let end = 1_u64.wrapping_shl(length as u32);
            rows[lane] = _mm512_mask_blend_epi8(end, row, _mm512_set1_epi8(i8::MIN));
            bits[lane] = 512 + ((length as i32) << 3);
        }
        let mut words = turn_blocks(&rows);
        words[15] = load_words(&bits);
        finish::<HEX>(key, compress(&key.inner, &words), out);
    }

    /// Sixteen blocks as sixteen words of each, big-endian.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn turn_blocks(rows: &[__m512i; 16]) -> [__m512i; 16] {
        let mut words = [_mm512_setzero_si512(); 16];
        macro_rules! group {
            ($group:literal) => {
                let mut four = [_mm512_setzero_si512(); 4];
                for row in 0..4 {
                    four[row] = join(
                        _mm512_extracti32x4_epi32::<$group>(rows[row]),
                        _mm512_extracti32x4_epi32::<$group>(rows[4 + row]),
                        _mm512_extracti32x4_epi32::<$group>(rows[8 + row]),
                        _mm512_extracti32x4_epi32::<$group>(rows[12 + row]),
                    );
                }
                words[4 * $group..][..4].copy_from_slice(&transpose(four));
            };
        }
        group!(0);
        group!(1);
        group!(2);
        group!(3);
        words
    }

    /// The same state in every lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    fn from_start(start: &[u32; 8]) -> [__m512i; 8] {
        let mut state = [wide::same(0); 8];
        for (word, start) in state.iter_mut().zip(start) {
            *word = wide::same(*start);
        }
        state
    }

    /// Four quarters in one register.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn join(first: __m128i, second: __m128i, third: __m128i, fourth: __m128i) -> __m512i {
        let joined = _mm512_inserti32x4::<1>(_mm512_castsi128_si512(first), second);
        _mm512_inserti32x4::<3>(_mm512_inserti32x4::<2>(joined, third), fourth)
    }

    /// Register r holds four words, as bytes, of messages r, 4 + r, 8 + r and 12 + r; afterwards register w holds word w of
    /// messages 0 to 15.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn transpose(rows: [__m512i; 4]) -> [__m512i; 4] {
        // Big-endian words; then the 4 by 4 transposition within each quarter.
        let swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        let [mut r0, mut r1, mut r2, mut r3] = rows;
        for row in [&mut r0, &mut r1, &mut r2, &mut r3] {
            *row = _mm512_shuffle_epi8(*row, swap);
        }
        let low01 = _mm512_unpacklo_epi32(r0, r1);
        let high01 = _mm512_unpackhi_epi32(r0, r1);
        let low23 = _mm512_unpacklo_epi32(r2, r3);
        let high23 = _mm512_unpackhi_epi32(r2, r3);
        [
            _mm512_unpacklo_epi64(low01, low23),
            _mm512_unpackhi_epi64(low01, low23),
            _mm512_unpacklo_epi64(high01, high23),
            _mm512_unpackhi_epi64(high01, high23),
        ]
    }

    /// Sixteen numbers as one register, in the lane order of [`transpose`].
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_words(lanes: &[i32; 16]) -> __m512i {
        // SAFETY: reads the 64 bytes of the array, unaligned.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }

    /// Eight words of 16 lanes as 16 tags of big-endian bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn store_tags(words: &[__m512i; 8], out: &mut [[u8; 32]; 16]) {
        let [a, b, c, d, e, f, g, h] = *words;
        store_rows(transpose_back([a, b, c, d]), transpose_back([e, f, g, h]), out);
    }

    /// Four words of 16 lanes as 16 times 32 lower-case hex digits.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn store_hex(words: [__m512i; 4], out: &mut [[u8; 32]; 16]) {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        // SAFETY: reads the 16 bytes of the array, unaligned.
        let digits = _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(DIGITS.as_ptr().cast()) });
        let nibble = _mm512_set1_epi8(15);
        let rows = transpose_back(words);
        let (mut first, mut second) = (rows, rows);
        for row in 0..4 {
            let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(rows[row]), nibble);
            let lower = _mm512_and_si512(rows[row], nibble);
            first[row] = _mm512_shuffle_epi8(digits, _mm512_unpacklo_epi8(upper, lower));
            second[row] = _mm512_shuffle_epi8(digits, _mm512_unpackhi_epi8(upper, lower));
        }
        store_rows(first, second, out);
    }

    /// Writes what lane 4q + r has in quarter q of register r, its first and its second half.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn store_rows(first: [__m512i; 4], second: [__m512i; 4], out: &mut [[u8; 32]; 16]) {
        for row in 0..4 {
            macro_rules! quarter {
                ($quarter:literal) => {
                    let halves = _mm256_set_m128i(
                        _mm512_extracti32x4_epi32::<$quarter>(second[row]),
                        _mm512_extracti32x4_epi32::<$quarter>(first[row]),
                    );
                    // SAFETY: writes the 32 bytes of the array, unaligned.
                    unsafe { _mm256_storeu_si256(out[4 * $quarter + row].as_mut_ptr().cast(), halves) };
                };
            }
            quarter!(0);
            quarter!(1);
            quarter!(2);
            quarter!(3);
        }
    }

    /// Four words of 16 lanes; afterwards quarter q of register r holds the four words of lane 4q + r.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn transpose_back(words: [__m512i; 4]) -> [__m512i; 4] {
        let swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        let [a, b, c, d] = words;
        let low_ab = _mm512_unpacklo_epi32(a, b);
        let high_ab = _mm512_unpackhi_epi32(a, b);
        let low_cd = _mm512_unpacklo_epi32(c, d);
        let high_cd = _mm512_unpackhi_epi32(c, d);
        let mut rows = [
            _mm512_unpacklo_epi64(low_ab, low_cd),
            _mm512_unpackhi_epi64(low_ab, low_cd),
            _mm512_unpacklo_epi64(high_ab, high_cd),
            _mm512_unpackhi_epi64(high_ab, high_cd),
        ];
        for row in &mut rows {
            *row = _mm512_shuffle_epi8(*row, swap);
        }
        rows
    }

    // ---- SHA-NI --------------------------------------------------------------------------------------------------

    /// Four rounds of each stream with the words that stand in `$m[$at]`.
    macro_rules! four_rounds {
        ($abef:ident, $cdgh:ident, $m:ident, $at:literal, $from:expr) => {
            let k = round_constants($from);
            for stream in 0..4 {
                let words = _mm_add_epi32($m[stream][$at], k);
                $cdgh[stream] = _mm_sha256rnds2_epu32($cdgh[stream], $abef[stream], words);
                $abef[stream] = _mm_sha256rnds2_epu32($abef[stream], $cdgh[stream], _mm_shuffle_epi32::<0x0e>(words));
            }
        };
    }

    /// The next four words of each stream, in the place of those sixteen before.
    macro_rules! next_words {
        ($m:ident, $w0:literal $w1:literal $w2:literal $w3:literal) => {
            for stream in 0..4 {
                let m = &mut $m[stream];
                let sum = _mm_add_epi32(_mm_sha256msg1_epu32(m[$w0], m[$w1]), _mm_alignr_epi8::<4>(m[$w3], m[$w2]));
                m[$w0] = _mm_sha256msg2_epu32(sum, m[$w3]);
            }
        };
    }

    /// The compression function from the same state over four streams of words.
    macro_rules! compress_four {
        ($start:expr, $m:ident) => {{
            let [a, b, c, d, e, f, g, h] = $start.map(u32::cast_signed);
            let (start_abef, start_cdgh) = (_mm_set_epi32(a, b, e, f), _mm_set_epi32(c, d, g, h));
            let mut abef = [start_abef; 4];
            let mut cdgh = [start_cdgh; 4];
            four_rounds!(abef, cdgh, $m, 0, 0);
            four_rounds!(abef, cdgh, $m, 1, 4);
            four_rounds!(abef, cdgh, $m, 2, 8);
            four_rounds!(abef, cdgh, $m, 3, 12);
            for from in [16, 32, 48] {
                next_words!($m, 0 1 2 3);
                four_rounds!(abef, cdgh, $m, 0, from);
                next_words!($m, 1 2 3 0);
                four_rounds!(abef, cdgh, $m, 1, from + 4);
                next_words!($m, 2 3 0 1);
                four_rounds!(abef, cdgh, $m, 2, from + 8);
                next_words!($m, 3 0 1 2);
                four_rounds!(abef, cdgh, $m, 3, from + 12);
            }
            let result: [[__m128i; 2]; 4] = std::array::from_fn(|stream| {
                let abef = _mm_add_epi32(abef[stream], start_abef);
                let cdgh = _mm_add_epi32(cdgh[stream], start_cdgh);
                [
                    _mm_shuffle_epi32::<0xb1>(_mm_unpackhi_epi64(abef, cdgh)),
                    _mm_shuffle_epi32::<0xb1>(_mm_unpacklo_epi64(abef, cdgh)),
                ]
            });
            result
        }};
    }

    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn sha_ni_four(key: &Midstates, blocks: &[[u8; 64]; 4], out: &mut [[u8; 32]; 4]) {
        let swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        let mut words: [[__m128i; 4]; 4] = std::array::from_fn(|stream| {
            std::array::from_fn(|quarter| {
                let bytes: &[u8; 16] = blocks[stream][16 * quarter..][..16].try_into().expect("a quarter of a block");
                // SAFETY: reads the 16 bytes of the array, unaligned.
                let loaded = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
                _mm_shuffle_epi8(loaded, swap)
            })
        });
        let digests = compress_four!(key.inner, words);
        let (end, bits) = (_mm_set_epi32(0, 0, 0, END_WORD), _mm_set_epi32(OUTER_BITS, 0, 0, 0));
        let mut words = digests.map(|[first, second]| [first, second, end, bits]);
        let tags = compress_four!(key.outer, words);
        for (tag, halves) in out.iter_mut().zip(tags) {
            for (bytes, half) in tag.as_chunks_mut::<16>().0.iter_mut().zip(halves) {
                // SAFETY: writes the 16 bytes of the array, unaligned.
                unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), _mm_shuffle_epi8(half, swap)) };
            }
        }
    }

    /// Four round constants.
    #[inline]
    #[target_feature(enable = "sse4.1")]
    fn round_constants(from: usize) -> __m128i {
        let four: &[u32; 4] = K.as_flattened()[from..][..4].try_into().expect("four of them");
        // SAFETY: reads the 16 bytes of the array, unaligned.
        unsafe { _mm_loadu_si128(four.as_ptr().cast()) }
    }

    // ---- hex -----------------------------------------------------------------------------------------------------

    #[inline]
    pub(super) fn hex(bytes: &[u8; 16]) -> [u8; 32] {
        // SAFETY: every x86-64 has SSE2.
        unsafe { hex_sse2(bytes) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn hex_sse2(bytes: &[u8; 16]) -> [u8; 32] {
        let [low, high] = [0, 8].map(|at| i64::from_le_bytes(*bytes[at..].first_chunk().expect("a half")));
        let bytes = _mm_set_epi64x(high, low);
        let nibble = _mm_set1_epi8(15);
        let upper = _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble);
        let lower = _mm_and_si128(bytes, nibble);
        let mut digits = [0; 32];
        let halves = [_mm_unpacklo_epi8(upper, lower), _mm_unpackhi_epi8(upper, lower)];
        for (out, nibbles) in digits.as_chunks_mut::<16>().0.iter_mut().zip(halves) {
            // A letter stands 39 further on than a digit of its value would.
            let letters = _mm_and_si128(_mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9)), _mm_set1_epi8(39));
            let text = _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8(48)), letters);
            out[..8].copy_from_slice(&_mm_cvtsi128_si64(text).to_le_bytes());
            out[8..].copy_from_slice(&_mm_cvtsi128_si64(_mm_unpackhi_epi64(text, text)).to_le_bytes());
        }
        digits
    }

    #[inline]
    pub(super) fn is_hex(bytes: &[u8; 16]) -> bool {
        // SAFETY: every x86-64 has SSE2.
        unsafe { nibbles_sse2(bytes).1 }
    }

    #[inline]
    pub(super) fn bytes_of_hex(digits: &[u8; 32]) -> Option<[u8; 16]> {
        // SAFETY: every x86-64 has SSE2.
        unsafe { bytes_of_hex_sse2(digits) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn bytes_of_hex_sse2(digits: &[u8; 32]) -> Option<[u8; 16]> {
        let [first, second] = digits.as_chunks::<16>().0 else { return None };
        let ((first, one), (second, two)) = (nibbles_sse2(first), nibbles_sse2(second));
        // of each pair the first is the upper nibble
        let pairs = |nibbles| {
            let low = _mm_and_si128(nibbles, _mm_set1_epi16(0xff));
            _mm_or_si128(_mm_slli_epi16::<4>(low), _mm_srli_epi16::<8>(nibbles))
        };
        let bytes = _mm_packus_epi16(pairs(first), pairs(second));
        let mut out = [0; 16];
        // SAFETY: writes the 16 bytes of the array, unaligned.
        unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), bytes) };
        (one && two).then_some(out)
    }

    /// The values of sixteen digits, and whether all are lower-case hex.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn nibbles_sse2(digits: &[u8; 16]) -> (__m128i, bool) {
        // SAFETY: reads the 16 bytes of the array, unaligned.
        let digits = unsafe { _mm_loadu_si128(digits.as_ptr().cast()) };
        // without a sign, what lies below the first wraps round to more than any
        let within = |first: u8, last: i8| {
            let from_first = _mm_sub_epi8(digits, _mm_set1_epi8(first.cast_signed()));
            _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8(last)), from_first)
        };
        let letter = within(b'a', 5);
        let all = _mm_movemask_epi8(_mm_or_si128(within(b'0', 9), letter)) == 0xffff;
        let nibble = _mm_and_si128(digits, _mm_set1_epi8(15));
        (_mm_add_epi8(nibble, _mm_and_si128(letter, _mm_set1_epi8(9))), all)
    }

    // ---- bits of a block -----------------------------------------------------------------------------------------

    #[inline]
    pub(super) fn equal(block: &[u8; 32], byte: u8) -> u32 {
        // SAFETY: every x86-64 has SSE2.
        unsafe { bits_sse2(block, |half| _mm_cmpeq_epi8(half, _mm_set1_epi8(byte.cast_signed()))) }
    }

    #[inline]
    pub(super) fn beyond_ascii(block: &[u8; 32]) -> u32 {
        // SAFETY: every x86-64 has SSE2.
        unsafe { bits_sse2(block, |half| half) }
    }

    /// The highest bit of every byte of what is made of both halves.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn bits_sse2(block: &[u8; 32], made: impl Fn(__m128i) -> __m128i) -> u32 {
        let (halves, _) = block.as_chunks::<16>();
        let bits = |half: &[u8; 16]| {
            // SAFETY: reads the 16 bytes of the array, unaligned.
            let half = unsafe { _mm_loadu_si128(half.as_ptr().cast()) };
            _mm_movemask_epi8(made(half)).cast_unsigned()
        };
        bits(&halves[0]) | bits(&halves[1]) << 16
    }

    // ---- separators ----------------------------------------------------------------------------------------------

    /// Made by the detection below only.
    #[derive(Clone, Copy)]
    pub(super) enum Eyes {
        /// AVX-512 with byte masks and byte compression (VBMI2).
        Wide(Proof),
        /// AVX2 with BMI.
        Narrow(Proof),
    }

    /// What this machine has, fastest first.
    pub(super) fn eyes() -> Vec<Eyes> {
        let bits = std::is_x86_feature_detected!("popcnt") && std::is_x86_feature_detected!("bmi1");
        let wide = bits
            && std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vbmi2");
        let narrow = bits && std::is_x86_feature_detected!("avx2");
        let wide = wide.then_some(Eyes::Wide(Proof(())));
        wide.into_iter().chain(narrow.then_some(Eyes::Narrow(Proof(())))).collect()
    }

    #[inline]
    pub(super) fn plain(
        eyes: Eyes,
        blocks: &[[u8; 64]],
        sought: Sought,
        from: (u32, u32),
        most: usize,
        ends: &mut [u32],
        rows: &mut Vec<u32>,
    ) -> Seen {
        assert!(ends.len() >= 64 * blocks.len(), "room for every byte");
        // SAFETY: the value says that the machine has the features.
        unsafe {
            match eyes {
                Eyes::Wide(_) => plain_wide(blocks, sought, from, most, ends, rows),
                Eyes::Narrow(_) => plain_narrow(blocks, sought, from, most, ends, rows),
            }
        }
    }

    #[inline]
    pub(super) fn masks(eyes: Eyes, blocks: &[[u8; 64]], sought: Sought, masks: &mut [[u64; 3]]) {
        // SAFETY: the value says that the machine has the features.
        unsafe {
            match eyes {
                Eyes::Wide(_) => masks_wide(blocks, sought, masks),
                Eyes::Narrow(_) => masks_narrow(blocks, sought, masks),
            }
        }
    }

    /// A loop over blocks: what is equal to a byte comes from `$load` and `$equal`, and `$write` puts down the places.
    macro_rules! plain {
        ($blocks:ident, $sought:ident, $from:ident, $most:ident, $rows:ident, $load:expr, $splat:expr, $equal:expr, $write:expr) => {{
            let (mut base, mut used) = $from;
            let [delimiter, line, quote, turn] =
                [$sought.delimiter, b'\n', $sought.quote, b'\r'].map(|byte| $splat(byte as i8));
            let (mut seen, mut returns) = (Seen::default(), 0);
            for block in $blocks {
                let bytes = $load(block);
                if $sought.quoted && $equal(bytes, quote) != 0 {
                    break;
                }
                let lines: u64 = $equal(bytes, line);
                let ends: u64 = lines | $equal(bytes, delimiter);
                returns |= $equal(bytes, turn);
                let mut left = lines;
                while left != 0 {
                    $rows.push(used.wrapping_add((ends & (left ^ left.wrapping_sub(1))).count_ones()));
                    left &= left.wrapping_sub(1);
                }
                let count = ends.count_ones();
                $write(ends, count, base, seen.ends);
                seen.ends = seen.ends.wrapping_add(count as usize);
                seen.blocks = seen.blocks.wrapping_add(1);
                used = used.wrapping_add(count);
                base = base.wrapping_add(64);
                if $rows.len() > $most {
                    break;
                }
            }
            seen.returns = returns != 0;
            seen
        }};
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
    fn plain_wide(
        blocks: &[[u8; 64]],
        sought: Sought,
        from: (u32, u32),
        most: usize,
        ends: &mut [u32],
        rows: &mut Vec<u32>,
    ) -> Seen {
        let places: [u8; 64] = std::array::from_fn(|place| place as u8);
        let places = load_wide(&places);
        let mut write = |found: u64, count: u32, base: u32, at: usize| {
            let found = _mm512_maskz_compress_epi8(found, places);
            let base = _mm512_set1_epi32(base as i32);
            let sixteen = [
                _mm512_castsi512_si128(found),
                _mm512_extracti32x4_epi32::<1>(found),
                _mm512_extracti32x4_epi32::<2>(found),
                _mm512_extracti32x4_epi32::<3>(found),
            ];
            for (some, sixteen) in sixteen.into_iter().enumerate() {
                let into = &mut ends[at + 16 * some..][..16];
                let at_base = _mm512_add_epi32(_mm512_cvtepu8_epi32(sixteen), base);
                // SAFETY: writes the sixteen places of the slice, unaligned.
                unsafe { _mm512_storeu_si512(into.as_mut_ptr().cast(), at_base) };
                if count as usize <= 16 * (some + 1) {
                    break;
                }
            }
        };
        plain!(blocks, sought, from, most, rows, load_wide, _mm512_set1_epi8, _mm512_cmpeq_epi8_mask, write)
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn plain_narrow(
        blocks: &[[u8; 64]],
        sought: Sought,
        from: (u32, u32),
        most: usize,
        ends: &mut [u32],
        rows: &mut Vec<u32>,
    ) -> Seen {
        let mut write = |found: u64, count: u32, base: u32, at: usize| {
            let mut left = found;
            // Eight at a time whether they are there or not: that spares a badly predicted branch for each.
            for eight in 0..8 {
                for end in &mut ends[at + 8 * eight..][..8] {
                    *end = base.wrapping_add(left.trailing_zeros());
                    left &= left.wrapping_sub(1);
                }
                if count as usize <= 8 * (eight + 1) {
                    break;
                }
            }
        };
        plain!(blocks, sought, from, most, rows, load_narrow, _mm256_set1_epi8, equal_narrow, write)
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn masks_wide(blocks: &[[u8; 64]], sought: Sought, masks: &mut [[u64; 3]]) {
        let [delimiter, line, quote] = [sought.delimiter, b'\n', sought.quote].map(|byte| _mm512_set1_epi8(byte as i8));
        for (block, masks) in blocks.iter().zip(masks) {
            let bytes = load_wide(block);
            let lines = _mm512_cmpeq_epi8_mask(bytes, line);
            *masks = [_mm512_cmpeq_epi8_mask(bytes, delimiter) | lines, lines, _mm512_cmpeq_epi8_mask(bytes, quote)];
        }
    }

    #[target_feature(enable = "avx2")]
    fn masks_narrow(blocks: &[[u8; 64]], sought: Sought, masks: &mut [[u64; 3]]) {
        let [delimiter, line, quote] = [sought.delimiter, b'\n', sought.quote].map(|byte| _mm256_set1_epi8(byte as i8));
        for (block, masks) in blocks.iter().zip(masks) {
            let bytes = load_narrow(block);
            let lines = equal_narrow(bytes, line);
            *masks = [equal_narrow(bytes, delimiter) | lines, lines, equal_narrow(bytes, quote)];
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_wide(block: &[u8; 64]) -> __m512i {
        // SAFETY: reads the 64 bytes of the array, unaligned.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_narrow(block: &[u8; 64]) -> [__m256i; 2] {
        let halves = block.as_chunks::<32>().0;
        // SAFETY: reads the 32 bytes of each half, unaligned.
        unsafe { [_mm256_loadu_si256(halves[0].as_ptr().cast()), _mm256_loadu_si256(halves[1].as_ptr().cast())] }
    }

    /// A bit for each byte that is equal.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal_narrow([low, high]: [__m256i; 2], byte: __m256i) -> u64 {
        let bits = |half| u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(half, byte)).cast_unsigned());
        bits(low) | bits(high) << 32
    }

    // ---- sieve ---------------------------------------------------------------------------------------------------

    pub(super) fn sieve() -> Option<Proof> {
        let all = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vbmi")
            && std::is_x86_feature_detected!("popcnt");
        all.then_some(Proof(()))
    }

    #[inline]
    pub(super) fn sift(_: Proof, bytes: &[u8], step: usize, table: &[u32], places: &mut [u32]) -> (usize, usize) {
        let size = table.len().trailing_zeros();
        assert!(table.len().is_power_of_two() && (1..=WIDEST_SIEVE).contains(&size), "a table that hashes reach");
        assert!((1..=Sieve::STEP).contains(&step), "four grams in a register");
        // Places have 32 bits.
        let bytes = &bytes[..bytes.len().min(1 << 30)];
        // SAFETY: the proof says that the machine has the features; size and step were checked above.
        unsafe { sift_wide(bytes, step, (table, size), places) }
    }

    /// A hash has its word in the highest `size` bits, so it lies in a table of that many words.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,popcnt")]
    fn sift_wide(bytes: &[u8], step: usize, (table, size): (&[u32], u32), places: &mut [u32]) -> (usize, usize) {
        // four grams of a register go to the four lanes of each quarter
        let from: [u8; 64] = std::array::from_fn(|byte| (byte / 4 % 4 * step + byte % 4) as u8);
        let from = load_wide(&from);
        let spread = _mm512_set1_epi32(SPREAD as i32);
        let (to_word, to_bit) = (_mm_cvtsi32_si128(32 - size as i32), _mm_cvtsi32_si128(27 - size as i32));
        let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let mut at = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(step as i32));
        let onward = _mm512_set1_epi32(16 * step as i32);
        let (mut place, mut written) = (0, 0);
        while let Some(piece) = bytes.get(place..place + 12 * step + 64)
            && let Some(into) = places.get_mut(written..written + 16)
        {
            let quarter =
                |number: usize| load_wide(piece[4 * number * step..].first_chunk().expect("within the piece"));
            let grams = _mm512_permutexvar_epi8(from, quarter(0));
            let grams = _mm512_mask_permutexvar_epi8(grams, 0xffff << 16, from, quarter(1));
            let grams = _mm512_mask_permutexvar_epi8(grams, 0xffff << 32, from, quarter(2));
            let grams = _mm512_mask_permutexvar_epi8(grams, 0xffff << 48, from, quarter(3));
            let hashes = _mm512_mullo_epi32(grams, spread);
            let words = _mm512_srl_epi32(hashes, to_word);
            // SAFETY: a word is less than two to the power of `size`, which is the length of the table.
            let found = unsafe { _mm512_i32gather_epi32::<4>(words, table.as_ptr().cast()) };
            // The bit goes to the lowest place; a rotation takes the lowest five bits of its count.
            let lowest = _mm512_rorv_epi32(found, _mm512_srl_epi32(hashes, to_bit));
            let hits = _mm512_test_epi32_mask(lowest, _mm512_set1_epi32(1));
            let hit = _mm512_maskz_compress_epi32(hits, at);
            // SAFETY: writes the sixteen places of the slice, unaligned.
            unsafe { _mm512_storeu_si512(into.as_mut_ptr().cast(), hit) };
            written += hits.count_ones() as usize;
            at = _mm512_add_epi32(at, onward);
            place += 16 * step;
        }
        (place, written)
    }
}
