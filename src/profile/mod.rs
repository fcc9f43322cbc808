//! What the user wants: a profile, parsed and valid.
//!
//! Responsible for: TOML text in, [`Profile`] out, with every complaint at once ([`parse`]); the same description gives the
//! JSON Schema ([`schema`]). It never opens the data and never holds a key.

mod builtin;
mod models;
mod operator_spec;
mod parse;
mod schema;
mod shape;
mod ship;
mod spec;

pub use builtin::{BUILTIN, builtin};
pub use models::{
    Aggregate, BetaKind, CutName, DistanceKind, EstimatorName, LevelsFrom, Minimize, ModelKind, ModelSpec,
    PopulationSpec, Recoding, SearchSpec,
};
pub use operator_spec::{CentreName, DateStep, Encoding, HierarchySpec, NoiseSpec, OperatorSpec, RegionName};
pub use parse::{Loaded, parse, parse_with};
pub use schema::{json_schema, reference};
pub use ship::shippable;
pub use spec::{
    ApprovalSpec, CatalogueSpec, ColumnSpec, EvidenceSpec, Example, Frequency, Goal, InputSpec, Invalid, KeySpec,
    LedgerSpec, OutputSpec, Position, PrivacySpec, Profile, Provenance, Ragged, Role, StrayQuotes, SuiteName, Tier,
    Unit,
};
