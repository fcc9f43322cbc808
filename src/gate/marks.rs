//! What a batch's cells have in common: keyed marks of them, and how often each stands there. Both are taken once for all that count by
//! them.
//!
//! Most cells repeat one that stood a few rows above. So who counts values looks at sightings: a cell, and how many rows have it. A value that
//! is sighted twice in a batch has two that add up.

use super::Marker;
use super::marker::{SHORT, short_words};
use crate::value::{Column, Span, Text};

/// Marks and sightings of the columns that somebody asked for.
pub struct Marks {
    marker: Marker,
    columns: Vec<Marked>,
    /// Where the last sighting of such a cell lies, and one more; zero where there is none.
    slots: Vec<u32>,
    /// Rows after which a column that repeats little is given up for the rest of the batch.
    trial: usize,
}

/// One column.
#[derive(Clone, Default)]
struct Marked {
    marks: Vec<u64>,
    sightings: Vec<Sighting>,
    /// From this row on every cell is a sighting of its own, and here are their marks.
    alone: usize,
    rest: Vec<u64>,
    /// Whether the batch before repeated little.
    little: bool,
}

#[derive(Clone, Copy)]
struct Sighting {
    /// All of a short cell; the mark of a longer one.
    words: (u64, u64),
    length: u32,
    row: u32,
    rows: u64,
    mark: u64,
}

/// Places for sightings: few, so that they stay in the first cache.
const SLOTS_LOG: u32 = 10;
const TRIAL: usize = 512;
/// The same where the batch before repeated little.
const SHORT_TRIAL: usize = 64;

impl Marks {
    /// Room for so many columns.
    pub(super) fn new(marker: Marker, columns: usize) -> Self {
        let columns = vec![Marked::default(); columns];
        Self { marker, columns, slots: vec![0; 1 << SLOTS_LOG], trial: TRIAL }
    }
    /// One that takes no cells together.
    #[cfg(test)]
    pub(super) fn one_by_one(marker: Marker, columns: usize) -> Self {
        Self { trial: 0, ..Self::new(marker, columns) }
    }
    /// Takes the marks of a column of the present batch.
    pub(super) fn take(&mut self, column: usize, cells: &Column<'_>) {
        let (cells, marks) = (cells.to_text(), &mut self.columns[column].marks);
        marks.clear();
        marks.reserve(cells.len());
        self.marker.each(&cells, |_, mark| marks.push(mark));
    }
    /// Takes the sightings of a column of the present batch.
    pub(super) fn sight(&mut self, column: usize, cells: &Column<'_>) {
        self.columns[column].sight(&self.marker, &cells.to_text(), &mut self.slots, self.trial);
    }
    /// The marks of a column's cells as text, row by row; zero for null. Of the columns of [`super::Reading::mark`].
    #[must_use]
    #[inline]
    pub fn of(&self, column: usize) -> &[u64] {
        &self.columns[column].marks
    }
    /// Gives every cell of a column that is not null at least once: its mark, a row where it stands, and how many rows have it.
    /// The rows of equal cells add up to all of them. Of the columns of [`super::Reading::sight`].
    #[inline]
    pub fn each(&self, column: usize, mut look: impl FnMut(u64, usize, u64)) {
        let marked = &self.columns[column];
        for sighting in &marked.sightings {
            look(sighting.mark, sighting.row as usize, sighting.rows);
        }
        for (at, mark) in marked.rest.iter().enumerate() {
            if *mark != 0 {
                look(*mark, marked.alone + at, 1);
            }
        }
    }
}

impl Marked {
    /// Brings equal cells together, as long as it finds some.
    fn sight(&mut self, marker: &Marker, cells: &Text<'_>, slots: &mut [u32], trial: usize) {
        self.sightings.clear();
        slots.fill(0);
        let trial = if self.little { trial.min(SHORT_TRIAL) } else { trial }.min(cells.len());
        self.sight_rows(marker, cells, slots, 0, trial);
        // seven of eight were new
        self.little = self.sightings.len() * 8 >= trial * 7;
        self.alone = if self.little { trial } else { cells.len() };
        self.sight_rows(marker, cells, slots, trial, self.alone);
        marker.take(cells.iter().skip(self.alone), &mut self.rest);
    }
    fn sight_rows(&mut self, marker: &Marker, cells: &Text<'_>, slots: &mut [u32], from: usize, to: usize) {
        let bytes = cells.bytes();
        for (row, span) in (from..).zip(&cells.spans()[from..to]) {
            let length = span.width();
            let Some(words) = words_at(bytes, *span, marker) else { continue };
            let slot = &mut slots[slot_of(words, length) % (1 << SLOTS_LOG)];
            if let Some(sighting) = self.sightings.get_mut((*slot as usize).wrapping_sub(1))
                && sighting.words == words
                && sighting.length == length
            {
                sighting.rows = sighting.rows.wrapping_add(1);
                continue;
            }
            let mark = span.get(bytes).map_or(0, |cell| marker.mark(cell));
            let row = u32::try_from(row).expect("a batch has far fewer than 2^32 rows");
            self.sightings.push(Sighting { words, length, row, rows: 1, mark });
            *slot = u32::try_from(self.sightings.len()).expect("no more than there are rows");
        }
    }
}

/// All of a short cell, zeros behind; the mark of a longer one; none for null. Sixteen bytes are read where the buffer has them, and
/// what is not of the cell is cut off: so there is no branch on the length of short cells.
#[inline]
fn words_at(bytes: &[u8], span: Span, marker: &Marker) -> Option<(u64, u64)> {
    if let Some((low, high)) = CUTS.get(span.width() as usize)
        && let Some(block) = bytes.get(span.start()..).and_then(<[u8]>::first_chunk::<SHORT>)
        && let (Some(first), Some(second)) = (block.first_chunk::<8>(), block.last_chunk::<8>())
    {
        return Some((u64::from_le_bytes(*first) & low, u64::from_le_bytes(*second) & high));
    }
    let cell = span.get(bytes)?;
    Some(if cell.len() <= SHORT { short_words(cell) } else { (marker.mark(cell), 0) })
}

/// By length: which bits of two words are of a short cell.
const CUTS: [(u64, u64); SHORT + 1] = {
    let mut cuts = [(u64::MAX, u64::MAX); SHORT + 1];
    let mut length = 0;
    while length < SHORT {
        cuts[length] =
            if length < 8 { ((1 << (8 * length)) - 1, 0) } else { (u64::MAX, (1 << (8 * (length - 8))) - 1) };
        length += 1;
    }
    cuts
};

/// Only speed hangs on it: equality is looked at.
#[inline]
fn slot_of((first, second): (u64, u64), length: u32) -> usize {
    let mixed = (first ^ second.rotate_left(29) ^ u64::from(length)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> (64 - SLOTS_LOG)).expect("a few bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextBuilder;
    use std::collections::BTreeMap;

    fn column(cells: &[Option<String>]) -> Column<'static> {
        let mut builder = TextBuilder::default();
        cells.iter().for_each(|cell| builder.push_option(cell.as_ref().map(String::as_bytes)));
        Column::Text(builder.finish(false))
    }

    /// A cell of any length.
    fn text(number: u32) -> String {
        let text = number.to_string();
        if number.is_multiple_of(3) { text.repeat(1 + number as usize % 7) } else { text }
    }

    #[test]
    fn a_column_that_repeats_little_is_given_up_and_tried_again() {
        let marker = Marker::new(4);
        let cells = |different: usize| -> Vec<_> { (0..2000).map(|row| Some((row % different).to_string())).collect() };
        let mut marks = Marks::new(marker, 1);
        let mut alone = |different| {
            marks.sight(0, &column(&cells(different)));
            marks.columns[0].alone
        };
        assert_eq!([alone(2000), alone(2000), alone(8), alone(8)], [TRIAL, SHORT_TRIAL, 2000, 2000]);
    }

    proptest::proptest! {
        #[test]
        fn every_cell_is_sighted_as_often_as_it_stands(
            batches in proptest::collection::vec(proptest::collection::vec(proptest::option::of(0..2000_u32), 0..1500), 1..4),
            most in 1..2000_u32,
        ) {
            let marker = Marker::new(3);
            let mut marks = Marks::new(marker.clone(), 1);
            for batch in batches {
                let cells: Vec<_> = batch.into_iter().map(|cell| cell.map(|cell| text(cell % most))).collect();
                marks.take(0, &column(&cells));
                marks.sight(0, &column(&cells));
                let (mut sighted, mut standing) = (BTreeMap::new(), BTreeMap::new());
                marks.each(0, |mark, row, rows| {
                    assert_eq!(mark, marker.mark(cells[row].as_ref().unwrap().as_bytes()));
                    *sighted.entry(mark).or_insert(0) += rows;
                });
                for mark in marks.of(0).iter().filter(|mark| **mark != 0) {
                    *standing.entry(*mark).or_insert(0_u64) += 1;
                }
                proptest::prop_assert_eq!(sighted, standing);
                let first: Vec<u64> = cells.iter().map(|cell| cell.as_ref().map_or(0, |cell| marker.mark(cell.as_bytes()))).collect();
                proptest::prop_assert_eq!(marks.of(0), first);
                proptest::prop_assert_eq!(marks.of(0).iter().filter(|mark| **mark == 0).count(), cells.iter().filter(|cell| cell.is_none()).count());
            }
        }
    }
}
