//! The words of the released cells, as keyed marks in bounded memory, and identifiers among them that need no source to be known.
//!
//! A value that names a person may be a whole cell, a word of one, some words in a row, or, in prose without blanks, any few Han
//! characters. Each of these is marked once. Repeated cells cost one look a batch, and mostly less.

use super::numbers;
use super::{Count, Marker, Marks, Place, Shapes};
use crate::domain::SemanticType;
use crate::value::{Batch, Text};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is counted.
pub(super) struct Words {
    marker: Marker,
    /// Released columns that are searched, and whether each is prose.
    columns: Vec<(usize, bool)>,
    /// What the values look like that are looked for; a word that looks otherwise is none of them.
    shapes: Option<Arc<Shapes>>,
    /// By column: marks of cells that were looked at lately. What is found does not depend on it.
    lately: Vec<Vec<u64>>,
    /// Where the runs of the present cell begin and end.
    runs: Vec<(usize, usize)>,
    kept: Kept,
    /// Marks of distinct cells with an identifier in them, by column and kind.
    patterns: BTreeMap<(usize, SemanticType), Kept>,
}

/// Marks of words or cells, each with the first column that has it.
struct Kept {
    marks: HashMap<u64, usize, foldhash::fast::FixedState>,
    halvings: u32,
    /// More than these are not kept: past that, every second one.
    most: usize,
}

/// Cells that are remembered as seen, for each column.
const LATELY: usize = 1 << 12;
/// Marks of words that are kept.
const MOST: usize = 4 << 20;
/// Marks of cells with an identifier that are kept, of a column and kind.
const MOST_CELLS: usize = 1 << 16;
/// A value lighter than this is found by chance. A letter weighs one, a character beyond ASCII two; short numbers weigh nothing,
/// because amounts, years and codes are numbers too.
const LIGHTEST: usize = 4;
/// The shortest identifier that is told by its form, without an `@` in it.
const SHORTEST_IDENTIFIER: usize = 11;

impl Words {
    pub(super) fn new(marker: Marker, columns: Vec<(usize, bool)>, shapes: Option<Arc<Shapes>>) -> Self {
        let lately = columns.iter().map(|_| vec![0; LATELY]).collect();
        let kept = Kept::new(MOST);
        Self { marker, columns, shapes, lately, runs: Vec::new(), kept, patterns: BTreeMap::new() }
    }
    /// The column that has this value as a word; none also where its mark is not kept.
    pub(super) fn column_of(&self, value: &[u8]) -> Option<usize> {
        let column = self.kept.marks.get(&self.marker.mark(value)).copied()?;
        (weight(value) >= LIGHTEST).then_some(column)
    }
    /// One in `2^halvings` words was kept.
    pub(super) fn halvings(&self) -> u32 {
        self.kept.halvings
    }
    /// Words that may be such a value, as far as they are kept.
    pub(super) fn len(&self) -> usize {
        self.kept.marks.len()
    }
    /// Distinct cells with an identifier in them, by column and kind; about, where there are very many.
    pub(super) fn patterns(&self) -> BTreeMap<(usize, SemanticType), u64> {
        self.patterns.iter().map(|(what, cells)| (*what, (cells.marks.len() as u64) << cells.halvings)).collect()
    }

    fn cells(&mut self, place: usize, text: &Text<'_>, marks: &Marks) {
        let (column, prose) = self.columns[place];
        marks.each(column, |mark, row, _| {
            if let Some(cell) = text.get(row).filter(|cell| numbers::is_short(cell)) {
                // as many cells are: one word, and no identifier
                return self.word(column, cell, mark, LIGHTEST);
            }
            let seen = &mut self.lately[place][usize::try_from(mark >> 32).unwrap_or(0) % LATELY];
            if *seen == mark {
                return;
            }
            *seen = mark;
            if let Some(cell) = text.get(row) {
                self.cell(column, prose, cell, mark);
            }
        });
    }
    fn cell(&mut self, column: usize, prose: bool, cell: &[u8], mark: u64) {
        if cell.len() < SHORTEST_IDENTIFIER && cell.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.')) {
            // a number, as most cells are: one word, and no identifier
            return self.word(column, cell, mark, LIGHTEST);
        }
        let mut runs = std::mem::take(&mut self.runs);
        find_runs(cell, &mut runs);
        // a short word that is no prose may be a name by chance: a town, an illness
        self.word(column, cell, mark, if prose || cell.is_ascii() { LIGHTEST } else { 6 });
        let alone = matches!(runs[..], [(start, end)] if start == 0 && end == cell.len());
        for (at, (start, end)) in runs.iter().enumerate() {
            let run = &cell[*start..*end];
            self.identifiers(column, run, alone, mark);
            if alone && run.is_ascii() {
                continue;
            }
            for last in &runs[at..(at + 3).min(runs.len())] {
                let some = &cell[*start..last.1];
                if prose || some.is_ascii() {
                    self.word(column, some, self.marker.mark(some), LIGHTEST);
                }
            }
            if prose && !run.is_ascii() {
                self.names_in(column, run);
            }
        }
        self.runs = runs;
    }
    /// Keeps a word that may be a value that is looked for, and is heavy enough not to be one by chance.
    #[inline]
    fn word(&mut self, column: usize, word: &[u8], mark: u64, lightest: usize) {
        let looks = self.shapes.as_ref().is_none_or(|shapes| shapes.fits(word, mark));
        if looks && weight(word) >= lightest {
            self.kept.keep(mark, column);
        }
    }
    /// Two to four characters in a row, each of which may be a name.
    fn names_in(&mut self, column: usize, run: &[u8]) {
        let starts = |byte: u8| byte & 0xc0 != 0x80;
        let mut bounds: Vec<usize> = (0..run.len()).filter(|at| starts(run[*at])).collect();
        bounds.push(run.len());
        for size in 2..=4 {
            for window in bounds.windows(size + 1) {
                let some = &run[window[0]..window[size]];
                self.word(column, some, self.marker.mark(some), 0);
            }
        }
    }
    /// Identifiers by their form. A number that only looks like a mobile or a card is one in prose alone: as a whole cell it may be
    /// an order number, of which one in fourteen begins as a mobile and one in ten has the right last digit.
    fn identifiers(&mut self, column: usize, run: &[u8], alone: bool, mark: u64) {
        let mut kinds: &[SemanticType] = &[];
        if run.contains(&b'@') {
            kinds = &[SemanticType::Email];
        } else if run.len() == 18 && run[..17].iter().all(u8::is_ascii_digit) {
            kinds = &[SemanticType::ResidentId];
        } else if !alone && run.iter().all(u8::is_ascii_digit) {
            kinds = match run.len() {
                11 => &[SemanticType::Mobile],
                16 | 19 => &[SemanticType::BankCard],
                _ => &[],
            };
        }
        for kind in kinds {
            if kind.canonicalize(run, &mut Vec::new()).is_ok() {
                self.patterns.entry((column, *kind)).or_insert_with(|| Kept::new(MOST_CELLS)).keep(mark, column);
            }
        }
    }
}

impl Kept {
    fn new(most: usize) -> Self {
        Self { marks: HashMap::default(), halvings: 0, most }
    }
    fn keep(&mut self, mark: u64, column: usize) {
        if mark.trailing_zeros() < self.halvings {
            return;
        }
        self.marks.entry(mark).and_modify(|known| *known = column.min(*known)).or_insert(column);
        while self.marks.len() > self.most {
            self.ask(self.halvings + 1);
        }
    }
    fn ask(&mut self, halvings: u32) {
        self.halvings = self.halvings.max(halvings);
        let needed = self.halvings;
        self.marks.retain(|mark, _| mark.trailing_zeros() >= needed);
    }
    fn absorb(&mut self, other: Self) {
        self.ask(other.halvings);
        for (mark, column) in other.marks {
            self.keep(mark, column);
        }
    }
}

impl Count for Words {
    fn fork(&self) -> Self {
        Self::new(self.marker.clone(), self.columns.clone(), self.shapes.clone())
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, marks: &Marks) {
        for place in 0..self.columns.len() {
            self.cells(place, &batch.columns[self.columns[place].0].to_text(), marks);
        }
    }
    fn absorb(&mut self, other: Self) {
        self.kept.absorb(other.kept);
        for (what, cells) in other.patterns {
            self.patterns.entry(what).or_insert_with(|| Kept::new(MOST_CELLS)).absorb(cells);
        }
    }
}

fn weight(value: &[u8]) -> usize {
    const SHORT_NUMBER: usize = 7;
    if value.len() < SHORT_NUMBER && !value.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()) {
        return 0;
    }
    value.iter().map(|byte| if byte.is_ascii() { 1 } else { usize::from(byte & 0xc0 != 0x80) * 2 }).sum()
}

/// Runs of letters and digits with what joins them in addresses and numbers, and runs beyond ASCII; where each begins and ends.
fn find_runs(cell: &[u8], runs: &mut Vec<(usize, usize)>) {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => 1,
        b'@' | b'.' | b'_' | b'-' | b'+' => 2,
        0x80.. => 3,
        _ => 0,
    };
    runs.clear();
    let mut at = 0;
    while at < cell.len() {
        let end = match kind(cell[at]) {
            1 => {
                let end = cell[at..]
                    .iter()
                    .position(|byte| !matches!(kind(*byte), 1 | 2))
                    .map_or(cell.len(), |more| at + more);
                // joints at the end join nothing
                cell[at..end].iter().rposition(|byte| kind(*byte) == 1).map_or(end, |last| at + last + 1)
            }
            3 => cell[at..].iter().position(|byte| kind(*byte) != 3).map_or(cell.len(), |more| at + more),
            _ => {
                at += 1;
                continue;
            }
        };
        runs.push((at, end));
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Column, TextBuilder};

    fn words(prose: bool, cells: &[&str]) -> Words {
        let mut words = Words::new(Marker::new(1), vec![(0, prose)], None);
        look(&mut words, Marks::new(Marker::new(1), 1), cells);
        words
    }
    fn look(words: &mut Words, mut marks: Marks, cells: &[&str]) {
        let mut builder = TextBuilder::default();
        cells.iter().for_each(|cell| builder.push(cell.as_bytes()));
        let batch = Batch { first_row: 0, rows: cells.len(), columns: vec![Column::Text(builder.finish(false))] };
        marks.sight(0, &batch.columns[0]);
        words.batch(Place { file: 0, shard: 0, first_row: 0 }, &batch, &marks);
    }

    #[test]
    fn values_are_found_as_cells_words_some_words_and_in_prose_without_blanks() {
        let found = words(false, &["call 13800138000, or John Smith", "138 0013 8000", "flu"]);
        for value in ["13800138000", "John Smith", "138 0013 8000", "John", "call 13800138000, or John Smith"] {
            assert_eq!(found.column_of(value.as_bytes()), Some(0), "{value}");
        }
        for value in ["flu", "3800138000", "Smi", "Smithe", "138", "0013"] {
            assert_eq!(found.column_of(value.as_bytes()), None, "{value}");
        }
        let prose = words(true, &["患者张三丰来诊电话13800138000"]);
        for value in ["张三丰", "三丰", "13800138000"] {
            assert_eq!(prose.column_of(value.as_bytes()), Some(0), "{value}");
        }
        assert_eq!(words(false, &["安康", "患者张三丰来诊"]).column_of("安康".as_bytes()), None, "a town is no name");
    }

    #[test]
    fn of_words_that_look_otherwise_than_all_values_nothing_is_kept() {
        let marker = Marker::new(1);
        let mut shapes = Shapes::default();
        for value in ["13800138000", "John Smith"] {
            shapes.take(value.as_bytes(), || marker.mark(value.as_bytes()));
        }
        let mut words = Words::new(marker.clone(), vec![(0, true)], Some(Arc::new(shapes)));
        let cells = ["1234567.89", "a long text about nobody", "ask John Smith", "患者张三丰来诊"];
        look(&mut words, Marks::new(marker, 1), &cells);
        assert_eq!((words.len(), words.column_of(b"John Smith")), (1, Some(0)));
    }

    #[test]
    fn identifiers_are_told_by_form_in_prose_and_never_by_chance_alone() {
        let kinds = |cells: &[&str]| words(true, cells).patterns().keys().map(|(_, kind)| *kind).collect::<Vec<_>>();
        assert_eq!(kinds(&["ask 13800138000 soon"]), [SemanticType::Mobile]);
        assert_eq!(kinds(&["身份证11010519491231002X。"]), [SemanticType::ResidentId]);
        assert_eq!(
            kinds(&["card 4111111111111111!", "write to wang@example.com"]),
            [SemanticType::Email, SemanticType::BankCard]
        );
        assert_eq!(kinds(&["13800138000", "4111111111111111"]), [], "an order number is no mobile");
        assert_eq!(kinds(&["11010519491231002X"]), [SemanticType::ResidentId]);
        assert_eq!(kinds(&["no 110105194912310021 here", "12345"]), []);
    }
    proptest::proptest! {
        #[test]
        fn what_is_found_is_the_same_however_cells_are_taken_together(
            numbers in proptest::collection::vec(0..6000_u32, 1..1500), most in 1..6000_u32, workers in 1..4_usize,
        ) {
            let cells: Vec<String> = numbers.iter().map(|number| match number % most % 4 {
                0 => format!("write to wang{}@example.com", number % most),
                1 => format!("{}.50", number % most),
                2 => format!("Anna {}", number % most),
                _ => format!("张三{} from 11010519491231002X", number % most),
            }).collect();
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let found = |marks: &dyn Fn() -> Marks, workers: usize| {
                let empty = Words::new(Marker::new(1), vec![(0, true)], None);
                let mut all = empty.fork();
                for part in cells.chunks(cells.len().div_ceil(workers)) {
                    let mut mine = empty.fork();
                    part.chunks(400).for_each(|cells| look(&mut mine, marks(), cells));
                    all.absorb(mine);
                }
                let marks: BTreeMap<u64, usize> = all.kept.marks.iter().map(|(mark, column)| (*mark, *column)).collect();
                (marks, all.patterns())
            };
            let together = found(&|| Marks::new(Marker::new(1), 1), workers);
            proptest::prop_assert!(together == found(&|| Marks::one_by_one(Marker::new(1), 1), 1));
            let like = |sign: &str| cells.iter().filter(|cell| cell.contains(sign)).collect::<std::collections::BTreeSet<_>>().len() as u64;
            let counts = [SemanticType::Email, SemanticType::ResidentId].map(|kind| together.1.get(&(0, kind)).copied().unwrap_or(0));
            proptest::prop_assert_eq!(counts, [like("@"), like("X")]);
        }
    }
}
