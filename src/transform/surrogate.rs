//! `surrogate`: a fresh random name for each row, linked to nothing.
//!
//! # What it does
//! Writes random bits that belong to the row over the value, whatever the value is; the same row gets the same bits however
//! the work is split. A null stays a null.
//! # What it destroys
//! The value, and which cells were equal.
//! # What remains
//! That there was a value.
//! # Reversible by whom
//! Nobody: the bits do not depend on the value.
//! # ISO/IEC 20889 class
//! Pseudonymization: random, not repeatable across rows.
//! # Example
//! `surrogate`: 11010519491231002X → 41f7…(32 hex digits)

use super::output::Output;
use super::{Cells, OperatorInfo, Outcome};
use crate::random::Repeatable;
use crate::secret::{StreamKey, TextEncoding, encode};
use std::sync::Arc;

/// Random names.
pub struct Surrogate {
    key: Arc<StreamKey>,
    bits: u16,
    encoding: TextEncoding,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "surrogate",
    iso_20889: "pseudonymization (random)",
    summary: "replaces a value by a random name that belongs to the row alone",
    parameters: &[
        ("bits", "length in bits, 128 to 256; 128 if not given"),
        ("encoding", "`hex`, `base32` or `base64url`"),
    ],
    example: "apply = \"surrogate\": 11010519491231002X → (32 hex digits)",
};

impl Surrogate {
    /// Under a stream key of this column's own.
    ///
    /// # Errors
    /// Where the length is not of 128 to 256 bits: fewer would not be unique.
    pub fn new(key: Arc<StreamKey>, bits: u16, encoding: TextEncoding) -> Result<Self, &'static str> {
        if !(128..=256).contains(&bits) {
            return Err("a surrogate is of 128 to 256 bits");
        }
        Ok(Self { key, bits, encoding })
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>) -> Outcome<'a> {
        let rows = cells.column.len();
        let mut random = Repeatable::new(&self.key, cells.shard);
        let mut out = Output::new(rows, rows * self.encoding.digits(self.bits.into()));
        for (row, place) in (0..rows).zip(cells.first_row..) {
            if cells.column.is_null(row) {
                out.null();
                continue;
            }
            let mut bits = [0; 32];
            if self.bits <= 128 {
                bits[..16].copy_from_slice(&random.bits128(place).to_be_bytes());
            } else {
                bits[..16].copy_from_slice(&random.bits128(2 * place).to_be_bytes());
                bits[16..].copy_from_slice(&random.bits128(2 * place + 1).to_be_bytes());
            }
            out.push(|bytes| encode(&bits, self.bits.into(), self.encoding, bytes));
        }
        Outcome { column: out.finish(true), invalid: 0 }
    }

    pub(super) fn describe(&self) -> String {
        format!("{} bits, {}", self.bits, self.encoding.name())
    }
}
