//! Keys: how they are had, kept, derived and destroyed, and the tags they make.
//!
//! Responsible for: the master key of a run, the keys of fields and streams, HMAC at the speed of the machine, and the
//! cipher of spilled rows. Given: the system's randomness or a source that the user names. It never prints, logs or
//! writes a key, and knows nothing of profiles and tables.
//!
//! No type here has `Debug`, `Clone` or `Serialize`, and each is wiped on drop:
//!
//! ```compile_fail
//! fn printable<T: std::fmt::Debug>() {}
//! printable::<outis::secret::MasterKey>();
//! ```
//! ```compile_fail
//! fn copied<T: Clone>() {}
//! copied::<outis::secret::FieldKey>();
//! ```

mod commitment;
mod derive;
mod encode;
mod keygen;
mod mac;
mod source;
mod spill;

use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, ErrorKind, Result};

pub use commitment::Commitment;
pub use encode::{TextEncoding, encode, encode_all};
pub use keygen::write_new_key;
pub use mac::{FieldKey, Kernel, kernel_name};
pub use source::{KeySource, load};
pub use spill::SpillCipher;

/// The key of a run: 256 bits on a page of their own, locked in memory where the system allows, wiped on drop.
pub struct MasterKey {
    // Before `page`: the page is unlocked (after it was wiped), then freed.
    lock: Option<region::LockGuard>,
    page: Box<[u8]>,
    start: usize,
    custody: Custody,
}

/// Where a master key came from, and so who may still have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Custody {
    /// Made in this run, kept nowhere else.
    Ephemeral,
    /// Read from a file.
    File,
    /// Read from an environment variable.
    Environment,
    /// Printed by a command.
    Command,
    /// Computed from a small number: no secret at all.
    TestSeed,
}

impl Custody {
    /// As the log and the certificate show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ephemeral => "ephemeral",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Command => "command",
            Self::TestSeed => "test-seed",
        }
    }
}

/// The hash under all keys of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suite {
    /// HMAC with SHA-256 (FIPS 180-4).
    HmacSha256,
    /// HMAC with SM3 (GB/T 32905-2016).
    HmacSm3,
}

impl Suite {
    /// As profiles, plans and logs show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSm3 => "hmac-sm3",
        }
    }
}

/// What a field key is for. Two columns share tokens only if all four parts are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'a> {
    /// The domain that the profile names, as `person`.
    pub domain: &'a str,
    /// The release or project that tokens must not be joined across; empty where they may.
    pub release: &'a str,
    /// The semantic type of the values, as `cn.resident_id`.
    pub semantic: &'a str,
    /// The version of the canonicaliser that the values went through.
    pub canonicaliser: u32,
}

/// The key of one stream: shuffles, surrogates, samples, date shifts, spilled rows. Wiped on drop.
pub struct StreamKey(Box<[u8; 32]>);

impl StreamKey {
    /// For the generators and ciphers of this crate only.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for StreamKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl MasterKey {
    /// 256 bits from the system, for this run only.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] if the system gives no randomness, or something that cannot be random.
    pub fn ephemeral() -> Result<Self> {
        let mut key = Self::empty(Custody::Ephemeral);
        let mut other = Zeroizing::new([0_u8; 32]);
        for draw in [key.bytes_mut(), &mut *other] {
            SysRng.try_fill_bytes(draw).map_err(|_| no_key("the system gives no random bytes"))?;
        }
        // Start-up tests in the manner of SP 800-90B §4.3: they fail for a broken source, never (2^-100) for a sound one.
        if key.bytes() == &*other || source::weakness(key.bytes()).is_some() || source::weakness(&other).is_some() {
            return Err(no_key("the system's random bytes are not random"));
        }
        Ok(key)
    }

    /// The key that belongs to `seed`: **no secret**. For tests and for reproducing a run only; the caller must stamp
    /// the log and refuse to publish.
    #[must_use]
    pub fn insecure_from_test_seed(seed: u64) -> Self {
        let mut key = Self::empty(Custody::TestSeed);
        let bytes = derive::expand::<sha2::Sha256>(
            b"outis test seed, not a key",
            b"outis/v1/test-seed",
            &[&seed.to_be_bytes()],
        );
        key.bytes_mut().copy_from_slice(&*bytes);
        key
    }

    /// Where this key came from.
    #[must_use]
    pub fn custody(&self) -> Custody {
        self.custody
    }

    /// Whether the system keeps the key's page out of the swap file. Where it does not (a limit on locked memory), the
    /// run goes on and the log says so.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// 128 bits as hex that tell two keys apart and prove, should a key ever be found, that it is this one.
    ///
    /// Harmless for 256 random bits, which cannot be searched; that is why weak keys are refused when loaded.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "hex digits are ASCII")]
    pub fn fingerprint(&self) -> String {
        let tag = FieldKey::sha256(self.bytes()).tag(b"outis/v1/fingerprint");
        let mut text = Vec::with_capacity(32);
        encode(&tag, 128, TextEncoding::Hex, &mut text);
        String::from_utf8(text).expect("hex digits are ASCII")
    }

    /// The key for the tokens of one field.
    #[must_use]
    pub fn field(&self, suite: Suite, label: &Label<'_>) -> FieldKey {
        let canonicaliser = label.canonicaliser.to_be_bytes();
        let parts: [&[u8]; 5] = [
            suite.name().as_bytes(),
            label.domain.as_bytes(),
            label.release.as_bytes(),
            label.semantic.as_bytes(),
            &canonicaliser,
        ];
        let info = b"outis/v1/token";
        match suite {
            Suite::HmacSha256 => FieldKey::sha256(&derive::expand::<sha2::Sha256>(self.bytes(), info, &parts)),
            Suite::HmacSm3 => FieldKey::sm3(&derive::expand::<sm3::Sm3>(self.bytes(), info, &parts)),
        }
    }

    /// The key of one stream; `purpose` says of which, and no two streams of a run share one.
    #[must_use]
    pub fn stream(&self, purpose: &str) -> StreamKey {
        let mut key = Box::new([0_u8; 32]);
        let bytes = derive::expand::<sha2::Sha256>(self.bytes(), b"outis/v1/stream", &[purpose.as_bytes()]);
        key.copy_from_slice(&*bytes);
        StreamKey(key)
    }

    /// A key of zeros on a locked page, to be filled in place.
    fn empty(custody: Custody) -> Self {
        // Twice the page less one byte always holds a whole page. Nothing else lies on it, so that unlocking it when
        // this key drops cannot unlock another's.
        let size = region::page::size();
        let page = vec![0_u8; 2 * size].into_boxed_slice();
        let start = page.as_ptr().align_offset(size);
        let start = if start + size <= page.len() { start } else { 0 };
        let lock = region::lock(page[start..].as_ptr(), size).ok();
        Self { lock, page, start, custody }
    }
    fn bytes(&self) -> &[u8; 32] {
        self.page[self.start..].first_chunk().expect("a page is longer than a key")
    }
    fn bytes_mut(&mut self) -> &mut [u8; 32] {
        self.page[self.start..].first_chunk_mut().expect("a page is longer than a key")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
    }
}

/// The error of this module.
fn no_key(why: &'static str) -> Error {
    Error::new(ErrorKind::Key(why))
}

/// Drops a key and looks at the memory that its secret stood in, which the system shows however it is used since: how many of its
/// words of eight bytes stand there before, and how many after. Words of few different bytes are no secret. The allocator writes
/// over the first two words of what it is given back.
#[cfg(all(test, target_os = "linux"))]
pub(crate) fn words_left<T>(key: T, address: usize, length: usize) -> (usize, usize) {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::File::open("/proc/self/mem").expect("a process may read its own memory");
    // Both are there before the key goes, so that neither is given its memory.
    let [mut before, mut after] = [(); 2].map(|()| vec![0; length]);
    memory.read_exact_at(&mut before, address as u64).expect("the secret is there");
    drop(key);
    // What is no longer mapped cannot be read: nothing stands there.
    let _ = memory.read_exact_at(&mut after, address as u64);
    let words = before.as_chunks::<8>().0.iter().zip(after.as_chunks::<8>().0);
    let secret = words.filter(|(word, _)| std::collections::BTreeSet::from(**word).len() > 3);
    secret.fold((0, 0), |(all, left), (before, after)| (all + 1, left + usize::from(before == after)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn label<'a>(domain: &'a str, release: &'a str, semantic: &'a str, canonicaliser: u32) -> Label<'a> {
        Label { domain, release, semantic, canonicaliser }
    }

    #[test]
    fn ephemeral_keys_differ_and_say_so() {
        let (first, second) = (MasterKey::ephemeral().unwrap(), MasterKey::ephemeral().unwrap());
        assert_ne!(first.bytes(), second.bytes());
        assert_ne!(first.fingerprint(), second.fingerprint());
        assert_eq!(first.fingerprint(), first.fingerprint());
        assert_eq!(first.custody().name(), "ephemeral");
    }

    #[test]
    fn fingerprint_is_the_start_of_an_hmac() {
        use hmac::{Hmac, KeyInit, Mac};
        let key = MasterKey::insecure_from_test_seed(7);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.bytes()).unwrap();
        mac.update(b"outis/v1/fingerprint");
        let hex: String = mac.finalize().into_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(key.fingerprint(), hex);
    }

    #[test]
    fn a_key_has_a_page_of_its_own() {
        let keys: Vec<MasterKey> = (0..8).map(MasterKey::insecure_from_test_seed).collect();
        let size = region::page::size();
        let pages: BTreeSet<usize> = keys.iter().map(|key| key.bytes().as_ptr().addr() / size).collect();
        assert_eq!(pages.len(), keys.len());
        assert!(keys.iter().all(|key| key.bytes().as_ptr().addr() % size == 0));
    }

    /// As Linux counts it: the key's page is locked while the key lives, and only while.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_locked_key_is_locked() {
        let mut key = MasterKey::ephemeral().unwrap();
        let page = format!("{:x}-", key.bytes().as_ptr().addr());
        let locked = || {
            let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let found =
                maps.lines().skip_while(|line| !line.starts_with(&page)).find(|line| line.starts_with("Locked:"));
            // A locked page is a mapping of its own; an unlocked one is not.
            found.is_some_and(|line| !line.contains(" 0 kB"))
        };
        assert_eq!(key.is_locked(), locked());
        // The page outlives its key here, or the key of another test could be given it, and lock it.
        let other = vec![0; key.page.len()].into_boxed_slice();
        let page_of_key = std::mem::replace(&mut key.page, other);
        assert_eq!(key.is_locked(), locked());
        drop(key);
        assert!(!locked(), "the lock ends with the key");
        drop(page_of_key);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn dropped_keys_are_wiped() {
        let master = MasterKey::ephemeral().unwrap();
        let place = std::ptr::from_ref(master.bytes()).addr();
        assert_eq!(words_left(master, place, 32), (4, 0));
        let stream = MasterKey::ephemeral().unwrap().stream("shuffle");
        let place = std::ptr::from_ref(stream.bytes()).addr();
        assert_eq!(words_left(stream, place, 32), (4, 0));
        // what is not wiped is seen
        let plain: Box<[u8; 32]> = Box::new(*MasterKey::ephemeral().unwrap().bytes());
        let place = std::ptr::from_ref(&*plain).addr();
        let (before, after) = words_left(plain, place, 32);
        assert!(before == 4 && after > 0, "{before} {after}");
    }

    #[test]
    fn a_seed_gives_the_same_key_and_another_seed_another() {
        let [one, same, other] = [1, 1, 2].map(MasterKey::insecure_from_test_seed);
        assert_eq!(one.bytes(), same.bytes());
        assert_ne!(one.bytes(), other.bytes());
        assert_eq!(one.custody(), Custody::TestSeed);
    }

    #[test]
    fn every_part_of_a_label_matters_and_none_runs_into_the_next() {
        let key = MasterKey::insecure_from_test_seed(1);
        let labels = [
            label("person", "r", "id", 1),
            label("persons", "r", "id", 1),
            label("perso", "nr", "id", 1),
            label("person", "ri", "d", 1),
            label("person", "", "rid", 1),
            label("person", "r", "id", 2),
            label("", "personr", "id", 1),
        ];
        let mut seen = BTreeSet::new();
        for suite in [Suite::HmacSha256, Suite::HmacSm3] {
            for label in &labels {
                let field = key.field(suite, label);
                assert!(seen.insert(field.tag(b"x")), "{label:?}");
                assert_eq!(field.tag(b"x"), key.field(suite, label).tag(b"x"));
            }
        }
    }

    #[test]
    fn field_keys_are_rfc_5869_over_the_written_info() {
        let key = MasterKey::insecure_from_test_seed(1);
        let mut info = b"outis/v1/token".to_vec();
        for part in [&b"hmac-sha256"[..], b"person", b"", b"cn.resident_id", &[0, 0, 0, 3]] {
            info.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            info.extend(part);
        }
        let mut expected = [0; 32];
        hkdf::Hkdf::<sha2::Sha256>::new(None, key.bytes()).expand(&info, &mut expected).unwrap();
        let field = key.field(Suite::HmacSha256, &label("person", "", "cn.resident_id", 3));
        assert_eq!(field.tag(b"m"), FieldKey::sha256(&expected).tag(b"m"));
    }

    #[test]
    fn streams_differ_by_purpose() {
        let key = MasterKey::insecure_from_test_seed(1);
        assert_ne!(key.stream("shuffle").bytes(), key.stream("spill").bytes());
        assert_eq!(key.stream("shuffle").bytes(), key.stream("shuffle").bytes());
    }

    #[test]
    fn keys_cross_threads() {
        fn crosses<T: Send + Sync>() {}
        crosses::<MasterKey>();
        crosses::<FieldKey>();
        crosses::<StreamKey>();
    }
}
