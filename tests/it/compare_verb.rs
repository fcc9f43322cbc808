//! `outis compare`: the table, the JSON and the page say the same of every profile.

use crate::support::Folder;

const PROFILE: &str = r#"
name = "NAME"
version = "2"
goal = "anonymized"
tier = "trade"
[privacy]
k_anonymity = K
suppress_at_most = "5%"
[[column]]
name = "age"
role = "quasi"
generalize = { interval = { steps = [5, 20, 40] } }
[[column]]
name = "city"
role = "quasi"
generalize = { prefix = [5, 4] }
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    let mut text = String::from("age,city\n");
    for row in 0..2000_u32 {
        text.push_str(&format!("{},{}\n", row * 7919 % 80, 100_000 + row * 104_729 % 400));
    }
    folder.write("in.csv", text);
    for (name, k) in [("loose", "2"), ("strict", "50"), ("never", "3000")] {
        folder.write(&format!("{name}.toml"), PROFILE.replace("NAME", name).replace('K', k));
    }
    folder
}

#[test]
fn profiles_stand_side_by_side_after_one_survey() {
    let folder = folder();
    let command = ["compare", "loose.toml", "strict.toml", "-i", "in.csv"];
    let compared = folder.outis(&[&command[..], &["--json"]].concat()).expect(0).json();
    let of = |at: usize, key: &str| compared[at][key].clone();
    assert_eq!((of(0, "profile"), of(1, "profile")), ("loose".into(), "strict".into()));
    assert_eq!((of(0, "survey_shared"), of(1, "survey_shared")), (false.into(), true.into()));
    for (at, k) in [(0, 2), (1, 50)] {
        assert_eq!((of(at, "holds"), of(at, "optimal"), of(at, "rows")), (true.into(), true.into(), 2000.into()));
        assert!(of(at, "k_anonymity").as_u64().unwrap() >= k);
        assert!(of(at, "suppressed_share").as_f64().unwrap() <= 0.05);
        // the highest risk is that of the smallest class
        let risk = 1.0 / of(at, "k_anonymity").as_f64().unwrap();
        assert!((of(at, "highest_risk").as_f64().unwrap() - risk).abs() < 1e-12);
        for metric in ["loss", "discernibility", "class-size", "entropy-normalized", "precision"] {
            assert!(compared[at]["loss"][metric].is_number(), "{metric}");
        }
        // what `solve` finds alone
        let profile = ["loose.toml", "strict.toml"][at];
        let solved = folder.outis(&["solve", profile, "-i", "in.csv", "--json"]).expect(0).json();
        assert_eq!(of(at, "levels"), solved["release_levels"]);
        assert_eq!(compared[at]["loss"]["loss"], solved["loss"]);
        assert_eq!(of(at, "classes"), solved["classes"]);
    }
    assert!(compared[0]["loss"]["loss"].as_f64() < compared[1]["loss"]["loss"].as_f64(), "more protection costs more");
    let table = folder.outis(&command).expect(0).stderr();
    for word in ["loose", "strict"] {
        assert!(table.contains(word), "{table}");
    }
    let smallest = of(1, "k_anonymity").to_string();
    assert!(table.lines().any(|line| line.trim_end().ends_with(&smallest)), "{table}");
}

#[test]
fn profiles_that_read_the_input_otherwise_have_a_survey_of_their_own() {
    let folder = folder();
    let text = folder.read("in.csv").replace(",100004\n", ",-\n") + "1,2,3\n";
    folder.write("in.csv", text);
    let profile = PROFILE.replace('K', "2").replace("[privacy]", "[input]\nragged = \"reject\"\n[privacy]");
    folder.write(
        "plain.toml",
        profile.replace("NAME", "plain").replace("{ prefix = [5, 4] }", "{ prefix = [5, 4] }\ninvalid = \"text\""),
    );
    folder.write(
        "nulls.toml",
        folder.read("plain.toml").replace("ragged", "null = [\"-\"]\nragged").replace("plain", "nulls"),
    );
    folder.write("whole.toml", profile.replace("ragged = \"reject\"\n", "").replace("NAME", "whole"));
    let classes = |profiles: &[&str]| -> Vec<u64> {
        let compared = folder.outis(&[&["compare", "-i", "in.csv", "--json"], profiles].concat()).expect(0).json();
        compared.as_array().unwrap().iter().map(|one| one["classes"].as_u64().unwrap()).collect()
    };
    let alone = [classes(&["plain.toml"])[0], classes(&["nulls.toml"])[0]];
    assert_eq!(classes(&["plain.toml", "nulls.toml"]), alone);
    assert_eq!(classes(&["nulls.toml", "plain.toml"]), [alone[1], alone[0]]);
    // whoever takes no ragged rows is not given those of another
    for profiles in [["plain.toml", "whole.toml"], ["whole.toml", "plain.toml"]] {
        let told = folder.outis(&["compare", profiles[0], profiles[1], "-i", "in.csv"]).expect(2).stderr();
        assert!(told.contains("row 2001"), "{told}");
    }
}

#[test]
fn a_profile_that_cannot_hold_is_told_and_the_others_stand() {
    let folder = folder();
    let ran = folder.outis(&["compare", "never.toml", "loose.toml", "-i", "in.csv", "--json"]).expect(1);
    let compared = ran.json();
    assert_eq!((compared[0]["holds"].as_bool(), compared[1]["holds"].as_bool()), (Some(false), Some(true)));
    assert!(
        compared[0]["why_not"].as_str().unwrap().contains("k_anonymity rejects 2000 rows"),
        "{}",
        compared[0]["why_not"]
    );
}

#[test]
fn the_page_names_every_profile_and_holds_no_script() {
    let folder = folder();
    let command = ["compare", "loose.toml", "never.toml", "-i", "in.csv", "--html", "page.html"];
    folder.outis(&command).expect(1);
    let page = folder.read("page.html");
    let mode = std::os::unix::fs::PermissionsExt::mode(&folder.join("page.html").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(page.starts_with("<!doctype html>") && !page.contains("<script") && !page.contains("http"));
    for word in ["loose", "never", "smallest class", "suppressed", "does not hold"] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn the_page_is_written_over_nothing() {
    let folder = folder();
    folder.write("page.html", "kept");
    std::os::unix::fs::symlink("nowhere", folder.join("link")).unwrap();
    let before = folder.files();
    for target in ["page.html", "loose.toml", "in.csv", "link", "."] {
        let text = std::fs::read(folder.join(target)).ok();
        // told before any work: the second profile is not even looked at
        let ran = folder.outis(&["compare", "loose.toml", "none.toml", "-i", "in.csv", "--html", target]).expect(2);
        assert!(ran.stderr().contains("the target exists already"), "{}", ran.stderr());
        assert_eq!(std::fs::read(folder.join(target)).ok(), text, "{target}");
    }
    assert_eq!(folder.files(), before);
}
