//! All cores on the shards of one pass, with the same outcome for any number of threads.
//!
//! Workers take shards in turn. After an error no further shard is taken; the shards already taken are finished, so
//! every shard before the failing one is complete and the error's row can be told in the file's own count.

use super::Progress;
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Pass, Scratch, Shard, ShardCount, Source};
use std::sync::Mutex;

/// What became of one shard.
pub(super) struct Done<R> {
    pub(super) number: u64,
    pub(super) file: usize,
    pub(super) count: ShardCount,
    pub(super) result: R,
}

/// One worker's part: reads a shard into its state.
pub(super) trait Worker: Send {
    /// What a shard gives.
    type Output: Send;
    /// Takes one shard.
    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, Self::Output)>;
}

/// The workers, and what every shard gave, in shard order.
pub(super) type Finished<W> = (Vec<W>, Vec<Done<<W as Worker>::Output>>);

/// Drops something large beside the work that goes on: giving much memory back takes its time.
pub(super) fn drop_beside<T: Send + 'static>(what: T) {
    // where no thread can be started, it is dropped here and now
    let _ = std::thread::Builder::new().spawn(move || drop(what));
}

/// Runs `workers` over a pass and gives them back with what every shard gave, in shard order.
pub(super) fn each_shard<W: Worker>(
    source: &Source,
    pass: &Pass,
    pool: &rayon::ThreadPool,
    workers: Vec<W>,
    progress: &Progress,
) -> Result<Finished<W>> {
    let done: Mutex<Vec<Done<W::Output>>> = Mutex::new(Vec::new());
    let failures: Mutex<Vec<(u64, usize, Error)>> = Mutex::new(Vec::new());
    let back: Mutex<Vec<(usize, W)>> = Mutex::new(Vec::new());
    let poisoned = || Error::new(ErrorKind::Internal("a worker died"));
    progress.reading(source.total_bytes());
    pool.scope(|scope| {
        for (index, mut worker) in workers.into_iter().enumerate() {
            let (done, failures, back) = (&done, &failures, &back);
            scope.spawn(move |_| {
                let mut scratch = Scratch::default();
                let failed = |number, file, error| {
                    progress.stop();
                    if let Ok(mut failures) = failures.lock() {
                        failures.push((number, file, error));
                    }
                };
                while !progress.stopping() {
                    let shard = match pass.next() {
                        Ok(Some(shard)) => shard,
                        Ok(None) => break,
                        Err(error) => {
                            failed(u64::MAX, usize::MAX, error);
                            break;
                        }
                    };
                    let (number, file) = (shard.number, shard.file);
                    match worker.shard(shard, &mut scratch) {
                        Ok((count, result)) => {
                            progress.read(pass.bytes_done(), count.rows + count.rejected);
                            if let Ok(mut done) = done.lock() {
                                done.push(Done { number, file, count, result });
                            }
                        }
                        Err(error) => failed(number, file, error),
                    }
                }
                if let Ok(mut back) = back.lock() {
                    back.push((index, worker));
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| poisoned())?;
    done.sort_unstable_by_key(|shard| shard.number);
    let mut failures = failures.into_inner().map_err(|_| poisoned())?;
    failures.sort_by_key(|(number, ..)| *number);
    if progress.interrupted() {
        return Err(Error::new(ErrorKind::Interrupted));
    }
    if let Some((number, file, error)) = failures.into_iter().next() {
        let above = done.iter().filter(|shard| shard.file == file && shard.number < number);
        let rows = above.map(|shard| shard.count.rows + shard.count.rejected).sum();
        let error = error.moved_down(rows);
        return Err(match source.files().get(file) {
            Some(path) => error.in_file(path),
            None => error,
        });
    }
    let mut back = back.into_inner().map_err(|_| poisoned())?;
    back.sort_unstable_by_key(|(index, _)| *index);
    Ok((back.into_iter().map(|(_, worker)| worker).collect(), done))
}
