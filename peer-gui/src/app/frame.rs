//! A frame of the window: input, screens, and the changes that come of them.

use egui::Ui;

use super::input;
use crate::actions::Action;
use crate::model::engine::Command;
use crate::model::screen::Screen;
use crate::state::{Phase, Received, ViewState};
use crate::update::{Effect, update};
use crate::views;
use crate::widgets::theme;

/// Draws a frame, and carries out in the window's state what the person did. Returns the effects outside of it.
pub fn frame(ui: &mut Ui, phase: &Phase, view: &mut ViewState) -> Vec<Effect> {
    let now = ui.input(|input| input.time);
    theme::choose(ui.ctx(), view.preferences.theme, view.preferences.zoom);
    if let Some(seconds) = view.toasts.expire(now) {
        ui.ctx().request_repaint_after_secs(seconds as f32);
    }
    let Phase::Running(received) = phase else { return before_the_engine(ui, phase, view) };
    if let Some(seconds) = view.removals.next(now) {
        ui.ctx().request_repaint_after_secs(seconds as f32);
    }
    input::look_at_clipboard(ui, &received.snapshot, view);
    views::dialogs::give_back_focus(ui, view);
    refresh(received, view);
    let mut actions = input::keys(ui, view);
    actions.extend(view.dropped.drain(..).map(Action::Share));
    actions.extend(input::dropped_files(ui).map(Action::Share));
    actions.extend(views::window::show(ui, received, view, now));
    if !actions.is_empty() {
        ui.ctx().request_repaint();
    }
    let mut effects: Vec<Effect> =
        actions.into_iter().flat_map(|action| update(view, &received.snapshot, action, now)).collect();
    effects.extend(watch(view));
    effects
}

/// Works out anew what the screens show of the snapshot.
fn refresh(received: &Received, view: &mut ViewState) {
    if view.list.refresh(&received.snapshot, view.filter, view.preferences.sort, view.removals.hidden()) {
        view.selection.keep_listed(&view.list);
    }
    if view.screen == Screen::Peers {
        view.people.refresh(&received.snapshot);
    }
}

/// Asks the engine for the detail of the transfer on the screen, and of no other.
fn watch(view: &mut ViewState) -> Option<Effect> {
    let shown = view.shown_transfer();
    if view.watched == shown {
        return None;
    }
    view.watched = shown;
    Some(Effect::Engine(Command::Watch(shown)))
}

/// Draws a frame while there is no engine.
fn before_the_engine(ui: &mut Ui, phase: &Phase, view: &mut ViewState) -> Vec<Effect> {
    // What is dropped before the engine is there is shared as soon as it is.
    view.dropped.extend(input::dropped_files(ui));
    let actions = views::start::show(ui, phase);
    for action in views::toasts::show(ui.ctx(), &view.toasts) {
        if let Action::DismissToast(id) = action {
            view.toasts.dismiss(id);
        }
    }
    actions.into_iter().filter(|action| *action == Action::Quit).map(|_| Effect::Quit).collect()
}
