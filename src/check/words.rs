//! Models in words, for plans and reports.

use super::{Asked, Estimator, Model, Order, Scale};

impl Asked {
    /// What the model asks of every class, without the column's name.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.model {
            Model::KAnonymity(k) => format!("at least {} members", k.get()),
            Model::AlphaK { k, alpha, .. } => {
                format!("at least {} members, and no value has a share above {alpha}", k.get())
            }
            Model::KMap(k) => match self.population {
                Some(population) => {
                    format!("at least {} members of the population of {population}, estimated", k.get())
                }
                None => format!("at least {} members of the population, counted in its table", k.get()),
            },
            Model::DistinctL { l, .. } => format!("at least {l} different values"),
            Model::EntropyL { l, estimator, .. } => {
                let corrected = match estimator {
                    Estimator::Shannon => "",
                    Estimator::Grassberger => ", corrected for small classes",
                };
                format!("entropy of at least that of {l} equally frequent values{corrected}")
            }
            Model::RecursiveCl { c, l, .. } => {
                format!("the most frequent value is rarer than {c} times all from number {l} on")
            }
            Model::TCloseness { t, .. } => {
                let scale = match &self.scale {
                    None | Some(Scale::Equal) => "equal",
                    Some(Scale::Ordered(Order::Listed(_))) => "ordered, as listed",
                    Some(Scale::Ordered(Order::Numbers)) => "ordered, as numbers",
                    Some(Scale::Ordered(Order::Dates)) => "ordered, as dates",
                    Some(Scale::Hierarchical(_)) => "hierarchical",
                };
                format!("at most {t} away from the whole release ({scale} distance)")
            }
            Model::BasicBeta { beta, .. } => format!("no share p grows above (1 + {beta}) p"),
            Model::EnhancedBeta { beta, .. } => format!("no share p grows by more than min({beta}, -ln p) p"),
            Model::DeltaDisclosure { delta, .. } => {
                format!("every value occurs, and no share changes by the factor e^{delta} or more")
            }
            Model::DeltaPresence { least, most } => {
                format!(
                    "chance of a member of the population to be in the data from {least} to {most}, counted in its table"
                )
            }
            Model::MaximalRisk(risk) => format!("risk of every person at most {risk}"),
            Model::AverageRisk(risk) => format!("average risk at most {risk}"),
            Model::RiskShare { share, above } => {
                format!("share of the people with a risk above {above} at most {share}")
            }
            Model::SampleUniqueness(share) => {
                format!("share of the people who are alone in their class at most {share}")
            }
            Model::PopulationUniqueness { share, population: Model::OF_TABLE } => {
                format!("share of the population of the table who are alone in it at most {share}, estimated")
            }
            Model::PopulationUniqueness { share, population } => {
                format!("share of the population of {population} who are alone in it at most {share}, estimated")
            }
        }
    }
}
