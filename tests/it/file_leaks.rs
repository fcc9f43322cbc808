//! What files tell beside their rows: each leak is first made with a plain writer, so that it is known to be real (the byte
//! is found, and the walk over the file names it), and then looked for in ours.

use outis::anatomy::{Blind, Bytes, Oddity, Sight, examine_arrow, examine_parquet};
use outis::value::{Column, DataType, Date, Decimal, Field, Schema, TextBuilder};
use outis::write::{Compression, Format, Layout, PartWriter, RecordEncoder};
use polars::prelude::{
    ChunkFilter as _, ChunkedArray, CompatLevel, DataFrame, Float64Type, Int64Type, IntoColumn as _, IntoSeries as _,
    NamedFrom as _, Series, StringChunked, StringType,
};
use polars_arrow::array::Utf8ViewArray;
use polars_arrow::bitmap::Bitmap;
use polars_io::SerWriter as _;
use polars_io::ipc::IpcWriter;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter, StatisticsOptions};
use std::collections::BTreeSet;

const SECRET: &str = "13800138000"; // shorter than twelve bytes: it lies in the view itself
const LONG: &str = "a secret of more than twelve bytes";

/// Every unpacked byte of a file.
#[derive(Default)]
struct Collected(Vec<u8>);

impl Sight for Collected {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn cut(&mut self) {
        self.0.extend_from_slice(&[0; 8]);
    }
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}

fn parquet(bytes: &[u8]) -> BTreeSet<Oddity> {
    examine_parquet(&Bytes::of(bytes.to_vec()), &mut Blind).unwrap().oddities.into_keys().collect()
}

fn arrow(bytes: &[u8]) -> BTreeSet<Oddity> {
    examine_arrow(&Bytes::of(bytes.to_vec()), &mut Blind).unwrap().oddities.into_keys().collect()
}

fn inside_parquet(bytes: &[u8]) -> Vec<u8> {
    let mut seen = Collected::default();
    examine_parquet(&Bytes::of(bytes.to_vec()), &mut seen).unwrap();
    seen.0
}

/// polars' own Arrow writer with its own settings.
fn plain_ipc(series: Vec<Series>) -> Vec<u8> {
    let mut frame = frame(series);
    let mut bytes = Vec::new();
    IpcWriter::new(&mut bytes).with_compat_level(CompatLevel::newest()).finish(&mut frame).unwrap();
    bytes
}

/// polars' own Parquet writer with its own settings.
fn plain_parquet(series: Vec<Series>) -> Vec<u8> {
    let mut frame = frame(series);
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_compression(ParquetCompression::Uncompressed).finish(&mut frame).unwrap();
    bytes
}

fn frame(series: Vec<Series>) -> DataFrame {
    let rows = series[0].len();
    DataFrame::new(rows, series.into_iter().map(|series| series.into_column()).collect()).unwrap()
}

/// A number and a text of which every second cell was made missing by its bit alone.
fn nulled(rows: usize) -> Vec<Series> {
    let bits: Bitmap = (0..rows).map(|row| row % 2 == 0).collect();
    let numbers: Vec<i64> =
        (0..rows as i64).map(|row| if row % 2 == 0 { row } else { 0x1122_3344_5566_7788 }).collect();
    let numbers = ChunkedArray::<Int64Type>::from_vec_validity("n".into(), numbers, Some(bits.clone())).into_series();
    let doubles: Vec<f64> = (0..rows).map(|row| if row % 2 == 0 { row as f64 } else { 8731.27 }).collect();
    let doubles = ChunkedArray::<Float64Type>::from_vec_validity("d".into(), doubles, Some(bits.clone())).into_series();
    let texts = (0..rows).map(|row| if row % 2 == 0 { "there" } else { SECRET });
    let texts = Utf8ViewArray::from_slice_values(texts.collect::<Vec<_>>()).with_validity(Some(bits));
    let texts: ChunkedArray<StringType> = StringChunked::with_chunk("t".into(), texts);
    vec![numbers, doubles, texts.into_series()]
}

/// Our writer, for the same columns as light columns.
fn ours(format: Format, compression: Compression, columns: &[(&str, Column<'_>)], rows_per_group: usize) -> Vec<u8> {
    let fields = columns.iter().map(|(name, column)| Field { name: (*name).into(), data_type: column.data_type() });
    let mut layout = Layout::new(format, Schema::new(fields.collect()).unwrap());
    layout.compression = compression;
    layout.rows_per_group = rows_per_group;
    layout.decimal_scales =
        columns.iter().map(|(_, column)| (column.data_type() == DataType::Decimal).then_some(2)).collect();
    let mut writer = PartWriter::start(&layout, Vec::new()).unwrap();
    let mut encoder = RecordEncoder::new(&layout);
    let columns: Vec<Column<'_>> = columns.iter().map(|(_, column)| column.clone()).collect();
    writer.batch(&mut encoder, &columns).unwrap();
    writer.finish().unwrap()
}

/// Columns of every type, with and without missing cells, few and many values.
fn every_type(rows: usize) -> Vec<(&'static str, Column<'static>)> {
    let every = |keep: usize, row: usize| row % keep != 1;
    let text = |of: &dyn Fn(usize) -> Option<String>| {
        let mut builder = TextBuilder::default();
        (0..rows).for_each(|row| builder.push_option(of(row).as_deref().map(str::as_bytes)));
        Column::Text(builder.finish(false))
    };
    let some = |row: usize| every(3, row).then_some(row as i64);
    vec![
        ("few", text(&|row| every(3, row).then(|| format!("value {}", row % 5)))),
        ("many", text(&|row| every(4, row).then(|| format!("{row} {LONG} {}", row * 7919)))),
        ("full", text(&|row| Some(format!("{}", row % 3)))),
        ("none", text(&|_| None)),
        ("integer", Column::Integer((0..rows).map(some).collect())),
        (
            "wide",
            Column::Integer(
                (0..rows).map(|row| Some((row as i64).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64))).collect(),
            ),
        ),
        (
            "decimal",
            Column::Decimal(
                (0..rows).map(|row| every(5, row).then(|| Decimal::new(row as i128 * 37, 2)).flatten()).collect(),
            ),
        ),
        ("float", Column::Float((0..rows).map(|row| every(3, row).then_some(row as f64 / 7.0)).collect())),
        ("boolean", Column::Boolean((0..rows).map(|row| every(3, row).then_some(row % 2 == 0)).collect())),
        (
            "date",
            Column::Date(
                (0..rows).map(|row| every(3, row).then(|| Date::from_days(row as i32 % 4000)).flatten()).collect(),
            ),
        ),
        ("time", Column::Timestamp((0..rows).map(|row| some(row).map(|row| row * 1_000_003)).collect())),
    ]
}

#[test]
fn bytes_under_missing_cells_are_real_in_plain_arrow_and_gone_in_ours() {
    let plain = plain_ipc(nulled(64));
    assert!(has(&plain, &0x1122_3344_5566_7788_i64.to_le_bytes()), "a number under a null is in the file");
    assert!(has(&plain, &8731.27_f64.to_le_bytes()), "a double under a null is in the file");
    assert!(has(&plain, SECRET.as_bytes()), "a short text under a null is in the file, inside its view");
    assert!(arrow(&plain).contains(&Oddity::BytesUnderNull));
    // what is read from that file and released has no bytes left
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leak.arrow");
    std::fs::write(&path, &plain).unwrap();
    let source = outis::read::Source::open(&[path], outis::read::Options::default()).unwrap();
    let pass = source.pass().unwrap();
    let shard = pass.next().unwrap().unwrap();
    let mut files = Vec::new();
    shard
        .read(&mut outis::read::Scratch::default(), &mut |batch| {
            let columns: Vec<(&str, Column<'_>)> = ["n", "d", "t"].into_iter().zip(batch.columns).collect();
            for compression in [Compression::None, Compression::Zstd] {
                files.push(ours(Format::Ipc, compression, &columns, 16));
                files.push(ours(Format::Parquet, compression, &columns, 16));
            }
            Ok(())
        })
        .unwrap();
    for (at, file) in files.iter().enumerate() {
        let mut seen = Collected::default();
        let bytes = Bytes::of(file.clone());
        let walked = if at % 2 == 0 { examine_arrow(&bytes, &mut seen) } else { examine_parquet(&bytes, &mut seen) };
        assert_eq!(walked.unwrap().oddities.into_keys().collect::<Vec<_>>(), [], "{at}");
        assert!(has(&seen.0, b"there"), "the cells that are there are found");
        for secret in [&0x1122_3344_5566_7788_i64.to_le_bytes()[..], &8731.27_f64.to_le_bytes(), SECRET.as_bytes()] {
            assert!(!has(&seen.0, secret) && !has(file, secret), "{at}");
        }
    }
}

#[test]
fn unreferenced_view_buffers_are_real_in_plain_arrow() {
    // a filter leaves out some; what polars tolerates as waste, up to a KiB, is cells of other people
    let texts: Vec<String> = (0..40).map(|row| format!("{row:02} {LONG}")).collect();
    let texts = StringChunked::with_chunk("t".into(), Utf8ViewArray::from_slice_values(texts));
    let keep: polars::prelude::BooleanChunked = (0..40).map(|row| row % 4 != 1).collect();
    let few = texts.filter(&keep).unwrap();
    let plain = plain_ipc(vec![few.into_series()]);
    assert!(has(&plain, format!("01 {LONG}").as_bytes()), "a cell that was filtered out is in the file");
    assert!(arrow(&plain).contains(&Oddity::UnexplainedBytes));
}

#[test]
fn extremes_metadata_writer_and_index_are_real_in_plain_parquet_and_gone_in_ours() {
    let salaries =
        Series::new("salary".into(), (0..1000).map(|row| 3000 + row * 7).chain([987_654_321]).collect::<Vec<i64>>());
    let plain = plain_parquet(vec![salaries]);
    let found = parquet(&plain);
    // the greatest value stands in the data once, in statistics again, and again in the index
    assert!(memchr::memmem::find_iter(&plain, &987_654_321_i64.to_le_bytes()).count() >= 3);
    assert!(has(&plain, b"Polars"));
    for leak in [Oddity::Statistics, Oddity::WriterName, Oddity::PageIndex] {
        assert!(found.contains(&leak), "{leak:?}");
    }
    // with statistics off, the Arrow schema, the name and the offset index still stand there
    let mut frame = frame(vec![Series::new("a".into(), [1_i64, 2])]);
    let mut bytes = Vec::new();
    let writer = ParquetWriter::new(&mut bytes).with_statistics(StatisticsOptions::empty());
    writer.batched(frame.schema()).unwrap().get_writer().lock().unwrap().end(None).unwrap();
    assert!(has(&bytes, b"ARROW:schema") && parquet(&bytes).contains(&Oddity::Metadata));
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_statistics(StatisticsOptions::empty()).finish(&mut frame).unwrap();
    let found = parquet(&bytes);
    assert!(found.contains(&Oddity::WriterName) && found.contains(&Oddity::PageIndex), "{found:?}");

    let salaries = Column::Integer((0..1000).map(|row| Some(3000 + row * 7)).chain([Some(987_654_321)]).collect());
    let file = ours(Format::Parquet, Compression::None, &[("salary", salaries)], 65_536);
    assert_eq!(
        memchr::memmem::find_iter(&file, &987_654_321_i64.to_le_bytes()).count(),
        1,
        "the cell, and nothing else"
    );
    assert!(!has(&file, b"Polars") && !has(&file, b"ARROW:schema"));
    assert!(parquet(&file).is_empty());
}

#[test]
fn values_under_nulls_are_not_in_plain_parquet_of_polars() {
    // Not a leak of this writer: only the cells that are there become values. Held here, so that a change is seen.
    let inside = inside_parquet(&plain_parquet(nulled(64)));
    assert!(!has(&inside, &8731.27_f64.to_le_bytes()) && !has(&inside, SECRET.as_bytes()));
    assert!(!has(&inside, &0x1122_3344_5566_7788_i64.to_le_bytes()));
}

#[test]
fn row_groups_that_mirror_batches_are_real_in_plain_writers_and_gone_in_ours() {
    let batch = |rows: i64| frame(vec![Series::new("a".into(), (0..rows).collect::<Vec<i64>>())]);
    let mut bytes = Vec::new();
    let first = batch(1);
    let mut writer = ParquetWriter::new(&mut bytes).batched(first.schema()).unwrap();
    for rows in [13, 7, 29] {
        writer.write_batch(&batch(rows)).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    let walked = examine_parquet(&Bytes::of(bytes), &mut Blind).unwrap();
    assert_eq!(walked.groups, [13, 7, 29], "the sizes of the batches are the sizes of the groups");
    assert!(walked.oddities.contains_key(&Oddity::UnevenGroups));
    for format in [Format::Parquet, Format::Ipc] {
        let bytes = Bytes::of(ours(format, Compression::Zstd, &every_type(49), 20));
        let walked =
            if format == Format::Ipc { examine_arrow(&bytes, &mut Blind) } else { examine_parquet(&bytes, &mut Blind) };
        assert_eq!(walked.unwrap().groups, [20, 20, 9]);
    }
}

#[test]
fn our_files_have_no_byte_without_a_purpose() {
    for rows in [0, 1, 7, 8, 64, 1000] {
        for compression in [Compression::None, Compression::Zstd] {
            for rows_per_group in [7, 64, 65_536] {
                let what = format!("{rows} rows, {rows_per_group} a group, {compression:?}");
                let columns = every_type(rows);
                let odd = parquet(&ours(Format::Parquet, compression, &columns, rows_per_group));
                assert!(odd.is_empty(), "Parquet, {what}: {odd:?}");
                let odd = arrow(&ours(Format::Ipc, compression, &columns, rows_per_group));
                assert!(odd.is_empty(), "Arrow, {what}: {odd:?}");
            }
        }
    }
}

/// A column encoded by a dictionary of which one entry belongs to nobody any more, written by Arrow's own C++ writers; and a small
/// table with nothing beside its rows, so that the walks are held to other writers than ours too.
const ARROW_CPP: &str = r"
import sys, pyarrow as pa, pyarrow.parquet as pq
folder = sys.argv[1]
column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, 1], pa.int32()), pa.array(['north', 'south', 'suppressed-town']))
table = pa.table({'town': column})
pq.write_table(table, folder + '/dictionary.parquet', compression='NONE', write_statistics=False, store_schema=False)
with pa.OSFile(folder + '/dictionary.arrow', 'wb') as sink, pa.ipc.new_file(sink, table.schema) as writer:
    writer.write_table(table)
plain = pa.table({'a': pa.array(['x', None, 'yy'] * 50), 'n': pa.array([1, 2, None] * 50, pa.int64())})
for codec in ['NONE', 'SNAPPY', 'GZIP', 'ZSTD']:
    pq.write_table(plain, f'{folder}/plain-{codec}.parquet', compression=codec, write_statistics=False, store_schema=False)
with pa.OSFile(folder + '/plain.arrow', 'wb') as sink, pa.ipc.new_file(sink, plain.schema) as writer:
    writer.write_table(plain)
";

#[test]
fn dictionary_entries_of_nobody_are_real_in_arrows_own_writers_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let python = std::env::var("OUTIS_PYTHON").unwrap_or_else(|_| "python3".into());
    let ran = std::process::Command::new(python).args(["-c", ARROW_CPP]).arg(folder.path()).status();
    if !ran.is_ok_and(|status| status.success()) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs pyarrow");
        eprintln!("skipped: pyarrow is not here");
        return;
    }
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    for name in ["dictionary.parquet", "dictionary.arrow"] {
        let bytes = read(name);
        assert!(has(&bytes, b"suppressed-town"), "{name}: the entry of no row is in the file");
        let odd = if name.ends_with("arrow") { arrow(&bytes) } else { parquet(&bytes) };
        assert!(odd.contains(&Oddity::UnusedDictionaryEntry), "{name}: {odd:?}");
    }
    for codec in ["NONE", "SNAPPY", "GZIP", "ZSTD"] {
        let odd = parquet(&read(&format!("plain-{codec}.parquet")));
        assert!(odd.contains(&Oddity::WriterName), "{codec}: {odd:?}");
        let beside = [Oddity::BytesUnderNull, Oddity::UnexplainedBytes, Oddity::Opaque, Oddity::UnusedDictionaryEntry];
        assert!(beside.iter().all(|leak| !odd.contains(leak)), "{codec}: {odd:?}");
    }
    let odd = arrow(&read("plain.arrow"));
    assert!(!odd.contains(&Oddity::BytesUnderNull) && !odd.contains(&Oddity::Opaque), "{odd:?}");
}
