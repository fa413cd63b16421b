//! The pane below the list: everything about the selected transfer, and what can be done with it.

use egui::{Align, Grid, Label, Layout, RichText, ScrollArea, Ui};
use sprat_peer::TransferView;

use super::peers;
use crate::actions::Action;
use crate::state::rows;
use crate::widgets::tokens::{CONTROL, GAP, GAP_LARGE, LINE, TEXT_TITLE, palette};
use crate::widgets::{controls, icons, table};
use crate::{format, text};

/// From this width on, the peers are beside the facts and not below them.
const SIDE_BY_SIDE: f32 = 820.0;

/// The part of the width that the facts then have.
const FACTS: f32 = 0.42;
/// From this width on, the name is beside the buttons and not above them.
const ONE_LINE: f32 = 760.0;

/// Shows it.
pub fn show(ui: &mut Ui, transfer: &TransferView) -> Vec<Action> {
    let mut actions = head(ui, transfer);
    state(ui, transfer);
    let scroll = ScrollArea::vertical().id_salt("details").auto_shrink([false, false]).min_scrolled_height(0.0);
    scroll.show(ui, |ui| {
        if ui.available_width() >= SIDE_BY_SIDE {
            let left = egui::vec2(ui.available_width() * FACTS, 0.0);
            ui.horizontal_top(|ui| {
                let top = Layout::top_down(Align::Min);
                ui.allocate_ui_with_layout(left, top, |ui| actions.extend(facts(ui, transfer)));
                ui.add_space(GAP_LARGE);
                ui.vertical(|ui| peers::show(ui, &transfer.peers));
            });
        } else {
            actions.extend(facts(ui, transfer));
            ui.add_space(GAP);
            peers::show(ui, &transfer.peers);
        }
    });
    actions
}

/// The name, and what can be done.
fn head(ui: &mut Ui, transfer: &TransferView) -> Vec<Action> {
    let name = |ui: &mut Ui| table::elided(ui, &transfer.name, &egui::FontId::proportional(TEXT_TITLE));
    if ui.available_width() < ONE_LINE {
        name(ui);
        return ui.horizontal(|ui| buttons(ui, transfer, false)).inner;
    }
    controls::from_right(ui, CONTROL, |ui| {
        let actions = buttons(ui, transfer, true);
        controls::rest(ui, name);
        actions
    })
}

/// What can be done, the most usual at the left, in a row that is filled from one of its ends.
fn buttons(ui: &mut Ui, transfer: &TransferView, from_right: bool) -> Vec<Action> {
    let pause = if rows::can_resume(&transfer.state) { text::RESUME } else { text::PAUSE };
    let mut offered = vec![
        (pause, Action::TogglePause),
        (text::COPY_LINK, Action::CopyLink),
        (text::OPEN_FOLDER, Action::OpenFolder),
        (text::REMOVE, Action::Remove),
    ];
    if transfer.is_download {
        offered.push((text::DELETE, Action::AskDelete));
    }
    if from_right {
        offered.reverse();
    }
    let clicked = offered.into_iter().filter(|(label, _)| controls::button(ui, label).clicked());
    clicked.map(|(_, action)| action).collect()
}

fn state(ui: &mut Ui, transfer: &TransferView) {
    ui.horizontal_wrapped(|ui| {
        icons::tone(ui, rows::tone(&transfer.state));
        ui.label(text::state_sentence(&transfer.state));
    });
}

fn facts(ui: &mut Ui, transfer: &TransferView) -> Vec<Action> {
    let mut actions = Vec::new();
    let facts = [
        (text::CHUNKS, text::chunks_verified(transfer.chunks_done, transfer.num_chunks)),
        (text::SIZE, format::maybe_size(transfer.size)),
        (text::TRAFFIC, text::traffic(transfer.downloaded, transfer.uploaded)),
        (text::PATH, transfer.path.display().to_string()),
        (text::LINK, transfer.link.to_string()),
    ];
    Grid::new("facts").num_columns(2).spacing([GAP_LARGE, 6.0]).min_row_height(20.0).show(ui, |ui| {
        key(ui, text::FILE_ID);
        controls::from_right(ui, LINE, |ui| {
            if controls::small(ui, text::COPY_ID, text::COPY_ID).clicked() {
                actions.push(Action::CopyId);
            }
            controls::rest(ui, |ui| {
                let id = RichText::new(transfer.file_id.to_string()).monospace();
                ui.add(Label::new(id).selectable(true).truncate());
            });
        });
        ui.end_row();
        for (name, value) in facts {
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
