//! The clipboard: a link that was copied elsewhere is offered when the window gets the focus; a paste goes where it
//! should.

use egui::Event;
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::model::engine::Command;
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::state::ViewState;
use sprat_peer_gui::update::Effect;
use sprat_peer_gui::{app, widgets, words};

use crate::common::{busy, empty, id, running, transfer};
use crate::window::*;

fn leave(window: &mut Window) {
    window.input_mut().focused = false;
    window.event(Event::WindowFocused(false));
    window.run();
}

/// Gives the window the focus. The answer of the system comes with one of the next frames, if there is one.
fn come_back(window: &mut Window, clipboard: Option<&str>) {
    come_back_after(window, 1, clipboard);
}

fn come_back_after(window: &mut Window, frames: usize, clipboard: Option<&str>) {
    leave(window);
    window.input_mut().focused = true;
    window.event(Event::WindowFocused(true));
    window.run_steps(frames);
    if let Some(text) = clipboard {
        window.event(Event::Paste(text.to_owned()));
    }
    window.run();
}

fn link() -> String {
    format!("sprat:{ID}?name=a.txt")
}

fn offered() -> String {
    words::offer(Some("a.txt"), ID)
}

#[test]
fn a_link_is_offered_once() {
    let mut window = on(Screen::Share, empty());
    come_back(&mut window, Some(&link()));
    assert!(reads(&window, &offered()) && commands(&window).is_empty());
    press(&mut window, words::DISMISS);
    assert!(!reads(&window, &offered()));
    come_back(&mut window, Some(&link()));
    assert!(!reads(&window, &offered()));
}

#[test]
fn the_system_may_take_a_frame_or_two_to_say_what_was_copied() {
    for frames in 1..=3 {
        let mut window = on(Screen::Share, empty());
        come_back_after(&mut window, frames, Some(&link()));
        assert!(reads(&window, &offered()) && commands(&window).is_empty(), "after {frames}");
    }
}

#[test]
fn an_offer_that_is_taken_is_downloaded() {
    let mut window = on(Screen::Share, empty());
    come_back(&mut window, Some(&link()));
    press(&mut window, words::DOWNLOAD_IT);
    let [Command::Download { link, .. }] = commands(&window)[..] else { panic!("one download") };
    assert_eq!(link.file_id.to_string(), ID);
    assert!(!reads(&window, &offered()));
}

#[test]
fn neither_ones_own_link_nor_what_is_here_is_offered() {
    let mut window = on(Screen::Share, busy());
    come_back(&mut window, Some(&transfer(1, "debian", 1, 1, sprat_api::TransferState::Paused).link.to_string()));
    assert!(window.state().view.adding.offers.is_empty(), "it is in the list");
    press(&mut window, &words::copy_link_of("lecture-notes-2026.zip"));
    let own = copied(&window).expect("a link").to_owned();
    publish(&mut window, empty());
    come_back(&mut window, Some(&own));
    assert!(window.state().view.adding.offers.is_empty(), "it was copied here");
}

#[test]
fn what_is_no_link_goes_nowhere_unasked() {
    let mut window = on(Screen::Transfers, empty());
    window.get_by_role_and_label(egui::accesskit::Role::TextInput, words::PASTE_ID).focus();
    window.run();
    come_back(&mut window, Some("a password"));
    let view = &window.state().view;
    assert!(view.adding.offers.is_empty() && view.adding.text.is_empty() && commands(&window).is_empty());
}

#[test]
fn what_is_pasted_later_goes_where_it_should() {
    for clipboard in [None, Some("a password")] {
        let mut window = on(Screen::Transfers, busy());
        come_back(&mut window, clipboard);
        paste(&mut window, &id(60).to_string());
        assert!(matches!(commands(&window)[..], [Command::Download { link, .. }] if link.file_id == id(60)));

        window.get_by_role_and_label(egui::accesskit::Role::TextInput, words::PASTE_ID).focus();
        window.run();
        come_back(&mut window, clipboard);
        paste(&mut window, "abc");
        assert_eq!((window.state().view.adding.text.as_str(), commands(&window).len()), ("abc", 1));
    }
}

#[test]
fn a_copied_link_is_only_offered_though_a_frame_is_laid_out_twice() {
    let ctx = egui::Context::default();
    widgets::theme::install(&ctx);
    let (phase, mut view) = (running(empty()), ViewState::default());
    let mut effects = Vec::new();
    // The window gets the focus and asks what the clipboard has; the answer is there two frames later.
    for events in [Vec::new(), Vec::new(), vec![Event::Paste(ID.to_owned())], Vec::new()] {
        let input = egui::RawInput { focused: true, events, ..egui::RawInput::default() };
        let mut passes = 0;
        let mut output = ctx.run_ui(input, |ui| {
            effects.extend(app::frame(ui, &phase, &mut view));
            passes += 1;
            if passes == 1 {
                ctx.request_discard("to be laid out anew");
            }
        });
        output.textures_delta.clear();
        assert_eq!(passes, 2);
    }
    assert_eq!(view.adding.offers.len(), 1);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(Command::Download { .. }))));
}
