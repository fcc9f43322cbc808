//! Groups of near numbers for `microaggregate`, before anything else looks at those columns.
//!
//! Responsible for: one pass that counts the numbers of the columns, the groups over them, and their centres. Given: operators that are
//! told what they need. Rows that do not take part are not counted. Memory grows with different numbers.

use super::draw::{Draw, Drawn};
use super::held::Held;
use super::parallel::{Worker, each_shard};
use super::transforming::Transforming;
use super::{Progress, Stage, Workplace};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{self, Shape, TableBuilder};
use crate::plan::{Operators, Plan};
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::recode;
use crate::transform::Centre;
use crate::value::{Decimal, TextBuilder};
use std::sync::atomic::AtomicU64;

/// Reads the columns that are microaggregated and tells their operators the groups; nothing where there is none.
pub(super) fn learn(
    plan: &Plan,
    operators: &mut Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Result<()> {
    let columns = operators.microaggregated();
    if columns.is_empty() {
        return Ok(());
    }
    progress.begin(Stage::Survey, source.total_bytes());
    for at in &columns {
        operators.count_numbers(*at);
    }
    let counted = count(plan, operators, source, place, draw, &columns, progress)?;
    for (at, numbers) in columns.into_iter().zip(counted) {
        let Some((k, centre)) = operators.groups_of(at) else { continue };
        operators.learn(at, centres(&numbers, k, centre));
    }
    Ok(())
}

/// The numbers of each column with their rows, ascending.
type Numbers = Vec<(Decimal, u64)>;

fn count(
    plan: &Plan,
    operators: &Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    columns: &[usize],
    progress: &Progress,
) -> Result<Vec<Numbers>> {
    let pass = source.pass()?.only(plan.sources(columns.iter().copied(), operators)).without_fingerprints();
    let held = AtomicU64::new(0);
    let shape = Shape { quasi: 1, sensitive: 0, subject: false };
    let workers = (0..place.threads)
        .map(|_| Counter {
            columns,
            transforming: Transforming::new(plan, operators),
            tables: columns.iter().map(|_| TableBuilder::new(shape)).collect(),
            draw,
            held: Held::new(&held, place.memory),
        })
        .collect();
    let (workers, _) = each_shard(source, &pass, place.pool, workers, progress)?;
    let mut tables: Vec<Vec<TableBuilder>> = columns.iter().map(|_| Vec::new()).collect();
    for worker in workers {
        for (of, table) in tables.iter_mut().zip(worker.tables) {
            of.push(table);
        }
    }
    let numbers = |tables: Vec<TableBuilder>| {
        let table = group::merge(tables, place.threads);
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
    };
    Ok(tables.into_iter().map(numbers).collect())
}

/// Every number with the centre of its group; none where there are too few for one group.
fn centres(numbers: &Numbers, k: u64, centre: Centre) -> Vec<(Decimal, Decimal)> {
    let values: Vec<f64> = numbers.iter().map(|(number, _)| number.to_f64()).collect();
    let members: Vec<u64> = numbers.iter().map(|(_, rows)| *rows).collect();
    let Some(group_of) = recode::univariate(&values, &members, k) else { return Vec::new() };
    let mut centres = Vec::with_capacity(numbers.len());
    let mut from = 0;
    for run in group_of.chunk_by(|left, right| left == right) {
        let of = &numbers[from..from + run.len()];
        let centre = match centre {
            Centre::Mean => mean(of),
            Centre::Median => median(of),
        };
        centres.extend(of.iter().map(|(number, _)| (*number, centre)));
        from += run.len();
    }
    centres
}

/// The mean, with fifteen digits; where the digits do not suffice, the number in the middle.
#[expect(clippy::cast_precision_loss, reason = "weights of a mean")]
fn mean(numbers: &[(Decimal, u64)]) -> Decimal {
    let rows: u64 = numbers.iter().map(|(_, rows)| rows).sum();
    let first = numbers[0].0.to_f64();
    // around the first number, so that far-away numbers keep their digits
    let more: f64 = numbers.iter().map(|(number, rows)| (number.to_f64() - first) * *rows as f64).sum();
    let mean = first + more / rows as f64;
    Decimal::parse(format!("{mean}").as_bytes()).unwrap_or_else(|| median(numbers))
}

/// The middle member's number; of two the lower.
fn median(numbers: &[(Decimal, u64)]) -> Decimal {
    let half = numbers.iter().map(|(_, rows)| rows).sum::<u64>().div_ceil(2);
    let mut below = 0;
    let middle = numbers.iter().find(|(_, rows)| {
        below += rows;
        below >= half
    });
    middle.unwrap_or(&numbers[0]).0
}

struct Counter<'p> {
    columns: &'p [usize],
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
            let (columns, _) = self.transforming.columns(self.columns, &batch, number)?;
            let mut taken = |_: &usize| decisions.as_mut().is_none_or(|next| next.next(None) == Drawn::Taken);
            let rows: Vec<usize> = (0..batch.rows).filter(&mut taken).collect();
            for (column, table) in columns.iter().zip(&mut self.tables) {
                let text = column.to_text();
                let mut numbers = TextBuilder::with_capacity(rows.len(), 8);
                for row in &rows {
                    numbers.push_option(text.get(*row));
                }
                table.add(&[&numbers.finish(false)], &[], None);
            }
            Ok(())
        })?;
        if self.held.is_too_much(self.tables.iter().map(TableBuilder::bytes).sum()) {
            return Err(Error::new(ErrorKind::Memory("counting the numbers of a microaggregated column")));
        }
        Ok((count, ()))
    }
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
            centres(&numbers, 3, centre).into_iter().map(text).collect()
        };
        assert_eq!(told(Centre::Median), ["2", "2", "2", "1000000000000.4", "1000000000000.4"]);
        let means = told(Centre::Mean);
        assert_eq!(means[0], "2.2");
        assert!(means[3].starts_with("1000000000000.3"), "{means:?}");
        assert!(centres(&numbers, 9, Centre::Mean).is_empty());
    }
}
