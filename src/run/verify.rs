//! Verifies a release from its folder and a public key alone: digests, signatures, the tree of the log, the story that it
//! tells, and the counts and classes found again in the data files.
//!
//! Given: a folder of anybody. Nothing of it is believed before it was checked, and nothing of it is repeated in a finding
//! but the name of a file, made harmless. A check that could not be made is a finding, never a pass.

mod columns;
mod data;
mod folder;
mod registration;
mod review;
mod source;

pub use source::check_source;

use super::record::{LOG, TIMES};
use super::seal::{self, ABOUT, CERTIFICATE, CHECKPOINT, GATES, KEYS, PROOF};
use super::{Options, Progress};
use crate::digest::Digest;
use crate::error::{ErrorKind, Result};
use crate::evidence::{
    Certificate, Checkpoint, Envelope, Fault, IN_TOTO, Note, Predicate, PublicKey, Statement, Story, TestResult,
    first_lines, leaves, trust_root, trust_root_file,
};
use crate::gate;
use crate::log::Moment;
use folder::Folder;
use serde::Serialize;
use std::path::Path;

/// Whom the reader trusts.
#[derive(Debug, Clone)]
pub enum Trust {
    /// One of these keys must have signed.
    Keys(Vec<PublicKey>),
    /// Nobody: what is in the folder must fit together, whoever made it.
    Nobody,
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// What it means.
    pub what: &'static str,
    /// The file, made harmless.
    pub file: Option<String>,
    /// The line of the file, from 1.
    pub line: Option<u64>,
}

/// What became of one privacy model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelFound {
    /// Its name.
    pub model: String,
    /// The column that it looks at, by its released name.
    pub of: Option<String>,
    /// What it asks, in words.
    pub asks: String,
    /// Whether it was counted again in the data files; else it is the maker's claim.
    pub recounted: bool,
    /// Whether it holds there; none where it was not counted.
    pub holds: Option<bool>,
    /// What a reader should know of the count, or why there is none.
    pub note: Option<&'static str>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether everything holds.
    pub holds: bool,
    /// Trusted keys that signed, as `name+id`.
    pub signed_by: Vec<String>,
    /// Whose approval it leaves with, as `name+id`, where the profile asks for one and it counts.
    pub approved_by: Option<String>,
    /// Everything that does not hold, the first broken link first.
    pub findings: Vec<Finding>,
    /// Source files that are those which the log commits to, where they were given.
    pub source_files: Option<u64>,
    /// The run's id, where the log could be read.
    pub run: Option<String>,
    /// Rows counted in the data files.
    pub rows: Option<u64>,
    /// Members of the smallest class counted in the data files.
    pub smallest_class: Option<u64>,
    /// Every privacy model that was asked.
    pub models: Vec<ModelFound>,
}

/// The links in turn, and what was found of them.
struct Links<'f> {
    folder: &'f Folder,
    trust: &'f Trust,
    keys: Vec<PublicKey>,
    /// Keys that a log names which a trusted key signed: they count as its word.
    vouched: Vec<PublicKey>,
    found: Verification,
}

/// Verifies a release.
///
/// # Errors
/// When the folder itself cannot be read. Everything that does not hold is a finding.
pub fn verify(path: &Path, trust: &Trust, options: &Options, progress: &Progress) -> Result<Verification> {
    let folder = Folder::open(path)?;
    let found = Verification {
        holds: false,
        signed_by: Vec::new(),
        approved_by: None,
        source_files: None,
        findings: Vec::new(),
        run: None,
        rows: None,
        smallest_class: None,
        models: Vec::new(),
    };
    let mut links = Links { folder: &folder, trust, keys: Vec::new(), vouched: Vec::new(), found };
    for name in &folder.strange {
        links.add(Fault::FileUnplanned, name);
    }
    links.keys();
    let log = folder.read(LOG);
    let (story, findings) = Story::read(log.as_deref().unwrap_or_default());
    for (fault, line) in findings {
        links.at_line(fault, LOG, line);
    }
    if let (Some(story), Some(log)) = (&story, &log) {
        links.vouch(story, log);
    }
    links.head(log.as_deref().unwrap_or_default(), story.as_ref());
    if let (Some(story), Some(log)) = (&story, &log) {
        links.found.run = Some(crate::error::shown(&story.run_id));
        links.times(story);
        links.certificate(story, log);
        links.review(story);
        links.registration(story, log, &folder.read(TIMES).unwrap_or_default());
        links.gates(story);
        links.report(story);
        links.plan(story);
        data::found_again(&mut links, story, options, progress)?;
    }
    let mut found = links.found;
    found.findings.sort_by_key(|finding| order(finding.code));
    found.findings.dedup();
    found.holds = found.findings.is_empty();
    Ok(found)
}

/// The place of a code in the chain: whose word it is comes first, then the log, then what it says, then the data.
fn order(code: &str) -> usize {
    Fault::ALL.iter().position(|fault| fault.code() == code).unwrap_or(usize::MAX)
}

impl Links<'_> {
    fn add(&mut self, fault: Fault, file: &str) {
        self.at_line(fault, file, None);
    }
    fn at_line(&mut self, fault: Fault, file: &str, line: Option<u64>) {
        let file = Some(crate::error::shown(file));
        self.found.findings.push(Finding { code: fault.code(), what: fault.words(), file, line });
    }
    /// The fault of an error of `evidence`.
    fn error(&mut self, error: &crate::error::Error, file: &str) {
        let code = error.kind().code();
        let fault = Fault::ALL.iter().find(|fault| fault.code() == code).copied().unwrap_or(Fault::FileMissing);
        self.add(fault, file);
    }
    /// The bytes of a file that must be there.
    fn bytes(&mut self, name: &str) -> Option<Vec<u8>> {
        let bytes = self.folder.read(name);
        if bytes.is_none() {
            self.add(Fault::FileMissing, name);
        }
        bytes
    }

    /// The release's own list of keys, in its one form.
    fn keys(&mut self) {
        let Some(text) = self.folder.read(KEYS) else { return };
        let text = String::from_utf8_lossy(&text).into_owned();
        match trust_root(&text) {
            Ok(keys) if seal::keys_text(keys.iter()) == text => self.keys = keys,
            _ => self.add(Fault::Keys, KEYS),
        }
    }
    /// Who signed: one that the reader trusts, and nobody but these keys, all of them.
    fn signed(
        &mut self,
        verified: impl Fn(&[PublicKey]) -> Result<Vec<PublicKey>>,
        signatures: usize,
        by: &[PublicKey],
        file: &str,
    ) {
        match verified(by) {
            Ok(signers) if signers.len() == signatures && signers.len() == by.len() => {}
            Ok(_) => self.add(Fault::Keys, file),
            Err(error) => self.error(&error, file),
        }
        if let Trust::Keys(trusted) = self.trust {
            match verified(&[trusted.as_slice(), &self.vouched].concat()) {
                Ok(signers) => {
                    for label in signers.iter().filter(|key| trusted.contains(key)).map(PublicKey::label) {
                        if !self.found.signed_by.contains(&label) {
                            self.found.signed_by.push(label);
                        }
                    }
                }
                Err(error) => self.error(&error, file),
            }
        }
    }
    fn unsigned(&mut self, file: &str) {
        if matches!(self.trust, Trust::Keys(_)) {
            self.add(Fault::Unsigned, file);
        }
        if !self.keys.is_empty() {
            self.add(Fault::Keys, KEYS);
        }
    }

    /// The checkpoint: signed, of this run, and of exactly these events.
    fn head(&mut self, log: &[u8], story: Option<&Story>) {
        if self.folder.read(LOG).is_none() {
            self.add(Fault::FileMissing, LOG);
        }
        let Some(bytes) = self.bytes(CHECKPOINT) else { return };
        let text = if let Ok(note) = Note::parse(&bytes) {
            let signed = |keys: &[PublicKey]| Ok(note.verify(keys)?.into_iter().cloned().collect());
            let by = self.sealed_by(story);
            self.signed(signed, note.signers().count(), &by, CHECKPOINT);
            note.text().to_owned()
        } else {
            self.unsigned(CHECKPOINT);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let run_id = story.map_or("", |story| story.run_id.as_str());
        match Checkpoint::parse(&text) {
            Ok(checkpoint) => {
                let (expected, _) = seal::head(run_id, log);
                if story.is_some() && checkpoint.origin != expected.origin {
                    self.add(Fault::OtherLog, CHECKPOINT);
                }
                if (checkpoint.size, checkpoint.root) != (expected.size, expected.root) {
                    self.add(Fault::Root, CHECKPOINT);
                }
            }
            Err(error) => self.error(&error, CHECKPOINT),
        }
    }

    /// The times: those that the log's last event names, one for each event, never backwards.
    fn times(&mut self, story: &Story) {
        let Some(bytes) = self.bytes(TIMES) else { return };
        // the request to a second person has a time of its own, behind those that it names
        let requested = story.review.as_ref().map(|review| &review.requested);
        let until_request = requested.map(|asked| (first_lines(&bytes, asked.moments), &asked.times));
        let sealed = (if story.waits() { until_request.unzip().0 } else { None }).unwrap_or(bytes.as_slice());
        for (lines, digest) in until_request.into_iter().chain([(sealed, &story.times.digest)]) {
            if Digest::of_bytes(lines) != *digest {
                self.add(Fault::Times, TIMES);
            }
        }
        let (mut before, mut count) = (0, 0);
        for (at, line) in leaves(&bytes).into_iter().enumerate() {
            let moment = serde_json::from_slice::<Moment>(line).ok();
            let exact = moment.filter(|moment| serde_json::to_vec(moment).is_ok_and(|bytes| bytes == line));
            match exact {
                Some(moment) if moment.seq == at as u64 && moment.monotonic_ns >= before => {
                    before = moment.monotonic_ns;
                }
                _ => self.at_line(Fault::Times, TIMES, Some(at as u64 + 1)),
            }
            count += 1;
        }
        if count != story.times.moments + u64::from(story.waits()) {
            self.add(Fault::Times, TIMES);
        }
    }

    /// A statement: signed like the checkpoint, or bare where nobody signed.
    fn statement<P: Predicate>(&mut self, name: &str) -> Option<Statement<P>> {
        let bytes = self.bytes(name)?;
        let payload = match Envelope::parse(&bytes) {
            Ok(envelope) => {
                let signed = |keys: &[PublicKey]| Ok(envelope.verify(keys)?.into_iter().cloned().collect());
                let by = self.keys.clone();
                self.signed(signed, envelope.signers().count(), &by, name);
                if envelope.payload_type != IN_TOTO {
                    self.add(Fault::EnvelopeForm, name);
                }
                envelope.payload
            }
            Err(_) if self.keys.is_empty() => {
                self.unsigned(name);
                bytes
            }
            Err(error) => {
                self.error(&error, name);
                return None;
            }
        };
        match Statement::parse(&payload) {
            Ok(statement) => Some(statement),
            Err(error) => {
                self.error(&error, name);
                None
            }
        }
    }

    /// The certificate: of exactly these files, and saying what the log says.
    fn certificate(&mut self, story: &Story, log: &[u8]) {
        let Some(statement) = self.statement::<Certificate>(CERTIFICATE) else { return };
        let times = self.folder.read(TIMES).unwrap_or_default();
        if seal::certificate(story, log, &times).as_ref() != Some(&statement.predicate) {
            self.add(Fault::Certificate, CERTIFICATE);
        }
        let mut named: Vec<&str> = Vec::new();
        for subject in &statement.subject {
            named.push(&subject.name);
            match self.folder.digest(&subject.name) {
                None => self.add(Fault::FileMissing, &subject.name),
                Some(digest) if subject.digest.get("sha256").map(String::as_str) == Some(digest.as_str()) => {}
                Some(_) => self.add(Fault::FileChanged, &subject.name),
            }
            let national = seal::by_sm3(story);
            if national {
                let digest = self.folder.digest_by_sm3(&subject.name);
                if digest.as_ref().map(Digest::as_str) != subject.digest.get("sm3").map(String::as_str) {
                    self.add(Fault::FileChanged, &subject.name);
                }
            }
            if subject.digest.len() != 1 + usize::from(national) || ABOUT.contains(&subject.name.as_str()) {
                self.add(Fault::Certificate, CERTIFICATE);
            }
        }
        if !named.is_sorted_by(|one, other| one < other) {
            self.add(Fault::Certificate, CERTIFICATE);
        }
        for name in &self.folder.names {
            // a proof that no log asks for proves nothing
            let asked = name != PROOF || story.opened.registered_in.is_some();
            let about = ABOUT.contains(&name.as_str()) && asked;
            if !about && !named.contains(&name.as_str()) {
                self.at_line(Fault::FileUnplanned, name, None);
            }
        }
        for output in &story.outputs {
            if !named.contains(&output.file.as_str()) {
                self.add(Fault::Certificate, CERTIFICATE);
            }
        }
    }

    /// The gate's statement, and that every rule of this program gave its result.
    fn gates(&mut self, story: &Story) {
        let told = |id: &str| story.gates.iter().any(|gate| gate.rule == id);
        let ours = story.opened.engine == concat!("outis ", env!("CARGO_PKG_VERSION"));
        if ours && !gate::RULES.iter().all(|rule| told(rule.id)) {
            self.add(Fault::Gate, LOG);
        }
        if let Some(statement) = self.statement::<TestResult>(GATES)
            && statement != seal::gate_statement(story)
        {
            self.add(Fault::GateStatement, GATES);
        }
    }

    /// The numbers of the report, which people read.
    fn report(&mut self, story: &Story) {
        let name = "evidence/report.json";
        let Some(bytes) = self.bytes(name) else { return };
        let Ok(report) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
            self.add(Fault::Report, name);
            return;
        };
        let sealed = &story.sealed;
        let files: Vec<_> = story
            .outputs
            .iter()
            .map(|file| serde_json::json!({ "name": file.file, "bytes": file.bytes, "sha256": file.digest }))
            .collect();
        let expected = serde_json::json!({
            "run": story.run_id,
            "status": sealed.status,
            "engine": story.opened.engine,
            "profile": story.opened.profile,
            "profile_version": story.opened.profile_version,
            "profile_digest": story.opened.profile_digest,
            "plan_digest": story.opened.plan_digest,
            "goal": story.opened.goal,
            "tier": story.opened.tier,
            "purpose": story.opened.purpose,
            "approval": story.opened.approval,
            "unit": story.bound.unit,
            "k": story.bound.k,
            "files": files,
            "rows": {
                "read": sealed.rows_in,
                "released": sealed.rows_out,
                "suppressed": sealed.suppressed,
                "rejected": sealed.rejected,
                "not_drawn": sealed.not_drawn,
                "over_cap": sealed.over_cap,
            },
        });
        let equal = |expected: &serde_json::Value, found: &serde_json::Value| match expected.as_object() {
            Some(expected) => expected.iter().all(|(key, value)| found.get(key) == Some(value)),
            None => false,
        };
        let mut risk = serde_json::to_value(&story.risk).unwrap_or_default();
        if let Some(risk) = risk.as_object_mut() {
            risk.remove("unit");
        }
        let gates = report["gate"].as_array().map(Vec::as_slice).unwrap_or_default();
        let rules = gates.len() == story.gates.len()
            && story
                .gates
                .iter()
                .zip(gates)
                .all(|(told, found)| serde_json::to_value(told).is_ok_and(|told| equal(&told, found)));
        let columns = columns::agree(story, &report["columns"]);
        if !(equal(&expected, &report) && columns && equal(&risk, &report["risk"]) && rules) {
            self.add(Fault::Report, name);
        }
    }

    /// The plan's page is the one that the log names.
    fn plan(&mut self, story: &Story) {
        let name = "evidence/plan.txt";
        match self.folder.digest(name) {
            Some(digest) if digest == story.opened.plan_digest => {}
            Some(_) => self.add(Fault::Plan, name),
            None => self.add(Fault::FileMissing, name),
        }
    }
}

/// Names of the files of a release, sorted, with `/` between folders.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    Ok(Folder::open(path)?.names)
}

/// The public keys of trust files, all together.
///
/// # Errors
/// A file that cannot be read or holds something else.
pub fn trusted(paths: &[std::path::PathBuf]) -> Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for path in paths {
        keys.extend(trust_root_file(path)?);
    }
    if keys.is_empty() {
        return Err(ErrorKind::Usage("`--trust` needs a file with a public key".into()).into());
    }
    Ok(keys)
}
