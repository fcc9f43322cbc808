//! `outis gate`: the rules as a list, and the gate's test of itself.

use crate::support::Folder;
use outis::gate::RULES;

#[test]
fn a_leak_is_planted_for_every_rule_and_every_rule_sees_its_own() {
    let folder = Folder::new();
    let found = folder.outis(&["gate", "--self-test", "--json", "--quiet"]).expect(0).json();
    let planted = found["planted"].as_array().unwrap();
    for one in planted {
        assert_eq!(one["holds"], true, "{one}");
        assert!(one["leak"].is_string(), "{one}");
    }
    let told: Vec<&str> = planted.iter().map(|one| one["rule"].as_str().unwrap()).collect();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(told, rules);
    assert_eq!(found["missed"], 0);
    assert!(folder.files().is_empty(), "nothing is left where it was run");
}

#[test]
fn the_rules_are_listed_with_what_they_do_in_each_tier() {
    let folder = Folder::new();
    let listed = folder.outis(&["gate", "--json", "--quiet"]).expect(0).json();
    let rules = listed["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    let rare = rules.iter().find(|rule| rule["rule"] == "rare-values").unwrap();
    assert_eq!((rare["open"].as_str(), rare["trade"].as_str()), (Some("blocks"), Some("warns")));
    // on stdout, as all lists
    let table = folder.outis(&["gate"]).expect(0).stdout();
    assert_eq!(table.lines().count(), RULES.len() + 1, "{table}");
}
