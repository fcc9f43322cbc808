//! outis turns tables of records about people into releases that identify nobody and cannot be restored.
//!
//! ```text
//! profile.toml ─ profile::parse ─► Profile ─ plan::compile(schema, keys) ─► Plan + Operators
//! source ─► read ─► run::survey   transform quasi columns → group → classes under k
//! source ─► read ─► run::release  transform → write::Store (shuffle) → write::PartWriter → private stage
//!                   gate::judge   re-reads the staged bytes, counts again → Passed | Refused
//!                   write::publish takes Passed only: fsync, rename      log: every step, refused runs too
//! ```
//!
//! Modules stand in the order of the data's path. Imports point up this list only; a test holds it
//! (`tests/it/architecture.rs`). The decisions and their reasons are in [`design`].

#![cfg_attr(
    test,
    allow(
        clippy::pedantic,
        clippy::precedence,
        clippy::disallowed_methods,
        reason = "tests are plain on purpose: casts, formats and names that the library avoids"
    )
)]
#![deny(unsafe_code)] // one file is allowed to: lanes.rs, the vector instructions

pub mod error;
pub mod limits;
pub mod value;

pub mod digest;
mod lanes;
pub mod secret;

pub mod random;

pub mod domain;
pub mod hierarchy;
pub mod profile;

pub mod anatomy;
pub mod log;
pub mod read;
pub mod sample;
pub mod transform;

pub mod group;

pub mod check;
pub mod recode;
pub mod solve;

pub mod attack;
pub mod evidence;
pub mod ledger;

pub mod gate;

pub mod write;

pub mod plan;

pub mod report;

pub mod run;

#[doc = include_str!("../DESIGN.md")]
pub mod design {}
