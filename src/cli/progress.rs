//! A progress bar for whoever waits at a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What lasts less than this is not worth a bar, and would flicker. Milliseconds.
const DELAY: Duration = Duration::from_millis(250);

/// Whether a bar may be drawn at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bars {
    /// On a terminal, unless told otherwise.
    Shown,
    /// Never.
    Hidden,
}

/// One bar on stderr, drawn once the work has lasted [`DELAY`].
#[derive(Debug)]
pub(super) struct Progress {
    bars: Bars,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Draws nothing yet.
    pub(super) fn new(bars: Bars) -> Self {
        Self { bars, bar: None }
    }

    /// Takes note of `done` of `total`; the bar goes away when they are equal.
    pub(super) fn update(&mut self, what: &str, done: u64, total: u64) {
        if self.bars == Bars::Hidden {
            return;
        }
        if done >= total {
            self.clear();
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            bar.with_style(style())
        });
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(word(what));
        if bar.is_hidden() && bar.elapsed() >= DELAY {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Takes the bar away while `print` writes to the terminal.
    pub(super) fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:<10} {wide_bar} {human_pos}/{human_len} {eta}")
        .expect("the template is a constant that its test renders")
}

/// The word shown for a kind of work.
fn word(what: &str) -> &'static str {
    match what {
        "taking-in" => "Taking in",
        "receiving" => "Receiving",
        "sending" => "Sending",
        _ => "Working",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_lives_from_the_first_news_to_the_last() {
        let mut progress = Progress::new(Bars::Shown);
        progress.update("taking-in", 0, 0);
        assert!(progress.bar.is_none());
        progress.update("taking-in", 1, 3);
        let bar = progress.bar.clone().unwrap();
        assert_eq!((bar.position(), bar.length()), (1, Some(3)));
        assert_eq!(bar.message(), "Taking in");
        assert_eq!(progress.aside(|| 7), 7);
        progress.update("taking-in", 3, 3);
        assert!(progress.bar.is_none() && bar.is_finished());
    }

    #[test]
    fn hidden_bars_are_never_made() {
        let mut progress = Progress::new(Bars::Hidden);
        progress.update("sending", 1, 3);
        assert!(progress.bar.is_none());
    }
}
