//! The walks against files of our writers, against damage, and against what is planted behind and between.

use super::*;
use crate::value::{Column, DataType, Field, Schema, TextBuilder};
use crate::write::{Compression, Format, Layout, PartWriter, RecordEncoder};
use proptest::prelude::*;
use std::io::Write as _;

/// A small part of ours.
fn part(format: Format, compression: Compression) -> Vec<u8> {
    let mut builder = TextBuilder::default();
    (0..50).for_each(|row| {
        builder.push_option((row % 4 != 1).then(|| format!("cell {}", row % 7)).as_deref().map(str::as_bytes))
    });
    let columns = [
        Column::Text(builder.finish(false)),
        Column::Integer((0..50).map(|row| (row % 3 != 0).then_some(row)).collect()),
    ];
    let fields = [("a", DataType::Text), ("n", DataType::Integer)]
        .map(|(name, data_type)| Field { name: name.into(), data_type });
    let mut layout = Layout::new(format, Schema::new(fields.to_vec()).unwrap());
    layout.compression = compression;
    layout.rows_per_group = 20;
    let (mut writer, mut encoder) = (PartWriter::start(&layout, Vec::new()).unwrap(), RecordEncoder::new(&layout));
    writer.batch(&mut encoder, &columns).unwrap();
    writer.finish().unwrap()
}

fn expected(format: Format, packing: Packing) -> Expected {
    match format {
        Format::Csv => Expected::Csv { delimiter: b',', null: Vec::new(), packing },
        Format::Ndjson => Expected::Ndjson { keys: vec!["a".into(), "n".into()], packing },
        Format::Parquet => Expected::Parquet,
        Format::Ipc => Expected::Arrow,
    }
}

fn walk(bytes: &[u8], expected: &Expected) -> Result<Vec<Oddity>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Ok(examine(file.path(), expected, &mut Blind)?.oddities.into_keys().collect())
}

#[test]
fn every_part_of_ours_is_its_rows_and_nothing_else() {
    for format in Format::ALL {
        for (compression, packing) in
            [(Compression::None, Packing::None), (Compression::Gzip, Packing::Gzip), (Compression::Zstd, Packing::Zstd)]
        {
            if format.is_text() || compression != Compression::Gzip {
                let bytes = part(format, compression);
                assert_eq!(walk(&bytes, &expected(format, packing)).unwrap(), [], "{format:?} {compression:?}");
            }
        }
    }
}

#[test]
fn the_bytes_of_a_file_are_given_once_and_in_order_whatever_the_walk_finds() {
    for format in Format::ALL {
        for (compression, packing) in
            [(Compression::None, Packing::None), (Compression::Gzip, Packing::Gzip), (Compression::Zstd, Packing::Zstd)]
        {
            if !format.is_text() && compression == Compression::Gzip {
                continue;
            }
            let whole = part(format, compression);
            let behind = [&whole[..], &[7; 1000]].concat();
            for bytes in [&whole[..], &whole[..whole.len() / 2], &whole[1..], &behind, &[]] {
                let mut file = tempfile::NamedTempFile::new().unwrap();
                file.write_all(bytes).unwrap();
                let (mut own, expected) = (Vec::new(), expected(format, packing));
                let mut take = |some: &[u8]| own.extend_from_slice(some);
                let found = examine_and_read(file.path(), &expected, &mut Blind, &mut take).unwrap();
                assert!(own == bytes, "{format:?} {compression:?}");
                let alone = examine(file.path(), &expected, &mut Blind);
                assert_eq!(found.ok(), alone.ok(), "{format:?} {compression:?}");
            }
        }
    }
    let gone = examine_and_read(Path::new("/nowhere/at-all"), &Expected::Parquet, &mut Blind, &mut |_| {});
    assert!(matches!(gone.unwrap_err().kind(), ErrorKind::Io { .. }));
}

#[test]
fn headers_and_tails_of_packed_text_are_looked_at() {
    let gzip = expected(Format::Csv, Packing::Gzip);
    let named = |build: flate2::GzBuilder| {
        let mut writer = build.write(Vec::new(), flate2::Compression::fast());
        writer.write_all(b"a\n1\n").unwrap();
        writer.finish().unwrap()
    };
    let clean = || flate2::GzBuilder::new().mtime(0).operating_system(255);
    assert_eq!(walk(&named(clean()), &gzip).unwrap(), []);
    for build in [
        clean().filename("patients-2024.csv"),
        clean().mtime(1_700_000_000),
        clean().comment("x"),
        clean().extra(*b"host"),
    ] {
        assert_eq!(walk(&named(build), &gzip).unwrap(), [Oddity::PackedHeader]);
    }
    let two = [named(clean()), named(clean())].concat();
    assert_eq!(walk(&two, &gzip).unwrap(), [Oddity::PackedMembers], "a member for each batch");
    let behind = [named(clean()), b"13800138000".to_vec()].concat();
    assert_eq!(walk(&behind, &gzip).unwrap(), [Oddity::PackedMembers]);

    let zstd = expected(Format::Csv, Packing::Zstd);
    let frame = zstd::encode_all(&b"a\n1\n"[..], 3).unwrap();
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"host"].concat();
    assert_eq!(walk(&frame, &zstd).unwrap(), []);
    assert_eq!(walk(&[frame.clone(), skippable.clone()].concat(), &zstd).unwrap(), [Oddity::PackedMembers]);
    assert!(walk(&[skippable, frame].concat(), &zstd).is_err());
}

#[test]
fn bytes_between_and_in_front_of_columnar_data_are_found() {
    let secret = b"13800138000";
    // in front of the footer of Parquet, where the offsets before it stay right
    let bytes = part(Format::Parquet, Compression::Zstd);
    let length = u32::from_le_bytes(*bytes[bytes.len() - 8..].first_chunk().unwrap()) as usize;
    let footer = bytes.len() - 8 - length;
    let planted = [&bytes[..footer], secret, &bytes[footer..]].concat();
    let found = examine_parquet(&Bytes::of(planted), &mut Blind).unwrap();
    assert_eq!(found.oddities, BTreeMap::from([(Oddity::UnexplainedBytes, 11)]));
    // behind the last message of an Arrow file
    let bytes = part(Format::Ipc, Compression::Zstd);
    let length = u32::from_le_bytes(*bytes[bytes.len() - 10..].first_chunk().unwrap()) as usize;
    let footer = bytes.len() - 10 - length;
    let planted = [&bytes[..footer], secret, &bytes[footer..]].concat();
    let found = examine_arrow(&Bytes::of(planted), &mut Blind);
    assert!(found.is_err() || found.unwrap().oddities.contains_key(&Oddity::UnexplainedBytes));
}

proptest! {
    /// Damage anywhere never breaks the walk; it ends with an answer or an error.
    #[test]
    fn damage_never_breaks_a_walk(
        format in proptest::sample::select(Format::ALL.to_vec()), packed in any::<bool>(),
        places in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6), cut in any::<Option<proptest::sample::Index>>(),
    ) {
        let (compression, packing) = if packed { (Compression::Zstd, Packing::Zstd) } else { (Compression::None, Packing::None) };
        let mut bytes = part(format, compression);
        for (place, byte) in places {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = walk(&bytes, &expected(format, packing));
    }
}
