//! The one pass over every byte of the staged files: their digests, what each is made of, and whether marks of the source lie in it.

use super::sought::Sought;
use super::{Case, FileFacts};
use crate::anatomy::{self, Anatomy, Expected, Needles, Search, Sight};
use crate::digest::{Digest, Digesting, MOST_SIDE_BY_SIDE, SIDE_BY_SIDE};
use crate::error::{Error, ErrorKind, Result};
use crate::group::in_parallel;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

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

/// The work on the bytes of the data files, to be shared by threads that may have other work, too.
pub(super) struct Work<'c> {
    case: &'c Case<'c>,
    /// All files of the staging folder.
    listing: &'c [String],
    clock: Clock<'c>,
    /// Whether marks are searched, and whether all cells are UTF-8.
    seek: Option<bool>,
    sought: OnceLock<Option<Sought>>,
    tasks: Mutex<VecDeque<Task>>,
    done: Mutex<Vec<Result<Done>>>,
}

impl<'c> Work<'c> {
    /// All of it. With `seek` the files are walked and searched, too; it says whether all their cells are UTF-8.
    pub(super) fn new(case: &'c Case<'c>, listing: &'c [String], seek: Option<bool>, clock: Clock<'c>) -> Self {
        let tasks: Vec<Task> = match seek {
            Some(_) => tasks(case).into_iter().chain([Task::Others]).collect(),
            None => groups(&by_size(case), case.threads.max(1)).into_iter().map(Task::Digest).collect(),
        };
        let (tasks, done) = (Mutex::new(tasks.into()), Mutex::default());
        Self { case, listing, clock, seek, sought: OnceLock::new(), tasks, done }
    }
    /// How many threads should begin with it while others begin with the rows: so many as there are tasks that take about as long as the
    /// share of a thread.
    pub(super) fn beginners(&self) -> usize {
        if self.case.threads > 1 && reads_side_by_side(self.case) { beginners(self.case.threads) } else { 0 }
    }
    /// Makes ready what is searched; whoever needs it waits for it.
    pub(super) fn make_ready(&self) {
        self.sought();
    }
    /// Does tasks until none is left.
    pub(super) fn help(&self) {
        let next = || self.tasks.lock().ok()?.pop_front();
        while let Some(task) = next() {
            let done = self.work(task);
            if let Ok(mut all) = self.done.lock() {
                all.push(done);
            }
        }
    }
    fn work(&self, task: Task) -> Result<Done> {
        let (case, clock, sought) = (self.case, self.clock, self.sought());
        let none = Needles::new(&[]);
        let needles = sought.map_or(&none, |sought| &sought.in_data);
        let mut done = Done::default();
        match task {
            Task::Digest(files) => return digest_all(case, &files, clock),
            Task::Whole(files) if case.policy.form.is_plain_text() => {
                return read_side_by_side(case, &files, needles, clock);
            }
            Task::Whole(files) => files.iter().try_for_each(|at| done.read(case, *at, needles, clock))?,
            Task::Walk(at) => {
                let start = clock();
                let mut look = Look::new(needles, clock);
                let anatomy = anatomy::examine(&case.files[at], &case.policy.form, &mut look).ok();
                done.walked(start, 0, vec![(at, anatomy, look)], clock);
            }
            Task::Others => done.others = self.search_others(sought),
        }
        Ok(done)
    }
    fn sought(&self) -> Option<&Sought> {
        self.sought.get_or_init(|| Some(Sought::new(self.case, self.seek?))).as_ref()
    }
    /// The marks in what lies there beside the data: log, plan, profile. None for a file that cannot be read.
    fn search_others(&self, sought: Option<&Sought>) -> Others {
        let needles = Needles::new(sought.map_or(&[][..], |sought| &sought.marks));
        let paths = self.listing.iter().map(|name| self.case.folder.join(name));
        let search = |path| {
            let mut search = needles.search();
            search.bytes(&std::fs::read(path).ok()?);
            Some(search.found().into_keys().collect())
        };
        paths.filter(|path| !self.case.files.contains(path)).map(search).collect()
    }
    /// What the pass found, by data file and in what lies beside them, when all tasks are done.
    pub(super) fn finish(self) -> Result<BytePass> {
        let case = self.case;
        in_parallel(case.threads, vec![(); case.threads.max(1)], |()| self.help());
        let done = self.done.into_inner().map_err(|_| Error::new(ErrorKind::Internal("a reader of bytes died")))?;
        let (files, walked, others, spent) = gather(case, done)?;
        let Some(Sought { marks, columns, .. }) = self.sought.into_inner().flatten() else {
            return Ok(BytePass { files, spent, ..BytePass::default() });
        };
        let mut pass = BytePass { files, marks: marks.len(), spent, ..BytePass::default() };
        for (anatomy, found) in walked {
            pass.searched += usize::from(anatomy.is_some());
            pass.unread += usize::from(anatomy.is_none());
            pass.found.extend(found.into_iter().map(|mark| (columns[mark], mark)));
            pass.anatomies.push(anatomy);
        }
        for found in others {
            pass.searched += usize::from(found.is_some());
            pass.unread += usize::from(found.is_none());
            pass.found.extend(found.into_iter().flatten().map(|mark| (columns[mark], mark)));
        }
        Ok(pass)
    }
}

/// Work on data files, by their places.
enum Task {
    /// All of it, in one reading; several files side by side.
    Whole(Vec<usize>),
    Digest(Vec<usize>),
    Walk(usize),
    /// What lies there beside them.
    Others,
}

/// The work, so ordered and cut that all threads are busy to the end. Plain text is read side by side where there are enough files, by
/// threads that find more work behind it; else file by file, the largest first, and in two tasks those that would leave a thread without
/// one. Columnar files take two readings anyway.
fn tasks(case: &Case<'_>) -> Vec<Task> {
    let files = by_size(case);
    let threads = case.threads.max(1);
    if reads_side_by_side(case) {
        return groups(&files, beginners(threads)).into_iter().map(Task::Whole).collect();
    }
    let columnar = matches!(case.policy.form, Expected::Parquet | Expected::Arrow);
    let whole = if columnar && threads > 1 { 0 } else { files.len() - files.len() % threads };
    let (whole, cut) = files.split_at(whole);
    let walks = cut.iter().map(|at| Task::Walk(*at));
    let digests = groups(cut, threads).into_iter().map(Task::Digest);
    whole.iter().map(|at| Task::Whole(vec![*at])).chain(digests).chain(walks).collect()
}

/// Whether there are so many files of plain text that it is faster to read them side by side.
fn reads_side_by_side(case: &Case<'_>) -> bool {
    case.policy.form.is_plain_text() && case.files.len() >= SIDE_BY_SIDE * beginners(case.threads)
}

/// Of so many threads, those that have about as much to do with the bytes as all others have with the rows: three of eight where it was
/// measured.
fn beginners(threads: usize) -> usize {
    (3 * threads).div_ceil(8).max(1)
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
    let count = (threads * files.len().div_ceil(threads * MOST_SIDE_BY_SIDE)).min(files.len());
    (0..count).map(|group| files.iter().skip(group).step_by(count).copied().collect()).collect()
}

/// What a data file is made of, and the marks that were found in it.
type Walked = (Option<Anatomy>, BTreeSet<usize>);

/// For each of the other files the marks that were found in it; none where it could not be read.
type Others = Vec<Option<Vec<usize>>>;

/// What the tasks gave; every file has its digest made in one of them.
fn gather(case: &Case<'_>, all: Vec<Result<Done>>) -> Result<(Vec<FileFacts>, Vec<Walked>, Others, Spent)> {
    let mut digests: Vec<Option<(Digest, u64)>> = vec![None; case.files.len()];
    let mut walked: Vec<Walked> = case.files.iter().map(|_| Walked::default()).collect();
    let (mut others, mut spent) = (Others::new(), Spent::default());
    for done in all {
        let done = done?;
        others.extend(done.others);
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
    let digests: Option<Vec<(Digest, u64)>> = digests.into_iter().collect();
    let digests = digests.ok_or(ErrorKind::Internal("a data file that nobody read"))?;
    let name = |path: &Path| path.strip_prefix(&case.folder).unwrap_or(path).to_string_lossy().into_owned();
    let facts = case.files.iter().zip(digests);
    let facts = facts.map(|(path, (digest, bytes))| FileFacts { name: name(path), bytes, digest });
    Ok((facts.collect(), walked, others, spent))
}

/// What one task gave, by the places of the files.
#[derive(Default)]
struct Done {
    digests: Vec<(usize, (Digest, u64))>,
    walked: Vec<(usize, Walked)>,
    others: Others,
    spent: Spent,
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

    fn pass(case: &Case<'_>, in_utf8: bool, clock: Clock<'_>) -> Result<BytePass> {
        Work::new(case, &[], Some(in_utf8), clock).finish()
    }

    fn digests(case: &Case<'_>) -> Result<BytePass> {
        Work::new(case, &[], None, &|| 0).finish()
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
                        Task::Digest(_) | Task::Others => continue,
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
            let pass = over(&files, threads, &csv(), |case, _| pass(case, true, &|| 0).unwrap());
            let facts = |(at, bytes): (usize, &&[u8])| FileFacts {
                name: format!("part-{at}"),
                bytes: bytes.len() as u64,
                digest: Digest::of_bytes(bytes),
            };
            assert_eq!(pass.files, files.iter().enumerate().map(facts).collect::<Vec<_>>());
            let odd: Vec<bool> = pass.anatomies.iter().flatten().map(|found| !found.oddities.is_empty()).collect();
            assert_eq!((odd, pass.found.len(), pass.searched), (vec![false, false, true], 1, 3), "{threads} threads");
            let digests = over(&files, threads, &csv(), |case, _| digests(case).unwrap());
            assert_eq!((digests.files, digests.anatomies.len()), (pass.files, 0));
        }
    }

    #[test]
    fn threads_that_begin_with_the_bytes_find_what_others_find_behind_the_rows() {
        let planted = format!("a,{}\n", world::phone(7));
        let files: Vec<Vec<u8>> = (0..40).map(|rows| "a,b\n".repeat(rows * rows).into_bytes()).collect();
        let mut files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        files.push(planted.as_bytes());
        for (count, threads, begin) in [(1, 2, 0), (2, 2, 0), (41, 1, 0), (41, 2, 1), (41, 4, 2), (41, 8, 3)] {
            let found = |early: bool| {
                over(&files[41 - count..], threads, &csv(), |case, _| {
                    let work = Work::new(case, &[], Some(true), &|| 0);
                    assert_eq!(work.beginners(), begin, "{count} files, {threads} threads");
                    let helpers = if early { begin } else { 0 };
                    std::thread::scope(|scope| (0..helpers).for_each(|_| drop(scope.spawn(|| work.help()))));
                    let pass = work.finish().unwrap();
                    (pass.files, pass.anatomies, pass.found, pass.searched)
                })
            };
            assert_eq!(found(true), found(false));
            assert_eq!((found(true).2.len(), found(true).3), (1, count));
        }
    }

    #[test]
    fn a_file_that_is_not_of_its_format_has_a_digest_and_one_that_cannot_be_read_is_an_error() {
        let pass = |threads| {
            over(&[b"no gzip", b"none"], threads, &gzip(), |case, _| {
                super::tests::pass(case, false, &|| 0).map(|pass| (pass.files[1].digest.clone(), pass.unread))
            })
        };
        for threads in 1..4 {
            assert_eq!(pass(threads).unwrap(), (Digest::of_bytes(b"none"), 2));
            let gone = over(&[b"a\n", b"b\n", b"c\n"], threads, &csv(), |case, folder| {
                std::fs::remove_file(folder.join("part-1")).unwrap();
                [super::tests::pass(case, true, &|| 0).is_err(), digests(case).is_err()]
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
        let spent = over(&[b"a,b\n"], 1, &csv(), |case, _| pass(case, true, &clock).unwrap().spent);
        assert!(spent.digests > 0 && spent.search > 0 && spent.walk > 0);
    }
}
