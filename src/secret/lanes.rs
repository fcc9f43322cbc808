//! HMAC-SHA-256 of many short messages at once: the one file of the crate with SIMD, and so with `unsafe`.
//!
//! Responsible for: two compressions per message (inner and outer block) in 16 or 32 lanes of AVX-512, or in four
//! interleaved streams of SHA-NI; and hex digits. Given: the cached mid-states of a key and messages of one inner block. It never
//! chooses a kernel, and a kernel exists only as a value that its detection has made.

#![allow(unsafe_code, reason = "vendor intrinsics; each block says why it is sound")]

use super::mac::Midstates;

/// The longest message whose padding fits the same block: 64 less the 0x80 and eight length bytes.
pub(super) const ONE_BLOCK: usize = 55;

/// Proof that this machine has AVX-512 F, BW and VL: 16 messages a register, two registers interlaced.
#[derive(Clone, Copy)]
pub(super) struct Avx512(imp::Proof);

/// Proof that this machine has SHA-NI: four streams interleaved.
#[derive(Clone, Copy)]
pub(super) struct ShaNi(imp::Proof);

impl Avx512 {
    /// Messages of one call of [`Self::tags32`].
    pub(super) const LANES: usize = 32;

    /// `None` where the machine cannot.
    pub(super) fn detect() -> Option<Self> {
        imp::avx512().map(Self)
    }
    /// HMAC of 32 messages, each at most [`ONE_BLOCK`] long.
    #[inline]
    pub(super) fn tags32(self, key: &Midstates, messages: &[&[u8]; 32], out: &mut [[u8; 32]; 32]) {
        let Self(proof) = self;
        imp::avx512_tags::<2, 32>(proof, key, messages, out);
    }
    /// HMAC of 16 messages, each at most [`ONE_BLOCK`] long.
    #[inline]
    pub(super) fn tags16(self, key: &Midstates, messages: &[&[u8]; 16], out: &mut [[u8; 32]; 16]) {
        let Self(proof) = self;
        imp::avx512_tags::<1, 16>(proof, key, messages, out);
    }
}

impl ShaNi {
    /// Messages of one call.
    pub(super) const LANES: usize = 4;

    /// `None` where the machine cannot.
    pub(super) fn detect() -> Option<Self> {
        imp::sha_ni().map(Self)
    }
    /// HMAC of four messages whose inner blocks are padded already.
    #[inline]
    pub(super) fn tags4(self, key: &Midstates, blocks: &[[u8; 64]; 4], out: &mut [[u8; 32]; 4]) {
        let Self(proof) = self;
        imp::sha_ni_tags(proof, key, blocks, out);
    }
}

/// Sixteen bytes as 32 lower-case hex digits.
#[inline]
pub(super) fn hex(bytes: &[u8; 16]) -> [u8; 32] {
    imp::hex(bytes)
}

/// Machines of other families: the proofs cannot exist, so the kernels cannot be called.
#[cfg(not(target_arch = "x86_64"))]
mod imp {
    use super::Midstates;

    pub(super) type Proof = std::convert::Infallible;
    pub(super) use crate::secret::encode::plain_hex as hex;

    pub(super) fn avx512() -> Option<Proof> {
        None
    }
    pub(super) fn sha_ni() -> Option<Proof> {
        None
    }
    pub(super) fn avx512_tags<const SETS: usize, const LANES: usize>(
        proof: Proof,
        _: &Midstates,
        _: &[&[u8]; LANES],
        _: &mut [[u8; 32]; LANES],
    ) {
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
    #[allow(clippy::wildcard_imports, reason = "some forty intrinsics")]
    use std::arch::x86_64::*;

    use super::{Midstates, ONE_BLOCK};

    /// Made by the two detections below only.
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

    /// `SETS` registers of 16 lanes; `LANES` is 16 times as many.
    #[inline]
    pub(super) fn avx512_tags<const SETS: usize, const LANES: usize>(
        _: Proof,
        key: &Midstates,
        messages: &[&[u8]; LANES],
        out: &mut [[u8; 32]; LANES],
    ) {
        const { assert!(LANES == 16 * SETS) };
        let mut longest = 0;
        for message in messages {
            longest = longest.max(message.len());
        }
        // The kernels read through masks made from the length: beyond one block a mask would not cover the message.
        assert!(longest <= ONE_BLOCK, "a message of one block");
        // SAFETY: the proof says that the machine has the features; the lengths were checked above.
        unsafe {
            if longest <= 31 {
                avx512_short::<SETS, LANES>(key, messages, out);
            } else {
                avx512_long::<SETS, LANES>(key, messages, out);
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

    /// One word of `SETS` times 16 messages.
    type Wide<const SETS: usize> = [__m512i; SETS];

    /// One round; the names rotate at the place of use, so that no register moves.
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $word:expr, $k:expr) => {
            for set in 0..SETS {
                let schedule = _mm512_add_epi32($word[set], _mm512_set1_epi32($k.cast_signed()));
                let sum1 = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<6>($e[set]),
                    _mm512_ror_epi32::<11>($e[set]),
                    _mm512_ror_epi32::<25>($e[set]),
                );
                let choice = _mm512_ternarylogic_epi32::<0xca>($e[set], $f[set], $g[set]);
                let first = _mm512_add_epi32(_mm512_add_epi32(_mm512_add_epi32($h[set], schedule), choice), sum1);
                let sum0 = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<2>($a[set]),
                    _mm512_ror_epi32::<13>($a[set]),
                    _mm512_ror_epi32::<22>($a[set]),
                );
                let majority = _mm512_ternarylogic_epi32::<0xe8>($a[set], $b[set], $c[set]);
                $d[set] = _mm512_add_epi32($d[set], first);
                $h[set] = _mm512_add_epi32(first, _mm512_add_epi32(sum0, majority));
            }
        };
    }

    /// Sixteen rounds over the ring of words with constants from `$from`.
    macro_rules! sixteen {
        ($w:ident $k:expr, $next:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
            $next!($w 0 1 9 14); round!($a $b $c $d $e $f $g $h, $w[0], $k[0]);
            $next!($w 1 2 10 15); round!($h $a $b $c $d $e $f $g, $w[1], $k[1]);
            $next!($w 2 3 11 0); round!($g $h $a $b $c $d $e $f, $w[2], $k[2]);
            $next!($w 3 4 12 1); round!($f $g $h $a $b $c $d $e, $w[3], $k[3]);
            $next!($w 4 5 13 2); round!($e $f $g $h $a $b $c $d, $w[4], $k[4]);
            $next!($w 5 6 14 3); round!($d $e $f $g $h $a $b $c, $w[5], $k[5]);
            $next!($w 6 7 15 4); round!($c $d $e $f $g $h $a $b, $w[6], $k[6]);
            $next!($w 7 8 0 5); round!($b $c $d $e $f $g $h $a, $w[7], $k[7]);
            $next!($w 8 9 1 6); round!($a $b $c $d $e $f $g $h, $w[8], $k[8]);
            $next!($w 9 10 2 7); round!($h $a $b $c $d $e $f $g, $w[9], $k[9]);
            $next!($w 10 11 3 8); round!($g $h $a $b $c $d $e $f, $w[10], $k[10]);
            $next!($w 11 12 4 9); round!($f $g $h $a $b $c $d $e, $w[11], $k[11]);
            $next!($w 12 13 5 10); round!($e $f $g $h $a $b $c $d, $w[12], $k[12]);
            $next!($w 13 14 6 11); round!($d $e $f $g $h $a $b $c, $w[13], $k[13]);
            $next!($w 14 15 7 12); round!($c $d $e $f $g $h $a $b, $w[14], $k[14]);
            $next!($w 15 0 8 13); round!($b $c $d $e $f $g $h $a, $w[15], $k[15]);
        };
    }

    /// The words stand already.
    macro_rules! as_given {
        ($w:ident $i:literal $i1:literal $i9:literal $i14:literal) => {};
    }

    /// The next word of the schedule, in the place of the one sixteen before.
    macro_rules! scheduled {
        ($w:ident $i:literal $i1:literal $i9:literal $i14:literal) => {
            for set in 0..SETS {
                let sigma0 = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<7>($w[$i1][set]),
                    _mm512_ror_epi32::<18>($w[$i1][set]),
                    _mm512_srli_epi32::<3>($w[$i1][set]),
                );
                let sigma1 = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<17>($w[$i14][set]),
                    _mm512_ror_epi32::<19>($w[$i14][set]),
                    _mm512_srli_epi32::<10>($w[$i14][set]),
                );
                let sum = _mm512_add_epi32(_mm512_add_epi32($w[$i][set], $w[$i9][set]), sigma0);
                $w[$i][set] = _mm512_add_epi32(sum, sigma1);
            }
        };
    }

    /// The compression function from the state `$start` (the same in every lane) over the words `$w`.
    ///
    /// Loops, not 64 rounds in a row: two sets unrolled would not fit the instruction cache.
    macro_rules! compress {
        ($start:expr, $w:ident) => {{
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h]: [Wide<SETS>; 8] =
                from_start::<SETS>(&$start);
            sixteen!($w K[0], as_given, a b c d e f g h);
                        for k in &K[1..] {
                sixteen!($w k, scheduled, a b c d e f g h);
            }
            let mut state: [Wide<SETS>; 8] = [a, b, c, d, e, f, g, h];
            for (words, start) in state.iter_mut().zip($start) {
                for word in words {
                    *word = _mm512_add_epi32(*word, _mm512_set1_epi32(start.cast_signed()));
                }
            }
            state
        }};
    }

    /// The outer block and its compression, then the tags.
    macro_rules! finish {
        ($key:ident, $digest:ident, $out:ident) => {{
            let zero: Wide<SETS> = [_mm512_setzero_si512(); SETS];
            let end: Wide<SETS> = [_mm512_set1_epi32(END_WORD); SETS];
            let bits: Wide<SETS> = [_mm512_set1_epi32(OUTER_BITS); SETS];
            let [a, b, c, d, e, f, g, h] = $digest;
            let mut words = [a, b, c, d, e, f, g, h, end, zero, zero, zero, zero, zero, zero, bits];
            let tags = compress!($key.outer, words);
            for set in 0..SETS {
                let [a, b, c, d, e, f, g, h] = tags;
                let tags = [a[set], b[set], c[set], d[set], e[set], f[set], g[set], h[set]];
                store_tags(&tags, &mut $out[16 * set..][..16]);
            }
        }};
    }

    /// Messages of at most 31 bytes: words 8 to 14 are zero, and half of the transposition is not needed.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
    fn avx512_short<const SETS: usize, const LANES: usize>(
        key: &Midstates,
        messages: &[&[u8]; LANES],
        out: &mut [[u8; 32]; LANES],
    ) {
        let zero: Wide<SETS> = [_mm512_setzero_si512(); SETS];
        let mut words = [zero; 16];
        for set in 0..SETS {
            let mut rows = [_mm256_setzero_si256(); 16];
            let mut bits = [0_i32; 16];
            for lane in 0..16 {
                let message = messages[16 * set + lane];
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
            for index in 0..4 {
                words[index][set] = first[index];
                words[4 + index][set] = second[index];
            }
            words[15][set] = load_words(&bits);
        }
        let digest = compress!(key.inner, words);
        finish!(key, digest, out);
    }

    /// Messages of up to 55 bytes.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
    fn avx512_long<const SETS: usize, const LANES: usize>(
        key: &Midstates,
        messages: &[&[u8]; LANES],
        out: &mut [[u8; 32]; LANES],
    ) {
        let zero: Wide<SETS> = [_mm512_setzero_si512(); SETS];
        let mut words = [zero; 16];
        for set in 0..SETS {
            let mut rows = [_mm512_setzero_si512(); 16];
            let mut bits = [0_i32; 16];
            for lane in 0..16 {
                let message = messages[16 * set + lane];
                let length = message.len();
                let filled = _bzhi_u64(u64::MAX, length as u32);
                // SAFETY: the mask has a bit for each byte of the message and no other; masked bytes are not read.
                let row = unsafe { _mm512_maskz_loadu_epi8(filled, message.as_ptr().cast()) };
                let end = 1_u64.wrapping_shl(length as u32);
                rows[lane] = _mm512_mask_blend_epi8(end, row, _mm512_set1_epi8(i8::MIN));
                bits[lane] = 512 + ((length as i32) << 3);
            }
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
                    let four = transpose(four);
                    for index in 0..4 {
                        words[4 * $group + index][set] = four[index];
                    }
                };
            }
            group!(0);
            group!(1);
            group!(2);
            group!(3);
            words[15][set] = load_words(&bits);
        }
        let digest = compress!(key.inner, words);
        finish!(key, digest, out);
    }

    /// The same state in every lane.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn from_start<const SETS: usize>(start: &[u32; 8]) -> [Wide<SETS>; 8] {
        let mut state = [[_mm512_setzero_si512(); SETS]; 8];
        for (words, &start) in state.iter_mut().zip(start) {
            *words = [_mm512_set1_epi32(start.cast_signed()); SETS];
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
    fn store_tags(words: &[__m512i; 8], out: &mut [[u8; 32]]) {
        let [a, b, c, d, e, f, g, h] = *words;
        let first = transpose_back([a, b, c, d]);
        let second = transpose_back([e, f, g, h]);
        let out: &mut [[u8; 32]; 16] = out.try_into().expect("sixteen tags");
        for row in 0..4 {
            macro_rules! quarter {
                ($quarter:literal) => {
                    let tag = &mut out[4 * $quarter + row];
                    let halves = _mm256_set_m128i(
                        _mm512_extracti32x4_epi32::<$quarter>(second[row]),
                        _mm512_extracti32x4_epi32::<$quarter>(first[row]),
                    );
                    // SAFETY: writes the 32 bytes of the tag, unaligned.
                    unsafe { _mm256_storeu_si256(tag.as_mut_ptr().cast(), halves) };
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
}
