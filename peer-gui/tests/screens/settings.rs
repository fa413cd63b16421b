//! The settings, but for the trackers.

use std::num::NonZeroU32;
use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::model::engine::Command;
use sprat_peer_gui::model::messages::{Notice, Picked, Request};
use sprat_peer_gui::model::preferences::{Preferences, ThemeChoice};
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::state::ViewState;
use sprat_peer_gui::words;

use crate::common::{empty, running};
use crate::window::*;

#[test]
fn settings_change_trackers_folder_and_theme() {
    let mut window = on(Screen::Settings, empty());
    window.set_size([1180.0, 1600.0].into());
    window.run();
    press(&mut window, &words::remove_tracker("http://tracker.example:5000"));
    assert!(matches!(commands(&window)[..], [Command::SetTrackers(urls)] if urls.is_empty()));
    type_into(&mut window, words::DOWNLOAD_FOLDER, "/new");
    press(&mut window, words::APPLY);
    assert!(matches!(commands(&window)[..], [_, Command::SetDownloadDir(dir)] if dir.ends_with("Downloads/new")));
    click(&mut window, Role::RadioButton, words::THEME_LIGHT);
    let Some(Request::SavePreferences(kept)) = requests(&window).pop() else { panic!("they are kept") };
    assert_eq!((kept.theme, kept.trackers.len()), (ThemeChoice::Light, 0));
}

#[test]
fn preferences_decide_the_theme() {
    let view = ViewState {
        preferences: Preferences { theme: ThemeChoice::Light, ..Preferences::default() },
        ..ViewState::default()
    };
    let window = window(running(empty()), view);
    assert_eq!(window.ctx.theme(), egui::Theme::Light);
}

/// Window so high that all settings are in view, those for few too.
fn all_settings() -> Window {
    let mut window = on(Screen::Settings, empty());
    window.set_size([1180.0, 1900.0].into());
    window.run();
    window.get_by_label(words::ADVANCED).click();
    window.run();
    window
}

#[test]
fn a_name_is_used_and_kept() {
    let mut window = all_settings();
    assert!(is_disabled(&window, words::USE_NAME));
    type_into(&mut window, words::NAME_FIELD, "  Ada ");
    plain_key(&mut window, Key::Enter);
    assert!(matches!(commands(&window)[..], [Command::SetDisplayName(name)] if name == "Ada"));
    assert_eq!(kept(&window).map(|kept| kept.display_name.as_str()), Some("Ada"));
    assert!(reads(&window, words::NAME_SET));
    retype(&mut window, words::NAME_FIELD, " ");
    press(&mut window, words::USE_NAME);
    assert!(reads(&window, words::NAME_CLEARED));
}

#[test]
fn limits_are_numbers() {
    let mut window = all_settings();
    retype(&mut window, words::ACTIVE_FIELD, "3");
    retype(&mut window, words::UP_LIMIT_FIELD, "much");
    press(&mut window, words::USE_LIMITS);
    assert!(reads(&window, words::BAD_LIMIT) && commands(&window).is_empty());
    retype(&mut window, words::UP_LIMIT_FIELD, "100");
    retype(&mut window, words::ACTIVE_FIELD, "0");
    press(&mut window, words::USE_LIMITS);
    assert!(reads(&window, words::BAD_ACTIVE) && commands(&window).is_empty());
    retype(&mut window, words::ACTIVE_FIELD, "3");
    plain_key(&mut window, Key::Enter);
    let up = NonZeroU32::new(100 << 10);
    let [Command::SetRates { up: sent, down: None }, Command::SetActiveDownloads(3)] = commands(&window)[..] else {
        panic!("two changes")
    };
    assert_eq!((*sent, kept(&window).map(|kept| (kept.up_limit, kept.active_downloads))), (up, Some((up, 3))));
    assert!(reads(&window, words::LIMITS_SET) && !reads(&window, words::BAD_ACTIVE));
}

#[test]
fn a_port_is_kept_for_the_next_start() {
    let mut window = all_settings();
    retype(&mut window, words::PORT_FIELD, "65536");
    press(&mut window, words::USE_PORT);
    assert!(reads(&window, words::BAD_PORT) && kept(&window).is_none());
    retype(&mut window, words::PORT_FIELD, "4711");
    press(&mut window, words::USE_PORT);
    assert_eq!(kept(&window).and_then(|kept| kept.port), Some(4711));
    assert!(reads(&window, words::PORT_SET));
}

#[test]
fn everything_gets_larger_and_smaller() {
    let mut window = all_settings();
    press(&mut window, words::ZOOM_IN);
    key(&mut window, Modifiers::COMMAND, Key::Equals);
    assert_eq!(kept(&window).map(|kept| kept.zoom), Some(120));
    assert!((window.ctx.zoom_factor() - 1.2).abs() < 0.001);
    key(&mut window, Modifiers::COMMAND, Key::Num0);
    for _ in 0..9 {
        key(&mut window, Modifiers::COMMAND, Key::Minus);
    }
    assert_eq!(kept(&window).map(|kept| kept.zoom), Some(50), "and no smaller");
}

#[test]
fn the_system_is_told_what_to_do_for_sprat() {
    let mut window = all_settings();
    click(&mut window, Role::CheckBox, words::NOTIFICATIONS);
    assert_eq!(kept(&window).map(|kept| kept.notifications), Some(false));
    forget(&mut window);
    click(&mut window, Role::CheckBox, words::REGISTER_LINKS);
    tell(&mut window, Notice::Links(true));
    click(&mut window, Role::CheckBox, words::REGISTER_LINKS);
    press(&mut window, words::CHOOSE_FOLDER);
    let [on, off] = [true, false].map(Request::RegisterLinks);
    assert_eq!(requests(&window), [&on, &off, &Request::PickDownloadDir]);
    tell(&mut window, Notice::PickedDownloadDir(Picked::Path("/media/disk".into())));
    assert!(matches!(commands(&window)[..], [Command::SetDownloadDir(dir)] if dir == Path::new("/media/disk")));
    tell(&mut window, Notice::PickedDownloadDir(Picked::Unavailable));
    assert!(reads(&window, words::NO_DIALOG));
}
