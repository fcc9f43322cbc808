//! The organisation's log in a run: what the profile and the command line say of evidence, and the entries that a run makes.
//!
//! Responsible for: whose keys sign, where the salt goes, and that a run stands in the organisation's log before it reads a row, a
//! release before it leaves. Given: paths and commands, never a key. What cannot be written before a release leaves stops it; what cannot
//! be written afterwards is told.

use super::Job;
use super::seal::{CERTIFICATE, PROOF, SignWith};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::evidence::{Checkpoint, OrganisationEvent, OrganisationLog, Signer};
use crate::log::{RegisteredIn, RunOpened};
use crate::write::Stage;
use data_encoding::HEXLOWER;
use std::path::{Path, PathBuf};

/// An organisation's log and who signs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganisationFiles {
    /// Its folder; made where there is none.
    pub folder: PathBuf,
    /// Keys that sign it; those of the release where there are none.
    pub sign: Vec<SignWith>,
}

/// Whose keys sign the release: the command line's, else the profile's.
pub(super) fn signs(job: &Job) -> Vec<SignWith> {
    let (spec, given) = (&job.loaded.profile.evidence, &job.options.sign);
    if !given.is_empty() {
        return given.clone();
    }
    let beside = |file: &String| job.folder.as_deref().unwrap_or(Path::new("")).join(file);
    let command = spec.sign_command.clone().zip(spec.sign_public.as_ref());
    let command = command.map(|(words, public)| SignWith::Command { public: beside(public), words });
    spec.sign.iter().map(|file| SignWith::File(beside(file))).chain(command).collect()
}

/// Where the salt of this run goes, if the source is committed to.
pub(super) fn salt(job: &Job, run_id: &str) -> Option<PathBuf> {
    let folder = job.folder.as_deref().unwrap_or(Path::new(""));
    let named =
        || job.loaded.profile.evidence.salts.as_ref().map(|salts| folder.join(salts).join(format!("{run_id}.salt")));
    job.options.salt.clone().or_else(named)
}

/// The organisation's log of a run: the command line's, else the profile's.
pub(super) fn organisation(job: &Job) -> Option<OrganisationFiles> {
    let (spec, folder) = (&job.loaded.profile.evidence, job.folder.as_deref().unwrap_or(Path::new("")));
    let own: Vec<SignWith> = spec.log_sign.iter().map(|file| SignWith::File(folder.join(file))).collect();
    let files = match (&job.options.organisation, &spec.log) {
        (Some(files), _) => files.clone(),
        (None, Some(log)) => OrganisationFiles { folder: folder.join(log), sign: own },
        (None, None) => return None,
    };
    let sign = if files.sign.is_empty() { signs(job) } else { files.sign };
    Some(OrganisationFiles { sign, ..files })
}

/// An organisation's log that is open to entries about one run.
pub(super) struct Register {
    log: OrganisationLog,
    actor: String,
    run: String,
}

impl Register {
    /// Opens the log, or makes it: before anything else happens, so that a log that cannot be written stops the run.
    pub(super) fn open(files: &OrganisationFiles, actor: &str, run: &str) -> Result<Self> {
        let signers = files.sign.iter().map(SignWith::load).collect::<Result<Vec<Signer>>>()?;
        if signers.is_empty() {
            let text = "an organisation's log is signed: give `--org-log-sign KEY`, or `--sign KEY`";
            return Err(ErrorKind::Usage(text.into()).into());
        }
        let log = OrganisationLog::open_or_create(&files.folder, signers)?;
        Ok(Self { log, actor: actor.to_owned(), run: run.to_owned() })
    }
    /// What the run's own log says of it.
    pub(super) fn named(&self) -> Result<RegisteredIn> {
        let keys = self.log.keys().map(crate::evidence::PublicKey::to_text).collect();
        Ok(RegisteredIn { origin: self.log.origin()?, keys })
    }
    /// A run begins; no row was read yet.
    pub(super) fn started(&self, opened: &RunOpened) -> Result<()> {
        self.append(OrganisationEvent::RunStarted {
            run: self.run.clone(),
            profile: opened.profile.clone(),
            profile_version: opened.profile_version.clone(),
            profile_sha256: opened.profile_digest.as_str().to_owned(),
            plan_sha256: opened.plan_digest.as_str().to_owned(),
            tier: opened.tier.clone(),
        })
    }
    /// A release is about to leave: its proof goes along, in the stage.
    pub(super) fn registered(&self, stage: &Stage, head: &Checkpoint, kept_until: String) -> Result<()> {
        let path = stage.folder().join(CERTIFICATE);
        let certificate = std::fs::read(&path).map_err(|cause| Error::io("read", &path, &cause))?;
        let event = OrganisationEvent::ReleaseRegistered {
            run: self.run.clone(),
            certificate_sha256: Digest::of_bytes(&certificate).as_str().to_owned(),
            log_size: head.size,
            log_root: HEXLOWER.encode(&head.root),
            kept_until,
        };
        let proof = self.log.append(&super::wall_time(), &self.actor, event)?;
        super::seal::write(stage, PROOF, proof.to_text().as_bytes())
    }
    /// The run ended.
    pub(super) fn ended(&self, status: &str, reasons: Vec<String>, head: &Checkpoint) -> Result<()> {
        let (run, log_root) = (self.run.clone(), HEXLOWER.encode(&head.root));
        let status = status.to_owned();
        self.append(OrganisationEvent::RunEnded { run, status, reasons, log_size: head.size, log_root })
    }
    /// A release was registered and could not leave.
    pub(super) fn did_not_leave(&self) {
        // the run's own end says the same; the log may be what failed
        let _ = self
            .append(OrganisationEvent::ReleaseWithdrawn { run: self.run.clone(), reason: "not-published".to_owned() });
    }
    fn append(&self, event: OrganisationEvent) -> Result<()> {
        self.log.append(&super::wall_time(), &self.actor, event).map(drop)
    }
}
