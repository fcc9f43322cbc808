//! Our optima and losses against those of ARX (`../shared/oracle/arx-adult.jsonl`) on UCI Adult, and one on ATUS-like data.

use outis::check::{Distance, Estimator, Model, Tree};
use outis::group::{ClassTable, ClassifierScratch, Shape, TableBuilder, Values, merge};
use outis::limits::{K, Share};
use outis::solve::{Aggregate, Budget, Classes, ColumnLadder, Level, Metric, Problem, node, solve};
use outis::value::{Text, TextBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file of the shared folder; `None` where the folder is absent, which CI does not forgive.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(path);
    let there = path.exists();
    assert!(there || std::env::var("CI").as_deref() != Ok("true"), "the shared folder is missing");
    there.then_some(path)
}

/// A table of cells with a header.
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

pub fn read(bytes: &[u8], delimiter: u8, header: bool) -> Table {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(header).from_reader(bytes);
    let names = if header { reader.headers().unwrap().iter().map(str::to_owned).collect() } else { vec![] };
    let rows = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    Table { header: names, rows }
}

pub fn texts(table: &Table, columns: &[&str]) -> Vec<Text<'static>> {
    columns
        .iter()
        .map(|name| {
            let at = table.header.iter().position(|column| column == name).unwrap();
            let mut cells = TextBuilder::default();
            table.rows.iter().for_each(|row| cells.push(row[at].as_bytes()));
            cells.finish(true)
        })
        .collect()
}

pub fn class_table(table: &Table, quasi: &[&str], sensitive: &[&str]) -> ClassTable {
    let mut builder = TableBuilder::new(Shape { quasi: quasi.len(), sensitive: sensitive.len(), subject: false });
    let (quasi, sensitive) = (texts(table, quasi), texts(table, sensitive));
    builder.add(&quasi.iter().collect::<Vec<_>>(), &sensitive.iter().collect::<Vec<_>>(), None);
    merge(vec![builder], 1)
}

/// Codes of each level for the values of a column, from the rows of its hierarchy file.
fn levels(values: &Values, file: &Table) -> Vec<Level> {
    let row_of: BTreeMap<&[u8], &Vec<String>> = file.rows.iter().map(|row| (row[0].as_bytes(), row)).collect();
    let raw = Level { parent_code: (0..u32::try_from(values.len()).unwrap()).collect(), leaves: vec![1; values.len()] };
    let higher = (1..file.rows[0].len()).map(|level| {
        let mut leaves: BTreeMap<&str, u64> = BTreeMap::new();
        file.rows.iter().for_each(|row| *leaves.entry(&row[level]).or_default() += 1);
        let code = |text: &str| u32::try_from(leaves.keys().position(|key| *key == text).unwrap()).unwrap();
        Level {
            parent_code: values.iter().map(|value| code(&row_of[value.unwrap()][level])).collect(),
            leaves: leaves.values().copied().collect(),
        }
    });
    std::iter::once(raw).chain(higher).collect()
}

fn ladder(values: &Values, file: &Table) -> ColumnLadder {
    ColumnLadder::new(levels(values, file), file.rows.len() as u64)
}

fn adult(file: &str, header: bool) -> Option<Table> {
    Some(read(&std::fs::read(shared(&format!("data/adult/{file}"))?).unwrap(), b';', header))
}

fn hierarchy(column: &str) -> Table {
    adult(&format!("adult_hierarchy_{column}.csv"), false).unwrap()
}

/// Adult with nine quasi-identifiers and no model; age is cut by order, the others go down their trees.
pub(crate) fn adult_problem() -> Option<(Problem, Vec<outis::recode::Dimension>)> {
    use outis::recode::Dimension;
    let table = adult("adult.csv", true)?;
    let names: Vec<&str> = table.header.iter().map(String::as_str).collect();
    let classes = class_table(&table, &names, &[]);
    let ladders = names.iter().zip(classes.quasi()).map(|(name, values)| ladder(values, &hierarchy(name))).collect();
    let dimension = |(name, values): (&&str, &Values)| {
        if *name != "age" {
            return Dimension::Hierarchy;
        }
        let place = |value: Option<&[u8]>| std::str::from_utf8(value.unwrap()).unwrap().parse::<u64>().unwrap();
        let ages: Vec<u64> = hierarchy("age").rows.iter().map(|row| row[0].parse().unwrap()).collect();
        let lowest = ages.iter().min().unwrap();
        let places = values.iter().map(|value| Some(place(value) - lowest)).collect();
        Dimension::Ordered(outis::recode::Order::new(places, ages.len() as u64))
    };
    let dimensions = names.iter().zip(classes.quasi()).map(dimension).collect();
    let problem =
        Problem { classes: Classes::of(&classes), ladders, models: vec![], metric: Metric::LOSS, suppress_at_most: 0 };
    Some((problem, dimensions))
}

fn metric(case: &Value) -> Metric {
    let args = case["metric"]["args"].as_array().unwrap();
    let number = args.iter().find_map(Value::as_f64);
    let truth = args.iter().find_map(Value::as_bool);
    let aggregate = match args.iter().find_map(Value::as_str) {
        Some("RANK") => Aggregate::Rank,
        Some("SUM") => Aggregate::Sum,
        Some("MAXIMUM") => Aggregate::Maximum,
        Some("ARITHMETIC_MEAN") => Aggregate::ArithmeticMean,
        _ => Aggregate::GeometricMean,
    };
    match case["metric"]["factory"].as_str().unwrap() {
        "createLossMetric" => Metric::Loss { aggregate, balance: number.unwrap_or(0.5) },
        "createDiscernabilityMetric" if truth == Some(true) => Metric::DiscernibilityMonotone,
        "createDiscernabilityMetric" => Metric::Discernibility,
        "createAECSMetric" => Metric::ClassSize { balance: number.unwrap_or(0.5) },
        "createPrecomputedEntropyMetric" | "createEntropyMetric" => {
            Metric::Entropy { monotone: truth.unwrap_or(false), normalized: false, balance: 0.5 }
        }
        "createHeightMetric" => Metric::Height,
        "createPrecisionMetric" => Metric::Precision { monotone: truth.unwrap_or(false), balance: 0.5 },
        other => panic!("unknown metric {other}"),
    }
}

fn models(case: &Value, sensitive: Option<&Values>) -> Vec<Model> {
    let read = |model: &Value| {
        let args = model["args"].as_array().unwrap();
        let k = || K::new(u32::try_from(args[0].as_u64().unwrap()).unwrap()).unwrap();
        let values = || u32::try_from(sensitive.unwrap().len()).unwrap();
        match model["type"].as_str().unwrap() {
            "KAnonymity" => Model::KAnonymity(k()),
            "KMap" => Model::KMap(k()),
            "RecursiveCLDiversity" => Model::RecursiveCl {
                c: args[1].as_f64().unwrap(),
                l: u32::try_from(args[2].as_u64().unwrap()).unwrap(),
                sensitive: 0,
            },
            "EntropyLDiversity" => Model::EntropyL {
                l: args[1].as_f64().unwrap(),
                estimator: if args.len() > 2 { Estimator::Grassberger } else { Estimator::Shannon },
                sensitive: 0,
            },
            kind => {
                let distance = match kind {
                    "EqualDistanceTCloseness" => Distance::Equal,
                    "OrderedDistanceTCloseness" => Distance::Ordered((0..values()).collect()),
                    "HierarchicalDistanceTCloseness" => {
                        let file = hierarchy(args[0].as_str().unwrap());
                        let codes: Vec<Vec<u32>> = levels(sensitive.unwrap(), &file)
                            .into_iter()
                            .skip(1)
                            .map(|level| level.parent_code)
                            .collect();
                        Distance::Hierarchical(Tree::new(&codes).unwrap())
                    }
                    other => panic!("unknown model {other}"),
                };
                Model::TCloseness { t: args[1].as_f64().unwrap(), distance, sensitive: 0 }
            }
        }
    };
    case["models"].as_array().unwrap().iter().map(read).collect()
}

fn problem(case: &Value, data: &Table, subset: &Table) -> Problem {
    let quasi: Vec<&str> = case["qis"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let sensitive: Vec<&str> = case["sensitive"].as_str().filter(|name| !name.is_empty()).into_iter().collect();
    let table = class_table(data, &quasi, &sensitive);
    let mut classes = Classes::of(&table);
    let models = models(case, table.sensitive().first());
    if models.iter().any(Model::needs_population) {
        // The table is the population; the subset is what is released.
        let columns = texts(subset, &quasi);
        let mut found = Vec::new();
        let scratch = &mut ClassifierScratch::default();
        table.classifier().class_of(&columns.iter().collect::<Vec<_>>(), scratch, &mut found);
        classes.population = Some(classes.rows.clone());
        classes.rows.fill(0);
        found.iter().for_each(|&class| classes.rows[class as usize] += 1);
        classes.members.clone_from(&classes.rows);
        classes.sensitive.clear();
    }
    let mut ladders: Vec<ColumnLadder> =
        quasi.iter().zip(table.quasi()).map(|(name, values)| ladder(values, &hierarchy(name))).collect();
    if let Some(weights) = case["attribute_weights"].as_object() {
        for (name, ladder) in quasi.iter().zip(&mut ladders) {
            ladder.weight = weights.get(*name).map_or(0.0, |weight| weight.as_f64().unwrap());
        }
    }
    let limit = Share::from_fraction(case["suppression_limit"].as_f64().unwrap()).unwrap();
    let suppress_at_most = limit.of(classes.rows.iter().sum());
    Problem { classes, ladders, models, metric: metric(case), suppress_at_most }
}

/// One number, or the list of a rank.
fn loss_of(text: &str) -> Vec<f64> {
    text.trim_matches(['[', ']']).split(',').map(|number| number.trim().parse().unwrap()).collect()
}

fn close(left: &[f64], right: &[f64], tolerance: f64) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(l, r)| (l - r).abs() <= tolerance * r.abs().max(1e-3))
}

fn cases() -> Vec<Value> {
    let Some(path) = shared("oracle/arx-adult.jsonl") else { return vec![] };
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn optima_are_those_of_arx_or_better_where_arx_guesses() {
    let cases = cases();
    let Some(data) = adult("adult.csv", true) else { return };
    let subset = adult("adult_subset.csv", true).unwrap();
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| case["kind"] == "optimum") {
        let solution = solve(&problem(case, &data, &subset), &Budget::unlimited(2)).unwrap();
        let proven = case["algorithm"] == "OPTIMAL" && case["practical_monotonicity"] == false;
        let expected = case["expected_loss"].as_str().map(loss_of);
        let right = match (&solution.best, &expected) {
            (None, None) => true,
            (Some(best), Some(expected)) if proven => close(&best.loss.0, expected, 1e-9),
            (Some(best), Some(expected)) => {
                close(&best.loss.0, expected, 1e-9)
                    || best.loss.0.partial_cmp(expected).is_some_and(std::cmp::Ordering::is_lt)
            }
            // What ARX did not find with its shortcuts may exist.
            (Some(_), None) => !proven,
            (None, Some(_)) => false,
        };
        if !(right && solution.optimal) {
            let found = solution.best.as_ref().map(|best| (&best.loss.0, &best.levels, best.suppressed_rows));
            wrong.push(format!("{}: {:?} {:?} is not {:?} {}", case["id"], found, solution.checked, expected, case));
        }
    }
    assert!(wrong.is_empty(), "{} of the optima differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn losses_of_single_nodes_are_those_of_arx() {
    let cases = cases();
    let Some(data) = adult("adult.csv", true) else { return };
    let subset = adult("adult_subset.csv", true).unwrap();
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| case["kind"] == "node_loss") {
        let problem = problem(case, &data, &subset);
        for expected in case["node_losses"].as_array().unwrap() {
            let levels: Vec<usize> = expected["transformation"]
                .as_array()
                .unwrap()
                .iter()
                .map(|level| usize::try_from(level.as_u64().unwrap()).unwrap())
                .collect();
            let found = node(&problem, &levels).unwrap();
            if !close(&found.loss.0, &loss_of(expected["loss"].as_str().unwrap()), 1e-8) {
                wrong.push(format!(
                    "{} {:?}: {:?} is not {} {} {}",
                    case["id"], levels, found.loss.0, expected["loss"], case["metric"], case["models"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of the losses differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_optimum_on_half_a_million_rows_is_that_of_arx() {
    use std::io::Read as _;
    let Some(path) = shared("data/synth-atus/synth_atus.csv.gz") else { return };
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let data = read(&bytes, b';', true);
    let quasi: Vec<&str> = data.header.iter().map(String::as_str).collect();
    let table = class_table(&data, &quasi, &[]);
    let file = |name: &str| {
        let path = shared(&format!("data/synth-atus/synth_atus_hierarchy_{name}.csv")).unwrap();
        read(&std::fs::read(path).unwrap(), b';', false)
    };
    let ladders = quasi.iter().zip(table.quasi()).map(|(name, values)| ladder(values, &file(name))).collect();
    let mut problem = Problem {
        classes: Classes::of(&table),
        ladders,
        models: vec![Model::KAnonymity(K::new(5).unwrap())],
        metric: Metric::LOSS,
        suppress_at_most: Share::parse("2%").unwrap().of(table.total_rows()),
    };
    let best = solve(&problem, &Budget::unlimited(2)).unwrap().best.unwrap();
    assert_eq!(best.levels, [0, 5, 0, 1, 1, 0, 2, 2, 0]);
    assert_eq!((best.classes, best.suppressed_rows), (14_649, 6_333));
    assert!(close(&best.loss.0, &[0.288_260_014_4], 1e-9));
    problem.metric = Metric::Discernibility;
    let best = solve(&problem, &Budget::unlimited(2)).unwrap().best.unwrap();
    assert_eq!(best.levels, [0, 5, 0, 2, 2, 0, 2, 0, 0]);
    assert!(close(&best.loss.0, &[48_692_734.0], 1e-12));
    problem.metric = Metric::LOSS;
    problem.suppress_at_most = 0;
    let best = solve(&problem, &Budget::unlimited(2)).unwrap().best.unwrap();
    assert_eq!(best.levels, [0, 5, 0, 2, 0, 0, 2, 2, 0]);
    assert!(close(&best.loss.0, &[0.318_958_983_2], 1e-9));
}
