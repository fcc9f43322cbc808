//! The profile's table of the population, put through the operators of the release, for the gate.

use super::parallel::{Worker, each_shard};
use super::transforming::Transforming;
use super::{Job, Progress, Stage, Workplace};
use crate::error::{Error, ErrorKind, Result};
use crate::gate::Population;
use crate::group::{self, Shape, TableBuilder};
use crate::plan::{Operators, Plan};
use crate::profile::{InputSpec, PopulationSpec, Ragged, StrayQuotes};
use crate::read::{self, Scratch, Shard, ShardCount, Source};
use crate::value::{Batch, Column, Text, TextBuilder};
use std::borrow::Cow;
use std::path::Path;

/// The table, opened.
pub(super) struct People {
    source: Source,
    /// Places of the plan's quasi-identifiers in it.
    places: Vec<usize>,
}

/// Opens the table that the profile names, before anything else is read: none where it names none.
///
/// # Errors
/// A table that cannot be opened, that can be read once only, or that lacks quasi-identifying columns.
pub(super) fn open(job: &Job, plan: &Plan) -> Result<Option<People>> {
    let Some(PopulationSpec::Table { file, separator }) = &job.loaded.profile.privacy.population else {
        return Ok(None);
    };
    let path = job.folder.as_deref().unwrap_or(Path::new("")).join(file);
    let spec = InputSpec {
        format: None,
        encoding: "utf-8".into(),
        delimiter: *separator,
        quote: Some(b'"'),
        header: true,
        null: job.loaded.profile.input.null.clone(),
        ragged: Ragged::Error,
        stray_quotes: StrayQuotes::Error,
    };
    let names: Vec<String> = plan.quasi.iter().map(|at| plan.columns[*at].name.clone()).collect();
    let source = Source::open(std::slice::from_ref(&path), read::Options::from_spec(&spec, names.clone())?)?;
    let missing = names.iter().filter(|name| source.schema().position(name).is_none());
    let missing = missing.map(|name| Error::new(ErrorKind::MissingColumn).in_column(name).in_file(&path));
    if let Some(error) = Error::gather(missing.collect()) {
        return Err(error);
    }
    let places = names.iter().filter_map(|name| source.schema().position(name)).collect();
    Ok(Some(People { source, places }))
}

impl People {
    /// Counts its classes at the levels of the release.
    ///
    /// # Errors
    /// A table that cannot be read, or has a value that an operator has no place for.
    pub(super) fn counted(
        &self,
        plan: &Plan,
        operators: &Operators,
        place: &Workplace<'_>,
        progress: &Progress,
    ) -> Result<Population> {
        progress.begin(Stage::Survey, self.source.total_bytes());
        let pass = self.source.pass()?.only(self.places.iter().copied()).without_fingerprints();
        let shape = Shape { quasi: plan.quasi.len(), sensitive: 0, subject: false };
        let worker = || Counter {
            plan,
            places: &self.places,
            transforming: Transforming::new(plan, operators),
            table: TableBuilder::new(shape),
        };
        let workers = (0..place.threads).map(|_| worker()).collect();
        let (workers, _) = each_shard(&self.source, &pass, place.pool, workers, progress)?;
        let tables = workers.into_iter().map(|worker| worker.table).collect();
        Ok(Population::new(&group::merge(tables, place.threads)))
    }
}

struct Counter<'p> {
    plan: &'p Plan,
    /// Places of the quasi-identifiers in the table of the population.
    places: &'p [usize],
    transforming: Transforming<'p>,
    table: TableBuilder,
}

impl Worker for Counter<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let number = shard.number;
        let plan = self.plan;
        let width = plan.columns.iter().map(|column| column.source + 1).max().unwrap_or(0);
        let count = shard.read(scratch, &mut |mut batch| {
            // the operators look for a column at its place in the input
            let empty = || Column::Text(TextBuilder::default().finish(true));
            let mut columns: Vec<Column<'_>> = (0..width).map(|_| empty()).collect();
            for (at, place) in plan.quasi.iter().zip(self.places) {
                columns[plan.columns[*at].source] = std::mem::replace(&mut batch.columns[*place], empty());
            }
            let people = Batch { first_row: batch.first_row, rows: batch.rows, columns };
            let (made, _) = self.transforming.columns(&plan.quasi, &people, number)?;
            let texts: Vec<Cow<'_, Text<'_>>> = made.iter().map(Column::to_text).collect();
            self.table.add(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &[], None);
            Ok(())
        })?;
        Ok((count, ()))
    }
}
