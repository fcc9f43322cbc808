use super::*;
use crate::domain::SemanticType;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn options(shape: SampleShape, rows: u64) -> SampleOptions {
    SampleOptions { rows, seed: 42, shape }
}

fn csv_of(options: &SampleOptions, rows: Range<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    write_csv_rows(options, rows, &mut out);
    out
}

/// The table as the `csv` crate reads it: one map of column to cell for each row.
fn read(options: &SampleOptions) -> Vec<BTreeMap<String, String>> {
    let mut text = Vec::new();
    csv_header(options, &mut text);
    write_csv_rows(options, 0..options.rows, &mut text);
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let rows: Vec<_> = reader.deserialize().map(|row| row.expect("our CSV is CSV")).collect();
    assert_eq!(rows.len() as u64, options.rows);
    rows
}

fn is_canonical(semantic: SemanticType, cell: &str) -> bool {
    let mut out = Vec::new();
    semantic.canonicalize(cell.as_bytes(), &mut out).is_ok() && out == cell.as_bytes()
}

#[test]
fn identifiers_are_valid_and_agree() {
    for row in read(&options(SampleShape::Full, 20_000)) {
        let id = &row["id_no"];
        assert!(is_canonical(SemanticType::ResidentId, id), "{id}");
        assert!(is_canonical(SemanticType::Mobile, &row["phone"]), "{}", row["phone"]);
        assert!(is_canonical(SemanticType::Email, &row["email"]), "{}", row["email"]);
        assert!(is_canonical(SemanticType::Name, &row["name"]), "{}", row["name"]);
        assert!(is_canonical(SemanticType::Postcode, &row["postcode"]));
        assert!(is_canonical(SemanticType::Region, &row["region"]));
        assert!(is_canonical(SemanticType::Date, &row["birth"]));
        assert!(is_canonical(SemanticType::Date, &row["visit"]));
        assert_eq!(row["gender"] == "M", id.as_bytes()[16] % 2 == 1, "{id}");
        assert_eq!(row["birth"].replace('-', ""), id[6..14]);
        assert_eq!(row["region"], id[..6]);
        let district = places::DISTRICTS.iter().find(|district| district.code == row["region"]).unwrap();
        assert_eq!(row["postcode"][..4], *district.postcode);
        assert!(row["visit"] > row["birth"]);
        let (whole, cents) = row["amount"].split_once('.').unwrap();
        assert!(whole.parse::<u32>().is_ok() && cents.len() == 2);
        assert!(row["diagnosis"] != "Z34.9" || row["gender"] == "F");
    }
}

#[test]
fn all_rows_of_a_person_say_the_same_about_the_person() {
    let fixed = ["name", "phone", "email", "gender", "birth", "region", "postcode"];
    let mut people = BTreeMap::new();
    let mut counts = BTreeMap::<String, u64>::new();
    for row in read(&options(SampleShape::Full, 20_000)) {
        let about: Vec<String> = fixed.iter().map(|column| row[*column].clone()).collect();
        let before = people.entry(row["id_no"].clone()).or_insert_with(|| about.clone());
        assert_eq!(*before, about);
        *counts.entry(row["id_no"].clone()).or_default() += 1;
    }
    let repeated: u64 = counts.values().filter(|count| **count > 1).sum();
    assert!((2_800..=3_200).contains(&repeated), "{repeated} of 20000");
    assert!(counts.values().all(|count| *count <= 8));
}

#[test]
fn values_are_as_various_and_skewed_as_in_life() {
    let rows = read(&options(SampleShape::Personal, 50_000));
    let distinct = |column: &str| rows.iter().map(|row| row[column].as_str()).collect::<BTreeSet<_>>().len();
    assert!(distinct("name") > 10_000, "{}", distinct("name"));
    assert!(distinct("phone") > 40_000);
    assert!(distinct("birth") > 15_000);
    assert!((30..40).contains(&distinct("diagnosis")));
    let wang = rows.iter().filter(|row| row["name"].starts_with('王')).count();
    // A share of 1/4 over the sum of 1/4 to 1/(n + 3): some 7.5 %.
    assert!((2_500..5_500).contains(&wang), "{wang}");
    let men = rows.iter().filter(|row| row["gender"] == "M").count();
    assert!((24_000..26_000).contains(&men), "{men}");
    let pressure = |from: &str, to: &str| {
        let of_age: Vec<_> = rows.iter().filter(|row| *from <= *row["birth"] && *row["birth"] < *to).collect();
        of_age.iter().filter(|row| row["diagnosis"] == "I10").count() * 1000 / of_age.len()
    };
    assert!(pressure("1940", "1960") > 4 * pressure("1985", "2005"));
    assert_eq!(pressure("2010", "2025"), 0);
}

#[test]
fn personal_rows_have_about_ninety_bytes() {
    let bytes = csv_of(&options(SampleShape::Personal, 100_000), 0..100_000).len();
    assert!((8_800_000..9_400_000).contains(&bytes), "{bytes}");
}

#[test]
fn some_notes_need_quotes_and_some_hold_the_number_of_the_person() {
    let full = options(SampleShape::Full, 20_000);
    let rows = read(&full);
    let with = |what: &str| rows.iter().filter(|row| row["note"].contains(what)).count();
    assert!((500..4_000).contains(&with(",")), "{}", with(","));
    assert!((200..2_000).contains(&with("\"")), "{}", with("\""));
    let telling = rows.iter().filter(|row| row["note"].contains(&row["phone"])).count();
    assert!((50..500).contains(&telling), "{telling}");
    assert!((4_000..8_000).contains(&rows.iter().filter(|row| row["note"].is_empty()).count()));
    assert!(!csv_of(&options(SampleShape::Personal, 20_000), 0..20_000).contains(&b'"'));
}

#[test]
fn columns_say_what_the_csv_says() {
    for (_, shape) in SampleShape::ALL {
        let options = options(*shape, 5_000);
        let rows = read(&options);
        let schema = options.schema();
        let batch = batch(&options, 1_000..9_999);
        assert_eq!((batch.first_row, batch.rows, batch.columns.len()), (1_000, 4_000, schema.len()));
        for (field, column) in schema.fields().iter().zip(&batch.columns) {
            assert_eq!(column.data_type(), field.data_type);
            assert_eq!(column.len(), 4_000);
            for row in 0..4_000 {
                let mut text = Vec::new();
                assert_eq!(column.write_text(row, &mut text), !rows[row + 1_000][&field.name].is_empty());
                assert_eq!(text, rows[row + 1_000][&field.name].as_bytes(), "{}", field.name);
            }
            if let Column::Text(text) = column
                && text.plain()
            {
                assert!(!text.bytes().iter().any(|byte| b",\"\r\n".contains(byte)));
            }
        }
    }
}

#[test]
fn another_seed_is_another_table_and_the_same_seed_the_same() {
    for (name, shape) in SampleShape::ALL {
        assert_eq!(SampleShape::parse(name), Some(*shape));
        assert_eq!(shape.name(), *name);
        let first = options(*shape, 1_000);
        let second = SampleOptions { seed: 43, ..first };
        assert!(csv_of(&first, 0..1_000) == csv_of(&first, 0..1_000));
        let (left, right) = (csv_of(&first, 0..1_000), csv_of(&second, 0..1_000));
        let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
        assert!(lines(&left).intersection(&lines(&right)).count() < 20);
    }
}

#[test]
fn the_first_row_never_changes() {
    // Benchmarks and documents quote these bytes; whoever changes the generator changes them knowingly.
    let line = |shape| String::from_utf8(csv_of(&SampleOptions { rows: 1_000, seed: 1, shape }, 0..1)).unwrap();
    assert_eq!(
        line(SampleShape::Personal),
        "610102199703106841,刘婷瑶,18289529167,tingyao.liu@example.org,F,1997-03-10,710004,969.95,F32.9\n"
    );
    assert_eq!(
        line(SampleShape::Quasi9),
        "40,female,han,divorced,vocational,370000,service,370000,employed,4000-6999\n"
    );
}

#[test]
fn no_rows_and_rows_past_the_end_are_nothing() {
    let empty = options(SampleShape::Full, 0);
    assert!(csv_of(&empty, 0..10).is_empty());
    assert_eq!(batch(&empty, 0..10).rows, 0);
    let some = options(SampleShape::Full, 5);
    assert!(csv_of(&some, 5..10).is_empty());
    assert_eq!(batch(&some, 7..10).rows, 0);
    assert_eq!(csv_of(&some, 0..10), csv_of(&some, 0..5));
}

proptest! {
    #[test]
    fn ranges_compose(first in 0_u64..300, second in 0_u64..300, seed: u64) {
        for (_, shape) in SampleShape::ALL {
            let options = SampleOptions { rows: 300, seed, shape: *shape };
            let (from, to) = (first.min(second), first.max(second));
            let mut parts = csv_of(&options, 0..from);
            parts.extend(csv_of(&options, from..to));
            parts.extend(csv_of(&options, to..300));
            prop_assert!(parts == csv_of(&options, 0..300));
        }
    }
}
