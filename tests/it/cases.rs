//! Every folder of `tests/cases/` is a case: `cmd.toml` and the files it runs on. Adding one needs no Rust.
//!
//! ```toml
//! args    = ["run", "profile.toml", "--input", "in.csv", "--output", "out"]
//! exit    = 2
//! stderr  = ["row 3", "column `birth`"]     # each must occur
//! absent  = ["CANARY"]                      # none may occur, in stderr or stdout
//! stdout  = []                              # each must occur
//! creates = ["out.refused/log.jsonl"]       # exactly these files are new; `x/**` is some below x; default none
//! stdin   = "text"                          # default none
//! [contents]                                # a case that publishes tells texts that occur in its data files
//! "out/data/part-00000.csv" = [",2025,1900\n"]
//! ```
//!
//! What was there before must stay as it was, byte by byte, and no folder without a new file in it may be left behind. The folder is copied first. A file `X.hex` becomes `X` with the
//! bytes that its hex digits say, so that odd bytes can stand in a repository. A cell that holds `CANARY` may never be told.

use crate::support::{Folder, program};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    exit: i32,
    #[serde(default)]
    stderr: Vec<String>,
    #[serde(default)]
    stdout: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    creates: Vec<String>,
    #[serde(default)]
    stdin: Option<String>,
    /// Folders to make unwritable first (skipped for root, who may write everywhere).
    #[serde(default)]
    readonly: Vec<String>,
    /// Empty folders to make first.
    #[serde(default)]
    folders: Vec<String>,
    /// By new file, texts that must occur in it.
    #[serde(default)]
    contents: BTreeMap<String, Vec<String>>,
    /// What the case is about, for readers.
    about: String,
}

#[test]
fn every_case_ends_as_it_says() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<_> = std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 40, "{} cases", folders.len());
    let wrong: Vec<String> = folders.iter().filter_map(|folder| run(folder).err()).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

fn run(path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path.join("cmd.toml")).map_err(|_| format!("{name}: no cmd.toml"))?;
    let case: Case = toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let folder = Folder::new();
    copy(path, &folder, "");
    for inner in case.folders.iter().chain(&case.readonly) {
        std::fs::create_dir_all(folder.join(inner)).unwrap();
    }
    for inner in &case.readonly {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(folder.join(inner), std::fs::Permissions::from_mode(0o500)).unwrap();
        if std::fs::write(folder.join(inner).join("probe"), "").is_ok() {
            return Ok(()); // we are root: nothing is unwritable
        }
    }
    let before = entries(&folder);
    let mut child = program()
        .args(&case.args)
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(case.stdin.unwrap_or_default().as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let (stderr, stdout) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    let mut wrong = Vec::new();
    if output.status.code() != Some(case.exit) {
        wrong.push(format!("exit {:?}, not {}", output.status.code(), case.exit));
    }
    wrong
        .extend(case.stderr.iter().filter(|part| !stderr.contains(*part)).map(|part| format!("stderr lacks {part:?}")));
    wrong
        .extend(case.stdout.iter().filter(|part| !stdout.contains(*part)).map(|part| format!("stdout lacks {part:?}")));
    let mut absent = case.absent;
    absent.push("CANARY".into());
    wrong.extend(
        absent
            .iter()
            .filter(|part| stderr.contains(*part) || stdout.contains(*part))
            .map(|part| format!("told {part:?}")),
    );
    let after = entries(&folder);
    for (name, bytes) in &before {
        match after.get(name) {
            None => wrong.push(format!("{name} is gone")),
            Some(now) if now != bytes => wrong.push(format!("{name} was changed")),
            Some(_) => {}
        }
    }
    let new = || after.iter().filter(|(name, _)| !before.contains_key(*name));
    let mut created: Vec<String> = new().filter(|(_, bytes)| bytes.is_some()).map(|(name, _)| name.clone()).collect();
    for (name, _) in new().filter(|(_, bytes)| bytes.is_none()) {
        if !created.iter().any(|file| file.starts_with(&format!("{name}/"))) {
            wrong.push(format!("left the empty folder {name}"));
        }
    }
    for file in created.iter().filter(|file| file.contains(".failed/") || file.contains(".refused/")) {
        if holds(after[file].as_deref(), "CANARY") {
            wrong.push(format!("{file} holds a cell"));
        }
    }
    for (file, texts) in &case.contents {
        let bytes = after.get(file).and_then(|bytes| bytes.as_deref());
        wrong.extend(texts.iter().filter(|text| !holds(bytes, text)).map(|text| format!("{file} lacks {text:?}")));
    }
    for file in created.iter().filter(|file| file.contains("/data/part-") && !case.contents.contains_key(*file)) {
        wrong.push(format!("`contents` does not say what is in {file}"));
    }
    for pattern in case.creates.iter().filter(|pattern| pattern.ends_with("/**")) {
        if let Some(first) = created.iter().position(|file| file.starts_with(pattern.trim_end_matches("**"))) {
            created.retain(|file| !file.starts_with(pattern.trim_end_matches("**")));
            created.insert(first, pattern.clone());
        }
    }
    if created != case.creates {
        wrong.push(format!("created {created:?}, not {:?}", case.creates));
    }
    if case.about.is_empty() {
        wrong.push("`about` says nothing".into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{name}: {}\nstderr: {stderr}", wrong.join("; "))) }
}

/// Every file below with its bytes, and every folder with none, by relative name.
fn entries(folder: &Folder) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.path().to_path_buf()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
            let bytes = (!path.is_dir()).then(|| std::fs::read(&path).unwrap());
            if bytes.is_none() {
                folders.push(path);
            }
            found.insert(name, bytes);
        }
    }
    found
}

fn holds(bytes: Option<&[u8]>, text: &str) -> bool {
    bytes.is_some_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
}

fn copy(from: &Path, to: &Folder, below: &str) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            copy(&path, to, &format!("{name}/"));
        } else if let Some(plain) = name.strip_suffix(".hex") {
            let digits: String = std::fs::read_to_string(&path).unwrap().split_whitespace().collect();
            to.write(plain, data_encoding::HEXLOWER.decode(digits.as_bytes()).unwrap());
        } else if name != "cmd.toml" {
            to.write(&name, std::fs::read(&path).unwrap());
        }
    }
}
