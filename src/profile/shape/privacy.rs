//! `[privacy]` and `[search]`: models with their limits, and how levels are found.

use super::{FILLED, Kind, NUMBER, POSITIVE, Rule, TEXT_ENCODINGS, Table, always, names, optional};
use crate::profile::models::{
    Aggregate, BetaKind, CutName, DistanceKind, EstimatorName, LevelsFrom, Minimize, Recoding,
};
use crate::profile::spec::Unit;

pub(super) static PRIVACY: Table = Table {
    name: "`[privacy]`",
    doc: "Privacy models and their limits; a table for one sensitive column, a list of tables for several.",
    keys: &[
        optional(
            "unit",
            Kind::Word(|| names(Unit::ALL)),
            r#""subject""#,
            "What a class counts: rows, as by default, or persons, which are the values of the subject column; then all rows of a person together must look like those of k persons.",
        ),
        optional(
            "rows_per_subject",
            Kind::Whole { low: 1, high: 1_000_000 },
            "3",
            "Most rows of one person; which of them stay is drawn by key, and the others are left out and counted.",
        ),
        optional(
            "k_anonymity",
            K,
            "11",
            "Smallest class of equal quasi-identifiers (Sweeney 2002); demanded where the release leaves the house.",
        ),
        optional(
            "l_diversity",
            one_or_many(&Kind::Table(&L_DIVERSITY), &Kind::List { of: &Kind::Table(&L_DIVERSITY), least: 1 }),
            r#"{ of = "diagnosis", entropy = 3 }"#,
            "Different sensitive values in every class (Machanavajjhala et al. 2007).",
        ),
        optional(
            "t_closeness",
            one_or_many(&Kind::Table(&T_CLOSENESS), &Kind::List { of: &Kind::Table(&T_CLOSENESS), least: 1 }),
            r#"{ of = "diagnosis", distance = "hierarchical", t = 0.2 }"#,
            "How far the sensitive values of a class may be from those of the table (Li, Li, Venkatasubramanian 2007).",
        ),
        optional(
            "alpha_k",
            one_or_many(&Kind::Table(&ALPHA_K), &Kind::List { of: &Kind::Table(&ALPHA_K), least: 1 }),
            r#"{ of = "diagnosis", alpha = 0.5, k = 5 }"#,
            "Largest share that one sensitive value may have of a class (Wong et al. 2006).",
        ),
        optional(
            "beta_likeness",
            one_or_many(&Kind::Table(&BETA), &Kind::List { of: &Kind::Table(&BETA), least: 1 }),
            r#"{ of = "diagnosis", beta = 2 }"#,
            "How much the share of a sensitive value may grow (Cao, Karras 2012).",
        ),
        optional(
            "delta_disclosure",
            one_or_many(&Kind::Table(&DELTA), &Kind::List { of: &Kind::Table(&DELTA), least: 1 }),
            r#"{ of = "diagnosis", delta = 1.5 }"#,
            "How much the share of a sensitive value may change (Brickell, Shmatikov 2008).",
        ),
        optional(
            "k_map",
            K,
            "5",
            "Smallest number of people in the population behind every class (Sweeney 2001); needs `population`: counted in its table, or estimated from its size.",
        ),
        optional(
            "delta_presence",
            Kind::Table(&PRESENCE),
            "{ least = 0, most = 0.5 }",
            "Chance that a member of the population is in the data (Nergiz, Atzori, Clifton 2007); needs `population.table`.",
        ),
        optional(
            "risk",
            Kind::Table(&RISK),
            "{ highest = 0.09, average = 0.05 }",
            "Limits of the risk that a person is found again (El Emam, Dankar 2008).",
        ),
        optional(
            "uniqueness",
            Kind::Table(&UNIQUENESS),
            r#"{ population = "0.1%" }"#,
            "Limits of the share of people who are alone with their quasi-identifiers.",
        ),
        optional(
            "population",
            Kind::Table(&POPULATION),
            "{ size = 1_400_000 }",
            "The people that the data is a sample of; stated by the author, and told in the report.",
        ),
        optional(
            "suppress_at_most",
            Kind::Share { zero: true },
            r#""2%""#,
            "Share of the rows that may be left out for it; none by default.",
        ),
    ],
};

/// A table for one column, or a list of them.
const fn one_or_many(one: &'static Kind, many: &'static Kind) -> Kind {
    Kind::Either(one, many)
}

const K: Kind = Kind::Whole { low: 2, high: u32::MAX as u64 };
const SHARE: Kind = Kind::Share { zero: true };
const OF: super::Key = always("of", FILLED, r#""diagnosis""#, "The sensitive column, by its name in the input.");

static L_DIVERSITY: Table = Table {
    name: "`l_diversity`",
    doc: "Different sensitive values in every class; one or more of the three forms.",
    keys: &[
        OF,
        optional("distinct", K, "3", "So many different values."),
        optional("entropy", POSITIVE, "3", "Entropy of the values is at least that of so many equally frequent ones."),
        optional(
            "recursive",
            Kind::Table(&RECURSIVE),
            "{ c = 3, l = 2 }",
            "The most frequent value is rarer than c times all values from the l-th on.",
        ),
        optional(
            "estimator",
            Kind::Word(|| names(EstimatorName::ALL)),
            r#""shannon""#,
            "How `entropy` is estimated from a class: from its shares, as by default, or corrected for small classes (Grassberger 2003).",
        ),
    ],
};

static RECURSIVE: Table = Table {
    name: "`recursive`",
    doc: "Recursive (c,l)-diversity.",
    keys: &[
        always("c", POSITIVE, "3", "Factor; the most frequent value stays below c times the rest."),
        always("l", K, "2", "The rest starts at the l-th most frequent value."),
    ],
};

static T_CLOSENESS: Table = Table {
    name: "`t_closeness`",
    doc: "How far the sensitive values of a class may be from those of the table.",
    keys: &[
        OF,
        always(
            "distance",
            Kind::Word(|| names(DistanceKind::ALL)),
            r#""hierarchical""#,
            "How far two values are from each other: all alike (`equal`), by their places in an order (`ordered`), or by where they meet in the column's `hierarchy` (`hierarchical`).",
        ),
        always("t", POSITIVE, "0.2", "Largest distance, above 0 and at most 1."),
        optional(
            "order",
            Kind::List { of: &FILLED, least: 2 },
            r#"["low", "middle", "high"]"#,
            "Every value from low to high, for `ordered`; numbers and dates have their own order.",
        ),
    ],
};

static ALPHA_K: Table = Table {
    name: "`alpha_k`",
    doc: "Largest share that one sensitive value may have of a class.",
    keys: &[
        OF,
        always("alpha", POSITIVE, "0.5", "Largest share, below 1."),
        optional("k", K, "5", "Smallest class; that of `k_anonymity` by default."),
    ],
};

static BETA: Table = Table {
    name: "`beta_likeness`",
    doc: "How much the share of a sensitive value may grow.",
    keys: &[
        OF,
        always("beta", POSITIVE, "2", "A share p may become at most (1 + beta) p."),
        optional(
            "kind",
            Kind::Word(|| names(BetaKind::ALL)),
            r#""enhanced""#,
            "`enhanced`, as by default, also holds the growth of a share p below -ln p; `basic` does not.",
        ),
    ],
};

static DELTA: Table = Table {
    name: "`delta_disclosure`",
    doc: "How much the share of a sensitive value may change.",
    keys: &[
        OF,
        always(
            "delta",
            POSITIVE,
            "1.5",
            "A share changes by less than the factor e^delta; every class has every value.",
        ),
    ],
};

static PRESENCE: Table = Table {
    name: "`delta_presence`",
    doc: "Chance that a member of the population is in the data.",
    keys: &[
        always(
            "least",
            SHARE,
            "0",
            "Lowest chance; above 0 every combination of the population must occur, and nothing may be suppressed.",
        ),
        always("most", SHARE, "0.5", "Highest chance."),
    ],
};

static RISK: Table = Table {
    name: "`risk`",
    doc: "Limits of the risk that a person is found again, for an attacker who knows that the person is in the data.",
    keys: &[
        optional("highest", POSITIVE, "0.09", "Highest risk of one person: 1 / members of the class."),
        optional("average", POSITIVE, "0.05", "Classes / members: what share of right guesses is to be expected."),
        optional("share", SHARE, r#""1%""#, "Share of the people whose risk is above the threshold `above`."),
        optional("above", POSITIVE, "0.2", "The threshold of `share`."),
    ],
};

static UNIQUENESS: Table = Table {
    name: "`uniqueness`",
    doc: "Limits of the share of people who are alone with their quasi-identifiers.",
    keys: &[
        optional("sample", SHARE, r#""1%""#, "Share of the people in the data who are alone in their class."),
        optional(
            "population",
            SHARE,
            r#""0.1%""#,
            "Share of the population who are alone in it, by the largest of the valid estimates; needs `population`.",
        ),
    ],
};

static POPULATION: Table = Table {
    name: "`population`",
    doc: "The people that the data is a sample of; one of the two.",
    keys: &[
        optional(
            "size",
            Kind::Whole { low: 1, high: i64::MAX as u64 },
            "1_400_000",
            "How many they are; the members behind a class are then estimated (D'Angelo: members over sampling share).",
        ),
        optional(
            "table",
            FILLED,
            r#""population.csv""#,
            "File with a row for each of them and the quasi columns under their names in the input, relative to the profile; a CSV file has a header; it goes through the operators of the release and never leaves.",
        ),
        optional("separator", Kind::Text(Rule::Byte), r#"";""#, "Character between its fields; a comma by default."),
        optional("encoding", TEXT_ENCODINGS, r#""gb18030""#, "Encoding of a text file; `utf-8` by default."),
    ],
};

pub(super) static SEARCH: Table = Table {
    name: "`[search]`",
    doc: "How the levels of quasi columns without `level` are found.",
    keys: &[
        optional(
            "minimize",
            Kind::Word(|| names(Minimize::ALL)),
            r#""loss""#,
            "What the levels shall cost least of; `loss` by default: the share of its domain that a cell may be.",
        ),
        optional(
            "aggregate",
            Kind::Word(|| names(Aggregate::ALL)),
            r#""geometric-mean""#,
            "How the losses of the columns, times their weights, become one number; for `loss` only.",
        ),
        optional(
            "balance",
            NUMBER,
            "0.5",
            "What counts: 0 generalization only, 1 suppression only, 0.5, as by default, both.",
        ),
        optional(
            "levels_from",
            Kind::Word(|| names(LevelsFrom::ALL)),
            r#""sample""#,
            "Where levels come from: fixed in the profile (`declared`), from a part of the rows drawn at random (`sample`), or from all rows (`data`, as by default where a level is left open).",
        ),
        optional(
            "sample",
            Kind::Share { zero: false },
            r#""10%""#,
            "Share of the rows that `levels_from = \"sample\"` draws; 10% by default.",
        ),
        optional(
            "recoding",
            Kind::Word(|| names(Recoding::ALL)),
            r#""global""#,
            "Whether every row of a column has one level (`global`, as by default), rows that do not fit get coarser ones (`local`), or the space of values is cut where the rows are (`multidimensional`: numbers and dates by order, others down their hierarchy). The latter two lose less and follow the data: not for tier `open`, nor where persons are counted.",
        ),
        optional(
            "cut",
            Kind::Word(|| names(CutName::ALL)),
            r#""relaxed""#,
            "Where the rows with the value of a cut go, for `recoding = \"multidimensional\"`: all to one side (`strict`, as by default), or to both, so that both are of one size and their ranges share that value (`relaxed`). Rows that are alike in every quasi-identifier stay together under both.",
        ),
        optional(
            "seconds",
            Kind::Whole { low: 1, high: 1_000_000 },
            "60",
            "Time after which the best found so far is taken; none by default: the optimum is proven.",
        ),
        optional(
            "nodes",
            Kind::Whole { low: 1, high: i64::MAX as u64 },
            "100_000",
            "Combinations of levels that are checked at most; no limit by default.",
        ),
    ],
};
