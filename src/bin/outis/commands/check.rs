//! `outis check`: the k-anonymity of any table, whoever made it.

use super::{load_profile, override_input, print_json, say};
use crate::args::{CheckArgs, Told};
use crate::exit::Exit;
use crate::progress::Line;
use outis::error::{ErrorKind, Result, counted, counted_classes, shown};
use outis::group::ClassTable;
use outis::limits::K;
use outis::profile::{InputSpec, Ragged, Role, StrayQuotes, Unit};
use outis::read::{self, Source};
use outis::run::{Options, Progress, measure};
use std::sync::Arc;

pub(crate) fn run(arguments: &CheckArgs, told: Told) -> Result<Exit> {
    let (question, k, mut input) = question(arguments, told)?;
    override_input(&mut input, &arguments.reading)?;
    let names = question.quasi.clone();
    let source = Source::open(&read::expand(&arguments.input)?, read::Options::from_spec(&input, names)?)?;
    let options = Options {
        threads: usize::from(arguments.working.threads),
        memory: arguments.working.memory,
        ..Options::default()
    };
    let progress = Arc::new(Progress::default());
    let line = Line::start(&progress, told.quiet || told.json);
    let table = measure::measure(&source, &question, &options, &progress);
    drop(line);
    let table = table?;
    let smallest = table.members().iter().copied().min();
    let holds = k.is_none_or(|k| smallest.is_none_or(|smallest| smallest >= u64::from(k.get())));
    if told.json {
        print_json(&document(&table, &question, k, holds))?;
    }
    if !told.quiet {
        tell(&table, &question, k, holds);
    }
    Ok(if holds { Exit::Fine } else { Exit::Refused })
}

/// What is asked, from the profile or the arguments.
fn question(arguments: &CheckArgs, told: Told) -> Result<(measure::Question, Option<K>, InputSpec)> {
    let asked = match arguments.k {
        Some(k) => Some(K::new(k).ok_or_else(|| ErrorKind::Usage("--k is at least 2".into()))?),
        None => None,
    };
    let Some(path) = &arguments.profile else {
        let question = measure::Question {
            quasi: arguments.quasi.clone(),
            sensitive: Vec::new(),
            subject: arguments.subject.clone(),
        };
        return Ok((question, asked, plain_input()));
    };
    let (loaded, _) = load_profile(path, told)?;
    let profile = loaded.profile;
    let of_role = |role: Role| {
        profile.columns.iter().filter(move |column| column.role == role).map(|column| column.released_name().to_owned())
    };
    let subject = if profile.privacy.unit == Unit::Subject { of_role(Role::Subject).next() } else { None };
    let question = measure::Question { quasi: of_role(Role::Quasi).collect(), sensitive: Vec::new(), subject };
    // a release of ours: its own null text and delimiter
    let input =
        InputSpec { delimiter: profile.output.delimiter, null: vec![profile.output.null.clone()], ..plain_input() };
    Ok((question, asked.or(profile.privacy.k), input))
}

/// How a table is read when no profile says.
fn plain_input() -> InputSpec {
    InputSpec {
        format: None,
        encoding: "utf-8".into(),
        delimiter: b',',
        quote: Some(b'"'),
        header: true,
        null: vec![String::new()],
        ragged: Ragged::Error,
        stray_quotes: StrayQuotes::Error,
    }
}

/// Bounds of the histogram's bins: classes of 1, 2, 3–4, 5–9 and so on members.
const BINS: [u64; 9] = [1, 2, 3, 5, 10, 20, 50, 100, 1000];

/// Classes and rows by size of class.
fn histogram(table: &ClassTable) -> Vec<(u64, Option<u64>, u64, u64)> {
    let mut bins: Vec<_> =
        BINS.iter().enumerate().map(|(at, low)| (*low, BINS.get(at + 1).map(|next| next - 1), 0, 0)).collect();
    for (members, rows) in table.members().iter().zip(table.rows()) {
        if let Some(bin) = bins.iter_mut().rev().find(|bin| bin.0 <= *members) {
            bin.2 += 1;
            bin.3 += rows;
        }
    }
    bins
}

fn document(table: &ClassTable, question: &measure::Question, k: Option<K>, holds: bool) -> serde_json::Value {
    let members: u64 = table.members().iter().sum();
    let smallest = table.members().iter().copied().min();
    let bins: Vec<_> = histogram(table)
        .into_iter()
        .map(|(low, high, classes, rows)| serde_json::json!({ "from": low, "to": high, "classes": classes, "rows": rows }))
        .collect();
    serde_json::json!({
        "quasi": question.quasi,
        "subject": question.subject,
        "unit": if question.subject.is_some() { "subject" } else { "row" },
        "rows": table.total_rows(),
        "members": members,
        "classes": table.len(),
        "k_anonymity": smallest,
        "k_asked": k.map(K::get),
        "holds": holds,
        "unique_classes": table.members().iter().filter(|members| **members == 1).count(),
        "highest_risk": smallest.map(|smallest| format!("1/{smallest}")),
        "average_risk": (members > 0).then(|| format!("{}/{members}", table.len())),
        "class_sizes": bins,
    })
}

fn tell(table: &ClassTable, question: &measure::Question, k: Option<K>, holds: bool) {
    let unit = if question.subject.is_some() { "person" } else { "row" };
    let (rows, classes) = (counted(table.total_rows(), "row"), counted_classes(table.len() as u64));
    let over: Vec<String> = question.quasi.iter().map(|name| shown(name)).collect();
    say(&format!("{rows}, {classes} over {}", over.join(", ")));
    match table.members().iter().min() {
        Some(smallest) => {
            say(&format!("  k-anonymity  {smallest}: the smallest class has {}", counted(*smallest, unit)));
        }
        None => say("  k-anonymity  the table has no rows"),
    }
    say("  members        classes         rows");
    for (low, high, classes, rows) in histogram(table) {
        let range = match high {
            Some(high) if high == low => low.to_string(),
            Some(high) => format!("{low}-{high}"),
            None => format!("{low} and more"),
        };
        say(&format!("  {range:<12} {classes:>9} {rows:>12}"));
    }
    if let Some(k) = k {
        let verdict = match (holds, table.is_empty()) {
            (_, true) => "no rows",
            (true, false) => "holds",
            (false, false) => "does not hold",
        };
        say(&format!("  asked: at least {}: {verdict}", k.get()));
    }
}
