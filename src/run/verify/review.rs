//! The second person's part: that they agreed, with a key of their own, and that the reader has reason to believe it.

use super::super::approve::same_key;
use super::super::record::{LOG, TIMES};
use super::super::seal::{self, CERTIFICATE, CHECKPOINT};
use super::{Links, Trust};
use crate::evidence::{Certificate, Envelope, Fault, PublicKey, Statement, Story};

impl Links<'_> {
    /// A maker whom the reader trusts and who signed this log, or the part of it before a decision, speaks for the keys that it names.
    pub(super) fn vouch(&mut self, story: &Story, log: &[u8]) {
        let Trust::Keys(trusted) = self.trust else { return };
        let times = self.folder.read(TIMES).unwrap_or_default();
        let envelope = self.folder.read(CERTIFICATE).and_then(|bytes| Envelope::parse(&bytes).ok());
        let Some(envelope) = envelope.filter(|envelope| envelope.verify(trusted).is_ok()) else { return };
        let Ok(statement) = Statement::<Certificate>::parse(&envelope.payload) else { return };
        let (certified, _) = seal::certified(story, log, &times);
        if statement.predicate.log != seal::head(&story.run_id, certified).1 {
            return;
        }
        let named = story.review.iter().flat_map(|review| &review.requested.keys);
        let named = named.chain(story.opened.registered_in.iter().flat_map(|log| &log.keys));
        self.vouched = named.filter_map(|key| PublicKey::parse(key).ok()).collect();
    }

    /// Who must have signed the head of the log: the makers, or whoever decided, because theirs are the last events.
    pub(super) fn sealed_by(&self, story: Option<&Story>) -> Vec<PublicKey> {
        match story.and_then(Story::decided_by) {
            Some(label) => self.keys.iter().filter(|key| key.label() == label).cloned().collect(),
            None => self.keys.clone(),
        }
    }

    /// The approval: there where it is asked for, by a key that is not the maker's, that the profile names or the reader trusts.
    pub(super) fn review(&mut self, story: &Story) {
        let Some(review) = &story.review else { return };
        // that it waits, or was rejected, the story has told
        let Some(decision) = &review.decision else { return };
        let (by, makers): (Vec<&PublicKey>, Vec<&PublicKey>) =
            self.keys.iter().partition(|key| key.label() == decision.key);
        let [by] = by[..] else { return self.add(Fault::Approval, LOG) };
        let named = &review.requested.keys;
        let own = makers.is_empty() || makers.iter().any(|maker| same_key(maker, by));
        let known = named.is_empty() || named.contains(&by.to_text());
        let believed = match self.trust {
            Trust::Nobody => true,
            Trust::Keys(trusted) => trusted.contains(by) || self.vouched.contains(by),
        };
        let signed = |name: &str| {
            let envelope = self.folder.read(name).and_then(|bytes| Envelope::parse(&bytes).ok());
            envelope.is_some_and(|envelope| envelope.verify(std::slice::from_ref(by)).is_ok())
        };
        let label = by.label();
        if own || !known || !believed {
            self.add(Fault::Approval, LOG);
        } else if !signed(CERTIFICATE) {
            self.add(Fault::Approval, CERTIFICATE);
        } else if !self.found.findings.iter().any(|finding| finding.file.as_deref() == Some(CHECKPOINT)) {
            self.found.approved_by = Some(label);
        }
    }
}
