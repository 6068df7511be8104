//! Who belongs to a vault.

use serde::{Deserialize, Serialize};

use super::PeerId;

/// What every device knows of one device of the vault; spreads from peer to peer.
///
/// - Merge: the higher `epoch` wins; at equal epochs a removal wins, then the higher
///   `name_version`, then the greater name; addresses are united.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The device.
    pub id: PeerId,
    /// The name a person chose.
    pub name: String,
    /// Grows by one with each renaming.
    pub name_version: u32,
    /// Socket addresses under which it was last known, as text, newest first.
    pub addresses: Vec<String>,
    /// Grows by one when a removed device is invited anew.
    pub epoch: u32,
    /// Whether a person removed it; then every device refuses it.
    pub removed: bool,
}

/// Most addresses remembered of one device; more are dropped, oldest first.
pub const ADDRESSES_LIMIT: usize = 8;

impl Member {
    /// Takes in what `other` says of the same device; true when that changed anything.
    pub fn absorb(&mut self, other: &Self) -> bool {
        let before = self.clone();
        if (other.epoch, other.removed) > (self.epoch, self.removed) {
            self.epoch = other.epoch;
            self.removed = other.removed;
        }
        if (other.name_version, &other.name) > (self.name_version, &self.name) {
            self.name_version = other.name_version;
            self.name.clone_from(&other.name);
        }
        for address in &other.addresses {
            if !self.addresses.contains(address) && self.addresses.len() < ADDRESSES_LIMIT {
                self.addresses.push(address.clone());
            }
        }
        *self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> Member {
        Member {
            id: PeerId([1; 32]),
            name: "laptop".into(),
            name_version: 0,
            addresses: vec![],
            epoch: 0,
            removed: false,
        }
    }

    #[test]
    fn a_removal_holds_until_a_new_invitation() {
        let mut ours = member();
        assert!(ours.absorb(&Member { removed: true, ..member() }));
        assert!(!ours.absorb(&member()));
        assert!(ours.removed);
        assert!(ours.absorb(&Member { epoch: 1, ..member() }));
        assert!(!ours.removed);
    }

    #[test]
    fn names_agree_whatever_the_order() {
        let a = Member { name: "a".into(), name_version: 1, ..member() };
        let b = Member { name: "b".into(), name_version: 1, ..member() };
        let (mut left, mut right) = (a.clone(), b.clone());
        left.absorb(&b);
        right.absorb(&a);
        assert_eq!(left.name, right.name);
    }
}
