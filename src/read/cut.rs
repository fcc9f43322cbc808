//! Where records end.
//!
//! Responsible for: finding a place to cut, under the lock, at the speed of memory. It splits no fields: that is for
//! [`super::scan`].
//!
//! Strict CSV is cut by the parity of the quotes: in well-formed text a line end with an even number of quotes before it
//! ends a record. Where the first stray quote comes, the parity is right up to there, so the record with that quote lies
//! whole or as a head in one shard, and the tokenizer of that shard finds it. With `stray_quotes = "keep"` parity means
//! nothing, and the text is walked quote by quote.

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter, memchr3, memrchr, memrchr2_iter};

/// How a text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// At every line end.
    Lines,
    /// At line ends outside quotes, which stand where RFC 4180 has them.
    Strict {
        /// Field delimiter.
        delimiter: u8,
        /// Quote.
        quote: u8,
    },
    /// At line ends outside quotes; a quote opens at the start of a field only.
    Keep {
        /// Field delimiter.
        delimiter: u8,
        /// Quote.
        quote: u8,
    },
}

impl Cut {
    /// The end of the first record; `text` starts with a record.
    pub(super) fn first(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr(b'\n', text).map(|at| at + 1),
            Self::Strict { quote, .. } => {
                let mut inside = false;
                for at in memchr2_iter(b'\n', quote, text) {
                    if text[at] == quote {
                        inside = !inside;
                    } else if !inside {
                        return Some(at + 1);
                    }
                }
                None
            }
            Self::Keep { delimiter, quote } => Walk { text, delimiter, quote }.first(),
        }
    }

    /// The end of the last record that ends in `text`, which starts with a record.
    pub(super) fn last(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memrchr(b'\n', text).map(|at| at + 1),
            // to look for one is faster than to count them
            Self::Strict { quote, .. } if memchr(quote, text).is_none() => Self::Lines.last(text),
            Self::Strict { quote, .. } => {
                let mut inside = memchr_iter(quote, text).count() % 2 == 1;
                for at in memrchr2_iter(b'\n', quote, text) {
                    if text[at] == quote {
                        inside = !inside;
                    } else if !inside {
                        return Some(at + 1);
                    }
                }
                None
            }
            Self::Keep { delimiter, quote } => Walk { text, delimiter, quote }.last(),
        }
    }

    /// Whether the first record has a quote where none may stand, so that its end will never be known.
    pub(super) fn hopeless(self, text: &[u8]) -> bool {
        let Self::Strict { delimiter, quote } = self else { return false };
        let mut at = 0;
        loop {
            if text.get(at) == Some(&quote) {
                let Some(close) = closing(text, at + 1, quote) else { return false };
                match &text[close + 1..] {
                    [] | [b'\r'] | [b'\n', ..] | [b'\r', b'\n', ..] => return false,
                    [next, ..] if *next == delimiter => at = close + 2,
                    _ => return true,
                }
            } else {
                let Some(next) = memchr3(delimiter, b'\n', quote, &text[at..]) else { return false };
                match text[at + next] {
                    b'\n' => return false,
                    byte if byte == quote => return true,
                    _ => at += next + 1,
                }
            }
        }
    }
}

/// The quote that closes a field whose content starts at `at`: the first that is not doubled.
fn closing(text: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        let found = at + memchr(quote, text.get(at..)?)?;
        if text.get(found + 1) != Some(&quote) {
            return Some(found);
        }
        at = found + 2;
    }
}

/// The exact walk of the keep mode.
struct Walk<'a> {
    text: &'a [u8],
    delimiter: u8,
    quote: u8,
}

impl Walk<'_> {
    /// Whether a quote at this place, met outside quotes, opens a field.
    fn opens(&self, at: usize) -> bool {
        at == 0 || self.text[at - 1] == self.delimiter || self.text[at - 1] == b'\n'
    }
    fn first(&self) -> Option<usize> {
        let mut at = 0;
        loop {
            let found = at + memchr2(b'\n', self.quote, &self.text[at..])?;
            if self.text[found] == b'\n' {
                return Some(found + 1);
            }
            at = if self.opens(found) { closing(self.text, found + 1, self.quote)? + 1 } else { found + 1 };
        }
    }
    fn last(&self) -> Option<usize> {
        let mut last = None;
        // `from` is where the present stretch outside quotes begins.
        let (mut from, mut at) = (0, 0);
        while let Some(found) = memchr(self.quote, &self.text[at..]).map(|found| at + found) {
            if !self.opens(found) {
                at = found + 1;
                continue;
            }
            last = memrchr(b'\n', &self.text[from..found]).map(|end| from + end + 1).or(last);
            let Some(close) = closing(self.text, found + 1, self.quote) else { return last };
            (from, at) = (close + 1, close + 1);
        }
        memrchr(b'\n', &self.text[from..]).map(|end| from + end + 1).or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Cut = Cut::Strict { delimiter: b',', quote: b'"' };
    const KEEP: Cut = Cut::Keep { delimiter: b',', quote: b'"' };

    /// The obvious reference: byte by byte.
    fn ends(text: &[u8]) -> Vec<usize> {
        let (mut ends, mut inside, mut fresh) = (Vec::new(), false, true);
        let mut at = 0;
        while at < text.len() {
            match text[at] {
                b'"' if inside && text.get(at + 1) == Some(&b'"') => at += 1,
                b'"' if inside => inside = false,
                b'"' if fresh => inside = true,
                b'\n' if !inside => ends.push(at + 1),
                _ => {}
            }
            fresh = !inside && matches!(text[at], b',' | b'\n');
            at += 1;
        }
        ends
    }

    proptest::proptest! {
        #[test]
        fn the_walk_agrees_with_reading_byte_by_byte(text in "[a\",\n\r]{0,24}") {
            let ends = ends(text.as_bytes());
            proptest::prop_assert_eq!(KEEP.first(text.as_bytes()), ends.first().copied());
            proptest::prop_assert_eq!(KEEP.last(text.as_bytes()), ends.last().copied());
        }

        #[test]
        fn parity_agrees_with_the_walk_on_well_formed_text(
            cells in proptest::collection::vec("[a\",\n\r]{0,5}", 1..12),
            cut in 0usize..80,
        ) {
            let mut text = Vec::new();
            for (number, cell) in cells.iter().enumerate() {
                text.extend(format!("\"{}\"", cell.replace('"', "\"\"")).as_bytes());
                text.push(if number % 2 == 0 { b',' } else { b'\n' });
            }
            let head = &text[..cut.min(text.len())];
            proptest::prop_assert!(!STRICT.hopeless(head));
            // A head may end between the two halves of a doubled quote; then both are inside for every line end before.
            proptest::prop_assert_eq!(STRICT.last(head), KEEP.last(head));
            proptest::prop_assert_eq!(STRICT.first(head), KEEP.first(head));
        }
    }

    #[test]
    fn a_first_record_with_a_stray_quote_is_hopeless() {
        for bad in ["a\"b", "\"a\"b", "a,\"b\" ,c", "\"a\"\r,"] {
            assert!(STRICT.hopeless(bad.as_bytes()), "{bad:?}");
            assert!(!KEEP.hopeless(bad.as_bytes()));
        }
        for good in ["", "a", "\"a", "\"a\"", "\"a\"\r", "\"a\"\"", "\"a\"\r\nb\"", "\"\",\"b\n", "a\nb\"c"] {
            assert!(!STRICT.hopeless(good.as_bytes()), "{good:?}");
        }
    }
}
