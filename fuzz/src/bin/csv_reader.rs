//! Our reader of separated values against the `csv` crate.
//!
//! Strict: whatever is read, that crate reads alike; and it reads just those texts of keep in which no quote is stray, with
//! the same cells. Keep: the two accept the same texts, but for a quote that is never
//! closed, which that crate closes by itself. Texts with a CR that ends no line are only tried for panics: it is data to
//! us, and a line end to that crate. Both ways are cut into shards of a few bytes.

#![expect(clippy::print_stdout, reason = "a fuzzer tells a person what it found")]

use outis::error::{Error, ErrorKind};
use outis::profile::StrayQuotes;
use outis::read::{Options, Scratch, Source};
use outis_fuzz::{Random, Verdict, run};
use std::process::ExitCode;

type Rows = Vec<Vec<Vec<u8>>>;

const TOKENS: &[&[u8]] = &[
    b",",
    b"\"",
    b"\n",
    b"\r\n",
    b"\"\"",
    b"\",\"",
    b"\"\n",
    b"\n\"",
    b"\n\n",
    b",,",
    b"\"\"\"",
    b"\r",
    b"\0",
    "中".as_bytes(),
    "\u{FEFF}".as_bytes(),
    b"\xFF",
    b"a,b\n",
    b"\"a\",\"b\"\n",
];

fn ours(path: &std::path::Path, options: Options) -> Result<Rows, Error> {
    let source = Source::open(&[path.to_path_buf()], options)?;
    let pass = source.pass()?;
    let mut scratch = Scratch::default();
    let mut rows = Rows::new();
    while let Some(shard) = pass.next()? {
        shard.read(&mut scratch, &mut |batch| {
            for row in 0..batch.rows {
                let mut cells = Vec::new();
                for column in &batch.columns {
                    let mut cell = Vec::new();
                    column.write_text(row, &mut cell);
                    assert!(std::str::from_utf8(&cell).is_ok(), "a cell that is not UTF-8");
                    cells.push(cell);
                }
                rows.push(cells);
            }
            Ok(())
        })?;
    }
    Ok(rows)
}

fn theirs(input: &[u8]) -> Option<Rows> {
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(input);
    reader.byte_records().map(|row| Some(row.ok()?.iter().map(<[u8]>::to_vec).collect())).collect()
}

/// Whether every CR is of a CR LF, or inside quotes where both keep it.
fn has_lone_return(input: &[u8]) -> bool {
    input.iter().enumerate().any(|(at, byte)| *byte == b'\r' && input.get(at + 1) != Some(&b'\n'))
}

/// Whether every quote stands where RFC 4180 has it: around a whole field, or doubled inside one.
fn has_no_stray_quote(input: &[u8]) -> bool {
    let text = input.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(input);
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'"' {
            at += 1;
            loop {
                match (text.get(at), text.get(at + 1)) {
                    (None, _) => return false,
                    (Some(b'"'), Some(b'"')) => at += 2,
                    (Some(b'"'), _) => break,
                    _ => at += 1,
                }
            }
            at += 1;
            if !matches!(&text[at..], [] | [b',' | b'\n', ..] | [b'\r', b'\n', ..]) {
                return false;
            }
        }
        while let Some(byte) = text.get(at) {
            at += 1;
            match byte {
                b'"' => return false,
                b',' | b'\n' => break,
                _ => {}
            }
        }
    }
    true
}

/// A blank line of a one-column file is a row to us and nothing to that crate.
fn without_blank(rows: Rows) -> Rows {
    rows.into_iter().filter(|row| row.len() > 1 || row.iter().any(|cell| !cell.is_empty())).collect()
}

fn main() -> ExitCode {
    // In memory where there is such a folder: the disk would be most of the time.
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a temporary folder");
    let path = folder.path().join("input.csv");
    let (mut both, mut alike): (u64, u64) = (0, 0);
    let mut attempt = |input: &[u8], random: &mut Random| -> Verdict {
        std::fs::write(&path, input).map_err(|error| error.to_string())?;
        let theirs = theirs(input).map(without_blank);
        let comparable = !has_lone_return(input);
        let shard_bytes = 1 + random.below(96);
        let mut behaviour = u64::from(theirs.is_some());
        let mut accepted = Vec::new();
        for stray_quotes in [StrayQuotes::Error, StrayQuotes::Keep] {
            let options = Options { null: Vec::new(), shard_bytes, stray_quotes, ..Options::default() };
            let ours = ours(&path, options.clone());
            let whole = self::ours(&path, Options { shard_bytes: 1 << 16, ..options });
            let read = |result: &Result<Rows, Error>| result.as_ref().ok().cloned();
            if read(&ours) != read(&whole) {
                return Err(format!(
                    "shards of {shard_bytes} bytes read otherwise than one shard, {}",
                    stray_quotes.name()
                ));
            }
            behaviour = behaviour * 31 + ours.as_ref().map_or_else(kind, |rows| 100 + rows.len() as u64);
            accepted.push(read(&ours));
            match (ours, &theirs) {
                (Ok(ours), Some(theirs)) if comparable => {
                    both += 1;
                    if without_blank(ours) != *theirs {
                        return Err(format!("other cells than the csv crate's, {}", stray_quotes.name()));
                    }
                }
                (Ok(_), None) if comparable => {
                    return Err(format!("accepts what the csv crate refuses, {}", stray_quotes.name()));
                }
                (Err(error), Some(_)) if comparable && stray_quotes == StrayQuotes::Keep => {
                    // Stricter than that crate by intent: open quotes, empty or double names, UTF-8, nothing at all.
                    if matches!(error.kind(), ErrorKind::RaggedRow { .. } | ErrorKind::StrayQuote) {
                        return Err("refuses what the csv crate accepts, keep".to_owned());
                    }
                }
                _ => {}
            }
        }
        let [strict, keep] = &accepted[..] else { return Err("two ways to read".to_owned()) };
        match (strict, keep, has_no_stray_quote(input)) {
            _ if !comparable => {}
            (None, Some(_), true) => {
                return Err("strict refuses a text without a stray quote that keep reads".to_owned());
            }
            (Some(_), _, false) => return Err("strict accepts a stray quote".to_owned()),
            (Some(_), None, _) => return Err("strict accepts what keep refuses".to_owned()),
            (Some(strict), Some(keep), _) if strict != keep => {
                return Err("strict and keep read other cells".to_owned());
            }
            (Some(_), Some(_), true) => alike += 1,
            _ => {}
        }
        Ok(behaviour)
    };
    let code = run("csv_reader", TOKENS, &mut attempt);
    println!("csv_reader: both accepted {both} readings, strict and keep {alike} texts");
    code
}

fn kind(error: &Error) -> u64 {
    match error.kind() {
        ErrorKind::Many { .. } => 1,
        ErrorKind::RaggedRow { found, .. } => 2 + (*found as u64).min(20),
        ErrorKind::StrayQuote => 30,
        ErrorKind::UnclosedQuote => 31,
        ErrorKind::BadEncoding(_) => 32,
        ErrorKind::DuplicateColumn => 33,
        ErrorKind::EmptyInput => 34,
        _ => 35,
    }
}
