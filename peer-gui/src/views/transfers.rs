//! The home: everything that is fetched or served.

use egui::{Align, Id, Layout, Panel, Rect, RichText, Ui, vec2};
use egui_extras::{Column, TableBody, TableBuilder, TableRow};
use sprat_peer::Snapshot;

use super::{details, setup};
use crate::actions::Action;
use crate::state::rows::{self, Row};
use crate::state::{RowKey, ViewState};
use crate::text;
use crate::widgets::table::{self, RowHandle};
use crate::widgets::tokens::{GAP, HEADER, ROW, TEXT_HEADING, palette};
use crate::widgets::{badge, controls, empty_state, progress};

/// Shows the screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
    let mut actions = header(ui, view);
    if let Some(error) = view.id_error {
        controls::problem(ui, error);
    }
    actions.extend(setup::show(ui, view));
    let rows = rows::rows(snapshot);
    if rows.is_empty() {
        empty_state::show(ui, text::NO_TRANSFERS, text::NO_TRANSFERS_HINT);
        return actions;
    }
    actions.extend(selected(ui, snapshot, view));
    actions.extend(list(ui, &rows, view));
    actions
}

/// The accessible ID of a row.
pub fn row_id(key: &RowKey) -> Id {
    Id::unique(("transfer", key))
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
            let field = controls::field(ui, &mut view.id_field, text::PASTE_ID, width);
            if field.changed() {
                view.id_error = None;
            }
            if clicked || controls::submitted(ui, &field) {
                actions.push(Action::SubmitId);
            }
        });
    });
    actions
}

/// The pane below the list, if a transfer is selected.
fn selected(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let Some(RowKey::Transfer(file_id)) = view.selected else { return Vec::new() };
    let Some(transfer) = rows::transfer(snapshot, file_id) else { return Vec::new() };
    let room = ui.available_height();
    let p = palette(ui);
    let frame = egui::Frame::new().fill(p.surface).inner_margin(egui::Margin::same(12)).corner_radius(8);
    let panel = Panel::bottom("details")
        .resizable(true)
        .default_size((room * 0.48).clamp(160.0, 280.0))
        .size_range(150.0..=(room - 3.0 * ROW).max(160.0))
        .frame(frame)
        .show_separator_line(false);
    panel.show(ui, |ui| details::show(ui, transfer)).inner
}

/// The columns that there is room for, the more important first. Name, progress and status are always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Name,
    Size,
    Progress,
    Status,
    Down,
    Up,
    Peers,
    Eta,
}

impl Cell {
    const ORDER: [Self; 8] =
        [Self::Name, Self::Size, Self::Progress, Self::Status, Self::Down, Self::Up, Self::Peers, Self::Eta];
    /// Those that go first when the window gets narrow, last to first.
    const BY_NEED: [Self; 8] =
        [Self::Name, Self::Progress, Self::Status, Self::Down, Self::Size, Self::Eta, Self::Up, Self::Peers];

    fn heading(self) -> &'static str {
        match self {
            Self::Name => text::NAME,
            Self::Size => text::SIZE,
            Self::Progress => text::PROGRESS,
            Self::Status => text::STATUS,
            Self::Down => text::DOWN,
            Self::Up => text::UP,
            Self::Peers => text::PEERS,
            Self::Eta => text::ETA,
        }
    }

    fn width(self) -> f32 {
        match self {
            Self::Name => 150.0,
            Self::Progress => 130.0,
            Self::Status => 136.0,
            Self::Down | Self::Up => 84.0,
            Self::Size => 78.0,
            Self::Eta => 64.0,
            Self::Peers => 48.0,
        }
    }

    /// Those that fit, in the order of the screen.
    fn fitting(room: f32) -> Vec<Self> {
        let mut used = 0.0;
        let fits = |cell: &&Self| {
            used += cell.width() + GAP;
            used <= room || matches!(cell, Self::Name | Self::Progress | Self::Status)
        };
        let kept: Vec<_> = Self::BY_NEED.iter().take_while(fits).collect();
        Self::ORDER.into_iter().filter(|cell| kept.contains(&cell)).collect()
    }
}

fn list(ui: &mut Ui, rows: &[Row], view: &mut ViewState) -> Vec<Action> {
    let cells = Cell::fitting(ui.available_width() - GAP);
    let mut builder = TableBuilder::new(ui)
        .id_salt(("transfers", cells.len()))
        .auto_shrink([false, false])
        .min_scrolled_height(0.0)
        .sense(egui::Sense::hover())
        .cell_layout(Layout::left_to_right(Align::Center));
    for cell in &cells {
        builder = builder.column(match cell {
            Cell::Name => Column::remainder().at_least(120.0).clip(true),
            cell => Column::exact(cell.width()).clip(true),
        });
    }
    let selected = view.selected.as_ref().and_then(|key| rows.iter().position(|row| row.key == *key));
    let follow = std::mem::take(&mut view.follow_selection);
    if let Some(at) = selected.filter(|_| follow) {
        builder = builder.scroll_to_row(at, None);
    }
    let table = builder.header(HEADER, |mut header| {
        for cell in &cells {
            header.col(|ui| {
                ui.add_space(if *cell == Cell::Name { GAP } else { 0.0 });
                table::heading(ui, cell.heading());
            });
        }
    });
    let mut actions = Vec::new();
    table.body(|body| actions = self::rows(body, rows, &cells, selected, follow));
    actions
}

fn rows(mut body: TableBody<'_>, rows: &[Row], cells: &[Cell], selected: Option<usize>, follow: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    body.ui_mut().spacing_mut().item_spacing.y = 0.0;
    let (clip, width) = (body.ui_mut().clip_rect(), body.max_rect().width());
    body.rows(ROW, rows.len(), |mut table_row| {
        let at = table_row.index();
        let (row, id) = (&rows[at], row_id(&rows[at].key));
        let is_selected = selected == Some(at);
        let spoken = row.spoken();
        let handle = RowHandle {
            id,
            spoken: &spoken,
            selected: is_selected,
            tab_stop: is_selected || (selected.is_none() && at == 0),
        };
        actions.extend(one(
            &mut table_row,
            row,
            cells,
            &handle,
            RowPlace { clip, width, focus: is_selected && follow },
        ));
    });
    actions
}

/// Where a row is, and whether it is to get the focus.
#[derive(Clone, Copy)]
struct RowPlace {
    clip: Rect,
    width: f32,
    focus: bool,
}

fn one(
    table_row: &mut TableRow<'_, '_>,
    row: &Row,
    cells: &[Cell],
    handle: &RowHandle<'_>,
    place: RowPlace,
) -> Vec<Action> {
    let mut actions = Vec::new();
    table_row.set_selected(handle.selected);
    for (n, cell) in cells.iter().enumerate() {
        table_row.col(|ui| {
            if n == 0 {
                let rect = Rect::from_min_size(ui.max_rect().min, vec2(place.width, ROW));
                let response = table::row(ui, rect, place.clip, handle);
                if place.focus {
                    response.request_focus();
                }
                if response.clicked() {
                    response.request_focus();
                    actions.push(Action::Select(row.key.clone()));
                }
                if response.double_clicked() {
                    actions.push(Action::OpenFolder);
                }
            }
            actions.extend(content(ui, row, *cell));
        });
    }
    actions
}

fn content(ui: &mut Ui, row: &Row, cell: Cell) -> Option<Action> {
    match cell {
        Cell::Name => {
            ui.add_space(GAP);
            table::name(ui, &row.name);
        }
        Cell::Progress => progress::show(ui, row.progress, palette(ui).tone(row.tone)),
        Cell::Status => return status(ui, row),
        Cell::Size => number(ui, &row.size),
        Cell::Down => number(ui, &row.down),
        Cell::Up => number(ui, &row.up),
        Cell::Peers => number(ui, &row.peers),
        Cell::Eta => number(ui, &row.eta),
    }
    None
}

fn number(ui: &mut Ui, text: &str) {
    let p = palette(ui);
    let color = if text == crate::format::NOTHING { p.weak } else { p.text };
    ui.add(egui::Label::new(RichText::new(text).color(color)).truncate());
}

fn status(ui: &mut Ui, row: &Row) -> Option<Action> {
    let RowKey::Hashing(path) = &row.key else {
        badge::show(ui, row.tone, row.status);
        return None;
    };
    badge::show(ui, row.tone, row.status);
    let cancel = controls::small(ui, text::CANCEL, &text::cancel_share(&row.name)).clicked();
    cancel.then(|| Action::CancelShare(path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_windows_keep_what_matters_most() {
        assert_eq!(Cell::fitting(2000.0), Cell::ORDER);
        assert_eq!(Cell::fitting(100.0), [Cell::Name, Cell::Progress, Cell::Status]);
        let middle = Cell::fitting(625.0);
        assert_eq!(middle, [Cell::Name, Cell::Size, Cell::Progress, Cell::Status, Cell::Down]);
    }
}
