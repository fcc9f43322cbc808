//! Makes a key file: 64 hex digits that only the owner may read. For goal `deidentified`; the key is never shown.

use super::{MasterKey, TextEncoding, encode};
use crate::error::{Error, ErrorKind, Result};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Writes a new random key to a file that must not exist; gives its fingerprint.
///
/// # Errors
/// The file exists or cannot be written, or the system gives no randomness.
pub fn write_new_key(path: &Path) -> Result<String> {
    let key = MasterKey::ephemeral()?;
    let mut text = Zeroizing::new(Vec::with_capacity(65));
    encode(key.bytes(), 256, TextEncoding::Hex, &mut text);
    text.push(b'\n');
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => Error::new(ErrorKind::TargetExists).in_file(path),
        _ => Error::io("create", path, &cause),
    })?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(|cause| Error::io("write", path, &cause))?;
    Ok(key.fingerprint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{KeySource, load};

    #[test]
    fn a_new_key_is_private_loads_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let fingerprint = write_new_key(&path).unwrap();
        assert_eq!(load(&KeySource::File(path.clone())).unwrap().fingerprint(), fingerprint);
        assert_eq!(*write_new_key(&path).unwrap_err().kind(), ErrorKind::TargetExists);
    }
}
