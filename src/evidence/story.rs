//! What a log says as a whole: whether its events are those of one run that published, in order, and add up.
//!
//! Given: the bytes of a log, of anybody. It quotes nothing of them: what does not hold is a [`Fault`] with a line.

use super::Fault;
use crate::log::{
    Decision, Entry, Event, GateResult, InputOpened, InputRead, KeyCreated, OutputStaged, ReviewDecision,
    ReviewRequested, RiskMeasured, RunOpened, RunSealed, SchemaBound, ShardsDone, SourceCommitted, Status, SurveyDone,
    TimesSealed,
};

/// One thing that does not hold, and the line of the log that shows it, from 1.
pub type LogFinding = (Fault, Option<u64>);

/// The events of one published run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The run's id.
    pub run_id: String,
    /// The role that answered for it.
    pub actor: String,
    /// How it began.
    pub opened: RunOpened,
    /// Columns and form.
    pub bound: SchemaBound,
    /// Levels, by column.
    pub levels: Vec<(String, u64)>,
    /// Number of inputs.
    pub inputs: u64,
    /// Their bytes, where all are known.
    pub input_bytes: Option<u64>,
    /// What the maker committed to of the source.
    pub source: Option<SourceCommitted>,
    /// The key of the tokens.
    pub key: KeyCreated,
    /// Data files.
    pub outputs: Vec<OutputStaged>,
    /// What the gate counted.
    pub risk: RiskMeasured,
    /// The gate's rules.
    pub gates: Vec<GateResult>,
    /// Totals; of a release that waits for a person as they will be when it leaves.
    pub sealed: RunSealed,
    /// The times; of a release that waits those up to the request.
    pub times: TimesSealed,
    /// The request to a second person and what they decided, where the profile asks for one.
    pub review: Option<Review>,
}

/// What a second person was asked, and what they decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The request.
    pub requested: ReviewRequested,
    /// Events up to the request, itself included: those that the maker's certificate is made of.
    pub events: u64,
    /// The decision; none while the release waits.
    pub decision: Option<ReviewDecision>,
}

impl Story {
    /// Whether the release still waits for a second person.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.review.as_ref().is_some_and(|review| review.decision.is_none())
    }
    /// Name and id of the key of whoever decided.
    #[must_use]
    pub fn decided_by(&self) -> Option<&str> {
        self.review.as_ref().and_then(|review| review.decision.as_ref()).map(|decision| decision.key.as_str())
    }
}

/// The first lines of a log or of its times.
#[must_use]
pub fn first_lines(bytes: &[u8], lines: u64) -> &[u8] {
    let Some(last) = lines.checked_sub(1).and_then(|last| usize::try_from(last).ok()) else { return &[] };
    let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(last);
    end.map_or(bytes, |(at, _)| &bytes[..=at])
}

/// What has been read so far.
#[derive(Default)]
struct Parts {
    opened: Option<RunOpened>,
    bound: Option<SchemaBound>,
    levels: Vec<(String, u64)>,
    inputs: Vec<InputOpened>,
    key: Option<KeyCreated>,
    survey: Option<SurveyDone>,
    shards: Vec<ShardsDone>,
    read: Vec<(InputRead, usize)>,
    source: Option<SourceCommitted>,
    outputs: Vec<OutputStaged>,
    risk: Option<RiskMeasured>,
    gates: Vec<GateResult>,
    destroyed: Option<String>,
    requested: Option<(ReviewRequested, u64)>,
    decision: Option<ReviewDecision>,
    sealed: Option<(RunSealed, u64)>,
    times: Option<TimesSealed>,
}

/// The exact bytes of every event: the leaves of the tree.
#[must_use]
pub fn leaves(log: &[u8]) -> Vec<&[u8]> {
    let mut leaves: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
    // a log ends with a line end, behind which nothing stands
    if leaves.last().is_some_and(|last| last.is_empty()) {
        leaves.pop();
    }
    leaves
}

impl Story {
    /// Reads a log. Everything that does not hold is told; the story is there when enough of it could be read.
    #[must_use]
    pub fn read(log: &[u8]) -> (Option<Self>, Vec<LogFinding>) {
        let (mut parts, mut findings, mut rank, mut run) = (Parts::default(), Vec::new(), 0, None);
        for (at, leaf) in leaves(log).into_iter().enumerate() {
            let line = Some(at as u64 + 1);
            let Ok(entry) = Entry::decode(leaf) else {
                findings.push((Fault::LogLine, line));
                continue;
            };
            let (run_id, actor) = run.get_or_insert_with(|| (entry.run_id.clone(), entry.actor.clone()));
            // who decides speaks for themselves
            let speaker = match &entry.event {
                Event::ReviewDecision(body) => &body.role,
                _ => &*actor,
            };
            if entry.seq != at as u64 || entry.run_id != *run_id || entry.actor != *speaker {
                findings.push((Fault::LogSequence, line));
            }
            let (next, repeats) = place(&entry.event);
            if next < rank || (next == rank && !repeats && at > 0) {
                findings.push((Fault::LogOrder, line));
            }
            rank = next;
            if !parts.take(entry.event, at as u64) {
                findings.push((Fault::LogOrder, line));
            }
        }
        if !log.ends_with(b"\n") {
            findings.push((Fault::LogLine, None));
        }
        let story = run.and_then(|(run_id, actor)| parts.finish(run_id, actor, &mut findings));
        if story.is_none() {
            findings.push((Fault::Unsealed, None));
        }
        (story, findings)
    }
}

/// The place of an event in a run, and whether several may stand there.
fn place(event: &Event) -> (u32, bool) {
    match event {
        Event::RunOpened(_) => (0, false),
        Event::SchemaBound(_) => (1, false),
        // levels that the profile fixes are told before any data; levels that were searched, after it was looked at
        Event::LevelsChosen(body) if body.proven.is_none() => (2, false),
        Event::InputOpened(_) => (3, true),
        Event::KeyCreated(_) => (4, false),
        Event::LevelsChosen(_) => (5, false),
        Event::SurveyDone(_) => (6, false),
        Event::ShardsDone(_) | Event::InputRead(_) => (7, true),
        Event::SourceCommitted(_) => (8, false),
        Event::OutputStaged(_) => (9, true),
        Event::RiskMeasured(_) => (10, false),
        Event::GateResult(_) => (11, true),
        Event::KeyDestroyed(_) => (12, false),
        Event::ReviewRequested(_) => (13, false),
        Event::ReviewDecision(_) => (14, false),
        Event::RunSealed(_) => (15, false),
        Event::TimesSealed(_) => (16, false),
        Event::RunFailed(_) => (17, false),
    }
}

impl Parts {
    /// Whether the event may be there at all, in a run that published.
    fn take(&mut self, event: Event, at: u64) -> bool {
        match event {
            Event::RunOpened(body) => self.opened.replace(body).is_none() && at == 0,
            Event::SchemaBound(body) => self.bound.replace(body).is_none(),
            Event::LevelsChosen(body) => std::mem::replace(&mut self.levels, body.levels).is_empty(),
            Event::InputOpened(body) => {
                self.inputs.push(body);
                true
            }
            Event::KeyCreated(body) => self.key.replace(body).is_none(),
            Event::SurveyDone(body) => self.survey.replace(body).is_none(),
            Event::ShardsDone(body) => {
                self.shards.push(body);
                true
            }
            Event::InputRead(body) => {
                self.read.push((body, self.shards.len()));
                true
            }
            Event::SourceCommitted(body) => self.source.replace(body).is_none(),
            Event::OutputStaged(body) => {
                self.outputs.push(body);
                true
            }
            Event::RiskMeasured(body) => self.risk.replace(body).is_none(),
            Event::GateResult(body) => {
                self.gates.push(body);
                true
            }
            Event::KeyDestroyed(body) => self.destroyed.replace(body.fingerprint).is_none(),
            Event::ReviewRequested(body) => body.moments == at && self.requested.replace((body, at)).is_none(),
            Event::ReviewDecision(body) => self.decision.replace(body).is_none(),
            Event::RunSealed(body) => self.sealed.replace((body, at)).is_none(),
            Event::TimesSealed(body) => body.moments == at && self.times.replace(body).is_none(),
            Event::RunFailed(_) => false,
        }
    }

    fn finish(mut self, run_id: String, actor: String, findings: &mut Vec<LogFinding>) -> Option<Story> {
        self.review(findings);
        if !self.rows_add_up() {
            findings.push((Fault::Rows, None));
        }
        let published = self
            .sealed
            .as_ref()
            .is_some_and(|(sealed, _)| sealed.status == Status::Published && sealed.reasons.is_empty());
        if !published {
            findings.push((Fault::Unsealed, None));
        }
        let (opened, bound, key) = (self.opened?, self.bound?, self.key?);
        let kept = opened.goal == "anonymized" && key.custody != "ephemeral";
        if self.destroyed.as_deref() != Some(key.fingerprint.as_str()) || kept {
            findings.push((Fault::KeyLife, None));
        }
        let ids: std::collections::BTreeSet<&str> = self.gates.iter().map(|gate| gate.rule.as_str()).collect();
        let holds = |gate: &GateResult| match gate.status.as_str() {
            "pass" | "not-applicable" => true,
            "warn" => gate.severity != "blocks",
            _ => false,
        };
        if ids.len() != self.gates.len() || self.gates.is_empty() || !self.gates.iter().all(holds) {
            findings.push((Fault::Gate, None));
        }
        let risk = self.risk?;
        let small = matches!((bound.k, risk.smallest_class), (Some(k), Some(least)) if least < u64::from(k));
        if small || risk.unit != bound.unit {
            findings.push((Fault::Models, None));
        }
        Some(Story {
            run_id,
            actor,
            opened,
            levels: self.levels,
            inputs: total(self.inputs.iter().map(|input| input.inputs))?,
            input_bytes: self.inputs.iter().map(|input| input.bytes).collect::<Option<Vec<u64>>>().and_then(total),
            bound,
            source: self.source,
            key,
            outputs: self.outputs,
            risk,
            gates: self.gates,
            sealed: self.sealed?.0,
            times: self.times?,
            review: self.requested.map(|(requested, at)| Review { requested, events: at + 1, decision: self.decision }),
        })
    }

    /// Where the profile asks for a second person, they were asked and agreed. A log that ends with the request is that of a
    /// release that waits: it is read as it will be sealed.
    fn review(&mut self, findings: &mut Vec<LogFinding>) {
        let asked = self.opened.as_ref().and_then(|opened| opened.approval.clone());
        let agrees = match (&asked, &self.requested, &self.decision) {
            (None, None, None) => true,
            (Some(role), Some((requested, _)), Some(decision)) => {
                decision.decision == Decision::Approved && [&requested.role, &decision.role] == [role; 2]
            }
            _ => false,
        };
        if !agrees {
            findings.push((Fault::Approval, None));
        }
        if let (Some((requested, _)), None, None, None) = (&self.requested, &self.decision, &self.sealed, &self.times) {
            self.sealed = self.will_be_sealed().map(|sealed| {
                let events = sealed.events;
                (sealed, events)
            });
            self.times = Some(TimesSealed { moments: requested.moments, digest: requested.times.clone() });
        }
    }
    fn will_be_sealed(&self) -> Option<RunSealed> {
        let sum = |of: &dyn Fn(&ShardsDone) -> u64| total(self.shards.iter().map(of));
        Some(RunSealed {
            status: Status::Published,
            reasons: Vec::new(),
            rows_in: sum(&|done| done.rows_in)?,
            rows_out: sum(&|done| done.rows_out)?,
            suppressed: sum(&|done| done.suppressed)?,
            rejected: sum(&|done| done.rejected)?,
            not_drawn: sum(&|done| done.not_drawn)?,
            over_cap: sum(&|done| done.over_cap)?,
            withheld: 0,
            shards: sum(&|done| done.shards)?,
            // the decision stands before the seal
            events: self.requested.as_ref().map(|(_, at)| at + 2)?,
        })
    }

    /// The equations of the record; numbers of anybody are added without overflow.
    fn rows_add_up(&self) -> bool {
        let (Some((sealed, at)), Some(risk)) = (&self.sealed, &self.risk) else { return false };
        let sum = |of: &dyn Fn(&ShardsDone) -> u64| total(self.shards.iter().map(of));
        let parts = |parts: [u64; 5]| total(parts);
        let each = self.shards.iter().all(|done| {
            Some(done.rows_in) == parts([done.rows_out, done.suppressed, done.rejected, done.not_drawn, done.over_cap])
                && done.shards > 0
        });
        let totals = [
            (sum(&|done| done.rows_in), sealed.rows_in),
            (sum(&|done| done.rows_out), sealed.rows_out),
            (sum(&|done| done.suppressed), sealed.suppressed),
            (sum(&|done| done.rejected), sealed.rejected),
            (sum(&|done| done.not_drawn), sealed.not_drawn),
            (sum(&|done| done.over_cap), sealed.over_cap),
            (sum(&|done| done.shards), sealed.shards),
            (total(self.outputs.iter().map(|file| file.rows)), sealed.rows_out),
            (Some(risk.rows), sealed.rows_out),
            (Some(sealed.events), *at),
        ];
        each && totals.iter().all(|(sum, told)| *sum == Some(*told))
            && self.shards_are_whole()
            && self.inputs_are_whole()
            && self.source_is_whole()
            && self.survey_agrees(sealed)
    }
    fn shards_are_whole(&self) -> bool {
        let mut next = Some(0);
        self.shards.iter().all(|done| {
            let fits = next == Some(done.first_shard);
            next = done.first_shard.checked_add(done.shards);
            fits
        })
    }
    /// Every input that was opened was read, in order, and its shards are those that follow the input before.
    fn inputs_are_whole(&self) -> bool {
        let (mut next, mut start) = (Some(0), 0);
        let alike = self.inputs.len() == self.read.len();
        alike
            && self.inputs.iter().zip(&self.read).all(|(opened, (read, end))| {
                let shards = &self.shards[start..*end];
                start = *end;
                let fits = next == Some(opened.first_input)
                    && (opened.first_input, opened.inputs) == (read.first_input, read.inputs)
                    && opened.inputs > 0
                    && shards.iter().all(|done| done.first_input == read.first_input)
                    && total(shards.iter().map(|done| done.rows_in)) == Some(read.rows)
                    && total(shards.iter().map(|done| done.shards)) == Some(read.shards);
                next = opened.first_input.checked_add(opened.inputs);
                fits
            })
            && start == self.shards.len()
    }
    /// What was committed to are the files that were read.
    fn source_is_whole(&self) -> bool {
        self.source.as_ref().is_none_or(|source| {
            let told = source.files.len() as u64;
            total(self.inputs.iter().map(|input| input.inputs)) == Some(source.inputs)
                && (told == 0 || told == source.inputs)
        })
    }
    fn survey_agrees(&self, sealed: &RunSealed) -> bool {
        self.survey.as_ref().is_none_or(|survey| {
            survey.rows.checked_add(survey.rejected) == Some(sealed.rows_in)
                && survey.rejected == sealed.rejected
                && survey.rows_to_suppress == sealed.suppressed
                && survey.rows_to_suppress <= survey.suppression_limit
        })
    }
}

fn total(numbers: impl IntoIterator<Item = u64>) -> Option<u64> {
    numbers.into_iter().try_fold(0_u64, u64::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::evidence::run_facts::example;
    use crate::log::{Clock, Journal, KeyDestroyed, group_inputs, group_shards};

    /// A clock that tells long times, as that of a run of days.
    struct Late;
    impl Clock for Late {
        fn wall(&self) -> String {
            "2026-12-31T23:59:59.999Z".into()
        }
        fn elapsed_nanoseconds(&self) -> u64 {
            1_000_000_000_000_000
        }
    }

    /// Log and times of a run over so many files of so many shards each, every event written by the one encoder; with a hundred
    /// columns, fifty rules, and data files of 64 MiB each.
    fn whole(files: usize, shards: usize, rows: u64) -> (Vec<u8>, Vec<u8>) {
        let facts: Vec<Event> = example::published().into_iter().map(|entry| entry.event).collect();
        let (id, role) = ("0123456789abcdef".to_owned(), "role:data-office".to_owned());
        let mut journal = Journal::new(Vec::new(), Vec::new(), id, role);
        let mut say = |event: Event| journal.append(event, &Late).unwrap();
        let find = |wanted: fn(&Event) -> bool| facts.iter().find(|event| wanted(event)).unwrap().clone();
        say(find(|event| matches!(event, Event::RunOpened(_))));
        let Event::SchemaBound(mut bound) = find(|event| matches!(event, Event::SchemaBound(_))) else { panic!() };
        bound.columns = (0..100).map(|at| bound.columns[at % 4].clone()).collect();
        say(Event::SchemaBound(bound));
        let groups = group_inputs(files);
        for group in &groups {
            let (first_input, inputs) = (group.start as u64, group.len() as u64);
            let formats = vec!["csv".to_owned()];
            say(Event::InputOpened(InputOpened { first_input, inputs, formats, bytes: Some(90_000_000_000) }));
        }
        say(find(|event| matches!(event, Event::KeyCreated(_))));
        let counts: Vec<usize> = groups.iter().map(|group| group.len() * shards).collect();
        let (mut total, mut told) = (0, 0);
        for (group, parts) in groups.iter().zip(group_shards(&counts)) {
            let (first_input, inputs, mut read) = (group.start as u64, group.len() as u64, 0);
            for part in &parts {
                let (first_shard, shards) = (part.start as u64, part.len() as u64);
                let rows_in = rows * shards;
                let done = ShardsDone {
                    first_shard,
                    shards,
                    first_input,
                    rows_in,
                    rows_out: rows_in,
                    ..ShardsDone::default()
                };
                say(Event::ShardsDone(done));
                (read, told) = (read + rows_in, told + shards);
            }
            let shards = parts.iter().map(|part| part.len() as u64).sum();
            say(Event::InputRead(InputRead { first_input, inputs, shards, rows: read }));
            total += read;
        }
        for at in 0..1_500 {
            let rows = if at == 0 { total } else { 0 };
            let (file, digest) = (format!("data/part-{at:05}.csv"), Digest::of_text("x"));
            say(Event::OutputStaged(OutputStaged { file, rows, bytes: 64 << 20, digest }));
        }
        let Event::RiskMeasured(mut risk) = find(|event| matches!(event, Event::RiskMeasured(_))) else { panic!() };
        risk.rows = total;
        say(Event::RiskMeasured(risk));
        for at in 0..50 {
            let Event::GateResult(mut gate) = find(|event| matches!(event, Event::GateResult(_))) else { panic!() };
            gate.rule = format!("rule-{at}");
            gate.reason = "a reason in plain words, as long as those of the rules that there are, or longer".into();
            say(Event::GateResult(gate));
        }
        say(Event::KeyDestroyed(KeyDestroyed { fingerprint: "ab".into() }));
        let Event::RunSealed(sealed) = find(|event| matches!(event, Event::RunSealed(_))) else { panic!() };
        let events = journal.events();
        let sealed = RunSealed { rows_in: total, rows_out: total, suppressed: 0, shards: told, events, ..sealed };
        journal.append(Event::RunSealed(sealed), &Late).unwrap();
        let digest = Digest::of_bytes(journal.writers().1);
        journal.seal_times(digest).unwrap();
        let (log, times) = journal.writers();
        (log.clone(), times.clone())
    }

    #[test]
    fn the_log_of_a_billion_rows_is_sound_and_under_three_megabytes() {
        // shards are cut at half a mebibyte: 5 825 rows of 90 bytes
        let shards = 1_000_000_000 / 5_825;
        for (files, each, rows) in [
            (1, shards, 5_825),
            (1_000, shards / 1_000, 5_825),
            // many small files: every shard ends with its file
            (100_000, 2, 5_000),
            // just over a step of the groups, where events are most
            (1_025, 1, 1_000_000),
            (1, 1_025, 1_000_000),
            (1_023, 3, 1_000_000),
        ] {
            let (log, times) = whole(files, each, rows);
            let (story, findings) = Story::read(&log);
            assert_eq!(findings, [], "{files} files");
            let story = story.unwrap();
            assert!(story.sealed.rows_in >= 900_000_000 && story.inputs == files as u64);
            let bytes = log.len() + times.len();
            assert!(bytes < 3_000_000, "{files} files of {each} shards: {bytes} bytes");
        }
    }

    #[test]
    fn the_first_lines_of_a_log_are_cut_at_line_ends() {
        let text = b"a\nb\nc";
        let cut = |lines| first_lines(text, lines);
        assert_eq!([cut(0), cut(1), cut(2), cut(3), cut(9)], [&b""[..], b"a\n", b"a\nb\n", text, text]);
    }

    #[test]
    fn a_log_whose_profile_asks_for_a_second_person_needs_their_word() {
        let (log, _) = whole(1, 2, 10);
        let asked = String::from_utf8(log).unwrap().replace("\"approval\":null", "\"approval\":\"role:dpo\"");
        assert_eq!(Story::read(asked.as_bytes()).1, [(Fault::Approval, None)]);
        let lines: Vec<&str> = asked.lines().collect();
        let (before, digest) = (lines.len() - 2, Digest::of_text("x"));
        let entry = |actor: &str, seq: usize, event| {
            let entry = Entry { seq: seq as u64, run_id: "0123456789abcdef".into(), actor: actor.into(), event };
            String::from_utf8(entry.encode().unwrap()).unwrap()
        };
        let (role, key) = ("role:dpo".to_owned(), "boss+00000000".to_owned());
        let requested =
            ReviewRequested { role: role.clone(), keys: vec![], moments: before as u64, times: digest.clone() };
        let mut waiting: Vec<String> = lines[..before].iter().map(|line| (*line).to_owned()).collect();
        waiting.push(entry("role:data-office", before, Event::ReviewRequested(requested)));
        let read = |lines: &[String]| Story::read((lines.join("\n") + "\n").as_bytes());
        let (story, findings) = read(&waiting);
        let story = story.unwrap();
        assert_eq!((findings, story.waits()), (vec![(Fault::Approval, None)], true));
        let decided = |decision, actor: &str| {
            let body = ReviewDecision { role: role.clone(), decision, reason: None, key: key.clone() };
            let mut lines = waiting.clone();
            lines.push(entry(actor, before + 1, Event::ReviewDecision(body)));
            lines.push(entry("role:data-office", before + 2, Event::RunSealed(story.sealed.clone())));
            let times = TimesSealed { moments: before as u64 + 3, digest: digest.clone() };
            lines.push(entry("role:data-office", before + 3, Event::TimesSealed(times)));
            read(&lines)
        };
        let (approved, findings) = decided(Decision::Approved, "role:dpo");
        assert_eq!((findings, approved.unwrap().decided_by()), (vec![], Some("boss+00000000")));
        assert_eq!(decided(Decision::Rejected, "role:dpo").1, [(Fault::Approval, None)]);
        assert_eq!(decided(Decision::Approved, "role:data-office").1, [(Fault::LogSequence, Some(before as u64 + 2))]);
    }
}
