//! Recoding beyond levels against definitions: every model holds in every region, and local recoding never loses more than
//! the proven optimum of full-domain levels.

use crate::brute_force::{RAW, SECRETS, Small, holds, model, problem, small};
use crate::oracle::adult_problem;
use crate::recoding::design;
use outis::check::Model;
use outis::limits::K;
use outis::recode::{Cell, Cut, Dimension, Order, Recoding, local, multidimensional};
use outis::solve::{Aggregate, Budget, Metric, Problem, node, solve};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::Write as _;

const LOSS: Metric = Metric::LOSS;

/// Every region holds every model by its definition, its counts are those of its rows, and its cells cover them.
fn sound(small: &Small, problem: &Problem, models: &[Model], dimensions: &[Dimension], found: &Recoding) {
    let mut totals = vec![0.0; SECRETS];
    let mut histograms = vec![vec![0.0; SECRETS]; found.regions.len()];
    let mut suppressed = 0;
    let mut tuples: Vec<&Vec<u32>> = small.rows.iter().map(|row| &row.0).collect::<BTreeSet<_>>().into_iter().collect();
    tuples.sort();
    for (tuple, secret) in &small.rows {
        totals[*secret as usize] += 1.0;
        let class = tuples.binary_search(&tuple).unwrap();
        match found.region_of[class] {
            None => suppressed += 1,
            Some(region) => {
                histograms[region as usize][*secret as usize] += 1.0;
                for (column, cell) in found.regions[region as usize].cells.iter().enumerate() {
                    let raw = tuple[column];
                    match *cell {
                        Cell::Label { level, code } => {
                            let ladder = &problem.ladders[column];
                            assert_eq!(ladder.levels[level].parent_code[raw as usize], code);
                            assert!((ladder.min..=ladder.max).contains(&level));
                        }
                        Cell::Range { low, high } => {
                            let Dimension::Ordered(order) = &dimensions[column] else {
                                panic!("a range without order")
                            };
                            let at = |code: u32| order.place(code).expect("a place");
                            assert!(at(low) <= at(raw) && at(raw) <= at(high));
                        }
                    }
                }
            }
        }
    }
    for (region, counts) in found.regions.iter().zip(&histograms) {
        assert_eq!(region.rows as f64, counts.iter().sum::<f64>());
        for model in models {
            assert!(holds(model, counts, &totals), "{} in {counts:?} of {totals:?}", model.name());
        }
    }
    // models of the whole table
    let kept = small.rows.len() as f64 - suppressed as f64;
    for model in models {
        match model {
            Model::AverageRisk(risk) if kept > 0.0 => assert!(found.regions.len() as f64 / kept <= *risk),
            Model::SampleUniqueness(share) if kept > 0.0 => {
                let alone = found.regions.iter().filter(|region| region.rows == 1).count();
                assert!(alone as f64 / kept <= *share);
            }
            _ => {}
        }
    }
    let cells: BTreeSet<_> = found.regions.iter().map(|region| &region.cells).collect();
    assert_eq!(cells.len(), found.regions.len(), "two regions that look alike are one class of the release");
    assert_eq!(found.cost.suppressed_rows, suppressed);
    assert!(found.cost.suppressed_rows <= problem.suppress_at_most);
}

/// Some columns by order, the others by their ladder.
fn dimensions(columns: usize, ordered: u8) -> Vec<Dimension> {
    // in every other column the last value has no place, as a null has none
    let places = |column: usize| {
        let place = |at: u64| (column.is_multiple_of(2) || at + 1 < u64::from(RAW)).then_some(at);
        Dimension::Ordered(Order::new((0..u64::from(RAW)).map(place).collect(), u64::from(RAW)))
    };
    (0..columns).map(|at| if ordered >> at & 1 == 1 { places(at) } else { Dimension::Hierarchy }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn local_recoding_holds_every_model_and_never_loses_more_than_levels(
        small in small(), models in proptest::collection::vec(model(), 1..3), limit in 0_u64..20, sum: bool,
    ) {
        let metric = if sum { Metric::Loss { aggregate: Aggregate::Sum, balance: 0.3 } } else { LOSS };
        let problem = problem(&small, models.clone(), metric, limit);
        let budget = Budget::unlimited(1);
        let best = solve(&problem, &budget).unwrap().best;
        let found = local(&problem, &budget).unwrap();
        prop_assert_eq!(found.is_some(), best.is_some() || found.is_some());
        if let Some(found) = &found {
            sound(&small, &problem, &models, &[], found);
        }
        if let Some(best) = best {
            let found = found.expect("levels alone are a recoding");
            prop_assert!(found.cost.loss[0] <= best.loss.first() + 1e-9, "{} {}", found.cost.loss[0], best.loss.first());
        }
    }

    #[test]
    fn partitions_hold_every_model(
        small in small(), models in proptest::collection::vec(model(), 1..3), limit in 0_u64..20, ordered in 0_u8..16,
        relaxed: bool,
    ) {
        let problem = problem(&small, models.clone(), LOSS, limit);
        let dimensions = dimensions(small.rows[0].0.len(), ordered);
        let cut = if relaxed { Cut::Relaxed } else { Cut::Strict };
        if let Some(found) = multidimensional(&problem, &dimensions, cut).unwrap() {
            sound(&small, &problem, &models, &dimensions, &found);
            if !relaxed {
                // strict boxes do not overlap: no raw tuple lies in two of them
                for tuple in small.rows.iter().map(|row| &row.0) {
                    let inside = |cells: &Vec<Cell>| cells.iter().zip(tuple).enumerate().all(|(column, (cell, raw))| match *cell {
                        Cell::Label { level, code } => {
                            // in a column by order a label stands for what has no place, and for nothing else
                            let placed = matches!(&dimensions[column], Dimension::Ordered(order) if order.place(*raw).is_some());
                            !placed && problem.ladders[column].levels[level].parent_code[*raw as usize] == code
                        }
                        Cell::Range { low, high } => (low..=high).contains(raw),
                    });
                    prop_assert!(found.regions.iter().filter(|region| inside(&region.cells)).count() <= 1);
                }
            }
        }
    }

    #[test]
    fn one_round_at_the_top_loses_what_the_solver_says(small in small(), balance in 0.0_f64..1.0) {
        // k of all rows: only the top satisfies it, so both sides describe the same release
        let rows = u32::try_from(small.rows.len()).unwrap();
        prop_assume!(rows >= 2);
        let metric = Metric::Loss { aggregate: Aggregate::GeometricMean, balance };
        let problem = problem(&small, vec![Model::KAnonymity(K::new(rows).unwrap())], metric, 0);
        let best = solve(&problem, &Budget::unlimited(1)).unwrap().best.unwrap();
        let found = local(&problem, &Budget::unlimited(1)).unwrap().unwrap();
        prop_assert!((found.cost.loss[0] - best.loss.first()).abs() < 1e-9);
        let again = node(&problem, &best.levels).unwrap();
        for (ours, theirs) in found.cost.loss_by_column.iter().zip(&again.loss_by_column) {
            prop_assert!((ours - theirs).abs() < 1e-9);
        }
    }
}

#[test]
fn on_adult_local_and_multidimensional_recoding_lose_less_than_levels() {
    on_adult(&[5], &[5]);
}

/// The table of DESIGN.md: `cargo test --release --test it -- --ignored --nocapture recode`.
#[test]
#[ignore = "takes minutes; it prints the table of DESIGN.md"]
fn table_of_losses_on_adult() {
    on_adult(&[2, 5, 10, 100], &[0, 5]);
}

/// Loss of each kind of recoding on Adult, nine quasi-identifiers.
fn on_adult(ks: &[u32], percents: &[u64]) {
    let Some((base, dimensions)) = adult_problem() else { return };
    let mut table = std::io::stdout().lock();
    let mut wrong: Vec<String> = Vec::new();
    writeln!(table, "| k | suppressed at most | levels | local | Mondrian, strict | Mondrian, relaxed |").unwrap();
    writeln!(table, "|---|---|---|---|---|---|").unwrap();
    for &k in ks {
        for &percent in percents {
            let rows: u64 = base.classes.rows.iter().sum();
            let problem = Problem {
                models: vec![Model::KAnonymity(K::new(k).unwrap())],
                suppress_at_most: rows * percent / 100,
                ..base.clone()
            };
            let best = solve(&problem, &Budget::unlimited(2)).unwrap().best.unwrap();
            let found = local(&problem, &Budget::unlimited(2)).unwrap().unwrap();
            let cut = |cut| multidimensional(&problem, &dimensions, cut).unwrap().unwrap();
            let (strict, relaxed) = (cut(Cut::Strict), cut(Cut::Relaxed));
            assert!(found.cost.loss[0] <= best.loss.first());
            for kind in [&found, &strict, &relaxed] {
                assert!(kind.regions.iter().all(|region| region.rows >= u64::from(k)));
                assert!(kind.cost.suppressed_rows <= problem.suppress_at_most);
            }
            assert!(strict.cost.loss[0] < best.loss.first() && relaxed.cost.loss[0] < best.loss.first());
            let losses = [best.loss.first(), found.cost.loss[0], strict.cost.loss[0], relaxed.cost.loss[0]];
            wrong.extend((0..4).filter_map(|at| {
                let expected = design(k, u32::try_from(percent).unwrap())[at];
                ((losses[at] - expected).abs() >= 1e-4)
                    .then(|| format!("{k}, {percent} %: {} is not {expected}", losses[at]))
            }));
            writeln!(
                table,
                "| {k} | {percent} % | {:.4} | {:.4} | {:.4} | {:.4} |",
                best.loss.first(),
                found.cost.loss[0],
                strict.cost.loss[0],
                relaxed.cost.loss[0]
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "DESIGN.md tells other losses: {wrong:?}");
}
