//! The workers' shares become one table: values sorted, codes given by their order, equal tuples added up.
//!
//! The outcome depends on the rows alone, not on how they were split: codes and classes are in order of the values.

use super::builder::{Shape, TableBuilder, Tail};
use super::overflow::{Overflow, PARTS};
use super::packing::Layout;
use super::parallel::in_parallel;
use super::persons::{Part, Persons};
use super::table::{ClassTable, Histogram, Shared, Values};
use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One table of all workers' shares, made with so many threads.
///
/// # Panics
/// If the shares are not of one shape, there are four billion classes, or something went elsewhere ([`TableBuilder::spill`]).
#[must_use]
pub fn merge(builders: Vec<TableBuilder>, threads: usize) -> ClassTable {
    merge_with(builders, threads, None).expect("all is in memory")
}

/// The same where some of the shares may wait elsewhere; the table may have so many bytes.
///
/// # Errors
/// When what waits cannot be read, or the table is too large for the memory given.
///
/// # Panics
/// If the shares are not of one shape, or there are four billion classes.
pub fn merge_with(
    mut builders: Vec<TableBuilder>,
    threads: usize,
    elsewhere: Option<(&dyn Overflow, u64)>,
) -> Result<ClassTable> {
    let shape = builders.first().map_or(Shape { quasi: 0, sensitive: 0, subject: false }, |builder| builder.shape);
    assert!(builders.iter().all(|builder| builder.shape == shape), "all shares are of one shape");
    let spilled = builders.iter().any(|builder| !builder.runs.is_empty());
    for builder in &mut builders {
        match elsewhere.filter(|_| spilled) {
            // part by part: so what is left in memory goes there too
            Some((to, _)) => builder.spill(to)?,
            None => builder.tallies.iter_mut().for_each(|tally| tally.counter.settle()),
        }
    }
    let threads = threads.max(1);
    let columns = in_parallel(threads, (0..shape.quasi + shape.sensitive).collect(), |at| merge_values(&builders, at));
    let (mut values, mut translations): (Vec<Values>, Vec<Vec<Vec<u32>>>) = columns.into_iter().unzip();
    let limit = |values: &Values| u32::try_from(values.len()).expect("codes are 32 bits");
    let layout = Layout::new(values[..shape.quasi].iter().map(limit));
    let sensitive = values.split_off(shape.quasi);
    let to_sensitive = translations.split_off(shape.quasi);

    let mut table = ClassTable {
        quasi: values,
        sensitive,
        codes: vec![Vec::new(); shape.quasi],
        rows: Vec::new(),
        members: Vec::new(),
        histograms: Vec::new(),
        shared: None,
        persons: None,
    };
    let tails: Vec<Tail> =
        builders.first().map_or(vec![Tail::None], |builder| builder.tallies.iter().map(|t| t.tail).collect());
    for (at, &tail) in tails.iter().enumerate() {
        let job = Job {
            builders: &builders,
            at,
            tail,
            quasi: &translations,
            sensitive: &to_sensitive,
            layout: &layout,
            threads,
            elsewhere: elsewhere.filter(|_| spilled),
        };
        match layout.words() + tail.words() {
            1 => fill::<1>(&job, &mut table)?,
            2 => fill::<2>(&job, &mut table)?,
            3 => fill::<3>(&job, &mut table)?,
            4 => fill::<4>(&job, &mut table)?,
            5..=8 => fill::<8>(&job, &mut table)?,
            9..=32 => fill::<32>(&job, &mut table)?,
            33..=128 => fill::<128>(&job, &mut table)?,
            _ => fill::<1024>(&job, &mut table)?,
        }
    }
    Ok(table)
}

/// One tally of all workers, and how their codes translate.
struct Job<'a> {
    builders: &'a [TableBuilder],
    at: usize,
    tail: Tail,
    quasi: &'a [Vec<Vec<u32>>],
    sensitive: &'a [Vec<Vec<u32>>],
    layout: &'a Layout,
    threads: usize,
    /// Where the entries wait, if they do, and how many bytes the table may have.
    elsewhere: Option<(&'a dyn Overflow, u64)>,
}

type Entry<const W: usize> = ([u64; W], u64);

/// Merges one tally into the table. Keys are padded to `W` words.
fn fill<const W: usize>(job: &Job<'_>, table: &mut ClassTable) -> Result<()> {
    let words = job.layout.words();
    let pieces = match job.elsewhere {
        None => sorted_entries::<W>(job),
        Some((from, most_bytes)) => vec![entries_from_elsewhere::<W>(job, from, most_bytes)?],
    };
    if job.tail == Tail::None {
        fill_classes(job, &pieces, table);
        return Ok(());
    }
    let entries = pieces.concat();
    drop(pieces);
    // Where a class starts: the tuple differs from the one before. Entries are sorted, so each class is one run.
    let mut starts: Vec<usize> =
        (0..entries.len()).filter(|&at| at == 0 || entries[at].0[..words] != entries[at - 1].0[..words]).collect();
    let classes = starts.len();
    assert_countable(classes);
    if table.rows.is_empty() {
        table.codes = in_parallel(job.threads, (0..job.layout.columns()).collect(), |column| {
            starts.iter().map(|&at| job.layout.get(column, &entries[at].0)).collect()
        });
        starts.push(entries.len());
        table.rows = starts.windows(2).map(|run| entries[run[0]..run[1]].iter().map(|entry| entry.1).sum()).collect();
        table.members.clone_from(&table.rows);
    } else {
        starts.push(entries.len());
    }
    match job.tail {
        Tail::None => {}
        Tail::Sensitive(_) => table.histograms.push(Histogram {
            starts,
            codes: entries.iter().map(|entry| u32::try_from(entry.0[words]).expect("a code")).collect(),
            counts: entries.iter().map(|entry| entry.1).collect(),
        }),
        Tail::Subject => {
            table.members = starts.windows(2).map(|run| (run[1] - run[0]) as u64).collect();
            let person = |at: usize| ([entries[at].0[words], entries[at].0[words + 1]], entries[at].1);
            let (shared, persons) = find_persons(&starts, person, job.threads);
            table.shared = Some(shared);
            table.persons = Some(persons);
        }
    }
    Ok(())
}

/// Every entry is a class of its own.
fn fill_classes<const W: usize>(job: &Job<'_>, pieces: &[Vec<Entry<W>>], table: &mut ClassTable) {
    let classes = pieces.iter().map(Vec::len).sum();
    assert_countable(classes);
    // Piece by piece through some columns at once: a piece stays in the cache.
    let columns: Vec<usize> = (0..job.layout.columns()).collect();
    let share = columns.len().div_ceil(job.threads).max(1);
    let codes = in_parallel(job.threads, columns.chunks(share).collect(), |columns| {
        let mut codes: Vec<Vec<u32>> = columns.iter().map(|_| Vec::with_capacity(classes)).collect();
        for piece in pieces {
            for (codes, &column) in codes.iter_mut().zip(columns) {
                let (word, shift, mask) = job.layout.place(column);
                #[expect(clippy::cast_possible_truncation, reason = "no column has more than 32 bits")]
                codes.extend(piece.iter().map(|entry| ((entry.0[word] >> shift) & mask) as u32));
            }
        }
        codes
    });
    table.codes = codes.into_iter().flatten().collect();
    table.rows = Vec::with_capacity(classes);
    for piece in pieces {
        table.rows.extend(piece.iter().map(|entry| entry.1));
    }
    table.members.clone_from(&table.rows);
}

fn assert_countable(classes: usize) {
    assert!(u32::try_from(classes).is_ok_and(|classes| classes < u32::MAX), "below four billion classes");
}

/// Bits of a key that say which piece it belongs to.
const PIECE_BITS: u32 = 12;
/// Entries of a piece, about: they are sorted in the first or second cache.
const PIECE: usize = 4096;
const MOST_PIECES: usize = 1024;

/// All workers' entries under common codes, equal keys added up, in sorted pieces that follow each other.
fn sorted_entries<const W: usize>(job: &Job<'_>) -> Vec<Vec<Entry<W>>> {
    let total: usize = job.builders.iter().map(|builder| builder.tallies[job.at].counter.len()).sum();
    let moves: Vec<Vec<Move>> =
        job.builders.iter().enumerate().map(|(number, builder)| job.moves(number, &builder.layout)).collect();
    let wanted = (total / PIECE).clamp(1, MOST_PIECES);
    let piece_of = if wanted == 1 { vec![0; 1 << PIECE_BITS] } else { job.even_pieces::<W>(&moves, total, wanted) };
    let count = usize::from(piece_of[piece_of.len() - 1]) + 1;

    let cut = in_parallel(job.threads, (0..job.builders.len()).collect(), |number| {
        let counter = &job.builders[number].tallies[job.at].counter;
        let room = counter.len() / count * 9 / 8;
        let mut cut: Vec<Vec<Entry<W>>> = (0..count).map(|_| Vec::with_capacity(room)).collect();
        counter.for_each(|key, count| {
            let key = job.translate(number, &job.builders[number].layout, &moves[number], key);
            cut[usize::from(piece_of[prefix(&key)])].push((key, count));
        });
        cut
    });
    let mut by_piece: Vec<Vec<Vec<Entry<W>>>> = (0..count).map(|_| Vec::with_capacity(cut.len())).collect();
    for share in cut {
        for (piece, entries) in share.into_iter().enumerate() {
            by_piece[piece].push(entries);
        }
    }
    in_parallel(job.threads, by_piece, |shares| {
        let mut shares = shares.into_iter();
        let mut entries = shares.next().unwrap_or_default();
        shares.for_each(|more| entries.extend_from_slice(&more));
        sort(&mut entries);
        if job.builders.len() > 1 {
            add_up(&mut entries);
        }
        entries
    })
}

/// Equal keys of a sorted list become one.
fn add_up<const W: usize>(entries: &mut Vec<Entry<W>>) {
    entries.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}

/// The same where the entries wait elsewhere: part by part, so that never much more than the table is in memory.
fn entries_from_elsewhere<const W: usize>(
    job: &Job<'_>,
    from: &dyn Overflow,
    most_bytes: u64,
) -> Result<Vec<Entry<W>>> {
    let each = size_of::<Entry<W>>() + 4 * job.layout.columns();
    let most = usize::try_from(most_bytes).unwrap_or(usize::MAX) / each;
    let found = AtomicUsize::new(0);
    let parts = in_parallel(job.threads, (0..PARTS).collect(), |part| {
        let mut entries: Vec<Entry<W>> = Vec::new();
        for (number, builder) in job.builders.iter().enumerate() {
            // a worker's runs of one time share a layout
            let mut moves: Option<(&Arc<Layout>, Vec<Move>)> = None;
            for run in builder.runs.iter().filter(|run| run.tally == job.at && run.part == part) {
                if moves.as_ref().is_none_or(|(layout, _)| !Arc::ptr_eq(layout, &run.layout)) {
                    moves = Some((&run.layout, job.moves(number, &run.layout)));
                }
                let (layout, moves) = moves.as_ref().expect("set above");
                run.read(job.tail, from, |key, count| {
                    entries.push((job.translate(number, layout, moves, key), count));
                })?;
            }
        }
        sort(&mut entries);
        add_up(&mut entries);
        entries.shrink_to_fit();
        if found.fetch_add(entries.len(), Ordering::Relaxed) + entries.len() > most {
            return Err(Error::new(ErrorKind::Memory("the table of equivalence classes")));
        }
        Ok(entries)
    });
    let mut all = Vec::with_capacity(found.into_inner());
    for part in parts {
        all.extend(part?);
    }
    sort(&mut all);
    Ok(all)
}

/// The first bits of a key.
#[inline]
fn prefix<const W: usize>(key: &[u64; W]) -> usize {
    (key[0] >> (u64::BITS - PIECE_BITS)) as usize
}

/// Sorts by key: by the bytes in which the keys differ, from the last to the first, or by comparison where that is less work.
fn sort<const W: usize>(entries: &mut Vec<Entry<W>>) {
    let Some(&(first, _)) = entries.first() else { return };
    let mut differ = [0_u64; W];
    for entry in entries.iter() {
        for word in 0..W {
            differ[word] |= entry.0[word] ^ first[word];
        }
    }
    let bytes = (0..W).rev().flat_map(|word| (0..8).map(move |byte| (word, byte * 8)));
    let passes: Vec<(usize, u32)> = bytes.filter(|&(word, shift)| (differ[word] >> shift) & 0xff != 0).collect();
    let comparisons = entries.len().ilog2() as usize;
    if entries.len() < 64 || passes.len() * 2 > comparisons {
        return entries.sort_unstable_by_key(|entry| entry.0);
    }
    let mut other = vec![([0; W], 0); entries.len()];
    for (word, shift) in passes {
        let digit = |entry: &Entry<W>| usize::from((entry.0[word] >> shift).to_le_bytes()[0]);
        let mut next = [0_usize; 256];
        for entry in entries.iter() {
            next[digit(entry)] += 1;
        }
        let mut start = 0;
        for place in &mut next {
            start += std::mem::replace(place, start);
        }
        for entry in entries.iter() {
            let place = &mut next[digit(entry)];
            other[*place] = *entry;
            *place += 1;
        }
        std::mem::swap(entries, &mut other);
    }
}

/// How the bits of neighbouring columns in a worker's key become bits of a common key.
struct Move {
    from: usize,
    shift: u32,
    mask: u64,
    to: usize,
    parts: Vec<u64>,
}

/// Bits of one look-up: its table stays in the first cache.
const MOVED_BITS: u32 = 11;

impl Job<'_> {
    /// How the keys of a worker, packed by a layout, become common keys.
    fn moves(&self, number: usize, own: &Layout) -> Vec<Move> {
        let mut moves: Vec<Move> = Vec::with_capacity(self.quasi.len());
        for (column, codes) in self.quasi.iter().enumerate() {
            let (from, shift, mask) = own.place(column);
            if mask == 0 {
                continue; // nothing but nulls, whose code is 0 everywhere
            }
            let (to, up, _) = self.layout.place(column);
            let mut parts: Vec<u64> = codes[number].iter().map(|&code| u64::from(code) << up).collect();
            parts.resize(1 << mask.count_ones(), 0);
            let before = moves.last_mut().filter(|before| {
                (before.from, before.to) == (from, to) && (before.mask.count_ones() + mask.count_ones()) <= MOVED_BITS
            });
            match before {
                Some(before) => {
                    before.parts =
                        before.parts.iter().flat_map(|high| parts.iter().map(move |low| high | low)).collect();
                    before.mask = before.mask << mask.count_ones() | mask;
                    before.shift = shift;
                }
                None => moves.push(Move { from, shift, mask, to, parts }),
            }
        }
        moves
    }
    /// By the first bits of a key its piece: so many pieces of about as many entries each.
    fn even_pieces<const W: usize>(&self, moves: &[Vec<Move>], total: usize, wanted: usize) -> Vec<u16> {
        let mut met = vec![0_usize; 1 << PIECE_BITS];
        for (number, builder) in self.builders.iter().enumerate() {
            let keys = builder.tallies[self.at].counter.iter().step_by(total / (1 << 14) + 1);
            keys.for_each(|(key, _)| {
                met[prefix(&self.translate::<W>(number, &builder.layout, &moves[number], key))] += 1;
            });
        }
        let sampled: usize = met.iter().sum::<usize>().max(1);
        let mut before = 0;
        let piece = |met: &usize| {
            let piece = before * wanted / sampled;
            before += met;
            u16::try_from(piece.min(wanted - 1)).expect("at most a thousand")
        };
        met.iter().map(piece).collect()
    }
    /// A worker's key under the common codes.
    #[inline]
    fn translate<const W: usize>(&self, number: usize, own: &Layout, moves: &[Move], key: &[u64]) -> [u64; W] {
        let mut common = [0; W];
        for column in moves {
            let code = usize::try_from((key[column.from] >> column.shift) & column.mask).expect("codes are 32 bits");
            common[column.to] |= column.parts[code];
        }
        let (tail, words) = (&key[own.words()..], self.layout.words());
        match self.tail {
            Tail::None => {}
            Tail::Sensitive(column) => {
                let code = usize::try_from(tail[0]).expect("a code");
                common[words] = u64::from(self.sensitive[column - self.quasi.len()][number][code]);
            }
            Tail::Subject => common[words..words + 2].copy_from_slice(tail),
        }
        common
    }
}

/// The sorted values of one column, and the new code of each worker's codes.
fn merge_values(builders: &[TableBuilder], column: usize) -> (Values, Vec<Vec<u32>>) {
    let mut bytes = Vec::new();
    let mut found: Vec<(usize, usize, usize, u32)> = Vec::new();
    for (number, builder) in builders.iter().enumerate() {
        builder.dictionaries[column].for_each(|value, code| {
            found.push((bytes.len(), value.len(), number, code));
            bytes.extend_from_slice(value);
        });
    }
    let value = |entry: &(usize, usize, usize, u32)| &bytes[entry.0..entry.0 + entry.1];
    found.sort_unstable_by(|left, right| value(left).cmp(value(right)));
    let null = builders.iter().any(|builder| builder.dictionaries[column].null_seen());
    let mut values = Values { bytes: Vec::new(), ends: Vec::new(), null };
    if null {
        values.ends.push(0);
    }
    let mut codes: Vec<Vec<u32>> =
        builders.iter().map(|builder| vec![0; builder.dictionaries[column].codes() as usize]).collect();
    for (at, entry) in found.iter().enumerate() {
        if at == 0 || value(entry) != value(&found[at - 1]) {
            values.bytes.extend_from_slice(value(entry));
            values.ends.push(values.bytes.len());
        }
        codes[entry.2][entry.3 as usize] = u32::try_from(values.ends.len() - 1).expect("codes are 32 bits");
    }
    (values, codes)
}

/// Which subjects stand in several classes, and what all rows of each look like together.
fn find_persons(
    starts: &[usize],
    person: impl Fn(usize) -> ([u64; 2], u64) + Sync,
    threads: usize,
) -> (Shared, Persons) {
    let classes = starts.len() - 1;
    // Marks are evenly spread, so their first bits cut the work.
    let parts = threads.next_power_of_two();
    let shift = u64::BITS - parts.trailing_zeros();
    let found = in_parallel(threads, (0..parts as u64).collect(), |part| {
        let mut pairs: Vec<([u64; 2], u32, u64)> = Vec::new();
        for class in 0..classes {
            for at in starts[class]..starts[class + 1] {
                let (mark, times) = person(at);
                if parts == 1 || mark[0] >> shift == part {
                    pairs.push((mark, u32::try_from(class).expect("checked before"), times));
                }
            }
        }
        pairs.sort_unstable();
        let mut several: Vec<(u32, u32)> = Vec::new();
        let mut persons = 0_u32;
        let mut of_part = Part::default();
        for run in pairs.chunk_by(|left, right| left.0 == right.0) {
            if run.len() > 1 {
                several.extend(run.iter().map(|pair| (pair.1, persons)));
                persons += 1;
            }
            of_part.marks.push(run[0].0);
            of_part.lengths.push(u32::try_from(run.len()).expect("classes are counted in 32 bits"));
            of_part.classes.extend(run.iter().map(|pair| (pair.1, pair.2)));
        }
        (several, persons, of_part)
    });
    let mut several: Vec<(u32, u32)> = Vec::new();
    let mut distinct = 0_u32;
    let mut persons = Vec::with_capacity(found.len());
    for (pairs, number, of_part) in found {
        several.extend(pairs.into_iter().map(|(class, person)| (class, person + distinct)));
        distinct = distinct.checked_add(number).expect("below four billion persons in several classes");
        persons.push(of_part);
    }
    several.sort_unstable();
    let mut shared =
        Shared { starts: Vec::with_capacity(classes + 1), persons: Vec::with_capacity(several.len()), distinct };
    let mut pairs = several.into_iter().peekable();
    for class in 0..classes {
        shared.starts.push(shared.persons.len());
        while let Some((_, person)) = pairs.next_if(|pair| pair.0 as usize == class) {
            shared.persons.push(person);
        }
    }
    shared.starts.push(shared.persons.len());
    (shared, Persons::of_parts(persons))
}
