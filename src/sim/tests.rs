//! Seeded worlds, and the faults that each oracle must find.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::disk::Crash;
use super::oracles::Violation;
use super::world::{Plan, Planted, Summary, World};

/// How many seeds of each sort of world run when nobody asks for more.
const SEEDS: u64 = 12;

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    if let Some(seed) = number("VAULT_SYNC_SIM_SEED") {
        return seed..seed + 1;
    }
    let from = number("VAULT_SYNC_SIM_FROM").unwrap_or(0);
    from..from + number("VAULT_SYNC_SIM_SEEDS").unwrap_or(SEEDS)
}

/// Runs a world; a panic inside counts as a broken rule of the engine.
fn run(plan: Plan) -> (Result<Summary, Violation>, World) {
    let mut world = World::new(plan);
    let result = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic");
        Err(Violation::Engine(format!("panicked: {text}")))
    });
    (result, world)
}

/// Runs the worlds of all seeds; the first that fails tells how to repeat it.
fn all(test: &str, plan: impl Fn(u64) -> Plan) -> Vec<Summary> {
    let mut failed = Vec::new();
    let mut summaries = Vec::new();
    let mut lines = String::new();
    for seed in seeds() {
        let (result, world) = run(plan(seed));
        match result {
            Ok(summary) => summaries.push(summary),
            Err(violation) => {
                if failed.is_empty() {
                    lines = world.last_lines();
                }
                failed.push(format!("seed {seed}: {violation}"));
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{lines}\n{} of {} seeds failed:\n{}\n\nrepeat: VAULT_SYNC_SIM_SEED={} cargo test --lib \
         sim::tests::{test}",
        failed.len(),
        failed.len() + summaries.len(),
        failed.join("\n"),
        failed[0].split([' ', ':']).nth(1).unwrap_or("?"),
    );
    summaries
}

#[test]
fn calm_worlds_end_equal() {
    let summaries = all("calm_worlds_end_equal", Plan::calm);
    assert!(summaries.iter().any(|it| it.files > 2));
}

#[test]
fn stormy_worlds_end_equal() {
    all("stormy_worlds_end_equal", Plan::stormy);
}

#[test]
fn worlds_of_killed_peers_end_equal() {
    let summaries = all("worlds_of_killed_peers_end_equal", Plan::killed);
    assert!(summaries.iter().any(|it| it.stops > 0));
}

#[test]
fn worlds_without_power_end_equal() {
    all("worlds_without_power_end_equal", Plan::powerless);
}

#[test]
fn crowded_worlds_end_equal() {
    all("crowded_worlds_end_equal", Plan::crowded);
}

#[test]
fn careless_worlds_end_equal() {
    let summaries = all("careless_worlds_end_equal", Plan::careless);
    assert!(summaries.iter().all(|it| it.braked > 0));
}

/// Runs one world that once failed.
fn stays_mended(plan: Plan) {
    let (result, world) = run(plan);
    if let Err(violation) = result {
        panic!("{}\n{violation}", world.last_lines());
    }
}

#[test]
fn a_move_seen_twice_before_it_is_taken_in_is_no_deletion() {
    stays_mended(Plan::crowded(23));
}

#[test]
fn a_stop_between_a_choice_and_its_copy_keeps_what_lost() {
    stays_mended(Plan::crowded(138));
}

#[test]
fn a_copy_whose_bytes_were_replaced_first_is_not_promised_to_anybody() {
    stays_mended(Plan::crowded(124));
    stays_mended(Plan::powerless(126));
}

#[test]
fn a_blob_deleted_beside_a_choice_is_not_brought_back_by_it() {
    stays_mended(Plan::powerless(20));
    stays_mended(Plan::killed(86));
}

#[test]
fn a_peer_that_lacks_an_old_text_meets_the_others_all_the_same() {
    stays_mended(Plan::crowded(100));
}

#[test]
fn a_text_read_for_the_disk_does_not_start_other_work_again() {
    stays_mended(Plan::stormy(92));
}

#[test]
fn texts_that_are_missed_one_after_the_other_are_all_put_in_place() {
    stays_mended(Plan::killed(37));
}

#[test]
fn a_folder_seen_away_just_before_it_is_back_is_no_fault() {
    stays_mended(Plan::stormy(194));
}

#[test]
fn a_file_put_in_its_place_before_a_stop_is_no_other_one_after_it() {
    stays_mended(Plan::powerless(70_133));
    stays_mended(Plan::powerless(70_231));
}

#[test]
fn a_file_whose_place_a_folder_took_is_not_removed_for_ever() {
    stays_mended(Plan::careless(9));
}

#[test]
fn what_is_gone_is_not_held_back_as_emptied() {
    stays_mended(Plan::careless(8));
    stays_mended(Plan::careless(20));
}

#[test]
fn a_file_whose_place_a_new_folder_took_is_found_gone() {
    stays_mended(Plan::careless(304));
}

#[test]
fn two_forgotten_births_do_not_keep_devices_apart() {
    stays_mended(Plan::killed(301));
}

#[test]
fn a_file_moved_to_where_another_was_to_be_written_is_only_that_file() {
    stays_mended(Plan::crowded(311));
}

#[test]
fn a_text_fetched_by_hash_is_there_for_the_next_edit() {
    stays_mended(Plan::killed(411));
    stays_mended(Plan::powerless(385));
}

#[test]
fn the_same_seed_is_the_same_world() {
    let hash = |seed: u64| {
        let (_, world) = run(Plan::killed(seed));
        world.hash()
    };
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7), hash(8));
}

/// Stops one peer before each of its effects in turn, or before every n-th of them.
#[test]
fn a_stop_before_any_effect_loses_nothing() {
    let clean = Plan { acts: 8, span_ms: 6000, ..Plan::calm(1) };
    let (result, world) = run(clean);
    let summary = result.unwrap_or_else(|it| panic!("{}\n{it}", world.last_lines()));
    let dense = std::env::var_os("VAULT_SYNC_SIM_SEEDS").is_some();
    let mut failed = Vec::new();
    for (peer, effects) in summary.effects.iter().enumerate() {
        let step = if dense { 1 } else { 7 };
        for effect in (1..=*effects).step_by(step) {
            for crash in [Crash::Kill, Crash::Power] {
                let plan = Plan { stop_at: Some((peer, effect, crash)), ..clean };
                if let Err(violation) = run(plan).0 {
                    failed.push(format!("peer {peer} {crash:?} at {effect}: {violation}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

/// Runs worlds with a planted fault until one is found out, and returns what gave it away.
fn found_out(planted: Planted) -> Violation {
    for seed in 0..30 {
        let plan = Plan { planted, ..Plan::calm(seed) };
        if let Err(violation) = run(plan).0 {
            return violation;
        }
    }
    panic!("{planted:?} was never noticed");
}

#[test]
fn a_store_that_forgets_is_found_out() {
    let violation = found_out(Planted::ForgetfulStores);
    assert!(matches!(violation, Violation::NotDurable { .. }), "{violation}");
}

#[test]
fn a_disk_that_overwrites_blindly_is_found_out() {
    let violation = found_out(Planted::BlindDisks);
    assert!(matches!(violation, Violation::OverwroteUnseen { .. }), "{violation}");
}

#[test]
fn a_network_that_swallows_messages_is_found_out() {
    let violation = found_out(Planted::SwallowedMessages);
    assert!(matches!(violation, Violation::NotConverged(_)), "{violation}");
}

#[test]
fn a_program_that_reverts_a_file_is_found_out() {
    let violation = found_out(Planted::RevertedFile);
    assert!(
        matches!(violation, Violation::LostWords(_) | Violation::VanishedWords(_)),
        "{violation}"
    );
}

#[test]
fn a_program_that_revives_a_file_is_found_out() {
    let violation = found_out(Planted::RevivedFile);
    assert!(matches!(violation, Violation::Resurrected(_)), "{violation}");
}

#[test]
fn a_doubled_word_is_found_out() {
    let violation = found_out(Planted::DoubledWord);
    assert!(matches!(violation, Violation::DoubledWords(_)), "{violation}");
}

#[test]
fn a_disk_that_changes_silently_is_found_out() {
    let violation = found_out(Planted::SilentChange);
    assert!(matches!(violation, Violation::NotConverged(_)), "{violation}");
}

#[test]
fn an_engine_without_brakes_is_found_out() {
    let plan = |seed| Plan { planted: Planted::NoBrakes, ..Plan::careless(seed) };
    let violations = (0..12).filter_map(|seed| run(plan(seed)).0.err());
    let found = violations.collect::<Vec<_>>();
    let passed = |it: &Violation| matches!(it, Violation::PassedBrake { .. });
    assert!(found.iter().filter(|it| passed(it)).count() > 8, "{found:?}");
}
