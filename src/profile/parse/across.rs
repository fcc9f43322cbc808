//! What needs more than one part of the profile, and no data.

use super::check::did_you_mean;
use super::columns::Draft;
use super::desk::{Desk, quote};
use super::models;
use super::node::{Fields, Given, Node};
use crate::domain::SemanticType;
use crate::profile::operator_spec::{HierarchySpec, OperatorSpec};
use crate::profile::shape::{COLUMN, PROFILE};
use crate::profile::spec::{Goal, Role, Tier, Unit};
use std::collections::BTreeMap;
use std::path::Path;

/// All checks across the profile.
pub(super) fn check(root: &Fields, columns: &[Draft<'_>], folder: Option<&Path>, desk: &mut Desk) {
    names(columns, desk);
    subjects(root, columns, desk);
    privacy(root, columns, desk);
    groups(root, columns, desk);
    models::check(root, columns, desk);
    keys(root, columns, desk);
    approval(root, desk);
    evidence(root, desk);
    formats(root, desk);
    examples(root, columns, desk);
    sources(root, columns, desk);
    if let Some(folder) = folder {
        files(columns, folder, desk);
    }
}

fn names(columns: &[Draft<'_>], desk: &mut Desk) {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut released: BTreeMap<&str, usize> = BTreeMap::new();
    for column in columns {
        let Some(name) = column.name else { continue };
        let at = column.fields.place("name");
        if let Some(first) = names.insert(name, at.line) {
            let what = format!("{} stands twice, first in line {first}", column.called());
            desk.complain(at, what, "Remove one of them.");
            continue;
        }
        let Some(name) = column.released() else { continue };
        let at = column.fields.place(if column.fields.has("as") { "as" } else { "name" });
        if let Some(first) = released.insert(name, at.line) {
            let what = format!("two columns are released as {}, the first in line {first}", quote(name));
            desk.complain(at, what, "Give one of them another name with `as`.");
        }
    }
}

fn subjects(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    let mut subjects = columns.iter().filter(|column| column.role == Some(Role::Subject));
    let first = subjects.next();
    for more in subjects {
        desk.complain(
            more.fields.place("role"),
            format!("{} is the second with the role `subject`", more.called()),
            "Keep one; give the other the role `direct`.",
        );
    }
    let privacy = root.table("privacy");
    let unit = privacy.map_or(Given::Absent, |privacy| privacy.word("unit", Unit::ALL));
    let roles_are_known = columns.iter().all(|column| column.role.is_some());
    if let (Some(privacy), Given::Value(Unit::Subject)) = (privacy, unit) {
        let released = first.map(|column| column.apply.as_ref());
        let advice = "Give the column that names the person the role `subject` and a `token`: that k counts persons must be \
                      checkable from the release alone.";
        match released {
            None if roles_are_known => {
                desk.complain(privacy.place("unit"), "the unit is `subject`, and no column has that role", advice);
            }
            Some(Given::Value(OperatorSpec::Drop)) => {
                desk.complain(
                    privacy.place("unit"),
                    "the unit is `subject`, and the subject column is dropped",
                    advice,
                );
            }
            _ => (),
        }
    }
    if let (Some(privacy), Some(subject), Given::Absent | Given::Value(Unit::Row)) = (privacy, first, unit)
        && privacy.has("k_anonymity")
        && matches!(subject.apply, Given::Value(OperatorSpec::Token { .. }))
    {
        desk.warn(
            privacy.place("k_anonymity"),
            "k counts rows, and one person with many rows can fill a class",
            "Add `unit = \"subject\"` to count persons.",
        );
    }
    if let (Some(privacy), Given::Absent | Given::Value(Unit::Row)) = (privacy, unit)
        && privacy.has("rows_per_subject")
    {
        desk.complain(
            privacy.place("rows_per_subject"),
            "rows are counted for each person, and the unit is `row`",
            "Add `unit = \"subject\"`, or take `rows_per_subject` out.",
        );
    }
    if first.is_none() && roles_are_known {
        for column in columns {
            if let Given::Value(OperatorSpec::ShiftDate { .. }) = column.apply {
                desk.warn(
                    column.fields.place("apply"),
                    "dates move by one number for each person, and no column tells which rows are one person",
                    "Give the column that names the person the role `subject`.",
                );
            }
        }
    }
}

/// Columns that are put into groups together.
fn groups(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    let mut groups: BTreeMap<&str, Vec<(&Draft<'_>, u64, &Fields)>> = BTreeMap::new();
    for column in columns {
        if let Given::Value(OperatorSpec::Microaggregate { k, group: Some(group), .. }) = &column.apply
            && let Some(fields) = parameters(column)
        {
            groups.entry(group).or_default().push((column, *k, fields));
        }
    }
    let population = root.table("privacy").and_then(|privacy| privacy.table("population"));
    let table = population.is_some_and(|population| population.has("table"));
    let all_known = columns.iter().all(|column| !matches!(column.apply, Given::Bad));
    for (group, members) in groups {
        let (first, k, fields) = members[0];
        if members.len() == 1 && all_known {
            desk.complain(
                fields.place("group"),
                format!("{} is alone in the group {}", first.called(), quote(group)),
                "Name the group in another column too, or remove `group`.",
            );
        }
        for (column, other, fields) in &members[1..] {
            if *other != k {
                let what = format!("{} has k {other}, and {} of its group has {k}", column.called(), first.called());
                desk.complain(fields.place("k"), what, "Give all columns of a group one `k`.");
            }
        }
        for (column, ..) in &members {
            let named = column.fields.text("type").value().and_then(SemanticType::parse);
            if let Some(semantic) = named
                && !matches!(semantic, SemanticType::Integer | SemanticType::Decimal | SemanticType::Text)
            {
                let what = format!("{} is `{}`, and groups are of numbers", column.called(), semantic.name());
                desk.complain(
                    column.fields.place("type"),
                    what,
                    "Remove its `group`, or declare it `integer` or `decimal`.",
                );
            }
        }
        if table && members.iter().any(|(column, ..)| column.role == Some(Role::Quasi)) {
            desk.complain(
                fields.place("group"),
                format!("the people of a table of the population are not in the groups of {}", quote(group)),
                "State the population's `size`, or use `round`.",
            );
        }
    }
}

/// The parameters of a column's operator, with their places.
fn parameters<'f>(column: &Draft<'f>) -> Option<&'f Fields> {
    let Node::Choice(_, behind) = &column.fields.found("apply")?.node else { return None };
    let Node::Table(fields) = &behind.node else { return None };
    Some(fields)
}

fn privacy(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    let tier = root.word("tier", Tier::ALL).value();
    let privacy = root.table("privacy");
    let limited = root.has("privacy") && privacy.is_none_or(|privacy| privacy.has("k_anonymity"));
    let quasi = columns.iter().any(|column| {
        column.role == Some(Role::Quasi)
            && !matches!(column.apply, Given::Value(OperatorSpec::Drop | OperatorSpec::Redact { .. }))
    });
    if let Some(tier @ (Tier::Open | Tier::Conditional | Tier::Trade)) = tier
        && quasi
        && !limited
    {
        desk.miss(
            privacy.map_or_else(Default::default, |privacy| privacy.at),
            format!("quasi columns go to tier `{}` without `privacy.k_anonymity`", tier.name()),
            "State the smallest class, as `k_anonymity = 11`, or extend a preset; there is no default.",
        );
    }
    if tier == Some(Tier::Open) && root.word("goal", Goal::ALL).value() == Some(Goal::Deidentified) {
        desk.warn(
            root.place("tier"),
            "what is only `deidentified` stays personal data, and the tier is `open`",
            "Choose the goal `anonymized`, or another tier.",
        );
    }
}

fn keys(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    let Some(keys) = root.table("keys") else { return };
    let places: Vec<&str> = ["file", "environment", "command"].into_iter().filter(|key| keys.has(key)).collect();
    if root.word("goal", Goal::ALL).value() == Some(Goal::Anonymized) {
        for key in &places {
            desk.complain(
                keys.place(key),
                format!("`keys.{key}` would let somebody restore a release that must be `anonymized`"),
                "Remove it: the key is made for the run and destroyed; or choose the goal `deidentified`.",
            );
        }
    } else if let [_, second, ..] = *places {
        desk.complain(
            keys.place(second),
            format!("`keys` names {} places of the key", places.len()),
            "Keep one of them.",
        );
    }
    // a key in a profile would be published with it
    let command = keys.texts("command").unwrap_or_default();
    let suspects = [keys.owned("file"), keys.owned("environment"), keys.owned("release")];
    for (text, key) in suspects.into_iter().zip(["file", "environment", "release"]) {
        if text.is_some_and(|text| is_key(&text)) {
            complain_of_key(keys, key, desk);
        }
    }
    if command.iter().any(|text| is_key(text)) {
        complain_of_key(keys, "command", desk);
    }
    let keyed = columns.iter().any(|column| {
        matches!(column.apply, Given::Bad | Given::Value(OperatorSpec::Token { .. } | OperatorSpec::ShiftDate { .. }))
    });
    if !keyed && let Some(key) = places.first() {
        desk.warn(keys.place(key), "a key is named, and no operator uses one", "Remove it.");
    }
}

/// The keys of those who approve are public ones, in their one form.
fn approval(root: &Fields, desk: &mut Desk) {
    let Some(approval) = root.table("approval") else { return };
    for (key, found) in approval.texts("keys").unwrap_or_default().iter().zip(approval.list("keys")) {
        if key.starts_with("PRIVATE+KEY+") {
            let what = "`approval.keys` holds a private key";
            let advice = "Take the key out, use it no more, and name the public key of a new one: `FILE.pub`.";
            desk.complain(found.at, what, advice);
            continue;
        }
        let parts: Vec<&str> = key.splitn(3, '+').collect();
        let id = |id: &str| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !matches!(parts[..], [name, number, rest] if !name.is_empty() && id(number) && !rest.is_empty()) {
            let what = "`approval.keys` has a text that is no public key";
            desk.complain(found.at, what, "Write what `outis keygen --signing` put into `FILE.pub`: `name+id+key`.");
        }
    }
}

/// A signing program goes with its public key; and no key stands where its place is named.
fn evidence(root: &Fields, desk: &mut Desk) {
    let Some(evidence) = root.table("evidence") else { return };
    for (one, other) in [("sign_command", "sign_public"), ("sign_public", "sign_command")] {
        if evidence.has(one) && !evidence.has(other) {
            let what = format!("`evidence.{one}` stands without `{other}`");
            desk.miss(evidence.place(one), what, "Name the program that signs and the file with its public key.");
        }
    }
    if evidence.has("log_sign") && !evidence.has("log") {
        let what = "`evidence.log_sign` stands without `log`";
        desk.complain(
            evidence.place("log_sign"),
            what,
            "Name the folder of the organisation's log, or remove the key.",
        );
    }
    let mut texts: Vec<(&str, String)> = Vec::new();
    for key in ["sign", "sign_command"] {
        texts.extend(evidence.texts(key).unwrap_or_default().into_iter().map(|text| (key, text)));
    }
    for key in ["sign_public", "log_sign"] {
        texts.extend(evidence.owned(key).map(|text| (key, text)));
    }
    for (key, text) in texts {
        if is_key(&text) || text.starts_with("PRIVATE+KEY+") {
            let advice = "Take the key out, use it no more, and name the place where a new one is kept.";
            desk.complain(evidence.place(key), format!("`evidence.{key}` looks like a key itself"), advice);
        }
    }
}

fn complain_of_key(keys: &Fields, key: &str, desk: &mut Desk) {
    desk.complain(
        keys.place(key),
        format!("`keys.{key}` looks like a key itself"),
        "Take the key out, use it no more, and name the place where a new one is kept.",
    );
}

fn is_key(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 32 && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn formats(root: &Fields, desk: &mut Desk) {
    let format = |table: &str| match root.table(table).map(|table| table.text("format")) {
        Some(Given::Value(format)) => Some(format),
        _ => None,
    };
    let released = format("output").or(format("input"));
    if let (Some(output), Some(format @ ("parquet" | "ipc"))) = (root.table("output"), released)
        && let Some(compression @ ("gzip" | "zstd")) = output.text("compression").value()
    {
        desk.complain(
            output.place("compression"),
            format!("`{compression}` is for text formats, and the release is `{format}`, which compresses by itself"),
            "Remove `compression`.",
        );
    }
    if let Some(output) = root.table("output")
        && output.text("delimiter").value() == Some("\"")
    {
        desk.complain(
            output.place("delimiter"),
            "the delimiter of the release is its quote",
            "Choose another delimiter.",
        );
    }
    if let Some(input) = root.table("input") {
        let (delimiter, quote) = (input.byte("delimiter").unwrap_or(b','), input.text("quote"));
        let quote = match quote {
            Given::Absent => Some(b'"'),
            given => given.value().and_then(|text| text.bytes().next()),
        };
        if Some(delimiter) == quote {
            let at = input.place("delimiter").max(input.place("quote"));
            desk.complain(at, "the delimiter of the input is its quote", "Choose another delimiter or quote.");
        }
    }
}

fn examples(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    if columns.iter().any(|column| column.name.is_none()) {
        return;
    }
    let known: Vec<&str> = columns.iter().filter_map(|column| column.name).collect();
    let dropped: Vec<&str> =
        columns.iter().filter(|column| column.released().is_none()).filter_map(|column| column.name).collect();
    let released: Vec<&str> = columns.iter().filter_map(Draft::released).collect();
    for example in root.tables("example") {
        for (name, at, _) in example.map("in") {
            if !known.contains(&name.as_str()) {
                desk.complain(*at, format!("{} is not a column", quote(name)), did_you_mean(name, &known));
            }
        }
        for (name, at, _) in example.map("out") {
            if dropped.contains(&name.as_str()) && !released.contains(&name.as_str()) {
                desk.complain(
                    *at,
                    format!("column {} is dropped and cannot come out", quote(name)),
                    "Remove it from `out`.",
                );
            } else if !released.contains(&name.as_str()) {
                desk.complain(*at, format!("no column is released as {}", quote(name)), did_you_mean(name, &released));
            }
        }
    }
}

fn sources(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    for (path, at, found) in root.map("sources") {
        if matches!(found.node, Node::Bad) {
            continue;
        }
        let known = match path.strip_prefix("column.") {
            None => PROFILE.knows(path),
            Some(rest) => columns.iter().filter_map(|column| column.name).any(|name| {
                rest.strip_prefix(name)
                    .is_some_and(|key| key.is_empty() || key.strip_prefix('.').is_some_and(|key| COLUMN.knows(key)))
            }),
        };
        if !known {
            desk.complain(
                *at,
                format!("{} is not the path of a key", quote(path)),
                "Write the tables and the key with points between, as `privacy.k_anonymity` or `column.birth.level`.",
            );
        }
    }
}

fn files(columns: &[Draft<'_>], folder: &Path, desk: &mut Desk) {
    for column in columns {
        let tree = |given: &Given<HierarchySpec>, key: &'static str| match given {
            Given::Value(HierarchySpec::Tree { file, .. }) => Some((file.clone(), key)),
            _ => None,
        };
        let (generalize, hierarchy) = (tree(&column.generalize, "generalize"), tree(&column.hierarchy, "hierarchy"));
        for (file, key) in generalize.into_iter().chain(hierarchy) {
            if !folder.join(&file).is_file() {
                desk.complain(
                    column.fields.place(key),
                    format!("there is no hierarchy file {}", quote(&file)),
                    "Put it beside the profile, or write its path from there.",
                );
            }
        }
    }
}
