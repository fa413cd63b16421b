//! A person's action → changes of the window's state, and effects outside of it.

use super::effect::Effect;
use super::{adding, browse, dialogs, list, settings, share, trackers, transfers, window};
use crate::actions::{Action, BINDINGS, Scope};
use crate::model::engine::Snapshot;
use crate::model::screen::Screen;
use crate::state::ViewState;

/// Carries out an action. `now` is in seconds on the window's clock.
pub fn update(view: &mut ViewState, snapshot: &Snapshot, action: Action, now: f64) -> Vec<Effect> {
    match action {
        Action::Show(screen) => show(view, snapshot, screen),
        Action::Add(action) => adding::update(view, action, now),
        Action::List(action) => list::update(view, action),
        Action::Transfers(action) => transfers::update(view, snapshot, action, now),
        Action::Browse(action) => browse::update(view, action, now),
        Action::Share(action) => share::update(view, action),
        Action::Settings(action) => settings::update(view, snapshot, action, now),
        Action::Trackers(action) => trackers::update(view, action, now),
        Action::Run(at) => run(view, snapshot, at, now),
        Action::Dialog(action) => dialogs::update(view, action, now),
        Action::Window(action) => window::update(view, action, now),
    }
}

fn show(view: &mut ViewState, snapshot: &Snapshot, screen: Screen) -> Vec<Effect> {
    if screen == Screen::Settings && view.screen != screen {
        view.settings.load(&view.preferences, snapshot);
        view.trackers.tests.clear();
    }
    view.screen = screen;
    view.share.note = None;
    Vec::new()
}

/// Carries out the action of an entry of the palette.
fn run(view: &mut ViewState, snapshot: &Snapshot, at: usize, now: f64) -> Vec<Effect> {
    view.dialogs.close();
    let Some(binding) = BINDINGS.get(at) else { return Vec::new() };
    if binding.scope == Scope::Rows {
        // What is done with rows is done where they are seen.
        view.screen = Screen::Transfers;
    }
    update(view, snapshot, binding.action.clone(), now)
}
