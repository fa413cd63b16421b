//! One page of an answer: the best of the names that match.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use sprat_protocol::tracker::{SEARCH_PAGE_LEN, SearchAnswer, SearchHit};

use super::words::Rank;

/// The last page that can be asked for: what is not among the first thousand is found by better words.
pub const LAST_PAGE: u32 = 19;

/// The best hits so far, as many as are needed for one page and to tell whether another follows.
///
/// A file that somebody has comes before all that nobody has now. Then a better [`Rank`] comes first, then more seeders, then
/// more leechers, then the name and the file ID, so that the order is the same every time.
#[derive(Debug)]
pub struct Page {
    number: usize,
    best: BinaryHeap<Ranked>,
}

impl Page {
    /// No hits yet for this page, counted from 0. Pages after the 20th are always empty.
    pub fn new(number: u32) -> Self {
        Self { number: number.min(LAST_PAGE + 1) as usize, best: BinaryHeap::new() }
    }

    /// Considers a hit.
    pub fn offer(&mut self, rank: Rank, hit: SearchHit) {
        self.best.push(Ranked { rank, hit });
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
    rank: Rank,
    hit: SearchHit,
}

impl Ranked {
    fn place(&self) -> impl Ord + '_ {
        let Self { rank, hit } = self;
        let is_there = hit.seeders > 0 || hit.leechers > 0;
        (Reverse(is_there), Reverse(*rank), Reverse(hit.seeders), Reverse(hit.leechers), &hit.name, hit.file_id)
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
    use sprat_chunking::FileId;

    use super::*;

    const INSIDE: Rank = Rank { whole: 0, begun: 0 };
    const BEGUN: Rank = Rank { whole: 0, begun: 1 };
    const WHOLE: Rank = Rank { whole: 1, begun: 1 };

    fn hit(number: u8, name: &str, seeders: u32) -> SearchHit {
        let file_id = FileId::new([number; 32]);
        SearchHit { file_id, name: name.into(), size: 0, seeders, leechers: 0, first_seen: 0 }
    }

    fn names_of_page(number: u32, hits: &[(Rank, SearchHit)]) -> (Vec<String>, bool) {
        let mut page = Page::new(number);
        hits.iter().for_each(|(rank, hit)| page.offer(*rank, hit.clone()));
        let answer = page.finish();
        (answer.files.into_iter().map(|hit| hit.name).collect(), answer.more)
    }

    #[test]
    fn what_somebody_has_comes_first_then_whole_words_then_beginnings_then_seeders_then_the_name() {
        let hits = [
            (WHOLE, hit(6, "nobody's", 0)),
            (BEGUN, hit(1, "e", 5)),
            (WHOLE, hit(2, "d", 1)),
            (INSIDE, hit(3, "c", 9)),
            (INSIDE, hit(4, "b", 1)),
            (INSIDE, hit(5, "a", 1)),
        ];
        assert_eq!(names_of_page(0, &hits), (["d", "e", "c", "a", "b", "nobody's"].map(str::to_owned).to_vec(), false));
    }

    #[test]
    fn pages_cut_one_order_without_gap_or_overlap() {
        let hits: Vec<_> = (0..120).map(|i| (INSIDE, hit(i, &format!("{i:03}"), 0))).rev().collect();
        let expected = |range: std::ops::Range<u32>| -> Vec<String> { range.map(|i| format!("{i:03}")).collect() };
        assert_eq!(names_of_page(0, &hits), (expected(0..50), true));
        assert_eq!(names_of_page(1, &hits), (expected(50..100), true));
        assert_eq!(names_of_page(2, &hits), (expected(100..120), false));
        assert_eq!(names_of_page(3, &hits), (vec![], false));
        assert_eq!(names_of_page(u32::MAX, &hits), (vec![], false));
        assert_eq!(names_of_page(0, &hits[..50]), (expected(70..120), false));
    }

    #[test]
    fn there_are_at_most_twenty_pages() {
        let hits: Vec<_> = (0..1200).map(|i| (INSIDE, hit(0, &format!("{i:04}"), 0))).collect();
        assert!(names_of_page(18, &hits).1);
        assert_eq!((names_of_page(19, &hits).0.len(), names_of_page(19, &hits).1), (50, false));
        assert_eq!(names_of_page(20, &hits), (vec![], false));
    }
}
