//! A second person looks at a release that waits, and decides: it leaves with their signature beside the maker's, or not at all.
//!
//! Responsible for: what the person is shown, who may decide, and what a decision makes. Everything is checked again first, as a
//! buyer would; the data files must be, byte for byte, those that the gate judged. Given: a folder that waits. It is never
//! changed: the release is built beside it, of the same files, and published in one step; then the folder goes. So a crash leaves
//! a release that waits, or one that left, and the next start removes what is left over.

use super::clock::RunClock;
use super::record::{LOG, TIMES};
use super::register::{OrganisationFiles, Register};
use super::seal::{self, ABOUT, CERTIFICATE, CHECKPOINT, GATES, KEYS, SignWith};
use super::verify::{Trust, Verification, verify};
use super::{LedgerFiles, Options, Progress};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::evidence::{Envelope, Fault, PublicKey, Signer, Story, is_code, leaves, trust_root};
use crate::gate::{self, FileFacts, Judgement};
use crate::ledger::Ledger;
use crate::log::{Decision, Entry, Event, GateResult, Journal, Moment, ReviewDecision, RunSealed, Status};
use crate::plan::Plan;
use crate::random;
use crate::write::{self, Ending, Stage, Waiting};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to decide upon, and who decides.
pub struct ReviewJob {
    /// The folder that waits, or the release that it will be.
    pub folder: PathBuf,
    /// What is decided.
    pub verdict: Verdict,
    /// The key of who decides; needed for a decision.
    pub sign: Option<SignWith>,
    /// Keys of makers that the person trusts; without any the release need only fit together.
    pub trust: Vec<PublicKey>,
    /// The ledger that the run wrote the release down in: it is told what became of it.
    pub ledger: Option<LedgerFiles>,
    /// The organisation's log that the run stands in: the release is registered there before it leaves.
    pub organisation: Option<OrganisationFiles>,
    /// Threads.
    pub options: Options,
}

/// What a person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet: they look.
    Look,
    /// It may leave.
    Approve,
    /// It may not, for this reason.
    Reject {
        /// A short code.
        reason: String,
    },
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// It waits on.
    Waiting,
    /// It does not hold, so nobody can approve it; it waits on.
    Broken,
    /// It left.
    Published,
    /// It will not leave; its log says so.
    Rejected,
}

/// What became of it.
pub struct Reviewed {
    /// How it ended.
    pub ended: Ended,
    /// Where it, or its log, is now.
    pub folder: PathBuf,
    /// What the person was shown; none where it had been decided before.
    pub summary: Option<Summary>,
    /// What was checked again; none where it had been decided before.
    pub found: Option<Verification>,
    /// Why the organisation's log does not say how it ended, though it ended so.
    pub unrecorded: Option<Error>,
}

/// What a person is shown before they decide.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The run's id.
    pub run: String,
    /// Profile and version.
    pub profile: String,
    /// `anonymized` or `deidentified`.
    pub goal: String,
    /// To whom it would go.
    pub tier: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// The role that decides.
    pub role: String,
    /// When they were asked, as the maker's machine says.
    pub asked: String,
    /// Who made it, as the keys' names.
    pub made_by: Vec<String>,
    /// Rows read.
    pub rows_read: u64,
    /// Rows that would leave.
    pub rows_released: u64,
    /// Rows suppressed.
    pub rows_suppressed: u64,
    /// What a class counts.
    pub unit: String,
    /// k asked for.
    pub k: Option<u32>,
    /// Members of the smallest class.
    pub smallest_class: Option<u64>,
    /// Columns that would leave.
    pub columns: Vec<String>,
    /// Rules that hold.
    pub rules_hold: u64,
    /// Rules that warn: rule, what was measured, what is allowed, why.
    pub warnings: Vec<GateResult>,
    /// Data files and their bytes.
    pub files: u64,
    /// Bytes of the data files.
    pub bytes: u64,
}

/// Whether a plan that asks for a second person can be run by these signers.
pub(super) fn may_be_asked(plan: &Plan, signers: &[Signer]) -> Result<()> {
    let Some(asked) = &plan.approval else { return Ok(()) };
    let usage = |text: &str| Err(ErrorKind::Usage(text.into()).into());
    if signers.is_empty() {
        return usage("the profile asks that a second person approves: sign as the maker with `--sign KEY`");
    }
    let keys = asked.keys.iter().map(|key| PublicKey::parse(key)).collect::<Result<Vec<_>>>();
    let Ok(keys) = keys else {
        return usage("`approval.keys` has a text that is no public key: write what stands in `FILE.pub`");
    };
    let own = |key: &PublicKey| signers.iter().any(|signer| same_key(signer.public(), key));
    if !keys.is_empty() && keys.iter().all(own) {
        return usage("every key under `approval.keys` is the maker's own: name that of a second person");
    }
    Ok(())
}

/// Whether two keys are the same, whatever they are called.
pub(super) fn same_key(one: &PublicKey, other: &PublicKey) -> bool {
    (one.suite(), one.bytes()) == (other.suite(), other.bytes())
}

/// What became of a release that waits, where that stands beside it already: a crash came between the two.
pub(super) fn decided_before(waiting: &Waiting) -> Option<(Ended, PathBuf)> {
    let run = run_id(&waiting.folder().join(LOG))?;
    let target = waiting.target();
    if run_id(&target.join(LOG)).is_some_and(|other| other == run) {
        return Some((Ended::Published, target.to_path_buf()));
    }
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = format!("{}.refused", target.file_name()?.to_string_lossy());
    let refused = |path: &PathBuf| {
        path.file_name().is_some_and(|found| found.to_string_lossy().starts_with(&name))
            && run_id(&path.join("log.jsonl")).is_some_and(|other| other == run)
    };
    let entries = std::fs::read_dir(parent).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path())).find(refused).map(|path| (Ended::Rejected, path))
}

/// The id of the run that a log is of.
fn run_id(log: &Path) -> Option<String> {
    use std::io::BufRead as _;
    let mut line = Vec::new();
    std::io::BufReader::new(std::fs::File::open(log).ok()?).read_until(b'\n', &mut line).ok()?;
    Some(Entry::decode(line.strip_suffix(b"\n")?).ok()?.run_id)
}

/// Looks at a release that waits, and carries out what was decided.
///
/// # Errors
/// Nothing waits there, the key may not decide, or the disk refuses. What waits, waits on then.
pub fn review(job: &ReviewJob, progress: &Progress) -> Result<Reviewed> {
    let signer = job.sign.as_ref().map(SignWith::load).transpose()?;
    let waiting = open(&job.folder)?;
    if let Some((ended, folder)) = decided_before(&waiting) {
        waiting.remove(&random::nonce()?)?;
        return Ok(Reviewed { ended, folder, summary: None, found: None, unrecorded: None });
    }
    let trust = if job.trust.is_empty() { Trust::Nobody } else { Trust::Keys(job.trust.clone()) };
    let mut found = verify(waiting.folder(), &trust, &job.options, progress)?;
    found.findings.retain(|finding| finding.code != Fault::Approval.code());
    found.holds = found.findings.is_empty();
    let (log, times) = (read(&waiting, LOG)?, read(&waiting, TIMES)?);
    let story = Story::read(&log).0.filter(Story::waits);
    let folder = waiting.folder().to_path_buf();
    let story = match story {
        Some(story) if found.holds => story,
        story => {
            let summary = story.map(|story| summary(&story, &times, &[]));
            return Ok(Reviewed { ended: Ended::Broken, folder, summary, found: Some(found), unrecorded: None });
        }
    };
    let makers = trust_root(&String::from_utf8_lossy(&read(&waiting, KEYS)?))?;
    let summary = summary(&story, &times, &makers);
    let reviewed =
        |ended, folder| Reviewed { ended, folder, summary: Some(summary), found: Some(found), unrecorded: None };
    let decision = match &job.verdict {
        Verdict::Look => return Ok(reviewed(Ended::Waiting, folder)),
        Verdict::Approve => (Decision::Approved, None),
        Verdict::Reject { reason } => (Decision::Rejected, Some(code(reason)?)),
    };
    let signer =
        signer.ok_or_else(|| Error::from(ErrorKind::Usage("a decision is signed: give `--sign KEY`".into())))?;
    may_decide(signer.public(), &makers, &story)?;
    let mut ledger = pending(job.ledger.as_ref(), &story.run_id)?;
    let register = register(job, &story)?;
    let decided =
        Decided { waiting: &waiting, story: &story, signer: &signer, makers: &makers, register: register.as_ref() };
    let (log, times) = decided.log(log, times, &decision)?;
    let (ended, folder) = match decision.0 {
        Decision::Approved => (Ended::Published, decided.publish(&log, &times)?),
        Decision::Rejected => (Ended::Rejected, decided.refuse(&log, &times)?),
    };
    let unrecorded = decided.ended(ended, &log);
    if let Some(ledger) = ledger.as_mut() {
        ledger.settle_pending(&story.run_id, ended == Ended::Published)?;
    }
    waiting.remove(&random::nonce()?)?;
    Ok(Reviewed { unrecorded, ..reviewed(ended, folder) })
}

/// The one release that waits at a path, in our hands.
fn open(path: &Path) -> Result<Waiting> {
    let usage = |text: &str| Error::from(ErrorKind::Usage(text.into())).in_file(path);
    let folder = match <[PathBuf; 1]>::try_from(Waiting::find(path)?) {
        Ok([folder]) => folder,
        Err(folders) if folders.is_empty() => {
            return Err(usage("no release waits here: name `DIR.waiting`, or the DIR that it will be"));
        }
        Err(_) => return Err(usage("several releases wait for this name: name one of the folders")),
    };
    Waiting::open(&folder)?.ok_or_else(|| usage("somebody else is deciding on it now"))
}

/// A reason that may stand in a log for years.
fn code(reason: &str) -> Result<String> {
    if is_code(reason) {
        return Ok(reason.to_owned());
    }
    Err(ErrorKind::Usage("--reason is a short code, as `purpose-not-covered`: letters, digits, `-`, `_`, `.`".into())
        .into())
}

/// Two persons, two keys; and where the profile names those who may decide, one of them.
fn may_decide(key: &PublicKey, makers: &[PublicKey], story: &Story) -> Result<()> {
    let usage = |text: &str| Err(ErrorKind::Usage(text.into()).into());
    if makers.iter().any(|maker| same_key(maker, key) || maker.label() == key.label()) {
        return usage("this key made the release: a second person decides, with a key of their own");
    }
    let named = story.review.as_ref().map(|review| review.requested.keys.as_slice()).unwrap_or_default();
    if !named.is_empty() && !named.contains(&key.to_text()) {
        return usage("the profile names the keys that may decide, and this is none of them");
    }
    Ok(())
}

/// The ledger, where it is given; the release must stand in it.
fn pending(files: Option<&LedgerFiles>, run: &str) -> Result<Option<Ledger>> {
    let Some(files) = files else { return Ok(None) };
    let ledger = files.open()?;
    if ledger.entries().iter().any(|(entry, _)| entry.release == run) {
        return Ok(Some(ledger));
    }
    Err(Error::from(ErrorKind::Usage("this ledger does not have the release".into())).in_file(&files.file))
}

/// The organisation's log, where the run stands in one: that very log must be given.
fn register(job: &ReviewJob, story: &Story) -> Result<Option<Register>> {
    let usage = |text: &str| Err(ErrorKind::Usage(text.into()).into());
    let (files, named) = match (&job.organisation, &story.opened.registered_in) {
        (None, None) => return Ok(None),
        (Some(files), Some(named)) => (files, named),
        (None, Some(_)) => return usage("the run stands in an organisation's log: give `--org-log DIR`"),
        (Some(_), None) => return usage("the run stands in no organisation's log: leave `--org-log` out"),
    };
    let sign = if files.sign.is_empty() { job.sign.iter().cloned().collect() } else { files.sign.clone() };
    if !files.folder.join("checkpoint").is_file() {
        return Err(Error::from(ErrorKind::Usage("there is no organisation's log here".into())).in_file(&files.folder));
    }
    let role = story.opened.approval.clone().unwrap_or_default();
    let register = Register::open(&OrganisationFiles { sign, ..files.clone() }, &role, &story.run_id)?;
    if register.named()?.origin != named.origin {
        return usage("this is another organisation's log than the one that the run stands in");
    }
    Ok(Some(register))
}

fn read(waiting: &Waiting, name: &str) -> Result<Vec<u8>> {
    let path = waiting.folder().join(name);
    std::fs::read(&path).map_err(|cause| Error::io("read", &path, &cause))
}

fn summary(story: &Story, times: &[u8], makers: &[PublicKey]) -> Summary {
    let moments = leaves(times);
    let asked = moments.last().and_then(|line| serde_json::from_slice::<Moment>(line).ok());
    let with = |status: &'static str| story.gates.iter().filter(move |gate| gate.status == status);
    Summary {
        run: story.run_id.clone(),
        profile: format!("{} {}", story.opened.profile, story.opened.profile_version),
        goal: story.opened.goal.clone(),
        tier: story.opened.tier.clone(),
        purpose: story.opened.purpose.clone(),
        role: story.opened.approval.clone().unwrap_or_default(),
        asked: asked.map(|moment| moment.wall).unwrap_or_default(),
        made_by: makers.iter().map(PublicKey::label).collect(),
        rows_read: story.sealed.rows_in,
        rows_released: story.sealed.rows_out,
        rows_suppressed: story.sealed.suppressed,
        unit: story.bound.unit.clone(),
        k: story.bound.k,
        smallest_class: story.risk.smallest_class,
        columns: story.bound.released.clone(),
        rules_hold: with("pass").count() as u64,
        warnings: with("warn").cloned().collect(),
        files: story.outputs.len() as u64,
        bytes: story.outputs.iter().fold(0, |sum, file| sum.saturating_add(file.bytes)),
    }
}

/// A decision that is being carried out.
struct Decided<'d> {
    waiting: &'d Waiting,
    story: &'d Story,
    signer: &'d Signer,
    makers: &'d [PublicKey],
    register: Option<&'d Register>,
}

impl Decided<'_> {
    /// The log and its times with the decision and the seal.
    fn log(
        &self,
        log: Vec<u8>,
        times: Vec<u8>,
        (decision, reason): &(Decision, Option<String>),
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        let broken = || Error::new(ErrorKind::Internal("the times of a release that waits cannot be read"));
        let last = leaves(&times).last().and_then(|line| serde_json::from_slice::<Moment>(line).ok());
        let last = last.ok_or_else(broken)?;
        let (clock, story) = (RunClock::after(last.monotonic_ns), self.story);
        let role = story.opened.approval.clone().unwrap_or_default();
        let mut journal = Journal::resume(log, times, story.run_id.clone(), story.actor.clone(), last.seq + 1);
        let event = Event::ReviewDecision(ReviewDecision {
            role: role.clone(),
            decision: *decision,
            reason: reason.clone(),
            key: self.signer.public().label(),
        });
        journal.append_by(&role, event, &clock)?;
        let (status, reasons) = match decision {
            Decision::Approved => (Status::Published, Vec::new()),
            Decision::Rejected => (Status::Refused, vec!["review".to_owned()]),
        };
        let sealed = RunSealed { status, reasons, events: journal.events(), ..story.sealed.clone() };
        journal.append_timed(Event::RunSealed(sealed), &clock, None, last.run)?;
        let digest = Digest::of_bytes(journal.writers().1);
        journal.seal_times(digest)?;
        let (log, times) = journal.writers();
        Ok((log.clone(), times.clone()))
    }

    /// Builds the release beside the folder, has the gate look at its bytes once more, and lets it leave.
    fn publish(&self, log: &[u8], times: &[u8]) -> Result<PathBuf> {
        let stage = Stage::create(self.waiting.target(), &random::nonce()?)?;
        let left = stage.log_at();
        let published = self.leave(stage, log, times);
        if published.is_err() {
            // what waits has the log; a second one of a release that did not leave would only confuse
            left.get().map(std::fs::remove_dir_all);
            self.register.iter().for_each(|register| register.did_not_leave());
        }
        published
    }
    fn leave(&self, stage: Stage, log: &[u8], times: &[u8]) -> Result<PathBuf> {
        let names = super::verify::names(self.waiting.folder())?;
        for name in names.iter().filter(|name| !ABOUT.contains(&name.as_str())) {
            self.waiting.take_along(name, &stage)?;
        }
        for name in [CERTIFICATE, GATES] {
            let mut envelope = Envelope::parse(&read(self.waiting, name)?)?;
            envelope.add(self.signer)?;
            seal::write(&stage, name, &envelope.to_text()?)?;
        }
        if let Some(register) = self.register {
            let kept_until = seal::span(times).map(|(.., whole)| whole.keep_until).unwrap_or_default();
            register.registered(&stage, &seal::head(&self.story.run_id, log).0, kept_until)?;
        }
        self.seal(&stage, log, times)?;
        let judged: Vec<FileFacts> = self.story.outputs.iter().map(facts).collect();
        let found = stage.files()?.into_iter().filter(|name| name.starts_with("data/")).map(|name| {
            let (digest, bytes) = Digest::of_file(&stage.folder().join(&name))?;
            Ok(FileFacts { name, bytes, digest })
        });
        let found = found.collect::<Result<Vec<_>>>()?;
        match gate::readmit(stage, &judged, &found) {
            Judgement::Passed(proof) => Ok(write::publish(proof)?.folder),
            Judgement::Refused(_) => Err(Fault::FileChanged.into()),
        }
    }
    /// Says in the organisation's log how it ended; why that could not be said.
    fn ended(&self, ended: Ended, log: &[u8]) -> Option<Error> {
        let (status, reasons) = match ended {
            Ended::Published => ("published", Vec::new()),
            _ => ("refused", vec!["review".to_owned()]),
        };
        self.register?.ended(status, reasons, &seal::head(&self.story.run_id, log).0).err()
    }
    /// Keeps the log, which says no; the data goes with the folder.
    fn refuse(&self, log: &[u8], times: &[u8]) -> Result<PathBuf> {
        let stage = Stage::create(self.waiting.target(), &random::nonce()?)?;
        self.seal(&stage, log, times)?;
        stage.set_aside(Ending::Refused)
    }
    /// Checkpoint, keys, times, and last the log: a stage without a log leaves nothing behind.
    fn seal(&self, stage: &Stage, log: &[u8], times: &[u8]) -> Result<()> {
        let (checkpoint, _) = seal::head(&self.story.run_id, log);
        let note = checkpoint.sign(std::slice::from_ref(self.signer))?;
        let keys = self.makers.iter().chain([self.signer.public()]);
        seal::write(stage, CHECKPOINT, note.to_text().as_bytes())?;
        seal::write(stage, KEYS, seal::keys_text(keys).as_bytes())?;
        seal::write(stage, TIMES, times)?;
        seal::write(stage, LOG, log)
    }
}

fn facts(file: &crate::log::OutputStaged) -> FileFacts {
    FileFacts { name: file.file.clone(), bytes: file.bytes, digest: file.digest.clone() }
}
