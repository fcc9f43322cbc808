//! Attacks a release, ours or anybody's: what `outis attack` does.
//!
//! Finds the release's tables, reads them and the originals, brings both to the same codes, makes every attack, and gives
//! counts. The release is read as it stands; the profile only says what the columns are and how they were generalized.

mod tokens;

use super::parallel::{Worker, each_shard};
use super::{Progress, Stage, make_pool};
use crate::attack::{
    Children, Downcoding, Guess, Measured, Published, Setting, SinglingOut, Table, Tables, TablesBuilder, align,
    downcode, guess_by_order, infer, link, match_frequencies, same_place, single_out,
};
use crate::error::{Error, ErrorKind, Result, shown};
use crate::group::{self, Shape, TableBuilder};
use crate::hierarchy::{self, Hierarchy, Problem};
use crate::log::Entry;
use crate::profile::{Profile, Role};
use crate::read::{self, Scratch, Shard, ShardCount, Source};
use crate::value::Text;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// What to attack, and with what.
pub struct AttackJob {
    /// Files of the release.
    pub release: Source,
    /// The people of the release, raw.
    pub original: Source,
    /// People who are not in it, raw.
    pub control: Option<Source>,
    /// Every file that lies in the release: an attacker looks there for salts and keys.
    pub beside: Vec<PathBuf>,
    /// What the columns are, where a profile says so.
    pub profile: Option<Profile>,
    /// Folder of the files that the profile names; without it they are not looked for.
    pub folder: Option<PathBuf>,
    /// Columns that the attacker knows, by released name; empty: the quasi-identifiers, or all but the secret.
    pub known: Vec<String>,
    /// Secrets, by released name; empty: the sensitive columns, or each column in turn.
    pub secrets: Vec<String>,
    /// The two halves of the linkability attack; empty: every other known column.
    pub halves: [Vec<String>; 2],
    /// How the attacks are made.
    pub setting: Setting,
}

/// One attack and its counts.
pub struct Made {
    /// Stable name.
    pub attack: &'static str,
    /// Columns that the attacker uses.
    pub columns: Vec<String>,
    /// What is guessed.
    pub secret: Option<String>,
    /// By which hashes tokens were met.
    pub by: Vec<String>,
    /// The counts.
    pub measured: Measured,
}

/// What the attacks gave.
pub struct AttackReport {
    /// Rows of the release, of the originals, and of the control.
    pub rows: [Option<usize>; 3],
    /// Columns that were attacked.
    pub columns: Vec<String>,
    /// Columns of the release that have nothing in common with the originals: tokens and fresh names.
    pub not_comparable: Vec<String>,
    /// Quasi-identifiers whose hierarchy is not at hand; their labels were read as they are written.
    pub without_hierarchy: Vec<String>,
    /// The attacks in order.
    pub attacks: Vec<Made>,
    /// The downcoding probe, where a hierarchy is known.
    pub downcoding: Option<Downcoding>,
}

/// The data files of a release: those of a release folder of ours, all tables of another folder, or the file itself.
///
/// # Errors
/// A folder without a table, and the log of a run, which is none.
pub fn release_files(path: &Path) -> Result<Vec<PathBuf>> {
    let data = path.join("data");
    if !data.is_dir() && (is_log(path) || is_log(&path.join("log.jsonl"))) {
        let text = "this is the log of a run and no release: a run that was refused or failed published nothing";
        return Err(Error::new(ErrorKind::Usage(text.into())).in_file(path));
    }
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let folder = if data.is_dir() { data } else { path.to_path_buf() };
    let entries = std::fs::read_dir(&folder).map_err(|cause| Error::io("list", &folder, &cause))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|cause| Error::io("list", &folder, &cause))?.path();
        if file.is_file() && read::Format::of(&file, None).is_ok() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::new(ErrorKind::Usage("the folder holds no table".into())).in_file(path));
    }
    Ok(files)
}

/// Whether a file begins with an event of ours.
fn is_log(path: &Path) -> bool {
    const LONGEST: u64 = 1 << 20;
    let mut line = Vec::new();
    let read = |file: File| BufReader::new(file).take(LONGEST).read_until(b'\n', &mut line);
    let whole = path.is_file() && File::open(path).and_then(read).is_ok();
    whole && Entry::decode(line.strip_suffix(b"\n").unwrap_or(&line)).is_ok()
}

/// Every file of a release: of a folder all below it, else the file itself.
///
/// # Errors
/// A folder that cannot be listed.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![path.to_path_buf()]);
    while let Some(next) = folders.pop() {
        if !next.is_dir() {
            files.push(next);
            continue;
        }
        for entry in std::fs::read_dir(&next).map_err(|cause| Error::io("list", &next, &cause))? {
            folders.push(entry.map_err(|cause| Error::io("list", &next, &cause))?.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Makes the attacks.
///
/// # Errors
/// Columns that are not there, tables without a row, hierarchies that cannot be read, and whatever reading meets.
pub fn attack(job: &AttackJob, threads: usize, progress: &Progress) -> Result<AttackReport> {
    let names = shared_columns(job)?;
    let (hierarchies, without_hierarchy) = hierarchies(job, &names)?;
    let mut builder = TablesBuilder::new(names.iter().map(|name| name.released.clone()).collect());
    for (to, source) in [
        (Published::Release, Some(&job.release)),
        (Published::Original, Some(&job.original)),
        (Published::Control, job.control.as_ref()),
    ] {
        let Some(source) = source else { continue };
        let places = names.iter().map(|name| name.in_table(to));
        builder = read_into(builder, to, source, &places.collect::<Vec<_>>(), progress)?;
    }
    let known: Vec<Option<&Hierarchy>> = hierarchies.iter().map(Option::as_ref).collect();
    let downcoding = probe(job, &names, &hierarchies, &builder, threads, progress)?;
    let tables = align(builder, &known);
    let rows = |table: Option<&Table>| table.map_or(0, Table::rows);
    let counted = [
        (Some(&job.release), rows(Some(&tables.release))),
        (Some(&job.original), rows(Some(&tables.original))),
        (job.control.as_ref(), rows(tables.control.as_ref())),
    ];
    if let Some(source) = counted.into_iter().find_map(|(source, rows)| source.filter(|_| rows == 0)) {
        let text = "the table has no rows, so nothing can be measured";
        return Err(Error::new(ErrorKind::Usage(text.into())).in_file(&source.files()[0]));
    }
    let (comparable, not_comparable): (Vec<usize>, Vec<usize>) =
        (0..names.len()).partition(|column| tables.is_comparable(*column));
    let name = |at: usize| names[at].released.clone();
    let places: std::collections::BTreeSet<usize> = comparable.iter().map(|at| names[*at].release).collect();
    let raw = names.iter().map(|name| (name.release, name.original)).collect();
    let mut restored = tokens::dictionaries(job, &places, &raw, progress)?;
    for at in not_comparable.iter().filter(|_| !comparable.is_empty()) {
        let measured = match_frequencies(&tables, *at, &comparable, &job.setting);
        let (columns, secret) = (vec![name(*at)], None);
        restored.push(Made { attack: "frequency", columns, secret, measured, by: Vec::new() });
    }
    let mut report = AttackReport {
        rows: [Some(tables.release.rows()), Some(tables.original.rows()), tables.control.as_ref().map(Table::rows)],
        columns: comparable.iter().copied().map(name).collect(),
        not_comparable: not_comparable.into_iter().map(name).collect(),
        without_hierarchy,
        attacks: Vec::new(),
        downcoding,
    };
    report.attacks.extend(restored);
    make_all(job, &tables.only(&comparable), &mut report)?;
    Ok(report)
}

/// A column that the release and the originals have.
struct Shared {
    released: String,
    release: usize,
    original: usize,
    control: usize,
    role: Option<Role>,
}

impl Shared {
    fn in_table(&self, of: Published) -> usize {
        match of {
            Published::Release => self.release,
            Published::Original => self.original,
            Published::Control => self.control,
        }
    }
}

fn shared_columns(job: &AttackJob) -> Result<Vec<Shared>> {
    let mut shared = Vec::new();
    for (release, field) in job.release.schema().fields().iter().enumerate() {
        let spec = job
            .profile
            .as_ref()
            .and_then(|profile| profile.columns.iter().find(|column| column.released_name() == field.name));
        let raw = spec.map_or(field.name.as_str(), |spec| spec.name.as_str());
        let Some(original) = job.original.schema().position(raw) else { continue };
        let control = match &job.control {
            Some(source) => source
                .schema()
                .position(raw)
                .ok_or_else(|| Error::new(ErrorKind::MissingColumn).in_column(raw).in_file(&source.files()[0]))?,
            None => 0,
        };
        shared.push(Shared {
            released: field.name.clone(),
            release,
            original,
            control,
            role: spec.map(|spec| spec.role),
        });
    }
    if shared.is_empty() {
        return Err(ErrorKind::Usage("the release and the originals have no column in common".into()).into());
    }
    let asked = job.known.iter().chain(&job.secrets).chain(job.halves.iter().flatten());
    let blind = job.secrets.iter().find(|secret| !job.known.is_empty() && job.known.iter().all(|name| name == *secret));
    if let Some(secret) = blind {
        let text = format!("`{}` is the secret and all that is known: nothing is left to guess it from", shown(secret));
        return Err(ErrorKind::Usage(text).into());
    }
    let missing = asked
        .filter(|name| shared.iter().all(|column| column.released != **name))
        .map(|name| Error::new(ErrorKind::MissingColumn).in_column(name));
    Error::gather(missing.collect()).map_or(Ok(shared), Err)
}

/// The hierarchy of each column where there is one, and the columns whose hierarchy is not at hand.
fn hierarchies(job: &AttackJob, names: &[Shared]) -> Result<(Vec<Option<Hierarchy>>, Vec<String>)> {
    let (mut found, mut without) = (Vec::new(), Vec::new());
    for name in names {
        let spec = job.profile.iter().flat_map(|profile| &profile.columns);
        let spec = spec.into_iter().find(|column| column.released_name() == name.released);
        let Some(generalize) = spec.and_then(|spec| spec.generalize.as_ref()) else {
            found.push(None);
            continue;
        };
        let read = |file: &str| {
            let folder = job.folder.as_deref().ok_or(ErrorKind::Internal("no folder"))?;
            let path = folder.join(file);
            std::fs::read(&path).map_err(|cause| Error::io("read the hierarchy", &path, &cause))
        };
        found.push(match hierarchy::from_spec(generalize, read) {
            Ok(hierarchy) => Some(hierarchy),
            Err(Problem::File(_)) if job.folder.is_none() => {
                without.push(name.released.clone());
                None
            }
            Err(Problem::File(error)) => return Err(error),
            Err(Problem::InFile(complaints)) => return Err(ErrorKind::Profile(complaints).into()),
            Err(Problem::Parameters(why)) => {
                return Err(ErrorKind::Usage(format!("hierarchy of `{}`: {why}", shown(&name.released))).into());
            }
        });
    }
    Ok((found, without))
}

/// Reads some columns of a source, in order: the draws of the attacks depend on the order of the rows.
fn read_into(
    builder: TablesBuilder,
    to: Published,
    source: &Source,
    places: &[usize],
    progress: &Progress,
) -> Result<TablesBuilder> {
    let pool = make_pool(1)?;
    progress.begin(Stage::Survey);
    let pass = source.pass()?.only(places.iter().copied()).without_fingerprints();
    let worker = Collector { builder, to, places };
    let (mut workers, _) = each_shard(source, &pass, &pool, vec![worker], progress)?;
    workers.pop().map(|worker| worker.builder).ok_or_else(|| ErrorKind::Internal("a worker died").into())
}

struct Collector<'j> {
    builder: TablesBuilder,
    to: Published,
    places: &'j [usize],
}

impl Worker for Collector<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let count = shard.read(scratch, &mut |batch| {
            let texts: Vec<Cow<'_, Text<'_>>> = self.places.iter().map(|at| batch.columns[*at].to_text()).collect();
            self.builder.add(self.to, &texts.iter().map(AsRef::as_ref).collect::<Vec<_>>());
            Ok(())
        })?;
        Ok((count, ()))
    }
}

/// The downcoding probe over the columns that have a hierarchy.
fn probe(
    job: &AttackJob,
    names: &[Shared],
    hierarchies: &[Option<Hierarchy>],
    builder: &TablesBuilder,
    threads: usize,
    progress: &Progress,
) -> Result<Option<Downcoding>> {
    if hierarchies.iter().all(Option::is_none) {
        return Ok(None);
    }
    // other cells of a class count as they are, so that a finer class beside a coarser one is seen
    let quasi: Vec<usize> =
        (0..names.len()).filter(|at| hierarchies[*at].is_some() || names[*at].role == Some(Role::Quasi)).collect();
    let pool = make_pool(threads)?;
    progress.begin(Stage::Survey);
    let places: Vec<usize> = quasi.iter().map(|at| names[*at].release).collect();
    let pass = job.release.pass()?.only(places.iter().copied()).without_fingerprints();
    let shape = Shape { quasi: quasi.len(), sensitive: 0, subject: false };
    let worker = || ClassCounter { places: &places, table: TableBuilder::new(shape) };
    let workers = (0..pool.current_num_threads()).map(|_| worker()).collect();
    let (workers, _) = each_shard(&job.release, &pass, &pool, workers, progress)?;
    let classes = group::merge(workers.into_iter().map(|worker| worker.table).collect(), pool.current_num_threads());
    let children: Vec<Option<Children>> = quasi
        .iter()
        .map(|at| hierarchies[*at].as_ref().map(|hierarchy| Children::new(hierarchy, &builder.originals(*at))))
        .collect();
    Ok(Some(downcode(&classes, &children)))
}

struct ClassCounter<'j> {
    places: &'j [usize],
    table: TableBuilder,
}

impl Worker for ClassCounter<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let count = shard.read(scratch, &mut |batch| {
            let texts: Vec<Cow<'_, Text<'_>>> = self.places.iter().map(|at| batch.columns[*at].to_text()).collect();
            self.table.add(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &[], None);
            Ok(())
        })?;
        Ok((count, ()))
    }
}

/// Makes the learned attacks on the comparable columns.
fn make_all(job: &AttackJob, tables: &Tables, report: &mut AttackReport) -> Result<()> {
    let setting = &job.setting;
    let names: Vec<String> = tables.columns.iter().map(|column| column.name.clone()).collect();
    let role = |name: &String| {
        let spec = job.profile.iter().flat_map(|profile| &profile.columns);
        spec.into_iter().find(|column| column.released_name() == name).map(|column| column.role)
    };
    let places = |of: &[String]| -> Vec<usize> { of.iter().filter_map(|name| tables.position(name)).collect() };
    let secrets = match (job.secrets.is_empty(), &job.profile) {
        (false, _) => places(&job.secrets),
        (true, Some(_)) => (0..names.len()).filter(|at| role(&names[*at]) == Some(Role::Sensitive)).collect(),
        (true, None) => (0..names.len()).collect(),
    };
    let known = match (job.known.is_empty(), &job.profile) {
        (false, _) => places(&job.known),
        (true, Some(_)) => (0..names.len()).filter(|at| role(&names[*at]) == Some(Role::Quasi)).collect(),
        (true, None) => (0..names.len()).filter(|at| !job.secrets.contains(&names[*at])).collect(),
    };
    let of = |columns: &[usize]| -> Vec<String> { columns.iter().map(|at| names[*at].clone()).collect() };
    let mut made = |attack, columns: Vec<String>, secret: Option<usize>, measured| {
        let secret = secret.map(|at| names[at].clone());
        report.attacks.push(Made { attack, columns, secret, measured, by: Vec::new() });
    };
    for (attack, kind) in
        [("singling-out-univariate", SinglingOut::Univariate), ("singling-out-multivariate", SinglingOut::Multivariate)]
    {
        made(attack, names.clone(), None, single_out(tables, kind, setting));
    }
    let halves = if job.halves.iter().all(Vec::is_empty) {
        let half =
            |odd: usize| known.iter().copied().enumerate().filter(move |(at, _)| at % 2 == odd).map(|(_, at)| at);
        [half(0).collect(), half(1).collect()]
    } else {
        [places(&job.halves[0]), places(&job.halves[1])]
    };
    if halves.iter().all(|half: &Vec<usize>| !half.is_empty()) {
        let columns = [of(&halves[0]), of(&halves[1])].concat();
        made("linkability", columns, None, link(tables, [&halves[0], &halves[1]], setting));
    }
    for secret in secrets {
        let rest: Vec<usize> = known.iter().copied().filter(|at| *at != secret).collect();
        if rest.is_empty() {
            continue;
        }
        for (attack, guess) in [("inference", Guess::Nearest), ("inference-of-class", Guess::Commonest)] {
            made(attack, of(&rest), Some(secret), infer(tables, &rest, secret, guess, setting));
        }
        made("row-order", of(&rest), Some(secret), guess_by_order(tables, &rest, secret, setting));
    }
    if let Some(measured) = same_place(tables) {
        made("row-place", names.clone(), None, measured);
    }
    if report.attacks.is_empty() {
        return Err(ErrorKind::Usage("no attack can be made on these columns".into()).into());
    }
    Ok(())
}
