//! Pass one: read, generalize the quasi-identifiers, count classes. No row is written.

use super::parallel::{Worker, each_shard};
use super::transforming::{Draw, Transforming};
use super::{Progress, Workplace};
use crate::check::{self, Unfit};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{self, ClassTable, Classifier, Shape, TableBuilder};
use crate::plan::{Operators, Plan};
use crate::profile::Unit;
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::secret::StreamKey;
use crate::value::{Column, Text};
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

/// What pass one found.
pub(super) struct Survey {
    pub(super) classes: ClassTable,
    pub(super) classifier: Classifier,
    /// By class number: whether it is suppressed.
    pub(super) suppressed: Vec<bool>,
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) classes_below: u64,
    pub(super) rows_below: u64,
    pub(super) limit: u64,
    /// By shard: its size and fingerprint, so that a changed input is seen in pass two.
    pub(super) shards: Vec<ShardCount>,
}

/// Counts classes over the whole input.
pub(super) fn survey(
    plan: &Plan,
    operators: &Operators,
    source: &Source,
    place: &Workplace<'_>,
    sample: &StreamKey,
    progress: &Progress,
) -> Result<Survey> {
    let subject = (plan.unit == Unit::Subject).then_some(plan.subject).flatten();
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
            draw: Draw::new(plan),
            sample,
            held: &held,
            mine: 0,
            budget: place.memory,
        })
        .collect();
    let (workers, done) = each_shard(source, &pass, place.pool, workers, progress)?;
    let classes = group::merge(workers.into_iter().map(|worker| worker.table).collect(), place.threads);
    let (rows, rejected) =
        done.iter().fold((0, 0), |sum, shard| (sum.0 + shard.count.rows, sum.1 + shard.count.rejected));
    let suppressed = check::leave_out(&classes, &plan.models).map_err(|unfit| unplaced(plan, &unfit))?;
    let below = classes.rows().iter().zip(&suppressed).filter(|(_, below)| **below);
    let (classes_below, rows_below) = below.fold((0, 0), |sum, (rows, _)| (sum.0 + 1, sum.1 + rows));
    let counted: u64 = classes.rows().iter().sum();
    Ok(Survey {
        classifier: classes.classifier(),
        suppressed,
        rows,
        rejected,
        classes_below,
        rows_below,
        limit: plan.suppress_at_most.of(counted),
        shards: done.into_iter().map(|shard| shard.count).collect(),
        classes,
    })
}

struct Surveyor<'p> {
    plan: &'p Plan,
    subject: Option<usize>,
    transforming: Transforming<'p>,
    table: TableBuilder,
    draw: Draw,
    sample: &'p StreamKey,
    held: &'p AtomicU64,
    mine: u64,
    budget: u64,
}

impl Worker for Surveyor<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let number = shard.number;
        let mut decisions = self.draw.shard(self.sample, number);
        let count = shard.read(scratch, &mut |batch| {
            let (mut quasi, _) = self.transforming.columns(&self.plan.quasi, &batch, number)?;
            let (mut sensitive, _) = self.transforming.columns(&self.plan.sensitive, &batch, number)?;
            let mut subject = match self.subject {
                Some(at) => Some(self.transforming.column(at, &batch, number)?.column),
                None => None,
            };
            if let Some(decisions) = &mut decisions {
                let kept: Vec<usize> = (0..batch.rows).filter(|_| decisions.next()).collect();
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
        let now = self.table.bytes() as u64;
        let others = self.held.fetch_add(now.wrapping_sub(self.mine), Ordering::Relaxed).wrapping_sub(self.mine);
        self.mine = now;
        if others.wrapping_add(now) > self.budget {
            return Err(Error::new(ErrorKind::Memory("the table of equivalence classes")));
        }
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
