//! Names of files as people give them: a few words, some of them in very many names and most in few.

use rand::{Rng, RngExt};

use super::numbers::Zipf;

const WORDS: usize = 20_000;
const SYLLABLES: [&str; 27] = [
    "ba", "con", "da", "el", "fi", "go", "hu", "in", "jo", "ka", "lo", "mer", "ni", "or", "pe", "qua", "ri", "sta",
    "to", "ul", "ve", "wi", "xe", "yo", "za", "ter", "lin",
];
const ENDINGS: [&str; 6] = ["mkv", "iso", "pdf", "tar.gz", "flac", "epub"];

/// Makes names, and what somebody looks for who wants one of them.
pub(crate) struct Names {
    words: Vec<String>,
    popularity: Zipf,
}

impl Names {
    /// A vocabulary.
    pub(crate) fn new() -> Self {
        // Three syllables write a number below 27³ = 19,683, and four what is above: no two words are the same.
        let words = (0..WORDS).map(|number| {
            let digits = if number < 27 * 27 * 27 { 3 } else { 4 };
            (0..digits).map(|digit| SYLLABLES[number / 27_usize.pow(digit) % 27]).collect()
        });
        Self { words: words.collect(), popularity: Zipf::new(WORDS) }
    }

    /// A name of three to five words.
    pub(crate) fn name(&self, rng: &mut impl Rng) -> String {
        let words: Vec<&str> = (0..rng.random_range(3..=5)).map(|_| self.word(rng)).collect();
        let between = ["_", ".", " ", "-"][rng.random_range(0..4)];
        format!("{}.{}", words.join(between), ENDINGS[rng.random_range(0..ENDINGS.len())])
    }

    /// Words that somebody types who looks for this name: two of its words, half of the time the second one only in
    /// part.
    pub(crate) fn search(name: &str, rng: &mut impl Rng) -> String {
        let words: Vec<&str> = name.split(['_', '.', ' ', '-']).collect();
        let first = rng.random_range(0..words.len() - 2);
        let second = words[first + 1];
        let second = if rng.random() { second } else { second.get(..4).unwrap_or(second) };
        format!("{} {second}", words[first])
    }

    fn word(&self, rng: &mut impl Rng) -> &str {
        &self.words[self.popularity.sample(rng)]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn a_search_is_for_words_of_the_name() {
        let (names, mut rng) = (Names::new(), SmallRng::seed_from_u64(1));
        for _ in 0..1000 {
            let name = names.name(&mut rng);
            let search = Names::search(&name, &mut rng);
            assert_eq!(search.split(' ').count(), 2, "{search}");
            assert!(search.split(' ').all(|word| name.contains(word)), "{search} in {name}");
        }
    }

    #[test]
    fn names_are_many_and_words_differ() {
        let (names, mut rng) = (Names::new(), SmallRng::seed_from_u64(1));
        let all: HashSet<String> = (0..10_000).map(|_| names.name(&mut rng)).collect();
        assert!(all.len() > 9_900, "{}", all.len());
        assert_eq!(names.words.iter().collect::<HashSet<_>>().len(), WORDS);
    }
}
