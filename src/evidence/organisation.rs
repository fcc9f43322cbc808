//! The organisation's log: every run that was begun and how it ended, every release and what became of it.
//!
//! Responsible for: what an entry may say, and appending it to a [`TileLog`]. A run writes `run.started` before it reads the
//! first byte, so that a run that was given up is visible. Given: names, counts, digests and roles; never a cell, a path or a
//! person's name.

use super::{Fault, InclusionProof, Note, PublicKey, Rotation, Signer, TileLog, follow, json};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of the entries' form.
pub const ENTRY_VERSION: u32 = 1;

/// What an entry says, under `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum OrganisationEvent {
    /// A run begins; nothing was read yet.
    #[serde(rename = "run.started")]
    RunStarted {
        /// Id of the run.
        run: String,
        /// Profile's name.
        profile: String,
        /// Profile's version.
        profile_version: String,
        /// SHA-256 of the profile's text.
        profile_sha256: String,
        /// SHA-256 of the compiled plan.
        plan_sha256: String,
        /// Release tier.
        tier: String,
    },
    /// A run ended.
    #[serde(rename = "run.ended")]
    RunEnded {
        /// Id of the run.
        run: String,
        /// `published`, `refused` or `failed`.
        status: String,
        /// Ids of the rules that refused, or a code.
        reasons: Vec<String>,
        /// Events of the run's log.
        log_size: u64,
        /// Root of the run's log, in hex.
        log_root: String,
    },
    /// A release is about to leave. Its proof of inclusion goes with it.
    #[serde(rename = "release.registered")]
    ReleaseRegistered {
        /// Id of the run that made it.
        run: String,
        /// SHA-256 of the certificate's envelope, which names every file by digest.
        certificate_sha256: String,
        /// Events of the run's log.
        log_size: u64,
        /// Root of the run's log, in hex.
        log_root: String,
        /// Until when log and evidence are kept at least, `YYYY-MM-DD`.
        kept_until: String,
    },
    /// A release was verified again, later.
    #[serde(rename = "release.reverified")]
    ReleaseReverified {
        /// Id of the run that made it.
        run: String,
        /// `holds` or `does-not-hold`.
        result: String,
        /// Stable codes of what does not hold.
        faults: Vec<String>,
    },
    /// A release was taken back.
    #[serde(rename = "release.withdrawn")]
    ReleaseWithdrawn {
        /// Id of the run that made it.
        run: String,
        /// Why, as a short code.
        reason: String,
    },
    /// A signing key took over from another.
    #[serde(rename = "key.rotated")]
    KeyRotated {
        /// The statement that both keys signed, as a signed note.
        statement: String,
    },
}

impl OrganisationEvent {
    /// The name of every type.
    pub const TYPES: &'static [&'static str] =
        &["run.started", "run.ended", "release.registered", "release.reverified", "release.withdrawn", "key.rotated"];
}

/// An entry: who says it, when, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Version of this form.
    pub v: u32,
    /// Wall time, RFC 3339 in UTC, as the machine says.
    pub time: String,
    /// Role that answers for it, as `role:data-office`.
    pub actor: String,
    /// What happened.
    pub event: OrganisationEvent,
}

impl Entry {
    fn new(time: &str, actor: &str, event: OrganisationEvent) -> Self {
        Self { v: ENTRY_VERSION, time: time.to_owned(), actor: actor.to_owned(), event }
    }
    /// The bytes that stand in the log.
    ///
    /// # Errors
    /// Never for an entry of ours.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        json::encode(self)
    }
    /// From the bytes of a log; only the exact form of [`Entry::to_bytes`] is taken.
    ///
    /// # Errors
    /// [`Fault::LogFiles`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        json::decode(bytes).filter(|entry: &Self| entry.v == ENTRY_VERSION).ok_or_else(|| Fault::LogFiles.into())
    }
}

/// Whether a text may stand in a log for years as a reason: a short code, no words about people.
#[must_use]
pub fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The log of an organisation, and who signs it here.
pub struct OrganisationLog {
    folder: PathBuf,
    signers: Vec<Signer>,
}

impl OrganisationLog {
    /// Whether a log is in this folder.
    #[must_use]
    pub fn exists(folder: &Path) -> bool {
        folder.join("checkpoint").exists()
    }
    /// The log in this folder; made, with the first signer's name as its origin, where there is none.
    ///
    /// # Errors
    /// The log is signed by a key that is not among these, or the disk or a signer fails.
    pub fn open_or_create(folder: &Path, signers: Vec<Signer>) -> Result<Self> {
        let first = signers.first().ok_or_else(|| Error::from(Fault::Untrusted))?;
        if Self::exists(folder) {
            let keys: Vec<PublicKey> = signers.iter().map(|signer| signer.public().clone()).collect();
            TileLog::open_unverified(folder)?.signed_by_none_but(&keys)?;
            TileLog::open(folder, &keys)?;
        } else {
            let origin = first.public().name().to_owned();
            TileLog::create(folder, &origin, &signers)?;
        }
        Ok(Self { folder: folder.to_path_buf(), signers })
    }
    /// The log's name.
    ///
    /// # Errors
    /// Its checkpoint cannot be read.
    pub fn origin(&self) -> Result<String> {
        Ok(TileLog::open_unverified(&self.folder)?.head().origin.clone())
    }
    /// Whether a release of this run was registered in it.
    ///
    /// # Errors
    /// Entries are missing or are none.
    pub fn has_release(&self, of: &str) -> Result<bool> {
        for bytes in TileLog::open_unverified(&self.folder)?.entries(0)? {
            let entry = Entry::parse(&bytes).map_err(|error| error.in_file(&self.folder))?;
            if matches!(&entry.event, OrganisationEvent::ReleaseRegistered { run, .. } if run == of) {
                return Ok(true);
            }
        }
        Ok(false)
    }
    /// The keys that sign it here.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.signers.iter().map(Signer::public)
    }
    /// Appends what happened, forced to disk when this returns; gives the proof, which carries the entry.
    ///
    /// # Errors
    /// As [`TileLog::append`].
    pub fn append(&self, time: &str, actor: &str, event: OrganisationEvent) -> Result<InclusionProof> {
        let entry = Entry::new(time, actor, event);
        TileLog::append(&self.folder, &entry.to_bytes()?, &self.signers)
    }
    /// Lets a new key take over: both sign the statement, and the checkpoint after it is the new key's alone, so that the
    /// old key can append no more. Where the new key signs already, the old one just goes.
    ///
    /// # Errors
    /// As [`TileLog::append`].
    pub fn rotate(self, new: Signer, time: &str, actor: &str, compromised: bool) -> Result<(Self, InclusionProof)> {
        let old = self.signers.first().ok_or_else(|| Error::from(Fault::Untrusted))?;
        let statement = Rotation::sign(old, &new, time, compromised)?.to_text();
        let before: Vec<PublicKey> = self.signers.iter().map(|signer| signer.public().clone()).collect();
        // The first signer is replaced; others, as those of a second suite, stay.
        let key = new.public().clone();
        let others = self.signers.into_iter().skip(1).filter(|signer| *signer.public() != key);
        let signers: Vec<Signer> = std::iter::once(new).chain(others).collect();
        let entry = Entry::new(time, actor, OrganisationEvent::KeyRotated { statement });
        let proof = TileLog::append_after(&self.folder, &entry.to_bytes()?, &before, &signers)?;
        Ok((Self { folder: self.folder, signers }, proof))
    }
}

/// Opens and audits an organisation's log from a trust root that may be older than its last rotation; gives the log, its
/// entries, and the keys that the root has come to stand for.
///
/// # Errors
/// What [`TileLog::open`] and [`TileLog::audit`] find, and entries that are none.
pub fn open_organisation_log(folder: &Path, root: &[PublicKey]) -> Result<(TileLog, Vec<Entry>, Vec<PublicKey>)> {
    let log = TileLog::open_unverified(folder)?;
    let entries: Vec<Entry> = log
        .entries(0)?
        .iter()
        .map(|bytes| Entry::parse(bytes))
        .collect::<Result<_>>()
        .map_err(|error| error.in_file(folder))?;
    let statement = |entry: &Entry| match &entry.event {
        OrganisationEvent::KeyRotated { statement } => Note::parse(statement.as_bytes()).ok(),
        _ => None,
    };
    // Each statement is signed by itself, so reading them before the checkpoint is verified gives nothing away.
    let rotations: Vec<Note> = entries.iter().filter_map(statement).collect();
    let trusted = follow(root, &rotations);
    log.note().verify(&trusted)?;
    log.audit()?;
    Ok((log, entries, trusted))
}

/// Runs that were begun and have no end in the log: given up, killed, or still at work.
#[must_use]
pub fn runs_without_an_end(entries: &[Entry]) -> Vec<&str> {
    let ended = |id: &str| {
        entries.iter().any(|entry| matches!(&entry.event, OrganisationEvent::RunEnded { run, .. } if run == id))
    };
    let started = entries.iter().filter_map(|entry| match &entry.event {
        OrganisationEvent::RunStarted { run, .. } => Some(run.as_str()),
        _ => None,
    });
    started.filter(|run| !ended(run)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{SigningKey, SigningSuite};

    const NOON: &str = "2026-01-01T12:00:00Z";

    fn signer() -> Signer {
        Signer::Key(SigningKey::generate(SigningSuite::Ed25519, None).unwrap())
    }

    fn started(run: &str) -> OrganisationEvent {
        OrganisationEvent::RunStarted {
            run: run.into(),
            profile: "p".into(),
            profile_version: "1".into(),
            profile_sha256: "ab".into(),
            plan_sha256: "cd".into(),
            tier: "open".into(),
        }
    }

    fn ended(run: &str) -> OrganisationEvent {
        OrganisationEvent::RunEnded {
            run: run.into(),
            status: "refused".into(),
            reasons: vec!["k-anonymity".into()],
            log_size: 9,
            log_root: "ef".into(),
        }
    }

    #[test]
    fn a_run_that_was_given_up_is_visible() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let signer = signer();
        let root = [signer.public().clone()];
        let log = OrganisationLog::open_or_create(&path, vec![signer]).unwrap();
        for event in [started("a"), started("b"), ended("b")] {
            let proof = log.append(NOON, "role:data-office", event.clone()).unwrap();
            assert_eq!(Entry::parse(proof.entry(&root).unwrap().0).unwrap().event, event);
        }
        let (head, entries, _) = open_organisation_log(&path, &root).unwrap();
        assert_eq!((head.head().size, runs_without_an_end(&entries)), (3, vec!["a"]));
    }

    #[test]
    fn an_old_trust_root_follows_a_rotation_and_a_stranger_cannot_take_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (old, new) = (signer(), signer());
        let (root, next) = ([old.public().clone()], new.public().clone());
        let log = OrganisationLog::open_or_create(&path, vec![old]).unwrap();
        log.append(NOON, "role:a", started("a")).unwrap();
        let (log, proof) = log.rotate(new, NOON, "role:a", false).unwrap();
        assert!(proof.entry(&root).is_err() && proof.entry(std::slice::from_ref(&next)).is_ok());
        log.append(NOON, "role:a", ended("a")).unwrap();
        let (_, entries, trusted) = open_organisation_log(&path, &root).unwrap();
        assert_eq!((entries.len(), trusted), (3, vec![root[0].clone(), next]));
        assert!(open_organisation_log(&path, &[signer().public().clone()]).is_err());
        assert!(OrganisationLog::open_or_create(&path, vec![signer()]).is_err());
    }

    #[test]
    fn types_are_named_as_they_are_written() {
        let unknown = serde_json::from_str::<OrganisationEvent>(r#"{"type":"no"}"#).unwrap_err().to_string();
        assert_eq!(unknown.split('`').skip(3).step_by(2).collect::<Vec<_>>(), OrganisationEvent::TYPES);
    }

    #[test]
    fn entries_have_one_form() {
        let entry = Entry { v: 1, time: NOON.into(), actor: "role:a".into(), event: started("a") };
        let bytes = entry.to_bytes().unwrap();
        assert_eq!(Entry::parse(&bytes).unwrap(), entry);
        let text = String::from_utf8(bytes).unwrap();
        assert!(Entry::parse(text.replace("\"v\":1", "\"v\":2").as_bytes()).is_err());
        assert!(Entry::parse(text.replace("run.started", "run.begun").as_bytes()).is_err());
        assert!(Entry::parse(text.replace("{\"actor", "{\"a\":1,\"actor").as_bytes()).is_err());
    }
}
