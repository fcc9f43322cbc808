//! `outis keygen`: a key file, for tokens of goal `deidentified` or for signing evidence. No key is ever shown.

use super::{print_json, say};
use crate::args::{KeygenArgs, SigningArg, Told};
use crate::exit::Exit;
use outis::error::{ErrorKind, Result};
use outis::evidence::{SigningKey, SigningSuite};
use outis::secret;
use std::path::Path;

pub(crate) fn run(arguments: &KeygenArgs, told: Told) -> Result<Exit> {
    let file = arguments.file.as_ref().or(arguments.output.as_ref());
    let file = file.ok_or_else(|| ErrorKind::Usage("name the file to make".into()))?;
    if file.as_os_str() == "-" {
        return Err(ErrorKind::Usage("a key never goes to stdout: name the file to make".into()).into());
    }
    match arguments.signing {
        None => token_key(file, told)?,
        Some(suite) => signing_key(file, suite, arguments.name.as_deref(), told)?,
    }
    Ok(Exit::Fine)
}

fn token_key(file: &Path, told: Told) -> Result<()> {
    let fingerprint = secret::write_new_key(file)?;
    if told.json {
        print_json(&serde_json::json!({ "file": file.display().to_string(), "fingerprint": fingerprint }))?;
    }
    if !told.quiet {
        say(&format!("wrote {} (fingerprint {fingerprint})", file.display()));
        say("  whoever has this file can link the tokens of every release made with it: keep it apart from the data");
    }
    Ok(())
}

fn signing_key(file: &Path, suite: SigningArg, name: Option<&str>, told: Told) -> Result<()> {
    let suite = match suite {
        SigningArg::Ed25519 => SigningSuite::Ed25519,
        SigningArg::Sm2 => SigningSuite::Sm2,
    };
    let key = SigningKey::generate(suite, name)?;
    let beside = key.write_new(file)?;
    if told.json {
        print_json(&serde_json::json!({
            "file": file.display().to_string(),
            "public_file": beside.display().to_string(),
            "suite": suite.name(),
            "name": key.public().name(),
            "public_key": key.public().to_text(),
        }))?;
    }
    if !told.quiet {
        say(&format!("wrote {} and {}", file.display(), beside.display()));
        say(&format!("  public key: {}", key.public().to_text()));
        say(
            "  give the public key to buyers by another way than the data; whoever has the private file signs in your name",
        );
    }
    Ok(())
}
