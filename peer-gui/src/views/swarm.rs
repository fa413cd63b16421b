//! The peers of one transfer.

use egui::{Grid, Label, RichText, Ui};

use crate::model::engine::PeerView;
use crate::model::tone::Tone;
use crate::widgets::tokens::{GAP_LARGE, palette};
use crate::widgets::{badge, controls, table};
use crate::words::{self, format};

/// Most peers that are listed; connected ones come first.
const MAX: usize = 100;

/// Shows the peers.
pub fn show(ui: &mut Ui, peers: &[PeerView]) {
    let connected = peers.iter().filter(|peer| peer.connected).count();
    let color = palette(ui).weak;
    ui.label(RichText::new(words::peers_heading(connected, peers.len())).color(color));
    if peers.is_empty() {
        controls::weak(ui, words::NO_PEERS);
        return;
    }
    let mut sorted: Vec<_> = peers.iter().collect();
    sorted.sort_by_key(|peer| !peer.connected);
    Grid::new("peers").num_columns(5).spacing([GAP_LARGE * 0.75, 4.0]).min_row_height(20.0).show(ui, |ui| {
        for heading in [words::PEER, words::STATUS, words::RECEIVED, words::SENT, words::ADDRESS] {
            table::heading(ui, heading);
        }
        ui.end_row();
        for peer in sorted.into_iter().take(MAX) {
            peer_row(ui, peer);
            ui.end_row();
        }
    });
}

fn peer_row(ui: &mut Ui, peer: &PeerView) {
    let name = match peer.name.as_str() {
        "" => RichText::new(peer.peer_id.short()).monospace(),
        name => RichText::new(name),
    };
    ui.add(Label::new(name)).on_hover_text(format!("{}\n{}\n{}", peer.peer_id, peer.addr, peer.agent));
    let (tone, word) = match (peer.connected, peer.complete) {
        (false, _) => (Tone::Absent, words::LEFT),
        (true, true) => (Tone::Good, words::SEEDER),
        (true, false) => (Tone::Active, words::LEECHER),
    };
    badge::show(ui, tone, word);
    let received = match peer.chunks_down {
        0 => format::NOTHING.to_owned(),
        chunks => format!("{} ({})", format::size(peer.bytes_down), words::chunks(chunks)),
    };
    ui.label(received);
    ui.label(if peer.bytes_up == 0 { format::NOTHING.to_owned() } else { format::size(peer.bytes_up) });
    ui.add(Label::new(peer.addr.to_string()).extend());
}
