//! The one pass over every byte of the staged files: their digests, what each is made of, and whether marks of the source lie in it.
//!
//! The marks ("canaries") are raw cells of the sampled rows, of columns that name persons and do not leave as they are. They are long
//! enough that chance does not write them.

use super::{Case, FileFacts};
use crate::anatomy::{self, Anatomy, Expected, Needles, Search, Sight};
use crate::digest::{Digest, Digesting, SIDE_BY_SIDE};
use crate::domain::SemanticType;
use crate::error::Result;
use crate::group::in_parallel;
use std::collections::BTreeSet;
use std::path::Path;

/// What the pass found.
#[derive(Default)]
pub(super) struct BytePass {
    /// Name, size and digest of each data file.
    pub(super) files: Vec<FileFacts>,
    /// What each data file is made of; none where it is not of its format, and of no file where nobody asks.
    pub(super) anatomies: Vec<Option<Anatomy>>,
    /// Marks that were searched.
    pub(super) marks: usize,
    /// Source columns of which a mark was found, with the number of marks; in data and in the other files.
    pub(super) found: BTreeSet<(usize, usize)>,
    /// Files that were searched, data and others.
    pub(super) searched: usize,
    /// Files that could not be searched.
    pub(super) unread: usize,
    /// What it took.
    pub(super) spent: Spent,
}

/// Microseconds of all workers together.
#[derive(Default, Clone, Copy)]
pub(super) struct Spent {
    pub(super) digests: u64,
    pub(super) search: u64,
    pub(super) walk: u64,
}

/// Microseconds, monotonic.
type Clock<'c> = &'c (dyn Fn() -> u64 + Sync);

/// Files that are read side by side: as many as the digest has lanes.
const GROUP: usize = 8;

/// Marks of a column.
const MARKS: usize = 64;
/// Cells of a column that they are chosen from.
const CANDIDATES: usize = 4 * MARKS;

/// The digests of the data files alone.
pub(super) fn digests(case: &Case<'_>, clock: Clock<'_>) -> Result<BytePass> {
    let tasks = groups(&by_size(case), case.threads.max(1)).into_iter().map(Task::Digest).collect();
    let (files, _, spent) = read(case, tasks, &Needles::new(&[]), clock)?;
    Ok(BytePass { files, spent, ..BytePass::default() })
}

/// What is searched.
pub(super) struct Sought {
    /// Raw cells.
    marks: Vec<Vec<u8>>,
    /// The source column of each.
    columns: Vec<usize>,
    /// They in all faces that data files may have.
    in_data: Needles,
}

impl Sought {
    /// What the source gives; `in_utf8` says that all cells of the data files are UTF-8.
    pub(super) fn new(case: &Case<'_>, in_utf8: bool) -> Self {
        let (columns, marks): (Vec<usize>, Vec<Vec<u8>>) = marks(case).into_iter().unzip();
        let text = in_utf8 && matches!(case.policy.form, Expected::Csv { .. } | Expected::Ndjson { .. });
        let in_data = if text { Needles::in_utf8(&marks) } else { Needles::new(&marks) };
        Self { marks, columns, in_data }
    }
}

/// Every file of the staging folder is looked at, data files through their packing.
pub(super) fn pass(case: &Case<'_>, listing: &[String], sought: &Sought, clock: Clock<'_>) -> Result<BytePass> {
    let Sought { marks, columns, in_data } = sought;
    let others = || search_others(case, listing, &Needles::new(marks));
    std::thread::scope(|scope| {
        let beside = (case.threads > 1).then(|| scope.spawn(others));
        let (files, walked, spent) = read(case, tasks(case), in_data, clock)?;
        let mut pass = BytePass { files, marks: marks.len(), spent, ..BytePass::default() };
        for (anatomy, found) in walked {
            pass.searched += usize::from(anatomy.is_some());
            pass.unread += usize::from(anatomy.is_none());
            pass.found.extend(found.into_iter().map(|mark| (columns[mark], mark)));
            pass.anatomies.push(anatomy);
        }
        let others = match beside {
            Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => others(),
        };
        for found in others {
            pass.searched += usize::from(found.is_some());
            pass.unread += usize::from(found.is_none());
            pass.found.extend(found.into_iter().flatten().map(|mark| (columns[mark], mark)));
        }
        Ok(pass)
    })
}

/// The marks in what lies there beside the data: log, plan, profile. None for a file that cannot be read.
fn search_others(case: &Case<'_>, listing: &[String], needles: &Needles) -> Vec<Option<Vec<usize>>> {
    let paths = listing.iter().map(|name| case.folder.join(name)).filter(|path| !case.files.contains(path));
    let search = |path| {
        let mut search = needles.search();
        search.bytes(&std::fs::read(path).ok()?);
        Some(search.found().into_keys().collect())
    };
    paths.map(search).collect()
}

/// Work on data files, by their places.
#[derive(Clone)]
enum Task {
    /// All of it, in one reading; several files side by side.
    Whole(Vec<usize>),
    Digest(Vec<usize>),
    Walk(usize),
}

/// The work, so ordered and cut that all threads are busy to the end. Plain text is read side by side where there are enough files for all
/// threads; else file by file, the largest first, and in two tasks those that would leave a thread without one. Columnar files take two
/// readings anyway.
fn tasks(case: &Case<'_>) -> Vec<Task> {
    let form = &case.policy.form;
    let files = by_size(case);
    let threads = case.threads.max(1);
    if form.is_plain_text() && files.len() >= SIDE_BY_SIDE * threads {
        return groups(&files, threads).into_iter().map(Task::Whole).collect();
    }
    let columnar = matches!(form, Expected::Parquet | Expected::Arrow);
    let whole = if columnar && threads > 1 { 0 } else { files.len() - files.len() % threads };
    let (whole, cut) = files.split_at(whole);
    let walks = cut.iter().map(|at| Task::Walk(*at));
    let digests = groups(cut, threads).into_iter().map(Task::Digest);
    whole.iter().map(|at| Task::Whole(vec![*at])).chain(digests).chain(walks).collect()
}

/// Data files, the largest first.
fn by_size(case: &Case<'_>) -> Vec<usize> {
    let size = |at: &usize| std::fs::metadata(&case.files[*at]).map_or(0, |file| file.len());
    let mut files: Vec<usize> = (0..case.files.len()).collect();
    files.sort_by_cached_key(|at| std::cmp::Reverse(size(at)));
    files
}

/// Deals the files out, to each thread as many groups and about as many files.
fn groups(files: &[usize], threads: usize) -> Vec<Vec<usize>> {
    let count = (threads * files.len().div_ceil(threads * GROUP)).min(files.len());
    (0..count).map(|group| files.iter().skip(group).step_by(count).copied().collect()).collect()
}

/// What a data file is made of, and the marks that were found in it.
type Walked = (Option<Anatomy>, BTreeSet<usize>);

/// Does the tasks; every file has its digest made in one of them.
fn read(
    case: &Case<'_>,
    tasks: Vec<Task>,
    needles: &Needles,
    clock: Clock<'_>,
) -> Result<(Vec<FileFacts>, Vec<Walked>, Spent)> {
    let mut digests: Vec<Option<(Digest, u64)>> = vec![None; case.files.len()];
    let mut walked: Vec<Walked> = case.files.iter().map(|_| Walked::default()).collect();
    let mut spent = Spent::default();
    for done in in_parallel(case.threads, tasks, |task| work(case, task, needles, clock)) {
        let done = done?;
        for (at, digest) in done.digests {
            digests[at] = Some(digest);
        }
        for (at, walk) in done.walked {
            walked[at] = walk;
        }
        spent.digests += done.spent.digests;
        spent.search += done.spent.search;
        spent.walk += done.spent.walk;
    }
    let name = |path: &Path| path.strip_prefix(&case.folder).unwrap_or(path).to_string_lossy().into_owned();
    let facts = case.files.iter().zip(digests.into_iter().flatten());
    let facts = facts.map(|(path, (digest, bytes))| FileFacts { name: name(path), bytes, digest });
    Ok((facts.collect(), walked, spent))
}

/// What one task gave, by the places of the files.
#[derive(Default)]
struct Done {
    digests: Vec<(usize, (Digest, u64))>,
    walked: Vec<(usize, Walked)>,
    spent: Spent,
}

fn work(case: &Case<'_>, task: Task, needles: &Needles, clock: Clock<'_>) -> Result<Done> {
    match task {
        Task::Digest(files) => digest_all(case, &files, clock),
        Task::Walk(at) => {
            let start = clock();
            let mut look = Look::new(needles, clock);
            let anatomy = anatomy::examine(&case.files[at], &case.policy.form, &mut look).ok();
            let mut done = Done::default();
            done.walked(start, 0, vec![(at, anatomy, look)], clock);
            Ok(done)
        }
        Task::Whole(files) if case.policy.form.is_plain_text() => read_side_by_side(case, &files, needles, clock),
        Task::Whole(files) => {
            let mut done = Done::default();
            files.iter().try_for_each(|at| done.read(case, *at, needles, clock))?;
            Ok(done)
        }
    }
}

/// The digests of some files.
fn digest_all(case: &Case<'_>, files: &[usize], clock: Clock<'_>) -> Result<Done> {
    let start = clock();
    let paths: Vec<&Path> = files.iter().map(|at| case.files[*at].as_path()).collect();
    let digests = files.iter().copied().zip(Digest::of_files(&paths)?).collect();
    let spent = Spent { digests: clock().saturating_sub(start), ..Spent::default() };
    Ok(Done { digests, spent, ..Done::default() })
}

/// Plain text in one reading: the bytes that are searched are those of the digest.
fn read_side_by_side(case: &Case<'_>, files: &[usize], needles: &Needles, clock: Clock<'_>) -> Result<Done> {
    let start = clock();
    let paths: Vec<&Path> = files.iter().map(|at| case.files[*at].as_path()).collect();
    let mut looks: Vec<Look<'_>> = files.iter().map(|_| Look::new(needles, clock)).collect();
    let mut digests: Vec<Digesting> = files.iter().map(|_| Digesting::default()).collect();
    let mut spent = 0;
    let own = &mut |pieces: &[&[u8]]| {
        let start = clock();
        Digesting::add_each(&mut digests, pieces);
        spent += clock().saturating_sub(start);
    };
    let anatomies = anatomy::examine_side_by_side(&paths, &case.policy.form, &mut looks, own)?;
    let digests = files.iter().copied().zip(digests.into_iter().map(Digesting::finish)).collect();
    let mut done = Done { digests, ..Done::default() };
    let walked = files.iter().zip(anatomies).zip(looks);
    done.walked(start, spent, walked.map(|((at, anatomy), look)| (*at, Some(anatomy), look)).collect(), clock);
    Ok(done)
}

impl Done {
    /// Notes what was walked since `start`; digests took so much of it.
    fn walked(&mut self, start: u64, digests: u64, walked: Vec<(usize, Option<Anatomy>, Look<'_>)>, clock: Clock<'_>) {
        let all = clock().saturating_sub(start);
        let search = walked.iter().map(|(_, _, look)| look.spent).sum::<u64>();
        self.spent.digests += digests;
        self.spent.search += search;
        self.spent.walk += all.saturating_sub(search + digests);
        for (at, anatomy, look) in walked {
            let found = look.search.map(|search| search.found().into_keys().collect());
            self.walked.push((at, (anatomy, found.unwrap_or_default())));
        }
    }
    /// Reads a file that may be packed or of columns.
    fn read(&mut self, case: &Case<'_>, at: usize, needles: &Needles, clock: Clock<'_>) -> Result<()> {
        let start = clock();
        let (mut look, mut digest, mut spent) = (Look::new(needles, clock), Digesting::default(), 0);
        let add = &mut |piece: &[u8]| {
            let start = clock();
            digest.add(piece);
            spent += clock().saturating_sub(start);
        };
        let anatomy = anatomy::examine_and_read(&case.files[at], &case.policy.form, &mut look, add)?;
        self.digests.push((at, digest.finish()));
        self.walked(start, spent, vec![(at, anatomy.ok(), look)], clock);
        Ok(())
    }
}

/// A search, if there is anything to be searched, and what it took.
struct Look<'n> {
    search: Option<Search<'n>>,
    clock: Clock<'n>,
    spent: u64,
}

impl<'n> Look<'n> {
    fn new(needles: &'n Needles, clock: Clock<'n>) -> Self {
        Self { search: (!needles.is_empty()).then(|| needles.search()), clock, spent: 0 }
    }
}

impl Sight for Look<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(search) = &mut self.search {
            let start = (self.clock)();
            search.bytes(bytes);
            self.spent += (self.clock)().saturating_sub(start);
        }
    }
    fn cut(&mut self) {
        if let Some(search) = &mut self.search {
            search.cut();
        }
    }
}

/// Raw cells to be searched, each with its source column: of columns that name persons, spread over the sampled rows, long and varied
/// enough, and in no column that leaves as it is.
fn marks(case: &Case<'_>) -> Vec<(usize, Vec<u8>)> {
    let mut marks = Vec::new();
    let kept: Vec<usize> =
        case.policy.columns.iter().filter(|column| column.operator == "keep").map(|column| column.source).collect();
    for (at, column) in case.policy.sources.iter().enumerate() {
        if !column.role.names_a_person() || kept.contains(&at) {
            continue;
        }
        // one row of so many, then the next of each, until there are enough
        let step = case.aside.rows.len().div_ceil(CANDIDATES).max(1);
        let rows = (0..step).flat_map(|first| case.aside.rows.iter().skip(first).step_by(step));
        let rare = rows.filter_map(|row| row.raw.get(at).filter(|cell| is_rare(cell, column.semantic)));
        let mut some: BTreeSet<&[u8]> = BTreeSet::new();
        for cell in rare {
            some.insert(cell);
            if some.len() >= CANDIDATES {
                break;
            }
        }
        // the longest: their faces are the least like each other, and they are searched in the longest steps
        let mut some: Vec<(usize, &[u8])> = some.into_iter().map(|cell| (anatomy::shortest_face(cell), cell)).collect();
        some.sort_by_key(|(shortest, _)| std::cmp::Reverse(*shortest));
        marks.extend(some.into_iter().take(MARKS).map(|(_, cell)| (at, cell.to_vec())));
    }
    marks
}

/// Whether chance would hardly write the cell: nine bytes or more, of five different ones or more. Three Han characters are nine bytes,
/// and a name of three may be a word: names need four.
fn is_rare(cell: &[u8], semantic: SemanticType) -> bool {
    let least = if semantic == SemanticType::Name && !cell.is_ascii() { 12 } else { 9 };
    let mut different = [0_u64; 4];
    for byte in cell {
        different[usize::from(byte / 64)] |= 1 << (byte % 64);
    }
    cell.len() >= least && different.iter().map(|bits| bits.count_ones()).sum::<u32>() >= 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::Packing;
    use crate::gate::tests::world;

    /// A case over some files of text, largest last.
    fn over<T>(files: &[&[u8]], threads: usize, form: &Expected, ask: impl FnOnce(&Case<'_>, &Path) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let name = |at: usize| folder.path().join(format!("part-{at}"));
        files.iter().enumerate().for_each(|(at, bytes)| std::fs::write(name(at), bytes).unwrap());
        let mut world = world::clean();
        world.policy.form = form.clone();
        world.with_case(folder.path(), |case| {
            let case = Case { files: (0..files.len()).map(name).collect(), threads, ..case };
            ask(&case, folder.path())
        })
    }

    fn csv() -> Expected {
        Expected::Csv { delimiter: b',', null: Vec::new(), packing: Packing::None }
    }

    #[test]
    fn every_file_is_walked_once_and_digested_once_by_any_number_of_threads() {
        let files: Vec<Vec<u8>> = (1..=20).map(|rows| "a,b\n".repeat(rows).into_bytes()).collect();
        for count in 1..=files.len() {
            let files: Vec<&[u8]> = files[..count].iter().map(Vec::as_slice).collect();
            for (threads, form) in (1..5).flat_map(|threads| [(threads, csv()), (threads, Expected::Parquet)]) {
                let tasks = over(&files, threads, &form, |case, _| tasks(case));
                let (mut digested, mut walked) = (vec![0; count], vec![0; count]);
                for task in &tasks {
                    let (Task::Whole(files) | Task::Digest(files)) = task else { continue };
                    files.iter().for_each(|at| digested[*at] += 1);
                }
                for task in tasks {
                    let files = match task {
                        Task::Whole(files) => files,
                        Task::Walk(at) => vec![at],
                        Task::Digest(_) => continue,
                    };
                    files.iter().for_each(|at| walked[*at] += 1);
                }
                assert_eq!((digested, walked), (vec![1; count], vec![1; count]), "{count} files, {threads} threads");
            }
        }
    }

    #[test]
    fn what_is_found_and_the_digests_do_not_depend_on_threads() {
        let planted = format!("a,{}\n", world::phone(7));
        let files: [&[u8]; 3] = [b"a,b\n", planted.as_bytes(), b"a,b\r\nc,d\n\n"];
        for threads in 1..5 {
            let pass =
                over(&files, threads, &csv(), |case, _| pass(case, &[], &Sought::new(case, true), &|| 0).unwrap());
            let facts = |(at, bytes): (usize, &&[u8])| FileFacts {
                name: format!("part-{at}"),
                bytes: bytes.len() as u64,
                digest: Digest::of_bytes(bytes),
            };
            assert_eq!(pass.files, files.iter().enumerate().map(facts).collect::<Vec<_>>());
            let odd: Vec<bool> = pass.anatomies.iter().flatten().map(|found| !found.oddities.is_empty()).collect();
            assert_eq!((odd, pass.found.len(), pass.searched), (vec![false, false, true], 1, 3), "{threads} threads");
            let digests = over(&files, threads, &csv(), |case, _| digests(case, &|| 0).unwrap());
            assert_eq!((digests.files, digests.anatomies.len()), (pass.files, 0));
        }
    }

    #[test]
    fn a_file_that_is_not_of_its_format_has_a_digest_and_one_that_cannot_be_read_is_an_error() {
        let pass = |threads| {
            over(&[b"no gzip", b"none"], threads, &gzip(), |case, _| {
                pass(case, &[], &Sought::new(case, false), &|| 0)
                    .map(|pass| (pass.files[1].digest.clone(), pass.unread))
            })
        };
        for threads in 1..4 {
            assert_eq!(pass(threads).unwrap(), (Digest::of_bytes(b"none"), 2));
            let gone = over(&[b"a\n", b"b\n", b"c\n"], threads, &csv(), |case, folder| {
                std::fs::remove_file(folder.join("part-1")).unwrap();
                [super::pass(case, &[], &Sought::new(case, true), &|| 0).is_err(), digests(case, &|| 0).is_err()]
            });
            assert_eq!(gone, [true, true], "{threads} threads");
        }
    }

    fn gzip() -> Expected {
        Expected::Csv { delimiter: b',', null: Vec::new(), packing: Packing::Gzip }
    }

    #[test]
    fn what_the_pass_took_is_told_apart() {
        let ticks = std::sync::atomic::AtomicU64::new(0);
        let clock = || ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let spent =
            over(&[b"a,b\n"], 1, &csv(), |case, _| pass(case, &[], &Sought::new(case, true), &clock).unwrap().spent);
        assert!(spent.digests > 0 && spent.search > 0 && spent.walk > 0);
    }
}
