//! Residue attack: identifiers that are in the bytes of a file but in none of its cells.
//!
//! The walk over the file unpacks every page and buffer; whatever in it has the form of an identifier with a right check digit is found,
//! seen or unseen. What readers do not show is residue (threats, §5).

use crate::anatomy::{Expected, Sight, examine};
use crate::domain::SemanticType;
use crate::error::Result;
use std::collections::BTreeSet;
use std::path::Path;

/// The identifiers in a file: runs of letters and digits that are a resident ID, a mobile number or a bank card by their check digits and
/// prefixes. They are cells; the caller must not print them.
///
/// # Errors
/// A file that cannot be read or is not of its format.
pub fn identifiers(path: &Path, expected: &Expected) -> Result<BTreeSet<Vec<u8>>> {
    let mut eyes = Eyes::default();
    examine(path, expected, &mut eyes)?;
    eyes.cut();
    Ok(eyes.found)
}

/// Identifiers in bytes that are in memory already.
#[must_use]
pub fn identifiers_in(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut eyes = Eyes::default();
    eyes.bytes(bytes);
    eyes.cut();
    eyes.found
}

#[derive(Default)]
struct Eyes {
    run: Vec<u8>,
    found: BTreeSet<Vec<u8>>,
}

/// The longest identifier.
const LONGEST: usize = 19;

impl Sight for Eyes {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if byte.is_ascii_digit() || (matches!(byte, b'X' | b'x') && self.run.len() == 17) {
                if self.run.len() <= LONGEST {
                    self.run.push(*byte);
                }
            } else if !self.run.is_empty() {
                self.cut();
            }
        }
    }
    fn cut(&mut self) {
        let run = std::mem::take(&mut self.run);
        let kind = match run.len() {
            11 => SemanticType::Mobile,
            18 => SemanticType::ResidentId,
            16 | 17 | 19 => SemanticType::BankCard,
            _ => return,
        };
        if kind.canonicalize(&run, &mut Vec::new()).is_ok() {
            self.found.insert(run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_found_wherever_they_stand_and_nothing_else_is() {
        let text = "x13800138000y,11010519491231002X;110105194912310021 12345678901 4111111111111111\x0013900139000";
        let found: Vec<String> =
            identifiers_in(text.as_bytes()).into_iter().map(|run| String::from_utf8(run).unwrap()).collect();
        assert_eq!(found, ["11010519491231002X", "13800138000", "13900139000", "4111111111111111"]);
    }
}
