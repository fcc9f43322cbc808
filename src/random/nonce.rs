//! Short random names, for runs and staging folders: unique, and of no secret.

use crate::error::{Error, ErrorKind, Result};
use rand::TryRng as _;

/// 64 bits from the system, as 16 hex digits.
///
/// # Errors
/// [`ErrorKind::Key`] if the system gives no randomness.
pub fn nonce() -> Result<String> {
    let mut bytes = [0; 8];
    rand::rngs::SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Key("the system gives no randomness")))?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}
