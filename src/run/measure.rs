//! Counts the classes of any table, ours or anybody's: what `outis check` shows.

use super::parallel::{Done, Worker, each_shard};
use super::{Options, Progress, Stage, make_pool};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{self, ClassTable, Shape, TableBuilder};
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::value::Text;
use std::borrow::Cow;

/// Which columns are what, by name.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Quasi-identifiers.
    pub quasi: Vec<String>,
    /// Sensitive columns.
    pub sensitive: Vec<String>,
    /// Column that says whose row it is; without one every row is a person.
    pub subject: Option<String>,
}

/// The classes of a table, cells taken as they stand; a null is a value of its own.
///
/// # Errors
/// Columns that are not there, all at once; and whatever reading meets.
pub fn measure(source: &Source, question: &Question, options: &Options, progress: &Progress) -> Result<ClassTable> {
    let mut missing = Vec::new();
    let mut place = |name: &String| {
        source.schema().position(name).unwrap_or_else(|| {
            let error = Error::new(ErrorKind::MissingColumn).in_column(name);
            missing.push(match source.files().first() {
                Some(file) => error.in_file(file),
                None => error,
            });
            0
        })
    };
    let quasi: Vec<usize> = question.quasi.iter().map(&mut place).collect();
    let sensitive: Vec<usize> = question.sensitive.iter().map(&mut place).collect();
    let subject = question.subject.as_ref().map(&mut place);
    if let Some(error) = Error::gather(missing) {
        return Err(error);
    }
    let pool = make_pool(options.threads)?;
    progress.begin(Stage::Survey);
    let (table, _) = tally(source, &quasi, &sensitive, subject, &pool, progress)?;
    Ok(table)
}

/// The classes over these columns, by place, and what each shard had.
pub(super) fn tally(
    source: &Source,
    quasi: &[usize],
    sensitive: &[usize],
    subject: Option<usize>,
    pool: &rayon::ThreadPool,
    progress: &Progress,
) -> Result<(ClassTable, Vec<Done<()>>)> {
    let shape = Shape { quasi: quasi.len(), sensitive: sensitive.len(), subject: subject.is_some() };
    let counter = || Counter { quasi, sensitive, subject, table: TableBuilder::new(shape) };
    let workers = (0..pool.current_num_threads()).map(|_| counter()).collect();
    let pass = source.pass()?.only(quasi.iter().chain(sensitive).copied().chain(subject)).without_fingerprints();
    let (workers, done) = each_shard(source, &pass, pool, workers, progress)?;
    let tables = workers.into_iter().map(|worker| worker.table).collect();
    Ok((group::merge(tables, pool.current_num_threads()), done))
}

struct Counter<'q> {
    quasi: &'q [usize],
    sensitive: &'q [usize],
    subject: Option<usize>,
    table: TableBuilder,
}

impl Worker for Counter<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let count = shard.read(scratch, &mut |batch| {
            let texts = |places: &[usize]| -> Vec<Cow<'_, Text<'_>>> {
                places.iter().map(|at| batch.columns[*at].to_text()).collect()
            };
            let (quasi, sensitive) = (texts(self.quasi), texts(self.sensitive));
            let quasi: Vec<&Text<'_>> = quasi.iter().map(AsRef::as_ref).collect();
            let sensitive: Vec<&Text<'_>> = sensitive.iter().map(AsRef::as_ref).collect();
            let subject = self.subject.map(|at| batch.columns[at].to_text());
            self.table.add(&quasi, &sensitive, subject.as_deref());
            Ok(())
        })?;
        Ok((count, ()))
    }
}
