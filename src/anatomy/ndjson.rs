//! NDJSON in its one canonical spelling: the same keys in the same order in every line, no blanks, only the escapes that
//! JSON demands, lines that end with LF.

use super::packed::Text;
use super::{Anatomy, Oddity};

/// Looks whether NDJSON is canonical.
pub(super) struct Canonical {
    /// What stands before each value.
    keys: Vec<Vec<u8>>,
    /// The begin of a line that is not over.
    line: Vec<u8>,
    started: bool,
}

const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

impl Canonical {
    pub(super) fn new(keys: &[String]) -> Self {
        let key = |(place, key): (usize, &String)| {
            let mut out = vec![if place == 0 { b'{' } else { b',' }, b'"'];
            for byte in key.bytes() {
                match byte {
                    b'"' | b'\\' => out.extend([b'\\', byte]),
                    b'\n' => out.extend(b"\\n"),
                    b'\r' => out.extend(b"\\r"),
                    b'\t' => out.extend(b"\\t"),
                    8 => out.extend(b"\\b"),
                    12 => out.extend(b"\\f"),
                    0..32 => out.extend(format!("\\u{byte:04x}").bytes()),
                    _ => out.push(byte),
                }
            }
            out.extend(b"\":");
            out
        };
        Self { keys: keys.iter().enumerate().map(key).collect(), line: Vec::new(), started: false }
    }
    fn check(&self, line: &[u8], anatomy: &mut Anatomy) {
        if line.is_empty() {
            anatomy.odd(Oddity::LineEnds, 1);
        } else if self.follow(line) != Some(()) {
            anatomy.odd(Oddity::Spelling, 1);
        }
    }
    /// Goes along a line; `None` where it leaves the canonical path.
    fn follow(&self, line: &[u8]) -> Option<()> {
        let mut rest = line;
        for key in &self.keys {
            rest = rest.strip_prefix(key.as_slice())?;
            rest = match rest.first()? {
                b'"' => string(&rest[1..])?,
                b'n' => rest.strip_prefix(b"null")?,
                b't' => rest.strip_prefix(b"true")?,
                b'f' => rest.strip_prefix(b"false")?,
                b'-' | b'0'..=b'9' => {
                    let end = rest.iter().position(|byte| matches!(byte, b',' | b'}'))?;
                    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                    if !rest[..end].iter().all(plain) {
                        return None;
                    }
                    &rest[end..]
                }
                _ => return None,
            };
        }
        (rest == b"}").then_some(())
    }
}

/// What follows a string of which the first quote is gone.
fn string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        let at = rest.iter().position(|byte| *byte < 32 || matches!(byte, b'"' | b'\\'))?;
        match rest[at] {
            b'"' => return Some(&rest[at + 1..]),
            b'\\' => {
                let escape = *rest.get(at + 1)?;
                rest = &rest[at + 2..];
                match escape {
                    b'"' | b'\\' | b'n' | b'r' | b't' | b'b' | b'f' => {}
                    b'u' => {
                        // only control characters that have no short escape
                        let digits = std::str::from_utf8(rest.first_chunk::<4>()?).ok()?;
                        let code = u32::from_str_radix(digits, 16).ok()?;
                        let lower = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                        if code >= 32 || matches!(code, 8 | 9 | 10 | 12 | 13) || !lower {
                            return None;
                        }
                        rest = &rest[4..];
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

impl Text for Canonical {
    fn feed(&mut self, piece: &[u8], anatomy: &mut Anatomy) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            let mut whole = std::mem::take(&mut self.line);
            let line = if whole.is_empty() {
                line
            } else {
                whole.extend_from_slice(line);
                &whole
            };
            let line = match line.strip_prefix(MARK) {
                Some(bare) if !self.started => {
                    anatomy.odd(Oddity::ByteOrderMark, 1);
                    bare
                }
                _ => line,
            };
            self.started = true;
            self.check(line, anatomy);
            rest = after;
        }
        self.line.extend_from_slice(rest);
    }
    fn finish(&mut self, anatomy: &mut Anatomy) {
        anatomy.odd(Oddity::LineEnds, u64::from(!self.line.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(text: &str, piece: usize) -> Vec<Oddity> {
        let keys = ["a".to_owned(), "b\"\u{1}".to_owned()];
        let (mut canonical, mut anatomy) = (Canonical::new(&keys), Anatomy::default());
        text.as_bytes().chunks(piece).for_each(|piece| canonical.feed(piece, &mut anatomy));
        canonical.finish(&mut anatomy);
        anatomy.oddities.into_keys().collect()
    }

    #[test]
    fn canonical_lines_are_not_odd_and_any_other_spelling_is() {
        let line = |a: &str, b: &str| format!("{{\"a\":{a},\"b\\\"\\u0001\":{b}}}\n");
        let escapes = r#""\"\\\n\u001f""#;
        let fine = [line("1", "\"张三\""), line("null", "true"), line("-1.50e+3", escapes), String::new()];
        let wrong = [
            (line(" 1", "2"), Oddity::Spelling),
            (line("1", "\"\\/\""), Oddity::Spelling),
            (line("1", "\"\\u5f20\""), Oddity::Spelling),
            (line("1", "\"\\u001F\""), Oddity::Spelling),
            (line("1", "\"\\u000a\""), Oddity::Spelling),
            (line("1", "[2]"), Oddity::Spelling),
            ("{\"b\\\"\\u0001\":1,\"a\":2}\n".into(), Oddity::Spelling),
            ("{\"a\":1}\n".into(), Oddity::Spelling),
            (line("1", "2").replace('\n', "\r\n"), Oddity::Spelling),
            (line("1", "2") + "\n", Oddity::LineEnds),
            (line("1", "2").trim_end().into(), Oddity::LineEnds),
            (format!("\u{feff}{}", line("1", "2")), Oddity::ByteOrderMark),
        ];
        for piece in [1, 3, 4096] {
            for text in &fine {
                assert_eq!(odd(text, piece), [], "{text}");
            }
            for (text, oddity) in &wrong {
                assert_eq!(odd(text, piece), [*oddity], "{text}");
            }
        }
    }
}
