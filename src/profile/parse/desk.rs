//! Where complaints are handed in.
//!
//! Responsible for: places in the text, the order of complaints, and leaving out what a syntax error only seems to cause.

use crate::error::Complaint;
use crate::profile::spec::Position;
use std::collections::BTreeSet;
use std::ops::Range;

/// Line starts of a text.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Of this text.
    pub(super) fn new(text: &'a str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }
    /// Line and character of a byte; a byte order mark is no character.
    pub(super) fn position(&self, byte: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts[line - 1];
        let before = self.text[start..].char_indices().take_while(|(at, _)| start + at < byte);
        Position { line, column: before.filter(|(_, character)| *character != '\u{feff}').count() + 1 }
    }
    /// The text of a span, if there is one.
    pub(super) fn slice(&self, span: Range<usize>) -> Option<&'a str> {
        self.text.get(span)
    }
}

/// Complaints and warnings as they come.
#[derive(Default)]
pub(super) struct Desk {
    complaints: Vec<(Complaint, Cause)>,
    warnings: Vec<Complaint>,
}

/// What a complaint is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The text is not TOML.
    Syntax,
    /// Something that is there.
    Present,
    /// Something that is not there: after a syntax error nobody knows.
    Absent,
}

impl Desk {
    /// Something that is there is wrong.
    pub(super) fn complain(&mut self, at: Position, what: impl Into<String>, advice: impl Into<String>) {
        self.complaints.push((complaint(at, what, advice), Cause::Present));
    }
    /// Something is missing.
    pub(super) fn miss(&mut self, at: Position, what: impl Into<String>, advice: impl Into<String>) {
        self.complaints.push((complaint(at, what, advice), Cause::Absent));
    }
    /// The text is not TOML.
    pub(super) fn syntax(&mut self, at: Position, what: impl Into<String>, advice: impl Into<String>) {
        // what follows on a line is the parser finding its way again
        if !self.complaints.iter().any(|(earlier, cause)| *cause == Cause::Syntax && earlier.line == at.line) {
            self.complaints.push((complaint(at, what, advice), Cause::Syntax));
        }
    }
    /// Nothing is wrong, but the author should know.
    pub(super) fn warn(&mut self, at: Position, what: impl Into<String>, advice: impl Into<String>) {
        self.warnings.push(complaint(at, what, advice));
    }
    /// Everything, in the order of the text: complaints, then warnings.
    pub(super) fn close(mut self) -> (Vec<Complaint>, Vec<Complaint>) {
        let broken: BTreeSet<usize> =
            self.complaints.iter().filter(|(_, cause)| *cause == Cause::Syntax).map(|(one, _)| one.line).collect();
        self.complaints.retain(|(one, cause)| match cause {
            Cause::Syntax => true,
            Cause::Present => !broken.contains(&one.line),
            Cause::Absent => broken.is_empty(),
        });
        let mut complaints: Vec<Complaint> = self.complaints.into_iter().map(|(one, _)| one).collect();
        complaints.sort();
        complaints.dedup();
        self.warnings.sort();
        self.warnings.dedup();
        (complaints, self.warnings)
    }
}

fn complaint(at: Position, what: impl Into<String>, advice: impl Into<String>) -> Complaint {
    Complaint { line: at.line, column: at.column, what: what.into(), advice: advice.into() }
}

/// A word of the profile in back quotes; a long one may be a secret and is left out.
pub(super) fn quote(word: &str) -> String {
    if word.chars().count() > 40 {
        return "this text".into();
    }
    let shown: String = word
        .chars()
        .flat_map(|one| if one.is_control() { one.escape_default().collect() } else { vec![one] })
        .collect();
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let lines = Lines::new("\u{feff}a = 1\r\n生 = \"é\"\n");
        let at = |needle: &str| {
            let place = lines.position(lines.text.find(needle).unwrap());
            (place.line, place.column)
        };
        assert_eq!((at("a"), at("1"), at("生"), at("\"é"), at("é")), ((1, 1), (1, 5), (2, 1), (2, 5), (2, 6)));
        assert_eq!(lines.position(10_000), Position { line: 3, column: 1 });
    }

    #[test]
    fn long_words_are_not_quoted() {
        assert_eq!(quote("dorp\n"), "`dorp\\n`");
        assert_eq!(quote(&"a1".repeat(32)), "this text");
    }
}
