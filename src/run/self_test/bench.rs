//! The release that leaks are planted in: made-up people, a profile, and how both are changed; and what came of it.

use super::super::{LedgerFiles, Outcome};
use super::broken;
use crate::error::{Error, Result};
use crate::gate::Rule;
use crate::ledger::Ledger;
use crate::random;
use crate::secret::{self, KeySource};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a plant gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// Id of the rule.
    pub rule: &'static str,
    /// Number of its check in the table of threats.
    pub threat: &'static str,
    /// What was planted; none where the rule has no plant.
    pub leak: Option<&'static str>,
    /// How the rule ended with the leak.
    pub with_leak: String,
    /// How it ended without.
    pub without: String,
    /// What it measured with the leak.
    pub measured: String,
    /// What it measured without.
    pub measured_without: String,
}

impl Planted {
    pub(super) fn none(rule: &Rule) -> Self {
        let nothing = Found::default();
        Self { leak: None, ..Self::new(rule, "", &nothing, &nothing) }
    }
    pub(super) fn new(rule: &Rule, leak: &'static str, leaked: &Found, clean: &Found) -> Self {
        let ((with_leak, measured), (without, measured_without)) = (leaked.by(rule), clean.by(rule));
        Self { rule: rule.id, threat: rule.threat, leak: Some(leak), with_leak, without, measured, measured_without }
    }
    /// Whether the rule saw the leak and passes the release without it.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self.with_leak.as_str(), "fail" | "warn")
            && !self.measured.starts_with("did not run")
            && matches!(self.without.as_str(), "pass" | "not-applicable")
    }
}

/// What the rules said of one run: how each ended, and what it measured.
#[derive(Clone, Default)]
pub(super) struct Found(BTreeMap<&'static str, (String, String)>);

impl Found {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let gate = outcome.report.gate.iter();
        Self(gate.map(|found| (found.rule, (found.status.to_owned(), found.measured.clone()))).collect())
    }
    fn by(&self, rule: &Rule) -> (String, String) {
        self.0.get(rule.id).cloned().unwrap_or_else(|| ("missing".to_owned(), String::new()))
    }
}

/// A private folder, removed when dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn create() -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("outis-self-test-{}", random::nonce()?));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|cause| Error::io("make the folder", &path, &cause))?;
        Ok(Self(path))
    }
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What is run: a profile and a source.
pub(super) struct Bench {
    /// The profile's text.
    pub(super) profile: String,
    /// Names of the columns.
    pub(super) columns: Vec<&'static str>,
    /// Rows of the source.
    pub(super) rows: Vec<Vec<String>>,
    /// A table of the population, which has everybody so many times.
    pub(super) population: Option<usize>,
    /// Changes the source into that of an earlier release, which the ledger then has.
    pub(super) earlier: Option<fn(&mut Self)>,
    /// The seed of the key, where it is not random.
    pub(super) seed: Option<u64>,
}

/// Columns of the plain source.
const COLUMNS: [&str; 5] = ["phone", "name", "city", "amount", "illness"];

/// The seed of the earlier release's key.
pub(super) const EARLIER_SEED: u64 = 1;

const PROFILE: &str = r#"
name = "self-test"
version = "1"
goal = "anonymized"
tier = "open"
[privacy]
unit = "row"
k_anonymity = 5
[output]
format = "csv"
parts = 1
[[column]]
name = "phone"
type = "cn.mobile"
role = "direct"
apply = { token = { domain = "phone" } }
[[column]]
name = "name"
role = "direct"
apply = "drop"
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "amount"
type = "decimal"
role = "sensitive"
apply = { round = { step = 100 } }
[[column]]
name = "illness"
role = "sensitive"
"#;

impl Default for Bench {
    /// 1500 people in three cities with four illnesses; a number for each.
    fn default() -> Self {
        let row = |at: usize| {
            vec![
                format!("138{:08}", (at * 7_919 + 1_234_567) % 100_000_000),
                format!(
                    "{}{}芳",
                    ["欧阳", "司马", "诸葛"][at % 3],
                    char::from_u32(0x4e00 + u32::try_from(at).unwrap_or(0)).unwrap_or('一')
                ),
                ["north", "south", "west"][at % 3].to_owned(),
                format!("{}.50", 1900 + 100 * (at / 3 % 4)),
                ["flu", "cold", "burn", "cut"][at / 12 % 4].to_owned(),
            ]
        };
        Self {
            profile: PROFILE.to_owned(),
            columns: COLUMNS.to_vec(),
            rows: (0..1500).map(row).collect(),
            population: None,
            earlier: None,
            seed: None,
        }
    }
}

impl Bench {
    /// Puts one text of the profile in place of another.
    pub(super) fn profile(&mut self, from: &str, to: &str) {
        debug_assert!(self.profile.contains(from), "the profile has no such text: {from}");
        self.profile = self.profile.replace(from, to);
    }
    /// Asks for a ledger.
    pub(super) fn with_ledger(&mut self) {
        self.profile("[privacy]", "[ledger]\npopulation = \"people\"\nvalues_left = 2\n[privacy]");
    }
    /// Writes the source.
    pub(super) fn write(&self, scratch: &Scratch) -> Result<()> {
        let write = |name: &str, text: String| {
            let path = scratch.path(name);
            std::fs::write(&path, text).map_err(|cause| Error::io("write", &path, &cause))
        };
        if let Some(times) = self.population {
            let city = |row: &Vec<String>| format!("{}\n", row[2]).repeat(times);
            write("residents.csv", format!("city\n{}", self.rows.iter().map(city).collect::<String>()))?;
        }
        let rows: String = self.rows.iter().map(|row| row.join(",") + "\n").collect();
        write("people.csv", format!("{}\n{rows}", self.columns.join(",")))
    }
    /// Makes the ledger where the profile asks for one, with an earlier release in it.
    pub(super) fn ledger_files(&self, scratch: &Scratch) -> Result<Option<LedgerFiles>> {
        if !self.profile.contains("[ledger]") {
            return Ok(None);
        }
        let files = LedgerFiles { file: scratch.path("ledger"), key: scratch.path("ledger.key") };
        secret::write_new_key(&files.key)?;
        drop(Ledger::create(&files.file, secret::load(&KeySource::File(files.key.clone()))?)?);
        if let Some(earlier) = self.earlier {
            let mut before = Self { profile: self.profile.clone(), rows: self.rows.clone(), ..Self::default() };
            earlier(&mut before);
            let folder = Scratch::create()?;
            before.write(&folder)?;
            let job = super::Job {
                loaded: crate::profile::parse(&before.profile, None)?,
                folder: None,
                inputs: vec![folder.path("people.csv")],
                output: folder.path("earlier"),
                options: super::Options {
                    threads: 1,
                    ledger: Some(files.clone()),
                    insecure_test_seed: Some(EARLIER_SEED),
                    ..super::Options::default()
                },
            };
            let outcome = super::super::run(&job, &super::Progress::default())?;
            if outcome.report.gate.iter().any(|rule| rule.status == "fail") {
                return Err(broken());
            }
        }
        Ok(Some(files))
    }
}
