//! Which sockets this process holds, so that the gate can say that the run opened none.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The sockets that are open, by the system's names for them; none where it does not tell.
pub(super) fn sockets() -> Option<BTreeSet<PathBuf>> {
    let mut sockets = BTreeSet::new();
    for entry in std::fs::read_dir("/proc/self/fd").ok()? {
        // one that was closed meanwhile is not open
        let Ok(target) = std::fs::read_link(entry.ok()?.path()) else { continue };
        if target.to_string_lossy().starts_with("socket:") {
            sockets.insert(target);
        }
    }
    Some(sockets)
}

/// How many are open that were not before.
pub(super) fn opened_since(before: Option<&BTreeSet<PathBuf>>) -> Option<u64> {
    Some(sockets()?.difference(before?).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_socket_that_is_opened_is_counted() {
        let before = sockets();
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(opened_since(before.as_ref()) >= Some(2));
        drop((one, other));
    }
}
