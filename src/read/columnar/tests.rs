#![expect(
    clippy::cast_possible_wrap,
    clippy::items_after_statements,
    clippy::needless_range_loop,
    clippy::too_many_lines,
    reason = "tables of small numbers, read best in one piece"
)]

use super::*;
use crate::value::{Column, DataType, Date, Decimal};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// All cells as text, by column; `None` for a null.
type Cells = Vec<Vec<Option<String>>>;

fn cells(columnar: &Columnar, most: usize) -> Result<Cells> {
    let mut cells = vec![Vec::new(); columnar.schema().len()];
    for group in 0..columnar.groups() {
        let mut next = 0;
        let rows = columnar.read(group, &mut |batch| {
            assert_eq!(batch.first_row, next);
            assert!(batch.rows <= most && batch.rows > 0);
            next += batch.rows as u64;
            for ((column, field), cells) in batch.columns.iter().zip(columnar.schema().fields()).zip(&mut cells) {
                assert_eq!((column.len(), column.data_type()), (batch.rows, field.data_type));
                for row in 0..batch.rows {
                    let mut out = Vec::new();
                    cells.push(column.write_text(row, &mut out).then(|| String::from_utf8(out).unwrap()));
                }
            }
            Ok(())
        })?;
        assert_eq!((rows, next), (columnar.group_rows(group), rows));
    }
    Ok(cells)
}

/// Writes a frame with polars, in groups of `rows`.
fn written(frame: &mut polars::prelude::DataFrame, format: ColumnarFormat, rows: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.align_chunks();
    let parts: Vec<_> = (0..frame.height()).step_by(rows).map(|first| frame.slice(first as i64, rows)).collect();
    match format {
        ColumnarFormat::Parquet => {
            let writer = polars_io::parquet::write::ParquetWriter::new(&mut bytes);
            let mut writer = writer.batched(frame.schema()).unwrap();
            for part in &parts {
                writer.write_batch(part).unwrap();
            }
            writer.finish().unwrap();
        }
        ColumnarFormat::Ipc => {
            use polars_io::SerWriter as _;
            let fields = std::iter::repeat_with(Default::default).take(frame.width()).collect();
            let mut writer = polars_io::ipc::IpcWriter::new(&mut bytes).batched(frame.schema(), fields).unwrap();
            for part in &parts {
                writer.write_batch(part).unwrap();
            }
            writer.finish().unwrap();
        }
    }
    bytes
}

const BOTH: [ColumnarFormat; 2] = [ColumnarFormat::Parquet, ColumnarFormat::Ipc];

#[test]
fn every_type_is_read_in_groups_and_batches() {
    use polars::prelude::{IntoColumn as _, NamedFrom as _, Series};
    let rows = 20_001_i64;
    let number = |row: i64| (row % 7 != 0).then_some(row);
    let series = |name: &str| Series::new(name.into(), (0..rows).map(number).collect::<Vec<_>>());
    let cast = |name: &str, to: polars::prelude::DataType| series(name).cast(&to).unwrap().into_column();
    use polars::prelude::{DataType as D, TimeUnit};
    let text: Vec<Option<String>> = (0..rows).map(|row| number(row).map(|row| format!("名{row}"))).collect();
    let bools: Vec<Option<bool>> = (0..rows).map(|row| number(row).map(|row| row % 2 == 0)).collect();
    let columns = vec![
        cast("i64", D::Int64),
        cast("u64", D::UInt64),
        cast("i32", D::Int32),
        cast("u16", D::UInt16),
        cast("f64", D::Float64),
        cast("f32", D::Float32),
        cast("date", D::Date),
        cast("ms", D::Datetime(TimeUnit::Milliseconds, None)),
        cast("us", D::Datetime(TimeUnit::Microseconds, None)),
        cast("dec", D::Decimal(20, 3)),
        Series::new("text".into(), text.clone()).into_column(),
        Series::new("bool".into(), bools).into_column(),
    ];
    let mut frame = polars::prelude::DataFrame::new(20_001, columns).unwrap();
    for format in BOTH {
        for group in [9_000, 100_000] {
            let file = file(&written(&mut frame, format, group));
            let columnar = open(file.path(), format).unwrap();
            assert_eq!(columnar.groups(), 20_001_usize.div_ceil(group));
            let cells = cells(&columnar, 8192).unwrap();
            assert!(cells.iter().all(|column| column.len() == 20_001));
            for place in [0, 1, 2, 3] {
                assert!(
                    (0..rows).zip(&cells[place]).all(|(row, cell)| number(row).map(|row| row.to_string()) == *cell)
                );
            }
            for place in [4, 5] {
                assert_eq!(cells[place][20_000].as_deref(), Some("20000.0"));
            }
            assert_eq!((cells[6][1].as_deref(), cells[6][7].as_deref()), (Some("1970-01-02"), None));
            assert_eq!(cells[7][1003].as_deref(), Some("1970-01-01T00:00:01.003000"));
            assert_eq!(cells[8][20_000].as_deref(), Some("1970-01-01T00:00:00.020000"));
            assert_eq!(cells[9][12].as_deref(), Some("12.000"));
            assert_eq!(cells[10], text);
            assert_eq!((cells[11][2].as_deref(), cells[11][0].as_deref()), (Some("true"), None));
        }
    }
}

#[test]
fn parts_of_a_release_are_read_back() {
    use crate::write::format::{Compression, Format, Layout, PartWriter, RecordEncoder};
    let fields =
        [("a", DataType::Text), ("d", DataType::Decimal), ("t", DataType::Timestamp), ("b", DataType::Boolean)];
    let field = |(name, data_type): (&str, DataType)| crate::value::Field { name: name.to_owned(), data_type };
    for (format, kind) in [(Format::Parquet, ColumnarFormat::Parquet), (Format::Ipc, ColumnarFormat::Ipc)] {
        for rows in 0..6 {
            let layout = Layout {
                format,
                schema: Schema::new(fields.map(field).into()).unwrap(),
                delimiter: b',',
                null: Vec::new(),
                compression: Compression::Zstd,
                rows_per_group: 2,
                decimal_scales: vec![None, Some(4)],
            };
            let mut text = crate::value::TextBuilder::default();
            (0..rows).for_each(|row| text.push_option((row != 1).then_some(b"caf\xc3\xa9")));
            let columns = [
                Column::Text(text.finish(false)),
                Column::Decimal((0..rows).map(|row| Decimal::new(i128::from(row) - 2, 1)).collect()),
                Column::Timestamp((0..rows).map(|row| (row != 2).then_some(row - 5)).collect()),
                Column::Boolean((0..rows).map(|row| Some(row % 2 == 0)).collect()),
            ];
            let mut writer = PartWriter::start(&layout, Vec::new()).ok().unwrap();
            let mut encoder = RecordEncoder::new(&layout);
            writer.batch(&mut encoder, &columns).unwrap();
            let file = file(&writer.finish().unwrap());
            let columnar = open(file.path(), kind).unwrap();
            let scales = vec![None, Some(4), None, None];
            assert!(columnar.schema() == &layout.schema.clone().with_scales(scales), "the file fixes the scale");
            assert_eq!(columnar.groups() as i64, (rows + 1) / 2);
            let back = cells(&columnar, 2).unwrap();
            for row in 0..usize::try_from(rows).unwrap() {
                assert_eq!(back[0][row].as_deref(), (row != 1).then_some("café"));
                let mut expected = Vec::new();
                Decimal::new(row as i128 - 2, 1).unwrap().rescaled(4).unwrap().write(&mut expected);
                assert_eq!(back[1][row].as_deref().map(str::as_bytes), Some(&expected[..]));
                assert_eq!(back[2][row].is_none(), row == 2);
            }
        }
    }
}

#[test]
fn what_our_types_cannot_hold_is_refused_with_its_place() {
    use polars::prelude::{DataType as D, IntoColumn as _, NamedFrom as _, Series, TimeUnit};
    let refuse = |series: Series, what: &str| {
        for format in BOTH {
            let height = series.len();
            let mut frame = polars::prelude::DataFrame::new(height, vec![series.clone().into_column()]).unwrap();
            let file = file(&written(&mut frame, format, 100_000));
            let error = cells(&open(file.path(), format).unwrap(), 8192).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::BadValue(found) if found.contains(what)), "{error}");
            assert_eq!((error.place().row, error.place().column.as_deref()), (Some(9_001), Some("c")));
        }
    };
    let mut large = vec![1_u64; 9_100];
    large[9_000] = u64::MAX;
    refuse(Series::new("c".into(), large), "2^63");
    let mut nanos = vec![1_000_i64; 9_100];
    nanos[9_000] = 1_001;
    refuse(Series::new("c".into(), nanos).cast(&D::Datetime(TimeUnit::Nanoseconds, None)).unwrap(), "microseconds");
    let mut days = vec![1_i32; 9_100];
    days[9_000] = i32::MAX;
    refuse(Series::new("c".into(), days).cast(&D::Date).unwrap(), "years 1 and 9999");
    let mut millis = vec![1_i64; 9_100];
    millis[9_000] = i64::MAX;
    refuse(Series::new("c".into(), millis).cast(&D::Datetime(TimeUnit::Milliseconds, None)).unwrap(), "microseconds");
    assert!(Date::from_days(i32::MAX).is_none());
}

#[test]
fn other_files_are_not_of_the_format() {
    for format in BOTH {
        for bytes in
            [&b""[..], b"a,b\n1,2\n", b"PAR1", b"ARROW1", b"ARROW1\0\0 some text ARROW1", &[0; 100], &[0xff; 4]]
        {
            let error = open(file(bytes).path(), format).err().unwrap();
            assert_eq!(error.kind(), &ErrorKind::NotOfFormat(format.name()));
            assert!(error.place().file.is_some());
        }
        let error = open(&PathBuf::from("/nonexistent/file"), format).err().unwrap();
        assert!(matches!(error.kind(), ErrorKind::Io { .. }));
    }
}

fn sample(format: ColumnarFormat) -> Vec<u8> {
    use polars::prelude::{IntoColumn as _, NamedFrom as _, Series};
    let text = Series::new("secret".into(), (0..50).map(|row| format!("canary-{row}")).collect::<Vec<_>>());
    let numbers = Series::new("n".into(), (0..50_i64).collect::<Vec<_>>());
    let mut frame = polars::prelude::DataFrame::new(50, vec![text.into_column(), numbers.into_column()]).unwrap();
    written(&mut frame, format, 20)
}

#[test]
fn a_broken_file_is_an_error_and_never_quotes_a_cell() {
    for format in BOTH {
        let whole = sample(format);
        let mut refused = 0;
        let mut attempt = |bytes: &[u8]| {
            let file = file(bytes);
            if let Err(error) = open(file.path(), format).and_then(|columnar| cells(&columnar, 8192)) {
                assert!(!format!("{error:?} {error}").contains("canary"));
                refused += 1;
            }
        };
        for length in (0..whole.len()).step_by(7) {
            attempt(&whole[..length]);
        }
        let cut = whole.len().div_ceil(7);
        for place in (0..whole.len()).step_by(3) {
            for mask in [0xff, 0x10] {
                let mut bytes = whole.clone();
                bytes[place] ^= mask;
                attempt(&bytes);
            }
        }
        assert!(refused >= cut, "every cut file is refused");
    }
}

#[test]
fn a_file_that_was_cut_since_is_a_changed_input() {
    for format in BOTH {
        let file = file(&sample(format));
        let columnar = open(file.path(), format).unwrap();
        file.as_file().set_len(30).unwrap();
        let error = columnar.read(2, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::InputChanged);
    }
}

#[test]
fn the_error_of_the_caller_stops_the_reading() {
    let file = file(&sample(ColumnarFormat::Parquet));
    let columnar = open(file.path(), ColumnarFormat::Parquet).unwrap();
    let error = columnar.read(0, &mut |_| Err(ErrorKind::Interrupted.into())).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Interrupted);
}

#[test]
fn many_threads_may_read() {
    fn shared<T: Send + Sync>(_: &T) {}
    let file = file(&sample(ColumnarFormat::Ipc));
    let columnar = open(file.path(), ColumnarFormat::Ipc).unwrap();
    shared(&columnar);
    let rows: u64 = std::thread::scope(|scope| {
        let read = |group| {
            scope.spawn({
                let columnar = &columnar;
                move || columnar.read(group, &mut |_| Ok(())).unwrap()
            })
        };
        let threads: Vec<_> = (0..3).map(read).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(rows, 50);
}

/// Files of another implementation, where it is installed: (folder, whether there are any).
fn pyarrow(script: &str) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "
import sys
try:
    import pyarrow as pa, pyarrow.parquet as pq, pyarrow.feather as feather
except ImportError:
    sys.exit(9)
from decimal import Decimal
import datetime, os
os.chdir(sys.argv[1])
{script}"
    );
    let python = Command::new(std::env::var("OUTIS_PYTHON").unwrap_or_else(|_| "python3".into()))
        .args(["-c", &script])
        .arg(folder.path())
        .output()
        .ok()?;
    assert!(matches!(python.status.code(), Some(0 | 9)), "{}", String::from_utf8_lossy(&python.stderr));
    let there = python.status.code() == Some(0);
    assert!(there || std::env::var("CI").as_deref() != Ok("true"), "CI installs pyarrow");
    there.then_some(folder)
}

#[test]
fn files_of_pyarrow_are_read() {
    let Some(folder) = pyarrow("
t = pa.table({
    'large': pa.array(['a', None, ''] * 5, pa.large_string()),
    'text': pa.array(['x' * 100, None, '王'] * 5, pa.string()),
    'view': pa.array(['x' * 100, None, '王'] * 5, pa.string_view()),
    's': pa.array([1, None, -1] * 5, pa.timestamp('s')),
    'ms': pa.array([1, None, -1] * 5, pa.timestamp('ms', tz='UTC')),
    'us': pa.array([1, None, -1] * 5, pa.timestamp('us', tz='UTC')),
    'ns': pa.array([1000, None, -1000] * 5, pa.timestamp('ns')),
    'd32': pa.array([1, None, -1] * 5, pa.date32()),
    'd64': pa.array([86400000, None, 0] * 5, pa.date64()),
    'dec': pa.array([Decimal('1.50'), None, Decimal('-99999999.99')] * 5, pa.decimal128(10, 2)),
    'i8': pa.array([127, None, -128] * 5, pa.int8()),
    'u32': pa.array([4294967295, None, 0] * 5, pa.uint32()),
    'f32': pa.array([0.5, None, -0.25] * 5, pa.float32()),
    'bool': pa.array([True, None, False] * 5, pa.bool_()),
    'none': pa.array([None, None, None] * 5, pa.null()),
})
pq.write_table(t, 'a.parquet', row_group_size=4)
pq.write_table(t, 'b.parquet', row_group_size=4, compression='gzip', data_page_version='2.0', use_dictionary=False, store_schema=False)
for c in ['lz4', 'zstd', 'uncompressed']:
    feather.write_feather(t, c + '.arrow', compression=c, chunksize=4)
with pa.ipc.new_stream('stream.arrow', t.schema) as w:
    w.write_table(t, max_chunksize=4)
c = pa.table({'cat': pa.array(['a', None, 'b'], pa.string()).dictionary_encode(), 'n': [1, 2, 3]})
pq.write_table(c, 'cat.parquet')
feather.write_feather(c, 'cat.arrow')
two = pa.table({
    'first': pa.array([1, 2, 3]),
    'one': pa.array(['a', None, 'b']).dictionary_encode(),
    'two': pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.uint8()), pa.array(['y', 'x' * 50], pa.large_string())),
    'last': pa.array(['p', 'q', 'r']),
})
feather.write_feather(two, 'two.arrow', compression='zstd')
delta = pa.schema([('cat', pa.dictionary(pa.int32(), pa.string()))])
def part(numbers, words):
    return pa.record_batch([pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32()), pa.array(words))], delta)
with pa.ipc.new_stream('delta.stream', delta, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as w:
    w.write_batch(part([0, 1], ['a', 'b']))
    w.write_batch(part([2, 0], ['a', 'b', 'c']))
    w.write_batch(part([0, 1], ['other', 'words']))
with pa.ipc.new_stream('cat.stream', c.schema) as w:
    w.write_table(c)
    w.write_table(c)
") else {
        return;
    };
    let files = ["a.parquet", "b.parquet", "lz4.arrow", "zstd.arrow", "uncompressed.arrow", "stream.arrow"];
    for name in files {
        let format = if name.ends_with("parquet") { ColumnarFormat::Parquet } else { ColumnarFormat::Ipc };
        let columnar = open(&folder.path().join(name), format).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(columnar.groups(), 4, "{name}");
        let cells = cells(&columnar, 8192).unwrap_or_else(|error| panic!("{name}: {error}"));
        let long = "x".repeat(100);
        let expected = [
            ("large", Some("a"), Some("")),
            ("text", Some(&long), Some("王")),
            ("view", Some(&long), Some("王")),
            ("s", Some("1970-01-01T00:00:01"), Some("1969-12-31T23:59:59")),
            ("ms", Some("1970-01-01T00:00:00.001000"), Some("1969-12-31T23:59:59.999000")),
            ("us", Some("1970-01-01T00:00:00.000001"), Some("1969-12-31T23:59:59.999999")),
            ("ns", Some("1970-01-01T00:00:00.000001"), Some("1969-12-31T23:59:59.999999")),
            ("d32", Some("1970-01-02"), Some("1969-12-31")),
            ("d64", None, None),
            ("dec", Some("1.50"), Some("-99999999.99")),
            ("i8", Some("127"), Some("-128")),
            ("u32", Some("4294967295"), Some("0")),
            ("f32", Some("0.5"), Some("-0.25")),
            ("bool", Some("true"), Some("false")),
            ("none", None, None),
        ];
        for (place, (column, first, third)) in expected.into_iter().enumerate() {
            assert_eq!(columnar.schema().fields()[place].name, column);
            for row in (0..15).step_by(3) {
                assert_eq!(cells[place][row + 1], None, "{name} {column}");
                if column != "d64" {
                    let found = (cells[place][row].as_deref(), cells[place][row + 2].as_deref());
                    assert_eq!(found, (first, third), "{name} {column}");
                }
            }
        }
        let days = &cells[8];
        assert!(
            days[0].as_ref().unwrap().starts_with("1970-01-02") && days[2].as_ref().unwrap().starts_with("1970-01-01")
        );
    }
    for (name, format, times) in [
        ("cat.parquet", ColumnarFormat::Parquet, 1),
        ("cat.arrow", ColumnarFormat::Ipc, 1),
        ("cat.stream", ColumnarFormat::Ipc, 2),
    ] {
        let columnar = open(&folder.path().join(name), format).unwrap_or_else(|error| panic!("{name}: {error}"));
        let cells = cells(&columnar, 8192).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = vec![[Some("a".to_owned()), None, Some("b".to_owned())]; times].concat();
        assert_eq!(cells[0], expected, "{name}");
        assert_eq!(columnar.schema().fields()[0].data_type, DataType::Text);
    }
    let read = |name: &str| cells(&open(&folder.path().join(name), ColumnarFormat::Ipc).unwrap(), 8192).unwrap();
    let long = "x".repeat(50);
    let some = |cells: [Option<&str>; 3]| cells.map(|cell| cell.map(str::to_owned)).to_vec();
    let two = [
        some([Some("1"), Some("2"), Some("3")]),
        some([Some("a"), None, Some("b")]),
        some([Some(&long), Some("y"), None]),
        some([Some("p"), Some("q"), Some("r")]),
    ];
    assert_eq!(read("two.arrow"), two);
    // Broken dictionaries are errors, or other cells, but never the end of the process.
    for name in ["two.arrow", "cat.stream"] {
        let whole = std::fs::read(folder.path().join(name)).unwrap();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x41;
            let file = file(&bytes);
            let _ = open(file.path(), ColumnarFormat::Ipc).and_then(|columnar| cells(&columnar, 8192));
        }
    }
    assert_eq!(read("delta.stream"), [["a", "b", "c", "a", "other", "words"].map(|cell| Some(cell.to_owned()))]);
}

#[test]
fn types_without_a_counterpart_are_named_all_at_once() {
    let Some(folder) = pyarrow(
        "
t = pa.table({
    'ok': [1],
    'list': pa.array([[1]]),
    'struct': pa.array([{'a': 1}]),
    'time': pa.array([1], pa.time64('us')),
    'binary': pa.array([b'x']),
    'zone': pa.array([1], pa.timestamp('us', tz='Europe/Berlin')),
    'wide': pa.array([Decimal('1')], pa.decimal256(60, 2)),
})
pq.write_table(t, 'a.parquet')
feather.write_feather(t, 'a.arrow')
n = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=['x', 'x'])
pq.write_table(n, 'twice.parquet')
with pa.ipc.new_file('twice.arrow', n.schema) as w:
    w.write_table(n)
",
    ) else {
        return;
    };
    for (name, format) in [("a.parquet", ColumnarFormat::Parquet), ("a.arrow", ColumnarFormat::Ipc)] {
        let error = open(&folder.path().join(name), format).err().unwrap();
        let ErrorKind::Many { errors, more: 0 } = error.kind() else { panic!("{name}: {error}") };
        let told: Vec<_> = errors
            .iter()
            .map(|error| match error.kind() {
                ErrorKind::UnsupportedType(what) => (error.place().column.as_deref().unwrap(), what.as_str()),
                _ => panic!("{error}"),
            })
            .collect();
        let expected = [
            ("list", "list"),
            ("struct", "struct"),
            ("time", "time of day"),
            ("binary", "binary"),
            ("zone", "timestamp with zone Europe/Berlin"),
            ("wide", "decimal(60, 2)"),
        ];
        assert_eq!(told, expected, "{name}");
    }
    for (name, format) in [("twice.parquet", ColumnarFormat::Parquet), ("twice.arrow", ColumnarFormat::Ipc)] {
        let error = open(&folder.path().join(name), format).err().unwrap();
        assert_eq!((error.kind(), error.place().column.as_deref()), (&ErrorKind::DuplicateColumn, Some("x")), "{name}");
    }
}
