//! The search where a person is the unit: k is counted on whole persons, by definition and through the program.

use crate::support::Folder;
use outis::check::Model;
use outis::group::{ClassTable, Shape, TableBuilder, merge};
use outis::limits::K;
use outis::solve::{self, Budget, Classes, ColumnLadder, Level, Metric, Problem};
use outis::value::TextBuilder;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Raw codes 0 to 3, their pairs, all.
const LEVELS: [[u32; 4]; 3] = [[0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 0, 0]];

type Row = (u32, u32, u32);

fn table(rows: &[Row]) -> ClassTable {
    let text = |cell: &dyn Fn(&Row) -> u32| {
        let mut builder = TextBuilder::default();
        rows.iter().for_each(|row| builder.push(cell(row).to_string().as_bytes()));
        builder.finish(true)
    };
    let mut builder = TableBuilder::new(Shape { quasi: 2, sensitive: 0, subject: true });
    builder.add(&[&text(&|row| row.0), &text(&|row| row.1)], &[], Some(&text(&|row| row.2)));
    merge(vec![builder], 1)
}

fn problem(table: &ClassTable, k: u32, suppress_at_most: u64, metric: Metric) -> Problem {
    let ladder = |column: usize| {
        let raw: Vec<usize> = table.quasi()[column]
            .iter()
            .map(|value| std::str::from_utf8(value.unwrap()).unwrap().parse().unwrap())
            .collect();
        let level = |(at, level): (usize, &[u32; 4])| {
            let parent_code: Vec<u32> =
                raw.iter().enumerate().map(|(code, value)| if at == 0 { code as u32 } else { level[*value] }).collect();
            let codes = parent_code.iter().max().map_or(1, |most| *most as usize + 1);
            Level { parent_code, leaves: vec![[1, 2, 4][at]; codes] }
        };
        ColumnLadder::new(LEVELS.iter().enumerate().map(level).collect(), 4)
    };
    Problem {
        classes: Classes::of(table),
        ladders: vec![ladder(0), ladder(1)],
        models: vec![Model::KAnonymity(K::new(k).unwrap())],
        metric,
        suppress_at_most,
    }
}

/// By definition: rows of the persons whose sorted list of generalized rows fewer than k persons share.
fn rows_that_leave(rows: &[Row], levels: &[usize], k: u32) -> u64 {
    let mut of: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for row in rows {
        of.entry(row.2).or_default().push((LEVELS[levels[0]][row.0 as usize], LEVELS[levels[1]][row.1 as usize]));
    }
    of.values_mut().for_each(|rows| rows.sort_unstable());
    let mut alike: BTreeMap<&Vec<(u32, u32)>, u32> = BTreeMap::new();
    of.values().for_each(|rows| *alike.entry(rows).or_default() += 1);
    of.values().filter(|rows| alike[rows] < k).map(|rows| rows.len() as u64).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_levels_found_are_the_best_of_those_that_hold_for_whole_persons(
        rows in proptest::collection::vec((0_u32..4, 0_u32..4, 0_u32..12), 4..60),
        k in 2_u32..4, share in 0_u64..40, metric in 0_usize..5, threads in 1_usize..3,
    ) {
        let metric = [
            Metric::LOSS,
            Metric::Discernibility,
            Metric::ClassSize { balance: 0.5 },
            Metric::Entropy { monotone: false, normalized: false, balance: 0.5 },
            Metric::Ambiguity,
        ][metric];
        let limit = rows.len() as u64 * share / 100;
        let table = table(&rows);
        let problem = problem(&table, k, limit, metric);
        let mut best: Option<f64> = None;
        for first in 0..3 {
            for second in 0..3 {
                let node = solve::node(&problem, &[first, second]).unwrap();
                let leave = rows_that_leave(&rows, &[first, second], k);
                prop_assert_eq!(node.suppressed_rows, leave, "at {} and {}", first, second);
                prop_assert_eq!(node.feasible, leave <= limit);
                if node.feasible {
                    best = Some(best.map_or(node.loss.first(), |best: f64| best.min(node.loss.first())));
                }
            }
        }
        let found = solve::solve(&problem, &Budget::unlimited(threads)).unwrap();
        prop_assert!(found.optimal);
        prop_assert_eq!(found.best.map(|best| best.loss.first()), best);
    }
}

const PROFILE: &str = r#"
name = "visits"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
unit = "subject"
k_anonymity = 5
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "age"
role = "quasi"
generalize = { interval = { steps = [10, 40] } }
"#;

/// Every age has many persons. But each has two ages ten years apart, and the pairs of some are their own: only steps of forty
/// hide who they are. A search that counts the persons of each class would stay below, and the survey would refuse.
#[test]
fn levels_hold_for_whole_persons_where_classes_alone_would_do() {
    let mut text = String::from("id,age\n");
    for person in 0..60 {
        let (first, second) = [(1, 11), (21, 31), (1, 21)][person % 3];
        text.push_str(&format!("p{person},{first}\np{person},{second}\n"));
    }
    text.push_str("odd,11\nodd,31\n");
    let folder = Folder::new();
    folder.write("in.csv", text);
    folder.write("p.toml", PROFILE);
    let solved = folder.outis(&["solve", "p.toml", "-i", "in.csv", "--json"]).expect(0).json();
    assert_eq!(solved["release_levels"]["age"], 2, "{solved}");
    assert_eq!(solved["optimal"], true);
    let report = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json"]).expect(0).json();
    assert_eq!((report["rows"]["released"].as_u64(), report["rows"]["suppressed"].as_u64()), (Some(122), Some(0)));
    // where one person may leave, the ages stay as they are, and two rows go
    folder.write("some.toml", PROFILE.replace("k_anonymity = 5", "k_anonymity = 5\nsuppress_at_most = \"2%\""));
    let solved = folder.outis(&["solve", "some.toml", "-i", "in.csv", "--json"]).expect(0).json();
    assert_eq!((solved["release_levels"]["age"].as_u64(), solved["suppressed_rows"].as_u64()), (Some(0), Some(2)));
}

/// At their raw ages those of one are all of one illness; they leave, and with them the cold leaves those of two. The search sees
/// the first of that, and takes the raw ages; the survey of them sees the second, and so the next levels are taken.
#[test]
fn levels_that_a_survey_refuses_are_not_the_answer() {
    let mut text = String::from("id,age,ill\n");
    for person in 0..10 {
        text.push_str(&format!("a{person},1,flu\na{person},2,cold\nb{person},2,flu\nc{person},21,flu\n"));
        text.push_str(&format!("c{person},21,cold\n"));
    }
    let folder = Folder::new();
    folder.write("in.csv", text);
    let models = "k_anonymity = 5\nsuppress_at_most = \"50%\"\nl_diversity = { of = \"ill\", distinct = 2 }";
    let profile = PROFILE.replace("k_anonymity = 5", models)
        + "[[column]]\nname = \"ill\"\nrole = \"sensitive\"\n[search]\nminimize = \"height\"\n";
    folder.write("p.toml", profile);
    let solved = folder.outis(&["solve", "p.toml", "-i", "in.csv", "--json"]).expect(0).json();
    assert_eq!(
        (solved["release_levels"]["age"].as_u64(), solved["optimal"].as_bool()),
        (Some(1), Some(true)),
        "{solved}"
    );
    let report = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json"]).expect(0).json();
    assert_eq!((report["rows"]["released"].as_u64(), report["rows"]["suppressed"].as_u64()), (Some(50), Some(0)));
}
