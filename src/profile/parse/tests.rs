use super::*;
use crate::limits::{K, Share};
use crate::profile::spec::{Frequency, Invalid, Role, SuiteName, Tier, Unit};
use crate::profile::{
    Aggregate, BetaKind, DistanceKind, EstimatorName, LevelsFrom, Minimize, ModelKind, PopulationSpec, Recoding,
};
use crate::profile::{CentreName, DateStep, Encoding, HierarchySpec, NoiseSpec, OperatorSpec, RegionName};
use crate::value::Decimal;
use proptest::prelude::*;

const CASES: &str = include_str!("tests/bad.txt");
const GOOD: &str = include_str!("tests/good.toml");

fn head(line: &str) -> Option<String> {
    let (goal, tier) = match line {
        "@" => ("anonymized", "closed"),
        "@open" => ("anonymized", "open"),
        "@linked" => ("deidentified", "closed"),
        _ => return None,
    };
    Some(format!("name = \"x\"\nversion = \"1\"\ngoal = \"{goal}\"\ntier = \"{tier}\""))
}

fn complaints(text: &str) -> Vec<Complaint> {
    match parse(text, None) {
        Ok(_) => Vec::new(),
        Err(error) => match error.kind() {
            ErrorKind::Profile(complaints) => complaints.clone(),
            other => panic!("not a complaint: {other}"),
        },
    }
}

fn loaded(text: &str) -> Loaded {
    match parse(text, None) {
        Ok(loaded) => loaded,
        Err(_) => panic!("{:?}", complaints(text)),
    }
}

#[test]
fn bad_profiles_get_exactly_these_complaints() {
    let (preface, cases) = CASES.split_once("\n## ").unwrap();
    let (mut made, mut count) = (preface.to_owned(), 0);
    for case in cases.split("\n## ") {
        let lines: Vec<&str> = case.lines().skip(1).filter(|line| !line.starts_with("=> ")).collect();
        let text: Vec<String> = lines.iter().map(|line| head(line).unwrap_or_else(|| (*line).to_owned())).collect();
        let found = complaints(&text.join("\n"));
        assert!(!found.is_empty(), "no complaint about {case}");
        assert!(found.is_sorted() && found.iter().all(|one| one.advice.ends_with(['.', '?'])), "{case}");
        made += &format!(
            "\n## {}",
            std::iter::once(case.lines().next().unwrap()).chain(lines).collect::<Vec<_>>().join("\n")
        );
        for one in &found {
            made += &format!("\n=> {}:{} {} | {}", one.line, one.column, one.what, one.advice);
        }
        count += 1;
    }
    made.push('\n');
    assert!(count >= 60, "{count}");
    if std::env::var_os("OUTIS_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/profile/parse/tests/bad.txt"), &made).unwrap();
    }
    for (is, expected) in made.lines().zip(CASES.lines()) {
        assert_eq!(is, expected);
    }
    assert_eq!(made.lines().count(), CASES.lines().count());
}

#[test]
fn twelve_mistakes_are_twelve_complaints() {
    let case = CASES.split("## twelve mistakes are told at once\n").nth(1).unwrap();
    let text: Vec<&str> = case.lines().take_while(|line| !line.starts_with("=> ")).collect();
    assert_eq!(complaints(&text.join("\n")).len(), 12);
}

#[test]
fn every_key_reaches_its_field() {
    let loaded = loaded(GOOD);
    assert_eq!(loaded.text, GOOD);
    let profile = loaded.profile;
    assert_eq!((profile.name.as_str(), profile.version.as_str()), ("all-keys", "2026.1"));
    assert_eq!((profile.goal, profile.tier), (Goal::Deidentified, Tier::Conditional));
    assert_eq!(profile.purpose.as_deref(), Some("tests"));
    assert_eq!(profile.provenance.source.as_deref(), Some("dataset-17"));
    assert_eq!(profile.provenance.obtained.as_deref(), Some("2026-03-01"));
    assert!(profile.obtained().is_some());
    assert_eq!(profile.provenance.responsible.as_deref(), Some("role:data-office"));
    assert_eq!(profile.provenance.provider.as_deref(), Some("provider-3"));
    assert_eq!(profile.provenance.basis.as_deref(), Some("contract, § 4"));
    let words = &profile.catalogue;
    let texts = [&words.title, &words.description, &words.publisher, &words.contact, &words.class, &words.license];
    let texts: Vec<&str> =
        texts.into_iter().chain([&words.terms, &words.access]).flatten().map(String::as_str).collect();
    let expected =
        ["All keys", "Every key once", "An office", "desk 3", "tests", "CC BY 4.0", "tests only", "download"];
    assert_eq!(texts, expected);
    assert_eq!((words.keywords.len(), words.frequency), (2, Some(Frequency::Quarterly)));
    assert_eq!((words.from.as_deref(), words.until.as_deref()), (Some("2025-01-01"), Some("2025-12-31")));
    let input = &profile.input;
    assert_eq!((input.format.as_deref(), input.encoding.as_str()), (Some("csv"), "gb18030"));
    assert_eq!((input.delimiter, input.quote, input.header), (b'\t', None, false));
    assert_eq!(input.null, ["", "NA"]);
    assert_eq!((input.ragged.name(), input.stray_quotes.name()), ("reject", "keep"));
    assert_eq!(profile.sample, Share::parse("10%"));
    assert_eq!(profile.privacy.unit, Unit::Subject);
    assert_eq!(profile.privacy.k.map(K::get), Some(11));
    assert_eq!(profile.privacy.suppress_at_most, Share::parse("2.5%").unwrap());
    let kind = |at: usize| (profile.privacy.models[at].of.as_deref(), &profile.privacy.models[at].kind);
    let (diagnosis, stage) = (Some("diagnosis"), Some("stage"));
    let k = |k: u32| K::new(k).unwrap();
    assert_eq!(kind(0), (diagnosis, &ModelKind::DistinctL(k(3))));
    assert_eq!(kind(1), (diagnosis, &ModelKind::EntropyL { l: 2.5, estimator: EstimatorName::Grassberger }));
    assert_eq!(kind(2), (stage, &ModelKind::RecursiveCl { c: 4.0, l: k(2) }));
    let order = ["low", "middle", "high"].map(str::to_owned).to_vec();
    assert_eq!(kind(3), (stage, &ModelKind::TCloseness { t: 0.2, distance: DistanceKind::Ordered, order }));
    let order = Vec::new();
    assert_eq!(kind(4), (diagnosis, &ModelKind::TCloseness { t: 0.25, distance: DistanceKind::Hierarchical, order }));
    assert_eq!(kind(5), (diagnosis, &ModelKind::AlphaK { alpha: 0.5, k: k(11) }));
    assert_eq!(kind(6), (diagnosis, &ModelKind::Beta { beta: 2.0, kind: BetaKind::Basic }));
    assert_eq!(kind(7), (diagnosis, &ModelKind::DeltaDisclosure(1.5)));
    assert_eq!(kind(8), (None, &ModelKind::KMap(k(12))));
    assert_eq!(kind(9), (None, &ModelKind::HighestRisk(0.09)));
    assert_eq!(kind(10), (None, &ModelKind::AverageRisk(0.05)));
    assert_eq!(kind(11), (None, &ModelKind::RiskShare { share: 0.01, above: 0.2 }));
    assert_eq!(kind(12), (None, &ModelKind::SampleUniqueness(0.0)));
    assert_eq!(kind(13), (None, &ModelKind::PopulationUniqueness(0.001)));
    assert_eq!(profile.privacy.models.len(), 14);
    assert_eq!(profile.privacy.population, Some(PopulationSpec::Size(1_400_000)));
    let search = &profile.search;
    assert_eq!((search.minimize, search.aggregate, search.balance), (Minimize::Loss, Aggregate::Rank, 0.25));
    assert_eq!((search.levels_from, search.recoding), (LevelsFrom::Declared, Recoding::Global), "every level is given");
    assert_eq!((search.seconds, search.nodes), (Some(60), Some(1000)));
    let approval = profile.approval().unwrap();
    assert_eq!((approval.role.as_str(), approval.keys.len()), ("role:data-protection", 1));
    assert_eq!(approval.tiers, [Tier::Open, Tier::Conditional]);
    let evidence = &profile.evidence;
    assert_eq!((evidence.sign.len(), evidence.sign_command.as_ref().map(Vec::len)), (2, Some(2)));
    let paths = [&evidence.sign_public, &evidence.log, &evidence.log_sign, &evidence.salts];
    let paths: Vec<&str> = paths.into_iter().flatten().map(String::as_str).collect();
    assert_eq!(paths, ["keys/hsm.pub", "records/log", "keys/log", "records/salts"]);
    assert_eq!(evidence.retention_years, 10);
    let output = &profile.output;
    assert_eq!((output.format.as_deref(), output.shuffle, output.parts), (Some("ndjson"), false, Some(8)));
    assert_eq!((output.compression.as_str(), output.delimiter, output.null.as_str()), ("zstd", b'|', "\\N"));
    let keys = &profile.keys;
    assert_eq!((keys.suite, keys.release.as_deref()), (SuiteName::HmacSm3, Some("spring")));
    assert_eq!(keys.command.as_deref(), Some(&["kms".to_owned(), "get".to_owned()][..]));
    assert!(keys.file.is_none() && keys.environment.is_none());
    assert_eq!(profile.examples.len(), 2);
    assert_eq!(profile.examples[0].input["amount"], "1945.30", "cells are taken as written");
    assert_eq!(profile.examples[0].output["birth_year"], "1980-1984");
    assert!(profile.examples[1].output.is_empty(), "suppressed");
    assert_eq!(profile.sources["privacy.k_anonymity"], "a guideline");
    let birth = profile.columns.iter().find(|column| column.name == "birth").unwrap();
    assert_eq!((birth.released_name(), birth.role, birth.semantic.name()), ("birth_year", Role::Quasi, "date"));
    assert_eq!((birth.level, birth.min_level, birth.max_level), (Some(2), Some(1), Some(3)));
    assert!(birth.type_declared && birth.invalid == Invalid::Null && (birth.weight - 2.5).abs() < 1e-12);
    assert_eq!(birth.position.column, 1);
    assert_eq!(GOOD.lines().nth(birth.position.line), Some("name = \"birth\""));
    let diagnosis = profile.columns.iter().find(|column| column.name == "diagnosis").unwrap();
    assert!(
        diagnosis.hierarchy == Some(HierarchySpec::Tree { file: "icd10.csv".into(), separator: b',' })
            && !diagnosis.type_declared
    );
    assert!((diagnosis.weight - 1.0).abs() < 1e-12 && diagnosis.invalid == Invalid::Error);
}

/// A profile of one closed column with these keys.
fn column(keys: &str) -> ColumnSpec {
    let text = format!("{}\n[[column]]\nname = \"a\"\n{keys}\n", head("@").unwrap());
    loaded(&text).profile.columns.remove(0)
}

#[test]
fn columns_of_one_group_know_its_name() {
    let column = |name: &str| {
        format!(
            "[[column]]\nname = \"{name}\"\nrole = \"sensitive\"\napply = {{ microaggregate = {{ k = 5, step = 1, group = \"vitals\" }} }}\n"
        )
    };
    let text = format!("{}\n{}{}", head("@").unwrap(), column("a"), column("b"));
    for column in loaded(&text).profile.columns {
        let Some(OperatorSpec::Microaggregate { group, .. }) = column.apply else { panic!("an operator") };
        assert_eq!(group.as_deref(), Some("vitals"));
    }
}

fn number(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).unwrap()
}

#[test]
fn operators_are_read_with_their_defaults() {
    let (bits, encoding) = (128, Encoding::Hex);
    let cases = [
        (r#""keep""#, OperatorSpec::Keep),
        (r#"{ drop = {} }"#, OperatorSpec::Drop),
        (r#""redact""#, OperatorSpec::Redact { with: "***".into() }),
        (r#"{ redact = { with = "x" } }"#, OperatorSpec::Redact { with: "x".into() }),
        (r#""mask""#, OperatorSpec::Mask { keep_first: 0, keep_last: 0, keep_from: None, with: '*', length: None }),
        (
            r#"{ mask = { keep_first = 1, keep_last = 2, keep_from = "@", with = "某", length = 6 } }"#,
            OperatorSpec::Mask {
                keep_first: 1,
                keep_last: 2,
                keep_from: Some("@".into()),
                with: '某',
                length: Some(6),
            },
        ),
        (r#"{ token = { domain = "p" } }"#, OperatorSpec::Token { domain: "p".into(), bits, encoding }),
        (
            r#"{ token = { domain = "p", bits = 0x40, encoding = "base64url" } }"#,
            OperatorSpec::Token { domain: "p".into(), bits: 64, encoding: Encoding::Base64Url },
        ),
        (r#""surrogate""#, OperatorSpec::Surrogate { bits, encoding }),
        (r#"{ round = { step = 5.0 } }"#, OperatorSpec::Round { step: number("5.0") }),
        (r#"{ round = { step = "0.01" } }"#, OperatorSpec::Round { step: number("0.01") }),
        (r#"{ round = { step = 1_000 } }"#, OperatorSpec::Round { step: number("1000") }),
        (r#"{ clamp = { high = 90 } }"#, OperatorSpec::Clamp { low: None, high: Some(number("90")) }),
        (
            r#"{ clamp = { low = -1.50, high = 0 } }"#,
            OperatorSpec::Clamp { low: Some(number("-1.50")), high: Some(number("0")) },
        ),
        (r#"{ truncate = { characters = 3 } }"#, OperatorSpec::Truncate { characters: 3 }),
        (r#"{ date = "5-years" }"#, OperatorSpec::DatePrecision { step: DateStep::Years(5) }),
        (r#"{ shift_date = { days = 365 } }"#, OperatorSpec::ShiftDate { days: 365 }),
        (
            r#"{ microaggregate = { k = 5, step = 0.5 } }"#,
            OperatorSpec::Microaggregate { k: 5, step: number("0.5"), with: CentreName::Mean, group: None },
        ),
        (
            r#"{ microaggregate = { k = 5, step = 10, with = "median" } }"#,
            OperatorSpec::Microaggregate { k: 5, step: number("10"), with: CentreName::Median, group: None },
        ),
        (
            r#"{ noise = { laplace = 5 } }"#,
            OperatorSpec::Noise { noise: NoiseSpec::Laplace(5.0), step: number("1"), low: None, high: None },
        ),
        (
            r#"{ noise = { gaussian = 0.5, step = 0.1, low = 0, high = 9 } }"#,
            OperatorSpec::Noise {
                noise: NoiseSpec::Gaussian(0.5),
                step: number("0.1"),
                low: Some(number("0")),
                high: Some(number("9")),
            },
        ),
        (r#""shuffle""#, OperatorSpec::Shuffle),
    ];
    for (text, expected) in cases {
        let found = column(&format!("role = \"sensitive\"\napply = {text}")).apply;
        assert!(found == Some(expected), "{text}");
    }
}

#[test]
fn hierarchies_are_read_with_their_defaults() {
    let groups = || [("flu".to_owned(), "lung".to_owned())].into();
    let zero = Decimal::whole(0);
    let cases = [
        (
            "{ interval = { steps = [5, 10], low = 15, high = 90 } }",
            HierarchySpec::Interval {
                steps: vec![number("5"), number("10")],
                origin: zero,
                low: Some(number("15")),
                high: Some(number("90")),
            },
        ),
        (
            "{ interval = { steps = [\"0.1\", 0.5], origin = 0.05 } }",
            HierarchySpec::Interval {
                steps: vec![number("0.1"), number("0.5")],
                origin: number("0.05"),
                low: None,
                high: None,
            },
        ),
        ("{ prefix = [4, 3, 2] }", HierarchySpec::Prefix { lengths: vec![4, 3, 2] }),
        ("{ suffix = [4, 2] }", HierarchySpec::Suffix { lengths: vec![4, 2] }),
        (r#"{ region = ["city", "part"] }"#, HierarchySpec::Region { steps: vec![RegionName::City, RegionName::Part] }),
        (
            r#"{ frequency = { order = ["a", "b"], keep = [2, 1] } }"#,
            HierarchySpec::Frequency { order: vec!["a".into(), "b".into()], keep: vec![2, 1], other: "other".into() },
        ),
        (
            "{ date = [\"day\", \"month\", \"quarter\", \"10-years\"] }",
            HierarchySpec::Date { steps: vec![DateStep::Day, DateStep::Month, DateStep::Quarter, DateStep::Years(10)] },
        ),
        ("{ categories = { flu = \"lung\" } }", HierarchySpec::Categories { groups: groups(), other: None }),
        (
            "{ categories = { groups = { flu = \"lung\" }, other = \"rest\" } }",
            HierarchySpec::Categories { groups: groups(), other: Some("rest".into()) },
        ),
        (
            "{ categories = { groups = \"a value that is called groups\" } }",
            HierarchySpec::Categories {
                groups: [("groups".to_owned(), "a value that is called groups".to_owned())].into(),
                other: None,
            },
        ),
        ("{ tree = \"a.csv\" }", HierarchySpec::Tree { file: "a.csv".into(), separator: b',' }),
        (
            "{ tree = { file = \"a.csv\", separator = \";\" } }",
            HierarchySpec::Tree { file: "a.csv".into(), separator: b';' },
        ),
    ];
    for (text, expected) in cases {
        let found = column(&format!("role = \"quasi\"\ngeneralize = {text}"));
        assert!(found.generalize == Some(expected), "{text}");
        assert_eq!(found.level, None, "the search picks it");
    }
}

#[test]
fn every_example_of_the_shape_passes_its_own_check() {
    use crate::profile::shape::{Kind, Table};
    fn walk(kind: Kind, seen: &mut Vec<(String, &'static Table)>) {
        match kind {
            Kind::Table(table) => {
                for key in table.keys {
                    seen.push((format!("{} = {}", key.name, key.example), table));
                    if let Kind::Choice(choice) = key.kind {
                        for variant in choice.variants {
                            seen.push((format!("{} = {}", key.name, variant.written()), table));
                        }
                    }
                    walk(key.kind, seen);
                }
            }
            Kind::List { of, .. } | Kind::Map(of) => walk(*of, seen),
            Kind::Either(first, second) => {
                walk(*first, seen);
                walk(*second, seen);
            }
            Kind::Choice(choice) => choice.variants.iter().for_each(|variant| walk(variant.value, seen)),
            _ => (),
        }
    }
    let mut seen = Vec::new();
    walk(Kind::Table(&PROFILE), &mut seen);
    assert!(seen.len() > 80, "{}", seen.len());
    for (text, table) in seen {
        let (lines, mut desk) = (Lines::new(&text), Desk::default());
        let document = DeTable::parse(&text).unwrap();
        Checker { lines: &lines, desk: &mut desk, preset: false }.table(
            table,
            document.get_ref(),
            Position::default(),
            "",
        );
        assert_eq!(desk.close().0, Vec::new(), "{text}");
    }
}

#[test]
fn the_profile_wins_over_its_preset() {
    let preset = "goal = \"anonymized\"\ntier = \"open\"\nname = \"theirs\"\n[privacy]\nk_anonymity = 20\nsuppress_at_most = \"1%\"\n\
                  [input]\nnull = [\"NA\"]\n[[column]]\nname = \"theirs\"\nrole = \"quasi\"\n\
                  [sources]\n\"privacy.k_anonymity\" = \"A\"\n\"privacy.suppress_at_most\" = \"B\"\n";
    let with = |text: &str| {
        parse_with(text, None, &|name| (name == "mine").then_some(preset)).map_err(|error| match error.kind() {
            ErrorKind::Profile(complaints) => complaints.clone(),
            _ => Vec::new(),
        })
    };
    let column = "[[column]]\nname = \"age\"\nrole = \"quasi\"\n";
    let plain = with(&format!("name = \"x\"\nversion = \"1\"\nextends = \"mine\"\n{column}")).ok().unwrap().profile;
    assert_eq!((plain.goal, plain.tier, plain.privacy.k.map(K::get)), (Goal::Anonymized, Tier::Open, Some(20)));
    assert_eq!(
        (plain.name.as_str(), plain.columns.len(), plain.input.null.as_slice()),
        ("x", 1, &["NA".to_owned()][..])
    );
    assert_eq!((plain.sources.len(), plain.extends.as_deref()), (2, Some("mine")));
    let text = format!(
        "name = \"x\"\nversion = \"1\"\nextends = \"mine\"\ntier = \"trade\"\n{column}[privacy]\nk_anonymity = 11\n\
         [input]\nnull = []\n[sources]\ntier = \"C\"\n"
    );
    let changed = with(&text).ok().unwrap().profile;
    assert_eq!((changed.tier, changed.privacy.k.map(K::get)), (Tier::Trade, Some(11)));
    assert_eq!(changed.privacy.suppress_at_most, Share::parse("1%").unwrap(), "the rest of the table stays");
    assert!(changed.input.null.is_empty(), "a list is replaced, not joined");
    let sources: Vec<_> = changed.sources.iter().map(|(path, words)| (path.as_str(), words.as_str())).collect();
    assert_eq!(sources, [("privacy.suppress_at_most", "B"), ("tier", "C")], "a changed number has lost its source");
    // a goal from the preset forbids what it would forbid in the profile
    let keyed = with(&format!("name = \"x\"\nversion = \"1\"\nextends = \"mine\"\n{column}[keys]\nfile = \"k\"\n"));
    assert_eq!(keyed.err().map(|complaints| complaints.len()), Some(1));
    // missing keys are told even where a preset is named
    assert_eq!(with("extends = \"mine\"\n").err().map(|complaints| complaints.len()), Some(3));
    let broken = parse_with("name = \"x\"\nversion = \"1\"\nextends = \"b\"\n", None, &|_| Some("goal = 1"));
    assert!(broken.is_err());
}

#[test]
fn a_type_that_identifies_may_not_be_shown_under_any_role() {
    let complaints = |column: &str| {
        let text = format!(
            "name = \"x\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"closed\"\ncolumn = [{{ {column} }}]"
        );
        match parse_with(&text, None, &|_| None) {
            Ok(_) => 0,
            Err(error) => match error.kind() {
                ErrorKind::Profile(complaints) => complaints.len(),
                other => panic!("{other:?}"),
            },
        }
    };
    let generalized = "generalize = { prefix = [4, 2] }";
    for role in ["quasi", "sensitive", "insensitive"] {
        for (kind, apply, wrong) in [
            ("email", "", 1),
            ("email", "apply = \"keep\"", 1),
            ("cn.mobile", "apply = { truncate = { characters = 3 } }", 1),
            ("cn.mobile", "apply = { mask = { keep_first = 3 } }", 1),
            ("cn.mobile", "apply = \"mask\"", 0),
            ("cn.mobile", "apply = { redact = { with = \"x\" } }", 0),
            ("date", "apply = \"keep\"", 0),
            ("text", "", 0),
        ] {
            let apply = if apply.is_empty() { String::new() } else { format!(", {apply}") };
            let column = format!("name = \"a\", role = \"{role}\", type = \"{kind}\"{apply}");
            assert_eq!(complaints(&column), wrong, "{column}");
        }
    }
    let level = |level: usize| {
        complaints(&format!("name = \"a\", role = \"quasi\", type = \"ip\", {generalized}, level = {level}"))
    };
    assert_eq!((level(0), level(1)), (1, 0));
}

#[test]
fn warnings_do_not_stop() {
    let text = |goal: &str, tier: &str, rest: &str| {
        format!("name = \"x\"\nversion = \"1\"\ngoal = \"{goal}\"\ntier = \"{tier}\"\n{rest}")
    };
    let cases = [
        ("deidentified", "closed", "column = [{ name = \"a\", role = \"direct\", apply = \"mask\" }]", "\"mask\""),
        (
            "anonymized",
            "closed",
            "column = [{ name = \"a\", role = \"direct\", apply = { token = { domain = \"p\", bits = 64 } } }]",
            "64",
        ),
        ("anonymized", "closed", "column = [{ name = \"a\", role = \"quasi\", apply = \"shuffle\" }]", "\"shuffle\""),
        (
            "anonymized",
            "closed",
            "column = [{ name = \"a\", role = \"sensitive\", apply = { shift_date = { days = 3 } } }]",
            "{ shift_date",
        ),
        ("deidentified", "open", "column = [{ name = \"a\", role = \"insensitive\" }]", "\"open\""),
        (
            "deidentified",
            "closed",
            "column = [{ name = \"a\", role = \"insensitive\" }]\nkeys = { file = \"k\" }",
            "\"k\"",
        ),
        (
            "anonymized",
            "closed",
            "column = [{ name = \"a\", role = \"subject\", apply = { token = { domain = \"p\" } } }]\nprivacy = { k_anonymity = 5 }",
            "5 }",
        ),
    ];
    for (goal, tier, rest, needle) in cases {
        let text = text(goal, tier, rest);
        let (warnings, place) = (loaded(&text).warnings, Lines::new(&text).position(text.find(needle).unwrap()));
        let places: Vec<_> = warnings.iter().map(|one| (one.line, one.column)).collect();
        assert_eq!(places, [(place.line, place.column)], "{rest}: {warnings:?}");
    }
    assert!(
        loaded(&text("anonymized", "closed", "column = [{ name = \"a\", role = \"sensitive\" }]")).warnings.is_empty()
    );
}

#[test]
fn a_hierarchy_file_must_be_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("there.csv"), "a,*\n").unwrap();
    let text = |file: &str| {
        format!(
            "{}\ncolumn = [{{ name = \"a\", role = \"quasi\", generalize = {{ tree = \"{file}\" }} }}]",
            head("@").unwrap()
        )
    };
    assert!(parse(&text("there.csv"), Some(folder.path())).is_ok());
    assert!(parse(&text("gone.csv"), Some(folder.path())).is_err());
    assert!(parse(&text("gone.csv"), None).is_ok(), "without a folder nobody can tell");
}

#[test]
fn every_ready_profile_parses_and_has_examples() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles"));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(complaints(&text), Vec::new(), "{}", path.display());
            let loaded = loaded(&text);
            assert_eq!(loaded.warnings, Vec::new(), "{}", path.display());
            assert!(parse(&text, Some(folder)).is_ok() && loaded.profile.examples.len() >= 3, "{}", path.display());
            assert_eq!(Some(loaded.profile.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
            names.push(loaded.profile.name);
        }
    }
    names.sort();
    assert_eq!(names, ["open-20", "quickstart", "research-k5", "safe-harbor", "study-11", "test-data", "trade-11"]);
}

fn sound(text: &str) -> std::result::Result<(), TestCaseError> {
    match parse(text, None) {
        Ok(loaded) => prop_assert!(!loaded.profile.columns.is_empty()),
        Err(error) => {
            let ErrorKind::Profile(complaints) = error.kind() else { panic!("only complaints come") };
            prop_assert!(!complaints.is_empty() && complaints.is_sorted());
            let lines = text.split('\n').count();
            prop_assert!(
                complaints.iter().all(|one| one.line <= lines && !one.what.is_empty() && !one.advice.is_empty())
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC*|([a-z_]{1,8} ?= ?[\\[\\]{}\"',0-9a-z=\n]{0,20}\n){0,8}") {
        sound(&text)?;
    }

    #[test]
    fn mutated_profiles_are_answered(cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[\\[\\]{}\"=,.\n a-z0-9é-]{0,4}"), 1..6)) {
        let mut characters: Vec<char> = GOOD.chars().collect();
        for (at, removed, put) in cuts {
            let start = at.index(characters.len());
            let end = (start + removed).min(characters.len());
            characters.splice(start..end, put.chars());
        }
        sound(&characters.into_iter().collect::<String>())?;
    }

    #[test]
    fn lines_in_any_order_are_answered(order in proptest::collection::vec(any::<prop::sample::Index>(), 1..60)) {
        let lines: Vec<&str> = GOOD.lines().collect();
        let text: Vec<&str> = order.iter().map(|at| lines[at.index(lines.len())]).collect();
        sound(&text.join("\n"))?;
    }
}
