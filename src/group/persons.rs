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
//! with persons: 20 bytes each, and 12 for each class of a person who has several rows.

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
    /// For each person with several rows their classes, ascending, and how often.
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
pub struct Marks {
    mixer: Mixer,
    persons: hashbrown::HashSet<[u64; 2], foldhash::fast::RandomState>,
}

impl Marks {
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
        let rare = self.alike.iter().zip(&self.rows).filter(|(alike, _)| **alike < k);
        rare.fold(Rare::default(), |sum, (alike, rows)| Rare {
            signatures: sum.signatures + 1,
            persons: sum.persons + alike,
            rows: sum.rows + rows,
        })
    }
    /// The persons whose signature is shared by fewer than `k`.
    #[must_use]
    pub fn rare(&self, k: u64) -> Marks {
        let rare = |signature: &u32| self.alike[*signature as usize] < k;
        let persons = self.marks.iter().zip(&self.signatures).filter(|(_, signature)| rare(signature));
        Marks { mixer: Mixer::of_process(), persons: persons.map(|(mark, _)| *mark).collect() }
    }
    /// The fewest persons that share a pair of rows which some person has: k^m for m = 2. None where nobody has two rows.
    /// Every pair of rows of a person is looked at, so the time grows with the square of their rows; memory does not:
    /// pairs are counted in parts.
    #[must_use]
    pub fn smallest_of_pairs(&self) -> Option<u64> {
        const PAIRS_AT_ONCE: u64 = 1 << 24;
        let of_person = || self.starts.windows(2).map(|run| &self.classes[run[0]..run[1]]);
        let pairs = of_person().map(|classes| (classes.len() * (classes.len() + 1) / 2) as u64).sum::<u64>();
        let parts = u32::try_from(pairs / PAIRS_AT_ONCE + 1).unwrap_or(u32::MAX);
        let mut smallest: Option<u64> = None;
        let mut found: Vec<(u32, u32)> = Vec::new();
        for part in 0..parts {
            found.clear();
            for classes in of_person() {
                for (at, &(class, times)) in classes.iter().enumerate().filter(|(_, (class, _))| class % parts == part)
                {
                    if times > 1 {
                        found.push((class, class));
                    }
                    found.extend(classes[at + 1..].iter().map(|&(other, _)| (class, other)));
                }
            }
            found.sort_unstable();
            let least = found.chunk_by(PartialEq::eq).map(|run| run.len() as u64).min();
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
                        *new.insert(next)
                    }
                };
                persons.marks.push(mark);
                persons.signatures.push(number);
                persons.alike[number as usize] += 1;
                persons.rows[number as usize] += rows;
                if rows > 1 {
                    persons.classes.extend_from_slice(classes);
                    persons.starts.push(persons.classes.len());
                }
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
