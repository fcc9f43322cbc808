//! Everything that can be measured of a finished table: what `outis check` tells.
//!
//! Responsible for: one pass over the table for each reading of it, and the numbers of every model, risk and estimator. Given: which
//! columns are what. Cells are taken as they stand; a null is a value of its own.

use super::measure::{Question, measure};
use super::population::{self, People};
use super::{Options, Progress, Stage, Workplace, make_pool};
use crate::check::attained::{self, Secrecy};
use crate::check::separation::separations;
use crate::check::uniqueness::Sample;
use crate::check::wildcard::wildcards;
use crate::check::{self, Asked, Model, Order, Scale, risk};
use crate::error::{Error, ErrorKind, Result};
use crate::group::{Behind, ClassTable, Values};
use crate::hierarchy::Hierarchy;
use crate::plan::Compiled;
use crate::profile::{Loaded, Role};
use crate::read::Source;
use crate::value::{Date, Decimal};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What is asked of a table.
#[derive(Default)]
pub struct Inquiry {
    /// Which columns are what.
    pub question: Question,
    /// Every column of the profile's release, in order; none without a profile.
    pub columns: Vec<String>,
    /// Hierarchies of sensitive columns, by name.
    pub hierarchies: BTreeMap<String, Arc<Hierarchy>>,
    /// Whether every sensitive column is also measured with the others as quasi-identifiers.
    pub extended: bool,
    /// Members of the population.
    pub population: Option<u64>,
    /// A table of the population with the same quasi-identifiers.
    pub population_table: Option<Source>,
    /// The profile's own table of the population, which goes through the profile's operators.
    pub own_population: Option<OwnPopulation>,
    /// A risk above this is too much.
    pub threshold: f64,
    /// Classes below this size are told as one.
    pub merge_below: u64,
    /// Models that are asked of the table; `sensitive` is a place in the question.
    pub models: Vec<Asked>,
}

/// A profile's table of the population, with the operators that the release was made with.
pub struct OwnPopulation {
    compiled: Compiled,
    people: People,
}

/// What a profile asks of its own release: columns by released name, models, hierarchies.
///
/// # Errors
/// The profile's complaints.
pub fn inquiry(loaded: &Loaded, folder: Option<&Path>) -> Result<Inquiry> {
    let compiled = super::compile_alone(loaded, folder)?;
    let plan = &compiled.plan;
    let name = |at: &usize| plan.columns[*at].released_as.clone();
    let subject = plan.counted_subject().as_ref().and_then(name);
    let mut sensitive: Vec<usize> = plan.sensitive.clone();
    let others = plan.released.iter().filter(|at| plan.columns[**at].role == Role::Sensitive);
    let more: Vec<usize> = others.copied().filter(|at| !sensitive.contains(at)).collect();
    sensitive.extend(more);
    let mut hierarchies = BTreeMap::new();
    for asked in &plan.models {
        if let (Some(Scale::Hierarchical(hierarchy)), Some(place)) = (&asked.scale, asked.model.sensitive()) {
            hierarchies.extend(name(&plan.sensitive[place]).map(|name| (name, Arc::clone(hierarchy))));
        }
    }
    let inquiry = Inquiry {
        question: Question {
            quasi: plan.quasi.iter().filter_map(name).collect(),
            sensitive: sensitive.iter().filter_map(name).collect(),
            subject,
        },
        columns: plan.released.iter().filter_map(name).collect(),
        hierarchies,
        models: plan.models.clone(),
        ..Inquiry::default()
    };
    // levels that were searched are not in the profile, and tokens come of a key that is gone
    let repeatable = !plan.is_open() && plan.quasi.iter().all(|at| plan.columns[*at].token.is_none());
    let people = if repeatable { population::open(loaded, folder, plan)? } else { None };
    Ok(Inquiry { own_population: people.map(|people| OwnPopulation { compiled, people }), ..inquiry })
}

/// The population by class, where a table of it is given.
fn population(inquiry: &Inquiry, options: &Options, progress: &Progress) -> Result<Option<ClassTable>> {
    if let Some(table) = &inquiry.population_table {
        let question = Question { quasi: inquiry.question.quasi.clone(), ..Question::default() };
        return measure(table, &question, options, progress).map(Some);
    }
    let Some(own) = inquiry.own_population.as_ref().filter(|_| inquiry.population.is_none()) else {
        return match inquiry.models.iter().find(|asked| asked.needs_table()) {
            None => Ok(None),
            Some(asked) => Err(Error::new(ErrorKind::Usage(format!(
                "`{}` is asked over a table of the population: give it with --population FILE, generalized as the release is",
                asked.model.name()
            )))),
        };
    };
    let pool = make_pool(options.threads)?;
    let place = Workplace { pool: &pool, threads: pool.current_num_threads(), memory: options.memory, overflow: None };
    progress.begin(Stage::Survey);
    own.people.counted(&own.compiled.plan, &own.compiled.operators, &place, progress).map(Some)
}

/// Whether the table can be of the population that is named: what would be counted over another one means nothing. Classes with a
/// suppressed cell have nobody behind them, so a table with such classes is not held against another.
fn fits(table: &ClassTable, inquiry: &Inquiry, behind: Option<&Behind>) -> Result<()> {
    let whole = wildcards(table).classes == 0;
    population::holds_the_sample(inquiry.population, behind.filter(|_| whole), table).map_err(|error| {
        let given = inquiry.population_table.as_ref().and_then(|given| given.files().first());
        match (given, &inquiry.own_population) {
            (Some(file), _) if behind.is_some() => error.in_file(file),
            (None, Some(own)) if behind.is_some() => own.people.named(error),
            _ => error,
        }
    })
}

/// Combinations of columns that are told.
const COMBINATIONS: usize = 20;

/// Measures a table.
///
/// # Errors
/// Columns that are not there, values without a place in an order or a hierarchy, and whatever reading meets.
pub fn check(source: &Source, inquiry: &Inquiry, options: &Options, progress: &Progress) -> Result<Map<String, Value>> {
    let question = &inquiry.question;
    let table = measure(source, question, options, progress)?;
    let mut document = identity(&table, inquiry);
    let mut columns = Map::new();
    let mut worst: Option<Secrecy> = None;
    for (place, name) in question.sensitive.iter().enumerate() {
        let found = if inquiry.extended && question.sensitive.len() > 1 {
            // the other sensitive columns are known to the attacker too
            let mut wider = question.clone();
            wider.sensitive = vec![name.clone()];
            wider.quasi.extend(question.sensitive.iter().filter(|other| *other != name).cloned());
            let table = measure(source, &wider, options, progress)?;
            secrecy(&table, 0, inquiry.hierarchies.get(name))?
        } else {
            secrecy(&table, place, inquiry.hierarchies.get(name))?
        };
        columns.insert(name.clone(), secrecy_document(&found));
        worst = Some(match worst {
            Some(worst) => worse(&worst, &found),
            None => found,
        });
    }
    if let Some(worst) = &worst {
        for (key, value) in object(secrecy_document(worst)) {
            document.insert(key, value);
        }
        document.insert("sensitive".into(), Value::Object(columns));
    }
    let people = population(inquiry, options, progress)?;
    let behind = people.as_ref().map(|people| table.behind(people));
    fits(&table, inquiry, behind.as_ref())?;
    risks(&table, inquiry, behind.as_ref(), &mut document);
    separation(&table, question, &mut document);
    models(&table, inquiry, behind.as_ref(), &mut document)?;
    Ok(document)
}

fn identity(table: &ClassTable, inquiry: &Inquiry) -> Map<String, Value> {
    let found = attained::identity(table);
    let persons = table.persons();
    let wild = wildcards(table);
    let smallest = (!table.is_empty()).then_some(found.k);
    let fewest = persons.and_then(crate::group::Persons::smallest).or(smallest);
    object(json!({
        "quasi": inquiry.question.quasi,
        "subject": inquiry.question.subject,
        "unit": if inquiry.question.subject.is_some() { "subject" } else { "row" },
        "rows": found.rows,
        "members": found.members,
        "persons": persons.map(crate::group::Persons::len),
        "classes": found.classes,
        "k_anonymity": smallest,
        "k_of_whole_persons": persons.and_then(crate::group::Persons::smallest),
        "unique_classes": table.members().iter().filter(|members| **members == 1).count(),
        "highest_risk": fewest.map(|fewest| format!("1/{fewest}")),
        "average_risk": (found.members > 0).then(|| format!("{}/{}", found.classes, found.members)),
        "average_class": found.average,
        "largest_class": found.largest,
        "discernibility": number(found.discernibility),
        "sample_uniqueness": found.sample_uniqueness,
        "class_sizes": bins(table, inquiry.merge_below),
        "wildcard": { "k_anonymity": wild.k, "rows": wild.rows, "classes": wild.classes },
    }))
}

/// A number that may be longer than JSON readers expect.
fn number(count: u128) -> Value {
    u64::try_from(count).map_or_else(|_| Value::from(count.to_string()), Value::from)
}

/// Bounds of the histogram's bins: classes of 1, 2, 3–4, 5–9 and so on members.
const BINS: [u64; 9] = [1, 2, 3, 5, 10, 20, 50, 100, 1000];

/// Classes and rows by size of class; sizes below `merged` are one bin, and a bin of fewer rows goes with the next one, so that
/// none tells of a few people.
fn bins(table: &ClassTable, merged: u64) -> Vec<Bin> {
    let mut lows: Vec<u64> = BINS.iter().copied().filter(|low| *low == 1 || *low >= merged).collect();
    if merged > 1 && !lows.contains(&merged) {
        lows.push(merged);
        lows.sort_unstable();
    }
    let mut bins: Vec<Bin> = lows
        .iter()
        .enumerate()
        .map(|(at, low)| Bin { from: *low, to: lows.get(at + 1).map(|next| next - 1), classes: 0, rows: 0 })
        .collect();
    for (members, rows) in table.members().iter().zip(table.rows()) {
        if let Some(bin) = bins.iter_mut().rev().find(|bin| bin.from <= *members) {
            bin.classes += 1;
            bin.rows += rows;
        }
    }
    fold(bins, merged)
}

/// Bins with rows, but fewer than `least`, become one with those behind them; the last one with those before it.
fn fold(bins: Vec<Bin>, least: u64) -> Vec<Bin> {
    let few = |bin: &Bin| bin.rows > 0 && bin.rows < least;
    let mut folded: Vec<Bin> = Vec::new();
    let mut small = false;
    for bin in bins {
        match folded.last_mut().filter(|_| small) {
            Some(before) => before.take(&bin),
            None => folded.push(bin),
        }
        small = folded.last().is_some_and(few);
    }
    while folded.len() > 1 && folded.last().is_some_and(|bin| bin.rows < least) && small {
        let Some(bin) = folded.pop() else { break };
        folded.iter_mut().rev().take(1).for_each(|before| before.take(&bin));
        small = folded.last().is_some_and(|bin| bin.rows < least);
    }
    folded
}

#[derive(Serialize)]
struct Bin {
    from: u64,
    to: Option<u64>,
    classes: u64,
    rows: u64,
}

impl Bin {
    /// Goes on to the end of the next one.
    fn take(&mut self, next: &Self) {
        self.to = next.to;
        self.classes += next.classes;
        self.rows += next.rows;
    }
}

/// What one sensitive column attains, in the order of numbers or dates where all its values are such.
fn secrecy(table: &ClassTable, place: usize, hierarchy: Option<&Arc<Hierarchy>>) -> Result<Secrecy> {
    let values = &table.sensitive()[place];
    let bind = |scale: &Scale| {
        scale.bind(values).map_err(|(values, missing_in)| Error::new(ErrorKind::Unplaced { values, missing_in }))
    };
    let ordered = order_of(values).map(|order| bind(&Scale::Ordered(order))).transpose()?;
    let hierarchical = hierarchy.map(|known| bind(&Scale::Hierarchical(Arc::clone(known)))).transpose()?;
    Ok(attained::secrecy(table, place, ordered.as_ref(), hierarchical.as_ref()))
}

/// The order that values have of themselves.
fn order_of(values: &Values) -> Option<Order> {
    let all = |reads: &dyn Fn(&[u8]) -> bool| values.len() > 1 && values.iter().flatten().all(reads);
    if all(&|cell| Decimal::parse(cell).is_some()) {
        Some(Order::Numbers)
    } else if all(&|cell| Date::parse_timestamp(cell).is_some()) {
        Some(Order::Dates)
    } else {
        None
    }
}

fn worse(one: &Secrecy, other: &Secrecy) -> Secrecy {
    let most = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    };
    // c belongs to its l: the smaller l is worse, and for equal l the larger c
    let recursive_c = match one.distinct_l.cmp(&other.distinct_l) {
        std::cmp::Ordering::Less => one.recursive_c,
        std::cmp::Ordering::Greater => other.recursive_c,
        std::cmp::Ordering::Equal => most(one.recursive_c, other.recursive_c),
    };
    Secrecy {
        alpha: one.alpha.max(other.alpha),
        distinct_l: one.distinct_l.min(other.distinct_l),
        entropy_l: one.entropy_l.min(other.entropy_l),
        recursive_c,
        t_equal: one.t_equal.max(other.t_equal),
        t_ordered: most(one.t_ordered, other.t_ordered),
        t_hierarchical: most(one.t_hierarchical, other.t_hierarchical),
        basic_beta: one.basic_beta.max(other.basic_beta),
        enhanced_beta: one.enhanced_beta.max(other.enhanced_beta),
        delta_disclosure: one.delta_disclosure.max(other.delta_disclosure),
        delta_of_present: one.delta_of_present.max(other.delta_of_present),
        entropy: one.entropy.min(other.entropy),
        classification: one.classification.max(other.classification),
    }
}

fn secrecy_document(found: &Secrecy) -> Value {
    json!({
        "alpha": found.alpha,
        "distinct_l_diversity": found.distinct_l,
        "entropy_l_diversity": found.entropy_l,
        "recursive_cl_diversity": { "l": found.distinct_l, "c_above": found.recursive_c.map(finite) },
        "t_closeness": {
            "equal": found.t_equal,
            "ordered": found.t_ordered,
            "hierarchical": found.t_hierarchical,
        },
        "basic_beta_likeness": finite(found.basic_beta),
        "enhanced_beta_likeness": finite(found.enhanced_beta),
        "delta_disclosure": finite(found.delta_disclosure),
        "delta_of_present_values": finite(found.delta_of_present),
        "entropy_nats": found.entropy,
        "classification_metric": found.classification,
    })
}

/// A number, or the word for what no limit holds.
fn finite(number: f64) -> Value {
    if number.is_finite() { Value::from(number) } else { Value::from("infinite") }
}

fn risks(table: &ClassTable, inquiry: &Inquiry, known: Option<&Behind>, document: &mut Map<String, Value>) {
    let members: u64 = table.members().iter().sum();
    let (behind, population, read_from) = match (known, inquiry.population) {
        (Some(known), _) => (Some(known.counts().to_vec()), Some(known.rows()), "table"),
        (None, Some(size)) => {
            let share = risk::ratio(members, size.max(members));
            let counts = table.members().iter().map(|count| check::estimated_population(*count, share)).collect();
            (Some(counts), Some(size), "estimated")
        }
        (None, None) => (None, None, "the table is taken for the population"),
    };
    if let Some(counts) = &behind {
        let smallest: Option<u64> = counts.iter().copied().min();
        document.insert("k_map".into(), json!(smallest));
    }
    if let Some(known) = known {
        let shares = || table.members().iter().zip(known.counts()).map(|(some, all)| risk::ratio(*some, *all));
        let absent = (!known.absent().is_empty()).then_some(0.0);
        document.insert(
            "delta_presence".into(),
            json!({
                "least": shares().chain(absent).reduce(f64::min),
                "most": shares().chain(absent).reduce(f64::max),
                "classes_of_population": known.classes(),
                "absent_classes": known.absent().len(),
                "classes_above_population": known.outgrown(table.members()),
            }),
        );
    }
    let mut found = risk::risks(table.members(), behind.as_deref(), inquiry.threshold);
    if let Some(persons) = table.persons() {
        // who knows that somebody is in the table knows all rows of theirs
        let whole = risk::risks(persons.alike(), None, inquiry.threshold);
        found = if behind.is_none() { whole } else { risk::Risks { prosecutor: whole.prosecutor, ..found } };
    }
    let one =
        |risk: &risk::Risk| json!({ "highest": risk.highest, "average": risk.average, "share_at_risk": risk.at_risk });
    document.insert(
        "risk".into(),
        json!({
            "threshold": inquiry.threshold,
            "population": population,
            "population_from": read_from,
            "prosecutor": one(&found.prosecutor),
            "journalist": one(&found.journalist),
            "marketer": { "average": found.marketer },
        }),
    );
    if let Some(population) = population {
        let share =
            |estimate: Option<f64>| estimate.map(|count| json!({ "people": count, "share": per(count, population) }));
        let found = Sample::new(table.members(), population).map(|sample| sample.uniqueness());
        document.insert(
            "population_uniqueness".into(),
            match found {
                Some(found) => json!({
                    "population": population,
                    "zayatz": share(found.zayatz),
                    "pitman": share(found.pitman),
                    "snb": share(found.snb),
                    "dankar": share(found.dankar),
                }),
                None => json!({ "population": population, "why_not": "the population is smaller than the table" }),
            },
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn per(count: f64, population: u64) -> f64 {
    count / population as f64
}

fn separation(table: &ClassTable, question: &Question, document: &mut Map<String, Value>) {
    let rows = table.total_rows();
    let told: Vec<Value> = separations(table, 3)
        .into_iter()
        .take(COMBINATIONS)
        .map(|one| {
            json!({
                "columns": one.columns.iter().map(|at| question.quasi[*at].clone()).collect::<Vec<_>>(),
                "distinct_share": risk::ratio(one.distinct, rows),
                "unique_share": risk::ratio(one.unique, rows),
            })
        })
        .collect();
    document.insert("separation".into(), Value::Array(told));
}

/// Whether every model that is asked holds.
fn models(
    table: &ClassTable,
    inquiry: &Inquiry,
    behind: Option<&Behind>,
    document: &mut Map<String, Value>,
) -> Result<()> {
    let mut all = true;
    let mut told = Vec::new();
    for asked in &inquiry.models {
        let out = check::leave_out(table, behind, std::slice::from_ref(asked)).map_err(|unfit| {
            let errors = unfit.iter().map(|one| {
                let error = Error::new(ErrorKind::Unplaced { values: one.values, missing_in: one.missing_in });
                match inquiry.question.sensitive.get(one.sensitive) {
                    Some(name) => error.in_column(name),
                    None => error,
                }
            });
            Error::gather(errors.collect()).unwrap_or_else(|| ErrorKind::Internal("a model that fits no value").into())
        })?;
        // a class of many persons may hold one whose rows together are like nobody's
        let alone = match (&asked.model, table.persons()) {
            (Model::KAnonymity(k), Some(persons)) => Some(persons.below(u64::from(k.get())).persons),
            _ => None,
        };
        let holds = out.nothing() && alone.is_none_or(|persons| persons == 0);
        all &= holds;
        told.push(json!({
            "model": asked.model.name(),
            "of": asked.model.sensitive().and_then(|place| inquiry.question.sensitive.get(place)),
            "asked": asked.words(),
            "holds": holds,
            "failing_persons": alone,
            "failing_classes": out.count(),
            "failing_rows": out.rows(table),
            "failing_absent_classes": out.absent,
        }));
    }
    document.insert("models".into(), Value::Array(told));
    document.insert("holds".into(), Value::Bool(all));
    Ok(())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_of_few_rows_go_with_the_next_and_the_last_with_the_one_before() {
        let bin = |from: u64, to: Option<u64>, rows: u64| Bin { from, to, classes: rows, rows };
        let told = |bins: Vec<Bin>, least: u64| -> Vec<(u64, Option<u64>, u64)> {
            fold(bins, least).iter().map(|bin| (bin.from, bin.to, bin.rows)).collect()
        };
        let all = || vec![bin(1, Some(4), 3), bin(5, Some(9), 40), bin(10, Some(99), 0), bin(100, None, 4)];
        assert_eq!(told(all(), 5), [(1, None, 47)]);
        let more = vec![bin(1, Some(4), 3), bin(5, Some(9), 40), bin(10, Some(99), 60), bin(100, None, 4)];
        assert_eq!(told(more, 5), [(1, Some(9), 43), (10, None, 64)]);
        assert_eq!(told(all(), 0).len(), 4, "nobody asked for k");
        let fine = vec![bin(1, Some(4), 0), bin(5, Some(9), 40), bin(10, None, 50)];
        assert_eq!(told(fine, 5), [(1, Some(4), 0), (5, Some(9), 40), (10, None, 50)]);
        assert_eq!(told(vec![bin(1, None, 2)], 5), [(1, None, 2)], "a table of two rows is what it is");
    }
}
