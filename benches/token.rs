//! Tokens: nanoseconds per value of 18 bytes on one core, from the naive way to the lanes of the machine.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use hmac::{Hmac, KeyInit, Mac};
use outis::random::Repeatable;
use outis::secret::{Kernel, Label, MasterKey, SpillCipher, Suite, TextEncoding, encode_all};
use sha2::Sha256;

/// Values of a batch: as many as the pipeline hands over at once.
const COUNT: usize = 8192;
/// Bytes of a value: a resident ID.
const LENGTH: usize = 18;

/// The group `token` and the keyed streams beside it.
pub fn bench(criterion: &mut Criterion) {
    tokens(criterion);
    streams(criterion);
}

fn tokens(criterion: &mut Criterion) {
    let values: Vec<u8> = (0..COUNT).flat_map(|index| format!("{:018}", index * 7_919).into_bytes()).collect();
    let value = |index: usize| &values[LENGTH * index..LENGTH * (index + 1)];
    let master = MasterKey::insecure_from_test_seed(1);
    let label = Label { domain: "person", release: "", semantic: "cn.resident_id", canonicaliser: 1 };
    let field = master.field(Suite::HmacSha256, &label);

    let mut group = criterion.benchmark_group("token");
    group.throughput(Throughput::Elements(COUNT as u64));
    let mut out = vec![[0_u8; 32]; COUNT];

    group.bench_function("hmac crate, keyed for each value", |bencher| {
        bencher.iter(|| {
            for (index, tag) in out.iter_mut().enumerate() {
                let mac = Hmac::<Sha256>::new_from_slice(black_box(&[7; 32])).expect("any length");
                *tag = mac.chain_update(value(index)).finalize().into_bytes().into();
            }
        });
    });
    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("any length");
    group.bench_function("hmac crate, keyed state cloned", |bencher| {
        bencher.iter(|| {
            for (index, tag) in out.iter_mut().enumerate() {
                *tag = keyed.clone().chain_update(value(index)).finalize().into_bytes().into();
            }
        });
    });
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
        group.bench_function(kernel.name(), |bencher| {
            bencher.iter(|| field.tags_with::<false>(kernel, COUNT, value, &mut out));
        });
        group.bench_function(format!("{}, 128 bits as hex", kernel.name()), |bencher| {
            bencher.iter(|| field.tags_with::<true>(kernel, COUNT, value, &mut out));
        });
    }
    let sm3 = master.field(Suite::HmacSm3, &label);
    group.bench_function("sm3", |bencher| bencher.iter(|| sm3.tags(COUNT, value, &mut out)));
    for encoding in [TextEncoding::Hex, TextEncoding::Base32, TextEncoding::Base64Url] {
        let mut text = Vec::with_capacity(32 * COUNT);
        group.bench_function(format!("128 bits as {}", encoding.name()), |bencher| {
            bencher.iter(|| {
                text.clear();
                encode_all(&out, 128, encoding, &mut text);
                text.len()
            });
        });
    }
    group.finish();
}

fn streams(criterion: &mut Criterion) {
    let key = MasterKey::insecure_from_test_seed(1).stream("bench");
    let mut random = Repeatable::new(&key, 0);
    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("64 bits", |bencher| {
        bencher.iter(|| (0..1000).fold(0, |sum: u64, _| sum.wrapping_add(random.next_u64())));
    });
    group.bench_function("128 bits of a row", |bencher| {
        bencher.iter(|| (0..1000).fold(0, |sum: u128, row| sum.wrapping_add(random.bits128(row))));
    });
    let mut order: Vec<u32> = (0..4096).collect();
    group.throughput(Throughput::Elements(4096));
    group.bench_function("shuffle", |bencher| bencher.iter(|| random.shuffle(&mut order)));
    let cipher = SpillCipher::new(&key);
    let mut rows = vec![0; 1 << 16];
    group.throughput(Throughput::Bytes(1 << 16));
    group.bench_function("spill cipher", |bencher| bencher.iter(|| cipher.apply(12_345, &mut rows)));
    group.finish();
}
