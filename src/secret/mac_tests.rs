//! Every kernel against the `hmac` crate.

use proptest::prelude::*;
use sha2::Sha256;

use super::*;

const KEY: [u8; 32] = *b"\x00\x01\x02\x03 a key of the tests, 32 byte";

fn reference(message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(&KEY).unwrap().chain_update(message).finalize().into_bytes().into()
}

fn reference_sm3(message: &[u8]) -> [u8; 32] {
    Hmac::<Sm3>::new_from_slice(&KEY).unwrap().chain_update(message).finalize().into_bytes().into()
}

/// Bytes that differ by length and place, all values among them.
fn message(length: usize, salt: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from((31 * index + 7 * length + salt) % 256).unwrap()).collect()
}

fn check(messages: &[Vec<u8>]) {
    let expected: Vec<[u8; 32]> = messages.iter().map(|message| reference(message)).collect();
    let field = FieldKey::sha256(&KEY);
    // What is left from an earlier batch must not show.
    let mut out = vec![[0xee; 32]; 5];
    for kernel in Kernel::ALL {
        field.tags_with::<false>(kernel, messages.len(), |index| &messages[index], &mut out);
        assert!(out == expected, "{} with {} messages", kernel.name(), messages.len());
        field.tags_with::<true>(kernel, messages.len(), |index| &messages[index], &mut out);
        let as_hex = |tag: &[u8; 32]| data_encoding::HEXLOWER.encode(&tag[..16]);
        let same = out.iter().zip(&expected).all(|(text, tag)| text.as_slice() == as_hex(tag).as_bytes());
        assert!(same && out.len() == messages.len(), "{} as hex", kernel.name());
    }
    field.tags(messages.len(), |index| &messages[index], &mut out);
    assert!(out == expected);
}

#[test]
fn every_length_alone_and_in_full_lanes() {
    for length in 0..=200 {
        assert_eq!(FieldKey::sha256(&KEY).tag(&message(length, 0)), reference(&message(length, 0)), "{length}");
        check(&(0..33).map(|salt| message(length, salt)).collect::<Vec<_>>());
    }
}

#[test]
fn every_count_with_short_middle_and_long_messages() {
    for count in 0..=70 {
        for most in [32, 56, 201] {
            check(&(0..count).map(|index| message((index * 37 + count) % most, index)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn one_long_message_in_any_lane_leaves_the_others_alone() {
    for place in 0..32 {
        let mut messages: Vec<Vec<u8>> = (0..32).map(|index| message(18, index)).collect();
        messages[place] = message(100, place);
        check(&messages);
    }
}

/// The masked loads read nothing beyond a message: each ends where its allocation ends.
#[test]
fn messages_at_the_end_of_their_allocation() {
    let messages: Vec<Box<[u8]>> = (0..64).map(|index| message(index % 56, index).into_boxed_slice()).collect();
    let mut out = Vec::new();
    FieldKey::sha256(&KEY).tags(64, |index| &messages[index], &mut out);
    assert!(out.iter().zip(&messages).all(|(tag, message)| *tag == reference(message)));
}

#[test]
fn a_long_message_counts_its_bits_beyond_sixteen() {
    let long = message(100_000, 3);
    assert_eq!(FieldKey::sha256(&KEY).tag(&long), reference(&long));
}

#[test]
fn kernels_have_names_and_one_is_always_there() {
    assert!(Kernel::Portable.is_available());
    assert!(Kernel::fastest().is_available());
    assert_eq!(kernel_name(), Kernel::fastest().name());
}

/// A machine that says it can must take the lanes, or the tests above compare the portable path with itself.
#[test]
#[cfg(target_arch = "x86_64")]
fn detected_kernels_are_used() {
    let avx512 = std::is_x86_feature_detected!("avx512bw") && std::is_x86_feature_detected!("avx512vl");
    assert_eq!(Kernel::Avx512.is_available(), avx512);
    assert_eq!(matches!(Kernel::Avx512.available(), Available::Avx512(_)), avx512);
    assert_eq!(matches!(Kernel::ShaNi.available(), Available::ShaNi(_)), std::is_x86_feature_detected!("sha"));
}

#[test]
fn sm3_tags_equal_the_reference() {
    let field = FieldKey::sm3(&KEY);
    let messages: Vec<Vec<u8>> = (0..=200).map(|length| message(length, 1)).collect();
    let mut out = Vec::new();
    field.tags(messages.len(), |index| &messages[index], &mut out);
    assert!(out.iter().zip(&messages).all(|(tag, message)| *tag == reference_sm3(message)));
    assert!(messages.iter().all(|message| field.tag(message) == reference_sm3(message)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn mixed_lengths_equal_the_reference(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..=200), 0..=70),
    ) {
        check(&messages);
    }
    #[test]
    fn mixed_short_lengths_equal_the_reference(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..=57), 0..=70),
    ) {
        check(&messages);
    }
    #[test]
    fn mixed_shortest_lengths_equal_the_reference(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..=33), 0..=70),
    ) {
        check(&messages);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn dropped_field_keys_are_wiped() {
    use crate::secret::{Label, MasterKey, Suite, words_left};
    let label = Label { domain: "person", release: "", semantic: "id", canonicaliser: 1 };
    for suite in [Suite::HmacSha256, Suite::HmacSm3] {
        let key = MasterKey::ephemeral().unwrap().field(suite, &label);
        let (place, size) = match &key.0 {
            Keyed::Sha256(states) => (std::ptr::from_ref(&**states).addr(), size_of_val(&**states)),
            Keyed::Sm3(hmac) => (std::ptr::from_ref(&**hmac).addr(), size_of_val(&**hmac)),
        };
        let (before, after) = words_left(key, place, size);
        assert!(before >= 8 && after == 0, "{}: {after} words of {before} are left", suite.name());
    }
}
