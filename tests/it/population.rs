//! A table of the population: how likely its members are in the release, models that count it held against counting by hand, and what a
//! wrong table is.

use crate::support::Folder;
use outis::run::{self, Options, Progress};
use serde_json::Value;
use std::collections::BTreeMap;

fn folder(more: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "p.toml",
        format!(
            r#"
name = "clinic"
version = "1"
goal = "anonymized"
tier = "open"
[privacy]
unit = "row"
k_anonymity = 2
population = {{ table = "residents.csv", separator = ";" }}
{more}
[[column]]
name = "age"
type = "integer"
role = "quasi"
as = "band"
generalize = {{ interval = {{ steps = [10] }} }}
level = 1
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "illness"
role = "sensitive"
"#
        ),
    );
    let ages = [21, 24, 27, 29, 31, 35, 36, 38];
    let rows: String =
        ages.iter().enumerate().map(|(at, age)| format!("{age},A,{}\n", ["flu", "cold"][at % 2])).collect();
    folder.write("in.csv", format!("age,city,illness\n{rows}"));
    folder
}

fn residents(folder: &Folder, twenties: usize, thirties: usize) {
    let row = |age: usize, at: usize| format!("x{at};A;{}\n", age + at % 10);
    let rows: String = (0..twenties).map(|at| row(20, at)).chain((0..thirties).map(|at| row(30, at))).collect();
    folder.write("residents.csv", format!("name;city;age\n{rows}y;B;70\n"));
}

fn rule(report: &Value, name: &str) -> Value {
    report["gate"].as_array().unwrap().iter().find(|rule| rule["rule"] == name).unwrap().clone()
}

fn run(folder: &Folder, code: i32) -> crate::support::Ran {
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json", "--quiet"]).expect(code)
}

#[test]
fn the_highest_share_of_a_class_is_told_and_the_journalist_knows_the_population() {
    let folder = folder("");
    residents(&folder, 16, 5);
    let report = run(&folder, 0).json();
    let found = rule(&report, "membership");
    assert_eq!(found["status"], "pass", "{found}");
    assert_eq!(found["measured"], "highest 0.8000 of a population of 22; 0 classes over");
    let risk = rule(&report, "risk");
    assert!(risk["measured"].as_str().unwrap().contains("journalist 0.2000 (population of 22)"), "{risk}");
}

#[test]
fn a_class_that_is_all_of_its_population_is_refused_and_so_is_one_over_the_limit() {
    let folder = folder("");
    residents(&folder, 16, 4);
    let report = run(&folder, 1).json();
    assert_eq!(rule(&report, "membership")["measured"], "highest 1.0000 of a population of 21; 1 class over");
    let strict = self::folder("[gate]\npresence_at_most = \"50%\"");
    residents(&strict, 16, 5);
    assert_eq!(rule(&run(&strict, 1).json(), "membership")["status"], "fail");
}

#[test]
fn a_table_that_is_missing_or_lacks_a_column_stops_the_run_before_anything_is_read() {
    let folder = folder("");
    let told = run(&folder, 2).stderr();
    assert!(told.contains("residents.csv"), "{told}");
    folder.write("residents.csv", "city;name\nA;x\n");
    let told = run(&folder, 2).stderr();
    assert!(told.contains("`age`") && told.contains("residents.csv"), "{told}");
    assert!(!folder.files().iter().any(|name| name.starts_with("out")), "{:?}", folder.files());
}

#[test]
fn a_table_in_gb18030_is_counted_as_the_same_table_in_utf_8() {
    let measured = |encoding: &str, bytes: fn(&str) -> Vec<u8>| {
        let folder = folder("");
        let profile = folder.read("p.toml");
        folder.write("p.toml", profile.replace("separator = \";\"", &format!("separator = \";\"{encoding}")));
        let rows = |ages: [u32; 4], city: &str| ages.map(|age| format!("{age};{city}\n")).concat();
        let (ours, theirs) = (rows([21, 24, 35, 36], "北京"), rows([22, 39, 40, 41], "北京"));
        folder.write("residents.csv", bytes(&format!("age;city\n{ours}{theirs}")));
        folder.write("in.csv", format!("age,city,illness\n{}", ours.replace(';', ",").replace('\n', ",flu\n")));
        folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json", "--quiet"])
    };
    let gb18030 = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    let (plain, other) = (measured("", |text| text.into()), measured(", encoding = \"gb18030\"", gb18030));
    let of = |ran: &crate::support::Ran| rule(&ran.json(), "membership")["measured"].clone();
    assert_eq!(of(&plain), "highest 0.6667 of a population of 8; 0 classes over");
    assert_eq!(of(&plain), of(&other));
    let told = measured("", gb18030).expect(2).stderr();
    assert!(told.contains("residents.csv") && told.contains("UTF-8") && told.contains("beside the `table`"), "{told}");
    let told = measured(", encoding = \"latin1\"", gb18030).expect(2).stderr();
    assert!(told.contains("encoding") && told.contains("gb18030"), "{told}");
}

/// A person of the made-up population: age and district.
type Person = (u32, u32);

/// Four hundred people; those for whom `drawn` says so are the input. Ages and districts are spread unevenly.
fn people(count: u32) -> Vec<Person> {
    (0..count).map(|at| (20 + at * at * 7 % 61, 11 + at * 13 % 29 % 4 * 10 + at * 5 % 7 % 3)).collect()
}

fn sampled(people: &[Person], drawn: impl Fn(usize) -> bool) -> Vec<Person> {
    people.iter().enumerate().filter(|(at, _)| drawn(*at)).map(|(_, person)| *person).collect()
}

/// What a person looks like at levels of age and district, by hand.
fn shown((age, district): &Person, levels: (usize, usize)) -> (u32, u32) {
    (
        match levels.0 {
            0 => *age,
            1 => age / 10,
            2 => age / 20,
            _ => 0,
        },
        match levels.1 {
            0 => *district,
            1 => district / 10,
            _ => 0,
        },
    )
}

/// A model as a profile says it, by whole hundredths.
#[derive(Debug, Clone, Copy)]
enum Asks {
    Map(u64),
    Presence(u64, u64),
}

impl Asks {
    fn words(self) -> String {
        match self {
            Self::Map(k) => format!("k_map = {k}"),
            Self::Presence(least, most) => {
                format!("delta_presence = {{ least = \"{least}%\", most = \"{most}%\" }}")
            }
        }
    }
    fn limit(self, rows: usize) -> u64 {
        if matches!(self, Self::Presence(1.., _)) { 0 } else { rows as u64 / 10 }
    }
    /// The rows that must leave at these levels; none where no release holds.
    fn suppressed(self, some: &[Person], all: &[Person], levels: (usize, usize)) -> Option<u64> {
        let mut classes: BTreeMap<(u32, u32), (u64, u64)> = BTreeMap::new();
        some.iter().for_each(|person| classes.entry(shown(person, levels)).or_default().0 += 1);
        all.iter().for_each(|person| classes.entry(shown(person, levels)).or_default().1 += 1);
        let mut suppressed = 0;
        for (members, behind) in classes.into_values() {
            assert!(members <= behind);
            let holds = match self {
                Self::Map(k) => members == 0 || behind >= k,
                Self::Presence(least, most) => least * behind <= members * 100 && members * 100 <= most * behind,
            };
            let holds = holds && members != 1;
            if !holds && members == 0 {
                return None;
            }
            suppressed += if holds { 0 } else { members };
        }
        (suppressed <= self.limit(some.len())).then_some(suppressed)
    }
}

const MODELS: [Asks; 6] = [
    Asks::Map(3),
    Asks::Map(12),
    Asks::Presence(0, 50),
    Asks::Presence(0, 67),
    Asks::Presence(10, 90),
    Asks::Presence(30, 80),
];

fn table(people: &[Person], more: &str) -> String {
    let rows = people.iter().enumerate();
    format!("age,district{more}\n")
        + &rows.map(|(at, (age, district))| row(*age, *district, more, at)).collect::<String>()
}

fn row(age: u32, district: u32, more: &str, at: usize) -> String {
    match more {
        "" => format!("{age},{district}\n"),
        _ => format!("{age},{district},{}\n", ["flu", "cold", "cough"][at % 3]),
    }
}

/// A profile over both columns, with levels or without.
fn asking(model: Asks, levels: Option<(usize, usize)>, search: &str) -> String {
    let level = |level: Option<usize>| level.map_or_else(String::new, |level| format!("level = {level}"));
    let (age, district) = (level(levels.map(|levels| levels.0)), level(levels.map(|levels| levels.1)));
    let suppress = if matches!(model, Asks::Presence(1.., _)) { "" } else { "suppress_at_most = \"10%\"" };
    format!(
        r#"
name = "people"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
unit = "row"
k_anonymity = 2
{}
population = {{ table = "all.csv" }}
{suppress}
{search}
[[column]]
name = "age"
type = "integer"
role = "quasi"
generalize = {{ interval = {{ steps = [10, 20] }} }}
{age}
[[column]]
name = "district"
role = "quasi"
generalize = {{ prefix = [1] }}
{district}
[[column]]
name = "illness"
role = "sensitive"
"#,
        model.words()
    )
}

fn with_data(some: &[Person], all: &[Person]) -> Folder {
    let folder = Folder::new();
    folder.write("in.csv", table(some, ",illness"));
    folder.write("all.csv", table(all, ""));
    folder
}

/// A run with these further arguments; its report.
fn released(folder: &Folder, profile: &str, output: &str, more: &[&str]) -> Value {
    folder.write("p.toml", profile);
    let ran = folder.outis(&[&["run", "p.toml", "-i", "in.csv", "-o", output, "--json", "--quiet"], more].concat());
    assert!([0, 1].contains(&ran.code()), "{}", ran.stderr());
    let report = ran.json();
    assert_eq!(ran.code() == 0, report["status"] == "published");
    report
}

/// Rows that were suppressed, where a release was published.
fn suppressed(report: &Value) -> Option<u64> {
    (report["status"] == "published").then(|| report["rows"]["suppressed"].as_u64().unwrap())
}

#[test]
fn fixed_levels_are_published_or_refused_as_counting_by_hand_says() {
    let all = people(400);
    let some = sampled(&all, |at| at % 9 < 4 && at % 50 != 3);
    let folder = with_data(&some, &all);
    let (mut published, mut refused) = (0, 0);
    for (number, model) in MODELS.into_iter().enumerate() {
        for levels in [(0, 1), (1, 0), (2, 1), (3, 1), (2, 2), (3, 2)] {
            let name = format!("out-{number}-{}-{}", levels.0, levels.1);
            let report = released(&folder, &asking(model, Some(levels), ""), &name, &[]);
            let expected = model.suppressed(&some, &all, levels);
            assert_eq!(suppressed(&report), expected, "{model:?} {levels:?} {}", report["gate"]);
            assert_eq!(report["population"], 400);
            if let Some(rows) = expected {
                published += 1;
                assert_eq!(report["rows"]["released"], some.len() as u64 - rows);
                let found = rule(&report, "models");
                assert_eq!(
                    (&found["status"], &found["measured"]),
                    (&"pass".into(), &"0 classes fail; population of 400".into())
                );
            } else {
                refused += 1;
            }
        }
    }
    assert!(published > 8 && refused > 8, "{published} {refused}");
}

#[test]
fn searched_levels_are_the_lowest_that_hold_by_hand() {
    let all = people(400);
    let some = sampled(&all, |at| at % 9 < 4 && at % 50 != 3);
    let folder = with_data(&some, &all);
    let (mut found_some, mut found_none) = (0, 0);
    for (number, model) in MODELS.into_iter().chain([Asks::Map(401), Asks::Presence(60, 70)]).enumerate() {
        let profile = asking(model, None, "[search]\nminimize = \"height\"");
        folder.write("p.toml", &profile);
        let solved = folder.outis(&["solve", "p.toml", "-i", "in.csv", "--json", "--quiet"]).json();
        let holds = |levels: &(usize, usize)| model.suppressed(&some, &all, *levels).is_some();
        let nodes = (0..4).flat_map(|age| (0..3).map(move |district| (age, district)));
        let lowest = nodes.filter(holds).map(|levels| levels.0 + levels.1).min();
        assert_eq!((&solved["optimal"], &solved["population"]), (&true.into(), &400.into()));
        assert_eq!(solved["loss"].as_f64().map(|loss| loss as usize), lowest, "{model:?}");
        let report = released(&folder, &profile, &format!("out-{number}"), &[]);
        if solved["release_levels"].is_null() {
            found_none += 1;
            assert_eq!(report["status"], "refused");
            let why = report["gate"][0]["measured"].as_str().unwrap();
            assert!(why.contains(if matches!(model, Asks::Map(_)) { "k_map" } else { "delta_presence" }), "{why}");
            continue;
        }
        found_some += 1;
        let level = |column: &str| solved["release_levels"][column].as_u64().unwrap() as usize;
        let rows = model.suppressed(&some, &all, (level("age"), level("district")));
        assert_eq!(rows, solved["suppressed_rows"].as_u64(), "{model:?} {solved}");
        assert_eq!(suppressed(&report), rows, "{model:?} {}", report["gate"]);
    }
    assert!(found_some > 4 && found_none > 1, "{found_some} {found_none}");
}

/// The log without its last line, which names the digest of the times.
fn repeatable(folder: &Folder, output: &str) -> String {
    let log = folder.read(&format!("{output}/evidence/log.jsonl"));
    log.trim_end().rsplit_once('\n').unwrap().0.to_owned()
}

#[test]
fn threads_and_little_memory_change_nothing() {
    // thirty thousand combinations of four people, two of whom are in the data
    let all: Vec<Person> = (0..120_000).map(|at| (20 + at % 60, 10_000 + at / 60 % 500)).collect();
    let folder = with_data(&all[..60_000], &all);
    let profile = asking(Asks::Map(5), None, "[search]\nminimize = \"height\"");
    let release = |output: &str, more: [&str; 2]| {
        let report = released(&folder, &profile, output, &[&["--insecure-test-seed", "9"][..], &more].concat());
        assert_eq!((&report["status"], &report["population"]), (&"published".into(), &120_000.into()), "{report}");
        (repeatable(&folder, output), folder.read(&format!("{output}/data/part-00000.csv")))
    };
    let one = release("one", ["--threads", "1"]);
    assert!(release("four", ["--threads", "4"]) == one);
    // both tables are past a mebibyte, and wait on the disk
    let loaded = outis::profile::parse(&profile, None).unwrap();
    let solve = |memory: u64, threads: usize| {
        let options = Options { memory, threads, shard_bytes: 1 << 16, ..Options::default() };
        let input = [folder.join("in.csv")];
        let solved = run::solve(&loaded, Some(folder.path()), &input, &options, &Progress::default()).unwrap();
        (solved.levels, solved.loss, solved.classes, solved.population)
    };
    let much = solve(1 << 30, 2);
    assert_eq!(much.3, Some(120_000));
    assert_eq!((solve(1 << 20, 1), solve(1 << 20, 2)), (much.clone(), much));
}

#[test]
fn levels_from_drawn_rows_are_held_against_all_of_them() {
    let all = people(2000);
    let some = sampled(&all, |at| at % 3 != 0);
    let folder = with_data(&some, &all);
    for (model, output) in
        [(Asks::Map(8), "map"), (Asks::Presence(0, 90), "presence"), (Asks::Presence(20, 99), "both")]
    {
        let search = "[search]\nlevels_from = \"sample\"\nsample = \"50%\"\nminimize = \"height\"";
        let report = released(&folder, &asking(model, None, search), output, &["--insecure-test-seed", "9"]);
        assert_eq!(report["status"], "published", "{model:?} {}", report["gate"]);
        let log = folder.read(&format!("{output}/evidence/log.jsonl"));
        assert!(log.contains("\"method\":\"sample\"") && log.contains("\"population\":{\"rows\":2000,"), "{log}");
    }
}

#[test]
fn a_drawn_release_is_held_against_the_whole_population() {
    let all = people(400);
    let folder = with_data(&all, &all);
    let profile = |more: &str| asking(Asks::Presence(0, 80), Some((3, 1)), more);
    let report = released(&folder, &profile(""), "whole", &[]);
    assert_eq!(report["status"], "refused", "everybody is in it");
    let drawn = profile("[rows]\nsample = \"50%\"");
    let report = released(&folder, &drawn, "drawn", &["--insecure-test-seed", "9"]);
    assert_eq!((&report["status"], &report["population"]), (&"published".into(), &400.into()), "{}", report["gate"]);
    assert!(report["rows"]["not_drawn"].as_u64().unwrap() > 100);
}

#[test]
fn persons_of_many_rows_are_one_member_of_the_population_each() {
    let folder = Folder::new();
    // ten people in each city, of whom four in the north and nine in the south are in the data, twice each
    let rows = |city: &str, count: usize| -> String {
        (0..count * 2).map(|at| format!("{city}{},{city},{}\n", at / 2, ["flu", "cold"][at % 2])).collect()
    };
    folder.write("in.csv", format!("id,city,illness\n{}{}", rows("north", 4), rows("south", 9)));
    folder.write("all.csv", format!("city\n{}{}", "north\n".repeat(10), "south\n".repeat(10)));
    let profile = |models: &str| {
        format!(
            r#"
name = "visits"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
unit = "subject"
k_anonymity = 2
population = {{ table = "all.csv" }}
{models}
[[column]]
name = "id"
role = "subject"
apply = {{ token = {{ domain = "person" }} }}
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "illness"
role = "sensitive"
"#
        )
    };
    for (number, (models, rows)) in [
        ("delta_presence = { least = \"40%\", most = \"90%\" }", Some(26)),
        ("delta_presence = { least = \"50%\", most = \"90%\" }", None),
        ("delta_presence = { least = 0, most = \"80%\" }\nsuppress_at_most = \"70%\"", Some(8)),
        ("k_map = 10", Some(26)),
        ("k_map = 11", None),
    ]
    .into_iter()
    .enumerate()
    {
        let report = released(&folder, &profile(models), &format!("out{number}"), &[]);
        let found = (report["status"] == "published").then(|| report["rows"]["released"].as_u64().unwrap());
        assert_eq!(found, rows, "{models}: {}", report["gate"]);
    }
}

#[test]
fn levels_for_whole_persons_are_searched_over_the_population() {
    let folder = Folder::new();
    // of ten people in each street so many are in the data, each with two rows and two illnesses
    let streets = [("n1", 6), ("n2", 2), ("s1", 5), ("s2", 5)];
    let rows = streets.iter().flat_map(|(street, count)| {
        (0..count * 2).map(move |at| format!("{street}-{},{street},{}\n", at / 2, ["flu", "cold"][at % 2]))
    });
    folder.write("in.csv", "id,street,illness\n".to_owned() + &rows.collect::<String>());
    let all = streets.iter().map(|(street, _)| format!("{street}\n").repeat(10));
    folder.write("all.csv", "street\n".to_owned() + &all.collect::<String>());
    for (number, (models, level, rows)) in [
        ("delta_presence = { least = 0, most = 0.6 }", Some(0), 36),
        ("delta_presence = { least = 0, most = 0.5 }", Some(1), 36),
        ("delta_presence = { least = 0.3, most = 0.6 }", Some(1), 36),
        ("delta_presence = { least = 0.41, most = 0.6 }", Some(2), 36),
        ("delta_presence = { least = 0, most = 0.5 }\nsuppress_at_most = \"40%\"", Some(0), 24),
        ("delta_presence = { least = 0, most = 0.4 }", None, 0),
        ("k_map = 20\nl_diversity = { of = \"illness\", distinct = 2 }", Some(1), 36),
    ]
    .into_iter()
    .enumerate()
    {
        let profile = format!(
            r#"
name = "visits"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
unit = "subject"
k_anonymity = 2
{models}
population = {{ table = "all.csv" }}
[search]
minimize = "height"
[[column]]
name = "id"
role = "subject"
apply = {{ token = {{ domain = "person" }} }}
[[column]]
name = "street"
role = "quasi"
generalize = {{ prefix = [1] }}
[[column]]
name = "illness"
role = "sensitive"
"#
        );
        let report = released(&folder, &profile, &format!("out{number}"), &[]);
        let solved = folder.outis(&["solve", "p.toml", "-i", "in.csv", "--json", "--quiet"]).json();
        assert_eq!(solved["release_levels"]["street"].as_u64(), level, "{models}: {solved}");
        let found = (report["status"] == "published").then(|| report["rows"]["released"].as_u64().unwrap());
        assert_eq!(found, level.map(|_| rows), "{models}: {}", report["gate"]);
    }
}

#[test]
fn uniqueness_in_the_population_takes_its_size_from_the_table() {
    let all = people(400);
    let some = sampled(&all, |at| at % 9 < 4);
    let folder = with_data(&some, &all);
    let profile = |people: &str| {
        asking(Asks::Map(2), Some((2, 1)), "")
            .replace("k_map = 2", "uniqueness = { population = \"5%\" }")
            .replace("{ table = \"all.csv\" }", people)
    };
    let found = |people: &str, output: &str| {
        let report = released(&folder, &profile(people), output, &[]);
        assert_eq!(report["status"], "published", "{}", report["gate"]);
        report["rows"].clone()
    };
    assert_eq!(found("{ table = \"all.csv\" }", "table"), found("{ size = 400 }", "size"));
    // the number is the table's, and so nobody's word in the log that could be counted with
    let found = folder.outis(&["verify", "table", "--unsigned", "--json"]).expect(0).json();
    assert_eq!(
        (&found["models"][1]["model"], &found["models"][1]["recounted"]),
        (&"population_uniqueness".into(), &false.into())
    );
}

#[test]
fn who_checks_offline_is_told_that_the_gate_counted_and_that_they_cannot() {
    let all = people(400);
    let some = sampled(&all, |at| at % 9 < 4);
    let folder = with_data(&some, &all);
    folder.write("p.toml", asking(Asks::Map(3), Some((2, 1)), ""));
    let page = folder.outis(&["explain", "p.toml"]).expect(0).stdout();
    assert!(page.contains("population         counted in a table with a row for each member"), "{page}");
    assert!(page.contains("at least 3 members of the population, counted in its table"), "{page}");
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--salt", "salt", "--quiet"]).expect(0);
    let found = folder.outis(&["verify", "out", "--unsigned", "--json"]).expect(0).json();
    let of = |at: usize, key: &str| found["models"][at][key].clone();
    assert_eq!((of(0, "recounted"), of(1, "recounted"), of(1, "holds")), (true.into(), false.into(), Value::Null));
    assert!(of(1, "note").as_str().unwrap().contains("the maker's gate counted it"), "{found}");
    let certificate: Value = serde_json::from_str(&folder.read("out/evidence/certificate.json")).unwrap();
    let claims = certificate["predicate"]["claims"]["operator"].as_array().unwrap();
    assert!(claims.contains(&"profile.models.1".into()), "{claims:?}");
    // the log tells rows, and the file under the salt only
    let log = folder.read("out/evidence/log.jsonl");
    let survey = log.lines().find(|line| line.contains("\"survey_done\"")).unwrap();
    let survey: Value = serde_json::from_str(survey).unwrap();
    let told = survey["body"]["population"].as_object().unwrap().clone();
    assert_eq!(told["rows"], 400);
    assert!(folder.read("out/evidence/report.html").contains("counted in a table of 400"));
    let key = std::fs::read_to_string(folder.join("salt")).unwrap();
    let args = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("hexkey:{}", key.trim()), "-r", "all.csv"];
    match std::process::Command::new("openssl").args(args).current_dir(folder.path()).output() {
        Ok(output) if output.status.success() => {
            let expected = String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap().to_owned();
            assert_eq!(told["commitment"], expected);
        }
        _ => assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has openssl"),
    }
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "without", "--quiet"]).expect(0);
    let plain = outis::digest::Digest::of_text(&folder.read("all.csv")).as_str().to_owned();
    let log = folder.read("without/evidence/log.jsonl");
    assert!(log.contains("\"commitment\":null") && !log.contains(&plain), "{log}");
}

#[test]
fn check_counts_the_profiles_own_table_or_one_that_is_given() {
    let all = people(400);
    let some = sampled(&all, |at| at % 9 < 4 && at % 50 != 3);
    let folder = with_data(&some, &all);
    let levels = (2, 1);
    folder.write("p.toml", asking(Asks::Presence(0, 90), Some(levels), ""));
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--quiet"]).expect(0);
    let arguments = ["check", "out/data/part-00000.csv", "--profile", "p.toml", "--json"];
    let found = folder.outis(&arguments).expect(0).json();
    assert_eq!((&found["risk"]["population"], &found["risk"]["population_from"]), (&400.into(), &"table".into()));
    let mut classes: BTreeMap<(u32, u32), (f64, f64)> = BTreeMap::new();
    some.iter().for_each(|person| classes.entry(shown(person, levels)).or_default().0 += 1.0);
    all.iter().for_each(|person| classes.entry(shown(person, levels)).or_default().1 += 1.0);
    let shares: Vec<f64> = classes.values().map(|(members, behind)| members / behind).collect();
    let (least, most) = (shares.iter().copied().reduce(f64::min), shares.iter().copied().reduce(f64::max));
    assert_eq!((found["delta_presence"]["least"].as_f64(), found["delta_presence"]["most"].as_f64()), (least, most));
    assert_eq!(found["models"][1]["holds"], true);
    // stricter than what is there
    folder.write("p.toml", asking(Asks::Presence(0, 10), Some(levels), ""));
    assert_eq!(folder.outis(&arguments).expect(1).json()["models"][1]["holds"], false);
    // levels that were searched are not in the profile
    folder.write("p.toml", asking(Asks::Presence(0, 90), None, ""));
    let told = folder.outis(&arguments).expect(2).stderr();
    assert!(told.contains("`delta_presence`") && told.contains("--population FILE"), "{told}");
    // what cannot be its population is told as in a run, and nothing is counted over it
    folder.write("few.csv", "age,district\n");
    let plain = ["check", arguments[1], "--quasi", "age,district", "--json"];
    for (given, wanted) in [("few.csv", "`few.csv`: "), ("7", "the population is said to have 7")] {
        let told = folder.outis(&[&plain[..], &["--population", given]].concat()).expect(2);
        assert!(told.json().get("risk").is_none() && told.stderr().contains(wanted), "{}", told.stderr());
    }
    // a release is its own population: everybody is in it
    let own = [&arguments[..], &["--population", "out/data/part-00000.csv"]].concat();
    let found = folder.outis(&own).expect(1).json();
    assert_eq!((&found["delta_presence"]["least"], &found["delta_presence"]["most"]), (&1.0.into(), &1.0.into()));
}

#[test]
fn profiles_are_compared_over_one_count_of_the_population() {
    let all = people(400);
    let some = sampled(&all, |at| at % 9 < 4);
    let folder = with_data(&some, &all);
    for (name, model) in [("a.toml", Asks::Map(3)), ("b.toml", Asks::Presence(0, 90)), ("c.toml", Asks::Map(401))] {
        folder.write(name, asking(model, None, "[search]\nminimize = \"height\""));
    }
    let found = folder.outis(&["compare", "a.toml", "b.toml", "c.toml", "-i", "in.csv", "--json"]).json();
    let of = |at: usize, key: &str| found[at][key].clone();
    assert_eq!((of(0, "holds"), of(1, "holds"), of(2, "holds")), (true.into(), true.into(), false.into()), "{found}");
    assert_eq!((of(0, "survey_shared"), of(1, "survey_shared")), (false.into(), true.into()));
    assert!(of(2, "why_not").as_str().unwrap().contains("k_map rejects"), "{found}");
    // another table is told as such, also where no levels hold over it
    let text = folder.read("all.csv");
    folder.write("all.csv", text.lines().take(20).map(|line| format!("{line}\n")).collect::<String>());
    for name in ["a.toml", "b.toml", "c.toml"] {
        let told = folder.outis(&["compare", name, "-i", "in.csv"]).expect(2).stderr();
        assert!(
            told.contains("all.csv") && told.contains("hint: the input is no sample of this table"),
            "{name}: {told}"
        );
    }
    // one whose columns are parted by another character
    folder.write("all.csv", text.replace(',', ";"));
    let told = folder.outis(&["compare", "a.toml", "-i", "in.csv"]).expect(2).stderr();
    assert!(told.contains("does not have this column") && told.contains("`separator` for a table"), "{told}");
}

#[test]
fn no_cell_of_the_population_is_told_whatever_happens() {
    let folder = Folder::new();
    let profile = |model: &str| {
        format!(
            r#"
name = "clinic"
version = "1"
goal = "anonymized"
tier = "trade"
[privacy]
k_anonymity = 2
{model}
population = {{ table = "all.csv" }}
[[column]]
name = "age"
type = "integer"
role = "quasi"
generalize = {{ interval = {{ steps = [10] }} }}
level = 1
[[column]]
name = "city"
role = "quasi"
generalize = {{ tree = {{ file = "cities.csv" }} }}
SEARCHED
"#
        )
    };
    folder.write("in.csv", "age,city\n".to_owned() + &"31,north\n41,south\n".repeat(6));
    folder.write("cities.csv", "north,up,all\nsouth,down,all\nCANARYKNOWN,CANARYUP,all\n");
    let people = |more: &str| {
        let rows = "31,north,CANARYNAME\n41,south,CANARYNAME\n".repeat(12);
        folder.write("all.csv", format!("age,city,name\n{rows}{}{more}", "31,CANARYKNOWN,CANARYNAME\n".repeat(3)));
    };
    let go = |profile: &str, output: &str, code: i32| {
        folder.write("p.toml", profile);
        let solved = folder.outis(&["solve", "p.toml", "-i", "in.csv", "--json"]);
        let ran = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", output, "--json"]);
        assert_eq!(ran.code(), code, "{}", ran.stderr());
        for text in [solved.stdout(), solved.stderr(), ran.stdout(), ran.stderr()] {
            assert!(!text.contains("CANARY"), "{text}");
        }
        for name in folder.files().into_iter().filter(|name| name.starts_with(output)) {
            let bytes = std::fs::read(folder.join(&name)).unwrap();
            assert!(!bytes.windows(6).any(|window| window == b"CANARY"), "{name}");
        }
        ran.stderr()
    };
    let fixed = |text: String| text.replace("SEARCHED", "level = 1");
    let searched = |text: String| text.replace("SEARCHED", "");
    let loose = "delta_presence = { least = 0, most = 0.5 }";
    people("");
    go(&fixed(profile(loose)), "fine", 0);
    go(&searched(profile(loose)), "found", 0);
    // somebody must be in every class, and nobody is in that of the canary
    let strict = "delta_presence = { least = 0.4, most = 0.9 }";
    let told = go(&fixed(profile(strict)), "absent", 1);
    assert!(told.contains("delta_presence rejects 1 class of the population that nobody of the input is in"), "{told}");
    // at the highest level of the city there is one class for each age
    go(&searched(profile(strict)), "joined", 0);
    for (number, (more, row)) in
        [("41,CANARYUNKNOWN,x\n", "row 28"), ("CANARYAGE,north,x\n", "row 28")].into_iter().enumerate()
    {
        people(more);
        for (how, text) in [("fixed", fixed(profile(loose))), ("searched", searched(profile(loose)))] {
            let told = go(&text, &format!("{how}-{number}"), 2);
            assert!(told.contains("all.csv") && told.contains(row), "{how} {number}: {told}");
        }
    }
    // fewer people than are in the data
    folder.write("all.csv", "age,city\n".to_owned() + &"31,north\n".repeat(12) + &"41,south\n".repeat(5));
    for (how, text) in [("fixed", fixed(profile(loose))), ("searched", searched(profile(loose)))] {
        let told = go(&text, &format!("{how}-other"), 2);
        assert!(
            told.contains("1 class of the input has more members than the table of the population has there"),
            "{told}"
        );
        assert!(told.contains("all.csv") && told.contains("hint: the input is no sample of this table"), "{told}");
    }
    let log = folder.read("fixed-other.failed/log.jsonl");
    assert!(log.contains("\"code\":\"not_population\""), "{log}");
}

#[test]
fn a_population_cannot_be_smaller_than_the_input() {
    let folder = folder("k_map = 2");
    let table = r#"{ table = "residents.csv", separator = ";" }"#;
    let profile = folder.read("p.toml");
    let searched = |text: &str| {
        text.replace("level = 1\n", "")
            .replace("[[column]]\nname = \"age\"", "[search]\nminimize = \"loss\"\n[[column]]\nname = \"age\"")
    };
    for (how, text) in [("fixed", profile.clone()), ("searched", searched(&profile))] {
        folder.write("p.toml", text.replace(table, "{ size = 7 }"));
        let target = format!("out-{how}");
        let told = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", &target, "--quiet"]).expect(2).stderr();
        assert!(told.contains("the input has 8 members, and the population is said to have 7"), "{how}: {told}");
        assert!(told.contains("hint: state a `population.size`"), "{how}: {told}");
        assert!(folder.read(&format!("{target}.failed/log.jsonl")).contains("\"code\":\"small_population\""));
        folder.write("p.toml", text.replace(table, "{ size = 8 }"));
        folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", &target, "--quiet"]).expect(0);
    }
}
