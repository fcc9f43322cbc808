//! The search: UCI Adult and half a million ATUS-like rows from the shared folder, where that is at hand.

use criterion::Criterion;
use outis::check::{Distance, Model, Tree};
use outis::group::{ClassTable, Shape, TableBuilder, Values, merge};
use outis::limits::K;
use outis::solve::{Budget, Classes, ColumnLadder, Level, Metric, Problem, Solution, solve};
use outis::value::{Text, TextBuilder};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Read as _;

/// A file of cells, read and split once; the first row is the header where there is one.
pub type Cells = Vec<Vec<String>>;

fn shared(path: &str) -> Option<Cells> {
    let path = format!("{}/../shared/data/{path}", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let file = std::fs::File::open(&path).ok()?;
    if path.ends_with(".gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).ok()?;
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text).ok()?;
    }
    Some(text.lines().map(|line| line.trim_end().split(';').map(str::to_owned).collect()).collect())
}

fn levels(values: &Values, file: &Cells) -> Vec<Level> {
    let rows: BTreeMap<&[u8], &Vec<String>> = file.iter().map(|row| (row[0].as_bytes(), row)).collect();
    let raw = Level { parent_code: (0..values.len() as u32).collect(), leaves: vec![1; values.len()] };
    let higher = (1..file[0].len()).map(|level| {
        let mut leaves: BTreeMap<&str, u64> = BTreeMap::new();
        file.iter().for_each(|row| *leaves.entry(&row[level]).or_default() += 1);
        let codes: BTreeMap<&str, u32> = leaves.keys().copied().zip(0..).collect();
        let parent_code = values.iter().map(|value| codes[rows[value.expect("no nulls")][level].as_str()]).collect();
        Level { parent_code, leaves: leaves.values().copied().collect() }
    });
    std::iter::once(raw).chain(higher).collect()
}

/// Everything of one data set that the search needs, before encoding.
pub struct Data {
    quasi: Vec<Text<'static>>,
    sensitive: Vec<Text<'static>>,
    files: Vec<Cells>,
    tree: Option<Cells>,
}

impl Data {
    /// Columns as texts and hierarchies as cells; `sensitive` is no quasi-identifier.
    pub fn load(table: &str, hierarchies: &str, sensitive: Option<&str>) -> Option<Self> {
        let cells = shared(table)?;
        let text = |column: usize| {
            let mut text = TextBuilder::default();
            cells[1..].iter().for_each(|row| text.push(row[column].as_bytes()));
            text.finish(true)
        };
        let mut data = Self { quasi: vec![], sensitive: vec![], files: vec![], tree: None };
        for (column, name) in cells[0].iter().enumerate() {
            let file = shared(&format!("{hierarchies}{name}.csv"))?;
            if sensitive == Some(name) {
                data.sensitive.push(text(column));
                data.tree = Some(file);
            } else {
                data.quasi.push(text(column));
                data.files.push(file);
            }
        }
        Some(data)
    }
    /// Cells to classes.
    pub fn encode(&self, threads: usize) -> ClassTable {
        let shape = Shape { quasi: self.quasi.len(), sensitive: self.sensitive.len(), subject: false };
        let mut builder = TableBuilder::new(shape);
        builder.add(&self.quasi.iter().collect::<Vec<_>>(), &self.sensitive.iter().collect::<Vec<_>>(), None);
        merge(vec![builder], threads)
    }
    /// The problem: k, and t-closeness of the sensitive column where there is one.
    pub fn problem(&self, table: &ClassTable, k: u32, t: f64, metric: Metric, suppressed: f64) -> Problem {
        let ladder = |(values, file): (&Values, &Cells)| ColumnLadder::new(levels(values, file), file.len() as u64);
        let mut models = vec![Model::KAnonymity(K::new(k).expect("at least two"))];
        if let Some(file) = &self.tree {
            let codes: Vec<Vec<u32>> =
                levels(&table.sensitive()[0], file).into_iter().skip(1).map(|level| level.parent_code).collect();
            let distance = Distance::Hierarchical(Tree::new(&codes).expect("the file is a tree"));
            models.push(Model::TCloseness { t, distance, sensitive: 0 });
        }
        Problem {
            classes: Classes::of(table),
            ladders: table.quasi().iter().zip(&self.files).map(ladder).collect(),
            models,
            metric,
            suppress_at_most: (table.total_rows() as f64 * suppressed) as u64,
        }
    }
}

/// Encode and search.
pub fn run(data: &Data, k: u32, t: f64, metric: Metric, suppressed: f64, threads: usize) -> Solution {
    let table = data.encode(threads);
    solve(&data.problem(&table, k, t, metric, suppressed), &Budget::unlimited(threads))
        .expect("the problem fits together")
}

/// All benches of this stage.
pub fn bench(c: &mut Criterion) {
    let adult = "adult/adult_hierarchy_";
    let mut group = c.benchmark_group("solve");
    group.sample_size(10);
    if let Some(data) = Data::load("adult/adult.csv", adult, None) {
        let metrics = [
            ("loss", Metric::LOSS),
            ("discernibility", Metric::Discernibility),
            ("class size", Metric::ClassSize { balance: 0.5 }),
            ("entropy", Metric::Entropy { monotone: false, normalized: false, balance: 0.5 }),
            ("precision", Metric::Precision { monotone: false, balance: 0.5 }),
            ("ambiguity", Metric::Ambiguity),
            ("monotone discernibility", Metric::DiscernibilityMonotone),
            ("height", Metric::Height),
        ];
        let table = data.encode(1);
        for (name, metric) in metrics {
            let problem = data.problem(&table, 5, 0.0, metric, 0.05);
            let middle: Vec<usize> = problem.ladders.iter().map(|ladder| ladder.max.div_ceil(2)).collect();
            group.bench_function(format!("Adult roll-up of one node, {name}"), |b| {
                b.iter(|| black_box(outis::solve::node(&problem, &middle).expect("the problem fits together")));
            });
        }
        group.bench_function("Adult encode", |b| b.iter(|| black_box(data.encode(1).len())));
        for (name, metric) in metrics {
            for threads in [1, 2] {
                group.bench_function(format!("Adult k=5 5% {name}, {threads} threads"), |b| {
                    b.iter(|| black_box(run(&data, 5, 0.0, metric, 0.05, threads)));
                });
            }
        }
    }
    if let Some(data) = Data::load("adult/adult.csv", adult, Some("occupation")) {
        group.bench_function("Adult k=5 t=0.2 5% loss, 2 threads", |b| {
            b.iter(|| black_box(run(&data, 5, 0.2, Metric::LOSS, 0.05, 2)));
        });
    }
    if let Some(data) = Data::load("synth-atus/synth_atus.csv.gz", "synth-atus/synth_atus_hierarchy_", None) {
        group.bench_function("ATUS-like k=5 2% loss, 2 threads", |b| {
            b.iter(|| black_box(run(&data, 5, 0.0, Metric::LOSS, 0.02, 2)));
        });
    }
    group.finish();
}
