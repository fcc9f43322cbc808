//! Linkability: two tables that each know some columns of the same people are joined through the release.
//!
//! Both halves of a person look for their nearest row in the release; the attack works where they find the same one. The
//! naive attacker draws two rows at random.

use super::Setting;
use super::draws::Draws;
use super::neighbour::Neighbours;
use super::rate::{Measured, Trials, float};
use super::table::{Table, Tables};

/// Makes the attack with the columns of the two halves.
#[must_use]
pub fn link(tables: &Tables, halves: [&[usize]; 2], setting: &Setting) -> Measured {
    let mut draws = Draws::new(setting.seed, "linkability");
    // each half takes any of its nearest rows: both by one order would link whoever shares a large class with everybody
    let mut half = |at: usize| Neighbours::new(&tables.release, &tables.columns, halves[at], &mut draws);
    let neighbours = [half(0), half(1)];
    let mut attack = |targets: &Table| {
        let some = draws.some(setting.attacks as usize, targets.rows());
        let linked = some.iter().filter(|row| {
            let [one, other] = &neighbours;
            let at = **row as usize;
            let found = one.nearest(targets, at).zip(other.nearest(targets, at));
            found.is_some_and(|(one, other)| one == other)
        });
        Trials { successes: float(linked.count() as u64), attempts: some.len() as u64 }
    };
    let (main, control) = (attack(&tables.original), tables.control.as_ref().map(&mut attack));
    let rows = tables.release.rows();
    let mut draws = Draws::new(setting.seed, "linkability/naive");
    let met = (0..main.attempts).filter(|_| rows > 0 && draws.below(rows) == draws.below(rows)).count();
    Measured { main, naive: Trials { attempts: main.attempts, successes: float(met as u64) }, control }
}
