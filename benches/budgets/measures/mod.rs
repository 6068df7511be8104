//! Every measure, in groups that share their devices.

mod crdt;
mod cut;
mod edit;
mod first;
mod idle;
mod live;
mod shot;
mod soak;
mod start;
mod trace;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::baseline::{Measured, Results};
use super::device;
use super::stats::real;

/// Takes what is wanted of the measures it names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) names: &'static [&'static str],
    pub(crate) take: fn(&mut Bench),
}

/// In the order in which they are taken.
pub(crate) const GROUPS: [Group; 17] = [
    Group { names: &["binary"], take: binary },
    crdt::GROUP,
    start::GROUP,
    start::DOCUMENTS,
    first::GROUP,
    first::NEWEST,
    shot::FILE,
    shot::FILES,
    edit::SAVES,
    edit::SINGLE,
    edit::LARGE,
    edit::OPERATIONS,
    trace::GROUP,
    live::GROUP,
    idle::GROUP,
    cut::GROUP,
    soak::GROUP,
];

/// What a run wants and what it has so far.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    pub(crate) wanted: BTreeSet<String>,
    pub(crate) results: Results,
    pub(crate) runs: Option<usize>,
    pub(crate) edits: Option<usize>,
    pub(crate) traces: PathBuf,
    /// Every byte on the loopback device is ours.
    pub(crate) isolated: bool,
    pub(crate) quick: bool,
}

impl Bench {
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.wanted.contains(name)
    }

    pub(crate) fn wants_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.wants(name))
    }

    /// Repetitions of something large, where nobody said otherwise.
    pub(crate) fn runs(&self, usual: usize) -> usize {
        self.runs.unwrap_or_else(|| self.samples(usual))
    }

    /// Small steps within one repetition.
    pub(crate) fn samples(&self, usual: usize) -> usize {
        if self.quick { usual.div_ceil(2) } else { usual }
    }

    pub(crate) fn put(&mut self, name: &str, values: Vec<f64>) {
        self.put_with(name, values, Vec::new());
    }

    /// With the processor time that each value took.
    pub(crate) fn put_with(&mut self, name: &str, values: Vec<f64>, cpu_ms: Vec<f64>) {
        if self.wants(name) {
            let measured = self.results.entry(name.to_owned()).or_default();
            (measured.values, measured.cpu_ms) = (values, cpu_ms);
        }
    }

    /// Tells readers more about a measure.
    pub(crate) fn note(&mut self, name: &str, note: impl Into<String>) {
        if self.wants(name) {
            self.results.entry(name.to_owned()).or_default().note = note.into();
        }
    }

    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        if self.wants(name) {
            let skipped = Some(why.to_owned());
            self.results.insert(name.to_owned(), Measured { skipped, ..Measured::default() });
        }
    }
}

/// Small steps whose processor time is told together.
pub(crate) const BATCH: usize = 20;

/// What a column of measurements comes to.
#[derive(Debug, Default)]
pub(crate) struct Column {
    pub(crate) values: Vec<f64>,
    pub(crate) cpu_ms: Vec<f64>,
}

impl Column {
    pub(crate) fn push(&mut self, value: f64, cpu_ms: f64) {
        self.values.push(value);
        self.cpu_ms.push(cpu_ms);
    }

    /// The processor time of [`BATCH`] steps each: it is told in hundredths of a second, too rough
    /// for one.
    pub(crate) fn batches(&self) -> Vec<f64> {
        self.cpu_ms.chunks_exact(BATCH).map(|some| some.iter().sum()).collect()
    }
}

fn binary(bench: &mut Bench) {
    let size = std::fs::metadata(device::program()).expect("the program is there").len();
    bench.put("binary", vec![real(size) / 1e6]);
}
