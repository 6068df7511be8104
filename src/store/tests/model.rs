//! Any sequence of writes and restarts leaves what a plain map would hold.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::plain::{Plain, content};
use super::{LARGE_BYTES, Store, folder, text};
use crate::model::{FileId, PeerId, Write};

/// Where failures found are kept, from the root of the crate.
const REGRESSIONS: &str = "fixtures/regressions/store.txt";

#[derive(Debug, Clone)]
enum Act {
    Commit(Vec<Vec<Write>>),
    Restart,
}

fn id() -> impl Strategy<Value = FileId> {
    (0_u8..4).prop_map(|n| FileId([n; 16]))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn write() -> impl Strategy<Value = Write> {
    let size = prop_oneof![
        6 => 0_usize..2000,
        1 => LARGE_BYTES - 1..LARGE_BYTES + 2,
    ];
    prop_oneof![
        (id(), bytes()).prop_map(|(id, record)| Write::File { id, record }),
        id().prop_map(Write::ForgetFile),
        (id(), size, 0_usize..9)
            .prop_map(|(id, size, seed)| Write::Snapshot { id, bytes: content(size, seed) }),
        (id(), vec(bytes(), 0..4)).prop_map(|(id, changes)| Write::Changes { id, changes }),
        (0_usize..3000, 0_usize..9).prop_map(|(size, seed)| text(&content(size, seed))),
        (any::<u8>(), bytes())
            .prop_map(|(id, record)| Write::Peer { id: PeerId([id; 32]), record }),
        ("[a-cä]{0,3}", bytes()).prop_map(|(key, value)| Write::Meta { key, value }),
        (vec(any::<u8>(), 0..2), bytes()).prop_map(|(key, entry)| Write::Ledger { key, entry }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => vec(vec(write(), 0..12), 0..3).prop_map(Act::Commit),
        1 => Just(Act::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_store_holds_what_a_map_holds(acts in vec(act(), 1..8)) {
        let folder = folder();
        let mut store = Store::open(folder.path()).unwrap();
        let mut plain = Plain::default();
        for act in acts {
            match act {
                Act::Commit(batches) => {
                    store.commit(&batches).unwrap();
                    for batch in &batches {
                        plain.apply(batch);
                    }
                }
                Act::Restart => {
                    drop(store);
                    store = Store::open(folder.path()).unwrap();
                    prop_assert_eq!(store.renewal(), None);
                }
            }
            prop_assert_eq!(Plain::read(&store), plain.clone());
        }
        prop_assert!(store.check().unwrap().damaged.is_empty());
    }
}
