//! Reads the lines of a hierarchy file: delimited text by the rules of RFC 4180.
//!
//! Given the whole file as bytes. It tells every problem at once, by line, and quotes no field.

use crate::error::Complaint;

/// A line of the file: where it starts (from 1) and its fields.
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) fields: Vec<Vec<u8>>,
}

/// How many complaints are told.
pub(super) const MOST: usize = 100;

/// Complaints in the order of the file, at most [`MOST`] of them and a count of the rest.
#[derive(Default)]
pub(super) struct Complaints {
    told: Vec<Complaint>,
    more: usize,
}

impl Complaints {
    pub(super) fn add(&mut self, line: usize, column: usize, what: impl Into<String>, advice: &str) {
        if self.told.len() < MOST {
            self.told.push(Complaint { line, column, what: what.into(), advice: advice.into() });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn into_result(mut self) -> Result<(), Vec<Complaint>> {
        if self.told.is_empty() {
            return Ok(());
        }
        self.told.sort();
        if self.more > 0 {
            let what = format!("{} more problems of this file are not shown", self.more);
            let advice = "mend those above first".into();
            self.told.push(Complaint { line: 0, column: 0, what, advice });
        }
        Err(self.told)
    }
}

/// Splits the file; lines without any character are left out.
pub(super) fn lines(bytes: &[u8], separator: u8, complaints: &mut Complaints) -> Vec<Line> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        let before = &bytes[..error.valid_up_to()];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        complaints.add(line, 1, "the line is not UTF-8", "save the file as UTF-8");
        return Vec::new();
    }
    let mut lines = Vec::new();
    let (mut rest, mut number) = (bytes, 1);
    while !rest.is_empty() {
        let mut line = Line { number, fields: Vec::new() };
        loop {
            let (field, end) = field(rest, separator, line.number, line.fields.len() + 1, complaints);
            number += memchr::memchr_iter(b'\n', &rest[..end]).count();
            line.fields.push(field);
            rest = &rest[end..];
            match rest {
                [byte, tail @ ..] if *byte == separator => rest = tail,
                [b'\r', b'\n', tail @ ..] | [b'\n' | b'\r', tail @ ..] => {
                    rest = tail;
                    number += 1;
                    break;
                }
                _ => break,
            }
        }
        if line.fields.len() > 1 || !line.fields[0].is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// One field and where it ends: at a separator, a line end or the end of the file.
fn field(rest: &[u8], separator: u8, line: usize, place: usize, complaints: &mut Complaints) -> (Vec<u8>, usize) {
    let ends = |byte: &u8| *byte == separator || *byte == b'\n' || *byte == b'\r';
    if rest.first() != Some(&b'"') {
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        return (rest[..end].to_vec(), end);
    }
    let mut field = Vec::new();
    let mut at = 1;
    loop {
        let Some(quote) = rest[at..].iter().position(|byte| *byte == b'"') else {
            complaints.add(line, 1, format!("field {place} opens a quote that is never closed"), "close it with `\"`");
            return (field, rest.len());
        };
        field.extend_from_slice(&rest[at..at + quote]);
        at += quote + 1;
        if rest.get(at) != Some(&b'"') {
            break;
        }
        field.push(b'"');
        at += 1;
    }
    let stray = rest[at..].iter().position(ends).unwrap_or(rest.len() - at);
    if stray > 0 {
        let what = format!("field {place} goes on after its closing quote");
        complaints.add(line, 1, what, "write a quote inside quotes twice");
    }
    (field, at + stray)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Vec<String>>, Vec<usize>, usize) {
        let mut complaints = Complaints::default();
        let lines = lines(text.as_bytes(), b';', &mut complaints);
        let numbers = lines.iter().map(|line| line.number).collect();
        let text = |field: Vec<u8>| String::from_utf8(field).unwrap();
        (
            lines.into_iter().map(|line| line.fields.into_iter().map(text).collect()).collect(),
            numbers,
            complaints.into_result().err().map_or(0, |all| all.len()),
        )
    }

    #[test]
    fn quotes_line_ends_and_byte_order_marks_are_understood() {
        let (lines, numbers, problems) =
            read("\u{feff}a;\"x; \"\"y\"\"\";*\r\n\n\"two\nlines\";b;*\n海;;\u{e9}\"q\nlast;1;2");
        assert_eq!(
            lines,
            [vec!["a", "x; \"y\"", "*"], vec!["two\nlines", "b", "*"], vec!["海", "", "é\"q"], vec!["last", "1", "2"]]
        );
        assert_eq!(numbers, [1, 3, 5, 6]);
        assert_eq!(problems, 0);
    }

    #[test]
    fn broken_quotes_are_told_with_their_line() {
        let mut complaints = Complaints::default();
        lines(b"a;\"x\"y\nb;\"open\nstill", b';', &mut complaints);
        let told = complaints.into_result().unwrap_err();
        assert_eq!(told.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), [1, 2]);
        let mut complaints = Complaints::default();
        lines(b"a;b\nc;\xff\n", b';', &mut complaints);
        assert_eq!(complaints.into_result().unwrap_err()[0].line, 2);
    }

    #[test]
    fn agrees_with_the_csv_crate() {
        let text = "a;\"b;c\";d\r\n\"\"\"\";e;\"f\ng\"\nh;\"\";i\n";
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(read(text).0, expected);
    }

    #[test]
    fn a_flood_of_problems_is_cut() {
        let mut complaints = Complaints::default();
        for line in 1..=250 {
            complaints.add(line, 1, "x", "y");
        }
        let told = complaints.into_result().unwrap_err();
        assert_eq!(told.len(), MOST + 1);
        assert!(told[MOST].what.starts_with("150 more"));
    }
}
