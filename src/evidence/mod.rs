//! Evidence: formats that let anybody check a release alone, with no more than the folder and a public key.
//!
//! Responsible for: the Merkle tree ([`merkle`]), signed notes and checkpoints ([`Note`], [`Checkpoint`]), signing keys
//! ([`SigningKey`], [`Signer`], [`PublicKey`], [`Rotation`]), proofs ([`InclusionProof`]), signed statements about files
//! ([`Envelope`], [`Statement`]), the organisation's log ([`TileLog`], [`OrganisationLog`]), and
//! what platforms and portals read ([`lineage()`], [`catalogue_entry`]). It is given bytes, names, counts and digests; it never sees a cell or a key of tokens, reads no
//! clock and fetches nothing. What does not hold is a [`Fault`] with a stable code.
//!
//! ```text
//! log lines ─ merkle::Tree ─► Checkpoint { origin, size, root } ─ sign(&[Signer]) ─► Note     evidence/checkpoint
//! facts ─ Statement::new(subject, predicate).to_payload() ─ Envelope::sign ─► DSSE            evidence/certificate.dsse.json
//! buyer: trust_root(text) ─► [PublicKey] ─ Checkpoint::open, Envelope::verify, InclusionProof::verify
//! ```

mod catalogue;
mod certificate;
mod checkpoint;
mod envelope;
mod fault;
pub mod json;
mod lineage;
pub mod merkle;
mod note;
mod organisation;
mod proof;
mod public_key;
mod rotation;
mod run_facts;
mod signing_key;
mod statement;
mod story;
mod tiles;
mod view;

pub use catalogue::catalogue_entry;
pub use certificate::{Certificate, Log};
pub use checkpoint::Checkpoint;
pub use envelope::{Envelope, IN_TOTO};
pub use fault::Fault;
pub use lineage::{EvidenceLinks, lineage, release_version};
pub use note::Note;
pub use organisation::{
    ENTRY_VERSION, Entry, Entry as OrganisationEntry, OrganisationEvent, OrganisationLog, is_code,
    open_organisation_log, runs_without_an_end,
};
pub use proof::InclusionProof;
pub use public_key::{PublicKey, SM2_SIGNER_ID, SigningSuite, is_name};
pub use rotation::{Rotation, follow};
pub use run_facts::RunFacts;
pub use signing_key::{Signer, SigningKey, trust_root, trust_root_file};
pub use statement::{Predicate, Resource, Statement, TestResult, TestVerdict};
pub use story::{LogFinding, Review, Story, first_lines, leaves};
pub use tiles::TileLog;
pub use view::{Row, Wanted, organisation_rows, run_rows};
