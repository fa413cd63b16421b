//! The window as a whole, while the engine runs.

use egui::{CentralPanel, Ui};

use super::{banner, browse, dialogs, peers, settings, share, sidebar, status_bar, toasts, transfers};
use crate::actions::Action;
use crate::model::engine::Snapshot;
use crate::model::screen::Screen;
use crate::state::{Received, ViewState};
use crate::widgets::theme::screen_frame;
use crate::widgets::tokens::palette;
use crate::words;

/// Shows the screen, everything around it, and everything on top of it.
pub fn show(ui: &mut Ui, received: &Received, view: &ViewState, now: f64) -> Vec<Action> {
    let snapshot: &Snapshot = &received.snapshot;
    let mut actions = sidebar::show(ui, snapshot, view);
    status_bar::show(ui, snapshot, view.transfers.removals.hidden());
    actions.extend(banner::show(ui, received, now));
    actions.extend(banner::offer(ui, view));
    let background = palette(ui).background;
    let screen = CentralPanel::no_frame().frame(screen_frame(background)).show(ui, |ui| match view.screen {
        Screen::Transfers => transfers::show(ui, snapshot, view, now),
        Screen::Browse => browse::show(ui, snapshot, view),
        Screen::Share => share::show(ui, snapshot, view),
        Screen::Peers => peers::show(ui, view),
        Screen::Settings => settings::show(ui, snapshot, view),
    });
    actions.extend(screen.inner);
    actions.extend(toasts::show(ui.ctx(), &view.toasts));
    actions.extend(dialogs::show(ui, view));
    actions
}

/// Shows a hint over everything, while a file is held above the window.
pub fn show_drop_hint(ui: &Ui) {
    let p = palette(ui);
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("drop-hint"));
    let painter = ui.ctx().layer_painter(layer);
    let rect = ui.ctx().content_rect();
    painter.rect_filled(rect, 0, p.background.gamma_multiply(0.85));
    let inner = rect.shrink(24.0);
    painter.rect_stroke(inner, 8, egui::Stroke::new(2.0, p.accent), egui::StrokeKind::Inside);
    let font = egui::FontId::proportional(22.0);
    painter.text(inner.center(), egui::Align2::CENTER_CENTER, words::DROP_TO_SHARE, font, p.text);
}
