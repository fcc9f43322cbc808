//! The one pass over every byte of the staged files: what each is made of, and whether marks of the source lie in it.
//!
//! The marks ("canaries") are raw cells of the sampled rows, of columns that name persons and do not leave as they are. They are long
//! enough that chance does not write them.

use super::{Case, Measured};
use crate::anatomy::{self, Anatomy, Blind, Expected, Needles, Sight as _};
use crate::domain::SemanticType;
use crate::error::Result;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the pass found.
pub(super) struct BytePass {
    /// What each data file is made of; none where the walk failed.
    pub(super) anatomies: Vec<Option<Anatomy>>,
    /// Marks that were searched.
    pub(super) marks: usize,
    /// Source columns of which a mark was found, with the number of marks; in data and in the other files.
    pub(super) found: BTreeSet<(usize, usize)>,
    /// Files that were searched, data and others.
    pub(super) searched: usize,
    /// Files that could not be searched.
    pub(super) unread: usize,
}

/// Marks of a column.
const MARKS: usize = 64;

/// Every file of the staging folder is looked at, data files through their packing.
pub(super) fn pass(case: &Case<'_>, measured: &Measured) -> BytePass {
    let marks = marks(case);
    let texts: Vec<Vec<u8>> = marks.iter().map(|(_, mark)| mark.clone()).collect();
    let needles = Needles::new(&texts);
    // the reading has refused cells that are not UTF-8
    let text = measured.read && matches!(case.policy.form, Expected::Csv { .. } | Expected::Ndjson { .. });
    let in_text = text.then(|| Needles::in_utf8(&texts));
    let in_data = in_text.as_ref().unwrap_or(&needles);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = case.files.get(at) else { return mine };
            mine.push((at, walk(case, path, in_data)));
        }
    };
    let mut done: Vec<(usize, Result<Walked>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..case.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        done.extend(threads.into_iter().filter_map(|thread| thread.join().ok()).flatten());
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    let mut pass = BytePass {
        anatomies: Vec::new(),
        marks: marks.len(),
        found: BTreeSet::new(),
        searched: 0,
        unread: case.files.len() - done.len(),
    };
    for (_, walked) in done {
        let (anatomy, found) = match walked {
            Ok((anatomy, found)) => (Some(anatomy), found),
            Err(_) => (None, BTreeSet::new()),
        };
        pass.searched += usize::from(anatomy.is_some());
        pass.unread += usize::from(anatomy.is_none());
        pass.found.extend(found.into_iter().map(|mark| (marks[mark].0, mark)));
        pass.anatomies.push(anatomy);
    }
    // what lies there beside the data: log, plan, profile
    for name in &measured.listing {
        let path = case.folder.join(name);
        if case.files.contains(&path) {
            continue;
        }
        match std::fs::read(&path) {
            Ok(bytes) => {
                let mut search = needles.search();
                search.bytes(&bytes);
                pass.searched += 1;
                pass.found.extend(search.found().into_keys().map(|mark| (marks[mark].0, mark)));
            }
            Err(_) => pass.unread += 1,
        }
    }
    pass
}

/// What a data file is made of, and the marks that were found in it.
type Walked = (Anatomy, BTreeSet<usize>);

fn walk(case: &Case<'_>, path: &Path, needles: &Needles) -> Result<Walked> {
    if needles.is_empty() {
        return Ok((anatomy::examine(path, &case.policy.form, &mut Blind)?, BTreeSet::new()));
    }
    let mut search = needles.search();
    let anatomy = anatomy::examine(path, &case.policy.form, &mut search)?;
    Ok((anatomy, search.found().into_keys().collect()))
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
        let mut cells: BTreeSet<&[u8]> = BTreeSet::new();
        for row in &case.aside.rows {
            if let Some(cell) = row.raw.get(at).filter(|cell| is_rare(cell, column.semantic)) {
                cells.insert(cell);
            }
        }
        let step = cells.len().div_ceil(4 * MARKS).max(1);
        let some: Vec<&[u8]> = cells.into_iter().step_by(step).collect();
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
    let different: BTreeSet<&u8> = cell.iter().collect();
    let least = if semantic == SemanticType::Name && !cell.is_ascii() { 12 } else { 9 };
    cell.len() >= least && different.len() >= 5
}
