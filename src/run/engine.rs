//! The digest of this program's own file. It takes a while, and nobody needs it at once: a thread of its own makes it while the run goes on.

use crate::digest::Digest;
use std::sync::OnceLock;

static DIGEST: OnceLock<Option<Digest>> = OnceLock::new();

/// Has it made, where it is not known yet.
pub(super) fn begin() {
    if !is_known() {
        // without a thread it is made by who asks for it
        let _ = std::thread::Builder::new().name("engine-digest".into()).spawn(digest);
    }
}

/// Whether nobody would have to wait for it.
pub(super) fn is_known() -> bool {
    DIGEST.get().is_some()
}

/// The digest; none where the system does not show the file. Waits for it, or makes it.
pub(super) fn digest() -> Option<Digest> {
    DIGEST.get_or_init(|| Some(Digest::of_file(&std::env::current_exe().ok()?).ok()?.0)).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_digest_of_the_running_file_whoever_makes_it() {
        begin();
        let own = Digest::of_file(&std::env::current_exe().unwrap()).unwrap().0;
        assert_eq!(digest(), Some(own));
        assert!(is_known());
        begin();
    }
}
