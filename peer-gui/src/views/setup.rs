//! The card of the first start: tracker, download folder, name. Everything has a default.

use egui::{ScrollArea, Ui};

use crate::actions::{Action, SettingsAction, SettingsField, TrackerAction};
use crate::model::preferences::Reach;
use crate::state::ViewState;
use crate::widgets::controls;
use crate::widgets::tokens::CONTROL;
use crate::words;

/// Shows the card, if there is need.
pub fn show(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    if !view.wants_setup() {
        return Vec::new();
    }
    let (mut actions, mut done) = (Vec::new(), false);
    // In a small window the card is higher than the screen.
    let scroll = ScrollArea::vertical().id_salt("setup").auto_shrink([false, true]).min_scrolled_height(0.0);
    scroll.show(ui, |ui| {
        controls::card(ui, |ui| (done, actions) = card(ui, view));
    });
    if done {
        actions.push(Action::Settings(SettingsAction::FinishSetup));
    }
    actions
}

/// Shows the contents of the card. Returns true if the user is done with it, and the other actions.
fn card(ui: &mut Ui, view: &ViewState) -> (bool, Vec<Action>) {
    let mut actions = Vec::new();
    controls::title(ui, words::SETUP_TITLE);
    controls::weak(ui, words::SETUP_TEXT);
    let (typed, mut done) = tracker_field(ui, view, words::SETUP_USE);
    actions.extend(typed);
    if let Some(error) = view.trackers.error {
        controls::problem(ui, error);
    }
    controls::weak(ui, words::DOWNLOAD_FOLDER);
    controls::from_right(ui, CONTROL, |ui| {
        if controls::button(ui, words::CHOOSE_FOLDER).clicked() {
            actions.push(Action::Settings(SettingsAction::PickDownloadDir));
        }
        let width = ui.available_width();
        let field = controls::field(ui, &view.settings.dir, words::DOWNLOAD_FOLDER, width);
        actions.extend(field.edited().map(|dir| Action::Settings(SettingsAction::Type(SettingsField::Dir, dir))));
    });
    controls::weak(ui, words::YOUR_NAME);
    let width = ui.available_width();
    let field = controls::field(ui, &view.settings.name, words::NAME_FIELD, width);
    actions.extend(field.edited().map(|name| Action::Settings(SettingsAction::Type(SettingsField::Name, name))));
    ui.horizontal(|ui| {
        if controls::primary(ui, words::SETUP_RUN).clicked() {
            actions.push(Action::Trackers(TrackerAction::TypeAddress(String::new())));
            actions.push(Action::Trackers(TrackerAction::RunLocal(Reach::ThisComputer)));
            done = true;
        }
        if controls::button(ui, words::SETUP_LATER).clicked() {
            actions.push(Action::Trackers(TrackerAction::TypeAddress(String::new())));
            done = true;
        }
    });
    (done, actions)
}

/// Shows the field for a tracker's address and its button. Returns the text that was typed, and true if that tracker is
/// to be added.
pub fn tracker_field(ui: &mut Ui, view: &ViewState, button: &str) -> (Option<Action>, bool) {
    controls::from_right(ui, CONTROL, |ui| {
        let clicked = controls::button(ui, button).clicked();
        let width = ui.available_width();
        let field = controls::field(ui, &view.trackers.address, words::TRACKER_FIELD, width);
        let typed = field.edited().map(|address| Action::Trackers(TrackerAction::TypeAddress(address)));
        (typed, clicked || field.submitted(ui))
    })
}
