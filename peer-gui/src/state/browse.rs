//! The search of the trackers for files by name.

use std::collections::HashSet;

use sprat_chunking::FileId;
use sprat_protocol::FileName;
use sprat_protocol::tracker::SearchHit;

use super::focus::FocusRequests;
use crate::model::messages::SearchAnswer;

/// State of the search.
#[derive(Debug, Default)]
pub struct Browse {
    /// Text of the field for words.
    pub words: String,
    /// Requests to give that field the focus.
    pub focus: FocusRequests,
    /// Question that was asked last, if any was.
    pub asked: Option<Question>,
    /// Files of the result, best first, with names that are safe to show.
    pub hits: Vec<SearchHit>,
    /// True if there is another page.
    pub more: bool,
    /// Failures of the search, in sentences for a person.
    pub troubles: Vec<String>,
}

/// Question to the trackers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Words of the search.
    pub words: String,
    /// Page of the result, counted from 0.
    pub page: u32,
    /// True while the answer is awaited.
    pub waiting: bool,
}

impl Browse {
    /// Begins a new search. Returns its words.
    pub fn begin(&mut self) -> String {
        let words = self.words.trim().to_owned();
        (self.hits, self.more, self.troubles) = (Vec::new(), false, Vec::new());
        self.asked = Some(Question { words: words.clone(), page: 0, waiting: true });
        words
    }

    /// Goes on to the next page, if there is one and no answer is awaited. Returns the words and the page to ask for.
    pub fn next_page(&mut self) -> Option<(String, u32)> {
        let asked = self.asked.as_mut().filter(|asked| !asked.waiting && self.more)?;
        asked.page += 1;
        asked.waiting = true;
        Some((asked.words.clone(), asked.page))
    }

    /// Takes in the answer to a question. An answer that is not awaited any more is dropped.
    pub fn answered(&mut self, words: &str, page: u32, answer: SearchAnswer) {
        let Some(asked) = &mut self.asked else { return };
        if !asked.waiting || asked.words != words || asked.page != page {
            return;
        }
        asked.waiting = false;
        if answer.hits.is_empty() && !answer.troubles.is_empty() && asked.page > 0 {
            // That page can be asked for again.
            asked.page -= 1;
            self.troubles = answer.troubles;
            return;
        }
        let known: HashSet<FileId> = self.hits.iter().map(|hit| hit.file_id).collect();
        let new = answer.hits.into_iter().filter(|hit| !known.contains(&hit.file_id));
        self.hits.extend(new.map(|hit| SearchHit { name: FileName::clean(&hit.name).as_str().to_owned(), ..hit }));
        (self.more, self.troubles) = (answer.more, answer.troubles);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(n: u8) -> SearchHit {
        let file_id = FileId::new([n; 32]);
        SearchHit { file_id, name: n.to_string(), size: 1, seeders: 1, leechers: 0, first_seen: 0 }
    }

    #[test]
    fn pages_add_up_and_late_answers_are_dropped() {
        let mut browse = Browse { words: " a ".into(), ..Browse::default() };
        assert_eq!(browse.begin(), "a");
        browse.answered("a", 0, SearchAnswer { hits: vec![hit(1), hit(2)], more: true, ..SearchAnswer::default() });
        assert_eq!(browse.next_page(), Some(("a".into(), 1)));
        assert_eq!(browse.next_page(), None, "one question at a time");
        browse.answered("a", 1, SearchAnswer { hits: vec![hit(2), hit(3)], ..SearchAnswer::default() });
        assert_eq!(browse.hits.len(), 3);
        browse.more = true;
        assert_eq!(browse.next_page(), Some(("a".into(), 2)));
        browse.answered("a", 2, SearchAnswer { troubles: vec!["away".into()], ..SearchAnswer::default() });
        assert_eq!(browse.next_page(), Some(("a".into(), 2)), "a page that did not come is asked for again");
        browse.words = "b".into();
        browse.begin();
        browse.answered("a", 0, SearchAnswer { hits: vec![hit(1)], ..SearchAnswer::default() });
        assert!(browse.hits.is_empty());
    }
}
