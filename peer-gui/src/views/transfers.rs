//! The Transfers screen, which is the first: everything that is fetched or served.

use egui::{Align, Button, Layout, Panel, RichText, Ui};

use super::{column_menu, details, list, setup};
use crate::actions::{Action, AddAction, ListAction, ShareAction};
use crate::model::engine::Snapshot;
use crate::model::filter::Filter;
use crate::state::ViewState;
use crate::widgets::tokens::{CONTROL, GAP, GAP_SMALL, ROW, TEXT_HEADING, palette};
use crate::widgets::{controls, empty_state};
use crate::words;

/// Shows the Transfers screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState, now: f64) -> Vec<Action> {
    let mut actions = header(ui, view);
    if let Some(error) = view.adding.error {
        controls::problem(ui, error);
    }
    actions.extend(setup::show(ui, view));
    if view.transfers.list.count(Filter::All) == 0 {
        empty_state::show(ui, words::NO_TRANSFERS, words::NO_TRANSFERS_HINT);
        return actions;
    }
    actions.extend(filters(ui, view));
    actions.extend(selected(ui, snapshot, view, now));
    if view.transfers.list.is_empty() {
        empty_state::show(ui, words::NOTHING_HERE, words::filter_hint(view.transfers.filter));
        return actions;
    }
    actions.extend(list::show(ui, snapshot, view));
    actions
}

fn header(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        ui.label(RichText::new(words::TRANSFERS).size(TEXT_HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if controls::primary(ui, words::SHARE_A_FILE).clicked() {
                actions.push(Action::Share(ShareAction::PickFile));
            }
            let clicked = controls::button(ui, words::DOWNLOAD).clicked();
            let width = ui.available_width().min(440.0);
            let field = controls::field(ui, &view.adding.text, words::PASTE_ID, width);
            actions.extend(field.edited().map(|text| Action::Add(AddAction::Type(text))));
            if clicked || field.submitted(ui) {
                actions.push(Action::Add(AddAction::Submit));
            }
        });
    });
    actions
}

/// Shows the chips of the filters, and the menu of the columns.
fn filters(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::from_right(ui, CONTROL, |ui| {
        controls::menu(ui, words::COLUMNS, |ui| actions.extend(column_menu::show(ui, view)));
        controls::rest(ui, |ui| {
            ui.spacing_mut().item_spacing.x = GAP_SMALL;
            for filter in Filter::ALL {
                let chip = Button::selectable(
                    view.transfers.filter == filter,
                    words::filter(filter, view.transfers.list.count(filter)),
                );
                if ui.add(chip.min_size(egui::vec2(0.0, CONTROL - 4.0))).clicked() {
                    actions.push(Action::List(ListAction::SetFilter(filter)));
                }
            }
        });
    });
    actions
}

/// Shows the pane below the list, if something is selected.
fn selected(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState, now: f64) -> Vec<Action> {
    if !details::has_something(snapshot, view) {
        return Vec::new();
    }
    let room = ui.available_height();
    let p = palette(ui);
    let frame = egui::Frame::new().fill(p.surface).inner_margin(egui::Margin::same(12)).corner_radius(8);
    let panel = Panel::bottom("details")
        .resizable(true)
        .default_size((room * 0.48).clamp(190.0, 290.0))
        .size_range(130.0..=(room - 3.0 * ROW - GAP).max(140.0))
        .frame(frame)
        .show_separator_line(false);
    panel.show(ui, |ui| details::show(ui, snapshot, view, now)).inner
}
