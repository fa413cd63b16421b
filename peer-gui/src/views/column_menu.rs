//! The widths of the columns, and the menu of the columns.

use egui::{Checkbox, Ui};

use crate::actions::{Action, ListAction};
use crate::model::columns::Column;
use crate::model::preferences::Preferences;
use crate::state::ViewState;
use crate::widgets::controls;
use crate::widgets::tokens::LINE;
use crate::words;

/// Change of a width by a button of the menu, in points.
const WIDEN: f32 = 16.0;
/// Width of the menu, in points.
const COLUMN_MENU: f32 = 190.0;
/// Least and greatest width of a column, in points.
pub(super) const WIDTHS: std::ops::RangeInclusive<f32> = 40.0..=600.0;

/// Width of a column that the user made neither wider nor narrower, in points.
pub(super) fn usual_width(column: Column) -> f32 {
    match column {
        Column::Name => 150.0,
        Column::Progress => 130.0,
        Column::Status => 136.0,
        Column::Down | Column::Up => 88.0,
        Column::Size => 82.0,
        Column::Eta => 64.0,
        Column::Peers => 56.0,
        Column::Added => 118.0,
    }
}

/// Width of a column, in points.
pub(super) fn width(column: Column, preferences: &Preferences) -> f32 {
    let chosen = preferences.widths.get(&column).map(|width| f32::from(*width));
    chosen.unwrap_or(usual_width(column)).clamp(*WIDTHS.start(), *WIDTHS.end())
}

/// Makes a column wider or narrower by so many points.
fn widen(column: Column, by: f32, preferences: &Preferences) -> Action {
    let width = (width(column, preferences) + by).clamp(*WIDTHS.start(), *WIDTHS.end());
    Action::List(ListAction::SetWidth { column, width: width as u16, keep: true })
}

/// Shows the menu that shows, hides, widens and narrows columns: the same as by dragging their edges, without a mouse.
pub(super) fn show(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.set_max_width(COLUMN_MENU);
    ui.spacing_mut().item_spacing.y = 0.0;
    for column in Column::ALL.into_iter().filter(|column| column.can_hide()) {
        let mut shown = !view.preferences.hidden_columns.contains(&column);
        ui.horizontal(|ui| {
            if ui.add(Checkbox::new(&mut shown, words::column(column))).changed() {
                actions.push(Action::List(ListAction::ToggleColumn(column)));
            }
            controls::from_right(ui, LINE, |ui| {
                for (sign, name, by) in [("+", words::wider(column), WIDEN), ("−", words::narrower(column), -WIDEN)] {
                    if controls::small(ui, sign, &name).clicked() {
                        actions.push(widen(column, by, &view.preferences));
                    }
                }
            });
        });
    }
    actions
}
