//! A progress bar on stderr while captures are read: bytes, rate and time left. Only on a terminal.

use crate::capture::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(100);
/// Short work shows no bar: it would only flicker.
const PATIENCE: Duration = Duration::from_millis(400);

/// The bar, drawn by a thread of its own until dropped.
pub(super) struct Bar {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Starts a bar for this reading, or none where nobody would see it.
    pub(super) fn start(progress: &Arc<Progress>, is_quiet: bool) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let is_wanted = !is_quiet && std::io::stderr().is_terminal();
        let thread = is_wanted.then(|| {
            let (progress, is_over) = (progress.clone(), is_over.clone());
            std::thread::spawn(move || draw(&progress, &is_over))
        });
        Self { is_over, thread }
    }
}

fn draw(progress: &Progress, is_over: &AtomicBool) {
    std::thread::park_timeout(PATIENCE);
    if is_over.load(Ordering::Relaxed) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let known = "{wide_bar:.dim} {bytes} of {total_bytes} · {bytes_per_sec} · {eta} left";
    let unknown = "{spinner} {bytes} · {bytes_per_sec}";
    while !is_over.load(Ordering::Relaxed) {
        let total = progress.bytes_total();
        let template = if total > 0 { known } else { unknown };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if total > 0 {
            bar.set_length(total);
        }
        bar.set_position(progress.bytes_done());
        bar.tick();
        std::thread::park_timeout(INTERVAL);
    }
    bar.finish_and_clear();
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The result does not depend on whether the bar could be drawn.
            let _ = thread.join();
        }
    }
}
