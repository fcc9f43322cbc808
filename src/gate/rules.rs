//! The rules, in order from cheap to expensive. Each says why it is there, what it measured and what is allowed.

use super::{KeyHome, Measured, Policy};
use crate::error::counted;

/// The rules of the gate, closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The tier lets something leave.
    Tier,
    /// Key discipline of the goal (threats G03).
    Key,
    /// Exactly the planned columns and types are on disk.
    Columns,
    /// Rows on disk are the rows read less those left out (standards R12).
    Rows,
    /// Suppression stays in its limit.
    Suppression,
    /// Only the planned files lie in the folder (threats G24).
    Files,
    /// Every token has its full length and alphabet.
    Tokens,
    /// Every class has at least k members, counted again on the bytes on disk (threats G06, G07).
    KAnonymity,
}

/// All rules, in the order they are applied.
pub const RULES: [Rule; 8] =
    [Rule::Tier, Rule::Key, Rule::Columns, Rule::Rows, Rule::Suppression, Rule::Files, Rule::Tokens, Rule::KAnonymity];

/// What one rule found.
pub(super) struct Finding {
    pub(super) holds: bool,
    pub(super) measured: String,
    pub(super) limit: String,
}

impl Rule {
    /// Stable id, in logs and reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Tier => "tier",
            Self::Key => "key",
            Self::Columns => "columns",
            Self::Rows => "rows",
            Self::Suppression => "suppression",
            Self::Files => "files",
            Self::Tokens => "tokens",
            Self::KAnonymity => "k-anonymity",
        }
    }
    /// Why the rule is there.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Tier => "a profile of tier `closed` never publishes",
            Self::Key => "a release that nobody can restore leaves no key behind: its key lives in this run only",
            Self::Columns => "exactly the planned columns leave, under the planned names and types",
            Self::Rows => "every row read is released, suppressed, rejected or not drawn; none is lost or doubled",
            Self::Suppression => "no more rows are suppressed than the profile allows",
            Self::Files => "nothing lies in the release that the plan does not name",
            Self::Tokens => "a token that is short or not a token may show what it stands for",
            Self::KAnonymity => "every combination of quasi-identifiers is shared by at least k members",
        }
    }
    /// Applies the rule.
    pub(super) fn apply(self, policy: &Policy, measured: &Measured) -> Finding {
        match self {
            Self::Tier => finding(!policy.closed, if policy.closed { "closed" } else { "may leave" }, "may leave"),
            Self::Key => {
                // a test seed passes, because a test release says on every page that it is one
                let holds = !policy.anonymized || policy.key != KeyHome::Kept;
                finding(holds, policy.key.name(), if policy.anonymized { KeyHome::Run.name() } else { "any" })
            }
            Self::Columns => columns(policy, measured),
            Self::Rows => rows(policy, measured),
            Self::Suppression => finding(
                policy.suppression.rows <= policy.suppression.limit
                    && policy.suppression.rows == policy.rows.suppressed,
                counted(policy.suppression.rows, "row"),
                format!("at most {}", counted(policy.suppression.limit, "row")),
            ),
            Self::Files => {
                let extra = measured.listing.iter().filter(|name| !policy.files.contains(name)).count();
                let missing = policy.files.iter().filter(|name| !measured.listing.contains(name)).count();
                finding(extra + missing == 0, format!("{extra} unplanned, {missing} missing"), "0 unplanned, 0 missing")
            }
            Self::Tokens => {
                let bad: u64 = measured.bad_tokens.iter().sum();
                finding(bad == 0, counted(bad, "cell"), "0 cells")
            }
            Self::KAnonymity => k_anonymity(policy, measured),
        }
    }
}

fn finding(holds: bool, measured: impl Into<String>, limit: impl Into<String>) -> Finding {
    Finding { holds, measured: measured.into(), limit: limit.into() }
}

fn columns(policy: &Policy, measured: &Measured) -> Finding {
    let alike = |schema: &&crate::value::Schema| {
        schema.len() == policy.columns.len()
            && schema.fields().iter().zip(&policy.columns).all(|(field, column)| {
                field.name == column.name && (!policy.typed || field.data_type == column.data_type)
            })
    };
    let (files, alike) = (measured.schemas.len(), measured.schemas.iter().filter(alike).count());
    let holds = files == alike && files > 0;
    finding(
        holds,
        format!("{} of {} differ", files - alike, counted(files as u64, "file")),
        counted(policy.columns.len() as u64, "column"),
    )
}

fn rows(policy: &Policy, measured: &Measured) -> Finding {
    let account = policy.rows;
    let left_out = account.suppressed + account.rejected + account.not_drawn;
    let holds = account.read == account.released + left_out && measured.rows == account.released;
    finding(holds, format!("{} on disk", measured.rows), format!("{} read less {left_out} left out", account.read))
}

fn k_anonymity(policy: &Policy, measured: &Measured) -> Finding {
    let Some(k) = policy.k else {
        return finding(true, "not asked", "none");
    };
    let limit = format!("at least {}", k.get());
    if policy.quasi.is_empty() {
        // No quasi-identifier leaves: all rows look alike, and there is one class.
        return match measured.rows {
            0 => finding(true, "no rows", limit),
            rows => finding(rows >= u64::from(k.get()), format!("one class of {rows}"), limit),
        };
    }
    match (&measured.classes, measured.smallest_class()) {
        (Some(_), Some(smallest)) => {
            finding(smallest >= u64::from(k.get()), format!("smallest class {smallest}"), limit)
        }
        (Some(_), None) => finding(measured.rows == 0, "no classes", limit),
        (None, _) => finding(measured.rows == 0 && policy.rows.released == 0, "not counted", limit),
    }
}
