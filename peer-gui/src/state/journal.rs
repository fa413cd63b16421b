//! The log of each transfer.

use std::collections::{HashMap, VecDeque};

use sprat_chunking::FileId;

/// Most lines of one transfer; the oldest make room.
const MAX_LINES: usize = 200;
/// Most transfers that have a log; the one that was silent longest makes room.
const MAX_TRANSFERS: usize = 1000;

/// Line of a transfer's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Moment of the event, in seconds since 1970 (UTC).
    pub at: u64,
    /// Event, in a sentence.
    pub text: String,
}

/// Logs of all transfers, since the start.
#[derive(Debug, Default)]
pub struct Journal {
    of: HashMap<FileId, VecDeque<Line>>,
}

impl Journal {
    /// Adds a line to a transfer's log. A line that is the same as the last one is left out.
    pub fn note(&mut self, file_id: FileId, at: u64, text: String) {
        if !self.of.contains_key(&file_id) && self.of.len() >= MAX_TRANSFERS {
            self.forget_most_silent();
        }
        let lines = self.of.entry(file_id).or_default();
        let line = Line { at, text };
        if lines.back() != Some(&line) {
            lines.push_back(line);
        }
        if lines.len() > MAX_LINES {
            lines.pop_front();
        }
    }

    fn forget_most_silent(&mut self) {
        let spoke = |lines: &VecDeque<Line>| lines.back().map(|line| line.at);
        let silent = self.of.iter().min_by_key(|(_, lines)| spoke(lines)).map(|(file_id, _)| *file_id);
        silent.and_then(|file_id| self.of.remove(&file_id));
    }

    /// Forgets the log of a transfer that is gone.
    pub fn forget(&mut self, file_id: FileId) {
        self.of.remove(&file_id);
    }

    /// Log of a transfer, newest line first.
    pub fn of(&self, file_id: FileId) -> impl Iterator<Item = &Line> {
        self.of.get(&file_id).into_iter().flatten().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_bounded_and_newest_first() {
        let (mut journal, file) = (Journal::default(), FileId::new([1; 32]));
        for n in 0..MAX_LINES as u64 + 5 {
            journal.note(file, n, n.to_string());
            journal.note(file, n, n.to_string());
        }
        let lines: Vec<_> = journal.of(file).collect();
        assert_eq!((lines.len(), lines[0].text.as_str(), lines[MAX_LINES - 1].text.as_str()), (MAX_LINES, "204", "5"));
        for n in 0..MAX_TRANSFERS as u32 {
            let mut id = [2; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            journal.note(FileId::new(id), 1000, String::new());
        }
        assert_eq!((journal.of.len(), journal.of(file).count()), (MAX_TRANSFERS, 0));
    }
}
