//! `outis solve`: the levels that lose least, and what was proven of them.

use super::{load_profile, override_input, print_json, say};
use crate::args::{SolveArgs, Told};
use crate::exit::Exit;
use crate::progress::Line;
use outis::error::{ErrorKind, Result, counted, counted_classes, shown};
use outis::run::{self, Options, Progress, Recoded, Solved};
use std::sync::Arc;

pub(crate) fn run(arguments: &SolveArgs, told: Told) -> Result<Exit> {
    let (mut loaded, folder) = load_profile(&arguments.profile, told)?;
    override_input(&mut loaded.profile.input, &arguments.reading)?;
    let options = Options {
        threads: usize::from(arguments.working.threads),
        memory: arguments.working.memory,
        insecure_test_seed: arguments.insecure_test_seed,
        ..Options::default()
    };
    let progress = Arc::new(Progress::default());
    super::run::stop_on_signals(&progress)?;
    let line = Line::start(&progress, told.quiet || told.json);
    let solved = run::solve(&loaded, Some(&folder), &arguments.input, &options, &progress);
    drop(line);
    let solved = solved.map_err(|error| match error.kind() {
        ErrorKind::Profile(_) => error.in_file(&arguments.profile),
        _ => error,
    })?;
    if told.json {
        print_json(&solved)?;
    }
    if !told.quiet {
        tell(&solved);
    }
    Ok(if solved.holds() { Exit::Fine } else { Exit::Refused })
}

fn tell(solved: &Solved) {
    if let (Some(levels), Some(names)) = (&solved.levels, &solved.level_names) {
        let width = levels.keys().map(|name| shown(name).chars().count()).max().unwrap_or(0);
        let called = |column: &String, level: &dyn std::fmt::Display| {
            format!("{level} ({})", names.get(column).map_or_else(String::new, |name| shown(name)))
        };
        let of_level = levels.iter().map(|(column, level)| called(column, level).chars().count()).max().unwrap_or(0);
        let (width, of_level) = (width.max("column".len()), of_level.max("level".len()));
        say(&format!("{:width$}  {:of_level$}  loss", "column", "level"));
        for (column, level) in levels {
            let padding = width - shown(column).chars().count();
            let called = called(column, level);
            let loss = solved.loss_by_column.as_ref().and_then(|losses| losses.get(column));
            let loss = loss.map_or_else(String::new, |loss| format!("{loss:.6}"));
            say(&format!("{}{:padding$}  {called:<of_level$}  {loss}", shown(column), ""));
        }
    }
    if let Some(loss) = solved.loss {
        let proof = match (solved.optimal, solved.bound) {
            (true, _) => "proven: no levels lose less".to_owned(),
            (false, Some(bound)) => format!("not proven: others may lose {bound:.10} at least"),
            (false, None) => "not proven".to_owned(),
        };
        say(&format!("{} {loss:.10}, {proof}", solved.minimize));
        say(&format!(
            "  {}, {} of {} suppressed (allowed: {})",
            counted_classes(solved.classes),
            counted(solved.suppressed_rows, "row"),
            solved.rows,
            solved.suppression_limit
        ));
    }
    if let Some(members) = solved.population {
        say(&format!("  the population was counted in its table of {}", counted(members, "row")));
    }
    if let Some(recoded) = &solved.recoding {
        tell_recoding(recoded, solved);
    } else if let Some(why) = &solved.why_not {
        say(why);
        say("  hint: allow more under `suppress_at_most`, raise a `max_level`, or ask less of the model that fails");
    }
    say(&format!(
        "  {} of {} combinations judged, {:.3} s, of it {:.3} s of search",
        solved.checked, solved.nodes, solved.seconds, solved.search_seconds
    ));
    if solved.recoding.is_none() && solved.tightened < 1.0 {
        say(&format!(
            "  a run takes other levels, with distances {:.0} % of those asked, so that the released rows hold with themselves as \
             the whole",
            solved.tightened * 100.0
        ));
    }
}

/// The recoding that a run takes, beside the levels.
fn tell_recoding(recoded: &Recoded, solved: &Solved) {
    if let Some(loss) = recoded.loss {
        let beside = match recoded.loss_of_levels {
            Some(levels) => format!("the levels above lose {levels:.10}"),
            None => "no levels fit".to_owned(),
        };
        say(&format!("recoding {}: loss {loss:.10}; {beside}", recoded.kind));
        say(&format!(
            "  {}, {} of {} suppressed, {:.3} s",
            counted_classes(recoded.classes),
            counted(recoded.suppressed_rows, "row"),
            solved.rows,
            recoded.seconds
        ));
        say("  it follows the rows: who knows the rule can undo part of it");
    }
    if let Some(why) = &recoded.why_not {
        say(why);
        say("  hint: allow more under `suppress_at_most`, raise a `max_level`, or ask less of the model that fails");
    }
    if recoded.holds && recoded.tightened < 1.0 {
        say(&format!(
            "  distances are {:.0} % of those asked, so that the released rows hold with themselves as the whole",
            recoded.tightened * 100.0
        ));
    }
}
