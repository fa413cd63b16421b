//! Short news that go away by themselves. Time is an argument, in seconds on the window's clock.

use std::mem::discriminant;

use crate::words;

/// Time for which a toast stays, in seconds.
pub const SHOWN_FOR: f64 = 8.0;
/// Most toasts at a time; the oldest make room.
const MAX: usize = 4;

/// Mood of a toast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Success.
    Good,
    /// Trouble, which needs a look.
    Trouble,
}

/// Subject of a toast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Event that happens once.
    Other,
    /// Removal that can be taken back.
    Removal,
    /// Number of files that are shared now.
    Shared(usize),
    /// Number of downloads that are complete.
    Completed(usize),
}

/// Short news that goes away by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// Number that tells the toast from others.
    pub id: u64,
    /// Sentence of the toast.
    pub text: String,
    /// Mood of the toast.
    pub mood: Mood,
    /// Moment at which the toast goes away.
    pub until: f64,
    /// Subject of the toast.
    pub about: About,
}

/// Toasts on the screen, oldest first.
#[derive(Debug, Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    next_id: u64,
}

impl Toasts {
    /// Shows a toast. A toast with the same sentence is shown anew, not twice.
    pub fn push(&mut self, text: impl Into<String>, mood: Mood, now: f64) {
        self.show(text.into(), mood, About::Other, now);
    }

    /// Shows a toast about a removal that can be taken back. One such toast is shown at a time, about the last removal.
    pub fn removed(&mut self, text: impl Into<String>, now: f64) {
        self.taken_back();
        self.show(text.into(), Mood::Good, About::Removal, now);
    }

    /// Takes away the toast about a removal, which cannot be taken back any more.
    pub fn taken_back(&mut self) {
        self.shown.retain(|toast| toast.about != About::Removal);
    }

    /// Shows a toast about a file that is shared. One toast is about all within a short time.
    pub fn shared(&mut self, name: &str, now: f64) {
        self.count(About::Shared, || words::shared(name), words::shared_many, now);
    }

    /// Shows a toast about a download that is complete. One toast is about all within a short time.
    pub fn completed(&mut self, name: &str, now: f64) {
        self.count(About::Completed, || words::completed(name), words::completed_many, now);
    }

    /// Counts one more event of a kind: the toast about those before makes room for one about all.
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

    /// Takes a toast away.
    pub fn dismiss(&mut self, id: u64) {
        self.shown.retain(|toast| toast.id != id);
    }

    /// Takes away the toasts whose time is over. Returns the seconds until the next one's is.
    pub fn expire(&mut self, now: f64) -> Option<f64> {
        self.shown.retain(|toast| toast.until > now);
        self.shown.iter().map(|toast| toast.until - now).reduce(f64::min)
    }

    /// Toasts on the screen, oldest first.
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
