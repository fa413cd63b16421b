//! Searches: the names that are found.

use std::time::Duration;

use proptest::prelude::*;

use super::helpers::*;
use crate::catalogue::handle::{Catalogue, Settings};
use crate::catalogue::place::Place;
use crate::catalogue::search::Match;
use crate::catalogue::words::fold;
use crate::catalogue::words::{Rank, Words};

#[test]
fn all_words_must_be_in_the_name_in_any_order_case_and_form() {
    let catalogue = in_memory();
    catalogue.fill(["Big_Buck_Bunny.mkv", "bigger.txt", "Ｃａｆｅ\u{301} (２).pdf", "ÉCLAIR.md"]);
    for (words, found) in [
        ("bunny BIG", vec![(id(0), 2)]),
        ("big", vec![(id(1), 0), (id(0), 1)]),
        ("big bunny dog", vec![]),
        ("big bunny gg", vec![]),
        ("café 2", vec![(id(2), 2)]),
        ("CAFE\u{301}", vec![(id(2), 1)]),
        ("éclair", vec![(id(3), 1)]),
        ("g_b", vec![(id(0), 0)]),
        ("gg", vec![(id(1), 0)]),
        (" ", vec![(id(3), 0), (id(2), 0), (id(1), 0), (id(0), 0)]),
    ] {
        let matches = catalogue.search(&Words::new(words)).unwrap();
        let ids: Vec<_> = matches.files.iter().map(|found| (found.file_id, found.rank.whole)).collect();
        assert_eq!((ids, matches.all), (found, true), "{words}");
    }
}

#[test]
fn what_is_found_is_what_was_put() {
    let catalogue = in_memory();
    catalogue.fill(["a.iso", "b.iso"]);
    let found = catalogue.search(&Words::new("b.i")).unwrap().files;
    let rank = Rank { whole: 0, begun: 1 };
    let expected = Match { file_id: id(1), name: "b.iso".into(), layout: layout(1), first_seen: NOW, rank };
    assert_eq!(found, [expected]);
}

#[test]
fn hostile_words_are_data() {
    const NAMES: &[&str] = &[
        "plain abc def",
        "say \"abc\" twice",
        "NEAR(abc def)",
        "abc* AND def* OR NOT",
        "^abc folded:abc -abc",
        "'; DROP TABLE files; --",
        "100% of a_b_c",
        "[abc] {abc} abc?",
        "abc\0def",
    ];
    let catalogue = in_memory();
    catalogue.fill(NAMES);
    let long = ["a".repeat(255), "\"".repeat(255), "日".repeat(85), "a b ".repeat(63), (' '..='~').collect()];
    let hostile = [
        "\"",
        "\"\"\"",
        "\"abc\"",
        "abc OR def",
        "NEAR(abc",
        "abc*",
        "*",
        "^abc",
        "folded:abc",
        "-abc",
        "AND",
        "NOT",
        "(abc",
        "';",
        "%",
        "_",
        "a_b",
        "100%",
        "?1",
        ":a",
        "$a",
        "\0",
        "abc\0def",
        "\u{fffd}",
        "\u{ffff}abc",
        "\u{202e}",
        "x'00'",
        "--",
        "/*",
        "\\",
    ];
    for text in hostile.into_iter().chain(long.iter().map(String::as_str)) {
        let words = Words::new(text);
        let expected: Vec<_> = NAMES.iter().rev().copied().filter(|name| words.rank(name).is_some()).collect();
        assert_eq!(catalogue.names(text), expected, "{text:?}");
    }
}

#[test]
fn a_common_word_finds_the_newest_and_says_that_there_are_more() {
    let catalogue = in_memory();
    catalogue.fill((0..2100).map(|number| format!("common {number}")));
    let matches = catalogue.search(&Words::new("common")).unwrap();
    assert_eq!((matches.files.len(), matches.all), (1001, false));
    assert_eq!(matches.files[0].name, "common 2099");
    let matches = catalogue.search(&Words::new("common 17")).unwrap();
    assert!(!matches.files.is_empty() && !matches.all);
    // A rare word finds the oldest as well.
    assert_eq!(catalogue.names("0017"), [""; 0]);
    catalogue.put(put(17, "0017")).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!(catalogue.names("0017"), ["0017"]);
}

#[test]
fn a_search_whose_time_is_over_answers_with_what_it_has() {
    let impatient = Settings { deadline: Duration::ZERO, ..settings() };
    let (catalogue, _) = Catalogue::open(Place::Memory, &impatient).unwrap();
    catalogue.fill((0..1900).map(|number| format!("common {number}")));
    for words in ["", "common"] {
        let matches = catalogue.search(&Words::new(words)).unwrap();
        assert!(matches.files.len() < 1900 && !matches.all, "{words}: {}", matches.files.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_is_found_by_itself_and_by_its_parts(name in "\\PC{1,60}", start in 0..60usize, len in 1..20usize) {
        let catalogue = in_memory();
        catalogue.fill(["another", &name]);
        let part: String = fold(&name).chars().skip(start).take(len).collect();
        for words in [&name, &part] {
            prop_assert!(catalogue.names(words).contains(&name), "{}", words);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_reading_all_names_finds(
        names in prop::collection::vec("[abAB\"*.é日 ]{0,14}", 1..40),
        searches in prop::collection::vec("[abAB\"*.é日 ]{0,9}", 20),
    ) {
        let catalogue = in_memory();
        catalogue.fill(&names);
        for text in searches {
            let words = Words::new(&text);
            let expected: Vec<_> = names.iter().rev().filter(|name| words.rank(name).is_some()).cloned().collect();
            prop_assert_eq!(catalogue.names(&text), expected, "{}", text);
        }
    }
}
