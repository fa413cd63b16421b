//! Folders, trackers, appearance.

use egui::{Checkbox, Label, RichText, ScrollArea, Ui};
use sprat_peer::{Snapshot, TrackerState};
use url::Url;

use super::setup;
use crate::actions::Action;
use crate::bridge::LocalTracker;
use crate::state::rows::Tone;
use crate::state::{Reach, ThemeChoice, ViewState, trackers};
use crate::text;
use crate::widgets::tokens::{CONTROL, LINE};
use crate::widgets::{badge, controls};

/// Shows the screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::heading(ui, text::SETTINGS);
    ScrollArea::vertical().id_salt("settings").auto_shrink([false, false]).show(ui, |ui| {
        actions.extend(section(ui, text::DOWNLOAD_FOLDER, |ui| download_dir(ui, snapshot, view)));
        actions.extend(section(ui, text::TRACKERS, |ui| tracker_list(ui, snapshot, view)));
        actions.extend(section(ui, text::RUN_TRACKER_TITLE, |ui| local_tracker(ui, view)));
        actions.extend(section(ui, text::APPEARANCE, |ui| theme(ui, view)));
        section(ui, text::ABOUT, |ui| {
            ui.add(Label::new(text::about(&snapshot.peer_id.to_string())).wrap().selectable(true));
        });
    });
    actions
}

fn section<R>(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui) -> R) -> R {
    controls::card(ui, |ui| {
        controls::title(ui, title);
        contents(ui)
    })
}

fn download_dir(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, text::DOWNLOAD_FOLDER_HINT);
    controls::from_right(ui, CONTROL, |ui| {
        if controls::button(ui, text::CHOOSE_FOLDER).clicked() {
            actions.push(Action::PickDownloadDir);
        }
        let changed = view.dir_field != snapshot.download_dir.display().to_string();
        let apply =
            ui.add_enabled_ui(changed && !view.dir_field.trim().is_empty(), |ui| controls::button(ui, text::APPLY));
        let width = ui.available_width();
        let field = controls::field(ui, &mut view.dir_field, text::DOWNLOAD_FOLDER, width);
        if apply.inner.clicked() || (changed && controls::submitted(ui, &field)) {
            actions.push(Action::UseTypedDir);
        }
    });
    actions
}

fn tracker_list(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, text::TRACKERS_HINT);
    if view.trackers.is_empty() {
        controls::weak(ui, text::NO_TRACKERS);
    }
    for url in &view.trackers {
        let state = snapshot.trackers.iter().find(|tracker| tracker.url == *url).map(|tracker| &tracker.state);
        actions.extend(tracker(ui, url, state));
    }
    actions.extend(setup::tracker_field(ui, view, text::ADD));
    if let Some(error) = view.tracker_error {
        controls::problem(ui, error);
    }
    actions
}

fn tracker(ui: &mut Ui, url: &Url, state: Option<&TrackerState>) -> Option<Action> {
    let (tone, word) = match state {
        Some(TrackerState::Online) => (Tone::Good, text::ONLINE),
        Some(TrackerState::Away { .. }) => (Tone::Trouble, text::AWAY),
        Some(TrackerState::Connecting) | None => (Tone::Waiting, text::TRACKER_CONNECTING),
    };
    let shown = trackers::shown(url);
    let remove = controls::from_right(ui, LINE, |ui| {
        let remove = controls::small(ui, text::REMOVE, &text::remove_tracker(shown)).clicked();
        controls::rest(ui, |ui| {
            ui.add(Label::new(shown).selectable(true));
            badge::show(ui, tone, word);
        });
        remove
    });
    if let Some(TrackerState::Away { reason, .. }) = state {
        controls::weak(ui, reason);
    }
    remove.then(|| Action::RemoveTracker(url.clone()))
}

fn local_tracker(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    let reach = view.preferences.local_tracker;
    controls::weak(ui, text::RUN_TRACKER_HINT);
    let mut run = reach != Reach::Off;
    if ui.add(Checkbox::new(&mut run, text::RUN_TRACKER)).changed() {
        actions.push(Action::RunTracker(run));
    }
    let mut lan = reach == Reach::Network;
    if ui.add_enabled(run, Checkbox::new(&mut lan, text::SERVE_LAN)).changed() {
        actions.push(Action::ServeLan(lan));
    }
    actions.extend(local_state(ui, &view.local_tracker, reach));
    actions
}

fn local_state(ui: &mut Ui, state: &LocalTracker, reach: Reach) -> Option<Action> {
    match state {
        LocalTracker::Off => None,
        LocalTracker::Starting => {
            badge::show(ui, Tone::Waiting, text::TRACKER_STARTING);
            None
        }
        LocalTracker::Failed(reason) => {
            controls::problem(ui, &text::local_tracker_failed(reason));
            None
        }
        LocalTracker::Running { url, for_others } if for_others.is_empty() => {
            let hint = if reach == Reach::Network { text::NO_NETWORK } else { text::ONLY_HERE };
            address(ui, hint, url)
        }
        LocalTracker::Running { for_others, .. } => {
            for_others.iter().filter_map(|url| address(ui, text::GIVE_ADDRESS, url)).next()
        }
    }
}

fn address(ui: &mut Ui, hint: &str, url: &Url) -> Option<Action> {
    let row = ui.horizontal_wrapped(|ui| {
        controls::weak(ui, hint);
        ui.add(Label::new(RichText::new(trackers::shown(url)).monospace()).selectable(true));
        controls::small(ui, text::COPY_ADDRESS, text::COPY_ADDRESS).clicked()
    });
    row.inner.then(|| Action::Copy(trackers::shown(url).to_owned(), text::ADDRESS_COPIED))
}

fn theme(ui: &mut Ui, view: &ViewState) -> Option<Action> {
    let choices = [
        (ThemeChoice::System, text::THEME_SYSTEM),
        (ThemeChoice::Light, text::THEME_LIGHT),
        (ThemeChoice::Dark, text::THEME_DARK),
    ];
    let row = ui.horizontal(|ui| {
        let chosen =
            choices.into_iter().filter(|(choice, name)| ui.radio(view.preferences.theme == *choice, *name).clicked());
        // Every button is drawn, also those after the one that was clicked.
        chosen.collect::<Vec<_>>().pop()
    });
    row.inner.map(|(choice, _)| Action::SetTheme(choice))
}
