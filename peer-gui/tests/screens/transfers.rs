//! The list of transfers: adding to it, filtering it, copying from it.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sprat_peer_gui::model::engine::Command;
use sprat_peer_gui::model::filter::Filter;
use sprat_peer_gui::model::messages::Request;
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::state::RowKey;
use sprat_peer_gui::words;

use crate::common::{busy, empty, id};
use crate::window::*;

#[test]
fn an_id_and_the_download_button_start_a_download() {
    let mut window = with(empty());
    type_into(&mut window, words::PASTE_ID, &format!("  sprat:{ID}?name=a.txt "));
    press(&mut window, words::DOWNLOAD);
    let [Command::Download { link, target }] = commands(&window)[..] else { panic!("one download") };
    assert_eq!((link.file_id.to_string().as_str(), link.name.as_deref()), (ID, Some("a.txt")));
    assert_eq!(*target, sprat_api::Target::DownloadDir);
    assert_eq!(window.state().view.adding.text, "");
}

#[test]
fn enter_in_the_field_starts_it_too() {
    let mut window = with(empty());
    type_into(&mut window, words::PASTE_ID, ID);
    key(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(commands(&window).len(), 1);
}

#[test]
fn what_is_no_id_is_told_and_asks_nobody() {
    let mut window = with(empty());
    type_into(&mut window, words::PASTE_ID, "hello");
    press(&mut window, words::DOWNLOAD);
    assert!(reads(&window, words::BAD_ID));
    assert!(window.state().effects.is_empty());
    type_into(&mut window, words::PASTE_ID, "!");
    assert!(!reads(&window, words::BAD_ID), "it goes away with the next letter");
}

#[test]
fn what_enter_refused_can_be_mended_at_once() {
    let mut window = with(empty());
    type_into(&mut window, words::PASTE_ID, "hello");
    key(&mut window, Modifiers::NONE, Key::Enter);
    assert!(reads(&window, words::BAD_ID));
    window.event(Event::Text("!".to_owned()));
    window.run();
    assert_eq!(window.state().view.adding.text, "hello!");
}

#[test]
fn pasting_outside_a_field_adds_the_id() {
    let mut window = on(Screen::Share, empty());
    window.event(Event::Paste(ID.to_owned()));
    window.run();
    assert_eq!((commands(&window).len(), window.state().view.screen), (1, Screen::Transfers));
    window.event(Event::Paste("no ID".to_owned()));
    window.run();
    assert_eq!((commands(&window).len(), window.state().view.adding.text.as_str()), (1, "no ID"));
    assert!(reads(&window, words::BAD_ID));
}

#[test]
fn the_empty_list_says_what_to_do() {
    let window = with(empty());
    assert!(reads(&window, words::NO_TRANSFERS) && reads(&window, words::NO_TRANSFERS_HINT));
}

#[test]
fn links_and_ids_are_copied() {
    let mut window = with(busy());
    select(&mut window, "debian");
    window.event(Event::Copy);
    window.run();
    assert!(copied(&window).is_some_and(|link| link.starts_with("sprat:0101") && link.contains("name=debian")));
    assert!(reads(&window, words::LINK_COPIED));
    window.state_mut().effects.clear();
    press(&mut window, words::COPY_ID);
    assert_eq!(copied(&window), Some(id(1).to_string().as_str()));
}

#[test]
fn a_file_that_is_being_read_can_be_cancelled() {
    let mut window = with(busy());
    press(&mut window, &words::cancel_share("interview-raw.mov"));
    let [Command::CancelShare(path)] = commands(&window)[..] else { panic!("one cancellation") };
    assert_eq!(path, Path::new("/home/ada/Videos/interview-raw.mov"));
}

#[test]
fn chips_count_and_filter() {
    let mut window = with(busy());
    let expected: [(Filter, usize, &[&str]); 5] = [
        (Filter::Downloading, 7, &["debia", "Big B", "rust-", "field", "datas", "holid", "notes"]),
        (Filter::Sharing, 2, &["inter", "lectu"]),
        (Filter::Finished, 0, &[]),
        (Filter::Problems, 1, &["datas"]),
        (Filter::All, 9, &["inter", "debia", "Big B", "lectu", "rust-", "field", "datas", "holid", "notes"]),
    ];
    for (filter, count, shown) in expected {
        press_filter(&mut window, filter, count);
        assert_eq!(rows(&window), shown, "{filter:?}");
        assert_eq!(reads(&window, words::filter_hint(filter)), shown.is_empty());
    }
    select(&mut window, "debian");
    press_filter(&mut window, Filter::Problems, 1);
    assert!(window.state().view.transfers.selection.is_empty(), "what is out of sight is not selected");
}

/// Names of all buttons, sorted.
fn buttons(window: &Window) -> Vec<String> {
    let buttons = window.get_all_by_role(Role::Button);
    let mut names: Vec<String> = buttons.filter_map(|button| button.accesskit_node().label()).collect();
    names.sort();
    names
}

#[test]
fn the_menu_of_a_row_is_the_menu_of_the_button() {
    let mut window = with(busy());
    select(&mut window, "debian");
    let before = buttons(&window);
    press(&mut window, words::MORE);
    let with_menu = buttons(&window);
    plain_key(&mut window, Key::Escape);
    assert_eq!(buttons(&window), before);
    click_secondary(&mut window, "debian");
    assert_eq!(buttons(&window), with_menu);
    assert!(with_menu.len() > before.len() + 10, "{with_menu:?}");
    press_in_menu(&mut window, words::CHECK);
    assert!(matches!(commands(&window)[..], [Command::Check(file)] if *file == id(1)));
    assert_eq!(buttons(&window), before, "it is closed");
}

#[test]
fn the_other_button_selects_the_row_that_it_is_on() {
    let mut window = with(busy());
    select(&mut window, "debian");
    click_secondary(&mut window, "rust-book");
    assert_eq!(window.state().view.transfers.selection.single(), Some(&RowKey::Transfer(id(4))));
    press_in_menu(&mut window, words::RESUME);
    assert!(matches!(commands(&window)[..], [Command::Resume(file)] if *file == id(4)));
}

#[test]
fn files_are_opened_once_they_are_whole() {
    let mut window = with(busy());
    select(&mut window, "debian");
    press(&mut window, words::MORE);
    assert!(is_disabled(&window, words::OPEN_FILE));
    plain_key(&mut window, Key::Escape);
    select(&mut window, "lecture");
    key(&mut window, Modifiers::COMMAND, Key::Enter);
    assert_eq!(requests(&window), [&Request::Open("/home/ada/Downloads/lecture-notes-2026.zip".into())]);
}

#[test]
fn the_menu_commands_what_it_says() {
    let mut window = with(busy());
    select(&mut window, "debian");
    press_more(&mut window, words::SEQUENTIAL);
    assert!(
        matches!(commands(&window)[..], [Command::SetSequential { file_id, sequential: true }] if *file_id == id(1))
    );
    forget(&mut window);
    select(&mut window, "field");
    assert!(window.query_by_role_and_label(Role::Button, words::PAUSE).is_none(), "it can be ended, not paused");
    press(&mut window, words::CANCEL_WORK);
    assert!(matches!(commands(&window)[..], [Command::CancelWork(file)] if *file == id(5)));
}
