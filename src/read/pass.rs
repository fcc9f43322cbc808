//! One pass over the input: hands out shards, in order, to whoever asks next.

use super::shard::{Shard, Work};
use super::source::Shared;
use super::stream::{Pool, Stream};
use crate::error::Result;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A pass over all files. Workers share it and call [`Pass::next`] in turn.
pub struct Pass {
    shared: Arc<Shared>,
    state: Mutex<State>,
    pool: Arc<Pool>,
    /// Bytes taken from the files; the first counts for regular files, the others for each pipe.
    done: Vec<Arc<AtomicU64>>,
    /// By schema column, whether its cells are asked for; `None` asks for all.
    wanted: Option<Arc<[bool]>>,
    fingerprinted: bool,
}

/// Where the pass stands.
struct State {
    file: usize,
    /// The file's stream, if it is a text file and begun.
    stream: Option<Stream>,
    /// The next row group, if it is a columnar file.
    group: usize,
    /// The next shard.
    number: u64,
    /// Whether the end was reached, or an error given.
    over: bool,
}

impl Pass {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let mut done = vec![Arc::default()];
        done.extend(shared.files.iter().filter_map(super::source::Opened::held_counter));
        let state = State { file: 0, stream: None, group: 0, number: 0, over: false };
        Self { shared, state: Mutex::new(state), pool: Arc::default(), done, wanted: None, fingerprinted: true }
    }

    /// The same pass, of which only some columns are needed: the cells of the others may be left empty (a column of no
    /// cells). Rows are checked as before.
    #[must_use]
    pub fn only(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        let mut wanted = vec![false; self.shared.schema.len()];
        columns.into_iter().for_each(|column| wanted[column] = true);
        self.wanted = Some(wanted.into());
        self
    }

    /// The same pass without fingerprints: nobody reads the input twice.
    #[must_use]
    pub fn without_fingerprints(mut self) -> Self {
        self.fingerprinted = false;
        self
    }

    /// The next shard; `None` at the end, and after an error.
    ///
    /// # Errors
    /// A file that cannot be read or unpacked, or that changed; a record too large.
    pub fn next(&self) -> Result<Option<Shard>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.over {
            return Ok(None);
        }
        let next = self.advance(&mut state);
        state.over = !matches!(next, Ok(Some(_)));
        next
    }

    /// Bytes read so far, packed as they lie on the disk: to be held against [`super::Source::total_bytes`].
    #[must_use]
    pub fn bytes_done(&self) -> u64 {
        self.done.iter().map(|done| done.load(Ordering::Relaxed)).sum()
    }

    fn advance(&self, state: &mut State) -> Result<Option<Shard>> {
        while let Some(file) = self.shared.files.get(state.file) {
            let work = if file.columnar.is_some() {
                self.next_group(state)
            } else {
                self.next_chunk(state).map_err(|error| error.in_file(&file.path))?
            };
            if let Some(work) = work {
                let number = state.number;
                state.number += 1;
                return Ok(Some(Shard {
                    number,
                    file: state.file,
                    work,
                    shared: Arc::clone(&self.shared),
                    wanted: self.wanted.clone(),
                    fingerprinted: self.fingerprinted,
                }));
            }
            file.check_unchanged()?;
            (state.file, state.group, state.stream) = (state.file + 1, 0, None);
        }
        Ok(None)
    }

    fn next_group(&self, state: &mut State) -> Option<Work> {
        let file = &self.shared.files[state.file];
        let group = state.group;
        if group >= file.groups() {
            return None;
        }
        state.group += 1;
        self.done[0].fetch_add(file.group_bytes(group), Ordering::Relaxed);
        Some(Work::Group(group))
    }

    fn next_chunk(&self, state: &mut State) -> Result<Option<Work>> {
        let file = &self.shared.files[state.file];
        let options = &self.shared.options;
        let stream = match &mut state.stream {
            Some(stream) => stream,
            none => none.insert(file.begin(options, &self.done[0])?),
        };
        let chunk = stream.next(file.cut(options), options.shard_bytes, self.pool.take())?;
        Ok(chunk.map(|chunk| Work::Text(chunk, Arc::clone(&self.pool))))
    }
}
