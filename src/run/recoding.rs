//! Recoding beyond levels in a run: classes of raw values, regions over them, and the classes that these show.
//!
//! Responsible for: `[search] recoding`. What is found follows the data more closely than levels do (threat A9), so the plan says
//! so, the profile of an open release must not ask for it, and the gate judges it by tier. The models are judged again on what
//! the regions show, with the released rows alone as the whole.

use super::draw::Draw;
use super::ladders::Column;
use super::levels::{self, Failing, TIGHTER, budget, failing, in_time, problem};
use super::parallel::Done;
use super::population::Inputs;
use super::raw::{Ground, Raw};
use super::regions::{Orders, Recoded, Shown};
use super::survey::{Survey, unplaced};
use super::{Progress, Workplace};
use crate::check::{self, Model};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::group::ClassTable;
use crate::plan::{Operators, Plan};
use crate::profile::{CutName, Recoding as Kind};
use crate::recode::{self, Cost, Cut, Dimension, Recoding, Unsuited};
use crate::secret::StreamKey;
use crate::solve::Problem;
use std::time::Instant;

/// What was found.
pub(super) struct Found {
    /// Regions that hold; none where there are no such.
    pub(super) regions: Option<Regions>,
    /// What the regions lose, held or not, with distances as they were asked.
    pub(super) cost: Option<Cost>,
    /// Models that fail even at the highest levels, and what each rejects there.
    pub(super) failing: Vec<Failing>,
    /// Rows that may be suppressed.
    pub(super) limit: u64,
    /// Where there are no regions: what was read.
    pub(super) shards: Vec<Done<()>>,
    /// How much the distances were tightened so that the release holds with itself as the whole: 1 is not at all.
    pub(super) tightened: f64,
    /// Time of the recoding alone.
    pub(super) seconds: f64,
}

/// Regions that hold, and the classes that they show.
pub(super) struct Regions {
    recoding: Recoding,
    dimensions: Vec<Dimension>,
    shown: Shown,
    /// The classes that a reader of the release sees, the suppressed ones among them.
    pub(super) classes: ClassTable,
    /// By such a class: whether it is suppressed.
    pub(super) out: Vec<bool>,
    /// By class of raw values: whether it is suppressed.
    suppressed: Vec<bool>,
    /// Rows that are suppressed.
    pub(super) suppressed_rows: u64,
}

impl Regions {
    /// What they lose in the measure of another problem over the same classes.
    pub(super) fn cost_in(&self, problem: &Problem) -> Cost {
        self.recoding.cost_in(problem, &self.dimensions)
    }
    /// Members of the classes that are kept.
    pub(super) fn members(&self) -> Vec<u64> {
        let kept = self.classes.members().iter().zip(&self.out).filter(|(_, out)| !**out);
        kept.map(|(members, _)| *members).collect()
    }
}

impl Found {
    /// Why there are no regions, in words.
    pub(super) fn why_nothing(&self) -> String {
        if !self.failing.is_empty() {
            let each = self.failing.iter().map(Failing::words).collect::<Vec<_>>().join(", ");
            return format!("no recoding fits: even at the highest levels, {each}");
        }
        if self.cost.is_some() {
            return "no recoding fits that also holds with the released rows alone as the whole".into();
        }
        format!("no recoding was found that suppresses at most {}", counted(self.limit, "row"))
    }
}

/// The regions of a run, as a survey of what they show; else why there are none. `operators` stand on the raw
/// values afterwards.
pub(super) fn survey(
    plan: &Plan,
    operators: &mut Operators,
    inputs: Inputs<'_>,
    place: &Workplace<'_>,
    (draw, key): (Draw<'_>, &StreamKey),
    progress: &Progress,
) -> Result<std::result::Result<Survey, Found>> {
    let raw = levels::raw_classes(plan, operators, inputs, place, draw, key, progress)?;
    let ground = levels::ground(plan, operators, &raw, inputs, place, draw, progress)?;
    let mut found = find(plan, operators, &ground, place, progress)?;
    let Some(regions) = found.regions.take() else { return Ok(Err(Found { shards: raw.shards, ..found })) };
    let Raw { table, shards, .. } = raw;
    let (rows, rejected) =
        shards.iter().fold((0, 0), |sum, shard| (sum.0 + shard.count.rows, sum.1 + shard.count.rejected));
    let recoded = Recoded::of(plan, operators, &table, regions.shown, &regions.recoding.region_of)?;
    Ok(Ok(Survey {
        classifier: table.classifier(),
        rare: None,
        smallest: regions.classes.members().iter().copied().min().unwrap_or(0),
        rows,
        rejected,
        classes_below: regions.suppressed.iter().filter(|out| **out).count() as u64,
        rows_below: regions.suppressed_rows,
        persons_below: 0,
        limit: found.limit,
        shards,
        suppressed: regions.suppressed,
        classes: regions.classes,
        recoded: Some(recoded),
        population: None,
    }))
}

/// Recodes classes of raw values.
pub(super) fn find(
    plan: &Plan,
    operators: &Operators,
    ground: &Ground<'_>,
    place: &Workplace<'_>,
    progress: &Progress,
) -> Result<Found> {
    let (table, columns) = (ground.table, ground.columns.as_slice());
    enough_memory(table, place)?;
    let start = Instant::now();
    let in_time = in_time(plan, progress, start);
    let budget = budget(plan, place, &in_time, &[]);
    let mut problem = problem(plan, ground)?;
    let limit = problem.suppress_at_most;
    let mut found = Found {
        regions: None,
        cost: None,
        failing: Vec::new(),
        limit,
        shards: Vec::new(),
        tightened: 1.0,
        seconds: 0.0,
    };
    let asked = problem.models.clone();
    let cut = match plan.search.cut {
        CutName::Strict => Cut::Strict,
        CutName::Relaxed => Cut::Relaxed,
    };
    let steps = if asked.iter().any(Model::is_relative) { &TIGHTER[..] } else { &TIGHTER[..1] };
    for factor in steps {
        problem.models = asked.iter().map(|model| model.tightened(*factor)).collect();
        let (orders, recoding) = match plan.search.recoding {
            Kind::Local => (Orders::none(columns.len()), recode::local(&problem, &budget)),
            Kind::Multidimensional => {
                let orders = Orders::of(plan, operators, table, columns);
                let recoding = recode::multidimensional(&problem, &orders.dimensions, cut);
                (orders, recoding)
            }
            Kind::Global => return Err(Error::new(ErrorKind::Internal("levels are no recoding"))),
        };
        if progress.interrupted() {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        let Some(recoding) = recoding.map_err(unsuited)? else { break };
        found.tightened = *factor;
        found.cost.get_or_insert_with(|| recoding.cost.clone());
        let regions = judged(plan, table, columns, orders, recoding)?;
        if regions.suppressed_rows <= limit {
            found.cost = Some(regions.recoding.cost.clone());
            found.regions = Some(regions);
            break;
        }
    }
    if found.regions.is_none() {
        found.failing = failing(plan, ground, limit)?;
    }
    found.seconds = start.elapsed().as_secs_f64();
    Ok(found)
}

/// The classes that regions show, and which of them must stay out so that what is left holds with itself as the whole.
fn judged(plan: &Plan, table: &ClassTable, columns: &[Column], orders: Orders, recoding: Recoding) -> Result<Regions> {
    let shown = Shown::of(&recoding, table, columns, &orders)?;
    let (classes, place_of) = table.united(&recoding.region_of, &shown.cells());
    let left_out = check::leave_out(&classes, None, &plan.models).map_err(|unfit| unplaced(plan, &unfit))?;
    let rows_out = left_out.rows(&classes);
    let out = left_out.classes;
    let suppressed = place_of.iter().map(|place| place.is_none_or(|place| out[place as usize])).collect();
    let suppressed_rows = table.total_rows() - classes.total_rows() + rows_out;
    Ok(Regions { recoding, dimensions: orders.dimensions, shown, classes, out, suppressed, suppressed_rows })
}

/// Every class of raw values is held several times over while regions are sought: as a number, in a region, and as what it shows.
fn enough_memory(table: &ClassTable, place: &Workplace<'_>) -> Result<()> {
    let each = 192 + 48 * table.quasi().len() as u64;
    if (table.len() as u64).saturating_mul(each).saturating_add(table.bytes() as u64 * 2) > place.memory {
        return Err(Error::new(ErrorKind::Memory("recoding so many different rows one by one")));
    }
    Ok(())
}

fn unsuited(why: Unsuited) -> Error {
    Error::new(ErrorKind::Internal(match why {
        Unsuited::Problem(_) => "classes and ladders do not fit each other",
        Unsuited::Metric => "a recoding by another metric than loss",
        Unsuited::Population => "a recoding with a model over a population",
    }))
}
