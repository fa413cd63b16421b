//! The looks of the window. The pictures are in `docs/pictures`, and the guide shows some of them.
//!
//! They are painted in software by Mesa's lavapipe, which paints the same everywhere. After a change of how something looks, run
//! `UPDATE_SNAPSHOTS=1 cargo test -p sprat-peer-gui --test screens pictures` and look at what changed.

use std::fs::File;
use std::panic;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use egui::accesskit::Role;
use egui::epaint::text::{FontInsert, FontPriority, InsertFontFamily};
use egui::{FontData, FontFamily, Key, Modifiers};
use egui_kittest::SnapshotResults;
use egui_kittest::wgpu::{create_render_state, default_wgpu_setup};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use sprat_peer_gui::model::engine::{Event, Snapshot, TransferState};
use sprat_peer_gui::model::messages::{Notice, SearchAnswer};
use sprat_peer_gui::model::preferences::{Preferences, ThemeChoice};
use sprat_peer_gui::model::screen::{DetailTab, Screen};
use sprat_peer_gui::state::{Phase, ViewState};
use sprat_peer_gui::words;

use crate::common::{away, busy, empty, folder, hits, id, moment, person, running, transfer, watched};
use crate::window::*;

/// Variable with which tests fail where the pictures cannot be painted; otherwise they are skipped.
const REQUIRED: &str = "SPRAT_REQUIRE_VULKAN";
const WIDE: [f32; 2] = [1280.0, 800.0];
const SMALL: [f32; 2] = [720.0, 480.0];

/// True if lavapipe is installed.
static CAN_PAINT: LazyLock<bool> = LazyLock::new(|| {
    let found = panic::catch_unwind(|| create_render_state(default_wgpu_setup(), Default::default()));
    found.is_ok_and(|state| state.adapter.get_info().driver == "llvmpipe")
});

/// Compares the window with its picture.
fn picture(window: &mut Window, name: &str) {
    if !*CAN_PAINT {
        let missing = "there is no Vulkan driver that paints in software: install mesa-vulkan-drivers";
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and {missing}");
        eprintln!("skipped: {missing}");
        return;
    }
    window.remove_cursor();
    window.set_render_cursor(false);
    window.run();
    window.snapshot(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        squeeze(&window.options().output_path.join(format!("{name}.png")));
    }
}

/// Packs a picture that was just painted anew into less room: it is slow to pack well, and needs no transparency.
fn squeeze(path: &Path) {
    let picture = image::open(path).expect("a picture").to_rgb8();
    let file = File::create(path).expect("a place for the picture");
    let encoder = PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive);
    picture.write_with_encoder(encoder).expect("a picture that is kept");
    // What it was before is in the repository.
    let _ = std::fs::remove_file(path.with_extension("old.png"));
}

fn window_of(size: [f32; 2], theme: ThemeChoice, screen: Screen, snapshot: Snapshot) -> Window {
    let mut view = ViewState { screen, ..settled(&snapshot) };
    (view.preferences.theme, view.window.began) = (theme, moment("2026-11-20 20:00") as f64);
    // As the settings' fields are when one comes there.
    view.settings.load(&view.preferences, &snapshot);
    sized(size, running(snapshot), view)
}

fn wide(screen: Screen, snapshot: Snapshot) -> Window {
    window_of(WIDE, ThemeChoice::Dark, screen, snapshot)
}

/// Compares a window with its pictures in both themes.
fn in_both(name: &str, screen: Screen, snapshot: impl Fn() -> Snapshot, prepare: impl Fn(&mut Window)) {
    let mut results = SnapshotResults::new();
    for (theme, of) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let mut window = window_of(WIDE, theme, screen, snapshot());
        prepare(&mut window);
        picture(&mut window, &format!("{name}-{of}"));
        results.extend_harness(&mut window);
    }
}

/// Notes two minutes in which the first download got faster, with a pause in between.
fn note_speeds(window: &mut Window) {
    for second in -119_i32..=0 {
        let mut snapshot = busy();
        let mut moving = transfer(1, "debian-12.8.0-amd64-netinst.iso", 640, 55, TransferState::Downloading);
        let wave = (f64::from(second) / 7.0).sin() * 180_000.0 + (f64::from(second) / 2.3).sin() * 90_000.0;
        let pause = (-70..-58).contains(&second);
        moving.down_rate = if pause { 0 } else { (1_100_000.0 + wave + f64::from(second) * 4_000.0) as u64 };
        moving.up_rate = (210_000.0 - wave / 3.0) as u64;
        snapshot.transfers[0] = Arc::new(moving);
        window.state_mut().view.transfers.speeds.note(&snapshot, f64::from(second));
    }
}

fn watch_the_first(window: &mut Window) {
    note_speeds(window);
    select(window, "debian");
}

fn find_lectures(window: &mut Window) {
    window.state_mut().view.browse.words = "lecture".to_owned();
    let words = window.state_mut().view.browse.begin();
    let answer = SearchAnswer { hits: hits(), more: true, troubles: Vec::new() };
    tell(window, Notice::SearchAnswered { words, page: 0, answer });
}

fn share_notes(window: &mut Window) {
    let link = transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing).link;
    tell_of(window, Event::Shared { path: "/home/ada/Documents/lecture-notes-2026.zip".into(), link });
    dismiss(window);
}

/// Takes the toasts away, which have been read.
fn dismiss(window: &mut Window) {
    let toasts = &mut window.state_mut().view.toasts;
    let shown: Vec<u64> = toasts.shown().iter().map(|toast| toast.id).collect();
    shown.into_iter().for_each(|id| toasts.dismiss(id));
    window.run();
}

fn met() -> Snapshot {
    let mut first = transfer(1, "debian-12.8.0-amd64-netinst.iso", 640, 55, TransferState::Downloading);
    first.peers = vec![
        person(21, "", 12 << 20, 0),
        person(34, "Grace", 281 << 20, 0),
        person(55, "Klára – lab 3", 96 << 20, 40 << 20),
        person(89, "", 0, 94 << 20),
    ];
    Snapshot { transfers: vec![Arc::new(first)], ..busy() }
}

#[test]
fn transfers() {
    in_both("transfers", Screen::Transfers, busy, |_| {});
}

#[test]
fn transfers_with_the_pane() {
    in_both("details", Screen::Transfers, watched, watch_the_first);
}

#[test]
fn what_a_search_found() {
    in_both("browse", Screen::Browse, busy, find_lectures);
}

#[test]
fn sharing() {
    in_both("share", Screen::Share, busy, share_notes);
}

#[test]
fn peers() {
    in_both("peers", Screen::Peers, met, |_| {});
}

#[test]
fn settings() {
    in_both("settings", Screen::Settings, busy, |_| {});
}

#[test]
fn an_empty_list() {
    picture(&mut wide(Screen::Transfers, empty()), "empty");
}

#[test]
fn the_first_start() {
    picture(&mut wide(Screen::Transfers, Snapshot { trackers: Vec::new(), ..empty() }), "first-start");
}

#[test]
fn a_start_that_fails() {
    let reason = "Another Sprat uses /home/ada/.local/share/sprat already. Close it, or start this one with another \
                  --state-dir.";
    let view = ViewState {
        preferences: Preferences { theme: ThemeChoice::Dark, ..Preferences::default() },
        ..ViewState::default()
    };
    picture(&mut sized(WIDE, Phase::Failed(reason.to_owned()), view), "start-failed");
}

#[test]
fn a_tracker_that_is_away() {
    picture(&mut wide(Screen::Transfers, Snapshot { trackers: vec![away()], ..busy() }), "tracker-away");
}

#[test]
fn the_question_before_deleting() {
    let mut window = wide(Screen::Transfers, busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::SHIFT, Key::Delete);
    picture(&mut window, "delete-question");
}

#[test]
fn the_palette() {
    let mut window = wide(Screen::Transfers, busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::COMMAND, Key::K);
    picture(&mut window, "palette");
}

#[test]
fn the_shortcuts() {
    let mut window = wide(Screen::Transfers, busy());
    plain_key(&mut window, Key::F1);
    picture(&mut window, "shortcuts");
}

#[test]
fn a_qr_code() {
    let mut window = wide(Screen::Share, busy());
    share_notes(&mut window);
    press(&mut window, words::SHOW_QR);
    picture(&mut window, "qr-code");
}

#[test]
fn a_menu() {
    let mut window = wide(Screen::Transfers, busy());
    click_secondary(&mut window, "debian");
    picture(&mut window, "menu");
}

#[test]
fn the_columns() {
    let mut window = wide(Screen::Transfers, busy());
    press(&mut window, words::COLUMNS);
    picture(&mut window, "columns");
}

#[test]
fn the_files_of_a_folder() {
    let mut window = wide(Screen::Transfers, folder());
    select(&mut window, "field");
    show_tab(&mut window, DetailTab::Files);
    picture(&mut window, "folder");
}

#[test]
fn the_log_and_the_peers_of_a_transfer() {
    let mut window = wide(Screen::Transfers, busy());
    tell_of(&mut window, Event::Added(id(1)));
    tell_of(&mut window, Event::BadChunk { file_id: id(1), index: 214, peer_id: person(34, "", 0, 0).peer_id });
    select(&mut window, "debian");
    click(&mut window, Role::Tab, &words::tab(words::TAB_LOG));
    picture(&mut window, "log");
    click(&mut window, Role::Tab, &words::tab(words::PEERS));
    picture(&mut window, "swarm");
}

#[test]
fn several_selected() {
    let mut window = wide(Screen::Transfers, busy());
    select(&mut window, "debian");
    select_with(&mut window, Modifiers::COMMAND, "rust-book");
    select_with(&mut window, Modifiers::COMMAND, "Big Buck");
    picture(&mut window, "several-selected");
}

#[test]
fn a_full_disk() {
    let mut window = wide(Screen::Transfers, busy());
    select(&mut window, "dataset");
    picture(&mut window, "disk-full");
}

#[test]
fn a_removal_that_can_be_taken_back() {
    let mut window = wide(Screen::Transfers, busy());
    select(&mut window, "debian");
    plain_key(&mut window, Key::Delete);
    picture(&mut window, "removed");
}

#[test]
fn small_windows() {
    let mut results = SnapshotResults::new();
    let mut small = |screen, snapshot, prepare: fn(&mut Window), name| {
        let mut window = window_of(SMALL, ThemeChoice::Dark, screen, snapshot);
        prepare(&mut window);
        picture(&mut window, name);
        results.extend_harness(&mut window);
    };
    small(Screen::Transfers, busy(), |_| {}, "small-transfers");
    small(Screen::Transfers, watched(), watch_the_first, "small-details");
    small(Screen::Transfers, busy(), |window| click_secondary(window, "debian"), "small-menu");
    small(Screen::Settings, busy(), |_| {}, "small-settings");
    small(Screen::Browse, busy(), find_lectures, "small-browse");
}

#[test]
fn everything_larger() {
    let mut window = wide(Screen::Transfers, watched());
    window.state_mut().view.preferences.zoom = 150;
    window.run();
    watch_the_first(&mut window);
    picture(&mut window, "zoomed");
}

/// Font with letters that the built-in fonts lack. The program takes them from any font that the system has.
const LETTERS: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

#[test]
fn names_of_all_kinds() {
    let name = |n: u8, name: &str| Arc::new(transfer(n, name, 90, 12 * u64::from(n), TransferState::Paused));
    let long = "a name that goes on and on, longer than any list is wide, through every comma, until it comes to an end, \
                but not before everybody has lost patience with it, and then some more.tar.zst";
    let others = ["نسخة احتياطية.zip", "שלום עולם.pdf", "Летние фото.zip", "x"];
    let transfers = (1..).zip([long].into_iter().chain(others)).map(|(n, text)| name(n, text)).collect();
    let mut window = wide(Screen::Transfers, Snapshot { transfers, ..empty() });
    let Ok(letters) = std::fs::read(LETTERS) else {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and there is no {LETTERS}");
        return eprintln!("skipped: there is no {LETTERS}");
    };
    let family = InsertFontFamily { family: FontFamily::Proportional, priority: FontPriority::Lowest };
    window.ctx.add_font(FontInsert::new("letters", FontData::from_owned(letters), vec![family]));
    window.run();
    select(&mut window, "a name");
    picture(&mut window, "long-names");
}
