//! The proof that the release stands in its organisation's log.

use super::super::seal::{self, CERTIFICATE, PROOF};
use super::{Links, Trust};
use crate::digest::Digest;
use crate::evidence::{Checkpoint, Fault, InclusionProof, OrganisationEntry, OrganisationEvent, PublicKey, Story};

impl Links<'_> {
    /// The proof: of an entry about this very release, in the log that the release's own log names, under a key that it names or the
    /// reader trusts. A release without an organisation's log has none.
    pub(super) fn registration(&mut self, story: &Story, log: &[u8], times: &[u8]) {
        let Some(register) = &story.opened.registered_in else { return };
        if story.waits() {
            return; // it is registered when it leaves
        }
        let Some(bytes) = self.bytes(PROOF) else { return };
        let proof = match InclusionProof::parse(&bytes) {
            Ok(proof) if proof.to_text().as_bytes() == bytes => proof,
            _ => return self.add(Fault::ProofForm, PROOF),
        };
        let named: Vec<PublicKey> = register.keys.iter().filter_map(|key| PublicKey::parse(key).ok()).collect();
        // without a reader's trust the log's own word is all there is
        let believed = match self.trust {
            Trust::Nobody => named,
            Trust::Keys(trusted) => {
                let vouched = named.into_iter().filter(|key| self.vouched.contains(key));
                trusted.iter().cloned().chain(vouched).collect()
            }
        };
        let entry = match proof.entry(&believed) {
            Ok((entry, head)) => OrganisationEntry::parse(entry).ok().map(|entry| (entry, head)),
            Err(error) => return self.error(&error, PROOF),
        };
        let (head, _) = seal::head(&story.run_id, log);
        let kept = seal::span(times).map(|(.., whole)| whole.keep_until);
        let fits = |entry: &OrganisationEntry, of: &Checkpoint| {
            let OrganisationEvent::ReleaseRegistered { run, certificate_sha256, log_size, log_root, kept_until } =
                &entry.event
            else {
                return false;
            };
            let certificate = self.folder.read(CERTIFICATE).map(|bytes| Digest::of_bytes(&bytes));
            of.origin == register.origin
                && *run == story.run_id
                && certificate.is_some_and(|digest| digest.as_str() == certificate_sha256)
                && (*log_size, log_root) == (head.size, &data_encoding::HEXLOWER.encode(&head.root))
                && kept.as_ref() == Some(kept_until)
        };
        if !entry.is_some_and(|(entry, of)| fits(&entry, &of)) {
            self.add(Fault::Registration, PROOF);
        }
    }
}
