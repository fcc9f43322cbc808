//! `outis test`: the `[[example]]` rows of profiles.

use super::{load_profile, print_json, say};
use crate::args::{TestArgs, Told};
use crate::exit::Exit;
use crate::message;
use outis::error::{Complaint, Error, ErrorKind, Result, counted};
use outis::run;

pub(crate) fn run(arguments: &TestArgs, told: Told) -> Result<Exit> {
    let (mut failed, mut documents) = (false, Vec::new());
    for path in &arguments.profiles {
        let (loaded, folder) = load_profile(path, told)?;
        match run::check_examples(&loaded, Some(&folder)) {
            Ok(0) => {
                let complaint = Complaint {
                    line: 0,
                    column: 0,
                    what: "the profile has no [[example]]: nothing was tested".into(),
                    advice: "add an [[example]] with a made-up row under `in` and what shall come of it under `out`"
                        .into(),
                };
                return Err(Error::new(ErrorKind::Profile(vec![complaint])).in_file(path));
            }
            Ok(count) => {
                documents.push(
                    serde_json::json!({ "profile": path.display().to_string(), "examples": count, "holds": true }),
                );
                if !told.quiet {
                    let hold = if count == 1 { "holds" } else { "hold" };
                    say(&format!("{}: {} {hold}", path.display(), counted(count as u64, "example")));
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
