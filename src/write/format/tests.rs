use super::*;
use crate::value::{DataType, Date, Decimal, Field, Text, TextBuilder};
use proptest::prelude::*;
use std::io::Read as _;

fn layout(format: Format, fields: &[(&str, DataType)]) -> Layout {
    let field = |(name, data_type): &(&str, DataType)| Field { name: (*name).to_owned(), data_type: *data_type };
    Layout {
        format,
        schema: Schema::new(fields.iter().map(field).collect()).unwrap(),
        delimiter: b',',
        null: Vec::new(),
        compression: Compression::None,
        rows_per_group: 3,
        decimal_scales: Vec::new(),
    }
}

fn text(cells: &[Option<&str>]) -> Column<'static> {
    let mut builder = TextBuilder::default();
    for cell in cells {
        builder.push_option(cell.map(str::as_bytes));
    }
    Column::Text(builder.finish(false))
}

/// The records of all rows, and the part that they make.
fn part(layout: &Layout, columns: &[Column<'_>]) -> Vec<u8> {
    let mut encoder = RecordEncoder::new(layout);
    let mut writer = PartWriter::start(layout, Vec::new()).ok().unwrap();
    writer.batch(&mut encoder, columns).unwrap();
    writer.finish().unwrap()
}

fn refusal(layout: &Layout, columns: &[Column<'_>]) -> Error {
    let mut writer = PartWriter::start(layout, Vec::new()).ok().unwrap();
    writer.batch(&mut RecordEncoder::new(layout), columns).unwrap_err()
}

const EVERY: [(&str, DataType); 8] = [
    ("text", DataType::Text),
    ("integer", DataType::Integer),
    ("exact", DataType::Decimal),
    ("money", DataType::Decimal),
    ("float", DataType::Float),
    ("truth", DataType::Boolean),
    ("day", DataType::Date),
    ("moment", DataType::Timestamp),
];

/// Rows of every type; row 2 is missing everywhere, the others each miss one cell.
fn every() -> Vec<Column<'static>> {
    let decimal = |text: &str| Decimal::parse(text.as_bytes());
    vec![
        text(&[Some("王芳 a long name, with \"quotes\""), Some(""), None, None, Some("x")]),
        Column::Integer(vec![Some(i64::MIN), None, None, Some(i64::MAX), Some(0)]),
        Column::Decimal(vec![decimal("1945.30"), decimal("-0.000001"), None, decimal("0"), None]),
        Column::Decimal(vec![decimal("1.5"), decimal("-2.50"), None, decimal("3"), decimal("0.01")]),
        Column::Float(vec![Some(0.1), Some(-1e300), None, Some(5e-324), Some(-0.0)]),
        Column::Boolean(vec![Some(true), Some(false), None, None, Some(true)]),
        Column::Date(vec![
            Date::new(1984, 2, 29),
            Date::new(1, 1, 1),
            None,
            Date::new(9999, 12, 31),
            Date::from_days(0),
        ]),
        Column::Timestamp(vec![Some(1), Some(-1), None, Some(1_700_000_000_123_456), Some(0)]),
    ]
}

#[test]
fn csv_has_one_spelling() {
    let bytes = part(&layout(Format::Csv, &EVERY), &every());
    let expected = "text,integer,exact,money,float,truth,day,moment\n\
        \"王芳 a long name, with \"\"quotes\"\"\",-9223372036854775808,1945.30,1.5,0.1,true,1984-02-29,1970-01-01T00:00:00.000001\n\
        \"\",,-0.000001,-2.50,-1e300,false,0001-01-01,1969-12-31T23:59:59.999999\n\
        ,,,,,,,\n\
        ,9223372036854775807,0,3,5e-324,,9999-12-31,2023-11-14T22:13:20.123456\n\
        x,0,,0.01,-0.0,true,1970-01-01,1970-01-01T00:00:00\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn csv_quotes_where_needed_and_nowhere_else() {
    let cells = [" a ", "a,b", "a;b", "a\"b", "a\rb", "a\nb", "NA", "na", "", "\u{feff}", "'"];
    let column = text(&cells.map(Some));
    let mut layout = layout(Format::Csv, &[("a,b", DataType::Text), ("NA", DataType::Text)]);
    layout.null = b"NA".to_vec();
    let none = text(&[None; 11]);
    let bytes = part(&layout, &[column.clone(), none.clone()]);
    let expected = "\"a,b\",NA\n a ,NA\n\"a,b\",NA\na;b,NA\n\"a\"\"b\",NA\n\"a\rb\",NA\n\"a\nb\",NA\n\"NA\",NA\nna,NA\n,NA\n\u{feff},NA\n',NA\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    layout.delimiter = b';';
    let bytes = String::from_utf8(part(&layout, &[column, none])).unwrap();
    assert!(bytes.starts_with("a,b;NA\n a ;NA\na,b;NA\n\"a;b\";NA\n"));
}

#[test]
fn csv_quotes_typed_cells_that_hold_the_delimiter_or_spell_null() {
    let mut layout = layout(Format::Csv, &[("day", DataType::Date), ("n", DataType::Integer)]);
    (layout.delimiter, layout.null) = (b'-', b"7".to_vec());
    let columns = [Column::Date(vec![Date::new(2020, 1, 2), None]), Column::Integer(vec![Some(7), Some(8)])];
    assert_eq!(String::from_utf8(part(&layout, &columns)).unwrap(), "day-n\n\"2020-01-02\"-\"7\"\n7-8\n");
}

/// Two columns of tokens, one of others; some cells are not hex, one misses.
fn with_tokens() -> ([Column<'static>; 3], [[Option<String>; 3]; 40]) {
    let rows: [[Option<String>; 3]; 40] = std::array::from_fn(|row| {
        let token = |salt: u128| {
            Some(format!("{:032x}", (row as u128 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)))
        };
        let odd = Some(format!("{row:032X}z")[1..].to_owned());
        [if row % 7 == 3 { odd } else { token(1) }, Some(format!("cell {row}")), token(9)]
    });
    let column = |at: usize| {
        let mut builder = TextBuilder::default();
        rows.iter().for_each(|row| builder.push_option(row[at].as_ref().map(String::as_bytes)));
        Column::Text(builder.finish(true))
    };
    ([column(0), column(1), column(2)], rows)
}

#[test]
fn tokens_wait_in_fewer_bytes_and_are_written_whole() {
    let (columns, mut rows) = with_tokens();
    let mut layout = layout(Format::Csv, &[("a", DataType::Text), ("b", DataType::Text), ("c", DataType::Text)]);
    let line = |row: &[Option<String>; 3]| row.each_ref().map(|cell| cell.clone().unwrap_or_default()).join(",") + "\n";
    let whole = |rows: &[[Option<String>; 3]]| "a,b,c\n".to_owned() + &rows.iter().map(line).collect::<String>();
    assert_eq!(String::from_utf8(part(&layout, &columns)).unwrap(), whole(&rows));
    // the first, a plain one, and one whose first cell is not hex; each with a token that misses elsewhere and without
    let (mut encoder, mut room) = (RecordEncoder::new(&layout), vec![0; 1024]);
    let waiting = |encoder: &mut RecordEncoder, room: &mut Vec<u8>, columns: &[Column<'_>], row: usize| {
        let batch = encoder.prepare(columns);
        let laid = encoder.records(&batch).lay(row, room).unwrap();
        let Laid::Ends(length) = laid else { panic!("there is room") };
        length
    };
    let lengths = |encoder: &mut RecordEncoder, room: &mut Vec<u8>, columns: &[Column<'_>]| {
        [0, 3].map(|row| waiting(encoder, room, columns, row))
    };
    let plain = [0, 3].map(|row| line(&rows[row]).len());
    assert_eq!(lengths(&mut encoder, &mut room, &columns), [plain[0] - 29, plain[1] - 14]);
    let [first, second, _] = columns;
    rows[5][2] = None;
    let mut last = TextBuilder::default();
    rows.iter().for_each(|row| last.push_option(row[2].as_ref().map(String::as_bytes)));
    let columns = [first, second, Column::Text(last.finish(true))];
    assert_eq!(lengths(&mut encoder, &mut room, &columns), [plain[0] - 29, plain[1] - 14]);
    assert_eq!(String::from_utf8(part(&layout, &columns)).unwrap(), whole(&rows));
    layout.compression = Compression::Gzip;
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&part(&layout, &columns)[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, whole(&rows));
    // a delimiter that packed bytes could hold: nothing is packed
    (layout.delimiter, layout.compression) = (b'|', Compression::None);
    assert_eq!(lengths(&mut RecordEncoder::new(&layout), &mut room, &columns), plain);
    assert_eq!(String::from_utf8(part(&layout, &columns)).unwrap(), whole(&rows).replace(',', "|"));
}

#[test]
fn a_torn_line_is_told() {
    let layout = layout(Format::Csv, &[("a", DataType::Text)]);
    for torn in [&b"\x01\xff"[..], b"abc\x01\xff", b"\xff0123456789abcde\x01\xff", b"\xff0123456789abcdef\x02\xff"] {
        let mut writer = PartWriter::start(&layout, Vec::new()).ok().unwrap();
        assert!(writer.record(torn).is_err(), "{torn:?}");
    }
}

#[test]
fn csv_of_one_column_has_no_empty_line() {
    let mut layout = layout(Format::Csv, &[("a", DataType::Text)]);
    let column = text(&[None, Some(""), Some("x")]);
    assert_eq!(part(&layout, std::slice::from_ref(&column)), b"a\n\"\"\n\"\"\nx\n");
    layout.null = b"-".to_vec();
    assert_eq!(part(&layout, &[column]), b"a\n-\n\"\"\nx\n");
    let nameless = self::layout(Format::Csv, &[("", DataType::Text)]);
    assert_eq!(part(&nameless, &[text(&[])]), b"\"\"\n");
}

#[test]
fn csv_believes_plain_columns_only_for_its_own_delimiter() {
    // A promise that is kept for a comma says nothing about a semicolon.
    let cells = || Column::Text(Text::new(b"a;bc".to_vec(), vec![crate::value::Span::new(0, 4)], true));
    let mut layout = layout(Format::Csv, &[("a", DataType::Text)]);
    assert_eq!(part(&layout, &[cells()]), b"a\na;bc\n");
    layout.delimiter = b';';
    assert_eq!(part(&layout, &[cells()]), b"a\n\"a;bc\"\n");
}

proptest! {
    #[test]
    fn csv_is_read_back_by_another_reader(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z,;\"\r\n é]{0,40}", 3), 0..20),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'a')],
        null in prop_oneof![Just(""), Just("NA")],
    ) {
        let mut layout = layout(Format::Csv, &[("x", DataType::Text), ("y", DataType::Text), ("z", DataType::Text)]);
        layout.delimiter = delimiter;
        if delimiter != b'a' { layout.null = null.into(); }
        let column = |place: usize| text(&rows.iter().map(|row| Some(row[place].as_str())).collect::<Vec<_>>());
        let bytes = part(&layout, &[column(0), column(1), column(2)]);
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(true).from_reader(&bytes[..]);
        let back: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(back, rows);
    }

    #[test]
    fn ndjson_is_read_back_by_another_reader(cell in any::<String>(), number in any::<i64>(), float in -1e300..1e300_f64) {
        let layout = layout(Format::Ndjson, &[("a\"\\\n", DataType::Text), ("n", DataType::Integer), ("f", DataType::Float)]);
        let columns = [text(&[Some(&cell)]), Column::Integer(vec![Some(number)]), Column::Float(vec![Some(float)])];
        let bytes = part(&layout, &columns);
        prop_assert_eq!(memchr::memchr_iter(b'\n', &bytes).count(), 1);
        // Values as written: serde_json's own doubles are not the nearest.
        let values: std::collections::BTreeMap<String, &serde_json::value::RawValue> =
            serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(values["a\"\\\n"].get()).unwrap(), cell);
        prop_assert_eq!(values["n"].get().parse::<i64>().unwrap(), number);
        prop_assert_eq!(values["f"].get().parse::<f64>().unwrap().to_bits(), float.to_bits());
    }

    #[test]
    fn records_never_panic_on_foreign_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut layout = layout(Format::Parquet, &EVERY);
        layout.decimal_scales = vec![None, None, None, Some(2)];
        let mut builders = Builders::new(&layout);
        if builders.push(&bytes).is_ok() {
            prop_assert_eq!(builders.rows(), 1);
        }
    }
}

#[test]
fn ndjson_has_one_spelling() {
    let bytes = part(&layout(Format::Ndjson, &EVERY), &every());
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        r#"{"text":"王芳 a long name, with \"quotes\"","integer":-9223372036854775808,"exact":1945.30,"money":1.5,"float":0.1,"truth":true,"day":"1984-02-29","moment":"1970-01-01T00:00:00.000001"}"#
    );
    assert_eq!(
        lines[2],
        r#"{"text":null,"integer":null,"exact":null,"money":null,"float":null,"truth":null,"day":null,"moment":null}"#
    );
    for line in lines {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn what_cannot_be_said_exactly_is_refused_with_its_column() {
    let ndjson = layout(Format::Ndjson, &[("f", DataType::Float)]);
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = refusal(&ndjson, &[Column::Float(vec![Some(wrong)])]);
        assert_eq!(error.kind(), &ErrorKind::BadValue("a finite number"));
        assert_eq!(error.place().column.as_deref(), Some("f"));
    }
    let mut parquet = layout(Format::Parquet, &[("d", DataType::Decimal)]);
    parquet.decimal_scales = vec![Some(2)];
    for wrong in ["0.001", "1e37"] {
        let error = refusal(&parquet, &[Column::Decimal(vec![Decimal::parse(wrong.as_bytes())])]);
        assert!(matches!(error.kind(), ErrorKind::BadValue(_)), "{wrong}");
        assert_eq!(error.place().column.as_deref(), Some("d"));
    }
    let error = refusal(&parquet, &[Column::Integer(vec![Some(1)])]);
    assert!(matches!(error.kind(), ErrorKind::Internal(_)));
}

#[test]
fn layouts_that_cannot_be_are_refused() {
    let start = |change: fn(&mut Layout)| {
        let mut layout = layout(Format::Csv, &[("a", DataType::Text)]);
        change(&mut layout);
        PartWriter::start(&layout, Vec::new()).err().map(|error| error.kind().clone())
    };
    assert_eq!(start(|_| ()), None);
    assert_eq!(start(|layout| layout.schema = Schema::default()), Some(ErrorKind::EmptyInput));
    let changes: [fn(&mut Layout); 6] = [
        |layout| layout.delimiter = b'"',
        |layout| layout.delimiter = 0xe7,
        |layout| layout.null = b"a,b".to_vec(),
        |layout| layout.null = vec![0xff],
        |layout| layout.rows_per_group = 0,
        |layout| (layout.format, layout.compression) = (Format::Parquet, Compression::Gzip),
    ];
    for change in changes {
        assert!(matches!(start(change), Some(ErrorKind::Usage(_))));
    }
}

#[test]
fn compressed_text_is_the_same_text_and_says_nothing_else() {
    let mut layout = layout(Format::Csv, &EVERY);
    let plain = part(&layout, &every());
    layout.compression = Compression::Gzip;
    let gzip = part(&layout, &every());
    // Magic, deflate, no flags (so no name), time 0, level, unknown system.
    assert_eq!(gzip[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    assert_eq!(gzip[9], 255);
    let mut back = Vec::new();
    flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut back).unwrap();
    assert_eq!(back, plain);
    layout.compression = Compression::Zstd;
    let zstd = part(&layout, &every());
    assert_eq!(zstd::decode_all(&zstd[..]).unwrap(), plain);
    assert_eq!(layout.extension(), "csv.zst");
}

/// A sink that notes how long its writes are.
struct Widths(Vec<usize>);

impl std::io::Write for Widths {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.push(bytes.len());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_sink_sees_wide_writes_only() {
    let cells: Vec<String> = (0..200_000_u64).map(|row| (row * 2_654_435_761 % 1_000_003).to_string()).collect();
    let column = text(&cells.iter().map(|cell| Some(cell.as_str())).collect::<Vec<_>>());
    for format in Format::ALL {
        let mut layout = layout(format, &[("a", DataType::Text)]);
        layout.rows_per_group = 50_000;
        let mut encoder = RecordEncoder::new(&layout);
        let mut writer = PartWriter::start(&layout, Widths(Vec::new())).ok().unwrap();
        writer.batch(&mut encoder, std::slice::from_ref(&column)).unwrap();
        let Widths(mut widths) = writer.finish().ok().unwrap();
        widths.pop();
        assert!(!widths.is_empty() && widths.iter().all(|width| *width >= 256 * 1024), "{}", format.name());
    }
}

/// A sink that refuses.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_called_so() {
    for format in Format::ALL {
        let layout = layout(format, &[("a", DataType::Integer)]);
        let mut writer = PartWriter::start(&layout, Full).ok().unwrap();
        writer.batch(&mut RecordEncoder::new(&layout), &[Column::Integer(vec![Some(1)])]).unwrap();
        let error = writer.finish().err().unwrap();
        let full = ErrorKind::Io { operation: "write", cause: std::io::ErrorKind::StorageFull };
        assert_eq!(error.kind(), &full, "{}", format.name());
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    for format in Format::ALL {
        for compression in [Compression::None, Compression::Zstd] {
            let mut layout = layout(format, &EVERY);
            layout.compression = compression;
            assert_eq!(part(&layout, &every()), part(&layout, &every()), "{}", format.name());
        }
    }
}

#[test]
fn names_are_read_back() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.name()), Some(format));
    }
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        assert_eq!(Compression::parse(compression.name()), Some(compression));
    }
    assert!(Format::parse("xlsx").is_none() && Compression::parse("lz4").is_none());
}

// ---- Parquet and Arrow IPC, read back by polars and looked at as bytes ----

use polars::prelude::{AnyValue, DataFrame};
use polars_io::SerReader as _;

fn read_back(format: Format, bytes: &[u8]) -> DataFrame {
    let cursor = std::io::Cursor::new(bytes.to_vec());
    match format {
        Format::Parquet => polars_io::parquet::read::ParquetReader::new(cursor).set_rechunk(true).finish().unwrap(),
        _ => polars_io::ipc::IpcReader::new(cursor).set_rechunk(true).finish().unwrap(),
    }
}

const TYPED: [Format; 2] = [Format::Parquet, Format::Ipc];

#[test]
fn typed_parts_are_read_back_with_types_and_nulls() {
    for format in TYPED {
        for compression in [Compression::None, Compression::Zstd] {
            for rows_per_group in [1, 2, 3, 5, 100] {
                let mut layout = layout(format, &EVERY);
                (layout.compression, layout.rows_per_group) = (compression, rows_per_group);
                layout.decimal_scales = vec![None, None, None, Some(2)];
                let frame = read_back(format, &part(&layout, &every()));
                assert_eq!(frame.shape(), (5, 8));
                let cell = |row: usize, place: usize| frame.columns()[place].get(row).unwrap().into_static();
                assert_eq!(cell(0, 0), AnyValue::StringOwned("王芳 a long name, with \"quotes\"".into()));
                assert_eq!(cell(1, 0), AnyValue::StringOwned("".into()));
                assert_eq!((cell(0, 1), cell(3, 1)), (AnyValue::Int64(i64::MIN), AnyValue::Int64(i64::MAX)));
                assert_eq!(cell(0, 2), AnyValue::StringOwned("1945.30".into()));
                assert_eq!((cell(0, 3), cell(3, 3)), (AnyValue::Decimal(150, 38, 2), AnyValue::Decimal(300, 38, 2)));
                assert_eq!((cell(1, 4), cell(3, 4)), (AnyValue::Float64(-1e300), AnyValue::Float64(5e-324)));
                assert_eq!((cell(0, 5), cell(1, 5)), (AnyValue::Boolean(true), AnyValue::Boolean(false)));
                assert_eq!((cell(1, 6), cell(3, 6)), (AnyValue::Date(-719_162), AnyValue::Date(2_932_896)));
                let micros = polars::prelude::TimeUnit::Microseconds;
                assert_eq!(cell(3, 7), AnyValue::DatetimeOwned(1_700_000_000_123_456, micros, None));
                let missing: Vec<(usize, usize)> = (0..5)
                    .flat_map(|row| (0..8).map(move |place| (row, place)))
                    .filter(|(row, place)| cell(*row, *place) == AnyValue::Null)
                    .collect();
                let columns = every();
                let expected = columns.iter().enumerate().flat_map(|(place, column)| {
                    (0..5).filter(|row| column.is_null(*row)).map(move |row| (row, place)).collect::<Vec<_>>()
                });
                let expected: std::collections::BTreeSet<_> = expected.collect();
                assert_eq!(missing.into_iter().collect::<std::collections::BTreeSet<_>>(), expected);
            }
        }
    }
}

#[test]
fn an_empty_table_is_a_valid_part_in_every_format() {
    let none: Vec<Column<'_>> = every()
        .iter()
        .map(|column| match column {
            Column::Text(_) => text(&[]),
            Column::Decimal(_) => Column::Decimal(Vec::new()),
            _ => Column::Integer(Vec::new()),
        })
        .collect();
    for format in TYPED {
        let mut layout = layout(format, &EVERY);
        layout.decimal_scales = vec![None, None, None, Some(2)];
        let frame = read_back(format, &part(&layout, &none));
        assert_eq!(frame.shape(), (0, 8));
        let names: Vec<&str> = frame.columns().iter().map(|column| column.name().as_str()).collect();
        assert_eq!(names, EVERY.map(|(name, _)| name));
        assert_eq!(frame.columns()[3].dtype(), &polars::prelude::DataType::Decimal(38, 2));
    }
    assert_eq!(part(&layout(Format::Csv, &EVERY), &none), b"text,integer,exact,money,float,truth,day,moment\n");
    assert!(part(&layout(Format::Ndjson, &EVERY), &none).is_empty());
}

#[test]
fn nothing_of_a_missing_cell_is_in_an_uncompressed_part() {
    // The buffer of the source column still holds every cell; its nulls only point away, as after a suppression.
    let canaries = ["canary0", "a-canary-of-some-length-that-is-never-inline"];
    let bytes: Vec<u8> = canaries.concat().into_bytes();
    let spans = vec![crate::value::Span::NULL, crate::value::Span::new(3, 2), crate::value::Span::NULL];
    let numbers = Column::Integer(vec![Some(5), None, Some(6)]);
    let columns = [Column::Text(Text::new(bytes, spans, false)), numbers];
    for format in Format::ALL {
        let part = part(&layout(format, &[("a", DataType::Text), ("n", DataType::Integer)]), &columns);
        for needle in ["canary0", "canary", "length", "inline"] {
            assert!(memchr::memmem::find(&part, needle.as_bytes()).is_none(), "{} {needle}", format.name());
        }
        assert!(memchr::memmem::find(&part, b"ar").is_some(), "{}", format.name());
    }
}

#[test]
fn parquet_metadata_says_nothing_of_the_cells() {
    let cells = ["aardvark-first", "zebra-last", "mmm", "mmm", "mmm", "mmm"];
    let columns =
        [text(&cells.map(Some)), Column::Integer((0..6).map(|row| Some(0x4142_4344_4546_4700 + row)).collect())];
    for rows_per_group in [1, 3, 6] {
        let mut layout = layout(Format::Parquet, &[("a", DataType::Text), ("n", DataType::Integer)]);
        layout.rows_per_group = rows_per_group;
        let bytes = part(&layout, &columns);
        let mut reader = polars_io::parquet::read::ParquetReader::new(std::io::Cursor::new(bytes.clone()));
        let metadata = reader.get_metadata().unwrap().clone();
        assert_eq!(metadata.created_by, None);
        assert!(metadata.key_value_metadata.as_ref().is_none_or(Vec::is_empty));
        assert_eq!(metadata.row_groups.len(), 6 / rows_per_group);
        for group in &metadata.row_groups {
            assert!(group.sorting_columns().is_none());
            assert_eq!(group.num_rows(), rows_per_group);
            for column in group.parquet_columns() {
                assert!(column.statistics(&metadata.footer_buf).is_none());
                assert!(column.bloom_filter_offset().is_none() && column.column_index_offset().is_none());
            }
        }
        // Each value stands as often as groups hold it (a dictionary) or rows (plain), and never in the footer.
        let length = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap());
        let footer = &bytes[bytes.len() - 8 - length as usize..];
        for cell in cells {
            assert!(memchr::memmem::find(footer, cell.as_bytes()).is_none());
        }
        for once in &cells[..2] {
            assert_eq!(memchr::memmem::find_iter(&bytes, once.as_bytes()).count(), 1);
        }
    }
}

#[test]
fn ipc_has_plain_text_columns_and_no_metadata() {
    let layout = layout(Format::Ipc, &[("a", DataType::Text), ("n", DataType::Integer)]);
    let bytes = part(&layout, &[text(&[Some("x"), None]), Column::Integer(vec![None, Some(1)])]);
    let mut reader = polars_io::ipc::IpcReader::new(std::io::Cursor::new(bytes.clone()));
    let schema = reader.schema().unwrap();
    let text = schema.iter_values().next().unwrap();
    assert_eq!(text.dtype, polars::prelude::ArrowDataType::LargeUtf8);
    assert!(schema.iter_values().all(|field| field.metadata.as_ref().is_none_or(|metadata| metadata.is_empty())));
    assert!(reader.custom_metadata().unwrap().is_none_or(|metadata| metadata.is_empty()));
    assert!(memchr::memmem::find(&bytes, b"olars").is_none() && memchr::memmem::find(&bytes, b"_PL").is_none());
}

/// Lets another implementation read the parts, where it is installed.
#[test]
fn pyarrow_reads_the_same_cells() {
    let script = "
import sys
try:
    import pyarrow, pyarrow.parquet, pyarrow.ipc
except ImportError:
    print('absent'); sys.exit()
path = sys.argv[1]
table = pyarrow.parquet.read_table(path) if path.endswith('parquet') else pyarrow.ipc.open_file(path).read_all()
print(table.schema.remove_metadata(), table.schema.metadata)
for row in table.to_pylist():
    print(list(row.values()))
if path.endswith('parquet'):
    meta = pyarrow.parquet.ParquetFile(path).metadata
    for group in range(meta.num_row_groups):
        for column in range(meta.num_columns):
            assert not meta.row_group(group).column(column).is_stats_set
else:
    checked = 0
    for column in table.columns:
        for chunk in column.chunks:
            width, values, count = chunk.type.bit_width if chunk.type != pyarrow.large_string() else 0, chunk.buffers()[1], len(chunk)
            bits = int.from_bytes(values.to_pybytes(), 'little')
            for i in range(count):
                if not chunk[i].is_valid:
                    checked += 1
                    if width:
                        assert bits >> (i * width) & ((1 << width) - 1) == 0, 'bytes under a null'
                    else:
                        assert bits >> (i * 64) & (2 ** 64 - 1) == bits >> ((i + 1) * 64) & (2 ** 64 - 1), 'text under a null'
    assert checked == 12, checked
";
    let expected_rows = "['王芳 a long name, with \"quotes\"', -9223372036854775808, '1945.30', Decimal('1.50'), 0.1, True, \
        datetime.date(1984, 2, 29), datetime.datetime(1970, 1, 1, 0, 0, 0, 1)]\n\
        ['', None, '-0.000001', Decimal('-2.50'), -1e+300, False, datetime.date(1, 1, 1), \
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)]\n\
        [None, None, None, None, None, None, None, None]\n\
        [None, 9223372036854775807, '0', Decimal('3.00'), 5e-324, None, datetime.date(9999, 12, 31), \
        datetime.datetime(2023, 11, 14, 22, 13, 20, 123456)]\n\
        ['x', 0, None, Decimal('0.01'), -0.0, True, datetime.date(1970, 1, 1), datetime.datetime(1970, 1, 1, 0, 0)]\n";
    for format in TYPED {
        for compression in [Compression::None, Compression::Zstd] {
            let mut layout = layout(format, &EVERY);
            layout.compression = compression;
            layout.decimal_scales = vec![None, None, None, Some(2)];
            let mut file = tempfile::Builder::new().suffix(&format!(".{}", layout.extension())).tempfile().unwrap();
            file.write_all(&part(&layout, &every())).unwrap();
            let Ok(python) =
                std::process::Command::new(std::env::var("OUTIS_PYTHON").unwrap_or_else(|_| "python3".into()))
                    .args(["-c", script])
                    .arg(file.path())
                    .output()
            else {
                return;
            };
            let said = String::from_utf8(python.stdout).unwrap();
            if said.trim() == "absent" {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "CI installs pyarrow");
                return;
            }
            let words = String::from_utf8_lossy(&python.stderr);
            assert!(python.status.success() && said.ends_with(expected_rows), "{}: {said}\n{words}", format.name());
            assert!(said.contains("decimal128(38, 2)") && said.contains("timestamp[us]") && said.contains("date32"));
        }
    }
}
