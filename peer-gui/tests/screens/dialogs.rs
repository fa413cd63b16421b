//! The dialogs on top of everything else.

use std::num::NonZeroU32;
use std::path::Path;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::model::engine::Command;
use sprat_peer_gui::model::messages::{Notice, Picked, Request};
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::state::Dialog;
use sprat_peer_gui::words;
use sprat_peer_gui::words::licences::LICENCES;

use crate::common::{busy, empty, id, transfer, watched};
use crate::window::*;

#[test]
fn limits_are_numbers_and_what_is_none_can_be_mended() {
    let mut window = with(watched());
    select(&mut window, "debian");
    press_more(&mut window, words::LIMITS);
    let up = window.get_by_role_and_label(Role::TextInput, words::UP_LIMIT_FIELD);
    assert!(up.is_focused());
    assert_eq!(up.value().as_deref(), Some("512"), "what is in use");
    retype(&mut window, words::UP_LIMIT_FIELD, "fast");
    plain_key(&mut window, Key::Enter);
    assert!(reads(&window, words::BAD_LIMIT) && commands(&window).is_empty());
    retype(&mut window, words::UP_LIMIT_FIELD, "300");
    retype(&mut window, words::DOWN_LIMIT_FIELD, "");
    press(&mut window, words::USE_LIMITS);
    let [Command::SetTransferRates { file_id, up, down: None }] = commands(&window)[..] else { panic!("one change") };
    assert_eq!((*file_id, *up), (id(1), NonZeroU32::new(300 << 10)));
    assert!(!reads(&window, words::LIMITS_TITLE));
}

#[test]
fn limits_of_several_are_set_together() {
    let mut window = with(busy());
    select(&mut window, "debian");
    select_with(&mut window, egui::Modifiers::COMMAND, "Big Buck");
    press_more(&mut window, words::LIMITS);
    type_into(&mut window, words::DOWN_LIMIT_FIELD, "2048");
    plain_key(&mut window, Key::Enter);
    let limit = NonZeroU32::new(2 << 20);
    let is_set =
        |command: &&Command| matches!(command, Command::SetTransferRates { up: None, down, .. } if *down == limit);
    assert_eq!(commands(&window).iter().filter(|command| is_set(command)).count(), 2);
}

#[test]
fn a_download_is_moved_to_a_folder_that_is_typed_or_chosen() {
    let mut window = with(busy());
    select(&mut window, "debian");
    press_more(&mut window, words::MOVE);
    let field = window.get_by_role_and_label(Role::TextInput, words::MOVE_FIELD);
    assert_eq!(field.value().as_deref(), Some("/home/ada/Downloads"));
    press(&mut window, words::CHOOSE_FOLDER);
    assert_eq!(requests(&window), [&Request::PickMoveDir]);
    tell(&mut window, Notice::PickedMoveDir(Picked::Path("/media/disk".into())));
    press(&mut window, words::MOVE_CONFIRM);
    let [Command::Move { file_id, dir }] = commands(&window)[..] else { panic!("one move") };
    assert_eq!((*file_id, dir.as_path()), (id(1), Path::new("/media/disk")));
    assert!(!reads(&window, words::MOVE_TITLE));
}

#[test]
fn moving_can_be_thought_better_of() {
    let mut window = with(busy());
    select(&mut window, "debian");
    press_more(&mut window, words::MOVE);
    plain_key(&mut window, Key::Escape);
    assert!(!reads(&window, words::MOVE_TITLE) && commands(&window).is_empty());
    // The answer of the system's dialog comes too late.
    tell(&mut window, Notice::PickedMoveDir(Picked::Path("/media/disk".into())));
    assert!(!reads(&window, words::MOVE_TITLE) && commands(&window).is_empty());
}

#[test]
fn a_peer_is_added_by_its_address() {
    let mut window = with(busy());
    select(&mut window, "debian");
    press_more(&mut window, words::ADD_PEER);
    type_into(&mut window, words::PEER_FIELD, "nobody");
    plain_key(&mut window, Key::Enter);
    assert!(reads(&window, words::BAD_PEER) && commands(&window).is_empty());
    retype(&mut window, words::PEER_FIELD, " 192.168.1.20:38649 ");
    press(&mut window, words::ADD);
    let [Command::AddPeer { file_id, addr }] = commands(&window)[..] else { panic!("one peer") };
    assert_eq!((*file_id, addr.to_string().as_str()), (id(1), "192.168.1.20:38649"));
}

#[test]
fn a_link_becomes_a_qr_code_unless_it_is_too_long() {
    let mut window = with(busy());
    select(&mut window, "debian");
    press_more(&mut window, words::SHOW_QR);
    assert!(window.query_by_role_and_label(Role::Image, words::QR_SPOKEN).is_some());
    press(&mut window, words::CLOSE);
    assert!(!reads(&window, words::QR_TITLE));

    let mut link = transfer(1, "a", 1, 1, sprat_api::TransferState::Paused).link;
    link.name = Some("a".repeat(4000));
    window.state_mut().view.dialogs.open(Dialog::Qr { name: "a".to_owned(), link: Box::new(link) });
    window.run();
    assert!(reads(&window, words::QR_TOO_LONG));
}

#[test]
fn the_log_is_shown_and_saved() {
    let mut window = on(Screen::Settings, empty());
    window.set_size([1180.0, 1800.0].into());
    window.run();
    press(&mut window, words::SHOW_LOG);
    assert_eq!(requests(&window), [&Request::ReadLog]);
    tell(&mut window, Notice::Log(vec!["the engine runs".to_owned(), "a peer came".to_owned()]));
    assert!(reads(&window, "the engine runs") && reads(&window, "a peer came"));
    press(&mut window, words::SAVE_LOG);
    assert_eq!(requests(&window), [&Request::ReadLog, &Request::SaveLog]);
    tell(&mut window, Notice::Log(Vec::new()));
    assert!(reads(&window, words::LOG_EMPTY));
}

#[test]
fn licences_and_keys_are_told() {
    let mut window = on(Screen::Settings, empty());
    window.set_size([1180.0, 1800.0].into());
    window.run();
    press(&mut window, words::SHOW_LICENCES);
    assert!(reads(&window, words::LICENCE_OF_SPRAT));
    let first = LICENCES.lines().next().expect("licences");
    assert!(reads(&window, first), "{first}");
    plain_key(&mut window, Key::Escape);
    assert!(!reads(&window, words::LICENCE_OF_SPRAT));
    plain_key(&mut window, Key::F1);
    assert!(reads(&window, words::PAUSE_OR_RESUME) && reads(&window, words::ANYWHERE));
}
