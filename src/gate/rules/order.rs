//! The order of the released rows tells nothing of the source.
//!
//! Sampled rows of the source are found again in the release by their released cells, where those are unlike any other row's. Their places
//! are then compared, by rank, with their places in the source and with their raw cells.

use crate::attack::{correlation_by_chance, rank_correlation};
use crate::domain::SemanticType;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Count, Fate, Marks, Measured, Place, Reading, Role, SampledRow};
use crate::value::{Batch, DataType};
use hashbrown::HashSet;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const RULE: Rule = Rule {
    id: "order",
    threat: "G13",
    reason: "rows in the order of the source, or of a raw column, can be matched with it line by line",
    stage: Stage::Order,
    effect: Effect::WARN_CONDITIONAL,
    wants,
    judge,
};

/// Fewer rows than this tell nothing about an order.
const LEAST: usize = 100;
/// Chance that a well shuffled release is refused, over all comparisons of one release.
const ALPHA: f64 = 1e-9;

/// Where the sampled rows stand in the release.
struct Places {
    /// Released columns that tell the rows apart.
    columns: Vec<usize>,
    /// By the mark of those cells: the shard and row where they stand; `Some(None)` where they stand twice.
    rows: BTreeMap<u64, Option<(u64, u64)>>,
    wanted: Arc<Wanted>,
}

/// Marks to be looked for. Nearly all that come by are others: a table of bits says so at once.
struct Wanted {
    bits: Vec<u64>,
    marks: HashSet<u64, foldhash::fast::RandomState>,
}

/// Few enough for the first cache; of ten thousand marks one in thirteen others passes.
const BITS: u64 = 1 << 17;

impl Wanted {
    fn new(all: impl Iterator<Item = u64>) -> Self {
        let mut bits = vec![0; usize::try_from(BITS / 64).unwrap_or(0)];
        let marks = all.inspect(|mark| bits[Self::word(*mark)] |= 1 << (mark % 64)).collect();
        Self { bits, marks }
    }
    #[inline]
    fn has(&self, mark: u64) -> bool {
        self.bits[Self::word(mark)] >> (mark % 64) & 1 == 1 && self.marks.contains(&mark)
    }
    fn word(mark: u64) -> usize {
        usize::try_from(mark % BITS / 64).unwrap_or(0)
    }
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let columns = telling_columns(case);
    let wanted = Wanted::new(sampled(case, &columns).into_iter().map(|(mark, _)| mark));
    if wanted.marks.len() >= LEAST {
        let wanted = Arc::new(wanted);
        reading.mark(columns.iter().copied());
        reading.want(columns.iter().copied(), || Places { columns: columns.clone(), rows: BTreeMap::new(), wanted });
    }
}

/// Columns by which nearly all sampled rows can be told apart, tokens first: as few as will do, because others need not be read.
fn telling_columns(case: &Case<'_>) -> Vec<usize> {
    let columns = &case.policy.columns;
    // a decimal or double has another text on disk than before it, where the format fixes its digits
    let exact = |at: &usize| !matches!(columns[*at].data_type, DataType::Decimal | DataType::Float);
    let mut order: Vec<usize> = (0..columns.len()).filter(|at| !columns[*at].permuted).filter(exact).collect();
    order.sort_by_key(|at| (columns[*at].token.is_none(), columns[*at].data_type != DataType::Text));
    let rows = case.aside.rows.iter().filter(|row| row.fate == Fate::Released).count();
    for count in 1..order.len() {
        if sampled(case, &order[..count]).len() * 20 >= rows * 19 {
            order.truncate(count);
            break;
        }
    }
    order
}

/// Marks of sampled rows' released cells, in order, each with its row; rows that share one are left out.
fn sampled(case: &Case<'_>, columns: &[usize]) -> Vec<(u64, usize)> {
    let released = case.aside.rows.iter().enumerate().filter(|(_, row)| row.fate == Fate::Released);
    let mark = |(at, row): (usize, &SampledRow)| {
        let own = |column: &usize| row.released.get(*column).map_or(0, |cell| case.marker.mark(cell));
        (together(columns.iter().map(own)), at)
    };
    let mut rows: Vec<(u64, usize)> = released.map(mark).collect();
    rows.sort_unstable();
    rows.chunk_by(|(one, _), (next, _)| one == next).filter(|same| same.len() == 1).flatten().copied().collect()
}

/// One mark of a row's cells.
fn together(marks: impl Iterator<Item = u64>) -> u64 {
    marks.fold(0x6f_7574_6973, |mark: u64, own| (mark.rotate_left(23) ^ own).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    if case.aside.rows_seen < LEAST as u64 || measured.rows < LEAST as u64 {
        return Finding::not_applicable(format!("fewer than {LEAST} rows have no order to speak of"));
    }
    if !measured.read {
        return Finding::did_not_run("the rows were not read");
    }
    let by_mark = sampled(case, &telling_columns(case));
    if by_mark.len() < LEAST {
        return Finding::not_applicable(format!("fewer than {LEAST} sampled rows can be told from others"));
    }
    let Some(places) = measured.count::<Places>() else {
        return Finding::did_not_run("the places were not counted");
    };
    let mut pairs: Vec<(usize, u64)> = Vec::new();
    for (mark, sample) in &by_mark {
        if let Some(Some((shard, row))) = places.rows.get(mark)
            && let Some(start) = measured.starts.get(shard)
        {
            pairs.push((*sample, start + row));
        }
    }
    let seen = by_mark.iter().filter(|(mark, _)| places.rows.contains_key(mark)).count();
    if seen * 2 < by_mark.len() {
        return Finding::did_not_run("the sampled rows are not found in the release");
    }
    if pairs.len() < LEAST {
        return Finding::not_applicable(format!("fewer than {LEAST} sampled rows stand alone in the release"));
    }
    let mut worst = (0.0_f64, "the place in the source".to_owned());
    let mut comparisons: Vec<(String, Vec<(Key<'_>, u64)>)> = Vec::new();
    let source =
        |(sample, place): &(usize, u64)| (Key::Number(case.aside.rows[*sample].position.cast_signed()), *place);
    comparisons.push((worst.1.clone(), pairs.iter().map(source).collect()));
    for (at, column) in case.policy.sources.iter().enumerate() {
        let raw = |(sample, place): &(usize, u64)| {
            case.aside.rows[*sample].raw.get(at).map(|cell| (Key::of(cell, column.semantic), *place))
        };
        if matches!(column.role, Role::Insensitive) {
            continue;
        }
        comparisons.push((format!("raw `{}`", column.name), pairs.iter().filter_map(raw).collect()));
    }
    let alpha = ALPHA / f64::from(u32::try_from(comparisons.len()).unwrap_or(u32::MAX));
    let (mut broken, mut least_limit) = (false, 1.0_f64);
    for (what, pairs) in &comparisons {
        let Some(found) = rank_correlation(pairs).map(f64::abs) else { continue };
        let limit = correlation_by_chance(pairs.len(), alpha);
        broken |= found > limit;
        least_limit = least_limit.min(limit);
        if found > worst.0 {
            worst = (found, what.clone());
        }
    }
    Finding::of(
        !broken,
        format!("rank correlation {:.3} with {}, over {} rows", worst.0, worst.1, pairs.len()),
        format!("{least_limit:.3}, which chance exceeds once in 10^9 releases"),
    )
}

/// A raw cell in the order of its kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'c> {
    Number(i64),
    Text(&'c [u8]),
}

impl<'c> Key<'c> {
    fn of(cell: &'c [u8], semantic: SemanticType) -> Self {
        let number = || std::str::from_utf8(cell).ok()?.trim().parse::<f64>().ok();
        match semantic {
            SemanticType::Integer | SemanticType::Decimal => number().map_or(Self::Text(cell), |number| {
                // bits of a double in the order of its values
                let bits = number.to_bits().cast_signed();
                Self::Number(bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed())
            }),
            _ => Self::Text(cell),
        }
    }
}

impl Places {
    /// Looks for the wanted marks among those of a batch's rows.
    #[inline]
    fn look(&mut self, place: Place, marks: impl Iterator<Item = u64>) {
        for (row, mark) in (place.first_row..).zip(marks) {
            if self.wanted.has(mark) {
                let here = Some((place.shard, row));
                self.rows.entry(mark).and_modify(|known| *known = None).or_insert(here);
            }
        }
    }
}

impl Count for Places {
    fn fork(&self) -> Self {
        Self { columns: self.columns.clone(), rows: BTreeMap::new(), wanted: Arc::clone(&self.wanted) }
    }
    fn batch(&mut self, place: Place, batch: &Batch<'_>, marks: &Marks) {
        let columns: Vec<&[u64]> = self.columns.iter().map(|at| marks.of(*at)).collect();
        match columns[..] {
            // one column of tokens will do, mostly
            [column] => self.look(place, column.iter().map(|mark| together([*mark].into_iter()))),
            _ => self.look(place, (0..batch.rows).map(|row| together(columns.iter().map(|marks| marks[row])))),
        }
    }
    fn absorb(&mut self, other: Self) {
        for (mark, place) in other.rows {
            self.rows.entry(mark).and_modify(|known| *known = None).or_insert(place);
        }
    }
}
