//! The tables of `seeds/`: every test and module that a row names exists, and the counts are those of the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files, and how the ids in each start.
const FILES: [(&str, &str); 4] =
    [("tianjin.md", "TJ-"), ("fujian.md", "FJ-"), ("taiyuan.md", "TY-"), ("chengdu.md", "CD-")];

/// What stands before the words that say what is missing.
const OPEN: &str = "open:";

/// One row: the cells of a table of five columns.
struct Row<'t> {
    id: &'t str,
    asks: &'t str,
    engine: &'t str,
    code: &'t str,
    test: &'t str,
}

impl<'t> Row<'t> {
    fn parse(line: &'t str) -> Result<Self, String> {
        match cells(line)[..] {
            [id, asks, engine, code, test] => Ok(Self { id, asks, engine, code, test }),
            ref cells => Err(format!("{} cells, not 5: {line}", cells.len())),
        }
    }
    /// The names of tests, and the words on what is missing.
    fn proof(&self) -> (&'t str, Option<&'t str>) {
        self.test.split_once(OPEN).map_or((self.test, None), |(tests, missing)| (tests, Some(missing.trim())))
    }
    fn is_met(&self) -> bool {
        self.proof().1.is_none()
    }
    /// Everything that is wrong with the row.
    fn complaints(&self, prefix: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.id.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit())) {
            wrong.push(format!("the id is not {prefix} and an article"));
        }
        if self.asks.is_empty() || self.engine.is_empty() {
            wrong.push("an empty cell".to_owned());
        }
        let (tests, missing) = self.proof();
        for (cell, bare) in [(self.code, "—"), (tests, ""), (missing.unwrap_or_default(), "")] {
            if cell.matches('`').count() % 2 == 1 || (cell.is_empty() && !bare.is_empty()) {
                wrong.push(format!("an unfinished cell: {cell:?}"));
            }
        }
        if missing.is_some_and(|words| words.len() < 10 || words.contains('`')) {
            wrong.push("`open:` without plain words on what is missing".to_owned());
        }
        let (code, words) = names(self.code);
        wrong.extend(code.iter().filter_map(|path| find_code(path).err()));
        if words != if code.is_empty() { "—" } else { "" } {
            wrong.push(format!("the code is neither names nor a dash: {words}"));
        }
        let (tests, words) = names(tests);
        wrong.extend(tests.iter().filter_map(|name| find_test(name).err()));
        if !words.is_empty() {
            wrong.push(format!("words among the tests: {words}"));
        }
        if missing.is_none() && (tests.is_empty() || code.is_empty()) {
            wrong.push("neither proven by code and test, nor open".to_owned());
        }
        wrong.iter().map(|what| format!("{}: {what}", self.id)).collect()
    }
}

/// The trimmed cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_start_matches('|').trim_end_matches('|').split('|').map(str::trim).collect()
}

/// The lines of the table that starts with this column, without its head.
fn table<'t>(text: &'t str, first_column: &str) -> Vec<&'t str> {
    let head = format!("| {first_column} |");
    let lines = text.lines().skip_while(|line| !line.starts_with(&head)).skip(2);
    lines.take_while(|line| line.starts_with('|')).collect()
}

/// The names in backticks, and the words around them.
fn names(cell: &str) -> (Vec<&str>, String) {
    let names = cell.split('`').skip(1).step_by(2).collect();
    let words: String = cell.split('`').step_by(2).collect();
    (names, words.replace(',', " ").trim().to_owned())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// Whether the file declares the module, so that it is built at all.
fn declares(file: &str, module: &str) -> bool {
    let declared = |line: &str| {
        let rest = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ");
        rest.and_then(|rest| rest.strip_prefix(module)).is_some_and(|rest| rest.starts_with(';'))
    };
    read(file).is_some_and(|text| text.lines().any(declared))
}

/// A path below `src/`: a file or a folder of a module that is built.
fn find_code(path: &str) -> Result<(), String> {
    let top = path.split('/').next().unwrap_or_default();
    if top != "bin" && !declares("src/lib.rs", top) {
        return Err(format!("`{path}`: the crate has no module `{top}`"));
    }
    let source = root().join("src").join(path);
    let file = PathBuf::from(format!("{}.rs", source.display()));
    if file.is_file() || source.is_dir() { Ok(()) } else { Err(format!("`{path}` is no module")) }
}

/// A test: `cases/NAME`, `it::MODULE::NAME`, or `MODULE::…::tests::NAME` or `MODULE::…::tests::PART::NAME` in the library.
fn find_test(name: &str) -> Result<(), String> {
    if let Some(case) = name.strip_prefix("cases/") {
        let found = read(format!("tests/cases/{case}/cmd.toml")).is_some();
        return if found { Ok(()) } else { Err(format!("`{name}` is no case")) };
    }
    let parts: Vec<&str> = name.split("::").collect();
    let (top, files, test) = match parts[..] {
        ["it", module, test] => {
            if !declares("tests/it/main.rs", module) {
                return Err(format!("`{name}`: tests/it/main.rs has no module `{module}`"));
            }
            (None, vec![format!("tests/it/{module}.rs")], test)
        }
        [ref modules @ .., "tests", test] if !modules.is_empty() => {
            let path = format!("src/{}", modules.join("/"));
            let places = [".rs", "/mod.rs", "/tests.rs", "/tests/mod.rs"];
            (Some(modules[0]), places.map(|place| format!("{path}{place}")).to_vec(), test)
        }
        [ref modules @ .., "tests", part, test] if !modules.is_empty() => {
            (Some(modules[0]), vec![format!("src/{}/tests/{part}.rs", modules.join("/"))], test)
        }
        _ => return Err(format!("`{name}` is no name of a test")),
    };
    if let Some(top) = top.filter(|top| !declares("src/lib.rs", top)) {
        return Err(format!("`{name}`: the crate has no module `{top}`"));
    }
    let found = files.iter().filter_map(read).any(|text| has_test(&text, test));
    if found { Ok(()) } else { Err(format!("`{name}` is no test in {}", files.join(", "))) }
}

/// Whether the text has a function of this name that is run as a test.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let function = format!("fn {name}(");
    lines.iter().enumerate().filter(|(_, line)| line.starts_with(&function)).any(|(at, _)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let above: Vec<&str> = above.copied().collect();
        above.contains(&"#[test]") && !above.iter().any(|line| line.starts_with("#[ignore"))
    })
}

#[test]
fn every_row_names_what_exists_or_says_what_is_missing() {
    let (mut wrong, mut ids) = (Vec::new(), BTreeSet::new());
    for (file, prefix) in FILES {
        let text = read(Path::new("seeds").join(file)).unwrap();
        let rows = table(&text, "id");
        assert!(!rows.is_empty(), "{file} has no rows");
        let lines = text.lines().filter(|line| line.starts_with('|')).count();
        assert_eq!(lines, rows.len() + 2, "{file}: one table, and every line of it is looked at");
        for line in rows {
            match Row::parse(line) {
                Ok(row) => {
                    wrong.extend(row.complaints(prefix));
                    if !ids.insert(row.id.to_owned()) {
                        wrong.push(format!("{} stands twice", row.id));
                    }
                }
                Err(what) => wrong.push(format!("{file}: {what}")),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_counts_in_the_readme_are_those_of_the_tables() {
    let mut counted = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("seeds")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file != "README.md" {
            let text = read(Path::new("seeds").join(&file)).unwrap();
            let rows: Vec<Row> = table(&text, "id").into_iter().map(|line| Row::parse(line).unwrap()).collect();
            let met = rows.iter().filter(|row| row.is_met()).count();
            counted.insert(file, [rows.len(), met, rows.len() - met]);
        }
    }
    let readme = read("seeds/README.md").unwrap();
    let mut told = BTreeMap::new();
    for line in table(&readme, "file") {
        let [file, _, rows, met, open] = cells(line)[..] else { panic!("{line}") };
        told.insert(file.to_owned(), [rows, met, open].map(|count| count.parse::<usize>().unwrap()));
    }
    assert_eq!(told, counted, "file: rows, met, open; left as told, right as counted");
    assert!(counted.keys().map(String::as_str).eq(FILES.map(|(file, _)| file).into_iter().collect::<BTreeSet<_>>()));
}

#[test]
fn the_checker_sees_wrong_rows() {
    const RIGHT: [&str; 5] =
        ["TJ-29b", "asks", "answers", "`gate/rules`, `gate`", "`gate::tests::a_raw_or_short_token_fires`"];
    let complaints = |cells: [&str; 5]| {
        let line = format!("| {} |", cells.join(" | "));
        Row::parse(&line).map_or_else(|what| vec![what], |row| row.complaints("TJ-")).join("\n")
    };
    assert_eq!(complaints(RIGHT), "");
    for right in ["`cases/undeclared-column-stops`", "`it::leak::no_artefact_of_a_release_holds_a_cell`"] {
        assert_eq!(complaints([RIGHT[0], "a", "b", RIGHT[3], right]), "");
    }
    assert_eq!(complaints([RIGHT[0], "a", "b", "—", "open: nothing of it is built"]), "");
    for (place, cell, complaint) in [
        (0, "FJ-29", "the id is not"),
        (0, "TJ-x", "the id is not"),
        (1, "", "an empty cell"),
        (2, "one | two", "6 cells, not 5"),
        (3, "`gate/nothing`", "is no module"),
        (3, "`nowhere/at/all`", "the crate has no module `nowhere`"),
        (3, "`gate/rules", "an unfinished cell"),
        (3, "gate/rules", "neither names nor a dash"),
        (3, "", "an unfinished cell"),
        (3, "—", "neither proven"),
        (4, "", "neither proven by code and test, nor open"),
        (4, "open:", "without plain words"),
        (4, "open: soon", "without plain words"),
        (4, "the gate's tests", "words among the tests"),
        (4, "`gate::tests::no_such_test`", "is no test in"),
        (4, "`gate::tests::fired`", "is no test in"),
        (4, "`gate::a_raw_or_short_token_fires`", "is no name of a test"),
        (4, "`nowhere::tests::a_test`", "the crate has no module `nowhere`"),
        (4, "`it::release::events`", "is no test in"),
        (4, "`it::nowhere::a_test`", "has no module `nowhere`"),
        (4, "`cases/no-such-case`", "is no case"),
        (4, "`gate::tests::no_such_test` open: the rest of it is not built", "is no test in"),
    ] {
        let mut cells = RIGHT;
        cells[place] = cell;
        let told = complaints(cells);
        assert!(told.contains(complaint), "{cell:?}: {told:?} lacks {complaint:?}");
    }
    assert!(!has_test("#[test]\n#[ignore = \"slow\"]\nfn a() {}", "a"), "a test that is not run proves nothing");
}
