//! `outis record`: writes into an organisation's log what happens to a release, or to the key that signs.

use super::{print_json_of_what_is_done, say};
use crate::args::{RecordArgs, RecordWhat, ReverifiedArg, Told};
use crate::exit::Exit;
use outis::error::{Error, ErrorKind, Result};
use outis::evidence::{Fault, InclusionProof, OrganisationEvent, OrganisationLog, Signer, SigningKey, is_code};
use outis::run;
use std::path::PathBuf;

pub(crate) fn run(arguments: &RecordArgs, told: Told) -> Result<Exit> {
    let signer = |path: &PathBuf| SigningKey::load(path).map(Signer::Key);
    let signers = arguments.sign.iter().map(signer).collect::<Result<Vec<_>>>()?;
    if !arguments.actor.starts_with("role:") {
        return usage("--actor names a role, as `role:data-office`, never a person");
    }
    let (time, actor) = (run::wall_time(), arguments.actor.as_str());
    let (of, event) = match &arguments.what {
        RecordWhat::Withdrawn { run, reason } => {
            if !is_code(reason) {
                return usage("--reason is a short code, as `error-found`: letters, digits, `-`, `_`, `.`");
            }
            (run, OrganisationEvent::ReleaseWithdrawn { run: run.clone(), reason: reason.clone() })
        }
        RecordWhat::Reverified { run, result, fault } => (run, reverified(run, *result, fault)?),
        RecordWhat::Rotated { to, compromised } => {
            let new = signer(to)?;
            if signers.first().is_some_and(|first| first.public() == new.public()) {
                return usage("the key that signs and the one that takes over are the same");
            }
            let made = !OrganisationLog::exists(&arguments.log);
            let log = OrganisationLog::open_or_create(&arguments.log, signers)?;
            if made && !told.quiet {
                say(&format!("made a new log in {}: there was none", arguments.log.display()));
            }
            let (_, proof) = log.rotate(new, &time, actor, *compromised)?;
            tell(&proof, told);
            return Ok(Exit::Fine);
        }
    };
    // nothing can be said of a release in a log that is not there: a mistyped folder makes none
    if !OrganisationLog::exists(&arguments.log) {
        let text = "there is no organisation's log here, so no release that stands in it";
        return Err(Error::from(ErrorKind::Usage(text.into())).in_file(&arguments.log));
    }
    let log = OrganisationLog::open_or_create(&arguments.log, signers)?;
    if !log.has_release(of)? {
        return usage("no release of this run is registered in the log; `outis log LOG` shows the runs that are");
    }
    let proof = log.append(&time, actor, event)?;
    tell(&proof, told);
    Ok(Exit::Fine)
}

/// A fault goes with a result that does not hold, and has one of the codes that `outis verify` tells.
fn reverified(run: &str, result: ReverifiedArg, faults: &[String]) -> Result<OrganisationEvent> {
    let result = match result {
        ReverifiedArg::Holds if !faults.is_empty() => {
            return usage("--fault says what does not hold: it goes with `--result does-not-hold` only");
        }
        ReverifiedArg::Holds => "holds",
        ReverifiedArg::DoesNotHold => "does-not-hold",
    };
    if faults.iter().any(|code| Fault::ALL.iter().all(|fault| fault.code() != code)) {
        return usage("--fault is a code that `outis verify` tells, as E_ROOT");
    }
    Ok(OrganisationEvent::ReleaseReverified { run: run.to_owned(), result: result.to_owned(), faults: faults.to_vec() })
}

fn usage<T>(text: &str) -> Result<T> {
    Err(ErrorKind::Usage(text.into()).into())
}

fn tell(proof: &InclusionProof, told: Told) {
    let size = proof.index + 1;
    if told.json {
        print_json_of_what_is_done(
            &serde_json::json!({ "index": proof.index, "size": size, "proof": proof.to_text() }),
        );
    }
    if !told.quiet {
        say(&format!("recorded as entry {} of a log of {size}", proof.index));
    }
}
