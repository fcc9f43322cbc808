//! Privacy models as the log tells them, and back: so that a reader holds the released files to the very numbers that the run was held to.

use crate::check::{Asked, Distance, Estimator, Model, Order, Scale};
use crate::limits::K;
use crate::log::ModelAsked;
use crate::plan::Plan;

/// Every model of a plan, in its order.
pub(super) fn told(plan: &Plan) -> Vec<ModelAsked> {
    let one = |asked: &Asked| {
        let of = asked.model.sensitive().and_then(|place| plan.sensitive.get(place));
        ModelAsked {
            model: asked.model.name().to_owned(),
            of: of.and_then(|at| plan.columns[*at].released_as.clone()),
            limits: limits(asked),
            scale: asked.scale.as_ref().map(|scale| scale_name(scale).to_owned()),
            words: asked.words(),
        }
    };
    plan.models.iter().map(one).collect()
}

fn scale_name(scale: &Scale) -> &'static str {
    match scale {
        Scale::Equal => "equal",
        Scale::Ordered(Order::Numbers) => "numbers",
        Scale::Ordered(Order::Dates) => "dates",
        Scale::Ordered(Order::Listed(_)) => "listed",
        Scale::Hierarchical(_) => "hierarchical",
    }
}

/// Limits by name, as the shortest decimal that reads back as the same number.
fn limits(asked: &Asked) -> Vec<(String, String)> {
    let text =
        |pairs: &[(&str, String)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    match &asked.model {
        Model::KAnonymity(k) => text(&[("k", k.get().to_string())]),
        Model::KMap(k) => {
            let mut limits: Vec<(String, String)> = text(&[("k", k.get().to_string())]);
            limits.extend(asked.population.map(|size| ("population".to_owned(), size.to_string())));
            limits
        }
        Model::AlphaK { k, alpha, .. } => text(&[("k", k.get().to_string()), ("alpha", alpha.to_string())]),
        Model::DistinctL { l, .. } => text(&[("l", l.to_string())]),
        Model::EntropyL { l, estimator, .. } => {
            text(&[("l", l.to_string()), ("estimator", estimator_name(*estimator).into())])
        }
        Model::RecursiveCl { c, l, .. } => text(&[("c", c.to_string()), ("l", l.to_string())]),
        Model::TCloseness { t, .. } => text(&[("t", t.to_string())]),
        Model::BasicBeta { beta, .. } | Model::EnhancedBeta { beta, .. } => text(&[("beta", beta.to_string())]),
        Model::DeltaDisclosure { delta, .. } => text(&[("delta", delta.to_string())]),
        Model::DeltaPresence { least, most } => text(&[("least", least.to_string()), ("most", most.to_string())]),
        Model::MaximalRisk(risk) | Model::AverageRisk(risk) => text(&[("risk", risk.to_string())]),
        Model::RiskShare { share, above } => text(&[("share", share.to_string()), ("above", above.to_string())]),
        Model::SampleUniqueness(share) => text(&[("share", share.to_string())]),
        Model::PopulationUniqueness { share, population } => {
            let mut limits: Vec<(String, String)> = text(&[("share", share.to_string())]);
            let size = Some(population).filter(|size| **size != Model::OF_TABLE);
            limits.extend(size.map(|size| ("population".to_owned(), size.to_string())));
            limits
        }
    }
}

fn estimator_name(estimator: Estimator) -> &'static str {
    match estimator {
        Estimator::Shannon => "shannon",
        Estimator::Grassberger => "grassberger",
    }
}

/// The model of a log, over the sensitive column at this place; none where the log says what no run says, or where the release alone
/// does not have what it takes (see [`ModelAsked::recountable`]).
pub(super) fn again(told: &ModelAsked, sensitive: usize) -> Option<Asked> {
    if !told.recountable() {
        return None;
    }
    let text = |name: &str| told.limits.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let number = |name: &str| text(name)?.parse::<f64>().ok().filter(|number| number.is_finite());
    let whole = |name: &str| text(name)?.parse::<u64>().ok();
    let k = || K::new(u32::try_from(whole("k")?).ok()?);
    let l = || u32::try_from(whole("l")?).ok();
    let model = match told.model.as_str() {
        "k_anonymity" => Model::KAnonymity(k()?),
        "alpha_k_anonymity" => Model::AlphaK { k: k()?, alpha: number("alpha")?, sensitive },
        "k_map" => Model::KMap(k()?),
        "distinct_l_diversity" => Model::DistinctL { l: l()?, sensitive },
        "entropy_l_diversity" => {
            let known = [Estimator::Shannon, Estimator::Grassberger];
            let estimator = known.into_iter().find(|one| text("estimator") == Some(estimator_name(*one)))?;
            Model::EntropyL { l: number("l")?, estimator, sensitive }
        }
        "recursive_cl_diversity" => Model::RecursiveCl { c: number("c")?, l: l()?, sensitive },
        "t_closeness" => Model::TCloseness { t: number("t")?, distance: Distance::Equal, sensitive },
        "basic_beta_likeness" => Model::BasicBeta { beta: number("beta")?, sensitive },
        "enhanced_beta_likeness" => Model::EnhancedBeta { beta: number("beta")?, sensitive },
        "delta_disclosure" => Model::DeltaDisclosure { delta: number("delta")?, sensitive },
        "maximal_risk" => Model::MaximalRisk(number("risk")?),
        "average_risk" => Model::AverageRisk(number("risk")?),
        "risk_share" => Model::RiskShare { share: number("share")?, above: number("above")? },
        "sample_uniqueness" => Model::SampleUniqueness(number("share")?),
        "population_uniqueness" => {
            Model::PopulationUniqueness { share: number("share")?, population: whole("population")? }
        }
        _ => return None,
    };
    let scale = match told.scale.as_deref() {
        None => None,
        Some("equal") => Some(Scale::Equal),
        Some("numbers") => Some(Scale::Ordered(Order::Numbers)),
        Some("dates") => Some(Scale::Ordered(Order::Dates)),
        Some(_) => return None,
    };
    let population = if told.model == "k_map" { Some(whole("population")?) } else { None };
    Some(Asked { model, scale, population })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of every model that a profile can ask for and the release alone can answer.
    fn all() -> Vec<Asked> {
        let k = K::new(5).unwrap();
        let plain = |model| Asked { model, scale: None, population: None };
        let mut all = vec![
            plain(Model::KAnonymity(k)),
            plain(Model::AlphaK { k, alpha: 0.1 + 0.2, sensitive: 3 }),
            Asked { model: Model::KMap(k), scale: None, population: Some(1_400_000) },
            plain(Model::DistinctL { l: 3, sensitive: 3 }),
            plain(Model::EntropyL { l: 2.5, estimator: Estimator::Shannon, sensitive: 3 }),
            plain(Model::EntropyL { l: 1.0 / 3.0, estimator: Estimator::Grassberger, sensitive: 3 }),
            plain(Model::RecursiveCl { c: 4.0, l: 2, sensitive: 3 }),
            plain(Model::BasicBeta { beta: 2.0, sensitive: 3 }),
            plain(Model::EnhancedBeta { beta: 1e-7, sensitive: 3 }),
            plain(Model::DeltaDisclosure { delta: 1.5, sensitive: 3 }),
            plain(Model::MaximalRisk(0.09)),
            plain(Model::AverageRisk(0.05)),
            plain(Model::RiskShare { share: 0.01, above: 0.2 }),
            plain(Model::SampleUniqueness(0.0)),
            plain(Model::PopulationUniqueness { share: 0.001, population: 1_400_000 }),
        ];
        for scale in [Scale::Equal, Scale::Ordered(Order::Numbers), Scale::Ordered(Order::Dates)] {
            let model = Model::TCloseness { t: 0.2, distance: Distance::Equal, sensitive: 3 };
            all.push(Asked { model, scale: Some(scale), population: None });
        }
        all
    }

    fn as_told(asked: &Asked) -> ModelAsked {
        ModelAsked {
            model: asked.model.name().into(),
            of: asked.model.sensitive().map(|_| "diagnosis".into()),
            limits: limits(asked),
            scale: asked.scale.as_ref().map(|scale| scale_name(scale).into()),
            words: asked.words(),
        }
    }

    #[test]
    fn every_model_comes_back_from_the_log_as_it_was_asked() {
        for asked in all() {
            let told = as_told(&asked);
            assert!(told.recountable() && !told.of_table(), "{}", told.words);
            let back = again(&told, 3).unwrap();
            assert_eq!(format!("{:?}", back.model), format!("{:?}", asked.model));
            assert_eq!((back.words(), back.population), (asked.words(), asked.population));
            for (at, (name, _)) in told.limits.iter().enumerate() {
                let mut spoilt = told.clone();
                spoilt.limits.remove(at);
                assert!(again(&spoilt, 3).is_none(), "{} without {name}", told.model);
                spoilt.limits.push((name.clone(), "no number".into()));
                assert!(again(&spoilt, 3).is_none(), "{} with another {name}", told.model);
            }
        }
    }

    #[test]
    fn what_the_release_does_not_have_is_the_makers_claim() {
        let order: std::sync::Arc<[Vec<u8>]> = vec![b"low".to_vec()].into();
        let listed = Asked {
            model: Model::TCloseness { t: 0.2, distance: Distance::Equal, sensitive: 0 },
            scale: Some(Scale::Ordered(Order::Listed(order))),
            population: None,
        };
        let presence = Asked::from(Model::DeltaPresence { least: 0.1, most: 0.9 });
        let table = Asked::from(Model::KMap(K::new(5).unwrap()));
        let alone = Asked::from(Model::PopulationUniqueness { share: 0.001, population: Model::OF_TABLE });
        assert!(!as_told(&listed).of_table());
        assert!([&presence, &table, &alone].iter().all(|asked| as_told(asked).of_table() && asked.needs_table()));
        for asked in [listed, presence, table, alone] {
            assert!(!as_told(&asked).recountable() && again(&as_told(&asked), 0).is_none(), "{}", asked.words());
        }
        let unknown = ModelAsked { model: "new".into(), of: None, limits: vec![], scale: None, words: String::new() };
        assert!(!unknown.recountable() && again(&unknown, 0).is_none());
    }
}
