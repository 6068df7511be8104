//! A short impression of a text, for telling an edited copy from another text.

use serde::{Deserialize, Serialize};

/// Values in a sketch. More tell likeness more finely and cost two bytes each in every record.
const BUCKETS: usize = 16;
/// Words that make one feature: in a row, so that two texts with the same vocabulary stay apart.
const WORDS: usize = 3;
/// A bucket that no feature fell into.
const EMPTY: u16 = u16::MAX;
/// Buckets that must be filled on either side, and equal on both, for two texts to be likely the
/// same: half of what is filled, and at least this many, so that very short texts stay apart.
const FEWEST_EQUAL: usize = 3;

/// The smallest feature in each of sixteen classes (one-permutation min-hash).
///
/// - Shape: features are three words in a row; a word is a run of letters and digits, or one
///   character of a script written without spaces. The share of equal values estimates the share of
///   common features.
/// - Source: Li, Owen, Zhang, "One Permutation Hashing" (2012), for the estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch([u16; BUCKETS]);

impl Default for Sketch {
    /// The impression of nothing, which is like nothing.
    fn default() -> Self {
        Self([EMPTY; BUCKETS])
    }
}

impl Sketch {
    /// The impression of a text.
    pub fn of(text: &str) -> Self {
        let mut sketch = Self::default();
        let mut row = [0_u64; WORDS];
        let mut words = 0_usize;
        let mut word = 0_u64;
        let mut end = |word: &mut u64| {
            if *word != 0 {
                row.rotate_left(1);
                row[WORDS - 1] = *word;
                *word = 0;
                words += 1;
                if words >= WORDS {
                    sketch.add(row.iter().fold(0, |all, word| mix(all ^ word)));
                }
            }
        };
        for char in text.chars() {
            if u32::from(char) >= UNSPACED_FROM {
                end(&mut word);
                word = mix(u64::from(u32::from(char)));
                end(&mut word);
            } else if char.is_alphanumeric() {
                word = (word ^ u64::from(u32::from(char))).wrapping_mul(0x0100_0000_01b3) | 1 << 63;
            } else {
                end(&mut word);
            }
        }
        end(&mut word);
        sketch
    }

    fn add(&mut self, feature: u64) {
        let bucket = (feature >> 60) as usize % BUCKETS;
        let [high, low, ..] = feature.to_le_bytes();
        let value = u16::from_le_bytes([high, low]);
        self.0[bucket] = self.0[bucket].min(value);
    }

    /// How alike two texts are: equal buckets, if they are enough to call both the same text,
    /// edited; `None` otherwise.
    pub fn likeness(&self, other: &Self) -> Option<usize> {
        let pairs = || self.0.iter().zip(&other.0);
        let filled = pairs().filter(|(a, b)| **a != EMPTY || **b != EMPTY).count();
        let equal = pairs().filter(|(a, b)| a == b && **a != EMPTY).count();
        (equal >= FEWEST_EQUAL && equal * 2 >= filled).then_some(equal)
    }
}

/// Scripts written without spaces between words begin about here (CJK radicals).
const UNSPACED_FROM: u32 = 0x2e80;

/// Spreads every bit over all others (the end of `splitmix64`).
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(seed: u64, count: u64) -> String {
        let word = |at: u64| format!("w{}", mix(seed ^ (at << 32)) % 4000);
        (0..count).map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_edited_text_is_like_itself() {
        for seed in 0..200 {
            let text = words(seed, 300);
            let edited =
                format!("A new heading\n\n{}and an ending {seed}", text.replacen('w', "x", 9));
            let likeness = Sketch::of(&text).likeness(&Sketch::of(&edited));
            assert!(likeness.is_some(), "seed {seed}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        let sketches: Vec<Sketch> = (0..300).map(|seed| Sketch::of(&words(seed, 300))).collect();
        for (at, one) in sketches.iter().enumerate() {
            for other in &sketches[..at] {
                assert_eq!(one.likeness(other), None);
            }
        }
    }

    #[test]
    fn short_texts_are_like_nothing() {
        for text in ["", "- [ ] ", "two words", "# 2026-01-02"] {
            assert_eq!(Sketch::of(text).likeness(&Sketch::of(text)), None, "{text:?}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_told_apart() {
        let one = "今天天气很好我们去公园散步然后回家吃饭看书睡觉";
        let edited = format!("{one}明天再说");
        let other = "数据库事务需要持久化日志才能保证原子性和一致性";
        assert!(Sketch::of(one).likeness(&Sketch::of(&edited)).is_some());
        assert_eq!(Sketch::of(one).likeness(&Sketch::of(other)), None);
    }
}
