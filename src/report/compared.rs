//! Profiles side by side: the numbers of each, and one HTML page of them without scripts.

use super::page::{STYLE, escape, grouped};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One profile: what it protects, what it costs, how long its search took.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// Its name.
    pub profile: String,
    /// Its version.
    pub version: String,
    /// Whether levels were found that hold.
    pub holds: bool,
    /// Why not.
    pub why_not: Option<String>,
    /// Level of every column with a hierarchy; empty where rows are recoded by region.
    pub levels: BTreeMap<String, u64>,
    /// `global`: by levels; `local` or `multidimensional`: by region.
    pub recoding: &'static str,
    /// Rows of the input that take part.
    pub rows: u64,
    /// Share of them that is suppressed.
    pub suppressed_share: f64,
    /// Classes that are released.
    pub classes: u64,
    /// Members of the smallest.
    pub k_anonymity: u64,
    /// Highest risk of a person who is known to be in the release.
    pub highest_risk: f64,
    /// Average risk.
    pub average_risk: f64,
    /// Share of the people with a risk above 0.2.
    pub share_at_risk: f64,
    /// What is lost, by several metrics; all of the same data, so that they can be compared. Of regions those metrics that do not
    /// go by levels, and as `loss-of-levels` what the best levels would lose.
    pub loss: BTreeMap<&'static str, f64>,
    /// Whether the search proved that no levels lose less by the profile's own metric.
    pub optimal: bool,
    /// Time of the search.
    pub search_seconds: f64,
    /// Rows per second of the survey.
    pub survey_rows_per_second: f64,
    /// Whether the survey is that of an earlier profile of the list.
    pub survey_shared: bool,
    /// Memory of the table of classes.
    pub class_table_bytes: u64,
}

/// The page: one column for each profile.
#[must_use]
pub fn comparison_html(compared: &[Compared]) -> String {
    let mut page = String::new();
    write_page(compared, &mut page).expect("writing to a string cannot fail");
    page
}

type Cell = fn(&Compared) -> String;

fn write_page(compared: &[Compared], out: &mut String) -> std::fmt::Result {
    writeln!(out, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Profiles compared</title>")?;
    writeln!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style><main>"
    )?;
    let rows = compared.first().map_or(0, |one| one.rows);
    writeln!(out, "<h1>Profiles compared</h1><div class=\"soft\">{} rows of one input</div>", grouped(rows))?;
    let risk: [Cell; 4] = [
        |one| grouped(one.k_anonymity),
        |one| percent(one.highest_risk),
        |one| percent(one.average_risk),
        |one| percent(one.share_at_risk),
    ];
    table(out, compared, "Risk", &["smallest class", "highest risk", "average risk", "people above 20 %"], &risk)?;
    let cost: [Cell; 7] = [
        |one| percent(one.suppressed_share),
        |one| grouped(one.classes),
        |one| loss(one, "loss"),
        |one| loss(one, "entropy-normalized"),
        |one| loss(one, "precision"),
        |one| loss(one, "class-size"),
        |one| loss(one, "discernibility"),
    ];
    let names = [
        "suppressed",
        "classes",
        "loss",
        "entropy, sum over columns",
        "precision, 0 to 1",
        "class size",
        "discernibility",
    ];
    table(out, compared, "What is lost", &names, &cost)?;
    let work: [Cell; 4] = [
        |one| format!("{:.3} s", one.search_seconds),
        |one| if one.optimal { "proven".into() } else { "not proven".into() },
        |one| format!("{:.0}{}", one.survey_rows_per_second, if one.survey_shared { " (shared)" } else { "" }),
        |one| grouped(one.class_table_bytes),
    ];
    table(out, compared, "Work", &["search", "optimum", "survey, rows/s", "class table, bytes"], &work)?;
    write_levels(compared, out)?;
    writeln!(
        out,
        "<h2>What this does not say</h2><p>All losses are of the same data, every column weighing the same. A smaller risk is one against somebody who knows the quasi-identifiers; sensitive values that a class shares are another matter. Nothing was released.</p></main></html>"
    )
}

fn table(out: &mut String, compared: &[Compared], title: &str, names: &[&str], cells: &[Cell]) -> std::fmt::Result {
    write!(out, "<h2>{title}</h2><div class=\"wide\"><table><tr><th></th>")?;
    for one in compared {
        write!(out, "<th>{} <span class=\"soft\">{}</span></th>", escape(&one.profile), escape(&one.version))?;
    }
    writeln!(out, "</tr>")?;
    for (name, cell) in names.iter().zip(cells) {
        write!(out, "<tr><td class=\"soft\">{name}</td>")?;
        for one in compared {
            write!(out, "<td>{}</td>", if one.holds { cell(one) } else { "–".into() })?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</table></div>")
}

/// Levels column by column, and why a profile does not hold.
fn write_levels(compared: &[Compared], out: &mut String) -> std::fmt::Result {
    writeln!(out, "<h2>Levels</h2><div class=\"wide\"><table><tr><th>profile</th><th></th><th>levels</th></tr>")?;
    for one in compared {
        let levels: Vec<String> =
            one.levels.iter().map(|(column, level)| format!("{} {level}", escape(column))).collect();
        let (class, verdict) = if one.holds { ("good", "holds") } else { ("bad", "does not hold") };
        let how = if levels.is_empty() { format!("{} recoding", one.recoding) } else { levels.join(", ") };
        let told = one.why_not.as_deref().map_or(how, escape);
        writeln!(out, "<tr><td>{}</td><td class=\"{class}\">{verdict}</td><td>{told}</td></tr>", escape(&one.profile))?;
    }
    writeln!(out, "</table></div>")
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn loss(one: &Compared, metric: &str) -> String {
    one.loss.get(metric).map_or_else(|| "–".into(), |loss| format!("{loss:.4}"))
}
