//! The trackers in the settings: those in use, their tokens, and the one on this computer.

use egui::{Checkbox, Label, RichText, Ui};
use url::Url;

use super::setup;
use crate::actions::{Action, TrackerAction, WindowAction};
use crate::model::engine::{Snapshot, TrackerState, TrackerView};
use crate::model::messages::LocalTracker;
use crate::model::preferences::Reach;
use crate::model::tone::Tone;
use crate::model::trackers;
use crate::state::{TrackerTest, ViewState};
use crate::widgets::tokens::{CONTROL, LINE};
use crate::widgets::{badge, controls};
use crate::words;

/// Shows the trackers in use.
pub fn list(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, words::TRACKERS_HINT);
    if view.trackers.in_use.is_empty() {
        controls::weak(ui, words::NO_TRACKERS);
    }
    for url in &view.trackers.in_use {
        let seen = snapshot.trackers.iter().find(|tracker| tracker.url == *url);
        actions.extend(tracker(ui, url, seen, view.trackers.tests.get(url)));
        if view.trackers.token_for.as_ref() == Some(url) {
            actions.extend(token(ui, view));
        }
    }
    let (typed, add) = setup::tracker_field(ui, view, words::ADD);
    actions.extend(typed);
    actions.extend(add.then_some(Action::Trackers(TrackerAction::Add)));
    if let Some(error) = view.trackers.error {
        controls::problem(ui, error);
    }
    actions
}

fn tracker(ui: &mut Ui, url: &Url, seen: Option<&TrackerView>, test: Option<&TrackerTest>) -> Option<Action> {
    let (state, refusal) = (seen.map(|seen| &seen.state), seen.and_then(|seen| seen.refusal.as_deref()));
    let (tone, word) = match state {
        Some(TrackerState::Online) if refusal.is_some() => (Tone::Trouble, words::NOT_ALLOWED),
        Some(TrackerState::Online) => (Tone::Good, words::ONLINE),
        Some(TrackerState::Away { .. }) => (Tone::Trouble, words::AWAY),
        Some(TrackerState::Connecting) | None => (Tone::Waiting, words::TRACKER_CONNECTING),
    };
    let shown = trackers::shown(url);
    let action = controls::from_right(ui, LINE, |ui| {
        let remove = controls::small(ui, words::REMOVE, &words::remove_tracker(shown)).clicked();
        let token = controls::small(ui, words::TOKEN, &words::token_of(shown)).clicked();
        let test = controls::small(ui, words::TEST, &words::test_of(shown)).clicked();
        controls::rest(ui, |ui| {
            ui.add(Label::new(shown).selectable(true));
            badge::show(ui, tone, word);
        });
        match (remove, token, test) {
            (true, ..) => Some(Action::Trackers(TrackerAction::Remove(url.clone()))),
            (_, true, _) => Some(Action::Trackers(TrackerAction::EditToken(Some(url.clone())))),
            (.., true) => Some(Action::Trackers(TrackerAction::Test(url.clone()))),
            _ => None,
        }
    });
    match test {
        Some(TrackerTest::Asking) => drop(badge::show(ui, Tone::Waiting, words::TESTING)),
        Some(TrackerTest::Answers) => drop(badge::show(ui, Tone::Good, words::ANSWERS)),
        Some(TrackerTest::Silent(reason)) => controls::problem(ui, reason),
        None => {}
    }
    if let Some(TrackerState::Away { reason, .. }) = state {
        controls::weak(ui, reason);
    } else if let Some(refusal) = refusal {
        controls::weak(ui, refusal);
    }
    action
}

/// Asks for the token of a private tracker. Neither this token nor the one that is kept already is shown.
fn token(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, words::TOKEN_HINT);
    controls::from_right(ui, CONTROL, |ui| {
        if controls::button(ui, words::CANCEL).clicked() {
            actions.push(Action::Trackers(TrackerAction::EditToken(None)));
        }
        if controls::button(ui, words::FORGET_TOKEN).clicked() {
            actions.push(Action::Trackers(TrackerAction::ForgetToken));
        }
        let is_empty = view.trackers.token.trim().is_empty();
        let keep = ui.add_enabled_ui(!is_empty, |ui| controls::button(ui, words::USE_TOKEN).clicked()).inner;
        let width = ui.available_width();
        let field = controls::secret_field(ui, &view.trackers.token, words::TOKEN_FIELD, width);
        actions.extend(field.edited().map(|token| Action::Trackers(TrackerAction::TypeToken(token))));
        if keep || !field.text.trim().is_empty() && field.submitted(ui) {
            actions.push(Action::Trackers(TrackerAction::UseToken));
        }
    });
    if let Some(error) = view.trackers.token_error {
        controls::problem(ui, error);
    }
    actions
}

/// Shows the tracker on this computer.
pub fn local(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    let reach = view.preferences.local_tracker;
    controls::weak(ui, words::RUN_TRACKER_HINT);
    let mut run = reach != Reach::Off;
    if ui.add(Checkbox::new(&mut run, words::RUN_TRACKER)).changed() {
        actions.push(Action::Trackers(TrackerAction::RunLocal(if run { Reach::ThisComputer } else { Reach::Off })));
    }
    let mut lan = reach == Reach::Network;
    if ui.add_enabled(run, Checkbox::new(&mut lan, words::SERVE_LAN)).changed() {
        actions.push(Action::Trackers(TrackerAction::RunLocal(if lan { Reach::Network } else { Reach::ThisComputer })));
    }
    actions.extend(local_state(ui, &view.trackers.local, reach));
    actions
}

fn local_state(ui: &mut Ui, state: &LocalTracker, reach: Reach) -> Option<Action> {
    match state {
        LocalTracker::Off => None,
        LocalTracker::Starting => {
            badge::show(ui, Tone::Waiting, words::TRACKER_STARTING);
            None
        }
        LocalTracker::Failed(reason) => {
            controls::problem(ui, &words::local_tracker_failed(reason));
            None
        }
        LocalTracker::Running { url, for_others } if for_others.is_empty() => {
            let hint = if reach == Reach::Network { words::NO_NETWORK } else { words::ONLY_HERE };
            address(ui, hint, url)
        }
        LocalTracker::Running { for_others, .. } => {
            for_others.iter().filter_map(|url| address(ui, words::GIVE_ADDRESS, url)).next()
        }
    }
}

fn address(ui: &mut Ui, hint: &str, url: &Url) -> Option<Action> {
    let row = ui.horizontal_wrapped(|ui| {
        controls::weak(ui, hint);
        ui.add(Label::new(RichText::new(trackers::shown(url)).monospace()).selectable(true));
        controls::small(ui, words::COPY_ADDRESS, words::COPY_ADDRESS).clicked()
    });
    row.inner.then(|| Action::Window(WindowAction::Copy(trackers::shown(url).to_owned(), words::ADDRESS_COPIED)))
}
