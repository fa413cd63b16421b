//! The home: everything that is fetched or served.

use egui::{Align, Button, Checkbox, Layout, Panel, RichText, Ui};
use sprat_peer::Snapshot;

use super::{details, list, setup};
use crate::actions::Action;
use crate::state::{Column, Filter, ViewState};
use crate::text;
use crate::widgets::tokens::{CONTROL, GAP, GAP_SMALL, LINE, ROW, TEXT_HEADING, palette};
use crate::widgets::{controls, empty_state};

/// How much a button of the columns' menu changes a width, in points, and how wide that menu is.
const WIDEN: f32 = 16.0;
const COLUMN_MENU: f32 = 190.0;

/// Shows the screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState, now: f64) -> Vec<Action> {
    let mut actions = header(ui, view);
    if let Some(error) = view.fields.id_error {
        controls::problem(ui, error);
    }
    actions.extend(setup::show(ui, snapshot, view));
    if view.list.count(Filter::All) == 0 {
        empty_state::show(ui, text::NO_TRANSFERS, text::NO_TRANSFERS_HINT);
        return actions;
    }
    actions.extend(filters(ui, view));
    actions.extend(selected(ui, snapshot, view, now));
    if view.list.is_empty() {
        empty_state::show(ui, text::NOTHING_HERE, text::filter_hint(view.filter));
        return actions;
    }
    actions.extend(list::show(ui, snapshot, view));
    actions
}

fn header(ui: &mut Ui, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        ui.label(RichText::new(text::TRANSFERS).size(TEXT_HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if controls::primary(ui, text::SHARE_A_FILE).clicked() {
                actions.push(Action::PickShareFile);
            }
            let clicked = controls::button(ui, text::DOWNLOAD).clicked();
            let width = ui.available_width().min(440.0);
            let field = controls::field(ui, &mut view.fields.id, text::PASTE_ID, width);
            if field.changed() {
                view.fields.id_error = None;
            }
            if clicked || controls::submitted(ui, &field) {
                actions.push(Action::SubmitId);
            }
        });
    });
    actions
}

/// The chips that say which transfers are shown, and the menu of the columns.
fn filters(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::from_right(ui, CONTROL, |ui| {
        controls::menu(ui, text::COLUMNS, |ui| actions.extend(columns(ui, view)));
        controls::rest(ui, |ui| {
            ui.spacing_mut().item_spacing.x = GAP_SMALL;
            for filter in Filter::ALL {
                let chip = Button::selectable(view.filter == filter, text::filter(filter, view.list.count(filter)));
                if ui.add(chip.min_size(egui::vec2(0.0, CONTROL - 4.0))).clicked() {
                    actions.push(Action::SetFilter(filter));
                }
            }
        });
    });
    actions
}

/// Which columns are shown, and how wide they are: the same as by dragging their edges, without a mouse.
pub(super) fn columns(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.set_max_width(COLUMN_MENU);
    ui.spacing_mut().item_spacing.y = 0.0;
    for column in Column::ALL.into_iter().filter(|column| column.can_hide()) {
        let mut shown = !view.preferences.hidden_columns.contains(&column);
        ui.horizontal(|ui| {
            if ui.add(Checkbox::new(&mut shown, text::column(column))).changed() {
                actions.push(Action::ToggleColumn(column));
            }
            controls::from_right(ui, LINE, |ui| {
                for (sign, name, by) in [("+", text::wider(column), WIDEN), ("−", text::narrower(column), -WIDEN)] {
                    if controls::small(ui, sign, &name).clicked() {
                        actions.push(list::widen(column, by, &view.preferences));
                    }
                }
            });
        });
    }
    actions
}

/// The pane below the list, if something is selected.
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
