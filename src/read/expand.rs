//! From what the user typed to a list of files.

use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files that patterns name, in the order given; a pattern's own files are sorted. `-` is standard input.
///
/// A name that exists is that file, also where it holds `*`, `?` or `[`. Nothing is ever fetched: names with `://` are
/// refused.
///
/// # Errors
/// [`ErrorKind::Usage`] with every name that cannot be used, all at once: nothing of that name, a folder, an address, a
/// file given twice, standard input beside files.
pub fn expand(patterns: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut complaints = Vec::new();
    let mut files = Vec::new();
    for pattern in patterns {
        match expand_one(pattern) {
            Ok(found) => files.extend(found),
            Err(complaint) => complaints.push(complaint),
        }
    }
    complaints.extend(repeated(&files));
    if files.len() > 1 && files.iter().any(|file| super::is_stdin(file)) {
        complaints.push("standard input `-` cannot be read beside files".to_owned());
    }
    if patterns.is_empty() {
        complaints.push("no input is given".to_owned());
    }
    if complaints.is_empty() { Ok(files) } else { Err(Error::new(ErrorKind::Usage(complaints.join("\n")))) }
}

fn expand_one(pattern: &Path) -> std::result::Result<Vec<PathBuf>, String> {
    let shown = pattern.display();
    if super::is_stdin(pattern) {
        return Ok(vec![pattern.to_path_buf()]);
    }
    if pattern.to_string_lossy().contains("://") {
        return Err(format!("`{shown}` is an address; this program never uses the network: fetch the file first"));
    }
    if pattern.is_dir() {
        return Err(format!("`{shown}` is a folder; name its files, as `{}`", pattern.join("*.csv").display()));
    }
    // `exists` also says no where the folder may not be searched: opening will tell that better.
    match pattern.try_exists() {
        Ok(true) | Err(_) => return Ok(vec![pattern.to_path_buf()]),
        Ok(false) => {}
    }
    let text = pattern.to_str().filter(|text| text.contains(['*', '?', '[']));
    let text = text.ok_or_else(|| format!("`{shown}` does not exist"))?;
    let matches = glob::glob(text).map_err(|_| format!("`{shown}` is not a pattern"))?;
    let mut files = Vec::new();
    for found in matches {
        let found = found.map_err(|_| format!("`{shown}` leads into a folder that may not be read"))?;
        if found.is_file() {
            files.push(found);
        }
    }
    files.sort();
    if files.is_empty() { Err(format!("`{shown}` matches no file")) } else { Ok(files) }
}

/// A complaint for every file that stands twice, under whatever name.
fn repeated(files: &[PathBuf]) -> Vec<String> {
    let mut seen: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    let mut complaints = Vec::new();
    for file in files {
        let real = file.canonicalize().unwrap_or_else(|_| file.clone());
        if let Some(first) = seen.insert(real, file) {
            complaints.push(format!("`{}` is given twice (also as `{}`)", file.display(), first.display()));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "odd[1].csv"] {
            std::fs::write(folder.path().join(name), "a\n1\n").unwrap();
        }
        std::fs::create_dir(folder.path().join("sub.csv")).unwrap();
        folder
    }

    #[test]
    fn patterns_give_sorted_files_and_names_give_themselves() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(expand(&[at("*.csv")]).unwrap(), [at("a.csv"), at("b.csv"), at("odd[1].csv")]);
        assert_eq!(expand(&[at("odd[1].csv"), at("a.csv")]).unwrap(), [at("odd[1].csv"), at("a.csv")]);
        assert_eq!(expand(&["-".into()]).unwrap(), [PathBuf::from("-")]);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        let error = expand(&[
            at("none-*.csv"),
            at("gone.csv"),
            "https://host/x.csv".into(),
            folder.path().to_path_buf(),
            at("a.csv"),
            at("./a.csv"),
            "-".into(),
        ]);
        let ErrorKind::Usage(text) = error.unwrap_err().kind().clone() else { panic!("another kind") };
        for part in ["matches no file", "does not exist", "an address", "a folder", "given twice", "beside files"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(text.lines().count(), 6);
        assert!(expand(&[]).is_err());
    }
}
