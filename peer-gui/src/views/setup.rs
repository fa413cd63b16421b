//! The card for those who have no tracker yet.

use egui::Ui;

use crate::actions::Action;
use crate::state::ViewState;
use crate::text;
use crate::widgets::controls;
use crate::widgets::tokens::CONTROL;

/// Shows it, if there is need.
pub fn show(ui: &mut Ui, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    if !view.wants_setup() {
        return actions;
    }
    controls::card(ui, |ui| {
        controls::title(ui, text::SETUP_TITLE);
        controls::weak(ui, text::SETUP_TEXT);
        actions.extend(tracker_field(ui, view, text::SETUP_USE));
        if let Some(error) = view.tracker_error {
            controls::problem(ui, error);
        }
        ui.horizontal(|ui| {
            if controls::button(ui, text::SETUP_RUN).clicked() {
                actions.push(Action::RunTracker(true));
            }
            if controls::button(ui, text::SETUP_LATER).clicked() {
                actions.push(Action::DismissSetup);
            }
        });
    });
    actions
}

/// The field for a tracker's address, and its button.
pub fn tracker_field(ui: &mut Ui, view: &mut ViewState, button: &str) -> Option<Action> {
    controls::from_right(ui, CONTROL, |ui| {
        let clicked = controls::button(ui, button).clicked();
        let width = ui.available_width();
        let field = controls::field(ui, &mut view.tracker_field, text::TRACKER_FIELD, width);
        if field.changed() {
            view.tracker_error = None;
        }
        (clicked || controls::submitted(ui, &field)).then_some(Action::AddTracker)
    })
}
