//! Trackers: those in use, their tokens, and the one on this computer.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::model::engine::{Command, Snapshot, TrackerState, TrackerView};
use sprat_peer_gui::model::messages::{LocalTracker, Notice, Request};
use sprat_peer_gui::model::preferences::Reach;
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::words;
use sprat_protocol::tracker::AccessToken;
use url::Url;

use crate::common::{away, empty};
use crate::window::*;

#[test]
fn a_tracker_that_is_away_can_be_asked_at_once() {
    let mut window = with(Snapshot { trackers: vec![away()], ..empty() });
    let sentence = "Can't reach the tracker at tracker.example:5000. Running transfers continue with known peers.";
    assert!(window.query_by_label_contains(sentence).is_some());
    assert!(reads(&window, words::TRACKER_AWAY));
    press(&mut window, words::RETRY_NOW);
    assert!(matches!(commands(&window)[..], [Command::RetryTrackers]));
}

#[test]
fn a_private_tracker_is_told_from_others_and_opened_with_a_token() {
    let token = AccessToken::new([7; 32]);
    let private =
        TrackerView { refusal: Some("it is private; it takes a token".into()), state: TrackerState::Online, ..away() };
    let mut window = on(Screen::Settings, Snapshot { trackers: vec![private], ..empty() });
    window.get_by_label(words::NOT_ALLOWED);
    window.get_by_label("it is private; it takes a token");
    let ask = words::token_of("http://tracker.example:5000");
    let type_token =
        |window: &mut Window, token: &str| type_into_a(window, Role::PasswordInput, words::TOKEN_FIELD, token);
    press(&mut window, &ask);
    type_token(&mut window, "not a token");
    press(&mut window, words::USE_TOKEN);
    window.get_by_label(words::BAD_TOKEN);
    assert!(commands(&window).is_empty());
    press(&mut window, words::CANCEL);
    assert!(window.query_by_label(words::BAD_TOKEN).is_none());

    press(&mut window, &ask);
    type_token(&mut window, &token.reveal());
    press(&mut window, words::USE_TOKEN);
    let url: Url = "http://tracker.example:5000".parse().unwrap();
    assert_eq!(requests(&window), [&Request::SaveToken { tracker: url.clone(), token: Some(token) }]);
    assert!(window.state().view.trackers.token.is_empty(), "it does not stay around");

    press(&mut window, &ask);
    press(&mut window, words::FORGET_TOKEN);
    assert_eq!(requests(&window)[1..], [&Request::SaveToken { tracker: url, token: None }]);
}

#[test]
fn a_tracker_of_ones_own_is_run_opened_and_told() {
    let mut window = on(Screen::Settings, empty());
    click(&mut window, Role::CheckBox, words::RUN_TRACKER);
    click(&mut window, Role::CheckBox, words::SERVE_LAN);
    let asked = |reach| requests(&window).contains(&&Request::LocalTracker(reach));
    assert!(asked(Reach::ThisComputer) && asked(Reach::Network));
    let url = Url::parse("http://192.168.1.20:5000").unwrap();
    let state = LocalTracker::Running { url: url.clone(), for_others: vec![url.clone()] };
    tell(&mut window, Notice::LocalTracker(state));
    assert!(matches!(commands(&window)[..], [Command::SetTrackers(urls)] if urls.contains(&url)));
    assert!(reads(&window, "http://192.168.1.20:5000"));
    press(&mut window, words::COPY_ADDRESS);
    assert_eq!(copied(&window), Some("http://192.168.1.20:5000"));
}

#[test]
fn a_tracker_is_asked_whether_it_answers() {
    let mut window = on(Screen::Settings, empty());
    let url: Url = "http://tracker.example:5000".parse().unwrap();
    press(&mut window, &words::test_of("http://tracker.example:5000"));
    assert_eq!(requests(&window), [&Request::TestTracker(url.clone())]);
    assert!(reads(&window, words::TESTING));
    tell(&mut window, Notice::TrackerTested { tracker: url.clone(), silent: Some("No route to it.".to_owned()) });
    assert!(reads(&window, "No route to it.") && !reads(&window, words::TESTING));
    tell(&mut window, Notice::TrackerTested { tracker: url, silent: None });
    assert!(reads(&window, words::ANSWERS));
}

#[test]
fn a_tracker_is_in_the_list_once() {
    let mut window = on(Screen::Settings, empty());
    type_into(&mut window, words::TRACKER_FIELD, "tracker.example:5000");
    press(&mut window, words::ADD);
    assert!(reads(&window, words::TRACKER_KNOWN) && commands(&window).is_empty());
    retype(&mut window, words::TRACKER_FIELD, "hub.example");
    assert!(!reads(&window, words::TRACKER_KNOWN), "it goes away with the next letter");
    press(&mut window, words::ADD);
    assert!(matches!(commands(&window)[..], [Command::SetTrackers(urls)] if urls.len() == 2));
}

#[test]
fn the_sidebar_says_how_the_trackers_are() {
    let online = empty().trackers.remove(0);
    let connecting = TrackerView { state: TrackerState::Connecting, ..online.clone() };
    let refuses = TrackerView { refusal: Some("it is private".to_owned()), ..online.clone() };
    for (trackers, word) in [
        (vec![], words::TRACKER_NONE),
        (vec![connecting], words::TRACKER_CONNECTING),
        (vec![away()], words::TRACKER_AWAY),
        (vec![online.clone(), away()], words::TRACKER_SOME_AWAY),
        (vec![online.clone(), refuses], words::TRACKER_REFUSES),
        (vec![online], words::TRACKER_ONLINE),
    ] {
        let mut window = on(Screen::Share, Snapshot { trackers, ..empty() });
        assert!(reads(&window, word), "{word}");
        // Where there is no room for words they are heard all the same.
        window.set_size([800.0, 600.0].into());
        window.run();
        assert!(reads(&window, word), "{word}");
    }
}
