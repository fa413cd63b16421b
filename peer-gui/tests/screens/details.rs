//! The pane below the list.

use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use sprat_chunking::FileId;
use sprat_peer_gui::model::engine::{Command, Event, Priority, TransferState};
use sprat_peer_gui::model::messages::Request;
use sprat_peer_gui::model::screen::{DetailTab, Screen};
use sprat_peer_gui::update::Effect;
use sprat_peer_gui::words;
use sprat_protocol::PeerId;

use crate::common::{busy, folder, id, transfer, watched};
use crate::window::*;

#[test]
fn the_pane_tells_everything_about_the_selected_transfer() {
    let mut window = with(busy());
    window.set_size([1180.0, 900.0].into());
    select(&mut window, "debian");
    assert!(reads(&window, "1408 of 2560 chunks verified"));
    assert!(reads(&window, "/home/ada/Downloads/debian-12.8.0-amd64-netinst.iso"));
    assert!(reads(&window, &id(1).to_string()));
    click(&mut window, Role::Tab, &words::tab(words::PEERS));
    assert!(reads(&window, "Peers (3 connected, 1 left)"));
    select(&mut window, "dataset");
    let full =
        "Paused: 430.0 MiB more space needed in /home/ada/Downloads. It goes on by itself as soon as there is room.";
    assert!(reads(&window, full), "trouble is told on every page");
    click(&mut window, Role::Tab, &words::tab(words::TAB_OVERVIEW));
    select(&mut window, "holiday photos");
    assert!(reads(&window, &words::state_sentence(&TransferState::Waiting)));
    select(&mut window, "dataset");
    assert!(reads(&window, full));
    press(&mut window, words::OPEN_FOLDER);
    assert_eq!(requests(&window), [&Request::Open("/home/ada/Downloads".into())]);
}

#[test]
fn what_is_painted_is_said_too() {
    let mut window = with(watched());
    window.set_size([1180.0, 900.0].into());
    select(&mut window, "debian");
    let image = |name: &str| window.query_by_role_and_label(Role::Image, name).is_some();
    assert!(image(&words::chunks_verified(1408, 2560)), "the chunks");
    assert!(image(&words::speeds(0, 0)), "the plot, in which nothing is yet");
    assert!(reads(&window, "upload 512.0 KiB/s"));
    publish(&mut window, watched());
    let said = words::speeds(1_310_720, 0);
    assert!(window.query_by_role_and_label(Role::Image, &said).is_some(), "{said}");
}

#[test]
fn what_happened_to_a_transfer_is_in_its_log() {
    let mut window = with(busy());
    let mut after = busy();
    after.transfers[0] = Arc::new(transfer(1, "debian-12.8.0-amd64-netinst.iso", 640, 60, TransferState::Paused));
    publish(&mut window, busy());
    publish(&mut window, after);
    tell_of(&mut window, Event::BadChunk { file_id: id(1), index: 7, peer_id: PeerId::new([9; 32]) });
    tell_of(&mut window, Event::Moved { file_id: id(1), path: "/media/disk/debian.iso".into() });
    tell_of(&mut window, Event::Completed { file_id: id(2), path: "/elsewhere".into() });
    select(&mut window, "debian");
    click(&mut window, Role::Tab, &words::tab(words::TAB_LOG));
    assert!(reads(&window, &words::state_sentence(&TransferState::Paused)));
    assert!(reads(&window, &words::bad_chunk(7, &PeerId::new([9; 32]).short())));
    assert!(!reads_part(&window, "/elsewhere"), "that is another one's");
    select(&mut window, "Big Buck");
    assert!(reads(&window, words::NO_LOG));
}

#[test]
fn files_of_a_folder_come_first_or_not_at_all() {
    let mut window = with(folder());
    select(&mut window, "field");
    click(&mut window, Role::Tab, &words::tab(words::TAB_FILES));
    let mut pressed = |path: &str, is: Priority| {
        press(&mut window, &words::priority_of(path, is));
        let command = commands(&window).pop().expect("a command").clone();
        let Command::SetPriorities { file_id, files, priority } = command else { panic!("{command:?}") };
        assert_eq!(file_id, id(9));
        (files, priority)
    };
    assert_eq!(pressed("cover.png", Priority::Off), (vec![0], Priority::Normal));
    assert_eq!(pressed("day 1/rain on the tent.flac", Priority::High), (vec![2], Priority::Off));
    assert_eq!(pressed("notes.txt", Priority::Normal), (vec![3], Priority::High));
}

#[test]
fn a_file_has_no_list_of_files() {
    let mut window = with(busy());
    select(&mut window, "debian");
    assert!(window.query_by_role_and_label(Role::Tab, &words::tab(words::TAB_FILES)).is_none());
    // The tab of another transfer is no dead end.
    show_tab(&mut window, DetailTab::Files);
    assert!(reads(&window, words::FILE_ID));
}

#[test]
fn only_what_is_on_the_screen_is_watched() {
    let mut window = with(busy());
    let watches = |window: &Window| -> Vec<Option<FileId>> {
        let effects = window.state().effects.iter();
        let watched = effects.filter_map(|effect| match effect {
            Effect::Engine(Command::Watch(file)) => Some(*file),
            _ => None,
        });
        watched.collect()
    };
    select(&mut window, "debian");
    select(&mut window, "Big Buck");
    show(&mut window, Screen::Settings);
    assert_eq!(watches(&window), [Some(id(1)), Some(id(6)), None]);
}
