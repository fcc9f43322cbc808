//! Persons and what all their rows together look like.
//!
//! A person's *signature* is the multiset of the classes that their rows stand in: whoever knows all of a person's rows
//! knows the signature, and finds the person if nobody else has it. So k is counted on signatures where the unit is a
//! person (Cloud DLP calls the column that groups the rows an entity id; Terrovitis, Mamoulis, Kalnis 2008 the weaker
//! promise k^m, for somebody who knows m of the rows). Where every signature is shared by k persons, every class has k
//! persons, and every m rows of a person are shared by k persons for any m.
//!
//! Given: for each class the persons in it and their rows there. A signature is held as a sum of 128-bit marks of
//! (class, times): the order of rows does not matter, and two signatures are taken for one by chance only (about
//! n² / 2^129 for n signatures; the marks are keyed by a seed of the process, so nobody can prepare it). Memory grows
//! with persons: 20 bytes each, and 16 for each class of each different signature.

use super::hash::Mixer;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Every person of a table, by mark, with their signature.
pub struct Persons {
    /// Ascending.
    pub(super) marks: Vec<[u64; 2]>,
    /// By person.
    pub(super) signatures: Vec<u32>,
    /// By signature: the persons that share it.
    pub(super) alike: Vec<u64>,
    /// By signature: rows of all its persons.
    pub(super) rows: Vec<u64>,
    /// By signature: its classes, ascending, and how often.
    pub(super) starts: Vec<usize>,
    pub(super) classes: Vec<(u32, u64)>,
}

/// What a limit on signatures leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rare {
    /// Signatures that too few persons share.
    pub signatures: u64,
    /// Those persons.
    pub persons: u64,
    /// Their rows.
    pub rows: u64,
}

/// A set of persons, asked by the text that names them. Holds marks only.
#[derive(Clone)]
pub struct Marks {
    mixer: Mixer,
    persons: hashbrown::HashSet<[u64; 2], foldhash::fast::RandomState>,
}

impl Default for Marks {
    fn default() -> Self {
        Self { mixer: Mixer::of_process(), persons: hashbrown::HashSet::default() }
    }
}

impl Marks {
    /// Takes in others.
    pub fn extend(&mut self, others: Self) {
        self.persons.extend(others.persons);
    }
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.persons.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }
    /// Whether a person is one of them; `None` stands for all rows that name nobody.
    #[must_use]
    pub fn contains(&self, subject: Option<&[u8]>) -> bool {
        !self.persons.is_empty() && self.persons.contains(&subject.map_or([0, 0], |cell| self.mixer.mark(cell)))
    }
}

impl Persons {
    /// Number of persons. Rows that name nobody are one person.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }
    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }
    /// For each signature the persons that share it, in no order.
    #[must_use]
    pub fn alike(&self) -> &[u64] {
        &self.alike
    }
    /// Persons of the rarest signature; none where there is nobody. This is k counted on whole persons.
    #[must_use]
    pub fn smallest(&self) -> Option<u64> {
        self.alike.iter().copied().min()
    }
    /// The most rows that a person has.
    #[must_use]
    pub fn most_rows(&self) -> u64 {
        self.rows.iter().zip(&self.alike).map(|(rows, persons)| rows / persons).max().unwrap_or(0)
    }
    /// What is shared by fewer than `k` persons.
    #[must_use]
    pub fn below(&self, k: u64) -> Rare {
        self.leave_out(k, &[]).0
    }
    /// The persons who leave with all their rows: those whose signature fewer than `k` share, and those with a row in a
    /// class that is left out. `classes` says which those are; an empty list stands for none.
    #[must_use]
    pub fn leave_out(&self, k: u64, classes: &[bool]) -> (Rare, Marks) {
        let out = |class: &(u32, u64)| classes.get(class.0 as usize).copied().unwrap_or(false);
        let leaves: Vec<bool> = (0..self.alike.len())
            .map(|signature| {
                self.alike[signature] < k || (!classes.is_empty() && self.classes(signature).iter().any(out))
            })
            .collect();
        let mut rare = Rare::default();
        for (signature, _) in leaves.iter().enumerate().filter(|(_, leaves)| **leaves) {
            rare.signatures += 1;
            rare.persons += self.alike[signature];
            rare.rows += self.rows[signature];
        }
        let persons = self.marks.iter().zip(&self.signatures).filter(|(_, signature)| leaves[**signature as usize]);
        (rare, Marks { persons: persons.map(|(mark, _)| *mark).collect(), ..Marks::default() })
    }
    /// The classes of a signature, ascending, and how many rows each of its persons has there.
    #[must_use]
    pub fn classes(&self, signature: usize) -> &[(u32, u64)] {
        &self.classes[self.starts[signature]..self.starts[signature + 1]]
    }
    /// The fewest persons that share a pair of rows which some person has: k^m for m = 2. None where nobody has two rows.
    /// Every pair of classes of a signature is looked at, so the time grows with the square of them; memory does not:
    /// pairs are counted in parts.
    #[must_use]
    pub fn smallest_of_pairs(&self) -> Option<u64> {
        const PAIRS_AT_ONCE: u64 = 1 << 24;
        let all = || (0..self.alike.len()).map(|signature| (self.classes(signature), self.alike[signature]));
        let pairs = all().map(|(classes, _)| (classes.len() * (classes.len() + 1) / 2) as u64).sum::<u64>();
        let parts = u32::try_from(pairs / PAIRS_AT_ONCE + 1).unwrap_or(u32::MAX);
        let mut smallest: Option<u64> = None;
        let mut found: Vec<(u32, u32, u64)> = Vec::new();
        for part in 0..parts {
            found.clear();
            for (classes, alike) in all() {
                for (at, &(class, times)) in classes.iter().enumerate().filter(|(_, (class, _))| class % parts == part)
                {
                    if times > 1 {
                        found.push((class, class, alike));
                    }
                    found.extend(classes[at + 1..].iter().map(|&(other, _)| (class, other, alike)));
                }
            }
            found.sort_unstable();
            let pairs = found.chunk_by(|left, right| (left.0, left.1) == (right.0, right.1));
            let least = pairs.map(|run| run.iter().map(|pair| pair.2).sum()).min();
            smallest = smallest.into_iter().chain(least).min();
        }
        smallest
    }
    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.marks.len() * 20 + self.alike.len() * 16 + self.starts.len() * 8 + self.classes.len() * 16
    }

    /// Puts parts together, each of which holds all rows of its persons; parts are in ascending order of marks.
    pub(super) fn of_parts(parts: Vec<Part>) -> Self {
        let mixer = Mixer::of_process();
        let mut persons = Self {
            marks: Vec::with_capacity(parts.iter().map(|part| part.marks.len()).sum()),
            signatures: Vec::new(),
            alike: Vec::new(),
            rows: Vec::new(),
            starts: vec![0],
            classes: Vec::new(),
        };
        let mut numbers: HashMap<[u64; 2], u32, foldhash::fast::RandomState> = HashMap::default();
        for part in parts {
            let mut from = 0;
            for (mark, length) in part.marks.into_iter().zip(part.lengths) {
                let classes = &part.classes[from..from + length as usize];
                from += length as usize;
                let (sum, rows) = signature(mixer, classes);
                let next = u32::try_from(persons.alike.len()).expect("below four billion signatures");
                let number = match numbers.entry(sum) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        persons.alike.push(0);
                        persons.rows.push(0);
                        persons.classes.extend_from_slice(classes);
                        persons.starts.push(persons.classes.len());
                        *new.insert(next)
                    }
                };
                persons.marks.push(mark);
                persons.signatures.push(number);
                persons.alike[number as usize] += 1;
                persons.rows[number as usize] += rows;
            }
        }
        persons
    }
}

/// Persons whose marks lie in one range.
#[derive(Default)]
pub(super) struct Part {
    pub(super) marks: Vec<[u64; 2]>,
    /// By person: how many classes.
    pub(super) lengths: Vec<u32>,
    /// Class and rows there, person after person.
    pub(super) classes: Vec<(u32, u64)>,
}

/// The sum of the marks of (class, times), whatever the order, and the rows in all.
fn signature(mixer: Mixer, classes: &[(u32, u64)]) -> ([u64; 2], u64) {
    let (mut sum, mut rows) = (0_u128, 0);
    for &(class, times) in classes {
        let mut pair = [0; 12];
        pair[..4].copy_from_slice(&class.to_le_bytes());
        pair[4..].copy_from_slice(&times.to_le_bytes());
        let [high, low] = mixer.mark(&pair);
        sum = sum.wrapping_add(u128::from(high) << 64 | u128::from(low));
        rows += times;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are wanted")]
    let halves = [(sum >> 64) as u64, sum as u64];
    (halves, rows)
}
