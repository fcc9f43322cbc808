//! Seals the record of a run: the tree of its log, the signed checkpoint, the certificate and the gate's statement.

use super::clock::{RunClock, Spent};
use super::record::{LOG, TIMES};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::evidence::{
    Certificate, Checkpoint, Envelope, Fault, IN_TOTO, Log, Predicate, PublicKey, Resource, Signer, SigningKey,
    Statement, Story, TestResult, first_lines, leaves, merkle, trust_root_file,
};
use crate::log::{Moment, Whole};
use crate::secret::Suite;
use crate::write::Stage;
use data_encoding::BASE64;
use std::path::{Path, PathBuf};

pub(super) const CHECKPOINT: &str = "evidence/checkpoint";
pub(super) const CERTIFICATE: &str = "evidence/certificate.json";
pub(super) const GATES: &str = "evidence/gates.json";
pub(super) const KEYS: &str = "KEYS";
pub(super) const PROOF: &str = "evidence/release.tlog-proof";

/// Files that say something about others and so are no subject of the certificate.
pub(super) const ABOUT: [&str; 7] = [LOG, TIMES, CHECKPOINT, CERTIFICATE, GATES, KEYS, PROOF];

/// A key that signs evidence, as it is named: never the key of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignWith {
    /// A private key file, as `outis keygen --signing` makes it.
    File(PathBuf),
    /// A program that has the key: the message on its stdin, the signature on its stdout.
    Command {
        /// File with its public key.
        public: PathBuf,
        /// Program and arguments.
        words: Vec<String>,
    },
}

impl SignWith {
    /// Loads it, so that a key that is not there stops the run before it begins.
    ///
    /// # Errors
    /// No key, or one that others may read.
    pub fn load(&self) -> Result<Signer> {
        match self {
            Self::File(path) => Ok(Signer::Key(SigningKey::load(path).map_err(|error| error.in_file(path))?)),
            Self::Command { public, words } => {
                let [key] = <[PublicKey; 1]>::try_from(trust_root_file(public)?)
                    .map_err(|_| Error::new(ErrorKind::Key("a signing command has one public key")).in_file(public))?;
                Ok(Signer::Command { public: key, words: words.clone() })
            }
        }
    }
}

/// The origin of a run's log.
pub(super) fn origin(run_id: &str) -> String {
    format!("outis/run/{run_id}")
}

/// The head of a log, by its bytes.
pub(super) fn head(run_id: &str, log: &[u8]) -> (Checkpoint, Log) {
    let (mut tree, mut repeatable) = (merkle::Tree::default(), merkle::Tree::default().root());
    for leaf in leaves(log) {
        repeatable = tree.root();
        tree.push(leaf);
    }
    let checkpoint = Checkpoint { origin: origin(run_id), size: tree.size(), root: tree.root() };
    let log = Log {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: BASE64.encode(&checkpoint.root),
        repeatable_root: BASE64.encode(&repeatable),
    };
    (checkpoint, log)
}

/// The times of a log: first and last, and what the run took.
pub(super) fn span(times: &[u8]) -> Option<(String, String, Whole)> {
    let moments: Vec<Moment> =
        leaves(times).into_iter().map(serde_json::from_slice).collect::<std::result::Result<_, _>>().ok()?;
    let (first, last) = (moments.first()?, moments.last()?);
    Some((first.wall.clone(), last.wall.clone(), last.run.clone()?))
}

/// The part of a log and of its times that the maker answers for: all of it, or what stands before a second person's decision.
pub(super) fn certified<'b>(story: &Story, log: &'b [u8], times: &'b [u8]) -> (&'b [u8], &'b [u8]) {
    match &story.review {
        None => (log, times),
        Some(review) => (first_lines(log, review.events), first_lines(times, review.events)),
    }
}

/// The certificate that log and times make.
pub(super) fn certificate(story: &Story, log: &[u8], times: &[u8]) -> Option<Certificate> {
    let (log, times) = certified(story, log, times);
    let (started, finished, whole) = span(times)?;
    Some(Certificate::of(story, &started, &finished, &whole, head(&story.run_id, log).1))
}

/// Whether the certificate names files by SM3, too: where the run's tokens are of the national suite.
pub(super) fn by_sm3(story: &Story) -> bool {
    story.key.suite == Suite::HmacSm3.name()
}

/// The gate's results as a policy engine reads them.
pub(super) fn gate_statement(story: &Story) -> Statement<TestResult> {
    let named = |status: &str| -> Vec<String> {
        story.gates.iter().filter(|gate| gate.status == status).map(|gate| gate.rule.clone()).collect()
    };
    let subject = story.outputs.iter().map(|file| Resource::by_sha256(&file.file, file.digest.as_str())).collect();
    let configuration = vec![Resource::by_sha256("evidence/plan.txt", story.opened.plan_digest.as_str())];
    Statement::new(subject, TestResult::new(configuration, named("pass"), named("warn"), named("fail")))
}

/// The list of keys of a release.
pub(super) fn keys_text<'k>(keys: impl Iterator<Item = &'k PublicKey>) -> String {
    let mut text =
        "# Keys that signed this release. Trust them only when you have them by another way too.\n".to_owned();
    for key in keys {
        text.push_str(&key.to_text());
        text.push('\n');
    }
    text
}

/// Writes checkpoint and keys, which a refused run keeps too; gives the head.
pub(super) fn seal_log(stage: &Stage, run_id: &str, signers: &[Signer]) -> Result<Checkpoint> {
    let (checkpoint, _) = head(run_id, &read(stage, LOG)?);
    if signers.is_empty() {
        write(stage, CHECKPOINT, checkpoint.to_text().as_bytes())?;
        return Ok(checkpoint);
    }
    write(stage, CHECKPOINT, checkpoint.sign(signers)?.to_text().as_bytes())?;
    write(stage, KEYS, keys_text(signers.iter().map(Signer::public)).as_bytes())?;
    Ok(checkpoint)
}

/// Writes the certificate over every file of the stage, and the gate's statement.
pub(super) fn certify(stage: &Stage, signers: &[Signer], clock: &RunClock) -> Result<()> {
    let (log, times) = (read(stage, LOG)?, read(stage, TIMES)?);
    let (story, findings) = Story::read(&log);
    let own = || Error::new(ErrorKind::Internal("the log of this run does not add up"));
    let waits = story.as_ref().is_some_and(Story::waits);
    let fine = |fault: Fault| is_of_the_goal(fault) || (fault == Fault::Approval && waits);
    let story = story.filter(|_| findings.iter().all(|(fault, _)| fine(*fault))).ok_or_else(own)?;
    let mut subject = Vec::new();
    for name in stage.files()?.into_iter().filter(|name| !ABOUT.contains(&name.as_str())) {
        // the gate has read the data files back already
        let told = story.outputs.iter().find(|file| file.file == name).map(|file| file.digest.clone());
        let digest = match told {
            Some(digest) => digest,
            None => clock.spend(Spent::Digests, || Digest::of_file(&stage.folder().join(&name)))?.0,
        };
        let mut resource = Resource::by_sha256(&name, digest.as_str());
        if by_sm3(&story) {
            let digest = clock.spend(Spent::Digests, || Digest::of_file_by_sm3(&stage.folder().join(&name)))?;
            resource.digest.insert("sm3".to_owned(), digest.as_str().to_owned());
        }
        subject.push(resource);
    }
    let certificate = certificate(&story, &log, &times).ok_or_else(own)?;
    clock.spend(Spent::Signatures, || {
        state(stage, CERTIFICATE, &Statement::new(subject, certificate), signers)?;
        state(stage, GATES, &gate_statement(&story), signers)
    })
}

/// What a run may do and a reader must be told: it kept a key, or took a seed.
fn is_of_the_goal(fault: Fault) -> bool {
    fault == Fault::KeyLife
}

/// An envelope around a statement; without a signer the statement alone, which claims no more than it is.
fn state<P: Predicate>(stage: &Stage, name: &str, statement: &Statement<P>, signers: &[Signer]) -> Result<()> {
    let payload = statement.to_payload()?;
    if signers.is_empty() {
        return write(stage, name, &payload);
    }
    write(stage, name, &Envelope::sign(IN_TOTO, payload, signers)?.to_text()?)
}

fn read(stage: &Stage, name: &str) -> Result<Vec<u8>> {
    let path: &Path = &stage.folder().join(name);
    std::fs::read(path).map_err(|cause| Error::io("read", path, &cause))
}

pub(super) fn write(stage: &Stage, name: &str, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let (mut file, path) = stage.create_file(name)?;
    file.write_all(bytes).map_err(|cause| Error::io("write", &path, &cause))
}
