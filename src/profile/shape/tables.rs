//! The tables of a profile, besides `[[column]]`, `[privacy]` and `[search]`.

use super::privacy::{PRIVACY, SEARCH};
use super::{ANY, COLUMN, FILLED, Kind, Rule, TEXT_ENCODINGS, Table, always, names, optional, or_preset};
use crate::profile::spec::{Frequency, Goal, Ragged, StrayQuotes, SuiteName, Tier};

/// The whole document.
pub(in crate::profile) static PROFILE: Table = Table {
    name: "the profile",
    doc: "What a release must be, and how each column of the input gets there.",
    keys: &[
        always(
            "name",
            Kind::Text(Rule::Slug),
            r#""household-survey-open""#,
            "Short name; it separates the tokens of this profile from those of others.",
        ),
        always("version", FILLED, r#""2026.1""#, "Version, as the author counts."),
        or_preset(
            "goal",
            Kind::Word(|| names(Goal::ALL)),
            r#""anonymized""#,
            "What the release must be: nobody can restore it (`anonymized`), or the key holder can link it (`deidentified`).",
        ),
        or_preset(
            "tier",
            Kind::Word(|| names(Tier::ALL)),
            r#""trade""#,
            "To whom the release may go: anyone, on application, buyers of a platform, or nobody.",
        ),
        optional("purpose", FILLED, r#""statistics on care use""#, "What the release is for."),
        optional("extends", FILLED, r#""public-20""#, "Preset whose keys stand wherever this profile is silent."),
        optional(
            "provenance",
            Kind::Table(&PROVENANCE),
            r#"{ source = "dataset-17" }"#,
            "Where the data comes from, by aliases that do not identify.",
        ),
        optional(
            "catalogue",
            Kind::Table(&CATALOGUE),
            r#"{ title = "Visits to clinics" }"#,
            "What the catalogue entry says beside what is measured; the release carries it.",
        ),
        optional(
            "input",
            Kind::Table(&INPUT),
            r#"{ format = "csv" }"#,
            "How the input is read; the command line wins over it.",
        ),
        optional("rows", Kind::Table(&ROWS), r#"{ sample = "10%" }"#, "Which rows are taken."),
        always(
            "column",
            Kind::List { of: &Kind::Table(&COLUMN), least: 1 },
            r#"[{ name = "age", role = "quasi" }]"#,
            "One table for each column of the input; a column that is not named stops the run.",
        ),
        optional(
            "privacy",
            Kind::Table(&PRIVACY),
            r"{ k_anonymity = 11 }",
            "Privacy models and their limits; no limit has a default but that nothing is suppressed.",
        ),
        optional(
            "search",
            Kind::Table(&SEARCH),
            r#"{ minimize = "loss" }"#,
            "How the levels of quasi columns without `level` are found.",
        ),
        optional(
            "gate",
            Kind::Table(&GATE),
            r"{ value_support = 11 }",
            "Limits of the gate's rules, where the defaults do not fit.",
        ),
        optional("output", Kind::Table(&OUTPUT), r#"{ format = "parquet" }"#, "How the release is written."),
        optional(
            "keys",
            Kind::Table(&KEYS),
            r#"{ suite = "hmac-sm3" }"#,
            "Where the key comes from, never what it is.",
        ),
        optional(
            "ledger",
            Kind::Table(&LEDGER),
            r#"{ population = "residents-2026", values_left = 3 }"#,
            "Holds the release against earlier ones; the file and its key are given on the command line.",
        ),
        optional(
            "approval",
            Kind::Table(&APPROVAL),
            r#"{ role = "role:data-protection" }"#,
            "A second person decides before the release leaves: `outis approve`.",
        ),
        optional(
            "evidence",
            Kind::Table(&EVIDENCE),
            r#"{ sign = ["keys/release"], retention_years = 10 }"#,
            "Who signs, and where records go: files and commands, never a key; the command line wins over it.",
        ),
        optional(
            "example",
            Kind::List { of: &Kind::Table(&EXAMPLE), least: 0 },
            r#"[{ in = { age = "37" }, out = { age = "[30, 40)" } }]"#,
            "Rows in and rows out, which a test runs.",
        ),
        optional(
            "sources",
            Kind::Map(&FILLED),
            r#"{ "privacy.k_anonymity" = "guideline 7" }"#,
            "For a number that has a source (a law, a standard): key path to the source's words.",
        ),
    ],
};

static CATALOGUE: Table = Table {
    name: "`[catalogue]`",
    doc: "Words for catalogues of data (DCAT); the release carries them, so they name whom the author wants named.",
    keys: &[
        optional("title", FILLED, r#""Visits to clinics""#, "Title; default the profile's name."),
        optional("description", FILLED, r#""One row for each visit""#, "What it is about; default the purpose."),
        optional("publisher", FILLED, r#""Health office""#, "Who publishes it."),
        optional("contact", FILLED, r#""data desk""#, "Whom to ask; default the responsible role."),
        optional("class", FILLED, r#""health""#, "Class in the catalogue's own scheme."),
        optional("keywords", Kind::List { of: &FILLED, least: 1 }, r#"["clinic", "visit"]"#, "Words to find it by."),
        optional(
            "license",
            FILLED,
            r#""https://creativecommons.org/licenses/by/4.0/""#,
            "License: its name or address.",
        ),
        optional("terms", FILLED, r#""no attempt to identify anybody""#, "What users must observe."),
        optional("access", FILLED, r#""download after application""#, "How it is shared or opened."),
        optional("frequency", Kind::Word(|| names(Frequency::ALL)), r#""annual""#, "How often it is renewed."),
        optional("from", Kind::Text(Rule::Date), r#""2025-01-01""#, "First day that the data speaks of."),
        optional("until", Kind::Text(Rule::Date), r#""2025-12-31""#, "Last day that the data speaks of."),
    ],
};

static LEDGER: Table = Table {
    name: "`[ledger]`",
    doc: "What a release must not do together with earlier ones. `outis run --ledger FILE --ledger-key FILE` says where they are.",
    keys: &[
        always(
            "population",
            Kind::Text(Rule::Alias),
            r#""residents-2026""#,
            "Alias of the people whom the releases are about; releases of one population are intersected.",
        ),
        always(
            "values_left",
            Kind::Whole { low: 1, high: 1_000_000 },
            "3",
            "Sensitive values that must be left to a person in the intersection of all releases; at least the l of the profile.",
        ),
    ],
};

static APPROVAL: Table = Table {
    name: "`[approval]`",
    doc: "Who must agree before a release leaves; until then it waits in a private folder.",
    keys: &[
        always(
            "role",
            Kind::Text(Rule::Alias),
            r#""role:data-protection""#,
            "Role that decides, never a person's name.",
        ),
        optional(
            "keys",
            Kind::List { of: &FILLED, least: 1 },
            r#"["example.org/dpo+0a1b2c3d+AQ=="]"#,
            "Public keys of those who may decide; any key but the maker's by default, and then whoever verifies must trust it.",
        ),
        optional(
            "tiers",
            Kind::List { of: &TIER, least: 1 },
            r#"["open", "trade"]"#,
            "Tiers whose releases are decided upon; all by default.",
        ),
    ],
};

static EVIDENCE: Table = Table {
    name: "`[evidence]`",
    doc: "Who signs, and where records go. Paths are relative to the profile; the release does not carry this table.",
    keys: &[
        optional(
            "sign",
            Kind::List { of: &FILLED, least: 1 },
            r#"["keys/release"]"#,
            "Key files that sign the release, as `outis keygen --signing` makes them; two for two suites.",
        ),
        optional(
            "sign_command",
            Kind::List { of: &FILLED, least: 1 },
            r#"["hsm", "sign", "release"]"#,
            "Program and arguments that sign (an HSM): the message on stdin, 64 bytes of signature on stdout.",
        ),
        optional("sign_public", FILLED, r#""keys/hsm.pub""#, "File with the public key of `sign_command`."),
        optional(
            "log",
            FILLED,
            r#""records/log""#,
            "Folder of the organisation's log: a run stands in it before it reads a row, a release before it leaves.",
        ),
        optional("log_sign", FILLED, r#""keys/log""#, "Key file that signs that log; those of the release by default."),
        optional(
            "salts",
            FILLED,
            r#""records/salts""#,
            "Folder for the salts of commitments to the source, one private file for each run; without it no source is committed to.",
        ),
        optional(
            "retention_years",
            Kind::Whole { low: 3, high: 100 },
            "10",
            "Years that log and evidence are kept at least; 5 by default.",
        ),
    ],
};

const TIER: Kind = Kind::Word(|| names(Tier::ALL));

static PROVENANCE: Table = Table {
    name: "`[provenance]`",
    doc: "Source, date and responsible role, as aliases: the release carries them.",
    keys: &[
        optional("source", Kind::Text(Rule::Alias), r#""dataset-17""#, "Alias of the data set."),
        optional("obtained", Kind::Text(Rule::Date), r#""2026-03-01""#, "Day on which the data was obtained."),
        optional("responsible", Kind::Text(Rule::Alias), r#""role:data-office""#, "Role that answers for the data."),
        optional("provider", Kind::Text(Rule::Alias), r#""provider-3""#, "Alias of the provider."),
        optional("basis", FILLED, r#""contract""#, "Legal basis, in words."),
    ],
};

static INPUT: Table = Table {
    name: "`[input]`",
    doc: "How the input is read; the command line wins over it.",
    keys: &[
        optional("format", Kind::Word(formats), r#""csv""#, "Format of the files; without it the file's name decides."),
        optional("encoding", TEXT_ENCODINGS, r#""utf-8""#, "Encoding of text files; `utf-8` by default."),
        optional(
            "delimiter",
            Kind::Text(Rule::Byte),
            r#"";""#,
            "Character between the fields of a CSV file; a comma by default.",
        ),
        optional(
            "quote",
            Kind::Text(Rule::ByteOrNone),
            r#""'""#,
            "Character around CSV fields; a double quote by default; empty for files without quoting.",
        ),
        optional(
            "header",
            Kind::Flag,
            "true",
            "Whether a CSV file starts with a header, as by default; without one the profile's columns name its columns in order.",
        ),
        optional(
            "null",
            Kind::List { of: &ANY, least: 0 },
            r#"["", "NA"]"#,
            "Texts that mean null; the empty text by default. In CSV a cell in quotes is never null: `invalid = \"null\"` on a column takes empty ones as such.",
        ),
        optional(
            "ragged",
            Kind::Word(|| names(Ragged::ALL)),
            r#""error""#,
            "What to do with rows of another number of fields: stop, as by default, or leave them out and count them.",
        ),
        optional(
            "stray_quotes",
            Kind::Word(|| names(StrayQuotes::ALL)),
            r#""error""#,
            "What to do with quotes where none may stand: stop, as by default, or take them as they are.",
        ),
    ],
};

static ROWS: Table = Table {
    name: "`[rows]`",
    doc: "Which rows are taken.",
    keys: &[optional(
        "sample",
        Kind::Share { zero: false },
        r#""10%""#,
        "Share of the rows that is drawn for the release; all by default.",
    )],
};

static GATE: Table = Table {
    name: "`[gate]`",
    doc: "Limits of the gate's rules; which of them block depends on the tier.",
    keys: &[
        optional(
            "token_distinct_at_least",
            Kind::Share { zero: true },
            r#""10%""#,
            "Least share of different tokens in a token column, the subject column left out; 10% by default, because few tokens are recognized by how often they stand.",
        ),
        optional(
            "token_share_at_most",
            Kind::Share { zero: true },
            r#""5%""#,
            "Largest share of the rows in which one token may stand; 5% by default, and ten rows are always fine.",
        ),
        optional(
            "value_support",
            Kind::Whole { low: 2, high: u32::MAX as u64 },
            "11",
            "Members that must share every released value outside the quasi columns, extremes included; `k_anonymity` by default.",
        ),
        optional(
            "distinct_numbers_at_most",
            Kind::Share { zero: true },
            r#""50%""#,
            "Largest share of different values in a column of numbers; 50% by default.",
        ),
        optional(
            "unique_rows_at_most",
            Kind::Share { zero: true },
            r#""20%""#,
            "Largest share of sampled rows that three columns or fewer tell apart; more is a warning; 20% by default.",
        ),
        optional(
            "candidates_at_least",
            Kind::Whole { low: 2, high: u32::MAX as u64 },
            "1000",
            "Values that must fit what is shown of an identifier in all columns together; `k_anonymity` by default.",
        ),
        optional(
            "finer_labels_at_most",
            Kind::Share { zero: true },
            r#""5%""#,
            "Largest share of generalized rows in which a label of a finer level is determined by the hierarchy and the release; where it is not set, more than 5% is told and refuses nothing.",
        ),
        optional(
            "presence_at_most",
            Kind::Share { zero: true },
            r#""50%""#,
            "Largest share of the people of the population with the same quasi-identifiers who may be in the release, where `privacy.population.table` is given; by default not all of them.",
        ),
    ],
};

static OUTPUT: Table = Table {
    name: "`[output]`",
    doc: "How the release is written.",
    keys: &[
        optional(
            "format",
            Kind::Word(formats),
            r#""parquet""#,
            "Format of the data files; that of the input by default.",
        ),
        optional(
            "shuffle",
            Kind::Flag,
            "true",
            "Whether the rows come in a new order, as by default, so that their place tells nothing.",
        ),
        optional(
            "parts",
            Kind::Whole { low: 1, high: 4096 },
            "8",
            "Number of data files; without it the size decides. With `shuffle = false` a file holds whole pieces of the input of half a megabyte, so a small input has fewer.",
        ),
        optional(
            "compression",
            Kind::Word(|| vec!["none", "gzip", "zstd"]),
            r#""gzip""#,
            "Compression of CSV and NDJSON files; none by default.",
        ),
        optional(
            "delimiter",
            Kind::Text(Rule::Byte),
            r#"",""#,
            "Character between the fields of a CSV file; a comma by default.",
        ),
        optional("null", ANY, r#""""#, "Text that stands for null in CSV files; empty by default."),
    ],
};

static KEYS: Table = Table {
    name: "`[keys]`",
    doc: "Where the key comes from, never what it is; without a place the key lives and dies with the run.",
    keys: &[
        optional(
            "suite",
            Kind::Word(|| names(SuiteName::ALL)),
            r#""hmac-sha256""#,
            "Keyed hash for tokens; `hmac-sha256` by default.",
        ),
        optional(
            "file",
            FILLED,
            r#""/run/secrets/outis.key""#,
            "File with 32 raw bytes or 64 hexadecimal digits; goal `deidentified` only.",
        ),
        optional(
            "environment",
            Kind::Text(Rule::Environment),
            r#""OUTIS_KEY""#,
            "Environment variable with 64 hexadecimal digits; goal `deidentified` only.",
        ),
        optional(
            "command",
            Kind::List { of: &FILLED, least: 1 },
            r#"["kms", "get", "outis"]"#,
            "Program and arguments that print 64 hexadecimal digits; goal `deidentified` only.",
        ),
        optional(
            "release",
            Kind::Text(Rule::Slug),
            r#""2026-spring""#,
            "Separates the tokens of one release from those of another under the same key; the profile's name by default.",
        ),
    ],
};

static EXAMPLE: Table = Table {
    name: "`[[example]]`",
    doc: "One row in, one row out.",
    keys: &[
        always(
            "in",
            Kind::Map(&Kind::Cell),
            r#"{ age = "37" }"#,
            "Cells by column; a column that is not named is null.",
        ),
        optional(
            "out",
            Kind::Map(&Kind::Cell),
            r#"{ age = "[30, 40)" }"#,
            "Expected cells by released name; `<token>` stands for any token, `<any>` for anything; without it the row only goes through the operators, and the example counts as not checked.",
        ),
    ],
};

fn formats() -> Vec<&'static str> {
    vec!["csv", "parquet", "ipc", "ndjson"]
}
