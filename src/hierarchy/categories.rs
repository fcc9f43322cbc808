//! Named groups of values: one level between the value and `*`.

use super::{Miss, describe, is_plain};
use std::collections::BTreeMap;

/// Groups by value.
pub struct Categories {
    groups: BTreeMap<Vec<u8>, Vec<u8>>,
    other: Option<Vec<u8>>,
}

impl Categories {
    /// The group of each value, and of every value that is not named; without the latter such a value is an error.
    ///
    /// # Errors
    /// In words, where there is no group or one has an empty name.
    pub fn new(groups: BTreeMap<Vec<u8>, Vec<u8>>, other: Option<Vec<u8>>) -> Result<Self, &'static str> {
        if groups.is_empty() {
            return Err("there is no group");
        }
        if groups.values().chain(&other).any(Vec::is_empty) {
            return Err("a group has no name");
        }
        Ok(Self { groups, other })
    }

    pub(super) fn label(&self, cell: &[u8], out: &mut Vec<u8>) -> Result<(), Miss> {
        let group = self.groups.get(cell).or(self.other.as_ref()).ok_or(Miss::NotInHierarchy)?;
        out.extend_from_slice(group);
        Ok(())
    }

    /// The named values with their groups.
    pub(super) fn named(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.groups
    }

    /// The named values, where no other can be.
    pub(super) fn closed_values(&self) -> Option<Vec<&[u8]>> {
        self.other.is_none().then(|| self.groups.keys().map(Vec::as_slice).collect())
    }

    pub(super) fn plain(&self) -> bool {
        self.groups.values().chain(&self.other).all(|label| is_plain(label))
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        describe(out, if self.other.is_some() { b"open" } else { b"closed" });
        describe(out, self.other.as_deref().unwrap_or_default());
        for (value, group) in &self.groups {
            describe(out, value);
            describe(out, group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> BTreeMap<Vec<u8>, Vec<u8>> {
        [("flu", "respiratory"), ("哮喘", "respiratory"), ("burn", "injury")].map(|(v, g)| (v.into(), g.into())).into()
    }

    #[test]
    fn unnamed_values_are_errors_unless_there_is_another_group() {
        let mut out = Vec::new();
        let closed = Categories::new(groups(), None).unwrap();
        assert_eq!(closed.label("哮喘".as_bytes(), &mut out), Ok(()));
        assert_eq!(closed.label(b"Flu", &mut out), Err(Miss::NotInHierarchy));
        assert_eq!(out, b"respiratory");
        out.clear();
        let open = Categories::new(groups(), Some(b"other".to_vec())).unwrap();
        assert_eq!(open.label(b"Flu", &mut out), Ok(()));
        assert_eq!(out, b"other");
    }

    #[test]
    fn empty_sets_and_names_are_refused() {
        assert!(Categories::new(BTreeMap::new(), None).is_err());
        assert!(Categories::new([(b"a".to_vec(), Vec::new())].into(), None).is_err());
        assert!(Categories::new(groups(), Some(Vec::new())).is_err());
    }
}
