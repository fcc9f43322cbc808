//! The staged release as the gate sees it: files on disk, read by `read`, which shares no code with `write`.

use super::parallel::{Worker, each_shard};
use super::progress::Progress;
use crate::error::Result;
use crate::gate::{Examiner, Staged};
use crate::read::{self, Scratch, Shard, ShardCount, Source};
use crate::value::Schema;
use crate::write::{Compression, Format, Layout, Stage, StagedPart};
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
    /// Whether a part is a file of lines without any line, by its size on disk: only NDJSON has such files.
    fn is_blank(&self, part: &StagedPart) -> bool {
        // an empty gzip member has 20 bytes, an empty Zstandard frame fewer
        let most = if self.layout.compression == Compression::None { 0 } else { 20 };
        self.layout.format == Format::Ndjson && std::fs::metadata(&part.path).is_ok_and(|file| file.len() <= most)
    }
    fn open(&self, paths: &[PathBuf]) -> Result<Source> {
        let options = read::Options {
            format: read::Format::from_name(self.layout.format.name()),
            delimiter: self.layout.delimiter,
            null: vec![self.layout.null.clone()],
            as_text: true,
            ..read::Options::default()
        };
        Source::open(paths, options)
    }
}

impl Staged for StagedRelease<'_> {
    fn schemas(&self) -> Result<Vec<Schema>> {
        let schema = |part: &StagedPart| {
            if self.is_blank(part) {
                // a file of lines without a line has no columns that could differ
                return Ok(self.layout.schema.clone());
            }
            Ok(self.open(std::slice::from_ref(&part.path))?.schema().clone())
        };
        self.parts.iter().map(schema).collect()
    }

    fn examine<'p>(&self, columns: &[usize], make: &(dyn Fn() -> Examiner<'p> + Sync)) -> Result<Vec<Examiner<'p>>> {
        let full: Vec<usize> = (0..self.parts.len()).filter(|at| !self.is_blank(&self.parts[*at])).collect();
        if full.is_empty() {
            return Ok(Vec::new());
        }
        let paths: Vec<PathBuf> = full.iter().map(|at| self.parts[*at].path.clone()).collect();
        let source = self.open(&paths)?;
        let pass = source.pass()?.only(columns.iter().copied()).without_fingerprints();
        let workers = (0..self.threads).map(|_| Reader { examiner: make(), files: &full }).collect();
        let (workers, _) = each_shard(&source, &pass, self.pool, workers, self.progress)?;
        Ok(workers.into_iter().map(|worker| worker.examiner).collect())
    }

    fn listing(&self) -> Result<Vec<String>> {
        self.stage.files()
    }

    fn paths(&self) -> Vec<PathBuf> {
        self.parts.iter().map(|part| part.path.clone()).collect()
    }

    fn folder(&self) -> PathBuf {
        self.stage.folder().to_path_buf()
    }
}

struct Reader<'r, 'p> {
    examiner: Examiner<'p>,
    /// Number of the data file by its place among those that are read.
    files: &'r [usize],
}

impl Worker for Reader<'_, '_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let (examiner, file, number) = (&mut self.examiner, self.files[shard.file], shard.number);
        Ok((shard.read(scratch, &mut |batch| examiner.batch(file, number, &batch))?, ()))
    }
}
