//! A table of every value and its ancestors, in the layout of ARX: `raw;level 1;level 2;…`, one line per value.
//!
//! Responsible for: finding everything that is wrong with the table before a row is read, because users find missing and
//! repeated values late elsewhere (ARX issues 104, 143, 69, 283, 370, 84). Complaints name lines and never quote a field.

use super::tree_file::{Complaints, Line, lines};
use super::{Miss, describe, is_plain};
use crate::error::Complaint;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A checked table.
pub struct Tree {
    /// Raw value to its line.
    rows: HashMap<Vec<u8>, u32, RandomState>,
    steps: Vec<Step>,
}

/// One column between the raw values and `*`.
struct Step {
    /// For each line, the place of its label.
    codes: Vec<u32>,
    /// Sorted.
    labels: Vec<Vec<u8>>,
    /// For each label, the lines that have it.
    leaves: Vec<u64>,
    plain: bool,
}

impl Tree {
    /// Reads and checks a file. The last column need not be `*`: a column with one label only is the top, else `*` is
    /// put above the last.
    ///
    /// # Errors
    /// Every problem, in the order of the lines.
    pub fn parse(file: &[u8], separator: u8) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Complaints::default();
        let lines = lines(file, separator, &mut complaints);
        complaints.into_result()?;
        let mut complaints = Complaints::default();
        let Some(first) = lines.first() else {
            complaints.add(0, 0, "the file has no line", "write one line per value: the value, then its ancestors");
            return Err(complaints.into_result().expect_err("there is a complaint"));
        };
        let width = first.fields.len();
        check_fields(&lines, width, &mut complaints);
        check_values(&lines, &mut complaints);
        check_parents(&lines, width, &mut complaints);
        complaints.into_result()?;
        let mut steps: Vec<Step> = (1..width).map(|column| Step::new(&lines, column)).collect();
        if steps.last().is_some_and(|last| last.labels.len() == 1) {
            steps.pop(); // it is the top, which is written `*`
        }
        let rows = lines.into_iter().zip(0..).map(|(mut line, row)| (line.fields.swap_remove(0), row)).collect();
        Ok(Self { rows, steps })
    }

    /// Whether the table has a line for this value.
    #[must_use]
    pub fn contains(&self, cell: &[u8]) -> bool {
        self.rows.contains_key(cell)
    }

    pub(super) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Number of lines.
    pub(super) fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    #[inline]
    pub(super) fn label(&self, step: usize, cell: &[u8], out: &mut Vec<u8>) -> Result<(), Miss> {
        let row = *self.rows.get(cell).ok_or(Miss::NotInHierarchy)?;
        let step = &self.steps[step];
        out.extend_from_slice(&step.labels[step.codes[row as usize] as usize]);
        Ok(())
    }

    /// The raw values, sorted.
    pub(super) fn values(&self) -> Vec<&[u8]> {
        let mut values: Vec<&[u8]> = self.rows.keys().map(Vec::as_slice).collect();
        values.sort_unstable();
        values
    }

    /// Lines that have this label.
    pub(super) fn leaves(&self, step: usize, label: &[u8]) -> u64 {
        let step = &self.steps[step];
        step.labels.binary_search_by(|known| known.as_slice().cmp(label)).map_or(0, |code| step.leaves[code])
    }

    pub(super) fn plain(&self, step: usize) -> bool {
        self.steps[step].plain
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_unstable();
        describe(out, self.steps.len().to_string().as_bytes());
        for (value, row) in rows {
            describe(out, value);
            for step in &self.steps {
                describe(out, &step.labels[step.codes[*row as usize] as usize]);
            }
        }
    }
}

impl Step {
    fn new(lines: &[Line], column: usize) -> Self {
        let mut counts: BTreeMap<&[u8], u64> = BTreeMap::new();
        for line in lines {
            *counts.entry(&line.fields[column]).or_default() += 1;
        }
        let place: BTreeMap<&[u8], u32> = counts.keys().copied().zip(0..).collect();
        Self {
            codes: lines.iter().map(|line| place[line.fields[column].as_slice()]).collect(),
            labels: counts.keys().map(|label| label.to_vec()).collect(),
            leaves: counts.values().copied().collect(),
            plain: counts.keys().all(|label| is_plain(label)),
        }
    }
}

/// As many fields as the first line, and none of them empty.
fn check_fields(lines: &[Line], width: usize, complaints: &mut Complaints) {
    for line in lines {
        let found = line.fields.len();
        if found != width {
            let what = format!("the line has {found} fields, the first has {width}");
            complaints.add(line.number, 1, what, "give every line the same number of levels; check the separator");
        }
        for (place, field) in line.fields.iter().enumerate().take(width) {
            if field.is_empty() && place == 0 {
                complaints.add(line.number, 1, "the value is missing", "write it, or remove the line; nulls need none");
            } else if field.is_empty() {
                complaints.add(line.number, 1, format!("level {place} is empty"), "write a label on every level");
            }
        }
    }
}

/// Every value once.
fn check_values(lines: &[Line], complaints: &mut Complaints) {
    let mut first_line: HashMap<&[u8], usize, RandomState> = HashMap::default();
    for line in lines.iter().filter(|line| !line.fields[0].is_empty()) {
        let first = *first_line.entry(&line.fields[0]).or_insert(line.number);
        if first != line.number {
            let what = format!("the value of line {first} stands here again");
            complaints.add(line.number, 1, what, "keep one line per value");
        }
    }
}

/// Lines that share a label share every coarser one.
fn check_parents(lines: &[Line], width: usize, complaints: &mut Complaints) {
    for column in 1..width.saturating_sub(1) {
        let mut first_line: HashMap<&[u8], &Line, RandomState> = HashMap::default();
        for line in lines.iter().filter(|line| line.fields.len() == width && !line.fields[column].is_empty()) {
            let first = *first_line.entry(&line.fields[column]).or_insert(line);
            if first.fields[column + 1] != line.fields[column + 1] {
                let what = format!(
                    "the label on level {column} is that of line {}, but level {} differs",
                    first.number,
                    column + 1
                );
                complaints.add(
                    line.number,
                    1,
                    what,
                    "equal labels need equal parents: rename one, or correct its parent",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(usize, String)> {
        Tree::parse(text.as_bytes(), b';')
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|complaint| (complaint.line, complaint.what))
            .collect()
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let told = problems("a;A;*\nb;A;X\na;B;*\n;B;*\nc;;*\nd;D\ne;E;*;*\n");
        let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7], "{told:?}");
        assert!(told[0].1.contains("line 1") && told[1].1.contains("line 1"));
        assert_eq!(problems(""), [(0, "the file has no line".to_owned())]);
        assert_eq!(problems("a;A\nb;A\n"), []);
    }

    #[test]
    fn no_complaint_quotes_a_field() {
        for (line, what) in problems("canary;A;*\nb;A;canary\ncanary;B;*\nd;D\n") {
            assert!(!what.contains("canary"), "{line}");
        }
    }

    #[test]
    fn the_top_is_put_above_where_it_is_not() {
        for (text, steps) in [
            ("a;A;*\nb;B;*\n", 1),
            ("a;A\nb;B\n", 1),
            ("a;A;Any\nb;B;Any\n", 1),
            ("a\nb\n", 0),
            ("a;*\nb;*\n", 0),
            ("a;x;A;*\nb;y;B;*\n", 2),
        ] {
            assert_eq!(Tree::parse(text.as_bytes(), b';').ok().unwrap().steps(), steps, "{text}");
        }
    }

    #[test]
    fn leaves_are_lines_of_the_file() {
        let tree = Tree::parse("海;x;*\nb;x;*\nc;y;*\n".as_bytes(), b';').ok().unwrap();
        assert_eq!((tree.leaves(0, b"x"), tree.leaves(0, b"y"), tree.leaves(0, b"z"), tree.rows()), (2, 1, 0, 3));
        let mut out = Vec::new();
        assert_eq!(tree.label(0, "海".as_bytes(), &mut out), Ok(()));
        assert_eq!(tree.label(0, b"d", &mut out), Err(Miss::NotInHierarchy));
        assert_eq!(out, b"x");
        assert!(tree.contains(b"c") && !tree.contains(b"d"));
    }
}
