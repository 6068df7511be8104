//! What a running `watch` measures, as scripts read it.

use serde_json::Value;

use super::device::{Device, pair};

fn metrics(device: &Device) -> Value {
    device.run(&["--json", "metrics"]).well().json()
}

/// How many files a device has delivered since its start, to all others together.
pub(crate) fn sent(device: &Device) -> u64 {
    metrics(device)["files"]["sent"].as_u64().unwrap()
}

/// How many times were taken at a station.
fn times(metrics: &Value, station: &str) -> u64 {
    let all = metrics["latencies"].as_array().unwrap();
    let found = all.iter().find(|it| it["name"] == station).expect(station);
    let figure = |key: &str| found[key].as_u64().expect(key);
    let percentiles = [figure("p50_us"), figure("p95_us"), figure("p99_us"), figure("max_us")];
    assert!(percentiles.is_sorted(), "{found}");
    figure("count")
}

#[test]
fn an_edit_is_counted_at_each_station_on_both_devices() {
    let (mut a, mut b) = pair(|_| {});
    a.write("note.md", "first line\n");
    a.event_at("sent", "note.md");
    b.event_at("written", "note.md");
    b.holds("note.md", Some(b"first line\n"));
    let (here, there) = (metrics(&a), metrics(&b));
    for station in ["event", "debounce", "read", "store", "send", "taken-in", "edit", "sent"] {
        assert!(times(&here, station) > 0, "{station}: {here:#}");
    }
    for station in ["receive", "store", "write", "written"] {
        assert!(times(&there, station) > 0, "{station}: {there:#}");
    }
    assert_eq!(here["files"]["taken_in"], 1, "{here:#}");
    assert_eq!(there["files"]["written"], 1, "{there:#}");
    for (metrics, name) in [(&here, "desktop"), (&there, "laptop")] {
        let peer = &metrics["peers"][0];
        assert_eq!(peer["name"], name, "{metrics:#}");
        for way in ["bytes_in", "bytes_out"] {
            let bytes = peer[way].as_u64().unwrap();
            assert!(bytes > 0 && bytes <= metrics["traffic"][way].as_u64().unwrap(), "{metrics:#}");
        }
        assert!(metrics["commits"].as_u64().unwrap() > 0, "{metrics:#}");
        let budgets = metrics["budgets"].as_array().unwrap();
        let names: Vec<_> = budgets.iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["startup", "save", "take-in", "write", "memory"]);
        for budget in budgets {
            let state = budget["state"].as_str().unwrap();
            assert!(["ok", "near", "over"].contains(&state), "{budget}");
        }
        assert!(metrics["memory_bytes"].as_u64().unwrap() > 0);
    }
}

#[test]
fn counters_start_with_the_watch() {
    let mut a = Device::new("laptop");
    a.watch();
    a.write("note.md", "text\n");
    a.event_at("taken-in", "note.md");
    assert_eq!(metrics(&a)["files"]["taken_in"], 1);
    a.stop();
    a.watch();
    let again = metrics(&a);
    assert_eq!(again["files"]["taken_in"], 0, "{again:#}");
    // The folder was a vault already: this start is judged.
    let startup = again["budgets"].as_array().unwrap().iter().find(|it| it["name"] == "startup");
    assert!(startup.unwrap()["value"].as_u64().is_some(), "{again:#}");
}

#[test]
fn prometheus_and_people_get_their_own_formats() {
    let mut a = Device::new("laptop");
    a.watch();
    let page = a.run(&["metrics", "--prometheus"]).well().out;
    for line in page.lines() {
        let sample = line.starts_with("vault_sync_") && line.rsplit_once(' ').is_some();
        assert!(sample || line.starts_with("# HELP ") || line.starts_with("# TYPE "), "{line}");
    }
    assert!(page.contains("vault_sync_budget_state{budget=\"memory\",state=\"ok\"}"), "{page}");
    let text = a.run(&["metrics"]).well().out;
    assert!(text.contains("budget") && text.contains("take-in"), "{text}");
    let both = a.run(&["--json", "metrics", "--prometheus"]);
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn without_watch_there_is_nothing_to_tell() {
    let a = Device::new("laptop");
    a.run(&["init"]).well();
    let said = a.run(&["metrics"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
    assert!(said.err.contains("no watch runs"), "{said:?}");
}
