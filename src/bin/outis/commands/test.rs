//! `outis test`: the `[[example]]` rows of profiles.

use super::{load_profile, print_json, say};
use crate::args::{TestArgs, Told};
use crate::exit::Exit;
use crate::message::{self, errors_json};
use outis::error::{Complaint, Error, ErrorKind, Result, counted};
use outis::run::{self, ExamplesChecked};
use std::path::Path;

/// Every profile is tested, whatever became of those before it.
pub(crate) fn run(arguments: &TestArgs, told: Told) -> Result<Exit> {
    let (mut exit, mut documents) = (Exit::Fine, Vec::new());
    for path in &arguments.profiles {
        let name = path.display().to_string();
        let (examples, wrong) = match check(path, told) {
            Ok(found) if found.complaints.is_empty() => {
                tell(&name, &found, told);
                documents.push(document(&name, &found, Some(true), None));
                continue;
            }
            Ok(mut found) => {
                let complaints = std::mem::take(&mut found.complaints);
                (Some(found), Error::new(ErrorKind::Profile(complaints)).in_file(path))
            }
            Err(error) => (None, error),
        };
        let judged = examples.is_some();
        let none = ExamplesChecked { compared: 0, without_out: 0, complaints: Vec::new() };
        documents.push(document(&name, &examples.unwrap_or(none), judged.then_some(false), Some(&wrong)));
        message::show(&wrong, Told { json: false, ..told });
        exit = if judged && exit != Exit::CouldNotRun { Exit::Refused } else { Exit::CouldNotRun };
    }
    if told.json {
        print_json(&documents)?;
    }
    Ok(exit)
}

/// The examples of one profile; an error where there is nothing to judge.
fn check(path: &Path, told: Told) -> Result<ExamplesChecked> {
    let (loaded, folder) = load_profile(path, told)?;
    let found = run::check_examples(&loaded, Some(&folder)).map_err(|error| match error.kind() {
        ErrorKind::Profile(_) => error.in_file(path),
        _ => error,
    })?;
    if found.compared > 0 || !found.complaints.is_empty() {
        return Ok(found);
    }
    let what = if found.without_out == 0 { "the profile has no [[example]]" } else { "no [[example]] has an `out`" };
    let advice = "add an [[example]] with a made-up row under `in` and what shall come of it under `out`";
    let what = format!("{what}: nothing was tested");
    let complaint = Complaint { line: 0, column: 0, what, advice: advice.into() };
    Err(Error::new(ErrorKind::Profile(vec![complaint])).in_file(path))
}

fn tell(name: &str, found: &ExamplesChecked, told: Told) {
    if told.quiet {
        return;
    }
    let hold = if found.compared == 1 { "holds" } else { "hold" };
    let beside = match found.without_out {
        0 => String::new(),
        1 => "; 1 has no `out` and was not checked".to_owned(),
        many => format!("; {many} have no `out` and were not checked"),
    };
    say(&format!("{name}: {} {hold}{beside}", counted(found.compared as u64, "example")));
}

/// Whether it holds is null where nothing could be judged.
fn document(name: &str, found: &ExamplesChecked, holds: Option<bool>, wrong: Option<&Error>) -> serde_json::Value {
    let errors = wrong.map_or_else(|| serde_json::json!([]), errors_json);
    serde_json::json!({
        "profile": name, "examples": found.compared, "not_checked": found.without_out, "holds": holds, "errors": errors,
    })
}
