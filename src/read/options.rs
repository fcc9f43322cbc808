//! How the input is to be read: checked once, here.

use super::Format;
use crate::error::{Error, ErrorKind, Result, shown};
use crate::profile::InputSpec;
pub(super) use crate::profile::{Ragged, StrayQuotes};

/// The encodings of text files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, checked.
    Utf8,
    /// GB 18030, decoded and checked; GBK and GB 2312 are subsets.
    Gb18030,
}

impl Encoding {
    /// Every encoding with its name in a profile.
    pub const ALL: &'static [(&'static str, Self)] = &[("utf-8", Self::Utf8), ("gb18030", Self::Gb18030)];

    /// The name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }
}

/// How the input is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The format; `None` goes by each file's name.
    pub format: Option<Format>,
    /// Encoding of text files.
    pub encoding: Encoding,
    /// CSV: field delimiter.
    pub delimiter: u8,
    /// CSV: quote, or `None` for files without quoting.
    pub quote: Option<u8>,
    /// CSV: whether every file starts with a header.
    pub header: bool,
    /// CSV: column names where there is no header.
    pub names: Vec<String>,
    /// CSV: unquoted cells that mean null.
    pub null: Vec<Vec<u8>>,
    /// NDJSON: take every column as text, numbers as written, whatever the first lines hold.
    pub as_text: bool,
    /// CSV: rows with another number of fields.
    pub ragged: Ragged,
    /// CSV: quotes where none may stand.
    pub stray_quotes: StrayQuotes,
    /// Decoded bytes of a shard, about; part of what makes shards the same on every machine.
    pub shard_bytes: usize,
}

/// The size of a shard unless a test asks for another: large enough to make the lock cheap, small enough for the cache.
pub const SHARD_BYTES: usize = 512 << 10;

impl Default for Options {
    /// Strict RFC 4180 in UTF-8 with a header; the empty cell is null.
    fn default() -> Self {
        Self {
            format: None,
            encoding: Encoding::Utf8,
            delimiter: b',',
            quote: Some(b'"'),
            header: true,
            names: Vec::new(),
            null: vec![Vec::new()],
            as_text: false,
            ragged: Ragged::Error,
            stray_quotes: StrayQuotes::Error,
            shard_bytes: SHARD_BYTES,
        }
    }
}

impl Options {
    /// The options that a profile's `[input]` says; `names` are used where there is no header.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where a word is unknown or two settings exclude each other.
    pub fn from_spec(spec: &InputSpec, names: Vec<String>) -> Result<Self> {
        let format = match &spec.format {
            None => None,
            Some(name) => {
                Some(Format::from_name(name).ok_or_else(|| usage(format!("no format is called `{}`", shown(name))))?)
            }
        };
        let encoding = Encoding::ALL.iter().find(|(name, _)| spec.encoding.eq_ignore_ascii_case(name));
        let options = Self {
            format,
            encoding: encoding
                .ok_or_else(|| {
                    usage(format!("no encoding is called `{}`; utf-8 and gb18030 are", shown(&spec.encoding)))
                })?
                .1,
            delimiter: spec.delimiter,
            quote: spec.quote,
            header: spec.header,
            names,
            null: spec.null.iter().map(|text| text.clone().into_bytes()).collect(),
            as_text: false,
            ragged: spec.ragged,
            stray_quotes: spec.stray_quotes,
            shard_bytes: SHARD_BYTES,
        };
        options.check()?;
        Ok(options)
    }

    /// Whether the settings go together.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with the reason.
    pub(super) fn check(&self) -> Result<()> {
        for (what, byte) in [("delimiter", Some(self.delimiter)), ("quote", self.quote)] {
            let Some(byte) = byte else { continue };
            if !byte.is_ascii() || matches!(byte, b'\n' | b'\r' | 0) {
                return Err(usage(format!("the {what} must be one ASCII character, and no line end")));
            }
            // Second bytes of GB 18030 are 30 to 39, 40 to 7E and above: there a cut would go through a character.
            if self.encoding == Encoding::Gb18030 && byte >= 0x30 && !(0x3A..=0x3F).contains(&byte) {
                let byte = char::from(byte);
                return Err(usage(format!("the {what} `{byte}` can be half a character in GB18030; convert to UTF-8")));
            }
        }
        if self.quote == Some(self.delimiter) {
            return Err(usage("delimiter and quote are the same character".to_owned()));
        }
        if self.shard_bytes == 0 || self.shard_bytes > super::stream::MOST_BYTES {
            return Err(usage("a shard has from one byte to one gibibyte".to_owned()));
        }
        Ok(())
    }
}

fn usage(text: String) -> Error {
    ErrorKind::Usage(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> InputSpec {
        InputSpec {
            format: Some("csv".to_owned()),
            encoding: "GB18030".to_owned(),
            delimiter: b';',
            quote: Some(b'"'),
            header: true,
            null: vec!["NA".to_owned()],
            ragged: Ragged::Error,
            stray_quotes: StrayQuotes::Keep,
        }
    }

    #[test]
    fn a_profile_gives_the_options() {
        let options = Options::from_spec(&spec(), Vec::new()).unwrap();
        assert_eq!((options.format, options.encoding), (Some(Format::Csv), Encoding::Gb18030));
        assert_eq!((options.null, options.stray_quotes), (vec![b"NA".to_vec()], StrayQuotes::Keep));
    }

    #[test]
    fn settings_that_exclude_each_other_are_refused() {
        for bad in [
            InputSpec { delimiter: b'|', ..spec() },
            InputSpec { delimiter: b'5', ..spec() },
            InputSpec { delimiter: b'"', ..spec() },
            InputSpec { delimiter: b'\n', ..spec() },
            InputSpec { encoding: "latin-1".to_owned(), ..spec() },
            InputSpec { format: Some("xlsx".to_owned()), ..spec() },
        ] {
            assert!(matches!(Options::from_spec(&bad, Vec::new()).unwrap_err().kind(), ErrorKind::Usage(_)));
        }
        assert!(Options::from_spec(&InputSpec { encoding: "utf-8".into(), delimiter: b'|', ..spec() }, vec![]).is_ok());
    }

    /// The claim of [`Options::check`]: over all characters, no byte of an encoded non-ASCII character is below 30 or
    /// between 3A and 3F.
    #[test]
    fn no_character_of_gb18030_holds_a_separator() {
        for character in '\u{80}'..=char::MAX {
            let text = character.to_string();
            let (bytes, _, unmappable) = encoding_rs::GB18030.encode(&text);
            let safe = bytes.iter().all(|byte| *byte >= 0x30 && !(0x3A..=0x3F).contains(byte));
            assert!(unmappable || safe, "{:x}", u32::from(character));
        }
    }
}
