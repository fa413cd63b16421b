//! The pane below the list: facts about the selected transfers, and the actions on them.

use egui::{Align, Grid, Label, Layout, RichText, ScrollArea, Ui};

use super::{files, menu, swarm};
use crate::actions::{Action, ListAction, ShareAction, TransferAction};
use crate::model::engine::{Detail, Snapshot, TransferState, TransferView, Trouble};
use crate::model::screen::DetailTab;
use crate::model::tone::Tone;
use crate::state::{RowKey, ViewState, rows};
use crate::widgets::tokens::{CONTROL, GAP, GAP_LARGE, GAP_SMALL, LINE, TEXT_TITLE, palette};
use crate::widgets::{chunk_map, controls, icons, speed_plot, table};
use crate::words::{self, format};

/// Width from which on the speed is beside the chunks and not below them.
const SIDE_BY_SIDE: f32 = 760.0;
/// Part of the width that the chunks then have.
const CHUNKS: f32 = 0.55;
/// Width from which on the most usual actions have buttons of their own.
const WIDE: f32 = 640.0;
/// Height of the plot, and greatest height of the chunk map.
const PLOT: f32 = 130.0;
const MAP: f32 = 72.0;

/// Tells whether there is something to show.
pub fn has_something(snapshot: &Snapshot, view: &ViewState) -> bool {
    match view.transfers.selection.single() {
        Some(RowKey::Transfer(file_id)) => rows::transfer(snapshot, *file_id).is_some(),
        Some(RowKey::Hashing(_)) => false,
        None => !view.transfers.selection.is_empty(),
    }
}

/// Shows the pane.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState, now: f64) -> Vec<Action> {
    let summary = menu::Summary::of(snapshot, view);
    let transfer = view.shown_transfer().and_then(|file_id| rows::transfer(snapshot, file_id));
    let Some(transfer) = transfer else { return several(ui, &summary) };
    let mut actions = head(ui, &transfer.name, &summary);
    ui.spacing_mut().interact_size.y = LINE;
    // Trouble is told on every page, all else on the first.
    if rows::tone(&transfer.state) == Tone::Trouble {
        actions.extend(state(ui, transfer));
    }
    actions.extend(tabs(ui, transfer, view.transfers.tab));
    let detail = snapshot.detail.as_deref().filter(|detail| detail.file_id == transfer.file_id);
    let scroll = ScrollArea::vertical().id_salt(("details", view.transfers.tab as u8));
    let scroll = scroll.auto_shrink([false, false]).min_scrolled_height(0.0);
    scroll.show(ui, |ui| match view.transfers.tab {
        DetailTab::Files if transfer.files.is_some() => actions.extend(files::show(ui, detail)),
        DetailTab::Overview | DetailTab::Files => actions.extend(overview(ui, transfer, detail, view, now)),
        DetailTab::Peers => swarm::show(ui, &transfer.peers),
        DetailTab::Log => log(ui, transfer, view),
    });
    actions
}

/// Shows the pane for more than one selected row.
fn several(ui: &mut Ui, summary: &menu::Summary) -> Vec<Action> {
    let actions = head(ui, &words::several(summary.rows), summary);
    controls::weak(ui, words::in_all(summary.size));
    actions
}

/// Shows the name and the buttons.
fn head(ui: &mut Ui, title: &str, summary: &menu::Summary) -> Vec<Action> {
    controls::from_right(ui, CONTROL, |ui| {
        let actions = buttons(ui, summary);
        controls::rest(ui, |ui| table::elided(ui, title, &egui::FontId::proportional(TEXT_TITLE)));
        actions
    })
}

/// Shows buttons for the most usual actions, in a row that is filled from its right end. The other actions are in a
/// menu, in a narrow window more of them.
fn buttons(ui: &mut Ui, summary: &menu::Summary) -> Vec<Action> {
    let mut actions = Vec::new();
    let wide = ui.available_width() >= WIDE;
    controls::menu(ui, words::MORE, |ui| actions.extend(menu::show(ui, summary)));
    let mut offered = Vec::new();
    if wide {
        offered.extend([
            (words::OPEN_FOLDER, Action::Transfers(TransferAction::OpenFolder)),
            (words::COPY_LINK, Action::Transfers(TransferAction::CopyLink)),
        ]);
    }
    offered.push(match (summary.at_work, summary.runs) {
        (true, _) => (words::CANCEL_WORK, Action::Transfers(TransferAction::CancelWork)),
        (false, true) => (words::PAUSE, Action::Transfers(TransferAction::TogglePause)),
        (false, false) => (words::RESUME, Action::Transfers(TransferAction::TogglePause)),
    });
    for (label, action) in offered {
        if controls::button(ui, label).clicked() {
            actions.push(action);
        }
    }
    actions
}

/// Shows the state in a sentence, and a remedy if it is trouble.
fn state(ui: &mut Ui, transfer: &TransferView) -> Option<Action> {
    let help = match &transfer.state {
        TransferState::Stopped(Trouble::DiskFull { .. }) if transfer.is_download => {
            Some((words::MOVE, Action::Transfers(TransferAction::AskMove)))
        }
        TransferState::Stopped(Trouble::SourceChanged { path }) => {
            Some((words::SHARE_AS_IT_IS, Action::Share(ShareAction::Share(path.clone()))))
        }
        _ => None,
    };
    let row = ui.horizontal_wrapped(|ui| {
        icons::tone(ui, rows::tone(&transfer.state));
        let work = transfer.work.as_ref().map(words::work);
        ui.label(format!("{}{}", words::state_sentence(&transfer.state), work.unwrap_or_default()));
        help.filter(|(name, _)| controls::small(ui, name, name).clicked())
    });
    row.inner.map(|(_, action)| action)
}

fn tabs(ui: &mut Ui, transfer: &TransferView, shown: DetailTab) -> Option<Action> {
    let mut tabs = vec![(DetailTab::Overview, words::TAB_OVERVIEW), (DetailTab::Peers, words::PEERS)];
    if transfer.files.is_some() {
        tabs.push((DetailTab::Files, words::TAB_FILES));
    }
    tabs.push((DetailTab::Log, words::TAB_LOG));
    let is_there = tabs.iter().any(|(tab, _)| *tab == shown);
    let shown = if is_there { shown } else { DetailTab::Overview };
    let row = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP_SMALL;
        let mut shows = |tab, label| controls::tab(ui, label, &words::tab(label), tab == shown).clicked();
        let clicked = tabs.into_iter().filter(|(tab, label)| shows(*tab, label));
        clicked.map(|(tab, _)| Action::List(ListAction::ShowTab(tab))).collect::<Vec<_>>().pop()
    });
    row.inner
}

fn overview(ui: &mut Ui, transfer: &TransferView, detail: Option<&Detail>, view: &ViewState, now: f64) -> Vec<Action> {
    let mut actions = Vec::new();
    if rows::tone(&transfer.state) != Tone::Trouble {
        actions.extend(state(ui, transfer));
    }
    let samples = view.transfers.speeds.of(transfer.file_id);
    if ui.available_width() >= SIDE_BY_SIDE {
        let left = egui::vec2(ui.available_width() * CHUNKS, 0.0);
        ui.horizontal_top(|ui| {
            let top = Layout::top_down(Align::Min);
            ui.allocate_ui_with_layout(left, top, |ui| {
                chunks(ui, transfer, detail);
                actions.extend(facts(ui, transfer, detail));
            });
            ui.add_space(GAP_LARGE);
            ui.vertical(|ui| {
                controls::weak(ui, words::SPEED);
                speed_plot::show(ui, &samples, now, PLOT);
            });
        });
    } else {
        chunks(ui, transfer, detail);
        actions.extend(facts(ui, transfer, detail));
        controls::weak(ui, words::SPEED);
        speed_plot::show(ui, &samples, now, PLOT);
    }
    actions
}

fn chunks(ui: &mut Ui, transfer: &TransferView, detail: Option<&Detail>) {
    let said = words::chunks_verified(transfer.chunks_done, transfer.num_chunks);
    controls::weak(ui, &said);
    if let Some(detail) = detail.filter(|detail| !detail.chunks.cells.is_empty()) {
        chunk_map::show(ui, &detail.chunks, MAP, &said);
        ui.add_space(GAP);
    }
}

fn facts(ui: &mut Ui, transfer: &TransferView, detail: Option<&Detail>) -> Vec<Action> {
    let mut actions = Vec::new();
    let limits = detail.and_then(|detail| words::limits(detail.up_limit, detail.down_limit));
    let facts = [
        (words::SIZE, Some(words::size_of(transfer.size, transfer.files))),
        (words::TRAFFIC, Some(words::traffic(transfer.downloaded, transfer.uploaded))),
        (words::LIMITED_TO, limits),
        (words::ADDED, Some(format::date_time(transfer.added))),
        (words::PATH, Some(transfer.path.display().to_string())),
        (words::LINK, Some(transfer.link.to_string())),
    ];
    Grid::new("facts").num_columns(2).spacing([GAP_LARGE, 6.0]).min_row_height(20.0).show(ui, |ui| {
        key(ui, words::FILE_ID);
        controls::from_right(ui, LINE, |ui| {
            if controls::small(ui, words::COPY_ID, words::COPY_ID).clicked() {
                actions.push(Action::Transfers(TransferAction::CopyId));
            }
            controls::rest(ui, |ui| {
                let id = RichText::new(transfer.file_id.to_string()).monospace();
                ui.add(Label::new(id).selectable(true).truncate());
            });
        });
        ui.end_row();
        for (name, value) in facts {
            let Some(value) = value else { continue };
            key(ui, name);
            ui.add(Label::new(value).selectable(true).truncate());
            ui.end_row();
        }
    });
    actions
}

fn key(ui: &mut Ui, name: &str) {
    let color = palette(ui).weak;
    ui.label(RichText::new(name).color(color));
}

fn log(ui: &mut Ui, transfer: &TransferView, view: &ViewState) {
    let mut lines = view.transfers.journal.of(transfer.file_id).peekable();
    if lines.peek().is_none() {
        controls::weak(ui, words::NO_LOG);
    }
    for line in lines {
        ui.horizontal_wrapped(|ui| {
            controls::weak(ui, format::time(line.at));
            ui.add(Label::new(&line.text).wrap().selectable(true));
        });
    }
}
