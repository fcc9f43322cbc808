//! What the ledger keeps of a release, and how that is written: JSON, with lists of tags as base64.

use super::class::{ClassSketch, SensitiveSketch};
use super::token::{SketchedTokens, TokenSketch};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// One release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The run's id.
    pub release: String,
    /// Alias of the population that it is of.
    pub population: String,
    /// Fingerprint of the key of its tokens.
    pub key: String,
    /// Sketches of its token columns.
    pub tokens: Vec<SketchedTokens>,
    /// Sketch of its classes.
    pub classes: ClassSketch,
}

/// How far a release came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It passed the gate, and may have been published: it counts.
    Pending,
    /// It was published.
    Published,
    /// It was not: it does not count.
    Withdrawn,
}

impl State {
    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Line {
    /// The first one.
    Ledger { version: u32, key: String },
    /// A release that passed.
    Pending {
        release: String,
        population: String,
        key: String,
        tokens: Vec<WrittenTokens>,
        columns: Vec<String>,
        labels: String,
        members: Vec<u64>,
        sensitive: Vec<WrittenSets>,
    },
    /// It was published.
    Published { release: String },
    /// It was not.
    Withdrawn { release: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTokens {
    column: String,
    domain: String,
    upto: u64,
    tags: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSets {
    column: String,
    sets: Vec<String>,
    of: Vec<u32>,
}

fn encoded(tags: impl IntoIterator<Item = u64>) -> String {
    let bytes: Vec<u8> = tags.into_iter().flat_map(u64::to_be_bytes).collect();
    BASE64.encode(&bytes)
}

fn decoded(text: &str) -> Option<Vec<u64>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let (tags, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| tags.iter().copied().map(u64::from_be_bytes).collect())
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        let tokens = |tokens: &SketchedTokens| WrittenTokens {
            column: tokens.column.clone(),
            domain: tokens.domain.clone(),
            upto: tokens.sketch.upto,
            tags: encoded(tokens.sketch.tags.iter().copied()),
        };
        let sets = |sketch: &SensitiveSketch| WrittenSets {
            column: sketch.column.clone(),
            sets: sketch.sets.iter().map(|set| encoded(set.iter().copied())).collect(),
            of: sketch.of.clone(),
        };
        Self::Pending {
            release: entry.release.clone(),
            population: entry.population.clone(),
            key: entry.key.clone(),
            tokens: entry.tokens.iter().map(tokens).collect(),
            columns: entry.classes.columns.clone(),
            labels: encoded(entry.classes.labels.iter().copied()),
            members: entry.classes.members.clone(),
            sensitive: entry.classes.sensitive.iter().map(sets).collect(),
        }
    }
}

impl Line {
    /// The release of a pending line; `None` where it does not hold together.
    pub(super) fn entry(self) -> Option<Entry> {
        let Self::Pending { release, population, key, tokens, columns, labels, members, sensitive } = self else {
            return None;
        };
        let tokens = tokens.into_iter().map(|written| {
            let tags = decoded(&written.tags)?.into_iter().collect();
            let sketch = TokenSketch { tags, upto: written.upto };
            Some(SketchedTokens { column: written.column, domain: written.domain, sketch })
        });
        let sensitive = sensitive.into_iter().map(|written| {
            let sets: Vec<Vec<u64>> = written.sets.iter().map(|set| decoded(set)).collect::<Option<_>>()?;
            let whole = written.of.len() == members.len() && written.of.iter().all(|set| (*set as usize) < sets.len());
            whole.then_some(SensitiveSketch { column: written.column, sets, of: written.of })
        });
        let (tokens, sensitive) = (tokens.collect::<Option<_>>()?, sensitive.collect::<Option<_>>()?);
        let labels = decoded(&labels)?;
        let whole = labels.len() == columns.len() * members.len();
        let classes = ClassSketch { columns, labels, members, sensitive };
        whole.then_some(Entry { release, population, key, tokens, classes })
    }
}
