//! Evidence: formats that let anybody check a release alone, with no more than the folder and a public key.
//!
//! Responsible for: the Merkle tree ([`merkle`]), signed notes and checkpoints ([`Note`], [`Checkpoint`]), signing keys
//! ([`SigningKey`], [`Signer`], [`PublicKey`], [`Rotation`]), proofs ([`InclusionProof`]), signed statements about files
//! ([`Envelope`], [`Statement`]), and the organisation's log ([`TileLog`], [`OrganisationLog`]). It is given bytes, names, counts and digests; it never sees a cell or a key of tokens, reads no
//! clock and fetches nothing. What does not hold is a [`Fault`] with a stable code.
//!
//! ```text
//! log lines ─ merkle::Tree ─► Checkpoint { origin, size, root } ─ sign(&[Signer]) ─► Note     evidence/checkpoint
//! facts ─ Statement::new(subject, predicate).to_payload() ─ Envelope::sign ─► DSSE            evidence/certificate.dsse.json
//! buyer: trust_root(text) ─► [PublicKey] ─ Checkpoint::open, Envelope::verify, InclusionProof::verify
//! ```

mod checkpoint;
mod envelope;
mod fault;
pub mod json;
pub mod merkle;
mod note;
mod organisation;
mod proof;
mod public_key;
mod rotation;
mod signing_key;
mod statement;
mod tiles;

pub use checkpoint::Checkpoint;
pub use envelope::{Envelope, IN_TOTO};
pub use fault::Fault;
pub use note::Note;
pub use organisation::{
    ENTRY_VERSION, Entry, OrganisationEvent, OrganisationLog, open_organisation_log, runs_without_an_end,
};
pub use proof::InclusionProof;
pub use public_key::{PublicKey, SM2_SIGNER_ID, SigningSuite, is_name};
pub use rotation::{Rotation, follow};
pub use signing_key::{Signer, SigningKey, trust_root};
pub use statement::{Predicate, Resource, Statement, TestResult, TestVerdict};
pub use tiles::TileLog;
