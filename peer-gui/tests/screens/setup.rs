//! The first start, and a start that fails.

use egui::Key;
use sprat_peer_gui::model::engine::{Command, Snapshot};
use sprat_peer_gui::model::messages::Request;
use sprat_peer_gui::model::preferences::Reach;
use sprat_peer_gui::state::{Phase, ViewState};
use sprat_peer_gui::update::Effect;
use sprat_peer_gui::words;
use url::Url;

use crate::common::empty;
use crate::window::*;

#[test]
fn without_a_tracker_one_can_be_run_or_named_or_left_for_later() {
    let none = || with(Snapshot { trackers: Vec::new(), ..empty() });
    let mut window = none();
    assert!(reads(&window, words::SETUP_TITLE));
    press(&mut window, words::SETUP_RUN);
    assert!(requests(&window).contains(&&Request::LocalTracker(Reach::ThisComputer)));
    assert!(!reads(&window, words::SETUP_TITLE));

    let mut window = none();
    type_into(&mut window, words::TRACKER_FIELD, "ftp://hub");
    press(&mut window, words::SETUP_USE);
    assert!(reads(&window, words::BAD_TRACKER));
    window.state_mut().view.trackers.address.clear();
    type_into(&mut window, words::TRACKER_FIELD, "hub:5000");
    press(&mut window, words::SETUP_USE);
    let [Command::SetTrackers(urls)] = commands(&window)[..] else { panic!("one change") };
    assert_eq!(urls, &[Url::parse("http://hub:5000").unwrap()]);

    let mut window = none();
    press(&mut window, words::SETUP_LATER);
    assert!(!reads(&window, words::SETUP_TITLE));
    assert!(matches!(requests(&window)[..], [Request::SavePreferences(kept)] if kept.setup_done));
}

#[test]
fn an_engine_that_cannot_start_says_why() {
    let mut window = window(Phase::Failed("Another Sprat is running.".into()), ViewState::default());
    assert!(reads(&window, words::START_FAILED) && reads(&window, "Another Sprat is running."));
    press(&mut window, words::QUIT);
    assert!(matches!(window.state().effects[..], [Effect::Quit]));
}

fn first() -> Window {
    with(Snapshot { trackers: Vec::new(), ..empty() })
}

#[test]
fn the_first_start_asks_for_nothing_that_has_no_default() {
    let mut window = first();
    press(&mut window, words::SETUP_RUN);
    assert!(commands(&window).is_empty(), "{:?}", commands(&window));
    assert!(kept(&window).is_some_and(|kept| kept.setup_done && kept.download_dir.is_none()));
}

#[test]
fn a_folder_and_a_name_of_the_first_start_count() {
    let mut window = first();
    retype(&mut window, words::DOWNLOAD_FOLDER, "/media/disk");
    type_into(&mut window, words::NAME_FIELD, "Ada");
    press(&mut window, words::SETUP_RUN);
    let [Command::SetDownloadDir(dir), Command::SetDisplayName(name)] = commands(&window)[..] else {
        panic!("{:?}", commands(&window))
    };
    assert_eq!((dir.to_str(), name.as_str()), (Some("/media/disk"), "Ada"));
}

#[test]
fn a_wrong_tracker_keeps_the_card_until_it_is_mended_or_left() {
    let mut window = first();
    type_into(&mut window, words::TRACKER_FIELD, "ftp://hub");
    plain_key(&mut window, Key::Enter);
    assert!(reads(&window, words::BAD_TRACKER) && reads(&window, words::SETUP_TITLE));
    press(&mut window, words::SETUP_LATER);
    assert!(!reads(&window, words::SETUP_TITLE) && commands(&window).is_empty());
}

#[test]
fn a_start_takes_its_time_in_silence() {
    let window = window(Phase::Starting, ViewState::default());
    assert!(reads(&window, words::STARTING));
}
