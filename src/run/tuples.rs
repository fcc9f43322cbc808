//! Groups over the tuples of several columns, for columns that are microaggregated together.
//!
//! Responsible for: which rows lack the same numbers, the groups among them ([`crate::recode::microaggregate`]), and each column's
//! centre of each group. Given: the counted tuples. Memory grows with different tuples. Nothing here has `Debug`, because it holds cells.

use super::microaggregation::{lost, mean, median};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{ClassTable, Values};
use crate::plan::Operators;
use crate::recode;
use crate::report::Aggregation;
use crate::transform::{self, Centre, NO_GROUP, Tuples};
use crate::value::{Column, Decimal, Text, TextBuilder};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tells the columns of a set the groups over all of them. The table has a class for each tuple of what [`numbers`] wrote.
/// Gives what the groups cost each column; `name` is a column's.
pub(super) fn learn(
    operators: &mut Operators,
    set: &[usize],
    table: &ClassTable,
    memory: u64,
    name: impl Fn(usize) -> String,
) -> Result<Vec<Aggregation>> {
    let width = set.len() as u64;
    let values: u64 = table.quasi().iter().map(|values| values.len() as u64).sum();
    // a tuple is held as codes, as two doubles for each column, in a group and in the operators; a value as a number and a double
    let each = (64 + 28 * width).saturating_mul(table.len() as u64).saturating_add(values.saturating_mul(64));
    if each.saturating_add(table.bytes() as u64) > memory {
        return Err(Error::new(ErrorKind::Memory("grouping so many different tuples of microaggregated columns")));
    }
    let Some((k, _)) = set.first().and_then(|at| operators.groups_of(*at)) else { return Ok(Vec::new()) };
    let counted = Counted::of(table)?;
    let (group_of, groups) = counted.grouped(k);
    let centres: Vec<Vec<Option<Decimal>>> = set
        .iter()
        .enumerate()
        .map(|(column, at)| {
            let centre = operators.groups_of(*at).map_or(Centre::Mean, |(_, centre)| centre);
            groups.iter().map(|tuples| counted.centre(column, tuples, centre)).collect()
        })
        .collect();
    let cost = |(column, at): (usize, &usize)| {
        let centre = |group: u32| centres[column].get(group as usize).copied().flatten();
        let placed = (0..group_of.len()).filter_map(|tuple| {
            let number = counted.number(column, tuple)?;
            Some((number, centre(group_of[tuple]), counted.rows[tuple]))
        });
        let groups = centres[column].iter().flatten().count() as u64;
        Aggregation { name: name(*at), groups, lost: lost(placed) }
    };
    let costs = set.iter().enumerate().map(cost).collect();
    let tuples = Arc::new(Tuples::new(counted.numbers, &counted.codes, &group_of));
    for (at, centres) in set.iter().zip(centres) {
        operators.learn_together(*at, &tuples, centres);
    }
    Ok(costs)
}

/// The numbers of some rows in one form for equal ones; a cell that is no number is missing.
pub(super) fn numbers(column: &Column<'_>, rows: &[usize]) -> Result<Text<'static>> {
    let numbers = transform::numbers(column)?;
    let (mut text, mut cell) = (TextBuilder::with_capacity(rows.len(), 8), Vec::new());
    for row in rows {
        cell.clear();
        text.push_option(numbers[*row].map(|number| {
            number.normalized().write(&mut cell);
            cell.as_slice()
        }));
    }
    Ok(text.finish(false))
}

/// Tuples of numbers and how many rows have each.
struct Counted<'t> {
    /// For each column its different numbers, ascending.
    numbers: Vec<Vec<Decimal>>,
    /// The same as doubles, for distances.
    doubles: Vec<Vec<f64>>,
    /// For each column, by tuple: 0 where there is no number, else its place + 1.
    codes: Vec<Vec<u32>>,
    rows: &'t [u64],
}

impl<'t> Counted<'t> {
    fn of(table: &'t ClassTable) -> Result<Self> {
        let columns = table.quasi().iter().map(sorted).collect::<Result<Vec<_>>>()?;
        let (numbers, places): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let codes = (0..places.len()).map(|column| {
            let of: &Vec<u32> = &places[column];
            table.codes(column).iter().map(|code| of[*code as usize]).collect()
        });
        let doubles = numbers.iter().map(|numbers: &Vec<Decimal>| numbers.iter().map(|one| one.to_f64()).collect());
        Ok(Self { doubles: doubles.collect(), codes: codes.collect(), rows: table.rows(), numbers })
    }
    /// For each tuple its group, and for each group its tuples. Tuples that lack the same numbers are grouped among themselves: a number
    /// that is not there is neither near nor far. Where they have too few rows, or no number, they have no group.
    fn grouped(&self, k: u64) -> (Vec<u32>, Vec<Vec<usize>>) {
        let mut alike: BTreeMap<Vec<bool>, Vec<usize>> = BTreeMap::new();
        for tuple in 0..self.rows.len() {
            alike.entry(self.codes.iter().map(|codes| codes[tuple] > 0).collect()).or_default().push(tuple);
        }
        let (mut group_of, mut groups) = (vec![NO_GROUP; self.rows.len()], Vec::new());
        for (there, tuples) in alike {
            let columns = (0..there.len()).filter(|column| there[*column]);
            let double = |column: usize, tuple: usize| self.doubles[column][self.codes[column][tuple] as usize - 1];
            let points: Vec<Vec<f64>> =
                columns.map(|column| tuples.iter().map(|tuple| double(column, *tuple)).collect()).collect();
            if points.is_empty() {
                continue;
            }
            let members: Vec<u64> = tuples.iter().map(|tuple| self.rows[*tuple]).collect();
            let Some(found) = recode::microaggregate(&points, &members, k) else { continue };
            let first = groups.len();
            groups.resize(first + found.means.len(), Vec::new());
            for (tuple, group) in tuples.into_iter().zip(found.group_of) {
                let group = first + group as usize;
                group_of[tuple] = u32::try_from(group).unwrap_or(NO_GROUP);
                groups[group].push(tuple);
            }
        }
        (group_of, groups)
    }
    fn number(&self, column: usize, tuple: usize) -> Option<Decimal> {
        Some(self.numbers[column][self.codes[column][tuple].checked_sub(1)? as usize])
    }
    /// The centre of a column's numbers in a group; `None` where they are missing.
    fn centre(&self, column: usize, tuples: &[usize], centre: Centre) -> Option<Decimal> {
        let mut rows: BTreeMap<u32, u64> = BTreeMap::new();
        for tuple in tuples {
            *rows.entry(self.codes[column][*tuple]).or_default() += self.rows[*tuple];
        }
        let numbers: Option<Vec<(Decimal, u64)>> = rows
            .into_iter()
            .map(|(code, rows)| Some((self.numbers[column][code.checked_sub(1)? as usize], rows)))
            .collect();
        numbers.map(|numbers| match centre {
            Centre::Mean => mean(&numbers),
            Centre::Median => median(&numbers),
        })
    }
}

/// The numbers of a column, ascending, and for each value 0 where it is null, else its number's place + 1.
fn sorted(values: &Values) -> Result<(Vec<Decimal>, Vec<u32>)> {
    let number = |(code, value): (usize, Option<&[u8]>)| Some((Decimal::parse(value?)?, code));
    let mut numbers: Vec<(Decimal, usize)> = values.iter().enumerate().filter_map(number).collect();
    numbers.sort_unstable_by(|left, right| left.0.compare(right.0).then(left.1.cmp(&right.1)));
    let (mut ascending, mut places) = (Vec::with_capacity(numbers.len()), vec![0; values.len()]);
    for (number, code) in numbers {
        if ascending.last().is_none_or(|last: &Decimal| last.compare(number).is_lt()) {
            ascending.push(number);
        }
        places[code] = u32::try_from(ascending.len()).map_err(|_| ErrorKind::Internal("codes are 32 bits"))?;
    }
    Ok((ascending, places))
}
