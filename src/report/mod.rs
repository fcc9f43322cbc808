//! What a run did and measured, for people and programs: JSON with stable keys, and one HTML page without scripts.
//!
//! It is given counts that others measured; it measures nothing itself, and holds no cell and no path.

mod compared;
mod page;

pub use compared::{Compared, comparison_html};
pub use page::html;

use crate::digest::Digest;
use crate::gate::{self, FileFacts, RowAccount};
use crate::group::ClassTable;
use crate::log::{ColumnRecord, RiskMeasured, RuleRecord, Status, Timing, is_zero};
use crate::profile::Unit;
use serde::Serialize;

/// The report of one run.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Published or refused.
    pub status: Status,
    /// The run's id.
    pub run: String,
    /// Program and version.
    pub engine: &'static str,
    /// When the run ended, RFC 3339.
    pub finished: String,
    /// Profile's name.
    pub profile: String,
    /// Profile's version.
    pub profile_version: String,
    /// SHA-256 of the profile's text.
    pub profile_digest: Digest,
    /// SHA-256 of the plan's page.
    pub plan_digest: Digest,
    /// `anonymized` or `deidentified`.
    pub goal: &'static str,
    /// Release tier.
    pub tier: &'static str,
    /// What the release is for.
    pub purpose: Option<String>,
    /// The role whose approval it leaves with, where the profile asks for one.
    pub approval: Option<String>,
    /// Where the key lives, in words.
    pub key: &'static str,
    /// Rows and what became of them.
    pub rows: Rows,
    /// Cells nulled or taken as text because they are not of their type.
    pub invalid_cells: u64,
    /// What classes count.
    pub unit: &'static str,
    /// k asked for.
    pub k: Option<u32>,
    /// Suppression allowed, as a share.
    pub suppression_limit: String,
    /// `global`: one level for a column; `local` or `multidimensional`, perhaps `relaxed`: by region, which follows the data more closely.
    pub recoding: &'static str,
    /// What groups cost columns that were microaggregated.
    pub microaggregated: Vec<Aggregation>,
    /// Members of the population, where a model counted a table of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population: Option<u64>,
    /// What the gate counted on the staged bytes; none where the run was refused before anything was staged.
    pub risk: Option<Risk>,
    /// Every column of the input.
    pub columns: Vec<ColumnRecord>,
    /// The gate's rules.
    pub gate: Vec<RuleRecord>,
    /// Data files.
    pub files: Vec<FileRecord>,
    /// Stages and their times.
    pub stages: Vec<Timing>,
    /// Worker threads.
    pub threads: usize,
}

/// What its groups cost a column of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aggregation {
    /// The column, by its name in the input.
    pub name: String,
    /// Groups of rows.
    pub groups: u64,
    /// The sum of squares around the groups' centres over the sum of squares around the mean, as a share of 100 %; a number that does not leave
    /// counts with its distance from the mean. None where all numbers are equal.
    pub lost: Option<String>,
}

/// Rows: read = released + suppressed + rejected + not drawn + over the cap + withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Read.
    pub read: u64,
    /// Released.
    pub released: u64,
    /// Suppressed with their class.
    pub suppressed: u64,
    /// Rejected as ragged.
    pub rejected: u64,
    /// Not drawn by the sample.
    pub not_drawn: u64,
    /// Left out because the person has more rows than are taken.
    pub over_cap: u64,
    /// Nowhere, because the run was refused before any was released.
    #[serde(skip_serializing_if = "is_zero")]
    pub withheld: u64,
}

impl From<RowAccount> for Rows {
    fn from(rows: RowAccount) -> Self {
        let RowAccount { read, released, suppressed, rejected, not_drawn, over_cap, withheld } = rows;
        Self { read, released, suppressed, rejected, not_drawn, over_cap, withheld }
    }
}

/// Re-identification risk under the prosecutor model: the attacker knows that the person is in the release
/// (El Emam, *Guide to the De-Identification of Personal Health Information*, 2013).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// Rows counted on disk.
    pub rows: u64,
    /// Members: rows, or persons.
    pub members: u64,
    /// Equivalence classes; none where no quasi-identifier leaves.
    pub classes: Option<u64>,
    /// Members of the smallest class: the attained k. For persons: how many share the rarest combination of rows.
    pub smallest_class: Option<u64>,
    /// Classes of one member; for persons, combinations of rows that one person has.
    pub unique_classes: u64,
    /// `1/smallest`.
    pub highest_risk: Option<String>,
    /// `classes/members`; for persons, different combinations of rows over persons.
    pub average_risk: Option<String>,
}

impl Risk {
    /// From what the gate measured.
    #[must_use]
    pub fn of(report: &gate::Report, unit: Unit) -> Self {
        Self::counted(report.measured.classes.as_ref(), report.measured.rows, unit)
    }
    /// From the classes of the released rows; there are none where no quasi-identifier is released.
    #[must_use]
    pub fn counted(classes: Option<&ClassTable>, rows: u64, unit: Unit) -> Self {
        let Some(table) = classes else {
            let (classes, smallest_class) = (None, None);
            let unique_classes = 0;
            let members = rows;
            return Self {
                rows,
                members,
                classes,
                smallest_class,
                unique_classes,
                highest_risk: None,
                average_risk: None,
            };
        };
        // persons are alike where all their rows are
        let (members, alike) = match (unit, table.persons()) {
            (Unit::Subject, Some(persons)) => (persons.len() as u64, persons.alike()),
            (Unit::Subject | Unit::Row, _) => (rows, table.members()),
        };
        let smallest_class = alike.iter().copied().min();
        let classes = table.members().len() as u64;
        Self {
            rows,
            members,
            classes: Some(classes),
            smallest_class,
            unique_classes: alike.iter().filter(|members| **members == 1).count() as u64,
            highest_risk: smallest_class.map(|smallest| format!("1/{smallest}")),
            average_risk: (members > 0).then(|| format!("{}/{members}", alike.len())),
        }
    }
    /// As the log tells it.
    #[must_use]
    pub fn event(&self, unit: Unit) -> RiskMeasured {
        RiskMeasured {
            unit: unit.name().to_owned(),
            rows: self.rows,
            members: self.members,
            classes: self.classes,
            smallest_class: self.smallest_class,
            unique_classes: self.unique_classes,
            highest_risk: self.highest_risk.clone(),
            average_risk: self.average_risk.clone(),
        }
    }
}

/// A data file of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRecord {
    /// Name in the release.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, read back from disk.
    pub sha256: Digest,
}

impl From<FileFacts> for FileRecord {
    fn from(file: FileFacts) -> Self {
        Self { name: file.name, bytes: file.bytes, sha256: file.digest }
    }
}
