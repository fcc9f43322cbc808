//! The plan as a page for a human to sign. Its SHA-256 is the plan's digest, so it says everything that the run will do,
//! and nothing that a key, a clock or a machine decides.

use super::{ColumnPlan, Plan};
use crate::check::Model;
use crate::gate::KeyHome;
use crate::profile::{CutName, Goal, LevelsFrom, Minimize, Recoding, Unit};
use std::fmt::Write as _;

/// The page.
#[must_use]
pub fn explain(plan: &Plan) -> String {
    if let Some(signed) = &plan.signed {
        return signed.clone();
    }
    let mut page = String::new();
    write_page(plan, &mut page).expect("writing to a string cannot fail");
    page
}

fn write_page(plan: &Plan, out: &mut String) -> std::fmt::Result {
    writeln!(out, "Plan of profile {} {}", plan.name, plan.version)?;
    writeln!(out)?;
    writeln!(out, "goal      {}: {}", plan.goal.name(), goal_in_words(plan.goal))?;
    writeln!(out, "tier      {}", plan.tier.name())?;
    for (what, text) in [
        ("purpose", &plan.purpose),
        ("source", &plan.provenance.source),
        ("provider", &plan.provenance.provider),
        ("obtained", &plan.provenance.obtained),
        ("by", &plan.provenance.responsible),
        ("basis", &plan.provenance.basis),
    ] {
        if let Some(text) = text {
            writeln!(out, "{what:<9} {text}")?;
        }
    }
    if let Some(approval) = &plan.approval {
        writeln!(out, "approval  {} decides before anything leaves", approval.role)?;
        for key in &approval.keys {
            writeln!(out, "          by the key {key}")?;
        }
    }
    writeln!(out)?;
    write_columns(plan, out)?;
    writeln!(out)?;
    write_privacy(plan, out)?;
    writeln!(out)?;
    write_release(plan, out)?;
    writeln!(out)?;
    if !plan.conditions.is_empty() {
        writeln!(out, "Conditions that are not as by default")?;
        for (name, words) in &plan.conditions {
            writeln!(out, "  {name}: {words}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Rules of the gate, on the bytes that would leave, read back from disk")?;
    for rule in crate::gate::RULES {
        writeln!(out, "  {:<12} {}", rule.id, rule.reason)?;
    }
    if !plan.sources.is_empty() {
        writeln!(out)?;
        writeln!(out, "Where the numbers come from")?;
        for (key, source) in &plan.sources {
            writeln!(out, "  {key}: {source}")?;
        }
    }
    Ok(())
}

fn goal_in_words(goal: Goal) -> &'static str {
    match goal {
        Goal::Anonymized => "the release cannot identify anyone, and nobody can restore what was taken out",
        Goal::Deidentified => "the release cannot identify anyone without the key, which its holder keeps",
    }
}

fn write_columns(plan: &Plan, out: &mut String) -> std::fmt::Result {
    let rows: Vec<[String; 6]> = plan.columns.iter().map(row_of).collect();
    let head = ["column", "role", "type", "operator", "released as", "reversible by"].map(str::to_owned);
    let width = |at: usize| rows.iter().chain([&head]).map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    writeln!(out, "Columns")?;
    for row in [&head].into_iter().chain(&rows) {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(&widths) {
            let padding = width - cell.chars().count();
            write!(line, " {cell}{:padding$} ", "")?;
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn row_of(column: &ColumnPlan) -> [String; 6] {
    let mut operator = column.operator.to_owned();
    if !column.parameters.is_empty() {
        operator = format!("{operator} ({})", column.parameters);
    }
    [
        column.name.clone(),
        column.role.name().to_owned(),
        column.semantic.clone(),
        operator,
        column.released_as.clone().unwrap_or_else(|| "-".to_owned()),
        if column.released_as.is_some() { column.reversible_by.to_owned() } else { "-".to_owned() },
    ]
}

fn write_privacy(plan: &Plan, out: &mut String) -> std::fmt::Result {
    writeln!(out, "Privacy")?;
    let quasi: Vec<&str> = plan.quasi.iter().map(|at| plan.columns[*at].name.as_str()).collect();
    let quasi = if quasi.is_empty() { "none".to_owned() } else { quasi.join(", ") };
    writeln!(out, "  quasi-identifiers  {quasi}")?;
    match plan.k {
        Some(k) => writeln!(
            out,
            "  k-anonymity        {}: every class has at least {} {}",
            k.get(),
            k.get(),
            match plan.unit {
                Unit::Row => "rows",
                Unit::Subject => "persons, all rows of each counted together",
            }
        )?,
        None => writeln!(out, "  k-anonymity        not asked")?,
    }
    if let Some(rows) = plan.rows_per_subject {
        writeln!(out, "  rows of a person   at most {rows}, drawn by key")?;
    }
    for asked in plan.models.iter().filter(|asked| !matches!(asked.model, Model::KAnonymity(_))) {
        let of = asked.model.sensitive().and_then(|place| plan.sensitive.get(place));
        let of = of.map_or(String::new(), |at| format!("{}: ", plan.columns[*at].name));
        writeln!(out, "  {:<18} {of}{}", asked.model.name(), asked.words())?;
    }
    if plan.population_table {
        writeln!(
            out,
            "  population         counted in a table with a row for each member, put through the same operators"
        )?;
    }
    if plan.is_open() {
        let search = &plan.search;
        let from = match search.levels_from {
            LevelsFrom::Data => "all rows".to_owned(),
            LevelsFrom::Sample => format!("{} of the rows, drawn at random", search.sample),
            LevelsFrom::Declared => "the profile".to_owned(),
        };
        let what = if plan.recodes() { "regions" } else { "levels" };
        write!(out, "  {what:<18} the solver picks them from {from}: least {}", search.minimize.name())?;
        if search.minimize == Minimize::Loss {
            write!(out, " ({})", search.aggregate.name())?;
        }
        if (search.balance - 0.5).abs() > f64::EPSILON {
            write!(out, ", balance {}", search.balance)?;
        }
        for (limit, what) in [(search.seconds, "seconds"), (search.nodes, "combinations")] {
            if let Some(limit) = limit {
                write!(out, ", at most {limit} {what}")?;
            }
        }
        writeln!(out)?;
    }
    match plan.search.recoding {
        Recoding::Global => {}
        Recoding::Local => writeln!(
            out,
            "  recoding           local: rows that fit no levels of others have levels of their own; who knows the rule can undo part of it"
        )?,
        Recoding::Multidimensional => writeln!(
            out,
            "  recoding           {}: ranges and labels are cut where the rows are{}; who knows the rule can undo part of it",
            plan.search.recoding_name(),
            if plan.search.cut == CutName::Relaxed { ", and may share the value of a cut" } else { "" }
        )?,
    }
    writeln!(out, "  suppression        at most {} of the rows, whole classes", plan.suppress_at_most)
}

fn write_release(plan: &Plan, out: &mut String) -> std::fmt::Result {
    writeln!(out, "Release")?;
    let compression = match plan.layout.compression.name() {
        "none" => String::new(),
        name => format!(", {name}"),
    };
    writeln!(out, "  format   {}{compression}", plan.layout.format.name())?;
    writeln!(
        out,
        "  order    {}",
        if plan.shuffle {
            "shuffled with a key that is destroyed"
        } else {
            "as in the input: order may tell who is who"
        }
    )?;
    if let Some(share) = plan.sample {
        writeln!(out, "  sample   {share} of the rows, drawn at random")?;
    }
    if let Some(parts) = plan.parts {
        writeln!(out, "  files    {parts}")?;
    }
    let custody = match plan.key {
        KeyHome::Run => "made for this run, held in memory, destroyed before publishing",
        KeyHome::Kept => "given from outside",
        KeyHome::TestSeed => "from a test seed: repeatable, not private",
    };
    writeln!(out, "  keys     {}, 256 bits, {custody}", plan.suite)
}
