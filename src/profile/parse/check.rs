//! A TOML document against the shape: every complaint that needs one value only.
//!
//! Responsible for: types, words, ranges, unknown and missing keys. Given: the spanned tree of the TOML parser.

use super::desk::{Desk, Lines, quote};
use super::near::near;
use super::node::{Fields, Found, Node};
use crate::limits::Share;
use crate::profile::shape::{Choice, Kind, Need, Rule, Table, list_words};
use crate::profile::spec::Position;
use crate::value::Decimal;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// Checks values of one text.
pub(super) struct Checker<'a, 'd> {
    pub(super) lines: &'a Lines<'a>,
    pub(super) desk: &'d mut Desk,
    /// A preset has no place in the author's text.
    pub(super) preset: bool,
}

impl Checker<'_, '_> {
    /// A table with known keys; what is missing is told later, when presets are in.
    pub(super) fn table(&mut self, shape: &'static Table, table: &DeTable<'_>, at: Position, path: &str) -> Fields {
        let mut fields = Fields::empty(at, shape);
        let mut slips = Vec::new();
        for (name, value) in table {
            let word: &str = name.get_ref();
            if let Some(key) = shape.key(word) {
                let found = self.value(key.kind, value, &join(path, key.name), key.example);
                fields.put(key.name, found);
            } else {
                let known: Vec<&'static str> = shape.keys.iter().map(|key| key.name).collect();
                let meant = near(word, &known);
                slips.extend(meant);
                let advice = match meant {
                    Some(meant) => format!("Did you mean `{meant}`?"),
                    None if known.is_empty() => "Remove it.".into(),
                    None => format!("Use {}, or remove it.", list_words(&known)),
                };
                let at = self.place(&name.span());
                self.desk.complain(at, format!("{} is not a key of {}", quote(word), shape.name), advice);
            }
        }
        // a misspelt key is one mistake: it is not missing as well
        for meant in slips {
            fields.put(meant, Found { at, node: Node::Bad });
        }
        fields
    }

    fn value(&mut self, kind: Kind, value: &Spanned<DeValue<'_>>, path: &str, example: &str) -> Found {
        let at = self.place(&value.span());
        let node = match (kind, value.get_ref()) {
            (Kind::Text(rule), DeValue::String(text)) => self.text(rule, text, at, path),
            (Kind::Text(Rule::Date), DeValue::Datetime(date)) if date.time.is_none() => {
                self.text(Rule::Date, &date.to_string(), at, path)
            }
            (Kind::Word(words), DeValue::String(text)) => self.word(&words(), text, at, path),
            (Kind::Whole { low, high }, DeValue::Integer(number)) => match integer(number) {
                Some(number) if (i128::from(low)..=i128::from(high)).contains(&number) => {
                    u64::try_from(number).map_or(Node::Bad, Node::Whole)
                }
                _ => self.refuse(at, path, kind, &format!("is {number}"), example),
            },
            (Kind::Number { above_zero }, DeValue::Integer(_) | DeValue::Float(_) | DeValue::String(_)) => {
                match decimal(value.get_ref()) {
                    Some(number) if !above_zero || number.mantissa() > 0 => Node::Number(number),
                    _ => self.refuse(at, path, kind, "is not", example),
                }
            }
            (Kind::Share { zero }, DeValue::Integer(_) | DeValue::Float(_) | DeValue::String(_)) => {
                self.share(zero, value.get_ref(), at, path, example)
            }
            (Kind::Flag, DeValue::Boolean(flag)) => Node::Flag(*flag),
            (Kind::Cell, DeValue::String(text)) => Node::Text(text.clone().into_owned()),
            (Kind::Cell, DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Boolean(_)) => {
                self.lines.slice(value.span()).map_or(Node::Bad, |text| Node::Text(text.to_owned()))
            }
            (Kind::List { of, least }, DeValue::Array(elements)) => {
                if elements.len() < least {
                    self.refuse(at, path, kind, "is empty", example)
                } else {
                    let path = if matches!(of, Kind::Table(_)) { "" } else { path };
                    Node::List(elements.iter().map(|element| self.value(*of, element, path, "")).collect())
                }
            }
            (Kind::List { of: Kind::Table(table), .. }, DeValue::Table(_)) => {
                self.desk.complain(
                    at,
                    format!("`{path}` must be a list of tables, but is a table"),
                    format!("Write {} with two brackets.", table.name),
                );
                Node::Bad
            }
            (Kind::Table(shape), DeValue::Table(table)) => Node::Table(self.table(shape, table, at, path)),
            (Kind::Map(of), DeValue::Table(table)) => self.map(*of, table, path),
            (Kind::Either(first, second), found) => {
                let kind = if fits(*first, found) { *first } else { *second };
                if fits(kind, found) {
                    self.value(kind, value, path, example).node
                } else {
                    self.wrong_type(at, path, Kind::Either(first, second), found, example)
                }
            }
            (Kind::Choice(choice), found @ (DeValue::String(_) | DeValue::Table(_))) => {
                self.choice(choice, found, at, path)
            }
            (kind, found) => self.wrong_type(at, path, kind, found, example),
        };
        Found { at, node }
    }

    fn text(&mut self, rule: Rule, text: &str, at: Position, path: &str) -> Node {
        if rule.holds(text) {
            return Node::Text(text.to_owned());
        }
        self.desk.complain(at, format!("`{path}` must be {}", rule.expected()), rule.advice());
        Node::Bad
    }

    fn word(&mut self, words: &[&'static str], text: &str, at: Position, path: &str) -> Node {
        if words.contains(&text) {
            return Node::Text(text.to_owned());
        }
        self.desk.complain(at, format!("`{path}` cannot be {}", quote(text)), did_you_mean(text, words));
        Node::Bad
    }

    fn share(&mut self, zero: bool, value: &DeValue<'_>, at: Position, path: &str, example: &str) -> Node {
        let text = match value {
            DeValue::String(text) => text.trim(),
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(number) => number.as_str(),
            _ => "",
        };
        if text == "1" {
            self.desk.complain(
                at,
                format!("`{path}` is 1, which may mean all or one percent"),
                "Write \"1%\" or \"100%\".",
            );
            return Node::Bad;
        }
        match Share::parse(text) {
            Some(share) if zero || share != Share::NONE => Node::Share(share),
            _ => self.refuse(at, path, Kind::Share { zero }, "is not", example),
        }
    }

    fn map(&mut self, of: Kind, table: &DeTable<'_>, path: &str) -> Node {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let entries = entries.into_iter().map(|(name, value)| {
            let found = self.value(of, value, &join(path, name.get_ref()), "");
            (name.get_ref().clone().into_owned(), self.place(&name.span()), found)
        });
        Node::Map(entries.collect())
    }

    fn choice(&mut self, choice: &'static Choice, value: &DeValue<'_>, at: Position, path: &str) -> Node {
        let names: Vec<&str> = choice.variants.iter().map(|variant| variant.name).collect();
        let (name, name_at, behind) = match value {
            DeValue::String(word) => (&**word, at, None),
            DeValue::Table(table) => {
                let mut keys: Vec<_> = table.iter().collect();
                keys.sort_by_key(|(key, _)| key.span().start);
                match *keys {
                    [(key, value)] => (&**key.get_ref(), self.place(&key.span()), Some(value)),
                    [] => {
                        self.desk.complain(
                            at,
                            format!("`{path}` names nothing"),
                            format!("Name {}: {}.", choice.noun, list_words(&names)),
                        );
                        return Node::Bad;
                    }
                    [_, (second, _), ..] => {
                        let at = self.place(&second.span());
                        self.desk.complain(
                            at,
                            format!("`{path}` must name {} alone, but has {} keys", choice.noun, keys.len()),
                            format!(
                                "Keep one of them; parameters go inside it, as `{} = {}`.",
                                choice.key,
                                choice.example()
                            ),
                        );
                        return Node::Bad;
                    }
                }
            }
            _ => return Node::Bad,
        };
        let Some(variant) = choice.variants.iter().find(|variant| variant.name == name) else {
            self.desk.complain(name_at, format!("{} is not {}", quote(name), choice.noun), did_you_mean(name, &names));
            return Node::Bad;
        };
        let found = match (behind, variant.value) {
            (Some(value), kind) => self.value(kind, value, &join(path, name), variant.example),
            (None, Kind::Table(table)) if variant.bare => Found { at, node: Node::Table(Fields::empty(at, table)) },
            (None, _) => {
                let advice = format!("Write it as `{} = {}`.", choice.key, variant.written());
                self.desk.complain(at, format!("`{name}` needs its parameters"), advice);
                return Node::Bad;
            }
        };
        Node::Choice(variant.name, Box::new(found))
    }

    fn wrong_type(&mut self, at: Position, path: &str, kind: Kind, found: &DeValue<'_>, example: &str) -> Node {
        let is = match found {
            DeValue::String(_) => "is text",
            DeValue::Integer(_) => "is a whole number",
            DeValue::Float(_) => "is a number with a point",
            DeValue::Boolean(_) => "is true or false",
            DeValue::Datetime(_) => "is a date or time",
            DeValue::Array(_) => "is a list",
            DeValue::Table(_) => "is a table",
        };
        self.refuse(at, path, kind, is, example)
    }

    fn refuse(&mut self, at: Position, path: &str, kind: Kind, is: &str, example: &str) -> Node {
        let advice = if example.is_empty() {
            format!("Write {}.", kind.expected())
        } else {
            let key = path.rsplit('.').next().unwrap_or(path);
            format!("Write it as `{key} = {example}`.")
        };
        self.desk.complain(at, format!("`{path}` must be {}, but {is}", kind.expected()), advice);
        Node::Bad
    }

    fn place(&self, span: &Range<usize>) -> Position {
        if self.preset { Position::default() } else { self.lines.position(span.start) }
    }
}

/// Complains about every key that must be there and is not.
pub(super) fn missing(fields: &Fields, extended: bool, desk: &mut Desk) {
    for key in fields.shape().keys {
        if key.need != Need::Optional && !fields.has(key.name) {
            let advice = match key.kind {
                Kind::Word(words) => format!("Add `{}`: {}.", key.name, list_words(&words())),
                Kind::List { of: Kind::Table(table), .. } => format!("Add a {} table for each column.", table.name),
                _ => format!("Add it, as `{} = {}`.", key.name, key.example),
            };
            let advice =
                if key.need == Need::OrPreset && !extended { format!("{advice} It has no default.") } else { advice };
            desk.miss(fields.at, format!("{} has no `{}`", fields.shape().name, key.name), advice);
        }
    }
    for (_, found) in fields.each() {
        missing_below(found, extended, desk);
    }
}

fn missing_below(found: &Found, extended: bool, desk: &mut Desk) {
    match &found.node {
        Node::Table(fields) => missing(fields, extended, desk),
        Node::List(elements) => elements.iter().for_each(|element| missing_below(element, extended, desk)),
        Node::Choice(_, behind) => missing_below(behind, extended, desk),
        _ => (),
    }
}

/// What to write instead of a wrong word.
pub(super) fn did_you_mean(written: &str, known: &[&str]) -> String {
    match near(written, known) {
        Some(meant) => format!("Did you mean `{meant}`?"),
        None => format!("Use {}.", list_words(known)),
    }
}

fn fits(kind: Kind, value: &DeValue<'_>) -> bool {
    match (kind, value) {
        (Kind::Text(_) | Kind::Choice(_), DeValue::String(_))
        | (Kind::Map(_) | Kind::Choice(_), DeValue::Table(_))
        | (Kind::List { .. }, DeValue::Array(_)) => true,
        (Kind::Table(shape), DeValue::Table(table)) => {
            shape.keys.iter().filter(|key| key.need == Need::Always).all(|key| {
                // a required key that holds the wrong type belongs to the other kind
                table.get(key.name).is_none_or(|value| fits(key.kind, value.get_ref()))
                    && (table.contains_key(key.name) || !matches!(key.kind, Kind::Map(_)))
            })
        }
        // what tells two kinds apart is text, a list or a table; the rest is told by the kind itself
        (Kind::Text(_) | Kind::Map(_) | Kind::Table(_) | Kind::List { .. } | Kind::Choice(_), _) => false,
        _ => true,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn integer(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The number as it was written: a float keeps its digits.
fn decimal(value: &DeValue<'_>) -> Option<Decimal> {
    let text = match value {
        DeValue::Integer(number) if number.radix() != 10 => return Decimal::new(integer(number)?, 0),
        DeValue::Integer(number) => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        DeValue::String(text) => text,
        _ => return None,
    };
    // no number of a profile needs an exponent of four digits, and reading one takes its time
    let exponent = text.split_once(['e', 'E']).map_or(0, |(_, exponent)| exponent.trim().len());
    if exponent > 4 { None } else { Decimal::parse(text.as_bytes()) }
}
