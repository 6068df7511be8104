use super::*;
use crate::app::meter::shape::{Latency, Level};
use crate::engine::Refusal;
use crate::model::{Digest, Member, Observed, Writer};
use crate::wire::Message;

const ME: PeerId = PeerId([1; 32]);
const PHONE: PeerId = PeerId([2; 32]);
const LINK: LinkId = LinkId(7);

/// A meter, and moments by their milliseconds after its start.
fn meter() -> (Meter, impl Fn(u64) -> Instant) {
    let start = Instant::now();
    let beginning = Beginning { since: WallMs(0), created: false, quiet_ms: 100 };
    (Meter::new(start, beginning), move |ms| start + Duration::from_millis(ms))
}

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

fn metrics(meter: &Meter, now: Instant) -> Metrics {
    let member = |id, name: &str| Member {
        id,
        name: name.into(),
        name_version: 0,
        addresses: vec![],
        epoch: 0,
        removed: false,
    };
    let status =
        Status { members: vec![member(ME, "laptop"), member(PHONE, "phone")], ..Status::default() };
    meter.metrics(now, &status, Around { me: ME, commits: 3, memory_bytes: 9 })
}

fn latency(metrics: &Metrics, station: Station) -> &Latency {
    metrics.latencies.iter().find(|it| it.name == station.as_str()).unwrap()
}

fn budget(metrics: &Metrics, name: &str) -> (Level, Option<u64>) {
    let found = metrics.budgets.iter().find(|it| it.name == name).unwrap();
    (found.state, found.value)
}

/// One edit: event at `at`, look 100 ms later, durable `took` after that, sent 1 ms later.
fn edit(
    meter: &mut Meter,
    moment: &impl Fn(u64) -> Instant,
    at: u64,
    took: u64,
) -> Vec<BudgetState> {
    let note = path("a.md");
    let op = Op(at);
    meter.hinted(moment(at + 1), &[Hint::Path(note.clone())], Some(moment(at)));
    meter.effect(
        moment(at + 100),
        &Effect::Read { op, path: note.clone(), writer: Writer::Unknown },
    );
    let observed = Observed::Absent;
    meter.input(moment(at + 102), &Input::Read { op, observed });
    let (done, ms) = (moment(at + 100 + took), 100 + took);
    let taken = Report::TakenIn { path: note.clone(), ops: 4, ms };
    let sent = Report::Sent { path: note, peer: PHONE, bytes: 10 };
    let turned = [meter.report(done, &taken), meter.report(moment(at + ms + 1), &sent)];
    turned.into_iter().flatten().collect()
}

#[test]
fn an_edit_is_measured_at_each_station() {
    let (mut meter, moment) = meter();
    assert_eq!(edit(&mut meter, &moment, 1000, 5), []);
    let shown = metrics(&meter, moment(5000));
    for (station, ms) in [
        (Station::Event, 1),
        (Station::Debounce, 100),
        (Station::Read, 2),
        (Station::TakenIn, 105),
        (Station::Edit, 5),
        (Station::Sent, 106),
    ] {
        let latency = latency(&shown, station);
        assert_eq!((latency.count, latency.sum_us), (1, ms * 1000), "{station:?}");
    }
    assert_eq!(latency(&shown, Station::Write).count, 0);
    assert_eq!((shown.files.taken_in, shown.files.sent, shown.changes), (1, 1, 4));
    assert_eq!((shown.looks, shown.events, shown.rescans), (1, 1, 0));
    assert_eq!((shown.uptime_ms, shown.commits, shown.memory_bytes), (5000, 3, 9));
    assert_eq!(shown.since, "1970-01-01T00:00:00.000Z");
}

#[test]
fn what_a_walk_found_is_no_edit_somebody_waits_for() {
    let (mut meter, moment) = meter();
    let note = path("a.md");
    meter.effect(moment(0), &Effect::Scan { op: Op(1) });
    meter.effect(
        moment(1),
        &Effect::Read { op: Op(2), path: note.clone(), writer: Writer::Unknown },
    );
    meter.report(moment(900), &Report::TakenIn { path: note, ops: 4, ms: 900 });
    let shown = metrics(&meter, moment(1000));
    assert_eq!((shown.files.taken_in, shown.rescans), (1, 1));
    for station in [Station::Debounce, Station::TakenIn, Station::Edit] {
        assert_eq!(latency(&shown, station).count, 0, "{station:?}");
    }
}

#[test]
fn slow_edits_are_an_alert_and_quick_ones_end_it() {
    let (mut meter, moment) = meter();
    let mut turned: Vec<BudgetState> = Vec::new();
    for n in 0..8 {
        turned.extend(edit(&mut meter, &moment, n * 1000, 70));
    }
    let names = |of: &[BudgetState]| -> Vec<_> {
        of.iter().map(|it| (it.name.clone(), it.state, it.limit)).collect()
    };
    assert_eq!(names(&turned), [("take-in".to_owned(), Level::Over, 50_000)]);
    assert_eq!(budget(&metrics(&meter, moment(0)), "take-in"), (Level::Over, Some(70_000)));
    assert_eq!(budget(&metrics(&meter, moment(0)), "save"), (Level::Ok, Some(171_000)));
    turned.clear();
    for n in 8..20 {
        turned.extend(edit(&mut meter, &moment, n * 1000, 5));
    }
    assert_eq!(names(&turned), [("take-in".to_owned(), Level::Ok, 50_000)]);
}

#[test]
fn bulk_is_counted_and_not_judged() {
    let (mut meter, moment) = meter();
    for n in 0..20 {
        meter.outstanding(moment(n * 1000 + 100), BULK_ANSWERS + 1);
        assert_eq!(edit(&mut meter, &moment, n * 1000, 800), []);
    }
    let shown = metrics(&meter, moment(0));
    assert_eq!(latency(&shown, Station::Edit).count, 20);
    assert_eq!(budget(&shown, "take-in"), (Level::Ok, None));
    // What many lead to is what matters, not that there are some.
    meter.outstanding(moment(60_000), BULK_ANSWERS);
    let written = Report::Written { path: path("b.md"), peer: Some(PHONE), ms: 90 };
    let turned: Vec<_> =
        (0..8).filter_map(|n| meter.report(moment(60_000 + n), &written)).collect();
    assert_eq!(turned.len(), 1);
    assert_eq!((turned[0].name.as_str(), turned[0].value), ("write", Some(90_000)));
}

#[test]
fn bytes_are_counted_by_peer_and_sends_in_their_order() {
    let (mut meter, moment) = meter();
    let up = Input::LinkUp { link: LINK, peer: PHONE, dialled: true };
    meter.input(moment(0), &up);
    let made = |lane| Effect::Send { link: LINK, lane, message: Message::Deliver(vec![]) };
    meter.effect(moment(10), &made(Lane::Live));
    meter.effect(moment(20), &made(Lane::Bulk));
    meter.effect(moment(30), &made(Lane::Live));
    let sent = |lane| Input::Sent { link: LINK, lane, wire_bytes: 100 };
    meter.input(moment(11), &sent(Lane::Live));
    meter.input(moment(33), &sent(Lane::Live));
    meter.input(moment(40), &sent(Lane::Bulk));
    let message = Message::Deliver(vec![]);
    let came = Input::Message { link: LINK, lane: Lane::Live, message, wire_bytes: 7 };
    meter.input(moment(50), &came);
    let shown = metrics(&meter, moment(60));
    assert_eq!(latency(&shown, Station::Send).sum_us, (1 + 3 + 20) * 1000);
    assert_eq!(shown.traffic, Traffic { bytes_in: 7, bytes_out: 300 });
    assert_eq!(shown.peers.len(), 1);
    let phone = &shown.peers[0];
    assert_eq!((phone.name.as_str(), phone.bytes_in, phone.bytes_out), ("phone", 7, 300));
    // After the end of a link its numbers stay.
    meter.input(moment(70), &Input::LinkDown { link: LINK, reason: String::new() });
    meter.input(moment(70), &sent(Lane::Live));
    let shown = metrics(&meter, moment(80));
    assert_eq!((shown.peers[0].bytes_out, shown.traffic.bytes_out), (300, 400));
}

#[test]
fn strangers_cannot_make_it_grow() {
    let (mut meter, moment) = meter();
    for n in 0..2 * PEERS_LIMIT {
        let mut id = [9; 32];
        id[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let link = LinkId(n as u64);
        meter.input(moment(0), &Input::LinkUp { link, peer: PeerId(id), dialled: false });
        let message = Message::Deliver(vec![]);
        let came = Input::Message { link, lane: Lane::Control, message, wire_bytes: 1 };
        meter.input(moment(0), &came);
        meter.input(moment(0), &Input::LinkDown { link, reason: String::new() });
    }
    assert_eq!(meter.by_peer.len(), PEERS_LIMIT);
    assert!(meter.links.is_empty());
    assert_eq!(meter.all.bytes_in, 2 * PEERS_LIMIT as u64);
}

#[test]
fn a_start_is_judged_in_a_vault_that_was_one_before() {
    let ready = Report::Ready { digest: Digest([0; 16]), files: 500 };
    for (created, expected) in [(false, (Level::Over, Some(2_500_000))), (true, (Level::Ok, None))]
    {
        let start = Instant::now();
        let mut meter = Meter::new(start, Beginning { since: WallMs(0), created, quiet_ms: 100 });
        let turned = meter.report(start + Duration::from_millis(2500), &ready);
        assert_eq!(turned.is_some(), !created);
        assert_eq!(budget(&metrics(&meter, start), "startup"), expected);
    }
}

#[test]
fn memory_is_looked_at_once_a_minute_at_most() {
    let (mut meter, moment) = meter();
    assert!(meter.memory_due(moment(0)));
    let turned = meter.memory(moment(0), 60_000_000, 10).unwrap();
    assert_eq!((turned.name.as_str(), turned.state), ("memory", Level::Over));
    assert!(!meter.memory_due(moment(59_999)));
    assert!(meter.memory_due(moment(60_000)));
    // More files have more room.
    assert_eq!(meter.memory(moment(60_000), 60_000_000, 1000).unwrap().state, Level::Ok);
    assert_eq!(meter.memory(moment(60_000), 0, 1000), None);
}

#[test]
fn what_is_no_news_of_files_changes_no_counter() {
    let (mut meter, moment) = meter();
    let before = metrics(&meter, moment(0));
    for report in [
        Report::PeerConnected(PHONE),
        Report::PeerRefused(PHONE, format!("{:?}", Refusal::Member)),
        Report::Stopped,
    ] {
        assert_eq!(meter.report(moment(0), &report), None);
    }
    assert_eq!(metrics(&meter, moment(0)), before);
}
