//! Canaries: a marker in every input cell, in every format; no artefact may hold one, nor any usual encoding of one.

use crate::support::{Folder, Ran, program};
use outis::value::{Column, DataType, Field, Schema, TextBuilder};
use outis::write::{Compression, Format, Layout, PartWriter, RecordEncoder};
use std::collections::HashMap;
use std::io::Read as _;

/// Columns whose cells may not be found anywhere; the kept column's cells may be, and its marker must be found, or the
/// search itself would be blind.
const PROFILE: &str = r#"
name = "canary"
version = "1"
goal = "anonymized"
tier = "open"
[privacy]
unit = "row"
k_anonymity = 2
suppress_at_most = "40%"
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "who"
role = "direct"
apply = "drop"
[[column]]
name = "mail"
role = "direct"
apply = "redact"
[[column]]
name = "code"
role = "direct"
apply = "surrogate"
[[column]]
name = "place"
role = "quasi"
generalize = { prefix = [1] }
level = 1
[[column]]
name = "group"
role = "quasi"
generalize = { categories = { groups = { CANARYGROUPA = "a", CANARYGROUPB = "b" }, other = "rest" } }
level = 1
[[column]]
name = "kept"
role = "insensitive"
"#;

/// What a cell of a row says.
fn cell(column: &str, row: usize) -> String {
    match column {
        "place" => format!("{}CANARYPLACE{row:03}", ["n", "s"][row % 2]),
        "group" => {
            if row == 7 {
                "CANARYSUPPRESSED007".into()
            } else {
                ["CANARYGROUPA", "CANARYGROUPB"][row % 2].into()
            }
        }
        "kept" => {
            if row == 7 {
                "CANARYSUPPRESSEDKEPT".into()
            } else {
                "visible".into()
            }
        }
        _ => format!("CANARY{}{row:03}", column.to_uppercase()),
    }
}

const COLUMNS: [&str; 7] = ["id", "who", "mail", "code", "place", "group", "kept"];

fn csv() -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for row in 0..40 {
        text.push_str(&(COLUMNS.map(|column| cell(column, row)).join(",") + "\n"));
    }
    text
}

/// Every form in which a marker could hide, by how it begins.
struct Forms(HashMap<[u8; START], Vec<Vec<u8>>>);

/// Bytes of the shortest form.
const START: usize = 6;

impl Forms {
    fn add(&mut self, form: impl Into<Vec<u8>>) {
        let form = form.into();
        self.0.entry(*form.first_chunk().unwrap()).or_default().push(form);
    }
    /// The first form that the bytes hold.
    fn find(&self, bytes: &[u8]) -> Option<&[u8]> {
        (0..bytes.len()).find_map(|at| {
            let forms = self.0.get(bytes[at..].first_chunk::<START>()?)?;
            forms.iter().find(|form| bytes[at..].starts_with(form)).map(Vec::as_slice)
        })
    }
}

fn forms() -> Forms {
    use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL, HEXLOWER, HEXUPPER};
    let mut markers: Vec<String> =
        (0..40).flat_map(|row| COLUMNS[..5].iter().map(move |column| cell(column, row))).collect();
    markers.extend(["CANARYGROUPA", "CANARYGROUPB", "CANARYSUPPRESSED007", "CANARYSUPPRESSEDKEPT"].map(str::to_owned));
    let mut forms = Forms(HashMap::new());
    forms.add(*b"CANARY");
    for marker in &markers {
        let bytes = marker.as_bytes();
        forms.add(HEXLOWER.encode(bytes));
        forms.add(HEXUPPER.encode(bytes));
        // base64 at the three alignments, less the ends that depend on the neighbours
        for skip in 0..3 {
            let whole = &bytes[skip..skip + (bytes.len() - skip) / 3 * 3];
            forms.add(BASE64.encode(whole));
            forms.add(BASE64URL.encode(whole));
        }
        forms.add(BASE32_NOPAD.encode(bytes));
        forms.add(marker.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        forms.add(marker.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
        forms.add(marker.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>());
        for (_, digest) in digests(bytes) {
            // what is cut is found, too
            forms.add(HEXLOWER.encode(&digest[..8]));
            forms.add(HEXUPPER.encode(&digest[..8]));
            forms.add(BASE64.encode(&digest[..9]));
            forms.add(BASE64URL.encode(&digest[..9]));
            forms.add(&digest[..8]);
        }
    }
    forms
}

/// Unkeyed digests, by the functions of other crates.
fn digests(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    use sha2::Digest as _;
    vec![
        ("md5", md5::Md5::digest(bytes).to_vec()),
        ("sha1", sha1::Sha1::digest(bytes).to_vec()),
        ("sha224", sha2::Sha224::digest(bytes).to_vec()),
        ("sha256", sha2::Sha256::digest(bytes).to_vec()),
        ("sha384", sha2::Sha384::digest(bytes).to_vec()),
        ("sha512", sha2::Sha512::digest(bytes).to_vec()),
        ("sha3-224", sha3::Sha3_224::digest(bytes).to_vec()),
        ("sha3-256", sha3::Sha3_256::digest(bytes).to_vec()),
        ("sha3-384", sha3::Sha3_384::digest(bytes).to_vec()),
        ("sha3-512", sha3::Sha3_512::digest(bytes).to_vec()),
        ("sm3", <sm3::Sm3 as sm3::Digest>::digest(bytes).to_vec()),
        ("blake3", blake3::hash(bytes).as_bytes().to_vec()),
    ]
}

/// The bytes, and what they unpack to: gzip and zstd members anywhere inside are tried.
fn unpacked(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (magic, gzip) in [(&[0x1f_u8, 0x8b][..], true), (&[0x28, 0xb5, 0x2f, 0xfd][..], false)] {
        for at in memchr::memmem::find_iter(&bytes, magic) {
            let mut inner = Vec::new();
            let _ = if gzip {
                flate2::read::MultiGzDecoder::new(&bytes[at..]).read_to_end(&mut inner)
            } else {
                zstd::stream::read::Decoder::new(&bytes[at..]).and_then(|mut reader| reader.read_to_end(&mut inner))
            };
            all.push(inner);
        }
    }
    all.push(bytes);
    all
}

/// Which form, if any, the bytes hold.
fn leak(bytes: Vec<u8>, forms: &Forms) -> Option<String> {
    unpacked(bytes).iter().find_map(|part| forms.find(part).map(|form| String::from_utf8_lossy(form).into_owned()))
}

fn assert_clean(folder: &Folder, names: &[String], ran: &Ran, forms: &Forms, what: &str) {
    for name in names {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(leak(bytes, forms), None, "{what}: {name}");
        assert_eq!(leak(name.clone().into_bytes(), forms), None, "{what}: the name {name}");
    }
    assert_eq!(leak(ran.0.stderr.clone(), forms), None, "{what}: stderr");
    assert_eq!(leak(ran.0.stdout.clone(), forms), None, "{what}: stdout");
}

#[test]
fn the_search_sees_planted_markers() {
    let forms = forms();
    let gz = {
        use std::io::Write as _;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(b"xx CANARYID001 xx").unwrap();
        writer.finish().unwrap()
    };
    let mut planted: Vec<Vec<u8>> = vec![
        b"a CANARY b".to_vec(),
        gz,
        zstd::stream::encode_all(&b"xx CANARYID001 xx"[..], 1).unwrap(),
        data_encoding::BASE64.encode(b"..CANARYID001..").into_bytes(),
        "CANARYWHO002".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for (name, digest) in digests(b"CANARYMAIL003") {
        assert_eq!(outis_digest(name, b"CANARYMAIL003").unwrap_or(digest.clone()), digest, "{name}");
        planted.push(data_encoding::HEXLOWER.encode(&digest).into_bytes());
        planted.push(data_encoding::HEXUPPER.encode(&digest[..16]).into_bytes());
        planted.push(data_encoding::BASE64.encode(&digest).into_bytes());
        planted.push(data_encoding::BASE64URL_NOPAD.encode(&digest).into_bytes());
        planted.push(digest);
    }
    for (at, bytes) in planted.into_iter().enumerate() {
        assert!(leak([b"\n", &bytes[..], b","].concat(), &forms).is_some(), "{at}");
    }
    assert!(leak(b"nothing here".to_vec(), &forms).is_none());
}

/// The digest of that name, as the gate computes it.
fn outis_digest(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let function = outis::digest::unkeyed::FUNCTIONS.iter().find(|function| function.name == name)?;
    let mut digest = Vec::new();
    function.compute(bytes, &mut digest);
    Some(digest)
}

/// The profile with its groups in a tree beside it, and that tree.
fn with_a_tree(folder: &Folder) -> String {
    folder.write("groups.csv", "CANARYGROUPA,a\nCANARYGROUPB,b\nCANARYSUPPRESSED007,rest\n");
    let profile = PROFILE.replace(
        "generalize = { categories = { groups = { CANARYGROUPA = \"a\", CANARYGROUPB = \"b\" }, other = \"rest\" } }",
        "generalize = { tree = \"groups.csv\" }",
    );
    assert_ne!(profile, PROFILE);
    profile
}

/// The files below a folder of this name.
fn below(folder: &Folder, target: &str) -> Vec<String> {
    folder.files().into_iter().filter(|name| name.starts_with(&format!("{target}/"))).collect()
}

/// A profile whose categories name raw values: they are quoted nowhere, because such a profile does not leave.
#[test]
fn a_profile_that_quotes_cells_does_not_leave_with_the_release() {
    let forms = forms();
    let folder = Folder::new();
    folder.write("quoting.toml", PROFILE);
    folder.write("p.toml", with_a_tree(&folder));
    folder.write("in.csv", csv());
    for format in ["csv", "parquet"] {
        for (profile, leaves) in [("quoting.toml", false), ("p.toml", true)] {
            let target = format!("out-{format}-{leaves}");
            let ran = folder
                .outis(&["run", profile, "-i", "in.csv", "-o", &target, "--output-format", format, "--json"])
                .expect(0);
            assert_eq!(ran.json()["rows"]["suppressed"], 1);
            assert_eq!(folder.join(&target).join("evidence/profile.toml").exists(), leaves);
            assert_clean(&folder, &below(&folder, &target), &ran, &forms, &target);
        }
    }
}

#[test]
fn no_artefact_of_a_release_holds_a_cell() {
    let forms = forms();
    let folder = Folder::new();
    folder.write("p.toml", with_a_tree(&folder));
    folder.write("in.csv", csv());
    let temp = folder.join("temp");
    std::fs::create_dir(&temp).unwrap();
    for input in ["csv", "ndjson", "parquet", "arrow"] {
        // the input in each format, written by another run that keeps everything
        let source = format!("in.{input}");
        if input != "csv" {
            convert(&folder, input);
        }
        for output in ["csv", "ndjson", "parquet", "ipc"] {
            for compression in ["none", "gzip", "zstd"] {
                if compression == "gzip" && matches!(output, "parquet" | "ipc") {
                    continue;
                }
                let target = format!("out-{input}-{output}-{compression}");
                folder.write("q.toml", folder.read("p.toml") + &format!("[output]\ncompression = \"{compression}\"\n"));
                let ran = Ran(program()
                    .args(["run", "q.toml", "-i", &source, "-o", &target, "--output-format", output, "--json"])
                    .env("TMPDIR", &temp)
                    .current_dir(folder.path())
                    .output()
                    .unwrap())
                .expect(0);
                assert_eq!(ran.json()["rows"]["suppressed"], 1);
                let names = below(&folder, &target);
                assert!(names.len() >= 7);
                assert_clean(&folder, &names, &ran, &forms, &target);
                assert_eq!(std::fs::read_dir(&temp).unwrap().count(), 0, "nothing is left in the temporary folder");
            }
        }
    }
    // the kept column did leave: the search looks at real releases
    assert!(folder.read("out-csv-csv-none/data/part-00000.csv").contains("visible"));
}

/// What a run leaves that was refused, that waits for a second person, and that was rejected by one.
#[test]
fn what_refused_and_waiting_runs_leave_holds_no_cell() {
    let forms = forms();
    for quoting in [false, true] {
        let folder = Folder::new();
        folder.outis(&["keygen", "--signing", "ed25519", "maker"]).expect(0);
        folder.outis(&["keygen", "--signing", "ed25519", "second"]).expect(0);
        let profile = if quoting { PROFILE.to_owned() } else { with_a_tree(&folder) };
        folder.write("refused.toml", profile.replace("k_anonymity = 2", "k_anonymity = 30"));
        folder.write("asking.toml", profile.replace("[privacy]", "[approval]\nrole = \"role:second\"\n[privacy]"));
        folder.write("in.csv", csv());
        for input in ["csv", "ndjson", "parquet", "arrow"] {
            if input != "csv" {
                convert(&folder, input);
            }
            let source = format!("in.{input}");
            let run = |profile: &str, target: &str| {
                folder.outis(&["run", profile, "-i", &source, "-o", target, "--sign", "maker", "--json"])
            };
            let target = format!("no-{input}");
            let ran = run("refused.toml", &target).expect(1);
            let left = below(&folder, &format!("{target}.refused"));
            assert!(left.len() >= 2 && !folder.join(&target).exists(), "{left:?}");
            assert_clean(&folder, &left, &ran, &forms, &target);
            let target = format!("asks-{input}");
            let ran = run("asking.toml", &target).expect(3);
            let left = below(&folder, &format!("{target}.waiting"));
            assert!(left.iter().any(|name| name.contains("/data/")) && left.len() >= 7, "{left:?}");
            assert_clean(&folder, &left, &ran, &forms, &target);
            let reject = ["approve", &target, "--sign", "second", "--reject", "--reason", "x", "--json"];
            let ran = folder.outis(&reject).expect(0);
            let left = below(&folder, &format!("{target}.refused"));
            assert!(left.iter().any(|name| name.ends_with("log.jsonl")), "{left:?}");
            assert_clean(&folder, &left, &ran, &forms, &target);
        }
    }
}

/// Writes `in.csv` as `in.FORMAT`, by a profile that keeps every column.
fn convert(folder: &Folder, format: &str) {
    let mut profile = String::from("name = \"c\"\nversion = \"1\"\ngoal = \"deidentified\"\ntier = \"conditional\"\n");
    for column in COLUMNS {
        profile.push_str(&format!("[[column]]\nname = \"{column}\"\nrole = \"insensitive\"\n"));
    }
    folder.write("convert.toml", profile);
    let name = if format == "arrow" { "ipc" } else { format };
    folder.outis(&["run", "convert.toml", "-i", "in.csv", "-o", "converted", "--output-format", name]).expect(0);
    let end = if format == "arrow" { "arrow" } else { format };
    std::fs::copy(folder.join(&format!("converted/data/part-00000.{end}")), folder.join(&format!("in.{format}")))
        .unwrap();
    std::fs::remove_dir_all(folder.join("converted")).unwrap();
}

#[test]
fn errors_on_malformed_input_hold_no_cell() {
    let forms = forms();
    let good = csv();
    let lines: Vec<&str> = good.lines().collect();
    let mut broken: Vec<(&str, Vec<u8>)> = vec![
        ("ragged", [&lines[..3].join("\n"), "\nCANARYID900,CANARYWHO900\n"].concat().into_bytes()),
        ("stray quote", good.replace("CANARYWHO003", "CANARY\"WHO003").into_bytes()),
        ("unclosed quote", good.replace("CANARYWHO003", "\"CANARYWHO003").into_bytes()),
        ("unknown group", good.replace("CANARYGROUPA", "CANARYNEWGROUP").into_bytes()),
    ];
    let mut bytes = good.clone().into_bytes();
    let at = good.find("CANARYMAIL005").unwrap();
    bytes[at] = 0xff;
    broken.push(("bad encoding", bytes));
    for (what, bytes) in broken {
        let folder = Folder::new();
        folder.write("p.toml", with_a_tree(&folder));
        folder.write("in.csv", bytes);
        let ran = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json"]).expect(2);
        assert!(ran.stderr().contains("row"), "{what}: {}", ran.stderr());
        let logs = ["out.failed/log.jsonl".to_owned(), "out.failed/times.jsonl".to_owned()];
        assert_clean(&folder, &logs, &ran, &forms, what);
        assert_eq!(
            folder.files(),
            ["groups.csv", "in.csv", &logs[0], &logs[1], "p.toml"],
            "{what}: the log alone is left"
        );
    }
}

/// Runs on this input and tells the code; whatever it is, no cell is told, and where the run failed its log alone is left.
fn run_on(name: &str, bytes: &[u8], profile: impl Fn(String) -> String, forms: &Forms, what: &str) -> (i32, String) {
    let folder = Folder::new();
    folder.write("p.toml", profile(with_a_tree(&folder)));
    folder.write(name, bytes);
    let given = folder.files();
    let ran = folder.outis(&["run", "p.toml", "-i", name, "-o", "out", "--json"]);
    let left: Vec<String> = folder.files().into_iter().filter(|name| !given.contains(name)).collect();
    assert_clean(&folder, &left, &ran, forms, what);
    assert!(!ran.stderr().contains("panicked"), "{what}: {}", ran.stderr());
    // where the file did not even open nothing was begun
    if ran.code() == 2 && !left.is_empty() {
        assert_eq!(left, ["out.failed/log.jsonl", "out.failed/times.jsonl"], "{what}: the log alone is left");
    }
    (ran.code(), ran.stderr())
}

/// The code column as a date that is kept: each of its cells is of the wrong type.
fn mistyped(profile: String) -> String {
    let code = "name = \"code\"\nrole = \"direct\"\napply = \"surrogate\"\n";
    let typed = profile.replace(code, "name = \"code\"\ntype = \"date\"\nrole = \"sensitive\"\n");
    assert_ne!(typed, profile);
    typed
}

#[test]
fn errors_on_malformed_ndjson_hold_no_cell() {
    let forms = forms();
    let folder = Folder::new();
    folder.write("in.csv", csv());
    convert(&folder, "ndjson");
    let good = folder.read("in.ndjson");
    let same = |profile: String| profile;
    assert_eq!(run_on("in.ndjson", good.as_bytes(), same, &forms, "whole").0, 0);
    let who = "\"CANARYWHO003\"";
    assert!(good.contains(who));
    let in_place_of_who = |text: &str| good.replace(who, text).into_bytes();
    let mut not_utf8 = good.clone().into_bytes();
    not_utf8[good.find("CANARYMAIL005").unwrap()] = 0xff;
    let broken: Vec<(&str, Vec<u8>)> = vec![
        ("cut line", in_place_of_who("\"CANARYWHO003\"\n")),
        ("cut text", in_place_of_who("\"CANARYWHO003\n")),
        ("cut file", good.as_bytes()[..good.find("CANARYWHO003").unwrap() + 8].to_vec()),
        ("bare word", in_place_of_who("CANARYWHO003")),
        ("object", in_place_of_who("{\"CANARYWHO003\":\"CANARYWHO003\"}")),
        ("list", in_place_of_who("[\"CANARYWHO003\"]")),
        ("key twice", in_place_of_who("\"CANARYWHO003\",\"who\":\"CANARYWHO003\"")),
        ("unknown escape", in_place_of_who("\"CANARYWHO003\\q\"")),
        ("half a pair", in_place_of_who("\"CANARYWHO003\\ud800\"")),
        ("control character", in_place_of_who("\"CANARYWHO003\u{1}\"")),
        ("text behind", in_place_of_who("\"CANARYWHO003\"} CANARYWHO003 {")),
        ("not UTF-8", not_utf8),
    ];
    for (what, bytes) in broken {
        let (code, told) = run_on("in.ndjson", &bytes, same, &forms, what);
        assert_eq!((code, told.contains("row")), (2, true), "{what}: {told}");
    }
    let (code, told) = run_on("in.ndjson", good.as_bytes(), mistyped, &forms, "wrong type");
    assert!(code == 2 && told.contains("row 1") && told.contains("`code`"), "{told}");
    // a number where the others are text, and a column of numbers where the profile says date
    let number = good.replace("\"CANARYCODE003\"", "90071992547");
    run_on("in.ndjson", number.as_bytes(), same, &forms, "a number among text");
    let numbers: String = good
        .lines()
        .map(|line| {
            let (before, after) = line.split_once("\"CANARYCODE").unwrap();
            format!("{before}90071992547{}\n", &after[4..])
        })
        .collect();
    let (code, told) = run_on("in.ndjson", numbers.as_bytes(), mistyped, &forms, "numbers for dates");
    assert!(code == 2 && !told.contains("90071992547"), "{told}");
}

/// The table in that format; releases are always compressed in it.
fn uncompressed(format: Format) -> Vec<u8> {
    let field = |name: &&str| Field { name: (*name).to_owned(), data_type: DataType::Text };
    let mut layout = Layout::new(format, Schema::new(COLUMNS.iter().map(field).collect()).unwrap());
    layout.compression = Compression::None;
    let columns = COLUMNS.map(|name| {
        let mut cells = TextBuilder::default();
        (0..40).for_each(|row| cells.push(cell(name, row).as_bytes()));
        Column::Text(cells.finish(true))
    });
    let (mut encoder, mut writer) = (RecordEncoder::new(&layout), PartWriter::start(&layout, Vec::new()).unwrap());
    writer.batch(&mut encoder, &columns).unwrap();
    writer.finish().unwrap()
}

#[test]
fn errors_on_malformed_columnar_files_hold_no_cell() {
    let forms = forms();
    for (format, layout) in [("parquet", Format::Parquet), ("arrow", Format::Ipc)] {
        let (name, good) = (format!("in.{format}"), uncompressed(layout));
        assert!(memchr::memmem::find(&good, b"CANARYWHO003").is_some(), "{format}: cells stand there as they are");
        let same = |profile: String| profile;
        let run = |bytes: &[u8], what: &str| run_on(&name, bytes, same, &forms, &format!("{format}, {what}")).0;
        assert_eq!(run(&good, "whole"), 0);
        let (code, told) = run_on(&name, &good, mistyped, &forms, "wrong type");
        assert!(code == 2 && told.contains("`code`"), "{format}: {told}");
        for length in [0, 4, 9, good.len() / 3, good.len() / 2, good.len() - 5, good.len() - 1] {
            assert_eq!(run(&good[..length], &format!("cut at {length}")), 2);
        }
        let mut failed = 0;
        let places = (0..good.len()).step_by(good.len() / 24).chain((1..17).map(|back| good.len() - 11 * back));
        for place in places {
            let mut bytes = good.clone();
            bytes[place] ^= 0x90;
            let code = run(&bytes, &format!("byte {place}"));
            assert!((0..3).contains(&code), "{format}, byte {place}: {code}");
            failed += usize::from(code == 2);
        }
        // a cell that is not UTF-8
        let mut bytes = good.clone();
        bytes[memchr::memmem::find(&good, b"CANARYMAIL005").unwrap() + 6] = 0xff;
        assert_eq!(run(&bytes, "not UTF-8"), 2);
        assert!(failed > 5, "{format}: {failed} of 40 changes are found by the reader");
    }
}
