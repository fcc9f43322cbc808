//! Turns the stages' reports into log events, in an order that no thread decides, and writes the evidence files.

mod opening;
mod totals;

use super::parallel::Done;
use super::register::Register;
use super::release::ShardReport;
use super::survey::Survey;
use super::{Outcome, Workplace, describe, engine, models, seal};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result, counted, counted_classes};
use crate::evidence::{Checkpoint, Signer};
use crate::gate::{self, Policy, RowAccount, Suppression};
use crate::log::{
    Clock, ColumnRecord, Event, FileForm, InputOpened, Journal, KeyCreated, KeyDestroyed, LevelsChosen, OutputStaged,
    PopulationCounted, ReviewRequested, RuleRecord, RunFailed, RunOpened, RunSealed, SchemaBound, SourceCommitted,
    Status, SurveyDone, Whole, group_inputs,
};
use crate::plan::{Operators, Plan, explain};
use crate::profile::{ApprovalSpec, CatalogueSpec, LevelsFrom, Loaded, Unit, shippable};
use crate::read::Source;
use crate::report::{Aggregation, Risk, RunReport, html};
use crate::secret::MasterKey;
use crate::write::{Ending, Stage, StagedPart};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use super::clock::{Cost, RunClock, Spent};
use opening::Opening;

pub(super) const LOG: &str = "evidence/log.jsonl";
pub(super) const TIMES: &str = "evidence/times.jsonl";
const PLAN: &str = "evidence/plan.txt";
const PROFILE: &str = "evidence/profile.toml";
const REPORT: &str = "evidence/report.json";
const PAGE: &str = "evidence/report.html";

/// The log of a run and what it has counted so far.
pub(super) struct Record {
    journal: Journal<File>,
    /// The first events, until the digest of the program is known.
    opening: Option<Opening>,
    signers: Vec<Signer>,
    /// The organisation's log, where there is one.
    register: Option<Register>,
    /// Head of the log once it was sealed.
    head: Option<Checkpoint>,
    /// What could not be written into the organisation's log when all was over.
    unrecorded: Option<Error>,
    retention_years: u32,
    profile_digest: Digest,
    rows: RowAccount,
    shards: u64,
    invalid: u64,
    microaggregated: Vec<Aggregation>,
    with_profile: bool,
    /// Members of the population, where a model counted a table of it.
    population: Option<u64>,
    catalogue: CatalogueSpec,
}

impl Record {
    pub(super) fn open(
        stage: &Stage,
        loaded: &Loaded,
        plan: &Plan,
        (run_id, signers, register): (String, Vec<Signer>, Option<Register>),
        clock: &RunClock,
    ) -> Result<Self> {
        let ((events, _), (times, _)) = (stage.create_file(LOG)?, stage.create_file(TIMES)?);
        let profile_digest = Digest::of_text(&loaded.text);
        let mut record = Self {
            journal: Journal::new(events, times, run_id, actor(plan)),
            opening: Some(Opening::new()),
            signers,
            register,
            head: None,
            unrecorded: None,
            retention_years: loaded.profile.evidence.retention_years,
            profile_digest: profile_digest.clone(),
            rows: RowAccount::default(),
            shards: 0,
            invalid: 0,
            microaggregated: Vec::new(),
            with_profile: false,
            population: None,
            catalogue: loaded.profile.catalogue.clone(),
        };
        let opened = RunOpened {
            engine: concat!("outis ", env!("CARGO_PKG_VERSION")).to_owned(),
            profile: plan.name.clone(),
            profile_version: plan.version.clone(),
            profile_digest,
            plan_digest: plan.digest(),
            goal: plan.goal.name().to_owned(),
            tier: plan.tier.name().to_owned(),
            purpose: plan.purpose.clone(),
            source: plan.provenance.source.clone(),
            obtained: plan.provenance.obtained.clone(),
            provider: plan.provenance.provider.clone(),
            responsible: plan.provenance.responsible.clone(),
            basis: plan.provenance.basis.clone(),
            retention_years: record.retention_years,
            approval: plan.approval.as_ref().map(|asked| asked.role.clone()),
            // it comes when the opening ends
            engine_digest: None,
            registered_in: record.register.as_ref().map(Register::named).transpose()?,
        };
        record.say(Event::RunOpened(opened.clone()), clock)?;
        if let Some(register) = &record.register {
            clock.spend(Spent::Register, || register.started(&opened))?;
        }
        Ok(record)
    }

    /// Says one event: writes it, or keeps it with its moment while the opening lasts.
    fn say(&mut self, event: Event, clock: &RunClock) -> Result<()> {
        self.say_timed(event, clock, None, None)
    }
    fn say_timed(&mut self, event: Event, clock: &RunClock, took: Option<u64>, whole: Option<Whole>) -> Result<()> {
        if let Some(opening) = self.opening.as_mut().filter(|_| !engine::is_known()) {
            opening.add(event, clock, took, whole);
            return Ok(());
        }
        self.catch_up(clock)?;
        clock.spend(Spent::Log, || self.journal.append_timed(event, clock, took, whole))
    }
    /// Ends the opening: all that was said stands in the log. Needed before anybody reads it or counts its events.
    fn catch_up(&mut self, clock: &RunClock) -> Result<()> {
        let Some(opening) = self.opening.take() else { return Ok(()) };
        for early in opening.end() {
            let write = || self.journal.append_timed(early.event, &early.moment, early.took, early.whole);
            clock.spend(Spent::Log, write)?;
        }
        Ok(())
    }

    pub(super) fn schema_bound(&mut self, plan: &Plan, operators: &Operators, clock: &RunClock) -> Result<()> {
        let bound = SchemaBound {
            columns: column_records(plan),
            undeclared: 0,
            released: plan.layout.schema.fields().iter().map(|field| field.name.clone()).collect(),
            unit: plan.unit.name().to_owned(),
            k: plan.k.map(crate::limits::K::get),
            models: models::told(plan),
            form: FileForm {
                format: plan.layout.format.name().to_owned(),
                compression: plan.layout.compression.name().to_owned(),
                delimiter: plan.layout.delimiter,
                null: String::from_utf8_lossy(&plan.layout.null).into_owned(),
            },
        };
        self.say(Event::SchemaBound(bound), clock)?;
        let fixed = plan.columns.iter().any(|column| column.level.is_some());
        if plan.is_open() || !fixed { Ok(()) } else { self.levels_chosen(plan, operators, None, clock) }
    }

    /// What groups of numbers cost.
    pub(super) fn microaggregated(&mut self, costs: Vec<Aggregation>) {
        self.microaggregated = costs;
    }

    /// The levels as they stand now, and how they were found.
    pub(super) fn levels_chosen(
        &mut self,
        plan: &Plan,
        operators: &Operators,
        proven: Option<bool>,
        clock: &RunClock,
    ) -> Result<()> {
        let columns = || plan.columns.iter().enumerate();
        let level = |(_, column): (usize, &crate::plan::ColumnPlan)| {
            column.level.map(|(level, _)| (column.name.clone(), level as u64))
        };
        let digest = |(at, column): (usize, &crate::plan::ColumnPlan)| {
            operators.hierarchy_digest(at).map(|digest| (column.name.clone(), digest))
        };
        let from = if proven.is_some() { plan.search.levels_from } else { LevelsFrom::Declared };
        let event = Event::LevelsChosen(LevelsChosen {
            levels: columns().filter_map(level).collect(),
            method: from.name().to_owned(),
            sample: (from == LevelsFrom::Sample).then(|| plan.search.sample.to_string()),
            minimize: proven.map(|_| plan.search.minimize.name().to_owned()),
            proven,
            hierarchies: columns().filter_map(digest).collect(),
            recoding: plan.recodes().then(|| plan.search.recoding_name().to_owned()),
        });
        self.say(event, clock)
    }

    pub(super) fn inputs(&mut self, source: &Source, clock: &RunClock) -> Result<()> {
        let size = |path: &std::path::PathBuf| {
            std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len())
        };
        for inputs in group_inputs(source.files().len()) {
            let mut formats: Vec<String> = inputs.clone().map(|input| source.format(input).name().to_owned()).collect();
            formats.sort();
            formats.dedup();
            let event = Event::InputOpened(InputOpened {
                first_input: inputs.start as u64,
                inputs: inputs.len() as u64,
                formats,
                bytes: source.files()[inputs].iter().map(size).sum(),
            });
            self.say(event, clock)?;
        }
        Ok(())
    }

    pub(super) fn key_created(&mut self, plan: &Plan, key: &MasterKey, clock: &RunClock) -> Result<()> {
        let event = Event::KeyCreated(KeyCreated {
            suite: plan.suite.to_owned(),
            bits: 256,
            custody: key.custody().name().to_owned(),
            fingerprint: key.fingerprint(),
            locked: key.is_locked(),
        });
        self.say(event, clock)
    }

    /// What pass one found; `committed` is the keyed digest of the population's table, where there is a salt.
    pub(super) fn survey_done(&mut self, survey: &Survey, committed: Option<String>, clock: &RunClock) -> Result<()> {
        self.population = survey.population.map(|people| people.rows);
        let event = Event::SurveyDone(SurveyDone {
            rows: survey.rows,
            rejected: survey.rejected,
            classes: survey.classes.len() as u64,
            smallest_class: survey.smallest,
            classes_below_k: survey.classes_below,
            rows_to_suppress: survey.rows_below,
            suppression_limit: survey.limit,
            population: survey.population.map(|people| PopulationCounted {
                rows: people.rows,
                classes: people.classes,
                commitment: committed,
            }),
        });
        self.say(event, clock)
    }

    /// Logs the shards, several in an event where there are many, and adds up: in = out + suppressed + rejected + not
    /// drawn, in every shard and in total.
    pub(super) fn shards_done(
        &mut self,
        source: &Source,
        shards: &[Done<ShardReport>],
        clock: &RunClock,
    ) -> Result<RowAccount> {
        let totals = totals::totals(source.files().len(), shards)?;
        for (read, groups) in totals {
            for group in groups {
                self.rows.read += group.rows_in;
                self.rows.released += group.rows_out;
                self.rows.suppressed += group.suppressed;
                self.rows.rejected += group.rejected;
                self.rows.not_drawn += group.not_drawn;
                self.rows.over_cap += group.over_cap;
                self.rows.withheld += group.withheld;
                self.invalid += group.invalid_cells;
                self.shards += group.shards;
                self.say(Event::ShardsDone(group), clock)?;
            }
            self.say(Event::InputRead(read), clock)?;
        }
        Ok(self.rows)
    }

    /// The same of a run that is refused before anything is released: none of the rows went anywhere.
    pub(super) fn shards_withheld(&mut self, source: &Source, shards: &[Done<()>], clock: &RunClock) -> Result<()> {
        let withheld = |shard: &Done<()>| Done {
            number: shard.number,
            file: shard.file,
            count: shard.count,
            result: ShardReport { withheld: shard.count.rows, ..ShardReport::default() },
        };
        let shards: Vec<_> = shards.iter().map(withheld).collect();
        self.shards_done(source, &shards, clock).map(drop)
    }

    /// What the source is, for whoever has it and the salt.
    pub(super) fn source_committed(&mut self, committed: SourceCommitted, clock: &RunClock) -> Result<()> {
        self.say(Event::SourceCommitted(committed), clock)
    }

    /// Writes the plan's page and, where it quotes nothing, the profile; the log is all there, for who reads the evidence next.
    pub(super) fn evidence(&mut self, loaded: &Loaded, plan: &Plan, stage: &Stage, clock: &RunClock) -> Result<()> {
        self.catch_up(clock)?;
        write_file(stage, PLAN, explain(plan).as_bytes())?;
        if let Some(text) = shippable(loaded) {
            self.with_profile = true;
            write_file(stage, PROFILE, text.as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn policy(
        &self,
        plan: &Plan,
        rows: RowAccount,
        limit: u64,
        parts: &[StagedPart],
        process: gate::Process,
    ) -> Policy {
        let mut files: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
        files.extend([LOG.to_owned(), TIMES.to_owned(), PLAN.to_owned()]);
        if self.with_profile {
            files.push(PROFILE.to_owned());
        }
        Policy { rows, suppression: Suppression { rows: rows.suppressed, limit }, files, process, ..plan.policy() }
    }

    pub(super) fn judged(&mut self, plan: &Plan, report: &gate::Report, clock: &RunClock) -> Result<()> {
        for (at, file) in report.measured.files.iter().enumerate() {
            let event = Event::OutputStaged(OutputStaged {
                file: file.name.clone(),
                rows: report.measured.rows_by_file.get(at).copied().unwrap_or(0),
                bytes: file.bytes,
                digest: file.digest.clone(),
            });
            self.say(event, clock)?;
        }
        let risk = Risk::of(report, plan.unit);
        self.say(Event::RiskMeasured(risk.event(plan.unit)), clock)?;
        report.verdicts.iter().try_for_each(|verdict| self.gate_result(&rule_record(verdict), clock))
    }

    fn gate_result(&mut self, rule: &RuleRecord, clock: &RunClock) -> Result<()> {
        self.say_timed(Event::GateResult(rule.event()), clock, Some(rule.milliseconds), None)
    }

    /// Wipes the key and everything derived from it, then says so.
    pub(super) fn key_destroyed(&mut self, key: MasterKey, operators: Operators, clock: &RunClock) -> Result<()> {
        let fingerprint = key.fingerprint();
        drop(operators);
        drop(key);
        self.say(Event::KeyDestroyed(KeyDestroyed { fingerprint }), clock)
    }

    /// Ends the log of a run that will be published, or asks a second person where one must agree, and writes the reports.
    pub(super) fn seal(
        &mut self,
        plan: &Plan,
        gate: &gate::Report,
        stage: &Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<RunReport> {
        match &plan.approval {
            None => self.sealed(stage, Status::Published, Vec::new(), place.threads, clock)?,
            Some(asked) => self.review_requested(asked, stage, place.threads, clock)?,
        }
        let report = self.report(Status::Published, plan, Some(gate), place, clock);
        let told = json(&report)?;
        gate::hold_report(&told)?;
        write_file(stage, REPORT, &told)?;
        write_file(stage, PAGE, html(&report).as_bytes())?;
        describe::describe(stage, &self.catalogue, &self.totals(Status::Published, Vec::new()))?;
        seal::certify(stage, &self.signers, clock)?;
        if let (Some(register), Some(head), None) = (&self.register, &self.head, &plan.approval) {
            let kept_until = RunClock::day_in_years(self.retention_years);
            clock.spend(Spent::Register, || register.registered(stage, head, kept_until))?;
        }
        Ok(report)
    }

    /// Says in the organisation's log that the run ended so. What cannot be said there is kept for the caller.
    fn ended(&mut self, status: &str, reasons: Vec<String>, head: Option<&Checkpoint>, clock: &RunClock) {
        if let (Some(register), Some(head)) = (&self.register, head) {
            self.unrecorded = clock.spend(Spent::Register, || register.ended(status, reasons, head)).err();
        }
    }
    /// The release left, or could not; what waits for a second person has no end yet.
    pub(super) fn left(&mut self, outcome: Result<Outcome>, clock: &RunClock) -> Result<Outcome> {
        match outcome {
            Ok(outcome) if outcome.waits => Ok(outcome),
            Ok(outcome) => {
                let head = self.head.take();
                self.ended("published", Vec::new(), head.as_ref(), clock);
                Ok(Outcome { unrecorded: self.unrecorded.take(), ..outcome })
            }
            Err(error) => {
                self.register.iter().for_each(Register::did_not_leave);
                Err(error)
            }
        }
    }

    /// Ends the log of a refused run, keeps it, and removes everything else.
    pub(super) fn refuse(
        &mut self,
        plan: &Plan,
        gate: &gate::Report,
        stage: Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<Outcome> {
        let reasons = gate.verdicts.iter().filter(|verdict| verdict.refuses()).map(|verdict| verdict.rule.to_owned());
        self.sealed(&stage, Status::Refused, reasons.collect(), place.threads, clock)?;
        let report = self.report(Status::Refused, plan, Some(gate), place, clock);
        let folder = stage.set_aside(Ending::Refused)?;
        Ok(Outcome { report, folder, waits: false, unrecorded: self.unrecorded.take(), cost: Cost::default() })
    }

    /// The same after pass one: more rows lie in classes under k than may be suppressed.
    pub(super) fn refuse_after_survey(
        &mut self,
        plan: &Plan,
        survey: &Survey,
        stage: Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<Outcome> {
        if let Some(absent) = survey.population.map(|people| people.absent).filter(|absent| *absent > 0) {
            let measured = format!(
                "delta_presence rejects {} of the population that nobody of the input is in, and nothing can be left out there",
                counted_classes(absent)
            );
            let limit = format!("{} hold in every class", counted(plan.models.len() as u64, "model"));
            return self.refuse_early(plan, (&gate::MODELS, measured, limit), stage, place, clock);
        }
        let classes = counted_classes(survey.classes_below);
        let under = if plan.models.len() == 1 && plan.k.is_some() { "under k" } else { "that a model rejects" };
        let rows = counted(survey.rows_below, "row");
        let measured = match plan.unit {
            Unit::Row => format!("{rows} in {classes} {under}"),
            Unit::Subject => {
                let persons = counted(survey.persons_below, "person");
                format!("{rows} of {persons} whose rows together fewer than k persons share")
            }
        };
        self.refuse_early(plan, (&gate::SUPPRESSION, measured, at_most(survey.limit)), stage, place, clock)
    }

    /// The same where no levels satisfy the models: why, and how many rows may be suppressed.
    pub(super) fn refuse_without_levels(
        &mut self,
        plan: &Plan,
        (why, limit): (String, u64),
        stage: Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<Outcome> {
        self.refuse_early(plan, (&gate::SUPPRESSION, why, at_most(limit)), stage, place, clock)
    }

    fn refuse_early(
        &mut self,
        plan: &Plan,
        (rule, measured, limit): (&gate::Rule, String, String),
        stage: Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<Outcome> {
        let verdict = RuleRecord {
            rule: rule.id,
            threat: rule.threat,
            status: gate::Status::Fail.name(),
            severity: gate::Severity::Block.name(),
            stage: rule.stage.name(),
            measured,
            limit,
            reason: rule.reason.to_owned(),
            milliseconds: 0,
        };
        self.gate_result(&verdict, clock)?;
        self.sealed(&stage, Status::Refused, vec![verdict.rule.to_owned()], place.threads, clock)?;
        let mut report = self.report(Status::Refused, plan, None, place, clock);
        report.gate = vec![verdict];
        let folder = stage.set_aside(Ending::Refused)?;
        Ok(Outcome { report, folder, waits: false, unrecorded: self.unrecorded.take(), cost: Cost::default() })
    }

    /// Ends the log of a run that could not go on. Its stage is gone and the log was set aside; the open files went along.
    /// What cannot be written any more is not: the log then ends without a seal.
    pub(super) fn failed(&mut self, error: &Error, threads: usize, log_at: Option<&PathBuf>, clock: &RunClock) {
        let event = Event::RunFailed(RunFailed { code: error.kind().code().to_owned() });
        let whole = self.whole(threads, clock);
        let ended = self.catch_up(clock).and_then(|()| self.say_timed(event, clock, None, Some(whole)));
        let (events, times) = self.journal.writers();
        let _ = ended.map(|()| events.sync_all().and_then(|()| times.sync_all()));
        let log = log_at.and_then(|folder| std::fs::read(folder.join("log.jsonl")).ok());
        let head = log.map(|log| seal::head(self.journal.run_id(), &log).0);
        self.ended("failed", vec![error.kind().code().to_owned()], head.as_ref(), clock);
    }

    /// Asks a second person, and signs what the maker answers for.
    fn review_requested(
        &mut self,
        asked: &ApprovalSpec,
        stage: &Stage,
        threads: usize,
        clock: &RunClock,
    ) -> Result<()> {
        self.catch_up(clock)?;
        let (times, _) = Digest::of_file(&stage.folder().join(TIMES))?;
        let (role, keys) = (asked.role.clone(), asked.keys.clone());
        let event = Event::ReviewRequested(ReviewRequested { role, keys, moments: self.journal.events(), times });
        let whole = self.whole(threads, clock);
        self.say_timed(event, clock, None, Some(whole))?;
        self.head =
            Some(clock.spend(Spent::Signatures, || seal::seal_log(stage, self.journal.run_id(), &self.signers))?);
        Ok(())
    }

    fn totals(&self, status: Status, reasons: Vec<String>) -> RunSealed {
        RunSealed {
            status,
            reasons,
            rows_in: self.rows.read,
            rows_out: self.rows.released,
            suppressed: self.rows.suppressed,
            rejected: self.rows.rejected,
            not_drawn: self.rows.not_drawn,
            over_cap: self.rows.over_cap,
            withheld: self.rows.withheld,
            shards: self.shards,
            events: self.journal.events(),
        }
    }

    /// The last events, and the signed head of the log.
    fn sealed(
        &mut self,
        stage: &Stage,
        status: Status,
        reasons: Vec<String>,
        threads: usize,
        clock: &RunClock,
    ) -> Result<()> {
        self.catch_up(clock)?;
        let event = Event::RunSealed(self.totals(status, reasons.clone()));
        let whole = self.whole(threads, clock);
        self.say_timed(event, clock, None, Some(whole))?;
        let (digest, _) = Digest::of_file(&stage.folder().join(TIMES))?;
        self.journal.seal_times(digest)?;
        let head = clock.spend(Spent::Signatures, || seal::seal_log(stage, self.journal.run_id(), &self.signers))?;
        if status == Status::Refused {
            self.ended("refused", reasons, Some(&head), clock);
        }
        self.head = Some(head);
        Ok(())
    }

    fn whole(&self, threads: usize, clock: &RunClock) -> Whole {
        let keep_until = RunClock::day_in_years(self.retention_years);
        Whole { stages: clock.timings(), threads: threads as u64, keep_until }
    }

    fn report(
        &self,
        status: Status,
        plan: &Plan,
        gate: Option<&gate::Report>,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> RunReport {
        RunReport {
            status,
            run: self.journal.run_id().to_owned(),
            engine: concat!("outis ", env!("CARGO_PKG_VERSION")),
            finished: clock.wall(),
            profile: plan.name.clone(),
            profile_version: plan.version.clone(),
            profile_digest: self.profile_digest.clone(),
            plan_digest: plan.digest(),
            goal: plan.goal.name(),
            tier: plan.tier.name(),
            purpose: plan.purpose.clone(),
            approval: plan.approval.as_ref().map(|asked| asked.role.clone()),
            key: plan.key.name(),
            rows: self.rows.into(),
            invalid_cells: self.invalid,
            unit: plan.unit.name(),
            k: plan.k.map(crate::limits::K::get),
            suppression_limit: plan.suppress_at_most.to_string(),
            recoding: plan.search.recoding_name(),
            microaggregated: self.microaggregated.clone(),
            population: self.population,
            risk: gate.map(|gate| Risk::of(gate, plan.unit)),
            columns: column_records(plan),
            gate: gate.map(|gate| gate.verdicts.iter().map(rule_record).collect()).unwrap_or_default(),
            files: gate
                .map(|gate| gate.measured.files.clone())
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            stages: clock.timings(),
            threads: place.threads,
        }
    }
}

fn at_most(rows: u64) -> String {
    format!("at most {}", counted(rows, "row"))
}

/// The role that answers for a run.
pub(super) fn actor(plan: &Plan) -> String {
    plan.provenance.responsible.clone().unwrap_or_else(|| "role:unnamed".to_owned())
}

fn rule_record(verdict: &gate::Verdict) -> RuleRecord {
    RuleRecord {
        rule: verdict.rule,
        threat: verdict.threat,
        status: verdict.status.name(),
        severity: verdict.severity.name(),
        stage: verdict.stage.name(),
        measured: verdict.measured.clone(),
        limit: verdict.limit.clone(),
        reason: verdict.reason.to_owned(),
        milliseconds: verdict.microseconds.saturating_add(500) / 1000,
    }
}

fn column_records(plan: &Plan) -> Vec<ColumnRecord> {
    let record = |column: &crate::plan::ColumnPlan| ColumnRecord {
        name: column.name.clone(),
        released_as: column.released_as.clone(),
        role: column.role.name().to_owned(),
        semantic: column.semantic.clone(),
        operator: column.operator.to_owned(),
        parameters: column.parameters.clone(),
        iso_20889: column.iso_20889.to_owned(),
        reversible_by: column.reversible_by.to_owned(),
    };
    plan.columns.iter().map(record).collect()
}

pub(super) fn write_file(stage: &Stage, name: &str, bytes: &[u8]) -> Result<()> {
    let (mut file, path) = stage.create_file(name)?;
    file.write_all(bytes).map_err(|cause| Error::io("write", &path, &cause))
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut bytes =
        serde_json::to_vec_pretty(value).map_err(|_| Error::new(ErrorKind::Internal("a report is not JSON")))?;
    bytes.push(b'\n');
    Ok(bytes)
}
