//! The shape of a profile as a JSON Schema, for editors, and as a text, for people.
//!
//! Responsible for: turning the one description into other languages. It decides nothing about a profile.

use super::shape::{Choice, Kind, Need, PROFILE, Rule, Table, Variant};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The JSON Schema (draft 2020-12) of a profile. What passes it may still be refused; what it refuses never passes.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = table(&PROFILE);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!("https://outis.invalid/profile.schema.json");
    schema["title"] = json!("outis profile");
    schema
}

/// All tables and keys as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from("# Profile reference\n\nMade from the shape that profiles are checked against.\n");
    let mut waiting: Vec<(String, Page)> = vec![("The profile".into(), Page::Table(&PROFILE))];
    while !waiting.is_empty() {
        let (title, page) = waiting.remove(0);
        write!(out, "\n## {title}\n\n").expect("writing to text cannot fail");
        let below = match page {
            Page::Table(table) => table_page(&title, table, &mut out),
            Page::Choice(choice) => choice_page(&title, choice, &mut out),
        };
        // right behind its parent, so that the text reads in the order of a profile
        waiting.splice(0..0, below);
    }
    out
}

enum Page {
    Table(&'static Table),
    Choice(&'static Choice),
}

fn table_page(title: &str, table: &'static Table, out: &mut String) -> Vec<(String, Page)> {
    let infallible = "writing to text cannot fail";
    writeln!(out, "{}\n", table.doc).expect(infallible);
    let mut below = Vec::new();
    for key in table.keys {
        let need = match key.need {
            Need::Always => " **Required.**",
            Need::OrPreset => " **Required**, here or in the preset.",
            Need::Optional => "",
        };
        writeln!(out, "* `{}`: {}.{need} {}", key.name, key.kind.expected(), key.doc).expect(infallible);
        writeln!(out, "  Example: `{} = {}`", key.name, key.example).expect(infallible);
        let prefix = if title == "The profile" { String::new() } else { format!("{title} ") };
        below.extend(pages(key.kind, key.name).into_iter().map(|(name, page)| (format!("{prefix}{name}"), page)));
    }
    below
}

fn choice_page(title: &str, choice: &'static Choice, out: &mut String) -> Vec<(String, Page)> {
    let infallible = "writing to text cannot fail";
    let mut below = Vec::new();
    for variant in choice.variants {
        let bare = if variant.bare && !variant.example.is_empty() { " The bare word takes every default." } else { "" };
        writeln!(out, "* `{}`: {}{bare}", variant.name, variant.doc).expect(infallible);
        writeln!(out, "  Example: `{} = {}`", choice.key, variant.written()).expect(infallible);
        let inner = pages(variant.value, variant.name);
        below.extend(inner.into_iter().map(|(name, page)| (format!("{title} {name}"), page)));
    }
    below
}

fn pages(kind: Kind, name: &str) -> Vec<(String, Page)> {
    match kind {
        Kind::Table(table) if !table.keys.is_empty() => vec![(format!("`{name}`"), Page::Table(table))],
        Kind::List { of, .. } | Kind::Map(of) => pages(*of, name),
        Kind::Either(first, second) => pages(*first, name).into_iter().chain(pages(*second, name)).collect(),
        Kind::Choice(choice) => vec![(format!("`{name}`"), Page::Choice(choice))],
        _ => Vec::new(),
    }
}

fn table(table: &Table) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        let mut schema = kind(key.kind);
        schema["description"] = json!(key.doc);
        schema["examples"] = json!([from_toml(key.example)]);
        properties.insert(key.name.into(), schema);
    }
    let needed =
        |need: Need| -> Vec<&str> { table.keys.iter().filter(|key| key.need == need).map(|key| key.name).collect() };
    let mut schema = json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "additionalProperties": false,
        "required": needed(Need::Always),
    });
    let or_preset = needed(Need::OrPreset);
    if !or_preset.is_empty() {
        schema["anyOf"] = json!([{ "required": ["extends"] }, { "required": or_preset }]);
    }
    schema
}

fn kind(of: Kind) -> Value {
    match of {
        Kind::Text(rule) => text(rule),
        Kind::Word(words) => json!({ "enum": words() }),
        Kind::Whole { low, high } => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Kind::Number { above_zero } => {
            let number = if above_zero {
                json!({ "type": "number", "exclusiveMinimum": 0 })
            } else {
                json!({ "type": "number" })
            };
            json!({ "anyOf": [number, { "type": "string", "pattern": r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$" }] })
        }
        Kind::Share { zero } => {
            let bound = if zero { "minimum" } else { "exclusiveMinimum" };
            json!({ "anyOf": [
                { "type": "number", bound: 0, "maximum": 1 },
                { "type": "string", "pattern": r"^\s*\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*%?\s*$" },
            ] })
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Cell => json!({ "type": ["string", "number", "boolean"] }),
        Kind::List { of, least } => json!({ "type": "array", "items": kind(*of), "minItems": least }),
        Kind::Table(shape) => table(shape),
        Kind::Map(of) => json!({ "type": "object", "additionalProperties": kind(*of) }),
        Kind::Either(first, second) => json!({ "anyOf": [kind(*first), kind(*second)] }),
        Kind::Choice(choice) => {
            let bare = choice
                .variants
                .iter()
                .filter(|variant| variant.bare)
                .map(|variant| json!({ "const": variant.name, "description": variant.doc }));
            let full = choice.variants.iter().map(variant);
            json!({ "anyOf": bare.chain(full).collect::<Vec<Value>>() })
        }
    }
}

fn variant(variant: &Variant) -> Value {
    let mut inner = kind(variant.value);
    inner["description"] = json!(variant.doc);
    json!({
        "type": "object",
        "properties": { variant.name: inner },
        "required": [variant.name],
        "additionalProperties": false,
    })
}

fn text(rule: Rule) -> Value {
    match rule.pattern() {
        Some(pattern) => json!({ "type": "string", "pattern": pattern }),
        None => json!({ "type": "string" }),
    }
}

/// An example of the shape as JSON.
fn from_toml(example: &str) -> Value {
    let document: Option<Value> = toml::from_str(&format!("example = {example}")).ok();
    document.and_then(|mut document| document.get_mut("example").map(Value::take)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
