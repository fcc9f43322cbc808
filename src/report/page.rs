//! The report as one HTML page: no script, no outside file, readable in print and in the dark.

use super::{Aggregation, RunReport};
use crate::log::Status;
use std::fmt::Write as _;

pub(super) const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1c2330;--soft:#5d6778;--line:#d9dee7;--page:#fff;--card:#f6f8fb;--good:#0a7a4b;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf3;--soft:#9aa5b8;--line:#333c4b;--page:#12161d;--card:#1a202a;--good:#4fd39b;--bad:#ff8a80}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,'Noto Sans CJK SC',sans-serif}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.5rem}
h1{font-size:1.7rem;margin:0 0 .2rem}h2{font-size:1.15rem;margin:2.4rem 0 .7rem}
.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:#c77d0a}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem;margin-top:1.4rem}
.card{background:var(--card);border-radius:.6rem;padding:.9rem 1rem}.card b{display:block;font-size:1.5rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:500}code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}
.bar{display:flex;height:.8rem;border-radius:.4rem;overflow:hidden;background:var(--line)}.bar i{display:block}
.wide{overflow-x:auto}";

/// The page.
#[must_use]
pub fn html(report: &RunReport) -> String {
    let mut page = String::new();
    write_page(report, &mut page).expect("writing to a string cannot fail");
    page
}

fn write_page(report: &RunReport, out: &mut String) -> std::fmt::Result {
    let published = report.status == Status::Published;
    let title = format!("Release {} {}", escape(&report.profile), escape(&report.profile_version));
    writeln!(out, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>")?;
    writeln!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style><main>"
    )?;
    let (class, verdict) = if published { ("good", "published") } else { ("bad", "refused") };
    writeln!(out, "<h1>{title}: <span class=\"{class}\">{verdict}</span></h1>")?;
    let purpose = report.purpose.as_deref().map(|purpose| format!(" · {}", escape(purpose))).unwrap_or_default();
    writeln!(
        out,
        "<div class=\"soft\">goal {} · tier {} · key {}{purpose}</div>",
        report.goal, report.tier, report.key
    )?;
    if let Some(role) = report.approval.as_deref().filter(|_| published) {
        let role = escape(role);
        writeln!(
            out,
            "<p>It leaves with the approval of <b>{role}</b>, the second signature on its certificate; before that it waits and nothing is published.</p>"
        )?;
    }
    write_cards(report, out)?;
    write_rows(report, out)?;
    write_gate(report, out)?;
    write_columns(report, out)?;
    write_files(report, out)?;
    writeln!(
        out,
        "<h2>What this does not say</h2><p>k-anonymity hides who is who among the released quasi-identifiers. It does not hide a sensitive value that a whole class shares, nor protect against somebody who knows the sensitive value already. The report meets the profile above; it does not call the data anonymous beyond it.</p>"
    )?;
    writeln!(
        out,
        "<p class=\"soft\">{} · run <code>{}</code> · {} · plan <code>{}</code></p></main></html>",
        report.engine,
        report.run,
        report.finished,
        report.plan_digest.as_str()
    )
}

fn write_cards(report: &RunReport, out: &mut String) -> std::fmt::Result {
    let risk = report.risk.as_ref();
    let smallest = risk.and_then(|risk| risk.smallest_class).map_or("–".to_owned(), grouped);
    let asked = report.k.map_or("no k asked".to_owned(), |k| format!("k asked: {k}"));
    let unit = if report.unit == "subject" { "persons" } else { "rows" };
    let highest = risk.and_then(|risk| risk.highest_risk.clone()).unwrap_or_else(|| "–".to_owned());
    let classes = risk.and_then(|risk| risk.classes).map_or("–".to_owned(), grouped);
    let card = |out: &mut String, number: &str, what: &str| {
        writeln!(out, "<div class=\"card\"><b>{number}</b><span class=\"soft\">{what}</span></div>")
    };
    writeln!(out, "<div class=\"cards\">")?;
    card(out, &grouped(report.rows.released), "rows released")?;
    card(out, &smallest, &format!("{unit} in the smallest class ({asked})"))?;
    card(out, &highest, "highest risk of being picked out")?;
    card(out, &classes, "classes")?;
    writeln!(out, "</div>")
}

fn write_rows(report: &RunReport, out: &mut String) -> std::fmt::Result {
    let rows = report.rows;
    let parts = [
        ("released", rows.released, "var(--good)"),
        ("suppressed", rows.suppressed, "#c77d0a"),
        ("rejected", rows.rejected, "var(--bad)"),
        ("not drawn", rows.not_drawn, "var(--soft)"),
        ("over the cap", rows.over_cap, "var(--soft)"),
    ];
    writeln!(out, "<h2>Rows: {} read</h2><div class=\"bar\">", grouped(rows.read))?;
    for (_, count, color) in parts {
        // per mille, in integers
        let share = if rows.read == 0 { 0 } else { u128::from(count) * 1000 / u128::from(rows.read) };
        writeln!(out, "<i style=\"width:{}.{}%;background:{color}\"></i>", share / 10, share % 10)?;
    }
    writeln!(out, "</div><table><tr>")?;
    for (name, _, color) in parts {
        writeln!(out, "<th><span style=\"color:{color}\">■</span> {name}</th>")?;
    }
    writeln!(out, "</tr><tr>")?;
    for (_, count, _) in parts {
        writeln!(out, "<td>{}</td>", grouped(count))?;
    }
    writeln!(
        out,
        "</tr></table><p class=\"soft\">Suppression allowed: {}.{}{}</p>",
        report.suppression_limit,
        recoding(report),
        population(report)
    )
}

/// Where a table of the population was counted, its size is told.
fn population(report: &RunReport) -> String {
    let told =
        |rows| format!(" The population was counted in a table of {}, which is not in the release.", grouped(rows));
    report.population.map_or_else(String::new, told)
}

/// Where levels differ from row to row, that is told.
fn recoding(report: &RunReport) -> String {
    if report.recoding == "global" {
        return String::new();
    }
    let name = report.recoding;
    format!(" Recoding {name}: levels follow the rows, and who knows the rule can undo part of it.")
}

fn write_gate(report: &RunReport, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "<h2>The gate, on the bytes read back from disk</h2><div class=\"wide\"><table><tr><th>rule</th><th></th><th>measured</th><th>allowed</th><th>why</th><th>threat</th><th>ms</th></tr>"
    )?;
    for rule in &report.gate {
        let class = match rule.status {
            "pass" => "good",
            "not-applicable" => "soft",
            "warn" => "warn",
            _ => "bad",
        };
        let cells = [&rule.measured, &rule.limit, &rule.reason].map(|text| escape(text));
        let [measured, limit, reason] = cells;
        writeln!(
            out,
            "<tr><td>{}</td><td class=\"{class}\">{}</td><td>{measured}</td><td>{limit}</td><td class=\"soft\">{reason}</td><td class=\"soft\">{}</td><td class=\"soft\">{}</td></tr>",
            rule.rule, rule.status, rule.threat, rule.milliseconds
        )?;
    }
    writeln!(out, "</table></div>")
}

fn write_columns(report: &RunReport, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "<h2>Columns</h2><div class=\"wide\"><table><tr><th>column</th><th>role</th><th>operator</th><th>released as</th><th>ISO/IEC 20889</th><th>reversible by</th></tr>"
    )?;
    for column in &report.columns {
        let released = column.released_as.as_deref().map_or("–".to_owned(), escape);
        let reversible = if column.released_as.is_some() { column.reversible_by.as_str() } else { "–" };
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{} <span class=\"soft\">{}</span></td><td>{released}</td><td>{}</td><td>{reversible}</td></tr>",
            escape(&column.name),
            column.role,
            escape(&column.operator),
            escape(&column.parameters),
            column.iso_20889
        )?;
    }
    writeln!(out, "</table></div>")?;
    for Aggregation { name, groups, lost } in &report.microaggregated {
        let lost = lost.as_deref().map_or(String::new(), |lost| format!("; they lose {lost} of its variance"));
        let (name, groups) = (escape(name), grouped(*groups));
        writeln!(
            out,
            "<p class=\"soft\">The numbers of <code>{name}</code> are the centres of {groups} groups{lost}.</p>"
        )?;
    }
    Ok(())
}

fn write_files(report: &RunReport, out: &mut String) -> std::fmt::Result {
    if report.files.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Files</h2><div class=\"wide\"><table><tr><th>file</th><th>bytes</th><th>SHA-256</th></tr>")?;
    for file in &report.files {
        let (name, bytes) = (escape(&file.name), grouped(file.bytes));
        writeln!(out, "<tr><td>{name}</td><td>{bytes}</td><td><code>{}</code></td></tr>", file.sha256.as_str())?;
    }
    writeln!(out, "</table></div>")
}

/// Digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// Text that may stand in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_numbers_grouped() {
        assert_eq!(escape("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(12), "12");
    }
}
