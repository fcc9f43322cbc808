//! The one description of every table and key of a profile.
//!
//! Responsible for: names, kinds, ranges, words and examples. Given: nothing. The check of a document, the JSON Schema and
//! the reference text are all read from here, so they cannot drift apart; it never reads a profile itself.

mod column;
mod privacy;
mod rule;
mod tables;

pub(super) use column::COLUMN;
pub(super) use rule::Rule;
pub(super) use tables::PROFILE;

/// What a value may be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Text that follows a rule.
    Text(Rule),
    /// One of some words.
    Word(fn() -> Vec<&'static str>),
    /// A whole number within bounds, both included.
    Whole {
        /// Lowest.
        low: u64,
        /// Highest.
        high: u64,
    },
    /// An exact decimal: integer, float or text.
    Number {
        /// Whether it must be above zero.
        above_zero: bool,
    },
    /// A share: `"2%"` or 0.02.
    Share {
        /// Whether nothing is a fit share.
        zero: bool,
    },
    /// True or false.
    Flag,
    /// A cell of an example: text, or a number as written.
    Cell,
    /// A list.
    List {
        /// What each element is.
        of: &'static Kind,
        /// Fewest elements.
        least: usize,
    },
    /// A table with known keys.
    Table(&'static Table),
    /// A table whose keys the author chooses.
    Map(&'static Kind),
    /// One of two kinds, told apart by their TOML type or by required keys.
    Either(&'static Kind, &'static Kind),
    /// One of several named things: a bare word, or a table with that one key.
    Choice(&'static Choice),
}

/// A table with known keys.
pub(super) struct Table {
    /// As the author writes it, for messages.
    pub(super) name: &'static str,
    /// One sentence.
    pub(super) doc: &'static str,
    /// Its keys, in the order of the reference.
    pub(super) keys: &'static [Key],
}

/// A key of a table.
pub(super) struct Key {
    /// Name.
    pub(super) name: &'static str,
    /// What its value may be.
    pub(super) kind: Kind,
    /// Whether it must be there.
    pub(super) need: Need,
    /// One sentence.
    pub(super) doc: &'static str,
    /// A fit value, as TOML.
    pub(super) example: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Always, and no preset can give it.
    Always,
    /// Unless a preset gives it.
    OrPreset,
    /// It may be left out.
    Optional,
}

/// Several named things of which one is chosen.
pub(super) struct Choice {
    /// What one of them is called, with its article.
    pub(super) noun: &'static str,
    /// The key that it stands under, for examples.
    pub(super) key: &'static str,
    /// All of them.
    pub(super) variants: &'static [Variant],
}

/// One named thing.
pub(super) struct Variant {
    /// Name.
    pub(super) name: &'static str,
    /// One sentence.
    pub(super) doc: &'static str,
    /// What stands behind the name.
    pub(super) value: Kind,
    /// Whether the bare word suffices.
    pub(super) bare: bool,
    /// Fit parameters, as TOML; empty where it has none.
    pub(super) example: &'static str,
}

impl Choice {
    /// One of the things with parameters, as it is written in TOML.
    pub(super) fn example(&self) -> String {
        self.variants.iter().find(|variant| !variant.bare).map(Variant::written).unwrap_or_default()
    }
}

impl Variant {
    /// The choice as it is written in TOML.
    pub(super) fn written(&self) -> String {
        if self.example.is_empty() {
            format!("\"{}\"", self.name)
        } else {
            format!("{{ {} = {} }}", self.name, self.example)
        }
    }
}

impl Table {
    /// The key of a name.
    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
    /// Whether a dotted path names a key, here or below.
    pub(super) fn knows(&self, path: &str) -> bool {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        self.key(first).is_some_and(|key| match rest {
            None => true,
            Some(rest) => key.kind.knows(rest),
        })
    }
}

impl Kind {
    fn knows(self, path: &str) -> bool {
        match self {
            Self::Table(table) => table.knows(path),
            Self::List { of, .. } => of.knows(path),
            Self::Map(_) => true,
            Self::Either(first, second) => first.knows(path) || second.knows(path),
            Self::Choice(choice) => {
                let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
                choice
                    .variants
                    .iter()
                    .any(|variant| variant.name == first && rest.is_none_or(|rest| variant.value.knows(rest)))
            }
            _ => false,
        }
    }
    /// What is expected, in words, after "must be".
    pub(super) fn expected(self) -> String {
        match self {
            Self::Text(rule) => rule.expected().into(),
            Self::Word(words) => list_words(&words()),
            Self::Whole { low, high } => format!("a whole number from {low} to {high}"),
            Self::Number { above_zero: true } => "a number above 0".into(),
            Self::Number { above_zero: false } => "a number".into(),
            Self::Share { zero: true } => "a share such as \"2%\"".into(),
            Self::Share { zero: false } => "a share above 0 such as \"2%\"".into(),
            Self::Flag => "true or false".into(),
            Self::Cell => "text or a number".into(),
            Self::List { of: Kind::Table(_), .. } => "a list of tables".into(),
            Self::List { of: Kind::Number { .. } | Kind::Whole { .. }, .. } => "a list of numbers".into(),
            Self::List { .. } => "a list of texts".into(),
            Self::Table(_) | Self::Map(_) => "a table".into(),
            Self::Either(first, second) => {
                let (first, second) = (first.expected(), second.expected());
                if first == second { first } else { format!("{first}, or {second}") }
            }
            Self::Choice(choice) => choice.noun.into(),
        }
    }
}

/// Words in back quotes; a long list is left to the reference.
pub(super) fn list_words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".into(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("one of {} or {last}", rest.join(", ")),
    }
}

/// A key that must be there, and that no preset gives.
const fn always(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { name, kind, need: Need::Always, doc, example }
}

/// A key that must be there, in the profile or its preset.
const fn or_preset(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { name, kind, need: Need::OrPreset, doc, example }
}

/// A key that may be left out.
const fn optional(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { name, kind, need: Need::Optional, doc, example }
}

/// The names of a closed set.
fn names<T>(all: &[(&'static str, T)]) -> Vec<&'static str> {
    all.iter().map(|(name, _)| *name).collect()
}

const ANY: Kind = Kind::Text(Rule::Any);
const FILLED: Kind = Kind::Text(Rule::Filled);
/// Encodings of text files.
const TEXT_ENCODINGS: Kind = Kind::Word(|| vec!["utf-8", "gb18030"]);
const NUMBER: Kind = Kind::Number { above_zero: false };
const POSITIVE: Kind = Kind::Number { above_zero: true };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_paths_are_known_to_any_depth() {
        for path in
            ["goal", "privacy.k_anonymity", "column.apply.token.bits", "column.generalize.tree.file", "sources.x"]
        {
            assert!(PROFILE.knows(path), "{path}");
        }
        for path in ["", "goals", "privacy.k", "column.apply.tokens", "goal.x", "privacy."] {
            assert!(!PROFILE.knows(path), "{path}");
        }
    }

    #[test]
    fn every_key_has_a_sentence() {
        fn walk(kind: Kind) {
            match kind {
                Kind::Table(table) => {
                    assert!(table.doc.ends_with('.'), "{}", table.name);
                    for key in table.keys {
                        assert!(key.doc.ends_with('.') && !key.example.is_empty(), "{} {}", table.name, key.name);
                        walk(key.kind);
                    }
                }
                Kind::List { of, .. } | Kind::Map(of) => walk(*of),
                Kind::Either(first, second) => {
                    walk(*first);
                    walk(*second);
                }
                Kind::Choice(choice) => choice.variants.iter().for_each(|variant| {
                    assert!(variant.doc.ends_with('.'), "{}", variant.name);
                    walk(variant.value);
                }),
                _ => (),
            }
        }
        walk(Kind::Table(&PROFILE));
    }
}
