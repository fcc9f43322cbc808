//! What is counted in the classes of a node: numbers as narrow as the table allows, histograms, lists of persons.

/// A count: 32 bits where the whole table has fewer rows than that holds, else 64. No sum of a table's counts is above
/// its rows, so sums never wrap.
pub(super) trait Count: Copy + Default + Eq + Ord + Send + Sync + 'static {
    /// The count of a whole number.
    fn of(number: u64) -> Self;
    /// The whole number.
    fn get(self) -> u64;
    /// The sum.
    fn plus(self, other: Self) -> Self;
}

impl Count for u32 {
    #[inline(always)]
    fn of(number: u64) -> Self {
        Self::try_from(number).expect("chosen by the number of rows")
    }
    #[inline(always)]
    fn get(self) -> u64 {
        u64::from(self)
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl Count for u64 {
    #[inline(always)]
    fn of(number: u64) -> Self {
        number
    }
    #[inline(always)]
    fn get(self) -> u64 {
        self
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

/// Sums of numbers by class.
pub(super) fn add_up<C: Count>(numbers: &[C], target: &[u32], classes: usize) -> Vec<C> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let mut sums = vec![C::default(); classes];
    for (&number, &class) in numbers.iter().zip(target) {
        sums[class as usize] = sums[class as usize].plus(number);
    }
    sums
}

/// Lists of numbers, one for each class.
pub(super) struct Ragged {
    starts: Vec<usize>,
    items: Vec<u32>,
}

impl Ragged {
    pub(super) fn new(lists: &[Vec<u32>]) -> Self {
        let mut ragged = Self { starts: vec![0], items: Vec::new() };
        for list in lists {
            ragged.items.extend_from_slice(list);
            ragged.starts.push(ragged.items.len());
        }
        ragged
    }
    pub(super) fn count(&self, class: usize) -> u64 {
        (self.starts[class + 1] - self.starts[class]) as u64
    }
    pub(super) fn bytes(&self) -> usize {
        self.starts.len() * 8 + self.items.len() * 4
    }
    pub(super) fn merged(&self, target: &[u32], classes: usize) -> Self {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(self.items.len());
        for (class, &to) in target.iter().enumerate() {
            pairs.extend(self.items[self.starts[class]..self.starts[class + 1]].iter().map(|&item| (to, item)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let starts = starts_of(pairs.iter().map(|pair| pair.0), classes);
        Self { starts, items: pairs.into_iter().map(|pair| pair.1).collect() }
    }
}

/// Where each class starts in an ascending list of classes.
fn starts_of(ascending: impl Iterator<Item = u32>, classes: usize) -> Vec<usize> {
    let mut starts = vec![0; classes + 1];
    for class in ascending {
        starts[class as usize + 1] += 1;
    }
    for class in 0..classes {
        starts[class + 1] += starts[class];
    }
    starts
}

/// Rows of each sensitive value in each class.
pub(super) enum Counts<C> {
    /// `values` counts a class.
    Dense { values: usize, counts: Vec<C> },
    /// Only the values that occur.
    Sparse { values: usize, starts: Vec<usize>, codes: Vec<u32>, counts: Vec<C> },
}

/// Up to so many values a class's histogram is written out.
const DENSE: usize = 64;

impl<C: Count> Counts<C> {
    pub(super) fn new(column: &super::problem::Sensitive, classes: usize) -> Self {
        if column.values <= DENSE {
            let mut counts = vec![C::default(); classes * column.values];
            for class in 0..classes {
                for at in column.starts[class]..column.starts[class + 1] {
                    let cell = &mut counts[class * column.values + column.codes[at] as usize];
                    *cell = cell.plus(C::of(column.counts[at]));
                }
            }
            return Self::Dense { values: column.values, counts };
        }
        Self::Sparse {
            values: column.values,
            starts: column.starts.clone(),
            codes: column.codes.clone(),
            counts: column.counts.iter().map(|&count| C::of(count)).collect(),
        }
    }
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Dense { counts, .. } => counts.len() * size_of::<C>(),
            Self::Sparse { starts, codes, .. } => starts.len() * 8 + codes.len() * (4 + size_of::<C>()),
        }
    }
    /// Histograms of coarser classes; `sums` is memory to use.
    pub(super) fn merged(&self, target: &[u32], classes: usize, mut sums: Vec<C>) -> Self {
        match self {
            Self::Dense { values, counts } => {
                sums.clear();
                sums.resize(classes * values, C::default());
                if *values > 0 {
                    for (from, &to) in counts.chunks_exact(*values).zip(target) {
                        for (sum, count) in sums[to as usize * values..][..*values].iter_mut().zip(from) {
                            *sum = sum.plus(*count);
                        }
                    }
                }
                Self::Dense { values: *values, counts: sums }
            }
            Self::Sparse { values, starts, codes, counts } => {
                let mut entries: Vec<(u32, u32, C)> = Vec::with_capacity(codes.len());
                for (class, &to) in target.iter().enumerate() {
                    entries.extend((starts[class]..starts[class + 1]).map(|at| (to, codes[at], counts[at])));
                }
                entries.sort_unstable_by_key(|entry| (entry.0, entry.1));
                entries.dedup_by(|next, kept| {
                    let same = (next.0, next.1) == (kept.0, kept.1);
                    if same {
                        kept.2 = kept.2.plus(next.2);
                    }
                    same
                });
                Self::Sparse {
                    values: *values,
                    starts: starts_of(entries.iter().map(|entry| entry.0), classes),
                    codes: entries.iter().map(|entry| entry.1).collect(),
                    counts: entries.iter().map(|entry| entry.2).collect(),
                }
            }
        }
    }
    /// Writes the histogram of a class out.
    pub(super) fn write(&self, class: usize, out: &mut Vec<u64>) {
        out.clear();
        match self {
            Self::Dense { values, counts } => {
                out.extend(counts[class * values..][..*values].iter().map(|count| count.get()));
            }
            Self::Sparse { values, starts, codes, counts } => {
                out.resize(*values, 0);
                for at in starts[class]..starts[class + 1] {
                    out[codes[at] as usize] = counts[at].get();
                }
            }
        }
    }
}
