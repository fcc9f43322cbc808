//! Keeps aside, in memory, what the gate needs of the source: sampled rows, values that name persons, values of tokens.

use super::parallel::Done;
use crate::gate::{self, Aside, Cells, DistinctSample, Fate, Marker, SampledRow, Shapes};
use crate::plan::{ColumnPlan, Plan};
use crate::profile::Role;
use crate::random::Repeatable;
use crate::secret::{MasterKey, StreamKey};
use crate::value::{Batch, Column, Text};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows that are kept.
const ROWS: usize = 10_000;
/// Distinct values of a column that are kept.
const VALUES: usize = 1 << 15;
/// Tokens with their values that are kept once they are a share of all.
const TOKENS: usize = 1 << 13;

/// The keys of what is drawn.
pub(super) struct AsideKeys {
    rows: StreamKey,
    marker: Marker,
    /// Some worker has enough rows before this priority, so that no worker needs one behind it.
    enough: AtomicU64,
}

impl AsideKeys {
    pub(super) fn new(key: &MasterKey) -> Self {
        let seed = Repeatable::new(&key.stream("gate/marks"), 0).next_u64();
        Self { rows: key.stream("gate/rows"), marker: Marker::new(seed), enough: AtomicU64::new(u64::MAX) }
    }
    /// Takes the marks that the gate compares with.
    pub(super) fn marker(&self) -> Marker {
        self.marker.clone()
    }
}

/// The seed of what the gate itself draws; public.
pub(super) fn gate_seed(key: &MasterKey) -> u64 {
    Repeatable::new(&key.stream("gate/seed"), 0).next_u64()
}

/// One worker's part.
pub(super) struct Collector<'p> {
    plan: &'p Plan,
    keys: &'p AsideKeys,
    /// The rows with the smallest priorities so far, and some more.
    kept: Vec<Kept>,
    /// A row with this priority or a larger one is none of them.
    beyond: (u64, u64, u64),
    /// Their cells, and those of rows that went, which are written over.
    rows: Vec<SampledRow>,
    free: Vec<usize>,
    /// Source columns that name persons, by their places among the plan's.
    naming: Vec<usize>,
    shapes: Shapes,
    /// Distinct values of those columns, where the source cannot be read again.
    direct: Vec<Option<DistinctSample>>,
    tokens: Vec<Option<DistinctSample>>,
    entry: Vec<u8>,
    cell: Vec<u8>,
    /// Rows of the batch whose tokens are kept, and their marks.
    marked: Vec<(usize, u64)>,
}

/// A row, ordered by priority: a number that is drawn, the shard, and the row in it. Its cells lie apart, because rows are sorted.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    priority: (u64, u64, u64),
    at: usize,
}

impl<'p> Collector<'p> {
    /// Of a source that can be read `twice`, or once only.
    pub(super) fn new(plan: &'p Plan, keys: &'p AsideKeys, twice: bool) -> Self {
        let sample = || DistinctSample::new(keys.marker.clone(), VALUES);
        let names = |column: &ColumnPlan| matches!(column.role, Role::Direct | Role::Subject);
        let direct = plan.columns.iter().map(|column| names(column) && !twice);
        let tokens = plan.released.iter().map(|at| plan.columns[*at].domain.is_some());
        Self {
            plan,
            keys,
            kept: Vec::new(),
            beyond: (u64::MAX, u64::MAX, u64::MAX),
            rows: Vec::new(),
            free: Vec::new(),
            naming: (0..plan.columns.len()).filter(|at| names(&plan.columns[*at])).collect(),
            shapes: Shapes::default(),
            direct: direct.map(|wanted| wanted.then(sample)).collect(),
            tokens: tokens.map(|wanted| wanted.then(|| sample().with_share(TOKENS))).collect(),
            entry: Vec::new(),
            cell: Vec::new(),
            marked: Vec::new(),
        }
    }

    /// Looks at a batch of a shard, at what it became, and at the rows' fates.
    pub(super) fn batch(&mut self, shard: u64, batch: &Batch<'_>, released: &[Column<'_>], fates: &[Fate]) {
        self.draw(shard, batch, released, fates);
        self.look(batch);
        let marker = &self.keys.marker;
        for (place, sample) in self.tokens.iter_mut().enumerate() {
            let Some(sample) = sample else { continue };
            let tokens = released[place].to_text();
            let raw = &batch.columns[self.plan.columns[self.plan.released[place]].source];
            kept_tokens(&tokens, marker, sample, &mut self.marked);
            self.marked.retain(|(row, _)| fates[*row] == Fate::Released);
            // one after the other, so that they wait for memory together
            for (row, mark) in &self.marked {
                let Some(token) = tokens.get(*row).filter(|_| sample.keeps(*mark)) else { continue };
                self.cell.clear();
                raw.write_text(*row, &mut self.cell);
                gate::pair(&self.cell, token, &mut self.entry);
                sample.keep(*mark, &self.entry, 1);
            }
        }
    }

    /// Looks at the cells that name persons.
    fn look(&mut self, batch: &Batch<'_>) {
        let marker = &self.keys.marker;
        for at in &self.naming {
            let cells = batch.columns[self.plan.columns[*at].source].to_text();
            let Some(sample) = &mut self.direct[*at] else {
                self.shapes.take_all(&cells, marker);
                continue;
            };
            for cell in cells.iter().flatten() {
                let mark = marker.mark(cell);
                self.shapes.take(cell, || mark);
                if sample.keeps(mark) {
                    sample.keep(mark, cell, 1);
                }
            }
        }
    }

    /// Keeps the rows with the smallest priorities: the same, whoever reads which shard.
    #[inline(never)]
    fn draw(&mut self, shard: u64, batch: &Batch<'_>, released: &[Column<'_>], fates: &[Fate]) {
        let base = Repeatable::new(&self.keys.rows, shard).next_u64();
        let mut enough = self.keys.enough.load(Ordering::Relaxed);
        for (at, fate) in fates.iter().enumerate() {
            let row = batch.first_row + at as u64;
            let drawn = gate::spread(base.wrapping_add(row.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let priority = (drawn, shard, row);
            if drawn > enough || priority >= self.beyond {
                continue;
            }
            let place = self.free.pop().unwrap_or(self.rows.len());
            if place == self.rows.len() {
                self.rows.push(fresh(self.plan.columns.len(), released.len()));
            }
            let SampledRow { position, fate: own, raw, released: cells } = &mut self.rows[place];
            (*position, *own) = (row, *fate);
            raw.clear();
            cells.clear();
            for column in &self.plan.columns {
                put(raw, &batch.columns[column.source], at);
            }
            for (column, place) in released.iter().zip(&self.plan.released) {
                if self.plan.permuted.contains(place) {
                    cells.push(None);
                } else {
                    put(cells, column, at);
                }
            }
            self.kept.push(Kept { priority, at: place });
            if self.kept.len() >= ROWS + ROWS / 4 {
                self.kept.select_nth_unstable(ROWS);
                self.beyond = self.kept[ROWS].priority;
                enough = enough.min(self.beyond.0);
                self.keys.enough.fetch_min(enough, Ordering::Relaxed);
                self.free.extend(self.kept.drain(ROWS..).map(|gone| gone.at));
            }
        }
    }
}

/// The rows whose tokens a sample keeps, and their marks.
#[inline(never)]
fn kept_tokens(tokens: &Text<'_>, marker: &Marker, sample: &DistinctSample, kept: &mut Vec<(usize, u64)>) {
    kept.clear();
    marker.each(tokens, |row, mark| {
        // zero is null
        if mark != 0 && sample.keeps(mark) {
            kept.push((row, mark));
        }
    });
}

/// Room for the cells of a row.
fn fresh(raw: usize, released: usize) -> SampledRow {
    let (raw, released) = (Cells::with_room(raw), Cells::with_room(released));
    SampledRow { position: 0, fate: Fate::NotDrawn, raw, released }
}

/// Appends a cell as text.
#[inline]
fn put(cells: &mut Cells, column: &Column<'_>, row: usize) {
    match column {
        Column::Text(text) => cells.push(text.get(row)),
        typed => cells.push_with(|bytes| typed.write_text(row, bytes)),
    }
}

/// What all workers kept.
pub(super) fn gather<R>(collectors: Vec<Collector<'_>>, shards: &[Done<R>]) -> Aside {
    let mut starts = BTreeMap::new();
    let mut next = 0;
    for shard in shards {
        starts.insert(shard.number, next);
        next += shard.count.rows;
    }
    let mut aside = Aside { rows_seen: next, ..Aside::default() };
    let (mut kept, mut shapes) = (Vec::new(), Shapes::default());
    for (worker, collector) in collectors.into_iter().enumerate() {
        shapes.absorb(collector.shapes);
        kept.extend(collector.kept.into_iter().map(|kept| (kept, worker)));
        aside.spare.push(collector.rows);
        absorb(&mut aside.direct, collector.direct);
        absorb(&mut aside.tokens, collector.tokens);
    }
    aside.shapes = Some(Arc::new(shapes));
    if kept.len() > ROWS {
        kept.select_nth_unstable(ROWS);
        kept.truncate(ROWS);
    }
    let spare = &mut aside.spare;
    let take = |(kept, worker): (Kept, usize)| {
        let row = std::mem::replace(&mut spare[worker][kept.at], fresh(0, 0));
        let start = starts.get(&kept.priority.1).copied().unwrap_or(0);
        SampledRow { position: start + row.position, ..row }
    };
    aside.rows = kept.into_iter().map(take).collect();
    aside.rows.sort_unstable_by_key(|row| row.position);
    aside
}

fn absorb(all: &mut Vec<Option<DistinctSample>>, mine: Vec<Option<DistinctSample>>) {
    if all.is_empty() {
        *all = mine;
        return;
    }
    for (all, mine) in all.iter_mut().zip(mine) {
        if let (Some(all), Some(mine)) = (all, mine) {
            all.absorb(&mine);
        }
    }
}
