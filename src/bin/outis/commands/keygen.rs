//! `outis keygen`: a key file for profiles of goal `deidentified`. The key is never shown.

use super::{print_json, say};
use crate::args::{KeygenArgs, Told};
use crate::exit::Exit;
use outis::error::Result;
use outis::secret;

pub(crate) fn run(arguments: &KeygenArgs, told: Told) -> Result<Exit> {
    let fingerprint = secret::write_new_key(&arguments.file)?;
    if told.json {
        print_json(&serde_json::json!({ "file": arguments.file.display().to_string(), "fingerprint": fingerprint }))?;
    }
    if !told.quiet {
        say(&format!("wrote {} (fingerprint {fingerprint})", arguments.file.display()));
        say("  whoever has this file can link the tokens of every release made with it: keep it apart from the data");
    }
    Ok(Exit::Fine)
}
