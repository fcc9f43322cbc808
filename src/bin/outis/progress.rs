//! The progress line on stderr: stage, share done, rows a second, time left. Nothing where stderr is no terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use outis::run::{Progress, Stage};
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
    let known = ProgressStyle::with_template("{prefix:8} {bar:28} {percent:>3}%  {msg}");
    let unknown = ProgressStyle::with_template("{prefix:8} {spinner}  {msg}");
    let (Ok(known), Ok(unknown)) = (known, unknown) else { return };
    let (mut stage, mut since) = (Stage::Plan, Instant::now());
    while !stop.load(Ordering::Relaxed) {
        if progress.stage() != stage {
            stage = progress.stage();
            since = Instant::now();
        }
        let (bytes, total) = progress.bytes();
        let seconds = since.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
        let rate = progress.rows() as f64 / seconds.max(1e-3);
        let mut message = format!("{} rows", short(progress.rows()));
        if progress.rows() > 0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for the eye")]
            message.push_str(&format!(", {}/s", short(rate as u64)));
        }
        bar.set_prefix(stage.name());
        if let Some(total) = total {
            bar.set_style(known.clone());
            bar.set_length(total);
            bar.set_position(bytes.min(total));
            if bytes > 0 && seconds > 0.5 {
                #[expect(clippy::cast_precision_loss, reason = "a time for the eye")]
                let left = seconds * (total.saturating_sub(bytes)) as f64 / bytes as f64;
                message.push_str(&format!(", {left:.0} s left"));
            }
        } else {
            bar.set_style(unknown.clone());
            bar.tick();
        }
        bar.set_message(message);
        std::thread::sleep(Duration::from_millis(100));
    }
    bar.finish_and_clear();
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
