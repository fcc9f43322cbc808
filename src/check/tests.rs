//! The models against worked examples and against pycanon's values (and its defects).

use super::attained::{identity, secrecy};
use super::*;
use crate::group::{ClassTable, Shape, TableBuilder, merge};
use crate::value::{Text, TextBuilder};

fn table(rows: &[(&str, &str)]) -> ClassTable {
    let text = |cells: &mut dyn Iterator<Item = &str>| {
        let mut builder = TextBuilder::default();
        cells.for_each(|cell| if cell == "NULL" { builder.push_null() } else { builder.push(cell.as_bytes()) });
        builder.finish(true)
    };
    let quasi = text(&mut rows.iter().map(|row| row.0));
    let sensitive = text(&mut rows.iter().map(|row| row.1));
    let mut builder = TableBuilder::new(Shape { quasi: 1, sensitive: 1, subject: false });
    builder.add(&[&quasi], &[&sensitive], None);
    merge(vec![builder], 1)
}

fn close(left: f64, right: f64) -> bool {
    left == right || (left - right).abs() <= 1e-12 * right.abs().max(1.0)
}

/// Judges one class of these counts in a table of these totals.
fn verdict(models: &[Model], counts: &[u64], totals: &[u64]) -> Verdict {
    let whole = Whole { rows: totals.iter().sum(), totals: vec![totals.to_vec()] };
    let rows = counts.iter().sum();
    let class = Class { rows, members: rows, population: rows * 2, histograms: &[counts] };
    Judge::new(models, &whole).verdict(&class, &mut Vec::new())
}

#[test]
fn entropy_on_the_border_is_rejected_as_arx_rejects_it() {
    let model = |l| [Model::EntropyL { l, estimator: Estimator::Shannon, sensitive: 0 }];
    assert_eq!(verdict(&model(3.0), &[2, 2, 2, 0], &[9, 9, 9, 9]), Verdict::Rejected);
    assert_eq!(verdict(&model(2.9), &[2, 2, 2, 0], &[9, 9, 9, 9]), Verdict::Kept);
    assert_eq!(verdict(&model(3.0), &[5, 5, 0, 0], &[9, 9, 9, 9]), Verdict::RejectedWithParts);
}

#[test]
fn recursive_diversity_is_strict_and_sorts_descending() {
    let model = |c| [Model::RecursiveCl { c, l: 3, sensitive: 0 }];
    // Counts 7, 2, 1 and l = 3 need c > 7 (pycanon says 1).
    assert_eq!(verdict(&model(7.0), &[2, 7, 1], &[9, 9, 9]), Verdict::Rejected);
    assert_eq!(verdict(&model(7.01), &[2, 7, 1], &[9, 9, 9]), Verdict::Kept);
}

#[test]
fn the_three_distances_are_those_of_the_paper() {
    // Li et al. 2007, table 3: incomes 3k..11k, class {3k,4k,5k} 0.375 and {6k,8k,11k} 0.167 by the ordered distance.
    let totals = [1; 9];
    let ordered = |t| [Model::TCloseness { t, distance: Distance::Ordered((0..9).collect()), sensitive: 0 }];
    assert_eq!(verdict(&ordered(0.376), &[1, 1, 1, 0, 0, 0, 0, 0, 0], &totals), Verdict::Kept);
    assert_eq!(verdict(&ordered(0.374), &[1, 1, 1, 0, 0, 0, 0, 0, 0], &totals), Verdict::Rejected);
    assert_eq!(verdict(&ordered(0.167), &[0, 0, 0, 1, 0, 1, 0, 0, 1], &totals), Verdict::Kept);
    assert_eq!(verdict(&ordered(0.166), &[0, 0, 0, 1, 0, 1, 0, 0, 1], &totals), Verdict::Rejected);
    // On a flat tree the hierarchical distance is the equal one.
    let flat = Distance::Hierarchical(Tree::new(&[vec![0; 4]]).unwrap());
    for t in [0.24, 0.26] {
        let equal = [Model::TCloseness { t, distance: Distance::Equal, sensitive: 0 }];
        let tree = [Model::TCloseness { t, distance: flat.clone(), sensitive: 0 }];
        assert_eq!(verdict(&equal, &[2, 1, 1, 0], &[5, 5, 5, 5]), verdict(&tree, &[2, 1, 1, 0], &[5, 5, 5, 5]));
    }
    // Two groups of two: moving inside a group costs half.
    let two = Distance::Hierarchical(Tree::new(&[vec![0, 0, 1, 1]]).unwrap());
    let model = |t| [Model::TCloseness { t, distance: two.clone(), sensitive: 0 }];
    assert_eq!(verdict(&model(0.25), &[2, 0, 2, 0], &[1, 1, 1, 1]), Verdict::Kept);
    assert_eq!(verdict(&model(0.24), &[2, 0, 2, 0], &[1, 1, 1, 1]), Verdict::Rejected);
    assert_eq!(verdict(&model(0.5), &[2, 2, 0, 0], &[1, 1, 1, 1]), Verdict::Kept);
    assert_eq!(verdict(&model(0.49), &[2, 2, 0, 0], &[1, 1, 1, 1]), Verdict::Rejected);
}

#[test]
fn distances_do_not_wrap_on_large_tables() {
    // ARX accepts t = 0.05 here: its whole numbers wrap.
    let tree = Distance::Hierarchical(Tree::new(&[vec![0, 0]]).unwrap());
    let model = [Model::TCloseness { t: 0.39, distance: tree, sensitive: 0 }];
    assert_eq!(verdict(&model, &[90_000, 10_000], &[100_000, 100_000]), Verdict::Rejected);
}

#[test]
fn levels_that_part_values_are_no_tree() {
    assert!(Tree::new(&[vec![0, 0, 1], vec![0, 1, 1]]).is_none());
    assert!(Tree::new(&[]).is_none());
}

#[test]
fn a_missing_value_in_the_only_column_is_a_class() {
    // pycanon drops the row and says k = 2.
    let found = identity(&table(&[("a", "x"), ("a", "y"), ("NULL", "x")]));
    assert_eq!((found.k, found.classes, found.rows), (1, 2, 3));
}

#[test]
fn uniform_values_have_their_exact_number() {
    // pycanon says one less for these.
    for values in [2_u32, 3, 4, 6, 7, 10] {
        let names: Vec<String> = (0..values).map(|n| n.to_string()).collect();
        let rows: Vec<(&str, &str)> = names.iter().map(|name| ("a", name.as_str())).collect();
        let found = secrecy(&table(&rows), 0, None, None);
        assert!(found.entropy_l == f64::from(values) && found.distinct_l == u64::from(values));
    }
}

#[test]
fn absent_values_and_no_finite_beta_are_infinite() {
    let found = secrecy(
        &table(&[("a", "x"), ("a", "x"), ("b", "y"), ("b", "x")]),
        0,
        Some(&Distance::Ordered(vec![0, 1])),
        None,
    );
    assert!(found.delta_disclosure.is_infinite() && close(found.delta_of_present, 2_f64.ln()));
    // p(x) = 3/4 grows to 1: a third, and -ln p is less, so no beta will do.
    assert!(
        found.enhanced_beta.is_infinite()
            && close(found.basic_beta, 1.0)
            && found.recursive_c.is_none()
            && found.t_ordered == Some(0.25)
    );
    // One value only: no division by zero, distance 0.
    let one = secrecy(&table(&[("a", "5"), ("b", "5")]), 0, Some(&Distance::Ordered(vec![0])), None);
    assert!(one.t_equal == 0.0 && one.t_ordered == Some(0.0) && one.entropy_l == 1.0 && one.basic_beta == 0.0);
}

/// Every single-column case of pycanon's file, where pycanon or the independent reference is right.
#[test]
fn attained_values_are_those_of_pycanon_where_it_is_right() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/");
    let Ok(text) = std::fs::read_to_string(format!("{root}oracle/pycanon.json")) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the shared folder is missing");
        return;
    };
    let oracle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for case in oracle["cases"].as_array().unwrap() {
        let reference = &case["reference"];
        if !reference.is_object() {
            continue;
        }
        seen += 1;
        let mut reader = csv::Reader::from_path(format!("{root}{}", case["file"].as_str().unwrap())).unwrap();
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let text = |name: &serde_json::Value| -> Text<'static> {
            let at = header.iter().position(|column| column == name.as_str().unwrap()).unwrap();
            let mut cells = TextBuilder::default();
            records.iter().for_each(|record| cells.push(record[at].as_bytes()));
            cells.finish(true)
        };
        let quasi: Vec<Text<'_>> = case["qi"].as_array().unwrap().iter().map(text).collect();
        let sensitive = text(&case["sa"][0]);
        let mut builder = TableBuilder::new(Shape { quasi: quasi.len(), sensitive: 1, subject: false });
        builder.add(&quasi.iter().collect::<Vec<_>>(), &[&sensitive], None);
        let table = merge(vec![builder], 1);
        let mut order: Vec<u32> = (0..u32::try_from(table.sensitive()[0].len()).unwrap()).collect();
        if case["sa_numeric"][0] == true {
            let number = |code: u32| -> f64 {
                std::str::from_utf8(table.sensitive()[0].get(code).unwrap()).unwrap().trim().parse().unwrap()
            };
            order.sort_by(|&left, &right| number(left).total_cmp(&number(right)));
        }
        let (who, what) = (identity(&table), secrecy(&table, 0, Some(&Distance::Ordered(order)), None));
        let expect = |key: &str, found: f64| {
            let expected = match &reference[key] {
                serde_json::Value::String(text) if text == "inf" => f64::INFINITY,
                value => value.as_f64().unwrap_or(f64::NAN),
            };
            assert!(close(found, expected), "{} {key}: {found} is not {expected}", case["name"]);
        };
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        for (key, count) in [("k", who.k), ("n_classes", who.classes), ("n_rows", who.rows), ("l", what.distinct_l)] {
            expect(key, count as f64);
        }
        expect("alpha", what.alpha);
        expect("entropy_l_float", what.entropy_l);
        expect("basic_beta", what.basic_beta);
        expect("delta_pycanon", what.delta_of_present);
        expect("delta_def", what.delta_disclosure);
        expect("t_equal", what.t_equal);
        expect("t_ordered", what.t_ordered.unwrap());
        if reference["c_def"].is_number() {
            expect("c_def", what.recursive_c.unwrap());
        } else {
            assert!(what.recursive_c.is_none());
        }
        if reference["enhanced_beta_def"].is_number() {
            expect("enhanced_beta_def", what.enhanced_beta);
        }
        let metrics = &case["metrics"];
        assert!(close(what.entropy, metrics["sa_entropy_nats"][0].as_f64().unwrap()));
        let number = |key: &str| metrics[key].as_f64().unwrap();
        assert!(close(who.maximal_risk, number("max_rir")) && close(what.classification, number("CM")));
        assert!(close(who.average, metrics["sizes_ec"]["mean_ec"].as_f64().unwrap()));
        assert_eq!(who.discernibility, u128::from(metrics["DM_no_suppression"].as_u64().unwrap()));
    }
    assert_eq!(seen, 19);
}

#[test]
fn risks_are_those_of_the_formulas() {
    let found = risk::risks(&[1, 2, 5], Some(&[4, 2, 10]), 0.2);
    assert!(
        close(found.prosecutor.at_risk, 3.0 / 8.0)
            && close(found.prosecutor.highest, 1.0)
            && close(found.prosecutor.average, 3.0 / 8.0)
    );
    assert!(close(found.journalist.at_risk, 3.0 / 8.0) && close(found.journalist.highest, 0.5));
    assert!(close(found.marketer, (0.25 + 1.0 + 0.5) / 8.0));
    let sizes = risk::size_histogram(&[1, 2, 5, 5, 9], 5);
    assert_eq!((sizes.below, sizes.members_below, sizes.bins[&5], sizes.bins[&9]), (2, 3, 2, 1));
}

#[test]
fn of_a_whole_population_every_estimator_counts() {
    let sample = uniqueness::Sample::new(&[1, 1, 2, 3, 1], 8).unwrap();
    let found = sample.uniqueness();
    assert!(close(found.zayatz.unwrap(), 3.0) && close(found.snb.unwrap(), 3.0));
    assert!(uniqueness::Sample::new(&[5], 4).is_none() && uniqueness::Sample::new(&[], 4).is_none());
}

/// Population drawn with a known number of uniques; a share of it sampled. Its sizes are those of the slide negative
/// binomial, so that estimator must be near; Zayatz errs upwards, as its paper says, and must stay in its range.
#[test]
fn estimates_are_near_the_truth_of_a_made_up_population() {
    let mut state = 1_u64;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut population: Vec<u64> = Vec::new();
    for class in 0..20_000_u64 {
        // Sizes 1 and up, long-tailed: a geometric number, as the negative binomial with r = 1 makes them.
        let mut size = 1;
        while draw(10) < 7 {
            size += 1;
        }
        population.extend(std::iter::repeat_n(class, size));
    }
    let mut sizes = std::collections::BTreeMap::<u64, u64>::new();
    population.iter().for_each(|&class| *sizes.entry(class).or_default() += 1);
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let truth = sizes.values().filter(|&&size| size == 1).count() as f64;
    let mut drawn = std::collections::BTreeMap::<u64, u64>::new();
    population.iter().filter(|_| draw(10) < 3).for_each(|&class| *drawn.entry(class).or_default() += 1);
    let members: Vec<u64> = drawn.into_values().collect();
    let found = uniqueness::Sample::new(&members, population.len() as u64).unwrap().uniqueness();
    assert!((found.snb.unwrap() / truth - 1.0).abs() < 0.1, "snb {:?} of {truth}", found.snb);
    let zayatz = found.zayatz.unwrap();
    assert!(zayatz > truth / 2.0 && zayatz < truth * 3.0, "{found:?} of {truth}");
    assert_eq!(found.dankar, Some(zayatz.min(found.snb.unwrap())));
}

mod least_removed {
    use super::super::*;
    use proptest::prelude::*;

    fn model() -> impl Strategy<Value = Model> {
        let tree = || Tree::new(&[vec![0, 0, 1, 1]]).unwrap();
        prop_oneof![
            (0.3..0.9).prop_map(|alpha| Model::AlphaK { k: K::new(2).unwrap(), alpha, sensitive: 0 }),
            (0.05..0.6).prop_map(|t| Model::TCloseness { t, distance: Distance::Equal, sensitive: 0 }),
            (0.05..0.6).prop_map(|t| Model::TCloseness {
                t,
                distance: Distance::Ordered(vec![0, 1, 2, 3]),
                sensitive: 0
            }),
            (0.05..0.6).prop_map(move |t| Model::TCloseness {
                t,
                distance: Distance::Hierarchical(tree()),
                sensitive: 0
            }),
            (0.1..2.0).prop_map(|beta| Model::BasicBeta { beta, sensitive: 0 }),
            (0.1..2.0).prop_map(|beta| Model::EnhancedBeta { beta, sensitive: 0 }),
            (0.3..2.0).prop_map(|delta| Model::DeltaDisclosure { delta, sensitive: 0 }),
        ]
    }

    proptest! {
        /// The same for the chance to be in the data: parts of (members, others of the population).
        #[test]
        fn no_partition_has_fewer_above_their_chance(
            most in 0.05..1.0, parts in proptest::collection::vec((0_u64..20, 0_u64..20), 1..6),
        ) {
            let judge = Judge::new(&[Model::DeltaPresence { least: 0.0, most }], &Whole { rows: 1, totals: vec![] });
            let judged = |(members, others): (u64, u64)| {
                let class = Class { rows: members, members, population: members + others, histograms: &[] };
                let kept = members == 0 || judge.verdict(&class, &mut Vec::new()) == Verdict::Kept;
                (kept, if kept { 0 } else { judge.least_removed(&class, &mut Vec::new()) })
            };
            let (_, claimed) = judged(parts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1)));
            let lost: u64 = parts.iter().filter(|part| !judged(**part).0).map(|part| part.0).sum();
            prop_assert!(claimed <= lost, "{claimed} of {lost}");
            prop_assert!(claimed <= parts.iter().map(|part| judged(*part).1).sum());
        }
    }

    fn add(histograms: &[Vec<u64>]) -> Vec<u64> {
        (0..4).map(|value| histograms.iter().map(|histogram| histogram[value]).sum()).collect()
    }

    proptest! {
        /// However a rejected class is parted, the parts that are rejected hold at least as many rows as are claimed.
        #[test]
        fn no_partition_loses_less(
            model in model(),
            parts in proptest::collection::vec(proptest::collection::vec(0_u64..6, 4), 1..6),
            rest in proptest::collection::vec(1_u64..30, 4),
        ) {
            let whole_class = add(&parts);
            let totals = add(&[whole_class.clone(), rest]);
            let judge = Judge::new(&[model], &Whole { rows: totals.iter().sum(), totals: vec![totals] });
            let mut buffer = Vec::new();
            let mut judged = |histogram: &[u64]| {
                let rows = histogram.iter().sum();
                let class = Class { rows, members: rows, population: 0, histograms: &[histogram] };
                let verdict = judge.verdict(&class, &mut buffer);
                (verdict, if verdict == Verdict::Kept { 0 } else { judge.least_removed(&class, &mut buffer) })
            };
            prop_assume!(whole_class.iter().sum::<u64>() > 0);
            let lost: u64 = parts
                .iter()
                .filter(|part| part.iter().sum::<u64>() > 0 && judged(part).0 != Verdict::Kept)
                .map(|part| part.iter().sum::<u64>())
                .sum();
            let (_, claimed) = judged(&whole_class);
            prop_assert!(claimed <= lost, "{claimed} of {lost}");
            // Merging never raises the claim.
            let of_parts: u64 = parts.iter().filter(|part| part.iter().sum::<u64>() > 0).map(|part| {
                let (verdict, removed) = judged(part);
                if verdict == Verdict::RejectedWithParts { part.iter().sum() } else { removed }
            }).sum();
            prop_assert!(claimed <= of_parts);
        }
    }
}
