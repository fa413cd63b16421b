//! Actions on the list of transfers and the pane below it.

use super::effect::Effect;
use super::steps::change_preferences;
use crate::actions::ListAction;
use crate::model::columns::Column;
use crate::model::preferences::Preferences;
use crate::state::ViewState;

pub(super) fn update(view: &mut ViewState, action: ListAction) -> Vec<Effect> {
    match action {
        ListAction::Select(key, pick) => {
            view.transfers.selection.pick(&view.transfers.list, key, pick);
            // The pane that opens then may be where the row was.
            view.transfers.follow.ask();
        }
        ListAction::Move(step, pick) => {
            view.transfers.selection.step(&view.transfers.list, step, pick);
            view.transfers.follow.ask();
        }
        ListAction::SelectAll => view.transfers.selection.all(&view.transfers.list),
        ListAction::Deselect => view.transfers.selection.clear(),
        ListAction::SetFilter(filter) => {
            view.transfers.filter = filter;
            view.transfers.selection.clear();
        }
        ListAction::ShowTab(tab) => view.transfers.tab = tab,
        ListAction::SortBy(column) => {
            return change_preferences(view, |preferences| preferences.sort = preferences.sort.toggled(column));
        }
        ListAction::ToggleColumn(column) => {
            return change_preferences(view, |preferences| toggle(preferences, column));
        }
        ListAction::SetWidth { column, width, keep } => {
            view.preferences.widths.insert(column, width);
            if keep {
                return vec![Effect::save(&view.preferences)];
            }
        }
    }
    Vec::new()
}

fn toggle(preferences: &mut Preferences, column: Column) {
    let hidden = &mut preferences.hidden_columns;
    match hidden.iter().position(|other| *other == column) {
        Some(at) => drop(hidden.remove(at)),
        None if column.can_hide() => hidden.push(column),
        None => {}
    }
}
