//! The table of transfers.

use egui::{Id, Rect, RichText, Ui, vec2};
use egui_extras::{Column as Width, TableBody, TableRow};

use super::column_menu::{WIDTHS, usual_width, width};
use super::{column_menu, menu};
use crate::actions::{Action, ListAction, ShareAction, TransferAction};
use crate::model::columns::Column;
use crate::model::engine::Snapshot;
use crate::model::preferences::Preferences;
use crate::state::rows::Row;
use crate::state::{Pick, RowKey, ViewState};
use crate::widgets::table::{self, RowHandle};
use crate::widgets::tokens::{GAP, HEADER, ROW, palette};
use crate::widgets::{badge, controls, once, progress};
use crate::words::{self, format};

/// Accessible ID of a row.
pub fn row_id(key: &RowKey) -> Id {
    Id::unique(("transfer", key))
}

/// Columns in the order in which they are needed. The last ones go first when the window gets narrow.
const BY_NEED: [Column; 9] = [
    Column::Name,
    Column::Progress,
    Column::Status,
    Column::Down,
    Column::Size,
    Column::Eta,
    Column::Up,
    Column::Peers,
    Column::Added,
];

/// Factor by which all columns get narrower, so that the name keeps the room that it needs; 1 if they need not.
fn narrowing(columns: &[Column], preferences: &Preferences, room: f32) -> f32 {
    let others = columns.iter().filter(|column| **column != Column::Name);
    let (wanted, gaps) = others.fold((0.0, 0.0), |(all, gaps), column| (all + width(*column, preferences), gaps + GAP));
    ((room - usual_width(Column::Name) - gaps) / wanted).clamp(0.3, 1.0)
}

/// Columns that fit, in the order of the screen. The three most needed ones always do. Widths that the user chose do
/// not count here: a column that is dragged stays.
fn fitting(preferences: &Preferences, room: f32) -> Vec<Column> {
    let wanted: Vec<Column> = preferences.columns().collect();
    let mut used = 0.0;
    let fits = |column: &&Column| {
        used += usual_width(**column) + GAP;
        used <= room || BY_NEED[..3].contains(*column)
    };
    let wanted_by_need = BY_NEED.iter().filter(|column| wanted.contains(column));
    let kept: Vec<Column> = wanted_by_need.take_while(fits).copied().collect();
    wanted.iter().copied().filter(|column| kept.contains(column)).collect()
}

/// Shows the table.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let room = ui.available_width() - GAP;
    let columns = fitting(&view.preferences, room);
    let part = narrowing(&columns, &view.preferences, room);
    let (followed, request) = (Id::unique("followed"), view.transfers.follow.newest());
    let follow = once::is_due(ui, followed, request);
    let mut builder = table::builder(ui, ("transfers", &columns));
    for column in &columns {
        builder = builder.column(match column {
            Column::Name => Width::remainder().at_least(120.0).clip(true),
            column => Width::exact(width(*column, &view.preferences) * part).clip(true),
        });
    }
    let cursor = view.transfers.selection.cursor().filter(|_| follow).and_then(|key| view.transfers.list.position(key));
    if let Some(at) = cursor {
        builder = builder.scroll_to_row(at, None);
    }
    let mut actions = Vec::new();
    let table = builder.header(HEADER, |mut header| {
        for column in &columns {
            header.col(|ui| actions.extend(heading(ui, *column, view)));
        }
    });
    let mut arrived = false;
    table.body(|body| {
        let table = Table { snapshot, view, columns: &columns, follow };
        actions.extend(rows(body, &table, &mut arrived));
    });
    // A row that was far away is drawn a frame later.
    match follow && !arrived && cursor.is_some() {
        true => ui.ctx().request_repaint(),
        false => once::done(ui, followed, request),
    }
    actions
}

fn heading(ui: &mut Ui, column: Column, view: &ViewState) -> Vec<Action> {
    ui.add_space(if column == Column::Name { GAP } else { 0.0 });
    let sort = view.preferences.sort;
    let direction = Some(sort.descending).filter(|_| sort.by == column);
    let response = table::heading_button(ui, words::column(column), &words::sort_by(column), direction);
    let mut actions = Vec::new();
    if response.clicked() {
        actions.push(Action::List(ListAction::SortBy(column)));
    }
    response.context_menu(|ui| actions.extend(column_menu::show(ui, view)));
    actions.extend(edge(ui, column));
    actions
}

/// Senses the left edge of a column, by which it is made wider or narrower: the name has what is left, so it gives and
/// takes. The edge is no stop of the Tab key.
fn edge(ui: &Ui, column: Column) -> Option<Action> {
    if column == Column::Name {
        return None;
    }
    let cell = ui.max_rect();
    let at = cell.left() - GAP / 2.0;
    let handle = Rect::from_x_y_ranges(at - 4.0..=at + 4.0, cell.y_range());
    let response = ui.interact(handle, ui.scope_id().with("edge"), egui::Sense::DRAG);
    if response.hovered() || response.dragged() {
        ui.set_cursor_icon(egui::CursorIcon::ResizeColumn);
        ui.painter().vline(at + 2.0, cell.y_range(), egui::Stroke::new(2.0, palette(ui).outline));
    }
    let pointer = response.interact_pointer_pos().filter(|_| response.dragged() || response.drag_stopped())?;
    let width = (cell.right() - pointer.x).clamp(*WIDTHS.start(), *WIDTHS.end());
    Some(Action::List(ListAction::SetWidth { column, width: width as u16, keep: response.drag_stopped() }))
}

/// Inputs of the rows.
struct Table<'a> {
    snapshot: &'a Snapshot,
    view: &'a ViewState,
    columns: &'a [Column],
    follow: bool,
}

fn rows(mut body: TableBody<'_>, table: &Table<'_>, arrived: &mut bool) -> Vec<Action> {
    let mut actions = Vec::new();
    body.ui_mut().spacing_mut().item_spacing.y = 0.0;
    let place = (body.ui_mut().clip_rect(), body.max_rect().width());
    body.rows(ROW, table.view.transfers.list.len(), |mut table_row| {
        if let Some(item) = table.view.transfers.list.item(table_row.index()) {
            let row = Row::of(item);
            *arrived |= table.view.transfers.selection.cursor() == Some(&row.key);
            actions.extend(show_row(&mut table_row, &row, table, place));
        }
    });
    actions
}

fn show_row(table_row: &mut TableRow<'_, '_>, row: &Row, table: &Table<'_>, (clip, width): (Rect, f32)) -> Vec<Action> {
    let mut actions = Vec::new();
    let (selected, on_it) =
        (table.view.transfers.selection.contains(&row.key), table.view.transfers.selection.cursor() == Some(&row.key));
    let first = table.view.transfers.selection.cursor().is_none() && table_row.index() == 0;
    let spoken = row.spoken();
    let handle = RowHandle { id: row_id(&row.key), spoken: &spoken, selected, tab_stop: on_it || first };
    table_row.set_selected(selected);
    let mut rect = Rect::NOTHING;
    for (n, column) in table.columns.iter().enumerate() {
        table_row.col(|ui| {
            if n == 0 {
                // The fill of a row begins before its first cell.
                rect = Rect::from_min_size(ui.max_rect().min - vec2(GAP / 2.0, 0.0), vec2(width, ROW));
                let response = table::row(ui, rect, clip, &handle);
                if on_it && table.follow {
                    response.request_focus();
                }
                actions.extend(clicks(ui, &response, row, selected, table));
            }
            actions.extend(content(ui, row, *column));
            if n + 1 == table.columns.len() {
                table::outline(ui, rect, clip, handle.id);
            }
        });
    }
    actions
}

/// Actions of the clicks on a row.
fn clicks(ui: &Ui, response: &egui::Response, row: &Row, selected: bool, table: &Table<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if response.clicked() {
        response.request_focus();
        let modifiers = ui.input(|input| input.modifiers);
        let pick = match (modifiers.shift, modifiers.command) {
            (true, _) => Pick::UpTo,
            (false, true) => Pick::Toggle,
            (false, false) => Pick::Only,
        };
        actions.push(Action::List(ListAction::Select(row.key.clone(), pick)));
    }
    if response.secondary_clicked() && !selected {
        actions.push(Action::List(ListAction::Select(row.key.clone(), Pick::Only)));
    }
    if response.double_clicked() {
        actions.push(Action::Transfers(TransferAction::OpenFolder));
    }
    response.context_menu(|ui| actions.extend(menu::show(ui, &menu::Summary::of(table.snapshot, table.view))));
    actions
}

fn content(ui: &mut Ui, row: &Row, column: Column) -> Option<Action> {
    match column {
        Column::Name => {
            ui.add_space(GAP);
            table::name(ui, &row.name);
        }
        Column::Progress => progress::show(ui, row.progress, palette(ui).tone(row.tone)),
        Column::Status => return status(ui, row),
        Column::Size => number(ui, &row.size),
        Column::Down => number(ui, &row.down),
        Column::Up => number(ui, &row.up),
        Column::Peers => number(ui, &row.peers),
        Column::Eta => number(ui, &row.eta),
        Column::Added => number(ui, &row.added.map_or_else(|| format::NOTHING.to_owned(), format::date_time)),
    }
    None
}

fn number(ui: &mut Ui, text: &str) {
    let p = palette(ui);
    let color = if text == format::NOTHING { p.weak } else { p.text };
    ui.add(egui::Label::new(RichText::new(text).color(color)).truncate());
}

fn status(ui: &mut Ui, row: &Row) -> Option<Action> {
    badge::show(ui, row.tone, row.status);
    let RowKey::Hashing(path) = &row.key else { return None };
    let cancel = controls::small(ui, words::CANCEL, &words::cancel_share(&row.name)).clicked();
    cancel.then(|| Action::Share(ShareAction::Cancel(path.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_windows_keep_what_matters_most() {
        let mut preferences = Preferences { hidden_columns: Vec::new(), ..Preferences::default() };
        assert_eq!(fitting(&preferences, 2000.0), Column::ALL);
        assert_eq!(fitting(&preferences, 100.0), [Column::Name, Column::Progress, Column::Status]);
        let middle = [Column::Name, Column::Size, Column::Progress, Column::Status, Column::Down];
        assert_eq!(fitting(&preferences, 640.0), middle);
        assert_eq!(narrowing(&middle, &preferences, 2000.0), 1.0);
        preferences.widths.insert(Column::Down, 300);
        assert_eq!(fitting(&preferences, 640.0), middle, "a column that is dragged stays");
        let part = narrowing(&middle, &preferences, 640.0);
        let all: f32 = middle[1..].iter().map(|column| width(*column, &preferences) * part + GAP).sum();
        assert!((all + usual_width(Column::Name) - 640.0).abs() < 1.0, "{all}");
        preferences.hidden_columns = vec![Column::Progress, Column::Status, Column::Down];
        assert_eq!(fitting(&preferences, 320.0), [Column::Name, Column::Size, Column::Eta]);
    }
}
