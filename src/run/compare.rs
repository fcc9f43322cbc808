//! Profiles side by side: what each protects, costs, and how long its search takes.
//!
//! Responsible for: one survey of the data for all profiles that look at the same columns in the same way, a search for each,
//! and the same numbers of each. Given: profiles and an input. Nothing is written.

use super::draw::{Draw, choose_rows};
use super::levels::{self, hold_the_sample, problem, raw_classes, search_classes};
use super::overflow::Overflow;
use super::population::{self, Inputs, People};
use super::raw::{Ground, Raw};
use super::recoding::{self, Regions};
use super::{Options, Progress, Stage, Workplace, make_pool, microaggregation, open_source, source_format};
use crate::check::{self, risk};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{self, Compiled, Operators, Plan};
use crate::profile::{LevelsFrom, Loaded};
use crate::report::Compared;
use crate::secret::MasterKey;
use crate::solve::{self, Aggregate, Metric, Problem};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// Above this a person counts as at risk.
const THRESHOLD: f64 = 0.2;

/// A survey that several profiles may share.
struct Survey {
    key: String,
    raw: Raw,
    seconds: f64,
}

/// Measures every profile on the same input.
///
/// # Errors
/// Complaints of a profile, inputs that cannot be read, a profile that asks for no model.
pub fn compare(
    profiles: &[(Loaded, PathBuf)],
    inputs: &[PathBuf],
    options: &Options,
    progress: &Progress,
) -> Result<Vec<Compared>> {
    let pool = make_pool(options.threads)?;
    let key = match options.insecure_test_seed {
        Some(seed) => MasterKey::insecure_from_test_seed(seed),
        None => MasterKey::ephemeral()?,
    };
    let overflow = Overflow::new(&std::env::temp_dir(), &key);
    let (threads, memory) = (pool.current_num_threads(), options.memory);
    let place = Workplace { pool: &pool, threads, memory, overflow: Some(&overflow) };
    let mut surveys: Vec<Survey> = Vec::new();
    let mut compared = Vec::new();
    for (loaded, folder) in profiles {
        let source = open_source(loaded, inputs, options.shard_bytes)?;
        let Compiled { plan, mut operators } =
            plan::compile(&loaded.profile, source.schema(), &key, Some(folder), source_format(&source))?;
        if !plan.needs_survey() {
            let what = format!("profile `{}` asks for no privacy model: there is nothing to compare", plan.name);
            return Err(Error::new(ErrorKind::Usage(what)));
        }
        let people = population::open(loaded, Some(folder), &plan)?;
        let inputs = Inputs::of(&plan, &source, people.as_ref());
        let like = survey_key(loaded, &plan, &operators, people.as_ref());
        let known = surveys.iter().position(|survey| survey.key == like);
        let at = if let Some(known) = known {
            let raw: Vec<(usize, usize)> = plan.quasi.iter().map(|at| (*at, 0)).collect();
            operators.set_levels(&raw);
            known
        } else {
            let start = Instant::now();
            progress.begin(Stage::Survey);
            let (sample, priorities) = (key.stream("sample"), key.stream("rows-per-subject"));
            let draw = Draw::new(&plan, &sample, &priorities);
            let rows = choose_rows(&plan, &operators, &source, &place, draw, progress)?;
            let draw = draw.capped(rows.as_ref());
            microaggregation::learn(&plan, &mut operators, &source, &place, draw, progress)?;
            let levels = key.stream("levels");
            let raw = raw_classes(&plan, &mut operators, inputs, &place, draw, &levels, progress)?;
            surveys.push(Survey { key: like, raw, seconds: start.elapsed().as_secs_f64() });
            surveys.len() - 1
        };
        let one = measure(&plan, &operators, &surveys[at], inputs, &place, progress)?;
        compared.push(Compared { survey_shared: known.is_some(), ..one });
    }
    Ok(compared)
}

/// What a survey depends on: two profiles of one key count the same.
fn survey_key(loaded: &Loaded, plan: &Plan, operators: &Operators, people: Option<&People>) -> String {
    let column = |at: &usize| {
        let column = &plan.columns[*at];
        let how = if operators.generalize(*at).is_some() { "raw" } else { column.parameters.as_str() };
        format!("{}|{}|{how}|{:?}", column.name, column.operator, column.check)
    };
    let of = || plan.quasi.iter().chain(&plan.sensitive);
    // what a column is grouped together with decides what it becomes
    let columns: Vec<String> = of().chain(of().flat_map(|at| &plan.columns[*at].together)).map(column).collect();
    let subject = plan.counted_subject().map(|at| plan.columns[at].name.clone());
    let sampled = (plan.search.levels_from == LevelsFrom::Sample).then_some(plan.search.sample);
    let people = people.filter(|_| plan.needs_population()).map(People::table);
    format!(
        "{:?} {columns:?} {} {subject:?} {:?} {sampled:?} {:?} {people:?}",
        loaded.profile.input,
        plan.quasi.len(),
        plan.sample,
        plan.rows_per_subject
    )
}

fn measure(
    plan: &Plan,
    operators: &Operators,
    survey: &Survey,
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    progress: &Progress,
) -> Result<Compared> {
    let table = &survey.raw.table;
    let ground = Ground::new(plan, operators, &survey.raw).map_err(|_| Error::new(ErrorKind::NotInHierarchy))?;
    let (found, coarse) = search_classes(plan, &ground, place, progress)?;
    hold_the_sample(inputs, &ground, coarse.as_ref())?;
    let mut compared = Compared {
        profile: plan.name.clone(),
        version: plan.version.clone(),
        holds: coarse.is_some(),
        why_not: coarse.is_none().then(|| found.why_nothing()),
        levels: BTreeMap::new(),
        recoding: plan.search.recoding_name(),
        rows: table.total_rows(),
        suppressed_share: 0.0,
        classes: 0,
        k_anonymity: 0,
        highest_risk: 0.0,
        average_risk: 0.0,
        share_at_risk: 0.0,
        loss: BTreeMap::new(),
        optimal: found.solution.optimal,
        search_seconds: found.seconds,
        survey_rows_per_second: per_second(table.total_rows(), survey.seconds),
        survey_shared: false,
        class_table_bytes: table.bytes() as u64,
    };
    let node = |chosen: &[(usize, usize)]| -> Vec<usize> {
        let level = |at: &usize| chosen.iter().find(|(column, _)| column == at).map_or(0, |(_, level)| *level);
        plan.quasi.iter().map(level).collect()
    };
    if plan.recodes() {
        let recoded = recoding::find(plan, operators, &ground, place, progress)?;
        (compared.holds, compared.optimal) = (recoded.regions.is_some(), false);
        (compared.search_seconds, compared.why_not) = (recoded.seconds, None);
        let Some(regions) = &recoded.regions else {
            compared.why_not = Some(recoded.why_nothing());
            return Ok(compared);
        };
        compared.suppressed_share = risk::ratio(regions.suppressed_rows, table.total_rows());
        compared.shows(&regions.members());
        compared.loss = losses_of_regions(problem(plan, &ground)?, regions);
        if let Some(chosen) = &found.levels {
            let levels = losses(problem(plan, &ground)?, &node(chosen))?;
            compared.loss.extend(levels.get("loss").map(|loss| ("loss-of-levels", *loss)));
        }
        return Ok(compared);
    }
    let (Some(coarse), Some(chosen)) = (coarse, &found.levels) else { return Ok(compared) };
    compared.levels = chosen.iter().map(|(at, level)| (plan.columns[*at].name.clone(), *level as u64)).collect();
    let (coarse, behind) = coarse;
    let out = check::leave_out(&coarse, behind.as_ref(), &plan.models)
        .map_err(|unfit| super::survey::unplaced(plan, &unfit))?;
    let kept: Vec<u64> =
        coarse.members().iter().zip(&out.classes).filter(|(_, out)| !**out).map(|(members, _)| *members).collect();
    compared.suppressed_share = risk::ratio(out.rows(&coarse), table.total_rows());
    compared.shows(&kept);
    compared.loss = losses(problem(plan, &ground)?, &node(chosen))?;
    Ok(compared)
}

impl Compared {
    /// What classes of so many members tell.
    fn shows(&mut self, kept: &[u64]) {
        let risks = risk::risks(kept, None, THRESHOLD).prosecutor;
        self.classes = kept.len() as u64;
        self.k_anonymity = kept.iter().copied().min().unwrap_or(0);
        (self.highest_risk, self.average_risk, self.share_at_risk) = (risks.highest, risks.average, risks.at_risk);
    }
}

/// What regions lose by the metrics that do not go by levels, every column weighing the same.
#[expect(clippy::cast_precision_loss, reason = "counts as losses")]
fn losses_of_regions(mut problem: Problem, regions: &Regions) -> BTreeMap<&'static str, f64> {
    problem.metric = Metric::LOSS;
    problem.ladders.iter_mut().for_each(|ladder| ladder.weight = 1.0);
    let cost = regions.cost_in(&problem);
    let rows: u64 = problem.classes.rows.iter().sum();
    let classes = (cost.classes + u64::from(cost.suppressed_rows > 0)).max(1);
    [
        ("loss", cost.loss.first().copied().unwrap_or(0.0)),
        ("discernibility", cost.discernibility as f64),
        ("class-size", rows as f64 / classes as f64),
    ]
    .into()
}

/// What a node loses by several metrics, every column weighing the same.
fn losses(mut problem: Problem, node: &[usize]) -> Result<BTreeMap<&'static str, f64>> {
    let balance = 0.5;
    let metrics = [
        ("loss", Metric::Loss { aggregate: Aggregate::GeometricMean, balance }),
        ("discernibility", Metric::Discernibility),
        ("class-size", Metric::ClassSize { balance }),
        ("entropy-normalized", Metric::Entropy { monotone: false, normalized: true, balance }),
        ("precision", Metric::Precision { monotone: false, balance }),
    ];
    problem.ladders.iter_mut().for_each(|ladder| ladder.weight = 1.0);
    let mut losses = BTreeMap::new();
    for (name, metric) in metrics {
        problem.metric = metric;
        let found = solve::node(&problem, node).map_err(|_| levels::unfit())?;
        losses.insert(name, found.loss.first());
    }
    Ok(losses)
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
fn per_second(rows: u64, seconds: f64) -> f64 {
    rows as f64 / seconds.max(1e-9)
}
