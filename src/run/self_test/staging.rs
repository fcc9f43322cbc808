//! What the gate is about to be given, and how a leak changes it.

use super::Leak;
use crate::error::{Error, Result};
use crate::gate::{Aside, Policy, Process, Reapply, Rule, Under};
use std::fs::File;
use std::path::{Path, PathBuf};

/// A run that is a test of the gate: it never publishes.
pub(in crate::run) struct Planting {
    /// The rules that judge; all of them where none are named.
    pub(super) rules: Option<Vec<&'static Rule>>,
    /// The leak in what the gate is given.
    pub(super) staging: Option<Leak>,
}

impl Planting {
    /// The rules that judge.
    pub(in crate::run) fn rules(&self) -> &[&'static Rule] {
        self.rules.as_deref().unwrap_or(crate::gate::RULES)
    }
    /// Plants the leak in what the gate is about to judge.
    pub(in crate::run) fn apply(&self, policy: &mut Policy, aside: &mut Aside, folder: &Path) -> Result<Tool> {
        // what this machine allows is no matter of the test
        policy.process = Process { key_locked: true, core_dumps: false, sockets: Some(0) };
        let mut staging = Staging { policy, aside, folder, tool: Tool { how: How::Honest, held: Vec::new() } };
        if let Some(leak) = self.staging {
            leak(&mut staging).map_err(|cause| Error::io("plant a leak in", folder, &cause))?;
        }
        Ok(staging.tool)
    }
}

/// What the gate is about to be given.
pub(super) struct Staging<'s> {
    /// What was planned.
    pub(super) policy: &'s mut Policy,
    /// What was kept of the source.
    pub(super) aside: &'s mut Aside,
    /// The staging folder.
    pub(super) folder: &'s Path,
    /// The tool that is asked again.
    pub(super) tool: Tool,
}

/// The tool that made the release, as a leak would have it.
pub(in crate::run) struct Tool {
    /// How it makes tokens.
    pub(super) how: How,
    /// Files that it holds open.
    pub(super) held: Vec<File>,
}

/// How a tool makes tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As it should.
    Honest,
    /// Under one key, whatever key it is given.
    OneKey,
    /// Of the value as it is written.
    BySpelling,
}

impl Tool {
    /// The operators, in the hands of the tool.
    pub(in crate::run) fn wrap<'t>(&self, operators: &'t dyn Reapply) -> Wrapped<'t> {
        Wrapped { operators, how: self.how }
    }
}

/// Operators in the hands of a tool.
pub(in crate::run) struct Wrapped<'t> {
    operators: &'t dyn Reapply,
    how: How,
}

impl Reapply for Wrapped<'_> {
    fn apply(&self, column: usize, cells: &[Option<&[u8]>], under: Under) -> Result<Vec<Option<Vec<u8>>>> {
        let under = if self.how == How::OneKey { Under::RunKey } else { under };
        let mut made = self.operators.apply(column, cells, under)?;
        if self.how == How::BySpelling {
            for (token, cell) in made.iter_mut().zip(cells) {
                let as_canonical = cell.is_none_or(|cell| cell.iter().all(u8::is_ascii_digit));
                token.iter_mut().filter(|_| !as_canonical).for_each(|token| token.reverse());
            }
        }
        Ok(made)
    }
}

impl Staging<'_> {
    /// The data file.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data").join("part-00000.csv")
    }
    /// Changes the rows on disk; the first one is the header.
    pub(super) fn rows(&self, change: impl FnOnce(&mut Vec<Vec<String>>)) -> std::io::Result<()> {
        let path = self.data();
        let text = std::fs::read_to_string(&path)?;
        let mut rows: Vec<Vec<String>> =
            text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
        change(&mut rows);
        let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
        std::fs::write(path, text)
    }
    /// Changes each row on disk behind the header, by its number.
    pub(super) fn each(&self, change: impl Fn(usize, &mut Vec<String>)) -> std::io::Result<()> {
        self.rows(|rows| rows.iter_mut().skip(1).enumerate().for_each(|(at, row)| change(at, row)))
    }
    /// Puts a cell in the place of one on disk.
    pub(super) fn cell(&self, column: usize, cell: &str) -> std::io::Result<()> {
        self.rows(|rows| cell.clone_into(&mut rows[8][column]))
    }
    /// Puts a file beside the data.
    pub(super) fn file(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        std::fs::write(self.folder.join(name), bytes)
    }
    /// What is known of the row with a token: its place in the source, and its raw number.
    pub(super) fn known(&self) -> std::collections::BTreeMap<String, (u64, Vec<u8>)> {
        let text = |cell: Option<&[u8]>| String::from_utf8_lossy(cell.unwrap_or_default()).into_owned();
        let row = |row: &crate::gate::SampledRow| {
            (text(row.released.get(0)), (row.position, row.raw.get(0).unwrap_or_default().to_vec()))
        };
        self.aside.rows.iter().map(row).collect()
    }
}
