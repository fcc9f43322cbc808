//! The reader as a whole, against other readers.

use super::*;
use crate::error::{Error, ErrorKind, MANY};
use crate::profile::{Ragged, StrayQuotes};
use crate::value::{Column, DataType};
use proptest::prelude::*;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Cells by row; `None` is null.
type Rows = Vec<Vec<Option<String>>>;

/// A file of these bytes in a folder of its own.
struct Sample {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn sample(name: &str, bytes: &[u8]) -> Sample {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Sample { _folder: folder, path }
}

fn options(shard_bytes: usize) -> Options {
    Options { null: Vec::new(), shard_bytes, ..Options::default() }
}

/// Reads everything with one worker; errors are moved to rows of the file.
fn read_all(source: &Source) -> Result<(Rows, Vec<ShardCount>), Error> {
    let pass = source.pass()?;
    let mut scratch = Scratch::default();
    let (mut rows, mut counts) = (Vec::new(), Vec::<ShardCount>::new());
    let mut before = 0;
    while let Some(shard) = pass.next()? {
        assert_eq!(shard.number, counts.len() as u64);
        let mut expected = 0;
        let count = shard.read(&mut scratch, &mut |batch| {
            assert!(batch.rows <= 8192 && batch.rows > 0);
            assert!(batch.first_row >= expected, "batches come in order");
            expected = batch.first_row + batch.rows as u64;
            for row in 0..batch.rows {
                rows.push(batch.columns.iter().map(|column| text(column, row)).collect());
            }
            for column in &batch.columns {
                assert_eq!(column.len(), batch.rows);
                check_plain(column);
            }
            Ok(())
        });
        let count = count.map_err(|error| error.moved_down(before))?;
        before += count.rows + count.rejected;
        counts.push(count);
    }
    assert!(pass.next()?.is_none(), "the end stays the end");
    Ok((rows, counts))
}

fn text(column: &Column<'_>, row: usize) -> Option<String> {
    let mut out = Vec::new();
    column.write_text(row, &mut out).then(|| String::from_utf8(out).unwrap())
}

fn check_plain(column: &Column<'_>) {
    if let Column::Text(cells) = column {
        let special = |cell: &[u8]| cell.iter().any(|byte| b",\"\r\n".contains(byte));
        assert!(!cells.plain() || !cells.iter().flatten().any(special), "a plain column needs no quotes");
    }
}

fn read(name: &str, bytes: &[u8], options: Options) -> Result<Rows, Error> {
    let sample = sample(name, bytes);
    Ok(read_all(&Source::open(&[sample.path], options)?)?.0)
}

fn table(rows: &[&[&str]]) -> Rows {
    rows.iter().map(|row| row.iter().map(|cell| Some((*cell).to_owned())).collect()).collect()
}

/// The `csv` crate's reading of the same bytes, header left out.
fn reference(bytes: &[u8]) -> Result<Rows, ::csv::Error> {
    reference_with(bytes, (b',', b'"'))
}

fn reference_with(bytes: &[u8], (delimiter, quote): (u8, u8)) -> Result<Rows, ::csv::Error> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(true).delimiter(delimiter).quote(quote).from_reader(bytes);
    let rows = reader.records().map(|row| Ok(row?.iter().map(|cell| Some(cell.to_owned())).collect()));
    rows.collect()
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9 ]{0,6}",
        2 => "[a,\"\n]{0,6}",
        1 => "[a;\t|'`,\"\n]{0,8}",
        1 => "(\r\n|\"|中|é|😀|,){0,4}",
        1 => "(\"{0,5}|'{0,5})",
    ]
}

/// Delimiters and quotes that profiles name.
fn signs() -> impl Strategy<Value = (u8, u8)> {
    let delimiter = prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|'), Just(0x1f)];
    (delimiter, prop_oneof![2 => Just(b'"'), 1 => Just(b'\''), 1 => Just(b'`')])
}

/// A table as a writer would write it: `style` per cell says whether it is quoted without need.
fn written(rows: &[Vec<(String, bool)>], (delimiter, quote): (u8, u8), crlf: bool, last: bool) -> Vec<u8> {
    let (delimiter, quote) = (char::from(delimiter), char::from(quote));
    let mut out = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        for (place, (cell, quoted)) in row.iter().enumerate() {
            if place > 0 {
                write!(out, "{delimiter}").unwrap();
            }
            // A lone empty cell would be a blank line.
            if *quoted || cell.contains([delimiter, quote, '\n', '\r']) || (row.len() == 1 && cell.is_empty()) {
                write!(out, "{quote}{}{quote}", cell.replace(quote, &format!("{quote}{quote}"))).unwrap();
            } else {
                out.extend(cell.as_bytes());
            }
        }
        if place + 1 < rows.len() || last {
            out.extend(if crlf { b"\r\n".as_slice() } else { b"\n" });
        }
    }
    out
}

fn tables() -> impl Strategy<Value = Vec<Vec<(String, bool)>>> {
    (1usize..5).prop_flat_map(|columns| {
        let row = proptest::collection::vec((cell(), any::<bool>()), columns);
        proptest::collection::vec(row, 0..40).prop_map(move |mut rows| {
            rows.insert(0, (0..columns).map(|column| (format!("c{column}"), false)).collect());
            rows
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn well_formed_tables_read_as_the_csv_crate_reads_them(
        rows in tables(), signs in signs(), crlf: bool, last: bool, keep: bool, shard in 16usize..200,
    ) {
        let bytes = written(&rows, signs, crlf, last);
        let stray_quotes = if keep { StrayQuotes::Keep } else { StrayQuotes::Error };
        let (delimiter, quote) = (signs.0, Some(signs.1));
        let ours = read("a.csv", &bytes, Options { delimiter, quote, stray_quotes, ..options(shard) }).unwrap();
        let cells: Rows = rows[1..].iter().map(|row| row.iter().map(|cell| Some(cell.0.clone())).collect()).collect();
        prop_assert_eq!(&ours, &cells);
        prop_assert_eq!(ours, reference_with(&bytes, signs).unwrap());
    }

    #[test]
    fn the_keep_mode_reads_any_text_as_the_csv_crate_does(body in "[ab,\"\n]{0,120}", shard in 1usize..40) {
        let bytes = format!("x,y\n{body}").into_bytes();
        let ours = read("a.csv", &bytes, Options { stray_quotes: StrayQuotes::Keep, ..options(shard) });
        match (ours, reference(&bytes)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Err(_), Err(_)) => {}
            // That crate closes an open quote at the end by itself.
            (Err(error), Ok(_)) => prop_assert_eq!(error.kind(), &ErrorKind::UnclosedQuote),
            (Ok(_), Err(_)) => prop_assert!(false, "read what is ragged"),
        }
    }

    #[test]
    fn what_strict_reads_the_csv_crate_reads_alike(body in "[ab,\"\n]{0,60}", shard in 1usize..40) {
        let bytes = format!("x,y\n{body}").into_bytes();
        if let Ok(ours) = read("a.csv", &bytes, options(shard)) {
            prop_assert_eq!(ours, reference(&bytes).unwrap());
        }
    }

    #[test]
    fn errors_do_not_depend_on_the_cuts(body in "[ab,\"\n\r]{0,80}", shard in 1usize..40, keep: bool) {
        let bytes = format!("x,y\n{body}").into_bytes();
        let stray_quotes = if keep { StrayQuotes::Keep } else { StrayQuotes::Error };
        let whole = read("a.csv", &bytes, Options { stray_quotes, ..options(1 << 20) });
        let cut = read("a.csv", &bytes, Options { stray_quotes, ..options(shard) });
        let first = |result: Result<Rows, Error>| result.map_err(|error| {
            let first = match error.kind() { ErrorKind::Many { errors, .. } => errors[0].clone(), _ => error };
            (first.kind().clone(), first.place().row, first.place().column.clone())
        });
        prop_assert_eq!(first(cut), first(whole));
    }

    #[test]
    fn rejected_and_delivered_rows_are_all_rows(
        widths in proptest::collection::vec(1usize..5, 0..60), shard in 4usize..60,
    ) {
        let mut bytes = b"x,y\n".to_vec();
        for width in &widths {
            bytes.extend(vec!["a"; *width].join(",").as_bytes());
            bytes.push(b'\n');
        }
        let sample = sample("a.csv", &bytes);
        let options = Options { ragged: Ragged::Reject, ..options(shard) };
        let (rows, counts) = read_all(&Source::open(&[sample.path], options).unwrap()).unwrap();
        let good = widths.iter().filter(|width| **width == 2).count();
        prop_assert_eq!(rows.len(), good);
        prop_assert_eq!(counts.iter().map(|count| count.rows).sum::<u64>(), good as u64);
        prop_assert_eq!(counts.iter().map(|count| count.rejected).sum::<u64>(), (widths.len() - good) as u64);
    }

    #[test]
    fn ndjson_reads_as_serde_json_reads_it(
        rows in proptest::collection::vec((any::<i64>(), cell(), any::<bool>(), -999i32..999), 1..40), shard in 16usize..300,
    ) {
        let mut bytes = Vec::new();
        let mut expected = Rows::new();
        for (number, text, truth, cents) in &rows {
            let cents = format!("{}{}.{:02}", if *cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
            let value: serde_json::Value = serde_json::json!({ "n": number, "t": text, "b": truth });
            let line = value.to_string();
            writeln!(bytes, "{},\"d\":{cents}}}", &line[..line.len() - 1]).unwrap();
            let zero = cents == "-0.00";
            let decimal = if zero { "0.00".to_owned() } else { cents };
            expected.push([truth.to_string(), number.to_string(), text.clone(), decimal].map(Some).to_vec());
        }
        let sample = sample("a.ndjson", &bytes);
        let source = Source::open(std::slice::from_ref(&sample.path), options(shard)).unwrap();
        let fields = source.schema().fields();
        let found: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.data_type)).collect();
        let types = [("b", DataType::Boolean), ("n", DataType::Integer), ("t", DataType::Text), ("d", DataType::Decimal)];
        prop_assert_eq!(found, types.to_vec());
        prop_assert_eq!(read_all(&source).unwrap().0, expected);
    }
}

#[test]
fn every_cut_position_gives_the_same_cells() {
    let text = "a,b\r\n1,\"x\"\"y\"\r\n\"two\nlines\",\"\"\r\n\r\n,\",\"\r\n\"中\",文\n9,\"end\"";
    let expected = table(&[&["1", "x\"y"], &["two\nlines", ""], &["", ","], &["中", "文"], &["9", "end"]]);
    for keep in [StrayQuotes::Error, StrayQuotes::Keep] {
        for shard in 1..text.len() + 3 {
            let rows = read("a.csv", text.as_bytes(), Options { stray_quotes: keep, ..options(shard) }).unwrap();
            assert_eq!(rows, expected, "{shard}");
        }
    }
}

#[test]
fn nulls_are_unquoted_markers_only() {
    let null = [
        Vec::new(),
        b"NA".to_vec(),
        b"a marker that is longer than sixty-three bytes, to leave the short way".to_vec(),
    ];
    let long = String::from_utf8(null[2].clone()).unwrap().replace(',', ";");
    let null = vec![null[0].clone(), null[1].clone(), long.clone().into_bytes()];
    let text = format!("a,b\n,\"\"\nNA,\"NA\"\nNAN,N\n{long},{long}x\n");
    let rows = read("a.csv", text.as_bytes(), Options { null, ..options(1 << 20) }).unwrap();
    let some = |text: &str| Some(text.to_owned());
    let expected = vec![
        vec![None, some("")],
        vec![None, some("NA")],
        vec![some("NAN"), some("N")],
        vec![None, some(&format!("{long}x"))],
    ];
    assert_eq!(rows, expected);
}

#[test]
fn blank_lines_are_rows_of_one_column_only() {
    assert_eq!(
        read("a.csv", b"\n\r\na,b\n\n1,2\n\r\n\n3,4\n\n", options(8)).unwrap(),
        table(&[&["1", "2"], &["3", "4"]])
    );
    assert_eq!(read("a.csv", b"a\n\n1\n\r\n\"\"\n", options(2)).unwrap(), table(&[&[""], &["1"], &[""], &[""]]));
    let headerless = Options { header: false, names: vec!["a".to_owned()], ..options(2) };
    assert_eq!(read("a.csv", b"\n1\n", headerless).unwrap(), table(&[&[""], &["1"]]));
}

#[test]
fn a_lone_carriage_return_and_nul_are_data() {
    let rows = read("a.csv", b"a,b\n1\r2,\0\n\r,x\r\r\n3,y\r", options(1 << 10)).unwrap();
    assert_eq!(rows, table(&[&["1\r2", "\0"], &["\r", "x\r"], &["3", "y\r"]]));
}

fn first_error(bytes: &[u8], options: Options) -> (ErrorKind, Option<u64>, Option<String>) {
    let error = read("a.csv", bytes, options).unwrap_err();
    assert!(error.place().file.is_some(), "the file is named");
    (error.kind().clone(), error.place().row, error.place().column.clone())
}

#[test]
fn malformed_rows_are_named() {
    let column = |name: &str| Some(name.to_owned());
    for shard in [1, 7, 1 << 16] {
        for (text, kind, row, name) in [
            ("a,b\n1,2\n3,4\"5\n", ErrorKind::StrayQuote, 2, column("b")),
            ("a,b\n1,2\n\"3\"4,5\n6,7\n", ErrorKind::StrayQuote, 2, column("a")),
            ("a,b\n1,2\n5,\"6\n7,8\n", ErrorKind::UnclosedQuote, 2, column("b")),
            ("a,b\n1,2\n5,6,\"7\n7,8\n", ErrorKind::UnclosedQuote, 2, None),
            ("a,b\n1,2\n3,4\n5,6,7\n", ErrorKind::RaggedRow { expected: 2, found: 3 }, 3, None),
            ("a,b\n1,2\n3", ErrorKind::RaggedRow { expected: 2, found: 1 }, 2, None),
        ] {
            assert_eq!(first_error(text.as_bytes(), options(shard)), (kind, Some(row), name), "{text:?} {shard}");
        }
        let bad = b"a,b\n1,2\n3,\xFF\n";
        assert_eq!(first_error(bad, options(shard)), (ErrorKind::BadEncoding("UTF-8"), Some(2), column("b")));
    }
    let no_quoting = Options { quote: None, ..options(4) };
    assert_eq!(read("a.csv", b"a,b\n\"1,2\"\n", no_quoting).unwrap(), table(&[&["\"1", "2\""]]));
}

#[test]
fn many_errors_come_together_in_row_order() {
    let mut text = "a,b\n".to_owned();
    for row in 0..50 {
        text.push_str(if row % 2 == 0 { "1,2\n" } else { "1\n" });
    }
    let (kind, ..) = first_error(text.as_bytes(), options(1 << 16));
    let ErrorKind::Many { errors, .. } = kind else { panic!("one error only") };
    let rows: Vec<_> = errors.iter().filter_map(|error| error.place().row).collect();
    assert_eq!(rows, (1..=MANY as u64).map(|row| 2 * row).collect::<Vec<_>>());
    assert!(errors.iter().all(|error| error.place().file.is_some()));
}

#[test]
fn headers_are_checked() {
    for (text, kind, column) in [
        ("", ErrorKind::EmptyInput, None),
        ("\n\n", ErrorKind::EmptyInput, None),
        ("a,b,a\n", ErrorKind::DuplicateColumn, Some("#3 of the header")),
        ("a,,c\n", ErrorKind::BadHeader("a name is empty"), Some("#2 of the header")),
        (
            "a,b\r1,2\r3,4",
            ErrorKind::BadHeader("a name holds a control character (a line end is LF or CR LF)"),
            Some("#2 of the header"),
        ),
        ("a,\"b\"c\n1,2\n", ErrorKind::StrayQuote, Some("#2 of the header")),
        ("a,\"b\n1,2\n", ErrorKind::UnclosedQuote, Some("#2 of the header")),
    ] {
        assert_eq!(first_error(text.as_bytes(), options(64)), (kind, None, column.map(str::to_owned)), "{text:?}");
    }
    assert_eq!(read("a.csv", b"a,b", options(64)).unwrap(), Rows::new());
    assert_eq!(read("a.csv", b"\xEF\xBB\xBF\"a\",b\r\n1,2", options(64)).unwrap(), table(&[&["1", "2"]]));
    let names = vec!["x".to_owned(), "y".to_owned()];
    let twice = first_error(b"x,1,x\n", Options { names: names.clone(), ..options(64) });
    assert_eq!(twice.2.as_deref(), Some("x"), "a name of the profile may be told");
    let headerless = Options { header: false, names, ..options(4) };
    assert_eq!(read("a.csv", b"1,2\n3,4\n", headerless.clone()).unwrap(), table(&[&["1", "2"], &["3", "4"]]));
    let (kind, row, _) = first_error(b"1,2,3\n", Options { ragged: Ragged::Reject, ..headerless });
    assert_eq!((kind, row), (ErrorKind::RaggedRow { expected: 2, found: 3 }, Some(1)));
    assert!(matches!(first_error(b"\xFF\xFEa\0", options(64)).0, ErrorKind::BadEncoding(_)));
}

#[test]
fn further_files_may_have_their_columns_in_another_order() {
    let one = sample("a.csv", b"a,b\n1,2\n");
    let two = sample("b.csv", b"b,a\n4,3\n");
    let other = sample("c.csv", b"b,c\n4,3\n");
    let source = Source::open(&[one.path.clone(), two.path], options(64)).unwrap();
    assert_eq!(read_all(&source).unwrap().0, table(&[&["1", "2"], &["3", "4"]]));
    assert_eq!(source.total_bytes(), Some(16));
    let error = Source::open(&[one.path, other.path.clone()], options(64)).err().unwrap();
    assert_eq!(error.kind(), &ErrorKind::UnlikeInputs);
    assert_eq!(
        (error.place().file.as_ref(), error.place().column.as_deref()),
        (Some(&other.path), Some("#2 of the header"))
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_files_read_like_plain_ones() {
    let text: String = (0..5000).map(|row| format!("{row},\"a{row}\"\n")).collect();
    let (head, body) = text.split_at(text.len() / 2);
    let plain = read("a.csv", format!("a,b\n{text}").as_bytes(), options(1000)).unwrap();
    let parts = ["a,b\n".as_bytes(), head.as_bytes(), body.as_bytes()];
    let gz: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
    let zst: Vec<u8> = parts.iter().flat_map(|part| zstd::encode_all(*part, 1).unwrap()).collect();
    // The content decides, so a file without the ending is read as well.
    for (name, bytes) in [("a.csv.gz", &gz), ("a.csv.zst", &zst), ("a.csv", &gz), ("a.csv", &zst)] {
        assert!(read(name, bytes, options(1000)).unwrap() == plain, "{name}");
        for end in [bytes.len() - 1, bytes.len() - 9, bytes.len() / 2, 30] {
            let error = read(name, &bytes[..end], options(1000)).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::NotOfFormat(_)), "{name} {end} {error}");
        }
    }
    let mut corrupt = gz.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle] ^= 0x55;
    assert!(matches!(read("a.csv.gz", &corrupt, options(1000)).unwrap_err().kind(), ErrorKind::NotOfFormat(_)));
    assert!(matches!(read("a.csv.gz", b"a,b\n", options(9)).unwrap_err().kind(), ErrorKind::NotOfFormat(_)));
    assert!(matches!(read("a.csv", b"PK\x03\x04zzzz", options(9)).unwrap_err().kind(), ErrorKind::NotOfFormat(_)));
}

#[test]
fn gb18030_is_decoded_and_checked() {
    // Characters of one, two and four bytes, with trail bytes that look like letters and digits.
    let text = "姓名,b\n\"張,三\",é\n丂丄,😀\n";
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    let gb = |shard| Options { encoding: Encoding::Gb18030, ..options(shard) };
    for shard in 1..40 {
        let sample = sample("a.csv", &bytes);
        let source = Source::open(&[sample.path], gb(shard)).unwrap();
        assert_eq!(source.schema().fields()[0].name, "姓名");
        assert_eq!(read_all(&source).unwrap().0, table(&[&["張,三", "é"], &["丂丄", "😀"]]));
        let bad = (ErrorKind::BadEncoding("GB18030"), Some(2), Some("b".to_owned()));
        assert_eq!(first_error(b"a,b\n1,2\n3,\x81\n", gb(shard)), bad);
    }
    let rejected = Options { ragged: Ragged::Reject, ..gb(100) };
    assert_eq!(first_error(b"a,b\n1,2\n\x81\n", rejected).0, ErrorKind::BadEncoding("GB18030"));
}

#[test]
fn a_field_of_megabytes_is_read_whole() {
    let long = "x\n,".repeat(1_000_000);
    let text = format!("a,b\n1,2\n\"{long}\",3\n4,5\n");
    for stray_quotes in [StrayQuotes::Error, StrayQuotes::Keep] {
        let rows = read("a.csv", text.as_bytes(), Options { stray_quotes, ..options(1000) }).unwrap();
        assert_eq!(rows.len(), 3);
        assert!(rows[1][0].as_deref() == Some(&long));
    }
}

#[test]
fn a_stray_quote_early_does_not_swallow_the_file() {
    let mut text = "a,b\n1,5\" pipe\n".to_owned();
    text.push_str(&"1,2\n".repeat(1_000_000));
    let sample = sample("a.csv", text.as_bytes());
    let source = Source::open(&[sample.path], options(4096)).unwrap();
    let pass = source.pass().unwrap();
    let shard = pass.next().unwrap().unwrap();
    assert_eq!(shard.read(&mut Scratch::default(), &mut |_| Ok(())).unwrap_err().kind(), &ErrorKind::StrayQuote);
    assert!(pass.bytes_done() < 20_000, "the rest was read in search of an end");
}

#[test]
fn any_number_of_threads_sees_the_same_shards_in_both_passes() {
    let text: String = (0..20_000).map(|row| format!("{row},\"x,{row}\"\n")).collect();
    let one = sample("a.csv", format!("a,b\n{text}").as_bytes());
    let two = sample("b.csv.gz", &gzip(format!("b,a\n{text}").as_bytes()));
    let source = Source::open(&[one.path, two.path], options(10_000)).unwrap();
    let mut all = Vec::new();
    for threads in [1, 2, 8] {
        let pass = source.pass().unwrap();
        let counts = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut scratch = Scratch::default();
                    while let Some(shard) = pass.next().unwrap() {
                        let place = (shard.number, shard.file);
                        let count = shard.read(&mut scratch, &mut |_| Ok(())).unwrap();
                        counts.lock().unwrap().push((place, count));
                    }
                });
            }
        });
        let mut counts = counts.into_inner().unwrap();
        counts.sort_by_key(|(place, _)| *place);
        assert_eq!(Some(pass.bytes_done()), source.total_bytes());
        assert_eq!(counts.iter().map(|(_, count)| count.rows).sum::<u64>(), 40_000);
        all.push(counts);
    }
    assert!(all[0].len() > 30 && all.iter().all(|counts| *counts == all[0]));
}

#[test]
fn an_input_that_changes_is_noticed() {
    let sample = sample("a.csv", b"a,b\n1,2\n");
    let source = Source::open(std::slice::from_ref(&sample.path), options(64)).unwrap();
    let before = read_all(&source).unwrap().1;
    assert_eq!(read_all(&source).unwrap().1, before);
    let time = std::fs::metadata(&sample.path).unwrap().modified().unwrap();
    let change = |bytes: &[u8]| {
        std::fs::write(&sample.path, bytes).unwrap();
        std::fs::File::options().write(true).open(&sample.path).unwrap().set_modified(time).unwrap();
    };
    change(b"a,b\n1,3\n");
    assert_ne!(read_all(&source).unwrap().1[0].fingerprint, before[0].fingerprint, "same size and time, other bytes");
    change(b"a,c\n1,2\n");
    assert_eq!(read_all(&source).unwrap_err().kind(), &ErrorKind::InputChanged);
    std::fs::write(&sample.path, b"a,b\n1,2\n3,4\n").unwrap();
    assert_eq!(source.pass().err().unwrap().kind(), &ErrorKind::InputChanged);
}

#[test]
#[cfg(unix)]
fn a_pipe_is_read_once_without_losing_its_head() {
    use std::os::fd::AsRawFd as _;
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"a,b\n1,2\n3,4\n").unwrap();
    drop(writer);
    let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
    if !Path::new("/dev/fd").exists() {
        return;
    }
    let source = Source::open(&[path], Options { format: Some(Format::Csv), ..options(64) }).unwrap();
    assert_eq!((source.total_bytes(), source.can_read_twice()), (None, false));
    assert_eq!(read_all(&source).unwrap().0, table(&[&["1", "2"], &["3", "4"]]));
    assert_eq!(source.pass().err().unwrap().kind(), &ErrorKind::NotTwice);
}

#[test]
fn ndjson_lines_that_do_not_fit_are_named() {
    let first = "{\"n\":1,\"t\":\"x\"}\n".repeat(1000);
    for (line, kind, column) in [
        ("{\"n\":1.5}", ErrorKind::BadValue("a whole number of 64 bits"), Some("n")),
        ("{\"n\":\"1\"}", ErrorKind::BadValue("a whole number"), Some("n")),
        ("{\"n\":1,\"n\":1}", ErrorKind::DuplicateColumn, Some("n")),
        ("{\"other\":1}", ErrorKind::UndeclaredColumn, Some("other")),
        ("{\"t\":[]}", ErrorKind::BadJson("an object of plain values: one is nested"), Some("t")),
        ("{\"t\":\"secret}", ErrorKind::BadJson("a JSON object"), None),
    ] {
        let text = format!("{first}\n  \r\n{line}\n");
        for shard in [50, 1 << 20] {
            let error = read("a.jsonl", text.as_bytes(), options(shard)).unwrap_err();
            assert_eq!((error.kind(), error.place().row, error.place().column.as_deref()), (&kind, Some(1001), column));
        }
    }
    let text = b"{\"a\":null}\n{\"b\":1e2,\"a\":7}\n{\"b\":true}";
    let rows = read("a.jsonl", text, options(4)).unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(rows, vec![vec![None, None], vec![some("7"), some("1e2")], vec![None, some("true")]]);
    assert_eq!(read("a.jsonl", b"\n \n", options(4)).unwrap_err().kind(), &ErrorKind::EmptyInput);
}

#[test]
fn the_caller_stops_a_shard_with_its_own_error() {
    let sample = sample("a.csv", b"a\n1\n");
    let source = Source::open(&[sample.path], options(64)).unwrap();
    let shard = source.pass().unwrap().next().unwrap().unwrap();
    let stopped = shard.read(&mut Scratch::default(), &mut |_| Err(ErrorKind::Interrupted.into()));
    assert_eq!(stopped.unwrap_err().kind(), &ErrorKind::Interrupted);
}
