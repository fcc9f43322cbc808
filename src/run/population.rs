//! The profile's table of the population, put through the operators of the release: for models that count it, and for the gate.

use super::held::Held;
use super::overflow::Overflow;
use super::parallel::{Worker, each_shard};
use super::transforming::Transforming;
use super::{Progress, Workplace};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{self, Behind, ClassTable, Shape, TableBuilder};
use crate::plan::{Operators, Plan};
use crate::profile::{InputSpec, Loaded, PopulationSpec, Ragged, StrayQuotes};
use crate::read::{self, Scratch, Shard, ShardCount, Source};
use crate::value::{Batch, Column, Text, TextBuilder};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

/// What a run counts: its input, and the table of the population where a model counts that, too.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'r> {
    pub(super) source: &'r Source,
    people: Option<&'r People>,
    /// Members of the population, where only their number is stated.
    stated: Option<u64>,
}

impl<'r> Inputs<'r> {
    /// Of a plan; the population is left out where no model of it asks.
    pub(super) fn of(plan: &Plan, source: &'r Source, people: Option<&'r People>) -> Self {
        Self { source, people: people.filter(|_| plan.needs_population()), stated: plan.population }
    }
    /// The classes of the population at the levels on which the operators stand; none where no model asks.
    pub(super) fn population(
        &self,
        plan: &Plan,
        operators: &Operators,
        place: &Workplace<'_>,
        progress: &Progress,
    ) -> Result<Option<ClassTable>> {
        self.people.map(|people| people.counted(plan, operators, place, progress)).transpose()
    }
    /// Whether the population can be that of the sample.
    ///
    /// # Errors
    /// Classes that have more members in the sample, or more members in all than are stated.
    pub(super) fn holds_the_sample(&self, behind: Option<&Behind>, sample: &ClassTable) -> Result<()> {
        holds_the_sample(self.stated, behind.filter(|_| self.people.is_some()), sample).map_err(|error| {
            match self.people {
                Some(people) => people.named(error),
                None => error,
            }
        })
    }
}

/// Whether a population of a stated size, or the one behind the classes of a sample, can be that of the sample.
///
/// # Errors
/// As of [`Inputs::holds_the_sample`].
pub(super) fn holds_the_sample(stated: Option<u64>, behind: Option<&Behind>, sample: &ClassTable) -> Result<()> {
    let members = sample.persons().map_or(sample.total_rows(), |persons| persons.alike().iter().sum());
    if let Some(stated) = stated.filter(|stated| *stated < members) {
        return Err(Error::new(ErrorKind::SmallPopulation { stated, members }));
    }
    match behind.map_or(0, |behind| behind.outgrown(sample.members())) {
        0 => Ok(()),
        classes => Err(Error::new(ErrorKind::NotPopulation { classes })),
    }
}

/// The table, opened.
pub(super) struct People {
    source: Source,
    /// How it is read: the separator and the encoding.
    spelled: (u8, String),
    /// Places of the plan's quasi-identifiers in it.
    places: Vec<usize>,
}

/// Opens the table that the profile names, before anything else is read: none where it names none.
///
/// # Errors
/// A table that cannot be opened, that can be read once only, or that lacks quasi-identifying columns.
pub(super) fn open(loaded: &Loaded, folder: Option<&Path>, plan: &Plan) -> Result<Option<People>> {
    let Some(PopulationSpec::Table { file, separator, encoding }) = &loaded.profile.privacy.population else {
        return Ok(None);
    };
    let path = folder.unwrap_or(Path::new("")).join(file);
    let spec = InputSpec {
        format: None,
        encoding: encoding.clone(),
        delimiter: *separator,
        quote: Some(b'"'),
        header: true,
        null: loaded.profile.input.null.clone(),
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
    Ok(Some(People { source, spelled: (*separator, encoding.clone()), places }))
}

impl People {
    /// The same error with the table's file.
    pub(super) fn named(&self, error: Error) -> Error {
        match self.file() {
            Some(file) => error.in_file(file),
            None => error,
        }
    }
    /// Which table it is and how it is read, for those who ask the same of it.
    pub(super) fn table(&self) -> (&[PathBuf], &(u8, String)) {
        (self.source.files(), &self.spelled)
    }
    /// Its file.
    pub(super) fn file(&self) -> Option<&Path> {
        self.source.files().first().map(PathBuf::as_path)
    }
    /// Counts its classes at the levels on which the operators stand.
    ///
    /// # Errors
    /// A table that cannot be read, or has a value that an operator has no place for.
    pub(super) fn counted(
        &self,
        plan: &Plan,
        operators: &Operators,
        place: &Workplace<'_>,
        progress: &Progress,
    ) -> Result<ClassTable> {
        let pass = self.source.pass()?.only(self.places.iter().copied()).without_fingerprints();
        let shape = Shape { quasi: plan.quasi.len(), sensitive: 0, subject: false };
        let held = AtomicU64::new(0);
        let worker = || Counter {
            plan,
            places: &self.places,
            transforming: Transforming::new(plan, operators),
            table: TableBuilder::new(shape),
            held: Held::new(&held, place.memory),
            overflow: place.overflow,
        };
        let workers = (0..place.threads).map(|_| worker()).collect();
        let (workers, _) = each_shard(&self.source, &pass, place.pool, workers, progress)?;
        let tables = workers.into_iter().map(|worker| worker.table).collect();
        let elsewhere = place.overflow.map(|overflow| (overflow as &dyn group::Overflow, place.memory));
        group::merge_with(tables, place.threads, elsewhere)
    }
}

struct Counter<'p> {
    plan: &'p Plan,
    /// Places of the quasi-identifiers in the table of the population.
    places: &'p [usize],
    transforming: Transforming<'p>,
    table: TableBuilder,
    held: Held<'p>,
    overflow: Option<&'p Overflow>,
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
        self.held.settle(&mut self.table, self.overflow)?;
        Ok((count, ()))
    }
}
