//! The first events of a log wait for the digest of the program, which stands in the very first, each with the moment at which it was.

use super::super::engine;
use crate::log::{Clock, Event, Whole};

/// Events that are not written yet.
pub(super) struct Opening(Vec<Early>);

/// One of them.
pub(super) struct Early {
    pub(super) event: Event,
    pub(super) moment: Then,
    pub(super) took: Option<u64>,
    pub(super) whole: Option<Whole>,
}

/// A moment that is over.
pub(super) struct Then {
    wall: String,
    nanoseconds: u64,
}

impl Clock for Then {
    fn wall(&self) -> String {
        self.wall.clone()
    }
    fn elapsed_nanoseconds(&self) -> u64 {
        self.nanoseconds
    }
}

impl Opening {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }
    /// One more that waits; it happens now.
    pub(super) fn add(&mut self, event: Event, clock: &dyn Clock, took: Option<u64>, whole: Option<Whole>) {
        let moment = Then { wall: clock.wall(), nanoseconds: clock.elapsed_nanoseconds() };
        self.0.push(Early { event, moment, took, whole });
    }
    /// What waited, in order, with the digest where it belongs.
    pub(super) fn end(self) -> impl Iterator<Item = Early> {
        self.0.into_iter().map(|mut early| {
            if let Event::RunOpened(opened) = &mut early.event {
                opened.engine_digest = engine::digest();
            }
            early
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::KeyDestroyed;
    use std::cell::Cell;

    struct Ticks(Cell<u64>);

    impl Clock for Ticks {
        fn wall(&self) -> String {
            format!("wall {}", self.0.get())
        }
        fn elapsed_nanoseconds(&self) -> u64 {
            self.0.replace(self.0.get() + 1)
        }
    }

    #[test]
    fn what_waited_comes_in_order_with_its_own_moment() {
        let (clock, mut opening) = (Ticks(Cell::new(5)), Opening::new());
        let destroyed = || Event::KeyDestroyed(KeyDestroyed { fingerprint: "f".into() });
        opening.add(destroyed(), &clock, None, None);
        opening.add(destroyed(), &clock, Some(3), None);
        clock.0.set(100);
        let told: Vec<_> =
            opening.end().map(|early| (early.moment.wall(), early.moment.nanoseconds, early.took)).collect();
        assert_eq!(told, [("wall 5".into(), 5, None), ("wall 6".into(), 6, Some(3))]);
    }
}
