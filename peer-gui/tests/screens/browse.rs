//! The Browse screen.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sprat_peer_gui::model::engine::{Command, Snapshot};
use sprat_peer_gui::model::messages::{Notice, Request, SearchAnswer};
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::words;

use crate::common::{busy, empty, hits, id};
use crate::window::*;

fn search(window: &mut Window, words: &str) {
    retype(window, words::SEARCH_FIELD, words);
    plain_key(window, Key::Enter);
}

fn found(window: &mut Window, words: &str, page: u32, answer: SearchAnswer) {
    tell(window, Notice::SearchAnswered { words: words.to_owned(), page, answer });
}

#[test]
fn what_is_found_is_got_or_is_here_already() {
    let mut window = on(Screen::Browse, busy());
    assert!(reads(&window, words::BROWSE_EMPTY));
    search(&mut window, "  lecture ");
    let trackers = vec!["http://tracker.example:5000".parse().unwrap()];
    assert_eq!(requests(&window), [&Request::Search { trackers, words: "lecture".to_owned(), page: 0 }]);
    assert!(reads(&window, words::BROWSE_SEARCHING));

    found(&mut window, "lecture", 0, SearchAnswer { hits: hits(), ..SearchAnswer::default() });
    assert!(reads(&window, words::HAVE_IT) && reads(&window, words::DOWNLOADING));
    assert!(window.query_by_role_and_label(Role::Button, &words::get("lecture-notes-2026.zip")).is_none());
    press(&mut window, &words::get("lecture-01-introduction.mp4"));
    let [Command::Download { link, .. }] = commands(&window)[..] else { panic!("one download") };
    assert_eq!((link.file_id, link.name.as_deref()), (id(50), Some("lecture-01-introduction.mp4")));
    assert_eq!((link.size, link.trackers.len()), (Some(812 << 20), 1));
    assert_eq!(window.state().view.screen, Screen::Browse, "there may be more to get");
}

#[test]
fn there_are_more_pages_until_there_are_none() {
    let mut window = on(Screen::Browse, empty());
    search(&mut window, "lecture");
    found(
        &mut window,
        "lecture",
        0,
        SearchAnswer { hits: hits()[..2].to_vec(), more: true, ..SearchAnswer::default() },
    );
    forget(&mut window);
    press(&mut window, words::SHOW_MORE);
    assert!(matches!(requests(&window)[..], [Request::Search { page: 1, .. }]));
    assert!(is_disabled(&window, words::SHOW_MORE), "one question at a time");
    found(&mut window, "lecture", 1, SearchAnswer { hits: hits(), ..SearchAnswer::default() });
    assert!(window.query_by_role_and_label(Role::Button, words::SHOW_MORE).is_none());
    let gets = window.get_all_by_role(Role::Button).filter_map(|button| button.accesskit_node().label());
    assert_eq!(gets.filter(|name| name.starts_with(words::GET)).count(), 5, "each once");
}

#[test]
fn nothing_found_and_nobody_to_ask_say_what_to_do() {
    let mut window = on(Screen::Browse, empty());
    search(&mut window, "   ");
    assert!(requests(&window).is_empty());
    search(&mut window, "unicorn");
    found(&mut window, "unicorn", 0, SearchAnswer::default());
    assert!(reads(&window, &words::nothing_called("unicorn")) && reads(&window, words::BROWSE_OTHER_WORDS));
    let window = on(Screen::Browse, Snapshot { trackers: Vec::new(), ..empty() });
    assert!(reads(&window, words::SEARCH_NEEDS_TRACKER));
}

#[test]
fn one_tracker_that_does_not_answer_hides_nothing() {
    let mut window = on(Screen::Browse, empty());
    search(&mut window, "lecture");
    let trouble = "hub.example doesn't answer: connection refused".to_owned();
    found(&mut window, "lecture", 0, SearchAnswer { hits: hits(), more: false, troubles: vec![trouble.clone()] });
    assert!(reads(&window, &trouble));
    press(&mut window, &words::get("lecture slides, first half.pdf"));
    assert_eq!(commands(&window).len(), 1);
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let mut window = on(Screen::Browse, empty());
    search(&mut window, "lecture");
    search(&mut window, "holiday");
    found(&mut window, "lecture", 0, SearchAnswer { hits: hits(), ..SearchAnswer::default() });
    assert!(!reads_part(&window, "lecture-01") && reads(&window, words::BROWSE_SEARCHING));
}
