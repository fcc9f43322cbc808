//! `[[column]]`, with all operators and hierarchies.

use super::{Choice, FILLED, Kind, NUMBER, POSITIVE, Rule, Table, Variant, always, names, optional};
use crate::domain::SemanticType;
use crate::profile::operator_spec::{CentreName, Encoding, RegionName};
use crate::profile::spec::{Invalid, Role};

/// One column of the input.
pub(in crate::profile) static COLUMN: Table = Table {
    name: "`[[column]]`",
    doc: "One column of the input.",
    keys: &[
        always("name", FILLED, r#""birth""#, "Name in the input."),
        always(
            "role",
            Kind::Word(|| names(Role::ALL)),
            r#""quasi""#,
            "What the column is to the people in the table: names one alone (`direct`), names one in combination (`quasi`), must not be learned (`sensitive`), is harmless (`insensitive`), or groups the rows of one person (`subject`).",
        ),
        optional(
            "type",
            Kind::Word(|| names(SemanticType::ALL)),
            r#""date""#,
            "What the cells are, for canonical forms and checks; plain text by default.",
        ),
        optional(
            "invalid",
            Kind::Word(|| names(Invalid::ALL)),
            r#""null""#,
            "What happens to cells that are not of the type: stop, as by default, release a null, or treat them as text.",
        ),
        optional("as", FILLED, r#""birth_year""#, "Name in the release, where another."),
        optional(
            "apply",
            Kind::Choice(&APPLY),
            r#"{ token = { domain = "person" } }"#,
            "Operator that changes the cells.",
        ),
        optional(
            "generalize",
            Kind::Choice(&GENERALIZE),
            r#"{ date = ["month", "year", "5-years"] }"#,
            "Hierarchy of a quasi column, or of a sensitive one whose `level` is fixed, from fine to coarse; level 0 is the raw value, and the level above the last step is `*`.",
        ),
        optional(
            "hierarchy",
            Kind::Either(&FILLED, &Kind::Choice(&GENERALIZE)),
            r#""icd10.csv""#,
            "Hierarchy of a sensitive column, for semantic distance: a file as in `tree`, or what `generalize` takes; it does not change the cells.",
        ),
        optional("level", LEVEL, "2", "Level of the hierarchy, fixed by hand; without it the search picks one."),
        optional("min_level", LEVEL, "1", "Lowest level that the search may choose."),
        optional("max_level", LEVEL, "3", "Highest level that the search may choose."),
        optional("weight", NUMBER, "2.5", "Weight of the column in the loss, 0 or more; 1 by default."),
    ],
};

/// The operators.
static APPLY: Choice = Choice {
    noun: "an operator",
    key: "apply",
    variants: &[
        word("keep", "Leaves the cells as they are."),
        word("drop", "The column does not leave."),
        both("redact", &REDACT, r#"{ with = "***" }"#, "Every value becomes one constant."),
        both("mask", &MASK, r"{ keep_first = 3, keep_last = 4 }", "Characters become one masking character."),
        full(
            "token",
            Kind::Table(&TOKEN),
            r#"{ domain = "person" }"#,
            "Keyed pseudonym, equal for equal values of the domain.",
        ),
        both("surrogate", &SURROGATE, r"{ bits = 128 }", "A fresh random name for each row, linked to nothing."),
        full("round", Kind::Table(&ROUND), r"{ step = 100 }", "To the nearest multiple, halves away from zero."),
        full("clamp", Kind::Table(&CLAMP), r"{ low = 0, high = 90 }", "Bottom and top coding."),
        full("truncate", Kind::Table(&TRUNCATE), r"{ characters = 3 }", "Keeps the first characters."),
        full("date", Kind::Text(Rule::DateStep), r#""year""#, "Precision of a date."),
        full(
            "shift_date",
            Kind::Table(&SHIFT_DATE),
            r"{ days = 365 }",
            "All dates of a person move by one secret number of days.",
        ),
        full(
            "microaggregate",
            Kind::Table(&MICROAGGREGATE),
            r"{ k = 5, step = 10 }",
            "The mean or median of a group of near numbers.",
        ),
        full("noise", Kind::Table(&NOISE), r"{ laplace = 5.0, step = 1 }", "Adds random noise and rounds."),
        word("shuffle", "The column's values are permuted among the rows."),
    ],
};

/// The hierarchies.
static GENERALIZE: Choice = Choice {
    noun: "a hierarchy",
    key: "generalize",
    variants: &[
        full(
            "interval",
            Kind::Table(&INTERVAL),
            r"{ steps = [5, 10, 20], low = 15, high = 90 }",
            "Intervals of a number, as `[20, 25)`.",
        ),
        full(
            "prefix",
            Kind::List { of: &Kind::Whole { low: 1, high: 1000 }, least: 1 },
            r"[4, 3, 2]",
            "Numbers of first characters that remain, from many to few; each further one becomes `*`.",
        ),
        full(
            "suffix",
            Kind::List { of: &Kind::Whole { low: 1, high: 1000 }, least: 1 },
            r"[4, 2]",
            "Numbers of last characters that remain, from many to few; each one before becomes `*`.",
        ),
        full(
            "region",
            Kind::List { of: &Kind::Word(|| names(RegionName::ALL)), least: 1 },
            r#"["city", "province", "part"]"#,
            "Steps of a Chinese region code of six digits: its city (`110100`), its province by name (`北京市`), its part of the country (`华北`).",
        ),
        full(
            "frequency",
            Kind::Table(&FREQUENCY),
            r#"{ order = ["I10", "E11", "J45"], keep = [2, 1] }"#,
            "The most frequent values stay, the others become one; the order is fixed before the data is seen.",
        ),
        full(
            "date",
            Kind::List { of: &Kind::Text(Rule::DateStep), least: 1 },
            r#"["month", "year", "5-years"]"#,
            "Steps of a date, from fine to coarse.",
        ),
        full(
            "categories",
            Kind::Either(&Kind::Table(&CATEGORIES), &Kind::Map(&FILLED)),
            r#"{ groups = { flu = "respiratory", asthma = "respiratory" }, other = "other" }"#,
            "Named groups of values: one level.",
        ),
        full(
            "tree",
            Kind::Either(&FILLED, &Kind::Table(&TREE)),
            r#""education.csv""#,
            "File with one line per raw value, its ancestors from fine to coarse behind it.",
        ),
    ],
};

const LEVEL: Kind = Kind::Whole { low: 0, high: 1000 };
const BITS: Kind = Kind::Whole { low: 64, high: 256 };
const COUNT: Kind = Kind::Whole { low: 0, high: 10_000 };
const ENCODINGS: Kind = Kind::Word(|| names(Encoding::ALL));
const BITS_DOC: &str =
    "Length in bits, a multiple of 8; 128 by default; 64 to 127 only where the run finds no two alike.";
const ENCODING_DOC: &str = "How the bits are written; `hex` by default.";

static NOTHING: Table = Table { name: "an operator without parameters", doc: "It has no parameters.", keys: &[] };

static REDACT: Table = Table {
    name: "`redact`",
    doc: "Every value becomes one constant.",
    keys: &[optional("with", FILLED, r#""[withheld]""#, "The constant; `***` by default.")],
};

static MASK: Table = Table {
    name: "`mask`",
    doc: "Characters become one masking character.",
    keys: &[
        optional("keep_first", COUNT, "3", "Characters kept at the start; 0 by default."),
        optional("keep_last", COUNT, "4", "Characters kept at the end; 0 by default."),
        optional("keep_from", FILLED, r#""@""#, "From the last occurrence of this text on all is kept."),
        optional("with", Kind::Text(Rule::Character), r##""#""##, "The masking character; `*` by default."),
        optional(
            "length",
            Kind::Whole { low: 1, high: 10_000 },
            "6",
            "Always so many masking characters, so that the length tells nothing; one for one by default.",
        ),
    ],
};

static TOKEN: Table = Table {
    name: "`token`",
    doc: "Keyed pseudonym, equal for equal values of the domain.",
    keys: &[
        always("domain", Kind::Text(Rule::Slug), r#""person""#, "Columns of one domain share tokens."),
        optional("bits", BITS, "128", BITS_DOC),
        optional("encoding", ENCODINGS, r#""base32""#, ENCODING_DOC),
    ],
};

static SURROGATE: Table = Table {
    name: "`surrogate`",
    doc: "A fresh random name for each row.",
    keys: &[
        optional(
            "bits",
            Kind::Whole { low: 128, high: 256 },
            "128",
            "Length in bits, a multiple of 8; 128 by default.",
        ),
        optional("encoding", ENCODINGS, r#""hex""#, ENCODING_DOC),
    ],
};

static ROUND: Table =
    Table { name: "`round`", doc: "To the nearest multiple.", keys: &[always("step", POSITIVE, "100", "The grid.")] };

static CLAMP: Table = Table {
    name: "`clamp`",
    doc: "Bottom and top coding; at least one bound.",
    keys: &[
        optional("low", NUMBER, "0", "Values below become this."),
        optional("high", NUMBER, "90", "Values above become this."),
    ],
};

static TRUNCATE: Table = Table {
    name: "`truncate`",
    doc: "Keeps the first characters.",
    keys: &[always("characters", Kind::Whole { low: 1, high: 10_000 }, "3", "Characters kept.")],
};

static SHIFT_DATE: Table = Table {
    name: "`shift_date`",
    doc: "All dates of a person move by one secret number of days.",
    keys: &[always("days", Kind::Whole { low: 1, high: 36_500 }, "365", "Largest move, either way.")],
};

static MICROAGGREGATE: Table = Table {
    name: "`microaggregate`",
    doc: "The mean or median of a group of near numbers; the input is read once more for it. Rows are counted, not persons.",
    keys: &[
        always("k", Kind::Whole { low: 2, high: u32::MAX as u64 }, "5", "Rows of the smallest group."),
        always("step", POSITIVE, "10", "The result is rounded to this grid."),
        optional(
            "with",
            Kind::Word(|| names(CentreName::ALL)),
            r#""median""#,
            "What stands for a group: `mean`, as by default, or `median`, the middle member.",
        ),
        optional(
            "group",
            Kind::Text(Rule::Slug),
            r#""vitals""#,
            "Columns that name one group are put into groups together: at least k rows share all their centres. They have one `k`; `step` and `with` are each column's own. Rows lacking the same of these numbers are grouped among themselves; where those are fewer than k, none of their numbers leaves.",
        ),
    ],
};

static NOISE: Table = Table {
    name: "`noise`",
    doc: "Adds random noise and rounds; one of `laplace` and `gaussian`.",
    keys: &[
        optional("laplace", POSITIVE, "5.0", "Laplace noise of this scale."),
        optional("gaussian", POSITIVE, "5.0", "Gaussian noise of this standard deviation."),
        optional("step", POSITIVE, "1", "The result is rounded to this grid; 1 by default."),
        optional("low", NUMBER, "0", "Results below become this."),
        optional("high", NUMBER, "1000", "Results above become this."),
    ],
};

static INTERVAL: Table = Table {
    name: "`interval`",
    doc: "Intervals of a number.",
    keys: &[
        always(
            "steps",
            Kind::List { of: &POSITIVE, least: 1 },
            "[5, 10, 20]",
            "Widths from fine to coarse, each a multiple of the one before.",
        ),
        optional("origin", NUMBER, "0", "A boundary of every width; 0 by default."),
        optional("low", NUMBER, "15", "Everything below is one group; a boundary of the first width."),
        optional("high", NUMBER, "90", "Everything from here on is one group; a boundary of the first width."),
    ],
};

static FREQUENCY: Table = Table {
    name: "`frequency`",
    doc: "The most frequent values stay, the others become one.",
    keys: &[
        always(
            "order",
            Kind::List { of: &FILLED, least: 1 },
            r#"["I10", "E11", "J45"]"#,
            "Values from the most frequent on; one that is not named is among the others.",
        ),
        always(
            "keep",
            Kind::List { of: &Kind::Whole { low: 1, high: 1_000_000 }, least: 1 },
            "[20, 10, 5]",
            "How many of them each level keeps, from many to few.",
        ),
        optional("other", FILLED, r#""rare""#, "What the others become; `other` by default."),
    ],
};

static CATEGORIES: Table = Table {
    name: "`categories`",
    doc: "Named groups of values.",
    keys: &[
        always("groups", Kind::Map(&FILLED), r#"{ flu = "respiratory" }"#, "Raw value to group."),
        optional(
            "other",
            FILLED,
            r#""other""#,
            "Group of a value that is not named; without it such a value stops the run.",
        ),
    ],
};

static TREE: Table = Table {
    name: "`tree`",
    doc: "A hierarchy in a file.",
    keys: &[
        always("file", FILLED, r#""education.csv""#, "File, relative to the profile."),
        optional("separator", Kind::Text(Rule::Byte), r#"";""#, "Character between its fields; a comma by default."),
    ],
};

const fn word(name: &'static str, doc: &'static str) -> Variant {
    Variant { name, doc, value: Kind::Table(&NOTHING), bare: true, example: "" }
}

const fn both(name: &'static str, table: &'static Table, example: &'static str, doc: &'static str) -> Variant {
    Variant { name, doc, value: Kind::Table(table), bare: true, example }
}

const fn full(name: &'static str, value: Kind, example: &'static str, doc: &'static str) -> Variant {
    Variant { name, doc, value, bare: false, example }
}
