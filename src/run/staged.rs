//! The staged release as the gate sees it: files on disk, read by `read`, which shares no code with `write`.

use super::parallel::{Worker, each_shard};
use super::progress::Progress;
use crate::digest::Digest;
use crate::error::Result;
use crate::gate::{Examiner, FileFacts, Staged};
use crate::read::{self, Scratch, Shard, ShardCount, Source};
use crate::value::Schema;
use crate::write::{Layout, Stage, StagedPart};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use std::path::PathBuf;

/// A stage with complete data files.
pub(super) struct StagedRelease<'r> {
    pub(super) stage: Stage,
    pub(super) parts: Vec<StagedPart>,
    pub(super) layout: &'r Layout,
    pub(super) pool: &'r rayon::ThreadPool,
    pub(super) threads: usize,
    pub(super) progress: &'r Progress,
}

impl From<StagedRelease<'_>> for Stage {
    fn from(release: StagedRelease<'_>) -> Self {
        release.stage
    }
}

impl StagedRelease<'_> {
    fn open(&self, paths: &[PathBuf]) -> Result<Source> {
        let options = read::Options {
            format: read::Format::from_name(self.layout.format.name()),
            delimiter: self.layout.delimiter,
            null: vec![self.layout.null.clone()],
            ..read::Options::default()
        };
        Source::open(paths, options)
    }
}

impl Staged for StagedRelease<'_> {
    fn schemas(&self) -> Result<Vec<Schema>> {
        self.parts.iter().map(|part| Ok(self.open(std::slice::from_ref(&part.path))?.schema().clone())).collect()
    }

    fn examine<'p>(&self, make: &(dyn Fn() -> Examiner<'p> + Sync)) -> Result<Vec<Examiner<'p>>> {
        let paths: Vec<PathBuf> = self.parts.iter().map(|part| part.path.clone()).collect();
        let source = self.open(&paths)?;
        let pass = source.pass()?;
        let workers = (0..self.threads).map(|_| Reader(make())).collect();
        let (workers, _) = each_shard(&source, &pass, self.pool, workers, self.progress)?;
        Ok(workers.into_iter().map(|worker| worker.0).collect())
    }

    fn facts(&self) -> Result<Vec<FileFacts>> {
        self.pool.install(|| {
            let facts = |part: &StagedPart| {
                let (digest, bytes) = Digest::of_file(&part.path)?;
                Ok(FileFacts { name: part.name.clone(), bytes, digest })
            };
            self.parts.par_iter().map(facts).collect()
        })
    }

    fn listing(&self) -> Result<Vec<String>> {
        self.stage.files()
    }
}

struct Reader<'p>(Examiner<'p>);

impl Worker for Reader<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let (examiner, file) = (&mut self.0, shard.file);
        Ok((shard.read(scratch, &mut |batch| examiner.batch(file, &batch))?, ()))
    }
}
