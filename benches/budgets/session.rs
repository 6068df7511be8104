//! A recorded session of two people in one text, and what each had on the screen at any moment.
//!
//! Every character ever typed stays, in one order, with who typed it and who deleted it; a person's
//! view is what they and the other had done by then.

use serde::Deserialize;

/// Position, characters deleted there, text inserted there; in Unicode code points.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Patch(pub(crate) usize, pub(crate) usize, pub(crate) String);

/// How many transactions of each person are done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written(pub(crate) [usize; 2]);

impl Written {
    fn has(self, (person, number): (usize, usize)) -> bool {
        number < self.0[person]
    }

    fn and(self, other: Self) -> Self {
        Self([self.0[0].max(other.0[0]), self.0[1].max(other.0[1])])
    }
}

#[derive(Debug, Clone)]
struct Letter {
    glyph: char,
    typed: (usize, usize),
    deleted: Vec<(usize, usize)>,
}

impl Letter {
    fn is_seen(&self, by: Written) -> bool {
        by.has(self.typed) && !self.deleted.iter().any(|it| by.has(*it))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Session {
    letters: Vec<Letter>,
    /// What is done after each transaction, seen from it.
    seen: Vec<Written>,
    /// What is done after so many transactions, seen from outside.
    done: Vec<Written>,
}

impl Session {
    /// The next transaction: `person` had seen the transactions `parents`, and all before them.
    pub(crate) fn write(&mut self, person: usize, parents: &[usize], patches: &[Patch]) {
        let before = parents.iter().fold(Written::default(), |sum, it| sum.and(self.seen[*it]));
        let mut done = self.done.last().copied().unwrap_or_default();
        let number = done.0[person];
        let mut now = before;
        now.0[person] = number + 1;
        for Patch(at, gone, new) in patches {
            let mut place = self.place(*at, now);
            let mut left = *gone;
            while left > 0 {
                let letter = &mut self.letters[place];
                if letter.is_seen(now) {
                    letter.deleted.push((person, number));
                    left -= 1;
                }
                place += 1;
            }
            let typed = (person, number);
            let new = new.chars().map(|glyph| Letter { glyph, typed, deleted: Vec::new() });
            let place = self.place(*at, now);
            self.letters.splice(place..place, new);
        }
        self.seen.push(now);
        done.0[person] += 1;
        self.done.push(done);
    }

    /// Just behind the letter that is the `at`th for somebody who sees so much.
    fn place(&self, at: usize, by: Written) -> usize {
        if at == 0 {
            return 0;
        }
        let seen = self.letters.iter().enumerate().filter(|(_, it)| it.is_seen(by));
        seen.map(|(place, _)| place + 1).nth(at - 1).expect("the position is in the text")
    }

    /// What is done after so many transactions of both.
    pub(crate) fn written(&self, count: usize) -> Written {
        count.checked_sub(1).map_or_else(Written::default, |last| self.done[last])
    }

    pub(crate) fn text(&self, by: Written) -> String {
        self.letters.iter().filter(|it| it.is_seen(by)).map(|it| it.glyph).collect()
    }
}
