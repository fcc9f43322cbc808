//! `outis attack`: what an attacker gets out of a release, whoever made it.

use super::check::plain_input;
use super::{load_profile, override_input, print_json, say};
use crate::args::{AttackArgs, Told};
use crate::exit::Exit;
use crate::progress::Line;
use outis::attack::{Measured, Setting, Trials, success_rate};
use outis::error::{ErrorKind, Result, counted, shown};
use outis::profile::{InputSpec, Profile};
use outis::read::{self, Source};
use outis::run::Progress;
use outis::run::attack::{AttackJob, AttackReport, Made, attack, files_below, release_files};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) fn run(arguments: &AttackArgs, told: Told) -> Result<Exit> {
    if arguments.attacks == 0 {
        return Err(ErrorKind::Usage("--attacks is at least 1".into()).into());
    }
    if arguments.columns == 0 || arguments.attempts == 0 {
        return Err(ErrorKind::Usage("--columns and --attempts are at least 1".into()).into());
    }
    let tables = arguments.original.iter().chain(&arguments.control).chain([&arguments.release]);
    if tables.into_iter().any(|path| path.as_os_str() == "-") {
        let text = "standard input `-` can be read once only, and an attack reads every table several times: write it to a file";
        return Err(ErrorKind::Usage(text.into()).into());
    }
    let (profile, folder) = profile(arguments, told)?;
    let job = job(arguments, profile, folder)?;
    let progress = Arc::new(Progress::default());
    let line = Line::start(&progress, told.quiet || told.json);
    let report = attack(&job, usize::from(arguments.working.threads), &progress);
    drop(line);
    let report = report?;
    let worst = report.attacks.iter().map(|made| made.measured.risk().value).fold(0.0, f64::max);
    let holds = arguments.risk_at_most.is_none_or(|most| worst <= f64::from(most.millionths()) / 1e6);
    if told.json {
        print_json(&document(&report, &job.setting, arguments, holds))?;
    }
    if !told.quiet {
        tell(&report, arguments, holds);
    }
    Ok(if holds { Exit::Fine } else { Exit::Refused })
}

/// The profile asked for, else the release's own; the folder of its files only where the user named it.
fn profile(arguments: &AttackArgs, told: Told) -> Result<(Option<Profile>, Option<PathBuf>)> {
    if let Some(path) = &arguments.profile {
        let (loaded, folder) = load_profile(path, told)?;
        return Ok((Some(loaded.profile), Some(folder)));
    }
    let own = arguments.release.join("evidence").join("profile.toml");
    if !own.is_file() {
        return Ok((None, None));
    }
    let quiet = Told { json: told.json, quiet: true }; // its warnings were told when it was made
    Ok((Some(load_profile(&own, quiet)?.0.profile), None))
}

fn job(arguments: &AttackArgs, profile: Option<Profile>, folder: Option<PathBuf>) -> Result<AttackJob> {
    let mut raw = profile.as_ref().map_or_else(plain_input, |profile| profile.input.clone());
    override_input(&mut raw, &arguments.reading)?;
    let released = match &profile {
        Some(profile) => {
            InputSpec { delimiter: profile.output.delimiter, null: vec![profile.output.null.clone()], ..plain_input() }
        }
        None => raw.clone(),
    };
    let names: Vec<String> = profile.iter().flat_map(|it| &it.columns).map(|column| column.name.clone()).collect();
    let open = |paths: &[PathBuf], spec: &InputSpec| -> Result<Source> {
        Source::open(&read::expand(paths)?, read::Options::from_spec(spec, names.clone())?)
    };
    let control = if arguments.control.is_empty() { None } else { Some(open(&arguments.control, &raw)?) };
    Ok(AttackJob {
        release: open(&release_files(&arguments.release)?, &InputSpec { format: None, ..released })?,
        original: open(&arguments.original, &raw)?,
        control,
        beside: files_below(&arguments.release)?,
        profile,
        folder,
        known: arguments.known.clone(),
        secrets: arguments.secret.clone(),
        halves: halves(arguments.link.as_deref())?,
        setting: Setting {
            attacks: arguments.attacks,
            columns: arguments.columns,
            attempts: arguments.attempts,
            seed: arguments.seed,
            distinct: arguments.distinct,
        },
    })
}

fn halves(text: Option<&str>) -> Result<[Vec<String>; 2]> {
    let Some(text) = text else { return Ok([Vec::new(), Vec::new()]) };
    let list = |half: &str| -> Vec<String> { half.split(',').map(str::to_owned).collect() };
    match text.split_once(':') {
        Some((one, other)) if !one.is_empty() && !other.is_empty() => Ok([list(one), list(other)]),
        _ => Err(ErrorKind::Usage("--link takes two lists of columns, as a,b:c,d".into()).into()),
    }
}

fn trials(trials: Trials) -> serde_json::Value {
    let rate = success_rate(trials);
    json!({
        "attempts": trials.attempts, "successes": trials.successes,
        "rate": rate.value, "low": rate.risk().low, "high": rate.risk().high,
    })
}

fn document(report: &AttackReport, setting: &Setting, arguments: &AttackArgs, holds: bool) -> serde_json::Value {
    let one = |made: &Made| {
        let Measured { main, naive, control } = made.measured;
        let risk = made.measured.risk();
        json!({
            "attack": made.attack, "columns": made.columns, "secret": made.secret,
            "main": trials(main), "naive": trials(naive), "control": control.map(trials),
            "risk": { "value": risk.value, "low": risk.low, "high": risk.high },
            "beats_naive": made.measured.beats_naive(), "by": made.by,
        })
    };
    let downcoding = report.downcoding.as_ref().map(|found| {
        json!({ "rows": found.rows, "generalized": found.generalized, "determined": found.determined,
                "ruled_out": found.ruled_out })
    });
    json!({
        "rows": { "release": report.rows[0], "original": report.rows[1], "control": report.rows[2] },
        "columns": report.columns,
        "not_comparable": report.not_comparable,
        "without_hierarchy": report.without_hierarchy,
        "setting": {
            "attacks": setting.attacks, "columns": setting.columns, "attempts": setting.attempts,
            "seed": setting.seed, "distinct": setting.distinct, "confidence": 0.95,
        },
        "attacks": report.attacks.iter().map(one).collect::<Vec<_>>(),
        "downcoding": downcoding,
        "risk_at_most": arguments.risk_at_most.map(|most| f64::from(most.millionths()) / 1e6),
        "holds": holds,
    })
}

fn tell(report: &AttackReport, arguments: &AttackArgs, holds: bool) {
    let rows = |at: usize| counted(report.rows[at].unwrap_or(0) as u64, "row");
    let control = if report.rows[2].is_some() { rows(2) } else { "none".to_owned() };
    say(&format!("release {}, originals {}, control {control}", rows(0), rows(1)));
    let list = |names: &[String]| names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    say(&format!("  columns: {}", list(&report.columns)));
    if !report.not_comparable.is_empty() {
        say(&format!("  nothing in common with the originals: {}", list(&report.not_comparable)));
    }
    if !report.without_hierarchy.is_empty() {
        say(&format!("  no hierarchy at hand, labels read as written: {}", list(&report.without_hierarchy)));
        say("  hint: give --profile with the files that it names beside it");
    }
    say("  attack                      secret            works   naive  control     risk  (95%)");
    for made in &report.attacks {
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        let plain = |trials: Trials| percent(success_rate(trials).value);
        let (risk, Measured { main, naive, control }) = (made.measured.risk(), made.measured);
        let note = if made.measured.beats_naive() { "" } else { "  no better than naive" };
        say(&format!(
            "  {:<27} {:<15} {:>7} {:>7} {:>8} {:>8}  ({} to {}){note}",
            made.attack,
            made.secret
                .as_deref()
                .or(made.columns.first().filter(|_| made.columns.len() == 1).map(String::as_str))
                .map_or_else(String::new, shown),
            plain(main),
            plain(naive),
            control.map_or_else(|| "–".to_owned(), plain),
            percent(risk.value),
            percent(risk.low),
            percent(risk.high),
        ));
        if !made.by.is_empty() {
            say(&format!("    by {}", made.by.join(", ")));
        }
    }
    if let Some(found) = &report.downcoding {
        say(&format!(
            "  downcoding: a finer label is determined for {} of {}",
            found.determined,
            counted(found.generalized, "generalized row")
        ));
    }
    if report.rows[2].is_none() {
        say("  without --control a risk is the rate itself: what holds for everybody counts as leaked");
    }
    if let Some(most) = arguments.risk_at_most {
        let verdict = if holds { "holds" } else { "does not hold" };
        say(&format!("  asked: at most {}%: {verdict}", f64::from(most.millionths()) / 1e4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_two_lists() {
        assert_eq!(halves(Some("a,b:c")).unwrap(), [vec!["a".to_owned(), "b".into()], vec!["c".into()]]);
        assert_eq!(halves(None).unwrap(), [Vec::<String>::new(), Vec::new()]);
        assert!(halves(Some("a,b")).is_err() && halves(Some(":a")).is_err());
    }
}
