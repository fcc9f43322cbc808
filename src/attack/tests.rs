//! The attacks on releases whose risk is known: one that gives everything away, one that gives nothing away.

use super::*;
use crate::value::{Text, TextBuilder};

const COLUMNS: [&str; 5] = ["age", "income", "city", "job", "illness"];

/// Made-up people: numbers that name most of them together, and a secret that has nothing to do with the rest.
fn people(count: usize, seed: u64) -> Vec<[String; 5]> {
    let mut draws = Draws::new(seed, "people");
    (0..count)
        .map(|_| {
            let mut below = |n| draws.below(n);
            [
                (18 + below(70)).to_string(),
                (1000 + below(9000)).to_string(),
                format!("city {}", below(12)),
                format!("job {}", below(9)),
                format!("illness {}", below(20)),
            ]
        })
        .collect()
}

fn column(rows: &[[String; 5]], at: usize) -> Text<'static> {
    let mut text = TextBuilder::default();
    rows.iter().for_each(|row| text.push(row[at].as_bytes()));
    text.finish(false)
}

fn tables(release: &[[String; 5]], original: &[[String; 5]], control: &[[String; 5]]) -> Tables {
    let mut builder = TablesBuilder::new(COLUMNS.map(str::to_owned).to_vec());
    for (to, rows) in [(Published::Release, release), (Published::Original, original), (Published::Control, control)] {
        let columns: Vec<Text<'_>> = (0..5).map(|at| column(rows, at)).collect();
        builder.add(to, &columns.iter().collect::<Vec<_>>());
    }
    align(builder, &[None; 5])
}

fn generalized(rows: &[[String; 5]]) -> Vec<[String; 5]> {
    let band = |text: &str, width: u32| {
        let low = text.parse::<u32>().unwrap() / width * width;
        format!("[{low}, {})", low + width)
    };
    rows.iter()
        .map(|[age, income, _, _, illness]| {
            [band(age, 40), band(income, 10_000), "*".into(), "*".into(), illness.clone()]
        })
        .collect()
}

#[test]
fn a_release_of_the_originals_is_seen_through_and_its_control_is_not() {
    let (original, control) = (people(3000, 1), people(3000, 2));
    let tables = tables(&original, &original, &control);
    let setting = Setting { attacks: 300, ..Setting::default() };
    for measured in [
        single_out(&tables, SinglingOut::Multivariate, &setting),
        link(&tables, [&[0, 1], &[1, 2, 3]], &setting),
        infer(&tables, &[0, 1, 2, 3], 4, Guess::Nearest, &setting),
    ] {
        let risk = measured.risk();
        assert!(risk.low > 0.3 && measured.beats_naive(), "{measured:?} {risk:?}");
        assert!(success_rate(measured.control.unwrap()).value < 0.5, "{measured:?}");
    }
    let single = single_out(&tables, SinglingOut::Univariate, &setting);
    assert!(single.main.successes > 0.0);
}

#[test]
fn a_release_of_few_classes_is_not() {
    let (original, control) = (people(3000, 1), people(3000, 2));
    let tables = tables(&generalized(&original), &original, &control);
    let setting = Setting { attacks: 300, ..Setting::default() };
    for measured in [
        single_out(&tables, SinglingOut::Univariate, &setting),
        single_out(&tables, SinglingOut::Multivariate, &setting),
        link(&tables, [&[0, 1], &[1, 2, 3]], &setting),
        infer(&tables, &[0, 1, 2, 3], 4, Guess::Nearest, &setting),
        infer(&tables, &[0, 1, 2, 3], 4, Guess::Commonest, &setting),
    ] {
        assert!(measured.risk().value < 0.05, "{measured:?}");
    }
}

/// Five equal people stand in the release as five equal rows. Counted once, as anonymeter does, they look like one who is
/// singled out; counted as people they do not.
#[test]
fn equal_people_hide_each_other_unless_they_are_counted_once() {
    let original: Vec<[String; 5]> = people(200, 3).into_iter().flat_map(|row| vec![row; 5]).collect();
    let tables = tables(&original, &original, &people(10, 4));
    let setting = Setting { attacks: 100, ..Setting::default() };
    let rows = single_out(&tables, SinglingOut::Multivariate, &setting);
    let once = single_out(&tables, SinglingOut::Multivariate, &Setting { distinct: true, ..setting });
    assert_eq!(rows.main.successes, 0.0);
    assert!(once.main.successes > 90.0, "{once:?}");
}

#[test]
fn classes_that_share_a_secret_tell_it() {
    let original: Vec<[String; 5]> = people(2000, 5)
        .into_iter()
        .map(|mut row| {
            row[4] = format!("illness of {}", row[2]);
            row
        })
        .collect();
    let release: Vec<[String; 5]> =
        original.iter().map(|row| ["*".into(), "*".into(), row[2].clone(), "*".into(), row[4].clone()]).collect();
    let tables = tables(&release, &original, &people(10, 6));
    let setting = Setting { attacks: 200, ..Setting::default() };
    for guess in [Guess::Nearest, Guess::Commonest] {
        let measured = infer(&tables, &[0, 1, 2, 3], 4, guess, &setting);
        assert_eq!(measured.main.successes, 200.0);
        assert!(measured.naive.successes < 60.0 && measured.beats_naive());
    }
}

#[test]
fn the_same_seed_gives_the_same_attack() {
    let original = people(500, 1);
    let tables = tables(&original, &original, &people(400, 2));
    let attack = |seed| {
        let setting = Setting { attacks: 50, seed, ..Setting::default() };
        (single_out(&tables, SinglingOut::Multivariate, &setting), link(&tables, [&[0], &[1]], &setting))
    };
    assert_eq!(attack(1), attack(1));
    assert_ne!(attack(1), attack(2));
}

#[test]
fn an_empty_release_gives_nothing_away_and_breaks_nothing() {
    let tables = tables(&[], &people(20, 1), &[]);
    let setting = Setting::default();
    assert_eq!(single_out(&tables, SinglingOut::Multivariate, &setting).main.successes, 0.0);
    assert_eq!(single_out(&tables, SinglingOut::Univariate, &setting).main.successes, 0.0);
    assert_eq!(link(&tables, [&[0], &[1]], &setting).main.successes, 0.0);
    assert_eq!(infer(&tables, &[0], 4, Guess::Commonest, &setting).main.successes, 0.0);
}
