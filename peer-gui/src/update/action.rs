//! A person's action → what changes in the window, and what is to be done outside of it.

use super::effect::Effect;
use super::steps::{copy, open};
use super::{adding, settings, transfers};
use crate::actions::{self, Action, Scope};
use crate::model::engine::{Command, Snapshot};
use crate::model::messages::Request;
use crate::model::screen::Screen;
use crate::state::{Dialog, ViewState};

/// Carries out an action. `now` is in seconds on the window's clock.
pub fn update(view: &mut ViewState, snapshot: &Snapshot, action: Action, now: f64) -> Vec<Effect> {
    match action {
        Action::Show(screen) => show(view, snapshot, screen),
        Action::Palette => open(view, Dialog::Palette { words: String::new(), marked: 0 }),
        Action::PaletteRun(at) => palette_run(view, snapshot, at, now),
        Action::Shortcuts => open(view, Dialog::Shortcuts),
        Action::Licences => open(view, Dialog::Licences),
        Action::ShowLog => vec![Effect::Ask(Request::ReadLog)],
        Action::SaveLog => vec![Effect::Ask(Request::SaveLog)],
        Action::CloseDialog => {
            view.dialog = None;
            Vec::new()
        }
        Action::Copy(copied, said) => copy(view, copied, said, now),
        Action::RetryTrackers => vec![Effect::Engine(Command::RetryTrackers)],
        Action::DismissToast(id) => {
            view.toasts.dismiss(id);
            Vec::new()
        }
        Action::Quit => vec![Effect::Quit],
        action @ (Action::SubmitId
        | Action::PasteId(_)
        | Action::AcceptOffer
        | Action::DeclineOffer
        | Action::Get(_)
        | Action::PickShareFile
        | Action::PickShareFolder
        | Action::Share(_)
        | Action::ShareTyped
        | Action::CancelShare(_)
        | Action::Search
        | Action::SearchMore
        | Action::FocusSearch) => adding::update(view, action, now),
        action @ (Action::SetTheme(_)
        | Action::Zoom(_)
        | Action::SetNotifications(_)
        | Action::SetOfferLinks(_)
        | Action::SortBy(_)
        | Action::ToggleColumn(_)
        | Action::SetWidth { .. }
        | Action::PickDownloadDir
        | Action::UseTypedDir
        | Action::UseName
        | Action::UseLimits
        | Action::UsePort
        | Action::AddTracker
        | Action::TestTracker(_)
        | Action::RemoveTracker(_)
        | Action::EditToken(_)
        | Action::UseToken
        | Action::ForgetToken
        | Action::RunTracker(_)
        | Action::RegisterLinks(_)
        | Action::FinishSetup) => settings::update(view, action, now),
        action => transfers::update(view, snapshot, action, now),
    }
}

fn show(view: &mut ViewState, snapshot: &Snapshot, screen: Screen) -> Vec<Effect> {
    if screen == Screen::Settings && view.screen != screen {
        view.fields.load(&view.preferences, snapshot);
        view.tracker_tests.clear();
    }
    view.screen = screen;
    view.fields.share_note = None;
    Vec::new()
}

fn palette_run(view: &mut ViewState, snapshot: &Snapshot, at: usize, now: f64) -> Vec<Effect> {
    view.dialog = None;
    let Some(binding) = actions::BINDINGS.get(at) else { return Vec::new() };
    if binding.scope == Scope::Rows {
        // What is done with rows is done where they are seen.
        view.screen = Screen::Transfers;
    }
    update(view, snapshot, binding.action.clone(), now)
}
