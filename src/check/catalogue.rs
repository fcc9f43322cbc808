//! What each model promises and what it does not: the text behind `outis models`.

/// How a model behaves when classes are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monotony {
    /// What was accepted stays accepted, and parts of what was rejected are rejected: coarser is never worse.
    Monotone,
    /// Two accepted classes merge into an accepted one; an accepted and a rejected one may not.
    Convex,
    /// Looks at all classes together, or at who is absent.
    None,
}

impl Monotony {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Monotone => "monotone: coarser levels never break it",
            Self::Convex => {
                "convex: accepted classes merge into accepted ones; with suppression coarser levels may break it"
            }
            Self::None => "neither: it looks at all classes together, or at who is absent",
        }
    }
}

/// One model.
#[derive(Debug, Clone, Copy)]
pub struct ModelInfo {
    /// Name in reports and JSON, as [`super::Model::name`].
    pub name: &'static str,
    /// How a profile asks for it, under `[privacy]`.
    pub example: &'static str,
    /// What it promises.
    pub promise: &'static str,
    /// What it does not protect against.
    pub not: &'static str,
    /// How it behaves when classes are merged.
    pub monotony: Monotony,
    /// Paper.
    pub source: &'static str,
}

/// Every model, in the order of the reference.
pub const CATALOGUE: &[ModelInfo] = &[
    ModelInfo {
        name: "k_anonymity",
        example: "k_anonymity = 11",
        promise: "every combination of quasi-identifiers is shared by at least k members",
        not: "what all members of a class have in common is learned of each of them",
        monotony: Monotony::Monotone,
        source: "Sweeney, k-anonymity: a model for protecting privacy, 2002",
    },
    ModelInfo {
        name: "distinct_l_diversity",
        example: r#"l_diversity = { of = "diagnosis", distinct = 3 }"#,
        promise: "every class has at least l different sensitive values",
        not: "one value may be nearly sure, and values may differ in words and not in meaning",
        monotony: Monotony::Monotone,
        source: "Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam, l-diversity, 2007",
    },
    ModelInfo {
        name: "entropy_l_diversity",
        example: r#"l_diversity = { of = "diagnosis", entropy = 3 }"#,
        promise: "the sensitive values of every class are as uncertain as l equally frequent ones",
        not: "values may differ in words and not in meaning; rare values are hard to keep",
        monotony: Monotony::Convex,
        source: "Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam, l-diversity, 2007",
    },
    ModelInfo {
        name: "recursive_cl_diversity",
        example: r#"l_diversity = { of = "diagnosis", recursive = { c = 3, l = 2 } }"#,
        promise: "after l - 2 values are ruled out, the most frequent one left is still not sure",
        not: "values may differ in words and not in meaning",
        monotony: Monotony::Convex,
        source: "Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam, l-diversity, 2007",
    },
    ModelInfo {
        name: "t_closeness",
        example: r#"t_closeness = { of = "diagnosis", distance = "hierarchical", t = 0.2 }"#,
        promise: "who knows a person's class learns little more of the sensitive value than the whole table tells",
        not: "identity: combine it with k; what the whole table tells is told",
        monotony: Monotony::Convex,
        source: "Li, Li, Venkatasubramanian, t-closeness, 2007",
    },
    ModelInfo {
        name: "alpha_k_anonymity",
        example: r#"alpha_k = { of = "diagnosis", alpha = 0.5, k = 5 }"#,
        promise: "k members in every class, and no sensitive value has more than a share alpha of it",
        not: "knowledge that rules values out",
        monotony: Monotony::Convex,
        source: "Wong, Li, Fu, Wang, (alpha, k)-anonymity, 2006",
    },
    ModelInfo {
        name: "enhanced_beta_likeness",
        example: r#"beta_likeness = { of = "diagnosis", beta = 2 }"#,
        promise: "no sensitive value with share p becomes more than (1 + min(beta, -ln p)) p likely in a class",
        not: "learning that a value became less likely",
        monotony: Monotony::Convex,
        source: "Cao, Karras, Publishing microdata with a robust privacy guarantee, 2012",
    },
    ModelInfo {
        name: "basic_beta_likeness",
        example: r#"beta_likeness = { of = "diagnosis", beta = 2, kind = "basic" }"#,
        promise: "no sensitive value with share p becomes more than (1 + beta) p likely in a class",
        not: "frequent values may still become sure; learning that a value became less likely",
        monotony: Monotony::Convex,
        source: "Cao, Karras, Publishing microdata with a robust privacy guarantee, 2012",
    },
    ModelInfo {
        name: "delta_disclosure",
        example: r#"delta_disclosure = { of = "diagnosis", delta = 1.5 }"#,
        promise: "every class has every sensitive value, none more or less likely than by the factor e^delta",
        not: "identity; it is so strict that little may be left",
        monotony: Monotony::Convex,
        source: "Brickell, Shmatikov, The cost of privacy, 2008",
    },
    ModelInfo {
        name: "k_map",
        example: "k_map = 5\npopulation = { size = 1_400_000 }",
        promise: "every combination of quasi-identifiers is shared by at least k people of the population",
        not: "one who knows that a person is in the data; a wrong statement or table of the population, which no reader can check",
        monotony: Monotony::Monotone,
        source: "Sweeney, Computational disclosure control, 2001",
    },
    ModelInfo {
        name: "delta_presence",
        example: "delta_presence = { least = 0, most = 0.5 }\npopulation = { table = \"population.csv\" }",
        promise: "whether a member of the population is in the data stays uncertain within two bounds",
        not: "what the sensitive values tell; a wrong table of the population, which no reader can check",
        monotony: Monotony::None,
        source: "Nergiz, Atzori, Clifton, Hiding the presence of individuals from shared databases, 2007",
    },
    ModelInfo {
        name: "maximal_risk",
        example: "risk = { highest = 0.09 }",
        promise: "nobody who is known to be in the data is found again with a chance above this",
        not: "the same as k-anonymity with k = 1 / risk: what a class has in common",
        monotony: Monotony::Monotone,
        source: "El Emam, Guide to the De-Identification of Personal Health Information, 2013",
    },
    ModelInfo {
        name: "average_risk",
        example: "risk = { average = 0.05 }",
        promise: "an attacker who guesses for everybody is right in no larger share of the cases",
        not: "single persons may stand at a much higher risk",
        monotony: Monotony::None,
        source: "El Emam, Guide to the De-Identification of Personal Health Information, 2013",
    },
    ModelInfo {
        name: "risk_share",
        example: r#"risk = { share = "1%", above = 0.2 }"#,
        promise: "no larger share of the people stands at a risk above the threshold",
        not: "those few people",
        monotony: Monotony::None,
        source: "El Emam, Dankar, Protecting privacy using k-anonymity, 2008",
    },
    ModelInfo {
        name: "sample_uniqueness",
        example: r#"uniqueness = { sample = "1%" }"#,
        promise: "no larger share of the people in the data is alone with their quasi-identifiers",
        not: "those few people",
        monotony: Monotony::None,
        source: "Skinner, Elliot, A measure of disclosure risk for microdata, 2002",
    },
    ModelInfo {
        name: "population_uniqueness",
        example: "uniqueness = { population = \"0.1%\" }\npopulation = { size = 1_400_000 }",
        promise: "by the largest valid estimate, no larger share of the population is alone with its quasi-identifiers",
        not: "the estimate's error; a wrong statement of the population",
        monotony: Monotony::None,
        source: "Dankar, El Emam, Neisa, Roffey, Estimating the re-identification risk of clinical data sets, 2012",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Distance, Estimator, Model};
    use crate::limits::K;

    #[test]
    fn every_model_stands_in_the_catalogue_once_and_as_monotone_as_it_says() {
        let (k, sensitive) = (K::new(2).unwrap(), 0);
        let models = [
            Model::KAnonymity(k),
            Model::DistinctL { l: 2, sensitive },
            Model::EntropyL { l: 2.0, estimator: Estimator::Shannon, sensitive },
            Model::RecursiveCl { c: 2.0, l: 2, sensitive },
            Model::TCloseness { t: 0.2, distance: Distance::Equal, sensitive },
            Model::AlphaK { k, alpha: 0.5, sensitive },
            Model::EnhancedBeta { beta: 1.0, sensitive },
            Model::BasicBeta { beta: 1.0, sensitive },
            Model::DeltaDisclosure { delta: 1.0, sensitive },
            Model::KMap(k),
            Model::DeltaPresence { least: 0.0, most: 0.5 },
            Model::MaximalRisk(0.1),
            Model::AverageRisk(0.1),
            Model::RiskShare { share: 0.1, above: 0.2 },
            Model::SampleUniqueness(0.1),
            Model::PopulationUniqueness { share: 0.1, population: 100 },
        ];
        assert_eq!(models.len(), CATALOGUE.len());
        for (model, info) in models.iter().zip(CATALOGUE) {
            assert_eq!(model.name(), info.name);
            assert_eq!(model.monotone(), info.monotony == Monotony::Monotone, "{}", info.name);
            assert!(!info.promise.is_empty() && !info.not.is_empty() && info.source.contains("20"), "{}", info.name);
        }
    }
}
