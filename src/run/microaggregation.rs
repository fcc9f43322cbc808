//! Groups of near numbers for `microaggregate`, before anything else looks at those columns.
//!
//! Responsible for: one pass that counts the numbers of the columns, the groups over them, and their centres. Given: operators that are
//! told what they need. Rows that do not take part are not counted. Memory grows with different numbers.

use super::draw::{Draw, Drawn};
use super::held::Held;
use super::parallel::{Worker, each_shard};
use super::transforming::Transforming;
use super::{Progress, Stage, Workplace, tuples};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{self, ClassTable, Shape, TableBuilder};
use crate::plan::{Operators, Plan};
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::recode;
use crate::report::Aggregation;
use crate::transform::Centre;
use crate::value::{Column, Decimal, Text, TextBuilder};
use std::sync::atomic::AtomicU64;

/// Reads the columns that are microaggregated and tells their operators the groups; nothing where there is none. Gives what the groups
/// cost.
pub(super) fn learn(
    plan: &Plan,
    operators: &mut Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Result<Vec<Aggregation>> {
    let columns = operators.microaggregated();
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    progress.begin(Stage::Survey);
    for at in &columns {
        operators.count_numbers(*at);
    }
    // a column alone, or columns that are grouped together
    let sets = columns.iter().filter_map(|at| match plan.columns[*at].together.as_slice() {
        [] => Some(vec![*at]),
        together => (together[0] == *at).then(|| together.to_vec()),
    });
    let sets: Vec<Vec<usize>> = sets.collect();
    let tables = count(plan, operators, source, place, draw, &sets, progress)?;
    let mut costs = Vec::new();
    for (set, table) in sets.into_iter().zip(tables) {
        let name = |at: usize| plan.columns[at].name.clone();
        if let [at] = set[..] {
            let Some((k, centre)) = operators.groups_of(at) else { continue };
            let numbers = numbers(&table);
            let (centres, groups) = centres(&numbers, k, centre);
            let shown = |at: usize| centres.get(at).map(|(_, centre)| *centre);
            let placed = numbers.iter().enumerate().map(|(at, (number, rows))| (*number, shown(at), *rows));
            costs.push(Aggregation { name: name(at), groups, lost: lost(placed) });
            operators.learn(at, centres);
        } else {
            costs.extend(tuples::learn(operators, &set, &table, place.memory, name)?);
        }
    }
    Ok(costs)
}

/// The share of the sum of squares around the mean that is left around the centres. What has no centre does not leave.
pub(super) fn lost(numbers: impl Iterator<Item = (Decimal, Option<Decimal>, u64)>) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "weights of a sum")]
    let placed: Vec<(f64, Option<f64>, f64)> =
        numbers.map(|(number, centre, rows)| (number.to_f64(), centre.map(Decimal::to_f64), rows as f64)).collect();
    let first = placed.first()?.0;
    let rows: f64 = placed.iter().map(|(.., rows)| rows).sum();
    let mean = first + placed.iter().map(|(number, _, rows)| (number - first) * rows).sum::<f64>() / rows;
    let around = |centre: f64, number: f64, rows: f64| (number - centre).powi(2) * rows;
    let all: f64 = placed.iter().map(|(number, _, rows)| around(mean, *number, *rows)).sum();
    let within: f64 = placed.iter().map(|(number, centre, rows)| around(centre.unwrap_or(mean), *number, *rows)).sum();
    (all > 0.0).then(|| format!("{:.3}%", within / all * 100.0))
}

/// Numbers with their rows, ascending.
type Numbers = Vec<(Decimal, u64)>;

/// The numbers of a column that is grouped alone.
fn numbers(table: &ClassTable) -> Numbers {
    let number = |class: usize| {
        let cell = table.quasi()[0].get(table.codes(0)[class])?;
        Some((Decimal::parse(cell)?.normalized(), table.rows()[class]))
    };
    let mut numbers: Numbers = (0..table.len()).filter_map(number).collect();
    numbers.sort_unstable_by(|left, right| left.0.compare(right.0));
    // 25 and 25.0 are one number
    numbers.dedup_by(|later, first| {
        let same = later.0.compare(first.0).is_eq();
        first.1 += if same { later.1 } else { 0 };
        same
    });
    numbers
}

fn count(
    plan: &Plan,
    operators: &Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    sets: &[Vec<usize>],
    progress: &Progress,
) -> Result<Vec<ClassTable>> {
    let pass = source.pass()?.only(plan.sources(sets.iter().flatten().copied(), operators)).without_fingerprints();
    let held = AtomicU64::new(0);
    let shape = |set: &Vec<usize>| Shape { quasi: set.len(), sensitive: 0, subject: false };
    let workers = (0..place.threads)
        .map(|_| Counter {
            sets,
            transforming: Transforming::new(plan, operators),
            tables: sets.iter().map(|set| TableBuilder::new(shape(set))).collect(),
            draw,
            held: Held::new(&held, place.memory),
        })
        .collect();
    let (workers, _) = each_shard(source, &pass, place.pool, workers, progress)?;
    let mut tables: Vec<Vec<TableBuilder>> = sets.iter().map(|_| Vec::new()).collect();
    for worker in workers {
        for (of, table) in tables.iter_mut().zip(worker.tables) {
            of.push(table);
        }
    }
    Ok(tables.into_iter().map(|tables| group::merge(tables, place.threads)).collect())
}

/// Every number with the centre of its group, and how many groups; none where there are too few for one group.
fn centres(numbers: &Numbers, k: u64, centre: Centre) -> (Vec<(Decimal, Decimal)>, u64) {
    let values: Vec<f64> = numbers.iter().map(|(number, _)| number.to_f64()).collect();
    let members: Vec<u64> = numbers.iter().map(|(_, rows)| *rows).collect();
    let Some(group_of) = recode::univariate(&values, &members, k) else { return (Vec::new(), 0) };
    let mut centres = Vec::with_capacity(numbers.len());
    let (mut from, mut groups) = (0, 0);
    for run in group_of.chunk_by(|left, right| left == right) {
        let of = &numbers[from..from + run.len()];
        let centre = match centre {
            Centre::Mean => mean(of),
            Centre::Median => median(of),
        };
        centres.extend(of.iter().map(|(number, _)| (*number, centre)));
        from += run.len();
        groups += 1;
    }
    (centres, groups)
}

/// The mean, with fifteen digits; where the digits do not suffice, the number in the middle.
#[expect(clippy::cast_precision_loss, reason = "weights of a mean")]
pub(super) fn mean(numbers: &[(Decimal, u64)]) -> Decimal {
    let rows: u64 = numbers.iter().map(|(_, rows)| rows).sum();
    let first = numbers[0].0.to_f64();
    // around the first number, so that far-away numbers keep their digits
    let more: f64 = numbers.iter().map(|(number, rows)| (number.to_f64() - first) * *rows as f64).sum();
    let mean = first + more / rows as f64;
    Decimal::parse(format!("{mean}").as_bytes()).unwrap_or_else(|| median(numbers))
}

/// The middle member's number; of two the lower.
pub(super) fn median(numbers: &[(Decimal, u64)]) -> Decimal {
    let half = numbers.iter().map(|(_, rows)| rows).sum::<u64>().div_ceil(2);
    let mut below = 0;
    let middle = numbers.iter().find(|(_, rows)| {
        below += rows;
        below >= half
    });
    middle.unwrap_or(&numbers[0]).0
}

struct Counter<'p> {
    sets: &'p [Vec<usize>],
    transforming: Transforming<'p>,
    tables: Vec<TableBuilder>,
    draw: Draw<'p>,
    held: Held<'p>,
}

impl Worker for Counter<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let number = shard.number;
        let mut decisions = self.draw.shard(number);
        let count = shard.read(scratch, &mut |batch| {
            let all: Vec<usize> = self.sets.iter().flatten().copied().collect();
            let (columns, _) = self.transforming.columns(&all, &batch, number)?;
            let mut columns = columns.into_iter();
            let mut taken = |_: &usize| decisions.as_mut().is_none_or(|next| next.next(None) == Drawn::Taken);
            let rows: Vec<usize> = (0..batch.rows).filter(&mut taken).collect();
            for (set, table) in self.sets.iter().zip(&mut self.tables) {
                let of_set = columns.by_ref().take(set.len());
                let texts: Vec<Text<'_>> = match set.len() {
                    1 => of_set.map(|column| cells(&column, &rows)).collect(),
                    _ => of_set.map(|column| tuples::numbers(&column, &rows)).collect::<Result<_>>()?,
                };
                table.add(&texts.iter().collect::<Vec<_>>(), &[], None);
            }
            Ok(())
        })?;
        if self.held.is_too_much(self.tables.iter().map(TableBuilder::bytes).sum()) {
            return Err(Error::new(ErrorKind::Memory("counting the numbers of a microaggregated column")));
        }
        Ok((count, ()))
    }
}

/// The cells of some rows, as they are.
fn cells(column: &Column<'_>, rows: &[usize]) -> Text<'static> {
    let text = column.to_text();
    let mut cells = TextBuilder::with_capacity(rows.len(), 8);
    for row in rows {
        cells.push_option(text.get(*row));
    }
    cells.finish(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn groups_get_their_mean_or_median() {
        let numbers: Numbers = [("1", 2), ("2", 1), ("3.5", 2), ("1000000000000.1", 1), ("1000000000000.4", 2)]
            .map(|(n, r)| (number(n), r))
            .into();
        let told = |centre| -> Vec<String> {
            let text = |(_, centre): (Decimal, Decimal)| {
                let mut out = Vec::new();
                centre.normalized().write(&mut out);
                String::from_utf8(out).unwrap()
            };
            centres(&numbers, 3, centre).0.into_iter().map(text).collect()
        };
        assert_eq!(told(Centre::Median), ["2", "2", "2", "1000000000000.4", "1000000000000.4"]);
        let means = told(Centre::Mean);
        assert_eq!(means[0], "2.2");
        assert!(means[3].starts_with("1000000000000.3"), "{means:?}");
        assert!(centres(&numbers, 9, Centre::Mean).0.is_empty());
    }
}
