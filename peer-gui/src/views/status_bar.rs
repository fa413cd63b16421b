//! The status bar: totals, at the bottom of the window.

use std::collections::HashSet;

use egui::{Align, Label, Layout, Panel, RichText, Ui};
use sprat_chunking::FileId;

use crate::model::engine::{Snapshot, TransferState};
use crate::widgets::tokens::palette;
use crate::words;

/// Shows the status bar at the bottom edge. Transfers that are `hidden` do not count.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, hidden: &HashSet<FileId>) {
    let p = palette(ui);
    let frame = egui::Frame::new().fill(p.sidebar).inner_margin(egui::Margin::symmetric(16, 5));
    let panel = Panel::bottom("status-bar").exact_size(28.0).frame(frame).show_separator_line(false);
    panel.show(ui, |ui| {
        let small = |text: String| Label::new(RichText::new(text).small().color(p.weak)).truncate();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(small(words::rates(snapshot.down_rate, snapshot.up_rate)));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(small(format!("{}  ·  {}", totals(snapshot, hidden), words::listening(snapshot.listen.port()))));
            });
        });
    });
}

fn totals(snapshot: &Snapshot, hidden: &HashSet<FileId>) -> String {
    let (mut all, mut downloading, mut sharing) = (0, 0, 0);
    for transfer in snapshot.transfers.iter().filter(|transfer| !hidden.contains(&transfer.file_id)) {
        all += 1;
        downloading += usize::from(transfer.state == TransferState::Downloading);
        sharing += usize::from(transfer.state == TransferState::Sharing);
    }
    words::totals(all, downloading, sharing)
}
