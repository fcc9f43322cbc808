//! The classes of raw values as a search wants them: those of the input, those that only the population has, and one dictionary for both.
//!
//! Given: class tables of both over the same columns, and the operators. The population's classes have no rows and no sensitive values,
//! so that only models that count its members see them.

use super::ladders::{self, Column, Misses};
use super::parallel::Done;
use crate::group::{Behind, ClassTable, Relabel, Values};
use crate::plan::{Operators, Plan};
use crate::solve::Classes;

/// What one pass over the raw values counted.
pub(super) struct Raw {
    pub(super) table: ClassTable,
    pub(super) shards: Vec<Done<()>>,
    /// The population, where a model counts it.
    pub(super) people: Option<ClassTable>,
}

/// The same with the ladders of its columns.
pub(super) struct Ground<'t> {
    pub(super) table: &'t ClassTable,
    pub(super) columns: Vec<Column>,
    crowd: Option<Crowd<'t>>,
}

/// The population beside the input.
struct Crowd<'t> {
    table: &'t ClassTable,
    /// By column: for each value of the input its code in the ladder.
    ours: Vec<Vec<u32>>,
    /// By column: for each value of the population.
    theirs: Vec<Vec<u32>>,
    /// The population behind the classes of raw values.
    behind: Behind,
}

impl<'t> Ground<'t> {
    /// With ladders over the values of both; hierarchies stand on their raw values.
    ///
    /// # Errors
    /// A value without a label on some level.
    pub(super) fn new(plan: &Plan, operators: &Operators, raw: &'t Raw) -> Result<Self, Misses> {
        Self::of(plan, operators, &raw.table, raw.people.as_ref())
    }
    /// The same of tables.
    pub(super) fn of(
        plan: &Plan,
        operators: &Operators,
        table: &'t ClassTable,
        people: Option<&'t ClassTable>,
    ) -> Result<Self, Misses> {
        let Some(people) = people else {
            return Ok(Self { table, columns: ladders::build(plan, operators, table.quasi())?, crowd: None });
        };
        let (mut values, mut ours, mut theirs) = (Vec::<Values>::new(), Vec::new(), Vec::new());
        for (one, other) in table.quasi().iter().zip(people.quasi()) {
            let (both, of_one, of_other) = one.joined(other);
            values.push(both);
            ours.push(of_one);
            theirs.push(of_other);
        }
        let columns = ladders::build(plan, operators, &values)?;
        let behind = table.behind(people);
        Ok(Self { table, columns, crowd: Some(Crowd { table: people, ours, theirs, behind }) })
    }
    /// The population behind the classes of raw values, where a model counts it.
    pub(super) fn behind(&self) -> Option<&Behind> {
        self.crowd.as_ref().map(|crowd| &crowd.behind)
    }
    /// The classes of the search: those of the input, and after them those that only the population has.
    pub(super) fn classes(&self) -> Classes {
        let mut classes = Classes::of(self.table);
        let Some(crowd) = &self.crowd else { return classes };
        let behind = &crowd.behind;
        for ((codes, ours), (column, theirs)) in classes.codes.iter_mut().zip(&crowd.ours).zip((0..).zip(&crowd.theirs))
        {
            for code in codes.iter_mut() {
                *code = ours[*code as usize];
            }
            let all = crowd.table.codes(column);
            codes.extend(behind.absent_classes().iter().map(|class| theirs[all[*class] as usize]));
        }
        let all = classes.len() + behind.absent().len();
        classes.rows.resize(all, 0);
        classes.members.resize(all, 0);
        for sensitive in &mut classes.sensitive {
            let end = sensitive.codes.len();
            sensitive.starts.resize(all + 1, end);
        }
        if !classes.shared.is_empty() {
            classes.shared.resize(all, Vec::new());
        }
        classes.population = Some(behind.counts().iter().chain(behind.absent()).copied().collect());
        classes
    }
    /// The classes of the input at some levels, and the population behind them.
    pub(super) fn at(&self, levels: &[usize]) -> (ClassTable, Option<Behind>) {
        let Some(crowd) = &self.crowd else { return (self.coarser(self.table, None, levels), None) };
        let table = self.coarser(self.table, Some(&crowd.ours), levels);
        let behind = table.behind(&self.coarser(crowd.table, Some(&crowd.theirs), levels));
        (table, Some(behind))
    }
    fn coarser(&self, table: &ClassTable, codes: Option<&[Vec<u32>]>, levels: &[usize]) -> ClassTable {
        let relabel = |(at, (column, level)): (usize, (&Column, &usize))| {
            let labels = column.labels.get(level.checked_sub(1)?)?.clone();
            let parents = &column.ladder.levels[*level].parent_code;
            let codes = match codes {
                Some(codes) => codes[at].iter().map(|code| parents[*code as usize]).collect(),
                None => parents.clone(),
            };
            Some(Relabel { codes, labels })
        };
        table.generalized(&self.columns.iter().zip(levels).enumerate().map(relabel).collect::<Vec<_>>())
    }
}
