//! What the released tokens look like: how many there are, how many different ones, and how often the most frequent stands.
//!
//! Several rules look at it. Memory is bounded: different tokens are sampled by their marks, and counts are kept by bucket.

use super::{Case, Count, DistinctSample, Marker, Marks, Place, Reading};
use crate::value::{Batch, Column};

/// Counters of a column; two tokens share one by chance.
const BUCKETS: usize = 1 << 14;
/// Different tokens that are kept as long as they are all, and once they are a share.
const TOKENS: usize = 1 << 15;
const SHARE: usize = 1 << 13;

/// Every column whose tokens belong to values.
pub(super) struct TokenCounts {
    pub(super) columns: Vec<TokenColumn>,
    /// Rows of the batch whose tokens are kept, and their marks.
    rows: Vec<(usize, u64)>,
}

/// One of them.
pub(super) struct TokenColumn {
    /// Place among the released columns.
    pub(super) place: usize,
    /// Cells that are not null.
    pub(super) cells: u64,
    /// The different tokens, or an even share.
    pub(super) distinct: DistinctSample,
    buckets: Buckets,
}

/// A counter for each bucket: its lowest byte apart, so that what is counted in every row stays in the first cache.
struct Buckets {
    low: Vec<u8>,
    /// Multiples of 256.
    high: Vec<u64>,
}

impl Buckets {
    fn new() -> Self {
        Self { low: vec![0; BUCKETS], high: vec![0; BUCKETS] }
    }
    /// Counts one by a mark's high bits: the low ones say which tokens are kept.
    #[inline]
    fn count(&mut self, mark: u64) {
        let bucket = usize::try_from(mark >> (64 - BUCKETS.trailing_zeros())).expect("a bucket's number");
        self.low[bucket] = self.low[bucket].wrapping_add(1);
        if self.low[bucket] == 0 {
            self.high[bucket] += 256;
        }
    }
    fn absorb(&mut self, other: &Self) {
        for (high, more) in self.high.iter_mut().zip(other.counts()) {
            *high += more;
        }
    }
    fn counts(&self) -> impl Iterator<Item = u64> {
        self.high.iter().zip(&self.low).map(|(high, low)| high + u64::from(*low))
    }
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
            rows: Vec::new(),
        });
    }
}

impl TokenColumn {
    fn new(place: usize, marker: &Marker) -> Self {
        let distinct = DistinctSample::new(marker.clone(), TOKENS).with_share(SHARE);
        Self { place, cells: 0, distinct, buckets: Buckets::new() }
    }
    /// How often the most frequent token stands; where there are many tokens, at most, with some others of its bucket.
    pub(super) fn most_frequent(&self) -> u64 {
        if self.distinct.halvings() == 0 {
            return self.distinct.each().map(|(_, count)| count).max().unwrap_or(0);
        }
        self.buckets.counts().max().unwrap_or(0)
    }
}

impl Count for TokenCounts {
    fn fork(&self) -> Self {
        let fork = |column: &TokenColumn| TokenColumn::new(column.place, column.distinct.marker());
        Self { columns: self.columns.iter().map(fork).collect(), rows: Vec::new() }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, marks: &Marks) {
        for column in &mut self.columns {
            let Column::Text(cells) = &batch.columns[column.place] else { continue };
            self.rows.clear();
            for (row, mark) in marks.of(column.place).iter().copied().enumerate() {
                if mark == 0 {
                    continue;
                }
                column.cells += 1;
                column.buckets.count(mark);
                if column.distinct.keeps(mark) {
                    self.rows.push((row, mark));
                }
            }
            // one after the other, so that they wait for memory together
            for (row, mark) in &self.rows {
                if let Some(cell) = cells.get(*row) {
                    column.distinct.keep(*mark, cell, 1);
                }
            }
        }
    }
    fn absorb(&mut self, other: Self) {
        for (column, other) in self.columns.iter_mut().zip(other.columns) {
            column.cells += other.cells;
            column.distinct.absorb(&other.distinct);
            column.buckets.absorb(&other.buckets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_past_a_byte_and_add_up() {
        let mark = |bucket: u64| bucket << 50 | 5;
        let (mut one, mut other) = (Buckets::new(), Buckets::new());
        for (bucket, count) in [(0, 255), (1, 256), (2, 70_000), (16_383, 1)] {
            (0..count).for_each(|_| one.count(mark(bucket)));
            (0..count / 2).for_each(|_| other.count(mark(bucket)));
        }
        one.absorb(&other);
        let counts: Vec<(usize, u64)> = one.counts().enumerate().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counts, [(0, 255 + 127), (1, 256 + 128), (2, 105_000), (16_383, 1)]);
    }
}
