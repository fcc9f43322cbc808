//! `outis record`: writes into an organisation's log what happens to a release, or to the key that signs.

use super::{print_json_of_what_is_done, say};
use crate::args::{RecordArgs, RecordWhat, ReverifiedArg, Told};
use crate::exit::Exit;
use outis::error::{ErrorKind, Result};
use outis::evidence::{InclusionProof, OrganisationEvent, OrganisationLog, Signer, SigningKey};
use outis::run;

pub(crate) fn run(arguments: &RecordArgs, told: Told) -> Result<Exit> {
    let signer = Signer::Key(SigningKey::load(&arguments.sign)?);
    if !arguments.actor.starts_with("role:") {
        let text = "--actor names a role, as `role:data-office`, never a person";
        return Err(ErrorKind::Usage(text.into()).into());
    }
    let log = OrganisationLog::open_or_create(&arguments.log, vec![signer])?;
    let (time, actor) = (run::wall_time(), arguments.actor.as_str());
    let event = match &arguments.what {
        RecordWhat::Withdrawn { run, reason } => {
            OrganisationEvent::ReleaseWithdrawn { run: run.clone(), reason: reason.clone() }
        }
        RecordWhat::Reverified { run, result, fault } => OrganisationEvent::ReleaseReverified {
            run: run.clone(),
            result: match result {
                ReverifiedArg::Holds => "holds".to_owned(),
                ReverifiedArg::DoesNotHold => "does-not-hold".to_owned(),
            },
            faults: fault.clone(),
        },
        RecordWhat::Rotated { to, compromised } => {
            let new = Signer::Key(SigningKey::load(to)?);
            let (_, proof) = log.rotate(new, &time, actor, *compromised)?;
            return tell(&proof, told);
        }
    };
    let proof = log.append(&time, actor, event)?;
    tell(&proof, told)
}

fn tell(proof: &InclusionProof, told: Told) -> Result<Exit> {
    let size = proof.index + 1;
    if told.json {
        print_json_of_what_is_done(
            &serde_json::json!({ "index": proof.index, "size": size, "proof": proof.to_text() }),
        );
    }
    if !told.quiet {
        say(&format!("recorded as entry {} of a log of {size}", proof.index));
    }
    Ok(Exit::Fine)
}
