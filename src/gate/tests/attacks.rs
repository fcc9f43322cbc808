//! Leaks that attacks on a sample find, and what the documents beside the data tell.

use super::world::{World, clean};
use crate::gate::*;
use crate::hierarchy::{Categories, Hierarchy};
use crate::limits::Share;
use crate::value::Date;
use std::sync::Arc;

fn verdict(world: &World, rule: &str) -> Verdict {
    world.judge().0.into_iter().find(|verdict| verdict.rule == rule).unwrap()
}

#[test]
fn a_socket_that_the_run_opened_is_told() {
    let mut world = clean();
    world.policy.process.sockets = Some(2);
    assert_eq!(world.with_status(Status::Warn), ["network"]);
    assert!(world.measured("network").ends_with("2 sockets opened during the run"));
    world.policy.process.sockets = None;
    assert!(world.with_status(Status::Warn).is_empty(), "no network code is linked, whether the system tells or not");
}

/// A world with one document more.
fn with_document(name: &'static str, text: &'static str) -> World {
    let mut world = clean();
    world.listing.push(name.into());
    world.policy.files.push(name.into());
    world.documents.push((name, text));
    world
}

#[test]
fn a_key_that_nobody_listed_fires() {
    for text in ["{\"riskiest\":{\"row\":7}}", "{\"rows\":{\"maximum\":99000}}", "{\"class_sizes\":[{\"from\":1}]}"] {
        assert_eq!(with_document("evidence/report.json", text).fired(), ["documents"], "{text}");
    }
    assert_eq!(with_document("evidence/extra.json", "{\"rows\":1}").fired(), ["documents"], "a document nobody knows");
    assert!(with_document("evidence/report.json", "{\"rows\":{\"read\":62},\"k\":2}").fired().is_empty());
    let broken = verdict(&with_document("evidence/report.json", "{\"rows\""), "documents");
    assert!(broken.refuses() && broken.measured.starts_with("did not run"), "{}", broken.measured);
}

#[test]
fn a_trace_of_the_search_fires() {
    let trace = "{\"type\":\"levels_tried\",\"body\":{\"nodes\":[[0,1],[1,1]],\"score\":\"0.3\"}}\n";
    assert_eq!(with_document("evidence/log.jsonl", trace).fired(), ["documents", "search-trace"]);
    let twice = "{\"body\":{\"levels\":[[\"age\",1]]}}\n{\"body\":{\"levels\":[[\"age\",2]]}}\n";
    assert_eq!(with_document("evidence/log.jsonl", twice).fired(), ["search-trace"]);
    let column = "{\"body\":{\"levels\":[[\"age\",1],[\"age\",2]]}}\n";
    assert_eq!(with_document("evidence/log.jsonl", column).fired(), ["search-trace"]);
    let once = "{\"body\":{\"levels\":[[\"age\",1],[\"city\",2]],\"method\":\"data\"}}\n";
    assert!(with_document("evidence/log.jsonl", once).fired().is_empty());
}

#[test]
fn a_class_that_is_all_of_its_population_fires() {
    let people = |north: usize, south: usize| {
        let mut world = clean();
        world.population = Some([vec!["north"; north], vec!["south"; south], vec!["west"; 9]].concat());
        world
    };
    let half = people(60, 61);
    assert!(half.fired().is_empty(), "{}", half.measured("membership"));
    assert_eq!(half.measured("membership"), "highest 0.5000 of a population of 130; 0 classes over");
    assert_eq!(people(30, 60).fired(), ["membership"]);
    let other = people(7, 60);
    assert_eq!(other.fired(), ["membership"]);
    assert!(other.measured("membership").contains("not of the people in the release"));
    let mut strict = half;
    strict.policy.limits.presence = Share::from_millionths(490_000);
    assert_eq!(strict.fired(), ["membership"]);
    let stated = World { population: None, ..clean() };
    assert_eq!(verdict(&stated, "membership").status, Status::NotApplicable, "{}", stated.measured("membership"));
}

/// The cities as groups, with the hierarchy that made them.
fn grouped(groups: &[(&str, &str)], label: impl Fn(&str) -> String) -> World {
    let mut world = clean();
    let groups = groups.iter().map(|(city, group)| (city.as_bytes().to_vec(), group.as_bytes().to_vec()));
    let hierarchy = Hierarchy::Categories(Categories::new(groups.collect(), None).unwrap());
    world.hierarchies = vec![None, Some(Arc::new(hierarchy)), None, None];
    let mut rows = world.on_disk();
    for row in &mut rows {
        row[1] = row[1].as_deref().map(&label);
    }
    world.planted = Some(rows);
    world
}

#[test]
fn a_group_of_one_value_fires() {
    let label = |city: &str| if city == "north" { "inland".to_owned() } else { "coast".to_owned() };
    let four = [("north", "inland"), ("east", "inland"), ("south", "coast"), ("west", "coast")];
    let fine = verdict(&grouped(&four, label), "downcoding");
    assert_eq!(fine.status, Status::Pass, "{}", fine.measured);
    let mut alone = grouped(&[four[0], four[2], four[3]], label);
    assert_eq!(verdict(&alone, "downcoding").status, Status::Warn, "the hierarchy's own doing is told");
    alone.policy.limits.finer_labels = Some(Share::from_millionths(50_000).unwrap());
    let found = verdict(&alone, "downcoding");
    assert_eq!(found.status, Status::Fail);
    assert!(
        found.measured.starts_with("a finer label is determined for 30 of 60 generalized rows"),
        "{}",
        found.measured
    );
    let mut allowed = alone;
    allowed.policy.limits.finer_labels = Some(Share::from_millionths(500_000).unwrap());
    assert_eq!(verdict(&allowed, "downcoding").status, Status::Pass);
    allowed.policy.tier = Tier::Trade;
    allowed.policy.limits.finer_labels = Some(Share::NONE);
    assert_eq!(verdict(&allowed, "downcoding").status, Status::Warn);
}

#[test]
fn classes_that_are_recoded_each_in_its_own_way_fire() {
    let groups = [("north", "land"), ("south", "land"), ("east", "land")];
    let mut local = grouped(&groups, |_| "land".into());
    assert_eq!(verdict(&local, "downcoding").status, Status::Pass);
    // a class that was left as it was says what the others are not
    for row in 0..10 {
        local.plant(row, 1, Some("north"));
    }
    let found = verdict(&local, "downcoding");
    assert_eq!(found.status, Status::Fail);
    assert!(found.measured.ends_with("1 children ruled out"), "{}", found.measured);
}

/// Visits that are moved by a number of days for each.
fn visits(days: fn(usize, &str) -> String) -> World {
    let mut world = World { mask: days, ..clean() };
    let row = world.source[0].clone();
    // enough persons that chance is small
    world.source = (0..600)
        .map(|at| {
            let mut row = row.clone();
            row[0] = Some(super::world::phone(at));
            row[1] = Some(if at % 2 == 0 { "north" } else { "south" }.into());
            row
        })
        .collect();
    world.add(2, "visit", "shift_date", |at| Some(day(18_262 + i32::try_from(at * 7919 % 900).unwrap())));
    world.policy.rows = RowAccount { read: 600, released: 600, ..RowAccount::default() };
    world.policy.suppression = Suppression::default();
    world
}

fn day(days: i32) -> String {
    let mut text = Vec::new();
    Date::from_days(days).unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}

fn moved(raw: &str, days: i32) -> String {
    day(Date::parse(raw.as_bytes()).unwrap().days() + days)
}

#[test]
fn dates_that_all_move_alike_fire() {
    let alike = verdict(&visits(|_, raw| moved(raw, 30)), "date-shift");
    assert_eq!(alike.status, Status::Fail, "{}", alike.measured);
    assert!(alike.measured.contains("600 of 600 moved alike"), "{}", alike.measured);
    let apart = verdict(
        &visits(|_, raw| {
            let day = i64::from(Date::parse(raw.as_bytes()).unwrap().days());
            moved(raw, i32::try_from((day * 48_271 + 11).rem_euclid(2_147_483_647) % 700 - 350).unwrap())
        }),
        "date-shift",
    );
    assert_eq!(apart.status, Status::Pass, "{}", apart.measured);
    assert_eq!(verdict(&clean(), "date-shift").status, Status::NotApplicable);
}

#[test]
fn a_home_for_each_person_fires_the_learned_attacks() {
    let ill = |at: usize| ["flu", "cold"][(at * at / 7 + at) % 2].to_owned();
    let world = |home: &dyn Fn(usize) -> String| {
        let mut world = clean();
        for (at, row) in world.source.iter_mut().enumerate() {
            row[1] = Some(home(at));
            row[2] = Some(ill(at));
        }
        world.not_drawn = (100..160)
            .map(|at| vec![Some(super::world::phone(at)), Some(home(at)), Some(ill(at)), Some("1900.00".into())])
            .collect();
        world
    };
    let leak = verdict(&world(&|at| format!("home {at}")), "learned-attacks");
    assert_eq!(leak.status, Status::Warn, "{}", leak.measured);
    for attack in ["singling out", "inference of"] {
        assert!(leak.measured.contains(attack), "{}", leak.measured);
    }
    let same = verdict(&world(&|at| ["north", "south"][at % 2].to_owned()), "learned-attacks");
    assert_eq!(same.status, Status::Pass, "{}", same.measured);
}
