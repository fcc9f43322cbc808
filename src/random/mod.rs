//! Randomness of two kinds, as two types: repeatable under a key, and of the system.
//!
//! Responsible for: shuffles, surrogates and samples that come out the same for any number of threads, and privacy
//! noise that nobody can repeat. Given: a stream key, or nothing. Neither kind has a plain seed.

mod nonce;
mod repeatable;
mod secure;

pub use nonce::{nonce, secret_bytes};
pub use repeatable::Repeatable;
pub use secure::SystemNoise;
