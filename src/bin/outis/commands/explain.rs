//! `outis explain`: the compiled plan as a page.

use super::{load_profile, override_input, print, print_json};
use crate::args::{ExplainArgs, Told};
use crate::exit::Exit;
use outis::error::{ErrorKind, Result};
use outis::{plan, run};

pub(crate) fn run(arguments: &ExplainArgs, told: Told) -> Result<Exit> {
    let (mut loaded, folder) = load_profile(&arguments.profile, told)?;
    override_input(&mut loaded.profile.input, &arguments.reading)?;
    let plan = run::explain(&loaded, Some(&folder), &arguments.input).map_err(|error| match error.kind() {
        ErrorKind::Profile(_) => error.in_file(&arguments.profile),
        _ => error,
    })?;
    if told.json {
        print_json(&serde_json::json!({ "digest": plan.digest(), "plan": plan::explain(&plan) }))?;
    } else {
        print(&format!("{}\nplan digest (SHA-256) {}\n", plan::explain(&plan), plan.digest().as_str()))?;
    }
    Ok(Exit::Fine)
}
