//! Leaks of classes, values and numbers.

use super::in_tier;
use super::world::{Row, World, clean};
use crate::check::{Asked, Model};
use crate::gate::*;
use crate::limits::{K, Share};

/// The same with the first column as the person, three rows each, counted as persons.
fn by_person() -> World {
    let mut world = clean();
    world.policy.columns[0].role = Role::Subject;
    world.policy.sources[0].role = Role::Subject;
    world.policy.subject = Some(0);
    for at in 0..60 {
        // persons 0 to 19; an even one lives in the north, an odd one in the south
        let person = at / 3;
        world.source[at][0] = Some(super::world::phone(person));
        world.source[at][1] = Some(if person % 2 == 0 { "north" } else { "south" }.into());
    }
    world
}

#[test]
fn a_class_under_k_fires_even_when_the_run_thinks_otherwise() {
    let mut leak = clean();
    leak.plant(3, 1, Some("west"));
    assert_eq!(leak.fired(), ["k-anonymity", "risk"]);
}

#[test]
fn rows_of_one_person_are_one_member() {
    let mut world = by_person();
    assert!(world.fired().is_empty(), "{:?}", world.fired());
    // all rows of the south are one person's
    let rows = world.on_disk();
    let south: Vec<usize> = (0..60).filter(|at| rows[*at][1].as_deref() == Some("south")).collect();
    let person = world.source[south[0]][0].clone();
    for at in south {
        world.source[at][0].clone_from(&person);
    }
    assert!(world.fired().contains(&"k-anonymity"), "{:?}", world.fired());
    world.policy.subject = None;
    assert!(!world.fired().contains(&"k-anonymity"), "counted by rows there are thirty");
}

#[test]
fn a_person_alone_with_a_journey_fires() {
    let mut world = by_person();
    // one person of the north has one row in the south: both places are full, nobody else has both
    world.source[0][1] = Some("south".into());
    assert_eq!(world.fired(), ["k-anonymity", "persons"]);
    let measured = world.measured("persons");
    assert!(measured.ends_with("1 share two, 1 share all"), "{measured}");
}

#[test]
fn a_person_with_more_rows_than_are_taken_fires() {
    let mut world = by_person();
    world.policy.rows_per_subject = Some(3);
    assert!(world.fired().is_empty());
    world.policy.rows_per_subject = Some(2);
    assert_eq!(world.fired(), ["k-anonymity"]);
}

#[test]
fn a_rare_value_and_an_extreme_one_fire() {
    let mut rare = clean();
    rare.source[7][2] = Some("kuru".into());
    assert_eq!(rare.fired(), ["rare-values"]);
    assert_eq!(rare.measured("rare-values"), "`ill`: 1 of 3");
    let mut rich = clean();
    rich.source[7][3] = Some("99000.00".into());
    assert_eq!(rich.fired(), ["rare-values"]);
    assert!(rich.measured("rare-values").ends_with("an extreme among them"), "{}", rich.measured("rare-values"));
    assert_eq!(in_tier(rich, Tier::Trade).with_status(Status::Warn), ["rare-values"]);
}

/// Each number by itself is shared by many, the two together by few.
#[test]
fn a_tuple_of_few_rows_fires_where_columns_promise_together() {
    let mut world = clean();
    for at in [2, 3] {
        (world.policy.columns[at].shared_by, world.policy.columns[at].together) = (Some(8), vec![2, 3]);
    }
    assert!(world.fired().is_empty(), "{:?}", world.fired());
    // 10 rows have each pair; three of one pair take the other illness of the same amount
    let of = |row: &Vec<Option<String>>| (row[2].clone(), row[3].clone());
    let first = of(&world.source[0]);
    let other = world.source.iter().map(of).find(|pair| pair.0 != first.0 && pair.1 == first.1).unwrap();
    let few: Vec<usize> = (0..world.source.len()).filter(|at| of(&world.source[*at]) == first).take(3).collect();
    few.iter().for_each(|at| world.source[*at][2].clone_from(&other.0));
    assert_eq!(world.fired(), ["rare-values"]);
    assert_eq!(world.measured("rare-values"), "`ill`, `amount` together: 1 of 6");
    world.policy.columns.iter_mut().for_each(|column| column.shared_by = column.shared_by.map(|_| 7));
    assert!(world.fired().is_empty(), "seven rows are left: {:?}", world.fired());
}

#[test]
fn a_value_of_one_person_in_many_rows_is_rare() {
    let mut world = by_person();
    for at in 0..3 {
        world.source[at][2] = Some("kuru".into());
    }
    assert_eq!(world.fired(), ["rare-values"], "three rows, one person");
}

#[test]
fn a_number_off_its_grid_fires() {
    let mut leak = clean();
    leak.plant(5, 3, Some("1945.30"));
    assert!(leak.fired().contains(&"numeric-grid"), "{:?}", leak.fired());
    assert_eq!(leak.measured("numeric-grid"), "1 cell off the grid of 1 column");
}

#[test]
fn numbers_as_precise_as_fingerprints_fire() {
    let mut world = clean();
    world.policy.columns[3].grid = None;
    world.policy.columns[3].operator = "keep";
    world.policy.limits.value_support = Some(1);
    world.policy.limits.unique_rows = Share::ALL;
    let row = |at: usize| {
        let mut row = clean().source[at % 60].clone();
        row[0] = Some(super::world::phone(at));
        row[3] = Some(format!("{}.37", at * 13));
        row
    };
    world.source = (0..3000).map(row).collect();
    world.policy.rows = RowAccount { read: 3000, released: 3000, ..RowAccount::default() };
    world.policy.suppression = Suppression::default();
    assert_eq!(world.fired(), ["precision"]);
    world.policy.limits.distinct_numbers = Share::ALL;
    assert!(world.fired().is_empty());
}

#[test]
fn a_class_that_shares_a_sensitive_value_fires() {
    let mut world = clean();
    world.policy.sensitive = vec![2];
    world.policy.models =
        vec![Asked::from(Model::KAnonymity(K::new(2).unwrap())), Asked::from(Model::DistinctL { l: 2, sensitive: 0 })];
    assert!(world.fired().is_empty(), "{}", world.measured("models"));
    for row in world.source.iter_mut().filter(|row| row[1].as_deref() == Some("north")) {
        row[2] = Some("flu".into());
    }
    assert_eq!(world.fired(), ["models"]);
}

#[test]
fn classes_are_held_against_the_people_of_the_population() {
    let world = |north: usize, west: usize, model: Model| {
        let mut world = clean();
        world.population = Some([vec!["north"; north], vec!["south"; 100], vec!["west"; west]].concat());
        world.policy.models = vec![Asked::from(Model::KAnonymity(K::new(2).unwrap())), Asked::from(model)];
        world
    };
    let map = |k: u32| Model::KMap(K::new(k).unwrap());
    let fine = world(50, 9, map(50));
    assert!(fine.fired().is_empty(), "{}", fine.measured("models"));
    assert_eq!(fine.measured("models"), "0 classes fail; population of 159");
    assert_eq!(world(49, 9, map(50)).fired(), ["models"]);
    assert_eq!(world(49, 9, map(50)).measured("models"), "1 class fail: k_map; population of 158");
    // thirty of north and thirty of south are in the release
    let presence = |least: f64, most: f64| Model::DeltaPresence { least, most };
    assert!(world(60, 9, presence(0.0, 0.5)).fired().is_empty());
    assert_eq!(world(59, 9, presence(0.0, 0.5)).fired(), ["models"]);
    assert!(world(60, 0, presence(0.3, 0.5)).fired().is_empty());
    assert_eq!(world(60, 0, presence(0.31, 0.5)).fired(), ["models"]);
    let absent = world(60, 1, presence(0.3, 0.5));
    assert_eq!(absent.fired(), ["models"], "nobody of west was released");
    let told =
        "0 classes fail, and 1 class of the population that nobody released is in: delta_presence; population of 161";
    assert_eq!(absent.measured("models"), told);
    let others = world(0, 9, presence(0.0, 1.0));
    assert!(others.fired().contains(&"models"), "nobody of north is of the population: {}", others.measured("models"));
    let nothing = World { population: None, ..world(60, 9, map(2)) };
    assert_eq!(nothing.fired(), ["models"], "a rule that did not run");
}

#[test]
fn a_pattern_of_missing_cells_is_told() {
    let mut world = clean();
    world.policy.limits.unique_rows = Share::ALL;
    world.plant(4, 2, None);
    assert_eq!(world.with_status(Status::Warn), ["null-pattern"]);
    // two in the same class hide each other
    world.plant(6, 2, None);
    assert!(world.with_status(Status::Warn).is_empty());
    // and the one that is left without a null is told apart as well
    let places = world.policy.quasi.clone();
    let quasi = |row: &Row| places.iter().map(|at| row[*at].clone()).collect::<Vec<_>>();
    let released = world.released();
    let alike: Vec<usize> = (0..released.len()).filter(|at| quasi(&released[*at]) == quasi(&released[4])).collect();
    assert!(alike.len() > 3);
    alike.iter().skip(1).for_each(|at| world.plant(*at, 2, None));
    assert_eq!(world.with_status(Status::Warn), ["null-pattern"]);
}

#[test]
fn rows_told_apart_by_few_columns_are_told() {
    let mut world = clean();
    for (at, row) in world.source.iter_mut().enumerate() {
        row[2] = Some(format!("{}", at / 2));
    }
    world.policy.limits.value_support = Some(1);
    assert_eq!(world.with_status(Status::Warn), ["unique-rows"]);
    assert_eq!(world.measured("unique-rows"), "of 60 sampled rows 0 by one column, 60 by two, 0 by three");
}

#[test]
fn a_release_without_quasi_identifiers_is_one_class() {
    let mut world = clean();
    world.policy.quasi.clear();
    world.policy.k = K::new(60);
    world.policy.limits.value_support = Some(2);
    assert!(!world.fired().contains(&"k-anonymity"));
    world.policy.k = K::new(61);
    assert!(world.fired().contains(&"k-anonymity"));
}
