//! The totals, at the bottom of the window.

use egui::{Align, Label, Layout, Panel, RichText, Ui};
use sprat_peer::{Snapshot, TransferState};

use crate::text;
use crate::widgets::tokens::palette;

/// Shows it at the bottom edge.
pub fn show(ui: &mut Ui, snapshot: &Snapshot) {
    let p = palette(ui);
    let frame = egui::Frame::new().fill(p.sidebar).inner_margin(egui::Margin::symmetric(16, 5));
    let panel = Panel::bottom("status-bar").exact_size(28.0).frame(frame).show_separator_line(false);
    panel.show(ui, |ui| {
        let small = |text: String| Label::new(RichText::new(text).small().color(p.weak)).truncate();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(small(text::rates(snapshot.down_rate, snapshot.up_rate)));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(small(format!("{}  ·  {}", totals(snapshot), text::listening(snapshot.listen.port()))));
            });
        });
    });
}

fn totals(snapshot: &Snapshot) -> String {
    let in_state = |wanted: TransferState| snapshot.transfers.iter().filter(|t| t.state == wanted).count();
    text::totals(snapshot.transfers.len(), in_state(TransferState::Downloading), in_state(TransferState::Sharing))
}
