//! Last characters of a text; every other character becomes `*`, one for one: redaction from the front.

use super::lengths::Lengths;

/// Kept characters, from many to few.
pub struct Suffix {
    lengths: Lengths,
}

impl Suffix {
    /// Characters kept at the end at each level.
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
        format!("last {}", self.lengths.at(step))
    }

    pub(super) fn label(&self, step: usize, cell: &[u8], out: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(cell);
        let hidden = text.chars().count().saturating_sub(self.lengths.at(step));
        out.resize(out.len() + hidden, b'*');
        let start = text.char_indices().nth(hidden).map_or(text.len(), |(at, _)| at);
        out.extend_from_slice(&text.as_bytes()[start..]);
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        self.lengths.digest_bytes(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_stays() {
        let label = |keep: usize, cell: &str| {
            let mut out = b"x".to_vec();
            Suffix::new(vec![keep]).unwrap().label(0, cell.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()[1..].to_owned()
        };
        assert_eq!(label(2, "100084"), "****84");
        assert_eq!(label(1, "海淀区"), "**区");
        assert_eq!((label(0, "ab"), label(3, "ab"), label(3, "")), ("**".into(), "ab".into(), String::new()));
        assert!(Suffix::new(vec![3, 3]).is_err() && Suffix::new(vec![3, 1]).is_ok());
    }
}
