//! DESIGN's table of attacks, held against the code: every rule of the gate is in it, and every test that it names exists.

use outis::gate::{RULES, Severity, Tier};
use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

/// Cells of each line of the table.
fn lines() -> Vec<Vec<String>> {
    let text = read("DESIGN.md");
    let table = text.lines().skip_while(|line| !line.starts_with("| attack | check | rule |")).skip(2);
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let lines: Vec<Vec<String>> = table.take_while(|line| line.starts_with('|')).map(cells).collect();
    assert!(!lines.is_empty(), "DESIGN has the table");
    lines
}

fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_rule_stands_in_the_table_as_it_is() {
    let lines = lines();
    let told: Vec<&str> = lines.iter().flat_map(|line| names(&line[2])).collect();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(told, rules, "the rules, in the order they are applied");
    for (line, rule) in lines.iter().zip(RULES) {
        assert_eq!(line[1], rule.threat, "{}", rule.id);
        let tiers = [Tier::Open, Tier::Trade, Tier::Conditional].map(|tier| rule.effect.in_tier(tier));
        let effect = match tiers {
            [Severity::Block, Severity::Block, Severity::Block] => "blocks",
            [Severity::Warn, Severity::Warn, Severity::Warn] => "warns",
            [Severity::Block, Severity::Warn, Severity::Warn] => "blocks in tier `open`, else warns",
            [Severity::Block, Severity::Block, Severity::Warn] => "blocks, in tier `conditional` warns",
            other => panic!("{}: no words for {other:?}", rule.id),
        };
        assert_eq!(line[3], effect, "{}", rule.id);
    }
}

#[test]
fn every_test_of_the_table_exists() {
    for line in lines() {
        let tests: BTreeSet<&str> = names(&line[4]).into_iter().collect();
        assert!(!tests.is_empty(), "{}: nothing plants it", line[2]);
        for test in tests {
            let parts: Vec<&str> = test.split("::").collect();
            let (name, folders) = parts.split_last().expect("a name");
            let path = folders.join("/");
            let places = match folders.first() {
                Some(&"it") => vec![format!("tests/{path}.rs")],
                _ => vec![
                    format!("src/{path}.rs"),
                    format!("src/{path}/mod.rs"),
                    format!("src/{}.rs", path.trim_end_matches("/tests")),
                ],
            };
            let found = places.iter().any(|place| read(place).contains(&format!("fn {name}()")));
            assert!(found, "`{test}` is no test in {places:?}");
        }
    }
}
