//! Short news that go away by themselves. Time is an argument, in seconds on the window's clock.

use std::mem::discriminant;

use crate::words;

/// How long a toast stays, in seconds.
pub const SHOWN_FOR: f64 = 8.0;
/// The most toasts at a time; the oldest make room.
const MAX: usize = 4;

/// Whether a toast tells of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It went well.
    Good,
    /// Something needs a look.
    Trouble,
}

/// What a toast tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Something that happens once.
    Other,
    /// A removal that can be taken back.
    Removal,
    /// So many files that are shared now.
    Shared(usize),
    /// So many downloads that are complete.
    Completed(usize),
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// Tells it from others.
    pub id: u64,
    /// What it says.
    pub text: String,
    /// Whether it is good news.
    pub mood: Mood,
    /// When it goes away.
    pub until: f64,
    /// What it tells of.
    pub about: About,
}

/// Those on the screen, oldest first.
#[derive(Debug, Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    next_id: u64,
}

impl Toasts {
    /// Shows a toast. One that says the same is shown anew, not twice.
    pub fn push(&mut self, text: impl Into<String>, mood: Mood, now: f64) {
        self.show(text.into(), mood, About::Other, now);
    }

    /// Tells of a removal that can be taken back. There is one such toast, about the last.
    pub fn removed(&mut self, text: impl Into<String>, now: f64) {
        self.taken_back();
        self.show(text.into(), Mood::Good, About::Removal, now);
    }

    /// There is nothing to take back any more.
    pub fn taken_back(&mut self) {
        self.shown.retain(|toast| toast.about != About::Removal);
    }

    /// A file is shared. Many within a short time are told of together.
    pub fn shared(&mut self, name: &str, now: f64) {
        self.count(About::Shared, || words::shared(name), words::shared_many, now);
    }

    /// A download is complete. Many within a short time are told of together.
    pub fn completed(&mut self, name: &str, now: f64) {
        self.count(About::Completed, || words::completed(name), words::completed_many, now);
    }

    /// One more of such things: the toast about those before it makes room for one about all.
    fn count(&mut self, about: fn(usize) -> About, one: impl FnOnce() -> String, many: fn(usize) -> String, now: f64) {
        let is_same = |toast: &Toast| discriminant(&toast.about) == discriminant(&about(0));
        let before = self.shown.iter().position(is_same).map(|at| self.shown.remove(at).about);
        let count = match before {
            Some(About::Shared(count) | About::Completed(count)) => count + 1,
            _ => 1,
        };
        let text = if count == 1 { one() } else { many(count) };
        self.show(text, Mood::Good, about(count), now);
    }

    fn show(&mut self, text: String, mood: Mood, about: About, now: f64) {
        self.shown.retain(|toast| toast.text != text);
        self.next_id += 1;
        self.shown.push(Toast { id: self.next_id, text, mood, until: now + SHOWN_FOR, about });
        let surplus = self.shown.len().saturating_sub(MAX);
        self.shown.drain(..surplus);
    }

    /// Takes one away.
    pub fn dismiss(&mut self, id: u64) {
        self.shown.retain(|toast| toast.id != id);
    }

    /// Takes away those whose time is over. Returns the seconds until the next one's is.
    pub fn expire(&mut self, now: f64) -> Option<f64> {
        self.shown.retain(|toast| toast.until > now);
        self.shown.iter().map(|toast| toast.until - now).reduce(f64::min)
    }

    /// Those on the screen, oldest first.
    pub fn shown(&self) -> &[Toast] {
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toasts_go_away_in_their_time() {
        let mut toasts = Toasts::default();
        toasts.push("a", Mood::Good, 0.0);
        toasts.push("b", Mood::Trouble, 3.0);
        assert_eq!(toasts.expire(4.0), Some(4.0));
        assert_eq!(toasts.expire(8.0), Some(3.0));
        assert_eq!(toasts.shown()[0].text, "b");
        assert_eq!(toasts.expire(11.0), None);
    }

    #[test]
    fn many_of_a_kind_are_told_of_together() {
        let mut toasts = Toasts::default();
        for name in ["a", "b", "c"] {
            toasts.shared(name, 0.0);
        }
        toasts.completed("d", 0.0);
        let texts: Vec<_> = toasts.shown().iter().map(|toast| toast.text.as_str()).collect();
        assert_eq!(texts, ["3 files are shared.", "“d” is complete and verified."]);
        toasts.expire(SHOWN_FOR);
        toasts.shared("e", SHOWN_FOR);
        assert_eq!(toasts.shown()[0].text, "“e” is shared.");
    }

    #[test]
    fn they_are_few_and_differ() {
        let mut toasts = Toasts::default();
        for text in ["a", "b", "c", "d", "e", "d"] {
            toasts.push(text, Mood::Good, 0.0);
        }
        let texts: Vec<_> = toasts.shown().iter().map(|toast| toast.text.as_str()).collect();
        assert_eq!(texts, ["b", "c", "e", "d"]);
        let first = toasts.shown()[0].id;
        toasts.dismiss(first);
        assert_eq!(toasts.shown().len(), 3);
    }
}
