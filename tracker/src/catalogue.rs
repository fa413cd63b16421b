//! The names of files, for SEARCH.
//!
//! This catalogue is kept in memory: it knows the files that somebody holds at this moment. A file leaves it when its
//! swarm is empty, and is first seen anew when it comes back.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Bound;
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_protocol::tracker::{SEARCH_PAGE_LEN, SearchAnswer, SearchHit};
use unicode_normalization::UnicodeNormalization;

/// Every file that somebody holds, by name.
#[derive(Debug, Default)]
pub struct Catalogue {
    entries: BTreeMap<FileId, Entry>,
}

#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    folded: Box<str>,
    first_seen: u64,
}

/// A file whose name has all the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which file.
    pub file_id: FileId,
    /// How many of the words are whole words of the name.
    pub whole_words: usize,
    /// When it came into the catalogue, in seconds since 1970 (UTC).
    pub first_seen: u64,
}

impl Catalogue {
    /// Adds a file, or gives it another name.
    pub fn put(&mut self, file_id: FileId, name: &Arc<str>, unix_seconds: u64) {
        let first_seen = match self.entries.get(&file_id) {
            Some(entry) if entry.name == *name => return,
            Some(entry) => entry.first_seen,
            None => unix_seconds,
        };
        self.entries.insert(file_id, Entry { name: name.clone(), folded: fold(name).into(), first_seen });
    }

    /// Removes a file.
    pub fn remove(&mut self, file_id: FileId) {
        self.entries.remove(&file_id);
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Looks at the `steps` files after this one, or at the first, and reports those that match. Returns the file to go
    /// on from, or none at the end: a search in slices needs no lock from its first file to its last.
    pub fn scan(
        &self,
        words: &Words,
        after: Option<FileId>,
        steps: usize,
        mut found: impl FnMut(Match),
    ) -> Option<FileId> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for (seen, (file_id, entry)) in self.entries.range((start, Bound::Unbounded)).enumerate() {
            if seen == steps {
                return last;
            }
            if let Some(whole_words) = words.whole_words_in(&entry.folded) {
                found(Match { file_id: *file_id, whole_words, first_seen: entry.first_seen });
            }
            last = Some(*file_id);
        }
        None
    }
}

/// What somebody looks for: words that must all be in the name, in any order, case and Unicode form. No words at all
/// match every name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of this text.
    pub fn new(text: &str) -> Self {
        Self(fold(text).split_whitespace().map(str::to_owned).collect())
    }

    /// How many of the words are whole words of the folded name; none unless it contains all of them.
    fn whole_words_in(&self, folded: &str) -> Option<usize> {
        let is_whole = |word: &String| folded.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
        let all = self.0.iter().all(|word| folded.contains(word.as_str()));
        all.then(|| self.0.iter().filter(|word| is_whole(word)).count())
    }
}

/// Text in which what differs only in case or in Unicode form (NFKC) is equal.
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// The best hits so far, as many as are needed for one page and to tell whether another follows.
///
/// More of the words as whole words is better, then more seeders, then more leechers, then the name and the file ID, so
/// that the order is the same every time.
#[derive(Debug)]
pub struct Page {
    number: usize,
    best: BinaryHeap<Ranked>,
}

/// The last page that can be asked for: what is not among the first thousands is found by better words.
const LAST_PAGE: u32 = 199;

impl Page {
    /// No hits yet for this page, counted from 0. Pages after the 200th are always empty.
    pub fn new(number: u32) -> Self {
        Self { number: number.min(LAST_PAGE + 1) as usize, best: BinaryHeap::new() }
    }

    /// Considers a hit.
    pub fn offer(&mut self, whole_words: usize, hit: SearchHit) {
        self.best.push(Ranked { whole_words, hit });
        if self.best.len() > (self.number + 1) * SEARCH_PAGE_LEN + 1 {
            self.best.pop();
        }
    }

    /// The hits of the page.
    pub fn finish(self) -> SearchAnswer {
        if self.number > LAST_PAGE as usize {
            return SearchAnswer { files: Vec::new(), more: false };
        }
        let end = (self.number + 1) * SEARCH_PAGE_LEN;
        let more = self.best.len() > end && self.number < LAST_PAGE as usize;
        let files = self.best.into_sorted_vec().into_iter().map(|ranked| ranked.hit);
        SearchAnswer { files: files.skip(self.number * SEARCH_PAGE_LEN).take(SEARCH_PAGE_LEN).collect(), more }
    }
}

/// A hit whose order is its place: the better, the smaller.
#[derive(Debug)]
struct Ranked {
    whole_words: usize,
    hit: SearchHit,
}

impl Ranked {
    fn place(&self) -> impl Ord + '_ {
        let Self { whole_words, hit } = self;
        (Reverse(*whole_words), Reverse(hit.seeders), Reverse(hit.leechers), &hit.name, hit.file_id)
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> FileId {
        format!("{number:064x}").parse().unwrap()
    }

    fn catalogue(names: &[&str]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (number, name) in (0..).zip(names) {
            catalogue.put(id(number), &Arc::from(*name), 1000 + u64::from(number));
        }
        catalogue
    }

    /// What matches, in slices of this length.
    fn matches(catalogue: &Catalogue, words: &str, steps: usize) -> Vec<(FileId, usize)> {
        let words = Words::new(words);
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            cursor = catalogue.scan(&words, cursor, steps, |found| all.push((found.file_id, found.whole_words)));
            if cursor.is_none() {
                return all;
            }
        }
    }

    #[test]
    fn all_words_must_be_in_the_name_in_any_order_case_and_form() {
        let catalogue = catalogue(&["Big_Buck_Bunny.mkv", "bigger.txt", "Ｃａｆｅ\u{301} (２).pdf", "ÉCLAIR.md"]);
        for (words, found) in [
            ("bunny BIG", vec![(id(0), 2)]),
            ("big", vec![(id(0), 1), (id(1), 0)]),
            ("big bunny dog", vec![]),
            ("café 2", vec![(id(2), 2)]),
            ("CAFE\u{301}", vec![(id(2), 1)]),
            ("éclair", vec![(id(3), 1)]),
            ("g_b", vec![(id(0), 0)]),
            (" ", vec![(id(0), 0), (id(1), 0), (id(2), 0), (id(3), 0)]),
        ] {
            assert_eq!(matches(&catalogue, words, 100), found, "{words}");
        }
    }

    #[test]
    fn a_search_in_slices_finds_the_same() {
        let names: Vec<String> = (0..40).map(|i| format!("file {}", i % 3)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let catalogue = catalogue(&names);
        let whole = matches(&catalogue, "1", 1000);
        assert_eq!(whole.len(), 13);
        for steps in [1, 2, 7, 39, 40, 41] {
            assert_eq!(matches(&catalogue, "1", steps), whole, "{steps}");
        }
    }

    #[test]
    fn a_new_name_keeps_the_first_sight() {
        let mut catalogue = catalogue(&["a"]);
        catalogue.put(id(0), &Arc::from("b"), 9999);
        let mut seen = Vec::new();
        catalogue.scan(&Words::new("b"), None, 10, |found| seen.push(found.first_seen));
        assert_eq!((seen, matches(&catalogue, "a", 10)), (vec![1000], vec![]));
        catalogue.remove(id(0));
        assert!(catalogue.is_empty());
    }

    fn hit(number: u8, name: &str, seeders: u32) -> SearchHit {
        SearchHit { file_id: id(number), name: name.into(), size: 0, seeders, leechers: 0, first_seen: 0 }
    }

    fn names_of_page(number: u32, hits: &[(usize, SearchHit)]) -> (Vec<String>, bool) {
        let mut page = Page::new(number);
        hits.iter().for_each(|(whole_words, hit)| page.offer(*whole_words, hit.clone()));
        let answer = page.finish();
        (answer.files.into_iter().map(|hit| hit.name).collect(), answer.more)
    }

    #[test]
    fn whole_words_come_first_then_seeders_then_the_name() {
        let hits = [(1, hit(1, "d", 0)), (0, hit(2, "c", 9)), (0, hit(3, "b", 1)), (0, hit(4, "a", 1))];
        assert_eq!(names_of_page(0, &hits), (["d", "c", "a", "b"].map(str::to_owned).to_vec(), false));
    }

    #[test]
    fn pages_cut_one_order_without_gap_or_overlap() {
        let hits: Vec<_> = (0..120).map(|i| (0, hit(i, &format!("{i:03}"), 0))).rev().collect();
        let expected = |range: std::ops::Range<u32>| -> Vec<String> { range.map(|i| format!("{i:03}")).collect() };
        assert_eq!(names_of_page(0, &hits), (expected(0..50), true));
        assert_eq!(names_of_page(1, &hits), (expected(50..100), true));
        assert_eq!(names_of_page(2, &hits), (expected(100..120), false));
        assert_eq!(names_of_page(3, &hits), (vec![], false));
        assert_eq!(names_of_page(u32::MAX, &hits), (vec![], false));
        assert_eq!(names_of_page(0, &hits[..50]), (expected(70..120), false));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_name_is_found_by_itself_and_by_its_parts(name in "\\PC{1,60}", start in 0..60usize, len in 1..20usize) {
            let catalogue = catalogue(&[&name]);
            prop_assert_eq!(matches(&catalogue, &name, 10).len(), 1);
            let part: String = fold(&name).chars().skip(start).take(len).collect();
            prop_assert_eq!(matches(&catalogue, &part, 10).len(), 1, "{}", part);
        }
    }
}
