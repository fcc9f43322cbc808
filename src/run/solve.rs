//! A dry run of the survey: what levels a run would choose, and what they cost. Nothing is written.

use super::draw::{Draw, choose_rows};
use super::levels::{self, Search};
use super::overflow::Overflow;
use super::population::{self, Inputs};
use super::recoding::{self, Found};
use super::{Options, Progress, Stage, Workplace, make_pool, microaggregation, open_source, source_format};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{self, Compiled, Operators, Plan};
use crate::profile::Loaded;
use crate::secret::MasterKey;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What a search found.
#[derive(Debug, Clone, Serialize)]
pub struct Solved {
    /// Level of every quasi-identifying column with a hierarchy; none where no levels fit. Distances are measured from all rows,
    /// those too that will be suppressed.
    pub levels: Option<BTreeMap<String, u64>>,
    /// What each level is called, as `year`.
    pub level_names: Option<BTreeMap<String, String>>,
    /// What is minimized.
    pub minimize: &'static str,
    /// The loss; the first number of it where it is a list.
    pub loss: Option<f64>,
    /// The list, for the aggregate `rank`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub losses: Option<Vec<f64>>,
    /// What each column loses, where the metric goes by columns.
    pub loss_by_column: Option<BTreeMap<String, f64>>,
    /// Classes that are kept.
    pub classes: u64,
    /// Rows that are suppressed.
    pub suppressed_rows: u64,
    /// Rows that may be.
    pub suppression_limit: u64,
    /// Rows that were searched on.
    pub rows: u64,
    /// Combinations of levels that there are.
    pub nodes: u64,
    /// Combinations that were judged.
    pub checked: u64,
    /// Whether it is proven that no levels lose less.
    pub optimal: bool,
    /// How much less others could lose at most.
    pub gap: Option<f64>,
    /// What every combination loses at least.
    pub bound: Option<f64>,
    /// The levels that a run takes: they also hold with the released rows alone as the whole. None where it would refuse.
    pub release_levels: Option<BTreeMap<String, u64>>,
    /// How much distances were tightened for them; 1 is not at all.
    pub tightened: f64,
    /// Why no levels fit.
    pub why_not: Option<String>,
    /// Models that fail at the highest levels, and the rows that each rejects there.
    pub failing: BTreeMap<String, u64>,
    /// Models that reject classes there that only the population has, and how many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failing_absent: BTreeMap<String, u64>,
    /// Members of the population, where a model counts a table of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population: Option<u64>,
    /// What a run releases instead of levels, where the profile asks for it; the levels above are then for comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recoding: Option<Recoded>,
    /// From opening the input to the last proof.
    pub seconds: f64,
    /// The search alone.
    pub search_seconds: f64,
}

/// What a recoding beyond levels found.
#[derive(Debug, Clone, Serialize)]
pub struct Recoded {
    /// `local` or `multidimensional`.
    pub kind: &'static str,
    /// Whether a run would take it: it also holds with the released rows alone as the whole.
    pub holds: bool,
    /// The loss, in the measure of the levels; the first number of it where it is a list.
    pub loss: Option<f64>,
    /// The list, for the aggregate `rank`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub losses: Option<Vec<f64>>,
    /// What the levels lose that the search for levels found; none where no levels fit.
    pub loss_of_levels: Option<f64>,
    /// What each column loses.
    pub loss_by_column: Option<BTreeMap<String, f64>>,
    /// Classes that a reader of the release sees.
    pub classes: u64,
    /// Rows that are suppressed.
    pub suppressed_rows: u64,
    /// Σ rows² of kept classes, N · rows of suppressed ones.
    pub discernibility: Option<f64>,
    /// Bits per row by which the released distribution, spread evenly over what each class covers, differs from the true one.
    pub divergence: Option<f64>,
    /// How much distances were tightened; 1 is not at all.
    pub tightened: f64,
    /// Why a run would refuse.
    pub why_not: Option<String>,
    /// The recoding alone.
    pub seconds: f64,
}

impl Solved {
    /// Whether a run would find something to release.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.recoding.as_ref().map_or(self.release_levels.is_some(), |recoded| recoded.holds)
    }
}

/// Searches the levels that a run of this profile would choose.
///
/// # Errors
/// The profile's complaints, inputs that cannot be read, a profile without an open column or model.
pub fn solve(
    loaded: &Loaded,
    folder: Option<&Path>,
    inputs: &[PathBuf],
    options: &Options,
    progress: &Progress,
) -> Result<Solved> {
    let start = Instant::now();
    let pool = make_pool(options.threads)?;
    let source = open_source(loaded, inputs, options.shard_bytes)?;
    let key = match options.insecure_test_seed {
        Some(seed) => MasterKey::insecure_from_test_seed(seed),
        None => MasterKey::ephemeral()?,
    };
    let overflow = Overflow::new(&std::env::temp_dir(), &key);
    let (threads, memory) = (pool.current_num_threads(), options.memory);
    let place = Workplace { pool: &pool, threads, memory, overflow: Some(&overflow) };
    let Compiled { plan, mut operators } =
        plan::compile(&loaded.profile, source.schema(), &key, folder, source_format(&source))?;
    if !plan.needs_survey() {
        return Err(Error::new(ErrorKind::Usage(
            "the profile asks for no privacy model: there is nothing to solve".into(),
        )));
    }
    let people = population::open(loaded, folder, &plan)?;
    let inputs = Inputs::of(&plan, &source, people.as_ref());
    progress.begin(Stage::Survey);
    let (sample, priorities) = (key.stream("sample"), key.stream("rows-per-subject"));
    let draw = Draw::new(&plan, &sample, &priorities);
    let rows = choose_rows(&plan, &operators, &source, &place, draw, progress)?;
    let draw = draw.capped(rows.as_ref());
    microaggregation::learn(&plan, &mut operators, &source, &place, draw, progress)?;
    let key = key.stream("levels");
    let (search, recoded) = if plan.recodes() {
        let raw = levels::raw_classes(&plan, &mut operators, inputs, &place, draw, &key, progress)?;
        let ground = levels::ground(&plan, &mut operators, &raw, inputs, &place, draw, progress)?;
        let (search, _) = levels::search_classes(&plan, &ground, &place, progress)?;
        let found = recoding::find(&plan, &operators, &ground, &place, progress)?;
        let recoded = recoded(&plan, &found, &search);
        (search, Some(recoded))
    } else {
        (levels::search(&plan, &mut operators, inputs, &place, draw, &key, progress)?, None)
    };
    let mut solved = solved(&plan, &search, &operators, start.elapsed().as_secs_f64());
    solved.recoding = recoded;
    Ok(solved)
}

#[expect(clippy::cast_precision_loss, reason = "a sum of squares to be looked at")]
fn recoded(plan: &Plan, found: &Found, search: &Search) -> Recoded {
    let cost = found.cost.as_ref();
    let regions = found.regions.as_ref();
    let by_column = |cost: &crate::recode::Cost| {
        search.columns.iter().cloned().zip(cost.loss_by_column.iter().copied()).collect::<BTreeMap<_, _>>()
    };
    Recoded {
        kind: plan.search.recoding_name(),
        holds: regions.is_some(),
        loss: cost.and_then(|cost| cost.loss.first().copied()),
        losses: cost.map(|cost| cost.loss.clone()).filter(|losses| losses.len() > 1),
        loss_of_levels: search.solution.best.as_ref().map(|best| best.loss.first()),
        loss_by_column: cost.map(by_column),
        classes: regions.map_or(cost.map_or(0, |cost| cost.classes), |regions| regions.members().len() as u64),
        suppressed_rows: regions.map_or(cost.map_or(0, |cost| cost.suppressed_rows), |regions| regions.suppressed_rows),
        discernibility: cost.map(|cost| cost.discernibility as f64),
        divergence: cost.map(|cost| cost.divergence),
        tightened: found.tightened,
        why_not: regions.is_none().then(|| found.why_nothing()),
        seconds: found.seconds,
    }
}

fn solved(plan: &Plan, search: &Search, operators: &Operators, seconds: f64) -> Solved {
    let name = |at: usize, level: usize| {
        operators.generalize(at).map_or_else(String::new, |generalize| generalize.hierarchy().level_name(level))
    };
    let best = search.solution.best.as_ref();
    let hierarchical = |at: &usize| plan.columns[*at].open.is_some() || plan.columns[*at].level.is_some();
    let named = |levels: &mut dyn Iterator<Item = (usize, usize)>| -> BTreeMap<String, (usize, usize)> {
        levels.map(|(at, level)| (plan.columns[at].name.clone(), (at, level))).collect()
    };
    let levels = best.map(|best| {
        let pairs = plan.quasi.iter().copied().zip(best.levels.iter().copied());
        named(&mut pairs.filter(|(at, _)| hierarchical(at)))
    });
    let numbers = |levels: BTreeMap<String, (usize, usize)>| {
        levels.into_iter().map(|(column, (_, level))| (column, level as u64)).collect::<BTreeMap<_, _>>()
    };
    let loss = best.map(|best| best.loss.first());
    let gap = Some(search.solution.gap).filter(|gap| gap.is_finite() && best.is_some());
    let by_column = best.filter(|best| best.loss_by_column.len() == search.columns.len());
    Solved {
        level_names: levels
            .as_ref()
            .map(|levels| levels.iter().map(|(column, (at, level))| (column.clone(), name(*at, *level))).collect()),
        levels: levels.map(numbers),
        minimize: plan.search.minimize.name(),
        loss,
        losses: best.filter(|best| best.loss.0.len() > 1).map(|best| best.loss.0.clone()),
        loss_by_column: by_column
            .map(|best| search.columns.iter().cloned().zip(best.loss_by_column.iter().copied()).collect()),
        classes: best.map_or(0, |best| best.classes),
        suppressed_rows: best.map_or(0, |best| best.suppressed_rows),
        suppression_limit: search.limit,
        rows: search.rows,
        nodes: whole(search.solution.nodes),
        checked: search.solution.checked,
        optimal: search.solution.optimal,
        bound: loss.zip(gap).map(|(loss, gap)| loss - gap),
        gap,
        release_levels: search.levels.as_ref().map(|levels| numbers(named(&mut levels.iter().copied()))),
        tightened: search.tightened,
        why_not: search.levels.is_none().then(|| search.why_nothing()),
        failing: search.failing.iter().map(|one| (one.model.clone(), one.rows)).collect(),
        failing_absent: search
            .failing
            .iter()
            .filter(|one| one.absent > 0)
            .map(|one| (one.model.clone(), one.absent))
            .collect(),
        population: search.population,
        recoding: None,
        seconds,
        search_seconds: search.seconds,
    }
}

/// A number of nodes as far as a whole number can say.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a saturating cast of what is never negative"
)]
fn whole(nodes: f64) -> u64 {
    nodes as u64
}
