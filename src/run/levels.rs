//! The levels of open columns: survey of the raw values, search, and the classes at the levels found.
//!
//! Responsible for: what a profile leaves open under `[search]`. Given: a plan with open columns and its operators. It tells
//! the chosen levels and what the search proved; the nodes that it rejected are told nobody, because they are a trace of
//! the data (threats A10, G09).

use super::draw::Draw;
use super::parallel::Done;
use super::population::Inputs;
use super::raw::{Ground, Raw};
use super::survey::{Surveyed, count, survey, unplaced};
use super::{Progress, Stage, Workplace};
use crate::check::{self, Asked, Model};
use crate::error::{Error, ErrorKind, Result, counted, counted_classes};
use crate::group::{Behind, ClassTable, Marks};
use crate::plan::{Operators, Plan};
use crate::profile::{Aggregate, LevelsFrom, Minimize};
use crate::secret::StreamKey;
use crate::solve::{self, Budget, Metric, Problem, Solution};
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
    pub(super) counted: Option<Surveyed>,
    /// Whether persons are counted, all of whose rows together must be shared.
    whole_persons: bool,
    /// Where nothing fits: what was read.
    pub(super) shards: Vec<Done<()>>,
    /// Where nothing fits: the models that fail where everything is generalized as far as it may be, and what each rejects there.
    pub(super) failing: Vec<Failing>,
    /// Members of the population, where a model counts a table of it.
    pub(super) population: Option<u64>,
    /// Rows that may be suppressed.
    pub(super) limit: u64,
    /// Time of the search alone.
    pub(super) seconds: f64,
    /// How much the distances were tightened so that the release holds with itself as the whole: 1 is not at all.
    pub(super) tightened: f64,
}

/// A model that fails, and what it rejects.
pub(super) struct Failing {
    pub(super) model: String,
    /// Rows of the classes that it rejects.
    pub(super) rows: u64,
    /// Classes that it rejects and that only the population has.
    pub(super) absent: u64,
}

impl Failing {
    /// In words.
    pub(super) fn words(&self) -> String {
        let rows = (self.rows > 0).then(|| counted(self.rows, "row"));
        let absent = (self.absent > 0)
            .then(|| format!("{} of the population that nobody of the input is in", counted_classes(self.absent)));
        let what: Vec<String> = rows.into_iter().chain(absent).collect();
        format!("{} rejects {}", self.model, what.join(" and "))
    }
}

impl Search {
    /// Why there are no levels, in words.
    pub(super) fn why_nothing(&self) -> String {
        if !self.failing.is_empty() {
            let each: Vec<String> = self.failing.iter().map(Failing::words).collect();
            return format!("no levels fit: even at the highest, {}", each.join(", "));
        }
        if self.solution.best.is_some() {
            return "no levels fit that also hold with the released rows alone as the whole".into();
        }
        let checked = counted(self.solution.checked, "combination");
        if self.solution.optimal && self.whole_persons {
            format!(
                "no levels fit: persons whose rows together fewer than k share have more rows than may be suppressed; {checked} checked"
            )
        } else if self.solution.optimal {
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
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    key: &StreamKey,
    progress: &Progress,
) -> Result<Search> {
    let raw = raw_classes(plan, operators, inputs, place, draw, key, progress)?;
    let ground = ground(plan, operators, &raw, inputs, place, draw, progress)?;
    operators.set_levels(&fixed_levels(plan));
    let mut refused = Vec::new();
    let (mut found, coarse) = loop {
        let (found, coarse) = search_classes_but(plan, &ground, place, progress, &refused)?;
        let surveyed = ground.table.persons().is_some() && plan.search.levels_from != LevelsFrom::Sample;
        let (Some(levels), Some(best)) = (found.levels.as_ref(), found.best.clone()) else { break (found, coarse) };
        if !surveyed || plan.sensitive.is_empty() || holds(plan, operators, levels, inputs, place, draw, progress)? {
            break (found, coarse);
        }
        refused.push(best);
        if refused.len() == MOST_REFUSED {
            break (Search { levels: None, ..found }, None);
        }
    };
    hold_the_sample(inputs, &ground, coarse.as_ref())?;
    let whole = plan.search.levels_from != LevelsFrom::Sample && ground.table.shared().is_none();
    drop(ground);
    if let Some((table, behind)) = coarse.filter(|_| whole) {
        found.counted = Some(Surveyed { counted: (table, raw.shards), behind });
    } else if found.levels.is_none() {
        found.shards = raw.shards;
    }
    Ok(found)
}

/// Refuses a population that cannot be that of the sample, at the levels found; at the highest where none were.
pub(super) fn hold_the_sample(
    inputs: Inputs<'_>,
    ground: &Ground<'_>,
    found: Option<&(ClassTable, Option<Behind>)>,
) -> Result<()> {
    match found {
        Some((table, behind)) => inputs.holds_the_sample(behind.as_ref(), table),
        None if ground.behind().is_some() => {
            let highest: Vec<usize> = ground.columns.iter().map(|column| column.ladder.max).collect();
            let (table, behind) = ground.at(&highest);
            inputs.holds_the_sample(behind.as_ref(), &table)
        }
        None => inputs.holds_the_sample(None, ground.table),
    }
}

/// The classes of the raw values with the ladders of their columns; a value without a place in them is told with its row.
/// `operators` stand on the raw values.
pub(super) fn ground<'t>(
    plan: &Plan,
    operators: &mut Operators,
    raw: &'t Raw,
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Result<Ground<'t>> {
    Ground::new(plan, operators, raw).map_err(|_| locate(plan, operators, inputs, place, draw, progress))
}

/// Levels that are surveyed at most, one after the other.
const MOST_REFUSED: usize = 64;

/// Whether a survey at these levels leaves out no more than it may. When persons leave, the classes change that they were in,
/// and the values there; so with models of sensitive values more may leave than the search, which looks at classes once, can say.
fn holds(
    plan: &Plan,
    operators: &mut Operators,
    levels: &[(usize, usize)],
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Result<bool> {
    operators.set_levels(levels);
    progress.begin(Stage::Survey);
    let survey = survey(&plan.at_levels(levels, operators)?, operators, inputs, place, draw, None, progress)?;
    operators.set_levels(&fixed_levels(plan));
    Ok(survey.holds())
}

/// The classes of the raw values, of the rows that the search looks at, and of the population where a model counts it. `operators` stand
/// on the raw values afterwards.
pub(super) fn raw_classes(
    plan: &Plan,
    operators: &mut Operators,
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    key: &StreamKey,
    progress: &Progress,
) -> Result<Raw> {
    let raw: Vec<(usize, usize)> = plan.quasi.iter().map(|at| (*at, 0)).collect();
    operators.set_levels(&raw);
    progress.begin(Stage::Survey);
    let people = inputs.population(plan, operators, place, progress)?;
    let drawn = if sampled(plan) { draw.for_levels(plan.search.sample, key) } else { draw };
    let (table, shards) = count(plan, operators, inputs.source, place, drawn, &Marks::default(), progress)?;
    Ok(Raw { table, shards, people })
}

fn sampled(plan: &Plan) -> bool {
    plan.search.levels_from == LevelsFrom::Sample
}

/// The models as they are asked of the rows that the search looks at.
fn asked(plan: &Plan) -> Vec<Asked> {
    let share = if sampled(plan) { plan.search.sample.fraction() } else { 1.0 };
    plan.models.iter().map(|asked| Asked { model: asked.model.thinned(share), ..asked.clone() }).collect()
}

/// Column and level of every column whose level the profile fixes.
fn fixed_levels(plan: &Plan) -> Vec<(usize, usize)> {
    let fixed = |at: &usize| plan.columns[*at].level.map(|(level, _)| (*at, level));
    plan.quasi.iter().filter_map(fixed).collect()
}

/// The problem of a plan over classes of raw values.
pub(super) fn problem(plan: &Plan, ground: &Ground<'_>) -> Result<Problem> {
    let (table, behind) = (ground.table, ground.behind());
    let models = Asked::bind_all(&asked(plan), table, behind).map_err(|unfit| unplaced(plan, &unfit))?;
    Ok(Problem {
        classes: ground.classes(),
        ladders: ground.columns.iter().map(|column| column.ladder.clone()).collect(),
        models,
        metric: metric(plan),
        suppress_at_most: plan.suppress_at_most.of(table.total_rows()),
    })
}

/// The classes at some levels, and the population behind them.
pub(super) type Coarse = (ClassTable, Option<Behind>);

/// Searches classes of raw values; also gives the classes at the levels found.
pub(super) fn search_classes(
    plan: &Plan,
    ground: &Ground<'_>,
    place: &Workplace<'_>,
    progress: &Progress,
) -> Result<(Search, Option<Coarse>)> {
    search_classes_but(plan, ground, place, progress, &[])
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
    ground: &Ground<'_>,
    place: &Workplace<'_>,
    progress: &Progress,
    refused: &[Vec<usize>],
) -> Result<(Search, Option<Coarse>)> {
    let start = Instant::now();
    let in_time = in_time(plan, progress, start);
    let budget = budget(plan, place, &in_time, refused);
    let problem = problem(plan, ground)?;
    let limit = problem.suppress_at_most;
    let mut found = Search {
        levels: None,
        best: None,
        solution: Solution { best: None, nodes: 0.0, checked: 0, optimal: false, gap: f64::INFINITY },
        columns: plan.quasi.iter().map(|at| plan.columns[*at].name.clone()).collect(),
        rows: ground.table.total_rows(),
        counted: None,
        whole_persons: ground.table.persons().is_some(),
        shards: Vec::new(),
        failing: Vec::new(),
        population: ground.behind().map(Behind::rows),
        limit,
        seconds: 0.0,
        tightened: 1.0,
    };
    // a sample only proposes levels; the survey of all rows judges them
    let sampled = sampled(plan);
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
        let (coarse, behind) = ground.at(&best.levels);
        outcome = match check::leave_out(&coarse, behind.as_ref(), &plan.models) {
            Err(unfit) => Err(unplaced(plan, &unfit)),
            Ok(out) => {
                let holds = sampled || (out.rows(&coarse) <= limit && out.absent == 0);
                Ok(holds.then_some((best.levels, (coarse, behind))))
            }
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
    found.failing = failing(plan, ground, limit)?;
    Ok((found, None))
}

/// Which models fail at the highest levels, and what they reject there.
pub(super) fn failing(plan: &Plan, ground: &Ground<'_>, limit: u64) -> Result<Vec<Failing>> {
    let top: Vec<usize> = ground.columns.iter().map(|column| column.ladder.max).collect();
    let (coarse, behind) = ground.at(&top);
    let mut failing = Vec::new();
    for asked in &asked(plan) {
        let out = check::leave_out(&coarse, behind.as_ref(), std::slice::from_ref(asked));
        let out = out.map_err(|unfit| unplaced(plan, &unfit))?;
        let (rows, absent) = (out.rows(&coarse), out.absent);
        if rows > limit || absent > 0 {
            failing.push(Failing { model: asked.model.name().to_owned(), rows, absent });
        }
    }
    Ok(failing)
}

/// A value has no place in its column's hierarchy: reads again until the rows are found.
fn locate(
    plan: &Plan,
    operators: &mut Operators,
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    draw: Draw<'_>,
    progress: &Progress,
) -> Error {
    // level 1 looks at every cell, unless it is `*` already
    let levels: Vec<(usize, usize)> = plan.quasi.iter().map(|at| (*at, 1)).collect();
    operators.set_levels(&levels);
    progress.begin(Stage::Survey);
    let ours = count(plan, operators, inputs.source, place, draw, &Marks::default(), progress).map(|_| ());
    match ours.and_then(|()| inputs.population(plan, operators, place, progress).map(|_| ())) {
        Err(error) => error,
        Ok(()) => Error::new(ErrorKind::InputChanged),
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
