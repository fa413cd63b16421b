//! Small windows, and windows in which nothing happens.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::words;

use crate::common::busy;
use crate::window::*;

#[test]
fn nothing_is_drawn_while_nothing_happens() {
    for screen in SCREENS {
        let mut window = on(screen, busy());
        select_if_any(&mut window, screen);
        let delay = window.output().viewport_output.values().map(|viewport| viewport.repaint_delay).min();
        assert_eq!(delay, Some(std::time::Duration::MAX), "{screen:?}");
    }
}

fn select_if_any(window: &mut Window, screen: Screen) {
    if screen == Screen::Transfers {
        select(window, "debian");
        window.run();
    }
}

#[test]
fn small_windows_hold_every_screen() {
    for screen in SCREENS {
        let mut window = on(screen, busy());
        window.set_size([640.0, 420.0].into());
        window.run();
        assert!(window.query_by_role_and_label(Role::Tab, words::SETTINGS).is_some());
    }
}

#[test]
fn small_windows_hold_the_longest_menu() {
    let mut window = with(busy());
    window.set_size([720.0, 480.0].into());
    window.run();
    click_secondary(&mut window, "debian");
    let all = window.ctx.content_rect();
    for entry in [words::OPEN_FILE, words::REMOVE, words::DELETE] {
        let place = window.get_by_role_and_label(Role::Button, entry).rect();
        assert!(all.contains_rect(place), "{entry} is at {place}, in {all}");
    }
}
