//! `outis test`: the `[[example]]` rows of profiles.

use super::{load_profile, print_json, say};
use crate::args::{TestArgs, Told};
use crate::exit::Exit;
use crate::message;
use outis::error::{ErrorKind, Result};
use outis::run;

pub(crate) fn run(arguments: &TestArgs, told: Told) -> Result<Exit> {
    let (mut failed, mut documents) = (false, Vec::new());
    for path in &arguments.profiles {
        let (loaded, folder) = load_profile(path, told)?;
        match run::check_examples(&loaded, Some(&folder)) {
            Ok(count) => {
                documents.push(
                    serde_json::json!({ "profile": path.display().to_string(), "examples": count, "holds": true }),
                );
                if !told.quiet {
                    say(&format!("{}: {count} examples hold", path.display()));
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::Profile(_)) => {
                failed = true;
                documents.push(serde_json::json!({ "profile": path.display().to_string(), "holds": false }));
                message::show(&error.in_file(path), Told { json: false, ..told });
            }
            Err(error) => return Err(error),
        }
    }
    if told.json {
        print_json(&documents)?;
    }
    Ok(if failed { Exit::Refused } else { Exit::Fine })
}
