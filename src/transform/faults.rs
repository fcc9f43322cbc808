//! What to do with cells that do not fit, and the errors of a batch, told together.

use super::{Cells, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::hierarchy::Miss;
use crate::value::Column;

/// What happens to a cell that is not of its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnInvalid {
    /// Stop.
    Error,
    /// Release a null, and count it.
    Null,
    /// Treat it as plain text where text will do, as for a token; else release a null. Count it.
    Text,
}

/// The cells of one batch that did not fit.
pub(super) struct Faults {
    first_row: u64,
    on_invalid: OnInvalid,
    invalid: u64,
    errors: Vec<Error>,
}

impl Faults {
    pub(super) fn new(cells: &Cells<'_, '_>, on_invalid: OnInvalid) -> Self {
        Self { first_row: cells.first_row, on_invalid, invalid: 0, errors: Vec::new() }
    }

    /// A cell that is not what was expected: an error, or counted.
    #[cold]
    pub(super) fn invalid(&mut self, row: usize, expected: &'static str) {
        match self.on_invalid {
            OnInvalid::Error => self.error(row, ErrorKind::BadValue(expected)),
            OnInvalid::Null | OnInvalid::Text => self.invalid += 1,
        }
    }

    #[cold]
    pub(super) fn miss(&mut self, row: usize, miss: Miss) {
        match miss {
            Miss::NotInHierarchy => self.error(row, ErrorKind::NotInHierarchy),
            Miss::NotA(expected) => self.invalid(row, expected),
        }
    }

    #[cold]
    pub(super) fn error(&mut self, row: usize, kind: ErrorKind) {
        self.errors.push(Error::new(kind).at_row(self.first_row + row as u64 + 1));
    }

    pub(super) fn finish(self, column: Column<'_>) -> Result<Outcome<'_>> {
        match Error::gather(self.errors) {
            Some(error) => Err(error),
            None => Ok(Outcome { column, invalid: self.invalid }),
        }
    }
}
