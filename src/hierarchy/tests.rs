//! Claims about every hierarchy.

use super::*;
use crate::value::Decimal;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn number(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).unwrap()
}

fn ages() -> Hierarchy {
    let steps = [number("5"), number("10"), number("20")];
    Hierarchy::Interval(Interval::new(&steps, number("0"), Some(number("15")), Some(number("90"))).unwrap())
}

fn every() -> Vec<(Hierarchy, Vec<String>)> {
    let steps = vec![Step::Day, Step::Month, Step::Quarter, Step::Year, Step::Years(5), Step::Years(10)];
    let groups = [("a", "vowel"), ("e", "vowel"), ("b", "consonant")];
    let groups: BTreeMap<Vec<u8>, Vec<u8>> = groups.map(|(value, group)| (value.into(), group.into())).into();
    let tree = b"a;1;x;*\nb;1;x;*\nc;2;x;*\nd;3;y;*\n";
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    vec![
        (ages(), (-10..120).map(|age| format!("{age}.5")).collect()),
        (
            Hierarchy::Prefix(Prefix::new(vec![4, 2, 1]).unwrap()),
            texts(&["100084", "100", "海淀区中关村", "10**84", "", "1"]),
        ),
        (
            Hierarchy::Suffix(Suffix::new(vec![4, 2, 1]).unwrap()),
            texts(&["100084", "100", "海淀区中关村", "10**84", "", "1"]),
        ),
        (
            Hierarchy::Region(Region::new(vec![RegionStep::City, RegionStep::Province, RegionStep::Part]).unwrap()),
            texts(&["110105", "110000", "120101", "469001", "830000", "710000"]),
        ),
        (
            Hierarchy::Frequency(
                Frequency::new(vec![b"a".to_vec(), b"b".to_vec(), b"c".to_vec()], vec![3, 2, 1], b"rest".to_vec())
                    .unwrap(),
            ),
            texts(&["a", "b", "c", "d", "rest"]),
        ),
        (
            Hierarchy::Date(DateLadder::new(steps).unwrap()),
            (0..3000)
                .map(|day| {
                    let mut out = Vec::new();
                    crate::value::Date::from_days(day * 11).unwrap().write(&mut out);
                    String::from_utf8(out).unwrap()
                })
                .collect(),
        ),
        (Hierarchy::Categories(Categories::new(groups.clone(), None).unwrap()), texts(&["a", "b", "e"])),
        (Hierarchy::Categories(Categories::new(groups, Some(b"other".to_vec())).unwrap()), texts(&["a", "z", "q"])),
        (Hierarchy::Tree(Tree::parse(tree, b';').ok().unwrap()), texts(&["d", "b", "a", "c"])),
    ]
}

fn label(hierarchy: &Hierarchy, level: usize, cell: &str) -> Vec<u8> {
    let mut out = Vec::new();
    hierarchy.generalize(level, cell.as_bytes(), &mut out).unwrap();
    out
}

#[test]
fn level_0_is_the_value_and_the_last_is_everything() {
    for (hierarchy, values) in every() {
        for value in &values {
            assert_eq!(label(&hierarchy, 0, value), value.as_bytes());
            assert_eq!(label(&hierarchy, hierarchy.levels() - 1, value), TOP);
        }
        assert_eq!(hierarchy.level_name(0), "raw");
        assert_eq!(hierarchy.level_name(hierarchy.levels() - 1), "*");
        assert!((1..hierarchy.levels() - 1).all(|level| !["raw", "*"].contains(&hierarchy.level_name(level).as_str())));
    }
}

#[test]
fn a_coarser_level_never_splits_what_a_finer_one_merged() {
    for (hierarchy, values) in every() {
        for level in 1..hierarchy.levels() - 1 {
            let mut parents: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
            for value in &values {
                let parent = label(&hierarchy, level + 1, value);
                let first = parents.entry(label(&hierarchy, level, value)).or_insert_with(|| parent.clone());
                assert_eq!(*first, parent, "{} level {level}", hierarchy.name());
            }
        }
    }
}

#[test]
fn a_ladder_says_what_the_levels_say() {
    for (hierarchy, values) in every() {
        let cells: Vec<&[u8]> = values.iter().map(String::as_bytes).collect();
        let ladder = hierarchy.ladder(&cells).unwrap_or_else(|_| panic!("every value has labels"));
        assert_eq!((ladder.levels(), ladder.values()), (hierarchy.levels(), values.len()));
        assert!(ladder.rung(0).is_none() && ladder.rung(ladder.levels()).is_none());
        let mut finer: Option<&Rung> = None;
        for level in 1..ladder.levels() {
            let rung = ladder.rung(level).unwrap();
            assert!(rung.labels.windows(2).all(|pair| pair[0] < pair[1]));
            for (value, code) in values.iter().zip(&rung.codes) {
                assert_eq!(rung.labels[*code as usize], label(&hierarchy, level, value));
            }
            assert!(rung.leaves.iter().all(|leaves| (1..=ladder.domain()).contains(leaves)));
            if let Some(finer) = finer {
                for (place, code) in finer.codes.iter().enumerate() {
                    assert!(finer.leaves[*code as usize] <= rung.leaves[rung.codes[place] as usize]);
                }
            }
            finer = Some(rung);
        }
        assert_eq!(ladder.rungs().last().unwrap().leaves, [ladder.domain()]);
    }
}

#[test]
fn leaves_of_closed_domains_count_values_that_are_not_there() {
    let tree = Hierarchy::Tree(Tree::parse(b"a;1;x;*\nb;1;x;*\nc;2;x;*\nd;3;y;*\n", b';').ok().unwrap());
    let ladder = tree.ladder(&[b"a", b"d"]).ok().unwrap();
    assert_eq!(ladder.domain(), 4);
    assert_eq!(ladder.rung(1).unwrap().leaves, [2, 1]);
    assert_eq!(ladder.rung(2).unwrap().leaves, [3, 1]);
    let ladder = ages().ladder(&[b"15", b"17", b"89", b"100", b"101", b"3"]).ok().unwrap();
    assert_eq!(ladder.domain(), 75 + 3);
    assert_eq!(
        ladder.rung(1).unwrap().labels,
        [b"<15".to_vec(), b">=90".to_vec(), b"[15, 20)".to_vec(), b"[85, 90)".to_vec()]
    );
    assert_eq!(ladder.rung(1).unwrap().leaves, [1, 2, 5, 5]);
    let open = Hierarchy::Interval(Interval::new(&[number("10")], number("0"), None, None).unwrap());
    let ladder = open.ladder(&[b"1", b"2", b"11"]).ok().unwrap();
    assert_eq!((ladder.domain(), ladder.rung(1).unwrap().leaves.clone()), (3, vec![2, 1]));
}

#[test]
fn every_value_without_a_label_is_told() {
    let misses = ages().ladder(&[b"x", b"20", b""]).err().unwrap();
    assert_eq!(misses, [(0, Miss::NotA("a number")), (2, Miss::NotA("a number"))]);
    let tree = Hierarchy::Tree(Tree::parse(b"a;1;*\nb;2;*", b';').ok().unwrap());
    assert_eq!(tree.ladder(&[b"b", b"c"]).err().unwrap(), [(1, Miss::NotInHierarchy)]);
}

#[test]
fn digests_tell_hierarchies_apart_and_not_the_order_of_lines() {
    let digest = |hierarchy: &Hierarchy| {
        let mut out = Vec::new();
        hierarchy.digest_bytes(&mut out);
        out
    };
    let all = every();
    for (place, (hierarchy, _)) in all.iter().enumerate() {
        assert!(all[place + 1..].iter().all(|(other, _)| digest(other) != digest(hierarchy)));
    }
    let tree = |text: &[u8]| digest(&Hierarchy::Tree(Tree::parse(text, b';').ok().unwrap()));
    assert_eq!(tree(b"a;1;*\nb;2;*\n"), tree(b"b;2;*\r\na;1;*"));
    assert_ne!(tree(b"a;1;*\nb;2;*\n"), tree(b"a;2;*\nb;1;*\n"));
}

#[test]
fn the_adult_hierarchies_read_as_arx_reads_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/adult");
    if !std::path::Path::new(folder).exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the shared data is missing");
        return;
    }
    for (name, levels, rows) in [("age", 5, 100), ("education", 4, 16), ("sex", 2, 2), ("race", 2, 5)] {
        let bytes = std::fs::read(format!("{folder}/adult_hierarchy_{name}.csv")).unwrap();
        let tree = Tree::parse(&bytes, b';').unwrap_or_else(|told| panic!("{name}: {told:?}"));
        assert_eq!(tree.rows(), rows, "{name}");
        assert_eq!(Hierarchy::Tree(tree).levels(), levels, "{name}");
    }
}

proptest! {
    #[test]
    fn intervals_and_prefixes_are_monotone(left in "[a-z海*]{0,6}", right in "[a-z海*]{0,6}", a in -500_i32..500, b in -500_i32..500) {
        let prefix = Hierarchy::Prefix(Prefix::new(vec![3, 2, 1, 0]).unwrap());
        for level in 1..5 {
            let equal = label(&prefix, level, &left) == label(&prefix, level, &right);
            prop_assert!(!equal || label(&prefix, level + 1, &left) == label(&prefix, level + 1, &right));
        }
        let (a, b) = (format!("{}.{}", a / 4, a.abs() % 4), format!("{}.{}", b / 4, b.abs() % 4));
        for level in 1..4 {
            let equal = label(&ages(), level, &a) == label(&ages(), level, &b);
            prop_assert!(!equal || label(&ages(), level + 1, &a) == label(&ages(), level + 1, &b));
        }
    }
}
