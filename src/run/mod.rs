//! The story: survey, release, write, judge, publish, log. The only module that knows all others.
//!
//! Responsible for: the order of the stages, the workers, the clock, and turning the stages' reports into log events. It
//! is given a parsed profile, inputs and a target. It never publishes without the gate's proof, and a run that ends early
//! leaves nothing but its log.

mod approve;
mod aside;
pub mod attack;
mod checking;
mod clean;
mod clock;
mod commit;
mod compare;
mod describe;
mod draw;
mod earlier;
mod emit;
mod engine;
mod examples;
mod held;
mod ladders;
mod levels;
pub mod measure;
mod microaggregation;
mod models;
mod network;
mod overflow;
mod parallel;
mod population;
mod progress;
mod raw;
mod reapply;
mod recoding;
mod record;
mod regions;
mod register;
mod release;
mod reread;
mod seal;
mod self_test;
mod solve;
mod staged;
mod survey;
mod transforming;
mod tuples;
pub mod verify;

pub use approve::{Ended, ReviewJob, Reviewed, Summary, Verdict, review};
pub use checking::{Inquiry, check, inquiry};
pub use clean::{Cleaned, clean, give_up_waiting, waiting};
pub use clock::{Cost, wall_time};
pub use compare::compare;
pub use earlier::LedgerFiles;
pub use examples::{ExamplesChecked, check_examples};
pub use progress::{Look, Progress, Stage};
pub use register::OrganisationFiles;
pub use seal::SignWith;
pub use self_test::{Planted, self_test};
pub use solve::{Recoded, Solved, solve};

use crate::error::{Error, ErrorKind, Result};
use crate::gate::{self, Judgement};
use crate::plan::{self, Compiled, Operators, Plan};
use crate::profile::Loaded;
use crate::random;
use crate::read::{self, Source};
use crate::report::RunReport;
use crate::secret::{self, KeySource, MasterKey};
use crate::transform::Generalize;
use crate::write;
use clock::{RunClock, Spent};
use commit::{Committing, SaltFile};
use record::Record;
use register::Register;
use staged::StagedRelease;
use std::path::{Path, PathBuf};

/// What to run.
pub struct Job {
    /// The profile.
    pub loaded: Loaded,
    /// Folder that the profile's own files are relative to.
    pub folder: Option<PathBuf>,
    /// Inputs: files, patterns, or `-`.
    pub inputs: Vec<PathBuf>,
    /// The release folder to make.
    pub output: PathBuf,
    /// Threads, memory, and what the command line overrides.
    pub options: Options,
}

/// How to run it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Worker threads; 0 takes all cores.
    pub threads: usize,
    /// Memory for waiting rows and class tables, in bytes.
    pub memory: u64,
    /// Size of a shard in bytes; tests make it small.
    pub shard_bytes: usize,
    /// A seed instead of a random key: for tests and comparisons only. The log says so.
    pub insecure_test_seed: Option<u64>,
    /// The ledger of earlier releases.
    pub ledger: Option<LedgerFiles>,
    /// Keys that sign the evidence; without any here or in the profile the release says that nobody signed it.
    pub sign: Vec<SignWith>,
    /// The organisation's log; without it the profile's.
    pub organisation: Option<OrganisationFiles>,
    /// File to make for the salt of the commitment to the source; without it in the profile's folder for salts.
    pub salt: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            memory: 1 << 30,
            shard_bytes: read::SHARD_BYTES,
            insecure_test_seed: None,
            ledger: None,
            sign: Vec::new(),
            organisation: None,
            salt: None,
        }
    }
}

/// How a run ended.
pub struct Outcome {
    /// What was done and measured.
    pub report: RunReport,
    /// The release, or the folder with the log of a refused run.
    pub folder: PathBuf,
    /// Whether it waits in that folder for a second person, and nothing is published yet.
    pub waits: bool,
    /// Why the organisation's log does not say how it ended, though it ended so.
    pub unrecorded: Option<Error>,
    /// What its evidence cost.
    pub cost: Cost,
}

/// Where the work is done.
#[derive(Clone, Copy)]
struct Workplace<'p> {
    pool: &'p rayon::ThreadPool,
    threads: usize,
    memory: u64,
    /// Where the table of classes goes past that memory.
    overflow: Option<&'p overflow::Overflow>,
}

/// Runs a job: publishes a release, or refuses and keeps only the log. First it cleans up after runs that were killed.
///
/// # Errors
/// When it could not run. No data is left behind; a run that had begun keeps its log as `DIR.failed`, and
/// [`Progress::log_at`] says where.
pub fn run(job: &Job, progress: &Progress) -> Result<Outcome> {
    run_planted(job, progress, None)
}

/// The same with a leak planted before the gate judges: then nothing is published.
fn run_planted(job: &Job, progress: &Progress, planting: Option<&self_test::Planting>) -> Result<Outcome> {
    let clock = RunClock::start();
    clock.begin(Stage::Plan);
    engine::begin();
    let mut open_files = reread::named_files().unwrap_or_default();
    open_files.extend(job.options.ledger.as_ref().and_then(|ledger| std::fs::canonicalize(&ledger.file).ok()));
    let sockets = network::sockets();
    let pool = make_pool(job.options.threads)?;
    let place =
        Workplace { pool: &pool, threads: pool.current_num_threads(), memory: job.options.memory, overflow: None };
    let signers = register::signs(job).iter().map(SignWith::load).collect::<Result<Vec<_>>>()?;
    let source = open(job)?;
    earlier::asked(job.options.ledger.as_ref(), job.loaded.profile.ledger.as_ref())?;
    refuse_input_as_target(&job.output, source.files())?;
    let key = key_of(&job.loaded, job.folder.as_deref(), job.options.insecure_test_seed)?;
    let Compiled { plan, operators } =
        plan::compile(&job.loaded.profile, source.schema(), &key, job.folder.as_deref(), source_format(&source))?;
    if planting.is_none() {
        approve::may_be_asked(&plan, &signers)?;
    }
    let once = !plan.needs_survey() && plan.rows_per_subject.is_none() && operators.microaggregated().is_empty();
    if !once && !source.can_read_twice() {
        return Err(Error::new(ErrorKind::NotTwice));
    }
    let people = population::open(&job.loaded, job.folder.as_deref(), &plan)?;
    clean_beside(&job.output, progress)?;
    let stage = write::Stage::create(&job.output, &random::nonce()?)?;
    let log_at = stage.log_at();
    let run_id = run_id(&key)?;
    // a test of the gate publishes nothing, so nobody outside hears of it
    let files = register::organisation(job).filter(|_| planting.is_none());
    let register = files.map(|files| Register::open(&files, &record::actor(&plan), &run_id)).transpose()?;
    let mut salt = register::salt(job, &run_id)
        .filter(|_| planting.is_none())
        .map(|path| SaltFile::create(&path, &job.output))
        .transpose()?;
    let mut record = Record::open(&stage, &job.loaded, &plan, (run_id, signers, register), &clock)?;
    let salted = salt.as_ref();
    let begun = Begun {
        job,
        place: &place,
        source: &source,
        plan: &plan,
        progress,
        open_files,
        sockets,
        planting,
        people: people.as_ref(),
        salt: salted,
    };
    let outcome = begun.work(stage, key, operators, &mut record, &clock);
    if let (Ok(outcome), Some(salt)) = (&outcome, &mut salt)
        && outcome.report.status == crate::log::Status::Published
    {
        salt.keep();
    }
    let outcome = outcome.map(|outcome| Outcome { cost: clock.cost(), ..outcome });
    outcome.inspect_err(|error| {
        record.failed(error, place.threads, log_at.get(), &clock);
        log_at.get().into_iter().for_each(|folder| progress.keep_log_at(folder.clone()));
    })
}

/// A run whose log is open.
struct Begun<'r> {
    job: &'r Job,
    place: &'r Workplace<'r>,
    source: &'r Source,
    plan: &'r Plan,
    progress: &'r Progress,
    /// Files that stood open for writing before the run: they belong to who called.
    open_files: std::collections::BTreeSet<PathBuf>,
    /// Sockets that stood open before it; they belong to them, too.
    sockets: Option<std::collections::BTreeSet<PathBuf>>,
    /// What a test of the gate plants.
    planting: Option<&'r self_test::Planting>,
    /// The table of the population.
    people: Option<&'r population::People>,
    /// The salt of the commitment to the source, if one is made.
    salt: Option<&'r SaltFile>,
}

impl Begun<'_> {
    #[expect(clippy::too_many_lines, reason = "the whole story, in the order in which it happens")]
    fn work(
        &self,
        stage: write::Stage,
        key: MasterKey,
        mut operators: Operators,
        record: &mut Record,
        clock: &RunClock,
    ) -> Result<Outcome> {
        let Self { job, place, source, plan, progress, .. } = *self;
        record.schema_bound(plan, &operators, clock)?;
        record.inputs(source, clock)?;
        record.key_created(plan, &key, clock)?;
        let committing = self.salt.map(|salt| Committing::start(source, salt, plan)).transpose()?;

        if plan.needs_survey() {
            clock.begin(Stage::Survey);
            progress.begin(Stage::Survey);
        }
        let overflow = overflow::Overflow::new(stage.folder(), &key);
        let surveying = Workplace { overflow: Some(&overflow), ..*place };
        let (sample, priorities) = (key.stream("sample"), key.stream("rows-per-subject"));
        let draw = draw::Draw::new(plan, &sample, &priorities);
        let taken = draw::choose_rows(plan, &operators, source, place, draw, progress)?;
        let draw = draw.capped(taken.as_ref());
        record.microaggregated(microaggregation::learn(plan, &mut operators, source, &surveying, draw, progress)?);
        let inputs = population::Inputs::of(plan, source, self.people);
        let (mut counted, mut chosen, mut levels, mut recoded) = (None, None, Vec::new(), None);
        if plan.recodes() {
            let drawn = (draw, &key.stream("levels"));
            let found = recoding::survey(plan, &mut operators, inputs, &surveying, drawn, progress)?;
            levels = plan.raw_levels();
            let plan = plan.recoded(&operators)?;
            match found {
                Ok(survey) => recoded = Some(survey),
                Err(found) => {
                    drop(overflow);
                    record.shards_withheld(source, &found.shards, clock)?;
                    record.key_destroyed(key, operators, clock)?;
                    let why = (found.why_nothing(), found.limit);
                    return record.refuse_without_levels(&plan, why, stage, place, clock);
                }
            }
            record.levels_chosen(&plan, &operators, Some(false), clock)?;
            chosen = Some(plan);
        } else if plan.is_open() {
            let search =
                levels::search(plan, &mut operators, inputs, &surveying, draw, &key.stream("levels"), progress)?;
            let Some(found) = &search.levels else {
                drop(overflow);
                record.shards_withheld(source, &search.shards, clock)?;
                record.key_destroyed(key, operators, clock)?;
                let why = (search.why_nothing(), search.limit);
                return record.refuse_without_levels(plan, why, stage, place, clock);
            };
            levels.clone_from(found);
            operators.set_levels(&levels);
            let plan = plan.at_levels(&levels, &operators)?;
            record.levels_chosen(&plan, &operators, Some(search.solution.optimal), clock)?;
            (counted, chosen) = (search.counted, Some(plan));
        }
        let plan = chosen.as_ref().unwrap_or(plan);

        let survey = if plan.needs_survey() {
            let survey = match recoded {
                Some(survey) => survey,
                None => survey::survey(plan, &operators, inputs, &surveying, draw, counted, progress)?,
            };
            let table = self.people.filter(|_| survey.population.is_some()).and_then(population::People::file);
            let committed = table.zip(self.salt).map(|(table, salt)| salt.commit_to(table, plan)).transpose()?;
            record.survey_done(&survey, committed, clock)?;
            if !survey.holds() {
                drop(overflow);
                record.shards_withheld(source, &survey.shards, clock)?;
                record.key_destroyed(key, operators, clock)?;
                return record.refuse_after_survey(plan, &survey, stage, place, clock);
            }
            Some(survey)
        } else {
            None
        };
        drop(overflow);

        clock.begin(Stage::Release);
        progress.begin(Stage::Release);
        let buckets =
            if plan.shuffle { write::Store::buckets_for(source.total_bytes(), plan.parts.unwrap_or(1)) } else { 1 };
        let stores = make_stores(plan, &key, &stage, buckets, place.memory);
        let keys = release_keys(plan, &key);
        let aside_keys = aside::AsideKeys::new(&key);
        let release = release::Release {
            plan,
            operators: &operators,
            survey: survey.as_ref(),
            stores: &stores,
            keys: &keys,
            aside: &aside_keys,
            draw,
        };
        let (shards, mut aside) = release.run(source, place, progress)?;
        let rows = record.shards_done(source, &shards, clock)?;
        if let Some(committing) = committing {
            record.source_committed(committing.finish(source, progress)?, clock)?;
        }
        drop((shards, survey, keys, taken, sample, priorities));

        clock.begin(Stage::Write);
        progress.begin(Stage::Write);
        progress.writing(rows.released);
        let (flusher, on_disk) = emit::Flusher::start();
        let emit = emit::Emit::new(plan, stores, &stage, &key, progress, &flusher)?;
        let parts = emit.run(place)?;
        parallel::drop_beside(emit.into_stores());
        drop(flusher);
        record.evidence(&job.loaded, plan, &stage, clock)?;

        clock.begin(Stage::Gate);
        progress.begin(Stage::Gate);
        let limit = plan.suppress_at_most.of(rows.read - rows.rejected - rows.not_drawn - rows.over_cap);
        let mut policy =
            record.policy(plan, rows, limit, &parts, process(&key, network::opened_since(self.sockets.as_ref())));
        if let Some(people) = self.people {
            let overflow = overflow::Overflow::for_gate(stage.folder(), &key);
            let counting = Workplace { overflow: Some(&overflow), ..*place };
            let classes = people.counted(plan, &operators, &counting, progress)?;
            aside.population = Some(gate::Population::new(classes));
        }
        let against = earlier::Against::open(job, &key, &mut policy, &mut aside)?;
        let plant = |planting: &self_test::Planting| planting.apply(&mut policy, &mut aside, stage.folder());
        let tool = self.planting.map(plant).transpose()?;
        let staged =
            StagedRelease { stage, parts, layout: &plan.layout, pool: place.pool, threads: place.threads, progress };
        let mut others = other_operators(job, source, plan)?;
        if let Some(others) = others.as_mut() {
            others.set_levels(&levels);
        }
        let again = others.as_ref().map(|others| reapply::Again { plan, operators: &operators, others });
        let again = again.as_ref().map(|again| again as &dyn gate::Reapply);
        let wrapped = again.zip(tool.as_ref()).map(|(again, tool)| tool.wrap(again));
        let case = gate::Case {
            policy: &policy,
            aside: &aside,
            operators: wrapped.as_ref().map(|wrapped| wrapped as &dyn gate::Reapply).or(again),
            hierarchies: plan.released.iter().map(|at| operators.generalize(*at).map(Generalize::hierarchy)).collect(),
            files: gate::Staged::paths(&staged),
            folder: gate::Staged::folder(&staged),
            source: &reread::Again { plan, source, pool: place.pool, threads: place.threads, progress },
            elsewhere: reread::named_files_outside(&gate::Staged::folder(&staged), &self.open_files),
            marker: aside_keys.marker(),
            seed: aside::gate_seed(&key),
            threads: place.threads,
        };
        let now = || clock.elapsed_microseconds();
        let (judgement, gate_report) = match self.planting {
            Some(planting) => {
                let report = gate::probe(&staged, &case, planting.rules(), &now)?;
                (Judgement::Refused(staged), report)
            }
            None => gate::judge(staged, &case, &now)?,
        };
        parallel::drop_beside(aside);
        drop((others, aside_keys, tool));
        clock.spent(Spent::Digests, gate_report.measured.digesting);
        record.judged(plan, &gate_report, clock)?;
        record.key_destroyed(key, operators, clock)?;
        match judgement {
            Judgement::Refused(staged) => record.refuse(plan, &gate_report, staged.stage, place, clock),
            Judgement::Passed(proof) => {
                clock.begin(Stage::Publish);
                progress.begin(Stage::Publish);
                let report = record.seal(plan, &gate_report, &proof.staged().stage, place, clock)?;
                join(on_disk)?;
                record.left(earlier::publish(against, (&policy, &gate_report), proof, report), clock)
            }
        }
    }
}

/// Cleans up after killed runs in the folder that the release shall be in.
fn clean_beside(output: &Path, progress: &Progress) -> Result<()> {
    let folder = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        progress.cleaned(clean(folder)?);
    }
    Ok(())
}

/// The run's id: random, unless the run is repeatable on purpose.
fn run_id(key: &MasterKey) -> Result<String> {
    if key.custody() == secret::Custody::TestSeed {
        return Ok(format!("{:016x}", random::Repeatable::new(&key.stream("run id"), 0).next_u64()));
    }
    random::nonce()
}

/// Compiles a plan as a run would, without a run: for `outis explain`. Without inputs every column is taken as text.
///
/// # Errors
/// The profile's complaints, or inputs that cannot be opened.
pub fn explain(loaded: &Loaded, folder: Option<&Path>, inputs: &[PathBuf]) -> Result<Plan> {
    if inputs.is_empty() {
        return Ok(compile_alone(loaded, folder)?.plan);
    }
    let key = MasterKey::ephemeral()?;
    let source = open_source(loaded, inputs, read::SHARD_BYTES)?;
    Ok(plan::compile(&loaded.profile, source.schema(), &key, folder, source_format(&source))?.plan)
}

/// Compiles a profile without an input: every column is taken as text.
fn compile_alone(loaded: &Loaded, folder: Option<&Path>) -> Result<Compiled> {
    let key = MasterKey::ephemeral()?;
    let fields = loaded
        .profile
        .columns
        .iter()
        .map(|column| crate::value::Field { name: column.name.clone(), data_type: crate::value::DataType::Text });
    let schema = crate::value::Schema::new(fields.collect());
    let schema = schema.map_err(|name| Error::new(ErrorKind::DuplicateColumn).in_column(&name))?;
    let format = loaded.profile.input.format.as_deref().unwrap_or("csv");
    plan::compile(&loaded.profile, &schema, &key, folder, format)
}

fn open(job: &Job) -> Result<Source> {
    open_source(&job.loaded, &job.inputs, job.options.shard_bytes)
}

fn open_source(loaded: &Loaded, inputs: &[PathBuf], shard_bytes: usize) -> Result<Source> {
    let profile = &loaded.profile;
    let names = profile.columns.iter().map(|column| column.name.clone()).collect();
    let mut options = read::Options::from_spec(&profile.input, names)?;
    options.shard_bytes = shard_bytes;
    Source::open(&read::expand(inputs)?, options)
}

/// The stream keys of the second pass.
fn release_keys(plan: &Plan, key: &MasterKey) -> release::ReleaseKeys {
    let permuted = |at: &usize| key.stream(&format!("scatter/{}", plan.columns[*at].name));
    release::ReleaseKeys { scatter: key.stream("scatter"), permuted: plan.permuted.iter().map(permuted).collect() }
}

/// Stores for rows and for columns permuted on their own; together they hold five eighths of the memory given.
fn make_stores(plan: &Plan, key: &MasterKey, stage: &write::Stage, buckets: usize, memory: u64) -> release::Stores {
    let share = memory / 8 * 5 / (plan.permuted.len() as u64 + 1);
    let store = |name: &str| write::Store::new(buckets, share, stage.folder(), &key.stream(name));
    let permuted = plan.permuted.iter().map(|at| store(&format!("spill/{}", plan.columns[*at].name))).collect();
    release::Stores { rows: store("spill"), permuted }
}

/// What the run knows of its process: what keeps the key in memory, and whether it spoke to others.
fn process(key: &MasterKey, sockets: Option<u64>) -> gate::Process {
    let core = rustix::process::getrlimit(rustix::process::Resource::Core);
    gate::Process { key_locked: key.is_locked(), core_dumps: core.current != Some(0), sockets }
}

/// The same operators under a second key that is made for the gate alone; none where no released column holds tokens.
fn other_operators(job: &Job, source: &Source, plan: &Plan) -> Result<Option<plan::Operators>> {
    if plan.released.iter().all(|at| plan.columns[*at].token.is_none()) {
        return Ok(None);
    }
    let (profile, folder) = (&job.loaded.profile, job.folder.as_deref());
    let other = MasterKey::ephemeral()?;
    Ok(Some(plan::compile(profile, source.schema(), &other, folder, source_format(source))?.operators))
}

fn source_format(source: &Source) -> &'static str {
    source.format(0).name()
}

fn key_of(loaded: &Loaded, folder: Option<&Path>, seed: Option<u64>) -> Result<MasterKey> {
    if let Some(seed) = seed {
        return Ok(MasterKey::insecure_from_test_seed(seed));
    }
    let keys = &loaded.profile.keys;
    let source = match (&keys.file, &keys.environment, &keys.command) {
        (Some(file), ..) => KeySource::File(folder.unwrap_or(Path::new("")).join(file)),
        (_, Some(name), _) => KeySource::Environment(name.clone()),
        (.., Some(command)) => KeySource::Command(command.clone()),
        (None, None, None) => KeySource::Ephemeral,
    };
    secret::load(&source)
}

fn make_pool(threads: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|_| Error::new(ErrorKind::Internal("the worker threads cannot be started")))
}

/// The target must not be an input, nor hold one, nor lie below one.
fn refuse_input_as_target(output: &Path, inputs: &[PathBuf]) -> Result<()> {
    let Ok(target) = std::path::absolute(output) else { return Ok(()) };
    for input in inputs {
        let input = std::fs::canonicalize(input).or_else(|_| std::path::absolute(input)).unwrap_or_default();
        if input.starts_with(&target) || target.starts_with(&input) {
            return Err(Error::new(ErrorKind::TargetIsInput).in_file(output));
        }
    }
    Ok(())
}

fn join(thread: std::thread::JoinHandle<std::io::Result<()>>) -> Result<()> {
    match thread.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(cause)) => Err(Error::new(ErrorKind::Io { operation: "force to disk", cause: cause.kind() })),
        Err(_) => Err(Error::new(ErrorKind::Internal("the flusher died"))),
    }
}
