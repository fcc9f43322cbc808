//! k counted on persons: what all rows of one person say together.

use crate::support::Folder;

/// 40 persons: 20 with a row in the north and one in the south, 20 with two in either. Every class has 40 rows.
const TOGETHER: &str = r#"
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
name = "city"
role = "quasi"
"#;

/// Classes of many rows and many persons; but what one person's rows say together, nobody else's do.
fn one_who_stands_out() -> String {
    let mut text = String::from("id,city\n");
    for person in 0..40 {
        let (first, second) = if person % 2 == 0 { ("north", "south") } else { ("south", "east") };
        text.push_str(&format!("p{person},{first}\np{person},{second}\n"));
    }
    text + "odd,north\nodd,east\n"
}

#[test]
fn a_person_may_stand_out_where_no_row_does() {
    let folder = Folder::new();
    folder.write("in.csv", one_who_stands_out());
    folder.write("rows.toml", TOGETHER.replace("subject\"\nk_", "row\"\nk_"));
    folder.write("persons.toml", TOGETHER);
    // every class has at least 21 rows, of as many persons
    let report = folder.outis(&["run", "rows.toml", "-i", "in.csv", "-o", "by-row", "--json"]).expect(0).json();
    assert_eq!(report["risk"]["smallest_class"], 21);
    let ran = folder.outis(&["run", "persons.toml", "-i", "in.csv", "-o", "by-person"]).expect(1);
    assert!(ran.stderr().contains("2 rows of 1 person"), "{}", ran.stderr());
    assert!(!folder.join("by-person").exists());
    // check says what run says: classes are large, and somebody's rows together are nobody else's
    for asked in [&["--profile", "persons.toml"][..], &["--quasi", "city", "--subject", "id", "--k", "5"]] {
        let ran = folder.outis(&[&["check", "in.csv", "--json"], asked].concat()).expect(1);
        let found = ran.json();
        assert_eq!((found["k_anonymity"].as_u64(), found["k_of_whole_persons"].as_u64()), (Some(21), Some(1)));
        assert_eq!((&found["models"][0]["failing_persons"], &found["highest_risk"]), (&1.into(), &"1/1".into()));
        assert_eq!(found["risk"]["prosecutor"]["highest"], 1.0);
        assert!(ran.stderr().contains("does not hold: all rows together, 1 person"), "{}", ran.stderr());
    }
    folder.outis(&["check", "in.csv", "--profile", "rows.toml", "--quiet"]).expect(0);
    let told = folder.outis(&["solve", "persons.toml", "-i", "in.csv"]).expect(1).stderr();
    assert!(told.contains("no levels fit: persons whose rows together fewer than k share"), "{told}");
    // left out whole where that is allowed, and the gate counts the rest again
    folder.write("some.toml", TOGETHER.replace("k_anonymity = 5", "k_anonymity = 5\nsuppress_at_most = \"3%\""));
    let report = folder.outis(&["run", "some.toml", "-i", "in.csv", "-o", "some", "--json"]).expect(0).json();
    assert_eq!((report["rows"]["suppressed"].as_u64(), report["rows"]["released"].as_u64()), (Some(2), Some(80)));
    assert_eq!((report["risk"]["smallest_class"].as_u64(), report["risk"]["members"].as_u64()), (Some(20), Some(40)));
}

#[test]
fn rows_over_the_cap_of_a_person_stay_out_and_are_counted() {
    let folder = Folder::new();
    // five files are five shards: the first rows of all persons, then their second ones
    for file in 0..5 {
        let rows = (0..40).filter(|person| file <= person % 5).map(|person| format!("p{person},north\n"));
        folder.write(&format!("in-{file}.csv"), format!("id,city\n{}", rows.collect::<String>()));
    }
    folder.write("p.toml", TOGETHER.replace("k_anonymity = 5", "k_anonymity = 5\nrows_per_subject = 2"));
    let run = |output: &str, threads: &str| {
        let run = ["run", "p.toml", "-i", "in-*.csv", "-o", output, "--json", "--threads", threads];
        folder.outis(&[&run[..], &["--insecure-test-seed", "3"]].concat()).expect(0).json()
    };
    // of 1 to 5 rows each of 8 persons has: 0, 0, 1, 2 and 3 over the cap
    for threads in ["1", "2", "8"] {
        let report = run(&format!("out-{threads}"), threads);
        assert_eq!((report["rows"]["over_cap"].as_u64(), report["rows"]["released"].as_u64()), (Some(48), Some(72)));
        assert_eq!(report["risk"]["smallest_class"], 8, "persons of one row");
        assert_eq!(
            folder.read(&format!("out-{threads}/data/part-00000.csv")),
            folder.read("out-1/data/part-00000.csv")
        );
    }
}

#[test]
fn a_person_in_a_class_that_leaves_takes_all_their_rows_along() {
    // the north is of one illness: all who were there leave, and with them the cold leaves the south
    let mut text = String::from("id,city,ill\n");
    for person in 0..10 {
        text.push_str(&format!("a{person},north,flu\na{person},south,cold\nb{person},south,flu\nc{person},east,flu\n"));
        text.push_str(&format!("c{person},east,cold\n"));
    }
    let folder = Folder::new();
    folder.write("in.csv", text);
    let models = "k_anonymity = 5\nsuppress_at_most = \"70%\"\nl_diversity = { of = \"ill\", distinct = 2 }";
    let profile = TOGETHER.replace("k_anonymity = 5", models) + "[[column]]\nname = \"ill\"\nrole = \"sensitive\"\n";
    folder.write("p.toml", &profile);
    let report = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json"]).expect(0).json();
    assert_eq!((report["rows"]["suppressed"].as_u64(), report["rows"]["released"].as_u64()), (Some(30), Some(20)));
    let released = folder.read("out/data/part-00000.csv");
    assert!(!released.contains("north") && !released.contains("south"), "only the east is left");
}
