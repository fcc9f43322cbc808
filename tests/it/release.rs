//! What a release is: the rows, the order, the files, the log.

use crate::support::Folder;
use std::collections::BTreeMap;

const PROFILE: &str = r#"
name = "small"
version = "1"
goal = "anonymized"
tier = "trade"
purpose = "tests"
[provenance]
source = "dataset-17"
responsible = "role:data-office"
[privacy]
unit = "row"
k_anonymity = 2
suppress_at_most = "10%"
[[column]]
name = "id"
role = "subject"
apply = { token = { domain = "person" } }
[[column]]
name = "city"
role = "quasi"
[[column]]
name = "age"
type = "integer"
role = "quasi"
generalize = { interval = { steps = [10], low = 20, high = 60 } }
level = 1
[[column]]
name = "note"
as = "remark"
role = "sensitive"
"#;

/// 400 rows of 100 persons in 4 classes, and one row alone.
fn table() -> String {
    let mut text = String::from("id,city,age,note\n");
    for row in 0..400 {
        let person = row % 100;
        text.push_str(&format!(
            "p{person},{},{},\"note, {row}\"\n",
            ["north", "south"][person % 2],
            25 + 10 * (person % 4 / 2)
        ));
    }
    text.push_str("p100,west,41,alone\n");
    text
}

fn events(folder: &Folder, path: &str) -> Vec<serde_json::Value> {
    folder.read(path).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn rows_are_whole_tokens_join_and_order_tells_nothing() {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", table());
    let report = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json"]).expect(0).json();
    assert_eq!(report["rows"]["suppressed"], 1, "the row alone");
    let text = folder.read("out/data/part-00000.csv");
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
    assert!(text.starts_with("id,city,age,remark\n"));
    assert_eq!(rows.len(), 400);
    assert!(!text.contains("west") && !text.contains("p1"));
    // one token per person, one person per token
    let mut person_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut order = Vec::new();
    for row in &rows {
        let number: usize = row[3].strip_prefix("note, ").unwrap().parse().unwrap();
        assert_eq!(*person_of.entry(&row[0]).or_insert(number % 100), number % 100);
        assert_eq!(row[0].len(), 32);
        order.push(number);
    }
    assert_eq!(person_of.len(), 100);
    // Spearman's rank correlation with the input order: 400 rows, standard deviation 0.05, ALPHA = 1e-6 is 4.9 of them
    let n = rows.len() as f64;
    let squares: f64 = order.iter().enumerate().map(|(at, number)| (at as f64 - *number as f64).powi(2)).sum();
    let rho = 1.0 - 6.0 * squares / (n * (n * n - 1.0));
    assert!(rho.abs() < 4.9 / (n - 1.0).sqrt(), "rank correlation {rho}");
}

#[test]
fn files_are_private_and_planned() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", table());
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(0);
    let files = folder.files();
    let expected = [
        "in.csv",
        "out/catalog.json",
        "out/data/part-00000.csv",
        "out/evidence/certificate.json",
        "out/evidence/checkpoint",
        "out/evidence/gates.json",
        "out/evidence/log.jsonl",
        "out/evidence/plan.txt",
        "out/evidence/profile.toml",
        "out/evidence/report.html",
        "out/evidence/report.json",
        "out/evidence/times.jsonl",
        "out/lineage/openlineage.jsonl",
        "p.toml",
    ];
    assert_eq!(files, expected);
    for name in files.iter().filter(|name| name.starts_with("out/")) {
        let mode = folder.join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_log_adds_up_and_names_no_place() {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", table());
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(0);
    let lines = events(&folder, "out/evidence/log.jsonl");
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    let order = [
        "run_opened",
        "schema_bound",
        "levels_chosen",
        "input_opened",
        "key_created",
        "survey_done",
        "shards_done",
        "input_read",
        "output_staged",
        "risk_measured",
        "gate_result",
        "key_destroyed",
        "run_sealed",
        "times_sealed",
    ];
    let mut deduped = kinds.clone();
    deduped.dedup();
    assert_eq!(deduped, order);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["seq"], number);
        assert_eq!(line["actor"], "role:data-office");
    }
    let sealed = &lines[lines.len() - 2]["body"];
    assert_eq!(sealed["events"], lines.len() - 2);
    let sum = |key: &str| -> u64 {
        let shards = lines.iter().filter(|line| line["type"] == "shards_done").map(|line| &line["body"]);
        shards.map(|event| event[key].as_u64().unwrap()).sum()
    };
    assert_eq!(sealed["rows_in"], sum("rows_in"));
    assert_eq!(
        sum("rows_in"),
        sum("rows_out") + sum("suppressed") + sum("rejected") + sum("not_drawn") + sum("over_cap")
    );
    let text = folder.read("out/evidence/log.jsonl");
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    for place in [folder.path().to_str().unwrap(), "in.csv", host.trim()] {
        assert!(place.is_empty() || !text.contains(place), "the log names {place}");
    }
    // the digests are those of the files
    let staged = &lines.iter().find(|line| line["type"] == "output_staged").unwrap()["body"];
    let output = std::process::Command::new("sha256sum").arg(folder.join("out/data/part-00000.csv")).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with(staged["digest"].as_str().unwrap()));
    assert_eq!(staged["rows"], 400);
}

/// Rows of a log by what became of them, in the whole and by shard, which must agree; and what they are of.
fn accounts(folder: &Folder, log: &str) -> BTreeMap<&'static str, u64> {
    const PARTS: [&str; 6] = ["rows_out", "suppressed", "rejected", "not_drawn", "over_cap", "withheld"];
    let lines = events(folder, log);
    let of_type =
        |name: &str| lines.iter().filter(|line| line["type"] == name).map(|line| &line["body"]).collect::<Vec<_>>();
    let number = |body: &serde_json::Value, key: &str| body[key].as_u64().unwrap_or(0);
    let (sealed, shards, read) = (of_type("run_sealed")[0], of_type("shards_done"), of_type("input_read"));
    for body in shards.iter().chain([&sealed]) {
        assert_eq!(number(body, "rows_in"), PARTS.iter().map(|key| number(body, key)).sum::<u64>(), "{body}");
    }
    for key in PARTS.iter().chain(&["rows_in", "shards"]) {
        assert_eq!(number(sealed, key), shards.iter().map(|body| number(body, key)).sum::<u64>(), "{key} of {log}");
    }
    assert_eq!(number(sealed, "rows_in"), read.iter().map(|body| number(body, "rows")).sum::<u64>());
    let text = folder.read(log) + &folder.read(&log.replace("log.jsonl", "times.jsonl"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    for place in [folder.path().to_str().unwrap(), "in.csv", host.trim()] {
        assert!(place.is_empty() || !text.contains(place), "{log} names {place}");
    }
    PARTS.iter().chain(&["rows_in"]).map(|key| (*key, number(sealed, key))).filter(|(_, rows)| *rows > 0).collect()
}

#[test]
fn rows_add_up_whatever_became_of_them_and_however_the_run_ended() {
    let folder = Folder::new();
    // 80 rows have a field too many
    let ragged: String = (0..80).map(|row| format!("p{row},north,25,x,y\n")).collect();
    folder.write("in.csv", table() + &ragged);
    let reject = PROFILE.replace("[privacy]", "[input]\nragged = \"reject\"\n[privacy]");
    let all = reject
        .replace("unit = \"row\"", "unit = \"subject\"\nrows_per_subject = 2")
        .replace("[[column]]\nname = \"id\"", "[rows]\nsample = \"90%\"\n[[column]]\nname = \"id\"");
    let strict = |text: &str| text.replace("k_anonymity = 2", "k_anonymity = 300");
    let searched = strict(&reject).replace("level = 1\n", "");
    let gated = reject
        .replace("tier = \"trade\"", "tier = \"open\"")
        .replace("[[column]]\nname = \"id\"", "[gate]\nvalue_support = 5\n[[column]]\nname = \"id\"");
    for (name, profile, code) in [
        ("all", all, 0),
        ("survey", strict(&reject), 1),
        ("levels", searched.clone(), 1),
        (
            "sampled",
            searched.replace("[privacy]", "[search]\nlevels_from = \"sample\"\nsample = \"50%\"\n[privacy]"),
            1,
        ),
        ("local", searched.replace("[privacy]", "[search]\nrecoding = \"local\"\n[privacy]"), 1),
        ("gate", gated, 1),
    ] {
        folder.write("p.toml", profile);
        let ran = folder
            .outis(&["run", "p.toml", "-i", "in.csv", "-o", name, "--insecure-test-seed", "5", "--json"])
            .expect(code);
        let log = if code == 0 { format!("{name}/evidence/log.jsonl") } else { format!("{name}.refused/log.jsonl") };
        let rows = accounts(&folder, &log);
        assert_eq!((rows["rows_in"], rows["rejected"]), (481, 80), "{name}: {rows:?}");
        match name {
            "all" => {
                assert!(
                    ["rows_out", "suppressed", "not_drawn", "over_cap"].iter().all(|key| rows.contains_key(key)),
                    "{rows:?}"
                )
            }
            "gate" => assert!(rows["rows_out"] == 400 && rows["suppressed"] == 1, "{rows:?}"),
            _ => {
                assert_eq!((rows.get("withheld"), rows.len()), (Some(&401), 3), "{name}: {rows:?}");
                assert_eq!(ran.json()["rows"]["withheld"], 401, "{name}");
            }
        }
    }
}

#[test]
fn the_plan_that_is_signed_says_every_condition_that_is_not_as_by_default() {
    let folder = Folder::new();
    let before =
        |section: &str| PROFILE.replace("[[column]]\nname = \"id\"", &format!("{section}\n[[column]]\nname = \"id\""));
    let mut digests = std::collections::BTreeSet::new();
    let profiles = [
        (PROFILE.to_owned(), "k-anonymity"),
        (before("[gate]\nvalue_support = 3"), "members of every value: at least 3"),
        (before("[gate]\nunique_rows_at_most = \"90%\""), "rows that few columns tell apart: at most 90%"),
        (before("[input]\nragged = \"reject\""), "ragged rows: are left out and counted"),
        (before("[input]\nstray_quotes = \"keep\""), "stray quotes: are taken as they stand"),
        (before("[input]\nnull = [\"\", \"NA\"]"), "input null: \"\", \"NA\""),
        (before("[input]\nencoding = \"gb18030\""), "input encoding: gb18030"),
        (before("[output]\ndelimiter = \";\""), "output delimiter: ;"),
        (
            PROFILE.replace("level = 1", "level = 1\ninvalid = \"null\""),
            "cells of `age` that are not of its type: become missing",
        ),
        (
            before("[ledger]\npopulation = \"town\"\nvalues_left = 3"),
            "of `town`: together they leave everybody at least 3",
        ),
        (before("[evidence]\nlog = \"org\"\nsign = [\"k\"]"), "entered in: an organisation's log"),
    ];
    for (profile, said) in &profiles {
        folder.write("p.toml", profile);
        let explained = folder.outis(&["explain", "p.toml", "--json"]).expect(0).json();
        let page = explained["plan"].as_str().unwrap();
        assert!(page.contains(said), "{said}:\n{page}");
        digests.insert(explained["digest"].as_str().unwrap().to_owned());
    }
    assert_eq!(digests.len(), profiles.len(), "each is a plan of its own");
    // what the command line says of the input is part of the plan, and both verbs take it
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", table().replace(',', ";").replace("\"note; ", "\"note, "));
    let reading = ["p.toml", "-i", "in.csv", "--delimiter", ";", "--json"];
    let explained = folder.outis(&[&["explain"], &reading[..]].concat()).expect(0).json();
    let report = folder.outis(&[&["run", "-o", "out"], &reading[..]].concat()).expect(0).json();
    assert_eq!(explained["digest"], report["plan_digest"]);
    assert!(
        explained["plan"].as_str().unwrap().contains("input delimiter: ;")
            && !digests.contains(explained["digest"].as_str().unwrap())
    );
}

#[test]
fn the_digest_of_the_profile_is_that_of_its_file() {
    use sha2::Digest as _;
    let folder = Folder::new();
    folder.write("in.csv", table());
    // bytes that a parser would not give back: a comment, a word that is not ASCII, ends of lines of another system
    let commented = format!("# für the office\r\n{PROFILE}").replace("tier = \"trade\"\n", "tier   = 'trade'\r\n");
    let mut told = Vec::new();
    for (name, text) in [("plain", PROFILE), ("commented", &commented)] {
        let file = format!("{name}.toml");
        folder.write(&file, text);
        let expected = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(text));
        let report = folder.outis(&["run", &file, "-i", "in.csv", "-o", name, "--json", "--quiet"]).expect(0).json();
        let opened = &events(&folder, &format!("{name}/evidence/log.jsonl"))[0];
        assert_eq!(opened["type"], "run_opened");
        assert_eq!(opened["body"]["profile_digest"], expected, "of the very bytes");
        assert_eq!(report["profile_digest"], expected);
        told.push((expected, opened["body"]["plan_digest"].clone()));
    }
    assert_ne!(told[0].0, told[1].0, "another text");
    assert_eq!(told[0].1, told[1].1, "and the same plan");
}

#[test]
fn the_log_says_until_when_it_is_kept() {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", table());
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(0);
    assert_eq!(events(&folder, "out/evidence/log.jsonl")[0]["body"]["retention_years"], 5);
    let times = events(&folder, "out/evidence/times.jsonl");
    let last = times.last().unwrap();
    let (day, until) = (last["wall"].as_str().unwrap(), last["run"]["keep_until"].as_str().unwrap());
    let years = |text: &str| text[..4].parse::<u32>().unwrap();
    assert_eq!(years(until), years(day) + 5);
    // the 29th of February has no fifth anniversary
    assert!(until[4..] == day[4..10] || &day[4..10] == "-02-29" && &until[4..] == "-02-28", "{day} {until}");
}

#[test]
fn persons_are_counted_not_rows() {
    // every class has 20 rows, but the south is one person
    let mut text = String::from("id,city,age,note\n");
    for row in 0..20 {
        text.push_str(&format!("p{row},north,25,x\npsouth,south,25,x\n"));
    }
    let folder = Folder::new();
    folder.write("in.csv", text);
    // half of the rows are one token's: a rule of its own, and not the question here
    let gate = "\n[gate]\ntoken_share_at_most = \"50%\"\n";
    folder.write("rows.toml", format!("{}{gate}", PROFILE.replace("10%", "0%")));
    folder.write("persons.toml", PROFILE.replace("10%", "0%").replace(r#"unit = "row""#, r#"unit = "subject""#));
    folder.outis(&["run", "rows.toml", "-i", "in.csv", "-o", "by-row"]).expect(0);
    let ran = folder.outis(&["run", "persons.toml", "-i", "in.csv", "-o", "by-person", "--json"]).expect(1);
    assert_eq!(ran.json()["status"], "refused");
    assert!(folder.join("by-person.refused/log.jsonl").exists() && !folder.join("by-person").exists());
    // allowed to suppress half, the one person's rows go
    folder.write("half.toml", PROFILE.replace("10%", "50%").replace(r#"unit = "row""#, r#"unit = "subject""#));
    let report = folder.outis(&["run", "half.toml", "-i", "in.csv", "-o", "half", "--json"]).expect(0).json();
    assert_eq!(
        (report["rows"]["suppressed"].as_u64(), report["risk"]["smallest_class"].as_u64()),
        (Some(20), Some(20))
    );
}

#[test]
fn a_sample_is_drawn_once_for_both_passes() {
    let folder = Folder::new();
    folder.write("p.toml", format!("{PROFILE}\n[rows]\nsample = \"50%\"\n"));
    folder.write("in.csv", table());
    let report = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out", "--json"]).expect(0).json();
    let (drawn, not_drawn) =
        (report["rows"]["released"].as_u64().unwrap(), report["rows"]["not_drawn"].as_u64().unwrap());
    assert_eq!(drawn + not_drawn + report["rows"]["suppressed"].as_u64().unwrap(), 401);
    // binomial(401, 1/2): standard deviation 10, ALPHA = 1e-6 is 4.9 of them
    assert!(not_drawn.abs_diff(200) < 50, "{not_drawn}");
}

#[test]
fn a_shuffled_column_keeps_its_values_and_loses_its_rows() {
    let folder = Folder::new();
    folder.write(
        "p.toml",
        PROFILE.replace("role = \"sensitive\"", "role = \"sensitive\"\napply = \"shuffle\"")
            + "[[column]]\nname = \"copy\"\nrole = \"sensitive\"\n",
    );
    let text: String = table()
        .lines()
        .enumerate()
        .map(|(row, line)| {
            if row == 0 {
                format!("{line},copy\n")
            } else {
                format!("{line},{}\n", line.split("note, ").nth(1).map_or("alone", |tail| tail.trim_end_matches('"')))
            }
        })
        .collect();
    folder.write("in.csv", text);
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(0);
    let text = folder.read("out/data/part-00000.csv");
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
    let mut values: Vec<usize> =
        rows.iter().map(|row| row[3].strip_prefix("note, ").unwrap().parse().unwrap()).collect();
    let stayed = rows.iter().filter(|row| row[3].strip_prefix("note, ") == Some(&row[4])).count();
    assert!(stayed < 15, "{stayed} of 400 cells are still in their row; 1 is expected, Poisson: ALPHA = 1e-6 is 10");
    values.sort_unstable();
    assert_eq!(values, (0..400).collect::<Vec<_>>(), "the released rows' values, each once");
}

#[test]
fn input_order_is_kept_when_asked() {
    let folder = Folder::new();
    let in_order = PROFILE.to_owned() + "[output]\nshuffle = false\nparts = 1\n";
    folder.write("p.toml", &in_order);
    folder.write("in.csv", table());
    let ran = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(1);
    assert!(ran.stderr().contains("order"), "rows in the order of the source are not traded: {}", ran.stderr());
    folder.write("p.toml", in_order.replace("tier = \"trade\"", "tier = \"conditional\""));
    folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(0);
    let text = folder.read("out/data/part-00000.csv");
    let numbers: Vec<usize> = text
        .lines()
        .skip(1)
        .map(|line| line.split("note, ").nth(1).unwrap().trim_end_matches('"').parse().unwrap())
        .collect();
    assert_eq!(numbers, (0..400).collect::<Vec<_>>());
}

#[test]
fn tier_closed_never_publishes() {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE.replace("trade", "closed"));
    folder.write("in.csv", table());
    let ran = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", "out"]).expect(1);
    assert!(ran.stderr().contains("tier does not hold"), "{}", ran.stderr());
    assert_eq!(
        folder.files(),
        ["in.csv", "out.refused/checkpoint", "out.refused/log.jsonl", "out.refused/times.jsonl", "p.toml"]
    );
}

#[test]
fn an_empty_table_is_an_empty_release() {
    let folder = Folder::new();
    folder.write("p.toml", PROFILE);
    folder.write("in.csv", "id,city,age,note\n");
    for format in ["csv", "ndjson", "parquet", "ipc"] {
        let target = format!("out-{format}");
        let ran = folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", &target, "--output-format", format, "--json"]);
        assert_eq!(ran.expect(0).json()["rows"]["released"], 0, "{format}");
    }
}

/// Types that a table of `typed.parquet` has, kept; and a decimal without a fixed scale.
#[test]
fn typed_columns_stay_typed_and_exact() {
    let folder = Folder::new();
    let profile = "name = \"t\"\nversion = \"1\"\ngoal = \"deidentified\"\ntier = \"closed\"\n\
        [[column]]\nname = \"n\"\nrole = \"insensitive\"\n[[column]]\nname = \"price\"\nrole = \"insensitive\"\n\
        [[column]]\nname = \"ok\"\nrole = \"insensitive\"\n[[column]]\nname = \"word\"\nrole = \"insensitive\"\n";
    folder.write("p.toml", profile.replace("closed", "conditional"));
    folder.write(
        "in.ndjson",
        "{\"n\":1,\"price\":1945.30,\"ok\":true,\"word\":\"a,b\"}\n{\"n\":null,\"price\":2,\"ok\":false,\"word\":\"\"}\n",
    );
    // NDJSON to Parquet and back: integers, booleans and text stay; decimals keep every digit
    folder.outis(&["run", "p.toml", "-i", "in.ndjson", "-o", "pq", "--output-format", "parquet"]).expect(0);
    folder
        .outis(&["run", "p.toml", "-i", "pq/data/part-00000.parquet", "-o", "ipc", "--output-format", "ipc"])
        .expect(0);
    folder
        .outis(&["run", "p.toml", "-i", "ipc/data/part-00000.arrow", "-o", "back", "--output-format", "ndjson"])
        .expect(0);
    let mut lines: Vec<String> = folder.read("back/data/part-00000.ndjson").lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("{\"n\":1,\"price\":") && lines[0].contains("1945.30"), "{lines:?}");
    assert!(lines[0].ends_with(",\"ok\":true,\"word\":\"a,b\"}") && lines[1].contains("\"n\":null"), "{lines:?}");
}

/// One row per kind of edge: ends of the ranges, the sign of zero, digits that decimals lose, and nothing at all.
fn typed() -> (outis::value::Schema, Vec<outis::value::Column<'static>>) {
    use outis::value::{Column, DataType, Date, Decimal, Field, Schema, TextBuilder};
    let kinds = [
        ("row", DataType::Integer),
        ("day", DataType::Date),
        ("moment", DataType::Timestamp),
        ("ratio", DataType::Float),
        ("price", DataType::Decimal),
        ("sure", DataType::Boolean),
        ("word", DataType::Text),
    ];
    let field = |(name, data_type): (&str, DataType)| Field { name: name.into(), data_type };
    let day = |year, month, day| Date::new(year, month, day);
    let price = |text: &str| Decimal::parse(text.as_bytes());
    let mut words = TextBuilder::default();
    for word in [Some("a,b"), Some(""), None, Some("\"\n中"), Some("2024-02-29")] {
        words.push_option(word.map(str::as_bytes));
    }
    let columns = vec![
        Column::Integer((0..5).map(Some).collect()),
        Column::Date(vec![day(1, 1, 1), day(1969, 12, 31), None, day(2024, 2, 29), day(9999, 12, 31)]),
        Column::Timestamp(vec![Some(-1), Some(1_709_210_096_789_012), None, Some(0), Some(253_402_300_799_999_999)]),
        Column::Float(vec![
            Some(0.1),
            Some(-0.0),
            None,
            Some(f64::MIN_POSITIVE / 8.0),
            Some(-1.797_693_134_862_315_7e308),
        ]),
        Column::Decimal(vec![price("1945.30"), price("-0.05"), None, price("0.00"), price("99999999999999999999.99")]),
        Column::Boolean(vec![Some(true), Some(false), None, Some(false), Some(true)]),
        Column::Text(words.finish(false)),
    ];
    (Schema::new(kinds.map(field).into()).unwrap(), columns)
}

/// Dates, moments and doubles, too, from both typed formats into both, kept and permuted; read by polars, not by us.
#[test]
fn every_type_stays_itself_and_every_value_exact_in_typed_files() {
    use outis::write::{Format, Layout, PartWriter, RecordEncoder};
    use polars::prelude::{AnyValue, DataFrame, DataType, TimeUnit};
    use polars_io::SerReader as _;
    let folder = Folder::new();
    let (schema, columns) = typed();
    for (format, name) in [(Format::Parquet, "in.parquet"), (Format::Ipc, "in.arrow")] {
        let mut layout = Layout::new(format, schema.clone());
        layout.decimal_scales = schema.fields().iter().map(|field| (field.name == "price").then_some(2)).collect();
        let (mut encoder, mut writer) = (RecordEncoder::new(&layout), PartWriter::start(&layout, Vec::new()).unwrap());
        writer.batch(&mut encoder, &columns).unwrap();
        folder.write(name, writer.finish().unwrap());
    }
    let profile = |apply: &str| {
        let mut text = "name = \"t\"\nversion = \"1\"\ngoal = \"deidentified\"\ntier = \"conditional\"\n".to_owned();
        for field in schema.fields() {
            let apply = if field.name == "row" { "" } else { apply };
            text += &format!("[[column]]\nname = \"{}\"\nrole = \"insensitive\"\n{apply}", field.name);
        }
        text
    };
    folder.write("keep.toml", profile(""));
    folder.write("shuffle.toml", profile("apply = \"shuffle\"\n"));
    let read = |name: &str| -> DataFrame {
        let file = std::fs::File::open(folder.join(name)).unwrap();
        if name.ends_with("parquet") {
            polars_io::parquet::read::ParquetReader::new(file).finish().unwrap()
        } else {
            polars_io::ipc::IpcReader::new(file).finish().unwrap()
        }
    };
    // every row as polars prints it, by its number; a double by its bits
    let rows = |frame: &DataFrame| -> Vec<Vec<String>> {
        let shown = |value: AnyValue| match value {
            AnyValue::Float64(number) => format!("{:x}", number.to_bits()),
            other => format!("{other:?}"),
        };
        let row = |at: usize| frame.columns().iter().map(|column| shown(column.get(at).unwrap())).collect();
        let mut rows: Vec<Vec<String>> = (0..frame.height()).map(row).collect();
        rows.sort();
        rows
    };
    let kinds = [
        DataType::Int64,
        DataType::Date,
        DataType::Datetime(TimeUnit::Microseconds, None),
        DataType::Float64,
        DataType::Decimal(38, 2),
        DataType::Boolean,
        DataType::String,
    ];
    for source in ["in.parquet", "in.arrow"] {
        let expected = rows(&read(source));
        let (leap, last) = (
            ["Int64(3)", "Date(19782)", "Datetime(0, Microseconds, None)", "2000000000000", "Decimal(0, 38, 2)"],
            ["Int64(4)", "Date(2932896)", "Datetime(253402300799999999, Microseconds, None)", "ffefffffffffffff"],
        );
        assert!(expected[3].starts_with(&leap.map(str::to_owned)) && expected[4].starts_with(&last.map(str::to_owned)));
        for (format, end) in [("parquet", "parquet"), ("ipc", "arrow")] {
            for way in ["keep", "shuffle"] {
                let target = format!("{source}-{format}-{way}");
                let profile = format!("{way}.toml");
                folder.outis(&["run", &profile, "-i", source, "-o", &target, "--output-format", format]).expect(0);
                let frame = read(&format!("{target}/data/part-00000.{end}"));
                assert_eq!(frame.dtypes(), kinds, "{target}");
                let found = rows(&frame);
                if way == "keep" {
                    assert_eq!(found, expected, "{target}");
                }
                for place in 0..kinds.len() {
                    let column = |rows: &[Vec<String>]| {
                        let mut cells: Vec<String> = rows.iter().map(|row| row[place].clone()).collect();
                        cells.sort();
                        cells
                    };
                    assert_eq!(column(&found), column(&expected), "{target}: column {place}");
                }
            }
        }
    }
}

/// Packed lines come in, packed lines leave, and they say the same as plain ones.
#[test]
fn ndjson_is_read_and_written_packed_and_plain_alike() {
    use std::io::{Read as _, Write as _};
    let folder = Folder::new();
    folder.write(
        "p.toml",
        "name = \"n\"\nversion = \"1\"\ngoal = \"deidentified\"\ntier = \"conditional\"\n\
         [[column]]\nname = \"n\"\nrole = \"insensitive\"\n[[column]]\nname = \"word\"\nrole = \"insensitive\"\n",
    );
    let lines: Vec<String> = (0..9000)
        .map(|row| format!("{{\"n\":{row}.50,\"word\":\"{} \\\"中\\\"\"}}", ["north", "south"][row % 2]))
        .collect();
    let plain = lines.join("\n") + "\n";
    folder.write("in.ndjson", &plain);
    // two members behind each other are one text, as `cat` makes them
    let (first, second) = plain.split_at(plain.len() / 3);
    let gzip = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    folder.write("in.ndjson.gz", [gzip(first), gzip(second)].concat());
    let zstd = |text: &str| zstd::stream::encode_all(text.as_bytes(), 1).unwrap();
    folder.write("in.ndjson.zst", [zstd(first), zstd(second)].concat());
    let mut expected = lines;
    expected.sort();
    for input in ["in.ndjson", "in.ndjson.gz", "in.ndjson.zst"] {
        for (packing, end) in [("none", ""), ("gzip", ".gz"), ("zstd", ".zst")] {
            folder.write("q.toml", folder.read("p.toml") + &format!("[output]\ncompression = \"{packing}\"\n"));
            let target = format!("{input}-{packing}");
            folder.outis(&["run", "q.toml", "-i", input, "-o", &target, "--output-format", "ndjson"]).expect(0);
            let (mut text, mut parts) = (String::new(), 0);
            for name in folder.files().iter().filter(|name| name.starts_with(&format!("{target}/data/"))) {
                assert!(name.ends_with(&format!(".ndjson{end}")), "{name}");
                let bytes = std::fs::read(folder.join(name)).unwrap();
                match packing {
                    "none" => bytes.as_slice().read_to_string(&mut text),
                    "gzip" => flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text),
                    _ => zstd::stream::read::Decoder::new(&bytes[..]).unwrap().read_to_string(&mut text),
                }
                .unwrap();
                parts += 1;
            }
            let mut found: Vec<&str> = text.lines().collect();
            found.sort_unstable();
            assert!(found == expected, "{target}: {parts} parts, {} lines", found.len());
        }
    }
}

/// Cells of three megabytes, which no buffer of a usual size holds: from and into every format, each whole and in its row.
#[test]
fn cells_of_megabytes_are_whole_in_every_format() {
    use outis::read::{Options, Scratch, Source};
    let folder = Folder::new();
    let profile = "name = \"m\"\nversion = \"1\"\ngoal = \"deidentified\"\ntier = \"conditional\"\n\
        [[column]]\nname = \"n\"\nrole = \"insensitive\"\n[[column]]\nname = \"long\"\nrole = \"insensitive\"\n";
    folder.write("p.toml", profile);
    // what looks the same at no two places, with all that a format must quote
    let long = |row: u32| -> String {
        let size = 3_000_000 + 7 * row as usize;
        let mut text = String::with_capacity(size + 40);
        let mut state = row + 1;
        while text.len() < size {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(&format!("{state:x}"));
            text.push_str([",", "\"", "\n", "中", " ", "\\", "{", "\t"][state as usize >> 29]);
        }
        text
    };
    let cells: Vec<(u32, String)> =
        (0..4).map(|row| (row, if row == 2 { "short".to_owned() } else { long(row) })).collect();
    let quoted = |text: &str| text.replace('"', "\"\"");
    let rows: String = cells.iter().map(|(row, cell)| format!("{row},\"{}\"\n", quoted(cell))).collect();
    folder.write("in.csv", format!("n,long\n{rows}"));
    let read = |path: &str| {
        let source = Source::open(&[folder.join(path)], Options::default()).unwrap();
        let (pass, mut scratch, mut found) = (source.pass().unwrap(), Scratch::default(), Vec::new());
        while let Some(shard) = pass.next().unwrap() {
            let mut take = |batch: outis::value::Batch<'_>| {
                for row in 0..batch.rows {
                    let [n, cell] = [0, 1].map(|at| {
                        let mut out = Vec::new();
                        assert!(batch.columns[at].write_text(row, &mut out));
                        String::from_utf8(out).unwrap()
                    });
                    found.push((n.parse::<u32>().unwrap(), cell));
                }
                Ok(())
            };
            shard.read(&mut scratch, &mut take).unwrap();
        }
        found.sort();
        found
    };
    for (format, end) in [("csv", "csv"), ("ndjson", "ndjson"), ("parquet", "parquet"), ("ipc", "arrow")] {
        folder.outis(&["run", "p.toml", "-i", "in.csv", "-o", format, "--output-format", format]).expect(0);
        let part = format!("{format}/data/part-00000.{end}");
        assert!(read(&part) == cells, "{format}: a cell is not whole");
        // and from that format back to the first
        let back = format!("back-{format}");
        folder.outis(&["run", "p.toml", "-i", &part, "-o", &back, "--output-format", "csv"]).expect(0);
        let text = std::fs::read(folder.join(&back).join("data/part-00000.csv")).unwrap();
        let mut found: Vec<(u32, String)> =
            csv::Reader::from_reader(&text[..]).deserialize().collect::<Result<_, _>>().unwrap();
        found.sort();
        assert!(found == cells, "{format} to csv: a cell is not whole");
    }
    // what the library read is what other readers read
    let lines = folder.read("ndjson/data/part-00000.ndjson");
    let mut found: Vec<(u32, String)> = lines
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            (row["n"].to_string().trim_matches('"').parse().unwrap(), row["long"].as_str().unwrap().to_owned())
        })
        .collect();
    found.sort();
    assert!(found == cells, "serde_json reads other lines");
}

#[test]
fn decimals_of_a_fixed_scale_stay_decimals() {
    use outis::value::{Column, DataType, Decimal, Field, Schema};
    use outis::write::{Format, Layout, PartWriter, RecordEncoder};
    let folder = Folder::new();
    let schema = Schema::new(vec![Field { name: "price".into(), data_type: DataType::Decimal }]).unwrap();
    let mut layout = Layout::new(Format::Parquet, schema);
    layout.decimal_scales = vec![Some(2)];
    let columns = [Column::Decimal(vec![Decimal::parse(b"1945.30"), None, Decimal::parse(b"-0.05")])];
    let (mut encoder, mut writer) = (RecordEncoder::new(&layout), PartWriter::start(&layout, Vec::new()).unwrap());
    writer.batch(&mut encoder, &columns).unwrap();
    folder.write("in.parquet", writer.finish().unwrap());
    folder.write(
        "p.toml",
        "name = \"d\"\nversion = \"1\"\ngoal = \"deidentified\"\ntier = \"conditional\"\n[[column]]\nname = \"price\"\nrole = \"insensitive\"\n",
    );
    for (format, end) in [("parquet", "parquet"), ("ipc", "arrow")] {
        folder.outis(&["run", "p.toml", "-i", "in.parquet", "-o", format, "--output-format", format]).expect(0);
        let path = folder.join(&format!("{format}/data/part-00000.{end}"));
        let source = outis::read::Source::open(&[path], outis::read::Options::default()).unwrap();
        assert_eq!(source.schema().fields()[0].data_type, DataType::Decimal, "{format}");
        assert_eq!(source.schema().scale(0), Some(2), "{format}");
    }
    folder.outis(&["run", "p.toml", "-i", "in.parquet", "-o", "csv", "--output-format", "csv"]).expect(0);
    assert!(folder.read("csv/data/part-00000.csv").contains("1945.30"));
}
