//! What the gate asks of the run beside the release: the source once more, and which files are open for writing.

use super::Progress;
use super::parallel::{Worker, each_shard};
use crate::error::Result;
use crate::gate::Reread;
use crate::plan::Plan;
use crate::read::{Scratch, Shard, ShardCount, Source};
use crate::value::Text;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Reads the source again.
pub(super) struct Again<'r> {
    pub(super) plan: &'r Plan,
    pub(super) source: &'r Source,
    pub(super) pool: &'r rayon::ThreadPool,
    pub(super) threads: usize,
    pub(super) progress: &'r Progress,
}

impl Reread for Again<'_> {
    fn each(&self, columns: &[usize], look: &(dyn Fn(&Text<'_>) + Sync)) -> Result<bool> {
        if !self.source.can_read_twice() {
            return Ok(false);
        }
        let columns: Vec<usize> = columns.iter().map(|at| self.plan.columns[*at].source).collect();
        let pass = self.source.pass()?.only(columns.iter().copied()).without_fingerprints();
        let workers = (0..self.threads).map(|_| Looker { columns: &columns, look }).collect();
        each_shard(self.source, &pass, self.pool, workers, self.progress)?;
        Ok(true)
    }
}

struct Looker<'r> {
    columns: &'r [usize],
    look: &'r (dyn Fn(&Text<'_>) + Sync),
}

impl Worker for Looker<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let count = shard.read(scratch, &mut |batch| {
            self.columns.iter().for_each(|at| (self.look)(&batch.columns[*at].to_text()));
            Ok(())
        })?;
        Ok((count, ()))
    }
}

/// How many files with a name this process holds open for writing outside a folder, of which `known` does not name. None where
/// the system does not tell.
pub(super) fn named_files_outside(folder: &Path, known: &BTreeSet<PathBuf>) -> Option<u64> {
    let folder = std::fs::canonicalize(folder).ok()?;
    let outside = |path: &&PathBuf| !path.starts_with(&folder) && !known.contains(*path);
    Some(named_files()?.iter().filter(outside).count() as u64)
}

/// The files with a name that this process holds open for writing; standard streams left out, which belong to who called.
pub(super) fn named_files() -> Option<BTreeSet<PathBuf>> {
    const ACCESS: u32 = 0o3;
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir("/proc/self/fd").ok()? {
        let name = entry.ok()?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // one that was closed meanwhile, as that of this listing, is not held open
        let Ok(target) = std::fs::read_link(format!("/proc/self/fd/{number}")) else { continue };
        let Ok(about) = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { continue };
        let flags = about.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let writes = u32::from_str_radix(flags.trim(), 8).ok()? & ACCESS != 0;
        let device = ["/dev", "/proc", "/sys"].iter().any(|root| target.starts_with(root));
        // a file without a name is told as "(deleted)"; pipes and sockets have no path
        if number > 2 && writes && target.is_absolute() && !device && target.exists() {
            files.insert(target);
        }
    }
    Some(files)
}
