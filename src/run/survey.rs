//! Pass one: read, generalize the quasi-identifiers, count classes. No row is written.

use super::draw::{Draw, Drawn};
use super::held::Held;
use super::overflow::Overflow;
use super::parallel::{Done, Worker, each_shard};
use super::population::Inputs;
use super::regions::Recoded;
use super::transforming::Transforming;
use super::{Progress, Workplace};
use crate::check::{self, Unfit};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{self, Behind, ClassTable, Classifier, Marks, Rare, Shape, TableBuilder};
use crate::plan::{Operators, Plan};
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::value::{Column, Text};
use std::borrow::Cow;
use std::sync::atomic::AtomicU64;

/// What pass one found.
pub(super) struct Survey {
    pub(super) classes: ClassTable,
    pub(super) classifier: Classifier,
    /// By class number: whether it is suppressed.
    pub(super) suppressed: Vec<bool>,
    /// Where persons are counted: those all of whose rows are suppressed.
    pub(super) rare: Option<Marks>,
    /// Members of the smallest class; where persons are counted, persons of the rarest combination of rows.
    pub(super) smallest: u64,
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) classes_below: u64,
    pub(super) rows_below: u64,
    pub(super) persons_below: u64,
    pub(super) limit: u64,
    /// By shard: its size and fingerprint, so that a changed input is seen in pass two.
    pub(super) shards: Vec<Done<()>>,
    /// Where rows are recoded by region: what they show. The classifier and `suppressed` are then of the raw values.
    pub(super) recoded: Option<Recoded>,
    /// What is told of the population, where a model counts a table of it.
    pub(super) population: Option<Crowd>,
}

/// The population as a survey tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowd {
    /// Its members.
    pub(super) rows: u64,
    /// Its classes at the released levels.
    pub(super) classes: u64,
    /// Classes without anybody of the input that a model rejects: with one of them nothing can be released.
    pub(super) absent: u64,
}

/// Counts classes over the whole input, unless the search for levels has done so, and finds which rows must stay out.
///
/// A person leaves with all their rows, and with them the classes that they were in change. So where models look at more
/// than sizes, the input is surveyed again without the persons found so far, until nobody more has to leave.
pub(super) fn survey(
    plan: &Plan,
    operators: &Operators,
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    counted: Option<Surveyed>,
    progress: &Progress,
) -> Result<Survey> {
    let mut left = Rare::default();
    let mut out = Marks::default();
    let mut limit = None;
    let sizes_only = plan.sensitive.is_empty() && plan.models.len() == 1 && plan.k.is_some();
    let (mut counted, mut behind) = match counted {
        Some(found) => (Some(found.counted), found.behind),
        None => (None, None),
    };
    let people = if counted.is_none() { inputs.population(plan, operators, place, progress)? } else { None };
    loop {
        let (classes, done) = match counted.take() {
            Some(counted) => counted,
            None => count(plan, operators, inputs.source, place, draw, &out, progress)?,
        };
        behind = people.as_ref().map(|people| classes.behind(people)).or(behind);
        inputs.holds_the_sample(behind.as_ref(), &classes)?;
        let limit = *limit.get_or_insert_with(|| plan.suppress_at_most.of(classes.total_rows()));
        let left_out =
            check::leave_out(&classes, behind.as_ref(), &plan.models).map_err(|unfit| unplaced(plan, &unfit))?;
        let suppressed = left_out.classes;
        let population = behind.as_ref().map(|behind| Crowd {
            rows: behind.rows(),
            classes: behind.classes(),
            absent: left_out.absent,
        });
        let Some(persons) = classes.persons() else {
            let below = classes.rows().iter().zip(&suppressed).filter(|(_, below)| **below);
            let (classes_below, rows_below) = below.fold((0, 0), |sum, (rows, _)| (sum.0 + 1, sum.1 + rows));
            let smallest = classes.members().iter().copied().min().unwrap_or(0);
            let found = Found {
                suppressed,
                rare: None,
                smallest,
                classes_below,
                rows_below,
                persons_below: 0,
                limit,
                population,
            };
            return Ok(Survey::new(classes, found, done));
        };
        let smallest = persons.smallest().unwrap_or(0);
        let (found, more) = persons.leave_out(plan.k.map_or(1, |k| u64::from(k.get())), &suppressed);
        left.signatures += found.signatures;
        left.persons += found.persons;
        left.rows += found.rows;
        out.extend(more);
        if found.persons == 0 || sizes_only || left.rows > limit {
            let found = Found {
                suppressed,
                rare: Some(out),
                smallest,
                classes_below: left.signatures,
                rows_below: left.rows,
                persons_below: left.persons,
                limit,
                population,
            };
            return Ok(Survey::new(classes, found, done));
        }
    }
}

/// What a survey says about the classes.
struct Found {
    suppressed: Vec<bool>,
    rare: Option<Marks>,
    smallest: u64,
    classes_below: u64,
    rows_below: u64,
    persons_below: u64,
    limit: u64,
    population: Option<Crowd>,
}

impl Survey {
    /// Whether a release can be made of it.
    pub(super) fn holds(&self) -> bool {
        self.rows_below <= self.limit && self.population.is_none_or(|people| people.absent == 0)
    }
    fn new(classes: ClassTable, found: Found, done: Vec<Done<()>>) -> Self {
        let (rows, rejected) =
            done.iter().fold((0, 0), |sum, shard| (sum.0 + shard.count.rows, sum.1 + shard.count.rejected));
        Self {
            classifier: classes.classifier(),
            suppressed: found.suppressed,
            rare: found.rare,
            smallest: found.smallest,
            rows,
            rejected,
            classes_below: found.classes_below,
            rows_below: found.rows_below,
            persons_below: found.persons_below,
            limit: found.limit,
            shards: done,
            classes,
            recoded: None,
            population: found.population,
        }
    }
}

/// The classes of a pass, and its shards.
pub(super) type Counted = (ClassTable, Vec<Done<()>>);

/// The classes at levels that a search found, without another pass; and the population behind them, where it is counted.
pub(super) struct Surveyed {
    pub(super) counted: Counted,
    pub(super) behind: Option<Behind>,
}

/// One pass over the input without the persons in `out`.
pub(super) fn count(
    plan: &Plan,
    operators: &Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    out: &Marks,
    progress: &Progress,
) -> Result<Counted> {
    let subject = plan.counted_subject();
    let pass =
        source.pass()?.only(plan.sources(plan.quasi.iter().chain(&plan.sensitive).copied().chain(subject), operators));
    let shape = Shape { quasi: plan.quasi.len(), sensitive: plan.sensitive.len(), subject: subject.is_some() };
    let held = AtomicU64::new(0);
    let workers = (0..place.threads)
        .map(|_| Surveyor {
            plan,
            subject,
            transforming: Transforming::new(plan, operators),
            table: TableBuilder::new(shape),
            draw,
            out,
            held: Held::new(&held, place.memory),
            overflow: place.overflow,
        })
        .collect();
    let (workers, done) = each_shard(source, &pass, place.pool, workers, progress)?;
    let tables = workers.into_iter().map(|worker| worker.table).collect();
    let elsewhere = place.overflow.map(|overflow| (overflow as &dyn group::Overflow, place.memory));
    Ok((group::merge_with(tables, place.threads, elsewhere)?, done))
}

struct Surveyor<'p> {
    plan: &'p Plan,
    subject: Option<usize>,
    transforming: Transforming<'p>,
    table: TableBuilder,
    draw: Draw<'p>,
    /// Persons who are known to leave.
    out: &'p Marks,
    held: Held<'p>,
    overflow: Option<&'p Overflow>,
}

impl Worker for Surveyor<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let number = shard.number;
        let mut decisions = self.draw.shard(number);
        let count = shard.read(scratch, &mut |batch| {
            let (mut quasi, _) = self.transforming.columns(&self.plan.quasi, &batch, number)?;
            let (mut sensitive, _) = self.transforming.columns(&self.plan.sensitive, &batch, number)?;
            let mut subject = match self.subject {
                Some(at) => Some(self.transforming.column(at, &batch, number)?.column),
                None => None,
            };
            if decisions.is_some() || !self.out.is_empty() {
                let names = subject.as_ref().map(Column::to_text);
                let name = |row: usize| names.as_ref().and_then(|names| names.get(row));
                let mut stays = |row: usize| {
                    let drawn = decisions.as_mut().map_or(Drawn::Taken, |decisions| decisions.next(name(row)));
                    drawn == Drawn::Taken && !self.out.contains(name(row))
                };
                let kept: Vec<usize> = (0..batch.rows).filter(|row| stays(*row)).collect();
                drop(names);
                quasi = quasi.iter().map(|column| pick(column, &kept)).collect();
                sensitive = sensitive.iter().map(|column| pick(column, &kept)).collect();
                subject = subject.map(|column| pick(&column, &kept));
            }
            let quasi: Vec<Cow<'_, Text<'_>>> = quasi.iter().map(Column::to_text).collect();
            let quasi: Vec<&Text<'_>> = quasi.iter().map(AsRef::as_ref).collect();
            let sensitive: Vec<Cow<'_, Text<'_>>> = sensitive.iter().map(Column::to_text).collect();
            let sensitive: Vec<&Text<'_>> = sensitive.iter().map(AsRef::as_ref).collect();
            let subject = subject.as_ref().map(Column::to_text);
            self.table.add(&quasi, &sensitive, subject.as_deref());
            Ok(())
        })?;
        self.held.settle(&mut self.table, self.overflow)?;
        Ok((count, ()))
    }
}

/// Sensitive values that an order or a hierarchy does not have, without a value.
pub(super) fn unplaced(plan: &Plan, unfit: &[Unfit]) -> Error {
    let errors = unfit.iter().map(|one| {
        let error = Error::new(ErrorKind::Unplaced { values: one.values, missing_in: one.missing_in });
        match plan.sensitive.get(one.sensitive) {
            Some(at) => error.in_column(&plan.columns[*at].name),
            None => error,
        }
    });
    Error::gather(errors.collect()).unwrap_or_else(|| ErrorKind::Internal("a model that fits no value").into())
}

/// The cells of some rows, as text.
fn pick(column: &Column<'_>, rows: &[usize]) -> Column<'static> {
    let text = column.to_text();
    let mut builder = crate::value::TextBuilder::with_capacity(rows.len(), 12);
    for row in rows {
        builder.push_option(text.get(*row));
    }
    Column::Text(builder.finish(false))
}
