//! Privacy models as predicates over classes, and the values that a table attains.
//!
//! Responsible for: which classes a model rejects ([`Judge`], for the search and the gate), and what a finished table
//! attains ([`attained`], for `outis check`). Given: counts. Never sees a cell, a file or a clock.
//!
//! Two faces of a model: [`Model`] is what the user asked for; [`Judge`] is the same bound to the distribution of the
//! whole table. *Monotone* below means: when classes are merged, what was accepted stays accepted, so the rows that the
//! model rejects can only become fewer. *Convex* means: the union of accepted classes is accepted, but an accepted class
//! merged with a rejected one may be rejected.

mod alpha_k;
mod asked;
pub mod attained;
mod beta_likeness;
mod catalogue;
mod delta_disclosure;
mod delta_presence;
mod k_anonymity;
mod k_map;
mod l_diversity;
mod leave_out;
pub mod risk;
pub mod separation;
pub mod special;
mod t_closeness;
pub mod uniqueness;
pub mod wildcard;
mod words;

pub use asked::{Asked, Order, Scale, Unfit};
pub use catalogue::{CATALOGUE, ModelInfo, Monotony};
pub use k_map::estimated_population;
pub use l_diversity::Estimator;
pub use leave_out::{LeftOut, leave_out};
pub use t_closeness::{Distance, Tree};

use crate::group::Behind;
use crate::limits::K;

/// What a judge is told about one class.
#[derive(Clone, Copy)]
pub struct Class<'a> {
    /// Rows.
    pub rows: u64,
    /// Members: persons where persons are counted, else rows.
    pub members: u64,
    /// Members of the population that have the same values, where a population is known.
    pub population: u64,
    /// For each sensitive column the rows of each of its values.
    pub histograms: &'a [&'a [u64]],
}

/// What a judge is told about the whole table, rows that will be suppressed included.
#[derive(Clone)]
pub struct Whole {
    /// Rows.
    pub rows: u64,
    /// For each sensitive column the rows of each of its values.
    pub totals: Vec<Vec<u64>>,
}

/// A privacy model with its limits. `sensitive` is the place of a sensitive column.
#[derive(Debug, Clone)]
pub enum Model {
    /// Every class has k members.
    KAnonymity(K),
    /// k-anonymity, and no sensitive value has more than `alpha` of a class.
    AlphaK {
        /// Smallest class.
        k: K,
        /// Largest share of one value.
        alpha: f64,
        /// Column.
        sensitive: usize,
    },
    /// The population has k members for every class.
    KMap(K),
    /// `l` different sensitive values.
    DistinctL {
        /// How many.
        l: u32,
        /// Column.
        sensitive: usize,
    },
    /// Entropy of the sensitive values is at least ln l.
    EntropyL {
        /// Effective number of values.
        l: f64,
        /// How entropy is estimated.
        estimator: Estimator,
        /// Column.
        sensitive: usize,
    },
    /// The most frequent value is rarer than c times the values from the l-th on.
    RecursiveCl {
        /// c.
        c: f64,
        /// l.
        l: u32,
        /// Column.
        sensitive: usize,
    },
    /// Distance between the class's and the table's distribution is at most t.
    TCloseness {
        /// t.
        t: f64,
        /// Which distance.
        distance: Distance,
        /// Column.
        sensitive: usize,
    },
    /// No value's share grows by more than beta times itself.
    BasicBeta {
        /// beta.
        beta: f64,
        /// Column.
        sensitive: usize,
    },
    /// No value's share grows by more than min(beta, -ln share) times itself.
    EnhancedBeta {
        /// beta.
        beta: f64,
        /// Column.
        sensitive: usize,
    },
    /// Every value's share changes by less than the factor e^delta.
    DeltaDisclosure {
        /// delta.
        delta: f64,
        /// Column.
        sensitive: usize,
    },
    /// The chance that a member of the population is in the sample lies between two bounds.
    DeltaPresence {
        /// Least.
        least: f64,
        /// Most.
        most: f64,
    },
    /// 1 / members is at most this in every class.
    MaximalRisk(f64),
    /// Classes / members, over the kept ones, is at most this; the smallest classes are suppressed until it is.
    AverageRisk(f64),
    /// Share of the kept members whose risk is above a threshold; the smallest classes are suppressed until it holds.
    RiskShare {
        /// Largest share.
        share: f64,
        /// 1 / members above this is too much.
        above: f64,
    },
    /// Share of the kept members that are alone in their class is at most this; they are suppressed where it is more.
    SampleUniqueness(f64),
    /// Share of the population that is alone in it, by the largest valid estimate from the kept classes, is at most this; where
    /// it is more, or no estimate is valid, those alone in their class are suppressed.
    PopulationUniqueness {
        /// Largest share.
        share: f64,
        /// Members of the population; [`Model::OF_TABLE`] where a table of them is counted when the model is bound.
        population: u64,
    },
}

impl Model {
    /// In place of the number of a population that a table will tell.
    pub const OF_TABLE: u64 = 0;
    /// Name in reports and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::KAnonymity(_) => "k_anonymity",
            Self::AlphaK { .. } => "alpha_k_anonymity",
            Self::KMap(_) => "k_map",
            Self::DistinctL { .. } => "distinct_l_diversity",
            Self::EntropyL { .. } => "entropy_l_diversity",
            Self::RecursiveCl { .. } => "recursive_cl_diversity",
            Self::TCloseness { .. } => "t_closeness",
            Self::BasicBeta { .. } => "basic_beta_likeness",
            Self::EnhancedBeta { .. } => "enhanced_beta_likeness",
            Self::DeltaDisclosure { .. } => "delta_disclosure",
            Self::DeltaPresence { .. } => "delta_presence",
            Self::MaximalRisk(_) => "maximal_risk",
            Self::AverageRisk(_) => "average_risk",
            Self::RiskShare { .. } => "risk_share",
            Self::SampleUniqueness(_) => "sample_uniqueness",
            Self::PopulationUniqueness { .. } => "population_uniqueness",
        }
    }
    /// The sensitive column that the model looks at.
    #[must_use]
    pub fn sensitive(&self) -> Option<usize> {
        match self {
            Self::AlphaK { sensitive, .. }
            | Self::DistinctL { sensitive, .. }
            | Self::EntropyL { sensitive, .. }
            | Self::RecursiveCl { sensitive, .. }
            | Self::TCloseness { sensitive, .. }
            | Self::BasicBeta { sensitive, .. }
            | Self::EnhancedBeta { sensitive, .. }
            | Self::DeltaDisclosure { sensitive, .. } => Some(*sensitive),
            Self::KAnonymity(_)
            | Self::KMap(_)
            | Self::DeltaPresence { .. }
            | Self::MaximalRisk(_)
            | Self::AverageRisk(_)
            | Self::RiskShare { .. }
            | Self::SampleUniqueness(_)
            | Self::PopulationUniqueness { .. } => None,
        }
    }
    /// Whether the model compares classes with the whole table, so that leaving classes out changes what it says.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        matches!(
            self,
            Self::TCloseness { .. } | Self::BasicBeta { .. } | Self::EnhancedBeta { .. } | Self::DeltaDisclosure { .. }
        )
    }
    /// The model with its distance times `factor`, where it is relative.
    #[must_use]
    pub fn tightened(&self, factor: f64) -> Self {
        let mut model = self.clone();
        match &mut model {
            Self::TCloseness { t: limit, .. }
            | Self::BasicBeta { beta: limit, .. }
            | Self::EnhancedBeta { beta: limit, .. }
            | Self::DeltaDisclosure { delta: limit, .. } => *limit *= factor,
            _ => {}
        }
        model
    }
    /// The model over rows of which only a share was drawn: the chance to be among them is that share of the chance to be in the data.
    #[must_use]
    pub fn thinned(&self, share: f64) -> Self {
        match self {
            Self::DeltaPresence { least, most } => Self::DeltaPresence { least: least * share, most: most * share },
            model => model.clone(),
        }
    }
    /// Whether the model needs the population's counts.
    #[must_use]
    pub fn needs_population(&self) -> bool {
        matches!(self, Self::KMap(_) | Self::DeltaPresence { .. })
    }
    /// Whether suppression can only become less when classes are merged (see the module's words).
    #[must_use]
    pub fn monotone(&self) -> bool {
        matches!(self, Self::KAnonymity(_) | Self::KMap(_) | Self::DistinctL { .. } | Self::MaximalRisk(_))
    }
}

/// The models bound to one table.
#[derive(Clone)]
pub struct Judge {
    least_members: u64,
    least_population: u64,
    /// Distinct values that a column's class must have, whatever else is asked: monotone.
    least_distinct: Vec<u64>,
    rules: Vec<Rule>,
    /// Presence also binds classes that only the population has.
    presence: Option<delta_presence::Rule>,
    average: Option<f64>,
    risk_shares: Vec<(f64, f64)>,
    unique: Option<f64>,
    population_unique: Vec<(f64, u64)>,
}

/// A model that is not monotone, bound to the table.
#[derive(Clone)]
enum Rule {
    AlphaK(alpha_k::Rule),
    EntropyL(l_diversity::EntropyRule),
    RecursiveCl(l_diversity::RecursiveRule),
    TCloseness(t_closeness::Rule),
    Beta(beta_likeness::Rule),
    DeltaDisclosure(delta_disclosure::Rule),
    DeltaPresence(delta_presence::Rule),
}

/// What a judge says about a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All models accept it.
    Kept,
    /// A model rejects it, but a part or a merger of it may be accepted.
    Rejected,
    /// A monotone model rejects it: every part of it is rejected too.
    RejectedWithParts,
}

impl Judge {
    /// Binds the models to the table.
    #[must_use]
    pub fn new(models: &[Model], whole: &Whole) -> Self {
        let mut judge = Self {
            least_members: 1,
            least_population: 0,
            least_distinct: vec![0; whole.totals.len()],
            rules: Vec::new(),
            presence: None,
            average: None,
            risk_shares: Vec::new(),
            unique: None,
            population_unique: Vec::new(),
        };
        for model in models {
            judge.take(model, whole);
        }
        judge
    }
    fn take(&mut self, model: &Model, whole: &Whole) {
        let column = model.sensitive().unwrap_or(0);
        let mut distinct = |l: u64| {
            self.least_distinct[column] = self.least_distinct[column].max(l);
        };
        match model {
            Model::KAnonymity(k) => self.least_members = self.least_members.max(u64::from(k.get())),
            Model::AlphaK { k, alpha, sensitive } => {
                self.least_members = self.least_members.max(u64::from(k.get()));
                self.rules.push(Rule::AlphaK(alpha_k::Rule { sensitive: *sensitive, alpha: *alpha }));
            }
            Model::KMap(k) => self.least_population = self.least_population.max(u64::from(k.get())),
            Model::DistinctL { l, .. } => distinct(u64::from(*l)),
            Model::EntropyL { l, estimator, sensitive } => {
                distinct(k_anonymity::ceiling(*l));
                self.rules.push(Rule::EntropyL(l_diversity::EntropyRule::new(*sensitive, *l, *estimator)));
            }
            Model::RecursiveCl { c, l, sensitive } => {
                distinct(u64::from(*l));
                self.rules.push(Rule::RecursiveCl(l_diversity::RecursiveRule { sensitive: *sensitive, c: *c, l: *l }));
            }
            Model::TCloseness { t, distance, sensitive } => {
                self.rules.push(Rule::TCloseness(t_closeness::Rule::new(*sensitive, *t, distance, whole)));
            }
            Model::BasicBeta { beta, sensitive } => {
                self.rules.push(Rule::Beta(beta_likeness::Rule::basic(*sensitive, *beta, whole)));
            }
            Model::EnhancedBeta { beta, sensitive } => {
                self.rules.push(Rule::Beta(beta_likeness::Rule::enhanced(*sensitive, *beta, whole)));
            }
            Model::DeltaDisclosure { delta, sensitive } => {
                self.rules.push(Rule::DeltaDisclosure(delta_disclosure::Rule::new(*sensitive, *delta, whole)));
            }
            Model::DeltaPresence { least, most } => {
                let rule = delta_presence::Rule { least: *least, most: *most };
                self.presence = Some(rule);
                self.rules.push(Rule::DeltaPresence(rule));
            }
            Model::MaximalRisk(risk) => {
                self.least_members = self.least_members.max(k_anonymity::members_for_risk(*risk));
            }
            Model::AverageRisk(risk) => self.average = Some(self.average.map_or(*risk, |other| other.min(*risk))),
            Model::RiskShare { share, above } => self.risk_shares.push((*share, *above)),
            Model::PopulationUniqueness { share, population } => self.population_unique.push((*share, *population)),
            Model::SampleUniqueness(share) => self.unique = Some(self.unique.map_or(*share, |other| other.min(*share))),
        }
    }
    /// Whether every model is monotone, so that nothing but sizes and distinct values counts.
    #[must_use]
    pub fn monotone(&self) -> bool {
        self.rules.is_empty() && !self.table_wide()
    }
    /// Whether nothing but the number of members counts.
    #[must_use]
    pub fn sizes_only(&self) -> bool {
        self.monotone() && self.least_population == 0 && self.least_distinct.iter().all(|&l| l <= 1)
    }
    /// Whether a model looks at all classes together ([`Judge::largest_suppressed`]).
    #[must_use]
    pub fn table_wide(&self) -> bool {
        self.average.is_some()
            || self.unique.is_some()
            || !self.risk_shares.is_empty()
            || !self.population_unique.is_empty()
    }
    /// The least number of members that a kept class has.
    #[must_use]
    pub fn least_members(&self) -> u64 {
        self.least_members
    }
    /// Whether the class's numbers of members rule it and its parts out.
    #[must_use]
    #[inline]
    pub fn too_small(&self, class: &Class<'_>) -> bool {
        class.members < self.least_members || class.population < self.least_population
    }
    /// Judges one class; `buffer` is kept by the caller.
    #[must_use]
    pub fn verdict(&self, class: &Class<'_>, buffer: &mut Vec<f64>) -> Verdict {
        if self.too_small(class) {
            return Verdict::RejectedWithParts;
        }
        for (&least, histogram) in self.least_distinct.iter().zip(class.histograms) {
            if least > 1 && (class.rows < least || l_diversity::distinct(histogram) < least) {
                return Verdict::RejectedWithParts;
            }
        }
        let holds = self.rules.iter().all(|rule| match rule {
            Rule::AlphaK(rule) => rule.holds(class),
            Rule::EntropyL(rule) => rule.holds(class),
            Rule::RecursiveCl(rule) => rule.holds(class, buffer),
            Rule::TCloseness(rule) => rule.holds(class, buffer),
            Rule::Beta(rule) => rule.holds(class),
            Rule::DeltaDisclosure(rule) => rule.holds(class),
            Rule::DeltaPresence(rule) => rule.holds(class),
        });
        if holds { Verdict::Kept } else { Verdict::Rejected }
    }
    /// How many rows must at least be taken out of a class that [`Judge::verdict`] rejects, before what remains can be
    /// parted into classes that are all accepted. With convex models the union of accepted parts is accepted itself, so
    /// this is a bound for every finer partition, and it never grows when classes are merged. Rounded down.
    #[must_use]
    pub fn least_removed(&self, class: &Class<'_>, buffer: &mut Vec<f64>) -> u64 {
        let removed = self.rules.iter().map(|rule| match rule {
            Rule::AlphaK(rule) => rule.least_removed(class),
            Rule::TCloseness(rule) => rule.least_removed(class, buffer),
            Rule::Beta(rule) => rule.least_removed(class),
            Rule::DeltaDisclosure(rule) => rule.least_removed(class),
            Rule::DeltaPresence(rule) => rule.least_removed(class),
            // Nothing is claimed for these.
            Rule::EntropyL(_) | Rule::RecursiveCl(_) => 0,
        });
        removed.max().unwrap_or(0)
    }
    /// How many of the classes that only the population has are rejected; they cannot be suppressed.
    #[must_use]
    pub fn absent_rejected(&self, behind: Option<&Behind>) -> u64 {
        let absent = behind.map_or(&[][..], Behind::absent);
        absent.iter().filter(|population| !self.accepts_absent(**population)).count() as u64
    }
    /// Whether a class that only the population has is accepted; it cannot be suppressed.
    #[must_use]
    pub fn accepts_absent(&self, population: u64) -> bool {
        population == 0 || self.presence.is_none_or(|rule| rule.ratio_holds(0, population))
    }
    /// For the models that look at all classes together: the size up to which kept classes must be suppressed too.
    /// `sizes` are the members of the classes that the other models keep, ascending.
    #[must_use]
    pub fn largest_suppressed(&self, sizes: &[u64]) -> u64 {
        let mut largest = 0;
        if let Some(share) = self.unique {
            let alone = sizes.iter().take_while(|&&size| size == 1).count() as u64;
            if risk::ratio(alone, sizes.iter().sum()) > share {
                largest = 1;
            }
        }
        if largest == 0 && self.population_unique.iter().any(|&(share, all)| uniqueness::share(sizes, all) > share) {
            largest = 1;
        }
        for &(share, above) in &self.risk_shares {
            let mut members: u64 = sizes.iter().sum();
            let mut at_risk: u64 = sizes.iter().take_while(|&&size| risk::ratio(1, size) > above).sum();
            for &size in sizes {
                if at_risk == 0 || (size > largest && risk::ratio(at_risk, members) <= share) {
                    break;
                }
                largest = largest.max(size);
                members -= size;
                at_risk -= size;
            }
        }
        if let Some(limit) = self.average {
            let mut members: u64 = sizes.iter().sum();
            let mut classes = sizes.len() as u64;
            for &size in sizes {
                if size > largest && risk::ratio(classes, members) <= limit {
                    break;
                }
                largest = largest.max(size);
                members -= size;
                classes -= 1;
            }
        }
        largest
    }
}

/// Rows that must be taken out of `rows`, of which `count` have a value, until the value's share is at most `share`: all
/// taken have it, at best. Rounded down, a little more than doubles err.
fn least_above(count: u64, rows: u64, share: f64) -> u64 {
    if !(0.0..1.0).contains(&share) {
        return 0;
    }
    #[expect(clippy::cast_precision_loss, reason = "rounded down by more")]
    let (count, rows) = (count as f64, rows as f64);
    whole_below((count - share * rows) / (1.0 - share))
}

/// The least whole number that is surely not below the bound of a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and below the rows of a table")]
fn whole_below(bound: f64) -> u64 {
    let lowered = bound * (1.0 - 1e-9) - 1e-6;
    if lowered > 0.0 { lowered.ceil() as u64 } else { 0 }
}

#[cfg(test)]
mod tests;
