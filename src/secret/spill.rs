//! The cipher of spilled rows: what leaves memory for a temporary file is noise to everybody else.
//!
//! Responsible for: a keystream at any byte of a file. Given: a stream key of the run, and a file number. It never
//! authenticates: the file is unlinked, private and read back by the process that wrote it.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use zeroize::Zeroize;

use super::StreamKey;

/// `ChaCha20` (RFC 8439) at any offset of one file. Wiped on drop.
///
/// Two files must not share a number, and a place of a file must not be written twice with different content under one
/// key: the difference of the two would show.
pub struct SpillCipher {
    key: Box<[u8; 32]>,
    file: u64,
}

/// The counter of `ChaCha20` has 32 bits, each for 64 bytes; half of them are used, then the nonce moves on.
const EPOCH: u64 = 1 << 37;

impl SpillCipher {
    /// For the only file under this key.
    #[must_use]
    pub fn new(key: &StreamKey) -> Self {
        Self::for_file(key, 0)
    }
    /// For file number `file` under this key.
    #[must_use]
    pub fn for_file(key: &StreamKey, file: u64) -> Self {
        let mut own = Box::new([0; 32]);
        own.copy_from_slice(key.bytes());
        Self { key: own, file }
    }

    /// Encrypts or decrypts in place the `bytes` that stand at `offset` of the file.
    #[expect(clippy::missing_panics_doc, reason = "64 bits of bytes are 2^27 epochs")]
    pub fn apply(&self, offset: u64, bytes: &mut [u8]) {
        let (mut offset, mut bytes) = (offset, bytes);
        while !bytes.is_empty() {
            let (epoch, within) = (offset / EPOCH, offset % EPOCH);
            let left = usize::try_from(EPOCH - within).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at_mut(bytes.len().min(left));
            let mut nonce = [0; 12];
            nonce[..8].copy_from_slice(&self.file.to_le_bytes());
            nonce[8..].copy_from_slice(&u32::try_from(epoch).expect("2^64 bytes are 2^27 epochs").to_le_bytes());
            let mut cipher = ChaCha20::new((&*self.key).into(), (&nonce).into());
            cipher.seek(within);
            cipher.apply_keystream(now);
            offset = offset.wrapping_add(now.len() as u64);
            bytes = later;
        }
    }
}

impl Drop for SpillCipher {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::secret::MasterKey;

    fn cipher(file: u64) -> SpillCipher {
        SpillCipher::for_file(&MasterKey::insecure_from_test_seed(1).stream("spill"), file)
    }

    /// RFC 8439, appendix A.1, test vector 1: key and nonce of zeros.
    #[test]
    fn keystream_is_that_of_rfc_8439() {
        let zeros = SpillCipher { key: Box::new([0; 32]), file: 0 };
        let mut bytes = [0; 16];
        zeros.apply(0, &mut bytes);
        let expected = [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28];
        assert_eq!(bytes, expected);
        // Test vector 2 is the next block.
        zeros.apply(64, &mut bytes);
        bytes.iter_mut().zip(expected).for_each(|(byte, first)| *byte ^= first);
        assert_eq!(bytes[..8], [0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a]);
    }

    #[test]
    fn files_have_streams_of_their_own() {
        let [mut first, mut second] = [[0; 64]; 2];
        cipher(0).apply(0, &mut first);
        cipher(1).apply(0, &mut second);
        assert_ne!(first, second);
    }

    #[test]
    fn an_epoch_ends_without_a_seam() {
        let at = EPOCH - 100;
        let mut whole = [0; 200];
        cipher(3).apply(at, &mut whole);
        let mut parts = [0; 200];
        let (head, tail) = parts.split_at_mut(100);
        cipher(3).apply(EPOCH, tail);
        cipher(3).apply(at, head);
        assert_eq!(whole, parts);
        let mut start = [0; 100];
        cipher(3).apply(0, &mut start);
        assert_ne!(whole[100..], start);
        cipher(3).apply(u64::MAX - 5, &mut [0; 6]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_dropped_cipher_is_wiped() {
        let cipher = SpillCipher::new(&MasterKey::ephemeral().unwrap().stream("spill"));
        let place = std::ptr::from_ref(&*cipher.key).addr();
        assert_eq!(crate::secret::words_left(cipher, place, 32), (4, 0));
    }

    proptest! {
        #[test]
        fn any_piece_equals_the_same_piece_of_the_whole(start in 0_usize..5000, length in 0_usize..3000, base in 0_u64..u64::MAX / 2) {
            let mut whole = vec![7; 8000];
            cipher(9).apply(base, &mut whole);
            let mut piece = vec![7; length];
            cipher(9).apply(base + start as u64, &mut piece);
            prop_assert_eq!(&whole[start..start + length], &piece[..]);
            cipher(9).apply(base + start as u64, &mut piece);
            prop_assert!(piece.iter().all(|&byte| byte == 7));
        }
    }
}
