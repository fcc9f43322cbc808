//! Tags of released cells under the ledger key: 64 bits each, apart for every purpose and column.

use crate::secret::{FieldKey, Label, MasterKey, Suite};

/// What the ledger key gives: tags, and the chain over the file's lines.
pub struct Keys {
    master: MasterKey,
    chain: FieldKey,
}

impl Keys {
    /// From the ledger key.
    #[must_use]
    pub fn new(master: MasterKey) -> Self {
        let chain = field(&master, "ledger/chain", "");
        Self { master, chain }
    }
    /// Tells two ledger keys apart.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.master.fingerprint()
    }
    /// The key for tokens: one for all columns, so that a token is known again wherever it stands.
    #[must_use]
    pub fn tokens(&self) -> FieldKey {
        field(&self.master, "ledger/token", "")
    }
    /// The key for labels of a quasi-identifying column.
    #[must_use]
    pub fn labels(&self, column: &str) -> FieldKey {
        field(&self.master, "ledger/label", column)
    }
    /// The key for values of a sensitive column.
    #[must_use]
    pub fn values(&self, column: &str) -> FieldKey {
        field(&self.master, "ledger/value", column)
    }
    /// The mark of a line behind the mark of the line before.
    pub(super) fn mark(&self, before: &[u8; 32], line: &[u8]) -> [u8; 32] {
        let mut message = before.to_vec();
        message.extend_from_slice(line);
        self.chain.tag(&message)
    }
}

fn field(master: &MasterKey, domain: &str, column: &str) -> FieldKey {
    master.field(Suite::HmacSha256, &Label { domain, release: "", semantic: column, canonicaliser: 1 })
}

/// The tag of a cell; null has one of its own.
pub(super) fn tag(key: &FieldKey, cell: Option<&[u8]>) -> u64 {
    let tag = match cell {
        None => key.tag(&[0]),
        Some(cell) => {
            let mut message = Vec::with_capacity(cell.len() + 1);
            message.push(1);
            message.extend_from_slice(cell);
            key.tag(&message)
        }
    };
    u64::from_be_bytes(*tag.first_chunk().expect("a tag has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_differ_by_key_purpose_column_and_null() {
        let [one, other] = [1, 2].map(|seed| Keys::new(MasterKey::insecure_from_test_seed(seed)));
        let cell = Some(&b"x"[..]);
        let tags = [
            tag(&one.tokens(), cell),
            tag(&other.tokens(), cell),
            tag(&one.labels("a"), cell),
            tag(&one.labels("b"), cell),
            tag(&one.values("a"), cell),
            tag(&one.tokens(), None),
            tag(&one.tokens(), Some(b"")),
        ];
        let different: std::collections::BTreeSet<u64> = tags.into_iter().collect();
        assert_eq!(different.len(), 7);
        assert_eq!(tag(&one.tokens(), cell), tags[0]);
    }
}
