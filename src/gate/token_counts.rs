//! What the released tokens look like: how many there are, how many different ones, and how often the most frequent stands.
//!
//! Several rules look at it. Memory is bounded: different tokens are sampled by their marks, and counts are kept by bucket.

use super::{Case, Count, DistinctSample, Marker, Marks, Place, Reading};
use crate::value::{Batch, Column};

/// Counters of a column; two tokens share one by chance.
const BUCKETS: usize = 1 << 14;
/// Different tokens that are kept.
const TOKENS: usize = 1 << 15;

/// Every column whose tokens belong to values.
pub(super) struct TokenCounts {
    pub(super) columns: Vec<TokenColumn>,
}

/// One of them.
pub(super) struct TokenColumn {
    /// Place among the released columns.
    pub(super) place: usize,
    /// Cells that are not null.
    pub(super) cells: u64,
    /// The different tokens, or an even share.
    pub(super) distinct: DistinctSample,
    buckets: Vec<u64>,
}

/// Places of the columns whose tokens belong to values: a token that is fresh in every row belongs to none.
pub(super) fn places(case: &Case<'_>) -> Vec<usize> {
    let columns = case.policy.columns.iter().enumerate();
    columns.filter(|(_, column)| column.domain.is_some()).map(|(at, _)| at).collect()
}

/// Has the tokens counted, where there are any.
pub(super) fn want(case: &Case<'_>, reading: &mut Reading) {
    let places = places(case);
    if !places.is_empty() {
        reading.mark(places.iter().copied());
        reading.want(places.iter().copied(), || TokenCounts {
            columns: places.iter().map(|place| TokenColumn::new(*place, &case.marker)).collect(),
        });
    }
}

impl TokenColumn {
    fn new(place: usize, marker: &Marker) -> Self {
        let distinct = DistinctSample::new(marker.clone(), TOKENS);
        Self { place, cells: 0, distinct, buckets: vec![0; BUCKETS] }
    }
    /// How often the most frequent token stands; where there are many tokens, at most, with some others of its bucket.
    pub(super) fn most_frequent(&self) -> u64 {
        if self.distinct.halvings() == 0 {
            return self.distinct.values().iter().map(|(_, count)| *count).max().unwrap_or(0);
        }
        self.buckets.iter().copied().max().unwrap_or(0)
    }
}

impl Count for TokenCounts {
    fn fork(&self) -> Self {
        let fork = |column: &TokenColumn| TokenColumn::new(column.place, column.distinct.marker());
        Self { columns: self.columns.iter().map(fork).collect() }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, marks: &Marks) {
        for column in &mut self.columns {
            let Column::Text(cells) = &batch.columns[column.place] else { continue };
            for (cell, mark) in cells.iter().zip(marks.of(column.place).iter().copied()) {
                let Some(cell) = cell else { continue };
                column.cells += 1;
                // the high bits: the low ones say which tokens are kept
                let bucket = usize::try_from(mark >> (64 - BUCKETS.trailing_zeros())).expect("a bucket's number");
                column.buckets[bucket] += 1;
                if column.distinct.keeps(mark) {
                    column.distinct.keep(mark, cell, 1);
                }
            }
        }
    }
    fn absorb(&mut self, other: Self) {
        for (column, other) in self.columns.iter_mut().zip(other.columns) {
            column.cells += other.cells;
            column.distinct.absorb(&other.distinct);
            for (sum, count) in column.buckets.iter_mut().zip(other.buckets) {
                *sum += count;
            }
        }
    }
}
