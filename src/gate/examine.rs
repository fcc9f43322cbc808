//! Counts what was written, from the bytes on disk.

use super::Policy;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::group::{self, ClassTable, Shape, TableBuilder};
use crate::value::{Batch, Column, Schema, Text};
use std::borrow::Cow;

/// Something staged that can be read back. The reader must not share code with the writer.
pub trait Staged {
    /// The schema of every data file as a reader sees it.
    ///
    /// # Errors
    /// When a file cannot be opened as what it should be.
    fn schemas(&self) -> Result<Vec<Schema>>;
    /// Reads every data file whole, by as many workers as there are; each worker has an examiner of its own. Only the cells
    /// of `columns` are needed.
    ///
    /// # Errors
    /// When a file cannot be read.
    fn examine<'p>(&self, columns: &[usize], make: &(dyn Fn() -> Examiner<'p> + Sync)) -> Result<Vec<Examiner<'p>>>;
    /// Name, size and digest of every data file, read back.
    ///
    /// # Errors
    /// When a file cannot be read.
    fn facts(&self) -> Result<Vec<FileFacts>>;
    /// Every file that lies in the staging folder, by its name in the release.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    fn listing(&self) -> Result<Vec<String>>;
}

/// A data file as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Name in the release.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub digest: Digest,
}

/// One worker's counts.
pub struct Examiner<'p> {
    policy: &'p Policy,
    table: Option<TableBuilder>,
    /// By data file.
    rows: Vec<u64>,
    bad_tokens: Vec<u64>,
}

impl<'p> Examiner<'p> {
    fn new(policy: &'p Policy) -> Self {
        let shape = Shape { quasi: policy.quasi.len(), sensitive: 0, subject: policy.subject.is_some() };
        let table = (!policy.quasi.is_empty()).then(|| TableBuilder::new(shape));
        Self { policy, table, rows: Vec::new(), bad_tokens: vec![0; policy.columns.len()] }
    }
    /// Places of the columns that are looked at; a reader may leave the others empty.
    #[must_use]
    pub fn columns(policy: &Policy) -> Vec<usize> {
        let tokens = policy.columns.iter().enumerate().filter(|(_, column)| column.token.is_some()).map(|(at, _)| at);
        policy.quasi.iter().copied().chain(policy.subject).chain(tokens).collect()
    }
    /// Counts a batch of the data file with this number; its columns are those of the policy, in order.
    ///
    /// # Errors
    /// A batch of another shape.
    pub fn batch(&mut self, file: usize, batch: &Batch<'_>) -> Result<()> {
        if batch.columns.len() != self.policy.columns.len() {
            return Err(Error::new(ErrorKind::Internal("a staged file has other columns than planned")));
        }
        if self.rows.len() <= file {
            self.rows.resize(file + 1, 0);
        }
        self.rows[file] += batch.rows as u64;
        for (place, column) in self.policy.columns.iter().enumerate() {
            if let (Some(shape), Column::Text(cells)) = (column.token, &batch.columns[place]) {
                let bad = cells.iter().flatten().filter(|cell| !shape.fits(cell)).count();
                self.bad_tokens[place] += bad as u64;
            }
        }
        if let Some(table) = &mut self.table {
            let quasi: Vec<Cow<'_, Text<'_>>> =
                self.policy.quasi.iter().map(|at| batch.columns[*at].to_text()).collect();
            let quasi: Vec<&Text<'_>> = quasi.iter().map(AsRef::as_ref).collect();
            let subject = self.policy.subject.map(|at| batch.columns[at].to_text());
            table.add(&quasi, &[], subject.as_deref());
        }
        Ok(())
    }
}

/// Everything the rules look at.
pub struct Measured {
    /// Schemas on disk.
    pub schemas: Vec<Schema>,
    /// Rows on disk.
    pub rows: u64,
    /// Rows by data file.
    pub rows_by_file: Vec<u64>,
    /// Cells that are not of their column's token form, by column.
    pub bad_tokens: Vec<u64>,
    /// Classes over the released quasi-identifiers; none where there are no such columns.
    pub classes: Option<ClassTable>,
    /// Data files.
    pub files: Vec<FileFacts>,
    /// All files of the staging folder.
    pub listing: Vec<String>,
}

impl Measured {
    /// Members of the smallest class.
    #[must_use]
    pub fn smallest_class(&self) -> Option<u64> {
        self.classes.as_ref().and_then(|table| table.members().iter().copied().min())
    }
}

/// Has everything read and merges the workers' counts.
pub(super) fn measure<S: Staged>(staged: &S, policy: &Policy) -> Result<Measured> {
    let schemas = staged.schemas()?;
    let expected: Vec<&str> = policy.columns.iter().map(|column| column.name.as_str()).collect();
    let alike = schemas
        .iter()
        .all(|schema| schema.fields().iter().map(|field| field.name.as_str()).eq(expected.iter().copied()));
    let mut measured = Measured {
        schemas,
        rows: 0,
        rows_by_file: Vec::new(),
        bad_tokens: vec![0; policy.columns.len()],
        classes: None,
        files: staged.facts()?,
        listing: staged.listing()?,
    };
    if !alike {
        return Ok(measured); // the rule on columns refuses; the cells cannot be told apart
    }
    measured.rows_by_file = vec![0; measured.files.len()];
    let mut tables = Vec::new();
    for examiner in staged.examine(&Examiner::columns(policy), &|| Examiner::new(policy))? {
        for (total, rows) in measured.rows_by_file.iter_mut().zip(&examiner.rows) {
            *total += rows;
        }
        measured.rows += examiner.rows.iter().sum::<u64>();
        for (total, bad) in measured.bad_tokens.iter_mut().zip(&examiner.bad_tokens) {
            *total += bad;
        }
        tables.extend(examiner.table);
    }
    if !tables.is_empty() {
        let threads = tables.len();
        measured.classes = Some(group::merge(tables, threads));
    }
    Ok(measured)
}
