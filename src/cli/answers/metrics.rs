//! What a `watch` measured: for people, and for Prometheus.

use std::fmt::Write as _;

use super::push;
use crate::app::answer::{BudgetState, Latency, Level, Metrics};
use crate::cli::escape::escape;
use crate::cli::output::{Paint, Tone};
use crate::cli::words::{amount, count, grouped, moment, size, span};

/// Counters, latencies and budgets, as tables.
pub(in crate::cli) fn metrics(metrics: &Metrics, paint: Paint) -> String {
    let mut text = format!("Since {} ({}).\n", escape(&metrics.since), span(metrics.uptime_ms));
    let files = &metrics.files;
    let rows = [
        (
            "files",
            format!(
                "{} taken in, {} sent, {} written, {} renamed, {} deleted",
                grouped(files.taken_in),
                grouped(files.sent),
                grouped(files.written),
                grouped(files.renamed),
                grouped(files.deleted)
            ),
        ),
        (
            "edits",
            format!(
                "{}, {}, {}",
                count(metrics.changes, "operation", "operations"),
                count(metrics.merges, "merge", "merges"),
                count(metrics.conflicts, "contradiction", "contradictions")
            ),
        ),
        (
            "disk",
            format!(
                "{}, {}, {}, {}",
                count(metrics.events, "event", "events"),
                count(metrics.looks, "look", "looks"),
                count(metrics.rescans, "rescan", "rescans"),
                count(metrics.commits, "commit", "commits")
            ),
        ),
        (
            "cache",
            format!(
                "{} ({}), {}, {}",
                count(metrics.cache.documents, "document", "documents"),
                size(metrics.cache.bytes),
                count(metrics.cache.hits, "hit", "hits"),
                count(metrics.cache.misses, "miss", "misses")
            ),
        ),
        ("memory", size(metrics.memory_bytes)),
        ("wire", traffic(metrics.traffic.bytes_in, metrics.traffic.bytes_out)),
    ];
    for (label, value) in rows {
        let label = paint.tone(Tone::Faint, &format!("{label:<8}"));
        push(&mut text, &format!("{label}  {value}"));
    }
    for peer in &metrics.peers {
        let name = escape(&peer.name);
        push(&mut text, &format!("  {name}: {}", traffic(peer.bytes_in, peer.bytes_out)));
    }
    text + &latencies(&metrics.latencies, paint) + &budgets(&metrics.budgets, paint)
}

fn traffic(bytes_in: u64, bytes_out: u64) -> String {
    format!("{} in, {} out", size(bytes_in), size(bytes_out))
}

fn latencies(all: &[Latency], paint: Paint) -> String {
    let head = format!(
        "\n{:<10}{:>8}{:>10}{:>10}{:>10}{:>10}",
        "station", "times", "p50", "p95", "p99", "max"
    );
    let mut text = paint_lines(&head, paint);
    for one in all.iter().filter(|it| it.count > 0) {
        let [p50, p95, p99, max] = [one.p50_us, one.p95_us, one.p99_us, one.max_us].map(moment);
        let (name, times) = (escape(&one.name), grouped(one.count));
        let line = format!("{name:<10}{times:>8}{p50:>10}{p95:>10}{p99:>10}{max:>10}");
        push(&mut text, &line);
    }
    text
}

fn budgets(all: &[BudgetState], paint: Paint) -> String {
    let head = format!("\n{:<10}{:<6}{:>10}{:>10}", "budget", "state", "now", "limit");
    let mut text = paint_lines(&head, paint);
    for one in all {
        let value = one.value.map_or_else(|| "-".to_owned(), |value| amount(value, &one.unit));
        let tone = match one.state {
            Level::Ok => Tone::Good,
            Level::Near => Tone::Warn,
            Level::Over => Tone::Bad,
        };
        let state = paint.tone(tone, &format!("{:<6}", one.state.as_str()));
        let (name, limit) = (escape(&one.name), amount(one.limit, &one.unit));
        let about = paint.tone(Tone::Faint, &escape(&one.about));
        push(&mut text, &format!("{name:<10}{state}{value:>10}{limit:>10}  {about}"));
    }
    text
}

fn paint_lines(head: &str, paint: Paint) -> String {
    let (blank, words) = head.split_at(1);
    format!("{blank}{}\n", paint.tone(Tone::Faint, words))
}

/// The same in Prometheus' text format, version 0.0.4.
///
/// - Units: seconds and bytes, as is the custom there; names end with the unit, and counters with
///   `_total`.
pub(in crate::cli) fn prometheus(metrics: &Metrics) -> String {
    let mut page = Page(String::new());
    let files = &metrics.files;
    page.family("files_total", "counter", "Files by what happened to them.");
    for (what, number) in [
        ("taken_in", files.taken_in),
        ("sent", files.sent),
        ("written", files.written),
        ("renamed", files.renamed),
        ("deleted", files.deleted),
    ] {
        page.sample("files_total", &[("what", what)], number);
    }
    for (name, help, number) in [
        ("changes_total", "Operations that edits on this disk became.", metrics.changes),
        ("merges_total", "Files in which concurrent edits met.", metrics.merges),
        ("conflicts_total", "Contradictions that went on record.", metrics.conflicts),
        ("commits_total", "Transactions of the store.", metrics.commits),
        ("looks_total", "Looks at single paths.", metrics.looks),
        ("rescans_total", "Walks through the whole folder.", metrics.rescans),
        ("events_total", "Events of the watcher.", metrics.events),
        ("cache_hits_total", "Documents found in memory.", metrics.cache.hits),
        ("cache_misses_total", "Documents loaded from the store.", metrics.cache.misses),
    ] {
        page.one(name, "counter", help, number);
    }
    for (name, help, number) in [
        ("cache_documents", "Documents in memory.", metrics.cache.documents),
        ("cache_bytes", "Weight of the documents in memory.", metrics.cache.bytes),
        ("memory_bytes", "Resident memory.", metrics.memory_bytes),
    ] {
        page.one(name, "gauge", help, number);
    }
    page.family("uptime_seconds", "gauge", "Time since the start of the watch.");
    page.sample("uptime_seconds", &[], seconds(metrics.uptime_ms.saturating_mul(1000)));
    let all = &metrics.traffic;
    page.one("received_bytes_total", "counter", "Bytes from all peers.", all.bytes_in);
    page.one("sent_bytes_total", "counter", "Bytes to all peers.", all.bytes_out);
    page.family("peer_received_bytes_total", "counter", "Bytes from one peer.");
    for peer in &metrics.peers {
        let labels = [("id", peer.id.as_str()), ("name", &peer.name)];
        page.sample("peer_received_bytes_total", &labels, peer.bytes_in);
    }
    page.family("peer_sent_bytes_total", "counter", "Bytes to one peer.");
    for peer in &metrics.peers {
        let labels = [("id", peer.id.as_str()), ("name", &peer.name)];
        page.sample("peer_sent_bytes_total", &labels, peer.bytes_out);
    }
    page.latencies(&metrics.latencies);
    page.budgets(&metrics.budgets);
    page.0
}

/// A page under construction.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a text cannot fail.
        writeln!(self.0, "# HELP vault_sync_{name} {help}").ok();
        writeln!(self.0, "# TYPE vault_sync_{name} {kind}").ok();
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(key, text)| format!("{key}=\"{}\"", label(text))).collect();
        let labels = match labels.join(",") {
            none if none.is_empty() => none,
            some => format!("{{{some}}}"),
        };
        writeln!(self.0, "vault_sync_{name}{labels} {value}").ok();
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn latencies(&mut self, all: &[Latency]) {
        self.family("latency_seconds", "summary", "Time taken at each station of the edit path.");
        for one in all {
            let station = ("station", one.name.as_str());
            for (quantile, us) in [("0.5", one.p50_us), ("0.95", one.p95_us), ("0.99", one.p99_us)]
            {
                // Of nothing there is no percentile.
                let value = if one.count == 0 { "NaN".to_owned() } else { seconds(us) };
                self.sample("latency_seconds", &[station, ("quantile", quantile)], value);
            }
            self.sample("latency_seconds_sum", &[station], seconds(one.sum_us));
            self.sample("latency_seconds_count", &[station], one.count);
        }
        self.family("latency_max_seconds", "gauge", "Longest time taken at each station.");
        for one in all {
            let station = ("station", one.name.as_str());
            self.sample("latency_max_seconds", &[station], seconds(one.max_us));
        }
    }

    fn budgets(&mut self, all: &[BudgetState]) {
        let in_base = |value: u64, unit: &str| {
            if unit == "us" { seconds(value) } else { value.to_string() }
        };
        let base = |unit: &str| if unit == "us" { "seconds" } else { "bytes" };
        self.family("budget_state", "gauge", "1 for the state that each budget is in.");
        for one in all {
            for level in [Level::Ok, Level::Near, Level::Over] {
                let labels = [("budget", one.name.as_str()), ("state", level.as_str())];
                self.sample("budget_state", &labels, u8::from(level == one.state));
            }
        }
        self.family("budget_value", "gauge", "What was measured for each budget.");
        for one in all {
            if let Some(value) = one.value {
                let labels = [("budget", one.name.as_str()), ("unit", base(&one.unit))];
                self.sample("budget_value", &labels, in_base(value, &one.unit));
            }
        }
        self.family("budget_limit", "gauge", "The limit of each budget.");
        for one in all {
            let labels = [("budget", one.name.as_str()), ("unit", base(&one.unit))];
            self.sample("budget_limit", &labels, in_base(one.limit, &one.unit));
        }
    }
}

/// The text of a label: backslash, quote and line feed are escaped, nothing else needs to be.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Microseconds as seconds.
fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::answer::{Cache, FileCounts, PeerTraffic, Traffic, VERSION};

    fn sample() -> Metrics {
        let latency = |name: &str, count: u64, us: u64| Latency {
            name: name.into(),
            count,
            p50_us: us,
            p95_us: us * 2,
            p99_us: us * 3,
            max_us: us * 4,
            sum_us: us * count,
        };
        let budget = |name: &str, state, value, limit, unit: &str| BudgetState {
            name: name.into(),
            about: format!("about {name}"),
            state,
            value,
            limit,
            unit: unit.into(),
        };
        Metrics {
            v: VERSION,
            since: "2026-11-20T12:00:00.000Z".into(),
            uptime_ms: 61_500,
            files: FileCounts { taken_in: 3, sent: 1200, written: 5, renamed: 0, deleted: 1 },
            changes: 77,
            merges: 1,
            conflicts: 0,
            commits: 12,
            looks: 9,
            rescans: 1,
            events: 10,
            cache: Cache { documents: 2, bytes: 4000, hits: 5, misses: 1 },
            memory_bytes: 21_000_000,
            traffic: Traffic { bytes_in: 100, bytes_out: 2000 },
            peers: vec![PeerTraffic {
                id: "ab".into(),
                name: "the \"big\"\\\none".into(),
                bytes_in: 100,
                bytes_out: 2000,
            }],
            latencies: vec![latency("event", 0, 0), latency("read", 9, 1500)],
            budgets: vec![
                budget("save", Level::Ok, None, 1_000_000, "us"),
                budget("take-in", Level::Over, Some(72_500), 50_000, "us"),
                budget("memory", Level::Near, Some(45_000_000), 50_000_000, "bytes"),
            ],
        }
    }

    #[test]
    fn the_json_keys_are_those_of_the_contract() {
        insta::assert_snapshot!(serde_json::to_string(&sample()).unwrap(), @r#"{"v":1,"since":"2026-11-20T12:00:00.000Z","uptime_ms":61500,"files":{"taken_in":3,"sent":1200,"written":5,"renamed":0,"deleted":1},"changes":77,"merges":1,"conflicts":0,"commits":12,"looks":9,"rescans":1,"events":10,"cache":{"documents":2,"bytes":4000,"hits":5,"misses":1},"memory_bytes":21000000,"traffic":{"bytes_in":100,"bytes_out":2000},"peers":[{"id":"ab","name":"the \"big\"\\\none","bytes_in":100,"bytes_out":2000}],"latencies":[{"name":"event","count":0,"p50_us":0,"p95_us":0,"p99_us":0,"max_us":0,"sum_us":0},{"name":"read","count":9,"p50_us":1500,"p95_us":3000,"p99_us":4500,"max_us":6000,"sum_us":13500}],"budgets":[{"name":"save","about":"about save","state":"ok","value":null,"limit":1000000,"unit":"us"},{"name":"take-in","about":"about take-in","state":"over","value":72500,"limit":50000,"unit":"us"},{"name":"memory","about":"about memory","state":"near","value":45000000,"limit":50000000,"unit":"bytes"}]}"#);
    }

    #[test]
    fn people_get_tables() {
        insta::assert_snapshot!(metrics(&sample(), Paint::Plain), @r#"
        Since 2026-11-20T12:00:00.000Z (1 min 1 s).
        files     3 taken in, 1,200 sent, 5 written, 0 renamed, 1 deleted
        edits     77 operations, 1 merge, 0 contradictions
        disk      10 events, 9 looks, 1 rescan, 12 commits
        cache     2 documents (4.0 KB), 5 hits, 1 miss
        memory    21.0 MB
        wire      100 B in, 2.0 KB out
          the "big"\\none: 100 B in, 2.0 KB out

        station      times       p50       p95       p99       max
        read             9    1.5 ms    3.0 ms    4.5 ms    6.0 ms

        budget    state        now     limit
        save      ok             -     1.0 s  about save
        take-in   over     72.5 ms   50.0 ms  about take-in
        memory    near     45.0 MB   50.0 MB  about memory
        "#);
    }

    #[test]
    fn prometheus_gets_its_own_format() {
        insta::assert_snapshot!(prometheus(&sample()), @r#"
        # HELP vault_sync_files_total Files by what happened to them.
        # TYPE vault_sync_files_total counter
        vault_sync_files_total{what="taken_in"} 3
        vault_sync_files_total{what="sent"} 1200
        vault_sync_files_total{what="written"} 5
        vault_sync_files_total{what="renamed"} 0
        vault_sync_files_total{what="deleted"} 1
        # HELP vault_sync_changes_total Operations that edits on this disk became.
        # TYPE vault_sync_changes_total counter
        vault_sync_changes_total 77
        # HELP vault_sync_merges_total Files in which concurrent edits met.
        # TYPE vault_sync_merges_total counter
        vault_sync_merges_total 1
        # HELP vault_sync_conflicts_total Contradictions that went on record.
        # TYPE vault_sync_conflicts_total counter
        vault_sync_conflicts_total 0
        # HELP vault_sync_commits_total Transactions of the store.
        # TYPE vault_sync_commits_total counter
        vault_sync_commits_total 12
        # HELP vault_sync_looks_total Looks at single paths.
        # TYPE vault_sync_looks_total counter
        vault_sync_looks_total 9
        # HELP vault_sync_rescans_total Walks through the whole folder.
        # TYPE vault_sync_rescans_total counter
        vault_sync_rescans_total 1
        # HELP vault_sync_events_total Events of the watcher.
        # TYPE vault_sync_events_total counter
        vault_sync_events_total 10
        # HELP vault_sync_cache_hits_total Documents found in memory.
        # TYPE vault_sync_cache_hits_total counter
        vault_sync_cache_hits_total 5
        # HELP vault_sync_cache_misses_total Documents loaded from the store.
        # TYPE vault_sync_cache_misses_total counter
        vault_sync_cache_misses_total 1
        # HELP vault_sync_cache_documents Documents in memory.
        # TYPE vault_sync_cache_documents gauge
        vault_sync_cache_documents 2
        # HELP vault_sync_cache_bytes Weight of the documents in memory.
        # TYPE vault_sync_cache_bytes gauge
        vault_sync_cache_bytes 4000
        # HELP vault_sync_memory_bytes Resident memory.
        # TYPE vault_sync_memory_bytes gauge
        vault_sync_memory_bytes 21000000
        # HELP vault_sync_uptime_seconds Time since the start of the watch.
        # TYPE vault_sync_uptime_seconds gauge
        vault_sync_uptime_seconds 61.500000
        # HELP vault_sync_received_bytes_total Bytes from all peers.
        # TYPE vault_sync_received_bytes_total counter
        vault_sync_received_bytes_total 100
        # HELP vault_sync_sent_bytes_total Bytes to all peers.
        # TYPE vault_sync_sent_bytes_total counter
        vault_sync_sent_bytes_total 2000
        # HELP vault_sync_peer_received_bytes_total Bytes from one peer.
        # TYPE vault_sync_peer_received_bytes_total counter
        vault_sync_peer_received_bytes_total{id="ab",name="the \"big\"\\\none"} 100
        # HELP vault_sync_peer_sent_bytes_total Bytes to one peer.
        # TYPE vault_sync_peer_sent_bytes_total counter
        vault_sync_peer_sent_bytes_total{id="ab",name="the \"big\"\\\none"} 2000
        # HELP vault_sync_latency_seconds Time taken at each station of the edit path.
        # TYPE vault_sync_latency_seconds summary
        vault_sync_latency_seconds{station="event",quantile="0.5"} NaN
        vault_sync_latency_seconds{station="event",quantile="0.95"} NaN
        vault_sync_latency_seconds{station="event",quantile="0.99"} NaN
        vault_sync_latency_seconds_sum{station="event"} 0.000000
        vault_sync_latency_seconds_count{station="event"} 0
        vault_sync_latency_seconds{station="read",quantile="0.5"} 0.001500
        vault_sync_latency_seconds{station="read",quantile="0.95"} 0.003000
        vault_sync_latency_seconds{station="read",quantile="0.99"} 0.004500
        vault_sync_latency_seconds_sum{station="read"} 0.013500
        vault_sync_latency_seconds_count{station="read"} 9
        # HELP vault_sync_latency_max_seconds Longest time taken at each station.
        # TYPE vault_sync_latency_max_seconds gauge
        vault_sync_latency_max_seconds{station="event"} 0.000000
        vault_sync_latency_max_seconds{station="read"} 0.006000
        # HELP vault_sync_budget_state 1 for the state that each budget is in.
        # TYPE vault_sync_budget_state gauge
        vault_sync_budget_state{budget="save",state="ok"} 1
        vault_sync_budget_state{budget="save",state="near"} 0
        vault_sync_budget_state{budget="save",state="over"} 0
        vault_sync_budget_state{budget="take-in",state="ok"} 0
        vault_sync_budget_state{budget="take-in",state="near"} 0
        vault_sync_budget_state{budget="take-in",state="over"} 1
        vault_sync_budget_state{budget="memory",state="ok"} 0
        vault_sync_budget_state{budget="memory",state="near"} 1
        vault_sync_budget_state{budget="memory",state="over"} 0
        # HELP vault_sync_budget_value What was measured for each budget.
        # TYPE vault_sync_budget_value gauge
        vault_sync_budget_value{budget="take-in",unit="seconds"} 0.072500
        vault_sync_budget_value{budget="memory",unit="bytes"} 45000000
        # HELP vault_sync_budget_limit The limit of each budget.
        # TYPE vault_sync_budget_limit gauge
        vault_sync_budget_limit{budget="save",unit="seconds"} 1.000000
        vault_sync_budget_limit{budget="take-in",unit="seconds"} 0.050000
        vault_sync_budget_limit{budget="memory",unit="bytes"} 50000000
        "#);
    }

    /// What the format's description says of lines, as a check that knows nothing of the writer.
    #[test]
    fn every_sample_belongs_to_a_family_and_parses() {
        let page = prometheus(&sample());
        let mut families = std::collections::BTreeSet::new();
        let mut samples = std::collections::BTreeSet::new();
        for line in page.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(["counter", "gauge", "summary"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(families.insert(name.to_owned()), "{name} twice");
            } else if !line.starts_with("# HELP ") {
                let (series, value) = line.rsplit_once(' ').unwrap();
                assert!(value == "NaN" || value.parse::<f64>().is_ok(), "{line}");
                let name = series.split('{').next().unwrap();
                let base = name.trim_end_matches("_sum").trim_end_matches("_count");
                assert!(families.contains(name) || families.contains(base), "{line}");
                assert!(samples.insert(series.to_owned()), "{series} twice");
            }
        }
        assert!(families.len() > 15 && samples.len() > 30);
    }
}
