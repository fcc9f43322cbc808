//! Columns: from checked values to their types, and what a role permits.

use super::desk::{Desk, quote};
use super::node::{Fields, Given};
use super::operators::{hierarchy, operator, top_level};
use crate::domain::SemanticType;
use crate::profile::operator_spec::{HierarchySpec, OperatorSpec};
use crate::profile::spec::{ColumnSpec, Goal, Invalid, Role};

/// A column of which parts may be bad.
pub(super) struct Draft<'a> {
    pub(super) fields: &'a Fields,
    pub(super) name: Option<&'a str>,
    pub(super) role: Option<Role>,
    pub(super) apply: Given<OperatorSpec>,
    pub(super) generalize: Given<HierarchySpec>,
    pub(super) hierarchy: Given<HierarchySpec>,
}

impl<'a> Draft<'a> {
    /// Reads a column.
    pub(super) fn new(fields: &'a Fields, desk: &mut Desk) -> Self {
        Self {
            fields,
            name: fields.text("name").value(),
            role: fields.word("role", Role::ALL).value(),
            apply: operator(fields.found("apply"), desk),
            generalize: hierarchy(fields.found("generalize"), desk),
            hierarchy: hierarchy(fields.found("hierarchy"), desk),
        }
    }
    /// How messages call the column.
    pub(super) fn called(&self) -> String {
        self.name.map_or_else(|| "a column without a name".into(), |name| format!("column {}", quote(name)))
    }
    /// The name in the release, unless the column does not leave.
    pub(super) fn released(&self) -> Option<&'a str> {
        if matches!(self.apply, Given::Value(OperatorSpec::Drop)) {
            return None;
        }
        self.fields.text("as").value().or(self.name)
    }
    /// Whether the search must find its level.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.generalize, Given::Value(_)) && !self.fields.has("level")
    }
    /// The finished column; `None` if a part is bad.
    pub(super) fn finish(self) -> Option<ColumnSpec> {
        let fields = self.fields;
        let semantic = match fields.text("type") {
            Given::Absent => SemanticType::parse("text"),
            given => given.value().and_then(SemanticType::parse),
        };
        Some(ColumnSpec {
            name: self.name?.to_owned(),
            rename: fields.owned("as"),
            role: self.role?,
            semantic: semantic?,
            type_declared: fields.has("type"),
            invalid: fields.word("invalid", Invalid::ALL).value().unwrap_or(Invalid::Error),
            apply: self.apply.value(),
            generalize: self.generalize.value(),
            hierarchy: self.hierarchy.value(),
            level: fields.count("level").value(),
            min_level: fields.count("min_level").value(),
            max_level: fields.count("max_level").value(),
            weight: fields.number("weight").value().map_or(1.0, crate::value::Decimal::to_f64),
            position: fields.at,
        })
    }
}

/// Everything that one column can have wrong by itself.
pub(super) fn check(column: &Draft<'_>, goal: Option<Goal>, desk: &mut Desk) {
    match column.role {
        Some(Role::Direct) => direct(column, goal, desk),
        Some(Role::Subject) => subject(column, desk),
        Some(Role::Quasi) => {
            quasi(column, desk);
            identifying(column, Role::Quasi, desk);
        }
        Some(role @ (Role::Sensitive | Role::Insensitive)) => identifying(column, role, desk),
        None => (),
    }
    for (key, fit) in [("generalize", Role::Quasi), ("hierarchy", Role::Sensitive)] {
        // a sensitive column may be made coarse too, at a level that is fixed: the search looks at quasi columns only
        let coarse = key == "generalize" && column.role == Some(Role::Sensitive);
        if let Some(role) = column.role
            && role != fit
            && column.fields.has(key)
            && !(coarse && column.fields.has("level"))
        {
            desk.complain(
                column.fields.place(key),
                format!("`{key}` is for {} columns, and {} is {}", fit.name(), column.called(), role.name()),
                if coarse {
                    "Fix its `level`: the search picks those of quasi columns only."
                } else if key == "generalize" {
                    "Use `apply` for it, as `apply = { date = \"year\" }`."
                } else {
                    "Remove it."
                },
            );
        }
    }
    levels(column, desk);
}

fn direct(column: &Draft<'_>, goal: Option<Goal>, desk: &mut Desk) {
    let at = column.fields.place("apply");
    let called = column.called();
    let advice = "Use `drop`, `redact`, `surrogate` or `token`.";
    match column.apply.as_ref() {
        Given::Absent => {
            desk.miss(
                column.fields.at,
                format!("{called} names a person and has no `apply`"),
                format!("Add `apply`. {advice}"),
            );
        }
        Given::Bad => (),
        Given::Value(operator) => match operator {
            OperatorSpec::Drop
            | OperatorSpec::Redact { .. }
            | OperatorSpec::Token { .. }
            | OperatorSpec::Surrogate { .. } => (),
            OperatorSpec::Mask { .. } => match goal {
                Some(Goal::Anonymized) => {
                    desk.complain(at, format!("{called} names a person, and `mask` leaves part of the name"), advice);
                }
                Some(Goal::Deidentified) => {
                    desk.warn(at, format!("{called} names a person, and `mask` leaves part of the name"), advice);
                }
                None => (),
            },
            OperatorSpec::Keep
            | OperatorSpec::Round { .. }
            | OperatorSpec::Clamp { .. }
            | OperatorSpec::Truncate { .. }
            | OperatorSpec::DatePrecision { .. }
            | OperatorSpec::ShiftDate { .. }
            | OperatorSpec::Microaggregate { .. }
            | OperatorSpec::Noise { .. }
            | OperatorSpec::Shuffle => {
                let what = format!("{called} names a person, and `{}` is not fit for that", operator.name());
                desk.complain(at, what, advice);
            }
        },
    }
}

fn subject(column: &Draft<'_>, desk: &mut Desk) {
    let called = column.called();
    let advice = "Use `token`, or `drop`.";
    match column.apply.as_ref() {
        Given::Absent => {
            desk.miss(
                column.fields.at,
                format!("{called} names the person and has no `apply`"),
                format!("Add `apply`. {advice}"),
            );
        }
        Given::Bad | Given::Value(OperatorSpec::Token { .. } | OperatorSpec::Drop) => (),
        Given::Value(OperatorSpec::Surrogate { .. }) => desk.complain(
            column.fields.place("apply"),
            format!("{called} groups the rows of a person, and `surrogate` gives each row another name"),
            advice,
        ),
        Given::Value(operator) => desk.complain(
            column.fields.place("apply"),
            format!("{called} names the person, and `{}` is not fit for that", operator.name()),
            advice,
        ),
    }
}

fn quasi(column: &Draft<'_>, desk: &mut Desk) {
    let at = column.fields.place("apply");
    let called = column.called();
    if !column.apply.is_absent() && !column.generalize.is_absent() {
        desk.complain(
            at.max(column.fields.place("generalize")),
            format!("{called} has both `apply` and `generalize`"),
            "Keep one of them.",
        );
        return;
    }
    let Given::Value(operator) = column.apply.as_ref() else { return };
    match operator {
        OperatorSpec::Keep
        | OperatorSpec::Round { .. }
        | OperatorSpec::Clamp { .. }
        | OperatorSpec::Truncate { .. }
        | OperatorSpec::DatePrecision { .. }
        | OperatorSpec::Microaggregate { .. }
        | OperatorSpec::Redact { .. }
        | OperatorSpec::Drop
        | OperatorSpec::Mask { .. } => (),
        OperatorSpec::Token { .. } | OperatorSpec::Surrogate { .. } => desk.complain(
            at,
            format!("{called} is quasi, and a `{}` hides whether its values are rare", operator.name()),
            "Use `generalize`; or give it the role `direct` if it names a person alone.",
        ),
        OperatorSpec::Noise { .. } | OperatorSpec::ShiftDate { .. } | OperatorSpec::Shuffle => desk.warn(
            at,
            format!("{called} is quasi, and classes are counted after `{}`", operator.name()),
            "Use `generalize` where classes shall mean what they did in the input.",
        ),
    }
}

/// A type that names one person alone may not leave as it is, or in part, under a role that says it does not.
fn identifying(column: &Draft<'_>, role: Role, desk: &mut Desk) {
    let named = column.fields.text("type").value().and_then(SemanticType::parse);
    let shown = match column.apply.as_ref() {
        Given::Absent => match column.generalize.as_ref() {
            Given::Absent => true,
            Given::Value(_) => {
                let least = column.fields.count(if column.is_open() { "min_level" } else { "level" });
                least.value().unwrap_or(0) == 0 && !matches!(least, Given::Bad)
            }
            Given::Bad => false,
        },
        Given::Bad => false,
        Given::Value(operator) => match operator {
            OperatorSpec::Keep | OperatorSpec::Shuffle => true,
            OperatorSpec::Truncate { characters } => *characters > 0,
            OperatorSpec::Mask { keep_first, keep_last, keep_from, .. } => {
                *keep_first > 0 || *keep_last > 0 || keep_from.is_some()
            }
            OperatorSpec::Drop
            | OperatorSpec::Redact { .. }
            | OperatorSpec::Token { .. }
            | OperatorSpec::Surrogate { .. }
            | OperatorSpec::Round { .. }
            | OperatorSpec::Clamp { .. }
            | OperatorSpec::DatePrecision { .. }
            | OperatorSpec::ShiftDate { .. }
            | OperatorSpec::Microaggregate { .. }
            | OperatorSpec::Noise { .. } => false,
        },
    };
    if let Some(semantic) = named
        && semantic.identifies()
        && shown
    {
        desk.complain(
            column.fields.place("role"),
            format!("{} is {}, and `{}` names one person alone", column.called(), role.name(), semantic.name()),
            "Give it the role `direct` or `subject`, or apply `drop`, `redact`, `surrogate` or `token`.",
        );
    }
}

fn levels(column: &Draft<'_>, desk: &mut Desk) {
    let fields = column.fields;
    let keys = ["level", "min_level", "max_level"];
    let given = keys.map(|key| fields.count(key).value());
    if column.generalize.is_absent() {
        for key in keys.into_iter().chain(["weight"]).filter(|key| fields.has(key)) {
            let what = format!("{} has `{key}` and no `generalize`", column.called());
            desk.complain(fields.place(key), what, format!("Add `generalize`, or remove `{key}`."));
        }
    }
    if let Given::Value(hierarchy) = column.generalize.as_ref()
        && let Some(top) = top_level(hierarchy)
    {
        for (key, level) in keys.into_iter().zip(given) {
            if let Some(level) = level.filter(|level| *level > top) {
                desk.complain(
                    fields.place(key),
                    format!("`{key}` is {level}, and the hierarchy ends at level {top}"),
                    format!("Write 0 (the raw value) to {top} (everything becomes `*`)."),
                );
            }
        }
    }
    let [level, least, most] = given;
    let mut ordered = |low: Option<usize>, high: Option<usize>, low_key: &str, high_key: &str, at: &str| {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            let what = format!("`{low_key}` {low} is above `{high_key}` {high}");
            desk.complain(fields.place(at), what, format!("Give a `{low_key}` of at most `{high_key}`."));
        }
    };
    if level.is_some() {
        ordered(least, level, "min_level", "level", "level");
        ordered(level, most, "level", "max_level", "level");
    } else {
        ordered(least, most, "min_level", "max_level", "max_level");
    }
    if fields.number("weight").value().is_some_and(|weight| weight.mantissa() < 0) {
        desk.complain(fields.place("weight"), "`weight` is below 0", "Write 0 or more.");
    }
}
