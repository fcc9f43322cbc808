//! `outis test`: what is judged, what is not, and that no profile keeps the others from being tested.

use crate::support::Folder;

const PROFILE: &str = r#"
name = "visits"
version = "1"
goal = "anonymized"
tier = "conditional"
[[column]]
name = "amount"
type = "decimal"
role = "sensitive"
apply = { round = { step = 100 } }
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    let example = |out: &str| format!("{PROFILE}[[example]]\nin = {{ amount = \"149\" }}\n{out}\n");
    folder.write("sound.toml", example("out = { amount = \"100\" }"));
    folder.write("wrong.toml", example("out = { amount = \"200\" }"));
    folder.write("silent.toml", example(""));
    folder.write("both.toml", example("out = { amount = \"100\" }") + "[[example]]\nin = { amount = \"1\" }\n");
    folder.write("none.toml", PROFILE);
    // read without a complaint, and no plan comes of it
    folder.write("torn.toml", example("out = { amount = \"100\" }") + TREE);
    folder
}

const TREE: &str = "[[column]]\nname = \"city\"\nrole = \"quasi\"\nlevel = 1\ngeneralize = { tree = \"missing.csv\" }\n\
    [privacy]\nk_anonymity = 2\n";

#[test]
fn an_example_without_out_is_not_called_checked() {
    let folder = folder();
    let both = folder.outis(&["test", "both.toml", "--json"]).expect(0);
    assert!(both.stderr().contains("1 example holds; 1 has no `out` and was not checked"), "{}", both.stderr());
    let found = both.json();
    assert_eq!((&found[0]["examples"], &found[0]["not_checked"]), (&1.into(), &1.into()));
    // as with none at all, nothing was tested
    for profile in ["silent.toml", "none.toml"] {
        let ran = folder.outis(&["test", profile]).expect(2);
        assert!(ran.stderr().contains("nothing was tested"), "{}", ran.stderr());
    }
}

#[test]
fn every_profile_is_tested_and_told_whatever_the_others_are() {
    let folder = folder();
    let all = ["none.toml", "wrong.toml", "torn.toml", "away.toml", "sound.toml"];
    let ran = folder.outis(&[&["test", "--json"], &all[..]].concat()).expect(2);
    let found = ran.json();
    let holds: Vec<Option<bool>> = (0..5).map(|at| found[at]["holds"].as_bool()).collect();
    assert_eq!(holds, [None, Some(false), None, None, Some(true)]);
    let what = |at: usize| found[at]["errors"][0]["what"].as_str().unwrap_or_default().to_owned();
    assert!(what(1).contains("comes out as `100`, not `200`"), "{}", what(1));
    for at in [0, 2, 3] {
        assert!(!what(at).is_empty(), "{}", all[at]);
    }
    assert!(ran.stderr().contains("sound.toml: 1 example holds"), "{}", ran.stderr());
}

#[test]
fn the_code_is_that_of_the_worst() {
    let folder = folder();
    folder.outis(&["test", "wrong.toml", "sound.toml"]).expect(1);
    folder.outis(&["test", "sound.toml", "wrong.toml"]).expect(1);
    // what `run` and `explain` cannot compile ends as with them
    for verb in ["test", "explain"] {
        folder.outis(&[verb, "torn.toml"]).expect(2);
    }
    folder.outis(&["test", "torn.toml", "wrong.toml"]).expect(2);
    folder.outis(&["test", "wrong.toml", "torn.toml"]).expect(2);
}
