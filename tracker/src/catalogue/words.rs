//! Words of a search, and the rank of a name that has them.

use std::borrow::Cow;
use std::cmp::Reverse;

use unicode_normalization::UnicodeNormalization;

/// Upper bound of the trigrams of the words that are considered: of some very long ones nobody needs all.
const MAX_TRIGRAMS: usize = 64;

/// Words of a search, which must all be in the name, in any order, case and Unicode form. No words at all match every
/// name.
///
/// Words are data: nothing in them is syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

/// Rank of a name among the answers: the greater, the better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Number of words that are whole words of the name.
    pub whole: usize,
    /// Number of words that are at least the beginning of a word of the name.
    pub begun: usize,
}

impl Words {
    /// The words of this text. Whoever takes it from a stranger bounds it first.
    pub fn new(text: &str) -> Self {
        Self(fold(text).split_whitespace().map(str::to_owned).collect())
    }

    /// Ranks this name; none unless it contains all of the words.
    pub fn rank(&self, name: &str) -> Option<Rank> {
        let folded = fold(name);
        self.0.iter().try_fold(Rank::default(), |rank, word| {
            let place = best_place(&folded, word)?;
            let (whole, begun) = (usize::from(place >= Fit::Whole), usize::from(place >= Fit::Begins));
            Some(Rank { whole: rank.whole + whole, begun: rank.begun + begun })
        })
    }

    /// The runs of three characters that are in every name with these words: first as few as cover the words, those of
    /// long words before others, because they are in fewer names. None if all words are shorter.
    pub(super) fn trigrams(&self) -> Vec<String> {
        let mut words: Vec<Vec<char>> = self.0.iter().map(|word| word.chars().collect()).collect();
        words.retain(|word| word.len() >= 3);
        words.sort_by_key(|word| Reverse(word.len()));
        let mut ordered: Vec<(usize, String)> = words.iter().flat_map(|word| cover(word).enumerate()).collect();
        ordered.sort_by_key(|(turn, _)| *turn);
        let rest = words.iter().flat_map(|word| trigrams(word));
        let mut all = Vec::new();
        for trigram in ordered.into_iter().map(|(_, trigram)| trigram).chain(rest) {
            if all.len() < MAX_TRIGRAMS && !all.contains(&trigram) {
                all.push(trigram);
            }
        }
        all
    }
}

/// All runs of three characters.
pub(super) fn trigrams(text: &[char]) -> impl Iterator<Item = String> {
    text.windows(3).map(|trigram| trigram.iter().collect())
}

/// Text in which what differs only in case or in Unicode form (NFKC) is equal. NUL, at which SQLite's tokenizer would
/// stop, becomes the replacement character.
pub(super) fn fold(text: &str) -> String {
    let text = if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) };
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// Every third trigram of a word, and the last.
fn cover(word: &[char]) -> impl Iterator<Item = String> {
    let last = word.len() - 3;
    (0..last).step_by(3).chain([last]).map(|start| word[start..start + 3].iter().collect())
}

/// Position of a word in a name, from the worst to the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Inside,
    Begins,
    Whole,
}

/// The best place of a word in a folded name, if it is there.
fn best_place(folded: &str, word: &str) -> Option<Fit> {
    let mut best = None;
    for (start, found) in folded.match_indices(word) {
        let (before, after) = (&folded[..start], &folded[start + found.len()..]);
        let place = match (is_border(before, found), is_border(found, after)) {
            (true, true) => return Some(Fit::Whole),
            (true, false) => Fit::Begins,
            (false, _) => Fit::Inside,
        };
        best = best.max(Some(place));
    }
    best
}

/// Says whether a word ends between these two: not between two letters or digits.
fn is_border(before: &str, after: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !(inside(before.chars().next_back()) && inside(after.chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(words: &str, name: &str) -> Option<(usize, usize)> {
        Words::new(words).rank(name).map(|rank| (rank.whole, rank.begun))
    }

    #[test]
    fn all_words_must_be_in_the_name_in_any_order_case_and_form() {
        for (words, name, expected) in [
            ("bunny BIG", "Big_Buck_Bunny.mkv", Some((2, 2))),
            ("big", "bigger.txt", Some((0, 1))),
            ("ger", "bigger.txt", Some((0, 0))),
            ("big bunny dog", "Big_Buck_Bunny.mkv", None),
            ("café 2", "Ｃａｆｅ\u{301} (２).pdf", Some((2, 2))),
            ("CAFE\u{301}", "Ｃａｆｅ\u{301} (２).pdf", Some((1, 1))),
            ("cafe", "Café.pdf", None),
            ("éclair", "ÉCLAIR.md", Some((1, 1))),
            ("g_b", "Big_Buck_Bunny.mkv", Some((0, 0))),
            (".mkv", "Big_Buck_Bunny.mkv", Some((1, 1))),
            ("本", "日本語", Some((0, 0))),
            ("a\0b", "a\0b", Some((1, 1))),
            ("a", "a\0b", Some((1, 1))),
            (" ", "anything", Some((0, 0))),
        ] {
            assert_eq!(rank(words, name), expected, "{words} in {name}");
        }
    }

    #[test]
    fn the_best_of_several_places_counts() {
        assert_eq!(rank("bun", "rebun bunny bun"), Some((1, 1)));
        assert_eq!(rank("bun", "rebun bunny"), Some((0, 1)));
    }

    #[test]
    fn first_come_the_few_trigrams_that_cover_the_words() {
        let trigrams = |words: &str| Words::new(words).trigrams().join(" ");
        assert_eq!(trigrams("ab c"), "");
        assert_eq!(trigrams("abc"), "abc");
        assert_eq!(trigrams("ab abcdefgh bunny"), "abc bun def nny fgh bcd cde efg unn");
        assert_eq!(trigrams(&"a".repeat(255)), "aaa");
        assert_eq!(trigrams("日本語版"), "日本語 本語版");
        let long: String = ('\u{4e00}'..'\u{4e90}').collect();
        assert_eq!(Words::new(&long).trigrams().len(), MAX_TRIGRAMS);
    }
}
