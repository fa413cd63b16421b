//! The card of the first start: where downloads go, what one is called, which tracker. Everything has a default.

use egui::{ScrollArea, Ui};

use crate::actions::Action;
use crate::model::engine::Snapshot;
use crate::model::preferences::Reach;
use crate::state::ViewState;
use crate::widgets::controls;
use crate::widgets::tokens::CONTROL;
use crate::words;

/// Shows it, if there is need.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
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
        if view.fields.dir != snapshot.download_dir.display().to_string() {
            actions.push(Action::UseTypedDir);
        }
        actions.push(Action::FinishSetup);
    }
    actions
}

/// What is on it. Whether it is done with, and what was done besides.
fn card(ui: &mut Ui, view: &mut ViewState) -> (bool, Vec<Action>) {
    let mut actions = Vec::new();
    controls::title(ui, words::SETUP_TITLE);
    controls::weak(ui, words::SETUP_TEXT);
    let mut done = tracker_field(ui, view, words::SETUP_USE).is_some();
    if let Some(error) = view.fields.tracker_error {
        controls::problem(ui, error);
    }
    controls::weak(ui, words::DOWNLOAD_FOLDER);
    controls::from_right(ui, CONTROL, |ui| {
        if controls::button(ui, words::CHOOSE_FOLDER).clicked() {
            actions.push(Action::PickDownloadDir);
        }
        let width = ui.available_width();
        controls::field(ui, &mut view.fields.dir, words::DOWNLOAD_FOLDER, width);
    });
    controls::weak(ui, words::YOUR_NAME);
    let width = ui.available_width();
    controls::field(ui, &mut view.fields.name, words::NAME_FIELD, width);
    ui.horizontal(|ui| {
        if controls::primary(ui, words::SETUP_RUN).clicked() {
            view.fields.tracker.clear();
            actions.push(Action::RunTracker(Reach::ThisComputer));
            done = true;
        }
        if controls::button(ui, words::SETUP_LATER).clicked() {
            view.fields.tracker.clear();
            done = true;
        }
    });
    (done, actions)
}

/// The field for a tracker's address, and its button.
pub fn tracker_field(ui: &mut Ui, view: &mut ViewState, button: &str) -> Option<Action> {
    controls::from_right(ui, CONTROL, |ui| {
        let clicked = controls::button(ui, button).clicked();
        let width = ui.available_width();
        let field = controls::field(ui, &mut view.fields.tracker, words::TRACKER_FIELD, width);
        if field.changed() {
            view.fields.tracker_error = None;
        }
        (clicked || controls::submitted(ui, &field)).then_some(Action::AddTracker)
    })
}
