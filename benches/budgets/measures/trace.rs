//! Replays of recorded editing sessions on two devices that are watching.
//!
//! Time is compressed by keystrokes, not by the clock: a session is cut into saves of equally many
//! keystrokes, and the next save follows as soon as both disks hold the last one. Thinking, which is
//! most of a session, is left out.

use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::super::device::{Device, ms, wait_until};
use super::super::session::{Patch, Session, Written};
use super::{Bench, Column, Group};

pub(super) const GROUP: Group =
    Group { names: &["trace.spec", "trace.blog", "trace.two"], take: traces };

/// Saves of a replay; half as many with `--quick`.
const SAVES: usize = 80;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    end_content: String,
    txns: Vec<Transaction>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    patches: Vec<Patch>,
    #[serde(default)]
    parents: Vec<usize>,
    #[serde(default)]
    agent: usize,
}

fn read(path: &Path) -> Option<Trace> {
    let packed = std::fs::File::open(path).ok()?;
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).expect("a whole file");
    Some(serde_json::from_str(&text).expect("a trace"))
}

fn traces(bench: &mut Bench) {
    for (name, file) in [
        ("trace.spec", "sequential-spec.json.gz"),
        ("trace.blog", "sequential-blog.json.gz"),
        ("trace.two", "concurrent-two-users.json.gz"),
    ] {
        if !bench.wants(name) {
            continue;
        }
        let path = bench.traces.join(file);
        match read(&path) {
            Some(trace) if name == "trace.two" => two(bench, name, &trace),
            Some(trace) => one(bench, name, &trace),
            None => bench.skip(name, &format!("{} is not there", path.display())),
        }
    }
}

/// One person writes on one device.
fn one(bench: &mut Bench, name: &str, trace: &Trace) {
    let (a, b) = Device::pair(Device::new(), Device::new());
    let mut text: Vec<char> = Vec::new();
    let (mut column, mut last) = (Column::default(), String::new());
    for some in trace.txns.chunks(trace.txns.len().div_ceil(bench.samples(SAVES))) {
        for Patch(at, gone, new) in some.iter().flat_map(|it| &it.patches) {
            text.splice(*at..at + gone, new.chars());
        }
        let now: String = text.iter().collect();
        if now == last {
            continue;
        }
        let (start, cpu) = (Instant::now(), a.cpu_ms() + b.cpu_ms());
        a.write("session.md", &now);
        b.wait_for("session.md", &now);
        column.push(ms(start.elapsed()), a.cpu_ms() + b.cpu_ms() - cpu);
        last = now;
    }
    assert!(last == trace.end_content, "the session did not end as recorded");
    a.wait_for("session.md", &last);
    let saves = column.values.len();
    let note = format!("{} keystrokes in {saves} saves; both ends equal", trace.txns.len());
    let cpu = column.batches();
    bench.put_with(name, column.values, cpu);
    bench.note(name, note);
}

/// Two people write in one note, each on a device; both save what they wrote since the last meeting,
/// at the same moment.
fn two(bench: &mut Bench, name: &str, trace: &Trace) {
    let mut session = Session::default();
    for it in &trace.txns {
        session.write(it.agent, &it.parents, &it.patches);
    }
    let recorded = session.text(session.written(trace.txns.len()));
    let (a, b) = Device::pair(Device::new(), Device::new());
    let (mut column, mut as_recorded, mut meetings) = (Column::default(), 0, 0);
    let each = trace.txns.len().div_ceil(bench.samples(SAVES));
    let mut met = Written::default();
    let mut texts = [String::new(), String::new()];
    for end in (each..trace.txns.len() + each).step_by(each) {
        let now = session.written(end.min(trace.txns.len()));
        let ours = session.text(Written([now.0[0], met.0[1]]));
        let theirs = session.text(Written([met.0[0], now.0[1]]));
        let (start, cpu) = (Instant::now(), a.cpu_ms() + b.cpu_ms());
        a.write("session.md", &ours);
        b.write("session.md", &theirs);
        texts = settled(&a, &b, &[ours.clone(), theirs.clone()]);
        column.push(ms(start.elapsed()), a.cpu_ms() + b.cpu_ms() - cpu);
        meetings += 1;
        as_recorded += usize::from(texts[0] == session.text(now));
        met = now;
    }
    let same = texts[0] == texts[1];
    let end = if texts[0] == trace.end_content { "as recorded" } else { "not as recorded" };
    assert!(same, "the two ends differ");
    assert!(recorded == trace.end_content, "the session was not understood");
    let note = format!(
        "{} keystrokes; both ends equal, {end}; {as_recorded} of {meetings} meetings as recorded",
        trace.txns.len()
    );
    let cpu = column.batches();
    bench.put_with(name, column.values, cpu);
    bench.note(name, note);
}

/// Waits until both devices hold one text, and each has seen the other's save; returns both.
fn settled(a: &Device, b: &Device, saved: &[String; 2]) -> [String; 2] {
    let (ours, theirs) = (a.vault().join("session.md"), b.vault().join("session.md"));
    let look = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let mut texts = [String::new(), String::new()];
    wait_until("one text on both devices", || {
        texts = [look(&ours), look(&theirs)];
        texts[0] == texts[1] && (saved[0] == saved[1] || agree(a, b))
    });
    texts
}

/// Whether both tell one digest: equal texts may be so by chance, with an edit still on its way.
fn agree(a: &Device, b: &Device) -> bool {
    a.status()["vault"]["digest"] == b.status()["vault"]["digest"]
}
