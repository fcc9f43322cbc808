//! One field that holds a quote: is it well formed, and what does it say.

use memchr::memchr;

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quote where none may stand.
    Stray,
    /// No closing quote.
    Unclosed,
}

/// Where a field's content is, inside the field, once it is unescaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) start: usize,
    pub(super) len: usize,
    /// Whether the field began with a quote: then it is never a null marker.
    pub(super) quoted: bool,
}

/// Unescapes a field in its own place: what comes out is never longer than what went in.
///
/// Strict: the whole field is in quotes. `keep`: a quote at the start opens, the next that is not doubled closes, and
/// whatever follows is taken as it is, as is a field that does not start with a quote.
pub(super) fn unquote(field: &mut [u8], quote: u8, keep: bool) -> Result<Content, Fault> {
    if field.first() != Some(&quote) {
        let content = Content { start: 0, len: field.len(), quoted: false };
        return if keep || memchr(quote, field).is_none() { Ok(content) } else { Err(Fault::Stray) };
    }
    // Bytes from `from` on are still to be read; those before `to` are the content so far.
    let (mut from, mut to) = (1, 1);
    loop {
        let close = from + memchr(quote, &field[from..]).ok_or(Fault::Unclosed)?;
        if from != to {
            field.copy_within(from..close, to);
        }
        to += close - from;
        from = close + 1;
        if field.get(from) != Some(&quote) {
            break;
        }
        field[to] = quote;
        to += 1;
        from += 1;
    }
    if from < field.len() {
        if !keep {
            return Err(Fault::Stray);
        }
        let rest = field.len() - from;
        field.copy_within(from.., to);
        to += rest;
    }
    Ok(Content { start: 1, len: to - 1, quoted: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(field: &str, keep: bool) -> Result<String, Fault> {
        let mut bytes = field.as_bytes().to_vec();
        let content = unquote(&mut bytes, b'"', keep)?;
        Ok(String::from_utf8(bytes[content.start..][..content.len].to_vec()).unwrap())
    }

    #[test]
    fn well_formed_fields_say_what_they_say() {
        for keep in [false, true] {
            for (field, text) in [
                ("\"\"", ""),
                ("\"a\"", "a"),
                ("\"\"\"\"", "\""),
                ("\"a\"\"b\"\"\"\"c\"", "a\"b\"\"c"),
                ("a", "a"),
                ("", ""),
            ] {
                assert_eq!(content(field, keep).as_deref(), Ok(text), "{field}");
            }
            assert_eq!(content("\"", keep), Err(Fault::Unclosed));
            assert_eq!(content("\"a\"\"", keep), Err(Fault::Unclosed));
        }
    }

    #[test]
    fn stray_quotes_stop_or_stay() {
        for (field, kept) in [("a\"b", "a\"b"), ("\"a\"b", "ab"), ("\"a\" \"b\"", "a \"b\""), (" \"a\"", " \"a\"")] {
            assert_eq!(content(field, false), Err(Fault::Stray), "{field}");
            assert_eq!(content(field, true).as_deref(), Ok(kept), "{field}");
        }
    }
}
