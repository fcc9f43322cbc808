//! Turns the stages' reports into log events, in an order that no thread decides, and writes the evidence files.

use super::parallel::Done;
use super::release::ShardReport;
use super::survey::Survey;
use super::{Outcome, Workplace};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result, counted, counted_classes};
use crate::gate::{self, Policy, RowAccount, Suppression};
use crate::log::{Clock, ColumnRecord, Event, Journal, KeyRecord, RuleRecord, Status};
use crate::plan::{Operators, Plan, explain};
use crate::profile::{Loaded, shippable};
use crate::random;
use crate::read::Source;
use crate::report::{Risk, RunReport, html};
use crate::secret::MasterKey;
use crate::write::{Stage, StagedPart};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use super::clock::RunClock;

const LOG: &str = "evidence/log.jsonl";
const PLAN: &str = "evidence/plan.txt";
const PROFILE: &str = "evidence/profile.toml";
const GATES: &str = "evidence/gates.json";
const REPORT: &str = "evidence/report.json";
const PAGE: &str = "evidence/report.html";

/// Years that a log is kept at least (CD-23; above the three years of PIPL 56).
const RETENTION_YEARS: u32 = 5;

/// The log of a run and what it has counted so far.
pub(super) struct Record {
    journal: Journal<File>,
    path: PathBuf,
    run: String,
    profile_digest: Digest,
    shards: u64,
    invalid: u64,
    with_profile: bool,
}

impl Record {
    pub(super) fn open(stage: &Stage, loaded: &Loaded, plan: &Plan, clock: &RunClock) -> Result<Self> {
        let (file, path) = stage.create_file(LOG)?;
        let run = random::nonce()?;
        let actor = plan.provenance.responsible.clone().unwrap_or_else(|| "role:unnamed".to_owned());
        let profile_digest = Digest::of_text(&loaded.text);
        let mut record = Self {
            journal: Journal::new(file, run.clone(), actor),
            path,
            run,
            profile_digest: profile_digest.clone(),
            shards: 0,
            invalid: 0,
            with_profile: false,
        };
        let event = Event::RunOpened {
            engine: concat!("outis ", env!("CARGO_PKG_VERSION")),
            profile: plan.name.clone(),
            profile_version: plan.version.clone(),
            profile_digest,
            plan_digest: plan.digest(),
            goal: plan.goal.name(),
            tier: plan.tier.name(),
            purpose: plan.purpose.clone(),
            source: plan.provenance.source.clone(),
            obtained: plan.provenance.obtained.clone(),
            provider: plan.provenance.provider.clone(),
            responsible: plan.provenance.responsible.clone(),
            basis: plan.provenance.basis.clone(),
            retention_years: RETENTION_YEARS,
        };
        record.journal.append(&event, clock)?;
        Ok(record)
    }

    pub(super) fn schema_bound(&mut self, plan: &Plan, clock: &RunClock) -> Result<()> {
        self.journal.append(&Event::SchemaBound { columns: column_records(plan), undeclared: 0 }, clock)?;
        let levels: Vec<_> = plan
            .columns
            .iter()
            .filter_map(|column| column.level.map(|(level, _)| (column.name.clone(), level as u64)))
            .collect();
        if levels.is_empty() {
            return Ok(());
        }
        self.journal.append(&Event::LevelsChosen { levels, method: "declared" }, clock)
    }

    pub(super) fn inputs(&mut self, source: &Source, clock: &RunClock) -> Result<()> {
        for (input, path) in source.files().iter().enumerate() {
            let bytes = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
            let format = source.format(input).name();
            self.journal.append(&Event::InputOpened { input: input as u64, format, bytes }, clock)?;
        }
        Ok(())
    }

    pub(super) fn key_created(&mut self, plan: &Plan, key: &MasterKey, clock: &RunClock) -> Result<()> {
        let event = Event::KeyCreated(KeyRecord {
            suite: plan.suite,
            bits: 256,
            custody: key.custody().name(),
            fingerprint: key.fingerprint(),
            locked: key.is_locked(),
        });
        self.journal.append(&event, clock)
    }

    pub(super) fn survey_done(&mut self, survey: &Survey, clock: &RunClock) -> Result<()> {
        let event = Event::SurveyDone {
            rows: survey.rows,
            rejected: survey.rejected,
            classes: survey.classes.len() as u64,
            smallest_class: survey.classes.members().iter().copied().min().unwrap_or(0),
            classes_below_k: survey.classes_below,
            rows_to_suppress: survey.rows_below,
            suppression_limit: survey.limit,
        };
        self.journal.append(&event, clock)
    }

    /// Logs every shard and adds up: in = out + suppressed + rejected + not drawn, in every shard and in total.
    pub(super) fn shards_done(&mut self, shards: &[Done<ShardReport>], clock: &RunClock) -> Result<RowAccount> {
        let mut total = RowAccount::default();
        for shard in shards {
            let report = shard.result;
            let rows_in = shard.count.rows + shard.count.rejected;
            if rows_in != report.released + report.suppressed + shard.count.rejected + report.not_drawn {
                return Err(Error::new(ErrorKind::Internal("a shard lost or doubled rows")));
            }
            total.read += rows_in;
            total.released += report.released;
            total.suppressed += report.suppressed;
            total.rejected += shard.count.rejected;
            total.not_drawn += report.not_drawn;
            self.invalid += report.invalid;
            self.shards += 1;
            let event = Event::ShardDone {
                shard: shard.number,
                input: shard.file as u64,
                rows_in,
                rows_out: report.released,
                suppressed: report.suppressed,
                rejected: shard.count.rejected,
                not_drawn: report.not_drawn,
                invalid_cells: report.invalid,
            };
            self.journal.append(&event, clock)?;
        }
        Ok(total)
    }

    /// Writes the plan's page and, where it quotes nothing, the profile.
    pub(super) fn evidence(&mut self, loaded: &Loaded, plan: &Plan, stage: &Stage) -> Result<()> {
        write_file(stage, PLAN, explain(plan).as_bytes())?;
        if let Some(text) = shippable(loaded) {
            self.with_profile = true;
            write_file(stage, PROFILE, text.as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn policy(&self, plan: &Plan, rows: RowAccount, limit: u64, parts: &[StagedPart]) -> Policy {
        let mut files: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
        files.extend([LOG.to_owned(), PLAN.to_owned()]);
        if self.with_profile {
            files.push(PROFILE.to_owned());
        }
        Policy { rows, suppression: Suppression { rows: rows.suppressed, limit }, files, ..plan.policy() }
    }

    pub(super) fn judged(&mut self, plan: &Plan, report: &gate::Report, clock: &RunClock) -> Result<()> {
        for (at, file) in report.measured.files.iter().enumerate() {
            let event = Event::OutputStaged {
                file: file.name.clone(),
                rows: report.measured.rows_by_file.get(at).copied().unwrap_or(0),
                bytes: file.bytes,
                digest: file.digest.clone(),
            };
            self.journal.append(&event, clock)?;
        }
        let risk = Risk::of(report, plan.unit);
        self.journal.append(&risk.event(plan.unit), clock)?;
        for verdict in &report.verdicts {
            self.journal.append(&Event::GateResult(rule_record(verdict)), clock)?;
        }
        Ok(())
    }

    /// Wipes the key and everything derived from it, then says so.
    pub(super) fn key_destroyed(&mut self, key: MasterKey, operators: Operators, clock: &RunClock) -> Result<()> {
        let fingerprint = key.fingerprint();
        drop(operators);
        drop(key);
        self.journal.append(&Event::KeyDestroyed { fingerprint }, clock)
    }

    /// Ends the log of a run that will be published and writes the reports.
    pub(super) fn seal(
        &mut self,
        plan: &Plan,
        rows: RowAccount,
        gate: &gate::Report,
        stage: &Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<RunReport> {
        self.sealed(Status::Published, Vec::new(), rows, place, clock)?;
        let report = self.report(Status::Published, plan, rows, Some(gate), place, clock);
        write_file(stage, GATES, &json(&report.gate)?)?;
        write_file(stage, REPORT, &json(&report)?)?;
        write_file(stage, PAGE, html(&report).as_bytes())?;
        Ok(report)
    }

    /// Ends the log of a refused run, keeps it, and removes everything else.
    pub(super) fn refuse(
        mut self,
        plan: &Plan,
        rows: RowAccount,
        gate: &gate::Report,
        stage: Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<Outcome> {
        let reasons = gate.verdicts.iter().filter(|verdict| verdict.refuses()).map(|verdict| verdict.rule.to_owned());
        self.sealed(Status::Refused, reasons.collect(), rows, place, clock)?;
        let report = self.report(Status::Refused, plan, rows, Some(gate), place, clock);
        self.keep_log(stage, report)
    }

    /// The same after pass one: more rows lie in classes under k than may be suppressed.
    pub(super) fn refuse_after_survey(
        mut self,
        plan: &Plan,
        survey: &Survey,
        stage: Stage,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<Outcome> {
        let rows =
            RowAccount { read: survey.rows + survey.rejected, rejected: survey.rejected, ..RowAccount::default() };
        let verdict = RuleRecord {
            rule: gate::SUPPRESSION.id,
            threat: gate::SUPPRESSION.threat,
            status: gate::Status::Fail.name(),
            severity: gate::Severity::Block.name(),
            stage: gate::SUPPRESSION.stage.name(),
            measured: format!(
                "{} in {} under k",
                counted(survey.rows_below, "row"),
                counted_classes(survey.classes_below)
            ),
            limit: format!("at most {}", counted(survey.limit, "row")),
            reason: gate::SUPPRESSION.reason.to_owned(),
            milliseconds: 0,
        };
        self.journal.append(&Event::GateResult(verdict.clone()), clock)?;
        self.sealed(Status::Refused, vec![verdict.rule.to_owned()], rows, place, clock)?;
        let mut report = self.report(Status::Refused, plan, rows, None, place, clock);
        report.gate = vec![verdict];
        self.keep_log(stage, report)
    }

    fn keep_log(self, stage: Stage, report: RunReport) -> Result<Outcome> {
        let log = std::fs::read(&self.path).map_err(|cause| Error::io("read", &self.path, &cause))?;
        let folder = stage.refuse_with(&log, "log.jsonl")?;
        Ok(Outcome { report, folder })
    }

    fn sealed(
        &mut self,
        status: Status,
        reasons: Vec<String>,
        rows: RowAccount,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> Result<()> {
        let event = Event::StagesTimed { stages: clock.timings(), threads: place.threads as u64 };
        self.journal.append(&event, clock)?;
        let event = Event::RunSealed {
            status,
            reasons,
            rows_in: rows.read,
            rows_out: rows.released,
            suppressed: rows.suppressed,
            rejected: rows.rejected,
            not_drawn: rows.not_drawn,
            shards: self.shards,
            events: self.journal.events(),
        };
        self.journal.append(&event, clock)
    }

    fn report(
        &self,
        status: Status,
        plan: &Plan,
        rows: RowAccount,
        gate: Option<&gate::Report>,
        place: &Workplace<'_>,
        clock: &RunClock,
    ) -> RunReport {
        RunReport {
            status,
            run: self.run.clone(),
            engine: concat!("outis ", env!("CARGO_PKG_VERSION")),
            finished: clock.wall(),
            profile: plan.name.clone(),
            profile_version: plan.version.clone(),
            profile_digest: self.profile_digest.clone(),
            plan_digest: plan.digest(),
            goal: plan.goal.name(),
            tier: plan.tier.name(),
            purpose: plan.purpose.clone(),
            key: plan.key.name(),
            rows: rows.into(),
            invalid_cells: self.invalid,
            unit: plan.unit.name(),
            k: plan.k.map(crate::limits::K::get),
            suppression_limit: plan.suppress_at_most.to_string(),
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
        role: column.role.name(),
        semantic: column.semantic.clone(),
        operator: column.operator.to_owned(),
        parameters: column.parameters.clone(),
        iso_20889: column.iso_20889,
        reversible_by: column.reversible_by,
    };
    plan.columns.iter().map(record).collect()
}

fn write_file(stage: &Stage, name: &str, bytes: &[u8]) -> Result<()> {
    let (mut file, path) = stage.create_file(name)?;
    file.write_all(bytes).map_err(|cause| Error::io("write", &path, &cause))
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut bytes =
        serde_json::to_vec_pretty(value).map_err(|_| Error::new(ErrorKind::Internal("a report is not JSON")))?;
    bytes.push(b'\n');
    Ok(bytes)
}
