//! Profile, schema and keys become the thing that runs.
//!
//! Responsible for: binding names to columns, operators to keys and models to the gate's policy, with every complaint in
//! one go ([`compile`]); and the page that a human signs ([`explain`]). [`Plan`] is plain data and can be printed; the
//! [`Operators`] beside it hold the field keys and can not. Only a compiled plan can run.

mod compile;
mod conditions;
mod explain;
mod models;
mod together;

pub use compile::{Compiled, OPEN_LEVEL, compile};
pub use explain::explain;

use crate::anatomy::{Expected, Packing};
use crate::check::Asked;
use crate::digest::Digest;
use crate::domain::SemanticType;
use crate::error::{Error, ErrorKind, Result};
use crate::gate::{self, KeyHome, Policy, ReleasedColumn, SourceColumn, TokenShape};
use crate::limits::{K, Share};
use crate::profile::{ApprovalSpec, CutName, Goal, LevelsFrom, Provenance, Recoding, Role, SearchSpec, Tier, Unit};
use crate::transform::{Centre, Generalize, Operator, Tuples, TypeCheck};
use crate::value::{DataType, Decimal, Field, Schema};
use crate::write::{Compression, Format, Layout};
use std::sync::Arc;

/// What will run, without a key.
#[derive(Clone)]
pub struct Plan {
    /// Profile's name and version.
    pub name: String,
    /// Profile's version.
    pub version: String,
    /// What the release must be.
    pub goal: Goal,
    /// To whom it may go.
    pub tier: Tier,
    /// What it is for.
    pub purpose: Option<String>,
    /// Where the data comes from.
    pub provenance: Provenance,
    /// Every column of the input, in profile order.
    pub columns: Vec<ColumnPlan>,
    /// Places among `columns` of those that leave, in release order.
    pub released: Vec<usize>,
    /// Places among `columns` of the quasi-identifiers that leave.
    pub quasi: Vec<usize>,
    /// Places among `columns` of those whose values are permuted on their own.
    pub permuted: Vec<usize>,
    /// Place among `columns` of the subject column.
    pub subject: Option<usize>,
    /// What a class counts.
    pub unit: Unit,
    /// Most rows of one person.
    pub rows_per_subject: Option<u32>,
    /// Smallest class.
    pub k: Option<K>,
    /// Every model, k-anonymity among them; `sensitive` of a model is a place in [`Plan::sensitive`].
    pub models: Vec<Asked>,
    /// Places among `columns` of the sensitive columns that a model looks at.
    pub sensitive: Vec<usize>,
    /// How the levels of open columns are found.
    pub search: SearchSpec,
    /// Members of the population, where only their number is stated.
    pub population: Option<u64>,
    /// Whether a table of the population is named.
    pub population_table: bool,
    /// Limits of the gate's rules.
    pub limits: gate::Limits,
    /// Most rows that may be suppressed, as a share.
    pub suppress_at_most: Share,
    /// Share of the rows that is drawn.
    pub sample: Option<Share>,
    /// Suite of keyed hash.
    pub suite: &'static str,
    /// Where the key lives.
    pub key: KeyHome,
    /// Form of the release.
    pub layout: Layout,
    /// The role that must agree before the release leaves, and the keys of those who may.
    pub approval: Option<ApprovalSpec>,
    /// Keyed shuffle of the rows.
    pub shuffle: bool,
    /// Number of data files, where fixed.
    pub parts: Option<u32>,
    /// The number with a source: key path to the source's words.
    pub sources: Vec<(String, String)>,
    /// What else is not as by default and decides what leaves: names and words.
    conditions: Vec<(String, String)>,
    /// The page that was signed, where levels were chosen after it.
    signed: Option<String>,
}

/// What happens to one column.
#[derive(Debug, Clone)]
pub struct ColumnPlan {
    /// Name in the input.
    pub name: String,
    /// Name in the release; none when it does not leave.
    pub released_as: Option<String>,
    /// Place in the input's schema.
    pub source: usize,
    /// Role.
    pub role: Role,
    /// What its cells are.
    pub semantic_type: SemanticType,
    /// Semantic type and the version of its canonical form, as `cn.mobile/1`.
    pub semantic: String,
    /// The check that holds the cells to a declared type, where the operator does not.
    pub check: Option<TypeCheck>,
    /// Type in the input.
    pub input_type: DataType,
    /// Type in the release.
    pub output_type: Option<DataType>,
    /// Operator's name.
    pub operator: &'static str,
    /// Its parameters in words.
    pub parameters: String,
    /// ISO/IEC 20889 class.
    pub iso_20889: &'static str,
    /// Who could turn it back, this run's key custody taken into account.
    pub reversible_by: &'static str,
    /// Generalization level and number of levels, where there is a hierarchy and the level is known.
    pub level: Option<(usize, usize)>,
    /// The levels among which the search picks one.
    pub open: Option<OpenLevels>,
    /// Weight in the loss, where there is a hierarchy.
    pub weight: f64,
    /// Form of the tokens, where the column holds any.
    pub token: Option<TokenShape>,
    /// The step whose multiples the numbers are, where the operator fixes one.
    pub grid: Option<gate::Step>,
    /// Rows that share every number at least, where the operator promises so.
    pub shared_by: Option<u64>,
    /// Domain of the tokens, where equal values have equal ones.
    pub domain: Option<String>,
    /// Places of the columns that it is put into groups together with, itself among them; none where it is grouped alone.
    pub together: Vec<usize>,
}

/// A column whose level the search finds.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenLevels {
    /// Lowest level that may be chosen.
    pub least: usize,
    /// Highest level that may be chosen.
    pub most: usize,
    /// Weight in the loss.
    pub weight: f64,
}

/// The compiled operators, one per column of the plan. They hold field keys: no `Debug`, and dropping them wipes the keys.
pub struct Operators(pub(crate) Vec<Operator>);

impl Operators {
    /// Sets every generalized column among `columns` to the level given with it.
    pub fn set_levels(&mut self, levels: &[(usize, usize)]) {
        for (at, level) in levels {
            if let Some(Operator::Generalize(generalize)) = self.0.get_mut(*at) {
                generalize.set_level(*level);
            }
        }
    }
    /// The first 64 bits of the digest of a column's hierarchy.
    #[must_use]
    pub fn hierarchy_digest(&self, at: usize) -> Option<String> {
        compile::hierarchy_digest(&self.0[at])
    }
    /// The hierarchy of a column, and what happens to cells that are not of its type.
    #[must_use]
    pub fn generalize(&self, at: usize) -> Option<&Generalize> {
        match &self.0[at] {
            Operator::Generalize(generalize) => Some(generalize),
            _ => None,
        }
    }
}

impl Operators {
    /// Places of the columns whose numbers are put into groups.
    #[must_use]
    pub fn microaggregated(&self) -> Vec<usize> {
        (0..self.0.len()).filter(|at| self.groups_of(*at).is_some()).collect()
    }
    /// Rows of the smallest group of a column, and what stands for a group.
    #[must_use]
    pub fn groups_of(&self, at: usize) -> Option<(u64, Centre)> {
        match &self.0[at] {
            Operator::Microaggregate(groups) => Some((groups.k(), groups.centre())),
            _ => None,
        }
    }
    /// Lets the numbers of a column through, so that they can be counted.
    pub fn count_numbers(&mut self, at: usize) {
        if let Operator::Microaggregate(groups) = &mut self.0[at] {
            groups.count();
        }
    }
    /// Tells a column its groups: every number, ascending, with the centre of its group.
    pub fn learn(&mut self, at: usize, centres: Vec<(Decimal, Decimal)>) {
        if let Operator::Microaggregate(groups) = &mut self.0[at] {
            groups.learn(centres);
        }
    }
    /// Tells a column the groups over several columns: every tuple, and by group the centre of this column.
    pub fn learn_together(&mut self, at: usize, tuples: &Arc<Tuples>, centres: Vec<Option<Decimal>>) {
        if let Operator::Microaggregate(groups) = &mut self.0[at] {
            groups.learn_together(Arc::clone(tuples), centres);
        }
    }
}

impl Plan {
    /// The plan with chosen levels, for the operators that stand on them. The page, and so the digest, stays the one that was
    /// signed before.
    ///
    /// # Errors
    /// If a level gives a column a type that the plan's format has no place for.
    pub fn at_levels(&self, levels: &[(usize, usize)], operators: &Operators) -> Result<Self> {
        let mut plan = self.clone();
        plan.signed = Some(explain(self));
        for (at, level) in levels {
            let (column, operator) = (&mut plan.columns[*at], &operators.0[*at]);
            let Some(generalize) = operators.generalize(*at) else { continue };
            column.level = Some((*level, generalize.hierarchy().levels()));
            column.open = None;
            column.output_type = operator
                .output_type(column.input_type)
                .map_err(|_| Error::new(ErrorKind::Internal("a level without a type")))?;
            column.parameters = compile::parameters(operator);
            column.reversible_by = if *level == 0 { "not changed" } else { "nobody" };
        }
        plan.relaid()
    }
    /// The plan with the layout of its columns' types.
    fn relaid(mut self) -> Result<Self> {
        let fields = self.released.iter().map(|at| Field {
            name: self.columns[*at].released_as.clone().unwrap_or_default(),
            data_type: self.columns[*at].output_type.unwrap_or(DataType::Text),
        });
        self.layout.schema =
            Schema::new(fields.collect()).map_err(|name| Error::new(ErrorKind::DuplicateColumn).in_column(&name))?;
        self.layout.check()?;
        Ok(self)
    }
    /// The plan once regions are found: open columns are text, without a level. The page stays the one that was signed before.
    ///
    /// # Errors
    /// If the plan's format has no place for it.
    pub fn recoded(&self, operators: &Operators) -> Result<Self> {
        let mut plan = self.at_levels(&[], operators)?;
        for at in plan.quasi.clone() {
            let column = &mut plan.columns[at];
            if column.open.take().is_some() {
                column.output_type = Some(DataType::Text);
            }
        }
        plan.relaid()
    }
    /// Column and level 0 for every quasi-identifier with a hierarchy: what regions are made of.
    #[must_use]
    pub fn raw_levels(&self) -> Vec<(usize, usize)> {
        self.quasi.iter().map(|at| (*at, 0)).collect()
    }
    /// Whether rows are recoded by region instead of by one level for each column.
    #[must_use]
    pub fn recodes(&self) -> bool {
        self.search.recoding != Recoding::Global
    }
    /// Places in the input of these columns, of those that they are grouped with, and of the subject column where one of their operators
    /// needs it.
    pub fn sources(&self, columns: impl Iterator<Item = usize>, operators: &Operators) -> Vec<usize> {
        let columns: Vec<usize> = columns.collect();
        let together = columns.iter().flat_map(|at| &self.columns[*at].together);
        let columns: Vec<usize> = columns.iter().chain(together).copied().collect();
        let by_person = columns.iter().any(|at| operators.0[*at].needs_subject());
        let subject = self.subject.filter(|_| by_person);
        columns.iter().copied().chain(subject).map(|at| self.columns[at].source).collect()
    }
    /// SHA-256 of the plan's page.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_text(&explain(self))
    }
    /// Whether classes are counted, so that the input is read twice.
    #[must_use]
    pub fn needs_survey(&self) -> bool {
        !self.models.is_empty()
    }
    /// Whether a model counts a table of the population.
    #[must_use]
    pub fn needs_population(&self) -> bool {
        self.models.iter().any(Asked::needs_table)
    }
    /// Whether a column waits for its level.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.columns.iter().any(|column| column.open.is_some())
    }
    /// Place among `columns` of the subject, where classes count persons.
    #[must_use]
    pub fn counted_subject(&self) -> Option<usize> {
        if self.unit == Unit::Subject { self.subject } else { None }
    }
    /// The gate's policy, as far as it is known before the run; rows and files are filled in by it.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let place = |column: usize| self.released.iter().position(|released| *released == column);
        Policy {
            sources: (0..self.columns.len()).map(|at| self.source_column(at)).collect(),
            columns: self.released.iter().map(|at| self.released_column(*at)).collect(),
            typed: !self.layout.format.is_text(),
            form: self.form(),
            quasi: self.quasi.iter().filter_map(|at| place(*at)).collect(),
            sensitive: self.sensitive.iter().filter_map(|at| place(*at)).collect(),
            subject: self.counted_subject().and_then(place),
            rows_per_subject: self.rows_per_subject,
            k: self.k,
            models: self.models.clone(),
            levels_from: self.levels_from(),
            population: self.population,
            tier: match self.tier {
                Tier::Open => gate::Tier::Open,
                Tier::Conditional => gate::Tier::Conditional,
                Tier::Trade => gate::Tier::Trade,
                Tier::Closed => gate::Tier::Closed,
            },
            rows: crate::gate::RowAccount::default(),
            suppression: crate::gate::Suppression::default(),
            files: Vec::new(),
            limits: self.limits,
            recoding: match (self.search.recoding, self.search.cut) {
                (Recoding::Global, _) => gate::Recoding::Levels,
                (Recoding::Local, _) => gate::Recoding::Local,
                (Recoding::Multidimensional, CutName::Strict) => gate::Recoding::Multidimensional,
                (Recoding::Multidimensional, CutName::Relaxed) => gate::Recoding::Relaxed,
            },
            process: gate::Process::default(),
            anonymized: self.goal == Goal::Anonymized,
            key: self.key,
        }
    }

    /// Where the levels come from, in words. A plan has its signed page apart where levels were searched.
    fn levels_from(&self) -> &'static str {
        match (self.signed.is_some(), self.search.levels_from) {
            (false, _) | (true, LevelsFrom::Declared) => "fixed before the data was seen",
            (true, LevelsFrom::Sample) => "searched on rows drawn at random",
            (true, LevelsFrom::Data) => "searched on all rows",
        }
    }

    /// What a data file should be, in the words of those who look at its bytes.
    fn form(&self) -> Expected {
        let layout = &self.layout;
        let packing = match layout.compression {
            Compression::None => Packing::None,
            Compression::Gzip => Packing::Gzip,
            Compression::Zstd => Packing::Zstd,
        };
        match layout.format {
            Format::Csv => Expected::Csv { delimiter: layout.delimiter, null: layout.null.clone(), packing },
            Format::Ndjson => {
                let keys = layout.schema.fields().iter().map(|field| field.name.clone()).collect();
                Expected::Ndjson { keys, packing }
            }
            Format::Parquet => Expected::Parquet,
            Format::Ipc => Expected::Arrow,
        }
    }

    fn released_column(&self, at: usize) -> ReleasedColumn {
        let column = &self.columns[at];
        let place = self.released.iter().position(|released| *released == at);
        let data_type = match column.output_type.unwrap_or(DataType::Text) {
            // a decimal without a fixed scale is written as exact text
            DataType::Decimal if place.and_then(|place| self.layout.decimal_scale(place)).is_none() => DataType::Text,
            other => other,
        };
        ReleasedColumn {
            name: column.released_as.clone().unwrap_or_else(|| column.name.clone()),
            data_type,
            source: at,
            role: gate_role(column.role),
            operator: column.operator,
            grid: column.grid,
            shared_by: column.shared_by,
            together: column
                .together
                .iter()
                .filter_map(|at| self.released.iter().position(|other| other == at))
                .collect(),
            permuted: self.permuted.contains(&at),
            token: column.token,
            domain: column.domain.clone(),
        }
    }

    fn source_column(&self, at: usize) -> SourceColumn {
        let column = &self.columns[at];
        SourceColumn {
            name: column.name.clone(),
            role: gate_role(column.role),
            semantic: column.semantic_type,
            released: self.released.iter().position(|released| *released == at),
        }
    }
}

/// The gate knows roles of its own, as it does not know profiles.
fn gate_role(role: Role) -> gate::Role {
    match role {
        Role::Direct => gate::Role::Direct,
        Role::Subject => gate::Role::Subject,
        Role::Quasi => gate::Role::Quasi,
        Role::Sensitive => gate::Role::Sensitive,
        Role::Insensitive => gate::Role::Insensitive,
    }
}
