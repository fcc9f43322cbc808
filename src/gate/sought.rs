//! Marks of the source ("canaries") that must not lie in any staged file: raw cells of the sampled rows, of columns that name persons and do
//! not leave as they are. They are long enough that chance does not write them.

use super::Case;
use crate::anatomy::{self, Expected, Needles};
use crate::domain::SemanticType;
use std::collections::BTreeSet;

/// Marks of a column.
const MARKS: usize = 64;
/// Cells of a column that they are chosen from.
const CANDIDATES: usize = 4 * MARKS;

/// What is searched.
pub(super) struct Sought {
    /// Raw cells.
    pub(super) marks: Vec<Vec<u8>>,
    /// The source column of each.
    pub(super) columns: Vec<usize>,
    /// They in all faces that data files may have.
    pub(super) in_data: Needles,
}

impl Sought {
    /// What the source gives; `in_utf8` says that all cells of the data files are UTF-8.
    pub(super) fn new(case: &Case<'_>, in_utf8: bool) -> Self {
        let (columns, marks): (Vec<usize>, Vec<Vec<u8>>) = marks(case).into_iter().unzip();
        let text = in_utf8 && matches!(case.policy.form, Expected::Csv { .. } | Expected::Ndjson { .. });
        let in_data = if text { Needles::in_utf8(&marks) } else { Needles::new(&marks) };
        Self { marks, columns, in_data }
    }
}

/// Raw cells to be searched, each with its source column: of columns that name persons, spread over the sampled rows, long and varied
/// enough, and in no column that leaves as it is.
fn marks(case: &Case<'_>) -> Vec<(usize, Vec<u8>)> {
    let mut marks = Vec::new();
    let kept: Vec<usize> =
        case.policy.columns.iter().filter(|column| column.operator == "keep").map(|column| column.source).collect();
    for (at, column) in case.policy.sources.iter().enumerate() {
        if !column.role.names_a_person() || kept.contains(&at) {
            continue;
        }
        // one row of so many, then the next of each, until there are enough
        let step = case.aside.rows.len().div_ceil(CANDIDATES).max(1);
        let rows = (0..step).flat_map(|first| case.aside.rows.iter().skip(first).step_by(step));
        let rare = rows.filter_map(|row| row.raw.get(at).filter(|cell| is_rare(cell, column.semantic)));
        let mut some: BTreeSet<&[u8]> = BTreeSet::new();
        for cell in rare {
            some.insert(cell);
            if some.len() >= CANDIDATES {
                break;
            }
        }
        // the longest: their faces are the least like each other, and they are searched in the longest steps
        let mut some: Vec<(usize, &[u8])> = some.into_iter().map(|cell| (anatomy::shortest_face(cell), cell)).collect();
        some.sort_by_key(|(shortest, _)| std::cmp::Reverse(*shortest));
        marks.extend(some.into_iter().take(MARKS).map(|(_, cell)| (at, cell.to_vec())));
    }
    marks
}

/// Whether chance would hardly write the cell: nine bytes or more, of five different ones or more. Three Han characters are nine bytes,
/// and a name of three may be a word: names need four.
fn is_rare(cell: &[u8], semantic: SemanticType) -> bool {
    let least = if semantic == SemanticType::Name && !cell.is_ascii() { 12 } else { 9 };
    let mut different = [0_u64; 4];
    for byte in cell {
        different[usize::from(byte / 64)] |= 1 << (byte % 64);
    }
    cell.len() >= least && different.iter().map(|bits| bits.count_ones()).sum::<u32>() >= 5
}
