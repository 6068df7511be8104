//! Results on stdout, everything else on stderr.

use std::fmt;
use std::io::Write;

use serde_json::Value;

use super::error::Error;
use super::progress::{Bars, Progress};

/// What results look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One object for each line.
    Json,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Talk {
    /// Errors only.
    Quiet,
    /// What helps on.
    Normal,
    /// Also what happens on the way.
    Verbose,
}

/// A meaning that may be shown by colour; never the only sign of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Well.
    Good,
    /// Wants attention.
    Warn,
    /// Went wrong.
    Bad,
    /// Less important.
    Faint,
    /// More important.
    Strong,
}

/// Whether one stream takes colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// ANSI sequences.
    Colour,
    /// None.
    Plain,
}

impl Paint {
    /// `text` in the colour of `tone`.
    pub(super) fn tone(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Warn => 33,
            Tone::Bad => 31,
            Tone::Faint => 2,
            Tone::Strong => 1,
        };
        match self {
            Self::Colour if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Colour | Self::Plain => text.to_owned(),
        }
    }
}

/// The two streams of the process and how to write on them.
pub(super) struct Output<'a> {
    stdout: &'a mut (dyn Write + Send),
    stderr: &'a mut (dyn Write + Send),
    /// What results look like.
    pub(super) format: Format,
    /// How much is said.
    pub(super) talk: Talk,
    /// Colours of results.
    pub(super) paint: Paint,
    /// Colours of everything else.
    pub(super) paint_err: Paint,
    /// How many characters stderr shows on a line, where that is known.
    pub(super) columns: Option<usize>,
    /// How many characters a line of results shows, where that is known.
    pub(super) width: Option<usize>,
    /// Results that wait to be handed on together.
    held: Option<String>,
    progress: Progress,
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("format", &self.format)
            .field("talk", &self.talk)
            .finish_non_exhaustive()
    }
}

impl<'a> Output<'a> {
    /// Plain text, no colours, no bars, until told otherwise.
    pub(super) fn new(
        stdout: &'a mut (dyn Write + Send),
        stderr: &'a mut (dyn Write + Send),
    ) -> Self {
        Self {
            stdout,
            stderr,
            format: Format::Text,
            talk: Talk::Normal,
            paint: Paint::Plain,
            paint_err: Paint::Plain,
            columns: None,
            width: None,
            held: None,
            progress: Progress::new(Bars::Hidden),
        }
    }

    /// Decides about progress bars.
    pub(super) fn set_bars(&mut self, bars: Bars) {
        self.progress = Progress::new(bars);
    }

    /// Collects results from now on, until [`Output::hand_on`].
    pub(super) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Writes what was collected, in one piece: whoever reads it is woken once.
    pub(super) fn hand_on(&mut self) -> Result<(), Error> {
        match self.held.take() {
            Some(held) if !held.is_empty() => self.result(&held),
            Some(_) | None => Ok(()),
        }
    }

    /// Writes one result, ending its last line, and hands it on at once unless it is held.
    pub(super) fn result(&mut self, text: &str) -> Result<(), Error> {
        if let Some(held) = &mut self.held {
            held.push_str(text);
            if !text.is_empty() && !text.ends_with('\n') {
                held.push('\n');
            }
            return Ok(());
        }
        let stdout = &mut self.stdout;
        self.progress.aside(|| {
            stdout.write_all(text.as_bytes())?;
            if !text.is_empty() && !text.ends_with('\n') {
                stdout.write_all(b"\n")?;
            }
            stdout.flush()
        })?;
        Ok(())
    }

    /// Writes bytes as they are, and hands them on at once.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let stdout = &mut self.stdout;
        self.progress.aside(|| {
            stdout.write_all(bytes)?;
            stdout.flush()
        })?;
        Ok(())
    }

    /// Writes one object on a line of its own.
    pub(super) fn json(&mut self, value: &Value) -> Result<(), Error> {
        // As the value shows itself, but without a detour through the formatter.
        let text = serde_json::to_string(value).unwrap_or_else(|_| value.to_string());
        self.result(&text)
    }

    /// Writes a line for people, unless they asked for silence.
    pub(super) fn note(&mut self, text: &str) {
        if self.talk > Talk::Quiet {
            self.complain(text);
        }
    }

    /// Writes a line for people who asked for more.
    pub(super) fn detail(&mut self, text: &str) {
        if self.talk >= Talk::Verbose {
            self.complain(text);
        }
    }

    /// Writes a line for people, whatever they asked for.
    pub(super) fn complain(&mut self, text: &str) {
        let stderr = &mut self.stderr;
        // Nowhere is left to tell that stderr is gone.
        self.progress.aside(|| writeln!(stderr, "{text}").and_then(|()| stderr.flush())).ok();
    }

    /// Takes note of how far a longer piece of work is.
    pub(super) fn progress(&mut self, what: &str, done: u64, total: u64) {
        self.progress.update(what, done, total);
    }

    /// Takes the bar away.
    pub(super) fn end_progress(&mut self) {
        self.progress.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_reader_is_no_failure_but_a_full_disk_is() {
        let mut stderr = Vec::new();
        let mut closed = Closed(io::ErrorKind::BrokenPipe);
        let mut output = Output::new(&mut closed, &mut stderr);
        assert!(matches!(output.result("x"), Err(Error::Gone)));
        let mut full = Closed(io::ErrorKind::StorageFull);
        let mut output = Output::new(&mut full, &mut stderr);
        assert!(matches!(output.result("x"), Err(Error::Output(_))));
    }

    #[test]
    fn what_is_held_comes_in_order_and_in_one_piece() {
        struct Pieces(Vec<String>);
        impl Write for Pieces {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(String::from_utf8(bytes.to_vec()).unwrap());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut stdout, mut stderr) = (Pieces(Vec::new()), Vec::new());
        let mut output = Output::new(&mut stdout, &mut stderr);
        output.result("one\n").unwrap();
        output.hold();
        output.result("two").unwrap();
        output.result("three\n").unwrap();
        output.hand_on().unwrap();
        output.hand_on().unwrap();
        output.result("four\n").unwrap();
        assert_eq!(stdout.0, ["one\n", "two\nthree\n", "four\n"]);
    }

    #[test]
    fn silence_is_kept_except_for_errors() {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut stdout, &mut stderr);
        output.note("one");
        output.detail("not asked for");
        output.talk = Talk::Verbose;
        output.detail("two");
        output.talk = Talk::Quiet;
        output.note("not wanted");
        output.complain("three");
        output.result("result").unwrap();
        assert_eq!(String::from_utf8(stderr).unwrap(), "one\ntwo\nthree\n");
        assert_eq!(stdout, b"result\n");
    }

    #[test]
    fn colours_wrap_and_end() {
        assert_eq!(Paint::Plain.tone(Tone::Bad, "x"), "x");
        assert_eq!(Paint::Colour.tone(Tone::Bad, "x"), "\x1b[31mx\x1b[0m");
        assert_eq!(Paint::Colour.tone(Tone::Bad, ""), "");
    }
}
