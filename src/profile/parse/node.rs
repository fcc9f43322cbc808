//! A document that was checked against the shape: values typed, bad ones marked, places kept.

use crate::limits::Share;
use crate::profile::shape::Table;
use crate::profile::spec::Position;
use crate::value::Decimal;
use std::collections::BTreeMap;

/// A value and where it stands.
pub(super) struct Found {
    pub(super) at: Position,
    pub(super) node: Node,
}

/// A typed value.
pub(super) enum Node {
    /// Complained about already.
    Bad,
    Text(String),
    Whole(u64),
    Number(Decimal),
    Share(Share),
    Flag(bool),
    List(Vec<Found>),
    Table(Fields),
    /// Keys of the author's choice, in the order of the text.
    Map(Vec<(String, Position, Found)>),
    /// The name of what was chosen, and what stands behind it.
    Choice(&'static str, Box<Found>),
}

/// A table with known keys.
pub(super) struct Fields {
    /// Where its header or opening bracket stands.
    pub(super) at: Position,
    shape: &'static Table,
    entries: BTreeMap<&'static str, Found>,
}

/// A value that may be absent, and may be bad: the two must not lead to the same complaint.
#[derive(Clone, Copy)]
pub(super) enum Given<T> {
    Absent,
    Bad,
    Value(T),
}

impl<T> Given<T> {
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
    pub(super) fn as_ref(&self) -> Given<&T> {
        match self {
            Self::Absent => Given::Absent,
            Self::Bad => Given::Bad,
            Self::Value(value) => Given::Value(value),
        }
    }
    /// The value turned into another; `None` makes it bad.
    pub(super) fn and_then<U>(self, turn: impl FnOnce(T) -> Option<U>) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Bad => Given::Bad,
            Self::Value(value) => turn(value).map_or(Given::Bad, Given::Value),
        }
    }
}

impl Fields {
    /// Without any key.
    pub(super) fn empty(at: Position, shape: &'static Table) -> Self {
        Self { at, shape, entries: BTreeMap::new() }
    }
    /// Puts a value in; an earlier one stays.
    pub(super) fn put(&mut self, key: &'static str, found: Found) {
        self.entries.entry(key).or_insert(found);
    }
    /// Takes a value out.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Found> {
        self.entries.remove(key)
    }
    /// The shape that it was checked against.
    pub(super) fn shape(&self) -> &'static Table {
        self.shape
    }
    /// Whether the key is there, bad or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.found(key).is_some()
    }
    /// Whether a dotted path is there.
    pub(super) fn has_path(&self, path: &str) -> bool {
        match path.split_once('.') {
            None => self.entries.contains_key(path),
            Some((first, rest)) => match self.entries.get(first).map(|found| &found.node) {
                Some(Node::Table(fields)) => fields.has_path(rest),
                _ => false,
            },
        }
    }
    /// Where the value of a key stands; where the table stands if the key is not there.
    pub(super) fn place(&self, key: &str) -> Position {
        self.found(key).map_or(self.at, |found| found.at)
    }
    /// The value of a key.
    pub(super) fn found(&self, key: &str) -> Option<&Found> {
        assert!(!cfg!(test) || self.shape.key(key).is_some(), "{} has no key {key}", self.shape.name);
        self.entries.get(key)
    }
    /// A text.
    pub(super) fn text(&self, key: &str) -> Given<&str> {
        self.pick(key, |node| match node {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
    /// A text of one's own.
    pub(super) fn owned(&self, key: &str) -> Option<String> {
        self.text(key).value().map(str::to_owned)
    }
    /// The first byte of a text.
    pub(super) fn byte(&self, key: &str) -> Option<u8> {
        self.text(key).value().and_then(|text| text.bytes().next())
    }
    /// One of a closed set of words.
    pub(super) fn word<T: Copy>(&self, key: &str, all: &[(&'static str, T)]) -> Given<T> {
        self.text(key).and_then(|text| all.iter().find(|(name, _)| *name == text).map(|(_, value)| *value))
    }
    /// A whole number.
    pub(super) fn whole(&self, key: &str) -> Given<u64> {
        self.pick(key, |node| match node {
            Node::Whole(number) => Some(*number),
            _ => None,
        })
    }
    /// A count.
    pub(super) fn count(&self, key: &str) -> Given<usize> {
        self.whole(key).and_then(|number| usize::try_from(number).ok())
    }
    /// A decimal.
    pub(super) fn number(&self, key: &str) -> Given<Decimal> {
        self.pick(key, |node| match node {
            Node::Number(number) => Some(*number),
            _ => None,
        })
    }
    /// A share.
    pub(super) fn share(&self, key: &str) -> Given<Share> {
        self.pick(key, |node| match node {
            Node::Share(share) => Some(*share),
            _ => None,
        })
    }
    /// True or false.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let flag = self.pick(key, |node| match node {
            Node::Flag(flag) => Some(*flag),
            _ => None,
        });
        flag.value()
    }
    /// A list; empty where it is absent.
    pub(super) fn list(&self, key: &str) -> &[Found] {
        match self.found(key).map(|found| &found.node) {
            Some(Node::List(elements)) => elements,
            _ => &[],
        }
    }
    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        self.has(key).then(|| {
            let texts = self.list(key).iter().filter_map(|element| match &element.node {
                Node::Text(text) => Some(text.clone()),
                _ => None,
            });
            texts.collect()
        })
    }
    /// Keys of the author's choice.
    pub(super) fn map(&self, key: &str) -> &[(String, Position, Found)] {
        match self.found(key).map(|found| &found.node) {
            Some(Node::Map(entries)) => entries,
            _ => &[],
        }
    }
    /// A table below.
    pub(super) fn table(&self, key: &str) -> Option<&Fields> {
        match self.found(key).map(|found| &found.node) {
            Some(Node::Table(fields)) => Some(fields),
            _ => None,
        }
    }
    /// The tables of a list.
    pub(super) fn tables(&self, key: &str) -> impl Iterator<Item = &Fields> {
        self.list(key).iter().filter_map(|element| match &element.node {
            Node::Table(fields) => Some(fields),
            _ => None,
        })
    }
    /// Every value, by key.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'static str, &Found)> {
        self.entries.iter().map(|(key, found)| (*key, found))
    }
    /// Fills in what the preset gives: tables merge, and everything else is the profile's where it speaks.
    pub(super) fn fill_from(&mut self, preset: Self) {
        for (key, theirs) in preset.entries {
            match (self.entries.get_mut(key).map(|found| &mut found.node), theirs) {
                (None, theirs) => {
                    self.entries.insert(key, theirs);
                }
                (Some(Node::Table(ours)), Found { node: Node::Table(theirs), .. }) => ours.fill_from(theirs),
                (Some(Node::Map(ours)), Found { node: Node::Map(theirs), .. }) => {
                    let fresh: Vec<_> =
                        theirs.into_iter().filter(|(name, ..)| ours.iter().all(|(our, ..)| our != name)).collect();
                    ours.extend(fresh);
                }
                (Some(_), _) => (),
            }
        }
    }
    fn pick<'a, T>(&'a self, key: &str, turn: impl FnOnce(&'a Node) -> Option<T>) -> Given<T> {
        match self.found(key) {
            None => Given::Absent,
            Some(found) => turn(&found.node).map_or(Given::Bad, Given::Value),
        }
    }
}
