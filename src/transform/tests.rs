//! Claims about every operator, and examples of each.

use super::*;
use crate::domain::SemanticType;
use crate::error::{ErrorKind, MANY};
use crate::hierarchy::{Categories, DateLadder, Hierarchy, Interval, Prefix, Step, Tree};
use crate::secret::{FieldKey, Label, MasterKey, StreamKey, Suite, TextEncoding};
use crate::value::{Date, Decimal, TextBuilder};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A column with its place, for one application.
pub(super) struct Case<'r, 'a> {
    column: &'r Column<'a>,
    subject: Option<&'r Column<'a>>,
    first_row: u64,
}

impl<'r, 'a> Case<'r, 'a> {
    pub(super) fn of(column: &'r Column<'a>) -> Self {
        Self { column, subject: None, first_row: 0 }
    }
    pub(super) fn cells(&self) -> Cells<'r, 'a> {
        Cells { column: self.column, subject: self.subject, shard: 3, first_row: self.first_row }
    }
}

pub(super) fn text_column(cells: &[Option<&str>]) -> Column<'static> {
    let mut builder = TextBuilder::default();
    cells.iter().for_each(|cell| builder.push_option(cell.map(str::as_bytes)));
    Column::Text(builder.finish(true))
}

pub(super) fn texts(column: &Column<'_>) -> Vec<Option<String>> {
    column.to_text().iter().map(|cell| cell.map(|cell| String::from_utf8(cell.to_vec()).unwrap())).collect()
}

fn number(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes()).unwrap()
}

fn field_key(domain: &str) -> Arc<FieldKey> {
    let label = Label { domain, release: "", semantic: "text", canonicaliser: 1 };
    Arc::new(MasterKey::insecure_from_test_seed(7).field(Suite::HmacSha256, &label))
}

fn stream_key() -> Arc<StreamKey> {
    Arc::new(MasterKey::insecure_from_test_seed(7).stream("surrogate/x"))
}

fn token(semantic: SemanticType, on_invalid: OnInvalid) -> Operator {
    let written = (128, TextEncoding::Hex);
    Operator::Token(Token::new(field_key("person"), "person", semantic, on_invalid, written, None).unwrap())
}

fn shift(days: u32, on_invalid: OnInvalid) -> Operator {
    Operator::ShiftDate(ShiftDate::new(field_key("shift"), days, SemanticType::Name, on_invalid).unwrap())
}

fn interval() -> Arc<Hierarchy> {
    let steps = [number("5"), number("10")];
    Arc::new(Hierarchy::Interval(Interval::new(&steps, number("0"), None, None).unwrap()))
}

fn dates() -> Arc<Hierarchy> {
    Arc::new(Hierarchy::Date(DateLadder::new(vec![Step::Month, Step::Year]).unwrap()))
}

fn tree() -> Arc<Hierarchy> {
    Arc::new(Hierarchy::Tree(Tree::parse("流感;respiratory;*\nburn;injury;*\n".as_bytes(), b';').ok().unwrap()))
}

fn generalize(hierarchy: &Arc<Hierarchy>, level: usize, on_invalid: OnInvalid) -> Operator {
    Operator::Generalize(Generalize::new(Arc::clone(hierarchy), level, on_invalid))
}

/// Groups 1 and 2 with centre 1.4, 1900 to 1999 with centre 1948.
fn groups(on_invalid: OnInvalid) -> Operator {
    let mut groups = Microaggregate::new(5, Centre::Mean, number("10"), on_invalid).unwrap();
    let centre = |value: &str, centre: &str| (number(value), number(centre));
    groups.learn(vec![
        centre("1", "1.4"),
        centre("2", "1.4"),
        centre("1900", "1948"),
        centre("1945.30", "1948"),
        centre("1999", "1948"),
    ]);
    Operator::Microaggregate(groups)
}

/// One of each, in the order of the catalogue, with what the examples say.
fn every() -> Vec<Operator> {
    let error = OnInvalid::Error;
    vec![
        Operator::Keep(Keep),
        Operator::Drop(Drop),
        Operator::Redact(Redact::new("***")),
        Operator::Mask(Mask::new(3, 4, None, '*', None)),
        token(SemanticType::ResidentId, error),
        Operator::Surrogate(Surrogate::new(stream_key(), 128, TextEncoding::Hex).unwrap()),
        generalize(&interval(), 1, error),
        Operator::Round(Round::new(number("100"), error).unwrap()),
        Operator::Clamp(Clamp::new(Some(number("0")), Some(number("90")), error).unwrap()),
        Operator::Truncate(Truncate::new(3)),
        Operator::DatePrecision(DatePrecision::new(Step::Year, error)),
        shift(365, error),
        groups(error),
        Operator::Noise(Noise::new(Distribution::Laplace(5.0), number("1"), None, None, error).unwrap()),
        Operator::Shuffle(Shuffle),
    ]
}

fn apply<'a>(operator: &Operator, column: &Column<'a>) -> Result<Outcome<'a>> {
    operator.apply(&Case::of(column).cells(), &mut Scratch::new())
}

fn results(operator: &Operator, cells: &[Option<&str>]) -> (Vec<Option<String>>, u64) {
    let outcome = apply(operator, &text_column(cells)).ok().unwrap();
    (texts(&outcome.column), outcome.invalid)
}

fn one(operator: &Operator, cell: &str) -> Option<String> {
    results(operator, &[Some(cell)]).0.remove(0)
}

fn failure(operator: &Operator, column: &Column<'_>) -> crate::error::Error {
    apply(operator, column).err().expect("this cannot work")
}

fn typed() -> Vec<Column<'static>> {
    let date = Date::new(1984, 3, 9);
    vec![
        text_column(&[Some("12"), None]),
        Column::Integer(vec![Some(12), None]),
        Column::Decimal(vec![Some(number("12.50")), None]),
        Column::Float(vec![Some(12.5), None]),
        Column::Boolean(vec![Some(true), None]),
        Column::Date(vec![date, None]),
        Column::Timestamp(vec![Some(1_000_000), None]),
    ]
}

#[test]
fn every_file_has_its_headings_and_says_what_the_catalogue_says() {
    const HEADINGS: [&str; 6] = [
        "//! # What it does\n",
        "//! # What it destroys\n",
        "//! # What remains\n",
        "//! # Reversible by whom\n",
        "//! # ISO/IEC 20889 class\n",
        "//! # Example\n",
    ];
    let files = [
        include_str!("keep.rs"),
        include_str!("drop.rs"),
        include_str!("redact.rs"),
        include_str!("mask.rs"),
        include_str!("token.rs"),
        include_str!("surrogate.rs"),
        include_str!("generalize.rs"),
        include_str!("round.rs"),
        include_str!("clamp.rs"),
        include_str!("truncate.rs"),
        include_str!("date_precision.rs"),
        include_str!("shift_date.rs"),
        include_str!("microaggregate.rs"),
        include_str!("noise.rs"),
        include_str!("shuffle.rs"),
    ];
    assert_eq!(files.len(), every().len());
    for (file, operator) in files.iter().zip(every()) {
        assert!(file.starts_with(&format!("//! `{}`: ", operator.name())), "{}", operator.name());
        let mut at = 0;
        for heading in HEADINGS {
            at += file[at..].find(heading).unwrap_or_else(|| panic!("{}: {heading}", operator.name())) + heading.len();
            assert!(
                file[at..].starts_with("//! ") && !file[at..].starts_with("//! #"),
                "{} says nothing",
                operator.name()
            );
        }
        let class = file.split(HEADINGS[4]).nth(1).unwrap().lines().next().unwrap().to_lowercase();
        let first = operator.iso_20889().split(' ').next().unwrap();
        assert!(class.contains(first), "{}: {class}", operator.name());
        assert!(!operator.summary().is_empty() && operator.describe().starts_with(operator.name()));
    }
    let names: Vec<_> = catalogue().iter().map(|info| info.name).collect();
    assert_eq!(names, every().iter().map(Operator::name).collect::<Vec<_>>());
}

#[test]
fn the_examples_of_the_catalogue_are_true() {
    let mut exact = 0;
    for (operator, info) in every().iter().zip(catalogue()) {
        let (before, after) = info.example.rsplit_once(": ").unwrap().1.split_once(" → ").unwrap();
        if matches!(operator, Operator::Drop(_)) {
            continue;
        }
        let column = text_column(&[Some(before)]);
        let subject = text_column(&[Some("张三")]);
        let cells = Cells { column: &column, subject: Some(&subject), shard: 0, first_row: 0 };
        let result = operator.apply(&cells, &mut Scratch::new()).ok().unwrap();
        let result = texts(&result.column).remove(0).unwrap();
        match after {
            "(32 hex digits)" => assert!(result.len() == 32 && result.bytes().all(|digit| digit.is_ascii_hexdigit())),
            _ if after.starts_with('(') => {}
            _ => {
                assert_eq!(result, after, "{}", info.name);
                exact += 1;
            }
        }
    }
    assert_eq!(exact, 8);
}

#[test]
fn nulls_stay_null_and_types_are_as_announced() {
    for operator in every() {
        for column in typed() {
            let Ok(Some(announced)) = operator.output_type(column.data_type()) else { continue };
            let subject = text_column(&[Some("a"), None]);
            let cells = Cells { column: &column, subject: Some(&subject), shard: 0, first_row: 0 };
            let outcome = operator.apply(&cells, &mut Scratch::new());
            let name = format!("{} on {}", operator.name(), column.data_type().name());
            match outcome {
                Ok(outcome) => {
                    assert_eq!(outcome.column.data_type(), announced, "{name}");
                    assert_eq!(outcome.column.len(), 2, "{name}");
                    assert!(!outcome.column.is_null(0) && outcome.column.is_null(1), "{name}");
                }
                // `12` is no resident ID and no date, and the profile says to stop.
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::BadValue(_)), "{name}");
                    assert_eq!(error.place().row, Some(1), "{name}");
                }
            }
            let none = text_column(&[]);
            let cells = Cells { column: &none, subject: Some(&none), shard: 0, first_row: 0 };
            assert_eq!(operator.apply(&cells, &mut Scratch::new()).ok().unwrap().column.len(), 0);
        }
    }
}

#[test]
fn columns_of_other_types_are_refused_where_they_are_no_use() {
    let by_name: BTreeMap<_, _> = every().into_iter().map(|operator| (operator.name(), operator)).collect();
    for name in ["round", "clamp", "noise"] {
        for column in [DataType::Boolean, DataType::Date, DataType::Timestamp] {
            assert!(by_name[name].output_type(column).is_err());
        }
    }
    for name in ["date", "shift_date"] {
        for column in [DataType::Integer, DataType::Decimal, DataType::Float, DataType::Boolean] {
            assert!(by_name[name].output_type(column).is_err());
        }
    }
    assert_eq!(by_name["drop"].output_type(DataType::Text), Ok(None));
    assert!(matches!(failure(&by_name["drop"], &text_column(&[])).kind(), ErrorKind::Internal(_)));
    let half = Operator::Round(Round::new(number("2.5"), OnInvalid::Error).unwrap());
    assert_eq!(half.output_type(DataType::Integer), Ok(Some(DataType::Decimal)));
}

#[test]
fn the_answers_hang_together() {
    for operator in every() {
        let name = operator.name();
        assert!(!operator.keeps_values() || !operator.fit_for_direct_identifier(), "{name}");
        assert!(operator.reversible_with() != Reversal::KeyHolder || operator.needs_key(), "{name}");
        assert!(operator.reversible_with() != Reversal::Anyone || operator.keeps_values(), "{name}");
        assert!(
            !operator.permutes_rows() || operator.output_type(DataType::Date) == Ok(Some(DataType::Date)),
            "{name}"
        );
        assert_eq!(operator.deterministic(), name != "noise");
        assert_eq!(operator.needs_subject(), name == "shift_date");
    }
    assert!(generalize(&interval(), 0, OnInvalid::Error).keeps_values());
    assert!(generalize(&interval(), 99, OnInvalid::Error).fit_for_direct_identifier());
    assert!(Operator::Mask(Mask::new(0, 0, None, '*', Some(3))).fit_for_direct_identifier());
}

#[test]
fn splitting_a_shard_into_batches_changes_nothing() {
    let cells: Vec<String> = (0..600).map(|row| format!("19{:02}-0{}-1{}", row % 90, row % 8 + 1, row % 9)).collect();
    let people: Vec<String> = (0..600).map(|row| format!("person {}", row % 40)).collect();
    let column = |from: usize, to: usize, of: &[String]| {
        let cells: Vec<_> = of[from..to]
            .iter()
            .enumerate()
            .map(|(at, cell)| (at % 11 != 5 || of == people).then_some(cell.as_str()))
            .collect();
        text_column(&cells)
    };
    let operators = [
        token(SemanticType::Date, OnInvalid::Error),
        Operator::Surrogate(Surrogate::new(stream_key(), 128, TextEncoding::Base32).unwrap()),
        Operator::Surrogate(Surrogate::new(stream_key(), 200, TextEncoding::Hex).unwrap()),
        shift(20, OnInvalid::Error),
        generalize(&dates(), 1, OnInvalid::Error),
    ];
    for operator in operators {
        let mut runs = Vec::new();
        for size in [600, 121, 11] {
            // One scratch for all batches: nothing of a batch may be left in it.
            let (mut scratch, mut all) = (Scratch::new(), Vec::new());
            for from in (0..600).step_by(size) {
                let to = (from + size).min(600);
                let (column, subject) = (column(from, to, &cells), column(from, to, &people));
                let cells = Cells { column: &column, subject: Some(&subject), shard: 3, first_row: from as u64 };
                all.extend(texts(&operator.apply(&cells, &mut scratch).ok().unwrap().column));
            }
            runs.push(all);
        }
        // Batches of 600, 121 and 11 rows: nulls stand every eleventh row in each.
        assert!(runs[0] == runs[1] && runs[1] == runs[2], "{}", operator.name());
    }
}

#[test]
fn tokens_are_equal_for_spellings_of_one_value_and_for_nothing_else() {
    let id = token(SemanticType::ResidentId, OnInvalid::Error);
    assert_eq!(one(&id, "11010519491231002X"), one(&id, "11010519491231002x"));
    let mobile = token(SemanticType::Mobile, OnInvalid::Error);
    assert_eq!(one(&mobile, "13812341380"), one(&mobile, "+86 138 1234 1380"));
    assert_ne!(one(&mobile, "13812341380"), one(&mobile, "13812341381"));
    let name = token(SemanticType::Name, OnInvalid::Error);
    assert_eq!(one(&name, "张　三"), one(&name, "张三"));
    let cells: Vec<String> = (0..5000).map(|row| format!("value {}", row % 1700)).collect();
    let cells: Vec<_> = cells.iter().map(|cell| Some(cell.as_str())).collect();
    let (tokens, _) = results(&token(SemanticType::Text, OnInvalid::Error), &cells);
    let pairs: BTreeSet<_> = cells.iter().zip(&tokens).collect();
    assert_eq!((pairs.len(), tokens.iter().collect::<BTreeSet<_>>().len()), (1700, 1700));
}

#[test]
fn a_token_is_the_hmac_of_the_canonical_form() {
    for (bits, encoding) in [(64, TextEncoding::Hex), (128, TextEncoding::Base32), (255, TextEncoding::Base64Url)] {
        let registry = Arc::new(TokenRegistry::new(64));
        let token =
            Token::new(field_key("a"), "a", SemanticType::Email, OnInvalid::Error, (bits, encoding), Some(registry));
        let mut expected = Vec::new();
        let tag = field_key("a").tag(b"anna@example.org");
        crate::secret::encode(&tag, bits.into(), encoding, &mut expected);
        let token = one(&Operator::Token(token.unwrap()), "Anna@Example.org");
        assert_eq!(token, String::from_utf8(expected).ok());
    }
    let other = Token::new(field_key("b"), "b", SemanticType::Text, OnInvalid::Error, (128, TextEncoding::Hex), None);
    assert_ne!(one(&Operator::Token(other.unwrap()), "x"), one(&token(SemanticType::Text, OnInvalid::Error), "x"));
}

#[test]
fn cells_that_are_not_of_the_type_follow_the_profile() {
    let cells = [Some("13812341380"), Some("none"), None, Some("none")];
    let (tokens, invalid) = results(&token(SemanticType::Mobile, OnInvalid::Null), &cells);
    assert!(tokens[0].is_some() && tokens[1..].iter().all(Option::is_none) && invalid == 2);
    let (tokens, invalid) = results(&token(SemanticType::Mobile, OnInvalid::Text), &cells);
    assert_eq!(tokens[1], one(&token(SemanticType::Text, OnInvalid::Error), "none"));
    assert!(tokens[1] == tokens[3] && tokens[2].is_none());
    assert_eq!(invalid, 2, "a repeated cell counts again");
    let error = failure(&token(SemanticType::Mobile, OnInvalid::Error), &text_column(&cells));
    let ErrorKind::Many { errors, more: 0 } = error.kind() else { panic!("two errors") };
    assert_eq!(errors.iter().map(|error| error.place().row).collect::<Vec<_>>(), [Some(2), Some(4)]);
}

#[test]
fn shortened_tokens_are_checked_and_unchecked_ones_refused() {
    let make = |bits, registry| {
        Token::new(field_key("a"), "a", SemanticType::Text, OnInvalid::Error, (bits, TextEncoding::Hex), registry)
    };
    assert!(make(64, None).is_err() && make(32, Some(Arc::new(TokenRegistry::new(32)))).is_err());
    assert!(make(100, Some(Arc::new(TokenRegistry::new(64)))).is_err() && make(257, None).is_err());
    let registry = Arc::new(TokenRegistry::new(64));
    let token = Operator::Token(make(64, Some(Arc::clone(&registry))).unwrap());
    assert_eq!(results(&token, &[Some("a"), Some("b"), Some("a")]).0.len(), 3);
    assert_eq!(registry.distinct(), 2);
    // A registry that has the token of `a` for another value: the run stops.
    let mut tag = field_key("a").tag(b"a");
    tag[31] ^= 1;
    let spoiled = Arc::new(TokenRegistry::new(64));
    assert!(spoiled.enter(&tag));
    let token = Operator::Token(make(64, Some(spoiled)).unwrap());
    assert_eq!(*failure(&token, &text_column(&[Some("a")])).kind(), ErrorKind::TokenCollision);
}

#[test]
fn surrogates_are_of_the_row_and_not_of_the_value() {
    let operator = Operator::Surrogate(Surrogate::new(stream_key(), 128, TextEncoding::Hex).unwrap());
    let (first, _) = results(&operator, &[Some("a"), Some("a"), None]);
    let (second, _) = results(&operator, &[Some("b"), None, Some("c")]);
    assert!(first[0] != first[1] && first[2].is_none());
    assert_eq!(first[0], second[0]);
    assert!(Surrogate::new(stream_key(), 127, TextEncoding::Hex).is_err());
}

#[test]
fn generalization_is_what_the_hierarchy_says_for_text_and_for_types() {
    let ages = generalize(&interval(), 1, OnInvalid::Null);
    let (labels, invalid) = results(&ages, &[Some("25"), Some("x"), None, Some("25"), Some("24.9"), Some("x")]);
    let range = |text: &str| Some(text.to_owned());
    assert_eq!(labels, [range("[25, 30)"), None, None, range("[25, 30)"), range("[20, 25)"), None]);
    assert_eq!(invalid, 2);
    assert_eq!(texts(&apply(&ages, &Column::Integer(vec![Some(25), None])).ok().unwrap().column)[0], range("[25, 30)"));
    for level in [1, 2] {
        let text = apply(&generalize(&dates(), level, OnInvalid::Error), &text_column(&[Some("1984-03-09"), None]))
            .ok()
            .unwrap();
        let date = Date::new(1984, 3, 9).unwrap();
        let micros = i64::from(date.days()) * 86_400_000_000 + 5;
        for column in [Column::Date(vec![Some(date), None]), Column::Timestamp(vec![Some(micros), None])] {
            let other = apply(&generalize(&dates(), level, OnInvalid::Error), &column).ok().unwrap();
            assert_eq!(texts(&other.column), texts(&text.column));
        }
    }
    let error =
        failure(&generalize(&tree(), 1, OnInvalid::Null), &text_column(&[Some("流感"), Some("flu"), Some("flu")]));
    let ErrorKind::Many { errors, .. } = error.kind() else { panic!("both rows are told") };
    assert!(errors.iter().all(|error| *error.kind() == ErrorKind::NotInHierarchy));
    assert_eq!(one(&generalize(&tree(), 2, OnInvalid::Error), "flu").as_deref(), Some("*"));
}

#[test]
fn only_labels_that_need_no_quotes_are_plain() {
    let plain = |operator: &Operator, cell: &str, plain: bool| {
        let mut builder = TextBuilder::default();
        builder.push(cell.as_bytes());
        let outcome = apply(operator, &Column::Text(builder.finish(plain))).ok().unwrap();
        let Column::Text(text) = outcome.column else { panic!("text") };
        text.plain()
    };
    let error = OnInvalid::Error;
    let prefix = Arc::new(Hierarchy::Prefix(Prefix::new(vec![2]).unwrap()));
    assert!(!plain(&generalize(&interval(), 1, error), "25", true));
    assert!(plain(&generalize(&dates(), 1, error), "1984-03-09", false));
    assert!(
        plain(&generalize(&prefix, 1, error), "100", true) && !plain(&generalize(&prefix, 1, error), "1,00", false)
    );
    let groups = [(b"a".to_vec(), b"A, B".to_vec())].into();
    let groups = Arc::new(Hierarchy::Categories(Categories::new(groups, None).unwrap()));
    assert!(!plain(&generalize(&groups, 1, error), "a", true) && plain(&generalize(&groups, 2, error), "a", false));
    assert!(plain(&Operator::Redact(Redact::new("***")), "a,b", false));
    assert!(!plain(&Operator::Redact(Redact::new("a,b")), "x", true));
    assert!(!plain(&Operator::Mask(Mask::new(1, 0, None, ';', None)), "ab", true));
    assert!(!plain(&Operator::Truncate(Truncate::new(2)), "a,b", false));
    assert!(plain(&token(SemanticType::Text, error), "a,b", false));
}

#[test]
fn numbers_are_exact_in_every_type() {
    let round = Operator::Round(Round::new(number("0.05"), OnInvalid::Null).unwrap());
    assert_eq!(one(&round, "0.125").as_deref(), Some("0.15"));
    assert_eq!(one(&round, " -1e-1 ").as_deref(), Some("-0.10"));
    assert_eq!(results(&round, &[Some(""), Some("1,5"), Some("1e99")]).1, 3);
    let hundreds = Operator::Round(Round::new(number("100"), OnInvalid::Error).unwrap());
    let outcome = apply(&hundreds, &Column::Integer(vec![Some(1950), Some(-1950), Some(-49)])).ok().unwrap();
    let Column::Integer(numbers) = outcome.column else { panic!("integers stay integers") };
    assert_eq!(numbers, [Some(2000), Some(-2000), Some(0)]);
    let thousands = Operator::Round(Round::new(number("1000"), OnInvalid::Error).unwrap());
    assert_eq!(failure(&thousands, &Column::Integer(vec![Some(i64::MAX)])).place().row, Some(1));
    let outcome = apply(&round, &Column::Float(vec![Some(0.1 + 0.2), Some(f64::NAN), None])).ok().unwrap();
    let Column::Float(numbers) = outcome.column else { panic!("floats stay floats") };
    assert_eq!((numbers, outcome.invalid), (vec![Some(0.3), None, None], 1));
}

#[test]
fn numbers_in_range_keep_their_text() {
    let clamp = Operator::Clamp(Clamp::new(Some(number("0")), Some(number("90.5")), OnInvalid::Error).unwrap());
    for (cell, expected) in [("1945.30", "90.5"), ("90.50", "90.50"), ("+7", "+7"), ("-0.0", "-0.0"), ("-3", "0")] {
        assert_eq!(one(&clamp, cell).as_deref(), Some(expected));
    }
    let outcome = apply(&clamp, &Column::Float(vec![Some(1e300), Some(-1e300), Some(0.1)])).ok().unwrap();
    let Column::Float(numbers) = outcome.column else { panic!("floats stay floats") };
    assert_eq!(numbers, [Some(90.5), Some(0.0), Some(0.1)]);
    assert!(Clamp::new(None, None, OnInvalid::Error).is_err());
    assert!(Clamp::new(Some(number("2")), Some(number("1")), OnInvalid::Error).is_err());
}

#[test]
fn dates_keep_their_type_where_a_day_is_left() {
    let date = Date::new(1984, 3, 9);
    let week = Operator::DatePrecision(DatePrecision::new(Step::Week, OnInvalid::Error));
    let Column::Date(dates) = apply(&week, &Column::Date(vec![date, None])).ok().unwrap().column else {
        panic!("dates")
    };
    assert!(dates == [Date::new(1984, 3, 5), None]);
    assert_eq!(one(&week, "1984-03-09T10:00:00").as_deref(), Some("1984-03-05"));
    let Column::Date(dates) = apply(&week, &Column::Timestamp(vec![Some(-1)])).ok().unwrap().column else {
        panic!("dates")
    };
    assert!(dates == [Date::new(1969, 12, 29)]);
    let error = failure(&week, &Column::Timestamp(vec![Some(i64::MAX)]));
    assert_eq!(*error.kind(), ErrorKind::BadValue("a date"));
}

#[test]
fn all_dates_of_a_person_move_together_and_none_stays() {
    let cells: Vec<String> = (0..3000).map(|row| format!("2020-05-{:02}", row % 28 + 1)).collect();
    let people: Vec<String> = (0..3000).map(|row| format!("Person {}", row / 3)).collect();
    let column = text_column(&cells.iter().map(|cell| Some(cell.as_str())).collect::<Vec<_>>());
    let subject = text_column(&people.iter().map(|cell| Some(cell.as_str())).collect::<Vec<_>>());
    let at = Cells { column: &column, subject: Some(&subject), shard: 0, first_row: 0 };
    let moved = texts(&shift(3, OnInvalid::Error).apply(&at, &mut Scratch::new()).ok().unwrap().column);
    let days = |text: &str| Date::parse(text.as_bytes()).unwrap().days();
    let moves: Vec<i32> = cells.iter().zip(&moved).map(|(from, to)| days(to.as_ref().unwrap()) - days(from)).collect();
    assert!(moves.chunks(3).all(|person| person.iter().all(|move_| *move_ == person[0])));
    let mut counts = BTreeMap::new();
    moves.iter().step_by(3).for_each(|days| *counts.entry(*days).or_insert(0_u32) += 1);
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [-3, -2, -1, 1, 2, 3]);
    // Chi-square with 5 degrees of freedom over 1000 people; the keys are fixed, so this never changes. ALPHA = 1e-3.
    let chi: f64 = counts.values().map(|count| (f64::from(*count) - 1000.0 / 6.0).powi(2) / (1000.0 / 6.0)).sum();
    assert!(chi < 20.52, "{chi}");
}

#[test]
fn moved_dates_keep_their_time_and_say_what_is_missing() {
    let operator = shift(2, OnInvalid::Error);
    let column = text_column(&[
        Some("2020-05-17T10:11:12"),
        Some("2020/5/17"),
        Some("2020-05-17"),
        None,
        Some("9999-12-31"),
        Some("0001-01-01"),
    ]);
    let subject = text_column(&[Some("张 三"), Some("张三"), None, None, Some("a"), Some("a")]);
    let cells = Cells { column: &column, subject: Some(&subject), shard: 0, first_row: 100 };
    let error = operator.apply(&cells, &mut Scratch::new()).err().unwrap();
    let ErrorKind::Many { errors, more: 0 } = error.kind() else { panic!("a missing person and a date out of range") };
    assert_eq!(errors.len(), 2);
    assert_eq!((errors[0].kind(), errors[0].place().row), (&ErrorKind::NullValue, Some(103)));
    assert!(matches!(errors[1].kind(), ErrorKind::BadValue(_)));
    let column = text_column(&[Some("2020-05-17T10:11:12"), Some("2020/5/17"), None]);
    let subject = text_column(&[Some("张 三"), Some("张三"), None]);
    let cells = Cells { column: &column, subject: Some(&subject), shard: 0, first_row: 0 };
    let moved = texts(&operator.apply(&cells, &mut Scratch::new()).ok().unwrap().column);
    let (date, time) = moved[0].as_ref().unwrap().split_once('T').unwrap();
    assert_eq!((Some(date), time), (moved[1].as_deref(), "10:11:12"));
    assert!(matches!(failure(&operator, &column).kind(), ErrorKind::Internal(_)), "no subject column");
}

#[test]
fn noise_has_its_scale_lies_on_the_grid_and_within_the_ends() {
    // ALPHA: mean and variance of 40,000 draws within 6 standard errors of theory, each below 1e-8 by chance.
    const ROWS: usize = 40_000;
    let column = Column::Integer(vec![Some(1000); ROWS]);
    for (distribution, variance, kurtosis) in
        [(Distribution::Laplace(20.0), 800.0, 6.0), (Distribution::Gaussian(30.0), 900.0, 3.0)]
    {
        let operator = Operator::Noise(Noise::new(distribution, number("2"), None, None, OnInvalid::Error).unwrap());
        let Column::Integer(noisy) = apply(&operator, &column).ok().unwrap().column else { panic!("integers") };
        let moves: Vec<f64> = noisy.iter().map(|noisy| i32::try_from(noisy.unwrap() - 1000).unwrap().into()).collect();
        assert!(moves.iter().all(|moved| moved % 2.0 == 0.0));
        let rows = f64::from(u32::try_from(ROWS).unwrap());
        let mean = moves.iter().sum::<f64>() / rows;
        let spread = moves.iter().map(|moved| moved * moved).sum::<f64>() / rows;
        // Rounding to a grid of 2 adds 4/12 to the variance.
        let expected: f64 = variance + 4.0 / 12.0;
        assert!(mean.abs() < 6.0 * (expected / rows).sqrt(), "{mean}");
        assert!((spread - expected).abs() < 6.0 * expected * ((kurtosis - 1.0) / rows).sqrt(), "{spread}");
    }
    let ends = Noise::new(
        Distribution::Laplace(50.0),
        number("0.5"),
        Some(number("9.8")),
        Some(number("11.2")),
        OnInvalid::Error,
    );
    let ends = Operator::Noise(ends.unwrap());
    let cells = vec![Some("10.25"); 2000];
    let seen: BTreeSet<String> = results(&ends, &cells).0.into_iter().flatten().collect();
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), ["10.0", "10.5", "11.0"]);
    assert!(
        Noise::new(Distribution::Laplace(1.0), number("5"), Some(number("1")), Some(number("4")), OnInvalid::Error)
            .is_err()
    );
    assert!(Noise::new(Distribution::Gaussian(f64::NAN), number("5"), None, None, OnInvalid::Error).is_err());
}

#[test]
fn a_number_becomes_the_centre_of_its_group() {
    let cells = [Some("2"), Some("1945.3"), None, Some("1999.0"), Some("7")];
    let apply_to = |operator: &Operator| texts(&apply(operator, &text_column(&cells)).unwrap().column);
    let some = |text: &str| Some(text.to_owned());
    // 7 was not counted: it gets what its neighbour has
    let expected = [some("0"), some("1950"), None, some("1950"), some("1950")];
    assert_eq!(apply_to(&groups(OnInvalid::Error)), expected);
    let integers = Column::Integer(vec![Some(1), None, Some(1900)]);
    let made = apply(&groups(OnInvalid::Error), &integers).unwrap().column;
    assert_eq!(texts(&made), [some("0"), None, some("1950")]);
    // alone it is rounded; with too few numbers nothing leaves; no number is told
    let alone = || Microaggregate::new(2, Centre::Median, number("10"), OnInvalid::Error).unwrap();
    assert_eq!(apply_to(&Operator::Microaggregate(alone()))[1], some("1950"));
    let mut none = alone();
    none.learn(Vec::new());
    assert_eq!(apply_to(&Operator::Microaggregate(none)), [const { None }; 5]);
    let error = apply(&groups(OnInvalid::Error), &text_column(&[Some("canary")])).err().unwrap();
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert!(Microaggregate::new(1, Centre::Mean, number("10"), OnInvalid::Error).is_err());
}

#[test]
fn groups_over_several_columns_put_their_centre_over_numbers_of_every_type() {
    // 10 and 12.5 are of group 0 and 1; the second column, which this one does not see, has 7
    let tuples = Arc::new(Tuples::new(
        vec![vec![number("10"), number("12.5")], vec![number("7")]],
        &[vec![1, 2], vec![1, 1]],
        &[0, 1],
    ));
    let mut together =
        Microaggregate::new(5, Centre::Mean, number("0.5"), OnInvalid::Null).unwrap().together(Some("vitals".into()));
    assert!(together.tuples().is_none() && together.group() == Some("vitals"));
    together.learn_together(Arc::clone(&tuples), vec![Some(number("10.3")), None]);
    let columns = [
        (text_column(&[Some("10.0"), Some("12.50"), None, Some("99"), Some("canary")]), 1),
        (Column::Decimal(vec![Some(number("10")), Some(number("12.5")), None, Some(number("99")), None]), 0),
        (Column::Float(vec![Some(10.0), Some(12.5), None, Some(99.0), Some(f64::NAN)]), 1),
    ];
    for (column, invalid) in columns {
        let sevens = vec![Some(number("7")); 5];
        let groups = together.tuples().unwrap().groups(&[numbers(&column).unwrap(), sevens]);
        assert_eq!(groups, [0, 1, NO_GROUP, NO_GROUP, NO_GROUP]);
        let made = together.apply_groups(&Case::of(&column).cells(), &groups).unwrap();
        let expected = [Some("10.5".to_owned()), None, None, None, None];
        assert_eq!((texts(&made.column).as_slice(), made.invalid), (&expected[..], invalid));
    }
    let integers = Column::Integer(vec![Some(10), None]);
    let made = together.apply_groups(&Case::of(&integers).cells(), &[0, NO_GROUP]).unwrap().column;
    assert_eq!(texts(&made), [Some("10.5".to_owned()), None]);
    assert!(numbers(&Column::Boolean(vec![Some(true)])).is_err());
    // by itself it cannot tell the group
    assert!(apply(&Operator::Microaggregate(together), &integers).is_err());
}

#[test]
fn at_most_twenty_errors_are_told_and_the_others_counted() {
    let round = Operator::Round(Round::new(number("1"), OnInvalid::Error).unwrap());
    let column = text_column(&vec![Some("canary"); 50]);
    let cells = Cells { column: &column, subject: None, shard: 0, first_row: 8192 };
    let error = round.apply(&cells, &mut Scratch::new()).err().unwrap();
    let ErrorKind::Many { errors, more } = error.kind() else { panic!("many") };
    assert_eq!((errors.len(), *more), (MANY, 30));
    assert_eq!(errors[0].place().row, Some(8193));
    assert!(!format!("{error:?} {error}").contains("canary"));
}

#[test]
fn every_spec_builds_the_operator_of_its_name() {
    use crate::profile::{CentreName, DateStep, Encoding, NoiseSpec, OperatorSpec};
    let ten = number("10");
    let specs = [
        OperatorSpec::Keep,
        OperatorSpec::Drop,
        OperatorSpec::Redact { with: "x".into() },
        OperatorSpec::Mask { keep_first: 1, keep_last: 1, keep_from: Some("@".into()), with: '*', length: None },
        OperatorSpec::Token { domain: "person".into(), bits: 96, encoding: Encoding::Base32 },
        OperatorSpec::Surrogate { bits: 128, encoding: Encoding::Base64Url },
        OperatorSpec::Round { step: ten },
        OperatorSpec::Clamp { low: None, high: Some(ten) },
        OperatorSpec::Truncate { characters: 3 },
        OperatorSpec::DatePrecision { step: DateStep::Years(5) },
        OperatorSpec::ShiftDate { days: 365 },
        OperatorSpec::Microaggregate { k: 3, step: ten, with: CentreName::Median, group: None },
        OperatorSpec::Noise { noise: NoiseSpec::Gaussian(2.0), step: ten, low: None, high: None },
        OperatorSpec::Shuffle,
    ];
    for spec in specs {
        let materials = |keys: bool| Materials {
            semantic: SemanticType::Text,
            subject: Some(SemanticType::Text),
            on_invalid: OnInvalid::Error,
            field_key: keys.then(|| field_key("person")),
            stream_key: keys.then(stream_key),
            registry: Some(Arc::new(TokenRegistry::new(96))),
        };
        let operator = from_spec(&spec, materials(true)).ok().unwrap();
        assert_eq!(operator.name(), spec.name());
        let keyless = from_spec(&spec, materials(false));
        assert_eq!(keyless.is_err(), operator.needs_key() && !operator.permutes_rows(), "{}", spec.name());
    }
}

proptest! {
    #[test]
    fn truncation_shows_the_first_characters_and_no_more(cell in "[a-c海é🦀]{0,8}", characters in 0_usize..6) {
        let expected: String = cell.chars().take(characters).collect();
        prop_assert_eq!(one(&Operator::Truncate(Truncate::new(characters)), &cell), Some(expected));
    }

    #[test]
    fn rounding_agrees_with_integers(value in -100_000_i64..100_000, step in 1_i64..500) {
        let round = Operator::Round(Round::new(Decimal::whole(step), OnInvalid::Error).unwrap());
        let size = (2 * value.abs() + step) / (2 * step) * step;
        let expected = if value < 0 { -size } else { size };
        prop_assert_eq!(one(&round, &value.to_string()), Some(expected.to_string()));
    }
}
