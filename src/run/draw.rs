//! Which rows take part: the sample, and at most so many rows of one person.
//!
//! Responsible for: decisions that come out the same in every pass, because they are drawn from keyed streams by shard and
//! row; and the pass over the persons that the cap needs ([`choose_rows`]): it reads the subject column alone.

use super::held::Held;
use super::parallel::{Worker, each_shard};
use super::transforming::Transforming;
use super::{Progress, Stage, Workplace};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{RowCap, RowChoice};
use crate::limits::Share;
use crate::plan::{Operators, Plan};
use crate::random::Repeatable;
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::secret::StreamKey;
use std::sync::atomic::AtomicU64;

/// What decides which rows take part.
#[derive(Clone, Copy)]
pub(super) struct Draw<'k> {
    millionths: Option<u32>,
    sample: &'k StreamKey,
    priorities: &'k StreamKey,
    choice: Option<&'k RowChoice>,
    levels: Option<(u32, &'k StreamKey)>,
}

/// What became of a row before its class was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    /// It takes part.
    Taken,
    /// The sample left it out.
    LeftOut,
    /// Its person has more rows than are taken, and this is one of those left out.
    OverCap,
}

impl<'k> Draw<'k> {
    /// The sample of the plan, drawn by one key; the other gives each row its priority among those of its person.
    pub(super) fn new(plan: &Plan, sample: &'k StreamKey, priorities: &'k StreamKey) -> Self {
        Self { millionths: plan.sample.map(Share::millionths), sample, priorities, choice: None, levels: None }
    }
    /// With a choice of rows for each person.
    pub(super) fn capped(self, choice: Option<&'k RowChoice>) -> Self {
        Self { choice, ..self }
    }
    /// Only a share of the rows, drawn by a key of its own: for the search for levels.
    pub(super) fn for_levels(self, share: Share, key: &'k StreamKey) -> Self {
        Self { levels: Some((share.millionths(), key)), ..self }
    }
    /// The decisions of a shard, for each of its rows in order; `None` takes all.
    pub(super) fn shard(&self, shard: u64) -> Option<Decisions<'k>> {
        let sample = self.millionths.map(|millionths| (Repeatable::new(self.sample, shard), millionths));
        let cap = self.choice.map(|choice| (Repeatable::new(self.priorities, shard), choice));
        let levels = self.levels.map(|(millionths, key)| (Repeatable::new(key, shard), millionths));
        (sample.is_some() || cap.is_some() || levels.is_some()).then_some(Decisions { sample, cap, levels })
    }
}

/// Decisions of one shard.
pub(super) struct Decisions<'k> {
    sample: Option<(Repeatable, u32)>,
    cap: Option<(Repeatable, &'k RowChoice)>,
    levels: Option<(Repeatable, u32)>,
}

impl Decisions<'_> {
    /// Decides on the next row; `subject` says whose row it is, as it will be released.
    pub(super) fn next(&mut self, subject: Option<&[u8]>) -> Drawn {
        let takes = |draw: &mut Option<(Repeatable, u32)>| {
            draw.as_mut().is_none_or(|(random, millionths)| random.below(1_000_000) < *millionths)
        };
        // each decides on every row, so that none depends on another
        let (sampled, searched) = (takes(&mut self.sample), takes(&mut self.levels));
        let drawn = sampled && searched;
        let stays = self.cap.as_mut().is_none_or(|(random, choice)| choice.takes(subject, random.next_u64()));
        match (drawn, stays) {
            (false, _) => Drawn::LeftOut,
            (true, false) => Drawn::OverCap,
            (true, true) => Drawn::Taken,
        }
    }
}

/// Reads the subject column and draws, for each person with more rows than the plan takes, those that stay; `None` where the plan has no cap.
pub(super) fn choose_rows(
    plan: &Plan,
    operators: &Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Result<Option<RowChoice>> {
    let (Some(subject), Some(limit)) = (plan.counted_subject(), plan.rows_per_subject) else { return Ok(None) };
    progress.begin(Stage::Survey);
    let pass = source.pass()?.only(plan.sources(std::iter::once(subject), operators)).without_fingerprints();
    let held = AtomicU64::new(0);
    let workers = (0..place.threads)
        .map(|_| Counter {
            subject,
            transforming: Transforming::new(plan, operators),
            draw,
            cap: RowCap::new(limit),
            held: Held::new(&held, place.memory),
        })
        .collect();
    let (workers, _) = each_shard(source, &pass, place.pool, workers, progress)?;
    Ok(Some(RowCap::choose(workers.into_iter().map(|worker| worker.cap).collect())))
}

struct Counter<'p> {
    subject: usize,
    transforming: Transforming<'p>,
    draw: Draw<'p>,
    cap: RowCap,
    held: Held<'p>,
}

impl Worker for Counter<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let number = shard.number;
        let mut decisions = self.draw.shard(number);
        let mut priorities = Repeatable::new(self.draw.priorities, number);
        let count = shard.read(scratch, &mut |batch| {
            let subject = self.transforming.column(self.subject, &batch, number)?.column;
            for cell in subject.to_text().iter() {
                let priority = priorities.next_u64();
                if decisions.as_mut().is_none_or(|decisions| decisions.next(cell) == Drawn::Taken) {
                    self.cap.add(cell, priority);
                }
            }
            Ok(())
        })?;
        if self.held.is_too_much(self.cap.bytes()) {
            return Err(Error::new(ErrorKind::Memory("the rows of each person")));
        }
        Ok((count, ()))
    }
}
