//! The quasi-identifying columns as the search wants them: codes of every level, and what they cover.
//!
//! Labels come from the very operators that the release will use, applied to every distinct value, so that a class of the search
//! is a class of the release, nulls and invalid cells too.

use crate::group::Values;
use crate::hierarchy::Hierarchy;
use crate::plan::{Operators, Plan};
use crate::solve::{ColumnLadder, Level};
use crate::transform::{Cells, Generalize, Scratch};
use crate::value::{Column as ValueColumn, TextBuilder};
use std::collections::BTreeMap;

/// A column of the search.
pub(super) struct Column {
    pub(super) ladder: ColumnLadder,
    /// For each level from 1 on its labels: null first, then ascending.
    pub(super) labels: Vec<Vec<Option<Vec<u8>>>>,
}

/// A value has no label on some level.
pub(super) struct Misses;

/// Every quasi-identifying column, in the plan's order, over the values that it has; hierarchies stand on their raw values.
pub(super) fn build<'v>(
    plan: &Plan,
    operators: &Operators,
    values: impl IntoIterator<Item = &'v Values>,
) -> Result<Vec<Column>, Misses> {
    plan.quasi
        .iter()
        .zip(values)
        .map(|(at, values)| {
            let Some(generalize) = operators.generalize(*at) else { return Ok(as_it_is(values)) };
            let planned = &plan.columns[*at];
            let (least, most, weight) = match (&planned.open, planned.level) {
                (Some(open), _) => (open.least, open.most, open.weight),
                (None, Some((level, _))) => (level, level, planned.weight),
                (None, None) => return Err(Misses),
            };
            generalized(generalize, values, (least, most), weight)
        })
        .collect()
}

/// A column without a hierarchy has one level.
fn as_it_is(values: &Values) -> Column {
    let count = u32::try_from(values.len()).expect("codes are 32 bits");
    let raw = Level { parent_code: (0..count).collect(), leaves: vec![1; values.len()] };
    Column { ladder: ColumnLadder::new(vec![raw], u64::from(count).max(1)), labels: Vec::new() }
}

fn generalized(
    generalize: &Generalize,
    values: &Values,
    (least, most): (usize, usize),
    weight: f64,
) -> Result<Column, Misses> {
    let mut text = TextBuilder::default();
    values.iter().for_each(|value| text.push_option(value));
    let cells = ValueColumn::Text(text.finish(false));
    let covered = covered(generalize.hierarchy(), values);
    let mut column = as_it_is(values);
    let (mut scratch, levels) = (Scratch::default(), generalize.hierarchy().levels());
    for level in 1..levels {
        let cells = Cells { column: &cells, subject: None, shard: 0, first_row: 0 };
        let outcome = generalize.at(level).apply_alone(&cells, &mut scratch).map_err(|_| Misses)?;
        let becomes = outcome.column.to_text();
        let mut leaves: BTreeMap<Option<&[u8]>, u64> = BTreeMap::new();
        for (code, label) in becomes.iter().enumerate() {
            // what the hierarchy does not know covers itself alone
            let own = covered.of(level, code).unwrap_or(1);
            let known = leaves.entry(label).or_insert(0);
            *known = (*known).max(own);
        }
        let codes: BTreeMap<Option<&[u8]>, u32> = leaves.keys().copied().zip(0..).collect();
        let parent_code = becomes.iter().map(|label| codes[&label]).collect();
        column.ladder.levels.push(Level { parent_code, leaves: leaves.values().copied().collect() });
        column.labels.push(leaves.keys().map(|label| label.map(<[u8]>::to_vec)).collect());
    }
    column.ladder.total = covered.total.max(1);
    (column.ladder.min, column.ladder.max, column.ladder.weight) = (least, most.min(levels - 1), weight);
    Ok(column)
}

/// What the hierarchy says that labels cover.
struct Covered {
    /// For each level from 1 on what each value's label covers; `None` for values that the hierarchy does not know.
    levels: Vec<Vec<Option<u64>>>,
    total: u64,
}

impl Covered {
    fn of(&self, level: usize, code: usize) -> Option<u64> {
        self.levels.get(level - 1).and_then(|values| values[code])
    }
}

fn covered(hierarchy: &Hierarchy, values: &Values) -> Covered {
    let all: Vec<Option<&[u8]>> = values.iter().collect();
    let present: Vec<&[u8]> = all.iter().copied().flatten().collect();
    let (ladder, place) = if let Ok(ladder) = hierarchy.ladder(&present) {
        (ladder, places(all.iter().map(Option::is_some)))
    } else {
        let known = |cell: &&[u8]| hierarchy.ladder(&[cell]).is_ok();
        let fit: Vec<Option<&[u8]>> = all.iter().map(|cell| cell.filter(known)).collect();
        let cells: Vec<&[u8]> = fit.iter().copied().flatten().collect();
        let Ok(ladder) = hierarchy.ladder(&cells) else {
            return Covered { levels: Vec::new(), total: all.len() as u64 };
        };
        (ladder, places(fit.iter().map(Option::is_some)))
    };
    let levels = ladder
        .rungs()
        .iter()
        .map(|rung| place.iter().map(|place| place.map(|at| rung.leaves[rung.codes[at] as usize])).collect())
        .collect();
    let unknown = place.iter().filter(|place| place.is_none()).count() as u64;
    Covered { levels, total: ladder.domain() + unknown }
}

/// Numbers those that are there.
fn places(there: impl Iterator<Item = bool>) -> Vec<Option<usize>> {
    let mut next = 0;
    there
        .map(|there| {
            next += usize::from(there);
            there.then(|| next - 1)
        })
        .collect()
}
