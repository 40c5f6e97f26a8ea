//! The training's progress bar: loss, accuracy, time left.

use indicatif::{ProgressBar, ProgressStyle};

/// One epoch's bar; cleared when dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for epoch `number` (from 0) of `epochs`; a silent one without a label.
    pub fn new(label: Option<&str>, number: usize, epochs: usize, batches: usize) -> Self {
        let bar = label.map_or_else(ProgressBar::hidden, |label| {
            let bar = ProgressBar::new(batches as u64);
            bar.set_prefix(format!("{label} {}/{epochs}", number + 1));
            bar
        });
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {percent:>3}%  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Self { bar }
    }

    /// One batch done; mean loss and accuracy so far.
    pub fn step(&self, (loss, accuracy): (f64, f64)) {
        self.bar.inc(1);
        if self.bar.position() % 10 == 0 {
            self.bar.set_message(format!("loss {loss:.4}  accuracy {:.2} %", accuracy * 100.0));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
