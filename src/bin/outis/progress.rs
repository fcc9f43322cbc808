//! The progress line on stderr: stage, share done, rows a second, time left. Nothing where stderr is no terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use outis::run::{Look, Progress};
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Draws until it is dropped.
pub(crate) struct Line {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Line {
    /// Starts drawing, unless quiet or not a terminal.
    pub(crate) fn start(progress: &Arc<Progress>, quiet: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        if quiet || !std::io::stderr().is_terminal() {
            return Self { stop, thread: None };
        }
        let (progress, stopped) = (Arc::clone(progress), Arc::clone(&stop));
        let thread = std::thread::spawn(move || draw(&progress, &stopped));
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, stop: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let Ok(style) = ProgressStyle::with_template("{msg}") else { return };
    bar.set_style(style);
    let begin = Instant::now();
    let mut watch = Watch::new(progress.look(), Duration::ZERO);
    for frame in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let look = progress.look();
        // all of it at once: a frame never shows one piece of work with the numbers of another
        bar.set_message(line(&look, watch.see(look, begin.elapsed()), frame));
        std::thread::sleep(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}

/// What was seen of the present piece of work.
struct Watch {
    first: Look,
    since: Duration,
    pace: Pace,
}

impl Watch {
    fn new(first: Look, since: Duration) -> Self {
        Self { first, since, pace: Pace::default() }
    }
    /// One more look, and when it was. Another piece of work is watched from its own first look.
    fn see(&mut self, look: Look, now: Duration) -> Pace {
        if look.piece != self.first.piece {
            *self = Self::new(look, now);
        }
        // when all is done the pace stays what it was, however long the thinking about it takes
        if look.total.is_none_or(|total| look.done < total) {
            self.pace = Pace::between(&self.first, &look, now.saturating_sub(self.since));
        }
        self.pace
    }
}

/// How fast a piece of work goes, once that can be said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Pace {
    /// Rows a second.
    rows: Option<f64>,
    /// Seconds that are left.
    left: Option<f64>,
}

impl Pace {
    /// Nothing is said of less time than this: a quotient of two small numbers.
    const LEAST: Duration = Duration::from_millis(500);

    /// From two looks at the same piece of work with so much time between them. What was done before the first look counts for
    /// nothing, because nobody saw how long it took.
    fn between(first: &Look, now: &Look, time: Duration) -> Self {
        if time < Self::LEAST {
            return Self::default();
        }
        #[expect(clippy::cast_precision_loss, reason = "for the eye")]
        let per_second = |first: u64, now: u64| match now.saturating_sub(first) {
            0 => None,
            more => Some(more as f64 / time.as_secs_f64()),
        };
        let remaining = now.total.and_then(|total| total.checked_sub(now.done)).filter(|remaining| *remaining > 0);
        #[expect(clippy::cast_precision_loss, reason = "for the eye")]
        let left = remaining.zip(per_second(first.done, now.done)).map(|(remaining, speed)| remaining as f64 / speed);
        Self { rows: per_second(first.rows, now.rows), left }
    }
}

/// `survey   ███████░░░░░░░░░░░░░░░░░░░░░  25%  1.2 M rows, 450 k/s, 3 s left`, as far as it can be said.
fn line(look: &Look, pace: Pace, frame: usize) -> String {
    const WIDTH: u64 = 28;
    const SPINNER: [char; 6] = ['⠁', '⠂', '⠄', '⡀', '⠄', '⠂'];
    let share = match look.total {
        Some(total) => {
            let part = |of: u64| u128::from(look.done.min(total)) * u128::from(of) / u128::from(total.max(1));
            let bar: String = (0..u128::from(WIDTH)).map(|at| if at < part(WIDTH) { '█' } else { '░' }).collect();
            format!("{bar} {:>3}%", part(100))
        }
        None => SPINNER[frame % SPINNER.len()].to_string(),
    };
    format!("{:8} {share}  {}", look.stage.name(), message(look, pace))
}

/// `1.2 M rows, 450 k/s, 3 s left`, as far as it can be said.
fn message(look: &Look, pace: Pace) -> String {
    let mut message = format!("{} rows", short(look.rows));
    if let Some(rate) = pace.rows {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for the eye")]
        message.push_str(&format!(", {}/s", short(rate as u64)));
    }
    if let Some(left) = pace.left.filter(|_| look.total.is_some_and(|total| look.done < total)) {
        message.push_str(&format!(", {:.0} s left", left.ceil()));
    }
    message
}

/// `1234567` as `1.2 M`.
pub(crate) fn short(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits for the eye")]
    let value = number as f64;
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.0} k", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} M", value / 1e6),
        _ => format!("{:.2} G", value / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outis::run::Stage;

    fn look(rows: u64, done: u64, total: Option<u64>) -> Look {
        Look { piece: 3, stage: Stage::Survey, rows, done, total }
    }

    #[test]
    fn rate_and_time_left_are_of_what_was_seen() {
        let (first, now) = (look(246_000, 20_000, Some(100_000)), look(446_000, 40_000, Some(100_000)));
        let pace = Pace::between(&first, &now, Duration::from_secs(2));
        assert_eq!(pace, Pace { rows: Some(100_000.0), left: Some(6.0) });
        assert_eq!(message(&now, pace), "446 k rows, 100 k/s, 6 s left");
    }

    #[test]
    fn a_second_reading_of_the_same_stage_is_watched_from_its_own_beginning() {
        let at = |piece: u64, done: u64| Look { piece, ..look(1000 * done, done, Some(100)) };
        let seconds = Duration::from_secs;
        let mut watch = Watch::new(at(3, 0), seconds(0));
        assert_eq!(watch.see(at(3, 50), seconds(10)), Pace { rows: Some(5000.0), left: Some(10.0) });
        // all is read, and then it is thought about for a while
        assert_eq!(watch.see(at(3, 100), seconds(20)), Pace { rows: Some(5000.0), left: Some(10.0) });
        assert_eq!(message(&at(3, 100), watch.see(at(3, 100), seconds(90))), "100 k rows, 5000/s");
        assert_eq!(watch.see(at(4, 20), seconds(100)), Pace::default());
        assert_eq!(watch.see(at(4, 60), seconds(101)), Pace { rows: Some(40_000.0), left: Some(1.0) });
    }

    #[test]
    fn the_line_has_a_bar_where_the_total_is_known() {
        let pace = Pace { rows: None, left: Some(0.01) };
        let bar = |done: u64| {
            format!("{}{}", "█".repeat(usize::try_from(done).unwrap()), "░".repeat(28 - usize::try_from(done).unwrap()))
        };
        for (done, cells, percent) in [(0, 0, "  0"), (25, 7, " 25"), (99, 27, " 99")] {
            let told = format!("survey   {} {percent}%  7 rows, 1 s left", bar(cells));
            assert_eq!(line(&look(7, done, Some(100)), pace, 0), told);
        }
        assert_eq!(line(&look(7, 300, Some(100)), pace, 0), format!("survey   {} 100%  7 rows", bar(28)));
        let large = look(7, u64::MAX, Some(u64::MAX));
        assert_eq!(line(&large, Pace::default(), 0), format!("survey   {} 100%  7 rows", bar(28)));
        let two = [0, 7].map(|frame| line(&look(7, 25, None), Pace::default(), frame));
        assert_eq!(two, ["survey   ⠁  7 rows", "survey   ⠂  7 rows"]);
    }

    #[test]
    fn the_first_frame_of_a_piece_tells_no_rate() {
        let first = look(246_200, 20_000, Some(100_000));
        for milliseconds in [0, 1, 499] {
            let pace = Pace::between(&look(0, 0, Some(100_000)), &first, Duration::from_millis(milliseconds));
            assert_eq!(message(&first, pace), "246 k rows");
        }
        let pace = Pace::between(&look(0, 0, Some(100_000)), &first, Duration::from_millis(500));
        assert_eq!(message(&first, pace), "246 k rows, 492 k/s, 2 s left");
        // as long as nothing more is done, nothing more can be said
        assert_eq!(Pace::between(&first, &first, Duration::from_secs(9)), Pace::default());
    }

    #[test]
    fn without_a_total_or_at_the_end_no_time_is_left() {
        let time = Duration::from_secs(1);
        let now = look(5000, 70, None);
        assert_eq!(message(&now, Pace::between(&look(0, 0, None), &now, time)), "5000 rows, 5000/s");
        for done in [100, 101] {
            let end = look(5000, done, Some(100));
            assert_eq!(message(&end, Pace::between(&look(0, 0, Some(100)), &end, time)), "5000 rows, 5000/s");
            // what was said before the end does not stay
            let before = Pace { rows: Some(10.0), left: Some(3.0) };
            assert_eq!(message(&end, before), "5000 rows, 10/s");
        }
    }

    #[test]
    fn counters_that_fell_back_tell_nothing() {
        // a look between two readings: the old number with the new counters
        let pace = Pace::between(&look(900, 90, Some(100)), &look(0, 0, Some(100)), Duration::from_secs(1));
        assert_eq!(pace, Pace::default());
    }

    #[test]
    fn large_numbers_are_short() {
        let told = [9_999, 10_000, 999_499, 1_000_000, 1_250_000_000].map(short);
        assert_eq!(told, ["9999", "10 k", "999 k", "1.0 M", "1.25 G"]);
    }
}
