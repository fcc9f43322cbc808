//! Canaries: a marker in every input cell, in every format; no artefact may hold one, nor any usual encoding of one.

use crate::support::Folder;
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

/// Every form in which a marker could hide.
fn forms() -> Vec<Vec<u8>> {
    let mut markers: Vec<String> =
        (0..40).flat_map(|row| COLUMNS[..5].iter().map(move |column| cell(column, row))).collect();
    markers.extend(["CANARYGROUPA", "CANARYGROUPB", "CANARYSUPPRESSED007", "CANARYSUPPRESSEDKEPT"].map(str::to_owned));
    let mut forms = vec![b"CANARY".to_vec()];
    for marker in &markers {
        let bytes = marker.as_bytes();
        forms.push(data_encoding::HEXLOWER.encode(bytes).into_bytes());
        forms.push(data_encoding::HEXUPPER.encode(bytes).into_bytes());
        // base64 at the three alignments, less the ends that depend on the neighbours
        for skip in 0..3 {
            let text = data_encoding::BASE64.encode(&bytes[skip..skip + (bytes.len() - skip) / 3 * 3]);
            forms.push(text.into_bytes());
        }
        forms.push(data_encoding::BASE32_NOPAD.encode(bytes).into_bytes());
        forms.push(marker.encode_utf16().flat_map(u16::to_le_bytes).collect());
        forms.push(marker.encode_utf16().flat_map(u16::to_be_bytes).collect());
        forms.push(marker.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes());
        for digest in digests(bytes) {
            forms.push(data_encoding::HEXLOWER.encode(&digest).into_bytes());
            forms.push(data_encoding::HEXLOWER.encode(&digest[..digest.len().min(8)]).into_bytes());
            forms.push(data_encoding::BASE64.encode(&digest).trim_end_matches('=').as_bytes().to_vec());
            forms.push(digest);
        }
    }
    forms
}

/// Unkeyed digests, by the functions of other crates.
fn digests(bytes: &[u8]) -> Vec<Vec<u8>> {
    use sha2::Digest as _;
    vec![
        sha2::Sha256::digest(bytes).to_vec(),
        sha2::Sha512::digest(bytes).to_vec(),
        sha2::Sha224::digest(bytes).to_vec(),
        <sm3::Sm3 as sm3::Digest>::digest(bytes).to_vec(),
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
fn leak(bytes: Vec<u8>, forms: &[Vec<u8>]) -> Option<String> {
    for part in unpacked(bytes) {
        for form in forms {
            if memchr::memmem::find(&part, form).is_some() {
                return Some(String::from_utf8_lossy(form).into_owned());
            }
        }
    }
    None
}

fn assert_clean(folder: &Folder, names: &[String], ran: &crate::support::Ran, forms: &[Vec<u8>], what: &str) {
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
    let planted: [Vec<u8>; 6] = [
        b"a CANARY b".to_vec(),
        gz,
        data_encoding::BASE64.encode(b"..CANARYID001..").into_bytes(),
        "CANARYWHO002".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        data_encoding::HEXLOWER.encode(&digests(b"CANARYMAIL003")[0]).into_bytes(),
        digests(b"CANARYCODE004")[3].clone(),
    ];
    for bytes in planted {
        assert!(leak(bytes, &forms).is_some());
    }
    assert!(leak(b"nothing here".to_vec(), &forms).is_none());
}

#[test]
fn no_artefact_of_a_release_holds_a_cell() {
    let forms = forms();
    let folder = Folder::new();
    // the categories of the profile name raw values: the profile is shipped, so they stand in a tree beside it
    let tree = "CANARYGROUPA,a\nCANARYGROUPB,b\nCANARYSUPPRESSED007,rest\n";
    folder.write("groups.csv", tree);
    let profile = PROFILE.replace(
        "generalize = { categories = { groups = { CANARYGROUPA = \"a\", CANARYGROUPB = \"b\" }, other = \"rest\" } }",
        "generalize = { tree = \"groups.csv\" }",
    );
    assert_ne!(profile, PROFILE);
    folder.write("p.toml", profile);
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
                let ran = crate::support::Ran(
                    crate::support::program()
                        .args(["run", "q.toml", "-i", &source, "-o", &target, "--output-format", output, "--json"])
                        .env("TMPDIR", &temp)
                        .current_dir(folder.path())
                        .output()
                        .unwrap(),
                )
                .expect(0);
                assert_eq!(ran.json()["rows"]["suppressed"], 1);
                let names: Vec<String> = folder.files().into_iter().filter(|name| name.starts_with(&target)).collect();
                assert!(names.len() >= 7);
                assert_clean(&folder, &names, &ran, &forms, &target);
                assert_eq!(std::fs::read_dir(&temp).unwrap().count(), 0, "nothing is left in the temporary folder");
            }
        }
    }
    // the kept column did leave: the search looks at real releases
    assert!(folder.read("out-csv-csv-none/data/part-00000.csv").contains("visible"));
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
        folder.write("groups.csv", "CANARYGROUPA,a\nCANARYGROUPB,b\nCANARYSUPPRESSED007,rest\n");
        folder.write("p.toml", PROFILE.replace("generalize = { categories = { groups = { CANARYGROUPA = \"a\", CANARYGROUPB = \"b\" }, other = \"rest\" } }", "generalize = { tree = \"groups.csv\" }"));
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
