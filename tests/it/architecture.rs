//! Which way imports may point (DESIGN, "Modules"). An arrow that is not in the table does not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Module to the modules that it may import; `error` may be used by all.
const MODULES: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("limits", &[]),
    ("value", &[]),
    ("lanes", &[]),
    ("digest", &["lanes"]),
    ("secret", &["lanes"]),
    ("random", &["secret"]),
    ("domain", &["value"]),
    ("profile", &["domain", "limits", "value"]),
    ("hierarchy", &["value", "profile"]),
    ("read", &["lanes", "value", "profile"]),
    ("sample", &["domain", "value"]),
    ("log", &["digest"]),
    ("anatomy", &["lanes"]),
    ("transform", &["domain", "hierarchy", "lanes", "profile", "random", "secret", "value"]),
    ("group", &["value"]),
    ("check", &["group", "hierarchy", "limits", "value"]),
    ("solve", &["check", "group", "limits"]),
    ("recode", &["check", "solve"]),
    ("evidence", &["digest", "log", "profile", "random"]),
    ("attack", &["anatomy", "domain", "group", "hierarchy", "random", "secret", "value"]),
    ("ledger", &["group", "secret"]),
    (
        "gate",
        &["anatomy", "attack", "check", "digest", "domain", "group", "hierarchy", "lanes", "ledger", "limits", "value"],
    ),
    ("write", &["gate", "lanes", "random", "secret", "value"]),
    (
        "plan",
        &[
            "anatomy",
            "check",
            "digest",
            "domain",
            "gate",
            "hierarchy",
            "limits",
            "profile",
            "secret",
            "transform",
            "value",
            "write",
        ],
    ),
    ("report", &["digest", "gate", "group", "log", "profile"]),
    (
        "run",
        &[
            "attack",
            "check",
            "digest",
            "domain",
            "evidence",
            "gate",
            "group",
            "hierarchy",
            "ledger",
            "limits",
            "log",
            "plan",
            "profile",
            "random",
            "read",
            "recode",
            "report",
            "secret",
            "solve",
            "transform",
            "value",
            "write",
        ],
    ),
];

/// Only these files of a module may name `profile`: the rest of it does not know why it runs.
const PROFILE_ONLY_IN: &[(&str, &[&str])] =
    &[("transform", &["build.rs"]), ("hierarchy", &["build.rs"]), ("read", &["options.rs"])];

/// Outside crates that have an address; every other one may be used anywhere.
const CRATES: &[(&str, &[&str])] = &[
    ("polars", &["read", "write"]),
    ("polars_io", &["read", "write"]),
    ("rayon", &["run", "solve", "group"]),
    ("hmac", &["digest", "secret"]),
    ("sha2", &["digest", "secret"]),
    ("sm3", &["digest", "secret"]),
    ("ed25519_dalek", &["evidence"]),
    ("sm2", &["evidence"]),
    ("md5", &["digest"]),
    ("sha1", &["digest"]),
    ("sha3", &["digest"]),
    ("blake3", &["digest"]),
    ("crc32fast", &["digest"]),
    ("hkdf", &["secret"]),
    ("chacha20", &["random", "secret"]),
    ("rand", &["random", "secret"]),
    ("toml", &["profile"]),
    ("encoding_rs", &["anatomy", "read"]),
    ("flate2", &["anatomy", "read", "write"]),
    ("zstd", &["anatomy", "read", "write"]),
    ("unicode_normalization", &["domain"]),
    ("jiff", &["domain", "run"]),
    ("clap", &[]),
    ("indicatif", &[]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below a folder, with its text less tests and comments.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && !name.contains("/tests/") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap().to_owned();
                let code =
                    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                found.push((name, code));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// The library's module that a file belongs to.
fn module_of(name: &str) -> Option<&str> {
    let inside = name.strip_prefix("src/")?;
    if inside.starts_with("bin/") || inside == "lib.rs" {
        return None;
    }
    Some(inside.split('/').next()?.trim_end_matches(".rs"))
}

/// Names that follow `prefix` in the code: `crate::value`, and those in `crate::{a, b}`.
fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for character in list.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(word(item.trim()));
                        item.clear();
                        continue;
                    }
                    _ => {}
                }
                if depth == 0 {
                    item.push(character);
                }
            }
            names.insert(word(item.trim()));
        } else {
            names.insert(word(rest));
        }
    }
    names.remove("");
    names
}

#[test]
fn imports_point_downhill_only() {
    let allowed: BTreeMap<&str, &[&str]> = MODULES.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, code) in sources(&root().join("src")) {
        let Some(module) = module_of(&name) else { continue };
        let Some(may) = allowed.get(module) else {
            wrong.push(format!("{name}: module `{module}` is not in the table"));
            continue;
        };
        for import in names_after(&code, "crate::") {
            let known = allowed.contains_key(import.as_str());
            if known && import != module && import != "error" && !may.contains(&import.as_str()) {
                wrong.push(format!("{name}: `{module}` may not import `{import}`"));
            }
            let only = PROFILE_ONLY_IN.iter().find(|(of, _)| *of == module);
            if let (true, Some((_, files))) = (import == "profile", only)
                && !files.iter().any(|file| name.ends_with(file))
            {
                wrong.push(format!("{name}: only {files:?} of `{module}` may name `profile`"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    let mut above: BTreeSet<&str> = BTreeSet::new();
    for (module, imports) in MODULES {
        for import in *imports {
            assert!(above.contains(import), "`{module}` imports `{import}`, which does not stand above it");
        }
        above.insert(module);
    }
}

#[test]
fn outside_crates_have_an_address() {
    let mut wrong = Vec::new();
    for (name, code) in sources(&root().join("src")) {
        let Some(module) = module_of(&name) else { continue };
        for (outside, may) in CRATES {
            let used =
                code.contains(&format!("use {outside}::")) || !names_after(&code, &format!("{outside}::")).is_empty();
            if used && !may.contains(&module) {
                wrong.push(format!("{name}: `{outside}` lives in {may:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_binary_sees_the_public_library_only_and_never_a_seed_by_itself() {
    for (name, code) in sources(&root().join("src/bin")) {
        assert!(!code.contains("insecure_from_test_seed"), "{name}: only the library turns a seed into a key");
        assert!(!code.contains("polars"), "{name}");
    }
}

#[test]
fn unsafe_code_stands_in_one_file() {
    for (name, code) in sources(&root().join("src")) {
        if !name.ends_with("src/lanes.rs") {
            assert!(!code.contains("unsafe {") && !code.contains("unsafe fn"), "{name}");
        }
    }
}

#[test]
fn publishing_and_private_files_have_one_door() {
    for (name, code) in sources(&root().join("src")) {
        let module = module_of(&name);
        // a log's own checkpoint is replaced in one step, too
        if module.is_some() && module != Some("write") && name != "src/evidence/tiles.rs" {
            assert!(!code.contains("fs::rename"), "{name}: only write::publish makes a release visible");
        }
        if module.is_some() && module != Some("run") {
            for clock in ["SystemTime::now", "Instant::now", "Timestamp::now"] {
                assert!(!code.contains(clock), "{name}: only run reads a clock");
            }
        }
    }
}

#[test]
fn cells_and_keys_cannot_be_printed() {
    // Types that hold cells or keys derive no Debug; written out so that a new derive is seen.
    for file in [
        "src/value/column.rs",
        "src/value/batch.rs",
        "src/secret/mod.rs",
        "src/secret/mac.rs",
        "src/write/store.rs",
        "src/evidence/signing_key.rs",
    ] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for holder in [
            "struct Text",
            "enum Column",
            "struct Span",
            "struct Batch",
            "struct MasterKey",
            "struct FieldKey",
            "struct StreamKey",
            "struct BucketRows",
            "struct SigningKey",
            "enum Signer",
        ] {
            for (at, _) in text.match_indices(holder) {
                let before: String = text[..at]
                    .lines()
                    .rev()
                    .skip(1)
                    .take_while(|line| line.starts_with("#[") || line.starts_with("///"))
                    .filter(|line| line.starts_with("#["))
                    .collect();
                assert!(!before.contains("Debug"), "{file}: {holder}");
            }
        }
    }
}
