//! Operators and hierarchies: from checked values to their types.
//!
//! Responsible for: what needs several values of one operator or hierarchy. It does not know the column's role.

use super::desk::Desk;
use super::node::{Fields, Found, Given, Node};
use crate::profile::operator_spec::{
    CentreName, DateStep, Encoding, HierarchySpec, NoiseSpec, OperatorSpec, RegionName,
};
use crate::profile::spec::Position;
use crate::value::Decimal;
use std::collections::BTreeMap;

/// The operator that `apply` names.
pub(super) fn operator(found: Option<&Found>, desk: &mut Desk) -> Given<OperatorSpec> {
    let Some(found) = found else { return Given::Absent };
    let Node::Choice(name, behind) = &found.node else { return Given::Bad };
    let operator = match &behind.node {
        Node::Text(step) => DateStep::parse(step).map(|step| OperatorSpec::DatePrecision { step }),
        Node::Table(fields) => with_parameters(name, fields, desk),
        _ => None,
    };
    operator.map_or(Given::Bad, Given::Value)
}

fn with_parameters(name: &str, fields: &Fields, desk: &mut Desk) -> Option<OperatorSpec> {
    Some(match name {
        "keep" => OperatorSpec::Keep,
        "drop" => OperatorSpec::Drop,
        "shuffle" => OperatorSpec::Shuffle,
        "redact" => OperatorSpec::Redact { with: fields.owned("with").unwrap_or_else(|| "***".into()) },
        "mask" => OperatorSpec::Mask {
            keep_first: fields.count("keep_first").value().unwrap_or(0),
            keep_last: fields.count("keep_last").value().unwrap_or(0),
            keep_from: fields.owned("keep_from"),
            with: fields.text("with").value().and_then(|text| text.chars().next()).unwrap_or('*'),
            length: fields.count("length").value(),
        },
        "token" => {
            let (bits, encoding) = (bits(fields, desk), encoding(fields));
            OperatorSpec::Token { domain: fields.owned("domain")?, bits, encoding }
        }
        "surrogate" => OperatorSpec::Surrogate { bits: bits(fields, desk), encoding: encoding(fields) },
        "round" => OperatorSpec::Round { step: fields.number("step").value()? },
        "clamp" => {
            if !fields.has("low") && !fields.has("high") {
                desk.miss(fields.at, "`clamp` has neither `low` nor `high`", "Add at least one bound.");
            }
            let (low, high) = bounds(fields, "clamp", desk);
            OperatorSpec::Clamp { low, high }
        }
        "truncate" => OperatorSpec::Truncate { characters: fields.count("characters").value()? },
        "shift_date" => {
            OperatorSpec::ShiftDate { days: fields.whole("days").value().and_then(|days| u32::try_from(days).ok())? }
        }
        "microaggregate" => OperatorSpec::Microaggregate {
            k: fields.whole("k").value()?,
            step: fields.number("step").value()?,
            with: fields.word("with", CentreName::ALL).value().unwrap_or(CentreName::Mean),
            group: fields.owned("group"),
        },
        "noise" => return noise(fields, desk),
        _ => return None,
    })
}

fn noise(fields: &Fields, desk: &mut Desk) -> Option<OperatorSpec> {
    let (laplace, gaussian) = (fields.number("laplace"), fields.number("gaussian"));
    match (laplace.is_absent(), gaussian.is_absent()) {
        (true, true) => desk.miss(
            fields.at,
            "`noise` has neither `laplace` nor `gaussian`",
            "Add one of them, with the scale of the noise.",
        ),
        (false, false) => {
            let at = fields.place("laplace").max(fields.place("gaussian"));
            desk.complain(at, "`noise` has both `laplace` and `gaussian`", "Keep one of them.");
        }
        _ => (),
    }
    let (low, high) = bounds(fields, "noise", desk);
    let step = fields.number("step").value().unwrap_or_else(|| Decimal::whole(1));
    let scale = |number: Decimal| Some(number.to_f64()).filter(|scale| scale.is_finite() && *scale > 0.0);
    let noise = match (laplace.and_then(scale), gaussian.and_then(scale)) {
        (Given::Value(scale), _) => NoiseSpec::Laplace(scale),
        (_, Given::Value(scale)) => NoiseSpec::Gaussian(scale),
        _ => return None,
    };
    Some(OperatorSpec::Noise { noise, step, low, high })
}

/// `low` and `high`, in order.
fn bounds(fields: &Fields, name: &str, desk: &mut Desk) -> (Option<Decimal>, Option<Decimal>) {
    let (low, high) = (fields.number("low").value(), fields.number("high").value());
    if let (Some(low), Some(high)) = (low, high)
        && low.compare(high).is_ge()
    {
        desk.complain(
            fields.place("high"),
            format!("`{name}` has `high` {} at or below `low` {}", written(high), written(low)),
            "Give a `high` above `low`.",
        );
    }
    (low, high)
}

fn bits(fields: &Fields, desk: &mut Desk) -> u16 {
    let bits = fields.whole("bits").value().unwrap_or(128);
    let at = fields.place("bits");
    if !bits.is_multiple_of(8) {
        desk.complain(at, format!("`bits` is {bits}, which is no multiple of 8"), "Write 128, 192 or 256.");
    } else if bits < 128 {
        desk.warn(
            at,
            format!("with {bits} bits two values may get the same name; the run then stops"),
            "Write `bits = 128` unless short names are needed.",
        );
    }
    u16::try_from(bits).unwrap_or(128)
}

fn encoding(fields: &Fields) -> Encoding {
    fields.word("encoding", Encoding::ALL).value().unwrap_or(Encoding::Hex)
}

/// The hierarchy that `generalize` names.
pub(super) fn hierarchy(found: Option<&Found>, desk: &mut Desk) -> Given<HierarchySpec> {
    let Some(found) = found else { return Given::Absent };
    if let Node::Text(file) = &found.node {
        // a sensitive column names the file alone
        return Given::Value(HierarchySpec::Tree { file: file.clone(), separator: b',' });
    }
    let Node::Choice(name, behind) = &found.node else { return Given::Bad };
    let hierarchy = match (*name, &behind.node) {
        ("interval", Node::Table(fields)) => interval(fields, desk),
        ("prefix", Node::List(lengths)) => {
            falling("prefix", lengths, desk).map(|lengths| HierarchySpec::Prefix { lengths })
        }
        ("suffix", Node::List(lengths)) => {
            falling("suffix", lengths, desk).map(|lengths| HierarchySpec::Suffix { lengths })
        }
        ("region", Node::List(steps)) => regions(steps, desk),
        ("frequency", Node::Table(fields)) => frequency(fields, desk),
        ("date", Node::List(steps)) => dates(steps, desk),
        ("categories", Node::Table(fields)) => {
            Some(categories(fields.map("groups"), fields.owned("other"), fields.place("groups"), desk))
        }
        ("categories", Node::Map(groups)) => Some(categories(groups, None, behind.at, desk)),
        ("tree", Node::Text(file)) => Some(HierarchySpec::Tree { file: file.clone(), separator: b',' }),
        ("tree", Node::Table(fields)) => fields
            .owned("file")
            .map(|file| HierarchySpec::Tree { file, separator: fields.byte("separator").unwrap_or(b',') }),
        _ => None,
    };
    hierarchy.map_or(Given::Bad, Given::Value)
}

/// Number of the highest level, where the profile alone tells it.
pub(super) fn top_level(hierarchy: &HierarchySpec) -> Option<usize> {
    match hierarchy {
        HierarchySpec::Interval { steps, .. } => Some(steps.len() + 1),
        HierarchySpec::Prefix { lengths } | HierarchySpec::Suffix { lengths } => Some(lengths.len() + 1),
        HierarchySpec::Region { steps } => Some(steps.len() + 1),
        HierarchySpec::Frequency { keep, .. } => Some(keep.len() + 1),
        HierarchySpec::Date { steps } => Some(steps.len() + 1),
        HierarchySpec::Categories { .. } => Some(2),
        HierarchySpec::Tree { .. } => None,
    }
}

fn interval(fields: &Fields, desk: &mut Desk) -> Option<HierarchySpec> {
    let mut steps: Vec<Decimal> = Vec::new();
    for element in fields.list("steps") {
        let Node::Number(step) = element.node else { continue };
        if let Some(before) = steps.last()
            && (step.compare(*before).is_le() || !on_grid(step, Decimal::whole(0), *before))
        {
            desk.complain(
                element.at,
                format!("step {} is not a multiple of {}, the one before", written(step), written(*before)),
                "Let each step be a larger multiple of the one before, as `steps = [5, 10, 20]`.",
            );
        }
        steps.push(step);
    }
    let origin = fields.number("origin").value().unwrap_or_else(|| Decimal::whole(0));
    let (low, high) = bounds(fields, "interval", desk);
    let finest = steps.first().copied()?;
    for (key, bound) in [("low", low), ("high", high)] {
        if let Some(bound) = bound
            && !on_grid(bound, origin, finest)
        {
            desk.complain(
                fields.place(key),
                format!("`{key}` {} is no boundary of the first step {}", written(bound), written(finest)),
                "Move the bound to a multiple of the first step, counted from `origin`.",
            );
        }
    }
    Some(HierarchySpec::Interval { steps, origin, low, high })
}

/// Characters kept at each level.
fn falling(kind: &str, lengths: &[Found], desk: &mut Desk) -> Option<Vec<usize>> {
    let mut kept: Vec<usize> = Vec::new();
    for element in lengths {
        let Node::Whole(length) = element.node else { continue };
        let length = usize::try_from(length).ok()?;
        if kept.last().is_some_and(|before| length >= *before) {
            desk.complain(
                element.at,
                format!("{kind} length {length} does not fall"),
                format!("Let each length be below the one before, as `{kind} = [4, 3, 2]`."),
            );
        }
        kept.push(length);
    }
    Some(kept)
}

fn regions(elements: &[Found], desk: &mut Desk) -> Option<HierarchySpec> {
    let mut steps: Vec<RegionName> = Vec::new();
    for element in elements {
        let Node::Text(text) = &element.node else { continue };
        let (_, step) = RegionName::ALL.iter().find(|(name, _)| name == text)?;
        if steps.last().is_some_and(|before| before >= step) {
            desk.complain(
                element.at,
                format!("region step `{text}` is not coarser than the one before"),
                "Let each step be coarser, as `region = [\"city\", \"province\", \"part\"]`.",
            );
        }
        steps.push(*step);
    }
    Some(HierarchySpec::Region { steps })
}

/// The most frequent values, and how many of them stay.
fn frequency(fields: &Fields, desk: &mut Desk) -> Option<HierarchySpec> {
    let order = fields.texts("order")?;
    let mut seen = std::collections::BTreeSet::new();
    for (text, element) in order.iter().zip(fields.list("order")) {
        if !seen.insert(text) {
            let what = format!("{} stands twice in `order`", super::desk::quote(text));
            desk.complain(element.at, what, "Remove one of them.");
        }
    }
    let mut keep: Vec<usize> = Vec::new();
    for element in fields.list("keep") {
        let Node::Whole(number) = element.node else { continue };
        let number = usize::try_from(number).ok()?;
        let advice =
            "Let each number be below the one before and none above the values of `order`, as `keep = [20, 10]`.";
        if keep.last().is_some_and(|before| number >= *before) {
            desk.complain(
                element.at,
                format!("{number} values are not fewer than the {} before", keep[keep.len() - 1]),
                advice,
            );
        } else if number > order.len() {
            desk.complain(element.at, format!("`order` names {} values, and {number} are kept", order.len()), advice);
        }
        keep.push(number);
    }
    let other = fields.owned("other").unwrap_or_else(|| "other".into());
    if order.contains(&other) {
        let what = format!("{} is a value and the name of all others", super::desk::quote(&other));
        let at = if fields.has("other") { fields.place("other") } else { fields.at };
        desk.complain(at, what, "Call the others something that is no value.");
    }
    Some(HierarchySpec::Frequency { order, keep, other })
}

fn dates(elements: &[Found], desk: &mut Desk) -> Option<HierarchySpec> {
    let mut steps: Vec<DateStep> = Vec::new();
    for element in elements {
        let Node::Text(text) = &element.node else { continue };
        let step = DateStep::parse(text)?;
        if let Some(before) = steps.last()
            && (!before.refines(step) || *before == step)
        {
            desk.complain(
                element.at,
                format!("a `{}` does not lie inside one `{}`", before.name(), step.name()),
                "Let each step be made of whole groups of the one before, as `date = [\"month\", \"year\", \"5-years\"]`.",
            );
        }
        steps.push(step);
    }
    Some(HierarchySpec::Date { steps })
}

fn categories(
    entries: &[(String, Position, Found)],
    other: Option<String>,
    at: Position,
    desk: &mut Desk,
) -> HierarchySpec {
    if entries.is_empty() {
        desk.complain(
            at,
            "`categories` has no groups",
            "Name the group of each value, as `{ flu = \"respiratory\" }`.",
        );
    }
    let groups: BTreeMap<String, String> = entries
        .iter()
        .filter_map(|(value, _, group)| match &group.node {
            Node::Text(group) => Some((value.clone(), group.clone())),
            _ => None,
        })
        .collect();
    HierarchySpec::Categories { groups, other }
}

/// Whether a number is `origin` plus a whole number of steps; numbers too long to tell are not.
fn on_grid(number: Decimal, origin: Decimal, step: Decimal) -> bool {
    let scale = number.scale().max(origin.scale()).max(step.scale());
    let parts = (number.rescaled(scale), origin.rescaled(scale), step.rescaled(scale));
    let (Some(number), Some(origin), Some(step)) = parts else { return false };
    let distance = number.mantissa().checked_sub(origin.mantissa());
    distance.and_then(|distance| distance.checked_rem(step.mantissa())) == Some(0)
}

/// A number as it is read back.
fn written(number: Decimal) -> String {
    let mut text = Vec::new();
    number.write(&mut text);
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_are_exact() {
        let number = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        assert!(on_grid(number("0.3"), number("0"), number("0.1")), "0.1 has no error here");
        assert!(on_grid(number("-7"), number("3"), number("5.0")));
        assert!(!on_grid(number("7"), number("0"), number("5")));
        let long = "9".repeat(38);
        assert!(!on_grid(number(&long), number("0"), number("0.0000000001")), "too long to tell");
        assert!(!on_grid(number("1"), number("0"), number("0")));
    }
}
