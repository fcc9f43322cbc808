//! Operators on text columns of 8192 cells, in cells a second.

use criterion::{Criterion, Throughput};
use outis::domain::SemanticType;
use outis::hierarchy::{DateLadder, Hierarchy, Interval, Prefix, Step};
use outis::secret::{Label, MasterKey, Suite, TextEncoding};
use outis::transform::{Cells, Generalize, Keep, Mask, OnInvalid, Operator, Round, Scratch, Token};
use outis::value::{Column, Decimal, TextBuilder};
use std::hint::black_box;
use std::sync::Arc;

const ROWS: u64 = 8192;

/// The benchmarks of this stage.
pub fn bench(c: &mut Criterion) {
    let generalize =
        |hierarchy, level| Operator::Generalize(Generalize::new(Arc::new(hierarchy), level, OnInvalid::Error));
    let date = Hierarchy::Date(DateLadder::new(vec![Step::Month, Step::Year]).expect("steps that nest"));
    let prefix = Hierarchy::Prefix(Prefix::new(vec![3]).expect("one length"));
    let ages =
        Hierarchy::Interval(Interval::new(&[Decimal::whole(5)], Decimal::whole(0), None, None).expect("one width"));
    let token = |semantic: SemanticType| {
        let label = Label { domain: "person", release: "", semantic: semantic.name(), canonicaliser: 1 };
        let key = Arc::new(MasterKey::insecure_from_test_seed(1).field(Suite::HmacSha256, &label));
        let written = (128, TextEncoding::Hex);
        Operator::Token(Token::new(key, "person", semantic, OnInvalid::Error, written, None).expect("128 bits"))
    };
    let email = |row: u64| format!("person{}@example.org", row * 7919 % 100_003);
    let resident = |row: u64| format!("3301{:02}19840309{:04}", row % 90 + 10, row);
    let cases: Vec<(&str, Operator, Column<'static>)> = vec![
        ("keep", Operator::Keep(Keep), column(email)),
        ("mask e-mail", Operator::Mask(Mask::new(1, 0, Some("@"), '*', None)), column(email)),
        ("mask mobile", Operator::Mask(Mask::new(3, 4, None, '*', None)), column(mobile)),
        ("token, 18 bytes of text", token(SemanticType::Text), column(resident)),
        ("token, e-mail", token(SemanticType::Email), column(email)),
        ("token, mobile", token(SemanticType::Mobile), column(mobile)),
        ("token, 500 values", token(SemanticType::Text), column(|row| resident(row % 500))),
        ("generalize date to year", generalize(date, 2), column(birth)),
        ("generalize prefix", generalize(prefix, 1), column(|row| format!("{:06}", row * 7919 % 1_000_000))),
        ("generalize interval", generalize(ages, 1), column(|row| (row * 7919 % 100).to_string())),
        (
            "round",
            Operator::Round(Round::new(Decimal::whole(100), OnInvalid::Error).expect("a step")),
            column(|row| format!("{}.{:02}", row * 7919 % 100_003, row % 100)),
        ),
    ];
    let mut group = c.benchmark_group("transform");
    group.throughput(Throughput::Elements(ROWS));
    for (name, operator, column) in &cases {
        let mut scratch = Scratch::new();
        let cells = Cells { column, subject: None, shard: 0, first_row: 0 };
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                black_box(
                    operator.apply(black_box(&cells), &mut scratch).is_ok_and(|outcome| !outcome.column.is_empty()),
                )
            });
        });
    }
    group.finish();
}

fn mobile(row: u64) -> String {
    format!("138{:08}", row * 7919 % 100_000_000)
}

fn birth(row: u64) -> String {
    format!("{}-{:02}-{:02}", 1930 + row % 80, row % 12 + 1, row * 7 % 31 % 28 + 1)
}

fn column(cell: impl Fn(u64) -> String) -> Column<'static> {
    let mut builder = TextBuilder::default();
    (0..ROWS).for_each(|row| builder.push(cell(row).as_bytes()));
    Column::Text(builder.finish(true))
}
