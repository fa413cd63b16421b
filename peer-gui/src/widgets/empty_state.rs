//! A page with nothing on it yet, which says what it is for.

use egui::{RichText, Sense, Ui, vec2};

use super::tokens::{GAP, GAP_LARGE, TEXT_TITLE, palette};
use super::{controls, icons};

/// Approximate height of the page's contents, in points.
const HEIGHT: f32 = 140.0;

/// Shows a fish, a heading, and a hint.
pub fn show(ui: &mut Ui, heading: &str, hint: &str) {
    ui.add_space(((ui.available_height() - HEIGHT) / 2.0).max(GAP_LARGE));
    ui.vertical_centered(|ui| {
        let p = palette(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(72.0, 48.0), Sense::hover());
        icons::fish(ui.painter(), rect, p.track, p.background);
        ui.add_space(GAP);
        ui.label(RichText::new(heading).size(TEXT_TITLE));
        controls::weak(ui, hint);
    });
}
