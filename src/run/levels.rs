//! The levels of open columns: survey of the raw values, search, and the classes at the levels found.
//!
//! Responsible for: what a profile leaves open under `[search]`. Given: a plan with open columns and its operators. It tells
//! the chosen levels and what the search proved; the nodes that it rejected are told nobody, because they are a trace of
//! the data (threats A10, G09).

use super::draw::Draw;
use super::ladders::Column;
use super::parallel::Done;
use super::survey::{Counted, count, survey, unplaced};
use super::{Progress, Stage, Workplace};
use crate::check::{self, Asked, Model};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::group::{ClassTable, Marks, Relabel};
use crate::plan::{Operators, Plan};
use crate::profile::{Aggregate, LevelsFrom, Minimize};
use crate::read::Source;
use crate::secret::StreamKey;
use crate::solve::{self, Budget, Classes, Metric, Problem, Solution};
use std::time::{Duration, Instant};

/// What the search found.
pub(super) struct Search {
    /// Column of the plan and level, for every column with a hierarchy.
    pub(super) levels: Option<Vec<(usize, usize)>>,
    /// The same for every column of the search.
    best: Option<Vec<usize>>,
    /// What the search says of itself: the optimum with all rows as the whole, those too that will be suppressed.
    pub(super) solution: Solution,
    /// Names of the quasi-identifying columns, in the order of the solution.
    pub(super) columns: Vec<String>,
    /// Rows that were searched on.
    pub(super) rows: u64,
    /// The classes at the levels, where the search looked at all rows and a person is a row.
    pub(super) counted: Option<Counted>,
    /// Where nothing fits: the models that fail where everything is generalized as far as it may be, and the rows of the classes
    /// that each rejects there.
    pub(super) failing: Vec<(String, u64)>,
    /// Rows that may be suppressed.
    pub(super) limit: u64,
    /// Time of the search alone.
    pub(super) seconds: f64,
    /// How much the distances were tightened so that the release holds with itself as the whole: 1 is not at all.
    pub(super) tightened: f64,
}

impl Search {
    /// Why there are no levels, in words.
    pub(super) fn why_nothing(&self) -> String {
        if !self.failing.is_empty() {
            let each = self.failing.iter().map(|(model, rows)| format!("{model} rejects {}", counted(*rows, "row")));
            return format!("no levels fit: even at the highest, {}", each.collect::<Vec<_>>().join(", "));
        }
        if self.solution.best.is_some() {
            return "no levels fit that also hold with the released rows alone as the whole".into();
        }
        let checked = counted(self.solution.checked, "combination");
        if self.solution.optimal {
            format!("no levels fit: each model holds somewhere, all together nowhere; {checked} checked")
        } else {
            format!("no levels were found in the time or number given; {checked} checked")
        }
    }
}

/// Steps by which distances are tightened where a release would not hold with itself as the whole.
pub(super) const TIGHTER: [f64; 10] = [1.0, 0.99, 0.97, 0.94, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5];

/// Finds the levels. `operators` stand on the fixed levels afterwards; the caller sets them to the levels found.
pub(super) fn search(
    plan: &Plan,
    operators: &mut Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    key: &StreamKey,
    progress: &Progress,
) -> Result<Search> {
    let (table, shards, columns) = raw_columns(plan, operators, source, place, draw, key, progress)?;
    operators.set_levels(&fixed_levels(plan));
    let mut refused = Vec::new();
    let (mut found, coarse) = loop {
        let (found, coarse) = search_classes_but(plan, &table, &columns, place, progress, &refused)?;
        let surveyed = table.persons().is_some() && plan.search.levels_from != LevelsFrom::Sample;
        let (Some(levels), Some(best)) = (found.levels.as_ref(), found.best.clone()) else { break (found, coarse) };
        if !surveyed || plan.sensitive.is_empty() || holds(plan, operators, levels, source, place, draw, progress)? {
            break (found, coarse);
        }
        refused.push(best);
        if refused.len() == MOST_REFUSED {
            break (Search { levels: None, ..found }, None);
        }
    };
    if plan.search.levels_from != LevelsFrom::Sample && table.shared().is_none() {
        found.counted = coarse.map(|coarse| (coarse, shards));
    }
    Ok(found)
}

/// The classes of the raw values, with the shards that they were counted in, and the ladders of their columns.
pub(super) type Raw = (ClassTable, Vec<Done<()>>, Vec<Column>);

/// The classes of the raw values and the ladders of their columns; a value without a place in them is told with its row.
/// `operators` stand on the raw values afterwards.
pub(super) fn raw_columns(
    plan: &Plan,
    operators: &mut Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    key: &StreamKey,
    progress: &Progress,
) -> Result<Raw> {
    let (table, shards) = raw_classes(plan, operators, source, place, draw, key, progress)?;
    match super::ladders::build(plan, operators, &table) {
        Ok(columns) => Ok((table, shards, columns)),
        Err(_) => Err(locate(plan, operators, source, place, draw, progress)),
    }
}

/// Levels that are surveyed at most, one after the other.
const MOST_REFUSED: usize = 64;

/// Whether a survey at these levels leaves out no more than it may. When persons leave, the classes change that they were in,
/// and the values there; so with models of sensitive values more may leave than the search, which looks at classes once, can say.
fn holds(
    plan: &Plan,
    operators: &mut Operators,
    levels: &[(usize, usize)],
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Result<bool> {
    operators.set_levels(levels);
    progress.begin(Stage::Survey, source.total_bytes());
    let survey = survey(&plan.at_levels(levels, operators)?, operators, source, place, draw, None, progress)?;
    operators.set_levels(&fixed_levels(plan));
    Ok(survey.rows_below <= survey.limit)
}

/// The classes of the raw values, of the rows that the search looks at. `operators` stand on the raw values afterwards.
pub(super) fn raw_classes(
    plan: &Plan,
    operators: &mut Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    key: &StreamKey,
    progress: &Progress,
) -> Result<Counted> {
    let raw: Vec<(usize, usize)> = plan.quasi.iter().map(|at| (*at, 0)).collect();
    operators.set_levels(&raw);
    progress.begin(Stage::Survey, source.total_bytes());
    let sampled = plan.search.levels_from == LevelsFrom::Sample;
    let drawn = if sampled { draw.for_levels(plan.search.sample, key) } else { draw };
    count(plan, operators, source, place, drawn, &Marks::default(), progress)
}

/// Column and level of every column whose level the profile fixes.
fn fixed_levels(plan: &Plan) -> Vec<(usize, usize)> {
    let fixed = |at: &usize| plan.columns[*at].level.map(|(level, _)| (*at, level));
    plan.quasi.iter().filter_map(fixed).collect()
}

/// The problem of a plan over classes of raw values.
pub(super) fn problem(plan: &Plan, table: &ClassTable, columns: &[Column]) -> Result<Problem> {
    let members = table.members().iter().sum();
    let models = Asked::bind_all(&plan.models, table.sensitive(), members).map_err(|unfit| unplaced(plan, &unfit))?;
    Ok(Problem {
        classes: Classes::of(table),
        ladders: columns.iter().map(|column| column.ladder.clone()).collect(),
        models,
        metric: metric(plan),
        suppress_at_most: plan.suppress_at_most.of(table.total_rows()),
    })
}

/// Searches classes of raw values; also gives the classes at the levels found.
pub(super) fn search_classes(
    plan: &Plan,
    table: &ClassTable,
    columns: &[Column],
    place: &Workplace<'_>,
    progress: &Progress,
) -> Result<(Search, Option<ClassTable>)> {
    search_classes_but(plan, table, columns, place, progress, &[])
}

/// Whether a search that began then may go on: nobody stopped it, and it has time left.
pub(super) fn in_time<'p>(plan: &Plan, progress: &'p Progress, start: Instant) -> impl Fn() -> bool + Sync + use<'p> {
    let deadline = plan.search.seconds.map(|seconds| start + Duration::from_secs(seconds));
    move || !progress.stopping() && deadline.is_none_or(|deadline| Instant::now() < deadline)
}

/// What a search may use.
pub(super) fn budget<'b>(
    plan: &Plan,
    place: &Workplace<'_>,
    go_on: &'b (dyn Fn() -> bool + Sync),
    refused: &'b [Vec<usize>],
) -> Budget<'b> {
    Budget {
        go_on,
        most_checked: plan.search.nodes,
        memory: usize::try_from(place.memory).unwrap_or(usize::MAX),
        threads: place.threads,
        refused,
    }
}

/// The same without some levels.
fn search_classes_but(
    plan: &Plan,
    table: &ClassTable,
    columns: &[Column],
    place: &Workplace<'_>,
    progress: &Progress,
    refused: &[Vec<usize>],
) -> Result<(Search, Option<ClassTable>)> {
    let start = Instant::now();
    let in_time = in_time(plan, progress, start);
    let budget = budget(plan, place, &in_time, refused);
    let problem = problem(plan, table, columns)?;
    let limit = problem.suppress_at_most;
    let mut found = Search {
        levels: None,
        best: None,
        solution: Solution { best: None, nodes: 0.0, checked: 0, optimal: false, gap: f64::INFINITY },
        columns: plan.quasi.iter().map(|at| plan.columns[*at].name.clone()).collect(),
        rows: table.total_rows(),
        counted: None,
        failing: Vec::new(),
        limit,
        seconds: 0.0,
        tightened: 1.0,
    };
    // a sample only proposes levels; the survey of all rows judges them
    let sampled = plan.search.levels_from == LevelsFrom::Sample;
    let asked = &problem.models;
    let steps = if asked.iter().any(Model::is_relative) && !sampled { &TIGHTER[..] } else { &TIGHTER[..1] };
    let series: Vec<Vec<Model>> =
        steps.iter().map(|factor| asked.iter().map(|model| model.tightened(*factor)).collect()).collect();
    let (mut began, mut outcome) = (Instant::now(), Ok(None));
    solve::solve_stricter(&problem, &series, &budget, &mut |step, solution| {
        found.seconds += began.elapsed().as_secs_f64();
        if progress.interrupted() {
            outcome = Err(Error::new(ErrorKind::Interrupted));
            return true;
        }
        let best = solution.best.clone();
        if step == 0 {
            found.solution = solution;
        }
        let Some(best) = best else { return true };
        found.tightened = steps[step];
        let coarse = at(table, columns, &best.levels);
        outcome = match check::leave_out(&coarse, &plan.models) {
            Err(unfit) => Err(unplaced(plan, &unfit)),
            Ok(out) => Ok((sampled || rows_of(&coarse, &out) <= limit).then_some((best.levels, coarse))),
        };
        began = Instant::now();
        !matches!(outcome, Ok(None))
    })
    .map_err(|_| unfit())?;
    if let Some((best, coarse)) = outcome? {
        let levels = plan.quasi.iter().zip(&best).map(|(at, level)| (*at, *level));
        let has_levels = |at: usize| plan.columns[at].open.is_some() || plan.columns[at].level.is_some();
        found.levels = Some(levels.filter(|(at, _)| has_levels(*at)).collect());
        found.best = Some(best);
        return Ok((found, Some(coarse)));
    }
    found.failing = failing(plan, table, columns, limit)?;
    Ok((found, None))
}

/// Rows of the classes that are left out.
pub(super) fn rows_of(table: &ClassTable, out: &[bool]) -> u64 {
    table.rows().iter().zip(out).filter(|(_, out)| **out).map(|(rows, _)| rows).sum()
}

/// The classes of a table at some levels.
fn at(table: &ClassTable, columns: &[Column], levels: &[usize]) -> ClassTable {
    let relabel = |(column, level): (&Column, &usize)| {
        let label = column.labels.get(level.checked_sub(1)?)?;
        Some(Relabel { codes: column.ladder.levels[*level].parent_code.clone(), labels: label.clone() })
    };
    table.generalized(&columns.iter().zip(levels).map(relabel).collect::<Vec<_>>())
}

/// Which models fail at the highest levels, and by how many rows.
pub(super) fn failing(plan: &Plan, table: &ClassTable, columns: &[Column], limit: u64) -> Result<Vec<(String, u64)>> {
    let top: Vec<usize> = columns.iter().map(|column| column.ladder.max).collect();
    let coarse = at(table, columns, &top);
    let mut failing = Vec::new();
    for asked in &plan.models {
        let out = check::leave_out(&coarse, std::slice::from_ref(asked)).map_err(|unfit| unplaced(plan, &unfit))?;
        let rows = rows_of(&coarse, &out);
        if rows > limit {
            failing.push((asked.model.name().to_owned(), rows));
        }
    }
    Ok(failing)
}

/// A value has no place in its column's hierarchy: reads again until the rows are found.
fn locate(
    plan: &Plan,
    operators: &mut Operators,
    source: &Source,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Error {
    // level 1 looks at every cell, unless it is `*` already
    let levels: Vec<(usize, usize)> = plan.quasi.iter().map(|at| (*at, 1)).collect();
    operators.set_levels(&levels);
    progress.begin(Stage::Survey, source.total_bytes());
    match count(plan, operators, source, place, draw, &Marks::default(), progress) {
        Err(error) => error,
        Ok(_) => Error::new(ErrorKind::InputChanged),
    }
}

pub(super) fn unfit() -> Error {
    Error::new(ErrorKind::Internal("classes and ladders do not fit each other"))
}

/// What is minimized.
pub(super) fn metric(plan: &Plan) -> Metric {
    let balance = plan.search.balance;
    let aggregate = match plan.search.aggregate {
        Aggregate::Sum => solve::Aggregate::Sum,
        Aggregate::Maximum => solve::Aggregate::Maximum,
        Aggregate::ArithmeticMean => solve::Aggregate::ArithmeticMean,
        Aggregate::GeometricMean => solve::Aggregate::GeometricMean,
        Aggregate::Rank => solve::Aggregate::Rank,
    };
    match plan.search.minimize {
        Minimize::Loss => Metric::Loss { aggregate, balance },
        Minimize::Discernibility => Metric::Discernibility,
        Minimize::DiscernibilityMonotone => Metric::DiscernibilityMonotone,
        Minimize::ClassSize => Metric::ClassSize { balance },
        Minimize::Entropy => Metric::Entropy { monotone: false, normalized: false, balance },
        Minimize::EntropyMonotone => Metric::Entropy { monotone: true, normalized: false, balance },
        Minimize::EntropyNormalized => Metric::Entropy { monotone: false, normalized: true, balance },
        Minimize::Precision => Metric::Precision { monotone: false, balance },
        Minimize::PrecisionMonotone => Metric::Precision { monotone: true, balance },
        Minimize::Height => Metric::Height,
        Minimize::Ambiguity => Metric::Ambiguity,
    }
}
