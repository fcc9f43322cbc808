//! First characters of a text; every other character becomes `*`, one for one.

use super::lengths::Lengths;

/// Kept characters, from many to few.
pub struct Prefix {
    lengths: Lengths,
}

impl Prefix {
    /// Characters kept at each level.
    ///
    /// # Errors
    /// In words, where the lengths do not fall.
    pub fn new(lengths: Vec<usize>) -> Result<Self, &'static str> {
        Ok(Self { lengths: Lengths::new(lengths)? })
    }

    pub(super) fn steps(&self) -> usize {
        self.lengths.steps()
    }

    pub(super) fn step_name(&self, step: usize) -> String {
        format!("first {}", self.lengths.at(step))
    }

    #[inline]
    pub(super) fn label(&self, step: usize, cell: &[u8], out: &mut Vec<u8>) {
        Self::keep(self.lengths.at(step), cell, out);
    }

    /// Characters kept at a level, `None` for the raw value and for `*`.
    #[must_use]
    pub fn length(&self, level: usize) -> Option<usize> {
        level.checked_sub(1).and_then(|step| self.lengths.get(step))
    }

    /// Appends the cell with all but its first `length` characters covered.
    #[inline]
    pub fn keep(length: usize, cell: &[u8], out: &mut Vec<u8>) {
        if cell.is_ascii() {
            let start = out.len();
            out.extend_from_slice(cell);
            if cell.len() > length {
                out[start + length..].fill(b'*');
            }
            return;
        }
        let text = String::from_utf8_lossy(cell);
        let kept = text.char_indices().nth(length).map_or(text.len(), |(at, _)| at);
        out.extend_from_slice(&text.as_bytes()[..kept]);
        out.resize(out.len() + text[kept..].chars().count(), b'*');
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        self.lengths.digest_bytes(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(keep: usize, cell: &str) -> String {
        let mut out = b"x".to_vec();
        Prefix::new(vec![keep]).unwrap().label(0, cell.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()[1..].to_owned()
    }

    #[test]
    fn counts_characters_not_bytes() {
        assert_eq!(label(3, "100084"), "100***");
        assert_eq!(label(1, "海淀区"), "海**");
        assert_eq!(label(2, "aé淀"), "aé*");
        assert_eq!(label(0, "海a"), "**");
        assert_eq!(label(3, "10"), "10");
        assert_eq!(label(3, "海淀区"), "海淀区");
        assert_eq!(label(3, ""), "");
    }

    #[test]
    fn lengths_must_fall() {
        assert!(Prefix::new(vec![4, 3, 2]).is_ok() && Prefix::new(vec![]).is_ok());
        assert!(Prefix::new(vec![3, 3]).is_err() && Prefix::new(vec![2, 3]).is_err());
    }
}
