//! `outis compare`: profiles side by side on one input.

use super::{load_profile, override_input, print_json, say};
use crate::args::{CompareArgs, Told};
use crate::exit::Exit;
use crate::progress::{Line, short};
use outis::error::{Error, ErrorKind, Result, shown};
use outis::report::Compared;
use outis::run::{self, Options, Progress};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

pub(crate) fn run(arguments: &CompareArgs, told: Told) -> Result<Exit> {
    if let Some(path) = arguments.html.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::new(ErrorKind::TargetExists).in_file(path));
    }
    let mut profiles = Vec::new();
    for path in &arguments.profiles {
        let (mut loaded, folder) = load_profile(path, told)?;
        override_input(&mut loaded.profile.input, &arguments.reading)?;
        profiles.push((loaded, folder));
    }
    let options = Options {
        threads: usize::from(arguments.working.threads),
        memory: arguments.working.memory,
        ..Options::default()
    };
    let progress = Arc::new(Progress::default());
    super::run::stop_on_signals(&progress)?;
    let line = Line::start(&progress, told.quiet || told.json);
    let compared = run::compare(&profiles, &arguments.input, &options, &progress);
    drop(line);
    let compared = compared.map_err(|error| match (error.kind(), arguments.profiles.as_slice()) {
        (ErrorKind::Profile(_), [only]) => error.in_file(only),
        _ => error,
    })?;
    if let Some(path) = &arguments.html {
        write_page(path, &outis::report::comparison_html(&compared))?;
    }
    if told.json {
        print_json(&compared)?;
    }
    if !told.quiet {
        tell(&compared);
    }
    Ok(if compared.iter().all(|one| one.holds) { Exit::Fine } else { Exit::Refused })
}

/// Makes the page's file, never over anything; it tells of the input, so it is the owner's.
fn write_page(path: &Path, page: &str) -> Result<()> {
    let failed = |cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => Error::new(ErrorKind::TargetExists).in_file(path),
        _ => Error::io("write", path, &cause),
    };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(page.as_bytes()).map_err(failed)
}

fn tell(compared: &[Compared]) {
    type Cell = fn(&Compared) -> String;
    let lines: [(&str, Cell); 16] = [
        ("recoding", |one| one.recoding.to_owned()),
        ("k", |one| one.k_anonymity.to_string()),
        ("highest risk", |one| format!("{:.4}", one.highest_risk)),
        ("average risk", |one| format!("{:.4}", one.average_risk)),
        ("share above 0.2", |one| format!("{:.4}", one.share_at_risk)),
        ("classes", |one| one.classes.to_string()),
        ("suppressed", |one| format!("{:.3} %", one.suppressed_share * 100.0)),
        ("loss", |one| loss(one, "loss")),
        ("loss of levels", |one| loss(one, if one.recoding == "global" { "loss" } else { "loss-of-levels" })),
        ("discernibility", |one| loss(one, "discernibility")),
        ("class size", |one| loss(one, "class-size")),
        ("entropy, sum", |one| loss(one, "entropy-normalized")),
        ("precision", |one| loss(one, "precision")),
        ("search, s", |one| format!("{:.3}", one.search_seconds)),
        ("survey, rows/s", |one| {
            let mark = if one.survey_shared { " (shared)" } else { "" };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for the eye")]
            let rate = short(one.survey_rows_per_second as u64);
            format!("{rate}{mark}")
        }),
        ("class table", |one| format!("{}B", short(one.class_table_bytes))),
    ];
    let heads: Vec<String> = compared.iter().map(|one| shown(&one.profile)).collect();
    let cells: Vec<Vec<String>> = lines
        .iter()
        .map(|(_, cell)| compared.iter().map(|one| if one.holds { cell(one) } else { "-".into() }).collect())
        .collect();
    let width = |at: usize| {
        cells.iter().map(|row| row[at].chars().count()).chain([heads[at].chars().count()]).max().unwrap_or(0)
    };
    let row = |first: &str, cells: &[String]| {
        let columns = cells.iter().enumerate().map(|(at, cell)| {
            let padding = width(at) - cell.chars().count();
            format!("  {:padding$}{cell}", "")
        });
        say(&format!("{first:<16}{}", columns.collect::<String>()));
    };
    row("", &heads);
    for ((name, _), cells) in lines.iter().zip(&cells) {
        row(name, cells);
    }
    for one in compared {
        let levels: Vec<String> =
            one.levels.iter().map(|(column, level)| format!("{} {level}", shown(column))).collect();
        let told = one.why_not.clone().unwrap_or_else(|| match one.recoding {
            "global" => levels.join(", "),
            recoding => format!("recoding {recoding}: no column has one level"),
        });
        say(&format!("{}: {told}", shown(&one.profile)));
    }
}

fn loss(one: &Compared, metric: &str) -> String {
    one.loss.get(metric).map_or_else(|| "-".into(), |loss| format!("{loss:.6}"))
}
