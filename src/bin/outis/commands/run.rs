//! `outis run`: the main job.

use super::check::plain_input;
use super::{clean, load_profile, override_input, print_json_of_what_is_done, say};
use crate::args::{RunArgs, Told};
use crate::exit::Exit;
use crate::progress::{Line, short};
use outis::error::{Error, ErrorKind, Result, counted, shown};
use outis::log::Status;
use outis::profile::InputSpec;
use outis::report::RunReport;
use outis::run::{self, Job, LedgerFiles, Options, Outcome, Progress, SignWith};
use outis::sample::{self, SampleOptions, SampleShape};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

pub(crate) fn run(arguments: &RunArgs, told: Told) -> Result<Exit> {
    let start = Instant::now();
    let (mut loaded, folder) = load_profile(&arguments.profile, told)?;
    override_input(&mut loaded.profile.input, &arguments.reading)?;
    if let Some(format) = arguments.output_format {
        loaded.profile.output.format = Some(format.name().to_owned());
    }
    let sample = match arguments.sample {
        Some(rows) => {
            // the records that we make are spelled as we spell them, whatever the profile's own input is like
            loaded.profile.input = InputSpec { null: loaded.profile.input.null, ..plain_input() };
            Some(SampleFile::create(rows)?)
        }
        None => None,
    };
    if arguments.insecure_test_seed.is_some() && !told.quiet {
        say("warning: the key comes from a seed: this release is repeatable, not private");
    }
    if let (Some(variable), false) = (&loaded.profile.keys.environment, told.quiet) {
        let text = "may be read by every program of this user; a file or a command keeps it closer";
        say(&format!("warning: the key in the environment variable `{}` {text}", shown(variable)));
    }
    let job = Job {
        loaded,
        folder: Some(folder),
        inputs: sample.as_ref().map_or_else(|| arguments.input.clone(), |sample| vec![sample.path.clone()]),
        output: arguments.output.clone(),
        options: Options {
            threads: usize::from(arguments.working.threads),
            memory: arguments.working.memory,
            insecure_test_seed: arguments.insecure_test_seed,
            ledger: arguments
                .ledger
                .clone()
                .zip(arguments.ledger_key.clone())
                .map(|(file, key)| LedgerFiles { file, key }),
            sign: arguments.sign.iter().cloned().map(SignWith::File).collect(),
            organisation: arguments.organisation.files(),
            salt: arguments.salt.clone(),
            ..Options::default()
        },
    };
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress)?;
    let line = Line::start(&progress, told.quiet || told.json);
    let outcome = run::run(&job, &progress);
    drop(line);
    clean::tell(&progress.cleaned_up(), told);
    if let (Some(folder), false) = (progress.log_at(), told.quiet) {
        say(&format!("the log of the failed run is in {}; no data is left", folder.display()));
    }
    let outcome = outcome.map_err(|error| match error.kind() {
        ErrorKind::Profile(_) => error.in_file(&arguments.profile),
        _ => error,
    })?;
    if let Some(error) = &outcome.unrecorded {
        say(&format!("warning: the organisation's log does not say how this run ended: {error}"));
    }
    if told.json {
        print_json_of_what_is_done(&document(&outcome, start));
    }
    if !told.quiet {
        if let (Some(sample), Status::Published) = (&sample, outcome.report.status) {
            show_before_and_after(sample, &outcome);
        }
        summarize(&outcome, start);
    }
    Ok(match outcome.report.status {
        _ if outcome.waits => Exit::Waiting,
        Status::Published => Exit::Fine,
        Status::Refused => Exit::Refused,
    })
}

/// Ctrl-C, a polite kill and a terminal that goes away stop the run at the next shard; it removes what it staged. A limit on the size of
/// files is an error of the write then, and not the end of the process.
pub(crate) fn stop_on_signals(progress: &Arc<Progress>) -> Result<()> {
    let failed =
        |cause: std::io::Error| Error::new(ErrorKind::Io { operation: "listen to signals", cause: cause.kind() });
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGXFSZ]).map_err(failed)?;
    if !ignores_hang_up() {
        signals.add_signal(SIGHUP).map_err(failed)?;
    }
    let progress = Arc::clone(progress);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal != SIGXFSZ {
                progress.interrupt();
            }
        }
    });
    Ok(())
}

/// Whether the process was started to outlive its terminal, as `nohup` does: then it shall. Taken so where the system does not say.
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (SIGHUP - 1) & 1 == 1)
}

fn document(outcome: &Outcome, start: Instant) -> serde_json::Value {
    let mut document = serde_json::to_value(&outcome.report).unwrap_or_default();
    if outcome.waits {
        document["status"] = "waiting".into();
    }
    document["evidence_microseconds"] = serde_json::to_value(outcome.cost).unwrap_or_default();
    document["folder"] = outcome.folder.display().to_string().into();
    document["seconds"] = format!("{:.3}", start.elapsed().as_secs_f64()).into();
    document
}

fn summarize(outcome: &Outcome, start: Instant) {
    let report = &outcome.report;
    let seconds = start.elapsed().as_secs_f64();
    match report.status {
        Status::Published if outcome.waits => {
            let role = report.approval.as_deref().unwrap_or_default();
            say(&format!("waits for {role}: nothing is published; all is in {}", outcome.folder.display()));
        }
        Status::Published => {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "for the eye"
            )]
            let rate = short((report.rows.read as f64 / seconds.max(1e-3)) as u64);
            say(&format!("published {} in {seconds:.2} s, {rate} rows/s", outcome.folder.display()));
        }
        Status::Refused => say(&format!("refused: nothing was published; the log is in {}", outcome.folder.display())),
    }
    say(&format!("  rows     {}", rows_in_words(report)));
    if let Some(risk) = &report.risk
        && let (Some(classes), Some(smallest)) = (risk.classes, risk.smallest_class)
    {
        let unit = if report.unit == "subject" { "person" } else { "row" };
        let asked = report.k.map_or_else(String::new, |k| format!(" (asked: {k})"));
        say(&format!("  classes  {classes}, the smallest of {}{asked}", counted(smallest, unit)));
    }
    let ended = |status: &'static str| report.gate.iter().filter(move |rule| rule.status == status);
    if ended("fail").next().is_none() {
        let (holds, none) = (ended("pass").count(), ended("not-applicable").count());
        let none = if none == 0 { String::new() } else { format!("; {none} not applicable") };
        say(&format!("  gate     {holds} rules hold on the bytes read back from disk{none}"));
    }
    for rule in ended("warn") {
        say(&format!("  warning  {}: {}, expected {}", rule.rule, rule.measured, rule.limit));
        say(&format!("           {}", rule.reason));
    }
    for group in report.microaggregated.iter().filter(|group| group.groups == 0 && report.rows.released > 0) {
        say(&format!("  warning  microaggregate: no number of `{}` leaves", group.name));
        say("           fewer rows than `k` have the numbers that are grouped");
    }
    for rule in ended("fail") {
        say(&format!("  gate     {} does not hold: {}, allowed {}", rule.rule, rule.measured, rule.limit));
        say(&format!("           {}", rule.reason));
    }
    match report.status {
        Status::Published => {
            let bytes: u64 = report.files.iter().map(|file| file.bytes).sum();
            let files = report.files.len();
            let plural = if files == 1 { "file" } else { "files" };
            say(&format!("  data     {files} {plural}, {} bytes; report in evidence/report.html", short(bytes)));
        }
        Status::Refused => say(&format!("  hint: {}", refusal_hint(report))),
    }
    if outcome.waits {
        let folder = outcome.folder.display();
        say(&format!("  hint: a second person looks with `outis approve {folder}`, and decides with `--sign KEY`"));
    }
}

fn rows_in_words(report: &RunReport) -> String {
    let rows = report.rows;
    let mut words = match report.status {
        Status::Published => format!("{} read, {} released", rows.read, rows.released),
        // refused after the first pass, nothing was counted that could have left
        Status::Refused if rows.released == 0 => format!("{} read", rows.read),
        Status::Refused => format!("{} read, {} would be released", rows.read, rows.released),
    };
    for (count, what) in [
        (rows.suppressed, "suppressed"),
        (rows.rejected, "rejected as ragged"),
        (rows.not_drawn, "not drawn"),
        (rows.over_cap, "over the cap of a person"),
        (rows.withheld, "withheld"),
    ] {
        if count > 0 {
            words.push_str(&format!(", {count} {what}"));
        }
    }
    match report.invalid_cells {
        0 => {}
        1 => words.push_str("; 1 cell not of its type"),
        many => words.push_str(&format!("; {many} cells not of their type")),
    }
    words
}

fn refusal_hint(report: &RunReport) -> &'static str {
    let failed = report.gate.iter().find(|rule| rule.status == "fail");
    match failed.map(|rule| rule.rule) {
        Some("suppression") if failed.is_some_and(|rule| rule.measured.contains("no levels fit")) => {
            "allow more under `suppress_at_most`, raise a `max_level`, or ask less of the model that fails"
        }
        Some("suppression") => {
            "bring more rows, raise the `level` of a quasi-identifier, or allow more under `suppress_at_most`"
        }
        Some("tier") => "change `tier` when the release may go out",
        Some("k-anonymity") => "raise the `level` of a quasi-identifier",
        _ => "the reasons stand in the log",
    }
}

/// Made-up records in a private file, removed when the run ends.
struct SampleFile {
    path: PathBuf,
}

impl SampleFile {
    fn create(rows: u64) -> Result<Self> {
        const STEP: u64 = 100_000;
        let path = std::env::temp_dir().join(format!("outis-sample-{}.csv", outis::random::nonce()?));
        let options = SampleOptions { rows, seed: 1, shape: SampleShape::Personal };
        let failed = |cause: std::io::Error| Error::io("write made-up records to", &path, &cause);
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        let sample = Self { path: path.clone() };
        let mut bytes = Vec::new();
        sample::csv_header(&options, &mut bytes);
        let mut at = 0;
        while at < rows {
            let end = rows.min(at + STEP);
            sample::write_csv_rows(&options, at..end, &mut bytes);
            file.write_all(&bytes).map_err(failed)?;
            bytes.clear();
            at = end;
        }
        file.write_all(&bytes).map_err(failed)?;
        Ok(sample)
    }
}

impl Drop for SampleFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The first made-up rows and the first released ones. Only ever called for made-up records.
fn show_before_and_after(sample: &SampleFile, outcome: &Outcome) {
    let released = outcome.report.files.first().map(|file| outcome.folder.join(&file.name));
    let first_lines = |path: &Path| {
        use std::io::BufRead as _;
        let file = std::fs::File::open(path).ok()?;
        std::io::BufReader::new(file).lines().take(4).collect::<std::io::Result<Vec<String>>>().ok()
    };
    if let Some(lines) = first_lines(&sample.path) {
        say("made-up records");
        for line in lines {
            say(&format!("  {line}"));
        }
    }
    if let Some(lines) =
        released.filter(|path| path.extension().is_some_and(|end| end == "csv")).and_then(|path| first_lines(&path))
    {
        say("released (in another order)");
        for line in lines {
            say(&format!("  {line}"));
        }
    }
}
