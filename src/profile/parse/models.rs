//! `[privacy]` beside k, and `[search]`: what the models need of the columns and of each other.
//!
//! Responsible for: every complaint about a model, and its finished form. Thresholds have no default; what is impossible
//! for any data is told here, what is impossible for this data by the search.

use super::check::did_you_mean;
use super::columns::Draft;
use super::desk::{Desk, quote};
use super::node::{Fields, Given};
use crate::domain::SemanticType;
use crate::limits::{K, Share};
use crate::profile::models::{
    Aggregate, BetaKind, CutName, DistanceKind, EstimatorName, LevelsFrom, Minimize, ModelKind, ModelSpec,
    PopulationSpec, Recoding, SearchSpec,
};
use crate::profile::operator_spec::OperatorSpec;
use crate::profile::spec::{Role, Tier, Unit};
use crate::value::Decimal;

/// Everything that `[privacy]` and `[search]` can have wrong.
pub(super) fn check(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    if let Some(privacy) = root.table("privacy") {
        for key in ["l_diversity", "t_closeness", "alpha_k", "beta_likeness", "delta_disclosure"] {
            for fields in one_or_many(privacy, key) {
                let column = sensitive(fields, columns, desk);
                thresholds(key, fields, privacy, column, desk);
            }
        }
        identity(privacy, desk);
        population(privacy, desk);
    }
    search(root, columns, desk);
}

/// The models of a section without complaints.
pub(super) fn build(privacy: &Fields) -> Vec<ModelSpec> {
    let k = threshold(privacy, "k_anonymity");
    let mut models = Vec::new();
    for fields in one_or_many(privacy, "l_diversity") {
        let estimator = fields.word("estimator", EstimatorName::ALL).value().unwrap_or(EstimatorName::Shannon);
        push(&mut models, fields, threshold(fields, "distinct").map(ModelKind::DistinctL));
        push(&mut models, fields, number(fields, "entropy").map(|l| ModelKind::EntropyL { l, estimator }));
        let recursive = fields.table("recursive");
        let recursive = recursive.and_then(|both| Some((number(both, "c")?, threshold(both, "l")?)));
        push(&mut models, fields, recursive.map(|(c, l)| ModelKind::RecursiveCl { c, l }));
    }
    for fields in one_or_many(privacy, "t_closeness") {
        let order = fields.texts("order").unwrap_or_default();
        let parts = number(fields, "t").zip(fields.word("distance", DistanceKind::ALL).value());
        push(&mut models, fields, parts.map(|(t, distance)| ModelKind::TCloseness { t, distance, order }));
    }
    for fields in one_or_many(privacy, "alpha_k") {
        let parts = number(fields, "alpha").zip(threshold(fields, "k").or(k));
        push(&mut models, fields, parts.map(|(alpha, k)| ModelKind::AlphaK { alpha, k }));
    }
    for fields in one_or_many(privacy, "beta_likeness") {
        let kind = fields.word("kind", BetaKind::ALL).value().unwrap_or(BetaKind::Enhanced);
        push(&mut models, fields, number(fields, "beta").map(|beta| ModelKind::Beta { beta, kind }));
    }
    for fields in one_or_many(privacy, "delta_disclosure") {
        push(&mut models, fields, number(fields, "delta").map(ModelKind::DeltaDisclosure));
    }
    push(&mut models, privacy, threshold(privacy, "k_map").map(ModelKind::KMap));
    if let Some(fields) = privacy.table("delta_presence") {
        let parts = share(fields, "least").zip(share(fields, "most"));
        push(&mut models, fields, parts.map(|(least, most)| ModelKind::DeltaPresence { least, most }));
    }
    if let Some(fields) = privacy.table("risk") {
        push(&mut models, fields, number(fields, "highest").map(ModelKind::HighestRisk));
        push(&mut models, fields, number(fields, "average").map(ModelKind::AverageRisk));
        let parts = share(fields, "share").zip(number(fields, "above"));
        push(&mut models, fields, parts.map(|(share, above)| ModelKind::RiskShare { share, above }));
    }
    if let Some(fields) = privacy.table("uniqueness") {
        push(&mut models, fields, share(fields, "sample").map(ModelKind::SampleUniqueness));
        push(&mut models, fields, share(fields, "population").map(ModelKind::PopulationUniqueness));
    }
    models
}

/// The population of a section without complaints.
pub(super) fn build_population(privacy: &Fields) -> Option<PopulationSpec> {
    let fields = privacy.table("population")?;
    let table = fields.owned("table").map(|file| {
        let separator = fields.byte("separator").unwrap_or(b',');
        let encoding = fields.owned("encoding").unwrap_or_else(|| "utf-8".into());
        PopulationSpec::Table { file, separator, encoding }
    });
    table.or_else(|| fields.whole("size").value().map(PopulationSpec::Size))
}

/// The search of a section without complaints; `open` tells whether a column waits for a level.
pub(super) fn build_search(fields: &Fields, open: bool) -> SearchSpec {
    let default = if open { LevelsFrom::Data } else { LevelsFrom::Declared };
    SearchSpec {
        minimize: fields.word("minimize", Minimize::ALL).value().unwrap_or(Minimize::Loss),
        aggregate: fields.word("aggregate", Aggregate::ALL).value().unwrap_or(Aggregate::GeometricMean),
        balance: number(fields, "balance").unwrap_or(0.5),
        levels_from: fields.word("levels_from", LevelsFrom::ALL).value().unwrap_or(default),
        sample: fields.share("sample").value().or(Share::from_millionths(100_000)).unwrap_or(Share::ALL),
        recoding: fields.word("recoding", Recoding::ALL).value().unwrap_or(Recoding::Global),
        cut: fields.word("cut", CutName::ALL).value().unwrap_or(CutName::Strict),
        seconds: fields.whole("seconds").value(),
        nodes: fields.whole("nodes").value(),
    }
}

fn push(models: &mut Vec<ModelSpec>, fields: &Fields, kind: Option<ModelKind>) {
    let of = if fields.shape().key("of").is_some() { fields.owned("of") } else { None };
    models.extend(kind.map(|kind| ModelSpec { kind, of, position: fields.at }));
}

/// The tables under a key that takes one or a list.
fn one_or_many<'f>(privacy: &'f Fields, key: &str) -> Vec<&'f Fields> {
    privacy.table(key).into_iter().chain(privacy.tables(key)).collect()
}

fn number(fields: &Fields, key: &str) -> Option<f64> {
    fields.number(key).value().map(Decimal::to_f64).filter(|number| number.is_finite())
}

fn share(fields: &Fields, key: &str) -> Option<f64> {
    fields.share(key).value().map(Share::fraction)
}

fn threshold(fields: &Fields, key: &str) -> Option<K> {
    fields.whole(key).value().and_then(|number| u32::try_from(number).ok()).and_then(K::new)
}

/// The sensitive column that a model names, which must leave with cells that say what they said.
fn sensitive<'d, 'a>(fields: &Fields, columns: &'d [Draft<'a>], desk: &mut Desk) -> Option<&'d Draft<'a>> {
    let (at, model) = (fields.place("of"), fields.shape().name);
    let name = fields.text("of").value()?;
    let known: Vec<&str> =
        columns.iter().filter(|column| column.role == Some(Role::Sensitive)).filter_map(|column| column.name).collect();
    let Some(column) = columns.iter().find(|column| column.name == Some(name)) else {
        if columns.iter().all(|column| column.name.is_some()) {
            let advice = if known.is_empty() {
                "Give the column that must not be learned the role `sensitive`, and name it.".into()
            } else {
                did_you_mean(name, &known)
            };
            desk.complain(at, format!("{model} is of {}, which is not a column", quote(name)), advice);
        }
        return None;
    };
    if column.role.is_some_and(|role| role != Role::Sensitive) {
        let what = format!("{model} is of {}, which is not sensitive", column.called());
        desk.complain(at, what, "Give the column the role `sensitive`, or name another.");
    }
    let advice = "Release what the model counts: `keep`, `round`, `clamp`, `truncate` or `date`; or remove the model.";
    match column.apply.as_ref() {
        Given::Value(operator @ (OperatorSpec::Drop | OperatorSpec::Redact { .. })) => {
            let what = format!("{model} is of {}, and `{}` leaves nothing to count", column.called(), operator.name());
            desk.complain(at, what, advice);
        }
        Given::Value(
            operator @ (OperatorSpec::Noise { .. }
            | OperatorSpec::Shuffle
            | OperatorSpec::Surrogate { .. }
            | OperatorSpec::ShiftDate { .. }),
        ) => {
            let what = format!(
                "{model} is of {}, and after `{}` no value stands where it stood",
                column.called(),
                operator.name()
            );
            desk.complain(at, what, advice);
        }
        _ => (),
    }
    Some(column)
}

fn thresholds(key: &str, fields: &Fields, privacy: &Fields, column: Option<&Draft<'_>>, desk: &mut Desk) {
    match key {
        "l_diversity" => {
            if !["distinct", "entropy", "recursive"].iter().any(|form| fields.has(form)) {
                desk.miss(
                    fields.at,
                    "`l_diversity` has none of `distinct`, `entropy` and `recursive`",
                    "Add one of them, as `distinct = 3`.",
                );
            }
            if number(fields, "entropy").is_some_and(|l| l <= 1.0) {
                let what = "`entropy` is at most 1, which every class has";
                desk.complain(fields.place("entropy"), what, "Write a number above 1, as `entropy = 3`.");
            }
        }
        "t_closeness" => t_closeness(fields, column, desk),
        "alpha_k" => {
            if number(fields, "alpha").is_some_and(|alpha| alpha >= 1.0) {
                let what = "`alpha` is 1 or more, which every class keeps";
                desk.complain(fields.place("alpha"), what, "Write a share below 1, as `alpha = 0.5`.");
            }
            if !fields.has("k") && !privacy.has("k_anonymity") {
                desk.miss(fields.at, "`alpha_k` has no `k`, and there is no `k_anonymity`", "Add `k`, as `k = 5`.");
            }
        }
        _ => (),
    }
}

fn t_closeness(fields: &Fields, column: Option<&Draft<'_>>, desk: &mut Desk) {
    if number(fields, "t").is_some_and(|t| t > 1.0) {
        desk.complain(
            fields.place("t"),
            "`t` is above 1, the largest distance there is",
            "Write 1 or less, as `t = 0.2`.",
        );
    }
    let distance = fields.word("distance", DistanceKind::ALL).value();
    if let (Some(DistanceKind::Hierarchical), Some(column)) = (distance, column)
        && !column.fields.has("hierarchy")
    {
        desk.miss(
            fields.place("distance"),
            format!("the distance is `hierarchical`, and {} has no `hierarchy`", column.called()),
            "Add `hierarchy` to the column, or choose another distance.",
        );
    }
    let order = fields.texts("order");
    if order.is_some() && distance.is_some_and(|distance| distance != DistanceKind::Ordered) {
        let what = "`order` is for the distance `ordered`";
        desk.complain(fields.place("order"), what, "Remove it, or choose the distance `ordered`.");
    }
    if let Some(order) = &order {
        let mut seen = std::collections::BTreeSet::new();
        for (text, element) in order.iter().zip(fields.list("order")) {
            if !seen.insert(text) {
                desk.complain(element.at, format!("{} stands twice in `order`", quote(text)), "Remove one of them.");
            }
        }
    }
    if let (Some(DistanceKind::Ordered), None, Some(column)) = (distance, &order, column) {
        let semantic = column.fields.text("type").value().and_then(SemanticType::parse);
        if !semantic.is_some_and(SemanticType::is_ordered) && !matches!(column.fields.text("type"), Given::Bad) {
            desk.miss(
                fields.place("distance"),
                format!("the distance is `ordered`, and {} has no order", column.called()),
                "Add `order` with every value from low to high, or declare the column's type: a number or a date.",
            );
        }
    }
}

/// Models that need no sensitive column.
fn identity(privacy: &Fields, desk: &mut Desk) {
    let population = privacy.table("population");
    let (size, table) = population.map_or((false, false), |known| (known.has("size"), known.has("table")));
    let bad = privacy.has("population") && population.is_none();
    let needs = |at, what: &str, enough: bool, advice: &str, desk: &mut Desk| {
        if !enough && !bad {
            desk.miss(at, format!("{what} needs the population"), advice);
        }
    };
    let either = "Add `population = { size = 1_400_000 }`, or a table of it.";
    if privacy.has("k_map") {
        needs(privacy.place("k_map"), "`k_map`", size || table, either, desk);
    }
    if let Some(presence) = privacy.table("delta_presence") {
        let table_of_it =
            "Add `population = { table = \"population.csv\" }`: a number of people does not tell who is absent.";
        needs(presence.at, "`delta_presence`", table, table_of_it, desk);
        if let (Some(least), Some(most)) = (share(presence, "least"), share(presence, "most"))
            && least >= most
        {
            let what = "`least` is not below `most`";
            desk.complain(presence.place("most"), what, "Give a `most` above `least`.");
        }
        let above_none = |fields: &Fields, key: &str| share(fields, key).is_some_and(|share| share > 0.0);
        if above_none(presence, "least") && above_none(privacy, "suppress_at_most") {
            let what =
                "`least` is above 0, and rows may be suppressed: a combination that is left out has nobody in the data";
            desk.complain(presence.place("least"), what, "Write `least = 0`, or remove `suppress_at_most`.");
        }
    }
    if let Some(risk) = privacy.table("risk") {
        for key in ["highest", "average", "above"] {
            if number(risk, key).is_some_and(|number| number >= 1.0) {
                let what = format!("`{key}` is 1 or more, and no risk is above 1");
                desk.complain(risk.place(key), what, format!("Write a number below 1, as `{key} = 0.1`."));
            }
        }
        for (one, other) in [("share", "above"), ("above", "share")] {
            if risk.has(one) && !risk.has(other) {
                desk.miss(risk.place(one), format!("`risk` has `{one}` and no `{other}`"), format!("Add `{other}`."));
            }
        }
        nothing(risk, desk);
    }
    if let Some(unique) = privacy.table("uniqueness") {
        if unique.has("population") {
            needs(unique.place("population"), "`uniqueness.population`", size || table, either, desk);
        }
        nothing(unique, desk);
    }
}

fn nothing(fields: &Fields, desk: &mut Desk) {
    if fields.each().next().is_none() {
        let keys: Vec<String> = fields.shape().keys.iter().map(|key| format!("`{}`", key.name)).collect();
        let what = format!("{} has no limit", fields.shape().name);
        desk.miss(fields.at, what, format!("Add one of {}.", keys.join(", ")));
    }
}

fn population(privacy: &Fields, desk: &mut Desk) {
    let Some(population) = privacy.table("population") else { return };
    match (population.has("size"), population.has("table")) {
        (true, true) => desk.complain(
            population.place("table").max(population.place("size")),
            "`population` has both `size` and `table`",
            "Keep one of them.",
        ),
        (false, false) => {
            desk.miss(population.at, "`population` has neither `size` nor `table`", "Add one of them.");
        }
        _ => (),
    }
    for name in ["separator", "encoding"] {
        if population.has(name) && !population.has("table") {
            desk.complain(population.place(name), format!("`{name}` is for a `table`"), "Remove it.");
        }
    }
}

/// What regions need that levels do not.
fn recoding(
    root: &Fields,
    search: &Fields,
    (minimize, from): (Minimize, Option<LevelsFrom>),
    all_fixed: bool,
    desk: &mut Desk,
) {
    let asked = search.word("recoding", Recoding::ALL).value();
    let Some(kind) = asked.filter(|kind| *kind != Recoding::Global) else { return };
    let (at, name) = (search.place("recoding"), kind.name());
    let mut complain = |what: String, advice: &str| desk.complain(at, what, advice);
    if root.word("tier", Tier::ALL).value() == Some(Tier::Open) {
        complain(
            format!(
                "recoding `{name}` follows the rows, and who knows the rule can undo part of it: not for tier `open`"
            ),
            "Write `recoding = \"global\"`, or release to fewer.",
        );
    }
    let privacy = root.table("privacy");
    let persons = privacy.is_some_and(|privacy| privacy.word("unit", Unit::ALL).value() == Some(Unit::Subject));
    if persons {
        complain(
            format!(
                "recoding `{name}` counts rows, and `unit` is `subject`: rows of a person would each be recoded otherwise"
            ),
            "Write `recoding = \"global\"`, or count rows.",
        );
    }
    if minimize != Minimize::Loss {
        let what = format!("recoding `{name}` minimizes `loss`: `{}` is of levels", minimize.name());
        complain(what, "Remove `minimize`, or write `recoding = \"global\"`.");
    }
    if from == Some(LevelsFrom::Sample) {
        let what = format!("recoding `{name}` needs all rows: those that a sample lacks would have no region");
        complain(what, "Write `levels_from = \"data\"`, or `recoding = \"global\"`.");
    }
    if all_fixed {
        let what = format!("recoding `{name}` has nothing to choose: every column has its level");
        complain(what, "Remove `level` from a column, or remove `recoding`.");
    }
    if let Some(model) = ["k_map", "delta_presence"].into_iter().find(|model| privacy.is_some_and(|p| p.has(model))) {
        let what = format!("recoding `{name}` cannot hold `{model}`: the population's rows have no region");
        complain(what, "Remove one of them.");
    }
    let table = privacy.and_then(|privacy| privacy.table("population")).is_some_and(|people| people.has("table"));
    if table {
        let what = format!("recoding `{name}` has no levels at which a table of the population could be counted");
        complain(what, "State the population's `size`, or write `recoding = \"global\"`.");
    }
}

fn search(root: &Fields, columns: &[Draft<'_>], desk: &mut Desk) {
    let open: Vec<&Draft<'_>> = columns.iter().filter(|column| column.is_open()).collect();
    let Some(search) = root.table("search") else { return };
    let levels_from = search.word("levels_from", LevelsFrom::ALL).value();
    if levels_from == Some(LevelsFrom::Declared) {
        for column in &open {
            desk.miss(
                column.fields.place("generalize"),
                format!("levels are `declared`, and {} has no `level`", column.called()),
                "Add its `level`, or let the search find it: `levels_from = \"sample\"` or `\"data\"`.",
            );
        }
    }
    if let Some(from @ (LevelsFrom::Sample | LevelsFrom::Data)) = levels_from
        && open.is_empty()
        && columns.iter().all(|column| !matches!(column.generalize, Given::Bad))
    {
        let what = format!("levels come from `{}`, and every column has its level", from.name());
        desk.complain(search.place("levels_from"), what, "Remove `level` from a column, or write `declared`.");
    }
    if search.has("sample") && levels_from != Some(LevelsFrom::Sample) {
        let what = "`sample` is for `levels_from = \"sample\"`";
        desk.complain(search.place("sample"), what, "Remove it, or draw levels from a sample.");
    }
    let minimize = search.word("minimize", Minimize::ALL).value().unwrap_or(Minimize::Loss);
    recoding(root, search, (minimize, levels_from), open.is_empty(), desk);
    let asked = search.word("recoding", Recoding::ALL);
    if search.has("cut") && !matches!(asked, Given::Value(Recoding::Multidimensional) | Given::Bad) {
        let what = "`cut` is for `recoding = \"multidimensional\"`: nothing else cuts ranges";
        desk.complain(search.place("cut"), what, "Remove it, or write `recoding = \"multidimensional\"`.");
    }
    if search.has("aggregate") && minimize != Minimize::Loss {
        let what = format!("`aggregate` is for `loss`, and `{}` is minimized", minimize.name());
        desk.complain(search.place("aggregate"), what, "Remove it.");
    }
    if number(search, "balance").is_some_and(|balance| !(0.0..=1.0).contains(&balance)) {
        desk.complain(search.place("balance"), "`balance` is not between 0 and 1", "Write 0 to 1; 0.5 counts both.");
    }
    let alone = [Minimize::Discernibility, Minimize::DiscernibilityMonotone, Minimize::Height, Minimize::Ambiguity];
    if search.has("balance") && alone.contains(&minimize) {
        let what = format!("`balance` changes nothing of `{}`", minimize.name());
        desk.complain(search.place("balance"), what, "Remove it.");
    }
}
