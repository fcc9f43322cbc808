//! Bytes from the system: short names for runs and staging folders, which are no secret, and 32 bytes that are one.

use crate::error::{Error, ErrorKind, Result};
use rand::TryRng as _;
use zeroize::Zeroizing;

/// 64 bits from the system, as 16 hex digits.
///
/// # Errors
/// [`ErrorKind::Key`] if the system gives no randomness.
pub fn nonce() -> Result<String> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

/// 256 bits from the system for a signing key or the salt of a commitment; wiped on drop.
///
/// # Errors
/// [`ErrorKind::Key`] if the system gives no randomness, or the same twice.
pub fn secret_bytes() -> Result<Zeroizing<[u8; 32]>> {
    let (mut bytes, mut other) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    fill(&mut *bytes)?;
    fill(&mut *other)?;
    if bytes == other || *bytes == [0; 32] {
        return Err(Error::new(ErrorKind::Key("the system's random bytes are not random")));
    }
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    let failed = |_| Error::new(ErrorKind::Key("the system gives no randomness"));
    rand::rngs::SysRng.try_fill_bytes(bytes).map_err(failed)
}
