//! Keyed marks of a batch's cells, taken once for all that count by them.

use super::Marker;
use crate::value::Column;

/// The marks of the columns that somebody asked for.
pub struct Marks {
    marker: Marker,
    columns: Vec<Vec<u64>>,
    text: Vec<u8>,
}

impl Marks {
    /// Room for so many columns.
    pub(super) fn new(marker: Marker, columns: usize) -> Self {
        Self { marker, columns: vec![Vec::new(); columns], text: Vec::new() }
    }
    /// Takes the marks of a column of the present batch.
    pub(super) fn take(&mut self, column: usize, cells: &Column<'_>) {
        let marks = &mut self.columns[column];
        marks.clear();
        match cells {
            Column::Text(cells) => marks.extend(cells.iter().map(|cell| cell.map_or(0, |cell| self.marker.mark(cell)))),
            typed => marks.extend((0..typed.len()).map(|row| {
                self.text.clear();
                if typed.write_text(row, &mut self.text) { self.marker.mark(&self.text) } else { 0 }
            })),
        }
    }
    /// The marks of a column's cells as text, row by row; zero for null.
    #[must_use]
    pub fn of(&self, column: usize) -> &[u64] {
        &self.columns[column]
    }
}
