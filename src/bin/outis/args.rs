//! Arguments as typed. Nothing is opened here.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Turns tables of records about people into releases that identify nobody and cannot be restored.
#[derive(Parser)]
#[command(name = "outis", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// One JSON document on stdout; words stay on stderr
    #[arg(long, global = true)]
    json: bool,
    /// No words and no progress on stderr; errors are still told
    #[arg(long, short, global = true)]
    quiet: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 published, or what was asked holds; 1 refused, or it does not hold; \
2 could not run (no data is left behind); 3 waits for a second person, nothing is published yet.";

/// How much is told, and in which form.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
}

impl Cli {
    pub(crate) fn told(&self) -> Told {
        Told { json: self.json, quiet: self.quiet }
    }
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Make a release: read, transform, shuffle, judge, publish, log
    Run(RunArgs),
    /// Print the compiled plan, for a human to sign
    Explain(ExplainArgs),
    /// Find the levels that lose least: a dry run of the survey
    Solve(SolveArgs),
    /// Measure any table: models, risks, uniqueness
    Check(CheckArgs),
    /// Profiles side by side: risk, loss, suppression, speed
    Compare(CompareArgs),
    /// Attack a release of anyone's with the originals at hand, and say how often it works
    Attack(AttackArgs),
    /// The rules that judge a release; with --self-test, a leak planted for each
    Gate(GateArgs),
    /// The ledger of earlier releases: make one, list what is in it, check that nobody changed it
    Ledger(LedgerArgs),
    /// Made-up personal records, the same for the same seed
    Sample(SampleArgs),
    /// Run the `[[example]]` rows of profiles
    Test(TestArgs),
    /// Check a release from its folder and a public key alone
    Verify(VerifyArgs),
    /// Look at a release that waits for a second person, and decide
    Approve(ApproveArgs),
    /// Remove what killed runs left in a folder; their logs stay
    Clean(CleanArgs),
    /// What happens to cells: the operators of `apply`
    Operators,
    /// What each privacy model promises, and what not
    Models,
    /// What cells are: the types of `type`
    Types,
    /// Thresholds with their sources: the presets of `extends`
    Presets,
    /// The JSON Schema of profiles, for editors
    Schema,
    /// Completions for a shell
    Completions(CompletionArgs),
    /// Show, search and export the log of a run or of an organisation
    Log(LogArgs),
    /// Write into an organisation's log what happens to a release or to the key that signs
    Record(RecordArgs),
    /// A key file: for profiles of goal `deidentified`, or for signing evidence
    Keygen(KeygenArgs),
}

#[derive(Args)]
pub(crate) struct RunArgs {
    /// The profile (TOML)
    pub(crate) profile: PathBuf,
    /// Input files or patterns (CSV, NDJSON, Parquet, Arrow IPC; .gz and .zst for text); `-` is stdin
    #[arg(long, short, num_args = 1.., required_unless_present = "sample", value_name = "FILE")]
    pub(crate) input: Vec<PathBuf>,
    /// Take this many made-up records instead of an input
    #[arg(long, value_name = "ROWS", conflicts_with_all = ["input", "input_format", "delimiter", "quote", "encoding", "null", "no_header"])]
    pub(crate) sample: Option<u64>,
    /// The release folder to make; it must not exist
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Format of the release; default as the profile says, else as the input
    #[arg(long, value_name = "FORMAT")]
    pub(crate) output_format: Option<FormatArg>,
    #[command(flatten)]
    pub(crate) working: WorkingArgs,
    /// The ledger of earlier releases; needs `[ledger]` in the profile
    #[arg(long, value_name = "FILE", requires = "ledger_key")]
    pub(crate) ledger: Option<PathBuf>,
    /// The ledger's key
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub(crate) ledger_key: Option<PathBuf>,
    /// Sign the evidence with this key file, as `outis keygen --signing` makes it; give it twice for two suites
    #[arg(long, value_name = "KEY")]
    pub(crate) sign: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) organisation: OrganisationArgs,
    /// Commit to the source under a new salt, kept in this new file: who has both can prove later what the source was
    #[arg(long, value_name = "FILE")]
    pub(crate) salt: Option<PathBuf>,
    /// A seed instead of a random key: repeatable, not private. For tests and comparisons; the log says so
    #[arg(long, value_name = "N")]
    pub(crate) insecure_test_seed: Option<u64>,
}

#[derive(Args)]
pub(crate) struct OrganisationArgs {
    /// Folder of the organisation's log: the run stands in it before it reads a row, the release before it leaves
    #[arg(long, value_name = "DIR")]
    pub(crate) org_log: Option<PathBuf>,
    /// Key file that signs that log; the key of `--sign` without it
    #[arg(long, value_name = "KEY", requires = "org_log")]
    pub(crate) org_log_sign: Vec<PathBuf>,
}

impl OrganisationArgs {
    pub(crate) fn files(&self) -> Option<outis::run::OrganisationFiles> {
        let sign = self.org_log_sign.iter().cloned().map(outis::run::SignWith::File).collect();
        self.org_log.clone().map(|folder| outis::run::OrganisationFiles { folder, sign })
    }
}

#[derive(Args)]
pub(crate) struct ReadingArgs {
    /// Format of the input; default by the file's name
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input_format: Option<FormatArg>,
    /// CSV delimiter of the input: one character, or `tab`
    #[arg(long, value_name = "CHAR")]
    pub(crate) delimiter: Option<String>,
    /// Character around CSV fields of the input, or `none` for files without quoting
    #[arg(long, value_name = "CHAR")]
    pub(crate) quote: Option<String>,
    /// Encoding of the input: utf-8 or gb18030
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// A text that means null; give it once for each. Replaces the profile's list
    #[arg(long, value_name = "TEXT")]
    pub(crate) null: Vec<String>,
    /// The CSV has no header: columns are named by the profile, in its order
    #[arg(long)]
    pub(crate) no_header: bool,
}

#[derive(Args)]
pub(crate) struct WorkingArgs {
    /// Worker threads, up to 1024; default all cores
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub(crate) threads: u16,
    /// Memory for waiting rows and class tables, as 512MiB or 2GiB
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = parse_size)]
    pub(crate) memory: u64,
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The profile (TOML)
    pub(crate) profile: PathBuf,
    /// Also bind it to the columns of these inputs
    #[arg(long, short, num_args = 1.., value_name = "FILE")]
    pub(crate) input: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Args)]
pub(crate) struct SolveArgs {
    /// The profile (TOML)
    pub(crate) profile: PathBuf,
    /// Input files or patterns
    #[arg(long, short, num_args = 1.., required = true, value_name = "FILE")]
    pub(crate) input: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) working: WorkingArgs,
    /// A seed instead of a random key, for `levels_from = "sample"`: the same rows are drawn again. For tests
    #[arg(long, value_name = "N")]
    pub(crate) insecure_test_seed: Option<u64>,
}

#[derive(Args)]
pub(crate) struct CompareArgs {
    /// Profiles (TOML)
    #[arg(required = true, value_name = "PROFILE")]
    pub(crate) profiles: Vec<PathBuf>,
    /// Input files or patterns, the same for all
    #[arg(long, short, num_args = 1.., required = true, value_name = "FILE")]
    pub(crate) input: Vec<PathBuf>,
    /// Also write one HTML page; FILE must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) working: WorkingArgs,
}

#[derive(Args)]
pub(crate) struct TestArgs {
    /// Profiles (TOML)
    #[arg(required = true, value_name = "PROFILE")]
    pub(crate) profiles: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Table files or patterns
    #[arg(required = true, value_name = "FILE")]
    pub(crate) input: Vec<PathBuf>,
    /// Quasi-identifiers, by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', required_unless_present = "profile")]
    pub(crate) quasi: Vec<String>,
    /// Sensitive columns, by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) sensitive: Vec<String>,
    /// Measure each sensitive column with the others among the quasi-identifiers
    #[arg(long)]
    pub(crate) extended: bool,
    /// Count persons by this column instead of rows
    #[arg(long, value_name = "COLUMN")]
    pub(crate) subject: Option<String>,
    /// The population that the table is a sample of: how many people, or a table of them, generalized as this one is; a profile with fixed levels brings its own
    #[arg(long, value_name = "N|FILE")]
    pub(crate) population: Option<String>,
    /// A risk above this is too much, as 20% or 0.2
    #[arg(long, value_name = "SHARE", default_value = "0.2", value_parser = parse_share)]
    pub(crate) threshold: outis::limits::Share,
    /// Take columns (by released name), hierarchies and models from this profile
    #[arg(long, value_name = "PROFILE", conflicts_with_all = ["quasi", "sensitive", "subject"])]
    pub(crate) profile: Option<PathBuf>,
    /// End with code 1 unless every class has this many members
    #[arg(long, value_name = "N")]
    pub(crate) k: Option<u32>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) working: WorkingArgs,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// The release folder
    pub(crate) folder: PathBuf,
    /// File with a public key that must have signed; give it once for each that you trust
    #[arg(long, value_name = "KEY")]
    pub(crate) trust: Vec<PathBuf>,
    /// Check only that the release fits together, whoever made it
    #[arg(long, conflicts_with = "trust")]
    pub(crate) unsigned: bool,
    /// Also check that these are the source's files, which the log commits to; needs the salt
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "salt")]
    pub(crate) source: Vec<PathBuf>,
    /// The salt of that commitment, as `outis run --salt` made it
    #[arg(long, value_name = "FILE", requires = "source")]
    pub(crate) salt: Option<PathBuf>,
    /// There is no network in this program: the check is always offline, and this says so
    #[arg(long)]
    pub(crate) offline: bool,
    /// Worker threads, up to 1024; default all cores
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub(crate) threads: u16,
}

#[derive(Args)]
pub(crate) struct CleanArgs {
    /// The folder that releases are made in
    pub(crate) folder: PathBuf,
    /// Also give up the releases in it that wait for a second person
    #[arg(long)]
    pub(crate) waiting: bool,
}

#[derive(Args)]
pub(crate) struct ApproveArgs {
    /// The folder that waits, as `DIR.waiting`, or the release DIR that it will be
    pub(crate) folder: PathBuf,
    /// Decide, with this key file: a key of your own, never the maker's. Without it the release is only shown
    #[arg(long, value_name = "KEY")]
    pub(crate) sign: Option<PathBuf>,
    /// It may not leave: its data is removed, its log says so
    #[arg(long, requires_all = ["sign", "reason"])]
    pub(crate) reject: bool,
    /// Why not, as a short code
    #[arg(long, value_name = "CODE", requires = "reject")]
    pub(crate) reason: Option<String>,
    /// File with the maker's public key, to know whose release it is; give it once for each that you trust
    #[arg(long, value_name = "KEY")]
    pub(crate) trust: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) organisation: OrganisationArgs,
    /// The ledger that the run wrote the release down in: it is told what became of it
    #[arg(long, value_name = "FILE", requires = "ledger_key")]
    pub(crate) ledger: Option<PathBuf>,
    /// The ledger's key
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub(crate) ledger_key: Option<PathBuf>,
    /// Worker threads, up to 1024; default all cores
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub(crate) threads: u16,
}

#[derive(Args)]
pub(crate) struct AttackArgs {
    /// The release: a folder of ours, another folder of tables, or a table file
    #[arg(value_name = "RELEASE")]
    pub(crate) release: PathBuf,
    /// The raw rows that the release was made of
    #[arg(long, num_args = 1.., required = true, value_name = "FILE")]
    pub(crate) original: Vec<PathBuf>,
    /// Raw rows of people who are not in it: what works on them as well is no leak
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) control: Vec<PathBuf>,
    /// The profile that it was made with; default the one in the release folder
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Columns that the attacker knows, by commas; default the quasi-identifiers, without a profile all but the secret
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) known: Vec<String>,
    /// What he guesses, by commas; default the sensitive columns, without a profile each column in turn
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) secret: Vec<String>,
    /// The two halves that are linked, as `a,b:c,d`; default every other known column
    #[arg(long, value_name = "COLUMNS:COLUMNS")]
    pub(crate) link: Option<String>,
    /// Targets or predicates of each attack
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) attacks: u32,
    /// Columns of a multivariate predicate
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) columns: usize,
    /// Predicates that are tried at most
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) attempts: u64,
    /// Count equal rows once, as anonymeter does; default every row is a person
    #[arg(long)]
    pub(crate) distinct: bool,
    /// Seed of the draws: the same attack for the same seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// End with code 1 if a risk is above this, as 9% or 0.09
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub(crate) risk_at_most: Option<outis::limits::Share>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) working: WorkingArgs,
}

fn parse_share(text: &str) -> Result<outis::limits::Share, String> {
    outis::limits::Share::parse(text).ok_or_else(|| "a share is between 0 and 1, as 9% or 0.09".to_owned())
}

#[derive(Args)]
pub(crate) struct GateArgs {
    /// Plant a leak for every rule in a made-up release, and end with code 1 unless each is seen
    #[arg(long)]
    pub(crate) self_test: bool,
}

#[derive(Args)]
pub(crate) struct LedgerArgs {
    /// What to do
    pub(crate) what: LedgerAct,
    /// The ledger
    pub(crate) file: PathBuf,
    /// Its key, made by `outis keygen`
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LedgerAct {
    /// Make an empty ledger; the file must not exist
    Init,
    /// Check every line and list the releases
    List,
}

#[derive(Args)]
pub(crate) struct SampleArgs {
    /// Number of rows
    #[arg(long, short = 'n', default_value_t = 1000)]
    pub(crate) rows: u64,
    /// Seed: the same rows for the same seed
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Which columns
    #[arg(long, default_value = "personal")]
    pub(crate) shape: ShapeArg,
    /// File to make; default stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ShapeArg {
    /// Nine columns: `id_no`, `name`, `phone`, `email`, `gender`, `birth`, `postcode`, `amount`, `diagnosis`
    Personal,
    /// All columns, with region, visit date and free text
    Full,
    /// Nine quasi-identifiers and a sensitive column
    Quasi9,
}

#[derive(Args)]
pub(crate) struct CompletionArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct LogArgs {
    /// A release, what a run left that published nothing, a log's file, or the folder of an organisation's log
    pub(crate) log: PathBuf,
    /// Only events of this type, as `gate_result`
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Only events of this stage: goals, identify, process, verify, approve, end, organisation
    #[arg(long, value_name = "STAGE")]
    pub(crate) stage: Option<String>,
    /// Only events that name this column, before or after
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Only events that name this rule of the gate
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// In which form; default a table, or JSON with --json
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<LogFormat>,
    /// Check an organisation's log with the public keys of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// Also compare it with this checkpoint or `.tlog-proof` of an earlier day
    #[arg(long, value_name = "FILE")]
    pub(crate) remembered: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line an event
    Table,
    /// One document
    Json,
    /// RFC 4180, for spreadsheets
    Csv,
    /// OpenLineage events of a run, one a line
    Openlineage,
}

#[derive(Args)]
pub(crate) struct RecordArgs {
    /// Folder of the log; made where there is none
    pub(crate) log: PathBuf,
    /// Key file that signs the log; give it once for each key that signed it last. `rotated` replaces the first
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) sign: Vec<PathBuf>,
    /// Role that answers for it
    #[arg(long, value_name = "ROLE", default_value = "role:unnamed")]
    pub(crate) actor: String,
    #[command(subcommand)]
    pub(crate) what: RecordWhat,
}

#[derive(Subcommand)]
pub(crate) enum RecordWhat {
    /// A release was taken back
    Withdrawn {
        /// Id of the run that made it
        #[arg(long, value_name = "ID")]
        run: String,
        /// Why, as a short code
        #[arg(long, value_name = "CODE")]
        reason: String,
    },
    /// A release was verified again
    Reverified {
        /// Id of the run that made it
        #[arg(long, value_name = "ID")]
        run: String,
        /// What was found
        #[arg(long, value_name = "RESULT")]
        result: ReverifiedArg,
        /// Code of what does not hold; give it once for each
        #[arg(long, value_name = "CODE")]
        fault: Vec<String>,
    },
    /// Another key signs from now on
    Rotated {
        /// Key file of the new key
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The old key may be in wrong hands: what it signs later counts for nothing
        #[arg(long)]
        compromised: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ReverifiedArg {
    /// It holds
    Holds,
    /// Something does not hold
    DoesNotHold,
}

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// File to make (mode 0600); it must not exist
    #[arg(required_unless_present = "output")]
    pub(crate) file: Option<PathBuf>,
    /// The same as FILE
    #[arg(long, short, value_name = "FILE", conflicts_with = "file")]
    pub(crate) output: Option<PathBuf>,
    /// Make a key that signs evidence, and its public half as FILE.pub; never a key of tokens
    #[arg(long, value_name = "SUITE")]
    pub(crate) signing: Option<SigningArg>,
    /// Name of the signer, as `example.org/releases`; without one the key is called after itself
    #[arg(long, value_name = "NAME", requires = "signing")]
    pub(crate) name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SigningArg {
    /// Ed25519 (RFC 8032)
    Ed25519,
    /// SM2 with SM3 (GB/T 32918)
    Sm2,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    Csv,
    Ndjson,
    Parquet,
    Ipc,
}

impl FormatArg {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Ipc => "ipc",
        }
    }
}

/// Reads `512MiB`, `2GiB`, `1.5GB`, `1000000`.
fn parse_size(text: &str) -> Result<u64, String> {
    const LEAST: f64 = 16.0 * 1024.0 * 1024.0;
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let factor = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1024.0 * 1024.0,
        "mb" => 1e6,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "gb" => 1e9,
        _ => return Err("a size is a number and B, KiB, MiB or GiB".into()),
    };
    let bytes = text[..digits].parse::<f64>().map_err(|_| "a size starts with a number".to_owned())? * factor;
    if !(LEAST..=1e15).contains(&bytes) {
        return Err("between 16MiB and 1000000GB".into());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 16 MiB and 10^15")]
    Ok(bytes as u64)
}
