//! A profile's text in, a [`Profile`] out, or every complaint about it.
//!
//! Responsible for: the order of the work. TOML is read with places, checked against the shape, filled from the preset,
//! turned into types, and checked across. Given: the text. It opens no data and no key.

mod across;
mod build;
mod check;
mod columns;
mod desk;
mod models;
mod near;
mod node;
mod operators;
#[cfg(test)]
mod tests;

use self::build::build;
use self::check::{Checker, did_you_mean, missing};
use self::columns::Draft;
use self::desk::{Desk, Lines, quote};
use self::node::{Fields, Found, Node};
use super::builtin::{BUILTIN, builtin};
use super::shape::PROFILE;
use super::spec::{ColumnSpec, Goal, Position, Profile};
use crate::error::{Complaint, Error, ErrorKind, Result};
use std::path::Path;
use toml::de::DeTable;

/// A profile that has no complaints.
pub struct Loaded {
    /// What it says.
    pub profile: Profile,
    /// Its text as it was given.
    pub text: String,
    /// What its author should know.
    pub warnings: Vec<Complaint>,
}

/// Reads a profile. With its folder, the hierarchy files that it names must be there.
///
/// # Errors
/// [`ErrorKind::Profile`] with every complaint, in the order of the text.
pub fn parse(text: &str, folder: Option<&Path>) -> Result<Loaded> {
    parse_with(text, folder, &builtin)
}

/// The same with other presets than the built-in ones: `preset` gives the TOML text of a name.
///
/// # Errors
/// [`ErrorKind::Profile`] with every complaint, in the order of the text.
pub fn parse_with<'p>(text: &str, folder: Option<&Path>, preset: &dyn Fn(&str) -> Option<&'p str>) -> Result<Loaded> {
    let mut desk = Desk::default();
    let mut root = read(text, false, &mut desk);
    let extended = extend(&mut root, preset, &mut desk);
    missing(&root, extended, &mut desk);
    let columns: Vec<Draft<'_>> = root.tables("column").map(|fields| Draft::new(fields, &mut desk)).collect();
    let goal = root.word("goal", Goal::ALL).value();
    for column in &columns {
        columns::check(column, goal, &mut desk);
    }
    across::check(&root, &columns, folder, &mut desk);
    let columns: Option<Vec<ColumnSpec>> = columns.into_iter().map(Draft::finish).collect();
    let (complaints, warnings) = desk.close();
    if !complaints.is_empty() {
        return Err(Error::new(ErrorKind::Profile(complaints)));
    }
    let profile = columns.and_then(|columns| build(&root, columns));
    let profile = profile.ok_or(ErrorKind::Internal("a profile without complaints must be whole"))?;
    Ok(Loaded { profile, text: text.to_owned(), warnings })
}

/// The document against the shape; syntax errors are told, and what was understood is used.
fn read(text: &str, preset: bool, desk: &mut Desk) -> Fields {
    let lines = Lines::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        // the TOML parser's message names what it expects, never what it found
        let at = lines.position(error.span().map_or(0, |span| span.start));
        desk.syntax(at, format!("this is not TOML: {}", error.message()), "Correct the TOML here.");
    }
    let mut checker = Checker { lines: &lines, desk, preset };
    checker.table(&PROFILE, table.get_ref(), Position::default(), "")
}

/// Fills the profile from the preset that it extends; tells whether it names one.
fn extend<'p>(root: &mut Fields, preset: &dyn Fn(&str) -> Option<&'p str>, desk: &mut Desk) -> bool {
    if !root.has("extends") {
        return false;
    }
    let at = root.place("extends");
    let given = preset_of(root, at, preset, desk);
    let Some(mut given) = given else {
        // what the preset would have given is not missing
        for key in ["goal", "tier"] {
            root.put(key, Found { at, node: Node::Bad });
        }
        return true;
    };
    // what belongs to the one profile cannot come from another
    for key in ["name", "version", "extends", "provenance", "column", "example"] {
        given.take(key);
    }
    // a number that the author changed is no longer the source's
    if let Some(Found { at, node: Node::Map(sources) }) = given.take("sources") {
        let kept = sources.into_iter().filter(|(path, ..)| !root.has_path(path)).collect();
        given.put("sources", Found { at, node: Node::Map(kept) });
    }
    root.fill_from(given);
    true
}

/// The document of the preset, unless there is none or it has complaints.
fn preset_of<'p>(
    root: &Fields,
    at: Position,
    preset: &dyn Fn(&str) -> Option<&'p str>,
    desk: &mut Desk,
) -> Option<Fields> {
    let name = root.text("extends").value()?;
    let Some(text) = preset(name) else {
        let known: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
        desk.complain(at, format!("there is no preset {}", quote(name)), did_you_mean(name, &known));
        return None;
    };
    let mut inner = Desk::default();
    let given = read(text, true, &mut inner);
    if let Some(first) = inner.close().0.first() {
        desk.complain(at, format!("the preset {} is broken: {}", quote(name), first.what), "Correct the preset.");
        return None;
    }
    Some(given)
}
