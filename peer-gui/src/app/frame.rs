//! A frame of the window: input, screens, and the changes that come of them.

use egui::Ui;

use super::input;
use crate::actions::{Action, ShareAction};
use crate::model::engine::Command;
use crate::model::screen::Screen;
use crate::state::{Phase, Received, ViewState};
use crate::update::{self, Effect};
use crate::views;
use crate::widgets::theme;

/// Draws a frame, and carries out in the window's state what the person did. Returns the effects outside of it.
pub fn frame(ui: &mut Ui, phase: &Phase, view: &mut ViewState) -> Vec<Effect> {
    let now = ui.input(|input| input.time);
    theme::choose(ui.ctx(), view.preferences.theme, view.preferences.zoom);
    if let Some(seconds) = view.toasts.expire(now) {
        ui.ctx().request_repaint_after_secs(seconds as f32);
    }
    let Phase::Running(received) = phase else { return before_the_engine(ui, phase, view, now) };
    if let Some(seconds) = view.transfers.removals.next(now) {
        ui.ctx().request_repaint_after_secs(seconds as f32);
    }
    input::look_at_clipboard(ui, &received.snapshot, view);
    views::dialogs::give_back_focus(ui, view);
    refresh(received, view);
    let mut actions = input::keys(ui, view);
    let dropped = view.window.dropped.drain(..).chain(input::dropped_files(ui));
    actions.extend(dropped.map(|path| Action::Share(ShareAction::Share(path))));
    actions.extend(views::window::show(ui, received, view, now));
    if !actions.is_empty() {
        ui.ctx().request_repaint();
    }
    let mut effects: Vec<Effect> =
        actions.into_iter().flat_map(|action| update::update(view, &received.snapshot, action, now)).collect();
    effects.extend(watch(view));
    effects
}

/// Works out anew what the screens show of the snapshot.
fn refresh(received: &Received, view: &mut ViewState) {
    if view.transfers.list.refresh(
        &received.snapshot,
        view.transfers.filter,
        view.preferences.sort,
        view.transfers.removals.hidden(),
    ) {
        view.transfers.selection.keep_listed(&view.transfers.list);
    }
    if view.screen == Screen::Peers {
        view.people.refresh(&received.snapshot);
    }
}

/// Asks the engine for the detail of the transfer on the screen, and of no other.
fn watch(view: &mut ViewState) -> Option<Effect> {
    let shown = view.shown_transfer();
    if view.transfers.watched == shown {
        return None;
    }
    view.transfers.watched = shown;
    Some(Effect::Engine(Command::Watch(shown)))
}

/// Draws a frame while there is no engine.
fn before_the_engine(ui: &mut Ui, phase: &Phase, view: &mut ViewState, now: f64) -> Vec<Effect> {
    // What is dropped before the engine is there is shared as soon as it is.
    view.window.dropped.extend(input::dropped_files(ui));
    let mut actions = views::start::show(ui, phase);
    actions.extend(views::toasts::show(ui.ctx(), &view.toasts));
    let of_window = actions.into_iter().filter_map(|action| match action {
        Action::Window(action) => Some(action),
        _ => None,
    });
    of_window.flat_map(|action| update::window::update(view, action, now)).collect()
}
