//! The same work for many items, on threads that live no longer than it.

/// `work` for every item, by so many threads, results in order of the items. The caller's thread is one of them: a thread that only waits
/// leaves its core to two others.
pub(crate) fn in_parallel<I: Send, O: Send>(threads: usize, items: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
    if threads <= 1 || items.len() <= 1 {
        return items.into_iter().map(work).collect();
    }
    let count = items.len();
    let queue = std::sync::Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().expect("no thread panics while it holds the queue").next();
    let take = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            done.push((at, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, O)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(count)).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            done.append(&mut other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}
