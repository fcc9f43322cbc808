//! Row order as an attack on a finished release: who knows how the source was ordered takes the row at the same place.
//!
//! Among the rows that look alike, the attacker takes the one that stands as far down the release as the person stands down the
//! source, and reads the secret off it; the naive attacker takes any of them. And where rows are alike to none, it is counted how many
//! stand in the same hundredth of both files: chance gives one in a hundred.

use super::Setting;
use super::draws::Draws;
use super::inference::is_hit;
use super::order::same_part;
use super::rate::{Measured, Trials, float};
use super::table::{Table, Tables, Tuples};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// The places of the rows that share each tuple, in order.
type Alike<'t> = HashMap<&'t [u32], &'t [u32], RandomState>;

fn alike(tuples: &Tuples) -> Alike<'_> {
    tuples.codes.iter().map(Vec::as_slice).zip(tuples.rows.iter().map(Vec::as_slice)).collect()
}

/// Guesses a secret by the order of the rows, among those that agree in the columns that the attacker knows.
#[must_use]
pub fn guess_by_order(tables: &Tables, known: &[usize], secret: usize, setting: &Setting) -> Measured {
    let (release, column) = (&tables.release, &tables.columns[secret]);
    let tuples = Tuples::new(release, known);
    let released = alike(&tuples);
    let mut draws = Draws::new(setting.seed, "order");
    let mut attack = |targets: &Table, naive: Option<&mut Draws>| {
        let of_targets = Tuples::new(targets, known);
        let people = alike(&of_targets);
        let some = draws.some(setting.attacks as usize, targets.rows());
        let mut naive = naive;
        let hits = some.iter().filter(|target| {
            let tuple = targets.tuple(known, **target as usize);
            let Some(rows) = released.get(tuple.as_slice()) else { return false };
            let place = if let Some(draws) = &mut naive {
                draws.below(rows.len())
            } else {
                let all = people.get(tuple.as_slice()).copied().unwrap_or_default();
                let rank = all.binary_search(target).unwrap_or(0);
                rank * rows.len() / all.len().max(1)
            };
            is_hit(column, release.codes[secret][rows[place] as usize], targets.codes[secret][**target as usize])
        });
        Trials { successes: float(hits.count() as u64), attempts: some.len() as u64 }
    };
    let main = attack(&tables.original, None);
    let control = tables.control.as_ref().map(|control| attack(control, None));
    let mut any = Draws::new(setting.seed, "order/naive");
    let naive = attack(&tables.original, Some(&mut any));
    Measured { main, naive, control }
}

/// Parts of the files that are compared.
const PARTS: u64 = 100;
/// Rows that stand alone below which nothing is told.
const FEW: usize = 50;

/// How many of the rows that are alike to no other stand in the same hundredth of release and source; none where there are too few.
#[must_use]
pub fn same_place(tables: &Tables) -> Option<Measured> {
    let all: Vec<usize> = (0..tables.columns.len()).collect();
    let (released, people) = (Tuples::new(&tables.release, &all), Tuples::new(&tables.original, &all));
    let released = alike(&released);
    let pairs: Vec<(u64, u64)> = alike(&people)
        .iter()
        .filter_map(|(tuple, place)| match (place, released.get(tuple)?) {
            ([one], [other]) => Some((u64::from(*one), u64::from(*other))),
            _ => None,
        })
        .collect();
    if pairs.len() < FEW {
        return None;
    }
    let rows = |table: &Table| table.rows() as u64;
    let hits = same_part(&pairs, (rows(&tables.original), rows(&tables.release)), PARTS);
    let attempts = pairs.len() as u64;
    let naive = Trials { attempts, successes: float(attempts) / float(PARTS) };
    Some(Measured { main: Trials { attempts, successes: float(hits) }, naive, control: None })
}
