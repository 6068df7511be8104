//! The words after `--`.

use std::path::PathBuf;

use super::table::{Budget, Subset};

pub(crate) const HELP: &str = "\
cargo bench --bench budgets -- [OPTIONS]
  --quick          only the quick measures; tells, and never fails
  --large          also 100,000 files and 1 GB of attachments
  --only NAMES     only these, separated by commas; `save` takes in save.3kb and so on
  --runs N         repetitions of what is repeated a few times
  --edits N        edits of the soak
  --json FILE      writes what was measured
  --save FILE      the same, as a baseline
  --compare FILE   names what got worse since a baseline, beyond noise
  --list           prints the table of budgets and stops
  --against        side by side with rsync, cp, Unison and Syncthing instead
  --files N        the size of that vault
  --traces FOLDER  where the recorded sessions lie
BENCH_BINARY measures another program than the one just built, TMPDIR says where the vaults lie.";

#[derive(Debug, Clone, PartialEq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word that is there or not")]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) large: bool,
    pub(crate) only: Vec<String>,
    pub(crate) runs: Option<usize>,
    pub(crate) edits: Option<usize>,
    pub(crate) files: Option<usize>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) save: Option<PathBuf>,
    pub(crate) compare: Option<PathBuf>,
    pub(crate) traces: Option<PathBuf>,
    pub(crate) list: bool,
    pub(crate) against: bool,
    pub(crate) help: bool,
}

impl Options {
    /// From the words of the command line; what cannot be understood is the error.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                // Cargo's own word for every bench.
                "--bench" => {}
                "--quick" => options.quick = true,
                "--large" => options.large = true,
                "--list" => options.list = true,
                "--against" => options.against = true,
                "--help" | "-h" => options.help = true,
                "--only" => options.only.extend(value()?.split(',').map(str::to_owned)),
                "--runs" => options.runs = Some(count(&word, &value()?)?),
                "--edits" => options.edits = Some(count(&word, &value()?)?),
                "--files" => options.files = Some(count(&word, &value()?)?),
                "--json" => options.json = Some(value()?.into()),
                "--save" => options.save = Some(value()?.into()),
                "--compare" => options.compare = Some(value()?.into()),
                "--traces" => options.traces = Some(value()?.into()),
                _ => return Err(format!("{word} is not understood")),
            }
        }
        if options.quick && options.large {
            return Err("--quick and --large exclude each other".to_owned());
        }
        Ok(options)
    }

    /// Which of the budgets are to be measured.
    pub(crate) fn choose(&self, budgets: &[Budget]) -> Result<Vec<String>, String> {
        let meant = |only: &str, name: &str| {
            name.strip_prefix(only).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let unknown = self.only.iter().find(|only| !budgets.iter().any(|it| meant(only, &it.name)));
        if let Some(unknown) = unknown {
            return Err(format!("there is no measure {unknown}; --list names all"));
        }
        let chosen = budgets.iter().filter(|budget| {
            let exactly = self.only.contains(&budget.name);
            let named = self.only.iter().any(|only| meant(only, &budget.name));
            let due = match budget.subset {
                Subset::Quick => true,
                Subset::Full => !self.quick,
                Subset::Large => self.large,
            };
            exactly || due && (self.only.is_empty() || named)
        });
        Ok(chosen.map(|budget| budget.name.clone()).collect())
    }
}

fn count(word: &str, value: &str) -> Result<usize, String> {
    let count = value.parse().ok().filter(|it| *it > 0);
    count.ok_or_else(|| format!("{word} needs a number above zero, not {value}"))
}
