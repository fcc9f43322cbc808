//! Which format and which compression a file has.

use crate::error::{Error, ErrorKind, Result};
use std::path::Path;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Separated values, RFC 4180.
    Csv,
    /// One JSON object of plain values a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow IPC file (Feather 2).
    Ipc,
}

impl Format {
    /// Every format with its name in profiles and on the command line.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("csv", Self::Csv), ("ndjson", Self::Ndjson), ("parquet", Self::Parquet), ("ipc", Self::Ipc)];

    /// The name in profiles, logs and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Ipc => "ipc",
        }
    }
    /// The format of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
    /// The format that a file's name says: `.csv`, `.tsv`, `.txt`, `.ndjson`, `.jsonl`, `.parquet`, `.arrow`, `.feather`,
    /// `.ipc`; text formats also with `.gz` or `.zst` behind. Letter case does not matter.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let stem = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst"));
        let format = match stem.unwrap_or(&name).rsplit_once('.')?.1 {
            "csv" | "tsv" | "txt" => Self::Csv,
            "ndjson" | "jsonl" => Self::Ndjson,
            "parquet" => Self::Parquet,
            "arrow" | "feather" | "ipc" => Self::Ipc,
            _ => return None,
        };
        (stem.is_none() || format.is_text()).then_some(format)
    }
    /// Whether the format is bytes of text, cut at line ends.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Ndjson)
    }
    /// The format of a file under the options: what was asked, else what its name says; standard input is CSV.
    ///
    /// # Errors
    /// A name that tells no format, and a format that cannot be read from standard input.
    pub fn of(path: &Path, asked: Option<Self>) -> Result<Self> {
        let stdin = super::is_stdin(path);
        let format =
            asked.or_else(|| if stdin { Some(Self::Csv) } else { Self::from_path(path) }).ok_or_else(|| {
                let text =
                    "the name does not tell the format; say csv, ndjson, parquet or ipc with --input-format".to_owned();
                Error::new(ErrorKind::Usage(text)).in_file(path)
            })?;
        if stdin && !format.is_text() {
            let text = format!("{} cannot be read from standard input; give a file", format.name());
            return Err(ErrorKind::Usage(text).into());
        }
        Ok(format)
    }
}

/// How a text file is packed; its first bytes tell, whatever its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    None,
    /// gzip, one member or several.
    Gzip,
    /// zstandard, one frame or several.
    Zstd,
}

impl Packing {
    /// From the first four bytes. No text of an encoding that is read starts like gzip or zstandard.
    pub(super) fn from_magic(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, 0x08, ..] => Self::Gzip,
            // A frame, or a skippable frame before it.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
    /// What the file's name promises.
    pub(super) fn from_path(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::None,
        }
    }
    /// What an intact file is called in messages.
    pub(super) fn intact(self) -> &'static str {
        match self {
            Self::None => "text",
            Self::Gzip => "intact gzip",
            Self::Zstd => "intact zstandard",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_format() {
        for (name, format) in [
            ("a.csv", Some(Format::Csv)),
            ("A.TSV.GZ", Some(Format::Csv)),
            ("x/y.z/part.jsonl.zst", Some(Format::Ndjson)),
            ("a.parquet", Some(Format::Parquet)),
            ("a.feather", Some(Format::Ipc)),
            ("a.parquet.gz", None),
            ("csv", None),
            ("a.gz", None),
        ] {
            assert_eq!(Format::from_path(Path::new(name)), format, "{name}");
        }
        for (name, format) in Format::ALL {
            assert_eq!((Format::from_name(name), format.name()), (Some(*format), *name));
        }
    }

    #[test]
    fn a_name_that_tells_nothing_is_an_error_unless_the_format_is_said() {
        assert!(matches!(Format::of(Path::new("data"), None).unwrap_err().kind(), ErrorKind::Usage(_)));
        assert_eq!(Format::of(Path::new("data"), Some(Format::Ndjson)), Ok(Format::Ndjson));
        assert_eq!(Format::of(Path::new("-"), None), Ok(Format::Csv));
        assert!(Format::of(Path::new("-"), Some(Format::Parquet)).is_err());
    }
}
