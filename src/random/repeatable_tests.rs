//! The stream is the cipher's, the numbers are even, the orders are all as likely.

use std::collections::{BTreeMap, BTreeSet};

use chacha20::ChaCha12;
use chacha20::cipher::{StreamCipher, StreamCipherSeek};
use proptest::prelude::*;

use super::*;
use crate::secret::MasterKey;

/// Chance that a sound generator fails one of the statistical tests, had its key been drawn at random. The keys here
/// are fixed, so a test that passes once always passes.
const Z_OF_ALPHA: f64 = 4.753; // upper 1e-6 point of the normal distribution

fn key() -> StreamKey {
    MasterKey::insecure_from_test_seed(42).stream("test")
}

/// Upper 1e-6 point of chi-square (Wilson and Hilferty 1931), a little above the exact one: 15 % for 1 degree, 1 % from 23 on.
fn chi_square_limit(degrees: f64) -> f64 {
    let spread = 2.0 / (9.0 * degrees);
    degrees * (1.0 - spread + Z_OF_ALPHA * spread.sqrt()).powi(3)
}

fn chi_square(counts: &[u32]) -> f64 {
    let expected = counts.iter().map(|&count| f64::from(count)).sum::<f64>() / counts.len() as f64;
    counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
}

/// The same stream by the cipher's high-level interface.
fn obvious(key: &StreamKey, shard: u64, last_word: u32, offset: u64, length: usize) -> Vec<u8> {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&shard.to_le_bytes());
    nonce[8..].copy_from_slice(&last_word.to_le_bytes());
    let mut cipher = ChaCha12::new(key.bytes().into(), (&nonce).into());
    cipher.seek(offset);
    let mut bytes = vec![0; length];
    cipher.apply_keystream(&mut bytes);
    bytes
}

#[test]
fn sequence_is_the_keystream_of_chacha12() {
    let key = key();
    let expected = obvious(&key, 5, 0, 0, 10_000);
    let mut bytes = vec![0; 10_000];
    Repeatable::new(&key, 5).fill(&mut bytes);
    assert_eq!(bytes, expected);
    let mut numbers = Repeatable::new(&key, 5);
    assert!(expected.as_chunks().0.iter().all(|bytes| numbers.next_u64() == u64::from_le_bytes(*bytes)));
}

/// ChaCha12 of a zero key and nonce (Strombergson, draft-strombergson-chacha-test-vectors-01, TC1, 256 bits).
#[test]
fn zero_key_gives_the_published_vector() {
    let mut stream = Keystream::<4>::new(&[0; 32], 0, Plane::Sequence);
    stream.load(0);
    assert_eq!(
        stream.bytes()[..16],
        [0x9b, 0xf4, 0x9a, 0x6a, 0x07, 0x55, 0xf9, 0x53, 0x81, 0x1f, 0xce, 0x12, 0x5f, 0x26, 0x83, 0xd5]
    );
}

#[test]
fn numbers_do_not_depend_on_the_size_of_the_calls() {
    let key = key();
    let expected = obvious(&key, 0, 0, 0, 4096);
    let (mut random, mut position) = (Repeatable::new(&key, 0), 0_usize);
    for call in 0..400 {
        match call % 3 {
            0 => {
                let mut bytes = vec![0; call % 11];
                random.fill(&mut bytes);
                assert_eq!(bytes, expected[position..position + bytes.len()]);
                position += bytes.len();
            }
            1 => {
                position = position.next_multiple_of(4);
                assert_eq!(random.next_u32().to_le_bytes(), expected[position..position + 4]);
                position += 4;
            }
            _ => {
                position = position.next_multiple_of(8);
                assert_eq!(random.next_u64().to_le_bytes(), expected[position..position + 8]);
                position += 8;
            }
        }
    }
    assert!(position > 2 * Keystream::<16>::BYTES);
}

#[test]
fn rows_are_a_stream_of_their_own_and_any_row_can_be_asked() {
    let key = key();
    let mut random = Repeatable::new(&key, 3);
    for row in [0, 1, 17, 15, 16, 1_000_003, 2, (1 << 33) - 1] {
        let expected = obvious(&key, 3, 1 << 31, 16 * row, 16);
        assert_eq!(random.bits128(row).to_le_bytes()[..], expected, "{row}");
        random.next_u64();
    }
    // From row 2^33 on the counter's 31 bits are used up and the nonce moves on.
    let expected = obvious(&key, 3, 1 << 31 | 5, 16 * 7, 16);
    assert_eq!(random.bits128((5 << 33) + 7).to_le_bytes()[..], expected);
    let mut last = Repeatable::new(&key, 3);
    assert_ne!(last.bits128(u64::MAX), last.bits128(u64::MAX - 1));
}

#[test]
fn shards_and_keys_differ() {
    let other = MasterKey::insecure_from_test_seed(42).stream("other");
    let mut firsts = BTreeSet::new();
    for key in [key(), other] {
        for shard in [0, 1, u64::MAX] {
            let mut random = Repeatable::new(&key, shard);
            assert!(firsts.insert(u128::from(random.next_u64())));
            assert!(firsts.insert(random.bits128(0)));
        }
    }
}

#[test]
fn below_is_even() {
    let mut random = Repeatable::new(&key(), 0);
    for n in [2, 3, 7, 10, 100, 255] {
        let mut counts = vec![0; n as usize];
        (0..2000 * n).for_each(|_| counts[random.below(n) as usize] += 1);
        assert!(chi_square(&counts) < chi_square_limit(f64::from(n - 1)), "{n}");
    }
}

/// Without the rejection, with n = 3 * 2^30, two of every three outcomes would be twice as likely as the third.
#[test]
fn below_is_even_where_the_remainder_is_large() {
    let n = 3 << 30;
    let mut random = Repeatable::new(&key(), 1);
    let mut counts = [0; 3];
    (0..30_000).for_each(|_| counts[random.below(n) as usize % 3] += 1);
    assert!(chi_square(&counts) < 28.0, "upper 1e-6 point of chi-square with 2 degrees is 27.6");
    let biased: Vec<u32> = (0..30_000).fold(vec![0; 3], |mut counts, _| {
        counts[(u64::from(random.next_u32()) * u64::from(n) >> 32) as usize % 3] += 1;
        counts
    });
    assert!(chi_square(&biased) > 28.0, "the test can fail");
}

#[test]
fn all_orders_of_four_are_as_likely() {
    let mut random = Repeatable::new(&key(), 2);
    let mut counts = BTreeMap::new();
    for _ in 0..48_000 {
        let mut items = [0, 1, 2, 3];
        random.shuffle(&mut items);
        *counts.entry(items).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 24);
    let counts: Vec<u32> = counts.into_values().collect();
    assert!(chi_square(&counts) < chi_square_limit(23.0));
}

#[test]
fn limits_of_chi_square_are_a_little_above_the_exact_ones() {
    // The upper 1e-6 points by the continued fraction of the incomplete gamma function.
    for (degrees, exact) in [(9.0, 44.811), (23.0, 70.550), (99.0, 180.792)] {
        let ours = chi_square_limit(degrees);
        assert!(ours >= exact && ours < 1.03 * exact, "{degrees} {ours}");
    }
}

#[test]
#[should_panic(expected = "no number is below zero")]
fn nothing_is_below_zero() {
    Repeatable::new(&key(), 0).below(0);
}

proptest! {
    #[test]
    fn below_stays_below(n in 1_u32.., shard: u64) {
        let mut random = Repeatable::new(&key(), shard);
        prop_assert!((0..50).all(|_| random.below(n) < n));
    }
    #[test]
    fn shuffle_keeps_the_items_and_comes_out_the_same(mut items in proptest::collection::vec(any::<u32>(), 0..300)) {
        let mut again = items.clone();
        let mut sorted = items.clone();
        Repeatable::new(&key(), 1).shuffle(&mut items);
        Repeatable::new(&key(), 1).shuffle(&mut again);
        prop_assert_eq!(&items, &again);
        items.sort_unstable();
        sorted.sort_unstable();
        prop_assert_eq!(items, sorted);
    }
    #[test]
    fn rows_do_not_depend_on_the_order_of_calls(rows in proptest::collection::vec(0_u64..1000, 1..50)) {
        let mut one = Repeatable::new(&key(), 1);
        for row in rows {
            prop_assert_eq!(one.bits128(row), Repeatable::new(&key(), 1).bits128(row));
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_dropped_stream_is_wiped() {
    use crate::secret::words_left;
    // on the heap as in use, so that its memory is not the stack that this test goes on with
    let stream = Box::new(Repeatable::new(&MasterKey::ephemeral().unwrap().stream("test"), 1));
    let key = std::ptr::from_ref(&*stream.sequence.key).addr();
    assert_eq!(words_left(stream, key, 32), (4, 0), "the key");
    let stream = Box::new(Repeatable::new(&MasterKey::ephemeral().unwrap().stream("test"), 1));
    let (core, size) = (std::ptr::from_ref(&stream.sequence.core).addr(), size_of_val(&stream.sequence.core));
    let (before, after) = words_left(stream, core, size);
    assert!(before >= 4 && after == 0, "{after} words of {before} are left of the cipher");
    let stream = Box::new(Repeatable::new(&MasterKey::ephemeral().unwrap().stream("test"), 1));
    let place = std::ptr::from_ref(&stream.sequence.buffer).addr();
    let (before, after) = words_left(stream, place, 1024);
    assert!(before > 100 && after == 0, "{after} words of {before} are left of what it drew");
}
