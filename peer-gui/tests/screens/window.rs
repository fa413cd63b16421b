//! The window under test, and the hands and eyes of its user.

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, UiBuilder};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use sprat_peer_gui::model::columns::{Column, Sort};
use sprat_peer_gui::model::engine::{Command, Snapshot};
use sprat_peer_gui::model::filter::Filter;
use sprat_peer_gui::model::messages::{Notice, Request};
use sprat_peer_gui::model::preferences::Preferences;
use sprat_peer_gui::model::screen::{DetailTab, Screen};
use sprat_peer_gui::state::{Phase, ViewState};
use sprat_peer_gui::update::{Effect, notices};
use sprat_peer_gui::{app, widgets, words};

use crate::common::running;

/// ID that nothing made up has.
pub(crate) const ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) const SCREENS: [Screen; 5] =
    [Screen::Transfers, Screen::Browse, Screen::Share, Screen::Peers, Screen::Settings];

/// State of the window under test, and the effects that the program would carry out.
pub(crate) struct World {
    pub(crate) phase: Phase,
    pub(crate) view: ViewState,
    pub(crate) effects: Vec<Effect>,
}

pub(crate) type Window = Harness<'static, World>;

pub(crate) fn window(phase: Phase, view: ViewState) -> Window {
    sized([1180.0, 720.0], phase, view)
}

pub(crate) fn sized(size: [f32; 2], phase: Phase, view: ViewState) -> Window {
    let world = World { phase, view, effects: Vec::new() };
    let draw = |ui: &mut egui::Ui, world: &mut World| {
        // The harness leaves a margin around what it shows; the program has none.
        let all = ui.content_rect();
        let effects = ui.scope_builder(UiBuilder::new().max_rect(all), |ui| {
            ui.set_clip_rect(all);
            app::frame(ui, &world.phase, &mut world.view)
        });
        world.effects.extend(effects.inner);
    };
    // Names from strangers may have letters that the built-in fonts lack; the program takes those from the system.
    let builder = Harness::builder().with_size(size).with_max_steps(8).allow_missing_glyphs();
    let mut window = builder.with_context_setup(widgets::theme::install).build_ui_state(draw, world);
    window.run();
    window
}

/// State of a window with one tracker set up, as most have.
pub(crate) fn settled(snapshot: &Snapshot) -> ViewState {
    let mut view = ViewState::default();
    view.trackers.in_use = snapshot.trackers.iter().map(|tracker| tracker.url.clone()).collect();
    view.settings.dir = snapshot.download_dir.display().to_string();
    view.preferences.sort = Sort { by: Column::Added, descending: false };
    view
}

pub(crate) fn with(snapshot: Snapshot) -> Window {
    let view = settled(&snapshot);
    window(running(snapshot), view)
}

pub(crate) fn on(screen: Screen, snapshot: Snapshot) -> Window {
    let mut window = with(snapshot);
    show(&mut window, screen);
    window
}

/// Goes to a screen, without hands.
pub(crate) fn show(window: &mut Window, screen: Screen) {
    window.state_mut().view.screen = screen;
    window.run();
}

pub(crate) fn show_tab(window: &mut Window, tab: DetailTab) {
    window.state_mut().view.transfers.tab = tab;
    window.run();
}

/// Has the engine publish another snapshot.
pub(crate) fn publish(window: &mut Window, snapshot: Snapshot) {
    let now = window.ctx.input(|input| input.time);
    let world = window.state_mut();
    notices::compare(&mut world.view, world.phase.snapshot(), &snapshot, now);
    world.phase = running(snapshot);
    window.run();
}

/// Has the engine's side send a notice.
pub(crate) fn tell(window: &mut Window, notice: Notice) {
    let now = window.ctx.input(|input| input.time);
    let world = window.state_mut();
    let effects = notices::take(&mut world.view, world.phase.snapshot(), notice, now);
    world.effects.extend(effects);
    window.run();
}

pub(crate) fn tell_of(window: &mut Window, event: sprat_api::Event) {
    tell(window, Notice::Event(event));
}

pub(crate) fn commands(window: &Window) -> Vec<&Command> {
    let effects = window.state().effects.iter();
    effects
        .filter_map(|effect| match effect {
            // Whatever is selected is watched.
            Effect::Engine(Command::Watch(_)) => None,
            Effect::Engine(command) => Some(command),
            _ => None,
        })
        .collect()
}

pub(crate) fn requests(window: &Window) -> Vec<&Request> {
    let effects = window.state().effects.iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Ask(request) => Some(request),
            _ => None,
        })
        .collect()
}

pub(crate) fn copied(window: &Window) -> Option<&str> {
    window.state().effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    })
}

/// Forgets the effects of everything so far.
pub(crate) fn forget(window: &mut Window) {
    window.state_mut().effects.clear();
}

/// Preferences as they were saved last.
pub(crate) fn kept(window: &Window) -> Option<&Preferences> {
    requests(window).into_iter().rev().find_map(|request| match request {
        Request::SavePreferences(kept) => Some(kept),
        _ => None,
    })
}

pub(crate) fn click(window: &mut Window, role: Role, name: &str) {
    window.get_by_role_and_label(role, name).click();
    window.run();
}

pub(crate) fn press(window: &mut Window, button: &str) {
    click(window, Role::Button, button);
}

/// Presses an entry of the menu of the selected transfers.
pub(crate) fn press_more(window: &mut Window, entry: &str) {
    press(window, words::MORE);
    press_in_menu(window, entry);
}

/// Presses an entry of the menu that is open; the pane may have a button of the same name, which comes before it.
pub(crate) fn press_in_menu(window: &mut Window, entry: &str) {
    let of_this_name = window.get_all_by_role_and_label(Role::Button, entry);
    of_this_name.last().expect("an entry of this name").click();
    window.run();
}

pub(crate) fn press_filter(window: &mut Window, filter: Filter, count: usize) {
    press(window, &words::filter(filter, count));
}

pub(crate) fn key(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run();
}

pub(crate) fn plain_key(window: &mut Window, pressed: Key) {
    key(window, Modifiers::NONE, pressed);
}

pub(crate) fn type_into(window: &mut Window, field: &str, text: &str) {
    type_into_a(window, Role::TextInput, field, text);
}

pub(crate) fn type_into_a(window: &mut Window, role: Role, field: &str, text: &str) {
    window.get_by_role_and_label(role, field).focus();
    window.run();
    window.get_by_role_and_label(role, field).type_text(text);
    window.run();
}

/// Types in place of what is in the field.
pub(crate) fn retype(window: &mut Window, field: &str, text: &str) {
    window.get_by_role_and_label(Role::TextInput, field).focus();
    window.run();
    key(window, Modifiers::COMMAND, Key::A);
    window.get_by_role_and_label(Role::TextInput, field).type_text(text);
    window.run();
}

/// Pastes into the widget that has the focus.
pub(crate) fn paste(window: &mut Window, text: &str) {
    window.event(Event::Paste(text.to_owned()));
    window.run();
}

fn row<'a>(window: &'a Window, name: &str) -> Node<'a> {
    let row = window
        .get_all_by_role(Role::Row)
        .find(|row| row.accesskit_node().label().is_some_and(|label| label.starts_with(name)));
    row.expect("a row with this name")
}

pub(crate) fn place_of_row(window: &Window, name: &str) -> Rect {
    row(window, name).rect()
}

pub(crate) fn select(window: &mut Window, name: &str) {
    row(window, name).click();
    window.run();
}

pub(crate) fn select_with(window: &mut Window, modifiers: Modifiers, name: &str) {
    row(window, name).click_modifiers(modifiers);
    window.run();
}

pub(crate) fn click_secondary(window: &mut Window, name: &str) {
    row(window, name).click_secondary();
    window.run();
}

/// Beginnings of the rows' names, from above.
pub(crate) fn rows(window: &Window) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = window
        .query_all_by_role(Role::Row)
        .map(|row| (row.rect().top(), row.accesskit_node().label().unwrap_or_default()))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, name)| name.chars().take(5).collect()).collect()
}

pub(crate) fn has_row(window: &Window, name: &str) -> bool {
    window
        .query_all_by_role(Role::Row)
        .any(|row| row.accesskit_node().label().is_some_and(|label| label.starts_with(name)))
}

/// Presses the mouse at one place and lets go at another.
pub(crate) fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    for event in [
        Event::PointerMoved(from),
        button(from, true),
        Event::PointerMoved(from.lerp(to, 0.5)),
        Event::PointerMoved(to),
        button(to, false),
    ] {
        window.event(event);
    }
    window.run();
}

pub(crate) fn reads(window: &Window, text: &str) -> bool {
    window.query_all_by_label(text).count() > 0
}

/// Tells whether a text has this in it.
pub(crate) fn reads_part(window: &Window, text: &str) -> bool {
    window.query_all_by_label_contains(text).count() > 0
}

pub(crate) fn is_disabled(window: &Window, button: &str) -> bool {
    window.get_by_role_and_label(Role::Button, button).accesskit_node().is_disabled()
}
