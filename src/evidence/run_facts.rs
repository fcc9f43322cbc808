//! What a run's log says, sorted by what lineage and catalogue ask for. Runs that ended early have facts, too.
//!
//! Given: events that were read from a log, in order. Both are made from this and from nothing else, so that neither can
//! say what the log does not.

use crate::log::{
    Entry, Event, GateResult, InputOpened, LevelsChosen, OutputStaged, RiskMeasured, RunFailed, RunOpened, RunSealed,
    SchemaBound, SurveyDone,
};

/// The events of one run.
#[derive(Debug, Clone)]
pub struct RunFacts<'e> {
    /// The run's id.
    pub run_id: &'e str,
    /// The role that answers for it.
    pub actor: &'e str,
    /// What it was to do.
    pub opened: &'e RunOpened,
    /// Columns and form; none where it ended before.
    pub bound: Option<&'e SchemaBound>,
    /// Generalization levels.
    pub levels: Option<&'e LevelsChosen>,
    /// Inputs as they were opened.
    pub inputs: Vec<&'e InputOpened>,
    /// The first pass.
    pub survey: Option<&'e SurveyDone>,
    /// Data files.
    pub outputs: Vec<&'e OutputStaged>,
    /// What the gate counted.
    pub risk: Option<&'e RiskMeasured>,
    /// What each rule found.
    pub gates: Vec<&'e GateResult>,
    /// How it ended, if it did.
    pub sealed: Option<&'e RunSealed>,
    /// Why it could not go on.
    pub failed: Option<&'e RunFailed>,
}

impl<'e> RunFacts<'e> {
    /// The facts of a log; none where it does not begin with a run.
    #[must_use]
    pub fn of(entries: &'e [Entry]) -> Option<Self> {
        let first = entries.first()?;
        let Event::RunOpened(opened) = &first.event else { return None };
        let mut facts = Self {
            run_id: &first.run_id,
            actor: &first.actor,
            opened,
            bound: None,
            levels: None,
            inputs: Vec::new(),
            survey: None,
            outputs: Vec::new(),
            risk: None,
            gates: Vec::new(),
            sealed: None,
            failed: None,
        };
        for entry in entries {
            match &entry.event {
                Event::SchemaBound(bound) => facts.bound = Some(bound),
                Event::LevelsChosen(levels) => facts.levels = Some(levels),
                Event::InputOpened(input) => facts.inputs.push(input),
                Event::SurveyDone(survey) => facts.survey = Some(survey),
                Event::OutputStaged(output) => facts.outputs.push(output),
                Event::RiskMeasured(risk) => facts.risk = Some(risk),
                Event::GateResult(gate) => facts.gates.push(gate),
                Event::RunSealed(sealed) => facts.sealed = Some(sealed),
                Event::RunFailed(failed) => facts.failed = Some(failed),
                _ => {}
            }
        }
        Some(facts)
    }
    /// The alias of the input: the profile's, else what tells nothing.
    #[must_use]
    pub fn source(&self) -> &'e str {
        self.opened.source.as_deref().unwrap_or("source")
    }
    /// The level that a column was generalized to, where it was.
    #[must_use]
    pub fn level(&self, column: &str) -> Option<u64> {
        self.levels?.levels.iter().find(|(name, _)| name == column).map(|(_, level)| *level)
    }
}

/// Small logs for the tests of what is made from logs.
#[cfg(test)]
pub(super) mod example {
    use crate::digest::Digest;
    use crate::log::{
        ColumnRecord, Entry, Event, FileForm, GateResult, InputOpened, KeyCreated, KeyDestroyed, LevelsChosen,
        OutputStaged, RiskMeasured, RunOpened, RunSealed, SchemaBound, Status, SurveyDone,
    };

    fn column(name: &str, out: Option<&str>, role: &str, operator: &str) -> ColumnRecord {
        ColumnRecord {
            name: name.into(),
            released_as: out.map(Into::into),
            role: role.into(),
            semantic: "text/1".into(),
            operator: operator.into(),
            parameters: String::new(),
            iso_20889: "class".into(),
            reversible_by: "nobody".into(),
        }
    }

    fn gate(rule: &str, status: &str) -> Event {
        Event::GateResult(GateResult {
            rule: rule.into(),
            threat: "G01".into(),
            status: status.into(),
            severity: "blocks".into(),
            stage: "always".into(),
            measured: "0".into(),
            limit: "0".into(),
            reason: "because".into(),
        })
    }

    fn of(status: Status) -> Vec<Entry> {
        let digest = || Digest::of_text("x");
        let events = [
            Event::RunOpened(RunOpened {
                engine: "outis 0.1.0".into(),
                profile: "clinic".into(),
                profile_version: "1".into(),
                profile_digest: digest(),
                plan_digest: digest(),
                goal: "anonymized".into(),
                tier: "trade".into(),
                purpose: Some("statistics".into()),
                source: Some("dataset-17".into()),
                obtained: Some("2026-01-01".into()),
                provider: Some("provider-3".into()),
                responsible: Some("role:data-office".into()),
                basis: None,
                retention_years: 5,
                approval: None,
                engine_digest: None,
                registered_in: None,
            }),
            Event::SchemaBound(SchemaBound {
                columns: vec![
                    column("id", Some("person"), "subject", "token"),
                    column("name", None, "direct", "drop"),
                    column("birth", Some("birth"), "quasi", "generalize"),
                    column("amount", Some("amount"), "insensitive", "keep"),
                ],
                undeclared: 0,
                released: ["person", "birth", "amount"].map(Into::into).to_vec(),
                unit: "row".into(),
                k: Some(5),
                models: Vec::new(),
                form: FileForm {
                    format: "csv".into(),
                    compression: "none".into(),
                    delimiter: b',',
                    null: String::new(),
                },
            }),
            Event::LevelsChosen(LevelsChosen {
                levels: vec![("birth".into(), 2)],
                method: "declared".into(),
                sample: None,
                minimize: None,
                proven: None,
                hierarchies: Vec::new(),
                recoding: None,
            }),
            Event::InputOpened(InputOpened {
                first_input: 0,
                inputs: 1,
                formats: vec!["csv".into()],
                bytes: Some(4096),
            }),
            Event::KeyCreated(KeyCreated {
                suite: "hmac-sha256".into(),
                bits: 256,
                custody: "ephemeral".into(),
                fingerprint: "ab".into(),
                locked: true,
            }),
            Event::SurveyDone(SurveyDone {
                rows: 100,
                rejected: 0,
                classes: 9,
                smallest_class: 1,
                classes_below_k: 3,
                rows_to_suppress: 10,
                suppression_limit: 10,
                population: None,
            }),
            Event::OutputStaged(OutputStaged {
                file: "data/part-00000.csv".into(),
                rows: 90,
                bytes: 1234,
                digest: digest(),
            }),
            Event::RiskMeasured(RiskMeasured {
                unit: "row".into(),
                rows: 90,
                members: 90,
                classes: Some(6),
                smallest_class: Some(5),
                unique_classes: 0,
                highest_risk: Some("1/5".into()),
                average_risk: Some("6/90".into()),
            }),
            gate("rows", "pass"),
            gate("models", "not-applicable"),
            gate("new", "unheard-of"),
            Event::KeyDestroyed(KeyDestroyed { fingerprint: "ab".into() }),
            Event::RunSealed(RunSealed {
                status,
                reasons: vec![],
                rows_in: 100,
                rows_out: 90,
                suppressed: 10,
                over_cap: 0,
                withheld: 0,
                rejected: 0,
                not_drawn: 0,
                shards: 1,
                events: 12,
            }),
        ];
        let entry =
            |(seq, event)| Entry { seq: seq as u64, run_id: "r".into(), actor: "role:data-office".into(), event };
        events.into_iter().enumerate().map(entry).collect()
    }

    pub(in crate::evidence) fn published() -> Vec<Entry> {
        of(Status::Published)
    }

    pub(in crate::evidence) fn refused() -> Vec<Entry> {
        of(Status::Refused)
    }
}
