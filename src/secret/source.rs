//! Where a master key comes from, when it is not made for the run alone.
//!
//! Responsible for: reading a key from a file, an environment variable or a command, and refusing one that is weak or
//! open to others. Given: what the user named; never an argument that holds the key itself. Buffers are wiped; what it
//! cannot wipe is the process environment and the other end of a pipe.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::{Zeroize, Zeroizing};

use super::{Custody, MasterKey, no_key};
use crate::error::{Error, ErrorKind, Result};

/// Where to take the master key from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Made by the system for this run.
    Ephemeral,
    /// A file of 32 bytes or 64 hex digits that only its owner may read.
    File(PathBuf),
    /// An environment variable of 64 hex digits.
    Environment(String),
    /// A program and its arguments, without a shell, that prints 32 bytes or 64 hex digits.
    Command(Vec<String>),
}

/// The master key from `source`.
///
/// # Errors
/// [`crate::error::ErrorKind::Key`] says why there is no key, and never anything of what was read.
/// [`crate::error::ErrorKind::Io`] if the file cannot be read.
pub fn load(source: &KeySource) -> Result<MasterKey> {
    match source {
        KeySource::Ephemeral => MasterKey::ephemeral(),
        KeySource::File(path) => from_file(path).map_err(|error| error.in_file(path)),
        KeySource::Environment(name) => from_environment(name),
        KeySource::Command(words) => from_command(words),
    }
}

/// Hex digits with a line end are 66 bytes; one more shows that there is too much.
const MOST: usize = 67;

/// What was read, wiped on drop; on the heap, so that moving it leaves no copy.
type Text = Zeroizing<Vec<u8>>;

fn from_file(path: &Path) -> Result<MasterKey> {
    let mut file = File::open(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => no_key("the key file is not found"),
        _ => Error::io("open", path, &cause),
    })?;
    // Of the open file, not of the path: nobody can swap it in between.
    let metadata = file.metadata().map_err(|cause| Error::io("read", path, &cause))?;
    if metadata.is_dir() {
        return Err(no_key("the key file is a folder"));
    }
    if is_open_to_others(&metadata) {
        return Err(no_key("others than the owner may use the key file"));
    }
    let text = read_bounded(&mut file).map_err(|cause| Error::io("read", path, &cause))?;
    parse(&text, Raw::Allowed, Custody::File)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o077 != 0
}

/// Elsewhere the rights of a file are not in its mode, and the user answers for them.
#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

fn from_environment(name: &str) -> Result<MasterKey> {
    // These names the system's own look-up would panic on or never find.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(no_key("that is not the name of an environment variable"));
    }
    let value = std::env::var_os(name).ok_or_else(|| Error::new(ErrorKind::KeyVariable(name.to_owned())))?;
    let text = Text::new(value.into_encoded_bytes());
    parse(&text, Raw::Refused, Custody::Environment)
}

fn from_command(words: &[String]) -> Result<MasterKey> {
    let [program, arguments @ ..] = words else {
        return Err(no_key("the key command is empty"));
    };
    // Its complaints go where the user sees them, and are never part of an error or a log of ours.
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|_| no_key("the key command could not be started"))?;
    let mut output = child.stdout.take().expect("stdout was asked to be a pipe");
    let text = read_bounded(&mut output);
    // Closed before the wait: a command that prints on without end meets a broken pipe instead of hanging.
    drop(output);
    let status = child.wait();
    let text = text.map_err(|_| no_key("the output of the key command could not be read"))?;
    if text.len() >= MOST {
        return Err(no_key("the key command printed more than a key"));
    }
    if !status.is_ok_and(|status| status.success()) {
        return Err(no_key("the key command failed"));
    }
    parse(&text, Raw::Allowed, Custody::Command)
}

/// At most [`MOST`] bytes, in a buffer that never grows and so never leaves a copy.
fn read_bounded(input: &mut impl Read) -> std::io::Result<Text> {
    let mut text = Text::new(vec![0; MOST]);
    let mut filled = 0;
    while filled < MOST {
        match input.read(&mut text[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    text.truncate(filled);
    Ok(text)
}

/// Whether 32 raw bytes are a key, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Raw {
    Allowed,
    Refused,
}

fn parse(text: &[u8], raw: Raw, custody: Custody) -> Result<MasterKey> {
    let mut key = MasterKey::empty(custody);
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if raw == Raw::Allowed && text.len() == 32 {
        key.bytes_mut().copy_from_slice(text);
    } else if line.len() == 64 {
        for (byte, pair) in key.bytes_mut().iter_mut().zip(line.as_chunks::<2>().0) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            let both = high.zip(low).ok_or_else(|| no_key("the key must be 64 hex digits, and one is not"))?;
            *byte = u8::try_from(16 * both.0 + both.1).expect("two hex digits");
        }
    } else if text.is_empty() {
        return Err(no_key("the key is empty"));
    } else if raw == Raw::Allowed {
        return Err(no_key("the key must be 32 bytes or 64 hex digits"));
    } else {
        return Err(no_key("the key must be 64 hex digits"));
    }
    match weakness(key.bytes()) {
        Some(why) => Err(no_key(why)),
        None => Ok(key),
    }
}

/// Why nobody should use this key; `None` for a key that looks random. A random one is refused once in 2^40 at most.
pub(super) fn weakness(key: &[u8; 32]) -> Option<&'static str> {
    if key.iter().all(|&byte| byte == 0) {
        return Some("the key is all zeros");
    }
    let step = key[1].wrapping_sub(key[0]);
    if key.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step) {
        return Some(if step == 0 { "all bytes of the key are equal" } else { "the key is a plain run of numbers" });
    }
    if key.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')) {
        return Some("the key is text, not random bytes; `outis keygen` makes one");
    }
    let mut seen = [false; 256];
    for &byte in key {
        seen[usize::from(byte)] = true;
    }
    let distinct = seen.iter().filter(|&&seen| seen).count();
    seen.zeroize();
    (distinct < 16).then_some("the key has fewer than 16 different bytes, a random one has about 30")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HEX: &str = "8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d";

    fn raw() -> [u8; 32] {
        std::array::from_fn(|index| u8::from_str_radix(&HEX[2 * index..2 * index + 2], 16).unwrap())
    }

    fn file(content: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
        }
        file
    }

    fn load_file(content: &[u8], mode: u32) -> Result<MasterKey> {
        let file = file(content, mode);
        load(&KeySource::File(file.path().to_owned()))
    }

    fn why(result: Result<MasterKey>) -> &'static str {
        match result.err().expect("an error").kind() {
            ErrorKind::Key(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn raw_bytes_and_hex_are_the_same_key() {
        let upper = HEX.to_uppercase();
        for content in [
            &raw()[..],
            HEX.as_bytes(),
            upper.as_bytes(),
            format!("{HEX}\n").as_bytes(),
            format!("{HEX}\r\n").as_bytes(),
        ] {
            let key = load_file(content, 0o600).unwrap();
            assert_eq!(key.bytes(), &raw());
            assert_eq!(key.custody(), Custody::File);
        }
    }

    #[test]
    fn any_other_length_is_refused() {
        for length in (0..300).filter(|length| ![32, 64].contains(length)) {
            let content: Vec<u8> = HEX.bytes().cycle().take(length).collect();
            assert!(load_file(&content, 0o600).is_err(), "{length}");
        }
        assert!(why(load_file(format!("{HEX}\n\n").as_bytes(), 0o600)).contains("64 hex digits"));
        assert!(why(load_file(format!("{}g", &HEX[..63]).as_bytes(), 0o600)).contains("one is not"));
        assert_eq!(why(load_file(b"", 0o600)), "the key is empty");
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_may_read_is_refused() {
        for mode in [0o640, 0o604, 0o610, 0o620, 0o601, 0o644, 0o666] {
            assert!(why(load_file(HEX.as_bytes(), mode)).contains("others"), "{mode:o}");
        }
        assert!(load_file(HEX.as_bytes(), 0o400).is_ok());
    }

    #[test]
    fn a_missing_file_is_named() {
        let path = tempfile::tempdir().unwrap().path().join("none");
        let error = load(&KeySource::File(path.clone())).err().unwrap();
        assert_eq!(error.kind(), &ErrorKind::Key("the key file is not found"));
        assert_eq!(error.place().file.as_deref(), Some(path.as_path()));
    }

    #[test]
    fn weak_keys_are_refused_and_told_why() {
        let mut fifteen = [0_u8; 32];
        fifteen.iter_mut().zip((0..15).cycle()).for_each(|(byte, value)| *byte = value);
        let run: [u8; 32] = std::array::from_fn(|index| u8::try_from(index + 1).unwrap());
        let mut falling = run;
        falling.reverse();
        let cases: [([u8; 32], &str); 6] = [
            ([0; 32], "zeros"),
            ([0xaa; 32], "equal"),
            (run, "run"),
            (falling, "run"),
            (*b"correct horse battery staple 123", "text"),
            (fifteen, "16 different"),
        ];
        for (key, word) in cases {
            assert!(why(load_file(&key, 0o600)).contains(word), "{word}");
            let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(why(load_file(hex.as_bytes(), 0o600)).contains(word), "{word}");
        }
        let mut sixteen = fifteen;
        sixteen[31] = 200;
        assert_eq!(weakness(&sixteen), None);
    }

    #[test]
    fn the_environment_gives_hex_only() {
        let environment = |name: &str| load(&KeySource::Environment(name.to_owned()));
        let unset = "OUTIS_TEST_KEY_THAT_IS_NOT_SET";
        assert_eq!(environment(unset).err().unwrap().kind(), &ErrorKind::KeyVariable(unset.to_owned()));
        assert!(why(environment("")).contains("not the name"));
        assert!(why(environment("A=B")).contains("not the name"));
        assert_eq!(parse(HEX.as_bytes(), Raw::Refused, Custody::Environment).unwrap().bytes(), &raw());
        assert_eq!(why(parse(&raw(), Raw::Refused, Custody::Environment)), "the key must be 64 hex digits");
        // A variable that every test run has, and that is no key.
        assert_eq!(why(environment("CARGO_MANIFEST_DIR")), "the key must be 64 hex digits");
    }

    #[cfg(unix)]
    fn command(words: &[&str]) -> Result<MasterKey> {
        load(&KeySource::Command(words.iter().map(|&word| word.to_owned()).collect()))
    }

    #[test]
    #[cfg(unix)]
    fn a_command_prints_the_key() {
        let key = command(&["printf", "%s\\n", HEX]).unwrap();
        assert_eq!((key.bytes(), key.custody()), (&raw(), Custody::Command));
        let file = file(&raw(), 0o600);
        assert_eq!(command(&["cat", file.path().to_str().unwrap()]).unwrap().bytes(), &raw());
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_fails_or_floods_gives_no_key() {
        assert_eq!(why(command(&["sh", "-c", &format!("printf {HEX}; exit 3")])), "the key command failed");
        assert_eq!(why(command(&["yes"])), "the key command printed more than a key");
        assert_eq!(why(command(&["/nonexistent/program"])), "the key command could not be started");
        assert_eq!(why(command(&[])), "the key command is empty");
        assert_eq!(why(command(&["true"])), "the key is empty");
    }

    #[test]
    fn no_error_shows_what_was_read() {
        let canary = "c0ffeec0ffee";
        for content in [canary.to_owned(), canary.repeat(6), format!("{canary}{}", "z".repeat(52))] {
            let error = load_file(content.as_bytes(), 0o600).err().unwrap();
            assert!(!format!("{error} {error:?}").contains(canary));
        }
    }
}
