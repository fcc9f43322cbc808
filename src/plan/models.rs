//! The profile's models bound to the plan's columns; what they need of an operator is asked of the compiled one.

use super::ColumnPlan;
use super::compile::Compiler;
use crate::check::{Asked, Distance, Estimator, Model, Order, Scale};
use crate::domain::SemanticType;
use crate::profile::{
    BetaKind, ColumnSpec, DistanceKind, EstimatorName, LevelsFrom, ModelKind, ModelSpec, PopulationSpec, Role, Unit,
};
use crate::transform::Operator;
use std::sync::Arc;

/// Models, and the places of the sensitive columns that they look at.
#[derive(Default)]
pub(super) struct Models {
    pub(super) asked: Vec<Asked>,
    pub(super) sensitive: Vec<usize>,
}

impl Compiler<'_> {
    /// Every model; k-anonymity first.
    pub(super) fn models(&mut self, columns: &[ColumnPlan], operators: &[Operator]) -> Models {
        let privacy = &self.profile.privacy;
        let mut models = Models::default();
        models.asked.extend(privacy.k.map(|k| Asked::from(Model::KAnonymity(k))));
        for spec in &privacy.models {
            let sensitive = match &spec.of {
                None => Some(0),
                Some(name) => self.sensitive(name, spec, columns, operators, &mut models.sensitive),
            };
            if let Some(asked) = sensitive.and_then(|sensitive| self.model(spec, sensitive)) {
                models.asked.push(asked);
            }
        }
        self.search();
        models
    }

    /// What the models need of the quasi and subject columns.
    pub(super) fn classes(&mut self, columns: &[ColumnPlan], operators: &[Operator], quasi: &[usize], models: &Models) {
        let profile = self.profile;
        if models.asked.is_empty() {
            return;
        }
        if quasi.is_empty() && self.complaints.is_empty() {
            let what = "a privacy model is asked, but no column with role `quasi` is released";
            self.complain(None, what, "give the columns that name a person in combination the role `quasi`");
        }
        for at in quasi {
            if !operators[*at].deterministic() || operators[*at].permutes_rows() {
                let what =
                    format!("k-anonymity cannot be held over column `{}`: its values are random", columns[*at].name);
                let spec = profile.columns.iter().find(|spec| spec.name == columns[*at].name);
                self.complain(spec, what, "generalize the column, or give it another role");
            }
        }
        let subject = columns.iter().find(|column| column.role == Role::Subject);
        let released = subject.is_some_and(|column| column.token.is_some() && column.released_as.is_some());
        if profile.privacy.unit == Unit::Subject && !released && self.complaints.is_empty() {
            let what = "persons can be counted only where the release shows whose row it is";
            self.complain(None, what, "release the subject column as a token, or set `unit = \"row\"`");
        }
    }

    /// The place of a model's sensitive column among those that are counted.
    fn sensitive(
        &mut self,
        name: &str,
        model: &ModelSpec,
        columns: &[ColumnPlan],
        operators: &[Operator],
        counted: &mut Vec<usize>,
    ) -> Option<usize> {
        let at = columns.iter().position(|column| column.name == name)?;
        let released = columns[at].released_as.is_some();
        if !released || !operators[at].deterministic() || operators[at].permutes_rows() {
            let what = format!("no model can be held over column `{name}`: its values do not stand where they stood");
            self.complain_at(model.position, what, "release what the model counts, or remove the model");
            return None;
        }
        let place = counted.iter().position(|known| *known == at).unwrap_or_else(|| {
            counted.push(at);
            counted.len() - 1
        });
        Some(place)
    }

    fn model(&mut self, spec: &ModelSpec, sensitive: usize) -> Option<Asked> {
        let size = match self.profile.privacy.population {
            Some(PopulationSpec::Size(size)) => Some(size),
            Some(PopulationSpec::Table { .. }) | None => None,
        };
        Some(Asked::from(match &spec.kind {
            ModelKind::AlphaK { alpha, k } => Model::AlphaK { k: *k, alpha: *alpha, sensitive },
            ModelKind::DistinctL(l) => Model::DistinctL { l: l.get(), sensitive },
            ModelKind::EntropyL { l, estimator } => {
                let estimator = match estimator {
                    EstimatorName::Shannon => Estimator::Shannon,
                    EstimatorName::Grassberger => Estimator::Grassberger,
                };
                Model::EntropyL { l: *l, estimator, sensitive }
            }
            ModelKind::RecursiveCl { c, l } => Model::RecursiveCl { c: *c, l: l.get(), sensitive },
            ModelKind::TCloseness { t, distance, order } => {
                let column = self.profile.columns.iter().find(|column| Some(&column.name) == spec.of.as_ref())?;
                let scale = self.scale(*distance, order, column)?;
                let model = Model::TCloseness { t: *t, distance: Distance::Equal, sensitive };
                return Some(Asked { model, scale: Some(scale), population: None });
            }
            ModelKind::Beta { beta, kind: BetaKind::Basic } => Model::BasicBeta { beta: *beta, sensitive },
            ModelKind::Beta { beta, kind: BetaKind::Enhanced } => Model::EnhancedBeta { beta: *beta, sensitive },
            ModelKind::DeltaDisclosure(delta) => Model::DeltaDisclosure { delta: *delta, sensitive },
            ModelKind::HighestRisk(risk) => Model::MaximalRisk(*risk),
            ModelKind::AverageRisk(risk) => Model::AverageRisk(*risk),
            ModelKind::RiskShare { share, above } => Model::RiskShare { share: *share, above: *above },
            ModelKind::SampleUniqueness(share) => Model::SampleUniqueness(*share),
            ModelKind::KMap(k) => return Some(Asked { model: Model::KMap(*k), scale: None, population: size }),
            ModelKind::PopulationUniqueness(share) => {
                Model::PopulationUniqueness { share: *share, population: size.unwrap_or(Model::OF_TABLE) }
            }
            ModelKind::DeltaPresence { least, most } => Model::DeltaPresence { least: *least, most: *most },
        }))
    }

    /// What a table of the population needs of the quasi columns: its rows go through their operators.
    pub(super) fn population(
        &mut self,
        columns: &[ColumnPlan],
        operators: &[Operator],
        quasi: &[usize],
        models: &Models,
    ) {
        if !matches!(self.profile.privacy.population, Some(PopulationSpec::Table { .. })) {
            return;
        }
        let profile = self.profile;
        for at in quasi {
            let operator = &operators[*at];
            let why = if operator.needs_subject() {
                "asks whose row it is, and the table does not say that"
            } else if matches!(operator, Operator::Microaggregate(_)) {
                "makes groups of the input, in which others have no place"
            } else if models.asked.is_empty() && (!operator.deterministic() || operator.permutes_rows()) {
                "makes random values"
            } else {
                continue;
            };
            let name = &columns[*at].name;
            let what =
                format!("the table of the population cannot be counted over column `{name}`: its operator {why}");
            let spec = profile.columns.iter().find(|spec| spec.name == *name);
            self.complain(spec, what, "generalize the column, or state the population's `size`");
        }
    }

    fn scale(&mut self, distance: DistanceKind, order: &[String], column: &ColumnSpec) -> Option<Scale> {
        Some(match distance {
            DistanceKind::Equal => Scale::Equal,
            DistanceKind::Ordered if !order.is_empty() => {
                Scale::Ordered(Order::Listed(order.iter().map(|text| text.clone().into_bytes()).collect()))
            }
            DistanceKind::Ordered => Scale::Ordered(match column.semantic {
                SemanticType::Date | SemanticType::Timestamp => Order::Dates,
                _ => Order::Numbers,
            }),
            DistanceKind::Hierarchical => {
                let hierarchy = column.hierarchy.as_ref()?;
                Scale::Hierarchical(Arc::clone(&self.hierarchy(column, hierarchy)?))
            }
        })
    }

    fn search(&mut self) {
        let search = &self.profile.search;
        if search.levels_from == LevelsFrom::Sample && search.sample.millionths() == 0 {
            self.complain(None, "a sample of no rows tells no levels", "raise `sample` under [search]");
        }
    }
}
