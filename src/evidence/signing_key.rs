//! Signing keys: made, kept in a file of their own, or used through a command (a hardware module).
//!
//! Responsible for: the private half of a [`PublicKey`]. Wholly apart from the keys of tokens (`secret`): whoever may sign a
//! log can restore nothing, and whoever can link tokens can forge no log. No type here has `Debug`, `Clone` or `Serialize`;
//! secrets are wiped on drop. What the curve code leaves on the stack while it signs is not wiped.

use super::{Fault, PublicKey, SigningSuite};
use crate::error::{Error, ErrorKind, Result};
use crate::random;
use data_encoding::BASE64;
use sm2::dsa::signature::Signer as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// How the text of a private key begins, as in Go's sumdb/note.
const PREFIX: &str = "PRIVATE+KEY+";

/// A private signing key with its public half.
pub struct SigningKey {
    secret: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl SigningKey {
    /// A new key from the system's randomness; without a name it is called after itself.
    ///
    /// # Errors
    /// The system gives no randomness, or the name has spaces or `+`.
    pub fn generate(suite: SigningSuite, name: Option<&str>) -> Result<Self> {
        let secret = random::secret_bytes()?;
        let bytes = public_half(suite, &secret).ok_or_else(|| no_key("the random bytes are no key; try again"))?;
        let own = format!("outis-{}", &crate::digest::Digest::of_bytes(&bytes).as_str()[..12]);
        let public = PublicKey::new(name.unwrap_or(&own), suite, &bytes)
            .map_err(|_| Error::new(ErrorKind::Usage("a key's name has no spaces and no `+`".into())))?;
        Ok(Self { secret, public })
    }
    /// From its text form.
    ///
    /// # Errors
    /// [`ErrorKind::Key`], without anything of the text.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || no_key("the file does not hold a signing key");
        let mut parts = text.trim_end_matches(['\r', '\n']).strip_prefix(PREFIX).ok_or_else(bad)?.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad());
        };
        let encoded = Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| bad())?);
        let (suite, secret) = SigningSuite::of_encoded(&encoded).ok_or_else(bad)?;
        let secret = Zeroizing::new(<[u8; 32]>::try_from(secret).map_err(|_| bad())?);
        let public = public_half(suite, &secret).ok_or_else(bad)?;
        let public = PublicKey::new(name, suite, &public).map_err(|_| bad())?;
        if format!("{name}+{id}") != public.label() {
            return Err(no_key("the signing key's id is not that of its name and bytes"));
        }
        Ok(Self { secret, public })
    }
    /// From a file that only its owner may read.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] says why there is no key; [`ErrorKind::Io`] if the file cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        Self::read(path).map_err(|error| error.in_file(path))
    }
    /// Writes the private half to a new file of mode 0600, and the public half beside it as `FILE.pub`.
    ///
    /// # Errors
    /// One of the files exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<std::path::PathBuf> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".pub");
        let beside = std::path::PathBuf::from(beside);
        if std::fs::symlink_metadata(&beside).is_ok() {
            return Err(Error::new(ErrorKind::TargetExists).in_file(&beside));
        }
        let encoded = Zeroizing::new([self.public.suite().prefix(), &*self.secret].concat());
        let encoded = Zeroizing::new(BASE64.encode(&encoded));
        let text = Zeroizing::new(format!("{PREFIX}{}+{}\n", self.public.label(), *encoded));
        create(path, 0o600, text.as_bytes())?;
        create(&beside, 0o644, format!("{}\n", self.public.to_text()).as_bytes())?;
        Ok(beside)
    }
    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn read(path: &Path) -> Result<Self> {
        let mut file = std::fs::File::open(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => no_key("the key file is not found"),
            _ => Error::io("open", path, &cause),
        })?;
        let metadata = file.metadata().map_err(|cause| Error::io("read", path, &cause))?;
        if metadata.is_dir() {
            return Err(no_key("the key file is a folder"));
        }
        if std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077 != 0 {
            return Err(no_key("others than the owner may use the key file"));
        }
        // Enough for the longest name; a buffer that never grows leaves no copy behind.
        let mut text = Zeroizing::new(vec![0; 1024]);
        let mut filled = 0;
        while filled < text.len() {
            match file.read(&mut text[filled..]).map_err(|cause| Error::io("read", path, &cause))? {
                0 => break,
                count => filled += count,
            }
        }
        let text = std::str::from_utf8(&text[..filled]).map_err(|_| no_key("the file does not hold a signing key"))?;
        Self::parse(text)
    }
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self.public.suite() {
            SigningSuite::Ed25519 => {
                Some(ed25519_dalek::SigningKey::from_bytes(&self.secret).sign(message).to_bytes().to_vec())
            }
            SigningSuite::Sm2 => {
                let key = sm2::dsa::SigningKey::from_slice(super::SM2_SIGNER_ID, &*self.secret).ok()?;
                let signature: sm2::dsa::Signature = key.try_sign(message).ok()?;
                Some(signature.to_bytes().to_vec())
            }
        }
    }
}

/// Whoever signs: a key in this process, or a program that has the key.
pub enum Signer {
    /// A key of a file.
    Key(SigningKey),
    /// A program and its arguments, without a shell: the message on its stdin, the signature on its stdout.
    Command {
        /// The public half, which says the suite, and which every signature is checked with at once.
        public: PublicKey,
        /// Program and arguments.
        words: Vec<String>,
    },
}

impl Signer {
    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        match self {
            Self::Key(key) => key.public(),
            Self::Command { public, .. } => public,
        }
    }
    /// A signature of the message: 64 bytes. Never one that does not verify.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the command failed, or what it gave is no signature of the message under its public key.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = match self {
            Self::Key(key) => key.sign(message),
            Self::Command { words, .. } => Some(ask(words, message)?),
        };
        let raw = signature.and_then(|signature| self.raw(signature));
        match raw {
            Some(signature) if self.public().verifies(message, &signature) => Ok(signature),
            _ => Err(no_key("the signature does not verify under its public key")),
        }
    }

    /// SM2 modules give `r` and `s` as 64 bytes or in DER (GM/T 0009); we keep 64 bytes.
    fn raw(&self, signature: Vec<u8>) -> Option<Vec<u8>> {
        match self.public().suite() {
            SigningSuite::Sm2 if signature.len() != 64 => {
                Some(sm2::dsa::Signature::from_der(&signature).ok()?.to_bytes().to_vec())
            }
            SigningSuite::Sm2 | SigningSuite::Ed25519 => Some(signature),
        }
    }
}

fn public_half(suite: SigningSuite, secret: &[u8; 32]) -> Option<Vec<u8>> {
    Some(match suite {
        SigningSuite::Ed25519 => ed25519_dalek::SigningKey::from_bytes(secret).verifying_key().to_bytes().to_vec(),
        SigningSuite::Sm2 => {
            let key = sm2::dsa::SigningKey::from_slice(super::SM2_SIGNER_ID, secret).ok()?;
            key.verifying_key().to_sec1_bytes().to_vec()
        }
    })
}

/// Gives the message to a program and takes its answer, at most as long as a signature.
fn ask(words: &[String], message: &[u8]) -> Result<Vec<u8>> {
    const MOST: u64 = 200;
    let [program, arguments @ ..] = words else {
        return Err(no_key("the signing command is empty"));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|_| no_key("the signing command could not be started"))?;
    let mut input = child.stdin.take().expect("stdin was asked to be a pipe");
    let output = child.stdout.take().expect("stdout was asked to be a pipe");
    let mut answer = Vec::new();
    let (written, read) = std::thread::scope(|scope| {
        // Written beside the reading, so that a program that answers early cannot block both sides.
        let writer = scope.spawn(move || input.write_all(message));
        let read = output.take(MOST).read_to_end(&mut answer);
        (writer.join(), read)
    });
    let status = child.wait();
    let fine = written.is_ok() && read.is_ok() && status.is_ok_and(|status| status.success());
    if fine { Ok(answer) } else { Err(no_key("the signing command failed")) }
}

fn create(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => Error::new(ErrorKind::TargetExists).in_file(path),
        _ => Error::io("create", path, &cause),
    })?;
    // the process leaves nothing to others unless it is said of the file itself
    let allow = || file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    allow()
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .map_err(|cause| Error::io("write", path, &cause))
}

fn no_key(why: &'static str) -> Error {
    Error::new(ErrorKind::Key(why))
}

/// A trust root: the public keys of a file, one a line; lines that are empty or start with `#` say nothing.
///
/// # Errors
/// [`Fault::KeyForm`] for a line that is no key, and for a file without any.
pub fn trust_root(text: &str) -> Result<Vec<PublicKey>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<PublicKey> = lines.map(PublicKey::parse).collect::<Result<_>>()?;
    if keys.is_empty() { Err(Fault::KeyForm.into()) } else { Ok(keys) }
}

/// The trust root of a file that a person named: what is wrong with it is a slip of theirs, and no finding.
///
/// # Errors
/// The file cannot be read, or holds something else than public keys; a private key among others. Nothing of it is repeated.
pub fn trust_root_file(path: &Path) -> Result<Vec<PublicKey>> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io("read the public key", path, &cause))?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    trust_root(text).map_err(|_| {
        let private = text.lines().any(|line| line.trim_start().starts_with(PREFIX));
        let why = if private {
            "this is the private half of a signing key: give its public half, which lies beside it as FILE.pub"
        } else {
            "this is no public key: `outis keygen --signing` writes one to FILE.pub, as name+id+key"
        };
        Error::new(ErrorKind::Usage(why.into())).in_file(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn both() -> [SigningKey; 2] {
        SigningSuite::ALL.map(|suite| SigningKey::generate(suite, Some("example.org/test")).unwrap())
    }

    #[test]
    fn each_suite_signs_and_verifies_and_no_key_verifies_anothers() {
        let keys: Vec<Signer> = both().into_iter().chain(both()).map(Signer::Key).collect();
        for (at, signer) in keys.iter().enumerate() {
            let signature = signer.sign(b"message").unwrap();
            assert_eq!(signature.len(), 64);
            for (other, key) in keys.iter().enumerate() {
                assert_eq!(key.public().verifies(b"message", &signature), at == other);
                assert!(!key.public().verifies(b"massage", &signature));
            }
            for bit in 0..512 {
                let mut changed = signature.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(!signer.public().verifies(b"message", &changed), "bit {bit}");
            }
            assert!(!signer.public().verifies(b"message", &signature[..63]));
        }
    }

    #[test]
    fn a_key_file_is_private_loads_is_never_overwritten_and_its_public_half_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        for key in both() {
            let path = folder.path().join(key.public().suite().name());
            let beside = key.write_new(&path).unwrap();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let loaded = SigningKey::load(&path).unwrap();
            assert_eq!((loaded.public(), &*loaded.secret), (key.public(), &*key.secret));
            assert_eq!(trust_root(&std::fs::read_to_string(beside).unwrap()).unwrap(), [key.public().clone()]);
            assert_eq!(*key.write_new(&path).unwrap_err().kind(), ErrorKind::TargetExists);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(
                matches!(SigningKey::load(&path).err().unwrap().kind(), ErrorKind::Key(why) if why.contains("others"))
            );
        }
    }

    #[test]
    fn the_private_key_of_the_go_example_has_its_public_half() {
        // golang.org/x/mod/sumdb/note, ExampleSign; a key that was published with the documentation.
        let text = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let key = SigningKey::parse(text).unwrap();
        assert_eq!(key.public().to_text(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        for spoilt in [&text[1..], &text[..40], &text.replace("c74f", "c74e"), &text.replace("Peter", "Petra"), ""] {
            let error = SigningKey::parse(spoilt).err().unwrap();
            assert!(matches!(error.kind(), ErrorKind::Key(_)) && !error.to_string().contains("AYEK"));
        }
    }

    #[test]
    fn a_command_signs_and_a_wrong_answer_is_no_signature() {
        let [key, _] = both();
        let public = key.public().clone();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), Signer::Key(key).sign(b"message").unwrap()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let command = |words: &[&str]| Signer::Command {
            public: public.clone(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        let script = format!("cat > /dev/null; cat {path}");
        assert!(command(&["sh", "-c", &script]).sign(b"message").is_ok());
        for (words, message) in [
            (vec!["sh", "-c", script.as_str()], b"another" as &[u8]),
            (vec!["true"], b"message"),
            (vec!["false"], b"message"),
            (vec!["yes"], b"message"),
            (vec!["/nonexistent"], b"message"),
            (vec![], b"message"),
        ] {
            assert!(matches!(command(&words).sign(message).unwrap_err().kind(), ErrorKind::Key(_)), "{words:?}");
        }
    }

    #[test]
    fn a_trust_root_is_keys_and_remarks_only() {
        let [one, two] = both().map(|key| key.public().to_text());
        assert_eq!(trust_root(&format!("# ours\n{one}\n\n  {two}\n")).unwrap().len(), 2);
        assert!(trust_root(&format!("{one} since 2026\n")).is_err());
        assert!(trust_root("# none\n").is_err());
    }
}
