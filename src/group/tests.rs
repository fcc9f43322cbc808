//! The class table against the obvious reference: a sorted map over the rows.

use super::*;
use crate::value::{Text, TextBuilder};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Cell = Option<Vec<u8>>;

/// Rows of quasi cells, one sensitive cell, a subject.
#[derive(Clone, Debug)]
struct Row {
    quasi: Vec<Cell>,
    sensitive: Cell,
    subject: Cell,
}

fn text(cells: impl Iterator<Item = Cell>) -> Text<'static> {
    let mut builder = TextBuilder::default();
    cells.for_each(|cell| builder.push_option(cell.as_deref()));
    builder.finish(false)
}

fn build(rows: &[Row], shape: Shape, workers: usize, threads: usize) -> ClassTable {
    let mut builders: Vec<TableBuilder> = (0..workers).map(|_| TableBuilder::new(shape)).collect();
    for (number, batch) in rows.chunks(37).enumerate() {
        add(batch, shape, &mut builders[number * 7 % workers]);
    }
    merge(builders, threads)
}

fn add(batch: &[Row], shape: Shape, builder: &mut TableBuilder) {
    let quasi: Vec<Text<'_>> = (0..shape.quasi).map(|at| text(batch.iter().map(|row| row.quasi[at].clone()))).collect();
    let sensitive = text(batch.iter().map(|row| row.sensitive.clone()));
    let subject = text(batch.iter().map(|row| row.subject.clone()));
    builder.add(
        &quasi.iter().collect::<Vec<_>>(),
        &if shape.sensitive == 1 { vec![&sensitive] } else { vec![] },
        shape.subject.then_some(&subject),
    );
}

/// Class by class in order: tuple, rows, members, histogram.
type Plain = Vec<(Vec<Cell>, u64, u64, Vec<(Cell, u64)>)>;

fn plain(table: &ClassTable) -> Plain {
    let owned = |cell: Option<&[u8]>| cell.map(<[u8]>::to_vec);
    (0..table.len())
        .map(|class| {
            let tuple = table.quasi().iter().enumerate().map(|(at, v)| owned(v.get(table.codes(at)[class]))).collect();
            let histogram = table.sensitive().first().map_or(vec![], |values| {
                let (codes, counts) = table.histogram(0).of(class);
                codes.iter().zip(counts).map(|(&code, &count)| (owned(values.get(code)), count)).collect()
            });
            (tuple, table.rows()[class], table.members()[class], histogram)
        })
        .collect()
}

fn reference(rows: &[Row], shape: Shape) -> Plain {
    #[derive(Default)]
    struct Sum(u64, BTreeSet<Cell>, BTreeMap<Cell, u64>);
    let mut classes: BTreeMap<Vec<Cell>, Sum> = BTreeMap::new();
    for row in rows {
        let sum = classes.entry(row.quasi.clone()).or_default();
        sum.0 += 1;
        sum.1.insert(row.subject.clone());
        *sum.2.entry(row.sensitive.clone()).or_default() += 1;
    }
    let members = |sum: &Sum| if shape.subject { sum.1.len() as u64 } else { sum.0 };
    let histogram = |sum: &Sum| if shape.sensitive == 1 { sum.2.clone().into_iter().collect() } else { vec![] };
    classes.into_iter().map(|(tuple, sum)| (tuple, sum.0, members(&sum), histogram(&sum))).collect()
}

fn cell(values: u16) -> impl Strategy<Value = Cell> {
    proptest::option::weighted(
        0.9,
        (0..values).prop_map(|n| {
            // Short and long values, and one with a zero byte.
            match n % 5 {
                0 => format!("{n}\0").into_bytes(),
                1 => format!("a value of more than fifteen bytes {n}").into_bytes(),
                _ => n.to_string().into_bytes(),
            }
        }),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_table_is_that_of_a_sorted_map_for_any_split(
        rows in proptest::collection::vec((proptest::collection::vec(cell(9), 3), cell(4), cell(30)), 0..400),
        columns in 0_usize..=3, sensitive in 0_usize..=1, subject: bool, workers in 1_usize..5, threads in 1_usize..4,
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|(mut quasi, sensitive, subject)| {
            quasi.truncate(columns);
            Row { quasi, sensitive, subject }
        }).collect();
        prop_assume!(columns + sensitive + usize::from(subject) > 0);
        let shape = Shape { quasi: columns, sensitive, subject };
        let table = build(&rows, shape, workers, threads);
        prop_assert_eq!(plain(&table), reference(&rows, shape));
        prop_assert_eq!(table.total_rows(), rows.len() as u64);
    }

    #[test]
    fn shared_persons_are_those_of_several_classes(
        rows in proptest::collection::vec((cell(5), cell(40)), 0..200), threads in 1_usize..4,
    ) {
        let rows: Vec<Row> =
            rows.into_iter().map(|(cell, subject)| Row { quasi: vec![cell], sensitive: None, subject }).collect();
        let table = build(&rows, Shape { quasi: 1, sensitive: 0, subject: true }, 2, threads);
        let mut classes_of: BTreeMap<&Cell, BTreeSet<&Cell>> = BTreeMap::new();
        for row in &rows {
            classes_of.entry(&row.subject).or_default().insert(&row.quasi[0]);
        }
        let shared = table.shared().expect("a subject was counted");
        let several = classes_of.values().filter(|classes| classes.len() > 1);
        prop_assert_eq!(shared.persons() as usize, several.clone().count());
        let pairs: usize = (0..table.len()).map(|class| shared.of(class).len()).sum();
        prop_assert_eq!(pairs, several.map(BTreeSet::len).sum::<usize>());
        // Alone plus distinct shared ones over all classes gives the distinct subjects of the table.
        let alone: u64 = (0..table.len()).map(|class| table.members()[class] - shared.of(class).len() as u64).sum();
        prop_assert_eq!(alone + u64::from(shared.persons()), classes_of.len() as u64);
    }
}

#[test]
fn many_values_in_many_columns_need_many_words() {
    let rows: Vec<Row> = (0..3000_u32)
        .map(|n| Row {
            quasi: (0..40).map(|column| Some((n * (column + 1) % 1999).to_string().into_bytes())).collect(),
            sensitive: Some((n % 7).to_string().into_bytes()),
            subject: Some((n / 2).to_string().into_bytes()),
        })
        .collect();
    for (sensitive, subject) in [(0, false), (1, false), (1, true)] {
        let shape = Shape { quasi: 40, sensitive, subject };
        assert!(plain(&build(&rows, shape, 3, 2)) == reference(&rows, shape));
    }
}

#[test]
fn past_the_cut_the_table_is_the_same() {
    let rows: Vec<Row> = (0..300_000_u32)
        .map(|n| {
            let mixed = n.wrapping_mul(2_654_435_769) >> 8;
            let cell = |modulus: u32| Some((mixed % modulus).to_string().into_bytes());
            Row { quasi: vec![cell(601), cell(997)], sensitive: None, subject: None }
        })
        .collect();
    let shape = Shape { quasi: 2, sensitive: 0, subject: false };
    let expected = reference(&rows, shape);
    for (workers, threads) in [(1, 1), (2, 2), (3, 8)] {
        assert!(plain(&build(&rows, shape, workers, threads)) == expected);
    }
}

/// Keeps what goes elsewhere, turned around so that nothing is read that was not given back.
#[derive(Default)]
struct Elsewhere(std::sync::Mutex<Vec<u8>>);

impl Overflow for Elsewhere {
    fn put(&self, bytes: &mut [u8]) -> crate::error::Result<u64> {
        let mut all = self.0.lock().unwrap();
        let at = all.len() as u64;
        all.extend(bytes.iter().map(|byte| !byte));
        bytes.fill(7);
        Ok(at)
    }
    fn get(&self, at: u64, bytes: &mut [u8]) -> crate::error::Result<()> {
        let all = self.0.lock().unwrap();
        bytes.iter_mut().zip(&all[at as usize..]).for_each(|(byte, kept)| *byte = !kept);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_table_that_went_elsewhere_in_parts_is_the_same(
        rows in proptest::collection::vec((proptest::collection::vec(cell(40), 3), cell(4), cell(30)), 0..400),
        sensitive in 0_usize..=1, subject: bool, workers in 1_usize..4, every in 1_usize..5, threads in 1_usize..3,
    ) {
        let rows: Vec<Row> =
            rows.into_iter().map(|(quasi, sensitive, subject)| Row { quasi, sensitive, subject }).collect();
        let shape = Shape { quasi: 3, sensitive, subject };
        let elsewhere = Elsewhere::default();
        let mut builders: Vec<TableBuilder> = (0..workers).map(|_| TableBuilder::new(shape)).collect();
        for (number, batch) in rows.chunks(23).enumerate() {
            let builder = &mut builders[number % workers];
            add(batch, shape, builder);
            if number % every == 0 {
                builder.spill(&elsewhere).unwrap();
                prop_assert_eq!(builder.tuples(), 0);
            }
        }
        let table = merge_with(builders, threads, Some((&elsewhere, 1 << 20))).unwrap();
        prop_assert_eq!(plain(&table), reference(&rows, shape));
        let whole = build(&rows, shape, 1, 1);
        prop_assert_eq!(table.persons().map(|persons| persons.smallest()), whole.persons().map(|persons| persons.smallest()));
    }
}

#[test]
fn a_table_larger_than_the_memory_given_is_an_error() {
    let rows: Vec<Row> = (0..2000_u32)
        .map(|n| Row { quasi: vec![Some(n.to_string().into_bytes())], sensitive: None, subject: None })
        .collect();
    let shape = Shape { quasi: 1, sensitive: 0, subject: false };
    let elsewhere = Elsewhere::default();
    for (memory, fits) in [(1000, false), (100_000, true)] {
        let mut builder = TableBuilder::new(shape);
        add(&rows, shape, &mut builder);
        builder.spill(&elsewhere).unwrap();
        assert_eq!(merge_with(vec![builder], 1, Some((&elsewhere, memory))).is_ok(), fits);
    }
}

#[test]
fn the_classifier_finds_every_row_and_no_other() {
    let cell = |n: u32| (n % 11 != 3).then(|| format!("value {n} of some length").into_bytes());
    let rows: Vec<Row> = (0..2000_u32)
        .map(|n| Row { quasi: vec![cell(n % 50), cell(n % 31)], sensitive: None, subject: None })
        .collect();
    let table = build(&rows, Shape { quasi: 2, sensitive: 0, subject: false }, 2, 1);
    let classifier = table.classifier();
    let columns: Vec<Text<'_>> = (0..2).map(|at| text(rows.iter().map(|row| row.quasi[at].clone()))).collect();
    let (mut scratch, mut out) = (ClassifierScratch::default(), Vec::new());
    classifier.class_of(&columns.iter().collect::<Vec<_>>(), &mut scratch, &mut out);
    assert_eq!(out.len(), rows.len());
    for (row, &class) in rows.iter().zip(&out) {
        for at in 0..2 {
            assert!(table.quasi()[at].get(table.codes(at)[class as usize]) == row.quasi[at].as_deref());
        }
    }
    let strange =
        [text([Some(b"nobody".to_vec()), cell(1)].into_iter()), text([cell(1), Some(b"no".to_vec())].into_iter())];
    out.clear();
    classifier.class_of(&strange.iter().collect::<Vec<_>>(), &mut scratch, &mut out);
    assert_eq!(out, [NO_CLASS, NO_CLASS]);
}

#[test]
fn no_rows_make_no_class_and_rows_without_columns_make_one() {
    let nothing = Shape { quasi: 0, sensitive: 0, subject: false };
    assert!(merge(vec![], 4).is_empty());
    assert!(merge(vec![TableBuilder::new(nothing)], 4).is_empty());
    let mut builder = TableBuilder::new(nothing);
    builder.add_rows(7);
    let table = merge(vec![builder], 1);
    assert_eq!((table.len(), table.total_rows()), (1, 7));
}

/// Signature of every person by definition: the sorted list of their rows' cells.
fn signatures(rows: &[Row]) -> BTreeMap<Cell, Vec<Vec<Cell>>> {
    let mut of: BTreeMap<Cell, Vec<Vec<Cell>>> = BTreeMap::new();
    for row in rows {
        of.entry(row.subject.clone()).or_default().push(row.quasi.clone());
    }
    of.values_mut().for_each(|rows| rows.sort());
    of
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn persons_are_alike_where_all_their_rows_are(
        rows in proptest::collection::vec((cell(2), cell(2), cell(40)), 0..150),
        k in 1_u64..6, workers in 1_usize..4, threads in 1_usize..4,
    ) {
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|(one, two, subject)| Row { quasi: vec![one, two], sensitive: None, subject })
            .collect();
        let table = build(&rows, Shape { quasi: 2, sensitive: 0, subject: true }, workers, threads);
        let persons = table.persons().expect("a subject was counted");
        let of = signatures(&rows);
        let mut alike: BTreeMap<&Vec<Vec<Cell>>, u64> = BTreeMap::new();
        of.values().for_each(|signature| *alike.entry(signature).or_default() += 1);
        let mut expected: Vec<u64> = alike.values().copied().collect();
        let mut found = persons.alike().to_vec();
        expected.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(persons.smallest(), alike.values().copied().min());
        prop_assert_eq!(persons.most_rows() as usize, of.values().map(Vec::len).max().unwrap_or(0));
        let (below, rare) = persons.leave_out(k, &[]);
        let is_rare = |subject: &Cell| alike[&of[subject]] < k;
        for subject in of.keys() {
            prop_assert_eq!(rare.contains(subject.as_deref()), is_rare(subject));
        }
        prop_assert!(!rare.contains(Some(b"nobody")));
        prop_assert_eq!(below, persons.below(k));
        prop_assert_eq!(rare.len() as u64, below.persons);
        prop_assert_eq!(below.persons as usize, of.keys().filter(|subject| is_rare(subject)).count());
        prop_assert_eq!(below.rows as usize, rows.iter().filter(|row| is_rare(&row.subject)).count());
        prop_assert_eq!(below.signatures as usize, alike.values().filter(|alike| **alike < k).count());
        // whoever has a row in a class that leaves, leaves too
        if !table.is_empty() {
            let mut out = vec![false; table.len()];
            out[0] = true;
            let first: Vec<Cell> = (0..2)
                .map(|at| table.quasi()[at].get(table.codes(at)[0]).map(<[u8]>::to_vec))
                .collect();
            let (_, left) = persons.leave_out(1, &out);
            for (subject, rows) in &of {
                prop_assert_eq!(left.contains(subject.as_deref()), rows.contains(&first));
            }
        }
        // k^2: every pair of rows of a person, and all persons who have both
        let has = |rows: &[Vec<Cell>], pair: &(Vec<Cell>, Vec<Cell>)| {
            let times = |tuple: &Vec<Cell>| rows.iter().filter(|row| *row == tuple).count();
            if pair.0 == pair.1 { times(&pair.0) > 1 } else { times(&pair.0) > 0 && times(&pair.1) > 0 }
        };
        let pairs: BTreeSet<(Vec<Cell>, Vec<Cell>)> = of
            .values()
            .flat_map(|rows| rows.iter().enumerate().flat_map(|(at, row)| {
                rows[at + 1..].iter().map(|other| (row.clone(), other.clone()))
            }))
            .collect();
        let fewest = pairs.iter().map(|pair| of.values().filter(|rows| has(rows, pair)).count() as u64).min();
        prop_assert_eq!(persons.smallest_of_pairs(), fewest);
    }
}
